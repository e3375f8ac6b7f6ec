"""The application: its commands in the order of the help, and what every error ends in."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Annotated, Any, TextIO, cast

import typer

from alliance_sim import __version__
from alliance_sim.cli.commands import (
    analysis,
    calibrate,
    claims,
    evidence,
    experiments,
    files,
    hindcast,
    questions,
    registry,
    report,
    run,
)
from alliance_sim.cli.terminal import Stream, open_streams, write
from alliance_sim.data import calibration_hash
from alliance_sim.errors import InputError, printable, shown

__all__ = ["app", "main"]

#: What the command is called, however it was started: shells complete it by this name.
NAME = "alliance-sim"
app = typer.Typer(
    name=NAME,
    help="An alliance that decides by consensus: who blocks what, how sure we are, what would change it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
#: The commands, in the order of the help.
COMMANDS: dict[str, Callable[..., None]] = {
    "list": files.list_bundled,
    "show": files.show,
    "check": files.check,
    "new": files.new,
    "schema": files.schema,
    "run": run.run,
    "report": report.report,
    "compare": analysis.compare,
    "diagnose": analysis.diagnose,
    "query": run.query,
    "evidence": evidence.evidence,
    "claims": claims.claims,
    "hindcast": hindcast.hindcast,
    "ask": questions.ask,
    "parameters": registry.parameters,
    "outcomes": registry.outcomes,
    "sweep": experiments.sweep,
    "sensitivity": analysis.sensitivity,
    "discover": analysis.discover,
    "policy": analysis.policy,
    "calibrate": calibrate.calibrate,
    "explore": run.explore,
}


def _version(wanted: bool) -> None:
    if wanted:
        write(f"{NAME} {__version__} (calibration {calibration_hash()})\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and the hash of the calibration.", callback=_version)
    ] = False,
) -> None:
    """Take the options of the application itself."""


for _name, _command in COMMANDS.items():
    app.command(_name)(_command)

#: What typer raises when a command is called wrongly; it exports the name of one kind only.
USAGE_ERRORS: tuple[type[Any], ...] = typer.BadParameter.__bases__


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 the answer is no, 2 wrong input, 130 interrupted.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of this process.

    Raises
    ------
    SystemExit
        Always, with the exit status.

    Examples
    --------
    >>> from contextlib import redirect_stdout
    >>> from io import StringIO
    >>> out = StringIO()
    >>> try:
    ...     with redirect_stdout(out):
    ...         main(["check", "baseline_2025"])
    ... except SystemExit as exit:
    ...     exit.code, out.getvalue().split(":")[1]
    (0, ' ok (baseline_2025')
    """
    open_streams()
    out = cast(TextIO, Stream(sys.stdout, raises=True))
    err = cast(TextIO, Stream(sys.stderr, raises=False))
    with redirect_stdout(out), redirect_stderr(err):
        status = _status(arguments)
    if any(thread.name.startswith("abandoned ") for thread in threading.enumerate()):
        out.flush()
        # A step of a query goes on, which DuckDB would report at length, or one of a sampler, for minutes.
        os._exit(status)
    sys.exit(status)


def _status(arguments: Sequence[str] | None) -> int:
    """Run a command, print its error if it fails, and return the exit status."""
    try:
        return int(app(arguments, prog_name=NAME, standalone_mode=False) or 0)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except USAGE_ERRORS as error:
        if said := _no_number(error):
            print(said, file=sys.stderr)
        else:
            error.show()
        return int(error.exit_code)
    except OSError as error:
        # Commands report errors of the files they use; the rest comes from the system, such as a deleted folder.
        print(f"{error.filename or 'a file or folder'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except MemoryError:
        print("the memory of this machine is not enough; allowed: fewer draws", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, typer.Abort) as interrupt:
        print(": ".join(("interrupted", *map(str, interrupt.args))), file=sys.stderr)
        return 130


def _no_number(error: Any) -> str:
    """Return what is wrong with the value of an option that takes a number; an empty text for other errors."""
    from pydantic import ValidationError

    if not isinstance(error.__cause__, ValidationError):
        return ""
    problem = error.__cause__.errors()[0]
    kind, bound = problem["type"], problem.get("ctx", {})
    allowed = {
        "int": "a whole number, in digits",
        "float": "a number",
        "greater": f"{bound.get('ge')} or more",
        "less": f"{bound.get('le')} or less",
    }.get(kind.partition("_")[0])
    said = f"{error.param.opts[0]}: {shown(problem['input'])} is not allowed; allowed: {allowed}"
    return printable(said) if allowed else ""
