"""Meetings in a month: rules, sessions, bypasses, packages and renewals; texts: test_month_decisions."""

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.constants import BYPASS_RATE, BYPASS_SHARE, HALF_LIFE_FAILURE, QUIET_FAILURE
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from core.helpers import PATIENT, STILL, of, run, scenario

CONTESTED = "{issue: russia_dialogue, proposed: 0.1, reversion: 0.85, min_share: 0.9, text: t, source: none}"
EASY = "{issue: ukraine_support, proposed: 0.52, reversion: 0.5, min_share: 0.1, text: t, source: none}"


#: Allies bear no move at all, whatever the company, and say what their governments want.
HARD = {"tolerated_move": 0.0, "company_move": 0.0, "patron_move": 0.0, "consultation": 0.0}


def meeting(items, months=6, more="", **parameters):
    body = f"meetings:\n  - {{month: 2, forum: nato_summit, title: t, source: none, {more}agenda: [{items}]}}\n"
    return scenario(body, months=months, **{**PATIENT, **parameters})


def test_an_adopted_text_moves_the_norm_and_a_failed_one_does_not():
    up = "{issue: deterrence_posture, proposed: 0.9, reversion: 0.6, min_share: 0.01, text: t, source: none}"
    easy = {"tolerated_move": 1.0, "blowup_cost": 0.0}
    block = run(meeting(up, months=30, **easy, **STILL), draws=20)
    assert (block.records.outcome == L.Decision.ADOPTED).all()
    without = run(scenario(months=30, **PATIENT, **easy, **STILL), draws=20)
    gained = of(block, "deterrence_without_us") - of(without, "deterrence_without_us")
    assert (gained[:, :3] == 0.0).all() and (np.diff(gained[:, 2:8], axis=1) > 0.0).all()
    hopeless = run(meeting(CONTESTED, **HARD, **STILL), draws=20)
    assert np.isin(hopeless.records.outcome, (L.Decision.WITHDRAWN, L.Decision.BLOCKED)).all()
    np.testing.assert_array_equal(of(hopeless, "isolation"), of(hopeless, "isolation")[:, :1].repeat(6, axis=1))


def test_a_blocked_renewal_lapses_and_an_agreed_one_stays_in_force():
    rollover = "{issue: sanctions, proposed: 0.6, reversion: 0.0, divisible: false, text: t, source: none}"
    body = f"meetings:\n  - {{month: 2, forum: eu_council, title: t, source: none, agenda: [{rollover}]}}\n"
    quiet = {**STILL, **PATIENT}
    # A renewal is always put on the table, whether or not anybody insists.
    hard = {**HARD, "position.sanctions.HUN": 0.0, "insist": 0.0}
    lapsed = run(scenario(body, months=30, **quiet, **hard), draws=40)
    assert (lapsed.records.outcome == L.Decision.BLOCKED).all()
    np.testing.assert_array_equal(of(lapsed, "isolation")[:, 1], of(lapsed, "isolation")[:, 0])
    assert (of(lapsed, "isolation")[:, 2] < of(lapsed, "isolation")[:, 1]).all()
    assert (of(lapsed, "sanctions_durability")[:, -1] < 0.01).all()
    easy = run(scenario(body, months=30, **quiet, tolerated_move=1.0), draws=40)
    assert (easy.records.outcome == L.Decision.ADOPTED).all()
    np.testing.assert_array_equal(of(easy, "isolation"), of(easy, "isolation")[:, :1].repeat(30, axis=1))


def test_a_blocked_item_may_be_bypassed_and_the_norm_stays():
    up = "{issue: deterrence_posture, proposed: 0.9, reversion: 0.6, divisible: false, text: t, source: none}"
    hard = {**HARD, "insist_summit": 1.0, "position.deterrence_posture.HUN": 0.1, "norm_pull": 0.0, **STILL}
    without = run(meeting(up, **hard).with_parameters({"insist_summit": 0.0}), draws=400)
    assert (without.records.outcome == L.Decision.WITHDRAWN).all() and (without.records.bypassed == 0).all()
    block = run(meeting(up, **hard), draws=400)
    assert (block.records.outcome == L.Decision.BLOCKED).all() and (block.records.share == 0.0).all()
    worked = block.records.bypassed[:, 0] > 0
    # At most BYPASS_RATE of the draws: that, times the standing of those who accept the text, is the chance.
    assert worked.sum() > 0 and worked.mean() < BYPASS_RATE + 4 * np.sqrt(0.25 / 400)
    gain = of(block, "deterrence_without_us") - of(without, "deterrence_without_us")
    assert (gain[worked, 3] > 0.0).all() and (gain[~worked] == 0.0).all() and (gain[:, :3] == 0.0).all()
    issue, tabled = block.states.issue, block.records.tabled[:, 0]
    np.testing.assert_allclose(
        issue[:, L.IssueState.coalition, L.POSTURE], np.where(worked, BYPASS_SHARE * tabled * 0.3, 0.0), atol=1e-15
    )
    np.testing.assert_array_equal(issue[:, L.IssueState.norm], without.states.issue[:, L.IssueState.norm])


def test_a_package_is_decided_on_the_sum_of_its_parts():
    """One ally objects to posture alone and accepts it together with an effort in the south."""
    posture = "{issue: deterrence_posture, proposed: 0.85, reversion: 0.6, min_share: 0.9, text: t, source: none%s}"
    south = "{issue: southern_flank, proposed: 0.7, reversion: 0.35, min_share: 0.9, text: t, source: none%s}"
    actors = {f"position.deterrence_posture.{name}": 0.9 for name in ALLIES[1:]}
    actors |= {f"position.southern_flank.{name}": 0.5 for name in ALLIES[1:]}
    actors |= {"position.deterrence_posture.ITA": 0.68, "position.southern_flank.ITA": 1.0}
    actors |= {f"position.{issue}.USA.{who}": 0.8 for issue in ("deterrence_posture", "southern_flank")
               for who in ("leader", "institutions")}  # fmt: skip
    common = {**HARD, "slack_scale": 0.0,
              "sd_position": 0.0, "sd_chair": 0.0, "min_salience": 1.0, "sd_salience": 0.0,
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


@pytest.mark.parametrize("fillers", [("southern_flank",), ("southern_flank", "open_door")])
def test_parts_that_ask_for_nothing_change_nothing(fillers):
    """What allies bear in silence they bear once: a text does not pass because others come with it."""
    item = "{issue: %s, proposed: %s, reversion: 0.6, text: t, source: none%s}"
    certain = {"slack_scale": 0.0, "sd_chair": 0.0, "dispute_onset": 0.0, "insist_summit": 0.0, **STILL}
    alone = run(meeting(item % ("deterrence_posture", 0.75, ""), **certain), draws=400).records
    parts = [("deterrence_posture", 0.75), *((filler, 0.6 + 1e-9) for filler in fillers)]
    together = run(meeting(", ".join(item % (*part, ", package: p") for part in parts), **certain), draws=400).records
    assert 0.1 < (alone.outcome < L.Decision.WITHDRAWN).mean() < 0.9
    np.testing.assert_array_equal(together.outcome, alone.outcome)
    np.testing.assert_array_equal(together.objection, alone.objection)
    np.testing.assert_allclose(together.share, alone.share, atol=1e-3)


def test_a_short_session_drops_the_most_contested_items():
    items = f"{EASY}, {CONTESTED}, {{issue: southern_flank, proposed: 0.36, reversion: 0.35, text: t, source: none}}"
    short = run(meeting(items, more="sessions: 1, ", tolerated_move=0.17), draws=100)
    assert (short.records.outcome[:, 1] == L.Decision.WITHDRAWN).all()
    assert (short.records.objection[:, 1] == -1).all()  # it was never tabled
    assert (short.records.voiced[:, 1] == 0).all() and (short.records.first_tabled[:, 1] == 0.0).all()
    assert (short.records.outcome[:, [0, 2]] != L.Decision.WITHDRAWN).mean() > 0.9


def test_priorities_come_first_and_are_never_dropped():
    urgent = CONTESTED.replace("text: t", "priority: true, text: t")
    south = "{issue: southern_flank, proposed: 0.36, reversion: 0.35, text: t, source: none}"
    # Two of three items have a place: the contested one is dropped unless the meeting is called for it.
    common = {"more": "sessions: 1, ", "insist_summit": 1.0}
    one = run(meeting(f"{EASY}, {south}, {urgent}", **common), draws=50).records
    assert ((one.outcome[:, :2] == L.Decision.WITHDRAWN).sum(axis=1) >= 1).all()
    assert (one.first_tabled[:, 2] == 1.0).all()
    other = run(meeting(f"{EASY}, {south}, {CONTESTED}", **common), draws=50).records
    assert (other.outcome[:, 2] == L.Decision.WITHDRAWN).all() and (other.first_tabled[:, 2] == 0.0).all()
    # It is decided first, so that a blow-up over it puts off what stands before it on the agenda.
    angry = {"blowup_rate": 1.0, "insist_summit": 1.0, **HARD, "compensation": 0.0}
    for last, first in ((urgent, L.Decision.DEFERRED), (CONTESTED, None)):
        outcome = run(meeting(f"{EASY}, {last}", **angry), draws=50).records.outcome
        assert (outcome[:, 1] == L.Decision.BLOCKED).all() == (first is not None)
        assert (outcome[:, 0] == L.Decision.DEFERRED).all() == (first is not None)


def test_a_blow_up_defers_the_rest_of_the_agenda():
    items = f"{CONTESTED.replace('min_share: 0.9', 'divisible: false')}, {EASY}"
    common = {"tolerated_move": 0.17, "insist_summit": 1.0, "compensation": 0.0}
    calm = run(meeting(items, **common), draws=100)
    assert (of(calm, "blow_ups")[:, -1] == 0).all()
    angry = run(meeting(items, **common, blowup_rate=1.0), draws=100)
    assert (of(angry, "blow_ups")[:, 2:] == 1).all()
    assert (angry.records.outcome[:, 1] == L.Decision.DEFERRED).all() and (angry.records.holder[:, 1] == -1).all()
    assert (angry.records.settled == L.PENDING).all()


@pytest.mark.parametrize(("forum", "settled"), [("nato_summit", True), ("nac", False)])
def test_what_was_put_off_is_settled_when_the_forum_meets_again(forum, settled):
    contested = CONTESTED.replace("min_share: 0.9", "divisible: false")
    body = f"""
        meetings:
          - {{month: 2, forum: nato_summit, title: t, source: none, agenda: [{contested}, {EASY}]}}
          - {{month: 8, forum: {forum}, title: t, source: none, agenda: [
              {{issue: southern_flank, proposed: 0.36, reversion: 0.35, text: t, source: none}}]}}
        """
    angry = {**PATIENT, "blowup_rate": 1.0, "insist_summit": 1.0, "compensation": 0.0, "tolerated_move": 0.17}
    records = run(scenario(body, **angry), draws=50).records
    assert (records.outcome[:, 1] == L.Decision.DEFERRED).all() and (records.share[:, 1] == 0.0).all()
    assert (records.settled[:, 0] == L.PENDING).all()  # it was decided at once
    assert (records.settled[:, 1] != L.PENDING).all() == settled
    if settled:
        passed = np.isin(records.settled[:, 1], (L.Decision.ADOPTED, L.Decision.DILUTED))
        assert passed.mean() > 0.5 and ((records.settled_share[:, 1] > 0.0) == passed).all()


def test_adopting_less_than_is_in_force_does_not_lower_the_norm():
    """With 0.8 in force, a text of 0.7 changes nothing."""
    body = """
        events:
          - {month: 1, type: shift, name: norm.deterrence_posture, to: 0.8, source: none}
        meetings:
          - {month: 3, forum: nac, title: t, source: none, agenda: [
              {issue: deterrence_posture, proposed: 0.7, reversion: 0.6, text: t, source: none}]}
        """
    block = run(scenario(body, tolerated_move=0.7, norm_pull=0.0, **STILL, **PATIENT))
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
    # Always on the table, and nobody is bought off, which happens where all are needed only.
    steadfast = {**PATIENT, "position.sanctions.USA.leader": 0.7, "compensation": 0.0}
    steadfast |= {"insist_summit": 1.0, "insist": 1.0}
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


def test_a_renewal_that_was_blocked_can_be_tabled_again_and_restores_the_level():
    renew = "{issue: sanctions, proposed: 0.6, reversion: 0.0, divisible: false, text: t, source: none}"
    held = "{{month: {0}, forum: eu_council, title: t{0}, source: none, agenda: [{1}]}}"
    body = f"meetings: [{', '.join(held.format(month, renew) for month in (1, 4, 6))}]"
    change = "events: [{month: 3, type: shift, name: position.sanctions.HUN, to: 0.9, source: none}]\n"
    agreed = {f"position.sanctions.{name}": 0.9 for name in ALLIES[1:]} | {"position.sanctions.HUN": 0.05}
    common = {**HARD, **STILL, **PATIENT, **agreed, "sd_position": 0.0, "norm_pull": 0.0, "susceptibility": 0.0}

    def target(block):
        return block.states.issue[:, L.IssueState.target, L.SANCTIONS]

    for insist in (0.0, 1.0):
        what = scenario(change + body, months=40, insist=insist, slack_scale=0.0, sd_chair=0.0, **common)
        block = run(what, draws=20)
        assert block.records.outcome[0].tolist() == [L.Decision.BLOCKED, L.Decision.ADOPTED, L.Decision.ADOPTED]
        assert (block.records.outcome == block.records.outcome[0]).all()
        assert (target(run(what, draws=20, month1=2)) == 0.0).all()
        np.testing.assert_allclose(target(run(what, draws=20, month1=5)), 0.6)
        np.testing.assert_allclose(block.states.issue[:, L.IssueState.norm, L.SANCTIONS], 0.6, atol=1e-4)
    # What has lapsed is no renewal: unless somebody insists, it is not tabled without prospects.
    hopeless = scenario(body, months=8, insist=0.0, slack_scale=0.0, sd_chair=0.0, **common)
    outcome = run(hopeless, draws=20).records.outcome
    assert (outcome[:, 0] == L.Decision.BLOCKED).all() and (outcome[:, 1:] == L.Decision.WITHDRAWN).all()


@pytest.mark.parametrize("insist", [1.0, 0.0])
def test_russia_remembers_a_block_and_less_of_a_withdrawal(insist):
    """An open failure counts once, a text that was withdrawn a part of that; then they are forgotten."""
    what = scenario(
        """
        meetings:
          - {month: 2, forum: nato_summit, title: t, rounds: 1, source: none, agenda: [
              {issue: open_door, proposed: 1.0, reversion: 0.1, min_share: 0.9, divisible: false, text: t, source: s}]}
        """,
        insist_summit=insist,
        blowup_rate=0.0,
    )
    assert (run(what, month1=2).states.world[:, L.World.open_failures] == 0.0).all()
    block = run(what, month1=3)
    outcome = block.records.outcome[:, 0]
    assert np.isin(outcome, (L.Decision.WITHDRAWN,) if insist == 0.0 else (L.Decision.BLOCKED,)).any()
    counted = np.select([outcome == L.Decision.BLOCKED, outcome == L.Decision.WITHDRAWN], [1.0, QUIET_FAILURE])
    np.testing.assert_array_equal(block.states.world[:, L.World.open_failures], counted)
    later = run(what, month1=3 + int(HALF_LIFE_FAILURE))
    np.testing.assert_allclose(later.states.world[:, L.World.open_failures], 0.5 * counted, rtol=1e-12)
