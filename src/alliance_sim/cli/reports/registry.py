"""Reports on the registries of parameters and outcomes."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.terminal import dim, new_table
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.labels import GROUPS, OUTCOME_GROUPS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import Outcome
from alliance_sim.registry.parameters import Parameter

#: Which direction is better, in a table and in a sentence.
_BETTER = {
    1: ("more", "more of it means more cohesion or deterrence"),
    0: ("", "neither direction"),
    -1: ("less", "less of it means more cohesion or deterrence"),
}
_SUMMARIES = {"mean": "its mean over the months", "final": "its last month"}


def _range(row: Parameter | Outcome) -> str:
    return f"{row.low:g} to {row.high:g} {row.unit}"


def outcomes_table(outcomes: Iterable[Outcome]) -> RenderableType:
    """Return outcomes as a table, in groups."""
    table = new_table("outcome", "range", "better")
    table.columns[1].no_wrap = table.columns[2].no_wrap = True
    ordered = sorted(outcomes, key=lambda each: GROUPS.index(OUTCOME_GROUPS[each.name]))
    for group, own in itertools.groupby(ordered, lambda each: OUTCOME_GROUPS[each.name]):
        table.add_row(Text(group, "bold underline"))
        for each in own:
            what = Text.assemble((each.name, "bold"), (f"\n{OUTCOME_LABELS[each.name]}", "dim"))
            table.add_row(Padding(what, (0, 0, 0, 2)), _range(each), _BETTER[each.better][0])
    return table


def parameters_table(parameters: Iterable[Parameter]) -> RenderableType:
    """Return parameters as a table, in the groups of the registry."""
    table = new_table("parameter", "range", "prior")
    for column, ratio in zip(table.columns, (5, 3, 4), strict=True):
        column.ratio = ratio
    table.expand = True
    for group, own in itertools.groupby(_grouped(parameters), lambda each: each.group):
        table.add_row(Text(group, "bold underline"))
        for each in own:
            what = Text.assemble((_called(each), "bold"), (f"\n{each.description}", "dim"))
            table.add_row(Padding(what, (0, 0, 0, 2)), _range(each), "\n".join(_priors(each)))
    return table


def _grouped(parameters: Iterable[Parameter]) -> list[Parameter]:
    """Return parameters with those of a group together, in the order in which the groups begin."""
    groups: dict[str, list[Parameter]] = {}
    for each in parameters:
        groups.setdefault(each.group, []).append(each)
    return [each for own in groups.values() for each in own]


def _called(parameter: Parameter) -> str:
    return f"{parameter.name}.ALLY" if parameter.per_ally else parameter.name


def _priors(parameter: Parameter) -> list[str]:
    """Return the priors in words: one, or one for each era or ally that differs."""
    eras: dict[str, list[str]] = {}
    for era, prior in parameter.priors.items():
        eras.setdefault(str(prior), []).append(era)
    found = list(eras) if len(eras) == 1 else [f"{', '.join(own)}: {prior}" for prior, own in eras.items()]
    allies: dict[str, list[str]] = {}
    for ally, prior in parameter.allies.items():
        allies.setdefault(str(prior), []).append(ally)
    return found + [f"{', '.join(own)}: {prior}" for prior, own in allies.items()]


def outcome_entry(outcome: Outcome) -> RenderableType:
    """Return all that the registry says of an outcome."""
    return _entry(
        outcome.name,
        OUTCOME_LABELS[outcome.name],
        {
            "definition": outcome.definition,
            "group": OUTCOME_GROUPS[outcome.name],
            "range": _range(outcome),
            "better": _BETTER[outcome.better][1],
            "of a draw": _SUMMARIES[outcome.summary],
            "source": "docs/model.md, section 8, has the equations",
        },
    )


def parameter_entry(parameter: Parameter) -> RenderableType:
    """Return all that the registry and the report on the fit say of a parameter."""
    switch = "zero switches its mechanism off" if parameter.strength else ""
    former = f"{parameter.symbol}, its name in earlier versions" if parameter.symbol != parameter.name else ""
    return _entry(
        _called(parameter),
        parameter.description,
        {
            "group": parameter.group,
            "range": _range(parameter),
            "prior": "\n".join(_priors(parameter)),
            "record": _record_in_words(parameter),
            "source": parameter.source,
            "strength": switch,
            "symbol": former,
            "more": f"alliance-sim evidence {parameter.name}",
        },
    )


def _entry(name: str, label: str, fields: Mapping[str, str]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for key, text in fields.items():
        if text:
            table.add_row(dim(f"  {key}"), Text(text))
    return Group(Text.assemble((name, "bold"), f"  {label}"), table, Text())


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """Return what `outcomes --json` prints of one."""
    fields = ("unit", "low", "high", "better", "summary", "definition")
    return {
        "name": outcome.name,
        "label": OUTCOME_LABELS[outcome.name],
        "group": OUTCOME_GROUPS[outcome.name],
        **{field: getattr(outcome, field) for field in fields},
    }


def parameter_as_json(parameter: Parameter) -> dict[str, Any]:
    """Return what `parameters --json` prints of one; `record` has only what was fitted, by name."""
    return {
        **dataclasses.asdict(parameter),
        "priors": {era: dataclasses.asdict(prior) for era, prior in parameter.priors.items()},
        "record": _record(parameter),
    }


def _record_in_words(parameter: Parameter) -> str:
    """Say what the record made of a parameter: mean [5 %, 95 %] before and after, where it is informed."""
    prior = parameter.prior(ERAS[-1])
    found = _record(parameter)
    if len(set(parameter.priors.values())) > 1:
        return "not fitted: its prior differs by era, and runs draw it from that"
    if prior.kind == "fixed" and not parameter.allies:
        return "not fitted: it is fixed"
    if not found:
        return "not fitted: runs draw it from its prior"
    informed = {name: entry for name, entry in found.items() if entry["informed"]}
    if not parameter.per_ally:
        (entry,) = found.values()
        numbers = f"mean {_interval(entry['prior'])} before it, {_interval(entry['posterior'])} after it (5 %, 95 %)"
        return f"it {'informs' if informed else 'does not inform'} the parameter: {numbers}"
    if not informed:
        return f"it informs none of the {len(found)}: they are judgement"
    said = [f"{name.rpartition('.')[2]} {_interval(entry['posterior'])}" for name, entry in informed.items()]
    rest = " (mean, 5 %, 95 %); it does not inform the others" if len(informed) < len(found) else " (mean, 5 %, 95 %)"
    return f"it informs {len(informed)} of {len(found)}: {', '.join(said)}{rest}"


def _interval(summary: Mapping[str, float]) -> str:
    return f"{summary['mean']:.2g} [{summary['p05']:.2g}, {summary['p95']:.2g}]"


def _record(parameter: Parameter) -> dict[str, dict[str, Any]]:
    """Return prior and posterior by the report on the fit, by name; of those that runs draw from the posterior."""
    from alliance_sim.estimation.report import is_informed

    if len(set(parameter.priors.values())) > 1:
        return {}  # The history begins in another era.
    names = [f"{parameter.name}.{ally}" for ally in ALLIES] if parameter.per_ally else [parameter.name]
    found = {}
    for name in names:
        if name in _report():
            entry = _report()[name]
            keys = ("mean", "sd", "p05", "p95")
            before, after = (dict(zip(keys, entry[which], strict=True)) for which in ("prior", "posterior"))
            found[name] = {"informed": is_informed(entry), "prior": before, "posterior": after}
    return found


@cache
def _report() -> Mapping[str, Any]:
    from alliance_sim.estimation.report import behaviour_path, read_report

    found: dict[str, Any] = read_report(behaviour_path()).get("parameters", {})
    return found
