"""What a run reports each month: definition, unit, range and direction of every outcome, once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

from alliance_sim.registry.actors import ALLIES

__all__ = ["OUTCOMES", "Outcome"]

_MANY = 1000.0  # of what can be counted


# fmt: off
class Outcome(IntEnum):
    """One outcome; its number is its place in the core's array: ``outcomes[Outcome.cohesion]``.

    Attributes
    ----------
    name, unit, definition : str
    low, high : float
        Its range; every value lies within.
    better : int
        +1 if more of it means more cohesion or deterrence, -1 if less does, 0 if neither.
    summary : str
        How a run is summed up in one number: ``mean`` over months, or the ``final`` month.

    Examples
    --------
    >>> Outcome.mean_spending.unit, Outcome.mean_spending.summary
    ('% GDP', 'final')
    >>> OUTCOMES["cohesion"] is Outcome.cohesion
    True
    """

    unit: str
    low: float
    high: float
    better: int
    summary: Literal["mean", "final"]
    definition: str

    def __new__(
        cls, unit: str, low: float, high: float, better: int, summary: Literal["mean", "final"], definition: str
    ) -> Outcome:
        """Number the rows."""
        member = int.__new__(cls, len(cls.__members__))
        member._value_ = len(cls.__members__)
        member.unit, member.low, member.high, member.better = unit, low, high, better
        member.summary, member.definition = summary, definition
        return member

    cohesion = ("share", 0, 1, 1, "mean",
     "mean of agreement, consensus capacity, guarantee confidence and burden sharing (equal weights: judgement)")
    agreement = ("share", 0, 1, 1, "mean",
     "one minus twice the mean absolute deviation of allies' positions from their mean, by standing, over all issues")
    consensus_capacity = ("share", 0, 1, 1, "mean",
     "mean over a fixed agenda of the largest expected share of a proposal that could be agreed: max P |q-r| / |q0-r|")
    mean_guarantee_confidence = ("share", 0, 1, 1, "mean", "mean confidence of the others in the U.S. guarantee")
    burden_sharing = ("share", 0, 1, 1, "mean",
     "defence spending of the other allies, % of their joint GDP, over that of the United States; at most one")
    threat_gap = ("threat", -1, 1, -1, "mean", "mean perceived threat of the European allies minus Washington's")
    polarisation = ("index", 0, 1, -1, "mean",
     "Esteban and Ray (1994) between camps on the Russia strategy, by standing; 1 = two equal camps at the extremes")
    camps = ("camps", 1, len(ALLIES), -1, "mean",
     "camps on the Russia strategy: groups separated by a gap of more than 0.12")
    deterrence = ("share", 0, 1, 1, "mean", "committed force F over F + R, R being Russia's capability")
    deterrence_without_us = ("share", 0, 1, 1, "mean", "deterrence without the forces of the United States")
    isolation = ("index", 0, 1, 1, "mean",
     "isolation of Russia: sanctions in force, dialogue suspended, Washington not re-engaged, in equal parts")
    sanctions_durability = ("index", 0, 1, 1, "mean", "level of EU sanctions times the chance that two renewals pass")
    objector_hazard = ("probability", 0, 1, -1, "mean", "chance that a member breaks silence over an EU renewal")
    objector_weight = ("share", 0, 1, -1, "mean", "expected share of standing that objects to an EU renewal")
    mean_spending = ("% GDP", 0, 15, 1, "final", "mean defence spending of the members, unweighted")
    spending_spread = ("% GDP", 0, 15, -1, "final", "standard deviation of defence spending between members")
    ukraine_support_total = ("index", 0, 20, 1, "mean", "aid to Ukraine over all channels, 1 = the mean of 2022-2024")
    ukraine_support_military = ("index", 0, 20, 1, "mean", "military aid, 1 = the mean of 2022-2024")
    ukraine_support_economic = ("index", 0, 20, 1, "mean", "economic aid, 1 = the mean of 2022-2024")
    ukraine_support_intelligence = ("index", 0, 20, 1, "mean", "intelligence support, 1 = the mean of 2022-2024")
    resistance = ("share", 0, 1, 1, "mean", "Ukraine's capacity to resist")
    war_intensity = ("share", 0, 1, -1, "mean", "intensity of the war; 1 = of the order of spring 2022")
    assertiveness = ("share", 0, 1, -1, "mean", "Russia's assertiveness")
    demands = ("share", 0, 1, -1, "mean", "Russia's demands beyond those at the start")
    concession_pressure = ("share", 0, 1, -1, "mean", "pressure on Ukraine to concede")
    exercise_participation = ("share", 0, 1, 1, "mean", "share of members willing to join partner exercises")
    conciliation = ("stock", 0, 2, 0, "mean", "conciliation of Moscow by Washington")
    opacity = ("stock", 0, 1, -1, "mean", "content of closed-door talks that allies do not know")
    criticism = ("share", 0, 1, 0, "mean", "criticism of the president's course in Washington")
    presidential_autonomy = ("share", 0, 1, 0, "mean", "weight of the president against the institutions")
    presidential_support = ("share", 0, 1, 0, "mean", "domestic support gained by breakthroughs")
    institutions_stance = ("threat", 0, 1, 0, "mean", "threat as U.S. institutions perceive it")
    us_commitment = ("share", 0, 1, 1, "mean", "commitment of the United States to the defence of Europe")
    open_door_us = ("position", 0, 1, 0, "mean", "U.S. position on the open door")
    postponements = ("meetings", 0, _MANY, 0, "final", "follow-up meetings postponed so far")
    blow_ups = ("meetings", 0, _MANY, -1, "final", "meetings that blew up so far")
# fmt: on


#: By name, in the order of the core's outcome array.
OUTCOMES: Mapping[str, Outcome] = MappingProxyType({outcome.name: outcome for outcome in Outcome})
