"""The public figures: codes, ranges, membership by date."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime

import numpy as np
import pytest

from alliance_sim.calibration.facts import NEVER, aid_by_kind, facts, neutral_standing
from alliance_sim.data import data_folder, find_row, number, table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.fields import month_number

N = len(ALLIES)
#: The last day of which the data may speak.
HORIZON = datetime(2025, 6, 22)
GRADES = {"verified", "recalled", "approximate", "judgement"}
MONTH = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])")
DAY = re.compile(
    r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) 20\d\d\b"
)


def at(iso3: str) -> int:
    return ALLY_INDEX[iso3]


MEMBERS = [("2014-01", 28), ("2018-07", 29), ("2020-04", 30), ("2023-05", 31), ("2024-04", 32)]
UNION = [("2013-06", 23), ("2018-07", 24), ("2020-01", 24), ("2020-02", 23)]


@pytest.mark.parametrize(("date", "count"), MEMBERS)
def test_members_of_the_alliance_by_date(date: str, count: int) -> None:
    assert (facts("2018").accession <= month_number(date)).sum() == count


@pytest.mark.parametrize(("date", "count"), UNION)
def test_allies_in_the_union_by_date(date: str, count: int) -> None:
    month = month_number(date)
    figures = facts("2025")
    assert ((figures.eu_join <= month) & (month < figures.eu_leave)).sum() == count


def test_months_count_from_1970() -> None:
    assert (month_number("1970-01"), month_number("1949-08"), month_number("2018-07")) == (0, -245, 582)
    assert facts("2018").eu_leave[at("POL")] == facts("2018").eu_join[at("NOR")] == NEVER


@pytest.mark.parametrize("era", ERAS)
def test_figures_are_complete_and_in_range(era: str) -> None:
    figures = facts(era)
    for field in dataclasses.fields(figures):
        value = getattr(figures, field.name)
        if isinstance(value, np.ndarray):
            assert np.isfinite(value).all() and not value.flags.writeable, field.name
            assert value.shape in ((N,), (N, N), (3,))
    for shares in (figures.us_share, figures.dependence, figures.exposure, figures.ties):
        assert ((shares >= 0) & (shares <= 1)).all()
    assert (figures.gdp > 0).all() and (figures.population > 0).all() and figures.gdp.argmax() == 0
    assert figures.dependence[0] == 0 and (figures.dependence[1:] > 0).all()
    assert figures.g7.sum() == 6
    tiles = {*zip(figures.tile_col, figures.tile_row, strict=True), *figures.other_tiles.values()}
    assert len(tiles) == N + 2


def test_affinity_counts_shared_groupings() -> None:
    affinity = facts("2025").affinity
    assert (affinity == affinity.T).all() and (affinity.diagonal() == 0).all() and (affinity >= 0).all()
    assert affinity[at("EST"), at("LVA")] > affinity[at("EST"), at("ESP")] > 1
    assert affinity[at("USA"), at("MKD")] == 1
    assert affinity[at("GRC"), at("TUR")] < 1
    assert facts("2018").affinity[at("GBR"), at("NLD")] > affinity[at("GBR"), at("NLD")]


def test_standing_of_neutrals_follows_their_gdp() -> None:
    assert neutral_standing("g7", "2025") == pytest.approx((4026 / 29185) ** 0.4)
    assert 0 < neutral_standing("eu_council", "2025") < 1
    assert neutral_standing("nac", "2025") == 0


def test_figures_of_the_eras_differ_where_they_should() -> None:
    before, after = facts("2018"), facts("2025")
    assert (before.aid0 == after.aid0).all() and after.aid0[at("EST")] == pytest.approx(2.448 * 12 / 35)
    assert (before.accession == after.accession).all() and (before.exposure == after.exposure).all()
    poland = at("POL")
    assert (before.spending0[poland], after.spending0[poland]) == (2.02, 4.12)
    first = facts("2014")
    assert first.spending0[poland] == 1.88 and (first.dependence == before.dependence).all()
    assert before.ties[at("ITA")] > 0.5 > after.ties[at("ITA")]
    assert after.ties[at("HUN")] > 0.7 and after.exposure[at("EST")] > 0.9 > 0.1 > after.exposure[at("CAN")]


def test_us_shares_of_aid_follow_from_the_table() -> None:
    rows = {row["donor"]: row for row in table("facts/ukraine_support")}

    def share(*columns: str) -> float:
        by_donor = {name: sum(number(row, column) for column in columns) for name, row in rows.items()}
        return by_donor["USA"] / sum(by_donor.values())

    military, economic, _ = facts("2025").us_share
    assert military == pytest.approx(share("military_eur_bn"), abs=1e-3)
    assert economic == pytest.approx(share("financial_eur_bn", "humanitarian_eur_bn"), abs=1e-3)


#: Hand-computed: total % of GDP * 12 / 35, times the share of military in all euros: 0.71 / 0.77 for Estonia,
#: 64.134 / 114.898 for the United States, 0 / 0.054 for Hungary; North Macedonia is not tracked.
AID = [("EST", 0.77391, 0.06541), ("USA", 0.11157, 0.08831), ("HUN", 0.0, 0.012), ("MKD", 0.0, 0.0)]


@pytest.mark.parametrize(("iso3", "expected_military", "expected_other"), AID)
def test_military_and_other_aid(iso3: str, expected_military: float, expected_other: float) -> None:
    military, other = aid_by_kind()
    assert military[at(iso3)] == pytest.approx(expected_military, abs=1e-5)
    assert other[at(iso3)] == pytest.approx(expected_other, abs=1e-5)


def test_military_and_other_aid_add_up_to_all_aid() -> None:
    military, other = aid_by_kind()
    np.testing.assert_allclose(military + other, facts("2025").aid0, rtol=1e-12)
    assert not military.flags.writeable and not other.flags.writeable


def eu_aid(kind: str, counted_in: str) -> float:
    rows = table("facts/eu_institutions")
    return sum(number(row, "eur_bn") for row in rows if (row["kind"], row["counted_in"]) == (kind, counted_in))


@pytest.mark.parametrize("kind", ["military", "financial", "humanitarian"])
def test_instruments_of_the_union_add_up_to_its_row_among_donors(kind: str) -> None:
    union = find_row("facts/ukraine_support", donor="EU")
    assert eu_aid(kind, "eu") == pytest.approx(number(union, f"{kind}_eur_bn"), abs=0.05)


def test_share_of_the_union_in_european_aid() -> None:
    europe = {row["iso3"] for row in table("facts/actors") if row["europe"] == "1"} - {"TUR"}
    donors = [row for row in table("facts/ukraine_support") if row["donor"] in europe]
    assert len(donors) == 26
    members = {
        kind: sum(number(row, f"{kind}_eur_bn") for row in donors) for kind in ("military", "financial", "humanitarian")
    }
    economic = eu_aid("financial", "eu") + eu_aid("humanitarian", "eu")
    # 49.0 of 69.2 bn; all arms are counted with members, whom the facility refunds a tenth of them.
    assert economic / (economic + members["financial"] + members["humanitarian"]) == pytest.approx(0.708, abs=1e-3)
    assert eu_aid("military", "eu") == 0
    assert 0.08 < eu_aid("military", "members") / members["military"] < 0.12


def test_instruments_of_the_union_have_known_kinds_and_months() -> None:
    rows = table("facts/eu_institutions")
    assert len({row["instrument"] for row in rows}) == len(rows)
    for row in rows:
        assert row["kind"] in ("military", "financial", "humanitarian"), row
        assert row["counted_in"] in ("eu", "members", "apart"), row
        assert MONTH.fullmatch(row["begins"]) and MONTH.fullmatch(row["ends"]), row
        assert "2022-02" <= row["begins"] <= row["ends"] <= "2024-12", row
        assert 0 < number(row, "eur_bn", None) < 50, row


def test_budgets_of_2025_have_known_keys_and_plausible_figures() -> None:
    rows = table("facts/budgets_2025")
    keys = [(row["iso3"], row["quantity"], row["year"], row["announced"]) for row in rows]
    assert len(set(keys)) == len(keys)
    spending = dict(zip(ALLIES, facts("2025").spending0, strict=True))
    for row in rows:
        assert row["iso3"] in ALLIES and MONTH.fullmatch(row["announced"]), row
        assert "2024-01" <= row["announced"] <= "2025-06", row
        figure, before = number(row, "pct_gdp", None), spending[row["iso3"]]
        match row["quantity"]:
            case "level_2025":
                assert row["year"] == "2025" and abs(figure - before) <= 1.25, row
            case "target":
                assert row["year"] == "" or 2025 <= int(row["year"]) <= 2035, row
                assert before - 0.1 < figure <= 6, row
            case quantity:
                assert quantity == "borrowing_rule" and row["iso3"] == "DEU" and 0 < figure < 2, row


def test_responses_to_2022_have_known_keys_and_plausible_figures() -> None:
    rows = table("facts/response_2022")
    keys = [(row["iso3"], row["announced"]) for row in rows]
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert row["iso3"] in ALLIES and row["what"], row
        assert MONTH.fullmatch(row["announced"]) and "2022-02" <= row["announced"] <= "2022-06", row
        assert row["pct_gdp"] == "" or 1 <= number(row, "pct_gdp") <= 3, row
        assert row["year"] == "" or (row["pct_gdp"] and 2022 <= int(row["year"]) <= 2035), row


def test_tables_use_known_codes_and_name_their_sources() -> None:
    codes = {*ALLIES, "RUS", "UKR", "EU"}
    for path in (data_folder("calibration") / "facts").glob("*.csv"):
        for row in table(f"facts/{path.stem}"):
            assert row["source"] and row["confidence"] in GRADES, row
            assert row.get("iso3", row.get("donor", "USA")) in codes
    years = {int(row["year"]) for row in table("facts/defence_spending")}
    assert years == set(range(2014, 2025))


def test_nothing_is_later_than_the_horizon() -> None:
    assert all(row["date"] <= "2025-06" for row in table("facts/conduct"))
    days = {
        day
        for path in (data_folder("calibration") / "facts").glob("*.csv")
        for day in DAY.findall(path.read_text(encoding="utf-8"))
    }
    assert "22 June 2025" in days
    assert {day for day in days if datetime.strptime(day, "%d %B %Y") > HORIZON} == set()


def test_the_guide_lists_every_table_of_facts_and_no_other() -> None:
    folder = data_folder("calibration")
    guide = (folder / "README.md").read_text(encoding="utf-8")
    section = guide.partition("## Tables of facts\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+\.csv)` \|", section, re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (folder / "facts").glob("*.csv"))


def test_unknown_era_and_bad_numbers_are_refused() -> None:
    with pytest.raises(InputError, match=r"2024.*2014, 2018, 2025"):
        facts("2024")
    with pytest.raises(InputError, match=r"gdp.*'many'"):
        number({"iso3": "POL", "gdp": "many"}, "gdp")
    with pytest.raises(InputError, match=r"gdp: '' is not a number, in row 'POL'"):
        number({"iso3": "POL", "gdp": ""}, "gdp", missing=None)


def test_a_missing_row_is_named() -> None:
    assert find_row("facts/russia_ties", iso3="POL", era="2018")["expulsions"] == "4"
    with pytest.raises(InputError, match=r"facts/russia_ties.csv: there is no row with iso3 'XYZ', era '2018'"):
        find_row("facts/russia_ties", iso3="XYZ", era="2018")
