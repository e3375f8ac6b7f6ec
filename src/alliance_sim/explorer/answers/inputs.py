"""What differs between scenarios in what enters the computation, with its value in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from alliance_sim.explorer.levers import parameter_label
from alliance_sim.registry.events import Event
from alliance_sim.registry.labels import FORUM_NAMES, ISSUE_LABELS
from alliance_sim.results.happenings import happening
from alliance_sim.scenarios import AgendaItem, Meeting, Scenario
from alliance_sim.scenarios.words import fields_in_words, in_words, word
from alliance_sim.wording import in_a_row, month_in_words

__all__ = ["different_inputs"]

#: Fields of a scenario that enter the computation, and what the page calls them.
_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "era": "Era",
        "calibration": "Calibration",
        "start": "First month",
        "months": "Months",
        "tabled_again": "Texts put off are tabled again",
    }
)
_ABSENT = "-"

_Entry = Event | Meeting | AgendaItem


def different_inputs(scenarios: Sequence[Scenario]) -> list[list[str]]:
    """Return one row for each input that is not the same in all scenarios: what it is, and its value in each.

    Fields and parameters come first, then events and meetings in time order. An event or a text that a scenario does
    not have is a dash; of one that all have, only what differs is given.

    Examples
    --------
    >>> import alliance_sim as als
    >>> different_inputs([als.load_scenario(name) for name in ("baseline_2025", "washington_2024")])
    [['June 2025: leadership change', '-', 'Washington is led as in 2024']]
    """
    rows = [[label, *(in_words(each, [name])[name] for each in scenarios)] for name, label in _FIELDS.items()]
    given = [each.model_dump(exclude_none=True)["parameters"] for each in scenarios]
    for name in sorted({name for each in given for name in each}):
        values = (word(each[name]) if name in each else "as calibrated" for each in given)
        rows.append([parameter_label(name), *values])
    rows += [row for _, row in sorted(_calendar(scenarios), key=lambda pair: pair[0])]
    return [row for row in rows if len(set(row[1:])) > 1]


def _calendar(scenarios: Sequence[Scenario]) -> Iterator[tuple[str, list[str]]]:
    """Yield events, meetings and texts as rows, each with its month."""
    calendars = [_entries(each) for each in scenarios]
    for key in dict.fromkeys(key for each in calendars for key in each):
        held = [each.get(key) for each in calendars]
        first = next(each for each in held if each)
        if isinstance(first, Meeting):
            yield from _meeting(first, [each if isinstance(each, Meeting) else None for each in held])
        else:
            head = f"{month_in_words(first.month)}: {first.type.replace('_', ' ')}"
            yield first.month, [head, *_values([each if isinstance(each, Event) else None for each in held])]


def _entries(scenario: Scenario) -> dict[str, Event | Meeting]:
    entries: tuple[Event | Meeting, ...] = (*scenario.events, *scenario.meetings)
    return {entry.id: entry for entry in entries}


def _meeting(first: Meeting, held: Sequence[Meeting | None]) -> Iterator[tuple[str, list[str]]]:
    """Yield a meeting that some do not hold or hold otherwise, and the texts that differ."""
    head = f"{month_in_words(first.month)}: {first.title}"
    yield first.month, [head, *_values(held)]
    agendas = [{item.issue: item for item in each.agenda} for each in held if each]
    if len(agendas) < len(held):
        return
    for issue in dict.fromkeys(issue for each in agendas for issue in each):
        yield first.month, [f"{head}, {ISSUE_LABELS[issue]}", *_values([each.get(issue) for each in agendas])]
    shared = set(agendas[0]).intersection(*agendas)
    orders = (", ".join(ISSUE_LABELS[issue] for issue in each if issue in shared) for each in agendas)
    yield first.month, [f"{head}, order", *orders]


def _values(entries: Sequence[_Entry | None]) -> list[str]:
    """Return an entry in each scenario: in full where not all have it, else what differs."""
    if not all(entries):
        return [_whole(each) if each else _ABSENT for each in entries]
    found = [fields_in_words(each) for each in entries if each]
    names = dict.fromkeys(name for each in found for name in each)
    differ = [name for name in names if len({each.get(name) for each in found}) > 1]
    return [", ".join(f"{name} {each.get(name, 'not given')}" for name in differ) for each in found]


def _whole(entry: _Entry) -> str:
    if isinstance(entry, Meeting):
        return f"{FORUM_NAMES[entry.forum]} on {in_a_row([ISSUE_LABELS[item.issue] for item in entry.agenda])}"
    if isinstance(entry, AgendaItem):
        return ", ".join(f"{name} {value}" for name, value in fields_in_words(entry).items() if name != "issue")
    text = happening(entry)
    return text[0].upper() + text[1:]
