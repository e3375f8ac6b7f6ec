"""The calibration tables as they are on disk: rows of text, read once."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from alliance_sim.data import data_folder
from alliance_sim.errors import InputError

__all__ = ["Row", "coded_as", "members", "number", "table"]

Row = Mapping[str, str]


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
    """
    with (data_folder("calibration") / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(MappingProxyType(row) for row in csv.DictReader(handle))


def number(row: Row, column: str, missing: float = 0.0) -> float:
    """Return a cell as a number, or `missing` where the figure is not known.

    Raises
    ------
    InputError
        If the cell holds something that is not a number.
    """
    text = row[column]
    try:
        return float(text) if text else missing
    except ValueError:
        raise InputError(f"{column}: {text!r} is not a number, in row {next(iter(row.values()))!r}") from None


def coded_as(era: str) -> str:
    """Return the era whose coding of allies and issues stands for one that has none of its own."""
    return {"2014": "2018", "2024": "2025"}.get(era, era)


@cache
def members(era: str) -> Mapping[str, frozenset[str]]:
    """Return the groupings of an era: name to the ISO codes of its members.

    Parameters
    ----------
    era : str
        "2018", "2024" or "2025".
    """
    found: dict[str, set[str]] = {}
    for row in table("facts/groupings"):
        if era in row["eras"].split(";"):
            found.setdefault(row["group"], set()).add(row["iso3"])
    return MappingProxyType({group: frozenset(codes) for group, codes in found.items()})
