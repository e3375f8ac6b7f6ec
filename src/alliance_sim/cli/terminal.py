"""The terminal: its width, tables and words in them, progress, streams and all that is written to them."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

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

#: Columns of a pipe, where no terminal says how wide it is.
PIPE_WIDTH = 120
#: On fewer columns a terminal breaks the lines; tables of that width would show no numbers.
LEAST_WIDTH = 80
#: On fewer columns tables leave out what can be read elsewhere.
WIDE = 100
#: Colours of what is only in the other scenario, only in the base, or different.
SIGNS = {"+": "green", "-": "red", "~": "yellow"}


def bullets(texts: Iterable[str]) -> Table:
    """Return texts as a list, one below the other."""
    table = Table.grid(padding=(0, 1))
    for text in texts:
        table.add_row("  -", Text(text))
    return table


def dim(text: str) -> Text:
    """Return a text that stands back."""
    return Text(text, "dim")


def counted(number: int, what: str) -> str:
    """Return a number with what it counts."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def printable(path: str | Path) -> str:
    """Return a path without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(path))


def percent(share: float) -> str:
    """Return a share in percent, without its sign."""
    if share == 0.0:
        return "·"
    return "<1" if share < 0.005 else f"{100.0 * share:.0f}"


def new_table(*heads: str, gap: int = 2) -> Table:
    """Return an empty table; heads that begin with ``>`` are those of numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap - 1, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left")
    return table


def wide() -> bool:
    """Tell whether tables have room for every column."""
    return new_console().width >= WIDE


def new_console() -> Console:
    """Return a console for standard output, as wide as tables need."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_WIDTH
    console.width = max(console.width, LEAST_WIDTH)
    return console


def print_parts(*parts: RenderableType) -> None:
    """Write renderables to standard output, no blanks at the ends of lines."""
    console = new_console()
    with console.capture() as capture:
        console.print(Group(*parts))
    write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def print_json(content: dict[str, Any]) -> None:
    """Write one JSON object to standard output."""
    write(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")


def write(text: str) -> None:
    """Write a text to standard output at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


class Stream:
    """A standard stream: tells its failures from those of files; a reader that has gone has seen enough."""

    def __init__(self, stream: TextIO, told: bool) -> None:
        self._stream, self._told = stream, told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        with self._guarded():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what waits in the buffer."""
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


def open_streams() -> None:
    """Replace streams that are closed, and write ``?`` where an encoding lacks a letter."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class Rate(ProgressColumn):
    """Runs a second."""

    def render(self, task: Task) -> Text:
        """Return the speed of a task."""
        return Text(f"{task.speed:,.0f} runs/s" if task.speed else "")


def progress(*columns: ProgressColumn) -> Progress:
    """Return a bar on standard error, shown in a terminal only."""
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
