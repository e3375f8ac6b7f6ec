"""The leanings of governments, each coded by two coders, and the checks of tables of codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from alliance_sim.data import Row, table
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERA_TABLE

__all__ = ["CODERS", "LEAN_CLASSES", "leanings", "mean_lean"]

#: The coders of statements and leanings.
CODERS = ("a", "b")

#: Classes of the leaning of a government: 1 accommodating to 5 hard line.
LEAN_CLASSES = ("1", "2", "3", "4", "5")


def one_of(row: Row, column: str, allowed: Iterable[str]) -> Iterator[str]:
    """Say what is wrong with a cell that is not one of `allowed`."""
    names = tuple(allowed)
    if row[column] not in names:
        listed = ", ".join(name or "empty" for name in names)
        yield f"{column}: {shown(row[column])} is unknown; allowed: {listed}{nearest(row[column], names)}"


def wrong_records(row: Row) -> Iterator[str]:
    """Say which ids in the column `record` are no items of the record of decisions."""
    known = {each["id"] for each in table("consensus_record")}
    for name in filter(None, row["record"].split(";")):
        if name not in known:
            yield f"record: {shown(name)} is no item; allowed: ids of consensus_record.csv"


def _twice(rows: Iterable[Row], columns: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Return the line of each row whose key an earlier row has, with the message; tables have no line breaks."""
    seen: dict[tuple[str, ...], int] = {}
    for line, row in enumerate(rows, 2):
        key = tuple(row[column] for column in columns)
        if key in seen:
            yield line, f"{columns[0]}: {shown(' '.join(key))} is in line {seen[key]} already; allowed: one row each"
        seen.setdefault(key, line)


def checked(name: str, wrong: Callable[[Row], Iterator[str]], key: tuple[str, ...]) -> tuple[Row, ...]:
    """Return the rows of a table, each of which `wrong` finds nothing to say about, with keys that differ.

    Raises
    ------
    InputError
        With a line for each problem: file, line, column, what is wrong, what is allowed.
    """
    rows = table(name)
    # Line 1 holds the names of columns, and no cell has a line break.
    problems = [(line, text) for line, row in enumerate(rows, 2) for text in wrong(row)]
    problems += _twice(rows, key)
    if problems:
        raise InputError("\n".join(f"{name}.csv:{line}: {text}" for line, text in sorted(problems)))
    return rows


def _wrong_leaning(row: Row) -> Iterator[str]:
    yield from one_of(row, "actor", ALLIES)
    yield from one_of(row, "era", ERA_TABLE)
    yield from one_of(row, "lean", LEAN_CLASSES)
    yield from one_of(row, "sure", ("yes", "no"))
    if len(row["reason"]) < 20:
        yield f"reason: {shown(row['reason'])} is too short; allowed: a line that names a source"
    yield from wrong_records(row)


@cache
def leanings(coder: str) -> tuple[Row, ...]:
    """Return the leanings of governments as one of `CODERS` coded them, checked.

    Raises
    ------
    InputError
        With a line for each problem.

    Examples
    --------
    >>> leanings("a")[0]["actor"], leanings("a")[0]["era"]
    ('CAN', '2014')
    """
    return checked(f"coding/lean_{coder}", _wrong_leaning, ("actor", "era"))


@cache
def mean_lean(actor: str, era: str) -> float:
    """Return the class of a government's leaning, 1 accommodating to 5 hard line, the mean of both coders.

    Raises
    ------
    InputError
        If one of them did not code it.

    Examples
    --------
    >>> mean_lean("HUN", "2025") < mean_lean("POL", "2025")
    True
    """
    codes = []
    for coder in CODERS:
        found = [row["lean"] for row in leanings(coder) if (row["actor"], row["era"]) == (actor, era)]
        if not found:
            raise InputError(f"coding/lean_{coder}.csv: there is no row with actor {shown(actor)}, era {shown(era)}")
        codes.append(int(found[0]))
    return sum(codes) / len(codes)
