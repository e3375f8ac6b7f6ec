"""The command evidence: where a number comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from alliance_sim.cli.completion import evidence_names
from alliance_sim.cli.options import AsJson
from alliance_sim.cli.reports.evidence import evidence_report
from alliance_sim.cli.terminal import print_json, print_parts


def evidence(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ACTOR|PARAMETER|ISSUE",
            help="HUN, Hungary, USA.leader; pledge; sanctions.",
            show_default=False,
            autocompletion=evidence_names,
        ),
    ],
    era: Annotated[
        str | None,
        typer.Option(
            metavar="YEAR", help="The date of which the actor is measured.", show_default="the last; of parameters, all"
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show all numbers and rows, with texts in full.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say where the numbers of an actor, a parameter or an issue come from: prior, posterior, and what pulls them.

    Rows are statements of the documents, leanings, figures and decisions of the record; the pull of one is the mean
    less the mean without it.
    """
    from alliance_sim.estimation.evidence import evidence as trace

    found = trace(name, era)
    if as_json:
        print_json(found.to_dict())
    else:
        print_parts(*evidence_report(found, every))
