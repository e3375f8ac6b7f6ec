import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_sim.results import ensemble as ens
from alliance_sim.compile import ALLY_VARIABLES, DECISIONS, compile_scenario
from alliance_sim.results.ensemble import Cancelled, Ensemble, first_months, load_ensemble, simulate
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import load_scenario
from alliance_sim.results.views import Runs

RESET = load_scenario("us_russia_reset_2025")
SHORT = first_months(RESET, 9)
PACKAGE = """
name: package
title: A package
description: Posture in the east against effort in the south.
era: "2025"
start: 2025-06
months: 3
sources: [test]
meetings:
  - month: 2025-07
    forum: nac
    title: A deal
    source: test
    agenda:
      - {issue: deterrence_posture, proposed: 0.7, reversion: 0.6, package: deal, text: east, source: test}
      - {issue: open_door, proposed: 0.6, reversion: 0.5, text: alone, source: test}
      - {issue: southern_flank, proposed: 0.5, reversion: 0.4, package: deal, text: south, source: test}
"""


@pytest.fixture(scope="module")
def reset() -> Ensemble:
    return simulate(SHORT, draws=40, seed=3, keep="trace")


def same(one: Ensemble, other: Ensemble, draws: int | None = None) -> None:
    pairs = zip((*one.output, *one.records), (*other.output, *other.records), strict=True)
    for left, right in pairs:
        np.testing.assert_array_equal(left[:draws], right[:draws])


@pytest.mark.parametrize(("chunk", "threads"), [(1, 2), (7, 1), (7, 3), (64, 2)])
def test_results_do_not_depend_on_chunks_or_threads(
    reset: Ensemble, chunk: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(threads) as pool:
        monkeypatch.setattr(ens, "_pool", lambda: (pool, threads))
        same(simulate(SHORT, 40, 3, "trace", chunk=chunk), reset)


@given(st.integers(1, 12), st.integers(0, 2**64 - 1))
def test_first_draws_do_not_depend_on_how_many_follow(draws: int, seed: int) -> None:
    scenario = first_months(SHORT, 2)
    same(simulate(scenario, draws, seed, chunk=5), simulate(scenario, 12, seed), draws)


def test_seeds_differ_and_draws_differ(reset: Ensemble) -> None:
    cohesion = reset.data["cohesion"].values
    assert len(np.unique(cohesion[:, -1])) == reset.draws
    assert not np.any(simulate(SHORT, 40, 4).data["cohesion"].values == cohesion)


@pytest.mark.parametrize("keep", ["final", "monthly", "allies"])
def test_keeping_less_changes_nothing_else(reset: Ensemble, keep: str) -> None:
    less = simulate(SHORT, 40, 3, keep)
    at = slice(-1, None) if keep == "final" else slice(None)
    np.testing.assert_array_equal(less.output.outcomes, reset.output.outcomes[:, at])
    assert ("spending" in less.data) == (keep == "allies")
    pd.testing.assert_frame_equal(less.decisions(), reset.decisions())
    assert less.months == reset.months[at]


@given(st.integers(1, 47))
def test_months_asked_for_do_not_change_the_months_before(months: int) -> None:
    part, whole = simulate(first_months(RESET, months), 2, 5), simulate(RESET, 2, 5)
    np.testing.assert_array_equal(part.output.outcomes, whole.output.outcomes[:, :months])
    rows = len(part.program.agenda)
    np.testing.assert_array_equal(part.data["decision"], whole.data["decision"][:, :rows])
    assert all(row.month <= part.months[-1] for row in part.program.agenda)


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
    rounds = reset.records.objection
    assert len(reset.frame("objections")) == (rounds >= 0).sum()


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
    assert list(board["month"]) == sorted(board["month"])
    strategy = board.iloc[0]
    assert strategy["issue"] == "russia_strategy" and next(iter(strategy["objectors"])) == "USA"
    for row, objectors in enumerate(board["objectors"]):
        rates = list(objectors.values())
        assert rates == sorted(rates, reverse=True) and all(0.0 < rate <= 1.0 for rate in rates)
        expected = (reset.data["objection"][:, row].sel(ally="HUN") >= 0).mean().item()
        assert objectors.get("HUN", 0.0) == expected
    span = board["proposed"] - board["reversion"]
    share = (board["level_mean"] - board["reversion"]) / span
    assert share.between(0.0, board["adopted"] + board["diluted"] + 1e-12).all()


def test_rows_of_a_package_share_their_fate(tmp_path: Path) -> None:
    path = tmp_path / "package.yaml"
    path.write_text(PACKAGE)
    result = simulate(path, 30)
    board = result.decisions().set_index("issue")
    assert board.loc["deterrence_posture", list(DECISIONS)].equals(board.loc["southern_flank", list(DECISIONS)])
    same(load_ensemble(result.save(tmp_path / "kept")), result)


def test_nothing_on_the_agenda_is_no_trouble(tmp_path: Path) -> None:
    quiet = simulate(first_months(load_scenario("baseline_2018"), 2), 3)
    assert quiet.decisions().empty and quiet.frame("objections").empty
    same(load_ensemble(quiet.save(tmp_path / "quiet")), quiet)
    with pytest.raises(InputError, match="no meetings"):
        quiet.plot("decisions")


@pytest.mark.parametrize("keep", ["final", "allies", "trace"])
def test_what_is_saved_comes_back(keep: str, tmp_path: Path) -> None:
    kept = simulate(SHORT.with_parameters({"kappa": 0.1}), 5, 2**64 - 1, keep)
    loaded = load_ensemble(kept.save(tmp_path / "deep" / "results"))
    same(loaded, kept)
    assert loaded.data.identical(kept.data)
    pd.testing.assert_frame_equal(loaded.frame("decisions"), kept.frame("decisions"))
    # The manifest alone is enough to compute the same numbers again.
    assert loaded.scenario.parameters == {"kappa": 0.1}
    same(simulate(loaded.scenario, loaded.draws, loaded.seed, keep), kept)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["results"]


def test_saving_in_pieces_is_saving_at_once(reset: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ens, "ROWS", 16)
    same(load_ensemble(reset.save(tmp_path / "pieces")), reset)


def test_a_full_folder_is_refused(reset: Ensemble, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        reset.save(tmp_path)
    with pytest.raises(InputError, match="not an empty folder"):
        reset.save(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    reset.save(tmp_path / "empty")


def test_broken_results_are_refused(reset: Ensemble, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no complete results"):
        load_ensemble(tmp_path / "nowhere")
    folder = reset.save(tmp_path / "results")
    whole = (folder / "decisions.parquet").read_bytes()
    for spoiled in (b"PAR1", whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:]):
        (folder / "decisions.parquet").write_bytes(spoiled)
        with pytest.raises(InputError, match=r"decisions\.parquet: is damaged"):
            load_ensemble(folder)
    (folder / "decisions.parquet").unlink()
    with pytest.raises(InputError, match=r"decisions\.parquet: cannot be read"):
        load_ensemble(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="no complete results"):
        load_ensemble(folder)
    (folder / "manifest.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(InputError, match="layout 99"):
        load_ensemble(folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"draws": 0}, r"draws: 0 is out of range; allowed: a whole number from 1"),
        ({"draws": 2.5}, "draws: 2.5 is out of range"),
        ({"draws": True}, "draws: True"),
        ({"draws": 2**32}, "draws: 4294967296"),
        ({"draws": 2**32 - 1}, r"GB; allowed: up to"),
        ({"seed": -1}, "seed: -1"),
        ({"seed": 2**64}, "seed: 18446744073709551616"),
        ({"seed": None}, "seed: None"),
        ({"keep": "traces"}, r"keep: 'traces' is unknown \(nearest: trace\); allowed: final, monthly"),
        ({"scenario": "us_russia_reset"}, "nearest: us_russia_reset_2025"),
        ({"chunk": 0}, "chunk: 0"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate(**{"scenario": SHORT, "draws": 1, **arguments})


@pytest.mark.parametrize("months", [0, 49, 1.0])
def test_months_outside_the_scenario_are_refused(months: int) -> None:
    with pytest.raises(InputError, match="allowed: a whole number from 1 to 48"):
        first_months(RESET, months)


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


def test_progress_is_reported_and_a_run_can_be_given_up() -> None:
    counts: list[int] = []
    simulate(SHORT, 10, chunk=3, progress=counts.append)
    assert counts == sorted(counts) and counts[-1] == 10 and len(counts) == 4
    counts.clear()
    with pytest.raises(Cancelled):
        simulate(SHORT, 400, chunk=1, progress=counts.append, cancelled=lambda: len(counts) >= 3)
    assert len(counts) == 3


def test_an_interrupt_ends_the_run_and_leaves_the_pool_working(reset: Ensemble) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(SHORT, 1000, chunk=1, progress=interrupt)
    same(simulate(SHORT, 40, 3, "trace"), reset)


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
    spoiled = type(block)(0, 1, block.state._replace(ally=spoil(block.state.ally)), *list(vars(block).values())[3:])
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
