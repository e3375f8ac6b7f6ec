"""An ally, and a document of a new era, are rows of tables: nothing else changes."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alliance_sim.data import data_folder

pytestmark = pytest.mark.full

#: The least that a thirty-third ally needs; its other figures count as unknown.
ALLY = {
    "facts/actors": [
        {
            "iso3": "XYZ",
            "name": "Exland",
            "nato_accession": "2020-01",
            "g7": "0",
            "europe": "1",
            "population_2018_m": "2.0",
            "population_2024_m": "2.0",
            "gdp_2018_usd_bn": "20",
            "gdp_2024_usd_bn": "30",
            "distance_moscow_km": "1500",
            "tile_col": "9",
            "tile_row": "9",
        }
    ],
    "facts/russia_ties": [{"iso3": "XYZ", "era": era} for era in ("2018", "2025")],
    **{
        f"coding/lean_{coder}": [
            {"actor": "XYZ", "era": era, "lean": "3", "reason": "Programme of the government of 2017", "sure": "no"}
            for era in ("2018", "2025")
        ]
        for coder in "ab"
    },
    "facts/us_presence": [{"iso3": "XYZ", "era": era} for era in ("2018", "2025")],
}
#: A document of a new era whose allies are otherwise coded as in another.
ERA = {
    "eras": [
        {
            "era": "2016",
            "label": "after Crimea",
            "actors": "all",
            "coded_as": "2018",
            "fact_year": "2016",
            "leadership": "washington_2016",
            "assertiveness": "0.4",
            "war": "0.2",
            "aid_need": "0",
        }
    ],
    "evidence": [
        {
            "id": "C-01",
            "document": "002_of_2016",
            "paragraph": "1",
            "actors": "visegrad",
            "construct": "threat_perception",
            "era": "2016",
            "level": "1",
            "certainty": "high",
            "pass": "1",
            "paraphrase": "The four see little danger",
        }
    ],
}
SCENARIO = """
name: mine
title: A title
description: What it is about.
era: 2016
start: 2016-01
months: 12
sources: [hypothetical]
events: [{month: 3, type: leadership_change, ally: USA, stance: washington_2018, source: hypothetical}]
"""

#: In place of a new fit: columns that joint draws need on top are copies of others of their kind.
FITTED = """
import pyarrow.parquet as pq
from alliance_sim.calibration.posterior import actor_columns, parameter_columns

for name, more in (("rows", parameter_columns()), ("measurement", ())):
    path = f"calibration/posterior/{name}.parquet"
    table = pq.read_table(path)
    for column in {*actor_columns(), *more} - {*table.column_names}:
        like = next(each for each in table.column_names if each.split(".")[0] == column.split(".")[0])
        table = table.append_column(column, table[like])
    pq.write_table(table, path)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data folders."""
    for kind in ("scenarios", "calibration"):
        shutil.copytree(data_folder(kind), tmp_path / kind)
    return tmp_path


def add(folder: Path, rows: dict[str, list[dict[str, str]]]) -> None:
    """Add rows to tables; cells not given are empty."""
    for name, added in rows.items():
        path = folder / "calibration" / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns, found = list(reader.fieldnames or ()), list(reader)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows([*found, *added])


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "ALLIANCE_SIM_DATA": str(folder)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_thirty_third_ally_takes_part(folder: Path) -> None:
    add(folder, ALLY)
    run(folder, "-c", FITTED)
    code = "import alliance_sim as als; print(*als.simulate('baseline_2025', 5).data['ally'].values)"
    allies = run(folder, "-c", code).split()
    assert len(allies) == 33 and allies[-1] == "XYZ"
    report = json.loads(run(folder, "-m", "alliance_sim", "run", "baseline_2025", "--draws", "5", "--json"))
    assert report["draws"] == 5
    assert "XYZ" in run(folder, "-m", "alliance_sim", "schema")


def test_a_scenario_of_a_new_era_runs(folder: Path) -> None:
    add(folder, ERA)
    (folder / "mine.yaml").write_text(SCENARIO, encoding="utf-8")
    assert "mine.yaml: ok" in run(folder, "-m", "alliance_sim", "check", "mine.yaml")
    run(folder, "-c", FITTED)
    report = json.loads(run(folder, "-m", "alliance_sim", "run", "mine.yaml", "--draws", "5", "--json"))
    assert report["draws"] == 5
