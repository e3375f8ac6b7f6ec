"""Items of an agenda: what they ask for, and how they are decided."""

import numpy as np

from alliance_sim.core.consultation import read_positions
from alliance_sim.core.disputes import bring_disputes
from alliance_sim.core.jit import kernel
from alliance_sim.core.procedure import decide_item
from alliance_sim.core.rng import uniform
from alliance_sim.core.sessions import Item
from alliance_sim.core.structures import Channel, Clock, Decision, Forum, IssueState, Param, World


@kernel(allocates=True)
def text_of(state, docket, session, j, rounds, clock):
    """The item in column j, as the consensus procedure takes it, with so many rounds of silence."""
    meetings, params = docket.meetings, state.params
    min_share = meetings.min_share[j]
    if np.isnan(min_share):
        min_share = params[Param.min_share]
    reversion = meetings.reversion[j]
    # Nobody is pressed to take back what holds, but as far as Washington campaigns for it (B10).
    pressure = 1.0
    if docket.records.proposed[docket.row, j, 0] < reversion[0]:
        pressure = min(1.0, state.world[World.conciliation])
    for m in range(meetings.parts[j]):
        session.span[m] = docket.records.proposed[docket.row, j, m] - reversion[m]
    return Item(
        meetings.parts[j], reversion, session.span, min_share, is_divisible(meetings, j, clock), meetings.rule[j],
        meetings.allowance[j], rounds, pressure,
    )  # fmt: skip


@kernel()
def coder_of(meetings, j, clock):
    """Which of two coders a draw takes the codes of item j from."""
    return 0 if uniform(Clock(clock.seed, clock.draw, 0), Channel.ASK, meetings.item_ident[j]) < 0.5 else 1


@kernel()
def is_divisible(meetings, j, clock):
    """Whether item j can be watered down, by the coder of this draw."""
    return meetings.divisible[j, coder_of(meetings, j, clock)] > 0


@kernel()
def set_asks(state, docket, seed, draw):
    """At the start of a draw, set what each item asks for: where coders differ, the class of either."""
    meetings, proposed, params = docket.meetings, docket.records.proposed[docket.row], state.params
    clock = Clock(seed, draw, 0)
    for j in range(meetings.parts.shape[0]):
        coder = coder_of(meetings, j, clock)
        for m in range(meetings.parts[j]):
            moved = meetings.span[j, m]
            size = 0.0
            for c in range(meetings.ask[j, m, coder]):
                size += params[Param.ask_routine + c]  # each class asks for more than the one before
            if meetings.ask[j, m, coder] > 0:
                moved *= size * params[Param.tolerated_move]
            proposed[j, m] = min(max(meetings.reversion[j, m] + moved, 0.0), 1.0)


@kernel(allocates=True)
def negotiate(state, docket, session, seating, clock, meeting, j):
    """Decide item j, with the disputes that its members bring to it."""
    meetings, params, ident = docket.meetings, state.params, docket.meetings.item_ident[j]
    read_positions(state, session, seating, docket, j, clock)
    item = text_of(state, docket, session, j, meetings.rounds[meeting], clock)
    at_summit = meetings.forum[meeting] == Forum.NATO_SUMMIT  # leaders do not quarrel in public
    insist = params[Param.insist_summit] if at_summit else params[Param.insist]
    insisted = is_renewal(state, docket, j, 0, clock) or uniform(clock, Channel.INSIST, ident) < insist
    bring_disputes(state, session, seating, item, meetings.issue[j, 0], ident, clock)
    result = decide_item(item, session, seating, insisted, params)
    for i in range(seating.n):
        if session.stake[i] > 0.0 and session.objection[i] > 0:
            if result.outcome == Decision.BLOCKED:
                docket.records.holder[docket.row, j] = session.ally[i]
            else:  # bought off
                state.dispute_end[meetings.issue[j, 0], session.ally[i]] = clock.month
    return result


@kernel(inline="always")
def is_renewal(state, docket, j, m, clock):
    """Whether part m of item j asks for no more than what is in force, beyond what holds without a decision."""
    asked, base = docket.records.proposed[docket.row, j, m], docket.meetings.reversion[j, m]
    in_force = state.issue[IssueState.target, docket.meetings.issue[j, m]]
    return base < asked <= in_force and not is_divisible(docket.meetings, j, clock)
