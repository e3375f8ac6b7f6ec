"""Experiments: folders of results, and what the runs of one of them say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.experiments.results import Results, open_results
from alliance_sim.explorer.answering import StateLine, use_answer
from alliance_sim.explorer.answers.experiments import described, folders, sections
from alliance_sim.explorer.components import Choice
from alliance_sim.explorer.components.tables import DataTable, Folders, Tabs, head
from alliance_sim.explorer.pages.analyses import SHOWN
from alliance_sim.explorer.state import Session

#: How to make a folder of results, where the explorer was started without one.
MAKE = (
    "alliance-sim sweep summit_form_2018 --out results/summits",
    "alliance-sim explore --results results",
)


@solara.component
def Experiments(session: Session, results: Path | None) -> None:
    """The page. `results` is the folder given by ``--results``."""
    with rv.Html(tag="main", class_="as-main as-exper"):
        with rv.Html(tag="header", class_="as-head"):
            rv.Html(tag="h1", children=["Experiments"])
            rv.Html(
                tag="p",
                class_="as-about",
                children=[
                    "Many runs of one scenario, over choices and over what is not known. Values are of the last month."
                ],
            )
        if results is None:
            HowTo()
        else:
            Found(results)


@solara.component
def HowTo() -> None:
    """How to make results, and to show them."""
    with rv.Html(tag="section", class_="as-card", attributes={"aria-label": "How to show an experiment"}):
        rv.Html(
            tag="p", children=["The explorer was started without results. Run an experiment, then name the folder:"]
        )
        rv.Html(tag="pre", children=[rv.Html(tag="code", children=["\n".join(MAKE)])])
        names = "alliance-sim list names the bundled experiments; docs/experiments.md says how to write one."
        rv.Html(tag="p", class_="as-muted", children=[names])


@solara.component
def Found(results: Path) -> None:
    """The folders below `results`, and the one that is chosen."""
    looks, set_looks = solara.use_state(0)
    chosen, set_chosen = solara.use_state("")
    task = use_answer(lambda: folders(results), [str(results), looks])
    rows = task.value or []
    readable = [row["path"] for row in rows if row["state"] in ("complete", "unfinished")]
    path = chosen if chosen in readable else next(iter(readable), "")
    with rv.Html(tag="div", class_="as-results"):
        with rv.Html(tag="section", class_="as-card", attributes={"aria-label": "Results"}):
            with rv.Html(tag="div", class_="as-field"):
                rv.Html(tag="h2", children=["Results in ", rv.Html(tag="code", children=[str(results)])])
                solara.Button(
                    "Look again", on_click=lambda: set_looks(looks + 1), text=True, small=True, classes=["as-link"]
                )
            StateLine("Reading the folders", task)
            if rows:
                Folders(rows=rows, value=path, event_choose=set_chosen)
            elif task.state == "ready":
                rv.Html(
                    tag="p",
                    children=["There are no folders in it. To make one: ", rv.Html(tag="code", children=[MAKE[0]])],
                )
        if path:
            Chosen(path).key(f"{path}/{looks}")


def _opened(path: str) -> tuple[Results, dict[str, Any], list[dict[str, str]]]:
    found = open_results(path)
    return found, described(found), sections(found)


@solara.component
def Chosen(path: str) -> None:
    """What one experiment asks, and its analyses."""
    task = use_answer(lambda: _opened(path), [path])
    with rv.Html(tag="div", class_="as-results"):
        StateLine("Reading the runs", task)
        if task.value is not None:
            found, about, allowed = task.value
            About(about)
            if allowed:
                Analysis(found, about, allowed)
            else:
                text = "Not finished. Results are shown when all runs are done: those done so far are no random sample."
                rv.Html(tag="p", class_="as-card", children=[text])


@solara.component
def Analysis(found: Results, about: dict[str, Any], allowed: list[dict[str, str]]) -> None:
    """One analysis of one outcome."""
    outcome, set_outcome = solara.use_state(about["outcomes"][0]["value"])
    section, set_section = solara.use_state(allowed[0]["value"])
    with rv.Html(tag="section", class_="as-card as-exper-chosen", attributes={"aria-label": "Analysis"}):
        Tabs(label="Analyses", options=allowed, value=section, event_choose=set_section)
        with rv.Html(tag="div", class_="as-exper-choices"):
            Choice(name="outcome", label="Outcome", options=about["outcomes"], value=outcome, event_pick=set_outcome)
        # A bound and a direction belong to an outcome; what the other analyses have chosen stays.
        own = section in ("conditions", "policies")
        SHOWN[section](found, outcome, about).key(f"{section}/{outcome}" if own else section)


@solara.component
def About(about: dict[str, Any]) -> None:
    """What an experiment asks and varies."""
    with rv.Html(tag="section", class_="as-card", attributes={"aria-label": "The experiment"}):
        rv.Html(tag="h2", children=[about["title"]])
        rv.Html(tag="p", children=[about["question"]])
        rv.Html(tag="p", class_="as-muted", children=[f"{about['size']}. Scenario: {about['scenario']}."])
        with rv.Html(tag="details"):
            rv.Html(tag="summary", children=["What is varied"])
            rows = [[lever["name"], "a choice", lever["options"]] for lever in about["levers"]]
            rows += [
                [f"{each['label']} ({each['name']})", "not known", each["values"]] for each in about["uncertainties"]
            ]
            DataTable(caption="What is varied", heads=[head("what"), head("kind"), head("values")], rows=rows)
