"""Measurement model of perceived threat, southern orientation and positions, fitted to evidence and facts.

Bayesian, in numpyro: traits of actors are estimated from the coded statements of two documents, the coded leanings of
governments and a few public figures. ``calibration/README.md`` describes it. It needs the extra 'calibration'.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import expit, ndtr
from numpy.typing import NDArray
from numpyro.handlers import seed as seeded
from numpyro.handlers import trace
from numpyro.infer import MCMC, NUTS, init_to_median

from alliance_sim.data import find_row, number
from alliance_sim.estimation.readings import ACTORS, CURVES, SOUTH, THREAT, Data, all_departures, data
from alliance_sim.registry.eras import ERAS, LEADERS, coded_as
from alliance_sim.registry.issues import ISSUES

__all__ = ["SCALES", "Fitted", "convergence", "fit", "model", "simulated"]

# Log likelihoods of tails need double precision.
numpyro.enable_x64()

Floats = NDArray[np.float64]

#: Scales whose prior medians a fit can multiply, to see how much depends on them.
SCALES = ("own", "move", "certainty", "group", "lean", "residual", "south")

#: Nodes of the integral over the error of a statement, in standard deviations. The rule's error is below 1e-3
#: while the error of a coder is at least a tenth of that of the statement.
_NODES = np.linspace(-4.0, 4.0, 31)
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()

#: Effects in units of their scales.
_STANDARDISED = ("own", "moves", "south_own", "departure_own")

#: Where the outer levels end.
_END = 10.0

#: Least likelihood of a reading, so that a start far away has a finite one.
_LEAST = 1e-12

#: The threat perception at which the intercept of an indicator holds.
_AT = 0.6
#: The same of southern orientation.
_SOUTH_AT = 0.4

_N, _E = len(ACTORS), len(ERAS)
#: The eras that have a coding of their own; a mean of another era is that of the one it is coded as, shifted.
_CODED = [era for era in ERAS if coded_as(era) == era]
#: The era from which moves are counted.
_BASE = ERAS.index(_CODED[0])


def _sample(name: str, shape: tuple[int, ...] = (), factor: float = 1.0, center: Floats | None = None) -> Any:
    """Sample a quantity from its prior in ``priors/measurement.csv``, with `center` where the table has none.

    Scales are log-normal above a lower end, which keeps the sampler from a funnel; `factor` multiplies the median.
    """
    row = find_row("priors/measurement", quantity=name)
    spread = number(row, "spread", None)
    middle = np.broadcast_to(number(row, "center", None) if center is None else center, shape)
    if row["family"] == "normal":
        return numpyro.sample(name, dist.Normal(middle, spread))
    raw = numpyro.sample(f"{name}_raw", dist.LogNormal(np.log(middle * factor), spread))
    return numpyro.deterministic(name, number(row, "least", None) + raw)


def _ordinal(mean: Any, sd: Any, coder: Any, limits: Any, levels: Any) -> Any:
    """Return the log likelihood of the levels that coders read from one quantity with an error of its own.

    Ordered probit: each coder sees mean + sd*u + coder*e and reports in which interval it lies; u is shared by the
    coders and integrated out, -1 means that a coder gave no level.
    """
    # Far ends instead of infinite ones, whose gradient is not a number.
    ends = jnp.pad(jnp.asarray(limits), ((0, 0), (1, 1)), constant_values=((0.0, 0.0), (-_END, _END)))
    at = mean[:, None] + sd[:, None] * _NODES

    def chance(rows: Any, level: Any) -> Any:
        low, high = ((ends[rows, level + step][:, None] - at[rows]) * (1.0 / coder) for step in (0, 1))
        return ndtr(high) - ndtr(low)

    array = np if isinstance(levels, np.ndarray) else jnp
    every, one, two = np.arange(len(levels)), levels[:, 0], levels[:, 1]
    first = array.where(one >= 0, one, two)
    alike = array.where((one >= 0) & (two >= 0) & (one == two), 1, 0)
    inside = chance(every, first)
    both = jnp.where(alike[:, None] == 1, inside**2, inside)
    # Of known levels only those that differ need a second look; simulated ones can be any.
    apart = (one >= 0) & (two >= 0) & (one != two)
    rows = np.flatnonzero(apart) if array is np else every
    second = jnp.where(apart[rows][:, None], chance(rows, array.maximum(two[rows], 0)), 1.0)
    both = both.at[rows].multiply(second, unique_indices=True)
    return jnp.log(both @ _WEIGHTS + _LEAST)


def _curve_priors(field: str) -> Floats:
    """Return a field of ``priors/issues.csv`` by curve."""
    rows = [find_row("priors/issues", issue=issue, era=era) for issue, era in (name.split(".") for name in CURVES)]
    return np.array([number(row, field, None) for row in rows])


def _on_scale(values: Any) -> Any:
    """Return a sum of effects on the scale of traits, which ends at 0 and 1; near the middle it stays as it is."""
    return expit(4.0 * (values - 0.5))


def _traits(found: Data, factor: Mapping[str, float]) -> tuple[Any, Any]:
    """Sample perceived threat by cell of `THREAT` and southern orientation by cell of `SOUTH`."""
    mu = _sample("mu", (len(_CODED),))
    shifts = {era: _sample(f"shift_{era}") for era in ERAS if era not in _CODED}
    by_era = jnp.stack([mu[_CODED.index(coded_as(era))] + shifts.get(era, 0.0) for era in ERAS])
    slope = _sample("exposure_slope", (_E,))
    own, move = _sample("own_scale", factor=factor["own"]), _sample("move_scale", factor=factor["move"])
    z = numpyro.sample("own", dist.Normal(0.0, 1.0).expand([_N]))
    moves = numpyro.sample("moves", dist.StudentT(3.0, 0.0, 1.0).expand([_E - 1, _N]))
    steps = jnp.insert(moves, _BASE, 0.0, axis=0)
    actors = by_era[:, None] + slope[:, None] * found.exposure + own * z + move * steps
    presidents = _sample("president_threat", (len(LEADERS),))
    threat = numpyro.deterministic("threat", _on_scale(jnp.concatenate([actors.ravel(), presidents])))
    rest = numpyro.sample("south_own", dist.Normal(0.0, 1.0).expand([_N]))
    allies = (
        _sample("south_mean")
        + _sample("geography_slope") * found.geography
        + _sample("south_exposure_slope") * found.exposure
        + _sample("south_scale", factor=factor["south"]) * rest
    )
    presidents = _sample("president_south", (len(LEADERS),))
    return threat, numpyro.deterministic("south", _on_scale(jnp.concatenate([allies, presidents])))


def _statements(found: Data, threat: Any, south: Any, factor: Mapping[str, float]) -> tuple[Any, Any, Any]:
    """Sample curves, departures and errors; return mean and error of each reading, and the error of a coder."""
    size = (len(CURVES),)
    slopes = _curve_priors("slope_threat"), _curve_priors("slope_south")
    # Judgement is about the position of a usual ally: at a threat perception of 0, where few are, it knows less.
    usual = _curve_priors("intercept") + _AT * slopes[0] + _SOUTH_AT * slopes[1]
    level = _sample("curve_level", size, center=usual)
    on_threat, on_south = (
        _sample("curve_threat", size, center=slopes[0]),
        _sample("curve_south", size, center=slopes[1]),
    )
    intercept = numpyro.deterministic("curve_intercept", level - _AT * on_threat - _SOUTH_AT * on_south)
    by_issue = _curve_priors("sd").reshape(len(ISSUES), -1).mean(axis=1)
    _sample("residual_issue", (len(ISSUES),), factor["residual"], by_issue)
    leader = _sample("residual_leader", factor=factor["residual"])
    z = numpyro.sample("departure_own", dist.Normal(0.0, 1.0).expand([len(found.departures)]))
    # A document names an ally for what sets it apart, so its departure is not one of the residuals.
    named = _sample("residual_named", factor=factor["residual"])
    departure = numpyro.deterministic("departure", jnp.where(found.president, leader, named) * z)
    # Readings of a trait have the curves 0 and 1, which return it as it is.
    curves = [
        jnp.concatenate([jnp.array(first), rest])
        for first, rest in (([0.0, 0.0], intercept), ([1.0, 0.0], on_threat), ([0.0, 1.0], on_south))
    ]
    a, b, c = (each[found.curve] for each in curves)
    mean = a + b * (found.threat @ threat) + c * (found.south @ south) + found.departure @ departure
    sds = jnp.cumsum(
        jnp.stack([_sample(name, factor=factor["certainty"]) for name in ("sd_high", "sd_medium_more", "sd_low_more")])
    )
    group = _sample("sd_group", factor=factor["group"])
    return mean, jnp.sqrt((found.certainty @ sds) ** 2 + found.group * group**2), _sample("sd_coder")


def _leanings(found: Data, threat: Any, factor: Mapping[str, float]) -> tuple[Any, Any, Any, Any]:
    """Sample boundaries and errors of leanings; return mean, error, error of a coder, boundaries."""
    steps = jnp.cumsum(_sample("lean_step", (3,)))
    limits = _sample("lean_first") + jnp.concatenate([jnp.zeros(1), steps])
    mean = threat[found.lean_cell]
    sd = _sample("lean_sd", factor=factor["lean"])
    return mean, jnp.full_like(mean, sd), _sample("lean_coder"), limits


def _figures(found: Data, threat: Any) -> Any:
    """Sample how indicators depend on threat perception; return the distribution of the figures."""
    size = (len(found.indicators),)
    intercept, loading = _sample("figure_intercept", size), _sample("figure_loading", size)
    mean = intercept[found.figure] + loading[found.figure] * (threat[found.figure_cell] - _AT)
    mean = mean + _sample("figure_gdp") * found.figure_gdp
    return dist.StudentT(5.0, mean, _sample("figure_sd", size)[found.figure])


def model(found: Data, factors: Mapping[str, float] | None = None) -> None:
    """Sample all quantities and condition on the observations: a numpyro model.

    Parameters
    ----------
    found : Data
    factors : mapping, optional
        By which the prior medians of some of `SCALES` are multiplied.

    Examples
    --------
    >>> from numpyro.handlers import seed, trace
    >>> sites = trace(seed(model, 1)).get_trace(data())
    >>> sites["threat"]["value"].shape == (len(THREAT),)
    True
    """
    factor = dict.fromkeys(SCALES, 1.0) | dict(factors or {})
    threat, south = _traits(found, factor)
    mean, sd, coder = _statements(found, threat, south, factor)
    numpyro.deterministic("reading_mean", mean)
    numpyro.deterministic("reading_sd", sd)
    of_statements = _ordinal(mean, sd, coder, found.limits, found.levels)
    numpyro.factor("statements", numpyro.deterministic("loglik_statements", of_statements).sum())
    mean, sd, coder, limits = _leanings(found, threat, factor)
    numpyro.deterministic("lean_limits", limits)
    of_leanings = _ordinal(mean, sd, coder, jnp.broadcast_to(limits, (len(mean), 4)), found.lean)
    numpyro.factor("leanings", numpyro.deterministic("loglik_leanings", of_leanings).sum())
    of_figures = _figures(found, threat).log_prob(found.figure_value)
    numpyro.factor("figures", numpyro.deterministic("loglik_figures", of_figures).sum())


@dataclass(frozen=True)
class Fitted:
    """A fitted measurement model; R rows, each one draw of the posterior.

    Attributes
    ----------
    data : Data
    rows : mapping
        Column to (R,) array: ``threat.ACTOR.ERA``, ``south.ACTOR``, ``intercept.ISSUE.ERA``,
        ``threat_slope.ISSUE.ERA``, ``south_slope.ISSUE.ERA``, ``residual.ISSUE``, ``residual.leader``,
        ``departure.ACTOR.ISSUE.ERA``; not clipped.
    others : mapping
        Quantities that the simulation does not use, by name: scales, slopes, loadings, boundaries.
    log_likelihood : mapping
        Id of a statement, or name of a leaning or figure, to (R,) array; errors are integrated out.
    diagnostics : mapping
        Split R-hat, effective sample sizes, divergences, and what was fitted.

    Examples
    --------
    >>> fitted = fit(chains=2, samples=10, warmup=10)
    >>> fitted.rows["threat.EST.2025"].shape, fitted.others["own_scale"].shape
    ((20,), (20,))
    >>> sorted(fitted.diagnostics)[:3], len(fitted.log_likelihood["A-22"]), len(fitted.data.lean_names)
    (['chains', 'divergences', 'ess_bulk'], 20, 97)
    """

    data: Data
    rows: Mapping[str, Floats]
    others: Mapping[str, Floats]
    log_likelihood: Mapping[str, Floats]
    diagnostics: Mapping[str, Any]


def fit(
    left_out: Collection[str] = (),
    seed: int = 0,
    chains: int = 4,
    samples: int = 700,
    warmup: int = 700,
    rows: int = 2000,
    factors: Mapping[str, float] | None = None,
    found: Data | None = None,
) -> Fitted:
    """Sample the posterior with the No-U-Turn sampler, one chain after the other.

    Parameters
    ----------
    left_out : collection of str
        Statements, leanings, figures and items of the record that do not count (`data`).
    seed, chains, samples, warmup : int
    rows : int
        Draws that are kept, evenly spaced.
    factors : mapping, optional
        By which the prior medians of some of `SCALES` are multiplied.
    found : Data, optional
        Fitted instead of evidence and facts.

    Examples
    --------
    >>> fit(left_out=("lean",), chains=1, samples=5, warmup=5).diagnostics["samples"]
    5
    """
    chosen = data(left_out) if found is None else found
    sampler = MCMC(
        NUTS(model, target_accept_prob=0.9, init_strategy=init_to_median(num_samples=30)),
        num_warmup=warmup,
        num_samples=samples,
        num_chains=chains,
        chain_method="sequential",
        progress_bar=False,
    )
    sampler.run(jax.random.PRNGKey(seed), chosen, factors, extra_fields=("diverging", "num_steps"))
    by_chain = {name: np.asarray(value) for name, value in sampler.get_samples(group_by_chain=True).items()}
    diagnostics = {
        "chains": chains,
        "samples": samples,
        "warmup": warmup,
        "seed": seed,
        "left_out": list(left_out),
        "readings": len(chosen.readings),
        "leanings": len(chosen.lean_names),
        "figures": len(chosen.figure_names),
        "divergences": int(np.asarray(sampler.get_extra_fields()["diverging"]).sum()),
        "steps": float(np.asarray(sampler.get_extra_fields()["num_steps"]).mean()),
        **convergence(by_chain),
    }
    kept = np.linspace(0, chains * samples - 1, min(rows, chains * samples)).round().astype(int)
    flat = {name: value.reshape(chains * samples, *value.shape[2:])[kept] for name, value in by_chain.items()}
    return Fitted(chosen, columns_of(chosen, flat), _others(flat), _log_likelihood(chosen, flat), diagnostics)


def _reported(name: str) -> bool:
    """Return whether a sampled quantity means something: standardised effects enter others and have no use alone."""
    hidden = ("loglik_", "reading_")
    return not (name.startswith(hidden) or name.endswith("_raw") or name in _STANDARDISED)


def convergence(by_chain: Mapping[str, Floats]) -> dict[str, Any]:
    """Return the worst split R-hat and effective sample sizes, and where they are, of all quantities of the model."""
    arviz = stats()
    worst: dict[str, Any] = {}
    for name, values in by_chain.items():
        if not _reported(name) or values.shape[0] < 2 or values.shape[1] < 4:
            continue
        flat = values.reshape(*values.shape[:2], -1)
        for i in range(flat.shape[2]):
            each = flat[:, :, i]
            if each.std() == 0.0:
                continue
            label = name if flat.shape[2] == 1 else f"{name}[{_label(name, i)}]"
            found = {
                "r_hat": float(arviz.rhat(each, method="split")),
                "ess_bulk": float(arviz.ess(each, method="bulk")),
                "ess_tail": float(arviz.ess(each, method="tail")),
            }
            for key, value in found.items():
                sign = 1.0 if key == "r_hat" else -1.0
                if key not in worst or sign * value > sign * worst[key][0]:
                    worst[key] = (value, label)
    return {key: {"worst": round(value, 4), "of": label} for key, (value, label) in worst.items()} or {
        key: {} for key in ("r_hat", "ess_bulk", "ess_tail")
    }


def _label(name: str, i: int) -> str:
    names = {"threat": THREAT, "south": SOUTH}
    return names[name][i] if name in names else str(i)


def stats() -> Any:
    """Return the library of diagnostics, which warns of its next version when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        import arviz
    return arviz


def columns_of(found: Data, flat: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return what a simulation uses, by the names of columns."""
    columns = {f"threat.{cell}": flat["threat"][:, i] for i, cell in enumerate(THREAT)}
    columns |= {f"south.{cell}": flat["south"][:, i] for i, cell in enumerate(SOUTH)}
    for column, name in (
        ("intercept", "curve_intercept"),
        ("threat_slope", "curve_threat"),
        ("south_slope", "curve_south"),
    ):
        columns |= {f"{column}.{curve}": flat[name][:, i] for i, curve in enumerate(CURVES)}
    columns |= {f"residual.{issue}": flat["residual_issue"][:, k] for k, issue in enumerate(ISSUES)}
    columns["residual.leader"] = flat["residual_leader"]
    for cell, fitted in all_departures(found.departures).items():
        columns[f"departure.{cell}"] = flat["departure"][:, found.departures.index(fitted)]
    return columns


def _others(flat: Mapping[str, Floats]) -> dict[str, Floats]:
    shown = ("threat", "south", "curve_", "residual_", "departure")
    return {
        name: value
        for name, value in flat.items()
        if _reported(name) and not name.startswith(shown[2:]) and name not in shown
    }


def _log_likelihood(found: Data, flat: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return log likelihoods by statement (its readings together), leaning and figure."""
    columns: dict[str, Floats] = {}
    for i, reading in enumerate(found.readings):
        columns[reading.id] = columns.get(reading.id, 0.0) + flat["loglik_statements"][:, i]
    columns |= {name: flat["loglik_leanings"][:, i] for i, name in enumerate(found.lean_names)}
    return columns | {name: flat["loglik_figures"][:, i] for i, name in enumerate(found.figure_names)}


def simulated(found: Data, seed: int) -> tuple[dict[str, Floats], Data]:
    """Draw all quantities from the prior, and observations from them.

    Returns
    -------
    truth : dict
        Name to value.
    observed : Data
        The same design with levels, classes and figures that the model could have produced.

    Examples
    --------
    >>> truth, observed = simulated(data(), seed=1)
    >>> truth["threat"].shape == (len(THREAT),), observed.levels.shape == data().levels.shape
    (True, True)
    """
    sites = trace(seeded(model, jax.random.PRNGKey(seed))).get_trace(found)
    truth = {
        name: np.asarray(site["value"])
        for name, site in sites.items()
        if site["type"] in ("sample", "deterministic") and not name.startswith("loglik_")
    }
    noise = np.random.default_rng([seed, 1])
    levels = _coded(noise, truth["reading_mean"], truth["reading_sd"], truth["sd_coder"], found.limits, found.levels)
    mean = truth["threat"][found.lean_cell]
    limits = np.broadcast_to(truth["lean_limits"], (len(mean), 4))
    lean = _coded(noise, mean, np.full_like(mean, truth["lean_sd"]), truth["lean_coder"], limits, found.lean)
    expected = truth["figure_intercept"][found.figure]
    expected = expected + truth["figure_loading"][found.figure] * (truth["threat"][found.figure_cell] - _AT)
    expected = expected + truth["figure_gdp"] * found.figure_gdp
    figures = expected + truth["figure_sd"][found.figure] * noise.standard_t(5.0, len(expected))
    return truth, found.with_observed(levels, lean, figures)


def _coded(
    noise: np.random.Generator, mean: Floats, sd: Floats, coder: Floats, limits: Floats, given: NDArray[np.int64]
) -> NDArray[np.int64]:
    seen = mean + sd * noise.standard_normal(len(mean))
    read = seen[:, None] + coder * noise.standard_normal(given.shape)
    levels = (read[:, :, None] > limits[:, None, :]).sum(axis=-1)
    return np.where(given >= 0, levels, -1)
