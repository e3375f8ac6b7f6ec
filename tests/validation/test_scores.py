"""Scores: closed forms, properties of proper scores, and forecasts whose score is known."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alliance_sim as als
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios import Scenario
from alliance_sim.validation import scores as module
from alliance_sim.validation.baselines import forum_rates, objection_rates
from alliance_sim.validation.record import HISTORY, RecordedItem, record
from alliance_sim.validation.scores import (
    Score,
    auc,
    brier,
    forecast,
    interval,
    log_score,
    places,
    ranked_probability,
    scores,
)
from validation.helpers import Draws, as_recorded, synthetic

probabilities = st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3).map(lambda p: np.array(p) / sum(p))


def test_ranked_probability_score_in_closed_form() -> None:
    third = [1 / 3, 1 / 3, 1 / 3]
    found = ranked_probability([third, third, [1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 1, 2, 0, 2])
    assert found == pytest.approx([5 / 18, 1 / 9, 1.0, 0.5, 0.0])


def test_ranked_probability_of_two_classes_is_the_brier_score() -> None:
    p = np.array([0.1, 0.4, 0.8])
    happened = np.array([1, 0, 1])
    assert ranked_probability(np.stack([1 - p, p], axis=1), happened) == pytest.approx(brier(p, happened))


def test_log_score_in_closed_form() -> None:
    assert log_score([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]], [1, 2]) == pytest.approx([-math.log(0.3), math.inf])


@given(truth=probabilities, other=probabilities)
def test_the_true_probabilities_have_the_best_expected_score(truth: np.ndarray, other: np.ndarray) -> None:
    for score in (ranked_probability, log_score):
        expected = [truth @ score([p] * 3, [0, 1, 2]) for p in (truth, other)]
        assert expected[0] <= expected[1] + 1e-12


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=20))
def test_auc_counts_pairs_with_ties_half(cases: list[tuple[int, bool]]) -> None:
    high, low = ([value for value, positive in cases if positive is kind] for kind in (True, False))
    found = auc([value for value, _ in cases], [positive for _, positive in cases])
    if not high or not low:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(np.mean([(a > b) + 0.5 * (a == b) for a in high for b in low]))


def test_intervals_resample_whole_blocks() -> None:
    values, blocks = np.array([0.0, 0.0, 1.0, 1.0]), [2014, 2014, 2015, 2015]
    seen = set()

    def statistic(cases: np.ndarray) -> float:
        seen.add(tuple(sorted(cases)))
        return float(values[cases].mean())

    assert interval(statistic, blocks) == (0.0, 1.0)
    assert {cases for cases in seen if len(cases) == len(blocks)} == {(0, 0, 1, 1), (0, 1, 2, 3), (2, 2, 3, 3)}
    # Of the resamples a quarter has a mean of zero, half of one half, a quarter of one.
    assert interval(lambda cases: float(values[cases].mean()), blocks, level=0.4) == (0.5, 0.5)
    # One block alone, or one that holds all that the statistic is about, has no spread.
    assert all(map(math.isnan, interval(lambda cases: float(values[cases].mean()), [2014] * 4)))
    assert all(map(math.isnan, interval(lambda cases: 1.0 if 0 in cases else math.nan, blocks)))


def test_resamples_without_a_value_are_left_out() -> None:
    assert interval(lambda cases: math.nan if set(cases) == {0} else 1.0, [1, 2, 3]) == (1.0, 1.0)
    assert all(map(math.isnan, interval(lambda cases: math.nan, [1, 2])))


def made(
    month: str, decision: str, forum: str = "nac", objectors: str = "", hard: bool = False, rollover: bool = False
) -> RecordedItem:
    objection = ("hard" if hard else "soft") if objectors else "none"
    return RecordedItem(
        month + decision,
        month,
        forum,
        "sanctions",
        "m",
        "t",
        decision,
        objection,
        frozenset(objectors.split()),
        rollover,
    )


def test_the_baseline_has_the_rates_of_earlier_months_in_the_same_forum() -> None:
    items = [
        made("2014-01", "adopted"),
        made("2014-02", "blocked"),
        made("2014-02", "diluted"),
        made("2014-03", "adopted"),
        made("2014-03", "adopted", "eu_council"),
        made("2014-04", "adopted", "eu_council", rollover=True),
        made("2014-05", "blocked", "eu_council"),
    ]
    third = 1 / 3
    assert forum_rates(items) == pytest.approx(
        np.array(
            [
                [third, third, third],
                [third / 2, third / 2, (1 + third) / 2],
                [third / 2, third / 2, (1 + third) / 2],  # not the other item of its month
                [third, third, third],  # one of each
                [third, third, third],  # another forum
                [third, third, third],  # rollovers are apart
                [third / 2, third / 2, (1 + third) / 2],
            ]
        )
    )


def test_the_baseline_of_objections_has_each_allys_rate_where_it_had_a_seat() -> None:
    items = [made("2014-01", "blocked", objectors="HUN TUR", hard=True), made("2014-02", "adopted")]
    seated = np.ones((2, len(ALLIES)), bool)
    seated[0, ALLIES.index("FIN")] = False
    found = objection_rates(items, seated)
    first = 1 / len(ALLIES)
    assert found[0] == pytest.approx(np.full(len(ALLIES), first))
    common = 3 / (2 * len(ALLIES) - 1)
    values = dict(zip(ALLIES, found[1], strict=True))
    assert values["HUN"] == pytest.approx((1 + common) / 2) and values["DEU"] == pytest.approx(common / 2)
    assert values["FIN"] == pytest.approx(common)


def by_name(found: list[Score]) -> dict[tuple[str, str], Score]:
    return {(score.name, score.cases): score for score in found}


def test_a_forecast_counts_draws_and_keeps_half_a_draw_for_each_class() -> None:
    items = record()
    (row,) = places(synthetic(HISTORY, 1), items[:1])
    ensemble = synthetic(
        HISTORY, 4, lambda draws: (draws.decide(row, "blocked", slice(0, 3)), draws.object(row, "GBR"))
    )
    decisions, objections = forecast(ensemble, items)
    assert decisions[0] == pytest.approx(np.array([3.5, 0.5, 1.5]) / 5.5)
    assert decisions[1] == pytest.approx(np.array([0.5, 0.5, 4.5]) / 5.5)
    assert objections[0].sum() == objections[0, ALLIES.index("GBR")] == 1.0


def test_an_ensemble_that_is_the_record_has_perfect_scores_and_its_reverse_the_worst() -> None:
    items = record()
    found = by_name(scores(synthetic(HISTORY, 2000, as_recorded), items))
    assert found["ranked probability", "all items"].model < 1e-6
    assert found["log, class", "all items"].model < 1e-3
    for key in (("auc, passing", "all items"), ("auc, objector", "voiced")):
        score = found[key]
        assert score.model == score.low == score.high == 1.0
        assert score.difference == pytest.approx(1.0 - score.baseline) and score.difference_low > 0.0

    def reversed_(draws: Draws) -> None:
        as_recorded(draws)
        draws.records.objection[...] = -draws.records.objection

    assert by_name(scores(synthetic(HISTORY, 10, reversed_), items))["auc, objector", "voiced"].model == 0.0


def test_items_before_are_known_to_the_baseline_and_not_scored() -> None:
    ensemble = synthetic(HISTORY, 10, as_recorded)
    late, early = record(2018, 2019), record(2014, 2017)
    alone, with_past = (by_name(scores(ensemble, late, before)) for before in ((), early))
    key = ("ranked probability", "all items")
    assert alone[key].count == with_past[key].count == len(late)
    assert alone[key].model == with_past[key].model
    expected = ranked_probability(forum_rates((*early, *late))[len(early) :], [item.outcome for item in late]).mean()
    assert with_past[key].baseline == pytest.approx(expected) != alone[key].baseline


def test_a_score_that_cannot_be_computed_is_null_in_json() -> None:
    score = Score("auc", "x", "higher", 0, math.nan, math.nan, math.nan, 0.5, math.nan, math.nan, math.nan)
    assert json.loads(json.dumps(score.json(), allow_nan=False))["model"] is None


def test_an_ensemble_of_another_scenario_and_years_without_items_are_refused() -> None:
    with pytest.raises(InputError, match="baseline_2025: has no item"):
        forecast(synthetic("baseline_2025", 1), record())
    with pytest.raises(InputError, match="no item from 2000 to 2001"):
        module.score_record(draws=1, first=2000, last=2001)


def test_the_record_is_scored_with_priors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The posterior has seen it."""
    asked = []

    def simulated(scenario: Scenario, *arguments: Any, **more: Any) -> Ensemble:
        asked.append(scenario.calibration)
        return als.simulate(scenario, *arguments, **more)

    monkeypatch.setattr(module, "simulate", simulated)
    for equal in (False, True):
        module.score_record(draws=2, last=2014, equal_asks=equal)
    assert asked == ["prior", "prior"]
