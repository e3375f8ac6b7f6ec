"""Sweeps: split, failing, interrupted, resumed, on damaged folders and full disks."""

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alliance_sim.compile import Block, CompiledScenario
from alliance_sim.core import structures as L
from alliance_sim.errors import InputError
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.engines import Workers
from alliance_sim.experiments.plan import FILE, Plan, Task
from alliance_sim.experiments.plan import POINTS as PLAN_POINTS
from alliance_sim.experiments.runner import LOCK, Tables, execute, sweep
from alliance_sim.experiments.schema import Experiment
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import load_scenario
from alliance_sim.simulation import first_months, simulate

ROWS = {"rows": {"runs": 1}}
NAMES = {"a": ROWS, "b": ROWS}
COHESION = list(OUTCOMES).index("cohesion")
POINTS = Points(("x",), np.linspace(0.0, 1.0, 30)[:, None])
PLAN = Plan({"name": "square"}, NAMES, POINTS, 200)  # twelve tasks


def square(task: Task) -> Tables:
    """The square of x plus the draw, by variant."""
    draws = task.draw1 - task.draw0
    x = np.repeat(POINTS.values[task.point0 : task.point1, 0], draws)
    draw = np.tile(np.arange(task.draw0, task.draw1), task.point1 - task.point0)
    point = np.repeat(np.arange(task.point0, task.point1), draws)
    scenario = pa.array(["ab"[task.variant]] * task.runs).dictionary_encode()
    keys = {"scenario": scenario, "draw": draw, "point": point}
    return {"runs": pa.table({**keys, "variant": np.full(task.runs, task.variant), "x": x, "y": x**2 + draw})}


class Counting:
    """Does the work of another and remembers the tasks; interrupts at a given task."""

    def __init__(self, work: Callable[[Task], Tables] = square, until: int | None = None) -> None:
        self.work, self.until, self.tasks = work, until, list[Task]()

    def __call__(self, task: Task) -> Tables:
        if len(self.tasks) == self.until:
            raise KeyboardInterrupt
        self.tasks.append(task)
        return self.work(task)


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a sweep; the lock is no result."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sweeps") / "whole"
    execute(PLAN, square, folder)
    return content(folder)


def test_a_sweep_holds_every_run_once(tmp_path: Path) -> None:
    reported: list[tuple[int, int]] = []
    execute(PLAN, square, tmp_path / "out", progress=lambda *counts: reported.append(counts))
    runs = pq.read_table(tmp_path / "out" / "parts" / "runs").to_pandas()
    assert len(runs) == 12_000 and not runs.duplicated(["variant", "x", "draw"]).any()
    np.testing.assert_array_equal(runs["y"], runs["x"] ** 2 + runs["draw"])
    assert (
        reported[0] == (0, 12_000)
        and reported[-1] == (12_000, 12_000)
        and len(reported) == 13
        and reported == sorted(reported)
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_bytes_do_not_depend_on_workers(workers: int, tmp_path: Path, whole: dict[str, bytes]) -> None:
    execute(PLAN, square, tmp_path, where=Workers(count=workers))
    assert content(tmp_path) == whole


def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path: Path, whole: dict[str, bytes]) -> None:
    done: list[Task] = []
    for until in (1, 3, 4):
        work = Counting(until=until)
        with pytest.raises(KeyboardInterrupt, match=r"of 12,000 runs are kept in .*; to go on: .* --resume"):
            execute(PLAN, work, tmp_path, where=Workers(count=1), resume=True)
        done += work.tasks
        with pytest.raises(InputError, match="holds a sweep already; allowed: --resume"):
            execute(PLAN, square, tmp_path)
    last = Counting()
    execute(PLAN, last, tmp_path, resume=True)
    assert sorted(done + last.tasks) == list(PLAN.tasks)
    assert content(tmp_path) == whole
    nothing = Counting()
    execute(PLAN, nothing, tmp_path, resume=True)
    assert nothing.tasks == [] and content(tmp_path) == whole


def test_a_failed_run_is_a_row_and_spoils_no_other(tmp_path: Path, whole: dict[str, bytes]) -> None:
    def fail(task: Task) -> Tables:
        tables = square(task)
        if task.variant == 1 and task.point0 <= 7 < task.point1 and task.draw0 <= 42 < task.draw1:
            raise ZeroDivisionError("no luck")
        return tables

    execute(PLAN, fail, tmp_path)
    assert len(pq.read_table(tmp_path / "parts" / "runs")) == 11_999
    (row,) = pq.read_table(tmp_path / "parts" / "failures").to_pylist()
    trace = row.pop("traceback")
    assert row == {
        "scenario": "b", "draw": 42, "point": 7,
        "stage": "run", "type": "ZeroDivisionError", "message": "no luck",
    }  # fmt: skip
    assert 'raise ZeroDivisionError("no luck")' in trace and "/" not in trace
    # What has not succeeded runs again, and nothing else.
    again = Counting()
    execute(PLAN, again, tmp_path, resume=True)
    assert len(again.tasks) == 1 and content(tmp_path) == whole


def test_a_sweep_in_which_all_fails_is_complete(tmp_path: Path) -> None:
    def fail(task: Task) -> Tables:
        raise RuntimeError(f"run {task.draw0}")

    execute(Plan({}, {"a": ROWS}, POINTS, 2), fail, tmp_path)
    assert len(pq.read_table(tmp_path / "parts" / "failures")) == 60


def test_an_error_of_all_runs_ends_the_sweep(tmp_path: Path) -> None:
    def refuse(task: Task) -> Tables:
        raise InputError("no")

    with pytest.raises(InputError, match=r"^no\n0 of 12,000 runs are kept"):
        execute(PLAN, refuse, tmp_path)


@pytest.mark.parametrize("damage", ["cut", "other", "gone", "marker", "foreign"])
def test_damaged_parts_are_computed_again_with_a_warning(
    damage: str,
    tmp_path: Path,
    whole: dict[str, bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder, other = tmp_path / "out", tmp_path / "other"
    execute(PLAN, square, folder)
    part, marker = folder / "parts" / "runs" / "000003.parquet", folder / "parts" / "done" / "000003.json"
    if damage == "cut":
        part.write_bytes(part.read_bytes()[:-1])
    elif damage == "other":
        part.write_bytes(bytes(len(part.read_bytes())))
    elif damage == "gone":
        part.unlink()
    elif damage == "marker":
        marker.write_text("{")
    else:
        execute(Plan({"name": "cube"}, NAMES, POINTS, 200), square, other)
        for path in (part, marker):
            path.write_bytes((other / path.relative_to(folder)).read_bytes())
    again = Counting()
    execute(PLAN, again, folder, resume=True)
    assert [task.number for task in again.tasks] == [3] and content(folder) == whole
    (reported,) = caplog.messages
    assert reported.startswith(str(marker if damage in ("marker", "foreign") else part))
    assert reported.endswith("; task 3 will run again")


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"parts": 1}', "[1]"])
def test_a_damaged_manifest_is_written_again(text: str, tmp_path: Path, whole: dict[str, bytes]) -> None:
    execute(PLAN, square, tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    again = Counting()
    execute(PLAN, again, tmp_path, resume=True)
    assert again.tasks == [] and content(tmp_path) == whole


def marker_with(path: Path, change: Callable[[dict[str, Any]], object]) -> str:
    marker = json.loads(path.read_text())
    change(marker)
    return json.dumps(marker)


@pytest.mark.parametrize(
    "change",
    [
        lambda marker: marker["parts"].clear(),
        lambda marker: marker["parts"].pop("runs"),
        lambda marker: marker.pop("parts"),
        lambda marker: marker.update(plan=[marker["plan"]]),
        lambda marker: marker.update(more=1),
        lambda marker: marker["parts"].update(runs=None),
        lambda marker: marker["parts"].update({"../runs": marker["parts"]["runs"]}),
        lambda marker: marker["parts"]["runs"].update(rows="1000"),
        lambda marker: marker["parts"]["runs"].update(rows=999),
        lambda marker: marker["parts"]["runs"].update(rows=True),
        lambda marker: marker["parts"]["runs"].update(sha256=[]),
        lambda marker: marker["parts"].update(failures={**marker["parts"]["runs"], "rows": 0}),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_a_task_whose_marker_is_not_whole_runs_again(
    change: Callable[[dict[str, Any]], object], finished: bool, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    execute(PLAN, square, tmp_path)
    marker = tmp_path / "parts" / "done" / "000003.json"
    marker.write_text(marker_with(marker, change))
    if not finished:
        (tmp_path / "manifest.json").unlink()
    again = Counting()
    execute(PLAN, again, tmp_path, resume=True)
    assert [task.number for task in again.tasks] == [3] and content(tmp_path) == whole


def test_a_task_in_place_of_another_runs_again(tmp_path: Path, whole: dict[str, bytes]) -> None:
    execute(PLAN, square, tmp_path)
    for path in tmp_path.glob("parts/*/000005.*"):
        shutil.copy(path, path.with_stem("000003"))
    (tmp_path / "manifest.json").unlink()
    again = Counting()
    execute(PLAN, again, tmp_path, resume=True)
    assert [task.number for task in again.tasks] == [3] and content(tmp_path) == whole


def test_work_that_leaves_out_rows_is_never_complete(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"000000\.json: lists 999 rows of runs; allowed: 1,000\n0 of 12,000 runs"):
        execute(PLAN, lambda task: {"runs": square(task)["runs"].slice(1)}, tmp_path)
    assert not (tmp_path / "manifest.json").exists()


def test_numbers_that_are_not_finite_are_never_complete(tmp_path: Path) -> None:
    def spoiled(task: Task) -> Tables:
        runs = square(task)["runs"]
        return {"runs": runs.set_column(5, "y", pa.array(np.where(runs["draw"].to_numpy() == 7, np.nan, 1.0)))}

    with pytest.raises(InputError, match=r"000000\.parquet: holds numbers that are not finite"):
        execute(PLAN, spoiled, tmp_path)


def test_files_outside_a_folder_are_neither_read_nor_deleted(tmp_path: Path) -> None:
    folder, outside = tmp_path / "out", tmp_path / "outside"
    execute(PLAN, square, folder)
    outside.mkdir()
    (outside / ".mine").write_text("mine")
    (folder / "parts" / "more").symlink_to(outside)
    execute(PLAN, square, folder, resume=True)
    assert (outside / ".mine").exists()
    (folder / "parts" / "runs").rename(tmp_path / "runs")
    (folder / "parts" / "runs").symlink_to(tmp_path / "runs")
    with pytest.raises(InputError, match=r"parts.runs: is a link or a file; allowed: a folder"):
        execute(PLAN, square, folder, resume=True)


def test_an_interrupt_counts_what_is_on_the_disk(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done:
            # The other threads are still at their tasks, and finish them.
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as error:
        execute(PLAN, square, tmp_path, where=Workers(count=2), progress=interrupt)
    kept = 1000 * len(list(tmp_path.glob("parts/done/*.json")))
    assert str(error.value).startswith(f"{kept:,} of 12,000 runs are kept in ") and kept >= 1000


def test_a_deleted_folder_is_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def delete(task: Task) -> Tables:
        shutil.rmtree(folder)
        return square(task)

    with pytest.raises(InputError) as error:
        execute(PLAN, delete, folder, where=Workers(count=1))
    assert str(error.value).startswith(f"{folder}: is missing; ") and "\n" not in str(error.value)
    assert not folder.exists()
    execute(PLAN, square, folder, resume=True)


def test_an_error_of_a_callback_is_no_fault_of_the_disk(tmp_path: Path) -> None:
    def closed(done: int, total: int) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        execute(PLAN, square, tmp_path, progress=closed)


def test_damaged_points_become_whole(tmp_path: Path, whole: dict[str, bytes]) -> None:
    execute(PLAN, square, tmp_path)
    (tmp_path / "points.parquet").write_bytes(b"")
    again = Counting()
    execute(PLAN, again, tmp_path, resume=True)
    assert again.tasks == [] and content(tmp_path) == whole


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    execute(PLAN, square, tmp_path)
    with (tmp_path / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another process is running a sweep there; allowed: one at a time"):
            execute(PLAN, square, tmp_path, resume=True)
    execute(PLAN, square, tmp_path, resume=True)


def test_the_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for resume in (False, True):
        with pytest.raises(InputError, match="exists and is not an empty folder"):
            execute(PLAN, square, tmp_path, resume=resume)
    assert content(tmp_path) == {"notes.txt": b"mine"}


def test_files_of_a_sweep_killed_before_its_plan_are_no_obstacle(tmp_path: Path, whole: dict[str, bytes]) -> None:
    (tmp_path / LOCK).touch()
    (tmp_path / f".{FILE}-1a").write_text("{")
    execute(PLAN, square, tmp_path)
    assert content(tmp_path) == whole


def test_unfinished_files_beside_a_complete_sweep_are_deleted(tmp_path: Path, whole: dict[str, bytes]) -> None:
    execute(PLAN, square, tmp_path)
    for name in (f".{FILE}-1a", f".{PLAN_POINTS}-1a"):
        (tmp_path / name).write_text("{")
    execute(PLAN, square, tmp_path, resume=True)
    assert content(tmp_path) == whole


def test_another_sweep_is_refused(tmp_path: Path) -> None:
    execute(PLAN, square, tmp_path)
    with pytest.raises(InputError, match='holds another sweep: name was "square", is "cube"'):
        execute(Plan({"name": "cube"}, NAMES, POINTS, 200), square, tmp_path, resume=True)


def test_a_disk_that_fills_up_leaves_a_sweep_to_go_on_with(
    tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def full(table: pa.Table, *arguments: object, **options: object) -> None:
        nonlocal written
        written += "variant" in table.column_names  # not the points
        if written > 4:
            raise OSError(28, "No space left on device")
        write(table, *arguments, **options)

    write = pq.write_table
    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", full)
        with pytest.raises(InputError, match=r"cannot be written \(No space left on device\)\n.* are kept in"):
            execute(PLAN, square, tmp_path, where=Workers(count=1))
    assert not (tmp_path / "manifest.json").exists()
    again = Counting()
    execute(PLAN, again, tmp_path, resume=True)
    assert len(again.tasks) == 8 and content(tmp_path) == whole


def test_more_than_the_disk_holds_is_refused_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="GB, all there is"):
        execute(PLAN, square, tmp_path / "out", 10**18)
    assert not list(tmp_path.iterdir())


def test_a_folder_in_which_nothing_can_be_written_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be written"):
        execute(PLAN, square, "/proc/sweep")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"engine": "slurm"}, "engine: 'slurm' is unknown; allowed: local, dask"),
        ({"scheduler": "tcp://127.0.0.1:1"}, "scheduler: has no effect on local threads"),
        ({"count": 0}, "workers: 0 is out of range; allowed: 1 to"),
        ({"engine": "dask", "scheduler": "tcp://127.0.0.1:1", "count": 1}, "workers: a scheduler has its own"),
    ],
)
def test_wrong_engines_are_refused(arguments: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        execute(PLAN, square, tmp_path / "out", where=Workers(**arguments))
    assert not list(tmp_path.iterdir())


EXPERIMENT = Experiment.validated(
    {
        "name": "small", "title": "T", "description": "D", "sources": ["none"],
        "scenario": first_months(load_scenario("us_russia_reset_2025"), 3),
        "uncertainties": {"threat_reversion": {"uniform": [0.05, 0.1]},
                          "threat_perception.POL": {"uniform": [0.5, 0.9]}},
        "levers": {"president": {"usual": {}, "strong": {"parameters": {"initial_autonomy": 0.95}}}},
        "design": {"points": 3}, "replications": 4, "seed": 9, "keep": "allies",
    }
)  # fmt: skip


def test_a_sweep_equals_its_scenarios_run_one_by_one(tmp_path: Path) -> None:
    results = sweep(EXPERIMENT, tmp_path / "out")
    runs, allies = results.frame("runs"), results.frame("allies")
    assert len(runs) == 24 and results.status["state"].eq("done").all()
    for variant in EXPERIMENT.variants():
        for point, values in enumerate(results.points.values):
            alone = variant.scenario.with_parameters(dict(zip(results.points.names, values.tolist(), strict=True)))
            ensemble = simulate(alone, 4, 9)
            mine = runs[(runs["scenario"] == variant.scenario.name) & (runs["point"] == point)]
            np.testing.assert_array_equal(mine["cohesion"], ensemble.output.outcomes[:, -1, COHESION])
            assert (mine["threat_reversion"] == values[0]).all() and (
                mine["president"] == variant.options["president"]
            ).all()
            mine = allies[(allies["scenario"] == variant.scenario.name) & (allies["point"] == point)]
            np.testing.assert_array_equal(mine["spending"], ensemble.frame("spending")["value"])
    assert len(runs["cohesion"].unique()) == 24


def test_a_failed_run_names_its_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CompiledScenario.run

    def spoiled(program: CompiledScenario, block: Block, seed: int) -> None:
        run(program, block, seed)
        poland = block.inputs.ally_input[:, L.AllyInput.initial_threat, ALLIES.index("POL")]
        draw = block.draw0 + np.arange(len(poland)) % max(block.draw1 - block.draw0, 1)
        block.output.outcomes[(poland > 0.8) & (draw == 2)] = np.inf

    monkeypatch.setattr(CompiledScenario, "run", spoiled)
    results = sweep(EXPERIMENT, tmp_path / "out")
    failures = results.frame("failures")
    (point,) = np.flatnonzero(results.points.values[:, 1] > 0.8)
    assert failures[["scenario", "draw", "point", "stage", "type", "message"]].to_numpy().tolist() == [
        [variant.scenario.name, 2, point, "run", "FloatingPointError", "an outcome is not finite"]
        for variant in results.variants
    ]
    assert len(results.frame("runs")) == 22 and results.status["failed"].sum() == 2
