"""Social influence: who listens to whom, and what one round of listening does.

The month kernel and `alliance_sim.dynamics` call the same two functions. DeGroot (susceptibility 1),
Friedkin-Johnsen (infinite `eps`) and Hegselmann-Krause (power 0, susceptibility 1) are special cases.
"""

import math

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.jit import njit

# Distances up to eps * (1 + this) count as inside a uniform kernel, so that ties do not hang on rounding.
TIE_TOLERANCE = 1e-9

Array = NDArray[np.float64]


@njit
def confidence_weights(
    out: Array, positions: Array, base: Array, salience: Array, eps: float, power: float, scratch: Array
) -> None:
    """Row-stochastic influence weights under bounded confidence.

    `out[i, j]` is proportional to `base[i, j] * max(0, 1 - d2 / eps**2)**power`, where d2 is the
    salience-weighted mean over issues of the squared distance between the positions of i and j. Power 0 is
    the uniform kernel of Hegselmann and Krause (2002): 1 up to and including `eps`, with a relative tolerance
    of `TIE_TOLERANCE`, else 0. With infinite `eps` the weights are `base`, normalised. An actor left without
    anybody to listen to listens to itself.

    Parameters
    ----------
    out : (N, N) array
        Overwritten; row i holds the weights with which i listens.
    positions : (N, K) array
    base : (N, N) array, >= 0
        Weights before bounded confidence; its diagonal is the weight on oneself.
    salience : (K,) array, >= 0, with a positive sum
    eps : float, > 0 (>= 0 with power 0)
        Confidence bound, in units of positions; may be infinite.
    power : float, >= 0
    scratch : (K, N) array
        Overwritten.
    """
    n, issues = positions.shape
    # Issue-major, so that the innermost loops run over contiguous actors.
    scaled = scratch
    total = salience.sum()
    for k in range(issues):
        root = math.sqrt(salience[k] / total)
        for j in range(n):
            scaled[k, j] = root * positions[j, k]
    bound2 = eps * eps
    inside2 = bound2 * (1.0 + TIE_TOLERANCE) ** 2
    for i in range(n):
        row = out[i]
        row[:] = 0.0
        # Four issues at a time, so that a row is read and written less often than it is added to.
        k = 0
        while k + 3 < issues:
            own0, own1, own2, own3 = scaled[k, i], scaled[k + 1, i], scaled[k + 2, i], scaled[k + 3, i]
            for j in range(n):
                d0, d1 = scaled[k, j] - own0, scaled[k + 1, j] - own1
                d2, d3 = scaled[k + 2, j] - own2, scaled[k + 3, j] - own3
                row[j] += d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3
            k += 4
        while k < issues:
            own0 = scaled[k, i]
            for j in range(n):
                d0 = scaled[k, j] - own0
                row[j] += d0 * d0
            k += 1
        heard = 0.0
        if power == 2.0:
            for j in range(n):
                near = 1.0 - row[j] / bound2
                near = near if near > 0.0 else 0.0
                row[j] = base[i, j] * near * near
                heard += row[j]
        elif power == 0.0:
            for j in range(n):
                row[j] = base[i, j] if row[j] <= inside2 else 0.0
                heard += row[j]
        else:
            for j in range(n):
                row[j] = base[i, j] * max(0.0, 1.0 - row[j] / bound2) ** power
                heard += row[j]
        if heard > 0.0:
            for j in range(n):
                row[j] /= heard
        else:
            row[i] = 1.0


@njit
def influence_step(
    out: Array,
    anchor: Array,
    current: Array,
    weights: Array,
    susceptibility: Array,
    coupling: Array,
    scratch: Array,
) -> None:
    """One step of the multi-issue Friedkin-Johnsen model.

    `out[i] = (1 - s[i]) * anchor[i] + s[i] * sum_j weights[i, j] * (coupling @ current[j])`: Friedkin and
    Johnsen (1999); several coupled issues, Parsegov et al. (2017), arXiv:1505.04920. Susceptibility 0 returns
    the anchor, the identity coupling changes nothing, and agreement among those an actor listens to is kept,
    all exactly.

    Parameters
    ----------
    out : (N, K) array
        Overwritten; may be `current` or `anchor`.
    anchor, current : (N, K) arrays
    weights : (N, N) array, row-stochastic
    susceptibility : (N,) array in [0, 1]
    coupling : (K, K) array
        Logic matrix: row k says how opinions on all issues make the opinion on issue k.
    scratch : (K, N) array
        Overwritten.
    """
    n, issues = current.shape
    # Issue-major, so that the innermost loops run over contiguous actors.
    coupled = scratch
    for k in range(issues):
        coupled[k, :] = 0.0
        for source in range(issues):
            factor = coupling[k, source]
            if factor != 0.0:
                for j in range(n):
                    coupled[k, j] += factor * current[j, source]
    for i in range(n):
        row = weights[i]
        s = susceptibility[i]
        first = 0
        while first < n - 1 and row[first] == 0.0:
            first += 1
        for k in range(issues):
            # Averaging distances from the first voice heard keeps agreement to the last bit, and gives those
            # with the same audience the same bits: Hegselmann-Krause clusters merge and freeze exactly.
            voice = coupled[k, first]
            mean = 0.0
            for j in range(n):
                mean += row[j] * (coupled[k, j] - voice)
            mean += voice
            # The compiler rewrites the mixture as anchor + s * (mean - anchor), which is inexact at s = 1.
            out[i, k] = mean if s == 1.0 else (1.0 - s) * anchor[i, k] + s * mean
