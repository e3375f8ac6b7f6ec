"""The variables of an ensemble as a labelled dataset."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile import ALLY_VARIABLES, CompiledScenario
from alliance_sim.core.structures import DecisionRecords, RecordedOutput
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.summaries import decided
from alliance_sim.results.views import dates

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["read_only"]


def dataset(
    program: CompiledScenario,
    months: Sequence[str],
    output: RecordedOutput,
    records: DecisionRecords,
    provenance: Mapping[str, str | int],
) -> xr.Dataset:
    """Return what was kept of some draws, labelled; see `Ensemble.data`."""
    import xarray as xr

    agenda = program.agenda
    column = [row.column for row in agenda]
    monthly, of_items = ("draw", "month"), ("draw", "item")
    variables: dict[Hashable, tuple[str | tuple[str, ...], NDArray[np.generic]]] = {
        name: (monthly, output.outcomes[:, :, o]) for o, name in enumerate(OUTCOMES)
    }
    if output.allies.shape[1]:
        for v, name in enumerate(ALLY_VARIABLES):
            variables[name] = ((*monthly, "ally"), output.allies[:, :, v])
    if output.positions.shape[1]:
        variables["position"] = ((*monthly, "ally", "issue"), output.positions)
    coordinates: dict[Hashable, tuple[str | tuple[str, ...], NDArray[np.generic]]] = {
        "draw": ("draw", np.arange(len(output.outcomes))),
        "month": ("month", dates(months)),
        "ally": ("ally", np.array(ALLIES)),
    }
    if agenda:  # netCDF 3 cannot hold a dimension without entries
        variables["decision"] = (of_items, decided(records)[:, column])
        variables["level"] = (of_items, program.levels(records))
        for name in ("bypassed", "pivotal", "settled"):
            variables[name] = (of_items, getattr(records, name)[:, column])
        variables["objection"] = ((*of_items, "ally"), records.objection[:, column])
        variables["voiced"] = ((*of_items, "ally"), records.voiced[:, column])
        coordinates["item_month"] = ("item", dates([row.month for row in agenda]))
        for name in ("meeting", "forum", "issue"):
            coordinates[f"item_{name}"] = ("item", np.array([getattr(row, name) for row in agenda]))
    if output.positions.shape[1]:
        coordinates["issue"] = ("issue", np.array(list(ISSUES)))
    # Texts: netCDF 3 has no integers of 64 bits, and seeds are as large.
    attributes = {name: str(value) for name, value in provenance.items()}
    return read_only(xr.Dataset(variables, coordinates, attrs=attributes))


def read_only(found: xr.Dataset) -> xr.Dataset:
    """Return a dataset whose arrays cannot be changed; they are not copied.

    Examples
    --------
    >>> import xarray as xr
    >>> read_only(xr.Dataset({"x": ("draw", [0.5])}))["x"].values.flags.writeable
    False
    """
    # Not before, since xarray copies some kinds of arrays.
    for variable in found.variables.values():
        variable.values.flags.writeable = False
    return found
