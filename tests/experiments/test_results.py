"""The folder of a sweep: what is in it, what it says about itself, and what is refused."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import alliance_sim as als
from alliance_sim.compile import ALLY_VARIABLES, compile_scenario
from alliance_sim.errors import InputError
from alliance_sim.experiments import parts
from alliance_sim.experiments.plan import FILE, POINTS, Plan, Task, identity, plan_of
from alliance_sim.experiments.plan import _hash as hash_of
from alliance_sim.experiments.results import Results, open_results
from alliance_sim.experiments.schema import Experiment
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.views import KEYS, VIEWS, Runs, kept

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "results.md"
EXPERIMENT = Experiment.validated(
    {
        "name": "small",
        "title": "A small experiment",
        "description": "What a folder of a sweep holds.",
        "scenario": "helsinki_2018",
        "sources": ["none: a test"],
        "uncertainties": {"threat_reversion": {"uniform": [0.05, 0.15]}, "susceptibility.HUN": {"uniform": [0.1, 0.3]}},
        "levers": {"spending": {"as_it_is": {}, "less": {"parameters": {"pledge": 0.1}}}},
        "design": {"method": "lhs", "points": 3},
        "replications": 4,
        "seed": 5,
        "keep": "trace",
    }
)


def tables(experiment: Experiment, plan: Plan, task: Task) -> dict[str, pa.Table]:
    variant = experiment.variants()[task.variant]
    program = compile_scenario(variant.scenario)
    points = dict(zip(plan.points.names, plan.points.values[task.point0 : task.point1].T, strict=True))
    block = program.block(experiment.seed, task.draw0, task.draw1, experiment.keep, points)
    program.run(block, experiment.seed)
    program.mask_outsiders(block)
    return Runs.of_block(program, experiment.keep, block, task.point0, points, variant.options).tables()


def fill(folder: Path, experiment: Experiment = EXPERIMENT, most: int | None = None) -> Path:
    """Write a sweep, or its first tasks."""
    plan = plan_of(experiment)
    folder.mkdir()
    parts.begin(folder, plan)
    for task in plan.tasks[:most]:
        parts.write_part(folder, task.number, tables(experiment, plan, task), identity(plan.document))
    if most is None:
        parts.complete(folder, plan)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("sweeps") / "whole")


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def test_every_run_is_there_as_it_was_simulated(whole: Path) -> None:
    results = open_results(whole)
    runs = results.frame("runs")
    names, values = results.points.names, results.points.values
    assert list(runs) == [*KEYS, "spending", *names, *OUTCOMES]
    assert names == ("threat_reversion", "susceptibility.HUN") and len(runs) == 2 * 3 * 4
    assert (runs.groupby("spending")["scenario"].unique().map(list)).to_dict() == {
        "as_it_is": ["helsinki_2018+as_it_is"],
        "less": ["helsinki_2018+less"],
    }
    # One of them, run by itself.
    scenario = results.variants[1].scenario.with_parameters(dict(zip(names, map(float, values[2]), strict=True)))
    alone = als.simulate(scenario, 4, EXPERIMENT.seed, "trace")
    mine = runs[(runs["scenario"] == scenario.name) & (runs["point"] == 2)].set_index("draw")
    np.testing.assert_array_equal(mine[list(OUTCOMES)], alone.output.outcomes[:, -1])
    assert (mine["threat_reversion"] == values[2, 0]).all()
    for view in ("allies", "decisions", "objections", "traces"):
        query = f"SELECT * EXCLUDE (scenario, point) FROM {view}"
        found = results.sql(f"{query} WHERE point = 2 AND scenario = '{scenario.name}'")
        assert len(found)
        pd.testing.assert_frame_equal(found, alone.sql(query))


def test_trajectories_and_allies_are_those_of_the_ensemble() -> None:
    ensemble = als.simulate("helsinki_2018", 3, 1, "allies")
    long = ensemble.sql("SELECT draw, month, value FROM trajectories WHERE outcome = 'cohesion' ORDER BY draw, month")
    expected = ensemble.frame("cohesion")
    assert (long["month"] == expected["month"]).all() and (long["value"] == expected["value"]).all()
    allies = ensemble.sql("SELECT * FROM allies WHERE ally = 'MKD' AND draw = 0")
    assert not {f"position_{issue}" for issue in ("sanctions",)} & set(allies)
    # North Macedonia joined in March 2020: no values before, and none that SQL would count.
    before = allies["month"] < "2020-03"
    for name in ALLY_VARIABLES:
        assert allies[name].isna().eq(before).all() and before.any() and not before.all()
    (count,) = ensemble.sql("SELECT count(spending) AS n FROM allies WHERE ally = 'MKD' AND draw = 0")["n"]
    assert count == (~before).sum()


@pytest.mark.parametrize("keep", ["final", "monthly", "allies", "trace"])
def test_keep_decides_which_views_are_written(keep: str, tmp_path: Path) -> None:
    experiment = EXPERIMENT.model_copy(update={"keep": keep})
    folder = fill(tmp_path / keep, experiment, 1)
    written = {path.name for path in (folder / "parts").iterdir()}
    assert written == {*kept(keep), "done"}
    positions = (
        [name for name in open_results(folder).sql("DESCRIBE allies")["column_name"] if "position" in name]
        if (keep in ("allies", "trace"))
        else []
    )
    assert bool(positions) == (keep == "trace")


@pytest.mark.parametrize("keep", ["final", "monthly", "allies", "trace"])
def test_the_expected_size_is_close_to_the_written_size(keep: str, tmp_path: Path) -> None:
    experiment = EXPERIMENT.model_copy(
        update={"keep": keep, "levers": {}, "replications": 128 if keep == "final" else 40}
    )
    folder = fill(tmp_path / keep, experiment)
    written = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    assert 0.5 < written / parts.expected_size(experiment) < 1.1


def test_equal_tables_are_equal_bytes(whole: Path, tmp_path: Path) -> None:
    again = fill(tmp_path / "again")
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((whole / path).read_bytes() == (again / path).read_bytes() for path in files)


def test_an_outcome_can_be_read_alone(whole: Path) -> None:
    file = pq.ParquetFile(next((whole / "parts" / "trajectories").iterdir()))
    assert file.num_row_groups == len(OUTCOMES)
    column = file.schema_arrow.names.index("outcome")
    statistics = [file.metadata.row_group(group).column(column).statistics for group in range(len(OUTCOMES))]
    assert [each.min for each in statistics] == [each.max for each in statistics] == list(OUTCOMES)


def test_the_guide_names_the_views_and_their_columns(whole: Path) -> None:
    results = open_results(whole)
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| (.+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert {view for view, *_ in rows} == set(results.views) == {*VIEWS, parts.FAILURES}
    for view, text, least in rows:
        columns = [name for name in results.sql(f"DESCRIBE {view}")["column_name"] if name not in KEYS]
        named = [name for names in re.findall(r"`([\w, ]+)`", text) for name in names.split(", ") if name != "trace"]
        if view != "runs":
            assert [name for name in columns if not name.startswith("position_")] == [
                name for name in named if not name.startswith("position_")
            ]
        assert least == (f"`{VIEWS[view]}`" if view in VIEWS else "any, in a sweep")


def test_labelled_results(whole: Path) -> None:
    results = open_results(whole)
    data = results.data
    assert dict(data.sizes) == {"scenario": 2, "point": 3, "draw": 4, "month": 36}
    assert not data["cohesion"].isnull().any()
    runs = results.frame("runs").set_index(["scenario", "point", "draw"])
    last = data.isel(month=-1).sel(scenario="helsinki_2018+less", point=1, draw=3)
    assert last["deterrence"].item() == runs.loc[("helsinki_2018+less", 1, 3), "deterrence"]
    assert last["spending"].item() == "less" and last["threat_reversion"].item() == results.points.values[1, 0]
    assert data.attrs["version"] == als.__version__


def test_results_know_their_experiment(whole: Path) -> None:
    results = als.load_results(whole)
    assert isinstance(results, Results) and open_results(results) is results
    assert results.experiment.model_dump() == EXPERIMENT.model_dump()
    assert [variant.options for variant in results.variants] == [{"spending": "as_it_is"}, {"spending": "less"}]
    assert results.status["state"].eq("done").all() and results.status["runs"].sum() == 24
    assert results.note == "" and repr(results) == "<Results whole: complete>"
    assert results.sql("SELECT count(*) AS n FROM failures")["n"].item() == 0
    manifest = json.loads((whole / "manifest.json").read_text())
    assert manifest["rows"]["runs"] == 24 and manifest["environment"]["calibration"]


def test_an_ensemble_stays_an_ensemble(tmp_path: Path) -> None:
    ensemble = als.simulate("baseline_2018", 2, keep="monthly")
    loaded = als.load_results(ensemble.save(tmp_path / "kept"))
    assert isinstance(loaded, als.Ensemble) and loaded.sql("SELECT count(*) AS n FROM runs")["n"].item() == 2
    with pytest.raises(InputError, match="'allies' is no view here; allowed: runs, trajectories, decisions"):
        loaded.sql("SELECT * FROM allies")


def test_an_unfinished_sweep_can_be_opened(tmp_path: Path) -> None:
    folder = fill(tmp_path / "half", most=1)
    results = open_results(folder)
    assert results.note == "unfinished: 1 of 2 tasks are done"
    assert results.status["state"].tolist() == ["done", "open"]
    assert results.frame("runs")["spending"].unique().tolist() == ["as_it_is"]
    assert results.data["cohesion"].sel(scenario="helsinki_2018+less").isnull().all()
    nothing = fill(tmp_path / "nothing", most=0)
    assert open_results(nothing).note == "unfinished: 0 of 2 tasks are done"
    with pytest.raises(InputError, match=r"no task is done yet; to go on: .* --resume"):
        open_results(nothing).frame("runs")


def test_failures_are_reported(tmp_path: Path) -> None:
    folder = fill(tmp_path / "failed", most=1)
    plan = plan_of(EXPERIMENT)
    expected = parts.Expected.of(plan.document)
    texts = dict.fromkeys(("stage", "type", "message", "traceback"), "x")
    keys = {"scenario": "helsinki_2018+less"}
    runs = [{**keys, "draw": draw, "point": point, **texts} for point in range(3) for draw in range(4)]
    failure = pa.Table.from_pylist(runs)
    parts.write_part(folder, 1, {"failures": failure}, expected.identity)
    parts.complete(folder, plan)
    results = open_results(folder)
    assert results.note == "12 runs failed: see the view failures"
    assert results.status["state"].tolist() == ["done", "failed"] and results.status["failed"].tolist() == [0, 12]
    assert results.sql("SELECT count(*) AS n FROM failures WHERE point = 2")["n"].tolist() == [4]
    first, second = plan.tasks
    assert parts.is_done(folder, first, expected) and not parts.is_done(folder, second, expected)
    # Done again, and this time without failures: nothing is left of them.
    parts.write_part(folder, 1, tables(EXPERIMENT, plan, second), expected.identity)
    assert parts.is_done(folder, second, expected) and open_results_after_completion(folder, plan).note == ""
    assert not list((folder / "parts" / "failures").iterdir())


def open_results_after_completion(folder: Path, plan: Plan) -> Results:
    parts.complete(folder, plan)
    return open_results(folder)


def lay_out_as(folder: Path, layout: int | None) -> None:
    """Have a plan say that its folder has another layout."""
    document = json.loads((folder / FILE).read_text()) | {"format": layout}
    document["hash"] = hash_of(document, ("hash",))
    (folder / FILE).write_text(json.dumps(document))


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: spoil(f / "parts/runs/000001.parquet"), r"runs.000001\.parquet: is damaged, or a file of other"),
        (lambda f: (f / "parts/runs/000001.parquet").write_bytes(b""), r"000001\.parquet: is damaged"),
        (lambda f: (f / "parts/runs/000001.parquet").unlink(), r"000001\.parquet: cannot be read \(No such file"),
        (
            lambda f: shutil.copy(f / "parts/runs/000000.parquet", f / "parts/runs/000001.parquet"),
            r"000001\.parquet: is damaged, or a file of other results",
        ),
        (lambda f: (f / "parts/done/000001.json").unlink(), r"done.000001\.json: is missing"),
        (lambda f: (f / "parts/done/000001.json").write_text("{"), r"000001\.json: cannot be read"),
        (lambda f: (f / "parts/done/000001.json").write_text("[]"), r"000001\.json: cannot be read"),
        (lambda f: spoil(f / "plan.json"), r"plan\.json: (was changed|cannot be read)"),
        (lambda f: (f / "manifest.json").write_text(""), r"manifest\.json: cannot be read"),
        (lambda f: (f / "manifest.json").write_text("{}"), r"manifest\.json: does not belong to the plan"),
        (lambda f: (f / "manifest.json").write_text('{"parts": "x"}'), r"manifest\.json: does not belong to the plan"),
        (lambda f: (f / "plan.json").unlink(), r"plan\.json: cannot be read"),
        (lambda f: lay_out_as(f, 1), r"copy: a sweep of layout 1, of another version of the model; allowed: 4; run it"),
        (lambda f: lay_out_as(f, None), r"copy: a sweep of layout an empty value, of another version"),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(damage: Callable[[Path], object], message: str, copy: Path) -> None:
    damage(copy)
    with pytest.raises(InputError, match=message) as error:
        als.load_results(copy).sql("SELECT avg(cohesion) FROM runs")
    assert "\n" not in str(error.value)


def test_points_are_those_of_the_design_or_refused(copy: Path) -> None:
    laid_out = plan_of(EXPERIMENT).points
    results = open_results(copy)
    assert results.points.names == laid_out.names
    np.testing.assert_array_equal(results.points.values, laid_out.values)
    assert pq.read_table(copy / POINTS).column_names == ["point", *laid_out.names]
    spoil(copy / POINTS)
    with pytest.raises(InputError, match=r"points\.parquet: is damaged, or a file of other results"):
        _ = open_results(copy).points
    (copy / POINTS).unlink()
    with pytest.raises(InputError, match=r"points\.parquet: cannot be read \(No such file"):
        _ = open_results(copy).points


def test_an_experiment_without_uncertainties_has_one_point(tmp_path: Path) -> None:
    folder = fill(tmp_path / "one", EXPERIMENT.model_copy(update={"uncertainties": {}}), most=0)
    assert open_results(folder).points.names == () and open_results(folder).points.values.shape == (1, 0)


def test_a_task_of_another_sweep_is_refused(copy: Path, tmp_path: Path) -> None:
    other = fill(tmp_path / "other", EXPERIMENT.model_copy(update={"seed": 6}))
    for name in ("runs/000001.parquet", "done/000001.json"):
        shutil.copy(other / "parts" / name, copy / "parts" / name)
    with pytest.raises(InputError, match=r"000001\.json: belongs to another sweep"):
        open_results(copy)
    plan = plan_of(EXPERIMENT)
    assert not parts.is_done(copy, plan.tasks[1], parts.Expected.of(plan.document))


def test_a_full_disk_leaves_nothing_unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    for name in ("runs", "done"):
        (tmp_path / "parts" / name).mkdir(parents=True)
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        parts.write_part(tmp_path, 0, {"runs": pa.table({"x": [1.0]})}, "0" * 64)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_unfinished_files_are_deleted(copy: Path) -> None:
    before = sorted(copy.rglob("*"))
    for name in ("parts/runs/.000001.parquet-0a", "parts/done/.000001.json-0a", ".plan.json-0a", ".points.parquet-0a"):
        (copy / name).write_text("half")
    parts.clear(copy, plan_of(EXPERIMENT))
    assert sorted(copy.rglob("*")) == before
