import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alliance_sim.analysis.comparison import compare
from alliance_sim.compile import ALLY_VARIABLES, compile_scenario
from alliance_sim.errors import InputError
from alliance_sim.experiments import load_experiment
from alliance_sim.experiments.results import load_results, open_views
from alliance_sim.experiments.runner import sweep
from alliance_sim.model import AllianceModel
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import query
from alliance_sim.results.ensemble import Ensemble, load_ensemble
from alliance_sim.results.views import Runs
from alliance_sim.scenarios import load_scenario
from alliance_sim.simulation import branch, first_months, simulate

RESET = load_scenario("us_russia_reset_2025")
SHORT = first_months(RESET, 9)


@pytest.fixture(scope="module")
def reset() -> Ensemble:
    return simulate(SHORT, draws=40, seed=3, keep="trace")


def test_data_is_labelled_finite_and_in_range(reset: Ensemble) -> None:
    data = reset.data
    assert data["month"].dtype.kind == "M" and len(data["month"]) == 9
    assert list(data["ally"].values) == list(ALLIES)
    for name, outcome in OUTCOMES.items():
        values = reset.output.outcomes[:, :, list(OUTCOMES).index(name)]
        assert values.min() >= outcome.low and values.max() <= outcome.high, name
        assert data[name].dims == ("draw", "month")
    for name in ALLY_VARIABLES:
        assert data[name].dims == ("draw", "month", "ally")
        assert np.isfinite(data[name]).all()
    assert data["position"].dims == ("draw", "month", "ally", "issue")
    assert {"scenario", "scenario_text", "seed", "draws", "calibration", "numba", "cpu"} <= set(data.attrs)


def test_outcomes_and_ally_variables_have_names_of_their_own() -> None:
    assert set(OUTCOMES).isdisjoint(ALLY_VARIABLES)


def test_allies_appear_when_they_join() -> None:
    data = simulate("baseline_2018", 2, keep="allies").data
    before = data["spending"].sel(ally="MKD", month=slice("2018-01", "2020-02"))
    after = data["spending"].sel(ally="MKD", month=slice("2020-03", None))
    assert np.isnan(before).all() and np.isfinite(after).all() and after.size > 0
    assert np.isnan(data["threat_perception"].sel(ally=["SWE", "FIN"])).all()


def test_frames_are_tidy(reset: Ensemble) -> None:
    one = reset.frame("cohesion")
    assert list(one.columns) == ["draw", "month", "value"] and len(one) == 40 * 9
    assert one.loc[(one["draw"] == 7) & (one["month"] == "2025-08"), "value"].item() == float(
        reset.data["cohesion"].sel(draw=7, month="2025-08").item()
    )
    two = reset.frame("spending", "threat_perception")
    assert list(two.columns) == ["draw", "month", "ally", "spending", "threat_perception"]
    decided = reset.frame("decisions")
    assert len(decided) == 40 * len(reset.program.agenda)
    assert set(decided["outcome"].cat.categories) == set(DECISIONS)
    rounds, voiced = reset.records.objection, reset.records.voiced > 0
    spoken = reset.frame("objections")
    assert len(spoken) == ((rounds >= 0) | voiced).sum()
    assert spoken["round"].notna().sum() == (rounds >= 0).sum() < len(spoken)
    assert spoken["voiced"].sum() == voiced.sum()


def test_summary_is_the_registered_one(reset: Ensemble) -> None:
    summary = reset.summary()
    assert list(summary.index) == list(OUTCOMES)
    cohesion = reset.data["cohesion"].values.mean(axis=1)
    spending = reset.data["mean_spending"].values[:, -1]
    assert summary.loc["cohesion", "mean"] == pytest.approx(cohesion.mean())
    assert summary.loc["cohesion", "mc_error"] == pytest.approx(cohesion.std(ddof=1) / math.sqrt(40))
    assert summary.loc["mean_spending", "p95"] == pytest.approx(np.quantile(spending, 0.95))
    assert (summary["p05"] <= summary["p50"]).all() and (summary["p50"] <= summary["p95"]).all()


def test_series_holds_the_quantiles_of_each_month(reset: Ensemble) -> None:
    series, values = reset.series("deterrence"), reset.data["deterrence"].values
    np.testing.assert_allclose(series["mean"], values.mean(axis=0))
    np.testing.assert_allclose(series["p75"], np.quantile(values, 0.75, axis=0))


def test_decisions_add_up_and_name_objectors(reset: Ensemble) -> None:
    board = reset.decisions()
    np.testing.assert_allclose(board[list(DECISIONS)].sum(axis=1), 1.0)
    assert (board["bypassed"] <= board["blocked"]).all() and (board["settled"] <= board["deferred"]).all()
    assert board["month"].is_monotonic_increasing
    objectors = reset.objectors()
    assert board["issue"][0] == "russia_strategy" and objectors["ally"][0] == "USA"
    items = ["meeting", "month", "forum", "issue"]
    assert len(objectors.merge(board[items], on=items)) == len(objectors)
    shares = objectors.set_index(["meeting", "issue", "ally"])["share"]
    for at, row in enumerate(board.itertuples()):
        objections = (reset.data["objection"][:, at] >= 0).mean("draw").to_series()
        expected = objections[objections > 0.0].sort_values(ascending=False, kind="stable")
        found = shares[shares.index.isin([row.meeting], 0) & shares.index.isin([row.issue], 1)]
        assert found.tolist() == expected.tolist() and list(found.index.get_level_values("ally")) == list(
            expected.index
        )
    items = [item for meeting in sorted(reset.scenario.meetings, key=lambda each: (each.month, each.id))
             for item in meeting.agenda]  # fmt: skip
    assert board["asked"].tolist() == [item.asked for item in items]
    decided = reset.frame("decisions")
    share = (decided["level"] - decided["reversion"]) / (decided["proposed"] - decided["reversion"])
    failed = decided["outcome"].isin(["withdrawn", "blocked"])
    assert share.between(0.0, 1.0 + 1e-12).all() and (share[failed] == 0).all()
    np.testing.assert_allclose(
        board["proposed"], decided.groupby(["meeting", "issue"], observed=True, sort=False)["proposed"].mean()
    )


def test_bad_names_are_refused(reset: Ensemble) -> None:
    with pytest.raises(InputError, match="nearest: cohesion"):
        reset.frame("cohesoin")
    with pytest.raises(InputError, match="different dimensions"):
        reset.frame("cohesion", "spending")
    with pytest.raises(InputError, match="give one name"):
        reset.frame()
    with pytest.raises(InputError, match="nearest: deterrence"):
        reset.series("deterence")
    with pytest.raises(InputError, match="on its own"):
        reset.plot(["cohesion", "decisions"])
    with pytest.raises(InputError, match="single month"):
        simulate(SHORT, 2, keep="final").plot()


def test_stepping_equals_running() -> None:
    program = compile_scenario(SHORT)
    whole, stepped = (program.block(1, 4, 6, "monthly") for _ in range(2))
    program.run(whole, 1)
    program.run(stepped, 1, None, 0)
    for month in range(len(program.months)):
        program.run(stepped, 1, month, month + 1)
    np.testing.assert_array_equal(stepped.output.outcomes, whole.output.outcomes)
    np.testing.assert_array_equal(stepped.records.outcome, whole.records.outcome)


@pytest.mark.parametrize("spoil", [lambda x: x.astype(np.float32), lambda x: x[:, :, ::-1]])
def test_arrays_of_another_kind_are_a_type_error(spoil: object) -> None:
    program = compile_scenario(SHORT)
    block = program.block(0, 0, 1, "monthly")
    program.run(block, 0)
    spoiled = type(block)(0, 1, block.states._replace(ally=spoil(block.states.ally)), *list(vars(block).values())[3:])
    with pytest.raises(TypeError):
        program.run(spoiled, 0)


def test_decision_table_before_anything_was_decided() -> None:
    program = compile_scenario(SHORT)
    table = Runs.of_block(program, "final", program.block(0, 3, 5, "final")).decisions()
    assert table["outcome"].isna().all() and set(table["draw"]) == {3, 4}
    assert (table["level"] == table["reversion"]).all()


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_equal_figures_are_equal_files(reset: Ensemble, kind: str, tmp_path: Path) -> None:
    for names in (["cohesion", "deterrence", "threat_gap"], "decisions"):
        paths = [tmp_path / f"{i}.{kind}" for i in range(2)]
        for path in paths:
            figure = reset.plot(names, path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        note = figure.get_supxlabel()
        assert "40 draws" in note and "seed 3" in note
    with pytest.raises(InputError, match=r"allowed: .*\.png"):
        reset.plot("cohesion", tmp_path / "figure.xyz")


@pytest.mark.parametrize("keep", ["final", "monthly", "allies", "trace"])
@pytest.mark.parametrize("seed", [1, 2**31, 2**40, 2**64 - 1])
def test_a_dataset_of_any_seed_comes_back_from_netcdf(keep: str, seed: int, tmp_path: Path) -> None:
    """With the engine of SciPy, the only one that the package installs."""
    ensemble = simulate(SHORT.with_parameters({"susceptibility.HUN": 0.2}), 2, seed, keep)
    same_as_written(ensemble.data, tmp_path / "data.nc")
    assert int(ensemble.data.attrs["seed"]) == seed == ensemble.provenance["seed"]
    assert load_ensemble(ensemble.save(tmp_path / "kept")).seed == seed


def test_a_dataset_without_decisions_comes_back_from_netcdf(tmp_path: Path) -> None:
    quiet = simulate(first_months(load_scenario("baseline_2018"), 2), 2, keep="trace")
    assert "item" not in quiet.data.dims
    same_as_written(quiet.data, tmp_path / "quiet.nc")


def test_datasets_of_branches_and_of_loaded_results_come_back_from_netcdf(tmp_path: Path) -> None:
    branched = branch(SHORT, "2025-08", draws=2, seed=2**64 - 1, parent_draw=2**32 - 2)[SHORT.name]
    assert branched.data.attrs["parent_draw"] == str(2**32 - 2)
    same_as_written(branched.data, tmp_path / "branch.nc")
    same_as_written(load_ensemble(branched.save(tmp_path / "kept")).data, tmp_path / "loaded.nc")


def test_the_dataset_of_a_sweep_comes_back_from_netcdf(swept: Path, tmp_path: Path) -> None:
    same_as_written(load_results(swept).data, tmp_path / "sweep.nc")


def same_as_written(data: xr.Dataset, path: Path) -> None:
    data.to_netcdf(path, engine="scipy")
    with xr.open_dataset(path, engine="scipy") as found:
        assert found.attrs == data.attrs
        for name, variable in data.variables.items():
            assert found[name].dims == variable.dims
            np.testing.assert_array_equal(found[name].values, variable.values)


def test_months_are_of_one_kind_in_every_table(reset: Ensemble, tmp_path: Path) -> None:
    experiment = load_experiment("summit_form_2018").model_copy(update={"replications": 1, "keep": "trace"})
    swept, loaded = sweep(experiment, tmp_path / "sweep"), load_ensemble(reset.save(tmp_path / "kept"))
    model = AllianceModel(SHORT, seed=1)
    model.step()
    months = [
        reset.data["month"], reset.data["item_month"], swept.data["month"],
        reset.series("cohesion").index, reset.frame("cohesion")["month"], reset.frame("spending")["month"],
        reset.frame("decisions")["month"], reset.decisions()["month"], reset.objectors()["month"],
        compare("baseline_2025", SHORT, draws=2).decisions()["month"], model.decisions()["month"],
        swept.frame("decisions")["month"], swept.sql("SELECT DISTINCT month FROM trajectories")["month"],
        *(found.sql(f"SELECT month FROM {view}")["month"]
          for found in (reset, loaded) for view in ("trajectories", "allies", "decisions", "objectors")),
    ]  # fmt: skip
    assert {str(each.dtype) for each in months} == {"datetime64[ns]"}


def test_boards_objectors_and_series_join_on_their_month(reset: Ensemble) -> None:
    board = reset.decisions()
    assert len(board.merge(reset.series("cohesion").reset_index(), on="month")) == len(board)
    assert len(board.merge(reset.frame("cohesion"), on="month")) == reset.draws * len(board)
    joined = reset.sql(
        "SELECT * FROM objectors JOIN trajectories USING (month) WHERE outcome = 'cohesion' AND draw = 0"
    )
    assert len(joined) == len(reset.objectors())


def test_dates_that_do_not_fit_the_unit_of_months_are_kept(reset: Ensemble) -> None:
    found = reset.sql("SELECT DATE '9999-01-01' AS late")
    assert str(found["late"][0].date()) == "9999-01-01"


def test_no_cell_of_a_table_holds_a_container(reset: Ensemble) -> None:
    comparison = compare("baseline_2025", SHORT, draws=2)
    tables = [
        reset.decisions(),
        reset.objectors(),
        reset.summary(),
        reset.frame("decisions"),
        reset.frame("objections"),
    ]
    for table in (*tables, comparison.decisions(), comparison.summary()):
        assert not any(isinstance(cell, (dict, list, tuple, set)) for column in table for cell in table[column])


def test_the_long_table_is_a_view_of_memory_and_of_a_folder(reset: Ensemble, tmp_path: Path) -> None:
    views, _ = open_views(reset.save(tmp_path / "kept"))
    for found in (reset.sql("SELECT * FROM objectors"), query.frame(views, "SELECT * FROM objectors")):
        pd.testing.assert_frame_equal(found, reset.objectors())
    counted = reset.sql(
        "SELECT meeting, issue, ally, count(*) / (SELECT count(*) FROM runs) AS share FROM objections "
        "WHERE round IS NOT NULL GROUP BY ALL"
    ).set_index(["meeting", "issue", "ally"])["share"]
    assert counted.to_dict() == pytest.approx(
        reset.objectors().set_index(["meeting", "issue", "ally"])["share"].to_dict()
    )
