"""The fit of behaviour: parameters and actors given the record and spending, on the simulator itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile import Block
from alliance_sim.core.structures import RecordedOutput
from alliance_sim.estimation.history import History, Likelihood, likelihood
from alliance_sim.estimation.sampler import Particles, Stage, sample
from alliance_sim.estimation.unknowns import Unknowns
from alliance_sim.simulation import in_chunks

__all__ = ["Simulator", "fit"]

Floats = NDArray[np.float64]

#: Sets of unknowns of a task.
_CHUNK = 16


@dataclass
class Simulator:
    """Estimates of the likelihood by runs, each with random numbers of its own.

    Attributes
    ----------
    seen : History
    unknowns : Unknowns
    paths : int
        Runs of each set of unknowns.
    seed : int
    draw : int
        First draw that was not used yet.
    """

    seen: History
    unknowns: Unknowns
    paths: int
    seed: int
    draw: int = 0

    def block(self, z: Floats, draw0: int) -> Block:
        """Return runs of sets of unknowns, `paths` of each: allies in each month, outcomes of the last alone."""
        program = self.seen.program
        rows = self.unknowns.rows(z)
        rows = rows.take(np.repeat(np.arange(len(z)), self.paths))
        block = program.block(self.seed, draw0, draw0 + len(rows), "final", rows=rows)
        allies = np.zeros((len(rows), len(program.months), *block.output.allies.shape[2:]))
        block = replace(block, output=RecordedOutput(block.output.outcomes, allies, block.output.positions))
        program.run(block, self.seed)
        return block

    def likelihood(self, z: Floats) -> Likelihood:
        """Return the likelihood of sets of unknowns (D, dimension)."""
        first = self.draw
        self.draw += self.paths * len(z)
        items, spending = np.empty((len(z), len(self.seen.items))), np.empty(len(z))

        def work(begin: int, end: int) -> int:
            part = z[begin:end]
            block = self.block(part, first + self.paths * begin)
            found = likelihood(self.seen, block, self.seed, lambda name: self.unknowns.nuisance(part, name), self.paths)
            items[begin:end], spending[begin:end] = found.items, found.spending
            return end - begin

        for _ in in_chunks(work, len(z), _CHUNK):
            pass
        return Likelihood(items, spending)

    def __call__(self, z: Floats) -> Floats:
        """Return the logarithm of the likelihood (D,)."""
        return self.likelihood(z).total


def fit(
    simulator: Simulator,
    particles: int,
    seed: int,
    power: float = 1.0,
    folder: Path | None = None,
    after_stage: Callable[[Stage], None] | None = None,
) -> Particles:
    """Sample unknowns from their posterior; with a folder, stages are kept in it and a fit that stopped goes on.

    Parameters
    ----------
    simulator : Simulator
    particles, seed : int
    power : float
        Of the likelihood.
    folder : Path, optional
    after_stage : callable, optional
    """
    kept = folder / "particles.npz" if folder else None
    begun = None
    if kept and kept.exists():
        begun, simulator.draw = _read(kept)

    def store(state: Particles) -> None:
        if kept:
            _write(kept, state, simulator.draw)
        if after_stage:
            after_stage(state.stages[-1])

    return sample(simulator, simulator.unknowns.dimension, particles, seed, power, begun, store)


def _write(path: Path, state: Particles, draw: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        unknowns=state.unknowns,
        log_likelihood=state.log_likelihood,
        state=[state.power, state.step, draw],
        stages=[[stage.power, stage.effective, stage.accepted, stage.step, stage.mean] for stage in state.stages],
    )
    part.replace(path)


def _read(path: Path) -> tuple[Particles, int]:
    with np.load(path) as found:
        power, step, draw = found["state"]
        stages = [Stage(*map(float, row)) for row in found["stages"]]
        return Particles(found["unknowns"], found["log_likelihood"], float(power), float(step), stages), int(draw)
