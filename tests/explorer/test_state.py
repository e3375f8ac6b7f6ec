from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("solara", reason="needs the extra 'explorer'")

import alliance_sim as als
from alliance_sim.errors import InputError
from alliance_sim.explorer.address import from_address, to_address
from alliance_sim.explorer.request import DRAWS, MAX_SEED, Request, bases, usual_base
from alliance_sim.explorer.state import PAGES, Choice, Session, chosen
from alliance_sim.registry.parameters import PARAMETERS

GUARANTEE = "nato_summit-2026-07/russia_strategy/guarantee"
CHANGED = Request(
    "us_russia_reset_2025",
    "baseline_2025",
    500,
    3,
    settings=(("pledge", 0.4),),
    levers=((GUARANTEE, 0.2),),
    off=("ceasefire_offer-2025-10",),
    later=(("bilateral_summit-2025-09", 2),),
)


def test_changes_are_those_of_the_scenario_that_runs() -> None:
    written, what_if = CHANGED.as_written(), CHANGED.what_if()
    assert what_if.parameters == {**written.parameters, "pledge": 0.4}
    events = {event.id: event for event in what_if.events}
    assert "ceasefire_offer-2025-10" not in events
    months = [event.month for event in what_if.events if event.type == "bilateral_summit"]
    assert "2025-11" in months and "2025-09" not in months
    assert len(what_if.events) == len(written.events)  # one less, and the lever
    assert CHANGED.compared() == als.load_scenario("baseline_2025")
    assert replace(CHANGED, base="").compared() == written


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scenario": "nonsense"}, "nonsense"),
        ({"off": ("nothing",)}, "event: 'nothing' is none of us_russia_reset_2025"),
        ({"later": (("bilateral_summit-2025-09", 400),)}, "is outside the run"),
        ({"levers": (("nato_summit-2026-07/russia_strategy/magic", 1.0),)}, "lever: 'magic' is none of"),
        ({"levers": (("nowhere", 1.0),)}, "meeting: 'nowhere' is none of"),
        ({"settings": (("pledge", 7.0),)}, "pledge"),
    ],
)
def test_changes_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(CHANGED, **wrong).what_if()


@pytest.mark.parametrize(
    "request_",
    [
        Request("baseline_2025", "", 500, 3, (("initial_autonomy", 0.4), ("min_share", 0.31))),
        CHANGED,
        replace(CHANGED, later=(), off=(), settings=()),
    ],
)
def test_what_reproduces_a_run_gives_its_scenario(
    request_: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "what_if.yaml").write_text(request_.file())
    known: dict[str, Any] = {}
    exec("\n".join(request_.python().splitlines()[:4]), known)
    fields = set(als.Scenario.model_fields) - {"name", "text", "title", "description", "sources"}
    assert known["what_if"].model_dump(include=fields) == request_.what_if().model_dump(include=fields)
    assert known["base"] == request_.compared()
    command = request_.command()
    assert command.startswith("alliance-sim run ") and f"--draws {request_.draws} --seed {request_.seed}" in command
    assert ("what_if.yaml" in command) == bool(request_.levers)


@given(
    st.builds(
        lambda scenario, draws, seed, settings, page, ally: Choice(
            Request(scenario, usual_base(scenario), draws, seed, tuple(settings.items())), page, "", ally
        ),
        st.sampled_from(als.list_scenarios()),
        st.sampled_from(DRAWS),
        st.integers(0, MAX_SEED),
        st.dictionaries(st.sampled_from(["pledge", "min_share", "insist"]), st.sampled_from([0.0, 0.25, 1.0])),
        st.sampled_from(PAGES),
        st.sampled_from(["", "HUN", "USA"]),
    )
)
def test_an_address_restores_what_was_chosen(choice: Choice) -> None:
    assert chosen(f"?{choice.address()}") == (choice, "")


def test_an_address_restores_levers_events_and_a_file_of_the_visitor() -> None:
    assert from_address(to_address(CHANGED, {})) == (CHANGED, {}, "")
    own = Request("", draws=500, own="name: mine\nextends: baseline_2025\nparameters: {pledge: 0.3}\n")
    assert from_address(to_address(own, {})) == (own, {}, "")
    assert own.what_if().parameters == {"pledge": 0.3}


@given(st.text(max_size=60))
def test_any_address_gives_a_run_that_works(query: str) -> None:
    request, _, _ = from_address(query)
    assert request.what_if().months > 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("scenario=nonsense", "scenario 'nonsense'"),
        ("draws=999999999", "draws '999999999'"),
        ("seed=-1", "seed '-1'"),
        ("base=helsinki_2018", "base 'helsinki_2018'"),
        ("set=pledge:nine", "set 'pledge:nine'"),
        ("set=nothing:1", "nothing"),
        ("lever=a/b/c:1", "'a' is none of"),
        ("own=%%%", "own"),
        ("scenario=&own=AAAA", "own"),
    ],
)
def test_what_in_an_address_cannot_be_used_is_said(query: str, said: str) -> None:
    request, _, problem = from_address(query)
    assert said in problem and problem.endswith("cannot be used")
    assert request == Request(base="baseline_2025")


def test_a_scenario_is_set_against_what_it_extends_and_those_of_its_time() -> None:
    for name in als.list_scenarios():
        assert usual_base(name) in ("", *bases(name)) and name not in bases(name)


def test_changes_belong_to_the_scenario() -> None:
    session = Session(to_address(CHANGED, {"item": "nato_summit-2026-07/russia_strategy"}))
    assert session.request == CHANGED
    session.pick_scenario("baseline_2018")
    assert session.request == Request("baseline_2018", "", 500, 3) and session.item == ""


def test_a_lever_is_set_moved_in_its_place_and_taken_back() -> None:
    session = Session()
    session.set("pledge", 0.4)
    session.set("min_share", 0.2)
    session.set("pledge", 0.5)
    assert session.request.settings == (("pledge", 0.5), ("min_share", 0.2))
    session.set("pledge", None)
    assert session.request.settings == (("min_share", 0.2),)
    session.switch("ceasefire_offer-2025-10", happens=False)
    session.delay("bilateral_summit-2025-09", 2)
    session.move(GUARANTEE, 0.1)
    assert session.request.changes
    session.switch("ceasefire_offer-2025-10", happens=True)
    assert session.request.off == ()
    session.reset()
    assert not session.request.changes and session.request == Request(base="baseline_2025")


def test_a_change_that_was_tried_is_made_on_top_of_what_is_set() -> None:
    """With a lever set already, a line of what would restore consensus still gives the share that it names."""
    meeting, issue = "eu_council-2026-07", "sanctions"
    item = f"{meeting}/{issue}"
    session = Session()
    session.ask(draws=100)
    session.move(f"{item}/text", -0.03)
    session.move(f"{item}/guarantee", 0.1)
    found = als.diagnose(session.request.what_if(), issue, meeting, 100, 0, 0.6)
    session.diagnosed = session.request, item
    tried = [each for each in found.restore if each.lever in ("text", "position.HUN", "side_payments", "tabling")]
    assert len(tried) == 4
    before = session.request
    for change in tried:
        session.choose(request=before)
        for _ in range(2):  # a double click is one change
            session.add(item, f"{change.lever}:{change.value}")
        made = dict(session.request.levers)
        if change.lever == "text":
            assert made[f"{item}/text"] == pytest.approx(change.value - 0.03) and change.value < 0.0
        assert als.diagnose(session.request.what_if(), issue, meeting, 100).passing == pytest.approx(change.passing)


def test_changes_end_where_the_lever_ends() -> None:
    session, item = Session(), "eu_council-2026-07/sanctions"
    for name, most in (("guarantee", 1.0), ("side_payments", 10.0), ("government.HUN", 0.4)):
        for _ in range(2):
            session.add(item, f"{name}:{most}")
        assert dict(session.request.levers)[f"{item}/{name}"] == most
    session.request.what_if()


def test_one_president_replaces_another() -> None:
    session, item = Session(), "nato_summit-2026-07/russia_strategy"
    for name in ("washington_2018", "washington_2024"):
        session.add(item, f"president.{name}:0.0")
    session.add("nato_summit-2025-06/russia_strategy", "president.washington_2014:0.0")
    assert [name.rpartition(".")[2] for name, _ in session.request.levers] == ["washington_2024", "washington_2014"]


def test_all_parameters_can_be_set_by_name() -> None:
    assert set(PARAMETERS) >= {"pledge", "min_share", "insist"}
