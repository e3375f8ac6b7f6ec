"""Agreement of the two coders of agenda items and of presidents: Krippendorff's alpha.

The codings are in ``coding/`` of the calibration folder, the rules in ``CODEBOOK.md``. ``python -m
alliance_sim.calibration.agreement`` prints the table; it needs the extra 'calibration'.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from alliance_sim.data import Row, table
from alliance_sim.errors import InputError, shown

__all__ = ["CODED", "LEAST_ALPHA", "Agreement", "Coded", "agreement", "coders"]

#: Least alpha of the classes of asks, fixed in the codebook before any coding.
LEAST_ALPHA = 0.67


class Coded(NamedTuple):
    """A variable that two coders coded.

    Attributes
    ----------
    sheet : str
        ``items`` or ``washington``: what was coded.
    scale : str
        ``ordinal`` or ``nominal``.
    values : tuple of str
        The codes, in their order where they have one.

    Examples
    --------
    >>> CODED["divisible"]
    Coded(sheet='items', scale='nominal', values=('yes', 'no'))
    """

    sheet: Literal["items", "washington"]
    scale: Literal["ordinal", "nominal"]
    values: tuple[str, ...]


#: The variables whose agreement the codebook asks for, by column.
CODED: Mapping[str, Coded] = MappingProxyType(
    {
        "ask_class": Coded("items", "ordinal", ("1", "2", "3", "4")),
        "divisible": Coded("items", "nominal", ("yes", "no")),
        "direction": Coded("items", "nominal", ("more", "less")),
        "priority": Coded("items", "nominal", ("yes", "no")),
        "salience": Coded("washington", "ordinal", ("1", "2", "3", "4")),
    }
)


class Agreement(NamedTuple):
    """How far two coders agree on a variable.

    Attributes
    ----------
    units : int
        Rows of the sheet.
    same : float
        Share of the rows to which both gave the same code.
    alpha : float
        Krippendorff's alpha: 1 is agreement in full, 0 that of codes dealt out at random.

    Examples
    --------
    >>> Agreement(units=172, same=1.0, alpha=1.0).same
    1.0
    """

    units: int
    same: float
    alpha: float


def coders(sheet: Literal["items", "washington"]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the rows of both coders, in the order of the sheet.

    Examples
    --------
    >>> first, second = coders("items")
    >>> first[0]["id"], second[0]["id"], first[0]["ask_class"]
    ('C001', 'C001', '3')
    """
    return table(f"coding/{sheet}_a"), table(f"coding/{sheet}_b")


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
    sheet, scale, values = CODED[variable]
    codes = np.array([[values.index(row[variable]) for row in rows] for rows in coders(sheet)], dtype=np.float64)
    same = float((codes[0] == codes[1]).mean())
    alpha = krippendorff.alpha(codes, value_domain=list(range(len(values))), level_of_measurement=scale)
    return Agreement(codes.shape[1], same, float(alpha))


def main() -> None:
    """Print the table; exit with status 2 if the extra is missing."""
    try:
        found = {name: agreement(name) for name in CODED}
    except InputError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    print(f"{'variable':<12}{'scale':<10}{'rows':>5}{'same':>7}{'alpha':>7}")
    for name, (units, same, alpha) in found.items():
        print(f"{name:<12}{CODED[name].scale:<10}{units:>5}{same:>7.2f}{alpha:>7.2f}")


if __name__ == "__main__":
    main()
