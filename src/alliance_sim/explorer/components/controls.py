"""The controls beside every page: scenario, levers, draws, seed, and how to reproduce the run."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.explorer.components import LeverSlider, Reproduce
from alliance_sim.explorer.levers import LEVERS, Lever
from alliance_sim.explorer.state import DRAWS, MAX_SEED, Session
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario


@solara.component
def Controls(session: Session, scenario: Scenario) -> None:
    """All controls of a session, whose scenario is `scenario`."""
    request = session.request
    with rv.Html(tag="aside", class_="as-side"):
        rv.Html(tag="div", class_="as-brand", children=["alliance_sim"])
        Scenarios(request.scenario, session.scenario.set)
        rv.Html(tag="h2", children=["Levers"])
        for lever in LEVERS:
            LeverSlider(
                lever=_lever(lever, scenario),
                value=session.levers.value.get(lever.name),
                event_move=partial(session.move, lever.name),
            ).key(f"{request.scenario}/{lever.name}")
        rv.Html(tag="h2", children=["Monte Carlo"])
        Draws(request.draws, session.draws.set)
        Seed(request.seed, session.seed.set)
        Reproduce(
            blocks=[
                {"name": "Command line", "text": request.command()},
                {"name": "Python", "text": request.python()},
            ]
        )


@solara.component
def Scenarios(value: str, on_value: Callable[[str], None]) -> None:
    """The choice of a scenario."""
    items = solara.use_memo(_scenario_items, [])
    rv.Select(
        label="Scenario", items=items, v_model=value, on_v_model=on_value, outlined=True, dense=True, hide_details=True,
        class_="as-scenario", menu_props={"offsetY": True, "maxWidth": 380},
    )  # fmt: skip


@solara.component
def Draws(value: int, on_value: Callable[[int], None]) -> None:
    """The choice of the number of draws."""
    with rv.Html(tag="div", class_="as-field"):
        rv.Html(tag="span", children=["Draws"])
        with rv.BtnToggle(v_model=value, on_v_model=on_value, mandatory=True, dense=True, color="primary"):
            for count in DRAWS:
                rv.Btn(value=count, small=True, text=True, children=[f"{count:,}"])


@solara.component
def Seed(value: int, on_value: Callable[[int], None]) -> None:
    """The seed; an invalid one is refused beside the field."""
    problem, set_problem = solara.use_state("")

    def take(text: str) -> None:
        valid = text.isdecimal() and int(text) <= MAX_SEED
        set_problem("" if valid else "A whole number from 0 to 2^64 - 1")
        if valid:
            on_value(int(text))

    with rv.Html(tag="div", class_="as-field"):
        rv.Html(tag="label", attributes={"for": "seed"}, children=["Seed"])
        rv.TextField(
            id="seed", v_model=str(value), on_v_model=take, error_messages=problem, outlined=True, dense=True,
            hide_details="auto", class_="as-seed",
        )  # fmt: skip


def _scenario_items() -> list[dict[str, str]]:
    """Return the choices: the latest era first, each era under a heading."""
    scenarios = [load_scenario(name) for name in list_scenarios()]
    items = []
    for era in sorted({scenario.era for scenario in scenarios}, reverse=True):
        items.append({"header": f"Era of {era}"})
        items += [{"text": s.title, "value": s.name} for s in scenarios if s.era == era]
    return items


def _lever(lever: Lever, scenario: Scenario) -> dict[str, Any]:
    centre, low, high = lever.calibrated(scenario)
    parameter = lever.parameter
    return {
        "name": lever.name,
        "label": lever.label,
        "less": lever.less,
        "more": lever.more,
        "description": f"{parameter.description} ({parameter.source})",
        "unit": parameter.unit,
        "low": parameter.low,
        "high": lever.high,
        "step": lever.step,
        "digits": max(0, math.ceil(-math.log10(lever.step))),
        "centre": centre,
        "p05": low,
        "p95": high,
    }
