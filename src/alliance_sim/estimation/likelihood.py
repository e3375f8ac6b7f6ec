"""The likelihood of the record and of spending, given what the model expects of them.

It is a product over items: leaving one out costs no run. What items have in common beyond parameters and actors (how
long a dispute lasts, errors of positions) is averaged over, so that this is a composite likelihood (Varin, Reid and
Firth 2011, Statistica Sinica 21).

Three terms describe the record rather than the alliance. It over-samples what was contested: an item that was adopted
without an objection is in it `recorded_share` times as often as another (1 for renewals, all of which are). A share
`unexplained` of the items ends at the rates of their forum instead of as the model has it, and at a share
`unexplained_objections` of the contested ones allies object at their own rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.constants import SD_OUTPUT
from alliance_sim.validation.history import History, seen_shares

__all__ = ["Expected", "Likelihood", "likelihood"]

Floats = NDArray[np.float64]
#: Arrays of numpy, or of a library that works like it and can differentiate.
Array = TypeVar("Array")

#: Items' worth of the rates of the forum that chances are mixed with, against chances of zero (judgement).
_PRIOR_ITEMS = 1.0
#: The same for the rate at which an ally objects: items' worth of its rate on others.
_PRIOR_SEATS = 2.0
#: Least chance of an objection.
_LEAST = 1e-6


@dataclass(frozen=True)
class Expected(Generic[Array]):
    """What the model expects of D sets of unknowns: chances of I items, and spending of N allies in Y years.

    Attributes
    ----------
    ended : (D, I, 3, 2) array
        Chances of class and contest.
    objects : (D, I, N) array
        Chances that each ally breaks silence, or speaks where the record has objections in words only.
    spending : (D, Y, N) array
        Mean of the logarithm of planned spending, % of GDP.

    Examples
    --------
    >>> expected = Expected(np.full((1, 2, 3, 2), 1 / 6), np.full((1, 2, 32), 0.1), np.zeros((1, 5, 32)))
    >>> round(float(expected.ended[0, 0].sum()), 6)
    1.0
    """

    ended: Array
    objects: Array
    spending: Array


@dataclass(frozen=True)
class Likelihood(Generic[Array]):
    """Logarithms of the likelihood of D sets of unknowns.

    Attributes
    ----------
    items : (D, I) array
    spending : (D,) array

    Examples
    --------
    >>> Likelihood(np.full((2, 3), -1.0), np.array([0.5, 1.5])).total.tolist()
    [-2.5, -1.5]
    """

    items: Array
    spending: Array

    @property
    def total(self) -> Array:
        """Of everything (D,)."""
        total: Array = self.items.sum(axis=1) + self.spending  # type: ignore[attr-defined]
        return total


def likelihood(
    seen: History, expected: Expected[Any], nuisance: Mapping[str, Any], repeats: float, xp: Any = np
) -> Likelihood[Any]:
    """Return the likelihood of what was seen.

    Parameters
    ----------
    seen : History
    expected : Expected
    nuisance : mapping
        Values (D,) by a name of `unknowns.NUISANCE`.
    repeats : float
        Repetitions of the procedure that each chance was counted from; infinite if it was not counted.
    xp : module
        Of the arrays: numpy or jax.numpy.

    Examples
    --------
    Half of the items end at the rates of their forum, and the model expects the same of all:

    >>> from alliance_sim.validation.history import history
    >>> from alliance_sim.estimation.unknowns import NUISANCE
    >>> seen = history(last_item=2014, last_year=2015, repeats=2)
    >>> items = len(seen.items)
    >>> expected = Expected(np.full((1, items, 3, 2), 1 / 6), np.full((1, items, 32), 0.1), np.zeros((1, 1, 32)))
    >>> likelihood(seen, expected, {name: np.full(1, 0.5) for name in NUISANCE}, np.inf).items.shape == (1, items)
    True
    """
    known = seen.spending_known
    error = np.log(seen.spending[:, known]) - expected.spending[:, :, known]
    sd, common_sd, persistence = (nuisance[f"spending_{name}"] for name in ("sd", "common_sd", "persistence"))
    of_spending = _spending(error, sd, common_sd, persistence, xp)
    return Likelihood(items=_items(seen, expected, nuisance, repeats, xp), spending=of_spending)


def _items(seen: History, expected: Expected[Any], nuisance: Mapping[str, Any], repeats: float, xp: Any) -> Any:
    """Return the log likelihood of class, contest and objectors of each item (D, I)."""
    mixed = _PRIOR_ITEMS / (repeats + _PRIOR_ITEMS)
    ended = (1.0 - mixed) * expected.ended + mixed * seen.rates
    every, contest = np.arange(len(seen.items)), seen.contested.astype(int)
    model = seen_shares(seen, ended, nuisance["recorded_share"])[:, every, seen.ended, contest]
    unexplained = _wide(nuisance["unexplained"], 1)
    ended_as = xp.log((1.0 - unexplained) * model + unexplained * seen.rates[every, seen.ended, contest])
    mixed = _PRIOR_SEATS / (repeats + _PRIOR_SEATS)
    objects = xp.clip((1.0 - mixed) * expected.objects + mixed * seen.objection_rates, _LEAST, 1.0 - _LEAST)
    unexplained = _wide(nuisance["unexplained_objections"], 1)
    of_objectors = xp.logaddexp(
        xp.log(1.0 - unexplained) + _objectors(seen, objects, xp),
        xp.log(unexplained) + _objectors(seen, seen.objection_rates, xp),
    )
    return ended_as + xp.where(seen.contested, of_objectors, 0.0)


def _wide(values: Any, axes: int) -> Any:
    return values.reshape(-1, *(1,) * axes)


def _objectors(seen: History, objects: Any, xp: Any) -> Any:
    """Return the log probability of who objects to contested items, given that somebody does (..., I)."""
    silent = xp.log1p(-objects)
    found = xp.where(seen.seated, xp.where(seen.voiced, xp.log(objects), silent), 0.0).sum(axis=-1)
    nobody = xp.where(seen.seated, silent, 0.0).sum(axis=-1)
    return xp.where(seen.contested, found - xp.log(-xp.expm1(nobody)), 0.0)


def _spending(error: Any, sd: Any, common_sd: Any, persistence: Any, xp: Any = np) -> Any:
    """Return the log likelihood of errors of spending (D, Y, N).

    An ally's error is a first-order autoregression that begins at zero, and so is an error that all share; output that
    budgets did not foresee is a part of the latter, new each year.
    """
    years, n = error.shape[1:]
    past = np.subtract.outer(np.arange(years), np.arange(years))
    # Errors of a year are what is left of the new ones of each year before.
    left = xp.where(past >= 0, _wide(persistence, 2) ** np.maximum(past, 0), 0.0)
    shape = left @ left.swapaxes(1, 2)
    own = _wide(sd, 2) ** 2 * shape
    common = _wide(common_sd, 2) ** 2 * shape + SD_OUTPUT**2 * np.eye(years)
    # The mean over allies and the deviations from it are independent.
    mean = error.mean(axis=2, keepdims=True)
    return _normal(mean, own / n + common, 1, xp) + _normal(error - mean, own, n - 1, xp)


def _normal(error: Any, covariance: Any, count: int, xp: Any) -> Any:
    """Return the log density of columns of errors (D, Y, C), as if there were `count` independent ones."""
    factor = xp.linalg.cholesky(covariance)
    half = xp.log(xp.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    scaled = xp.linalg.solve(factor, error)
    return -0.5 * (scaled**2).sum(axis=(1, 2)) - count * (half + 0.5 * error.shape[1] * np.log(2.0 * np.pi))
