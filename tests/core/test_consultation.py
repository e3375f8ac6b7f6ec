"""Before a meeting: listening among those who take part, errors that stay for a while, and what the chair knows."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_sim.compile import SPIN_UP, compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.consultation import CONSULTATIONS, consult, hear_each_other, read_positions
from alliance_sim.core.derived import draw_state
from alliance_sim.core.jit import kernel
from alliance_sim.core.sessions import Docket, Seating, new_session
from alliance_sim.core.structures import Clock
from alliance_sim.dynamics import friedkin_johnsen
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from core.helpers import PATIENT, STILL, run, scenario


def session_of(n, weights, susceptibility, ally=None, outside=False, pull=1.0):
    """A session of n voters, the last row being a patron from outside if there is one, after they have listened."""
    rows = n + outside
    session = new_session(rows)
    session.ally[:rows] = np.arange(rows) if ally is None else ally
    session.susceptibility[:rows] = susceptibility
    seating = Seating(n, rows, rows - 1 if outside else 0, pull, 0.0)
    rows_of = np.ascontiguousarray(weights.T)
    hear_each_other.py_func(session.voice, session.own, rows_of, session.ally, n, rows, pull)
    return session, seating


@kernel(python=True)
def consulted(session, seating, strength, issues):
    """Consult on the first issues of `session.expressed`."""
    consult(session, seating, strength, issues)


def expressed(private, session, seating, strength):
    """Positions on one issue, or on several at once (K, rows), after consultation."""
    found = np.atleast_2d(np.array(private, dtype=float))
    session.expressed[: len(found), : seating.rows] = found
    consulted(session, seating, float(strength), len(found))
    return session.expressed[: len(found), : seating.rows].reshape(np.shape(private)).copy()


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.integers(0, 2**32 - 1), st.floats(0.0, 1.0), st.booleans())
def test_consultation_is_the_model_of_friedkin_and_johnsen(n, seed, strength, outside):
    """A patron from outside is heard by part of its weight, and is not moved."""
    g = np.random.default_rng(seed)
    rows = n + outside
    weights, private, susceptibility = g.random((rows, rows)), g.random(rows), g.random(rows)
    session, seating = session_of(n, weights, susceptibility, outside=outside, pull=0.3)
    heard = weights.copy()
    if outside:
        heard[:, -1] *= 0.3
    heard /= heard.sum(axis=1, keepdims=True)
    moved = strength * susceptibility
    if outside:
        moved[-1] = 0.0
    found = expressed(private, session, seating, strength)
    np.testing.assert_allclose(found, friedkin_johnsen(private, heard, moved, steps=CONSULTATIONS), atol=1e-12)
    assert ((found >= private.min() - 1e-12) & (found <= private.max() + 1e-12)).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.integers(1, len(ISSUES)), st.integers(0, 2**32 - 1))
def test_all_issues_at_once_are_as_each_alone(n, issues, seed):
    g = np.random.default_rng(seed)
    session, seating = session_of(n, g.random((n, n)), g.random(n))
    private = g.random((issues, n))
    together = expressed(private, session, seating, 0.8)
    for k in range(issues):
        np.testing.assert_allclose(together[k], expressed(private[k], session, seating, 0.8), atol=1e-15)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_without_strength_or_susceptibility_nobody_is_moved(n, seed):
    g = np.random.default_rng(seed)
    weights, private = g.random((n, n)), g.random(n)
    for strength, susceptibility in ((0.0, g.random(n)), (1.0, 0.0)):
        np.testing.assert_array_equal(expressed(private, *session_of(n, weights, susceptibility), strength), private)
    # A stubborn Washington stays where it is, and draws the others.
    stubborn = np.where(np.arange(n) == 0, 0.0, 0.6)
    private[0], private[1:] = 0.0, 1.0
    found = expressed(private, *session_of(n, weights, stubborn), 1.0)
    assert found[0] == 0.0 and (found[1:] < 1.0).all()


def test_what_is_left_to_come_after_the_rounds_is_small():
    """A susceptibility of 0.3, the middle of the prior under a strength of 0.75, leaves a hundredth."""
    g = np.random.default_rng(1)
    weights, private = g.random((8, 8)), g.random(8)
    weights /= weights.sum(axis=1, keepdims=True)
    limit = friedkin_johnsen(private, weights, 0.3)
    found = expressed(private, *session_of(8, weights, 0.4), 0.75)
    assert np.abs(found - limit).max() < 0.01 * np.abs(limit - private).max()


def test_who_finds_nobody_to_listen_to_keeps_its_position():
    weights = np.array([[0.0, 0.0, 0.0, 1.0], [0.5, 0.0, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    session, seating = session_of(3, weights, 0.8)  # the fourth ally takes no part, and the first hears no other
    found = expressed([0.9, 0.1, 0.5], session, seating, 1.0)
    assert found[0] == pytest.approx(0.9) and found[1] > 0.1
    np.testing.assert_allclose(session.voice[:3, :3].sum(axis=0), 1.0)


def test_only_those_who_take_part_are_heard():
    g = np.random.default_rng(2)
    weights = g.random((6, 6))
    members = np.array([1, 3, 4])
    session, _ = session_of(3, weights, 0.5, ally=members)
    part = weights[np.ix_(members, members)]
    np.testing.assert_allclose(session.voice[:3, :3].T, part / part.sum(axis=1, keepdims=True))


def test_what_governments_want_stays_as_it_was():
    body = """
        meetings:
          - {month: 2, forum: nato_summit, title: t, source: none, agenda: [
              {issue: open_door, proposed: 0.8, reversion: 0.45, text: t, source: none}]}
        """
    without = run(scenario(months=3), draws=10)
    for strength in (0.0, 1.0):
        held = run(scenario(body, months=3, consultation=strength), draws=10)
        np.testing.assert_array_equal(held.output.positions, without.output.positions)
        np.testing.assert_array_equal(held.states.position, without.states.position)


@pytest.mark.parametrize(
    "asks",
    [
        "deterrence_posture, proposed: 0.8, reversion: 0.6",
        pytest.param(
            "open_door, proposed: 0.8, reversion: 0.45",
            marks=pytest.mark.xfail(reason="a Washington far from the others draws them to itself"),
        ),
    ],
)
def test_in_public_they_come_closer_so_that_fewer_object(asks):
    body = """
        meetings:
          - {month: 2, forum: nato_summit, title: t, source: none, agenda: [{issue: %s, text: t, source: none}]}
        """
    objecting = [
        (run(scenario(body % asks, consultation=c, insist_summit=1.0), draws=200).records.objection > 0).mean()
        for c in (0.0, 1.0)
    ]
    assert objecting[1] < objecting[0], objecting


# Errors of positions


@kernel(python=True)
def read(states, inputs, calendar, records, chances, weighing, session, seating, row, j, clock):
    """Read positions of item j in one draw."""
    docket = Docket(calendar.meetings, records, row, calendar.clamp, chances, weighing)
    read_positions(draw_state(states, inputs, row), session, seating, docket, j, clock)


MEETINGS = """
meetings:
  - {month: 2, forum: nac, title: a, source: none, agenda: [ITEM]}
  - {month: 2, forum: nato_summit, title: b, source: none, agenda: [ITEM]}
  - {month: 8, forum: nac, title: c, source: none, agenda: [ITEM]}
  - {month: 26, forum: nac, title: d, source: none, agenda: [ITEM]}
""".replace("ITEM", "{issue: open_door, proposed: 0.8, reversion: 0.45, text: t, source: none}")
MONTHS = (2, 2, 8, 26)
HALF_LIFE, SD, SD_CHAIR, DRAWS = 12.0, 0.08, 0.05, 300


@cache
def readings():
    """What is shown and what the chair expects at each of the meetings, as errors: (meetings, draws * allies)."""
    known = {"half_life_position": HALF_LIFE, "sd_position": SD, "sd_chair": SD_CHAIR, "consultation": 0.0}
    program = compile_scenario(scenario(MEETINGS, months=30, **STILL, **PATIENT, **known))
    block = program.block(3, 0, DRAWS, "final")
    program.run(block, 3, month1=1)  # before the first meeting
    n = len(ALLIES)
    session = new_session(n)
    session.ally[:n] = np.arange(n)
    seating = Seating(n, n, 0, 1.0, 0.0)
    shown, chair = np.empty((2, len(MONTHS), DRAWS, n))
    kept = block.records, block.chances, block.weighing
    arguments = (block.states, block.inputs, program.calendar, *kept, session, seating)
    for row in range(DRAWS):
        for j, month in enumerate(MONTHS):
            read(*arguments, row, j, Clock(np.uint64(3), row, SPIN_UP + month))
            wanted = block.states.position[row, L.OPEN_DOOR]
            shown[j, row], chair[j, row] = session.position[0, :n] - wanted, session.chair[0, :n] - wanted
    return shown.reshape(len(MONTHS), -1), chair.reshape(len(MONTHS), -1)


TOLERANCE = 4.0 / np.sqrt(DRAWS * len(ALLIES))  # four standard errors of a mean of standard normal numbers


@pytest.mark.parametrize("j", range(len(MONTHS)))
def test_the_error_of_a_position_has_the_same_spread_at_every_meeting(j):
    shown = readings()[0][j] / SD
    assert shown.mean() == pytest.approx(0.0, abs=TOLERANCE) and shown.std() == pytest.approx(1.0, abs=TOLERANCE)


@pytest.mark.parametrize(("one", "other", "gap"), [(0, 2, 6), (2, 3, 18), (0, 3, 24)])
def test_errors_of_positions_forget_half_in_a_half_life(one, other, gap):
    shown = readings()[0]
    correlation = np.corrcoef(shown[one], shown[other])[0, 1]
    assert correlation == pytest.approx(2.0 ** (-gap / HALF_LIFE), abs=TOLERANCE)


def test_within_a_month_a_position_is_shown_once():
    shown, _ = readings()
    np.testing.assert_allclose(shown[1], shown[0], atol=1e-15)


@pytest.mark.parametrize(("j", "before", "gap"), [(0, None, 0), (1, 0, 0), (2, 1, 6), (3, 2, 18)])
def test_the_chair_expects_what_is_left_of_the_error_that_it_saw(j, before, gap):
    """Its own error has no bias, its spread is as given, and what it cannot know yet is news to it."""
    shown, chair = readings()
    kept = 0.0 if before is None else 2.0 ** (-gap / HALF_LIFE)
    seen = 0.0 if before is None else shown[before]
    own = (chair[j] - kept * seen) / SD_CHAIR
    assert own.mean() == pytest.approx(0.0, abs=TOLERANCE) and own.std() == pytest.approx(1.0, abs=TOLERANCE)
    news = shown[j] - kept * seen
    assert news.mean() == pytest.approx(0.0, abs=SD * TOLERANCE)
    assert news.std() == pytest.approx(SD * np.sqrt(1.0 - kept**2), abs=SD * TOLERANCE)
    if news.std() > 1e-9:
        assert np.corrcoef(own, news)[0, 1] == pytest.approx(0.0, abs=TOLERANCE)


def test_an_error_is_about_one_issue_of_one_ally():
    what = scenario(MEETINGS, months=30)
    block = run(what, draws=50, month1=4)
    errors = block.states.position_error
    assert (np.delete(errors, L.OPEN_DOOR, axis=1) == 0.0).all()
    assert (np.delete(block.states.error_month, L.OPEN_DOOR, axis=1) == -1.0).all()
    member = compile_scenario(what).shared.member[SPIN_UP + 2, L.Forum.NAC].astype(bool)
    assert (block.states.error_month[:, L.OPEN_DOOR, member] == SPIN_UP + 2).all()
    assert np.unique(errors[:, L.OPEN_DOOR, member]).size == 50 * member.sum()
