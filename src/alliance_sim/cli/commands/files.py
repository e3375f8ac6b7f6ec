"""Commands on files: list, show, check, new, schema."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from alliance_sim.cli.completion import file_names, scenario_names
from alliance_sim.cli.options import AsJson
from alliance_sim.cli.reports.experiments import counted_runs, experiment_as_json, experiment_report
from alliance_sim.cli.reports.files import counted_entries, list_as_json, list_report, scenario_as_json, scenario_report
from alliance_sim.cli.terminal import print_json, print_parts, write
from alliance_sim.errors import InputError, printable
from alliance_sim.experiments import (
    Experiment,
    experiment_path,
    list_experiments,
    load_experiment,
    load_file,
)
from alliance_sim.experiments import json_schema as experiment_schema
from alliance_sim.paths import local_path, suffix_of
from alliance_sim.scenarios import (
    Scenario,
    json_schema,
    list_scenarios,
    load_scenario,
    load_with_parent,
    scenario_path,
    write_scenario,
)
from alliance_sim.scenarios.yaml_files import SUFFIXES
from alliance_sim.validation.question_files import QuestionSet, holds_questions, list_questions, load_questions
from alliance_sim.wording import counted


def list_bundled(as_json: AsJson = False) -> None:
    """List the bundled scenarios, experiments and sets of forecast questions."""
    scenarios = [load_scenario(name) for name in list_scenarios()]
    experiments = [load_experiment(name) for name in list_experiments()]
    questions = {name: load_questions(name) for name in list_questions()}
    if as_json:
        print_json(list_as_json(scenarios, experiments, questions))
    else:
        print_parts(*list_report(scenarios, experiments, questions))


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|EXPERIMENT",
            help="A bundled name or a file.",
            show_default=False,
            autocompletion=file_names,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show a scenario, its timeline and sources, or an experiment, its levers, uncertainties and size."""
    found = load_file(name)
    if isinstance(found, Experiment):
        path = experiment_path(name)
        if as_json:
            print_json(experiment_as_json(found, path))
        else:
            print_parts(*experiment_report(found, path))
        return
    parent, path = load_with_parent(name)[1], scenario_path(name)
    if as_json:
        print_json(scenario_as_json(found, parent, path))
    else:
        print_parts(*scenario_report(found, parent, path))


def check(files: Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)]) -> None:
    """Check scenario, experiment and question files, or folders of them: each problem with its file, line and field."""
    good, problems = 0, []
    for path in (path for file in files for path in _yaml_files(file)):
        try:
            found = load_questions(path) if holds_questions(path) else load_file(path)
        except InputError as error:
            problems.append(str(error))
        else:
            good += 1
            write(f"{printable(path)}: ok ({_size(found, Path(path))})\n")
    if good + len(problems) > 1:
        write(f"{good + len(problems)} files, {good} ok, {len(problems)} with problems\n")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        raise typer.Exit(2)


def _size(found: Scenario | Experiment | QuestionSet, path: Path) -> str:
    """Return what a file holds in words, with its name, and that of the file where it differs."""
    if isinstance(found, QuestionSet):
        return counted(len(found.questions), "question")
    # A pipe has no name.
    note = "" if path.stem == found.name or not path.suffix else f"; the file is called {printable(path.stem)}"
    size = counted_runs(found) if isinstance(found, Experiment) else counted_entries(found)
    return f"{found.name}: {size}{note}"


def _yaml_files(file: str) -> list[str | Path]:
    """Return the YAML files of a folder, or the file itself; anything else may be a bundled name."""
    try:
        path = local_path(file)
        if not path.is_dir():
            return [path if path.exists() else file]
        # A folder without YAML files is an error: the pattern then fails to load.
        return sorted(each for each in path.iterdir() if suffix_of(each) in SUFFIXES) or [path / "*.yaml"]
    except (InputError, OSError):
        return [file]  # Loading it reports the error.


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new scenario.", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SCENARIO",
            help="Copy the text of this scenario.",
            show_default="a commented example",
            autocompletion=scenario_names,
        ),
    ] = None,
) -> None:
    """Write NAME.yaml as the start of a scenario: a commented example, or a copy."""
    path = printable(write_scenario(name, source) if source else write_scenario(name))
    write(f"{path}: written; next: alliance-sim check {path}, show {path}, run {path}\n")


class FileKind(StrEnum):
    """The kinds of YAML files."""

    scenario = "scenario"
    experiment = "experiment"


def schema(kind: Annotated[FileKind, typer.Argument(help="Kind of files.")] = FileKind.scenario) -> None:
    """Print the JSON Schema of scenario or experiment files, which editors use to complete and check them."""
    print_json(json_schema() if kind is FileKind.scenario else experiment_schema())
