"""The decision that matters in a run, in a few sentences, and the numbers behind them.

It is the item whose chance to pass differs most from the base, if that is more than chance; else the one that could go
either way. The same sentences stand in the terminal, in notebooks, in reports and in the explorer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import (
    ALLY_NAMES,
    DECISION_LABELS,
    FORUM_NAMES,
    ISSUE_LABELS,
    OUTCOME_GROUPS,
    OUTCOME_LABELS,
)
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.paired import NORMAL_95, NOTABLE, Pair, check_runs, paired_with
from alliance_sim.results.summaries import out_of_time
from alliance_sim.wording import counted, in_a_row, month_in_words, percent, with_code

if TYPE_CHECKING:
    from alliance_sim.results.ensemble_like import EnsembleLike

__all__ = ["CAVEAT", "Cost", "Headline", "clear", "headline", "headline_of", "share_error"]

#: What every headline ends with.
CAVEAT = "A what-if, not a forecast."
#: A difference in the chance to pass that is worth a reader's time (judgement).
SHIFT = 0.05
#: Objectors that are named: those in at least this share of the draws, at most so many.
NAMED_SHARE, NAMED = 0.05, 3
#: Outcomes that are named as costs, besides cohesion, and the least difference of one (judgement).
COSTS, LEAST_COST = 2, 0.01
#: Units as they follow a number.
_UNITS = {"% GDP": " % of GDP", "camps": " camps", "meetings": " meetings"}
#: What a base is called that has the same title as the run.
_SAME = "the base"

Why = Literal["shifted", "contested", "no decision"]


@dataclass(frozen=True)
class Cost:
    """An outcome that differs from the base.

    Attributes
    ----------
    outcome : str
    base, other : float
        Means over draws of the registered summary.
    mean, p05, p95 : float
        Of the paired differences.

    Examples
    --------
    >>> str(Cost("cohesion", 0.57, 0.48, -0.09, -0.13, -0.05))
    'cohesion of the alliance falls from 0.57 to 0.48 (by 0.05 to 0.13)'
    """

    outcome: str
    base: float
    other: float
    mean: float
    p05: float
    p95: float

    def __str__(self) -> str:
        change = "rises" if self.mean > 0.0 else "falls"
        least, most = sorted((abs(self.p05), abs(self.p95)))
        return (
            f"{OUTCOME_LABELS[self.outcome]} {change} from {self.base:.2f} to {self.other:.2f}{self._unit} "
            f"(by {least:.2f} to {most:.2f})"
        )

    @property
    def _unit(self) -> str:
        """What follows its numbers; empty where they are on a scale without a unit."""
        if self.outcome.startswith("ukraine_support"):
            return " of the mean of 2022-2024"
        return _UNITS.get(OUTCOMES[self.outcome].unit, "")


@dataclass(frozen=True)
class Headline:
    """The decision that matters in a run; `headline` returns it.

    Attributes
    ----------
    scenario, title : str
    base : str or None
        What it is set against, in words.
    why : str
        ``shifted`` (its chance to pass differs most from the base), ``contested`` (it could go either way), or
        ``no decision`` where the scenario holds no meeting.
    meeting, month, forum, issue, text : str
        The item, and what it is about; empty where there is none.
    shares : mapping of str to float
        How it ends, by `DECISIONS`.
    passes, base_passes : float
        Share of the draws in which it is adopted, or diluted; NaN without a base.
    share_error : float
        Monte Carlo standard error of `passes`, with half a draw added on either side (Jeffreys), so that it is not
        zero where all draws or none pass.
    base_text : str
        The base's text of the item, if it is another one; else empty.
    difference, mc_error, low, high : float
        Of `passes` from the base, paired, its Monte Carlo standard error and 95 % interval; NaN without a base.
    out_of_time : float
        Share of the draws in which the meeting has no time for the text, which is withdrawn.
    of, new, lost : int
        Decisions among which this one was chosen, those that the base does not hold, and those that only it holds.
    level : float
        Mean level of the texts that pass; NaN if none does.
    objectors : mapping of str to float
        Share of the draws in which each ally objects or is expected to, the most frequent first.
    costs : tuple of Cost
        Cohesion, and what gets worse most clearly, against the base.
    draws, seed : int

    Examples
    --------
    >>> import alliance_sim as als
    >>> base, reset = (als.simulate(name, draws=50) for name in ("baseline_2025", "us_russia_reset_2025"))
    >>> found = als.headline(reset, base)
    >>> found.why, abs(found.difference) > 0.05
    ('shifted', True)
    """

    scenario: str
    title: str
    base: str | None
    why: Why
    meeting: str
    month: str
    forum: str
    issue: str
    text: str
    shares: Mapping[str, float]
    passes: float
    share_error: float
    base_passes: float
    base_text: str
    difference: float
    mc_error: float
    low: float
    high: float
    out_of_time: float
    of: int
    new: int
    lost: int
    level: float
    objectors: Mapping[str, float]
    costs: tuple[Cost, ...]
    draws: int
    seed: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Monte Carlo interval of the difference from the base, or of `passes` without one.

        Examples
        --------
        >>> import alliance_sim as als
        >>> found = als.headline(als.simulate("baseline_2018", draws=20))
        >>> found.interval[0] < found.passes < found.interval[1]
        True
        """
        if not math.isnan(self.difference):
            return self.low, self.high
        half = NORMAL_95 * self.share_error
        return max(self.passes - half, 0.0), min(self.passes + half, 1.0)

    @property
    def to_restore(self) -> float | None:
        """The chance to pass to be restored: the base's, or even odds without a shift; None where it is not missed.

        Examples
        --------
        >>> import alliance_sim as als
        >>> base, reset = (als.simulate(name, draws=50) for name in ("baseline_2025", "us_russia_reset_2025"))
        >>> found = als.headline(reset, base)
        >>> found.to_restore == (found.base_passes if found.difference < 0.0 else None)
        True
        """
        if self.why == "shifted":
            return self.base_passes if self.difference < 0.0 else None
        return 0.5 if self.passes + 2.0 * self.share_error < 0.5 else None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What happens, who objects, what it costs, and how sure that is.

        Examples
        --------
        >>> import alliance_sim as als
        >>> [each.partition(" ")[0] for each in als.headline(als.simulate("baseline_2018", draws=20)).sentences[1:]]
        ['Objections', 'A']
        """
        return self._said("draw")

    def __str__(self) -> str:
        return " ".join(self.sentences)

    def _repr_html_(self) -> str:
        first, *rest = self.sentences
        return f"<p><strong>{escape(first)}</strong></p><p>{with_code(escape(' '.join(rest)))}</p>"

    def json(self, draw: str = "draw") -> dict[str, object]:
        """Return the sentences, with `draw` as the word for one, and their numbers; None for one that does not apply.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.headline(als.simulate("baseline_2018", draws=20)).json()["base_passes"] is None
        True
        """
        return {
            "sentences": list(self._said(draw)),
            **{name: _finite(value) for name, value in vars(self).items()},
            "shares": dict(self.shares),
            "objectors": dict(self.objectors),
            "costs": [vars(cost) for cost in self.costs],
        }

    def _said(self, draw: str) -> tuple[str, ...]:
        said = (self._happens(f"{draw}s"), self._objects(f"{draw}s"), self._costs(f"{draw}s"), self._sure(draw))
        return tuple(filter(None, said))

    def _happens(self, draws: str) -> str:
        if self.why == "no decision":
            before = f", where the base holds {counted(self.lost, 'decision')}" if self.lost else ""
            return f"No meeting decides anything here{before}."
        item = (
            f"“{self.text}” ({ISSUE_LABELS[self.issue]}) passes at {FORUM_NAMES[self.forum]} in "
            f"{month_in_words(self.month)} in {percent(self.passes)} of {draws}{self._weaker()}"
        )
        chosen = "The only decision" if self.of == 1 else f"The {{}} of {self.of} decisions"
        before = f"{percent(self.base_passes)}{f' of “{self.base_text}”' if self.base_text else ''}"
        if self.why == "shifted":
            least, most = sorted(abs(100.0 * bound) for bound in self.interval)
            change = f"{least:.0f} to {most:.0f} points {'more' if self.difference > 0.0 else 'less'}, 95 % interval"
            happens = f"{chosen.format('largest shift')}: {item}, against {before} in {self.base} ({change})"
        else:
            happens = f"{chosen.format('most open')}: {item}"
            if not math.isnan(self.base_passes):
                happens += f", in the base in {before}"
            if self.base is not None:
                limit = f"by {100.0 * SHIFT:.0f} points and beyond chance"
                happens = f"No decision shifts clearly ({limit}) against {self.base}{self._only()}. {happens}"
        return f"{happens}.{self._fails(draws)}"

    def _only(self) -> str:
        """Return how many decisions only one of the two holds."""
        counts = {"here": self.new, "there": self.lost}
        only = [f"{n} {'is' if n == 1 else 'are'} held {where} only" for where, n in counts.items() if n]
        return f"; {in_a_row(only)}" if only else ""

    def _weaker(self) -> str:
        """Return how much of the share that passes does so in a weaker form."""
        weaker, all_of_it = f"{100.0 * self.shares['diluted']:.0f}", f"{100.0 * self.passes:.0f}"
        if "0" in (weaker, all_of_it):
            return ""
        if weaker == all_of_it:
            return f" ({'always' if self.shares['adopted'] == 0.0 else 'nearly always'} in a weaker form)"
        return f" ({weaker} of these {all_of_it} in a weaker form)"

    def _fails(self, draws: str) -> str:
        """Return how it ends most often where it does not pass."""
        failures = {name: self.shares[name] for name in DECISIONS if name not in ("adopted", "diluted")}
        usual, most = max(failures.items(), key=lambda each: each[1])
        if most == 0.0:
            return ""
        late = ""
        if self.out_of_time >= NAMED_SHARE:
            mostly = self.out_of_time > 0.5 * most
            late = ", for lack of time" if mostly else f", in {percent(self.out_of_time)} for lack of time"
        return f" When it fails, it is mostly {DECISION_LABELS[usual]} ({percent(most)} of all {draws}){late}."

    def _objects(self, draws: str) -> str:
        named = [(ally, share) for ally, share in self.objectors.items() if share >= NAMED_SHARE][:NAMED]
        if self.why == "no decision":
            return ""
        if not named:
            return f"No ally objects in {percent(NAMED_SHARE)} of {draws} or more."
        texts = [f"{ALLY_NAMES[ally]} in {percent(share)}" for ally, share in named]
        return f"Objections to it, whether met or not: {in_a_row(texts)} of {draws}."

    def _costs(self, draws: str) -> str:
        if not self.costs:
            return "" if self.base is None or self.draws == 1 else "No outcome gets clearly worse."
        periods = {"mean": "on average over the run", "final": "at the end"}
        parts = [
            f"{words}: {in_a_row(texts)}"
            for summary, words in periods.items()
            if (texts := [str(cost) for cost in self.costs if OUTCOMES[cost.outcome].summary == summary])
        ]
        there = "that scenario" if self.base != _SAME else _SAME
        plain = [OUTCOMES[cost.outcome] for cost in self.costs if not cost._unit]
        scale = ""
        if plain and all((each.low, each.high) == (0, 1) for each in plain):
            scale = f"; {'the other ' if len(plain) < len(self.costs) else ''}scales are 0 to 1"
        return f"Against {there}, {'; '.join(parts)}; in brackets the change in nine of ten {draws}{scale}."

    def _sure(self, draw: str) -> str:
        draws = f"{CAVEAT} {counted(self.draws, draw)}"
        if self.why == "no decision":
            return f"{draws}."
        interval = " and of the interval" if self.why == "shifted" else ""
        return (
            f"{draws}; the Monte Carlo error of the share ({100.0 * self.share_error:.1f} points, one standard error)"
            f"{interval} is chance in the simulation; how far the model errs: `alliance-sim hindcast`."
        )


def headline(ensemble: EnsembleLike, base: EnsembleLike | None = None) -> Headline:
    """Find the decision that matters in a run, and say what becomes of it.

    Parameters
    ----------
    ensemble : Ensemble
        Kept ``monthly`` or more if there is a base.
    base : Ensemble, optional
        What it is set against: of the same seed, number of draws and era.

    Raises
    ------
    InputError
        If the base has another seed, number of draws or era, or shares no month, or months were not kept.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = als.headline(als.simulate("baseline_2018", draws=20))
    >>> found.why, found.base, found.sentences[-1][:26]
    ('contested', None, 'A what-if, not a forecast.')
    """
    if base is None:
        check_runs(ensemble)
    return headline_of(ensemble, base, None if base is None else paired_with(ensemble, base))


def headline_of(ensemble: EnsembleLike, base: EnsembleLike | None, pair: Pair | None) -> Headline:
    """Return the headline of a run and its base, which `paired_with` gives as a pair.

    Examples
    --------
    >>> import alliance_sim as als
    >>> headline_of(als.simulate("baseline_2018", draws=5), None, None).why
    'contested'
    """
    moves = None if pair is None else pair.decisions()
    board = ensemble.decisions()
    passes = board["adopted"] + board["diluted"]
    common = {
        "scenario": ensemble.scenario.name,
        "title": ensemble.scenario.title,
        "base": None if base is None else _title(base, ensemble),
        "costs": () if pair is None else _costs(pair.summary()),
        "draws": ensemble.draws,
        "seed": ensemble.seed,
    }
    lost = 0 if base is None or moves is None else len(base.decisions()) - len(moves)
    if board.empty:
        numbers = ("passes share_error base_passes difference mc_error low high out_of_time level").split()
        empty = dict.fromkeys(("meeting", "month", "forum", "issue", "text", "base_text"), "")
        counts = {**dict.fromkeys(numbers, math.nan), "of": 0, "new": 0, "lost": lost}
        return Headline(**common, **empty, **counts, why="no decision", shares={}, objectors={})  # type: ignore[arg-type]
    why: Why = "contested"
    at, of = int((passes - 0.5).abs().argmin()), len(board)
    if moves is not None and len(shifts := moves[clear(moves)]):
        largest = shifts.iloc[int(shifts["difference"].abs().to_numpy().argmax())]
        same = (board["meeting"] == largest["meeting"]) & (board["issue"] == largest["issue"])
        why, at, of = "shifted", int(np.flatnonzero(same)[0]), len(moves)
    row = board.iloc[at]
    move = _move(moves, row)
    share = float(passes.iloc[at])
    return Headline(
        **common,  # type: ignore[arg-type]
        why=why,
        meeting=row["meeting"],
        month=f"{row['month']:%Y-%m}",
        forum=row["forum"],
        issue=row["issue"],
        text=row["title"],
        shares={name: float(row[name]) for name in DECISIONS},
        passes=share,
        share_error=share_error(share, ensemble.draws),
        base_passes=math.nan if move is None else float(move["base"]),
        difference=math.nan if move is None else float(move["difference"]),
        base_text="" if move is None or move["title"] == row["title"] else move["title"],
        mc_error=math.nan if move is None else float(move["mc_error"]),
        low=math.nan if move is None else float(move["low"]),
        high=math.nan if move is None else float(move["high"]),
        out_of_time=float(out_of_time(ensemble.records)[:, ensemble.program.agenda[at].column].mean()),
        of=of,
        lost=lost,
        new=0 if moves is None else len(board) - len(moves),
        level=float(row["level_passed"]),
        objectors=_objectors(ensemble, row),
    )


def clear(differences: pd.DataFrame) -> pd.Series:
    """Return which differences are worth a reader's time and more than chance.

    Examples
    --------
    >>> rows = {"difference": [-0.2, 0.2, 0.04], "low": [-0.24, -0.1, 0.03], "high": [-0.16, 0.5, 0.05]}
    >>> clear(pd.DataFrame(rows)).tolist()
    [True, False, False]
    """
    return (differences["difference"].abs() >= SHIFT) & (differences["low"] * differences["high"] > 0.0)


def share_error(share: float, draws: int) -> float:
    """Return the error of a share of draws, never zero: the standard deviation of its posterior by Jeffreys' prior.

    Examples
    --------
    >>> share_error(0.5, 99), share_error(0.0, 99) > 0.0
    (0.04975185951049946, True)
    """
    yes = share * draws + 0.5
    return math.sqrt(yes * (draws + 1.0 - yes) / (draws + 2.0)) / (draws + 1.0)


def _title(base: EnsembleLike, ensemble: EnsembleLike) -> str:
    """Return the title of the base in quotation marks, if it has one of its own."""
    title = base.scenario.title
    return _SAME if title == ensemble.scenario.title else f"“{title}”"


def _move(moves: pd.DataFrame | None, row: pd.Series) -> pd.Series | None:
    """Return the row of an item in the differences from the base, if the base decides it too."""
    if moves is None:
        return None
    found = moves[(moves["meeting"] == row["meeting"]) & (moves["issue"] == row["issue"])]
    return found.iloc[0] if len(found) else None


def _costs(summary: pd.DataFrame) -> tuple[Cost, ...]:
    """Return cohesion, and what gets worse most clearly; one outcome of each group.

    A change counts if it is more than a small effect and of one direction, and not nearly none, in nine of ten draws.
    What Washington does is a cause and no cost.
    """
    notable = (summary["size"].abs() >= NOTABLE) & (summary["mean"].abs() >= LEAST_COST) & np.isfinite(summary["size"])
    changed = notable & (summary["p05"] * summary["p95"] > 0.0)
    changed &= summary[["p05", "p95"]].abs().min(axis=1) >= 0.5 * LEAST_COST
    worse = -summary["size"] * pd.Series({name: outcome.better for name, outcome in OUTCOMES.items()})
    ranked = (
        worse[changed & (worse > 0.0)].drop("cohesion", errors="ignore").sort_values(ascending=False, kind="stable")
    )
    groups = pd.Series({name: OUTCOME_GROUPS[name] for name in ranked.index}, dtype=object)
    names = [
        *(["cohesion"] if changed["cohesion"] else []),
        *groups[groups != "Washington"].drop_duplicates().index[:COSTS],
    ]
    columns = ("base", "other", "mean", "p05", "p95")
    return tuple(Cost(name, *(float(summary[column][name]) for column in columns)) for name in names)


def _objectors(ensemble: EnsembleLike, row: pd.Series) -> dict[str, float]:
    found = ensemble.objectors()
    found = found[(found["meeting"] == row["meeting"]) & (found["issue"] == row["issue"])]
    return {str(ally): float(share) for ally, share in zip(found["ally"], found["share"], strict=True)}


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
