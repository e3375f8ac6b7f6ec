"""The history held to the items of the record, and spending of allies: what fits and forecasts begin from.

A recorded item ends as it did, so that what follows does not depend on luck at the table, and the procedure is repeated
for how likely that was (`core.clamp`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile import CompiledScenario, compile_scenario
from alliance_sim.core.structures import PENDING, Clamp
from alliance_sim.data import number, table
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.scenarios import load_scenario
from alliance_sim.validation.record import CLASSES, HISTORY, RecordedItem, record, seats

__all__ = ["History", "history", "observed", "rates_of", "recorded_spending", "seen_shares"]

Floats = NDArray[np.float64]

#: Items' worth of the rate at which all allies object, in the rate of one (judgement).
_PRIOR_SEATS = 2.0


@dataclass(frozen=True)
class History:
    """What a fit is conditioned on: I items, and spending of N allies in Y years.

    Attributes
    ----------
    program : CompiledScenario
        The history, held to the items.
    items : tuple of RecordedItem
    column : (I,) int array
        Of each item in the decisions of the program.
    seated, voiced, refused : (I, N) bool array
    ended : (I,) int array
        Class of the outcome.
    contested : (I,) bool array
        Whether any ally objected.
    rates : (I, 3, 2) array
        Rates of class and contest in the forum, the item left out: what is expected where the model does not explain.
    objection_rates : (I, N) array
        Rates at which each ally objects to contested items it has a seat at, the item left out.
    years : tuple of int
    spending : (Y, N) array
        % of GDP, NaN where it is not known or not modelled.

    Examples
    --------
    >>> seen = history(last_item=2014, last_year=2015, repeats=2)
    >>> bool(seen.voiced[~seen.seated].any()), int(seen.spending_known.sum())
    (False, 30)
    """

    program: CompiledScenario
    items: tuple[RecordedItem, ...]
    column: NDArray[np.int64]
    seated: NDArray[np.bool_]
    voiced: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    ended: NDArray[np.int64]
    contested: NDArray[np.bool_]
    rates: Floats
    objection_rates: Floats
    years: tuple[int, ...]
    spending: Floats

    @property
    def spending_known(self) -> NDArray[np.bool_]:
        """Allies (N,) whose spending is known in all years."""
        return np.asarray(~np.isnan(self.spending).any(axis=0))


def clamp_of(program: CompiledScenario, items: Sequence[RecordedItem], repeats: int) -> Clamp:
    """Return how items of a scenario ended, for `CompiledScenario.clamped`."""
    column = {(row.meeting, row.issue): row.column for row in program.agenda}
    held = Clamp(
        np.full(program.items, PENDING, np.int8),
        np.zeros((program.items, len(ALLIES)), np.int8),
        np.zeros((program.items, len(ALLIES)), np.int8),
        repeats,
    )
    for item in items:
        j = column[item.meeting, item.issue]
        held.outcome[j] = DECISIONS.index(item.decision)
        for ally in item.objectors & ALLY_INDEX.keys():
            held.voiced[j, ALLY_INDEX[ally]] = 1
            held.refused[j, ALLY_INDEX[ally]] = item.objection == "hard"
    return held


def recorded_spending(first: int, last: int) -> Floats:
    """Return defence spending of the allies, % of GDP (years, N); NaN for the United States and what is not known.

    Examples
    --------
    >>> recorded_spending(2014, 2024).shape
    (11, 32)
    """
    found = np.full((last - first + 1, len(ALLIES)), np.nan)
    for row in table("facts/defence_spending"):
        if first <= int(row["year"]) <= last and row["iso3"] in ALLY_INDEX and row["iso3"] not in ("USA", "ISL"):
            found[int(row["year"]) - first, ALLY_INDEX[row["iso3"]]] = number(row, "pct_gdp")
    return found


def history(last_item: int = 2025, last_year: int = 2024, repeats: int = 32, left_out: Sequence[str] = ()) -> History:
    """Return the history, held to the items up to a year, with spending up to another.

    Parameters
    ----------
    last_item, last_year : int
        Years of the last item and of the last figure of spending that count; items after them are free.
    repeats : int
        How often the procedure is repeated for the chances of an item.
    left_out : sequence of str
        Ids of the record that do not count, and start no dispute.

    Examples
    --------
    >>> seen = history(last_item=2015, last_year=2016, repeats=2)
    >>> len(seen.items), seen.years, seen.spending.shape
    (9, (2015, 2016), (2, 32))
    """
    scenario = load_scenario(HISTORY)
    gone = [e.id for e in scenario.events if e.source.startswith("record ") and e.source[7:] in left_out]
    if gone:
        scenario = load_scenario({"name": "left_out", "extends": HISTORY, "drop": gone})
    items = tuple(item for item in record(last=last_item, scenario=scenario) if item.id not in left_out)
    program = compile_scenario(scenario)
    return observed(program, items, range(2015, last_year + 1), recorded_spending(2015, last_year), repeats)


def observed(
    program: CompiledScenario, items: Sequence[RecordedItem], years: Sequence[int], spending: Floats, repeats: int
) -> History:
    """Return a history in which some items ended as they say, and some spending was seen.

    Parameters
    ----------
    program : CompiledScenario
        A scenario that holds the items.
    items : sequence of RecordedItem
    years : sequence of int
        Of the figures.
    spending : (Y, N) array
        % of GDP.
    repeats : int
        How often the procedure is repeated for the chances of an item.

    Examples
    --------
    >>> program = compile_scenario(load_scenario(HISTORY))
    >>> seen = observed(program, record(2014, 2014), [2015], recorded_spending(2015, 2015), repeats=2)
    >>> len(seen.items), seen.ended.shape
    (6, (6,))
    """
    place = {(row.meeting, row.issue): i for i, row in enumerate(program.agenda)}
    rows = [place[item.meeting, item.issue] for item in items]
    seated = seats(program, rows)
    voiced = np.array([[ally in item.objectors for ally in ALLIES] for item in items]) & seated
    refused = voiced & np.array([item.objection == "hard" for item in items])[:, np.newaxis]
    contested = np.asarray(voiced.any(axis=1))
    ended = np.array([item.outcome for item in items])
    groups = [item.group for item in items]
    rates, objection_rates = rates_of(groups, ended, contested, voiced, seated)
    return History(
        program=program.clamped(clamp_of(program, items, repeats)),
        items=tuple(items),
        column=np.array([program.agenda[row].column for row in rows]),
        seated=seated,
        voiced=voiced,
        refused=refused,
        ended=ended,
        contested=contested,
        rates=rates,
        objection_rates=objection_rates,
        years=tuple(years),
        spending=spending,
    )


def rates_of(
    groups: Sequence[str],
    ended: NDArray[np.int64],
    contested: NDArray[np.bool_],
    voiced: NDArray[np.bool_],
    seated: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """Return, for each item, rates among the others: `rates` and `objection_rates` of `History`.

    Examples
    --------
    >>> seen = history(last_item=2014, last_year=2015, repeats=2)
    >>> groups = [item.group for item in seen.items]
    >>> rates, _ = rates_of(groups, seen.ended, seen.contested, seen.voiced, seen.seated)
    >>> bool((rates == seen.rates).all())
    True
    """
    items, allies = voiced.shape
    counts = np.zeros((items, len(CLASSES), 2))
    rate = np.zeros((items, allies))
    for i, group in enumerate(groups):
        alike = np.array([other == group for other in groups])
        alike[i] = False
        np.add.at(counts[i], (ended[alike], contested[alike].astype(int)), 1.0)
        counts[i] += 1.0 / counts[i].size  # one item in all (judgement)
        others = contested.copy()
        others[i] = False
        given, present = voiced[others].sum(axis=0), seated[others].sum(axis=0)
        common = (given.sum() + 1.0) / (present.sum() + allies)
        rate[i] = (given + common * _PRIOR_SEATS) / (present + _PRIOR_SEATS)
    return counts / counts.sum(axis=(1, 2), keepdims=True), rate


def seen_shares(seen: History, ended: Any, recorded_share: Any) -> Any:
    """Return chances of class and contest given that an item is recorded (D, I, 3, 2), from those of all items.

    Parameters
    ----------
    seen : History
    ended : (D, I, 3, 2) array
    recorded_share : (D,) array
        How often an item that was adopted without an objection is in the record, of others.

    Examples
    --------
    >>> seen = history(last_item=2014, last_year=2015, repeats=2)
    >>> shares = seen_shares(seen, np.full((1, len(seen.items), 3, 2), 1 / 6), np.array([0.5]))
    >>> shares[0, 0].round(3).tolist(), round(float(shares[0, 0].sum()), 6)
    ([[0.182, 0.182], [0.182, 0.182], [0.091, 0.182]], 1.0)
    """
    usual = np.zeros(ended.shape[1:])  # what the record has less often
    usual[[not item.rollover for item in seen.items], len(CLASSES) - 1, 0] = 1.0
    kept = ended * (1.0 - usual * (1.0 - recorded_share.reshape(-1, 1, 1, 1)))
    return kept / kept.sum(axis=(2, 3), keepdims=True)
