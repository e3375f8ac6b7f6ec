"""The command that fits the model to documents, figures and the record: calibrate."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from alliance_sim.cli.options import new_folder
from alliance_sim.cli.terminal import print_parts, print_progress
from alliance_sim.cli.written import print_written
from alliance_sim.errors import InputError, printable
from alliance_sim.registry.fields import known

if TYPE_CHECKING:
    from alliance_sim.estimation.stages import Say

#: What `calibrate` runs without ``--stage``.
DEFAULT = ("measure", "behaviour", "report")
#: Name of the thread of a stage: after an interrupt it ends with the process.
ABANDONED = "abandoned stage"
#: Seconds between two looks at whether a stage has ended.
_WAIT = 0.1


def calibrate(
    stages: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            metavar="STAGE",
            help="Run this stage alone; may be repeated.",
            show_default="measure, behaviour, report",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        new_folder(
            "Where the folders posterior and report are written. Tables are read from the calibration folder of the "
            "project whatever this is.",
            default="the calibration folder of the project",
        ),
    ] = None,
    work: Annotated[
        Path, new_folder("Where work is kept to go on with, apart for each state of the data.", "--work", default=True)
    ] = Path("calibration-work"),
    seed: Annotated[int, typer.Option(help="The same seed on the same machine, the same numbers.")] = 0,
) -> None:
    """Fit the model to documents, public figures and the record; needs the extra 'calibration'.

    Stages, in the order in which they run: measure (actors), behaviour (parameters), checks (fits of actors without
    kinds of figures, and with other priors), refits (without rows of great pull), ranks (the fit of actors to simulated
    data), coverage (the fit of behaviour to simulated records), disputes (items left out with the disputes they start),
    folds (fits to what was known at the ends of earlier years), report (text and figures; written after each stage
    too).

    It can be interrupted at any time; run again, it goes on where it stopped. Exit 1 if a fit is not good enough, and
    then its draws are not written.
    """
    from alliance_sim import checks
    from alliance_sim.data import data_folder
    from alliance_sim.estimation.convergence import Refused
    from alliance_sim.estimation.stages import LIBRARIES, STAGES, run
    from alliance_sim.estimation.work import work_folder

    for stage in stages or ():
        try:
            known("a stage", STAGES)(stage)
        except ValueError as error:
            raise InputError(f"--stage: {error}") from None
    chosen = [stage for stage in STAGES if stage in (stages or DEFAULT)]
    checks.whole_number("seed", seed, 0, 2**32 - 1)
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing and chosen != ["report"]:
        raise InputError(f"calibrate needs {', '.join(missing)}; install with: pip install 'alliance_sim[calibration]'")
    target = data_folder("calibration") if out is None else out
    checks.writable(target)

    began = time.monotonic()
    try:
        with work_folder(work) as kept:
            for stage in chosen:
                start = time.monotonic()

                def say(text: str, stage: str = stage) -> None:
                    print_progress(f"{(time.monotonic() - began) / 60.0:6.1f} min  {stage}: {printable(text)}")

                _interruptible(partial(run, stage, target, kept, seed), say)
                print_parts(Text(f"{stage}: done in {(time.monotonic() - start) / 60.0:.1f} minutes"))
    except Refused as refused:
        print(refused, file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Abort("goes on where it stopped when run again") from None
    except OSError as error:
        place = error.filename or f"{target} or {work}"
        raise InputError(f"{place}: cannot be written ({error.strerror or error})") from None
    folders = ("posterior", "report") if {"measure", "behaviour"} & {*chosen} else ("report",)
    print_written([target / name for name in folders])


def _interruptible(work: Callable[[Say], None], say: Say) -> None:
    """Run a stage so that an interrupt ends the command at once: compiled samplers would go on for minutes."""
    errors: list[BaseException] = []
    ended = threading.Event()

    def run() -> None:
        try:
            work(lambda text: None if ended.is_set() else say(text))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name=ABANDONED, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_WAIT)
    except KeyboardInterrupt:
        ended.set()
        raise
    if errors:
        raise errors[0]
