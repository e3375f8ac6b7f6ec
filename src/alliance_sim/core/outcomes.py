"""What is read off the alliance each month; definitions, units and ranges are in the outcome registry."""

import math

from alliance_sim.core.constants import EXERCISE_THRESHOLD
from alliance_sim.core.derived import institutions_threat, leader_threat, total_aid, washington_position
from alliance_sim.core.jit import kernel
from alliance_sim.core.meetings import consensus_capacity, sanctions_rollover
from alliance_sim.core.structures import (
    DIALOGUE,
    EXERCISES,
    N_ALLIES,
    OPEN_DOOR,
    RUSSIA_STRATEGY,
    SANCTIONS,
    US,
    AllyInput,
    AllyState,
    Forum,
    IssueState,
    Outcome,
    World,
)

CAMP_GAP = 0.12  # positions further apart than this, with nobody between, belong to two camps (judgement)
_SENSITIVITY = 1.3  # Esteban and Ray's alpha, within their admissible range (0, 1.6]


@kernel(inline="always")
def observe(state, shared, weights, session, t):
    """Fill `state.outcomes` with the outcomes of month t."""
    out, world = state.outcomes, state.world
    out[:] = math.nan  # what has no formula below shows
    member_averages(state, shared, session, t)
    out[Outcome.consensus_capacity] = consensus_capacity(state, shared, weights, session, t)
    chance, against = sanctions_rollover(state, shared, weights, session, t)
    out[Outcome.sanctions_durability] = state.issue[IssueState.norm, SANCTIONS] * chance * chance  # two renewals a year
    out[Outcome.objector_hazard] = 1.0 - chance
    out[Outcome.objector_weight] = against
    camps(state, shared, session, t)
    out[Outcome.cohesion] = 0.25 * (
        out[Outcome.agreement]
        + out[Outcome.consensus_capacity]
        + out[Outcome.mean_guarantee_confidence]
        + out[Outcome.burden_sharing]
    )
    out[Outcome.deterrence] = world[World.deterrence]
    out[Outcome.deterrence_without_us] = world[World.deterrence_without_us]
    out[Outcome.isolation] = isolation(state, shared)
    out[Outcome.ukraine_support_total] = total_aid(world, shared)
    out[Outcome.ukraine_support_military] = world[World.aid_military]
    out[Outcome.ukraine_support_economic] = world[World.aid_economic]
    out[Outcome.ukraine_support_intelligence] = world[World.aid_intelligence]
    out[Outcome.resistance] = world[World.resistance]
    out[Outcome.war_intensity] = world[World.war_intensity]
    out[Outcome.assertiveness] = world[World.assertiveness]
    out[Outcome.demands] = world[World.demands]
    out[Outcome.concession_pressure] = world[World.concession_pressure]
    out[Outcome.conciliation] = world[World.conciliation]
    out[Outcome.opacity] = world[World.opacity]
    out[Outcome.criticism] = world[World.criticism]
    out[Outcome.presidential_autonomy] = world[World.presidential_autonomy]
    out[Outcome.presidential_support] = world[World.presidential_support]
    held = institutions_threat(state)
    out[Outcome.institutions_stance] = held + world[World.erosion] * (leader_threat(state) - held)
    out[Outcome.us_commitment] = world[World.us_commitment]
    out[Outcome.open_door_us] = state.position[OPEN_DOOR, US]
    out[Outcome.postponements] = world[World.postponements]
    out[Outcome.blow_ups] = world[World.blow_ups]


@kernel(inline="always", noalias=True)
def member_averages(state, shared, session, t):
    """Agreement, guarantee confidence, burden sharing, threat gap, spending and exercises among the members."""
    out, power = state.outcomes, session.loss  # an array of the session serves as scratch
    issues, n = state.position.shape
    members, standing, europeans = 0.0, 0.0, 0.0
    confidence, threat, spent, spent2, gdp, paid, ready = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        here = 1.0 if shared.member[t, Forum.NATO_SUMMIT, i] else 0.0
        members += here
        power[i] = here * state.ally[AllyState.standing, i]
        standing += power[i]
        spent += here * state.ally[AllyState.spending, i]
        spent2 += here * state.ally[AllyState.spending, i] * state.ally[AllyState.spending, i]
        ready += here if state.position[EXERCISES, i] >= EXERCISE_THRESHOLD else 0.0
    for i in range(US + 1, n):
        here = 1.0 if shared.member[t, Forum.NATO_SUMMIT, i] else 0.0
        confidence += here * state.ally[AllyState.guarantee_confidence, i]
        gdp += here * state.ally_input[AllyInput.gdp, i]
        paid += here * state.ally[AllyState.spending, i] * state.ally_input[AllyInput.gdp, i]
        european = here if shared.europe[i] else 0.0
        europeans += european
        threat += european * state.ally[AllyState.threat_perception, i]
    disagreement = 0.0
    for k in range(issues):
        mean = 0.0
        for i in range(n):
            mean += power[i] * state.position[k, i]
        mean /= standing
        for i in range(n):
            disagreement += power[i] * abs(state.position[k, i] - mean)
    # A mean absolute deviation is at most one half.
    out[Outcome.agreement] = 1.0 - 2.0 * disagreement / (standing * issues)
    out[Outcome.mean_guarantee_confidence] = confidence / (members - 1.0)
    out[Outcome.burden_sharing] = min(1.0, paid / gdp / max(state.ally[AllyState.spending, US], 0.01))
    out[Outcome.threat_gap] = threat / europeans - state.ally[AllyState.threat_perception, US]
    mean = spent / members
    out[Outcome.mean_spending] = mean
    out[Outcome.spending_spread] = math.sqrt(max(0.0, spent2 / members - mean * mean))
    out[Outcome.exercise_participation] = ready / members


@kernel(inline="always", noalias=True)
def camps(state, shared, session, t):
    """Camps on the Russia strategy, and Esteban and Ray's (1994) polarisation, 1 for two equal extremes."""
    out = state.outcomes
    n = state.position.shape[1]
    position, standing, mass, place = (
        session.own,
        session.threshold,
        session.loss,
        session.accept,
    )  # arrays serve as scratch
    gap, top = session.chance, session.isolation
    total = 0.0
    for i in range(n):
        here = shared.member[t, Forum.NATO_SUMMIT, i] > 0
        position[i] = state.position[RUSSIA_STRATEGY, i] if here else math.inf
        standing[i] = state.ally[AllyState.standing, i] if here else 0.0
        total += standing[i]
    if n == N_ALLIES:
        next_above(gap, position, N_ALLIES)
    else:
        next_above(gap, position, n)
    tops = 0
    for i in range(n):
        if gap[i] > CAMP_GAP and position[i] < math.inf:  # highest of a camp
            at = tops
            while at > 0 and top[at - 1] > position[i]:
                top[at] = top[at - 1]
                at -= 1
            top[at] = position[i]
            tops += 1
    count, bottom = 0, -math.inf
    for m in range(tops):
        inside, moment = 0.0, 0.0
        for i in range(n):
            own = standing[i] if bottom < position[i] <= top[m] else 0.0
            inside += own
            moment += own * state.position[RUSSIA_STRATEGY, i]
        if inside > 0.0:  # else the highest of the last camp are two, at the same position
            mass[count], place[count] = inside / total, moment / inside
            count += 1
        bottom = top[m]
    polarisation = 0.0
    for a in range(count):
        felt = 0.0
        for b in range(count):
            felt += mass[b] * abs(place[a] - place[b])
        polarisation += mass[a] ** (1.0 + _SENSITIVITY) * felt
    out[Outcome.camps] = count
    out[Outcome.polarisation] = min(1.0, polarisation * 2.0 ** (1.0 + _SENSITIVITY))


@kernel(inline="always", noalias=True)
def next_above(gap, position, n):
    """Set `gap` to how far it is to the next higher position."""
    for i in range(n):
        gap[i] = math.inf
    for j in range(n):
        for i in range(n):
            gap[i] = min(gap[i], position[j] - position[i] if position[j] > position[i] else math.inf)


@kernel(inline="always")
def isolation(state, shared):
    """Isolation of Russia (A4): sanctions in force, dialogue suspended, Washington not re-engaged, in equal parts."""
    kept = min(1.0, washington_position(state, shared, SANCTIONS) / max(state.initial_position[SANCTIONS, US], 0.01))
    total = 0.0
    for i in range(state.position.shape[1]):
        total += state.ally_input[AllyInput.gdp, i]
    lifted = (1.0 - kept) * state.ally_input[AllyInput.gdp, US] / total
    return (
        state.issue[IssueState.norm, SANCTIONS] * (1.0 - lifted)
        + state.issue[IssueState.norm, DIALOGUE]
        + 1.0 / (1.0 + state.world[World.conciliation])
    ) / 3.0
