"""The decision that matters in a run, in a few sentences, and the numbers behind them.

It is the item whose chance to pass differs most from the base, if that is more than chance; else the one that could go
either way. The same sentences stand in the terminal, in notebooks, in reports and in the explorer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from alliance_sim.errors import InputError
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
from alliance_sim.results.paired import NOTABLE, Pair, pair_of

if TYPE_CHECKING:
    from alliance_sim.results.ensemble_like import EnsembleLike

__all__ = ["CAVEAT", "Cost", "Headline", "headline"]

#: What every headline ends with.
CAVEAT = "A what-if, not a forecast."
#: A difference in the chance to pass that is worth a reader's time (judgement).
SHIFT = 0.05
#: Objectors that are named: those in at least this share of the draws, at most so many.
NAMED_SHARE, NAMED = 0.05, 3
#: Outcomes that are named as costs, besides cohesion, and the least difference of one (judgement).
COSTS, LEAST_COST = 2, 0.01
#: Standard errors of a 95 % interval.
_Z = 1.96

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
    'cohesion of the alliance falls from 0.57 to 0.48 (-0.13 to -0.05)'
    """

    outcome: str
    base: float
    other: float
    mean: float
    p05: float
    p95: float

    def __str__(self) -> str:
        change = "rises" if self.mean > 0.0 else "falls"
        return (
            f"{OUTCOME_LABELS[self.outcome]} {change} from {self.base:.2f} to {self.other:.2f} "
            f"({self.p05:+z.2f} to {self.p95:+z.2f})"
        )


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
    difference, mc_error : float
        Of `passes` from the base, paired, and its Monte Carlo standard error; without a base, that of `passes`.
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
    base_passes: float
    difference: float
    mc_error: float
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
        middle = self.passes if math.isnan(self.difference) else self.difference
        return middle - _Z * self.mc_error, middle + _Z * self.mc_error

    @property
    def sentences(self) -> tuple[str, ...]:
        """What happens, who objects, what it costs, and how sure that is.

        Examples
        --------
        >>> import alliance_sim as als
        >>> [each.partition(" ")[0] for each in als.headline(als.simulate("baseline_2018", draws=20)).sentences[1:]]
        ['Objections:', 'A']
        """
        return tuple(filter(None, (self._happens(), self._objects(), self._costs(), self._sure())))

    def __str__(self) -> str:
        return " ".join(self.sentences)

    def _repr_html_(self) -> str:
        first, *rest = self.sentences
        return f"<p><strong>{escape(first)}</strong></p><p>{escape(' '.join(rest))}</p>"

    def json(self) -> dict[str, object]:
        """Return the sentences, and the numbers in them; None for one that does not apply.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.headline(als.simulate("baseline_2018", draws=20)).json()["base_passes"] is None
        True
        """
        return {
            "sentences": list(self.sentences),
            **{
                name: _finite(value)
                for name, value in vars(self).items()
                if name not in ("shares", "objectors", "costs")
            },
            "shares": dict(self.shares),
            "objectors": dict(self.objectors),
            "costs": [vars(cost) for cost in self.costs],
        }

    def _happens(self) -> str:
        if self.why == "no decision":
            return "No meeting decides anything here."
        text = f"“{self.text}” ({ISSUE_LABELS[self.issue]})"
        item = f"{text} at {FORUM_NAMES[self.forum]} in {month_in_words(self.month)}"
        passes = f"{item} passes in {percent(self.passes)} of draws"
        if self.why == "shifted":
            low, high = self.interval
            points = f"{points_of(self.difference)} points, 95 % interval {points_of(low)} to {points_of(high)}"
            passes += f", against {percent(self.base_passes)} in {self.base} ({points})"
        elif self.base is not None:
            limit = f"{100.0 * SHIFT:.0f} points"
            passes = f"No decision shifts by {limit} or more against {self.base}. The least settled one: {passes}"
        usual = max(self.shares, key=self.shares.__getitem__)
        return f"{passes}; most often ({percent(self.shares[usual])}) it is {DECISION_LABELS[usual]}."

    def _objects(self) -> str:
        named = [(ally, share) for ally, share in self.objectors.items() if share >= NAMED_SHARE][:NAMED]
        if self.why == "no decision":
            return ""
        if not named:
            return f"No ally objects in {percent(NAMED_SHARE)} of draws or more."
        texts = [f"{ALLY_NAMES[ally]} in {percent(share)}" for ally, share in named]
        return f"Objections: {in_a_row(texts)}."

    def _costs(self) -> str:
        if not self.costs:
            return "" if self.base is None else "Nothing that is measured gets clearly worse than in the base."
        costs = in_a_row([str(cost) for cost in self.costs])
        return f"Against the base, {costs}; in brackets 5 to 95 % of the differences."

    def _sure(self) -> str:
        error = math.sqrt(self.passes * (1.0 - self.passes) / self.draws)
        shares = "" if math.isnan(error) else f"; Monte Carlo error of the share: {100.0 * error:.1f} points"
        return f"{CAVEAT} {self.draws:,} draw{'' if self.draws == 1 else 's'}{shares}."


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
    scenario = ensemble.scenario
    pair = None if base is None else _paired(ensemble, base)
    changes = None if pair is None else pair.decisions()
    board = ensemble.decisions()
    passes = board["adopted"] + board["diluted"]
    common = {
        "scenario": scenario.name,
        "title": scenario.title,
        "base": None if base is None else _title(base, ensemble),
        "costs": () if pair is None else _costs(pair.summary()),
        "draws": ensemble.draws,
        "seed": ensemble.seed,
    }
    if board.empty:
        nothing = dict.fromkeys(("passes", "base_passes", "difference", "mc_error", "level"), math.nan)
        empty = dict.fromkeys(("meeting", "month", "forum", "issue", "text"), "")
        return Headline(**common, **empty, **nothing, why="no decision", shares={}, objectors={})  # type: ignore[arg-type]
    why: Why = "contested"
    at = int((passes - 0.5).abs().argmin())
    if changes is not None and len(changes):
        shifts = changes["difference"].abs()
        largest = int(shifts.to_numpy().argmax())
        if shifts[largest] >= max(SHIFT, _Z * changes["mc_error"][largest]):
            same = (board["meeting"] == changes["meeting"][largest]) & (board["issue"] == changes["issue"][largest])
            why, at = "shifted", int(np.flatnonzero(same)[0])
    row = board.iloc[at]
    change = _change(changes, row)
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
        base_passes=math.nan if change is None else float(change["base"]),
        difference=math.nan if change is None else float(change["difference"]),
        mc_error=math.sqrt(share * (1.0 - share) / ensemble.draws) if change is None else float(change["mc_error"]),
        level=float(row["level_passed"]),
        objectors=_objectors(ensemble, row),
    )


def _title(base: EnsembleLike, ensemble: EnsembleLike) -> str:
    """Return the title of the base in quotation marks, if it has one of its own."""
    title = base.scenario.title
    return "the base" if title == ensemble.scenario.title else f"“{title}”"


def _paired(ensemble: EnsembleLike, base: EnsembleLike) -> Pair:
    """Return both as a pair."""
    for name in ("seed", "draws"):
        one, two = getattr(ensemble, name), getattr(base, name)
        if one != two:
            raise InputError(f"headline: {name} {one} of the run and {two} of the base; allowed: the same in both")
    if "final" in (ensemble.keep, base.keep):
        raise InputError("headline: a run was kept with 'final'; allowed: 'monthly' or more, beside a base")
    pair = pair_of(base.program, ensemble.program, ensemble.draws)
    pair.counts[...] = pair.take(0, (base.output, base.records), (ensemble.output, ensemble.records))
    return pair


def _change(changes: pd.DataFrame | None, row: pd.Series) -> pd.Series | None:
    """Return the row of an item in the differences from the base, if the base decides it too."""
    if changes is None:
        return None
    found = changes[(changes["meeting"] == row["meeting"]) & (changes["issue"] == row["issue"])]
    return found.iloc[0] if len(found) else None


def _costs(summary: pd.DataFrame) -> tuple[Cost, ...]:
    """Return cohesion, and what gets worse most clearly, by more than a small effect; one outcome of each group.

    What Washington does is a cause and no cost.
    """
    clear = (summary["size"].abs() >= NOTABLE) & (summary["mean"].abs() >= LEAST_COST) & np.isfinite(summary["size"])
    worse = -summary["size"] * pd.Series({name: outcome.better for name, outcome in OUTCOMES.items()})
    ranked = worse[clear & (worse > 0.0)].drop("cohesion", errors="ignore").sort_values(ascending=False, kind="stable")
    groups = pd.Series({name: OUTCOME_GROUPS[name] for name in ranked.index}, dtype=object)
    names = [
        *(["cohesion"] if clear["cohesion"] else []),
        *groups[groups != "Washington"].drop_duplicates().index[:COSTS],
    ]
    columns = ("base", "other", "mean", "p05", "p95")
    return tuple(Cost(name, *(float(summary[column][name]) for column in columns)) for name in names)


def _objectors(ensemble: EnsembleLike, row: pd.Series) -> dict[str, float]:
    found = ensemble.objectors()
    found = found[(found["meeting"] == row["meeting"]) & (found["issue"] == row["issue"])]
    return {str(ally): float(share) for ally, share in zip(found["ally"], found["share"], strict=True)}


def percent(share: float) -> str:
    """Return a share in percent, never rounded to none or all.

    Examples
    --------
    >>> percent(0.123), percent(0.001), percent(0.999), percent(0.0)
    ('12 %', 'less than 1 %', 'more than 99 %', '0 %')
    """
    if 0.0 < share < 0.005:
        return "less than 1 %"
    return "more than 99 %" if 0.995 < share < 1.0 else f"{100.0 * share:.0f} %"


def points_of(share: float) -> str:
    """Return a difference of shares in points, with its sign.

    Examples
    --------
    >>> points_of(-0.123), points_of(-0.001)
    ('-12', '+0')
    """
    return f"{100.0 * share:+z.0f}"


_MONTHS = ("January February March April May June July August September October November December").split()


def month_in_words(month: str) -> str:
    """Return ``YYYY-MM`` as a month and a year.

    Examples
    --------
    >>> month_in_words("2026-07")
    'July 2026'
    """
    return f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}"


def in_a_row(texts: Sequence[str]) -> str:
    """Return texts as a list within a sentence.

    Examples
    --------
    >>> in_a_row(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else ""


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
