"""Social influence: who listens to whom, and what one round of listening does.

The month kernel and `alliance_sim.dynamics` call the same two functions. DeGroot (susceptibility 1),
Friedkin-Johnsen (infinite `eps`) and Hegselmann-Krause (power 0, susceptibility 1) are special cases.

Actors are the last index everywhere, and weights are kept by voice: `weights[j, i]` is the weight with which i hears j.
So innermost loops run over listeners side by side in memory, and never have to add up a row.
"""

import math

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.jit import apart, inline, njit

# Distances up to eps * (1 + this) count as inside a uniform kernel, so that ties do not hang on rounding.
TIE_TOLERANCE = 1e-9
# Issues and actors of the alliance: loops of a length that the compiler knows are up to twice as fast.
ISSUES, ACTORS = 9, 32

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
    base : (N, N) array, >= 0, not `out`
        Weights before bounded confidence, column i those of i; its diagonal is the weight on oneself.
    salience : (K,) array, >= 0, with a positive sum
    eps : float, > 0 (>= 0 with power 0)
        Confidence bound, in units of positions; may be infinite.
    power : float, >= 0
    scratch : (3 * K, N) array
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
    if issues == ISSUES and n == ACTORS:
        hear(out, scaled, base, heard, eps, power, ISSUES, ACTORS)
    else:
        hear(out, scaled, base, heard, eps, power, issues, n)
    for i in range(n):
        if heard[i] == 0.0:
            heard[i] = out[i, i] = 1.0
        heard[i] = 1.0 / heard[i]
    for j in range(n):
        for i in range(n):
            out[j, i] *= heard[i]


@apart
def hear(out, scaled, base, heard, eps, power, issues, n):
    """Fill `out` with weights before they are normalised, and `heard` with their sums."""
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
    scratch : (3 * K, N) array
        Overwritten.
    """
    issues, n = current.shape
    if issues == ISSUES and n == ACTORS:
        step(out, anchor, current, weights, susceptibility, coupling, scratch, ISSUES, ACTORS)
    else:
        step(out, anchor, current, weights, susceptibility, coupling, scratch, issues, n)


@inline
def step(out, anchor, current, weights, susceptibility, coupling, scratch, issues, n):
    """Take the step, on so many issues and between so many actors."""
    coupled, distance, mean = scratch[:issues], scratch[issues : 2 * issues], scratch[2 * issues :]
    product(coupled, coupling, current, issues, issues, n)
    # Averaging distances from a voice that is heard keeps agreement to the last bit, and gives those with the same
    # audience the same bits: Hegselmann-Krause clusters merge and freeze exactly.
    speaker = whom_most_hear(weights, n)
    for k in range(issues):
        first = coupled[k, speaker]
        for j in range(n):
            distance[k, j] = coupled[k, j] - first
    product(mean, distance, weights, issues, n, n)
    for i in range(n):
        if weights[speaker, i] == 0.0:
            hear_others(mean, coupled, weights, speaker, distance[0], i, issues, n)
    for k in range(issues):
        first = coupled[k, speaker]
        for i in range(n):
            s, heard = susceptibility[i], first + mean[k, i]
            # The compiler rewrites the mixture as anchor + s * (mean - anchor), which is inexact at s = 1.
            out[k, i] = heard if s == 1.0 else (1.0 - s) * anchor[k, i] + s * heard


@inline
def whom_most_hear(weights, n):
    """Return the first voice that all others hear, or the one that most do."""
    speaker, fewest = 0, n + 1
    for j in range(n):
        deaf = 0
        for i in range(n):
            deaf += weights[j, i] == 0.0
        if deaf < fewest:
            speaker, fewest = j, deaf
        if fewest <= 1:
            break
    return speaker


@inline
def hear_others(mean, opinions, weights, speaker, ears, i, issues, n):
    """Set what i hears, who does not hear the speaker, by distances from the first voice it hears; fills `ears`."""
    for j in range(n):
        ears[j] = weights[j, i]
    first = 0
    while first < n - 1 and ears[first] == 0.0:
        first += 1
    k = 0
    while k + 2 < issues:  # three sums at a time do not wait for each other
        n0, n1, n2 = opinions[k, first], opinions[k + 1, first], opinions[k + 2, first]
        t0 = t1 = t2 = 0.0
        for j in range(n):
            ear = ears[j]
            t0 += ear * (opinions[k, j] - n0)
            t1 += ear * (opinions[k + 1, j] - n1)
            t2 += ear * (opinions[k + 2, j] - n2)
        mean[k, i] = n0 + t0 - opinions[k, speaker]
        mean[k + 1, i] = n1 + t1 - opinions[k + 1, speaker]
        mean[k + 2, i] = n2 + t2 - opinions[k + 2, speaker]
        k += 3
    while k < issues:
        n0, t0 = opinions[k, first], 0.0
        for j in range(n):
            t0 += ears[j] * (opinions[k, j] - n0)
        mean[k, i] = n0 + t0 - opinions[k, speaker]
        k += 1


@apart
def product(out, a, b, rows, terms, n):
    """Set `out` to the matrix product of `a`, (rows, terms), and `b`, (terms, n); `out` shares no memory with them."""
    for k in range(rows):
        for i in range(n):
            out[k, i] = 0.0
    # Four terms and three rows at a time: what is loaded is used often enough to keep the arithmetic busy.
    for j in range(0, terms - 3, 4):
        b0, b1, b2, b3 = b[j], b[j + 1], b[j + 2], b[j + 3]
        for k in range(0, rows - 2, 3):
            x0, x1, x2, x3 = a[k, j], a[k, j + 1], a[k, j + 2], a[k, j + 3]
            y0, y1, y2, y3 = a[k + 1, j], a[k + 1, j + 1], a[k + 1, j + 2], a[k + 1, j + 3]
            z0, z1, z2, z3 = a[k + 2, j], a[k + 2, j + 1], a[k + 2, j + 2], a[k + 2, j + 3]
            for i in range(n):
                out[k, i] += (b0[i] * x0 + b1[i] * x1) + (b2[i] * x2 + b3[i] * x3)
                out[k + 1, i] += (b0[i] * y0 + b1[i] * y1) + (b2[i] * y2 + b3[i] * y3)
                out[k + 2, i] += (b0[i] * z0 + b1[i] * z1) + (b2[i] * z2 + b3[i] * z3)
        for k in range(rows - rows % 3, rows):
            x0, x1, x2, x3 = a[k, j], a[k, j + 1], a[k, j + 2], a[k, j + 3]
            for i in range(n):
                out[k, i] += (b0[i] * x0 + b1[i] * x1) + (b2[i] * x2 + b3[i] * x3)
    for j in range(terms - terms % 4, terms):
        for k in range(rows):
            for i in range(n):
                out[k, i] += a[k, j] * b[j, i]
