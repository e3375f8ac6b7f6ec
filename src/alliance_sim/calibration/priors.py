"""Draws of what each actor perceives and wants, from the priors and the issue curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from alliance_sim.calibration.actors import check_era
from alliance_sim.calibration.tables import coded_as, number
from alliance_sim.core.layout import CH_CALIBRATION
from alliance_sim.core.rng import normals
from alliance_sim.data import table
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.keys import stable_id

__all__ = ["LEADERS", "LOWEST", "ActorDraws", "draws", "override_names", "threat_slopes"]

#: The presidents: each has a threat perception and positions of his own.
LEADERS = ("2014", "2018", "2024", "2025")

#: Drawn values are clipped to [LOWEST, 1 - LOWEST].
LOWEST = 0.02

LEADER, INSTITUTIONS = "USA.leader", "USA.institutions"
Overrides = Mapping[str, float | NDArray[np.float64]]
_NO_OVERRIDES: Overrides = MappingProxyType({})


@dataclass(frozen=True)
class ActorDraws:
    """D draws of N = 32 allies, K = 9 issues and L = 4 presidents; all values in [0, 1].

    Attributes
    ----------
    threat : (D, N) array
        Perceived Russian threat. Column 0, the United States, holds that of its institutions.
    position : (D, N, K) array
        1 = the strongest collective response. Column 0 as in `threat`.
    leader_threat : (D, L) array
        Presidents in the order of `LEADERS`.
    leader_position : (D, L, K) array
    institutions_threat : (D,) array
        Congress and the departments in this era.
    institutions_position : (D, K) array
    """

    threat: NDArray[np.float64]
    position: NDArray[np.float64]
    leader_threat: NDArray[np.float64]
    leader_position: NDArray[np.float64]
    institutions_threat: NDArray[np.float64]
    institutions_position: NDArray[np.float64]


@dataclass(frozen=True)
class _Block:
    """Actors drawn together: priors of M actors and the curves that lead from them to K positions."""

    names: tuple[str, ...]
    mean: NDArray[np.float64]  # (2, M): threat, south
    sd: NDArray[np.float64]  # (2, M)
    intercept: NDArray[np.float64]  # (M, K), departures included
    slope: NDArray[np.float64]  # (2, K): on threat, on south
    residual: NDArray[np.float64]  # (M, K)


def override_names() -> tuple[str, ...]:
    """Return the names that `draws` lets a caller fix: threat perceptions, then positions issue by issue."""
    actors = (LEADER, INSTITUTIONS, *ALLIES[1:])
    return tuple(f"threat_perception.{actor}" for actor in actors) + tuple(
        f"position.{issue}.{actor}" for issue in ISSUES for actor in actors
    )


@cache
def _block(era: str, names: tuple[str, ...]) -> _Block:
    coded = coded_as(era)
    priors = {row["actor"]: row for row in table("priors/actors") if row["era"] == era}
    curves = {row["issue"]: row for row in table("priors/issues") if row["era"] == coded}
    intercept = np.array([[number(curves[issue], "intercept") for issue in ISSUES]] * len(names))
    variance = np.array([[number(curves[issue], "sd") ** 2 for issue in ISSUES]] * len(names))
    for row in table("priors/positions"):
        # Presidents speak for their own time only.
        if row["actor"] in names and row["era"] == (era if row["actor"] == LEADER else coded):
            place = names.index(row["actor"]), ISSUES.index(row["issue"])
            intercept[place] += number(row, "shift")
            variance[place] += number(row, "sd") ** 2
    traits = ("threat", "south")
    return _Block(
        names,
        mean=np.array([[number(priors[name], f"{trait}_mean") for name in names] for trait in traits]),
        sd=np.array([[number(priors[name], f"{trait}_sd") for name in names] for trait in traits]),
        intercept=intercept,
        slope=np.array([[number(curves[issue], f"slope_{trait}") for issue in ISSUES] for trait in traits]),
        residual=np.array([[math.sqrt(value) for value in row] for row in variance.tolist()]),
    )


def threat_slopes(era: str) -> NDArray[np.float64]:
    """Return the slopes (K,) of the issue curves on perceived threat in an era."""
    curves = {row["issue"]: row for row in table("priors/issues") if row["era"] == coded_as(era)}
    return np.array([number(curves[issue], "slope_threat") for issue in ISSUES])


def _clipped(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(values, LOWEST, 1.0 - LOWEST)


def _draw_block(
    block: _Block, seed: int, draw0: int, draw1: int, overrides: Overrides, copies: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return threat (D, M) and positions (D, M, K) of the actors of a block."""

    def noise(quantity: str) -> NDArray[np.float64]:
        ids = np.array([stable_id(f"{quantity}.{name}") for name in block.names], dtype=np.uint32)
        # numba takes a plain int for a signed one, which the upper half of the seeds is not.
        drawn: NDArray[np.float64] = normals(np.uint64(seed), draw0, draw1, CH_CALIBRATION, ids)
        return np.tile(drawn, (copies, 1))

    # Element by element, + and * only: a draw is then the same in whatever chunk it is made.
    threat = _clipped(block.mean[0] + block.sd[0] * noise("threat_perception"))
    south = _clipped(block.mean[1] + block.sd[1] * noise("southern_orientation"))
    for m, name in enumerate(block.names):
        if (fixed := overrides.get(f"threat_perception.{name}")) is not None:
            threat[:, m] = fixed
    position = np.empty((*threat.shape, len(ISSUES)))
    for k, issue in enumerate(ISSUES):
        curve = block.intercept[:, k] + block.slope[0, k] * threat + block.slope[1, k] * south
        position[:, :, k] = _clipped(curve + block.residual[:, k] * noise(f"position.{issue}"))
        for m, name in enumerate(block.names):
            if (fixed := overrides.get(f"position.{issue}.{name}")) is not None:
                position[:, m, k] = fixed
    return threat, position


def draws(
    era: str, seed: int, draw0: int, draw1: int, overrides: Overrides = _NO_OVERRIDES, copies: int = 1
) -> ActorDraws:
    """Draw threat perceptions and positions from their priors.

    A draw is threat = clip(mean + sd*z), the same for the southern orientation, and position =
    clip(intercept + slope_threat*threat + slope_south*south + shift + sd*z), with independent standard normal
    z. Clipping to [0.02, 0.98] piles a little mass on the bounds, which is harmless at the standard
    deviations used.

    Parameters
    ----------
    era : str
        One of `ERAS`.
    seed : int
        In [0, 2**64).
    draw0, draw1 : int
        First draw, and one past the last. A draw depends on the seed and its number only.
    overrides : mapping, optional
        Values in [0, 1] that hold in every draw, or arrays of one value a row, by a name of `override_names`;
        ``USA.leader`` is the era's own president. A fixed threat perception moves positions along the curves;
        a fixed position wins over that.
    copies : int
        How often the draws come, one after the other: row r is draw ``draw0 + r % (draw1 - draw0)``.

    Returns
    -------
    ActorDraws

    Raises
    ------
    InputError
        If the era is unknown.

    Notes
    -----
    The presidents share their random numbers, so that two Washingtons differ by their priors alone.
    """
    check_era(era)
    threat, position = _draw_block(_block(era, (INSTITUTIONS, *ALLIES[1:])), seed, draw0, draw1, overrides, copies)
    leaders = [
        _draw_block(_block(year, (LEADER,)), seed, draw0, draw1, overrides if year == era else _NO_OVERRIDES, copies)
        for year in LEADERS
    ]
    return ActorDraws(
        threat=threat,
        position=position,
        leader_threat=np.concatenate([found[0] for found in leaders], axis=1),
        leader_position=np.concatenate([found[1] for found in leaders], axis=1),
        institutions_threat=threat[:, 0].copy(),
        institutions_position=position[:, 0].copy(),
    )
