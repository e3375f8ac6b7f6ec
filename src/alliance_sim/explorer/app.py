"""The web app: one session for each visitor, and the page that it shows."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import reacton.ipyvuetify as rv
import solara
import solara.lab

from alliance_sim.errors import InputError
from alliance_sim.explorer import settings
from alliance_sim.explorer.answers import comparison
from alliance_sim.explorer.components import Address, Bar, Drawer
from alliance_sim.explorer.components.controls import Controls
from alliance_sim.explorer.components.status import Failure, Status, message
from alliance_sim.explorer.downloads import COMPARED, FILES, file_of, reproduced, reproduced_comparison
from alliance_sim.explorer.jobs import run_state, use_run
from alliance_sim.explorer.memory import give_back
from alliance_sim.explorer.pages.compare import Compare
from alliance_sim.explorer.pages.futures import Futures
from alliance_sim.explorer.pages.network import Network
from alliance_sim.explorer.pages.one_run import OneRun
from alliance_sim.explorer.pages.why import Why
from alliance_sim.explorer.state import Session, chosen

Shown = Callable[[Session], object]

_log = logging.getLogger("alliance_sim")

#: The pages and what the bar calls them; those in the first group are about a run, and have its controls.
OF_A_RUN: Mapping[str, tuple[str, Shown]] = {
    "futures": ("Futures", Futures),
    "why": ("Why", Why),
    "compare": ("Compare", Compare),
    "network": ("Network", Network),
    "run": ("One run", OneRun),
}
OTHERS: Mapping[str, tuple[str, Shown]] = {
    "experiments": ("Experiments", lambda session: _experiments(session)),
    "about": ("About", lambda session: _about(session)),
}


# These two are loaded when they are opened: what they need of other libraries would hold up the first page.
def _experiments(session: Session) -> None:
    from alliance_sim.explorer.pages.experiments import Experiments

    Experiments(session, settings.results)


def _about(session: Session) -> None:
    from alliance_sim.explorer.pages.about import About

    About(session)


@solara.component
def Layout(children: Sequence[solara.Element[object]] = ()) -> None:
    """Hide Solara's app bar."""
    rv.Html(tag="div", class_="as-app", children=list(children))


@solara.component
def Page() -> None:
    """The explorer."""
    solara.Title("alliance_sim explorer")
    solara.Style(Path(__file__).with_name("style.css"))
    router = solara.use_router()
    session = solara.use_memo(lambda: Session(router.search or ""), [])
    request = session.request
    scenario = solara.use_memo(request.as_written, [request.scenario, request.own])
    task = use_run(session)
    solara.use_effect(lambda: give_back, [])
    made, set_made = solara.use_state(dict[str, Any]())

    def went(address: str) -> None:
        session.choice.value, session.problem.value = chosen(address)

    def make(name: str) -> None:
        file: dict[str, Any] = {"name": name}
        try:
            file["type"], content = file_of(name, session)
            file["content"] = base64.b64encode(content).decode()
        except Exception as error:
            if not isinstance(error, InputError):
                _log.exception("no file")
            file["error"] = message(error)
        # Numbered, so that the browser sees the same file come again.
        set_made(lambda last: {**file, "number": last.get("number", 0) + 1})

    page = session.choice.value.page
    comparing = page == "compare"
    files = {**COMPARED, **FILES} if comparing else FILES
    compared = comparison.aligned(comparison.states(request, session.choice.value.pins))
    blocks = solara.use_memo(
        lambda: reproduced_comparison(compared) if comparing else reproduced(request), [comparing, compared, request]
    )
    Address(query=session.choice.value.address(), event_went=went)
    Bar(
        pages=[{"name": name, "label": label} for name, (label, _) in {**OF_A_RUN, **OTHERS}.items()],
        current=page,
        blocks=blocks,
        files=[{"name": name, "label": label} for name, label in files.items()],
        made=made,
        event_open=lambda page: session.choose(page=page),
        event_make=make,
    )
    if page in OTHERS:
        OTHERS[page][1](session)
        return
    with rv.Html(tag="div", class_="as-page"):
        Drawer(label="Scenario and levers")
        Controls(session, scenario)
        with rv.Html(tag="main", class_="as-main"):
            if session.problem.value:
                rv.Html(tag="div", class_="as-error", attributes={"role": "alert"}, children=[session.problem.value])
            if task.error:
                Failure(task.exception)
            Status(session.view, request, run_state(task, session), session.version.value)
            OF_A_RUN[page][1](session)
