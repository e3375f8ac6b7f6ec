"""Stages of calibration that need the simulator: behaviour, and checks of its fit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from alliance_sim.calibration.posterior import parameter_columns, read_rows
from alliance_sim.estimation import report
from alliance_sim.estimation.behaviour import LARGEST_K, LEAST_EFFECTIVE, Fit, Settings, draws_of, fit
from alliance_sim.estimation.convergence import Refused, shortcomings
from alliance_sim.estimation.left_out import starting_disputes, without_disputes
from alliance_sim.estimation.measurement import fit as measured
from alliance_sim.estimation.readings import dated_after
from alliance_sim.estimation.runs import Simulator
from alliance_sim.estimation.summaries import described, item_scores, predicted, pulls, ridges
from alliance_sim.estimation.synthetic import synthetic_history
from alliance_sim.estimation.unknowns import NUISANCE, Unknowns
from alliance_sim.estimation.work import data_hash, kept_lines
from alliance_sim.validation.history import history

__all__ = ["behaviour", "coverage", "disputes", "fitted", "folds"]

Floats = NDArray[np.float64]

#: Rows that runs draw from.
ROWS = 1_000
#: Repetitions of the procedure at an item.
REPEATS = 4
#: The era in which the history begins.
ERA = "2014"
#: Runs have another seed than the sampler (any would do).
_FIRST_SEED = 7
#: Synthetic records around the prior and around the posterior.
SETS = {"prior": 50, "posterior": 30}
#: Last years of the folds, and how much each does.
FOLDS = (2019, 2021, 2023)
FOLD, FOLD_ROWS = Settings(runs=(20_000, 30_000, 40_000), samples=500), 250
#: How many of the items that start a dispute are left out with it.
DISPUTES = 10
#: Level of the intervals whose coverage is reported.
LEVEL = 0.8


def fitted(out: Path, work: Path, seed: int, say: Callable[[str], None]) -> tuple[Simulator, Fit]:
    """Fit behaviour with actors as they were measured, or read the fit that is in the folder."""
    measured = read_rows(report.posterior_path(out), parameters=False)
    runs = Simulator(history(repeats=REPEATS), Unknowns(ERA, measured), _FIRST_SEED + seed)
    return runs, fit(runs, Settings(), seed, work / f"behaviour-{seed}", say)


def behaviour(out: Path, work: Path, seed: int, say: Callable[[str], None]) -> None:
    """Fit behaviour; write the rows that runs draw from, their manifest, and the report's numbers."""
    began = time.monotonic()
    runs, found = fitted(out, work, seed, say)
    _refuse(found)
    z = found.resampled(ROWS, seed)
    columns, check = _columns(runs, z), found.check
    versions = {name: version(name) for name in ("arviz", "jax", "numpy", "numpyro", "pyarrow")}
    summary: dict[str, Any] = {
        "data": data_hash(),
        "source": work.name,
        "versions": versions,
        "seed": seed,
        "power": check.power,
        "pareto_k": check.pareto_k,
        "effective": check.effective,
        "error_sd": check.error_sd,
        **{name: found.draws.convergence[name]["worst"] for name in ("r_hat", "ess_bulk", "ess_tail")},
        "divergences": found.draws.convergence["divergences"],
        "draws": len(found.draws.z),
        "rows": ROWS,
        "distinct": len(np.unique(z, axis=0)),
        "paths": Settings().paths,
        "repeats": REPEATS,
        "rounds": found.rounds,
        "powers": found.powers,
        "minutes": (time.monotonic() - began) / 60.0,
    }
    parts = described(runs.unknowns, found)
    moved, summary["pulls_unknown"] = pulls(runs, found)
    for part in ("parameters", "actors"):
        for name, entry in parts[part].items():
            entry["pulls"] = moved[name]
    report.write_posterior(columns, out / "posterior" / "rows.parquet")
    path = report.behaviour_path(out)
    before = report.read_report(path).get("fit", {})
    # Checks of another fit say nothing of this one.
    same = all(before.get(key) == summary[key] for key in ("data", "source", "seed"))
    (report.write_report if same else report.new_report)(
        path,
        fit=summary,
        **parts,
        ridges=ridges(runs.unknowns, found),
        predictive=predicted(runs, found, seed) | {"items": item_scores(runs, found)},
    )


def disputes(out: Path, work: Path, seed: int, say: Callable[[str], None]) -> None:
    """Leave out items with the disputes that they start, evenly chosen over the years."""
    runs, found = fitted(out, work, seed, say)
    starting = starting_disputes(runs.seen)
    chosen = [starting[i] for i in np.linspace(0, len(starting) - 1, DISPUTES).round().astype(int)]
    kept = work / f"behaviour-{seed}" / "disputes"
    kept.mkdir(parents=True, exist_ok=True)
    report.write_report(
        report.behaviour_path(out), left_out_items=without_disputes(runs, found, chosen, seed, kept, say)
    )


def folds(out: Path, work: Path, seed: int, say: Callable[[str], None]) -> None:
    """Fit again with what was known at the end of each of `FOLDS` alone; write rows for forecasts from there."""
    parts: dict[str, Any] = {}
    for year in FOLDS:
        table = out / "posterior" / f"fold-{year}.parquet"
        kept = work / f"fold-{year}-{seed}"
        actors = kept / "measurement.parquet"
        if not actors.is_file():
            say(f"fold to {year}: actors")
            of_year = measured(dated_after(year), seed=seed, samples=1_000, warmup=1_000)
            if wrong := shortcomings(of_year.diagnostics):
                raise Refused(f"fold to {year}: {wrong}")
            report.write_posterior(of_year.rows, actors)
        unknowns = Unknowns(ERA, read_rows(actors, parameters=False))
        runs = Simulator(history(last_item=year, last_year=year, repeats=REPEATS), unknowns, _FIRST_SEED + seed)
        found = fit(runs, FOLD, seed, kept, lambda line, year=year: say(f"fold to {year}: {line}"))  # type: ignore[misc]
        _refuse(found)
        report.write_posterior(_columns(runs, found.resampled(FOLD_ROWS, seed)), table)
        entries = described(unknowns, found)
        narrowed = {n: each["shift"] for n, each in entries["parameters"].items() if report.is_informed(each)}
        parts[str(year)] = {
            "power": found.check.power,
            "pareto_k": found.check.pareto_k,
            "effective": found.check.effective,
            "moves": dict(sorted(narrowed.items(), key=lambda item: -abs(item[1]))[:10]),
            "nuisance": entries["nuisance"],
        }
    report.write_report(report.behaviour_path(out), folds=parts)


def _refuse(found: Fit) -> None:
    """Raise `Refused` if a fit is not good enough that its draws may be used."""
    check = found.check
    if wrong := shortcomings(found.draws.convergence):
        raise Refused(f"nothing is written: {wrong}")
    if check.pareto_k >= LARGEST_K or check.effective < LEAST_EFFECTIVE:
        raise Refused(
            f"nothing is written: at power {check.power:g}, the least tried, weights have a Pareto k of "
            f"{check.pareto_k:.2f} (allowed: below {LARGEST_K}) and are worth {check.effective:.2f} of the draws "
            f"(allowed: at least {LEAST_EFFECTIVE}); try another --seed"
        )


def _columns(runs: Simulator, z: Floats) -> dict[str, Floats]:
    """Return the columns that runs draw from."""
    rows = runs.unknowns.rows(z)
    kept = [name for name in rows.names if name in parameter_columns() or name in runs.unknowns.measured.names]
    return {name: rows.values[:, rows.names.index(name)] for name in kept}


def coverage(out: Path, work: Path, seed: int, say: Callable[[str], None]) -> None:
    """Fit records that the model made, and see how often intervals contain the truth."""
    runs, found = fitted(out, work, seed, say)
    truths = {
        "prior": np.random.default_rng([seed, 6]).standard_normal((SETS["prior"], runs.unknowns.dimension)),
        "posterior": found.resampled(SETS["posterior"], seed + 1),
    }
    parts = {}
    for around, of in truths.items():
        kept = work / f"behaviour-{seed}" / f"coverage-{around}.jsonl"
        lines = kept_lines(kept)
        for number in range(len(lines), len(of)):
            say(f"coverage around the {around}: record {number + 1} of {len(of)}")
            lines.append(_again(runs, found, of[number], 1_000 * list(SETS).index(around) + number))
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(lines[-1]) + "\n")
        parts[around] = _covered(runs.unknowns, lines)
    report.write_report(report.behaviour_path(out), coverage=parts)


def _again(runs: Simulator, found: Fit, truth: Floats, number: int) -> dict[str, list[float]]:
    """Return the share of draws below the truth and their standard deviation, of each unknown's normal score."""
    seen = synthetic_history(runs, truth, number)
    few = replace(Settings(), samples=200)
    draws = draws_of(seen, runs.unknowns, found.network, found.check.power, number, few)
    jax.clear_caches()  # each record is compiled into its likelihood, and code is kept until memory ends
    scores, true = runs.unknowns.scores(draws.z), runs.unknowns.scores(truth[np.newaxis])[0]
    return {
        "below": np.round((scores < true).mean(axis=0), 4).tolist(),
        "sd": np.round(scores.std(axis=0), 4).tolist(),
    }


def _covered(unknowns: Unknowns, lines: list[dict[str, list[float]]]) -> dict[str, Any]:
    below, sd = np.array([line["below"] for line in lines]), np.array([line["sd"] for line in lines])
    inside = (np.abs(below - 0.5) <= 0.5 * LEVEL).mean(axis=0)
    count = len(unknowns.parameters)
    places = [*range(count), *range(unknowns.dimension - len(NUISANCE), unknowns.dimension)]
    narrowed = [c for c in places if report.is_informed({"shrinkage": 1.0 - sd[:, c].mean(), "shift": 0.0})]
    return {
        "sets": len(lines),
        "level": LEVEL,
        "informed": len(narrowed),
        "share": float(inside[narrowed].mean()) if narrowed else float("nan"),
        "by_unknown": {unknowns.names[c]: float(inside[c]) for c in narrowed},
    }
