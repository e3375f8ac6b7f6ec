"""Tables that belong to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table"]


class Table:
    """A field of a data class that holds a table, which nobody can change: every reader gets a copy.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import pandas as pd
    >>> @dataclass(frozen=True)
    ... class Ranking:
    ...     values: Table = Table()
    >>> ranking = Ranking(pd.DataFrame({"mean": [0.5]}))
    >>> table = ranking.values
    >>> table["mean"] = 0.0
    >>> ranking.values["mean"].tolist()
    [0.5]
    """

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember where the table of an object is kept."""
        self._place = f"_{name}"

    def __get__(self, owner: object, kind: type) -> pd.DataFrame:
        if owner is None:
            raise AttributeError("a table has no default")
        return cast("pd.DataFrame", getattr(owner, self._place)).copy()

    def __set__(self, owner: object, table: pd.DataFrame) -> None:
        object.__setattr__(owner, self._place, table.copy())
