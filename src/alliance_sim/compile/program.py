"""A compiled scenario: what all its draws share, and the making and running of blocks of draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from alliance_sim import calibration
from alliance_sim.checks import whole_number
from alliance_sim.compile.cache import load_kernel
from alliance_sim.compile.inputs import PointValues, draw_inputs, drawn_values
from alliance_sim.core.kernel import run_block
from alliance_sim.core.rng import Distributions
from alliance_sim.core.sessions import WEIGHED_ROWS, Notes, Weighing
from alliance_sim.core.structures import (
    ALLY_VARIABLES,
    MAX_PARTS,
    PENDING,
    AllyState,
    Calendar,
    Chances,
    Clamp,
    Decision,
    DecisionRecords,
    DrawInputs,
    Events,
    Forum,
    IssueState,
    Kept,
    Meetings,
    Outcome,
    RecordedOutput,
    SharedInputs,
    Span,
    States,
    World,
    aligned,
)
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import FORUMS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.scenarios import Scenario

__all__ = ["KEEPS", "SPIN_UP", "AgendaRow", "Block", "CompiledScenario", "Keep", "rows_of"]

#: Repetitions of a recorded item that have random numbers of their own (`core.clamp`).
_MAX_REPEATS = 2**16 - 1

#: Months simulated before a scenario begins, so that noise has its steady spread in its first month.
SPIN_UP = 1

Keep = Literal["final", "monthly", "allies", "trace"]
KEEPS: tuple[Keep, ...] = ("final", "monthly", "allies", "trace")


Rows = TypeVar("Rows", RecordedOutput, DecisionRecords)


def rows_of(record: Rows, row0: int, row1: int) -> Rows:
    """Return a record of the draws in the rows `row0` to `row1 - 1` (no copies).

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> kept = compile_scenario(load_scenario("baseline_2025")).allocate_output(10, "final")
    >>> len(rows_of(kept.output, 2, 5).outcomes)
    3
    """
    return type(record)(**{name: array[row0:row1] for name, array in record._asdict().items()})


Inputs = TypeVar("Inputs", Distributions, SharedInputs, Events, Meetings, Clamp)


def _read_only(record: Inputs) -> Inputs:
    """Return a record of read-only views; the kernel takes arrays that can be written only."""
    views = {}
    for name, value in record._asdict().items():
        views[name] = value
        if isinstance(value, np.ndarray):
            views[name] = value.view()
            views[name].flags.writeable = False
    return type(record)(**views)


@dataclass(frozen=True)
class AgendaRow:
    """One issue of one item of one meeting: a row of the decision board.

    Attributes
    ----------
    meeting, month, forum, issue, title : str
    asked : str
        The level asked for, or the class of the ask with its direction; see `AgendaItem.asked`.
    reversion : float
        On the scale of positions.
    column, part : int
        Where the core keeps its decision; rows of a package share a column.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> row = compile_scenario(load_scenario("baseline_2025")).agenda[0]
    >>> row.meeting, row.issue, row.column
    ('nato_summit-2025-06', 'russia_strategy', 0)
    """

    meeting: str
    month: str
    forum: str
    issue: str
    title: str
    asked: str
    reversion: float
    column: int
    part: int


@dataclass(frozen=True)
class Block:
    """Everything the kernel changes or writes for the draws `draw0` to `draw1 - 1`, at one point or at several.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> block = compile_scenario(load_scenario("baseline_2025")).block(seed=1, draw0=5, draw1=8, keep="final")
    >>> block.draw0, block.draw1, len(block.inputs.params)
    (5, 8, 3)
    """

    draw0: int
    draw1: int
    states: States
    inputs: DrawInputs
    records: DecisionRecords
    output: RecordedOutput
    chances: Chances
    weighing: Weighing


@dataclass(frozen=True)
class CompiledScenario:
    """A compiled scenario.

    Attributes
    ----------
    scenario : Scenario
    months : tuple of str
        ``YYYY-MM`` of the months simulated, without the spin-up.
    agenda : tuple of AgendaRow
        In time order.
    member : (T, forums, N) bool array
        Who sits in which forum in which month, forums in the order of `FORUMS`; read-only.

    Examples
    --------
    Two draws, run to the end of their scenario:

    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> program = compile_scenario(load_scenario("baseline_2025"))
    >>> block = program.block(seed=1, draw0=0, draw1=2, keep="allies")
    >>> program.run(block, seed=1)
    >>> program.mask_outsiders(block)
    >>> block.output.outcomes.shape == (2, len(program.months), len(Outcome))
    True
    >>> program.levels(block.records).shape == (2, len(program.agenda))
    True

    Its parts, and a run whose results are discarded:

    >>> program.draw_inputs(seed=1, draw0=0, draw1=2).ally_input.shape[2]
    32
    >>> program.allocate_output(2, "final").records.outcome.shape == (2, program.items)
    True
    >>> program.run_first(1)
    >>> arrays = program.shared.affinity, program.calendar.events.value, program.priors.a
    >>> [array.flags.writeable for array in arrays]
    [False, False, False]
    """

    scenario: Scenario
    months: tuple[str, ...]
    _priors: Distributions
    _shared: SharedInputs
    _calendar: Calendar
    agenda: tuple[AgendaRow, ...]
    member: NDArray[np.bool_]

    @property
    def priors(self) -> Distributions:
        """Distributions of each drawn parameter, read-only."""
        return _read_only(self._priors)

    @property
    def shared(self) -> SharedInputs:
        """What all draws share, read-only."""
        return _read_only(self._shared)

    @property
    def calendar(self) -> Calendar:
        """Events and meetings, read-only."""
        events, meetings, clamp = self._calendar
        return Calendar(_read_only(events), _read_only(meetings), _read_only(clamp))

    def clamped(self, clamp: Clamp) -> CompiledScenario:
        """Return the same scenario held to recorded decisions; see `alliance_sim.core.clamp`.

        Parameters
        ----------
        clamp : Clamp
            One entry for each of the `items`; those that are `PENDING` are decided by the model. Shares of `repeats`
            repetitions, at least one, are left in `Block.chances`.

        Raises
        ------
        InputError
            If the arrays have other shapes or types, an outcome is unknown, or `repeats` is below one.

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.registry.forums import Decision
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2018"))
        >>> none = np.zeros((program.items, 32), np.int8)
        >>> outcome = np.full(program.items, Decision.ADOPTED, np.int8)
        >>> program = program.clamped(Clamp(outcome, none, none, repeats=4))
        >>> block = program.block(seed=1, draw0=0, draw1=2, keep="final")
        >>> program.run(block, seed=1)
        >>> bool((block.records.outcome == Decision.ADOPTED).all()), block.chances.ended[0, 0].sum()
        (True, np.float64(1.0))
        """
        items, seats = (self.items,), (self.items, len(ALLIES))
        for name, shape in (("outcome", items), ("refused", seats), ("voiced", seats)):
            array = getattr(clamp, name)
            if array.shape != shape or array.dtype != np.int8:
                given = f"{array.dtype} of shape {array.shape}"
                raise InputError(f"clamp: {name}: {given} is not allowed; allowed: int8 of shape {shape}")
        unknown = clamp.outcome[~np.isin(clamp.outcome, (PENDING, *Decision))]
        if unknown.size:
            raise InputError(f"clamp: outcome: {unknown[0]} is no decision; allowed: those of Decision, PENDING")
        repeats = whole_number("clamp: repeats", clamp.repeats, 1, _MAX_REPEATS)
        held = clamp._replace(repeats=repeats, **{name: getattr(clamp, name).copy() for name in clamp._fields[:3]})
        return replace(self, _calendar=self._calendar._replace(clamp=held))

    def without(self, ally: str, month: str, forum: str) -> CompiledScenario:
        """Return the same scenario, but that an ally has no seat in a forum in a month; all else about it stays.

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2025"))
        >>> fewer = program.without("HUN", "2025-07", "eu_council")
        >>> (program.shared.member != fewer.shared.member).sum()
        np.int64(1)
        """
        member = self._shared.member.copy()
        member[SPIN_UP + self.months.index(month), FORUMS.index(forum), ALLIES.index(ally)] = 0
        return replace(self, _shared=self._shared._replace(member=member))

    @property
    def items(self) -> int:
        """Number of items (columns of decisions)."""
        return len(self._calendar.meetings.parts)

    def draw_inputs(
        self, seed: int, draw0: int, draw1: int, points: PointValues | None = None, rows: calibration.Rows | None = None
    ) -> DrawInputs:
        """Draw parameters and actors of the draws `draw0` to `draw1 - 1` at each point; see `block`."""
        rows = self._rows(seed, draw0, draw1) if rows is None else rows
        if len(rows) != draw1 - draw0:
            raise InputError(f"rows: there are {len(rows):,}; allowed: {draw1 - draw0:,}, one a draw")
        return draw_inputs(self.scenario, self._priors, rows, seed, draw0, points)

    def _rows(self, seed: int, draw0: int, draw1: int) -> calibration.Rows:
        return calibration.rows_of(self.scenario.calibration, seed, draw0, draw1)

    def drawn_values(self, seed: int, draw0: int, draw1: int) -> dict[str, NDArray[np.float64]]:
        """Return what the draws `draw0` to `draw1 - 1` begin with, before a run changes it: (D,) by name.

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2018"))
        >>> program.drawn_values(seed=1, draw0=0, draw1=2)["position.sanctions.HUN"].shape
        (2,)
        """
        return drawn_values(self.scenario, self._priors, self._rows(seed, draw0, draw1), seed, draw0)

    def allocate_output(self, draws: int, keep: Keep) -> Kept:
        """Allocate what is kept of so many draws, as it is before any meeting."""
        d, n, k, j, t = draws, len(ALLIES), len(ISSUES), self.items, len(self.months)
        level = KEEPS.index(keep)
        output = RecordedOutput(
            outcomes=np.zeros((d, t if level > 0 else 1, len(Outcome))),
            allies=aligned((d, t if level > 1 else 0, len(ALLY_VARIABLES), n)),
            positions=np.zeros((d, t if level > 2 else 0, n, k)),
        )
        records = DecisionRecords(
            outcome=np.full((d, j), PENDING, np.int8),
            proposed=np.zeros((d, j, MAX_PARTS)),
            share=np.zeros((d, j)),
            first_tabled=np.zeros((d, j)),
            tabled=np.zeros((d, j)),
            margin=np.zeros((d, j)),
            pivotal=np.full((d, j), -1, np.int16),
            bypassed=np.zeros((d, j), np.int8),
            holder=np.full((d, j), -1, np.int16),
            objection=np.full((d, j, n), -1, np.int8),
            voiced=np.zeros((d, j, n), np.int8),
            settled=np.full((d, j), PENDING, np.int8),
            settled_share=np.zeros((d, j)),
        )
        return Kept(output, records)

    def block(
        self,
        seed: int,
        draw0: int,
        draw1: int,
        keep: Keep,
        points: PointValues | None = None,
        kept: Kept | None = None,
        rows: calibration.Rows | None = None,
        weighed: int | None = None,
    ) -> Block:
        """Allocate a block of draws: parameters and actors, fresh state, and what is kept.

        Parameters
        ----------
        seed, draw0, draw1 : int
        keep : str
        points : mapping, optional
            Values of parameters, arrays (P,) by name of the registry: all draws at the first point, then all at the
            second, and so on; row r is draw ``draw0 + r % (draw1 - draw0)``. A value means what it means in
            `Scenario.with_parameters`.
        kept : Kept, optional
            From `allocate_output`, for at least `draw1` draws (without points): what is kept is written into its rows
            `draw0` to `draw1 - 1`.
        rows : Rows, optional
            Actors, and parameters as far as they have columns, one row a draw; default: those of the calibration that
            the scenario names. What the scenario or a point sets wins over them.
        weighed : int, optional
            Column of an item; what allies weigh when it is decided is left in `Block.weighing`, NaN where it is not.

        Raises
        ------
        InputError
            If a name is unknown, or a value out of range.
        """
        drawn = self.draw_inputs(seed, draw0, draw1, points, rows)
        d, n, k = len(drawn.params), len(ALLIES), len(ISSUES)
        if kept:
            output = rows_of(kept.output, draw0, draw1)
            records = rows_of(kept.records, draw0, draw1)
        else:
            output, records = self.allocate_output(d, keep)
        states = States(
            ally=aligned((d, len(AllyState), n)),
            displacement=aligned((d, k, n)),
            position=aligned((d, k, n)),
            salience=aligned((d, k, n)),
            world=aligned((d, len(World))),
            issue=aligned((d, len(IssueState), k)),
            position_error=aligned((d, k, n)),
            error_month=aligned((d, k, n)),
            dispute_end=aligned((d, k, n)),
            pending=np.zeros((d, self.items), np.int8),
            outcomes=aligned((d, len(Outcome))),
        )
        recorded = len(self._calendar.clamp.outcome)
        chances = Chances(np.zeros((d, recorded, 3, 2)), np.zeros((d, recorded, n)), np.zeros((d, recorded, n)))
        nothing = np.full((0 if weighed is None else d, WEIGHED_ROWS, n), np.nan)
        weighing = Weighing(-1 if weighed is None else weighed, nothing)
        return Block(draw0, draw1, states, drawn, records, output, chances, weighing)

    def run(self, block: Block, seed: int, month0: int | None = None, month1: int | None = None) -> None:
        """Run a block through the months `month0` to `month1 - 1`, in place.

        Parameters
        ----------
        block : Block
            From `block`; its arrays stay float64 and C-contiguous, anything else is a TypeError.
        seed : int
            The one the block was made with.
        month0, month1 : int, optional
            Months of the scenario, 0 = its first. Without `month0` the draws begin, which includes the
            spin-up (and nothing else if `month1` is 0); without `month1` they run to the end.
        """
        load_kernel(self.run_first)
        self._call(block, seed, month0, month1)
        missing = np.atleast_1d(np.isnan(block.output.outcomes[:1]).any(axis=(0, 1)))
        if missing.any():  # the core writes NaN where it has no formula
            names = ", ".join(outcome.name for outcome in Outcome if missing[outcome])
            raise RuntimeError(f"core/outcomes.py has no formula for {names}")

    def run_first(self, draws: int) -> None:
        """Run draws and discard them: 0 load what a run needs, 1 compiles it."""
        self._call(self.block(0, 0, draws, "final"), 0, None, None)

    def mask_outsiders(self, block: Block) -> None:
        """Write NaN over what the block keeps of allies in the months before they join."""
        if block.output.allies.shape[1]:
            block.output.allies.swapaxes(1, 2)[:, :, ~self.member[:, Forum.NAC]] = np.nan

    def proposed(self, records: DecisionRecords) -> NDArray[np.float64]:
        """Return the level that each row of the agenda asks for (D, rows).

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2018"))
        >>> block = program.block(0, 0, 2, "final")
        >>> program.run(block, 0)
        >>> program.proposed(block.records).shape == (2, len(program.agenda))
        True
        """
        columns = [row.column for row in self.agenda]
        found: NDArray[np.float64] = records.proposed[:, columns, [row.part for row in self.agenda]]
        return found

    def levels(self, records: DecisionRecords) -> NDArray[np.float64]:
        """Return the level that holds after each row of the agenda (D, rows)."""
        reversion = np.array([row.reversion for row in self.agenda])
        share = records.share[:, [row.column for row in self.agenda]]
        levels: NDArray[np.float64] = reversion + share * (self.proposed(records) - reversion)
        return levels

    def _call(self, block: Block, seed: int, month0: int | None, month1: int | None) -> None:
        span = Span(
            np.uint64(seed),
            block.draw0,
            block.draw1,
            0 if month0 is None else SPIN_UP + month0,
            SPIN_UP + (len(self.months) if month1 is None else month1),
            SPIN_UP,
        )
        kept = Kept(block.output, block.records)
        run_block(
            block.states, block.inputs, self._shared, self._calendar, kept, Notes(block.chances, block.weighing), span
        )
