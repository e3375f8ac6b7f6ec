"""The statements and the leanings of governments, each coded by two coders."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from alliance_sim.calibration.leanings import CODERS, leanings, mean_lean
from alliance_sim.calibration.statements import evidence_csv, statements
from alliance_sim.data import data_folder, table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERAS

Run = Callable[[str, int, str, str], str]


def test_the_evidence_joins_the_sheet_to_both_codings() -> None:
    shipped = (data_folder("calibration") / "evidence.csv").read_text(encoding="utf-8")
    assert evidence_csv() == shipped
    sheet = table("coding/statements_sheet")
    assert [(row["id"], row["pass"]) for row in statements()] == [(row["id"], each) for row in sheet for each in "12"]


def test_every_paragraph_has_a_statement_or_a_reason_why_not() -> None:
    documents = yaml.safe_load((data_folder("calibration") / "documents.yaml").read_text(encoding="utf-8"))
    every = {(each["document"], str(n)) for each in documents for n in range(1, each["paragraphs"] + 1)}
    stated = {(row["document"], row["paragraph"]) for row in statements()}
    without = {(row["document"], row["paragraph"]) for row in table("coding/paragraphs")}
    assert stated | without == every and not stated & without
    labels = {each["document"]: each["label"] for each in documents}
    assert all(row["id"].startswith(f"{labels[row['document']]}-") for row in statements())


def test_every_government_has_a_leaning_from_each_coder() -> None:
    wanted = {(ally, era) for ally in ALLIES for era in ERAS} | {("USA", "2024")}
    sheet = [(row["actor"], row["era"]) for row in table("coding/lean_sheet")]
    assert set(sheet) == wanted and len(sheet) == len(wanted)
    assert all([(row["actor"], row["era"]) for row in leanings(coder)] == sheet for coder in CODERS)
    dated = [re.findall(r"\bof \w* ?(20\d\d)", row["reason"]) for coder in CODERS for row in leanings(coder)]
    assert max(int(year) for years in dated for year in years) == 2025


def test_the_mean_lean_is_that_of_both_coders() -> None:
    codes = [int(row["lean"]) for coder in CODERS for row in leanings(coder) if row["actor"] == "HUN"]
    assert sum(codes) / 2 == sum(mean_lean("HUN", era) for era in ERAS)
    with pytest.raises(InputError, match=r"lean_a\.csv: there is no row with actor 'XYZ', era '2018'"):
        mean_lean("XYZ", "2018")


@pytest.fixture
def spoilt(tmp_path: Path) -> Run:
    """Return what is said of the tables after one cell of a copy has been changed."""

    def run(name: str, line: int, column: str, value: str) -> str:
        folder = tmp_path / "calibration"
        shutil.copytree(data_folder("calibration"), folder, dirs_exist_ok=True)
        path = folder / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or ()), list(reader)
        rows[line - 2][column] = value
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        code = (
            "from alliance_sim.calibration.leanings import leanings\n"
            "from alliance_sim.calibration.statements import evidence_csv, statements\n"
            "from alliance_sim.errors import InputError\n"
            "try: evidence_csv(), statements(), leanings('a'), leanings('b')\n"
            "except InputError as error: print(error)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "ALLIANCE_SIM_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.strip()

    return run


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("evidence", "document", "002", r"document: '002' is unknown; allowed: 000_\w+, 001_\w+$"),
        ("evidence", "paragraph", "6", r"paragraph: '6' does not exist; allowed: 1 to 5$"),
        ("evidence", "actors", "POL;XYZ", r"actors: 'XYZ' is no ally or group; allowed: USA\.leader, .*$"),
        (
            "evidence",
            "actors",
            "low_spenders",
            r"actors: 'low_spenders' is no group of 2024; allowed: USA\.leader, .*$",
        ),
        ("evidence", "construct", "threat", r"construct: 'threat' is unknown; allowed: position, .*$"),
        ("evidence", "issue", "sanction", r"issue: 'sanction' is unknown; allowed: .* \(nearest: sanctions\)$"),
        ("evidence", "era", "2019", r"era: '2019' is unknown; allowed: 2014, 2018, 2024, 2025.*$"),
        ("evidence", "level", "6", r"level: '6' is unknown; allowed: empty, 1, 2, 3, 4, 5$"),
        ("evidence", "direction", "2", r"direction: '2' is unknown; allowed: empty, -1, 0, 1$"),
        ("evidence", "certainty", "", r"certainty: '' is unknown; allowed: high, medium, low$"),
        ("evidence", "record", "C130;C999", r"record: 'C999' is no item; allowed: ids of consensus_record\.csv$"),
        ("evidence", "pass", "2", r"id: 'A-01 2' is in line 2 already; allowed: one row each$"),
        ("coding/lean_b", "actor", "SLO", r"actor: 'SLO' is unknown; allowed: USA, .*$"),
        ("coding/lean_b", "lean", "0", r"lean: '0' is unknown; allowed: 1, 2, 3, 4, 5$"),
        ("coding/lean_b", "reason", "", r"reason: '' is too short; allowed: a line that names a source$"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(spoilt: Run, name: str, column: str, value: str, said: str) -> None:
    lines = spoilt(name, 2, column, value).splitlines()
    where = re.escape(f"{name}.csv:{3 if column == 'pass' else 2}: ")
    assert any(re.match(where + said, line) for line in lines), lines
    assert all(line.startswith(f"{name}.csv:") for line in lines)


def test_a_statement_that_a_coder_left_out_is_named(spoilt: Run) -> None:
    said = spoilt("coding/statements_b", 2, "id", "A-99")
    assert said == "coding/statements_b.csv: id: 'A-01' has no code; allowed: the ids of statements_sheet.csv"


def test_a_table_without_mistakes_says_nothing(spoilt: Run) -> None:
    assert spoilt("evidence", 2, "certainty", "low") == ""
