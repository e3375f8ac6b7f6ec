"""Outcomes stay within their ranges in bundled scenarios and after extreme shifts."""

import numpy as np
import pytest

from alliance_sim.core import structures as L
from alliance_sim.errors import InputError
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import list_scenarios, load_scenario
from core.helpers import of, run, scenario


def assert_within_ranges(block):
    for name, outcome in OUTCOMES.items():
        values = of(block, name)
        assert np.isfinite(values).all(), name
        assert (values >= outcome.low).all() and (values <= outcome.high).all(), (name, values.min(), values.max())
    assert np.isfinite(block.output.allies).all()
    assert (block.output.allies >= 0.0).all() and (block.output.allies[:, :, :2] <= 1.0).all()
    assert ((block.output.positions >= 0.0) & (block.output.positions <= 1.0)).all()


@pytest.mark.parametrize("name", list_scenarios())
def test_outcomes_of_bundled_scenarios_lie_within_their_ranges(name):
    what = load_scenario(name)
    block = run(what, draws=200)
    assert_within_ranges(block)
    decided = block.records.outcome
    assert (decided != L.PENDING).all()  # every item of an agenda is decided or deferred
    assert ((block.records.share >= 0.0) & (block.records.share <= 1.0)).all()
    passed = (decided == L.Decision.ADOPTED) | (decided == L.Decision.DILUTED)
    assert (block.records.share[~passed] == 0.0).all()
    assert (block.records.holder[decided != L.Decision.DEFERRED] == -1).all()
    assert (block.records.bypassed[decided != L.Decision.BLOCKED] == 0).all()
    assert (block.records.settled[decided != L.Decision.DEFERRED] == L.PENDING).all()


@pytest.mark.full
@pytest.mark.parametrize("name", list_scenarios())
def test_outcomes_of_bundled_scenarios_lie_within_their_ranges_in_many_draws(name):
    assert_within_ranges(run(load_scenario(name), draws=2000, seed=2))


@pytest.mark.parametrize(
    "state",
    [
        "assertiveness", "concession_pressure", "conciliation", "criticism", "demands", "opacity",
        "presidential_support", "resistance", "us_commitment", "war_intensity", "fatigue", "guarantee_confidence",
        "spending", "threat_perception", "ukraine_support", "norm.sanctions", "norm.russia_dialogue",
        "norm.deterrence_posture", "position.ukraine_support", "position.sanctions", "position.russia_strategy",
    ],
)  # fmt: skip
@pytest.mark.parametrize("change", ["by: -0.9", "by: 0.9", "to: 0.0", "to: 1.0"])
def test_after_any_shift_of_a_state_outcomes_stay_within_their_ranges(state, change):
    shift = f"""
        events:
          - {{month: 2, type: shift, name: {state}, {change}, source: none}}
        """
    assert_within_ranges(run(scenario(shift, months=8), draws=4))


def test_a_shift_of_presidential_support_stays_within_its_range():
    shift = "events: [{month: 2, type: shift, name: presidential_support, %s, source: none}]"
    assert_within_ranges(run(scenario(shift % "by: -0.5", months=4), draws=4))
    with pytest.raises(InputError, match="allowed: 0 to 1"):
        scenario(shift % "to: -0.5", months=4)


def test_outcomes_stay_within_their_ranges_if_nobody_supports_ukraine():
    none = (
        "events: [{month: 1, type: shift, name: position.ukraine_support, to: 0.0, source: none}, "
        "{month: 1, type: aid_change, channel: all, share: -1.0, source: none}]"
    )
    assert_within_ranges(run(scenario(none, months=4, susceptibility=0.0, norm_pull=0.0, rho=0.0), draws=4))


def test_a_parameter_shifted_out_of_its_range_leaves_outcomes_within_their_ranges():
    for name, by in (
        ("half_life_conciliation", -50.0),
        ("inertia", 0.9),
        ("commitment_loss_conciliation", -1.5),
        ("min_share", 0.9),
        ("threat_reversion", 0.9),
    ):
        shift = f"""
            events:
              - {{month: 1, type: shift, name: {name}, by: {by}, source: none}}
              - {{month: 2, type: bilateral_summit, source: none}}
            meetings:
              - {{month: 3, forum: nac, title: t, source: none, agenda:
                 [{{issue: russia_strategy, proposed: 0.7, reversion: 0.5, text: t, source: none}}]}}
            """
        assert_within_ranges(run(scenario(shift, months=8), draws=4))
