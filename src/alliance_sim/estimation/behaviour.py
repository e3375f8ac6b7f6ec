"""The fit of behaviour: parameters and actors given the record and spending, on the simulator itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alliance_sim.calibration.posterior import Rows
from alliance_sim.compile import Block
from alliance_sim.core.structures import RecordedOutput
from alliance_sim.estimation.history import History, Likelihood, likelihood
from alliance_sim.estimation.sampler import Particles, Stage, sample
from alliance_sim.estimation.unknowns import NUISANCE, Unknowns
from alliance_sim.simulation import in_chunks

__all__ = ["Simulator", "fit"]

Floats = NDArray[np.float64]

#: Sets of unknowns of a task.
_CHUNK = 8


@dataclass(frozen=True)
class Simulator:
    """Estimates of the likelihood by runs.

    Attributes
    ----------
    seen : History
    unknowns : Unknowns
    paths : int
        Runs of each set of unknowns.
    seed : int
    """

    seen: History
    unknowns: Unknowns
    paths: int
    seed: int

    def run(self, row: Rows, noise: int) -> Block:
        """Run a set of unknowns along all paths: allies in each month are kept, outcomes of the last alone."""
        program = self.seen.program
        draw = noise * self.paths
        block = program.block(
            self.seed, draw, draw + self.paths, "final", rows=row.take(np.zeros(self.paths, dtype=np.int64))
        )
        allies = np.zeros((self.paths, len(program.months), *block.output.allies.shape[2:]))
        block = replace(block, output=RecordedOutput(block.output.outcomes, allies, block.output.positions))
        program.run(block, self.seed)
        return block

    def likelihood(self, z: Floats, noise: NDArray[np.int64]) -> Likelihood:
        """Return the likelihood of sets of unknowns (D, dimension), with random numbers of some names (D,)."""
        items, spending = np.empty((len(z), len(self.seen.items))), np.empty(len(z))
        rows = self.unknowns.rows(z)
        nuisance = {name: self.unknowns.nuisance(z, name) for name in NUISANCE}

        def work(begin: int, end: int) -> int:
            for d in range(begin, end):
                block = self.run(rows.take(np.array([d])), int(noise[d]))
                mine = {name: values[d : d + 1] for name, values in nuisance.items()}
                found = likelihood(self.seen, block, self.seed, mine, self.paths)
                items[d], spending[d] = found.items[0], found.spending[0]
            return end - begin

        for _ in in_chunks(work, len(z), _CHUNK):
            pass
        return Likelihood(items, spending)

    def __call__(self, z: Floats, noise: NDArray[np.int64]) -> Floats:
        """Return the logarithm of the likelihood (D,)."""
        return self.likelihood(z, noise).total


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
    begun = _read(kept) if kept and kept.exists() else None

    def store(state: Particles) -> None:
        if kept:
            _write(kept, state)
        if after_stage:
            after_stage(state.stages[-1])

    return sample(simulator, simulator.unknowns.dimension, particles, seed, power, begun, store)


def _write(path: Path, state: Particles) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        unknowns=state.unknowns,
        noise=state.noise,
        log_likelihood=state.log_likelihood,
        state=[state.named, state.power, *state.steps],
        stages=[astuple(stage) for stage in state.stages],
    )
    part.replace(path)


def _read(path: Path) -> Particles:
    with np.load(path) as found:
        named, power, *steps = map(float, found["state"])
        stages = [Stage(*map(float, row)) for row in found["stages"]]
        return Particles(found["unknowns"], found["noise"], found["log_likelihood"], int(named), power, steps, stages)
