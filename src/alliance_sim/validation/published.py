"""The scores of docs/validation.md as data, in the package: the explorer shows them without running the model."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["BINS", "PUBLISHED", "passed", "published"]

#: Written by ``python docs/_build/pages.py validation.md`` together with the page.
PUBLISHED = Path(__file__).with_name("published.json")
#: Bins of forecasts, of the same width, for which it is shown how often texts passed.
BINS = 5


@cache
def published() -> dict[str, Any]:
    """Return the scores of the last run that docs/validation.md shows.

    Returns
    -------
    dict
        ``claims``: ``draws, seed``, counts of derived claims (``derived, holds, undecided, fails``) and ``rows``, one a
        claim; ``hindcast``: as `Hindcast.json` has it; ``wrong, not_for``: sentences on where the model is wrong, and
        on what it must not be used for.

    Examples
    --------
    >>> sorted(published())
    ['claims', 'hindcast', 'not_for', 'wrong']
    """
    content: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return content


def passed(share: float) -> tuple[float, float, int, int]:
    """Return how many recorded texts the model gave about a share, and how many of them passed.

    Parameters
    ----------
    share : float
        From 0 to 1; it stands for its bin.

    Returns
    -------
    low, high : float
        Bounds of the bin, from 0 to 1.
    texts, passing : int
        0 where the model gave no text such a share.

    Examples
    --------
    >>> low, high, texts, passing = passed(0.9)
    >>> low, high, texts > passing > 0.5 * texts
    (0.8, 1.0, True)
    """
    rows = published()["hindcast"]["reliability"]
    own = (row for row in rows if row["model"] == rows[0]["model"])  # the first are those of the model as it is
    row = next((row for row in own if _bin(row["forecast"]) == _bin(share)), {"n": 0, "passed": 0.0})
    low = _bin(share) / BINS
    return low, low + 1.0 / BINS, int(row["n"]), round(row["n"] * row["passed"])


def _bin(share: float) -> int:
    return min(int(share * BINS), BINS - 1)
