"""The mechanisms of a month, one function each, in the order of the model document; 8 to 11 are in `war`.

Each takes the state of one draw and changes it in place; `month`, at the end, is their order. Every mechanism has a
strength among the parameters whose zero switches it off. Units: perceptions, positions and stocks are in [0, 1] unless
said otherwise, spending and aid in percent of GDP (aid: a year), capability in billion US dollars.
"""

from alliance_sim.core.constants import (
    AUTONOMY_GAIN_SUPPORT,
    AUTONOMY_LOSS_CRITICISM,
    COMMITMENT_LOSS_POSTURE,
    COMMITMENT_SPEED,
    CONDUCT_RESPONSE_EXPOSURE,
    COUPLING,
    CRITICISM_THRESHOLD,
    DEPRECIATION,
    DOCUMENT_ANCHOR,
    EROSION_RATE,
    FATIGUE_SPENDING,
    HALF_LIFE_ANCHOR,
    HALF_LIFE_CRITICISM,
    HALF_LIFE_PRESSURE,
    HALF_LIFE_SUPPORT,
    HYBRID_GAIN,
    NORM_SPEED,
    PURCHASES,
    SD_OUTPUT,
    STANDING_WEIGHT,
    SUPPORT_GAIN,
)
from alliance_sim.core.derived import (
    clip,
    halving,
    hold_within_ranges,
    institutions_threat,
    us_aid_missing,
    washington_position,
    washington_salience,
    washington_threat,
)
from alliance_sim.core.elementary import exp, log
from alliance_sim.core.events import happen
from alliance_sim.core.influence import confidence_weights, influence_step, product
from alliance_sim.core.jit import kernel
from alliance_sim.core.meetings import hold_meetings
from alliance_sim.core.rng import fill_normal, normal
from alliance_sim.core.structures import (
    EXERCISES,
    OPEN_DOOR,
    POSTURE,
    RUSSIA_STRATEGY,
    SANCTIONS,
    SPENDING,
    US,
    AllyInput,
    AllyState,
    Channel,
    Forcing,
    IssueInput,
    IssueState,
    Param,
    World,
)
from alliance_sim.core.war import deterrence, russia, ukraine, ukraine_support

MAX_POSTPONEMENTS = 2  # a follow-up put off more often than this lapses (B, paragraph 4: put off once)
POSTPONED_BY = 5  # months (B, paragraph 4: from the autumn to early next year)
PERCENT_OF_SCALE = 5.0  # position 1 on defence_spending means 5% of GDP
ABANDONMENT_HALF = 0.25  # loss of confidence at which fear of abandonment has half of its effect (judgement)


@kernel(inline="always", noalias=True)
def washington(state, forcing):
    """1. The two-level game (B6, B8): criticism, the president's support and autonomy, erosion of the institutions."""
    params, world, ally, issue = state.params, state.world, state.ally, state.issue
    leader = int(world[World.leader])
    distance = abs(state.leader_threat[leader] - institutions_threat(state))
    world[World.criticism] = min(
        1.0,
        world[World.criticism] * halving(HALF_LIFE_CRITICISM)
        + params[Param.criticism_gain]
        * (1.0 - params[Param.initial_autonomy])  # a president who cannot be held is not worth criticising
        * world[World.conciliation]
        * world[World.opacity]
        * distance,
    )
    breakthrough = max(0.0, forcing[Forcing.conciliation, US])
    world[World.presidential_support] = min(
        1.0,
        world[World.presidential_support] * halving(HALF_LIFE_SUPPORT) + SUPPORT_GAIN * breakthrough,
    )
    world[World.presidential_autonomy] = clip(
        params[Param.initial_autonomy]
        + params[Param.autonomy_gain_opacity] * world[World.opacity]
        - AUTONOMY_LOSS_CRITICISM * world[World.criticism]
        + AUTONOMY_GAIN_SUPPORT * world[World.presidential_support],
        0.0,
        1.0,
    )
    new = max(0.0, forcing[Forcing.document, US]) * (1.0 - world[World.anchor])
    world[World.anchor] = DOCUMENT_ANCHOR + (world[World.anchor] - DOCUMENT_ANCHOR) * halving(HALF_LIFE_ANCHOR) + new
    world[World.erosion] += (
        EROSION_RATE * world[World.conciliation] * (1.0 - world[World.anchor]) * (1.0 - world[World.erosion])
    )
    # Relief of sanctions has Congress to pass (B6); a remark against an ally is one against the open door (B7).
    issue[IssueState.leader_shift, SANCTIONS] -= forcing[Forcing.relief, US] * (1.0 - params[Param.congress_brake])
    slight = 0.0
    for i in range(state.position.shape[1]):
        slight = max(slight, forcing[Forcing.statement, i])
    issue[IssueState.leader_shift, OPEN_DOOR] -= params[Param.statement_cost] * slight
    if forcing[Forcing.leader, US] > 0.0:
        world[World.leader] = forcing[Forcing.leader, US] - 1.0
    for k in range(state.position.shape[0]):
        state.salience[k, US] = washington_salience(state, k)
    ally[AllyState.stance, US] += forcing[Forcing.stance, US]
    ally[AllyState.threat_perception, US] = washington_threat(state)


@kernel(inline="always", noalias=True)
def signals(state, forcing, shared, clock):
    """2. Conciliation and opacity: stocks that fade, summits that feed them, and what each ally reads into them."""
    params, world, ally = state.params, state.world, state.ally
    left = world[World.conciliation] * halving(params[Param.half_life_signals])
    world[World.conciliation] = left + forcing[Forcing.conciliation, US]
    world[World.opacity] = (
        world[World.opacity] * halving(params[Param.half_life_signals]) + forcing[Forcing.opacity, US]
    )
    if forcing[Forcing.process, US] > 0.0:
        world[World.reset] = 1.0
    world[World.conciliation] += world[World.reset] * params[Param.reset_flow]  # whatever Russia does (A2)
    private = forcing[Forcing.private, US] > 0.0
    if forcing[Forcing.follow_up, US] > 0.0:
        world[World.follow_up_due] = clock.month + forcing[Forcing.follow_up, US]
        world[World.follow_up_postponed] = 0.0
        world[World.follow_up_conciliation] = forcing[Forcing.conciliation, US]
        world[World.follow_up_opacity] = forcing[Forcing.opacity, US]
    elif world[World.follow_up_due] == clock.month:
        if world[World.criticism] > CRITICISM_THRESHOLD:
            world[World.follow_up_postponed] += 1.0
            world[World.postponements] += 1.0
            world[World.follow_up_due] = (
                clock.month + POSTPONED_BY if world[World.follow_up_postponed] <= MAX_POSTPONEMENTS else -1.0
            )
        else:
            world[World.conciliation] += world[World.follow_up_conciliation]
            world[World.opacity] += world[World.follow_up_opacity]
            world[World.follow_up_due] = -1.0
            private = world[World.follow_up_opacity] > 0.0
    world[World.conciliation] = clip(world[World.conciliation], 0.0, 2.0)
    world[World.new_conciliation] = max(0.0, world[World.conciliation] - left)
    world[World.opacity] = clip(world[World.opacity], 0.0, 1.0)
    if private:  # allies guess again what was said behind closed doors
        fill_normal(ally[AllyState.reading_noise], clock, Channel.READING, shared.ally_ident)
    volatility = world[World.opacity] * params[Param.reading_spread]
    for i in range(state.position.shape[1]):
        ally[AllyState.reading, i] = exp(volatility * ally[AllyState.reading_noise, i] - 0.5 * volatility * volatility)


@kernel(inline="always", noalias=True)
def listening(state, shared, scratch):
    """Influence weights of this month from last month's positions: affinity, standing, and the guarantee."""
    params, ally = state.params, state.ally
    n = state.position.shape[1]
    voice, weights = scratch.previous[0], scratch.weights
    for j in range(n):
        voice[j] = exp(STANDING_WEIGHT * log(ally[AllyState.standing, j]))
    for j in range(n):
        for i in range(n):
            weights[j, i] = voice[j] * shared.affinity[j, i]  # affinity is symmetric
    for i in range(n):
        weights[US, i] *= ally[AllyState.guarantee_confidence, i]
    confidence_weights(weights, state.position, shared.weight, params[Param.confidence_bound], 2.0, scratch.issue_major)


@kernel(inline="always", noalias=True)
def threat_perception(state, forcing, shared, scratch, clock):
    """3. Perceived threat: back to its level, to Russia's conduct by exposure, and towards those listened to."""
    params, ally, ally_input = state.params, state.ally, state.ally_input
    n = state.position.shape[1]
    before, shock, heard = scratch.previous[0], scratch.previous[1], scratch.previous[2]
    fill_normal(shock, clock, Channel.THREAT, shared.ally_ident)
    for i in range(n):
        before[i] = ally[AllyState.threat_perception, i] - ally_input[AllyInput.initial_threat, i]
    product(scratch.previous[2:3], scratch.previous[0:1], scratch.weights, 1, n, n)
    for i in range(1, n):
        ally[AllyState.stance, i] += forcing[Forcing.stance, i]
        beta = params[Param.conduct_response] * (
            1.0 + CONDUCT_RESPONSE_EXPOSURE * (ally_input[AllyInput.exposure, i] - 0.5)
        )
        anchor = (
            ally_input[AllyInput.initial_threat, i]
            + ally[AllyState.stance, i]
            + beta * (state.world[World.assertiveness] - state.world[World.assertiveness_at_start])
        )
        hybrid = HYBRID_GAIN * forcing[Forcing.hybrid, i] * (1.0 - 2.0 * ally_input[AllyInput.ties, i])
        change = (
            params[Param.threat_reversion] * (anchor - ally[AllyState.threat_perception, i])
            + params[Param.threat_diffusion] * (heard[i] - before[i])
            + hybrid
        )
        change += params[Param.sd_threat] * shock[i]
        ally[AllyState.threat_perception, i] = clip(ally[AllyState.threat_perception, i] + change, 0.0, 1.0)


@kernel(inline="always", noalias=True)
def guarantee(state, forcing, shared):
    """4. The commitment of the United States, and what each ally believes of it."""
    params, world, ally = state.params, state.world, state.ally
    turned = state.initial_position[POSTURE, US] - washington_position(state, shared, POSTURE)
    world[World.us_commitment] += COMMITMENT_SPEED * (
        params[Param.initial_commitment]
        - params[Param.commitment_loss_conciliation] * world[World.conciliation]
        - COMMITMENT_LOSS_POSTURE * turned
        - world[World.us_commitment]
    )
    world[World.us_commitment] = clip(world[World.us_commitment], 0.0, 1.0)
    missing = us_aid_missing(world, shared) * world[World.aid_need]
    for i in range(1, state.position.shape[1]):
        loss = ally[AllyState.threat_perception, i] * (
            params[Param.guarantee_loss_conciliation] * world[World.new_conciliation] * ally[AllyState.reading, i]
            + params[Param.guarantee_loss_opacity] * world[World.opacity]
        )
        loss += params[Param.statement_cost] * forcing[Forcing.statement, i] + params[Param.quarrel_cost] * (
            forcing[Forcing.trade, i] + forcing[Forcing.demand, i]
        )
        recovery = params[Param.guarantee_recovery] * (
            state.ally_input[AllyInput.initial_confidence, i]
            + (world[World.us_commitment] - params[Param.initial_commitment])
            - params[Param.cutoff_cost] * missing * ally[AllyState.threat_perception, i]
            - ally[AllyState.guarantee_confidence, i]
        )
        ally[AllyState.guarantee_confidence, i] = clip(
            ally[AllyState.guarantee_confidence, i] - loss + recovery, 0.0, 1.0
        )


@kernel(inline="always", noalias=True)
def wishes(state, shared, scratch):
    """5. Where each government wants to be, as a displacement: threat, emboldening, hedging, adopted norms."""
    params, ally, ally_input = state.params, state.ally, state.ally_input
    issues, n = state.position.shape
    threat, embolden, hedge = scratch.previous[0], scratch.previous[1], scratch.previous[2]
    for i in range(n):
        threat[i] = params[Param.threat_response] * (
            ally[AllyState.threat_perception, i] - ally_input[AllyInput.initial_threat, i]
        )
        embolden[i] = (
            params[Param.cover]
            * ally_input[AllyInput.ties, i]
            * (1.0 - ally[AllyState.threat_perception, i])
            * state.world[World.conciliation]
            * ally[AllyState.reading, i]
        )
        hedge[i] = (
            params[Param.hedge]
            * (ally_input[AllyInput.initial_confidence, i] - ally[AllyState.guarantee_confidence, i])
            * ally[AllyState.threat_perception, i]
        )
    for k in range(issues):
        adopted = params[Param.norm_pull] * (state.issue[IssueState.norm, k] - shared.initial_norm[k])
        slope = state.issue_input[IssueInput.threat_slope, k]
        for i in range(n):  # whole rows are faster than the rows without the United States
            own = slope * threat[i] - shared.cover[k] * embolden[i] + shared.hedge[k] * hedge[i]
            scratch.wish[k, i] = own + adopted
        scratch.wish[k, US] = washington_position(state, shared, k) - state.initial_position[k, US]


@kernel(inline="always", noalias=True)
def influence(state, shared, scratch):
    """6. Multi-issue Friedkin-Johnsen on displacements; positions are what is expressed."""
    issues, n = state.position.shape
    coupled, rest = scratch.issue_major[:issues], scratch.issue_major[issues:]
    for k in range(issues):
        led = COUPLING * shared.led[k]  # the logic matrix has this in the column of the Russia strategy only
        for i in range(n):
            coupled[k, i] = state.displacement[k, i] + led * (
                state.displacement[RUSSIA_STRATEGY, i] - state.displacement[k, i]
            )
    influence_step(
        state.displacement, scratch.wish, coupled, scratch.weights, state.ally_input[AllyInput.susceptibility], rest
    )
    for k in range(issues):
        for i in range(n):
            state.position[k, i] = clip(state.initial_position[k, i] + state.displacement[k, i], 0.0, 1.0)


@kernel(inline="always", noalias=True)
def spending(state, forcing, shared, clock):
    """7. Spending, decided once a year: threat, war, fear of abandonment (A5), the pledge, coercion (B10), fatigue."""
    params, ally, ally_input = state.params, state.ally, state.ally_input
    new_year = clock.month > shared.spin_up and clock.month % 12 == shared.january
    surprise = 0.0  # output that budgets did not foresee moves all shares of it
    if new_year:
        surprise = SD_OUTPUT * normal(clock, Channel.OUTPUT, 0)
    fading = halving(HALF_LIFE_PRESSURE)
    for i in range(state.position.shape[1]):
        if i != US:
            short = clip(state.world[World.demanded_spending] - ally[AllyState.spending, i], 0.0, 2.0) / 2.0
            ally[AllyState.pressure, i] = ally[AllyState.pressure, i] * fading + forcing[Forcing.demand, i] * short
            if new_year:
                wanted = spending_wanted(state, shared, i)
                ally[AllyState.spending_growth, i] = params[Param.momentum] * ally[AllyState.spending_growth, i] + (
                    1.0 - params[Param.momentum]
                ) * params[Param.budget_speed] * (wanted - ally[AllyState.budget, i])
                ally[AllyState.budget, i] = max(0.0, ally[AllyState.budget, i] + ally[AllyState.spending_growth, i])
                ally[AllyState.spending, i] = ally[AllyState.budget, i] * (1.0 - surprise)
        ally[AllyState.capability, i] += DEPRECIATION * (
            ally[AllyState.spending, i] * ally_input[AllyInput.gdp, i] / 100.0 - ally[AllyState.capability, i]
        )


@kernel(inline="always")
def spending_wanted(state, shared, i):
    """Defence spending that ally i wants, % of GDP."""
    params, ally, ally_input, world = state.params, state.ally, state.ally_input, state.world
    exposure, threat = ally_input[AllyInput.exposure, i], ally[AllyState.threat_perception, i]
    lost = ally_input[AllyInput.initial_confidence, i] - ally[AllyState.guarantee_confidence, i]
    raised = PERCENT_OF_SCALE * (state.issue[IssueState.norm, SPENDING] - shared.initial_norm[SPENDING])
    more = (
        params[Param.spending_response_threat] * (threat - ally_input[AllyInput.initial_threat, i])
        + params[Param.spending_response_war] * exposure * (world[World.war_intensity] - world[World.war_at_start])
        # Half of what fear of abandonment adds at most is reached where a quarter of the confidence is gone.
        + params[Param.spending_response_abandonment] * threat * lost / (abs(lost) + ABANDONMENT_HALF)
        + params[Param.pledge] * raised
        + params[Param.coercion] * (2.0 * exposure - 1.0) * ally[AllyState.pressure, i]
        - params[Param.relaxation] * (1.0 - exposure) * (1.0 - threat) * world[World.conciliation]
        + PURCHASES * ally[AllyState.made_up_aid, i]
        - FATIGUE_SPENDING * ally[AllyState.fatigue, i]
    )
    announced = params[Param.targets_kept] * ally_input[AllyInput.announced_rise, i]
    return ally_input[AllyInput.initial_spending, i] + announced + ally_input[AllyInput.spending_response, i] * more


@kernel(inline="always", noalias=True)
def norms(state, forcing):
    """12, last: norms move towards what was adopted; an exercise counts as adopted on its issue."""
    issue = state.issue
    issue[IssueState.target, EXERCISES] = clip(
        issue[IssueState.target, EXERCISES] + forcing[Forcing.exercise, US], 0.0, 1.0
    )
    for k in range(state.position.shape[0]):
        issue[IssueState.norm, k] += NORM_SPEED * (issue[IssueState.target, k] - issue[IssueState.norm, k])


@kernel(inline="always")
def month(state, shared, events, docket, scratch, session, clock):
    """Take one draw through a month."""
    forcing = scratch.forcing
    happen(state, events, forcing, clock)
    listening(state, shared, scratch)
    washington(state, forcing)  # 1
    signals(state, forcing, shared, clock)  # 2
    threat_perception(state, forcing, shared, scratch, clock)  # 3
    guarantee(state, forcing, shared)  # 4
    wishes(state, shared, scratch)  # 5
    influence(state, shared, scratch)  # 6
    spending(state, forcing, shared, clock)  # 7
    ukraine_support(state, forcing, shared)  # 8
    deterrence(state, shared, clock.month)  # 9
    russia(state, forcing, shared, clock)  # 10
    ukraine(state, shared)  # 11
    hold_meetings(state, shared, docket, scratch.weights, forcing, session, clock)  # 12
    norms(state, forcing)
    hold_within_ranges(state)
