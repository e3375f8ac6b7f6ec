"""Before a meeting: who listens to whom, where that takes the positions expressed, and what is read of them."""

import math

from alliance_sim.core.acceptance import share_out_salience
from alliance_sim.core.influence import product
from alliance_sim.core.jit import kernel
from alliance_sim.core.rng import fill_logistic, fill_normal
from alliance_sim.core.structures import N_ALLIES, Channel, Param

CONSULTATIONS = 4  # rounds of listening before a meeting: what is left to come is a hundredth


@kernel()
def key_of(ident, actor):
    """Mix an item's identifier with an actor's index into an identifier for the generator."""
    return (int(ident) + 0x9E3779B1 * (actor + 1)) & 0xFFFFFFFF


@kernel(inline="always", noalias=True)
def gather(out, values, ally, rows):
    """Set `out` to the values of those in the first rows."""
    for row in range(rows):
        out[row] = values[ally[row]]


@kernel(inline="always", noalias=True)
def hear_each_other(voice, heard, weights, ally, n, rows, pull):
    """Set with what weights n voters listen: those of the month, among the participants, less to one from outside."""
    if n == rows == N_ALLIES:  # all of them, in their order, whose weights sum to one
        for b in range(N_ALLIES):
            for a in range(N_ALLIES):
                voice[b, a] = weights[b, a]
        return
    for a in range(n):
        heard[a] = 0.0
    for b in range(rows):
        share = 1.0 if b < n else pull
        for a in range(n):
            voice[b, a] = share * weights[ally[b], ally[a]]
            heard[a] += voice[b, a]
    for a in range(n):
        heard[a] = 1.0 / heard[a] if heard[a] > 0.0 else 0.0
    for b in range(rows):
        for a in range(n):
            voice[b, a] *= heard[a]
    for a in range(n):
        if heard[a] == 0.0:  # who finds nobody here to listen to listens to itself
            voice[a, a] = 1.0


@kernel(inline="always")
def consult(session, seating, strength, issues):
    """Move the positions in the first rows of `session.expressed` by listening (Friedkin-Johnsen).

    What governments want stays as it was: the model of expressed and private opinions is Ye, Qin, Govaert, Anderson and
    Cao (2019), doi:10.1016/j.automatica.2019.05.036, here with private opinions that hold for a meeting.
    """
    expressed, private, heard = session.expressed, session.private, session.heard
    for m in range(issues):
        for a in range(seating.rows):
            private[m, a] = expressed[m, a]
    for _ in range(CONSULTATIONS):
        product(heard, expressed, session.voice, issues, seating.rows, seating.n)
        for m in range(issues):
            for a in range(seating.n):
                s = strength * session.susceptibility[a]
                expressed[m, a] = (1.0 - s) * private[m, a] + s * heard[m, a]


@kernel(inline="always")
def kept_of(params, months):
    """What is left after some months of the error of a position."""
    return 2.0 ** (-months / params[Param.half_life_position])


@kernel(inline="always")
def read_positions(state, session, seating, docket, j, clock):
    """Set for item j what allies want after consultation, as they show it and as the chair expects it, and temper.

    The error of a position stays for a while: the chair, who saw it at the last meeting, expects what is left of it.
    """
    params, meetings = state.params, docket.meetings
    parts, issues, ident, rows = meetings.parts[j], meetings.issue[j], meetings.item_ident[j], seating.rows
    for row in range(rows):
        session.key[row] = key_of(ident, session.ally[row])
    fill_logistic(session.temper[:rows], clock, Channel.TEMPER, session.key)
    for m in range(parts):
        k = issues[m]
        for row in range(rows):
            session.key[row] = key_of(ident, session.ally[row] + m * state.position.shape[1])
        fill_normal(session.chair[m, :rows], clock, Channel.CHAIR, session.key)
        for row in range(rows):
            session.key[row] = k * state.position.shape[1] + session.ally[row]
        fill_normal(session.position[m, :rows], clock, Channel.POSITION, session.key)
        gather(session.weight[m], state.salience[k], session.ally, rows)
        for row in range(rows):
            session.expressed[m, row] = wanted(state, docket, j, m, session.ally[row])
    consult(session, seating, state.params[Param.consultation], parts)
    for m in range(parts):
        k = issues[m]
        for row in range(rows):
            i = session.ally[row]
            kept = 0.0
            if state.error_month[k, i] >= 0.0:
                kept = kept_of(params, clock.month - state.error_month[k, i])
            before = kept * state.position_error[k, i]
            error = before + math.sqrt(1.0 - kept * kept) * session.position[m, row]
            state.position_error[k, i], state.error_month[k, i] = error, clock.month
            expected = session.expressed[m, row] + params[Param.sd_position] * before
            session.chair[m, row] = expected + params[Param.sd_chair] * session.chair[m, row]
            session.position[m, row] = session.expressed[m, row] + params[Param.sd_position] * error
    share_out_salience(session, parts, seating.rows)


@kernel(inline="always")
def wanted(state, docket, j, m, i):
    """What ally i wants on part m of item j: its position, but its sponsors want no less than they ask for."""
    x = state.position[docket.meetings.issue[j, m], i]
    if docket.meetings.sponsor[j, i] > 0:
        asked = docket.records.proposed[docket.row, j, m]
        x = max(x, asked) if asked > docket.meetings.reversion[j, m] else min(x, asked)
    return x


@kernel(inline="always")
def assess(state, session, seating, parts, issues):
    """Set the chair's view to positions after consultation, without the noise of a meeting."""
    for m in range(parts):
        gather(session.expressed[m], state.position[issues[m]], session.ally, seating.rows)
    consult(session, seating, state.params[Param.consultation], parts)
    for m in range(parts):
        for row in range(seating.rows):
            session.chair[m, row] = session.expressed[m, row]
        gather(session.weight[m], state.salience[issues[m]], session.ally, seating.rows)
    share_out_salience(session, parts, seating.rows)
