"""Sequential Monte Carlo against posteriors in closed form, with exact and with noisy likelihoods."""

from dataclasses import replace

import numpy as np
import pytest

from alliance_sim.estimation.sampler import Particles, effective, sample

DATA, SD = np.array([0.9, 1.1, 1.3, 0.7, 1.0]), 0.5


def exact(z, _noise=None):
    """Five measurements of the sum of the first two unknowns."""
    total = z[:, 0] + z[:, 1]
    return -0.5 * ((DATA - total[:, np.newaxis]) ** 2).sum(axis=1) / SD**2


class Noisy:
    """The same with noise whose exponential has mean one, as an unbiased estimate of the likelihood has."""

    def __init__(self, sd):
        self.sd = sd
        self.numbers = np.random.default_rng(5).standard_normal(200_000)

    def __call__(self, z, noise):
        return exact(z) + self.sd * self.numbers[noise] - 0.5 * self.sd**2


def posterior(power=1.0):
    """Mean and covariance of the first two unknowns."""
    precision = np.eye(2) + power * len(DATA) / SD**2
    return np.linalg.solve(precision, np.full(2, power * DATA.sum() / SD**2)), np.linalg.inv(precision)


@pytest.mark.parametrize("power", [1.0, 0.4])
def test_particles_have_the_posterior_of_the_normal_model(power):
    found = sample(exact, 12, 3000, seed=1, power=power).unknowns
    mean, covariance = posterior(power)
    np.testing.assert_allclose(found[:, :2].mean(axis=0), mean, atol=0.06)
    np.testing.assert_allclose(np.cov(found[:, :2].T), covariance, atol=0.08)
    assert (np.abs(found[:, 2:].mean(axis=0)) < 0.12).all()  # ten of which the data say nothing keep their prior
    assert (np.abs(found[:, 2:].std(axis=0) - 1.0) < 0.12).all()


def test_noise_of_the_likelihood_does_not_bias():
    found = sample(Noisy(1.0), 4, 3000, seed=2).unknowns
    mean, covariance = posterior()
    np.testing.assert_allclose(found[:, :2].mean(axis=0), mean, atol=0.1)
    assert found[:, :2].sum(axis=1).std() == pytest.approx(np.sqrt(covariance.sum()), rel=0.15)


def test_powers_rise_to_the_target_by_steps_of_the_wanted_worth():
    state = sample(exact, 2, 500, seed=3)
    powers = [stage.power for stage in state.stages]
    assert powers == sorted(powers) and powers[-1] == state.power == 1.0
    assert all(stage.effective > 0.59 for stage in state.stages)


def test_a_run_that_stopped_goes_on_to_the_same_particles():
    stages: list[Particles] = []

    def stop(state):
        stages.append(replace(state, steps=[*state.steps], stages=[*state.stages]))
        if len(stages) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample(exact, 5, 200, seed=4, after_stage=stop)
    np.testing.assert_array_equal(
        sample(exact, 5, 200, seed=4, begun=stages[-1]).unknowns, sample(exact, 5, 200, seed=4).unknowns
    )


def test_worth_of_weights():
    assert effective(np.zeros(7)) == pytest.approx(1.0)
    assert effective(np.array([0.0, -800.0, -900.0, -1000.0])) == pytest.approx(0.25)
