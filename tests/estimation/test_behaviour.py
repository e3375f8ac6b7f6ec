"""The fit of behaviour on the simulator: same random numbers, same estimate; stages are kept; synthetic histories."""

import numpy as np
import pytest

from alliance_sim.calibration.posterior import table_of
from alliance_sim.estimation.behaviour import Simulator, fit
from alliance_sim.estimation.behaviour_checks import Coverage, importance, pareto_shape
from alliance_sim.estimation.history import history
from alliance_sim.estimation.synthetic import synthetic_history
from alliance_sim.estimation.unknowns import Unknowns
from alliance_sim.registry.actors import ALLIES


@pytest.fixture(scope="module")
def simulator():
    """Few items and years, so that a run is short work."""
    return Simulator(history(2015, 2016, repeats=2), Unknowns("2014", table_of("prior")), paths=2, seed=5)


@pytest.fixture(scope="module")
def unknowns(simulator):
    return np.random.default_rng(1).standard_normal((12, simulator.unknowns.dimension))


def test_an_estimate_depends_on_its_unknowns_and_its_random_numbers_alone(simulator, unknowns):
    noise = np.arange(12)
    whole = simulator(unknowns, noise)
    assert np.isfinite(whole).all() and len(np.unique(whole)) == 12
    np.testing.assert_array_equal(simulator(unknowns[3:5], noise[3:5]), whole[3:5])
    assert (simulator(unknowns, noise + 100) != whole).all()


def test_a_fit_that_stopped_goes_on_from_its_folder(simulator, tmp_path):
    class Stopped(Exception):
        pass

    def stop(stage):
        raise Stopped

    with pytest.raises(Stopped):
        fit(simulator, 10, 3, 0.3, tmp_path / "fit", stop)
    kept = (tmp_path / "fit" / "particles.npz").stat().st_mtime_ns
    again = fit(simulator, 10, 3, 0.3, tmp_path / "fit")
    whole = fit(simulator, 10, 3, 0.3)
    np.testing.assert_array_equal(again.unknowns, whole.unknowns)
    assert len(again.stages) == len(whole.stages) > 1
    assert (tmp_path / "fit" / "particles.npz").stat().st_mtime_ns > kept


def test_a_synthetic_history_is_recorded_as_the_model_made_it(simulator, unknowns):
    real = history(2019, 2019, repeats=2)
    made = synthetic_history(simulator.unknowns, unknowns[0], real, seed=4)
    again = synthetic_history(simulator.unknowns, unknowns[0], real, seed=4)
    assert [item.decision for item in made.items] == [item.decision for item in again.items]
    assert 5 <= len(made.items) <= len(real.items)
    assert {item.id for item in made.items} <= {item.id for item in real.items}
    assert (made.voiced <= made.seated).all()
    for i, item in enumerate(made.items):
        assert item.objectors == {ally for a, ally in enumerate(ALLIES) if made.voiced[i, a]}
        assert (item.objection == "none") == (not item.objectors)
    # Those that the model does not explain, and those nobody objected to, differ between histories.
    other = synthetic_history(simulator.unknowns, unknowns[0], real, seed=5)
    assert [item.decision for item in other.items] != [item.decision for item in made.items]
    lone = [item for item in made.items if item.objection == "hard" and len(item.objectors) == 1]
    disputes = [event for event in made.program.scenario.events if event.type == "dispute"]
    assert len(disputes) == len(lone)


def test_weights_of_a_proposal_that_is_the_posterior_are_even():
    """A normal model with one informed unknown: the fitted proposal is nearly the posterior."""
    rng = np.random.default_rng(2)
    particles = rng.standard_normal((4000, 5))
    particles[:, 2] = 1.5 * 0.8 + np.sqrt(0.2) * particles[:, 2]

    def log_likelihood(z, noise):
        return -0.5 * (1.5 - z[:, 2]) ** 2 / 0.25

    found = importance(log_likelihood, particles, 1.0, 3000, seed=1)
    assert found.shape < 0.5 and found.effective > 0.85
    mean = np.average(found.unknowns[:, 2], weights=np.exp(found.log_weights - found.log_weights.max()))
    assert mean == pytest.approx(1.2, abs=0.03)
    # From a proposal that is elsewhere, the weights say so.
    assert importance(log_likelihood, particles - 3.0, 1.0, 3000, seed=1).effective < 0.1


@pytest.mark.parametrize("shape", [0.3, 0.6, 0.9])
def test_shape_of_the_tail_of_weights(shape):
    rng = np.random.default_rng(3)
    assert pareto_shape(shape * rng.standard_exponential(20_000)) == pytest.approx(shape, abs=0.1)


def test_coverage_counts_truths_within_central_intervals():
    found = Coverage(np.array([[0.05, 0.5], [0.2, 0.95]]), ("a", "b"))
    assert found.share(0.8) == 0.5
    assert found.share(0.8, np.array([True, False])) == 0.5
    assert found.share(0.95) == 1.0
