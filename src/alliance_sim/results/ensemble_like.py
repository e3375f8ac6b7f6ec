"""What sentences and figures read of an ensemble, which imports them itself."""

# ruff: noqa: D102 (described where `Ensemble` defines them)
from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from alliance_sim.compile import CompiledScenario, Keep
from alliance_sim.core.structures import DecisionRecords, RecordedOutput
from alliance_sim.scenarios import Scenario


class EnsembleLike(Protocol):
    """The draws of one scenario, as `Ensemble` has them.

    Examples
    --------
    >>> import alliance_sim as als
    >>> ensemble: EnsembleLike = als.simulate("baseline_2018", draws=2)
    >>> ensemble.draws, ensemble.seed
    (2, 0)
    """

    @property
    def program(self) -> CompiledScenario: ...
    @property
    def scenario(self) -> Scenario: ...
    @property
    def seed(self) -> int: ...
    @property
    def draws(self) -> int: ...
    @property
    def keep(self) -> Keep: ...
    @property
    def output(self) -> RecordedOutput: ...
    @property
    def records(self) -> DecisionRecords: ...
    @property
    def origin(self) -> Mapping[str, str | int]: ...
    @property
    def months(self) -> tuple[str, ...]: ...
    def series(self, name: str) -> pd.DataFrame: ...
    def decisions(self) -> pd.DataFrame: ...
    def objectors(self) -> pd.DataFrame: ...
