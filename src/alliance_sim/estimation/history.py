"""The likelihood of the record and of spending, given runs of the history that are held to the record.

A recorded item ends as it did, so that what follows does not depend on luck at the table, and the procedure is repeated
for how likely that was (`core.clamp`). The likelihood is then a product over items: leaving one out costs no run.

Three terms describe the record rather than the alliance. It over-samples what was contested: an item that was adopted
without an objection is in it `recorded_share` times as often as another (1 for renewals, all of which are). A share
`unexplained` of the items ends at the rates of their forum instead of as the model has it, and at a share
`unexplained_objections` of the contested ones allies object at their own rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from alliance_sim.compile import SPIN_UP, Block, CompiledScenario, compile_scenario
from alliance_sim.core.constants import SD_OUTPUT
from alliance_sim.core.rng import normal
from alliance_sim.core.structures import ALLY_VARIABLES, PENDING, Chances, Channel, Clamp, Clock
from alliance_sim.data import number, table
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.scenarios import load_scenario
from alliance_sim.validation.record import CLASSES, HISTORY, RecordedItem, record, seats

__all__ = ["History", "Likelihood", "clamp_of", "history", "likelihood", "recorded_spending"]

Floats = NDArray[np.float64]

#: Items' worth of the rates of the forum that chances are mixed with, against chances of zero (judgement).
_PRIOR_ITEMS = 1.0
#: The same for the rate at which an ally objects: items' worth of its rate on others.
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
    """Return defence spending of the allies, % of GDP (years, N); NaN for the United States and what is not known."""
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
    """Return a history in which some items ended as they say, and some spending was seen."""
    place = {(row.meeting, row.issue): i for i, row in enumerate(program.agenda)}
    rows = [place[item.meeting, item.issue] for item in items]
    seated = seats(program, rows)
    voiced = np.array([[ally in item.objectors for ally in ALLIES] for item in items]) & seated
    refused = voiced & np.array([item.objection == "hard" for item in items])[:, np.newaxis]
    contested = np.asarray(voiced.any(axis=1))
    ended = np.array([item.outcome for item in items])
    counts = np.zeros((len(items), len(CLASSES), 2))
    rate = np.zeros((len(items), len(ALLIES)))
    for i, item in enumerate(items):
        alike = np.array([other.group == item.group for other in items])
        alike[i] = False
        np.add.at(counts[i], (ended[alike], contested[alike].astype(int)), 1.0)
        counts[i] += 1.0 / counts[i].size  # one item in all (judgement)
        others = contested.copy()
        others[i] = False
        given, seen = voiced[others].sum(axis=0), seated[others].sum(axis=0)
        common = (given.sum() + 1.0) / (seen.sum() + len(ALLIES))
        rate[i] = (given + common * _PRIOR_SEATS) / (seen + _PRIOR_SEATS)
    return History(
        program=program.clamped(clamp_of(program, items, repeats)),
        items=tuple(items),
        column=np.array([program.agenda[row].column for row in rows]),
        seated=seated,
        voiced=voiced,
        refused=refused,
        ended=ended,
        contested=contested,
        rates=counts / counts.sum(axis=(1, 2), keepdims=True),
        objection_rates=rate,
        years=tuple(years),
        spending=spending,
    )


@dataclass(frozen=True)
class Likelihood:
    """Logarithms of the likelihood of D draws.

    Attributes
    ----------
    items : (D, I) array
    spending : (D,) array
    """

    items: Floats
    spending: Floats

    @property
    def total(self) -> Floats:
        """Of everything (D,)."""
        found: Floats = self.items.sum(axis=1) + self.spending
        return found


def likelihood(seen: History, block: Block, seed: int, nuisance: Mapping[str, Floats], paths: int = 1) -> Likelihood:
    """Return the likelihood of what was seen, given runs.

    The chances of an item are means over paths: what items have in common beyond parameters and actors (how long a
    dispute lasts, errors of positions) is left out, so that this is a composite likelihood (Varin, Reid and Firth
    2011).

    Parameters
    ----------
    seen : History
    block : Block
        Draws of `seen.program` that were run, allies kept: paths of the first set of unknowns, then of the second.
    seed : int
        That of the block.
    nuisance : mapping
        Values (D,) by a name of `unknowns.NUISANCE`.
    paths : int
        Draws of each set.
    """
    chances = Chances(*(each.reshape(-1, paths, *each.shape[1:]).mean(axis=1) for each in block.chances))
    error = np.log(seen.spending / _planned_spending(seen, block, seed))
    sd, common, persistence = (
        np.repeat(nuisance[f"spending_{name}"], paths) for name in ("sd", "common_sd", "persistence")
    )
    of_paths = _spending(error, sd, common, persistence).reshape(-1, paths)
    return Likelihood(
        items=_items(seen, chances, nuisance, paths),
        spending=logsumexp(of_paths, axis=1) - np.log(paths),
    )


def _items(seen: History, chances: Chances, nuisance: Mapping[str, Floats], paths: int) -> Floats:
    """Return the log likelihood of class, contest and objectors of each item (D, I)."""
    repeats = paths * seen.program.calendar.clamp.repeats
    every, at = np.arange(len(seen.items)), seen.column
    ended = (chances.ended[:, at] * repeats + _PRIOR_ITEMS * seen.rates) / (repeats + _PRIOR_ITEMS)
    kept = np.ones_like(ended)
    renewal = np.array([item.rollover for item in seen.items])
    kept[:, ~renewal, len(CLASSES) - 1, 0] = nuisance["recorded_share"][:, np.newaxis]
    ended *= kept
    ended /= ended.sum(axis=(2, 3), keepdims=True)
    contest = seen.contested.astype(int)
    model = ended[:, every, seen.ended, contest]
    usual = seen.rates[every, seen.ended, contest]
    objects = np.where(
        np.asarray(seen.refused.any(axis=1))[:, np.newaxis], chances.refused[:, at], chances.voiced[:, at]
    )
    few = _PRIOR_SEATS / (repeats + _PRIOR_SEATS)
    objects = np.clip((1.0 - few) * objects + few * seen.objection_rates, 1e-6, 1.0 - 1e-6)
    ended_as = np.log(_mixed(nuisance["unexplained"], model, usual))
    of_objectors = np.logaddexp(
        *(
            np.log(weight)[:, np.newaxis] + _objectors(seen, chance)
            for weight, chance in (
                (1.0 - nuisance["unexplained_objections"], objects),
                (nuisance["unexplained_objections"], seen.objection_rates),
            )
        )
    )
    found: Floats = ended_as + np.where(seen.contested, of_objectors, 0.0)
    return found


def _mixed(share: Floats, model: Floats, usual: Floats) -> Floats:
    return (1.0 - share)[:, np.newaxis] * model + share[:, np.newaxis] * usual


def _objectors(seen: History, objects: Floats) -> Floats:
    """Return the log probability of who objects to contested items, given that somebody does (..., I)."""
    silent = np.log1p(-objects)
    each = np.where(seen.voiced, np.log(objects), silent)
    found: Floats = np.where(seen.seated, each, 0.0).sum(axis=-1)
    nobody = np.where(seen.seated, silent, 0.0).sum(axis=-1)
    given: Floats = np.where(seen.contested, found - np.log(-np.expm1(nobody)), 0.0)
    return given


def _planned_spending(seen: History, block: Block, seed: int) -> Floats:
    """Return spending in December of each year without the surprise of output, a part of its errors (D, Y, N)."""
    months = [seen.program.months.index(f"{year}-12") for year in seen.years]
    spending = block.output.allies[:, months, ALLY_VARIABLES.index("spending")]
    surprise = np.array(
        [
            [normal(Clock(np.uint64(seed), draw, SPIN_UP + month - 11), Channel.OUTPUT, 0) for month in months]
            for draw in range(block.draw0, block.draw1)
        ]
    )
    planned: Floats = np.maximum(spending, 0.01) / (1.0 - SD_OUTPUT * surprise[..., np.newaxis])
    return planned


def _spending(error: Floats, sd: Floats, common_sd: Floats, persistence: Floats) -> Floats:
    """Return the log likelihood of errors of spending (D, Y, N), with NaN for what is not known.

    An ally's error is a first-order autoregression that begins at zero, and so is an error that all share; output that
    budgets did not foresee is a part of the latter, each year anew.
    """
    years = error.shape[1]
    known = ~np.isnan(error).any(axis=(0, 1))
    error, n = error[:, :, known], int(known.sum())
    lag = np.subtract.outer(np.arange(years), np.arange(years))
    shape = np.zeros((len(error), years, years))
    for start in range(years):  # sum over the years in which an error came up
        weight = persistence[:, np.newaxis] ** np.maximum(np.arange(years) - start, 0) * (np.arange(years) >= start)
        shape += weight[:, :, np.newaxis] * weight[:, np.newaxis, :]
    own = sd[:, np.newaxis, np.newaxis] ** 2 * shape
    common = common_sd[:, np.newaxis, np.newaxis] ** 2 * shape + SD_OUTPUT**2 * (lag == 0)
    # The mean over allies and the deviations from it are independent.
    mean = error.mean(axis=2)
    return _normal(mean[..., np.newaxis], own / n + common) + _normal(error - mean[..., np.newaxis], own, n - 1)


def _normal(error: Floats, covariance: Floats, count: int | None = None) -> Floats:
    """Return the log density of columns of errors (D, Y, C), as if there were `count` independent ones."""
    factor = np.linalg.cholesky(covariance)
    half = np.log(np.einsum("dyy->dy", factor)).sum(axis=1)
    scaled = np.linalg.solve(factor, error)
    years = error.shape[1]
    number = error.shape[2] if count is None else count
    found: Floats = -0.5 * (scaled**2).sum(axis=(1, 2)) - number * (half + 0.5 * years * np.log(2.0 * np.pi))
    return found
