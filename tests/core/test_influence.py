"""Influence weights and the Friedkin-Johnsen step, against NumPy and against exact properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_sim.core.influence import _unrolled_nearness, confidence_weights, couple, influence_step

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 6), st.integers(0, 2**32 - 1))


def weights_of(positions, base, salience, eps, power):
    n, issues = positions.shape
    weights = base.T.copy()
    scratch = np.full((issues + 3, n), np.nan)
    confidence_weights(weights, np.ascontiguousarray(positions.T), salience, float(eps), float(power), scratch)
    return np.ascontiguousarray(weights.T)


def step_of(anchor, current, weights, susceptibility, coupling):
    n, issues = current.shape
    out, coupled = np.full((2, issues, n), np.nan)
    scratch = np.full((2 * issues, n), np.nan)
    anchor, current, voices = (np.ascontiguousarray(array.T) for array in (anchor, current, weights))
    couple(coupled, coupling, current)
    influence_step(out, anchor, coupled, voices, susceptibility, scratch)
    return np.ascontiguousarray(out.T)


def world(n, issues, seed):
    """Random positions, base weights with gaps, salience."""
    g = np.random.default_rng(seed)
    base = g.random((n, n)) * (g.random((n, n)) < 0.8)
    return g, g.random((n, issues)), base, g.random(issues) + 0.01


def random_step(n, issues, seed):
    """Random arguments of one step: displacements around zero, row-stochastic weights, any logic matrix."""
    g = np.random.default_rng(seed)
    weights = g.random((n, n)) * (g.random((n, n)) < 0.8) + np.diag(np.full(n, 1e-3))
    weights /= weights.sum(axis=1, keepdims=True)
    anchor, current = g.normal(size=(2, n, issues))
    return anchor, current, weights, g.random(n), g.normal(size=(issues, issues)) / issues


@settings(deadline=None, max_examples=60)
@given(SIZES, st.floats(0.05, 2.0), st.sampled_from([0.0, 1.0, 2.0, 3.5]))
def test_weights_match_the_formula(size, eps, power):
    _, x, base, salience = world(*size)
    d2 = ((x[:, None] - x[None]) ** 2 * salience).sum(axis=-1) / salience.sum()
    expected = base * (np.where(d2 <= eps**2, np.maximum(1 - d2 / eps**2, 0) ** power, 0) if power else d2 <= eps**2)
    heard = expected.sum(axis=1, keepdims=True)
    expected = np.where(heard > 0, expected / np.where(heard > 0, heard, 1), np.eye(len(x)))
    weights = weights_of(x, base, salience, eps, power)
    np.testing.assert_allclose(weights, expected, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-14)


@settings(deadline=None, max_examples=40)
@given(SIZES, st.floats(0.1, 2.0))
def test_weights_depend_on_distances_only(size, eps):
    g, x, base, salience = world(*size)
    weights = weights_of(x, base, salience, eps, 2)
    close = {"rtol": 1e-8, "atol": 1e-11}
    np.testing.assert_allclose(weights_of(x + 3.0, base, salience, eps, 2), weights, **close)
    np.testing.assert_allclose(weights_of(x * 2.0, base, salience * 5.0, eps * 2.0, 2), weights, **close)
    order = g.permutation(len(x))
    shuffled = weights_of(x[order], base[np.ix_(order, order)], salience, eps, 2)
    np.testing.assert_allclose(shuffled, weights[np.ix_(order, order)], **close)


def test_an_issue_without_salience_separates_nobody():
    _, x, base, _ = world(8, 2, 1)
    first = weights_of(x, base, np.array([1.0, 0.0]), 0.4, 2)
    assert np.array_equal(first, weights_of(x[:, :1].copy(), base, np.ones(1), 0.4, 2))


@pytest.mark.parametrize("power", [0, 1, 2])
def test_without_a_bound_weights_are_the_base(power):
    _, x, base, salience = world(10, 3, 2)
    weights = weights_of(x, base, salience, np.inf, power)
    np.testing.assert_allclose(weights, base / base.sum(axis=1, keepdims=True), rtol=1e-15)


def test_an_actor_without_neighbours_listens_to_itself():
    x = np.array([[0.0], [0.1], [5.0]])
    base = 1.0 - np.eye(3)
    np.testing.assert_allclose(weights_of(x, base, np.ones(1), 1.0, 2), [[0, 1, 0], [1, 0, 0], [0, 0, 1]], rtol=1e-15)


def test_ties_are_inside_the_uniform_kernel():
    tenths = 0.1 * np.arange(12)[:, None]
    near = np.abs(np.subtract.outer(np.arange(12), np.arange(12))) <= 1
    assert np.array_equal(weights_of(tenths, np.ones((12, 12)), np.ones(1), 0.1, 0) > 0, near)
    beyond = np.array([[0.0], [1.0 + 1e-8]])
    assert np.array_equal(weights_of(beyond, np.ones((2, 2)), np.ones(1), 1.0, 0), np.eye(2))
    assert np.array_equal(weights_of(tenths, np.ones((12, 12)), np.ones(1), 0.0, 0), np.eye(12))


@settings(deadline=None, max_examples=60)
@given(SIZES)
def test_step_matches_the_formula(size):
    anchor, current, weights, s, coupling = random_step(*size)
    expected = (1 - s)[:, None] * anchor + s[:, None] * (weights @ (current @ coupling.T))
    np.testing.assert_allclose(step_of(anchor, current, weights, s, coupling), expected, rtol=1e-12, atol=1e-13)


@settings(deadline=None, max_examples=40)
@given(SIZES)
def test_step_is_exact_at_its_ends(size):
    anchor, current, weights, s, coupling = random_step(*size)
    n, issues = current.shape
    identity = np.eye(issues)
    assert np.array_equal(step_of(anchor, current, weights, np.zeros(n), coupling), anchor)
    everything = step_of(anchor, current, weights, np.ones(n), coupling)
    assert np.array_equal(everything, step_of(1e9 * anchor, current, weights, np.ones(n), coupling))
    alone = [step_of(anchor[:, [k]].copy(), current[:, [k]].copy(), weights, s, np.eye(1))[:, 0] for k in range(issues)]
    assert np.array_equal(step_of(anchor, current, weights, s, identity), np.transpose(alone))
    nothing = np.zeros_like(current)
    assert not step_of(nothing, nothing, weights, s, coupling).any()
    agreed = np.tile(current[0], (n, 1))
    assert np.array_equal(step_of(anchor, agreed, weights, np.ones(n), identity), agreed)


def test_same_audience_gives_the_same_bits():
    """Two actors with the same neighbours move to the same number, whatever their own positions."""
    anchor, current, weights, _, coupling = random_step(9, 3, 4)
    weights[5] = weights[2]
    after = step_of(anchor, current, weights, np.ones(9), coupling)
    assert np.array_equal(after[5], after[2])


def test_the_result_may_replace_the_current_opinions():
    anchor, current, weights, s, _ = random_step(9, 3, 5)
    expected = step_of(anchor, current, weights, s, np.eye(3))
    anchor, current, voices = (np.ascontiguousarray(array.T) for array in (anchor, current, weights))
    influence_step(current, anchor, current, voices, s, np.empty((6, 9)))
    assert np.array_equal(current.T, expected)


@pytest.mark.parametrize("eps", [0.01, 0.4, 10.0])
def test_smooth_kernel_matches_the_kernel_of_distances(eps):
    """It is computed from products: at both ends of the bound's range, for the alliance's actors and issues."""
    g = np.random.default_rng(0)
    positions, base, salience = 0.5 + min(0.5, 3.0 * eps) * g.random((32, 9)), g.random((32, 32)), g.random(9)
    distance2 = ((positions[:, None] - positions) ** 2 * salience).sum(axis=2) / salience.sum()
    expected = base * np.maximum(0.0, 1.0 - distance2 / eps**2) ** 2
    assert (expected > 0.0).mean() > 0.2
    weights = weights_of(positions, base, salience, eps, 2.0)
    np.testing.assert_allclose(weights, expected / expected.sum(axis=1, keepdims=True), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("issues", [1, 2, 9, 10, 13])
def test_the_expression_for_nearness_follows_the_number_of_issues(issues):
    x = np.random.default_rng(0).normal(size=(issues, 5))
    half, out = 0.5 * (x**2).sum(axis=0), np.empty(5)
    _unrolled_nearness(issues).py_func(out, x, half, 1.0 - half[2], 2, 5)
    np.testing.assert_allclose(out, 1.0 - 0.5 * ((x - x[:, 2:3]) ** 2).sum(axis=0), rtol=1e-12)
