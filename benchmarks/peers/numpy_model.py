"""The model without meetings in NumPy: all draws side by side, a month at a time.

Arrays are (D,), (D, N), (D, K) or (D, K, N): draws first, allies last. Numbers in the comments are those of the core's
mechanisms. What the alliance could agree on is in `numpy_decisions`.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core import constants
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
from peers.numpy_decisions import Body, column

Array = NDArray[np.float64]

SENSITIVITY = 1.3


def halving(half_life):
    """Share of a stock that is left after a month."""
    return 0.5 ** (1.0 / half_life)


def steady(sd: Array, reversion: Array) -> Array:
    """Standard deviation to which noise of `sd` a month adds up in a quantity that returns at this rate."""
    left = (1.0 - reversion) ** 2
    return np.where(left < 1.0, sd / np.sqrt(np.where(left < 1.0, 1.0 - left, 1.0)), 0.0)


class NumpyModel:
    """A block of draws, with the noise given or drawn by a generator."""

    def __init__(self, given: Inputs, noise: Noise | np.random.Generator):
        self.given, self.noise, self.shared = given, noise, SimpleNamespace(**given.shared)
        self.p = p = SimpleNamespace(**given.p)
        self.a = a = SimpleNamespace(**{name: values.copy() for name, values in given.ally.items()})
        f = self.shared
        draws, n = a.initial_threat.shape
        issues = len(f.initial_norm)
        zeros, nobody = np.zeros(draws), np.zeros((draws, n))
        if isinstance(noise, Noise):
            threat, russia, salience, output = noise.steady_threat, noise.steady_russia, noise.salience, noise.output[0]
        else:
            threat, russia = noise.standard_normal((draws, n)), noise.standard_normal(draws)
            salience, output = noise.standard_normal((draws, issues, n)), noise.standard_normal(draws)

        # Washington and Moscow
        self.r, self.new_r, self.o, self.criticism, self.support, self.erosion = (zeros.copy() for _ in range(6))
        self.alpha, self.anchor = p.initial_autonomy.copy(), np.full(draws, constants.DOCUMENT_ANCHOR)
        self.c, self.reset = p.initial_commitment.copy(), False
        self.follow_due, self.follow_count, self.postponed = np.full(draws, -1.0), zeros.copy(), zeros.copy()
        self.follow_size, self.follow_private = zeros.copy(), zeros.copy()
        misread = p.assertiveness_speed * p.weakness_response * constants.READ_ERROR
        self.assertiveness = np.clip(f.assertiveness + steady(misread, p.assertiveness_speed) * russia, 0.0, 1.0)
        self.demands, self.war = zeros.copy(), np.full(draws, f.war)

        # Ukraine, and what the alliance is committed to
        self.resistance, self.concession = p.initial_resistance.copy(), np.full(draws, constants.INITIAL_CONCESSION)
        self.us_aid, self.aid_channel = np.ones((draws, 3)), np.full((draws, 3), f.aid_need)
        self.eu_aid, self.made_up_intelligence = np.full(draws, f.aid_need), zeros.copy()
        self.norm, self.lead_shift = np.tile(f.initial_norm, (draws, 1)), np.zeros((draws, issues))

        # Allies
        a.initial_threat[:, US] = self.washington_threat()
        self.initial_position = given.initial_position.copy()
        self.initial_position[:, :, US] = self.washington_position()
        spread = column(steady(p.sd_threat, p.threat_reversion)) * threat
        spread[:, US] = 0.0
        self.tau, self.g = np.clip(a.initial_threat + spread, 0.0, 1.0), a.initial_confidence.copy()
        self.budget, self.growth = a.initial_spending.copy(), a.initial_growth.copy()
        self.d = self.budget * (1.0 - constants.SD_OUTPUT * column(output))
        self.d[:, US] = a.initial_spending[:, US]  # constant
        self.cap = a.initial_spending * a.gdp / 100.0
        self.aid = f.aid_need * a.initial_aid
        self.fatigue, self.pressure, self.made_up, self.z = (nobody.copy() for _ in range(4))
        self.standing = (a.gdp / a.gdp[:, :1]) ** column(p.standing_exponent)
        self.delta, self.x = np.zeros_like(self.initial_position), self.initial_position.copy()
        self.support0 = self.initial_position[:, SUPPORT].copy()
        self.salience = self.salience_of(self.initial_position, salience)
        self.institutions_salience = self.salience_of(given.institutions_position, salience[:, :, US])
        self.deterrence()
        self.weakness0 = self.weakness

        # What stays the same all run long.
        self.signals_left = halving(p.half_life_signals)
        self.base = (self.standing**constants.STANDING_WEIGHT)[:, :, None] * f.affinity
        # Each issue is drawn to the one that leads. As products of matrices it takes less time than row by row.
        led = np.outer(f.led, np.arange(issues) == RUSSIA_STRATEGY) - np.diag(f.led)
        self.coupling = np.eye(issues) + constants.COUPLING * led
        self.issue_weight = np.sqrt(f.weight / f.weight.sum())[:, None]
        self.europe = f.europe > 0
        self.total_gdp, self.gdp_others = a.gdp.sum(axis=1), a.gdp[:, 1:].sum(axis=1)
        self.beta = column(p.conduct_response) * (1.0 + constants.CONDUCT_RESPONSE_EXPOSURE * (a.exposure - 0.5))
        self.arms_gdp = a.military_share * a.gdp
        self.aid0 = (a.initial_aid * a.gdp)[:, 1:].sum(axis=1)
        self.arms0 = (a.initial_aid * self.arms_gdp)[:, 1:].sum(axis=1)
        bodies = {Forum.NATO_SUMMIT: (np.arange(n), 1.0), Forum.EU_COUNCIL: (given.eu, constants.CROSS_FORUM)}
        self.nato, self.eu = (
            Body(members, self.standing, a.susceptibility, a.dependence, f.neutral[forum], pull, p)
            for forum, (members, pull) in bodies.items()
        )

    def run(self) -> Array:
        """Run all months; return outcomes (D, T, outcomes)."""
        given, noise = self.given, self.noise
        draws, n = self.tau.shape
        out = np.empty((draws, given.months - given.spin_up, len(OUTCOMES)))
        for t in range(given.months):
            if isinstance(noise, Noise):
                threat, reading, russia, output = noise.threat[t], noise.reading[t], noise.russia[t], noise.output[t]
            else:
                threat, russia = noise.standard_normal((draws, n)), noise.standard_normal(draws)
                reading = noise.standard_normal((draws, n)) if given.may_be_private[t] else self.z
                output = noise.standard_normal(draws) if given.new_year[t] else None
            self.month(t, threat, reading, russia, output)
            if t >= given.spin_up:
                out[:, t - given.spin_up] = self.observe()
        return out

    def month(self, t: int, threat: Array, reading: Array, russia: Array, output: Array | None) -> None:
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
        self.pressures(happens)
        if self.given.new_year[t]:
            self.budgets(output)
        self.cap += constants.DEPRECIATION * (self.d * self.a.gdp / 100.0 - self.cap)
        self.ukraine_support(happens)
        self.deterrence()
        self.russia(happens, russia)
        self.ukraine()
        # States that the month may have taken out of their ranges.
        self.pressure, self.delta = np.minimum(1.0, self.pressure), np.clip(self.delta, -1.0, 1.0)

    def salience_of(self, position: Array, noise: Array) -> Array:
        """Salience (D, K) or (D, K, N): those at the ends of a scale care most about it, and nobody cares for sure."""
        shape = (-1, *[1] * (position.ndim - 1))
        least, sd = self.p.min_salience.reshape(shape), self.p.sd_salience.reshape(shape)
        said = least + (1.0 - least) * np.abs(2.0 * position - 1.0)
        return np.clip(said + sd * noise, LEAST_SALIENCE, 1.0)

    def leader_threat(self) -> Array:
        """Threat as the president perceives it, softened by his own conciliation of Moscow."""
        return self.given.leader_threat * (1.0 - np.minimum(1.0, self.p.softening * self.r))

    def institutions_threat(self) -> Array:
        """Threat as U.S. institutions perceive it: they answer Russia's conduct."""
        conduct = self.p.conduct_response * (self.assertiveness - self.shared.assertiveness)
        return np.clip(self.given.institutions_threat + conduct, 0.0, 1.0)

    def washington_threat(self) -> Array:
        """Threat as Washington perceives it."""
        leader, institutions = self.leader_threat(), self.institutions_threat()
        held = institutions + self.erosion * (leader - institutions)
        return np.clip(self.alpha * leader + (1.0 - self.alpha) * held, 0.0, 1.0)

    def washington_position(self) -> Array:
        """Washington's positions (D, K)."""
        given, alpha = self.given, column(self.alpha)
        conduct = column(self.p.threat_response * (self.institutions_threat() - given.institutions_threat))
        institutions = np.clip(given.institutions_position + conduct * given.threat_slope, 0.0, 1.0)
        held = institutions + column(self.erosion) * (given.leader_position - institutions)
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
        p, given = self.p, self.given
        distance = np.abs(given.leader_threat - self.institutions_threat())
        gained = p.criticism_gain * (1.0 - p.initial_autonomy) * self.r * self.o * distance
        self.criticism = np.minimum(1.0, self.criticism * halving(constants.HALF_LIFE_CRITICISM) + gained)
        gained = constants.SUPPORT_GAIN * max(0.0, happens.conciliation)
        self.support = np.minimum(1.0, self.support * halving(constants.HALF_LIFE_SUPPORT) + gained)
        swayed = (
            p.autonomy_gain_opacity * self.o
            - constants.AUTONOMY_LOSS_CRITICISM * self.criticism
            + constants.AUTONOMY_GAIN_SUPPORT * self.support
        )
        self.alpha = np.clip(p.initial_autonomy + swayed, 0.0, 1.0)
        new = max(0.0, happens.document) * (1.0 - self.anchor)
        beyond = (self.anchor - constants.DOCUMENT_ANCHOR) * halving(constants.HALF_LIFE_ANCHOR)
        self.anchor = constants.DOCUMENT_ANCHOR + beyond + new
        self.erosion = self.erosion + constants.EROSION_RATE * self.r * (1.0 - self.anchor) * (1.0 - self.erosion)
        self.lead_shift[:, SANCTIONS] -= happens.relief * (1.0 - p.congress_brake)
        self.lead_shift[:, OPEN_DOOR] -= p.statement_cost * max(0.0, happens.statement.max())
        alpha = column(self.alpha)
        self.salience[:, :, US] = alpha * given.leader_salience + (1.0 - alpha) * self.institutions_salience
        self.tau[:, US] = self.washington_threat()

    def signals(self, happens, t: int, reading: Array) -> None:
        """2. Conciliation and opacity, and what allies read into them."""
        p = self.p
        left = self.r * self.signals_left
        r, o = left + happens.conciliation, self.o * self.signals_left + happens.opacity
        self.reset = self.reset or happens.process > 0.0
        if self.reset:
            r = r + p.reset_flow
        private = np.full(len(r), happens.private > 0.0)
        if happens.follow_up > 0.0:
            self.follow_due[:] = t + happens.follow_up
            self.follow_count[:] = 0.0
            self.follow_size[:], self.follow_private[:] = happens.conciliation, happens.opacity
        else:
            due = self.follow_due == t
            if due.any():
                off = due & (self.criticism > constants.CRITICISM_THRESHOLD)
                on = due & ~off
                self.follow_count[off] += 1.0
                self.postponed[off] += 1.0
                again = np.where(self.follow_count <= MAX_POSTPONEMENTS, t + POSTPONED_BY, -1.0)
                r, o = r + np.where(on, self.follow_size, 0.0), o + np.where(on, self.follow_private, 0.0)
                self.follow_due = np.where(off, again, np.where(on, -1.0, self.follow_due))
                private = np.where(on, self.follow_private > 0.0, private)
        self.r, self.o = np.clip(r, 0.0, 2.0), np.clip(o, 0.0, 1.0)
        self.new_r = np.maximum(0.0, self.r - left)
        if private.any():
            self.z = np.where(column(private), reading, self.z)
        volatility = column(self.o * p.reading_spread)
        self.reading = np.exp(volatility * (self.z - 0.5 * volatility))

    def threat_perception(self, happens, shock: Array) -> None:
        """3. Perceived threat of all but Washington."""
        p, a = self.p, self.a
        before = self.tau - a.initial_threat
        others = np.matmul(before[:, None], self.weights)[:, 0] - before
        anchor = a.initial_threat + self.beta * column(self.assertiveness - self.shared.assertiveness)
        hybrid = constants.HYBRID_GAIN * happens.hybrid * (1.0 - 2.0 * a.ties)
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
        wanted = (
            p.initial_commitment - p.commitment_loss_conciliation * self.r - constants.COMMITMENT_LOSS_POSTURE * turned
        )
        self.c = np.clip(self.c + constants.COMMITMENT_SPEED * (wanted - self.c), 0.0, 1.0)
        missing = column(p.cutoff_cost * self.us_aid_missing())
        loss = self.tau * (
            column(p.guarantee_loss_conciliation * self.new_r) * self.reading
            + column(p.guarantee_loss_opacity * self.o)
        )
        loss += column(p.statement_cost) * happens.statement
        loss += column(p.quarrel_cost) * (happens.trade + happens.demand)
        believed = a.initial_confidence + column(self.c - p.initial_commitment) - missing * self.tau
        recovery = column(p.guarantee_recovery) * (believed - self.g)
        self.g[:, 1:] = np.clip(self.g - loss + recovery, 0.0, 1.0)[:, 1:]

    def us_aid_missing(self) -> Array:
        """Share of the aid that the war requires from the United States that it does not give."""
        return np.maximum(0.0, 1.0 - self.us_aid) @ self.shared.channel_weight

    def wishes(self) -> Array:
        """5. Where each government wants to be, as a displacement (D, K, N)."""
        p, a, f = self.p, self.a, self.shared
        threat = column(p.threat_response) * (self.tau - a.initial_threat)
        embolden = column(p.cover * self.r) * a.ties * (1.0 - self.tau) * self.reading
        hedge = column(p.hedge) * (a.initial_confidence - self.g) * self.tau
        causes = np.stack([threat, -embolden, hedge], axis=1)
        slope = self.given.threat_slope
        effect = np.stack([slope, *(np.broadcast_to(row, slope.shape) for row in (f.cover, f.hedge))], axis=2)
        wish = effect @ causes
        wish += (column(p.norm_pull) * (self.norm - f.initial_norm))[:, :, None]
        wish[:, :, US] = self.washington_now - self.initial_position[:, :, US]
        return wish

    def influence(self, wish: Array) -> None:
        """6. Multi-issue Friedkin-Johnsen on displacements."""
        s = self.a.susceptibility[:, None]
        heard = (self.coupling @ self.delta) @ self.weights
        self.delta = (1.0 - s) * wish + s * heard
        self.x = np.clip(self.initial_position + self.delta, 0.0, 1.0)

    def pressures(self, happens) -> None:
        """7. Pressure over spending."""
        short = np.clip(self.demand_percent - self.d, 0.0, 2.0) / 2.0
        self.pressure = self.pressure * halving(constants.HALF_LIFE_PRESSURE) + happens.demand * short
        self.pressure[:, US] = 0.0

    def budgets(self, output: Array) -> None:
        """7. New budgets, once a year."""
        p, a, war = self.p, self.a, self.war - self.shared.war
        lost = a.initial_confidence - self.g
        raised = PERCENT_OF_SCALE * (self.norm[:, SPENDING] - self.shared.initial_norm[SPENDING])
        more = (
            column(p.spending_response_threat) * (self.tau - a.initial_threat)
            + column(p.spending_response_war * war) * a.exposure
            + column(p.spending_response_abandonment) * self.tau * lost / (np.abs(lost) + ABANDONMENT_HALF)
            + column(p.pledge * raised)
            + column(p.coercion) * (2.0 * a.exposure - 1.0) * self.pressure
            - column(p.relaxation * self.r) * (1.0 - a.exposure) * (1.0 - self.tau)
            + constants.PURCHASES * self.made_up
            - constants.FATIGUE_SPENDING * self.fatigue
        )
        wanted = a.initial_spending + column(p.targets_kept) * a.announced_rise + a.spending_response * more
        kept = column(p.momentum)
        self.growth = kept * self.growth + (1.0 - kept) * column(p.budget_speed) * (wanted - self.budget)
        self.budget = np.maximum(0.0, self.budget + self.growth)
        self.d[:, 1:] = (self.budget * (1.0 - constants.SD_OUTPUT * column(output)))[:, 1:]

    def ukraine_support(self, happens) -> None:
        """8. Three U.S. channels, what the others make up for, and institutions of the European Union."""
        p, a, f = self.p, self.a, self.shared
        change = np.array([happens.aid_military, happens.aid_economic, happens.aid_intelligence])
        self.us_aid = np.clip(self.us_aid + change, 0.0, 2.0)
        gap, need = self.us_aid_missing(), f.aid_need
        missing = gap * need * a.initial_aid[:, US] * a.gdp[:, US]
        support, support0, fatigue = self.x[:, SUPPORT, 1:], self.support0[:, 1:], self.fatigue[:, 1:]
        able = (support * a.gdp[:, 1:]).sum(axis=1)
        made_up = constants.COMPENSATION_CAPACITY * missing
        extra = column(np.divide(made_up, able, out=np.zeros_like(able), where=able > 0.0)) * support
        firmer = (support - support0) / np.maximum(support0, 0.05)
        wish = (need * a.initial_aid[:, 1:] * (1.0 + firmer) + extra) * (1.0 - fatigue)
        rate = column(p.compensation_rate)
        aid = np.maximum(0.0, self.aid[:, 1:] + rate * (wish - self.aid[:, 1:]))
        tiring = column(p.fatigue_rate) * extra / (extra + HALF_TIRING) - constants.FATIGUE_RECOVERY * fatigue
        self.fatigue[:, 1:] = np.clip(fatigue + tiring, 0.0, 1.0)
        self.made_up[:, 1:], self.aid[:, 1:] = extra, aid
        self.aid[:, US] = need * a.initial_aid[:, US] * (1.0 - gap)

        arms = (aid * self.arms_gdp[:, 1:]).sum(axis=1)
        rest = (aid * a.gdp[:, 1:]).sum(axis=1) - arms
        agreed = self.norm[:, SUPPORT] / max(f.initial_norm[SUPPORT], 0.05)
        self.eu_aid = self.eu_aid + p.compensation_rate * (need * agreed - self.eu_aid)
        ours, eu = f.us_share, f.eu_share
        self.aid_channel = ours * need * self.us_aid
        self.aid_channel[:, 0] += (1.0 - ours[0]) * arms / self.arms0
        self.aid_channel[:, 1] += eu * self.eu_aid + (1.0 - ours[1] - eu) * rest / (self.aid0 - self.arms0)
        lost = constants.COMPENSATION_INTELLIGENCE * np.maximum(0.0, 1.0 - self.us_aid[:, 2])
        self.made_up_intelligence = self.made_up_intelligence + p.compensation_rate * (lost - self.made_up_intelligence)
        self.aid_channel[:, 2] += need * (ours[2] * self.made_up_intelligence + (1.0 - ours[2]))

    def deterrence(self) -> None:
        """9. Force in being, with and without the United States, against Russia's."""
        p = self.p
        posture = np.clip(self.norm[:, POSTURE], 0.0, 1.0)
        others = (self.cap[:, 1:] * self.initial_position[:, POSTURE, 1:]).sum(axis=1) * posture
        force = others + self.cap[:, US] * constants.FORWARD_SHARE * self.c * posture
        russia = p.russia_capability
        self.deterred, self.deterred_alone = force / (force + russia), others / (others + russia)
        self.weakness = russia / (russia + force)

    def russia(self, happens, error: Array) -> None:
        """10. Russia reads weakness with error; weakness shown feeds demands."""
        p, f = self.p, self.shared
        weakness = self.weakness - self.weakness0 + constants.READ_ERROR * error
        resumed = np.maximum(0.0, f.initial_norm[DIALOGUE] - self.norm[:, DIALOGUE])
        stronger = self.resistance - p.initial_resistance
        pressure = p.sanctions_cost * (self.norm[:, SANCTIONS] - f.initial_norm[SANCTIONS])
        pressure += constants.RESISTANCE_COST * stronger
        target = f.assertiveness + p.weakness_response * weakness + p.weakness_signal * resumed - pressure
        a = self.assertiveness
        self.assertiveness = np.clip(a + p.assertiveness_speed * (target - a) + happens.escalation, 0.0, 1.0)
        softened = np.maximum(0.0, -self.delta[:, DIALOGUE, 1:]).mean(axis=1)
        shown = p.weakness_signal * (resumed + self.new_r + softened)
        self.demands = np.minimum(1.0, self.demands * halving(constants.HALF_LIFE_DEMANDS) + shown)
        intent = self.assertiveness - f.assertiveness - constants.WAR_CAPACITY * stronger
        self.war = np.clip(self.war + constants.WAR_RATE * (f.war + intent - self.war) + happens.war, 0.0, 1.0)

    def ukraine(self) -> None:
        """11. Resistance, and pressure to concede."""
        p, f, rate = self.p, self.shared, constants.CONCESSION_RATE
        total = self.aid_channel @ f.channel_weight
        strength = p.aid_elasticity * (total - f.aid_need) - 0.5 * (self.war - f.war)
        grown = constants.RESISTANCE_RATE * (p.initial_resistance + strength - self.resistance)
        self.resistance = np.clip(self.resistance + grown, 0.0, 1.0)
        pressed = p.concession_gain * (self.r + self.o)
        target = constants.INITIAL_CONCESSION + pressed - (self.resistance - p.initial_resistance)
        self.concession = np.clip(self.concession + rate * (target - self.concession), 0.0, 1.0)

    def consensus_capacity(self) -> Array:
        """Mean over the reference agenda of the largest expected share of a proposal."""
        f, agenda = self.shared, self.shared.reference_issue
        expressed = self.nato.consult(self.x[:, agenda], self.weights)
        items = zip(agenda, f.reference_reversion, f.reference_span, strict=True)
        return sum(
            self.nato.capacity(expressed[:, row], self.salience[:, issue], reversion, span, self.p.min_share)
            for row, (issue, reversion, span) in enumerate(items)
        ) / len(agenda)

    def sanctions_rollover(self) -> tuple[Array, Array]:
        """Chance that the EU renews sanctions, and the share of standing expected to object."""
        expressed = self.eu.consult(self.x[:, [SANCTIONS]], self.weights)[:, 0]
        salience, reversion = self.salience[:, SANCTIONS], self.shared.rollover_reversion[0]
        return self.eu.prospects(expressed, salience, reversion, reversion + self.norm[:, SANCTIONS])

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
        a, f = self.a, self.shared
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
        out["exercise_participation"] = (self.x[:, EXERCISES] >= constants.EXERCISE_THRESHOLD).mean(axis=1)
        out["conciliation"], out["opacity"], out["criticism"] = self.r, self.o, self.criticism
        out["presidential_autonomy"], out["presidential_support"] = self.alpha, self.support
        institutions = self.institutions_threat()
        out["institutions_stance"] = institutions + self.erosion * (self.leader_threat() - institutions)
        out["us_commitment"], out["open_door_us"] = self.c, self.x[:, OPEN_DOOR, US]
        out["postponements"], out["blow_ups"] = self.postponed, np.zeros_like(self.postponed)
        return np.stack([out[name] for name in OUTCOMES], axis=1)
