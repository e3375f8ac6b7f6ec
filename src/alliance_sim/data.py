"""The data folders, in a wheel, an editable install and a source checkout alike, and the tables in them."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from alliance_sim.errors import InputError, shown
from alliance_sim.paths import local_path

__all__ = ["Row", "calibration_hash", "data_folder", "find_row", "number", "table"]

Row = Mapping[str, str]


@cache
def data_folder(kind: Literal["scenarios", "calibration", "questions"]) -> Path:
    """Return the folder of bundled `kind` files.

    The order is: the folder named by the environment variable ``ALLIANCE_SIM_DATA``, the copy inside the
    installed package, the folder beside the source tree.

    Raises
    ------
    FileNotFoundError
        If none of the three exists.

    Examples
    --------
    >>> from alliance_sim.data import data_folder
    >>> (data_folder("scenarios") / "baseline_2025.yaml").is_file()
    True
    """
    candidates = [
        Path(str(files("alliance_sim"))) / "_data" / kind,
        Path(__file__).resolve().parents[2] / kind,
    ]
    override = os.environ.get("ALLIANCE_SIM_DATA")
    if override:
        candidates.insert(0, local_path(override) / kind)
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the {kind} folder is missing; looked in: " + ", ".join(map(str, candidates)))


@cache
def calibration_hash() -> str:
    """Return a hash over the files of the calibration folder, by which results identify the data they are based on.

    Examples
    --------
    >>> from alliance_sim.data import calibration_hash
    >>> len(calibration_hash())
    16
    """
    folder = data_folder("calibration")
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@cache
def table(name: str) -> tuple[Row, ...]:
    """Return the rows of a calibration table.

    Parameters
    ----------
    name : str
        Path below the calibration folder without its suffix, for instance ``"facts/actors"``.

    Returns
    -------
    tuple of read-only mappings
        Column name to text, in the order of the file; an unknown value is an empty text.

    Raises
    ------
    FileNotFoundError
        If there is no such table.

    Examples
    --------
    >>> from alliance_sim.data import table
    >>> len(table("facts/actors")), table("facts/actors")[0]["name"]
    (34, 'United States')
    """
    with (data_folder("calibration") / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(MappingProxyType(row) for row in csv.DictReader(handle))


@cache
def find_row(name: str, **cells: str) -> Row:
    """Return the first row of a calibration table with these cells.

    Raises
    ------
    InputError
        If there is none.

    Examples
    --------
    >>> from alliance_sim.data import find_row
    >>> find_row("facts/actors", iso3="NLD")["name"]
    'Netherlands'
    """
    for found in table(name):
        if all(found[column] == cell for column, cell in cells.items()):
            return found
    wanted = ", ".join(f"{column} {shown(cell)}" for column, cell in cells.items())
    raise InputError(f"{name}.csv: there is no row with {wanted}")


def number(row: Row, column: str, missing: float | None = 0.0) -> float:
    """Return a cell as a number, or `missing` where the figure is not known.

    Raises
    ------
    InputError
        If the cell holds something that is not a number, or nothing and `missing` is None.

    Examples
    --------
    >>> from alliance_sim.data import find_row, number
    >>> number(find_row("facts/actors", iso3="GRC"), "g7")
    0.0
    """
    text = row[column] if missing is not None else row.get(column, "")
    if not text and missing is not None:
        return missing
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{column}: {shown(text)} is not a number, in row {shown(next(iter(row.values())))}") from None
