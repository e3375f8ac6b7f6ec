"""Report on a comparison: differences in inputs, outcomes and decisions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from alliance_sim.cli.reports.files import drawn_from
from alliance_sim.cli.terminal import DECISION_STYLES, SIGNS, bullets, new_table, share_cell, wide
from alliance_sim.registry.forums import FORUM_LABELS
from alliance_sim.registry.labels import FORUM_NAMES, ISSUE_LABELS
from alliance_sim.scenarios import Difference
from alliance_sim.wording import FEW_DRAWS, counted, month_in_words, percent, points_of

if TYPE_CHECKING:
    from alliance_sim.analysis.comparison import Comparison
    from alliance_sim.results.paired import Pair

#: Decisions that `compare` lists, and those that it says in words.
MOST_DECISIONS, MOST_TURNS = 12, 3


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """Return what `compare --json` prints."""
    others = []
    for pair in comparison.pairs:
        differences = pair.summary()[["mean", "p05", "p95", "p_higher"]].to_dict("index")
        others.append({"scenario": pair.name, "differences": differences})
    return {"base": comparison.base.name, "others": others}


def comparison_report(comparison: Comparison, labels: Sequence[str]) -> list[RenderableType]:
    """Return what `compare` prints; `labels` name the base and then the others."""
    pairs = zip(comparison.pairs, labels[1:], strict=True)
    return [part for pair, label in pairs for part in _pair(comparison, pair, labels[0], label)]


def _pair(comparison: Comparison, pair: Pair, base_name: str, name: str) -> list[RenderableType]:
    """Return the report on one of the others."""
    base, other, months = pair.base.scenario, pair.other.scenario, pair.months
    lines: list[RenderableType] = [
        Text.assemble((name, "bold"), " against ", (base_name, "bold"), f"  {other.title}"),
        Text(
            f"{months[0]} to {months[-1]} ({counted(len(months), 'month')}), "
            f"{counted(comparison.draws, 'paired draw')}, "
            f"seed {comparison.seed}{drawn_from(base)}",
            "dim",
        ),
    ]
    if base.start != other.start:
        note = "Different starts: draws have the same parameters and actors, but other random numbers in each month."
        lines.append(Text(note, "dim"))
    lines += [
        Text(),
        *_turns(pair),
        Text(),
        Text("Items adopted or diluted more or less often, % of draws", "bold"),
        *_decisions(pair),
        Text(),
        Text("Outcomes that change: mean paired difference [5 %, 95 % of draws], largest first", "bold"),
        *_outcomes(pair, comparison.draws),
        Text(),
        Text("Inputs that differ", "bold"),
        *(map(_input, pair.inputs) if pair.inputs else [Text("  nothing", "dim")]),
        Text(),
    ]
    if comparison.draws < FEW_DRAWS:
        few = f"Few draws: P(higher) and shares carry a Monte Carlo error of up to {50.0 * comparison.draws**-0.5:.0f}"
        lines += [Text(f"{few} points.", "yellow"), Text()]
    return lines


def _turns(pair: Pair) -> list[RenderableType]:
    """Return in words which decisions turn: those whose chance to pass shifts clearly, the largest shifts first."""
    from alliance_sim.results.headline import SHIFT, clear

    decisions = pair.decisions().sort_values("difference", key=abs, ascending=False, kind="stable")
    turned = decisions[clear(decisions)]
    if not len(turned):
        return [Text(f"No decision shifts clearly (by {100 * SHIFT:.0f} points and beyond chance).", "bold")]
    heading = Text(f"Decisions that turn: {len(turned)} of {len(decisions)} that both hold", "bold")
    rows = [
        f"“{row['title']}” ({ISSUE_LABELS[row['issue']]}) at {FORUM_NAMES[row['forum']]} in "
        f"{month_in_words(row['month'])} passes in {percent(row['other'])} of draws, against "
        f"{percent(row['base'])} ({points_of(row['difference'])} points)"
        for row in turned[:MOST_TURNS].assign(month=turned["month"].dt.strftime("%Y-%m")).to_dict("records")
    ]
    return [heading, bullets(rows)]


def _input(difference: Difference) -> RenderableType:
    return Padding(Text(str(difference), SIGNS[difference.sign]), (0, 0, 0, 2))


def _outcomes(pair: Pair, draws: int) -> list[RenderableType]:
    from alliance_sim.analysis.precision import SMALL, draws_needed
    from alliance_sim.results.paired import NOTABLE, moved

    summary = pair.summary()
    names = moved(summary)
    if wide():
        table = new_table("outcome", "unit", ">base", ">other", "difference", ">P(higher)", ">in sd", gap=1)
    else:
        table = new_table("outcome", ">base", ">other", "difference", ">higher", gap=1)
    for column in table.columns:
        column.no_wrap = True
    for row in summary.loc[names].reset_index().to_dict("records"):
        # Monte Carlo error is shown where it could change the reading.
        error = f" ±{row['mc_error']:.3f}" if row["mc_error"] > SMALL * abs(row["mean"]) else ""
        interval = f" [{row['p05']:+z.3f}, {row['p95']:+z.3f}]{error}"
        unit, size = ((Text(row["unit"], "dim"),), (_size(row["size"]),)) if wide() else ((), ())
        table.add_row(
            row["outcome"], *unit, f"{row['base']:z.2f}", f"{row['other']:z.2f}",
            Text.assemble((f"{row['mean']:+z.3f}", "bold"), (interval, "dim")), f"{row['p_higher']:.2f}", *size,
        )  # fmt: skip
    less = [name for name in summary.index if summary["size"][name] != 0.0 and name not in names]
    same = sum(summary["size"] == 0.0)
    rest = f"sd: standard deviation between draws; fixed: none. Less than {NOTABLE:g} sd: {', '.join(less) or 'none'}. "
    rest += f"Unchanged: {same} of {len(summary)}. A tie counts half in P(higher)."
    needed = draws_needed(summary["mc_error"][names], draws, SMALL * summary["mean"][names])
    error = "±: Monte Carlo error, more than a tenth of the difference"
    few = f"{error}; {needed:,} draws would reduce it below that for all."
    return [*([table] if names else []), Text(rest, "dim"), *([Text(few, "yellow")] if needed > draws else [])]


def _size(size: float) -> str:
    return f"{size:+.1f}" if math.isfinite(size) else "fixed"


def _decisions(pair: Pair) -> list[RenderableType]:
    decisions = pair.decisions().sort_values("difference", key=abs, ascending=False, kind="stable")
    # Differences that could be chance, or round to nothing, are left out.
    clear = decisions[decisions["difference"].abs() > (2.0 * decisions["mc_error"]).clip(lower=0.01)]
    table = new_table("month", "forum", "issue", ">base", ">other", ">difference", "of which", gap=1)
    for column in table.columns[:-1]:
        column.no_wrap = True
    for row in clear[:MOST_DECISIONS].to_dict("records"):
        parts = [
            f"{head} {100.0 * row[name]:+.0f}" for name, (head, _) in DECISION_STYLES.items() if abs(row[name]) >= 0.005
        ]
        table.add_row(
            f"{row['month']:%Y-%m}", FORUM_LABELS[row["forum"]], row["issue"],
            share_cell(row["base"]), share_cell(row["other"]),
            Text.assemble(
                (f"{100.0 * row['difference']:+.1f}", "bold"), (f" ±{100.0 * row['mc_error']:.1f}", "dim")
            ),
            Text("  ".join(parts), "dim"),
        )  # fmt: skip
    rest = f"{table.row_count} of {len(decisions)} that both scenarios hold; ±: Monte Carlo error"
    return [*([table] if table.row_count else []), Text(rest, "dim")]
