"""Parts of Markdown: numbers, tables and figures of the calibration report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = [
    "BEHAVIOUR",
    "CHECKS",
    "COVERAGE",
    "DISPUTES",
    "FOLDS",
    "MEASURE",
    "RANKS",
    "REFITS",
    "missing",
    "number",
    "table",
]

Report = Mapping[str, Any]

#: Commands that write the parts of the report.
MEASURE = "alliance-sim calibrate --stage measure"
CHECKS = "alliance-sim calibrate --stage checks"
REFITS = "alliance-sim calibrate --stage refits"
RANKS = "alliance-sim calibrate --stage ranks"
BEHAVIOUR = "alliance-sim calibrate --stage behaviour"
COVERAGE = "alliance-sim calibrate --stage coverage"
DISPUTES = "alliance-sim calibrate --stage disputes"
FOLDS = "alliance-sim calibrate --stage folds"


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with so many digits after the point; a dash where there is none.

    Examples
    --------
    >>> number(0.125, 2), number(-0.0001, 2), number(None)
    ('0.12', '0.00', '-')
    """
    if value is None or value != value:
        return "-"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a Markdown table, an empty one at the end.

    Examples
    --------
    >>> table(["ally", "share"], [["POL", 0.9]])
    ['| ally | share |', '| --- | --- |', '| POL | 0.9 |', '']
    """
    lines = ([head, ["---"] * len(head)], rows)
    return [*(f"| {' | '.join(map(str, row))} |" for part in lines for row in part), ""]


def missing(command: str) -> list[str]:
    """Return the line that stands for a part of which there are no numbers.

    Examples
    --------
    >>> missing(CHECKS)[0]
    'not run: `alliance-sim calibrate --stage checks`'
    """
    return [f"not run: `{command}`", ""]


def picture(name: str, text: str) -> list[str]:
    """Return the line that shows a figure of the report."""
    return [f"![{text}](figures/{name}.svg)", ""]
