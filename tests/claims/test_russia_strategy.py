"""The Russia strategy promised in 2024: the first claim of the 2025 document (A, paragraph 1)."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

import alliance_sim as als


def shares(scenario: str) -> dict[str, float]:
    board = als.simulate(scenario, draws=2000, seed=11, keep="final").decisions()
    first = board[board["issue"] == "russia_strategy"].iloc[0]
    return {name: first[name] for name in ("adopted", "diluted", "withdrawn", "blocked")}


@pytest.mark.parametrize("scenario", ["baseline_2025", "us_russia_reset_2025"])
def test_with_the_president_of_2025_it_fails_and_mostly_before_it_is_tabled(scenario: str) -> None:
    found = shares(scenario)
    failed = found["withdrawn"] + found["blocked"]
    assert failed >= 0.8
    assert found["withdrawn"] / failed >= 0.8


def test_with_the_washington_of_2024_it_passes() -> None:
    found = shares("washington_2024")
    assert found["adopted"] + found["diluted"] >= 0.8


def test_only_washington_differs_between_the_two() -> None:
    base, other = als.load_scenario("baseline_2025"), als.load_scenario("washington_2024")
    assert base.parameters == other.parameters and base.meetings == other.meetings
    (change,) = other.events
    assert change.type == "leadership_change" and change.ally == "USA" and not base.events


@cache
def dip_of_helsinki() -> NDArray[np.float64]:
    """Return by how much cohesion is lower than without the meeting, by month."""
    calm, summit = (
        als.simulate(name, draws=600, seed=11, keep="monthly").series("cohesion")["mean"].to_numpy()
        for name in ("baseline_2018", "helsinki_2018")
    )
    dip: NDArray[np.float64] = 1.0 - summit / calm
    return dip


def test_helsinki_is_a_dip() -> None:
    """About a tenth in the month after."""
    dip = dip_of_helsinki()
    assert abs(dip[:6]).max() < 0.02  # a trade dispute in June, before the meeting
    assert 0.06 < dip[7] < 0.16


@pytest.mark.xfail(reason="four tenths of it are gone a year later, not half: docs/model.md, Limitations")
def test_the_dip_of_helsinki_is_mostly_gone_two_years_later() -> None:
    dip = dip_of_helsinki()
    assert dip[18] < 0.5 * dip[7] and dip[30] < 0.25 * dip[7]
