"""Proper scores of forecasts of decisions and objections, against the record.

Scores of classes are those of Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation;
intervals resample whole years, since items of a year are not independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alliance_sim.errors import InputError
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.simulation import simulate
from alliance_sim.validation.baselines import forum_rates, objection_rates
from alliance_sim.validation.record import (
    CLASSES,
    FIRST_YEAR,
    HISTORY,
    LAST_YEAR,
    RecordedItem,
    classes,
    objected,
    record,
    refused,
    seats,
    voiced,
)

__all__ = [
    "Score",
    "auc",
    "brier",
    "crps",
    "forecast",
    "interval",
    "log_score",
    "ranked_probability",
    "score_record",
    "scores",
    "with_equal_asks",
]

#: Bootstrap resamples, and the seed of them: judgement.
RESAMPLES = 2000
_SEED = 20250623


def ranked_probability(forecasts: ArrayLike, outcomes: ArrayLike) -> NDArray[np.float64]:
    """Return the ranked probability score of each forecast of ordered classes, in [0, 1]; 0 is perfect.

    Parameters
    ----------
    forecasts : (n, K) array
        Probabilities of the classes.
    outcomes : (n,) array of int
        The class that came true.

    Examples
    --------
    >>> ranked_probability([[0.5, 0.0, 0.5], [0.0, 0.0, 1.0]], [0, 2]).tolist()
    [0.25, 0.0]
    """
    p = np.asarray(forecasts, float)
    happened = np.arange(p.shape[1]) >= np.asarray(outcomes)[:, np.newaxis]
    distance: NDArray[np.float64] = ((p.cumsum(axis=1) - happened)[:, :-1] ** 2).sum(axis=1) / (p.shape[1] - 1)
    return distance


def brier(probabilities: ArrayLike, happened: ArrayLike) -> NDArray[np.float64]:
    """Return the squared error of each probability of an event.

    Examples
    --------
    >>> brier([0.5, 1.0], [True, False]).tolist()
    [0.25, 1.0]
    """
    error: NDArray[np.float64] = (np.asarray(probabilities, float) - np.asarray(happened, float)) ** 2
    return error


def log_score(forecasts: ArrayLike, outcomes: ArrayLike) -> NDArray[np.float64]:
    """Return minus the logarithm of the probability of the class that came true.

    Examples
    --------
    >>> log_score([[0.25, 0.25, 0.5]], [2]).round(4).tolist()
    [0.6931]
    """
    p = np.asarray(forecasts, float)
    with np.errstate(divide="ignore"):
        found: NDArray[np.float64] = -np.log(p[np.arange(len(p)), np.asarray(outcomes, int)])
    return found


def crps(draws: ArrayLike, figures: ArrayLike) -> NDArray[np.float64]:
    """Return the continuous ranked probability score of draws as forecasts of figures, in their unit; 0 is perfect.

    The empirical distribution of the draws is scored: mean |x - y| less half of the mean |x - x'| over all pairs. The
    score of infinitely many draws is lower, by half of the mean |x - x'| over the number of draws.

    Parameters
    ----------
    draws : (D,) or (D, n) array
    figures : number or (n,) array

    Examples
    --------
    >>> float(crps([2.0], 3.5)), crps([[1.0, 0.0], [3.0, 1.0]], [2.0, 0.5]).tolist()
    (1.5, [0.5, 0.25])
    """
    x = np.sort(np.asarray(draws, float), axis=0)
    count = len(x)
    pairs = np.tensordot(2.0 * np.arange(1, count + 1) - count - 1.0, x, 1) / count**2
    found: NDArray[np.float64] = np.maximum(np.abs(x - np.asarray(figures, float)).mean(axis=0) - pairs, 0.0)
    return found


def auc(values: ArrayLike, positive: ArrayLike) -> float:
    """Return the chance that a positive case has a higher value than a negative one, ties half.

    NaN without a positive or a negative case.

    Examples
    --------
    >>> auc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    0.875
    """
    from scipy.stats import rankdata

    x, yes = np.asarray(values, float), np.asarray(positive, bool)
    n, m = int(yes.sum()), int((~yes).sum())
    if not n or not m:
        return math.nan
    return (float(rankdata(x)[yes].sum()) - n * (n + 1) / 2) / (n * m)


def interval(
    statistic: Callable[[NDArray[np.int64]], float],
    blocks: ArrayLike,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the bootstrap interval of a statistic, resampling whole blocks; NaN where there is none.

    That is where there is one block, or one without which the statistic is NaN, as an area under the curve where all
    objections are of one year: resamples would show no spread of it.

    Parameters
    ----------
    statistic : callable
        Takes the indices of the cases of a resample, with repetitions; resamples where it is NaN are left out.
    blocks : (n,) array
        The block of each case, such as its year.
    resamples : int
    level : float

    Examples
    --------
    >>> values = np.array([1.0, 1.0, 1.0])
    >>> interval(lambda cases: float(values[cases].mean()), [2014, 2014, 2015])
    (1.0, 1.0)
    >>> values[2] = np.inf
    >>> interval(lambda cases: float(values[cases].mean()), [2014, 2014, 2015])
    (1.0, inf)
    """
    labels = np.asarray(blocks)
    names = np.unique(labels)
    if len(names) < 2 or any(math.isnan(statistic(np.flatnonzero(labels != name))) for name in names):
        return math.nan, math.nan
    cases = [np.flatnonzero(labels == name) for name in names]
    rng = np.random.default_rng(_SEED)
    chosen = rng.integers(len(cases), size=(resamples, len(cases)))
    found = np.array([statistic(np.concatenate([cases[b] for b in row])) for row in chosen])
    found = found[~np.isnan(found)]
    ends = (0.5 - level / 2, 0.5 + level / 2)
    if np.isfinite(found).all():
        low, high = np.quantile(found, ends)
    else:  # between two infinite values there is nothing to interpolate
        low, high = np.sort(found)[[math.floor(ends[0] * (len(found) - 1)), math.ceil(ends[1] * (len(found) - 1))]]
    return float(low), float(high)


def forecast(ensemble: Ensemble, items: Sequence[RecordedItem]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the model's forecasts: of the class of each item (n, 3), and of each ally's objection to it (n, N).

    Each class begins with half a draw, so that no probability is zero.

    Raises
    ------
    InputError
        If the ensemble is of a scenario without one of the items.

    Examples
    --------
    >>> from alliance_sim.simulation import simulate
    >>> items = record(2014, 2014)
    >>> decisions, objections = forecast(simulate(HISTORY, draws=2), items)
    >>> decisions.shape, objections.shape
    ((6, 3), (6, 32))
    """
    at = places(ensemble, items)
    ended = classes(ensemble, at)
    counts = np.stack([(ended == code).sum(axis=0) for code in range(len(CLASSES))], axis=1) + 0.5
    return counts / counts.sum(axis=1, keepdims=True), objected(ensemble, at).mean(axis=0)


def places(ensemble: Ensemble, items: Sequence[RecordedItem]) -> list[int]:
    """Return the rows of the agenda of an ensemble that hold some items."""
    row = {(row.meeting, row.issue): i for i, row in enumerate(ensemble.program.agenda)}
    try:
        return [row[item.meeting, item.issue] for item in items]
    except KeyError as error:
        raise InputError(f"{ensemble.scenario.name}: has no item {error}; allowed: a scenario that has it") from None


#: Parameters of the sizes of asks, by class: each is how much further its class goes than the one before.
ASKS = ("ask_routine", "ask_notable", "ask_major", "ask_far_reaching")


@dataclass(frozen=True)
class Score:
    """A score of the model with its baseline, each with a 95 % interval over years.

    Attributes
    ----------
    name : str
    cases : str
        What is scored: ``all items``, or some of them.
    better : str
        ``lower`` or ``higher``.
    count : int
        Number of cases; for an AUC, of positive ones.
    model, low, high : float
    baseline : float
    difference, difference_low, difference_high : float
        Model less baseline.

    Examples
    --------
    >>> Score("brier", "all items", "lower", 44, 0.2, 0.1, 0.3, 0.25, -0.05, -0.1, 0.02).json()["count"]
    44
    """

    name: str
    cases: str
    better: str
    count: int
    model: float
    low: float
    high: float
    baseline: float
    difference: float
    difference_low: float
    difference_high: float

    def json(self) -> dict[str, str | int | float | None]:
        """Return the fields, None for what cannot be computed."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }


def scores(ensemble: Ensemble, items: Sequence[RecordedItem], before: Sequence[RecordedItem] = ()) -> list[Score]:
    """Score an ensemble on recorded items, beside the baseline.

    Parameters
    ----------
    ensemble : Ensemble
    items : sequence of RecordedItem
        The items scored.
    before : sequence of RecordedItem
        Earlier items, known to the baseline and not scored.

    Examples
    --------
    >>> from alliance_sim.simulation import simulate
    >>> found = scores(simulate(HISTORY, draws=2), record(2014, 2015))
    >>> found[0].name, found[0].cases, found[0].count
    ('ranked probability', 'all items', 9)
    """
    decisions, objections = forecast(ensemble, items)
    known = (*before, *items)
    seated = seats(ensemble.program, places(ensemble, known))
    usual, usual_objections = forum_rates(known)[len(before) :], objection_rates(known, seated)[len(before) :]
    seated = seated[len(before) :]
    ended = np.array([item.outcome for item in items])
    years = np.array([item.year for item in items])
    found: list[Score] = []
    for cases, chosen in (
        ("all items", np.arange(len(items))),
        ("without rollovers", np.flatnonzero([not item.rollover for item in items])),
    ):
        if not len(chosen):
            continue
        one, two, happened, year = decisions[chosen], usual[chosen], ended[chosen], years[chosen]
        passed = happened > 0
        found += [
            _mean(
                "ranked probability", cases, year, ranked_probability(one, happened), ranked_probability(two, happened)
            ),
            _mean("brier, passing", cases, year, brier(1 - one[:, 0], passed), brier(1 - two[:, 0], passed)),
            _mean("log, class", cases, year, log_score(one, happened), log_score(two, happened)),
            _area("auc, passing", cases, year, 1 - one[:, 0], 1 - two[:, 0], passed),
        ]
    item, ally = np.nonzero(seated)
    hard = refused(ensemble, places(ensemble, items)).mean(axis=0)
    for cases, expected in (("voiced", objections), ("hard", hard)):
        happened_to = voiced(items, cases == "hard")[item, ally]
        one, two = expected[item, ally], usual_objections[item, ally]
        found.append(_area("auc, objector", cases, years[item], one, two, happened_to))
    return found


def with_equal_asks(scenario: Scenario) -> Scenario:
    """Return a scenario in which every class of ask has one size: the mean of what its items ask for.

    What skill is left does not come from the coding of asks.

    Examples
    --------
    >>> equal = with_equal_asks(load_scenario(HISTORY))
    >>> equal.parameters["ask_major"], 0.5 < equal.parameters["ask_routine"] < 1.5
    (0.0, True)
    """
    sizes = np.cumsum([PARAMETERS[name].prior(scenario.era).centre for name in ASKS])
    coded = [item.ask for meeting in scenario.meetings for item in meeting.agenda if item.ask is not None]
    if not coded:
        return scenario
    mean = float(np.mean([sizes[np.array(ask) - 1].mean() for ask in coded]))
    return scenario.with_parameters({**dict.fromkeys(ASKS, 0.0), ASKS[0]: mean})


def score_record(
    draws: int = 1000,
    seed: int = 1,
    first: int = FIRST_YEAR,
    last: int = LAST_YEAR,
    equal_asks: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[Score]:
    """Run the history, with equal asks if wanted, and score it on the record between two years, both included.

    Parameters come from their priors: the posterior has seen these rows.

    Examples
    --------
    >>> [score.name for score in score_record(draws=2, last=2014)][:2]
    ['ranked probability', 'brier, passing']
    """
    items = record(first, last)
    if not items:
        raise InputError(f"scores: the record has no item from {first} to {last}; allowed: years from 2014 to 2025")
    history = load_scenario(HISTORY).with_calibration("prior")
    ensemble = simulate(with_equal_asks(history) if equal_asks else history, draws, seed, "final", progress=progress)
    return scores(ensemble, items, record(FIRST_YEAR, first - 1))


def _mean(name: str, cases: str, years: NDArray[np.int64], one: NDArray[np.float64], two: NDArray[np.float64]) -> Score:
    """Return a score that is a mean over items."""
    return _score(
        name, cases, "lower", len(one), years, lambda at: float(one[at].mean()), lambda at: float(two[at].mean())
    )


def _area(
    name: str,
    cases: str,
    years: NDArray[np.int64],
    one: NDArray[np.float64],
    two: NDArray[np.float64],
    positive: NDArray[np.bool_],
) -> Score:
    """Return an area under the curve."""
    return _score(
        name,
        cases,
        "higher",
        int(positive.sum()),
        years,
        lambda at: auc(one[at], positive[at]),
        lambda at: auc(two[at], positive[at]),
    )


def _score(
    name: str,
    cases: str,
    better: str,
    count: int,
    years: NDArray[np.int64],
    one: Callable[[NDArray[np.int64]], float],
    two: Callable[[NDArray[np.int64]], float],
) -> Score:
    whole = np.arange(len(years))
    model, usual = one(whole), two(whole)
    low, high = interval(one, years)
    difference = interval(lambda at: one(at) - two(at), years)
    return Score(name, cases, better, count, model, low, high, usual, model - usual, *difference)
