"""Compile a scenario and its priors into the arrays the kernel takes."""

from alliance_sim.compile.scenario import (
    ALLY_VARIABLES,
    DECISIONS,
    KEEPS,
    SPIN_UP,
    AgendaRow,
    Block,
    Keep,
    PointValues,
    Program,
    compile_scenario,
    store_kernel,
)

__all__ = [
    "ALLY_VARIABLES",
    "DECISIONS",
    "KEEPS",
    "SPIN_UP",
    "AgendaRow",
    "Block",
    "Keep",
    "PointValues",
    "Program",
    "compile_scenario",
    "store_kernel",
]
