"""What unknowns stand for: quantiles of priors, and actors as they were measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import kstest, spearmanr, truncnorm

from alliance_sim.calibration.posterior import Rows
from alliance_sim.errors import InputError
from alliance_sim.estimation.unknowns import NUISANCE, Unknowns, quantile
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.distributions import fixed, lognormal, normal, triangular, uniform
from alliance_sim.registry.parameter_names import resolve


def test_quantiles_of_each_kind_of_prior():
    share = np.array([0.1, 0.5, 0.9])
    assert quantile(fixed(3.0), share).tolist() == [3.0] * 3
    np.testing.assert_allclose(quantile(uniform(2.0, 4.0), share), 2.0 + 2.0 * share)
    np.testing.assert_allclose(
        quantile(normal(0.5, 0.2, 0.4, 1.0), share), truncnorm(-0.5, 2.5, loc=0.5, scale=0.2).ppf(share)
    )
    np.testing.assert_allclose(
        np.log(quantile(lognormal(0.0, 0.5, np.exp(-1.0), np.exp(2.0)), share)), truncnorm(-2, 4, scale=0.5).ppf(share)
    )
    with pytest.raises(InputError, match="triangle"):
        quantile(triangular(0.0, 0.2, 1.0), share)


@settings(max_examples=50, deadline=None)
@given(st.floats(-8.0, 8.0), st.floats(0.01, 3.0), st.floats(1e-9, 1 - 1e-9))
def test_quantiles_stay_within_the_bounds(mean, sd, share):
    prior = normal(mean, sd, -1.0, 1.0)
    assert -1.0 <= quantile(prior, np.array([share]))[0] <= 1.0


@pytest.fixture(scope="module")
def unknowns():
    """Actors whose first two columns go together, the third being skewed."""
    rng = np.random.default_rng(3)
    first = rng.standard_normal(1500)
    second = 0.8 * first + 0.6 * rng.standard_normal(1500)
    values = np.stack([0.5 + 0.1 * first, 0.4 + 0.1 * second, rng.exponential(0.2, 1500)], axis=1)
    return Unknowns("2014", Rows(("threat.POL.2014", "threat.EST.2014", "residual.sanctions"), values))


def test_actors_keep_their_distributions_and_go_together(unknowns):
    z = np.random.default_rng(4).standard_normal((4000, unknowns.dimension))
    rows = unknowns.rows(z)
    for name in unknowns.measured.names:
        drawn = rows.values[:, rows.names.index(name)]
        kept = unknowns.measured.values[:, unknowns.measured.names.index(name)]
        assert kstest(drawn, kept).statistic < 0.05, name
    together = [rows.values[:, rows.names.index(f"threat.{ally}.2014")] for ally in ("POL", "EST")]
    assert spearmanr(*together).statistic == pytest.approx(
        spearmanr(*unknowns.measured.values[:, :2].T).statistic, abs=0.08
    )


def test_parameters_have_their_priors_in_the_era(unknowns):
    z = np.zeros((1, unknowns.dimension))
    z[0] = ndtri(0.25)
    rows = unknowns.rows(z)
    for name, prior in unknowns.parameters.items():
        parameter, ally = resolve(name)
        assert prior == parameter.prior("2014", ally)
        assert rows.values[0, rows.names.index(name)] == pytest.approx(quantile(prior, np.array([0.25]))[0])
    assert "blowup_cost" not in unknowns.parameters  # fixed
    assert {"initial_autonomy", "pledge", "susceptibility.HUN"} <= unknowns.parameters.keys()
    for name in NUISANCE:
        assert unknowns.nuisance(z)[name][0] == pytest.approx(quantile(NUISANCE[name], np.array([0.25]))[0])


def test_what_belongs_to_an_ally(unknowns):
    """A column is the same quantity of all allies, and scores of actors go together."""
    columns = [
        {".".join(p for p in unknowns.names[i].split(".") if p not in ALLY_INDEX) for i in c if i >= 0}
        for c in unknowns.own.T
    ]
    assert all(len(kinds) == 1 for kinds in columns)
    assert {kind for kinds in columns for kind in kinds} >= {"threat.2014", "susceptibility", "dispute_onset"}
    for ally, row in zip(ALLIES, unknowns.own, strict=True):
        assert all(ally in unknowns.names[place].split(".") for place in row if place >= 0)
    z = np.random.default_rng(5).standard_normal((4000, unknowns.dimension))
    scores = unknowns.scores(z)
    places = [unknowns.names.index(f"threat.{ally}.2014") for ally in ("POL", "EST")]
    assert np.corrcoef(scores[:, places].T)[0, 1] == pytest.approx(0.8 * 0.95, abs=0.04)
    assert scores.std(axis=0) == pytest.approx(np.ones(unknowns.dimension), abs=0.05)
