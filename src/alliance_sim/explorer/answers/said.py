"""What the first page says of the decision looked at, in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS
from alliance_sim.wording import in_a_row, month_in_words

__all__ = ["how", "lead"]

#: Allies that are named, and the least share of the futures in which one that is named objects.
_NAMED, _LEAST = 3, 0.05


def lead(cell: Mapping[str, Any], against: str | None) -> str:
    """Return in how many of 100 futures a text passes, here and in the base.

    Parameters
    ----------
    cell : mapping
        A decision, as `futures.view` gives it.
    against : str or None
        What the headline calls the base.

    Examples
    --------
    >>> from alliance_sim.explorer.answers.futures import pairs, view
    >>> from alliance_sim.explorer.request import Request
    >>> request = Request("helsinki_2018", base="baseline_2018", draws=20)
    >>> found = view(request, *next(pairs(request, lambda: False)), 0.5, [])
    >>> lead(found.cells[0], "the base").partition(" futures ")[2]
    'the G7 adopts “Readmit Russia” in June 2018; in the base, in 0.'
    """
    found = f"In {_of_100(cell['passes'])} of 100 futures {cell['body']} adopts “{cell['text']}”"
    found += f" in {month_in_words(cell['month'])}"
    if weaker := cell["shares"][DECISIONS.index("diluted")]:
        found += " (in a weaker form)" if weaker == cell["passes"] else f" ({_of_100(weaker)} in a weaker form)"
    if against is None:
        return f"{found}."
    if cell["base"] is None:
        return f"{found}; {against} does not decide on it."
    return f"{found}; in {against}, in {_of_100(cell['base'])}."


def how(cell: Mapping[str, Any]) -> str:
    """Return how it ends where it fails, and who objects, now and in the base.

    Examples
    --------
    >>> how({"shares": [0.5, 0.1, 0.3, 0.1, 0.0], "objectors": {"HUN": 0.2, "SVK": 0.01}, "before": {"HUN": 0.1}})
    'Where it fails, it is mostly never tabled (in 30). Objections: Hungary in 20 (10 in the base).'
    """
    shares = dict(zip(DECISIONS, cell["shares"], strict=True))
    failures = {name: share for name, share in shares.items() if name not in ("adopted", "diluted")}
    usual = max(failures, key=failures.__getitem__)
    parts = []
    if failures[usual]:
        parts.append(f"Where it fails, it is mostly {DECISION_LABELS[usual]} (in {_of_100(failures[usual])}).")
    named = [(ally, share) for ally, share in cell["objectors"].items() if share >= _LEAST][:_NAMED]
    before = cell["before"]
    texts = [
        f"{ALLY_NAMES[ally]} in {_of_100(share)}"
        + (f" ({_of_100(before.get(ally, 0.0))} in the base)" if before else "")
        for ally, share in named
    ]
    parts.append(f"Objections: {in_a_row(texts)}." if texts else "No ally objects in 5 of 100 or more.")
    return " ".join(parts)


def _of_100(share: float) -> str:
    """Return a share of the futures as the charts round it: halves up."""
    return "fewer than 1" if 0.0 < share < 0.005 else str(math.floor(100.0 * share + 0.5))
