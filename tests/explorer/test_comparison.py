import csv
import io
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("solara", reason="needs the extra 'explorer'")

import alliance_sim as als
from alliance_sim.cli.reports.comparison import comparison_as_json
from alliance_sim.errors import InputError
from alliance_sim.explorer.address import MOST_PINS, pinned, to_address
from alliance_sim.explorer.answers.comparison import LETTERS, Comparison, aligned, comparisons, states, unfit
from alliance_sim.explorer.answers.futures import Runs
from alliance_sim.explorer.answers.inputs import different_inputs
from alliance_sim.explorer.downloads import COMPARED, FILES, file_of, reproduced_comparison
from alliance_sim.explorer.levers import changes
from alliance_sim.explorer.request import DRAWS, MAX_SEED, Request, usual_base
from alliance_sim.explorer.state import Choice, Session, chosen
from alliance_sim.pool import Cancelled
from alliance_sim.scenarios import input_differences

GUARANTEE = "nato_summit-2026-07/russia_strategy/guarantee"
CALENDAR = Request("baseline_2025", draws=400, seed=5)
RESET = Request("us_russia_reset_2025", "baseline_2025", 500, 9)
CHANGED = replace(
    RESET,
    settings=(("min_share", 0.2),),
    levers=((GUARANTEE, 0.2),),
    off=("ceasefire_offer-2025-10",),
    later=(("bilateral_summit-2025-09", 2),),
)
EARLIER = Request("helsinki_2018", "baseline_2018", 500)


def compared(*given: Request) -> list[Comparison]:
    return [found for found in comparisons(aligned(given), Runs(4), lambda: False) if found]


requests = st.builds(
    lambda scenario, draws, seed, settings: Request(
        scenario, usual_base(scenario), draws, seed, tuple(settings.items())
    ),
    st.sampled_from(als.list_scenarios()),
    st.sampled_from(DRAWS),
    st.integers(0, MAX_SEED),
    st.dictionaries(st.sampled_from(["pledge", "min_share", "insist"]), st.sampled_from([0.0, 0.25, 1.0])),
)


@settings(deadline=None)
@given(requests, st.lists(requests, max_size=MOST_PINS, unique=True))
def test_an_address_restores_pins(request_: Request, pins: list[Request]) -> None:
    choice = Choice(request_, "compare", pins=tuple(pins))
    assert chosen(f"?{choice.address()}") == (choice, "")


def test_an_address_restores_pins_with_levers_events_and_files() -> None:
    own = Request("", draws=500, own="name: mine\nextends: baseline_2025\nparameters: {pledge: 0.3}\n")
    choice = Choice(RESET, pins=(CHANGED, own, Request(base="baseline_2025")))
    assert chosen(choice.address()) == (choice, "")


@pytest.mark.parametrize(
    "pin",
    ["scenario=nonsense", "seed=-1", "set=nothing:1", "page=why", "pin=seed%3D1", "lever=a/b/c:1", "own=!", "x=1"],
)
def test_a_pin_that_cannot_be_used_is_left_out_and_said(pin: str) -> None:
    choice, problem = chosen(f"{to_address(RESET, {}, [CALENDAR])}&{urlencode({'pin': pin})}")
    assert choice.pins == (CALENDAR,) and choice.request == RESET
    assert "pin '" in problem and problem.endswith("cannot be used")


def test_a_fifth_and_a_second_like_another_are_left_out() -> None:
    five = [replace(RESET, seed=seed) for seed in range(5)]
    pins, problem = pinned(to_address(RESET, {}, five))
    assert pins == tuple(five[:4]) and problem.count("pin '") == 1
    pins, problem = pinned(to_address(RESET, {}, [RESET, CALENDAR, RESET]))
    assert pins == (RESET, CALENDAR) and problem.count("pin '") == 1


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_pin_leaves_the_run_as_it_is(text: str) -> None:
    choice, _ = chosen(to_address(RESET, {"pin": text}))
    assert choice.request == RESET


def test_pins_survive_another_scenario_and_page() -> None:
    session = Session(to_address(RESET, {}))
    session.pin()
    session.pin()
    assert session.choice.value.pins == (RESET,)
    session.pick_scenario("baseline_2018")
    session.choose(page="compare")
    session.pin()
    later = replace(RESET, scenario="baseline_2018", base="")
    assert session.choice.value.pins == (RESET, later)
    session.refer(1)
    assert session.choice.value.pins == (later, RESET)
    session.unpin(0)
    assert session.choice.value.pins == (RESET,)
    for seed in range(10, 20):
        session.ask(seed=seed)
        session.pin()
    assert len(session.choice.value.pins) == MOST_PINS


def test_what_is_compared() -> None:
    assert [each.scenario for each in states(RESET, [])] == ["baseline_2025", "us_russia_reset_2025"]
    plain = replace(CHANGED, base="")
    assert states(plain, []) == (replace(plain, settings=(), levers=(), off=(), later=()), plain)
    assert states(Request("baseline_2018"), []) == (Request("baseline_2018"),)
    assert states(RESET, [CALENDAR]) == (CALENDAR, RESET)
    assert states(CALENDAR, [CALENDAR]) == (CALENDAR,)  # its base is itself
    assert states(EARLIER, [CALENDAR, RESET]) == (CALENDAR, RESET)
    assert {(each.draws, each.seed) for each in aligned([CALENDAR, RESET])} == {(400, 5)}


def test_the_page_has_the_numbers_of_compare() -> None:
    first, last = compared(CALENDAR, RESET, CHANGED)
    assert (first.draws, last.draws) == (256, 400)
    for shown in (first, last):
        scenarios = [each.what_if() for each in (CALENDAR, RESET, CHANGED)]
        for column, other in zip(shown.columns[1:], scenarios[1:], strict=True):
            found = als.compare(scenarios[0], other, draws=shown.draws, seed=5, progress=False)
            (own,) = comparison_as_json(found)["others"]
            assert {row["key"] for row in column.outcomes} == set(own["differences"])
            for row in column.outcomes:
                for name, value in own["differences"][row["key"]].items():
                    assert row[name] == pytest.approx(value, abs=1e-6), row
            (pair,) = found.pairs
            known = {(row["meeting"], row["issue"]): row for row in pair.decisions().to_dict("records")}
            assert len(known) == len(column.decisions)
            for row in column.decisions:
                for name in ("base", "other", "difference", "low", "high"):
                    assert row[name] == pytest.approx(known[row["meeting"], row["issue"]][name], abs=1e-6)
            assert column.view is not None
            runs = [als.simulate(each, shown.draws, 5, progress=False) for each in (other, scenarios[0])]
            assert column.view.headline["sentences"][0] == als.headline(*runs).sentences[0].replace("draws", "futures")
        sizes = [abs(row["difference"]) for row in last.columns[1].decisions]
        assert sizes == sorted(sizes, reverse=True)


def test_a_state_of_another_era_says_why_it_is_left_out_and_the_rest_is_shown() -> None:
    (shown,) = compared(replace(CALENDAR, draws=60), EARLIER, RESET)
    one, other, last = shown.columns
    assert one.view and last.view and last.decisions
    assert other.view is None and "calibrated to 2018" in other.problem
    command, *_ = reproduced_comparison(shown.states)
    assert command["text"] == "alliance-sim compare baseline_2025 us_russia_reset_2025 --draws 60 --seed 5"


def test_changes_that_do_not_fit_are_said_and_a_reference_at_fault_is_refused() -> None:
    wrong = replace(RESET, draws=40, later=(("bilateral_summit-2025-09", 400),))
    (shown,) = compared(CALENDAR, wrong)
    assert shown.columns[1].view is None and "outside the run" in shown.columns[1].problem
    with pytest.raises(InputError, match="outside the run"):
        compared(wrong, CALENDAR)


def test_a_comparison_is_stopped_and_states_that_stay_are_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from alliance_sim import simulation

    with pytest.raises(Cancelled):
        list(comparisons(aligned([CALENDAR, RESET]), Runs(4), lambda: True))
    ran: list[str] = []
    usual = simulation.in_stages

    def counted(scenario: als.Scenario, *args: Any, **kwargs: Any) -> Any:
        ran.append(scenario.name)
        return usual(scenario, *args, **kwargs)

    monkeypatch.setattr(simulation, "in_stages", counted)
    runs = Runs(4)
    for value in (0.1, 0.2):
        moved = replace(RESET, settings=(("min_share", value),))
        list(comparisons(aligned([CALENDAR, moved]), runs, lambda: False))
    assert ran == ["baseline_2025", "us_russia_reset_2025", "us_russia_reset_2025"]


def test_inputs_differ_where_the_command_says_so() -> None:
    scenarios = [als.load_scenario(name) for name in als.list_scenarios()]
    for one, other in permutations(scenarios, 2):
        assert bool(different_inputs([one, other])) == bool(input_differences(one, other)), (one.name, other.name)
    rows = different_inputs([each.what_if() for each in (RESET, CHANGED, CALENDAR)])
    assert ["as calibrated", "0.2", "as calibrated"] in [row[1:] for row in rows]
    assert ["-", "Confidence in the U.S. guarantee: changed by +0.2", "-"] in [row[1:] for row in rows]
    assert different_inputs([CALENDAR.what_if()] * 2) == []


def test_changes_in_words() -> None:
    said = changes(CHANGED)
    assert said[:2] == [
        "Least text worth adopting: 0.2",
        "Russia strategy, July 2026: confidence in the U.S. guarantee higher by 0.20",
    ]
    assert said[2].startswith("without “") and said[3].endswith("(September 2025) 2 months later")
    assert changes(RESET) == []


def test_what_reproduces_a_comparison_gives_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = aligned([replace(CALENDAR, draws=50), RESET, CHANGED, replace(RESET, seed=1)])
    blocks = {each["name"]: each["text"] for each in reproduced_comparison(given)}
    assert list(blocks) == ["Command line", "Python", "state_c.yaml", "state_d.yaml"]
    assert blocks["Command line"].split()[2:6] == [
        "baseline_2025", "us_russia_reset_2025", "state_c.yaml", "state_d.yaml",
    ]  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name, text in blocks.items():
        if name.endswith(".yaml"):
            (tmp_path / name).write_text(text)
    known: dict[str, Any] = {}
    exec(blocks["Python"], known)
    (shown,) = compared(*given)
    for column, pair in zip(shown.columns[1:], known["comparison"].pairs, strict=True):
        summary = pair.summary()
        assert {row["key"]: row["mean"] for row in column.outcomes} == pytest.approx(
            summary["mean"].to_dict(), abs=1e-6
        )
    assert reproduced_comparison(given[:1]) == []


def test_the_file_has_all_differences() -> None:
    session = Session(to_address(RESET, {"page": "compare"}))
    assert not set(COMPARED) & set(FILES)
    with pytest.raises(InputError, match="no result yet"):
        file_of("comparison.csv", session)
    (session.comparison,) = compared(replace(CALENDAR, draws=60), EARLIER, RESET)
    kind, content = file_of("comparison.csv", session)
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    column = session.comparison.columns[2]
    assert kind == "text/csv" and {row["state"] for row in rows} == {LETTERS[2]}
    assert [row["kind"] for row in rows].count("outcome") == len(column.outcomes)
    assert [row["kind"] for row in rows].count("decision") == len(column.decisions)
    assert float(rows[0]["difference"]) == column.decisions[0]["difference"]
    assert float(rows[-1]["p05"]) == column.outcomes[-1]["p05"]


def test_states_of_one_era_can_be_compared() -> None:
    assert unfit(CALENDAR, RESET) == "" and "2018" in unfit(CALENDAR, EARLIER)
