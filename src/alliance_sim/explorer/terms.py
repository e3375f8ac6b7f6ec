"""The words of the pages: a sentence on each, its formula, and where the model document or another source has it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from alliance_sim.registry.parameters import PARAMETERS

__all__ = ["READING", "TERMS", "Term"]

_DECIDES = "docs/model.md, section 6: how the alliance decides"


class Term(NamedTuple):
    """A word, one sentence on it, its formula or symbol, and its source; the last two may be empty.

    Examples
    --------
    >>> Term("draw", "One run.").source
    ''
    """

    word: str
    definition: str
    formula: str = ""
    source: str = ""

    def shown(self) -> dict[str, str]:
        """Return it as the components take it.

        Examples
        --------
        >>> Term("draw", "One run.").shown()
        {'word': 'draw', 'definition': 'One run.', 'formula': '', 'source': ''}
        """
        return self._asdict()


_WORDS = {
    "future": Term(
        "future",
        "One run of the model: parameters and perceptions from the calibration, and chance in every month; a draw, in "
        "the terminal.",
        "",
        "docs/model.md, section 7: randomness",
    ),
    "base": Term(
        "base",
        "What the run is set against, with the same random numbers in each future, so that a difference is due to the "
        "change and not to chance.",
        "difference = mean over futures of (here - base)",
        "common random numbers: docs/model.md, section 7",
    ),
    "passes": Term(
        "passes",
        "The text is adopted as it was asked for, or in a weaker form.",
        "text = reversion + f (asked - reversion), f from the least text worth adopting to 1",
        _DECIDES,
    ),
    "reversion": Term(
        "reversion point", "The level that holds if no text passes: the policy in force, or nothing.", "r", _DECIDES
    ),
    "adopted": Term("adopted", "The text passes with at least the share of the ask that counts as all of it.",
                    "f >= adopted_share", _DECIDES),
    "diluted": Term("watered down", "The text passes with less than was asked for.", "f < adopted_share", _DECIDES),
    "withdrawn": Term(
        "never tabled",
        "The chair expects no text worth the risk of an open failure, or the meeting has no time: it tables none.",
        "P(f) |q - r| - (1 - P(f)) blowup_cost <= 0 for every f",
        _DECIDES,
    ),
    "blocked": Term(
        "blocked", "An ally breaks silence over the tabled text, and no weaker text is left to offer.", "", _DECIDES
    ),
    "deferred": Term(
        "put off", "The meeting breaks off before the text is reached; it is decided at a later one.",
        "", _DECIDES,
    ),
    "objects": Term(
        "objects",
        "What the ally loses by the text, against what holds without it, is more than it bears in silence; a weaker "
        "text may meet it.",
        "D = |q - x|^2 - |r - x|^2 > limit; x: its position, q: the text, r: without one",
        _DECIDES,
    ),
    "interval": Term(
        "95 % interval",
        "The range of values that chance in the simulation leaves open with so many futures; how far the model itself "
        "errs is not in it.",
        "mean +- 1.96 standard errors",
        "docs/validation.md says how far the model errs",
    ),
}  # fmt: skip
_POLICIES = {
    "president": Term(
        "The president",
        "Who is president from the month of the meeting on, with that administration's view of Russia.",
    ),
    "government": Term(
        "A government of another view of Russia",
        "From the start of the run the ally has a government that sees more of a threat in Russia (less, where less is "
        "asked for).",
    ),
    "guarantee": Term(
        "Confidence in the U.S. guarantee",
        "How sure allies are that the United States would come to their defence; added to the confidence of each, on "
        "a scale from 0 to 1, in the month of the meeting.",
    ),
    "text": Term(
        "Ambition of the text",
        "How far the text goes beyond what holds without it: one that asks for less costs those against it less.",
    ),
    "side_payments": Term(
        "Side payments to objectors",
        "What is offered to objectors when no weaker text is left, beyond what the model takes for usual.",
    ),
    "tabling": Term(
        "Tabling the full text", "The chance that those who ask have the full text tabled, whatever its prospects."
    ),
    "spending": Term(
        "European defence spending",
        "Added to the defence spending of each European ally from the first month on, in % of GDP.",
    ),
    "rule": Term(
        "Decision rule",
        "Who has to agree: all, all but a few, all with abstentions that do not block, or a qualified majority.",
    ),
    "sessions": Term("Time at the meeting", "The sessions of the meeting; each has time for a few texts only."),
    "disputes": Term(
        "Disputes over other matters", "Whether allies hold the text up over something that has nothing to do with it."
    ),
}
_PARAMETERS = {
    "initial_autonomy": "The president's say over the institutions",
    "min_share": "Least text worth adopting",
    "compensation_rate": "Cover for what the U.S. stops",
}

#: By name: of a word, of a lever of a decision, of a parameter with a lever of its own.
TERMS: Mapping[str, Term] = MappingProxyType(
    {
        **_WORDS,
        **{name: term._replace(source=_DECIDES) for name, term in _POLICIES.items()},
        **{
            name: Term(word, PARAMETERS[name].description, name, PARAMETERS[name].source)
            for name, word in _PARAMETERS.items()
        },
    }
)
#: Words that a reader of the boards needs.
READING = ("future", "base", "passes", "adopted", "diluted", "withdrawn", "blocked", "deferred", "objects", "interval")
