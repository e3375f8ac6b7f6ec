"""Compare: up to four states side by side, each set against the first with the same random numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import reacton.ipyvuetify as rv
import solara

from alliance_sim.explorer import levers
from alliance_sim.explorer.answers.comparison import LETTERS, Column, Comparison, aligned, states, unfit
from alliance_sim.explorer.answers.futures import FIRST_FANS
from alliance_sim.explorer.answers.inputs import different_inputs
from alliance_sim.explorer.components import Choice
from alliance_sim.explorer.components.charts import ENDINGS, Intervals, Lines, Matrix
from alliance_sim.explorer.components.status import Failure
from alliance_sim.explorer.components.tables import DataTable, head
from alliance_sim.explorer.jobs import use_comparison
from alliance_sim.explorer.pages.futures import BOARD, WIDE, outcome_groups
from alliance_sim.explorer.request import Request
from alliance_sim.explorer.state import Session
from alliance_sim.registry.labels import ISSUE_LABELS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.wording import counted, in_a_row, month_in_words, percent_cell, points_of

#: Decisions and outcomes that a list of differences has, and the least difference of a share in it (judgement).
_MOST, _LEAST = 12, 0.01


@solara.component
def Compare(session: Session) -> None:
    """The page; paler while it is of other states than those chosen."""
    task = use_comparison(session)
    given = states(session.request, session.choice.value.pins)
    wanted = aligned(given)
    found, version = session.comparison, session.version.value
    current = found is not None and found.states == wanted
    state = "failed" if task.error else "ready" if current and not task.pending else "computing"
    with rv.Html(tag="div", class_="as-results as-compare"):
        with rv.Html(tag="header"):
            rv.Html(tag="h1", children=[f"{counted(len(given), 'state')} side by side"])
            rv.Html(
                tag="p",
                class_="as-muted",
                attributes={"role": "status", "data-comparison": state, "data-version": version},
                children=[_status(found, wanted, given)],
            )
            if len(given) < 2:
                hint = "Nothing to compare yet: change something, choose what it is set against, or pin states."
                rv.Html(tag="p", children=[hint])
        if task.error:
            Failure(task.exception)
        with rv.Html(tag="section", class_="as-states"):
            for at, request in enumerate(given):
                column = found.columns[at] if found and at < len(found.columns) else None
                State(session, at, request, column if column and column.request == wanted[at] else None)
        if found:
            with rv.Html(tag="div", class_="as-results" if current else "as-results as-stale"):
                Found(session, found)
        Inputs(wanted)


def _status(found: Comparison | None, wanted: tuple[Request, ...], given: tuple[Request, ...]) -> str:
    """Return how many futures are shown, and which states had others."""
    draws, seed = wanted[0].draws, wanted[0].seed
    other = [
        f"{letter} ({counted(each.draws, 'future')} of seed {each.seed})"
        for letter, each in zip(LETTERS, given, strict=False)
        if (each.draws, each.seed) != (draws, seed)
    ]
    text = f"{counted(draws, 'future')} of seed {seed} in each, with the same random numbers: what differs is due to"
    text += " the inputs."
    if other:
        text += f" Chosen with another number or seed: {in_a_row(other)}."
    if found is None or found.states != wanted:
        return f"{text} Computing…"
    return text if found.draws == draws else f"{text} {found.draws:,} so far; computing {draws:,}…"


@solara.component
def State(session: Session, at: int, request: Request, column: Column | None) -> None:
    """A state: what it is, its headline, and what can be done with it."""
    letter, pins = LETTERS[at], session.choice.value.pins
    title, changes = solara.use_memo(lambda: (request.as_written().title, levers.changes(request)), [request])
    with rv.Html(tag="article", class_="as-card as-state", attributes={"aria-label": f"State {letter}"}):
        with rv.Html(tag="h2"):
            rv.Html(tag="b", class_=f"as-letter as-state-{letter}", children=[letter])
            rv.Html(tag="span", children=[title])
        with rv.Html(tag="ul"):
            for change in changes or ["as written"]:
                rv.Html(tag="li", children=[change])
        if column and column.problem:
            rv.Html(tag="p", class_="as-error", attributes={"role": "alert"}, children=[column.problem])
        elif at == 0:
            rv.Html(tag="p", children=["The reference, or base: the others are set against it."])
        elif column and column.view:
            rv.Html(tag="p", children=[column.view.headline["sentences"][0].replace("`", "")])
        with rv.Html(tag="div", class_="as-state-actions"):
            if request != session.request:
                _button(f"Open {letter}", lambda: session.choose(request=request, item=""))
            if request in pins:
                place = pins.index(request)
                if at:
                    _button(f"Make {letter} the reference", partial(session.refer, place))
                _button(f"Remove {letter}", partial(session.unpin, place))
            else:
                what = "the controls" if request == session.request else "what the controls are set against"
                rv.Html(tag="span", class_="as-muted", children=[f"from {what}, not pinned"])


def _button(text: str, act: Callable[[], None]) -> None:
    solara.Button(text, on_click=act, text=True, small=True, classes=["as-link"])


@solara.component
def Found(session: Session, found: Comparison) -> None:
    """What is found: differences, the decision looked at, boards and outcomes."""
    shown = [(letter, each) for letter, each in zip(LETTERS, found.columns, strict=False) if each.view]
    first: tuple[str, ...] = FIRST_FANS[:3]
    outcomes, set_outcomes = solara.use_state(first)
    item = _item(session.choice.value.item, found)

    def put(place: int, name: str) -> None:
        set_outcomes((*outcomes[:place], name, *outcomes[place + 1 :]))

    with rv.Html(tag="section", class_=f"as-pairs as-pairs-{len(shown) - 1}"):
        for letter, column in shown[1:]:
            with rv.Html(tag="div", class_="as-card", attributes={"data-pair": letter}):
                Decisions(letter, column, lambda key: session.choose(item=key))
        for letter, column in shown[1:]:
            with rv.Html(tag="div", class_="as-card", attributes={"data-pair": letter}):
                ChangedOutcomes(letter, column, partial(put, 0))
    note = "Medians; the band: 5 to 95 % of the futures of A"
    rv.Html(tag="p", class_="as-muted", children=[note])
    with rv.Html(tag="section", class_="as-fans"):
        for place, name in enumerate(outcomes):
            with rv.Html(tag="div", class_="as-card", attributes={"data-outcome": name}):
                Choice(
                    name=f"compared-{place}", label="Outcome", value=name, groups=outcome_groups(),
                    event_pick=partial(put, place),
                )  # fmt: skip
                Outcome(name, shown)
    if item:
        with rv.Html(tag="div", class_="as-card"):
            Ends(item, shown)
    for letter, column in shown:
        if column.view:
            with rv.Html(tag="div", class_="as-card", attributes={"data-board": letter}):
                Matrix(
                    title=f"{letter}: {column.view.title}",
                    note="Share of futures in which the text passes. A click shows the decision in all states."
                    + (" Marks: against A." if letter != LETTERS[0] else ""),
                    months=column.view.months,
                    issues=[
                        {"name": name, "label": ISSUE_LABELS[name]}
                        for name in dict.fromkeys(cell["issue"] for cell in column.view.cells)
                    ],
                    cells=[{name: cell[name] for name in BOARD} for cell in column.view.cells],
                    happenings=column.view.events,
                    selected=item,
                    event_select=lambda key: session.choose(item=key),
                )


def _item(chosen: str, found: Comparison) -> str:
    """Return the decision looked at: the one chosen, if a state has it, else that of the last headline."""
    views = [column.view for column in found.columns if column.view]
    held = [cell["key"] for view in views for cell in view.cells]
    return chosen if chosen in held else views[-1].item


@solara.component
def Decisions(letter: str, column: Column, pick: Callable[[str], None]) -> None:
    """The decisions that pass more or less often than in the reference."""
    clear = [row for row in column.decisions if row["low"] * row["high"] > 0 and abs(row["difference"]) >= _LEAST]
    rows = [
        {
            "key": row["key"],
            "label": row["label"][0].upper() + row["label"][1:],
            "value": round(100 * row["difference"], 2),
            "low": round(100 * row["low"], 2),
            "high": round(100 * row["high"], 2),
            "text": f"{points_of(row['difference'])}, to {percent_cell(row['other'], '0')} %",
        }
        for row in clear[:_MOST]
    ]
    note = "Share of futures in which the text passes: difference in points, with its 95 % interval."
    note += f" {len(rows)} of {counted(len(column.decisions), 'decision')} that both hold"
    note += "; the others differ less, or no more than by chance." if rows else " differs beyond chance: none."
    Intervals(title=f"{letter} against A: decisions", note=note, rows=rows, unit="points", event_pick=pick)


@solara.component
def ChangedOutcomes(letter: str, column: Column, pick: Callable[[str], None]) -> None:
    """The outcomes that are notably higher or lower than in the reference."""
    notable = [row for row in column.outcomes if row["notable"]]
    scaled = [row for row in notable if OUTCOMES[row["key"]].high - OUTCOMES[row["key"]].low <= WIDE]
    rows = [
        {
            "key": row["key"],
            "label": row["label"][0].upper() + row["label"][1:],
            "value": row["mean"],
            "low": row["p05"],
            "high": row["p95"],
            "text": _difference(row),
            "spoken": f"{row['label']}: {_difference(row)}, in 5 to 95 % of the futures {row['p05']:+.2f} to "
            f"{row['p95']:+.2f}",
        }
        for row in sorted(scaled, key=lambda row: -abs(row["mean"]))[:_MOST]
    ]
    note = (
        f"{len(rows)} of {counted(len(notable), 'outcome')} that differ notably. Mean difference ± its 95 % interval; "
    )
    note += "line: 5 to 95 % of the futures. Each future is summed up by its mean over the months, spending and counts "
    note += "by the last month."
    if others := [f"{row['label']} {_difference(row)} ({row['unit']})" for row in notable if row not in scaled]:
        note += f" On other scales: {', '.join(others)}."
    Intervals(title=f"{letter} against A: outcomes", note=note, rows=rows, unit="scale 0 to 1", event_pick=pick)


def _difference(row: dict[str, Any]) -> str:
    error = "" if row["high"] is None else f" ±{row['high'] - row['mean']:.3f}"
    return f"{row['mean']:+.3f}{error}"


@solara.component
def Outcome(name: str, shown: list[tuple[str, Column]]) -> None:
    """The medians of an outcome in all states."""
    outcome, label = OUTCOMES[name], OUTCOME_LABELS[name]
    wide = outcome.high - outcome.low <= WIDE
    series = [(letter, column.view, column.view.fans[name]) for letter, column in shown if column.view]
    months = sorted({month for _, view, _ in series for month in view.months})

    def placed(own: list[str], values: list[float]) -> list[float | None]:
        at = dict(zip(own, values, strict=True))
        return [at.get(month) for month in months]

    _, first, fan = series[0]
    Lines(
        title=label[0].upper() + label[1:],
        note=outcome.unit,
        definition=outcome.definition,
        months=months,
        lines=[
            {"name": letter, "label": view.title, "values": placed(view.months, own["p50"])}
            for letter, view, own in series
        ],
        band={"low": placed(first.months, fan["p05"]), "high": placed(first.months, fan["p95"])},
        low=outcome.low if wide else None,
        high=outcome.high if wide else None,
        digits=2,
    )


@solara.component
def Ends(item: str, shown: list[tuple[str, Column]]) -> None:
    """How the decision looked at ends in each state."""
    rows, name = [], ""
    for letter, column in shown:
        cell = next((each for each in column.view.cells if each["key"] == item), None) if column.view else None
        against = next((row for row in column.decisions if row["key"] == item), None)
        if cell:
            name = f"{cell['label']}, {month_in_words(cell['month'])}"
            change = (
                f"{100 * against['difference']:+.1f} [{100 * against['low']:+.1f}, {100 * against['high']:+.1f}]"
                if against
                else ""
            )
            rows.append([letter, 100 * cell["passes"], change, *(100 * share for share in cell["shares"])])
        else:
            rows.append([letter, None, "not held", *(None for _ in ENDINGS)])
    heads = [head("state"), head("passes", 1), head("against A [95 % interval]")]
    caption = f"{name[0].upper()}{name[1:]}: how it ends, % of futures"
    rv.Html(tag="h2", children=[caption])
    DataTable(caption=caption, heads=[*heads, *(head(ending["label"], 1) for ending in ENDINGS)], rows=rows)


@solara.component
def Inputs(wanted: tuple[Request, ...]) -> None:
    """What differs in the inputs of states that can be compared."""
    fit = [(letter, each) for letter, each in zip(LETTERS, wanted, strict=False) if not unfit(wanted[0], each)]
    rows = solara.use_memo(lambda: different_inputs([each.what_if() for _, each in fit]), [wanted])
    with rv.Html(tag="div", class_="as-card as-inputs"):
        rv.Html(tag="h2", children=["What differs in the inputs"])
        if rows:
            heads = [head("input"), *(head(letter) for letter, _ in fit)]
            DataTable(caption="What differs in the inputs", heads=heads, rows=rows)
        else:
            rv.Html(tag="p", class_="as-muted", children=["Nothing."])
