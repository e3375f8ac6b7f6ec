"""States of the world and of allies, by their public names."""

from __future__ import annotations

__all__ = ["ALLY_STATES", "STATES"]

#: States of the world that the event type `shift` may change: symbol in the core, and range.
STATES: dict[str, tuple[str, float, float]] = {
    "aid_need": ("need", 0.0, 2.0),
    "assertiveness": ("a", 0.0, 1.0),
    "assertiveness_level": ("a_level", 0.0, 1.0),
    "concession_pressure": ("concession", 0.0, 1.0),
    "conciliation": ("r", 0.0, 2.0),
    "criticism": ("criticism", 0.0, 1.0),
    "demands": ("demands", 0.0, 1.0),
    "opacity": ("o", 0.0, 1.0),
    "presidential_support": ("support", 0.0, 1.0),
    "reset": ("reset", 0.0, 1.0),
    "resistance": ("resistance", 0.0, 1.0),
    "us_commitment": ("c", 0.0, 1.0),
    "war_intensity": ("war", 0.0, 1.0),
}
#: States of each ally, likewise.
ALLY_STATES: dict[str, tuple[str, float, float]] = {
    "fatigue": ("fatigue", 0.0, 1.0),
    "guarantee_confidence": ("g", 0.0, 1.0),
    "spending": ("d", 0.0, 15.0),
    "threat_perception": ("tau", 0.0, 1.0),
    "ukraine_support": ("aid", 0.0, 5.0),
}
