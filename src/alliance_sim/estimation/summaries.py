"""What a fit of behaviour tells: how far parameters were informed, by what, and how well the record is predicted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.constants import SD_OUTPUT
from alliance_sim.estimation.behaviour import LARGEST_K, Fit, smoothed
from alliance_sim.estimation.likelihood import likelihood
from alliance_sim.estimation.runs import Simulator
from alliance_sim.estimation.unknowns import NUISANCE, Unknowns
from alliance_sim.registry.actors import ALLIES
from alliance_sim.validation.history import seen_shares
from alliance_sim.validation.record import CLASSES, GROUPS

__all__ = ["described", "item_scores", "predicted", "pulls", "ridges"]

Floats = NDArray[np.float64]

#: The outer parts of a range, together.
_EDGE = 0.05
#: Items that are listed because rates foretell them better.
_WORST = 5
#: Draws from the prior that its mean and quantiles are taken from.
_PRIOR_DRAWS = 4_000


def values_of(unknowns: Unknowns, z: Floats) -> dict[str, Floats]:
    """Return the values (D,) of each unknown, by name.

    Parameters
    ----------
    unknowns : Unknowns
    z : (D, dimension) array
    """
    rows = unknowns.rows(z)
    return {name: rows.values[:, c] for c, name in enumerate(rows.names)} | unknowns.nuisance(z)


def _numbers(values: Floats, weights: Floats) -> list[float]:
    mean = float(weights @ values)
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    low, high = (float(values[order][np.searchsorted(share, q).clip(max=len(values) - 1)]) for q in (0.05, 0.95))
    return [mean, float(np.sqrt(weights @ (values - mean) ** 2)), low, high]


def described(unknowns: Unknowns, fit: Fit) -> dict[str, dict[str, dict[str, Any]]]:
    """Return parameters, actors and nuisance: prior, posterior, shrinkage, shift, and mass at the edge of the range.

    Shrinkage is the share by which the standard deviation fell, and the shift is in standard deviations of the prior,
    both of normal scores; mean, standard deviation, and 5 and 95 % quantiles are in the quantity's own units.
    """
    rng = np.random.default_rng(20250623)
    before = values_of(unknowns, rng.standard_normal((_PRIOR_DRAWS, unknowns.dimension)))
    after, weights = values_of(unknowns, fit.draws.z), fit.check.weights
    even = np.full(_PRIOR_DRAWS, 1.0 / _PRIOR_DRAWS)
    scores = unknowns.scores(fit.draws.z)
    bounds = {**unknowns.parameters, **NUISANCE}
    found: dict[str, dict[str, dict[str, Any]]] = {"parameters": {}, "actors": {}, "nuisance": {}}
    for c, name in enumerate(unknowns.names):
        mean = weights @ scores[:, c]
        sd = np.sqrt(weights @ (scores[:, c] - mean) ** 2)
        entry: dict[str, Any] = {
            "prior": _numbers(before[name], even),
            "posterior": _numbers(after[name], weights),
            "shrinkage": 1.0 - float(sd),
            "shift": float(mean),
        }
        if name in bounds:
            low, high = bounds[name].low, bounds[name].high
            margin = 0.5 * _EDGE * (high - low)
            outer = (after[name] < low + margin) | (after[name] > high - margin)
            entry["edge"] = float(weights @ outer)
        part = "nuisance" if name in NUISANCE else "parameters" if name in unknowns.parameters else "actors"
        found[part][name] = entry
    return found


def ridges(unknowns: Unknowns, fit: Fit, most: int = 10) -> list[list[Any]]:
    """Return the pairs of unknowns whose posterior correlations differ most from those of their priors."""
    scores, weights = unknowns.scores(fit.draws.z), fit.check.weights
    count = len(unknowns.parameters)
    chosen = [*range(count), *range(len(unknowns.names) - len(NUISANCE), len(unknowns.names))]
    correlation = _correlation(scores[:, chosen], weights)
    upper = np.triu(np.abs(correlation), 1)
    order = np.argsort(-upper, axis=None)[:most]
    names = [unknowns.names[c] for c in chosen]
    return [
        [names[i], names[j], float(correlation[i, j])]
        for i, j in zip(*np.unravel_index(order, upper.shape), strict=True)
    ]


def _correlation(values: Floats, weights: Floats) -> Floats:
    centred = values - weights @ values
    covariance = (weights[:, np.newaxis] * centred).T @ centred
    sd = np.sqrt(np.diag(covariance))
    found: Floats = covariance / np.outer(sd, sd)
    return found


def pulls(simulator: Simulator, fit: Fit, most: int = 5) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return, by unknown, the items that pull it most: its mean less the mean without the item.

    By Pareto smoothed importance sampling; second, the items, or ``spending``, whose k is too high to tell. Actors stay
    as they were measured with the rows that report an item.
    """
    unknowns, check = simulator.unknowns, fit.check
    names = list(unknowns.names)
    after = values_of(unknowns, fit.draws.z)
    values = np.stack([after[name] for name in names], axis=1)
    mean = check.weights @ values
    base = np.log(np.maximum(check.weights, 1e-300))
    terms = {item.id: check.simulated.items[:, i] for i, item in enumerate(simulator.seen.items)}
    terms["spending"] = check.simulated.spending
    moves, unknown = {}, []
    for name, term in terms.items():
        weights, k = smoothed(base - check.power * term)
        if k < LARGEST_K:
            moves[name] = mean - weights @ values
        else:
            unknown.append(name)
    found: dict[str, dict[str, float]] = {}
    for c, name in enumerate(names):
        largest = sorted(moves, key=lambda item, c=c: -abs(moves[item][c]))[:most]  # type: ignore[misc]
        found[name] = {item: float(moves[item][c]) for item in largest}
    return found, unknown


def item_scores(simulator: Simulator, fit: Fit) -> dict[str, Any]:
    """Return log scores of items that leave each out, with the shares that are not explained and without, and of rates.

    Rates are those of the forum, the item left out, and each ally's own.

    Returns
    -------
    dict
        Sums over items: ``with_unexplained``, ``without_unexplained`` and ``rates``; ``count`` of items and of those
        whose weights are ``unreliable``; the same sums ``by_forum``; and the ``worst`` items, at which the model
        without these shares loses most against rates: id, its score, that of rates.
    """
    seen, check = simulator.seen, fit.check
    nuisance = simulator.unknowns.nuisance(fit.draws.z)
    repeats = np.inf
    scored = {}
    for name, share in (("with_unexplained", None), ("without_unexplained", 1e-9), ("rates", 1.0 - 1e-9)):
        shares = {} if share is None else dict.fromkeys(("unexplained", "unexplained_objections"), share)
        values = nuisance | {key: np.full_like(nuisance[key], each) for key, each in shares.items()}
        scored[name] = likelihood(seen, check.expected, values, repeats).items
    base = np.log(np.maximum(check.weights, 1e-300))
    scores = {name: np.empty(len(seen.items)) for name in scored}
    unreliable = 0
    for i in range(len(seen.items)):
        weights, k = smoothed(base - check.power * check.simulated.items[:, i])
        unreliable += int(k >= LARGEST_K)
        for name, terms in scored.items():
            scores[name][i] = np.log(weights @ np.exp(terms[:, i]))
    groups = np.array([item.group for item in seen.items])
    model, rates = scores["without_unexplained"], scores["rates"]
    return {
        "count": len(seen.items),
        **{name: float(each.sum()) for name, each in scores.items()},
        "unreliable": unreliable,
        "by_forum": {
            group: {"count": int(alike.sum()), **{name: float(each[alike].sum()) for name, each in scores.items()}}
            for group in GROUPS
            if (alike := groups == group).any()
        },
        "worst": [[seen.items[i].id, float(model[i]), float(rates[i])] for i in np.argsort(model - rates)[:_WORST]],
    }


def predicted(simulator: Simulator, fit: Fit, seed: int) -> dict[str, Any]:
    """Return posterior predictive checks: 80 % intervals of yearly spending, 90 % intervals of class rates by forum."""
    rng = np.random.default_rng([seed, 5])
    seen, check, z = simulator.seen, fit.check, fit.draws.z
    nuisance = simulator.unknowns.nuisance(z)
    draws, years, allies = check.expected.spending.shape
    known = seen.spending_known
    error = np.zeros((draws, years, allies))
    for year in range(years):
        before = error[:, year - 1] if year else 0.0
        own = nuisance["spending_sd"][:, np.newaxis] * rng.standard_normal((draws, allies))
        common = (nuisance["spending_common_sd"] * rng.standard_normal(draws))[:, np.newaxis]
        error[:, year] = nuisance["spending_persistence"][:, np.newaxis] * before + own + common
    output = SD_OUTPUT * rng.standard_normal((draws, years, 1))
    spending = np.exp(check.expected.spending + error + output)
    chosen = rng.choice(draws, size=draws, p=check.weights)
    low, high = np.quantile(spending[chosen], (0.1, 0.9), axis=0)
    inside = ((seen.spending >= low) & (seen.spending <= high))[:, known]
    names = [ally for ally, use in zip(ALLIES, known, strict=True) if use]
    shares = seen_shares(seen, check.expected.ended, nuisance["recorded_share"])
    unexplained = nuisance["unexplained"][:, np.newaxis, np.newaxis, np.newaxis]
    shares = ((1.0 - unexplained) * shares + unexplained * seen.rates).sum(axis=3)[chosen]
    ended = (rng.random(shares.shape[:2])[..., np.newaxis] > np.cumsum(shares, axis=2)).sum(axis=2)
    classes = []
    for group in GROUPS:
        alike = np.array([item.group == group for item in seen.items])
        for c, name in enumerate(CLASSES if alike.any() else ()):
            rate = (ended[:, alike] == c).mean(axis=1)
            bottom, top = np.quantile(rate, (0.05, 0.95))
            observed = float((seen.ended[alike] == c).mean())
            row = {"forum": group, "class": name, "observed": observed, "low": float(bottom), "high": float(top)}
            classes.append(row)
    return {
        "spending": {
            "share80": float(inside.mean()),
            "by_ally": {name: float(inside[:, c].mean()) for c, name in enumerate(names)},
            "by_year": {str(year): float(inside[y].mean()) for y, year in enumerate(seen.years)},
        },
        "classes": classes,
    }
