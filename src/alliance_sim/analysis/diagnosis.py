"""Why a text passes or fails at a meeting: who stands in the way, over what, and what would restore consensus."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from numbers import Real
from typing import Any

import numpy as np

from alliance_sim import checks
from alliance_sim.analysis.item import Item, ItemDraws, find_item, passes
from alliance_sim.analysis.restoration import Change, Effect, paired, restore
from alliance_sim.analysis.weighing import AllyView, Failures, Text, allies_of, failures_of, texts_of
from alliance_sim.core.sessions import Weighed
from alliance_sim.core.structures import MAX_PARTS, Decision, Param
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS, ISSUE_NAMES
from alliance_sim.scenarios import ScenarioSource, load_scenario
from alliance_sim.wording import counted, in_a_row, percent

__all__ = ["Diagnosis", "Without", "diagnose"]

#: Most allies that consensus is tried without, and the least share of draws in which each of them objects.
_LEFT_OUT, _LEAST = 5, 0.01
#: What is kept of a draw: numbers for each ally, and the parameters.
_BYTES = 8 * (len(ALLIES) * (len(Weighed) + MAX_PARTS + 1) + len(Param))
#: Most allies that stand in the way, and the share of failures that they are to account for.
_FEW, _MOST = 3, 0.5
#: Least share of draws without time for a text of which the first sentence speaks (judgement).
_NOTABLE = 0.05


@dataclass(frozen=True)
class Without(Effect):
    """What it would do if one ally had no seat at the meeting.

    Examples
    --------
    >>> import alliance_sim as als
    >>> without = als.diagnose("baseline_2025", "russia_strategy", draws=20).without[0]
    >>> without.ally, without.difference > 0.0
    ('USA', True)
    """

    ally: str


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Why a text passes or fails at a meeting, over draws, and what would restore consensus.

    Attributes
    ----------
    scenario, calibration, meeting, meeting_title, month, forum, issue, text, rule : str
    draws, seed : int
    target : float
        Share of the draws in which the text is to pass.
    sessions : int
        Sessions of the meeting.
    outcomes : mapping of str to float
        Shares of the five outcomes.
    out_of_time : float
        Share of the draws in which the meeting has no time for the text, and no ally is asked; a part of withdrawn.
    reversion : float
        Level that holds without the text.
    texts : tuple of Text
    failures : Failures or None
        None where it never fails.
    allies : tuple of AllyView
        Those with a vote in any draw in which the text is weighed, the most frequent objectors first.
    without : tuple of Without
        Each of the most frequent objectors left out.
    restore : tuple of Change
        What would restore consensus, the smallest change first and those that do not help last; empty where the target
        is reached as things are.

    Examples
    --------
    >>> import alliance_sim as als
    >>> diagnosis = als.diagnose("baseline_2025", "russia_strategy", draws=20)
    >>> diagnosis
    <Diagnosis of russia_strategy at nato_summit-2025-06 in baseline_2025: 20 draws, seed 0>
    """

    scenario: str
    calibration: str
    meeting: str
    meeting_title: str
    month: str
    forum: str
    issue: str
    text: str
    rule: str
    draws: int
    seed: int
    target: float
    sessions: int
    outcomes: Mapping[str, float]
    out_of_time: float
    reversion: float
    texts: tuple[Text, ...]
    failures: Failures | None
    allies: tuple[AllyView, ...]
    without: tuple[Without, ...]
    restore: tuple[Change, ...]

    def __repr__(self) -> str:
        draws = f"{counted(self.draws, 'draw')}, seed {self.seed}"
        return f"<Diagnosis of {self.issue} at {self.meeting} in {self.scenario}: {draws}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(change.label)}</td><td>{change.passing:.0%}</td><td>{change.difference:+.0%} "
            f"[{change.low:+.0%}, {change.high:+.0%}]</td></tr>"
            for change in self.restore
            if change.helps
        )
        heads = "<tr><th>what would restore consensus</th><th>passes</th><th>difference [95 %]</th></tr>"
        table = f"<table><thead>{heads}</thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<p>{escape(self.sentence)}</p>{table}<p>{escape(self.conclusion)}</p>"

    @property
    def passing(self) -> float:
        """Share of the draws in which the text passes, in full or in a weaker form.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.diagnose("baseline_2025", "russia_strategy", draws=20).passing < 0.5
        True
        """
        return self.outcomes["adopted"] + self.outcomes["diluted"]

    @property
    def mc_error(self) -> float:
        """Monte Carlo standard error of `passing`.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.diagnose("baseline_2025", "russia_strategy", draws=20).mc_error < 0.12
        True
        """
        return math.sqrt(self.passing * (1.0 - self.passing) / self.draws)

    @property
    def in_the_way(self) -> tuple[AllyView, ...]:
        """The fewest allies one of which is the least willing in most of the failed draws, at most three.

        Examples
        --------
        >>> import alliance_sim as als
        >>> [view.ally for view in als.diagnose("baseline_2025", "russia_strategy", draws=20).in_the_way]
        ['USA']
        """
        found: list[AllyView] = []
        for view in sorted(self.allies, key=lambda view: -view.pivotal)[:_FEW]:
            if view.pivotal > 0.0 and sum(each.pivotal for each in found) < _MOST:
                found.append(view)
        return tuple(found)

    @property
    def sentence(self) -> str:
        """Why the text fails: for lack of time, or who stands in the way and over what.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.diagnose("baseline_2025", "russia_strategy", draws=20).sentence.partition(":")[0]
        'The United States stands in the way of the Russia strategy at The Hague summit (2025-06)'
        """
        return self._sentence("draws")

    def _sentence(self, draws: str) -> str:
        if self.out_of_time < _NOTABLE:
            return self._objections(draws)
        few = sum(view.pivotal for view in self.in_the_way) < _NOTABLE
        return self._time(draws) if few else f"{self._time(draws)} {self._objections(draws)}"

    @property
    def _about(self) -> str:
        return f"{ISSUE_NAMES[self.issue]} at {self.meeting_title} ({self.month})"

    def _time(self, draws: str) -> str:
        """Return in which share of draws the meeting has no time for the text."""
        share, sessions = percent(self.out_of_time), f"{self.sessions} session{'' if self.sessions == 1 else 's'}"
        return (
            f"{_capital(self._about)} falls for lack of time, and not because of an ally, in {share} of {draws}: the "
            f"meeting has {sessions}, and its most contested texts are left out."
        )

    def _objections(self, draws: str) -> str:
        """Return who stands in the way, and over what."""
        text = self._about
        failed = percent(1.0 - self.passing)
        if self.failures is None or not self.in_the_way:
            return f"Nobody stands in the way of {text}: it fails in {failed} of {draws}."
        first, count = self.in_the_way[0], len(self.in_the_way)
        share = sum(view.pivotal for view in self.in_the_way)
        who = in_a_row([*(ALLY_NAMES[view.ally] for view in self.in_the_way), *(["others"] if share < _MOST else [])])
        wants = ""
        if first.weights_failed and self.texts[0].mean is not None:
            wants = (
                f" ({'it' if count == 1 else ALLY_NAMES[first.ally]} wants {first.weights_failed.position:.2f}, where "
                f"{self.reversion:.2f} holds and {self.texts[0].mean:.2f} is asked for)"
            )
        over = f"failures are over the text itself in {percent(self.failures.substance)}"
        if self.failures.dispute >= 0.005:
            over += f" and over something else in {percent(self.failures.dispute)}"
        if self.passing >= 0.5:
            least = f"where it fails the least willing is {who.replace(' and ', ' or ')} in {percent(share)}"
            return f"The text on {text} passes in {percent(self.passing)} of {draws}; {least}{wants}; {over}."
        ends = max(DECISIONS[Decision.WITHDRAWN :], key=lambda name: self.outcomes[name])
        least = f"in {percent(share)} of these {who if count == 1 else 'one of them'} is the least willing"
        stands = "stands" if count == 1 and share >= _MOST else "stand"
        return (
            f"{_capital(who)} {stands} in the way of {text}: the text fails in {failed} of {draws}, mostly "
            f"{DECISION_LABELS[ends]}, and {least}{wants}; {over}."
        )

    @property
    def conclusion(self) -> str:
        """What would restore consensus, in one sentence.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.diagnose("baseline_2025", "russia_strategy", draws=20, target=0.0).conclusion.partition(", and ")[2]
        '0 % are asked for: nothing to restore.'
        """
        return self._conclusion("draws")

    def _conclusion(self, draws: str) -> str:
        target, now = percent(self.target), percent(self.passing)
        if self.passing >= self.target:
            return f"The text passes in {now} of {draws} as things are, and {target} are asked for: nothing to restore."
        first = self.restore[0]
        then = percent(first.passing)
        if not first.helps:
            return f"Nothing that was tried makes it pass clearly more often than in {now} of {draws}."
        if not first.reaches:
            return f"Nothing that was tried makes it pass in {target} of {draws}; most, {then}, does {first.label}."
        return f"{_capital(first.label)} would make it pass in {then} of {draws} instead of {now}."

    def json(self, draw: str = "draw") -> dict[str, Any]:
        """Return all of it as values that JSON can hold, with `draw` as the word for one in the sentences.

        Examples
        --------
        >>> import alliance_sim as als
        >>> list(als.diagnose("baseline_2018", draws=5).json())[:4]
        ['scenario', 'calibration', 'meeting', 'meeting_title']
        """
        said = {"sentence": self._sentence(f"{draw}s"), "conclusion": self._conclusion(f"{draw}s")}
        found = {**asdict(self), "passing": self.passing, "mc_error": self.mc_error, **said}
        for ally in found["allies"]:
            ally["rounds"] = {str(number): share for number, share in ally["rounds"].items()}
        return found


def diagnose(
    scenario: ScenarioSource,
    issue: str | None = None,
    meeting: str | int | None = None,
    draws: int = 500,
    seed: int = 0,
    target: float = 0.5,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> Diagnosis:
    """Find out why a text passes or fails at a meeting, and what would restore consensus.

    Parameters
    ----------
    scenario : str, Path, mapping or Scenario
        A bundled name, the path of a file, a mapping with its keys, or a scenario.
    issue : str, optional
        Default: that of the item that fails most often.
    meeting : str or int, optional
        Its id, its month ``YYYY-MM``, or its number among the meetings that decide on the issue, from 1. Default: the
        first of these.
    draws : int
    seed : int
    target : float
        Share of the draws, from 0 to 1, in which the text is to pass.
    cancelled : callable, optional
        Called between runs; the diagnosis stops when it returns True.

    Returns
    -------
    Diagnosis

    Raises
    ------
    InputError
        If an argument is out of range, or the scenario has no such item.
    Cancelled
        If `cancelled` returned True.

    Examples
    --------
    >>> import alliance_sim as als
    >>> diagnosis = als.diagnose("us_russia_reset_2025", "russia_strategy", meeting="2026-07", draws=20)
    >>> diagnosis.in_the_way[0].ally, diagnosis.restore[0].lever
    ('USA', 'position.USA')
    >>> als.load_scenario(diagnosis.restore[0].scenario).events[-1].name
    'position.russia_strategy.USA'
    """
    draws, seed = checks.draws_and_seed(draws, seed)
    if not (isinstance(target, Real) and not isinstance(target, bool) and 0.0 <= target <= 1.0):
        raise InputError(f"target: {shown(target)} is out of range; allowed: 0 to 1")
    what_if = load_scenario(scenario)
    checks.memory(draws, _BYTES, f"a diagnosis of {what_if.name}")
    item = find_item(what_if, issue, meeting, draws, seed)
    found = item.run()
    row = item.rows[0]
    held = next(each for each in what_if.meetings if each.id == row.meeting)
    own = next(each for each in held.agenda if each.issue == row.issue)
    return Diagnosis(
        scenario=what_if.name,
        calibration=what_if.calibration,
        meeting=row.meeting,
        meeting_title=held.title,
        month=row.month,
        forum=row.forum,
        issue=row.issue,
        text=own.text,
        rule=own.rule or held.rule,
        draws=draws,
        seed=seed,
        target=float(target),
        sessions=held.sessions,
        outcomes={name: float((found.ended == code).mean()) for code, name in enumerate(DECISIONS)},
        out_of_time=float(found.out_of_time.mean()),
        reversion=row.reversion,
        texts=texts_of(found, row.reversion),
        failures=failures_of(found),
        allies=allies_of(found),
        without=_without(item, found),
        restore=restore(item, found, what_if, float(target), cancelled),
    )


def _without(item: Item, found: ItemDraws) -> tuple[Without, ...]:
    objects = (found.objection >= 0).mean(axis=0)
    most = [i for i in np.argsort(-objects, kind="stable")[:_LEFT_OUT] if objects[i] >= _LEAST]
    program, row, before = item.compiled(item.scenario), item.rows[0], passes(found.ended)
    views = []
    for i in most:
        ended, _ = item.outcomes(program.without(ALLIES[i], row.month, row.forum))
        views.append(Without(**asdict(paired(before, passes(ended))), ally=ALLIES[i]))
    return tuple(views)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
