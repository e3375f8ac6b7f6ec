"""The event types: what may happen in a scenario, one class each."""

from alliance_sim.registry.events.base import (
    ALLY_STATES,
    AT_THE_START,
    EVENT_TYPES,
    LEADERSHIPS,
    SHIFTABLE,
    STATES,
    Accession,
    AnyEvent,
    Effect,
    Event,
    eu_allies,
)

__all__ = [
    "ALLY_STATES",
    "AT_THE_START",
    "EVENT_TYPES",
    "LEADERSHIPS",
    "SHIFTABLE",
    "STATES",
    "Accession",
    "AnyEvent",
    "Effect",
    "Event",
    "eu_allies",
]
