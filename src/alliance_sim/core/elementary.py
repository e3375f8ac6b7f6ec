"""Elementary functions without a call or a branch, so that loops over them vectorise.

Arguments are reduced in the classical way and what is left is a series (Abramowitz and Stegun 1964, 4.1.27, 4.2.1 and
4.3.65), long enough for the error to drown in rounding.
"""

import math

import numpy as np

from alliance_sim.core.jit import kernel

_LN2 = math.log(2.0)
_PER_LN2 = 1.0 / _LN2
_TWO_PI = 2.0 * math.pi
_MANTISSA_BITS = np.uint64(52)
_SQRT_HALF = np.uint64(0x3FE6A09E667F3BCD)  # the bits of sqrt(1/2)
_ROUND = 1.5 * 2.0**52  # adding it rounds to an integer, which is then in the last bits
_BIAS = np.int64(1023)


@kernel(python=True, inline="always", floats="strict")
def log(x: float) -> float:
    """Natural logarithm of a positive, finite, normal number, to a few units of 1e-16 relative."""
    bits = np.float64(x).view(np.uint64)
    exponent = np.int64(bits - _SQRT_HALF) >> np.int64(52)
    mantissa = np.uint64(bits - (np.uint64(exponent) << _MANTISSA_BITS)).view(np.float64)  # in [sqrt(1/2), sqrt(2))
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    r = 1.0 / 19.0
    r = 1.0 / 17.0 + r * z
    r = 1.0 / 15.0 + r * z
    r = 1.0 / 13.0 + r * z
    r = 1.0 / 11.0 + r * z
    r = 1.0 / 9.0 + r * z
    r = 1.0 / 7.0 + r * z
    r = 1.0 / 5.0 + r * z
    r = 1.0 / 3.0 + r * z
    return exponent * _LN2 + 2.0 * (s + s * (z * r))


@kernel(python=True, inline="always", floats="contract")
def exp(x: float) -> float:
    """Exponential of x held within [-700, 700], to 1e-13 relative."""
    x = min(max(x, -700.0), 700.0)
    shifted = x * _PER_LN2 + _ROUND
    whole = shifted - _ROUND
    y = x - whole * _LN2  # within log(2) / 2 of zero
    r = 1.0 / 39916800.0
    r = 1.0 / 3628800.0 + r * y
    r = 1.0 / 362880.0 + r * y
    r = 1.0 / 40320.0 + r * y
    r = 1.0 / 5040.0 + r * y
    r = 1.0 / 720.0 + r * y
    r = 1.0 / 120.0 + r * y
    r = 1.0 / 24.0 + r * y
    r = 1.0 / 6.0 + r * y
    r = 0.5 + r * y
    r = 1.0 + r * y
    r = 1.0 + r * y
    power = np.uint64(np.int64(np.float64(shifted).view(np.int64)) + _BIAS) << _MANTISSA_BITS
    return r * np.uint64(power).view(np.float64)


@kernel(python=True, inline="always", floats="strict")
def sin_turns(x: float) -> float:
    """Sine of 2*pi*x for x in [-1/4, 1/4], to 1e-13."""
    y = _TWO_PI * x
    z = y * y
    r = 1.0 / 355687428096000.0
    r = -1.0 / 1307674368000.0 + r * z
    r = 1.0 / 6227020800.0 + r * z
    r = -1.0 / 39916800.0 + r * z
    r = 1.0 / 362880.0 + r * z
    r = -1.0 / 5040.0 + r * z
    r = 1.0 / 120.0 + r * z
    r = -1.0 / 6.0 + r * z
    return y + y * (z * r)


@kernel(python=True, inline="always", floats="contract")
def logistic(z: float) -> float:
    """Logistic function, to 1e-13 relative."""
    return 1.0 / (1.0 + exp(-z))
