import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim import list_scenarios, load_scenario
from alliance_sim.explorer import levers
from alliance_sim.explorer.request import Request
from alliance_sim.explorer.state import Session

PARAMETERS = ("initial_autonomy", "min_share", "compensation_rate")


@pytest.mark.parametrize("name", list_scenarios())
def test_sliders_of_parameters_begin_inside_their_ranges(name: str) -> None:
    scenario = load_scenario(name)
    for parameter in PARAMETERS:
        found = levers.slider(parameter, scenario)
        assert found["low"] <= found["p05"] <= found["centre"] <= found["p95"] <= found["high"]


def test_a_slider_begins_at_the_prior_of_the_scenario() -> None:
    scenario = load_scenario("baseline_2025").with_parameters({"min_share": 0.3})
    found = levers.slider("min_share", scenario)
    assert (found["centre"], found["p05"], found["p95"]) == (0.3, 0.3, 0.3)


@pytest.mark.parametrize("name", list_scenarios())
def test_each_policy_of_the_page_can_be_moved_to_its_ends(name: str) -> None:
    session = Session(f"scenario={name}")
    meeting = session.request.as_written().meetings[-1]
    item = f"{meeting.id}/{meeting.agenda[0].issue}"
    found = levers.decision_levers(session.request, item)
    policies = {each for group in levers.GROUPS.values() for each in group}
    assert {lever.partition(".")[0] for lever in found} - policies <= {"position", "government"}
    for lever in found.values():
        # Positions have no slider: what would restore consensus sets them.
        if len(lever.values) > 1 and not lever.name.startswith("position."):
            assert levers.amount(lever)["term"]["definition"]
        for value in (lever.values[0], lever.values[-1]):
            session.move(f"{item}/{lever.name}", value)
            assert session.request.what_if() != session.request.as_written()
        session.move(f"{item}/{lever.name}", None)
        assert session.request.what_if() == session.request.as_written()


def test_events_are_listed_with_what_is_changed() -> None:
    request = Request(off=("ceasefire_offer-2025-10",), later=(("bilateral_summit-2025-09", 3),))
    rows = {row["id"]: row for row in levers.event_rows(request, request.as_written())}
    assert not rows["ceasefire_offer-2025-10"]["on"] and rows["bilateral_summit-2025-09"]["later"] == 3
    for row in rows.values():
        assert row["earliest"] <= row["later"] <= row["latest"]


def test_the_same_levers_of_two_decisions_go_together() -> None:
    items = (
        "nato_summit-2026-07/russia_strategy",
        "nato_summit-2026-07/ukraine_support",
        "nac-2027-02/russia_dialogue",
    )
    session = Session("scenario=us_russia_reset_2025")
    shared = set.intersection(*({*levers.decision_levers(session.request, item)} for item in items))
    assert {"guarantee", "spending", "government.HUN"} <= shared
    for name in sorted(shared):
        for item in items:
            lever = levers.decision_levers(session.request, item)[name]
            session.move(f"{item}/{name}", lever.values[0])
        assert len(levers.changes(session.request)) == len(items)
        assert session.request.what_if() != session.request.as_written()
        session.reset()


def test_an_event_that_is_moved_and_switched_off_does_not_happen() -> None:
    off = Request(off=("bilateral_summit-2025-09",))
    both = Request(off=off.off, later=(("bilateral_summit-2025-09", 3),))
    assert both.what_if() == off.what_if() and levers.changes(both) == levers.changes(off)
