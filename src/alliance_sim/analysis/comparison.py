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
from alliance_sim.compile import compile_scenario
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.notebook import shown_progress
from alliance_sim.pool import CHUNK, in_chunks
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.paired import NOTABLE, Pair, moved, pair_of
from alliance_sim.scenarios import Scenario, ScenarioSource, load_scenario
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Comparison", "compare"]


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
    pairs = [pair_of(first, program, draws) for program in programs]

    def work(draw0: int, draw1: int) -> tuple[int, list[NDArray[np.int64]]]:
        base_block = first.block(seed, draw0, draw1, "monthly")
        first.run(base_block, seed)
        counts = []
        for pair in pairs:
            block = pair.other.block(seed, draw0, draw1, "monthly")
            pair.other.run(block, seed)
            counts.append(pair.take(draw0, (base_block.output, base_block.records), (block.output, block.records)))
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
        draws = f"{counted(self.draws, 'draw')}, seed {self.seed}"
        return f"<Comparison of {', '.join(self._names)} with {self.base.name}: {draws}>"

    def _repr_html_(self) -> str:
        base, found = self.base, ""
        for pair in self.pairs:
            title = f"{pair.other.scenario.title} ({pair.name}) against {base.title} ({base.name})"
            run = f"{pair.months[0]} to {pair.months[-1]}, {counted(self.draws, 'paired draw')}, seed {self.seed}"
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
        passes, adopted or diluted), ``difference``, its Monte Carlo standard error ``mc_error`` and 95 % interval
        ``low, high`` (`paired_interval`); ``adopted, diluted, withdrawn, blocked, deferred`` (change of each share).

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
            A file to write, in a new folder too; its ending is .png, .svg or .pdf.

        Raises
        ------
        InputError
            If the file cannot be written.

        Examples
        --------
        >>> import alliance_sim as als
        >>> _ = als.compare("baseline_2025", "us_russia_reset_2025", draws=5).plot("differences.png")
        """
        from alliance_sim.analysis import plots
        from alliance_sim.results.plots import write

        note = f"{self.draws:,} paired draws · seed {self.seed} · alliance_sim {__version__}"
        summary = self.summary()
        figure = plots.forest(summary, moved(summary), f"What changes against {self.base.name}", note)
        if path is not None:
            write(figure, path)
        return figure
