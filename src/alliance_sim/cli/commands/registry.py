"""Commands on the registries: parameters, outcomes."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, TypeVar

import typer
from rich.console import RenderableType

from alliance_sim.cli.completion import outcome_names
from alliance_sim.cli.completion import parameters as parameter_names
from alliance_sim.cli.options import AsJson
from alliance_sim.cli.reports.registry import (
    outcome_as_json,
    outcome_entry,
    outcomes_table,
    parameter_as_json,
    parameter_entry,
    parameters_table,
)
from alliance_sim.cli.terminal import print_json, print_parts
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.labels import OUTCOME_GROUPS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import replaced
from alliance_sim.registry.parameters import PARAMETERS

Row = TypeVar("Row")
Texts = tuple[str, ...]

#: So many matches are shown in full, more as a table.
FEW = 3
_HELP = "A part of a name, label or group, or a shell pattern ('sd_*')."


def parameters(
    pattern: Annotated[
        str | None,
        typer.Argument(
            metavar="PATTERN",
            help=f"{_HELP} Symbols count as names.",
            show_default=False,
            autocompletion=parameter_names,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the parameters: name, meaning, range and prior; with few matches all that is known of each.

    Sources, and what the record of decisions says of it, are shown of at most three.
    """
    head, dot, ally = (pattern or "").partition(".")
    indexed = dot and ally in ALLIES and head in PARAMETERS and PARAMETERS[head].per_ally  # susceptibility.HUN
    rows = [(each, (name, each.symbol), (each.description, each.group)) for name, each in PARAMETERS.items()]
    found = _matching("parameter", head if indexed else pattern, rows)
    if as_json:
        print_json({"parameters": [parameter_as_json(each) for each in found]})
    else:
        _print(found, parameters_table, parameter_entry)


def outcomes(
    pattern: Annotated[
        str | None,
        typer.Argument(metavar="PATTERN", help=_HELP, show_default=False, autocompletion=outcome_names),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the outcomes of a run: name, label, range and which direction is better; with few matches the definition."""
    rows = [(each, (name,), (OUTCOME_LABELS[name], OUTCOME_GROUPS[name])) for name, each in OUTCOMES.items()]
    found = _matching("outcome", pattern, rows)
    if as_json:
        print_json({"outcomes": [outcome_as_json(each) for each in found]})
    else:
        _print(found, outcomes_table, outcome_entry)


def _matching(kind: str, pattern: str | None, rows: Sequence[tuple[Row, Texts, Texts]]) -> list[Row]:
    """Return the rows that a pattern finds: the one of that name, else those with it in a name or another text.

    Parameters
    ----------
    kind : str
    pattern : str or None
        None finds all.
    rows : sequence of tuples
        Each row with its names and its other texts.

    Raises
    ------
    InputError
        If it finds nothing.
    """
    wanted = (pattern or "").strip().lower()
    is_pattern = any(sign in wanted for sign in "*?[")

    def fits(names: Texts, others: Texts) -> bool:
        texts = [text.lower() for text in (*names, *(name.replace("_", " ") for name in names), *others)]
        return any(fnmatch.fnmatchcase(text, wanted) if is_pattern else wanted in text for text in texts)

    exact = [row for row, names, _ in rows if wanted in map(str.lower, names)]
    found = exact or [row for row, names, others in rows if fits(names, others)]
    if not found:
        hint = replaced(wanted) or nearest(wanted, [name for _, names, _ in rows for name in names])
        raise InputError(
            f"no {kind} has {shown(pattern)} in its name, label or group{hint}; "
            "allowed: a part of one, a pattern such as '*_share', or nothing for all"
        )
    return found


def _print(
    found: list[Row],
    table: Callable[[Iterable[Row]], RenderableType],
    entry: Callable[[Row], RenderableType],
) -> None:
    """Print few rows in full, more as a table."""
    print_parts(*(map(entry, found) if len(found) <= FEW else [table(found)]))
