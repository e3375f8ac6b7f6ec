"""Meetings of a scenario as arrays of the core, and the agenda by which their decisions are read."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from alliance_sim.compile.events import identifier, starts
from alliance_sim.compile.program import AgendaRow
from alliance_sim.core.consultation import key_of
from alliance_sim.core.structures import MAX_PARTS, Meetings
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.fields import month_number
from alliance_sim.registry.forums import FORUMS, RULES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.scenarios import Scenario
from alliance_sim.scenarios.schema import AgendaItem, Meeting


def compile_meetings(scenario: Scenario, spin_up: int) -> tuple[Meetings, tuple[AgendaRow, ...]]:
    """Return the meetings of a scenario in order of their months, and a row for each issue of each item.

    Raises
    ------
    InputError
        If two items would draw the same random numbers.
    """
    start = month_number(scenario.start) - spin_up
    ordered = sorted(scenario.meetings, key=lambda meeting: (month_number(meeting.month), meeting.id))
    agenda: list[AgendaRow] = []
    columns: list[tuple[Meeting, list[AgendaItem]]] = []
    first = [0]
    for meeting in ordered:
        groups: dict[tuple[bool, str], list[AgendaItem]] = {}
        for item in meeting.agenda:
            name = (item.package is not None, item.package or item.issue)
            group = groups.setdefault(name, [])
            agenda.append(_agenda_row(meeting, item, len(columns) + list(groups).index(name), len(group)))
            group.append(item)
        columns += [(meeting, items) for items in groups.values()]
        first.append(len(columns))
    shape = (len(columns), MAX_PARTS)
    issue, span, reversion = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
    ask = np.zeros((*shape, 2), np.int64)
    sponsor = np.zeros((len(columns), len(ALLIES)), np.uint8)
    for column, (_, items) in enumerate(columns):
        for part, item in enumerate(items):
            issue[column, part] = ISSUES.index(item.issue)
            reversion[column, part] = item.reversion
            span[column, part] = 1.0 if item.direction == "more" else -1.0
            if item.proposed is not None:
                span[column, part] = item.proposed - item.reversion
            ask[column, part] = item.ask or 0
            sponsor[column, [ALLY_INDEX[ally] for ally in item.sponsors]] = 1
    heads = [(meeting, items[0]) for meeting, items in columns]
    taken: dict[int, str] = {}
    idents = [
        identifier(f"{meeting.id}/{item.package or item.issue}", taken, f"meeting {meeting.id}")
        for meeting, item in heads
    ]
    meetings = Meetings(
        start=starts([month_number(meeting.month) - start for meeting in ordered], spin_up + scenario.months),
        forum=np.array([FORUMS.index(meeting.forum) for meeting in ordered], dtype=np.int64),
        sessions=np.array([meeting.sessions for meeting in ordered], dtype=np.int64),
        rounds=np.array([meeting.rounds for meeting in ordered], dtype=np.int64),
        first=np.array(first, dtype=np.int64),
        parts=np.array([len(items) for _, items in columns], dtype=np.int64),
        issue=issue,
        reversion=reversion,
        span=span,
        ask=ask,
        min_share=np.array([np.nan if i.min_share is None else i.min_share for _, i in heads], dtype=np.float64),
        divisible=np.array([np.broadcast_to(item.divisible, 2) for _, item in heads], np.uint8).reshape(-1, 2),
        sponsor=sponsor,
        again=np.full(len(columns), scenario.tabled_again, dtype=np.uint8),
        priority=np.array([any(item.priority for item in items) for _, items in columns], dtype=np.uint8),
        rule=np.array([RULES.index(item.rule or meeting.rule) for meeting, item in heads], dtype=np.int64),
        allowance=np.array([m.allowance if i.allowance is None else i.allowance for m, i in heads], dtype=np.int64),
        item_ident=np.array(idents, dtype=np.uint32),
    )
    refuse_shared_keys(meetings, [meeting.id for meeting in ordered])
    return meetings, tuple(agenda)


def _agenda_row(meeting: Meeting, item: AgendaItem, column: int, part: int) -> AgendaRow:
    return AgendaRow(
        meeting=meeting.id,
        month=meeting.month,
        forum=meeting.forum,
        issue=item.issue,
        title=item.text or meeting.title,
        asked=item.asked,
        reversion=item.reversion,
        column=column,
        part=part,
    )


def refuse_shared_keys(meetings: Meetings, names: list[str]) -> None:
    """Refuse two items of one month whose allies would share random numbers."""
    actors = np.arange(len(ALLIES) * MAX_PARTS)  # again for each part of a package
    for t in range(len(meetings.start) - 1):
        taken = [
            (names[meeting], key_of.py_func(meetings.item_ident[column], actors))
            for meeting in range(meetings.start[t], meetings.start[t + 1])
            for column in range(meetings.first[meeting], meetings.first[meeting + 1])
        ]
        if len(np.unique([keys for _, keys in taken])) == len(taken) * len(actors):
            continue
        for (earlier, one), (later, other) in combinations(taken, 2):
            if np.intersect1d(one, other).size:
                raise InputError(
                    f"meetings {shown(later)} and {shown(earlier)} share random numbers; rename one of them"
                )
