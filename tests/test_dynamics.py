"""The theories against published results, closed forms and the invariants of opinion dynamics."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_sim import dynamics
from alliance_sim.dynamics import ConvergenceError, degroot, friedkin_johnsen, hegselmann_krause
from alliance_sim.errors import InputError

# Four people of Friedkin and Johnsen (1999), as printed by Proskurnikov and Tempo (2017), eq. 24.
W4 = np.array([[0.220, 0.120, 0.360, 0.300], [0.147, 0.215, 0.344, 0.294], [0, 0, 1, 0], [0.090, 0.178, 0.446, 0.286]])
L4 = 1 - np.diag(W4)
X4 = np.array([[25, 25], [25, 15], [75, -50], [85, 5]])
SWAP = np.array([[0.0, 1.0], [1.0, 0.0]])

SIZES = st.tuples(st.integers(1, 10), st.integers(1, 4), st.integers(0, 2**32 - 1))
FEW = settings(deadline=None, max_examples=25)


def group(n, issues, seed):
    """Random opinions in [-1, 1], row-stochastic weights with gaps, susceptibilities up to 0.98."""
    g = np.random.default_rng(seed)
    weights = g.random((n, n)) * (g.random((n, n)) < 0.6) + np.diag(np.full(n, 0.05))
    return (
        g,
        g.uniform(-1, 1, (n, issues)),
        weights / weights.sum(axis=1, keepdims=True),
        g.uniform(0, 0.98, n),
    )


def logic(g, issues):
    coupling = g.uniform(-1, 1, (issues, issues))
    return coupling / np.abs(coupling).sum(axis=1, keepdims=True)


def closed_form(initial, weights, susceptibility, coupling):
    """Limit of coupled issues: vec(X) = (I - LW (x) C)^-1 ((I - L) (x) I) vec(X0)."""
    n, issues = initial.shape
    influence = np.kron(susceptibility[:, None] * weights, coupling)
    source = ((1 - susceptibility)[:, None] * initial).ravel()
    return np.linalg.solve(np.eye(n * issues) - influence, source).reshape(n, issues)


# DeGroot


@pytest.mark.parametrize(
    ("weights", "power"),
    [
        ([[0, 1 / 2, 1 / 2], [1, 0, 0], [0, 1, 0]], [2 / 5, 2 / 5, 1 / 5]),
        ([[1 / 2, 1 / 2], [1 / 4, 3 / 4]], [1 / 3, 2 / 3]),
        ([[1 / 3, 1 / 3, 1 / 3], [1 / 2, 1 / 2, 0], [0, 1 / 4, 3 / 4]], [3 / 11, 4 / 11, 4 / 11]),
    ],
)
def test_degroot_social_power(weights, power):
    """Starting from the identity matrix, every row ends at the vector of social power."""
    np.testing.assert_allclose(degroot(np.eye(len(power)), weights), np.tile(power, (len(power), 1)), atol=1e-12)


def test_an_oscillation_is_not_reported_as_converged():
    ring = np.roll(np.eye(5), 1, axis=1)
    for weights in (SWAP, ring):
        with pytest.raises(ConvergenceError, match="oscillate"):
            degroot(np.arange(len(weights)), weights)
    assert np.array_equal(degroot([0, 1], SWAP, steps=3), [1, 0])
    assert np.array_equal(degroot([2, 2], SWAP), [2, 2])
    # One person who negates its own opinion in every step.
    with pytest.raises(ConvergenceError, match="oscillate"):
        friedkin_johnsen([[1.0]], [[1.0]], 1.0, coupling=[[-1.0]])
    # Some attachment to the first opinion ends the oscillation.
    np.testing.assert_allclose(friedkin_johnsen([0.0, 1.0], SWAP, 0.5), [1 / 3, 2 / 3], atol=1e-12)


def test_closed_groups_reach_their_own_consensus():
    weights = [
        [0.5, 0.5, 0, 0, 0],
        [0.25, 0.75, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0.2, 0.3, 0.5, 0],
        [0, 0, 0, 0.9, 0.1],
    ]
    opinions = degroot([0, 3, 7, -1, 5], weights)
    np.testing.assert_allclose(opinions, [2, 2, 7, 5, 5], atol=1e-11)


@pytest.mark.parametrize("rate", [1e-2, 1e-4])
def test_slow_contraction_is_not_reported_as_converged(rate):
    """Changes are tiny long before the limit is near."""
    weights = [[1 - rate, rate], [rate / 2, 1 - rate / 2]]
    np.testing.assert_allclose(degroot([0, 1], weights), 2 / 3, atol=1e-12)


def test_hidden_slow_modes_are_not_reported_as_converged():
    """A chain: opinions move one place a step, so the last one changes only after many steps."""
    n = 40
    weights = 0.5 * np.eye(n) + 0.5 * np.eye(n, k=-1)
    weights[0] = np.eye(n)[0]
    np.testing.assert_allclose(degroot(np.arange(n), weights), 0.0, atol=n * 1e-12)
    # A fast mode of large amplitude and a slow one of small amplitude.
    pair, slow = np.full((2, 2), 0.5), np.array([[0.9999, 0.0001], [0.0001, 0.9999]])
    both = np.block([[pair, np.zeros((2, 2))], [np.zeros((2, 2)), slow]])
    np.testing.assert_allclose(degroot([-1, 1, 0, 1e-6], both)[2:], 5e-7, atol=1e-12)


def test_rounding_does_not_prevent_convergence(monkeypatch):
    """Rows sum to 1 only approximately, and the last bit alternates for ever."""
    nearly = np.array([[0.6, 0.4], [0.2, 0.8]]) * (1 + 5e-10)
    np.testing.assert_allclose(degroot([0, 3], nearly), 2, atol=1e-8)
    monkeypatch.setattr(dynamics, "MAX_STEPS", 20_000)
    for seed in (11, 73, 92, 187):
        g = np.random.default_rng(seed)
        weights = g.random((6, 6))
        weights /= weights.sum(axis=1, keepdims=True)
        initial = g.random(6)
        limit = np.linalg.solve(np.eye(6) - 0.9 * weights, 0.1 * initial)
        np.testing.assert_allclose(friedkin_johnsen(initial, weights, 0.9, tol=0), limit, rtol=0, atol=1e-14)


def test_the_limit_of_steps_is_reported(monkeypatch):
    monkeypatch.setattr(dynamics, "MAX_STEPS", 100)
    with pytest.raises(ConvergenceError, match="100 steps"):
        degroot([0, 1], [[0.999, 0.001], [0.001, 0.999]])


# Friedkin-Johnsen


def test_four_people_of_friedkin_and_johnsen():
    control = friedkin_johnsen(np.eye(4), W4, L4)
    printed = [
        [0.279398, 0.045019, 0.551413, 0.124170],
        [0.047142, 0.278252, 0.549241, 0.125365],
        [0, 0, 1, 0],
        [0.030090, 0.048073, 0.532400, 0.389437],
    ]
    np.testing.assert_allclose(control, printed, atol=6e-7)
    np.testing.assert_allclose(control.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(friedkin_johnsen(X4[:, 0], W4, L4), [60.020849, 59.983966, 75, 74.986205], atol=6e-7)


@pytest.mark.parametrize(
    ("susceptibility", "expected"),
    [
        (L4, [0.166616, 0.352117, 0.6, 0.669172]),
        (1.0, [0.6, 0.6, 0.6, 0.6]),
        ([1, 0, 0, 1], [0.390036, -0.2, 0.6, 0.374094]),
    ],
)
def test_four_people_with_some_susceptibility_changed(susceptibility, expected):
    np.testing.assert_allclose(friedkin_johnsen([-1, -0.2, 0.6, 1], W4, susceptibility), expected, atol=6e-7)


def test_two_people_who_listen_to_each_other():
    np.testing.assert_allclose(friedkin_johnsen(np.eye(2), SWAP, 0.5), [[2 / 3, 1 / 3], [1 / 3, 2 / 3]], atol=1e-12)


@pytest.mark.parametrize(
    ("coupling", "expected"),
    [
        (None, [[60.0208, -19.2896], [59.9840, -21.4829], [75, -50], [74.9862, -23.1995]]),
        ([[0.8, 0.2], [0.3, 0.7]], [[39.1604, 12.0011], [38.9483, 10.0706], [75, -50], [55.9772, 5.3140]]),
        (
            [[0.8, -0.2], [-0.3, 0.7]],
            [[52.2652, -30.9231], [52.1276, -33.2674], [75, -50], [68.3510, -33.1524]],
        ),
    ],
)
def test_two_coupled_issues(coupling, expected):
    """Parsegov et al. (2017)."""
    np.testing.assert_allclose(friedkin_johnsen(X4, W4, L4, coupling), expected, atol=6e-5)


@FEW
@given(SIZES)
def test_iteration_matches_the_closed_form(size):
    g, initial, weights, susceptibility = group(*size)
    identity = np.eye(size[1])
    n = len(weights)
    influence = susceptibility[:, None] * weights
    control = np.linalg.solve(np.eye(n) - influence, np.diag(1 - susceptibility))
    uncoupled = friedkin_johnsen(initial, weights, susceptibility)
    np.testing.assert_allclose(uncoupled, control @ initial, rtol=0, atol=1e-12)
    assert np.array_equal(uncoupled, friedkin_johnsen(initial, weights, susceptibility, identity))
    coupling = logic(g, size[1])
    np.testing.assert_allclose(
        friedkin_johnsen(initial, weights, susceptibility, coupling),
        closed_form(initial, weights, susceptibility, coupling),
        rtol=0,
        atol=1e-12,
    )


@FEW
@given(SIZES)
def test_invariants_of_linear_influence(size):
    g, initial, weights, susceptibility = group(*size)
    after = friedkin_johnsen(initial, weights, susceptibility, steps=7)
    # Opinions stay in the range of the initial ones, and in DeGroot's model the range shrinks step by step.
    assert (after >= initial.min(axis=0) - 1e-14).all() and (after <= initial.max(axis=0) + 1e-14).all()
    ranges = [np.ptp(degroot(initial, weights, steps=t), axis=0) for t in range(6)]
    assert (np.diff(ranges, axis=0) <= 1e-14).all()
    shifted = friedkin_johnsen(initial + 5.0, weights, susceptibility, steps=7)
    np.testing.assert_allclose(shifted, after + 5.0, rtol=0, atol=1e-13)
    order = g.permutation(len(weights))
    shuffled = friedkin_johnsen(initial[order], weights[np.ix_(order, order)], susceptibility[order], steps=7)
    np.testing.assert_allclose(shuffled, after[order], rtol=0, atol=1e-14)
    agreed = np.tile(initial[0], (len(weights), 1))
    assert np.array_equal(degroot(agreed, weights), agreed)
    np.testing.assert_allclose(friedkin_johnsen(agreed, weights, susceptibility), agreed, rtol=0, atol=1e-12)


@FEW
@given(SIZES)
def test_a_mechanism_of_strength_zero_gives_the_simpler_model(size):
    g, initial, weights, _ = group(*size)
    coupling = logic(g, size[1])
    assert np.array_equal(friedkin_johnsen(initial, weights, 0.0, coupling), initial)
    assert np.array_equal(friedkin_johnsen(initial, weights, 1.0, steps=9), degroot(initial, weights, steps=9))
    opinions, n = initial[:, 0], len(weights)
    everybody = np.full((n, n), 1 / n)
    assert np.array_equal(hegselmann_krause(opinions, np.inf, steps=3), degroot(opinions, everybody, steps=3))
    assert np.array_equal(hegselmann_krause(opinions, 0.0), opinions)


# Hegselmann-Krause


@pytest.mark.parametrize("n", [4, 6, 7, 11, 18, 21, 27])
@pytest.mark.parametrize("spacing", [1.0, 0.1, 0.3])
def test_equally_spaced_opinions_form_the_published_clusters(n, spacing):
    """Hegarty and Wedin (2014): 2 floor(n / 6) clusters of 3 and one of n mod 6 in the middle."""
    final = hegselmann_krause(spacing * np.arange(n), spacing)
    pairs, rest = divmod(n, 6)
    sizes = [3] * pairs + [rest] * (rest > 0) + [3] * pairs
    assert np.unique(final, return_counts=True)[1].tolist() == sizes


def test_twenty_one_equally_spaced_opinions_freeze_after_seventeen_steps():
    opinions = np.arange(21)
    final = hegselmann_krause(opinions, 1)
    assert np.array_equal(hegselmann_krause(opinions, 1, steps=17), final)
    assert not np.array_equal(hegselmann_krause(opinions, 1, steps=16), final)


@pytest.mark.parametrize("far", [3.0, 1e9, 1e17, -1e200])
def test_actors_who_agree_do_not_move_however_far_others_are(far):
    opinions = [far] * 5 + [0.1] * 3 + [7.0]
    np.testing.assert_array_equal(hegselmann_krause(opinions, 1.0), opinions)


@FEW
@given(st.integers(1, 25), st.integers(0, 2**32 - 1), st.floats(0.02, 0.5))
def test_bounded_confidence_keeps_order_and_freezes_exactly(n, seed, epsilon):
    g = np.random.default_rng(seed)
    opinions = np.sort(g.random(n))
    previous = opinions
    for t in range(1, 6):
        after = hegselmann_krause(opinions, epsilon, steps=t)
        assert (np.diff(after) >= -1e-14).all()
        assert after[0] >= previous[0] - 1e-14 and after[-1] <= previous[-1] + 1e-14
        previous = after
    final = hegselmann_krause(opinions, epsilon, tol=0)
    assert np.array_equal(hegselmann_krause(final, epsilon, steps=1), final)
    clusters = np.unique(final)
    assert (np.diff(clusters) > epsilon).all()
    assert np.array_equal(hegselmann_krause(opinions, epsilon), final)
    np.testing.assert_allclose(hegselmann_krause(opinions + 4.0, epsilon), final + 4.0, rtol=0, atol=1e-12)
    order = g.permutation(n)
    np.testing.assert_allclose(hegselmann_krause(opinions[order], epsilon), final[order], rtol=0, atol=1e-12)
    assert np.array_equal(hegselmann_krause(np.full(n, opinions[0]), epsilon), np.full(n, opinions[0]))


# Inputs


def test_shapes_are_kept_and_inputs_are_not_modified():
    initial = np.array([0.0, 1.0])
    assert friedkin_johnsen(initial, SWAP, 0.5).shape == (2,)
    assert friedkin_johnsen(initial[:, None], SWAP, 0.5).shape == (2, 1)
    assert hegselmann_krause([0, 1], 2).shape == (2,)
    unchanged = friedkin_johnsen(initial, SWAP, 0.5, steps=0)
    assert np.array_equal(unchanged, [0, 1]) and unchanged is not initial
    unchanged[0] = 9
    assert initial[0] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: degroot(["a", "b"], SWAP), "initial: is not an array of numbers"),
        (lambda: degroot([0, math.nan], SWAP), "initial: holds values that are not finite"),
        (lambda: degroot([], np.empty((0, 0))), "initial: has shape"),
        (lambda: degroot(np.zeros((2, 2, 2)), SWAP), "initial: has shape"),
        (lambda: degroot([0, 1, 2], SWAP), r"weights: has shape \(2, 2\); 3 actors need \(3, 3\)"),
        (lambda: degroot([0, 1], [[1.5, -0.5], [0, 1]]), "weights: holds -0.5"),
        (lambda: degroot([0, 1], [[0.5, 0.5], [0.5, 0.4]]), "weights: row 1 sums to 0.9"),
        (lambda: friedkin_johnsen([0, 1], SWAP, [0.5]), "susceptibility: has shape"),
        (lambda: friedkin_johnsen([0, 1], SWAP, 1.1), r"susceptibility: holds values outside \[0, 1\]"),
        (lambda: friedkin_johnsen([0, 1], SWAP, 0.5, np.eye(2)), "coupling: has shape"),
        (
            lambda: friedkin_johnsen(np.eye(2), SWAP, 0.5, [[0.8, -0.3], [0, 1]]),
            "coupling: absolute values of row 0",
        ),
        (lambda: degroot([0, 1], SWAP, steps=-1), "steps: -1"),
        (lambda: degroot([0, 1], SWAP, steps=2.5), "steps: 2.5"),
        (lambda: degroot([0, 1], SWAP, tol=-1.0), "tol: -1.0"),
        (lambda: degroot([0, 1], SWAP, tol=math.inf), "tol: inf is not allowed; give a number from 0 to 1"),
        (lambda: hegselmann_krause([0, 1], -0.1), "epsilon: -0.1"),
        (lambda: hegselmann_krause([0, 1], math.nan), "epsilon: nan"),
        (lambda: hegselmann_krause(np.eye(2), 0.5), "one opinion an actor"),
    ],
)
def test_errors_name_the_invalid_argument(call, message):
    with pytest.raises(InputError, match=message):
        call()
