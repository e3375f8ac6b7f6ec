"""Reports on runs of one scenario, and on queries of stored results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.reports.files import drawn_from
from alliance_sim.cli.terminal import DECISION_STYLES, dim, new_console, new_table, share_cell, wide
from alliance_sim.errors import printable
from alliance_sim.registry.forums import FORUM_LABELS
from alliance_sim.registry.labels import ISSUE_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.query import values
from alliance_sim.wording import counted, percent

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from alliance_sim.analysis.restoration import Change
    from alliance_sim.results.ensemble import Ensemble
    from alliance_sim.results.headline import Headline

#: Rows that `query` shows in a terminal.
MOST_ROWS = 40


#: Changes that would restore consensus that the first screen of `run` names.
MOST_CHANGES = 2
#: Lines of that screen, fewest issues in its table whatever else it says, and most periods.
SCREEN, FEWEST_ISSUES, MOST_PERIODS = 24, 2, 9


def ensemble_as_json(
    ensemble: Ensemble, headline: Headline, restored: Sequence[Change], target: float | None
) -> dict[str, Any]:
    """Return what `run --json` prints."""
    from alliance_sim.results.summaries import objectors_by_item

    objectors = objectors_by_item(ensemble.objectors())
    outcomes = {}
    for name, outcome in OUTCOMES.items():
        series = ensemble.series(name)
        outcomes[name] = {"unit": outcome.unit} | {key: series[key].tolist() for key in ("mean", "p05", "p50", "p95")}
    return {
        "scenario": ensemble.scenario.name,
        "seed": ensemble.seed,
        "draws": ensemble.draws,
        "calibration": ensemble.scenario.calibration,
        "months": list(ensemble.months),
        "outcomes": outcomes,
        "decisions": [
            {
                **row,
                "month": f"{row['month']:%Y-%m}",
                "level_passed": row["level_passed"] if math.isfinite(row["level_passed"]) else None,
                "objectors": objectors.get((row["meeting"], row["issue"]), {}),
            }
            for row in ensemble.decisions().drop(columns=["title", "settled"]).to_dict("records")
        ],
        "headline": headline.json(),
        "restore_target": target,
        "restore": [{k: v for k, v in asdict(change).items() if k != "scenario"} for change in restored],
    }


def ensemble_report(
    ensemble: Ensemble, headline: Headline, base: Ensemble | None, restored: Sequence[Change], target: float | None
) -> list[RenderableType]:
    """Return the first screen of `run`: the decision that matters, what would restore it, and which texts pass."""
    scenario, months = ensemble.scenario, ensemble.months
    against = "" if base is None else f", against {base.scenario.name}"
    if base is not None and base.scenario.name == scenario.name:
        same = base.scenario.parameters == scenario.parameters
        against = ", against itself" if same else ", against the same without --set"
    lines: list[RenderableType] = [
        Text.assemble((scenario.name, "bold"), "  ", scenario.title),
        dim(
            f"{months[0]} to {months[-1]} ({counted(len(months), 'month')}), {counted(ensemble.draws, 'draw')}, "
            f"seed {ensemble.seed}{drawn_from(scenario)}{against}"
        ),
        Text(headline.sentences[0], "bold"),
        Text(" ".join(headline.sentences[1:])),
    ]
    if target is not None:
        lines.append(Text(_restoring(restored, target, "bring it back" if headline.why == "shifted" else "lift it")))
    if headline.why == "no decision":
        return [*lines, dim("Next: --all prints the rest, --plot FILE draws it.")]
    following = dim("Next: --all prints the rest, --plot FILE draws it, `alliance-sim diagnose`: why.")
    # An empty line, the head of the table and its legend stand beside the issues.
    taken = sum(len(new_console().render_lines(each)) for each in [*lines, following])
    issues = max(SCREEN - taken - 3, FEWEST_ISSUES)
    return [*lines, Text(), *_passes(ensemble, headline, base, issues), following]


def _restoring(restored: Sequence[Change], target: float, do: str) -> str:
    """Return what would lift the chance of the headline's text to a target, of changes that help more than chance."""
    helping = [change for change in restored if change.helps]
    enough = [f"{change.label} ({percent(change.passing)})" for change in helping if change.reaches][:MOST_CHANGES]
    if enough:
        return f"What would {do} to {percent(target)}, each alone: {'; '.join(enough)}."
    nothing = f"Nothing that was tried alone would {do} to {percent(target)}"
    if not helping:
        return f"{nothing}."
    most = max(helping, key=lambda change: change.passing)
    return f"{nothing}; most, {percent(most.passing)}, does {most.label}."


def full_report(ensemble: Ensemble) -> list[RenderableType]:
    """Return what `run --all` adds: every decision, and every outcome."""
    series = {name: ensemble.series(name) for name in OUTCOMES}
    decisions = ensemble.decisions()
    width = {name: (s["p95"].iloc[-1] - s["p05"].iloc[-1]) / _range(name) for name, s in series.items()}
    widest = sorted((name for name in width if width[name] > 0.0), key=width.__getitem__, reverse=True)[:3]
    lines: list[RenderableType] = [Text()]
    if len(decisions):
        lines += [
            Text("Decision board: how each text ends, % of draws", "bold"),
            _board(decisions, ensemble.objectors()),
        ]
        asked = "text: level without a decision → mean level asked for, and the class of an ask (+ more, - less); "
        legend = f"{asked}byp: blocked but bypassed by others; " if wide() else ""
        note = f"level: mean of the texts that pass, from 0 to 1 (strongest response); {legend}objectors: those most "
        lines += [dim(f"{note}often, % of draws, anticipated where the text was withdrawn"), Text()]
    lines += [Text("Outcomes: mean [5 %, 95 % of draws]", "bold"), _outcomes(ensemble, series)]
    if widest:
        lines += [Text(), dim(f"Least certain at the end, given its range: {', '.join(widest)}.")]
    return lines


def _passes(ensemble: Ensemble, headline: Headline, base: Ensemble | None, most: int) -> list[RenderableType]:
    """Return a table of the shares in which texts pass, by issue and period, those that shift most first."""
    from alliance_sim.results.headline import SHIFT

    board = _with_base(ensemble, base)
    board["said"] = (board["meeting"] == headline.meeting) & (board["issue"] == headline.issue)
    periods = _periods(board["month"])
    board["period"] = periods
    # The issue of the headline, then those of which an item shifts most, or is least settled.
    size = board["shift"].abs() if base is not None else 0.5 - (board["passes"] - 0.5).abs()
    order = size.groupby(board["issue"], sort=False).max().sort_values(ascending=False, kind="stable")
    issues = [headline.issue, *(issue for issue in order.index if issue != headline.issue)]
    columns = list(dict.fromkeys(periods))
    table = new_table("passes, % of draws", *(f">{each}" for each in columns))
    table.box, table.pad_edge = None, False
    for issue in issues[:most]:
        own = board[board["issue"] == issue]
        cells = [_cell_of(own[own["period"] == each], base is not None) for each in columns]
        table.add_row(ISSUE_LABELS[issue], *cells)
    legend = "cell: the text above, or what passes least"
    if base is not None:
        legend += f"; ▲▼ {100.0 * SHIFT:.0f} points off the base; + new"
    return [table, dim(legend)]


def _with_base(ensemble: Ensemble, base: Ensemble | None) -> pd.DataFrame:
    """Return the decision board with ``passes``, ``shift`` from the base, whether ``clear``, and ``new`` texts."""
    from alliance_sim.results.headline import clear
    from alliance_sim.results.paired import paired_with

    board = ensemble.decisions()
    board = board.assign(passes=board["adopted"] + board["diluted"], shift=0.0, clear=False, new=False)
    if base is None:
        return board
    moves = paired_with(ensemble, base).decisions()
    moves = moves[["meeting", "issue"]].assign(shift=moves["difference"], clear=clear(moves))
    found = board.drop(columns=["shift", "clear"]).merge(moves, on=["meeting", "issue"], how="left")
    return found.assign(new=found["shift"].isna()).fillna({"shift": 0.0, "clear": False})


def _periods(months: pd.Series) -> list[str]:
    """Return the half-year of each month, or its year where there are too many of them."""
    halves = [f"{month:%y}H{1 if month.month < 7 else 2}" for month in months]
    return halves if len(set(halves)) <= MOST_PERIODS else [f"{month:%Y}" for month in months]


def _cell_of(items: pd.DataFrame, marked: bool) -> Text:
    """Return the share of the headline's text among some items, or the least, marked if it differs from the base."""
    if items.empty:
        return Text("")
    row = items.sort_values(["said", "passes"], ascending=[False, True], kind="stable").iloc[0]
    mark, colour = ("+" if row["new"] else " " * marked), ""
    if row["clear"]:
        mark, colour = ("▲", "green") if row["shift"] > 0.0 else ("▼", "red")
    share = share_cell(row["passes"]) if row["passes"] else "0"
    return Text(f"{share}{mark}", f"bold {colour}" if row["said"] else colour)


def _range(name: str) -> float:
    """Return the width of an outcome's range, at most 32 for outcomes without a natural bound."""
    return min(OUTCOMES[name].high - OUTCOMES[name].low, 32.0)


def _board(decisions: pd.DataFrame, objectors: pd.DataFrame) -> Table:
    from alliance_sim.results.summaries import objectors_by_item

    objecting = objectors_by_item(objectors)
    heads = [f">{head}" for head, _ in DECISION_STYLES.values()]
    if wide():
        table = new_table("month", "forum", "issue", "text", *heads, ">byp", ">level", "objectors", gap=1)
    else:
        table = new_table("month", "forum", "issue", *heads, ">level", "objectors", gap=1)
    for column in table.columns[:-1]:
        column.no_wrap = True
    # The other columns take 88 or 69 characters, each objector eight.
    most = (new_console().width - (88 if wide() else 69)) // 8
    for row in decisions.to_dict("records"):
        most_frequent = max(DECISION_STYLES, key=lambda name: row[name])
        cells = [
            Text(share_cell(row[name]), f"bold {colour}" if name == most_frequent else colour if row[name] else "dim")
            for name, (_, colour) in DECISION_STYLES.items()
        ]
        shares = objecting.get((row["meeting"], row["issue"]), {})
        objecting_most = [f"{ally} {share_cell(share)}" for ally, share in shares.items() if share >= 0.01][:most]
        # A level stands for itself; a class is drawn as a level, of which this is the mean.
        asked = f" {row['asked']}" if row["asked"][0] in "+-" else ""
        text = (f"{row['reversion']:.2f}→{row['proposed']:.2f}{asked}",) if wide() else ()
        bypassed = (Text(share_cell(row["bypassed"]), "dim"),) if wide() else ()
        table.add_row(
            f"{row['month']:%Y-%m}", FORUM_LABELS[row["forum"]], row["issue"], *text, *cells, *bypassed,
            "" if math.isnan(row["level_passed"]) else f"{row['level_passed']:.2f}", "  ".join(objecting_most),
        )  # fmt: skip
    return table


def _outcomes(ensemble: Ensemble, series: dict[str, pd.DataFrame]) -> Table:
    last = len(ensemble.months) - 1
    # Three columns of intervals, their bounds negative, take 104 characters.
    at = sorted({0, min(12, last), last} if new_console().width >= 104 else {0, last})
    table = new_table("outcome", *(["unit"] if wide() else []), *(ensemble.months[t] for t in at), gap=1)
    for column in table.columns:
        column.no_wrap = True
    for name, outcome in OUTCOMES.items():
        cells = []
        for row in (series[name].iloc[t] for t in at):
            mean, low, high = (f"{row[key]:z.2f}" for key in ("mean", "p05", "p95"))
            cells.append(
                Text(mean, "dim") if low == high else Text.assemble((mean, "bold"), (f" [{low}, {high}]", "dim"))
            )
        table.add_row(name, *([Text(outcome.unit, "dim")] if wide() else []), *cells)
    return table


def query_report(found: pa.RecordBatchReader) -> list[RenderableType]:
    """Return what `query` prints in a terminal: the first rows and their number."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    numbers = [str(each.type).startswith(("int", "uint", "float", "double", "decimal")) for each in found.schema]
    for name, number in zip(found.schema.names, numbers, strict=True):
        table.add_column(Text(printable(name)), justify="right" if number else "left", overflow="fold")
    count = 0
    for batch in found:
        columns = (values(column) for column in batch.slice(0, max(0, MOST_ROWS - count)).columns)
        for row in zip(*columns, strict=True):  # Names of columns may occur twice.
            table.add_row(*map(_cell, row))
        count += len(batch)
    shown = f", the first {MOST_ROWS} shown; in a pipe all are written as CSV" if count > MOST_ROWS else ""
    return [table, dim(f"{counted(count, 'row')}{shown}")]


def _cell(value: Any) -> Text:
    if value is None:
        return dim("NULL")
    return Text(f"{value:.6g}" if isinstance(value, float) else printable(str(value)))
