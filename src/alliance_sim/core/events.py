"""Events: what happens in a month of a draw, and what it does."""

from alliance_sim.core.disputes import begin_dispute
from alliance_sim.core.jit import kernel
from alliance_sim.core.rng import uniform
from alliance_sim.core.structures import US, Channel, Comparison, Effect, IssueState, World


@kernel(inline="always")
def happen(state, events, forcing, clock):
    """Let the events of month t happen, each by its chance and condition, in place of last month's if it had any."""
    t = clock.month
    if t > 0 and events.start[t] > events.start[t - 1]:
        forcing[:] = 0.0
    for e in range(events.start[t], events.start[t + 1]):
        if uniform(clock, Channel.EVENT, events.ident[e]) >= events.probability[e]:
            continue
        if not holds(events, e, state.outcomes):
            continue
        for f in range(events.first[e], events.first[e + 1]):
            kind, index, actor, issue = events.kind[f], events.row[f], events.actor[f], events.issue[f]
            value, assign = events.value[f], events.assign[f] > 0
            if kind == Effect.FORCING:
                forcing[index, actor] = value if assign else forcing[index, actor] + value
            elif kind == Effect.PARAMETER:
                state.params[index] = shifted(events, f, state.params[index])
            elif kind == Effect.WORLD:
                state.world[index] = shifted(events, f, state.world[index])
            elif kind == Effect.ALLY_STATE:
                state.ally[index, actor] = shifted(events, f, state.ally[index, actor])
            elif kind == Effect.ALLY_INPUT:
                state.ally_input[index, actor] = shifted(events, f, state.ally_input[index, actor])
            elif kind == Effect.ISSUE_STATE:
                state.issue[index, issue] = shifted(events, f, state.issue[index, issue])
            elif kind == Effect.POSITION and actor == US:
                # What Washington wants is made by its principals; the president's wish moves.
                wish = state.leader_position[int(state.world[World.leader]), issue]
                state.issue[IssueState.leader_shift, issue] = (
                    value - wish if assign else state.issue[IssueState.leader_shift, issue] + value
                )
            elif kind == Effect.DISPUTE:
                begin_dispute(state, issue, actor, clock)
            elif kind == Effect.POSITION:
                state.initial_position[issue, actor] = shifted(events, f, state.initial_position[issue, actor])


@kernel(inline="always")
def shifted(events, f, before):
    """Return a number after effect f, held within its range."""
    after = events.value[f] if events.assign[f] > 0 else before + events.value[f]
    return min(max(after, events.low[f]), events.high[f])


@kernel(inline="always")
def holds(events, e, outcome):
    """Return whether the condition of event e holds for last month's outcomes."""
    if events.outcome[e] < 0:
        return True
    seen, bound = outcome[events.outcome[e]], events.bound[e]
    comparison = events.comparison[e]
    if comparison == Comparison.ABOVE:
        return seen > bound
    if comparison == Comparison.AT_LEAST:
        return seen >= bound
    if comparison == Comparison.BELOW:
        return seen < bound
    return seen <= bound
