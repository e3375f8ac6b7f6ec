"""Meetings in a month: rules, sessions, hold-ups, bypasses, packages, renewals and trust."""

import numpy as np
import pytest

from alliance_sim.compile import SPIN_UP, compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from core.helpers import PATIENT, STILL, of, run, scenario

CONTESTED = "{issue: russia_dialogue, proposed: 0.1, reversion: 0.85, min_share: 0.9, text: t, source: none}"
EASY = "{issue: ukraine_support, proposed: 0.52, reversion: 0.5, min_share: 0.1, text: t, source: none}"


def meeting(items, months=6, more="", **parameters):
    body = f"meetings:\n  - {{month: 2, forum: nato_summit, title: t, source: none, {more}agenda: [{items}]}}\n"
    return scenario(body, months=months, **{**PATIENT, **parameters})


def test_an_adopted_text_moves_the_norm_and_a_failed_one_does_not():
    up = "{issue: deterrence_posture, proposed: 0.9, reversion: 0.6, min_share: 0.01, text: t, source: none}"
    easy = {"objection_cost": 1.0, "blowup_cost": 0.0, "norm_speed": 0.3}
    block = run(meeting(up, months=30, **easy, **STILL), draws=20)
    assert (block.records.outcome == L.Decision.ADOPTED).all()
    gained = of(block, "deterrence_without_us")
    assert (gained[:, 2] == gained[:, 0]).all() and (gained[:, 3] > gained[:, 2]).all()
    hopeless = run(meeting(CONTESTED, objection_cost=0.0, isolation_cost=0.0, patron_cost=0.0, **STILL), draws=20)
    assert np.isin(hopeless.records.outcome, (L.Decision.WITHDRAWN, L.Decision.BLOCKED)).all()
    np.testing.assert_array_equal(of(hopeless, "isolation"), of(hopeless, "isolation")[:, :1].repeat(6, axis=1))


def test_a_blocked_renewal_lapses_and_an_agreed_one_stays_in_force():
    rollover = "{issue: sanctions, proposed: 0.6, reversion: 0.0, divisible: false, text: t, source: none}"
    body = f"meetings:\n  - {{month: 2, forum: eu_council, title: t, source: none, agenda: [{rollover}]}}\n"
    quiet = {**STILL, **PATIENT, "bypass_rate": 0.0, "norm_speed": 0.3}
    hard = {"objection_cost": 0.0, "isolation_cost": 0.0, "patron_cost": 0.0, "position.sanctions.HUN": 0.0}
    lapsed = run(scenario(body, months=30, **quiet, **hard), draws=40)
    assert (lapsed.records.outcome == L.Decision.BLOCKED).all()
    np.testing.assert_array_equal(of(lapsed, "isolation")[:, 1], of(lapsed, "isolation")[:, 0])
    assert (of(lapsed, "isolation")[:, 2] < of(lapsed, "isolation")[:, 1]).all()
    assert (of(lapsed, "sanctions_durability")[:, -1] < 0.01).all()
    easy = run(scenario(body, months=30, **quiet, objection_cost=1.0), draws=40)
    assert (easy.records.outcome == L.Decision.ADOPTED).all()
    np.testing.assert_array_equal(of(easy, "isolation"), of(easy, "isolation")[:, :1].repeat(30, axis=1))


def test_a_blocked_item_may_be_bypassed_and_the_norm_stays():
    up = "{issue: deterrence_posture, proposed: 0.9, reversion: 0.6, divisible: false, text: t, source: none}"
    hard = {
        "objection_cost": 0.0, "isolation_cost": 0.0, "patron_cost": 0.0, "position.deterrence_posture.HUN": 0.1,
        "failure_signal": 0.0,
        "norm_pull": 0.0, **STILL,
    }  # fmt: skip
    never = run(meeting(up, bypass_rate=0.0, **hard), draws=200)
    often = run(meeting(up, bypass_rate=1.0, bypass_share=0.5, **hard), draws=200)
    for block in (never, often):
        assert (block.records.outcome == L.Decision.BLOCKED).all() and (block.records.share == 0.0).all()
    assert (never.records.bypassed == 0).all()
    worked = often.records.bypassed[:, 0] > 0
    assert 0 < worked.sum() < 200  # the probability is the standing of those who accept the text
    gain = of(often, "deterrence_without_us") - of(never, "deterrence_without_us")
    assert (gain[worked, 3] > 0.0).all() and (gain[~worked] == 0.0).all() and (gain[:, :3] == 0.0).all()


def test_a_package_is_decided_on_the_sum_of_its_parts():
    """One ally objects to posture alone and accepts it together with an effort in the south."""
    posture = "{issue: deterrence_posture, proposed: 0.85, reversion: 0.6, min_share: 0.9, text: t, source: none%s}"
    south = "{issue: southern_flank, proposed: 0.7, reversion: 0.35, min_share: 0.9, text: t, source: none%s}"
    actors = {f"position.deterrence_posture.{name}": 0.9 for name in ALLIES[1:]}
    actors |= {f"position.southern_flank.{name}": 0.5 for name in ALLIES[1:]}
    actors |= {"position.deterrence_posture.ITA": 0.68, "position.southern_flank.ITA": 1.0}
    actors |= {f"position.{issue}.USA.{who}": 0.8 for issue in ("deterrence_posture", "southern_flank")
               for who in ("leader", "institutions")}  # fmt: skip
    common = {"objection_cost": 0.0, "isolation_cost": 0.0, "patron_cost": 0.0, "slack_scale": 0.0,
              "sd_position": 0.0, "sd_chair": 0.0, "min_salience": 1.0,
              "susceptibility": 0.0, **STILL, **actors}  # fmt: skip
    alone = run(meeting(posture % "", **common), draws=10)
    assert np.isin(alone.records.outcome, (L.Decision.WITHDRAWN, L.Decision.BLOCKED)).all()
    pair = f"{posture % ', package: flanks'}, {south % ', package: flanks'}"
    together = run(meeting(pair, **common), draws=10)
    assert together.records.outcome.shape == (10, 1)
    assert (together.records.outcome == L.Decision.ADOPTED).all()
    apart = run(meeting(f"{posture % ''}, {south % ''}", **common), draws=10)
    assert np.isin(apart.records.outcome[:, 0], (L.Decision.WITHDRAWN, L.Decision.BLOCKED)).all()
    table = compile_scenario(meeting(pair, **common)).agenda
    assert [(row.column, row.part) for row in table] == [(0, 0), (0, 1)]


def test_a_short_session_drops_the_most_contested_items():
    items = f"{EASY}, {CONTESTED}, {{issue: southern_flank, proposed: 0.36, reversion: 0.35, text: t, source: none}}"
    short = run(meeting(items, more="sessions: 1, ", items_per_session=2.0, objection_cost=0.03), draws=100)
    assert (short.records.outcome[:, 1] == L.Decision.WITHDRAWN).all()
    assert (short.records.objection[:, 1] == -1).all()  # it was never tabled
    assert (short.records.outcome[:, [0, 2]] != L.Decision.WITHDRAWN).mean() > 0.9
    tiny = run(meeting(items, more="sessions: 1, ", items_per_session=1.0, objection_cost=0.03), draws=100)
    assert ((tiny.records.outcome == L.Decision.WITHDRAWN).sum(axis=1) >= 2).all()


def two_meetings(**parameters):
    body = f"""
        meetings:
          - {{month: 2, forum: nac, title: t, source: none, agenda: [{EASY}]}}
          - {{month: 8, forum: nac, title: t, source: none, agenda: [
              {{issue: southern_flank, proposed: 0.36, reversion: 0.35, text: t, source: none}}]}}
        """
    return scenario(body, blowup_rate=0.0, **{"holdup": 0.0, "objection_cost": 0.5, **parameters})


def test_a_hold_up_defers_and_is_settled_later():
    free = run(two_meetings(), draws=50)
    assert (free.records.outcome[:, 0] == L.Decision.ADOPTED).all() and (free.records.holder == -1).all()
    held = run(two_meetings(**{"holdup.HUN": 1.0, "holdup_end": 1.0}), draws=50)
    hun = ALLIES.index("HUN")
    assert (held.records.outcome[:, 0] == L.Decision.DEFERRED).all() and (held.records.holder[:, 0] == hun).all()
    assert (held.records.share[:, 0] == 0.0).all() and (held.records.objection[:, 0, hun] >= 1).all()
    assert (held.records.settled[:, 0] == L.Decision.ADOPTED).all() and (held.records.settled_share[:, 0] > 0.8).all()
    stuck = run(two_meetings(**{"holdup.HUN": 1.0, "holdup_end": 0.0}), draws=50)
    assert (stuck.records.settled[:, 0] == L.PENDING).all()
    some = run(two_meetings(**{"holdup.HUN": 0.3, "holdup_end": 0.2, "holdup_pivot": 0.0}), draws=1000)
    deferred = some.records.outcome[:, 0] == L.Decision.DEFERRED
    assert deferred.mean() == pytest.approx(0.3, abs=0.06)
    settled = some.records.settled[deferred, 0] != L.PENDING
    assert settled.mean() == pytest.approx(1 - 0.8**6, abs=0.1)  # six months until the next meeting


def test_a_blow_up_defers_the_rest_of_the_agenda():
    items = f"{CONTESTED.replace('min_share: 0.9', 'divisible: false')}, {EASY}"
    calm = run(meeting(items, objection_cost=0.03), draws=100)
    assert (of(calm, "blow_ups")[:, -1] == 0).all()
    angry = run(meeting(items, objection_cost=0.03, blowup_rate=1.0), draws=100)
    assert (of(angry, "blow_ups")[:, 2:] == 1).all()
    assert (angry.records.outcome[:, 1] == L.Decision.DEFERRED).all() and (angry.records.holder[:, 1] == -1).all()


@pytest.mark.parametrize("rule", ["unanimity", "qualified_majority", "coalition"])
def test_one_ally_holds_up_a_text_only_if_it_could_veto_it(rule):
    what = meeting(EASY, objection_cost=0.5, more=f"rule: {rule}, ", **{"holdup.HUN": 1.0})
    outcome = run(what, draws=20).records.outcome
    assert (outcome == L.Decision.DEFERRED).all() == (rule == "unanimity")


def test_adopting_less_than_is_in_force_does_not_lower_the_norm():
    """With 0.8 in force, a text of 0.7 changes nothing."""
    body = """
        events:
          - {month: 1, type: shift, name: norm.deterrence_posture, to: 0.8, source: none}
        meetings:
          - {month: 3, forum: nac, title: t, source: none, agenda: [
              {issue: deterrence_posture, proposed: 0.7, reversion: 0.6, text: t, source: none}]}
        """
    block = run(scenario(body, objection_cost=0.5, norm_pull=0.0, norm_speed=0.3, **STILL, **PATIENT))
    assert (block.records.outcome == L.Decision.ADOPTED).all()
    late = of(block, "deterrence_without_us")
    assert (late[:, -1] >= late[:, 2] - 0.005).all()


@pytest.mark.parametrize(
    "rule", ["unanimity", "unanimity_minus_n", "constructive_abstention", "qualified_majority", "coalition"]
)
@pytest.mark.parametrize("forum", ["nac", "nato_summit", "eu_council", "g7"])
def test_each_rule_works_in_each_forum(rule, forum):
    text = "{issue: sanctions, proposed: 0.8, reversion: 0.5, divisible: false, text: t, source: none}"
    body = f"meetings:\n  - {{month: 2, forum: {forum}, title: t, source: none, rule: RULE, agenda: [{text}]}}\n"
    steadfast = {"holdup": 0.0, "blowup_rate": 0.0, "abstention": 0.5, "position.sanctions.USA.leader": 0.7}
    passed = {}
    for each in ("unanimity", rule):
        what = scenario(body.replace("RULE", each), months=3, **steadfast)
        assert compile_scenario(what).calendar.meetings.rule[0] == (
            "unanimity", "unanimity_minus_n", "constructive_abstention", "qualified_majority", "coalition",
        ).index(each)  # fmt: skip
        outcome = run(what, draws=300, keep="final").records.outcome[:, 0]
        passed[each] = (outcome == L.Decision.ADOPTED) | (outcome == L.Decision.DILUTED)
    assert (passed[rule] >= passed["unanimity"]).all()  # the same draws, the same text
    if rule != "unanimity":
        assert passed[rule].sum() > passed["unanimity"].sum()


def test_the_rule_of_an_item_overrides_the_rule_of_its_meeting():
    items = f"{EASY}, {CONTESTED.replace('text: t', 'rule: unanimity_minus_n, allowance: 5, text: t')}"
    table = compile_scenario(meeting(items, more="rule: qualified_majority, ")).calendar.meetings
    assert table.rule.tolist() == [L.Rule.QUALIFIED_MAJORITY, L.Rule.UNANIMITY_MINUS_N]
    table = compile_scenario(meeting(items, more="rule: unanimity_minus_n, allowance: 2, ")).calendar.meetings
    assert table.allowance.tolist() == [2, 5]


def test_codes_and_names_of_outcomes_agree():
    assert [name.upper() for name in DECISIONS] == ["ADOPTED", "DILUTED", "WITHDRAWN", "BLOCKED", "DEFERRED"]
    assert [L.Decision[name.upper()] for name in DECISIONS] == list(range(5))
    assert SPIN_UP >= 12


def test_a_lapsed_measure_is_not_renewed():
    """After a refusal nothing is left to renew until a separate decision adopts the measure again."""
    renew = "{issue: sanctions, proposed: 0.6, reversion: 0.0, divisible: false, text: t, source: none}"
    afresh = "{issue: sanctions, proposed: 0.5, reversion: 0.0, min_share: 0.1, text: t, source: none}"
    body = (
        "meetings: ["
        + ", ".join(
            f"{{month: {month}, forum: nac, title: t{month}, source: none, agenda: [{item}]}}"
            for month, item in ((1, renew), (3, renew), (5, afresh), (7, renew))
        )
        + "]"
    )
    refusal = "events: [{month: 2, type: shift, name: position.sanctions.HUN, to: 0.9, source: none}]\n"
    what = scenario(
        refusal + body, months=9, objection_cost=0.01, isolation_cost=0.0, patron_cost=0.0,
        sd_position=0.0, sd_chair=0.0, norm_pull=0.0,
        susceptibility=0.0, **{"position.sanctions.HUN": 0.05}, **STILL, **PATIENT,
    )  # fmt: skip
    outcome = run(what, draws=20).records.outcome
    assert (outcome[:, 0] == L.Decision.BLOCKED).all() and (outcome[:, 1] == L.Decision.WITHDRAWN).all()
    again = np.isin(outcome[:, 2], (L.Decision.ADOPTED, L.Decision.DILUTED))
    assert ((outcome[:, 3] == L.Decision.WITHDRAWN) == ~again).all()


def test_a_block_costs_trust_between_objectors_and_the_rest_and_trust_recovers():
    what = scenario(
        """
        meetings:
          - {month: 2, forum: nato_summit, title: t, rounds: 1, source: none, agenda: [
              {issue: open_door, proposed: 1.0, reversion: 0.1, min_share: 0.9, divisible: false, text: t, source: s}]}
        """
    )
    assert (run(what, month1=2).states.trust == 1.0).all()
    block = run(what, month1=3)
    blocked = block.records.outcome[:, 0] == L.Decision.BLOCKED
    objects = block.records.objection[:, 0] > 0
    divided = blocked[:, None, None] & (objects[:, :, None] != objects[:, None, :])
    assert 0.0 < divided.mean() < 1.0
    p = block.inputs.params
    lost = p[:, L.Param.trust_loss, None, None] * divided
    kept = 1.0 - p[:, L.Param.trust_recovery, None, None]
    np.testing.assert_allclose(1.0 - block.states.trust, lost * kept, rtol=1e-12, atol=1e-15)
    later = run(what, month1=6)
    np.testing.assert_allclose(1.0 - later.states.trust, lost * kept**4, rtol=1e-12, atol=1e-15)
