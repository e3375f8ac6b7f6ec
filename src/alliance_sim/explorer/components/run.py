"""The components of the pages One run and Network, written in Vue; each takes plain lists and mappings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from alliance_sim.explorer.components.parts import holding


@solara.component_vue("run_timeline.vue")
def RunTimeline(
    rows: list[dict[str, Any]],
    done: int,
    at: int,
    label: str,
    draw: int,
    endings: tuple[dict[str, str], ...],
    event_act: Callable[[str], None],
    event_look: Callable[[int], None],
    event_future: Callable[[int], None],
) -> None:
    """The controls of a run and its months; `done` are simulated, `at` is shown (0: before the first).

    `event_act` gets ``step``, ``meeting``, ``end`` or ``restart``, `event_look` a number of months, `event_future` the
    number of another future.
    """


@solara.component_vue("run_month.vue")
def RunMonth(label: str, happenings: list[dict[str, Any]], meetings: list[dict[str, Any]]) -> None:
    """The events of a month and the meetings held in it."""


@solara.component_vue("run_lines.vue")
def RunLines(lines: list[dict[str, Any]], main: list[str], at: int, months: list[str]) -> None:
    """Outcomes so far as small lines, those of `main` first and the rest on demand."""


@holding("run_note.vue", "copy")
def RunNote(sentences: list[str], code: str) -> None:
    """The conventions of the Mesa model, and Python lines to copy."""


@solara.component_vue("network_tables.vue")
def NetworkTables(
    rows: list[dict[str, Any]],
    names: dict[str, str],
    ties: dict[str, list[dict[str, Any]]],
    signed: bool,
    unit: str,
    factor: float,
    ally: str,
    event_pick: Callable[[str], None],
) -> None:
    """Who moves most and is moved most; of one ally, whom it moves and who moves it."""


@solara.component_vue("network_controls.vue")
def NetworkControls(
    measures: list[dict[str, str]],
    measure: str,
    months: list[str],
    month: int,
    count: int,
    most: int,
    event_take_measure: Callable[[str], None],
    event_take_month: Callable[[int], None],
    event_take_count: Callable[[int], None],
) -> None:
    """What the arrows show, in which month, and how many of them."""
