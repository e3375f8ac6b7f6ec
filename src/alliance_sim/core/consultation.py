"""Before a meeting: who listens to whom, where that takes the positions expressed, and what is read of them."""

import math

from alliance_sim.core.acceptance import share_out_salience
from alliance_sim.core.jit import kernel
from alliance_sim.core.rng import fill_logistic, fill_normal
from alliance_sim.core.structures import Channel, Param

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


@kernel(inline="always")
def hear_each_other(session, seating, weights):
    """Set with what weights participants listen: those of the month, among themselves, less to one from outside."""
    n = seating.n
    for a in range(n):
        session.heard[a] = 0.0
    for b in range(seating.rows):
        share = 1.0 if b < n else seating.pull
        for a in range(n):
            session.voice[b, a] = share * weights[session.ally[b], session.ally[a]]
            session.heard[a] += session.voice[b, a]
    for b in range(seating.rows):
        for a in range(n):
            if session.heard[a] > 0.0:
                session.voice[b, a] /= session.heard[a]
            else:  # who finds nobody here to listen to listens to itself
                session.voice[b, a] = 1.0 if a == b else 0.0


@kernel(inline="always")
def consult(expressed, session, seating, strength):
    """Move expressed positions on one issue by listening (Friedkin-Johnsen); what governments want stays as it was.

    The model of expressed and private opinions is Ye, Qin, Govaert, Anderson and Cao (2019),
    doi:10.1016/j.automatica.2019.05.036, here with private opinions that hold for a meeting.
    """
    n = seating.n
    for a in range(seating.rows):
        session.private[a] = expressed[a]
    for _ in range(CONSULTATIONS):
        for a in range(n):
            session.heard[a] = 0.0
        for b in range(seating.rows):
            for a in range(n):
                session.heard[a] += session.voice[b, a] * expressed[b]
        for a in range(n):
            s = strength * session.susceptibility[a]
            expressed[a] = (1.0 - s) * session.private[a] + s * session.heard[a]


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
            session.accept[row] = wanted(state, docket, j, m, session.ally[row])
        consult(session.accept, session, seating, params[Param.consultation])
        for row in range(rows):
            i = session.ally[row]
            kept = 0.0
            if state.error_month[k, i] >= 0.0:
                kept = 2.0 ** (-(clock.month - state.error_month[k, i]) / params[Param.half_life_position])
            before = kept * state.position_error[k, i]
            error = before + math.sqrt(1.0 - kept * kept) * session.position[m, row]
            state.position_error[k, i], state.error_month[k, i] = error, clock.month
            expected = session.accept[row] + params[Param.sd_position] * before
            session.chair[m, row] = expected + params[Param.sd_chair] * session.chair[m, row]
            session.position[m, row] = session.accept[row] + params[Param.sd_position] * error
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
        gather(session.chair[m], state.position[issues[m]], session.ally, seating.rows)
        gather(session.weight[m], state.salience[issues[m]], session.ally, seating.rows)
        consult(session.chair[m], session, seating, state.params[Param.consultation])
    share_out_salience(session, parts, seating.rows)
