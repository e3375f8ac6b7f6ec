"""The statements of the two documents, each coded by two coders.

The codings are in ``coding/`` of the calibration folder, the rules in ``CODEBOOK.md``. ``python -m
alliance_sim.calibration.statements`` writes ``evidence.csv``, which joins the sheet of statements to both codings.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import cache

import yaml

from alliance_sim.calibration.facts import members
from alliance_sim.calibration.leanings import CODERS, checked, one_of, wrong_records
from alliance_sim.data import Row, data_folder, table
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERA_TABLE
from alliance_sim.registry.issues import ISSUES

__all__ = ["CONSTRUCTS", "LEVELED", "LEVELS", "statements"]

#: What a statement can be a sign of, in the order in which the codebook tries them.
CONSTRUCTS = (
    "position",
    "threat_perception",
    "southern_orientation",
    "us_guarantee",
    "consensus",
    "domestic_politics",
    "russia_ties",
    "conduct",
    "capability",
)

#: The constructs that have levels.
LEVELED = CONSTRUCTS[:3]

#: Levels, 1 lowest; an empty cell is no level.
LEVELS = ("1", "2", "3", "4", "5")

#: Actors of statements beside allies and groups.
_OTHERS = ("USA.leader", "USA.institutions", "RUS", "UKR")

_COLUMNS = (
    "id",
    "document",
    "paragraph",
    "actors",
    "construct",
    "issue",
    "era",
    "level",
    "direction",
    "certainty",
    "pass",
    "paraphrase",
    "record",
)


@cache
def _paragraphs() -> dict[str, int]:
    """Return how many paragraphs each document has."""
    text = (data_folder("calibration") / "documents.yaml").read_text(encoding="utf-8")
    return {document["document"]: document["paragraphs"] for document in yaml.safe_load(text)}


def wrong_actors(row: Row) -> Iterator[str]:
    """Say which actors of a row are no allies, groups of its era, or others of `_OTHERS`."""
    groups = members(row["era"]) if row["era"] in ERA_TABLE else {}
    for name in row["actors"].split(";"):
        if name in groups or name in _OTHERS or name in ALLIES[1:]:
            continue
        every = {each["group"] for each in table("facts/groupings")}
        what = f"is no group of {row['era']}" if name in every else "is no ally or group"
        hint = nearest(name, (*ALLIES[1:], *_OTHERS, *groups))
        yield f"actors: {shown(name)} {what}; allowed: {', '.join(_OTHERS)}, an ally or a group of its era{hint}"


def _wrong_statement(row: Row) -> Iterator[str]:
    last = _paragraphs().get(row["document"])
    if last is None:
        yield f"document: {shown(row['document'])} is unknown; allowed: {', '.join(_paragraphs())}"
    elif not (row["paragraph"].isdecimal() and 1 <= int(row["paragraph"]) <= last):
        yield f"paragraph: {shown(row['paragraph'])} does not exist; allowed: 1 to {last}"
    yield from one_of(row, "era", ERA_TABLE)
    yield from wrong_actors(row)
    yield from one_of(row, "construct", CONSTRUCTS)
    yield from one_of(row, "issue", ISSUES if row["construct"] == "position" else ("", *ISSUES))
    yield from one_of(row, "level", ("", *LEVELS) if row["construct"] in LEVELED else ("",))
    yield from one_of(row, "direction", ("", "-1", "0", "1"))
    yield from one_of(row, "certainty", ("high", "medium", "low"))
    yield from one_of(row, "pass", map(str, range(1, len(CODERS) + 1)))
    yield from wrong_records(row)


@cache
def statements() -> tuple[Row, ...]:
    """Return the rows of ``evidence.csv``, checked: every statement once for each coder.

    Raises
    ------
    InputError
        With a line for each problem: file, line, column, what is wrong, what is allowed.

    Examples
    --------
    >>> first = statements()[0]
    >>> first["id"], first["pass"], first["construct"], first["level"]
    ('A-01', '1', 'threat_perception', '5')
    """
    return checked("evidence", _wrong_statement, ("id", "pass"))


def evidence_csv() -> str:
    """Return the text of ``evidence.csv``: the sheet of statements with the codes of each coder.

    Raises
    ------
    InputError
        If a coder left out a statement, or coded one that the sheet does not have.
    """
    sheet = table("coding/statements_sheet")
    coded = {coder: {row["id"]: row for row in table(f"coding/statements_{coder}")} for coder in CODERS}
    ids = [row["id"] for row in sheet]
    for coder, rows in coded.items():
        for wrong in sorted(rows.keys() ^ set(ids)):
            what = "is not in the sheet" if wrong in rows else "has no code"
            raise InputError(
                f"coding/statements_{coder}.csv: id: {shown(wrong)} {what}; allowed: the ids of statements_sheet.csv"
            )
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in sheet:
        for number, coder in enumerate(CODERS, 1):
            writer.writerow({**row, **coded[coder][row["id"]], "pass": number})
    return out.getvalue()


def main() -> None:
    """Write ``evidence.csv`` of the calibration folder in use."""
    (data_folder("calibration") / "evidence.csv").write_text(evidence_csv(), encoding="utf-8")


if __name__ == "__main__":
    main()
