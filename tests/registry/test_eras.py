import dataclasses

import pytest

from alliance_sim import data
from alliance_sim.compile import SPIN_UP, compile_scenario
from alliance_sim.core.structures import World
from alliance_sim.errors import InputError
from alliance_sim.registry import eras
from alliance_sim.registry.eras import ERA_TABLE, ERAS, LEADERS, LEADERSHIPS, coded_as, for_every_era
from alliance_sim.registry.issues import ISSUE_TABLE
from alliance_sim.scenarios import load_scenario

ROWS = data.table("eras")
#: What a run begins with, by column.
LEVELS = {
    "assertiveness": World.assertiveness_at_start,
    "war": World.war_at_start,
    "aid_need": World.aid_need_at_start,
}


def test_a_scenario_begins_from_an_era_with_priors_for_all_actors() -> None:
    assert {"2014", "2018", "2025"} <= set(ERAS) and "2024" in ERA_TABLE.keys() - set(ERAS)
    assert all(ERA_TABLE[era].fact_year for era in ERAS)


def test_leaders_and_leaderships_have_one_order() -> None:
    pairs = dict(zip(LEADERS, LEADERSHIPS, strict=True))
    assert pairs["2014"] == "washington_2014" and pairs["2025"] == "washington_2025"
    assert len(set(LEADERSHIPS)) == len(LEADERSHIPS)


def test_an_era_without_a_value_takes_that_of_the_era_it_is_coded_as_or_of_the_closest() -> None:
    assert (coded_as("2014"), coded_as("2024"), coded_as("2025")) == ("2018", "2025", "2025")
    assert for_every_era({"2018": 1, "2025": 2}) == {"2014": 1, "2018": 1, "2025": 2}
    assert for_every_era({"2014": 0, "2018": 1, "2025": 2}) == {"2014": 0, "2018": 1, "2025": 2}
    assert for_every_era({"2014": 0, "2018": 1}) == {"2014": 0, "2018": 1, "2025": 1}


def test_levels_of_an_era_are_those_of_its_row() -> None:
    for row in ROWS:
        era = ERA_TABLE[row["era"]]
        for column in LEVELS:
            expected = 0.0 if era.leader_only else float(row[column])
            assert getattr(era, column) == expected and (row[column] == "") == era.leader_only, (era.name, column)


def test_every_era_that_a_run_begins_from_gives_a_reason_for_its_levels() -> None:
    for row in ROWS:
        if row["era"] in ERAS:
            assert all(word in row["reason"] for word in ("assertiveness", "war", "aid", "judgement")), row["era"]


def test_russia_is_more_assertive_and_the_war_fiercer_in_later_eras() -> None:
    """B 5 and A 2; aid was given from 2022 on."""
    began = [ERA_TABLE[era] for era in ERAS]
    assert [era.assertiveness for era in began] == sorted({era.assertiveness for era in began})
    assert [era.war for era in began] == sorted({era.war for era in began})
    assert {era.name: era.aid_need for era in began} == {"2014": 0.0, "2018": 0.0, "2025": 1.0}


@pytest.mark.parametrize("name", ["baseline_2018", "baseline_2025", "history_2014_2025"])
def test_a_run_begins_with_the_levels_of_its_era(name: str) -> None:
    scenario = load_scenario(name)
    program = compile_scenario(scenario)
    block = program.block(1, 0, 3, "final")
    program.run(block, 1, month1=-SPIN_UP)
    for column, level in LEVELS.items():
        assert (block.states.world[:, level] == getattr(ERA_TABLE[scenario.era], column)).all(), column
    assert (block.states.world[:, World.war_intensity] == ERA_TABLE[scenario.era].war).all()


def test_every_issue_has_a_norm_in_every_era_with_its_source() -> None:
    assert all(tuple(issue.norm) == ERAS for issue in ISSUE_TABLE)
    assert all(0.0 <= level <= 1.0 for issue in ISSUE_TABLE for level in issue.norm.values())
    assert {row["issue"] for row in data.table("norms")} == {issue.name for issue in ISSUE_TABLE}
    assert all(row["source"] for row in data.table("norms"))


def test_an_issue_without_a_norm_is_refused() -> None:
    with pytest.raises(InputError, match=r"norms.csv: no norm of fisheries"):
        _ = dataclasses.replace(ISSUE_TABLE[0], name="fisheries").norm


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("era", "mid-2018", "era: 'mid-2018' is not allowed in 'mid-2018'; allowed: a year"),
        ("actors", "some", "actors: 'some' is not allowed in '2018'; allowed: all, leader"),
        ("fact_year", "", "fact_year: '' is not allowed in '2018'; allowed: a year"),
        ("coded_as", "2024", "coded_as: '2018' is not allowed in '2014'; allowed: 2025"),
        *((level, value, f"{level}: '{value}' is not allowed in '2018'; allowed: 0 to 1")
          for level in LEVELS for value in ("", "1.5", "-0.1", "some", "nan", "inf")),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(monkeypatch: pytest.MonkeyPatch, column: str, value: str, message: str) -> None:
    rows = [{**row, column: value} if row["era"] == "2018" else row for row in ROWS]
    monkeypatch.setattr(eras, "table", lambda _: rows)
    with pytest.raises(InputError, match=r"eras\.csv") as caught:
        eras._eras()
    assert str(caught.value) == f"eras.csv: {message}"
