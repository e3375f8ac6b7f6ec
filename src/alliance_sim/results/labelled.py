"""Results as a mapping from names of variables to labelled arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alliance_sim.errors import InputError, nearest, shown

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Labelled"]


class Labelled:
    """Results whose variables are read as ``results["cohesion"]``, with completion of names; `data` has them together.

    Examples
    --------
    >>> import alliance_sim as als
    >>> ensemble = als.simulate("baseline_2018", draws=2)
    >>> ensemble["cohesion"].dims, ensemble["cohesion"].identical(ensemble.data["cohesion"])
    (('draw', 'month'), True)
    """

    @property
    def data(self) -> xr.Dataset:
        """All variables, labelled."""
        raise NotImplementedError

    def __getitem__(self, name: str) -> xr.DataArray:
        data = self.data
        if name not in data:
            raise InputError(f"{shown(name)} is no variable of {self!r}{nearest(str(name), map(str, data))}")
        return data[name]

    def __iter__(self) -> Iterator[str]:
        return map(str, self.data)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)
