"""Events: what happens in a month of a draw, and what it does."""

from collections import namedtuple

from alliance_sim.core.jit import inline
from alliance_sim.core.layout import (
    CH_EVENT,
    SHIFT_ALLY,
    SHIFT_FORCING,
    SHIFT_GIVEN,
    SHIFT_ISSUE,
    SHIFT_PARAMETER,
    SHIFT_POSITION,
    SHIFT_WORLD,
    US,
    G,
    I,
)
from alliance_sim.core.rng import uniform

#: The forcing, sparse because events may be uncertain: events `start[t]` to `start[t + 1]` are those of month t,
#: effects `first[e]` to `first[e + 1]` those of event e. A condition compares last month's outcome `outcome[e]` (-1:
#: none) with `bound[e]`; `comparison` is 0 >, 1 >=, 2 <, 3 <=. An effect falls on `index[f]` of what `kind[f]` says.
Events = namedtuple(
    "Events",
    "start ident probability outcome comparison bound first kind index actor issue value assign low high",
)


@inline
def happen(v, events, forcing, seed, draw, t):
    """Let the events of month t happen, each by its chance and condition, in place of last month's if it had any."""
    if t > 0 and events.start[t] > events.start[t - 1]:
        forcing[:] = 0.0
    for e in range(events.start[t], events.start[t + 1]):
        if uniform(seed, draw, t, CH_EVENT, events.ident[e]) >= events.probability[e]:
            continue
        if not holds(events, e, v.outcome):
            continue
        for f in range(events.first[e], events.first[e + 1]):
            kind, index, actor, issue = events.kind[f], events.index[f], events.actor[f], events.issue[f]
            value, assign = events.value[f], events.assign[f] > 0
            if kind == SHIFT_FORCING:
                forcing[index, actor] = value if assign else forcing[index, actor] + value
            elif kind == SHIFT_PARAMETER:
                v.p[index] = shifted(events, f, v.p[index])
            elif kind == SHIFT_WORLD:
                v.w[index] = shifted(events, f, v.w[index])
            elif kind == SHIFT_ALLY:
                v.ally[index, actor] = shifted(events, f, v.ally[index, actor])
            elif kind == SHIFT_GIVEN:
                v.given[index, actor] = shifted(events, f, v.given[index, actor])
            elif kind == SHIFT_ISSUE:
                v.issue[index, issue] = shifted(events, f, v.issue[index, issue])
            elif kind == SHIFT_POSITION and actor == US:
                # What Washington wants is made by its principals; the president's wish moves.
                wish = v.leader_x[int(v.w[G.leader]), issue]
                v.issue[I.lead_shift, issue] = value - wish if assign else v.issue[I.lead_shift, issue] + value
            elif kind == SHIFT_POSITION:
                v.x0[issue, actor] = shifted(events, f, v.x0[issue, actor])


@inline
def shifted(events, f, before):
    """What effect f makes of a number, held within the number's range."""
    after = events.value[f] if events.assign[f] > 0 else before + events.value[f]
    return min(max(after, events.low[f]), events.high[f])


@inline
def holds(events, e, outcome):
    """Tell whether the condition of event e holds for last month's outcomes."""
    if events.outcome[e] < 0:
        return True
    seen, bound = outcome[events.outcome[e]], events.bound[e]
    comparison = events.comparison[e]
    if comparison == 0:
        return seen > bound
    if comparison == 1:
        return seen >= bound
    if comparison == 2:
        return seen < bound
    return seen <= bound
