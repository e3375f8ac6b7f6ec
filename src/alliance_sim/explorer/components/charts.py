"""The charts: SVG drawn in the browser, each with a title, its definition, and downloads as SVG and PNG.

Shares are between 0 and 1, months are ``YYYY-MM``, and every value comes rounded. A chart has no border of its own: the
page puts it into a card. Each is as wide as its place; text keeps its size. Events are called happenings, since ipyvue
keeps the other word for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec

import solara

from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import DECISION_LABELS

P = ParamSpec("P")

#: How a decision ends: names in the order of shares, and what the legend calls them.
ENDINGS = tuple({"name": name, "label": DECISION_LABELS[name]} for name in DECISIONS)
#: What all charts share: title, read-outs, downloads, and the measure of the space.
_PARTS = {"as-frame": Path(__file__).with_name("frame.vue").read_text(encoding="utf-8")}


def _chart(file: str) -> Callable[[Callable[P, None]], Callable[P, solara.Element[Any]]]:
    """Declare a chart drawn by a Vue file."""

    def declare(function: Callable[P, None]) -> Callable[P, solara.Element[Any]]:
        make: Callable[..., solara.Element[Any]] = solara.component_vue(file)(function)

        @wraps(function)
        def chart(*args: P.args, **kwargs: P.kwargs) -> solara.Element[Any]:
            return make(*args, components=_PARTS, **kwargs)

        return chart

    return declare


@_chart("fan.vue")
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


@_chart("lines.vue")
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


@_chart("dots.vue")
def Dots(title: str, endings: list[dict[str, Any]]) -> None:
    """How a decision ends, as 100 small rectangles."""


@_chart("changes.vue")
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


@_chart("matrix.vue")
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


@_chart("tiles.vue")
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


@_chart("network_map.vue")
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


@_chart("intervals.vue")
def Intervals(
    title: str,
    note: str,
    rows: list[dict[str, Any]],
    unit: str,
    choosable: bool = True,
    event_pick: Callable[[str], None] | None = None,
) -> None:
    """Numbers with their 95 % intervals, beside zero."""


@_chart("levels.vue")
def Levels(title: str, note: str, rows: list[dict[str, Any]], reversion: float) -> None:
    """Levels of a text with their 5 to 95 %, beside the level that holds without one."""


@_chart("weights.vue")
def Weights(title: str, note: str, loss: float, bears: float, parts: list[dict[str, Any]]) -> None:
    """What an ally loses by a text, what it bears, and the parts of that."""


@solara.component_vue("term.vue")
def Term(word: str, definition: str, formula: str, source: str) -> None:
    """A word that opens its definition, formula and source."""
