"""The folder of a sweep: a Parquet part of each view for each task, a marker for each task that is done, a manifest.

plan.json                       what is to be run
parts/<view>/<task>.parquet     rows of a task; no times, hosts or attempts in them
parts/done/<task>.json          written last: rows and hash of each part, and the hash of the plan
manifest.json                   written when all is done
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from alliance_sim.experiments.plan import Plan

__all__ = ["FAILURES", "MANIFEST", "clear", "complete", "is_complete", "is_done", "write_json", "write_part"]

FAILURES = "failures"
MANIFEST = "manifest.json"


def write_part(folder: Path, task: int, tables: Mapping[str, pa.Table], plan: str) -> None:
    """Write what a task gave, and then its marker; what an earlier attempt left is replaced.

    Parameters
    ----------
    folder : Path
    task : int
    tables : mapping
        By name of the view.
    plan : str
        Hash of the plan that the task belongs to.
    """
    _marker(folder, task).unlink(missing_ok=True)
    (folder / "parts" / FAILURES / f"{task:06d}.parquet").unlink(missing_ok=True)
    parts = {}
    for view, table in tables.items():
        path = _part(folder, view, task)
        write_file(path, partial(pq.write_table, table, compression="zstd"))
        parts[view] = {"rows": table.num_rows, "sha256": _digest(path)}
    write_json(_marker(folder, task), {"plan": plan, "parts": parts})


def is_done(folder: Path, task: int, plan: str) -> bool:
    """Tell whether all runs of a task of this plan have succeeded and are there, undamaged."""
    try:
        found = json.loads(_marker(folder, task).read_text("utf-8"))
        whole = all(_digest(_part(folder, view, task)) == part["sha256"] for view, part in found["parts"].items())
        return bool(whole and found["plan"] == plan and FAILURES not in found["parts"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def complete(folder: Path, plan: Plan) -> None:
    """Write the manifest of a sweep whose tasks are all done."""
    about = {key: value for key, value in plan.document.items() if key not in ("points", "tasks")}
    write_json(folder / MANIFEST, about)


def is_complete(folder: Path) -> bool:
    """Tell whether the sweep in a folder was finished."""
    return (folder / MANIFEST).exists()


def clear(folder: Path) -> None:
    """Take away what was being written when a sweep was killed."""
    for path in (*folder.glob(".*.json-*"), *folder.glob("parts/*/.*")):
        path.unlink(missing_ok=True)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file that is there as a whole or not at all."""
    text = json.dumps(document, ensure_ascii=False) + "\n"
    write_file(path, lambda file: file.write(text.encode()))


def write_file(path: Path, write: Callable[[Any], object]) -> None:
    """Write a file that is there as a whole or not at all, whatever happens in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: a worker that was given up may still be writing the same.
    unfinished = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with unfinished.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _part(folder: Path, view: str, task: int) -> Path:
    return folder / "parts" / view / f"{task:06d}.parquet"


def _marker(folder: Path, task: int) -> Path:
    return folder / "parts" / "done" / f"{task:06d}.json"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
