"""Commands on runs of one scenario and on stored results: run, query, explore."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alliance_sim.cli.base import Against, simulated, with_base
from alliance_sim.cli.options import (
    AsJson,
    Draws,
    ResultsFolder,
    ScenarioName,
    Seed,
    Settings,
    figure,
    new_folder,
)
from alliance_sim.cli.reports.run import ensemble_as_json, ensemble_report, full_report, query_report
from alliance_sim.cli.terminal import print_json, print_parts, write_data
from alliance_sim.cli.written import print_note, written_files
from alliance_sim.errors import InputError

if TYPE_CHECKING:
    from alliance_sim.analysis.restoration import Change
    from alliance_sim.compile import Keep

#: Draws with which `run` tries what would restore the text of its headline.
RESTORED = 500


def run(
    scenario: ScenarioName,
    draws: Draws = 1000,
    seed: Seed = 0,
    months: Annotated[int | None, typer.Option(help="Run the first months only.", show_default="all")] = None,
    settings: Settings = None,
    against: Against = None,
    everything: Annotated[bool, typer.Option("--all", help="Print every decision and every outcome.")] = False,
    out: Annotated[Path | None, new_folder("Keep the results in a new folder.")] = None,
    plot: Annotated[Path | None, figure("an overview")] = None,
    as_json: AsJson = False,
) -> None:
    """Run many draws of a scenario: the decision that matters, and which texts pass; with --all everything."""
    with written_files(plot, as_json) as written:
        what_if, other = with_base(scenario, settings, against, months)

        # Errors that are certain are raised before the work begins.
        from alliance_sim import checks
        from alliance_sim.analysis.diagnosis import diagnose
        from alliance_sim.results.headline import headline
        from alliance_sim.simulation import result_size

        keep: Keep = "allies" if out else "monthly"
        size = result_size(what_if, draws, keep)
        if out:
            checks.vacant(out)
            checks.writable(out, size)
        if plot and plot == out:
            raise InputError(f"{plot}: is given as a folder and as a figure; allowed: two paths")
        if plot and what_if.months == 1:
            raise InputError(f"{plot}: there is a single month, and nothing to draw over time; allowed: two or more")

        ensemble, base = simulated(what_if, other, draws, seed, keep)
        found = headline(ensemble, base)
        restored: tuple[Change, ...] = ()
        if (target := found.to_restore) is not None:
            restored = diagnose(what_if, found.issue, found.meeting, min(draws, RESTORED), seed, target).restore
        # Results are printed first, so that they are not lost if they cannot be written.
        if as_json:
            print_json(ensemble_as_json(ensemble, found, restored, target))
        else:
            report = ensemble_report(ensemble, found, base, restored, target)
            print_parts(*report, *(full_report(ensemble) if everything else ()))
        if out:
            written.append(ensemble.save(out))
        if plot:
            ensemble.plot("overview", plot, base)
            written.append(plot)


def query(
    folder: ResultsFolder,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT.", show_default=False)],
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="Stop a query that takes longer.")] = 60.0,
) -> None:
    """Query results with DuckDB's SQL: a table in a terminal, CSV (UTF-8) in a pipe.

    Views: runs, trajectories, allies, decisions, objections, traces, failures, as far as they were kept. "DESCRIBE
    runs" gives the columns of one.
    """
    from alliance_sim.experiments.results import open_views
    from alliance_sim.results import query as queries

    views, note = open_views(folder)
    with queries.select(views, sql, timeout) as found:
        if sys.stdout.isatty():
            print_parts(*query_report(found))
        else:
            for text in queries.as_csv(found):
                write_data(text)
    print_note(folder, note)


def explore(
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8765,
    results: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Show the experiments in it, too.")] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Where to listen; 0.0.0.0 is every IPv4 address. Whoever reaches it can use this machine.",
        ),
    ] = "127.0.0.1",
    base_path: Annotated[
        str,
        typer.Option(
            metavar="PATH|URL",
            help="Path of the pages; behind a proxy its public address, such as https://hub.example/explorer.",
        ),
    ] = "/",
) -> None:
    """Start the explorer in the browser, on this machine only unless --host says otherwise."""
    try:
        from alliance_sim.explorer import serve
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("alliance_sim."):
            raise
        raise InputError(
            f"the explorer needs {error.name}; install it with: pip install 'alliance_sim[explorer]'"
        ) from None
    serve(port, results, host, base_path)
