"""Events in sentences, for readers who do not know the keys of scenario files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from alliance_sim.registry.events import Event
from alliance_sim.registry.labels import ALLY_NAMES, ISSUE_NAMES, OUTCOME_LABELS
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.registry.states import ALLY_STATES, STATES
from alliance_sim.scenarios.words import event_details
from alliance_sim.wording import in_a_row, month_in_words

__all__ = ["happening", "when"]

#: Openness up to which a meeting counts as closed, and from which on as open (judgement).
CLOSED, OPEN = 0.25, 0.75


def when(event: Event) -> str:
    """Return the month of an event, or the months in which it may happen.

    Examples
    --------
    >>> import alliance_sim as als
    >>> when(als.load_scenario("us_russia_reset_2025").events[0])
    'June 2025'
    """
    month = month_in_words(event.month)
    return month if event.during == 1 else f"from {month}, {event.during} months"


def happening(event: Event) -> str:
    """Return what happens in a sentence without its full stop; a number in brackets is a strength from 0 to 1.

    Examples
    --------
    >>> import alliance_sim as als
    >>> [happening(event) for event in als.load_scenario("us_russia_reset_2025").events[:2]]
    ['Washington demands in public 5 % of GDP for defence (pressure 0.5)',
     'the U.S. and Russian presidents meet behind closed doors (conciliation 0.5) and begin a standing process']
    """
    text = _SENTENCES[event.type](event) if event.type in _SENTENCES else f"{event.type}: {event_details(event)}"
    chance = f"{100.0 * event.probability:.3g} %"
    if event.during > 1:
        text += f"; with a chance of {chance} in each month"
    elif event.probability < 1.0:
        text += f"; with a chance of {chance}"
    if event.when:
        bound = {">": "above", ">=": "at least", "<": "below", "<=": "at most"}[event.when.op]
        text += f"; if {OUTCOME_LABELS[event.when.outcome]} was {bound} {event.when.value:g} the month before"
    return text


def _allies(codes: Iterable[str]) -> str:
    return in_a_row([ALLY_NAMES.get(code, f"the {code}") for code in codes])


def _meeting(event: Any) -> str:
    manner = (
        " behind closed doors" if event.openness <= CLOSED else " in the open" if event.openness >= OPEN else
        ", in part behind closed doors"
    )  # fmt: skip
    process = " and begin a standing process" if event.process else ""
    months = "a month" if event.follow_up == 1 else f"{event.follow_up} months"
    again = f"; the next meeting is planned in {months}" if event.follow_up else ""
    strength = f" (conciliation {event.conciliation:g})"
    return f"the U.S. and Russian presidents meet{manner}{strength}{process}{again}"


def _aid(event: Any) -> str:
    support = {
        "all": "its support for Ukraine", "intelligence": "its intelligence support for Ukraine",
    }.get(event.channel, f"its {event.channel} aid to Ukraine")  # fmt: skip
    if event.share == -1.0:
        return f"Washington ends {support}"
    verb = "cuts" if event.share < 0.0 else "raises"
    return f"Washington {verb} {support} by {_percent(abs(event.share))} of what the war requires"


def _relief(event: Any) -> str:
    if event.share < 0.0:
        return f"Washington adds to its sanctions on Russia ({_percent(-event.share)})"
    return f"the president seeks to lift {_percent(event.share)} of the U.S. sanctions on Russia"


def _statement(event: Any) -> str:
    what = "casts doubt on" if event.severity >= 0.0 else "affirms"
    return f"the U.S. president {what} the guarantee for {_allies(event.about)} (severity {abs(event.severity):g})"


def _leadership(event: Any) -> str:
    if isinstance(event.stance, str):
        return f"Washington is led as in {event.stance.rpartition('_')[2]}"
    change = "more" if event.stance > 0.0 else "less"
    return f"the government of {_allies([event.ally])} changes and sees {change} of a threat ({event.stance:+g})"


def _campaign(event: Any) -> str:
    whom = _allies(event.target) if event.target else "allies"
    return f"Russia puts pressure on {whom} by sabotage, influence and energy (strength {event.size:g})"


def _ceasefire(event: Any) -> str:
    part = "" if event.size == 1.0 else f" by {_percent(event.size)}"
    return f"the fighting in Ukraine stops{part}"


def _exercise(event: Any) -> str:
    size = "larger than usual" if event.ambition > 0.0 else "smaller than usual" if event.ambition < 0.0 else "as usual"
    return f"the alliance calls for an exercise with {event.partner}, {size}"


def _dispute(event: Any) -> str:
    return f"{_allies([event.holder])} begins to hold up texts on {ISSUE_NAMES[event.issue]} over {event.about}"


def _shift(event: Any) -> str:
    head, *rest = event.name.split(".")
    states: Mapping[str, Any] = {**STATES, **ALLY_STATES}
    if head in states:
        what = states[head].description
    elif head in ("norm", "position"):
        what = f"{'level in force' if head == 'norm' else 'position'} on {ISSUE_NAMES[rest.pop(0)]}"
    else:
        what = resolve(event.name)[0].description
    whose = f" of {_allies(rest)}" if rest else ""
    change = f"changed by {event.by:+g}" if event.to is None else f"set to {event.to:g}"
    return f"{what}{whose}: {change}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"


#: Types of events, each with what makes a sentence of it.
_SENTENCES: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "accession": lambda event: f"{_allies([event.ally])} joins the alliance",
        "aid_change": _aid,
        "bilateral_summit": _meeting,
        "ceasefire": _ceasefire,
        "ceasefire_offer": lambda event: f"a ceasefire is offered (size {event.size:g}); the war goes on",
        "dispute": _dispute,
        "escalation": lambda event: f"Russia escalates (size {event.size:g}; 1 is February 2022)",
        "exercise": _exercise,
        "guarantee_statement": _statement,
        "hybrid_campaign": _campaign,
        "leadership_change": _leadership,
        "sanctions_relief": _relief,
        "shift": _shift,
        "spending_demand": lambda event: (
            f"Washington demands in public {event.percent:g} % of GDP for defence (pressure {event.pressure:g})"
        ),
        "strategic_document": lambda event: (
            f"U.S. departments publish a strategy that names Russia as a rival (strength {event.strength:g})"
        ),
        "trade_dispute": lambda event: (
            f"Washington escalates a trade dispute with {_allies(event.parties)} (size {event.size:g})"
        ),
    }
)
