"""One run: a single future stepped month by month through the Mesa model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reacton.ipyvuetify as rv
import solara
import solara.lab

from alliance_sim.errors import InputError
from alliance_sim.explorer.answers.countries import country_names, squares
from alliance_sim.explorer.answers.one_run import ALLY_LINES, OneFuture, python_lines
from alliance_sim.explorer.components.charts import ENDINGS, Tiles
from alliance_sim.explorer.components.run import RunLines, RunMonth, RunNote, RunTimeline
from alliance_sim.explorer.components.status import Failure
from alliance_sim.explorer.components.tables import DataTable, head
from alliance_sim.explorer.state import Session
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.labels import ALLY_NAMES
from alliance_sim.scenarios import Scenario

#: Outcomes shown first.
MAIN = (
    "cohesion", "consensus_capacity", "mean_guarantee_confidence", "threat_gap", "deterrence", "mean_spending",
    "isolation", "concession_pressure",
)  # fmt: skip
CONVENTIONS = (
    "This page runs the Mesa model, als.AllianceModel; the actors are its agents.",
    "One step is one month: first the events, then perceptions and positions, then the meetings. What a meeting "
    "decides takes effect in the next month.",
    "model.agents_by_type lists the agents by class: Ally (31), UnitedStates, Russia, Ukraine. model.allies finds all "
    "32 allies by their codes.",
    "model.datacollector has one row a month: the outcomes of the model and, of each ally in NATO, perceived threat, "
    "confidence in the guarantee, spending and aid to Ukraine.",
    "Future d has exactly the numbers of draw d of als.simulate with the same scenario and seed; the other pages count "
    "it among their futures.",
)


@solara.component
def OneRun(session: Session) -> None:
    """The page."""
    OfScenario(session, "One future, month by month", Future)


@solara.component
def OfScenario(session: Session, title: str, show: Callable[[Scenario, int], object]) -> None:
    """A page that runs the scenario of a session itself; what is wrong with it is said instead."""
    request = session.request
    scenario, problem = solara.use_memo(lambda: what_if(request), [request])
    with rv.Html(tag="div", class_="as-results"):
        rv.Html(tag="h1", children=[title])
        if scenario is None:
            Failure(problem)
        else:
            show(scenario, request.seed)


@solara.component
def Future(scenario: Scenario, seed: int) -> None:
    """A future of a scenario; its model lives as long as this component."""
    (draw, begun), set_chosen = solara.use_state((0, 0))
    at, set_at = solara.use_state(0)
    # A task, because the first model in a process may have to be compiled.
    task = solara.lab.use_task(
        lambda: OneFuture(scenario, seed, draw), dependencies=[scenario, seed, draw, begun], raise_error=False
    )
    # The browser's side may keep what answers its events: it finds the run here, until the page is left.
    runs: list[OneFuture] = solara.use_memo(list, [])
    solara.use_effect(lambda: runs.clear, [])
    future = task.latest  # a run is shown until the next is ready
    runs[:] = [future] if future else []
    if future:
        model = future.model
        text = f"{model.what_if.title}. Future {model.draw} of seed {model.seed}."
    else:
        text = "Preparing the model. It is compiled the first time on a machine, which takes minutes."
    state = "ready" if future and not task.pending else "computing"

    def act(action: str) -> None:
        for run in runs:
            if action == "step":
                run.step()
            elif action == "meeting":
                run.to_next_meeting()
            elif action == "end":
                run.to_month(scenario.months)
            set_at(run.done)
        if action == "restart":
            restart(draw)

    def look(months: int) -> None:
        for run in runs:
            run.to_month(months)
            set_at(min(months, run.done))

    def restart(number: int) -> None:
        set_at(0)
        set_chosen((number, begun + 1))

    with rv.Html(tag="div", class_="as-results"):
        if task.error:
            Failure(task.exception)
            return
        rv.Html(tag="p", class_="as-about", attributes={"data-state": state, "role": "status"}, children=[text])
        if future:
            Shown(future, future.done, min(at, future.done), act, look, restart)


@solara.component
def Shown(
    future: OneFuture,
    done: int,
    at: int,
    act: Callable[[str], None],
    look: Callable[[int], None],
    restart: Callable[[int], None],
) -> None:
    """What a run of which `done` months are simulated shows after `at` months."""
    model = future.model
    month = future.shown[at]
    rows = future.timeline()
    lines_note = "Dashed: the value of the month shown. Each line has a scale of its own, at least 0.1 high."
    with rv.Html(tag="div", class_="as-results"):
        with rv.Html(tag="div", class_="as-card"):
            RunTimeline(
                rows=rows, done=done, at=at, label=month["label"], draw=model.draw, endings=ENDINGS, event_act=act,
                event_look=look, event_future=restart,
            )  # fmt: skip
        with rv.Html(tag="section", class_="as-run-top"):
            with rv.Html(tag="div", class_="as-card"):
                RunMonth(label=month["label"], happenings=month["events"], meetings=month["meetings"])
            with rv.Html(tag="div", class_="as-card"):
                rv.Html(tag="h2", children=["Outcomes so far"])
                rv.Html(tag="p", class_="as-muted", children=[lines_note])
                RunLines(lines=future.lines(), main=list(MAIN), at=at, months=[row["month"] for row in rows])
        with rv.Html(tag="div", class_="as-card as-run-allies", attributes={"data-label": month["label"]}):
            Allies(month)
        with rv.Html(tag="div", class_="as-card"):
            rv.Html(tag="h2", children=["How the numbers are made"])
            RunNote(sentences=list(CONVENTIONS), code=python_lines(model.what_if, model.seed, model.draw, done))


@solara.component
def Allies(month: dict[str, Any]) -> None:
    """What each ally is like in a month: maps, and the same as a table."""
    values = {name: dict(zip(ALLIES, month["allies"][name], strict=True)) for name in ALLY_LINES}
    rv.Html(tag="h2", children=[f"The allies, {month['label'].replace('Before', 'before')}"])
    with rv.Html(tag="div", class_="as-fans"):
        for name, (label, top) in ALLY_LINES.items():
            with rv.Html(tag="div", attributes={"data-map": name}):
                Tiles(
                    title=label, note="", tiles=squares(), names=country_names(), values=values[name], marks=[],
                    unit="", top=top, kind="threat" if name == "threat_perception" else "level",
                    absent="not a member", choosable=False,
                )  # fmt: skip
    with rv.Html(tag="details"):
        rv.Html(tag="summary", children=["The same as a table"])
        DataTable(
            caption="The allies",
            heads=[head("ally"), *(head(label, 2) for label, _ in ALLY_LINES.values())],
            rows=[[ALLY_NAMES[ally], *(values[name][ally] for name in ALLY_LINES)] for ally in ALLIES],
        )


def what_if(request: Any) -> tuple[Scenario | None, InputError | None]:
    """Return the scenario of a request, or what is wrong with it."""
    try:
        return request.what_if(), None
    except InputError as error:
        return None, error
