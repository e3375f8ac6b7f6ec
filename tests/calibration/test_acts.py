"""Acts of governments: which are coded, what is refused, and that they are readings beside statements."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alliance_sim import data
from alliance_sim.calibration.acts import ACTS, acts, readable
from alliance_sim.calibration.leanings import CODERS
from alliance_sim.data import data_folder, table
from alliance_sim.errors import InputError
from alliance_sim.estimation.readings import data as readings
from alliance_sim.registry.issues import ISSUES


def test_each_act_with_an_era_is_coded_twice() -> None:
    expected = [row["id"] for row in table("facts/conduct") if row["era"]]
    assert [row["id"] for row in acts()] == [each for each in sorted(expected) for _ in CODERS]
    assert {row["document"] for row in acts()} == {ACTS} and {row["issue"] for row in acts()} <= set(ISSUES)
    assert {row["id"] for row in table("coding/conduct_sheet")} == set(expected)


def test_acts_are_readings_with_the_levels_of_both_coders() -> None:
    found = {reading.id: reading for reading in readings().readings}
    spain = found["CN-09"]
    assert (spain.actor, spain.target, spain.era, spain.group) == ("ESP", "defence_spending", "2025", False)
    codes = {row["pass"]: row["level"] for row in acts() if row["id"] == "CN-09"}
    assert spain.levels == tuple(int(codes[str(number)]) - 1 for number in (1, 2))
    assert "ESP.defence_spending.2025" in readings().departures
    at_large = found["CN-31"]
    assert at_large.group and "TUR" not in at_large.members and "HUN" not in at_large.members


def test_an_act_that_reports_an_item_leaves_with_it() -> None:
    assert "CN-26" not in {reading.id for reading in readings(left_out=("C033",)).readings}
    assert "CN-09" not in {reading.id for reading in readings(left_out=("CN-09",)).readings}


def test_each_issue_about_russia_has_a_reading_of_the_allies_at_large() -> None:
    """Of the documents or of acts: without one the few who are named apart would place the curve of all."""
    at_large = {(each.target, each.era) for each in readings().readings if each.group and len(each.members) > 20}
    for issue in ("deterrence_posture", "defence_spending", "ukraine_support", "open_door", "russia_dialogue"):
        assert {(issue, "2018"), (issue, "2025")} <= at_large, issue


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "calibration"
    shutil.copytree(data_folder("calibration"), folder)
    monkeypatch.setattr(data, "data_folder", lambda _: folder)
    for each in (table, acts, readable):
        each.cache_clear()
    yield folder
    monkeypatch.undo()
    for each in (table, acts, readable):
        each.cache_clear()


def edit(path: Path, change: Callable[[list[dict[str, str]]], object]) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("coding/conduct_a", lambda rows: rows[0].update(level="6"), r"conduct_a.csv:2: level: '6' is unknown"),
        ("coding/conduct_b", lambda rows: rows.pop(), r"conduct_b.csv: id: 'CN-\d+' has no code"),
        (
            "coding/conduct_a",
            lambda rows: rows[0].update(id="CN-99"),
            r"conduct_a.csv: id: '.*' (is no act|has no code)",
        ),
        ("facts/conduct", lambda rows: rows[8].update(actors="ATL"), r"conduct.csv:10: actors: 'ATL'"),
        ("facts/conduct", lambda rows: rows[8].update(record="C999"), r"conduct.csv:10: record: 'C999' is no item"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    copied: Path, name: str, change: Callable[[list[dict[str, str]]], object], message: str
) -> None:
    edit(copied / f"{name}.csv", change)
    with pytest.raises(InputError, match=message):
        acts()
