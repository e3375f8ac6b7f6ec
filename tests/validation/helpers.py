"""Ensembles that were not run: their arrays are what a test writes into them."""

from collections.abc import Callable

import numpy as np

from alliance_sim.compile import CompiledScenario, compile_scenario
from alliance_sim.core.structures import ALLY_VARIABLES
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS, Decision, Forum
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios import ScenarioSource, load_scenario
from alliance_sim.validation.record import record


class Draws:
    """The arrays of an ensemble: every text adopted, nobody objects, every outcome and all spending zero."""

    def __init__(self, scenario: ScenarioSource, draws: int) -> None:
        self.program: CompiledScenario = compile_scenario(load_scenario(scenario))
        self.draws = draws
        self.output, self.records = self.program.allocate_output(draws, "allies")
        self.records.outcome[...] = Decision.ADOPTED
        self.output.allies.swapaxes(1, 2)[:, :, ~self.program.member[:, Forum.NAC]] = np.nan

    def decide(self, row: int, decision: str, draws: slice = slice(None)) -> None:
        self.records.outcome[draws, self.program.agenda[row].column] = DECISIONS.index(decision)

    def object(self, row: int, ally: str, draws: slice = slice(None)) -> None:
        self.records.objection[draws, self.program.agenda[row].column, ALLIES.index(ally)] = 1

    def spend(self, month: str, ally: str, percent: float | np.ndarray) -> None:
        values = self.output.allies[:, self.program.months.index(month), ALLY_VARIABLES.index("spending")]
        values[:, ALLIES.index(ally)] += percent

    def outcome(self, name: str) -> np.ndarray:
        return self.output.outcomes[:, :, list(OUTCOMES).index(name)]

    def ensemble(self) -> Ensemble:
        return Ensemble(self.program, 1, self.draws, "allies", self.output, self.records, {})


def synthetic(scenario: ScenarioSource, draws: int, write: Callable[[Draws], None] = lambda draws: None) -> Ensemble:
    made = Draws(scenario, draws)
    write(made)
    return made.ensemble()


def as_recorded(draws: Draws) -> None:
    """Decide the items to 2019 as they were decided, with the recorded objectors."""
    row = {(row.meeting, row.issue): i for i, row in enumerate(draws.program.agenda)}
    for item in record():
        draws.decide(row[item.meeting, item.issue], item.decision)
        for ally in item.objectors & set(ALLIES):
            draws.object(row[item.meeting, item.issue], ally)
