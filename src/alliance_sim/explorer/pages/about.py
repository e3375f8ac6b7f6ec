"""About: what the model says and cannot say, how well it does, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.explorer.answering import StateLine, use_answer
from alliance_sim.explorer.answers.about import (
    calibrated,
    claims,
    forecasts,
    glossary,
    not_said,
    scenarios,
    statements,
)
from alliance_sim.explorer.components.tables import DataTable, head
from alliance_sim.explorer.state import Session
from alliance_sim.validation.hindcast_scores import RATES
from alliance_sim.wording import percent

#: What a run gives, without a number: numbers are from data.
SAYS = (
    "Which decisions are adopted, watered down, never tabled or blocked, when, and who objects.",
    "How a what-if changes this, draw by draw, against the same futures without it.",
    "Which smallest changes would let a text pass.",
)


@solara.component
def About(session: Session) -> None:
    """The page; it is the same whatever `session` has chosen."""
    with rv.Html(tag="main", class_="as-main as-exper"):
        with rv.Html(tag="header", class_="as-head"):
            rv.Html(tag="h1", children=["About the model"])
            text = "A simulation of how NATO decides by consensus when its members see Russia differently."
            rv.Html(tag="p", class_="as-about", children=[text])
        Limits()
        Forecasts()
        Wrong()
        Claims()
        Documents()
        Scenarios()
        Glossary()


@solara.component
def Card(title: str, children: Sequence[solara.Element[Any]] = ()) -> None:
    """A section under a title."""
    heading = rv.Html(tag="h2", children=[title])
    rv.Html(tag="section", class_="as-card", attributes={"aria-label": title}, children=[heading, *children])


def _points(points: Sequence[str]) -> None:
    with rv.Html(tag="ul", class_="as-exper-list"):
        for point in points:
            first, stop, rest = point.partition(". ")
            rv.Html(tag="li", children=[rv.Html(tag="b", children=[first + stop]), rest] if rest else [point])


@solara.component
def Limits() -> None:
    """What it says, what it cannot say, what it must not be used for, and what it rests on."""
    said = solara.use_memo(not_said, [])
    basis = solara.use_memo(calibrated, [])
    with rv.Html(tag="div", class_="as-exper-two"):
        with Card("What it says"):
            _points(SAYS)
            rv.Html(tag="h2", children=["What it cannot say"])
            _points(basis["limits"])
        with Card("What it must not be used for"):
            _points(said["not_for"])
        with Card("How it is calibrated"):
            rv.Html(
                tag="p",
                children=[
                    f"Perceptions and positions of governments are measured from {basis['statements']} statements of "
                    "two documents, coded by two coders, from acts and leanings of governments and from public figures "
                    f"({basis['figures']:,} rows). Behaviour is fitted to {basis['decisions']} recorded decisions and "
                    f"to spending. The record counts at power {basis['power']:g} only, the most at which the weights "
                    f"of the fit can be trusted (Pareto k {basis['k']:.2f}); most parameters keep their priors, and "
                    "those are judgement."
                ],
            )
            _points(basis["documents"])


@solara.component
def Forecasts() -> None:
    """Scores of forecasts of the record."""
    made = solara.use_memo(forecasts, [])
    with Card("Does it forecast?"):
        rv.Html(
            tag="p",
            children=[
                f"Fits to earlier years forecast {made['items']} recorded decisions of {made['years']}, one at a time "
                f"({made['draws']:,} runs of each, seed {made['seed']}). “{_mixed(made)}” weighs the model with what "
                "texts did before in the same forum. Scores of texts are lower for better forecasts; the area under "
                "the curve is higher. Intervals of the difference hold 95 %."
            ],
        )
        rv.Html(tag="p", children=[rv.Html(tag="b", children=[" ".join(_verdicts(made))])])
        heads = [head("score"), head("model"), head("its score", 3), head("against"), head("its score", 3)]
        heads += [head("difference", 3), head("from", 3), head("to", 3), head("the model is")]
        keys = ("score", "model", "value", "against", "other", "difference", "low", "high", "verdict")
        DataTable(
            caption="Scores of forecasts",
            heads=heads,
            rows=[[row[key] for key in keys] for row in made["scores"]],
            marked=[at for at, row in enumerate(made["scores"]) if row["verdict"] != "not clear"],
            file="scores.csv",
        )
        for row in made["spending"]:
            text = (
                f"Spending, {row['model']}: {percent(made['level'])} intervals hold {percent(row['coverage'])} of "
                f"{row['figures']} figures; mean error (CRPS) {row['error']:.3f} % of GDP."
            )
            rv.Html(tag="p", children=[text])
        with rv.Html(tag="details"):
            rv.Html(tag="summary", children=["Does what it expects to pass, pass?"])
            heads = [head("model"), head("expected to pass", 2), head("passed", 2), head("items", 0)]
            rows = [[row["model"], row["forecast"], row["passed"], row["n"]] for row in made["passing"]]
            DataTable(caption="Expected and passed", heads=heads, rows=rows, file="passing.csv")
        with rv.Html(tag="details"):
            rv.Html(tag="summary", children=["Items that past rates forecast better by most"])
            heads = [head("item"), head("month"), head("text"), head("ended"), head("chance by the model", 2)]
            heads += [head("by past rates", 2)]
            columns = ("id", "month", "text", "decision", "model", "rates")
            rows = [[row[key] for key in columns] for row in made["defeated"]]
            DataTable(caption="Items that defeat it", heads=heads, rows=rows, file="defeated.csv")


@solara.component
def Claims() -> None:
    """Claims of the documents, tested."""
    tested = solara.use_memo(claims, [])
    with Card("Does it say what the documents say?"):
        rv.Html(
            tag="p",
            attributes={"data-claims": "derived"},
            children=[
                f"Derived claims: {tested['holds']} of {tested['derived']} hold, {tested['undecided']} undecided, "
                f"{tested['fails']} failed ({tested['draws']:,} paired draws, seed {tested['seed']}). A claim is "
                "derived if no input and no single equation gives it; only these test the model. The others were used "
                "to choose an equation, or follow from how it is built."
            ],
        )
        keys = ("id", "kind", "source", "text", "expected", "observed", "verdict")
        DataTable(
            caption="Claims of the documents",
            heads=[*(head(key) for key in ("claim", "kind", "source", "says", "expected", "observed", "verdict"))],
            rows=[[row[key] for key in keys] for row in tested["rows"]],
            marked=[at for at, row in enumerate(tested["rows"]) if row["kind"] == "derived"],
            searchable=True,
            file="claims.csv",
        )


@solara.component
def Wrong() -> None:
    """Where it is known to be wrong: after the items that defeat it, which it names."""
    with Card("Where it is known to be wrong"):
        _points(solara.use_memo(not_said, [])["wrong"])


def _verdicts(made: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each model: how it does against past rates of the forum in the first score."""
    words = {"better": "better than", "worse": "worse than", "not clear": "not clearly better or worse than"}
    for row in made["scores"]:
        if row["score"] == made["scores"][0]["score"] and row["against"] == RATES:
            yield f"{row['model']}: {words[row['verdict']]} past {RATES} ({row['value']:.3f}, they {row['other']:.3f})."


def _mixed(made: dict[str, Any]) -> str:
    return next(str(row["model"]) for row in made["scores"] if "mixed" in row["model"])


@solara.component
def Documents() -> None:
    """The two documents, statement by statement."""
    task = use_answer(statements, [])
    with Card("The documents, statement by statement"):
        text = (
            "In our words; the texts are not part of the project. “Read as” is what the coders took a statement for: "
            "it feeds the perceptions and positions of its actors. Parameters are those that name its paragraph as "
            "their source."
        )
        rv.Html(tag="p", class_="as-muted", children=[text])
        StateLine("Reading the statements", task)
        for document in task.value or []:
            with rv.Html(tag="details", attributes={"data-document": document["label"]}):
                rv.Html(tag="summary", children=[f"{document['line']}: {len(document['rows'])} statements"])
                keys = ("id", "paragraph", "actors", "statement", "read_as", "parameters")
                heads = [
                    head("statement"),
                    head("¶", 0),
                    head("actors"),
                    head("says"),
                    head("read as"),
                    head("parameters"),
                ]
                DataTable(
                    caption=f"Statements of document {document['label']}",
                    heads=heads,
                    rows=[[row[key] for key in keys] for row in document["rows"]],
                    searchable=True,
                    file=f"document-{document['label']}.csv",
                )


@solara.component
def Scenarios() -> None:
    """The bundled scenarios."""
    task = use_answer(scenarios, [])
    with Card("The scenarios"):
        StateLine("Reading the scenarios", task)
        if task.value:
            rows = [[each["title"], each["period"], each["about"], each["name"]] for each in task.value]
            heads = [head("title"), head("period"), head("what it is"), head("name")]
            DataTable(caption="Scenarios", heads=heads, rows=rows, searchable=True, file="scenarios.csv")


@solara.component
def Glossary() -> None:
    """Every outcome."""
    rows = solara.use_memo(glossary, [])
    with Card("What the outcomes mean"):
        text = (
            "“Better” is the direction of more cohesion or deterrence. A run is summed up by the mean over its months "
            "or by its last."
        )
        rv.Html(tag="p", class_="as-muted", children=[text])
        keys = ("label", "definition", "unit", "better", "summary", "group", "name")
        DataTable(
            caption="Outcomes",
            heads=[
                head("outcome"),
                *(head(key) for key in ("definition", "unit", "better", "summed up by", "group", "name")),
            ],
            rows=[[row[key] for key in keys] for row in rows],
            searchable=True,
            file="outcomes.csv",
        )
