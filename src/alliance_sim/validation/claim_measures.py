"""Measures of the claims of the documents, with Monte Carlo intervals, and the rule that judges them.

A sign is measured by P, the share of paired draws that have it, ties half, with Wilson's interval of 95 %. It holds if
the interval lies at or above .8, fails if it lies below .5, and is undecided otherwise. Measures with a level of their
own hold if the interval lies on the right side of the level, and fail if it lies on the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alliance_sim.registry.actors import EUROPEANS

__all__ = [
    "FUNCTIONS",
    "VERDICTS",
    "Measured",
    "Verdict",
    "equivalence",
    "function_of",
    "mean",
    "probability",
    "rate",
    "rate_difference",
    "sign",
    "spread",
    "verdict",
    "wilson",
]

Floats = NDArray[np.float64]
Verdict = Literal["holds", "undecided", "fails"]
#: Verdicts, from the worst to the best.
VERDICTS: tuple[Verdict, ...] = ("fails", "undecided", "holds")
Direction = Literal["higher", "lower"]

#: Normal quantiles of two-sided intervals of 95 % and 90 %.
_Z95, _Z90 = 1.959964, 1.644854
#: Samples of a bootstrap interval.
_RESAMPLES = 1000
#: A sign holds from the first on, and fails below the second.
_HOLDS, _FAILS = 0.8, 0.5


@dataclass(frozen=True)
class Measured:
    """A measure, its interval and its verdict.

    Examples
    --------
    >>> Measured(0.9, 0.88, 0.92, "holds").holds
    'holds'
    """

    observed: float
    low: float
    high: float
    holds: Verdict


def verdict(low: float, high: float, holds: float, fails: float | None = None, strict: bool = False) -> Verdict:
    """Return what an interval says about a level.

    Parameters
    ----------
    low, high : float
        Ends of the interval.
    holds : float
        It holds if the interval lies at or above this level; `strict`: above it.
    fails : float, optional
        It fails if the interval lies below this level. Default: the same level.
    strict : bool

    Examples
    --------
    >>> verdict(0.8, 0.9, 0.8, 0.5), verdict(0.45, 0.55, 0.8, 0.5), verdict(0.4, 0.49, 0.8, 0.5)
    ('holds', 'undecided', 'fails')
    """
    if low > holds or (low == holds and not strict):
        return "holds"
    return "fails" if high < (holds if fails is None else fails) else "undecided"


def wilson(share: float, draws: int) -> tuple[float, float]:
    """Return Wilson's interval of 95 % for a share of draws.

    Examples
    --------
    >>> low, high = wilson(1.0, 100)
    >>> round(low, 3), high
    (0.963, 1.0)
    """
    z2 = _Z95**2 / draws
    half = _Z95 * math.sqrt((share * (1.0 - share) + z2 / 4.0) / draws)
    return max(0.0, (share + z2 / 2.0 - half) / (1.0 + z2)), min(1.0, (share + z2 / 2.0 + half) / (1.0 + z2))


def probability(base: Floats, other: Floats, expected: Direction) -> float:
    """Return P, the share of paired draws in which `other` differs from `base` as expected, ties half.

    Differences that only rounding makes (a part in 10^12) are ties.

    Examples
    --------
    >>> import numpy as np
    >>> probability(np.zeros(4), np.array([1.0, 1.0, 0.0, -1.0]), "higher")
    0.625
    """
    difference = (other - base) * (1.0 if expected == "higher" else -1.0)
    noise = 1e-12 * np.maximum(1.0, np.maximum(abs(base), abs(other)))
    return float(np.mean(difference > noise) + 0.5 * np.mean(abs(difference) <= noise))


def sign(base: Floats, other: Floats, expected: Direction) -> Measured:
    """Return P with Wilson's interval.

    Examples
    --------
    >>> import numpy as np
    >>> sign(np.zeros(100), np.ones(100), "higher").holds, sign(np.zeros(100), np.ones(100), "lower").holds
    ('holds', 'fails')
    """
    observed = probability(base, other, expected)
    low, high = wilson(observed, len(base))
    return Measured(observed, low, high, verdict(low, high, _HOLDS, _FAILS))


def rate(yes: Floats, at_least: float) -> Measured:
    """Return a rate with Wilson's interval; draws that are NaN are left out, and without any it is undecided.

    Examples
    --------
    >>> import numpy as np
    >>> rate(np.ones(100), 0.9).holds, rate(np.array([np.nan]), 0.9).holds
    ('holds', 'undecided')
    """
    given = yes[~np.isnan(yes)]
    if not len(given):
        return Measured(math.nan, 0.0, 1.0, "undecided")
    observed = float(given.mean())
    low, high = wilson(observed, len(given))
    return Measured(observed, low, high, verdict(low, high, at_least))


def _normal(values: Floats, z: float) -> tuple[float, float, float]:
    observed = float(values.mean())
    half = z * float(values.std(ddof=1)) / math.sqrt(len(values))
    return observed, observed - half, observed + half


def rate_difference(base: Floats, other: Floats, expected: Direction) -> Measured:
    """Return the difference of two rates with the normal interval of 95 % of paired draws.

    It holds if the interval lies above zero in the direction expected, and fails if it lies below.

    Examples
    --------
    >>> import numpy as np
    >>> found = rate_difference(np.ones(100), np.zeros(100), "lower")
    >>> found.observed, found.holds
    (-1.0, 'holds')
    """
    observed, low, high = _normal(other - base, _Z95)
    ends = (low, high) if expected == "higher" else (-high, -low)
    return Measured(observed, low, high, verdict(*ends, 0.0, strict=True))


def mean(values: Floats, at_least: float) -> Measured:
    """Return a mean over draws with the normal interval of 95 %.

    Examples
    --------
    >>> import numpy as np
    >>> mean(np.array([0.9, 0.92]), 0.8).holds
    'holds'
    """
    observed, low, high = _normal(values, _Z95)
    return Measured(observed, low, high, verdict(low, high, at_least))


def equivalence(base: Floats, other: Floats, lowest: float | None, highest: float | None) -> Measured:
    """Return the paired mean with the normal interval of 90 %.

    It holds if the interval lies within the margin (None: no limit on that side), and fails if it lies outside.

    Examples
    --------
    >>> import numpy as np
    >>> equivalence(np.zeros(9), np.zeros(9), -0.05, None).holds, equivalence(np.zeros(9), np.ones(9), None, 0.1).holds
    ('holds', 'fails')
    """
    observed, low, high = _normal(other - base, _Z90)
    least, most = -math.inf if lowest is None else lowest, math.inf if highest is None else highest
    if least <= low and high <= most:
        return Measured(observed, low, high, "holds")
    return Measured(observed, low, high, "fails" if high < least or low > most else "undecided")


def _bootstrap(statistic: Callable[[NDArray[np.int64]], float], draws: int, seed: int) -> tuple[float, float, float]:
    """Return a statistic of rows of draws, with the percentile interval of 95 % over samples of draws."""
    chance = np.random.default_rng(seed)
    found = [statistic(chance.integers(0, draws, draws)) for _ in range(_RESAMPLES)]
    low, high = np.quantile(found, (0.025, 0.975))
    return statistic(np.arange(draws)), float(low), float(high)


def spread(reference: Floats, base: Floats, other: Floats, more_than: float, seed: int) -> Measured:
    """Return the deviation between draws of one effect over that of another, with a bootstrap interval.

    Examples
    --------
    >>> import numpy as np
    >>> effect = np.random.default_rng(1).normal(size=200)
    >>> spread(np.zeros(200), effect, 3.0 * effect, 1.0, seed=1).holds
    'holds'
    """
    wide, narrow = other - reference, base - reference
    with np.errstate(divide="ignore", invalid="ignore"):  # without readings that differ, neither has a deviation
        observed, low, high = _bootstrap(lambda rows: float(wide[rows].std() / narrow[rows].std()), len(base), seed)
    return Measured(observed, low, high, verdict(low, high, more_than, strict=True))


def _lead_of_two(objections: Floats) -> float:
    """Return objections of the rarer of HUN and SVK less those of the fourth of the rest: above 0, both are in five."""
    counts = dict(zip(EUROPEANS, objections.mean(axis=0), strict=True))
    two = min(counts.pop("HUN"), counts.pop("SVK"))
    return float(two - sorted(counts.values())[-4])


def _rank_of_first(values: Floats) -> float:
    """Return the share of columns whose median is smaller than that of the first."""
    medians = np.median(values, axis=0)
    return float(np.mean(medians < medians[0]))


#: Statistics of several numbers a draw, by name.
FUNCTIONS: Mapping[str, Callable[[Floats], float]] = MappingProxyType(
    {"lead_of_two": _lead_of_two, "rank_of_first": _rank_of_first}
)


def function_of(values: Floats, name: str, more_than: float | None, at_most: float | None, seed: int) -> Measured:
    """Return a statistic of several numbers a draw (D, m), with a bootstrap interval.

    Examples
    --------
    >>> import numpy as np
    >>> function_of(np.array([[1.0, 2.0, 3.0]]), "rank_of_first", None, 0.3333, seed=1).holds
    'holds'
    """
    statistic = FUNCTIONS[name]
    observed, low, high = _bootstrap(lambda rows: statistic(values[rows]), len(values), seed)
    if at_most is not None:
        return Measured(observed, low, high, verdict(-high, -low, -at_most))
    return Measured(observed, low, high, verdict(low, high, more_than or 0.0, strict=True))
