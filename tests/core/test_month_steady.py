"""A run starts steady: the first month's spread over draws is that of a long quiet run."""

import numpy as np
import pytest

from alliance_sim.compile import SPIN_UP, compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.constants import READ_ERROR, SD_OUTPUT
from alliance_sim.core.rng import normal
from alliance_sim.core.structures import Clock
from core.helpers import ally, of, run, scenario

SEED = 1
#: What a response to Russia and diffusion between allies add is not in the closed form.
APART = {"threat_diffusion": 0.0, "conduct_response": 0.0}


def at_start(what, draws):
    """Return a block before its first month."""
    program = compile_scenario(what)
    block = program.block(SEED, 0, draws, "final")
    program.run(block, SEED, month1=-SPIN_UP)
    return block


def noise(draws, channel, name):
    return np.array([normal(Clock(np.uint64(SEED), d, 0), channel, name) for d in range(draws)])


def quiet(months, **parameters):
    return scenario(months=months, era="2018", start="2018-01", **parameters)


def inside(level, far):
    """Where a level is so far from the ends of its scale that nothing is clipped."""
    return (level > far) & (level < 1.0 - far)


def deviations(block, month, far):
    """Perceived threat of a month less its level, of all draws and allies that are not clipped."""
    level = block.inputs.ally_input[:, L.AllyInput.initial_threat, 1:]
    return (ally(block, "threat_perception")[:, month, 1:] - level)[inside(level, far)]


@pytest.mark.parametrize(("sd", "reversion"), [(0.01, 0.1), (0.02, 0.5), (0.01, 1.0), (0.0, 0.1)])
def test_perceived_threat_starts_with_the_stationary_deviation(sd, reversion):
    block = at_start(quiet(1, sd_threat=sd, threat_reversion=reversion), draws=30)
    stationary = sd / np.sqrt(1.0 - (1.0 - reversion) ** 2)
    level, threat = (
        block.inputs.ally_input[:, L.AllyInput.initial_threat],
        block.states.ally[:, L.AllyState.threat_perception],
    )
    for i in range(1, level.shape[1]):
        expected = np.clip(level[:, i] + stationary * noise(30, L.Channel.STEADY, i), 0.0, 1.0)
        np.testing.assert_allclose(threat[:, i], expected, rtol=1e-12)
    np.testing.assert_array_equal(threat[:, L.US], level[:, L.US])  # it follows from its principals


def test_what_does_not_return_to_a_level_starts_at_it():
    block = at_start(quiet(1, sd_threat=0.01, threat_reversion=0.0, assertiveness_speed=0.0), draws=10)
    np.testing.assert_array_equal(
        block.states.ally[:, L.AllyState.threat_perception], block.inputs.ally_input[:, L.AllyInput.initial_threat]
    )
    world = block.states.world
    np.testing.assert_array_equal(world[:, L.World.assertiveness], world[:, L.World.assertiveness_at_start])


def test_assertiveness_and_spending_start_with_their_deviations():
    speed, response = 0.1, 1.5
    block = at_start(quiet(1, assertiveness_speed=speed, weakness_response=response), draws=30)
    stationary = speed * response * READ_ERROR / np.sqrt(1.0 - (1.0 - speed) ** 2)
    world, n = block.states.world, block.states.ally.shape[2]
    np.testing.assert_allclose(
        world[:, L.World.assertiveness],
        world[:, L.World.assertiveness_at_start] + stationary * noise(30, L.Channel.STEADY, n),
        rtol=1e-12,
    )
    figures = block.inputs.ally_input[:, L.AllyInput.initial_spending]
    factor = 1.0 - SD_OUTPUT * noise(30, L.Channel.OUTPUT, 0)[:, None]
    np.testing.assert_allclose(block.states.ally[:, L.AllyState.spending, 1:], figures[:, 1:] * factor, rtol=1e-12)
    np.testing.assert_array_equal(block.states.ally[:, L.AllyState.spending, L.US], figures[:, L.US])
    np.testing.assert_array_equal(block.states.ally[:, L.AllyState.budget], figures)


def test_the_spread_of_perceived_threat_is_the_same_in_every_month():
    """A first-order autoregression: neither its spread nor its correlation over time changes."""
    sd, reversion, draws = 0.01, 0.1, 400
    block = run(quiet(100, sd_threat=sd, threat_reversion=reversion, **APART), draws=draws, keep="allies")
    stationary = sd / np.sqrt(1.0 - (1.0 - reversion) ** 2)
    found = {month: deviations(block, month, 5.5 * stationary) for month in (0, 1, 10, 50, 99)}
    count = found[0].size
    assert count > 20 * draws
    for month, values in found.items():
        assert values.std() == pytest.approx(stationary, rel=4.0 / np.sqrt(2 * count)), month
        assert abs(values.mean()) < 4.0 * stationary / np.sqrt(count), month
    for one, other in ((0, 1), (0, 10), (0, 50), (1, 10)):
        correlation = np.corrcoef(found[one], found[other])[0, 1]
        expected = (1.0 - reversion) ** (other - one)
        assert correlation == pytest.approx(expected, abs=4.0 / np.sqrt(count)), (one, other)


def test_the_spread_of_assertiveness_is_the_same_in_every_month():
    """What Russia's deviation brings back to it, by war and resistance, is little and slow."""
    speed, response, draws = 0.1, 1.5, 2000
    block = run(quiet(60, assertiveness_speed=speed, weakness_response=response, conduct_response=0.0), draws=draws,
                keep="monthly")  # fmt: skip
    stationary = speed * response * READ_ERROR / np.sqrt(1.0 - (1.0 - speed) ** 2)
    error = 4.0 / np.sqrt(2 * draws)
    spread = of(block, "assertiveness").std(axis=0)
    np.testing.assert_allclose(spread[[0, 1, 2]], stationary, rtol=error)
    np.testing.assert_allclose(spread, stationary, rtol=error + 0.05)


def test_with_all_mechanisms_the_first_month_has_nearly_the_steady_spread():
    """The numbers of the model document, which include diffusion and the response to Russia."""
    block = run(quiet(72), draws=1000, keep="allies")
    level = block.inputs.ally_input[:, L.AllyInput.initial_threat, None, 1:]
    threat = ally(block, "threat_perception")[:, :, 1:] - level
    of_one, of_mean = threat.std(axis=0).mean(axis=1), threat.mean(axis=2).std(axis=0)
    assert of_one[0] == pytest.approx(0.0200, rel=0.04)
    np.testing.assert_allclose(of_one[12:], 0.0185, rtol=0.06)
    assert of_mean[0] == pytest.approx(0.0038, rel=0.1)
    np.testing.assert_allclose(of_mean[12:], 0.0040, rtol=0.15)
    np.testing.assert_allclose(of(block, "assertiveness").std(axis=0), 0.0044, rtol=0.12)
    war = of(block, "war_intensity").std(axis=0)
    assert (
        war[0] < 0.001 and war[6] == pytest.approx(0.0015, abs=0.0005) and war[-1] == pytest.approx(0.003, abs=0.0008)
    )
    drift = of(block, "demands").mean(axis=0)
    assert drift[-1] == pytest.approx(0.005, abs=0.002)
