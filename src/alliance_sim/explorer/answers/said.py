"""What the first page says of the decision looked at, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS
from alliance_sim.validation.published import passed
from alliance_sim.wording import counted, in_a_row, month_in_words, percent_cell

__all__ = ["how", "how_right", "lead", "why"]

#: Allies that are named, and the least share of the futures in which one that is named objects.
_NAMED, _LEAST = 3, 0.05
#: Recorded texts that are too few to say how right the model is (judgement).
_FEW_TEXTS = 5
#: Least difference in what an ally weighs that is named, as a squared distance between levels (judgement).
_CLEAR = 0.005
#: What an ally weighs: what it does to how willing the ally is, and in words where that makes it less willing or more.
_CHANGES: Mapping[str, tuple[float, str, str]] = {
    "loss": (-1.0, "the text is further from what it wants", "the text is nearer to what it wants"),
    "alone": (1.0, "the matter is more salient to it", "the matter is less salient to it"),
    "company": (1.0, "it would stand less alone in objecting", "it would stand more alone in objecting"),
    "patron": (1.0, "crossing the United States costs it less", "crossing the United States costs it more"),
    "stake": (-1.0, "it holds back more over another matter", "it holds back less over another matter"),
}


def lead(cell: Mapping[str, Any], based: bool) -> str:
    """Return in how many of 100 futures a text passes, here and in the base.

    Parameters
    ----------
    cell : mapping
        A decision, as `futures.view` gives it.
    based : bool
        Whether there is a base.

    Examples
    --------
    >>> from alliance_sim.explorer.answers.futures import pairs, view
    >>> from alliance_sim.explorer.request import Request
    >>> request = Request("helsinki_2018", base="baseline_2018", draws=20)
    >>> found = view(request, *next(pairs(request, lambda: False)), 0.5, [])
    >>> lead(found.cells[0], True).partition(" futures ")[2]
    'the G7 passes “Readmit Russia” in June 2018; in the base, in 0.'
    """
    found = f"In {_of_100(cell['passes'])} of 100 futures {cell['body']} passes “{cell['text']}”"
    found += f" in {month_in_words(cell['month'])}"
    if weaker := cell["shares"][DECISIONS.index("diluted")]:
        found += " (in a weaker form)" if weaker == cell["passes"] else f" ({_of_100(weaker)} in a weaker form)"
    if not based:
        return f"{found}."
    if cell["base"] is None:
        return f"{found}; the base does not decide on it."
    return f"{found}; in the base, in {_of_100(cell['base'])}."


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


def why(found: Mapping[str, Any]) -> str:
    """Return what is asked for, what those who object want, and what changes most for the first, against the base.

    Parameters
    ----------
    found : mapping
        As `futures.found_why` gives it.

    Returns
    -------
    str
        Means over the futures in which the text is weighed; empty where nobody objects in a share that is named.

    Examples
    --------
    >>> weights = {"loss": 0.07, "alone": 0.03, "company": 0.1, "patron": 0.0, "stake": 0.0, "position": 0.24}
    >>> found = {"allies": [{"ally": "HUN", "objects": 0.4, "weights": weights}], "texts": [{"mean": 0.6}]}
    >>> before = {"HUN": {**weights, "loss": 0.0, "position": 0.3}}
    >>> why({**found, "reversion": 0.0, "before": before}).partition("; ")[2].split(". ")
    ['on average Hungary wants 0.24 (0.30 in the base)',
    'What changes most for Hungary: the text is further from what it wants.']
    """
    named = [each for each in found["allies"] if each["objects"] >= _LEAST and each["weights"]][:_NAMED]
    asked, before = found["texts"][0]["mean"], found["before"]
    if not named or asked is None:
        return ""
    wants: list[str] = []
    for each in named:
        here, verb = f"{each['weights']['position']:.2f}", "" if wants else " wants"
        there = f"{before[each['ally']]['position']:.2f}" if each["ally"] in before else here
        wants.append(f"{ALLY_NAMES[each['ally']]}{verb} {here}" + (f" ({there} in the base)" if there != here else ""))
    text = (
        f"On a scale from 0 (no response) to 1 (the strongest) the text asks for {asked:.2f}, and "
        f"{found['reversion']:.2f} holds without it; on average {in_a_row(wants)}."
    )
    first = named[0]
    if first["ally"] in before:
        text += _most_changed(ALLY_NAMES[first["ally"]], first["weights"], before[first["ally"]])
    return text


def _most_changed(name: str, here: Mapping[str, float], base: Mapping[str, float]) -> str:
    """Return which part of what an ally weighs makes it less willing than in the base, or more; empty if none does."""
    moves = {part: sign * (here[part] - base[part]) for part, (sign, _, _) in _CHANGES.items()}
    more = sum(moves.values()) > 0.0
    most = (max if more else min)(moves, key=lambda part: moves[part])
    return f" What changes most for {name}: {_CHANGES[most][2 if more else 1]}." if abs(moves[most]) >= _CLEAR else ""


def how_right(share: float) -> str:
    """Return how many of the recorded texts passed that the model gave about such a share.

    Examples
    --------
    >>> how_right(0.9)
    'How right the model is: of 19 recorded texts given 80 to 100 %, 16 passed, as expected.'
    """
    low, high, texts, passing = passed(share)
    given = f"{counted(texts, 'recorded text')} given {100.0 * low:.0f} to {100.0 * high:.0f} %"
    if texts < _FEW_TEXTS:
        return f"How right the model is at such a share is not known: there is only {given}."
    side = "more than that" if passing > high * texts else "fewer than that" if passing < low * texts else "as expected"
    return f"How right the model is: of {given}, {passing} passed, {side}."


def _of_100(share: float) -> str:
    return percent_cell(share, "0").replace("<1", "fewer than 1")
