"""Agreement of the two coders of agenda items, presidents, statements and leanings: Krippendorff's alpha.

The codings are in ``coding/`` of the calibration folder, the rules in ``CODEBOOK.md``. ``python -m
alliance_sim.calibration.agreement`` prints the table; it needs the extra 'calibration'.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from alliance_sim.calibration.leanings import LEAN_CLASSES
from alliance_sim.calibration.statements import CONSTRUCTS, LEVELED, LEVELS
from alliance_sim.data import Row, table
from alliance_sim.errors import InputError, shown

__all__ = ["CODED", "LEAST_ALPHA", "Agreement", "Coded", "agreement", "coders"]

#: Least alpha of the classes of asks, fixed in the codebook before any coding.
LEAST_ALPHA = 0.67


Sheet = Literal["items", "washington", "statements", "conduct", "lean"]


class Coded(NamedTuple):
    """A variable that two coders coded.

    Attributes
    ----------
    sheet : str
        ``items``, ``washington``, ``statements``, ``conduct`` or ``lean``: what was coded.
    scale : str
        ``ordinal`` or ``nominal``.
    values : tuple of str
        The codes, in their order where they have one.
    column : str
        Where the codes stand.
    construct : str
        If not empty, only statements count that both coders took for a sign of it and gave a code.

    Examples
    --------
    >>> CODED["divisible"].values, CODED["level_position"].construct
    (('yes', 'no'), 'position')
    """

    sheet: Sheet
    scale: Literal["ordinal", "nominal"]
    values: tuple[str, ...]
    column: str
    construct: str = ""


#: The variables whose agreement the codebook asks for, by name: the column, and the construct of a level.
CODED: Mapping[str, Coded] = MappingProxyType(
    {
        "ask_class": Coded("items", "ordinal", ("1", "2", "3", "4"), "ask_class"),
        "divisible": Coded("items", "nominal", ("yes", "no"), "divisible"),
        "direction": Coded("items", "nominal", ("more", "less"), "direction"),
        "priority": Coded("items", "nominal", ("yes", "no"), "priority"),
        "salience": Coded("washington", "ordinal", ("1", "2", "3", "4"), "salience"),
        "construct": Coded("statements", "nominal", CONSTRUCTS, "construct"),
        **{f"level_{name}": Coded("statements", "ordinal", LEVELS, "level", name) for name in LEVELED},
        "level_act": Coded("conduct", "ordinal", LEVELS, "level"),
        "lean": Coded("lean", "ordinal", LEAN_CLASSES, "lean"),
    }
)


class Agreement(NamedTuple):
    """How far two coders agree on a variable.

    Attributes
    ----------
    units : int
        Rows of the sheet that count.
    same : float
        Share of those to which both gave the same code.
    alpha : float
        Krippendorff's alpha: 1 is agreement in full, 0 that of codes dealt out at random; not a number where only
        one code occurs.

    Examples
    --------
    >>> Agreement(units=172, same=1.0, alpha=1.0).same
    1.0
    """

    units: int
    same: float
    alpha: float


def coders(sheet: Sheet) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the rows of both coders, in the order of the sheet.

    Examples
    --------
    >>> first, second = coders("items")
    >>> first[0]["id"], second[0]["id"], first[0]["ask_class"]
    ('C001', 'C001', '3')
    """
    return table(f"coding/{sheet}_a"), table(f"coding/{sheet}_b")


def _both(pair: tuple[Row, Row], column: str, construct: str) -> bool:
    """Return whether both gave a code, and, for levels of statements, for the construct."""
    return all(row[column] and (not construct or row["construct"] == construct) for row in pair)


def agreement(variable: str) -> Agreement:
    """Return the agreement of the two coders on a variable of `CODED`.

    Raises
    ------
    InputError
        If there is no such variable, or the extra 'calibration' is not installed.

    Examples
    --------
    >>> found = agreement("ask_class")
    >>> found.units, found.alpha >= LEAST_ALPHA
    (179, True)
    """
    if variable not in CODED:
        raise InputError(f"{shown(variable)} is no coded variable; allowed: {', '.join(CODED)}")
    try:
        import krippendorff
    except ImportError as error:
        raise InputError(
            f"agreement needs {error.name}; install it with: pip install 'alliance_sim[calibration]'"
        ) from None
    sheet, scale, values, column, construct = CODED[variable]
    pairs = [pair for pair in zip(*coders(sheet), strict=True) if _both(pair, column, construct)]
    codes = np.array([[values.index(row[column]) for row in rows] for rows in zip(*pairs, strict=True)], dtype=float)
    same = float((codes[0] == codes[1]).mean())
    if len(np.unique(codes)) == 1:  # without variation there is nothing to agree on
        return Agreement(codes.shape[1], same, float("nan"))
    alpha = krippendorff.alpha(codes, value_domain=list(range(len(values))), level_of_measurement=scale)
    return Agreement(codes.shape[1], same, float(alpha))


def main() -> None:
    """Print the table; exit with status 2 if the extra is missing."""
    try:
        found = {name: agreement(name) for name in CODED}
    except InputError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    print(f"{'variable':<28}{'scale':<10}{'rows':>5}{'same':>7}{'alpha':>7}")
    for name, (units, same, alpha) in found.items():
        print(f"{name:<28}{CODED[name].scale:<10}{units:>5}{same:>7.2f}{alpha:>7.2f}")


if __name__ == "__main__":
    main()
