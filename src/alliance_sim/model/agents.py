"""The actors as Mesa agents. They hold nothing: attributes are views on the arrays that the core steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

from alliance_sim.core import layout as L
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
    """Somebody who may act before and after the core's month; override the two hooks.

    Attributes
    ----------
    iso3 : str
    is_member : bool
        In NATO in the month being simulated.
    """

    model: AllianceModel
    iso3: str
    #: Column in the arrays of allies; of no meaning for others.
    index = 0

    @property
    def is_member(self) -> bool:
        """Whether the actor is in NATO in the month being simulated, or simulated last."""
        return False

    def before_month(self) -> None:
        """Act before the month. What is written here takes effect in this month."""

    def after_month(self) -> None:
        """Act after the month: its meetings are over, and data are collected after this."""


class Ally(Actor):
    """An ally of the United States. All attributes but `iso3` and `is_member` can be written.

    What is written is where the month starts from, and the mechanisms go on from there: perceived threat and
    confidence return to their levels at the speeds ``kappa`` and ``g_rec``, spending and support follow what
    the government wants. `stance`, `position`, `salience`, `standing` and the traits last.

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
    susceptibility, holdup, dependence, exposure, ties : float in [0, 1]
        Openness to others' positions (Friedkin and Johnsen 1999), chance to hold an agreed text up,
        dependence on the United States, exposure to Russia, ties to it.
    position, salience : mapping of issue to float
        ``ally.position["sanctions"] = 0.4``.
    """

    threat_perception = ally_state(L.S.tau)
    stance = ally_state(L.S.stance, -1.0)
    guarantee_confidence = ally_state(L.S.g)
    spending = ally_state(L.S.d, high=100.0)
    capability = ally_state(L.S.cap, high=1e6)
    ukraine_support = ally_state(L.S.aid, high=100.0)
    fatigue = ally_state(L.S.fatigue)
    standing = ally_state(L.S.standing, 0.001)
    susceptibility = ally_trait(L.A.susceptibility)
    holdup = ally_trait(L.A.holdup)
    dependence = ally_trait(L.A.dependence)
    exposure = ally_trait(L.A.exposure)
    ties = ally_trait(L.A.ties)

    def __init__(self, model: AllianceModel, iso3: str) -> None:
        self.iso3, self.index = iso3, ALLY_INDEX[iso3]
        super().__init__(model)

    @property
    def is_member(self) -> bool:
        """Whether the ally is in NATO in the month being simulated, or simulated last."""
        return bool(self.model.program.member[self.model.month_index, L.NATO_SUMMIT, self.index])

    @property
    def position(self) -> ByIssue:
        """Expressed positions by issue, in [0, 1], 1 = the strongest collective response.

        A position is a government's own starting point plus a displacement that threat, norms and the others
        make anew each month. Writing one moves the starting point: the position holds, and goes on moving by
        what moves it next. Aid to Ukraine follows the position on it, at the speed of compensation.
        """
        return ByIssue(self.model.block.state.x[0, :, self.index], self._take_position, f"{self.iso3}.position")

    @property
    def salience(self) -> ByIssue:
        """Salience by issue, in [0.05, 1]; fixed unless written."""
        values = self.model.block.state.salience[0, :, self.index]
        return ByIssue(values, values.__setitem__, f"{self.iso3}.salience", low=0.05)

    def _take_position(self, issue: int, position: float) -> None:
        state, start = self.model.block.state, self.model.block.draws.x0[0, :, self.index]
        start[issue] = position - state.delta[0, issue, self.index]
        state.x[0, issue, self.index] = position


class UnitedStates(Ally):
    """The United States, whose stance is made by the president and the institutions (B ¶6, B ¶8).

    Washington's perceived threat and positions are their mixture by the president's autonomy. Writing
    `threat_perception` shifts the mixture; writing a `position` gives both principals the one wish that leads
    to it, as far as the pull of the others allows near the ends of the scale, and the others see Washington
    turn. Writing `autonomy` moves its level (``alpha0``). All three last.

    Attributes
    ----------
    autonomy : float in [0, 1]
        Weight of the president against the institutions.
    commitment : float in [0, 1]
        To the defence of Europe.
    criticism, domestic_support : float in [0, 1]
        Of the president's course, and gained by breakthroughs; both fade.
    conciliation, opacity : float in [0, 2] and [0, 1]
        Of and towards Moscow; both fade.
    military_aid, economic_aid, intelligence_aid : float in [0, 2]
        Channels of support of Ukraine, 1 = what the war calls for; `ukraine_support` follows from them.
    """

    threat_perception = ally_state(L.S.tau, along=Ally.stance)
    ukraine_support = ReadOnly(Ally.ukraine_support.place, L.S.aid, "military_aid, economic_aid, intelligence_aid")
    autonomy = world_state(L.G.alpha, along=parameter(L.P.alpha0))
    commitment = world_state(L.G.c)
    criticism = world_state(L.G.criticism)
    domestic_support = world_state(L.G.support)
    conciliation = world_state(L.G.r, 2.0)
    opacity = world_state(L.G.o)
    military_aid = world_state(L.G.us_military, 2.0)
    economic_aid = world_state(L.G.us_economic, 2.0)
    intelligence_aid = world_state(L.G.us_intelligence, 2.0)

    def _take_position(self, issue: int, position: float) -> None:
        state, draws = self.model.block.state, self.model.block.draws
        start = draws.x0[0, issue, USA]
        # The United States listens too: it expresses this share of what its principals want.
        own = max(1.0 - self.susceptibility, 0.01)
        wish = min(max(start + (position - start) / own, 0.0), 1.0)
        leader = int(state.world[0, L.G.leader])
        draws.leader_x[0, leader, issue] = draws.inst_x[0, issue] = wish
        state.issue[0, L.I.lead_shift, issue] = 0.0
        state.x[0, issue, USA] = position


class Russia(Actor):
    """Russia (A ¶2, B ¶5, B ¶9-10).

    Attributes
    ----------
    assertiveness, demands, war_intensity : float in [0, 1]
        Written values are where the month starts from.
    """

    iso3 = "RUS"
    assertiveness = world_state(L.G.a)
    demands = world_state(L.G.demands)
    war_intensity = world_state(L.G.war)


class Ukraine(Actor):
    """Ukraine (A ¶4, B ¶9).

    Attributes
    ----------
    resistance, concession_pressure : float in [0, 1]
        Written values are where the month starts from.
    """

    iso3 = "UKR"
    resistance = world_state(L.G.resistance)
    concession_pressure = world_state(L.G.concession)
