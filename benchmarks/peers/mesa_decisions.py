"""Tables at which the allies of the Mesa model decide: consultation, losses, thresholds, and the chair's estimate."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.constants import CROSS_FORUM
from alliance_sim.core.structures import US

Array = NDArray[np.float64]

GRID = 9  # texts the chair tries
FARTHEST = 20.0
CONSULTATIONS = 4  # rounds
LOGISTIC_OF_NORMAL = math.sqrt(3.0) / math.pi


class Table:
    """Who sits at a table, and what of it never changes. Washington is the patron, with a seat or without one.

    Parameters
    ----------
    members : (M,) array of int
    standing, dependence, susceptibility : (N,) arrays
        Of all allies.
    neutral : float
        Standing of members outside the alliance.
    p : SimpleNamespace
        Parameters of the draw.
    """

    def __init__(
        self,
        members: NDArray[np.int64],
        standing: Array,
        dependence: Array,
        susceptibility: Array,
        neutral: float,
        p: SimpleNamespace,
    ):
        self.members, self.neutral, self.p = members, neutral, p
        seated = US in members
        self.heard = members if seated else np.append(members, US)  # to whom members listen
        self.patron = int(np.flatnonzero(self.heard == US)[0])
        self.pull = 1.0 if seated else CROSS_FORUM
        self.standing = standing[members]
        self.total = neutral + self.standing.sum()
        self.isolation = (1.0 - self.standing) / (self.total - self.standing)
        self.dependence = np.where(members == US, 0.0, dependence[members])  # the patron does not fear itself
        self.openness = p.consultation * susceptibility[members, None]

    def consult(self, x: Array, weights: Array) -> Array:
        """Let members listen to each other, given positions (N, K) and weights (listener, voice).

        Returns what those whom members listen to express then (M or M + 1, K).
        """
        seats = len(self.members)
        voice = weights[np.ix_(self.members, self.heard)]
        voice[:, seats:] *= self.pull
        total = voice.sum(axis=1, keepdims=True)
        voice = np.divide(voice, total, out=np.zeros_like(voice), where=total > 0.0)
        expressed = x[self.heard]
        private = expressed[:seats].copy()
        for _ in range(CONSULTATIONS):
            expressed[:seats] = (1.0 - self.openness) * private + self.openness * (voice @ expressed)
        return expressed

    def excess(self, x: Array, salience: Array, reversion: float, texts: Array) -> Array:
        """Loss less threshold of texts (F,) for all members (F, M), over the chair's scale.

        Positions are those of `consult` on one issue, salience that of all allies.
        """
        p, alone = self.p, self.p.tolerated_move**2
        patron_bears, salience = alone / salience[US], salience[self.members]
        company = (p.tolerated_move + p.company_move) ** 2 - alone
        patron = (p.tolerated_move + p.patron_move) ** 2 - alone
        move, middle = (texts - reversion)[:, None], (texts + reversion)[:, None]
        loss = move * (middle - 2.0 * x[: len(self.members)])
        behind = np.where(loss * salience <= alone, self.standing, 0.0)
        willing = 0.5 * self.neutral + behind.sum(axis=1, keepdims=True)
        cover = np.exp(-(patron_bears - move * (middle - 2.0 * x[self.patron])) / max(p.slack_scale, 1e-12))
        cover = patron * self.pull / (1.0 + cover)
        threshold = alone + company * self.isolation * (willing - behind) + self.dependence * cover
        error = p.sd_position**2 + p.sd_chair**2
        scale = np.maximum(np.sqrt(p.slack_scale**2 + LOGISTIC_OF_NORMAL**2 * (2.0 * move) ** 2 * error), 1e-12)
        return (loss - threshold / salience) / scale

    def capacity(self, x: Array, salience: Array, reversion: float, span: float) -> float:
        """Largest expected share of a proposal."""
        min_share = self.p.min_share

        def value(share: Array) -> Array:
            return share * chance(self.excess(x, salience, reversion, reversion + share * span))

        step = (1.0 - min_share) / (GRID - 1)
        shares = 1.0 - np.arange(GRID) * step
        values = value(shares)
        beside = shares[values.argmax()] + step * np.array([0.5, -0.5])
        beside = beside[(min_share <= beside) & (beside <= 1.0)]
        return max(values.max(), value(beside).max(initial=0.0))


def chance(excess: Array) -> Array:
    """The chair's estimate that all accept, by text."""
    return 1.0 / (1.0 + np.exp(np.minimum(excess, FARTHEST))).prod(axis=1)
