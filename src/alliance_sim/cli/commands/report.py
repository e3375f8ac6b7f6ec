"""The command report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from alliance_sim.cli.base import Against, simulated, with_base
from alliance_sim.cli.options import Draws, ScenarioName, Seed, Settings, new_file
from alliance_sim.cli.written import check_report, written_files
from alliance_sim.paths import suffix_of

if TYPE_CHECKING:
    from alliance_sim.compile import Keep


def report(
    scenario: ScenarioName,
    out: Annotated[Path, new_file("The report: a page (.html), or a workbook with all numbers (.xlsx).")],
    draws: Draws = 1000,
    seed: Seed = 0,
    settings: Settings = None,
    against: Against = None,
) -> None:
    """Write a report for those who do not program: one HTML page that prints on two sheets, or an Excel workbook.

    The page needs no network and no other file. In a browser it can be printed or kept as PDF. A file of that name is
    replaced.
    """
    with written_files(out, False, check_report) as written:
        what_if, other = with_base(scenario, settings, against)

        from alliance_sim.results import report_file

        keep: Keep = "allies" if suffix_of(out) == ".xlsx" else "monthly"
        ensemble, base = simulated(what_if, other, draws, seed, keep)
        written.append(report_file.report(ensemble, out, base))
