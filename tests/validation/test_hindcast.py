"""Forecasts one item ahead: nothing of an item or of what follows enters its forecast."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from alliance_sim.calibration.posterior import table_of
from alliance_sim.registry.actors import ALLIES
from alliance_sim.validation import baselines, hindcast
from alliance_sim.validation.hindcast import EQUAL, MIXED, MODEL, Forecasts, Window
from alliance_sim.validation.hindcast_scores import _holders, _reliability
from alliance_sim.validation.record import RecordedItem, record, voiced
from alliance_sim.validation.scores import crps

NUISANCE = {
    "unexplained": 0.4,
    "unexplained_objections": 0.3,
    "recorded_share": 0.5,
    "spending_persistence": 0.8,
    "spending_sd": 0.1,
    "spending_common_sd": 0.03,
}


def window(items: tuple[RecordedItem, ...], known: int) -> Window:
    return Window(2016, 2017, items, known, NUISANCE, table_of("posterior"))


@pytest.fixture(scope="module")
def items() -> tuple[RecordedItem, ...]:
    return record(last=2017)


@pytest.fixture(scope="module")
def found(items: tuple[RecordedItem, ...]) -> Forecasts:
    return hindcast.forecasts(window(items, sum(item.year <= 2016 for item in items)), draws=24, seed=3)


def test_the_outcome_of_an_item_changes_later_forecasts_only(items: tuple[RecordedItem, ...], found: Forecasts) -> None:
    known = found.window.known
    at = next(i for i in range(known, len(items)) if items[i].month < items[-1].month)
    turned = replace(
        items[at],
        decision="blocked" if items[at].decision == "adopted" else "adopted",
        objection="hard",
        objectors=frozenset({"TUR"}),
    )
    other = hindcast.forecasts(window((*items[:at], turned, *items[at + 1 :]), known), draws=24, seed=3)
    upto = [i for i, item in enumerate(items) if item.month <= items[at].month]
    for name, p in found.classes.items():
        np.testing.assert_array_equal(p[upto], other.classes[name][upto], err_msg=name)
    for kind in ("voiced", "refused"):
        for name, p in getattr(found, kind).items():
            np.testing.assert_array_equal(p[upto], getattr(other, kind)[name][upto], err_msg=name)
    assert (found.classes["rates of the forum"] != other.classes["rates of the forum"]).any()
    assert (found.classes[MODEL] != other.classes[MODEL]).any()


def test_forecasts_are_probabilities_and_the_mixture_is_one(found: Forecasts) -> None:
    for p in found.classes.values():
        np.testing.assert_allclose(p.sum(axis=1), 1.0)
        assert (p >= 0.0).all()
    mixed = 0.6 * found.classes[MODEL] + 0.4 * found.classes["rates of the forum"]
    np.testing.assert_allclose(found.classes[MIXED], mixed)
    assert (found.classes[MODEL] != found.classes[EQUAL]).any()
    assert found.refused[MODEL].shape == found.seated.shape == (len(found.window.items), len(ALLIES))
    assert (found.refused[MODEL][found.seated] <= found.voiced[MODEL][found.seated] + 1e-12).all()


def test_an_item_without_an_objection_that_passes_is_rarer_in_the_record(items: tuple[RecordedItem, ...]) -> None:
    def adopted(share: float) -> float:
        nuisance = NUISANCE | {"recorded_share": share}
        of = hindcast.forecasts(replace(window(items, 20), nuisance=nuisance), draws=8, seed=1)
        rest = [i for i, item in enumerate(items) if not item.rollover]
        return float(of.classes[MODEL][rest, 2].mean())

    assert adopted(0.2) < adopted(1.0)


def test_errors_of_spending_grow_with_the_years(found: Forecasts) -> None:
    wide = hindcast.forecasts(replace(found.window, last=2020), draws=200, seed=3)
    known = ~np.isnan(wide.last_known) & (wide.last_known > 0)
    spread = np.log(wide.spending[:, :, known]).std(axis=0).mean(axis=1)
    assert wide.spending.shape[1] == 4 and (np.diff(spread) > 0.0).all()
    assert np.isnan(wide.last_known[ALLIES.index("USA")])


def test_the_regression_reads_no_outcome_after_the_known_ones() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 2)), rng.integers(0, 3, 30)
    turned = np.where(np.arange(30) < 20, y, 2 - y)
    np.testing.assert_array_equal(baselines.ordered_logit(x, y, 20), baselines.ordered_logit(x, turned, 20))


def test_the_regression_without_covariates_has_the_shares_of_the_classes() -> None:
    y = np.repeat([0, 1, 2], (200, 300, 500))
    p = baselines.ordered_logit(np.zeros((1000, 1)), y, 1000)
    np.testing.assert_allclose(p[0], (0.2, 0.3, 0.5), atol=0.01)


def test_the_regression_finds_the_slope_that_made_its_data() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 1))
    y = np.searchsorted([-1.0, 1.0], 2.0 * x[:, 0] + rng.logistic(size=4000))
    p = baselines.ordered_logit(x, y, 4000)
    at = np.abs(x[:, 0] - 1.0).argmin()
    expected = 1.0 / (1.0 + np.exp(-(1.0 - 2.0 * x[at, 0])))  # below the upper cut
    assert 1.0 - p[at, 2] == pytest.approx(expected, abs=0.03)


def test_own_rates_count_earlier_months_and_the_issue_most() -> None:
    items = record()
    seated = np.ones((len(items), len(ALLIES)), bool)
    rates = baselines.objected_on_the_issue(items, seated)
    later = next(i for i in range(len(items) - 1, 0, -1) if items[i].issue == "deterrence_posture")
    before = [item for item in items if item.month < items[later].month]
    given = voiced(before).sum(axis=0)
    own = np.array([item.issue == items[later].issue for item in before])
    common = (given.sum() + 1.0) / (len(before) * len(ALLIES) + len(ALLIES))
    overall = (given + common) / (len(before) + 1.0)
    np.testing.assert_allclose(rates[later], (voiced(before)[own].sum(axis=0) + overall) / (own.sum() + 1.0))


@given(
    arrays.arrays(float, (7, 3), elements=st.floats(-5, 5)),
    arrays.arrays(float, 3, elements=st.floats(-5, 5)),
)
def test_crps_is_the_integral_of_the_squared_distance_of_distributions(draws: np.ndarray, figures: np.ndarray) -> None:
    x = np.linspace(-6.0, 6.0, 24_001)
    for j in range(3):
        below = (draws[:, j, np.newaxis] <= x).mean(axis=0)
        integral = float(((below - (figures[j] <= x)) ** 2).sum() * (x[1] - x[0]))
        assert crps(draws, figures)[j] == pytest.approx(integral, abs=0.01)


def test_crps_of_a_point_is_the_error_and_of_an_even_spread_is_known() -> None:
    assert crps(np.full((5, 1), 2.0), np.array([3.5]))[0] == pytest.approx(1.5)
    even = np.linspace(0.0, 1.0, 100_001)[:, np.newaxis]
    assert crps(even, np.array([0.5]))[0] == pytest.approx(1.0 / 12.0, abs=1e-4)


def test_reliability_counts_each_item_once() -> None:
    p = np.column_stack([1.0 - np.linspace(0.0, 1.0, 11), np.zeros(11), np.linspace(0.0, 1.0, 11)])
    bins = _reliability("one", p, np.full(11, 2))
    assert sum(int(str(each["n"])) for each in bins) == 11 and all(each["passed"] == 1.0 for each in bins)


def test_holders_are_found_among_those_with_a_seat() -> None:
    base = record(2014, 2014)[0]
    held = [
        replace(base, month=month, objection="hard", objectors=frozenset({ally}), decision="blocked")
        for month, ally in (("2020-01", "HUN"), ("2020-03", "HUN"), ("2020-06", "TUR"))
    ]
    chances, seated = np.zeros((3, len(ALLIES))), np.ones((3, len(ALLIES)), bool)
    chances[:, ALLIES.index("HUN")] = 0.5
    found = _holders(held, held, chances, seated)
    assert found == {"items": 3, "model": pytest.approx(2 / 3), "objected last time": pytest.approx(1 / 3)}
    seated[0, ALLIES.index("HUN")] = False
    assert _holders(held, held, chances, seated)["model"] == pytest.approx(1 / 3)
