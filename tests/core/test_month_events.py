"""What each kind of event does in a month."""

from functools import cache

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.constants import COMMITMENT_SPEED
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.events import AT_THE_START, SHIFTABLE
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import list_scenarios, load_scenario
from core.helpers import STILL, ally, of, position, run, same, scenario


def event(text, months=6, **parameters):
    return scenario(f"events:\n  - {{month: 2, source: none, {text}}}\n", months=months, **{**STILL, **parameters})


def test_an_uncertain_event_happens_in_the_share_of_draws_that_its_probability_gives():
    block = run(event("type: shift, name: concession_pressure, by: 0.3, probability: 0.3"), draws=1000, keep="monthly")
    moved = of(block, "concession_pressure")[:, 2] > of(block, "concession_pressure")[:, 1] + 1e-9
    assert moved.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 1000))
    # With a higher probability it still happens in the same draws, and in more.
    more = run(event("type: shift, name: concession_pressure, by: 0.3, probability: 0.6"), draws=1000, keep="monthly")
    again = of(more, "concession_pressure")[:, 2] > of(more, "concession_pressure")[:, 1] + 1e-9
    assert (again | ~moved).all() and again.mean() == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / 1000))


@pytest.mark.parametrize(
    ("condition", "happens"), [("> 0.5", True), (">= 0.6", True), ("< 0.5", False), ("<= 0.5", False)]
)
def test_a_condition_refers_to_the_month_before(condition, happens):
    block = run(event(f"type: shift, name: concession_pressure, by: 0.3, when: assertiveness {condition}"))
    change = of(block, "concession_pressure")[:, 2] - of(block, "concession_pressure")[:, 1]
    assert (change > 0.1).all() if happens else (change == 0.0).all()


def test_a_condition_holds_in_some_draws_and_not_in_others():
    text = "type: shift, name: concession_pressure, by: 0.3, when: cohesion > 0.6"
    block = run(event(text), draws=200, keep="monthly")
    above = of(block, "cohesion")[:, 1] > 0.6
    moved = of(block, "concession_pressure")[:, 2] != of(block, "concession_pressure")[:, 1]
    assert 0 < above.sum() < 200
    np.testing.assert_array_equal(moved, above)


def test_a_condition_in_the_first_month_sees_the_spin_up():
    body = "events:\n  - {month: 0, type: escalation, size: 0.2, when: assertiveness > 0.5, source: none}\n"
    block = run(scenario(body, months=2, **STILL))
    assert (of(block, "assertiveness")[:, 0] > 0.7).all()


def test_shifts_set_or_change_states_and_parameters():
    still = run(scenario(months=6, **STILL))
    level, left = of(still, "us_commitment")[:, 2:], (1.0 - COMMITMENT_SPEED) ** np.arange(1, 5)  # it returns
    to = run(event("type: shift, name: us_commitment, to: 0.2"))
    np.testing.assert_allclose(of(to, "us_commitment")[:, 2:], level + (0.2 - level) * left)
    by = run(event("type: shift, name: us_commitment, by: -0.1"))
    np.testing.assert_allclose(of(by, "us_commitment")[:, 2:], level - 0.1 * left)

    fresh = run(event("type: shift, name: threat_perception.POL, to: 0.3", threat_reversion=0.0, eta=0.0, beta=0.0))
    threat = ally(fresh, "threat_perception")
    np.testing.assert_allclose(threat[:, 2:, ALLIES.index("POL")], 0.3)
    rest = [i for i, name in enumerate(ALLIES) if name != "POL"]
    np.testing.assert_array_equal(threat[:, :, rest], threat[:, :1, rest].repeat(6, axis=1))

    norm = run(event("type: shift, name: norm.deterrence_posture, to: 0.9"))
    assert (of(norm, "deterrence")[:, 3:] > of(still, "deterrence")[:, 3:]).all()
    everybody = run(event("type: shift, name: spending, by: 0.5"))
    np.testing.assert_allclose(of(everybody, "mean_spending")[:, 2], of(still, "mean_spending")[:, 2] + 0.5)

    level = run(
        event(
            "type: shift, name: assertiveness_level, to: 0.8",
            months=40,
            assertiveness_speed=0.15,
            weakness_response=0.0,
        )
    )
    np.testing.assert_array_equal(of(level, "assertiveness")[:, :2], of(still, "assertiveness")[:, :2])
    assert (of(level, "assertiveness")[:, -1] > 0.75).all()
    parameter = run(event("type: shift, name: initial_resistance, to: 0.9", months=40))
    np.testing.assert_array_equal(of(parameter, "resistance")[:, :2], of(still, "resistance")[:, :2])
    resistance = of(parameter, "resistance")  # the war answers it, and it the war
    assert (np.diff(resistance[:, 1:6], axis=1) > 0.0).all() and (resistance[:, -1] > 0.85).all()


def test_aid_begins_when_aid_need_rises():
    """Washington gives at once, the others at their own rate, up to the allocations of 2022-2024: an index of one."""
    text = "type: shift, name: aid_need, to: 1.0"
    calm = STILL | {"aid_elasticity": 0.0, "compensation_rate": 0.15}
    block = run(event(text, era=2014, start="2014-01", months=80, **calm))
    total, given = of(block, "ukraine_support_total"), ally(block, "ukraine_support")
    assert (total[:, :2] == 0.0).all() and (given[:, :2] == 0.0).all()
    assert (np.diff(total[:, 2:40], axis=1) > 0.0).all() and (total[:, 2] > 0.4).all()
    np.testing.assert_allclose(total[:, -1], 1.0, atol=1e-3)
    figures = compile_scenario(scenario(months=1)).draw_inputs(1, 0, 1).ally_input[0, L.AllyInput.initial_aid]
    np.testing.assert_allclose(given[:, -1], np.broadcast_to(figures, given[:, -1].shape), atol=2e-3)
    assert (given[:, 2, 0] == figures[0]).all() and (given[:, 2, 1:] <= 0.16 * figures[1:]).all()
    richer = run(event(text, era=2014, start="2014-01", months=30, **(calm | {"aid_elasticity": 0.8})))
    assert (of(richer, "resistance")[:, -1] > of(block, "resistance")[:, 29] + 0.1).all()


@pytest.mark.parametrize("iso3", ["DEU", "USA"])
def test_a_shift_of_a_position_is_seen_in_the_position(iso3):
    i = ALLIES.index(iso3)
    none = {"susceptibility": 0.0, "autonomy_gain_opacity": 0.0}
    still = position(run(scenario(months=4, **STILL, **none)), "open_door")
    moved = position(
        run(event(f"type: shift, name: position.open_door.{iso3}, by: -0.1", months=4, **none)), "open_door"
    )
    if iso3 != "USA":
        np.testing.assert_allclose(moved[:, 2:, i], np.maximum(still[:, 2:, i] - 0.1, 0.0), atol=1e-12)
    assert (moved[:, 2:, i] <= still[:, 2:, i]).all() and (moved[:, 2:, i] < still[:, 2:, i] - 0.05).mean() > 0.5
    rest = [j for j in range(len(ALLIES)) if j != i]
    np.testing.assert_array_equal(moved[:, :, rest], still[:, :, rest])


def test_a_change_of_leadership_shifts_perceived_threat():
    home = run(
        event("type: leadership_change, ally: HUN, stance: 0.3", months=60, eta=0.0, threat_reversion=0.15, beta=0.0)
    )
    threat = ally(home, "threat_perception")
    i = ALLIES.index("HUN")
    expected = np.minimum(threat[:, 0, i] + 0.3, 1.0)
    np.testing.assert_allclose(threat[:, -1, i], expected, atol=0.01)
    there = run(event("type: leadership_change, ally: USA, stance: washington_2024"))
    gap = of(there, "threat_gap")
    assert (gap[:, 2] < gap[:, 1]).all()


BUSY = """
    events:
      - {month: 2, type: bilateral_summit, conciliation: 0.5, openness: 0.1, follow_up: 3, process: true, source: none}
      - {month: 3, type: aid_change, channel: all, share: -0.5, source: none}
      - {month: 3, type: guarantee_statement, about: MNE, severity: 0.5, source: none}
      - {month: 3, type: trade_dispute, with: EU, size: 0.5, source: none}
      - {month: 3, type: spending_demand, percent: 3.0, pressure: 0.5, source: none}
      - {month: 3, type: hybrid_campaign, size: 0.5, source: none}
      - {month: 3, type: sanctions_relief, share: 0.5, source: none}
      - {month: 3, type: strategic_document, strength: 0.3, source: none}
      - {month: 3, type: shift, name: norm.russia_dialogue, by: -0.3, source: none}
      - {month: 3, type: dispute, holder: HUN, issue: open_door, about: t, source: none}
      - {month: 1, type: shift, name: NAME, to: VALUE, id: shift, source: none}
    meetings:
      - {month: 4, forum: nato_summit, title: t, source: none, sessions: 2, agenda: [
          {issue: russia_strategy, proposed: 0.7, reversion: 0.5, text: t, source: none},
          {issue: ukraine_support, proposed: 0.6, reversion: 0.5, text: t, source: none},
          {issue: deterrence_posture, proposed: 0.8, reversion: 0.6, text: t, source: none},
          {issue: defence_spending, proposed: 0.7, reversion: 0.4, text: t, source: none},
          {issue: sanctions, proposed: 0.7, reversion: 0.5, divisible: false, text: t, source: none}]}
      - {month: 5, forum: eu_council, title: t, source: none, agenda: [
          {issue: sanctions, proposed: 0.8, reversion: 0.5, text: t, source: none},
          {issue: ukraine_support, proposed: 0.75, reversion: 0.5, divisible: false, rule: constructive_abstention,
           text: t, source: none}]}
      - {month: 6, forum: g7, title: t, source: none, agenda: [
          {issue: sanctions, proposed: 0.8, reversion: 0.5, text: t, source: none}]}
      - {month: 8, forum: nato_summit, title: t, source: none, agenda: [
          {issue: deterrence_posture, proposed: 0.85, reversion: 0.6, divisible: false, text: t, source: none},
          {issue: open_door, proposed: 0.5, reversion: 0.45, text: t, source: none}]}
    """
_BOUNDS = {
    **{name: (parameter.low, parameter.high) for name, parameter in PARAMETERS.items() if name not in AT_THE_START},
    **{name: (0.07, 0.93) for name in SHIFTABLE if "." not in name or name.endswith((".HUN", ".USA"))},
    **{name: (0.07, 0.93) for name in SHIFTABLE if name.startswith("norm.")},
}


@cache
def busy(name, value):
    return run(scenario(BUSY.replace("NAME", name).replace("VALUE", repr(float(value))), months=16), keep="monthly")


@pytest.mark.parametrize("name", _BOUNDS)
def test_every_allowed_shift_has_an_effect(name):
    """A shift that has no effect should be refused."""
    low, high = (busy(name, value) for value in _BOUNDS[name])
    changed = (low.output.outcomes != high.output.outcomes).any()
    if not changed:  # what a decision is called, and who speaks against a text, moves nothing else
        changed = (low.records.outcome != high.records.outcome).any() or (
            low.records.voiced != high.records.voiced
        ).any()
    assert changed
    assert name in ("adopted_share", "voiced_share") or (low.output.outcomes != high.output.outcomes).any()


def test_if_two_presidents_come_in_one_month_one_takes_office():
    """Both events can happen, because each may be uncertain."""
    to = "events:\n  - {month: 2, id: %s, type: leadership_change, ally: USA, stance: %s, source: none}\n"
    a = run(scenario(to % ("a", "washington_2024"), months=5))
    b = run(scenario(to % ("b", "washington_2018"), months=5))
    second = (to % ("b", "washington_2018")).removeprefix("events:\n")
    both = run(scenario(to % ("a", "washington_2024") + second, months=5))
    assert any(np.array_equal(both.output.outcomes, one.output.outcomes) for one in (a, b))


def test_ending_aid_a_second_time_changes_nothing():
    first = "events:\n  - {month: 2, id: a, type: aid_change, channel: all, share: -1.0, source: none}\n"
    second = "  - {month: 4, id: b, type: aid_change, channel: all, share: -1.0, source: none}\n"
    same(run(scenario(first)), run(scenario(first + second)))


def test_an_ally_votes_from_its_accession_on():
    body = """
        events:
          - {month: 6, type: accession, ally: MKD, source: none}
        meetings:
          - {month: 5, forum: nac, title: t, source: none, agenda: [{ITEM}]}
          - {month: 6, forum: nac, title: t, source: none, agenda: [{ITEM}]}
        """.replace(
        "{ITEM}", "{issue: open_door, proposed: 1.0, reversion: 0.3, min_share: 0.9, text: t, source: none}"
    )
    what = scenario(
        body,
        era="2018",
        start="2018-01",
        **{
            "position.open_door.MKD": 0.0,
            "min_salience": 1.0,
            "sd_salience": 0.0,
            "company_move": 0.0,
            "patron_move": 0.0,
        },
    )
    program = compile_scenario(what)
    i = ALLIES.index("MKD")
    assert not program.member[:6, :2, i].any() and program.member[6:, :2, i].all()
    records = run(what, draws=200).records
    assert (records.objection[:, 0, i] == -1).all() and (records.pivotal[:, 0] != i).all()
    assert (records.objection[:, 1, i] >= 0).mean() > 0.9


def test_nobody_votes_before_joining_or_outside_a_forum():
    for name in list_scenarios():
        program = compile_scenario(load_scenario(name))
        records = run(load_scenario(name), draws=50, keep="final").records
        for row in program.agenda:
            forum = ("nac", "nato_summit", "eu_council", "g7").index(row.forum)
            outside = ~program.member[program.months.index(row.month), forum]
            assert (records.objection[:, row.column, outside] == -1).all()
            for who in (records.pivotal, records.holder):
                assert not np.isin(who[:, row.column], np.flatnonzero(outside)).any()
