"""Points of a sweep: each gives the results of the scenario with those parameters."""

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.scenarios import load_scenario
from alliance_sim.simulation import first_months
from core.helpers import of, run, scenario

POINTS = {
    "threat_reversion": [0.1, 0.3, 0.1],
    "susceptibility": [0.2, 0.5, 0.9],
    "susceptibility.HUN": [0.4, 0.1, 0.3],
    "dispute_onset": [0.01, 0.02, 0.03],
    "threat_perception.POL": [0.9, 0.5, 0.7],
    "threat_perception.USA.leader": [0.1, 0.8, 0.4],
    "position.sanctions.DEU": [0.3, 0.6, 0.9],
}


def at_points(what, draw0, draw1, point0=0, point1=3, seed=7):
    program = compile_scenario(what)
    points = {name: np.array(values[point0:point1]) for name, values in POINTS.items()}
    block = program.block(seed, draw0, draw1, "trace", points)
    program.run(block, seed)
    return block


def test_a_point_gives_the_results_of_the_scenario_with_its_parameters():
    # A value for one ally in the scenario takes precedence over a point's value for all allies.
    what = first_months(load_scenario("us_russia_reset_2025"), 4).with_parameters({"dispute_onset.TUR": 0.5})
    block = at_points(what, 2, 5)
    for point in range(3):
        alone = run(what.with_parameters({name: v[point] for name, v in POINTS.items()}), 3, 7, draw0=2)
        rows = slice(3 * point, 3 * point + 3)
        for whole, part in ((block.output, alone.output), (block.records, alone.records), (block.inputs, alone.inputs)):
            for mine, theirs in zip(whole, part, strict=True):
                np.testing.assert_array_equal(mine[rows], theirs)
    assert (block.inputs.ally_input[:, L.AllyInput.dispute_onset, ALLIES.index("TUR")] == 0.5).all()
    assert len(np.unique(of(block, "cohesion"))) > 30


@pytest.mark.parametrize("split", [(1, 6), (3, 1), (2, 4)])
def test_runs_do_not_depend_on_how_points_and_draws_are_split(split):
    what, (points, draws) = first_months(load_scenario("us_russia_reset_2025"), 3), split
    whole = at_points(what, 0, 6)
    for point0 in range(0, 3, points):
        for draw0 in range(0, 6, draws):
            part = at_points(what, draw0, min(draw0 + draws, 6), point0, min(point0 + points, 3))
            rows = [
                6 * p + d for p in range(point0, min(point0 + points, 3)) for d in range(draw0, min(draw0 + draws, 6))
            ]
            for mine, theirs in zip((*part.output, *part.records), (*whole.output, *whole.records), strict=True):
                np.testing.assert_array_equal(mine, theirs[rows])


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ({"threat_reversio": [0.1]}, "nearest: threat_reversion"),
        ({"threat_reversion": [0.1, 2.0]}, "points: threat_reversion: 2 is out of range; allowed: 0 to 1"),
        ({"threat_reversion": [np.nan]}, "points: threat_reversion: nan is out of range"),
    ],
)
def test_unknown_names_and_values_out_of_range_are_refused(points, message):
    program = compile_scenario(scenario(months=1))
    with pytest.raises(InputError, match=message):
        program.block(0, 0, 1, "final", {name: np.array(values) for name, values in points.items()})
