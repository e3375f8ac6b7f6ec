"""Acts of governments as readings of positions: ``facts/conduct.csv``, with the codes of two coders.

The documents say nothing of most allies on most issues; what governments did on their own does. The rules are in
``CODEBOOK.md``, the codes in ``coding/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from alliance_sim.calibration.leanings import CODERS, checked, one_of, wrong_records
from alliance_sim.calibration.statements import LEVELS, statements, wrong_actors
from alliance_sim.data import Row
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.eras import ERA_TABLE
from alliance_sim.registry.issues import ISSUES

__all__ = ["ACTS", "acts", "readable"]

#: What acts have in place of a document; their date stands for the paragraph.
ACTS = "conduct"


def _wrong_act(row: Row) -> Iterator[str]:
    yield from one_of(row, "era", ("", *ERA_TABLE))
    yield from one_of(row, "issue", ISSUES)
    if row["era"]:
        yield from wrong_actors(row)
    yield from wrong_records(row)


def _wrong_code(row: Row) -> Iterator[str]:
    yield from one_of(row, "level", ("", *LEVELS))
    yield from one_of(row, "certainty", ("high", "medium", "low"))


@cache
def acts() -> tuple[Row, ...]:
    """Return the acts that speak for an era, once for each coder: columns of `statements`, source and confidence.

    Raises
    ------
    InputError
        With a line for each problem; or if a coder left out an act, or coded one that is not in the table.

    Examples
    --------
    >>> first = acts()[0]
    >>> first["document"], first["construct"], first["pass"]
    ('conduct', 'position', '1')
    """
    rows = [row for row in checked("facts/conduct", _wrong_act, ("id",)) if row["era"]]
    found: list[Row] = []
    for number, coder in enumerate(CODERS, 1):
        name = f"coding/conduct_{coder}"
        codes = {row["id"]: row for row in checked(name, _wrong_code, ("id",))}
        for wrong in sorted(codes.keys() ^ {row["id"] for row in rows}):
            what = "is no act of facts/conduct.csv with an era" if wrong in codes else "has no code"
            raise InputError(f"{name}.csv: id: {shown(wrong)} {what}; allowed: a row for each act that has an era")
        for row in rows:
            code = codes[row["id"]]
            columns = {name: row[name] for name in ("id", "actors", "issue", "era", "record", "source", "confidence")}
            found.append(
                {
                    **columns,
                    "document": ACTS,
                    "paragraph": row["date"],
                    "construct": "position",
                    "level": code["level"],
                    "direction": "",
                    "certainty": code["certainty"],
                    "pass": str(number),
                    "paraphrase": row["act"],
                }
            )
    return tuple(sorted(found, key=lambda row: (row["id"], row["pass"])))


@cache
def readable() -> tuple[Row, ...]:
    """Return all that is read as a sign of a trait or a position: statements of the documents, then acts.

    Examples
    --------
    >>> len(readable()) == len(statements()) + len(acts())
    True
    """
    return (*statements(), *acts())
