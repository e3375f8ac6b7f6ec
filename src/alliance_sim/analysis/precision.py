"""Monte Carlo error of reported numbers, and how many draws would be enough.

The Monte Carlo error of a number is its standard error over draws. It is small when it is at most a tenth of the size
that matters: for a difference, the difference itself; for a mean, the standard deviation between draws (which takes 100
draws; the command `run` requires a twentieth, 400 draws, because shares are read in percentage points). Errors shrink
with the square root of the number of draws.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

__all__ = ["SMALL", "crossed_error", "draws_needed"]

#: Largest Monte Carlo error, as a share of a difference, that is not reported: the first digit is reliable.
SMALL = 0.1


def draws_needed(error: ArrayLike, draws: int, wanted: ArrayLike) -> int:
    """Return the number of draws with which every error would be at most as large as wanted.

    Parameters
    ----------
    error : array_like
        Monte Carlo errors with `draws` draws.
    draws : int
    wanted : array_like
        Their largest acceptable values, more than zero where the error is.

    Returns
    -------
    int
        At least `draws`, rounded up to two digits; `draws` itself where it is enough.

    Examples
    --------
    >>> draws_needed([0.02], 100, [0.01])
    400
    """
    errors, most = np.abs(np.asarray(error, dtype=np.float64)), np.abs(np.asarray(wanted, dtype=np.float64))
    factor = np.divide(errors, most, out=np.ones_like(errors), where=errors > most)
    needed = draws * float(np.max(factor, initial=1.0)) ** 2
    if needed <= draws:
        return draws
    unit: int = 10 ** max(0, math.floor(math.log10(needed)) - 1)
    return math.ceil(needed / unit) * unit


def crossed_error(values: pd.DataFrame) -> float:
    """Return the standard error of the mean of points crossed with draws, all points having the same draws.

    Runs of one point have their parameters in common, and runs of one draw their random numbers, so they are not
    independent: the variance of the mean is the variance between points over their number plus the variance between
    draws over theirs (a two-way layout with random effects; Searle, Casella and McCulloch 1992, Variance components).

    Parameters
    ----------
    values : DataFrame
        One row a point, one column a draw.

    Returns
    -------
    float
        NaN for a single draw, since the variance between draws is not known; for a single point only the part of the
        draws.

    Examples
    --------
    >>> import pandas as pd
    >>> round(crossed_error(pd.DataFrame([[0.0, 1.0], [2.0, 3.0]])), 2)
    1.12
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
