"""What the two kinds of report say: the page and the workbook have the same numbers and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_sim.registry.labels import ALLY_NAMES
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.results.headline import Headline, clear, headline, headline_of
from alliance_sim.results.paired import Pair, paired_with
from alliance_sim.results.summaries import objectors_by_item
from alliance_sim.scenarios import Scenario, input_differences
from alliance_sim.wording import FEW_DRAWS, counted, in_a_row, month_in_words, percent

if TYPE_CHECKING:
    from alliance_sim.results.ensemble_like import EnsembleLike

__all__ = ["Facts", "Setting", "limits"]

#: Allies that are named as those who object most over all texts, and the least share of texts (judgement).
NAMED, LEAST = 4, 0.02


@dataclass(frozen=True)
class Setting:
    """A parameter that a scenario sets.

    Attributes
    ----------
    name, label, unit : str
    value : float or str
        Number, or distribution in words.
    usual : str
        What is drawn where nothing is set.

    Examples
    --------
    >>> import alliance_sim as als
    >>> what_if = als.load_scenario("baseline_2025").with_parameters({"susceptibility.HUN": 0.2})
    >>> (setting,) = Facts(als.simulate(what_if, draws=2), None).settings
    >>> setting.label.rpartition(": ")[2], setting.value, setting.usual
    ('Hungary', 0.2, 'uniform 0.2 to 0.6')
    """

    name: str
    label: str
    unit: str
    value: float | str
    usual: str


def _settings(scenario: Scenario) -> Iterator[Setting]:
    """Yield the parameters that a scenario sets."""
    for name, prior in scenario.priors().items():
        parameter, ally = resolve(name)
        usual = str(parameter.prior(scenario.era, ally)) if parameter.priors else "as calibrated"
        label = ": ".join(filter(None, (parameter.description, ALLY_NAMES.get(ally or ""))))
        yield Setting(name, label, parameter.unit, prior.a if prior.kind == "fixed" else str(prior), usual)


def limits() -> tuple[str, ...]:
    """Return what a reader has to know of the model before using a number of it.

    Examples
    --------
    >>> limits()[0].split(":")[0]
    'The draws show how sure the model is, not how right'
    """
    return (
        "The draws show how sure the model is, not how right: docs/validation.md of the project scores it on recorded "
        "decisions beside simple rates, and lists those that it gets wrong.",
        "It expects too many texts to fail, because governments say more in public than they insist on at the table. "
        "So trust differences more than levels, and directions more than sizes.",
        "It knows no bargains and shocks besides the events above, a government is one actor, except Washington, and "
        "nothing that became known after 23 June 2025 is in it.",
    )


@dataclass(frozen=True)
class Facts:
    """A run and what it is set against, in the words and tables of a report.

    Attributes
    ----------
    ensemble : Ensemble
    base : Ensemble or None

    Examples
    --------
    >>> import alliance_sim as als
    >>> base, reset = (als.simulate(name, draws=5) for name in ("baseline_2025", "us_russia_reset_2025"))
    >>> facts = Facts(reset, base)
    >>> facts.headline.base, len(facts.board) == len(reset.decisions()), facts.differences.shape[0]
    ('“The calendar after The Hague”', True, 36)
    >>> facts.period
    'June 2025 to May 2029 (48 months)'
    >>> facts.settings, facts.made_by.split(",")[0]
    ((), 'alliance_sim 0.1.0')
    >>> [text.partition(" ")[0] for text in (facts.base_sentence, facts.who_objects, *facts.certainty)]
    ['It', 'Over', 'Monte', 'Actors']
    """

    ensemble: EnsembleLike
    base: EnsembleLike | None

    @cached_property
    def headline(self) -> Headline:
        """The decision that matters."""
        return headline_of(self.ensemble, self.base, self._pair) if self._pair else headline(self.ensemble)

    @cached_property
    def _pair(self) -> Pair | None:
        return None if self.base is None else paired_with(self.ensemble, self.base)

    @cached_property
    def differences(self) -> pd.DataFrame | None:
        """Outcomes against the base, paired, as `Comparison.summary` has them; None without a base."""
        return None if self._pair is None else self._pair.summary()

    @cached_property
    def board(self) -> pd.DataFrame:
        """The decision board with ``passes, base, difference, clear`` (beyond chance) and ``objectors``."""
        board = self.ensemble.decisions()
        board = board.assign(passes=board["adopted"] + board["diluted"], base=np.nan, difference=np.nan, clear=False)
        if self._pair is not None:
            changes = self._pair.decisions()
            changes["clear"] = clear(changes)
            key, columns = ["meeting", "issue"], ["base", "difference", "clear"]
            board = board.drop(columns=columns).merge(changes[[*key, *columns]], on=key, how="left")
            board["clear"] = board["clear"].eq(True)
        objecting = objectors_by_item(self.ensemble.objectors())
        items = zip(board["meeting"], board["issue"], strict=True)
        return board.assign(objectors=pd.Series([objecting.get(item, {}) for item in items], dtype=object))

    @property
    def period(self) -> str:
        """The months of the run."""
        months = self.ensemble.program.months
        ends = " to ".join(dict.fromkeys((month_in_words(months[0]), month_in_words(months[-1]))))
        return f"{ends} ({counted(len(months), 'month')})"

    @property
    def base_sentence(self) -> str:
        """What the run is set against, and how much differs."""
        run = self.ensemble.scenario
        if self.base is None:
            return "It is not set against another scenario."
        base = self.base.scenario
        differences = input_differences(base, run)
        if base.name == run.name and not differences:
            return "It is set against itself: no input differs."
        if base.name == run.name and all(each.text.startswith("parameter ") for each in differences):
            return "It is set against the same scenario without the parameters that it sets."
        many = counted(len(differences), "input")
        differ = f"{many} differ{'s' if len(differences) == 1 else ''}" if differences else "no input differs"
        return f"It is set against “{base.title}” ({base.name}), with the same random numbers; {differ}."

    @property
    def who_objects(self) -> str:
        """Which allies object most often over all texts, and how often in the base; empty without meetings."""
        shares = self._mean_objections(self.ensemble)
        before = self._mean_objections(self.base) if self.base is not None else None
        named = [
            f"{ALLY_NAMES[ally]} in {percent(share)}"
            + (f" ({percent(before.get(ally, 0.0))})" if before is not None else "")
            for ally, share in shares.items()
            if share >= LEAST
        ][:NAMED]
        if not named:
            return f"No ally objects to {percent(LEAST)} of the texts or more." if len(self.board) else ""
        note = "; in brackets the base" if before is not None else ""
        return f"Over all texts and draws those who object, or are expected to, are {in_a_row(named)}{note}."

    @staticmethod
    def _mean_objections(ensemble: EnsembleLike) -> dict[str, float]:
        found = ensemble.objectors().groupby("ally")["share"].sum() / max(len(ensemble.decisions()), 1)
        return {str(ally): share for ally, share in found.sort_values(ascending=False, kind="stable").items()}

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The parameters that the scenario sets."""
        return tuple(_settings(self.ensemble.scenario))

    @property
    def certainty(self) -> tuple[str, ...]:
        """How sure the numbers are, and what they are drawn from."""
        draws = self.ensemble.draws
        error = f"{50.0 / math.sqrt(draws):.1f} points"
        few = f" Few draws: {FEW_DRAWS} bring it down to {50.0 / math.sqrt(FEW_DRAWS):g}." if draws < FEW_DRAWS else ""
        paired = " Both scenarios have the same random numbers, so differences are more certain." if self.base else ""
        drawn = (
            "Actors and parameters are drawn jointly, as fitted to documents, figures and decisions to mid-2025"
            if self.ensemble.scenario.calibration == "posterior"
            else "Parameters are drawn from their priors, and actors as measured before the fit to recorded decisions"
        )
        set_ = "" if self.ensemble.scenario.parameters else "; this scenario sets none"
        return (
            f"Monte Carlo error: with {counted(draws, 'draw')} the standard error of a share is up to {error}."
            f"{few}{paired}",
            f"{drawn}{set_}.",
        )

    @property
    def made_by(self) -> str:
        """Versions of what computed the run, its draws and its seed."""
        origin = self.ensemble.origin
        return (
            f"alliance_sim {origin['version']}, calibration {origin['calibration']}, core {origin['core']}; "
            f"{counted(self.ensemble.draws, 'draw')}, seed {self.ensemble.seed}"
        )
