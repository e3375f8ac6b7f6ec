"""Shared by the benchmarks: measurements in separate processes, medians and ranges, and JSON files."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

__all__ = [
    "ONE_BLAS_THREAD",
    "arguments_of",
    "fastest",
    "in_a_process",
    "machine",
    "options",
    "run_seconds",
    "save",
    "spread",
    "writable",
]

#: Keeps matrix products on one thread, whichever library NumPy was built with; to be set before NumPy is loaded.
ONE_BLAS_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


def options(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """Return the options every benchmark has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"measurements of each kind (default {rounds})")
    parser.add_argument("--json", metavar="FILE", type=writable, help="also write the results to a file")
    return parser


def writable(name: str) -> Path:
    """Return the path of a file to be written; refuse a missing folder before anything is measured."""
    path = Path(name)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{name}: not a file in a folder that exists")
    return path


def arguments_of(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return the arguments of the command line; refuse less than one round."""
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    return arguments


def in_a_process(*arguments: str, threads: int | None = None, **environment: str) -> Any:
    """Return the JSON printed by a process of Python with these arguments, on a number of our threads."""
    own = environment if threads is None else {**environment, "NUMBA_NUM_THREADS": str(threads)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=os.environ | own, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def fastest(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the seconds of the fastest of several runs."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def run_seconds(program: Any, block: Callable[[], Any], month0: int | None = None, month1: int | None = None) -> float:
    """Return the seconds of the fastest of three runs of new blocks over these months; months before are not timed."""
    taken = []
    for _ in range(3):
        fresh = block()
        if month0 is not None:
            program.run(fresh, 0, month1=month0)
        taken.append(fastest(partial(program.run, fresh, 0, month0, month1), repeats=1))
    return min(taken)


def spread(values: Iterable[float]) -> dict[str, float]:
    """Return the median, the lowest and the highest."""
    values = list(values)
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def machine(*more: str) -> dict[str, Any]:
    """Return the number of CPUs, the load, and the versions of alliance_sim, numba, NumPy and `more`."""
    return {
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "versions": {name: importlib.metadata.version(name) for name in ("alliance_sim", "numba", "numpy", *more)},
    }


def save(found: dict[str, Any], path: Path | None) -> None:
    """Write the results as JSON if a file was named."""
    if path:
        path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
