"""The consensus procedure of the core: limits outside the registry's ranges, the chair's search, texts."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alliance_sim.consensus import RULES
from alliance_sim.core import structures as L
from alliance_sim.core.constants import ABSTENTION
from alliance_sim.core.procedure import Answers, Body, decide_draws
from alliance_sim.core.rng import logistic, normal
from alliance_sim.core.sessions import Item
from alliance_sim.core.structures import Clock
from alliance_sim.registry.parameters import PARAMETERS

LEVEL = st.floats(0.0, 1.0)
ITEM = Item(1, np.zeros(3), np.array([1.0, 0, 0]), 0.4, True, L.Rule.UNANIMITY, 0, 1, 1.0)
#: Allies bear the same move in any company, and nobody is bought off.
ALONE = {"company_move": 0.0, "patron_move": 0.0, "compensation": 0.0}
CERTAIN = {"slack_scale": 0.0, "sd_position": 0.0}


def parameters(**values):
    params = np.array([PARAMETERS[name].prior("2025").centre for name in [param.name for param in L.Param]])
    for name, value in values.items():
        params[L.Param[name]] = value
    return params


def run(positions, item, params, draws=1, salience=None, standing=None, dependence=None, patron=-1, seed=0):
    """Outcome (D,), share of the way (D,), objections (D, n)."""
    x = np.asarray(positions, dtype=np.float64)
    vectors = [np.ones_like(x) if v is None else np.asarray(v, float) for v in (salience, standing)]
    needs = np.zeros_like(x) if dependence is None else np.asarray(dependence, float)
    outcome, share = np.empty(draws, np.int64), np.empty(draws)
    objection = np.empty((draws, x.size), np.int64)
    answers = Answers(outcome, share, objection)
    decide_draws(answers, Body(x, *vectors, needs, patron), item, params, np.uint64(seed), 0)
    return outcome, share, objection


def text(proposal, reversion, **changes):
    base, span = np.zeros(3), np.zeros(3)
    base[0], span[0] = reversion, proposal - reversion
    return ITEM._replace(reversion=base, span=span, **changes)


def losses(x, q, r):
    return (q - x) ** 2 - (r - x) ** 2


def thresholds(p, loss, salience, standing, dependence, patron):
    """Losses that allies bear in silence, as the squares of moves that the model description gives them."""
    alone = p["tolerated_move"] ** 2
    company = (p["tolerated_move"] + p["company_move"]) ** 2 - alone
    willing = np.where(loss * salience <= alone, standing, 0.0)
    others = standing.sum() - standing
    support = (willing.sum() - willing) / np.where(others > 0, others, 1.0)
    fear = np.zeros_like(loss)
    if patron >= 0:
        sigma = 1 / (1 + np.exp(-np.clip((alone / salience[patron] - loss[patron]) / p["slack_scale"], -700, 700)))
        fear = ((p["tolerated_move"] + p["patron_move"]) ** 2 - alone) * dependence * sigma
        fear[patron] = 0.0
    return (alone + company * (1 - standing) * support + fear) / salience


@settings(max_examples=100)
@given(st.data(), st.integers(2, 8), LEVEL, LEVEL, st.sampled_from([0.0, 0.5, 2.0]), st.integers(0, 2**32))
def test_an_indivisible_text_passes_if_all_are_silent_or_bought_off(data, n, proposal, reversion, cap, seed):
    """Member by member against the acceptance rule of the model description, with noise.

    An item without prospects is withdrawn, whether or not it is divisible; here a failure costs the chair nothing.
    """
    assume(abs(proposal - reversion) > 1e-3)
    g = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x, salience, standing, dependence = g.random(n), *g.uniform(0.1, 1.0, (2, n)), g.random(n)
    patron = data.draw(st.integers(-1, n - 1))
    p = {
        "tolerated_move": 0.17, "company_move": 0.19, "patron_move": 0.15, "slack_scale": 0.01, "sd_position": 0.06,
        "sd_chair": 0.05, "compensation": cap, "blowup_cost": 0.0,
    }  # fmt: skip
    draws = 6
    item = text(proposal, reversion, divisible=False)
    outcome, share, objection = run(x, item, parameters(**p), draws, salience, standing, dependence, patron, seed)
    for d in range(draws):
        errors = [normal(Clock(np.uint64(seed), d, 0), L.Channel.POSITION, i) for i in range(n)]
        temper = np.array([logistic(Clock(np.uint64(seed), d, 0), L.Channel.TEMPER, i) for i in range(n)])
        loss = losses(x + p["sd_position"] * np.array(errors), proposal, reversion)
        margin = thresholds(p, loss, salience, standing, dependence, patron) + p["slack_scale"] * temper - loss
        spare = cap * p["tolerated_move"] ** 2 - (np.maximum(0.0, -margin) * salience).sum()
        assume(np.abs(margin).min() > 1e-9 and abs(spare) > 1e-9)
        if outcome[d] == L.Decision.WITHDRAWN:  # the chance is so small that it counts for nothing
            assert (objection[d] <= 0).all()
            continue
        np.testing.assert_array_equal(objection[d] > 0, margin < 0)
        assert outcome[d] == (L.Decision.ADOPTED if (margin >= 0).all() or spare >= 0 else L.Decision.BLOCKED)
        assert share[d] == float(outcome[d] == L.Decision.ADOPTED)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 6), LEVEL, LEVEL, st.floats(0.05, 0.5), st.floats(0.0, 0.4))
def test_the_chair_tables_the_text_of_greatest_worth(seed, n, proposal, reversion, least, blowup_cost):
    """Against the worth P|q - r| - (1 - P) cost on a fine grid, for a chair that knows every position."""
    assume(abs(proposal - reversion) > 0.05)
    g = np.random.default_rng(seed)
    x, standing, ones = g.random(n), g.uniform(0.1, 1.0, n), np.ones(n)
    p = {
        "tolerated_move": 0.17, "company_move": 0.19, "patron_move": 0.0, "slack_scale": 0.005, "sd_position": 0.06,
        "sd_chair": 0.0, "compensation": 0.0,
    }  # fmt: skip
    params = parameters(**p, min_share=least, blowup_cost=blowup_cost, concession_step=0.0)

    def worth_of(f):
        q = reversion + f * (proposal - reversion)
        loss = losses(x, q, reversion)
        scale = np.sqrt(p["slack_scale"] ** 2 + 3 / np.pi**2 * (2 * (q - reversion)) ** 2 * p["sd_position"] ** 2)
        margin = thresholds(p, loss, ones, standing, np.zeros(n), -1) - loss
        chance = np.exp(-np.logaddexp(0.0, -margin / scale).sum())
        return chance * abs(q - reversion) - (1 - chance) * blowup_cost

    worth = [worth_of(f) for f in np.linspace(least, 1.0, 2001)]
    # With a wide temper the tabled text passes in some draws, and there its share is recorded.
    outcome, share, _ = run(x, text(proposal, reversion, min_share=least), params, 200, standing=standing)
    assert (outcome[0] == L.Decision.WITHDRAWN) == (max(worth) <= 0.0) or abs(max(worth)) < 1e-6
    tabled = share[(outcome == L.Decision.ADOPTED) | (outcome == L.Decision.DILUTED)]
    if tabled.size:
        assert np.ptp(tabled) == 0.0  # one text, because the chair knows the same in every draw
        # The support of the others jumps where one of them changes sides, so the worth may have several peaks.
        assert worth_of(tabled[0]) >= max(worth) - 0.02


def test_an_indivisible_item_is_put_to_the_vote_unchanged_or_withdrawn():
    certain = {"sd_position": 0.0, "sd_chair": 0.0, "slack_scale": 0.0, "tolerated_move": 0.15, **ALONE}
    for proposal, expected in ((0.5, L.Decision.ADOPTED), (0.9, L.Decision.WITHDRAWN)):
        item = text(proposal, 0.4, divisible=False)
        outcome, share, objection = run([0.4, 0.9], item, parameters(**certain), 50)
        assert (outcome == expected).all() and set(share) == {float(expected == L.Decision.ADOPTED)}
        assert (objection[:, 0] == (-1 if expected == L.Decision.ADOPTED else 0)).all() and (
            objection[:, 1] == -1
        ).all()
    hopeful = parameters(blowup_cost=0.0, **ALONE)
    outcome, share, _ = run([0.4, 0.9], text(0.6, 0.4, divisible=False), hopeful, 300)
    assert set(outcome) == {L.Decision.ADOPTED, L.Decision.BLOCKED} and set(share) == {0.0, 1.0}
    lowered, parts, _ = run([0.4, 0.9], text(0.6, 0.4, rounds=3), hopeful, 300)
    assert set(lowered) >= {L.Decision.ADOPTED, L.Decision.DILUTED} and np.unique(parts).size > 3


@settings(max_examples=40)
@given(st.lists(LEVEL, min_size=1, max_size=8), LEVEL, LEVEL, st.integers(0, 2**32), st.sampled_from(range(5)))
def test_outcome_and_share_agree(positions, proposal, reversion, seed, rule):
    item = text(proposal, reversion, rule=rule, allowance=1, rounds=3)
    params = parameters()
    adopted_share = params[L.Param.adopted_share]
    outcome, share, objection = run(positions, item, params, 40, seed=seed)
    least = item.min_share if rule != L.Rule.COALITION else 0.0  # a coalition moves a text part of the way
    assert (share[outcome == L.Decision.ADOPTED] >= adopted_share).all()
    diluted = share[outcome == L.Decision.DILUTED]
    assert ((diluted >= least - 1e-12) & (diluted < adopted_share)).all()
    assert (share[(outcome == L.Decision.WITHDRAWN) | (outcome == L.Decision.BLOCKED)] == 0.0).all()
    assert (objection[outcome == L.Decision.WITHDRAWN] <= 0).all()
    assert (objection[outcome != L.Decision.WITHDRAWN] != 0).all() and (objection <= 3).all()
    if rule == L.Rule.UNANIMITY:
        assert (objection[outcome == L.Decision.BLOCKED] > 0).any(axis=1).all()
        # An objection in the last round blocks, or is bought off; after earlier ones the text was lowered.
        plain = parameters(compensation=0.0)
        outcome, share, objection = run(positions, item, plain, 40, seed=seed)
        assert (objection[(outcome == L.Decision.ADOPTED) | (outcome == L.Decision.DILUTED)] < 3).all()


def test_after_an_objection_the_text_is_lowered_to_the_objectors_bound():
    """The chair misjudges the objector; the objector's bound is known in closed form."""
    x, move, r = 0.5, 0.14, 0.3
    params = parameters(
        **ALONE,
        **CERTAIN,
        tolerated_move=move,
        sd_chair=0.5,
        blowup_cost=0.0,
        concession_step=1.0,
        min_share=0.1,
    )
    _, share, objection = run([x], text(1.0, r, min_share=0.1, rounds=2), params, 400)
    bound = (x + np.sqrt((x - r) ** 2 + move**2) - r) / 0.7
    lowered = share[objection[:, 0] == 1]
    assert lowered.size > 50
    np.testing.assert_allclose(lowered, bound, atol=1e-9)
    assert (share[objection[:, 0] < 0] <= bound + 1e-9).all()


def test_a_text_lowered_to_a_bound_passes_despite_rounding():
    params = parameters(
        **ALONE,
        tolerated_move=0.14,
        slack_scale=0.0,
        sd_position=0.05,
        sd_chair=0.5,
        blowup_cost=0.0,
        concession_step=1.0,
    )
    outcome, _, objection = run([0.5], text(1.0, 0.3, min_share=0.01, rounds=2), params, 4000)
    assert (objection == 1).sum() > 500 and (objection < 2).all()
    assert (outcome != L.Decision.BLOCKED).all()


def test_a_text_may_be_lowered_to_nothing():
    """One ally accepts the reversion only, and there is no least share worth adopting."""
    params = parameters(
        **ALONE,
        **CERTAIN,
        tolerated_move=0.0,
        sd_chair=0.5,
        blowup_cost=0.0,
        concession_step=1.0,
    )
    outcome, share, _ = run([1.0, 1.0, 1.0, 0.0], text(1.0, 0.3, min_share=0.0, rounds=5), params, 200)
    assert (outcome == L.Decision.DILUTED).all() and (share < 1e-12).all()


def test_a_concession_is_no_larger_than_its_step():
    params = parameters(
        **ALONE,
        **CERTAIN,
        tolerated_move=0.14,
        sd_chair=0.5,
        blowup_cost=0.0,
        concession_step=0.05,
        min_share=0.1,
    )
    base = text(1.0, 0.3, min_share=0.1)
    failures = [
        (run([0.5], base._replace(rounds=k), params, 400)[0] == L.Decision.BLOCKED).mean() for k in (1, 2, 5, 20)
    ]
    assert failures == sorted(failures, reverse=True)
    assert failures[0] > failures[2] > failures[3]


def test_qualified_majority_and_constructive_abstention_follow_the_treaty():
    """A qualified majority needs 55% of members and 65% of weight; a third of the weight may abstain."""
    veto = {**ALONE, **CERTAIN, "tolerated_move": 0.0, "sd_chair": 0.0}

    def passes(yes, no, rule, weights=None, against=0.1):
        item = text(0.6, 0.2, divisible=False, rule=RULES.index(rule))
        outcome, _, _ = run([0.9] * yes + [against] * no, item, parameters(**veto), standing=weights)
        return outcome[0] in (L.Decision.ADOPTED, L.Decision.DILUTED)

    assert passes(7, 3, "qualified_majority") and not passes(6, 4, "qualified_majority")
    assert passes(5, 4, "qualified_majority", [1.0] * 5 + [0.01] * 4)
    assert not passes(1, 1, "qualified_majority", [1.0, 0.01])
    # An opponent at x loses 0.32 - 0.8x: those who lose no more than is borne by abstaining abstain.
    willing, unwilling = ((0.32 - factor * ABSTENTION) / 0.8 for factor in (0.99, 1.01))
    assert passes(7, 3, "constructive_abstention", against=willing)
    assert not passes(6, 4, "constructive_abstention", against=willing)
    assert not passes(7, 3, "constructive_abstention", against=unwilling)
    assert passes(1, 2, "coalition", [0.5, 0.5, 0.5]) and not passes(1, 3, "coalition")
    assert not passes(9, 1, "unanimity")


def test_draws_do_not_depend_on_the_block():
    item, params = text(0.8, 0.3, rounds=3), parameters()
    x = np.array([0.3, 0.4, 0.6])
    whole = run(x, item, params, 20)
    for d in (0, 7, 19):
        outcome, share, objection = np.empty(1, np.int64), np.empty(1), np.empty((1, 3), np.int64)
        answers = Answers(outcome, share, objection)
        decide_draws(answers, Body(x, np.ones(3), np.ones(3), np.zeros(3), -1), item, params, np.uint64(0), d)
        assert (outcome[0], share[0]) == (whole[0][d], whole[1][d])
        np.testing.assert_array_equal(objection[0], whole[2][d])
