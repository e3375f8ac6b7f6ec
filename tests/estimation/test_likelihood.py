"""The likelihood of the record and of spending, against closed forms."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from alliance_sim.calibration.posterior import table_of
from alliance_sim.core.constants import SD_OUTPUT
from alliance_sim.estimation import likelihood as module
from alliance_sim.estimation.likelihood import Expected, likelihood
from alliance_sim.estimation.runs import Simulator
from alliance_sim.estimation.synthetic import synthetic_history
from alliance_sim.estimation.unknowns import Unknowns
from alliance_sim.registry.actors import ALLIES
from alliance_sim.validation.history import history

NUISANCE = {
    "recorded_share": 0.5,
    "unexplained": 0.25,
    "unexplained_objections": 0.4,
    "spending_sd": 0.06,
    "spending_common_sd": 0.03,
    "spending_persistence": 0.8,
}


@pytest.fixture(scope="module")
def seen():
    return history(last_item=2016, last_year=2016, repeats=4)


@pytest.fixture(scope="module")
def simulator(seen):
    return Simulator(seen, Unknowns("2014", table_of("prior")), seed=5)


def nuisance(draws):
    return {name: np.full(draws, value) for name, value in NUISANCE.items()}


def expected_of(seen, ended, voiced, refused):
    """The same chances for one draw of all items."""
    hard = np.asarray(seen.refused.any(axis=1))[:, np.newaxis]
    return Expected(
        np.tile(ended, (1, len(seen.items), 1, 1)),
        np.where(hard, refused, voiced)[np.newaxis] + np.zeros((1, len(seen.items), len(ALLIES))),
        np.log(np.full((1, *seen.spending.shape), 2.0)),
    )


def test_the_likelihood_of_an_item_in_closed_form(seen):
    ended = np.array([[0.1, 0.1], [0.05, 0.15], [0.4, 0.2]])
    found = likelihood(seen, expected_of(seen, ended, 0.1, 0.04), nuisance(1), np.inf).items[0]
    for i, item in enumerate(seen.items):
        weights = np.ones((3, 2))
        if not item.rollover:
            weights[2, 0] = 0.5  # adopted without an objection: less often in the record
        contest, seat = int(seen.contested[i]), seen.seated[i]
        model = (weights * ended)[seen.ended[i], contest] / (weights * ended).sum()
        expected = 0.75 * model + 0.25 * seen.rates[i, seen.ended[i], contest]
        if contest:
            at_rates, by_model = (
                np.where(seen.voiced[i], rate, 1 - rate)[seat].prod() / (1 - (1 - rate[seat]).prod())
                for rate in (
                    seen.objection_rates[i],
                    np.full(len(ALLIES), 0.04 if item.objection == "hard" else 0.1),
                )
            )
            expected *= 0.6 * by_model + 0.4 * at_rates
        assert found[i] == pytest.approx(np.log(expected)), item.id


def test_chances_that_were_counted_are_mixed_with_rates(seen):
    """Counted from r repetitions, they weigh r against one item's worth of rates, and two of objections."""
    ended = np.zeros((3, 2))
    ended[2, 0] = 1.0
    counted = likelihood(seen, expected_of(seen, ended, 0.0, 0.0), nuisance(1), 7.0)
    mixed = expected_of(seen, ended, 0.0, 0.0)
    by_hand = Expected(
        7 / 8 * mixed.ended + 1 / 8 * seen.rates, 7 / 9 * mixed.objects + 2 / 9 * seen.objection_rates, mixed.spending
    )
    np.testing.assert_allclose(counted.items, likelihood(seen, by_hand, nuisance(1), np.inf).items)
    assert np.isfinite(counted.total).all()


def test_errors_of_spending_are_jointly_normal():
    years, allies, sd, common, persistence = 4, 3, 0.07, 0.04, 0.6
    rng = np.random.default_rng(1)
    error = 0.1 * rng.standard_normal((2, years, allies))
    # An error of a year is what is left of earlier ones and a new one; output is new each year.
    passed_on = np.array([[persistence ** (s - t) if s >= t else 0.0 for t in range(years)] for s in range(years)])
    own = sd**2 * passed_on @ passed_on.T
    shared = common**2 * passed_on @ passed_on.T + SD_OUTPUT**2 * np.eye(years)
    covariance = np.kron(np.eye(allies), own) + np.kron(np.ones((allies, allies)), shared)
    found = module._spending(error, *(np.full(2, value) for value in (sd, common, persistence)))
    expected = [multivariate_normal(np.zeros(years * allies), covariance).logpdf(one.T.ravel()) for one in error]
    # Up to a constant: the mean and the deviations from it stand for the allies.
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1])


def test_what_is_expected_is_a_mean_over_paths(simulator):
    """Two paths of one set of unknowns give the mean of what each gives, whatever else is run beside them."""
    z = np.random.default_rng(1).standard_normal((3, simulator.unknowns.dimension))
    two = simulator.expected(z, first_draw=40, paths=2)
    alone = [simulator.expected(z[1:2], first_draw=40 + 2 + path) for path in range(2)]
    for name in ("ended", "objects", "spending"):
        mean = np.mean([getattr(each, name)[0] for each in alone], axis=0)
        np.testing.assert_allclose(getattr(two, name)[1], mean, rtol=1e-12)
    assert not np.array_equal(alone[0].objects, alone[1].objects)
    np.testing.assert_allclose(two.ended.sum(axis=(2, 3)), 1.0)
    assert two.objects.max() <= 1.0 and np.exp(two.spending).max() < 10.0


def test_a_synthetic_record_is_what_the_model_would_have_made(simulator):
    z = np.random.default_rng(2).standard_normal(simulator.unknowns.dimension)
    real = simulator.seen
    made = synthetic_history(simulator, z, seed=4)
    np.testing.assert_array_equal(made.ended, synthetic_history(simulator, z, seed=4).ended)
    assert made.items == real.items and (made.voiced <= made.seated).all()
    np.testing.assert_array_equal(made.contested, made.voiced.any(axis=1))
    np.testing.assert_array_equal(np.isnan(made.spending), np.isnan(real.spending))
    others = [synthetic_history(simulator, z, seed) for seed in range(60)]
    assert len({tuple(other.ended) for other in others}) > 10
    np.testing.assert_allclose(made.rates.sum(axis=(1, 2)), 1.0)


def test_synthetic_records_end_at_the_chances_of_their_paths(simulator):
    """Nothing unexplained: over many records the share adopted is that which the model expects."""
    unknowns = simulator.unknowns
    z = np.zeros(unknowns.dimension)
    z[unknowns.names.index("unexplained")] = -6.0
    z[unknowns.names.index("recorded_share")] = 6.0  # all that is adopted without objection is recorded
    records = [synthetic_history(simulator, z, seed) for seed in range(150)]
    adopted = np.mean([record.ended == 2 for record in records])
    expected = simulator.expected(z[np.newaxis], first_draw=2**31, paths=150).ended[0, :, 2].sum(axis=1).mean()
    assert adopted == pytest.approx(expected, abs=0.05)
