"""Social influence: who listens to whom, and what one round of listening does.

The month kernel and `alliance_sim.dynamics` call the same two functions. DeGroot (susceptibility 1),
Friedkin-Johnsen (infinite `eps`) and Hegselmann-Krause (power 0, susceptibility 1) are special cases.

Actors are the last index everywhere, and weights are kept by voice: `weights[j, i]` is the weight with which i hears j.
So innermost loops run over listeners side by side in memory, and never have to add up a row.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.jit import kernel
from alliance_sim.core.structures import ISSUES, N_ALLIES

# Distances up to eps * (1 + this) count as inside a uniform kernel, so that ties do not hang on rounding.
TIE_TOLERANCE = 1e-9

Array = NDArray[np.float64]


class Listeners(NamedTuple):
    """Working memory of `confidence_weights`, rows of its scratch."""

    scaled: Array  #: (K, N); positions times the root of the salience of the issue
    heard: Array  #: (N,); sum of the weights with which an actor listens
    distance: Array  #: (N,); of all from one voice
    half: Array  #: (N,)


@kernel(python=True)
def confidence_weights(
    weights: Array, positions: Array, salience: Array, eps: float, power: float, scratch: Array
) -> None:
    """Influence weights under bounded confidence; those of one listener sum to one.

    Each weight is multiplied by `max(0, 1 - d2 / eps**2)**power`, where d2 is the salience-weighted mean over issues
    of the squared distance between the positions of i and j, and those of a listener are then divided by their sum.
    Power 0 is the uniform kernel of Hegselmann and Krause (2002): 1 up to and including `eps`, with a relative
    tolerance of `TIE_TOLERANCE`, else 0. With infinite `eps` weights are normalised and nothing else. An actor left
    without anybody to listen to listens to itself.

    Parameters
    ----------
    weights : (N, N) array, >= 0
        Column i holds the weights with which i listens: before bounded confidence, its diagonal the weight on oneself,
        when called; after it on return.
    positions : (K, N) array
    salience : (K,) array, >= 0, with a positive sum
    eps : float, > 0 (>= 0 with power 0)
        Confidence bound, in units of positions; may be infinite. With power 2, where positions are many times as large,
        weights are exact to their squares in this unit times 1e-16.
    power : float, >= 0
    scratch : (K + 3, N) array, or larger
        Overwritten.
    """
    issues, n = positions.shape
    listeners = Listeners(scratch[:issues], scratch[issues], scratch[issues + 1], scratch[issues + 2])
    scaled, heard = listeners.scaled, listeners.heard
    total = salience.sum()
    for k in range(issues):
        root = math.sqrt(salience[k] / total)
        for i in range(n):
            scaled[k, i] = root * positions[k, i]
    heard[:] = 0.0
    if power == 2.0 and n == N_ALLIES:
        hear_smoothly(weights, listeners, eps, issues, N_ALLIES)
    elif power == 2.0:
        hear_smoothly(weights, listeners, eps, issues, n)
    else:
        hear(weights, listeners, eps, power, issues, n)
    for i in range(n):
        if heard[i] == 0.0:
            heard[i] = weights[i, i] = 1.0
        heard[i] = 1.0 / heard[i]
    for j in range(n):
        for i in range(n):
            weights[j, i] *= heard[i]


@kernel(inline="always", noalias=True)
def hear(weights, listeners, eps, power, issues, n):
    """Multiply weights by the kernel of squared distances, and fill `heard` with their sums."""
    scaled, heard, distance = listeners.scaled, listeners.heard, listeners.distance
    bound2 = eps * eps
    inside2 = bound2 * (1.0 + TIE_TOLERANCE) ** 2
    for j in range(n):
        voice = weights[j]
        distance[:] = 0.0
        for k in range(issues):
            for i in range(n):
                distance[i] += (scaled[k, i] - scaled[k, j]) ** 2
        if power == 0.0:
            for i in range(n):
                voice[i] = voice[i] if distance[i] <= inside2 else 0.0
                heard[i] += voice[i]
        else:
            for i in range(n):
                voice[i] *= max(0.0, 1.0 - distance[i] / bound2) ** power
                heard[i] += voice[i]


@kernel(inline="always", noalias=True)
def hear_smoothly(weights, listeners, eps, issues, n):
    """The same with power 2, by less work than distances take: 1 - |x - y|**2 / 2 = 1 - |x|**2 / 2 - |y|**2 / 2 + x y.

    Positions are in units of `eps / sqrt(2)`, and the kernel is off by roundings of their squares in that unit.
    """
    scaled, heard, near, half = listeners.scaled, listeners.heard, listeners.distance, listeners.half
    unit = math.sqrt(2.0) / eps
    for i in range(n):
        half[i] = 0.0
    for k in range(issues):
        for i in range(n):
            scaled[k, i] *= unit
            half[i] += 0.5 * scaled[k, i] * scaled[k, i]
    for j in range(n):
        nearness(near, scaled, half, j, issues, n)
        voice = weights[j]
        for i in range(n):
            closeness = near[i] if near[i] > 0.0 else 0.0
            voice[i] *= closeness * closeness
            heard[i] += voice[i]


def _unrolled_nearness(issues: int):
    """Return `nearness` for just so many issues, written out as one expression, so that sums stay in registers."""
    products = [f"x[{k}, i] * y{k}" for k in range(issues)]
    first, second = products[: issues // 2], products[issues // 2 :]
    source = f"""
def unrolled_nearness(out, x, half, rest, j, n):
    {", ".join(f"y{k}" for k in range(issues))}, = {", ".join(f"x[{k}, j]" for k in range(issues))},
    for i in range(n):
        first = {" + ".join(["rest - half[i]", *first])}
        out[i] = first + ({" + ".join(second)})
"""
    namespace: dict[str, object] = {}
    exec(source, namespace)
    return kernel(inline="always", noalias=True)(namespace["unrolled_nearness"])


_nearness_on_all_issues = _unrolled_nearness(ISSUES)


@kernel(inline="always", noalias=True)
def nearness(out, x, half, j, issues, n):
    """Set `out` to 1 - |x - y|**2 / 2, where y is actor j."""
    rest = 1.0 - half[j]
    if issues == ISSUES:
        _nearness_on_all_issues(out, x, half, rest, j, n)
    else:
        for i in range(n):
            out[i] = rest - half[i]
        for k in range(issues):
            for i in range(n):
                out[i] += x[k, i] * x[k, j]


@kernel(python=True)
def couple(out: Array, coupling: Array, current: Array) -> None:
    """Set `out` to what each actor says when its opinions on other issues have had their part: `coupling @ current`.

    Parameters
    ----------
    out, current : (K, N) arrays
    coupling : (K, K) array
        Logic matrix: row k says how opinions on all issues make the opinion on issue k. The identity changes nothing.
    """
    issues, n = current.shape
    product(out, coupling, current, issues, issues, n)


@kernel(python=True)
def influence_step(
    out: Array,
    anchor: Array,
    coupled: Array,
    weights: Array,
    susceptibility: Array,
    scratch: Array,
) -> None:
    """One step of the multi-issue Friedkin-Johnsen model.

    `out[:, i] = (1 - s[i]) * anchor[:, i] + s[i] * sum_j weights[j, i] * coupled[:, j]`: Friedkin and Johnsen (1999);
    several coupled issues, Parsegov et al. (2017), arXiv:1505.04920. Susceptibility 0 returns the anchor, and
    agreement among those an actor listens to is kept, both exactly. Other means are exact to the rounding of the
    largest opinion.

    Parameters
    ----------
    out : (K, N) array
        Overwritten; may be `coupled` or `anchor`.
    anchor : (K, N) array
    coupled : (K, N) array
        What each actor says (see `couple`).
    weights : (N, N) array, columns summing to one
        Column i holds the weights with which i listens.
    susceptibility : (N,) array in [0, 1]
    scratch : (2 * K, N) array
        Overwritten.
    """
    issues, n = coupled.shape
    distance, mean = scratch[:issues], scratch[issues:]
    # Averaging distances from a voice that is heard keeps agreement to the last bit, and gives those with the same
    # audience the same bits: Hegselmann-Krause clusters merge and freeze exactly.
    reference = whom_most_hear(weights, n)
    from_reference(distance, coupled, reference, issues, n)
    product(mean, distance, weights, issues, n, n)
    for k in range(issues):
        first = coupled[k, reference]
        for i in range(n):
            mean[k, i] += first
    for i in range(n):
        if weights[reference, i] == 0.0:
            keep_agreement(mean, coupled, weights, i, issues, n)
    for k in range(issues):
        for i in range(n):
            s, heard = susceptibility[i], mean[k, i]
            # The compiler rewrites the mixture as anchor + s * (mean - anchor), which is inexact at s = 1.
            out[k, i] = heard if s == 1.0 else (1.0 - s) * anchor[k, i] + s * heard


@kernel(inline="always", noalias=True)
def from_reference(out, opinions, reference, issues, n):
    """Set `out` to how far opinions are from the reference actor's."""
    for k in range(issues):
        first = opinions[k, reference]
        for j in range(n):
            out[k, j] = opinions[k, j] - first


@kernel(inline="always")
def whom_most_hear(weights, n):
    """Return the first voice that all others hear, or the one that most do."""
    reference, fewest = 0, n + 1
    for j in range(n):
        not_heard = 0
        for i in range(n):
            not_heard += weights[j, i] == 0.0
        if not_heard < fewest:
            reference, fewest = j, not_heard
        if fewest <= 1:
            break
    return reference


@kernel(inline="always")
def keep_agreement(mean, opinions, weights, i, issues, n):
    """If all whom i hears agree and the reference is not among them, set their mean to just that."""
    first = next_heard(weights, i, 0, n)
    second = next_heard(weights, i, first + 1, n)
    for k in range(issues):
        if second < n and opinions[k, second] != opinions[k, first]:  # nearly always
            continue
        j = second + 1
        while j < n and (weights[j, i] == 0.0 or opinions[k, j] == opinions[k, first]):
            j += 1
        if j >= n > first:
            mean[k, i] = opinions[k, first]


@kernel(inline="always")
def next_heard(weights, i, j, n):
    """Return the first voice from j on that i hears, or n."""
    while j < n and weights[j, i] == 0.0:
        j += 1
    return j


@kernel(inline="always", noalias=True)
def product(out, a, b, rows, terms, n):
    """Set `out` to the matrix product of `a`, (rows, terms), and `b`, (terms, n); `out` shares no memory with them."""
    for k in range(rows):
        for i in range(n):
            out[k, i] = 0.0
    if n == N_ALLIES:
        tiles(out, a, b, rows, terms, N_ALLIES)
    else:
        tiles(out, a, b, rows, terms, n)
    for j in range(0, terms - 3, 4):
        b0, b1, b2, b3 = b[j], b[j + 1], b[j + 2], b[j + 3]
        for k in range(rows - rows % 3, rows):
            x0, x1, x2, x3 = a[k, j], a[k, j + 1], a[k, j + 2], a[k, j + 3]
            for i in range(n):
                out[k, i] += (b0[i] * x0 + b1[i] * x1) + (b2[i] * x2 + b3[i] * x3)
    for j in range(terms - terms % 4, terms):
        for k in range(rows):
            for i in range(n):
                out[k, i] += a[k, j] * b[j, i]


@kernel(inline="always", noalias=True)
def tiles(out, a, b, rows, terms, n):
    """Add to the product what whole tiles of three rows and four terms give.

    What is loaded is used often enough to keep the arithmetic busy.
    """
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
