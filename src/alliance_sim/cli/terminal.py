"""The terminal: width, tables, styles, progress bars and the standard streams."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO, cast

from rich import box
from rich.console import Console, Group, RenderableType
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
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.wording import percent_cell

#: Columns of a pipe, which has no width of its own.
PIPE_WIDTH = 120
#: Narrower terminals break the lines, since narrower tables would show no numbers.
LEAST_WIDTH = 80
#: Columns from which on tables have all their columns.
WIDE = 100
#: Colours of differences: only in the other scenario, only in the base, in both with different values.
SIGNS = {"+": "green", "-": "red", "~": "yellow"}
#: Head of the column and colour of each decision.
DECISION_STYLES = dict(
    zip(
        DECISIONS,
        (("adopt", "green"), ("dilute", "cyan"), ("withdr", "magenta"), ("block", "red"), ("defer", "yellow")),
        strict=True,
    )
)


def bullets(texts: Iterable[str]) -> Table:
    """Return texts as a bulleted list."""
    table = Table.grid(padding=(0, 1))
    for text in texts:
        table.add_row("  -", Text(text))
    return table


def dim(text: str) -> Text:
    """Return a text in the style of notes."""
    return Text(text, "dim")


def share_cell(share: float) -> str:
    """Return a share in percent for a cell of a table, with a dot for none."""
    return percent_cell(share, none="·")


def new_table(*heads: str, gap: int = 2) -> Table:
    """Return an empty table; columns whose heads begin with ``>`` are aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap - 1, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left")
    return table


def wide() -> bool:
    """Return whether the terminal is wide enough for all columns of the tables."""
    return new_console().width >= WIDE


def new_console() -> Console:
    """Return a console for standard output, wide enough for the tables."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_WIDTH
    console.width = max(console.width, LEAST_WIDTH)
    return console


def print_parts(*parts: RenderableType) -> None:
    """Write renderables to standard output, without blanks at the ends of lines."""
    console = new_console()
    with console.capture() as capture:
        console.print(Group(*parts))
    write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def print_next(commands: Iterable[str]) -> None:
    """Write what to run next, a command a line; none is broken into lines, so that it can be copied."""
    console = new_console()
    with console.capture() as capture:
        for number, command in enumerate(commands):
            console.print(Text.assemble(" " * 6 if number else "Next: ", (command, "bold")), soft_wrap=True)
    write(capture.get())


def print_progress(text: str) -> None:
    """Write a line on the progress of long work to standard error, in the style of notes."""
    Console(stderr=True, highlight=False).print(dim(text), soft_wrap=True)


def print_json(content: dict[str, Any]) -> None:
    """Write one JSON object to standard output, in ASCII."""
    write_data(json.dumps(content, allow_nan=False) + "\n")


def write(text: str) -> None:
    """Write a text for people to standard output at once, in the encoding of the terminal."""
    sys.stdout.write(text)
    sys.stdout.flush()


def write_data(text: str) -> None:
    """Write a text for programs to standard output at once: UTF-8, whatever the encoding of the terminal."""
    cast(Stream, sys.stdout).write_data(text)


class Stream:
    """A standard stream that reports its own write errors; a pipe closed by its reader is no error.

    Parameters
    ----------
    stream : TextIO
    raises : bool
        Whether a write error raises `InputError`; else it is ignored.
    """

    def __init__(self, stream: TextIO, raises: bool) -> None:
        self._stream, self._raises = stream, raises

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        with self._guarded():
            self._stream.write(text)
        return len(text)

    def write_data(self, text: str) -> None:
        """Write a text at once in UTF-8, whatever the encoding of the stream."""
        with self._guarded():
            self._stream.flush()
            if hasattr(self._stream, "buffer"):
                self._stream.buffer.write(text.encode())
            else:
                self._stream.write(text)  # Streams of texts, such as StringIO, have no encoding.
            self._stream.flush()

    def flush(self) -> None:
        """Write the buffer."""
        with self._guarded():
            self._stream.flush()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # Python must not flush the rest of the buffer again when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            if self._raises and not isinstance(error, BrokenPipeError):
                raise InputError(f"standard output cannot be written ({error.strerror})") from None


def open_streams() -> None:
    """Replace closed streams, and write ``?`` for characters that the encoding lacks."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class Rate(ProgressColumn):
    """Runs per second."""

    def render(self, task: Task) -> Text:
        """Return the speed of a task."""
        return Text(f"{task.speed:,.0f} runs/s" if task.speed else "")


class OnProgress(Protocol):
    """A callback for progress."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Show that `done` of `total` runs are done; `total` may be left out where the bar knows it."""


@contextmanager
def progress(description: str, total: int | None = None, *columns: ProgressColumn) -> Iterator[OnProgress]:
    """Show a progress bar on standard error while the block runs, in a terminal only.

    Parameters
    ----------
    description : str
    total : int, optional
        Number of runs; if it is not known yet, the first call of the callback gives it.
    *columns : ProgressColumn
        Shown before the time that remains.

    Yields
    ------
    OnProgress
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(description, total=total)

        def on_progress(done: int, total: int | None = None) -> None:
            if bar.tasks[0].total is None:  # Runs done before, by a sweep that is resumed, do not count as speed.
                bar.reset(task, total=total, completed=done)
            bar.update(task, completed=done, total=total)

        yield on_progress
