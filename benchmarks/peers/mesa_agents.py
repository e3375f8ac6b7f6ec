"""Agents of the Mesa model: allies, the United States with its two principals, Russia, Ukraine.

Numbers in the comments are those of the core's mechanisms.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import mesa
import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.constants import (
    AUTONOMY_GAIN_SUPPORT,
    AUTONOMY_LOSS_CRITICISM,
    COMMITMENT_LOSS_POSTURE,
    COMMITMENT_SPEED,
    COMPENSATION_CAPACITY,
    COMPENSATION_INTELLIGENCE,
    CONCESSION_RATE,
    CONDUCT_RESPONSE_EXPOSURE,
    DEPRECIATION,
    DOCUMENT_ANCHOR,
    EROSION_RATE,
    FATIGUE_RECOVERY,
    FATIGUE_SPENDING,
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
    SUPPORT_GAIN,
    WAR_CAPACITY,
    WAR_RATE,
)
from alliance_sim.core.structures import DIALOGUE, OPEN_DOOR, POSTURE, SANCTIONS, SPENDING, SUPPORT, US
from alliance_sim.registry.actors import ALLIES

if TYPE_CHECKING:
    from peers.mesa_model import Alliance

Array = NDArray[np.float64]

PERCENT_OF_SCALE = 5.0  # position 1 on spending means 5% of GDP
ABANDONMENT_HALF = 0.25  # loss of confidence with half of the effect
HALF_TIRING = 0.03  # % of GDP; extra aid with half of the effect
LEAST_SALIENCE = 0.05


def clip(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return value, held within [low, high]."""
    return min(max(value, low), high)


def halving(half_life: float) -> float:
    """Share of a stock that is left after a month."""
    return 0.5 ** (1.0 / half_life)


def steady(sd: float, reversion: float) -> float:
    """Steady standard deviation of what gets noise of `sd` a month and returns at the rate `reversion`."""
    left = (1.0 - reversion) ** 2
    return sd / math.sqrt(1.0 - left) if left < 1.0 else 0.0


class Ally(mesa.Agent):
    """An ally: perceives a threat, trusts the guarantee, holds positions, spends, and supports Ukraine."""

    def __init__(self, model: Alliance, index: int, traits: dict[str, float], initial_position: Array):
        super().__init__(model)
        p = model.p
        self.index, self.iso3 = index, ALLIES[index]
        vars(self).update(traits)
        self.tau = clip(self.initial_threat + self.draw_deviation())
        self.g = self.initial_confidence
        self.d = self.budget = self.initial_spending
        if index != US:  # whose spending is constant
            self.d *= 1.0 - model.surprise
        self.growth = self.initial_growth
        self.cap = self.initial_spending * self.gdp / 100.0
        self.aid = model.shared.aid_need * self.initial_aid
        self.fatigue = self.made_up = self.pressure = self.z = 0.0
        self.reading = 1.0
        self.initial_position, self.position = initial_position, initial_position
        self.delta = np.zeros_like(initial_position)
        self.salience = self.care_about(initial_position)
        self.beta = p.conduct_response * (1.0 + CONDUCT_RESPONSE_EXPOSURE * (self.exposure - 0.5))

    def draw_deviation(self) -> float:
        """How far perceived threat is from its level at the start."""
        return steady(self.model.p.sd_threat, self.model.p.threat_reversion) * self.model.draw_steady(self)

    def care_about(self, position: Array) -> Array:
        """Salience of issues, drawn around what positions tell."""
        p = self.model.p
        shown = p.min_salience + (1.0 - p.min_salience) * abs(2.0 * position - 1.0)
        return np.clip(shown + p.sd_salience * self.model.draw_salience(self), LEAST_SALIENCE, 1.0)

    def listen(self) -> None:
        """Weigh the voices of all allies by affinity, standing, and how near their positions are."""
        model = self.model
        difference = model.positions - self.position
        distance2 = (difference * difference) @ model.issue_weight
        near = np.maximum(0.0, 1.0 - distance2 / model.p.confidence_bound**2) ** 2
        weights = model.voice * model.affinity[:, self.index] * near
        weights[US] *= self.g
        heard = weights.sum()
        if heard > 0.0:
            self.weights = weights / heard
        else:
            self.weights = np.zeros_like(weights)
            self.weights[self.index] = 1.0

    def read(self) -> None:
        """2. Guess at what was said behind closed doors."""
        model = self.model
        if model.private:
            self.z = model.draw_reading(self)
        volatility = model.o * model.p.reading_spread
        self.reading = math.exp(volatility * self.z - 0.5 * volatility**2)

    def perceive(self) -> None:
        """3. Perceived threat."""
        model, p = self.model, self.model.p
        others = self.weights @ model.threat_changes - model.threat_changes[self.index]
        anchor = self.initial_threat + self.beta * model.russia.conduct
        hybrid = HYBRID_GAIN * model.event_for("hybrid", self) * (1.0 - 2.0 * self.ties)
        change = (
            p.threat_reversion * (anchor - self.tau)
            + p.threat_diffusion * others
            + hybrid
            + p.sd_threat * model.draw_shock(self)
        )
        self.tau = clip(self.tau + change)

    def trust(self) -> None:
        """4. Confidence in the guarantee."""
        model, p, us = self.model, self.model.p, self.model.united_states
        loss = self.tau * (
            p.guarantee_loss_conciliation * model.new_conciliation * self.reading + p.guarantee_loss_opacity * model.o
        )
        loss += p.statement_cost * model.event_for("statement", self)
        loss += p.quarrel_cost * (model.event_for("trade", self) + model.event_for("demand", self))
        level = self.initial_confidence + us.commitment - p.initial_commitment - p.cutoff_cost * us.missing * self.tau
        self.g = clip(self.g - loss + p.guarantee_recovery * (level - self.g))

    def wish(self) -> None:
        """5. Where the government wants to be, as a displacement."""
        model, p, shared = self.model, self.model.p, self.model.shared
        threat = p.threat_response * (self.tau - self.initial_threat)
        embolden = p.cover * self.ties * (1.0 - self.tau) * model.r * self.reading
        hedge = p.hedge * (self.initial_confidence - self.g) * self.tau
        self.wanted = model.threat_slope * threat - shared.cover * embolden + shared.hedge * hedge + model.adopted

    def adjust(self) -> None:
        """6. Multi-issue Friedkin-Johnsen on displacements."""
        heard = self.weights @ self.model.heard
        self.delta = (1.0 - self.susceptibility) * self.wanted + self.susceptibility * heard
        self.position = np.clip(self.initial_position + self.delta, 0.0, 1.0)

    def stay_within_ranges(self) -> None:
        """Hold pressure and displacements within their ranges at the end of a month."""
        self.pressure = min(1.0, self.pressure)
        self.delta = np.clip(self.delta, -1.0, 1.0)

    def spend(self) -> None:
        """7. Spending, decided once a year, and the capability it buys."""
        model, p = self.model, self.model.p
        short = clip(model.demand_percent - self.d, 0.0, 2.0) / 2.0
        self.pressure = self.pressure * halving(HALF_LIFE_PRESSURE) + model.event_for("demand", self) * short
        if model.new_year:
            gap = self.spending_wanted() - self.budget
            self.growth = p.momentum * self.growth + (1.0 - p.momentum) * p.budget_speed * gap
            self.budget = max(0.0, self.budget + self.growth)
            self.d = self.budget * (1.0 - model.surprise)
        self.build()

    def spending_wanted(self) -> float:
        """Spending that the government wants: threat, war, abandonment, pledge, coercion, relaxation, purchases."""
        model, p = self.model, self.model.p
        lost = self.initial_confidence - self.g
        more = (
            p.spending_response_threat * (self.tau - self.initial_threat)
            + p.spending_response_war * self.exposure * (model.russia.war - model.shared.war)
            + p.spending_response_abandonment * self.tau * lost / (abs(lost) + ABANDONMENT_HALF)
            + p.pledge * PERCENT_OF_SCALE * (model.norm[SPENDING] - model.shared.initial_norm[SPENDING])
            + p.coercion * (2.0 * self.exposure - 1.0) * self.pressure
            - p.relaxation * (1.0 - self.exposure) * (1.0 - self.tau) * model.r
            + PURCHASES * self.made_up
            - FATIGUE_SPENDING * self.fatigue
        )
        return self.initial_spending + p.targets_kept * self.announced_rise + self.spending_response * more

    def build(self) -> None:
        """Spending becomes capability, with a lag."""
        self.cap += DEPRECIATION * (self.d * self.gdp / 100.0 - self.cap)

    def support(self) -> None:
        """8. Aid to Ukraine, which makes up for part of what Washington cuts, and tires."""
        model, p = self.model, self.model.p
        position, before = self.position[SUPPORT], self.initial_position[SUPPORT]
        self.made_up = COMPENSATION_CAPACITY * model.missing_for_each * position
        firmer = (position - before) / max(before, 0.05)
        wanted = model.shared.aid_need * self.initial_aid * (1.0 + firmer) + self.made_up
        wanted *= 1.0 - self.fatigue
        self.aid = max(0.0, self.aid + p.compensation_rate * (wanted - self.aid))
        tired = p.fatigue_rate * self.made_up / (self.made_up + HALF_TIRING)
        self.fatigue = clip(self.fatigue + tired - FATIGUE_RECOVERY * self.fatigue)


class Principals:
    """President and institutions of the United States."""

    def __init__(self, model: Alliance):
        self.model, given, draw = model, model.given, model.draw
        self.leader_threat, self.institutions_threat = given.leader_threat[draw], given.institutions_threat[draw]
        self.leader_position, self.institutions_position = (
            given.leader_position[draw],
            given.institutions_position[draw],
        )
        self.leader_salience = given.leader_salience[draw]
        self.autonomy, self.erosion, self.anchor = model.p.initial_autonomy, 0.0, DOCUMENT_ANCHOR
        self.lead_shift = np.zeros_like(self.leader_position)

    def softened(self) -> float:
        """Threat as the president perceives it, softened by his own conciliation of Moscow."""
        return self.leader_threat * (1.0 - min(1.0, self.model.p.softening * self.model.r))

    def answer(self) -> float:
        """Threat as the institutions perceive it, who answer Russia's conduct."""
        return clip(self.institutions_threat + self.model.p.conduct_response * self.model.russia.conduct)

    def held(self) -> float:
        """The same, as far as they have not drifted to the president."""
        return self.answer() + self.erosion * (self.softened() - self.answer())

    def threat(self) -> float:
        """Threat as they make it together."""
        return clip(self.autonomy * self.softened() + (1.0 - self.autonomy) * self.held())

    def position(self) -> Array:
        """Positions as they make them together."""
        model = self.model
        conduct = self.answer() - self.institutions_threat
        answer = self.institutions_position + model.p.threat_response * model.threat_slope * conduct
        answer = np.clip(answer, 0.0, 1.0)
        held = answer + self.erosion * (self.leader_position - answer)
        return self.autonomy * np.clip(self.leader_position + self.lead_shift, 0.0, 1.0) + (1.0 - self.autonomy) * held


class UnitedStates(Ally):
    """The ally whose stance two principals make: the president and the institutions."""

    def __init__(self, model: Alliance, traits: dict[str, float]):
        self.principals = Principals(model)
        self.criticism = self.popularity = 0.0
        self.commitment, self.missing, self.aid_levels = model.p.initial_commitment, 0.0, np.ones(3)
        super().__init__(model, US, traits | {"initial_threat": self.principals.threat()}, self.principals.position())

    def draw_deviation(self) -> float:
        """No deviation: its principals make its threat."""
        return 0.0

    def care_about(self, position: Array) -> Array:
        """Salience of issues, as the principals make it."""
        self.institutions_salience = super().care_about(self.principals.institutions_position)
        return self.salience_made()

    def salience_made(self) -> Array:
        """How much president and institutions together care about issues."""
        autonomy = self.principals.autonomy
        return autonomy * self.principals.leader_salience + (1.0 - autonomy) * self.institutions_salience

    def govern(self) -> None:
        """1. The two-level game."""
        model, p, its = self.model, self.model.p, self.principals
        event = model.event
        distance = abs(its.leader_threat - its.answer())
        gained = p.criticism_gain * (1.0 - p.initial_autonomy) * model.r * model.o * distance
        self.criticism = min(1.0, self.criticism * halving(HALF_LIFE_CRITICISM) + gained)
        gained = SUPPORT_GAIN * max(0.0, event("conciliation"))
        self.popularity = min(1.0, self.popularity * halving(HALF_LIFE_SUPPORT) + gained)
        swayed = (
            p.autonomy_gain_opacity * model.o
            - AUTONOMY_LOSS_CRITICISM * self.criticism
            + AUTONOMY_GAIN_SUPPORT * self.popularity
        )
        its.autonomy = clip(p.initial_autonomy + swayed)
        new = max(0.0, event("document")) * (1.0 - its.anchor)
        its.anchor = DOCUMENT_ANCHOR + (its.anchor - DOCUMENT_ANCHOR) * halving(HALF_LIFE_ANCHOR) + new
        its.erosion += EROSION_RATE * model.r * (1.0 - its.anchor) * (1.0 - its.erosion)
        its.lead_shift[SANCTIONS] -= event("relief") * (1.0 - p.congress_brake)
        slight = max(0.0, *model.given.others["statement"][model.t])
        its.lead_shift[OPEN_DOOR] -= p.statement_cost * slight
        self.salience = self.salience_made()
        self.tau = its.threat()

    def commit(self) -> None:
        """4. The commitment to the defence of Europe."""
        p = self.model.p
        self.made = self.principals.position()
        turned = self.initial_position[POSTURE] - self.made[POSTURE]
        lost = p.commitment_loss_conciliation * self.model.r + COMMITMENT_LOSS_POSTURE * turned
        self.commitment = clip(self.commitment + COMMITMENT_SPEED * (p.initial_commitment - lost - self.commitment))

    def perceive(self) -> None:
        """Nothing: `govern` did."""

    def trust(self) -> None:
        """Nothing: the guarantee is its own."""

    def wish(self) -> None:
        """5. What the principals want."""
        self.wanted = self.made - self.initial_position

    def spend(self) -> None:
        """7. Spending stays; capability follows it."""
        self.build()

    def cut(self) -> None:
        """8. Aid by channel, and the share of what the war requires that is missing."""
        change = [self.model.event(f"aid_{channel}") for channel in ("military", "economic", "intelligence")]
        self.aid_levels = np.clip(self.aid_levels + change, 0.0, 2.0)
        self.missing = np.maximum(0.0, 1.0 - self.aid_levels) @ self.model.shared.channel_weight

    def support(self) -> None:
        """8. What the channels let through."""
        self.aid = self.model.shared.aid_need * self.initial_aid * (1.0 - self.missing)


class Russia(mesa.Agent):
    """Reads weakness, makes demands, wages war."""

    def __init__(self, model: Alliance):
        super().__init__(model)
        p, shared = model.p, model.shared
        misread = p.assertiveness_speed * p.weakness_response * READ_ERROR
        deviation = steady(misread, p.assertiveness_speed) * model.draw_steady_russia()
        self.assertiveness, self.war, self.demands = clip(shared.assertiveness + deviation), shared.war, 0.0

    @property
    def conduct(self) -> float:
        """Assertiveness beyond that of the start of the era."""
        return self.assertiveness - self.model.shared.assertiveness

    def step(self) -> None:
        """10. React to the alliance's strength, to weakness shown, and to what the war costs."""
        model, p, shared = self.model, self.model.p, self.model.shared
        weakness = model.weakness - model.weakness0 + READ_ERROR * model.draw_error()
        resumed = max(0.0, shared.initial_norm[DIALOGUE] - model.norm[DIALOGUE])
        resistance = model.ukraine.resistance - p.initial_resistance
        cost = p.sanctions_cost * (model.norm[SANCTIONS] - shared.initial_norm[SANCTIONS])
        cost += RESISTANCE_COST * resistance
        target = shared.assertiveness + p.weakness_response * weakness + p.weakness_signal * resumed - cost
        change = p.assertiveness_speed * (target - self.assertiveness) + model.event("escalation")
        self.assertiveness = clip(self.assertiveness + change)
        others = [ally for ally in model.allies if ally is not model.united_states]
        softened = sum(max(0.0, -ally.delta[DIALOGUE]) for ally in others) / len(others)
        shown = resumed + model.new_conciliation + softened
        self.demands = min(1.0, self.demands * halving(HALF_LIFE_DEMANDS) + p.weakness_signal * shown)
        intent = self.conduct - WAR_CAPACITY * resistance
        self.war = clip(self.war + WAR_RATE * (shared.war + intent - self.war) + model.event("war"))


class Ukraine(mesa.Agent):
    """Resists as far as aid goes, under pressure to concede."""

    def __init__(self, model: Alliance):
        super().__init__(model)
        self.resistance, self.concession = model.p.initial_resistance, INITIAL_CONCESSION
        self.aid, self.eu_aid = np.full(3, model.shared.aid_need), model.shared.aid_need
        self.made_up = 0.0

    def receive(self) -> None:
        """8. Aid by channel: military, economic (also by institutions of the EU), intelligence."""
        model, p, shared = self.model, self.model.p, self.model.shared
        need, us, eu, levels = shared.aid_need, shared.us_share, shared.eu_share, model.united_states.aid_levels
        others = [ally for ally in model.allies if ally is not model.united_states]
        arms, rest = (
            sum(ally.aid * share(ally) for ally in others) / sum(ally.initial_aid * share(ally) for ally in others)
            for share in (
                lambda ally: ally.gdp * ally.military_share,
                lambda ally: ally.gdp * (1.0 - ally.military_share),
            )
        )
        agreed = model.norm[SUPPORT] / max(shared.initial_norm[SUPPORT], 0.05)
        self.eu_aid += p.compensation_rate * (need * agreed - self.eu_aid)
        lost = max(0.0, 1.0 - levels[2])
        self.made_up += p.compensation_rate * (COMPENSATION_INTELLIGENCE * lost - self.made_up)
        self.aid = np.array(
            [
                us[0] * need * levels[0] + (1.0 - us[0]) * arms,
                us[1] * need * levels[1] + eu * self.eu_aid + (1.0 - us[1] - eu) * rest,
                need * (us[2] * (levels[2] + self.made_up) + (1.0 - us[2])),
            ]
        )

    @property
    def total_aid(self) -> float:
        """Aid over all channels."""
        return self.aid @ self.model.shared.channel_weight

    def step(self) -> None:
        """11. Resistance follows aid against the war; pressure to concede follows Washington."""
        model, p, shared = self.model, self.model.p, self.model.shared
        strength = p.aid_elasticity * (self.total_aid - shared.aid_need) - 0.5 * (model.russia.war - shared.war)
        self.resistance = clip(self.resistance + RESISTANCE_RATE * (p.initial_resistance + strength - self.resistance))
        pressed = p.concession_gain * (model.r + model.o)
        target = INITIAL_CONCESSION + pressed - (self.resistance - p.initial_resistance)
        self.concession = clip(self.concession + CONCESSION_RATE * (target - self.concession))
