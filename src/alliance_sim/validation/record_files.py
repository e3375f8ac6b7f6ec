"""Files of decisions in the columns of the record: read, and checked row by row.

A file is CSV in UTF-8 with the columns of ``calibration/consensus_record.csv`` in any order, ``;`` between names in a
cell. ``decision, source, confidence`` may be left out; `CODES` and ``text`` may be added: what the text asks for, coded
from its words as in ``calibration/CODEBOOK.md``, by somebody who does not look at its outcome. An empty cell is a code
that is absent. ``status_quo`` is the level that holds without a decision, on the scale of the issue; ``proposed`` is
the level asked for where a text names one, in place of a class. The codes of two coders have ``;`` between them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from alliance_sim import countries
from alliance_sim.data import table
from alliance_sim.errors import InputError, few_hints, nearest, printable, shown
from alliance_sim.paths import local_path
from alliance_sim.registry.forums import ASK_CLASSES, DECISIONS, FORUMS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.labels import FORUM_NAMES, ISSUE_LABELS
from alliance_sim.scenarios import load_scenario
from alliance_sim.scenarios.calendar import seats
from alliance_sim.scenarios.messages import MOST, format_problems
from alliance_sim.scenarios.yaml_files import read_text
from alliance_sim.validation.record import FORUM_ALIASES, ISSUE_ALIASES

__all__ = ["CODES", "FIRST_MONTH", "OUTLOOK", "FileRow", "read_record"]

#: The scenario of what comes after the bundled history.
OUTLOOK = "outlook_2025"
#: Decisions before it are refused: a third of those with a seat in January 2014, from whose state they would be
#: forecast, had none in NATO or the EU before the accessions of spring 2004 (judgement).
FIRST_MONTH = "2004-05"
#: Columns that a file has.
REQUIRED = ("id", "month", "forum", "issue", "outcome", "objection", "objectors")
#: Columns of the codes of a text, and of what is left to the reader; a file may have them.
CODES = ("ask_class", "proposed", "divisible", "direction", "status_quo", "sponsors", "priority")
FREE = ("decision", "source", "confidence", "text")
COLUMNS = (*REQUIRED, *CODES, *FREE)
#: Most rows of a file: meetings of a scenario are limited.
MOST_ROWS = 1_000

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}")
_MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
_LEVEL = re.compile(r"0?\.[0-9]+|[01](\.[0-9]*)?")

Problem = tuple[str, str]


@dataclass(frozen=True)
class FileRow:
    """A decision of a file.

    Attributes
    ----------
    id, month, forum, issue : str
        By names of the registry.
    decision, objection : str
    objectors : frozenset of str
    codes : mapping of str to object
        Codes that the file gives, by the keys of an item of a scenario: `ask` or `proposed`, `divisible`, `direction`,
        `reversion`.
    sponsors : tuple of str
    priority : bool
    text : str

    Examples
    --------
    >>> from alliance_sim.data import data_folder
    >>> row = read_record(data_folder("calibration") / "consensus_record.csv")[2]
    >>> row.id, row.objection, sorted(row.objectors)
    ('C019', 'hard', ['CZE', 'DEU', 'FRA', 'HUN', 'ITA', 'SVK'])
    """

    id: str
    month: str
    forum: str
    issue: str
    decision: str
    objection: str
    objectors: frozenset[str]
    codes: Mapping[str, object]
    sponsors: tuple[str, ...]
    priority: bool
    text: str


def read_record(path: str | Path) -> tuple[FileRow, ...]:
    """Return the decisions in a file, by month and then id, whatever the order of its rows.

    Raises
    ------
    InputError
        If the file cannot be read, or with a line for each problem: ``file:line: column: problem; allowed: ...``.

    Examples
    --------
    >>> from alliance_sim.data import data_folder
    >>> rows = read_record(data_folder("calibration") / "consensus_record.csv")
    >>> rows[0].month, rows[0].forum, rows[0].issue, rows[0].decision, dict(rows[0].codes)
    ('2014-03', 'g7', 'russia_dialogue', 'adopted', {})
    """
    file = local_path(path)
    origin, lines = printable(file), _lines(file)
    first, header = next(lines, (1, []))
    columns = [name.strip() for name in header]
    with few_hints(MOST):
        found = [(first, "header", problem) for problem in _header_problems(columns)]
        if found:
            raise InputError(format_problems(origin, found))
        rows, taken = [], dict[str, int]()
        for line, cells in lines:
            if len(cells) != len(columns):
                found.append((line, "row", f"has {len(cells)} cells; allowed: {len(columns)}, one a column"))
                continue
            row, problems = _row(dict(zip(columns, map(str.strip, cells), strict=True)))
            found += [(line, *problem) for problem in problems]
            if row:
                if row.id in taken:
                    found.append((line, "id", f"{shown(row.id)} is that of line {taken[row.id]}; allowed: once"))
                taken.setdefault(row.id, line)
                rows.append(row)
    if not rows and not found:
        found = [(first, "file", "has no rows; allowed: one or more")]
    if len(rows) > MOST_ROWS:
        found = [(first, "file", f"has {len(rows):,} rows; allowed: {MOST_ROWS:,}")]
    if found:
        raise InputError(format_problems(origin, found))
    return tuple(sorted(rows, key=lambda row: (row.month, row.id)))


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of cells that are not empty, each with its first line."""
    reader = csv.reader(
        io.StringIO(read_text(file, (), "a CSV file in the columns of the record"), newline=""), strict=True
    )
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{printable(file)}:{line}: row: is not CSV ({error}); allowed: cells between commas"
        ) from None


def _header_problems(columns: list[str]) -> list[str]:
    allowed = f"; allowed: {', '.join(COLUMNS)}"
    missing = [name for name in REQUIRED if name not in columns]
    unknown = [
        f"{shown(name)} is no column{nearest(name, COLUMNS)}{allowed}" for name in columns if name not in COLUMNS
    ]
    twice = sorted({name for name in columns if columns.count(name) > 1 and name in COLUMNS})
    return [
        *([f"{', '.join(missing)} is missing; allowed: all of {', '.join(REQUIRED)}"] if missing else []),
        *unknown,
        *(f"{name} is given twice; allowed: once" for name in twice),
    ]


def _row(cells: Mapping[str, str]) -> tuple[FileRow | None, list[Problem]]:
    """Return a row, if it can be read at all, and its problems."""
    values: dict[str, object] = {}
    found: list[Problem] = []
    for column, read in _READERS.items():
        text = cells.get(column, "")
        try:
            values[column] = None if not text and column not in REQUIRED else read(text)
        except ValueError as error:
            found.append((column, str(error)))
    if found:
        return None, found
    forum, month, issue = (str(values[name]) for name in ("forum", "month", "issue"))
    objectors, sponsors = _names(values["objectors"]), _names(values["sponsors"])
    codes = {
        key: values[column]
        for key, column in (
            ("ask", "ask_class"),
            ("proposed", "proposed"),
            ("divisible", "divisible"),
            ("direction", "direction"),
            ("reversion", "status_quo"),
        )
        if values[column] is not None
    }
    row = FileRow(
        id=str(values["id"]),
        month=month,
        forum=forum,
        issue=issue,
        decision=str(values["outcome"]),
        objection=str(values["objection"]),
        objectors=frozenset(objectors),
        codes=MappingProxyType(codes),
        sponsors=sponsors,
        priority=bool(values["priority"]),
        text=str(values["text"] or f"{ISSUE_LABELS[issue]} at {FORUM_NAMES[forum]}"),
    )
    members = seats(forum, month, ())
    found += [*_code_problems(codes), *_seat_problems("sponsors", row, sponsors, members)]
    found += _seat_problems("objectors", row, objectors, (*members, *_neutrals(forum)))
    if (row.objection == "none") != (not objectors):
        allowed = "those who objected" if not objectors else "nobody, or the objection soft or hard"
        found.append(("objectors", f"the objection is {row.objection}; allowed: {allowed}"))
    return row, found


def _seat_problems(column: str, row: FileRow, names: Collection[str], members: Collection[str]) -> list[Problem]:
    where = f"{FORUM_NAMES[row.forum]} in {row.month}"
    return [
        (column, f"{shown(name)} has no seat in {where}{nearest(name, members)}; allowed: {', '.join(members)}")
        for name in sorted(names)
        if name not in members
    ]


def _neutrals(forum: str) -> list[str]:
    """Return the members of a forum that are outside the alliance."""
    return sorted(
        code.upper()
        for row in table("facts/neutrals")
        if row["forum"] == forum
        for code in countries.meant(row["members"])
    )


def _code_problems(codes: Mapping[str, object]) -> list[Problem]:
    """Return problems of codes that do not go together."""
    found = []
    reversion, direction = codes.get("reversion"), codes.get("direction")
    if "proposed" in codes:
        if "ask" in codes:
            found.append(("proposed", "there is a class as well; allowed: ask_class or proposed, the other empty"))
        if direction:
            found.append(("direction", "is that from status_quo to proposed; allowed: empty beside proposed"))
        if codes["proposed"] == reversion:
            found.append(("proposed", "is the level of status_quo; allowed: two levels that differ"))
    elif direction and reversion == (1.0 if direction == "more" else 0.0):
        found.append(("status_quo", f"there is no {direction} than {reversion:g}; allowed: a level inside the scale"))
    return found


def _names(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _one_of(names: Collection[str], meant: Mapping[str, object]) -> Callable[[str], object]:
    """Return a reader of one of some names; `meant` has what further ones stand for."""
    allowed = (*(name for name in meant if name not in names), *names)

    def read(text: str) -> object:
        if text not in allowed:
            raise ValueError(f"{_shown(text)}{nearest(text, allowed)}; allowed: {', '.join(allowed)}")
        return meant.get(text, text)

    return read


def _shown(text: str) -> str:
    return f"{shown(text)} is not allowed" if text else "is empty"


def _of_coders(read: Callable[[str], object]) -> Callable[[str], object]:
    """Return a reader of the code of one coder, or of the codes of two."""

    def codes(text: str) -> object:
        found = tuple(read(each.strip()) for each in text.split(";"))
        if len(found) > 2:
            raise ValueError(
                f"{shown(text)} has {len(found)} codes; allowed: one, or those of two coders with ; between"
            )
        return found[0] if len(set(found)) == 1 else found

    return codes


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(f"{_shown(text)}; allowed: up to 40 letters, digits and _ . + -, no blanks")
    return text


def _month(text: str) -> str:
    last = load_scenario(OUTLOOK).end
    if not _MONTH.fullmatch(text) or not FIRST_MONTH <= text <= last:
        raise ValueError(f"{_shown(text)}; allowed: YYYY-MM, from {FIRST_MONTH} to {last}")
    return text


def _level(text: str) -> float:
    if not _LEVEL.fullmatch(text) or not float(text) <= 1.0:
        raise ValueError(f"{_shown(text)}; allowed: a level from 0 to 1")
    return float(text)


def _parties(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(";") if name.strip())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(shown, twice))} is named twice; allowed: once")
    return names


def _sponsors(text: str) -> tuple[str, ...]:
    return () if text == "chair" else _parties(text)


def _text(text: str) -> str:
    plain = " ".join(text.split())
    if not plain.isprintable():
        raise ValueError("holds control characters; allowed: text")
    return plain


_CLASSES = {str(code): code for code in range(1, ASK_CLASSES + 1)}
_YES = {"yes": True, "no": False}
_READERS: dict[str, Callable[[str], object]] = {
    "id": _id,
    "month": _month,
    "forum": _one_of(FORUMS, FORUM_ALIASES),
    "issue": _one_of(ISSUES, ISSUE_ALIASES),
    "outcome": _one_of(DECISIONS, {}),
    "objection": _one_of(("none", "soft", "hard"), {}),
    "objectors": _parties,
    "ask_class": _of_coders(_one_of((), _CLASSES)),
    "proposed": _level,
    "divisible": _of_coders(_one_of((), _YES)),
    "direction": _one_of(("more", "less"), {}),
    "status_quo": _level,
    "sponsors": _sponsors,
    "priority": _one_of((), _YES),
    "text": _text,
}
