"""Counter-based random numbers: Philox 4x32-10.

Every number is a pure function of its name: key = seed (64 bits), counter = (draw, month, channel, ident), 32
bits each. There is no state, so results depend neither on order, threads and chunks, nor on what else is
drawn.

Source: Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3. SC '11.
"""

import math

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.elementary import log, sin_turns
from alliance_sim.core.jit import exact, njit

FIXED, UNIFORM, NORMAL, LOGNORMAL, TRIANGULAR = range(5)
MAX_TRIES = 200

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_SHIFT_HIGH = np.uint64(20)
_SHIFT_LOW = np.uint64(12)
_ONE = np.uint64(0x3FF0000000000000)  # the bits of 1.0

Words = tuple[np.uint32, np.uint32, np.uint32, np.uint32]


@exact
def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> Words:
    """Philox 4x32-10: four random 32-bit words.

    Parameters
    ----------
    c0, c1, c2, c3 : int
        Counter, each in [0, 2**32).
    k0, k1 : int
        Key, each in [0, 2**32).

    Returns
    -------
    tuple of four uint32
    """
    # 64-bit registers hold the 32-bit words, so that products keep their high half.
    x0, x1, x2, x3 = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key0, key1 = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        product0 = _MULTIPLIER_0 * x0
        product1 = _MULTIPLIER_1 * x2
        x0 = (product1 >> _HALF) ^ x1 ^ key0
        x1 = product1 & _MASK
        x2 = (product0 >> _HALF) ^ x3 ^ key1
        x3 = product0 & _MASK
        key0 = (key0 + _WEYL_0) & _MASK
        key1 = (key1 + _WEYL_1) & _MASK
    return np.uint32(x0), np.uint32(x1), np.uint32(x2), np.uint32(x3)


@exact
def _unit(high: int, low: int) -> float:
    """Two words to the open interval: 52 random bits and a half, exact in a double, so never 0 or 1."""
    bits = (np.uint64(high) << _SHIFT_HIGH) | (np.uint64(low) >> _SHIFT_LOW)
    return np.uint64(bits | _ONE).view(np.float64) - 1.0 + 2.0**-53


@exact
def uniform(seed: int, draw: int, month: int, channel: int, ident: int) -> float:
    """One uniform number in the open interval (0, 1), with a 53-bit mantissa.

    Parameters
    ----------
    seed : int
        In [0, 2**64).
    draw, month, channel, ident : int
        The name of the number, each in [0, 2**32).

    Returns
    -------
    float
    """
    key = np.uint64(seed)
    w0, w1, _, _ = philox(draw, month, channel, ident, key & _MASK, key >> _HALF)
    return float(_unit(w0, w1))


@exact
def normal(seed: int, draw: int, month: int, channel: int, ident: int) -> float:
    """One standard normal number (Box and Muller 1958); arguments as in `uniform`."""
    key = np.uint64(seed)
    w0, w1, w2, w3 = philox(draw, month, channel, ident, key & _MASK, key >> _HALF)
    # cos(2 pi u) = sin(2 pi (|u - 1/2| - 1/4))
    return math.sqrt(-2.0 * log(_unit(w0, w1))) * sin_turns(abs(_unit(w2, w3) - 0.5) - 0.25)


@exact
def logistic(seed: int, draw: int, month: int, channel: int, ident: int) -> float:
    """One standard logistic number, log(u / (1 - u)) of the `uniform` of the same name."""
    u = uniform(seed, draw, month, channel, ident)
    return log(u / (1.0 - u))


@njit
def fill_normal(
    out: NDArray[np.float64], seed: int, draw: int, month: int, channel: int, idents: NDArray[np.uint32]
) -> None:
    """Fill `out` with the `normal` numbers of `idents`, both of shape (N,)."""
    for j in range(out.shape[0]):
        out[j] = normal(seed, draw, month, channel, idents[j])


@njit
def fill_logistic(
    out: NDArray[np.float64], seed: int, draw: int, month: int, channel: int, idents: NDArray[np.uint32]
) -> None:
    """Fill `out` with the `logistic` numbers of `idents`, both of shape (N,)."""
    for j in range(out.shape[0]):
        out[j] = logistic(seed, draw, month, channel, idents[j])


@njit
def normals(seed: int, draw0: int, draw1: int, channel: int, ids: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Standard normal numbers of draws `draw0` to `draw1 - 1` in month 0.

    Parameters
    ----------
    seed, draw0, draw1, channel : int
        As in `uniform`.
    ids : (n,) array of integers in [0, 2**32)

    Returns
    -------
    (draw1 - draw0, n) array
    """
    out = np.empty((draw1 - draw0, ids.shape[0]))
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            out[row, column] = normal(seed, draw0 + row, 0, channel, ids[column])
    return out


@njit
def sample(
    kind: int, a: float, b: float, lo: float, hi: float, seed: int, draw: int, channel: int, ident: int
) -> float:
    """One draw of a distribution.

    Parameters
    ----------
    kind : int
        FIXED: always `a`. UNIFORM on [lo, hi]. NORMAL with mean `a` and standard deviation `b`, truncated to
        [lo, hi]. LOGNORMAL with mean `a` and standard deviation `b` of the logarithm, truncated to [lo, hi].
        TRIANGULAR on [lo, hi] with mode `a`.
    a, b, lo, hi : float
        Parameters of the distribution; unused ones are ignored; `lo` and `hi` may be infinite where they only
        truncate.
    seed, draw, channel, ident : int
        As in `uniform`. Truncation is by rejection and the month slot counts the tries; after `MAX_TRIES` the
        last try is clipped.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `kind` is none of the five.
    """
    value: float
    if kind == FIXED:
        return a
    if kind == UNIFORM:
        value = lo + (hi - lo) * uniform(seed, draw, 0, channel, ident)
    elif kind == TRIANGULAR:
        u = uniform(seed, draw, 0, channel, ident)
        if u * (hi - lo) < a - lo:
            value = lo + math.sqrt(u * (hi - lo) * (a - lo))
        else:
            value = hi - math.sqrt((1.0 - u) * (hi - lo) * (hi - a))
    elif kind in (NORMAL, LOGNORMAL):
        for attempt in range(MAX_TRIES):
            value = a + b * normal(seed, draw, attempt, channel, ident)
            if kind == LOGNORMAL:
                value = math.exp(value)
            if lo <= value <= hi:
                break
    else:
        raise ValueError("unknown kind of distribution")
    return min(max(value, lo), hi)


@njit
def sample_table(
    kinds: NDArray[np.int64],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    lo: NDArray[np.float64],
    hi: NDArray[np.float64],
    idents: NDArray[np.uint32],
    seed: int,
    draw0: int,
    draw1: int,
    channel: int,
) -> NDArray[np.float64]:
    """Draws `draw0` to `draw1 - 1` of n distributions.

    Parameters
    ----------
    kinds, a, b, lo, hi, idents : (n,) arrays
        As the scalars of `sample`, one entry a distribution.
    seed, draw0, draw1, channel : int
        As in `uniform`.

    Returns
    -------
    (draw1 - draw0, n) array
    """
    out = np.empty((draw1 - draw0, kinds.shape[0]))
    for row in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[row, j] = sample(kinds[j], a[j], b[j], lo[j], hi[j], seed, draw0 + row, channel, idents[j])
    return out
