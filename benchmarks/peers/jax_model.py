"""The model without meetings in JAX: one draw as a scan over months, blocks of them by vmap, all by jit, in float64.

Arrays are those of one draw: scalars, (N,), (K,) or (K, N). Numbers in the comments are those of the core's mechanisms.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from alliance_sim.core.constants import (
    AUTONOMY_GAIN_SUPPORT,
    AUTONOMY_LOSS_CRITICISM,
    COMMITMENT_LOSS_POSTURE,
    COMMITMENT_SPEED,
    COMPENSATION_CAPACITY,
    COMPENSATION_INTELLIGENCE,
    CONCESSION_RATE,
    CONDUCT_RESPONSE_EXPOSURE,
    COUPLING,
    CRITICISM_THRESHOLD,
    DEPRECIATION,
    DOCUMENT_ANCHOR,
    EROSION_RATE,
    EXERCISE_THRESHOLD,
    FATIGUE_RECOVERY,
    FATIGUE_SPENDING,
    FORWARD_SHARE,
    HALF_LIFE_ANCHOR,
    HALF_LIFE_CRITICISM,
    HALF_LIFE_DEMANDS,
    HALF_LIFE_PRESSURE,
    HALF_LIFE_SUPPORT,
    HYBRID_GAIN,
    INITIAL_CONCESSION,
    PURCHASES,
    READ_ERROR,
    RESISTANCE_COST,
    RESISTANCE_RATE,
    SD_OUTPUT,
    STANDING_WEIGHT,
    SUPPORT_GAIN,
    WAR_CAPACITY,
    WAR_RATE,
)
from alliance_sim.core.kernel import LEAST_SALIENCE
from alliance_sim.core.mechanisms import ABANDONMENT_HALF, MAX_POSTPONEMENTS, PERCENT_OF_SCALE, POSTPONED_BY
from alliance_sim.core.outcomes import CAMP_GAP
from alliance_sim.core.structures import (
    DIALOGUE,
    EXERCISES,
    OPEN_DOOR,
    POSTURE,
    RUSSIA_STRATEGY,
    SANCTIONS,
    SPENDING,
    SUPPORT,
    US,
    Forum,
)
from alliance_sim.core.war import HALF_TIRING
from peers.inputs import OUTCOMES, Inputs, Noise
from peers.jax_decisions import consensus_capacity, renewal_of_sanctions, seats

jax.config.update("jax_enable_x64", True)

SENSITIVITY = 1.3
BLOCK = 128  # draws side by side, the fastest size: more do not fit into the caches


def halving(half_life):
    """Share of a stock that is left after a month."""
    return 0.5 ** (1.0 / half_life)


def steady(sd, reversion):
    """Steady spread of what gets noise of this spread a month and returns at this rate."""
    return jnp.where(reversion > 0.0, sd / jnp.sqrt(1.0 - (1.0 - reversion) ** 2), 0.0)


def mixture(alpha, erosion, leader, institutions, shift=0.0):
    """What president and institutions make together."""
    held = institutions + erosion * (leader - institutions)
    return alpha * jnp.clip(leader + shift, 0.0, 1.0) + (1.0 - alpha) * held


def threat_of_institutions(draw, s):
    """Threat as U.S. institutions perceive it, with Russia's conduct."""
    conduct = s.a - draw.shared.assertiveness
    return jnp.clip(draw.institutions_threat + draw.p.conduct_response * conduct, 0.0, 1.0)


def threat_of_president(draw, s):
    """Threat as the president perceives it, softened by his own conciliation."""
    return draw.leader_threat * (1.0 - jnp.minimum(1.0, draw.p.softening * s.r))


def threat_of_washington(draw, s):
    """Threat as Washington perceives it."""
    threat = mixture(s.alpha, s.erosion, threat_of_president(draw, s), threat_of_institutions(draw, s))
    return jnp.clip(threat, 0.0, 1.0)


def position_of_washington(draw, s):
    """Washington's positions (K,)."""
    moved = draw.p.threat_response * draw.threat_slope * (threat_of_institutions(draw, s) - draw.institutions_threat)
    institutions = jnp.clip(draw.institutions_position + moved, 0.0, 1.0)
    return mixture(s.alpha, s.erosion, draw.leader_position, institutions, s.lead_shift)


def deterrence(draw, norm, cap, c):
    """9. Deterrence with and without the United States, and the weakness that Russia sees."""
    posture = jnp.clip(norm[POSTURE], 0.0, 1.0)
    others = cap[1:] @ draw.initial_position[POSTURE, 1:] * posture
    force = others + cap[US] * FORWARD_SHARE * c * posture
    russia = draw.p.russia_capability
    return force / (force + russia), others / (others + russia), russia / (russia + force)


def prepare(shared, eu, drawn, noise) -> SimpleNamespace:
    """One draw: what stays the same all run long, and `start`, the state it starts from."""
    draw = SimpleNamespace(**drawn, shared=shared)
    p = draw.p = SimpleNamespace(**drawn["p"])
    a = draw.ally = SimpleNamespace(**drawn["ally"])
    misread = p.assertiveness_speed * p.weakness_response * READ_ERROR
    zero, none = jnp.zeros(()), jnp.zeros_like(a.initial_threat)
    s = draw.start = SimpleNamespace(
        r=zero, new=zero, o=zero, criticism=zero, support=zero, erosion=zero, reset=zero,
        alpha=p.initial_autonomy, anchor=zero + DOCUMENT_ANCHOR, c=p.initial_commitment,
        demands=zero, war=zero + shared.war, resistance=p.initial_resistance, concession=zero + INITIAL_CONCESSION,
        follow_due=zero - 1.0, follow_count=zero, follow_size=zero, follow_private=zero, postponed=zero,
        us_aid=jnp.ones(3), eu_aid=zero + shared.aid_need, intelligence_made_up=zero,
        aid_channel=jnp.full(3, shared.aid_need), deterrence=jnp.zeros(2),
        norm=jnp.asarray(shared.initial_norm), lead_shift=jnp.zeros_like(draw.leader_position),
        g=a.initial_confidence, budget=a.initial_spending, growth=a.initial_growth,
        d=a.initial_spending * (1.0 - SD_OUTPUT * noise.output[0] * (none + 1.0).at[US].set(0.0)),
        cap=a.initial_spending * a.gdp / 100.0,
        aid=shared.aid_need * a.initial_aid, made_up=none, fatigue=none, pressure=none, z=none,
        delta=jnp.zeros_like(draw.initial_position),
    )  # fmt: skip
    # Threat and Russia start with deviations of their steady spread.
    conduct = steady(misread, p.assertiveness_speed) * noise.steady_russia
    s.a = jnp.clip(shared.assertiveness + conduct, 0.0, 1.0)
    a.initial_threat = a.initial_threat.at[US].set(threat_of_washington(draw, s))
    deviation = steady(p.sd_threat, p.threat_reversion) * noise.steady_threat
    s.tau = jnp.clip(a.initial_threat + deviation.at[US].set(0.0), 0.0, 1.0)
    draw.initial_position = draw.initial_position.at[:, US].set(position_of_washington(draw, s))
    s.x = draw.initial_position

    def salience(position, error):
        """Those at the ends of a scale care most about it."""
        stated = p.min_salience + (1.0 - p.min_salience) * jnp.abs(2.0 * position - 1.0)
        return jnp.clip(stated + p.sd_salience * error, LEAST_SALIENCE, 1.0)

    draw.salience = salience(draw.initial_position, noise.salience)
    draw.institutions_salience = salience(draw.institutions_position, noise.salience[:, US])
    draw.standing = (a.gdp / a.gdp[US]) ** p.standing_exponent
    draw.base = (draw.standing**STANDING_WEIGHT)[:, None] * shared.affinity
    draw.led = (COUPLING * shared.led)[:, None]
    draw.beta = p.conduct_response * (1.0 + CONDUCT_RESPONSE_EXPOSURE * (a.exposure - 0.5))
    draw.nato = seats(draw, np.arange(len(shared.europe)), shared.neutral[Forum.NATO_SUMMIT])
    draw.eu = seats(draw, eu, shared.neutral[Forum.EU_COUNCIL])
    draw.weakness0 = deterrence(draw, s.norm, s.cap, s.c)[2]
    return draw


def listening(draw, s):
    """Influence weights (speaker, listener)."""
    shared = draw.shared
    x = s.x * np.sqrt(shared.weight / shared.weight.sum())[:, None]
    distance2 = sum((own[:, None] - own) ** 2 for own in x)  # unrolled: a fifth faster than a sum over an axis
    near = draw.base * jnp.maximum(0.0, 1.0 - distance2 / draw.p.confidence_bound**2) ** 2
    near = near.at[US].multiply(s.g)
    heard = near.sum(axis=0)
    near = jnp.where((heard == 0.0) & np.eye(len(heard), dtype=bool), 1.0, near)
    return near / jnp.where(heard == 0.0, 1.0, heard)


def month(draw, state, happens):
    """Take a draw through a month; return its state and influence weights."""
    s, e = SimpleNamespace(**state), SimpleNamespace(**happens)
    p, a, shared = draw.p, draw.ally, draw.shared
    s.concession = jnp.clip(s.concession + e.concession, 0.0, 1.0)
    weights = listening(draw, s)

    # 1. The two-level game.
    distance = jnp.abs(draw.leader_threat - threat_of_institutions(draw, s))
    raised = p.criticism_gain * (1.0 - p.initial_autonomy) * s.r * s.o * distance
    s.criticism = jnp.minimum(1.0, s.criticism * halving(HALF_LIFE_CRITICISM) + raised)
    breakthrough = SUPPORT_GAIN * jnp.maximum(0.0, e.conciliation)
    s.support = jnp.minimum(1.0, s.support * halving(HALF_LIFE_SUPPORT) + breakthrough)
    alpha = (
        p.initial_autonomy
        + p.autonomy_gain_opacity * s.o
        - AUTONOMY_LOSS_CRITICISM * s.criticism
        + AUTONOMY_GAIN_SUPPORT * s.support
    )
    s.alpha = jnp.clip(alpha, 0.0, 1.0)
    new = jnp.maximum(0.0, e.document) * (1.0 - s.anchor)
    s.anchor = DOCUMENT_ANCHOR + (s.anchor - DOCUMENT_ANCHOR) * halving(HALF_LIFE_ANCHOR) + new
    s.erosion = s.erosion + EROSION_RATE * s.r * (1.0 - s.anchor) * (1.0 - s.erosion)
    slight = p.statement_cost * jnp.maximum(0.0, e.statement.max())
    s.lead_shift = s.lead_shift.at[SANCTIONS].add(-e.relief * (1.0 - p.congress_brake))
    s.lead_shift = s.lead_shift.at[OPEN_DOOR].add(-slight)
    s.tau = s.tau.at[US].set(threat_of_washington(draw, s))

    # 2. Signals, and a follow-up meeting that criticism may postpone.
    fading = halving(p.half_life_signals)
    left = s.r * fading
    s.r = left + e.conciliation
    s.o = s.o * fading + e.opacity
    s.reset = jnp.maximum(s.reset, (e.process > 0.0).astype(float))
    s.r = s.r + s.reset * p.reset_flow
    planned = e.follow_up > 0.0
    due = ~planned & (s.follow_due == e.t)
    off = due & (s.criticism > CRITICISM_THRESHOLD)
    on = due & ~off
    s.r, s.o = s.r + on * s.follow_size, s.o + on * s.follow_private
    private = jnp.where(on, s.follow_private > 0.0, e.private > 0.0)
    s.follow_count = jnp.where(planned, 0.0, s.follow_count + off)
    s.postponed = s.postponed + off
    again = jnp.where(s.follow_count <= MAX_POSTPONEMENTS, e.t + POSTPONED_BY, -1.0)
    s.follow_due = jnp.where(planned, e.t + e.follow_up, jnp.where(off, again, jnp.where(on, -1.0, s.follow_due)))
    s.follow_size = jnp.where(planned, e.conciliation, s.follow_size)
    s.follow_private = jnp.where(planned, e.opacity, s.follow_private)
    s.r, s.o = jnp.clip(s.r, 0.0, 2.0), jnp.clip(s.o, 0.0, 1.0)
    s.new = jnp.maximum(0.0, s.r - left)
    s.z = jnp.where(private, e.reading_noise, s.z)
    volatility = s.o * p.reading_spread
    reading = jnp.exp(volatility * s.z - 0.5 * volatility**2)

    # 3. Perceived threat.
    before = s.tau - a.initial_threat
    others = before @ weights - before
    anchor = a.initial_threat + draw.beta * (s.a - shared.assertiveness)
    hybrid = HYBRID_GAIN * e.hybrid * (1.0 - 2.0 * a.ties)
    change = p.threat_reversion * (anchor - s.tau) + p.threat_diffusion * others + hybrid + p.sd_threat * e.threat_noise
    s.tau = jnp.clip(s.tau + change, 0.0, 1.0).at[US].set(s.tau[US])

    # 4. The guarantee.
    washington = position_of_washington(draw, s)
    turned = draw.initial_position[POSTURE, US] - washington[POSTURE]
    level = p.initial_commitment - p.commitment_loss_conciliation * s.r - COMMITMENT_LOSS_POSTURE * turned
    s.c = jnp.clip(s.c + COMMITMENT_SPEED * (level - s.c), 0.0, 1.0)
    missing = jnp.maximum(0.0, 1.0 - s.us_aid) @ shared.channel_weight
    loss = s.tau * (p.guarantee_loss_conciliation * s.new * reading + p.guarantee_loss_opacity * s.o)
    loss += p.statement_cost * e.statement + p.quarrel_cost * (e.trade + e.demand)
    level = a.initial_confidence + (s.c - p.initial_commitment) - p.cutoff_cost * missing * s.tau
    s.g = jnp.clip(s.g - loss + p.guarantee_recovery * (level - s.g), 0.0, 1.0).at[US].set(s.g[US])

    # 5. Wishes.
    threat = p.threat_response * (s.tau - a.initial_threat)
    embolden = p.cover * a.ties * (1.0 - s.tau) * s.r * reading
    hedge = p.hedge * (a.initial_confidence - s.g) * s.tau
    own = draw.threat_slope[:, None] * threat - shared.cover[:, None] * embolden + shared.hedge[:, None] * hedge
    wish = own + (p.norm_pull * (s.norm - shared.initial_norm))[:, None]
    wish = wish.at[:, US].set(washington - draw.initial_position[:, US])

    # 6. Influence.
    heard = (s.delta + draw.led * (s.delta[RUSSIA_STRATEGY] - s.delta)) @ weights
    s.delta = (1.0 - a.susceptibility) * wish + a.susceptibility * heard
    s.x = jnp.clip(draw.initial_position + s.delta, 0.0, 1.0)

    # 7. Spending, by budgets of January.
    short = jnp.clip(e.demand_percent - s.d, 0.0, 2.0) / 2.0
    s.pressure = s.pressure * halving(HALF_LIFE_PRESSURE) + e.demand * short
    lost = a.initial_confidence - s.g
    more = (
        p.spending_response_threat * (s.tau - a.initial_threat)
        + p.spending_response_war * a.exposure * (s.war - shared.war)
        + p.spending_response_abandonment * s.tau * lost / (jnp.abs(lost) + ABANDONMENT_HALF)
        + p.pledge * PERCENT_OF_SCALE * (s.norm[SPENDING] - shared.initial_norm[SPENDING])
        + p.coercion * (2.0 * a.exposure - 1.0) * s.pressure
        - p.relaxation * (1.0 - a.exposure) * (1.0 - s.tau) * s.r
        + PURCHASES * s.made_up
        - FATIGUE_SPENDING * s.fatigue
    )
    wanted = a.initial_spending + p.targets_kept * a.announced_rise + a.spending_response * more
    growth = p.momentum * s.growth + (1.0 - p.momentum) * p.budget_speed * (wanted - s.budget)
    abroad = np.arange(len(shared.europe)) != US
    decided = e.new_year & abroad
    s.growth = jnp.where(decided, growth, s.growth)
    s.budget = jnp.where(decided, jnp.maximum(0.0, s.budget + growth), s.budget)
    s.d = jnp.where(decided, s.budget * (1.0 - SD_OUTPUT * e.output_noise), s.d)
    s.cap = s.cap + DEPRECIATION * (s.d * a.gdp / 100.0 - s.cap)

    # 8. Ukraine support.
    changes = jnp.stack([e.aid_military, e.aid_economic, e.aid_intelligence])
    s.us_aid = jnp.clip(s.us_aid + changes, 0.0, 2.0)
    gap = jnp.maximum(0.0, 1.0 - s.us_aid) @ shared.channel_weight
    need = shared.aid_need
    gdp = jnp.where(abroad, a.gdp, 0.0)
    support, support0 = s.x[SUPPORT], draw.initial_position[SUPPORT]
    able = support @ gdp
    missing = gap * need * a.initial_aid[US] * a.gdp[US]
    each = jnp.where(able > 0.0, COMPENSATION_CAPACITY * missing / jnp.where(able > 0.0, able, 1.0), 0.0)
    s.made_up = jnp.where(abroad, each * support, 0.0)
    firmer = (support - support0) / jnp.maximum(support0, 0.05)
    wanted = (need * a.initial_aid * (1.0 + firmer) + s.made_up) * (1.0 - s.fatigue)
    aid = jnp.maximum(0.0, s.aid + p.compensation_rate * (wanted - s.aid))
    tiring = p.fatigue_rate * s.made_up / (s.made_up + HALF_TIRING)
    s.fatigue = jnp.clip(s.fatigue + tiring - FATIGUE_RECOVERY * s.fatigue, 0.0, 1.0)
    arms, other = gdp * a.military_share, gdp * (1.0 - a.military_share)
    agreed = s.norm[SUPPORT] / jnp.maximum(shared.initial_norm[SUPPORT], 0.05)
    s.eu_aid = s.eu_aid + p.compensation_rate * (need * agreed - s.eu_aid)
    lost = jnp.maximum(0.0, 1.0 - s.us_aid[2])
    made_up = COMPENSATION_INTELLIGENCE * lost - s.intelligence_made_up
    s.intelligence_made_up = s.intelligence_made_up + p.compensation_rate * made_up
    us, eu = shared.us_share, shared.eu_share
    s.aid_channel = jnp.stack(
        [
            us[0] * need * s.us_aid[0] + (1.0 - us[0]) * (aid @ arms) / (a.initial_aid @ arms),
            us[1] * need * s.us_aid[1] + eu * s.eu_aid + (1.0 - us[1] - eu) * (aid @ other) / (a.initial_aid @ other),
            need * (us[2] * (s.us_aid[2] + s.intelligence_made_up) + (1.0 - us[2])),
        ]
    )
    s.aid = aid.at[US].set(need * a.initial_aid[US] * (1.0 - gap))

    # 9. Deterrence.
    deterred, alone, weakness = deterrence(draw, s.norm, s.cap, s.c)
    s.deterrence = jnp.stack([deterred, alone])

    # 10. Russia.
    weakness = weakness - draw.weakness0 + READ_ERROR * e.russia_noise
    resumed = jnp.maximum(0.0, shared.initial_norm[DIALOGUE] - s.norm[DIALOGUE])
    pressure = p.sanctions_cost * (s.norm[SANCTIONS] - shared.initial_norm[SANCTIONS])
    pressure += RESISTANCE_COST * (s.resistance - p.initial_resistance)
    target = shared.assertiveness + p.weakness_response * weakness + p.weakness_signal * resumed - pressure
    s.a = jnp.clip(s.a + p.assertiveness_speed * (target - s.a) + e.escalation, 0.0, 1.0)
    shown = resumed + s.new + jnp.maximum(0.0, -s.delta[DIALOGUE, 1:]).mean()
    s.demands = jnp.minimum(1.0, s.demands * halving(HALF_LIFE_DEMANDS) + p.weakness_signal * shown)
    intent = s.a - shared.assertiveness - WAR_CAPACITY * (s.resistance - p.initial_resistance)
    s.war = jnp.clip(s.war + WAR_RATE * (shared.war + intent - s.war) + e.war, 0.0, 1.0)

    # 11. Ukraine.
    strength = p.aid_elasticity * (s.aid_channel @ shared.channel_weight - need) - 0.5 * (s.war - shared.war)
    level = p.initial_resistance + strength
    s.resistance = jnp.clip(s.resistance + RESISTANCE_RATE * (level - s.resistance), 0.0, 1.0)
    pressed = p.concession_gain * (s.r + s.o)
    target = INITIAL_CONCESSION + pressed - (s.resistance - p.initial_resistance)
    s.concession = jnp.clip(s.concession + CONCESSION_RATE * (target - s.concession), 0.0, 1.0)

    # States that the month may have taken out of their ranges.
    s.pressure, s.delta = jnp.minimum(1.0, s.pressure), jnp.clip(s.delta, -1.0, 1.0)
    return vars(s), weights


def camps(draw, x):
    """Camps on the Russia strategy, and Esteban and Ray's polarisation."""
    x, mass = jax.lax.sort((x, draw.standing), num_keys=1)
    mass = mass / mass.sum()
    camp = jnp.concatenate([jnp.zeros(1, int), jnp.cumsum(jnp.diff(x) > CAMP_GAP)])
    same = (camp[:, None] == camp).astype(float)
    weight = same @ mass  # of the camp of each
    place = same @ (mass * x) / weight
    felt = jnp.abs(place[:, None] - place) @ mass
    polarisation = (mass * weight**SENSITIVITY * felt).sum()
    return camp[-1] + 1.0, jnp.minimum(1.0, polarisation * 2.0 ** (1.0 + SENSITIVITY))


def observe(draw, state, weights):
    """Outcomes of the month (outcomes,)."""
    s = SimpleNamespace(**state)
    a, shared = draw.ally, draw.shared
    salience = draw.salience.at[:, US].set(
        s.alpha * draw.leader_salience + (1.0 - s.alpha) * draw.institutions_salience
    )
    power = draw.standing / draw.standing.sum()
    mean = s.x @ power
    out = {"agreement": 1.0 - 2.0 * (jnp.abs(s.x - mean[:, None]) @ power).mean()}
    out["consensus_capacity"] = consensus_capacity(draw, weights, salience, s.x)
    out["mean_guarantee_confidence"] = s.g[1:].mean()
    paid = s.d[1:] @ a.gdp[1:] / a.gdp[1:].sum()
    out["burden_sharing"] = jnp.minimum(1.0, paid / jnp.maximum(s.d[US], 0.01))
    out["cohesion"] = 0.25 * sum(out.values())
    out["threat_gap"] = s.tau @ shared.europe / shared.europe.sum() - s.tau[US]
    out["camps"], out["polarisation"] = camps(draw, s.x[RUSSIA_STRATEGY])
    out["deterrence"], out["deterrence_without_us"] = s.deterrence
    wish = position_of_washington(draw, s)[SANCTIONS]
    kept = jnp.minimum(1.0, wish / jnp.maximum(draw.initial_position[SANCTIONS, US], 0.01))
    lifted = (1.0 - kept) * a.gdp[US] / a.gdp.sum()
    level = s.norm[SANCTIONS]
    out["isolation"] = (level * (1.0 - lifted) + s.norm[DIALOGUE] + 1.0 / (1.0 + s.r)) / 3.0
    renewed, against = renewal_of_sanctions(draw, weights, salience, s.x, level)
    out["sanctions_durability"], out["objector_hazard"] = level * renewed**2, 1.0 - renewed
    out["objector_weight"] = against
    out["mean_spending"], out["spending_spread"] = s.d.mean(), s.d.std()
    out["ukraine_support_total"] = s.aid_channel @ shared.channel_weight
    for channel, name in enumerate(("military", "economic", "intelligence")):
        out[f"ukraine_support_{name}"] = s.aid_channel[channel]
    out |= {"resistance": s.resistance, "war_intensity": s.war, "assertiveness": s.a, "demands": s.demands}
    out |= {"concession_pressure": s.concession, "conciliation": s.r, "opacity": s.o, "criticism": s.criticism}
    out["exercise_participation"] = (s.x[EXERCISES] >= EXERCISE_THRESHOLD).mean()
    out["presidential_autonomy"], out["presidential_support"] = s.alpha, s.support
    held = threat_of_institutions(draw, s)
    out["institutions_stance"] = held + s.erosion * (threat_of_president(draw, s) - held)
    out["us_commitment"], out["open_door_us"] = s.c, s.x[OPEN_DOOR, US]
    out["postponements"], out["blow_ups"] = s.postponed, jnp.zeros(())
    return jnp.stack([out[name] for name in OUTCOMES])


def compiled(given: Inputs):
    """Return a compiled function of drawn arrays and noise (fields of `Noise`, or a key a draw): outcomes (D, T, O)."""
    shared = SimpleNamespace(**given.shared)
    happens = {
        **given.washington,
        **given.others,
        "demand_percent": given.demand_percent,
        "concession": given.concession,
        "new_year": given.new_year,
        "t": np.arange(given.months, dtype=float),
    }
    private = np.flatnonzero(given.may_be_private)
    n, issues, months = len(shared.europe), len(shared.initial_norm), given.months

    def numbers(key):
        keys = iter(jax.random.split(key, 7))
        return {
            "threat": jax.random.normal(next(keys), (months, n)),
            "reading": jnp.zeros((months, n)).at[private].set(jax.random.normal(next(keys), (len(private), n))),
            "russia": jax.random.normal(next(keys), (months,)),
            "output": jax.random.normal(next(keys), (months,)),
            "steady_threat": jax.random.normal(next(keys), (n,)),
            "steady_russia": jax.random.normal(next(keys)),
            "salience": jax.random.normal(next(keys), (issues, n)),
        }

    def one(drawn, noise):
        noise = SimpleNamespace(**(noise if isinstance(noise, dict) else numbers(noise)))
        draw = prepare(shared, given.eu, drawn, noise)
        monthly = {f"{name}_noise": getattr(noise, name) for name in ("threat", "reading", "russia", "output")}
        all_months = happens | monthly
        before = {name: values[: given.spin_up] for name, values in all_months.items()}
        after = {name: values[given.spin_up :] for name, values in all_months.items()}

        def reported(state, happens):
            state, weights = month(draw, state, happens)
            return state, observe(draw, state, weights)

        state, _ = jax.lax.scan(lambda state, happens: (month(draw, state, happens)[0], None), vars(draw.start), before)
        return jax.lax.scan(reported, state, after)[1]

    return jax.jit(lambda drawn, noise: jax.lax.map(lambda each: one(*each), (drawn, noise), batch_size=BLOCK))


def drawn_arrays(given: Inputs, draw0: int = 0, draw1: int | None = None) -> dict[str, Any]:
    """What differs between draws, of some of them."""
    names = (
        "p",
        "ally",
        "initial_position",
        "leader_threat",
        "leader_position",
        "leader_salience",
        "threat_slope",
        "institutions_threat",
        "institutions_position",
    )
    return jax.tree.map(lambda values: values[draw0:draw1], {name: getattr(given, name) for name in names})


def outcomes(given: Inputs, noise: Noise):
    """Outcomes (D, T, outcomes) for given noise."""
    numbers = dict(vars(noise))
    for name in ("threat", "reading", "russia", "output"):
        numbers[name] = numbers[name].swapaxes(0, 1)
    return compiled(given)(drawn_arrays(given), numbers)
