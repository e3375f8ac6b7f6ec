"""The command line: reads arguments, calls the API, prints. Libraries slow to load wait until needed."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, cast

import typer
from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from alliance_sim.errors import InputError
from alliance_sim.experiments import (
    Experiment,
    experiment_path,
    list_experiments,
    load_experiment,
    load_file,
)
from alliance_sim.experiments import json_schema as experiment_schema
from alliance_sim.registry.events import Event
from alliance_sim.registry.fields import Entry, Record, month_name, month_number
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import resolve
from alliance_sim.registry.priors import fixed
from alliance_sim.scenarios import (
    Difference,
    Meeting,
    Scenario,
    input_differences,
    json_schema,
    list_scenarios,
    load_parent,
    load_scenario,
    scenario_path,
    write_scenario,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from alliance_sim.comparison import Comparison, Pair
    from alliance_sim.compile import Keep
    from alliance_sim.ensemble import Ensemble
    from alliance_sim.experiments.discovery import Discovery
    from alliance_sim.experiments.engines import Engine
    from alliance_sim.experiments.policy import Policies
    from alliance_sim.experiments.sensitivity import Sensitivity

__all__ = ["main"]

app = typer.Typer(
    name="alliance-sim",
    help="An alliance that decides by consensus: who blocks what, how sure we are, what would change it.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: What typer raises when a command is called wrongly; it exports the name of one kind only.
USAGE_ERRORS: tuple[type[Any], ...] = typer.BadParameter.__bases__
#: Columns of a pipe, where no terminal says how wide it is.
PIPE_WIDTH = 120
#: On fewer columns a terminal breaks the lines; tables of that width would show no numbers.
LEAST_WIDTH = 80
#: On fewer columns tables leave out what can be read elsewhere.
WIDE = 100
#: Below it the report speaks of Monte Carlo error.
FEW_DRAWS = 400
FORUMS = {"nac": "NAC", "nato_summit": "NATO", "eu_council": "EU", "g7": "G7"}
#: Outcomes of an item: head of the column and colour.
DECISIONS = {
    "adopted": ("adopt", "green"),
    "diluted": ("dilute", "cyan"),
    "withdrawn": ("withdr", "magenta"),
    "blocked": ("block", "red"),
    "deferred": ("defer", "yellow"),
}
#: Colours of what is only in the other scenario, only in the base, or different.
SIGNS = {"+": "green", "-": "red", "~": "yellow"}
#: Decisions that `compare` lists.
MOST_DECISIONS = 12
#: Policies that `policy` lists.
MOST_POLICIES = 40
#: Rows that `query` shows in a terminal.
MOST_ROWS = 40
#: Parameters and mechanisms that `sensitivity` lists.
MOST_DRIVERS = 12
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 the answer is no, 2 the input is at fault, 130 interrupted."""
    _open_streams()
    out, err = cast(TextIO, _Stream(sys.stdout, told=True)), cast(TextIO, _Stream(sys.stderr, told=False))
    with redirect_stdout(out), redirect_stderr(err):
        status = _status(arguments)
    sys.exit(status)


def _status(arguments: Sequence[str] | None) -> int:
    """Run a command, say what was wrong, and return how it ended."""
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except USAGE_ERRORS as error:
        error.show()
        return int(error.exit_code)
    except OSError as error:
        # What a file is for is said where it is used; what is left is the machine's, such as a folder that is gone.
        print(f"{error.filename or 'a file or folder'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except MemoryError:
        print("the memory of this machine is not enough; allowed: fewer draws", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, typer.Abort) as interrupt:
        print(": ".join(("interrupted", *map(str, interrupt.args))), file=sys.stderr)
        return 130


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """List the bundled scenarios and experiments."""
    scenarios = [load_scenario(name) for name in list_scenarios()]
    experiments = [load_experiment(name) for name in list_experiments()]
    fields = ("name", "title", "era", "start", "months")
    if as_json:
        _print_json(
            {
                "scenarios": [{field: getattr(scenario, field) for field in fields} for scenario in scenarios],
                "experiments": [
                    {"name": each.name, "title": each.title, "scenario": each.scenario.name, "runs": each.runs}
                    for each in experiments
                ],
            }
        )
        return
    table = _table("scenario", "title", "era", "start", ">months")
    for scenario in scenarios:
        table.add_row(
            Text(scenario.name, "bold"),
            Text(scenario.title),
            scenario.era,
            scenario.start,
            str(scenario.months),
        )
    designed = _table("experiment", "title", "scenario", ">runs")
    for experiment in experiments:
        designed.add_row(
            Text(experiment.name, "bold"),
            Text(experiment.title),
            experiment.scenario.name,
            f"{experiment.runs:,}",
        )
    _print(table, Text(), designed)


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
        _show_experiment(found, experiment_path(name), as_json)
        return
    parent, path = load_parent(name), scenario_path(name)
    if as_json:
        extends = {"extends": parent.name} if parent else {}
        _print_json({**found.model_dump(mode="json", exclude_none=True), **extends, "file": str(path)})
        return
    last = month_name(month_number(found.start) + found.months - 1)
    _print(
        Text.assemble((found.name, "bold"), "  ", found.title),
        _dim(
            f"{found.start} to {last} ({_count(found.months, 'month')}), calibrated to {found.era}"
            + (f", extends {parent.name}" if parent else "")
        ),
        Text(),
        Text(found.description),
        Text(),
        _timeline(found, parent),
        Text(),
        *([_inherited(found, parent), Text()] if parent else ()),
        _levers(found, parent),
        Text(),
        Text("Sources", "bold"),
        _bullets(found.sources),
        Text(f"\nFile: {_printable(path)}", "dim", overflow="fold"),
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
            note = "" if stem == found.name or not Path(path).suffix else f"; the file is called {_printable(stem)}"
            size = _runs(found) if isinstance(found, Experiment) else _months(found)
            _write(f"{_printable(path)}: ok ({found.name}: {size}{note})\n")
    if good + len(problems) > 1:
        _write(f"{good + len(problems)} files, {good} ok, {len(problems)} with problems\n")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        raise typer.Exit(2)


def _months(scenario: Scenario) -> str:
    sizes = (scenario.months, "month"), (len(scenario.events), "event"), (len(scenario.meetings), "meeting")
    return ", ".join(_count(*size) for size in sizes)


def _runs(experiment: Experiment) -> str:
    """Return the size of an experiment in words."""
    sizes = (len(experiment.choices()), "variant"), (experiment.points, "point"), (experiment.replications, "draw")
    return f"{' x '.join(_count(*size) for size in sizes)} = {_count(experiment.runs, 'run')}"


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
    path = _printable(write_scenario(name, source) if source else write_scenario(name))
    _write(f"{path}: written; next: alliance-sim check {path}, show {path}, run {path}\n")


class FileKind(StrEnum):
    """What a YAML file may describe."""

    scenario = "scenario"
    experiment = "experiment"


@app.command()
def schema(kind: Annotated[FileKind, typer.Argument(help="Which files.")] = FileKind.scenario) -> None:
    """Print the JSON Schema of scenario or experiment files, by which editors complete and check them."""
    _print_json(json_schema() if kind is FileKind.scenario else experiment_schema())


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
    written: list[Path] = []
    with _kept(written):
        what_if = load_scenario(scenario).with_parameters(_values(settings or []))

        # What would fail in the end fails before the work begins.
        from alliance_sim.ensemble import check_vacant, check_writable, first_months, result_size, simulate

        if months is not None:
            what_if = first_months(what_if, months)
        keep: Keep = "allies" if out else "monthly"
        size = result_size(what_if, draws, keep)
        if out:
            check_vacant(out)
            check_writable(out, size)
        if plot:
            _check_figure(plot)
            if what_if.months == 1:
                raise InputError(f"{plot}: there is a single month, and nothing to draw over time")

        with _progress() as bar:
            task = bar.add_task(what_if.name, total=draws)
            ensemble = simulate(what_if, draws, seed, keep, progress=lambda done: bar.update(task, completed=done))
        # What was computed is shown first: it must not be lost where it cannot be written.
        if as_json:
            _print_json(_as_json(ensemble))
        else:
            _print(*_report(ensemble))
        if out:
            written.append(ensemble.save(out))
        if plot:
            ensemble.plot(FIGURE, plot)
            written.append(plot)
    if not as_json:
        _print_written(written)


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
    written: list[Path] = []
    with _kept(written):
        values = _values(settings or [])
        what_ifs = [load_scenario(name).with_parameters(values) for name in (base, *others)]

        names = _told_apart((base, *others), [what_if.name for what_if in what_ifs])

        from alliance_sim import comparison as paired

        if plot:
            _check_figure(plot)

        with _progress() as bar:
            task = bar.add_task(f"{len(what_ifs)} scenarios", total=draws)
            comparison = paired.compare(
                *what_ifs, draws=draws, seed=seed, progress=lambda done: bar.update(task, completed=done)
            )
        if as_json:
            _print_json(_differences_as_json(comparison))
        else:
            pairs = zip(comparison.pairs, names[1:], strict=True)
            _print(*(part for pair, name in pairs for part in _pair_report(comparison, pair, names[0], name)))
        if plot:
            comparison.plot(plot)
            written.append(plot)
    if not as_json:
        _print_written(written)


@app.command("query")
def query_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What run or sweep has kept.", show_default=False)],
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT.", show_default=False)],
) -> None:
    """Query results with DuckDB's SQL: a table in a terminal, CSV in a pipe.

    Views: runs, trajectories, allies, decisions, objections, traces, failures, as far as they were kept. "DESCRIBE
    runs" gives the columns of one.
    """
    from alliance_sim import query
    from alliance_sim.experiments.store import open_views

    views, note = open_views(folder)
    with query.select(views, sql) as found:
        if sys.stdout.isatty():
            _print(*_found(found))
        else:
            for text in query.as_csv(found):
                _write(text)
    _note(folder, note)


def _found(found: pa.RecordBatchReader) -> list[RenderableType]:
    """Return the first rows of what a query found, and how many there are."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    numbers = [str(each.type).startswith(("int", "uint", "float", "double", "decimal")) for each in found.schema]
    for name, number in zip(found.schema.names, numbers, strict=True):
        table.add_column(Text(name), justify="right" if number else "left", overflow="fold")
    count = 0
    for batch in found:
        for row in batch.slice(0, max(0, MOST_ROWS - count)).to_pylist():
            table.add_row(*(_cell(value) for value in row.values()))
        count += len(batch)
    shown = f", the first {MOST_ROWS} shown; in a pipe all are written as CSV" if count > MOST_ROWS else ""
    return [table, _dim(f"{_count(count, 'row')}{shown}")]


def _cell(value: Any) -> Text:
    if value is None:
        return _dim("NULL")
    return Text(f"{value:.6g}" if isinstance(value, float) else _printable(str(value)))


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

    from alliance_sim.experiments import runner, store

    size = store.size(designed) / 1e6
    _print(
        Text(f"{designed.name}: {_runs(designed)}; keeps {designed.keep}, about {size:,.1f} MB in {_printable(out)}")
    )
    try:
        with _progress(_Rate()) as bar:
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
    table = _table("scenario", ">runs", ">failed")
    for variant in results.variants:
        runs, failed = counts.loc[variant.number]
        table.add_row(variant.scenario.name, f"{runs:,}", Text(f"{failed:,}", "red" if failed else ""))
    _print(table)
    _print_written([out])
    if failures := int(counts["failed"].sum()):
        _print(Text(f"{_count(failures, 'run')} failed: alliance-sim query {_printable(out)} 'SELECT * FROM failures'"))
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
    written: list[Path] = []
    with _kept(written):
        what_if = load_scenario(scenario).with_parameters(_values(settings or []))

        from alliance_sim.experiments import sensitivity as driving

        if plot:
            _check_figure(plot)
        with _progress() as bar:
            task = bar.add_task(what_if.name, total=None)
            found = driving.sensitivity(
                what_if, outcome, cast(Any, method), parameters or (), points, draws, seed,
                lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        if as_json:
            _print_json(_drivers_as_json(found))
        else:
            _print(*_drivers_report(found))
        if plot:
            found.plot(plot)
            written.append(plot)
    if not as_json:
        _print_written(written)


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
    written: list[Path] = []
    with _kept(written):
        if plot:
            _check_figure(plot)

        from alliance_sim.experiments import discovery
        from alliance_sim.experiments.store import open_results

        results = open_results(folder)
        found = discovery.discover(results, outcome, below=below, above=above)
        if as_json:
            _print_json(_boxes_as_json(found))
        else:
            _print(*_boxes_report(found, discovery.LEVEL))
        if plot:
            found.plot(plot)
            written.append(plot)
    if not as_json:
        _print_written(written)
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
    written: list[Path] = []
    with _kept(written):
        if plot:
            _check_figure(plot)

        from alliance_sim.experiments import policy as choosing
        from alliance_sim.experiments.store import open_results

        results = open_results(folder)
        found = choosing.policy(results, outcome, cast(Any, better))
        if as_json:
            _print_json(_policies_as_json(found))
        else:
            _print(*_policies_report(found, choosing.RULES))
        if plot:
            found.plot(plot)
            written.append(plot)
    if not as_json:
        _print_written(written)
    _note(folder, results.note)


def _note(folder: Path, note: str) -> None:
    """Say what is missing in the results of a folder."""
    if note:
        print(f"{_printable(folder)}: {note}", file=sys.stderr)


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
def _kept(written: list[Path]) -> Iterator[None]:
    """Say on an interrupt what was written until then."""
    try:
        yield
    except KeyboardInterrupt:
        kept = f"{', '.join(map(str, written))} is complete" if written else "nothing was written"
        raise typer.Abort(kept) from None


def _print_written(written: list[Path]) -> None:
    if written:
        _print(*(Text(f"Written: {_printable(path)}", "dim", overflow="fold") for path in written))


def _check_figure(path: Path) -> None:
    """Refuse the path of a figure that could not be written."""
    from alliance_sim.ensemble import check_writable
    from alliance_sim.plots import check_kind

    check_writable(path)
    check_kind(path)


def _values(settings: list[str]) -> dict[str, float]:
    values = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        name, setting = name.strip(), _printable(setting)
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


def _as_json(ensemble: Ensemble) -> dict[str, Any]:
    outcomes = {}
    for name, outcome in OUTCOMES.items():
        series = ensemble.series(name)
        outcomes[name] = {"unit": outcome.unit} | {key: series[key].tolist() for key in ("mean", "p05", "p50", "p95")}
    return {
        "scenario": ensemble.scenario.name,
        "seed": ensemble.seed,
        "draws": ensemble.draws,
        "months": list(ensemble.months),
        "outcomes": outcomes,
        "decisions": ensemble.decisions().drop(columns=["title", "settled"]).to_dict("records"),
    }


def _report(ensemble: Ensemble) -> list[RenderableType]:
    """Return what `run` prints."""
    scenario, months = ensemble.scenario, ensemble.months
    series = {name: ensemble.series(name) for name in OUTCOMES}
    decisions = ensemble.decisions()
    width = {name: (s["p95"].iloc[-1] - s["p05"].iloc[-1]) / _range(name) for name, s in series.items()}
    widest = sorted((name for name in width if width[name] > 0.0), key=width.__getitem__, reverse=True)[:3]
    lines: list[RenderableType] = [
        Text.assemble((scenario.name, "bold"), "  ", scenario.title),
        Text(
            f"{months[0]} to {months[-1]} ({_count(len(months), 'month')}), {_count(ensemble.draws, 'draw')}, "
            f"seed {ensemble.seed}",
            "dim",
        ),
        Text(),
    ]
    if len(decisions):
        lines += [Text("Decision board: how each text ends, % of draws", "bold"), _board(decisions)]
        bypassed = "byp: blocked but bypassed by others; " if _wide() else ""
        note = f"levels from 0 to 1 (strongest response); {bypassed}objectors: those most often, % of draws, "
        lines += [Text(f"{note}anticipated where the text was withdrawn", "dim"), Text()]
    lines += [Text("Outcomes: mean [5 %, 95 % of draws]", "bold"), _outcomes(ensemble, series)]
    if ensemble.draws < FEW_DRAWS:
        error = ensemble.draws**-0.5
        few = (
            f"Few draws: shares carry a Monte Carlo error of up to {50.0 * error:.0f} points, means one of "
            f"{100.0 * error:.0f} % of the standard deviation over draws; {FEW_DRAWS} draws bring them down to "
            f"{50.0 * FEW_DRAWS**-0.5:g} points and {100.0 * FEW_DRAWS**-0.5:g} %."
        )
        lines += [Text(), Text(few, "yellow")]
    if widest:
        lines += [
            Text(),
            Text(
                f"Least certain at the end, given its range: {', '.join(widest)}. Next: --plot FILE draws "
                "the months, --set NAME=VALUE moves a lever, --out DIR keeps every draw.",
                "dim",
            ),
        ]
    return lines


def _differences_as_json(comparison: Comparison) -> dict[str, Any]:
    others = []
    for pair in comparison.pairs:
        differences = pair.summary()[["mean", "p05", "p95", "p_higher"]].to_dict("index")
        others.append({"scenario": pair.name, "differences": differences})
    return {"base": comparison.base.name, "others": others}


def _told_apart(arguments: Sequence[str], names: list[str]) -> list[str]:
    """Return the names of scenarios, with the file where two have one; refuse others that share one."""
    for name in names[1:]:
        files = [_printable(argument) for argument, own in zip(arguments[1:], names[1:], strict=True) if own == name]
        if len(files) > 1:
            raise InputError(
                f"compare: two of the others are called {name!r} ({', '.join(files)}); allowed: each name once"
            )
    return [
        f"{name} ({_printable(argument)})" if names.count(name) > 1 and argument != name else name
        for argument, name in zip(arguments, names, strict=True)
    ]


def _pair_report(comparison: Comparison, pair: Pair, base_name: str, name: str) -> list[RenderableType]:
    """Return what `compare` prints of one of the others."""
    base, other, months = pair.base.scenario, pair.other.scenario, pair.months
    lines: list[RenderableType] = [
        Text.assemble((name, "bold"), " against ", (base_name, "bold"), f"  {other.title}"),
        Text(
            f"{months[0]} to {months[-1]} ({_count(len(months), 'month')}), "
            f"{_count(comparison.draws, 'paired draw')}, "
            f"seed {comparison.seed}",
            "dim",
        ),
    ]
    if base.start != other.start:
        note = "They start in different months: their draws share parameters and actors, not the chance of each month."
        lines.append(Text(note, "dim"))
    lines += [
        Text(),
        Text("What differs going in", "bold"),
        *(map(_input, pair.inputs) if pair.inputs else [Text("  nothing", "dim")]),
        Text(),
        Text("What moves: mean paired difference [5 %, 95 % of draws], largest first", "bold"),
        *_moves(pair, comparison.draws),
        Text(),
        Text("Decisions that pass more or less often (adopted or diluted), % of draws", "bold"),
        *_turns(pair),
        Text(),
    ]
    if comparison.draws < FEW_DRAWS:
        few = f"Few draws: P(higher) and shares carry a Monte Carlo error of up to {50.0 * comparison.draws**-0.5:.0f}"
        lines += [Text(f"{few} points.", "yellow"), Text()]
    return lines


def _input(difference: Difference) -> RenderableType:
    return Padding(Text(str(difference), SIGNS[difference.sign]), (0, 0, 0, 2))


def _moves(pair: Pair, draws: int) -> list[RenderableType]:
    from alliance_sim.comparison import NOTABLE, moved
    from alliance_sim.experiments.precision import SMALL, draws_needed

    summary = pair.summary()
    names = moved(summary)
    if _wide():
        table = _table("outcome", "unit", ">base", ">other", "difference", ">P(higher)", ">in sd", gap=1)
    else:
        table = _table("outcome", ">base", ">other", "difference", ">higher", gap=1)
    for column in table.columns:
        column.no_wrap = True
    for row in summary.loc[names].reset_index().to_dict("records"):
        # Monte Carlo error is named where it could change what a reader sees.
        error = f" ±{row['mc_error']:.3f}" if row["mc_error"] > SMALL * abs(row["mean"]) else ""
        interval = f" [{row['p05']:+z.3f}, {row['p95']:+z.3f}]{error}"
        unit, size = ((Text(row["unit"], "dim"),), (f"{row['size']:+.1f}",)) if _wide() else ((), ())
        table.add_row(
            row["outcome"], *unit, f"{row['base']:z.2f}", f"{row['other']:z.2f}",
            Text.assemble((f"{row['mean']:+z.3f}", "bold"), (interval, "dim")), f"{row['p_higher']:.2f}", *size,
        )  # fmt: skip
    less = [name for name in summary.index if summary["size"][name] != 0.0 and name not in names]
    same = sum(summary["size"] == 0.0)
    rest = f"sd: standard deviation between draws. Less than {NOTABLE:g} sd: {', '.join(less) or 'none'}. "
    rest += f"Unmoved: {same} of {len(summary)}. A tie counts half in P(higher)."
    needed = draws_needed(summary["mc_error"][names], draws, SMALL * summary["mean"][names])
    few = f"±: Monte Carlo error, more than a tenth of the difference; {needed:,} draws would make it less for all."
    return [*([table] if names else []), Text(rest, "dim"), *([Text(few, "yellow")] if needed > draws else [])]


def _turns(pair: Pair) -> list[RenderableType]:
    decisions = pair.decisions().sort_values("difference", key=abs, ascending=False, kind="stable")
    # What chance alone could have done, or a reader would not see, is left out.
    clear = decisions[decisions["difference"].abs() > (2.0 * decisions["mc_error"]).clip(lower=0.01)]
    table = _table("month", "forum", "issue", ">base", ">other", ">difference", "of which", gap=1)
    for column in table.columns[:-1]:
        column.no_wrap = True
    for row in clear[:MOST_DECISIONS].to_dict("records"):
        parts = [f"{head} {100.0 * row[name]:+.0f}" for name, (head, _) in DECISIONS.items() if abs(row[name]) >= 0.005]
        table.add_row(
            row["month"], FORUMS[row["forum"]], row["issue"], _percent(row["base"]), _percent(row["other"]),
            Text.assemble(
                (f"{100.0 * row['difference']:+.1f}", "bold"), (f" ±{100.0 * row['mc_error']:.1f}", "dim")
            ),
            Text("  ".join(parts), "dim"),
        )  # fmt: skip
    rest = f"{table.row_count} of {len(decisions)} that both scenarios hold; ±: Monte Carlo error"
    return [*([table] if table.row_count else []), Text(rest, "dim")]


def _drivers_as_json(found: Sensitivity) -> dict[str, Any]:
    return {
        "scenario": found.scenario.name,
        "outcome": found.outcome,
        "method": found.method,
        "seed": found.seed,
        "draws": found.draws,
        "runs": found.runs,
        "screened": found.screened,
        "chance": None if found.chance != found.chance else found.chance,
        "parameters": found.parameters.reset_index().to_dict("records"),
        "mechanisms": found.mechanisms.reset_index().to_dict("records"),
    }


def _drivers_report(found: Sensitivity) -> list[RenderableType]:
    """Return what `sensitivity` prints."""
    outcome = OUTCOMES[found.outcome]
    what = {"mean": "mean over the months", "final": "last month"}[outcome.summary]
    lines: list[RenderableType] = [
        Text.assemble(
            (found.scenario.name, "bold"), ": what drives ", (found.outcome, "bold"), f", {what}, {outcome.unit}"
        ),
        _dim(
            f"{found.method} over {_count(len(found.parameters), 'parameter')}"
            + (f", the foremost of {found.screened} that morris screened" if found.screened else "")
            + f", {_count(found.draws, 'draw')} a point; "
            f"{_count(found.runs, 'run')}, seed {found.seed}"
        ),
        Text(),
    ]
    if found.method == "morris":
        lines.append(Text("Parameters: mean absolute change when one alone moves by half of its distribution", "bold"))
        table = _table("parameter", ">change", ">direction", ">spread", "meaning", gap=1)
        for name, row in found.parameters[:MOST_DRIVERS].iterrows():
            change = Text.assemble((f"{row['mu_star']:.3g}", "bold"), (f" ±{row['mu_star_conf']:.2g}", "dim"))
            table.add_row(str(name), change, f"{row['mu']:+.2g}", f"{row['sigma']:.2g}", _dim(_meaning(str(name))))
        note = (
            "direction: mean change with its sign; spread: its standard deviation (other parameters decide, or a curve)"
        )
    else:
        lines.append(Text("Parameters: share of the variance that goes with one", "bold"))
        table = _table("parameter", ">alone", ">with others", "meaning", gap=1)
        for name, row in found.parameters[:MOST_DRIVERS].iterrows():
            shares = [
                Text.assemble((f"{row[key]:z.2f}", "bold"), (f" ±{row[f'{key}_conf']:.2f}", "dim"))
                for key in ("S1", "ST")
            ]
            table.add_row(str(name), *shares, _dim(_meaning(str(name))))
        note = "alone: Sobol index of first order; with others: total index"
    more = len(found.parameters) - MOST_DRIVERS
    lines += [
        table,
        _dim(f"{note}; ±: half of the 95 % interval" + (f"; {more} less important ones left out" if more > 0 else "")),
    ]
    if found.chance == found.chance:
        rest = f"Chance, actors and what is not moved make {found.chance:.0%} of the variance of single runs."
        lines.append(_dim(rest))
    lines += [Text(), Text("Mechanisms: the outcome with one, less without it [95 % interval]", "bold")]
    table = _table("strength", ">effect", "", "meaning", gap=1)
    for name, row in found.mechanisms[:MOST_DRIVERS].iterrows():
        interval = _dim(f"[{row['low']:+.2g}, {row['high']:+.2g}]")
        table.add_row(str(name), Text(f"{row['effect']:+.3g}", "bold"), interval, _dim(_meaning(str(name))))
    more = len(found.mechanisms) - MOST_DRIVERS
    return [*lines, table, *([_dim(f"{more} with less effect left out")] if more > 0 else [])]


def _boxes_as_json(found: Discovery) -> dict[str, Any]:
    boxes = []
    for each in found.boxes:
        sides = [
            {"name": side.name, "low": side.low, "high": side.high, "options": side.options,
             "p_low": side.p_low, "p_high": side.p_high}
            for side in each.restrictions
        ]  # fmt: skip
        boxes.append({"coverage": each.coverage, "density": each.density, "mass": each.mass, "restrictions": sides})
    return {
        "experiment": found.experiment,
        "outcome": found.outcome,
        "below": found.below,
        "above": found.above,
        "cases": len(found.cases),
        "of_interest": int(found.cases["of_interest"].sum()),
        "boxes": boxes,
    }


def _boxes_report(found: Discovery, level: float) -> list[RenderableType]:
    """Return what `discover` prints."""
    lines: list[RenderableType] = [
        Text.assemble(
            (found.experiment, "bold"), ": when is ", (found.event, "bold"), f" {found.unit} in the last month?"
        ),
        _dim(
            f"{found.cases['of_interest'].sum():,} of {_count(len(found.cases), 'case')} ({found.base_rate:.1%}); "
            "a case is a policy at a point, by the mean of its draws"
        ),
    ]
    chance = False
    for number, each in enumerate(found.boxes, 1):
        lines += [
            Text(),
            Text.assemble(
                (f"Box {number}: ", "bold"),
                f"density {each.density:.0%} (of interest among those in it), coverage {each.coverage:.0%} "
                f"(in it among those of interest), {each.mass:.0%} of the cases",
            ),
        ]
        table = _table("condition", ">quasi-p", "meaning", gap=1)
        for side in each.restrictions:
            doubtful = side.p > level
            chance |= doubtful
            meaning = "" if side.options else _meaning(side.name)
            table.add_row(Text(str(side)), Text(f"{side.p:.2g}", "yellow" if doubtful else ""), _dim(meaning))
        lines.append(table if each.restrictions else _dim("the whole space: no condition makes it likelier"))
    if chance:
        lines += [Text(), Text(f"A condition with a quasi-p-value above {level:g} may be chance.", "yellow")]
    return lines


def _policies_as_json(found: Policies) -> dict[str, Any]:
    table = found.table.rename_axis("scenario").reset_index()
    rows = [{key: None if value != value else value for key, value in row.items()} for row in table.to_dict("records")]
    return {
        "experiment": found.experiment,
        "outcome": found.outcome,
        "better": found.better,
        "futures": found.futures,
        "draws": found.draws,
        "policies": rows,
        "options": found.options.reset_index().to_dict("records"),
        "tied": found.tied,
        "choices": found.choices,
    }


def _policies_report(found: Policies, rules: Mapping[str, str]) -> list[RenderableType]:
    """Return what `policy` prints."""
    from alliance_sim.experiments.precision import SMALL, draws_needed

    table = _table("policy", ">mean", "[5 %, 95 %]", ">worst", ">regret", ">90 %", ">most", ">behind", gap=1)
    for column in table.columns[1:]:
        column.no_wrap = True
    rows = found.table.iloc[found.table["behind"].argsort(kind="stable")]
    for name, row in list(zip(rows.index, rows.to_dict("records"), strict=True))[:MOST_POLICIES]:
        error = f" ±{row['mc_error']:.3f}" if row["mc_error"] > SMALL * row["behind"] else ""
        behind = Text.assemble(f"{row['behind']:.3f}", (error, "dim")) if row["behind"] else _dim("best")
        table.add_row(
            found.label(name), Text(f"{row['mean']:z.3f}", "bold"), _dim(f"[{row['p05']:z.3f}, {row['p95']:z.3f}]"),
            f"{row['worst']:z.3f}", *(f"{row[f'regret_{key}']:.3f}" for key in ("mean", "p90", "max")), behind,
        )  # fmt: skip
    left_out = f"; {len(rows) - MOST_POLICIES} that are further behind left out" if len(rows) > MOST_POLICIES else ""
    lines: list[RenderableType] = [
        Text.assemble((found.experiment, "bold"), ": ", (found.outcome, "bold"), f", {found.unit}, in the last month"),
        _dim(
            f"{_count(len(rows), 'policy').replace('policys', 'policies')} of {', '.join(found.levers)} in "
            f"{_count(found.futures, 'future')} with {_count(found.draws, 'draw')} each; {found.better} is better"
        ),
        Text(),
        table,
        _dim(
            "worst: mean in its worst future; regret: behind the best policy of a future, on average, in 90 % of them "
            f"at most, in all; behind: mean less than the best{left_out}"
        ),
    ]
    tied = [name for name in found.tied if rows["behind"][name] > 0.0]
    if tied:
        which = "policy is" if len(tied) == 1 else "policies are"
        lines.append(
            Text(f"{len(tied)} other {which} behind by two Monte Carlo errors at most: not told apart.", "yellow")
        )
    clear = rows.drop(found.tied)
    times = draws_needed(clear["mc_error"], 1, SMALL * clear["behind"])
    if times > 1:
        few = f"±: Monte Carlo error, more than a tenth of the difference; {times} times as many points and draws"
        lines.append(Text(f"{few} would make it less for those told apart.", "yellow"))
    if found.draws < 2:
        lines.append(Text("A single draw at each future does not tell how much is chance.", "yellow"))
    lines += [Text(), Text("Options: the policies that have one, on average", "bold")]
    seen = ""
    table = _table("lever", "option", ">mean", ">regret", ">most", gap=1)
    for row in found.options.reset_index().to_dict("records"):
        numbers = (f"{row[key]:z.3f}" for key in ("mean", "regret_mean", "regret_max"))
        table.add_row(row["lever"] if row["lever"] != seen else "", row["option"], *numbers)
        seen = row["lever"]
    lines += [table, Text(), Text("Choices", "bold")]
    chosen = found.choices
    lines += [Text(f"  {found.label(chosen[rule])}: {meant}") for rule, meant in rules.items()]
    if len(set(chosen.values())) == 1:
        lines.append(_dim("All rules choose the same: it is robust to how one weighs the futures."))
    return lines


def _meaning(name: str) -> str:
    parameter, _ = resolve(name)
    return parameter.description


def _range(name: str) -> float:
    """Width of an outcome's range; what has no natural end is measured in its own units."""
    return min(OUTCOMES[name].high - OUTCOMES[name].low, 32.0)


def _board(decisions: pd.DataFrame) -> Table:
    heads = [f">{head}" for head, _ in DECISIONS.values()]
    if _wide():
        table = _table("month", "forum", "issue", "text", *heads, ">byp", ">level", "objectors", gap=1)
    else:
        table = _table("month", "forum", "issue", *heads, ">level", "objectors", gap=1)
    for column in table.columns[:-1]:
        column.no_wrap = True
    # What the other columns leave, at eight characters an objector.
    room = (_console().width - (83 if _wide() else 69)) // 8
    for row in decisions.to_dict("records"):
        likeliest = max(DECISIONS, key=lambda name: row[name])
        shares = [
            Text(_percent(row[name]), f"bold {colour}" if name == likeliest else colour if row[name] else "dim")
            for name, (_, colour) in DECISIONS.items()
        ]
        objectors = [f"{ally} {_percent(rate)}" for ally, rate in row["objectors"].items() if rate >= 0.01]
        text = (f"{row['reversion']:.2f}→{row['proposed']:.2f}",) if _wide() else ()
        bypassed = (Text(_percent(row["bypassed"]), "dim"),) if _wide() else ()
        table.add_row(
            row["month"], FORUMS[row["forum"]], row["issue"], *text, *shares, *bypassed,
            f"{row['level_mean']:.2f}", "  ".join(objectors[:room]),
        )  # fmt: skip
    return table


def _outcomes(ensemble: Ensemble, series: dict[str, pd.DataFrame]) -> Table:
    last = len(ensemble.months) - 1
    # Three columns of intervals, their bounds negative, take 104 characters.
    at = sorted({0, min(12, last), last} if _console().width >= 104 else {0, last})
    table = _table("outcome", *(["unit"] if _wide() else []), *(ensemble.months[t] for t in at), gap=1)
    for column in table.columns:
        column.no_wrap = True
    for name, outcome in OUTCOMES.items():
        cells = []
        for row in (series[name].iloc[t] for t in at):
            mean, low, high = (f"{row[key]:z.2f}" for key in ("mean", "p05", "p95"))
            cells.append(
                Text(mean, "dim") if low == high else Text.assemble((mean, "bold"), (f" [{low}, {high}]", "dim"))
            )
        table.add_row(name, *([Text(outcome.unit, "dim")] if _wide() else []), *cells)
    return table


#: Marks what a scenario says itself.
OWN = "+"
#: Units of fields that go without saying: numbers from zero or minus one to one, and those of what is shifted.
PURE = ("share", "position", "probability", "threat", "that of NAME", "")


def _timeline(scenario: Scenario, parent: Scenario | None) -> Table:
    """Return events and meetings in the order in which the model takes them: a month's events come first."""
    known = {*parent.events, *parent.meetings} if parent else set()
    table = _table("", "month", "what happens", "source")
    table.columns[0].width, table.columns[1].no_wrap = len(OWN) if parent else 0, True
    table.columns[2].ratio, table.columns[3].ratio = 3, 2
    table.columns[2].overflow = "fold"
    table.expand = True
    entries: list[Entry] = [*scenario.events, *sorted(scenario.meetings, key=lambda meeting: meeting.id)]
    for entry in sorted(entries, key=lambda entry: entry.month):
        mark, style = ("", "dim") if entry in known else (OWN if parent else "", "")
        if isinstance(entry, Event):
            table.add_row(mark, entry.month, _happening(entry), _dim(entry.source), style=style)
        if isinstance(entry, Meeting):
            head = Text.assemble((f"{FORUMS[entry.forum]} meeting  ", "cyan"), (entry.title, "bold"))
            for detail in _details(entry, ("sessions", "rounds", "rule", "allowance")):
                head.append(f", {detail}")
            head.append(_name(entry, entry.forum))
            table.add_row(mark, entry.month, head, _dim(entry.source), style=style)
            for item in entry.agenda:
                extra = _details(item, ("floor", "divisible", "rule", "allowance", "package"))
                step = f"{item.issue} {item.reversion:.2f}→{item.proposed:.2f}"
                text = Text.assemble(", ".join([step, *extra]), ": ", (item.text, "dim"))
                source = item.source if item.source != entry.source else ""
                table.add_row("", "", Padding(text, (0, 0, 0, 2)), _dim(source), style=style)
    return table


def _happening(event: Event) -> Text:
    own = [name for name in type(event).model_fields if name not in Event.model_fields]
    text = Text.assemble((f"{event.type}  ", "yellow"), ", ".join(_details(event, own, defaults=True)))
    if event.probability < 1.0:
        text.append(f"; with probability {event.probability:g}")
    if event.when:
        text.append(f"; if {event.when} the month before")
    return text.append(_name(event, event.type))


def _name(entry: Entry, kind: str) -> Text:
    """Return the id of an entry where the file gives it one of its own."""
    return _dim("" if entry.id.startswith(f"{kind}-{entry.month}") else f"  ({entry.id})")


def _details(record: Record, names: Iterable[str], defaults: bool = False) -> list[str]:
    """Return fields in words, with their units; those at their defaults only if `defaults`, flags never."""
    found = []
    for name in names:
        field, value = type(record).model_fields[name], getattr(record, name)
        if value is None or (value == field.default and not (defaults and not isinstance(value, bool))):
            continue
        extra = field.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        key = field.alias or name
        if isinstance(value, bool):
            found.append(key if value else f"not {key}")
        else:
            words = " ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else value
            found.append(f"{key} {words}" + (f" {unit}" if unit not in PURE and unit != key else ""))
    return found


def _inherited(scenario: Scenario, parent: Scenario) -> Text:
    """Return what is its own, what it inherits and what it leaves out, in a sentence."""
    ids = {entry.id for entry in (*scenario.events, *scenario.meetings)}
    known = {*parent.events, *parent.meetings}
    counts = [
        f"{what} {sum((entry in known) is inherited for entry in entries)}"
        for inherited in (False, True)
        for what, entries in (("events", scenario.events), ("meetings", scenario.meetings))
    ]
    dropped = [entry.id for entry in (*parent.events, *parent.meetings) if entry.id not in ids]
    left_out = f" Left out: {', '.join(dropped)}." if dropped else ""
    return _dim(f"{OWN} its own: {counts[0]}, {counts[1]}. From {parent.name}: {counts[2]}, {counts[3]}.{left_out}")


def _levers(scenario: Scenario, parent: Scenario | None) -> RenderableType:
    """Return the parameters that the scenario sets, beside what they would be."""
    if not scenario.parameters:
        return _dim("Parameters: as in the registry; --set NAME=VALUE moves one")
    known = parent.parameters if parent else {}
    table = _table("", "parameter", "value", "unit", "instead of", "meaning")
    table.columns[0].width, table.columns[1].no_wrap = len(OWN) if parent else 0, True
    for name, prior in scenario.priors().items():
        parameter, ally = resolve(name)
        usual = str(parameter.prior(scenario.era, ally)) if parameter.priors else "calibrated"
        mark = OWN if parent and known.get(name) != scenario.parameters[name] else ""
        table.add_row(mark, name, str(prior), parameter.unit, _dim(usual), _dim(parameter.description))
    return table


def _show_experiment(experiment: Experiment, path: Path, as_json: bool) -> None:
    base = experiment.scenario
    names = [variant.scenario.name for variant in experiment.variants()]
    if as_json:
        fields = experiment.model_dump(mode="json", exclude_none=True, exclude={"scenario"})
        sizes = {"variants": names, "points": experiment.points, "runs": experiment.runs, "file": str(path)}
        _print_json({**fields, "scenario": base.name, **sizes})
        return
    from alliance_sim.experiments import store

    method = f"{experiment.design.method}, " if experiment.uncertainties else ""
    kept = f"keeps {experiment.keep}, about {store.size(experiment) / 1e6:,.1f} MB"
    _print(
        Text.assemble((experiment.name, "bold"), "  ", experiment.title),
        _dim(f"{_runs(experiment)}; {method}seed {experiment.seed}; {kept}; from {base.name}"),
        Text(),
        Text(experiment.description),
        *((Text(), _choices(experiment)) if experiment.levers else ()),
        *((Text(), *_policies(experiment)) if experiment.policies else ()),
        Text(),
        _varied(experiment),
        Text(),
        Text.assemble(("Outcomes of interest  ", "bold"), ", ".join(experiment.outcomes)),
        Text(),
        Text("Sources", "bold"),
        _bullets(experiment.sources),
        Text(f"\nFile: {_printable(path)}", "dim", overflow="fold"),
    )


def _choices(experiment: Experiment) -> Table:
    """Return the options of every lever, with what they change in the base."""
    base = experiment.scenario_with({})
    table = _table("lever", "option", "what it changes")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for lever, options in experiment.levers.items():
        for option in options:
            changes = input_differences(base, experiment.scenario_with({lever: option}))
            first = lever if option == next(iter(options)) else ""
            lines = [Text(str(change), SIGNS[change.sign]) for change in changes]
            table.add_row(Text(first, "bold"), option, Group(*lines) if lines else _dim("as in the base"))
    return table


def _policies(experiment: Experiment) -> Iterator[RenderableType]:
    yield Text("Policies: not all combinations, but", "bold")
    yield _bullets(", ".join(f"{lever} {option}" for lever, option in each.items()) for each in experiment.policies)


def _varied(experiment: Experiment) -> RenderableType:
    """Return uncertainties and constants, beside what they would be."""
    if not (experiment.uncertainties or experiment.constants):
        return _dim("Uncertainties: none but those of the priors, over the draws")
    table = _table("", "parameter", "value", "unit", "instead of", "meaning")
    table.columns[1].no_wrap = True
    constants = {name: fixed(value) for name, value in experiment.constants.items()}
    for name, prior in (experiment.priors() | constants).items():
        parameter, ally = resolve(name)
        usual = str(parameter.prior(experiment.scenario.era, ally)) if parameter.priors else "calibrated"
        sign = "=" if name in constants else "~"
        table.add_row(sign, name, str(prior), parameter.unit, _dim(usual), _dim(parameter.description))
    return table


def _bullets(texts: Iterable[str]) -> Table:
    table = Table.grid(padding=(0, 1))
    for text in texts:
        table.add_row("  -", Text(text))
    return table


def _dim(text: str) -> Text:
    return Text(text, "dim")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _printable(path: str | Path) -> str:
    """Return a path without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(path))


def _percent(share: float) -> str:
    if share == 0.0:
        return "·"
    return "<1" if share < 0.005 else f"{100.0 * share:.0f}"


def _table(*heads: str, gap: int = 2) -> Table:
    """Return an empty table; heads that begin with ``>`` are those of numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap - 1, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left")
    return table


def _wide() -> bool:
    return _console().width >= WIDE


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_WIDTH
    console.width = max(console.width, LEAST_WIDTH)
    return console


def _print(*parts: RenderableType) -> None:
    console = _console()
    with console.capture() as capture:
        console.print(Group(*parts))
    _write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def _print_json(content: dict[str, Any]) -> None:
    _write(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class _Stream:
    """A standard stream: tells its failures from those of files; a reader that has gone has seen enough."""

    def __init__(self, stream: TextIO, told: bool) -> None:
        self._stream, self._told = stream, told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._guarded():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._guarded():
            self._stream.flush()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # What is left in the buffer must not be flushed once more when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            if self._told and not isinstance(error, BrokenPipeError):
                raise InputError(f"standard output cannot be written ({error.strerror})") from None


def _open_streams() -> None:
    """Replace streams that are closed, and write ``?`` where an encoding lacks a letter."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class _Rate(ProgressColumn):
    """Runs a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} runs/s" if task.speed else "")


def _progress(*columns: ProgressColumn) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
