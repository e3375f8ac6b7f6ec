"""The one compiled kernel: it runs the months of a block of draws, and keeps what is asked for."""

import math

import numpy as np

from alliance_sim.core.constants import DOCUMENT_ANCHOR, INITIAL_CONCESSION, READ_ERROR, SD_OUTPUT
from alliance_sim.core.derived import (
    clip,
    draw_state,
    washington_position,
    washington_salience,
    washington_threat,
)
from alliance_sim.core.items import set_asks
from alliance_sim.core.jit import aligned, kernel
from alliance_sim.core.mechanisms import month
from alliance_sim.core.outcomes import observe
from alliance_sim.core.rng import normal
from alliance_sim.core.sessions import Docket, new_session
from alliance_sim.core.structures import (
    SUPPORT,
    AllyInput,
    AllyState,
    Channel,
    Clock,
    Forcing,
    IssueInput,
    IssueState,
    Param,
    Scratch,
    World,
)
from alliance_sim.core.war import deterrence

N_FORCING = len(Forcing)
LEAST_SALIENCE = 0.05  # an issue that nobody cares about is no issue


@kernel(inline="always")
def steady(sd, reversion):
    """Steady standard deviation of a quantity that gets noise of `sd` a month and returns at rate `reversion`."""
    left = (1.0 - reversion) * (1.0 - reversion)
    return sd / math.sqrt(1.0 - left) if left < 1.0 else 0.0


@kernel(inline="always")
def salience_of(position, params):
    """What a position tells of salience: those at the ends of a scale care most about it."""
    return params[Param.min_salience] + (1.0 - params[Param.min_salience]) * abs(2.0 * position - 1.0)


@kernel(allocates=True)
def begin(state, shared, clock):
    """Set a draw to where it starts: calibrated positions are expressed positions, and every stock is at rest."""
    params, world = state.params, state.world
    issues, n = state.position.shape
    world[:] = 0.0
    world[World.assertiveness_at_start], world[World.war_at_start] = shared.assertiveness, shared.war
    world[World.aid_need_at_start] = shared.aid_need
    world[World.presidential_autonomy], world[World.anchor], world[World.leader] = (
        params[Param.initial_autonomy],
        DOCUMENT_ANCHOR,
        shared.initial_leader,
    )
    world[World.follow_up_due] = -1.0
    world[World.us_commitment], world[World.war_intensity] = params[Param.initial_commitment], world[World.war_at_start]
    speed = params[Param.assertiveness_speed]
    misread = speed * params[Param.weakness_response] * READ_ERROR
    world[World.assertiveness_level] = world[World.assertiveness_at_start]
    world[World.assertiveness] = clip(
        world[World.assertiveness_at_start] + steady(misread, speed) * normal(clock, Channel.STEADY, n), 0.0, 1.0
    )
    world[World.resistance], world[World.concession_pressure] = (
        params[Param.initial_resistance],
        INITIAL_CONCESSION,
    )
    world[World.us_military] = world[World.us_economic] = world[World.us_intelligence] = 1.0
    world[World.eu_aid] = world[World.aid_need] = world[World.aid_military] = world[World.aid_economic] = world[
        World.aid_intelligence
    ] = world[World.aid_need_at_start]
    for k in range(issues):
        state.issue[IssueState.norm, k] = state.issue[IssueState.target, k] = shared.initial_norm[k]
        state.issue[IssueState.coalition, k] = state.issue[IssueState.leader_shift, k] = 0.0
    state.ally[AllyState.stance, :] = 0.0
    state.ally_input[AllyInput.initial_threat, 0] = washington_threat(state)
    for k in range(issues):
        state.initial_position[k, 0] = washington_position(state, shared, k)
    for i in range(n):
        noise = 0.0 if i == 0 else steady(params[Param.sd_threat], params[Param.threat_reversion])
        if noise > 0.0:
            noise *= normal(clock, Channel.STEADY, i)
        state.ally[AllyState.threat_perception, i] = clip(
            state.ally_input[AllyInput.initial_threat, i] + noise, 0.0, 1.0
        )
    state.ally[AllyState.guarantee_confidence, :] = state.ally_input[AllyInput.initial_confidence, :]
    surprise = SD_OUTPUT * normal(clock, Channel.OUTPUT, 0)
    state.ally[AllyState.spending, 0] = state.ally_input[AllyInput.initial_spending, 0]  # constant
    for i in range(1, n):
        state.ally[AllyState.spending, i] = state.ally_input[AllyInput.initial_spending, i] * (1.0 - surprise)
    state.ally[AllyState.ukraine_support, :] = (
        world[World.aid_need_at_start] * state.ally_input[AllyInput.initial_aid, :]
    )
    state.ally[AllyState.initial_support, :] = state.initial_position[SUPPORT, :]
    for i in range(n):
        state.ally[AllyState.capability, i] = (
            state.ally_input[AllyInput.initial_spending, i] * state.ally_input[AllyInput.gdp, i] / 100.0
        )
        for s in (AllyState.fatigue, AllyState.pressure, AllyState.reading_noise, AllyState.made_up_aid):
            state.ally[s, i] = 0.0
        state.ally[AllyState.spending_growth, i] = state.ally_input[AllyInput.initial_growth, i]
        state.ally[AllyState.reading, i] = 1.0
        state.ally[AllyState.budget, i] = state.ally_input[AllyInput.initial_spending, i]
        state.ally[AllyState.standing, i] = (
            state.ally_input[AllyInput.gdp, i] / state.ally_input[AllyInput.gdp, 0]
        ) ** params[Param.standing_exponent]
    for k in range(issues):
        for i in range(n):
            state.displacement[k, i] = 0.0
            state.position[k, i] = state.initial_position[k, i]
            noise = params[Param.sd_salience] * normal(clock, Channel.SALIENCE, k * n + i)
            state.salience[k, i] = clip(salience_of(state.initial_position[k, i], params) + noise, LEAST_SALIENCE, 1.0)
        noise = params[Param.sd_salience] * normal(clock, Channel.SALIENCE, k * n)
        state.issue_input[IssueInput.institutions_salience, k] = clip(
            salience_of(state.issue_input[IssueInput.institutions_position, k], params) + noise, LEAST_SALIENCE, 1.0
        )
        state.salience[k, 0] = washington_salience(state, k)
    state.position_error[:] = state.dispute_end[:] = 0.0
    state.error_month[:] = -1.0
    state.pending[:] = 0
    deterrence(state, shared, 0)
    world[World.weakness_at_start] = world[World.weakness]


@kernel(python=True)
def new_scratch(n, issues):
    """Allocate the working memory of a month."""
    return Scratch(
        aligned((N_FORCING, n)),
        aligned((n, n)),
        aligned((issues, n)),
        aligned((3, n)),
        aligned((3 * issues, n)),
    )


@kernel(python=True)
def run_block(states, inputs, shared, calendar, kept, notes, span):
    """Run a block of draws through some months, in place.

    Parameters
    ----------
    states : States
    inputs : DrawInputs
    shared : SharedInputs
    calendar : Calendar
    kept : Kept
    notes : Notes
        Rows of all these go through the draws from `span.draw0` on, again and again if there are more rows.
    span : Span
        Months before `span.spin_up` leave no output, so that noise has its steady spread when a scenario begins.
    """
    events, output = calendar.events, kept.output
    issues, n = states.position.shape[1], states.position.shape[2]
    scratch = new_scratch(n, issues)
    session = new_session(n)
    # Outcomes of a month that nobody keeps are computed only where an event may depend on them.
    watched = output.outcomes.shape[1] > 1 or np.any(events.outcome >= 0)
    for row in range(states.position.shape[0]):
        draw = span.draw0 + row % (span.draw1 - span.draw0)
        state = draw_state(states, inputs, row)
        docket = Docket(calendar.meetings, kept.records, row, calendar.clamp, notes.chances, notes.weighing)
        scratch.forcing[:] = 0.0  # of the draw before
        if span.month0 == 0:
            begin(state, shared, Clock(span.seed, draw, 0))
            set_asks(state, docket, span.seed, draw)
        for t in range(span.month0, span.month1):
            month(state, shared, events, docket, scratch, session, Clock(span.seed, draw, t))
            if t == span.month1 - 1 or (watched and t >= span.spin_up - 1):
                observe(state, shared, scratch.weights, session, t)
            if t >= span.spin_up:
                keep(state, output, row, t - span.spin_up)


@kernel(inline="always")
def keep(state, output, row, t):
    """Write the month's outcomes, ally variables and positions that are kept."""
    issues, n = state.position.shape
    if output.outcomes.shape[1] > 0:
        at = min(t, output.outcomes.shape[1] - 1)
        for o in range(state.outcomes.shape[0]):
            output.outcomes[row, at, o] = state.outcomes[o]
    if output.allies.shape[1] > 0:
        for i in range(n):
            output.allies[row, t, 0, i] = state.ally[AllyState.threat_perception, i]
            output.allies[row, t, 1, i] = state.ally[AllyState.guarantee_confidence, i]
            output.allies[row, t, 2, i] = state.ally[AllyState.spending, i]
            output.allies[row, t, 3, i] = state.ally[AllyState.ukraine_support, i]
    if output.positions.shape[1] > 0:
        for i in range(n):
            for k in range(issues):
                output.positions[row, t, i, k] = state.position[k, i]
