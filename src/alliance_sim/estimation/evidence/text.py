"""The text of a report on the evidence: sentences, numbers, and the rows that tell most, in 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence

from alliance_sim.estimation.evidence.parts import ACT, Number, Source, Summary, figure, share
from alliance_sim.estimation.evidence.reports import shortened

__all__ = ["HEAD", "LEVEL_HEAD", "WIDTH", "level_lines", "number_lines", "paragraph", "source_lines"]

#: Columns of a report.
WIDTH = 80
#: Columns of the pull and of where a row is, with the blank after each.
_PULL, _WHERE = 9, 18
#: Head of the rows.
HEAD = f"{'pull':<{_PULL}}{'where':<{_WHERE}}what it says"
#: Head of the rows about an issue, which have no pulls.
LEVEL_HEAD = f"{'level':<{_PULL}}{'where':<{_WHERE}}of whom, and what it says"
#: Lines of a row, unless rows are shown in full.
_MOST_LINES = 2
_NO_BREAK = "\u00a0"


def paragraph(sentences: Sequence[str]) -> list[str]:
    """Return sentences as lines.

    Examples
    --------
    >>> paragraph(["One.", "Two."])
    ['One. Two.']
    """
    # A sign stays with its number.
    text = " ".join(sentences).replace(" %", f"{_NO_BREAK}%").replace("k = ", f"k{_NO_BREAK}={_NO_BREAK}")
    return [line.replace(_NO_BREAK, " ") for line in textwrap.wrap(text, WIDTH)]


def number_lines(numbers: Sequence[Number]) -> Iterator[str]:
    """Yield a table of numbers: mean and 90 % interval before, as measured, and as runs draw them.

    Examples
    --------
    >>> from alliance_sim.estimation.evidence.parts import Summary
    >>> list(number_lines([Number("a", "pledge", "", Summary(0.5, 0.1, 0.3, 0.7), None, None)]))[1]
    'pledge                            .50 [.30, .70]                       -'
    """
    heads = ["prior", "measured", "posterior"]
    columns = [[number.prior, number.measured, number.posterior] for number in numbers]
    shown = [i for i in range(3) if i == 2 or any(row[i] for row in columns)]
    cells = []
    for number, row in zip(numbers, columns, strict=True):
        write = figure if number.prior_text else share
        cells.append([_cell(row[i], write) for i in shown])
    width = max(16 if len(shown) == 3 else 24, 1 + max(len(cell) for own in cells for cell in own))
    first = WIDTH - width * len(shown)
    yield f"{'mean [5 %, 95 %]':<{first}}" + "".join(f"{heads[i]:>{width}}" for i in shown)
    for number, own in zip(numbers, cells, strict=True):
        yield f"{shortened(number.label, first - 1):<{first}}" + "".join(f"{cell:>{width}}" for cell in own)


def _cell(found: Summary | None, write: Callable[[float], str]) -> str:
    return "-" if found is None else f"{write(found.mean)} [{write(found.low)}, {write(found.high)}]"


def source_lines(sources: Sequence[Source], name: str, owner: str, era: str, every: bool) -> Iterator[str]:
    """Yield rows: their pull on a number, where they are, and what they say.

    Parameters
    ----------
    sources : sequence of Source
    name : str
        The number.
    owner : str
        The actor that the report is on: rows about it alone do not repeat it.
    era : str
        Of the report: statements about another name theirs.
    every : bool
        Whether texts are shown in full, each with its source.

    Examples
    --------
    >>> row = Source("A-22", "statement", "HUN: aid", "1 of 5", "No more", "A", "4", pulls={"a": -0.04}, k=0.1)
    >>> list(source_lines([row], "a", "HUN", "2025", every=False))
    ['-.040    A, paragraph 4    aid, 1 of 5: No more']
    """
    for each in sources:
        yield from _row(each, _pull(each, name), _text(each, owner, era), every)


def level_lines(sources: Sequence[Source], era: str, every: bool) -> Iterator[str]:
    """Yield statements about an issue: their level, where they are, of whom they are, and what they say.

    Examples
    --------
    >>> row = Source("A-22", "statement", "HUN;SVK: aid", "1 of 5", "No more", "A", "4", "2025")
    >>> list(level_lines([row], "2025", every=False))
    ['1 of 5   A, paragraph 4    HUN and SVK: No more']
    """
    for each in sources:
        whom = each.about.partition(":")[0].replace(";", " and ").replace("_", " ")
        when = f" in {each.era}" * (each.era != era)
        yield from _row(each, each.value.replace(" and ", "-") or "unused", f"{whom}{when}: {each.text}", every)


def _row(source: Source, first: str, text: str, every: bool) -> Iterator[str]:
    start, blank = f"{first:<{_PULL}}{_where(source):<{_WHERE}}", " " * (_PULL + _WHERE)
    if every:
        cited = source.source if source.document in ("", ACT) else ""
        text += f" [{', '.join(filter(None, (source.id, cited, source.confidence)))}]"
    most = None if every else _MOST_LINES
    lines = textwrap.wrap(text, WIDTH - len(blank), max_lines=most, placeholder=" ...")
    yield from (f"{blank if i else start}{line}" for i, line in enumerate(lines))


def _text(source: Source, owner: str, era: str) -> str:
    if not source.document and source.kind != "record":
        return f"{source.value}: {source.text}" if source.value else source.text
    about = source.about.removeprefix(f"{owner}: ").replace(";", " and ").replace("_", " ")
    if source.era not in ("", era):
        about += f" in {source.era}"
    return f"{', '.join(filter(None, (about, source.value)))}: {source.text}"


def _where(source: Source) -> str:
    if source.document:
        return f"{source.document}{' of' if source.document == ACT else ', paragraph'} {source.paragraph}"
    kind, *parts = source.id.split(".")
    if source.kind in ("record", "spending"):
        return shortened(source.id, _WHERE - 1)
    label = {"lean": "leaning", "expulsions": "expelled"}.get(kind, kind)
    return f"{label} {parts[0]} {parts[-1]}" if parts[-1].isdigit() else label


def _pull(source: Source, name: str) -> str:
    """Return the pull of a row: r by a refit, ? where importance sampling cannot tell, < where it is not listed."""
    if source.kind in ("background", "cause"):
        return {"background": "unused", "cause": "cause"}[source.kind]
    pull = source.pull(name)
    if pull is not None:
        return _decimals(pull, "+") + ("r" if name in source.refit else "" if source.reliable else "?")
    if source.at_most is None:
        return "unknown"
    return "<" + _decimals(source.at_most) + ("" if source.reliable else "?")


def _decimals(value: float, sign: str = "") -> str:
    return f"{value:{sign}z.3f}".replace("0.", ".", 1)
