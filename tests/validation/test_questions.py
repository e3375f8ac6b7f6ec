"""Answers to forecast questions: their numbers, their errors, and what cannot be evaluated."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import alliance_sim as als
from alliance_sim.cli.main import main
from alliance_sim.errors import InputError
from alliance_sim.validation import questions as module
from alliance_sim.validation.question_files import Question
from alliance_sim.validation.questions import answer, jeffreys, median_error
from alliance_sim.validation.scores import crps

NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30)
DRAWS = 20


def question(truth: bool | float | None = None) -> Question:
    return Question(id="q", text="Is it?", sql="SELECT 1", **({} if truth is None else {"truth": truth}))


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.integers(1, 20))
def test_crps_of_a_point_mass_is_the_absolute_error(at: float, truth: float, draws: int) -> None:
    assert crps([at] * draws, truth) == pytest.approx(abs(at - truth), abs=1e-9)


@pytest.mark.parametrize("truth", [-0.5, 0.0, 0.2, 0.5, 1.0, 1.75])
def test_crps_of_a_uniform_sample_is_the_closed_form(truth: float) -> None:
    inside = min(max(truth, 0.0), 1.0)
    closed = inside**2 - inside + 1 / 3 + abs(truth - inside)
    n = 4000
    assert crps((np.arange(n) + 0.5) / n, truth) == pytest.approx(closed, abs=1e-6)


@given(NUMBERS, st.floats(-1e3, 1e3))
def test_crps_is_the_integral_of_the_brier_scores_of_all_thresholds(values: list[float], truth: float) -> None:
    ends = np.sort([*values, truth])
    below = (np.array(values)[:, np.newaxis] <= ends[:-1]).mean(axis=0)
    integral = float(((below - (truth <= ends[:-1])) ** 2 * np.diff(ends)).sum())
    assert crps(values, truth) == pytest.approx(integral, abs=1e-6)


def test_crps_with_scipy_normal() -> None:
    # Closed form of a normal distribution (Gneiting and Raftery 2007, equation 20).
    sample, y = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000), 0.7
    closed = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / math.sqrt(math.pi)
    assert crps(sample, y) == pytest.approx(closed, abs=1e-3)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.booleans())
def test_a_brier_score_lies_between_zero_and_one(values: list[bool], truth: bool) -> None:
    found = answer(question(truth=truth), np.array(values))
    wrong = Fraction(sum(each is not truth for each in values), len(values))
    assert found.score == pytest.approx(float(wrong**2)) and 0.0 <= found.score <= 1.0
    assert found.probability is not None and found.interval is not None and found.mc_error is not None
    assert found.interval[0] <= found.probability <= found.interval[1]
    assert found.mc_error > 0.0


@pytest.mark.parametrize("draws", [1, 10, 1000])
def test_an_interval_has_a_length_where_nothing_or_everything_happens(draws: int) -> None:
    low, high = jeffreys(0, draws)
    assert low == 0.0 and high > 0.0 and jeffreys(draws, draws) == pytest.approx((1.0 - high, 1.0))


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5, 0.97])
def test_a_jeffreys_interval_covers(p: float) -> None:
    draws = 200
    counts = np.arange(draws + 1)
    ends = np.array([jeffreys(int(count), draws) for count in counts])
    covers = (ends[:, 0] <= p) & (p <= ends[:, 1])
    assert stats.binom.pmf(counts, draws, p)[covers].sum() == pytest.approx(0.95, abs=0.03)


def test_the_error_of_a_share_is_the_binomial_one_with_many_draws() -> None:
    found = answer(question(), np.arange(4000) < 1000)
    assert found.mc_error == pytest.approx(math.sqrt(0.25 * 0.75 / 4000), rel=1e-3)


def test_the_error_of_a_median_is_its_spread_over_samples() -> None:
    rng = np.random.default_rng(3)
    samples = rng.normal(size=(2000, 401))
    errors = [median_error(sample) for sample in samples[:300]]
    assert np.mean(np.array(errors, float)) == pytest.approx(np.median(samples, axis=1).std(), rel=0.1)


def test_a_single_draw_has_no_error_of_its_median() -> None:
    found = answer(question(truth=2), np.array([1.5]))
    assert (found.mc_error, found.score, found.covered) == (None, 0.5, {50: False, 80: False, 90: False})


@given(NUMBERS, st.floats(-1e3, 1e3))
def test_wider_intervals_hold_narrower_ones(values: list[float], truth: float) -> None:
    found = answer(question(truth=truth), np.array(values))
    assert found.central is not None and found.covered is not None
    (low50, high50), (low80, high80), (low90, high90) = found.central.values()
    assert low90 <= low80 <= low50 <= high50 <= high80 <= high90
    assert found.covered[50] <= found.covered[80] <= found.covered[90]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "true in 0 of 1,000 draws, so less than 0.25 %: 40,000 draws or more would give it to within a tenth"),
        (4, "true in 4 of 1,000 draws: about 25,000 draws would give it to within a tenth"),
        (5, None),
        (995, None),
        (998, "false in 2 of 1,000 draws: about 50,000 draws would give it to within a tenth"),
        (1000, "false in 0 of 1,000 draws, so less than 0.25 %: 40,000 draws or more would give it to within a tenth"),
    ],
)
def test_a_rare_event_says_how_many_draws_it_takes(count: int, expected: str | None) -> None:
    assert answer(question(), np.arange(1000) < count).rarity == expected


def answered(sql: str, truth: bool | float | None = None) -> als.Answers:
    wanted = {"questions": [{"id": "q", "text": "Is it?", "sql": sql, **({} if truth is None else {"truth": truth})}]}
    return als.ask("baseline_2018", wanted, draws=DRAWS, seed=2)


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT draw FROM runs", "the query gives the columns draw; allowed: draw, value"),
        ("SELECT draw, 1 AS value, 2 AS more FROM runs", "the query gives the columns draw, value, more; allowed: dr"),
        ("SELECT draw, 'yes' AS value FROM runs", "the query gives values of the type string; allowed: true or false,"),
        ("SELECT draw, month AS value FROM decisions", "the query gives values of the type date32[day]; allowed: true"),
        (
            "SELECT draw - draw % 2 AS draw, true AS value FROM runs",
            "the query gives several rows in 10 of 20 draws; all",
        ),
        ("SELECT draw, NULL::BOOL AS value FROM runs", "the query gives NULL in 20 of 20 draws: the run may have no"),
        (
            "SELECT draw, draw > nullif(draw, 3) AS value FROM runs",
            "the query gives NULL in 1 of 20 draws: a meeting m",
        ),
        (
            "SELECT draw, bool_or(outcome = 'adopted') FILTER (WHERE meeting = 'nowhere') AS value FROM decisions "
            "GROUP BY draw",
            "the query gives NULL in 20 of 20 draws: the run may have no such meeting, month or ally; allowed: t",
        ),
        ("SELECT draw, true AS value FROM runs WHERE draw > 99", "the query gives no row: the run may have no such"),
        ("SELECT draw + 1 AS draw, true AS value FROM runs", "the query gives a draw that is not one of the 20; all"),
        ("SELECT 0.5 AS draw, true AS value FROM runs", "the query gives draws that are no whole numbers; allowed: th"),
        ("SELECT draw, true AS value FROM decisions", "the query gives more rows than there are draws, 20; allowed"),
        ("SELECT draw, cohesion AS value FROM runs WHERE draw < 15", "the query gives no number in 5 of 20 draws; al"),
        (
            "SELECT draw, 'inf'::DOUBLE AS value FROM runs",
            "the query gives an infinite or too large number in 20 of 20",
        ),
        (
            "SELECT draw, -1e200 * draw AS value FROM runs",
            "the query gives an infinite or too large number in 19 of 20",
        ),
        ("SELECT draw, cohesoin AS value FROM runs", 'Binder Error: Referenced column "cohesoin" not found in FROM cl'),
        ("SELECT draw, true AS value FROM run", "'run' is no view here (nearest: runs); allowed: runs, "),
        ("DELETE FROM runs", "DELETE is not allowed; allowed: one SELECT"),
        ("SELECT draw, random() > 0.5 AS value FROM runs", "random is not allowed"),
    ],
)
def test_what_cannot_be_evaluated_says_why_in_a_line(sql: str, problem: str) -> None:
    (found,) = answered(sql).answers
    assert found.problem is not None and found.problem.startswith(problem) and "\n" not in found.problem
    assert (found.probability, found.quantiles, found.mc_error, found.score) == (None, None, None, None)


def test_whole_numbers_too_large_for_a_float_are_rounded() -> None:
    (found,) = answered("SELECT draw, 9223372036854775807 AS value FROM runs").answers
    assert found.quantiles is not None and found.quantiles["p50"] == 2.0**63


def test_one_that_cannot_be_evaluated_leaves_the_others() -> None:
    wrong = {"id": "wrong", "text": "Is it?", "sql": "SELECT"}
    right = {"id": "right", "text": "Is it?", "sql": "SELECT draw, draw < 5 AS value FROM runs", "truth": False}
    found = als.ask("baseline_2018", [wrong, right], draws=DRAWS)
    assert [each.probability for each in found.answers] == [None, 0.25]
    assert found.summary() | {"questions": 2, "not_evaluated": 1, "brier": 0.0625, "crps": None} == found.summary()


def test_a_truth_of_another_kind_than_the_values_is_a_problem() -> None:
    assert answered("SELECT draw, true AS value FROM runs", 3).answers[0].problem == (
        "the query gives true or false, the truth is a number"
    )
    assert answered("SELECT draw, 1 AS value FROM runs", True).answers[0].problem == (
        "the query gives numbers, the truth is a truth value"
    )


def test_a_draw_without_a_row_is_false() -> None:
    assert answered("SELECT draw, true AS value FROM runs WHERE draw < 5").answers[0].probability == 0.25
    null = "SELECT draw, coalesce(CASE WHEN draw < 5 THEN true END, false) AS value FROM runs"
    assert answered(null).answers[0].probability == 0.25


def test_a_query_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.3)
    crossed = "SELECT 0 AS draw, count(*) > 0 AS value FROM range(10000000) a, range(10000000) b"
    (found,) = answered(crossed).answers
    assert found.problem is not None and found.problem.startswith("took longer than 0.3 s; allowed: ")


def test_rows_are_not_read_without_end() -> None:
    (found,) = answered("SELECT 0 AS draw, true AS value FROM range(1000000) a, range(1000000) b").answers
    assert found.problem == "the query gives more rows than there are draws, 20; allowed: one row a draw"


def test_answers_are_those_of_the_ensemble() -> None:
    ensemble = als.simulate("baseline_2018", DRAWS, 2)
    cohesion = ensemble.per_draw()["cohesion"].to_numpy()
    mean = "SELECT draw, avg(value) AS value FROM trajectories WHERE outcome = 'cohesion' GROUP BY draw"
    (found,) = answered(mean, 0.6).answers
    assert found.quantiles is not None and found.quantiles["p50"] == pytest.approx(np.median(cohesion))
    assert found.score == pytest.approx(crps(cohesion, 0.6))
    whole = "SELECT draw, count(*) AS value FROM decisions GROUP BY draw"
    assert answered(whole).answers[0].quantiles == dict.fromkeys(
        ("p05", "p25", "p50", "p75", "p95"), float(len(ensemble.program.agenda))
    )
    decimal = "SELECT draw, sum(1)::DECIMAL(9, 2) AS value FROM decisions GROUP BY draw"
    assert answered(decimal).answers[0].quantiles == answered(whole).answers[0].quantiles


def test_a_summary_counts_and_averages() -> None:
    numbers = [
        {"id": f"n{truth}", "text": "How many?", "sql": "SELECT draw, draw AS value FROM runs", "truth": truth}
        for truth in (9, 15, 18.5)
    ]
    shares = [
        {"id": f"s{below}", "text": "Is it?", "sql": f"SELECT draw, draw < {below} AS value FROM runs", "truth": truth}
        for below, truth in ((5, True), (10, False))
    ]
    total = als.ask("baseline_2018", [*numbers, *shares], draws=DRAWS).summary()
    draws = np.arange(20.0)
    assert total["brier"] == pytest.approx((0.75**2 + 0.5**2) / 2)
    assert (total["base_rate"], total["brier_base_rate"]) == (0.5, 0.25)
    assert total["spread"] == pytest.approx((0.25 * 0.75 + 0.25) / 2)
    assert total["crps"] == pytest.approx(np.mean([crps(draws, truth) for truth in (9, 15, 18.5)]))
    assert [total[f"inside_{level}"] for level in (50, 80, 90)] == [1, 2, 2]
    assert [total[f"width_{level}"] for level in (50, 80, 90)] == pytest.approx([9.5, 15.2, 17.1])


@pytest.mark.parametrize(
    ("scenario", "what_if"),
    [("outlook_2025", False), ("baseline_2025", True), ("us_russia_reset_2025", True), ("washington_2024", True)],
)
def test_another_scenario_than_that_of_the_questions_is_a_what_if(scenario: str, what_if: bool) -> None:
    assert als.ask(scenario, "outlook_2025", draws=1).what_if is what_if


def test_a_changed_or_hypothetical_scenario_is_a_what_if() -> None:
    changed = als.load_scenario("outlook_2025").with_parameters({"pledge": 0.5})
    assert als.ask(changed, "outlook_2025", draws=1).what_if
    one = {"id": "q", "text": "Is it?", "sql": "SELECT draw, true AS value FROM runs"}
    own = {"scenario": "us_russia_reset_2025", "questions": [one]}
    assert als.ask("us_russia_reset_2025", own, draws=1).what_if


def test_questions_about_months_that_the_run_does_not_have_are_said_or_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert als.ask("us_russia_reset_2025", "outlook_2025", draws=1).not_run is None
    assert "2014-01 to 2025-06" in str(als.ask("us_russia_reset_2025", "history_2014_2025", draws=1).not_run)
    with pytest.raises(SystemExit, match="0"):
        main(["ask", "helsinki_2018", "history_2014_2025", "--draws", "1"])
    said = " ".join(capsys.readouterr().out.split())
    assert "are about 2014-01 to 2025-06, the run covers 2018-01 to 2020-12: what they ask of other months may" in said
    with pytest.raises(InputError, match="are about 2025-06 to 2029-05, baseline_2018 runs from 2018-01 to 2020-12;"):
        als.ask("baseline_2018", "outlook_2025", draws=1)


def test_questions_without_a_scenario_may_be_about_one_of_a_bundled_set() -> None:
    one = [{"id": "q", "text": "Is it?", "sql": "SELECT draw, true AS value FROM runs"}]
    found = {name: als.ask(name, one, draws=1).what_if for name in ("outlook_2025", "baseline_2025")}
    assert found == {"outlook_2025": False, "baseline_2025": True}


def test_a_table_has_a_row_a_question() -> None:
    found = als.ask("outlook_2025", "outlook_2025", draws=2)
    table = found.table()
    assert list(table.index) == [each.question.id for each in found.answers]
    assert (table["probability"].notna() ^ table["p50"].notna()).all()
    assert "<table" in found._repr_html_()
