import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.analysis.levers import changed, levers
from alliance_sim.errors import InputError
from alliance_sim.scenarios import Scenario

KINDS = {
    *("text", "sessions", "position", "government", "guarantee", "side_payments", "tabling", "disputes", "president"),
    "rule",
}


@pytest.mark.parametrize("name", als.list_scenarios())
def test_each_lever_of_each_item_gives_a_scenario_that_differs_in_what_it_names(name: str) -> None:
    scenario = als.load_scenario(name)
    seen = set()
    for meeting in scenario.meetings[:: max(1, len(scenario.meetings) // 6)]:
        for item in meeting.agenda:
            for lever in levers(scenario, meeting.id, item.issue).values():
                seen.add(lever.name.partition(".")[0])
                for value in {lever.values[0], lever.values[-1]}:
                    other = changed(scenario, "other", lever.fields(value))
                    assert lever.label(value)
                    same = {"name", "text", "events", "meetings"}
                    assert other.model_dump(exclude=same) == scenario.model_dump(exclude=same)
                    assert set(scenario.events) <= set(other.events)
                    rewritten = [each for each in other.meetings if each not in scenario.meetings]
                    assert [each.id for each in rewritten] in ([], [meeting.id])
                    assert rewritten or len(other.events) > len(scenario.events)
    assert seen <= KINDS | {"spending"} and {"position", "government", "guarantee", "president", "spending"} <= seen


def test_levers_of_one_decision_act_together() -> None:
    scenario = als.load_scenario("us_russia_reset_2025")
    at = ("nato_summit-2026-07", "russia_strategy")
    both: Scenario = scenario
    for name, value in (("guarantee", 0.2), ("rule.unanimity_minus_n", 1.0), ("text", -1.0)):
        lever = levers(both, *at).get(name)
        if lever:
            both = changed(both, scenario.name, lever.fields(value))
    assert "rule.unanimity_minus_n" not in levers(both, *at)  # it takes unanimity no more
    assert len(both.events) == len(scenario.events) + 1


@pytest.mark.parametrize(
    "name", ["position.HUN", "government.HUN", "guarantee", "side_payments", "tabling", "spending"]
)
def test_a_change_on_top_of_another_is_their_sum(name: str) -> None:
    scenario = als.load_scenario("us_russia_reset_2025")
    at = ("eu_council-2026-07", "sanctions")

    def moved(start: Scenario, step: int) -> Scenario:
        lever = levers(start, *at)[name]
        return changed(start, scenario.name, lever.fields(lever.values[step]))

    both, twice, once = moved(moved(scenario, 0), 1), moved(moved(scenario, 0), 0), moved(scenario, 1)
    assert len({event.id for event in both.events}) == len(both.events)
    runs = [als.simulate(each, 20, 3, "final") for each in (twice, once)]
    for mine, other in zip(runs[0].records, runs[1].records, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-9)


def test_the_last_of_two_presidents_is_in_office() -> None:
    scenario = als.load_scenario("us_russia_reset_2025")
    at = ("nato_summit-2026-07", "russia_strategy")
    runs = []
    for names in (("washington_2018", "washington_2024"), ("washington_2024",)):
        found = scenario
        for name in names:
            found = changed(found, scenario.name, levers(found, *at)[f"president.{name}"].fields(0.0))
        runs.append(als.diagnose(found, "russia_strategy", "2026-07", draws=20))
    assert runs[0].outcomes == runs[1].outcomes


def test_a_meeting_or_issue_that_is_not_there_is_refused() -> None:
    scenario = als.load_scenario("baseline_2025")
    with pytest.raises(InputError, match=r"meeting: 'nato_summit-2026-08' is none of.*nato_summit-2026-07"):
        levers(scenario, "nato_summit-2026-08", "russia_strategy")
    with pytest.raises(InputError, match=r"issue: 'open_door' is not on the agenda of nato_summit-2026-07; allowed: "):
        levers(scenario, "nato_summit-2026-07", "open_door")


def test_another_government_sees_russia_by_classes_of_the_coded_lean() -> None:
    scenario = als.load_scenario("us_russia_reset_2025")
    found = levers(scenario, "nato_summit-2026-07", "russia_strategy")
    assert "government.USA" not in found  # Washington has presidents
    lever = found["government.HUN"]
    assert list(lever.values) == [0.1, 0.2, 0.3, 0.4]
    assert lever.label(0.2) == "a government of Hungary from 2025-06 on that sees 0.2 more of a threat"
    (event,) = changed(scenario, "other", lever.fields(0.2)).events[-1:]
    assert (event.type, event.month, event.ally, event.stance) == ("leadership_change", "2025-06", "HUN", 0.2)
    # A text that asks for less passes more easily where less of a threat is seen.
    (dialogue,) = (each.id for each in scenario.meetings for item in each.agenda if item.issue == "russia_dialogue")
    softer = levers(scenario, dialogue, "russia_dialogue")["government.POL"]
    assert softer.label(0.1).endswith("sees 0.1 less of a threat")
    assert changed(scenario, "other", softer.fields(0.1)).events[-1].stance == -0.1
