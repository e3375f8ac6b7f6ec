"""Items left out together with the disputes that they start.

Scores of items leave each out by weights of the draws, which takes the states of later months as they are. But an
objection of one ally alone starts a dispute, and so bears on what comes after. Here the history runs again without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alliance_sim.estimation.behaviour import Fit, smoothed
from alliance_sim.estimation.likelihood import Likelihood, likelihood
from alliance_sim.estimation.runs import Simulator
from alliance_sim.estimation.summaries import values_of
from alliance_sim.estimation.work import HISTORY, kept
from alliance_sim.scenarios import load_scenario
from alliance_sim.validation.history import History, history

__all__ = ["starting_disputes", "without_disputes"]

Floats = NDArray[np.float64]

#: Name of the first random numbers, of no other runs of a fit.
_FIRST_DRAW = 3 * 2**30
#: Largest moves of means that are kept.
_MOST = 5


def starting_disputes(seen: History) -> list[str]:
    """Return the ids of items that start a dispute, in order of time."""
    sources = {event.source for event in load_scenario(HISTORY).events}
    return [item.id for item in seen.items if f"record {item.id}" in sources]


def without_disputes(
    simulator: Simulator,
    fit: Fit,
    items: Sequence[str],
    seed: int,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
    draws: int = 400,
    paths: int = 64,
) -> dict[str, dict[str, Any]]:
    """Return what leaving out an item does if the dispute that it starts is left out too, by id.

    Items that are in the folder, from a call that was interrupted, are not run again.

    Returns
    -------
    dict
        By item: ``score``, its log score without it, as `summaries.item_scores` has it; ``score_without_dispute``, the
        same by runs without its dispute; ``k`` of the latter; and ``moves``: the largest of the means of unknowns with
        the item, less those without item and dispute, in their own units.
    """
    z = fit.resampled(draws, seed + 2)
    values = values_of(simulator.unknowns, z)

    @cache
    def base() -> Likelihood[Floats]:
        return _likelihood(simulator, z, paths)

    def scored(item: str) -> dict[str, Any]:
        seen = history(simulator.seen.items[-1].year, simulator.seen.years[-1], simulator.repeats, left_out=(item,))
        place = [each.id for each in simulator.seen.items].index(item)
        other = np.arange(len(simulator.seen.items)) != place
        rates = {name: getattr(simulator.seen, name)[other] for name in ("rates", "objection_rates")}
        free = _likelihood(replace(simulator, seen=replace(seen, **rates)), z, paths)
        term = base().items[:, place]
        usual, _ = smoothed(-fit.check.power * term)
        weights, k = smoothed(fit.check.power * (free.total - base().total))
        moves = {name: float(each.mean() - weights @ each) for name, each in values.items()}
        largest = sorted(moves, key=lambda name: -abs(moves[name]) / max(float(values[name].std()), 1e-12))[:_MOST]
        return {
            "score": float(np.log(usual @ np.exp(term))),
            "score_without_dispute": float(np.log(weights @ np.exp(term))),
            "k": k,
            "moves": {name: moves[name] for name in largest},
        }

    found = {}
    for number, item in enumerate(items, 1):
        say(f"without {item} and its dispute: {number} of {len(items)}")
        found[item] = kept(folder / f"{item}.json", lambda item=item: scored(item))  # type: ignore[misc]
    return found


def _likelihood(simulator: Simulator, z: Floats, paths: int) -> Likelihood[Floats]:
    """Return the likelihood of draws by the simulator, with the same random numbers whatever is left out."""
    expected = simulator.expected(z, _FIRST_DRAW, paths)
    return likelihood(simulator.seen, expected, simulator.unknowns.nuisance(z), paths * simulator.repeats)
