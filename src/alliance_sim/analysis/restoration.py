"""What would restore consensus: for each lever the smallest change with which a text passes often enough.

All runs have common random numbers, so that the chance that a text passes rises with a lever nearly without noise, and
the smallest change is found by bisection on a grid of readable values. Each change is a scenario, and its numbers are
those of running it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_sim.analysis.item import Item, ItemDraws, passes
from alliance_sim.analysis.levers import Lever, changed, levers
from alliance_sim.core.structures import Forum, Param
from alliance_sim.pool import Cancelled
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.eras import LEADERSHIPS
from alliance_sim.results.paired import paired_interval
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario
from alliance_sim.scenarios.mappings import plain

__all__ = ["Change", "Effect", "paired", "restore"]

#: Allies besides the United States whose positions and governments are levers: those that object most.
_MOVED = 2
#: Levers of which each ally has one.
_OF_AN_ALLY = ("position", "government")
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
        Its name among `alliance_sim.analysis.levers.levers`.
    value : float
        Amount by which it is moved.
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
    ['disputes', 'government', 'guarantee']
    """

    lever: str
    value: float
    label: str
    now: float | None
    change: float | None
    distance: float | None
    reaches: bool
    scenario: Mapping[str, object]


def restore(
    item: Item,
    base: ItemDraws,
    scenario: Scenario,
    target: float,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Change, ...]:
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
    cancelled : callable, optional
        Called before each lever; raises `Cancelled` when it returns True.

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
    meeting, issue = item.rows[0].meeting, item.rows[0].issue
    searched = _searched(base, levers(item.scenario, meeting, issue))
    found = []
    for lever in searched:
        if cancelled and cancelled():
            raise Cancelled
        found.append(_smallest(item, lever, base, scenario, target))
    return tuple(sorted(found, key=_rank))


def _searched(base: ItemDraws, found: Mapping[str, Lever]) -> list[Lever]:
    """Return the levers to search: of an ally those of the allies that object most, no president who is in office."""
    objects = (base.objection >= 0).mean(axis=0)
    most = [i for i in np.argsort(-objects, kind="stable") if i and objects[i] > 0.0][:_MOVED]
    moved = [f"{what}.{ALLIES[i]}" for i in (0, *most) for what in _OF_AN_ALLY]
    in_office = f"president.{LEADERSHIPS[int(np.bincount(base.leader.astype(np.int64)).argmax())]}"
    return [
        lever
        for name, lever in found.items()
        if name != in_office and (name in moved or name.partition(".")[0] not in _OF_AN_ALLY)
    ]


def _now(name: str, item: Item, base: ItemDraws) -> tuple[float | None, float | None]:
    """Return the mean of what a lever moves, and its spread over draws; None of a lever that moves nothing of a size.

    The spread of a text with a fixed level, and of sessions, is that of their range.
    """
    if name.startswith("position."):
        return _moments(base.position[:, 0, ALLY_INDEX[name.removeprefix("position.")]])
    at_summit = item.rows[0].forum == Forum.NATO_SUMMIT.name.lower()
    moved = {
        "text": base.proposed[:, 0],
        "guarantee": base.confidence,
        "side_payments": base.params[:, Param.compensation],
        "tabling": base.params[:, Param.insist_summit if at_summit else Param.insist],
        "spending": base.spending,
    }
    (meeting,) = (each for each in item.scenario.meetings if each.id == item.rows[0].meeting)
    if name == "sessions":
        return float(meeting.sessions), (_MOST_SESSIONS - 1) / math.sqrt(12.0)
    if name not in moved:
        return None, None
    now, spread = _moments(moved[name])
    (part,) = (each for each in meeting.agenda if each.issue == item.rows[0].issue)
    if name == "text" and part.proposed is not None:
        spread = abs(part.proposed - part.reversion) / math.sqrt(12.0)
    return now, spread


def _moments(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values.mean()), float(values.std())


def _rank(change: Change) -> tuple[bool, bool, bool, float, float]:
    distance = change.distance
    return not change.reaches, not change.helps, distance is None, distance or 0.0, -change.passing


def _smallest(item: Item, lever: Lever, base: ItemDraws, scenario: Scenario, target: float) -> Change:
    """Return the smallest change of a lever that reaches the target, by bisection; the largest if none does."""
    before = passes(base.ended)

    def tried(at: int) -> tuple[Effect, NDArray[np.float64]]:
        what_if = changed(item.scenario, f"{scenario.name}_changed", lever.fields(lever.values[at]))
        ended, proposed = item.outcomes(item.compiled(what_if))
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
    now, spread = _now(lever.name, item, base)
    change = float((proposed - base.proposed[:, 0]).mean()) if lever.name == "text" else value
    if lever.name.startswith("position."):
        change *= float(np.sign(base.proposed[:, 0].mean() - item.rows[0].reversion))
    return Change(
        **vars(effect),
        lever=lever.name,
        value=value,
        label=lever.label(value),
        now=now,
        change=None if now is None else change,
        distance=abs(change) / spread if reaches and spread else None,
        reaches=reaches,
        scenario=_as_mapping(scenario, lever, value),
    )


def _as_mapping(scenario: Scenario, lever: Lever, value: float) -> Mapping[str, object]:
    """Return the changed scenario as `load_scenario` takes it: short, where it differs little from a bundled one."""
    name = f"{scenario.name}_{lever.name}"
    fields = plain(lever.fields(value))
    if scenario.name in list_scenarios():
        settable = {"parameters", "calibration"}
        bundled = load_scenario(scenario.name)
        if bundled.model_dump(exclude=settable) == scenario.model_dump(exclude=settable):
            own = {key: getattr(scenario, key) for key in settable if getattr(scenario, key) != getattr(bundled, key)}
            return {"name": name, "extends": scenario.name, **plain(own), **fields}
    return changed(scenario, name, fields).model_dump(mode="json", exclude_none=True)
