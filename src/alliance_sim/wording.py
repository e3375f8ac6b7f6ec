"""Shares, months and lists as they stand in sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["FEW_DRAWS", "counted", "in_a_row", "month_in_words", "percent", "percent_cell", "points_of", "with_code"]

#: With fewer draws, reports say that they are few, and how large the Monte Carlo error is.
FEW_DRAWS = 400


def counted(number: int, what: str) -> str:
    """Return a number with what it counts.

    Examples
    --------
    >>> counted(1, "draw"), counted(2000, "draw")
    ('1 draw', '2,000 draws')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share in percent, never rounded to none or all.

    Examples
    --------
    >>> percent(0.123), percent(0.001), percent(0.999), percent(0.0)
    ('12 %', 'less than 1 %', 'more than 99 %', '0 %')
    """
    if 0.0 < share < 0.005:
        return "less than 1 %"
    return "more than 99 %" if 0.995 < share < 1.0 else f"{100.0 * share:.0f} %"


def percent_cell(share: float, none: str = "") -> str:
    """Return a share in whole percent for a cell of a table, without the sign.

    Examples
    --------
    >>> percent_cell(0.254), percent_cell(0.001), percent_cell(0.0)
    ('25', '<1', '')
    """
    return f"{100.0 * share:.0f}" if share >= 0.005 else "<1" if share else none


def points_of(share: float) -> str:
    """Return a difference of shares in points, with its sign.

    Examples
    --------
    >>> points_of(-0.123), points_of(-0.001)
    ('-12', '+0')
    """
    return f"{100.0 * share:+z.0f}"


def with_code(html: str) -> str:
    """Return HTML in which what stands between backticks is marked as code.

    Examples
    --------
    >>> with_code("See `alliance-sim list`.")
    'See <code>alliance-sim list</code>.'
    """
    return re.sub("`([^`]*)`", r"<code>\1</code>", html)


_MONTHS = ("January February March April May June July August September October November December").split()


def month_in_words(month: str) -> str:
    """Return ``YYYY-MM`` as a month and a year.

    Examples
    --------
    >>> month_in_words("2026-07")
    'July 2026'
    """
    return f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}"


def in_a_row(texts: Sequence[str]) -> str:
    """Return texts as a list within a sentence.

    Examples
    --------
    >>> in_a_row(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else ""
