"""What the alliance could agree on, in NumPy: consultation, who would accept a text, and how far texts get.

Arrays are as in `numpy_model`; F texts, R issues, M members of a body, V voices heard in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.acceptance import FARTHEST
from alliance_sim.core.consultation import CONSULTATIONS
from alliance_sim.core.procedure import GRID
from alliance_sim.core.structures import US

Array = NDArray[np.float64]

LOGISTIC_OF_NORMAL = 3.0**0.5 / np.pi


def logistic(z: Array) -> Array:
    """Logistic function."""
    return 1.0 / (1.0 + np.exp(-z))


def column(values: Array) -> Array:
    """(D,) as (D, 1), to go with allies or issues."""
    return values[:, None]


class Body:
    """A body that decides unanimously: its members, and what never changes: standing, isolation, dependence.

    The United States is heard even where it has no seat, less loudly by the factor `pull`.
    """

    def __init__(self, members, standing, susceptibility, dependence, neutral, pull, p):
        self.members, self.neutral, self.pull = members, neutral, pull
        outside = US not in members
        self.voices = np.append(members, US) if outside else members
        self.patron = int(np.flatnonzero(self.voices == US)[0])
        self.standing = standing[:, members]
        self.total = neutral + self.standing.sum(axis=1)
        self.dependence = np.where(members == US, 0.0, dependence[:, members])
        self.openness = (column(p.consultation) * susceptibility[:, members])[:, None]
        # What an ally bears in silence: alone, and how much more in company and under its patron.
        self.alone = column(p.tolerated_move**2)
        company = (p.tolerated_move + p.company_move) ** 2 - p.tolerated_move**2
        self.isolation = column(company) * (1.0 - self.standing) / (column(self.total) - self.standing)
        self.crossing = column(((p.tolerated_move + p.patron_move) ** 2 - p.tolerated_move**2) * pull)
        self.slack = column(p.slack_scale)
        self.error = column((p.sd_position**2 + p.sd_chair**2) * LOGISTIC_OF_NORMAL**2)

    def consult(self, x: Array, weights: Array) -> Array:
        """Positions (D, R, V) expressed when members have listened to each other, from those (D, R, N) before."""
        size = len(self.members)
        listening = weights
        if size < weights.shape[1]:
            listening = weights.take(self.voices, axis=1).take(self.members, axis=2)
            if size < len(self.voices):
                listening[:, -1] *= self.pull
            heard = listening.sum(axis=1, keepdims=True)
            listening /= np.where(heard > 0.0, heard, 1.0)
        expressed = x[:, :, self.voices]
        stubborn = (1.0 - self.openness) * expressed[:, :, :size]
        for _ in range(CONSULTATIONS):
            expressed[:, :, :size] = stubborn + self.openness * (expressed @ listening)
        return expressed

    def excess(self, expressed: Array, salience: Array, reversion: float, text: Array) -> tuple[Array, Array]:
        """Loss less threshold (D, F, M) of texts (D, F) on an issue, and the chair's scale (D, F).

        Salience (D, N) is that of all allies: a text has to suit the United States wherever it is heard.
        """
        size = len(self.members)
        move, middle = text - reversion, text + reversion
        loss_patron = move * (middle - 2.0 * column(expressed[:, self.patron]))
        loss = middle[:, :, None] - 2.0 * expressed[:, None, :size]
        loss *= move[:, :, None]
        # Thresholds are per salience, as losses are not weighed by it.
        patron_bears = self.alone / salience[:, US, None]
        salience = salience[:, self.members]
        bears = (self.alone / salience)[:, None]
        own = np.where(loss <= bears, self.standing[:, None], 0.0)
        willing = 0.5 * self.neutral + own.sum(axis=2, keepdims=True)
        pressure = self.crossing * logistic((patron_bears - loss_patron) / np.maximum(self.slack, 1e-12))
        threshold = np.subtract(willing, own, out=own)
        threshold *= (self.isolation / salience)[:, None]
        threshold += bears
        threshold += (self.dependence / salience)[:, None] * pressure[:, :, None]
        loss -= threshold
        scale = np.maximum(np.sqrt(self.slack**2 + 4.0 * move**2 * self.error), 1e-12)
        return loss, scale

    def capacity(self, expressed: Array, salience: Array, reversion: float, span: float, min_share: Array) -> Array:
        """Largest expected share of a proposal (D,) that could be agreed."""

        def value(share: Array) -> Array:
            excess, scale = self.excess(expressed, salience, reversion, reversion + share * span)
            excess /= scale[:, :, None]
            return share * chance(excess)

        least = column(min_share)
        step = (1.0 - least) / (GRID - 1)
        shares = least + step * np.arange(GRID)
        values = value(shares)
        best = np.take_along_axis(shares, values.argmax(axis=1)[:, None], axis=1)
        beside = best + step * np.array([-0.5, 0.5])  # halfway to its neighbours
        inside = (least <= beside) & (beside <= 1.0)
        return np.maximum(values.max(axis=1), np.where(inside, value(beside), 0.0).max(axis=1))

    def prospects(self, expressed: Array, salience: Array, reversion: float, text: Array) -> tuple[Array, Array]:
        """Chance (D,) that a text (D,) passes, and the share of standing (D,) expected to object."""
        excess, scale = self.excess(expressed, salience, reversion, column(text))
        excess /= scale[:, :, None]
        against = (self.standing * logistic(excess[:, 0])).sum(axis=1) / self.total
        return chance(excess)[:, 0], against


def chance(excess: Array) -> Array:
    """The chair's estimate (D, F) that all members accept; overwrites its argument."""
    np.minimum(excess, FARTHEST, out=excess)
    np.exp(excess, out=excess)
    excess += 1.0
    return 1.0 / excess.prod(axis=2)
