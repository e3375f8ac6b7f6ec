"""One page of the explorer alone, as an app: ``/?network`` shows Network, every other address One run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import reacton.ipyvuetify as rv
import solara

import alliance_sim.explorer
from alliance_sim.explorer.pages.network import Network
from alliance_sim.explorer.pages.one_run import OneRun
from alliance_sim.explorer.state import Session


@solara.component
def Layout(children: Sequence[solara.Element[object]] = ()) -> None:
    """Without Solara's app bar."""
    rv.Html(tag="div", children=list(children))


@solara.component
def Page() -> None:
    session = solara.use_memo(Session, [])
    with rv.Html(tag="div", class_="as-app"):
        solara.Style(Path(alliance_sim.explorer.__file__).with_name("style.css"))
        if "network" in (solara.use_router().search or ""):
            Network(session)
        else:
            OneRun(session)
