"""The command claims: what the two documents say, as tests of the model."""

from __future__ import annotations

import typer

from alliance_sim.cli.options import AsJson, Draws, Seed, Settings, with_settings
from alliance_sim.cli.reports.claims import claims_as_json, claims_report
from alliance_sim.cli.terminal import print_json, print_parts, progress


def claims(draws: Draws = 1000, seed: Seed = 1, settings: Settings = None, as_json: AsJson = False) -> None:
    """Test what the two documents say, and find the mechanisms that carry each claim; exit 1 if a derived claim fails.

    Derived claims come first: no input and no single equation gives them, so only they count for the model or against
    it.
    """
    from alliance_sim.validation import claims as validation

    with progress("claims") as on_progress:
        found = validation.claims(draws, seed, lambda scenario: with_settings(scenario, settings), progress=on_progress)
    if as_json:
        print_json(claims_as_json(found, draws, seed))
    else:
        print_parts(*claims_report(found, draws, seed, settings or ()))
    if any(claim.kind == "derived" and claim.holds == "fails" for claim in found):
        raise typer.Exit(1)
