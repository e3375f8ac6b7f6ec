"""The levers beside every page: policies in plain words, and the parameters of the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alliance_sim.analysis.levers import Lever, levers
from alliance_sim.explorer.request import Request
from alliance_sim.explorer.terms import TERMS
from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.labels import ALLY_NAMES, ISSUE_LABELS
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.results.happenings import happening, when
from alliance_sim.scenarios import Scenario
from alliance_sim.wording import counted, month_in_words

__all__ = [
    "GROUPS",
    "amount",
    "changes",
    "decision_levers",
    "event_rows",
    "parameter_label",
    "parameter_rows",
    "slider",
]

#: Half-width of a normal distribution's 5-95 % interval in standard deviations.
_Z95 = 1.645


#: The policies of the page by who holds them: levers of the decision looked at, and parameters.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Washington": ("president", "initial_autonomy", "guarantee"),
    "The text": ("text", "side_payments", "tabling", "min_share"),
    "Europe": ("spending", "compensation_rate"),
    "The rule": ("rule", "sessions", "disputes"),
}
#: What the ends of a parameter's range mean.
_ENDS = {
    "initial_autonomy": ("institutions decide", "president decides"),
    "min_share": ("any progress", "all or nothing"),
    "compensation_rate": ("slow", "at once"),
}


def changes(request: Request) -> list[str]:
    """Return in words what the controls change in a scenario.

    Examples
    --------
    >>> guarantee = ("nato_summit-2026-07/russia_strategy/guarantee", 0.2)
    >>> changes(Request("baseline_2025", settings=(("min_share", 0.4),), levers=(guarantee,)))[1]
    'Russia strategy, July 2026: confidence in the U.S. guarantee higher by 0.20'
    """
    scenario = request.as_written()
    events = {event.id: event for event in scenario.events}
    months = {meeting.id: meeting.month for meeting in scenario.meetings}
    found = [
        f"{TERMS[name].word if name in TERMS else parameter_label(name)}: {value:g}" for name, value in request.settings
    ]
    for key, value in request.levers:
        item, _, name = key.rpartition("/")
        if lever := decision_levers(request, item).get(name):
            meeting, _, issue = item.partition("/")
            found.append(f"{ISSUE_LABELS[issue]}, {month_in_words(months[meeting])}: {lever.label(value)}")
    found += [f"without “{happening(events[name])}” ({when(events[name])})" for name in request.off if name in events]
    for name, by in request.later:
        if name in events and name not in request.off:
            how = f"{counted(abs(by), 'month')} {'later' if by > 0 else 'earlier'}"
            found.append(f"“{happening(events[name])}” ({when(events[name])}) {how}")
    return found


def parameter_label(name: str) -> str:
    """Return a parameter in words, with the ally whose it is.

    Examples
    --------
    >>> parameter_label("susceptibility.HUN").rpartition(": ")[2]
    'Hungary'
    """
    parameter, ally = resolve(name)
    return ": ".join(filter(None, (parameter.description, ALLY_NAMES.get(ally or ""))))


def decision_levers(request: Request, item: str) -> dict[str, Lever]:
    """Return the levers of a decision, by name; none without one.

    Examples
    --------
    >>> found = decision_levers(Request("baseline_2025"), "nato_summit-2026-07/russia_strategy")
    >>> "guarantee" in found, decision_levers(Request("baseline_2025"), "")
    (True, {})
    """
    meeting, _, issue = item.partition("/")
    scenario = request.as_written()
    held = any(each.id == meeting and issue in [i.issue for i in each.agenda] for each in scenario.meetings)
    return levers(scenario, meeting, issue) if held else {}


def amount(lever: Lever) -> dict[str, Any]:
    """Return a lever with amounts as a slider takes it.

    Examples
    --------
    >>> found = decision_levers(Request("baseline_2025"), "nato_summit-2026-07/russia_strategy")
    >>> amount(found["guarantee"])["texts"][0]
    'confidence in the U.S. guarantee higher by 0.01'
    """
    return {
        "name": lever.name,
        "term": TERMS[lever.name.partition(".")[0]].shown(),
        "values": list(lever.values),
        "texts": [lever.label(value) for value in lever.values],
    }


def slider(name: str, scenario: Scenario) -> dict[str, Any]:
    """Return a parameter as a slider takes it: its range, and what is drawn while it is off.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = slider("min_share", als.load_scenario("baseline_2025"))
    >>> found["low"] <= found["p05"] <= found["centre"] <= found["p95"] <= found["high"]
    True
    """
    parameter = PARAMETERS[name]
    # Twice the highest value of any prior, within the range allowed.
    high = min(parameter.high, 2.0 * max(parameter.prior(era).high for era in ERAS))
    step = (high - parameter.low) / 100.0
    centre, p05, p95 = _interval(scenario.priors().get(name) or parameter.prior(scenario.era))
    return {
        "name": name,
        "term": TERMS[name].shown(),
        "ends": _ENDS[name],
        "unit": parameter.unit,
        "low": parameter.low,
        "high": high,
        "step": step,
        "digits": max(0, math.ceil(-math.log10(step))),
        "centre": centre,
        "p05": p05,
        "p95": p95,
    }


def _interval(prior: Prior) -> tuple[float, float, float]:
    """Return the centre and the 5-95 % interval of a distribution."""
    if prior.kind in ("normal", "lognormal"):
        wide = [prior.a, prior.a - _Z95 * prior.b, prior.a + _Z95 * prior.b]
        if prior.kind == "lognormal":
            wide = [math.exp(value) for value in wide]
        centre, low, high = (min(max(value, prior.low), prior.high) for value in wide)
        return centre, low, high
    tail = 0.05 * (prior.high - prior.low)
    return prior.a, prior.low + tail, prior.high - tail


def parameter_rows(request: Request, scenario: Scenario) -> list[dict[str, Any]]:
    """Return all parameters: range, what is drawn, source, and the value that is set.

    Examples
    --------
    >>> import alliance_sim as als
    >>> rows = parameter_rows(Request("baseline_2025"), als.load_scenario("baseline_2025"))
    >>> {row["value"] for row in rows}
    {None}
    """
    given, written = dict(request.settings), scenario.priors()
    return [
        {
            "name": name,
            "label": parameter.description,
            "unit": parameter.unit,
            "low": parameter.low,
            "high": parameter.high,
            "usual": str(written.get(name) or parameter.prior(scenario.era)) if parameter.priors else "as calibrated",
            "source": parameter.source,
            "value": given.get(name),
        }
        for name, parameter in PARAMETERS.items()
    ]


def event_rows(request: Request, scenario: Scenario) -> list[dict[str, Any]]:
    """Return the events of a scenario as written, with what is changed in them.

    Examples
    --------
    >>> import alliance_sim as als
    >>> rows = event_rows(Request(off=("ceasefire_offer-2025-10",)), als.load_scenario("us_russia_reset_2025"))
    >>> [row["on"] for row in rows].count(False)
    1
    """
    later = dict(request.later)
    return [
        {
            "id": event.id,
            "when": when(event),
            "detail": happening(event),
            "on": event.id not in request.off,
            "later": later.get(event.id, 0),
            "earliest": -scenario.offset(event.month),
            "latest": scenario.months - 1 - scenario.offset(event.month),
        }
        for event in scenario.events
    ]
