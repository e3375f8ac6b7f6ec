"""Quantities that several mechanisms and outcomes derive from the state, and views of it."""

import numpy as np

from alliance_sim.core.jit import kernel
from alliance_sim.core.structures import US, AllyState, DrawState, IssueInput, IssueState, Param, World

#: Ends of the range of every state, by row: (rows, 2).
_WORLD, _ALLY, _ISSUE = (
    np.array([(state.low, state.high) for state in table], np.float64) for table in (World, AllyState, IssueState)
)


@kernel(allocates=True)
def draw_state(states, inputs, row):
    """Return one draw of a block as named arrays (no copies)."""
    return DrawState(
        states.ally[row],
        inputs.ally_input[row],
        states.issue[row],
        states.displacement[row],
        states.position[row],
        inputs.initial_position[row],
        states.salience[row],
        states.world[row],
        inputs.params[row],
        inputs.leader_threat[row],
        inputs.leader_position[row],
        inputs.institutions_threat[row],
        inputs.issue_input[row],
        inputs.leader_salience[row],
        states.position_error[row],
        states.error_month[row],
        states.dispute_end[row],
        states.pending[row],
        states.outcomes[row],
    )


@kernel(inline="always")
def clip(value, low, high):
    """Return value, held within [low, high]."""
    return min(max(value, low), high)


@kernel(inline="never")
def hold_within_ranges(state):
    """Hold every state within its range of the registry, whatever parameters and events add up to."""
    for s in range(len(_WORLD)):
        state.world[s] = clip(state.world[s], _WORLD[s, 0], _WORLD[s, 1])
    for s in range(len(_ALLY)):
        for i in range(state.ally.shape[1]):
            state.ally[s, i] = clip(state.ally[s, i], _ALLY[s, 0], _ALLY[s, 1])
    for k in range(state.issue.shape[1]):
        for s in range(len(_ISSUE)):
            state.issue[s, k] = clip(state.issue[s, k], _ISSUE[s, 0], _ISSUE[s, 1])
        for i in range(state.ally.shape[1]):  # positions are within the scale, which has length 1
            state.displacement[k, i] = clip(state.displacement[k, i], -1.0, 1.0)


@kernel(inline="always")
def halving(half_life):
    """Share of a stock that is left after a month."""
    return 2.0 ** (-1.0 / half_life)


@kernel(python=True, inline="always", floats="strict")
def mixture(autonomy, leader, institutions, erosion, shift):
    """Return what two principals make together: the leader, shifted, and institutions that erode towards the leader.

    Exact, because a wish at rest is the difference between two of these.
    """
    held = institutions + erosion * (leader - institutions)
    return autonomy * min(max(leader + shift, 0.0), 1.0) + (1.0 - autonomy) * held


@kernel(inline="always")
def institutions_threat(state):
    """Threat as U.S. institutions perceive it: what they perceived at the start, and Russia's conduct since."""
    conduct = state.world[World.assertiveness] - state.world[World.assertiveness_at_start]
    return clip(state.institutions_threat[0] + state.params[Param.conduct_response] * conduct, 0.0, 1.0)


@kernel(inline="always")
def leader_threat(state):
    """Threat as the president perceives it, softened by his own conciliation of Moscow."""
    softened = 1.0 - min(1.0, state.params[Param.softening] * state.world[World.conciliation])
    return state.leader_threat[int(state.world[World.leader])] * softened


@kernel(inline="always")
def washington_salience(state, k):
    """How much Washington cares about issue k: leader and institutions by the president's autonomy."""
    autonomy, leader = state.world[World.presidential_autonomy], int(state.world[World.leader])
    institutions = state.issue_input[IssueInput.institutions_salience, k]
    return autonomy * state.leader_salience[leader, k] + (1.0 - autonomy) * institutions


@kernel(inline="always")
def us_aid_missing(world, shared):
    """Share of the aid that the war requires from the United States that it does not give, over all channels."""
    missing = 0.0
    for channel in range(3):
        missing += shared.channel_weight[channel] * max(0.0, 1.0 - world[World.us_military + channel])
    return missing


@kernel(inline="always")
def washington_threat(state):
    """Threat as Washington perceives it: leader and institutions by the president's autonomy."""
    world = state.world
    threat = mixture(
        world[World.presidential_autonomy],
        leader_threat(state),
        institutions_threat(state),
        world[World.erosion],
        0.0,
    )
    return clip(threat + state.ally[AllyState.stance, US], 0.0, 1.0)


@kernel(inline="always")
def washington_position(state, shared, k):
    """Washington's position on issue k: leader and institutions by the president's autonomy."""
    world = state.world
    leader = state.leader_position[int(world[World.leader]), k]
    conduct = institutions_threat(state) - state.institutions_threat[0]
    at_start = state.issue_input[IssueInput.institutions_position, k]
    slope = state.issue_input[IssueInput.threat_slope, k]
    return mixture(
        world[World.presidential_autonomy],
        leader,
        clip(at_start + state.params[Param.threat_response] * slope * conduct, 0.0, 1.0),
        world[World.erosion],
        state.issue[IssueState.leader_shift, k],
    )


@kernel(inline="always")
def channel_after(level, change):
    """U.S. support through a channel after a change, 1 = the aid needed (`aid_need`)."""
    return clip(level + change, 0.0, 2.0)


@kernel(inline="always")
def total_aid(world, shared):
    """Aid to Ukraine over all channels, 1 = the mean of 2022-2024."""
    total = 0.0
    for channel in range(3):
        total += shared.channel_weight[channel] * world[World.aid_military + channel]
    return total
