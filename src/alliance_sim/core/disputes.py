"""Disputes: an ally holds up texts on one issue over something else, until it is bought off, tires, or is voted out.

In the record an ally that objected on an issue objects again at the next text on it far more often than others do, and
half of the hard objections come from one ally alone, mostly about something else.
"""

import math

from alliance_sim.core.consultation import key_of
from alliance_sim.core.elementary import log
from alliance_sim.core.jit import kernel
from alliance_sim.core.rng import uniform
from alliance_sim.core.structures import US, AllyInput, Channel, Forcing, Param, Rule


@kernel()
def drop_disputes(state, forcing, month):
    """A new government drops the disputes of the last."""
    for i in range(state.position.shape[1]):
        if forcing[Forcing.stance, i] != 0.0 or (i == US and forcing[Forcing.leader, US] > 0.0):
            for k in range(state.position.shape[0]):
                state.dispute_end[k, i] = min(state.dispute_end[k, i], month)


@kernel()
def bring_disputes(state, session, seating, item, k, ident, clock):
    """Set what each member has at stake: disputes over something else that last, and those that begin now.

    Under any rule but unanimity no member can hold a text up alone, and there is nothing to gain by it.
    """
    params = state.params
    for row in range(seating.rows):
        session.stake[row] = 0.0
    if item.rule != Rule.UNANIMITY:
        return
    for row in range(seating.n):
        i = session.ally[row]
        key = key_of(ident, i)
        if state.dispute_end[k, i] <= clock.month and (
            uniform(clock, Channel.DISPUTE, key) < state.ally_input[AllyInput.dispute_onset, i]
        ):
            begin_dispute(state, k, i, clock)
        if state.dispute_end[k, i] > clock.month:
            session.stake[row] = -params[Param.dispute_stake] * log(uniform(clock, Channel.STAKE, key))


@kernel()
def begin_dispute(state, k, i, clock):
    """Begin a dispute of ally i that holds up texts on issue k; it ends with the same chance each month."""
    key = k * state.position.shape[1] + i
    months = log(uniform(clock, Channel.DISPUTE_END, key)) / log(1.0 - state.params[Param.dispute_end])
    state.dispute_end[k, i] = clock.month + 1.0 + math.floor(months)
