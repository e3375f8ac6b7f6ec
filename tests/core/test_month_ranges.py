"""Outcomes stay within their ranges in bundled scenarios and after extreme shifts."""

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.errors import InputError
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import parameter_names, resolve
from alliance_sim.registry.states import AllyState, IssueState, World
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
    once = compile_scenario(what).calendar.meetings.again == 0  # others may be refused several times
    refused = ~once | (decided == L.Decision.BLOCKED) | (block.records.settled == L.Decision.BLOCKED)
    assert (block.records.holder[~refused] == -1).all()
    assert (block.records.voiced[block.records.objection >= 0] == 1).all()  # who breaks silence has spoken
    tabled = passed | (decided == L.Decision.BLOCKED)
    assert (block.records.first_tabled[~tabled] == 0.0).all()
    assert (block.records.first_tabled >= block.records.tabled)[tabled].all()
    assert ((block.records.proposed >= 0.0) & (block.records.proposed <= 1.0)).all()
    assert (block.records.bypassed[decided != L.Decision.BLOCKED] == 0).all()
    assert (block.records.settled[once & (decided != L.Decision.DEFERRED)] == L.PENDING).all()


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
        ("half_life_signals", -50.0),
        ("momentum", 0.9),
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


#: Every kind of event as large as it may be, several in one month, up and down: what no bundled scenario does.
LARGE = """
events:
  - {id: e1, month: 0, type: bilateral_summit, conciliation: 1, openness: 0, follow_up: 1, process: true, source: none}
  - {id: e2, month: 0, type: bilateral_summit, conciliation: 1.0, openness: 0.0, follow_up: 2, source: none}
  - {id: e3, month: 0, type: strategic_document, strength: 1.0, source: none}
  - {id: e4, month: 1, type: strategic_document, strength: 1.0, source: none}
  - {id: e5, month: 1, type: strategic_document, strength: 1.0, source: none}
  - {id: e6, month: 1, type: leadership_change, ally: USA, stance: washington_2024, source: none}
  - {id: e7, month: 1, type: leadership_change, ally: DEU, stance: UP, source: none}
  - {id: e8, month: 2, type: leadership_change, ally: DEU, stance: UP, source: none}
  - {id: e9, month: 2, type: aid_change, channel: all, share: UP, source: none}
  - {id: e10, month: 2, type: sanctions_relief, share: UP, source: none}
  - {id: e11, month: 2, type: sanctions_relief, share: UP, source: none}
  - {id: e12, month: 2, type: guarantee_statement, about: [POL, DEU, FRA, TUR], severity: UP, source: none}
  - {id: e13, month: 3, type: guarantee_statement, about: [POL, DEU, FRA, TUR], severity: UP, source: none}
  - {id: e14, month: 3, type: spending_demand, percent: 10.0, pressure: 1.0, source: none}
  - {id: e15, month: 3, type: spending_demand, percent: 10.0, pressure: 1.0, source: none}
  - {id: e16, month: 3, type: trade_dispute, with: EU, size: 1.0, source: none}
  - {id: e17, month: 4, type: trade_dispute, with: EU, size: 1.0, source: none}
  - {id: e18, month: 4, type: escalation, size: 1.0, source: none}
  - {id: e19, month: 4, type: ceasefire, size: 1.0, source: none}
  - {id: e20, month: 5, type: hybrid_campaign, size: 1.0, source: none}
  - {id: e21, month: 5, type: hybrid_campaign, size: 1.0, source: none}
  - {id: e22, month: 5, type: exercise, partner: UKR, ambition: UP, source: none}
  - {id: e23, month: 6, type: exercise, partner: UKR, ambition: UP, source: none}
  - {id: e24, month: 6, type: shift, name: aid_need, to: 2.0, source: none}
  - {id: e25, month: 7, type: shift, name: position.sanctions, by: UP, source: none}
  - {id: e26, month: 8, type: ceasefire_offer, size: 1.0, source: none}
  - {id: e27, month: 4, type: dispute, holder: HUN, issue: sanctions, about: t, source: none}
  - {id: e28, month: 5, type: dispute, holder: HUN, issue: sanctions, about: t, source: none}
meetings:
  - {month: 5, forum: nato_summit, title: t, source: none, agenda: [
      {issue: defence_spending, proposed: 1.0, reversion: 0.4, text: t, source: none},
      {issue: deterrence_posture, proposed: 1.0, reversion: 0.5, rule: coalition, text: t, source: none},
      {issue: russia_strategy, proposed: 0.0, reversion: 0.7, text: t, source: none}]}
  - {month: 7, forum: eu_council, title: t, source: none, agenda: [
      {issue: sanctions, proposed: 0.8, reversion: 0.0, text: t, source: none}]}
  - {month: 8, forum: nac, title: t, source: none, agenda: [
      {issue: ukraine_support, ask: [4, 1], divisible: [true, false], reversion: 0.9, priority: true, text: t,
       source: none},
      {issue: russia_dialogue, ask: 4, direction: less, reversion: 0.1, sponsors: [HUN, USA], text: t, source: none},
      {issue: open_door, ask: 4, reversion: 0.45, divisible: false, package: x, text: t, source: none},
      {issue: sanctions, ask: 3, reversion: 0.3, divisible: false, package: x, text: t, source: none}]}
"""


def corners(number, seed):
    """Values of every parameter and every number of an actor at an end of its range, (number,) by name."""
    random = np.random.default_rng(seed)
    values = {}
    for name in parameter_names():
        parameter, _ = resolve(name)
        ends = np.array([parameter.low, parameter.high])
        values[name] = ends[random.integers(0, 2, number)]
        values[name][:2] = ends  # one corner has all at their lowest, one all at their highest
    return values


def assert_states_within_ranges(block):
    """Assert that every state is finite and within the range that the registry says."""
    states = block.states
    for table, array in ((World, states.world), (AllyState, states.ally), (IssueState, states.issue)):
        for state in table:
            values = array[:, state]
            assert np.isfinite(values).all(), state.name
            assert state.low <= values.min() and values.max() <= state.high, (state.name, values.min(), values.max())
    assert ((states.displacement >= -1.0) & (states.displacement <= 1.0)).all()
    assert np.isfinite(states.position_error).all() and np.abs(states.position_error).max() < 10.0
    assert np.isfinite(states.dispute_end).all() and (states.dispute_end >= 0.0).all()
    for array in (states.position, states.salience, block.records.proposed):
        assert ((array >= 0.0) & (array <= 1.0)).all()


@pytest.mark.parametrize("up", ["1.0", "-1.0"])
def test_no_state_leaves_its_range_at_the_corners_of_the_parameters_whatever_happens(up):
    program = compile_scenario(scenario(LARGE.replace("UP", up), months=10))
    block = program.block(4, 0, 1, "trace", corners(1000, seed=int(float(up)) + 7))
    program.run(block, 4, month1=0)
    for month in range(len(program.months)):
        program.run(block, 4, month, month + 1)
        assert_states_within_ranges(block)
    assert_within_ranges(block)


@pytest.mark.full
@pytest.mark.parametrize("name", list_scenarios())
def test_no_state_leaves_its_range_at_the_corners_of_the_parameters_in_bundled_scenarios(name):
    program = compile_scenario(load_scenario(name))
    block = program.block(5, 0, 1, "monthly", corners(2000, seed=len(name)))
    program.run(block, 5, month1=0)
    for month in range(len(program.months)):
        program.run(block, 5, month, month + 1)
        assert_states_within_ranges(block)
    assert_within_ranges(block)


def test_erosion_of_the_institutions_stays_between_them_and_the_president():
    """A long reset without documents: institutions drift towards the president, ever slower, and not beyond him."""
    what = load_scenario("us_russia_reset_2025").with_parameters({"reset_flow": 1.0, "conduct_response": 0.0})
    block = run(what.with_parameters({"softening": 0.0}), 20)
    leader = block.inputs.leader_threat[:, block.states.world[:, World.leader].astype(int)].diagonal()
    stance, left = of(block, "institutions_stance"), of(block, "institutions_stance") - leader[:, None]
    assert (np.abs(np.diff(left, axis=1)) > 0.0).any() and (left[:, :1] * left >= 0.0).all()
    assert (np.diff(np.abs(left), axis=1) <= 1e-12).all()
    np.testing.assert_allclose(left[:, -1], (1.0 - block.states.world[:, World.erosion]) * left[:, 0], rtol=1e-9)
    assert (stance[:, -1] != stance[:, 0]).all()
