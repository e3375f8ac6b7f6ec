"""Draws of what each actor perceives and wants, from the priors and the issue curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from alliance_sim.calibration.facts import check_era
from alliance_sim.core.rng import normals
from alliance_sim.core.structures import Channel
from alliance_sim.data import Row, find_row, number, table
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERA_TABLE, LEADERS, coded_as
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.keys import stable_id

__all__ = ["LOWEST", "ActorDraws", "draws", "leader_salience", "override_names", "threat_slopes"]

#: Drawn values are clipped to [LOWEST, 1 - LOWEST].
LOWEST = 0.02

LEADER, INSTITUTIONS = "USA.leader", "USA.institutions"
TRAITS = ("threat", "south")
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


@dataclass(frozen=True)
class _Priors:
    """Priors of the M actors of an era, its presidents last, and the curves that lead from them to K positions."""

    idents: NDArray[np.uint32]  # (2 + K, M): of the noise of threat, south, and each position
    mean: NDArray[np.float64]  # (2, M): threat, south
    sd: NDArray[np.float64]  # (2, M)
    intercept: NDArray[np.float64]  # (K, M), departures included
    slope: NDArray[np.float64]  # (2, K, M): on threat, on south
    residual: NDArray[np.float64]  # (K, M)


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
def _curve(era: str, issue: str) -> Row:
    """Return the curve of an issue in an era, or in the era it is coded as."""
    own = any((row["era"], row["issue"]) == (era, issue) for row in table("priors/issues"))
    return find_row("priors/issues", era=era if own else coded_as(era), issue=issue)


@cache
def _priors(era: str) -> _Priors:
    actors = [(INSTITUTIONS, era)] + [(ally, era) for ally in ALLIES[1:]] + [(LEADER, year) for year in LEADERS]
    shifts = {(row["era"], row["actor"], row["issue"]): row for row in table("priors/positions")}

    def curve(field: str) -> NDArray[np.float64]:
        return np.array([[number(_curve(when, issue), field) for _, when in actors] for issue in ISSUES])

    def trait(field: str) -> NDArray[np.float64]:
        rows = [find_row("priors/actors", era=when, actor=name) for name, when in actors]
        return np.array([[number(row, f"{t}_{field}", None) for row in rows] for t in TRAITS])

    intercept, variance = curve("intercept"), curve("sd") ** 2
    for m, (name, when) in enumerate(actors):
        for k, issue in enumerate(ISSUES):
            found = shifts.get((when, name, issue))
            if found is None and name != LEADER:  # a president's departures count in his own era only
                found = shifts.get((coded_as(when), name, issue))
            if found:
                intercept[k, m] += number(found, "shift")
                variance[k, m] += number(found, "sd") ** 2
    quantities = ("threat_perception", "southern_orientation", *(f"position.{issue}" for issue in ISSUES))
    return _Priors(
        idents=np.array([[stable_id(f"{each}.{name}") for name, _ in actors] for each in quantities], dtype=np.uint32),
        mean=trait("mean"),
        sd=trait("sd"),
        intercept=intercept,
        slope=np.array([curve(f"slope_{t}") for t in TRAITS]),
        residual=np.sqrt(variance),
    )


def threat_slopes(era: str) -> NDArray[np.float64]:
    """Return the slopes (K,) of the issue curves on perceived threat in an era.

    Examples
    --------
    >>> from alliance_sim.registry.issues import ISSUES
    >>> len(threat_slopes("2025")) == len(ISSUES)
    True
    """
    return np.array([number(_curve(era, issue), "slope_threat") for issue in ISSUES])


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
    era: str, seed: int, draw0: int, draw1: int, overrides: Overrides = _NO_OVERRIDES, copies: int = 1
) -> ActorDraws:
    """Draw threat perceptions and positions from their priors.

    A draw is threat = clip(mean + sd*z), the same for the southern orientation, and position =
    clip(intercept + slope_threat*threat + slope_south*south + shift + sd*z), with independent standard normal
    z. Clipping to [0.02, 0.98] puts a little mass on the bounds, negligible at the standard deviations used.

    Parameters
    ----------
    era : str
        One of `ERAS`.
    seed : int
        In [0, 2**64).
    draw0, draw1 : int
        First draw, and one past the last. A draw depends on the seed and its number only.
    overrides : mapping, optional
        Values in [0, 1] for every draw, or arrays of one value a row, by a name of `override_names`;
        ``USA.leader`` is the era's own president. A fixed threat perception moves positions along the curves;
        a fixed position wins over that.
    copies : int
        How often the draws are repeated, one block after the other: row r is draw ``draw0 + r % (draw1 - draw0)``.

    Returns
    -------
    ActorDraws

    Raises
    ------
    InputError
        If the era is unknown, or the name of an override.

    Notes
    -----
    The presidents use common random numbers, so that two of them differ by their priors alone.

    Examples
    --------
    >>> from alliance_sim.registry.actors import ALLY_INDEX
    >>> drawn = draws("2025", seed=1, draw0=0, draw1=3, overrides={"threat_perception.HUN": 0.2})
    >>> drawn.threat[:, ALLY_INDEX["HUN"]].tolist()
    [0.2, 0.2, 0.2]
    """
    check_era(era)
    priors, n = _priors(era), len(ALLIES)
    # numba takes a plain int for a signed one, which the upper half of the seeds is not.
    noise = normals(np.uint64(seed), draw0, draw1, Channel.CALIBRATION.value, priors.idents.ravel())
    noise = np.tile(noise.reshape(-1, *priors.idents.shape), (copies, 1, 1))
    places = _places(era)
    if unknown := [name for name in overrides if name not in places]:
        raise InputError(f"overrides: {shown(unknown[0])} is unknown{nearest(unknown[0], tuple(places))}")
    fixed = {places[name]: value for name, value in overrides.items()}
    # Element by element, + and * only: a draw is then the same in whatever chunk it is made.
    threat, south = (_clipped(priors.mean[t] + priors.sd[t] * noise[:, t]) for t in range(len(TRAITS)))
    for (issue, m), value in fixed.items():
        if issue is None:
            threat[:, m] = value
    position = priors.intercept + priors.slope[0] * threat[:, None] + priors.slope[1] * south[:, None]
    position = _clipped(position + priors.residual * noise[:, len(TRAITS) :])
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
    )
