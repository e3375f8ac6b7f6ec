"""The stages of a calibration, each of which can be run alone and goes on where it was interrupted.

What a stage finds it writes to the folders ``posterior`` and ``report`` of `out`; what it needs to go on, to `work`.
Nothing here loads a library of the extra 'calibration' before a stage begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from alliance_sim.calibration.posterior import table_of
from alliance_sim.errors import InputError
from alliance_sim.estimation import report
from alliance_sim.estimation.convergence import Refused, shortcomings
from alliance_sim.estimation.work import data_hash, file_hash, kept, sources_hash
from alliance_sim.estimation.written import write_markdown

if TYPE_CHECKING:
    from alliance_sim.estimation.measurement import Fitted, Floats

__all__ = ["LIBRARIES", "STAGES", "run"]

Say = Callable[[str], None]
Stage = Callable[[Path, Path, int, Say], None]

#: Libraries of the extra 'calibration' that fits load.
LIBRARIES = ("numpyro", "jax", "arviz")
#: Chains, and draws of each after as many to warm up: of the fit itself, and of each fit that is compared with it.
FITTED, COMPARED = (4, 1000), (2, 300)
#: Simulated data sets of the stage ranks; numbers of the first one with two seeds are so far apart.
SETS, _APART = 200, 2**20
#: Tables of draws: that of a calibration, and that of the measurement model alone.
TABLES = ("rows", "measurement")
#: Quantities of at most so many elements are reported.
_FEW = 9
#: Modules that decide what a fit of measurement, and of behaviour, gives. What came of other code is not used again.
CHECKS = "estimation.checks"
MEASUREMENT = ("estimation.measurement", "estimation.readings")
BEHAVIOUR = (
    *MEASUREMENT,
    *(f"estimation.{name}" for name in ("behaviour", "emulator", "likelihood", "runs", "unknowns")),
    "validation.history",
)


def measure(out: Path, work: Path, seed: int, say: Say) -> None:
    """Fit the measurement model; write its draws and what the report says of them, or raise `Refused`."""
    chains, samples = FITTED
    folder = _measurement_folder(work)
    draws = folder / f"measure-{seed}-{chains}x{samples}.parquet"

    def make() -> dict[str, Any]:
        from alliance_sim.estimation.checks import ordering, priors, pulls, unreliable
        from alliance_sim.estimation.measurement import fit

        say(f"{chains} chains of {samples} draws")
        fitted = fit(seed=seed, chains=chains, samples=samples, warmup=samples)
        say(_convergence(fitted))
        if wrong := shortcomings(fitted.diagnostics):
            raise Refused(f"nothing is written: {wrong}")
        say("how much each row pulls")
        by_row = pulls(fitted)
        report.write_posterior(fitted.rows, draws)
        return {
            "diagnostics": {**fitted.diagnostics, "data": data_hash()},
            "means": {name: [float(values.mean()), float(values.std())] for name, values in fitted.rows.items()},
            "others": {
                name: [values.mean(axis=0).tolist(), values.std(axis=0).tolist()]
                for name, values in fitted.others.items()
                if values[0].size <= _FEW
            },
            "priors": priors(),
            "ordering": ordering(fitted.rows),
            "pulls": by_row,
            "unreliable": unreliable(by_row),
        }

    described = draws.with_suffix(".json")
    if described.is_file() and draws.is_file():
        say(f"same data and seed as before: draws are those of {draws}")
    else:
        described.unlink(missing_ok=True)
    parts = kept(described, make)
    path = report.report_path(out)
    before = report.read_report(path).get("diagnostics", {})
    # Checks of another fit say nothing of this one.
    same = all(before.get(key) == parts["diagnostics"][key] for key in ("data", "seed"))
    report.write_posterior(report.read_posterior(draws), report.posterior_path(out))
    (report.write_report if same else report.new_report)(path, **parts)
    _write_manifest(out, "measurement", seed)
    table_of.cache_clear()


def checks(out: Path, work: Path, seed: int, say: Say) -> None:
    """Leave out each kind of figure, and leanings; halve and double the scales of the priors."""
    base, _ = _measured(out)
    from alliance_sim.estimation import checks as module

    scales = module.scale_factors()
    left_out: dict[str, tuple[tuple[str, ...], Mapping[str, float]]] = {}
    left_out |= {f"without {name}": ((name,), {}) for name in (*module.FIGURES, "lean")}
    results = _compared(left_out | {label: ((), factors) for label, factors in scales.items()}, work, seed, say)
    figures: dict[str, Any] = {}
    for kind in module.FIGURES:
        figures |= results[f"without {kind}"]["figures"]
    report.write_report(
        report.report_path(out),
        left_out_figures=figures,
        ordering_without_lean=results["without lean"]["ordering"],
        means_without_lean=results["without lean"]["means"],
        scale_moves={label: module.moved(_means(results[label]), base, most=0) for label in scales},
    )


def refits(out: Path, work: Path, seed: int, say: Say) -> None:
    """Leave out each row whose pull importance sampling cannot tell."""
    base, found = _measured(out)
    from alliance_sim.estimation import checks as module

    rows = found.get("unreliable", ())
    results = _compared({f"without {row}": ((row,), {}) for row in rows}, work, seed, say)
    report.write_report(
        report.report_path(out),
        refits={row: module.moved(_means(results[f"without {row}"]), base) for row in rows},
    )


def _compared(
    fits: Mapping[str, tuple[tuple[str, ...], Mapping[str, float]]], work: Path, seed: int, say: Say
) -> dict[str, Any]:
    """Return what fits find that leave something out, or whose priors have other scales, by label."""
    import jax

    from alliance_sim.estimation import checks as module
    from alliance_sim.estimation.measurement import fit
    from alliance_sim.estimation.readings import data

    chains, samples = COMPARED
    folder = _measurement_folder(work) / f"checks-{seed}-{chains}x{samples}-{sources_hash(CHECKS)}"
    results = {}
    for number, (label, (left_out, factors)) in enumerate(fits.items(), 1):

        def make(label: str = label, left_out: Any = left_out, factors: Any = factors, number: int = number) -> Any:
            say(f"{label}: fit {number} of {len(fits)}")
            jax.clear_caches()  # compiled code of each fit would fill the memory
            fitted = fit(left_out, seed, chains, samples, samples, factors=factors)
            return {
                "means": {name: [float(values.mean()), float(values.std())] for name, values in fitted.rows.items()},
                "ordering": module.ordering(fitted.rows),
                "figures": module.left_out_figures(dict.fromkeys(left_out, fitted), data()),
            }

        results[label] = kept(folder / f"{re.sub(r'[^0-9A-Za-z.-]+', '-', label)}.json", make)
    return results


def _means(result: Mapping[str, Any]) -> dict[str, Floats]:
    return {name: np.array(mean) for name, (mean, _) in result["means"].items()}


def ranks(out: Path, work: Path, seed: int, say: Say, sets: int | None = None) -> None:
    """Check the measurement model by simulation: ranks of true values among draws of their posterior."""
    from alliance_sim.estimation.checks import rank_summary
    from alliance_sim.estimation.checks import ranks as run_ranks

    count = SETS if sets is None else sets
    first = seed * _APART
    path = _measurement_folder(work) / f"ranks-{seed}-{sources_hash(CHECKS)}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    run_ranks(
        range(first, first + count),
        path,
        on_progress=lambda number: say(f"set {number - first + 1} of {count}"),
    )
    report.write_report(report.report_path(out), ranks=rank_summary(path))


def behaviour(out: Path, work: Path, seed: int, say: Say) -> None:
    """Fit behaviour; write the rows that runs draw from, and what the report says of them."""
    folder = _behaviour_folder(out, work)
    from alliance_sim.estimation import behaviour_stages

    behaviour_stages.behaviour(out, folder, seed, say)
    _write_manifest(out, "rows", seed)
    table_of.cache_clear()


def coverage(out: Path, work: Path, seed: int, say: Say) -> None:
    """Fit records that the model made, and report how often intervals contain the truth."""
    folder = _behaviour_folder(out, work)
    from alliance_sim.estimation import behaviour_stages

    behaviour_stages.coverage(out, folder, seed, say)


def disputes(out: Path, work: Path, seed: int, say: Say) -> None:
    """Leave out items of the record together with the disputes that they start."""
    folder = _behaviour_folder(out, work)
    from alliance_sim.estimation import behaviour_stages

    behaviour_stages.disputes(out, folder, seed, say)


def folds(out: Path, work: Path, seed: int, say: Say) -> None:
    """Fit with what was known at the ends of earlier years, for forecasts that are scored."""
    folder = _behaviour_folder(out, work)
    from alliance_sim.estimation import behaviour_stages

    behaviour_stages.folds(out, folder, seed, say)


def write(out: Path, work: Path, seed: int, say: Say) -> None:
    """Write the text and figures of the report from its numbers."""
    write_markdown(out / "report")


#: In the order in which they run.
STAGES: dict[str, Stage] = {
    "measure": measure,
    "behaviour": behaviour,
    "checks": checks,
    "refits": refits,
    "ranks": ranks,
    "coverage": coverage,
    "disputes": disputes,
    "folds": folds,
    "report": write,
}


def run(stage: str, out: Path, work: Path, seed: int, say: Say) -> None:
    """Run a stage, then write the report.

    Parameters
    ----------
    stage : str
        One of `STAGES`.
    out : Path
        The calibration folder, or one like it: for draws and the report.
    work : Path
        For what the stage needs to go on after an interruption; see `work_folder`.
    seed : int
    say : callable
        Called with a line on the progress.

    Raises
    ------
    Refused
        If the fit is not good enough.
    InputError
        If the stage needs draws that are missing, or of other data.

    Examples
    --------
    >>> run("report", Path("calibration"), Path("work"), 0, print)
    >>> (Path("calibration") / "report" / "README.md").is_file()
    True
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / "report").mkdir(exist_ok=True)
    STAGES[stage](out, work, seed, say)
    if stage != "report":
        write_markdown(out / "report")


def _write_manifest(out: Path, table: str, seed: int) -> None:
    """Write how a table of draws was made, and whether the rows that runs draw from rest on the measurement beside."""
    path, measured = report.posterior_path(out).with_name("manifest.json"), file_hash(report.posterior_path(out))
    before = report.read_report(path)
    new = {
        "seed": seed,
        "data": data_hash(),
        "versions": {name: version(name) for name in ("numpy", "pyarrow", *LIBRARIES)},
        "measured": measured,
    }
    # An older form had no table in these parts.
    about = {key: {**_of_tables(before.get(key)), table: value} for key, value in new.items()}
    fitted = about["measured"].get("rows") == measured
    files = {name: path.with_name(f"{name}.parquet") for name in TABLES}
    report.new_report(
        path,
        fit="actors measured; behaviour fitted to the record at power {power:g} of the likelihood, Pareto k "
        "{pareto_k:.2f}".format_map(report.read_report(report.behaviour_path(out))["fit"])
        if fitted
        else "actors measured; behaviour not fitted with them: rows are of an earlier fit",
        rows={name: pq.read_metadata(file).num_rows for name, file in files.items() if file.is_file()},
        **about,
    )


def _of_tables(part: Any) -> dict[str, Any]:
    return {name: each for name, each in part.items() if name in TABLES} if isinstance(part, dict) else {}


def _measurement_folder(work: Path) -> Path:
    return work / f"measurement-{sources_hash(*MEASUREMENT)}"


def _behaviour_folder(out: Path, work: Path) -> Path:
    """Return the folder for fits of behaviour with the measured actors that are in `out`."""
    _measured(out)
    return work / f"behaviour-{sources_hash(*BEHAVIOUR)}-{file_hash(report.posterior_path(out))}"


def _measured(out: Path) -> tuple[dict[str, Floats], dict[str, Any]]:
    """Return draws of the measurement model and what is reported of them."""
    path, found = report.posterior_path(out), report.read_report(report.report_path(out))
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; allowed: --stage measure first, which writes it")
    if found.get("diagnostics", {}).get("data", data_hash()) != data_hash():
        raise InputError(f"{path}: comes from other data or code than are here now; allowed: --stage measure first")
    return report.read_posterior(path), found


def _convergence(fitted: Fitted) -> str:
    found = fitted.diagnostics
    worst = (f"{name} {found[key].get('worst', 'unknown')}" for key, name in _WORST.items())
    return f"{found['divergences']} divergences, {', '.join(worst)}"


_WORST = {"r_hat": "worst split R-hat", "ess_bulk": "least bulk ESS", "ess_tail": "least tail ESS"}
