"""The calendar of a scenario: when it runs, and the months, ids and allies of its entries; one rule a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError, ValidatorFunctionWrapHandler

from alliance_sim.data import table
from alliance_sim.errors import shown
from alliance_sim.registry.actors import ALLIES, eu_allies
from alliance_sim.registry.events import Accession, Effect, Event
from alliance_sim.registry.fields import Entry, month_name, month_number
from alliance_sim.registry.forums import FORUMS, Forum
from alliance_sim.registry.keys import stable_id
from alliance_sim.scenarios.messages import Problem, problems, refuse

#: Events of a scenario, and meetings: more than eight a month in the longest run.
MAX_ENTRIES = 2_000
#: A run may begin this many years before its era: its starting point is measured.
MAX_YEARS_BEFORE = 5
#: No run goes on after it.
LAST_MONTH = "2099-12"

_Keys = Mapping[str, Mapping[str, str]]


class Period(NamedTuple):
    """When a scenario runs; None where that could not be read."""

    start: str | None
    months: int | None


def check_start(start: str, era: str | None) -> str:
    """Return the first month; raise ValueError if it lies too far from the era, or beyond the last month."""
    first = f"{int(era) - MAX_YEARS_BEFORE}-01" if era else "1970-01"
    if not first <= start <= LAST_MONTH:
        run = f"a run of the era {era}" if era else "a run"
        raise ValueError(f"{run} cannot begin in {start}; allowed: {first} to {LAST_MONTH}")
    return start


def check_length(months: int, start: str | None) -> int:
    """Return the number of months; raise ValueError if a run from `start` on would end too late."""
    if start:
        left = month_number(LAST_MONTH) - month_number(start) + 1
        if months > left:
            raise ValueError(f"{months} months end after {LAST_MONTH}; allowed: 1 to {left}")
    return months


def read_entries(
    items: Any,
    handler: ValidatorFunctionWrapHandler,
    key: str,
    period: Period,
    taken: set[str],
    keys: _Keys,
    check: Callable[[Entry], list[Problem]],
) -> Any:
    """Return the entries of a calendar, offsets turned into months.

    Parameters
    ----------
    items
        Events or meetings as given: mappings or records.
    handler : callable
        Validates a list of them.
    key : str
        ``events`` or ``meetings``.
    period : Period
        When the scenario runs.
    taken : set of str
        Ids in use; the ids of the entries are added.
    keys : mapping
        The keys that each record may have, for messages; see `problems`.
    check : callable
        Returns the further problems of an entry that can be read.

    Raises
    ------
    ValueError
        If there are too many entries.
    ValidationError
        With every problem at its place.
    """
    if not isinstance(items, (list, tuple)):
        return handler(items)
    if len(items) > MAX_ENTRIES:
        raise ValueError(f"has {len(items):,} entries; allowed: {MAX_ENTRIES:,}")
    good: dict[int, Entry] = {}
    found: list[Problem] = []
    hashes: dict[int, str] | None = {} if key == "events" else None
    for i, item in enumerate(items):
        # Without a valid start, which is reported by itself, any month serves to read the others.
        dated = _dated(item, period.start or "1970-01")
        try:
            (good[i],) = handler((dated,))
        except ValidationError as error:
            wrong = _field_problems(error, dated, key, keys)
            wrong += _outside(_readable_month(dated, wrong), period)
        else:
            wrong = _outside(good[i].month, period) + _id_problems(good[i].id, taken, hashes)
            wrong += check(good[i])
            taken.add(good[i].id)
        found += [((i, *place), problem) for place, problem in wrong]
    events = {i: entry for i, entry in good.items() if isinstance(entry, Event)}
    if events and period.start:
        joined, wrong = _accessions(events, period.start)
        found += wrong + _too_early(events, joined)
    refuse(key, found)
    return tuple(good.values())


def _dated(item: Any, start: str) -> Any:
    """Turn the offset of an event or meeting into a month of the calendar."""
    month = item.get("month") if isinstance(item, dict) else None
    if type(month) is not int or not 0 <= month < 1000:
        return item
    return {**item, "month": month_name(month_number(start) + month)}


def _field_problems(error: ValidationError, item: Any, key: str, keys: _Keys) -> list[Problem]:
    """Return the problems of one entry's fields, placed within the entry."""
    wrong = [(place[2:], problem) for place, problem in problems(error, keys, key)]
    if any(place == ("type",) for place, _ in wrong):
        wrong += _untyped_problems(item, keys)
    return wrong


class _UntypedEvent(Event):
    """The fields that all events have, to check an event whose type is not known."""

    def effects(self) -> tuple[Effect, ...]:
        return ()


def _untyped_problems(event: dict[str, Any], keys: _Keys) -> list[Problem]:
    """Return the problems of an event of unknown type: in the fields of all events, and keys that no type has."""
    common = {key: value for key, value in event.items() if key in Event.model_fields or key not in keys["event"]}
    try:
        _UntypedEvent.model_validate({**common, "type": "event"})
    except ValidationError as error:
        return [(place[3:], problem) for place, problem in problems(error, keys, "events", "event", "event")]
    return []


def _readable_month(item: Any, wrong: list[Problem]) -> str | None:
    """Return the month of an entry that other fields spoil, if it can be read."""
    if not isinstance(item, dict) or {(), ("month",)} & {place for place, _ in wrong}:
        return None
    month: str | None = item.get("month")
    return month


def _outside(month: str | None, period: Period) -> list[Problem]:
    """Refuse a month outside the run."""
    start, months = period
    if not (month and start and months) or 0 <= month_number(month) - month_number(start) < months:
        return []
    last = month_name(month_number(start) + months - 1)
    return [(("month",), f"{month} is outside the run; allowed: {start} to {last}")]


def _id_problems(name: str, taken: set[str], hashes: dict[int, str] | None) -> list[Problem]:
    """Refuse an id that another entry has, and an event that would draw the random numbers of another."""
    if name in taken:
        return [
            (("id",), f"{shown(name)} is taken; give this one an id of its own, or drop the other if it is inherited")
        ]
    if hashes is not None and (other := hashes.setdefault(stable_id(name), name)) != name:
        return [(("id",), f"{shown(name)} would draw the same random numbers as {shown(other)}; allowed: any other id")]
    return []


def _accessions(events: Mapping[int, Event], start: str) -> tuple[dict[str, str], list[Problem]]:
    """Return when each ally joins, and the accessions of allies that are members already."""
    found: list[Problem] = []
    joined = {row["iso3"]: row["nato_accession"] for row in table("facts/actors")}
    moved: set[str] = set()
    for i, event in events.items():
        if not isinstance(event, Accession):
            continue
        if event.ally in moved or joined[event.ally] <= start:
            since = f"{event.ally} is a member from {joined[event.ally]} on"
            found.append(((i, "ally"), f"{since}; allowed: one accession, of no member at the start"))
        else:
            joined[event.ally] = event.month
            moved.add(event.ally)
    return joined, found


def seats(forum: str, month: str, events: Iterable[Event]) -> tuple[str, ...]:
    """Return the allies at the table of a forum in a month, with the accessions among the events of a run."""
    if forum == FORUMS[Forum.EU_COUNCIL]:
        return eu_allies(month)
    actors = {row["iso3"]: row for row in table("facts/actors")}
    if forum == FORUMS[Forum.G7]:
        return tuple(ally for ally in ALLIES if actors[ally]["g7"] == "1")
    moved = {event.ally: event.month for event in events if isinstance(event, Accession)}
    return tuple(ally for ally in ALLIES if moved.get(ally, actors[ally]["nato_accession"]) <= month)


def _too_early(events: Mapping[int, Event], joined: Mapping[str, str]) -> list[Problem]:
    """Refuse events that name an ally before it joins."""
    return [
        ((i, "month"), f"{event.month} is too early: {ally} joins in {joined[ally]}; allowed: from then on")
        for i, event in events.items()
        for ally in event.allies()
        if event.month < joined[ally]
    ]
