"""Checks of the fit of behaviour on the simulator itself: weights, coverage on synthetic histories, predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import genpareto

from alliance_sim.estimation.behaviour import Simulator, fit
from alliance_sim.estimation.sampler import effective
from alliance_sim.estimation.synthetic import synthetic_history

__all__ = ["Coverage", "Importance", "coverage", "importance", "pareto_shape"]

Floats = NDArray[np.float64]

#: An unknown is taken into the proposal if its mean or its spread moved by this much, in prior standard deviations.
_MOVED = 0.25
#: The proposal is wider than the particles, so that weights stay bounded.
_WIDER = 1.15


def pareto_shape(log_weights: Floats) -> float:
    """Return the shape k of a generalised Pareto distribution fitted to the largest weights.

    Below 0.7 estimates by these weights can be trusted (Vehtari, Simpson, Gelman, Yao and Gabry 2024, Pareto smoothed
    importance sampling, Journal of Machine Learning Research 25).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> round(pareto_shape(0.5 * rng.standard_exponential(4000)), 1)  # weights with tail 1 / w**2
    0.5
    """
    w = np.sort(np.exp(log_weights - log_weights.max()))
    tail = int(min(0.2 * len(w), 3.0 * np.sqrt(len(w))))
    excess = w[-tail:] - w[-tail - 1]
    shape, _, _ = genpareto.fit(excess[excess > 0], floc=0.0)
    return float((shape * tail + 5.0) / (tail + 10.0))  # the prior of the article: as if ten more had k = 0.5


@dataclass(frozen=True)
class Importance:
    """Importance sampling on the simulator from a normal fitted to particles: unknowns, log weights, k and worth."""

    unknowns: Floats
    log_weights: Floats
    shape: float
    effective: float


def importance(simulator: Simulator, particles: Floats, power: float, draws: int, seed: int) -> Importance:
    """Draw unknowns from a normal fitted to particles, run them, and weigh them by prior times likelihood.

    Unknowns that the data did not move are drawn from their prior. The weights tell whether the particles are where the
    simulator, with random numbers of its own, says that the posterior is.
    """
    rng = np.random.default_rng([seed, 1])
    mean, sd = particles.mean(axis=0), particles.std(axis=0)
    moved = (np.abs(mean) > _MOVED) | (sd < 1.0 - _MOVED)
    centre, factor = mean[moved], _WIDER * np.linalg.cholesky(np.atleast_2d(np.cov(particles[:, moved].T)))
    z = rng.standard_normal((draws, particles.shape[1]))
    own = z[:, moved].copy()
    z[:, moved] = centre + own @ factor.T
    log_prior = -0.5 * (z[:, moved] ** 2).sum(axis=1)
    log_proposal = -0.5 * (own**2).sum(axis=1) - np.log(np.diag(factor)).sum()
    weights = power * simulator(z, np.arange(draws)) + log_prior - log_proposal
    return Importance(z, weights, pareto_shape(weights), effective(weights))


@dataclass(frozen=True)
class Coverage:
    """Shares of the particles below the truth (histories, unknowns)."""

    below: Floats
    names: tuple[str, ...]

    def share(self, level: float, informed: NDArray[np.bool_] | None = None) -> float:
        """Return how often central intervals of a level contain the truth, over some unknowns."""
        inside = np.abs(self.below - 0.5) <= 0.5 * level
        return float(inside[:, slice(None) if informed is None else informed].mean())


def coverage(simulator: Simulator, truths: Floats, particles: int, power: float, seed: int) -> Coverage:
    """Fit synthetic histories of known unknowns (histories, dimension); return where the truth lies among particles."""
    below = np.empty_like(truths)
    for i, truth in enumerate(truths):
        seen = synthetic_history(simulator.unknowns, truth, simulator.seen, seed + i)
        again = Simulator(seen, simulator.unknowns, simulator.paths, simulator.seed + 1 + i)
        found = fit(again, particles, seed + i, power).unknowns
        below[i] = (found < truth).mean(axis=0)
    return Coverage(below, simulator.unknowns.names)
