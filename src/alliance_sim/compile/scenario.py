"""From a scenario to what the kernel takes."""

from __future__ import annotations

import numpy as np

from alliance_sim.compile.events import compile_events
from alliance_sim.compile.inputs import membership, priors, shared_inputs
from alliance_sim.compile.meetings import compile_meetings
from alliance_sim.compile.program import SPIN_UP, CompiledScenario
from alliance_sim.core.structures import Calendar, Clamp
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.fields import month_name, month_number
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario

__all__ = ["compile_scenario", "store_kernel"]

#: The model decides every item.
_FREE = Clamp(np.zeros(0, np.int8), np.zeros((0, len(ALLIES)), np.int8), np.zeros((0, len(ALLIES)), np.int8), 0)


def compile_scenario(scenario: Scenario) -> CompiledScenario:
    """Compile a scenario.

    Raises
    ------
    InputError
        If the scenario was made by `model_copy` and is not valid, or two things that need random numbers of their own
        have names that hash alike.

    Examples
    --------
    >>> import alliance_sim as als
    >>> compile_scenario(als.load_scenario("baseline_2025")).months[0]
    '2025-06'
    """
    # Validated again, since `model_copy` does not: nobody else can change what the results are tied to.
    scenario = Scenario.validated(dict(scenario))
    start = month_number(scenario.start)
    member = membership(scenario, SPIN_UP)
    meetings, agenda = compile_meetings(scenario, SPIN_UP)
    sits = member[SPIN_UP:] > 0
    sits.flags.writeable = False
    return CompiledScenario(
        scenario=scenario,
        months=tuple(month_name(start + t) for t in range(scenario.months)),
        _priors=priors(scenario),
        _shared=shared_inputs(scenario, member, SPIN_UP),
        _calendar=Calendar(compile_events(scenario, SPIN_UP), meetings, _FREE),
        agenda=agenda,
        member=sits,
    )


def store_kernel() -> None:
    """Compile all that a run needs into the cache, by running one draw.

    Examples
    --------
    >>> from alliance_sim.core.jit import is_compiled
    >>> from alliance_sim.core.kernel import run_block
    >>> store_kernel()
    >>> is_compiled(run_block)
    True
    """
    compile_scenario(load_scenario(list_scenarios()[0])).run_first(1)
