"""Forecast questions: answers from the draws of a scenario, their Monte Carlo error, scores where the truth is known.

A probability is the share of draws, with the Jeffreys interval (Brown, Cai and DasGupta 2001, Interval estimation for a
binomial proportion), which is not of length zero where an event occurs in no draw or in all. Scores take the draws as
the forecast distribution: the Brier score, and the continuous ranked probability score (Gneiting and Raftery 2007,
Strictly proper scoring rules, prediction, and estimation, equation 21).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alliance_sim.analysis.precision import SMALL, draws_needed
from alliance_sim.checks import draws_and_seed
from alliance_sim.errors import InputError
from alliance_sim.results import query
from alliance_sim.results.headline import share_error
from alliance_sim.scenarios import Scenario, ScenarioSource, load_scenario
from alliance_sim.simulation import simulate
from alliance_sim.validation.question_files import (
    LARGEST,
    Question,
    QuestionSet,
    QuestionSource,
    list_questions,
    load_questions,
)
from alliance_sim.validation.scores import brier, crps
from alliance_sim.wording import counted

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["LEVELS", "QUANTILES", "RARE", "Answer", "Answers", "answer", "ask", "jeffreys", "median_error"]

#: Quantiles of an answer in numbers.
QUANTILES: Mapping[str, float] = MappingProxyType({"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95})
#: Central intervals, in %, of which coverage and width are reported.
LEVELS = (50, 80, 90)
#: An event that occurs, or fails to occur, in fewer draws is rare: its Monte Carlo error is about half of it.
RARE = 5
#: Seconds after which the query of a question is stopped (judgement).
SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """The answer to one question: a probability, quantiles, or the problem for which there is neither.

    Attributes
    ----------
    question : Question
    draws : int
    problem : str, optional
        Why it cannot be evaluated.
    probability : float, optional
        Share of the draws in which it is true.
    interval : tuple of float, optional
        Jeffreys interval of the probability, 95 %: what more draws could change it to.
    quantiles : mapping, optional
        ``p05, p25, p50, p75, p95`` of the draws.
    central : mapping, optional
        Central interval of the draws for each of `LEVELS`.
    mc_error : float, optional
        Monte Carlo standard error of the probability, or of the median; None for the median of a single draw.
    score : float, optional
        Brier score or CRPS, lower is better; None where the truth is not known.

    Examples
    --------
    >>> from alliance_sim.validation.questions import answer
    >>> question = Question(id="rain", text="Does it rain?", sql="SELECT 1", truth=True)
    >>> found = answer(question, np.array([True, True, False, True]))
    >>> found.probability, found.score
    (0.75, 0.0625)
    """

    question: Question
    draws: int
    problem: str | None = None
    probability: float | None = None
    interval: tuple[float, float] | None = None
    quantiles: Mapping[str, float] | None = None
    central: Mapping[int, tuple[float, float]] | None = None
    mc_error: float | None = None
    score: float | None = None

    @property
    def covered(self) -> dict[int, bool] | None:
        """Whether the truth lies in each central interval; None without truth or numbers.

        Examples
        --------
        >>> question = Question(id="many", text="How many?", sql="SELECT 1", truth=9)
        >>> answer(question, np.arange(11.0)).covered
        {50: False, 80: True, 90: True}
        """
        truth = self.question.truth
        if truth is None or self.central is None:
            return None
        return {level: low <= truth <= high for level, (low, high) in self.central.items()}

    @property
    def rarity(self) -> str | None:
        """What to know of an event that fewer than `RARE` draws show, or fail to show: how many, and how many it takes.

        Examples
        --------
        >>> question = Question(id="rare", text="Does it?", sql="SELECT 1")
        >>> print(answer(question, np.arange(1000) < 2).rarity)
        true in 2 of 1,000 draws: about 50,000 draws would give it to within a tenth
        >>> print(answer(question, np.zeros(1000, bool)).rarity)
        true in 0 of 1,000 draws, so less than 0.25 %: 40,000 draws or more would give it to within a tenth
        """
        if self.probability is None or self.interval is None:
            return None
        count = round(self.probability * self.draws)
        rest = self.draws - count
        if min(count, rest) >= RARE:
            return None
        word, seen = ("true", count) if count <= rest else ("false", rest)
        said = f"{word} in {seen:,} of {self.draws:,} draws"
        bound = self.interval[1] if count <= rest else 1.0 - self.interval[0]
        share = seen / self.draws or bound
        needed = draws_needed(math.sqrt(share * (1.0 - share)), 1, SMALL * share)
        if seen:
            return f"{said}: about {needed:,} draws would give it to within a tenth"
        return f"{said}, so less than {100 * bound:.2g} %: {needed:,} draws or more would give it to within a tenth"


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers to a set of questions.

    Attributes
    ----------
    scenario : Scenario
    questions : QuestionSet
    draws, seed : int
    answers : tuple of Answer
        In the order of the questions.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = als.ask("outlook_2025", "outlook_2025", draws=5)
    >>> found
    <Answers to 30 questions about outlook_2025: 5 draws, seed 0>
    """

    scenario: Scenario
    questions: QuestionSet
    draws: int
    seed: int
    answers: tuple[Answer, ...]

    def __repr__(self) -> str:
        about = f"{counted(len(self.answers), 'question')} about {self.scenario.name}"
        return f"<Answers to {about}: {counted(self.draws, 'draw')}, seed {self.seed}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.table().to_html(float_format='{:.3g}'.format)}"

    @property
    def what_if(self) -> bool:
        """Whether the scenario is a what-if: it has hypothetical events, or is not that of the questions.

        Questions that name no scenario are taken for questions about one that a bundled set is written for.

        Examples
        --------
        >>> import alliance_sim as als
        >>> [als.ask(name, "outlook_2025", draws=2).what_if for name in ("outlook_2025", "washington_2024")]
        [False, True]
        """
        hypothetical = any(event.source.lower().startswith("hypothetical") for event in self.scenario.events)
        meant = [self.questions] if self.questions.scenario else map(load_questions, list_questions())
        return hypothetical or self.scenario not in [each.scenario for each in meant]

    @property
    def not_run(self) -> str | None:
        """Which months of the scenario that the questions are written for the run does not have; None if it has all.

        Examples
        --------
        >>> import alliance_sim as als
        >>> print(als.ask("baseline_2025", "outlook_2025", draws=2).not_run)
        None
        >>> als.ask("baseline_2025", "history_2014_2025", draws=2).not_run.partition(":")[0]
        'The questions are about 2014-01 to 2025-06, the run covers 2025-06 to 2029-05'
        """
        own = self.questions.scenario
        if own is None or (self.scenario.start <= own.start and own.end <= self.scenario.end):
            return None
        return (
            f"The questions are about {own.start} to {own.end}, the run covers {self.scenario.start} to "
            f"{self.scenario.end}: what they ask of other months may be counted as not happening"
        )

    def table(self) -> pd.DataFrame:
        """Return one row a question, indexed by its id.

        Columns: ``text, probability, low, high`` (its 95 % interval), ``p05, p25, p50, p75, p95, mc_error, truth,
        score, problem``; NaN or None where one does not apply.

        Examples
        --------
        >>> import alliance_sim as als
        >>> list(als.ask("outlook_2025", "outlook_2025", draws=5).table())[:4]
        ['text', 'probability', 'low', 'high']
        """
        import pandas as pd

        rows = []
        for each in self.answers:
            low, high = each.interval or (None, None)
            quantiles = each.quantiles or dict.fromkeys(QUANTILES)
            rows.append(
                {
                    "text": each.question.text,
                    "probability": each.probability,
                    "low": low,
                    "high": high,
                    **quantiles,
                    "mc_error": each.mc_error,
                    "truth": each.question.truth,
                    "score": each.score,
                    "problem": each.problem,
                }
            )
        numbers = ["probability", "low", "high", *QUANTILES, "mc_error", "score"]
        index = pd.Index([each.question.id for each in self.answers], name="id")
        return pd.DataFrame(rows, index=index).astype(dict.fromkeys(numbers, float))

    def summary(self) -> dict[str, int | float | None]:
        """Return counts, mean scores, coverage and sharpness over the set; None where there is nothing to sum up.

        ``probabilities`` and ``numbers`` count the answers of a kind, ``..._scored`` those with a truth. ``brier`` is
        the mean Brier score, ``base_rate`` the share of truths that are true and ``brier_base_rate`` the score of
        giving each question that share, which uses the truths. ``crps`` is the mean CRPS, whatever the units.
        ``inside_50``, ``inside_80`` and ``inside_90`` count the truths in a central interval. Sharpness is ``spread``,
        the mean of p(1-p), and ``width_50``, ``width_80`` and ``width_90``, mean widths of the intervals.

        Examples
        --------
        >>> import alliance_sim as als
        >>> summary = als.ask("outlook_2025", "outlook_2025", draws=5).summary()
        >>> summary["probabilities"], summary["numbers"], summary["brier"]
        (23, 7, None)
        """
        yes_no = [each for each in self.answers if each.probability is not None]
        numbers = [each for each in self.answers if each.central is not None]
        scored = [each for each in yes_no if each.score is not None]
        base = _mean([float(each.question.truth or 0.0) for each in scored])
        covered = [each.covered for each in numbers if each.covered is not None]
        found: dict[str, int | float | None] = {
            "questions": len(self.answers),
            "not_evaluated": sum(each.problem is not None for each in self.answers),
            "probabilities": len(yes_no),
            "probabilities_scored": len(scored),
            "brier": _mean([each.score for each in scored]),
            "base_rate": base,
            "brier_base_rate": None if base is None else base * (1.0 - base),
            "spread": _mean(
                [each.probability * (1.0 - each.probability) for each in yes_no if each.probability is not None]
            ),
            "numbers": len(numbers),
            "numbers_scored": len(covered),
            "crps": _mean([each.score for each in numbers if each.score is not None]),
        }
        for level in LEVELS:
            ends = [each.central[level] for each in numbers if each.central is not None]
            found[f"inside_{level}"] = sum(inside[level] for inside in covered) if covered else None
            found[f"width_{level}"] = _mean([high - low for low, high in ends])
        return found


def _mean(values: list[float | None] | list[float]) -> float | None:
    return float(np.mean(np.array(values, float))) if values else None


def ask(
    scenario: ScenarioSource,
    questions: QuestionSource,
    draws: int = 1000,
    seed: int = 0,
    *,
    progress: Callable[[int], None] | None = None,
) -> Answers:
    """Run a scenario and answer questions about its draws.

    A question is a query over the views of the run, as in `Ensemble.sql`, that gives one row a draw, with columns
    ``draw`` and ``value``. A draw without a row counts as false; where the values are numbers, each draw needs one. A
    query that fails, takes longer than a minute, gives something else or NULL, or gives no row at all is reported as a
    problem, and the others are answered.

    Parameters
    ----------
    scenario : str, Path, mapping or Scenario
        A bundled name, the path of a file, a mapping with its keys, or a scenario.
    questions : str, Path, mapping, list or QuestionSet
        A bundled name, the path of a file, a mapping with its keys, or a list of mappings of ``id, text, sql`` and,
        where known, ``truth``.
    draws : int
        From 1 to 2**32 - 1, as far as memory allows.
    seed : int
        From 0 to 2**64 - 1.
    progress : callable, optional
        Called from this thread with the number of draws done.

    Raises
    ------
    InputError
        If an argument is out of range, the scenario or the questions are not valid, or the scenario that the
        questions are written for has no month in common with the run.

    Examples
    --------
    >>> import alliance_sim as als
    >>> calm = {"id": "calm", "text": "Is cohesion high?", "sql": "SELECT draw, cohesion > 0 AS value FROM runs"}
    >>> als.ask("baseline_2018", [calm], draws=5).answers[0].probability
    1.0
    """
    draws, seed = draws_and_seed(draws, seed)
    scenario, wanted = load_scenario(scenario), load_questions(questions)
    own = wanted.scenario
    if own and (own.end < scenario.start or scenario.end < own.start):
        raise InputError(
            f"questions: are about {own.start} to {own.end}, {scenario.name} runs from {scenario.start} to "
            f"{scenario.end}; allowed: questions about months of the run"
        )
    ensemble = simulate(scenario, draws, seed, progress=progress)
    answers = []
    for question in wanted.questions:
        try:
            answers.append(answer(question, _values(ensemble.views, draws, question)))
        except InputError as error:
            answers.append(Answer(question, draws, problem=_in_one_line(str(error))))
    return Answers(ensemble.scenario, wanted, draws, seed, tuple(answers))


def answer(question: Question, values: NDArray[np.bool_] | NDArray[np.float64]) -> Answer:
    """Return the answer to a question whose value in each draw is known.

    Raises
    ------
    InputError
        If the truth is true or false and the values are numbers, or the other way round.

    Examples
    --------
    >>> question = Question(id="many", text="How many?", sql="SELECT 1", truth=5)
    >>> found = answer(question, np.arange(11.0))
    >>> found.quantiles["p50"], found.mc_error, round(found.score, 2)
    (5.0, 2.5, 0.91)
    """
    draws, truth = len(values), question.truth
    if truth is not None and isinstance(truth, bool) != (values.dtype == bool):
        kinds = ("numbers", "a truth value") if isinstance(truth, bool) else ("true or false", "a number")
        raise InputError(f"the query gives {kinds[0]}, the truth is {kinds[1]}")
    if values.dtype == bool:
        count = int(values.sum())
        share = count / draws
        return Answer(
            question,
            draws,
            probability=share,
            interval=jeffreys(count, draws),
            mc_error=share_error(share, draws),
            score=None if truth is None else float(brier(share, truth)),
        )
    cuts = np.quantile(values, list(QUANTILES.values()))
    ends = {level: np.quantile(values, [0.5 - level / 200, 0.5 + level / 200]) for level in LEVELS}
    return Answer(
        question,
        draws,
        quantiles={name: float(cut) for name, cut in zip(QUANTILES, cuts, strict=True)},
        central={level: (float(low), float(high)) for level, (low, high) in ends.items()},
        mc_error=median_error(values),
        score=None if truth is None else float(crps(values, truth)),
    )


def jeffreys(count: int, draws: int, level: float = 0.95) -> tuple[float, float]:
    """Return the Jeffreys interval of a probability: equal tails of Beta(count + 1/2, draws - count + 1/2).

    Its end is 0 where the event occurs in no draw and 1 where it occurs in all, as Brown, Cai and DasGupta (2001)
    advise.

    Examples
    --------
    >>> jeffreys(0, 1000)[0], round(jeffreys(0, 1000)[1], 4)
    (0.0, 0.0025)
    """
    from scipy.special import betaincinv

    ends = betaincinv(count + 0.5, draws - count + 0.5, [0.5 - level / 2, 0.5 + level / 2])
    return (0.0 if count == 0 else float(ends[0])), (1.0 if count == draws else float(ends[1]))


def median_error(values: ArrayLike) -> float | None:
    """Return the Monte Carlo standard error of a median; None for a single draw.

    It is half of the distance between the order statistics that lie one binomial standard deviation below and above
    the median (Woodruff 1952, Confidence intervals for medians and other position measures).

    Examples
    --------
    >>> median_error(np.arange(101.0))
    5.5
    """
    x = np.sort(np.asarray(values, float))
    if len(x) < 2:
        return None
    deviation = math.sqrt(len(x)) / 2.0
    low = max(math.floor(len(x) / 2.0 - deviation), 1)
    high = min(math.ceil(len(x) / 2.0 + deviation), len(x))
    return float(x[high - 1] - x[low - 1]) / 2.0


def _values(views: Mapping[str, query.View], draws: int, question: Question) -> NDArray[np.bool_] | NDArray[np.float64]:
    """Return the value of a question in each draw; raise `InputError` if its query does not give it."""
    import pyarrow as pa

    batches, rows = [], 0
    with query.select(views, question.sql, SECONDS) as reader:
        names = [name.lower() for name in reader.schema.names]
        if sorted(names) != ["draw", "value"]:
            raise InputError(f"the query gives the columns {', '.join(reader.schema.names)}; allowed: draw, value")
        kind = reader.schema.field(names.index("value")).type
        boolean = pa.types.is_boolean(kind)
        if not (boolean or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            raise InputError(f"the query gives values of the type {kind}; allowed: true or false, or numbers")
        for batch in reader:
            batches.append(batch)
            rows += len(batch)
            if rows > draws:  # Reading on might fill the memory.
                raise InputError(f"the query gives more rows than there are draws, {draws:,}; allowed: one row a draw")
        table = pa.Table.from_batches(batches, reader.schema)
    draw, value = (table.column(names.index(name)).combine_chunks() for name in ("draw", "value"))
    if not len(table):
        raise InputError(
            "the query gives no row: the run may have no such meeting, month or ally; an event that occurs in no draw "
            "needs a row that says false"
        )
    number = _draw_numbers(draw, draws)
    if boolean:
        if unknown := value.null_count:
            why = "the run may have no such meeting, month or ally" if unknown == draws else "a meeting may not be held"
            raise InputError(
                f"the query gives NULL in {unknown:,} of {draws:,} draws: {why}; allowed: true or false in each, by "
                "coalesce(..., false) where NULL means no"
            )
        happened = np.zeros(draws, bool)
        happened[number] = value.to_numpy(zero_copy_only=False)
        return happened
    found = np.full(draws, np.nan)
    given = value.is_valid().to_numpy(zero_copy_only=False)
    found[number[given]] = value.drop_null().cast(pa.float64(), safe=False).to_numpy()
    missing = int(np.isnan(found).sum())
    if missing:
        raise InputError(f"the query gives no number in {missing:,} of {draws:,} draws; allowed: one in each")
    if large := int((np.abs(found) > LARGEST).sum()):
        raise InputError(
            f"the query gives an infinite or too large number in {large:,} of {draws:,} draws; allowed: from -1e100 to "
            "1e100"
        )
    return found


def _draw_numbers(draw: pa.Array, draws: int) -> NDArray[np.int64]:
    """Return a column of draws, each of which may occur once."""
    import pyarrow as pa

    if not pa.types.is_integer(draw.type) or draw.null_count:
        raise InputError("the query gives draws that are no whole numbers; allowed: the column draw of a view")
    number: NDArray[np.int64] = draw.to_numpy()
    if number.min() < 0 or number.max() >= draws:
        raise InputError(f"the query gives a draw that is not one of the {draws:,}; allowed: the column draw of a view")
    several = int((np.bincount(number) > 1).sum())
    if several:
        raise InputError(f"the query gives several rows in {several:,} of {draws:,} draws; allowed: one row a draw")
    return number


def _in_one_line(message: str) -> str:
    """Return the message of a query without its text and place, which DuckDB adds over several lines."""
    said = re.split(r"\n+LINE \d", message.removeprefix("query: "))[0]
    return "; ".join(line.strip() for line in said.splitlines() if line.strip())
