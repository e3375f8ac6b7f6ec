"""A file of decisions is forecast as the bundled record is, and nothing of a decision enters its own forecast."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alliance_sim.calibration.posterior import table_of
from alliance_sim.compile import compile_scenario
from alliance_sim.data import table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.scenarios import load_scenario
from alliance_sim.scenarios.schema import AgendaItem
from alliance_sim.validation import hindcast, hindcast_scores, own_record
from alliance_sim.validation.hindcast import MODEL, Forecasts, Part, Window
from alliance_sim.validation.own_record import own_windows
from alliance_sim.validation.record import HISTORY, record
from alliance_sim.validation.record_files import read_record
from validation.test_hindcast import NUISANCE

Rows = list[dict[str, str]]
CODES = ("ask_class", "proposed", "divisible", "direction", "status_quo", "sponsors", "priority")
BASIC = ("id", "month", "forum", "issue", "outcome", "objection", "objectors")


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits to earlier years that are other draws of the fit to all of them."""
    monkeypatch.setattr(own_record, "fold", lambda year: (table_of("posterior"), NUISANCE))


def bundled(last: int) -> Rows:
    """The rows of the bundled record with the codes of its items, in the columns of a file."""
    agenda = {(m.id, item.issue): item for m in load_scenario(HISTORY).meetings for item in m.agenda}
    known = {row["id"]: row for row in table("consensus_record")}
    return [
        {**known[item.id], **codes(agenda[item.meeting, item.issue]), "text": item.text} for item in record(2014, last)
    ]


def codes(item: AgendaItem) -> dict[str, str]:
    def both(code: object, names: dict[object, str]) -> str:
        return ";".join(names[each] for each in (code if isinstance(code, tuple) else (code,)))

    return {
        "ask_class": both(item.ask, {None: "", 1: "1", 2: "2", 3: "3", 4: "4"}),
        "proposed": "" if item.proposed is None else str(item.proposed),
        "divisible": both(item.divisible, {True: "yes", False: "no"}),
        "direction": item.direction if item.proposed is None else "",
        "status_quo": str(item.reversion),
        "sponsors": ";".join(item.sponsors),
        "priority": "yes" if item.priority else "no",
    }


def uncoded(rows: Rows, of: Sequence[str] | None = None) -> Rows:
    """The rows without the codes of those of some ids, of all by default."""
    return [row | dict.fromkeys(CODES, "") if of is None or row["id"] in of else row for row in rows]


def row(**cells: str) -> dict[str, str]:
    usual = {"id": "A", "month": "2018-10", "forum": "NATO NAC", "issue": "deterrence_posture", "outcome": "adopted"}
    return usual | {"objection": "none", "objectors": ""} | cells


def written(folder: Path, rows: Rows, name: str = "own.csv") -> Path:
    path = folder / name
    columns = list(dict.fromkeys(column for each in rows for column in each)) or list(BASIC)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def forecast(path: Path, draws: int = 12, window: int = -1) -> Forecasts:
    return hindcast.forecasts(own_windows(path)[window], draws, seed=3)


def by_id(found: Forecasts, model: str = MODEL) -> dict[str, np.ndarray]:
    return {item.id: p for item, p in zip(found.window.items, found.classes[model], strict=True)}


def test_the_bundled_record_in_a_file_gives_its_items_and_scenario(tmp_path: Path) -> None:
    windows = own_windows(written(tmp_path, bundled(2025)))
    assert [window.label for window in windows] == [
        "2014 to 2019, used to choose the model",
        "2020 to 2021",
        "2022 to 2023",
        "2024 to 2025",
    ]
    assert {item.id: item for item in windows[-1].items} == {item.id: item for item in record(2014, 2025)}
    for window, (year, last) in zip(windows[1:], hindcast.WINDOWS, strict=True):
        assert {item.id for item in window.items} == {item.id for item in record(2014, last)}
        assert {item.id for item in window.items[: window.known]} == {item.id for item in record(2014, year)}
    ((scenario,),) = [part.scenarios for part in windows[-1].own]
    kept = compile_scenario(load_scenario(HISTORY))
    made = compile_scenario(scenario)
    assert [row.__dict__ | {"title": ""} for row in made.agenda] == [
        row.__dict__ | {"title": ""} for row in kept.agenda
    ]
    for one, two in zip(made.calendar, kept.calendar, strict=True):
        for name in one._fields:
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


def test_the_bundled_record_in_a_file_has_the_forecasts_and_scores_that_it_has_itself(tmp_path: Path) -> None:
    own = own_windows(written(tmp_path, bundled(2025)))[0]
    items = record(2014, 2019)
    same = _of(replace(own, items=items), Part(items, (load_scenario(HISTORY),)))
    one, two = hindcast.forecasts(own, 12, 3), hindcast.forecasts(same, 12, 3)
    for model in one.classes:
        mine, theirs = by_id(one, model), by_id(two, model)
        for name in theirs:
            np.testing.assert_allclose(mine[name], theirs[name], atol=1e-9, err_msg=f"{model} {name}")
    rows = {(each.target, each.cases, each.model): each for each in hindcast_scores._scored([one], 12, 3).rows}
    others = hindcast_scores._scored([two], 12, 3).rows
    assert len(others) == len(rows) > 30
    for each in others:
        here = rows[each.target, each.cases, each.model]
        assert (here.log, here.rps, here.auc) == pytest.approx((each.log, each.rps, each.auc), nan_ok=True)
        assert here.n == each.n


def test_from_2020_on_a_file_of_the_record_is_forecast_as_the_record_is(tmp_path: Path) -> None:
    # Equality alone is looked at: the rows from 2020 on are not to be scored here.
    own = own_windows(written(tmp_path, bundled(2025)))[1]
    same = Window(2019, 2021, record(2014, 2021), own.known, NUISANCE, own.rows)
    mine, theirs = by_id(hindcast.forecasts(own, 6, 3)), by_id(hindcast.forecasts(same, 6, 3))
    assert mine.keys() == theirs.keys()
    assert all(np.allclose(mine[name], theirs[name], atol=1e-12) for name in theirs)


def test_a_file_that_lacks_the_past_has_a_state_that_is_held_to_less(tmp_path: Path) -> None:
    rows = bundled(2019)
    later = [each for each in rows if each["month"] >= "2018"]
    (window,) = own_windows(written(tmp_path, later))
    ((scenario,),) = [part.scenarios for part in window.own]
    sources = {item.source for meeting in scenario.meetings for item in meeting.agenda}
    assert not any(source.startswith("record ") for source in sources)
    disputes = [event for event in scenario.events if event.type == "dispute"]
    assert disputes and all(event.month > "2018-01" and event.source.startswith("Row ") for event in disputes)
    assert len(window.items) == len(later)


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path: Path) -> None:
    rows = uncoded(bundled(2019), ["C060"])
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    turned = [dict(reversed(each.items())) for each in shuffled]
    one, two = own_windows(written(tmp_path, rows)), own_windows(written(tmp_path, turned, "turned.csv"))
    assert [window.items for window in one] == [window.items for window in two]
    assert [part.scenarios for window in one for part in window.own] == [
        part.scenarios for window in two for part in window.own
    ]


def test_an_outcome_in_the_file_changes_later_forecasts_only(tmp_path: Path) -> None:
    rows = uncoded(bundled(2019), ["C060", "C065"])
    turned = {"outcome": "blocked", "objection": "hard", "objectors": "TUR"}
    other = [each | turned if each["id"] == "C060" else each for each in rows]
    one, two = forecast(written(tmp_path, rows)), forecast(written(tmp_path, other, "other.csv"))
    month = {item.id: item.month for item in one.window.items}
    for model in one.classes:
        mine, theirs = by_id(one, model), by_id(two, model)
        for name in mine:
            if month[name] <= month["C060"]:
                np.testing.assert_array_equal(mine[name], theirs[name], err_msg=f"{model} {name}")
    assert any((p != by_id(two)[name]).any() for name, p in by_id(one).items())


def test_without_codes_a_forecast_is_a_mixture_over_those_of_the_training_rows(tmp_path: Path) -> None:
    def entropy(p: np.ndarray) -> float:
        return float(-(p * np.log(np.maximum(p, 1e-12))).sum())

    free = row(month="2018-09", forum="NATO summit", issue="defence_spending")
    path = written(tmp_path, [free])
    (part,) = own_windows(path)[0].own
    agenda = [
        {item.issue: item for m in scenario.meetings if m.month == "2018-09" for item in m.agenda}
        for scenario in part.scenarios
    ]
    asked = [items["defence_spending"].asked for items in agenda]
    training = [
        i.asked
        for m in load_scenario(HISTORY).meetings
        for i in m.agenda
        if i.source.startswith("record ")
        and (m.forum, i.issue) == ("nato_summit", "defence_spending")
        and m.month < "2020"
    ]
    assert set(asked) == set(training) and len(part.scenarios) == own_record.VARIANTS
    assert max(asked.count(each) for each in training) - min(asked.count(each) for each in training) <= 1
    mixed = forecast(path, draws=64)
    single = [
        hindcast.forecasts(_of(mixed.window, Part(part.items, (part.scenarios[asked.index(each)],))), 64, 3)
        for each in dict.fromkeys(asked)
    ]
    parts = [entropy(each.classes[MODEL][0]) for each in single]
    assert entropy(mixed.classes[MODEL][0]) > np.mean(parts)


def _of(window: Window, part: Part) -> Window:
    return replace(window, own=(part,))


def test_codes_are_drawn_without_the_outcome(tmp_path: Path) -> None:
    def scenarios(**cells: str) -> list[list[AgendaItem]]:
        (window,) = own_windows(written(tmp_path, [row(**cells)]))
        return [[i for m in s.meetings for i in m.agenda] for part in window.own for s in part.scenarios]

    usual = scenarios()
    assert len({str(each) for each in usual}) > 1
    assert usual == scenarios(outcome="withdrawn", objection="soft", objectors="TUR;DEU")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"ask_class": "4"}, {(4, 0.25), (4, 0.45)}),
        ({"ask_class": "1"}, {(1, 0.25), (1, 0.45)}),
        ({"ask_class": "2", "status_quo": "0.6"}, {(2, 0.6)}),
        ({"ask_class": "2;3", "divisible": "yes", "direction": "more", "status_quo": "0.6"}, {((2, 3), 0.6)}),
    ],
)
def test_codes_that_are_given_are_kept(
    tmp_path: Path, given: dict[str, str], expected: set[tuple[object, float]]
) -> None:
    (window,) = own_windows(written(tmp_path, [row(**given)]))
    items = [i for s in window.own[0].scenarios for m in s.meetings if m.month == "2018-10" for i in m.agenda]
    assert {(item.ask, item.reversion) for item in items} <= expected and {i.ask for i in items} == {
        ask for ask, _ in expected
    }


def test_a_renewal_asks_for_the_level_in_force(tmp_path: Path) -> None:
    cells = {"forum": "EU Council", "issue": "sanctions", "ask_class": "1", "divisible": "no", "status_quo": "0"}
    (window,) = own_windows(written(tmp_path, [row(**cells)]))
    (item,) = [i for m in window.own[0].scenarios[0].meetings if m.month == "2018-10" for i in m.agenda]
    assert (item.proposed, item.reversion, item.divisible) == (0.5, 0.0, False) and window.items[0].rollover


def test_two_texts_on_one_issue_are_two_meetings(tmp_path: Path) -> None:
    rows = [row(id=name) for name in "AB"]
    (window,) = own_windows(written(tmp_path, rows))
    assert [item.meeting for item in window.items] == ["nac-2018-10", "nac-2018-10-B"]


def test_rows_before_2014_are_decided_in_its_first_month_and_move_nothing_later(tmp_path: Path) -> None:
    first = row(id="OLD", month="2008-12", issue="open_door", outcome="blocked", objection="hard", objectors="DEU")
    early, late = own_windows(written(tmp_path, [first, row()]))
    assert early.label == "before 2014, in the state of January 2014" and early.known == 0
    scenario = early.own[0].scenarios[0]
    assert scenario.months == 1 and [m.month for m in scenario.meetings] == ["2014-01"]
    (alone,) = own_windows(written(tmp_path, [row()], "alone.csv"))
    assert late.own[-1].scenarios == alone.own[0].scenarios and late.known == 1
    assert hindcast.forecasts(early, 4, 1).classes[MODEL].shape == (1, 3)
    found = hindcast.forecasts(late, 4, 1)
    np.testing.assert_array_equal(found.classes[MODEL][1], hindcast.forecasts(alone, 4, 1).classes[MODEL][0])


def test_rows_after_june_2025_are_forecast_from_the_outlook(tmp_path: Path) -> None:
    last = row(
        id="HOLD", month="2025-05", issue="ukraine_support", outcome="blocked", objection="hard", objectors="HUN"
    )
    rows = [last, row(id="NEW", month="2026-01", forum="EU Council", issue="sanctions", divisible="no", status_quo="0")]
    before, after = own_windows(written(tmp_path, rows))
    assert (before.label, after.label) == ("2024 to 2025", "from July 2025") and after.known == 1
    (scenario, *_) = after.own[-1].scenarios
    (meeting,) = [m for m in scenario.meetings if (m.month, m.forum) == ("2026-01", "eu_council")]
    assert scenario.era == "2025" and [item.source for item in meeting.agenda] == ["Row NEW of the file"]
    assert meeting.agenda[0].proposed == 0.6
    found = hindcast.forecasts(after, 4, 1)
    assert found.classes[MODEL].shape == (2, 3) and found.seated.shape == (2, len(ALLIES))


def test_a_file_with_one_row_is_scored(tmp_path: Path) -> None:
    found = hindcast_scores.hindcast(8, 1, record=written(tmp_path, [row()]))
    assert {each.target for each in found.rows} == {"class", "objections", "broken silence"}
    every = [each for each in found.rows if each.target == "class" and each.model == MODEL]
    assert {each.n for each in every} == {1}
    third = next(each for each in found.rows if each.model == "regression on facts")
    assert third.log == pytest.approx(np.log(3.0))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [])
    with pytest.raises(InputError) as raised:
        own_windows(path)
    assert str(raised.value) == f"{path}:1: file: has no rows; allowed: one or more"
    path.write_text("")
    with pytest.raises(
        InputError, match="1: header: id, month, forum, issue, outcome, objection, objectors is missing"
    ):
        own_windows(path)


def test_the_bundled_record_can_be_read_as_it_is() -> None:
    rows = read_record(hindcast.data_folder("calibration") / "consensus_record.csv")
    assert len(rows) == len(table("consensus_record")) and all(not each.codes for each in rows)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            {"forum": "NATO"},
            "forum: 'NATO' is not allowed (nearest: nato_summit); allowed: NATO NAC, NATO summit, EU Council, G7, nac, "
            "nato_summit, eu_council, g7",
        ),
        (
            {"issue": "sanction"},
            "issue: 'sanction' is not allowed (nearest: sanctions); allowed: spending_pledge, russia_strategy, "
            "deterrence_posture, defence_spending, ukraine_support, sanctions, open_door, russia_dialogue, "
            "southern_flank, partner_exercises",
        ),
        (
            {"outcome": "blokced"},
            "outcome: 'blokced' is not allowed (nearest: blocked); allowed: adopted, diluted, withdrawn, blocked, "
            "deferred",
        ),
        ({"month": "2018-13"}, "month: '2018-13' is not allowed; allowed: YYYY-MM, from 2004-05 to 2029-05"),
        ({"month": "1999-04"}, "month: '1999-04' is not allowed; allowed: YYYY-MM, from 2004-05 to 2029-05"),
        ({"ask_class": "5"}, "ask_class: '5' is not allowed; allowed: 1, 2, 3, 4"),
        (
            {"ask_class": "1;2;3"},
            "ask_class: '1;2;3' has 3 codes; allowed: one, or those of two coders with ; between",
        ),
        ({"divisible": "maybe"}, "divisible: 'maybe' is not allowed; allowed: yes, no"),
        ({"status_quo": "1.2"}, "status_quo: '1.2' is not allowed; allowed: a level from 0 to 1"),
        ({"objection": "soft"}, "objectors: the objection is soft; allowed: those who objected"),
        ({"objectors": "TUR"}, "objectors: the objection is none; allowed: nobody, or the objection soft or hard"),
        (
            {"forum": "G7", "objection": "soft", "objectors": "TUR"},
            "objectors: 'TUR' has no seat in the G7 in 2018-10; allowed: USA, CAN, GBR, DEU, FRA, ITA, JPN",
        ),
        ({"objection": "soft", "objectors": "TUR;TUR"}, "objectors: 'TUR' is named twice; allowed: once"),
        (
            {"ask_class": "1", "proposed": "0.5"},
            "proposed: there is a class as well; allowed: ask_class or proposed, the other empty",
        ),
        (
            {"direction": "more", "status_quo": "1"},
            "status_quo: there is no more than 1; allowed: a level inside the scale",
        ),
        ({"id": ""}, "id: is empty; allowed: up to 40 letters, digits and _ . + -, no blanks"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(tmp_path: Path, cells: dict[str, str], expected: str) -> None:
    path = written(tmp_path, [row(id="FIRST"), row(**cells)])
    with pytest.raises(InputError) as raised:
        read_record(path)
    assert str(raised.value) == f"{path}:3: {expected}"


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    def problem(text: str | bytes) -> str:
        path = tmp_path / "bad.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(InputError) as raised:
            read_record(path)
        return str(raised.value).replace(str(path), "bad.csv")

    head, good = ",".join(BASIC), "A,2018-10,NATO NAC,deterrence_posture,adopted,none,"
    assert problem(f"{head},mood\n{good},x\n").startswith("bad.csv:1: header: 'mood' is no column")
    assert problem(f"{head},id\n{good},x\n") == "bad.csv:1: header: id is given twice; allowed: once"
    assert problem(f"{head.replace('outcome', 'outcomes')}\n").startswith("bad.csv:1: header: ")
    assert problem(f"{head}\n{good},x\n") == "bad.csv:2: row: has 8 cells; allowed: 7, one a column"
    assert problem(f"{head}\n\n{good}\n{good}\n") == "bad.csv:4: id: 'A' is that of line 3; allowed: once"
    assert problem(f'{head}\n"A,2018').startswith("bad.csv:2: row: is not CSV (")
    assert problem(head.encode() + b"\n\xff\n").endswith("is not UTF-8; allowed: text in UTF-8")
    with pytest.raises(InputError, match="there is no such file; allowed: a CSV file"):
        read_record(tmp_path / "none.csv")
    multiple = problem(f"{head}\nA,2018-10,NAT,x,adopted,none,\n")
    assert multiple.splitlines()[0].startswith("bad.csv:2: forum: ") and len(multiple.splitlines()) == 2
