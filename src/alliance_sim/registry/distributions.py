"""Distributions a parameter may have, as data; they are drawn in the core, keyed by (seed, draw, parameter)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["Calibration", "Prior", "fixed", "lognormal", "normal", "triangular", "uniform"]

Kind = Literal["fixed", "uniform", "normal", "lognormal", "triangular"]

#: What parameters and actors are drawn from, where a scenario does not set them: jointly as fitted to the record, or
#: parameters from their priors and actors as measured before that.
Calibration = Literal["posterior", "prior"]


@dataclass(frozen=True)
class Prior:
    """A distribution on [low, high].

    Attributes
    ----------
    kind : str
        ``fixed`` (value a), ``uniform``, ``normal`` (mean a, sd b, truncated), ``lognormal`` (mean a and sd b of the
        logarithm, truncated) or ``triangular`` (mode a).
    a, b, low, high : float
        As above; ``low`` and ``high`` bound the draws.

    Examples
    --------
    >>> prior = normal(0.5, 0.1, 0.0, 1.0)
    >>> prior.kind, prior.a, prior.high
    ('normal', 0.5, 1.0)
    >>> str(prior)
    'normal 0.5 ± 0.1, within 0 to 1'
    """

    kind: Kind
    a: float
    b: float
    low: float
    high: float

    @property
    def centre(self) -> float:
        """Its median, or its mode where it is a triangle, before it is truncated.

        Examples
        --------
        >>> from alliance_sim.registry.distributions import triangular
        >>> triangular(0.0, 0.2, 1.0).centre
        0.2
        """
        return math.exp(self.a) if self.kind == "lognormal" else self.a

    def __str__(self) -> str:
        within = f", within {self.low:g} to {self.high:g}"
        match self.kind:
            case "fixed":
                return f"{self.a:g}"
            case "uniform":
                return f"uniform {self.low:g} to {self.high:g}"
            case "triangular":
                return f"triangular {self.low:g} to {self.high:g}, mode {self.a:g}"
            case "normal":
                return f"normal {self.a:g} ± {self.b:g}{within}"
            case "lognormal":
                return f"lognormal, median {math.exp(self.a):.3g}, sd {self.b:g} of the log{within}"


def fixed(value: float) -> Prior:
    """Return the distribution that always gives `value`.

    Examples
    --------
    >>> str(fixed(0.3))
    '0.3'
    """
    return Prior("fixed", value, 0.0, value, value)


def uniform(low: float, high: float) -> Prior:
    """Return the uniform distribution on [low, high].

    Examples
    --------
    >>> str(uniform(0.2, 0.6))
    'uniform 0.2 to 0.6'
    """
    return Prior("uniform", 0.5 * (low + high), 0.0, low, high)


def normal(mean: float, sd: float, low: float, high: float) -> Prior:
    """Return the normal distribution truncated to [low, high].

    Examples
    --------
    >>> str(normal(0.5, 0.1, 0.0, 1.0))
    'normal 0.5 ± 0.1, within 0 to 1'
    """
    return Prior("normal", mean, sd, low, high)


def lognormal(log_mean: float, log_sd: float, low: float, high: float) -> Prior:
    """Return the lognormal distribution truncated to [low, high].

    Examples
    --------
    >>> str(lognormal(0.0, 0.5, 0.2, 5.0))
    'lognormal, median 1, sd 0.5 of the log, within 0.2 to 5'
    """
    return Prior("lognormal", log_mean, log_sd, low, high)


def triangular(low: float, mode: float, high: float) -> Prior:
    """Return the triangular distribution.

    Examples
    --------
    >>> str(triangular(0.0, 0.2, 1.0))
    'triangular 0 to 1, mode 0.2'
    """
    return Prior("triangular", mode, 0.0, low, high)
