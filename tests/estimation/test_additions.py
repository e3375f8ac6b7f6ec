"""An ally, and a document of a new era, are rows of tables for the measurement model."""

from __future__ import annotations

import csv
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from alliance_sim.data import data_folder

pytestmark = pytest.mark.full

NEEDS_EXTRA = pytest.mark.skipif(importlib.util.find_spec("numpyro") is None, reason="needs the extra 'calibration'")

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
    "priors/measurement": [
        {"quantity": "shift_2016", "family": "normal", "center": "0", "spread": "0.1", "reason": "judgement: none"}
    ],
    "coding/statements_sheet": [
        {
            "id": "C-01",
            "document": "000_29d8c5b926a5a488",
            "paragraph": "1",
            "actors": "visegrad",
            "era": "2016",
            "paraphrase": "The four see little danger",
        }
    ],
    **{
        f"coding/statements_{coder}": [
            {"id": "C-01", "construct": "threat_perception", "level": "1", "certainty": "high"}
        ]
        for coder in "ab"
    },
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
SHORT_FIT = """
from alliance_sim.estimation.measurement import fit
from alliance_sim.estimation.report import posterior_path, write_posterior
write_posterior(fit(chains=1, samples=200, warmup=200).rows, posterior_path())
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


def means(folder: Path) -> dict[str, float]:
    """Fit the measurement model shortly, and return the means of what it wrote."""
    run(folder, "-m", "alliance_sim.calibration.statements")
    # A short fit has not converged, and `measure` would not write it.
    run(folder, "-c", SHORT_FIT)
    rows = pq.read_table(folder / "calibration" / "posterior" / "measurement.parquet")
    return {name: float(rows[name].to_numpy().mean()) for name in rows.column_names}


@NEEDS_EXTRA
def test_a_thirty_third_ally_is_rows_of_tables(folder: Path) -> None:
    add(folder, ALLY)
    found = means(folder)
    assert {f"threat.XYZ.{era}" for era in ("2014", "2018", "2025")} <= found.keys()
    assert 0.3 < found["threat.XYZ.2025"] < 0.9
    assert "XYZ" in run(folder, "-m", "alliance_sim", "schema")


@NEEDS_EXTRA
def test_a_document_of_a_new_era_is_rows_of_tables(folder: Path) -> None:
    add(folder, ERA)
    found = means(folder)
    assert found["threat.POL.2016"] < found["threat.POL.2018"] - 0.05
    (folder / "mine.yaml").write_text(SCENARIO, encoding="utf-8")
    assert "mine.yaml: ok" in run(folder, "-m", "alliance_sim", "check", "mine.yaml")
    assert "C-01" in run(folder, "-m", "alliance_sim", "evidence", "POL", "--era", "2016", "--all")
