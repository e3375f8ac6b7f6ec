"""Reports on analyses: sensitivity, scenario discovery, choice of a policy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.terminal import dim, new_table
from alliance_sim.registry.labels import OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from alliance_sim.analysis.discovery import Discovery
    from alliance_sim.analysis.policy import Policies
    from alliance_sim.analysis.sensitivity import Sensitivity

#: Policies that `policy` lists.
MOST_POLICIES = 40
#: Parameters and mechanisms that `sensitivity` lists.
MOST_DRIVERS = 12


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
        "chance": None if math.isnan(found.chance) else found.chance,
        "parameters": found.parameters.reset_index().to_dict("records"),
        "mechanisms": found.mechanisms.reset_index().to_dict("records"),
    }


def drivers_report(found: Sensitivity) -> list[RenderableType]:
    """Return what `sensitivity` prints."""
    outcome = OUTCOMES[found.outcome]
    summary = {"mean": "mean over the months", "final": "last month"}[outcome.summary]
    size = f"{found.method} over {counted(len(found.parameters), 'parameter')}"
    if found.screened:
        size += f", the most influential of {found.screened} screened with morris"
    size += f", {counted(found.draws, 'draw')} per point; {counted(found.runs, 'run')}, seed {found.seed}"
    lines: list[RenderableType] = [
        Text.assemble(
            (found.scenario.name, "bold"), ": what drives ", (found.outcome, "bold"), f", {summary}, {outcome.unit}"
        ),
        dim(size),
        Text(),
        *(_effects(found.parameters) if found.method == "morris" else _indices(found.parameters)),
    ]
    if not math.isnan(found.chance):
        rest = (
            f"Chance, actors and parameters held fixed account for {found.chance:.0%} of the variance of single runs."
        )
        lines.append(dim(rest))
    return [*lines, Text(), *_mechanisms(found.mechanisms)]


def _effects(parameters: pd.DataFrame) -> Iterator[RenderableType]:
    """Yield the results of Morris's method."""
    yield Text("Parameters: mean absolute change when one alone moves by half of its distribution", "bold")
    table = new_table("parameter", ">change", ">direction", ">spread", "meaning", gap=1)
    for name, row in parameters[:MOST_DRIVERS].iterrows():
        change = Text.assemble((f"{row['mu_star']:.3g}", "bold"), (f" ±{row['mu_star_conf']:.2g}", "dim"))
        table.add_row(str(name), change, f"{row['mu']:+.2g}", f"{row['sigma']:.2g}", dim(_meaning(str(name))))
    yield table
    note = "direction: mean change with its sign; spread: its standard deviation (interactions or nonlinearity)"
    yield dim(f"{note}; ±: half of the 95 % interval{_left_out(parameters)}")


def _indices(parameters: pd.DataFrame) -> Iterator[RenderableType]:
    """Yield Sobol indices."""
    yield Text("Parameters: share of the variance due to each", "bold")
    table = new_table("parameter", ">alone", ">with others", "meaning", gap=1)
    for name, row in parameters[:MOST_DRIVERS].iterrows():
        shares = [
            Text.assemble((f"{row[key]:z.2f}", "bold"), (f" ±{row[f'{key}_conf']:.2f}", "dim")) for key in ("S1", "ST")
        ]
        table.add_row(str(name), *shares, dim(_meaning(str(name))))
    yield table
    note = "alone: first-order Sobol index; with others: total-order index"
    yield dim(f"{note}; ±: half of the 95 % interval{_left_out(parameters)}")


def _left_out(parameters: pd.DataFrame) -> str:
    more = len(parameters) - MOST_DRIVERS
    return f"; {more} less important ones left out" if more > 0 else ""


def _mechanisms(mechanisms: pd.DataFrame) -> Iterator[RenderableType]:
    """Yield the effects of mechanisms."""
    yield Text("Mechanisms: outcome with the mechanism minus outcome without it [95 % interval]", "bold")
    table = new_table("strength", ">effect", "", "meaning", gap=1)
    for name, row in mechanisms[:MOST_DRIVERS].iterrows():
        interval = dim(f"[{row['low']:+.2g}, {row['high']:+.2g}]")
        table.add_row(str(name), Text(f"{row['effect']:+.3g}", "bold"), interval, dim(_meaning(str(name))))
    yield table
    if (more := len(mechanisms) - MOST_DRIVERS) > 0:
        yield dim(f"{more} with less effect left out")


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
    """Return what `discover` prints; quasi-p-values above `level` are marked."""
    cases = counted(len(found.cases), "case")
    lines: list[RenderableType] = [
        Text.assemble(
            (found.experiment, "bold"), ": when is ", (found.event, "bold"), f" {found.unit} in the last month?"
        ),
        dim(
            f"{found.cases['of_interest'].sum():,} of {cases} ({found.base_rate:.1%}); "
            "a case is a policy at a point, by the mean of its draws"
        ),
    ]
    for number, each in enumerate(found.boxes, 1):
        lines += [
            Text(),
            Text.assemble(
                (f"Box {number}: ", "bold"),
                f"density {each.density:.0%} (share of its cases that are of interest), coverage {each.coverage:.0%} "
                f"(share of the cases of interest that it contains), {each.mass:.0%} of the cases",
            ),
        ]
        table = new_table("condition", ">quasi-p", "meaning", gap=1)
        for side in each.restrictions:
            meaning = "" if side.options else _meaning(side.name)
            table.add_row(Text(str(side)), Text(f"{side.p:.2g}", "yellow" if side.p > level else ""), dim(meaning))
        lines.append(table if each.restrictions else dim("the whole space: no condition makes it more likely"))
    if any(side.p > level for each in found.boxes for side in each.restrictions):
        lines += [Text(), Text(f"A condition with a quasi-p-value above {level:g} may be chance.", "yellow")]
    return lines


def policies_as_json(found: Policies) -> dict[str, Any]:
    """Return what `policy --json` prints."""
    table = found.table.rename_axis("scenario").reset_index()
    rows, levers = (
        [{key: None if value != value else value for key, value in row.items()} for row in each.to_dict("records")]
        for each in (table, found.effects.rename_axis("lever").reset_index())
    )
    return {
        "experiment": found.experiment,
        "outcome": found.outcome,
        "better": found.better,
        "futures": found.futures,
        "draws": found.draws,
        "levers": levers,
        "without_effect": found.without_effect,
        "policies": rows,
        "options": found.options.reset_index().to_dict("records"),
        "tied": found.tied,
        "choices": found.choices,
    }


def policies_report(found: Policies, rules: Mapping[str, str]) -> list[RenderableType]:
    """Return what `policy` prints; `rules` explain the choices."""
    rows = found.table.iloc[found.table["behind"].argsort(kind="stable")]
    tied = [name for name in found.tied if rows["behind"][name] > 0.0]
    number = counted(len(rows), "policy").replace("policys", "policies")
    size = f"{counted(found.futures, 'future')} with {counted(found.draws, 'draw')} each"
    left_out = f"; {len(rows) - MOST_POLICIES} that are further behind left out" if len(rows) > MOST_POLICIES else ""
    return [
        Text.assemble((found.experiment, "bold"), ": ", (found.outcome, "bold"), f", {found.unit}, in the last month"),
        dim(f"{number} of {', '.join(found.levers)} in {size}; {found.better} is better"),
        *_levers(found),
        Text(),
        _ranking(found, rows[:MOST_POLICIES]),
        dim(
            "worst: mean in its worst future; regret: behind the best policy of a future, on average, in 90 % of them "
            f"at most, in all; behind: difference of its mean from the best{left_out}"
        ),
        *_warnings(found, rows, tied),
        *_options(found),
        Text(),
        *_choices(found, rules, bool(tied)),
    ]


def _levers(found: Policies) -> Iterator[Text]:
    """Yield which levers move the outcome, and which do nothing that can be seen."""
    moving, others = [], []
    for name, row in found.effects.iterrows():
        # As many digits as the error has to show one.
        digits = min(6, max(3, math.ceil(-math.log10(row["mc_error"])))) if row["mc_error"] > 0.0 else 3
        error = "" if math.isnan(row["mc_error"]) else f" ±{row['mc_error']:.{digits}f}"
        size = f"{row['effect']:.{digits}f}{error}"
        if name in found.without_effect:
            others.append(f"{name} ({size})")
        else:
            moving.append(f"{name} by {size} ({row['best']} over {row['worst']})")
    if moving:
        yield Text(f"What moves {OUTCOME_LABELS[found.outcome]}: {'; '.join(moving)}.", "bold")
    if others:
        yield Text(f"What does nothing that can be seen: {'; '.join(others)}.", "bold")


def _ranking(found: Policies, rows: pd.DataFrame) -> Table:
    """Return the table of policies."""
    from alliance_sim.analysis.precision import SMALL

    table = new_table("policy", ">mean", "[5 %, 95 %]", ">worst", ">regret", ">90 %", ">most", ">behind", gap=1)
    for column in table.columns[1:]:
        column.no_wrap = True
    for name, row in zip(rows.index, rows.to_dict("records"), strict=True):
        error = f" ±{row['mc_error']:.3f}" if row["mc_error"] > SMALL * row["behind"] else ""
        behind = Text.assemble(f"{row['behind']:.3f}", (error, "dim")) if row["behind"] else dim("best")
        table.add_row(
            found.label(name), Text(f"{row['mean']:z.3f}", "bold"), dim(f"[{row['p05']:z.3f}, {row['p95']:z.3f}]"),
            f"{row['worst']:z.3f}", *(f"{row[f'regret_{key}']:.3f}" for key in ("mean", "p90", "max")), behind,
        )  # fmt: skip
    return table


def _warnings(found: Policies, rows: pd.DataFrame, tied: list[str]) -> Iterator[Text]:
    """Yield warnings that there are too few runs."""
    from alliance_sim.analysis.precision import SMALL, draws_needed

    if tied:
        number = "1 other policy is" if len(tied) == 1 else f"{len(tied)} other policies are"
        yield Text(f"{number} behind by two Monte Carlo errors at most: indistinguishable from the best.", "yellow")
    clear = rows.drop(found.tied)
    times = draws_needed(clear["mc_error"], 1, SMALL * clear["behind"])
    if times > 1:
        few = f"±: Monte Carlo error, more than a tenth of the difference; {times} times as many points and draws"
        yield Text(f"{few} would reduce it below that for the other policies.", "yellow")
    if found.draws < 2:
        yield Text("With a single draw at each future, the part of chance is unknown.", "yellow")


def _options(found: Policies) -> list[RenderableType]:
    """Return the table of options, averaged over the policies that have them."""
    options = found.options.reset_index().to_dict("records")
    if not options:
        return []
    table, previous = new_table("lever", "option", ">mean", ">regret", ">most", gap=1), ""
    for row in options:
        numbers = (f"{row[key]:z.3f}" for key in ("mean", "regret_mean", "regret_max"))
        table.add_row(row["lever"] if row["lever"] != previous else "", row["option"], *numbers)
        previous = row["lever"]
    return [Text(), Text("Options: the policies that have one, on average", "bold"), table]


def _choices(found: Policies, rules: Mapping[str, str], tied: bool) -> Iterator[Text]:
    """Yield the policy that each rule chooses."""
    yield Text("Choices", "bold")
    chosen = found.choices
    for rule, explained in rules.items():
        yield Text(f"  {found.label(chosen[rule])}: {explained}")
    if len(set(chosen.values())) == 1:
        robust = ": it is robust to how the futures are weighed."
        yield dim(f"All rules choose the same{', but the runs cannot distinguish it from others.' if tied else robust}")


def _meaning(name: str) -> str:
    parameter, _ = resolve(name)
    return parameter.description
