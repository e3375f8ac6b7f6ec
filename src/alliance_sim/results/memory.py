"""Memory for the part of a result that is kept."""

from __future__ import annotations

import math
from typing import Any

from alliance_sim import checks
from alliance_sim.compile import CompiledScenario, Keep
from alliance_sim.core.structures import DecisionRecords, Kept, RecordedOutput

__all__ = ["allocate", "draw_size", "first_draws"]


def allocate(program: CompiledScenario, draws: int, keep: Keep) -> Kept:
    """Return arrays for the part of a result that is kept.

    Raises
    ------
    InputError
        If they would not fit into memory.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> allocate(compile_scenario(load_scenario("baseline_2018")), 2, "monthly").output.outcomes.shape
    (2, 36, 36)
    """
    hint = "" if keep == "final" else ", or keep less"
    checks.memory(draws, draw_size(program, keep), f"{program.scenario.name} with keep={keep!r}", hint)
    return program.allocate_output(draws, keep)


def draw_size(program: CompiledScenario, keep: Keep) -> int:
    """Return the bytes that are kept of a draw.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> program = compile_scenario(load_scenario("baseline_2018"))
    >>> draw_size(program, "final") < draw_size(program, "monthly") < draw_size(program, "trace")
    True
    """
    return sum(
        array.itemsize * math.prod(array.shape[1:]) for part in program.allocate_output(0, keep) for array in part
    )


def first_draws(kept: Kept, draws: int) -> tuple[RecordedOutput, DecisionRecords]:
    """Return what is kept of the first draws; it shares the memory of the whole.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> kept = allocate(compile_scenario(load_scenario("baseline_2018")), 5, "monthly")
    >>> first_draws(kept, 2)[0].outcomes.shape
    (2, 36, 36)
    """

    def first(arrays: RecordedOutput | DecisionRecords) -> dict[str, Any]:
        return {name: array[:draws] for name, array in arrays._asdict().items()}

    return kept.output._replace(**first(kept.output)), kept.records._replace(**first(kept.records))
