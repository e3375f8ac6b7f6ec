"""Which events of a month happen in a draw: the same random numbers as those of the core."""

from __future__ import annotations

import operator
from collections.abc import Mapping

from alliance_sim.registry.events import Event
from alliance_sim.registry.fields import month_number
from alliance_sim.registry.keys import stable_id
from alliance_sim.scenarios import Scenario

__all__ = ["events_of", "happens"]

_COMPARED = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def events_of(scenario: Scenario, month: int) -> list[Event]:
    """Return the events that may happen in a month of a scenario, 0 = its first, in the order of the core.

    Examples
    --------
    >>> import alliance_sim as als
    >>> [event.type for event in events_of(als.load_scenario("us_russia_reset_2025"), 0)]
    ['spending_demand']
    """
    number = month_number(scenario.start) + month
    found = [e for e in scenario.events if month_number(e.month) <= number < month_number(e.month) + e.during]
    return sorted(found, key=lambda event: event.id)


def happens(event: Event, seed: int, draw: int, month: int, before: Mapping[str, float]) -> bool:
    """Return whether an event happens in a month of a draw, given the outcomes of the month before.

    Examples
    --------
    >>> import alliance_sim as als
    >>> event = als.load_scenario("us_russia_reset_2025").events[0]
    >>> happens(event, seed=0, draw=0, month=0, before={})
    True
    """
    import numpy as np

    from alliance_sim.compile import SPIN_UP
    from alliance_sim.core.rng import uniform
    from alliance_sim.core.structures import Channel, Clock

    number = uniform(Clock(np.uint64(seed), draw, SPIN_UP + month), Channel.EVENT, stable_id(event.id))
    condition = event.when
    holds = condition is None or _COMPARED[condition.op](before[condition.outcome], condition.value)
    return bool(number < event.probability and holds)
