"""The state of a run, and its error, on one line each."""

from __future__ import annotations

import reacton.ipyvuetify as rv
import solara

from alliance_sim.errors import InputError
from alliance_sim.explorer.state import Request, View


@solara.component
def Status(view: View | None, request: Request, state: str, version: int) -> None:
    """One line: the number of draws shown, the Monte Carlo error, and the state of the run in progress."""
    pending = state in ("compiling", "computing")
    if state == "compiling":
        text = "Compiling the model for this machine: a minute or two, this once."
    elif view is None:
        text = "Computing…" if pending else "No result."
    elif pending:
        text = f"{view.draws:,} draws kept; computing {request.draws:,}…"
    elif state == "failed":
        text = f"{view.draws:,} draws kept, of the last run that ended well"
    else:
        text = f"{view.draws:,} draws in {view.seconds:.1f} s"
    attributes = {
        "role": "status",
        "data-state": state,
        "data-version": version,
        "data-shown": view.request.command() if view else "",
    }
    with rv.Html(tag="p", class_=f"as-status as-{state}", attributes=attributes):
        rv.Html(tag="span", children=[text])
        if view:
            rv.Html(
                tag="span",
                class_="as-muted",
                children=[f"mean cohesion {view.cohesion:.3f}, Monte Carlo error {view.error:.4f}"],
            )
        rv.ProgressLinear(indeterminate=pending, active=pending, height=2, color="primary", absolute=True, bottom=True)


@solara.component
def Failure(error: BaseException | None) -> None:
    """The message of a run that failed."""
    rv.Html(tag="div", class_="as-error", attributes={"role": "alert"}, children=[message(error)])


def message(error: BaseException | None) -> str:
    """Return what the page shows of an error."""
    return str(error) if isinstance(error, InputError) else f"The run failed. {type(error).__name__}: {error}"
