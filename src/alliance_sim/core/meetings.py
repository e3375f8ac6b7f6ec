"""Meetings: who sits at the table, what comes up, and what the answer does to the alliance."""

from collections import namedtuple

import numpy as np

from alliance_sim.core.jit import apart, inline, inner, leaf
from alliance_sim.core.layout import (
    ADOPTED,
    BLOCKED,
    CH_BLOWUP,
    CH_BYPASS,
    CH_CHAIR,
    CH_HOLDUP,
    CH_HOLDUP_END,
    CH_POSITION,
    CH_TEMPER,
    COALITION,
    DEFERRED,
    DILUTED,
    EU_COUNCIL,
    NATO_SUMMIT,
    SANCTIONS,
    UNANIMITY,
    US,
    WITHDRAWN,
    A,
    G,
    I,
    P,
    S,
)
from alliance_sim.core.procedure import (
    Item,
    Seats,
    capacity,
    chance_and_opposition,
    decide_item,
    log_chance,
    share_out_salience,
    take_their_places,
)
from alliance_sim.core.rng import fill_logistic, fill_normal, uniform

#: The meeting table: `start[t]` to `start[t + 1]` are the meetings of month t, `first[m]` to `first[m + 1]` the items
#: of meeting m. Items with several parts are packages.
Meetings = namedtuple(
    "Meetings",
    "start forum sessions rounds first parts issue reversion span floor divisible rule allowance item_ident",
)
#: What is kept of decisions, one row a draw and one column an item. `share` is the text agreed as a share of the way
#: to the proposal, `tabled` the last one on the table; `objection` is the round of the first objection, 0 for a refusal
#: that was anticipated, -1 for silence; `settled` and `settled_share` say how a deferred item ended later.
Records = namedtuple("Records", "outcome share tabled room pivotal bypassed holder objection settled settled_share")

#: Items held up by an ally carry this in `pending`; those put off for want of time carry WAITING; 0: nothing pending.
HELD, WAITING = 1, 2


@leaf
def key_of(ident, actor):
    """Mix an item's identifier with an actor's index into an identifier for the generator."""
    return (int(ident) + 0x9E3779B1 * (actor + 1)) & 0xFFFFFFFF


@apart
def gather(out, values, ally, rows):
    """Set `out` to the values of those in the first rows."""
    for row in range(rows):
        out[row] = values[ally[row]]


@inline
def take_seats(v, facts, table, t, forum):
    """Fill the table with the members of a forum at month t; the United States is the patron, inside or outside."""
    n = 0
    patron = -1
    for i in range(v.x.shape[1]):
        if facts.member[t, forum, i]:
            table.ally[n] = i
            if i == US:
                patron = n
            n += 1
    pull = 1.0
    rows = n
    if patron < 0:
        patron = n
        table.ally[n] = US
        rows = n + 1
        pull = v.p[P.cross_forum]
    gather(table.standing, v.ally[S.standing], table.ally, rows)
    gather(table.dependence, v.given[A.dependence], table.ally, rows)
    gather(table.population, v.given[A.population], table.ally, rows)
    table.temper[:] = 0.0
    seats = Seats(n, rows, patron, pull, facts.neutral[forum])
    take_their_places(table, seats)
    return seats


@inline
def read_positions(v, table, seats, parts, issues, seed, draw, t, ident):
    """Positions as read at the table and as the chair reads them, once per item and ally; temper likewise."""
    p = v.p
    rows = seats.rows
    for row in range(rows):
        table.key[row] = key_of(ident, table.ally[row])
    fill_logistic(table.temper[:rows], seed, draw, t, CH_TEMPER, table.key)
    for m in range(parts):
        for row in range(rows):
            table.key[row] = key_of(ident, table.ally[row] + m * v.x.shape[1])
        fill_normal(table.position[m, :rows], seed, draw, t, CH_POSITION, table.key)
        fill_normal(table.chair[m, :rows], seed, draw, t, CH_CHAIR, table.key)
        gather(table.weight[m], v.salience[issues[m]], table.ally, rows)
        for row in range(rows):
            position = v.x[issues[m], table.ally[row]]
            table.position[m, row] = position + p[P.sd_pos] * table.position[m, row]
            table.chair[m, row] = position + p[P.sd_chair] * table.chair[m, row]
    share_out_salience(table, parts, seats.rows)


@inner
def text_of(meetings, j, rounds, p):
    """The item in column j, as the consensus procedure takes it, with so many rounds of silence."""
    floor = meetings.floor[j]
    if np.isnan(floor):
        floor = p[P.floor]
    base = meetings.reversion[j]
    return Item(
        meetings.parts[j], base, meetings.span[j], base, True, False, floor,
        meetings.divisible[j] > 0, meetings.rule[j], meetings.allowance[j], rounds,
    )  # fmt: skip


@leaf
def hold_meetings(v, facts, meetings, records, row, table, seed, draw, t):
    """12. Hold the meetings due in month t."""
    for j in range(v.pending.shape[0]):
        # A hold-up ends by a side payment or by tiring.
        if v.pending[j] == HELD and (uniform(seed, draw, t, CH_HOLDUP_END, meetings.item_ident[j]) < v.p[P.holdup_end]):
            v.pending[j] = WAITING
    for meeting in range(meetings.start[t], meetings.start[t + 1]):
        forum = meetings.forum[meeting]
        seats = take_seats(v, facts, table, t, forum)
        if seats.n == 0:
            continue
        settle_pending(v, meetings, records, row, table, seats, seed, draw, t, meeting)
        hold(v, meetings, records, row, table, seats, seed, draw, t, meeting)


@inner
def settle_pending(v, meetings, records, row, table, seats, seed, draw, t, meeting):
    """Take up what earlier meetings of this forum left over."""
    for earlier in range(meeting):
        if meetings.forum[earlier] != meetings.forum[meeting]:
            continue
        for j in range(meetings.first[earlier], meetings.first[earlier + 1]):
            if v.pending[j] == WAITING:
                v.pending[j] = 0
                read_positions(
                    v, table, seats, meetings.parts[j], meetings.issue[j], seed, draw, t, meetings.item_ident[j]
                )
                item = text_of(meetings, j, meetings.rounds[meeting], v.p)
                outcome, f, _tabled, _support, _room, _pivotal = decide_item(item, table, seats, v.p)
                take_effect(v, meetings, table, seats, j, outcome, f)
                records.settled[row, j] = outcome
                records.settled_share[row, j] = f


@inner
def hold(v, meetings, records, row, table, seats, seed, draw, t, meeting):
    """One meeting: choose the agenda that fits its sessions, then decide item by item."""
    p = v.p
    first, last = meetings.first[meeting], meetings.first[meeting + 1]
    drop_what_does_not_fit(v, meetings, records, row, table, seats, meeting)
    over = False
    for j in range(first, last):
        if records.outcome[row, j] == WITHDRAWN:
            continue
        ident = meetings.item_ident[j]
        if over:
            records.outcome[row, j] = DEFERRED
            v.pending[j] = WAITING
            continue
        if lapsed(v, meetings, j):
            records.outcome[row, j] = WITHDRAWN
            continue
        read_positions(v, table, seats, meetings.parts[j], meetings.issue[j], seed, draw, t, ident)
        item = text_of(meetings, j, meetings.rounds[meeting], p)
        outcome, f, tabled, support, room, pivotal = decide_item(item, table, seats, p)
        contested = False
        for i in range(seats.n):
            records.objection[row, j, table.ally[i]] = table.objection[i]
            # To stay out of a coalition of the willing breaks no silence.
            contested = contested or (table.objection[i] > 0 and item.rule != COALITION)
        records.pivotal[row, j] = table.ally[pivotal]
        records.room[row, j] = room
        records.tabled[row, j] = tabled

        if outcome == ADOPTED or outcome == DILUTED:
            holder = -1
            if item.rule == UNANIMITY:  # under any other rule no ally can hold a text up alone
                holder = hold_up(v, table, seats, pivotal, seed, draw, t, ident)
            if holder >= 0:
                outcome, f = DEFERRED, 0.0
                v.pending[j] = HELD
                records.holder[row, j] = holder
                records.objection[row, j, holder] = max(1, records.objection[row, j, holder])
        elif outcome == BLOCKED and uniform(seed, draw, t, CH_BYPASS, ident) < p[P.bypass_rate] * support:
            records.bypassed[row, j] = 1
            bypass(v, meetings, j, tabled)
        records.outcome[row, j] = outcome
        records.share[row, j] = f
        take_effect(v, meetings, table, seats, j, outcome, f)
        if contested and uniform(seed, draw, t, CH_BLOWUP, ident) < p[P.blowup_rate]:
            over = True
            v.w[G.blow_ups] += 1.0
            v.w[G.failure] += 1.0


@inner
def drop_what_does_not_fit(v, meetings, records, row, table, seats, meeting):
    """Fewer sessions, fewer items: the most contested ones are never tabled (A3)."""
    first, last = meetings.first[meeting], meetings.first[meeting + 1]
    room = int(meetings.sessions[meeting] * v.p[P.items_per_session])
    if last - first <= room:
        return
    for j in range(first, last):
        assess(v, table, seats, meetings.parts[j], meetings.issue[j])
        item = text_of(meetings, j, 1, v.p)
        # A renewal is never dropped: it would lapse.
        table.chance[j - first] = log_chance(item, table, seats, 1.0, v.p) if item.divisible else np.inf
    for _ in range(last - first - room):
        worst = np.argmin(table.chance[: last - first])
        if table.chance[worst] == np.inf:
            return
        table.chance[worst] = np.inf
        records.outcome[row, first + worst] = WITHDRAWN


@leaf
def lapsed(v, meetings, j):
    """Whether there is nothing left to renew: an item that is not divisible, on what has lapsed before."""
    return meetings.divisible[j] == 0 and v.issue[I.lapsed, meetings.issue[j, 0]] > 0.0


@inline
def assess(v, table, seats, parts, issues):
    """Set the chair's view to expressed positions, without the noise of a table."""
    for m in range(parts):
        gather(table.chair[m], v.x[issues[m]], table.ally, seats.rows)
        gather(table.weight[m], v.salience[issues[m]], table.ally, seats.rows)
    share_out_salience(table, parts, seats.rows)


@leaf
def hold_up(v, table, seats, pivotal, seed, draw, t, ident):
    """The ally that holds an agreed text up over something else, or -1; likelier if pivotal and gaining little."""
    for row in range(seats.n):
        i = table.ally[row]
        hazard = v.given[A.holdup, i]
        if row == pivotal and table.loss[row] > -v.p[P.h0]:
            hazard *= 1.0 + v.p[P.holdup_pivot]
        if uniform(seed, draw, t, CH_HOLDUP, key_of(ident, i)) < hazard:
            return i
    return -1


@leaf
def bypass(v, meetings, j, tabled):
    """A coalition of the willing moves the substance in part; the norm stays."""
    for m in range(meetings.parts[j]):
        k = meetings.issue[j, m]
        moved = v.p[P.bypass_share] * tabled * meetings.span[j, m]
        if abs(moved) > abs(v.issue[I.coalition, k]):
            v.issue[I.coalition, k] = moved


@leaf
def take_effect(v, meetings, table, seats, j, outcome, f):
    """What the outcome of an item does to norms, trust and what Moscow sees."""
    p = v.p
    for m in range(meetings.parts[j]):
        k = meetings.issue[j, m]
        base = meetings.reversion[j, m]
        if outcome == ADOPTED or outcome == DILUTED:
            # A text that asks for more takes nothing back, one that asks for less adds nothing.
            text, before = base + f * meetings.span[j, m], v.issue[I.target, k]
            v.issue[I.target, k] = max(text, before) if meetings.span[j, m] >= 0.0 else min(text, before)
            v.issue[I.coalition, k] = v.issue[I.lapsed, k] = 0.0
        elif outcome == BLOCKED and meetings.divisible[j] == 0:
            v.issue[I.target, k] = base  # a rollover that is not agreed lapses
            v.issue[I.lapsed, k] = 1.0
    if outcome == BLOCKED:
        v.w[G.failure] += 1.0
        v.w[G.strained] = 1.0
        for a in range(seats.n):
            for b in range(seats.n):
                if (table.objection[a] > 0) != (table.objection[b] > 0):
                    v.trust[table.ally[a], table.ally[b]] *= 1.0 - p[P.trust_loss]


@inline
def consensus_capacity(v, facts, table, t):
    """Mean over a fixed agenda of the greatest expected share of a proposal, whatever meetings a scenario holds."""
    seats = take_seats(v, facts, table, t, NATO_SUMMIT)
    total = 0.0
    count = facts.reference_issue.shape[0]
    for j in range(count):
        issues = facts.reference_issue[j : j + 1]
        assess(v, table, seats, 1, issues)
        base = facts.reference_reversion[j : j + 1]
        span = facts.reference_span[j : j + 1]
        item = Item(1, base, span, base, True, False, v.p[P.floor], True, UNANIMITY, 0, 1)
        total += capacity(item, table, seats, v.p)
    return total / count


@inline
def sanctions_rollover(v, facts, table, t):
    """Chance that the EU renews sanctions at their present level, and the share of standing expected to object."""
    seats = take_seats(v, facts, table, t, EU_COUNCIL)
    assess(v, table, seats, 1, facts.rollover_issue)
    base = facts.rollover_reversion
    level = v.issue[I.norm, SANCTIONS : SANCTIONS + 1]
    item = Item(1, base, level, base, True, False, 1.0, False, UNANIMITY, 0, 1)
    return chance_and_opposition(item, table, seats, 1.0, v.p)
