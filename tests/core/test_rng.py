"""Philox and the distributions sampled from it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alliance_sim.core import rng
from alliance_sim.core.structures import Clock

WORD = st.integers(0, 2**32 - 1)
N = 100_000


def uniform(seed, draw, month, channel, ident):
    return rng.uniform(Clock(np.uint64(seed), draw, month), channel, ident)


def philox_by_hand(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    """Philox 4x32-10 in Python integers, written from the paper's round function."""
    c, k = list(counter), list(key)
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c[0], 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c[2], 2**32)
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return tuple(c)


def draws(kind: int, a: float, b: float, lo: float, hi: float, n: int = 20_000) -> np.ndarray:
    one = [np.array([value]) for value in (a, b, lo, hi)]
    return rng.sample_table(rng.Distributions(np.array([kind]), *one, np.array([17], np.uint32)), 3, 0, n, 5)[:, 0]


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_philox_gives_the_published_values(counter, key, expected):
    assert rng.philox(*counter, *key) == expected


@settings(deadline=None)
@given(st.tuples(WORD, WORD, WORD, WORD), st.integers(0, 2**64 - 1))
def test_uniform_is_philox_at_the_key_and_counter_of_its_name(name, seed):
    w0, w1, _, _ = philox_by_hand(name, (seed % 2**32, seed >> 32))
    assert rng.philox(*name, seed % 2**32, seed >> 32)[:2] == (w0, w1)
    assert uniform(seed, *name) == (w0 * 2**20 + w1 // 2**12 + 0.5) / 2**52


@pytest.mark.parametrize("seed", [0, 7, 2**40, 2**63 - 1])
def test_the_type_of_the_seed_does_not_matter(seed):
    assert rng.uniform(Clock(seed, 1, 2), 3, 4) == rng.uniform(
        Clock(np.uint64(seed), np.uint32(1), np.int32(2)), 3, np.uint32(4)
    )


def test_uniform_never_reaches_its_ends():
    top = 2**32 - 1
    assert 0.0 < rng._unit(0, 0) < rng._unit(0, 2**12) < rng._unit(top, top - 2**12) < rng._unit(top, top) < 1.0


def test_no_two_names_share_a_number():
    """Same values in different places of a name, and both halves of the seed, give different numbers."""
    values = [0, 1, 2, 5, 2**31, 2**32 - 1]
    seeds = [0, 1, 2**32, 2**32 + 1]
    numbers = {uniform(seed, *name) for seed in seeds for name in itertools.product(values, repeat=4)}
    assert len(numbers) == len(seeds) * len(values) ** 4


def test_neighbouring_names_are_uncorrelated():
    ids = np.arange(N, dtype=np.uint32)
    streams = [
        rng.normals(1, 0, 1, 0, ids)[0],
        rng.normals(2, 0, 1, 0, ids)[0],
        rng.normals(1, 1, 2, 0, ids)[0],
        rng.normals(1, 0, 1, 1, ids)[0],
        rng.normals(1, 0, N, 2, ids[:1])[:, 0],
    ]
    correlation = np.corrcoef(streams) - np.eye(len(streams))
    assert np.abs(correlation).max() < 4 / np.sqrt(N)


def test_moments_of_the_distributions():
    ids = range(N)
    samples = {
        "uniform": (np.array([rng.uniform(Clock(1, 2, 3), 4, i) for i in ids]), stats.uniform),
        "normal": (np.array([rng.normal(Clock(1, 2, 3), 4, i) for i in ids]), stats.norm),
        "logistic": (np.array([rng.logistic(Clock(1, 2, 3), 4, i) for i in ids]), stats.logistic),
    }
    for name, (x, law) in samples.items():
        mean, variance, kurtosis = law.stats(moments="mvk")
        assert abs(x.mean() - mean) < 4 * np.sqrt(variance / N), name
        assert abs(x.var() - variance) < 4 * variance * np.sqrt((kurtosis + 2) / N), name
        assert stats.kstest(x, law.cdf).pvalue > 0.001, name


@pytest.mark.parametrize(
    ("kind", "a", "b", "lo", "hi", "law"),
    [
        (rng.UNIFORM, 0.0, 0.0, -1.0, 3.0, stats.uniform(-1.0, 4.0)),
        (rng.NORMAL, 0.3, 0.2, 0.0, 1.0, stats.truncnorm(-1.5, 3.5, 0.3, 0.2)),
        (rng.NORMAL, 2.0, 3.0, -np.inf, np.inf, stats.norm(2.0, 3.0)),
        (rng.LOGNORMAL, 0.5, 0.4, 0.0, np.inf, stats.lognorm(0.4, scale=np.exp(0.5))),
        (rng.TRIANGULAR, 0.7, 0.0, 0.0, 1.0, stats.triang(0.7)),
        (rng.TRIANGULAR, 1.0, 0.0, 1.0, 2.0, stats.triang(0.0, 1.0)),
        (rng.TRIANGULAR, 2.0, 0.0, 1.0, 2.0, stats.triang(1.0, 1.0)),
    ],
)
def test_samples_follow_their_law(kind, a, b, lo, hi, law):
    x = draws(kind, a, b, lo, hi)
    assert x.min() >= lo and x.max() <= hi
    assert stats.kstest(x, law.cdf).pvalue > 0.001


def test_truncated_lognormal_follows_its_law():
    x = draws(rng.LOGNORMAL, 0.0, 0.5, 0.8, 2.0)
    below, above = stats.norm.cdf(np.log([0.8, 2.0]) / 0.5)
    assert stats.kstest(x, lambda v: (stats.norm.cdf(np.log(v) / 0.5) - below) / (above - below)).pvalue > 0.001


def test_samples_at_the_ends_of_a_range():
    assert (draws(rng.FIXED, 0.25, 9.0, 0.5, 0.6, 10) == 0.25).all()
    assert (draws(rng.UNIFORM, 0.0, 0.0, 0.4, 0.4, 10) == 0.4).all()
    assert (draws(rng.TRIANGULAR, 0.4, 0.0, 0.4, 0.4, 10) == 0.4).all()
    # No try falls into this range: the last one is clipped to the nearer end.
    assert (draws(rng.NORMAL, 0.0, 1.0, 50.0, 51.0, 10) == 50.0).all()
    assert (draws(rng.LOGNORMAL, 50.0, 1.0, 0.0, 2.0, 10) == 2.0).all()
    with pytest.raises(ValueError, match="unknown kind"):
        rng.sample(
            rng.Distributions(np.array([5]), *np.array([[0.0], [1.0], [0.0], [1.0]]), np.array([0], np.uint32)),
            0,
            1,
            0,
            0,
        )


def test_tables_do_not_depend_on_chunks_or_on_other_rows():
    kinds = np.array([rng.NORMAL, rng.UNIFORM, rng.TRIANGULAR, rng.LOGNORMAL, rng.FIXED])
    a, b = np.array([0.9, 0.0, 0.5, 0.1, 0.5]), np.full(5, 0.6)
    lo, hi = np.full(5, 0.2), np.full(5, 1.0)
    ids = np.array([4_000_000_000, 7, 8, 9, 10], np.uint32)
    whole = rng.sample_table(rng.Distributions(kinds, a, b, lo, hi, ids), 11, 0, 40, 3)
    parts = [
        rng.sample_table(rng.Distributions(kinds, a, b, lo, hi, ids), 11, d0, d1, 3)
        for d0, d1 in ((0, 13), (13, 14), (14, 40))
    ]
    assert np.array_equal(whole, np.concatenate(parts))
    order = np.array([3, 0, 2])
    assert np.array_equal(
        rng.sample_table(
            rng.Distributions(kinds[order], a[order], b[order], lo[order], hi[order], ids[order]), 11, 0, 40, 3
        ),
        whole[:, order],
    )
    normals = rng.normals(11, 0, 40, 3, ids)
    assert np.array_equal(normals[5:9], rng.normals(11, 5, 9, 3, ids))
    assert np.array_equal(normals[:, order], rng.normals(11, 0, 40, 3, ids[order]))


def test_arrays_are_filled_with_the_numbers_of_their_names():
    out = np.empty(32)
    rng.fill_normal(out, Clock(5, 6, 7), 8, np.arange(32, dtype=np.uint32))
    assert np.array_equal(out, [rng.normal(Clock(5, 6, 7), 8, i) for i in range(32)])
    ids = np.array([3, 2**32 - 1], np.uint32)
    assert np.array_equal(
        rng.normals(5, 6, 8, 9, ids), [[rng.normal(Clock(5, d, 0), 9, i) for i in ids] for d in (6, 7)]
    )
