"""Sequential Monte Carlo with the simulator's own likelihood, estimated by repetition.

Particles begin at the prior and pass to the posterior by tempering (Del Moral, Doucet and Jasra 2006,
doi:10.1111/j.1467-9868.2006.00553.x). They move by preconditioned Crank-Nicolson proposals (Cotter, Roberts, Stuart and
White 2013, doi:10.1214/13-STS421), which keep the prior whatever the dimension, so that the many unknowns of which the
data say nothing cost nothing. Each estimate of the likelihood is kept with its particle until a proposal is accepted
(pseudo-marginal, Andrieu and Roberts 2009, doi:10.1214/07-AOS574): its noise costs acceptance and does not bias. Most
moves keep the random numbers of the particle, so that noise cancels between the two estimates; some take others and
move nothing else (Deligiannidis, Doucet and Pitt 2018, doi:10.1111/rssb.12280).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Particles", "Stage", "effective", "sample"]

Floats = NDArray[np.float64]
#: From unknowns (D, dimension), standard normal in the prior, and names of random numbers (D,) to estimates of the log
#: likelihood (D,).
Estimate = Callable[[Floats, NDArray[np.int64]], Floats]

#: Share of the particles that the weights of a stage are worth, and rounds of a stage (judgement).
EFFECTIVE, ROUNDS = 0.6, 3
#: Moves of a round, by the share of the unknowns that each changes (judgement): the fewer, the further they can go.
MOVED = (0.5, 0.15, 0.05)
_WANTED = 0.25  # share of proposals accepted: about the best of random walks (Roberts and Rosenthal 2001)


@dataclass(frozen=True)
class Stage:
    """A stage of tempering: the power of the likelihood, and how it went.

    Attributes
    ----------
    power, effective : float
        Reached, and share of the particles that the weights were worth.
    accepted, renewed : float
        Shares of moves, and of other random numbers, that were accepted.
    step : float
        Of the last move of many unknowns.
    mean : float
        Of the log likelihood.
    """

    power: float
    effective: float
    accepted: float
    renewed: float
    step: float
    mean: float


@dataclass
class Particles:
    """D particles on their way.

    Attributes
    ----------
    unknowns : (D, dimension) array
    noise : (D,) int array
        Names of the random numbers that their likelihoods were estimated with.
    log_likelihood : (D,) array
    named : int
        Names given so far.
    power : float
        Of the likelihood.
    steps : list of float
        Of the next move of each share of the unknowns.
    stages : list of Stage
    """

    unknowns: Floats
    noise: NDArray[np.int64]
    log_likelihood: Floats
    named: int
    power: float = 0.0
    steps: list[float] = field(default_factory=lambda: [0.5] * len(MOVED))
    stages: list[Stage] = field(default_factory=list)


def effective(log_weights: Floats) -> float:
    """Return the share of draws that weights are worth: (sum w)^2 / (n * sum w^2).

    Examples
    --------
    >>> effective(np.log([1.0, 1.0, 2.0]))
    0.888...
    """
    w = np.exp(log_weights - log_weights.max())
    return float(w.sum() ** 2 / (w**2).sum() / len(w))


def _next_power(log_likelihood: Floats, power: float, target: float) -> float:
    """Return the power at which the weights are worth `EFFECTIVE`, at most the target."""
    if effective((target - power) * log_likelihood) >= EFFECTIVE:
        return target
    low, high = power, target
    for _ in range(60):
        middle = 0.5 * (low + high)
        if effective((middle - power) * log_likelihood) >= EFFECTIVE:
            low = middle
        else:
            high = middle
    return low


def _systematic(log_weights: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    w = np.exp(log_weights - log_weights.max())
    places = (rng.random() + np.arange(len(w))) / len(w)
    return np.searchsorted(np.cumsum(w) / w.sum(), places).clip(max=len(w) - 1)


def sample(
    estimate: Estimate,
    dimension: int,
    particles: int,
    seed: int,
    power: float = 1.0,
    begun: Particles | None = None,
    after_stage: Callable[[Particles], None] | None = None,
) -> Particles:
    """Sample from prior times likelihood to a power.

    Parameters
    ----------
    estimate : callable
        The same for the same names of random numbers, else with other noise.
    dimension, particles, seed : int
    power : float
        In (0, 1]; below 1 the posterior is tempered.
    begun : Particles, optional
        To go on from, such as those of an earlier call that was interrupted; stage s has its own random numbers.
    after_stage : callable, optional
        Called with the particles after each stage.

    Examples
    --------
    The mean of five numbers with known errors, and a second unknown of which they say nothing:

    >>> data = np.array([0.9, 1.1, 1.3, 0.7, 1.0])
    >>> found = sample(lambda z, _: -0.5 * ((data - z[:, :1]) ** 2).sum(axis=1) / 0.25, 2, 2000, seed=1)
    >>> abs(found.unknowns[:, 0].mean() - 5 / 0.25 / (1 + 5 / 0.25)) < 0.03, abs(found.unknowns[:, 1].std() - 1) < 0.1
    (True, True)
    """
    state = begun
    if state is None:
        unknowns = np.random.default_rng([seed, 0]).standard_normal((particles, dimension))
        noise = np.arange(particles)
        state = Particles(unknowns, noise, estimate(unknowns, noise), particles)
    while state.power < power:
        rng = np.random.default_rng([seed, len(state.stages) + 1])
        target = _next_power(state.log_likelihood, state.power, power)
        weights = (target - state.power) * state.log_likelihood
        worth = effective(weights)
        chosen = _systematic(weights, rng)
        state.unknowns, state.noise = state.unknowns[chosen], state.noise[chosen]
        state.log_likelihood, state.power = state.log_likelihood[chosen], target
        accepted, renewed = [], []
        for _ in range(ROUNDS if target < power else 3 * ROUNDS):
            renewed.append(_renew(state, estimate, rng))
            accepted += [_move(state, estimate, rng, kind) for kind in range(len(MOVED))]
        mean = float(state.log_likelihood.mean())
        state.stages.append(
            Stage(target, worth, float(np.mean(accepted)), float(np.mean(renewed)), state.steps[0], mean)
        )
        if after_stage:
            after_stage(state)
    return state


def _move(state: Particles, estimate: Estimate, rng: np.random.Generator, kind: int) -> float:
    """Move a share of each particle's unknowns; return the share accepted, by which the next step is set."""
    z, step = state.unknowns, state.steps[kind]
    moved = rng.random(z.shape) < MOVED[kind]
    proposed = np.where(moved, np.sqrt(1.0 - step**2) * z + step * rng.standard_normal(z.shape), z)
    rate = _accept(state, proposed, state.noise, estimate, rng)
    state.steps[kind] = float(np.clip(step * np.exp(0.5 * (rate - _WANTED) / _WANTED), 0.02, 0.95))
    return rate


def _renew(state: Particles, estimate: Estimate, rng: np.random.Generator) -> float:
    """Propose other random numbers for all particles; return the share accepted."""
    noise = state.named + np.arange(len(state.noise))
    state.named += len(noise)
    return _accept(state, state.unknowns, noise, estimate, rng)


def _accept(
    state: Particles, unknowns: Floats, noise: NDArray[np.int64], estimate: Estimate, rng: np.random.Generator
) -> float:
    log_likelihood = estimate(unknowns, noise)
    accepted = np.log(rng.random(len(noise))) < state.power * (log_likelihood - state.log_likelihood)
    state.unknowns = np.where(accepted[:, np.newaxis], unknowns, state.unknowns)
    state.noise = np.where(accepted, noise, state.noise)
    state.log_likelihood = np.where(accepted, log_likelihood, state.log_likelihood)
    return float(accepted.mean())
