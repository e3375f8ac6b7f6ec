"""Runs of the history that are held to the record, and what they expect of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alliance_sim.calibration.posterior import Rows
from alliance_sim.compile import SPIN_UP, Block
from alliance_sim.core.constants import SD_OUTPUT
from alliance_sim.core.rng import normal
from alliance_sim.core.structures import ALLY_VARIABLES, Channel, Clock, RecordedOutput
from alliance_sim.estimation.likelihood import Expected
from alliance_sim.estimation.unknowns import Unknowns
from alliance_sim.pool import in_chunks
from alliance_sim.validation.history import History

__all__ = ["Simulator"]

Floats = NDArray[np.float64]

#: Runs of a task.
_CHUNK = 64


@dataclass(frozen=True)
class Simulator:
    """The simulator, for the fit: from unknowns to what they expect of the record and of spending.

    Attributes
    ----------
    seen : History
    unknowns : Unknowns
    seed : int
        Of all random numbers of its runs.

    Examples
    --------
    >>> from alliance_sim.calibration.posterior import table_of
    >>> from alliance_sim.validation.history import history
    >>> simulator = Simulator(history(2014, 2015, repeats=2), Unknowns("2014", table_of("prior")), seed=1)
    >>> expected = simulator.expected(np.zeros((1, simulator.unknowns.dimension)), paths=4)
    >>> expected.spending.shape, bool((expected.objects <= 1.0).all())
    ((1, 1, 32), True)
    """

    seen: History
    unknowns: Unknowns
    seed: int

    @property
    def repeats(self) -> int:
        """Repetitions of the procedure at an item, in each run.

        Examples
        --------
        >>> from alliance_sim.calibration.posterior import table_of
        >>> from alliance_sim.validation.history import history
        >>> Simulator(history(2014, 2015, repeats=2), Unknowns("2014", table_of("prior")), seed=1).repeats
        2
        """
        return self.seen.program.calendar.clamp.repeats

    def expected(self, z: Floats, first_draw: int = 0, paths: int = 1) -> Expected[Floats]:
        """Run sets of unknowns (D, dimension), and average over the paths of each.

        Parameters
        ----------
        z : (D, dimension) array
        first_draw : int
            Name of the random numbers of the first path; others follow it.
        paths : int
            Runs of each set.
        """
        items, (years, allies) = len(self.seen.items), self.seen.spending.shape
        found = Expected(
            ended=np.empty((len(z), items, 3, 2)),
            objects=np.empty((len(z), items, allies)),
            spending=np.empty((len(z), years, allies)),
        )
        rows = self.unknowns.rows(z)
        sets = max(1, _CHUNK // paths)

        def work(begin: int, end: int) -> int:
            for d in range(begin, end, sets):
                last = min(d + sets, end)
                block = self._run(rows.take(np.repeat(np.arange(d, last), paths)), first_draw + d * paths)
                one = self._of_paths(block)
                for name in ("ended", "objects", "spending"):
                    values = getattr(one, name)
                    getattr(found, name)[d:last] = values.reshape(last - d, paths, *values.shape[1:]).mean(axis=1)
            return end - begin

        for _ in in_chunks(work, len(z), sets):
            pass
        return found

    def _run(self, rows: Rows, first_draw: int) -> Block:
        """Run rows, keeping allies in each month and outcomes of the last alone."""
        program, end = self.seen.program, first_draw + len(rows)
        block = program.block(self.seed, first_draw, end, "final", rows=rows)
        allies = np.zeros((len(rows), len(program.months), *block.output.allies.shape[2:]))
        block = replace(block, output=RecordedOutput(block.output.outcomes, allies, block.output.positions))
        program.run(block, self.seed)
        return block

    def _of_paths(self, block: Block) -> Expected[Floats]:
        at, chances = self.seen.column, block.chances
        hard = np.asarray(self.seen.refused.any(axis=1))[:, np.newaxis]
        return Expected(
            ended=chances.ended[:, at],
            objects=np.where(hard, chances.refused[:, at], chances.voiced[:, at]),
            spending=np.log(self._planned_spending(block)),
        )

    def _planned_spending(self, block: Block) -> Floats:
        """Return spending in December of each year without the surprise of output, a part of its errors (D, Y, N)."""
        months = [self.seen.program.months.index(f"{year}-12") for year in self.seen.years]
        spending = block.output.allies[:, months, ALLY_VARIABLES.index("spending")]
        surprise = np.array(
            [
                [normal(Clock(np.uint64(self.seed), draw, SPIN_UP + t - 11), Channel.OUTPUT, 0) for t in months]
                for draw in range(block.draw0, block.draw1)
            ]
        )
        planned: Floats = np.maximum(spending, 0.01) / (1.0 - SD_OUTPUT * surprise[..., np.newaxis])
        return planned
