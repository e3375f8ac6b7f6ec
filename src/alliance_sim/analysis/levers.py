"""Levers: what could be changed before a decision, each as a scenario that extends the one as it is.

All act in the month of the meeting, before it, but for European spending and the governments of allies, which change
from the start of the run. The levers of an item are those that `diagnose` searches and that the explorer offers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from alliance_sim.core.constants import ITEMS_PER_SESSION
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import EUROPEANS
from alliance_sim.registry.eras import LEADERSHIPS
from alliance_sim.registry.forums import ASK_NAMES
from alliance_sim.registry.labels import ALLY_NAMES, ISSUE_NAMES, RULE_LABELS
from alliance_sim.scenarios import AgendaItem, Meeting, Scenario
from alliance_sim.scenarios.calendar import seats
from alliance_sim.scenarios.library import extended
from alliance_sim.scenarios.mappings import plain
from alliance_sim.scenarios.messages import listed

__all__ = ["Fields", "Lever", "changed", "levers"]

#: Keys of a scenario file.
Fields = dict[str, object]

#: Begins the ids of events that a lever adds: the last of a month, so that they change what other events have set.
_LAST = "would"
_SOURCE = "hypothetical: what would restore consensus"
_HUNDREDTHS = tuple(step / 100.0 for step in range(1, 101))
#: Perceived threat between two classes of a coded lean (1 to 5), as for the changes of history_2014_2025 (judgement).
_LEAN_STEP, _LEAN_STEPS = 0.1, 4
_RULES = ("constructive_abstention", "qualified_majority")


@dataclass(frozen=True)
class Lever:
    """What could be changed before a decision, from the smallest change to the largest.

    Attributes
    ----------
    name : str
        ``text``, ``sessions``, ``position.ALLY``, ``government.ALLY``, ``guarantee``, ``side_payments``, ``tabling``,
        ``disputes``, ``president.LEADERSHIP``, ``rule.RULE`` or ``spending``.
    values : sequence of float
        Amounts of the change; a single 0 where there is nothing to choose.
    label, fields : callable
        The change by an amount in words, and as keys of a scenario that extends the one as it is.

    Examples
    --------
    >>> import alliance_sim as als
    >>> guarantee = levers(als.load_scenario("baseline_2025"), "nato_summit-2026-07", "russia_strategy")["guarantee"]
    >>> guarantee.label(0.2), guarantee.values[-1]
    ('confidence in the U.S. guarantee higher by 0.20', 1.0)
    """

    name: str
    values: Sequence[float]
    label: Callable[[float], str]
    fields: Callable[[float], Fields]


def changed(scenario: Scenario, name: str, fields: Fields) -> Scenario:
    """Return a scenario that extends another.

    Raises
    ------
    InputError
        If the keys do not fit.

    Examples
    --------
    >>> import alliance_sim as als
    >>> scenario = als.load_scenario("baseline_2025")
    >>> settled = levers(scenario, "nato_summit-2026-07", "russia_strategy")["disputes"]
    >>> changed(scenario, "settled", settled.fields(0.0)).events[-1].name
    'dispute_stake'
    """
    found, wrong = extended(scenario, {**plain(fields), "name": name, "text": ""})
    if found is None or wrong:
        raise InputError(listed(wrong))
    return found


def levers(scenario: Scenario, meeting: str, issue: str) -> dict[str, Lever]:
    """Return the levers of an item by name.

    Parameters
    ----------
    scenario : Scenario
    meeting : str
        Its id.
    issue : str
        On its agenda; of a package all parts are changed.

    Raises
    ------
    InputError
        If the scenario has no such item.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = levers(als.load_scenario("baseline_2025"), "nato_summit-2026-07", "russia_strategy")
    >>> list(found)[:2], found["rule.unanimity_minus_n"].label(2.0)
    (['text', 'position.USA'], 'another rule: consensus of all but 2')
    """
    held = {each.id: each for each in scenario.meetings}
    if meeting not in held:
        raise InputError(f"meeting: {shown(meeting)} is none of {scenario.name}{nearest(meeting, held)}")
    issues = [each.issue for each in held[meeting].agenda]
    if issue not in issues:
        raise InputError(f"issue: {shown(issue)} is not on the agenda of {meeting}; allowed: {', '.join(issues)}")
    return {lever.name: lever for lever in _Levers(scenario, held[meeting], issue).all()}


class _Levers:
    """The levers of an item."""

    def __init__(self, scenario: Scenario, meeting: Meeting, issue: str) -> None:
        self.scenario, self.meeting = scenario, meeting
        (own,) = (each for each in meeting.agenda if each.issue == issue)
        others = (each for each in meeting.agenda if own.package and each.package == own.package and each is not own)
        self.parts = (own, *others)
        self.issues = [each.issue for each in self.parts]
        self.about = " and ".join(ISSUE_NAMES[each] for each in self.issues)
        # Of this item, so that two items can be changed in one scenario, and one again that has been changed before.
        self.id = _free(f"{_LAST}-{meeting.id}-{issue}", [event.id for event in scenario.events])

    def all(self) -> list[Lever]:
        seated = seats(self.meeting.forum, self.meeting.month, self.scenario.events)
        allies = dict.fromkeys(("USA", *seated))
        members = seats("nato_summit", self.scenario.start, self.scenario.events)
        governed = [ally for ally in seated if ally in members and ally != "USA"]
        return [
            *self._text(), *self._sessions(), *map(self._position, allies), *map(self._government, governed),
            self._guarantee(), self._payments(), self._tabling(), self._disputes(),
            *map(self._president, dict.fromkeys(LEADERSHIPS)), *self._rules(), self._spending(),
        ]  # fmt: skip

    def _held(self, **fields: object) -> Fields:
        """Return what replaces the meeting by one with other fields."""
        return {
            "drop": [self.meeting.id],
            "meetings": [{**self.meeting.model_dump(mode="json", exclude_none=True), **fields}],
        }

    def _rewritten(self, change: Callable[[Fields], Fields]) -> Fields:
        """Return what replaces the meeting by one in which the parts of the item are changed."""
        agenda = self.meeting.model_dump(mode="json", exclude_none=True)["agenda"]
        return self._held(agenda=[change(each) if each["issue"] in self.issues else each for each in agenda])

    def _shifts(self, amounts: Mapping[str, float], month: str = "", by: str = "by") -> Fields:
        """Return events that add amounts to parameters or states, in the month of the meeting or another."""
        return {
            "events": [
                {
                    "month": month or self.meeting.month,
                    "type": "shift",
                    "id": f"{self.id}-{name}",
                    "name": name,
                    by: amount,
                    "source": _SOURCE,
                }
                for name, amount in amounts.items()
            ]
        }

    def _text(self) -> list[Lever]:
        if all(each.ask is not None for each in self.parts):
            return self._classes()
        level, reversion = self.parts[0].proposed, self.parts[0].reversion
        if len(self.parts) > 1 or level is None:
            return []
        steps = math.ceil(abs(level - reversion) * 100.0 - 1e-9) - 1
        sign = math.copysign(0.01, reversion - level)

        def lower(by: float) -> Fields:
            return self._rewritten(lambda each: {**each, "proposed": round(level + by, 10)})

        values = [round(sign * step, 2) for step in range(1, steps + 1)]
        lever = Lever("text", values, lambda by: f"a text that asks for {level + by:.2f}, not {level:.2f}", lower)
        return [lever] if values else []

    def _classes(self) -> list[Lever]:
        asks = {each.issue: each.ask if isinstance(each.ask, tuple) else (each.ask or 1,) for each in self.parts}

        def lowered(issue: str, by: float) -> list[int]:
            return [max(1, code + int(by)) for code in asks[issue]]

        def fields(by: float) -> Fields:
            return self._rewritten(lambda each: {**each, "ask": _one_or_both(lowered(str(each["issue"]), by))})

        def label(by: float) -> str:
            after, before = (
                " or ".join(ASK_NAMES[code - 1] for code in sorted(set(lowered(self.issues[0], each)), reverse=True))
                for each in (by, 0.0)
            )
            return f"a text that is {after}, not {before}"

        values = [-float(step) for step in range(1, max(map(max, asks.values())))]
        return [Lever("text", values, label, fields)] if values else []

    def _sessions(self) -> list[Lever]:
        """Return more sessions, up to those that have time for the whole agenda; none where all have."""
        now = self.meeting.sessions
        items = {each.package or each.issue for each in self.meeting.agenda}
        more = math.ceil(len(items) / ITEMS_PER_SESSION) - now
        if more <= 0:
            return []
        lever = Lever(
            "sessions",
            [float(step) for step in range(1, more + 1)],
            lambda by: f"a meeting of {now + by:.0f} sessions, not {now}",
            lambda by: self._held(sessions=now + int(by)),
        )
        return [lever]

    def _position(self, ally: str) -> Lever:
        """Return the lever that brings an ally towards what is asked for."""
        who = "a U.S. president who wants" if ally == "USA" else f"{ALLY_NAMES[ally]} wants"
        names = [f"position.{issue}.{ally}" for issue in self.issues]
        signs = [_sign(each) for each in self.parts]
        more = signs[0] > 0.0

        def wish(value: float) -> str:
            if value == 1.0:  # the whole scale
                return "1.00, the most there is," if more else "0.00, the least there is,"
            return f"{value:.2f} {'more' if more else 'less'}"

        return Lever(
            f"position.{ally}",
            _HUNDREDTHS,
            lambda value: f"{who} {wish(value)} on {self.about}",
            lambda value: self._shifts({name: sign * value for name, sign in zip(names, signs, strict=True)}),
        )

    def _government(self, ally: str) -> Lever:
        """Return the lever that gives an ally a government of another view of Russia, which acts over years."""
        start, sign = self.scenario.start, _sign(self.parts[0])
        sees = f"{'more' if sign > 0.0 else 'less'} of a threat"

        def fields(value: float) -> Fields:
            event = {
                "month": start,
                "type": "leadership_change",
                "id": f"{self.id}-{ally}",
                "ally": ally,
                "stance": sign * value,
                "source": _SOURCE,
            }
            return {"events": [event]}

        return Lever(
            f"government.{ally}",
            [round(_LEAN_STEP * step, 1) for step in range(1, _LEAN_STEPS + 1)],
            lambda value: f"a government of {ALLY_NAMES[ally]} from {start} on that sees {value:.1f} {sees}",
            fields,
        )

    def _guarantee(self) -> Lever:
        return Lever(
            "guarantee",
            _HUNDREDTHS,
            lambda value: f"confidence in the U.S. guarantee higher by {value:.2f}",
            lambda value: self._shifts({"guarantee_confidence": value}),
        )

    def _payments(self) -> Lever:
        return Lever(
            "side_payments",
            [step / 10.0 for step in range(1, 101)],
            lambda value: f"side payments to objectors larger by {value:.1f} times what an ally bears alone",
            lambda value: self._shifts({"compensation": value}),
        )

    def _tabling(self) -> Lever:
        name = "insist_summit" if self.meeting.forum == "nato_summit" else "insist"
        return Lever(
            "tabling",
            _HUNDREDTHS,
            lambda value: f"chance that the full text is tabled whatever its prospects higher by {value:.2f}",
            lambda value: self._shifts({name: value}),
        )

    def _disputes(self) -> Lever:
        fields = self._shifts({"dispute_stake": 0.0}, by="to")
        return Lever("disputes", [0.0], lambda _: "all disputes over other matters settled", lambda _: fields)

    def _president(self, name: str) -> Lever:
        event = {
            "month": self.meeting.month,
            "type": "leadership_change",
            "id": self.id,
            "ally": "USA",
            "stance": name,
            "source": _SOURCE,
        }
        label = f"the president of {name.rpartition('_')[2]} in office"
        return Lever(f"president.{name}", [0.0], lambda _: label, lambda _: {"events": [event]})

    def _rules(self) -> list[Lever]:
        """Return other rules for the item, where it takes unanimity."""
        if (self.parts[0].rule or self.meeting.rule) != "unanimity":
            return []

        def ruled(rule: str) -> Lever:
            fields = self._rewritten(lambda each: {**each, "rule": rule})
            return Lever(f"rule.{rule}", [0.0], lambda _: f"another rule: {RULE_LABELS[rule]}", lambda _: fields)

        def but(number: float) -> Fields:
            return self._rewritten(lambda each: {**each, "rule": "unanimity_minus_n", "allowance": int(number)})

        return [
            Lever(
                "rule.unanimity_minus_n",
                [1.0, 2.0, 3.0, 4.0, 5.0],
                lambda number: f"another rule: consensus of all but {number:.0f}",
                but,
            ),
            *map(ruled, _RULES),
        ]

    def _spending(self) -> Lever:
        start = self.scenario.start
        members = seats("nato_summit", start, self.scenario.events)
        names = [f"spending.{ally}" for ally in EUROPEANS if ally in members]
        return Lever(
            "spending",
            [step / 10.0 for step in range(1, 21)],
            lambda value: f"European spending higher by {value:.1f} % of GDP from {start} on",
            lambda value: self._shifts(dict.fromkeys(names, value), start),
        )


def _free(name: str, taken: Sequence[str]) -> str:
    """Return a name that begins none of those taken: itself, or with the first number that is free, from 2."""
    free, number = name, 1
    while any(f"{each}-".startswith(f"{free}-") for each in taken):
        number += 1
        free = f"{name}{number}"
    return free


def _sign(item: AgendaItem) -> float:
    """Return 1 where an item asks for more than holds without a decision, -1 where it asks for less."""
    if item.proposed is None:
        return 1.0 if item.direction == "more" else -1.0
    return math.copysign(1.0, item.proposed - item.reversion)


def _one_or_both(codes: list[int]) -> int | list[int]:
    """Return the class that both coders give, or one of each."""
    return codes[0] if len(set(codes)) == 1 else codes
