"""The first page: what happens, what it costs, what would restore consensus, and the decisions by issue and time."""

from __future__ import annotations

from functools import partial
from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.explorer.answers.countries import country_names, squares
from alliance_sim.explorer.answers.futures import FIRST_FANS, View
from alliance_sim.explorer.answers.said import how, how_right, lead, why
from alliance_sim.explorer.answers.why import changes
from alliance_sim.explorer.components import Choice
from alliance_sim.explorer.components.charts import ENDINGS, Changes, Dots, Fan, Matrix, Tiles
from alliance_sim.explorer.components.words import Words
from alliance_sim.explorer.jobs import use_diagnosis
from alliance_sim.explorer.state import Session
from alliance_sim.explorer.terms import READING
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import FORUM_LABELS
from alliance_sim.registry.labels import GROUPS, ISSUE_LABELS, OUTCOME_GROUPS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.validation.published import published
from alliance_sim.wording import month_in_words

#: An outcome whose range is at most this wide is drawn on all of it, so that panels and runs compare at a glance.
WIDE = 2.0
#: Charts that stay; those after them show another outcome when one is chosen.
_FIXED = 3
#: Changes that the first page lists.
_MOST = 6


@solara.component
def Futures(session: Session) -> None:
    """The page, as soon as there is a result; paler while it is of another scenario than the one chosen."""
    view = session.view
    use_diagnosis(session)
    if view is None:
        return
    stale = (view.request.scenario, view.request.own) != (session.request.scenario, session.request.own)
    cell = next((each for each in view.cells if each["key"] == session.item), None)
    with rv.Html(tag="div", class_="as-results as-stale" if stale else "as-results"):
        with rv.Html(tag="section", class_="as-answer"):
            Said(session, view, cell)
            if cell:
                with rv.Html(tag="div", class_="as-card"):
                    endings = [
                        {**ending, "share": share} for ending, share in zip(ENDINGS, cell["shares"], strict=True)
                    ]
                    Dots(title=f"100 futures: {_name(cell)}", endings=endings)
                with rv.Html(tag="div", class_="as-card"):
                    known = session.diagnosed == (view.request, cell["key"])
                    Restore(session, cell, session.diagnosis if known else None)
        with rv.Html(tag="section", class_="as-board"):
            with rv.Html(tag="div", class_="as-card"):
                Board(session, view)
            if cell:
                with rv.Html(tag="div", class_="as-card"):
                    Objectors(session, cell)
        Words(READING)
        Outcomes(view)


@solara.component
def Said(session: Session, view: View, cell: dict[str, Any] | None) -> None:
    """What happens, who objects, what it costs, and where the model is weak."""
    found = view.headline
    largest, *rest = (sentence.replace("`", "") for sentence in found["sentences"])
    known = session.diagnosed == (view.request, cell["key"]) if cell else False
    # All lines, empty or not, so that each stays in its place.
    with rv.Html(tag="div", class_="as-said"):
        if cell is None:
            rv.Html(tag="h1", children=[largest]).key("alone")
            return
        rv.Html(tag="p", class_="as-muted", children=[f"{view.title}, set against a base: {view.base_title}"])
        rv.Html(tag="h1", children=[lead(cell, found["base"] is not None)])
        rv.Html(tag="p", children=[how(cell)])
        rv.Html(tag="p", class_="as-because", children=[why(session.diagnosis) if known and session.diagnosis else ""])
        key = f"{found['meeting']}/{found['issue']}"
        with rv.Html(tag="p"):
            rv.Html(tag="span", class_="as-headline", children=[largest])
            if key != session.item:
                solara.Button(
                    "Look at it", on_click=lambda: session.choose(item=key), text=True, small=True, classes=["as-link"]
                )
        # The first of the rest is on who objects, the last on how sure it is, which the line of state says.
        rv.Html(tag="p", class_="as-costs", children=[" ".join(rest[1:-1])])
        rv.Html(tag="p", class_="as-muted as-right", children=[how_right(cell["passes"])])
        with rv.Html(tag="details", class_="as-weak"):
            rv.Html(tag="summary", children=["Where the model is weak"])
            with rv.Html(tag="ul"):
                for point in published()["wrong"]:
                    rv.Html(tag="li", children=[point])


@solara.component
def Restore(session: Session, cell: dict[str, Any], found: dict[str, Any] | None) -> None:
    """What would restore consensus on the decision looked at, once it is found; a click moves the lever."""
    key = cell["key"]
    target = found["target"] if found else cell["base"] if cell["mark"] == "down" else 0.5
    helping = [each for each in found["restore"] if each["low"] > 0.0][:_MOST] if found else []
    rows = changes(found, helping) if found else []
    if found is None:
        note = "Searching for the smallest changes…"
    elif cell["passes"] >= target:
        note = "The text passes often enough: nothing to restore."
    elif not rows:
        note = "Nothing that was tried makes it pass clearly more often."
    else:
        note = f"The smallest change of each kind, alone; target {100 * target:.0f} %. Levels are 0 to 1. Click to try."

    Changes(
        title="What would restore consensus", note=note, rows=rows, now=cell["passes"], target=target, selected="",
        pending=found is None, event_pick=partial(session.add, key),
    )  # fmt: skip


@solara.component
def Board(session: Session, view: View) -> None:
    """Every decision, issues by time."""
    used = {cell["issue"]: None for cell in view.cells}
    Matrix(
        title="Who decides what, when: share of futures in which the text passes",
        note="Flags: events. Squares: decisions; click one to look into it.",
        months=view.months,
        issues=[{"name": name, "label": ISSUE_LABELS[name]} for name in used],
        cells=[{name: cell[name] for name in BOARD} for cell in view.cells],
        happenings=view.events,
        selected=session.item,
        event_select=lambda key: session.choose(item=key),
    )


#: What the board shows of a decision.
BOARD = ("key", "issue", "month", "forum", "held", "text", "shares", "passes", "base", "mark")


@solara.component
def Objectors(session: Session, cell: dict[str, Any]) -> None:
    """Who objects to the decision looked at."""
    rates, before = cell["objectors"], cell["before"]
    neutral = "; without the neutral members" if cell["forum"] == FORUM_LABELS["eu_council"] else ""
    more = [ally for ally in rates if cell["base"] is not None and rates[ally] >= before.get(ally, 0.0) + 0.1]
    Tiles(
        title=f"Who objects: {_name(cell)}",
        note=f"{cell['text']}. % of futures, whether the objection is met or not{neutral}",
        tiles=squares(),
        names=country_names(),
        values={ally: rates.get(ally, 0.0) if ally in cell["seated"] else None for ally in ALLIES},
        marks=more,
        unit="% of futures",
        top=0.5,
        kind="objection",
        selected=session.choice.value.ally,
        event_pick=lambda iso3: session.choose(ally="" if iso3 == session.choice.value.ally else iso3),
    )


@solara.component
def Outcomes(view: View) -> None:
    """Three outcomes over time, and any other that is chosen."""
    more, set_more = solara.use_state(FIRST_FANS[_FIXED:])

    def put(place: int, name: str) -> None:
        set_more((*more[:place], name, *more[place + 1 :]))

    rv.Html(
        tag="p",
        class_="as-muted",
        children=[f"Median, middle half and 5 to 95 % of the futures; dashed: median of {view.base_title}"],
    )
    with rv.Html(tag="section", class_="as-fans"):
        for name in FIRST_FANS[:_FIXED]:
            with rv.Html(tag="div", class_="as-card", attributes={"data-outcome": name}):
                OneFan(view, name)
        for place, name in enumerate(more):
            if name in view.fans:
                with rv.Html(tag="div", class_="as-card", attributes={"data-outcome": name}):
                    Choice(
                        name=f"outcome-{place}",
                        label="Outcome",
                        value=name,
                        groups=outcome_groups(),
                        event_pick=partial(put, place),
                    )
                    OneFan(view, name)


@solara.component
def OneFan(view: View, name: str) -> None:
    """The fan chart of an outcome."""
    outcome, fan = OUTCOMES[name], view.fans[name]
    wide = outcome.high - outcome.low <= WIDE
    label = OUTCOME_LABELS[name]
    Fan(
        title=label[0].upper() + label[1:],
        note=outcome.unit,
        definition=outcome.definition,
        months=view.months,
        bands={key: fan[key] for key in ("p05", "p25", "p50", "p75", "p95")},
        base=fan["base"],
        own_name="here",
        base_name="base",
        happenings=[{"month": event["month"], "label": event["label"]} for event in view.events],
        low=outcome.low if wide else None,
        high=outcome.high if wide else None,
        digits=2,
    )


def _name(cell: dict[str, Any]) -> str:
    return f"{cell['label']}, {month_in_words(cell['month'])}"


def outcome_groups() -> list[dict[str, Any]]:
    """Return all outcomes as the groups of a choice.

    Examples
    --------
    >>> sum(len(group["options"]) for group in outcome_groups()) == len(OUTCOMES)
    True
    """
    return [
        {
            "label": group,
            "options": [
                {"value": name, "text": OUTCOME_LABELS[name]} for name in OUTCOMES if OUTCOME_GROUPS[name] == group
            ],
        }
        for group in GROUPS
    ]
