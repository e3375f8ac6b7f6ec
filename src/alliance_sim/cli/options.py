"""Arguments and options that several commands have, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alliance_sim.cli.completion import outcome_names, scenario_names, settings
from alliance_sim.errors import InputError, printable
from alliance_sim.paths import FIGURES, local_path
from alliance_sim.scenarios import Scenario


def _local(path: str | None) -> Path | None:
    """Return the path that an option or argument holds; every one of them is read as text and passed to this."""
    return None if path is None else local_path(path)


ScenarioName = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO", help="A bundled name or a file.", show_default=False, autocompletion=scenario_names
    ),
]
SweepFolder = Annotated[
    Path,
    typer.Argument(parser=str, callback=_local, metavar="DIR", help="Results of a sweep.", show_default=False),
]
OutcomeName = Annotated[
    str,
    typer.Option(
        "--outcome",
        metavar="NAME",
        help="An outcome; `outcomes` lists them.",
        show_default=False,
        autocompletion=outcome_names,
    ),
]
Draws = Annotated[int, typer.Option(help="Number of draws.")]
Seed = Annotated[int, typer.Option(help="Scenarios run with the same seed use common random numbers.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a parameter (`parameters` lists them), or calibration=prior, in every scenario; may be repeated.",
        autocompletion=settings,
    ),
]
ResultsFolder = Annotated[
    Path,
    typer.Argument(parser=str, callback=_local, metavar="DIR", help="Results of run or sweep.", show_default=False),
]
RecordFile = Annotated[
    Path | None,
    typer.Option(
        "--record",
        parser=str,
        callback=_local,
        metavar="FILE",
        help="Score the decisions of a CSV file in the columns of the record instead.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, numbers unrounded.")]


def new_folder(what: str, name: str = "--out", default: bool | str = False) -> object:
    """Return the declaration of ``--out`` or another folder, with what it is for and the default that help shows."""
    return typer.Option(name, parser=str, callback=_local, metavar="DIR", help=what, show_default=default)


def new_file(what: str) -> object:
    """Return the declaration of ``--out`` where it is a file, with what it is."""
    return typer.Option("--out", parser=str, callback=_local, metavar="FILE", help=what, show_default=False)


def figure(what: str) -> object:
    """Return the declaration of ``--plot``, with what the figure of a command shows."""
    return typer.Option(
        "--plot", parser=str, callback=_local, metavar="FILE", help=f"Draw {what} ({', '.join(FIGURES)})."
    )


def with_settings(scenario: Scenario, settings: list[str] | None) -> Scenario:
    """Return a scenario with what ``--set NAME=VALUE`` gives: parameters, and its calibration.

    Raises
    ------
    InputError
        If a setting has another form, a name is given twice, or a value is not allowed.
    """
    values: dict[str, float] = {}
    calibration: str | None = None
    for setting in settings or ():
        name, _, value = setting.partition("=")
        name, setting = name.strip(), printable(setting)
        if name in values or (name == "calibration" and calibration is not None):
            raise InputError(f"--set {setting}: {name} is given twice; allowed: once")
        if name == "calibration":
            calibration = value.strip()
            continue
        try:
            # Python reads 1_0 and digits of other alphabets as numbers, YAML files do not.
            if not name or "_" in value or not value.isascii():
                raise ValueError
            values[name] = float(value)
        except ValueError:
            raise InputError(f"--set {setting}: allowed: NAME=VALUE, the value being a number") from None
    if calibration is not None:
        scenario = Scenario.validated({**dict(scenario), "calibration": calibration})
    return scenario.with_parameters(values)
