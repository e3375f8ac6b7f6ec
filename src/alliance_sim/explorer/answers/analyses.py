"""Analyses of an experiment as lists: distributions, a table of two inputs, sensitivity, conditions and policies.

Every number is of the last month of a run, as `alliance-sim policy` and `alliance-sim discover` have it.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd

from alliance_sim import checks
from alliance_sim.analysis.discovery import Restriction, discover
from alliance_sim.analysis.policy import RULES, Better, policy
from alliance_sim.analysis.sensitivity import estimated
from alliance_sim.errors import InputError
from alliance_sim.experiments.results import Results
from alliance_sim.explorer.answers.experiments import SENSITIVE, input_labels, variant_labels
from alliance_sim.registry.outcomes import OUTCOMES

__all__ = ["conditions", "drivers", "policies", "spread", "two_inputs", "worst_fifth"]

#: Bars of a histogram, and classes of an input that has more values than that.
BARS, CLASSES = 30, 6
#: Share of the cases beyond the bound that is proposed, as `alliance-sim sweep` proposes it.
FIFTH = 0.2


def spread(results: Results, outcome: str, by: str = "scenario") -> dict[str, Any]:
    """Return the distribution of an outcome over all runs, one for each policy or each option of a lever.

    Parameters
    ----------
    results : Results
    outcome : str
    by : str
        ``scenario``, or a lever.

    Returns
    -------
    dict
        ``low, high`` (ends of the axis), ``unit``, and ``groups``: ``name, runs, mean, p05, p50, p95`` and ``shares``
        of runs in each of the bars.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> found = spread(als.sweep(experiment, "summits"), "cohesion", by="meeting")
    >>> [(each["name"], each["runs"]) for each in found["groups"]]
    [('closed', 108), ('open', 108), ('none', 108)]
    """
    checks.outcome_name(outcome)
    if by not in ("scenario", *results.experiment.levers):
        raise InputError(f"by: {by} is unknown; allowed: {', '.join(('scenario', *results.experiment.levers))}")
    checks.memory(results.experiment.runs, 24 * 2, "a column of all runs", unit="runs")
    runs = results.sql(f'SELECT "{by}" AS of, {outcome} AS value FROM runs')
    low, high = float(runs["value"].min()), float(runs["value"].max())
    edges = np.linspace(low, high if high > low else low + 1.0, BARS + 1)
    names = variant_labels(results) if by == "scenario" else dict.fromkeys(results.experiment.levers[by])
    groups = []
    for name, label in names.items():
        values = runs.loc[runs["of"] == name, "value"]
        if values.empty:  # all of its runs failed
            continue
        p05, p50, p95 = values.quantile([0.05, 0.5, 0.95])
        shares = np.histogram(values, edges)[0] / len(values)
        numbers = {"mean": _round(values.mean()), "p05": _round(p05), "p50": _round(p50), "p95": _round(p95)}
        groups.append({"name": label or name, "runs": len(values), **numbers, "shares": shares.round(4).tolist()})
    return {"low": float(edges[0]), "high": float(edges[-1]), "unit": OUTCOMES[outcome].unit, "groups": groups}


def two_inputs(results: Results, across: str, down: str, outcome: str = "", text: str = "") -> dict[str, Any]:
    """Return the mean of an outcome, or the share in which a text passes, by the values of two inputs.

    Parameters
    ----------
    results : Results
    across, down : str
        Levers or uncertainties. One that has many values is divided into classes with equally many cases.
    outcome : str
        Name of an outcome.
    text : str
        In place of an outcome: ``meeting/issue``.

    Returns
    -------
    dict
        ``across, down`` (labels of columns and rows), ``cells`` (rows of numbers, None without runs), ``runs`` (their
        number), ``unit``.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> found = two_inputs(als.sweep(experiment, "summits"), "meeting", "quarrels", "cohesion")
    >>> found["across"], found["down"], found["runs"]
    (['closed', 'open', 'none'], ['held', 'spared'], [[54, 54, 54], [54, 54, 54]])
    """
    inputs = input_labels(results)
    for name in (across, down):
        if name not in inputs:
            raise InputError(f"{name}: is no input of the experiment; allowed: {', '.join(inputs)}")
    if across == down:
        raise InputError(f"{across}: is given twice; allowed: two inputs")
    what = f'any_value(runs."{across}") AS x, any_value(runs."{down}") AS y'
    if text:
        meeting, _, issue = (part.replace("'", "''") for part in text.partition("/"))
        cases = results.sql(
            f"SELECT {what}, avg(CAST(d.outcome IN ('adopted', 'diluted') AS DOUBLE)) AS value, count(*) AS runs "
            f"FROM runs JOIN decisions AS d USING (scenario, point, draw) "
            f"WHERE d.meeting = '{meeting}' AND d.issue = '{issue}' GROUP BY scenario, point ORDER BY scenario, point"
        )
    else:
        checks.outcome_name(outcome)
        cases = results.sql(
            f"SELECT {what}, avg({outcome}) AS value, count(*) AS runs FROM runs GROUP BY scenario, point "
            "ORDER BY scenario, point"
        )
    if cases.empty:
        raise InputError(f"{text}: is on no agenda of the experiment")
    columns, cases["x"] = _classes(results, across, cases["x"])
    rows, cases["y"] = _classes(results, down, cases["y"])
    cases["sum"] = cases["value"] * cases["runs"]
    added = cases.groupby(["y", "x"])[["sum", "runs"]].sum()
    cells: list[list[float | None]] = [[None] * len(columns) for _ in rows]
    runs = [[0] * len(columns) for _ in rows]
    for (y, x), total, number in added.itertuples():
        cells[y][x], runs[y][x] = _round(total / number), int(number)
    unit = "share of runs" if text else OUTCOMES[outcome].unit
    return {"across": columns, "down": rows, "cells": cells, "runs": runs, "unit": unit}


def _classes(results: Results, name: str, values: pd.Series) -> tuple[list[str], pd.Series]:
    """Return the labels of an input's values, or of classes of them, and the place of each value."""
    if name in results.experiment.levers:
        options = list(results.experiment.levers[name])
        return options, values.map(options.index)
    levels = sorted(values.unique())
    if len(levels) <= CLASSES:
        return [f"{level:.3g}" for level in levels], values.map(levels.index)
    classes, edges = pd.qcut(values, CLASSES, labels=False, retbins=True, duplicates="drop")
    return [f"{low:.3g} to {high:.3g}" for low, high in itertools.pairwise(edges)], classes.astype(int)


def drivers(results: Results, outcome: str, scenario: str = "") -> dict[str, Any]:
    """Return the sensitivity indices of an outcome, from the runs of a design made for them.

    Parameters
    ----------
    results : Results
        Of the design ``morris`` or ``sobol_indices``.
    outcome : str
    scenario : str
        One of the experiment; by default the first.

    Returns
    -------
    dict
        ``method``, ``chance`` (share of the variance of single runs that the varied parameters do not explain; None for
        a single draw), ``unit`` and ``rows``, the largest first: ``name, label, value, low, high`` (95 % interval) and
        ``other`` (Morris: spread of the change; Sobol: share due to it alone), ``change`` (Morris: its mean).

    Raises
    ------
    InputError
        If the design has no indices, runs failed, or the outcome is the same everywhere.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("us_support_ends_indices_2025")
    >>> design = experiment.design.model_copy(update={"points": 4})
    >>> results = als.sweep(experiment.model_copy(update={"replications": 2, "design": design}), "indices")
    >>> found = drivers(results, "resistance")
    >>> found["method"], len(found["rows"])
    ('sobol', 4)
    """
    checks.outcome_name(outcome)
    design = results.experiment.design.method
    if design not in SENSITIVE:
        raise InputError(f"the design {design} has no indices; allowed: {', '.join(SENSITIVE)}")
    method = SENSITIVE[design]
    chosen = scenario or results.variants[0].scenario.name
    points, draws = len(results.points.values), results.experiment.replications
    checks.memory(results.experiment.runs, 24 * 4, "a table of all runs", unit="runs")
    runs = results.sql(f"SELECT scenario, point, draw, {outcome} AS value FROM runs")
    runs = runs[runs["scenario"] == chosen]
    values = np.full((points, draws), np.nan)
    values[runs["point"], runs["draw"]] = runs["value"]
    if np.isnan(values).any():
        raise InputError(f"{np.isnan(values).sum():,} of {values.size:,} runs failed; allowed: all runs of the design")
    table, chance = estimated(method, results.points, values, results.experiment.seed)
    labels = input_labels(results)
    main, second = ("mu_star", "sigma") if method == "morris" else ("ST", "S1")
    rows = [
        {
            "name": str(name),
            "label": labels[str(name)],
            "value": _round(row[main]),
            "low": _round(row[main] - row[f"{main}_conf"]),
            "high": _round(row[main] + row[f"{main}_conf"]),
            "other": _round(row[second]),
            "change": _round(row["mu"]) if method == "morris" else None,
        }
        for name, row in table.iterrows()
    ]
    return {"method": method, "chance": _round(chance), "unit": OUTCOMES[outcome].unit, "rows": rows}


def worst_fifth(results: Results, outcome: str) -> tuple[str, float]:
    """Return the side and the bound beyond which the worst fifth of the cases lies; without a direction the highest.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> worst_fifth(als.sweep(experiment, "summits"), "cohesion")[0]
    'below'
    """
    checks.outcome_name(outcome)
    cases = results.sql(f"SELECT avg({outcome}) AS value FROM runs GROUP BY scenario, point")["value"]
    side, share = ("below", FIFTH) if OUTCOMES[outcome].better > 0 else ("above", 1.0 - FIFTH)
    return side, float(f"{cases.quantile(share):.4g}")


def conditions(results: Results, outcome: str, side: str, bound: float) -> dict[str, Any]:
    """Return the boxes of inputs in which an outcome lies beyond a bound.

    Parameters
    ----------
    results : Results
    outcome, side : str
        `side` is ``below`` or ``above``.
    bound : float

    Returns
    -------
    dict
        ``cases, base_rate`` and ``boxes``: ``coverage, density, mass`` and ``rules``: ``name, label, text, low, high``
        (ends as shares of the range met; None for levers), ``p`` (largest quasi-p-value).

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> results = als.sweep(experiment, "summits")
    >>> found = conditions(results, "cohesion", *worst_fifth(results, "cohesion"))
    >>> found["cases"], 0.15 < found["base_rate"] < 0.25, len(found["boxes"]) > 0
    (162, True, True)
    """
    found = discover(results, outcome, **{side: bound})
    labels = input_labels(results)

    def rule(each: Restriction) -> dict[str, Any]:
        row: dict[str, Any] = {"name": each.name, "label": labels[each.name], "p": _round(each.p)}
        row |= {"low": None, "high": None}
        if each.options is not None:
            return row | {"text": " or ".join(each.options)}
        values = found.cases[each.name]
        first, last = float(values.min()), float(values.max())
        low, high = first if each.low is None else each.low, last if each.high is None else each.high
        ends = {"low": (low - first) / (last - first), "high": (high - first) / (last - first)}
        text = f"{low:.3g} to {high:.3g}" if each.low is not None and each.high is not None else ""
        text = text or (f"below {high:.3g}" if each.low is None else f"above {low:.3g}")
        return row | {key: _round(value) for key, value in ends.items()} | {"text": text}

    boxes = [
        {
            "coverage": _round(box.coverage),
            "density": _round(box.density),
            "mass": _round(box.mass),
            "rules": [rule(each) for each in box.restrictions],
        }
        for box in found.boxes
    ]
    return {"cases": len(found.cases), "base_rate": _round(found.base_rate), "boxes": boxes}


def policies(results: Results, outcome: str, better: Better | None = None) -> dict[str, Any]:
    """Return the policies of an experiment, the best mean first, and what each lever does.

    Parameters
    ----------
    results : Results
    outcome : str
    better : str, optional
        ``higher`` or ``lower``; needed only where the registry has no direction.

    Returns
    -------
    dict
        ``levers``, ``futures, draws, better, unit``; ``rows``: ``options, mean, p05, p95, worst, regret_mean,
        regret_max, behind, error, chosen`` (rules that choose it); ``effects``: ``lever, effect, error, best, worst,
        seen`` (whether the effect is more than two standard errors).

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> found = policies(als.sweep(experiment, "summits"), "cohesion")
    >>> len(found["rows"]), found["rows"][0]["behind"], found["levers"]
    (6, 0.0, ['meeting', 'quarrels'])
    """
    found = policy(results, outcome, better)
    choices = found.choices
    rows = [
        {
            "options": [str(row[lever]) for lever in found.levers],
            **{key: _round(row[key]) for key in ("mean", "p05", "p95", "worst", "regret_mean", "regret_max", "behind")},
            "error": _round(row["mc_error"]),
            "chosen": [RULES[rule] for rule, chosen in choices.items() if chosen == name],
        }
        for name, row in found.table.sort_values("behind", kind="stable").iterrows()
    ]
    effects = [
        {
            "lever": str(lever),
            "effect": _round(row["effect"]),
            "error": _round(row["mc_error"]),
            "best": row["best"],
            "worst": row["worst"],
            "seen": lever not in found.without_effect,
        }
        for lever, row in found.effects.iterrows()
    ]
    return {
        "levers": list(found.levers),
        "futures": found.futures,
        "draws": found.draws,
        "better": found.better,
        "unit": found.unit,
        "rows": rows,
        "effects": effects,
    }


def _round(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
