"""Forecasts of the record, one item ahead, by models that were fitted to the years before.

The record is cut at the end of 2019, of 2021 and of 2023. A fit to what was known then (items, spending, statements,
acts and leanings of governments, figures) forecasts the two years that follow. The state of the alliance before an
item is held to the items of earlier dates and to nothing later: those end as they did, and the disputes that they
started go on from the month after. What happened in the world until the month of an item (events of the history) is
taken as known, what the text asks for as coded from its words alone.

Fixed before any of these forecasts was scored (judgement):

- The model as it stands forecasts an item *given that it is recorded*: an item that passes without an objection is
  rarer in the record than in life by a share that each fit estimates. The model *mixed with past rates* gives the rates
  of the forum the weight that the fit found for what it does not explain, and each ally's own rate likewise. Each class
  begins with half a run, so that no chance is zero. (This alone was added after the first look: without it the
  logarithmic score of the first was infinite, by one item of 53. No other score changed in its third digit.)
- Scores: the ranked probability score and the logarithmic score of the class (failed, diluted, adopted), the Brier
  score of passing, the area under the curve of who objects and of who breaks silence over all allies with a seat.
- Baselines, all with what was known in the month before: rates of the forum, the rate of all items, an ordered logit on
  the mean position weighted by gross domestic product, one on the position of the most reluctant member, one on simple
  facts about an item; for objections each ally's own rate, on all issues and on the issue.
- Intervals are bootstrapped over half-years, since items of one meeting are not independent.
- Spending: each ally's figure in each year of a block, forecast from the end of the block before; the error of the
  model in its last known year fades as the fit found, and new errors come on top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alliance_sim import calibration, checks
from alliance_sim.calibration.posterior import read_rows, row_of
from alliance_sim.compile import ALLY_VARIABLES, compile_scenario
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.simulation import in_chunks
from alliance_sim.validation import baselines
from alliance_sim.validation.history import History, observed, recorded_spending, seen_shares
from alliance_sim.validation.record import HISTORY, RecordedItem, record
from alliance_sim.validation.scores import with_equal_asks

__all__ = ["WINDOWS", "Forecasts", "Window", "forecasts", "windows"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Last year of each fit, and the last year that it forecasts.
WINDOWS = ((2019, 2021), (2021, 2023), (2023, 2025))
#: Repetitions of the procedure at each item of a run.
REPEATS = 8
#: Last year of figures of spending.
LAST_SPENDING = 2024
_CHUNK = 32
MODEL, MIXED, EQUAL = "alliance_sim", "alliance_sim, mixed with past rates", "alliance_sim, asks of one size"


@dataclass(frozen=True)
class Window:
    """A fit to the years up to one, and the items and figures that it forecasts.

    Attributes
    ----------
    trained_to, last : int
        Last year of the fit, and of what is forecast.
    items : tuple of RecordedItem
        All to `last`, in time order.
    known : int
        How many of them the fit has seen.
    nuisance : mapping of str to float
        Posterior means of what describes the record rather than the alliance, by name.
    rows : calibration.Rows
        Draws of the fit.

    Examples
    --------
    >>> window = windows()[0]
    >>> window.trained_to, window.items[window.known].year
    (2019, 2020)
    """

    trained_to: int
    last: int
    items: tuple[RecordedItem, ...]
    known: int
    nuisance: Mapping[str, float]
    rows: calibration.Rows


@dataclass(frozen=True)
class Runs:
    """Means over runs that are held to the record: I items, N allies, Y years.

    Attributes
    ----------
    ended : (I, 3, 2) array
        Chances of class and contest.
    voiced, refused : (I, N) array
        Chances that each ally speaks against the text, and that it breaks silence.
    position : (I, N) array
        On the issue of the item, at the end of the month before.
    proposed : (I,) array
        Level asked for.
    spending : (D, Y, N) array
        % of GDP in December, by run.
    """

    ended: Floats
    voiced: Floats
    refused: Floats
    position: Floats
    proposed: Floats
    spending: Floats


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of one window by all models.

    Attributes
    ----------
    window : Window
    seated : (I, N) bool array
    classes : mapping of str to (I, 3) array
        By model.
    voiced, refused : mapping of str to (I, N) array
    spending : (D, Y, N) array
        Draws of the figures of the block.
    figures : (Y, N) array
        What they were; NaN where it is not known.
    last_known : (N,) array
        Figures of the last year of the fit.

    Examples
    --------
    >>> found = forecasts(windows()[0], draws=2, seed=1)
    >>> sorted(found.voiced)[:2], found.spending.shape
    (['alliance_sim', 'alliance_sim, asks of one size'], (2, 2, 32))
    """

    window: Window
    seated: Bools
    classes: Mapping[str, Floats]
    voiced: Mapping[str, Floats]
    refused: Mapping[str, Floats]
    spending: Floats
    figures: Floats
    last_known: Floats

    @cached_property
    def scored(self) -> tuple[RecordedItem, ...]:
        """The items that are forecast.

        Examples
        --------
        >>> [item.year for item in forecasts(windows()[0], draws=2, seed=1).scored]
        [2020, 2021, 2021, 2021]
        """
        return self.window.items[self.window.known :]


def windows() -> tuple[Window, ...]:
    """Return the windows, with the draws that were fitted for them.

    Raises
    ------
    InputError
        If a table of draws is missing or damaged.

    Examples
    --------
    >>> [(window.trained_to, window.last, len(window.items) - window.known) for window in windows()]
    [(2019, 2021, 4), (2021, 2023, 28), (2023, 2025, 21)]
    """
    nuisance = _nuisance()
    found = []
    for year, last in WINDOWS:
        path = data_folder("calibration") / "posterior" / f"fold-{year}.parquet"
        items = record(last=last)
        known = sum(item.year <= year for item in items)
        found.append(Window(year, last, items, known, nuisance[year], read_rows(path, parameters=True)))
    return tuple(found)


def _nuisance() -> dict[int, dict[str, float]]:
    """Return posterior means of the parameters of the record, by last year of a fit."""
    import json

    path = data_folder("calibration") / "report" / "behaviour.json"
    try:
        folds = json.loads(path.read_bytes())["folds"]
        return {
            year: {name: each["posterior"][0] for name, each in folds[str(year)]["nuisance"].items()}
            for year, _ in WINDOWS
        }
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: has no fits to earlier years; allowed: one from `calibrate --stage folds`") from None


def forecasts(window: Window, draws: int, seed: int, on_progress: Callable[[int], None] | None = None) -> Forecasts:
    """Forecast the items and figures of a window.

    Parameters
    ----------
    window : Window
    draws : int
        Runs of the history; each takes a row of the fit.
    seed : int
    on_progress : callable, optional
        Called with the number of runs done, of twice `draws`.

    Examples
    --------
    >>> found = forecasts(windows()[0], draws=4, seed=1)
    >>> len(found.scored), found.classes[MODEL].shape == (len(found.window.items), 3)
    (4, True)
    """
    draws, seed = checks.draws_and_seed(draws, seed)
    scenario = load_scenario(HISTORY)
    seen, runs = _held(scenario, window, draws, seed, on_progress)
    _, equal = _held(with_equal_asks(scenario), window, draws, seed, on_progress and (lambda n: on_progress(draws + n)))
    items, known = window.items, window.known
    rates, own = baselines.forum_rates(items), baselines.objected_on_the_issue(items, seen.seated)
    hard = baselines.objected_on_the_issue(items, seen.seated, hard=True)
    ended = np.array([item.outcome for item in items])
    eps, eps_objections = window.nuisance["unexplained"], window.nuisance["unexplained_objections"]
    model = _recorded(seen, runs, window)
    wealth = calibration.facts(scenario.era).gdp
    agenda = [seen.program.agenda[row] for row in _rows_of(seen)]
    reversion = np.array([row.reversion for row in agenda])
    span = runs.proposed - reversion
    weights = np.where(seen.seated, wealth, 0.0)
    mean = (runs.position * weights).sum(axis=1) / weights.sum(axis=1)
    toward = np.sign(span)[:, np.newaxis] * runs.position
    least = np.where(seen.seated, toward, np.inf).min(axis=1) * np.sign(span)

    def way(position: Floats) -> Floats:
        share: Floats = np.clip((position - reversion) / span, -1.0, 2.0)[:, np.newaxis]
        return share

    simple = _simple(items, span)
    return Forecasts(
        window=window,
        seated=seen.seated,
        classes={
            MODEL: model,
            MIXED: (1.0 - eps) * model + eps * rates,
            EQUAL: _recorded(seen, equal, window),
            "rates of the forum": rates,
            "rate of all items": baselines.base_rate(items),
            "weighted mean position": baselines.ordered_logit(way(mean), ended, known),
            "most reluctant member": baselines.ordered_logit(way(least), ended, known),
            "regression on facts": baselines.ordered_logit(simple, ended, known),
        },
        voiced={
            MODEL: runs.voiced,
            MIXED: (1.0 - eps_objections) * runs.voiced + eps_objections * own,
            EQUAL: equal.voiced,
            "own rate": baselines.objection_rates(items, seen.seated),
            "own rate on the issue": own,
        },
        refused={
            MODEL: runs.refused,
            MIXED: (1.0 - eps_objections) * runs.refused + eps_objections * hard,
            EQUAL: equal.refused,
            "own rate": baselines.objection_rates(items, seen.seated),
            "own rate on the issue": hard,
        },
        **_spending(window, runs.spending, seed),
    )


def _held(
    scenario: Scenario, window: Window, draws: int, seed: int, on_progress: Callable[[int], None] | None
) -> tuple[History, Runs]:
    """Run the history, held to the items of the window one after the other."""
    last = min(window.last, LAST_SPENDING)
    figures = recorded_spending(2015, last)
    seen = observed(compile_scenario(scenario), window.items, range(2015, last + 1), figures, REPEATS)
    program, rows = seen.program, _rows_of(seen)
    month = {name: m for m, name in enumerate(program.months)}
    before = np.array([max(month[item.month] - 1, 0) for item in window.items])
    issue = np.array([ISSUES.index(item.issue) for item in window.items])
    december = [month[f"{year}-12"] for year in seen.years]
    table = window.rows.take(row_of(seed, 0, draws, len(window.rows)))

    def work(draw0: int, draw1: int) -> tuple[int, int, list[Floats]]:
        block = program.block(seed, draw0, draw1, "trace", rows=table.take(np.arange(draw0, draw1)))
        program.run(block, seed)
        chances, output = block.chances, block.output
        means = (
            chances.ended[:, seen.column],
            chances.voiced[:, seen.column],
            chances.refused[:, seen.column],
            output.positions[:, before, :, issue].swapaxes(0, 1),
            program.proposed(block.records)[:, rows],
        )
        spending = output.allies[:, december, ALLY_VARIABLES.index("spending")]
        return draw0, draw1, [*(each.sum(axis=0) for each in means), spending]

    total: list[Floats] = []
    spending = np.empty((draws, len(december), len(ALLIES)))
    done = 0
    for draw0, draw1, (*sums, figures_of) in in_chunks(work, draws, _CHUNK):
        total = [one + two for one, two in zip(total, sums, strict=True)] if total else sums
        spending[draw0:draw1] = figures_of
        done += draw1 - draw0
        if on_progress:
            on_progress(done)
    ended, spoke, refused, position, proposed = (each / draws for each in total)
    return seen, Runs(ended, spoke, refused, position, proposed, spending)


def _rows_of(seen: History) -> list[int]:
    """Return the rows of the agenda that hold the items."""
    place = {(row.meeting, row.issue): i for i, row in enumerate(seen.program.agenda)}
    return [place[item.meeting, item.issue] for item in seen.items]


def _recorded(seen: History, runs: Runs, window: Window) -> Floats:
    """Return chances of the classes (I, 3), given that an item is recorded."""
    share, draws = np.array([window.nuisance["recorded_share"]]), len(runs.spending)
    p: Floats = np.asarray(seen_shares(seen, runs.ended[np.newaxis], share)[0].sum(axis=2))
    found: Floats = (draws * p + 0.5) / (draws + 0.5 * p.shape[1])
    return found


def _simple(items: Sequence[RecordedItem], span: Floats) -> Floats:
    """Return simple facts about items (I, 5): forum, renewal, size of the ask, and whether the war is on at large."""
    return np.array(
        [
            [item.forum == "eu_council", item.forum == "g7", item.rollover, abs(size), item.month >= "2022-03"]
            for item, size in zip(items, span, strict=True)
        ],
        float,
    )


def _spending(window: Window, planned: Floats, seed: int) -> dict[str, Floats]:
    """Return draws of the figures of the block, the figures, and those of the last year known.

    An error of the model is a first-order autoregression, with a part that all allies share, as in the fit.
    """
    first, last = window.trained_to + 1, min(window.last, LAST_SPENDING)
    figures = recorded_spending(2015, last)
    known = window.trained_to - 2015
    error = np.log(figures[known]) - np.log(np.maximum(planned[:, known], 0.01)).mean(axis=0)
    rng = np.random.default_rng([seed, window.trained_to])
    persistence, sd, common_sd = (window.nuisance[f"spending_{name}"] for name in ("persistence", "sd", "common_sd"))
    draws, found = len(planned), []
    for _ in range(first, last + 1):
        new = rng.normal(0.0, sd, (draws, len(ALLIES))) + rng.normal(0.0, common_sd, (draws, 1))
        error = persistence * error + new
        found.append(error)
    block = planned[:, known + 1 :] * np.exp(np.stack(found, axis=1))
    return {"spending": block, "figures": figures[known + 1 :], "last_known": figures[known]}
