"""The folder in which a calibration keeps what it has done, so that it goes on there after an interruption."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import filelock

from alliance_sim import __version__, checks
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.results.stored import write_json
from alliance_sim.scenarios import load_scenario

__all__ = ["data_hash", "file_hash", "kept", "kept_lines", "sources_hash", "work_folder"]

LOCK = ".lock"
#: The scenario that is held to the record.
HISTORY = "history_2014_2025"
#: What fits write, in the calibration folder.
RESULTS = ("posterior", "report")
#: Parts of the package that decide what a run of the history gives.
_MODEL = ("calibration", "compile", "consensus.py", "core", "dynamics.py", "registry")
_PACKAGE = Path(__file__).resolve().parents[1]


def file_hash(*paths: Path) -> str:
    """Return a hash over names and contents of files.

    Examples
    --------
    >>> from alliance_sim.data import data_folder
    >>> len(file_hash(data_folder("calibration") / "eras.csv"))
    16
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@cache
def data_hash() -> str:
    """Return a hash over all that a fit begins from: tables, scenario of the history, version and code of the model.

    What fits write, and texts for readers, do not count.

    Examples
    --------
    >>> len(data_hash())
    16
    """
    folder = data_folder("calibration")
    tables = [path for path in sorted(folder.rglob("*")) if path.suffix in (".csv", ".yaml")]
    tables = [path for path in tables if path.relative_to(folder).parts[0] not in RESULTS]
    places = [_PACKAGE / name for name in _MODEL]
    code = [path for place in places for path in sorted(place.rglob("*.py") if place.is_dir() else [place])]
    parts = (
        __version__,
        load_scenario(HISTORY).model_dump_json(),
        *(path.relative_to(folder).as_posix() for path in tables),
        *(path.relative_to(_PACKAGE).as_posix() for path in code),
        file_hash(*tables, *code),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def sources_hash(*modules: str) -> str:
    """Return a hash over the code of modules, of eight characters; their names are relative to `alliance_sim`.

    Examples
    --------
    >>> sources_hash("estimation.measurement") != sources_hash("estimation.readings")
    True
    """
    return file_hash(*(_PACKAGE.joinpath(*name.split(".")).with_suffix(".py") for name in modules))[:8]


@contextmanager
def work_folder(folder: Path) -> Iterator[Path]:
    """Lock a folder for this process; yield the folder in it for what is done with the present data.

    Raises
    ------
    InputError
        If it cannot be written, or another process calibrates there.

    Examples
    --------
    >>> with work_folder(Path("work")) as kept:
    ...     kept.name == data_hash()
    True
    """
    checks.writable(folder)
    found = folder / data_hash()
    try:
        found.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK, timeout=0).acquire()
    except filelock.Timeout:
        raise InputError(f"{folder}: another process is calibrating there; allowed: one at a time") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None
    with lock:
        yield found


def kept(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a JSON file holds; make and write it if it is not there, or damaged.

    Examples
    --------
    >>> kept(Path("fits") / "lean.json", lambda: {"mean": 0.5})
    {'mean': 0.5}
    >>> kept(Path("fits") / "lean.json", lambda: {"mean": 0.0})
    {'mean': 0.5}
    """
    if path.is_file():
        try:
            found = json.loads(path.read_bytes())
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, made)
    return made


def kept_lines(path: Path) -> list[dict[str, Any]]:
    r"""Return the lines of a file of JSON, none if it is not there; remove a last line that was cut off.

    Examples
    --------
    >>> _ = Path("sets.jsonl").write_bytes(b'{"set": 0}\n{"se')
    >>> kept_lines(Path("sets.jsonl")), Path("sets.jsonl").read_bytes()
    ([{'set': 0}], b'{"set": 0}\n')
    """
    if not path.is_file():
        return []
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end < len(data):  # the process that wrote it was ended
        with path.open("r+b") as file:
            file.truncate(end)
    return [json.loads(line) for line in data[:end].splitlines()]
