from __future__ import annotations

import copy
import gc
import math
import time
import weakref
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

import solara

import alliance_sim as als
from alliance_sim.compile import compile_scenario
from alliance_sim.explorer.answers.chance import events_of, happens
from alliance_sim.explorer.answers.countries import squares
from alliance_sim.explorer.answers.one_run import ALLY_LINES, OneFuture, python_lines
from alliance_sim.explorer.pages import one_run
from alliance_sim.explorer.state import Session
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.outcomes import OUTCOMES

CHANCY = {
    "name": "chancy",
    "extends": "baseline_2025",
    "title": "Events that may happen",
    "events": [
        {
            "month": "2025-07",
            "during": 30,
            "type": "shift",
            "name": "war_intensity",
            "by": -0.05,
            "probability": 0.4,
            "when": "war_intensity > 0.45",
            "source": "hypothetical",
        }
    ],
}


@pytest.fixture(scope="module")
def future() -> OneFuture:
    made = OneFuture(als.load_scenario("us_russia_reset_2025"), seed=3, draw=5)
    made.to_month(10_000)
    return made


def texts(future: OneFuture) -> list[dict[str, Any]]:
    return [text for month in future.shown for meeting in month["meetings"] for text in meeting["texts"]]


def test_every_month_is_that_of_the_same_draw_of_simulate(future: OneFuture) -> None:
    ensemble = als.simulate("us_russia_reset_2025", draws=6, seed=3, keep="allies")
    assert future.done == len(ensemble.months) and future.over
    for name in ALLY_LINES:
        shown = [month["allies"][name] for month in future.shown[1:]]
        expected = ensemble.data[name].isel(draw=5).transpose("month", "ally")
        assert np.array(shown, float) == pytest.approx(expected.to_numpy(), abs=6e-7, nan_ok=True)
    for line in future.lines():
        expected = ensemble.data[line["name"]].isel(draw=5)
        assert line["values"][1:] == pytest.approx(expected.to_numpy(), abs=6e-7)


def test_texts_are_the_decisions_of_the_model(future: OneFuture) -> None:
    decisions, objections = future.model.decisions(), future.model.objections()
    shown = texts(future)
    assert len(shown) == len(decisions) > 20
    for text, row in zip(shown, decisions.to_dict("records"), strict=True):
        assert (text["ended"], text["asked"]) == (row["outcome"], round(row["proposed"], 6))
        agreed = row["outcome"] in ("adopted", "diluted")
        assert text["agreed"] == (round(row["level"], 6) if agreed else None)
        assert bool(text["tabled"]) == (row["first_tabled"] > 0)
        own = objections[(objections["meeting"] == row["meeting"]) & (objections["issue"] == row["issue"])]
        assert [each["c"] for each in text["objectors"]] == list(own["ally"])
        for each, round_ in zip(text["objectors"], own["round"], strict=True):
            kind = "spoke" if math.isnan(round_) else "objected" if round_ else "foreseen"
            assert each["kind"] == kind


def test_a_run_stops_at_meetings_and_not_after_its_end(future: OneFuture) -> None:
    scenario = als.load_scenario("us_russia_reset_2025")
    stepped = OneFuture(scenario, seed=3, draw=5)
    held = {meeting.month for meeting in scenario.meetings}
    while not stepped.over:
        stepped.to_next_meeting()
        assert stepped.over or stepped.model.month in held
    stepped.step()
    assert stepped.shown == future.shown and stepped.timeline() == future.timeline()


def test_timeline_has_every_event_and_text(future: OneFuture) -> None:
    rows = future.timeline()
    scenario = future.model.what_if
    assert sum(len(row["events"]) for row in rows) == len(scenario.events)
    assert [ended for row in rows for ended in row["texts"]] == [text["ended"] for text in texts(future)]
    begun = OneFuture(scenario, seed=3, draw=5).timeline()
    assert {ended for row in begun for ended in row["texts"]} == {""}


@pytest.mark.parametrize("draw", range(4))
def test_events_happen_where_they_do_in_the_core(draw: int) -> None:
    scenario, without = als.load_scenario(CHANCY), als.load_scenario("baseline_2025")
    plain = compile_scenario(without)
    future = OneFuture(scenario, seed=2, draw=draw)
    seen = set()
    for month in range(scenario.months):
        before = copy.deepcopy(future.model.block)
        future.step()
        plain.run(before, 2, month, month + 1)
        differs = not np.array_equal(before.states.world, future.model.block.states.world)
        events = future.shown[-1]["events"]
        assert [event["happened"] for event in events] == [differs] * len(events)
        seen |= {event["happened"] for event in events}
    assert seen == {True, False}


def test_a_condition_is_compared_with_the_month_before() -> None:
    (event,) = events_of(als.load_scenario(CHANCY), 1)
    certain = event.model_copy(update={"probability": 1.0})
    assert happens(certain, 0, 0, 1, {"war_intensity": 0.46})
    assert not happens(certain, 0, 0, 1, {"war_intensity": 0.45})


@pytest.mark.parametrize("settings", [{}, {"tolerated_move": 0.05, "susceptibility.HUN": 0.2}])
def test_python_lines_compute_the_run(settings: dict[str, float]) -> None:
    scenario = als.load_scenario("baseline_2025").with_parameters(settings)
    future = OneFuture(scenario, seed=9, draw=2)
    future.to_month(3)
    names: dict[str, Any] = {}
    exec(python_lines(scenario, 9, 2, 3), names)
    assert names["model"].outcomes == future.model.outcomes
    last = names["ensemble"].data.isel(draw=2, month=2)
    for name in OUTCOMES:
        assert float(last[name]) == names["model"].outcomes[name]


def test_the_model_is_dropped_when_the_page_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[OneFuture]] = []

    def kept(*arguments: Any) -> OneFuture:
        future = OneFuture(*arguments)
        made.append(weakref.ref(future))
        return future

    monkeypatch.setattr(one_run, "OneFuture", kept)
    box, rc = solara.render(one_run.OneRun(Session()), handle_error=False)
    for _ in range(200):
        if made:
            break
        time.sleep(0.1)
    time.sleep(0.5)
    assert made[0]() is not None
    rc.close()
    del box, rc
    gc.collect()
    assert made[0]() is None


def test_tiles_hold_every_ally_once() -> None:
    tiles = squares()
    assert [tile["c"] for tile in tiles if tile["ally"]] == list(ALLIES)
    assert len({(tile["k"], tile["r"]) for tile in tiles}) == len(tiles) == 34
