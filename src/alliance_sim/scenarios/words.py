"""Fields of records in the words of a scenario file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alliance_sim.registry.events import Event
from alliance_sim.registry.fields import Record

__all__ = ["event_details", "fields_in_words", "in_words", "word"]

#: Fields left out: they do not enter the computation, or stand at the head of a line.
_WORDS = {"id", "type", "title", "text", "source"}


def event_details(event: Event) -> str:
    """Return the fields of an event besides month and type.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_scenario
    >>> event_details(load_scenario("us_support_ends_2025").events[0])
    'channel military, share -1'
    """
    fields = fields_in_words(event)
    each = f" in each of {event.during} months" if event.during > 1 else ""
    conditions = [f"with probability {event.probability:g}{each}"] if event.probability < 1.0 or each else []
    conditions += [f"when {event.when}"] if event.when else []
    general = ("month", "probability", "during", "when")
    own = ", ".join(f"{key} {value}" for key, value in fields.items() if key not in general)
    return "; ".join(filter(None, (own, *conditions)))


def fields_in_words(record: Record) -> dict[str, str]:
    """Return the fields of a record that enter the computation, without the items of an agenda.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_scenario
    >>> fields_in_words(load_scenario("washington_2024").events[0])["month"]
    '2025-06'
    """
    names = [name for name in type(record).model_fields if name not in _WORDS and name != "agenda"]
    return in_words(record, names)


def in_words(record: Record, names: Iterable[str]) -> dict[str, str]:
    """Return fields of a record, as far as they are given.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_scenario
    >>> in_words(load_scenario("baseline_2025"), ["months", "tabled_again"])
    {'months': '48', 'tabled_again': 'false'}
    """
    fields = record.model_dump(mode="json", exclude_none=True, include=set(names))
    return {key: word(value) for key, value in fields.items()}


def word(value: Any) -> str:
    """Return a value as a scenario file has it.

    Examples
    --------
    >>> word(True), word([0.5, 1.0]), word({"uniform": [0.0, 1.0]})
    ('true', '0.5 1', 'uniform 0 1')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{key} {word(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(map(word, value)) or "none"
    return str(value).removesuffix(".0")
