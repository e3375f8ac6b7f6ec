"""What the claims of the documents are measured on: numbers for each draw of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from alliance_sim.calibration.leanings import mean_lean
from alliance_sim.compile import ALLY_VARIABLES
from alliance_sim.core.structures import AllyInput, Decision, Param
from alliance_sim.data import number, table
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX, EUROPEANS, USA
from alliance_sim.registry.fields import Record
from alliance_sim.registry.forums import Forum
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.results.summaries import decided

__all__ = ["Quantity", "group_of", "needs_positions", "taken"]

Floats = NDArray[np.float64]

#: On Russia and Ukraine: the issues of claim A3.
_RUSSIA_AND_UKRAINE = ("russia_strategy", "ukraine_support", "sanctions", "russia_dialogue")
#: For claim A7: months until it is asked, share of aid that must be left, points of GDP that must be added.
_AT, _AID_LEFT, _SPENDING_ADDED = 36, 0.9, 0.3
#: Era of the coded leans: the claims about groups are of document B.
_ERA = "2018"


@cache
def _groups() -> Mapping[str, tuple[str, ...]]:
    others = tuple(ally for ally in ALLIES if ally != ALLIES[USA])
    front = {
        row["iso3"] for row in table("facts/actors") if number(row, "borders_russia") or number(row, "borders_belarus")
    }
    engaging = {ally for ally in others if mean_lean(ally, _ERA) <= 2.0}
    return MappingProxyType(
        {
            "others": others,
            "europeans": EUROPEANS,
            "front_line": tuple(ally for ally in others if ally in front),
            "behind_front_line": tuple(ally for ally in others if ally not in front),
            "re_engagers": tuple(ally for ally in others if ally in engaging),
            "not_re_engagers": tuple(ally for ally in others if ally not in engaging),
        }
    )


def group_of(name: str) -> tuple[str, ...]:
    """Return the allies of a group, or a single ally, as ISO3 codes.

    ``others`` are all but the United States, ``front_line`` those of them that border Russia or Belarus, and
    ``re_engagers`` those whose leaning of 2018 was coded as 2 or less (engagement-minded), in the mean of two coders.

    Raises
    ------
    InputError
        If there is no such group or ally.

    Examples
    --------
    >>> group_of("MNE"), len(group_of("others"))
    (('MNE',), 31)
    """
    if name in ALLIES:
        return (name,)
    if name not in _groups():
        raise InputError(f"group: {shown(name)} is unknown{nearest(name, _groups())}; allowed: {', '.join(_groups())}")
    return _groups()[name]


class Quantity(Record):
    """A number for each draw of a scenario.

    Examples
    --------
    >>> Quantity(of="outcome", name="cohesion", months=(3, 47)).summary
    'mean'
    """

    of: Literal["outcome", "ally", "position", "decision", "special"]
    name: str
    months: tuple[int, int] | None = None
    summary: Literal["mean", "max"] = "mean"
    group: str | None = None
    less: str | None = None
    weight: Literal["equal", "gdp"] = "equal"
    meeting: str | None = None
    issue: str | None = None

    @model_validator(mode="after")
    def _known(self) -> Quantity:
        names: Mapping[str, Iterable[str]] = {
            "outcome": OUTCOMES,
            "ally": ALLY_VARIABLES,
            "position": ISSUES,
            "decision": _FATES,
            "special": _SPECIAL,
        }
        allowed = list(names[self.of])
        if self.name not in allowed:
            raise ValueError(f"{shown(self.name)} is unknown{nearest(self.name, allowed)}; allowed: {allowed}")
        if self.of in ("outcome", "ally", "position") and self.months is None:
            raise ValueError("months are missing; allowed: the first and the last")
        if self.of == "decision" and self.meeting is None:
            raise ValueError("meeting is missing; allowed: the id of a meeting")
        return self


def _items(run: Ensemble, quantity: Quantity) -> list[int]:
    """Return the places in the agenda of the items that a quantity names."""
    found = [
        place
        for place, row in enumerate(run.program.agenda)
        if row.meeting == quantity.meeting and quantity.issue in (None, row.issue)
    ]
    if not found:
        raise InputError(
            f"{run.scenario.name}: no item {quantity.issue} at {quantity.meeting}; allowed: one of its agenda"
        )
    return found


def _ends(run: Ensemble, quantity: Quantity) -> NDArray[np.int8]:
    column = [run.program.agenda[place].column for place in _items(run, quantity)]
    return decided(run.records)[:, column]


def _passes(run: Ensemble, quantity: Quantity) -> Floats:
    return np.isin(_ends(run, quantity), (Decision.ADOPTED, Decision.DILUTED)).all(axis=1).astype(float)


def _fails(run: Ensemble, quantity: Quantity) -> Floats:
    return np.isin(_ends(run, quantity), (Decision.WITHDRAWN, Decision.BLOCKED)).any(axis=1).astype(float)


def _withdrawn_if_failed(run: Ensemble, quantity: Quantity) -> Floats:
    withdrawn = (_ends(run, quantity) == Decision.WITHDRAWN).any(axis=1).astype(float)
    return np.where(_fails(run, quantity) > 0.0, withdrawn, np.nan)


def _level(run: Ensemble, quantity: Quantity) -> Floats:
    level: Floats = run.program.levels(run.records)[:, _items(run, quantity)].mean(axis=1)
    return level


_FATES: Mapping[str, Callable[[Ensemble, Quantity], Floats]] = MappingProxyType(
    {"passes": _passes, "fails": _fails, "withdrawn_if_failed": _withdrawn_if_failed, "level": _level}
)


def _span(quantity: Quantity) -> slice:
    assert quantity.months is not None
    return slice(quantity.months[0], quantity.months[1] + 1)


def _seated(run: Ensemble) -> NDArray[np.bool_]:
    """Return who is a member of the alliance in each month (T, N)."""
    return run.program.member[:, Forum.NAC]


def _inputs(run: Ensemble, name: AllyInput) -> Floats:
    values: Floats = run.program.draw_inputs(run.seed, 0, run.draws).ally_input[:, name]
    return values


def _mean_of(run: Ensemble, values: Floats, quantity: Quantity, group: str) -> Floats:
    """Return the mean of members of a group over months (D,) of values (D, T, N)."""
    weight = np.where(_seated(run), np.isin(ALLIES, group_of(group)), 0.0)
    if quantity.weight == "gdp":
        weight = weight * _inputs(run, AllyInput.gdp)[:1]
    span = _span(quantity)
    total = (np.nan_to_num(values[:, span]) * weight[span]).sum(axis=2) / weight[span].sum(axis=1)
    mean: Floats = total.mean(axis=1)
    return mean


def _grouped(run: Ensemble, values: Floats, quantity: Quantity) -> Floats:
    found = _mean_of(run, values, quantity, quantity.group or "others")
    return found - _mean_of(run, values, quantity, quantity.less) if quantity.less else found


def _outcome(run: Ensemble, quantity: Quantity) -> Floats:
    values = run.output.outcomes[:, _span(quantity), OUTCOMES[quantity.name]]
    found: Floats = values.max(axis=1) if quantity.summary == "max" else values.mean(axis=1)
    return found


def _agreement(group: tuple[str, ...], factor: float) -> Callable[[Ensemble, Quantity], Floats]:
    """Return a measure: one minus mean deviation from the mean by standing, on the issues of Russia and Ukraine."""

    def measure(run: Ensemble, quantity: Quantity) -> Floats:
        exponent = run.program.draw_inputs(run.seed, 0, run.draws).params[:, Param.standing_exponent, None]
        gdp = _inputs(run, AllyInput.gdp)
        weight = ((gdp / gdp[:, USA : USA + 1]) ** exponent)[:, None, :, None]
        seats = (_seated(run) & np.isin(ALLIES, group))[_span(quantity), :, None]
        found = np.zeros(run.draws)
        for issue in _RUSSIA_AND_UKRAINE:
            place = list(ISSUES).index(issue)
            x = run.output.positions[:, _span(quantity), :, place : place + 1]
            mean = (x * weight * seats).sum(axis=2, keepdims=True) / (weight * seats).sum(axis=2, keepdims=True)
            deviation = (abs(x - mean) * seats).sum(axis=2) / seats.sum(axis=1)
            found += (1.0 - factor * deviation).mean(axis=(1, 2))
        mean_of_issues: Floats = found / len(_RUSSIA_AND_UKRAINE)
        return mean_of_issues

    return measure


def _objections(run: Ensemble, _: Quantity) -> Floats:
    """Return objections of each European to items on Russia and Ukraine (D, Europeans)."""
    column = [row.column for row in run.program.agenda if row.issue in _RUSSIA_AND_UKRAINE]
    who = [ALLY_INDEX[ally] for ally in EUROPEANS]
    found: Floats = (run.records.objection[:, column][:, :, who] >= 0).sum(axis=1).astype(float)
    return found


def _both_commitments(run: Ensemble, _: Quantity) -> Floats:
    aid = run.output.outcomes[:, [0, _AT], OUTCOMES["ukraine_support_total"]]
    start, later = (
        _mean_of(
            run,
            run.output.allies[:, :, ALLY_VARIABLES.index("spending")],
            Quantity(of="ally", name="spending", months=(month, month), weight="gdp"),
            "europeans",
        )
        for month in (0, _AT)
    )
    kept = (aid[:, 1] >= _AID_LEFT * aid[:, 0]) & (later >= start + _SPENDING_ADDED)
    return kept.astype(float)


def _postponed(run: Ensemble, _: Quantity) -> Floats:
    return (run.output.outcomes[:, -1, OUTCOMES["postponements"]] >= 1.0).astype(float)


def _margins_to_2018(run: Ensemble, _: Quantity) -> Floats:
    """Return margins of the least willing at NATO's items to 2018 (D, items), posture at Brussels first."""
    rows = [row for row in run.program.agenda if row.forum in ("nac", "nato_summit") and row.month <= "2018-12"]
    rows.sort(key=lambda row: (row.meeting, row.issue) != ("nato_summit-2018-07", "deterrence_posture"))
    margins: Floats = run.records.margin[:, [row.column for row in rows]]
    return margins


_RATHER = ("HUN", "SVK", "TUR")
_AGREEING = tuple(ally for ally in ALLIES if ally not in _RATHER)
_EUROPEANS = tuple(ally for ally in EUROPEANS if ally not in _RATHER)
_SPECIAL: Mapping[str, Callable[[Ensemble, Quantity], Floats]] = MappingProxyType(
    {
        "objections": _objections,
        "agreement_europeans": _agreement(_EUROPEANS, 1.0),
        "agreement_europeans_doubled": _agreement(_EUROPEANS, 2.0),
        "agreement_allies": _agreement(_AGREEING, 1.0),
        "agreement_allies_doubled": _agreement(_AGREEING, 2.0),
        "both_commitments": _both_commitments,
        "postponed": _postponed,
        "margins_to_2018": _margins_to_2018,
    }
)


def needs_positions(quantity: Quantity) -> bool:
    """Return whether positions of allies have to be kept to take a quantity from a run.

    Examples
    --------
    >>> needs_positions(Quantity(of="position", name="sanctions", group="others", months=(7, 18)))
    True
    """
    return quantity.of == "position" or quantity.name.startswith("agreement_")


def taken(run: Ensemble, quantity: Quantity) -> Floats:
    """Return a quantity of each draw (D,), or several numbers of each (D, m) for some of the special ones.

    Examples
    --------
    >>> import alliance_sim as als
    >>> run = als.simulate("baseline_2018", draws=2, keep="monthly")
    >>> taken(run, Quantity(of="outcome", name="cohesion", months=(7, 9))).shape
    (2,)
    """
    if quantity.of == "outcome":
        return _outcome(run, quantity)
    if quantity.of == "ally":
        return _grouped(run, run.output.allies[:, :, ALLY_VARIABLES.index(quantity.name)], quantity)
    if quantity.of == "position":
        return _grouped(run, run.output.positions[:, :, :, list(ISSUES).index(quantity.name)], quantity)
    return (_FATES if quantity.of == "decision" else _SPECIAL)[quantity.name](run, quantity)
