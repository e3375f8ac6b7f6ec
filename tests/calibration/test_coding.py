"""Two blind codings of agenda items and presidents, their agreement, and the scenarios that hold the codes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from alliance_sim.calibration.agreement import CODED, LEAST_ALPHA, agreement, coders
from alliance_sim.data import Row, data_folder, table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import ASK_CLASSES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.scenarios import AgendaItem, Meeting, list_scenarios, load_scenario

SHEETS = {name: table(f"coding/{name}") for name in ("sheet", "items_a", "items_b", "agenda")}
PRESIDENTS = {name: table(f"coding/washington_{name}") for name in ("sheet", "a", "b")}
FORUMS = {"nac": "NATO NAC", "nato_summit": "NATO summit", "eu_council": "EU Council", "g7": "G7"}
#: Items whose words name a per-cent target, which gives their level.
TARGETS = {"S020", "S053", "S046", "C058"}
BY_ID: dict[str, tuple[Row, Row]] = {a["id"]: (a, b) for a, b in zip(SHEETS["items_a"], SHEETS["items_b"], strict=True)}
BY_WORDS = {(row["year"], row["forum"], row["issue"], row["text"]): row["id"] for row in SHEETS["agenda"]}
HISTORY = "history_2014_2025"


def sheet_id(scenario: str, meeting: Meeting, item: AgendaItem) -> str:
    """The row of the sheet that an agenda item is coded in: that of the record, or the one with its words."""
    record = re.match(r"record (C\d{3})", item.source)
    if scenario == HISTORY and record:
        return record[1]
    return BY_WORDS[meeting.month[:4], FORUMS[meeting.forum], item.issue, item.text]


def items() -> Iterator[tuple[str, str, AgendaItem]]:
    for name in list_scenarios():
        for meeting in load_scenario(name).meetings:
            for item in meeting.agenda:
                yield f"{name} {meeting.id}", sheet_id(name, meeting, item), item


# The codings


def test_ids_are_in_order_and_the_same_in_all_sheets() -> None:
    ids = [row["id"] for row in SHEETS["sheet"]]
    assert ids == sorted(set(ids)) and all(re.fullmatch(r"[CS]\d{3}", each) for each in ids)
    assert [row["id"] for row in SHEETS["items_a"]] == [row["id"] for row in SHEETS["items_b"]] == ids
    assert [row["id"] for row in SHEETS["agenda"]] == [each for each in ids if each.startswith("S")]
    where = {row["id"]: (row["year"], row["forum"], row["issue"]) for row in SHEETS["sheet"]}
    assert all((row["year"], row["forum"], row["issue"]) == where[row["id"]] for row in SHEETS["agenda"])
    assert len(BY_WORDS) == len(SHEETS["agenda"])
    rows = [(row["president"], row["issue"]) for row in PRESIDENTS["sheet"]]
    assert all([(row["president"], row["issue"]) for row in PRESIDENTS[each]] == rows for each in "ab")
    assert len(set(rows)) == len(rows) and {issue for _, issue in rows} == set(ISSUES)


@pytest.mark.parametrize("variable", CODED)
def test_codes_are_those_of_the_codebook(variable: str) -> None:
    coded = CODED[variable]
    for rows in coders(coded.sheet):
        found = {row[coded.column] for row in rows if not coded.construct or row["construct"] == coded.construct}
        assert found - {""} <= set(coded.values) and ("" not in found or coded.column == "level")
    assert len(CODED["ask_class"].values) == ASK_CLASSES


@pytest.mark.parametrize("coder", ["items_a", "items_b"])
def test_sponsors_are_states_or_the_chair(coder: str) -> None:
    for row in SHEETS[coder]:
        sponsors = row["sponsors"].split(";")
        assert row["sure"] in ("yes", "no")
        assert 1 <= len(sponsors) == len(set(sponsors)) <= 5, row["id"]
        assert sponsors == ["chair"] or all(re.fullmatch("[A-Z]{3}", each) for each in sponsors), row["id"]


def test_every_code_of_a_president_has_a_reason_and_no_row_is_later_than_what_is_known() -> None:
    assert all(len(row["reason"]) > 20 for each in "ab" for row in PRESIDENTS[each])
    years = [
        int(year) for each in "ab" for row in PRESIDENTS[each] for year in re.findall(r"\b20\d\d\b", row["reason"])
    ]
    assert years and max(years) <= 2025


def test_the_guide_lists_every_coding() -> None:
    folder = data_folder("calibration")
    guide = (folder / "README.md").read_text(encoding="utf-8")
    section = guide.partition("## Codings\n")[2].partition("\n## ")[0]
    listed = re.findall(r"`(\w+\.csv)`", section)
    assert sorted(listed) == sorted(path.name for path in (folder / "coding").glob("*.csv"))
    shown = re.findall(r"^\| `(\w+)` \| (\w+) \| (\d+) \| ([\d.]+|none) \|$", section, re.MULTILINE)
    found = {name: agreement(name) for name in CODED}
    assert shown == [
        (name, CODED[name].scale, str(units), "none" if alpha != alpha else f"{alpha:.2f}".removeprefix("0"))
        for name, (units, _, alpha) in found.items()
    ]


# Agreement


def test_the_coders_agree_as_the_codebook_requires() -> None:
    assert agreement("ask_class").alpha >= LEAST_ALPHA


def test_nominal_alpha_is_that_of_the_formula() -> None:
    first, second = ([row["priority"] for row in rows] for rows in coders("items"))
    n, both = 2 * len(first), [*first, *second]
    counts = [both.count(value) for value in ("yes", "no")]
    observed = sum(a != b for a, b in zip(first, second, strict=True)) / len(first)
    expected = 2 * counts[0] * counts[1] / (n * (n - 1))
    assert agreement("priority").alpha == pytest.approx(1 - observed / expected)


def test_the_command_prints_each_variable_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim.calibration.agreement"], capture_output=True, text=True, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == list(CODED)


def test_without_the_extra_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from alliance_sim.calibration.agreement import main

    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2 and "pip install 'alliance_sim[calibration]'" in capsys.readouterr().err


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(InputError, match="'asks' is no coded variable; allowed: ask_class"):
        agreement("asks")


# The scenarios


def test_every_item_with_an_ask_holds_the_codes_of_the_sheets() -> None:
    checked = set()
    for where, key, item in items():
        if item.ask is None:
            continue
        a, b = BY_ID[key]
        given = item.ask if isinstance(item.ask, tuple) else (item.ask,) * 2
        assert given == (int(a["ask_class"]), int(b["ask_class"])), (where, key)
        divisible = item.divisible if isinstance(item.divisible, tuple) else (item.divisible,) * 2
        assert divisible == (a["divisible"] == "yes", b["divisible"] == "yes"), (where, key)
        assert item.direction == a["direction"] == b["direction"], (where, key)
        named = [set(row["sponsors"].split(";")) for row in (a, b)]
        assert set(item.sponsors) == named[0] & named[1] & set(ALLIES), (where, key)
        assert item.priority == (a["priority"] == b["priority"] == "yes"), (where, key)
        checked.add(key)
    assert len(checked) > 100


def test_one_number_stands_where_the_coders_agree() -> None:
    pairs = [value for _, _, item in items() for value in (item.ask, item.divisible) if isinstance(value, tuple)]
    assert pairs and all(first != second for first, second in pairs)


def test_a_level_stands_only_for_a_renewal_or_a_target_in_per_cent() -> None:
    found = set()
    for where, key, item in items():
        if item.proposed is None:
            continue
        renewal = item.issue == "sanctions" and item.divisible is False and item.text.startswith("Prolong ")
        assert renewal or key in TARGETS, (where, key)
        found.add(key)
    assert found >= TARGETS
