"""The futures of a scenario: the decision board, the map, and outcomes over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.calibration import facts
from alliance_sim.explorer import charts
from alliance_sim.explorer.components import Board, TileMap
from alliance_sim.explorer.components.controls import Controls
from alliance_sim.explorer.components.status import Failure, Status
from alliance_sim.explorer.jobs import run_state, use_run
from alliance_sim.explorer.results import PREVIEW, country_names, label, month_label
from alliance_sim.explorer.state import Session, View
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import load_scenario

#: Outcomes with a chart of their own; `ALONE` is in the chart of deterrence, and the last chart shows one of `OTHERS`.
PANELS = ("cohesion", "consensus_capacity", "threat_gap", "mean_guarantee_confidence", "deterrence")
ALONE = "deterrence_without_us"
OTHERS = tuple(name for name in OUTCOMES if name not in (*PANELS, ALONE))


@solara.component
def Futures(session: Session) -> None:
    """The page."""
    scenario_name = session.scenario.value
    scenario = solara.use_memo(lambda: load_scenario(scenario_name), [scenario_name])
    task = use_run(session)
    view = session.cache.view
    with rv.Html(tag="div", class_="as-page"):
        Controls(session, scenario)
        with rv.Html(tag="main", class_="as-main"):
            with rv.Html(tag="header", class_="as-head"):
                rv.Html(tag="h1", children=[scenario.title])
                rv.Html(
                    tag="p",
                    class_="as-about",
                    attributes={"title": scenario.description},
                    children=[scenario.description],
                )
                Status(view, session.request, run_state(task, session), session.version.value)
            if task.error:
                Failure(task.exception)
            if view:
                Results(session, view)


@solara.component
def Results(session: Session, view: View) -> None:
    """Board, map and charts of a run; paler while it is of another scenario than the one chosen."""
    calibrated = session.cache.reference()
    stale = view.request.scenario != session.scenario.value
    ally = session.ally.value
    other, set_other = solara.use_state("isolation")
    era = solara.use_memo(lambda: load_scenario(view.request.scenario).era, [view.request.scenario])
    tiles = solara.use_memo(lambda: _tiles(era), [era])
    item = next((row for row in view.board if row["key"] == session.item.value), view.board[0] if view.board else None)
    months = [month_label(month) for month in view.months]

    with rv.Html(tag="div", class_="as-results as-stale" if stale else "as-results"):
        first, *rest = view.said
        rv.Html(tag="p", class_="as-said", children=[rv.Html(tag="strong", children=[first]), " ", " ".join(rest)])
        with rv.Html(tag="section", class_="as-top"):
            with rv.Html(tag="div", class_="as-card as-board-card"):
                rv.Html(tag="h2", children=["Decision board"])
                Board(
                    rows=view.board,
                    decisions=list(DECISIONS),
                    names=country_names(),
                    selected=item["key"] if item else "",
                    ally=ally,
                    event_select_item=session.item.set,
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
                    event_pick_ally=lambda iso3: session.ally.set("" if iso3 == ally else iso3),
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


def _tiles(era: str) -> list[dict[str, Any]]:
    figures = facts(era)
    places = zip(ALLIES, figures.tile_col.tolist(), figures.tile_row.tolist(), strict=True)
    allies = [{"c": iso3, "k": column, "r": row, "ally": True} for iso3, column, row in places]
    others = [{"c": iso3, "k": column, "r": row, "ally": False} for iso3, (column, row) in figures.other_tiles.items()]
    return allies + others
