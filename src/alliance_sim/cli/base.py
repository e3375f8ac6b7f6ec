"""What a scenario is set against, and the runs of both: the same for `run` and `report`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from alliance_sim.cli.options import with_settings
from alliance_sim.cli.terminal import progress
from alliance_sim.errors import InputError
from alliance_sim.scenarios import Scenario, load_scenario, load_with_parent

if TYPE_CHECKING:
    from alliance_sim.compile import Keep
    from alliance_sim.results.ensemble import Ensemble

Against = Annotated[
    str | None,
    typer.Option(
        metavar="BASE",
        help="Set it against this scenario.",
        show_default="SCENARIO without --set, or what its file extends",
    ),
]


def with_base(
    name: str, settings: list[str] | None, against: str | None, months: int | None = None
) -> tuple[Scenario, Scenario | None]:
    """Return a scenario with what ``--set`` gives, and its base: errors that are certain are raised before the work.

    The base is `against`, else the scenario without the parameters that are set, else what its file extends if the two
    can be compared, else none.
    """
    as_written, parent = load_with_parent(name)
    what_if = with_settings(as_written, settings)
    if against:
        parent = load_scenario(against)
    elif what_if.parameters != as_written.parameters:
        parent = as_written
    other = parent and parent.with_calibration(what_if.calibration)

    from alliance_sim.compile import compile_scenario
    from alliance_sim.results.paired import pair_of
    from alliance_sim.simulation import first_months

    if months is not None:
        what_if = first_months(what_if, months)
        other = other and first_months(other, min(months, other.months))
    if other is not None:
        try:
            pair_of(compile_scenario(other), compile_scenario(what_if), 0)
        except InputError:  # of another era, or of other months
            if against:
                raise
            other = None
    return what_if, other


def simulated(
    what_if: Scenario, other: Scenario | None, draws: int, seed: int, keep: Keep
) -> tuple[Ensemble, Ensemble | None]:
    """Run a scenario, and its base with the same random numbers, below one progress bar."""
    from alliance_sim.simulation import simulate

    total = draws if other is None else 2 * draws
    with progress(what_if.name, total) as on_progress:
        ensemble = simulate(what_if, draws, seed, keep, progress=on_progress)
        base = None
        if other is not None:
            base = simulate(other, draws, seed, "monthly", progress=lambda done: on_progress(draws + done, total))
    return ensemble, base
