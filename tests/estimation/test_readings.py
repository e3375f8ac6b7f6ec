"""Evidence and facts as arrays of the measurement model."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_sim.calibration.acts import readable
from alliance_sim.calibration.statements import LEVELED, statements
from alliance_sim.data import table
from alliance_sim.errors import InputError
from alliance_sim.estimation.readings import CURVES, SOUTH, THREAT, Data, Reading, boundaries, data
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERAS, LEADERS
from alliance_sim.registry.issues import ISSUES

DATA = data()


def readings(ident: str, found: Data = DATA) -> list[Reading]:
    return [reading for reading in found.readings if reading.id == ident]


@given(st.floats(0.01, 0.99))
def test_levels_of_a_position_follow_each_other_around_the_level_in_force(norm: float) -> None:
    found = boundaries(norm)
    assert found[0] > 0.0 and found[3] < 1.0
    assert all(low < high for low, high in pairwise(found))
    assert found[1] < norm < found[2]


def test_cells_are_complete_and_differ() -> None:
    assert len(set(THREAT)) == len(THREAT) == len(ERAS) * len(ALLIES) + len(LEADERS)
    assert len(set(SOUTH)) == len(SOUTH) == len(ALLIES) + len(LEADERS)
    assert len(CURVES) == 2 * len(ISSUES)


def test_every_coded_level_of_an_ally_or_of_washington_is_read() -> None:
    coded = {
        (row["id"], name, int(row["pass"]), int(row["level"]) - 1)
        for row in readable()
        if row["construct"] in LEVELED and row["level"]
        for name in row["actors"].split(";")
        if name not in ("RUS", "UKR")
    }
    read = {
        (reading.id, reading.actor, coder, level)
        for reading in DATA.readings
        for coder, level in enumerate(reading.levels, 1)
        if level >= 0
    }
    assert read == coded


def test_coders_who_take_a_statement_for_different_things_make_two_readings() -> None:
    first, second = (row for row in statements() if row["id"] == "A-18")
    assert (first["construct"], second["construct"]) == ("consensus", "position")
    assert {reading.levels for reading in readings("A-18")} == {(-1, int(second["level"]) - 1)}


def test_a_group_does_not_cover_members_that_the_document_names_apart() -> None:
    covered = {reading.id: reading.members for reading in DATA.readings if reading.group}
    assert not {"HUN", "SVK"} & set(covered["A-42"]) and {"HUN", "SVK"} <= set(covered["A-41"])
    again = data(left_out=("A-22",))
    assert {"HUN", "SVK"} <= set(readings("A-42", again)[0].members)


def test_weights_are_means_over_the_cells_of_the_era() -> None:
    assert DATA.threat.sum(axis=1) == pytest.approx(1.0) and DATA.south.sum(axis=1) == pytest.approx(1.0)
    for i, reading in enumerate(DATA.readings):
        eras = {THREAT[cell].rsplit(".", 1)[1] for cell in np.flatnonzero(DATA.threat[i])}
        washington = reading.actor == "USA.leader"
        assert eras == {reading.era if washington else {"2024": "2025"}.get(reading.era, reading.era)}


def test_departures_are_those_of_named_allies_and_of_washington() -> None:
    named = {name.split(".")[0] for name in DATA.departures}
    assert named == {"USA"} | {
        reading.actor for reading in DATA.readings if reading.actor in ALLIES and reading.target in ISSUES
    }
    assert all(name.split(".")[-2] in ISSUES for name in DATA.departures)
    assert DATA.president.sum() == sum("USA.leader" in name for name in DATA.departures)


def test_figures_are_standardised_and_spending_is_not_among_them() -> None:
    for number, name in enumerate(DATA.indicators):
        values = DATA.figure_value[number == DATA.figure]
        assert values.mean() == pytest.approx(0.0, abs=1e-12) and values.std() == pytest.approx(1.0), name
    assert DATA.indicators == ("expulsions.2018", "opinion.2018", "opinion.2025", "aid.2025")
    sized = DATA.figure_gdp[DATA.figure == 0]
    assert sized.std() == pytest.approx(1.0) and not DATA.figure_gdp[DATA.figure > 0].any()
    assert "opinion.USA.institutions.2018" in DATA.figure_names and "aid.USA.2025" not in DATA.figure_names


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("A-41", (1, 0, 0)),
        ("lean", (0, 97, 0)),
        ("lean.HUN", (0, 3, 0)),
        ("lean.HUN.2025", (0, 1, 0)),
        ("aid.EST.2025", (0, 0, 1)),
        ("opinion", (0, 0, 25)),
        ("C050", (0, 0, 31)),
    ],
)
def test_what_is_left_out_is_gone_and_nothing_else(name: str, gone: tuple[int, int, int]) -> None:
    found = data(left_out=(name,))
    missing = [
        len(getattr(DATA, part)) - len(getattr(found, part)) for part in ("readings", "lean_names", "figure_names")
    ]
    assert tuple(missing) == gone


def test_an_item_of_the_record_takes_its_statements_with_it() -> None:
    sheets = (*table("coding/statements_sheet"), *table("facts/conduct"))
    reported = {row["id"] for row in sheets if "C058" in row["record"].split(";")}
    found = data(left_out=("C058",))
    before, after = ({reading.id for reading in each.readings} for each in (DATA, found))
    assert before - after == reported & before and {"B-25", "B-38", "CN-12", "CN-13"} <= reported


def test_one_coder_can_be_left_out() -> None:
    assert {reading.levels[0] for reading in readings("A-22", data(left_out=("A-22.1",)))} == {-1}


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match=r"left_out: 'A-999' is unknown; allowed: ids of statements"):
        data(left_out=("A-999",))
