"""The actors as Mesa agents. They store nothing: their attributes are views on the core's arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

from alliance_sim.core.structures import AllyInput, AllyState, Forum, IssueInput, IssueState, Param, World
from alliance_sim.model.quantities import (
    ByIssue,
    ReadOnly,
    ally_state,
    ally_trait,
    parameter,
    world_state,
)
from alliance_sim.registry.actors import ALLY_INDEX, USA

if TYPE_CHECKING:
    from alliance_sim.model.alliance import AllianceModel

__all__ = ["Actor", "Ally", "Russia", "Ukraine", "UnitedStates"]


class Actor(mesa.Agent):
    """An actor of the model; override its two hooks to let it act before or after each month.

    Attributes
    ----------
    iso3 : str
    is_member : bool
        In NATO in the month being simulated.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> model = AllianceModel("baseline_2025", seed=1)
    >>> model.ukraine.iso3, model.ukraine.is_member, model.allies["FIN"].is_member
    ('UKR', False, True)
    """

    model: AllianceModel
    iso3: str
    #: Column in the arrays of allies; unused for other actors.
    index = 0

    @property
    def is_member(self) -> bool:
        """Whether the actor is in NATO in the month being simulated, or simulated last."""
        return False

    def before_month(self) -> None:
        """Act before the month; values written here take effect in this month.

        Examples
        --------
        >>> from alliance_sim import AllianceModel, Ally
        >>> class Hungary(Ally):
        ...     def before_month(self):
        ...         self.position["sanctions"] = 0.0
        >>> class FirmHungary(AllianceModel):
        ...     agent_classes = {"HUN": Hungary}
        >>> model = FirmHungary("baseline_2025", seed=1)
        >>> model.step()
        >>> round(model.allies["HUN"].position["sanctions"], 2)
        0.0
        """

    def after_month(self) -> None:
        """Act after the month and its meetings; data are collected after this.

        Examples
        --------
        >>> from alliance_sim import AllianceModel, Russia
        >>> class Observer(Russia):
        ...     def after_month(self):
        ...         print(self.model.month, "cohesion" in self.model.outcomes)
        >>> class Observed(AllianceModel):
        ...     agent_classes = {"RUS": Observer}
        >>> Observed("baseline_2025", seed=1).step()
        2025-06 True
        """


class Ally(Actor):
    """An ally of the United States. All attributes but `iso3` and `is_member` can be written.

    A value written is the start of the next month; the mechanisms continue from it. Perceived threat and confidence
    return to their levels at the speeds ``threat_reversion`` and
    ``guarantee_recovery``; spending and support move towards the government's
    targets. `stance`, `position`, `salience`, `standing` and the traits keep the value written.

    Attributes
    ----------
    threat_perception : float in [0, 1]
    stance : float in [-1, 1]
        Lasting shift of the level that perceived threat returns to.
    guarantee_confidence : float in [0, 1]
        Confidence in the guarantee of the United States.
    spending : float in [0, 100]
        Defence spending, % of GDP.
    capability : float
        Billion US dollars.
    ukraine_support : float in [0, 100]
        Aid to Ukraine, % of GDP a year.
    fatigue : float in [0, 1]
    standing : float in [0.001, 1]
        Power, United States = 1.
    susceptibility, dispute_onset, dependence, exposure, ties : float in [0, 1]
        Openness to others' positions (Friedkin and Johnsen 1999), chance to hold an agreed text up,
        dependence on the United States, exposure to Russia, ties to it.
    position, salience : mapping of issue to float

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> model = AllianceModel("baseline_2025", seed=1)
    >>> poland = model.allies["POL"]
    >>> poland.is_member
    True
    >>> poland.spending = 4.5
    >>> poland.position["sanctions"] = 0.9
    >>> poland.spending, poland.position["sanctions"]
    (4.5, 0.9)
    >>> sorted(poland.salience) == sorted(poland.position)
    True
    """

    threat_perception = ally_state(AllyState.threat_perception)
    stance = ally_state(AllyState.stance, -1.0)
    guarantee_confidence = ally_state(AllyState.guarantee_confidence)
    spending = ally_state(AllyState.spending, high=100.0)
    capability = ally_state(AllyState.capability, high=1e6)
    ukraine_support = ally_state(AllyState.ukraine_support, high=100.0)
    fatigue = ally_state(AllyState.fatigue)
    standing = ally_state(AllyState.standing, 0.001)
    susceptibility = ally_trait(AllyInput.susceptibility)
    dispute_onset = ally_trait(AllyInput.dispute_onset)
    dependence = ally_trait(AllyInput.dependence)
    exposure = ally_trait(AllyInput.exposure)
    ties = ally_trait(AllyInput.ties)

    def __init__(self, model: AllianceModel, iso3: str) -> None:
        self.iso3, self.index = iso3, ALLY_INDEX[iso3]
        super().__init__(model)

    @property
    def is_member(self) -> bool:
        """Whether the ally is in NATO in the month being simulated, or simulated last."""
        return bool(self.model.program.member[self.model.month_index, Forum.NATO_SUMMIT, self.index])

    @property
    def position(self) -> ByIssue:
        """Expressed positions by issue, in [0, 1], 1 = the strongest collective response.

        A position is a government's own starting point plus a displacement by threat, norms and the other allies,
        which is computed each month. Writing a position moves the starting point, so that the position keeps the value
        until the displacement changes. Aid to Ukraine follows the position on it, at the speed of compensation.
        """
        return ByIssue(self.model.block.states.position[0, :, self.index], self._take_position, f"{self.iso3}.position")

    @property
    def salience(self) -> ByIssue:
        """Salience by issue, in [0.05, 1]; fixed unless written."""
        values = self.model.block.states.salience[0, :, self.index]
        return ByIssue(values, values.__setitem__, f"{self.iso3}.salience", low=0.05)

    def _take_position(self, issue: int, position: float) -> None:
        state, start = self.model.block.states, self.model.block.inputs.initial_position[0, :, self.index]
        start[issue] = position - state.displacement[0, issue, self.index]
        state.position[0, issue, self.index] = position


class UnitedStates(Ally):
    """The United States, whose stance is a mixture of the president's and the institutions' (B ¶6, B ¶8).

    The weight of the president in perceived threat and positions is `presidential_autonomy`. Writing
    `threat_perception` shifts the mixture. Writing a `position` gives president and institutions the same wish, the one
    that leads to this position (near the ends of the scale as far as the influence of the other allies allows), and the
    allies react to the change. Writing `presidential_autonomy` moves its level (``initial_autonomy``). All three keep
    the value written.

    Attributes
    ----------
    presidential_autonomy : float in [0, 1]
        Weight of the president against the institutions.
    us_commitment : float in [0, 1]
        Commitment to the defence of Europe.
    criticism : float in [0, 1]
        Criticism of the president's course in Washington; it fades.
    presidential_support : float in [0, 1]
        Domestic support gained by breakthroughs; it fades.
    conciliation : float in [0, 2]
        Conciliation of Moscow; it fades.
    opacity : float in [0, 1]
        Secrecy of talks with Moscow; it fades.
    military_aid, economic_aid, intelligence_aid : float in [0, 2]
        Support of Ukraine by channel, 1 = the need at the present intensity of the war; `ukraine_support` is computed
        from them.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> model = AllianceModel("us_russia_reset_2025", seed=1)
    >>> usa = model.united_states
    >>> usa.presidential_autonomy = 0.5
    >>> usa.military_aid = usa.economic_aid = usa.intelligence_aid = 0.0
    >>> model.step()
    >>> round(usa.presidential_autonomy, 1), round(usa.ukraine_support, 2)
    (0.5, 0.0)
    """

    threat_perception = ally_state(AllyState.threat_perception, along=Ally.stance)
    ukraine_support = ReadOnly(
        Ally.ukraine_support.place, AllyState.ukraine_support, "military_aid, economic_aid, intelligence_aid"
    )
    presidential_autonomy = world_state(World.presidential_autonomy, along=parameter(Param.initial_autonomy))
    us_commitment = world_state(World.us_commitment)
    criticism = world_state(World.criticism)
    presidential_support = world_state(World.presidential_support)
    conciliation = world_state(World.conciliation, 2.0)
    opacity = world_state(World.opacity)
    military_aid = world_state(World.us_military, 2.0)
    economic_aid = world_state(World.us_economic, 2.0)
    intelligence_aid = world_state(World.us_intelligence, 2.0)

    def _take_position(self, issue: int, position: float) -> None:
        state, inputs = self.model.block.states, self.model.block.inputs
        start = inputs.initial_position[0, issue, USA]
        # The United States is open to others too: it expresses this share of the wish of president and institutions.
        own = max(1.0 - self.susceptibility, 0.01)
        wish = min(max(start + (position - start) / own, 0.0), 1.0)
        leader = int(state.world[0, World.leader])
        inputs.leader_position[0, leader, issue] = wish
        inputs.issue_input[0, IssueInput.institutions_position, issue] = wish
        state.issue[0, IssueState.leader_shift, issue] = 0.0
        state.position[0, issue, USA] = position


class Russia(Actor):
    """Russia (A ¶2, B ¶5, B ¶9-10).

    Attributes
    ----------
    assertiveness, demands, war_intensity : float in [0, 1]
        A value written is the start of the next month.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> model = AllianceModel("baseline_2025", seed=1)
    >>> model.russia.war_intensity = 1.0
    >>> model.step()
    >>> model.outcomes["war_intensity"] > 0.9
    True
    """

    iso3 = "RUS"
    assertiveness = world_state(World.assertiveness)
    demands = world_state(World.demands)
    war_intensity = world_state(World.war_intensity)


class Ukraine(Actor):
    """Ukraine (A ¶4, B ¶9).

    Attributes
    ----------
    resistance, concession_pressure : float in [0, 1]
        A value written is the start of the next month.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> model = AllianceModel("baseline_2025", seed=1)
    >>> model.ukraine.resistance = 0.9
    >>> model.step()
    >>> round(model.ukraine.resistance, 1) == round(model.outcomes["resistance"], 1)
    True
    """

    iso3 = "UKR"
    resistance = world_state(World.resistance)
    concession_pressure = world_state(World.concession_pressure)
