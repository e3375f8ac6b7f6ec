"""Meetings: who takes part, what comes up, and what the answer does to the alliance."""

import numpy as np

from alliance_sim.core.acceptance import chance_and_opposition, log_chance, prepare_session, share_out_salience
from alliance_sim.core.jit import kernel
from alliance_sim.core.procedure import capacity, decide_item
from alliance_sim.core.rng import fill_logistic, fill_normal, uniform
from alliance_sim.core.structures import (
    HELD,
    NOT_PENDING,
    SANCTIONS,
    US,
    WAITING,
    AllyInput,
    AllyState,
    Channel,
    Decision,
    Forum,
    IssueState,
    Item,
    Param,
    Rule,
    Seating,
    World,
)


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
def take_seats(state, shared, session, t, forum):
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
        pull = state.params[Param.cross_forum]
    gather(session.standing, state.ally[AllyState.standing], session.ally, rows)
    gather(session.dependence, state.ally_input[AllyInput.dependence], session.ally, rows)
    gather(session.population, state.ally_input[AllyInput.population], session.ally, rows)
    session.temper[:] = 0.0
    seating = Seating(n, rows, patron, pull, shared.neutral[forum])
    prepare_session(session, seating)
    return seating


@kernel(inline="always")
def read_positions(state, session, seating, meetings, j, clock):
    """Draw positions as read at the meeting and as the chair reads them, and temper, once per ally for item j."""
    params = state.params
    parts, issues, ident = meetings.parts[j], meetings.issue[j], meetings.item_ident[j]
    rows = seating.rows
    for row in range(rows):
        session.key[row] = key_of(ident, session.ally[row])
    fill_logistic(session.temper[:rows], clock, Channel.TEMPER, session.key)
    for m in range(parts):
        for row in range(rows):
            session.key[row] = key_of(ident, session.ally[row] + m * state.position.shape[1])
        fill_normal(session.position[m, :rows], clock, Channel.POSITION, session.key)
        fill_normal(session.chair[m, :rows], clock, Channel.CHAIR, session.key)
        gather(session.weight[m], state.salience[issues[m]], session.ally, rows)
        for row in range(rows):
            position = state.position[issues[m], session.ally[row]]
            session.position[m, row] = position + params[Param.sd_position] * session.position[m, row]
            session.chair[m, row] = position + params[Param.sd_chair] * session.chair[m, row]
    share_out_salience(session, parts, seating.rows)


@kernel(allocates=True)
def text_of(meetings, j, rounds, params):
    """The item in column j, as the consensus procedure takes it, with so many rounds of silence."""
    min_share = meetings.min_share[j]
    if np.isnan(min_share):
        min_share = params[Param.min_share]
    base = meetings.reversion[j]
    return Item(
        meetings.parts[j], base, meetings.span[j], base, True, min_share,
        meetings.divisible[j] > 0, meetings.rule[j], meetings.allowance[j], rounds,
    )  # fmt: skip


@kernel()
def hold_meetings(state, shared, docket, session, clock):
    """12. Hold the meetings due in a month."""
    meetings, t = docket.meetings, clock.month
    for j in range(state.pending.shape[0]):
        # A hold-up ends by a side payment or by tiring.
        if state.pending[j] == HELD and (
            uniform(clock, Channel.HOLDUP_END, meetings.item_ident[j]) < state.params[Param.holdup_end]
        ):
            state.pending[j] = WAITING
    for meeting in range(meetings.start[t], meetings.start[t + 1]):
        forum = meetings.forum[meeting]
        seating = take_seats(state, shared, session, t, forum)
        if seating.n == 0:
            continue
        settle_pending(state, docket, session, seating, clock, meeting)
        hold(state, docket, session, seating, clock, meeting)


@kernel(allocates=True)
def settle_pending(state, docket, session, seating, clock, meeting):
    """Take up what earlier meetings of this forum left over."""
    meetings, records, row = docket
    for earlier in range(meeting):
        if meetings.forum[earlier] != meetings.forum[meeting]:
            continue
        for j in range(meetings.first[earlier], meetings.first[earlier + 1]):
            if state.pending[j] == WAITING:
                state.pending[j] = NOT_PENDING
                read_positions(state, session, seating, meetings, j, clock)
                item = text_of(meetings, j, meetings.rounds[meeting], state.params)
                outcome, f, _tabled, _support, _margin, _pivotal = decide_item(item, session, seating, state.params)
                take_effect(state, meetings, session, seating, j, outcome, f)
                records.settled[row, j] = outcome
                records.settled_share[row, j] = f


@kernel(allocates=True)
def hold(state, docket, session, seating, clock, meeting):
    """One meeting: choose the agenda that fits its sessions, then decide item by item."""
    params = state.params
    meetings, records, row = docket
    first, last = meetings.first[meeting], meetings.first[meeting + 1]
    drop_what_does_not_fit(state, docket, session, seating, meeting)
    over = False
    for j in range(first, last):
        if records.outcome[row, j] == Decision.WITHDRAWN:
            continue
        ident = meetings.item_ident[j]
        if over:
            records.outcome[row, j] = Decision.DEFERRED
            state.pending[j] = WAITING
            continue
        if lapsed(state, meetings, j):
            records.outcome[row, j] = Decision.WITHDRAWN
            continue
        read_positions(state, session, seating, meetings, j, clock)
        item = text_of(meetings, j, meetings.rounds[meeting], params)
        outcome, f, tabled, support, margin, pivotal = decide_item(item, session, seating, params)
        contested = False
        for i in range(seating.n):
            records.objection[row, j, session.ally[i]] = session.objection[i]
            # To stay out of a coalition of the willing breaks no silence.
            contested = contested or (session.objection[i] > 0 and item.rule != Rule.COALITION)
        records.pivotal[row, j] = session.ally[pivotal]
        records.margin[row, j] = margin
        records.tabled[row, j] = tabled

        if outcome == Decision.ADOPTED or outcome == Decision.DILUTED:
            holder = -1
            if item.rule == Rule.UNANIMITY:  # under any other rule no ally can hold a text up alone
                holder = hold_up(state, session, seating, pivotal, clock, ident)
            if holder >= 0:
                outcome, f = Decision.DEFERRED, 0.0
                state.pending[j] = HELD
                records.holder[row, j] = holder
                records.objection[row, j, holder] = max(1, records.objection[row, j, holder])
        elif (
            outcome == Decision.BLOCKED and uniform(clock, Channel.BYPASS, ident) < params[Param.bypass_rate] * support
        ):
            records.bypassed[row, j] = 1
            bypass(state, meetings, j, tabled)
        records.outcome[row, j] = outcome
        records.share[row, j] = f
        take_effect(state, meetings, session, seating, j, outcome, f)
        if contested and uniform(clock, Channel.BLOWUP, ident) < params[Param.blowup_rate]:
            over = True
            state.world[World.blow_ups] += 1.0
            state.world[World.open_failures] += 1.0


@kernel(allocates=True)
def drop_what_does_not_fit(state, docket, session, seating, meeting):
    """Fewer sessions, fewer items: the most contested ones are never tabled (A3)."""
    meetings, records, row = docket
    first, last = meetings.first[meeting], meetings.first[meeting + 1]
    places = int(meetings.sessions[meeting] * state.params[Param.items_per_session])
    if last - first <= places:
        return
    for j in range(first, last):
        assess(state, session, seating, meetings.parts[j], meetings.issue[j])
        item = text_of(meetings, j, 1, state.params)
        # A renewal is never dropped: it would lapse.
        session.chance[j - first] = log_chance(item, session, seating, 1.0, state.params) if item.divisible else np.inf
    for _ in range(last - first - places):
        worst = np.argmin(session.chance[: last - first])
        if session.chance[worst] == np.inf:
            return
        session.chance[worst] = np.inf
        records.outcome[row, first + worst] = Decision.WITHDRAWN


@kernel()
def lapsed(state, meetings, j):
    """Return whether there is nothing left to renew: an item that is not divisible, on what has lapsed before."""
    return meetings.divisible[j] == 0 and state.issue[IssueState.lapsed, meetings.issue[j, 0]] > 0.0


@kernel(inline="always")
def assess(state, session, seating, parts, issues):
    """Set the chair's view to expressed positions, without the noise of a meeting."""
    for m in range(parts):
        gather(session.chair[m], state.position[issues[m]], session.ally, seating.rows)
        gather(session.weight[m], state.salience[issues[m]], session.ally, seating.rows)
    share_out_salience(session, parts, seating.rows)


@kernel()
def hold_up(state, session, seating, pivotal, clock, ident):
    """The ally that holds an agreed text up over something else, or -1; more often if pivotal and gaining little."""
    for row in range(seating.n):
        i = session.ally[row]
        hazard = state.ally_input[AllyInput.holdup, i]
        if row == pivotal and session.loss[row] > -state.params[Param.objection_cost]:
            hazard *= 1.0 + state.params[Param.holdup_pivot]
        if uniform(clock, Channel.HOLDUP, key_of(ident, i)) < hazard:
            return i
    return -1


@kernel()
def bypass(state, meetings, j, tabled):
    """A coalition of the willing does a part of the text without a decision; it counts on deterrence posture."""
    for m in range(meetings.parts[j]):
        k = meetings.issue[j, m]
        moved = state.params[Param.bypass_share] * tabled * meetings.span[j, m]
        if abs(moved) > abs(state.issue[IssueState.coalition, k]):
            state.issue[IssueState.coalition, k] = moved


@kernel()
def take_effect(state, meetings, session, seating, j, outcome, f):
    """Update norms; after a block, count an open failure and lower trust between objectors and the rest."""
    for m in range(meetings.parts[j]):
        k = meetings.issue[j, m]
        base = meetings.reversion[j, m]
        if outcome == Decision.ADOPTED or outcome == Decision.DILUTED:
            # A text that asks for more takes nothing back, one that asks for less adds nothing.
            text, before = base + f * meetings.span[j, m], state.issue[IssueState.target, k]
            state.issue[IssueState.target, k] = max(text, before) if meetings.span[j, m] >= 0.0 else min(text, before)
            state.issue[IssueState.coalition, k] = state.issue[IssueState.lapsed, k] = 0.0
        elif outcome == Decision.BLOCKED and meetings.divisible[j] == 0:
            state.issue[IssueState.target, k] = base  # a rollover that is not agreed lapses
            state.issue[IssueState.lapsed, k] = 1.0
    if outcome == Decision.BLOCKED:
        state.world[World.open_failures] += 1.0
        lose_trust(state, session, seating)


@kernel(inline="always")
def lose_trust(state, session, seating):
    """Lower trust between those who objected and those who did not; `mechanisms.trust_recovery` restores it."""
    state.world[World.strained] = 1.0
    for a in range(seating.n):
        for b in range(seating.n):
            if (session.objection[a] > 0) != (session.objection[b] > 0):
                state.trust[session.ally[a], session.ally[b]] *= 1.0 - state.params[Param.trust_loss]


@kernel(inline="always")
def consensus_capacity(state, shared, session, t):
    """Mean over a fixed agenda of the greatest expected share of a proposal, whatever meetings a scenario holds."""
    seating = take_seats(state, shared, session, t, Forum.NATO_SUMMIT)
    total = 0.0
    count = shared.reference_issue.shape[0]
    for j in range(count):
        issues = shared.reference_issue[j : j + 1]
        assess(state, session, seating, 1, issues)
        base = shared.reference_reversion[j : j + 1]
        span = shared.reference_span[j : j + 1]
        item = Item(1, base, span, base, True, state.params[Param.min_share], True, Rule.UNANIMITY, 0, 1)
        total += capacity(item, session, seating, state.params)
    return total / count


@kernel(inline="always")
def sanctions_rollover(state, shared, session, t):
    """Chance that the EU renews sanctions at their present level, and the share of standing expected to object."""
    seating = take_seats(state, shared, session, t, Forum.EU_COUNCIL)
    assess(state, session, seating, 1, shared.rollover_issue)
    base = shared.rollover_reversion
    level = state.issue[IssueState.norm, SANCTIONS : SANCTIONS + 1]
    item = Item(1, base, level, base, True, 1.0, False, Rule.UNANIMITY, 0, 1)
    return chance_and_opposition(item, session, seating, 1.0, state.params)
