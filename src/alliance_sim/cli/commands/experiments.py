"""Commands on experiments: sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.text import Text

from alliance_sim.cli.completion import experiment_names
from alliance_sim.cli.options import new_folder
from alliance_sim.cli.reports.experiments import counted_runs, next_commands, status_report
from alliance_sim.cli.terminal import Rate, print_next, print_parts, progress
from alliance_sim.cli.written import print_written
from alliance_sim.errors import printable
from alliance_sim.experiments import load_experiment
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from alliance_sim.experiments.engines import Engine


def sweep(
    experiment: Annotated[
        str,
        typer.Argument(
            metavar="EXPERIMENT", help="A bundled name or a file.", show_default=False, autocompletion=experiment_names
        ),
    ],
    out: Annotated[Path, new_folder("A new folder for the results.")],
    engine: Annotated[str, typer.Option(metavar="local|dask", help="Threads, or Dask workers.")] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A running Dask scheduler.", show_default="a new cluster"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Threads or processes.", show_default="one per core")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the sweep in DIR.")] = False,
) -> None:
    """Run an experiment: all its combinations of options, at all its points, with all its draws.

    It can be interrupted at any time and continued with --resume. Exit 1 if runs failed.
    """
    designed = load_experiment(experiment)

    from alliance_sim.experiments import parts, runner

    size = f"keeps {designed.keep}, about {parts.expected_size(designed) / 1e6:,.1f} MB in {printable(out)}"
    print_parts(Text(f"{designed.name}: {counted_runs(designed)}; {size}"))
    try:
        with progress(designed.name, None, Rate()) as on_progress:
            results = runner.sweep(
                designed,
                out,
                engine=cast("Engine", engine),
                scheduler=scheduler,
                workers=workers,
                resume=resume,
                progress=on_progress,
            )
    except KeyboardInterrupt as interrupt:
        raise typer.Abort(*interrupt.args) from None
    print_parts(status_report(results))
    print_written([out])
    print_next(next_commands(results, out))
    if failures := int(results.status["failed"].sum()):
        failed = f"{counted(failures, 'run')} failed: alliance-sim query {printable(out)} 'SELECT * FROM failures'"
        print_parts(Text(failed))
        raise typer.Exit(1)
