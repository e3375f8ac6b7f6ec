"""What would restore consensus: for each lever the smallest change with which a text passes often enough.

All runs have common random numbers, so that the chance that a text passes rises with a lever nearly without noise, and
the smallest change is found by bisection on a grid of readable values. Each change is a scenario, and its numbers are
those of running it. All but one act in the month of the meeting, before it; European spending changes from the start.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alliance_sim.analysis.item import Item, ItemDraws, passes
from alliance_sim.core.constants import ITEMS_PER_SESSION
from alliance_sim.core.structures import Forum, Param
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX, EUROPEANS
from alliance_sim.registry.eras import LEADERSHIPS
from alliance_sim.registry.forums import ASK_NAMES
from alliance_sim.registry.labels import ALLY_NAMES, ISSUE_NAMES, RULE_LABELS
from alliance_sim.results.paired import paired_interval
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario
from alliance_sim.scenarios.library import extended
from alliance_sim.scenarios.mappings import plain
from alliance_sim.scenarios.messages import listed

__all__ = ["Change", "Effect", "paired", "restore"]

Fields = dict[str, object]

#: Id of events that a change adds: the last of a month, so that they change what other events have set.
_LAST = "would_restore"
_SOURCE = "hypothetical: what would restore consensus"
#: Allies besides the United States whose positions are levers: those that object most.
_MOVED = 2
#: Most sessions that a scenario can give a meeting.
_MOST_SESSIONS = 10


@dataclass(frozen=True)
class Effect:
    """What a change does to the chance that a text passes, draw by draw against the scenario as it is.

    Attributes
    ----------
    passing : float
        Share of the draws in which the text passes.
    difference, low, high : float
        Against the scenario as it is, with a 95 % interval for paired shares.
    gained, lost : int
        Draws in which it passes only with the change, and only without.

    Examples
    --------
    >>> paired(np.array([False, False, True]), np.array([True, False, True])).gained
    1
    """

    passing: float
    difference: float
    low: float
    high: float
    gained: int
    lost: int

    @property
    def helps(self) -> bool:
        """Whether the text passes more often by more than chance: all of the interval is above zero.

        Examples
        --------
        >>> none = np.zeros(400, bool)
        >>> paired(none, np.arange(400) < 100).helps, paired(none, none).helps
        (True, False)
        """
        return self.low > 0.0


def paired(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Effect:
    """Return the effect of a change from whether a text passes in each draw before it and after it.

    Examples
    --------
    >>> effect = paired(np.zeros(400, bool), np.arange(400) < 100)
    >>> effect.difference, round(effect.low, 2), round(effect.high, 2)
    (0.25, 0.21, 0.29)
    """
    gained, lost = (after & ~before).sum(), (before & ~after).sum()
    low, high = paired_interval(gained, lost, len(before))
    difference = float(gained - lost) / len(before)
    return Effect(float(after.mean()), difference, float(low), float(high), int(gained), int(lost))


@dataclass(frozen=True)
class Change(Effect):
    """The smallest change of a lever that helps and with which a text passes often enough, or the largest there is.

    Attributes
    ----------
    lever : str
        ``text``, ``sessions``, ``position.ALLY``, ``guarantee``, ``side_payments``, ``tabling``, ``disputes``,
        ``president.LEADERSHIP``, ``rule.RULE`` or ``spending``.
    label : str
        The change in words.
    now : float or None
        Mean value as calibrated, where the lever has one; of a text the level that it asks for.
    change : float or None
        What is added to it.
    distance : float or None
        The change in units of the spread of the value over draws (of a text with a fixed level, and of sessions: of
        its range); None where the lever has no such value, or the target is not reached.
    reaches : bool
        Whether the target is reached, by more than chance.
    scenario : mapping
        What `load_scenario` takes: a run of it with the same draws and seed has this share.

    Examples
    --------
    >>> import alliance_sim as als
    >>> diagnosis = als.diagnose("baseline_2025", "russia_strategy", draws=20)
    >>> sorted({change.lever.partition(".")[0] for change in diagnosis.restore})[:3]
    ['disputes', 'guarantee', 'position']
    """

    lever: str
    label: str
    now: float | None
    change: float | None
    distance: float | None
    reaches: bool
    scenario: Mapping[str, object]


@dataclass(frozen=True)
class _Lever:
    name: str
    values: Sequence[float]  # from the smallest change to the largest
    label: Callable[[float], str]
    fields: Callable[[float], Fields]  # of a scenario that extends the one as it is
    now: float | None = None
    spread: float | None = None  # of what moves, over draws; none: changes have no distance
    sign: float = 1.0  # of the change


def restore(item: Item, base: ItemDraws, scenario: Scenario, target: float) -> tuple[Change, ...]:
    """Return what would lift the share of draws in which an item passes to a target, the smallest change first.

    Parameters
    ----------
    item : Item
    base : ItemDraws
        How it ends as things are.
    scenario : Scenario
        The whole scenario.
    target : float
        From 0 to 1.

    Returns
    -------
    tuple of Change
        Those that reach the target, by distance and then those without one; then the others that help, by how far they
        get, and last those that do not. Empty where the target is reached already.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.analysis.item import find_item
    >>> scenario = als.load_scenario("baseline_2025")
    >>> item = find_item(scenario, "russia_strategy", None, draws=20, seed=0)
    >>> changes = restore(item, item.run(), scenario, target=0.5)
    >>> changes[0].reaches, changes[0].passing >= 0.5
    (True, True)
    """
    if passes(base.ended).mean() >= target:
        return ()
    levers = _Levers(item, base).all()
    found = [_smallest(item, lever, base, scenario, target) for lever in levers]
    return tuple(sorted(found, key=_rank))


def _rank(change: Change) -> tuple[bool, bool, bool, float, float]:
    distance = change.distance
    return not change.reaches, not change.helps, distance is None, distance or 0.0, -change.passing


def _smallest(item: Item, lever: _Lever, base: ItemDraws, scenario: Scenario, target: float) -> Change:
    """Return the smallest change of a lever that reaches the target, by bisection; the largest if none does."""
    before = passes(base.ended)

    def tried(at: int) -> tuple[Effect, NDArray[np.float64]]:
        changed = _changed(item.scenario, f"{scenario.name}_changed", lever.fields(lever.values[at]))
        ended, proposed = item.outcomes(item.compiled(changed))
        return paired(before, passes(ended)), proposed

    def enough(effect: Effect) -> bool:
        return effect.helps and effect.passing >= target

    low, high = -1, len(lever.values) - 1
    effect, proposed = tried(high)
    reaches = enough(effect)
    while reaches and high - low > 1:
        middle = (low + high) // 2
        other, asked = tried(middle)
        if enough(other):
            high, effect, proposed = middle, other, asked
        else:
            low = middle
    value = lever.values[high]
    change = float((proposed - base.proposed[:, 0]).mean()) if lever.name == "text" else lever.sign * value
    return Change(
        **vars(effect),
        lever=lever.name,
        label=lever.label(value),
        now=lever.now,
        change=None if lever.now is None else change,
        distance=abs(change) / lever.spread if reaches and lever.spread else None,
        reaches=reaches,
        scenario=_as_mapping(scenario, lever, value),
    )


def _changed(scenario: Scenario, name: str, fields: Fields) -> Scenario:
    changed, wrong = extended(scenario, {**plain(fields), "name": name, "text": ""})
    if changed is None or wrong:
        raise InputError(listed(wrong))
    return changed


def _as_mapping(scenario: Scenario, lever: _Lever, value: float) -> Mapping[str, object]:
    """Return the changed scenario as `load_scenario` takes it: short, where it differs little from a bundled one."""
    name = f"{scenario.name}_{lever.name}"
    fields = plain(lever.fields(value))
    if scenario.name in list_scenarios():
        settable = {"parameters", "calibration"}
        bundled = load_scenario(scenario.name)
        if bundled.model_dump(exclude=settable) == scenario.model_dump(exclude=settable):
            own = {key: getattr(scenario, key) for key in settable if getattr(scenario, key) != getattr(bundled, key)}
            return {"name": name, "extends": scenario.name, **plain(own), **fields}
    return _changed(scenario, name, fields).model_dump(mode="json", exclude_none=True)


class _Levers:
    """The levers of an item, with their values as they are."""

    def __init__(self, item: Item, base: ItemDraws) -> None:
        self.item, self.base, self.row = item, base, item.rows[0]
        (self.meeting,) = (each for each in item.scenario.meetings if each.id == self.row.meeting)
        self.issues = [row.issue for row in item.rows]
        self.agenda = [each for each in self.meeting.agenda if each.issue in self.issues]
        self.about = " and ".join(ISSUE_NAMES[issue] for issue in self.issues)

    def all(self) -> list[_Lever]:
        return [
            *self._text(), *self._sessions(), *self._positions(), self._guarantee(), self._payments(),
            self._tabling(), self._disputes(), *self._presidents(), *self._rules(), self._spending(),
        ]  # fmt: skip

    @cached_property
    def unanimous(self) -> bool:
        return (self.agenda[0].rule or self.meeting.rule) == "unanimity"

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
                    "month": month or self.row.month,
                    "type": "shift",
                    "id": f"{_LAST}-{name}",
                    "name": name,
                    by: amount,
                    "source": _SOURCE,
                }
                for name, amount in amounts.items()
            ]
        }

    def _parameter(self, name: str, param: Param, values: Sequence[float], shifted: str, label: str) -> _Lever:
        drawn = self.base.params[:, param]
        return _Lever(
            name,
            values,
            lambda value: label.format(value),
            lambda value: self._shifts({shifted: value}),
            float(drawn.mean()),
            float(drawn.std()),
        )

    def _text(self) -> list[_Lever]:
        asked = self.base.proposed[:, 0]
        now = float(asked.mean())
        if all(each.ask is not None for each in self.agenda):
            return self._classes(now, float(asked.std()))
        level, reversion = self.agenda[0].proposed, self.agenda[0].reversion
        if len(self.agenda) > 1 or level is None:
            return []
        steps = math.ceil(abs(level - reversion) * 100.0 - 1e-9) - 1
        sign = math.copysign(0.01, reversion - level)

        def lower(by: float) -> Fields:
            return self._rewritten(lambda each: {**each, "proposed": round(level + by, 10)})

        values = [round(sign * step, 2) for step in range(1, steps + 1)]
        spread = abs(level - reversion) / math.sqrt(12.0)
        lever = _Lever(
            "text", values, lambda by: f"a text that asks for {level + by:.2f}, not {level:.2f}", lower, now, spread
        )
        return [lever] if values else []

    def _classes(self, now: float, spread: float) -> list[_Lever]:
        asks = {each.issue: each.ask if isinstance(each.ask, tuple) else (each.ask or 1,) for each in self.agenda}

        def lowered(issue: str, by: float) -> list[int]:
            return [max(1, code + int(by)) for code in asks[issue]]

        def fields(by: float) -> Fields:
            return self._rewritten(lambda each: {**each, "ask": _one_or_both(lowered(str(each["issue"]), by))})

        def label(by: float) -> str:
            after, before = (
                " or ".join(ASK_NAMES[code - 1] for code in sorted(set(lowered(self.row.issue, each)), reverse=True))
                for each in (by, 0.0)
            )
            return f"a text that is {after}, not {before}"

        values = [-float(step) for step in range(1, max(map(max, asks.values())))]
        return [_Lever("text", values, label, fields, now, spread)] if values else []

    def _sessions(self) -> list[_Lever]:
        """Return more sessions, up to those that have time for the whole agenda; none where all have."""
        now, agenda = self.meeting.sessions, self.item.compiled(self.item.scenario).agenda
        items = {row.column for row in agenda if row.meeting == self.meeting.id}
        more = math.ceil(len(items) / ITEMS_PER_SESSION) - now
        if more <= 0:
            return []
        lever = _Lever(
            "sessions",
            [float(step) for step in range(1, more + 1)],
            lambda by: f"a meeting of {now + by:.0f} sessions, not {now}",
            lambda by: self._held(sessions=now + int(by)),
            float(now),
            (_MOST_SESSIONS - 1) / math.sqrt(12.0),
        )
        return [lever]

    def _positions(self) -> list[_Lever]:
        objects = (self.base.objection >= 0).mean(axis=0)
        most = [i for i in np.argsort(-objects, kind="stable") if i and objects[i] > 0.0][:_MOVED]
        return [self._position(ALLIES[i]) for i in (0, *most)]

    def _position(self, ally: str) -> _Lever:
        wants = self.base.position[:, 0, ALLY_INDEX[ally]]
        signs = np.sign(self.base.proposed.mean(axis=0) - [row.reversion for row in self.item.rows])
        who = "a U.S. president who wants" if ally == "USA" else f"{ALLY_NAMES[ally]} wants"

        def label(value: float) -> str:
            amount = f"{abs(value):.2f} {'more' if signs[0] > 0.0 else 'less'}"
            return f"{who} {amount} on {self.about}"

        def fields(value: float) -> Fields:
            names = [f"position.{issue}.{ally}" for issue in self.issues]
            return self._shifts({name: float(sign) * value for name, sign in zip(names, signs, strict=True)})

        values = [step / 100.0 for step in range(1, 101)]
        sign = float(signs[0])
        return _Lever(f"position.{ally}", values, label, fields, float(wants.mean()), float(wants.std()), sign)

    def _guarantee(self) -> _Lever:
        return _Lever(
            "guarantee",
            [step / 100.0 for step in range(1, 101)],
            lambda value: f"confidence in the U.S. guarantee higher by {value:.2f}",
            lambda value: self._shifts({"guarantee_confidence": value}),
            float(self.base.confidence.mean()),
            float(self.base.confidence.std()),
        )

    def _payments(self) -> _Lever:
        label = "side payments to objectors larger by {:.1f}"
        steps = [step / 10.0 for step in range(1, 101)]
        return self._parameter("side_payments", Param.compensation, steps, "compensation", label)

    def _tabling(self) -> _Lever:
        at_summit = self.row.forum == Forum.NATO_SUMMIT.name.lower()
        param = Param.insist_summit if at_summit else Param.insist
        label = "chance that the full text is tabled whatever its prospects higher by {:.2f}"
        steps = [step / 100.0 for step in range(1, 101)]
        return self._parameter("tabling", param, steps, param.definition.name, label)

    def _disputes(self) -> _Lever:
        fields = self._shifts({"dispute_stake": 0.0}, by="to")
        return _Lever("disputes", [0.0], lambda _: "all disputes over other matters settled", lambda _: fields)

    def _presidents(self) -> list[_Lever]:
        in_office = LEADERSHIPS[int(np.bincount(self.base.leader.astype(np.int64)).argmax())]
        return [self._president(name) for name in dict.fromkeys(LEADERSHIPS) if name != in_office]

    def _president(self, name: str) -> _Lever:
        event = {
            "month": self.row.month,
            "type": "leadership_change",
            "id": _LAST,
            "ally": "USA",
            "stance": name,
            "source": _SOURCE,
        }
        label = f"the president of {name.rpartition('_')[2]} in office"
        return _Lever(f"president.{name}", [0.0], lambda _: label, lambda _: {"events": [event]})

    def _rules(self) -> list[_Lever]:
        if not self.unanimous:
            return []

        def ruled(rule: str) -> Fields:
            return self._rewritten(lambda each: {**each, "rule": rule})

        def but(number: float) -> Fields:
            return self._rewritten(lambda each: {**each, "rule": "unanimity_minus_n", "allowance": int(number)})

        others = ("constructive_abstention", "qualified_majority")
        return [
            _Lever(
                "rule.unanimity_minus_n",
                [1.0, 2.0, 3.0, 4.0, 5.0],
                lambda number: f"consensus of all but {number:.0f}",
                but,
            ),
            *(_Lever(f"rule.{rule}", [0.0], _named(RULE_LABELS[rule]), _fixed(ruled(rule))) for rule in others),
        ]

    def _spending(self) -> _Lever:
        start = self.item.scenario.start
        members = self.item.compiled(self.item.scenario).member[0, Forum.NATO_SUMMIT]
        names = [f"spending.{ally}" for ally in EUROPEANS if members[ALLY_INDEX[ally]]]
        return _Lever(
            "spending",
            [step / 10.0 for step in range(1, 21)],
            lambda value: f"European spending higher by {value:.1f} % of GDP from {start} on",
            lambda value: self._shifts(dict.fromkeys(names, value), start),
            float(self.base.spending.mean()),
            float(self.base.spending.std()),
        )


def _one_or_both(codes: list[int]) -> int | list[int]:
    """Return the class that both coders give, or one of each."""
    return codes[0] if len(set(codes)) == 1 else codes


def _named(label: str) -> Callable[[float], str]:
    return lambda _: label


def _fixed(fields: Fields) -> Callable[[float], Fields]:
    return lambda _: fields
