"""The command on forecast questions: ask."""

from __future__ import annotations

from typing import Annotated

import typer

from alliance_sim.cli.options import AsJson, Draws, ScenarioName, Seed, Settings, with_settings
from alliance_sim.cli.reports.questions import answers_as_json, answers_report
from alliance_sim.cli.terminal import print_json, print_parts, progress
from alliance_sim.errors import InputError
from alliance_sim.scenarios import load_scenario
from alliance_sim.validation.question_files import load_questions


def ask(
    scenario: ScenarioName,
    questions: Annotated[
        str,
        typer.Argument(metavar="QUESTIONS", help="Forecast questions: a bundled name or a file.", show_default=False),
    ],
    draws: Draws = 1000,
    seed: Seed = 0,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Answer forecast questions: probabilities or quantiles with Monte Carlo error, scores where the truth is known.

    QUESTIONS is a YAML list of id, text, sql and, where known, truth; sql is a query over the views of the run (see
    query) that gives one row a draw: draw, value. `list` names the bundled sets.
    """
    what_if, wanted = with_settings(load_scenario(scenario), settings), load_questions(questions)

    from alliance_sim.validation import questions as validation

    with progress(what_if.name, draws) as on_progress:
        found = validation.ask(what_if, wanted, draws, seed, progress=on_progress)
    if all(each.problem for each in found.answers):
        reasons = (f"  {each.question.id}: {each.problem}" for each in found.answers)
        raise InputError("\n".join(("questions: none of them can be evaluated; allowed: one that can", *reasons)))
    if as_json:
        print_json(answers_as_json(found))
    else:
        print_parts(*answers_report(found))
