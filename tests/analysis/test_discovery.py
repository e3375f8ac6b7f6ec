"""Scenario discovery finds a box that was planted, and does not pretend to one that was not."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

import alliance_sim as als
from alliance_sim.analysis.discovery import LEVEL, boxes
from alliance_sim.cli import main
from alliance_sim.errors import InputError

COUNT = 800


@pytest.fixture(scope="module")
def inputs() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    numbers = {
        name: rng.random(COUNT) for name in ("initial_autonomy", "reset_flow", "threat_reversion", "weakness_response")
    }
    return pd.DataFrame({**numbers, "spending": rng.choice(["pledge", "more", "less"], COUNT)})


def test_a_planted_box_is_found(inputs):
    planted = (inputs["initial_autonomy"] > 0.7) & (inputs["reset_flow"] < 0.5) & (inputs["spending"] != "less")
    # One case in ten inside is none, and one in fifty outside is one.
    rng = np.random.default_rng(2)
    of_interest = np.where(planted, rng.random(COUNT) < 0.9, rng.random(COUNT) < 0.02)
    (box, *_) = boxes(inputs, of_interest)
    sides = {each.name: each for each in box.restrictions if each.p < LEVEL}
    assert set(sides) == {"initial_autonomy", "reset_flow", "spending"}
    assert sides["initial_autonomy"].low == pytest.approx(0.7, abs=0.05) and sides["initial_autonomy"].high is None
    assert sides["reset_flow"].high == pytest.approx(0.5, abs=0.05) and sides["reset_flow"].low is None
    assert sides["spending"].options == ("more", "pledge")
    assert (
        str(sides["initial_autonomy"]) == f"{sides['initial_autonomy'].low:.3g} < initial_autonomy"
        and str(sides["spending"]) == "spending is more or pledge"
    )
    assert box.coverage > 0.7 and box.density > 0.8
    # The numbers of the box are right.
    inside = (
        (inputs["initial_autonomy"] >= sides["initial_autonomy"].low)
        & (inputs["reset_flow"] <= sides["reset_flow"].high)
        & (inputs["spending"] != "less")
    )
    for each in box.restrictions:
        if each.p >= LEVEL:
            inside &= inputs[each.name].between(each.low or -np.inf, each.high or np.inf)
    assert box.mass == pytest.approx(inside.mean())
    assert box.density == pytest.approx(of_interest[inside].mean())
    assert box.coverage == pytest.approx((of_interest & inside).sum() / of_interest.sum())
    assert box.trajectory["chosen"].sum() == 1 and box.trajectory["mass"].iloc[0] == 1.0


def test_a_second_box_is_reported_after_the_first(inputs):
    large = (inputs["initial_autonomy"] > 0.5) & (inputs["reset_flow"] < 0.5)
    small = (inputs["initial_autonomy"] < 0.3) & (inputs["threat_reversion"] > 0.7)
    found = boxes(inputs, (large | small).to_numpy())
    assert [{each.name for each in box.restrictions if each.p < LEVEL} for box in found] == [
        {"initial_autonomy", "reset_flow"},
        {"initial_autonomy", "threat_reversion"},
    ]
    assert found[0].coverage == pytest.approx(large.sum() / (large | small).sum(), abs=0.1)
    assert sum(box.coverage for box in found) > 0.9 and min(box.density for box in found) > 0.8


def test_where_all_is_alike_there_is_no_box(inputs):
    (box,) = boxes(inputs[["spending"]].replace({"less": "more", "pledge": "more"}), np.arange(COUNT) % 2 == 0)
    assert box.restrictions == () and (box.coverage, box.density, box.mass) == (1.0, 0.5, 1.0)


def test_of_noise_no_box_is_dense(inputs):
    of_interest = np.random.default_rng(3).random(COUNT) < 0.1
    (box,) = boxes(inputs, of_interest)
    assert box.density < 0.3


def test_quasi_p_value_is_the_binomial_tail_without_the_side(inputs):
    from scipy.stats import binom

    of_interest = (inputs["initial_autonomy"] > 0.7).to_numpy()
    (box, *_) = boxes(inputs[["initial_autonomy", "reset_flow"]], of_interest)
    (side,) = box.restrictions
    cases = round(box.mass * COUNT)
    hits = round(box.density * cases)
    assert side.p_low == pytest.approx(binom.sf(hits - 1, cases, of_interest.mean()), rel=1e-6)
    assert side.p_high is None


@pytest.fixture(scope="module")
def spending(swept) -> als.Discovery:
    table = als.load_results(swept).frame("runs").groupby(["scenario", "point"])["mean_spending"].mean()
    return als.discover(swept, "mean_spending", above=table.quantile(0.75))


def test_conditions_of_a_sweep_are_those_that_act(spending):
    (box, *_) = spending.boxes
    certain = {each.name for each in box.restrictions if each.p < 0.01}
    assert "money" in certain and not {"talk", "concession_gain"} & certain
    assert len(spending.cases) == 160 and spending.base_rate == pytest.approx(0.25)
    assert box.density > 0.8 and box.coverage > 0.5


def test_cases_are_means_over_draws(swept, spending):
    runs = als.load_results(swept).frame("runs")
    case = spending.cases.iloc[50]
    those = runs[(runs["scenario"] == case["scenario"]) & (runs["point"] == case["point"])]
    assert len(those) == 3 and case["value"] == pytest.approx(those["mean_spending"].mean())
    assert (
        case["spending_response_threat"] == those["spending_response_threat"].iloc[0]
        and case["money"] == those["money"].iloc[0]
    )
    assert case["of_interest"] == (case["value"] > spending.above)


def test_below_and_above_are_the_two_sides(swept, spending):
    other = als.discover(swept, "mean_spending", below=spending.above)
    assert (other.cases["of_interest"] != spending.cases["of_interest"]).all()
    assert other.event == f"mean_spending below {spending.above:g}" and "above" in spending.event


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"below": 0.0}, "none of 160 cases lie below 0; allowed: a bound between "),
        ({"above": 0.0}, "all of 160 cases lie above 0; allowed: a bound between "),
        ({}, "allowed: one of below and above"),
        ({"below": 1.0, "above": 1.0}, "allowed: one of below and above"),
        ({"below": float("nan")}, "allowed: one of below and above"),
        ({"below": 1.0, "outcome": "spending"}, "'spending' is not an outcome .*nearest: "),
    ],
)
def test_bad_input_is_refused(options, message, swept):
    with pytest.raises(InputError, match=message):
        als.discover(swept, options.pop("outcome", "mean_spending"), **options)


def test_figure_shows_the_way_to_the_box(spending, tmp_path):
    figure = spending.plot(tmp_path / "box.svg")
    left, right = figure.axes
    assert len(left.lines[0].get_xdata()) == len(spending.boxes[0].trajectory)
    assert right.get_xlabel() == spending.boxes[0].restrictions[0].name
    assert (tmp_path / "box.svg").stat().st_size > 10_000


def test_command_prints_the_boxes(swept, spending, capsys):
    bound = ["--outcome", "mean_spending", "--above", repr(float(spending.above))]
    with pytest.raises(SystemExit) as end:
        main(["discover", str(swept), *bound])
    out = capsys.readouterr().out
    assert end.value.code == 0 and "40 of 160 cases (25.0%)" in out and "money is more" in out
    with pytest.raises(SystemExit):
        main(["discover", str(swept), *bound, "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert (printed["cases"], printed["of_interest"]) == (160, 40)
    for box, found in zip(printed["boxes"], spending.boxes, strict=True):
        assert (box["coverage"], box["density"], box["mass"]) == (found.coverage, found.density, found.mass)
        assert [each["name"] for each in box["restrictions"]] == [each.name for each in found.restrictions]


def test_without_the_workbench_the_error_names_the_package_to_install(swept, spending, monkeypatch):
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis.prim", None)
    with pytest.raises(InputError, match=r"pip install 'alliance_sim\[analysis\]'"):
        als.discover(swept, "mean_spending", above=spending.above)
