"""What a forecast has to beat: rates, simple theories of voting, and a regression, each with what was known before.

Every function takes the items of the record in time order, of which the first `known` are known, and forecasts all;
forecasts of an item use items of earlier months alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from alliance_sim.registry.actors import ALLIES
from alliance_sim.validation.record import CLASSES, RecordedItem, voiced

__all__ = ["base_rate", "forum_rates", "objected_on_the_issue", "objection_rates", "ordered_logit"]

Floats = NDArray[np.float64]

#: Standard deviations of the priors of slopes, of standardised covariates, and of cut points: Gelman, Jakulin, Pittau
#: and Su (2008), doi:10.1214/08-AOAS191, for slopes.
_SLOPE_SD, _CUT_SD = 2.5, 5.0


def forum_rates(items: Sequence[RecordedItem]) -> Floats:
    """Return a forecast of the class of each item (n, 3): the rates of its forum in the months before.

    Renewals of EU sanctions are apart. The classes together begin with the weight of one item (judgement).

    Examples
    --------
    >>> from alliance_sim.validation.record import record
    >>> forum_rates(record())[0].round(2).tolist()
    [0.33, 0.33, 0.33]
    """
    return _rates(items, [item.group for item in items])


def base_rate(items: Sequence[RecordedItem]) -> Floats:
    """Return a forecast of the class of each item (n, 3): the rates of all items in the months before.

    Examples
    --------
    >>> from alliance_sim.validation.record import record
    >>> bool(base_rate(record())[-1].argmax() == CLASSES.index("adopted"))
    True
    """
    return _rates(items, [""] * len(items))


def _rates(items: Sequence[RecordedItem], kinds: Sequence[str]) -> Floats:
    found = np.empty((len(items), len(CLASSES)))
    for i, item in enumerate(items):
        counts = np.full(len(CLASSES), 1.0 / len(CLASSES))
        for other, kind in zip(items, kinds, strict=True):
            if other.month < item.month and kind == kinds[i]:
                counts[other.outcome] += 1.0
        found[i] = counts / counts.sum()
    return found


def objection_rates(items: Sequence[RecordedItem], seated: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return a forecast of each ally's objection (n, N): its rate over the items of earlier months it had a seat at.

    The rate of all allies counts as one item of each (judgement); it begins with one objection at a meeting of all.

    Examples
    --------
    >>> from alliance_sim.validation.record import record
    >>> items = record(2014, 2014)
    >>> float(objection_rates(items, np.ones((len(items), len(ALLIES)), bool))[0].max())
    0.03125
    """
    objectors = voiced(items)
    found = np.empty(objectors.shape)
    for i, item in enumerate(items):
        before = np.array([other.month < item.month for other in items])
        seat = seated[before]
        given, seen = (objectors[before] & seat).sum(axis=0), seat.sum(axis=0)
        common = (given.sum() + 1.0) / (seen.sum() + len(ALLIES))
        found[i] = (given + common) / (seen + 1.0)
    return found


def objected_on_the_issue(items: Sequence[RecordedItem], seated: NDArray[np.bool_], *, hard: bool = False) -> Floats:
    """Return a forecast of each ally's objection (n, N): its rate on the issue in earlier months it had a seat at.

    Its rate on all issues counts as one item of the issue, and that of all allies as one of each (judgement).

    Parameters
    ----------
    items : sequence of RecordedItem
    seated : (n, N) bool array
    hard : bool
        Count broken silence only.

    Examples
    --------
    >>> from alliance_sim.validation.record import record
    >>> items = record(2014, 2014)
    >>> float(objected_on_the_issue(items, np.ones((len(items), len(ALLIES)), bool))[0].max())
    0.03125
    """
    objectors = voiced(items, hard)
    found = np.empty(objectors.shape)
    for i, item in enumerate(items):
        before = np.array([other.month < item.month for other in items])
        alike = before & np.array([other.issue == item.issue for other in items])
        common = (objectors[before] & seated[before]).sum() + 1.0
        rate = np.full(len(ALLIES), common / (seated[before].sum() + len(ALLIES)))
        for chosen in (before, alike):
            given, seen = (objectors[chosen] & seated[chosen]).sum(axis=0), seated[chosen].sum(axis=0)
            rate = (given + rate) / (seen + 1.0)
        found[i] = rate
    return found


def ordered_logit(covariates: Floats, outcomes: NDArray[np.int64], known: int) -> Floats:
    """Return probabilities of ordered classes (n, 3) from a regression on the first `known` cases.

    A proportional-odds model (McCullagh 1980), the mode of its posterior under weak normal priors; covariates are
    standardised by the known cases, and one that is constant there does not count.

    Parameters
    ----------
    covariates : (n, K) array
    outcomes : (n,) int array
        Of all cases; those after the first `known` are not read.
    known : int

    Examples
    --------
    >>> x = np.array([[0.0], [0.1], [0.5], [0.6], [0.9], [1.0], [0.0], [1.0]])
    >>> found = ordered_logit(x, np.array([0, 0, 1, 1, 2, 2, 0, 0]), known=6)
    >>> found[6:].argmax(axis=1).tolist()
    [0, 2]
    """
    mean, sd = covariates[:known].mean(axis=0), covariates[:known].std(axis=0)
    x = np.where(sd > 0.0, (covariates - mean) / np.where(sd > 0.0, sd, 1.0), 0.0)
    count = x.shape[1]

    def shares(values: Floats, rows: Floats) -> Floats:
        cuts = np.array([values[count], values[count] + np.exp(values[count + 1])])
        below = expit(cuts - (rows @ values[:count])[:, np.newaxis])
        return np.diff(np.column_stack((np.zeros(len(rows)), below, np.ones(len(rows)))), axis=1)

    def loss(values: Floats) -> float:
        p = shares(values, x[:known])[np.arange(known), outcomes[:known]]
        prior = (values[:count] / _SLOPE_SD) ** 2
        cuts = np.array([values[count], values[count] + np.exp(values[count + 1])])
        return float(-np.log(np.maximum(p, 1e-300)).sum() + 0.5 * prior.sum() + 0.5 * ((cuts / _CUT_SD) ** 2).sum())

    start = np.zeros(count + 2)
    start[count] = -1.0
    return shares(np.asarray(minimize(loss, start, method="BFGS").x), x)
