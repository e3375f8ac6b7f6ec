"""Views: result tables derived from the kernel's output.

A run is identified by its scenario, its draw and its point (its place in a design; 0 without a design). These are the
first three columns of every view. An ensemble in memory, its saved folder and the parts of a sweep have the same views.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile import ALLY_VARIABLES, KEEPS, Block, CompiledScenario, Keep, PointValues
from alliance_sim.core.structures import DecisionRecords, RecordedOutput
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from alliance_sim.scenarios import Scenario

__all__ = ["KEYS", "VIEWS", "Runs", "dates", "kept", "rows_of_run"]

#: The views, and the least `keep` of a run with which each can be made.
VIEWS: Mapping[str, Keep] = MappingProxyType(
    {
        "runs": "final",
        "trajectories": "monthly",
        "allies": "allies",
        "decisions": "final",
        "objections": "final",
        "traces": "trace",
    }
)
#: The columns that identify a run, the first of every view.
KEYS = ("scenario", "draw", "point")
_ITEM = ("meeting", "month", "forum", "issue")
_COLUMNS = {
    "decisions": (*KEYS, *_ITEM, "proposed", "reversion", "outcome", "level", "bypassed", "pivotal"),
    "traces": (
        *KEYS,
        "meeting",
        "issue",
        "share",
        "first_tabled",
        "tabled",
        "margin",
        "holder",
        "settled",
        "settled_share",
    ),
}


def kept(keep: Keep) -> tuple[str, ...]:
    """Return the views of runs that were made with `keep`.

    Examples
    --------
    >>> kept("final")
    ('runs', 'decisions', 'objections')
    """
    return tuple(view for view, least in VIEWS.items() if KEEPS.index(least) <= KEEPS.index(keep))


def rows_of_run(view: str, scenario: Scenario) -> int | None:
    """Return how many rows each run of a scenario has in a view; None for ``objections``, where runs differ.

    Examples
    --------
    >>> import alliance_sim as als
    >>> rows_of_run("trajectories", als.load_scenario("baseline_2018")) == 36 * len(OUTCOMES)
    True
    """
    items = sum(len(meeting.agenda) for meeting in scenario.meetings)
    rows = {"runs": 1, "trajectories": scenario.months * len(OUTCOMES), "allies": scenario.months * len(ALLIES)}
    return {**rows, "decisions": items, "traces": items}.get(view)


@dataclass(frozen=True, eq=False)
class Runs:
    """Some runs of one scenario, from which the views are made.

    Attributes
    ----------
    program : CompiledScenario
        The compiled scenario; its name is the column ``scenario``.
    keep : str
        How much of each run was kept; see `simulate`.
    output : Output
    records : Records
        One row a run.
    draw, point : (rows,) int arrays
    parameters : mapping of str to (rows,) arrays
        Parameters that the design sets; columns of ``runs``.
    levers : mapping of str to str
        The option of each lever that makes this scenario; columns of ``runs``.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> program = compile_scenario(load_scenario("baseline_2018"))
    >>> runs = Runs.of_block(program, "monthly", program.block(0, 0, 2, "monthly"))
    >>> runs.draw, runs.point
    (array([0, 1]), array([0, 0]))
    """

    program: CompiledScenario
    keep: Keep
    output: RecordedOutput
    records: DecisionRecords
    draw: NDArray[np.int64]
    point: NDArray[np.int64]
    parameters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    levers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_block(
        cls,
        program: CompiledScenario,
        keep: Keep,
        block: Block,
        point0: int = 0,
        points: PointValues | None = None,
        levers: Mapping[str, str] | None = None,
    ) -> Runs:
        """Return the runs of a block; `points` are the points it was made with, `point0` is the number of the first.

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2018"))
        >>> runs = Runs.of_block(program, "monthly", program.block(0, 0, 2, "monthly"))
        >>> runs.keep
        'monthly'
        """
        draws = block.draw1 - block.draw0
        row = np.arange(len(block.records.outcome))
        parameters = {name: np.repeat(values, draws) for name, values in (points or {}).items()}
        draw, point = block.draw0 + row % draws, point0 + row // draws
        return cls(program, keep, block.output, block.records, draw, point, parameters, levers or {})

    def tables(self) -> dict[str, pa.Table]:
        """Return all views that are kept.

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2018"))
        >>> runs = Runs.of_block(program, "monthly", program.block(0, 0, 2, "monthly"))
        >>> list(runs.tables())
        ['runs', 'trajectories', 'decisions', 'objections']
        """
        return {view: self.table(view) for view in kept(self.keep)}

    def table(self, view: str) -> pa.Table:
        """Return one view, its rows in the order of the runs (``trajectories``: of the outcomes, then the runs).

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2018"))
        >>> runs = Runs.of_block(program, "monthly", program.block(0, 0, 2, "monthly"))
        >>> runs.table("trajectories").column_names
        ['scenario', 'draw', 'point', 'month', 'outcome', 'value']
        """
        tables = {
            "runs": self._runs,
            "trajectories": self._trajectories,
            "allies": self._allies,
            "decisions": self._decisions,
            "objections": self._objections,
            "traces": self._decisions,
        }
        table = tables[view]()
        return table.select(_COLUMNS[view]) if view in _COLUMNS else table

    def decisions(self) -> pd.DataFrame:
        """Return the decisions, one row a draw and row of the agenda.

        The columns are those of ``decisions`` and ``traces`` without scenario and point: ``draw, meeting, month, forum,
        issue, proposed, reversion, outcome, level, bypassed, pivotal, holder, settled, share, first_tabled, tabled,
        margin, settled_share``. `proposed` is the level asked for in the draw; `outcome` is missing where the meeting
        was not held, or not yet; `level` is the level in force after it, `holder` the ally that refused it over
        something else, `settled` how an item that was deferred or tabled again ended last, `margin` how far the
        least willing ally was from objecting, `first_tabled` and `tabled` the first and the last text on the table.

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2018"))
        >>> runs = Runs.of_block(program, "monthly", program.block(0, 0, 2, "monthly"))
        >>> len(runs.decisions()) == 2 * len(program.agenda)
        True
        """
        return _frame(self._decisions())

    def objections(self) -> pd.DataFrame:
        """Return the objections, one row each: ``draw, meeting, issue, ally, round, voiced``.

        `round` is the round in which the ally broke silence; 0 is an objection that the chair anticipated and withdrew
        the text, and it is missing where an ally spoke against the text (`voiced`) and let it pass.

        Examples
        --------
        >>> from alliance_sim.compile import compile_scenario
        >>> from alliance_sim.scenarios import load_scenario
        >>> program = compile_scenario(load_scenario("baseline_2018"))
        >>> runs = Runs.of_block(program, "monthly", program.block(0, 0, 2, "monthly"))
        >>> list(runs.objections())
        ['draw', 'meeting', 'issue', 'ally', 'round', 'voiced']
        """
        return _frame(self._objections())

    def _decisions(self) -> pa.Table:
        import pyarrow as pa

        agenda, rows = self.program.agenda, len(self.draw)
        column = [row.column for row in agenda]
        held = DecisionRecords(**{name: each.take(column, axis=1) for name, each in self.records._asdict().items()})
        table: dict[str, pa.Array | NDArray[np.generic]] = self._keys(np.repeat(np.arange(rows), len(agenda)))
        for name in ("meeting", "month", "forum", "issue"):
            texts = [getattr(row, name) for row in agenda]
            table[name] = pa.array(np.tile(_days(texts), rows)) if name == "month" else _texts(texts, rows)
        table["proposed"] = self.program.proposed(self.records).ravel()
        table["reversion"] = np.tile([row.reversion for row in agenda], rows)
        table["outcome"] = _category(held.outcome.ravel(), DECISIONS)
        table["level"] = self.program.levels(self.records).ravel()
        table["bypassed"] = held.bypassed.ravel() > 0
        table["pivotal"] = _category(held.pivotal.ravel(), ALLIES)
        table["holder"] = _category(held.holder.ravel(), ALLIES)
        table["settled"] = _category(held.settled.ravel(), DECISIONS)
        table["share"] = held.share.ravel()
        table["first_tabled"], table["tabled"] = held.first_tabled.ravel(), held.tabled.ravel()
        table["margin"], table["settled_share"] = held.margin.ravel(), held.settled_share.ravel()
        return pa.table(table)

    def _runs(self) -> pa.Table:
        import pyarrow as pa

        rows = len(self.draw)
        final = self.output.outcomes[:, -1]
        return pa.table(
            {
                **self._keys(np.arange(rows)),
                **{lever: _category(np.zeros(rows), [option]) for lever, option in self.levers.items()},
                **self.parameters,
                **{name: np.ascontiguousarray(final[:, o]) for o, name in enumerate(OUTCOMES)},
            }
        )

    def _trajectories(self) -> pa.Table:
        """One outcome after the other, so that one can be read without the rest."""
        import pyarrow as pa

        rows, months = self.output.outcomes.shape[:2]
        keys = self._keys(np.repeat(np.arange(rows), months))
        month = pa.array(np.tile(_days(self.program.months), rows))
        return pa.concat_tables(
            pa.table(
                {
                    **keys,
                    "month": month,
                    "outcome": _category(np.full(rows * months, o), list(OUTCOMES)),
                    "value": self.output.outcomes[:, :, o].ravel(),
                }
            )
            for o in range(len(OUTCOMES))
        )

    def _allies(self) -> pa.Table:
        import pyarrow as pa

        values, positions = self.output.allies, self.output.positions
        rows, months, _, allies = values.shape
        columns = {name: values[:, :, v].ravel() for v, name in enumerate(ALLY_VARIABLES)}
        if positions.shape[1]:
            columns |= {f"position_{name}": positions[:, :, :, k].ravel() for k, name in enumerate(ISSUES)}
        return pa.table(
            {
                **self._keys(np.repeat(np.arange(rows), months * allies)),
                "month": pa.array(np.tile(np.repeat(_days(self.program.months), allies), rows)),
                "ally": _category(np.tile(np.arange(allies), rows * months), ALLIES),
                # NULL before an ally joins: means in SQL leave out NULL, not NaN.
                **{name: pa.array(column, from_pandas=True) for name, column in columns.items()},
            }
        )

    def _objections(self) -> pa.Table:
        import pyarrow as pa

        agenda = self.program.agenda
        columns = [row.column for row in agenda]
        rounds, voiced = self.records.objection.take(columns, axis=1), self.records.voiced.take(columns, axis=1)
        # Ten times faster than nonzero in three dimensions.
        run, item, ally = np.unravel_index(np.flatnonzero((rounds >= 0) | (voiced > 0)), rounds.shape)
        return pa.table(
            {
                **self._keys(run),
                "meeting": _texts([row.meeting for row in agenda]).take(pa.array(item)),
                "issue": _texts([row.issue for row in agenda]).take(pa.array(item)),
                "ally": _category(ally, ALLIES),
                "round": pa.array(rounds[run, item, ally], mask=rounds[run, item, ally] < 0),
                "voiced": voiced[run, item, ally] > 0,
            }
        )

    @cached_property
    def _named(self) -> dict[str, pa.Array]:
        import pyarrow as pa

        scenario = _category(np.zeros(len(self.draw)), [self.program.scenario.name])
        return {
            "scenario": scenario,
            "draw": pa.array(self.draw, pa.int64()),
            "point": pa.array(self.point, pa.int64()),
        }

    def _keys(self, rows: NDArray[np.int64]) -> dict[str, pa.Array]:
        import pyarrow as pa

        indices = pa.array(rows)
        return {name: column.take(indices) for name, column in self._named.items()}


def dates(months: Sequence[str]) -> NDArray[np.datetime64]:
    """Return the first days of months given as ``YYYY-MM``, in the unit that months have in all tables.

    Examples
    --------
    >>> dates(["2025-06"]).astype(str).tolist()
    ['2025-06-01T00:00:00.000000000']
    """
    return np.array(months, dtype="datetime64[M]").astype("datetime64[ns]")


def _days(months: Sequence[str]) -> NDArray[np.datetime64]:
    """Return the same as days, which are DATE in SQL."""
    return dates(months).astype("datetime64[D]")


def _frame(view: pa.Table) -> pd.DataFrame:
    found: pd.DataFrame = view.drop_columns(["scenario", "point"]).to_pandas(
        date_as_object=False, coerce_temporal_nanoseconds=True
    )
    return found


def _category(codes: NDArray[np.number], names: Sequence[str]) -> pa.DictionaryArray:
    """Return the names that codes stand for; null for negative codes."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int16), mask=codes < 0), pa.array(names, pa.string())
    )


def _texts(texts: Sequence[str], copies: int = 1) -> pa.DictionaryArray:
    names = list(dict.fromkeys(texts))
    return _category(np.tile(np.array([names.index(text) for text in texts], np.int16), copies), names)
