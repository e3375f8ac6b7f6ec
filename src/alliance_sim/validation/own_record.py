"""Windows of forecasts for a file of decisions: what `hindcast` scores in place of the bundled record.

A decision is forecast as those of the record are, from the state of the alliance before it, held to the earlier rows of
the file and to nothing else: the items of the bundled record, and the disputes that its objections started, are not in
the run. What is not of the record stays (events, renewals by the calendar), but for a text of the calendar of the same
month, forum and issue, whose place the row takes. With a file that lacks the past the state is held to less.

- **Before 2014** the model has no run: a decision is taken in the state of January 2014, with its seats, whatever came
  between. That state was measured with knowledge of the years before, so these scores say little; they stand apart.
- **To 2019** parameters and what describes the record have their priors, since every fit has seen these years; and the
  structure of the model was chosen on them, so that the scores are not out of sample.
- **2020 to June 2025** the fit whose years end before the window, as in `hindcast`.
- **From July 2025** `outlook_2025`, which begins in June 2025, with the fit to all years.

Codes of a text that a row does not give are drawn from those of the training rows: the rows of the bundled record that
the fit has seen; for decisions to 2019 those to 2019, apart from those of the same month. Of the same issue and forum;
or, if none of them makes a text with the codes that are given, of the same issue; or of all. Of these, those that share
most of the codes that are given, each alike often. All that is absent comes from one training row, so that codes go
together as they do there. Sponsors that are absent are none, and priority is no, as the codebook has it where in doubt.
All of this is judgement. Outcomes and objectors are never read for codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from alliance_sim import calibration
from alliance_sim.calibration.posterior import table_of
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.events import Event
from alliance_sim.registry.events.alliance import Dispute
from alliance_sim.registry.fields import month_name, month_number
from alliance_sim.registry.keys import stable_id
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.scenarios.calendar import seats
from alliance_sim.scenarios.schema import AgendaItem, Meeting
from alliance_sim.validation.hindcast import WINDOWS, Part, Window, fold, nuisance_means
from alliance_sim.validation.record import HISTORY, LAST_YEAR, RECORDED, RecordedItem, is_rollover
from alliance_sim.validation.record_files import OUTLOOK, FileRow, read_record

__all__ = ["own_windows"]

#: Scenarios among which draws are divided where codes of texts are drawn: each has one set of codes.
VARIANTS = 64
Codes = Mapping[str, object]


def own_windows(path: str | Path, seed: int = 0) -> tuple[Window, ...]:
    """Return the windows that forecast the decisions in a file, in time order; those without a decision are left out.

    Parameters
    ----------
    path : str or Path
        CSV in the columns of the record; see `record_files`.
    seed : int
        Of the codes that are drawn.

    Raises
    ------
    InputError
        If the file has something that is not allowed, or a fit that it needs is missing.

    Examples
    --------
    >>> from alliance_sim.data import data_folder
    >>> found = own_windows(data_folder("calibration") / "consensus_record.csv")
    >>> [(window.label, len(window.items) - window.known) for window in found][:2]
    [('2014 to 2019, used to choose the model', 44), ('2020 to 2021', 4)]
    """
    rows = read_record(path)
    parts = tuple(_parts(rows, seed))
    items = [item for part in parts for item in part.items]
    found, known = [], 0
    for first, last, name, fitted in _spans():
        upto = sum(item.month <= last for item in items)
        if upto > known:
            draws, nuisance = fitted()
            own = (replace(part, items=tuple(item for item in part.items if item.month <= last)) for part in parts)
            window = Window(
                int(first[:4]) - 1,
                int(last[:4]),
                tuple(items[:upto]),
                known,
                nuisance,
                draws,
                tuple(part for part in own if part.items),
                name,
            )
            found.append(window)
        known = upto
    return tuple(found)


Fitted = Callable[[], tuple[calibration.Rows, dict[str, float]]]


def _spans() -> Iterator[tuple[str, str, str, Fitted]]:
    """Yield first and last month of each window, its name, and what it draws from."""
    history = load_scenario(HISTORY)
    start, end = history.start, history.end
    prior: Fitted = lambda: (table_of("prior"), nuisance_means("prior"))  # noqa: E731
    yield "2004-01", month_name(month_number(start) - 1), "before 2014, in the state of January 2014", prior
    yield start, f"{LAST_YEAR}-12", f"{start[:4]} to {LAST_YEAR}, used to choose the model", prior
    for year, last in WINDOWS:
        yield f"{year + 1}-01", min(f"{last}-12", end), "", partial(fold, year)
    first, last_of_all = month_name(month_number(end) + 1), load_scenario(OUTLOOK).end
    yield first, last_of_all, "from July 2025", lambda: (table_of("posterior"), nuisance_means("posterior"))


def _parts(rows: Sequence[FileRow], seed: int) -> Iterator[Part]:
    """Yield the parts of a file: before the history, in it, and after it."""
    history, outlook = load_scenario(HISTORY), load_scenario(OUTLOOK)
    start, end = history.start, history.end
    begin = [event for event in history.events if event.month <= start]
    first = Scenario.validated({**dict(history), "months": 1, "events": begin, "meetings": ()})
    unrecorded = [e for e in history.events if not (isinstance(e, Dispute) and e.source.startswith(RECORDED))]
    without = Scenario.validated({**dict(history), "events": unrecorded})
    for base, chosen in (
        (first, [row for row in rows if row.month < start]),
        (without, [row for row in rows if start <= row.month <= end]),
        (outlook, [row for row in rows if row.month > end]),
    ):
        if chosen:
            yield _part(base, chosen, () if base is first else rows, seed)


def _part(base: Scenario, rows: Sequence[FileRow], every: Sequence[FileRow], seed: int) -> Part:
    """Return the items of some rows and the scenarios that hold them, disputes by the objections in `every` row."""
    choices = {row.id: _choices(row) for row in rows}
    draws = {row.id: _drawn(row, len(choices[row.id]), seed) for row in rows}
    renewals = {row.id: _is_renewal(row, choices[row.id]) for row in rows}
    events = (*base.events, *_disputes(base, every))
    scenarios = []
    for v in range(VARIANTS if any(len(items) > 1 for items in choices.values()) else 1):
        items = {row.id: choices[row.id][draws[row.id][v]] for row in rows}
        meetings, places = _meetings(base, rows, items, renewals)
        scenarios.append(Scenario.validated({**dict(base), "events": events, "meetings": meetings}))
    drawn = frozenset(row.id for row in rows if not _complete(_codes(row)))
    return Part(tuple(_item(row, places[row.id], renewals[row.id] is True) for row in rows), tuple(scenarios), drawn)


def _item(row: FileRow, meeting: str, rollover: bool) -> RecordedItem:
    return RecordedItem(
        row.id,
        row.month,
        row.forum,
        row.issue,
        meeting,
        row.text,
        row.decision,
        row.objection,
        row.objectors,
        rollover,
    )


def _is_renewal(row: FileRow, items: Sequence[AgendaItem]) -> bool | None:
    """Return whether a row renews sanctions; None if it may be a renewal or another text."""
    found = {is_rollover(row.forum, item) for item in items}
    return None if len(found) > 1 else found.pop()


def _drawn(row: FileRow, count: int, seed: int) -> list[int]:
    """Return which of so many choices each variant takes: all alike often, in an order that depends on the row only."""
    rng = np.random.default_rng([seed, stable_id(f"{row.month}/{row.forum}/{row.issue}/{row.id}")])
    turns = [rng.permutation(count) for _ in range(-(-VARIANTS // count))]
    return [int(choice) for choice in np.concatenate(turns)[:VARIANTS]]


def _meetings(
    base: Scenario, rows: Sequence[FileRow], items: Mapping[str, AgendaItem], renewals: Mapping[str, bool | None]
) -> tuple[list[Meeting], dict[str, str]]:
    """Return the meetings of a scenario with the rows in place of those of the record, and the meeting of each row."""
    waiting, places = list(rows), dict[str, str]()
    meetings: dict[str, Meeting] = {}
    for meeting in base.meetings:
        agenda = []
        for item in meeting.agenda:
            place = (meeting.month, meeting.forum, item.issue)
            kinds = (None, is_rollover(meeting.forum, item))
            alike = (r for r in waiting if (r.month, r.forum, r.issue) == place and renewals[r.id] in kinds)
            if row := next(alike, None):
                waiting.remove(row)
                places[row.id] = meeting.id
                agenda.append(items[row.id])
            elif not item.source.startswith(RECORDED):
                agenda.append(item)
        if agenda:
            meetings[meeting.id] = meeting.model_copy(update={"agenda": tuple(agenda)})
    for row in waiting:
        item = items[row.id]
        month = max(row.month, base.start)
        # Meetings of a month are held in the order of their names, which is that of time where it holds several years.
        name = f"{row.forum}-{row.month}" if row.month == month else f"{row.month}-{row.forum}"
        held = name if row.issue not in _issues(meetings.get(name)) else f"{name}-{row.id}"
        others = meetings[held].agenda if held in meetings else ()
        fields = {"id": held, "month": month, "forum": row.forum, "title": row.text, "source": item.source}
        meetings[held] = Meeting.model_validate({**fields, "agenda": (*others, item)})
        places[row.id] = held
    return list(meetings.values()), places


def _issues(meeting: Meeting | None) -> set[str]:
    return {item.issue for item in meeting.agenda} if meeting else set()


def _disputes(base: Scenario, rows: Sequence[FileRow]) -> list[Event]:
    """Return the disputes that hard objections of one ally alone start in the month after, as in the history."""
    found: dict[str, Event] = {}
    for row in rows:
        month = month_name(month_number(row.month) + 1)
        if row.objection != "hard" or len(row.objectors) != 1 or not base.start <= month <= base.end:
            continue
        (ally,) = row.objectors
        if ally in ALLIES and ally in seats("nac", month, base.events):
            fields = {"month": month, "holder": ally, "issue": row.issue, "about": row.text}
            event = Dispute.model_validate({**fields, "source": f"Row {row.id} of the file"})
            found.setdefault(event.id, event)
    return [event for name, event in found.items() if name not in {event.id for event in base.events}]


@cache
def _training(month: str) -> tuple[tuple[str, AgendaItem], ...]:
    """Return forum and item of the training rows of a decision in a month."""
    last = next((year for year, end in reversed(WINDOWS) if year < int(month[:4])), LAST_YEAR)
    after = month > load_scenario(HISTORY).end
    return tuple(
        (meeting.forum, item)
        for meeting in load_scenario(HISTORY).meetings
        for item in meeting.agenda
        if item.source.startswith(RECORDED) and meeting.month != month and (after or int(meeting.month[:4]) <= last)
    )


def _codes(row: FileRow) -> dict[str, object]:
    """Return the codes that a row gives; a renewal of what lapses asks for the level in force, whatever its class."""
    codes = dict(row.codes)
    lapses = (codes.get("reversion"), codes.get("divisible")) == (0.0, False)
    if lapses and "proposed" not in codes and (row.forum, row.issue) == ("eu_council", "sanctions"):
        before = [item.proposed for forum, item in _training(row.month) if is_rollover(forum, item)]
        codes = {"divisible": False, "reversion": 0.0, "proposed": before[-1]}
    return codes


def _complete(codes: Codes) -> bool:
    return {"divisible", "reversion"} <= codes.keys() and ("proposed" in codes or {"ask", "direction"} <= codes.keys())


def _choices(row: FileRow) -> tuple[AgendaItem, ...]:
    """Return the items that a row may stand for, each as often as it is drawn; one if its codes are given."""
    codes, training = _codes(row), _training(row.month)
    if _complete(codes):
        return (_text(row, codes),)
    for pool in (
        [item for forum, item in training if (forum, item.issue) == (row.forum, row.issue)],
        [item for _, item in training if item.issue == row.issue],
        [item for _, item in training],
    ):
        donors = [(_shared(codes, item), joined) for item in pool if (joined := _joined(codes, item))]
        if donors:
            most = max(shared for shared, _ in donors)
            items = tuple(_text(row, joined) for shared, joined in donors if shared == most)
            return items if any(item != items[0] for item in items) else items[:1]
    raise InputError(f"row {row.id}: no training row goes with its codes; allowed: all codes, or none")


def _shared(codes: Codes, item: AgendaItem) -> int:
    """Return how many codes an item shares; one more where both have a class, whichever it is."""
    shared = [bool(getattr(item, name) == value) for name, value in codes.items()]
    return sum(shared) + int("ask" in codes and item.ask is not None)


def _joined(codes: Codes, item: AgendaItem) -> dict[str, object]:
    """Return the codes with those of a training row where they are absent; empty if they make no text together."""
    level = item.proposed if item.proposed is not None else item.reversion
    own: dict[str, object] = {
        "divisible": item.divisible,
        "direction": "less" if level < item.reversion else item.direction,
    }
    if "ask" not in codes and "proposed" not in codes:
        own |= {"ask": item.ask} if item.proposed is None else {"proposed": item.proposed}
    joined: dict[str, object] = {**own, "reversion": item.reversion, **codes}
    reversion, proposed, direction = (joined.get(name) for name in ("reversion", "proposed", "direction"))
    if proposed is None:
        return {} if reversion == (1.0 if direction == "more" else 0.0) else joined
    del joined["direction"]
    way = "more" if float(str(proposed)) > float(str(reversion)) else "less"
    return {} if proposed == reversion or codes.get("direction", way) != way else joined


def _text(row: FileRow, codes: Codes) -> AgendaItem:
    fields = {"issue": row.issue, "sponsors": row.sponsors, "priority": row.priority, "text": row.text}
    return AgendaItem.model_validate({**fields, **codes, "source": f"Row {row.id} of the file"})
