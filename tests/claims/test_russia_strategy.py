"""The Russia strategy promised in 2024: the first claim of the 2025 document (A, paragraph 1)."""

import pytest

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


def test_helsinki_is_a_dip_and_not_a_break() -> None:
    """About a tenth in the month after, four tenths of it gone a year later, and most two years later."""
    calm = als.simulate("baseline_2018", draws=600, seed=11, keep="monthly").series("cohesion")["mean"].to_numpy()
    summit = als.simulate("helsinki_2018", draws=600, seed=11, keep="monthly").series("cohesion")["mean"].to_numpy()
    dip = 1.0 - summit / calm
    assert abs(dip[:6]).max() < 0.02  # a trade dispute in June, before the meeting
    assert 0.06 < dip[7] < 0.16
    assert dip[18] < 0.6 * dip[7] and dip[30] < 0.3 * dip[7]
