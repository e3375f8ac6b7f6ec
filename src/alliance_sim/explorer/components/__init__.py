"""The components written in Vue; each takes plain lists and mappings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara


@solara.component_vue("lever.vue")
def LeverSlider(lever: dict[str, Any], value: float | None, event_move: Callable[[float | None], None]) -> None:
    """A slider that is off until it is moved; `event_move` gets None when it is reset."""


@solara.component_vue("board.vue")
def Board(
    rows: list[dict[str, Any]],
    decisions: list[str],
    names: dict[str, str],
    selected: str,
    ally: str,
    event_select_item: Callable[[str], None],
) -> None:
    """The decision board."""


@solara.component_vue("tiles.vue")
def TileMap(
    tiles: list[dict[str, Any]],
    allies: list[str],
    names: dict[str, str],
    months: list[str],
    maps: dict[str, Any],
    averaged: int,
    item: dict[str, Any] | None,
    ally: str,
    event_pick_ally: Callable[[str], None],
) -> None:
    """The map, in which every country is a tile of the same size."""


@solara.component_vue("reproduce.vue")
def Reproduce(blocks: list[dict[str, str]]) -> None:
    """Commands that compute the same numbers outside the explorer."""
