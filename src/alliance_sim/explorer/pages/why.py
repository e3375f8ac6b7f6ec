"""Why a decision ends as it does: a tree of endings and reasons, and what one ally weighs and rests on."""

from __future__ import annotations

from functools import partial
from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.explorer import levers
from alliance_sim.explorer.answering import StateLine, use_answer
from alliance_sim.explorer.answers import why
from alliance_sim.explorer.answers.evidence import evidence_of
from alliance_sim.explorer.components import Choice
from alliance_sim.explorer.components.charts import Changes, Intervals, Levels, Weights
from alliance_sim.explorer.components.controls import DecisionLever
from alliance_sim.explorer.components.status import Failure
from alliance_sim.explorer.components.tables import DataTable, head
from alliance_sim.explorer.components.why import EvidenceRows, Tree
from alliance_sim.explorer.jobs import use_diagnosis
from alliance_sim.explorer.pages.futures import Restore
from alliance_sim.explorer.state import Session
from alliance_sim.registry.labels import ALLY_NAMES, FORUM_NAMES, RULE_LABELS
from alliance_sim.wording import month_in_words, percent_cell


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
            rv.Html(tag="p", class_="as-muted", children=["Looking into the meeting…"]).key("waiting")
            return
        stale = session.diagnosed[0] != session.request
        attributes = {"data-diagnosed": "" if stale else session.item}
        with rv.Html(tag="div", class_="as-results as-stale" if stale else "as-results", attributes=attributes):
            Found(session, session.diagnosis, cell).key(session.item)


@solara.component
def Found(session: Session, found: dict[str, Any], cell: dict[str, Any]) -> None:
    """What was found about a decision."""
    ally = why.ally_of(found, session.choice.value.ally)
    with rv.Html(tag="div", class_="as-said"):
        rv.Html(tag="h1", children=[found["sentence"]])
        rv.Html(tag="p", children=[found["conclusion"]])
        rule, forum = RULE_LABELS[found["rule"]], FORUM_NAMES[found["forum"]]
        about = f"{found['meeting_title']}, {month_in_words(found['month'])}, {forum}; rule: {rule}; “{found['text']}”"
        rv.Html(tag="p", class_="as-muted", children=[about])
    with rv.Html(tag="section", class_="as-why"):
        with rv.Html(tag="div", class_="as-why-column"):
            with rv.Html(tag="div", class_="as-card"):
                Ends(session, found, ally["ally"] if ally else "")
            with rv.Html(tag="div", class_="as-card"):
                note = (
                    "0 is no response, 1 the strongest; right: mean, and the % of futures in which there is such a text"
                )
                Levels(title="The text on its way", note=note, rows=why.levels(found), reversion=found["reversion"])
            with rv.Html(tag="div", class_="as-card"):
                Restore(session, cell, found)
            with rv.Html(tag="div", class_="as-card"):
                Without(session, found)
        with rv.Html(tag="div", class_="as-card as-why-ally"):
            if ally:
                OneAlly(session, found, ally)
            else:
                rv.Html(tag="p", children=["No ally is asked in any future."])
    Allies(found)


@solara.component
def Ends(session: Session, found: dict[str, Any], ally: str) -> None:
    """How it ends and why, as a tree."""
    reasons = found["failures"] or {}
    main = max(reasons, key=lambda name: reasons[name], default="")
    rv.Html(tag="h2", children=["How it ends, and why"])
    Tree(
        label="How it ends, and why",
        nodes=why.tree(found),
        opened=["passes", "fails", "why", main],
        ally=ally,
        event_pick=lambda chosen: session.choose(ally=chosen),
    )
    note = "A line opens by click or arrow keys; an ally is shown beside. Why it fails is known over all failures only."
    rv.Html(tag="p", class_="as-chart-key", children=[note])


@solara.component
def OneAlly(session: Session, found: dict[str, Any], ally: dict[str, Any]) -> None:
    """One ally: how often it objects, what it weighs, the table without it, another leader, its evidence."""
    iso3, parts = ally["ally"], why.weights(ally)
    Choice(
        name="ally",
        label="Ally",
        value=iso3,
        options=[_named(each["ally"]) for each in found["allies"]],
        event_pick=lambda chosen: session.choose(ally=chosen),
    )
    rv.Html(tag="p", attributes={"data-said": iso3}, children=[why.said(ally)])
    if parts:
        position = parts.pop("position")
        over = "in which the text fails" if ally["weights_failed"] else "in which it is asked"
        note = (
            f"Thousandths of the squared distance between levels, means over the futures {over}. "
            f"It wants {position:.2f}, where {found['reversion']:.2f} holds."
        )
        Weights(title="What it weighs", note=note, **parts)
    rv.Html(tag="h3", children=["Without it at the table"])
    rv.Html(tag="p", attributes={"data-without": iso3}, children=[why.without(found, iso3)])
    Leader(session, found, iso3)
    Evidence(session, iso3, found["issue"])


@solara.component
def Leader(session: Session, found: dict[str, Any], ally: str) -> None:
    """Another leader of an ally: what was tried, and the lever."""
    request, item = session.request, session.item
    known = solara.use_memo(lambda: levers.decision_levers(request, item), [request.scenario, request.own, item])
    kind = "president." if ally == "USA" else f"government.{ally}"
    several = [lever for name, lever in known.items() if name.startswith(kind)]

    if rows := why.leader_rows(found, ally):
        Changes(
            title="With another leader", note="Futures in which the text passes. Click one to make the change.",
            rows=rows, now=found["passing"], target=found["target"], selected="", pending=False,
            event_pick=partial(session.add, item),
        )  # fmt: skip
    else:
        rv.Html(tag="h3", children=["With another leader"])
    if several:
        DecisionLever(session, f"{item}/", several, kind.partition(".")[0]).key(f"{request.scenario}/{item}/{kind}")
    note = (
        "Presidents are measured from documents, as evidence says."
        if ally == "USA"
        else "0.1 of perceived threat for each class of the coded lean (1 to 5), as for changes since 2014: judgement."
    )
    rv.Html(tag="p", class_="as-chart-key", children=[note])


@solara.component
def Evidence(session: Session, ally: str, issue: str) -> None:
    """What the numbers of an ally rest on."""
    era = session.request.as_written().era
    answer = use_answer(lambda: (ally, issue, evidence_of(ally, issue, era)), [ally, issue, era])
    rv.Html(tag="h3", children=["What its numbers rest on"])
    StateLine("Looking up the evidence", answer)
    if answer.value and answer.value[:2] == (ally, issue):
        with rv.Html(tag="div", attributes={"data-evidence": ally}):
            EvidenceRows(**answer.value[2])


@solara.component
def Without(session: Session, found: dict[str, Any]) -> None:
    """What the chance to pass would be without each of the most frequent objectors at the table."""
    rows = [
        {
            "key": each["ally"],
            "label": _named(each["ally"])["text"],
            "value": round(100 * each["difference"], 1),
            "low": round(100 * each["low"], 1),
            "high": round(100 * each["high"], 1),
            "text": f"{100 * each['difference']:+.0f}, to {percent_cell(each['passing'], '0')} %",
        }
        for each in found["without"]
    ]
    Intervals(
        title="Without an ally at the table",
        note="Change of the chance to pass, in points, with its 95 % interval. Click one to look into it.",
        rows=rows,
        unit="points",
        event_pick=lambda ally: session.choose(ally=ally),
    )


@solara.component
def Allies(found: dict[str, Any]) -> None:
    """All allies in a table that can be saved."""
    names = ["objects", "anticipated", "speaks against", "alone", "least willing"]
    heads = [head("ally"), *(head(f"{name}, %", 0) for name in names)]
    heads += [head(name, 3) for name in ("loss", *why.PARTS)]
    with rv.Html(tag="details", class_="as-card as-why-all"):
        rv.Html(tag="summary", children=["All allies as a table"])
        DataTable(caption="All allies", heads=heads, rows=why.table(found), file="allies.csv")
        meaning = "; ".join(f"{name}: {text}" for name, text in why.PARTS.items())
        note = (
            f"Means over the futures in which the text fails. It bears, {meaning}. It objects where the loss is more."
        )
        rv.Html(tag="p", class_="as-muted", children=[note])


def _option(cell: dict[str, Any]) -> dict[str, str]:
    return {"value": cell["key"], "text": f"{month_in_words(cell['month'])}, {cell['forum']}: {cell['label']}"}


def _named(ally: str) -> dict[str, str]:
    name = ALLY_NAMES[ally]
    return {"value": ally, "text": name[:1].upper() + name[1:]}
