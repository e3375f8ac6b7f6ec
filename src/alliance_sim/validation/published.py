"""The scores of docs/validation.md as data, in the package: the explorer shows them without running the model."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["PUBLISHED", "published"]

#: Written by ``python docs/_build/pages.py validation.md`` together with the page.
PUBLISHED = Path(__file__).with_name("published.json")


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
