from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_sim import pool as module
from alliance_sim.errors import InputError
from alliance_sim.pool import Cancelled
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios import load_scenario
from alliance_sim.simulation import first_months, in_stages, simulate

RESET = load_scenario("us_russia_reset_2025")
SHORT = first_months(RESET, 9)


@pytest.fixture(scope="module")
def reset() -> Ensemble:
    return simulate(SHORT, draws=40, seed=3, keep="trace")


def same(one: Ensemble, other: Ensemble, draws: int | None = None) -> None:
    pairs = zip((*one.output, *one.records), (*other.output, *other.records), strict=True)
    for left, right in pairs:
        np.testing.assert_array_equal(left[:draws], right[:draws])


@pytest.mark.parametrize(("chunk", "threads"), [(1, 2), (7, 1), (7, 3), (64, 2)])
def test_results_do_not_depend_on_chunks_or_threads(
    reset: Ensemble, chunk: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(threads) as pool:
        monkeypatch.setattr(module, "_pool", lambda: (pool, threads))
        same(simulate(SHORT, 40, 3, "trace", chunk=chunk), reset)


@given(st.integers(1, 12), st.integers(0, 2**64 - 1))
def test_first_draws_do_not_depend_on_how_many_follow(draws: int, seed: int) -> None:
    scenario = first_months(SHORT, 2)
    same(simulate(scenario, draws, seed, chunk=5), simulate(scenario, 12, seed), draws)


def test_each_stage_has_the_bits_of_a_run_of_its_own() -> None:
    stages = list(in_stages("us_russia_reset_2025", (3, 50, 300), seed=4))
    assert [stage.draws for stage in stages] == [3, 50, 300]
    for stage in stages:
        whole = simulate("us_russia_reset_2025", stage.draws, 4)
        for mine, theirs in zip((*stage.output, *stage.records), (*whole.output, *whole.records), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_stages_are_refused_and_stopped() -> None:
    for stages in ((), (5, 5), (5, 2)):
        with pytest.raises(InputError, match="each larger than the one before"):
            list(in_stages("baseline_2018", stages))
    with pytest.raises(InputError, match="draws: 0 is out of range"):
        list(in_stages("baseline_2018", (0, 5)))
    stopped = False
    stages = in_stages("baseline_2018", (2, 2000), cancelled=lambda: stopped)
    assert next(stages).draws == 2
    stopped = True
    with pytest.raises(Cancelled):
        next(stages)


def test_seeds_differ_and_draws_differ(reset: Ensemble) -> None:
    cohesion = reset.data["cohesion"].values
    assert len(np.unique(cohesion[:, -1])) == reset.draws
    assert not np.any(simulate(SHORT, 40, 4).data["cohesion"].values == cohesion)


@pytest.mark.parametrize("keep", ["final", "monthly", "allies"])
def test_keeping_less_changes_nothing_else(reset: Ensemble, keep: str) -> None:
    less = simulate(SHORT, 40, 3, keep)
    at = slice(-1, None) if keep == "final" else slice(None)
    np.testing.assert_array_equal(less.output.outcomes, reset.output.outcomes[:, at])
    assert ("spending" in less.data) == (keep == "allies")
    pd.testing.assert_frame_equal(less.decisions(), reset.decisions())
    assert less.months == reset.months[at]


@given(st.integers(1, 47))
def test_cutting_a_scenario_does_not_change_its_first_months(months: int) -> None:
    part, whole = simulate(first_months(RESET, months), 2, 5), simulate(RESET, 2, 5)
    np.testing.assert_array_equal(part.output.outcomes, whole.output.outcomes[:, :months])
    rows = len(part.program.agenda)
    np.testing.assert_array_equal(part.data["decision"], whole.data["decision"][:, :rows])
    assert all(row.month <= part.months[-1] for row in part.program.agenda)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"draws": 0}, r"draws: 0 is out of range; allowed: a whole number from 1"),
        ({"draws": 2.5}, "draws: 2.5 is out of range"),
        ({"draws": True}, "draws: True"),
        ({"draws": 2**32}, "draws: 4294967296"),
        ({"draws": 2**32 - 1}, r"GB; allowed: up to"),
        ({"seed": -1}, "seed: -1"),
        ({"seed": 2**64}, "seed: 18446744073709551616"),
        ({"seed": None}, "seed: None"),
        ({"keep": "traces"}, r"keep: 'traces' is unknown \(nearest: trace\); allowed: final, monthly"),
        ({"scenario": "us_russia_reset"}, "nearest: us_russia_reset_2025"),
        ({"chunk": 0}, "chunk: 0"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate(**{"scenario": SHORT, "draws": 1, **arguments})


@pytest.mark.parametrize("months", [0, 49, 1.0])
def test_months_outside_the_scenario_are_refused(months: int) -> None:
    with pytest.raises(InputError, match="allowed: a whole number from 1 to 48"):
        first_months(RESET, months)


def test_progress_is_reported_and_a_run_can_be_cancelled() -> None:
    counts: list[int] = []
    simulate(SHORT, 10, chunk=3, progress=counts.append)
    assert counts == sorted(counts) and counts[-1] == 10 and len(counts) == 4
    counts.clear()
    with pytest.raises(Cancelled):
        simulate(SHORT, 400, chunk=1, progress=counts.append, cancelled=lambda: len(counts) >= 3)
    assert len(counts) == 3


def test_an_interrupt_ends_the_run_and_leaves_the_pool_working(reset: Ensemble) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(SHORT, 1000, chunk=1, progress=interrupt)
    same(simulate(SHORT, 40, 3, "trace"), reset)
