import math

import pytest

from alliance_sim.errors import InputError
from alliance_sim.registry.distributions import Prior, fixed
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import Distribution, load_scenario


def test_parameters_can_be_set_on_a_copy() -> None:
    base = load_scenario("baseline_2025")
    changed = base.with_parameters({"tolerated_move": 0.04, "susceptibility.HUN": 0.2})
    assert base.parameters == {}
    assert changed.parameters == {"tolerated_move": 0.04, "susceptibility.HUN": 0.2}
    assert changed.with_parameters({"tolerated_move": 0.05}).parameters["tolerated_move"] == 0.05
    assert (changed.events, changed.meetings, changed.text) == (base.events, base.meetings, base.text)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"tolerated_moves": 1.0},
            r"parameters\.tolerated_moves: no parameter is called 'tolerated_moves' \(nearest: tolerated_move\)",
        ),
        ({"tolerated_move": 9.0}, r"parameters\.tolerated_move: 9 is out of range"),
        ({"tolerated_move": math.inf}, r"parameters\.tolerated_move"),
        ({"susceptibility.XYZ": 0.2}, r"susceptibility\.XYZ"),
    ],
)
def test_wrong_parameters_are_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_scenario("baseline_2025").with_parameters(values)


def test_distributions_become_priors_on_the_range_of_the_parameter() -> None:
    low, high = PARAMETERS["tolerated_move"].low, PARAMETERS["tolerated_move"].high
    given = {
        "tolerated_move": Distribution(normal=(0.03, 0.01)),
        "slack_scale": Distribution(lognormal=(-5.5, 0.3)),
        "min_share": Distribution(uniform=(0.3, 0.5)),
        "initial_resistance": Distribution(triangular=(0.3, 0.45, 0.6)),
        "threat_diffusion": 0.02,
    }
    priors = load_scenario("baseline_2025").with_parameters(given).priors()
    assert priors["tolerated_move"] == Prior("normal", 0.03, 0.01, low, high)
    assert priors["slack_scale"] == Prior(
        "lognormal", -5.5, 0.3, PARAMETERS["slack_scale"].low, PARAMETERS["slack_scale"].high
    )
    assert (priors["min_share"].kind, priors["min_share"].low, priors["min_share"].high) == ("uniform", 0.3, 0.5)
    assert priors["initial_resistance"] == Prior("triangular", 0.45, 0.0, 0.3, 0.6)
    assert priors["threat_diffusion"] == fixed(0.02)
