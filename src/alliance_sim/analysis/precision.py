"""How far chance in the sample reaches into a number that is reported, and how many draws would be enough.

The Monte Carlo error of a number is its standard error over draws. It is small when it is at most a tenth of what is
read from the number: of a difference, the difference itself; of a mean, half of what its draws spread over (a tenth of
the standard deviation is that of the mean of 100 draws; `run` asks for a twentieth, 400 draws, because shares are read
in points). Errors shrink with the root of the number of draws.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

__all__ = ["SMALL", "crossed_error", "draws_needed"]

#: The part of a difference that its Monte Carlo error may be without being named: one digit stands.
SMALL = 0.1


def draws_needed(error: ArrayLike, draws: int, wanted: ArrayLike) -> int:
    """Return how many draws bring every error down to what is wanted.

    Parameters
    ----------
    error : array_like
        Monte Carlo errors with `draws` draws.
    draws : int
    wanted : array_like
        What they should be at most, more than zero where the error is.

    Returns
    -------
    int
        At least `draws`, with two digits, rounded up; `draws` itself where it is enough already.
    """
    errors, most = np.abs(np.asarray(error, dtype=np.float64)), np.abs(np.asarray(wanted, dtype=np.float64))
    factor = np.divide(errors, most, out=np.ones_like(errors), where=errors > most)
    needed = draws * float(np.max(factor, initial=1.0)) ** 2
    if needed <= draws:
        return draws
    unit: int = 10 ** max(0, math.floor(math.log10(needed)) - 1)
    return math.ceil(needed / unit) * unit


def crossed_error(values: pd.DataFrame) -> float:
    """Return the standard error of the mean of points crossed with draws, all points sharing the draws.

    Runs of one point have their parameters in common, runs of one draw their chance, so neither count by themselves:
    the variance of the mean is that of points, over their number, and that of draws, over theirs (a two-way layout
    with random effects; Searle, Casella and McCulloch 1992, Variance components).

    Parameters
    ----------
    values : DataFrame
        One row a point, one column a draw.

    Returns
    -------
    float
        NaN for a single draw, whose part cannot be told, and for a single point that has no other to differ from
        only the part of the draws.
    """
    table = values.to_numpy()
    points, draws = table.shape
    if draws < 2:
        return math.nan
    of_draws = table.mean(axis=0).var(ddof=1) / draws
    if points < 2:
        return math.sqrt(of_draws)
    of_points = table.mean(axis=1).var(ddof=1) / points
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    both = (rest**2).sum() / ((points - 1) * (draws - 1)) / (points * draws)
    return math.sqrt(max(of_points + of_draws - both, 0.0))
