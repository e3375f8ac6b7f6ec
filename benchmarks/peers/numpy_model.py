"""The model without meetings in NumPy: all draws side by side, a month at a time.

Arrays are (D,), (D, N), (D, K) or (D, K, N): draws first, allies last. Numbers in the comments are those of the core's
mechanisms.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

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

Array = NDArray[np.float64]

GRID = 9  # texts the chair tries
FARTHEST = 20.0
CAMP_GAP = 0.12
SENSITIVITY = 1.3
MAX_POSTPONEMENTS, POSTPONED_BY = 2, 5
LOGISTIC_OF_NORMAL = 3.0**0.5 / np.pi


def halving(half_life: Array) -> Array:
    """Share of a stock that is left after a month."""
    return 0.5 ** (1.0 / half_life)


def logistic(z: Array) -> Array:
    """Logistic function."""
    return 1.0 / (1.0 + np.exp(-z))


def column(values: Array) -> Array:
    """(D,) as (D, 1), to go with allies or issues."""
    return values[:, None]


class Table:
    """Who sits at a table, and what of it never changes: standing, isolation, dependence, salience."""

    def __init__(self, members: Array, standing: Array, dependence: Array, neutral: float, patron: int, pull: Array):
        self.members, self.neutral, self.pull = members, neutral, pull
        self.standing = standing[:, members]
        self.total = neutral + self.standing.sum(axis=1)
        self.isolation = (1.0 - self.standing) / (column(self.total) - self.standing)
        self.dependence = np.where(members == patron, 0.0, dependence[:, members])

    def excess(self, x, us, salience, reversion, text, p):
        """Loss less threshold (D, F, M) of texts (D, F) for positions (D, M), and the chair's scale (D, F)."""
        text, reversion = np.atleast_2d(text)[:, :, None], np.reshape(reversion, (-1, 1, 1))
        move, middle = text - reversion, text + reversion
        loss = move * (middle - 2.0 * x[:, None])
        loss_us = (move * (middle - 2.0 * us[:, None, None]))[:, :, 0]
        objection_cost, s = column(p.objection_cost), column(p.slack_scale)
        own = np.where(loss * salience[:, None] <= objection_cost[:, :, None], self.standing[:, None], 0.0)
        willing = 0.5 * self.neutral + own.sum(axis=2)
        cover = column(p.patron_cost * self.pull) * logistic((objection_cost - loss_us) / np.maximum(s, 1e-12))
        isolation = (p.isolation_cost[:, None] * self.isolation)[:, None]
        h = (
            objection_cost[:, :, None]
            + isolation * (willing[:, :, None] - own)
            + self.dependence[:, None] * cover[:, :, None]
        )
        error = column((p.sd_position**2 + p.sd_chair**2) * LOGISTIC_OF_NORMAL**2)
        scale = np.maximum(np.sqrt(s * s + 4.0 * move[:, :, 0] ** 2 * error), 1e-12)
        return loss - h / salience[:, None], scale


class NumpyModel:
    """A block of draws."""

    def __init__(self, given: Inputs):
        self.given, self.shared = given, SimpleNamespace(**given.shared)
        self.p = p = SimpleNamespace(**given.p)
        self.a = a = SimpleNamespace(**{name: values.copy() for name, values in given.ally.items()})
        f = self.shared
        draws, n = a.initial_threat.shape
        issues = len(f.initial_norm)
        zeros = np.zeros(draws)

        self.r, self.o, self.criticism, self.support, self.erosion = (zeros.copy() for _ in range(5))
        self.alpha, self.anchor, self.c, self.war = (
            v.copy() for v in (p.initial_autonomy, p.document_anchor, p.initial_commitment, p.initial_war)
        )
        self.assertiveness, self.resistance, self.concession = (
            p.initial_assertiveness.copy(),
            p.initial_resistance.copy(),
            p.initial_concession.copy(),
        )
        self.demands, self.reset, self.made_up = zeros.copy(), False, zeros.copy()
        self.follow_due, self.follow_count, self.postponed = np.full(draws, -1.0), zeros.copy(), zeros.copy()
        self.follow_size, self.follow_private = zeros.copy(), zeros.copy()
        self.us_aid = np.ones((draws, 3))
        self.aid_channel = np.repeat(column(p.initial_aid_need), 3, axis=1)
        self.norm, self.lead_shift = np.tile(f.initial_norm, (draws, 1)), np.zeros((draws, issues))
        self.fading = SimpleNamespace(
            **{name: halving(v) for name, v in given.p.items() if name.startswith("half_life_")}
        )

        a.initial_threat[:, US] = self.washington_threat()
        self.initial_position = given.initial_position.copy()
        self.initial_position[:, :, US] = self.washington_position()
        self.tau, self.g, self.d = a.initial_threat.copy(), a.initial_confidence.copy(), a.initial_spending.copy()
        self.aid = column(p.initial_aid_need) * a.initial_aid
        self.cap = a.initial_spending * a.gdp / 100.0
        self.fatigue, self.pressure, self.z = np.zeros((draws, n)), np.zeros((draws, n)), np.zeros((draws, n))
        self.standing = (a.gdp / a.gdp[:, :1]) ** column(p.standing_exponent)
        self.delta, self.x = np.zeros_like(self.initial_position), self.initial_position.copy()
        self.support0 = self.initial_position[:, SUPPORT].copy()
        self.salience = column(p.min_salience)[:, :, None] + (1.0 - column(p.min_salience)[:, :, None]) * np.abs(
            2.0 * self.initial_position - 1.0
        )
        self.deterrence()
        self.weakness0 = self.weakness

        # What stays the same all run long.
        self.base = (self.standing ** column(p.standing_weight))[:, :, None] * f.affinity
        # Each issue is drawn to the one that leads. As products of matrices it takes less time than row by row.
        led = np.outer(f.led, np.arange(issues) == RUSSIA_STRATEGY) - np.diag(f.led)
        self.coupling = np.eye(issues) + p.coupling[:, None, None] * led
        self.issue_weight = np.sqrt(f.weight / f.weight.sum())[:, None]
        self.europe = f.europe > 0
        self.total_gdp = a.gdp.sum(axis=1)
        self.gdp_others = a.gdp[:, 1:].sum(axis=1)
        self.beta = column(p.conduct_response) * (1.0 + column(p.conduct_response_exposure) * (a.exposure - 0.5))
        self.answer = column(p.coercion) * a.exposure - column(p.reactance) * (1.0 - a.exposure)
        self.nato = Table(np.arange(n), self.standing, a.dependence, f.neutral[Forum.NATO_SUMMIT], US, np.ones(draws))
        self.eu = Table(given.eu, self.standing, a.dependence, f.neutral[Forum.EU_COUNCIL], US, p.cross_forum)

    def run(self, noise: Noise | np.random.Generator) -> Array:
        """Run all months; return outcomes (D, T, outcomes)."""
        given = self.given
        draws, n = self.tau.shape
        out = np.empty((draws, given.months - given.spin_up, len(OUTCOMES)))
        for t in range(given.months):
            if isinstance(noise, Noise):
                threat, reading, russia = noise.threat[t], noise.reading[t], noise.russia[t]
            else:
                threat, russia = noise.standard_normal((draws, n)), noise.standard_normal(draws)
                reading = noise.standard_normal((draws, n)) if given.may_be_private[t] else self.z
            self.month(t, threat, reading, russia)
            if t >= given.spin_up:
                out[:, t - given.spin_up] = self.observe()
        return out

    def month(self, t: int, threat: Array, reading: Array, russia: Array) -> None:
        """Take all draws through month t."""
        happens = SimpleNamespace(
            **{name: values[t] for name, values in (*self.given.washington.items(), *self.given.others.items())}
        )
        self.demand_percent = self.given.demand_percent[t]
        if self.given.concession[t]:
            self.concession = np.clip(self.concession + self.given.concession[t], 0.0, 1.0)
        self.listening()
        self.washington(happens)
        self.signals(happens, t, reading)
        self.threat_perception(happens, threat)
        self.guarantee(happens)
        self.influence(self.wishes())
        self.spending(happens)
        self.ukraine_support(happens)
        self.deterrence()
        self.russia(happens, russia)
        self.ukraine()

    def washington_threat(self) -> Array:
        """Threat as Washington perceives it."""
        given = self.given
        held = given.institutions_threat + self.erosion * (given.leader_threat - given.institutions_threat)
        return np.clip(self.alpha * given.leader_threat + (1.0 - self.alpha) * held, 0.0, 1.0)

    def washington_position(self) -> Array:
        """Washington's positions (D, K)."""
        given, alpha = self.given, column(self.alpha)
        held = given.institutions_position + column(self.erosion) * (
            given.leader_position - given.institutions_position
        )
        return alpha * np.clip(given.leader_position + self.lead_shift, 0.0, 1.0) + (1.0 - alpha) * held

    def listening(self) -> None:
        """Influence weights (D, speaker, listener)."""
        scaled = self.issue_weight * self.x
        square = np.einsum("dki,dki->di", scaled, scaled)
        distance2 = (-2.0 * scaled.transpose(0, 2, 1)) @ scaled
        distance2 += square[:, :, None]
        distance2 += square[:, None, :]
        distance2 *= (-1.0 / self.p.confidence_bound**2)[:, None, None]
        distance2 += 1.0
        near = np.maximum(distance2, 0.0, out=distance2)
        near *= near
        near *= self.base
        near[:, US] *= self.g
        heard = near.sum(axis=1)
        alone = heard == 0.0
        if alone.any():
            draw, ally = np.nonzero(alone)
            near[draw, ally, ally] = heard[alone] = 1.0
        near /= heard[:, None]
        self.weights = near

    def washington(self, happens) -> None:
        """1. The two-level game."""
        p, given, fading = self.p, self.given, self.fading
        distance = np.abs(given.leader_threat - given.institutions_threat)
        gained = p.criticism_gain * self.r * self.o * distance
        self.criticism = np.minimum(1.0, self.criticism * fading.half_life_criticism + gained)
        gained = p.support_gain * max(0.0, happens.conciliation)
        self.support = np.minimum(1.0, self.support * fading.half_life_support + gained)
        swayed = (
            p.autonomy_gain_opacity * self.o
            - p.autonomy_loss_criticism * self.criticism
            + p.autonomy_gain_support * self.support
        )
        self.alpha = np.clip(p.initial_autonomy + swayed, 0.0, 1.0)
        new = max(0.0, happens.document) * (1.0 - self.anchor)
        self.anchor = p.document_anchor + (self.anchor - p.document_anchor) * fading.half_life_anchor + new
        self.erosion = self.erosion + p.erosion_rate * self.r * (1.0 - self.anchor) * (1.0 - self.erosion)
        self.lead_shift[:, SANCTIONS] -= happens.relief * (1.0 - p.congress_brake)
        self.lead_shift[:, OPEN_DOOR] -= p.statement_cost * max(0.0, happens.statement.max())
        self.tau[:, US] = self.washington_threat()

    def signals(self, happens, t: int, reading: Array) -> None:
        """2. Conciliation and opacity, and what allies read into them."""
        p = self.p
        r = self.r * self.fading.half_life_conciliation + happens.conciliation
        o = self.o * self.fading.half_life_opacity + happens.opacity
        self.reset = self.reset or happens.process > 0.0
        if self.reset:
            r = r + np.maximum(
                0.0, p.reset_flow - p.reset_conditionality * (self.assertiveness - p.initial_assertiveness)
            )
        private = np.full(len(r), happens.private > 0.0)
        if happens.follow_up > 0.0:
            self.follow_due[:] = t + happens.follow_up
            self.follow_count[:] = 0.0
            self.follow_size[:], self.follow_private[:] = happens.conciliation, happens.opacity
        else:
            due = self.follow_due == t
            if due.any():
                off = due & (self.criticism > p.criticism_threshold)
                on = due & ~off
                self.follow_count[off] += 1.0
                self.postponed[off] += 1.0
                again = np.where(self.follow_count <= MAX_POSTPONEMENTS, t + POSTPONED_BY, -1.0)
                r, o = r + np.where(on, self.follow_size, 0.0), o + np.where(on, self.follow_private, 0.0)
                self.follow_due = np.where(off, again, np.where(on, -1.0, self.follow_due))
                private = np.where(on, self.follow_private > 0.0, private)
        self.r, self.o = np.clip(r, 0.0, 2.0), np.clip(o, 0.0, 1.0)
        if private.any():
            self.z = np.where(column(private), reading, self.z)
        volatility = column(self.o * p.reading_spread)
        self.reading = column(self.r) * np.exp(volatility * (self.z - 0.5 * volatility))

    def threat_perception(self, happens, shock: Array) -> None:
        """3. Perceived threat of all but Washington."""
        p, a = self.p, self.a
        before = self.tau - a.initial_threat
        others = np.matmul(before[:, None], self.weights)[:, 0] - before
        anchor = a.initial_threat + self.beta * column(self.assertiveness - p.initial_assertiveness)
        hybrid = column(p.hybrid_gain) * happens.hybrid * (1.0 - 2.0 * a.ties)
        change = (
            column(p.threat_reversion) * (anchor - self.tau)
            + column(p.threat_diffusion) * others
            + hybrid
            + column(p.sd_threat) * shock
        )
        self.tau[:, 1:] = np.clip(self.tau + change, 0.0, 1.0)[:, 1:]

    def guarantee(self, happens) -> None:
        """4. The commitment of the United States, and what allies believe of it."""
        p, a = self.p, self.a
        self.washington_now = self.washington_position()
        turned = self.initial_position[:, POSTURE, US] - self.washington_now[:, POSTURE]
        self.c = np.clip(
            self.c
            + p.commitment_speed
            * (
                p.initial_commitment
                - p.commitment_loss_conciliation * self.r
                - p.commitment_loss_posture * turned
                - self.c
            ),
            0.0,
            1.0,
        )
        change = np.array([happens.aid_military, happens.aid_economic, happens.aid_intelligence])
        cut = (self.us_aid - np.clip(self.us_aid + change, 0.0, 2.0)) @ self.shared.channel_weight
        felt = column(p.guarantee_loss_conciliation) * self.reading + column(
            p.guarantee_loss_opacity * self.o + p.cutoff_cost * cut
        )
        loss = self.tau * felt + column(p.statement_cost) * happens.statement + column(p.trade_cost) * happens.trade
        recovery = column(p.guarantee_recovery) * (
            a.initial_confidence + column(self.c - p.initial_commitment) - self.g
        )
        self.g[:, 1:] = np.clip(self.g - loss + recovery, 0.0, 1.0)[:, 1:]

    def wishes(self) -> Array:
        """5. Where each government wants to be, as a displacement (D, K, N)."""
        p, a, f = self.p, self.a, self.shared
        threat = column(p.threat_response) * (self.tau - a.initial_threat)
        embolden = column(p.cover) * a.ties * (1.0 - self.tau) * self.reading
        hedge = column(p.hedge) * (a.initial_confidence - self.g) * self.tau
        causes = np.stack([threat, -embolden, hedge], axis=1)
        wish = np.stack([f.slope, f.cover, f.hedge], axis=1) @ causes
        wish += (column(p.norm_pull) * (self.norm - f.initial_norm))[:, :, None]
        wish[:, :, US] = self.washington_now - self.initial_position[:, :, US]
        return wish

    def influence(self, wish: Array) -> None:
        """6. Multi-issue Friedkin-Johnsen on displacements."""
        s = self.a.susceptibility[:, None]
        heard = (self.coupling @ self.delta) @ self.weights
        self.delta = (1.0 - s) * wish + s * heard
        self.x = np.clip(self.initial_position + self.delta, 0.0, 1.0)

    def spending(self, happens) -> None:
        """7. Spending with inertia, and the capability it buys."""
        p, a = self.p, self.a
        short = np.clip(self.demand_percent - self.d, 0.0, 2.0) / 2.0
        self.pressure = self.pressure * column(self.fading.half_life_pressure) + happens.demand * short
        target = (
            a.initial_spending
            + column(p.spending_response_threat) * (self.tau - a.initial_threat)
            + column(p.spending_response_abandonment) * self.tau * (a.initial_confidence - self.g)
            + column(p.pledge * 5.0 * (self.norm[:, SPENDING] - self.shared.initial_norm[SPENDING]))
            + self.answer * self.pressure
            - column(p.fatigue_spending) * self.fatigue
        )
        self.d[:, 1:] = np.maximum(0.0, self.d + column(p.inertia) * (target - self.d))[:, 1:]
        self.cap += column(p.depreciation) * (self.d * a.gdp / 100.0 - self.cap)

    def ukraine_support(self, happens) -> None:
        """8. Three U.S. channels, and what the others make up for."""
        p, a, f = self.p, self.a, self.shared
        change = np.array([happens.aid_military, happens.aid_economic, happens.aid_intelligence])
        self.us_aid = np.clip(self.us_aid + change, 0.0, 2.0)
        gap = np.maximum(0.0, 1.0 - self.us_aid) @ f.channel_weight
        need = p.initial_aid_need
        missing = gap * need * a.initial_aid[:, US] * a.gdp[:, US]
        support, support0, gdp, initial_aid = (
            self.x[:, SUPPORT, 1:],
            self.support0[:, 1:],
            a.gdp[:, 1:],
            a.initial_aid[:, 1:],
        )
        fatigue, aid = self.fatigue[:, 1:], self.aid[:, 1:]
        able = (support * gdp).sum(axis=1)
        share = np.divide(p.compensation_capacity * missing, able, out=np.zeros_like(able), where=able > 0.0)
        extra = column(share) * support
        firmer = (support - support0) / np.maximum(support0, 0.05)
        wish = (column(need) * initial_aid * (1.0 + firmer) + extra) * (1.0 - fatigue)
        aid = np.maximum(0.0, aid + column(p.compensation_rate) * (wish - aid))
        self.aid[:, 1:] = aid
        tired = column(p.fatigue_rate) * extra + (1.0 - column(p.fatigue_recovery)) * fatigue
        self.fatigue[:, 1:] = np.clip(tired, 0.0, 1.0)
        others = (aid * gdp).sum(axis=1) / (initial_aid * gdp).sum(axis=1)
        self.aid[:, US] = need * a.initial_aid[:, US] * (1.0 - gap)
        for channel in range(2):
            ours = f.us_share[channel]
            self.aid_channel[:, channel] = ours * need * self.us_aid[:, channel] + (1.0 - ours) * others
        lost = np.maximum(0.0, 1.0 - self.us_aid[:, 2])
        self.made_up = self.made_up + p.compensation_rate * (p.compensation_intelligence * lost - self.made_up)
        ours = f.us_share[2]
        self.aid_channel[:, 2] = need * (ours * (self.us_aid[:, 2] + self.made_up) + (1.0 - ours))

    def deterrence(self) -> None:
        """9. Force in being, with and without the United States, against Russia's."""
        p = self.p
        posture = np.clip(self.norm[:, POSTURE], 0.0, 1.0)
        others = (self.cap[:, 1:] * self.initial_position[:, POSTURE, 1:]).sum(axis=1) * posture
        force = others + self.cap[:, US] * p.forward_share * self.c * posture
        russia = p.russia_capability
        self.deterred, self.deterred_alone = force / (force + russia), others / (others + russia)
        self.weakness = russia / (russia + force)

    def russia(self, happens, error: Array) -> None:
        """10. Russia reads weakness with error."""
        p, f = self.p, self.shared
        weakness = self.weakness - self.weakness0 + p.read_error * error
        resumed = np.maximum(0.0, f.initial_norm[DIALOGUE] - self.norm[:, DIALOGUE])
        pressure = p.sanctions_cost * (self.norm[:, SANCTIONS] - f.initial_norm[SANCTIONS])
        pressure += p.resistance_cost * (self.resistance - p.initial_resistance)
        target = p.initial_assertiveness + p.weakness_response * weakness + p.resumption_gain * resumed - pressure
        a = self.assertiveness
        self.assertiveness = np.clip(a + p.assertiveness_speed * (target - a) + happens.escalation, 0.0, 1.0)
        self.demands = np.minimum(1.0, self.demands * self.fading.half_life_demands + p.resumption_gain * resumed)
        intent = (
            self.assertiveness - p.initial_assertiveness - p.war_capacity * (self.resistance - p.initial_resistance)
        )
        self.war = np.clip(self.war + p.war_rate * (p.initial_war + intent - self.war) + happens.war, 0.0, 1.0)

    def ukraine(self) -> None:
        """11. Resistance, and pressure to concede."""
        p = self.p
        total = self.aid_channel @ self.shared.channel_weight
        strength = p.aid_elasticity * (total - p.initial_aid_need) - 0.5 * (self.war - p.initial_war)
        grown = self.resistance + p.resistance_rate * (p.initial_resistance + strength - self.resistance)
        self.resistance = np.clip(grown, 0.0, 1.0)
        pressed = p.concession_conciliation * self.r + p.concession_private * self.o
        target = p.initial_concession + pressed - (self.resistance - p.initial_resistance)
        self.concession = np.clip(self.concession + p.concession_rate * (target - self.concession), 0.0, 1.0)

    def consensus_capacity(self) -> Array:
        """Mean over the reference agenda of the largest expected share of a proposal."""
        p, f = self.p, self.shared
        min_share = column(p.min_share)
        step = (1.0 - min_share) / (GRID - 1)
        total = np.zeros(len(p.min_share))
        for k, base, span in zip(f.reference_issue, f.reference_reversion, f.reference_span, strict=True):
            x, salience = self.x[:, k], self.salience[:, k]

            def value(share: Array, x=x, salience=salience, base=base, span=span) -> Array:
                excess, scale = self.nato.excess(x, x[:, US], salience, base, base + share * span, p)
                excess /= scale[:, :, None]
                np.minimum(excess, FARTHEST, out=excess)
                np.exp(excess, out=excess)
                excess += 1.0
                return share / excess.prod(axis=2)

            shares = 1.0 - np.arange(GRID) * step
            values = value(shares)
            at = values.argmax(axis=1)[:, None]
            best = np.take_along_axis(shares, at, axis=1)
            beside = best + step * np.array([0.5, -0.5])
            inside = (min_share <= beside) & (beside <= 1.0)
            total += np.maximum(values.max(axis=1), np.where(inside, value(beside), 0.0).max(axis=1))
        return total / len(f.reference_issue)

    def sanctions_rollover(self) -> tuple[Array, Array]:
        """Chance that the EU renews sanctions, and the share of standing expected to object."""
        eu, x = self.eu, self.x[:, SANCTIONS]
        salience = self.salience[:, SANCTIONS, eu.members]
        reversion, level = self.shared.rollover_reversion[0], column(self.norm[:, SANCTIONS])
        excess, scale = eu.excess(x[:, eu.members], x[:, US], salience, reversion, reversion + level, self.p)
        excess = excess[:, 0] / scale
        chance = 1.0 / (1.0 + np.exp(np.minimum(excess, FARTHEST))).prod(axis=1)
        return chance, (eu.standing * logistic(excess)).sum(axis=1) / eu.total

    def camps(self) -> tuple[Array, Array]:
        """Camps on the Russia strategy, and Esteban and Ray's polarisation."""
        x = self.x[:, RUSSIA_STRATEGY]
        draws, n = x.shape
        order = x.argsort(axis=1)
        x, mass = np.take_along_axis(x, order, axis=1), np.take_along_axis(self.standing, order, axis=1)
        camp = np.zeros((draws, n), np.int64)
        np.cumsum(np.diff(x, axis=1) > CAMP_GAP, axis=1, out=camp[:, 1:])
        count = camp[:, -1] + 1
        most = int(count.max())
        cell = (camp + most * np.arange(draws)[:, None]).ravel()
        weight = np.bincount(cell, mass.ravel(), draws * most).reshape(draws, most)
        place = np.bincount(cell, (mass * x).ravel(), draws * most).reshape(draws, most)
        place = np.divide(place, weight, out=place, where=weight > 0.0)
        weight /= mass.sum(axis=1, keepdims=True)
        felt = (np.abs(place[:, :, None] - place[:, None, :]) @ weight[:, :, None])[:, :, 0]
        polarisation = (weight ** (1.0 + SENSITIVITY) * felt).sum(axis=1)
        return count.astype(float), np.minimum(1.0, polarisation * 2.0 ** (1.0 + SENSITIVITY))

    def observe(self) -> Array:
        """Outcomes of the month (D, outcomes)."""
        p, a, f, given = self.p, self.a, self.shared, self.given
        power = self.standing / self.standing.sum(axis=1, keepdims=True)
        mean = self.x @ power[:, :, None]
        disagreement = (np.abs(self.x - mean) @ power[:, :, None]).sum(axis=(1, 2))
        out = {"agreement": 1.0 - 2.0 * disagreement / self.x.shape[1]}
        out["consensus_capacity"] = self.consensus_capacity()
        out["mean_guarantee_confidence"] = self.g[:, 1:].mean(axis=1)
        paid = (self.d[:, 1:] * a.gdp[:, 1:]).sum(axis=1) / self.gdp_others
        out["burden_sharing"] = np.minimum(1.0, paid / np.maximum(self.d[:, US], 0.01))
        out["cohesion"] = 0.25 * sum(out.values())
        out["threat_gap"] = self.tau[:, self.europe].mean(axis=1) - self.tau[:, US]
        out["camps"], out["polarisation"] = self.camps()
        out["deterrence"], out["deterrence_without_us"] = self.deterred, self.deterred_alone
        wish = self.washington_position()[:, SANCTIONS]
        kept = np.minimum(1.0, wish / np.maximum(self.initial_position[:, SANCTIONS, US], 0.01))
        lifted = (1.0 - kept) * a.gdp[:, US] / self.total_gdp
        sanctions = self.norm[:, SANCTIONS]
        out["isolation"] = (sanctions * (1.0 - lifted) + self.norm[:, DIALOGUE] + 1.0 / (1.0 + self.r)) / 3.0
        chance, against = self.sanctions_rollover()
        out["sanctions_durability"] = sanctions * chance * chance
        out["objector_hazard"], out["objector_weight"] = 1.0 - chance, against
        out["mean_spending"], out["spending_spread"] = self.d.mean(axis=1), self.d.std(axis=1)
        out["ukraine_support_total"] = self.aid_channel @ f.channel_weight
        for channel, name in enumerate(("military", "economic", "intelligence")):
            out[f"ukraine_support_{name}"] = self.aid_channel[:, channel]
        out["resistance"], out["war_intensity"] = self.resistance, self.war
        out["assertiveness"], out["demands"] = self.assertiveness, self.demands
        out["concession_pressure"] = self.concession
        out["exercise_participation"] = (self.x[:, EXERCISES] >= column(p.exercise_threshold)).mean(axis=1)
        out["conciliation"], out["opacity"], out["criticism"] = self.r, self.o, self.criticism
        out["presidential_autonomy"], out["presidential_support"] = self.alpha, self.support
        out["institutions_stance"] = given.institutions_threat + self.erosion * (
            given.leader_threat - given.institutions_threat
        )
        out["us_commitment"], out["open_door_us"] = self.c, self.x[:, OPEN_DOOR, US]
        out["postponements"], out["blow_ups"] = self.postponed, np.zeros_like(self.postponed)
        return np.stack([out[name] for name in OUTCOMES], axis=1)
