"""Paired comparison of scenarios by common random numbers.

Scenarios that run with one seed use common random numbers (Glasserman and Yao 1992), so the difference within a draw
is the effect of the scenario, and most of the uncertainty cancels. Draws are compared as they are run: only two numbers
for each draw and outcome stay in memory, for any number of months.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim import __version__, checks
from alliance_sim.analysis.html import pair_html
from alliance_sim.compile import AgendaRow, Block, CompiledScenario, compile_scenario
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.notebook import shown_progress
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.summaries import decided, summaries
from alliance_sim.results.views import dates
from alliance_sim.scenarios import Difference, Scenario, ScenarioSource, input_differences, load_scenario
from alliance_sim.simulation import CHUNK, in_chunks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["NOTABLE", "Comparison", "Pair", "compare", "moved"]

#: Size from which on a difference is worth a reader's time: a small effect, after Cohen (1988).
NOTABLE = 0.2

#: Differences up to it come from rounding.
ROUNDING = 1e-12

#: Which of the outcomes of an item count as passed.
_PASSES = np.isin(DECISIONS, ("adopted", "diluted"))


def compare(
    base: ScenarioSource,
    *others: ScenarioSource,
    draws: int = 1000,
    seed: int = 0,
    progress: Callable[[int], None] | Literal[False] | None = None,
) -> Comparison:
    """Run scenarios with common random numbers and compare each with the first, draw by draw.

    Each pair is compared over the months that both of its scenarios simulate. Where they start in different
    months, their draws have parameters and actors in common, but not the random numbers of each month.

    Parameters
    ----------
    base : str, Path, mapping or Scenario
        The scenario that the others are compared with: a bundled name, the path of a file, a mapping with its keys, or
        a scenario.
    *others : str, Path, mapping or Scenario
        One or more, of the base's era and with names of their own. Their order does not matter.
    draws : int
        From 1 to 2**32 - 1, as far as memory allows.
    seed : int
        From 0 to 2**64 - 1.
    progress : callable or False, optional
        Called from this thread with the number of draws done. Default: a bar in notebooks, which False leaves out.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If an argument is out of range, two others have one name, or one is of another era than the base or has no
        month in common with it.

    Examples
    --------
    >>> import alliance_sim as als
    >>> comparison = als.compare("baseline_2025", "us_russia_reset_2025", draws=5)
    >>> comparison
    <Comparison of us_russia_reset_2025 with baseline_2025: 5 draws, seed 0>
    >>> comparison.summary().loc[("us_russia_reset_2025", "cohesion"), "unit"]
    'share'
    """
    draws, seed = checks.draws_and_seed(draws, seed)
    if not others:
        raise InputError("compare: nothing to compare with; allowed: a base and one or more others")
    first = compile_scenario(load_scenario(base))
    programs = [compile_scenario(load_scenario(other)) for other in others]
    names = [program.scenario.name for program in programs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"compare: two of the others are called {shown(name)}; allowed: each name once")
    # Both sides of every pair, and the differences of one pair with the copies that its quantiles take.
    checks.memory(draws, 8 * len(OUTCOMES) * (2 * len(programs) + 3), f"{len(programs) + 1} scenarios")
    pairs = [_pair(first, program, draws) for program in programs]

    def work(draw0: int, draw1: int) -> tuple[int, list[NDArray[np.int64]]]:
        base_block = first.block(seed, draw0, draw1, "monthly")
        first.run(base_block, seed)
        counts = []
        for pair in pairs:
            block = pair.other.block(seed, draw0, draw1, "monthly")
            pair.other.run(block, seed)
            counts.append(pair._take(base_block, block))
        return draw1 - draw0, counts

    done = 0
    with shown_progress(progress, "draws", draws) as on_progress:
        # Without draws: the kernel is compiled in this thread, which can be interrupted.
        first.run(first.block(seed, 0, 0, "monthly"), seed)
        for count, parts in in_chunks(work, draws, CHUNK):
            for pair, part in zip(pairs, parts, strict=True):
                pair.counts[...] += part
            done += count
            on_progress(done)
    return Comparison(tuple(pairs), draws, seed)


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

    def _take(self, *blocks: Block) -> NDArray[np.int64]:
        """Store the summaries of a block of draws of base and other; return how its items ended, as in `counts`."""
        codes = []
        for side, (program, block) in enumerate(zip((self.base, self.other), blocks, strict=True)):
            first = program.months.index(self.months[0])
            outcomes = block.output.outcomes[:, first : first + len(self.months)]
            self.values[side, block.draw0 : block.draw1] = summaries(outcomes)
            codes.append(decided(block.records)[:, [rows[side].column for rows in self.agenda]].astype(np.int64))
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
        difference = (gained - lost) / draws
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
                **dict(zip(DECISIONS, (after - before).T / draws, strict=True)),
            }
        )


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scenarios compared with a base, draw by draw; ``comparison["name"]`` is the pair of the base and one of them.

    Attributes
    ----------
    pairs : tuple of Pair
        The base with each of the others, in the order they were given.
    draws, seed : int

    Examples
    --------
    >>> import alliance_sim as als
    >>> comparison = als.compare("baseline_2025", "us_russia_reset_2025", draws=5)
    >>> comparison.pairs[0].per_draw().shape  # draws, outcomes
    (5, 36)
    """

    pairs: tuple[Pair, ...]
    draws: int
    seed: int

    def __post_init__(self) -> None:
        for pair in self.pairs:
            pair.values.flags.writeable = pair.counts.flags.writeable = False

    def __reduce__(self) -> tuple[type[Comparison], tuple[object, ...]]:
        return Comparison, (self.pairs, self.draws, self.seed)

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(self._names)} with {self.base.name}: {self.draws} draws, seed {self.seed}>"

    def _repr_html_(self) -> str:
        base, found = self.base, ""
        for pair in self.pairs:
            title = f"{pair.other.scenario.title} ({pair.name}) against {base.title} ({base.name})"
            run = f"{pair.months[0]} to {pair.months[-1]}, {self.draws:,} paired draws, seed {self.seed}"
            summary = pair.summary()
            found += pair_html(title, run, summary, moved(summary), NOTABLE, pair.decisions())
        return found

    def __getitem__(self, name: str) -> Pair:
        for pair in self.pairs:
            if pair.name == name:
                return pair
        raise InputError(f"{shown(name)} is not compared here{nearest(str(name), self)}; allowed: {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def _ipython_key_completions_(self) -> list[str]:
        return self._names

    @property
    def base(self) -> Scenario:
        """The scenario that the others are compared with.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.compare("baseline_2025", "us_russia_reset_2025", draws=2).base.name
        'baseline_2025'
        """
        return self.pairs[0].base.scenario

    @property
    def _names(self) -> list[str]:
        return [pair.name for pair in self.pairs]

    def summary(self) -> pd.DataFrame:
        """Return one row a scenario and outcome: the change against the base, over paired draws.

        Columns: ``unit, summary`` (how each draw is summed up: ``mean`` over the months compared or ``final``
        month), ``base, other`` (means), ``mean, p05, p95`` of the paired differences, ``p_higher`` (the share of
        draws in which the other is higher; a tie counts half), ``mc_error`` (Monte Carlo standard error of `mean`; NaN
        for a single draw), ``spread`` (standard deviation between draws, pooled over base and other), ``size`` (Cohen's
        d: `mean` over `spread`; infinite where draws do not differ but scenarios do).

        Examples
        --------
        >>> import alliance_sim as als
        >>> summary = als.compare("baseline_2025", "us_russia_reset_2025", draws=5).summary()
        >>> summary.index.names
        FrozenList(['scenario', 'outcome'])
        """
        return pd.concat([pair.summary() for pair in self.pairs], keys=self._names, names=["scenario", "outcome"])

    def decisions(self) -> pd.DataFrame:
        """Return one row a scenario and item that it and the base both decide.

        Columns: ``scenario, meeting, month, forum, issue, title``; ``base, other`` (shares of draws in which it
        passes, adopted or diluted), ``difference`` and its Monte Carlo standard error ``mc_error``; ``adopted,
        diluted, withdrawn, blocked, deferred`` (change of each share).

        Examples
        --------
        >>> import alliance_sim as als
        >>> decisions = als.compare("helsinki_2018", "baseline_2018", draws=5).decisions()
        >>> bool(decisions["difference"].between(-1, 1).all())
        True
        """
        frames = [pair.decisions().assign(scenario=pair.name) for pair in self.pairs]
        frame = pd.concat(frames, ignore_index=True)
        return frame[["scenario", *frame.columns.drop("scenario")]]

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw a forest plot: the paired differences of each outcome that moved notably, largest first.

        Parameters
        ----------
        path : str or Path, optional
            A file to write, of a kind matplotlib knows by its ending (png, svg, pdf).

        Raises
        ------
        InputError
            If the file cannot be written.

        Examples
        --------
        >>> import alliance_sim as als
        >>> _ = als.compare("baseline_2025", "us_russia_reset_2025", draws=5).plot("differences.png")
        """
        from alliance_sim.results import plots

        note = f"{self.draws:,} paired draws · seed {self.seed} · alliance_sim {__version__}"
        summary = self.summary()
        figure = plots.forest(summary, moved(summary), f"What changes against {self.base.name}", note)
        if path is not None:
            plots.write(figure, path)
        return figure


def moved(summary: pd.DataFrame) -> list[str]:
    """Return the outcomes of a `Comparison.summary` whose size is notable in one of its scenarios, largest first.

    Examples
    --------
    >>> import alliance_sim as als
    >>> summary = als.compare("baseline_2025", "us_russia_reset_2025", draws=5).summary()
    >>> "cohesion" in moved(summary)
    True
    """
    sizes = summary["size"].abs().groupby("outcome", sort=False).max().sort_values(ascending=False, kind="stable")
    return list(sizes.index[sizes >= NOTABLE])


def _pair(base: CompiledScenario, other: CompiledScenario, draws: int) -> Pair:
    """Match the months and items of two scenarios, and allocate the arrays for their draws."""
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
