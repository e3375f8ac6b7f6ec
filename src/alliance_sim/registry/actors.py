"""The allies, in the order of every array, from ``facts/actors.csv`` of the calibration folder."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from alliance_sim.data import Row, table
from alliance_sim.errors import InputError

__all__ = ["ALLIES", "ALLY_INDEX", "EUROPEANS", "USA", "eu_allies"]

#: The allies have a date of accession; Russia and Ukraine are in the same table without one.
_ROWS: tuple[Row, ...] = tuple(row for row in table("facts/actors") if row["nato_accession"])

#: All members of 2025, simulated throughout in every era; a forum's membership at a date is a mask.
ALLIES: tuple[str, ...] = tuple(row["iso3"] for row in _ROWS)
ALLY_INDEX: Mapping[str, int] = MappingProxyType({iso3: i for i, iso3 in enumerate(ALLIES)})
USA = 0
if ALLIES[:1] != ("USA",) or len(ALLY_INDEX) != len(ALLIES):
    raise InputError("facts/actors.csv: iso3: allies are out of order; allowed: USA first, then each other ally once")

#: The European allies, Türkiye among them.
EUROPEANS: tuple[str, ...] = tuple(row["iso3"] for row in _ROWS if row["europe"] == "1")


def eu_allies(month: str) -> tuple[str, ...]:
    """Return the allies in the European Union in a ``YYYY-MM`` month, in the order of `ALLIES`.

    Examples
    --------
    >>> from alliance_sim.registry.actors import eu_allies
    >>> len(eu_allies("2025-06")), "GBR" in eu_allies("2020-02")
    (23, False)
    """
    return tuple(
        row["iso3"]
        for row in _ROWS
        if row["eu_join"] and row["eu_join"] <= month and (not row["eu_leave"] or month < row["eu_leave"])
    )
