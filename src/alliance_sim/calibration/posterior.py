"""Joint draws of parameters and actors: rows of two tables, of which each draw of a run takes one.

``posterior/rows.parquet`` holds parameters and actors jointly, ``posterior/measurement.parquet`` actors alone, before
behaviour was fitted; ``posterior/manifest.json`` says how they were made. A column is

- a parameter, by its name in scenario files (``pledge``, ``susceptibility.HUN``), if it has one prior in all eras;
- ``threat.ACTOR.ERA``: perceived threat of an ally, of ``USA.institutions``, or of ``USA.leader``;
- ``south.ACTOR``: southern orientation, the same in all eras, but for presidents: ``south.USA.leader.ERA``;
- ``intercept.ISSUE.ERA``, ``threat_slope.ISSUE.ERA``, ``south_slope.ISSUE.ERA``: the curves from both to positions;
- ``residual.ISSUE``, ``residual.leader``: standard deviation of positions about the curves; presidents have their own;
- ``departure.ACTOR.ISSUE.ERA``: how far an actor is from a curve, where a document says so; in place of the residual.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.rng import permuted
from alliance_sim.core.structures import Channel
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.distributions import Calibration
from alliance_sim.registry.eras import ERA_TABLE, ERAS, LEADERS, coded_as
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, parameter_names, resolve

__all__ = ["Rows", "actor_columns", "parameter_columns", "read_rows", "row_of", "rows_of", "table_of"]

LEADER, INSTITUTIONS = "USA.leader", "USA.institutions"
#: Actors of an era besides its president.
ACTORS = (INSTITUTIONS, *ALLIES[1:])
#: What a curve consists of.
CURVE = ("intercept", "threat_slope", "south_slope")
#: The table that each calibration draws from.
FILES: dict[Calibration, str] = {"posterior": "rows", "prior": "measurement"}
#: How far a number may be outside its range because it is stored with seven digits.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Rows:
    """Draws of named quantities, jointly.

    Attributes
    ----------
    names : tuple of str
        Of the C columns.
    values : (R, C) array

    Examples
    --------
    >>> rows = Rows(("pledge", "hedge"), np.array([[0.2, 0.5], [0.3, 0.4]]))
    >>> len(rows), rows.take(np.array([1])).values.tolist()
    (2, [[0.3, 0.4]])
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, places: NDArray[np.int64]) -> Rows:
        """Return some of the rows, in the order of `places`."""
        return Rows(self.names, self.values[places])


@cache
def parameter_columns() -> tuple[str, ...]:
    """Return the parameters that rows hold: all that are uncertain and have the same prior in all eras.

    Examples
    --------
    >>> names = parameter_columns()
    >>> "pledge" in names, "susceptibility.HUN" in names, "initial_autonomy" in names
    (True, True, False)
    """

    def fitted(name: str) -> bool:
        parameter, ally = resolve(name)
        priors = {parameter.prior(era, ally) for era in ERAS}
        return len(priors) == 1 and all(prior.kind != "fixed" for prior in priors)

    return tuple(name for name in parameter_names() if name not in ACTOR_QUANTITIES and fitted(name))


@cache
def actor_columns() -> tuple[str, ...]:
    """Return the columns about actors that every table of rows has; departures come on top.

    Examples
    --------
    >>> names = actor_columns()
    >>> "threat.HUN.2025" in names, "south.USA.leader.2018" in names, "intercept.sanctions.2025" in names
    (True, True, True)
    """
    coded = sorted({coded_as(era) for era in ERA_TABLE})
    return (
        *(f"threat.{actor}.{era}" for era in ERAS for actor in ACTORS),
        *(f"threat.{LEADER}.{era}" for era in LEADERS),
        *(f"south.{actor}" for actor in ACTORS),
        *(f"south.{LEADER}.{era}" for era in LEADERS),
        *(f"{part}.{issue}.{era}" for part in CURVE for era in coded for issue in ISSUES),
        *(f"residual.{issue}" for issue in ISSUES),
        "residual.leader",
    )


@cache
def _further_columns() -> frozenset[str]:
    """Return columns that a table may have: departures, and curves of eras that are coded as another."""
    departures = {
        f"departure.{actor}.{issue}.{era}"
        for eras, actors in ((ERAS, ACTORS), (LEADERS, (LEADER,)))
        for era in eras
        for actor in actors
        for issue in ISSUES
    }
    curves = {f"{part}.{issue}.{era}" for part in CURVE for era in ERA_TABLE for issue in ISSUES}
    return frozenset(departures | curves)


def row_of(seed: int, draw0: int, draw1: int, rows: int) -> NDArray[np.int64]:
    """Return the rows of draws `draw0` to `draw1 - 1`: each block of as many draws as rows takes every row once.

    The order is random, another one in each block and for each seed, and the same in all scenarios.

    Examples
    --------
    >>> sorted(row_of(seed=1, draw0=10, draw1=15, rows=5).tolist())
    [0, 1, 2, 3, 4]
    """
    found: NDArray[np.int64] = permuted(np.uint64(seed), draw0, draw1, Channel.CALIBRATION.value, rows)
    return found


def rows_of(calibration: Calibration, seed: int, draw0: int, draw1: int) -> Rows:
    """Return the row that each of the draws `draw0` to `draw1 - 1` takes.

    Raises
    ------
    InputError
        If the table is missing or damaged.

    Examples
    --------
    >>> len(rows_of("posterior", seed=1, draw0=0, draw1=3))
    3
    """
    table = table_of(calibration)
    return table.take(row_of(seed, draw0, draw1, len(table)))


@cache
def table_of(calibration: Calibration) -> Rows:
    """Return all rows of a calibration; without parameters if it is ``prior``.

    Raises
    ------
    InputError
        If the table is missing or damaged.

    Examples
    --------
    >>> "pledge" in table_of("posterior").names, "pledge" in table_of("prior").names
    (True, False)
    """
    path = data_folder("calibration") / "posterior" / f"{FILES[calibration]}.parquet"
    return read_rows(path, parameters=calibration == "posterior")


def read_rows(path: Path, *, parameters: bool) -> Rows:
    """Return the rows in a file, after a check of its columns and their values.

    Parameters
    ----------
    path : Path
    parameters : bool
        Whether it holds parameters beside actors.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing or unknown, or a value is not a number or outside its range.

    Examples
    --------
    >>> from alliance_sim.data import data_folder
    >>> rows = read_rows(data_folder("calibration") / "posterior" / "measurement.parquet", parameters=False)
    >>> rows.values.flags.writeable
    False
    """
    # Loaded here: what needs no rows, like reading a scenario, does without.
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = f"posterior/{path.name}"
    try:
        with pq.ParquetFile(path) as parquet:
            table = parquet.read(use_threads=False)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{file}: cannot be read ({str(error).partition(chr(10))[0]})") from None
    names = tuple(table.column_names)
    required = (*(parameter_columns() if parameters else ()), *actor_columns())
    _check_names(file, names, required)
    if not len(table):
        raise InputError(f"{file}: has no rows; allowed: one or more")
    values = np.empty((len(table), len(names)))
    for c, name in enumerate(names):
        column = table.column(c)
        if not pa.types.is_floating(column.type):
            raise InputError(f"{file}: {name}: holds {column.type}; allowed: floating-point numbers")
        values[:, c] = _checked(file, name, column.to_numpy())
    values.flags.writeable = False
    return Rows(names, values)


def _check_names(file: str, names: tuple[str, ...], required: tuple[str, ...]) -> None:
    found, allowed = Counter(names), {*required, *_further_columns()}
    for name in required:
        if name not in found:
            raise InputError(f"{file}: {name}: the column is missing; allowed: all of calibration/README.md")
    for name in names:
        if name not in allowed:
            raise InputError(f"{file}: {shown(name)} is no column of it{nearest(name, sorted(allowed))}")
        if found[name] > 1:
            raise InputError(f"{file}: {name}: there are two columns of that name; allowed: one")
        part, _, rest = name.partition(".")
        if part in CURVE and not {f"{each}.{rest}" for each in CURVE} <= found.keys():
            raise InputError(f"{file}: {name}: is a part of a curve; allowed: {', '.join(CURVE)}, all three")


def _checked(file: str, name: str, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the values of a column within their range; refuse those outside by more than they were rounded."""
    low, high = _range(name)
    slack = ROUNDING * max(1.0, abs(high)) if math.isfinite(high) else 0.0
    wrong = ~(np.isfinite(values) & (values >= low - slack) & (values <= high + slack))
    if wrong.any():
        row = int(wrong.argmax())
        allowed = "a number" if math.isinf(high) else f"{low:g} to {high:g}"
        raise InputError(f"{file}: {name}: {values[row]:g} in row {row}; allowed: {allowed}")
    return np.clip(values.astype(np.float64), low, high)


def _range(name: str) -> tuple[float, float]:
    if name.partition(".")[0] in ("threat", "residual"):
        return 0.0, 1.0
    if name in parameter_columns():
        parameter, _ = resolve(name)
        return parameter.low, parameter.high
    return -math.inf, math.inf
