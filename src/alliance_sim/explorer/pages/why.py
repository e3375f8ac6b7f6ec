"""Why a decision ends as it does: the texts on the table, who objects and why, and the decision without an ally."""

from __future__ import annotations

from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.analysis.words import FAILURES, STAGES
from alliance_sim.explorer.components import Choice
from alliance_sim.explorer.components.charts import Intervals
from alliance_sim.explorer.components.status import Failure
from alliance_sim.explorer.components.tables import DataTable, head
from alliance_sim.explorer.jobs import use_diagnosis
from alliance_sim.explorer.pages.futures import Restore
from alliance_sim.explorer.state import Session
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS, FORUM_NAMES, RULE_LABELS
from alliance_sim.wording import month_in_words, percent_cell

#: Parts of what an ally weighs, each with what it means.
_PARTS = {
    "loss": "what it loses by the text",
    "alone": "what it bears alone",
    "company": "what it bears more for not standing alone against all",
    "patron": "what it bears more for the United States",
    "stake": "what it holds back over another matter",
}
#: Allies that the table lists.
_MOST = 12


@solara.component
def Why(session: Session) -> None:
    """The page."""
    view, task = session.view, use_diagnosis(session)
    with rv.Html(tag="div", class_="as-results as-exper-tables"):
        if view is None or not session.item:
            rv.Html(tag="p", children=["No meeting decides anything here." if view else "Computing…"])
            return
        with rv.Html(tag="header"):
            Choice(
                name="item",
                label="Decision",
                value=session.item,
                options=[_option(cell) for cell in view.cells],
                event_pick=lambda key: session.choose(item=key),
            )
        if task.error:
            Failure(task.exception)
        cell = next(each for each in view.cells if each["key"] == session.item)
        if session.diagnosis is None or session.diagnosed is None or session.diagnosed[1] != session.item:
            rv.Html(tag="p", class_="as-muted", children=["Looking into the meeting…"])
            return
        stale = session.diagnosed[0] != session.request
        with rv.Html(tag="div", class_="as-results as-stale" if stale else "as-results"):
            Found(session, session.diagnosis, cell)


@solara.component
def Found(session: Session, found: dict[str, Any], cell: dict[str, Any]) -> None:
    """What was found about a decision."""
    with rv.Html(tag="div", class_="as-said"):
        rv.Html(tag="h1", children=[found["sentence"]])
        rv.Html(tag="p", children=[found["conclusion"]])
        rule, forum = RULE_LABELS[found["rule"]], FORUM_NAMES[found["forum"]]
        about = f"{found['meeting_title']}, {month_in_words(found['month'])}, {forum}; rule: {rule}; “{found['text']}”"
        rv.Html(tag="p", class_="as-muted", children=[about])
    with rv.Html(tag="section", class_="as-fans"):
        with rv.Html(tag="div", class_="as-card"):
            ends = [[DECISION_LABELS[name], 100 * share] for name, share in found["outcomes"].items()]
            rv.Html(tag="h2", children=["How it ends, % of futures"])
            DataTable(caption="How it ends, % of futures", heads=[head("ending"), head("%", 0)], rows=ends)
        with rv.Html(tag="div", class_="as-card"):
            failures = found["failures"] or {}
            rows = [[FAILURES[name], 100 * share] for name, share in failures.items()]
            rv.Html(tag="h2", children=["Why it fails, % of failures"])
            DataTable(caption="Why it fails, % of failures", heads=[head("reason"), head("%", 0)], rows=rows)
        with rv.Html(tag="div", class_="as-card"):
            texts = [
                [STAGES[each["stage"]], each["mean"], _range(each), 100 * each["share"]] for each in found["texts"]
            ]
            heads = [head("text"), head("level", 2), head("5 to 95 %"), head("% of futures", 0)]
            rv.Html(tag="h2", children=[f"The texts; {found['reversion']:.2f} holds without one"])
            DataTable(caption=f"The texts; {found['reversion']:.2f} holds without one", heads=heads, rows=texts)
    with rv.Html(tag="section", class_="as-board"):
        with rv.Html(tag="div", class_="as-card"):
            Allies(found)
        with rv.Html(tag="div", class_="as-card"):
            if session.view:
                Restore(session, session.view, cell)
            Without(session, found)


@solara.component
def Allies(found: dict[str, Any]) -> None:
    """Who objects, how it shows, and what each weighs."""
    names = ["objects", "anticipated", "speaks against", "alone", "least willing"]
    heads = [head("ally"), *(head(f"{name}, %", 0) for name in names), *(head(name, 3) for name in _PARTS)]
    rows = []
    for each in found["allies"][:_MOST]:
        weights = each["weights_failed"] or each["weights"] or {}
        shares = [each["objects"], _first(each["rounds"]), each["voiced"], each["alone"], each["pivotal"]]
        parts = [weights.get(name) for name in _PARTS]
        rows.append([ALLY_NAMES[each["ally"]], *(100 * share for share in shares), *parts])
    rv.Html(tag="h2", children=["Who objects, and what each weighs"])
    DataTable(caption="Who objects, and what each weighs", heads=heads, rows=rows, file="allies.csv")
    meaning = "; ".join(f"{name}: {text}" for name, text in _PARTS.items())
    note = (
        f"Means over the futures in which the text fails. It objects where the loss is more than it bears. {meaning}."
    )
    rv.Html(tag="p", class_="as-muted", children=[note])


@solara.component
def Without(session: Session, found: dict[str, Any]) -> None:
    """What the chance to pass would be without an ally at the table."""
    rows = [
        {
            "key": each["ally"],
            "label": ALLY_NAMES[each["ally"]],
            "value": round(100 * each["difference"], 1),
            "low": round(100 * each["low"], 1),
            "high": round(100 * each["high"], 1),
            "text": f"{100 * each['difference']:+.0f}, to {percent_cell(each['passing'], '0')} %",
        }
        for each in found["without"]
    ]
    Intervals(
        title="Without an ally at the table",
        note="Change of the chance to pass, in points, with its 95 % interval",
        rows=rows,
        unit="points",
        event_pick=lambda ally: session.choose(ally=ally),
    )


def _option(cell: dict[str, Any]) -> dict[str, str]:
    return {"value": cell["key"], "text": f"{month_in_words(cell['month'])}, {cell['forum']}: {cell['label']}"}


def _range(text: dict[str, Any]) -> str:
    return "" if text["mean"] is None else f"{text['p05']:.2f} to {text['p95']:.2f}"


def _first(rounds: dict[Any, float]) -> float:
    """Return the share in which an objection was expected before the text was tabled."""
    return rounds.get("0", 0.0)
