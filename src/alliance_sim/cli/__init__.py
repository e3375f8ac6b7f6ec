"""The command line: reads arguments, calls the API, prints. Libraries slow to load wait until needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

import typer

from alliance_sim.cli.commands import app
from alliance_sim.cli.terminal import Stream, open_streams
from alliance_sim.errors import InputError

__all__ = ["main"]

#: What typer raises when a command is called wrongly; it exports the name of one kind only.
USAGE_ERRORS: tuple[type[Any], ...] = typer.BadParameter.__bases__


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 the answer is no, 2 the input is at fault, 130 interrupted."""
    open_streams()
    out, err = cast(TextIO, Stream(sys.stdout, told=True)), cast(TextIO, Stream(sys.stderr, told=False))
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
