"""Two scenarios that ran with common random numbers: outcomes and decisions compared draw by draw.

Scenarios that run with one seed use common random numbers (Glasserman and Yao 1992), so the difference within a draw
is the effect of the scenario, and most of the uncertainty cancels. Only two numbers for each draw and outcome stay in
memory, for any number of months.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim.compile import AgendaRow, CompiledScenario
from alliance_sim.core.structures import DecisionRecords, RecordedOutput
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.summaries import decided, summaries
from alliance_sim.results.views import dates
from alliance_sim.scenarios import Difference, input_differences

if TYPE_CHECKING:
    from alliance_sim.results.ensemble_like import EnsembleLike

__all__ = ["NORMAL_95", "NOTABLE", "Pair", "check_runs", "moved", "pair_of", "paired_interval", "paired_with"]

#: Size from which on a difference is worth a reader's time: a small effect, after Cohen (1988).
NOTABLE = 0.2

#: Standard errors of a 95 % interval.
NORMAL_95 = 1.96

#: Differences up to it come from rounding.
ROUNDING = 1e-12

#: Which of the outcomes of an item count as passed.
_PASSES = np.isin(DECISIONS, ("adopted", "diluted"))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two scenarios that ran with common random numbers.

    Attributes
    ----------
    base, other : CompiledScenario
        The compiled scenarios.
    months : tuple of str
        ``YYYY-MM`` of the months compared: those that both simulate.
    agenda : tuple of pairs of AgendaRow
        Items that both decide: the same issue at a meeting with the same id.
    values : (2, D, outcomes) array
        The registered summary of each outcome over these months, of the base and of the other.
    counts : (items, 5, 5) array
        Draws by how an item ends in the base and in the other, in the order of `DECISIONS`.

    Examples
    --------
    >>> import alliance_sim as als
    >>> (pair,) = als.compare("baseline_2018", "helsinki_2018", draws=5).pairs
    >>> pair.name, len(pair.months), pair.inputs[0].sign
    ('helsinki_2018', 36, '+')
    """

    base: CompiledScenario
    other: CompiledScenario
    months: tuple[str, ...]
    agenda: tuple[tuple[AgendaRow, AgendaRow], ...]
    values: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def name(self) -> str:
        """Name of the other scenario."""
        return self.other.scenario.name

    @property
    def inputs(self) -> tuple[Difference, ...]:
        """The differences between the two scenarios as they were written."""
        return input_differences(self.base.scenario, self.other.scenario)

    def take(self, draw0: int, *runs: tuple[RecordedOutput, DecisionRecords]) -> NDArray[np.int64]:
        """Store the summaries of draws from `draw0` on, of base and other; return how items ended, as in `counts`.

        Examples
        --------
        >>> import alliance_sim as als
        >>> runs = [als.simulate(name, draws=3) for name in ("baseline_2018", "helsinki_2018")]
        >>> pair = pair_of(runs[0].program, runs[1].program, draws=3)
        >>> counts = pair.take(0, *((run.output, run.records) for run in runs))
        >>> counts.sum(axis=(1, 2)).tolist() == [3] * len(pair.agenda)
        True
        """
        codes = []
        for side, (program, (output, records)) in enumerate(zip((self.base, self.other), runs, strict=True)):
            first = program.months.index(self.months[0])
            outcomes = output.outcomes[:, first : first + len(self.months)]
            self.values[side, draw0 : draw0 + len(outcomes)] = summaries(outcomes)
            codes.append(decided(records)[:, [rows[side].column for rows in self.agenda]].astype(np.int64))
        kinds = len(DECISIONS)
        cells = (np.arange(len(self.agenda)) * kinds + codes[0]) * kinds + codes[1]
        return np.bincount(cells.ravel(), minlength=self.counts.size).reshape(self.counts.shape)

    def per_draw(self) -> pd.DataFrame:
        """Return the paired differences, other minus base: one row a draw, one column an outcome.

        Examples
        --------
        >>> import alliance_sim as als
        >>> (pair,) = als.compare("baseline_2018", "helsinki_2018", draws=5).pairs
        >>> pair.per_draw().shape  # draws, outcomes
        (5, 36)
        """
        draws = pd.RangeIndex(self.values.shape[1], name="draw")
        return pd.DataFrame(self.values[1] - self.values[0], draws, list(OUTCOMES))

    def summary(self) -> pd.DataFrame:
        """Return one row an outcome; see `Comparison.summary`.

        Examples
        --------
        >>> import alliance_sim as als
        >>> (pair,) = als.compare("baseline_2018", "helsinki_2018", draws=5).pairs
        >>> list(pair.summary())[:7]
        ['unit', 'summary', 'base', 'other', 'mean', 'p05', 'p95']
        """
        differences = self.per_draw()
        mean, spread = differences.mean(), np.sqrt(self.values.var(axis=1).mean(axis=0))
        spread = np.where(np.ptp(self.values, axis=1).max(axis=0) > ROUNDING, spread, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.where(np.abs(mean) <= ROUNDING, 0.0, mean / spread)
        base, other = self.values.mean(axis=1)
        return pd.DataFrame(
            {
                "unit": [outcome.unit for outcome in OUTCOMES.values()],
                "summary": [outcome.summary for outcome in OUTCOMES.values()],
                "base": base,
                "other": other,
                "mean": mean,
                "p05": differences.quantile(0.05),
                "p95": differences.quantile(0.95),
                "p_higher": (differences > 0.0).mean() + 0.5 * (differences == 0.0).mean(),
                "mc_error": differences.std() / np.sqrt(len(differences)),
                "spread": spread,
                "size": size,
            },
            index=pd.Index(list(OUTCOMES), name="outcome"),
        )

    def decisions(self) -> pd.DataFrame:
        """Return one row an item that both decide; see `Comparison.decisions`.

        Examples
        --------
        >>> import alliance_sim as als
        >>> (pair,) = als.compare("baseline_2018", "helsinki_2018", draws=5).pairs
        >>> len(pair.decisions()) == len(pair.agenda)
        True
        """
        counts, draws = self.counts, self.values.shape[1]
        before, after = counts.sum(axis=2), counts.sum(axis=1)
        gained = counts[:, ~_PASSES][:, :, _PASSES].sum(axis=(1, 2))
        lost = counts[:, _PASSES][:, :, ~_PASSES].sum(axis=(1, 2))
        difference, (low, high) = (gained - lost) / draws, paired_interval(gained, lost, draws)
        columns = ("meeting", "month", "forum", "issue", "title")
        items = {name: [getattr(row, name) for row, _ in self.agenda] for name in columns}
        return pd.DataFrame(
            {
                **items,
                "month": dates(items["month"]),
                "base": before[:, _PASSES].sum(axis=1) / draws,
                "other": after[:, _PASSES].sum(axis=1) / draws,
                "difference": difference,
                "mc_error": np.sqrt(((gained + lost) / draws - difference**2) / draws),
                "low": low,
                "high": high,
                **dict(zip(DECISIONS, (after - before).T / draws, strict=True)),
            }
        )


def paired_interval(
    gained: NDArray[np.int64], lost: NDArray[np.int64], draws: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of a difference of paired shares.

    That of Agresti and Min (2005), doi:10.1002/sim.1781: half a draw is added to each of the four cells, so that it has
    a width where no draw differs, or all do.

    Parameters
    ----------
    gained, lost : array of int
        Draws that pass only in the second of the two, and only in the first.
    draws : int

    Returns
    -------
    low, high : array of float
        Within -1 and 1.

    Examples
    --------
    >>> low, high = paired_interval(np.array([100]), np.array([0]), 400)
    >>> low.round(2).item(), high.round(2).item()
    (0.21, 0.29)
    """
    centre = (gained - lost) / (draws + 2)
    error = np.sqrt(gained + lost + 1 - (gained - lost) ** 2 / (draws + 2)) / (draws + 2)
    return np.maximum(centre - NORMAL_95 * error, -1.0), np.minimum(centre + NORMAL_95 * error, 1.0)


def moved(summary: pd.DataFrame) -> list[str]:
    """Return the outcomes of a `Comparison.summary` whose size is notable in one of its scenarios, largest first.

    Those that do not vary between draws, whose size is infinite, come last.

    Examples
    --------
    >>> import alliance_sim as als
    >>> summary = als.compare("baseline_2025", "us_russia_reset_2025", draws=5).summary()
    >>> "cohesion" in moved(summary)
    True
    """
    sizes = summary["size"].abs().groupby("outcome", sort=False).max().sort_values(ascending=False, kind="stable")
    finite = np.isfinite(sizes)
    return [*sizes.index[finite & (sizes >= NOTABLE)], *sizes.index[~finite]]


def pair_of(base: CompiledScenario, other: CompiledScenario, draws: int) -> Pair:
    """Match the months and items of two scenarios, and allocate the arrays for their draws.

    Raises
    ------
    InputError
        If they are of different eras, or share no month.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> from alliance_sim.scenarios import load_scenario
    >>> base, other = (compile_scenario(load_scenario(name)) for name in ("baseline_2018", "helsinki_2018"))
    >>> pair_of(base, other, draws=3).values.shape  # sides, draws, outcomes
    (2, 3, 36)
    """
    one, two = base.scenario, other.scenario
    if one.era != two.era:
        raise InputError(
            f"compare: {two.name} is calibrated to {two.era}, {one.name} to {one.era}, so their difference would be "
            "the difference of two calibrations; allowed: scenarios of one era"
        )
    months = tuple(month for month in base.months if month in other.months)
    if not months:
        raise InputError(
            f"compare: {two.name} runs from {other.months[0]} to {other.months[-1]}, {one.name} from "
            f"{base.months[0]} to {base.months[-1]}; allowed: scenarios that share a month"
        )
    found = {(row.meeting, row.issue): row for row in other.agenda}
    agenda = tuple((row, found[key]) for row in base.agenda if (key := (row.meeting, row.issue)) in found)
    kinds = len(DECISIONS)
    counts = np.zeros((len(agenda), kinds, kinds), np.int64)
    return Pair(base, other, months, agenda, np.empty((2, draws, len(OUTCOMES))), counts)


def paired_with(ensemble: EnsembleLike, base: EnsembleLike) -> Pair:
    """Return a run and its base as a pair.

    Raises
    ------
    InputError
        If one is no run, or they differ in seed, draws or era, share no month, or months were not kept.

    Examples
    --------
    >>> import alliance_sim as als
    >>> base, reset = (als.simulate(name, draws=5) for name in ("baseline_2025", "us_russia_reset_2025"))
    >>> list(paired_with(reset, base).decisions())[:7]
    ['meeting', 'month', 'forum', 'issue', 'title', 'base', 'other']
    """
    check_runs(ensemble, base)
    for name in ("seed", "draws"):
        one, two = getattr(ensemble, name), getattr(base, name)
        if one != two:
            raise InputError(f"headline: {name} {one} of the run and {two} of the base; allowed: the same in both")
    if "final" in (ensemble.keep, base.keep):
        raise InputError("headline: a run was kept with 'final'; allowed: 'monthly' or more, beside a base")
    pair = pair_of(base.program, ensemble.program, ensemble.draws)
    pair.counts[...] = pair.take(0, (base.output, base.records), (ensemble.output, ensemble.records))
    return pair


def check_runs(*runs: object) -> None:
    """Raise InputError if one of the arguments is no run.

    Examples
    --------
    >>> import alliance_sim as als
    >>> check_runs(als.simulate("baseline_2018", draws=1))
    """
    for each in runs:
        if not hasattr(each, "records"):
            raise InputError(f"headline: {shown(each)} is no run; allowed: what `simulate` or `load_results` returns")
