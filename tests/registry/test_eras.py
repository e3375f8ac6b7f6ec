import dataclasses

import pytest

from alliance_sim import data
from alliance_sim.errors import InputError
from alliance_sim.registry import eras
from alliance_sim.registry.eras import ERA_TABLE, ERAS, LEADERS, LEADERSHIPS, coded_as, for_every_era
from alliance_sim.registry.issues import ISSUE_TABLE

ROWS = data.table("eras")


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
    ],
)
def test_bad_rows_are_refused(monkeypatch: pytest.MonkeyPatch, column: str, value: str, message: str) -> None:
    rows = [{**row, column: value} if row["era"] == "2018" else row for row in ROWS]
    monkeypatch.setattr(eras, "table", lambda _: rows)
    with pytest.raises(InputError, match=r"eras\.csv") as caught:
        eras._eras()
    assert str(caught.value) == f"eras.csv: {message}"
