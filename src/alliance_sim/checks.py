"""Checks of arguments: each raises an `InputError` that names the value and what is allowed.

Nothing heavy is imported here, so that wrong arguments are refused before numba and pandas load.
"""

from __future__ import annotations

import contextlib
import math
import operator
import os
import shutil
import tempfile
from pathlib import Path
from typing import SupportsIndex

from alliance_sim.errors import InputError
from alliance_sim.registry.fields import known
from alliance_sim.registry.outcomes import OUTCOMES

__all__ = [
    "MAX_DRAWS",
    "MAX_SEED",
    "draws_and_seed",
    "memory",
    "outcome_name",
    "seconds",
    "vacant",
    "whole_number",
    "writable",
]

#: Draws are numbered with 32 bits.
MAX_DRAWS = 2**32 - 1
MAX_SEED = 2**64 - 1
#: Share of the machine's memory that a result may fill.
MEMORY_SHARE = 0.8


def whole_number(name: str, value: object, low: int, high: int | None = None) -> int:
    """Return `value` as an int.

    Parameters
    ----------
    name : str
        The argument, for the message.
    value : object
        An int or an integer of numpy; a bool is refused.
    low : int
    high : int, optional
        Bounds, both allowed; without `high` there is no upper bound.

    Raises
    ------
    InputError
        If it is no whole number, or out of bounds.

    Examples
    --------
    >>> whole_number("draws", 10, 1, 100)
    10
    """
    number = None
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):
        with contextlib.suppress(TypeError):  # arrays have the method, and few of them the number
            number = operator.index(value)
    if number is None or number < low or (high is not None and number > high):
        allowed = f"a whole number from {low} to {high}" if high is not None else f"a whole number of {low} or more"
        raise InputError(f"{name}: {value!r} is out of range; allowed: {allowed}")
    return number


def draws_and_seed(draws: int, seed: int) -> tuple[int, int]:
    """Return the number of draws and the seed.

    Raises
    ------
    InputError
        If `draws` is not from 1 to 2**32 - 1, or `seed` not from 0 to 2**64 - 1.

    Examples
    --------
    >>> draws_and_seed(1000, 0)
    (1000, 0)
    """
    return whole_number("draws", draws, 1, MAX_DRAWS), whole_number("seed", seed, 0, MAX_SEED)


def seconds(name: str, value: float) -> float:
    """Return a time limit in seconds.

    Raises
    ------
    InputError
        If it is no number above 0 and up to 1,000,000.

    Examples
    --------
    >>> seconds("timeout", 60)
    60.0
    """
    if not (isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1e6):
        raise InputError(f"{name}: {value!r} is out of range; allowed: a number of seconds above 0, up to 1,000,000")
    return float(value)


def outcome_name(name: str) -> str:
    """Return the name of an outcome.

    Raises
    ------
    InputError
        If no outcome has that name.

    Examples
    --------
    >>> outcome_name("cohesion")
    'cohesion'
    """
    try:
        return known("an outcome", OUTCOMES)(name)
    except ValueError as error:
        raise InputError(str(error)) from None


def vacant(folder: Path) -> None:
    """Refuse a folder for results that already holds something.

    Raises
    ------
    InputError
        If it does, or is not a folder.

    Examples
    --------
    >>> vacant(Path("results/new"))
    """
    try:
        free = not any(folder.iterdir()) if folder.is_dir() else not os.path.lexists(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    if not free:
        raise InputError(f"{folder}: exists and is not an empty folder; allowed: a new or empty one")


def writable(path: Path, size: int = 0) -> None:
    """Refuse the path of a file or folder that cannot be written.

    Parameters
    ----------
    path : Path
    size : int
        Bytes it is going to take.

    Raises
    ------
    InputError
        If the name or the folders above it do not allow it, or less than `size` is free on the disk.

    Examples
    --------
    >>> writable(Path("results/new"), size=1000)
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            path.lstat()
        if path.is_file() and not os.access(path, os.W_OK):
            raise PermissionError(0, "it is write-protected")
        full = path.absolute()
        above = next(
            each for each in (full, *full.parents) if each.is_dir() or (each != full and os.path.lexists(each))
        )
        with tempfile.TemporaryFile(dir=above):
            pass
        free = shutil.disk_usage(above).free
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    if size > free:
        raise InputError(f"{path}: takes about {size / 1e9:,.2f} GB; allowed: up to {free / 1e9:,.2f} GB, all there is")


def memory(count: int, size: int, what: str, hint: str = "", unit: str = "draws") -> None:
    """Refuse a number of draws, or of other units, that would not fit into memory.

    Parameters
    ----------
    count : int
    size : int
        Bytes of each.
    what : str
        What they are draws of, for the message.
    hint : str
        A way out that is added to the message.
    unit : str

    Raises
    ------
    InputError
        With the number that would fit, and the hint.

    Examples
    --------
    >>> memory(1000, 8 * 36, "baseline_2025")
    >>> try:
    ...     memory(10**12, 8 * 36, "baseline_2025")
    ... except InputError as error:
    ...     str(error).split(";")[0]
    'draws: 1,000,000,000,000 draws of baseline_2025 take 288,000.0 GB'
    """
    limit = MEMORY_SHARE * _machine_memory()
    if count * size > limit:
        raise InputError(
            f"{unit}: {count:,} {unit} of {what} take {count * size / 1e9:,.1f} GB; "
            f"allowed: up to {int(limit / size):,} {unit} on this machine{hint}"
        )


def _machine_memory() -> float:
    """Bytes of memory of this machine or container; infinite where the system gives no number."""
    found = math.inf
    with contextlib.suppress(AttributeError, ValueError, OSError):
        found = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with contextlib.suppress(ValueError, OSError):
        found = min(found, float(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return found
