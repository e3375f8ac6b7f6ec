"""Checks of the fitted measurement model: against data that were left out, its priors, single rows, and itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from numpyro.infer import MCMC, NUTS, Predictive
from scipy.stats import chisquare, spearmanr

from alliance_sim.estimation.measurement import Fitted, columns_of, model, simulated, stats
from alliance_sim.estimation.readings import INSTITUTIONS, LEADER, Data, data
from alliance_sim.estimation.work import kept_lines
from alliance_sim.registry.actors import ALLIES, EUROPEANS

__all__ = [
    "FIGURES",
    "MAIN_SCALES",
    "WATCHED",
    "left_out_figures",
    "moved",
    "ordering",
    "priors",
    "pulls",
    "rank_summary",
    "ranks",
    "scale_factors",
]

Floats = NDArray[np.float64]

#: Figures that are left out in turn and predicted.
FIGURES = ("expulsions", "aid", "opinion")

#: Traits whose moves are reported.
WATCHED = ("threat.HUN.2025", "threat.SVK.2025", "threat.USA.leader.2025", "threat.EST.2025")

#: Ranks are among this many draws of a posterior.
_RANKED = 99

#: Scales on which threat perceptions rest directly.
MAIN_SCALES = ("own", "move", "certainty", "group", "lean")

_LEAST_RELIABLE_K = 0.7


def gap(rows: Mapping[str, Floats], era: str) -> Floats:
    """Return the mean threat perception of Europeans less that of the president, draw by draw."""
    mean: Floats = np.mean([rows[f"threat.{ally}.{era}"] for ally in EUROPEANS], axis=0)
    return mean - rows[f"threat.{LEADER}.{era}"]


def _watched(rows: Mapping[str, Floats]) -> dict[str, float]:
    found = {name: float(rows[name].mean()) for name in WATCHED}
    return found | {"gap 2025 - 2018": float((gap(rows, "2025") - gap(rows, "2018")).mean())}


def moved(rows: Mapping[str, Floats], base: Mapping[str, Floats], most: int = 3) -> dict[str, float]:
    """Return how the means of `WATCHED`, and of the `most` traits that move most, differ between two fits.

    Both are given by draws or by means.

    Examples
    --------
    >>> from alliance_sim.estimation.report import posterior_path, read_posterior
    >>> base = read_posterior(posterior_path())
    >>> higher = {name: values + 0.25 * (name == "threat.HUN.2025") for name, values in base.items()}
    >>> round(moved(higher, base)["threat.HUN.2025"], 3)
    0.25
    """
    start, other = _watched(base), _watched(rows)
    traits = {
        name: float(rows[name].mean() - values.mean())
        for name, values in base.items()
        if name.startswith(("threat.", "south."))
    }
    largest = sorted(traits, key=lambda name: -abs(traits[name]))[:most]
    return {name: other[name] - start[name] for name in start} | {name: traits[name] for name in largest}


def ordering(rows: Mapping[str, Floats]) -> dict[str, float]:
    """Return the posterior probability of what the documents say about the order of threat perceptions.

    Examples
    --------
    >>> from alliance_sim.estimation.readings import ACTORS
    >>> rng = np.random.default_rng(1)
    >>> names = [f"threat.{a}.{e}" for a in (*ACTORS, LEADER) for e in ("2018", "2025")]
    >>> found = ordering({name: rng.random(50) for name in names})
    >>> all(0.0 <= value <= 1.0 for value in found.values())
    True
    """

    def threat(actor: str, era: str) -> Floats:
        return rows[f"threat.{actor}.{era}"]

    found = {}
    for era, where in (("2018", "B 6, B 8"), ("2025", "A 2, A 5")):
        president = threat(LEADER, era)
        found[f"president below institutions, {era} ({where})"] = float((president < threat(INSTITUTIONS, era)).mean())
        below = np.mean([president < threat(ally, era) for ally in ALLIES[1:]], axis=0)
        found[f"president below at least nine tenths of allies, {era}"] = float((below >= 0.9).mean())
        found[f"president below the median of allies, {era}"] = float((below > 0.5).mean())
    two = np.maximum(threat("HUN", "2025"), threat("SVK", "2025"))
    others = np.min([threat(ally, "2025") for ally in EUROPEANS if ally not in ("HUN", "SVK")], axis=0)
    found["HUN and SVK the two lowest Europeans, 2025 (A 4)"] = float((two < others).mean())
    no_turkey = np.min([threat(a, "2025") for a in EUROPEANS if a not in ("HUN", "SVK", "TUR")], axis=0)
    found["HUN and SVK the two lowest Europeans but for TUR, 2025"] = float((two < no_turkey).mean())
    found["gap wider in 2025 than in 2018"] = float((gap(rows, "2025") > gap(rows, "2018")).mean())
    return found


def priors(draws: int = 4000, seed: int = 0) -> dict[str, list[float]]:
    """Return mean, standard deviation, 5 % and 95 % quantile of each column of the draws before any evidence.

    Examples
    --------
    >>> found = priors(draws=50)
    >>> len(found["threat.HUN.2025"]), 0.0 < found["south.ITA"][0] < 1.0, "intercept.sanctions.2025" in found
    (4, True, True)
    """
    drawn = Predictive(model, num_samples=draws)(jax.random.PRNGKey(seed), data())
    columns = columns_of(data(), {name: np.asarray(values, dtype=np.float64) for name, values in drawn.items()})
    found = {}
    for name, values in columns.items():
        low, high = np.quantile(values, (0.05, 0.95))
        found[name] = [float(each) for each in (values.mean(), values.std(), low, high)]
    return found


def left_out_figures(fits: Mapping[str, Fitted], full: Data) -> dict[str, dict[str, float]]:
    """Return how well each kind of figure is predicted by a fit without it.

    Parameters
    ----------
    fits : mapping
        A name of `FIGURES` to the fit without it.
    full : Data
        With all figures.

    Returns
    -------
    dict
        By indicator: number of figures, Spearman's rank correlation with the threat perceptions of the fit, as the
        mean over draws with the 90 % interval, and that with their means.

    Examples
    --------
    >>> from alliance_sim.estimation.measurement import fit
    >>> fits = {"aid": fit(left_out=("aid",), chains=1, samples=20, warmup=20)}
    >>> sorted(left_out_figures(fits, data())["aid.2025"])
    ['figures', 'high', 'low', 'mean', 'of_means']
    """
    found = {}
    for kind, fitted in fits.items():
        for i, indicator in enumerate(full.indicators):
            if not indicator.startswith(kind):
                continue
            chosen = full.figure == i
            era = indicator.rsplit(".", 1)[1]
            names = [each for each, use in zip(full.figure_names, chosen, strict=True) if use]
            values = full.figure_value[chosen]
            cells = [f"threat.{each.removeprefix(f'{kind}.').removesuffix(f'.{era}')}.{era}" for each in names]
            traits = np.array([fitted.rows[cell] for cell in cells])
            each = np.array([spearmanr(draw, values)[0] for draw in traits.T])
            low, high = np.quantile(each, (0.05, 0.95))
            found[indicator] = {
                "figures": float(len(values)),
                "mean": float(each.mean()),
                "low": float(low),
                "high": float(high),
                "of_means": float(spearmanr(traits.mean(axis=1), values)[0]),
            }
    return found


def scale_factors(
    scales: Sequence[str] = MAIN_SCALES, factors: Sequence[float] = (0.5, 2.0)
) -> dict[str, dict[str, float]]:
    """Return what prior medians of scales are multiplied by, all together and one by one, by label.

    Examples
    --------
    >>> scale_factors(scales=("own", "move"), factors=(2.0,))
    {'all x 2': {'own': 2.0, 'move': 2.0}, 'own x 2': {'own': 2.0}, 'move x 2': {'move': 2.0}}
    """
    found = {f"all x {factor:g}": dict.fromkeys(scales, factor) for factor in factors}
    return found | {f"{name} x {factor:g}": {name: factor} for name in scales for factor in factors}


def pulls(fitted: Fitted, most: int = 5) -> dict[str, dict[str, Any]]:
    """Return, for each statement, leaning and figure, what leaving it out does to the means of traits.

    By Pareto smoothed importance sampling (Vehtari, Gelman and Gabry 2017) of the draws: no refit. Where `k` is above
    0.7 the estimate is not reliable, and a fit without the row tells.

    Returns
    -------
    dict
        By row: ``k``, and ``moves``, the `most` traits that it pulls most: the mean of the fit less the mean without.

    Examples
    --------
    >>> from alliance_sim.estimation.measurement import fit
    >>> found = pulls(fit(chains=2, samples=50, warmup=50), most=1)
    >>> sorted(found["A-22"]), len(found["A-22"]["moves"])
    (['k', 'moves'], 1)
    """
    names = [name for name in fitted.rows if name.startswith(("threat.", "south."))]
    traits = np.array([fitted.rows[name] for name in names])
    means = traits.mean(axis=1)
    found = {}
    for row, values in fitted.log_likelihood.items():
        log_weights, k = stats().psislw(-values)
        weights = np.exp(log_weights)
        moves = means - traits @ weights / weights.sum()
        largest = np.argsort(-np.abs(moves))[:most]
        found[row] = {"k": float(k), "moves": {names[i]: round(float(moves[i]), 4) for i in largest}}
    return found


def unreliable(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the rows whose pull importance sampling cannot tell."""
    return [row for row, each in found.items() if each["k"] > _LEAST_RELIABLE_K]


#: Scalars and vectors whose ranks are recorded beside the traits.
_SCALARS = (
    "mu shift_2014 exposure_slope own_scale move_scale sd_high sd_group sd_coder lean_first lean_sd lean_coder "
    "figure_loading figure_sd south_mean geography_slope south_scale residual_issue residual_leader departure "
    "curve_level curve_threat"
).split()


def ranks(
    sets: Collection[int],
    path: Path,
    samples: int = 400,
    warmup: int = 400,
    on_progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Run simulation-based calibration (Talts et al. 2018), one line of `path` for each simulated data set.

    All quantities are drawn from the prior, observations from them, and the posterior of these sampled; the rank of a
    true value among 99 draws of its posterior is uniform if model and sampler are right. Each chain adapts from the
    step size and the scales of the posterior of the real data, which saves most of the warm-up. Sets with a line are
    not run again.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ranks.jsonl"
    >>> ranks(range(2), path, samples=99, warmup=20)
    >>> rank_summary(path)["sets"]
    2
    """
    done = {line["set"] for line in kept_lines(path)}
    if done.issuperset(sets):
        return
    design = data()
    names = ("threat", "south", *_SCALARS)
    kept = np.linspace(0, samples - 1, _RANKED).round().astype(int)

    def conditioned(levels: Any, lean: Any, figures: Any) -> None:
        model(design.with_observed(levels, lean, figures))

    def chain(**adapted: Any) -> MCMC:
        kernel = NUTS(conditioned, target_accept_prob=0.9, **adapted)
        return MCMC(kernel, num_warmup=warmup, num_samples=samples, num_chains=1, progress_bar=False)

    first = chain()
    first.warmup(jax.random.PRNGKey(0), design.levels, design.lean, design.figure_value)
    adapted = first.post_warmup_state.adapt_state

    def sampled(key: Any, *observed: Any) -> tuple[dict[str, Any], Any]:
        sampler = chain(step_size=adapted.step_size, inverse_mass_matrix=adapted.inverse_mass_matrix)
        sampler.run(key, *observed, extra_fields=("diverging",))
        drawn = sampler.get_samples()
        return {name: drawn[name][kept] for name in names}, sampler.get_extra_fields()["diverging"].sum()

    compiled = jax.jit(sampled)  # once for all sets
    for number in sets:
        if number in done:
            continue
        truth, observed = simulated(design, number)
        drawn, diverging = compiled(
            jax.random.PRNGKey(number + 1_000_000), observed.levels, observed.lean, observed.figure_value
        )
        line: dict[str, Any] = {"set": number, "divergences": int(diverging)}
        line["ranks"] = {name: (np.asarray(drawn[name]) < truth[name]).sum(axis=0).ravel().tolist() for name in names}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        on_progress(number)


def rank_summary(path: Path, bins: int = 10) -> dict[str, Any]:
    r"""Return how far the ranks of `ranks` are from uniform, by quantity.

    Returns
    -------
    dict
        ``sets``, ``divergences``, and by quantity: ``least_p``, the least of the chi-squared tests over `bins` of its
        elements, times their number (Bonferroni); ``mean``, the mean rank over 99 (0.5 without bias); ``spread``, the
        standard deviation of ranks over that of uniform ones: above 1, the posterior is too narrow.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ranks.jsonl"
    >>> _ = path.write_text('{"set": 0, "divergences": 0, "ranks": {"mu": [50, 49]}}\n')
    >>> rank_summary(path)["quantities"]["mu"]["mean"]
    0.5
    """
    lines = kept_lines(path)
    quantities = {}
    for name in lines[0]["ranks"] if lines else ():
        found = np.array([line["ranks"][name] for line in lines])
        counts = [np.histogram(column, bins, (-0.5, _RANKED + 0.5))[0] for column in found.T]
        least = min(float(chisquare(each)[1]) for each in counts) * len(counts)
        quantities[name] = {
            "least_p": min(least, 1.0),
            "mean": float(found.mean() / _RANKED),
            "spread": float(found.std() / _RANKED * np.sqrt(12.0)),
        }
    return {"sets": len(lines), "divergences": sum(line["divergences"] for line in lines), "quantities": quantities}
