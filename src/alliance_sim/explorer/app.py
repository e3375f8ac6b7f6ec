"""The web app: one session for each visitor, and the page that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import reacton.ipyvuetify as rv
import solara
import solara.lab

from alliance_sim.explorer import charts
from alliance_sim.explorer.pages.futures import Futures
from alliance_sim.explorer.state import Session


@solara.component
def Layout(children: Sequence[solara.Element[object]] = ()) -> None:
    """Hide Solara's app bar."""
    rv.Html(tag="div", class_="as-app", children=list(children))


@solara.component
def Page() -> None:
    """The explorer."""
    solara.Title("alliance_sim explorer")
    solara.Style(Path(__file__).with_name("style.css"))
    solara.lab.theme.themes.light.primary = charts.ACCENT
    Futures(solara.use_memo(Session, []))
