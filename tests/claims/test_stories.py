"""The stories of the bundled scenarios (docs/scenarios.md): paired differences whose sign is clear."""

import functools

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.scenarios import load_text

DRAWS, SEED = 300, 11
MONTHS_BEFORE_THE_FOLLOW_UP = slice(7, 10)  # August to October 2018

ALONE = """
name: {name}
extends: helsinki_2018
drop: [bilateral_summit-2018-07]
events: [{{month: 2018-07, type: bilateral_summit, conciliation: 0.5, openness: {openness}, source: B ¶4}}]
"""


@functools.cache
def run(name: str) -> als.Ensemble:
    return als.simulate(name, draws=DRAWS, seed=SEED)


def monthly(name: str, base: str, outcome: str) -> np.ndarray:
    """Paired difference, one row per draw, one column per month."""
    return run(name).data[outcome].to_numpy() - run(base).data[outcome].to_numpy()


STORIES = {
    # A ¶4: a reset that succeeds while the war goes on; more so than one that fails
    ("us_russia_reset_2025", "baseline_2025"): "-cohesion -mean_guarantee_confidence -isolation +concession_pressure",
    ("reset_fails_2025", "baseline_2025"): "-mean_guarantee_confidence -isolation +concession_pressure",
    ("us_russia_reset_2025", "reset_fails_2025"): (
        "-cohesion -mean_guarantee_confidence -isolation +concession_pressure"
    ),
    # A ¶4-5: the support that Ukraine loses
    ("us_support_ends_2025", "baseline_2025"): (
        "-ukraine_support_total -ukraine_support_intelligence -resistance +concession_pressure "
        "-mean_guarantee_confidence"
    ),
    # A ¶5: the response of the other allies
    ("european_pillar_2025", "us_russia_reset_2025"): (
        "+mean_spending +burden_sharing +ukraine_support_total +resistance +deterrence_without_us +cohesion "
        "-concession_pressure"
    ),
    ("european_pillar_2025", "baseline_2025"): "+mean_spending +deterrence_without_us -resistance",
    # A ¶1
    ("washington_2024", "baseline_2025"): "+cohesion +consensus_capacity -threat_gap +mean_guarantee_confidence",
    # B ¶7, B ¶9, B ¶10
    ("helsinki_2018", "baseline_2018"): "-cohesion -mean_guarantee_confidence -open_door_us +concession_pressure",
}


@pytest.mark.parametrize(
    ("name", "base", "expected"),
    [(name, base, each) for (name, base), outcomes in STORIES.items() for each in outcomes.split()],
)
def test_story_moves_the_outcomes_it_names(name: str, base: str, expected: str) -> None:
    sign, outcome = -1.0 if expected[0] == "-" else 1.0, expected[1:]
    difference = (run(name).per_draw()[outcome] - run(base).per_draw()[outcome]).to_numpy()
    assert np.mean(sign * difference > 0.0) >= 0.9


@pytest.mark.parametrize("name", ["us_russia_reset_2025", "reset_fails_2025"])
def test_only_criticism_at_home_keeps_the_gap_from_widening(name: str) -> None:
    """A ¶4 against B ¶6: without criticism the perceptions diverge further, as A says."""
    course, base = (
        als.simulate(als.load_scenario(each).with_parameters({"criticism_gain": 0.0}), DRAWS, SEED, "monthly")
        for each in (name, "baseline_2025")
    )
    assert np.mean(course.per_draw()["threat_gap"] > base.per_draw()["threat_gap"]) >= 0.9


def test_others_give_more_at_first_and_never_replace_the_cut() -> None:
    """A ¶5: replacing Washington is difficult for years."""
    aid = [run(name).data["ukraine_support"].to_numpy() for name in ("us_support_ends_2025", "baseline_2025")]
    others = np.nanmean((aid[0] - aid[1])[:, 12, 1:], axis=1)
    assert np.mean(others > 0.0) >= 0.9
    lacking = monthly("us_support_ends_2025", "baseline_2025", "ukraine_support_total")
    assert np.mean(lacking[:, 9:].max(axis=1) < 0.0) >= 0.9


def test_europe_alone_deters_less_than_the_alliance_did() -> None:
    """A ¶5: even the largest European effort does not replace Washington."""
    alone = run("european_pillar_2025").per_draw()["deterrence_without_us"]
    together = run("baseline_2025").per_draw()["deterrence"]
    assert np.mean(alone < together) >= 0.9


def test_short_summit_never_takes_up_the_russia_strategy() -> None:
    """A ¶3, and one session has time for two items."""
    board = run("truncated_summit_2025").decisions()
    hague = board[board["meeting"] == "nato_summit-2025-06"].set_index("issue")
    assert hague.loc["russia_strategy", "withdrawn"] == 1.0
    assert hague["withdrawn"].sum() >= 2.0
    full = run("baseline_2025").decisions()
    assert hague["blocked"].sum() <= full[full["meeting"] == "nato_summit-2025-06"]["blocked"].sum()


@pytest.mark.parametrize("outcome", ["consensus_capacity", "cohesion", "mean_guarantee_confidence"])
def test_secrecy_costs_consensus_until_the_follow_up(outcome: str) -> None:
    """B ¶3."""
    saved = monthly("helsinki_open_2018", "helsinki_2018", outcome)[:, MONTHS_BEFORE_THE_FOLLOW_UP]
    assert np.mean(saved.mean(axis=1) > 0.0) >= 0.9


def test_secrecy_spreads_the_interpretations_of_the_meeting() -> None:
    """B ¶3: between draws in consensus capacity, between allies in confidence."""
    month = MONTHS_BEFORE_THE_FOLLOW_UP.start
    closed, openly = (
        monthly(name, "baseline_2018", "consensus_capacity")[:, month].std()
        for name in ("helsinki_2018", "helsinki_open_2018")
    )
    assert closed > 2.0 * openly
    before = run("baseline_2018").data["guarantee_confidence"].to_numpy()[:, month, 1:]
    closed, openly = (
        np.nanstd(run(name).data["guarantee_confidence"].to_numpy()[:, month, 1:] - before, axis=1).mean()
        for name in ("helsinki_2018", "helsinki_open_2018")
    )
    assert closed > 1.5 * openly


def test_only_secret_talks_are_criticised_and_postponed() -> None:
    """B ¶4."""
    assert run("helsinki_2018").per_draw()["postponements"].mean() > 1.0
    openly = run("helsinki_open_2018").per_draw()
    assert openly["postponements"].max() == 0.0 and openly["criticism"].max() == 0.0


def test_without_a_follow_up_openness_saves_confidence_throughout() -> None:
    """B ¶3, without the follow-up meeting, which only the open talks lead to in time."""
    closed, openly = (
        als.simulate(load_text(ALONE.format(name=name, openness=openness)), DRAWS, SEED, "monthly").per_draw()
        for name, openness in (("closed", 0.05), ("openly", 1.0))
    )
    assert np.mean(openly["mean_guarantee_confidence"] > closed["mean_guarantee_confidence"]) >= 0.9
