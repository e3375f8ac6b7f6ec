"""Draws of what each actor perceives and wants, from rows of joint draws and the curves of issues in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from alliance_sim.calibration.facts import check_era
from alliance_sim.calibration.posterior import ACTORS, INSTITUTIONS, LEADER, Rows, rows_of
from alliance_sim.core.rng import normals
from alliance_sim.core.structures import Channel
from alliance_sim.data import find_row, number, table
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.distributions import Calibration
from alliance_sim.registry.eras import ERA_TABLE, LEADERS, coded_as
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.keys import stable_id

__all__ = ["LOWEST", "ActorDraws", "draws", "draws_from", "leader_salience", "override_names"]

#: Drawn values are clipped to [LOWEST, 1 - LOWEST].
LOWEST = 0.02

Overrides = Mapping[str, float | NDArray[np.float64]]
_NO_OVERRIDES: Overrides = MappingProxyType({})


@dataclass(frozen=True)
class ActorDraws:
    """D draws of N allies, K issues and L presidents; all values in [0, 1].

    Attributes
    ----------
    threat : (D, N) array
        Perceived Russian threat. Column 0, the United States, holds the perception of its institutions.
    position : (D, N, K) array
        1 = the strongest collective response. Column 0 as in `threat`.
    leader_threat : (D, L) array
        Presidents in the order of `LEADERS`.
    leader_position : (D, L, K) array
    institutions_threat : (D,) array
        Congress and the departments in this era.
    institutions_position : (D, K) array
    threat_slope : (D, K) array
        Of positions on perceived threat in this era; the one value here that may be outside [0, 1].

    Examples
    --------
    >>> from alliance_sim import calibration
    >>> actors = calibration.draws("2025", seed=1, draw0=0, draw1=5)
    >>> actors.threat.shape, actors.institutions_threat.shape
    ((5, 32), (5,))
    >>> bool((actors.position >= 0).all() and (actors.position <= 1).all())
    True
    """

    threat: NDArray[np.float64]
    position: NDArray[np.float64]
    leader_threat: NDArray[np.float64]
    leader_position: NDArray[np.float64]
    institutions_threat: NDArray[np.float64]
    institutions_position: NDArray[np.float64]
    threat_slope: NDArray[np.float64]


@dataclass(frozen=True)
class _Layout:
    """Columns of rows that give an era's M actors, its presidents last, their traits and the curves to K positions."""

    idents: NDArray[np.uint32]  # (K, M): of the noise of each position
    threat: NDArray[np.int64]  # (M,)
    south: NDArray[np.int64]  # (M,)
    intercept: NDArray[np.int64]  # (K, M)
    threat_slope: NDArray[np.int64]  # (K, M)
    south_slope: NDArray[np.int64]  # (K, M)
    departure: NDArray[np.int64]  # (K, M): of the departure where there is one, else of the residual
    departs: NDArray[np.bool_]  # (K, M)
    own_slope: NDArray[np.int64]  # (K,): on threat, in the era itself


def override_names() -> tuple[str, ...]:
    """Return the names a caller of `draws` can fix: threat perceptions, then positions issue by issue.

    Examples
    --------
    >>> "threat_perception.USA.leader" in override_names(), "position.sanctions.HUN" in override_names()
    (True, True)
    """
    return tuple(_places(LEADERS[-1]))


@cache
def _places(era: str) -> dict[str, tuple[int | None, int]]:
    """Return issue (none for the threat) and column of each quantity a caller can fix; of presidents, the era's own."""
    columns = {LEADER: len(ALLIES) + LEADERS.index(era), INSTITUTIONS: 0}
    columns |= {ally: i for i, ally in enumerate(ALLIES) if i}
    quantities: dict[str, int | None] = {"threat_perception": None}
    quantities |= {f"position.{issue}": k for k, issue in enumerate(ISSUES)}
    return {f"{name}.{actor}": (k, m) for name, k in quantities.items() for actor, m in columns.items()}


@cache
def _layout(era: str, names: tuple[str, ...]) -> _Layout:
    actors = [(name, era) for name in ACTORS] + [(LEADER, year) for year in LEADERS]
    place = {name: c for c, name in enumerate(names)}

    def column(name: str) -> int:
        if name not in place:
            raise InputError(f"rows: {name}: the column is missing; allowed: all of posterior.actor_columns")
        return place[name]

    def curves(part: str) -> NDArray[np.int64]:
        return np.array([[column(_of_era(part, issue, when, names)) for _, when in actors] for issue in ISSUES])

    departure = np.empty((len(ISSUES), len(actors)), np.int64)
    departs = np.zeros(departure.shape, np.bool_)
    for m, (name, when) in enumerate(actors):
        # A president departs in his own era only.
        eras = (when,) if name == LEADER else (when, coded_as(when))
        for k, issue in enumerate(ISSUES):
            found = [place[each] for each in (f"departure.{name}.{issue}.{one}" for one in eras) if each in place]
            departs[k, m] = bool(found)
            departure[k, m] = found[0] if found else column(f"residual.{'leader' if name == LEADER else issue}")
    idents = [[stable_id(f"position.{issue}.{name}") for name, _ in actors] for issue in ISSUES]
    return _Layout(
        idents=np.array(idents, dtype=np.uint32),
        threat=np.array([column(f"threat.{name}.{when}") for name, when in actors]),
        south=np.array([column(f"south.{name}" + f".{when}" * (name == LEADER)) for name, when in actors]),
        intercept=curves("intercept"),
        threat_slope=curves("threat_slope"),
        south_slope=curves("south_slope"),
        departure=departure,
        departs=departs,
        own_slope=np.array([column(_of_era("threat_slope", issue, era, names)) for issue in ISSUES]),
    )


def _of_era(part: str, issue: str, era: str, names: tuple[str, ...]) -> str:
    """Return the column of a part of a curve in an era, or in the era it is coded as."""
    own = f"{part}.{issue}.{era}"
    return own if own in names else f"{part}.{issue}.{coded_as(era)}"


@cache
def _salience_codes() -> NDArray[np.float64]:
    """Return what two coders gave (2, presidents, K), classes 1 to 4 spread over [0, 1].

    A president whom nobody coded has the codes of the one of the era that his is coded as.
    """
    found = np.empty((2, len(LEADERS), len(ISSUES)))
    for coder, name in enumerate(("a", "b")):
        coded = {row["president"] for row in table(f"coding/washington_{name}")}
        for place, era in enumerate(LEADERS):
            own, other = ERA_TABLE[era].leadership, ERA_TABLE[coded_as(era)].leadership
            president = own if own in coded else other
            rows = [find_row(f"coding/washington_{name}", president=president, issue=issue) for issue in ISSUES]
            found[coder, place] = [(number(row, "salience") - 1.0) / 3.0 for row in rows]
    return found


def leader_salience(seed: int, draw0: int, draw1: int) -> NDArray[np.float64]:
    """Return how much each president cares about each issue (D, presidents, K), 0 = hardly at all, 1 = most.

    A draw takes the code of one of two coders, each president and issue apart (``coding/washington_a`` and ``_b``).

    Examples
    --------
    >>> salience = leader_salience(seed=1, draw0=0, draw1=3)
    >>> bool((salience >= 0).all() and (salience <= 1).all())
    True
    """
    names = [f"salience.{issue}.{ERA_TABLE[era].leadership}" for era in LEADERS for issue in ISSUES]
    idents = np.array([stable_id(name) for name in names], dtype=np.uint32)
    noise = normals(np.uint64(seed), draw0, draw1, Channel.CALIBRATION.value, idents)
    codes = _salience_codes()
    drawn: NDArray[np.float64] = np.where(noise.reshape(-1, len(LEADERS), len(ISSUES)) < 0.0, codes[0], codes[1])
    return drawn


def _clipped(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(values, LOWEST, 1.0 - LOWEST)


def draws(
    era: str,
    seed: int,
    draw0: int,
    draw1: int,
    overrides: Overrides = _NO_OVERRIDES,
    copies: int = 1,
    calibration: Calibration = "posterior",
) -> ActorDraws:
    """Draw threat perceptions and positions, from a row of the calibration for each draw.

    Parameters
    ----------
    era : str
        One of `ERAS`.
    seed : int
        In [0, 2**64).
    draw0, draw1 : int
        First draw, and one past the last. A draw depends on the seed and its number only.
    overrides, copies
        As in `draws_from`.
    calibration : str
        ``posterior`` (fitted to the record, jointly with parameters) or ``prior`` (as measured before that).

    Returns
    -------
    ActorDraws

    Raises
    ------
    InputError
        If the era is unknown, or the name of an override.

    Examples
    --------
    >>> from alliance_sim.registry.actors import ALLY_INDEX
    >>> drawn = draws("2025", seed=1, draw0=0, draw1=3, overrides={"threat_perception.HUN": 0.2})
    >>> drawn.threat[:, ALLY_INDEX["HUN"]].tolist()
    [0.2, 0.2, 0.2]
    """
    return draws_from(rows_of(calibration, seed, draw0, draw1), era, seed, draw0, overrides, copies)


def draws_from(
    rows: Rows, era: str, seed: int, draw0: int, overrides: Overrides = _NO_OVERRIDES, copies: int = 1
) -> ActorDraws:
    """Return the actors that rows give the draws from `draw0` on, a row a draw.

    Threat perceptions are those of the row. A position is clip(intercept + threat_slope*threat + south_slope*south +
    departure), where an actor of whom no document speaks departs by residual*z, with independent standard normal z.

    Parameters
    ----------
    rows : Rows
        With the columns of `actor_columns` at least; others are ignored.
    era : str
        One of `ERAS`.
    seed, draw0 : int
        Names of the random numbers z.
    overrides : mapping, optional
        Values in [0, 1] for every draw, or arrays of one value a row, by a name of `override_names`;
        ``USA.leader`` is the era's own president. A fixed threat perception moves positions along the curves;
        a fixed position wins over that.
    copies : int
        How often the draws are repeated, one block after the other: draw ``draw0 + r % len(rows)`` is in row r.

    Returns
    -------
    ActorDraws

    Raises
    ------
    InputError
        If the era is unknown, or the name of an override, or a column is missing.

    Notes
    -----
    The presidents use common random numbers, so that two of them differ by what is known of them alone.

    Examples
    --------
    >>> from alliance_sim.calibration.posterior import table_of
    >>> draws_from(table_of("prior"), "2018", seed=1, draw0=0).institutions_position.shape[1]
    9
    """
    check_era(era)
    layout, n = _layout(era, rows.names), len(ALLIES)
    places = _places(era)
    if unknown := [name for name in overrides if name not in places]:
        raise InputError(f"overrides: {shown(unknown[0])} is unknown{nearest(unknown[0], tuple(places))}")
    fixed = {places[name]: value for name, value in overrides.items()}

    def given(columns: NDArray[np.int64]) -> NDArray[np.float64]:
        return rows.values.take(columns, axis=1)

    # numba takes a plain int for a signed one, which the upper half of the seeds is not.
    noise = normals(np.uint64(seed), draw0, draw0 + len(rows), Channel.CALIBRATION.value, layout.idents.ravel())
    # Element by element, + and * only: a draw is then the same in whatever chunk it is made.
    off = given(layout.departure) * np.where(layout.departs, 1.0, noise.reshape(-1, *layout.idents.shape))
    base = given(layout.intercept) + given(layout.south_slope) * given(layout.south)[:, None] + off
    slope, threat, base = (
        np.tile(each, (copies, *[1] * (each.ndim - 1)))
        for each in (given(layout.threat_slope), _clipped(given(layout.threat)), base)
    )
    for (issue, m), value in fixed.items():
        if issue is None:
            threat[:, m] = value
    position = _clipped(base + slope * threat[:, None])
    for (issue, m), value in fixed.items():
        if issue is not None:
            position[:, issue, m] = value
    return ActorDraws(
        threat=threat[:, :n],
        position=position[:, :, :n].transpose(0, 2, 1),
        leader_threat=threat[:, n:],
        leader_position=position[:, :, n:].transpose(0, 2, 1),
        institutions_threat=threat[:, 0],
        institutions_position=position[:, :, 0],
        threat_slope=np.tile(given(layout.own_slope), (copies, 1)),
    )
