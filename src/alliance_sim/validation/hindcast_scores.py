"""Scores of the forecasts of `hindcast`: of classes, of objectors, and of spending, beside the baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alliance_sim import __version__
from alliance_sim.errors import printable
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.validation.hindcast import EQUAL, MIXED, MODEL, Bools, Floats, Forecasts, forecasts, windows
from alliance_sim.validation.history import recorded_spending
from alliance_sim.validation.own_record import own_windows
from alliance_sim.validation.published import BINS
from alliance_sim.validation.record import RecordedItem, voiced
from alliance_sim.validation.scores import auc, brier, crps, interval, log_score, ranked_probability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Hindcast", "ScoreRow", "Skill", "hindcast"]

#: Level of the intervals of spending whose coverage is reported.
LEVEL = 0.8
#: Items at which rates of the forum do better by most that are listed.
WORST = 8
OWN = (MODEL, MIXED, EQUAL)
RATES = "rates of the forum"


@dataclass(frozen=True)
class ScoreRow:
    """Scores of one model on some cases; those that do not apply are NaN.

    Attributes
    ----------
    target : str
        ``class`` of items, ``objections`` (voiced), ``broken silence`` or ``spending``.
    cases, model : str
    n : int
        Number of items, of objections, or of figures.
    rps, brier, log, auc, crps, coverage : float

    Examples
    --------
    >>> ScoreRow("class", "2020 to 2021", "rates of the forum", 4, rps=0.2).rps
    0.2
    """

    target: str
    cases: str
    model: str
    n: int
    rps: float = math.nan
    brier: float = math.nan
    log: float = math.nan
    auc: float = math.nan
    crps: float = math.nan
    coverage: float = math.nan


@dataclass(frozen=True)
class Skill:
    """A score of a model less that of a baseline, with a 95 % interval over half-years.

    The difference is NaN where a score is not known, as the area under the curve where nobody objects; the interval is
    NaN where one half-year has all decisions, or all objections.

    Attributes
    ----------
    score, model, baseline : str
    better : str
        ``lower`` or ``higher``.
    difference, low, high : float

    Examples
    --------
    >>> Skill("rps", "alliance_sim", "rates of the forum", "lower", -0.01, -0.03, 0.01).verdict
    'not clear'
    """

    score: str
    model: str
    baseline: str
    better: str
    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Whether the model is ``better`` or ``worse``, or that is ``not clear``; empty without finite numbers.

        Examples
        --------
        >>> Skill("auc, objections", "alliance_sim", "own rate", "higher", 0.2, 0.1, 0.3).verdict
        'better'
        """
        if not all(map(math.isfinite, (self.difference, self.low, self.high))):
            return ""
        if self.low <= 0.0 <= self.high:
            return "not clear"
        return "better" if (self.difference > 0.0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class Hindcast:
    """Scores of forecasts out of sample; `hindcast` returns it.

    Attributes
    ----------
    draws, seed : int
    rows : tuple of ScoreRow
    skill : tuple of Skill
        Against the best baseline, by score.
    reliability : tuple of mappings
        Of the chance to pass, by model: mean forecast, share that passed and number of items in each bin.
    defeated_by : tuple of mappings
        Items at which the rates of the forum do better by most.
    holders : mapping of str to float
        For items that a single ally held up: how often it is the one the model expects first, and how often it is
        the one that objected last on the issue.
    record : str
        The file that was scored; empty for the bundled record.
    uncoded : int
        Items scored whose text has no codes in the file, or not all: what is absent is drawn.

    Examples
    --------
    >>> found = hindcast(draws=2)
    >>> found.rows[0].model, found.rows[0].n
    ('alliance_sim', 53)
    """

    draws: int
    seed: int
    rows: tuple[ScoreRow, ...]
    skill: tuple[Skill, ...]
    reliability: tuple[Mapping[str, object], ...]
    defeated_by: tuple[Mapping[str, object], ...]
    holders: Mapping[str, float]
    record: str = ""
    uncoded: int = 0

    def json(self) -> dict[str, object]:
        """Return all, None for a score that does not apply or is infinite.

        Examples
        --------
        >>> hindcast(draws=4).json()["draws"]
        4
        """

        def finite(fields: Mapping[str, object]) -> dict[str, object]:
            return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in fields.items()}

        return {
            "draws": self.draws,
            "seed": self.seed,
            "record": self.record or None,
            "uncoded": self.uncoded,
            "scores": [finite(asdict(row)) for row in self.rows],
            "skill": [finite(asdict(each)) for each in self.skill],
            "reliability": list(self.reliability),
            "defeated_by": list(self.defeated_by),
            "holders": dict(self.holders),
        }

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw how often texts passed against how often that was expected.

        Parameters
        ----------
        path : str or Path, optional
            A file to write, in a new folder too; its ending is .png, .svg or .pdf.

        Raises
        ------
        InputError
            If the file cannot be written.

        Examples
        --------
        >>> _ = hindcast(draws=2).plot("reliability.png")
        """
        from alliance_sim.results.plots import write
        from alliance_sim.validation.plots import reliability

        note = f"{self.draws:,} runs of each window, seed {self.seed}, alliance_sim {__version__}"
        figure = reliability(self.reliability, "Do texts pass as often as expected?", note)
        if path is not None:
            write(figure, path)
        return figure


def hindcast(
    draws: int = 2000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    record: str | Path | None = None,
) -> Hindcast:
    """Forecast the record of 2020 to 2025 from fits to earlier years, and score the forecasts.

    Parameters
    ----------
    draws : int
        Runs of each window.
    seed : int
    progress : callable, optional
        Called with the number of runs done, and of all.
    record : str or Path, optional
        A file of other decisions in the columns of the record, to forecast in its place; see `own_record`.

    Raises
    ------
    InputError
        If the file has something that is not allowed, or a fit is missing.

    Examples
    --------
    >>> found = hindcast(draws=4)
    >>> sorted({row.target for row in found.rows})
    ['broken silence', 'class', 'objections', 'spending']
    """
    every = windows() if record is None else own_windows(record, seed)
    total, before = 2 * draws * sum(len(window.parts) for window in every), 0
    made = []
    for window in every:
        made.append(forecasts(window, draws, seed, progress and (lambda n, done=before: progress(done + n, total))))
        before += 2 * draws * len(window.parts)
    if record is None:
        return _scored(made, draws, seed)
    drawn = {name for window in every for part in window.parts for name in part.drawn}
    return replace(_scored(made, draws, seed), record=printable(record), uncoded=len(drawn))


def _scored(made: Sequence[Forecasts], draws: int, seed: int) -> Hindcast:
    items = tuple(item for each in made for item in each.scored)
    half = np.array([f"{item.year}H{1 if item.month[5:] < '07' else 2}" for item in items])
    ended = np.array([item.outcome for item in items])
    classes, seated = _joined(made, "classes"), np.concatenate([each.seated[each.window.known :] for each in made])
    blocks = _blocks(made)
    further = {"without renewals": np.flatnonzero([not item.rollover for item in items])}
    for group in dict.fromkeys(item.group for item in items):
        further[group] = np.flatnonzero([item.group == group for item in items])
    sets = blocks | further
    rows = [_class_row(name, label, p[at], ended[at]) for label, at in sets.items() for name, p in classes.items()]
    skill = _class_skill(classes, ended, half)
    refused = _joined(made, "refused")
    for target, chances, hard in (("objections", _joined(made, "voiced"), False), ("broken silence", refused, True)):
        given = voiced(items, hard)
        for label, at in blocks.items():
            here = seated[at]
            rows += [
                ScoreRow(target, label, name, int(given[at][here].sum()), auc=auc(values[at][here], given[at][here]))
                for name, values in chances.items()
            ]
        skill += _objection_skill(target, chances, given, seated, half)
    return Hindcast(
        draws,
        seed,
        (*rows, *_spending_rows(made)),
        tuple(skill),
        tuple(entry for name in (MODEL, MIXED) for entry in _reliability(name, classes[name], ended)),
        _defeated_by(items, classes, ended),
        _holders(made[-1].window.items, items, refused[MODEL], seated),
    )


def _joined(made: Sequence[Forecasts], name: str) -> dict[str, Floats]:
    """Return the forecasts of the items that are scored, all windows one after the other, by model."""
    return {
        model: np.concatenate([getattr(each, name)[model][each.window.known :] for each in made])
        for model in getattr(made[0], name)
    }


def _blocks(made: Sequence[Forecasts]) -> dict[str, NDArray[np.int64]]:
    """Return which of the items scored are in all windows, and in each."""
    ends = np.cumsum([0, *(len(each.scored) for each in made)])
    label = f"{made[0].scored[0].year} to {made[-1].scored[-1].year}" if len(made) > 1 else made[0].window.label
    return {label: np.arange(ends[-1])} | {
        each.window.label: np.arange(one, two) for each, one, two in zip(made, ends[:-1], ends[1:], strict=True)
    }


def _class_row(model: str, cases: str, p: Floats, ended: NDArray[np.int64]) -> ScoreRow:
    return ScoreRow(
        "class",
        cases,
        model,
        len(ended),
        rps=float(ranked_probability(p, ended).mean()),
        brier=float(brier(1.0 - p[:, 0], ended > 0).mean()),
        log=float(log_score(p, ended).mean()),
    )


def _class_skill(classes: Mapping[str, Floats], ended: NDArray[np.int64], half: NDArray[np.str_]) -> list[Skill]:
    """Return our models less the best baseline, and less the rates of the forum, for each score of classes."""
    found = []
    for score, values_of in (("rps", ranked_probability), ("log", log_score)):
        values = {name: values_of(p, ended) for name, p in classes.items()}
        best = min((name for name in classes if name not in OWN), key=lambda name: float(values[name].mean()))
        for name in OWN:
            for other in dict.fromkeys((best, RATES)):
                found.append(_skill(score, name, other, "lower", _mean_of(values[name] - values[other]), half))
    return found


def _mean_of(values: Floats) -> Callable[[NDArray[np.int64]], float]:
    return lambda at: float(values[at].mean())


def _skill(
    score: str,
    model: str,
    best: str,
    better: str,
    difference: Callable[[NDArray[np.int64]], float],
    half: NDArray[np.str_],
) -> Skill:
    low, high = interval(difference, half)
    return Skill(score, model, best, better, difference(np.arange(len(half))), low, high)


def _objection_skill(
    target: str, of: Mapping[str, Floats], given: Bools, seated: Bools, half: NDArray[np.str_]
) -> list[Skill]:
    """Return our models less the best baseline in the area under the curve."""

    def area(name: str, at: NDArray[np.int64]) -> float:
        return auc(of[name][at][seated[at]], given[at][seated[at]])

    every = np.arange(len(given))
    best = max((name for name in of if name not in OWN), key=lambda name: area(name, every))

    def beyond(name: str) -> Callable[[NDArray[np.int64]], float]:
        return lambda at: area(name, at) - area(best, at)

    return [_skill(f"auc, {target}", name, best, "higher", beyond(name), half) for name in OWN]


def _spending_rows(made: Sequence[Forecasts]) -> list[ScoreRow]:
    """Return scores of spending: of the model, and of the last figure known, with the spread of past changes."""
    if not any(each.window.years for each in made):
        return []
    blocks = {"2020 to 2024": list(made)} | {each.window.label: [each] for each in made}
    return [row for label, chosen in blocks.items() for row in _spending_of(label, chosen)]


def _spending_of(label: str, chosen: Sequence[Forecasts]) -> list[ScoreRow]:
    known = [~np.isnan(each.figures) & ~np.isnan(each.last_known) for each in chosen]
    figures = np.concatenate([each.figures[at] for each, at in zip(chosen, known, strict=True)])
    found = []
    for name, draws_of in ((MODEL, lambda each: each.spending), ("last figure", _walk)):
        draws = np.concatenate([draws_of(each)[:, at] for each, at in zip(chosen, known, strict=True)], axis=1)
        low, high = np.quantile(draws, (0.5 - LEVEL / 2, 0.5 + LEVEL / 2), axis=0)
        inside = float(((low <= figures) & (figures <= high)).mean())
        found.append(
            ScoreRow("spending", label, name, len(figures), crps=float(crps(draws, figures).mean()), coverage=inside)
        )
    return found


def _walk(each: Forecasts) -> Floats:
    """Return draws of a random walk of the logarithm from the last figure, its steps being those of years before."""
    past = np.diff(np.log(recorded_spending(2014, each.window.trained_to)), axis=0)
    rng = np.random.default_rng(each.window.trained_to)
    steps = rng.choice(past[~np.isnan(past)], each.spending.shape)
    walk: Floats = each.last_known * np.exp(steps.cumsum(axis=1))
    return walk


def _reliability(model: str, p: Floats, ended: NDArray[np.int64]) -> list[Mapping[str, object]]:
    passing = 1.0 - p[:, 0]
    bins = np.minimum((passing * BINS).astype(int), BINS - 1)
    return [
        {
            "model": model,
            "forecast": float(passing[bins == b].mean()),
            "passed": float((ended[bins == b] > 0).mean()),
            "n": int((bins == b).sum()),
        }
        for b in range(BINS)
        if (bins == b).any()
    ]


def _defeated_by(
    items: Sequence[RecordedItem], classes: Mapping[str, Floats], ended: NDArray[np.int64]
) -> tuple[Mapping[str, object], ...]:
    ours, rates = log_score(classes[MODEL], ended), log_score(classes[RATES], ended)
    worst = np.argsort(rates - ours, kind="stable")[:WORST]
    return tuple(
        {
            "id": items[i].id,
            "month": items[i].month,
            "text": items[i].text,
            "decision": items[i].decision,
            "model": float(np.exp(-ours[i])),
            "rates": float(np.exp(-rates[i])),
        }
        for i in worst
        if ours[i] > rates[i]
    )


def _holders(
    every: Sequence[RecordedItem], scored: Sequence[RecordedItem], refused: Floats, seated: Bools
) -> dict[str, float]:
    """Return how often the ally that alone held an item, to the end of 2023, is the one expected first."""
    first, last = [], []
    for item, chances, here in zip(scored, refused, seated, strict=True):
        holders = item.objectors & ALLY_INDEX.keys()
        if item.objection != "hard" or len(holders) != 1 or item.year > 2023:
            continue
        past = [each for each in every if each.month < item.month and each.issue == item.issue and each.objectors]
        first.append(ALLIES[int(np.where(here, chances, -1.0).argmax())] in holders)
        last.append(bool(past) and bool(holders & past[-1].objectors))
    if not first:
        return {"items": 0}
    return {"items": len(first), "model": float(np.mean(first)), "objected last time": float(np.mean(last))}
