"""The analyses of an experiment, one component each: they take its results, the outcome and what it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.analysis.policy import Better
from alliance_sim.experiments.results import Results
from alliance_sim.explorer.answering import Answer, StateLine, use_answer
from alliance_sim.explorer.answers.analyses import conditions, drivers, policies, spread, two_inputs, worst_fifth
from alliance_sim.explorer.answers.experiments import input_labels, variant_labels
from alliance_sim.explorer.components import Choice, Number
from alliance_sim.explorer.components.charts import Intervals
from alliance_sim.explorer.components.tables import Boxes, DataTable, HeatMap, Histograms, head
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.wording import counted, percent

#: With more policies than this, runs are shown by the options of one lever.
FEW = 8


def _said(*texts: str) -> None:
    for text in texts:
        rv.Html(tag="p", class_="as-muted", children=[text])


def _stack(task: Answer[Any]) -> str:
    """Return the class of an analysis: paler while it still shows the answer before."""
    return "as-results as-stale" if task.state == "computing" else "as-results"


def _policy(levers: list[str], options: list[str]) -> str:
    return ", ".join(f"{lever}: {option}" for lever, option in zip(levers, options, strict=True))


def _digits(low: float, high: float) -> int:
    return 3 if high - low < 0.5 else 2


@solara.component
def Spread(found: Results, outcome: str, about: dict[str, Any]) -> None:
    """Distribution over all runs."""
    levers = [lever["name"] for lever in about["levers"]]
    by, set_by = solara.use_state("scenario" if len(found.variants) <= FEW else levers[0])
    task = use_answer(lambda: (by, spread(found, outcome, by)), [outcome, by])
    with rv.Html(tag="div", class_=_stack(task)):
        if levers:
            options = [
                {"value": "scenario", "text": "every policy"},
                *({"value": name, "text": name} for name in levers),
            ]
            Choice(name="by", label="By", options=options, value=by, event_pick=set_by)
        StateLine("Counting the runs", task)
        if task.value:
            shown, answer = task.value
            _said(
                f"Share of runs by value ({answer['unit']}); the line is the median. Right: it, and 5 to 95 % of runs."
            )
            low, high = answer["low"], answer["high"]
            Histograms(groups=answer["groups"], low=low, high=high, digits=_digits(low, high))
            keys = ("name", "runs", "mean", "p05", "p50", "p95")
            heads = [head("" if shown == "scenario" else shown), head("runs", 0)]
            heads += [head(text, 3) for text in ("mean", "5 %", "median", "95 %")]
            rows = [[group[key] for key in keys] for group in answer["groups"]]
            DataTable(
                caption="Distribution", heads=heads, rows=rows, file=f"{found.folder.name}-{outcome}-distribution.csv"
            )


@solara.component
def TwoInputs(found: Results, outcome: str, about: dict[str, Any]) -> None:
    """Mean of the outcome, or share in which a text passes, by two inputs."""
    labels = input_labels(found)
    names = list(labels)
    across, set_across = solara.use_state(names[0])
    down, set_down = solara.use_state(names[1])
    text, set_text = solara.use_state("")
    chosen = across, down, outcome, text
    task = use_answer(lambda: (chosen, two_inputs(found, *chosen)), [chosen])

    def options(other: str) -> list[dict[str, str]]:
        return [{"value": name, "text": label} for name, label in labels.items() if name != other]

    with rv.Html(tag="div", class_=_stack(task)):
        with rv.Html(tag="div", class_="as-exper-choices"):
            Choice(name="across", label="Across", options=options(down), value=across, event_pick=set_across)
            Choice(name="down", label="Down", options=options(across), value=down, event_pick=set_down)
            if about["texts"]:
                first = {"value": "", "text": "the mean of the outcome"}
                Choice(name="show", label="Show", options=[first, *about["texts"]], value=text, event_pick=set_text)
        StateLine("Averaging the runs", task)
        if task.value:
            (x, y, _, of_text), answer = task.value
            _said(
                "Share of runs in which the text passes, as it was or in a weaker form."
                if of_text
                else f"Mean ({answer['unit']}); stronger colour: higher."
            )
            HeatMap(
                caption="Two inputs",
                across_label=labels[x],
                down_label=labels[y],
                across=answer["across"],
                down=answer["down"],
                cells=answer["cells"],
                runs=answer["runs"],
                percent=bool(of_text),
            )
            places = [(row, column) for row in range(len(answer["down"])) for column in range(len(answer["across"]))]
            rows = [
                [
                    answer["down"][row],
                    answer["across"][column],
                    answer["cells"][row][column],
                    answer["runs"][row][column],
                ]
                for row, column in places
            ]
            heads = [head(labels[y]), head(labels[x]), head("share" if of_text else "mean", 3), head("runs", 0)]
            with rv.Html(tag="details"):
                rv.Html(tag="summary", children=["As a list"])
                DataTable(caption="As a list", heads=heads, rows=rows, file=f"{found.folder.name}-{y}-{x}.csv")


@solara.component
def Drivers(found: Results, outcome: str, about: dict[str, Any]) -> None:
    """Sensitivity indices."""
    scenarios = variant_labels(found)
    scenario, set_scenario = solara.use_state(next(iter(scenarios)))
    task = use_answer(lambda: drivers(found, outcome, scenario), [outcome, scenario])
    with rv.Html(tag="div", class_=_stack(task)):
        if len(scenarios) > 1:
            options = [{"value": name, "text": label} for name, label in scenarios.items()]
            Choice(name="policy", label="Policy", options=options, value=scenario, event_pick=set_scenario)
        StateLine("Estimating the indices", task)
        if answer := task.value:
            screening = answer["method"] == "morris"
            if screening:
                _said(
                    "How much the outcome changes on average when this alone moves by half of its range (Morris), in "
                    f"{answer['unit']}, with 95 % intervals."
                )
            else:
                _said(
                    "Share of the variance between points that is due to this, alone and together with others (Sobol, "
                    "total order), with 95 % intervals. Intervals that reach far beyond 0 and 1 call for more points."
                )
            Intervals(
                title="Sensitivity",
                note="Point and 95 % interval; hollow where it holds 0.",
                rows=[
                    {
                        **row,
                        "key": row["name"],
                        "label": f"{row['label']} ({row['name']})",
                        "text": f"{row['value']:.3f}",
                    }
                    for row in answer["rows"]
                ],
                unit="",
                choosable=False,
            )
            if answer["chance"] is not None:
                _said(f"{percent(answer['chance'])} of the variance of single runs is due to draws of all else.")
            names = ["mean absolute change", "low", "high", "spread of it", "mean change"]
            names = names if screening else ["total", "low", "high", "alone"]
            heads = [head("parameter"), head("meaning"), *(head(name, 4) for name in names)]
            keys = ("name", "label", "value", "low", "high", "other", "change")[: len(heads)]
            rows = [[row[key] for key in keys] for row in answer["rows"]]
            with rv.Html(tag="details"):
                rv.Html(tag="summary", children=["As a table"])
                DataTable(
                    caption="Sensitivity", heads=heads, rows=rows, file=f"{found.folder.name}-{outcome}-sensitivity.csv"
                )


@solara.component
def Conditions(found: Results, outcome: str, about: dict[str, Any]) -> None:
    """Conditions under which the outcome is beyond a bound."""
    given, set_given = solara.use_state(("", ""))
    problem, set_problem = solara.use_state("")

    def make() -> tuple[str, float, dict[str, Any]]:
        side, bound = worst_fifth(found, outcome)
        side, bound = given[0] or side, float(given[1]) if given[1] else bound
        return side, bound, conditions(found, outcome, side, bound)

    def take(text: str) -> None:
        try:
            float(text)
        except ValueError:
            set_problem("A number")
        else:
            set_problem("")
            set_given((given[0], text))

    task = use_answer(make, [outcome, given])
    side, bound, answer = task.value or ("", 0.0, None)
    with rv.Html(tag="div", class_=_stack(task)):
        with rv.Html(tag="div", class_="as-exper-choices"):
            options = [{"value": name, "text": name} for name in ("below", "above")]
            if side:
                Choice(
                    name="side",
                    label="Of interest",
                    options=options,
                    value=given[0] or side,
                    event_pick=lambda to: set_given((to, given[1])),
                )
                Number(name="bound", label="Bound", value=given[1] or f"{bound:.4g}", problem=problem, event_take=take)
        StateLine("Looking for conditions", task)
        if answer:
            _said(
                f"A case is a policy at a point of the design, with its mean over draws: {answer['cases']:,} cases, "
                f"{percent(answer['base_rate'])} of them {side} {bound:.4g}. The search (PRIM) narrows the inputs step "
                "by step. The bound proposed takes the worst fifth."
            )
            boxes = [
                {**box, **{name: percent(box[name]) for name in ("density", "coverage", "mass")}}
                for box in answer["boxes"]
            ]
            Boxes(boxes=boxes, base=percent(answer["base_rate"]))
            heads = [head("box", 0), head("input"), head("name"), head("values"), head("p", 4)]
            heads += [head(name, 3) for name in ("density", "coverage", "mass")]
            rows = [
                [at, rule["label"], rule["name"], rule["text"], rule["p"], box["density"], box["coverage"], box["mass"]]
                for at, box in enumerate(answer["boxes"], 1)
                for rule in box["rules"]
            ]
            with rv.Html(tag="details"):
                rv.Html(tag="summary", children=["As a table"])
                DataTable(
                    caption="Conditions", heads=heads, rows=rows, file=f"{found.folder.name}-{outcome}-conditions.csv"
                )


@solara.component
def Policies(found: Results, outcome: str, about: dict[str, Any]) -> None:
    """Policies, with what is to regret of each."""
    direction = OUTCOMES[outcome].better
    better, set_better = solara.use_state("lower" if direction < 0 else "higher")
    chosen: Better = "lower" if better == "lower" else "higher"
    task = use_answer(lambda: policies(found, outcome, chosen), [outcome, chosen])
    with rv.Html(tag="div", class_=_stack(task)):
        if not direction:
            options = [{"value": name, "text": name} for name in ("higher", "lower")]
            Choice(name="better", label="Better is", options=options, value=better, event_pick=set_better)
        StateLine("Comparing the policies", task)
        if answer := task.value:
            _said(
                f"{counted(answer['futures'], 'future')}, {counted(answer['draws'], 'draw')} in each; "
                f"{answer['better']} is better ({answer['unit']}). Regret: how far a policy is behind the best one of "
                "the same future."
            )
            with rv.Html(tag="ul", class_="as-exper-list"):
                for row in answer["rows"]:
                    if row["chosen"]:
                        children = [
                            rv.Html(tag="b", children=[_policy(answer["levers"], row["options"])]),
                            f" has {', '.join(row['chosen'])}.",
                        ]
                        rv.Html(tag="li", children=children)
            keys = ("mean", "p05", "p95", "worst", "regret_mean", "regret_max", "behind", "error")
            names = (
                "mean",
                "5 %",
                "95 %",
                "worst future",
                "regret, mean",
                "regret, most",
                "behind the best",
                "its error",
            )
            heads = [*(head(lever) for lever in answer["levers"]), *(head(name, 4) for name in names)]
            DataTable(
                caption="Policies, the best mean first",
                heads=heads,
                rows=[[*row["options"], *(row[key] for key in keys)] for row in answer["rows"]],
                marked=[at for at, row in enumerate(answer["rows"]) if row["chosen"]],
                file=f"{found.folder.name}-{outcome}-policies.csv",
            )
            if answer["effects"]:
                rv.Html(tag="h3", children=["What each choice does"])
                heads = [
                    head("choice"),
                    head("best option"),
                    head("worst option"),
                    head("difference", 4),
                    head("its error", 4),
                ]
                DataTable(
                    caption="What each choice does",
                    heads=[*heads, head("")],
                    rows=[
                        [
                            row["lever"],
                            row["best"],
                            row["worst"],
                            row["effect"],
                            row["error"],
                            "" if row["seen"] else "not seen",
                        ]
                        for row in answer["effects"]
                    ],
                    file=f"{found.folder.name}-{outcome}-choices.csv",
                )
                _said("“Not seen”: the difference is at most two standard errors.")


#: By analysis.
SHOWN: dict[str, Callable[..., solara.Element[Any]]] = {
    "spread": Spread,
    "map": TwoInputs,
    "drivers": Drivers,
    "conditions": Conditions,
    "policies": Policies,
}
