"""Reading the cells of calibration tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from alliance_sim.data import Row, table
from alliance_sim.errors import InputError, shown

__all__ = ["coded_as", "members", "number"]


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
        raise InputError(f"{column}: {shown(text)} is not a number, in row {shown(next(iter(row.values())))}") from None


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
