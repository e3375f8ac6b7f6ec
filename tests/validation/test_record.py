"""The record joined to the items of the history."""

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.data import table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.validation.record import (
    CLASSES,
    GROUPS,
    HISTORY,
    RecordedItem,
    classes,
    objected,
    rates,
    record,
    rows,
    seats,
)
from validation.helpers import Draws, synthetic


def test_every_row_of_the_record_is_an_item_of_the_history_and_no_item_mentions_its_outcome() -> None:
    known = {row["id"]: row for row in table("consensus_record")}
    items = record(2014, 2025)
    assert {item.id for item in items} == set(known) and len(items) == len(known)
    titles = {meeting.id: meeting.title for meeting in als.load_scenario(HISTORY).meetings}
    for item in items:
        assert known[item.id]["decision"] not in (item.text, titles[item.meeting])
        assert item.decision in DECISIONS and item.objection in ("none", "soft", "hard")
        assert bool(item.objectors) == (item.objection != "none")


def test_rows_are_those_between_two_years_and_by_default_none_after_2019() -> None:
    items = record()
    assert {item.year for item in items} == set(range(2014, 2020))
    assert record(2016, 2017) == tuple(item for item in items if item.year in (2016, 2017))
    assert [item.month for item in items] == sorted(item.month for item in items)


def test_rollovers_are_the_renewals_of_sanctions() -> None:
    renewals = {item.id for item in record(2014, 2025) if item.rollover}
    prolonged = {item.id for item in record(2014, 2025) if item.text.startswith("Prolong the sectoral sanctions")}
    assert renewals == prolonged and len(renewals) == 14


def item(**fields: object) -> dict[str, object]:
    agenda = {"issue": "southern_flank", "proposed": 0.5, "reversion": 0.4, "text": "x", "source": "record C031"}
    return {"month": "2019-01", "forum": "nac", "title": "x", "source": "x", "agenda": [{**agenda, **fields}]}


@pytest.mark.parametrize(
    ("meetings", "expected"),
    [
        ([item(source="record C999")], "southern_flank: source 'record C999' is no row of consensus_record.csv"),
        ([item()], "is about ('2016-02', 'nac', 'southern_flank')"),
        (
            [item() | {"month": "2016-02", "id": "one"}, item() | {"month": "2016-02", "id": "two"}],
            "is that of two items; allowed: one item a row",
        ),
    ],
)
def test_a_wrong_source_is_reported(meetings: list[dict[str, object]], expected: str) -> None:
    scenario = {"name": "wrong", "extends": HISTORY, "drop": [each.id for each in als.load_scenario(HISTORY).meetings]}
    with pytest.raises(InputError) as raised:
        record(scenario={**scenario, "meetings": meetings})
    assert expected in str(raised.value)


def made(decision: str, forum: str = "nac", rollover: bool = False) -> RecordedItem:
    return RecordedItem("x", "2015-01", forum, "sanctions", "m", "t", decision, "none", frozenset(), rollover)


def test_classes_are_ordered_and_failed_has_three_forms() -> None:
    found = {decision: CLASSES[made(decision).outcome] for decision in DECISIONS}
    failed = dict.fromkeys(("withdrawn", "blocked", "deferred"), "failed")
    assert found == {"adopted": "adopted", "diluted": "diluted", **failed}
    assert CLASSES == ("failed", "diluted", "adopted")


def test_rates_are_by_group() -> None:
    items = [
        *(made(decision) for decision in ("adopted", "blocked", "diluted")),
        made("adopted", "nato_summit"),
        made("adopted", "eu_council"),
        made("blocked", "eu_council", rollover=True),
    ]
    found = {name: values.tolist() for name, values in rates(items).items()}
    assert found == {"NATO": [0.25, 0.25, 0.5], "EU": [0.0, 0.0, 1.0], "EU rollovers": [1.0, 0.0, 0.0]}


def test_rows_of_an_agenda_are_chosen_by_group_and_year() -> None:
    program = Draws(HISTORY, 1).program
    by_group = {name: rows(program.scenario, program.agenda, {name}, 2019) for name in GROUPS}
    everything = sorted(row for chosen in by_group.values() for row in chosen)
    assert everything == [i for i, row in enumerate(program.agenda) if row.month < "2020"]
    recorded = {name: sum(item.group == name for item in record()) for name in GROUPS}
    assert {name: len(chosen) for name, chosen in by_group.items()} == recorded | {"NATO": recorded["NATO"] + 3}


def test_decisions_objections_and_seats_of_rows() -> None:
    def write(draws: Draws) -> None:
        draws.decide(1, "blocked", slice(0, 1))
        draws.decide(1, "diluted", slice(1, 2))
        draws.object(1, "TUR", slice(0, 2))

    ensemble = synthetic("baseline_2018", 3, write)
    assert classes(ensemble, [1, 0]).tolist() == [[0, 2], [1, 2], [2, 2]]
    found = objected(ensemble, [1, 0])
    assert found[:, 0, ALLIES.index("TUR")].tolist() == [True, True, False] and found.sum() == 2
    chosen = [i for i, row in enumerate(ensemble.program.agenda) if row.forum == "g7"]
    inside = seats(ensemble.program, chosen)
    assert {ally for ally, sits in zip(ALLIES, inside[0], strict=True) if sits} == set(
        "USA CAN GBR DEU FRA ITA".split()
    )
    assert np.array_equal(inside[0], inside[1])
