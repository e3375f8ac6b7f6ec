"""What Jupyter shows beside texts: the progress of long work, and tables as HTML without scripts or colours."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Literal

__all__ = ["folded", "heading", "in_notebook", "shown_progress", "table"]

#: Shortest time between two updates of a progress bar, in seconds.
_PAUSE = 0.1
_CELL = "padding:.1em .6em;vertical-align:top;text-align:"
#: The first column, of months or names, is not broken into lines.
_FIRST = "white-space:nowrap;"


def in_notebook() -> bool:
    """Return whether a kernel of Jupyter runs this code; IPython is not imported to find out.

    Examples
    --------
    >>> in_notebook()
    False
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython and hasattr(ipython, "get_ipython") else None
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(shell).__mro__)


@contextmanager
def shown_progress(
    progress: Callable[..., None] | Literal[False] | None, what: str, total: int = 0
) -> Iterator[Callable[..., None]]:
    """Show the progress of the block: by a callable, by default by a bar in notebooks and not at all elsewhere.

    Parameters
    ----------
    progress : callable, False or None
        What the caller was given: a callable, False for no bar, None for the default.
    what : str
        What is counted.
    total : int
        How many there are, unless each call says so.

    Yields
    ------
    callable
        Called with the number done, and perhaps their total. The bar disappears at the end of the block, as in a
        terminal.

    Examples
    --------
    >>> with shown_progress(print, "draws") as on_progress:
    ...     on_progress(5, 10)
    5 10
    """
    if progress or progress is False or not in_notebook():
        yield progress or (lambda *_: None)
        return
    from IPython.display import display

    def bundle(done: int, of: int) -> dict[str, str]:
        text = f"{done:,} of {of:,} {what}"
        return {"text/plain": text, "text/html": f'<progress value="{done}" max="{max(of, 1)}"></progress> {text}'}

    shown = display(bundle(0, total), raw=True, display_id=True)  # type: ignore[no-untyped-call]
    last = time.monotonic()

    def update(done: int, of: int = total) -> None:
        nonlocal last
        if done == of or time.monotonic() - last >= _PAUSE:
            last = time.monotonic()
            shown.update(bundle(done, of), raw=True)

    try:
        yield update
    finally:
        shown.update({"text/plain": "", "text/html": ""}, raw=True)


def heading(title: str, *notes: str) -> str:
    """Return a title with lines below it.

    Examples
    --------
    >>> heading("Sanctions & aid", "48 months")
    '<p><b>Sanctions &amp; aid</b><br><small>48 months</small></p>'
    """
    return (
        "<p>" + "<br>".join([f"<b>{escape(title)}</b>", *(f"<small>{escape(note)}</small>" for note in notes)]) + "</p>"
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; columns whose heads begin with ``>`` are aligned to the right, a row of one cell is a heading.

    Examples
    --------
    >>> rows = [["decisions"], ["<b>", "0.5"]]
    >>> "&lt;b&gt;" in table(["issue", ">share"], rows), table(["issue", ">share"], rows).count("</th>")
    (True, 3)
    """
    aligned = ["right" if head.startswith(">") else "left" for head in heads]

    def row(tag: str, cells: Iterable[str]) -> str:
        return "".join(
            f'<{tag} style="{_FIRST * (not i)}{_CELL}{side}">{escape(cell)}</{tag}>'
            for i, (side, cell) in enumerate(zip(aligned, cells, strict=True))
        )

    def group(name: str) -> str:
        return f'<th colspan="{len(heads)}" style="{_CELL}left">{escape(name)}</th>'

    head = f"<thead><tr>{row('th', [each.removeprefix('>') for each in heads])}</tr></thead>"
    lines = (group(cells[0]) if len(cells) == 1 < len(heads) else row("td", cells) for cells in rows)
    return f"<table>{head}<tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"


def folded(summary: str, content: str, *, is_open: bool = False) -> str:
    """Return content that is shown when its summary is clicked.

    Examples
    --------
    >>> folded("3 events", "<table></table>")
    '<details><summary>3 events</summary><table></table></details>'
    """
    return f"<details{' open' * is_open}><summary>{escape(summary)}</summary>{content}</details>"
