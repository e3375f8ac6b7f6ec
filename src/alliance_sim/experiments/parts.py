"""The files of a sweep: its plan, and the part of each view that each task wrote.

    plan.json, points.parquet      the runs: written before the first one starts
    parts/<view>/<task>.parquet    the rows of a task in a view
    parts/done/<task>.json         completion marker: the hashes of the task's parts
    manifest.json                  written last, when every task is done

A task is done if its marker lists the rows that its runs have in each view, and the parts hold them. Every file appears
whole or not at all. Nothing in a file depends on when, where or at which attempt it was written.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AfterValidator, Field

from alliance_sim.errors import InputError
from alliance_sim.experiments import plan as plans
from alliance_sim.experiments.plan import FILE, POINTS, Plan, Task
from alliance_sim.experiments.schema import Experiment
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.fields import frozen
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import parquet
from alliance_sim.results.stored import (
    MANIFEST,
    Sha256,
    Stored,
    check_columns,
    check_keys,
    flush,
    json_bytes,
    opened,
    parquet_file,
    read_json,
    validated,
    write_file,
    write_json,
)
from alliance_sim.results.views import kept

__all__ = ["expected_size"]

_log = logging.getLogger("alliance_sim")

#: The view of runs that failed, which every sweep has.
FAILURES = "failures"
FAILURE_SCHEMA = pa.schema(
    [
        ("scenario", pa.string()),
        ("draw", pa.int64()),
        ("point", pa.int64()),
        *((name, pa.string()) for name in ("stage", "type", "message", "traceback")),
    ]
)


Count = Annotated[int, Field(ge=0)]


class Part(Stored):
    """One part: the rows of a task in a view."""

    rows: Count
    bytes: Count
    sha256: Sha256


class Marker(Stored):
    """Completion marker of a task: the identity of its plan, and its parts by view."""

    plan: Sha256
    parts: Annotated[dict[str, Part], AfterValidator(frozen)]

    def rows(self, view: str) -> int:
        """Return the rows of the task in a view."""
        return self.parts[view].rows if view in self.parts else 0


@dataclass(frozen=True)
class Expected:
    """What the parts of a sweep have to be: the identity of its plan, and scenario and rows of each variant."""

    identity: str
    variants: list[tuple[str, Mapping[str, int | None]]]
    columns: Mapping[str, pa.Schema]

    @classmethod
    def of(cls, plan: Mapping[str, Any], columns: Mapping[str, pa.Schema] | None = None) -> Expected:
        """Return it for the document of a plan, and the columns of its views if they are to be checked."""
        return cls(plans.identity(plan), plans.rows(plan), {**(columns or {}), FAILURES: FAILURE_SCHEMA})

    @property
    def views(self) -> list[str]:
        """The views that the parts can belong to: the folders below ``parts``."""
        return [*dict.fromkeys(view for _, rows in self.variants for view in rows), FAILURES]


def begin(folder: Path, plan: Plan) -> None:
    """Write the plan of a sweep and make the folders of its parts.

    A plan and points that are there already, and differ, are replaced; then the manifest goes first, since it belongs
    to them.
    """
    for path, data in ((folder / FILE, json_bytes(plan.document)), (folder / POINTS, plan.points_file.to_pybytes())):
        if _content(path) != data:
            (folder / MANIFEST).unlink(missing_ok=True)
            write_file(path, data)
    for view in ("", "done", *Expected.of(plan.document).views):
        if view != FAILURES:
            (folder / "parts" / view).mkdir(exist_ok=True)
    flush(folder)


def _content(path: Path) -> bytes | None:
    try:
        with opened(path) as file:
            return file.read()
    except InputError:
        return None


def write_part(folder: Path, number: int, tables: Mapping[str, pa.Table], identity: str) -> None:
    """Write the results of a task: a part for each view, then its completion marker; replace an earlier attempt.

    Parameters
    ----------
    folder : Path
        The sweep's. Its folders have to exist; only that of failures is made.
    number : int
        The task's.
    tables : mapping of str to Table
    identity : str
        Of the plan that the task belongs to.

    Raises
    ------
    OSError
        If a file cannot be written; it is removed.
    """
    forget(folder, number)
    part_path(folder, FAILURES, number).unlink(missing_ok=True)
    if FAILURES in tables:
        (folder / "parts" / FAILURES).mkdir(exist_ok=True)
    parts = {}
    for view, table in tables.items():
        data = parquet.encoded(table)
        parts[view] = Part(rows=table.num_rows, bytes=data.size, sha256=hashlib.sha256(data).hexdigest())
        write_file(part_path(folder, view, number), data)
    write_json(_marker_path(folder, number), Marker(plan=identity, parts=parts).model_dump())


def is_done(folder: Path, task: Task, expected: Expected) -> bool:
    """Return whether a task of this plan is done without failures; warn if its files are not those of the task."""
    if not _marker_path(folder, task.number).exists():
        return False
    try:
        marker = read_whole(folder, task, expected)
    except InputError as error:
        _log.warning("%s; task %d will run again", error, task.number)
        return False
    return FAILURES not in marker.parts


def read_whole(folder: Path, task: Task, expected: Expected) -> Marker:
    """Return the completion marker of a task after a check of its parts.

    Raises
    ------
    InputError
        If the marker or a part is missing, damaged, or not of this task.
    """
    marker = read_marker(folder, task, expected)
    for view, part in marker.parts.items():
        path = part_path(folder, view, task.number)
        with parquet_file(path, part.sha256) as file:
            check_part(path, file, view, task, expected, marker)
            if view in expected.columns:
                check_columns(path, file, expected.columns[view], {})
            for column in file.read().itercolumns() if view == "runs" else ():
                if pa.types.is_floating(column.type) and not np.isfinite(column.to_numpy()).all():
                    raise InputError(f"{path}: holds numbers that are not finite")
    return marker


def read_marker(folder: Path, task: Task, expected: Expected) -> Marker:
    """Return the completion marker of a task.

    Raises
    ------
    InputError
        If it is missing, damaged, belongs to another plan, or lists other rows than those of the task.
    """
    path = _marker_path(folder, task.number)
    marker = validated(path, read_json(path), Marker)
    if marker.plan != expected.identity:
        raise InputError(f"{path}: belongs to another sweep")
    _, rows = expected.variants[task.variant]
    failed = marker.rows(FAILURES)
    views = [*(rows if failed < task.runs else ()), *((FAILURES,) if failed else ())]
    if set(marker.parts) != set(views):
        raise InputError(f"{path}: lists {', '.join(sorted(marker.parts)) or 'no view'}; allowed: {', '.join(views)}")
    for view in marker.parts:
        count = rows.get(view)
        if view != FAILURES and count is not None and marker.rows(view) != count * (task.runs - failed):
            allowed = f"{count * (task.runs - failed):,}"
            raise InputError(f"{path}: lists {marker.rows(view):,} rows of {view}; allowed: {allowed}")
    return marker


def check_part(path: Path, file: pq.ParquetFile, view: str, task: Task, expected: Expected, marker: Marker) -> None:
    """Refuse a part that does not hold the rows of its task, whatever its marker says.

    Raises
    ------
    InputError
        If it has another number of rows, or rows of other runs.
    """
    name, rows = expected.variants[task.variant]
    ranges: dict[str, tuple[object, object]] = {
        "draw": (task.draw0, task.draw1 - 1),
        "point": (task.point0, task.point1 - 1),
        **({"scenario": (name, name)} if "scenario" in file.schema_arrow.names else {}),
    }
    check_keys(path, file, marker.rows(view), **ranges)
    count = rows.get(view, 1)
    if count is None:
        return
    # Threads are used for whole files already.
    keys = file.read(["draw", "point"], use_threads=False)
    point, draw = keys["point"].to_numpy(), keys["draw"].to_numpy()
    run = (point - task.point0) * (task.draw1 - task.draw0) + draw - task.draw0
    if run.size and not (run.min() >= 0 and run.max() < task.runs and np.isin(np.bincount(run), (0, count)).all()):
        raise InputError(f"{path}: does not hold {count:,} rows of each run")


def forget(folder: Path, number: int) -> None:
    """Delete the completion marker of a task."""
    _marker_path(folder, number).unlink(missing_ok=True)


def kept_runs(folder: Path, tasks: Iterable[Task], expected: Expected) -> int:
    """Return how many runs the tasks that are done without failures have, by their completion markers."""
    found = 0
    for task in tasks:
        with contextlib.suppress(InputError):
            found += task.runs if FAILURES not in read_marker(folder, task, expected).parts else 0
    return found


def is_complete(folder: Path) -> bool:
    """Return whether the folder has a manifest."""
    return (folder / MANIFEST).exists()


def complete(folder: Path, plan: Plan) -> None:
    """Write the manifest of a sweep whose tasks are all done.

    Raises
    ------
    InputError
        If a task is not done, or its parts on the disk are not whole.
    """
    expected = Expected.of(plan.document, plan.columns)
    markers = {task.number: read_whole(folder, task, expected) for task in plan.tasks}
    for written in (folder / "parts", *folder.glob("parts/*")):
        flush(written)
    write_json(folder / MANIFEST, _manifest(plan.document, markers))
    flush(folder)


def _manifest(plan: Mapping[str, Any], markers: Mapping[int, Marker]) -> dict[str, object]:
    """Return the plan without its tasks, the number of rows of each view, and a hash over all markers."""
    rows: dict[str, int] = {}
    digest = hashlib.sha256()
    for _, marker in sorted(markers.items()):
        digest.update(json_bytes(marker.model_dump()))
        for view, part in marker.parts.items():
            rows[view] = rows.get(view, 0) + part.rows
    about = {key: value for key, value in plan.items() if key != "tasks"}
    return {**about, "rows": rows, "parts": digest.hexdigest()}


def clear(folder: Path, plan: Plan) -> None:
    """Delete files that were unfinished when a sweep was killed."""
    below = [folder / "parts" / name for name in ("done", *Expected.of(plan.document).views)]
    for path in (*folder.glob(".*.json-*"), *folder.glob(f".{POINTS}-*"), *(p for f in below for p in f.glob(".*"))):
        path.unlink(missing_ok=True)


def check_folders(folder: Path, expected: Expected) -> None:
    """Refuse the folder of a sweep in which a folder is a link, which leads elsewhere.

    Raises
    ------
    InputError
        If one is, or is no folder.
    """
    parts = folder / "parts"
    for path in (parts, parts / "done", *(parts / view for view in expected.views)):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise InputError(f"{path}: is a link or a file; allowed: a folder")


def read_markers(folder: Path, tasks: Iterable[Task], expected: Expected) -> dict[int, Marker]:
    """Return the completion markers of a sweep, by number of the task.

    Raises
    ------
    InputError
        If one is damaged, belongs to another plan, or lists other rows than those of the task.
    """
    markers = {}
    for task in tasks:
        if os.path.lexists(_marker_path(folder, task.number)):
            markers[task.number] = read_marker(folder, task, expected)
    return markers


def check_manifest(folder: Path, plan: Mapping[str, Any], markers: Mapping[int, Marker]) -> None:
    """Refuse a finished sweep whose markers do not match its manifest.

    Raises
    ------
    InputError
        If a marker is missing, or has changed.
    """
    for number, *_ in plan["tasks"]:
        if number not in markers:
            raise InputError(f"{_marker_path(folder, number)}: is missing")
    if read_json(folder / MANIFEST) != _manifest(plan, markers):
        raise InputError(f"{folder / MANIFEST}: does not belong to the plan and the parts beside it")


def part_path(folder: Path, view: str, number: int) -> Path:
    """Return the file of a task's part of a view."""
    return folder / "parts" / view / f"{number:06d}.parquet"


def expected_size(experiment: Experiment) -> int:
    """Return about how many bytes the results of an experiment take on disk.

    The bytes of a number, a decision and a run were measured on 512 runs of `us_russia_reset_2025`. Scenarios with
    fewer events compress better: down to half of that.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018")
    >>> expected_size(experiment) < expected_size(experiment.model_copy(update={"keep": "trace"}))
    True
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


def _marker_path(folder: Path, number: int) -> Path:
    return folder / "parts" / "done" / f"{number:06d}.json"
