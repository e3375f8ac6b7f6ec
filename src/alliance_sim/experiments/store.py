"""Where a sweep is kept: a folder of Parquet parts, read through its views.

    plan.json, points.parquet      what is run: written before the first run starts
    parts/<view>/<task>.parquet    what a task gave
    parts/done/<task>.json         the hashes of a task's parts: it is done if this is there, and they are as it says
    manifest.json                  written last, when every task is done

Every file appears as a whole or not at all. Nothing in them tells when, where, or at which attempt they were written.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from alliance_sim.errors import InputError, nearest
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.plan import FILE, POINTS, Plan, Task
from alliance_sim.experiments.schema import Experiment, Variant
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import parquet, query
from alliance_sim.results.ensemble import MANIFEST, Ensemble, check_memory, load_ensemble, saved_views
from alliance_sim.results.views import kept
from alliance_sim.scenarios import Scenario

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "FAILURES",
    "MANIFEST",
    "Results",
    "begin",
    "clear",
    "complete",
    "forget",
    "is_complete",
    "is_done",
    "load_results",
    "open_results",
    "open_views",
    "size",
    "write_json",
    "write_part",
]

_log = logging.getLogger("alliance_sim")

#: The view of runs that failed, which every sweep has.
FAILURES = "failures"
_FAILURE = pa.schema(
    [
        ("scenario", pa.string()),
        ("draw", pa.int64()),
        ("point", pa.int64()),
        *((name, pa.string()) for name in ("stage", "type", "message", "traceback")),
    ]
)


def begin(folder: Path, plan: Plan) -> None:
    """Write what is going to run; what is there of the same plan becomes whole again."""
    write_json(folder / FILE, plan.document)
    _write(folder / POINTS, plan.points_file)
    _flush(folder)


def write_part(folder: Path, number: int, tables: Mapping[str, pa.Table], plan: str) -> None:
    """Write what a task gave: a part for each view, then the mark that it is done; replace an earlier attempt.

    Parameters
    ----------
    folder : Path
        The sweep's.
    number : int
        The task's.
    tables : mapping of str to Table
    plan : str
        Hash of the plan that the task belongs to.

    Raises
    ------
    OSError
        If something cannot be written; what is unfinished is taken away.
    """
    forget(folder, number)
    _part(folder, FAILURES, number).unlink(missing_ok=True)
    parts = {}
    for view, table in tables.items():
        data = parquet.encoded(table)
        parts[view] = {"rows": table.num_rows, "bytes": data.size, "sha256": hashlib.sha256(data).hexdigest()}
        _write(_part(folder, view, number), data)
    write_json(_mark(folder, number), {"plan": plan, "parts": parts})


def is_done(folder: Path, number: int, plan: str) -> bool:
    """Return whether a task of this plan is done without failures; tell what is not what was written."""
    if not _mark(folder, number).exists():
        return False
    try:
        mark = _read_mark(folder, number)
        for view, part in mark["parts"].items():
            parquet.check(_part(folder, view, number), part["sha256"])
        if mark["plan"] != plan:
            raise InputError(f"{_mark(folder, number)}: belongs to another sweep")
    except InputError as error:
        _log.warning("%s; task %d will run again", error, number)
        return False
    return FAILURES not in mark["parts"]


def forget(folder: Path, number: int) -> None:
    """Take away the mark that a task is done: it is going to run again."""
    _mark(folder, number).unlink(missing_ok=True)


def is_complete(folder: Path) -> bool:
    """Return whether the sweep in a folder was finished."""
    return (folder / MANIFEST).exists()


def complete(folder: Path, plan: Plan) -> None:
    """Write the manifest of a sweep whose tasks are all done.

    It holds the plan but for its tasks, the rows of each view and a hash over all parts.
    """
    rows: dict[str, int] = {}
    digest = hashlib.sha256()
    for task in plan.tasks:
        mark = _read_mark(folder, task.number)
        digest.update(_text(mark))
        for view, part in mark["parts"].items():
            rows[view] = rows.get(view, 0) + part["rows"]
    for written in (folder / "parts", *folder.glob("parts/*")):
        _flush(written)
    about = {key: value for key, value in plan.document.items() if key != "tasks"}
    write_json(folder / MANIFEST, {**about, "rows": rows, "parts": digest.hexdigest()})
    _flush(folder)


def clear(folder: Path) -> None:
    """Take away what was being written when a sweep was killed."""
    for path in (*folder.glob(".*.json-*"), *folder.glob(f".{POINTS}-*"), *folder.glob("parts/*/.*")):
        path.unlink(missing_ok=True)


def _part(folder: Path, view: str, number: int) -> Path:
    return folder / "parts" / view / f"{number:06d}.parquet"


def _mark(folder: Path, number: int) -> Path:
    return folder / "parts" / "done" / f"{number:06d}.json"


def _read_mark(folder: Path, number: int) -> dict[str, Any]:
    path = _mark(folder, number)
    try:
        mark: dict[str, Any] = json.loads(path.read_text("utf-8"))
        _ = mark["plan"], [(part["rows"], part["bytes"], part["sha256"]) for part in mark["parts"].values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    return mark


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file that is there as a whole or not at all."""
    _write(path, _text(content))


def _text(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()


def _write(path: Path, data: Any) -> None:
    """Write a file that is there as a whole or not at all, also after the power was cut.

    Then it may also be gone again, until its folder is flushed: of a task that is lost so, the runs run again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: where a worker seemed lost, two may be at work on one task.
    unfinished = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _flush(folder: Path) -> None:
    """Have what is in a folder stay there when the power is cut."""
    if hasattr(os, "O_DIRECTORY"):  # Windows cannot, and need not, flush a folder.
        opened = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def size(experiment: Experiment) -> int:
    """Return about how many bytes the results of an experiment take.

    By the bytes that a number, a decision or a run took in 512 runs of `us_russia_reset_2025`. Where less happens they
    compress better: down to half of it.
    """
    decisions = max(sum(len(meeting.agenda) for meeting in each.scenario.meetings) for each in experiment.variants())
    numbers = experiment.scenario.months * len(ALLIES) * (4 + len(ISSUES) * (experiment.keep == "trace"))
    bytes_of_run = {
        "runs": 8.0 * (len(OUTCOMES) + len(experiment.uncertainties)),
        "trajectories": 6.0 * experiment.scenario.months * len(OUTCOMES),
        "allies": 6.8 * numbers,
        "decisions": 5.5 * decisions,
        "objections": 25.0,
        "traces": 16.0 * decisions,
    }
    return round(experiment.runs * sum(bytes_of_run[view] for view in kept(experiment.keep)))


def load_results(folder: str | Path) -> Ensemble | Results:
    """Read results: an ensemble that was saved, or a sweep.

    Raises
    ------
    InputError
        If the folder does not hold results.
    """
    return open_results(folder) if _is_sweep(Path(folder)) else load_ensemble(folder)


def _is_sweep(folder: Path) -> bool:
    return (folder / FILE).exists() or (folder / "parts").exists()


def open_results(folder: str | Path | Results) -> Results:
    """Open the folder of a sweep, finished or not; what is open already is returned as it is.

    Raises
    ------
    InputError
        If the folder does not hold a sweep, or a file that says what is in it is damaged.
    """
    if isinstance(folder, Results):
        return folder
    folder = Path(folder).absolute()
    plan = Plan.read(folder)
    marks = {}
    for task in plan["tasks"]:
        number = Task(*task).number
        if _mark(folder, number).exists():
            marks[number] = _read_mark(folder, number)
            if marks[number]["plan"] != plan["hash"]:
                raise InputError(f"{_mark(folder, number)}: belongs to another sweep")
    results = Results(folder, plan, marks)
    if is_complete(folder):
        results.check()
    return results


def open_views(folder: str | Path) -> tuple[Mapping[str, query.View], str]:
    """Return the views of a folder of results, of either kind, and what a reader should know of them ("" if nothing).

    Raises
    ------
    InputError
        If the folder does not hold results.
    """
    folder = Path(folder)
    if _is_sweep(folder):
        results = open_results(folder)
        return results.views, results.note
    return {view: partial(_sound, [file]) for view, file in saved_views(folder.absolute()).items()}, ""


def _sound(files: Sequence[tuple[Path, str]]) -> list[Path]:
    """Return the paths of files with these hashes; refuse what is damaged."""
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(parquet.check, *zip(*files, strict=True)):
            pass
    return [path for path, _ in files]


@dataclass(frozen=True, eq=False)
class Results:
    """A sweep in its folder; nothing is read before it is asked for, and what is damaged is refused.

    Attributes
    ----------
    folder : Path
    plan : mapping
        ``plan.json``.
    marks : mapping of int to mapping
        What each task that is done has left, by number.
    """

    folder: Path
    plan: Mapping[str, Any]
    marks: Mapping[int, Mapping[str, Any]]

    def __repr__(self) -> str:
        return f"<Results {self.folder.name}: {self.note or 'complete'}>"

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment that was run."""
        fields = self.plan["experiment"]
        return Experiment.validated({**fields, "scenario": Scenario.validated(fields["scenario"])})

    @cached_property
    def points(self) -> Points:
        """Names and values of the design's points."""
        path = self.folder / POINTS
        parquet.check(path, self.plan["points"])
        table = pq.read_table(path).to_pandas().set_index("point")
        return Points(tuple(table), table.to_numpy(np.float64))

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The scenarios of the experiment, one for each combination of options."""
        return self.experiment.variants()

    @cached_property
    def status(self) -> pd.DataFrame:
        """One row a task: ``variant, point0, point1, draw0, draw1, runs, failed, state`` (done, failed or open)."""
        tasks = [Task(*task) for task in self.plan["tasks"]]
        table = pd.DataFrame(tasks, columns=list(Task._fields)).rename(columns={"number": "task"}).set_index("task")
        failed = [self._rows(FAILURES, task.number) for task in tasks]
        table["runs"], table["failed"] = [task.runs for task in tasks], failed
        names = [
            "open" if task.number not in self.marks else "failed" if count else "done"
            for task, count in zip(tasks, failed, strict=True)
        ]
        table["state"] = pd.Categorical(names, ["done", "failed", "open"])
        return table

    @property
    def finished(self) -> bool:
        """Whether all tasks are done."""
        return len(self.marks) == len(self.plan["tasks"]) and is_complete(self.folder)

    @property
    def note(self) -> str:
        """What is missing, in a line; empty if nothing is."""
        failed = sum(self._rows(FAILURES, number) for number in self.marks)
        parts = []
        if not self.finished:
            parts.append(f"unfinished: {len(self.marks):,} of {len(self.plan['tasks']):,} tasks are done")
        if failed:
            parts.append(f"{failed:,} runs failed: see the view failures")
        return "; ".join(parts)

    @property
    def views(self) -> Mapping[str, query.View]:
        """What can be queried; a file is read once to see that it is whole when its view is first asked for."""
        if not self.marks:
            raise InputError(f"{self.folder}: no task is done yet; to go on: the command of the sweep with --resume")
        names = dict.fromkeys(view for mark in self.marks.values() for view in mark["parts"])
        views: dict[str, query.View] = {view: partial(self._parts, view) for view in names}
        views.setdefault(FAILURES, _FAILURE.empty_table)
        return views

    def sql(self, text: str) -> pd.DataFrame:
        """Return what a query finds in the views.

        ``runs, decisions, objections, failures``; with ``keep: monthly`` also ``trajectories``, with ``allies`` also
        ``allies``, with ``trace`` also ``traces``.

        Parameters
        ----------
        text : str
            One SELECT of DuckDB's SQL.

        Raises
        ------
        InputError
            If it is something else, reads what is no view, or fails; if a part is damaged.
        """
        return query.frame(self.views, text)

    def frame(self, view: str) -> pd.DataFrame:
        """Return a whole view, in the order of the runs.

        Raises
        ------
        InputError
            If there is no such view, it would not fit into memory, or a part of it is damaged.
        """
        views = self.views
        if view not in views:
            raise InputError(f"frame: {view!r} is no view here{nearest(view, views)}; allowed: {', '.join(views)}")
        columns = self.sql(f"SELECT * FROM {view} LIMIT 0").columns
        rows = sum(self._rows(view, number) for number in self.marks)
        check_memory(rows, 8 * len(columns), f"the view {view}", unit="rows")
        return self.sql(f"SELECT * FROM {view}")

    @cached_property
    def data(self) -> xr.Dataset:
        """The outcomes, labelled: (scenario, point, draw), and month where months were kept; NaN for what is missing.

        Options of levers are coordinates along `scenario`, values of the design along `point`.
        """
        import xarray as xr

        labels: dict[str, Any] = {
            "scenario": list(self.plan["variants"]),
            "point": range(len(self.points.values)),
            "draw": range(self.plan["replications"]),
        }
        monthly = "trajectories" in self.views
        if monthly:
            months = self.sql("SELECT DISTINCT month FROM trajectories WHERE outcome = 'cohesion' ORDER BY month")
            labels["month"] = months["month"].to_numpy()
        shape = [len(values) for values in labels.values()]
        check_memory(math.prod(shape), 8 * len(OUTCOMES), "all outcomes", unit="values")
        variables = {}
        for name in OUTCOMES:
            source = f"value FROM trajectories WHERE outcome = '{name}'" if monthly else f"{name} AS value FROM runs"
            found = self.sql(f"SELECT {', '.join(labels)}, {source}")
            array = np.full(shape, np.nan)
            array[tuple(pd.Index(values).get_indexer(found[dim]) for dim, values in labels.items())] = found["value"]
            variables[name] = (tuple(labels), array)
        options = self.experiment.choices()
        levers = {lever: ("scenario", [each[lever] for each in options]) for lever in self.experiment.levers}
        parameters = {name: ("point", self.points.values[:, i]) for i, name in enumerate(self.points.names)}
        return xr.Dataset(variables, {**labels, **levers, **parameters}, attrs=self.plan["environment"])

    def check(self) -> None:
        """Refuse a finished sweep whose tasks are not those of its manifest.

        Raises
        ------
        InputError
            If a task is missing, or has changed since.
        """
        digest = hashlib.sha256()
        for task in self.plan["tasks"]:
            number = Task(*task).number
            if number not in self.marks:
                raise InputError(f"{_mark(self.folder, number)}: is missing")
            digest.update(_text(self.marks[number]))
        try:
            expected = json.loads((self.folder / MANIFEST).read_text("utf-8"))["parts"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self.folder / MANIFEST}: cannot be read ({error})") from None
        if digest.hexdigest() != expected:
            raise InputError(f"{self.folder / MANIFEST}: does not belong to the parts beside it")

    def _parts(self, view: str) -> list[Path]:
        if view not in self._read:
            parts = {number: mark["parts"][view] for number, mark in self.marks.items() if view in mark["parts"]}
            self._read[view] = _sound(
                [(_part(self.folder, view, number), part["sha256"]) for number, part in parts.items()]
            )
        return self._read[view]

    @cached_property
    def _read(self) -> dict[str, list[Path]]:
        """Parts that are known to be whole."""
        return {}

    def _rows(self, view: str, number: int) -> int:
        return int(self.marks.get(number, {}).get("parts", {}).get(view, {}).get("rows", 0))
