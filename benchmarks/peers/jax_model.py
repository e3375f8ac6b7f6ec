"""The model without meetings in JAX: one draw as a scan over months, many by vmap, compiled by jit, in float64.

Arrays are those of one draw: scalars, (N,), (K,) or (K, N). Numbers in the comments are those of the core's mechanisms.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

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
from peers.inputs import OUTCOMES, Inputs, Noise

jax.config.update("jax_enable_x64", True)

GRID = 9  # texts the chair tries
FARTHEST = 20.0
CAMP_GAP = 0.12
SENSITIVITY = 1.3
MAX_POSTPONEMENTS, POSTPONED_BY = 2, 5
LOGISTIC_OF_NORMAL = 3.0**0.5 / np.pi


def halving(half_life):
    """Share of a stock that is left after a month."""
    return 0.5 ** (1.0 / half_life)


def threat_of_washington(draw, alpha, erosion):
    """Threat as Washington perceives it."""
    held = draw.institutions_threat + erosion * (draw.leader_threat - draw.institutions_threat)
    return jnp.clip(alpha * draw.leader_threat + (1.0 - alpha) * held, 0.0, 1.0)


def position_of_washington(draw, alpha, erosion, lead_shift):
    """Washington's positions (K,)."""
    held = draw.institutions_position + erosion * (draw.leader_position - draw.institutions_position)
    return alpha * jnp.clip(draw.leader_position + lead_shift, 0.0, 1.0) + (1.0 - alpha) * held


def deterrence(draw, norm, cap, c):
    """9. Deterrence with and without the United States, and the weakness that Russia sees."""
    p = draw.p
    posture = jnp.clip(norm[POSTURE], 0.0, 1.0)
    others = cap[1:] @ draw.initial_position[POSTURE, 1:] * posture
    force = others + cap[US] * p.forward_share * c * posture
    russia = p.russia_capability
    return force / (force + russia), others / (others + russia), russia / (russia + force)


def seats(draw, members, neutral, pull):
    """Who sits at a table, and what of it never changes."""
    standing = draw.standing[members]
    total = neutral + standing.sum()
    return SimpleNamespace(
        members=members,
        neutral=neutral,
        pull=pull,
        standing=standing,
        total=total,
        isolation=(1.0 - standing) / (total - standing),
        dependence=jnp.where(members == US, 0.0, draw.ally.dependence[members]),
    )


def prepare(shared, eu, drawn) -> SimpleNamespace:
    """One draw, with what stays the same all run long."""
    draw = SimpleNamespace(**drawn, shared=shared)
    p = draw.p = SimpleNamespace(**drawn["p"])
    a = draw.ally = SimpleNamespace(**drawn["ally"])
    a.initial_threat = a.initial_threat.at[US].set(threat_of_washington(draw, p.initial_autonomy, 0.0))
    draw.initial_position = draw.initial_position.at[:, US].set(
        position_of_washington(draw, p.initial_autonomy, 0.0, 0.0)
    )
    draw.fading = SimpleNamespace(**{name: halving(v) for name, v in vars(p).items() if name.startswith("half_life_")})
    draw.standing = (a.gdp / a.gdp[US]) ** p.standing_exponent
    draw.salience = p.min_salience + (1.0 - p.min_salience) * jnp.abs(2.0 * draw.initial_position - 1.0)
    draw.base = (draw.standing**p.standing_weight)[:, None] * shared.affinity
    draw.led = (p.coupling * shared.led)[:, None]
    draw.beta = p.conduct_response * (1.0 + p.conduct_response_exposure * (a.exposure - 0.5))
    draw.answer = p.coercion * a.exposure - p.reactance * (1.0 - a.exposure)
    draw.nato = seats(draw, np.arange(len(shared.europe)), shared.neutral[Forum.NATO_SUMMIT], 1.0)
    draw.eu = seats(draw, eu, shared.neutral[Forum.EU_COUNCIL], p.cross_forum)
    draw.weakness0 = deterrence(draw, shared.initial_norm, a.initial_spending * a.gdp / 100.0, p.initial_commitment)[2]
    return draw


def begin(draw) -> dict[str, Any]:
    """The state a draw starts from."""
    p, a = draw.p, draw.ally
    zero, none = jnp.zeros(()), jnp.zeros_like(a.initial_threat)
    return {
        "r": zero, "o": zero, "criticism": zero, "support": zero, "erosion": zero, "reset": zero,
        "alpha": p.initial_autonomy, "anchor": p.document_anchor, "c": p.initial_commitment,
        "a": p.initial_assertiveness, "demands": zero, "war": p.initial_war,
        "resistance": p.initial_resistance, "concession": p.initial_concession, "made_up": zero,
        "follow_due": zero - 1.0, "follow_count": zero, "follow_size": zero, "follow_private": zero, "postponed": zero,
        "us_aid": jnp.ones(3), "aid_channel": jnp.full(3, p.initial_aid_need), "deterrence": jnp.zeros(2),
        "norm": jnp.asarray(draw.shared.initial_norm), "lead_shift": jnp.zeros_like(draw.leader_position),
        "tau": a.initial_threat, "g": a.initial_confidence, "d": a.initial_spending,
        "aid": p.initial_aid_need * a.initial_aid, "cap": a.initial_spending * a.gdp / 100.0,
        "fatigue": none, "pressure": none, "z": none, "reading": none,
        "delta": jnp.zeros_like(draw.initial_position), "x": draw.initial_position,
    }  # fmt: skip


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
    """Take a draw through a month."""
    s, e = SimpleNamespace(**state), SimpleNamespace(**happens)
    p, a, shared, fading = draw.p, draw.ally, draw.shared, draw.fading
    s.concession = jnp.clip(s.concession + e.concession, 0.0, 1.0)
    weights = listening(draw, s)

    # 1. The two-level game.
    distance = jnp.abs(draw.leader_threat - draw.institutions_threat)
    s.criticism = jnp.minimum(1.0, s.criticism * fading.half_life_criticism + p.criticism_gain * s.r * s.o * distance)
    s.support = jnp.minimum(
        1.0, s.support * fading.half_life_support + p.support_gain * jnp.maximum(0.0, e.conciliation)
    )
    alpha = (
        p.initial_autonomy
        + p.autonomy_gain_opacity * s.o
        - p.autonomy_loss_criticism * s.criticism
        + p.autonomy_gain_support * s.support
    )
    s.alpha = jnp.clip(alpha, 0.0, 1.0)
    new = jnp.maximum(0.0, e.document) * (1.0 - s.anchor)
    s.anchor = p.document_anchor + (s.anchor - p.document_anchor) * fading.half_life_anchor + new
    s.erosion = s.erosion + p.erosion_rate * s.r * (1.0 - s.anchor) * (1.0 - s.erosion)
    slight = p.statement_cost * jnp.maximum(0.0, e.statement.max())
    s.lead_shift = s.lead_shift.at[SANCTIONS].add(-e.relief * (1.0 - p.congress_brake))
    s.lead_shift = s.lead_shift.at[OPEN_DOOR].add(-slight)
    s.tau = s.tau.at[US].set(threat_of_washington(draw, s.alpha, s.erosion))

    # 2. Signals, and a follow-up meeting that criticism may postpone.
    s.r = s.r * fading.half_life_conciliation + e.conciliation
    s.o = s.o * fading.half_life_opacity + e.opacity
    s.reset = jnp.maximum(s.reset, (e.process > 0.0).astype(float))
    s.r = s.r + s.reset * jnp.maximum(0.0, p.reset_flow - p.reset_conditionality * (s.a - p.initial_assertiveness))
    planned = e.follow_up > 0.0
    due = ~planned & (s.follow_due == e.t)
    off = due & (s.criticism > p.criticism_threshold)
    on = due & ~off
    s.r, s.o = s.r + on * s.follow_size, s.o + on * s.follow_private
    private = (e.private > 0.0) | (on & (s.follow_private > 0.0))
    s.follow_count = jnp.where(planned, 0.0, s.follow_count + off)
    s.postponed = s.postponed + off
    again = jnp.where(s.follow_count <= MAX_POSTPONEMENTS, e.t + POSTPONED_BY, -1.0)
    s.follow_due = jnp.where(planned, e.t + e.follow_up, jnp.where(off, again, jnp.where(on, -1.0, s.follow_due)))
    s.follow_size = jnp.where(planned, e.conciliation, s.follow_size)
    s.follow_private = jnp.where(planned, e.opacity, s.follow_private)
    s.r, s.o = jnp.clip(s.r, 0.0, 2.0), jnp.clip(s.o, 0.0, 1.0)
    s.z = jnp.where(private, e.reading_noise, s.z)
    volatility = s.o * p.reading_spread
    s.reading = s.r * jnp.exp(volatility * s.z - 0.5 * volatility**2)

    # 3. Perceived threat.
    before = s.tau - a.initial_threat
    others = before @ weights - before
    anchor = a.initial_threat + draw.beta * (s.a - p.initial_assertiveness)
    hybrid = p.hybrid_gain * e.hybrid * (1.0 - 2.0 * a.ties)
    change = p.threat_reversion * (anchor - s.tau) + p.threat_diffusion * others + hybrid + p.sd_threat * e.threat_noise
    s.tau = jnp.clip(s.tau + change, 0.0, 1.0).at[US].set(s.tau[US])

    # 4. The guarantee.
    washington = position_of_washington(draw, s.alpha, s.erosion, s.lead_shift)
    turned = draw.initial_position[POSTURE, US] - washington[POSTURE]
    s.c = jnp.clip(
        s.c
        + p.commitment_speed
        * (p.initial_commitment - p.commitment_loss_conciliation * s.r - p.commitment_loss_posture * turned - s.c),
        0.0,
        1.0,
    )
    us_aid = jnp.clip(s.us_aid + jnp.stack([e.aid_military, e.aid_economic, e.aid_intelligence]), 0.0, 2.0)
    cut = (s.us_aid - us_aid) @ shared.channel_weight
    loss = s.tau * (p.guarantee_loss_conciliation * s.reading + p.guarantee_loss_opacity * s.o + p.cutoff_cost * cut)
    loss += p.statement_cost * e.statement + p.trade_cost * e.trade
    recovery = p.guarantee_recovery * (a.initial_confidence + (s.c - p.initial_commitment) - s.g)
    s.g = jnp.clip(s.g - loss + recovery, 0.0, 1.0).at[US].set(s.g[US])

    # 5. Wishes.
    threat = p.threat_response * (s.tau - a.initial_threat)
    embolden = p.cover * a.ties * (1.0 - s.tau) * s.reading
    hedge = p.hedge * (a.initial_confidence - s.g) * s.tau
    own = shared.slope[:, None] * threat - shared.cover[:, None] * embolden + shared.hedge[:, None] * hedge
    wish = own + (p.norm_pull * (s.norm - shared.initial_norm))[:, None]
    wish = wish.at[:, US].set(washington - draw.initial_position[:, US])

    # 6. Influence.
    heard = (s.delta + draw.led * (s.delta[RUSSIA_STRATEGY] - s.delta)) @ weights
    s.delta = (1.0 - a.susceptibility) * wish + a.susceptibility * heard
    s.x = jnp.clip(draw.initial_position + s.delta, 0.0, 1.0)

    # 7. Spending.
    short = jnp.clip(e.demand_percent - s.d, 0.0, 2.0) / 2.0
    s.pressure = s.pressure * fading.half_life_pressure + e.demand * short
    target = (
        a.initial_spending
        + p.spending_response_threat * (s.tau - a.initial_threat)
        + p.spending_response_abandonment * s.tau * (a.initial_confidence - s.g)
        + p.pledge * 5.0 * (s.norm[SPENDING] - shared.initial_norm[SPENDING])
        + draw.answer * s.pressure
        - p.fatigue_spending * s.fatigue
    )
    s.d = jnp.maximum(0.0, s.d + p.inertia * (target - s.d)).at[US].set(s.d[US])
    s.cap = s.cap + p.depreciation * (s.d * a.gdp / 100.0 - s.cap)

    # 8. Ukraine support.
    s.us_aid = us_aid
    gap = jnp.maximum(0.0, 1.0 - us_aid) @ shared.channel_weight
    need = p.initial_aid_need
    abroad = np.arange(len(shared.europe)) != US
    gdp = jnp.where(abroad, a.gdp, 0.0)
    support, support0 = s.x[SUPPORT], draw.initial_position[SUPPORT]
    able = support @ gdp
    missing = gap * need * a.initial_aid[US] * a.gdp[US]
    extra = jnp.where(able > 0.0, p.compensation_capacity * missing / jnp.where(able > 0.0, able, 1.0), 0.0) * support
    firmer = (support - support0) / jnp.maximum(support0, 0.05)
    wanted = (need * a.initial_aid * (1.0 + firmer) + extra) * (1.0 - s.fatigue)
    aid = jnp.maximum(0.0, s.aid + p.compensation_rate * (wanted - s.aid))
    tired = s.fatigue + p.fatigue_rate * extra - p.fatigue_recovery * s.fatigue
    s.fatigue = jnp.where(abroad, jnp.clip(tired, 0.0, 1.0), 0.0)
    others = aid @ gdp / (a.initial_aid @ gdp)
    s.aid = aid.at[US].set(need * a.initial_aid[US] * (1.0 - gap))
    lost = jnp.maximum(0.0, 1.0 - us_aid[2])
    s.made_up = s.made_up + p.compensation_rate * (p.compensation_intelligence * lost - s.made_up)
    share = shared.us_share
    s.aid_channel = jnp.stack(
        [
            share[0] * need * us_aid[0] + (1.0 - share[0]) * others,
            share[1] * need * us_aid[1] + (1.0 - share[1]) * others,
            need * (share[2] * (us_aid[2] + s.made_up) + (1.0 - share[2])),
        ]
    )

    # 9. Deterrence.
    deterred, alone, weakness = deterrence(draw, s.norm, s.cap, s.c)
    s.deterrence = jnp.stack([deterred, alone])

    # 10. Russia.
    weakness = weakness - draw.weakness0 + p.read_error * e.russia_noise
    resumed = jnp.maximum(0.0, shared.initial_norm[DIALOGUE] - s.norm[DIALOGUE])
    pressure = p.sanctions_cost * (s.norm[SANCTIONS] - shared.initial_norm[SANCTIONS])
    pressure += p.resistance_cost * (s.resistance - p.initial_resistance)
    target = p.initial_assertiveness + p.weakness_response * weakness + p.resumption_gain * resumed - pressure
    s.a = jnp.clip(s.a + p.assertiveness_speed * (target - s.a) + e.escalation, 0.0, 1.0)
    s.demands = jnp.minimum(1.0, s.demands * fading.half_life_demands + p.resumption_gain * resumed)
    intent = s.a - p.initial_assertiveness - p.war_capacity * (s.resistance - p.initial_resistance)
    s.war = jnp.clip(s.war + p.war_rate * (p.initial_war + intent - s.war) + e.war, 0.0, 1.0)

    # 11. Ukraine.
    strength = p.aid_elasticity * (s.aid_channel @ shared.channel_weight - p.initial_aid_need) - 0.5 * (
        s.war - p.initial_war
    )
    s.resistance = jnp.clip(
        s.resistance + p.resistance_rate * (p.initial_resistance + strength - s.resistance), 0.0, 1.0
    )
    pressed = p.concession_conciliation * s.r + p.concession_private * s.o
    target = p.initial_concession + pressed - (s.resistance - p.initial_resistance)
    s.concession = jnp.clip(s.concession + p.concession_rate * (target - s.concession), 0.0, 1.0)
    return {name: getattr(s, name) for name in state}


def excess(draw, table, k, x, reversion, text):
    """Loss less threshold of a text for all at a table, over the chair's scale."""
    p, salience = draw.p, draw.salience[k, table.members]
    move, middle = text - reversion, text + reversion
    own = move * (middle - 2.0 * x[table.members])
    behind = jnp.where(own * salience <= p.objection_cost, table.standing, 0.0)
    willing = 0.5 * table.neutral + behind.sum()
    cover = (
        p.patron_cost
        * table.pull
        * jax.nn.sigmoid((p.objection_cost - move * (middle - 2.0 * x[US])) / jnp.maximum(p.slack_scale, 1e-12))
    )
    h = p.objection_cost + p.isolation_cost * table.isolation * (willing - behind) + table.dependence * cover
    error = p.sd_position**2 + p.sd_chair**2
    scale = jnp.sqrt(p.slack_scale**2 + LOGISTIC_OF_NORMAL**2 * (2.0 * move) ** 2 * error)
    return (own - h / salience) / jnp.maximum(scale, 1e-12)


def chance(beyond):
    """The chair's estimate that all accept."""
    return 1.0 / jnp.prod(1.0 + jnp.exp(jnp.minimum(beyond, FARTHEST)))


def consensus_capacity(draw, x):
    """Mean over the reference agenda of the largest expected share of a proposal."""
    shared, min_share = draw.shared, draw.p.min_share
    step = (1.0 - min_share) / (GRID - 1)
    shares = 1.0 - np.arange(GRID) * step

    def largest(k, base, span):
        value = jax.vmap(lambda share: share * chance(excess(draw, draw.nato, k, x[k], base, base + share * span)))
        values = value(shares)
        beside = shares[values.argmax()] + step * np.array([0.5, -0.5])
        inside = (min_share <= beside) & (beside <= 1.0)
        return jnp.maximum(values.max(), jnp.where(inside, value(beside), 0.0).max())

    return jax.vmap(largest)(shared.reference_issue, shared.reference_reversion, shared.reference_span).mean()


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


def observe(draw, state):
    """Outcomes of the month (outcomes,)."""
    s = SimpleNamespace(**state)
    p, a, shared = draw.p, draw.ally, draw.shared
    power = draw.standing / draw.standing.sum()
    mean = s.x @ power
    out = {"agreement": 1.0 - 2.0 * (jnp.abs(s.x - mean[:, None]) @ power).mean()}
    out["consensus_capacity"] = consensus_capacity(draw, s.x)
    out["mean_guarantee_confidence"] = s.g[1:].mean()
    paid = s.d[1:] @ a.gdp[1:] / a.gdp[1:].sum()
    out["burden_sharing"] = jnp.minimum(1.0, paid / jnp.maximum(s.d[US], 0.01))
    out["cohesion"] = 0.25 * sum(out.values())
    out["threat_gap"] = s.tau @ shared.europe / shared.europe.sum() - s.tau[US]
    out["camps"], out["polarisation"] = camps(draw, s.x[RUSSIA_STRATEGY])
    out["deterrence"], out["deterrence_without_us"] = s.deterrence
    wish = position_of_washington(draw, s.alpha, s.erosion, s.lead_shift)[SANCTIONS]
    kept = jnp.minimum(1.0, wish / jnp.maximum(draw.initial_position[SANCTIONS, US], 0.01))
    lifted = (1.0 - kept) * a.gdp[US] / a.gdp.sum()
    level = s.norm[SANCTIONS]
    out["isolation"] = (level * (1.0 - lifted) + s.norm[DIALOGUE] + 1.0 / (1.0 + s.r)) / 3.0
    base = shared.rollover_reversion[0]
    beyond = excess(draw, draw.eu, SANCTIONS, s.x[SANCTIONS], base, base + level)
    renewed = chance(beyond)
    out["sanctions_durability"], out["objector_hazard"] = level * renewed**2, 1.0 - renewed
    out["objector_weight"] = draw.eu.standing @ jax.nn.sigmoid(beyond) / draw.eu.total
    out["mean_spending"], out["spending_spread"] = s.d.mean(), s.d.std()
    out["ukraine_support_total"] = s.aid_channel @ shared.channel_weight
    for channel, name in enumerate(("military", "economic", "intelligence")):
        out[f"ukraine_support_{name}"] = s.aid_channel[channel]
    out |= {"resistance": s.resistance, "war_intensity": s.war, "assertiveness": s.a, "demands": s.demands}
    out |= {"concession_pressure": s.concession, "conciliation": s.r, "opacity": s.o, "criticism": s.criticism}
    out["exercise_participation"] = (s.x[EXERCISES] >= p.exercise_threshold).mean()
    out["presidential_autonomy"], out["presidential_support"] = s.alpha, s.support
    out["institutions_stance"] = draw.institutions_threat + s.erosion * (draw.leader_threat - draw.institutions_threat)
    out["us_commitment"], out["open_door_us"] = s.c, s.x[OPEN_DOOR, US]
    out["postponements"], out["blow_ups"] = s.postponed, jnp.zeros(())
    return jnp.stack([out[name] for name in OUTCOMES])


def compiled(given: Inputs):
    """Return a compiled function of drawn arrays and noise (`Noise`, or a key a draw) that gives outcomes (D, T, O)."""
    shared = SimpleNamespace(**given.shared)
    happens = {
        **given.washington,
        **given.others,
        "demand_percent": given.demand_percent,
        "concession": given.concession,
        "t": np.arange(given.months, dtype=float),
    }
    private = np.flatnonzero(given.may_be_private)
    n = len(shared.europe)

    def numbers(key):
        keys = jax.random.split(key, 3)
        reading = jnp.zeros((given.months, n)).at[private].set(jax.random.normal(keys[1], (len(private), n)))
        return jax.random.normal(keys[0], (given.months, n)), reading, jax.random.normal(keys[2], (given.months,))

    def one(drawn, noise):
        draw = prepare(shared, given.eu, drawn)
        threat, reading, russia = noise if isinstance(noise, tuple) else numbers(noise)
        all_months = happens | {"threat_noise": threat, "reading_noise": reading, "russia_noise": russia}
        before = {name: values[: given.spin_up] for name, values in all_months.items()}
        after = {name: values[given.spin_up :] for name, values in all_months.items()}

        def reported(state, happens):
            state = month(draw, state, happens)
            return state, observe(draw, state)

        state, _ = jax.lax.scan(lambda state, happens: (month(draw, state, happens), None), begin(draw), before)
        return jax.lax.scan(reported, state, after)[1]

    return jax.jit(jax.vmap(one))


def drawn_arrays(given: Inputs, draw0: int = 0, draw1: int | None = None) -> dict[str, Any]:
    """What differs between draws, of some of them."""
    names = (
        "p",
        "ally",
        "initial_position",
        "leader_threat",
        "leader_position",
        "institutions_threat",
        "institutions_position",
    )
    return jax.tree.map(lambda values: values[draw0:draw1], {name: getattr(given, name) for name in names})


def outcomes(given: Inputs, noise: Noise):
    """Outcomes (D, T, outcomes) for given noise."""
    numbers = (noise.threat.swapaxes(0, 1), noise.reading.swapaxes(0, 1), noise.russia.T)
    return compiled(given)(drawn_arrays(given), numbers)
