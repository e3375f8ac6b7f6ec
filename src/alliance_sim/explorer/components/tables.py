"""Tables and pictures of the pages Experiments and About; each takes plain lists and mappings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara


@solara.component_vue("choices.vue")
def Tabs(label: str, options: list[dict[str, str]], value: str, event_choose: Callable[[str], None]) -> None:
    """Tabs; arrow keys move between them."""


@solara.component_vue("datatable.vue")
def DataTable(
    caption: str,
    heads: list[dict[str, Any]],
    rows: list[list[Any]],
    file: str = "",
    searchable: bool = False,
    marked: list[int] | None = None,
) -> None:
    """A table. `heads` are made by `head`; with `file` the rows shown can be saved; `marked` are rows in bold."""


@solara.component_vue("folders.vue")
def Folders(rows: list[dict[str, str]], value: str, event_choose: Callable[[str], None]) -> None:
    """A list of folders of results, of which those that can be read can be chosen by their path."""


@solara.component_vue("histograms.vue")
def Histograms(groups: list[dict[str, Any]], low: float, high: float, digits: int) -> None:
    """One histogram for each group, on one scale."""


@solara.component_vue("heat.vue")
def HeatMap(
    caption: str,
    across_label: str,
    down_label: str,
    across: list[str],
    down: list[str],
    cells: list[list[float | None]],
    runs: list[list[int]],
    percent: bool,
) -> None:
    """A table of numbers, darker where they are higher; on a scale from 0 to 1 if they are in per cent."""


@solara.component_vue("boxes.vue")
def Boxes(boxes: list[dict[str, Any]], base: str) -> None:
    """Conditions: each box with its shares in percent, and its limits."""


def head(text: str, digits: int | None = None, title: str = "") -> dict[str, Any]:
    """Return the head of a column: of numbers with so many decimals, or of text."""
    return {"text": text, "digits": digits, "title": title}
