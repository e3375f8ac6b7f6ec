"""A month of the alliance, in the order of the model document, and the one compiled kernel that runs it."""

from collections import namedtuple

import numpy as np

from alliance_sim.core.events import happen
from alliance_sim.core.jit import aligned, inline, inner, njit
from alliance_sim.core.layout import SUPPORT, A, F, G, I, P, S
from alliance_sim.core.mechanisms import (
    Scratch,
    deterrence,
    guarantee,
    influence,
    listening,
    norms,
    russia,
    signals,
    spending,
    threat_perception,
    ukraine,
    ukraine_support,
    view,
    washington,
    washington_position,
    washington_threat,
    wishes,
)
from alliance_sim.core.meetings import hold_meetings
from alliance_sim.core.outcomes import observe
from alliance_sim.core.procedure import new_table

#: What is kept of a run: outcomes (D, T, outcomes), ally variables (D, T, 4, N), positions (D, T, N, K). A run that
#: keeps only the end has T = 1; what is not kept has T = 0.
Output = namedtuple("Output", "outcomes allies positions")


@inline
def month(v, facts, events, meetings, records, row, scratch, table, seed, draw, t):
    """Take one draw through month t."""
    forcing = scratch.forcing
    happen(v, events, forcing, seed, draw, t)
    listening(v, facts, scratch)
    washington(v, forcing)  # 1
    signals(v, forcing, facts, seed, draw, t)  # 2
    threat_perception(v, forcing, facts, scratch, seed, draw, t)  # 3
    guarantee(v, forcing, facts)  # 4
    wishes(v, facts, scratch)  # 5
    influence(v, facts, scratch)  # 6
    spending(v, forcing, facts)  # 7
    ukraine_support(v, forcing, facts)  # 8
    deterrence(v, facts, t)  # 9
    russia(v, forcing, facts, seed, draw, t)  # 10
    ukraine(v, facts)  # 11
    hold_meetings(v, facts, meetings, records, row, table, seed, draw, t)  # 12
    norms(v, forcing)


@inner
def begin(v, facts):
    """Set a draw to where it starts: calibrated positions are expressed positions, and every stock is at rest."""
    p, w = v.p, v.w
    issues, n = v.x.shape
    w[:] = 0.0
    w[G.alpha], w[G.anchor], w[G.leader] = p[P.alpha0], p[P.document_anchor], facts.leader0
    w[G.follow_due] = -1.0
    w[G.c], w[G.war] = p[P.c0], p[P.war0]
    w[G.a] = w[G.a_level] = p[P.a0]
    w[G.resistance], w[G.concession] = p[P.resistance0], p[P.concession0]
    w[G.us_military] = w[G.us_economic] = w[G.us_intelligence] = 1.0
    w[G.need] = w[G.aid_military] = w[G.aid_economic] = w[G.aid_intelligence] = p[P.aid_need0]
    for k in range(issues):
        v.issue[I.norm, k] = v.issue[I.target, k] = facts.norm0[k]
        v.issue[I.coalition, k] = v.issue[I.lead_shift, k] = v.issue[I.lapsed, k] = 0.0
    v.ally[S.stance, :] = 0.0
    v.given[A.tau0, 0] = washington_threat(v)
    for k in range(issues):
        v.x0[k, 0] = washington_position(v, k)
    v.ally[S.tau, :] = v.given[A.tau0, :]
    v.ally[S.g, :] = v.given[A.g0, :]
    v.ally[S.d, :] = v.given[A.d0, :]
    v.ally[S.aid, :] = p[P.aid_need0] * v.given[A.aid0, :]
    v.ally[S.support0, :] = v.x0[SUPPORT, :]
    for i in range(n):
        v.ally[S.cap, i] = v.given[A.d0, i] * v.given[A.gdp, i] / 100.0
        v.ally[S.fatigue, i] = v.ally[S.pressure, i] = v.ally[S.z, i] = v.ally[S.reading, i] = 0.0
        v.ally[S.standing, i] = (v.given[A.gdp, i] / v.given[A.gdp, 0]) ** p[P.standing_exponent]
        for j in range(n):
            v.trust[i, j] = 1.0
    for k in range(issues):
        for i in range(n):
            v.delta[k, i] = 0.0
            v.x[k, i] = v.x0[k, i]
            # Those at the ends of a scale care most about it.
            v.salience[k, i] = p[P.salience_floor] + (1.0 - p[P.salience_floor]) * abs(2.0 * v.x0[k, i] - 1.0)
    v.pending[:] = 0
    deterrence(v, facts, 0)
    w[G.w0] = w[G.w]


@njit
def new_scratch(n, issues):
    """Allocate the room one month needs."""
    return Scratch(
        aligned((len(F), n)),
        aligned((n, n)),
        aligned((issues, n)),
        aligned((3, n)),
        aligned((3 * issues, n)),
    )


@njit
def run_block(state, draws, facts, events, meetings, records, output, seed, draw0, draw1, month0, month1, spin_up):
    """Run draws `draw0` to `draw1 - 1` from month `month0` to `month1 - 1`, in place.

    Months are counted from the beginning of the spin-up; month 0 begins a draw. Rows of the arrays go through the draws
    from `draw0` on, again and again if there are more rows. Months before `spin_up` leave no output, so that noise has
    its steady spread when a scenario begins.
    """
    issues, n = state.x.shape[1], state.x.shape[2]
    scratch = new_scratch(n, issues)
    table = new_table(n)
    # Outcomes of a month that nobody keeps are worked out only where an event may depend on them.
    watched = output.outcomes.shape[1] > 1 or np.any(events.outcome >= 0)
    for row in range(state.x.shape[0]):
        draw = draw0 + row % (draw1 - draw0)
        v = view(state, draws, row)
        scratch.forcing[:] = 0.0  # of the draw before
        if month0 == 0:
            begin(v, facts)
        for t in range(month0, month1):
            month(v, facts, events, meetings, records, row, scratch, table, seed, draw, t)
            if t == month1 - 1 or (watched and t >= spin_up - 1):
                observe(v, facts, table, t)
            if t >= spin_up:
                keep(v, output, row, t - spin_up)


@inline
def keep(v, output, row, t):
    """Write the month's outcomes, ally variables and positions where room was made for them."""
    issues, n = v.x.shape
    if output.outcomes.shape[1] > 0:
        at = min(t, output.outcomes.shape[1] - 1)
        for o in range(v.outcome.shape[0]):
            output.outcomes[row, at, o] = v.outcome[o]
    if output.allies.shape[1] > 0:
        for i in range(n):
            output.allies[row, t, 0, i] = v.ally[S.tau, i]
            output.allies[row, t, 1, i] = v.ally[S.g, i]
            output.allies[row, t, 2, i] = v.ally[S.d, i]
            output.allies[row, t, 3, i] = v.ally[S.aid, i]
    if output.positions.shape[1] > 0:
        for i in range(n):
            for k in range(issues):
                output.positions[row, t, i, k] = v.x[k, i]
