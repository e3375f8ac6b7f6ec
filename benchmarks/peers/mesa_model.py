"""The model without meetings as an ordinary Mesa model: an agent an ally, one for Russia, one for Ukraine.

Allies hold their state as attributes and their positions as a NumPy array over issues; a month is a sequence of stages
that all allies go through, and outcomes are collected by a DataCollector. `mesa.batch_run` runs the draws. Numbers in
the comments are those of the core's mechanisms.
"""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace

import mesa
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
from alliance_sim.registry.actors import ALLIES
from peers.inputs import OUTCOMES, Inputs, Noise, inputs

Array = NDArray[np.float64]

GRID = 9  # texts the chair tries
FARTHEST = 20.0
CAMP_GAP = 0.12
SENSITIVITY = 1.3
MAX_POSTPONEMENTS, POSTPONED_BY = 2, 5
LOGISTIC_OF_NORMAL = math.sqrt(3.0) / math.pi


def clip(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return value, held within [low, high]."""
    return min(max(value, low), high)


def halving(half_life: float) -> float:
    """Share of a stock that is left after a month."""
    return 0.5 ** (1.0 / half_life)


class Ally(mesa.Agent):
    """An ally: perceives a threat, trusts the guarantee, holds positions, spends, and supports Ukraine."""

    def __init__(self, model: Alliance, index: int, traits: dict[str, float], initial_position: Array):
        super().__init__(model)
        p = model.p
        self.index, self.iso3 = index, ALLIES[index]
        vars(self).update(traits)
        self.tau, self.g, self.d = self.initial_threat, self.initial_confidence, self.initial_spending
        self.cap = self.initial_spending * self.gdp / 100.0
        self.aid = p.initial_aid_need * self.initial_aid
        self.fatigue = self.pressure = self.z = self.reading = 0.0
        self.initial_position, self.position = initial_position, initial_position
        self.delta = np.zeros_like(initial_position)
        self.salience = p.min_salience + (1.0 - p.min_salience) * abs(2.0 * initial_position - 1.0)

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
        self.reading = model.r * math.exp(volatility * self.z - 0.5 * volatility**2)

    def perceive(self) -> None:
        """3. Perceived threat."""
        model, p = self.model, self.model.p
        others = self.weights @ model.threat_changes - model.threat_changes[self.index]
        beta = p.conduct_response * (1.0 + p.conduct_response_exposure * (self.exposure - 0.5))
        anchor = self.initial_threat + beta * (model.russia.assertiveness - p.initial_assertiveness)
        hybrid = p.hybrid_gain * model.event_for("hybrid", self) * (1.0 - 2.0 * self.ties)
        change = (
            p.threat_reversion * (anchor - self.tau)
            + p.threat_diffusion * others
            + hybrid
            + p.sd_threat * model.draw_shock(self)
        )
        self.tau = clip(self.tau + change)

    def trust(self) -> None:
        """4. Confidence in the guarantee."""
        model, p = self.model, self.model.p
        loss = self.tau * (
            p.guarantee_loss_conciliation * self.reading
            + p.guarantee_loss_opacity * model.o
            + p.cutoff_cost * model.united_states.cut
        )
        loss += p.statement_cost * model.event_for("statement", self) + p.trade_cost * model.event_for("trade", self)
        recovery = p.guarantee_recovery * (
            self.initial_confidence + (model.united_states.commitment - p.initial_commitment) - self.g
        )
        self.g = clip(self.g - loss + recovery)

    def wish(self) -> None:
        """5. Where the government wants to be, as a displacement."""
        model, p, shared = self.model, self.model.p, self.model.shared
        threat = p.threat_response * (self.tau - self.initial_threat)
        embolden = p.cover * self.ties * (1.0 - self.tau) * self.reading
        hedge = p.hedge * (self.initial_confidence - self.g) * self.tau
        self.wanted = shared.slope * threat - shared.cover * embolden + shared.hedge * hedge + model.adopted

    def adjust(self) -> None:
        """6. Multi-issue Friedkin-Johnsen on displacements."""
        heard = self.weights @ self.model.heard
        self.delta = (1.0 - self.susceptibility) * self.wanted + self.susceptibility * heard
        self.position = np.clip(self.initial_position + self.delta, 0.0, 1.0)

    def spend(self) -> None:
        """7. Spending with inertia, and the capability it buys."""
        model, p = self.model, self.model.p
        short = clip(model.demand_percent - self.d, 0.0, 2.0) / 2.0
        self.pressure = self.pressure * halving(p.half_life_pressure) + model.event_for("demand", self) * short
        target = (
            self.initial_spending
            + p.spending_response_threat * (self.tau - self.initial_threat)
            + p.spending_response_abandonment * self.tau * (self.initial_confidence - self.g)
            + p.pledge * 5.0 * (model.norm[SPENDING] - model.shared.initial_norm[SPENDING])
            + (p.coercion * self.exposure - p.reactance * (1.0 - self.exposure)) * self.pressure
            - p.fatigue_spending * self.fatigue
        )
        self.d = max(0.0, self.d + p.inertia * (target - self.d))
        self.build()

    def build(self) -> None:
        """Spending becomes capability, with a lag."""
        self.cap += self.model.p.depreciation * (self.d * self.gdp / 100.0 - self.cap)

    def support(self) -> None:
        """8. Aid to Ukraine, which makes up for part of what Washington cuts, and tires."""
        model, p = self.model, self.model.p
        position, before = self.position[SUPPORT], self.initial_position[SUPPORT]
        extra = model.compensation * position
        firmer = (position - before) / max(before, 0.05)
        wanted = (p.initial_aid_need * self.initial_aid * (1.0 + firmer) + extra) * (1.0 - self.fatigue)
        self.aid = max(0.0, self.aid + p.compensation_rate * (wanted - self.aid))
        self.fatigue = clip(self.fatigue + p.fatigue_rate * extra - p.fatigue_recovery * self.fatigue)


class UnitedStates(Ally):
    """The ally whose stance two principals make: the president and the institutions."""

    def __init__(self, model: Alliance, traits: dict[str, float], principals: dict[str, float | Array]):
        p = model.p
        vars(self).update(principals)
        self.autonomy, self.erosion, self.anchor = p.initial_autonomy, 0.0, p.document_anchor
        self.criticism = self.popularity = 0.0
        self.commitment, self.cut = p.initial_commitment, 0.0
        self.aid_levels = np.ones(3)
        self.lead_shift = np.zeros_like(self.leader_position)
        super().__init__(model, US, traits | {"initial_threat": self.threat_made()}, self.position_made())

    def threat_made(self) -> float:
        """Threat as the principals make it together."""
        held = self.institutions_threat + self.erosion * (self.leader_threat - self.institutions_threat)
        return clip(self.autonomy * self.leader_threat + (1.0 - self.autonomy) * held)

    def position_made(self) -> Array:
        """Positions as the principals make them together."""
        held = self.institutions_position + self.erosion * (self.leader_position - self.institutions_position)
        return self.autonomy * np.clip(self.leader_position + self.lead_shift, 0.0, 1.0) + (1.0 - self.autonomy) * held

    def govern(self) -> None:
        """1. The two-level game."""
        model, p = self.model, self.model.p
        event = model.event
        distance = abs(self.leader_threat - self.institutions_threat)
        gained = p.criticism_gain * model.r * model.o * distance
        self.criticism = min(1.0, self.criticism * halving(p.half_life_criticism) + gained)
        gained = p.support_gain * max(0.0, event("conciliation"))
        self.popularity = min(1.0, self.popularity * halving(p.half_life_support) + gained)
        swayed = (
            p.autonomy_gain_opacity * model.o
            - p.autonomy_loss_criticism * self.criticism
            + p.autonomy_gain_support * self.popularity
        )
        self.autonomy = clip(p.initial_autonomy + swayed)
        new = max(0.0, event("document")) * (1.0 - self.anchor)
        self.anchor = p.document_anchor + (self.anchor - p.document_anchor) * halving(p.half_life_anchor) + new
        self.erosion += p.erosion_rate * model.r * (1.0 - self.anchor) * (1.0 - self.erosion)
        self.lead_shift[SANCTIONS] -= event("relief") * (1.0 - p.congress_brake)
        slight = max(0.0, *model.given.others["statement"][model.t])
        self.lead_shift[OPEN_DOOR] -= p.statement_cost * slight
        self.tau = self.threat_made()

    def commit(self) -> None:
        """4. The commitment to the defence of Europe, and the aid that is cut."""
        model, p = self.model, self.model.p
        self.made = self.position_made()
        turned = self.initial_position[POSTURE] - self.made[POSTURE]
        change = (
            p.initial_commitment
            - p.commitment_loss_conciliation * model.r
            - p.commitment_loss_posture * turned
            - self.commitment
        )
        self.commitment = clip(self.commitment + p.commitment_speed * change)
        before = self.aid_levels
        change = [model.event(f"aid_{channel}") for channel in ("military", "economic", "intelligence")]
        self.aid_levels = np.clip(before + change, 0.0, 2.0)
        self.cut = (before - self.aid_levels) @ model.shared.channel_weight

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

    def support(self) -> None:
        """8. What the channels let through."""
        self.aid = self.model.p.initial_aid_need * self.initial_aid * (1.0 - self.model.gap)


class Russia(mesa.Agent):
    """Reads weakness, makes demands, wages war."""

    def __init__(self, model: Alliance):
        super().__init__(model)
        self.assertiveness, self.war, self.demands = model.p.initial_assertiveness, model.p.initial_war, 0.0

    def step(self) -> None:
        """10. React to the alliance's strength, to resumed cooperation, and to what the war costs."""
        model, p, initial_norm = self.model, self.model.p, self.model.shared.initial_norm
        weakness = model.weakness - model.weakness0 + p.read_error * model.draw_error()
        resumed = max(0.0, initial_norm[DIALOGUE] - model.norm[DIALOGUE])
        resistance = model.ukraine.resistance - p.initial_resistance
        cost = p.sanctions_cost * (model.norm[SANCTIONS] - initial_norm[SANCTIONS]) + p.resistance_cost * resistance
        target = p.initial_assertiveness + p.weakness_response * weakness + p.resumption_gain * resumed - cost
        change = p.assertiveness_speed * (target - self.assertiveness) + model.event("escalation")
        self.assertiveness = clip(self.assertiveness + change)
        self.demands = min(1.0, self.demands * halving(p.half_life_demands) + p.resumption_gain * resumed)
        intent = self.assertiveness - p.initial_assertiveness - p.war_capacity * resistance
        self.war = clip(self.war + p.war_rate * (p.initial_war + intent - self.war) + model.event("war"))


class Ukraine(mesa.Agent):
    """Resists as far as aid goes, under pressure to concede."""

    def __init__(self, model: Alliance):
        super().__init__(model)
        self.resistance, self.concession = model.p.initial_resistance, model.p.initial_concession
        self.aid = np.full(3, model.p.initial_aid_need)
        self.made_up = 0.0

    def receive(self) -> None:
        """8. Aid by channel: military, economic, intelligence."""
        model, p, share = self.model, self.model.p, self.model.shared.us_share
        need, levels = p.initial_aid_need, model.united_states.aid_levels
        allies = [ally for ally in model.allies if ally is not model.united_states]
        others = sum(ally.aid * ally.gdp for ally in allies) / sum(ally.initial_aid * ally.gdp for ally in allies)
        lost = max(0.0, 1.0 - levels[2])
        self.made_up += p.compensation_rate * (p.compensation_intelligence * lost - self.made_up)
        self.aid = np.array(
            [
                share[0] * need * levels[0] + (1.0 - share[0]) * others,
                share[1] * need * levels[1] + (1.0 - share[1]) * others,
                need * (share[2] * (levels[2] + self.made_up) + (1.0 - share[2])),
            ]
        )

    @property
    def total_aid(self) -> float:
        """Aid over all channels."""
        return self.aid @ self.model.shared.channel_weight

    def step(self) -> None:
        """11. Resistance follows aid against the war; pressure to concede follows Washington."""
        model, p = self.model, self.model.p
        strength = p.aid_elasticity * (self.total_aid - p.initial_aid_need) - 0.5 * (model.russia.war - p.initial_war)
        self.resistance = clip(
            self.resistance + p.resistance_rate * (p.initial_resistance + strength - self.resistance)
        )
        pressed = p.concession_conciliation * model.r + p.concession_private * model.o
        target = p.initial_concession + pressed - (self.resistance - p.initial_resistance)
        self.concession = clip(self.concession + p.concession_rate * (target - self.concession))


class Alliance(mesa.Model):
    """One draw.

    Parameters
    ----------
    draw : int
        Row of `inputs(draws)`.
    draws : int
    given : Inputs, optional
    noise : Noise, optional
        Instead of numbers of the model's own generator.
    rng : int, optional
        The seed, if not `draw`; `batch_run` of Mesa 3.5 gives it, or None.
    """

    def __init__(
        self,
        draw: int = 0,
        draws: int = 1,
        given: Inputs | None = None,
        noise: Noise | None = None,
        rng: int | None = None,
    ):
        super().__init__(rng=draw if rng is None else rng)
        self.draw, self.noise = draw, noise
        self.given = given = inputs(draws) if given is None else given
        self.shared = SimpleNamespace(**given.shared)
        self.p = SimpleNamespace(**{name: float(values[draw]) for name, values in given.p.items()})
        self.t = 0
        self.r = self.o = 0.0
        self.reset = self.private = False
        self.follow_due, self.follow_count, self.follow_size, self.follow_private = -1, 0, 0.0, 0.0
        self.postponed = 0
        self.norm = self.shared.initial_norm.copy()
        self.issue_weight = self.shared.weight / self.shared.weight.sum()
        issues, led = len(self.norm), self.shared.led
        drawn = np.outer(led, np.arange(issues) == RUSSIA_STRATEGY) - np.diag(led)  # to the issue that leads
        self.coupling = np.eye(issues) + self.p.coupling * drawn
        self.affinity = self.shared.affinity

        self.allies = []
        for i in range(len(ALLIES)):
            traits = {name: float(values[draw, i]) for name, values in given.ally.items()}
            if i == US:
                principals = {
                    name: getattr(given, name)[draw]
                    for name in ("leader_threat", "leader_position", "institutions_threat", "institutions_position")
                }
                self.united_states = UnitedStates(self, traits, principals)
                self.allies.append(self.united_states)
            else:
                self.allies.append(Ally(self, i, traits, given.initial_position[draw, :, i].copy()))
        for ally in self.allies:
            ally.standing = (ally.gdp / self.united_states.gdp) ** self.p.standing_exponent
        self.standing = np.array([ally.standing for ally in self.allies])
        self.voice = self.standing**self.p.standing_weight
        self.salience = np.array([ally.salience for ally in self.allies])
        self.nato = self.table(np.arange(len(ALLIES)), self.shared.neutral[Forum.NATO_SUMMIT], 1.0)
        self.eu = self.table(given.eu, self.shared.neutral[Forum.EU_COUNCIL], self.p.cross_forum)
        self.russia, self.ukraine = Russia(self), Ukraine(self)
        self.members = self.agents.select(lambda agent: isinstance(agent, Ally))
        self.deter()
        self.weakness0 = self.weakness
        self.datacollector = mesa.DataCollector(model_reporters={name: partial(reported, name) for name in OUTCOMES})
        for _ in range(given.spin_up):
            self.month()

    def event(self, name: str) -> float:
        """What events of this kind do this month."""
        return self.given.washington[name][self.t]

    def event_for(self, name: str, ally: Ally) -> float:
        """What events of this kind do to an ally this month."""
        return self.given.others[name][self.t, ally.index]

    def draw_shock(self, ally: Ally) -> float:
        """The month's shock to an ally's threat perception."""
        return self.noise.threat[self.t, self.draw, ally.index] if self.noise else self.rng.standard_normal()

    def draw_reading(self, ally: Ally) -> float:
        """How an ally errs about a private meeting."""
        return self.noise.reading[self.t, self.draw, ally.index] if self.noise else self.rng.standard_normal()

    def draw_error(self) -> float:
        """How Russia errs about the alliance."""
        return self.noise.russia[self.t, self.draw] if self.noise else self.rng.standard_normal()

    def step(self) -> None:
        """A month of the scenario."""
        self.month()
        self.outcomes = self.observe()
        self.datacollector.collect(self)
        if self.t == self.given.months:
            self.running = False

    def month(self) -> None:
        """Take the alliance through a month."""
        given, p, members = self.given, self.p, self.members
        self.demand_percent = given.demand_percent[self.t]
        self.ukraine.concession = clip(self.ukraine.concession + given.concession[self.t])
        self.positions = np.array([ally.position for ally in self.allies])
        members.do("listen")
        self.united_states.govern()
        self.signal()
        members.do("read")
        self.threat_changes = np.array([ally.tau - ally.initial_threat for ally in self.allies])
        members.do("perceive")
        self.united_states.commit()
        members.do("trust")
        self.adopted = p.norm_pull * (self.norm - self.shared.initial_norm)
        members.do("wish")
        self.heard = np.array([ally.delta for ally in self.allies]) @ self.coupling.T
        members.do("adjust")
        members.do("spend")
        self.share_out_aid()
        members.do("support")
        self.ukraine.receive()
        self.deter()
        self.russia.step()
        self.ukraine.step()
        self.t += 1

    def signal(self) -> None:
        """2. Conciliation and opacity, and a follow-up meeting that criticism may postpone."""
        p, event = self.p, self.event
        self.r = self.r * halving(p.half_life_conciliation) + event("conciliation")
        self.o = self.o * halving(p.half_life_opacity) + event("opacity")
        self.reset = self.reset or event("process") > 0.0
        if self.reset:
            self.r += max(
                0.0, p.reset_flow - p.reset_conditionality * (self.russia.assertiveness - p.initial_assertiveness)
            )
        self.private = event("private") > 0.0
        if event("follow_up") > 0.0:
            self.follow_due, self.follow_count = self.t + event("follow_up"), 0
            self.follow_size, self.follow_private = event("conciliation"), event("opacity")
        elif self.follow_due == self.t:
            if self.united_states.criticism > p.criticism_threshold:
                self.follow_count += 1
                self.postponed += 1
                self.follow_due = self.t + POSTPONED_BY if self.follow_count <= MAX_POSTPONEMENTS else -1
            else:
                self.r, self.o = self.r + self.follow_size, self.o + self.follow_private
                self.follow_due = -1
                self.private = self.follow_private > 0.0
        self.r, self.o = clip(self.r, 0.0, 2.0), clip(self.o)

    def share_out_aid(self) -> None:
        """8. What Washington cuts, and how much of it the others make up for."""
        p, us = self.p, self.united_states
        self.gap = np.maximum(0.0, 1.0 - us.aid_levels) @ self.shared.channel_weight
        missing = self.gap * p.initial_aid_need * us.initial_aid * us.gdp
        able = sum(ally.position[SUPPORT] * ally.gdp for ally in self.allies if ally is not us)
        self.compensation = p.compensation_capacity * missing / able if able > 0.0 else 0.0

    def deter(self) -> None:
        """9. Deterrence with and without the United States."""
        us, russia = self.united_states, self.p.russia_capability
        posture = clip(self.norm[POSTURE])
        others = sum(ally.cap * ally.initial_position[POSTURE] for ally in self.allies if ally is not us) * posture
        force = others + us.cap * self.p.forward_share * us.commitment * posture
        self.deterrence, self.deterrence_alone = force / (force + russia), others / (others + russia)
        self.weakness = russia / (russia + force)

    def table(self, members: NDArray[np.int64], neutral: float, pull: float) -> SimpleNamespace:
        """Who sits at a table, and what of it never changes."""
        standing = self.standing[members]
        total = neutral + standing.sum()
        dependence = np.array([0.0 if i == US else self.allies[i].dependence for i in members])
        return SimpleNamespace(
            members=members,
            neutral=neutral,
            pull=pull,
            standing=standing,
            total=total,
            isolation=(1.0 - standing) / (total - standing),
            dependence=dependence,
        )

    def excess(self, table: SimpleNamespace, k: int, x: Array, reversion: float, texts: Array) -> Array:
        """Loss less threshold of texts (F,) for all at a table (F, M), over the chair's scale."""
        p, salience = self.p, self.salience[table.members, k]
        move, middle = (texts - reversion)[:, None], (texts + reversion)[:, None]
        loss = move * (middle - 2.0 * x[table.members])
        behind = np.where(loss * salience <= p.objection_cost, table.standing, 0.0)
        willing = 0.5 * table.neutral + behind.sum(axis=1, keepdims=True)
        cover = np.exp(-(p.objection_cost - move * (middle - 2.0 * x[US])) / max(p.slack_scale, 1e-12))
        cover = p.patron_cost * table.pull / (1.0 + cover)
        h = p.objection_cost + p.isolation_cost * table.isolation * (willing - behind) + table.dependence * cover
        error = p.sd_position**2 + p.sd_chair**2
        scale = np.maximum(np.sqrt(p.slack_scale**2 + LOGISTIC_OF_NORMAL**2 * (2.0 * move) ** 2 * error), 1e-12)
        return (loss - h / salience) / scale

    def consensus_capacity(self, positions: Array) -> float:
        """Mean over the reference agenda of the largest expected share of a proposal."""
        shared, min_share = self.shared, self.p.min_share
        step = (1.0 - min_share) / (GRID - 1)
        shares = 1.0 - np.arange(GRID) * step
        total = 0.0
        for k, base, span in zip(
            shared.reference_issue, shared.reference_reversion, shared.reference_span, strict=True
        ):

            def value(share: Array, k=k, base=base, span=span) -> Array:
                return share * chance(self.excess(self.nato, k, positions[:, k], base, base + share * span))

            values = value(shares)
            beside = shares[values.argmax()] + step * np.array([0.5, -0.5])
            beside = beside[(min_share <= beside) & (beside <= 1.0)]
            total += max(values.max(), value(beside).max(initial=0.0))
        return total / len(shared.reference_issue)

    def camps(self, x: Array) -> tuple[int, float]:
        """Camps on the Russia strategy, and Esteban and Ray's polarisation."""
        order = np.argsort(x)
        ends = np.flatnonzero(np.diff(x[order]) > CAMP_GAP) + 1
        mass = np.array([self.standing[camp].sum() for camp in np.split(order, ends)])
        place = np.array([self.standing[camp] @ x[camp] for camp in np.split(order, ends)]) / mass
        mass /= mass.sum()
        felt = np.abs(place[:, None] - place) @ mass
        polarisation = (mass ** (1.0 + SENSITIVITY) * felt).sum()
        return len(mass), min(1.0, polarisation * 2.0 ** (1.0 + SENSITIVITY))

    def observe(self) -> dict[str, float]:
        """Outcomes of the month."""
        shared, us, russia, ukraine, allies = self.shared, self.united_states, self.russia, self.ukraine, self.allies
        x = np.array([ally.position for ally in allies])
        others = [ally for ally in allies if ally is not us]
        power = self.standing / self.standing.sum()
        spending = np.array([ally.d for ally in allies])
        out = {"agreement": 1.0 - 2.0 * (power @ np.abs(x - power @ x)).mean()}
        out["consensus_capacity"] = self.consensus_capacity(x)
        out["mean_guarantee_confidence"] = sum(ally.g for ally in others) / len(others)
        paid = sum(ally.d * ally.gdp for ally in others) / sum(ally.gdp for ally in others)
        out["burden_sharing"] = min(1.0, paid / max(us.d, 0.01))
        out["cohesion"] = 0.25 * sum(out.values())
        europeans = [ally.tau for ally in allies if shared.europe[ally.index]]
        out["threat_gap"] = sum(europeans) / len(europeans) - us.tau
        out["camps"], out["polarisation"] = self.camps(x[:, RUSSIA_STRATEGY])
        out["deterrence"], out["deterrence_without_us"] = self.deterrence, self.deterrence_alone
        kept = min(1.0, us.position_made()[SANCTIONS] / max(us.initial_position[SANCTIONS], 0.01))
        lifted = (1.0 - kept) * us.gdp / sum(ally.gdp for ally in allies)
        level = self.norm[SANCTIONS]
        out["isolation"] = (level * (1.0 - lifted) + self.norm[DIALOGUE] + 1.0 / (1.0 + self.r)) / 3.0
        base = shared.rollover_reversion[0]
        excess = self.excess(self.eu, SANCTIONS, x[:, SANCTIONS], base, np.array([base + level]))
        renewed = chance(excess)[0]
        out["sanctions_durability"], out["objector_hazard"] = level * renewed**2, 1.0 - renewed
        out["objector_weight"] = (self.eu.standing / (1.0 + np.exp(-excess[0]))).sum() / self.eu.total
        out["mean_spending"], out["spending_spread"] = spending.mean(), spending.std()
        out["ukraine_support_total"] = ukraine.total_aid
        for channel, name in enumerate(("military", "economic", "intelligence")):
            out[f"ukraine_support_{name}"] = ukraine.aid[channel]
        out["resistance"], out["concession_pressure"] = ukraine.resistance, ukraine.concession
        out["war_intensity"], out["assertiveness"], out["demands"] = russia.war, russia.assertiveness, russia.demands
        out["exercise_participation"] = (x[:, EXERCISES] >= self.p.exercise_threshold).mean()
        out["conciliation"], out["opacity"], out["criticism"] = self.r, self.o, us.criticism
        out["presidential_autonomy"], out["presidential_support"] = us.autonomy, us.popularity
        out["institutions_stance"] = us.institutions_threat + us.erosion * (us.leader_threat - us.institutions_threat)
        out["us_commitment"], out["open_door_us"] = us.commitment, us.position[OPEN_DOOR]
        out["postponements"], out["blow_ups"] = self.postponed, 0
        return out


def chance(excess: Array) -> Array:
    """The chair's estimate that all accept, by text."""
    return 1.0 / (1.0 + np.exp(np.minimum(excess, FARTHEST))).prod(axis=1)


def reported(name: str, model: Alliance) -> float:
    """An outcome of the month."""
    return model.outcomes[name]


def outcomes(given: Inputs, noise: Noise) -> Array:
    """Outcomes (D, T, outcomes) for given noise."""
    runs = []
    for draw in range(given.draws):
        model = Alliance(draw, given=given, noise=noise)
        while model.running:
            model.step()
        runs.append(model.datacollector.get_model_vars_dataframe()[list(OUTCOMES)].to_numpy(float))
    return np.array(runs)
