"""The public figures: codes, ranges, membership by date."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from alliance_sim.calibration.facts import NEVER, facts, neutral_standing
from alliance_sim.data import data_folder, find_row, number, table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.fields import month_number

N = len(ALLIES)


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


def test_tables_use_known_codes_and_name_their_sources() -> None:
    codes = {*ALLIES, "RUS", "UKR", "EU"}
    grades = {"verified", "recalled", "approximate", "judgement"}
    for path in (data_folder("calibration") / "facts").glob("*.csv"):
        for row in table(f"facts/{path.stem}"):
            assert row["source"] and row["confidence"] in grades, row
            assert row.get("iso3", row.get("donor", "USA")) in codes
    years = {int(row["year"]) for row in table("facts/defence_spending")}
    assert years == set(range(2014, 2025))


def test_nothing_is_later_than_the_horizon() -> None:
    assert all(row["date"] <= "2025-06" for row in table("facts/conduct"))


def test_unknown_era_and_bad_numbers_are_refused() -> None:
    with pytest.raises(InputError, match=r"2024.*2014, 2018, 2025"):
        facts("2024")
    with pytest.raises(InputError, match=r"gdp.*'many'"):
        number({"iso3": "POL", "gdp": "many"}, "gdp")
    with pytest.raises(InputError, match=r"gdp: '' is not a number, in row 'POL'"):
        number({"iso3": "POL", "gdp": ""}, "gdp", missing=None)


def test_a_missing_row_is_named() -> None:
    assert find_row("facts/russia_ties", iso3="POL", era="2018")["lean"] == "-1"
    with pytest.raises(InputError, match=r"facts/russia_ties.csv: there is no row with iso3 'XYZ', era '2018'"):
        find_row("facts/russia_ties", iso3="XYZ", era="2018")
