"""The views of a result: what runs left behind, as tables.

A run is named by its scenario, its draw and its point (the place in a design; 0 where there is none). Every view begins
with these three. An ensemble in memory, its saved folder and the parts of a sweep have the same views, made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile import ALLY_VARIABLES, DECISIONS, KEEPS, Block, Keep, PointValues, Program
from alliance_sim.core.meetings import Records
from alliance_sim.core.month import Output
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["KEYS", "VIEWS", "Runs", "dates", "kept"]

#: Each view, and the least that has to be kept of a run for it.
VIEWS: dict[str, Keep] = {
    "runs": "final",
    "trajectories": "monthly",
    "allies": "allies",
    "decisions": "final",
    "objections": "final",
    "traces": "trace",
}
#: What names a run: the first columns of every view.
KEYS = ("scenario", "draw", "point")
_ITEM = ("meeting", "month", "forum", "issue")
_COLUMNS = {
    "decisions": (*KEYS, *_ITEM, "proposed", "reversion", "outcome", "level", "bypassed", "pivotal"),
    "traces": (*KEYS, "meeting", "issue", "share", "tabled", "room", "holder", "settled", "settled_share"),
}


def kept(keep: Keep) -> tuple[str, ...]:
    """Return the views that there are of runs of which so much is kept."""
    return tuple(view for view, least in VIEWS.items() if KEEPS.index(least) <= KEEPS.index(keep))


@dataclass(frozen=True, eq=False)
class Runs:
    """Some runs of one scenario: the views are made of them.

    Attributes
    ----------
    program : Program
        The scenario; its name is in the column ``scenario``.
    keep : str
        How much of each run is there.
    output : Output
    records : Records
        One row a run.
    draw, point : (rows,) int arrays
    parameters : mapping of str to (rows,) arrays
        What the design sets; columns of ``runs``.
    levers : mapping of str to str
        The option of each lever that makes this scenario; columns of ``runs``.
    """

    program: Program
    keep: Keep
    output: Output
    records: Records
    draw: NDArray[np.int64]
    point: NDArray[np.int64]
    parameters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    levers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_block(
        cls,
        program: Program,
        keep: Keep,
        block: Block,
        point0: int = 0,
        points: PointValues | None = None,
        levers: Mapping[str, str] | None = None,
    ) -> Runs:
        """Return the runs of a block; `points` are what it was made with, `point0` is the number of the first."""
        draws = block.draw1 - block.draw0
        row = np.arange(len(block.records.outcome))
        parameters = {name: np.repeat(values, draws) for name, values in (points or {}).items()}
        draw, point = block.draw0 + row % draws, point0 + row // draws
        return cls(program, keep, block.output, block.records, draw, point, parameters, levers or {})

    def tables(self) -> dict[str, pa.Table]:
        """Return all views that are kept."""
        return {view: self.table(view) for view in kept(self.keep)}

    def table(self, view: str) -> pa.Table:
        """Return one view, its rows in the order of the runs (``trajectories``: of the outcomes, then the runs)."""
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
        """Return what was decided, one row a draw and row of the agenda.

        The columns of ``decisions`` and ``traces`` without scenario and point: ``draw, meeting, month, forum, issue,
        proposed, reversion, outcome, level, bypassed, pivotal, holder, settled`` and the core's ``share, tabled, room,
        settled_share``. `outcome` is missing where the meeting was not held, or not yet; `level` is that of what holds
        after it, `holder` is the ally that held a text up, `settled` how a deferred item ended later.
        """
        return _frame(self._decisions())

    def objections(self) -> pd.DataFrame:
        """Return who objected, one row an objection: ``draw, meeting, issue, ally, round``.

        `round` is that of the first objection; 0 is a refusal that was anticipated: the text was withdrawn.
        """
        return _frame(self._objections())

    def _decisions(self) -> pa.Table:
        import pyarrow as pa

        agenda, rows = self.program.agenda, len(self.draw)
        column = [row.column for row in agenda]
        held = Records(*(each.take(column, axis=1) for each in self.records))
        table: dict[str, Any] = self._keys(np.repeat(np.arange(rows), len(agenda)))
        for name in ("meeting", "month", "forum", "issue"):
            texts = [getattr(row, name) for row in agenda]
            table[name] = pa.array(np.tile(dates(texts), rows)) if name == "month" else _texts(texts, rows)
        for name in ("proposed", "reversion"):
            table[name] = np.tile([getattr(row, name) for row in agenda], rows)
        table["outcome"] = _category(held.outcome.ravel(), DECISIONS)
        table["level"] = self.program.levels(self.records.share).ravel()
        table["bypassed"] = held.bypassed.ravel() > 0
        table["pivotal"] = _category(held.pivotal.ravel(), ALLIES)
        table["holder"] = _category(held.holder.ravel(), ALLIES)
        table["settled"] = _category(held.settled.ravel(), DECISIONS)
        for name in ("share", "tabled", "room", "settled_share"):
            table[name] = getattr(held, name).ravel()
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
        """An outcome after the other, so that whoever asks for one does not read the rest."""
        import pyarrow as pa

        rows, months = self.output.outcomes.shape[:2]
        keys = self._keys(np.repeat(np.arange(rows), months))
        month = pa.array(np.tile(dates(self.program.months), rows))
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
                "month": pa.array(np.tile(np.repeat(dates(self.program.months), allies), rows)),
                "ally": _category(np.tile(np.arange(allies), rows * months), ALLIES),
                # An ally that has not joined yet counts in no mean: SQL passes over NULL, not over NaN.
                **{name: pa.array(column, from_pandas=True) for name, column in columns.items()},
            }
        )

    def _objections(self) -> pa.Table:
        import pyarrow as pa

        agenda = self.program.agenda
        rounds = self.records.objection.take([row.column for row in agenda], axis=1)
        # A tenth of the time of nonzero in three dimensions.
        run, item, ally = np.unravel_index(np.flatnonzero(rounds >= 0), rounds.shape)
        return pa.table(
            {
                **self._keys(run),
                "meeting": _texts([row.meeting for row in agenda]).take(pa.array(item)),
                "issue": _texts([row.issue for row in agenda]).take(pa.array(item)),
                "ally": _category(ally, ALLIES),
                "round": rounds[run, item, ally],
            }
        )

    @cached_property
    def _named(self) -> dict[str, Any]:
        import pyarrow as pa

        scenario = _category(np.zeros(len(self.draw)), [self.program.scenario.name])
        return {
            "scenario": scenario,
            "draw": pa.array(self.draw, pa.int64()),
            "point": pa.array(self.point, pa.int64()),
        }

    def _keys(self, rows: NDArray[np.int64]) -> dict[str, Any]:
        import pyarrow as pa

        indices = pa.array(rows)
        return {name: column.take(indices) for name, column in self._named.items()}


def dates(months: Sequence[str]) -> NDArray[np.datetime64]:
    """Return the first days of months given as ``YYYY-MM``."""
    return np.array(months, dtype="datetime64[M]").astype("datetime64[D]")


def _frame(view: pa.Table) -> pd.DataFrame:
    table: pd.DataFrame = view.drop_columns(["scenario", "point"]).to_pandas(date_as_object=False)
    return table


def _category(codes: NDArray[Any], names: Sequence[str]) -> pa.DictionaryArray:
    """Return names by their positions; -1 for none."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int16), mask=codes < 0), pa.array(names, pa.string())
    )


def _texts(texts: Sequence[str], copies: int = 1) -> pa.DictionaryArray:
    names = list(dict.fromkeys(texts))
    return _category(np.tile(np.array([names.index(text) for text in texts], np.int16), copies), names)
