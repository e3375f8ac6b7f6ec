"""What commands print of results: tables, notes, and objects for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.terminal import SIGNS, counted, dim, new_console, new_table, percent, printable, wide
from alliance_sim.registry.forums import FORUM_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import resolve
from alliance_sim.scenarios import Difference

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from alliance_sim.analysis.comparison import Comparison, Pair
    from alliance_sim.analysis.discovery import Discovery
    from alliance_sim.analysis.policy import Policies
    from alliance_sim.analysis.sensitivity import Sensitivity
    from alliance_sim.results.ensemble import Ensemble

#: Below it the report speaks of Monte Carlo error.
FEW_DRAWS = 400
#: Outcomes of an item: head of the column and colour.
DECISIONS = {
    "adopted": ("adopt", "green"),
    "diluted": ("dilute", "cyan"),
    "withdrawn": ("withdr", "magenta"),
    "blocked": ("block", "red"),
    "deferred": ("defer", "yellow"),
}
#: Decisions that `compare` lists.
MOST_DECISIONS = 12
#: Policies that `policy` lists.
MOST_POLICIES = 40
#: Rows that `query` shows in a terminal.
MOST_ROWS = 40
#: Parameters and mechanisms that `sensitivity` lists.
MOST_DRIVERS = 12


def query_report(found: pa.RecordBatchReader) -> list[RenderableType]:
    """Return the first rows of what a query found, and how many there are."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    numbers = [str(each.type).startswith(("int", "uint", "float", "double", "decimal")) for each in found.schema]
    for name, number in zip(found.schema.names, numbers, strict=True):
        table.add_column(Text(name), justify="right" if number else "left", overflow="fold")
    count = 0
    for batch in found:
        for row in batch.slice(0, max(0, MOST_ROWS - count)).to_pylist():
            table.add_row(*(_cell(value) for value in row.values()))
        count += len(batch)
    shown = f", the first {MOST_ROWS} shown; in a pipe all are written as CSV" if count > MOST_ROWS else ""
    return [table, dim(f"{counted(count, 'row')}{shown}")]


def _cell(value: Any) -> Text:
    if value is None:
        return dim("NULL")
    return Text(f"{value:.6g}" if isinstance(value, float) else printable(str(value)))


def ensemble_as_json(ensemble: Ensemble) -> dict[str, Any]:
    """Return what `run --json` prints."""
    outcomes = {}
    for name, outcome in OUTCOMES.items():
        series = ensemble.series(name)
        outcomes[name] = {"unit": outcome.unit} | {key: series[key].tolist() for key in ("mean", "p05", "p50", "p95")}
    return {
        "scenario": ensemble.scenario.name,
        "seed": ensemble.seed,
        "draws": ensemble.draws,
        "months": list(ensemble.months),
        "outcomes": outcomes,
        "decisions": ensemble.decisions().drop(columns=["title", "settled"]).to_dict("records"),
    }


def ensemble_report(ensemble: Ensemble) -> list[RenderableType]:
    """Return what `run` prints."""
    scenario, months = ensemble.scenario, ensemble.months
    series = {name: ensemble.series(name) for name in OUTCOMES}
    decisions = ensemble.decisions()
    width = {name: (s["p95"].iloc[-1] - s["p05"].iloc[-1]) / _range(name) for name, s in series.items()}
    widest = sorted((name for name in width if width[name] > 0.0), key=width.__getitem__, reverse=True)[:3]
    lines: list[RenderableType] = [
        Text.assemble((scenario.name, "bold"), "  ", scenario.title),
        Text(
            f"{months[0]} to {months[-1]} ({counted(len(months), 'month')}), {counted(ensemble.draws, 'draw')}, "
            f"seed {ensemble.seed}",
            "dim",
        ),
        Text(),
    ]
    if len(decisions):
        lines += [Text("Decision board: how each text ends, % of draws", "bold"), _board(decisions)]
        bypassed = "byp: blocked but bypassed by others; " if wide() else ""
        note = f"levels from 0 to 1 (strongest response); {bypassed}objectors: those most often, % of draws, "
        lines += [Text(f"{note}anticipated where the text was withdrawn", "dim"), Text()]
    lines += [Text("Outcomes: mean [5 %, 95 % of draws]", "bold"), _outcomes(ensemble, series)]
    if ensemble.draws < FEW_DRAWS:
        error = ensemble.draws**-0.5
        few = (
            f"Few draws: shares carry a Monte Carlo error of up to {50.0 * error:.0f} points, means one of "
            f"{100.0 * error:.0f} % of the standard deviation over draws; {FEW_DRAWS} draws bring them down to "
            f"{50.0 * FEW_DRAWS**-0.5:g} points and {100.0 * FEW_DRAWS**-0.5:g} %."
        )
        lines += [Text(), Text(few, "yellow")]
    if widest:
        lines += [
            Text(),
            Text(
                f"Least certain at the end, given its range: {', '.join(widest)}. Next: --plot FILE draws "
                "the months, --set NAME=VALUE moves a lever, --out DIR keeps every draw.",
                "dim",
            ),
        ]
    return lines


def differences_as_json(comparison: Comparison) -> dict[str, Any]:
    """Return what `compare --json` prints."""
    others = []
    for pair in comparison.pairs:
        differences = pair.summary()[["mean", "p05", "p95", "p_higher"]].to_dict("index")
        others.append({"scenario": pair.name, "differences": differences})
    return {"base": comparison.base.name, "others": others}


def pair_report(comparison: Comparison, pair: Pair, base_name: str, name: str) -> list[RenderableType]:
    """Return what `compare` prints of one of the others."""
    base, other, months = pair.base.scenario, pair.other.scenario, pair.months
    lines: list[RenderableType] = [
        Text.assemble((name, "bold"), " against ", (base_name, "bold"), f"  {other.title}"),
        Text(
            f"{months[0]} to {months[-1]} ({counted(len(months), 'month')}), "
            f"{counted(comparison.draws, 'paired draw')}, "
            f"seed {comparison.seed}",
            "dim",
        ),
    ]
    if base.start != other.start:
        note = "They start in different months: their draws share parameters and actors, not the chance of each month."
        lines.append(Text(note, "dim"))
    lines += [
        Text(),
        Text("What differs going in", "bold"),
        *(map(_input, pair.inputs) if pair.inputs else [Text("  nothing", "dim")]),
        Text(),
        Text("What moves: mean paired difference [5 %, 95 % of draws], largest first", "bold"),
        *_moves(pair, comparison.draws),
        Text(),
        Text("Decisions that pass more or less often (adopted or diluted), % of draws", "bold"),
        *_turns(pair),
        Text(),
    ]
    if comparison.draws < FEW_DRAWS:
        few = f"Few draws: P(higher) and shares carry a Monte Carlo error of up to {50.0 * comparison.draws**-0.5:.0f}"
        lines += [Text(f"{few} points.", "yellow"), Text()]
    return lines


def _input(difference: Difference) -> RenderableType:
    return Padding(Text(str(difference), SIGNS[difference.sign]), (0, 0, 0, 2))


def _moves(pair: Pair, draws: int) -> list[RenderableType]:
    from alliance_sim.analysis.comparison import NOTABLE, moved
    from alliance_sim.analysis.precision import SMALL, draws_needed

    summary = pair.summary()
    names = moved(summary)
    if wide():
        table = new_table("outcome", "unit", ">base", ">other", "difference", ">P(higher)", ">in sd", gap=1)
    else:
        table = new_table("outcome", ">base", ">other", "difference", ">higher", gap=1)
    for column in table.columns:
        column.no_wrap = True
    for row in summary.loc[names].reset_index().to_dict("records"):
        # Monte Carlo error is named where it could change what a reader sees.
        error = f" ±{row['mc_error']:.3f}" if row["mc_error"] > SMALL * abs(row["mean"]) else ""
        interval = f" [{row['p05']:+z.3f}, {row['p95']:+z.3f}]{error}"
        unit, size = ((Text(row["unit"], "dim"),), (f"{row['size']:+.1f}",)) if wide() else ((), ())
        table.add_row(
            row["outcome"], *unit, f"{row['base']:z.2f}", f"{row['other']:z.2f}",
            Text.assemble((f"{row['mean']:+z.3f}", "bold"), (interval, "dim")), f"{row['p_higher']:.2f}", *size,
        )  # fmt: skip
    less = [name for name in summary.index if summary["size"][name] != 0.0 and name not in names]
    same = sum(summary["size"] == 0.0)
    rest = f"sd: standard deviation between draws. Less than {NOTABLE:g} sd: {', '.join(less) or 'none'}. "
    rest += f"Unmoved: {same} of {len(summary)}. A tie counts half in P(higher)."
    needed = draws_needed(summary["mc_error"][names], draws, SMALL * summary["mean"][names])
    few = f"±: Monte Carlo error, more than a tenth of the difference; {needed:,} draws would make it less for all."
    return [*([table] if names else []), Text(rest, "dim"), *([Text(few, "yellow")] if needed > draws else [])]


def _turns(pair: Pair) -> list[RenderableType]:
    decisions = pair.decisions().sort_values("difference", key=abs, ascending=False, kind="stable")
    # What chance alone could have done, or a reader would not see, is left out.
    clear = decisions[decisions["difference"].abs() > (2.0 * decisions["mc_error"]).clip(lower=0.01)]
    table = new_table("month", "forum", "issue", ">base", ">other", ">difference", "of which", gap=1)
    for column in table.columns[:-1]:
        column.no_wrap = True
    for row in clear[:MOST_DECISIONS].to_dict("records"):
        parts = [f"{head} {100.0 * row[name]:+.0f}" for name, (head, _) in DECISIONS.items() if abs(row[name]) >= 0.005]
        table.add_row(
            row["month"], FORUM_LABELS[row["forum"]], row["issue"], percent(row["base"]), percent(row["other"]),
            Text.assemble(
                (f"{100.0 * row['difference']:+.1f}", "bold"), (f" ±{100.0 * row['mc_error']:.1f}", "dim")
            ),
            Text("  ".join(parts), "dim"),
        )  # fmt: skip
    rest = f"{table.row_count} of {len(decisions)} that both scenarios hold; ±: Monte Carlo error"
    return [*([table] if table.row_count else []), Text(rest, "dim")]


def drivers_as_json(found: Sensitivity) -> dict[str, Any]:
    """Return what `sensitivity --json` prints."""
    return {
        "scenario": found.scenario.name,
        "outcome": found.outcome,
        "method": found.method,
        "seed": found.seed,
        "draws": found.draws,
        "runs": found.runs,
        "screened": found.screened,
        "chance": None if found.chance != found.chance else found.chance,
        "parameters": found.parameters.reset_index().to_dict("records"),
        "mechanisms": found.mechanisms.reset_index().to_dict("records"),
    }


def drivers_report(found: Sensitivity) -> list[RenderableType]:
    """Return what `sensitivity` prints."""
    outcome = OUTCOMES[found.outcome]
    what = {"mean": "mean over the months", "final": "last month"}[outcome.summary]
    lines: list[RenderableType] = [
        Text.assemble(
            (found.scenario.name, "bold"), ": what drives ", (found.outcome, "bold"), f", {what}, {outcome.unit}"
        ),
        dim(
            f"{found.method} over {counted(len(found.parameters), 'parameter')}"
            + (f", the foremost of {found.screened} that morris screened" if found.screened else "")
            + f", {counted(found.draws, 'draw')} a point; "
            f"{counted(found.runs, 'run')}, seed {found.seed}"
        ),
        Text(),
    ]
    if found.method == "morris":
        lines.append(Text("Parameters: mean absolute change when one alone moves by half of its distribution", "bold"))
        table = new_table("parameter", ">change", ">direction", ">spread", "meaning", gap=1)
        for name, row in found.parameters[:MOST_DRIVERS].iterrows():
            change = Text.assemble((f"{row['mu_star']:.3g}", "bold"), (f" ±{row['mu_star_conf']:.2g}", "dim"))
            table.add_row(str(name), change, f"{row['mu']:+.2g}", f"{row['sigma']:.2g}", dim(_meaning(str(name))))
        note = (
            "direction: mean change with its sign; spread: its standard deviation (other parameters decide, or a curve)"
        )
    else:
        lines.append(Text("Parameters: share of the variance that goes with one", "bold"))
        table = new_table("parameter", ">alone", ">with others", "meaning", gap=1)
        for name, row in found.parameters[:MOST_DRIVERS].iterrows():
            shares = [
                Text.assemble((f"{row[key]:z.2f}", "bold"), (f" ±{row[f'{key}_conf']:.2f}", "dim"))
                for key in ("S1", "ST")
            ]
            table.add_row(str(name), *shares, dim(_meaning(str(name))))
        note = "alone: Sobol index of first order; with others: total index"
    more = len(found.parameters) - MOST_DRIVERS
    lines += [
        table,
        dim(f"{note}; ±: half of the 95 % interval" + (f"; {more} less important ones left out" if more > 0 else "")),
    ]
    if found.chance == found.chance:
        rest = f"Chance, actors and what is not moved make {found.chance:.0%} of the variance of single runs."
        lines.append(dim(rest))
    lines += [Text(), Text("Mechanisms: the outcome with one, less without it [95 % interval]", "bold")]
    table = new_table("strength", ">effect", "", "meaning", gap=1)
    for name, row in found.mechanisms[:MOST_DRIVERS].iterrows():
        interval = dim(f"[{row['low']:+.2g}, {row['high']:+.2g}]")
        table.add_row(str(name), Text(f"{row['effect']:+.3g}", "bold"), interval, dim(_meaning(str(name))))
    more = len(found.mechanisms) - MOST_DRIVERS
    return [*lines, table, *([dim(f"{more} with less effect left out")] if more > 0 else [])]


def boxes_as_json(found: Discovery) -> dict[str, Any]:
    """Return what `discover --json` prints."""
    boxes = []
    for each in found.boxes:
        sides = [
            {"name": side.name, "low": side.low, "high": side.high, "options": side.options,
             "p_low": side.p_low, "p_high": side.p_high}
            for side in each.restrictions
        ]  # fmt: skip
        boxes.append({"coverage": each.coverage, "density": each.density, "mass": each.mass, "restrictions": sides})
    return {
        "experiment": found.experiment,
        "outcome": found.outcome,
        "below": found.below,
        "above": found.above,
        "cases": len(found.cases),
        "of_interest": int(found.cases["of_interest"].sum()),
        "boxes": boxes,
    }


def boxes_report(found: Discovery, level: float) -> list[RenderableType]:
    """Return what `discover` prints."""
    lines: list[RenderableType] = [
        Text.assemble(
            (found.experiment, "bold"), ": when is ", (found.event, "bold"), f" {found.unit} in the last month?"
        ),
        dim(
            f"{found.cases['of_interest'].sum():,} of {counted(len(found.cases), 'case')} ({found.base_rate:.1%}); "
            "a case is a policy at a point, by the mean of its draws"
        ),
    ]
    chance = False
    for number, each in enumerate(found.boxes, 1):
        lines += [
            Text(),
            Text.assemble(
                (f"Box {number}: ", "bold"),
                f"density {each.density:.0%} (of interest among those in it), coverage {each.coverage:.0%} "
                f"(in it among those of interest), {each.mass:.0%} of the cases",
            ),
        ]
        table = new_table("condition", ">quasi-p", "meaning", gap=1)
        for side in each.restrictions:
            doubtful = side.p > level
            chance |= doubtful
            meaning = "" if side.options else _meaning(side.name)
            table.add_row(Text(str(side)), Text(f"{side.p:.2g}", "yellow" if doubtful else ""), dim(meaning))
        lines.append(table if each.restrictions else dim("the whole space: no condition makes it likelier"))
    if chance:
        lines += [Text(), Text(f"A condition with a quasi-p-value above {level:g} may be chance.", "yellow")]
    return lines


def policies_as_json(found: Policies) -> dict[str, Any]:
    """Return what `policy --json` prints."""
    table = found.table.rename_axis("scenario").reset_index()
    rows = [{key: None if value != value else value for key, value in row.items()} for row in table.to_dict("records")]
    return {
        "experiment": found.experiment,
        "outcome": found.outcome,
        "better": found.better,
        "futures": found.futures,
        "draws": found.draws,
        "policies": rows,
        "options": found.options.reset_index().to_dict("records"),
        "tied": found.tied,
        "choices": found.choices,
    }


def policies_report(found: Policies, rules: Mapping[str, str]) -> list[RenderableType]:
    """Return what `policy` prints."""
    from alliance_sim.analysis.precision import SMALL, draws_needed

    table = new_table("policy", ">mean", "[5 %, 95 %]", ">worst", ">regret", ">90 %", ">most", ">behind", gap=1)
    for column in table.columns[1:]:
        column.no_wrap = True
    rows = found.table.iloc[found.table["behind"].argsort(kind="stable")]
    for name, row in list(zip(rows.index, rows.to_dict("records"), strict=True))[:MOST_POLICIES]:
        error = f" ±{row['mc_error']:.3f}" if row["mc_error"] > SMALL * row["behind"] else ""
        behind = Text.assemble(f"{row['behind']:.3f}", (error, "dim")) if row["behind"] else dim("best")
        table.add_row(
            found.label(name), Text(f"{row['mean']:z.3f}", "bold"), dim(f"[{row['p05']:z.3f}, {row['p95']:z.3f}]"),
            f"{row['worst']:z.3f}", *(f"{row[f'regret_{key}']:.3f}" for key in ("mean", "p90", "max")), behind,
        )  # fmt: skip
    left_out = f"; {len(rows) - MOST_POLICIES} that are further behind left out" if len(rows) > MOST_POLICIES else ""
    lines: list[RenderableType] = [
        Text.assemble((found.experiment, "bold"), ": ", (found.outcome, "bold"), f", {found.unit}, in the last month"),
        dim(
            f"{counted(len(rows), 'policy').replace('policys', 'policies')} of {', '.join(found.levers)} in "
            f"{counted(found.futures, 'future')} with {counted(found.draws, 'draw')} each; {found.better} is better"
        ),
        Text(),
        table,
        dim(
            "worst: mean in its worst future; regret: behind the best policy of a future, on average, in 90 % of them "
            f"at most, in all; behind: mean less than the best{left_out}"
        ),
    ]
    tied = [name for name in found.tied if rows["behind"][name] > 0.0]
    if tied:
        which = "policy is" if len(tied) == 1 else "policies are"
        lines.append(
            Text(f"{len(tied)} other {which} behind by two Monte Carlo errors at most: not told apart.", "yellow")
        )
    clear = rows.drop(found.tied)
    times = draws_needed(clear["mc_error"], 1, SMALL * clear["behind"])
    if times > 1:
        few = f"±: Monte Carlo error, more than a tenth of the difference; {times} times as many points and draws"
        lines.append(Text(f"{few} would make it less for those told apart.", "yellow"))
    if found.draws < 2:
        lines.append(Text("A single draw at each future does not tell how much is chance.", "yellow"))
    seen = ""
    table = new_table("lever", "option", ">mean", ">regret", ">most", gap=1)
    options = found.options.reset_index().to_dict("records")
    for row in options:
        numbers = (f"{row[key]:z.3f}" for key in ("mean", "regret_mean", "regret_max"))
        table.add_row(row["lever"] if row["lever"] != seen else "", row["option"], *numbers)
        seen = row["lever"]
    if options:
        lines += [Text(), Text("Options: the policies that have one, on average", "bold"), table]
    lines += [Text(), Text("Choices", "bold")]
    chosen = found.choices
    lines += [Text(f"  {found.label(chosen[rule])}: {meant}") for rule, meant in rules.items()]
    if len(set(chosen.values())) == 1:
        so = ", but runs do not tell it from others." if tied else ": it is robust to how one weighs the futures."
        lines.append(dim(f"All rules choose the same{so}"))
    return lines


def _meaning(name: str) -> str:
    parameter, _ = resolve(name)
    return parameter.description


def _range(name: str) -> float:
    """Width of an outcome's range; what has no natural end is measured in its own units."""
    return min(OUTCOMES[name].high - OUTCOMES[name].low, 32.0)


def _board(decisions: pd.DataFrame) -> Table:
    heads = [f">{head}" for head, _ in DECISIONS.values()]
    if wide():
        table = new_table("month", "forum", "issue", "text", *heads, ">byp", ">level", "objectors", gap=1)
    else:
        table = new_table("month", "forum", "issue", *heads, ">level", "objectors", gap=1)
    for column in table.columns[:-1]:
        column.no_wrap = True
    # What the other columns leave, at eight characters an objector.
    room = (new_console().width - (83 if wide() else 69)) // 8
    for row in decisions.to_dict("records"):
        likeliest = max(DECISIONS, key=lambda name: row[name])
        shares = [
            Text(percent(row[name]), f"bold {colour}" if name == likeliest else colour if row[name] else "dim")
            for name, (_, colour) in DECISIONS.items()
        ]
        objectors = [f"{ally} {percent(rate)}" for ally, rate in row["objectors"].items() if rate >= 0.01]
        text = (f"{row['reversion']:.2f}→{row['proposed']:.2f}",) if wide() else ()
        bypassed = (Text(percent(row["bypassed"]), "dim"),) if wide() else ()
        table.add_row(
            row["month"], FORUM_LABELS[row["forum"]], row["issue"], *text, *shares, *bypassed,
            f"{row['level_mean']:.2f}", "  ".join(objectors[:room]),
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
