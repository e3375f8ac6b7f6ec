import csv

import pytest

from alliance_sim.data import data_folder
from alliance_sim.registry.actors import ALLIES, eu_allies


@pytest.mark.parametrize("month", ["2018-07", "2020-01", "2020-02", "2025-06"])
def test_european_union_agrees_with_the_facts(month: str) -> None:
    with (data_folder("calibration") / "facts" / "actors.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["iso3"]: row for row in csv.DictReader(file)}
    inside = [
        ally
        for ally in ALLIES
        if rows[ally]["eu_join"] and rows[ally]["eu_join"] <= month < (rows[ally]["eu_leave"] or "9999")
    ]
    assert list(eu_allies(month)) == inside
