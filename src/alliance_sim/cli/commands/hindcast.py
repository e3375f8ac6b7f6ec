"""The command that scores forecasts of the record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from alliance_sim.cli.options import AsJson, Draws, RecordFile, Seed, figure
from alliance_sim.cli.reports.hindcast import hindcast_report
from alliance_sim.cli.terminal import print_json, print_parts, progress
from alliance_sim.cli.written import written_files


def hindcast(
    draws: Draws = 2000,
    seed: Seed = 0,
    record: RecordFile = None,
    plot: Annotated[Path | None, figure("how often texts passed against how often that was expected")] = None,
    as_json: AsJson = False,
) -> None:
    """Score forecasts of the record from 2020 to 2025, made by fits to the years before, beside simple baselines."""
    with written_files(plot, as_json) as written:
        from alliance_sim.validation import hindcast_scores as module

        with progress("hindcast") as on_progress:
            found = module.hindcast(draws, seed, on_progress, record)
        if as_json:
            print_json(found.json())
        else:
            print_parts(*hindcast_report(found))
        if plot:
            found.plot(plot)
            written.append(plot)
