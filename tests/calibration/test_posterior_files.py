"""Files of rows: what is refused in them, and with which message."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alliance_sim import data
from alliance_sim.calibration.posterior import parameter_columns, read_rows, rows_of, table_of
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.registry.eras import ERAS, LEADERS

FOLDER = data_folder("calibration") / "posterior"


def test_the_manifest_tells_of_the_files() -> None:
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    names = ("rows", "measurement")
    assert manifest["rows"] == {name: pq.read_metadata(FOLDER / f"{name}.parquet").num_rows for name in names}
    assert {"fit", "seed", "data", "versions"} <= set(manifest)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 5e6


def replaced(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        at = table.column_names.index(name)
        return table.set_column(at, name, pa.array(change(table.column(at).to_numpy().copy())))

    return changed


def with_value(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(values: np.ndarray) -> np.ndarray:
        values[3] = value
        return values

    return change


def and_column(name: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.append_column(name, table.column("pledge"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda table: table.drop_columns(["pledge"]),
            "pledge: the column is missing; allowed: all of calibration/README.md",
        ),
        (lambda table: table.drop_columns(["threat.HUN.2025"]), "threat.HUN.2025: the column is missing"),
        (and_column("pledg"), r"'pledg' is no column of it \(nearest: pledge\)"),
        (and_column("initial_autonomy"), "'initial_autonomy' is no column of it"),
        (and_column("departure.HUN.sanction.2025"), "'departure.HUN.sanction.2025' is no column"),
        (and_column("departure.HUN.sanctions.2024"), "'departure.HUN.sanctions.2024' is no column"),
        (and_column("pledge"), "pledge: there are two columns of that name"),
        (
            and_column("intercept.sanctions.2014"),
            "intercept.sanctions.2014: is a part of a curve; allowed: intercept, ",
        ),
        (replaced("pledge", with_value(np.nan)), "pledge: nan in row 3; allowed: 0 to 1"),
        (replaced("pledge", with_value(1.01)), "pledge: 1.01 in row 3; allowed: 0 to 1"),
        (replaced("threat.HUN.2025", with_value(-0.1)), "threat.HUN.2025: -0.1 in row 3; allowed: 0 to 1"),
        (replaced("residual.leader", with_value(-0.1)), "residual.leader: -0.1 in row 3"),
        (replaced("south.HUN", with_value(np.inf)), "south.HUN: inf in row 3; allowed: a number"),
        (replaced("pledge", lambda values: values.astype(int)), "pledge: holds int64; allowed: floating-point"),
        (replaced("pledge", lambda values: values.astype(str)), "pledge: holds string; allowed: floating-point"),
        (lambda table: table.slice(0, 0), "has no rows"),
    ],
)
def test_a_damaged_table_is_refused(damage: Callable[[pa.Table], pa.Table], message: str, tmp_path: Path) -> None:
    pq.write_table(damage(pq.read_table(FOLDER / "rows.parquet")), tmp_path / "rows.parquet")
    with pytest.raises(InputError, match=rf"^posterior/rows.parquet: {message}"):
        read_rows(tmp_path / "rows.parquet", parameters=True)


def test_a_null_is_refused(tmp_path: Path) -> None:
    table = pq.read_table(FOLDER / "measurement.parquet")
    values = pa.array([None, *table.column("south.HUN").to_pylist()[1:]], pa.float32())
    at = table.column_names.index("south.HUN")
    pq.write_table(table.set_column(at, "south.HUN", values), tmp_path / "measurement.parquet")
    with pytest.raises(InputError, match=r"measurement.parquet: south.HUN: nan in row 0"):
        read_rows(tmp_path / "measurement.parquet", parameters=False)


def test_a_bound_rounded_to_seven_digits_is_the_bound(tmp_path: Path) -> None:
    rounded = replaced("reset_flow", lambda values: np.full_like(values, np.float32(1.0) + np.float32(2**-23)))
    pq.write_table(rounded(pq.read_table(FOLDER / "rows.parquet")), tmp_path / "rows.parquet")
    rows = read_rows(tmp_path / "rows.parquet", parameters=True)
    assert (rows.values[:, rows.names.index("reset_flow")] == 1.0).all()


def test_parameters_have_no_place_among_measurements(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "rows.parquet", tmp_path / "measurement.parquet")
    with pytest.raises(InputError, match=r"measurement.parquet: '\w+' is no column of it"):
        read_rows(tmp_path / "measurement.parquet", parameters=False)


@pytest.mark.parametrize("damage", ["truncated", "a text", "missing"])
def test_a_file_that_is_not_whole_ends_a_command_with_one_message(damage: str, tmp_path: Path) -> None:
    for kind in ("scenarios", "calibration"):
        shutil.copytree(data_folder(kind), tmp_path / kind)
    file = tmp_path / "calibration" / "posterior" / "rows.parquet"
    data = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(data[:-1000] if damage == "truncated" else b"pledge\n0.5\n")
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim", "run", "baseline_2018", "--draws", "2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ALLIANCE_SIM_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and not done.stdout, done.stderr
    (line,) = done.stderr.splitlines()
    assert "posterior/rows.parquet: cannot be read (" in line


def test_results_are_tied_to_the_bytes_of_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(data_folder("calibration"), tmp_path / "calibration")
    monkeypatch.setattr(data, "data_folder", lambda kind: tmp_path / kind)
    hashes = [data.calibration_hash.__wrapped__()]
    for name in ("rows", "measurement"):
        file = tmp_path / "calibration" / "posterior" / f"{name}.parquet"
        file.write_bytes(file.read_bytes() + b"0")
        hashes.append(data.calibration_hash.__wrapped__())
    assert len(set(hashes)) == 3


def test_every_era_and_president_has_columns() -> None:
    names = set(table_of("posterior").names)
    assert {f"threat.EST.{era}" for era in ERAS} | {f"south.USA.leader.{era}" for era in LEADERS} <= names
    assert set(table_of("prior").names) == names - set(parameter_columns())
    assert rows_of("prior", 1, 0, 0).values.shape == (0, len(names) - len(parameter_columns()))
