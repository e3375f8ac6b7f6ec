"""Reports on experiments: levers, policies, what is varied, size, and the status of a sweep."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.terminal import SIGNS, bullets, dim, new_table
from alliance_sim.errors import printable
from alliance_sim.experiments import Experiment
from alliance_sim.registry.distributions import fixed
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.scenarios import input_differences
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from alliance_sim.experiments.results import Results

#: Share of the cases that the command `discover` which `sweep` proposes is about.
CASES = 0.2


def counted_runs(experiment: Experiment) -> str:
    """Return the size of an experiment in words."""
    sizes = (len(experiment.choices()), "variant"), (experiment.points, "point"), (experiment.replications, "draw")
    return f"{' x '.join(counted(*size) for size in sizes)} = {counted(experiment.runs, 'run')}"


def experiment_as_json(experiment: Experiment, path: Path) -> dict[str, Any]:
    """Return what `show --json` prints of an experiment."""
    names = [variant.scenario.name for variant in experiment.variants()]
    fields = experiment.model_dump(mode="json", exclude_none=True, exclude={"scenario"})
    sizes = {"variants": names, "points": experiment.points, "runs": experiment.runs, "file": str(path)}
    return {**fields, "scenario": experiment.scenario.name, **sizes}


def experiment_report(experiment: Experiment, path: Path) -> list[RenderableType]:
    """Return what `show` prints of an experiment."""
    from alliance_sim.experiments.parts import expected_size

    method = f"{experiment.design.method}, " if experiment.uncertainties else ""
    kept = f"keeps {experiment.keep}, about {expected_size(experiment) / 1e6:,.1f} MB"
    origin = f"from {experiment.scenario.name}"
    return [
        Text.assemble((experiment.name, "bold"), "  ", experiment.title),
        dim(f"{counted_runs(experiment)}; {method}seed {experiment.seed}; {kept}; {origin}"),
        Text(),
        Text(experiment.description),
        *((Text(), _choices(experiment)) if experiment.levers else ()),
        *((Text(), *_policies(experiment)) if experiment.policies else ()),
        Text(),
        _varied(experiment),
        Text(),
        Text.assemble(("Outcomes of interest  ", "bold"), ", ".join(experiment.outcomes)),
        Text(),
        Text("Sources", "bold"),
        bullets(experiment.sources),
        Text(f"\nFile: {printable(path)}", "dim", overflow="fold"),
    ]


def _choices(experiment: Experiment) -> Table:
    """Return the options of every lever, with what they change in the base."""
    base = experiment.scenario_with({})
    table = new_table("lever", "option", "what it changes")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for lever, options in experiment.levers.items():
        for option in options:
            changes = input_differences(base, experiment.scenario_with({lever: option}))
            first = lever if option == next(iter(options)) else ""
            lines = [Text(str(change), SIGNS[change.sign]) for change in changes]
            table.add_row(Text(first, "bold"), option, Group(*lines) if lines else dim("as in the base"))
    return table


def _policies(experiment: Experiment) -> Iterator[RenderableType]:
    yield Text("Policies: not all combinations, only", "bold")
    yield bullets(", ".join(f"{lever} {option}" for lever, option in each.items()) for each in experiment.policies)


def _varied(experiment: Experiment) -> RenderableType:
    """Return uncertainties and constants, beside their usual values."""
    if not (experiment.uncertainties or experiment.constants):
        return dim("Uncertainties: none but those of the priors, over the draws")
    table = new_table("", "parameter", "value", "unit", "instead of", "meaning")
    table.columns[1].no_wrap = True
    constants = {name: fixed(value) for name, value in experiment.constants.items()}
    for name, prior in (experiment.priors() | constants).items():
        parameter, ally = resolve(name)
        usual = str(parameter.prior(experiment.scenario.era, ally)) if parameter.priors else "calibrated"
        sign = "=" if name in constants else "~"
        table.add_row(sign, name, str(prior), parameter.unit, dim(usual), dim(parameter.description))
    return table


def status_report(results: Results) -> Table:
    """Return the runs of a sweep and how many of them failed, by scenario."""
    counts = results.status.groupby("variant")[["runs", "failed"]].sum()
    table = new_table("scenario", ">runs", ">failed")
    for variant in results.variants:
        runs, failed = counts.loc[variant.number]
        table.add_row(variant.scenario.name, f"{runs:,}", Text(f"{failed:,}", "red" if failed else ""))
    return table


def next_commands(results: Results, folder: Path) -> list[str]:
    """Return the commands that analyse a sweep, for its outcomes of interest, as far as they apply to it."""
    experiment, place = results.experiment, shlex.quote(printable(folder))
    outcomes = experiment.outcomes
    means = ", ".join(f"avg({name}) AS {name}" for name in outcomes)
    cases = results.sql(f"SELECT scenario, point, {means} FROM runs GROUP BY scenario, point")
    commands = []
    for name in outcomes:
        better = OUTCOMES[name].better
        if better and len(results.variants) > 1 and cases["scenario"].nunique() == len(results.variants):
            commands.append(f"policy {place} --outcome {name}")
        # The worst fifth of the cases; where no direction is registered, the highest.
        side, share = ("below", CASES) if better > 0 else ("above", 1.0 - CASES)
        bound = float(f"{cases[name].quantile(share):.4g}")
        inside = cases[name] < bound if better > 0 else cases[name] > bound
        if (experiment.levers or experiment.uncertainties) and inside.any() and not inside.all():
            commands.append(f"discover {place} --outcome {name} --{side} {bound:.4g}")
    query = f"SELECT scenario, {', '.join(f'avg({name})' for name in outcomes)} FROM runs GROUP BY ALL ORDER BY ALL"
    return [f"alliance-sim {command}" for command in (*commands, f"query {place} {shlex.quote(query)}")]
