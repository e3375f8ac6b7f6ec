"""Differences between the inputs of two scenarios, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from alliance_sim.registry.events import Event
from alliance_sim.registry.fields import Record
from alliance_sim.scenarios.schema import AgendaItem, Meeting, Scenario

__all__ = ["Difference", "input_differences"]

#: Fields left out: they do not enter the computation, or stand at the head of a line.
_WORDS = {"id", "type", "title", "text", "source"}
#: Fields of a scenario that are compared as they stand.
_PLAIN = ("era", "calibration", "start", "months", "tabled_again")
_ABSENT = "not given"


@dataclass(frozen=True)
class Difference:
    """One difference between a scenario and its base.

    Attributes
    ----------
    sign : str
        ``+`` only in the other, ``-`` only in the base, ``~`` changed.
    text : str

    Examples
    --------
    >>> from alliance_sim.scenarios import Difference
    >>> str(Difference("~", "months 48 → 12"))
    '~ months 48 → 12'
    """

    sign: Literal["+", "-", "~"]
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


def input_differences(base: Scenario, other: Scenario) -> tuple[Difference, ...]:
    """Return the differences of `other` from `base` that enter the computation.

    Era, calibration, start, months and `tabled_again` come first, then parameters by name, then events and meetings in
    time order. Events and meetings are matched by their id, items of an agenda by their issue. Titles, descriptions,
    texts and sources do not count.

    Examples
    --------
    >>> from alliance_sim.scenarios import input_differences, load_scenario
    >>> for line in input_differences(load_scenario("baseline_2025"), load_scenario("washington_2024")):
    ...     print(line)
    + 2025-06 leadership_change ally USA, stance washington_2024
    """
    found = _changed("", _shown(base, _PLAIN), _shown(other, _PLAIN))
    found += _parameters(base, other)
    old, new = _calendar(base), _calendar(other)
    entries = sorted({**new, **old}.values(), key=lambda entry: entry.month)
    return (*found, *(line for entry in entries for line in _entry(old.get(entry.id), new.get(entry.id))))


def _calendar(scenario: Scenario) -> dict[str, Event | Meeting]:
    entries: tuple[Event | Meeting, ...] = (*scenario.events, *scenario.meetings)
    return {entry.id: entry for entry in entries}


def _details(event: Event) -> str:
    """Return the fields of an event besides month and type, such as ``channel military, share -0.5``."""
    fields = _fields(event)
    each = f" in each of {event.during} months" if event.during > 1 else ""
    conditions = [f"with probability {event.probability:g}{each}"] if event.probability < 1.0 or each else []
    conditions += [f"when {event.when}"] if event.when else []
    general = ("month", "probability", "during", "when")
    own = ", ".join(f"{key} {value}" for key, value in fields.items() if key not in general)
    return "; ".join(filter(None, (own, *conditions)))


def _parameters(base: Scenario, other: Scenario) -> list[Difference]:
    before, after = (
        {name: _word(value) for name, value in each.model_dump(exclude_none=True)["parameters"].items()}
        for each in (base, other)
    )
    found: list[Difference] = []
    for name in sorted({*before, *after}):
        if name not in before:
            found.append(Difference("+", f"parameter {name} {after[name]}"))
        elif name not in after:
            found.append(Difference("-", f"parameter {name} {before[name]}"))
        elif before[name] != after[name]:
            found.append(Difference("~", f"parameter {name} {before[name]} → {after[name]}"))
    return found


def _entry(old: Event | Meeting | None, new: Event | Meeting | None) -> list[Difference]:
    if isinstance(old, Meeting) and isinstance(new, Meeting):
        return _changed(_head(old), _fields(old), _fields(new)) + _agenda(old, new)
    if old and type(old) is type(new):
        return _changed(_head(old), _fields(old), _fields(new))
    found = [Difference("-", f"{_head(old)} {_whole(old)}".strip())] if old else []
    return [*found, Difference("+", f"{_head(new)} {_whole(new)}".strip())] if new else found


def _agenda(old: Meeting, new: Meeting) -> list[Difference]:
    """Return the differences between two agendas of a meeting."""
    before, after = ({item.issue: item for item in each.agenda} for each in (old, new))
    found: list[Difference] = []
    for issue in {**before, **after}:
        if issue not in after:
            found.append(Difference("-", f"{_head(old)} {_step(before[issue])}"))
        elif issue not in before:
            found.append(Difference("+", f"{_head(old)} {_step(after[issue])}"))
        else:
            found += _changed(f"{_head(old)} {issue},", _fields(before[issue]), _fields(after[issue]))
    order = [issue for issue in after if issue in before]
    if order != [issue for issue in before if issue in after]:
        # A meeting can blow up, and the rest of its agenda is put off.
        found.append(Difference("~", f"{_head(old)} taken in the order {', '.join(order)}"))
    return found


def _changed(head: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    changes = [
        f"{key} {before.get(key, _ABSENT)} → {after.get(key, _ABSENT)}"
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]
    return [Difference("~", f"{head} {', '.join(changes)}".strip())] if changes else []


def _head(entry: Event | Meeting) -> str:
    return f"{entry.month} {f'{entry.forum} meeting:' if isinstance(entry, Meeting) else entry.type}"


def _whole(entry: Event | Meeting) -> str:
    return ", ".join(map(_step, entry.agenda)) if isinstance(entry, Meeting) else _details(entry)


def _step(item: AgendaItem) -> str:
    asked = f" ask {item.asked}" if item.proposed is None else f"→{_word(item.proposed)}"
    return f"{item.issue} {_word(item.reversion)}{asked}"


def _fields(record: Record) -> dict[str, str]:
    """Return the fields of a record that enter the computation, in words; without the items of an agenda."""
    names = [name for name in type(record).model_fields if name not in _WORDS and name != "agenda"]
    return _shown(record, names)


def _shown(record: Record, names: Iterable[str]) -> dict[str, str]:
    fields = record.model_dump(mode="json", exclude_none=True, include=set(names))
    return {key: _word(value) for key, value in fields.items()}


def _word(value: Any) -> str:
    """Return a value as a scenario file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{key} {_word(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(map(_word, value)) or "none"
    return str(value).removesuffix(".0")
