"""The model in Mesa: agents are views on the core's arrays, and the core's kernel simulates each month."""

from alliance_sim.model.agents import Actor, Ally, Russia, Ukraine, UnitedStates
from alliance_sim.model.alliance import AllianceModel

__all__ = ["Actor", "AllianceModel", "Ally", "Russia", "Ukraine", "UnitedStates"]
