"""The eras: dates of which actors are measured, from ``eras.csv`` of the calibration folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from alliance_sim.data import Row, table
from alliance_sim.errors import InputError, shown

__all__ = ["ERAS", "ERA_TABLE", "LEADERS", "LEADERSHIPS", "Era", "coded_as", "for_every_era"]

T = TypeVar("T")


@dataclass(frozen=True)
class Era:
    """One era, a row of ``eras.csv``.

    Attributes
    ----------
    name : str
        A year.
    label : str
    leader_only : bool
        Only the president of the United States is measured; no scenario can begin from it.
    coded_as : str
        The era whose coding of allies and issues stands in where this one has none; its own name if it has all.
    fact_year : str
        The year whose figures describe its start; empty if no scenario can begin from it.
    opinion_year : str
        The year of the survey that counts, if any.
    leadership : str
        Name of the government of the United States at that date in events.
    also_counts : tuple of str
        Earlier eras whose statements still count for all actors but the president.
    assertiveness, war, aid_need : float
        Russia's assertiveness, the intensity of the war, and the aid that it requires when the era begins; 0 where no
        scenario can begin from it.

    Examples
    --------
    >>> era = ERA_TABLE["2018"]
    >>> era.name, era.leader_only, era.fact_year
    ('2018', False, '2018')
    """

    name: str
    label: str
    leader_only: bool
    coded_as: str
    fact_year: str
    opinion_year: str
    leadership: str
    also_counts: tuple[str, ...]
    assertiveness: float
    war: float
    aid_need: float


def _refused(era: str, column: str, value: str, allowed: str) -> InputError:
    return InputError(f"eras.csv: {column}: {shown(value)} is not allowed in {shown(era)}; allowed: {allowed}")


def _level(row: Row, column: str) -> float:
    if row["actors"] == "leader":
        return 0.0
    try:
        value = float(row[column])
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise _refused(row["era"], column, row[column], "0 to 1")
    return value


def _era(row: Row) -> Era:
    name = row["era"]
    if not (name.isascii() and name.isdigit() and len(name) == 4):
        raise _refused(name, "era", name, "a year")
    if row["actors"] not in ("all", "leader"):
        raise _refused(name, "actors", row["actors"], "all, leader")
    if row["actors"] == "all" and not row["fact_year"]:
        raise _refused(name, "fact_year", "", "a year")
    return Era(
        name,
        row["label"],
        leader_only=row["actors"] == "leader",
        coded_as=row["coded_as"] or name,
        fact_year=row["fact_year"],
        opinion_year=row["opinion_year"],
        leadership=row["leadership"],
        also_counts=tuple(filter(None, row["also_counts"].split(";"))),
        **{column: _level(row, column) for column in ("assertiveness", "war", "aid_need")},
    )


def _eras() -> Mapping[str, Era]:
    found = {era.name: era for era in map(_era, table("eras"))}
    coded = [era.name for era in found.values() if era.coded_as == era.name]
    for era in found.values():
        if era.coded_as not in coded:
            raise _refused(era.name, "coded_as", era.coded_as, ", ".join(coded))
    return MappingProxyType(found)


#: Every era by its name, in the order of the file.
ERA_TABLE: Mapping[str, Era] = _eras()

#: Those a scenario can begin from.
ERAS: tuple[str, ...] = tuple(era.name for era in ERA_TABLE.values() if not era.leader_only)

#: The eras whose president is measured: all.
LEADERS: tuple[str, ...] = tuple(ERA_TABLE)

#: Their names in events; the number of a leadership in the core is its place, counted from one.
LEADERSHIPS: tuple[str, ...] = tuple(era.leadership for era in ERA_TABLE.values())


def coded_as(era: str) -> str:
    """Return the era whose coding of allies and issues stands in for one that has none of its own.

    Examples
    --------
    >>> coded_as("2018"), coded_as("2014")
    ('2018', '2018')
    """
    return ERA_TABLE[era].coded_as


def for_every_era(values: Mapping[str, T]) -> dict[str, T]:
    """Return values by era, completed for `ERAS`.

    An era without a value takes the value of the era it is coded as or, failing that, of the closest in time (the
    earlier of two equally close ones).

    Examples
    --------
    >>> for_every_era({"2018": "low", "2025": "high"})["2025"]
    'high'
    """

    def source(era: str) -> str:
        for each in (era, coded_as(era)):
            if each in values:
                return each
        return min(values, key=lambda other: (abs(int(other) - int(era)), other))

    return {era: values[source(era)] for era in ERAS}
