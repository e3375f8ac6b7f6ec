"""Report on the forecasts of the record: who wins, by how much, and at which items the model fails."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from alliance_sim.cli.terminal import bullets, dim, new_table
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from alliance_sim.validation.hindcast_scores import Hindcast, ScoreRow, Skill

MODEL, MIXED = "alliance_sim", "alliance_sim, mixed with past rates"
#: Models and scores in a table of 80 columns.
NAMES = {MODEL: "alone", MIXED: "mixed"}
SCORES = {"auc, objections": "auc, voiced", "auc, broken silence": "auc, silence"}
VERDICT_STYLES = {"better": "green", "worse": "red"}


def hindcast_report(found: Hindcast) -> list[RenderableType]:
    """Return what `hindcast` prints."""
    every = next(row.cases for row in found.rows if row.target == "class")
    holders = found.holders
    of = f" of {found.record}" if found.record else ", from fits to the years before"
    lines: list[RenderableType] = [
        Text.assemble((f"Forecasts one item ahead{of}: ", "bold"), every, overflow="fold"),
        *_skills(found.skill),
        Text(),
        Text("How texts end (lower is better)", "bold"),
        _classes([row for row in found.rows if row.target == "class" and row.cases == every]),
        Text(),
        *_objections(found.rows, every),
        Text(),
        *_spending(found.rows),
        Text("Ranked probability score by part of the record", "bold"),
        _parts(found.rows),
    ]
    if holders["items"]:
        lines += [
            Text(),
            Text(
                f"Of {counted(int(holders['items']), 'item')} to 2023 that one ally held up, the model expects that "
                f"ally first in {100 * holders['model']:.0f} %; it objected last time in "
                f"{100 * holders['objected last time']:.0f} %."
            ),
        ]
    if found.defeated_by:
        lines += [Text(), Text("Items at which past rates of the forum do better by most", "bold")]
        lines.append(
            bullets(
                f"{item['id']}, {item['month']}, {item['decision']}: {item['text']} "
                f"(model {100 * float(str(item['model'])):.0f} %, rates {100 * float(str(item['rates'])):.0f} %)"
                for item in found.defeated_by
            )
        )
    return [*lines, Text(), dim(_note(found))]


def _note(found: Hindcast) -> str:
    runs = f"{counted(found.draws, 'run')} of each window, seed {found.seed}."
    structure = "The structure of the model was chosen on rows to 2019"
    intervals = "Intervals: bootstrap over half-years, 95 %."
    if not found.record:
        return f"{runs} {structure}; rows from 2020 on were scored once before (docs/model.md). {intervals}"
    drawn = f"{counted(found.uncoded, 'text')} without all codes: what is absent is drawn from the bundled record. "
    return (
        f"{runs} {structure}, so that scores to then are not out of sample; parameters have their priors there. From "
        f"2020 on: fits to the years before. {drawn if found.uncoded else ''}{intervals}"
    )


def _skills(skill: Sequence[Skill]) -> list[RenderableType]:
    table = new_table("score", "model", "baseline", ">diff.", "95 %", "verdict")
    known = [each for each in skill if each.model in NAMES and not math.isnan(each.difference)]
    for each in known:
        table.add_row(
            SCORES.get(each.score, each.score), NAMES[each.model], each.baseline, f"{each.difference:+z.3f}",
            dim("none" if math.isnan(each.low) else f"[{each.low:+z.3f}, {each.high:+z.3f}]"),
            Text(each.verdict, VERDICT_STYLES.get(each.verdict, "")),
        )  # fmt: skip
    lines: list[RenderableType] = [
        table,
        dim(
            "alone: the model as it stands; mixed: with past rates, as each fit weighs them; rps: ranked probability "
            "score"
        ),
    ]
    if any(math.isnan(each.low) for each in known):
        lines.append(Text("No interval and no verdict where all decisions, or all objections, are of one half-year."))
    return lines


def _number(value: float, digits: int = 3) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _classes(rows: Iterable[ScoreRow]) -> RenderableType:
    table = new_table("model", ">n", ">ranked prob.", ">log", ">Brier, passing")
    for row in rows:
        table.add_row(row.model, str(row.n), _number(row.rps), _number(row.log), _number(row.brier))
    return table


def _objections(rows: Iterable[ScoreRow], every: str) -> list[RenderableType]:
    chosen = [row for row in rows if row.cases == every]
    spoken = {row.model: row for row in chosen if row.target == "objections"}
    if all(math.isnan(row.auc) for row in spoken.values()):
        return [Text("Nobody objects in these decisions, so that who does cannot be scored.")]
    table = new_table("model", ">objections", ">auc", ">broken silence", ">auc ")
    for row in chosen:
        if row.target == "broken silence":
            voiced = spoken[row.model]
            table.add_row(row.model, str(voiced.n), _number(voiced.auc), str(row.n), _number(row.auc))
    return [Text("Who objects: area under the curve (higher is better)", "bold"), table]


def _spending(rows: Iterable[ScoreRow]) -> list[RenderableType]:
    table = new_table("years", "model", ">figures", ">CRPS, % of GDP", ">80 % intervals hold")
    for row in rows:
        if row.target == "spending":
            table.add_row(row.cases, row.model, str(row.n), _number(row.crps), f"{100 * row.coverage:.0f} %")
    return [Text("Defence spending by ally and year", "bold"), table, Text()] if table.row_count else []


def _parts(rows: Iterable[ScoreRow]) -> RenderableType:
    table = new_table("part", ">n", ">model", ">mixed", ">rates of the forum")
    by_part: dict[str, dict[str, ScoreRow]] = {}
    for row in rows:
        if row.target == "class":
            by_part.setdefault(row.cases, {})[row.model] = row
    for part, of in by_part.items():
        ours, mixed, rates = of[MODEL], of[MIXED], of["rates of the forum"]
        table.add_row(part, str(ours.n), _number(ours.rps), _number(mixed.rps), _number(rates.rps))
    return table
