import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance_sim import pool as module
from alliance_sim.analysis.comparison import Comparison, compare
from alliance_sim.errors import InputError
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.paired import NOTABLE, moved
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.simulation import first_months, simulate

#: From the summit of 2025 to that of 2026.
BASELINE, RESET, WASHINGTON = (
    first_months(load_scenario(name), 14) for name in ("baseline_2025", "us_russia_reset_2025", "washington_2024")
)
DRAWS, SEED = 150, 3


@pytest.fixture(scope="module")
def both() -> Comparison:
    return compare(BASELINE, RESET, WASHINGTON, draws=DRAWS, seed=SEED)


def later(scenario: Scenario, start: str, name: str) -> Scenario:
    """The same scenario from a later month on."""
    skipped = scenario.offset(start)
    fields = dict(scenario) | {"name": name, "start": start, "months": scenario.months - skipped}
    for calendar in ("events", "meetings"):
        fields[calendar] = tuple(entry for entry in fields[calendar] if entry.month >= start)
    return Scenario.validated(fields)


def test_a_scenario_does_not_differ_from_itself() -> None:
    itself = compare(RESET, RESET, draws=40)
    assert not itself.pairs[0].per_draw().any(axis=None)
    summary, decisions = itself.summary(), itself.decisions()
    assert not summary[["mean", "p05", "p95", "mc_error", "size"]].any(axis=None) and (summary["p_higher"] == 0.5).all()
    assert not decisions[["difference", "mc_error", *DECISIONS]].any(axis=None)
    assert itself.pairs[0].inputs == () and moved(summary) == []


def test_differences_are_those_of_two_runs_with_one_seed(both: Comparison) -> None:
    base = simulate(BASELINE, DRAWS, SEED, "monthly")
    for pair, scenario in zip(both.pairs, (RESET, WASHINGTON), strict=True):
        other = simulate(scenario, DRAWS, SEED, "monthly")
        pd.testing.assert_frame_equal(pair.per_draw(), other.per_draw() - base.per_draw(), check_exact=True)
        board, changed = (ensemble.decisions() for ensemble in (base, other))
        found = pair.decisions()
        assert list(found["meeting"] + found["issue"]) == list(board["meeting"] + board["issue"])
        np.testing.assert_allclose(
            found[list(DECISIONS)], changed[list(DECISIONS)] - board[list(DECISIONS)], atol=1e-12
        )
        np.testing.assert_allclose(found["other"], changed["adopted"] + changed["diluted"], atol=1e-12)
        np.testing.assert_allclose(found["difference"], found["other"] - found["base"], atol=1e-12)


def test_summary_sums_up_the_paired_differences(both: Comparison) -> None:
    differences, rows = both.pairs[0].per_draw(), both.summary().loc["us_russia_reset_2025"]
    values = differences["cohesion"]
    assert rows.loc["cohesion", ["mean", "p05", "p95"]].tolist() == pytest.approx(
        [values.mean(), *np.quantile(values, [0.05, 0.95])]
    )
    assert rows["p_higher"]["cohesion"] == (values > 0).mean()
    assert rows["mc_error"]["cohesion"] == pytest.approx(values.std(ddof=1) / DRAWS**0.5)
    assert list(rows.index) == list(OUTCOMES)
    # Ties count half: hardly any draw has a meeting that blows up.
    ties = (differences["blow_ups"] == 0.0).mean()
    assert ties > 0.5
    assert rows["p_higher"]["blow_ups"] == pytest.approx((differences["blow_ups"] > 0.0).mean() + ties / 2)


def test_error_of_a_decision_is_that_of_its_paired_difference(both: Comparison) -> None:
    base, other = (simulate(name, DRAWS, SEED, "monthly").data["decision"].values for name in (BASELINE, RESET))
    paired = (other < 2).astype(float) - (base < 2)
    found = both.pairs[0].decisions()
    np.testing.assert_allclose(found["mc_error"], paired.std(axis=0) / DRAWS**0.5, atol=1e-12)
    assert (found["mc_error"] > 0.0).any()


def test_order_of_the_others_does_not_matter(both: Comparison) -> None:
    turned = compare(BASELINE, WASHINGTON, RESET, draws=DRAWS, seed=SEED)
    for name in ("us_russia_reset_2025", "washington_2024"):
        pd.testing.assert_frame_equal(turned.summary().loc[name], both.summary().loc[name], check_exact=True)
    alone = compare(BASELINE, RESET, draws=DRAWS, seed=SEED)
    pd.testing.assert_frame_equal(
        alone.decisions(), both.decisions().query("scenario == 'us_russia_reset_2025'"), check_exact=True
    )


def test_turned_round_the_differences_change_their_sign() -> None:
    there, back = compare(BASELINE, RESET, draws=40), compare(RESET, BASELINE, draws=40)
    assert (there.pairs[0].per_draw() == -back.pairs[0].per_draw()).all(axis=None)
    np.testing.assert_allclose(there.summary()["p_higher"].to_numpy(), 1.0 - back.summary()["p_higher"].to_numpy())


def test_largest_comes_first(both: Comparison) -> None:
    summary = both.summary()
    names = moved(summary.loc[["washington_2024"]])
    sizes = summary.loc["washington_2024"].loc[names, "size"].abs()
    finite = sizes[np.isfinite(sizes)]
    assert finite.is_monotonic_decreasing and finite.min() >= NOTABLE
    assert list(sizes.index) == [*finite.index, *sizes.index[np.isinf(sizes)]]  # fixed ones come last
    assert names[0] == "threat_gap" and "conciliation" not in names
    assert set(moved(summary)) == set(names) | set(moved(summary.loc[["us_russia_reset_2025"]]))


def test_washington_of_2024_closes_the_gap_and_lets_the_strategy_pass(both: Comparison) -> None:
    rows = both.summary().loc["washington_2024"]
    assert rows["p95"]["threat_gap"] < 0.0 and rows["p05"]["consensus_capacity"] > 0.0
    found = both.decisions().query("scenario == 'washington_2024'").set_index(["meeting", "issue"])
    strategy = found.loc[("nato_summit-2025-06", "russia_strategy")]
    assert strategy["difference"] > 0.5 and strategy["withdrawn"] + strategy["blocked"] < -0.5


def test_common_random_numbers_make_intervals_narrower(both: Comparison) -> None:
    base, other = simulate(BASELINE, DRAWS, SEED, "monthly"), simulate(RESET, DRAWS, SEED + 1, "monthly")
    widths = [
        differences.quantile(0.95) - differences.quantile(0.05)
        for differences in (both.pairs[0].per_draw(), other.per_draw() - base.per_draw())
    ]
    for name in ("consensus_capacity", "threat_gap", "deterrence", "resistance"):
        assert widths[0][name] < 0.6 * widths[1][name], name


def test_shorter_scenario_is_compared_over_the_months_both_have() -> None:
    short = compare(BASELINE, first_months(RESET, 9), draws=20).pairs[0]
    cut = compare(first_months(BASELINE, 9), first_months(RESET, 9), draws=20).pairs[0]
    assert short.months == cut.months and len(cut.months) == 9
    pd.testing.assert_frame_equal(short.per_draw(), cut.per_draw(), check_exact=True)
    pd.testing.assert_frame_equal(short.decisions(), cut.decisions(), check_exact=True)
    assert set(short.decisions()["month"].dt.strftime("%Y-%m")) <= set(short.months)


def test_later_start_is_compared_over_the_months_both_have() -> None:
    pair = compare(BASELINE, later(BASELINE, "2026-01", "later"), draws=20).pairs[0]
    assert (pair.months[0], pair.months[-1], len(pair.months)) == ("2026-01", "2026-07", 7)
    base = simulate(BASELINE, 20, keep="monthly").data["cohesion"].sel(month=slice("2026-01", None)).mean("month")
    np.testing.assert_allclose(pair.values[0, :, list(OUTCOMES).index("cohesion")], base)
    months = set(pair.decisions()["month"].dt.strftime("%Y-%m"))
    assert "2026-07" in months and "2025-06" not in months


@pytest.mark.parametrize(
    ("others", "options", "message"),
    [
        ((), {}, "nothing to compare with"),
        ((RESET, RESET), {}, "two of the others are called 'us_russia_reset_2025'"),
        (("helsinki_2018",), {}, "helsinki_2018 is calibrated to 2018, baseline_2025 to 2025"),
        (("washington_2042",), {}, "nearest: washington_2024"),
        ((RESET,), {"draws": 0}, "draws: 0 is out of range"),
        ((RESET,), {"draws": 2**32 - 1}, "GB; allowed: up to"),
        ((RESET,), {"seed": -1}, "seed: -1 is out of range"),
    ],
)
def test_bad_input_is_refused(others: tuple[str | Scenario, ...], options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare(BASELINE, *others, **options)


def test_scenarios_without_a_common_month_are_refused() -> None:
    early = first_months(BASELINE, 6)
    with pytest.raises(InputError, match="late runs from 2026-01 to 2026-07, baseline_2025 from 2025-06 to 2025-11"):
        compare(early, later(BASELINE, "2026-01", "late"))


def test_a_single_draw_has_no_error_to_speak_of() -> None:
    summary = compare(BASELINE, RESET, draws=1).summary()
    assert summary["mc_error"].isna().all() and summary["mean"].equals(summary["p05"])


def test_memory_does_not_grow_with_months(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [load_scenario(scenario.name) for scenario in (BASELINE, RESET)]
    peaks = []
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(module, "_pool", lambda: (pool, 1))
        for draws in (256, 512):  # in chunks of the same size
            tracemalloc.start()
            compare(*whole, draws=draws)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    # Two numbers an outcome and draw stay; months kept would be 48 times as many.
    assert peaks[1] - peaks[0] < 256 * len(OUTCOMES) * 8 * 2 * 4


def test_progress_counts_the_draws() -> None:
    seen: list[int] = []
    compare(first_months(BASELINE, 2), first_months(RESET, 2), draws=100, progress=seen.append)
    assert seen[-1] == 100 and seen == sorted(seen)


def test_forest_plot_shows_notable_outcomes(both: Comparison, tmp_path: Path) -> None:
    figure = both.plot(tmp_path / "forest.svg")
    assert (tmp_path / "forest.svg").read_text().count("<svg") == 1
    (axis,) = figure.axes
    labels = [tick.get_text().replace(" ", "_") for tick in axis.get_yticklabels()]
    # What draws do not differ in has no place on an axis in standard deviations.
    summary = both.summary()
    sizes = summary["size"].abs().groupby("outcome").max()
    assert labels == [name for name in moved(summary) if np.isfinite(sizes[name])]
    assert len(labels) > 10 and "presidential_support" in set(moved(summary)) - set(labels)
    (low, high) = axis.get_xlim()
    assert -100 < low < high < 100
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["us_russia_reset_2025", "washington_2024"]
    with pytest.raises(InputError, match="no figure ends in"):
        both.plot(tmp_path / "forest.xyz")
