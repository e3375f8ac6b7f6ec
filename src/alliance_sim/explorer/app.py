"""The page: controls on the left; the decision board, the map and the fan charts beside them."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import reacton.ipyvuetify as rv
import solara
import solara.lab

from alliance_sim.calibration import facts
from alliance_sim.errors import InputError
from alliance_sim.explorer import charts
from alliance_sim.explorer.levers import LEVERS, Lever
from alliance_sim.explorer.results import (
    DECISIONS,
    PREVIEW,
    Request,
    View,
    compute,
    country_names,
    label,
    month_label,
    preview,
    warm_up,
)
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario

FIRST_SCENARIO = "us_russia_reset_2025"
DRAWS = (500, 2_000, 10_000)
MAX_SEED = 2**64 - 1
#: Seconds a lever has to rest before a run starts.
DEBOUNCE = 0.1

NO_LEVERS: dict[str, float] = {}

#: Outcomes with a chart of their own, and one that shares a chart.
PANELS = ("cohesion", "consensus_capacity", "threat_gap", "mean_guarantee_confidence", "deterrence")
ALONE = "deterrence_without_us"
OTHERS = tuple(name for name in OUTCOMES if name not in (*PANELS, ALONE))

_log = logging.getLogger("alliance_sim")


@solara.component_vue("lever.vue")
def LeverSlider(lever: dict[str, Any], value: float | None, event_move: Callable[[float | None], None]) -> None:
    """A slider that is off until it is moved."""


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
    """The map of equal tiles."""


@solara.component_vue("reproduce.vue")
def Reproduce(blocks: list[dict[str, str]]) -> None:
    """What computes the same numbers elsewhere."""


@dataclass
class Kept:
    """What a session keeps between runs: the last result, and medians as calibrated by scenario and seed."""

    view: View | None = None
    calibrated: dict[tuple[str, int], dict[str, list[float]]] = field(default_factory=dict)

    def take(self, view: View) -> None:
        """Keep a result, to be shown until the next."""
        self.view = view
        if not view.request.levers:
            self.compare_with(view)

    def compare_with(self, view: View) -> None:
        """Keep the medians of a run without levers."""
        key = (view.request.scenario, view.request.seed)
        self.calibrated[key] = {name: quantiles[2] for name, quantiles in view.fans.items()}

    def reference(self) -> dict[str, list[float]] | None:
        """Return what the result shown compares with, if levers are on."""
        if self.view is None or not self.view.request.levers:
            return None
        return self.calibrated.get((self.view.request.scenario, self.view.request.seed))


@solara.component
def Layout(children: Sequence[Any] = ()) -> None:
    """No bars of Solara's around the page."""
    rv.Html(tag="div", class_="as-app", children=list(children))


@solara.component
def Page() -> None:
    """The explorer."""
    solara.Title("alliance_sim explorer")
    solara.Style(Path(__file__).with_name("style.css"))
    solara.lab.theme.themes.light.primary = charts.ACCENT

    scenario_name, set_scenario_name = solara.use_state(FIRST_SCENARIO)
    draws, set_draws = solara.use_state(DRAWS[1])
    seed, set_seed = solara.use_state(0)
    levers = solara.use_reactive(NO_LEVERS)
    kept = solara.use_memo(Kept, [])
    version = solara.use_reactive(0)
    phase = solara.use_reactive("")

    def move(name: str, value: float | None) -> None:
        rest = {key: old for key, old in levers.value.items() if key != name}
        levers.value = rest if value is None else {**rest, name: value}

    chosen = tuple(sorted(levers.value.items()))
    request = Request(scenario_name, draws, seed, chosen)

    async def job() -> None:
        await asyncio.sleep(DEBOUNCE)
        stop = threading.Event()
        ready = warm_up()
        try:
            phase.value = "computing" if ready.done() else "compiling"
            await asyncio.shield(asyncio.wrap_future(ready))
            phase.value = "computing"
            first = await asyncio.to_thread(preview, request, stop.is_set)
            kept.take(first)
            version.value += 1
            if first.draws < request.draws:
                kept.take(await asyncio.to_thread(compute, request, first, stop.is_set))
                version.value += 1
            if request.levers and kept.reference() is None:
                kept.compare_with(await asyncio.to_thread(preview, replace(request, levers=()), stop.is_set))
                version.value += 1
        except asyncio.CancelledError:
            stop.set()
            raise
        except InputError:
            raise
        except Exception:
            _log.exception("the run failed: %s", request.command())
            raise

    task = solara.lab.use_task(job, dependencies=[request], raise_error=False)
    scenario = solara.use_memo(lambda: load_scenario(scenario_name), [scenario_name])

    with rv.Html(tag="div", class_="as-page"):
        with rv.Html(tag="aside", class_="as-side"):
            rv.Html(tag="div", class_="as-brand", children=["alliance_sim"])
            Scenarios(scenario_name, set_scenario_name)
            rv.Html(tag="h2", children=["Levers"])
            for lever in LEVERS:
                LeverSlider(
                    lever=_lever(lever, scenario),
                    value=levers.value.get(lever.name),
                    event_move=partial(move, lever.name),
                ).key(f"{scenario_name}/{lever.name}")
            rv.Html(tag="h2", children=["Monte Carlo"])
            Draws(draws, set_draws)
            Seed(seed, set_seed)
            Reproduce(
                blocks=[
                    {"name": "Command line", "text": request.command()},
                    {"name": "Python", "text": request.python()},
                ]
            )
        with rv.Html(tag="main", class_="as-main"):
            with rv.Html(tag="header", class_="as-head"):
                rv.Html(tag="h1", children=[scenario.title])
                rv.Html(
                    tag="p",
                    class_="as-about",
                    attributes={"title": scenario.description},
                    children=[scenario.description],
                )
                Status(kept.view, request, _state(task.pending, task.error, phase.value), version.value)
            if task.error:
                rv.Html(tag="div", class_="as-error", attributes={"role": "alert"}, children=[_message(task.exception)])
            if kept.view:
                Results(kept.view, kept.reference(), kept.view.request.scenario != scenario_name)


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
    """The seed; what is not a seed is refused beside the field."""
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


@solara.component
def Status(view: View | None, request: Request, state: str, version: int) -> None:
    """One line: what is shown, how sure it is, and what is going on."""
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
def Results(view: View, calibrated: dict[str, list[float]] | None, stale: bool) -> None:
    """Board, map and charts of a run; `stale` if it is of another scenario than the one chosen."""
    key, set_key = solara.use_state("")
    ally, set_ally = solara.use_state("")
    other, set_other = solara.use_state("isolation")
    era = solara.use_memo(lambda: load_scenario(view.request.scenario).era, [view.request.scenario])
    tiles = solara.use_memo(lambda: _tiles(era), [era])
    item = next((row for row in view.board if row["key"] == key), view.board[0] if view.board else None)
    months = [month_label(month) for month in view.months]

    with rv.Html(tag="div", class_="as-results as-stale" if stale else "as-results"):
        with rv.Html(tag="section", class_="as-top"):
            with rv.Html(tag="div", class_="as-card as-board-card"):
                rv.Html(tag="h2", children=["Decision board"])
                Board(
                    rows=view.board,
                    decisions=list(DECISIONS),
                    names=country_names(),
                    selected=item["key"] if item else "",
                    ally=ally,
                    event_select_item=set_key,
                )
            with rv.Html(tag="div", class_="as-card as-map-card"):
                TileMap(
                    tiles=tiles,
                    allies=list(ALLIES),
                    names=country_names(),
                    months=months,
                    maps=view.maps,
                    averaged=min(PREVIEW, view.draws),
                    item=item,
                    ally=ally,
                    event_pick_ally=lambda iso3: set_ally("" if iso3 == ally else iso3),
                )
        with rv.Html(tag="header", class_="as-over-time"):
            rv.Html(tag="h2", children=["Outcomes over time"])
            shades = "Median, middle half and 5 to 95 % of the draws"
            dashed = "; dashed: median as calibrated" if calibrated else ""
            rv.Html(tag="span", class_="as-muted", children=[shades + dashed])
        with rv.Html(tag="section", class_="as-fans"):
            for name in PANELS:
                Fan(view, months, name, calibrated)
            Fan(view, months, other, calibrated, set_other)


@solara.component
def Fan(
    view: View,
    months: list[str],
    name: str,
    calibrated: dict[str, list[float]] | None,
    on_name: Callable[[str], None] | None = None,
) -> None:
    """The fan chart of an outcome; with `on_name` the outcome can be chosen."""
    outcome = OUTCOMES[name]
    second = ("without the U.S.", view.fans[ALONE]) if name == "deterrence" else None
    option = charts.fan(outcome, months, view.fans[name], second, calibrated[name] if calibrated else None)
    with rv.Html(tag="div", class_="as-card as-fan", attributes={"data-outcome": name}):
        with rv.Html(tag="header", attributes={"title": outcome.definition}):
            if on_name:
                items = [{"text": label(each), "value": each} for each in OTHERS]
                rv.Select(
                    items=items, v_model=name, on_v_model=on_name, dense=True, hide_details=True, class_="as-other",
                    menu_props={"offsetY": True},
                )  # fmt: skip
            else:
                rv.Html(tag="h3", children=[label(name)])
            rv.Html(tag="span", class_="as-muted", children=["without the U.S. in grey" if second else outcome.unit])
        solara.FigureEcharts(option=option, attributes={"style": "height: 150px"}, responsive=True)


def _state(pending: bool, failed: bool, phase: str) -> str:
    if pending:
        return phase or "computing"
    return "failed" if failed else "ready"


def _scenario_items() -> list[dict[str, str]]:
    """The latest era first, each under a heading."""
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


def _tiles(era: str) -> list[dict[str, Any]]:
    figures = facts(era)
    places = zip(ALLIES, figures.tile_col.tolist(), figures.tile_row.tolist(), strict=True)
    allies = [{"c": iso3, "k": column, "r": row, "ally": True} for iso3, column, row in places]
    others = [{"c": iso3, "k": column, "r": row, "ally": False} for iso3, (column, row) in figures.other_tiles.items()]
    return allies + others


def _message(error: BaseException | None) -> str:
    return str(error) if isinstance(error, InputError) else f"The run failed. {type(error).__name__}: {error}"
