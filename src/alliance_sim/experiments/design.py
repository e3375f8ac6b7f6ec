"""Designs: points on the unit cube, and the quantiles of the uncertainties there.

scipy.stats takes long to load, so each function that needs it imports it: reading points does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alliance_sim.errors import InputError
from alliance_sim.experiments.schema import Design, Experiment
from alliance_sim.registry.distributions import Prior

__all__ = ["LEVELS", "Points", "problem", "sample"]

#: Levels of a trajectory; a step moves by half of them: Morris (1991) with p = 4.
LEVELS = 4


@dataclass(frozen=True)
class Points:
    """The points of a design.

    Attributes
    ----------
    names : tuple of str
        The uncertainties (U), by name of the registry.
    values : array (P, U)
        One row a point; without uncertainties there is one point.

    Examples
    --------
    >>> Points(("reset_flow",), np.array([[0.01], [0.02]])).values.shape
    (2, 1)
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]


def points(experiment: Experiment) -> Points:
    """Return the points of an experiment's design; they depend on the experiment alone, its seed included."""
    return sample(experiment.design, experiment.priors(), experiment.seed)


def sample(design: Design, priors: Mapping[str, Prior], seed: int) -> Points:
    """Lay out points over distributions.

    Parameters
    ----------
    design : Design
    priors : mapping
        Distributions by name (U).
    seed : int

    Raises
    ------
    InputError
        If the design needs SALib, and it is not installed.

    Examples
    --------
    >>> from alliance_sim.registry.distributions import uniform
    >>> sample(Design(method="grid", points=2), {"reset_flow": uniform(0.0, 0.08)}, seed=0).values.tolist()
    [[0.02], [0.06]]
    """
    cube = _unit_cube(design, tuple(priors), np.random.default_rng(seed))
    columns = [quantiles(prior, cube[:, i]) for i, prior in enumerate(priors.values())]
    return Points(tuple(priors), np.column_stack(columns) if columns else np.empty((1, 0)))


def problem(names: tuple[str, ...]) -> dict[str, Any]:
    """Return SALib's description of the unit cube over `names`.

    Examples
    --------
    >>> problem(("x", "y"))["bounds"]
    [[0.0, 1.0], [0.0, 1.0]]
    """
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _unit_cube(design: Design, names: tuple[str, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return probabilities (P, U)."""
    from scipy.stats import qmc

    count = len(names)
    cube: NDArray[np.float64]
    if not count:
        cube = np.empty((1, 0))
    elif design.method == "lhs":
        cube = qmc.LatinHypercube(count, rng=rng).random(design.points)
    elif design.method == "sobol":
        cube = qmc.Sobol(count, rng=rng).random(design.points)
    elif design.method == "grid":
        levels = _medians(np.arange(design.points), design.points)
        cube = np.stack(np.meshgrid(*[levels] * count, indexing="ij"), -1).reshape(-1, count)
    else:
        try:
            from SALib.sample import morris, sobol
        except ModuleNotFoundError:
            raise InputError(
                f"the design {design.method} needs SALib; install it with: pip install 'alliance_sim[analysis]'"
            ) from None
        if design.method == "morris":
            trajectories = morris.sample(problem(names), design.points, num_levels=LEVELS, seed=rng)
            cube = _medians(np.rint(trajectories * (LEVELS - 1)), LEVELS)
        else:
            cube = sobol.sample(problem(names), design.points, calc_second_order=False, seed=rng)
    return cube


def _medians(level: NDArray[Any], levels: int) -> NDArray[np.float64]:
    """Return the medians of equally likely strata; unlike the ends of a distribution they are never extreme."""
    medians: NDArray[np.float64] = (level + 0.5) / levels
    return medians


def quantiles(prior: Prior, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of a distribution truncated to its range, for shares in [0, 1]."""
    from scipy import stats

    low, high = prior.low, prior.high
    values: NDArray[np.float64]
    match prior.kind:
        case "fixed":
            values = np.full(share.shape, prior.a)
        case "uniform":
            values = low + (high - low) * share
        case "triangular":
            values = stats.triang.ppf(share, (prior.a - low) / (high - low), low, high - low)
        case "normal":
            values = _truncated_normal(prior.a, prior.b, low, high, share)
        case "lognormal":
            with np.errstate(divide="ignore"):
                values = np.exp(_truncated_normal(prior.a, prior.b, np.log(low), np.log(high), share))
    return values.clip(low, high)


def _truncated_normal(
    mean: float, sd: float, low: float, high: float, share: NDArray[np.float64]
) -> NDArray[np.float64]:
    from scipy import stats

    if high - low < 1e-6 * sd:  # the density is flat there, and truncnorm fails on so short an interval
        return low + (high - low) * share
    values: NDArray[np.float64] = stats.truncnorm.ppf(share, (low - mean) / sd, (high - mean) / sd, mean, sd)
    return values
