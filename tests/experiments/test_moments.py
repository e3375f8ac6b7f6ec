"""Sweeps that are killed, or whose disk fills up, at each moment at which a file or folder of theirs changes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from alliance_sim.errors import InputError
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.engines import Workers
from alliance_sim.experiments.plan import Plan, Task
from alliance_sim.experiments.runner import LOCK, Tables, execute

ROOT = Path(__file__).resolve().parents[2]
POINTS = Points(("x",), np.linspace(0.0, 1.0, 3)[:, None])
VARIANTS = {name: {"rows": {"runs": 1}} for name in "ab"}
#: The calls by which files and folders change. A file is written, flushed, and then takes its name.
CALLS = ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "mkdir"))


def plan(title: str = "first") -> Plan:
    """Two tasks."""
    return Plan({"name": "square"}, VARIANTS, POINTS, 20, {"title": title})


def square(task: Task) -> Tables:
    draws = task.draw1 - task.draw0
    point = np.repeat(np.arange(task.point0, task.point1), draws)
    keys = {
        "scenario": pa.array(["ab"[task.variant]] * task.runs).dictionary_encode(),
        "draw": np.tile(np.arange(task.draw0, task.draw1), task.point1 - task.point0),
        "point": point,
    }
    return {"runs": pa.table({**keys, "y": POINTS.values[point, 0] ** 2})}


def run(folder: Path, title: str = "first") -> None:
    """Begin the sweep or go on with it, one task after the other."""
    execute(plan(title), square, folder, where=Workers(count=1), resume=True)


def content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@contextmanager
def at_call(number: int, before: Callable[[], object], after: Callable[[], object]) -> Iterator[list[str]]:
    """Do something before and after a call of `CALLS`, by its number; yield what was called with which path."""
    seen: list[str] = []

    def hooked(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            target = arguments[-1] if name == "replace" else arguments[0]
            seen.append(f"{name} {target.name if isinstance(target, Path) else ''}".strip())
            mine = len(seen) == number
            if mine:
                before()
            try:
                return call(*arguments, **options)
            finally:
                if mine:
                    after()

        return wrapper

    originals = [(holder, name, getattr(holder, name)) for holder, name in CALLS]
    for holder, name, call in originals:
        setattr(holder, name, hooked(call, name))
    try:
        yield seen
    finally:
        for holder, name, call in originals:
            setattr(holder, name, call)


def nothing() -> None:
    pass


def moments(folder: Path, title: str = "first") -> list[str]:
    """Every call of an undisturbed sweep, in order."""
    with at_call(0, nothing, nothing) as seen:
        run(folder, title)
    return seen


def killed_everywhere(base: Path) -> None:
    """Print what a sweep gives that was killed before or after each of its calls; meant for a process of its own.

    Children are forked before there are any threads.
    """
    for case in ("new", "retitled"):
        title = "first" if case == "new" else "second"
        number, found = 0, True
        while found:
            number += 1
            for when in ("before", "after"):
                folder = base / f"{case}-{number}-{when}"
                if case == "retitled":
                    in_child(run, folder)
                found = in_child(run_and_die, folder, title, number, when)
                in_child(run, folder, title)


def in_child(work: Callable[..., object], *arguments: object) -> bool:
    """Do work in a child; return whether it was killed."""
    child = os.fork()
    if not child:
        work(*arguments)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def run_and_die(folder: Path, title: str, number: int, when: str) -> None:
    def die() -> None:
        os.kill(os.getpid(), 9)

    with at_call(number, die if when == "before" else nothing, die):
        run(folder, title)


def test_killed_at_any_moment_a_sweep_ends_with_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "killed").mkdir()
    code = f"""
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("moments", {__file__!r})
sys.modules["moments"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.killed_everywhere(Path({str(tmp_path / "killed")!r}))
"""
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=1200, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}
    )
    calls = {"new": moments(tmp_path / "first"), "retitled": []}
    run(tmp_path / "second")
    calls["retitled"] = moments(tmp_path / "second", "second")
    tasks = ("000000.parquet", "000000.json", "000001.parquet", "000001.json")
    written = [each.partition(" ")[2] for each in calls["new"] if each.startswith("replace")]
    assert written == ["plan.json", "points.parquet", *tasks, "manifest.json"]
    assert {"unlink manifest.json", "replace plan.json", "replace manifest.json"} <= set(calls["retitled"])
    expected = {"new": content(tmp_path / "first"), "retitled": content(tmp_path / "second")}
    assert json.loads(expected["retitled"]["manifest.json"])["experiment"] == {"title": "second"}
    for case, seen in calls.items():
        for number in range(1, len(seen) + 1):
            for when in ("before", "after"):
                folder = tmp_path / "killed" / f"{case}-{number}-{when}"
                assert content(folder) == expected[case], f"killed {when} call {number}: {seen[number - 1]}"


def test_a_disk_that_is_full_at_any_moment_is_one_message_and_loses_nothing(tmp_path: Path) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    calls = moments(tmp_path / "whole")
    whole = content(tmp_path / "whole")
    for number, call in enumerate(calls, 1):
        if call.startswith("unlink") or call == f"mkdir {tmp_path.name}":
            continue  # they need no space
        folder = tmp_path / str(number)
        with at_call(number, full, nothing) as seen, pytest.raises(InputError) as error:
            run(folder)
        assert seen[number - 1].split()[0] == call.split()[0]
        first, *rest = str(error.value).splitlines()
        assert first == f"{folder}: cannot be written (No space left on device)"
        kept = sum(20 * 3 for _ in folder.glob("parts/done/*.json"))
        assert rest in ([], [f"{kept} of 120 runs are kept in {folder}; to go on: the same command with --resume"])
        assert not [path for path in folder.rglob(".*") if path.name != LOCK]
        before = content(folder)
        run(folder)
        assert content(folder) == whole
        assert all(whole[name] == data for name, data in before.items())
