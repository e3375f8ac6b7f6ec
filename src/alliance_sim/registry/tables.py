"""The registry as markdown tables, for the docs.

``python -m alliance_sim.registry.tables outcomes`` and ``... issues`` print the tables of ``docs/model.md``,
``... parameters`` the page ``docs/parameters.md``; the tests compare both with what is printed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from typing import Any

from alliance_sim.registry.actors import ERAS
from alliance_sim.registry.events import EVENT_TYPES, SHIFTABLE, Event
from alliance_sim.registry.issues import ISSUE_TABLE
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS, Parameter
from alliance_sim.registry.priors import Prior

__all__ = ["issues_table", "markdown_table", "outcomes_table", "parameters_page"]

#: Longer lists of allowed names are left to the message of an error.
_LONGEST_CHOICE = 8

_BETTER = {1: "more", 0: "", -1: "less"}


def markdown_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a markdown table; bars within cells are escaped."""
    cells = [list(head)]
    cells.append(["---"] * len(cells[0]))
    cells += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _range(low: float, high: float) -> str:
    return f"{low:g} to {high:g}"


def outcomes_table() -> str:
    """Return every outcome: name, unit, range, direction, definition."""
    return markdown_table(
        ("outcome", "unit", "range", "better", "definition"),
        (
            (f"`{name}`", outcome.unit, _range(outcome.low, outcome.high), _BETTER[outcome.better], outcome.definition)
            for name, outcome in OUTCOMES.items()
        ),
    )


def issues_table() -> str:
    """Return every issue: what is adopted at the start of each era, the weights of mechanisms, the fixed agenda."""
    return markdown_table(
        ("issue", "about", *(f"norm {era}" for era in ERAS), "cover", "hedge", "leads", "fixed agenda", "source"),
        (
            (
                f"`{issue.name}`",
                issue.description,
                *(f"{issue.norm[era]:g}" for era in ERAS),
                *(f"{weight:g}" for weight in (issue.cover, issue.hedge, issue.leads)),
                "{:g} → {:g}".format(*issue.reference) if issue.reference else "",
                issue.source,
            )
            for issue in ISSUE_TABLE
        ),
    )


def _prior(prior: Prior) -> str:
    within = f", within {_range(prior.low, prior.high)}"
    match prior.kind:
        case "fixed":
            return f"{prior.a:g}"
        case "uniform":
            return f"uniform {_range(prior.low, prior.high)}"
        case "triangular":
            return f"triangular {_range(prior.low, prior.high)}, mode {prior.a:g}"
        case "normal":
            return f"normal {prior.a:g} ± {prior.b:g}{within}"
        case "lognormal":
            return f"lognormal, median {math.exp(prior.a):g}, sd {prior.b:g} of the log{within}"


def _priors(parameter: Parameter) -> str:
    by_era = {era: _prior(parameter.priors[era]) for era in ERAS}
    texts = [f"{era}: {text}" for era, text in by_era.items()]
    if len(set(by_era.values())) == 1:
        texts = [by_era[ERAS[0]]]
    return "; ".join(texts + [f"{ally}: {_prior(prior)}" for ally, prior in parameter.allies.items()])


def _parameter_rows(group: str) -> Iterable[tuple[str, ...]]:
    for name, parameter in PARAMETERS.items():
        if parameter.group == group:
            yield (
                f"`{name}.ALLY`" if parameter.per_ally else f"`{name}`",
                parameter.unit,
                _range(parameter.low, parameter.high),
                _priors(parameter),
                parameter.source,
                parameter.description,
            )


def _allowed(schema: dict[str, Any]) -> str:
    """Say what the JSON Schema of a field allows."""
    if "anyOf" in schema:
        return " or ".join(filter(None, (_allowed(option) for option in schema["anyOf"])))
    if "enum" in schema:
        names = [str(name) for name in schema["enum"]]
        return ", ".join(names) if len(names) <= _LONGEST_CHOICE else "ISO3 code"
    if "minimum" in schema and "maximum" in schema:
        return _range(schema["minimum"], schema["maximum"])
    if "minimum" in schema:
        return f"whole number from {schema['minimum']:g}"
    kinds = {"array": "list of them", "boolean": "true, false", "number": "number", "string": "text"}
    return kinds.get(schema["type"], "")


def _default(schema: dict[str, Any], required: bool) -> str:
    if required:
        return "required"
    default = schema["default"]
    if default is None or default == "":
        return ""
    return str(default).lower() if isinstance(default, bool) else f"{default:g}"


def _field_rows(kind: type[Event], names: Iterable[str]) -> Iterable[tuple[str, ...]]:
    schema = kind.model_json_schema()
    for name in names:
        field = schema["properties"][name]
        yield (
            f"`{name}`",
            field.get("unit", ""),
            _allowed(field),
            _default(field, name in schema["required"]),
            field["description"],
        )


_FIELD_HEAD = ("field", "unit", "allowed", "default", "meaning")


def _own_fields(kind: type[Event]) -> list[str]:
    return [name for name in kind.model_json_schema()["properties"] if name not in Event.model_fields]


def parameters_page() -> str:
    """Return the page of parameters and event types."""
    parts = [
        "# Parameters and event types",
        "Printed by `python -m alliance_sim.registry.tables parameters`; change the registry, not this page. What the "
        "symbols do is in [model.md](model.md). Sources: A and B are the documents of 2025 and 2018, ¶ a paragraph; "
        "*prototype* is a rough earlier model in which the value behaved, which is judgement as well.",
        "## Parameters",
        "A scenario sets any of them, as a value or a distribution, within its range; what it does not set is drawn "
        "from the prior, once a draw. `NAME.ALLY` has one value per ally (`susceptibility.HUN`); a prior that starts "
        "with an ISO3 code is that ally's own.",
    ]
    for group in dict.fromkeys(parameter.group for parameter in PARAMETERS.values()):
        head = ("symbol", "unit", "range", "prior", "source", "meaning")
        parts += [f"### {group[0].upper()}{group[1:]}", markdown_table(head, _parameter_rows(group))]
    parts += [
        "## Event types",
        "Every event has these fields besides its own:",
        markdown_table(
            _FIELD_HEAD, _field_rows(next(iter(EVENT_TYPES.values())), (n for n in Event.model_fields if n != "type"))
        ),
    ]
    for name, kind in EVENT_TYPES.items():
        parts += [
            f"### `{name}`",
            f"{(kind.__doc__ or '').strip()} Basis: {kind.basis}.",
            markdown_table(_FIELD_HEAD, _field_rows(kind, _own_fields(kind))),
        ]
    states = [name for name in SHIFTABLE if "." not in name]
    parts.append(
        "States that `shift` knows: "
        + ", ".join(f"`{name}`" for name in states)
        + ", `norm.ISSUE`, `position.ISSUE`; those of allies take `.ALLY` as well. Without an ally all are shifted."
    )
    return "\n\n".join(parts) + "\n"


_PRINTED: dict[str, Callable[[], str]] = {
    "outcomes": outcomes_table,
    "issues": issues_table,
    "parameters": parameters_page,
}


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=_PRINTED)
    print(_PRINTED[parser.parse_args().what]().rstrip("\n"))


if __name__ == "__main__":
    main()
