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
- A regression that has not seen all three classes forecasts the rate of all items (this does not happen in the record).
- Spending: each ally's figure in each year of a block, forecast from the end of the block before; the error of the
  model in its last known year fades as the fit found, and new errors come on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alliance_sim import calibration, checks
from alliance_sim.calibration.posterior import read_rows, row_of
from alliance_sim.compile import ALLY_VARIABLES, compile_scenario
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.pool import in_chunks
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.validation import baselines
from alliance_sim.validation.history import History, observed, recorded_spending, seen_shares
from alliance_sim.validation.record import CLASSES, HISTORY, RecordedItem, record
from alliance_sim.validation.scores import with_equal_asks

__all__ = ["WINDOWS", "Forecasts", "Part", "Window", "fold", "forecasts", "nuisance_means", "windows"]

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
class Part:
    """Items of a window that one scenario holds.

    Attributes
    ----------
    items : tuple of RecordedItem
    scenarios : tuple of Scenario
        With the same meetings; if there are several they have different codes of texts, and equal shares of the draws.
    drawn : frozenset of str
        Ids of the items whose codes are drawn, all or some.

    Examples
    --------
    >>> part = Part(record(), (load_scenario(HISTORY),))
    >>> len(part.items), part.scenarios[0].name
    (44, 'history_2014_2025')
    """

    items: tuple[RecordedItem, ...]
    scenarios: tuple[Scenario, ...]
    drawn: frozenset[str] = frozenset()


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
    own : tuple of Part
        The scenarios that hold the items, in their order, if these are not of the bundled record; without figures.
    name : str
        What tables call it, if not by its years.

    Examples
    --------
    >>> window = Window(2016, 2017, record(last=2017), 20, nuisance_means("prior"), calibration.table_of("prior"))
    >>> window.label, len(window.parts), window.years
    ('2017 to 2017', 1, range(2015, 2018))
    """

    trained_to: int
    last: int
    items: tuple[RecordedItem, ...]
    known: int
    nuisance: Mapping[str, float]
    rows: calibration.Rows
    own: tuple[Part, ...] = ()
    name: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The scenarios that hold the items."""
        return self.own or (Part(self.items, (load_scenario(HISTORY),)),)

    @property
    def years(self) -> range:
        """Years of the figures of spending; none where the items are not of the bundled record."""
        return range(2015, 2015 if self.own else min(self.last, LAST_SPENDING) + 1)

    @property
    def label(self) -> str:
        """What tables call it."""
        return self.name or f"{self.trained_to + 1} to {self.last}"


@dataclass(frozen=True)
class Runs:
    """Means over runs that are held to the record: I items, N allies, Y years.

    Attributes
    ----------
    seated : (I, N) bool array
    classes : (I, 3) array
        Chances, given that the item is recorded.
    voiced, refused : (I, N) array
        Chances that each ally speaks against the text, and that it breaks silence.
    covariates : (I, 3) array
        Where the mean position and that of the most reluctant member are on the way from reversion to what is asked
        for, at the end of the month before, and how far that way goes.
    spending : (D, Y, N) array
        % of GDP in December, by run.
    """

    seated: Bools
    classes: Floats
    voiced: Floats
    refused: Floats
    covariates: Floats
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
    >>> found = forecasts(windows()[0], draws=4, seed=1)
    >>> found.spending.shape, found.scored[0].year
    ((4, 2, 32), 2020)
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
    found = []
    for year, last in WINDOWS:
        rows, nuisance = fold(year)
        items = record(last=last)
        found.append(Window(year, last, items, sum(item.year <= year for item in items), nuisance, rows))
    return tuple(found)


def fold(year: int) -> tuple[calibration.Rows, dict[str, float]]:
    """Return the draws of the fit to the years up to one, and means of what describes the record.

    Raises
    ------
    InputError
        If there is no such fit, or it is damaged.

    Examples
    --------
    >>> rows, nuisance = fold(2019)
    >>> len(rows) > 0, 0.0 < nuisance["unexplained"] < 1.0
    (True, True)
    """
    rows = read_rows(data_folder("calibration") / "posterior" / f"fold-{year}.parquet", parameters=True)
    return rows, nuisance_means("posterior", "folds", str(year))


def nuisance_means(of: str, *fit: str) -> dict[str, float]:
    """Return means of what describes the record rather than the alliance, by name.

    Parameters
    ----------
    of : str
        ``prior`` or ``posterior``.
    *fit : str
        Keys of a fit in the report on behaviour; default: the fit to all years.

    Raises
    ------
    InputError
        If the report has no such fit.

    Examples
    --------
    >>> round(nuisance_means("prior")["recorded_share"], 2)
    0.55
    """
    import json

    path = data_folder("calibration") / "report" / "behaviour.json"
    try:
        found = json.loads(path.read_bytes())
        for key in fit:
            found = found[key]
        return {name: float(each[of][0]) for name, each in found["nuisance"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        which = " ".join(fit) or "to all years"
        raise InputError(f"{path}: has no fit: {which}; allowed: one from `calibrate --stage folds`") from None


def forecasts(window: Window, draws: int, seed: int, on_progress: Callable[[int], None] | None = None) -> Forecasts:
    """Forecast the items and figures of a window.

    Parameters
    ----------
    window : Window
    draws : int
        Runs of each scenario that holds items; each takes a row of the fit.
    seed : int
    on_progress : callable, optional
        Called with the number of runs done, of twice `draws` for each scenario that holds items.

    Examples
    --------
    >>> found = forecasts(windows()[0], draws=4, seed=1)
    >>> len(found.scored), found.classes[MODEL].shape == (len(found.window.items), 3)
    (4, True)
    """
    draws, seed = checks.draws_and_seed(draws, seed)
    runs = _held(window, draws, seed, on_progress)
    half = draws * len(window.parts)
    equal = _held(window, draws, seed, on_progress and (lambda n: on_progress(half + n)), equal_asks=True)
    items, seated = window.items, runs.seated
    rates, own = baselines.forum_rates(items), baselines.objected_on_the_issue(items, seated)
    hard = baselines.objected_on_the_issue(items, seated, hard=True)
    eps, eps_objections = window.nuisance["unexplained"], window.nuisance["unexplained_objections"]
    model = _begun(runs.classes, draws)
    mean, least, span = runs.covariates.T
    return Forecasts(
        window=window,
        seated=seated,
        classes={
            MODEL: model,
            MIXED: (1.0 - eps) * model + eps * rates,
            EQUAL: _begun(equal.classes, draws),
            "rates of the forum": rates,
            "rate of all items": baselines.base_rate(items),
            "weighted mean position": _regression(window, mean[:, np.newaxis]),
            "most reluctant member": _regression(window, least[:, np.newaxis]),
            "regression on facts": _regression(window, _simple(items, span)),
        },
        voiced={
            MODEL: runs.voiced,
            MIXED: (1.0 - eps_objections) * runs.voiced + eps_objections * own,
            EQUAL: equal.voiced,
            "own rate": baselines.objection_rates(items, seated),
            "own rate on the issue": own,
        },
        refused={
            MODEL: runs.refused,
            MIXED: (1.0 - eps_objections) * runs.refused + eps_objections * hard,
            EQUAL: equal.refused,
            "own rate": baselines.objection_rates(items, seated),
            "own rate on the issue": hard,
        },
        **_spending(window, runs.spending, seed),
    )


def _begun(classes: Floats, draws: int) -> Floats:
    """Return chances that begin with half a run of each class."""
    return (draws * classes + 0.5) / (draws + 0.5 * len(CLASSES))


def _regression(window: Window, covariates: Floats) -> Floats:
    ended = np.array([item.outcome for item in window.items])
    if len(set(ended[: window.known])) < len(CLASSES):
        return baselines.base_rate(window.items)
    return baselines.ordered_logit(covariates, ended, window.known)


def _held(
    window: Window, draws: int, seed: int, on_progress: Callable[[int], None] | None, *, equal_asks: bool = False
) -> Runs:
    """Run the scenarios of the window, held to its items one after the other."""
    table = window.rows.take(row_of(seed, 0, draws, len(window.rows)))
    found = []
    for p, part in enumerate(window.parts):
        scenarios = part.scenarios[:draws]
        ends = [v * draws // len(scenarios) for v in range(len(scenarios) + 1)]
        sums: list[Floats] = []
        spending = np.empty((draws, len(window.years), len(ALLIES)))
        for v, scenario in enumerate(scenarios):
            chosen = with_equal_asks(scenario) if equal_asks else scenario
            seen = observed(compile_scenario(chosen), part.items, (), np.empty((0, len(ALLIES))), REPEATS)
            done = p * draws + ends[v]
            for draw0, draw1, means, figures in _chunks(window, seen, range(ends[v], ends[v + 1]), seed, table):
                sums = [one + two for one, two in zip(sums, means, strict=True)] if sums else means
                spending[draw0:draw1] = figures
                done += draw1 - draw0
                if on_progress:
                    on_progress(done)
        found.append(_runs(window, seen, [each / draws for each in sums], spending))
    return Runs(**{each.name: np.concatenate([getattr(runs, each.name) for runs in found]) for each in fields(Runs)})


def _chunks(
    window: Window, seen: History, draws: range, seed: int, table: calibration.Rows
) -> Iterator[tuple[int, int, list[Floats], Floats]]:
    """Run draws of a scenario; yield sums over those of each chunk, and their spending."""
    program, agenda = seen.program, _agenda(seen)
    month = {name: m for m, name in enumerate(program.months)}
    december = [month[f"{year}-12"] for year in window.years]
    at = np.array([month.get(item.month, 0) for item in seen.items])
    before = np.maximum(at - 1, 0)
    issue = np.array([ISSUES.index(item.issue) for item in seen.items])
    reversion = np.array([program.agenda[row].reversion for row in agenda])

    def work(one: int, two: int) -> tuple[int, int, list[Floats], Floats]:
        draw0, draw1 = draws[0] + one, draws[0] + two
        block = program.block(seed, draw0, draw1, "trace", rows=table.take(np.arange(draw0, draw1)))
        program.run(block, seed, month1=max(int(at.max()), *december, 0) + 1)
        chances, output = block.chances, block.output
        sums = [
            chances.ended[:, seen.column].sum(axis=0),
            chances.voiced[:, seen.column].sum(axis=0),
            chances.refused[:, seen.column].sum(axis=0),
            output.positions[:, before, :, issue].sum(axis=1),
            (program.proposed(block.records)[:, agenda] - reversion).sum(axis=0),
            reversion * (draw1 - draw0),
        ]
        return draw0, draw1, sums, output.allies[:, december, ALLY_VARIABLES.index("spending")]

    return in_chunks(work, len(draws), _CHUNK)


def _agenda(seen: History) -> list[int]:
    """Return the rows of the agenda that hold the items."""
    place = {(row.meeting, row.issue): i for i, row in enumerate(seen.program.agenda)}
    return [place[item.meeting, item.issue] for item in seen.items]


def _runs(window: Window, seen: History, means: Sequence[Floats], spending: Floats) -> Runs:
    ended, spoke, refused, position, span, reversion = means
    share = np.array([window.nuisance["recorded_share"]])
    weights = np.where(seen.seated, calibration.facts(seen.program.scenario.era).gdp, 0.0)
    mean = (position * weights).sum(axis=1) / weights.sum(axis=1)
    toward = np.sign(span)[:, np.newaxis] * position
    least = np.where(seen.seated, toward, np.inf).min(axis=1) * np.sign(span)
    ways = [np.clip((each - reversion) / span, -1.0, 2.0) for each in (mean, least)]
    return Runs(
        seated=seen.seated,
        classes=np.asarray(seen_shares(seen, ended[np.newaxis], share)[0].sum(axis=2)),
        voiced=spoke,
        refused=refused,
        covariates=np.stack([*ways, span], axis=1),
        spending=spending,
    )


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
    if not window.years:
        none = np.empty((0, len(ALLIES)))
        return {"spending": planned, "figures": none, "last_known": np.full(len(ALLIES), np.nan)}
    first, last = window.trained_to + 1, window.years[-1]
    figures = recorded_spending(window.years[0], last)
    known = window.trained_to - window.years[0]
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
