"""The countries of the maps: names, and their squares."""

from __future__ import annotations

from functools import cache
from typing import Any

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
def squares() -> list[dict[str, Any]]:
    """Return the squares of the countries: code, column, row, and whether it is an ally.

    Examples
    --------
    >>> len(squares()), squares()[0]["c"]
    (34, 'USA')
    """
    return [
        {"c": row["iso3"], "k": int(row["tile_col"]), "r": int(row["tile_row"]), "ally": row["iso3"] in ALLIES}
        for row in table("facts/actors")
    ]
