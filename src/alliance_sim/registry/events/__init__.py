"""The event types: what may happen in a scenario, one class each."""

from alliance_sim.registry.events.base import (
    ALLY_STATES,
    AT_THE_START,
    EVENT_TYPES,
    SHIFTABLE,
    STATES,
    Accession,
    AnyEvent,
    Effect,
    Event,
)

__all__ = [
    "ALLY_STATES",
    "AT_THE_START",
    "EVENT_TYPES",
    "SHIFTABLE",
    "STATES",
    "Accession",
    "AnyEvent",
    "Effect",
    "Event",
]
