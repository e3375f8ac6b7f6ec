"""Compile a scenario and its priors into the arrays the kernel takes.

Nothing else knows both scenarios and arrays. A `CompiledScenario` holds what all draws of a scenario share and
makes what differs between draws (parameters and actors) for any block of draws.
"""

from alliance_sim.compile.inputs import PointValues
from alliance_sim.compile.program import KEEPS, SPIN_UP, AgendaRow, Block, CompiledScenario, Keep
from alliance_sim.compile.scenario import compile_scenario, store_kernel
from alliance_sim.core.structures import ALLY_VARIABLES

__all__ = [
    "ALLY_VARIABLES",
    "KEEPS",
    "SPIN_UP",
    "AgendaRow",
    "Block",
    "CompiledScenario",
    "Keep",
    "PointValues",
    "compile_scenario",
    "store_kernel",
]
