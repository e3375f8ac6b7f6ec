"""Texts in a month: what is asked for, drafts and insistence, voices, disputes, and who is bought off."""

import numpy as np
import pytest

from alliance_sim.compile import SPIN_UP, compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.consultation import key_of
from alliance_sim.core.procedure import GRID, REFINEMENTS
from alliance_sim.core.rng import uniform
from alliance_sim.core.structures import Clock
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import RULES
from core.helpers import PATIENT, STILL, run, scenario

HUN = ALLIES.index("HUN")
#: Every ally shows what it wants and bears the same move in any company; nobody is bought off or tries again.
CERTAIN = {
    **STILL, **PATIENT, "sd_position": 0.0, "sd_chair": 0.0, "slack_scale": 0.0, "min_salience": 1.0,
    "sd_salience": 0.0, "susceptibility": 0.0, "norm_pull": 0.0, "company_move": 0.0, "patron_move": 0.0,
    "compensation": 0.0, "tolerated_move": 0.2, "concession_step": 1.0,
}  # fmt: skip


#: How near to the best text the chair's search comes.
SEARCHED = 2 / (GRID - 1) * ((5**0.5 - 1) / 2) ** (REFINEMENTS - 1)


def wishes(level=0.9, **others):
    """Positions of all on support of Ukraine: those named, and one for the rest."""
    found = {f"position.ukraine_support.{name}": others.get(name, level) for name in ALLIES if name != "USA"}
    return found | {f"position.ukraine_support.USA.{who}": level for who in ("leader", "institutions")}


def text(proposed=0.6, forum="nato_summit", month=2, more="", rounds=3):
    asked = "" if proposed is None else f"proposed: {float(proposed)!r}, "
    item = f"{{issue: ukraine_support, {asked}reversion: 0.5, {more}text: t, source: none}}"
    head = f"month: {month}, forum: {forum}, title: t{month}, rounds: {rounds}, source: none"
    return f"  - {{{head}, agenda: [{item}]}}\n"


def scenario_of(*texts, events="", **parameters):
    body = (f"events:\n{events}" if events else "") + "meetings:\n" + "".join(texts)
    return scenario(body, **{**CERTAIN, **parameters})


def decided(*texts, draws=20, **parameters):
    return run(scenario_of(*texts, **parameters), draws=draws)


# What is asked for


@pytest.mark.parametrize(("direction", "sign"), [("more", 1.0), ("less", -1.0)])
def test_each_class_asks_for_more_than_the_one_before(direction, sign):
    texts = [text(None, month=c, more=f"ask: {c}, direction: {direction}, ") for c in (1, 2, 3, 4)]
    body = "meetings:\n" + "".join(texts)
    block = run(scenario(body, months=5), draws=200, keep="final")
    p = block.inputs.params
    classes = [L.Param.ask_routine, L.Param.ask_notable, L.Param.ask_major, L.Param.ask_far_reaching]
    sizes = np.cumsum(p[:, classes], axis=1) * p[:, L.Param.tolerated_move, None]
    np.testing.assert_allclose(block.records.proposed[:, :, 0], np.clip(0.5 + sign * sizes, 0.0, 1.0), atol=1e-15)
    assert (np.diff(sizes, axis=1) > 0.0).all()
    wide = {"ask_far_reaching": 9.0, "tolerated_move": 0.4}
    wider = run(scenario(body, months=5, **wide), draws=5, keep="final").records.proposed[:, 3, 0]
    assert (wider == (1.0 if sign > 0 else 0.0)).all()


def test_each_of_two_coders_is_taken_in_half_of_the_draws():
    """The same coder for the class and for whether the text can be watered down."""
    more = "ask: [2, 3], divisible: [true, false], "
    block = decided(text(None, more=more), **wishes(HUN=0.45), draws=2000, insist_summit=0.0, ask_major=0.5)
    p, asked = block.inputs.params, block.records.proposed[:, 0, 0]
    two = 0.2 * (p[:, L.Param.ask_routine] + p[:, L.Param.ask_notable])
    first = np.isclose(asked, 0.5 + two)
    np.testing.assert_allclose(asked[~first], 0.5 + two[~first] + 0.2 * 0.5)
    assert first.mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 2000))
    share = block.records.share[:, 0]
    assert np.isin(share[~first], (0.0, 1.0)).all() and ((share[first] > 0.0) & (share[first] < 1.0)).any()
    other = decided(text(None, more=more), text(None, month=3, more=more), **wishes(), draws=2000)
    apart = other.records.proposed[:, :, 0]
    same = np.isclose(apart[:, 0], 0.5 + two) == np.isclose(apart[:, 1], 0.5 + two)
    assert same.mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 2000))  # item by item


@pytest.mark.parametrize(("proposed", "wants"), [(0.8, 0.5), (0.2, 0.5)])
def test_sponsors_want_no_less_than_they_ask_for(proposed, wants):
    level = 0.9 if proposed > 0.5 else 0.1
    common = {**wishes(level, HUN=wants), "insist_summit": 1.0}
    for more, objects in (("", True), ("sponsors: [SVK], ", True), ("sponsors: [HUN, SVK], ", False)):
        records = decided(text(proposed, more=more + "divisible: false, "), **common).records
        assert (records.objection[:, 0, HUN] == (1 if objects else -1)).all()
        assert (records.outcome == (L.Decision.BLOCKED if objects else L.Decision.ADOPTED)).all()
        assert (np.delete(records.objection[:, 0], HUN, axis=1) == -1).all()


# Drafts, insistence, voices


@pytest.mark.parametrize("forum", ["nac", "nato_summit", "eu_council", "g7"])
def test_sponsors_who_insist_put_the_full_text_on_the_table(forum):
    holder = "ITA" if forum == "g7" else "HUN"
    who = ALLIES.index(holder)
    insist, other = ("insist_summit", "insist") if forum == "nato_summit" else ("insist", "insist_summit")
    hopeless = text(0.9, forum, more="divisible: false, ")
    common = {**wishes(**{holder: 0.5}), other: 0.5}
    shown = decided(hopeless, **common, **{insist: 1.0}).records
    assert (shown.outcome == L.Decision.BLOCKED).all() and (shown.objection[:, 0, who] == 1).all()
    assert (shown.first_tabled == 1.0).all() and (shown.tabled == 1.0).all()
    hidden = decided(hopeless, **common, **{insist: 0.0}).records
    assert (hidden.outcome == L.Decision.WITHDRAWN).all() and (hidden.objection[:, 0, who] == 0).all()
    assert (hidden.first_tabled == 0.0).all() and (hidden.voiced[:, 0, who] == 1).all()
    for records in (shown, hidden):
        assert (np.delete(records.objection[:, 0], who, axis=1) == -1).all()
        assert (records.pivotal == who).all() and (records.margin < 0.0).all()
    some = decided(hopeless, **common, **{insist: 0.3}, draws=1000).records.outcome
    assert (some == L.Decision.BLOCKED).mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 1000))


def test_what_is_insisted_on_is_lowered_at_the_table_and_a_draft_before():
    """The objector bears a move of 0.2 from the reversion, half of what is asked for."""
    asked = text(0.9, more="min_share: 0.1, ")
    shown = decided(asked, **wishes(HUN=0.5), insist_summit=1.0).records
    drafted = decided(asked, **wishes(HUN=0.5), insist_summit=0.0).records
    for records in (shown, drafted):
        assert (records.outcome == L.Decision.DILUTED).all()
        np.testing.assert_allclose(records.share, 0.5, atol=SEARCHED)
        np.testing.assert_allclose(records.tabled, records.share)
    assert (shown.first_tabled == 1.0).all() and (shown.objection[:, 0, HUN] == 1).all()
    np.testing.assert_allclose(drafted.first_tabled, 0.5, atol=SEARCHED)
    assert (drafted.objection == -1).all()
    # The same decision is adopted where a half is enough for that.
    assert (decided(asked, **wishes(HUN=0.5), adopted_share=0.49).records.outcome == L.Decision.ADOPTED).all()


@pytest.mark.parametrize(("move", "voiced", "broken"), [(0.159, 0, -1), (0.161, 1, -1), (0.199, 1, -1), (0.201, 1, 1)])
def test_an_ally_speaks_against_a_text_before_it_breaks_silence(move, voiced, broken):
    """At the reversion it loses the square of the move: from 0.64 of 0.2 squared on it speaks, then breaks silence."""
    one = text(0.5 + move, more="divisible: false, ", rounds=1)
    records = decided(one, **wishes(HUN=0.5), voiced_share=0.64, insist_summit=1.0).records
    assert (records.voiced[:, 0, HUN] == voiced).all() and (records.objection[:, 0, HUN] == broken).all()
    assert (records.outcome == (L.Decision.BLOCKED if broken > 0 else L.Decision.ADOPTED)).all()
    assert (np.delete(records.voiced[:, 0], HUN, axis=1) == 0).all()


# Disputes


DISPUTE = "  - {month: 1, type: dispute, holder: HUN, issue: ukraine_support, about: t, source: none}\n"


def test_a_dispute_blocks_an_agreed_text_and_its_holder_is_recorded():
    free = decided(text(), **wishes()).records
    assert (free.outcome == L.Decision.ADOPTED).all() and (free.holder == -1).all() and (free.objection == -1).all()
    block = decided(text(), **wishes(), **{"dispute_onset.HUN": 1.0}, dispute_stake=10.0, draws=100)
    held = block.records.objection[:, 0, HUN] > 0
    assert held.mean() > 0.9  # the stake is drawn and may be small
    assert (block.records.outcome[held] == L.Decision.BLOCKED).all()
    assert (block.records.holder[:, 0] == np.where(held, HUN, -1)).all()
    assert (np.delete(block.records.objection[:, 0], HUN, axis=1) == -1).all()
    begun = block.states.dispute_end
    assert (begun[:, L.SUPPORT, HUN] > SPIN_UP + 2).all() and (np.delete(begun, HUN, axis=2) == 0.0).all()
    some = decided(text(), **wishes(), **{"dispute_onset.HUN": 0.3}, dispute_stake=10.0, draws=1000)
    began = some.states.dispute_end[:, L.SUPPORT, HUN] > 0.0
    assert began.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 1000))


def test_a_dispute_is_about_one_issue_of_one_ally_and_no_other():
    about = DISPUTE.replace("ukraine_support", "sanctions")
    assert (decided(text(), events=about, **wishes(), dispute_stake=10.0).records.objection == -1).all()
    block = decided(
        text(), text(forum="g7", month=3), events=DISPUTE, **wishes(), dispute_stake=10.0, dispute_end=0.001
    )
    assert (block.records.objection[:, 0, HUN] > 0).mean() > 0.8
    assert (block.records.objection[:, 1] == -1).all()  # it has no seat there


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.9])
def test_a_dispute_lasts_as_many_months_as_drawn(rate):
    """It ends with the same chance each month, so that it lasts one over that on average, and at least a month."""
    draws = 4000
    texts = [text(month=month) for month in (1, 2, 4, 9)]
    block = decided(*texts, events=DISPUTE, **wishes(), dispute_end=rate, dispute_stake=10.0, draws=draws)
    months = block.states.dispute_end[:, L.SUPPORT, HUN] - (SPIN_UP + 1)
    assert (months == np.round(months)).all() and months.min() == 1.0
    assert months.mean() == pytest.approx(1.0 / rate, abs=4 * np.sqrt((1 - rate) / draws) / rate)
    assert (months == 1.0).mean() == pytest.approx(rate, abs=4 * np.sqrt(0.25 / draws))
    for j, month in enumerate((1, 2, 4, 9)):
        over = months <= month - 1
        assert (block.records.outcome[over, j] == L.Decision.ADOPTED).all()
        held = block.records.objection[~over, j, HUN] > 0
        assert held.size < 50 or held.mean() > 0.9
    assert (block.records.holder[block.records.outcome != L.Decision.BLOCKED] == -1).all()


def test_a_new_government_drops_its_disputes():
    lasting = {**wishes(), "dispute_end": 0.001, "dispute_stake": 10.0, "draws": 50}
    change = "  - {{month: {month}, type: leadership_change, ally: {ally}, stance: {stance}, source: none}}\n"
    for ally, stance, month, ends in (("HUN", 0.01, 2, True), ("SVK", 0.01, 2, False), ("HUN", 0.01, 3, False)):
        events = DISPUTE + change.format(month=month, ally=ally, stance=stance)
        block = decided(text(), text(month=5), events=events, **lasting)
        refused = block.records.outcome == L.Decision.BLOCKED
        assert (not refused[:, 0].any()) if ends else refused[:, 0].mean() > 0.9
        assert refused[:, 1].mean() > 0.9 if ally == "SVK" else not refused[:, 1].any()
    own = DISPUTE.replace("HUN", "USA")
    for extra, held in (("", True), (change.format(month=2, ally="USA", stance="washington_2024"), False)):
        block = decided(text(), events=own + extra, **lasting)
        assert ((block.records.holder == L.US).mean() > 0.9) if held else (block.records.holder == -1).all()


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "unanimity"])
def test_where_no_ally_has_a_veto_disputes_have_no_effect(rule):
    free, held = (
        decided(text(more=f"rule: {rule}, "), events=events, **wishes(), **onset, dispute_stake=10.0)
        for events, onset in (("", {}), (DISPUTE, {"dispute_onset": 1.0}))
    )
    for mine, theirs in zip(free.records, held.records, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert (free.records.outcome == L.Decision.ADOPTED).all()


# Who is bought off


def test_who_holds_up_a_text_is_bought_off_up_to_a_cap_and_then_drops_the_dispute():
    """All is known: the stake is a drawn number, the margin follows from positions."""
    parameters = {**wishes(), "dispute_end": 0.001, "dispute_stake": 0.7, "draws": 300}
    parameters |= {"insist_summit": 1.0, "standing_exponent": 1.0}
    both = [text(0.6, month=month, more="divisible: false, ") for month in (2, 4)]
    ident = compile_scenario(scenario_of(*both)).calendar.meetings.item_ident[0]
    key = key_of.py_func(ident, HUN)
    draws = np.array([uniform(Clock(np.uint64(1), d, SPIN_UP + 2), L.Channel.STAKE, key) for d in range(300)])
    for compensation in (0.0, 2.0, 10.0):
        block = decided(*both, events=DISPUTE, **parameters, compensation=compensation)
        stake = -0.7 * np.log(draws)
        margin = 0.2**2 - ((0.6 - 0.9) ** 2 - (0.5 - 0.9) ** 2)  # what it bears, less what it loses by the text
        short = stake - margin
        bought = (short > 0.0) & (short <= compensation * 0.2**2)
        assert bought.any() == (compensation > 0.0) and (short > compensation * 0.2**2).any()
        records = block.records
        np.testing.assert_array_equal(records.objection[:, 0, HUN] > 0, short > 0.0)
        np.testing.assert_array_equal(records.outcome[:, 0] == L.Decision.ADOPTED, (short <= 0.0) | bought)
        np.testing.assert_array_equal(records.holder[:, 0] == HUN, (short > 0.0) & ~bought)
        lasts = block.states.dispute_end[:, L.SUPPORT, HUN] > SPIN_UP + 4
        assert (records.objection[bought, 1, HUN] == -1).all() and not lasts[bought].any()
        if compensation == 0.0:
            assert lasts.mean() > 0.9


@pytest.mark.parametrize(("compensation", "outcome"), [(1.01, L.Decision.ADOPTED), (0.99, L.Decision.BLOCKED)])
def test_all_objectors_are_bought_off_together_or_none(compensation, outcome):
    """Two allies at the reversion, asked for 1.5 times the square that they bear, fall short by a half of it each."""
    one = text(0.5 + 0.2 * np.sqrt(1.5), more="divisible: false, ", rounds=1)
    common = {**wishes(HUN=0.5, SVK=0.5), "insist_summit": 1.0, "compensation": compensation}
    block = decided(one, **common)
    assert (block.records.outcome == outcome).all()
    broken = block.records.objection[:, 0] > 0
    assert (broken.sum(axis=1) == 2).all() and broken[:, HUN].all()
