"""What mechanisms and parameters move: closed forms, a mechanism that is absent, and paired runs by hand."""

import json
import math

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.experiments.design import quantiles
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS, STRENGTHS
from alliance_sim.simulation import first_months
from alliance_sim.validation import ablation as module
from alliance_sim.validation.ablation import FLIPS, MOVED, Effect, ablation, inert, ranges

SHORT = first_months(als.load_scenario("baseline_2018"), 8)
DRAWS = 40


def result(outcomes: np.ndarray, classes: list[list[int]]) -> module._Result:
    return module._Result(outcomes, np.array(classes, np.int8))


def test_changes_are_in_standard_deviations_of_the_base() -> None:
    base = np.zeros((4, len(OUTCOMES)))
    cohesion, camps, blow_ups = (list(OUTCOMES).index(name) for name in ("cohesion", "camps", "blow_ups"))
    base[:, cohesion] = [1.0, 3.0, 1.0, 3.0]  # standard deviation 1
    base[:, camps] = 2.0
    other = base.copy()
    other[:, cohesion] += [0.5, 0.5, 0.5, 0.5]
    other[:, blow_ups] = [0.0, 0.0, 0.0, 4.0]  # standard deviation sqrt(3)
    found = module._effect("x", "y", result(other, [[0], [1], [2], [2]]), *[result(base, [[0], [1], [2], [0]])] * 2)
    assert dict(found.outcomes) == pytest.approx({"cohesion": 0.5, "blow_ups": 1 / math.sqrt(3)})
    assert found.outcomes[0][0] == "blow_ups" and found.flips == 0.25
    assert found.spread == pytest.approx(2 / math.sqrt(3))


def test_a_constant_that_changes_has_an_infinite_change_and_a_rounding_none() -> None:
    base = np.full((3, len(OUTCOMES)), 0.1)
    other = base.copy()
    other[:, 0] += 0.5
    other[:, 1] += 1e-16
    found = module._effect("x", "y", result(other, [[]] * 3), *[result(base, [[]] * 3)] * 2)
    assert found.outcomes == ((next(iter(OUTCOMES)), math.inf),) and found.flips == 0.0
    written = json.loads(json.dumps(found.json(), allow_nan=False))
    assert written["outcomes"] == {next(iter(OUTCOMES)): None} and written["moves"] is True


@pytest.mark.parametrize(
    ("flips", "change", "moves"),
    [(0.0, 0.0, False), (FLIPS, 0.0, True), (0.0, -MOVED, True), (0.9 * FLIPS, 0.9 * MOVED, False)],
)
def test_limits_of_what_moves_nothing(flips: float, change: float, moves: bool) -> None:
    effects = [Effect("a", "one", 0.0, (), 0.0), Effect("a", "two", flips, (("cohesion", change),), 9.0)]
    assert effects[1].moves is moves and inert(effects) == ([] if moves else ["a"])


def test_a_mechanism_that_does_not_occur_moves_nothing_and_one_that_does_as_much_as_by_hand() -> None:
    steps: list[tuple[int, int]] = []
    found = {
        effect.name: effect
        for effect in ablation(
            DRAWS, 3, [SHORT], ["quarrel_cost", "weakness_signal"], lambda done, total: steps.append((done, total))
        )
    }
    assert found["quarrel_cost"] == Effect("quarrel_cost", "baseline_2018", 0.0, (), 0.0)
    base, without = (
        als.simulate(scenario, DRAWS, 3) for scenario in (SHORT, SHORT.with_parameters({"weakness_signal": 0.0}))
    )
    name, change = found["weakness_signal"].outcomes[0]
    mean = [ensemble.data[name].mean("month").values for ensemble in (base, without)]
    assert change == pytest.approx((mean[1] - mean[0]).mean() / mean[0].std()) and abs(change) > MOVED
    assert steps[-1] == (3 * DRAWS, 3 * DRAWS)


def test_parameters_move_over_their_prior_and_fixed_ones_have_no_row() -> None:
    steps: list[tuple[int, int]] = []
    names = ["weakness_signal", "concession_step", "quarrel_cost"]
    effects = ranges(DRAWS, 3, [SHORT], names, lambda done, total: steps.append((done, total)))
    found = {effect.name: effect for effect in effects}
    assert list(found) == ["weakness_signal", "quarrel_cost"] and inert(effects) == ["quarrel_cost"]
    ends = quantiles(PARAMETERS["weakness_signal"].prior("2018"), np.array([0.05, 0.95]))
    low, high = (als.simulate(SHORT.with_parameters({"weakness_signal": end}), DRAWS, 3) for end in ends)
    base = als.simulate(SHORT, DRAWS, 3)
    name, change = found["weakness_signal"].outcomes[0]
    mean = [ensemble.data[name].mean("month").values for ensemble in (base, low, high)]
    assert change == pytest.approx((mean[2] - mean[1]).mean() / mean[0].std()) and abs(change) > MOVED
    assert steps[-1] == (7 * DRAWS, 7 * DRAWS)


def test_a_scenarios_own_value_is_not_moved() -> None:
    fixed = {"name": "fixed", "extends": "baseline_2018", "parameters": {"pledge": 0.5}}
    assert ranges(2, 1, [fixed], ["pledge"]) == []
    own = {"name": "own", "extends": "baseline_2018", "parameters": {"susceptibility.HUN": 0.5}}
    (effect,) = ablation(2, 1, [own], ["susceptibility"])
    alone = {**own, "name": "alone", "parameters": {"susceptibility": 0.0, "susceptibility.HUN": 0.0}}
    one, two = (als.simulate(scenario, 2, 1).data[effect.outcomes[0][0]].values for scenario in (own, alone))
    change = (two - one)[:, -12:].mean(axis=1).mean() / one[:, -12:].mean(axis=1).std()
    assert effect.outcomes[0][1] == pytest.approx(change)


@pytest.mark.full
def test_all_strengths_in_all_scenarios() -> None:
    found = ablation(8, 1)
    assert {effect.name for effect in found} == set(STRENGTHS)
    assert {effect.scenario for effect in found} == set(als.list_scenarios())
