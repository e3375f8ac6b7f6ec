import numpy as np
import pandas as pd
import pytest

import alliance_sim as als
from alliance_sim.analysis.comparison import moved
from alliance_sim.analysis.precision import SMALL, crossed_error, draws_needed
from alliance_sim.cli import main


@pytest.mark.parametrize(
    ("error", "draws", "wanted", "needed"),
    [
        (0.2, 100, 0.1, 400),
        (0.1, 100, 0.1, 100),
        (0.01, 100, 0.1, 100),
        (1.0, 1000, 0.3, 12_000),  # 11,112, given with two digits
        ([0.01, 0.2, 0.0], 100, [0.1, 0.1, 0.0], 400),
        ([0.3, 0.1], 100, [-0.3, -0.05], 400),  # differences have a sign
        ([], 50, [], 50),
    ],
)
def test_draws_grow_with_the_square_of_the_error(error, draws, wanted, needed):
    assert draws_needed(error, draws, wanted) == needed


def test_as_many_draws_as_are_needed_are_enough():
    rng = np.random.default_rng(3)
    error = rng.normal(size=100).std(ddof=1) / 10.0
    needed = draws_needed(error, 100, 0.02)
    means = rng.normal(size=(400, needed)).mean(axis=1)
    assert means.std() == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize(("of_points", "of_draws", "of_both"), [(1.0, 0.0, 0.2), (0.2, 1.0, 0.2), (0.0, 0.0, 1.0)])
def test_error_of_a_crossed_mean_counts_points_and_draws_each_by_their_number(of_points, of_draws, of_both):
    rng = np.random.default_rng(7)
    points, draws, times = 40, 12, 600
    tables = (
        of_points * rng.normal(size=(times, points, 1))
        + of_draws * rng.normal(size=(times, 1, draws))
        + of_both * rng.normal(size=(times, points, draws))
    )
    estimated = np.array([crossed_error(pd.DataFrame(table)) for table in tables])
    assert np.sqrt((estimated**2).mean()) == pytest.approx(tables.mean(axis=(1, 2)).std(), rel=0.1)
    # Counting every run by itself would promise far too much.
    alone = np.sqrt(of_points**2 + of_draws**2 + of_both**2) / np.sqrt(points * draws)
    assert of_points + of_draws == 0.0 or alone < 0.6 * np.sqrt((estimated**2).mean())


def test_a_single_draw_does_not_tell_its_error():
    assert np.isnan(crossed_error(pd.DataFrame([[1.0], [2.0]])))
    assert crossed_error(pd.DataFrame([[1.0, 3.0]])) == pytest.approx(1.0)


def test_compare_reports_the_draws_needed(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "baseline_2018", "helsinki_2018", "--draws", "30"])
    summary = als.compare("baseline_2018", "helsinki_2018", draws=30).pairs[0].summary()
    summary = summary.loc[moved(summary)]
    needed = draws_needed(summary["mc_error"], 30, SMALL * summary["mean"])
    assert needed > 30 and f"more than a tenth of the difference; {needed:,} draws" in capsys.readouterr().out


def test_without_differences_no_more_draws_are_needed(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "baseline_2018", "baseline_2018", "--draws", "10"])
    assert "a tenth of the difference" not in capsys.readouterr().out


def test_common_random_numbers_make_intervals_at_least_three_times_narrower_where_effects_are_alike():
    """Outcomes for which docs/analysis.md says so; where the effect itself differs between draws, no pairing can."""
    base, same, other = (
        als.simulate(name, 300, seed, "monthly").per_draw()
        for name, seed in (("baseline_2025", 0), ("us_russia_reset_2025", 0), ("us_russia_reset_2025", 1))
    )
    paired, independent = ((reset - base).quantile(0.95) - (reset - base).quantile(0.05) for reset in (same, other))
    for name in ("agreement", "consensus_capacity", "deterrence", "deterrence_without_us", "resistance"):
        assert independent[name] > 3.0 * paired[name], name
    assert independent["mean_guarantee_confidence"] < 1.5 * paired["mean_guarantee_confidence"]
