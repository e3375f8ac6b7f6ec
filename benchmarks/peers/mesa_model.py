"""The model without meetings as an ordinary Mesa model: an agent an ally, one for Russia, one for Ukraine.

Allies hold their state as attributes and their positions as a NumPy array over issues; a month is a sequence of stages
that all allies go through, and outcomes are collected by a DataCollector. `mesa.batch_run` runs the draws. Numbers in
the comments are those of the core's mechanisms.
"""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import mesa
import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.constants import (
    COUPLING,
    CRITICISM_THRESHOLD,
    EXERCISE_THRESHOLD,
    FORWARD_SHARE,
    SD_OUTPUT,
    STANDING_WEIGHT,
)
from alliance_sim.core.structures import (
    DIALOGUE,
    EXERCISES,
    OPEN_DOOR,
    POSTURE,
    RUSSIA_STRATEGY,
    SANCTIONS,
    SUPPORT,
    US,
    Forum,
)
from alliance_sim.registry.actors import ALLIES
from peers.inputs import OUTCOMES, Inputs, Noise, inputs
from peers.mesa_agents import Ally, Russia, Ukraine, UnitedStates, clip, halving
from peers.mesa_decisions import Table, chance

Array = NDArray[np.float64]

CAMP_GAP = 0.12
SENSITIVITY = 1.3
MAX_POSTPONEMENTS, POSTPONED_BY = 2, 5


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
        self.r = self.new_conciliation = self.o = 0.0
        self.reset = self.private = False
        self.follow_due, self.follow_count, self.follow_size, self.follow_private = -1, 0, 0.0, 0.0
        self.postponed = 0
        self.norm = self.shared.initial_norm.copy()
        self.threat_slope = given.threat_slope[draw]
        self.issue_weight = self.shared.weight / self.shared.weight.sum()
        issues, led = len(self.norm), self.shared.led
        drawn = np.outer(led, np.arange(issues) == RUSSIA_STRATEGY) - np.diag(led)  # to the issue that leads
        self.coupling = np.eye(issues) + COUPLING * drawn
        self.affinity = self.shared.affinity
        self.surprise = SD_OUTPUT * self.draw_output()

        self.russia, self.ukraine = Russia(self), Ukraine(self)
        self.allies = []
        for i in range(len(ALLIES)):
            traits = {name: float(values[draw, i]) for name, values in given.ally.items()}
            if i == US:
                self.united_states = UnitedStates(self, traits)
                self.allies.append(self.united_states)
            else:
                self.allies.append(Ally(self, i, traits, given.initial_position[draw, :, i].copy()))
        for ally in self.allies:
            ally.standing = (ally.gdp / self.united_states.gdp) ** self.p.standing_exponent
        self.standing = np.array([ally.standing for ally in self.allies])
        self.voice = self.standing**STANDING_WEIGHT
        self.nato = self.table(np.arange(len(ALLIES)), Forum.NATO_SUMMIT)
        self.eu = self.table(given.eu, Forum.EU_COUNCIL)
        self.members = self.agents.select(lambda agent: isinstance(agent, Ally))
        self.deter()
        self.weakness0 = self.weakness
        self.datacollector = mesa.DataCollector(model_reporters={name: partial(reported, name) for name in OUTCOMES})
        for _ in range(given.spin_up):
            self.month()

    def table(self, members: NDArray[np.int64], forum: Forum) -> Table:
        """Seat the members of a forum."""
        dependence, susceptibility = (
            np.array([getattr(ally, name) for ally in self.allies]) for name in ("dependence", "susceptibility")
        )
        return Table(members, self.standing, dependence, susceptibility, self.shared.neutral[forum], self.p)

    def event(self, name: str) -> float:
        """What events of this kind do this month."""
        return self.given.washington[name][self.t]

    def event_for(self, name: str, ally: Ally) -> float:
        """What events of this kind do to an ally this month."""
        return self.given.others[name][self.t, ally.index]

    def draw_steady(self, ally: Ally) -> float:
        """How far an ally's threat perception is from its level at the start."""
        return self.noise.steady_threat[self.draw, ally.index] if self.noise else self.rng.standard_normal()

    def draw_steady_russia(self) -> float:
        """How far Russia's assertiveness is from its level at the start."""
        return self.noise.steady_russia[self.draw] if self.noise else self.rng.standard_normal()

    def draw_salience(self, ally: Ally) -> Array:
        """How far the salience of issues is from what positions tell."""
        return self.noise.salience[self.draw, :, ally.index] if self.noise else self.rng.standard_normal(len(self.norm))

    def draw_output(self) -> float:
        """Output that this year's budgets did not foresee."""
        return self.noise.output[self.t, self.draw] if self.noise else self.rng.standard_normal()

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
        self.new_year = given.new_year[self.t]
        if self.new_year:
            self.surprise = SD_OUTPUT * self.draw_output()
        members.do("spend")
        self.united_states.cut()
        self.share_out_aid()
        members.do("support")
        self.ukraine.receive()
        self.deter()
        self.russia.step()
        self.ukraine.step()
        members.do("stay_within_ranges")
        self.t += 1

    def signal(self) -> None:
        """2. Conciliation and opacity, and a follow-up meeting that criticism may postpone."""
        p, event = self.p, self.event
        left = self.r * halving(p.half_life_signals)
        self.r = left + event("conciliation")
        self.o = self.o * halving(p.half_life_signals) + event("opacity")
        self.reset = self.reset or event("process") > 0.0
        if self.reset:
            self.r += p.reset_flow
        self.private = event("private") > 0.0
        if event("follow_up") > 0.0:
            self.follow_due, self.follow_count = self.t + event("follow_up"), 0
            self.follow_size, self.follow_private = event("conciliation"), event("opacity")
        elif self.follow_due == self.t:
            if self.united_states.criticism > CRITICISM_THRESHOLD:
                self.follow_count += 1
                self.postponed += 1
                self.follow_due = self.t + POSTPONED_BY if self.follow_count <= MAX_POSTPONEMENTS else -1
            else:
                self.r, self.o = self.r + self.follow_size, self.o + self.follow_private
                self.follow_due = -1
                self.private = self.follow_private > 0.0
        self.r, self.o = clip(self.r, 0.0, 2.0), clip(self.o)
        self.new_conciliation = max(0.0, self.r - left)

    def share_out_aid(self) -> None:
        """8. How much of the aid that Washington does not give falls to the others, by position."""
        us = self.united_states
        missing = us.missing * self.shared.aid_need * us.initial_aid * us.gdp
        able = sum(ally.position[SUPPORT] * ally.gdp for ally in self.allies if ally is not us)
        self.missing_for_each = missing / able if able > 0.0 else 0.0

    def deter(self) -> None:
        """9. Deterrence with and without the United States."""
        us, russia = self.united_states, self.p.russia_capability
        posture = clip(self.norm[POSTURE])
        others = sum(ally.cap * ally.initial_position[POSTURE] for ally in self.allies if ally is not us) * posture
        force = others + us.cap * FORWARD_SHARE * us.commitment * posture
        self.deterrence, self.deterrence_alone = force / (force + russia), others / (others + russia)
        self.weakness = russia / (russia + force)

    def consensus_capacity(self, positions: Array, weights: Array, salience: Array) -> float:
        """Mean over the reference agenda of the largest expected share of a proposal."""
        shared, issues = self.shared, self.shared.reference_issue
        expressed = self.nato.consult(positions[:, issues], weights)
        items = zip(expressed.T, salience[:, issues].T, shared.reference_reversion, shared.reference_span, strict=True)
        return sum(self.nato.capacity(*item) for item in items) / len(issues)

    def rollover(self, positions: Array, weights: Array, salience: Array) -> tuple[float, float]:
        """Chance that the EU renews sanctions, and the share of standing expected to object."""
        base, eu = self.shared.rollover_reversion[0], self.eu
        expressed = eu.consult(positions[:, [SANCTIONS]], weights)[:, 0]
        excess = eu.excess(expressed, salience[:, SANCTIONS], base, np.array([base + self.norm[SANCTIONS]]))
        against = (eu.standing / (1.0 + np.exp(-excess[0]))).sum() / eu.total
        return chance(excess)[0], against

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
        x, weights, salience = (
            np.array([getattr(ally, name) for ally in allies]) for name in ("position", "weights", "salience")
        )
        others = [ally for ally in allies if ally is not us]
        power = self.standing / self.standing.sum()
        spending = np.array([ally.d for ally in allies])
        out = {"agreement": 1.0 - 2.0 * (power @ np.abs(x - power @ x)).mean()}
        out["consensus_capacity"] = self.consensus_capacity(x, weights, salience)
        out["mean_guarantee_confidence"] = sum(ally.g for ally in others) / len(others)
        paid = sum(ally.d * ally.gdp for ally in others) / sum(ally.gdp for ally in others)
        out["burden_sharing"] = min(1.0, paid / max(us.d, 0.01))
        out["cohesion"] = 0.25 * sum(out.values())
        europeans = [ally.tau for ally in allies if shared.europe[ally.index]]
        out["threat_gap"] = sum(europeans) / len(europeans) - us.tau
        out["camps"], out["polarisation"] = self.camps(x[:, RUSSIA_STRATEGY])
        out["deterrence"], out["deterrence_without_us"] = self.deterrence, self.deterrence_alone
        kept = min(1.0, us.principals.position()[SANCTIONS] / max(us.initial_position[SANCTIONS], 0.01))
        lifted = (1.0 - kept) * us.gdp / sum(ally.gdp for ally in allies)
        level = self.norm[SANCTIONS]
        out["isolation"] = (level * (1.0 - lifted) + self.norm[DIALOGUE] + 1.0 / (1.0 + self.r)) / 3.0
        renewed, against = self.rollover(x, weights, salience)
        out["sanctions_durability"], out["objector_hazard"] = level * renewed**2, 1.0 - renewed
        out["objector_weight"] = against
        out["mean_spending"], out["spending_spread"] = spending.mean(), spending.std()
        out["ukraine_support_total"] = ukraine.total_aid
        for channel, name in enumerate(("military", "economic", "intelligence")):
            out[f"ukraine_support_{name}"] = ukraine.aid[channel]
        out["resistance"], out["concession_pressure"] = ukraine.resistance, ukraine.concession
        out["war_intensity"], out["assertiveness"], out["demands"] = russia.war, russia.assertiveness, russia.demands
        out["exercise_participation"] = (x[:, EXERCISES] >= EXERCISE_THRESHOLD).mean()
        out["conciliation"], out["opacity"], out["criticism"] = self.r, self.o, us.criticism
        out["presidential_autonomy"], out["presidential_support"] = us.principals.autonomy, us.popularity
        out["institutions_stance"] = us.principals.held()
        out["us_commitment"], out["open_door_us"] = us.commitment, us.position[OPEN_DOOR]
        out["postponements"], out["blow_ups"] = self.postponed, 0
        return out


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
