"""What would restore consensus: each change is the smallest of its lever, and a run of it has the share named."""

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.analysis.diagnosis import Diagnosis
from alliance_sim.analysis.restoration import Change, paired

RESET, MONTH, DRAWS = "us_russia_reset_2025", "2026-07", 500
ISSUE, MEETING = "russia_strategy", "nato_summit-2026-07"


@pytest.fixture(scope="module")
def diagnosis() -> Diagnosis:
    return als.diagnose(RESET, ISSUE, MONTH, draws=DRAWS, seed=0, target=0.5)


@pytest.fixture(scope="module")
def truncated() -> Diagnosis:
    return als.diagnose("truncated_summit_2025", "ukraine_support", draws=DRAWS, target=0.4)


def passing(
    scenario: als.Scenario, meeting: str = MEETING, draws: int = DRAWS, seed: int = 0, issue: str = ISSUE
) -> float:
    board = als.simulate(scenario, draws, seed, "final").decisions()
    row = board[(board["meeting"] == meeting) & (board["issue"] == issue)].iloc[0]
    return float(row["adopted"] + row["diluted"])


def test_each_changed_scenario_can_be_diagnosed_again(diagnosis: Diagnosis) -> None:
    """The same levers are searched in it: what they add must not be taken for what they added before."""
    kinds = {change.lever.partition(".")[0]: change for change in diagnosis.restore}
    for kind, change in kinds.items():
        again = als.diagnose(change.scenario, ISSUE, MONTH, draws=DRAWS, seed=0, target=1.0)
        assert again.passing == pytest.approx(change.passing)
        if kind != "rule" and change.passing < 1.0:
            assert kind in {each.lever.partition(".")[0] for each in again.restore} | {"sessions", "text", "president"}


@pytest.mark.parametrize("name", ["diagnosis", "truncated"])
def test_each_line_is_what_a_run_of_its_scenario_gives(name: str, request: pytest.FixtureRequest) -> None:
    """The whole scenario is run, as a user would run it."""
    diagnosis: Diagnosis = request.getfixturevalue(name)
    item = {"meeting": diagnosis.meeting, "issue": diagnosis.issue}
    base = passing(als.load_scenario(diagnosis.scenario), **item)
    assert diagnosis.passing == pytest.approx(base)
    for change in diagnosis.restore:
        scenario = als.load_scenario(change.scenario)
        assert scenario.months == 48 and change.scenario["extends"] == diagnosis.scenario
        assert passing(scenario, **item) == pytest.approx(change.passing, abs=1e-12), change.label
        assert change.difference == pytest.approx(change.passing - base), change.label
        assert change.gained - change.lost == round(DRAWS * change.difference), change.label
        assert change.low < change.difference < change.high, change.label
        assert change.reaches == (change.passing >= diagnosis.target), change.label
        assert change.helps == (change.low > 0.0), change.label
    names = [change.scenario["name"] for change in diagnosis.restore]
    assert len(set(names)) == len(names)


def test_the_levers_are_all_there_and_ranked(diagnosis: Diagnosis) -> None:
    kinds = {change.lever.partition(".")[0] for change in diagnosis.restore}
    assert kinds == {
        "text", "position", "government", "guarantee", "side_payments", "tabling", "disputes", "president", "rule",
        "spending",
    }  # fmt: skip
    reached = [change for change in diagnosis.restore if change.reaches]
    assert list(diagnosis.restore[: len(reached)]) == reached
    measured = [change.distance for change in reached if change.distance is not None]
    assert measured == sorted(measured) and measured
    assert [change.distance is None for change in reached] == sorted(change.distance is None for change in reached)
    rest = [(change.helps, change.passing) for change in diagnosis.restore if not change.reaches]
    assert rest == sorted(rest, reverse=True) and {helps for helps, _ in rest} == {True, False}
    assert diagnosis.restore[0].lever == "position.USA" and "U.S. president" in diagnosis.conclusion


def test_a_meeting_without_time_for_a_text_needs_more_sessions(truncated: Diagnosis) -> None:
    """A ¶3: one short session. With two there is time for all four texts, and three make no difference."""
    first, *others = truncated.restore
    assert (first.lever, first.now, first.change, first.reaches) == ("sessions", 1.0, 1.0, True)
    assert truncated.passing == 0.0 and not any(change.helps for change in others)
    (meeting,) = (each for each in als.load_scenario(first.scenario).meetings if each.id == truncated.meeting)
    assert meeting.sessions == 2
    full = passing(als.load_scenario("baseline_2025"), truncated.meeting, issue="ukraine_support")
    assert first.passing == pytest.approx(full)
    assert truncated.conclusion.startswith("A meeting of 2 sessions, not 1 would make it pass in ")


def test_sessions_are_as_many_as_are_needed_to_reach_the_target() -> None:
    """With two sessions the most contested of five texts, the strategy, is still left out."""
    hague = als.load_scenario("baseline_2025").meetings[0].model_dump(mode="json", exclude_none=True)
    flank = {"issue": "southern_flank", "ask": 1, "reversion": 0.45, "text": "t", "source": "hypothetical"}
    agenda = [{**item, "priority": False} for item in (*hague["agenda"], flank)]
    crowded = {**hague, "sessions": 1, "agenda": agenda}
    source = {"name": "crowded", "extends": "baseline_2025", "drop": [hague["id"]], "meetings": [crowded]}
    change = of(als.diagnose(source, ISSUE, 1, draws=300, target=0.02), "sessions")
    assert change.reaches and (change.now, change.change) == (1.0, 2.0)
    assert change.distance == pytest.approx(2.0 / (9.0 / np.sqrt(12.0)))


def test_no_sessions_are_offered_where_there_is_time_for_all(diagnosis: Diagnosis) -> None:
    assert not any(change.lever == "sessions" for change in diagnosis.restore)


def test_a_smaller_change_would_not_do(diagnosis: Diagnosis) -> None:
    change = diagnosis.restore[0]
    assert change.change is not None and change.reaches
    scenario = als.load_scenario(change.scenario)
    *rest, last = scenario.events
    smaller = last.model_copy(update={"by": last.by - 0.01})
    assert passing(als.Scenario.validated({**dict(scenario), "events": (*rest, smaller)})) < 0.5


def test_the_stance_moves_what_washington_wants_by_less_than_the_president_does(diagnosis: Diagnosis) -> None:
    change = diagnosis.restore[0]
    before, after = (
        als.simulate(what, 100, keep="trace").data["position"].sel(month=f"{MONTH}-01", ally="USA", issue=ISSUE)
        for what in (RESET, als.load_scenario(change.scenario))
    )
    moved = (after - before).to_numpy()
    assert change.change is not None and (moved > 0.0).all() and (moved <= change.change + 1e-9).all()


def test_a_target_that_is_reached_needs_nothing() -> None:
    found = als.diagnose(RESET, ISSUE, MONTH, draws=50, target=0.0)
    assert found.restore == () and "nothing to restore" in found.conclusion


def test_a_target_out_of_reach_names_what_comes_nearest() -> None:
    found = als.diagnose(RESET, ISSUE, MONTH, draws=50, target=1.0)
    assert not any(change.reaches for change in found.restore)
    assert found.conclusion.startswith("Nothing that was tried makes it pass in 100 % of draws")
    assert all(change.distance is None for change in found.restore)


def test_a_change_that_reaches_the_target_by_chance_does_not_count_as_enough() -> None:
    """The target is one draw away: the smallest changes are those of which more can be said than that."""
    now = als.diagnose(RESET, ISSUE, MONTH, draws=100, target=0.0).passing
    found = als.diagnose(RESET, ISSUE, MONTH, draws=100, target=now + 0.01)
    assert any(change.passing >= found.target and not change.helps for change in found.restore)
    assert all(change.helps for change in found.restore if change.reaches)
    assert "of draws instead of" in found.conclusion


def test_settings_of_a_bundled_scenario_are_in_its_changes() -> None:
    scenario = als.load_scenario("baseline_2025").with_parameters({"company_move": 0.17}).with_calibration("prior")
    found = als.diagnose(scenario, ISSUE, draws=60, seed=3, target=0.5)
    assert found.restore
    for change in found.restore[:3]:
        assert change.scenario["parameters"] == {"company_move": 0.17} and change.scenario["calibration"] == "prior"
        again = passing(als.load_scenario(change.scenario), found.meeting, 60, 3)
        assert again == pytest.approx(change.passing), change.label


def test_a_scenario_of_the_user_is_given_as_a_whole() -> None:
    source = {"name": "mine", "extends": "baseline_2025", "title": "Mine"}
    found = als.diagnose(source, ISSUE, draws=60, target=0.5)
    change = found.restore[0]
    assert "extends" not in change.scenario
    assert passing(als.load_scenario(change.scenario), found.meeting, 60) == pytest.approx(change.passing)


def level(direction: str) -> als.Scenario:
    item = {
        "issue": "sanctions", "proposed": 0.5 if direction == "less" else 1.0, "reversion": 0.6, "text": "t",
        "source": "hypothetical",
    }  # fmt: skip
    meeting = {"month": "2025-08", "forum": "nac", "title": "August", "source": "hypothetical", "agenda": [item]}
    return als.load_scenario({"name": direction, "extends": "baseline_2025", "meetings": [meeting]})


def of(found: Diagnosis, lever: str) -> Change:
    return next(change for change in found.restore if change.lever == lever)


@pytest.mark.parametrize("direction", ["more", "less"])
def test_levels_and_positions_move_with_the_direction_of_the_text(direction: str) -> None:
    found = als.diagnose(level(direction), "sanctions", "nac-2025-08", draws=100, target=0.95)
    text, stance = of(found, "text"), of(found, "position.USA")
    assert text.change is not None and stance.change is not None and text.now is not None
    upwards = direction == "more"
    assert (text.change < 0.0) == upwards and (stance.change > 0.0) == upwards
    assert f"not {text.now:.2f}" in text.label
    # Both look for the whole scale in vain: beyond its end nobody can want more, or less.
    assert stance.value == 1.0 and ("1.00, the most" if upwards else "0.00, the least") in stance.label
    assert text.gained > text.lost


def test_no_rule_is_offered_where_no_consensus_is_needed() -> None:
    meeting = als.load_scenario("baseline_2025").meetings[0].model_dump(mode="json", exclude_none=True)
    ruled = {**meeting, "rule": "unanimity_minus_n", "month": "2025-06"}
    source = {"name": "ruled", "extends": "baseline_2025", "drop": [meeting["id"]], "meetings": [ruled]}
    found = als.diagnose(source, ISSUE, draws=20, target=1.0)
    assert found.restore and not any(change.lever.startswith("rule") for change in found.restore)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """In 2,000 samples of 200 paired draws the true difference of 0.10 lies inside in about 95 %."""
    rng = np.random.default_rng(1)
    base = rng.random((2000, 200)) < 0.3
    more = base | (rng.random((2000, 200)) < 0.2)
    more &= ~(rng.random((2000, 200)) < 0.1 * base)
    true = 0.7 * 0.2 - 0.3 * 0.1
    effects = [paired(before, after) for before, after in zip(base, more, strict=True)]
    inside = np.mean([effect.low <= true <= effect.high for effect in effects])
    assert 0.93 < inside < 0.97


def test_an_effect_without_a_changed_draw_has_an_interval() -> None:
    none = np.zeros(100, bool)
    effect = paired(none, none)
    assert effect.difference == 0.0 and -0.03 < effect.low < 0.0 < effect.high < 0.03
