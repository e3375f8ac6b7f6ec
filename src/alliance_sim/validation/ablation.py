"""What each mechanism and each parameter moves, in every bundled scenario, with common random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_sim import checks
from alliance_sim.analysis.sensitivity import switched_off
from alliance_sim.compile import CompiledScenario, compile_scenario
from alliance_sim.core.structures import DecisionRecords
from alliance_sim.experiments.design import quantiles
from alliance_sim.pool import in_chunks
from alliance_sim.registry.forums import Decision
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS, STRENGTHS
from alliance_sim.results.summaries import decided
from alliance_sim.scenarios import ScenarioSource, list_scenarios, load_scenario

__all__ = ["FLIPS", "MOVED", "Effect", "ablation", "inert", "ranges"]

#: A mechanism or parameter moves nothing if it moves no outcome by more standard deviations than this, and changes the
#: class of fewer items than that share.
MOVED, FLIPS = 0.02, 0.001
#: Outcomes named in a row: those that move most.
NAMED = 3
#: Quantiles of a prior between which a parameter is varied.
ENDS = (0.05, 0.95)
#: Months over which outcomes are averaged: the last of the scenario.
_MONTHS = 12

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Effect:
    """What a mechanism or a parameter moves in a scenario.

    Attributes
    ----------
    name : str
        The strength set to zero, or the parameter moved between the ends of its prior.
    scenario : str
    flips : float
        Share of the outcomes of items, over draws, whose class (adopted, diluted, failed) changes; 0 without items.
    outcomes : tuple of pairs
        The outcomes that move most, and the mean paired change of each over the last 12 months, in standard deviations
        over the draws of the base.
    spread : float
        The largest root mean square of these paired changes over all outcomes: it shows noise, which moves no mean.

    Examples
    --------
    >>> effect = Effect("susceptibility", "baseline_2025", 0.02, (("cohesion", -0.3),), 0.5)
    >>> effect.largest, effect.moves
    (0.3, True)
    >>> effect.json()["outcomes"]
    {'cohesion': -0.3}
    """

    name: str
    scenario: str
    flips: float
    outcomes: tuple[tuple[str, float], ...]
    spread: float

    @property
    def largest(self) -> float:
        """Largest change of an outcome, without its sign."""
        return max((abs(change) for _, change in self.outcomes), default=0.0)

    @property
    def moves(self) -> bool:
        """Whether it moves an outcome or a decision at all."""
        return self.largest >= MOVED or self.flips >= FLIPS

    def json(self) -> dict[str, object]:
        """Return the fields, and whether it moves anything; None for an infinite change."""
        outcomes = {name: _finite(change) for name, change in self.outcomes}
        return {**asdict(self), "outcomes": outcomes, "spread": _finite(self.spread), "moves": self.moves}


def inert(effects: Iterable[Effect]) -> list[str]:
    """Return the names that move nothing in any scenario, in the order they come.

    Examples
    --------
    >>> inert([Effect("a", "x", 0.0, (), 0.0), Effect("b", "x", 0.5, (), 0.0), Effect("b", "y", 0.0, (), 0.0)])
    ['a']
    """
    moving: dict[str, bool] = {}
    for effect in effects:
        moving[effect.name] = moving.get(effect.name, False) or effect.moves
    return [name for name, moves in moving.items() if not moves]


def ablation(
    draws: int = 200,
    seed: int = 1,
    scenarios: Sequence[ScenarioSource] = (),
    names: Sequence[str] = STRENGTHS,
    progress: Progress | None = None,
) -> list[Effect]:
    """Set each strength to zero in each scenario, with the same draws.

    Parameters
    ----------
    draws, seed : int
    scenarios : sequence
        Default: all bundled ones.
    names : sequence of str
        Strengths of the registry.
    progress : callable, optional
        Called with the number of runs done, and of all runs.

    Examples
    --------
    >>> found = ablation(draws=2, scenarios=["baseline_2018"], names=["susceptibility"])
    >>> found[0].name, found[0].scenario
    ('susceptibility', 'baseline_2018')
    """
    draws, seed = checks.draws_and_seed(draws, seed)
    what_ifs = [load_scenario(scenario) for scenario in scenarios or list_scenarios()]
    count = _Count((1 + len(names)) * draws * len(what_ifs), progress)
    found: list[Effect] = []
    for what_if in what_ifs:
        base = _run(compile_scenario(what_if), draws, seed, count)
        for name in names:
            without = _run(compile_scenario(switched_off(what_if, name)), draws, seed, count)
            found.append(_effect(name, what_if.name, without, base, base))
    return found


def ranges(
    draws: int = 200,
    seed: int = 1,
    scenarios: Sequence[ScenarioSource] = (),
    names: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Effect]:
    """Move each scalar parameter from the 5 % to the 95 % quantile of its prior in each scenario, others drawn.

    Parameters
    ----------
    draws, seed : int
    scenarios : sequence
        Default: all bundled ones.
    names : sequence of str
        Parameters of the registry without an index. Default: all. One that is fixed in a scenario has no row there.
    progress : callable, optional
        Called with the number of runs done, and of all runs.

    Examples
    --------
    >>> found = ranges(draws=2, scenarios=["baseline_2018"], names=["pledge", "concession_step"])
    >>> [effect.name for effect in found]  # the other one is fixed
    ['pledge']
    """
    draws, seed = checks.draws_and_seed(draws, seed)
    what_ifs = [load_scenario(scenario) for scenario in scenarios or list_scenarios()]
    scalars = names or [name for name, parameter in PARAMETERS.items() if not parameter.per_ally]
    count = _Count((1 + 2 * len(scalars)) * draws * len(what_ifs), progress)
    found: list[Effect] = []
    for what_if in what_ifs:
        program, given = compile_scenario(what_if), what_if.priors()
        base = _run(program, draws, seed, count)
        for name in scalars:
            low, high = quantiles(given.get(name, PARAMETERS[name].prior(what_if.era)), np.array(ENDS))
            if low == high:
                count.add(2 * draws)
                continue
            one, two = (_run(program, draws, seed, count, {name: np.array([value])}) for value in (low, high))
            found.append(_effect(name, what_if.name, two, one, base))
    return found


@dataclass
class _Count:
    """Runs done, of all runs."""

    total: int
    progress: Progress | None
    done: int = 0

    def add(self, runs: int) -> None:
        self.done += runs
        if self.progress:
            self.progress(self.done, self.total)


@dataclass(frozen=True)
class _Result:
    """The mean of each outcome over the last months (D, outcomes), and how items end (D, items)."""

    outcomes: NDArray[np.float64]
    classes: NDArray[np.int8]


def _run(
    program: CompiledScenario,
    draws: int,
    seed: int,
    count: _Count,
    point: dict[str, NDArray[np.float64]] | None = None,
) -> _Result:
    outcomes = np.empty((draws, len(OUTCOMES)))
    ended = np.empty((draws, program.items), np.int8)

    def work(draw0: int, draw1: int) -> int:
        block = program.block(seed, draw0, draw1, "monthly", point)
        program.run(block, seed)
        outcomes[draw0:draw1] = block.output.outcomes[:, -_MONTHS:].mean(axis=1)
        ended[draw0:draw1] = _classes(block.records)
        return draw1 - draw0

    program.run(program.block(seed, 0, 0, "monthly"), seed)  # compiles in this thread, which can be interrupted
    for done in in_chunks(work, draws, 64):
        count.add(done)
    return _Result(outcomes, ended)


def _classes(records: DecisionRecords) -> NDArray[np.int8]:
    """Return adopted, diluted or failed, as 2, 1 and 0."""
    code = decided(records)
    found: NDArray[np.int8] = (2 * (code == Decision.ADOPTED) + (code == Decision.DILUTED)).astype(np.int8)
    return found


def _effect(name: str, scenario: str, other: _Result, one: _Result, base: _Result) -> Effect:
    """Return the change from `one` to `other`, in standard deviations of `base`."""
    change = other.outcomes - one.outcomes
    deviation = _deviation(base.outcomes)
    # An outcome may be the same in all draws of the base, such as a count that stays zero.
    deviation = np.where(deviation > 0.0, deviation, _deviation(other.outcomes))
    mean = _ratio(change.mean(axis=0), deviation)
    spread = _ratio(np.sqrt((change**2).mean(axis=0)), deviation)
    order = np.argsort(-np.abs(mean), kind="stable")[:NAMED]
    names = list(OUTCOMES)
    outcomes = tuple((names[o], float(mean[o])) for o in order if mean[o])
    flips = float((other.classes != one.classes).mean()) if other.classes.size else 0.0
    return Effect(name, scenario, flips, outcomes, float(spread.max()))


def _deviation(outcomes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard deviations over draws; zero for an outcome that differs by roundings only."""
    found = outcomes.std(axis=0)
    rounding = 1e-12 * np.maximum(1.0, np.abs(outcomes).max(axis=0))
    return np.where(found > rounding, found, 0.0)


def _ratio(change: NDArray[np.float64], deviation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return changes over deviations; where there is no deviation, infinite for any change but roundings."""
    found = np.where(np.abs(change) > 1e-12, np.copysign(math.inf, change), 0.0)
    np.divide(change, deviation, out=found, where=deviation > 0.0)
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
