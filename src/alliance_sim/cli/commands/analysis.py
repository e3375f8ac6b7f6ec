"""Commands that analyse: compare, diagnose, sensitivity, discover, policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from alliance_sim.cli.completion import parameters as parameter_names
from alliance_sim.cli.completion import scenario_names
from alliance_sim.cli.options import (
    AsJson,
    Draws,
    OutcomeName,
    ScenarioName,
    Seed,
    Settings,
    SweepFolder,
    figure,
    with_settings,
)
from alliance_sim.cli.reports.analysis import (
    boxes_as_json,
    boxes_report,
    drivers_as_json,
    drivers_report,
    policies_as_json,
    policies_report,
)
from alliance_sim.cli.reports.comparison import comparison_as_json, comparison_report
from alliance_sim.cli.reports.diagnosis import diagnosis_report
from alliance_sim.cli.terminal import print_json, print_parts, progress
from alliance_sim.cli.written import print_note, written_files
from alliance_sim.errors import InputError, printable
from alliance_sim.scenarios import load_scenario

if TYPE_CHECKING:
    from alliance_sim.analysis.policy import Better
    from alliance_sim.analysis.sensitivity import Method


def compare(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE", help="A bundled name or a file.", show_default=False, autocompletion=scenario_names
        ),
    ],
    others: Annotated[
        list[str],
        typer.Argument(
            metavar="OTHER...", help="Scenarios to compare with it.", show_default=False, autocompletion=scenario_names
        ),
    ],
    draws: Draws = 1000,
    seed: Seed = 0,
    settings: Settings = None,
    plot: Annotated[Path | None, figure("the differences")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare scenarios with a base, draw by draw: inputs, outcomes and decisions that differ.

    All use common random numbers, over the months they share with the base; all are of one era.
    """
    with written_files(plot, as_json) as written:
        what_ifs = [with_settings(load_scenario(name), settings) for name in (base, *others)]
        labels = _labels((base, *others), [what_if.name for what_if in what_ifs])

        from alliance_sim.analysis import comparison

        with progress(f"{len(what_ifs)} scenarios", draws) as on_progress:
            found = comparison.compare(*what_ifs, draws=draws, seed=seed, progress=on_progress)
        if as_json:
            print_json(comparison_as_json(found))
        else:
            print_parts(*comparison_report(found, labels))
        if plot:
            found.plot(plot)
            written.append(plot)


def _labels(arguments: Sequence[str], names: list[str]) -> list[str]:
    """Return the names of scenarios, with the file where the base and another share one; others may not share one."""
    for name in names[1:]:
        files = [printable(argument) for argument, own in zip(arguments[1:], names[1:], strict=True) if own == name]
        if len(files) > 1:
            raise InputError(
                f"compare: two of the others are called {name!r} ({', '.join(files)}); allowed: each name once"
            )
    return [
        f"{name} ({printable(argument)})" if names.count(name) > 1 and argument != name else name
        for argument, name in zip(arguments, names, strict=True)
    ]


def diagnose(
    scenario: ScenarioName,
    issue: Annotated[
        str | None,
        typer.Option(
            metavar="ISSUE", help="An issue that is decided.", show_default="that of the text that fails most"
        ),
    ] = None,
    meeting: Annotated[
        str | None,
        typer.Option(
            metavar="ID|MONTH|NUMBER",
            help="A meeting that decides on it, numbered from 1 in time order.",
            show_default="the first",
        ),
    ] = None,
    draws: Draws = 500,
    seed: Seed = 0,
    settings: Settings = None,
    target: Annotated[float, typer.Option(help="Share of the draws in which the text is to pass.")] = 0.5,
    as_json: AsJson = False,
) -> None:
    """Find out why a text passes or fails at a meeting: who stands in the way, and what would restore consensus."""
    what_if = with_settings(load_scenario(scenario), settings)

    from alliance_sim.analysis import diagnosis

    found = diagnosis.diagnose(what_if, issue, meeting, draws, seed, target)
    if as_json:
        print_json(found.json())
    else:
        print_parts(*diagnosis_report(found))


def sensitivity(
    scenario: ScenarioName,
    outcome: OutcomeName,
    method: Annotated[
        str, typer.Option(help="morris screens many parameters, sobol decomposes the variance.")
    ] = "morris",
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            metavar="NAME",
            help="Vary this parameter; may be repeated.",
            autocompletion=parameter_names,
            show_default="all that have a distribution; with sobol the most influential of them",
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(help="Trajectories of morris, base points of sobol (a power of two).", show_default="20, 256"),
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws at each point, the same at all.")] = 4,
    seed: Seed = 0,
    settings: Settings = None,
    plot: Annotated[Path | None, figure("both rankings")] = None,
    as_json: AsJson = False,
) -> None:
    """Rank what drives an outcome: parameters over their distributions, and mechanisms switched off one by one."""
    with written_files(plot, as_json) as written:
        what_if = with_settings(load_scenario(scenario), settings)

        from alliance_sim.analysis import sensitivity as analysis

        with progress(what_if.name) as on_progress:
            found = analysis.sensitivity(
                what_if, outcome, cast("Method", method), parameters or (), points, draws, seed, on_progress
            )
        if as_json:
            print_json(drivers_as_json(found))
        else:
            print_parts(*drivers_report(found))
        if plot:
            found.plot(plot)
            written.append(plot)


def discover(
    folder: SweepFolder,
    outcome: OutcomeName,
    below: Annotated[float | None, typer.Option(metavar="X", help="Of interest: less than this.")] = None,
    above: Annotated[float | None, typer.Option(metavar="X", help="Of interest: more than this.")] = None,
    plot: Annotated[Path | None, figure("the first box")] = None,
    as_json: AsJson = False,
) -> None:
    """Find the conditions in which an outcome lies below or above a bound (PRIM), in the last month, over a sweep."""
    with written_files(plot, as_json) as written:
        from alliance_sim.analysis import discovery
        from alliance_sim.experiments.results import open_results

        results = open_results(folder)
        found = discovery.discover(results, outcome, below=below, above=above)
        if as_json:
            print_json(boxes_as_json(found))
        else:
            print_parts(*boxes_report(found, discovery.LEVEL))
        if plot:
            found.plot(plot)
            written.append(plot)
    print_note(folder, results.note)


def policy(
    folder: SweepFolder,
    outcome: OutcomeName,
    better: Annotated[
        str | None, typer.Option(metavar="higher|lower", help="Which is better.", show_default="as registered")
    ] = None,
    plot: Annotated[Path | None, figure("the table")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the policies of a sweep in one outcome, in the last month: mean, spread, regret, robust choices."""
    with written_files(plot, as_json) as written:
        from alliance_sim.analysis import policy as analysis
        from alliance_sim.experiments.results import open_results

        results = open_results(folder)
        found = analysis.policy(results, outcome, cast("Better | None", better))
        if as_json:
            print_json(policies_as_json(found))
        else:
            print_parts(*policies_report(found, analysis.RULES))
        if plot:
            found.plot(plot)
            written.append(plot)
    print_note(folder, results.note)
