import math
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy import stats

from alliance_sim.compile import compile_scenario
from alliance_sim.core.rng import Distributions, sample_table
from alliance_sim.experiments import Design, list_experiments, load_experiment
from alliance_sim.experiments.design import LEVELS, points, problem, quantiles, sample
from alliance_sim.registry.distributions import Prior, fixed, lognormal, normal, triangular, uniform

CUBE = {name: uniform(0.0, 1.0) for name in "abc"}
PRIORS = {
    "uniform": uniform(0.2, 0.7),
    "triangular": triangular(0.1, 0.2, 0.9),
    "skewed": triangular(0.0, 1.0, 1.0),
    "normal": normal(0.65, 0.08, 0.3, 0.95),
    "cut": normal(0.9, 0.3, 0.0, 1.0),
    "lognormal": lognormal(math.log(380), 0.2, 200, 700),
    "open": lognormal(-5.5, 0.3, 0.0, 1000.0),
}


@pytest.mark.parametrize("method", ["lhs", "sobol", "grid", "morris", "sobol_indices"])
def test_designs_are_as_large_as_they_say_and_follow_their_seed_alone(method: str) -> None:
    design = Design(method=method, points=8)
    first = sample(design, CUBE, 3)
    assert first.names == ("a", "b", "c") and first.values.shape == (design.size(3), 3)
    assert (first.values > 0.0).all() and (first.values < 1.0).all()
    assert (sample(design, CUBE, 3).values == first.values).all()
    assert method == "grid" or (sample(design, CUBE, 4).values != first.values).any()


def test_no_uncertainties_make_one_point() -> None:
    assert sample(Design(), {}, 0).values.shape == (1, 0)


def test_a_latin_hypercube_has_one_point_in_each_stratum() -> None:
    values = sample(Design(method="lhs", points=50), CUBE, 0).values
    assert (np.sort(np.floor(values * 50), axis=0) == np.arange(50)[:, None]).all()


def test_a_sobol_sequence_is_more_even_than_chance() -> None:
    values = sample(Design(method="sobol", points=128), CUBE, 0).values
    chance = np.random.default_rng(0).random((128, 3))
    assert stats.qmc.discrepancy(values) < 0.1 * stats.qmc.discrepancy(chance)


def test_a_grid_takes_the_medians_of_equal_parts_the_last_uncertainty_fastest() -> None:
    priors = {"a": uniform(0.0, 1.0), "b": uniform(10.0, 20.0)}
    values = sample(Design(method="grid", points=2), priors, 0).values
    assert values.tolist() == [[0.25, 12.5], [0.25, 17.5], [0.75, 12.5], [0.75, 17.5]]


def test_trajectories_change_one_uncertainty_at_a_time_by_half_of_the_levels() -> None:
    values = sample(Design(method="morris", points=5), CUBE, 0).values.reshape(5, 4, 3)
    steps = np.diff(values, axis=1)
    assert (np.count_nonzero(steps, axis=2) == 1).all() and (np.count_nonzero(steps, axis=1) == 1).all()
    assert np.allclose(np.abs(steps[steps != 0.0]), 0.5)
    assert set(np.unique(values)) == {(level + 0.5) / LEVELS for level in range(LEVELS)}


def test_salib_finds_the_indices_of_a_known_function() -> None:
    from SALib.analyze import sobol

    design = Design(method="sobol_indices", points=1024)
    angles = {name: uniform(-math.pi, math.pi) for name in "abc"}
    a, b, c = sample(design, angles, 0).values.T
    found = sobol.analyze(problem(tuple("abc")), np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a), False)
    # Ishigami and Homma (1990) with 7 and 0.1.
    assert np.abs(found["S1"] - [0.3139, 0.4424, 0.0]).max() < 0.05
    assert np.abs(found["ST"] - [0.5576, 0.4424, 0.2437]).max() < 0.05


@pytest.mark.parametrize("name", PRIORS)
def test_quantiles_are_those_of_the_draws_of_the_core(name: str) -> None:
    prior = PRIORS[name]
    share = (np.arange(2000) + 0.5) / 2000
    values = quantiles(prior, share)
    assert (np.diff(values) > 0.0).all()
    assert prior.low <= quantiles(prior, np.array([0.0]))[0] and quantiles(prior, np.array([1.0]))[0] <= prior.high
    kinds = {"fixed": 0, "uniform": 1, "normal": 2, "lognormal": 3, "triangular": 4}
    one = [np.array([getattr(prior, field)]) for field in ("a", "b", "low", "high")]
    drawn = sample_table(
        Distributions(np.array([kinds[prior.kind]]), *one, np.array([7], np.uint32)), np.uint64(0), 0, 4000, 0
    )
    assert stats.ks_2samp(drawn[:, 0], values).pvalue > 1e-3


@pytest.mark.parametrize("deviation", [1e5, 1e8, 1e300])
def test_a_deviation_far_beyond_the_range_is_flat(deviation: float) -> None:
    share = np.linspace(0.05, 0.95, 10)
    np.testing.assert_allclose(quantiles(normal(0.0, deviation, 0.0, 1.0), share), share, rtol=1e-9)


def test_a_fixed_value_has_one_quantile() -> None:
    assert quantiles(fixed(0.3), np.array([0.0, 0.5, 1.0])).tolist() == [0.3] * 3


def test_points_lie_where_the_uncertainties_of_an_experiment_are() -> None:
    experiment = load_experiment("reset_futures_2025")
    found = points(experiment)
    assert found.names == tuple(experiment.uncertainties)
    for column, prior in zip(found.values.T, experiment.priors().values(), strict=True):
        assert isinstance(prior, Prior) and prior.low <= column.min() and column.max() <= prior.high
        assert column.max() - column.min() > 0.99 * (prior.high - prior.low)


@pytest.mark.parametrize("name", list_experiments())
def test_every_point_of_a_bundled_experiment_can_be_run(name: str) -> None:
    experiment = load_experiment(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = points(experiment)
    assert len(found.values) == experiment.points
    values = {each: found.values[:3, i].copy() for i, each in enumerate(found.names)}
    program = compile_scenario(experiment.variants()[-1].scenario)
    block = program.block(experiment.seed, 0, 2, "final", values)
    program.run(block, experiment.seed)
    assert np.isfinite(block.output.outcomes).all() and len(block.output.outcomes) == 6


def test_without_salib_its_designs_name_the_package_to_install() -> None:
    code = """
import sys
sys.modules["SALib"] = None
from alliance_sim.errors import InputError
from alliance_sim.experiments import load_experiment
from alliance_sim.experiments.design import points
try:
    points(load_experiment("reset_screening_2025"))
except InputError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    wanted = "the design morris needs SALib; install it with: pip install 'alliance_sim[analysis]'\n"
    assert out.stdout == wanted
