"""One item of one meeting: which one is meant, and how it ends over the draws of a scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile import AgendaRow, Block, CompiledScenario, compile_scenario
from alliance_sim.core.sessions import Weighed
from alliance_sim.core.structures import AllyState, Decision, World
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.pool import CHUNK, in_chunks
from alliance_sim.registry.actors import ALLIES, EUROPEANS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.results.summaries import decided, out_of_time
from alliance_sim.scenarios import Scenario
from alliance_sim.simulation import first_months, simulate

__all__ = ["Item", "ItemDraws", "find_item", "passes"]

Arrays = tuple[NDArray[Any], ...]
_EUROPE = [ALLIES.index(ally) for ally in EUROPEANS]


class ItemDraws(NamedTuple):
    """How an item was decided in D draws, and what held at the end of the month of its meeting.

    Examples
    --------
    >>> import alliance_sim as als
    >>> item = find_item(als.load_scenario("baseline_2018"), None, None, draws=5, seed=0)
    >>> item.run().ended.shape
    (5,)
    """

    ended: NDArray[np.int8]  #: (D,); index in `DECISIONS`
    out_of_time: NDArray[np.bool_]  #: (D,); the meeting had no time for it
    share: NDArray[np.float64]  #: (D,); of the way to what was asked for, as agreed
    first_tabled: NDArray[np.float64]  #: (D,); share first on the table, 0 where none was
    tabled: NDArray[np.float64]  #: (D,); share last on the table, or the least that was thought of
    proposed: NDArray[np.float64]  #: (D, P); level asked for, by part
    pivotal: NDArray[np.int16]  #: (D,); the least willing ally, -1 where none was asked
    objection: NDArray[np.int8]  #: (D, N); round in which silence was broken, 0 anticipated, -1 silent
    voiced: NDArray[np.int8]  #: (D, N); 1 where an ally spoke against the text
    weighed: NDArray[np.float64]  #: (D, Weighed, N); what allies weighed in the text weighed last, NaN where in none
    position: NDArray[np.float64]  #: (D, P, N); positions, by part
    confidence: NDArray[np.float64]  #: (D,); mean confidence in the U.S. guarantee, of all others
    spending: NDArray[np.float64]  #: (D,); mean spending of the European allies, % of GDP
    params: NDArray[np.float64]  #: (D, Param)
    leader: NDArray[np.float64]  #: (D,); place of the president in the table of leaderships


@dataclass(frozen=True)
class Item:
    """One item of one meeting of a scenario.

    Attributes
    ----------
    scenario : Scenario
        Cut to the months until the meeting.
    rows : tuple of AgendaRow
        One; of a package one for each part, that of the issue in question first.
    draws, seed : int

    Examples
    --------
    >>> import alliance_sim as als
    >>> item = find_item(als.load_scenario("baseline_2025"), "sanctions", "2026-01", draws=5, seed=0)
    >>> ended, proposed = item.outcomes(item.compiled(item.scenario))
    >>> item.rows[0].meeting, item.scenario.months, ended.shape, proposed.tolist()
    ('eu_council-2026-01', 8, (5,), [0.6, 0.6, 0.6, 0.6, 0.6])
    """

    scenario: Scenario
    rows: tuple[AgendaRow, ...]
    draws: int
    seed: int

    def compiled(self, scenario: Scenario) -> CompiledScenario:
        """Compile a scenario with the same items up to this one."""
        program = compile_scenario(scenario)
        # Without draws: the kernel is compiled in this thread, which can be interrupted.
        program.run(program.block(self.seed, 0, 0, "final"), self.seed)
        return program

    def outcomes(self, program: CompiledScenario) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        """Return how the item ends in each draw, as indices of `DECISIONS`, and the level that it asks for."""
        column, part = self.rows[0].column, self.rows[0].part

        def take(block: Block) -> Arrays:
            return decided(block.records)[:, column], block.records.proposed[:, column, part]

        ended, proposed = self._over_draws(program, take)
        return ended, proposed

    def run(self) -> ItemDraws:
        """Run the scenario to the meeting and return what is known of the item.

        Examples
        --------
        >>> import alliance_sim as als
        >>> item = find_item(als.load_scenario("baseline_2018"), "sanctions", None, draws=5, seed=0)
        >>> item.run().proposed.shape  # draws, parts
        (5, 1)
        """
        column, program = self.rows[0].column, self.compiled(self.scenario)
        parts, issues = [row.part for row in self.rows], [ISSUES.index(row.issue) for row in self.rows]

        def take(block: Block) -> ItemDraws:
            records, states = block.records, block.states
            return ItemDraws(
                ended=decided(records)[:, column],
                out_of_time=out_of_time(records)[:, column],
                share=records.share[:, column],
                first_tabled=records.first_tabled[:, column],
                tabled=records.tabled[:, column],
                proposed=records.proposed[:, column][:, parts],
                pivotal=records.pivotal[:, column],
                objection=records.objection[:, column],
                voiced=records.voiced[:, column],
                weighed=block.weighing.values[:, [*[*Weighed][:-1], Weighed.position + parts[0]]],
                position=states.position[:, issues],
                confidence=states.ally[:, AllyState.guarantee_confidence, 1:].mean(axis=1),
                spending=states.ally[:, AllyState.spending][:, _EUROPE].mean(axis=1),
                params=block.inputs.params,
                leader=states.world[:, World.leader],
            )

        return ItemDraws(*self._over_draws(program, take, column))

    def _over_draws(
        self, program: CompiledScenario, take: Callable[[Block], Arrays], weighed: int | None = None
    ) -> Arrays:
        def work(draw0: int, draw1: int) -> tuple[int, Arrays]:
            block = program.block(self.seed, draw0, draw1, "final", weighed=weighed)
            program.run(block, self.seed)
            return draw0, tuple(array.copy() for array in take(block))

        parts = sorted(in_chunks(work, self.draws, CHUNK), key=itemgetter(0))
        return tuple(np.concatenate(arrays) for arrays in zip(*(taken for _, taken in parts), strict=True))


def passes(ended: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Return where a text passed, in full or in a weaker form.

    Examples
    --------
    >>> passes(np.array([Decision.DILUTED, Decision.BLOCKED], np.int8)).tolist()
    [True, False]
    """
    return np.isin(ended, (Decision.ADOPTED, Decision.DILUTED))


def find_item(scenario: Scenario, issue: str | None, meeting: str | int | None, draws: int, seed: int) -> Item:
    """Return the item that an issue and a meeting name.

    Parameters
    ----------
    scenario : Scenario
    issue : str, optional
        Default: that of the item that fails most often.
    meeting : str or int, optional
        Its id, its month ``YYYY-MM``, or its number among the meetings that decide on the issue, in time order from 1.
        Default: the first of these.
    draws, seed : int

    Raises
    ------
    InputError
        If the scenario has no such item, or a month has several.

    Examples
    --------
    >>> import alliance_sim as als
    >>> find_item(als.load_scenario("baseline_2025"), "russia_strategy", 2, draws=5, seed=0).rows[0].meeting
    'nato_summit-2026-07'
    """
    agenda = compile_scenario(scenario).agenda
    if not agenda:
        raise InputError(f"{scenario.name} has no meetings; allowed: a scenario that has")
    if issue is not None:
        found = list(dict.fromkeys(row.issue for row in agenda))
        if issue not in found:
            raise InputError(
                f"issue: {shown(issue)} is not decided in {scenario.name}{nearest(str(issue), found)}; "
                f"allowed: {', '.join(found)}"
            )
        agenda = tuple(row for row in agenda if row.issue == issue)
    if meeting is not None:
        agenda = _at(agenda, meeting, scenario, issue)
    row = agenda[0]
    if issue is None and len(agenda) > 1:
        ended = decided(simulate(scenario, draws, seed, "final").records)
        row = min(agenda, key=lambda row: passes(ended[:, row.column]).mean())
    cut = first_months(scenario, scenario.offset(row.month) + 1)
    own = (each for each in compile_scenario(cut).agenda if each.column == row.column)
    return Item(cut, tuple(sorted(own, key=lambda each: each.issue != row.issue)), draws, seed)


def _at(
    agenda: tuple[AgendaRow, ...], meeting: str | int, scenario: Scenario, issue: str | None
) -> tuple[AgendaRow, ...]:
    """Return the rows of a meeting, given by its id, month or number."""
    ids = list(dict.fromkeys(row.meeting for row in agenda))
    named = str(meeting)
    if named.isascii() and named.isdigit() and named not in ids:
        chosen = ids[int(named) - 1 : int(named)] if int(named) else []
    else:
        chosen = [each for each in ids if each == named] or list(
            dict.fromkeys(row.meeting for row in agenda if row.month == named)
        )
    decides = f"decides on {issue}" if issue else "is held"
    allowed = f"allowed: 1 to {len(ids)}, a month or an id: {', '.join(ids)}"
    if not chosen:
        raise InputError(
            f"meeting: no meeting {shown(meeting)} {decides} in {scenario.name}{nearest(named, ids)}; {allowed}"
        )
    if issue and len(chosen) > 1:
        raise InputError(f"meeting: {shown(meeting)} has {len(chosen)} that decide on {issue}; {allowed}")
    return tuple(row for row in agenda if row.meeting in chosen)
