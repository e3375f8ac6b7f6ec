"""What is read off the alliance each month; definitions, units and ranges are in the outcome registry."""

import math

from alliance_sim.core.jit import apart, inline
from alliance_sim.core.layout import (
    ACTORS,
    DIALOGUE,
    EXERCISES,
    NATO_SUMMIT,
    OPEN_DOOR,
    RUSSIA_STRATEGY,
    SANCTIONS,
    US,
    A,
    G,
    I,
    O,
    P,
    S,
)
from alliance_sim.core.mechanisms import total_aid, washington_position
from alliance_sim.core.meetings import consensus_capacity, sanctions_rollover

CAMP_GAP = 0.12  # positions further apart than this, with nobody between, belong to two camps (judgement)
_SENSITIVITY = 1.3  # Esteban and Ray's alpha, within their admissible range (0, 1.6]


@inline
def observe(v, facts, table, t):
    """Fill `v.outcome` with the outcomes of month t."""
    out, w = v.outcome, v.w
    out[:] = math.nan  # what has no formula below shows
    who_agrees(v, facts, table, t)
    out[O.consensus_capacity] = consensus_capacity(v, facts, table, t)
    chance, against = sanctions_rollover(v, facts, table, t)
    out[O.sanctions_durability] = v.issue[I.norm, SANCTIONS] * chance * chance  # two renewals a year
    out[O.objector_hazard] = 1.0 - chance
    out[O.objector_weight] = against
    camps(v, facts, table, t)
    out[O.cohesion] = 0.25 * (
        out[O.agreement] + out[O.consensus_capacity] + out[O.mean_guarantee_confidence] + out[O.burden_sharing]
    )
    out[O.deterrence] = w[G.deterrence]
    out[O.deterrence_without_us] = w[G.deterrence_alone]
    out[O.isolation] = isolation(v)
    out[O.ukraine_support_total] = total_aid(w, facts)
    out[O.ukraine_support_military] = w[G.aid_military]
    out[O.ukraine_support_economic] = w[G.aid_economic]
    out[O.ukraine_support_intelligence] = w[G.aid_intelligence]
    out[O.resistance] = w[G.resistance]
    out[O.war_intensity] = w[G.war]
    out[O.assertiveness] = w[G.a]
    out[O.demands] = w[G.demands]
    out[O.concession_pressure] = w[G.concession]
    out[O.conciliation] = w[G.r]
    out[O.opacity] = w[G.o]
    out[O.criticism] = w[G.criticism]
    out[O.presidential_autonomy] = w[G.alpha]
    out[O.presidential_support] = w[G.support]
    leader = int(w[G.leader])
    out[O.institutions_stance] = v.inst_tau[0] + w[G.erosion] * (v.leader_tau[leader] - v.inst_tau[0])
    out[O.us_commitment] = w[G.c]
    out[O.open_door_us] = v.x[OPEN_DOOR, US]
    out[O.postponements] = w[G.postponed]
    out[O.blow_ups] = w[G.blow_ups]


@apart
def who_agrees(v, facts, table, t):
    """Agreement, guarantee confidence, burden sharing, threat gap, spending and exercises among the members."""
    out, power = v.outcome, table.loss  # a column of the table serves as scratch
    issues, n = v.x.shape
    members, standing, europeans = 0.0, 0.0, 0.0
    confidence, threat, spent, spent2, gdp, paid, ready = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        here = 1.0 if facts.member[t, NATO_SUMMIT, i] else 0.0
        members += here
        power[i] = here * v.ally[S.standing, i]
        standing += power[i]
        spent += here * v.ally[S.d, i]
        spent2 += here * v.ally[S.d, i] * v.ally[S.d, i]
        ready += here if v.x[EXERCISES, i] >= v.p[P.exercise_threshold] else 0.0
    for i in range(US + 1, n):
        here = 1.0 if facts.member[t, NATO_SUMMIT, i] else 0.0
        confidence += here * v.ally[S.g, i]
        gdp += here * v.given[A.gdp, i]
        paid += here * v.ally[S.d, i] * v.given[A.gdp, i]
        european = here if facts.europe[i] else 0.0
        europeans += european
        threat += european * v.ally[S.tau, i]
    disagreement = 0.0
    for k in range(issues):
        mean = 0.0
        for i in range(n):
            mean += power[i] * v.x[k, i]
        mean /= standing
        for i in range(n):
            disagreement += power[i] * abs(v.x[k, i] - mean)
    # A mean absolute deviation is at most one half.
    out[O.agreement] = 1.0 - 2.0 * disagreement / (standing * issues)
    out[O.mean_guarantee_confidence] = confidence / (members - 1.0)
    out[O.burden_sharing] = min(1.0, paid / gdp / max(v.ally[S.d, US], 0.01))
    out[O.threat_gap] = threat / europeans - v.ally[S.tau, US]
    mean = spent / members
    out[O.mean_spending] = mean
    out[O.spending_spread] = math.sqrt(max(0.0, spent2 / members - mean * mean))
    out[O.exercise_participation] = ready / members


@apart
def camps(v, facts, table, t):
    """Camps on the Russia strategy, and Esteban and Ray's (1994) polarisation, 1 for two equal extremes."""
    out = v.outcome
    n = v.x.shape[1]
    position, standing, mass, place = table.own, table.threshold, table.loss, table.accept  # columns serve as scratch
    gap, top = table.chance, table.isolation
    total = 0.0
    for i in range(n):
        here = facts.member[t, NATO_SUMMIT, i] > 0
        position[i] = v.x[RUSSIA_STRATEGY, i] if here else math.inf
        standing[i] = v.ally[S.standing, i] if here else 0.0
        total += standing[i]
    if n == ACTORS:
        next_above(gap, position, ACTORS)
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
            moment += own * v.x[RUSSIA_STRATEGY, i]
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
    out[O.camps] = count
    out[O.polarisation] = min(1.0, polarisation * 2.0 ** (1.0 + _SENSITIVITY))


@apart
def next_above(gap, position, n):
    """Set `gap` to how far it is to the next higher position."""
    for i in range(n):
        gap[i] = math.inf
    for j in range(n):
        for i in range(n):
            step = position[j] - position[i]
            gap[i] = min(gap[i], step if step > 0.0 else math.inf)


@inline
def isolation(v):
    """Isolation of Russia (A4): sanctions in force, dialogue suspended, Washington not re-engaged, in equal parts."""
    kept = min(1.0, washington_position(v, SANCTIONS) / max(v.x0[SANCTIONS, US], 0.01))
    total = 0.0
    for i in range(v.x.shape[1]):
        total += v.given[A.gdp, i]
    lifted = (1.0 - kept) * v.given[A.gdp, US] / total
    return (v.issue[I.norm, SANCTIONS] * (1.0 - lifted) + v.issue[I.norm, DIALOGUE] + 1.0 / (1.0 + v.w[G.r])) / 3.0
