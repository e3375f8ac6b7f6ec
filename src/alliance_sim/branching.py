"""Many futures from one state in the middle of a run: what was is held fixed, what comes is open.

A run is taken to a month and its state copied. From there on each future meets chance of its own, or another
scenario that agrees with the first until that month. To hold fixed what was in *every* draw needs no branch:
scenarios that agree until a month give the same past to the bit when they run with one seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from alliance_sim.compile import Block, Keep, Program, compile_scenario
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.results.ensemble import MAX_DRAWS, Ensemble, check_chance, collect, whole_number
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.scenarios.library import extended
from alliance_sim.scenarios.messages import field_name

__all__ = ["branch"]


def branch(
    scenario: str | Path | Scenario,
    month: str,
    futures: Mapping[str, str | Path | Scenario | Mapping[str, Any]] | None = None,
    draws: int = 1000,
    seed: int = 0,
    parent_draw: int = 0,
    keep: Keep = "allies",
) -> dict[str, Ensemble]:
    """Run many futures from the state of one draw at the beginning of a month.

    Parameters
    ----------
    scenario : str, Path or Scenario
        What happens until then.
    month : str
        ``YYYY-MM``, the first month that is open, within the run and not its first.
    futures : mapping, optional
        What happens from then on, by name: scenarios that agree with `scenario` until then, in era, start,
        parameters, events and meetings; they may end sooner or later. Or a mapping with ``events, meetings, drop`` and
        what else a scenario file that extends `scenario` may hold. Without it: `scenario` itself goes on.
    draws : int
        Futures of each, from 1 to 2**32 - 1. Future d meets the chance of draw d, in all scenarios alike, so
        differences between two of them are paired; parameters and actors are those of the parent in all.
    seed : int
        From 0 to 2**64 - 1.
    parent_draw : int
        The draw whose past all share. The future of that number is the draw as it would have gone on.
    keep : str
        As in `simulate`.

    Returns
    -------
    dict of str to Ensemble
        By name, one draw a future, over all months of its scenario: those before `month` are the same in all
        draws of all ensembles, to the bit. The provenance says where they branched.

    Raises
    ------
    InputError
        If an argument is out of range, or a future differs before `month`.
    """
    draws, seed = check_chance(draws, seed)
    parent_draw = whole_number("parent_draw", parent_draw, 0, MAX_DRAWS - 1)
    parent = compile_scenario(load_scenario(scenario))
    if month not in parent.months[1:]:
        raise InputError(
            f"month: {shown(month)} is no month of {parent.scenario.name} after its first"
            f"{nearest(str(month), parent.months[1:])}; allowed: {parent.months[1]} to {parent.months[-1]}"
        )
    at = parent.months.index(month)
    past = parent.block(seed, parent_draw, parent_draw + 1, keep)
    parent.run(past, seed, month1=at)
    ensembles: dict[str, Ensemble] = {}
    for name, future in (futures or {parent.scenario.name: parent.scenario}).items():
        program = compile_scenario(_agreeing(parent.scenario, _load(future, parent.scenario, name), month, name))
        ensemble = collect(program, draws, seed, keep, partial(_go_on, program, seed, past, at))
        ensembles[name] = replace(ensemble, origin={**ensemble.origin, "branched": month, "parent_draw": parent_draw})
    return ensembles


def _load(future: str | Path | Scenario | Mapping[str, Any], parent: Scenario, name: str) -> Scenario:
    if not isinstance(future, Mapping):
        return load_scenario(future)
    scenario, wrong = extended(parent, {"name": f"{parent.name}+{name}", "text": "", **future})
    if scenario is None or wrong:
        raise InputError("\n".join(f"futures: {name}: {field_name(place)}: {problem}" for place, problem in wrong))
    return scenario


def _go_on(program: Program, seed: int, past: Block, at: int, block: Block) -> None:
    """Give every draw of a block the one past, and run them on from month `at`."""
    # Programs that agree until a month have the same items and months until then; what follows is still empty.
    items = sum(row.month < program.months[at] and row.part == 0 for row in program.agenda)
    for there, here in zip(block.draws, past.draws, strict=True):
        there[...] = here
    for name in set(block.state._fields) - {"pending"}:
        getattr(block.state, name)[...] = getattr(past.state, name)
    by_item = zip((block.state.pending, *block.records), (past.state.pending, *past.records), strict=True)
    for there, here in by_item:
        there[:, :items] = here[:, :items]
    for there, here in zip(block.output, past.output, strict=True):
        there[:, :at] = here[:, :at]
    program.run(block, seed, at)


def _agreeing(parent: Scenario, future: Scenario, month: str, name: str) -> Scenario:
    """Return a future; refuse one that has another past."""
    differing = [what for what in ("era", "start", "parameters") if getattr(parent, what) != getattr(future, what)]
    past, other = (
        [entry for entry in (*scenario.events, *scenario.meetings) if entry.month < month]
        for scenario in (parent, future)
    )
    differing += sorted({entry.id for entry in (*past, *other) if entry not in past or entry not in other})
    if differing:
        raise InputError(
            f"futures: {name} differs from {parent.name} before {month} in {', '.join(differing)}; allowed: scenarios "
            "that agree until then (from then on, an event of type shift moves a parameter)"
        )
    if future.months <= future.offset(month):
        raise InputError(f"futures: {name} ends before {month}; allowed: scenarios that run in that month")
    return future
