"""The Mesa room: agents that are views on the core's arrays, stepped by the core's own kernel."""

from alliance_sim.model.agents import Actor, Ally, Russia, Ukraine, UnitedStates
from alliance_sim.model.alliance import AllianceModel

__all__ = ["Actor", "AllianceModel", "Ally", "Russia", "Ukraine", "UnitedStates"]
