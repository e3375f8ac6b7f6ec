"""The countries of the maps: names, and their squares."""

from __future__ import annotations

from functools import cache
from typing import Any

from alliance_sim.calibration import facts
from alliance_sim.data import table
from alliance_sim.registry.actors import ALLIES


@cache
def country_names() -> dict[str, str]:
    """Return the names of the countries on the maps by ISO3 code.

    Examples
    --------
    >>> country_names()["USA"]
    'United States'
    """
    return {row["iso3"]: row["name"] for row in table("facts/actors")}


@cache
def squares(era: str) -> list[dict[str, Any]]:
    """Return the squares of the countries: code, column, row, and whether it is an ally.

    Examples
    --------
    >>> len(squares("2025")), squares("2025")[0]["c"]
    (34, 'USA')
    """
    figures = facts(era)
    places = zip(ALLIES, figures.tile_col.tolist(), figures.tile_row.tolist(), strict=True)
    allies = [{"c": iso3, "k": column, "r": row, "ally": True} for iso3, column, row in places]
    others = [{"c": iso3, "k": column, "r": row, "ally": False} for iso3, (column, row) in figures.other_tiles.items()]
    return allies + others
