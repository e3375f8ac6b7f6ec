"""Meetings: who takes part, what comes up, and what the answer does to the alliance."""

import numpy as np

from alliance_sim.core.acceptance import (
    chance_and_opposition,
    log_chance,
    note_weighing,
    prepare_session,
    share_out_salience,
)
from alliance_sim.core.clamp import as_recorded, is_recorded
from alliance_sim.core.constants import (
    BYPASS_RATE,
    BYPASS_SHARE,
    CROSS_FORUM,
    ITEMS_PER_SESSION,
    QUIET_FAILURE,
    TABLED_AGAIN,
)
from alliance_sim.core.consultation import assess, consult, gather, hear_each_other
from alliance_sim.core.disputes import drop_disputes
from alliance_sim.core.items import is_divisible, is_renewal, negotiate, text_of
from alliance_sim.core.jit import kernel
from alliance_sim.core.procedure import capacity
from alliance_sim.core.rng import uniform
from alliance_sim.core.sessions import Item, Seating
from alliance_sim.core.structures import (
    NOT_PENDING,
    PENDING,
    SANCTIONS,
    US,
    WAITING,
    AllyInput,
    AllyState,
    Channel,
    Decision,
    Forum,
    IssueState,
    Param,
    Rule,
    World,
)  # fmt: skip


@kernel(inline="always")
def take_seats(state, shared, weights, session, t, forum):
    """Fill the session with the members of a forum in month t; the United States is the patron, inside or outside."""
    n = 0
    patron = -1
    for i in range(state.position.shape[1]):
        if shared.member[t, forum, i]:
            session.ally[n] = i
            if i == US:
                patron = n
            n += 1
    pull = 1.0
    rows = n
    if patron < 0:
        patron = n
        session.ally[n] = US
        rows = n + 1
        pull = CROSS_FORUM
    gather(session.standing, state.ally[AllyState.standing], session.ally, rows)
    gather(session.dependence, state.ally_input[AllyInput.dependence], session.ally, rows)
    gather(session.population, state.ally_input[AllyInput.population], session.ally, rows)
    gather(session.susceptibility, state.ally_input[AllyInput.susceptibility], session.ally, rows)
    session.temper[:] = 0.0
    session.stake[:] = 0.0
    seating = Seating(n, rows, patron, pull, shared.neutral[forum])
    prepare_session(session, seating)
    hear_each_other(session.voice, session.own, weights, session.ally, n, rows, pull)
    return seating


@kernel()
def hold_meetings(state, shared, docket, weights, forcing, session, clock):
    """12. Hold the meetings due in a month."""
    meetings, t = docket.meetings, clock.month
    drop_disputes(state, forcing, t)
    for meeting in range(meetings.start[t], meetings.start[t + 1]):
        forum = meetings.forum[meeting]
        seating = take_seats(state, shared, weights, session, t, forum)
        if seating.n == 0:
            continue
        settle_pending(state, docket, session, seating, clock, meeting)
        hold(state, docket, session, seating, clock, meeting)


@kernel(allocates=True)
def settle_pending(state, docket, session, seating, clock, meeting):
    """Take up what earlier meetings of this forum left over."""
    meetings, records, row = docket.meetings, docket.records, docket.row
    for earlier in range(meeting):
        if meetings.forum[earlier] != meetings.forum[meeting]:
            continue
        for j in range(meetings.first[earlier], meetings.first[earlier + 1]):
            again = records.outcome[row, j] != Decision.DEFERRED and records.outcome[row, j] != PENDING
            if again and uniform(clock, Channel.AGAIN, meetings.item_ident[j]) >= TABLED_AGAIN:
                continue
            if state.pending[j] == WAITING:
                result = negotiate(state, docket, session, seating, clock, meeting, j)
                take_effect(state, docket, session, seating, j, result, clock)
                state.pending[j] = wait_again(meetings, j, result.outcome)
                records.settled[row, j] = result.outcome
                records.settled_share[row, j] = result.share


@kernel()
def wait_again(meetings, j, outcome):
    """What is pending after an outcome: nothing, or a text that failed and may come up again."""
    failed = outcome == Decision.BLOCKED or outcome == Decision.WITHDRAWN
    return WAITING if failed and meetings.again[j] > 0 else NOT_PENDING


@kernel(allocates=True)
def hold(state, docket, session, seating, clock, meeting):
    """One meeting: choose the agenda that fits its sessions, then decide item by item, priorities first."""
    params = state.params
    meetings, records, row = docket.meetings, docket.records, docket.row
    first, last = meetings.first[meeting], meetings.first[meeting + 1]
    drop_what_does_not_fit(state, docket, session, seating, clock, meeting)
    over = False
    for turn in range(2 * (last - first)):
        j = first + turn % (last - first)
        urgent = turn < last - first
        recorded = is_recorded(docket, j)
        if urgent != (meetings.priority[j] > 0) or records.outcome[row, j] == Decision.WITHDRAWN:
            continue
        ident = meetings.item_ident[j]
        if over and not recorded:
            records.outcome[row, j] = Decision.DEFERRED
            state.pending[j] = WAITING
            continue
        if recorded:
            result = as_recorded(state, docket, session, seating, clock, meeting, j)
        else:
            result = negotiate(state, docket, session, seating, clock, meeting, j)
        if j == docket.weighing.column:
            item = text_of(state, docket, session, j, meetings.rounds[meeting], clock)
            note_weighing(docket.weighing.values[row], item, session, seating, params)
        contested = False
        for i in range(seating.n):
            records.objection[row, j, session.ally[i]] = session.objection[i]
            records.voiced[row, j, session.ally[i]] = session.voiced[i]
            # To stay out of a coalition of the willing breaks no silence.
            contested = contested or (session.objection[i] > 0 and meetings.rule[j] != Rule.COALITION)
        records.pivotal[row, j] = session.ally[result.pivotal]
        records.margin[row, j] = result.margin
        records.first_tabled[row, j], records.tabled[row, j] = result.first_tabled, result.tabled
        records.outcome[row, j], records.share[row, j] = result.outcome, result.share
        if result.outcome == Decision.BLOCKED and uniform(clock, Channel.BYPASS, ident) < BYPASS_RATE * result.support:
            records.bypassed[row, j] = 1
            bypass(state, docket, j, result.tabled)
        take_effect(state, docket, session, seating, j, result, clock)
        state.pending[j] = NOT_PENDING if recorded else wait_again(meetings, j, result.outcome)
        if contested and uniform(clock, Channel.BLOWUP, ident) < params[Param.blowup_rate]:
            over = True
            state.world[World.blow_ups] += 1.0
            state.world[World.open_failures] += 1.0


@kernel(allocates=True)
def drop_what_does_not_fit(state, docket, session, seating, clock, meeting):
    """Fewer sessions, fewer items: the most contested ones are never tabled (A3)."""
    meetings, records, row = docket.meetings, docket.records, docket.row
    first, last = meetings.first[meeting], meetings.first[meeting + 1]
    places = int(meetings.sessions[meeting] * ITEMS_PER_SESSION)
    if last - first <= places:
        return
    for j in range(first, last):
        session.chance[j - first] = np.inf
        # A renewal is never dropped, for it would lapse, nor what the meeting is called for.
        if is_divisible(meetings, j, clock) and meetings.priority[j] == 0 and not is_recorded(docket, j):
            assess(state, session, seating, meetings.parts[j], meetings.issue[j])
            item = text_of(state, docket, session, j, 1, clock)
            session.chance[j - first] = log_chance(item, session, seating, 1.0, state.params)
    for _ in range(last - first - places):
        worst = np.argmin(session.chance[: last - first])
        if session.chance[worst] == np.inf:
            return
        session.chance[worst] = np.inf
        records.outcome[row, first + worst] = Decision.WITHDRAWN


@kernel()
def bypass(state, docket, j, tabled):
    """A coalition of the willing does a part of the text without a decision; it counts on deterrence posture."""
    meetings = docket.meetings
    for m in range(meetings.parts[j]):
        k = meetings.issue[j, m]
        span = docket.records.proposed[docket.row, j, m] - meetings.reversion[j, m]
        moved = BYPASS_SHARE * tabled * span
        if abs(moved) > abs(state.issue[IssueState.coalition, k]):
            state.issue[IssueState.coalition, k] = moved


@kernel()
def take_effect(state, docket, session, seating, j, result, clock):
    """Update norms; count an open failure after a block, and a part of one after a withdrawal."""
    meetings, outcome = docket.meetings, result.outcome
    for m in range(meetings.parts[j]):
        k, base = meetings.issue[j, m], meetings.reversion[j, m]
        span = docket.records.proposed[docket.row, j, m] - base
        if outcome == Decision.ADOPTED or outcome == Decision.DILUTED:
            # A text that asks for more takes nothing back, one that asks for less adds nothing.
            text, before = base + result.share * span, state.issue[IssueState.target, k]
            state.issue[IssueState.target, k] = max(text, before) if span >= 0.0 else min(text, before)
            state.issue[IssueState.coalition, k] = 0.0
        elif outcome == Decision.BLOCKED and is_renewal(state, docket, j, m, clock):
            state.issue[IssueState.target, k] = base  # what is not renewed lapses
    if outcome == Decision.BLOCKED:
        state.world[World.open_failures] += 1.0
    elif outcome == Decision.WITHDRAWN:
        state.world[World.open_failures] += QUIET_FAILURE


@kernel(inline="always")
def consensus_capacity(state, shared, weights, session, t):
    """Mean over a fixed agenda of the greatest expected share of a proposal, whatever meetings a scenario holds."""
    seating = take_seats(state, shared, weights, session, t, Forum.NATO_SUMMIT)
    total = 0.0
    count = shared.reference_issue.shape[0]
    for j in range(count):
        gather(session.expressed[j], state.position[shared.reference_issue[j]], session.ally, seating.rows)
    consult(session, seating, state.params[Param.consultation], count)
    for j in range(count):
        for row in range(seating.rows):
            session.chair[0, row] = session.expressed[j, row]
        gather(session.weight[0], state.salience[shared.reference_issue[j]], session.ally, seating.rows)
        share_out_salience(session, 1, seating.rows)
        base = shared.reference_reversion[j : j + 1]
        span = shared.reference_span[j : j + 1]
        item = Item(1, base, span, state.params[Param.min_share], True, Rule.UNANIMITY, 0, 1, 1.0)
        total += capacity(item, session, seating, state.params)
    return total / count


@kernel(inline="always")
def sanctions_rollover(state, shared, weights, session, t):
    """Chance that the EU renews sanctions at their present level, and the share of standing expected to object."""
    seating = take_seats(state, shared, weights, session, t, Forum.EU_COUNCIL)
    assess(state, session, seating, 1, shared.rollover_issue)
    base = shared.rollover_reversion
    level = state.issue[IssueState.norm, SANCTIONS : SANCTIONS + 1]
    item = Item(1, base, level, 1.0, False, Rule.UNANIMITY, 0, 1, 1.0)
    return chance_and_opposition(item, session, seating, 1.0, state.params)
