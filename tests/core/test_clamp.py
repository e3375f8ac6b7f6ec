"""Runs held to the record: recorded items end as they did, with the chances that the procedure gives them."""

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.structures import PENDING, Clamp, Decision
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from core.helpers import run, same, scenario

BODY = """
meetings:
  - {month: 3, forum: nato_summit, title: a, source: none, agenda: [
      {issue: russia_dialogue, proposed: 0.95, reversion: 0.8, text: t, source: none},
      {issue: ukraine_support, proposed: 0.8, reversion: 0.5, text: t, source: none}]}
  - {month: 6, forum: nac, title: b, source: none, agenda: [
      {issue: ukraine_support, proposed: 0.8, reversion: 0.5, text: t, source: none}]}
"""
CLASSES = {Decision.ADOPTED: 2, Decision.DILUTED: 1}


def clamp(outcomes, repeats, refused=(), voiced=()):
    """A clamp of some outcomes, None for items that the model decides; objectors are (item, ally)."""
    clamped = Clamp(
        np.array([PENDING if outcome is None else outcome for outcome in outcomes], np.int8),
        np.zeros((len(outcomes), len(ALLIES)), np.int8),
        np.zeros((len(outcomes), len(ALLIES)), np.int8),
        repeats,
    )
    for item, who in refused:
        clamped.refused[item, ALLY_INDEX[who]] = clamped.voiced[item, ALLY_INDEX[who]] = 1
    for item, who in voiced:
        clamped.voiced[item, ALLY_INDEX[who]] = 1
    return clamped


def clamped_run(what, held, draws=40, seed=1, draw0=0):
    program = compile_scenario(what).clamped(held)
    block = program.block(seed, draw0, draw0 + draws, "trace")
    program.run(block, seed)
    return block


@pytest.mark.parametrize("outcome", [Decision.ADOPTED, Decision.DILUTED, Decision.WITHDRAWN, Decision.BLOCKED])
def test_a_recorded_item_ends_as_recorded_and_acts_on_the_alliance(outcome):
    held = clamp([None, outcome, None], 8, refused=[(1, "HUN")], voiced=[(1, "SVK")])
    block = clamped_run(scenario(BODY, norm_pull=0.3), held)
    records = block.records
    assert (records.outcome[:, 1] == outcome).all()
    assert (np.flatnonzero(records.objection[0, 1] >= 0) == [ALLY_INDEX["HUN"]]).all()
    assert set(np.flatnonzero(records.voiced[0, 1])) == {ALLY_INDEX["HUN"], ALLY_INDEX["SVK"]}
    agreed = outcome in CLASSES
    assert ((records.share[:, 1] > 0) == agreed).all()
    norm = block.states.issue[:, L.IssueState.target, L.SUPPORT]
    free = run(scenario(BODY, norm_pull=0.3))
    assert (norm >= free.states.issue[:, L.IssueState.target, L.SUPPORT] - 1e-12).mean() > 0.9 or not agreed
    assert len(np.unique(records.outcome[:, 0])) > 1  # the others are free


def test_the_first_item_has_on_average_the_chances_of_free_runs():
    """Over draws, the mean chance given the state is how often it happens; standard errors of both, four times."""
    what, draws, repeats = scenario(BODY), 1500, 20
    free = run(what, draws, keep="final")
    held = clamped_run(what, clamp([Decision.ADOPTED, None, None], repeats), draws)
    ended = np.vectorize(lambda code: CLASSES.get(code, 0))(free.records.outcome[:, 0])
    for code in range(3):
        chance, share = held.chances.ended[:, 0, code].sum(axis=-1).mean(), (ended == code).mean()
        assert chance == pytest.approx(share, abs=4.0 * np.sqrt(2.0 * 0.25 / draws))
    for name, mine in (("refused", free.records.objection >= 0), ("voiced", free.records.voiced > 0)):
        theirs = getattr(held.chances, name)[:, 0].mean(axis=0)
        if name == "voiced":
            mine = mine | (free.records.objection >= 0)
        np.testing.assert_allclose(theirs, mine[:, 0].mean(axis=0), atol=4.0 * np.sqrt(2.0 * 0.25 / draws))
    np.testing.assert_allclose(held.chances.ended[:, 0].sum(axis=(1, 2)), 1.0)


def test_a_clamp_without_recorded_items_changes_no_bit():
    what = scenario(BODY)
    same(clamped_run(what, clamp([None, None, None], 8)), run(what))


def test_months_before_the_first_recorded_item_are_those_of_a_free_run():
    what = scenario(BODY)
    held, free = clamped_run(what, clamp([None, None, Decision.BLOCKED], 8)), run(what)
    np.testing.assert_array_equal(held.output.outcomes[:, :6], free.output.outcomes[:, :6])
    np.testing.assert_array_equal(held.records.outcome[:, :2], free.records.outcome[:, :2])


def test_chances_do_not_depend_on_the_other_draws_nor_on_what_is_recorded_afterwards():
    what, held = scenario(BODY), clamp([Decision.BLOCKED, Decision.ADOPTED, Decision.BLOCKED], 8)
    whole, part = clamped_run(what, held), clamped_run(what, held, 7, draw0=20)
    for one, other in zip(whole.chances, part.chances, strict=True):
        np.testing.assert_array_equal(one[20:27], other)
    otherwise = clamped_run(what, clamp([Decision.BLOCKED, Decision.ADOPTED, Decision.ADOPTED], 8))
    np.testing.assert_array_equal(whole.chances.ended, otherwise.chances.ended)


def test_the_run_goes_on_from_errors_of_positions_that_agree_with_the_record():
    """After a text that failed allies had shown less will than after one that passed."""
    body = """
        meetings:
          - {month: 3, forum: nato_summit, title: a, source: none, agenda: [
              {issue: ukraine_support, proposed: 0.75, reversion: 0.6, divisible: false, text: t, source: none}]}
        """
    what = scenario(body, sd_position=0.1, insist=1.0, insist_summit=1.0)
    shown, mixed = [], []
    for outcome in (Decision.ADOPTED, Decision.BLOCKED):
        block = clamped_run(what, clamp([outcome], 30), 400)
        ended = block.chances.ended[:, 0].sum(axis=-1)
        mixed.append((ended[:, 0] > 0) & (ended[:, 2] > 0))
        shown.append(block.states.position_error[:, L.SUPPORT].mean(axis=1))
    both = mixed[0] & mixed[1]
    assert both.sum() > 50
    assert shown[1][both].mean() < shown[0][both].mean() - 0.02


def test_repetitions_leave_disputes_as_they_were():
    what = scenario(BODY, dispute_onset=1.0)
    held = clamped_run(what, clamp([Decision.ADOPTED, Decision.ADOPTED, Decision.ADOPTED], 8))
    assert not held.states.dispute_end.any()
    assert run(what).states.dispute_end.any()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("outcome", np.zeros(2, np.int8), r"clamp: outcome: int8 of shape \(2,\) .*; allowed: int8 of shape \(3,\)"),
        ("voiced", np.zeros((3, 4), np.int8), r"clamp: voiced: .*allowed: int8 of shape \(3, 32\)"),
        ("refused", np.zeros((3, 32)), r"clamp: refused: float64 .*allowed: int8"),
        ("outcome", np.full(3, 99, np.int8), "clamp: outcome: 99 is no decision"),
        ("outcome", np.array([Decision.ADOPTED, -5, Decision.BLOCKED], np.int8), "clamp: outcome: -5 is no decision"),
        ("repeats", 0, "clamp: repeats: 0 is out of range; allowed: a whole number from 1 to 65535"),
    ],
)
def test_a_clamp_that_does_not_fit_is_refused(field, value, message):
    program = compile_scenario(scenario(BODY))
    with pytest.raises(InputError, match=message):
        program.clamped(clamp([Decision.ADOPTED, None, None], 4)._replace(**{field: value}))


def test_a_clamp_is_copied():
    held = clamp([Decision.ADOPTED, None, None], 4)
    program = compile_scenario(scenario(BODY)).clamped(held)
    held.outcome[:] = Decision.BLOCKED
    block = program.block(1, 0, 3, "final")
    program.run(block, 1)
    assert (block.records.outcome[:, 0] == Decision.ADOPTED).all()
