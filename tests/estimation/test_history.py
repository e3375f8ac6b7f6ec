"""The likelihood of the record and of spending, against closed forms, and what it is conditioned on."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from alliance_sim.core.constants import SD_OUTPUT
from alliance_sim.core.structures import PENDING, Chances, Decision
from alliance_sim.estimation import history as module
from alliance_sim.estimation.history import clamp_of, history, likelihood, recorded_spending
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.validation.record import record


@pytest.fixture(scope="module")
def seen():
    return history(last_item=2016, last_year=2016, repeats=4)


def test_what_is_held_is_the_record(seen):
    assert [item.id for item in seen.items] == [item.id for item in record(last=2016)]
    clamp = seen.program.calendar.clamp
    assert clamp.repeats == 4 and (clamp.outcome != PENDING).sum() == len(seen.items)
    blocked = next(i for i, item in enumerate(seen.items) if item.id == "C038")
    j = seen.column[blocked]
    assert clamp.outcome[j] == Decision.BLOCKED
    assert np.flatnonzero(clamp.refused[j]).tolist() == [ALLY_INDEX["TUR"]]
    assert seen.refused[blocked].sum() == 1 and seen.contested[blocked]
    soft = next(i for i, item in enumerate(seen.items) if item.objection == "soft")
    assert not clamp.refused[seen.column[soft]].any() and clamp.voiced[seen.column[soft]].any()


def test_an_item_left_out_is_decided_by_the_model_and_starts_no_dispute():
    without = history(last_item=2016, repeats=2, left_out=["C038"])
    assert "C038" not in {item.id for item in without.items}
    disputes = {event.source for event in without.program.scenario.events if event.type == "dispute"}
    assert "record C038" not in disputes and "record C040" in disputes


def test_rates_of_an_item_leave_it_out(seen):
    for i, item in enumerate(seen.items):
        alike = [k for k, other in enumerate(seen.items) if other.group == item.group and k != i]
        count = sum(seen.ended[k] == seen.ended[i] and seen.contested[k] == seen.contested[i] for k in alike)
        assert seen.rates[i, seen.ended[i], int(seen.contested[i])] == pytest.approx((count + 1 / 6) / (len(alike) + 1))
    np.testing.assert_allclose(seen.rates.sum(axis=(1, 2)), 1.0)


def chances_of(seen, ended, voiced, refused):
    """The same chances for one draw of all items."""
    shape = (1, seen.program.items, len(ALLIES))
    whole = np.zeros((1, seen.program.items, 3, 2))
    whole[:] = ended
    return Chances(whole, np.full(shape, refused), np.full(shape, voiced))


def test_the_likelihood_of_an_item_in_closed_form(seen, monkeypatch):
    monkeypatch.setattr(module, "_PRIOR_ITEMS", 0.0)
    monkeypatch.setattr(module, "_PRIOR_SEATS", 0.0)
    ended = np.array([[0.1, 0.1], [0.05, 0.15], [0.4, 0.2]])
    nuisance = {"recorded_share": 0.5, "unexplained": 0.25, "unexplained_objections": 0.4}
    values = {name: np.array([value]) for name, value in nuisance.items()}
    found = module._items(seen, chances_of(seen, ended, 0.1, 0.04), values, 1)[0]
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


def test_errors_of_spending_are_jointly_normal():
    years, allies, sd, common, persistence = 4, 3, 0.07, 0.04, 0.6
    rng = np.random.default_rng(1)
    error = 0.1 * rng.standard_normal((2, years, allies))
    # An error of a year is what is left of earlier ones and a new one; output is new each year.
    passed_on = np.array([[persistence ** (s - t) if s >= t else 0.0 for t in range(years)] for s in range(years)])
    own = sd**2 * passed_on @ passed_on.T
    shared = common**2 * passed_on @ passed_on.T + SD_OUTPUT**2 * np.eye(years)
    covariance = np.kron(np.eye(allies), own) + np.kron(np.ones((allies, allies)), shared)
    known = np.concatenate([error, np.full((2, years, 1), np.nan)], axis=2)
    found = module._spending(known, *(np.full(2, value) for value in (sd, common, persistence)))
    expected = [multivariate_normal(np.zeros(years * allies), covariance).logpdf(one.T.ravel()) for one in error]
    # Up to a constant: the mean and the deviations from it stand for the allies.
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1])


def test_spending_of_the_record():
    spending = recorded_spending(2014, 2024)
    assert spending.shape == (11, len(ALLIES))
    assert np.isnan(spending[:, ALLY_INDEX["USA"]]).all() and np.isnan(spending[:, ALLY_INDEX["ISL"]]).all()
    assert spending[0, ALLY_INDEX["POL"]] == pytest.approx(1.86, abs=0.05)


def test_paths_of_a_set_of_unknowns_are_averaged(seen):
    """Chances of one path twice are those of the path; of two paths, the mean of both."""
    program = seen.program
    block = program.block(3, 0, 4, "allies")
    program.run(block, 3)
    fixed = {
        "recorded_share": 0.5,
        "unexplained": 0.2,
        "unexplained_objections": 0.2,
        "spending_sd": 0.06,
        "spending_common_sd": 0.03,
        "spending_persistence": 0.8,
    }
    two = likelihood(seen, block, 3, {name: np.full(2, value) for name, value in fixed.items()}, paths=2)
    assert two.items.shape == (2, len(seen.items)) and two.spending.shape == (2,)
    one = likelihood(seen, block, 3, {name: np.full(4, value) for name, value in fixed.items()})
    mean = np.logaddexp(one.spending[0], one.spending[1]) - np.log(2.0)
    assert two.spending[0] == pytest.approx(mean)
    joined = Chances(*(np.repeat(each[:2].mean(axis=0)[np.newaxis], 2, axis=0) for each in block.chances))
    again = module._items(seen, joined, {name: np.full(2, value) for name, value in fixed.items()}, 2)
    np.testing.assert_allclose(two.items[0], again[0])
    np.testing.assert_allclose(two.total, two.items.sum(axis=1) + two.spending)


def test_a_clamp_takes_those_objectors_that_the_model_has(seen):
    item = replace(seen.items[0], decision="blocked", objection="hard", objectors=frozenset({"HUN", "AUT"}))
    held = clamp_of(seen.program, [item], 3)
    j = seen.column[0]
    assert np.flatnonzero(held.voiced[j]).tolist() == [ALLY_INDEX["HUN"]]
