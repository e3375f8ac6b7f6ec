"""The commands: each reads its arguments, calls the API and prints what the reports make of the answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.text import Text

from alliance_sim import checks
from alliance_sim.cli.reports import (
    boxes_as_json,
    boxes_report,
    differences_as_json,
    drivers_as_json,
    drivers_report,
    ensemble_as_json,
    ensemble_report,
    pair_report,
    policies_as_json,
    policies_report,
    query_report,
)
from alliance_sim.cli.showing import counted_runs, inherited, levers, show_experiment, timeline
from alliance_sim.cli.terminal import (
    Rate,
    bullets,
    counted,
    dim,
    new_table,
    print_json,
    print_parts,
    printable,
    progress,
    write,
)
from alliance_sim.errors import InputError
from alliance_sim.experiments import (
    Experiment,
    experiment_path,
    list_experiments,
    load_experiment,
    load_file,
)
from alliance_sim.experiments import json_schema as experiment_schema
from alliance_sim.registry.fields import month_name, month_number
from alliance_sim.scenarios import (
    Scenario,
    json_schema,
    list_scenarios,
    load_parent,
    load_scenario,
    scenario_path,
    write_scenario,
)

if TYPE_CHECKING:
    from alliance_sim.compile import Keep
    from alliance_sim.experiments.engines import Engine

app = typer.Typer(
    name="alliance-sim",
    help="An alliance that decides by consensus: who blocks what, how sure we are, what would change it.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
#: What `run --plot` draws.
FIGURE = [
    "cohesion",
    "consensus_capacity",
    "threat_gap",
    "deterrence",
    "sanctions_durability",
    "mean_spending",
]

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A bundled name or a file.", show_default=False)]
Draws = Annotated[int, typer.Option(help="Number of draws.")]
Seed = Annotated[int, typer.Option(help="Scenarios with one seed share their chance.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, numbers unrounded.")]


SweepFolder = Annotated[Path, typer.Argument(metavar="DIR", help="What sweep has kept.", show_default=False)]
OutcomeName = Annotated[
    str, typer.Option("--outcome", metavar="NAME", help="One of those that `run` prints.", show_default=False)
]


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """List the bundled scenarios and experiments."""
    scenarios = [load_scenario(name) for name in list_scenarios()]
    experiments = [load_experiment(name) for name in list_experiments()]
    fields = ("name", "title", "era", "start", "months")
    if as_json:
        print_json(
            {
                "scenarios": [{field: getattr(scenario, field) for field in fields} for scenario in scenarios],
                "experiments": [
                    {"name": each.name, "title": each.title, "scenario": each.scenario.name, "runs": each.runs}
                    for each in experiments
                ],
            }
        )
        return
    table = new_table("scenario", "title", "era", "start", ">months")
    for scenario in scenarios:
        table.add_row(
            Text(scenario.name, "bold"),
            Text(scenario.title),
            scenario.era,
            scenario.start,
            str(scenario.months),
        )
    designed = new_table("experiment", "title", "scenario", ">runs")
    for experiment in experiments:
        designed.add_row(
            Text(experiment.name, "bold"),
            Text(experiment.title),
            experiment.scenario.name,
            f"{experiment.runs:,}",
        )
    print_parts(table, Text(), designed)


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(metavar="SCENARIO|EXPERIMENT", help="A bundled name or a file.", show_default=False),
    ],
    as_json: AsJson = False,
) -> None:
    """Show a scenario, its timeline and sources, or an experiment, its levers, uncertainties and size."""
    found = load_file(name)
    if isinstance(found, Experiment):
        show_experiment(found, experiment_path(name), as_json)
        return
    parent, path = load_parent(name), scenario_path(name)
    if as_json:
        extends = {"extends": parent.name} if parent else {}
        print_json({**found.model_dump(mode="json", exclude_none=True), **extends, "file": str(path)})
        return
    last = month_name(month_number(found.start) + found.months - 1)
    print_parts(
        Text.assemble((found.name, "bold"), "  ", found.title),
        dim(
            f"{found.start} to {last} ({counted(found.months, 'month')}), calibrated to {found.era}"
            + (f", extends {parent.name}" if parent else "")
        ),
        Text(),
        Text(found.description),
        Text(),
        timeline(found, parent),
        Text(),
        *([inherited(found, parent), Text()] if parent else ()),
        levers(found, parent),
        Text(),
        Text("Sources", "bold"),
        bullets(found.sources),
        Text(f"\nFile: {printable(path)}", "dim", overflow="fold"),
    )


@app.command()
def check(files: Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)]) -> None:
    """Check files of scenarios and experiments, or folders of them: every problem with its file, line and field."""
    good, problems = 0, []
    for path in (path for file in files for path in _files(file)):
        try:
            found = load_file(path)
        except InputError as error:
            problems.append(str(error))
        else:
            good += 1
            stem = Path(path).stem
            # A pipe has no name.
            note = "" if stem == found.name or not Path(path).suffix else f"; the file is called {printable(stem)}"
            size = counted_runs(found) if isinstance(found, Experiment) else _months(found)
            write(f"{printable(path)}: ok ({found.name}: {size}{note})\n")
    if good + len(problems) > 1:
        write(f"{good + len(problems)} files, {good} ok, {len(problems)} with problems\n")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        raise typer.Exit(2)


def _months(scenario: Scenario) -> str:
    sizes = (scenario.months, "month"), (len(scenario.events), "event"), (len(scenario.meetings), "meeting")
    return ", ".join(counted(*size) for size in sizes)


def _files(file: str) -> list[str | Path]:
    """Return the YAML files of a folder, or the file itself; what is neither may be a bundled name."""
    path = Path(file)
    try:
        if not path.is_dir():
            return [path if path.exists() else file]
        # A folder without any is no reason to be content.
        return sorted(each for each in path.iterdir() if each.suffix in (".yaml", ".yml")) or [path / "*.yaml"]
    except OSError:
        return [path]  # Loading it says what is wrong.


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the scenario is called.", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="SCENARIO", help="Copy this one's text.", show_default="a commented example"),
    ] = None,
) -> None:
    """Write NAME.yaml to start a scenario from: a commented example, or a copy."""
    path = printable(write_scenario(name, source) if source else write_scenario(name))
    write(f"{path}: written; next: alliance-sim check {path}, show {path}, run {path}\n")


class FileKind(StrEnum):
    """What a YAML file may describe."""

    scenario = "scenario"
    experiment = "experiment"


@app.command()
def schema(kind: Annotated[FileKind, typer.Argument(help="Which files.")] = FileKind.scenario) -> None:
    """Print the JSON Schema of scenario or experiment files, by which editors complete and check them."""
    print_json(json_schema() if kind is FileKind.scenario else experiment_schema())


@app.command()
def run(
    scenario: ScenarioName,
    draws: Draws = 1000,
    seed: Seed = 0,
    months: Annotated[int | None, typer.Option(help="Run the first months only.", show_default="all")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; may be repeated."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep the results in a new folder.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the main outcomes (.png, .svg, .pdf).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run many draws of a scenario: the decision board, and outcomes with intervals."""
    with _writing(plot, as_json) as written:
        what_if = load_scenario(scenario).with_parameters(_values(settings or []))

        # What would fail in the end fails before the work begins.
        from alliance_sim.simulation import first_months, result_size, simulate

        if months is not None:
            what_if = first_months(what_if, months)
        keep: Keep = "allies" if out else "monthly"
        size = result_size(what_if, draws, keep)
        if out:
            checks.vacant(out)
            checks.writable(out, size)
        if plot and what_if.months == 1:
            raise InputError(f"{plot}: there is a single month, and nothing to draw over time")

        with progress() as bar:
            task = bar.add_task(what_if.name, total=draws)
            ensemble = simulate(what_if, draws, seed, keep, progress=lambda done: bar.update(task, completed=done))
        # What was computed is shown first: it must not be lost where it cannot be written.
        if as_json:
            print_json(ensemble_as_json(ensemble))
        else:
            print_parts(*ensemble_report(ensemble))
        if out:
            written.append(ensemble.save(out))
        if plot:
            ensemble.plot(FIGURE, plot)
            written.append(plot)


@app.command()
def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="A bundled name or a file.", show_default=False)],
    others: Annotated[
        list[str], typer.Argument(metavar="OTHER...", help="What to compare with it.", show_default=False)
    ],
    draws: Draws = 1000,
    seed: Seed = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter in all of them; may be repeated."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the differences (.png, .svg, .pdf).")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare scenarios with a base, draw by draw: what differs going in, what moves, which decisions turn.

    All run with the same chance, over the months they share with the base; all are of one era.
    """
    with _writing(plot, as_json) as written:
        values = _values(settings or [])
        what_ifs = [load_scenario(name).with_parameters(values) for name in (base, *others)]

        names = _told_apart((base, *others), [what_if.name for what_if in what_ifs])

        from alliance_sim.analysis import comparison as paired

        with progress() as bar:
            task = bar.add_task(f"{len(what_ifs)} scenarios", total=draws)
            comparison = paired.compare(
                *what_ifs, draws=draws, seed=seed, progress=lambda done: bar.update(task, completed=done)
            )
        if as_json:
            print_json(differences_as_json(comparison))
        else:
            pairs = zip(comparison.pairs, names[1:], strict=True)
            print_parts(*(part for pair, name in pairs for part in pair_report(comparison, pair, names[0], name)))
        if plot:
            comparison.plot(plot)
            written.append(plot)


@app.command("query")
def query_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What run or sweep has kept.", show_default=False)],
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT.", show_default=False)],
) -> None:
    """Query results with DuckDB's SQL: a table in a terminal, CSV in a pipe.

    Views: runs, trajectories, allies, decisions, objections, traces, failures, as far as they were kept. "DESCRIBE
    runs" gives the columns of one.
    """
    from alliance_sim.experiments.results import open_views
    from alliance_sim.results import query

    views, note = open_views(folder)
    with query.select(views, sql) as found:
        if sys.stdout.isatty():
            print_parts(*query_report(found))
        else:
            for text in query.as_csv(found):
                write(text)
    _note(folder, note)


@app.command()
def sweep(
    experiment: Annotated[
        str, typer.Argument(metavar="EXPERIMENT", help="A bundled name or a file.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where results are kept: a new folder.", show_default=False)],
    engine: Annotated[str, typer.Option(metavar="local|dask", help="Threads, or workers of Dask.")] = "local",
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler that runs.", show_default="a new cluster")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Threads or processes.", show_default="one a core")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in DIR.")] = False,
) -> None:
    """Run an experiment: all its combinations of options, at all its points, with all its draws.

    It can be interrupted at any time and goes on with --resume. Exit 1 if runs failed.
    """
    designed = load_experiment(experiment)

    from alliance_sim.experiments import parts, runner

    size = parts.expected_size(designed) / 1e6
    print_parts(
        Text(
            f"{designed.name}: {counted_runs(designed)}; keeps {designed.keep}, about {size:,.1f} MB "
            f"in {printable(out)}"
        )
    )
    try:
        with progress(Rate()) as bar:
            task = bar.add_task(designed.name, total=None)

            def told(done: int, runs: int) -> None:
                if bar.tasks[0].total is None:  # What was there before is no speed.
                    bar.reset(task, total=runs, completed=done)
                bar.update(task, completed=done)

            results = runner.sweep(
                designed,
                out,
                engine=cast("Engine", engine),
                scheduler=scheduler,
                workers=workers,
                resume=resume,
                progress=told,
            )
    except KeyboardInterrupt as interrupt:
        raise typer.Abort(*interrupt.args) from None
    counts = results.status.groupby("variant")[["runs", "failed"]].sum()
    table = new_table("scenario", ">runs", ">failed")
    for variant in results.variants:
        runs, failed = counts.loc[variant.number]
        table.add_row(variant.scenario.name, f"{runs:,}", Text(f"{failed:,}", "red" if failed else ""))
    print_parts(table)
    _print_written([out])
    if failures := int(counts["failed"].sum()):
        print_parts(
            Text(f"{counted(failures, 'run')} failed: alliance-sim query {printable(out)} 'SELECT * FROM failures'")
        )
        raise typer.Exit(1)


@app.command()
def sensitivity(
    scenario: ScenarioName,
    outcome: OutcomeName,
    method: Annotated[
        str, typer.Option(help="morris screens many parameters, sobol shares out the variance.")
    ] = "morris",
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            metavar="NAME",
            help="Move this one; may be repeated.",
            show_default="all that have a distribution; with sobol the foremost of them",
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(help="Trajectories of morris, base points of sobol (a power of two).", show_default="20, 256"),
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws at each point, the same at all.")] = 4,
    seed: Seed = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; may be repeated."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw both rankings (.png, .svg, .pdf).")] = None,
    as_json: AsJson = False,
) -> None:
    """Rank what drives an outcome: parameters over their distributions, and mechanisms switched off one by one."""
    with _writing(plot, as_json) as written:
        what_if = load_scenario(scenario).with_parameters(_values(settings or []))

        from alliance_sim.analysis import sensitivity as driving

        with progress() as bar:
            task = bar.add_task(what_if.name, total=None)
            found = driving.sensitivity(
                what_if, outcome, cast(Any, method), parameters or (), points, draws, seed,
                lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        if as_json:
            print_json(drivers_as_json(found))
        else:
            print_parts(*drivers_report(found))
        if plot:
            found.plot(plot)
            written.append(plot)


@app.command()
def discover(
    folder: SweepFolder,
    outcome: OutcomeName,
    below: Annotated[float | None, typer.Option(metavar="X", help="Of interest: less than this.")] = None,
    above: Annotated[float | None, typer.Option(metavar="X", help="Of interest: more than this.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the first box (.png, .svg, .pdf).")] = None,
    as_json: AsJson = False,
) -> None:
    """Find in which conditions an outcome lies below or above a bound (PRIM), in the last month, over a sweep."""
    with _writing(plot, as_json) as written:
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
    _note(folder, results.note)


@app.command()
def policy(
    folder: SweepFolder,
    outcome: OutcomeName,
    better: Annotated[
        str | None, typer.Option(metavar="higher|lower", help="Which is better.", show_default="as registered")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the table (.png, .svg, .pdf).")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the policies of a sweep in one outcome, in the last month: mean, spread, regret, robust choices."""
    with _writing(plot, as_json) as written:
        from alliance_sim.analysis import policy as choosing
        from alliance_sim.experiments.results import open_results

        results = open_results(folder)
        found = choosing.policy(results, outcome, cast(Any, better))
        if as_json:
            print_json(policies_as_json(found))
        else:
            print_parts(*policies_report(found, choosing.RULES))
        if plot:
            found.plot(plot)
            written.append(plot)
    _note(folder, results.note)


def _note(folder: Path, note: str) -> None:
    """Say what is missing in the results of a folder."""
    if note:
        print(f"{printable(folder)}: {note}", file=sys.stderr)


@app.command()
def explore(port: Annotated[int, typer.Option(min=1, max=65535)] = 8765) -> None:
    """Start the explorer in the browser, on this machine only."""
    try:
        from alliance_sim.explorer import serve
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("alliance_sim."):
            raise
        raise InputError(
            f"the explorer needs {error.name}; install it with: pip install 'alliance_sim[explorer]'"
        ) from None
    serve(port)


@contextmanager
def _writing(plot: Path | None, as_json: bool) -> Iterator[list[Path]]:
    """Collect what is written and say so in the end; on an interrupt, what was written until then."""
    written: list[Path] = []
    try:
        if plot:
            _check_figure(plot)
        yield written
    except KeyboardInterrupt:
        kept = f"{', '.join(map(str, written))} is complete" if written else "nothing was written"
        raise typer.Abort(kept) from None
    if not as_json:
        _print_written(written)


def _print_written(written: list[Path]) -> None:
    if written:
        print_parts(*(Text(f"Written: {printable(path)}", "dim", overflow="fold") for path in written))


def _check_figure(path: Path) -> None:
    """Refuse the path of a figure that could not be written."""
    from alliance_sim.results.plots import check_kind

    checks.writable(path)
    check_kind(path)


def _values(settings: list[str]) -> dict[str, float]:
    values = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        name, setting = name.strip(), printable(setting)
        if name in values:
            raise InputError(f"--set {setting}: {name} is given twice; allowed: once")
        try:
            # Python reads 1_0 and other alphabets' digits as numbers, files do not.
            if not name or "_" in value or not value.isascii():
                raise ValueError
            values[name] = float(value)
        except ValueError:
            raise InputError(f"--set {setting}: allowed: NAME=VALUE, the value being a number") from None
    return values


def _told_apart(arguments: Sequence[str], names: list[str]) -> list[str]:
    """Return the names of scenarios, with the file where two have one; refuse others that share one."""
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
