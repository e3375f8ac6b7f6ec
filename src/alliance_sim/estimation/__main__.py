"""Estimation from the command line: ``python -m alliance_sim.estimation`` with measure, checks or ranks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alliance_sim.errors import InputError
from alliance_sim.estimation import report
from alliance_sim.estimation.convergence import shortcomings
from alliance_sim.estimation.written import write_markdown

if TYPE_CHECKING:
    from alliance_sim.estimation.measurement import Fitted

__all__ = ["app", "main"]

app = typer.Typer(
    name="python -m alliance_sim.estimation",
    help="The measurement model: its fit to evidence and facts, and checks of the fit.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: Libraries of the extra 'calibration'.
_EXTRA = ("arviz", "jax", "jaxlib", "numpyro")

#: Quantities of at most so many elements are reported.
_FEW = 9

Seed = Annotated[int, typer.Option(help="The same seed on the same machine, the same numbers.")]
Chains = Annotated[int, typer.Option(min=1, help="Chains, one after the other.")]
Samples = Annotated[int, typer.Option(min=4, help="Draws of each chain, after as many to warm up.")]


@contextmanager
def _extra() -> Iterator[None]:
    """Say what to install where a library of the extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise InputError(
            f"estimation needs {error.name}; install it with: pip install 'alliance_sim[calibration]'"
        ) from None


def _say(what: object) -> None:
    print(what, file=sys.stderr, flush=True)


@app.command()
def measure(seed: Seed = 0, chains: Chains = 4, samples: Samples = 1000) -> None:
    """Fit the measurement model; write posterior/measurement.parquet and the report of the calibration folder.

    Exit 1, and write nothing, if the fit did not converge.
    """
    with _extra():
        from alliance_sim.estimation.checks import ordering, priors, pulls, unreliable
        from alliance_sim.estimation.measurement import fit
    fitted = fit(seed=seed, chains=chains, samples=samples, warmup=samples)
    _say(fitted.diagnostics)
    if wrong := shortcomings(fitted.diagnostics):
        _say(f"nothing is written: {wrong}")
        raise typer.Exit(1)
    by_row = pulls(fitted)
    parts = {
        "diagnostics": fitted.diagnostics,
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
    report.write_posterior(fitted.rows, report.posterior_path())
    report.write_report(report.report_path(), **parts)
    write_markdown(report.report_path().parent)


@app.command()
def checks(seed: Seed = 1, chains: Chains = 2, samples: Samples = 300) -> None:
    """Leave out each kind of figure, leanings, and rows of great pull; halve and double the scales of the priors."""
    with _extra():
        from alliance_sim.estimation import checks as module
        from alliance_sim.estimation.measurement import fit
        from alliance_sim.estimation.readings import data
    path = report.report_path()

    def without(*names: str) -> Fitted:
        _say(f"without {' '.join(names)}")
        return fit(names, seed, chains, samples, samples)

    base = report.read_posterior(report.posterior_path())
    fits = {name: without(name) for name in module.FIGURES}
    report.write_report(path, left_out_figures=module.left_out_figures(fits, data()))
    no_lean = without("lean").rows
    report.write_report(
        path,
        ordering_without_lean=module.ordering(no_lean),
        means_without_lean={name: [float(values.mean()), float(values.std())] for name, values in no_lean.items()},
    )

    def so_far(moves: dict[str, dict[str, float]]) -> None:
        _say(list(moves)[-1])
        report.write_report(path, scale_moves=moves)

    module.scale_moves(base, on_progress=so_far, seed=seed, chains=chains, samples=samples, warmup=samples)
    rows = report.read_report(path).get("unreliable", ())
    report.write_report(path, refits={row: module.moved(without(row).rows, base) for row in rows})
    write_markdown(path.parent)


@app.command()
def ranks(
    sets: Annotated[int, typer.Option(min=1, help="Simulated data sets.")] = 200,
    out: Annotated[Path, typer.Option(help="One line a set; sets with a line are not run again.")] = Path(
        "ranks.jsonl"
    ),
    first: Annotated[int, typer.Option(min=0, help="Number of the first set.")] = 0,
) -> None:
    """Simulation-based calibration: ranks of true values among draws of their posterior, into the report."""
    with _extra():
        from alliance_sim.estimation.checks import rank_summary
        from alliance_sim.estimation.checks import ranks as run
    run(range(first, first + sets), out, on_progress=lambda number: _say(f"set {number}"))
    report.write_report(report.report_path(), ranks=rank_summary(out))
    write_markdown(report.report_path().parent)


def main() -> None:
    """Run the command line; wrong input ends with status 2."""
    try:
        app()
    except InputError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
