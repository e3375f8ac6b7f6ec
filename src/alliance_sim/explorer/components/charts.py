"""The charts: SVG drawn in the browser, each with a title, its definition, and downloads as SVG and PNG.

Shares are between 0 and 1, months are ``YYYY-MM``, and every value comes rounded. A chart has no border of its own: the
page puts it into a card. Each is as wide as its place; text keeps its size. Events are called happenings, since ipyvue
keeps the other word for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import solara

from alliance_sim.explorer.components.parts import holding
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import DECISION_LABELS

#: How a decision ends: names in the order of shares, and what the legend calls them.
ENDINGS = tuple({"name": name, "label": DECISION_LABELS[name]} for name in DECISIONS)


@holding("fan.vue", "frame", "plot")
def Fan(
    title: str,
    note: str,
    definition: str,
    months: list[str],
    bands: dict[str, list[float]],
    base: list[float] | None,
    own_name: str,
    base_name: str,
    happenings: list[dict[str, str]],
    low: float | None,
    high: float | None,
    digits: int,
) -> None:
    """An outcome over months: median, middle half, 5 to 95 %, and the median of the base, dashed."""


@holding("lines.vue", "frame", "plot")
def Lines(
    title: str,
    note: str,
    definition: str,
    months: list[str],
    lines: list[dict[str, Any]],
    band: dict[str, list[float | None]],
    low: float | None,
    high: float | None,
    digits: int,
) -> None:
    """An outcome over months in several states: medians, and 5 to 95 % of the first; None before and after a run."""


@holding("dots.vue", "frame")
def Dots(title: str, endings: list[dict[str, Any]]) -> None:
    """How a decision ends, as 100 small rectangles."""


@holding("changes.vue", "frame")
def Changes(
    title: str,
    note: str,
    rows: list[dict[str, Any]],
    now: float,
    target: float,
    selected: str,
    pending: bool,
    event_pick: Callable[[str], None] | None = None,
) -> None:
    """What would restore consensus: changes, and the share of futures in which the text then passes."""


@holding("matrix.vue", "frame")
def Matrix(
    months: list[str],
    issues: list[dict[str, str]],
    cells: list[dict[str, Any]],
    happenings: list[dict[str, str]],
    selected: str,
    event_select: Callable[[str], None] | None = None,
    title: str = "",
    note: str = "",
    endings: tuple[dict[str, str], ...] = ENDINGS,
) -> None:
    """The decisions, issues by time: how each ends, and the percent of futures in which the text passes."""


@holding("tiles.vue", "frame")
def Tiles(
    title: str,
    note: str,
    tiles: list[dict[str, Any]],
    names: dict[str, str],
    values: dict[str, float | None],
    marks: list[str],
    unit: str,
    top: float,
    kind: Literal["objection", "threat", "level"],
    selected: str = "",
    absent: str = "not at the table",
    choosable: bool = True,
    event_pick: Callable[[str], None] | None = None,
) -> None:
    """A value of each country, one square a country; `absent` says what it means that an ally has none."""


@holding("network_map.vue", "frame")
def NetworkMap(
    title: str,
    tiles: list[dict[str, Any]],
    names: dict[str, str],
    threat: dict[str, float],
    arrows: list[dict[str, Any]],
    signed: bool,
    unit: str,
    factor: float,
    top: float,
    ally: str,
    event_pick: Callable[[str], None],
) -> None:
    """Allies as squares coloured by perceived threat, and arrows between them; `top` is the value of the widest."""


@holding("intervals.vue", "frame")
def Intervals(
    title: str,
    note: str,
    rows: list[dict[str, Any]],
    unit: str,
    choosable: bool = True,
    event_pick: Callable[[str], None] | None = None,
) -> None:
    """Numbers with their 95 % intervals, beside zero."""


@holding("levels.vue", "frame")
def Levels(title: str, note: str, rows: list[dict[str, Any]], reversion: float) -> None:
    """Levels of a text with their 5 to 95 %, beside the level that holds without one."""


@holding("weights.vue", "frame")
def Weights(title: str, note: str, loss: float, bears: float, parts: list[dict[str, Any]]) -> None:
    """What an ally loses by a text, what it bears, and the parts of that."""


@solara.component_vue("term.vue")
def Term(word: str, definition: str, formula: str, source: str) -> None:
    """A word that opens its definition, formula and source."""
