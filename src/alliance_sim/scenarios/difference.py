"""Differences between the inputs of two scenarios, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from alliance_sim.registry.events import Event
from alliance_sim.scenarios.schema import AgendaItem, Meeting, Scenario
from alliance_sim.scenarios.words import event_details, fields_in_words, in_words, word

__all__ = ["Difference", "input_differences"]

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
    found = _changed("", in_words(base, _PLAIN), in_words(other, _PLAIN))
    found += _parameters(base, other)
    old, new = _calendar(base), _calendar(other)
    entries = sorted({**new, **old}.values(), key=lambda entry: entry.month)
    return (*found, *(line for entry in entries for line in _entry(old.get(entry.id), new.get(entry.id))))


def _calendar(scenario: Scenario) -> dict[str, Event | Meeting]:
    entries: tuple[Event | Meeting, ...] = (*scenario.events, *scenario.meetings)
    return {entry.id: entry for entry in entries}


def _parameters(base: Scenario, other: Scenario) -> list[Difference]:
    before, after = (
        {name: word(value) for name, value in each.model_dump(exclude_none=True)["parameters"].items()}
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
        return _changed(_head(old), fields_in_words(old), fields_in_words(new)) + _agenda(old, new)
    if old and type(old) is type(new):
        return _changed(_head(old), fields_in_words(old), fields_in_words(new))
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
            found += _changed(f"{_head(old)} {issue},", fields_in_words(before[issue]), fields_in_words(after[issue]))
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
    return ", ".join(map(_step, entry.agenda)) if isinstance(entry, Meeting) else event_details(entry)


def _step(item: AgendaItem) -> str:
    asked = f" ask {item.asked}" if item.proposed is None else f"→{word(item.proposed)}"
    return f"{item.issue} {word(item.reversion)}{asked}"
