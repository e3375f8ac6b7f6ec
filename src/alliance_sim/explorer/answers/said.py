"""What the first page says of the decision looked at, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS
from alliance_sim.wording import in_a_row, month_in_words, percent_cell

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
    'the G7 passes “Readmit Russia” in June 2018; in the base, in 0.'
    """
    found = f"In {_of_100(cell['passes'])} of 100 futures {cell['body']} passes “{cell['text']}”"
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
    'It fails in 40: never tabled 30, blocked 10. Objections, met or not: Hungary in 20 (10 in the base).'
    """
    ends = zip(DECISIONS, cell["shares"], strict=True)
    failures = sorted((-share, name) for name, share in ends if share and name not in ("adopted", "diluted"))
    parts = []
    if failures:
        texts = [f"{DECISION_LABELS[name]} {_of_100(-share)}" for share, name in failures]
        parts.append(f"It fails in {_of_100(round(-sum(share for share, _ in failures), 4))}: {', '.join(texts)}.")
    named = [(ally, share) for ally, share in cell["objectors"].items() if share >= _LEAST][:_NAMED]
    before = cell["before"]
    texts = [
        f"{ALLY_NAMES[ally]} in {_of_100(share)}"
        + (f" ({_of_100(before.get(ally, 0.0))} in the base)" if before else "")
        for ally, share in named
    ]
    none = f"No ally objects in {_of_100(_LEAST)} of 100 or more."
    parts.append(f"Objections, met or not: {in_a_row(texts)}." if texts else none)
    return " ".join(parts)


def _of_100(share: float) -> str:
    return percent_cell(share, "0").replace("<1", "fewer than 1")
