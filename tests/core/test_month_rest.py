"""Without events nothing changes: not one bit without noise, and not in distribution with noise."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from alliance_sim.calibration import LEADERS
from alliance_sim.compile import ALLY_VARIABLES, compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.outcomes import OUTCOMES
from core.helpers import STILL, ally, of, run, scenario

#: What follows from spending, which output moves each January, and budgets in the era of 2025.
SPENT = ("mean_spending", "spending_spread", "burden_sharing", "cohesion", "deterrence", "deterrence_without_us")
#: Outcomes that start at one point for all draws, or cannot fall below it.
AT_A_POINT = ("war_intensity", "concession_pressure", "demands", "isolation")


@pytest.mark.parametrize(("era", "start"), [("2014", "2018-01"), ("2018", "2018-01"), ("2025", "2025-06")])
def test_without_events_and_noise_nothing_changes(era, start):
    months = 36 if era == "2025" else 25  # the United Kingdom leaves the EU after January 2020
    block = run(scenario(months=months, era=era, start=start, **STILL), draws=60)
    for name in OUTCOMES:
        if name not in SPENT:
            values = of(block, name)
            np.testing.assert_array_equal(values, values[:, :1].repeat(months, axis=1), err_msg=name)
    for name in ALLY_VARIABLES:
        if name != "spending":
            values = ally(block, name)
            np.testing.assert_array_equal(values, values[:, :1].repeat(months, axis=1), err_msg=name)
    np.testing.assert_array_equal(block.output.positions, block.output.positions[:, :1].repeat(months, axis=1))
    budget, figures = block.states.ally[:, L.AllyState.budget], block.inputs.ally_input[:, L.AllyInput.initial_spending]
    if era == "2025":
        assert (budget > figures).any()  # announced rises
    else:
        np.testing.assert_array_equal(budget, figures)


def test_positions_start_at_their_calibrated_values():
    what = scenario(months=1, **STILL)
    block = run(what, draws=20)
    drawn = compile_scenario(what).draw_inputs(1, 0, 20)
    np.testing.assert_array_equal(block.output.positions[:, 0, 1:], drawn.initial_position.transpose(0, 2, 1)[:, 1:])
    np.testing.assert_array_equal(
        ally(block, "threat_perception")[:, 0, 1:], drawn.ally_input[:, L.AllyInput.initial_threat, 1:]
    )
    alpha = drawn.params[:, L.Param.initial_autonomy, None]
    leader = LEADERS.index("2025")
    institutions = drawn.issue_input[:, L.IssueInput.institutions_position]
    washington = alpha * drawn.leader_position[:, leader] + (1 - alpha) * institutions
    np.testing.assert_allclose(block.output.positions[:, 0, 0], washington, atol=1e-12)
    np.testing.assert_allclose(of(block, "presidential_autonomy")[:, 0], alpha[:, 0])


def assert_at_rest(draws):
    block = run(scenario(months=24, era="2018", start="2018-01"), draws=draws, keep="allies")
    moving = 0
    for name in OUTCOMES:
        first, last = of(block, name)[:, 0], of(block, name)[:, -1]
        change = last - first
        if np.ptp(change) == 0.0:
            assert (change == 0.0).all(), name
            continue
        moving += 1
        error = change.std() / np.sqrt(draws)
        if name == "demands":  # only softer positions count
            assert 0.0 <= change.mean() < 0.01
        else:
            assert abs(change.mean()) < 4.0 * error + 1e-4, (name, change.mean(), error)
        if name in AT_A_POINT:
            assert last.std() < 0.01
        elif name not in ("camps", "exercise_participation"):
            assert ks_2samp(first, last, method="asymp").pvalue > 1e-3, name
    assert moving > 10
    armed = [i for i, name in enumerate(ALLIES) if name not in ("USA", "ISL")]  # no budget can fall below nothing
    for name in ALLY_VARIABLES:
        others = armed if name == "spending" else range(1, len(ALLIES))
        change = (ally(block, name)[:, -1] - ally(block, name)[:, 0])[:, others]
        error = change.std(axis=0) / np.sqrt(draws)
        assert (np.abs(change.mean(axis=0)) < 4.5 * error + 1e-4).all()


def test_without_events_distributions_do_not_change():
    assert_at_rest(400)


@pytest.mark.full
def test_without_events_distributions_do_not_change_of_many_draws():
    assert_at_rest(2000)
