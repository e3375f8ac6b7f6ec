"""The components written in Vue; each takes plain lists and mappings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import solara

from alliance_sim.explorer.components.parts import holding


@solara.component_vue("address.vue")
def Address(query: str, event_went: Callable[[str], None]) -> None:
    """Keeps the address of the browser at `query`; `event_went` gets another that the visitor goes back to."""


@holding("bar.vue", "copy")
def Bar(
    pages: list[dict[str, str]],
    current: str,
    blocks: list[dict[str, str]],
    files: list[dict[str, str]],
    made: dict[str, Any],
    event_open: Callable[[str], None],
    event_make: Callable[[str], None],
) -> None:
    """The bar above every page; `made` is the last file asked for: name, type and content (base64), or its error."""


@solara.component_vue("choice.vue")
def Choice(
    name: str,
    label: str,
    value: str,
    event_pick: Callable[[str], None],
    options: Sequence[dict[str, str]] = (),
    groups: Sequence[dict[str, Any]] = (),
) -> None:
    """A choice among named options, each with a `value` and a `text`; those in groups come last."""


@solara.component_vue("number.vue")
def Number(name: str, label: str, value: str, problem: str, event_take: Callable[[str], None]) -> None:
    """A number in a field; `event_take` gets what was written, and `problem` is said beside it."""


@holding("lever.vue", "term")
def LeverSlider(lever: dict[str, Any], value: float | None, event_move: Callable[[float | None], None]) -> None:
    """A slider over a parameter that is off until it is moved; `event_move` gets None when it is reset."""


@holding("amount.vue", "term")
def AmountSlider(lever: dict[str, Any], value: float | None, event_move: Callable[[float | None], None]) -> None:
    """A slider over the amounts of a lever; `event_move` gets None when the change is taken back."""


@solara.component_vue("happenings.vue")
def Happenings(
    rows: list[dict[str, Any]],
    event_turn: Callable[[list[Any]], None],
    event_shift: Callable[[list[Any]], None],
) -> None:
    """Events that can be switched off and moved in time."""


@solara.component_vue("parameters.vue")
def Parameters(rows: list[dict[str, Any]], event_set: Callable[[list[Any]], None]) -> None:
    """All parameters, with search."""


@solara.component_vue("upload.vue")
def Upload(event_open: Callable[[list[str]], None]) -> None:
    """A scenario file of the visitor."""


@solara.component_vue("drawer.vue")
def Drawer(label: str) -> None:
    """A button that shows and hides the controls beside the page, on narrow windows."""
