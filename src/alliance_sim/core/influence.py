"""Social influence: who listens to whom, and what one round of listening does.

The month kernel and `alliance_sim.dynamics` call the same two functions. DeGroot (susceptibility 1),
Friedkin-Johnsen (infinite `eps`) and Hegselmann-Krause (power 0, susceptibility 1) are special cases.

Actors are the last index everywhere, and weights are kept by voice: `weights[j, i]` is the weight with which i hears j.
So innermost loops run over listeners side by side in memory, and never have to add up a row.
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
    """Influence weights under bounded confidence; those of one listener sum to one.

    `out[j, i]` is proportional to `base[j, i] * max(0, 1 - d2 / eps**2)**power`, where d2 is the
    salience-weighted mean over issues of the squared distance between the positions of i and j. Power 0 is
    the uniform kernel of Hegselmann and Krause (2002): 1 up to and including `eps`, with a relative tolerance
    of `TIE_TOLERANCE`, else 0. With infinite `eps` the weights are `base`, normalised. An actor left without
    anybody to listen to listens to itself.

    Parameters
    ----------
    out : (N, N) array
        Overwritten; column i holds the weights with which i listens.
    positions : (K, N) array
    base : (N, N) array, >= 0
        Weights before bounded confidence, column i those of i; its diagonal is the weight on oneself.
    salience : (K,) array, >= 0, with a positive sum
    eps : float, > 0 (>= 0 with power 0)
        Confidence bound, in units of positions; may be infinite.
    power : float, >= 0
    scratch : (2 * K, N) array
        Overwritten.
    """
    issues, n = positions.shape
    scaled, heard = scratch[:issues], scratch[issues]
    total = salience.sum()
    for k in range(issues):
        root = math.sqrt(salience[k] / total)
        for i in range(n):
            scaled[k, i] = root * positions[k, i]
    heard[:] = 0.0
    bound2 = eps * eps
    inside2 = bound2 * (1.0 + TIE_TOLERANCE) ** 2
    for j in range(n):
        voice = out[j]
        voice[:] = 0.0
        # Three issues at a time, so that a row is read and written less often than it is added to.
        k = 0
        while k + 2 < issues:
            own0, own1, own2 = scaled[k, j], scaled[k + 1, j], scaled[k + 2, j]
            for i in range(n):
                d0, d1, d2 = scaled[k, i] - own0, scaled[k + 1, i] - own1, scaled[k + 2, i] - own2
                voice[i] += d0 * d0 + d1 * d1 + d2 * d2
            k += 3
        while k < issues:
            own0 = scaled[k, j]
            for i in range(n):
                d0 = scaled[k, i] - own0
                voice[i] += d0 * d0
            k += 1
        if power == 2.0:
            for i in range(n):
                near = 1.0 - voice[i] / bound2
                near = near if near > 0.0 else 0.0
                voice[i] = base[j, i] * near * near
                heard[i] += voice[i]
        elif power == 0.0:
            for i in range(n):
                voice[i] = base[j, i] if voice[i] <= inside2 else 0.0
                heard[i] += voice[i]
        else:
            for i in range(n):
                voice[i] = base[j, i] * max(0.0, 1.0 - voice[i] / bound2) ** power
                heard[i] += voice[i]
    for i in range(n):
        if heard[i] == 0.0:
            heard[i] = out[i, i] = 1.0
        heard[i] = 1.0 / heard[i]
    for j in range(n):
        for i in range(n):
            out[j, i] *= heard[i]


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

    `out[:, i] = (1 - s[i]) * anchor[:, i] + s[i] * sum_j weights[j, i] * (coupling @ current[:, j])`: Friedkin and
    Johnsen (1999); several coupled issues, Parsegov et al. (2017), arXiv:1505.04920. Susceptibility 0 returns
    the anchor, the identity coupling changes nothing, and agreement among those an actor listens to is kept,
    all exactly.

    Parameters
    ----------
    out : (K, N) array
        Overwritten; may be `current` or `anchor`.
    anchor, current : (K, N) arrays
    weights : (N, N) array, columns summing to one
        Column i holds the weights with which i listens.
    susceptibility : (N,) array in [0, 1]
    coupling : (K, K) array
        Logic matrix: row k says how opinions on all issues make the opinion on issue k.
    scratch : (2 * K, N) array
        Overwritten.
    """
    issues, n = current.shape
    coupled, mean = scratch[:issues], scratch[issues:]
    for k in range(issues):
        coupled[k, :] = 0.0
        for source in range(issues):
            factor = coupling[k, source]
            if factor != 0.0:
                for j in range(n):
                    coupled[k, j] += factor * current[source, j]
    # Averaging distances from the first voice heard keeps agreement to the last bit, and gives those with the same
    # audience the same bits: Hegselmann-Krause clusters merge and freeze exactly.
    mean[:] = 0.0
    j = 0
    while j + 3 < n:  # four voices at a time
        w0, w1, w2, w3 = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        for k in range(issues):
            row, first = mean[k], coupled[k, 0]
            d0, d1 = coupled[k, j] - first, coupled[k, j + 1] - first
            d2, d3 = coupled[k, j + 2] - first, coupled[k, j + 3] - first
            for i in range(n):
                row[i] += (w0[i] * d0 + w1[i] * d1) + (w2[i] * d2 + w3[i] * d3)
        j += 4
    while j < n:
        for k in range(issues):
            d0 = coupled[k, j] - coupled[k, 0]
            for i in range(n):
                mean[k, i] += weights[j, i] * d0
        j += 1
    for i in range(n):
        if weights[0, i] == 0.0:
            for k in range(issues):
                mean[k, i] = mean_of_others(weights, coupled[k], i) - coupled[k, 0]
    for k in range(issues):
        first = coupled[k, 0]
        for i in range(n):
            s, heard = susceptibility[i], first + mean[k, i]
            # The compiler rewrites the mixture as anchor + s * (mean - anchor), which is inexact at s = 1.
            out[k, i] = heard if s == 1.0 else (1.0 - s) * anchor[k, i] + s * heard


@njit
def mean_of_others(weights: Array, opinions: Array, i: int) -> float:
    """Mean opinion heard by i, who does not hear actor 0, by distances from the first voice i hears."""
    n = opinions.shape[0]
    first = 0
    while first < n - 1 and weights[first, i] == 0.0:
        first += 1
    mean = 0.0
    for j in range(first, n):
        mean += weights[j, i] * (opinions[j] - opinions[first])
    return mean + opinions[first]
