from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

import alliance_sim as als
from alliance_sim.core.structures import AllyInput, AllyState, Param
from alliance_sim.explorer.answers.network import (
    HEARD,
    MEASURES,
    THREAT,
    Network,
    arrows,
    measure_network,
    ranking,
    ties,
)
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.issues import ISSUES

SHIFTS = {
    "name": "shifts",
    "extends": "us_russia_reset_2025",
    "title": "Events that change what influence rests on",
    "events": [
        {"month": "2025-11", "type": "shift", "name": name, **change, "source": "hypothetical"}
        for name, change in {
            "guarantee_confidence.POL": {"to": 0.1},
            "guarantee_confidence.DEU": {"by": -0.2, "probability": 0.5},
            "threat_perception.ITA": {"by": 0.2},
            "threat_diffusion": {"to": 0.1},
            "confidence_bound": {"by": 0.1},
            "susceptibility.HUN": {"to": 0.9},
        }.items()
    ],
}
SEED = 4
SCENARIOS: dict[str, Any] = {"us_russia_reset_2025": "us_russia_reset_2025", "shifts": SHIFTS}


@pytest.fixture(scope="module", params=SCENARIOS)
def measured(request: pytest.FixtureRequest) -> tuple[Any, Network]:
    scenario = als.load_scenario(SCENARIOS[request.param])
    return scenario, measure_network(scenario, SEED, draws=1)


@pytest.fixture(scope="module")
def mean() -> Network:
    return measure_network(als.load_scenario("us_russia_reset_2025"), SEED, draws=8)


def stepped(scenario: Any, months: int) -> als.AllianceModel:
    model = als.AllianceModel(scenario, seed=SEED)
    for _ in range(months):
        model.step()
    return model


@pytest.mark.parametrize("month", [0, 3, 5, 6, 30])
def test_what_moved_is_missing_where_nobody_listens(measured: tuple[Any, Network], month: int) -> None:
    scenario, network = measured
    model = stepped(scenario, month)
    alone = copy.deepcopy(model.block)
    alone.inputs.ally_input[0, AllyInput.susceptibility] = 0.0
    alone.inputs.params[0, Param.threat_diffusion] = 0.0
    model.step()
    model.program.run(alone, SEED, month, month + 1)
    state, other = model.block.states, alone.states
    # Where an event of the month sets susceptibility or diffusion itself, it does so in both.
    free = model.block.inputs.ally_input[0, AllyInput.susceptibility] > 0
    free &= alone.inputs.ally_input[0, AllyInput.susceptibility] == 0.0
    if alone.inputs.params[0, Param.threat_diffusion] == 0.0:
        threat, without = state.ally[0, AllyState.threat_perception], other.ally[0, AllyState.threat_perception]
        inside = (threat > 0) & (threat < 1) & (without > 0) & (without < 1)
        inside[ALLY_INDEX["USA"]] = False  # what it perceives is made in Washington
        moved = network.moves[THREAT][month].sum(axis=0)
        assert moved[inside] == pytest.approx((threat - without)[inside], abs=1e-12) and inside.sum() > 20
    # Threat has its part in what governments want; only susceptibility is left out here.
    same_threat = stepped(scenario, month)
    same_threat.block.inputs.ally_input[0, AllyInput.susceptibility] = 0.0
    same_threat.step()
    for k, issue in enumerate(ISSUES):
        moved = network.moves[issue][month].sum(axis=0)
        expected = state.displacement[0, k] - same_threat.block.states.displacement[0, k]
        assert moved[free] == pytest.approx(expected[free], abs=1e-12)
    assert free.sum() > 30 - (month == 5)


@pytest.mark.parametrize("month", [0, 5, 30])
@pytest.mark.parametrize("voice", ["USA", "DEU", "HUN"])
def test_who_is_heard_moves_listeners_that_far(measured: tuple[Any, Network], month: int, voice: str) -> None:
    scenario, network = measured
    model, louder = stepped(scenario, month), stepped(scenario, month)
    k = ISSUES.index("russia_strategy")  # led by no other issue
    louder.block.states.displacement[0, k, ALLY_INDEX[voice]] += 0.01
    model.step()
    louder.step()
    moved = (louder.block.states.displacement - model.block.states.displacement)[0, k] / 0.01
    assert network.moves[HEARD][month, ALLY_INDEX[voice]] == pytest.approx(moved, abs=1e-10)


def test_what_is_heard_sums_to_the_susceptibility(measured: tuple[Any, Network]) -> None:
    scenario, network = measured
    model = stepped(scenario, 20)
    susceptibility = model.block.inputs.ally_input[0, AllyInput.susceptibility]
    assert network.moves[HEARD][19].sum(axis=0) == pytest.approx(susceptibility, abs=1e-12)
    for moves in network.moves.values():
        assert not np.diagonal(moves, axis1=1, axis2=2).any()


def test_a_mean_is_that_of_its_draws(mean: Network) -> None:
    ensemble = als.simulate("us_russia_reset_2025", draws=8, seed=SEED, keep="allies")
    threat = ensemble.data["threat_perception"].mean("draw").transpose("month", "ally").to_numpy()
    member = ~np.isnan(threat)
    assert mean.threat[member] == pytest.approx(threat[member], abs=1e-12)
    assert mean.months == ensemble.months and mean.draws == 8


@pytest.mark.parametrize("measure", MEASURES)
def test_lists_agree_with_each_other(mean: Network, measure: str) -> None:
    values = mean.moves[measure][12]
    rows = {row["ally"]: row for row in ranking(mean, measure, 12)}
    assert list(rows) == list(ALLIES)
    strongest = arrows(mean, measure, 12, 40)
    sizes = [abs(arrow["value"]) for arrow in strongest]
    assert len(strongest) == 40 and sizes == sorted(sizes, reverse=True)
    for arrow in strongest:
        expected = values[ALLY_INDEX[arrow["from"]], ALLY_INDEX[arrow["to"]]]
        assert arrow["value"] == pytest.approx(expected, abs=6e-9)
    for ally in ("HUN", "USA"):
        own = ties(mean, measure, 12, ally)
        assert sum(abs(each["value"]) for each in own["moves"]) == pytest.approx(rows[ally]["moves"], abs=1e-6)
        assert sum(each["value"] for each in own["moved_by"]) == pytest.approx(rows[ally]["moved"], abs=1e-6)
        assert all(ally in (arrow["from"], arrow["to"]) for arrow in arrows(mean, measure, 12, 40, ally))
