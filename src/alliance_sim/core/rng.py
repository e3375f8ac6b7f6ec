"""Counter-based random numbers: Philox 4x32-10.

Every number is a pure function of its name: key = seed (64 bits), counter = (draw, month, channel, ident), 32
bits each. There is no state, so results depend neither on order, threads and chunks, nor on what else is
drawn.

Source: Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3. SC '11.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.elementary import log, sin_turns
from alliance_sim.core.jit import kernel
from alliance_sim.core.structures import Clock

FIXED, UNIFORM, NORMAL, LOGNORMAL, TRIANGULAR = range(5)
MAX_TRIES = 200
#: Turns of a Feistel network; four suffice in theory (Luby and Rackoff 1988), small numbers need some more.
TURNS = 8

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


@kernel(python=True, inline="always", floats="strict")
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


@kernel(python=True, inline="always", floats="strict")
def _unit(high: int, low: int) -> float:
    """Two words to the open interval: 52 random bits and a half, exact in a double, so never 0 or 1."""
    bits = (np.uint64(high) << _SHIFT_HIGH) | (np.uint64(low) >> _SHIFT_LOW)
    return np.uint64(bits | _ONE).view(np.float64) - 1.0 + 2.0**-53


@kernel(python=True, inline="always", floats="strict")
def uniform(clock: Clock, channel: int, ident: int) -> float:
    """One uniform number in the open interval (0, 1), with a 53-bit mantissa.

    Parameters
    ----------
    clock : Clock
        Seed in [0, 2**64), draw and month in [0, 2**32).
    channel, ident : int
        The rest of the number's name, each in [0, 2**32).

    Returns
    -------
    float

    Examples
    --------
    >>> number = uniform(Clock(np.uint64(1), draw=0, month=3), channel=4, ident=7)
    >>> 0.0 < number < 1.0
    True
    """
    key = np.uint64(clock.seed)
    w0, w1, _, _ = philox(clock.draw, clock.month, channel, ident, key & _MASK, key >> _HALF)
    return float(_unit(w0, w1))


@kernel(python=True, inline="always", floats="strict")
def normal(clock: Clock, channel: int, ident: int) -> float:
    """One standard normal number (Box and Muller 1958); arguments as in `uniform`."""
    key = np.uint64(clock.seed)
    w0, w1, w2, w3 = philox(clock.draw, clock.month, channel, ident, key & _MASK, key >> _HALF)
    # cos(2 pi u) = sin(2 pi (|u - 1/2| - 1/4))
    return math.sqrt(-2.0 * log(_unit(w0, w1))) * sin_turns(abs(_unit(w2, w3) - 0.5) - 0.25)


@kernel(python=True, inline="always", floats="strict")
def logistic(clock: Clock, channel: int, ident: int) -> float:
    """One standard logistic number, log(u / (1 - u)) of the `uniform` of the same name."""
    u = uniform(clock, channel, ident)
    return log(u / (1.0 - u))


@kernel(python=True)
def fill_normal(out: NDArray[np.float64], clock: Clock, channel: int, idents: NDArray[np.uint32]) -> None:
    """Fill `out` with the `normal` numbers of `idents`, both of shape (N,)."""
    for j in range(out.shape[0]):
        out[j] = normal(clock, channel, idents[j])


@kernel(python=True)
def fill_logistic(out: NDArray[np.float64], clock: Clock, channel: int, idents: NDArray[np.uint32]) -> None:
    """Fill `out` with the `logistic` numbers of `idents`, both of shape (N,)."""
    for j in range(out.shape[0]):
        out[j] = logistic(clock, channel, idents[j])


@kernel(python=True)
def normals(seed: np.uint64, draw0: int, draw1: int, channel: int, ids: NDArray[np.uint32]) -> NDArray[np.float64]:
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
            out[row, column] = normal(Clock(seed, draw0 + row, 0), channel, ids[column])
    return out


@kernel(python=True)
def permuted(seed: np.uint64, draw0: int, draw1: int, channel: int, size: int) -> NDArray[np.int64]:
    """Places of draws `draw0` to `draw1 - 1` in a random order of 0 to `size - 1`, a new one for each `size` draws.

    A Feistel network permutes the numbers of 2h bits, the fewest that `size` needs; a number that is not below `size`
    is permuted again (cycle walking: Black and Rogaway 2002, Ciphers with arbitrary finite domains). Its random words
    have counter (block of draws, turn, channel, half); turns count from one, apart from numbers of month 0.

    Parameters
    ----------
    seed, draw0, draw1, channel : int
        As in `uniform`.
    size : int
        In [1, 2**32).

    Returns
    -------
    (draw1 - draw0,) array
    """
    half = 0
    while 1 << (2 * half) < size:
        half += 1
    mask = np.int64((1 << half) - 1)
    key = np.uint64(seed)
    key0, key1 = key & _MASK, key >> _HALF
    out = np.empty(draw1 - draw0, np.int64)
    for row in range(out.shape[0]):
        place = np.int64((draw0 + row) % size)
        while True:
            left, right = place >> half, place & mask
            for turn in range(1, TURNS + 1):
                word = philox((draw0 + row) // size, turn, channel, right, key0, key1)[0]
                left, right = right, left ^ (np.int64(word) & mask)
            place = (left << half) | right
            if place < size:
                break
        out[row] = place
    return out


class Distributions(NamedTuple):
    """Distributions of n parameters; unused numbers are ignored, bounds may be infinite where they only truncate."""

    kind: NDArray[np.int64]  #: (n,); FIXED: always a. UNIFORM on [low, high]. TRIANGULAR on [low, high] with mode a.
    #: NORMAL: mean a, standard deviation b, truncated to [low, high]. LOGNORMAL: the same of the logarithm.
    a: NDArray[np.float64]  #: (n,)
    b: NDArray[np.float64]  #: (n,)
    low: NDArray[np.float64]  #: (n,)
    high: NDArray[np.float64]  #: (n,)
    ident: NDArray[np.uint32]  #: (n,); names of random numbers


@kernel(python=True)
def sample(distributions: Distributions, j: int, seed: np.uint64, draw: int, channel: int) -> float:
    """One draw of distribution j.

    Parameters
    ----------
    distributions : Distributions
    j : int
    seed, draw, channel : int
        As in `uniform`. Truncation is by rejection and the month slot counts the tries; after `MAX_TRIES` the
        last try is clipped.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If its kind is none of the five.
    """
    kind, ident = distributions.kind[j], distributions.ident[j]
    a, b, low, high = distributions.a[j], distributions.b[j], distributions.low[j], distributions.high[j]
    value: float
    if kind == FIXED:
        return a
    if kind == UNIFORM:
        value = low + (high - low) * uniform(Clock(seed, draw, 0), channel, ident)
    elif kind == TRIANGULAR:
        u = uniform(Clock(seed, draw, 0), channel, ident)
        if u * (high - low) < a - low:
            value = low + math.sqrt(u * (high - low) * (a - low))
        else:
            value = high - math.sqrt((1.0 - u) * (high - low) * (high - a))
    elif kind in (NORMAL, LOGNORMAL):
        for attempt in range(MAX_TRIES):
            value = a + b * normal(Clock(seed, draw, attempt), channel, ident)
            if kind == LOGNORMAL:
                value = math.exp(value)
            if low <= value <= high:
                break
    else:
        raise ValueError("unknown kind of distribution")
    return min(max(value, low), high)


@kernel(python=True)
def sample_table(
    distributions: Distributions, seed: np.uint64, draw0: int, draw1: int, channel: int
) -> NDArray[np.float64]:
    """Draws `draw0` to `draw1 - 1` of n distributions, as an array (draw1 - draw0, n); see `sample`."""
    out = np.empty((draw1 - draw0, distributions.kind.shape[0]))
    for row in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[row, j] = sample(distributions, j, seed, draw0 + row, channel)
    return out
