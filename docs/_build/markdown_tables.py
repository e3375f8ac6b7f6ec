"""Markdown tables, and the sections of a page that hold generated ones."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["markdown_table", "replace_section", "span"]


def markdown_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a markdown table; bars within cells are escaped."""
    cells = [list(head)]
    cells.append(["---"] * len(cells[0]))
    cells += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def span(low: float, high: float) -> str:
    """Return a range in words."""
    return f"{low:g} to {high:g}"


def replace_section(page: str, opening: str, closing: str, text: str) -> str:
    """Return a page with `text` between two marks; blank lines beside the marks stay.

    Raises
    ------
    ValueError
        If a mark is missing.
    """
    before, mark, rest = page.partition(opening)
    old, end, after = rest.partition(closing)
    if not (mark and end):
        raise ValueError(f"{opening} ... {closing}: not on the page")
    start = old[: len(old) - len(old.lstrip())]
    stop = old[len(old.rstrip()) :]
    return f"{before}{mark}{start}{text}{stop}{end}{after}"
