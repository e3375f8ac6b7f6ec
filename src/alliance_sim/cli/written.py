"""Files that commands write: checked before the work begins, listed after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.text import Text

from alliance_sim.cli.terminal import print_parts
from alliance_sim.errors import printable


@contextmanager
def written_files(
    path: Path | None, as_json: bool, check: Callable[[Path], None] | None = None
) -> Iterator[list[Path]]:
    """Collect the files that a command writes and list them at its end, or when it is interrupted.

    A file that was there before is replaced, which is said.

    Parameters
    ----------
    path : Path or None
        A file that the command will write; refused here if it could not be written.
    as_json : bool
        Whether the output is JSON; nothing is added to it.
    check : callable, optional
        What refuses the file; default: `check_figure`.

    Yields
    ------
    list of Path
        Empty; the command appends each file once it is complete.
    """
    paths: list[Path] = []
    replaced = False
    try:
        if path:
            (check or check_figure)(path)
            replaced = path.is_file()
        yield paths
    except KeyboardInterrupt:
        complete = f"{', '.join(map(str, paths))} is complete" if paths else "nothing was written"
        raise typer.Abort(complete) from None
    if paths and not as_json:
        print_written(paths, path if replaced else None)


def print_written(paths: Iterable[Path], replaced: Path | None = None) -> None:
    """Print where results were written, and which file was replaced."""
    verbs = {path: "Replaced" if path == replaced else "Written" for path in paths}
    print_parts(*(Text(f"{verb}: {printable(path)}", "dim", overflow="fold") for path, verb in verbs.items()))


def print_note(folder: Path, note: str) -> None:
    """Print on standard error which results of a folder are missing, if any are."""
    if note:
        print(f"{printable(folder)}: {note}", file=sys.stderr)


def check_figure(path: Path) -> None:
    """Refuse the path of a figure that could not be written."""
    from alliance_sim import checks
    from alliance_sim.results.plots import check_kind

    checks.writable(path)
    check_kind(path)


def check_report(path: Path) -> None:
    """Refuse the path of a report that could not be written."""
    from alliance_sim import checks
    from alliance_sim.results.report_file import check_kind

    checks.writable(path)
    check_kind(path)
