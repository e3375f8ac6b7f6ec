"""What the draws of an ensemble began with, computed again from its scenario and seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_sim import __version__, calibration
from alliance_sim.compile import CompiledScenario
from alliance_sim.core.jit import core_hash
from alliance_sim.data import calibration_hash
from alliance_sim.errors import InputError, shown

__all__ = ["inputs_of"]


def inputs_of(program: CompiledScenario, seed: int, draws: int, origin: Mapping[str, str | int]) -> pd.DataFrame:
    """Return the inputs of the first draws; see `Ensemble.inputs`.

    Parameters
    ----------
    program : CompiledScenario
    seed, draws : int
    origin : mapping
        Where the results come from: ``version``, ``calibration`` and ``core``, and ``parent_draw`` of a branch.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> from alliance_sim.simulation import versions
    >>> inputs_of(compile_scenario(load_scenario("baseline_2018")), 1, 3, versions()).shape[0]
    3
    """
    for name, now in (("version", __version__), ("calibration", calibration_hash()), ("core", core_hash())):
        if (before := origin.get(name)) != now:
            raise InputError(
                f"inputs: the results are of {name} {shown(before)}, of which inputs cannot be computed again; "
                f"allowed: {shown(now)}, which the scenario has when it is run again"
            )
    draw0, draw1 = 0, draws
    if "parent_draw" in origin:  # all futures have the inputs of one draw
        draw0 = int(origin["parent_draw"])
        draw1 = draw0 + 1
    rows = calibration.row_of(seed, draw0, draw1, len(calibration.table_of(program.scenario.calibration)))
    columns = {"row": rows, **program.drawn_values(seed, draw0, draw1)}
    if "parent_draw" in origin:
        columns = {name: np.repeat(values, draws) for name, values in columns.items()}
    return pd.DataFrame(columns, pd.RangeIndex(draws, name="draw"))
