"""What became of a text, and what each ally weighed: stages of the text, reasons of failures, objections, losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_sim.analysis.item import ItemDraws, passes
from alliance_sim.core.sessions import Weighed
from alliance_sim.core.structures import PENDING
from alliance_sim.registry.actors import ALLIES

__all__ = ["AllyView", "Failures", "Text", "Weights", "allies_of", "failures_of", "texts_of"]


@dataclass(frozen=True)
class Text:
    """A text on its way through the procedure, as a level of the issue.

    Attributes
    ----------
    stage : str
        ``wanted`` (asked for), ``drafted`` (first on the table), ``tabled`` (last on the table), ``agreed``.
    share : float
        Of the draws, those with such a text; the numbers are over these.
    mean, p05, p95 : float or None

    Examples
    --------
    >>> import alliance_sim as als
    >>> [text.stage for text in als.diagnose("baseline_2018", draws=5).texts]
    ['wanted', 'drafted', 'tabled', 'agreed']
    """

    stage: str
    share: float
    mean: float | None
    p05: float | None
    p95: float | None


@dataclass(frozen=True)
class Weights:
    """What an ally weighs in the text that is weighed last, on average over draws.

    Attributes
    ----------
    loss : float
        From the text in place of what holds without it, by squared distance; negative is a gain.
    alone, company, patron, temper : float
        What it bears whoever is for the text; not to be alone; not to cross Washington; and by chance.
    stake : float
        What it would lose by giving way in a dispute over something else.
    position : float
        What it wants, as read at the meeting.

    Examples
    --------
    >>> weights = Weights(0.05, 0.02, 0.01, 0.0, 0.0, 0.0, 0.4)
    >>> round(weights.tolerance, 3), round(weights.margin, 3)
    (0.03, -0.02)
    """

    loss: float
    alone: float
    company: float
    patron: float
    temper: float
    stake: float
    position: float

    @property
    def tolerance(self) -> float:
        """Loss that it bears in silence."""
        return self.alone + self.company + self.patron + self.temper - self.stake

    @property
    def margin(self) -> float:
        """What is left of that after the text; the ally objects where it is negative."""
        return self.tolerance - self.loss


@dataclass(frozen=True)
class AllyView:
    """An ally and the text; shares are of the draws.

    Attributes
    ----------
    ally : str
    objects : float
        Draws in which it objects, in the open or as the chair anticipates.
    rounds : mapping of int to float
        Draws in which it first breaks silence in a round; 0: it would have, and the text was withdrawn.
    voiced : float
        Draws in which it speaks against the text and lets it pass.
    alone : float
        Draws in which it is the only one to object.
    pivotal : float
        Failed draws in which it is the least willing.
    dispute : float
        Draws in which it objects to the text weighed last over something else only.
    weights, weights_failed : Weights or None
        On average over the draws in which the text is weighed, and over those of them in which it fails.

    Examples
    --------
    >>> import alliance_sim as als
    >>> first = als.diagnose("baseline_2025", "russia_strategy", draws=20).allies[0]
    >>> first.ally, first.objects > 0.5, first.weights.margin < 0.0
    ('USA', True, True)
    """

    ally: str
    objects: float
    rounds: Mapping[int, float]
    voiced: float
    alone: float
    pivotal: float
    dispute: float
    weights: Weights | None
    weights_failed: Weights | None


@dataclass(frozen=True)
class Failures:
    """Why the text fails, as shares of the draws in which it does.

    Attributes
    ----------
    substance : float
        Somebody objects to the text itself.
    dispute : float
        All objections are over something else.
    misjudged : float
        Nobody would have objected: the chair thought so and withdrew it.
    out_of_time : float
        The sessions of the meeting had no time for it.
    broken_off : float
        The meeting had broken off before, or was not held.

    Examples
    --------
    >>> import alliance_sim as als
    >>> als.diagnose("baseline_2025", "russia_strategy", draws=20).failures.substance > 0.5
    True
    """

    substance: float
    dispute: float
    misjudged: float
    out_of_time: float
    broken_off: float


def texts_of(found: ItemDraws, reversion: float) -> tuple[Text, ...]:
    """Return the text as it was wanted, drafted, tabled and agreed, from the level that holds without it.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.analysis.item import find_item
    >>> item = find_item(als.load_scenario("baseline_2025"), "russia_strategy", None, draws=20, seed=0)
    >>> [text.share for text in texts_of(item.run(), reversion=0.5)][:1]
    [1.0]
    """
    span = found.proposed[:, 0] - reversion
    tabled = found.first_tabled > 0.0
    stages = {
        "wanted": (np.ones(len(span)), np.full(len(span), True)),
        "drafted": (found.first_tabled, tabled),
        "tabled": (found.tabled, tabled),
        "agreed": (found.share, passes(found.ended)),
    }
    return tuple(_text(stage, (reversion + f * span)[there], there) for stage, (f, there) in stages.items())


def _text(stage: str, levels: NDArray[np.float64], there: NDArray[np.bool_]) -> Text:
    share = float(there.mean())
    if not len(levels):
        return Text(stage, share, None, None, None)
    low, high = np.quantile(levels, (0.05, 0.95))
    return Text(stage, share, float(levels.mean()), float(low), float(high))


def _margins(found: ItemDraws) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return margins of allies (D, N), and as they would be without disputes over something else."""
    weighed = found.weighed
    borne = weighed[:, Weighed.alone] + weighed[:, Weighed.company] + weighed[:, Weighed.patron]
    substance = borne + weighed[:, Weighed.temper] - weighed[:, Weighed.loss]
    return substance - weighed[:, Weighed.stake], substance


def failures_of(found: ItemDraws) -> Failures | None:
    """Return why the text fails; None where it never does.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.analysis.item import find_item
    >>> item = find_item(als.load_scenario("baseline_2025"), "russia_strategy", None, draws=20, seed=0)
    >>> round(sum(vars(failures_of(item.run())).values()), 6)
    1.0
    """
    failed = ~passes(found.ended)
    if not failed.any():
        return None
    margin, substance = _margins(found)
    reached = ~np.isnan(margin).all(axis=1)
    objected, over_text = (margin < 0.0).any(axis=1), (substance < 0.0).any(axis=1)
    late = found.out_of_time
    kinds = np.stack([over_text, objected & ~over_text, reached & ~objected, late, ~reached & ~late])
    return Failures(*map(float, kinds[:, failed].mean(axis=1)))


def allies_of(found: ItemDraws) -> tuple[AllyView, ...]:
    """Return the allies with a vote, the most frequent objectors first.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.analysis.item import find_item
    >>> item = find_item(als.load_scenario("baseline_2025"), "russia_strategy", None, draws=20, seed=0)
    >>> allies_of(item.run())[0].ally
    'USA'
    """
    failed = ~passes(found.ended)
    margin, substance = _margins(found)
    objects = found.objection >= 0
    seated = np.flatnonzero(~np.isnan(margin).all(axis=0))
    pivotal = np.where(np.isnan(margin).all(axis=1), PENDING, found.pivotal)
    views = [
        AllyView(
            ally=ALLIES[i],
            objects=float(objects[:, i].mean()),
            rounds={
                int(turn): float((found.objection[:, i] == turn).mean())
                for turn in np.unique(found.objection[:, i])
                if turn >= 0
            },
            voiced=float(((found.voiced[:, i] > 0) & ~objects[:, i]).mean()),
            alone=float((objects[:, i] & (objects.sum(axis=1) == 1)).mean()),
            pivotal=float((pivotal[failed] == i).mean()) if failed.any() else 0.0,
            dispute=float(((margin[:, i] < 0.0) & (substance[:, i] >= 0.0)).mean()),
            weights=_weights(found.weighed[:, :, i]),
            weights_failed=_weights(found.weighed[failed][:, :, i]),
        )
        for i in seated
    ]
    return tuple(sorted(views, key=lambda view: (-view.objects, -view.pivotal)))


def _weights(weighed: NDArray[np.float64]) -> Weights | None:
    there = weighed[~np.isnan(weighed[:, Weighed.loss])]
    return Weights(*map(float, there[:, list(Weighed)].mean(axis=0))) if len(there) else None
