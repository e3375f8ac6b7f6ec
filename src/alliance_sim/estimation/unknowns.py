"""The unknowns of the fit of behaviour, as standard normal numbers, and what they stand for.

A parameter is the quantile of its prior; actors have the distributions that the measurement model gave them, joined by
a Gaussian copula, which keeps each one's distribution and their rank correlations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.special import ndtr, ndtri

from alliance_sim.calibration.posterior import Rows
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.distributions import Prior, lognormal, uniform
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, parameter_names, resolve

__all__ = ["NUISANCE", "Unknowns", "quantile"]

Floats = NDArray[np.float64]

#: Parameters of the record and of spending that are no part of the model, with their priors (judgement, wide).
NUISANCE: dict[str, Prior] = {
    # How often an item that nobody objected to is in the record, against one that was contested.
    "recorded_share": uniform(0.1, 1.0),
    # Share of the items that ends at the rates of the forum, and of those to which allies object at their own rates.
    "unexplained": uniform(0.01, 0.99),
    "unexplained_objections": uniform(0.01, 0.99),
    # Yearly errors of spending, of an ally and of all, as logarithms, and how much of them is left a year later.
    "spending_sd": lognormal(float(np.log(0.06)), 0.4, 0.01, 0.3),
    "spending_common_sd": lognormal(float(np.log(0.03)), 0.5, 0.005, 0.2),
    "spending_persistence": uniform(0.4, 0.99),
}
#: Weight of independence in the correlations between actors, against directions that few rows leave without spread.
_SHRINKAGE = 0.05


def quantile(prior: Prior, share: Any, xp: Any = np, functions: Any = special) -> Any:
    """Return the value below which a share of a prior lies.

    Parameters
    ----------
    prior : Prior
    share : array
    xp, functions : module
        Of the arrays: numpy and scipy.special, or their counterparts in jax.

    Raises
    ------
    InputError
        If the prior is triangular, which none of the registry is.

    Examples
    --------
    >>> quantile(uniform(2.0, 4.0), np.array([0.25, 0.5])).tolist()
    [2.5, 3.0]
    """
    if prior.kind == "fixed":
        return xp.full_like(share, prior.a)
    if prior.kind == "uniform":
        return prior.low + (prior.high - prior.low) * share
    if prior.kind == "triangular":
        raise InputError(f"prior: {prior} is not allowed; allowed: any but a triangle")
    low, high = prior.low, prior.high
    if prior.kind == "lognormal":
        low, high = float(np.log(low)) if low > 0 else -np.inf, float(np.log(high))
    below, above = ndtr((low - prior.a) / prior.b), ndtr((high - prior.a) / prior.b)
    value = xp.clip(prior.a + prior.b * functions.ndtri(below + share * (above - below)), low, high)
    return xp.exp(value) if prior.kind == "lognormal" else value


@dataclass(frozen=True)
class Unknowns:
    """What is fitted: uncertain parameters in an era, actors as measured, and `NUISANCE`.

    Attributes
    ----------
    era : str
        In which the history begins: where the prior of a parameter differs by era, that of this one counts.
    measured : Rows
        Of the measurement model.

    Examples
    --------
    >>> from alliance_sim.calibration.posterior import table_of
    >>> unknowns = Unknowns("2014", table_of("prior"))
    >>> z = np.zeros((2, unknowns.dimension))
    >>> rows = unknowns.rows(z)
    >>> unknowns.scores(z).shape == z.shape, unknowns.own.shape[0], "pledge" in unknowns.parameters
    (True, 32, True)
    >>> len(rows), "pledge" in rows.names, unknowns.nuisance(z)["recorded_share"].round(2).tolist()
    (2, True, [0.55, 0.55])
    """

    era: str
    measured: Rows

    @cached_property
    def parameters(self) -> dict[str, Prior]:
        """Priors of the parameters that are uncertain."""
        found: dict[str, Prior] = {}
        for name in parameter_names():
            if name not in ACTOR_QUANTITIES:
                parameter, ally = resolve(name)
                prior = parameter.prior(self.era, ally)
                if prior.kind != "fixed":
                    found[name] = prior
        return found

    @cached_property
    def _copula(self) -> tuple[Floats, Floats]:
        """Sorted values of each column (R, C), and a factor of the correlations of normal scores (C, C)."""
        values = self.measured.values
        ranks = values.argsort(axis=0).argsort(axis=0)
        scores = ndtri((ranks + 0.5) / len(values))
        correlation = (1.0 - _SHRINKAGE) * np.corrcoef(scores, rowvar=False) + _SHRINKAGE * np.eye(values.shape[1])
        return np.sort(values, axis=0), np.linalg.cholesky(correlation)

    @property
    def names(self) -> tuple[str, ...]:
        """What each unknown is, or, for actors, which column it is the first to move."""
        return (*self.parameters, *self.measured.names, *NUISANCE)

    @property
    def dimension(self) -> int:
        """Number of unknowns."""
        return len(self.names)

    def scores(self, z: Any, xp: Any = np) -> Any:
        """Return the normal score of each of `names` (D, dimension): those of actors go together as their columns do.

        Parameters
        ----------
        z : (D, dimension) array
        xp : module
            Of the array: numpy or jax.numpy.
        """
        count, factor = len(self.parameters), self._copula[1]
        last = count + len(factor)
        return xp.concatenate([z[:, :count], z[:, count:last] @ factor.T, z[:, last:]], axis=1)

    @cached_property
    def own(self) -> NDArray[np.int64]:
        """Places in `names` of what belongs to each ally (N, quantities), -1 where there is none.

        A column is the same quantity of all allies; of Washington that of its institutions.
        """
        kinds: dict[str, int] = {}
        found: list[tuple[int, int, int]] = []
        for place, name in enumerate(self.names):
            parts = name.split(".")
            for ally in (part for part in parts if part in ALLY_INDEX):
                kind = ".".join(part for part in parts if part not in (ally, "institutions"))
                found.append((ALLY_INDEX[ally], kinds.setdefault(kind, len(kinds)), place))
        own = np.full((len(ALLIES), len(kinds)), -1)
        for ally_row, column, place in found:
            own[ally_row, column] = place
        return own

    def rows(self, z: Floats) -> Rows:
        """Return parameters and actors, a row for each row of unknowns (D, dimension)."""
        count, ordered = len(self.parameters), self._copula[0]
        drawn = [quantile(prior, ndtr(z[:, c])) for c, prior in enumerate(self.parameters.values())]
        share = ndtr(self.scores(z)[:, count : count + ordered.shape[1]])
        places = (np.arange(len(ordered)) + 0.5) / len(ordered)
        actors = [np.interp(share[:, c], places, ordered[:, c]) for c in range(ordered.shape[1])]
        return Rows((*self.parameters, *self.measured.names), np.stack([*drawn, *actors], axis=1))

    def nuisance(self, z: Any, xp: Any = np, functions: Any = special) -> dict[str, Any]:
        """Return the values (D,) of each parameter of `NUISANCE`, for arrays of these modules (see `quantile`)."""
        first = self.dimension - len(NUISANCE)
        return {
            name: quantile(prior, functions.ndtr(z[:, first + c]), xp, functions)
            for c, (name, prior) in enumerate(NUISANCE.items())
        }
