"""Events of a scenario as arrays of the core."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile.inputs import PER_ALLY
from alliance_sim.core import structures as core
from alliance_sim.core.structures import US, AllyState, Comparison, Events, Forcing, IssueState, Outcome, Param, World
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.events import Effect
from alliance_sim.registry.fields import month_number
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.keys import stable_id
from alliance_sim.scenarios import Scenario

_COMPARISONS = {">": Comparison.ABOVE, ">=": Comparison.AT_LEAST, "<": Comparison.BELOW, "<=": Comparison.AT_MOST}
_EVERYONE = range(len(ALLIES))
_OTHERS = [i for i in _EVERYONE if i != US]


def starts(months: list[int], total: int) -> NDArray[np.int64]:
    """Return where the rows of each month begin in a table sorted by month."""
    return np.searchsorted(np.array(months, dtype=np.int64), np.arange(total + 1)).astype(np.int64)


def identifier(name: str, taken: dict[int, str], what: str) -> int:
    """Return the identifier of the random numbers of `name`; refuse one that another name has taken."""
    ident = stable_id(name)
    if taken.setdefault(ident, name) != name:
        raise InputError(
            f"{what}: {shown(name)} and {shown(taken[ident])} have the same random numbers; rename one of them"
        )
    return ident


@dataclass(frozen=True)
class _Row:
    """An effect as the core takes it."""

    kind: core.Effect
    row: int
    actor: int
    issue: int
    value: float
    assign: bool
    low: float
    high: float


def compile_events(scenario: Scenario, spin_up: int) -> Events:
    """Return the events of a scenario, in order of their months."""
    start = month_number(scenario.start) - spin_up
    end = month_number(scenario.start) + scenario.months
    dated = [
        (month, event)
        for event in scenario.events
        for month in range(month_number(event.month), min(month_number(event.month) + event.during, end))
    ]
    dated.sort(key=lambda entry: (entry[0], entry[1].id))
    ordered = [event for _, event in dated]
    taken: dict[int, str] = {}
    effects = [[row for effect in event.effects() for row in _rows(effect)] for event in ordered]
    flat = [row for rows in effects for row in rows]
    conditions = [event.when for event in ordered]
    return Events(
        start=starts([month - start for month, _ in dated], spin_up + scenario.months),
        ident=np.array([identifier(event.id, taken, "events") for event in ordered], dtype=np.uint32),
        probability=np.array([event.probability for event in ordered], dtype=np.float64),
        outcome=np.array([Outcome[c.outcome] if c else -1 for c in conditions], dtype=np.int64),
        comparison=np.array([_COMPARISONS[c.op] if c else 0 for c in conditions], dtype=np.int64),
        bound=np.array([c.value if c else 0.0 for c in conditions], dtype=np.float64),
        first=np.concatenate([[0], np.cumsum([len(rows) for rows in effects])]).astype(np.int64),
        kind=np.array([row.kind for row in flat], dtype=np.int64),
        row=np.array([row.row for row in flat], dtype=np.int64),
        actor=np.array([row.actor for row in flat], dtype=np.int64),
        issue=np.array([row.issue for row in flat], dtype=np.int64),
        value=np.array([row.value for row in flat], dtype=np.float64),
        assign=np.array([row.assign for row in flat], dtype=np.uint8),
        low=np.array([row.low for row in flat], dtype=np.float64),
        high=np.array([row.high for row in flat], dtype=np.float64),
    )


def _rows(effect: Effect) -> list[_Row]:
    """Return the core's rows of one effect."""

    def rows(kind: core.Effect, row: int, actors: Iterable[int] = (US,), issue: int = 0) -> list[_Row]:
        assign = effect.op == "set"
        return [_Row(kind, row, i, issue, effect.value, assign, effect.low, effect.high) for i in actors]

    named = None if effect.actor is None else [ALLY_INDEX[effect.actor]]
    match effect.kind:
        case "forcing":
            channel = Forcing[effect.name]
            return rows(core.Effect.FORCING, channel, named or (_OTHERS if channel.others else [US]))
        case "world":
            return rows(core.Effect.WORLD, World[effect.name])
        case "parameter" if effect.name in PER_ALLY:
            return rows(core.Effect.ALLY_INPUT, PER_ALLY[effect.name], named or _EVERYONE)
        case "parameter":
            return rows(core.Effect.PARAMETER, Param[effect.name])
        case "ally":
            # All but spending follows from other things in Washington.
            if effect.name == "spending":  # what is spent goes on in the next budgets
                spent = (AllyState.spending, AllyState.budget)
                return [row for state in spent for row in rows(core.Effect.ALLY_STATE, state, named or _EVERYONE)]
            return rows(core.Effect.ALLY_STATE, AllyState[effect.name], named or _OTHERS)
        case "issue":
            # A norm that is set stays: what was adopted last moves with it.
            issue = ISSUES.index(effect.issue or "")
            norms = (IssueState.norm, IssueState.target)
            return [row for norm in norms for row in rows(core.Effect.ISSUE_STATE, norm, issue=issue)]
        case "dispute":
            return rows(core.Effect.DISPUTE, 0, named or [], ISSUES.index(effect.issue or ""))
        case "position":
            return rows(core.Effect.POSITION, 0, named or _EVERYONE, ISSUES.index(effect.issue or ""))
