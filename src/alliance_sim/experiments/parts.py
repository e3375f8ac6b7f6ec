"""The files of a sweep: its plan, and the part of each view that each task wrote.

    plan.json, points.parquet      the runs: written before the first one starts
    parts/<view>/<task>.parquet    the rows of a task in a view
    parts/done/<task>.json         completion marker: the hashes of the task's parts
    manifest.json                  written last, when every task is done

A task is done if its marker exists and the hashes in it match. Every file appears whole or not at all. Nothing in a
file depends on when, where or at which attempt it was written.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypedDict, cast

import pyarrow as pa

from alliance_sim.errors import InputError
from alliance_sim.experiments.plan import FILE, POINTS, Plan, Task
from alliance_sim.experiments.schema import Experiment
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import parquet
from alliance_sim.results.folder import MANIFEST, check_sha256, flush, json_bytes, write_file, write_json
from alliance_sim.results.views import kept

__all__ = [
    "FAILURES",
    "FAILURE_SCHEMA",
    "Marker",
    "begin",
    "check_manifest",
    "clear",
    "complete",
    "expected_size",
    "forget",
    "is_complete",
    "is_done",
    "part_path",
    "read_markers",
    "write_part",
]

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


class Part(TypedDict):
    """One part: the rows of a task in a view."""

    rows: int
    bytes: int
    sha256: str


class Marker(TypedDict):
    """Completion marker of a task: the hash of its plan, and its parts by view."""

    plan: str
    parts: dict[str, Part]


def begin(folder: Path, plan: Plan) -> None:
    """Write the plan of a sweep; files that the folder already has of it are replaced."""
    write_json(folder / FILE, plan.document)
    write_file(folder / POINTS, plan.points_file)
    flush(folder)


def write_part(folder: Path, number: int, tables: Mapping[str, pa.Table], plan: str) -> None:
    """Write the results of a task: a part for each view, then its completion marker; replace an earlier attempt.

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
        If a file cannot be written; it is removed.
    """
    forget(folder, number)
    part_path(folder, FAILURES, number).unlink(missing_ok=True)
    parts: dict[str, Part] = {}
    for view, table in tables.items():
        data = parquet.encoded(table)
        parts[view] = {"rows": table.num_rows, "bytes": data.size, "sha256": hashlib.sha256(data).hexdigest()}
        write_file(part_path(folder, view, number), data)
    write_json(_marker_path(folder, number), {"plan": plan, "parts": parts})


def is_done(folder: Path, number: int, plan: str) -> bool:
    """Return whether a task of this plan is done without failures; warn if a file's hash differs."""
    if not _marker_path(folder, number).exists():
        return False
    try:
        marker = _read_marker(folder, number)
        for view, part in marker["parts"].items():
            check_sha256(part_path(folder, view, number), part["sha256"])
        if marker["plan"] != plan:
            raise InputError(f"{_marker_path(folder, number)}: belongs to another sweep")
    except InputError as error:
        _log.warning("%s; task %d will run again", error, number)
        return False
    return FAILURES not in marker["parts"]


def forget(folder: Path, number: int) -> None:
    """Delete the completion marker of a task."""
    _marker_path(folder, number).unlink(missing_ok=True)


def is_complete(folder: Path) -> bool:
    """Return whether the sweep in a folder was finished."""
    return (folder / MANIFEST).exists()


def complete(folder: Path, plan: Plan) -> None:
    """Write the manifest of a sweep whose tasks are all done.

    It holds the plan without its tasks, the number of rows of each view and a hash over all markers.
    """
    rows: dict[str, int] = {}
    digest = hashlib.sha256()
    for task in plan.tasks:
        marker = _read_marker(folder, task.number)
        digest.update(json_bytes(marker))
        for view, part in marker["parts"].items():
            rows[view] = rows.get(view, 0) + part["rows"]
    for written in (folder / "parts", *folder.glob("parts/*")):
        flush(written)
    about = {key: value for key, value in plan.document.items() if key != "tasks"}
    write_json(folder / MANIFEST, {**about, "rows": rows, "parts": digest.hexdigest()})
    flush(folder)


def clear(folder: Path) -> None:
    """Delete files that were unfinished when a sweep was killed."""
    for path in (*folder.glob(".*.json-*"), *folder.glob(f".{POINTS}-*"), *folder.glob("parts/*/.*")):
        path.unlink(missing_ok=True)


def read_markers(folder: Path, plan: Mapping[str, object]) -> dict[int, Marker]:
    """Return the completion markers of a sweep, by number of the task.

    Raises
    ------
    InputError
        If one is damaged, or belongs to another plan.
    """
    markers = {}
    for task in _tasks(plan):
        if _marker_path(folder, task.number).exists():
            markers[task.number] = _read_marker(folder, task.number)
            if markers[task.number]["plan"] != plan["hash"]:
                raise InputError(f"{_marker_path(folder, task.number)}: belongs to another sweep")
    return markers


def check_manifest(folder: Path, plan: Mapping[str, object], markers: Mapping[int, Marker]) -> None:
    """Refuse a finished sweep whose markers do not match its manifest.

    Raises
    ------
    InputError
        If a marker is missing, or has changed.
    """
    digest = hashlib.sha256()
    for task in _tasks(plan):
        if task.number not in markers:
            raise InputError(f"{_marker_path(folder, task.number)}: is missing")
        digest.update(json_bytes(markers[task.number]))
    try:
        expected = json.loads((folder / MANIFEST).read_text("utf-8"))["parts"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / MANIFEST}: cannot be read ({error})") from None
    if digest.hexdigest() != expected:
        raise InputError(f"{folder / MANIFEST}: does not belong to the parts beside it")


def part_path(folder: Path, view: str, number: int) -> Path:
    """Return the file of a task's part of a view."""
    return folder / "parts" / view / f"{number:06d}.parquet"


def expected_size(experiment: Experiment) -> int:
    """Return about how many bytes the results of an experiment take on disk.

    The bytes of a number, a decision and a run were measured on 512 runs of `us_russia_reset_2025`. Scenarios with
    fewer events compress better: down to half of that.
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


def _tasks(plan: Mapping[str, object]) -> Iterator[Task]:
    for task in cast(list[list[int]], plan["tasks"]):
        yield Task(*task)


def _marker_path(folder: Path, number: int) -> Path:
    return folder / "parts" / "done" / f"{number:06d}.json"


def _read_marker(folder: Path, number: int) -> Marker:
    path = _marker_path(folder, number)
    try:
        marker = cast(Marker, json.loads(path.read_text("utf-8")))
        _ = marker["plan"], [(part["rows"], part["bytes"], part["sha256"]) for part in marker["parts"].values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    return marker
