import contextlib
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.scenarios import Scenario, dump, json_schema, list_scenarios, load_scenario, load_text

HEAD = "name: mine\ntitle: t\ndescription: d\nera: 2025\nstart: 2025-06\nmonths: 12\nsources: [A]\n"
ITEM = "{issue: sanctions, proposed: 0.6, reversion: 0.0, text: t, source: s}"
MEETING = f"{{month: 1, forum: nac, title: t, source: s, agenda: [{ITEM}]}}"
LAST_KNOWN = "2025-06"


@pytest.mark.parametrize("name", list_scenarios())
def test_bundled_file_loads_under_its_own_name_and_round_trips(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    again = load_text(dump(scenario))
    assert again.model_copy(update={"text": scenario.text}) == scenario


@pytest.mark.parametrize("name", list_scenarios())
def test_entries_after_the_documents_are_marked_as_no_facts(name: str) -> None:
    scenario = load_scenario(name)
    later = [item for item in (*scenario.events, *scenario.meetings) if item.month > LAST_KNOWN]
    marks = ("calendar", "judgement", "hypothetical", "counterfactual")
    if name == "outlook_2025":  # what may happen has a chance, what was waiting the date of its proposal: test_outlook
        base = load_scenario("baseline_2025")
        later = [item for item in later if item in base.meetings or getattr(item, "probability", 0.0) == 1.0]
    assert all(any(mark in item.source for mark in marks) for item in later)


@pytest.mark.parametrize("name", list_scenarios())
def test_every_event_meeting_and_item_says_where_it_comes_from(name: str) -> None:
    documents = yaml.safe_load((data_folder("calibration") / "documents.yaml").read_text(encoding="utf-8"))
    last = {document["label"]: document["paragraphs"] for document in documents}
    scenario = load_scenario(name)
    items = [item for meeting in scenario.meetings for item in meeting.agenda]
    for source in (entry.source for entry in (*scenario.events, *scenario.meetings, *items)):
        cited = re.findall(r"\b([AB]) ¶(\d+)(?:-(\d+))?", source)
        dated_or_marked = r"\b20\d\d\b|record C\d+|calendar|judgement|hypothetical|counterfactual"
        assert cited or re.search(dated_or_marked, source), source
        assert all(1 <= int(number) <= last[label] for label, *span in cited for number in span if number), source


def test_every_bundled_scenario_has_its_story_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^## (\S+)$", page, flags=re.MULTILINE)) == list(list_scenarios())


def test_baseline_2025_is_the_calendar_from_the_hague_on() -> None:
    scenario = load_scenario("baseline_2025")
    assert (scenario.era, scenario.start, scenario.months, scenario.events) == ("2025", "2025-06", 48, ())
    hague = scenario.meetings[0]
    assert (hague.id, hague.sessions) == ("nato_summit-2025-06", 3)
    assert {item.issue for item in hague.agenda} >= {"russia_strategy", "defence_spending", "ukraine_support"}
    rollovers = [
        (meeting.month, item) for meeting in scenario.meetings for item in meeting.agenda if item.issue == "sanctions"
    ]
    assert [month for month, _ in rollovers] == [
        f"{year}-{month}" for year in range(2025, 2030) for month in ("01", "07")
    ][1:-1]
    assert all(not item.divisible and item.reversion == 0.0 for _, item in rollovers)


@pytest.mark.parametrize(
    "name", ["us_russia_reset_2025", "washington_2024", "reset_fails_2025", "us_support_ends_2025"]
)
def test_2025_scenarios_differ_from_the_baseline_by_their_events_only(name: str) -> None:
    base, other = load_scenario("baseline_2025"), load_scenario(name)
    same = {"era", "start", "months", "parameters", "meetings"}
    assert base.model_dump(include=same) == other.model_dump(include=same)
    assert other.events


def test_helsinki_is_the_meeting_behind_closed_doors_with_its_follow_up() -> None:
    scenario = load_scenario("helsinki_2018")
    assert scenario.meetings == load_scenario("baseline_2018").meetings
    (summit,) = [event for event in scenario.events if event.type == "bilateral_summit"]
    assert (summit.month, summit.openness, summit.follow_up) == ("2018-07", 0.05, 4)
    resumed = [item for meeting in scenario.meetings for item in meeting.agenda if item.direction == "less"]
    assert [item.issue for item in resumed] == ["russia_dialogue"] * 2


def test_helsinki_in_the_open_differs_by_openness_only() -> None:
    closed, openly = load_scenario("helsinki_2018"), load_scenario("helsinki_open_2018")
    assert closed.meetings == openly.meetings
    (secret,) = set(closed.events) - set(openly.events)
    (public,) = set(openly.events) - set(closed.events)
    same = {"openness", "source"}
    assert secret.model_dump(exclude=same) == public.model_dump(exclude=same)
    assert public.type == "bilateral_summit" and public.openness == 1.0


def test_truncated_summit_differs_by_its_sessions_only() -> None:
    base, short = load_scenario("baseline_2025"), load_scenario("truncated_summit_2025")
    (full,) = set(base.meetings) - set(short.meetings)
    (one,) = set(short.meetings) - set(base.meetings)
    assert (full.month, full.sessions, one.sessions) == ("2025-06", 3, 1)
    assert (one.id, one.rounds, one.rule, one.agenda) == (full.id, full.rounds, full.rule, full.agenda)
    assert base.events == short.events


def test_failed_reset_has_the_same_meetings_and_no_agreement() -> None:
    reset, failed = load_scenario("us_russia_reset_2025"), load_scenario("reset_fails_2025")
    attempts, courtship = (
        [event for event in scenario.events if event.type == "bilateral_summit"] for scenario in (failed, reset)
    )
    assert [(e.month, e.openness) for e in attempts] == [(e.month, e.openness) for e in courtship]
    assert attempts[0].conciliation == courtship[0].conciliation
    assert [later.conciliation / earlier.conciliation for earlier, later in itertools.pairwise(attempts)] == [0.5, 0.5]
    assert not any(event.process for event in attempts)
    assert not any(event.type == "sanctions_relief" for event in failed.events)
    assert sum(event.share for event in failed.events if event.type == "aid_change") == 0.0


def test_end_of_us_support_ends_every_channel() -> None:
    cuts = {event.channel: event.share for event in load_scenario("us_support_ends_2025").events}
    assert cuts == {"military": -1.0, "economic": -1.0, "intelligence": -1.0}


def test_european_pillar_is_the_reset_with_an_effort_at_the_favourable_end_of_its_priors_and_no_tiring() -> None:
    reset, pillar = load_scenario("us_russia_reset_2025"), load_scenario("european_pillar_2025")
    assert set(reset.events) < set(pillar.events) and set(reset.meetings) < set(pillar.meetings)
    shifts = {event.name: event for event in set(pillar.events) - set(reset.events)}
    assert all(event.type == "shift" and event.month == pillar.start for event in shifts.values())
    assert shifts.pop("fatigue_rate").to == 0.0
    assert shifts and all(event.to == resolve(name)[0].prior("2025").high for name, event in shifts.items())


def test_offsets_are_months_of_the_calendar() -> None:
    text = f"{HEAD}events: [{{month: 7, type: escalation, size: 0.1, source: s}}]\nmeetings: [{MEETING}]\n"
    scenario = load_text(text)
    assert scenario.events[0].month == "2026-01"
    assert scenario.meetings[0].id == "nac-2025-07"
    assert scenario.offset("2026-01") == 7


def test_scenario_given_is_returned() -> None:
    scenario = load_text(HEAD)
    assert load_scenario(scenario) is scenario


def test_child_overrides_merges_appends_and_drops(tmp_path: Path) -> None:
    own = "parameters: {tolerated_move: 0.03, s: 0.004}\nevents: [{month: 1, type: escalation, size: 0.1, source: s}]\n"
    (tmp_path / "base.yaml").write_text(f"{HEAD}{own}meetings: [{MEETING}]\n", encoding="utf-8")
    child = tmp_path / "sub" / "child.yml"
    child.parent.mkdir()
    child.write_text(
        "name: child\nextends: ../base.yaml\nera: 2018\nparameters: {tolerated_move: 0.04}\ndrop: [nac-2025-07]\n"
        "events: [{month: 2, type: ceasefire, source: s}]\n",
        encoding="utf-8",
    )
    scenario = load_scenario(child)
    assert (scenario.name, scenario.title, scenario.era) == ("child", "t", "2018")
    assert scenario.parameters == {"tolerated_move": 0.04, "slack_scale": 0.004}
    assert [event.id for event in scenario.events] == ["escalation-2025-07", "ceasefire-2025-08"]
    assert scenario.meetings == ()
    assert scenario.text.index("name: mine") < scenario.text.index("name: child")


def test_dropped_meeting_may_be_replaced_under_its_name() -> None:
    item = "{issue: sanctions, proposed: 0.7, reversion: 0.0, text: t, source: s}"
    scenario = load_text(
        "name: c\nextends: baseline_2025\ndrop: [eu_council-2025-07]\n"
        f"meetings: [{{month: 2025-07, forum: eu_council, title: t, source: s, agenda: [{item}]}}]\n"
    )
    (found,) = [meeting for meeting in scenario.meetings if meeting.id == "eu_council-2025-07"]
    assert found.agenda[0].proposed == 0.7


def test_files_are_yaml_1_2() -> None:
    text = HEAD.replace("title: t", "title: NO").replace("months: 12", "months: 012")
    scenario = load_text(f"{text}parameters: {{tolerated_move: 2e-2, threat_reversion: .1}}\n")
    assert (scenario.title, scenario.months, scenario.parameters) == (
        "NO",
        12,
        {"tolerated_move": 0.02, "threat_reversion": 0.1},
    )


@pytest.mark.parametrize(
    "title", ["1e3", "yes", "~", "0x1F", "12:30", "2025-06-23", "=", "<<", "!t", "&a", "null", ".5"]
)
def test_texts_survive_a_dump(title: str) -> None:
    scenario = Scenario.validated({**dict(load_text(HEAD)), "title": title})
    assert load_text(dump(scenario)).title == title


def test_file_with_a_byte_order_mark_loads(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD, encoding="utf-8-sig")
    assert load_scenario(str(path)).name == "mine"


@given(
    st.dictionaries(
        st.sampled_from(["name", "era", "start", "months", "events", "meetings", "parameters", "extends", "drop", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("baseline_2025"),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["month", "type", "agenda", "tolerated_move", "uniform"]), inner, max_size=3
                )
            ),
            max_leaves=6,
        ),
    )
)
def test_no_mapping_brings_anything_but_a_scenario_or_input_error(fields: dict[str, object]) -> None:
    with contextlib.suppress(InputError):
        load_text(json.dumps(fields))


@given(st.text(alphabet="a:-[]{}&*!|>'\"#\n %1.0é\t,?", max_size=40))
def test_no_text_brings_anything_but_input_error(text: str) -> None:
    with pytest.raises(InputError):
        load_text(text)


def test_schema_knows_every_key_and_issue() -> None:
    schema = json_schema()
    assert {"extends", "drop", "events", "meetings"} <= set(schema["properties"])
    assert "text" not in schema["properties"]
    assert schema["$defs"]["AgendaItem"]["properties"]["issue"]["enum"] == list(ISSUES)
    assert "with" in schema["$defs"]["TradeDispute"]["properties"]
    json.dumps(schema)


def test_reading_scenarios_is_light() -> None:
    code = (
        "import sys; from alliance_sim.scenarios import load_scenario; load_scenario('baseline_2025');"
        "print([m for m in ('numba', 'numpy', 'pandas', 'xarray', 'mesa', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_python_users_get_the_same_checks() -> None:
    scenario = load_text(HEAD)
    assert isinstance(scenario, Scenario)
    with pytest.raises(InputError, match="months: 0 is out of range"):
        Scenario.validated({**dict(scenario), "months": 0})
