from alliance_sim.data import table
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX, EUROPEANS, USA, eu_allies


def test_allies_come_in_the_order_of_their_table() -> None:
    assert ALLIES[USA] == "USA" and len(ALLIES) == len(ALLY_INDEX)
    assert [row["iso3"] for row in table("facts/actors")] == [*ALLIES, "RUS", "UKR"]


def test_europeans_are_all_but_the_two_across_the_atlantic() -> None:
    assert tuple(ally for ally in ALLIES if ally not in ("USA", "CAN")) == EUROPEANS


def test_members_of_the_union_change_with_the_month() -> None:
    assert set(eu_allies("2013-07")) - set(eu_allies("2013-06")) == {"HRV"}
    assert set(eu_allies("2020-01")) - set(eu_allies("2020-02")) == {"GBR"}
    assert not {"USA", "NOR", "TUR"} & set(eu_allies("2025-06"))
