"""The state of a run, and its error, on one line each."""

from __future__ import annotations

import reacton.ipyvuetify as rv
import solara

from alliance_sim.errors import InputError
from alliance_sim.explorer.answers.futures import View
from alliance_sim.explorer.request import Request
from alliance_sim.wording import counted


@solara.component
def Status(view: View | None, request: Request, state: str, version: int) -> None:
    """One line: how many futures are shown, their Monte Carlo error, and the state of the run in progress."""
    pending = state in ("compiling", "computing")
    shown = f"{counted(view.draws, 'future')}, seed {view.request.seed}" if view else ""
    if view is None:
        text = "Computing…" if pending else "No result."
        if state == "compiling":
            text = "Compiling the model for this machine: a minute or two, this once."
    elif state == "failed":
        text = f"{shown}, of the last run that ended well"
    elif view.request != request or view.draws < request.draws:
        text = f"{shown}; computing {request.draws:,}…"
    elif view.stored:
        text = f"{shown}, computed earlier with this model and calibration"
        if state == "compiling":
            text += "; compiling the model for this machine: a minute or two, this once"
    else:
        text = f"{shown}, in {view.seconds:.1f} s"
    whole = view is not None and view.request == request and view.draws == request.draws and not view.stored
    attributes = {
        "role": "status",
        "data-state": "ready" if whole and not pending else state if state != "ready" else "computing",
        "data-version": version,
        "data-shown": view.request.command() if view else "",
        "data-draws": view.draws if view else 0,
    }
    with rv.Html(tag="p", class_=f"as-status as-{state}", attributes=attributes):
        rv.Html(tag="span", children=[text])
        if view and view.headline["share_error"] is not None:
            error = f"shares are ±{100.0 * view.headline['share_error']:.1f} points (one standard error) by chance"
            rv.Html(tag="span", class_="as-muted", children=[f"{error}; a what-if, not a forecast"])


@solara.component
def Failure(error: BaseException | None) -> None:
    """The message of a run that failed."""
    rv.Html(tag="div", class_="as-error", attributes={"role": "alert"}, children=[message(error)])


def message(error: BaseException | None) -> str:
    """Return what the page shows of an error."""
    return str(error) if isinstance(error, InputError) else f"It failed. {type(error).__name__}: {error}"
