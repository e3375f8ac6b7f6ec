"""What the fits leave behind: draws of the posterior and a report, in the calibration folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alliance_sim.data import data_folder
from alliance_sim.results.parquet import encoded
from alliance_sim.results.stored import write_file

__all__ = [
    "LEAST_SHIFT",
    "LEAST_SHRINKAGE",
    "behaviour_path",
    "is_informed",
    "new_report",
    "posterior_path",
    "read_posterior",
    "read_report",
    "report_path",
    "write_posterior",
    "write_report",
]


#: An unknown is informed if its standard deviation fell by this share, or its mean moved by that many (judgement).
LEAST_SHRINKAGE, LEAST_SHIFT = 0.1, 0.25


def is_informed(entry: Mapping[str, Any]) -> bool:
    """Return whether the record informs an unknown, by its entry in the report on behaviour.

    Examples
    --------
    >>> is_informed({"shrinkage": 0.02, "shift": -0.5}), is_informed({"shrinkage": 0.02, "shift": 0.1})
    (True, False)
    """
    return bool(entry["shrinkage"] >= LEAST_SHRINKAGE or abs(entry["shift"]) >= LEAST_SHIFT)


def posterior_path(folder: Path | None = None) -> Path:
    """Return where the draws of the measurement model are, by default in the calibration folder of the project.

    Examples
    --------
    >>> posterior_path().name
    'measurement.parquet'
    """
    return (folder or data_folder("calibration")) / "posterior" / "measurement.parquet"


def report_path(folder: Path | None = None) -> Path:
    """Return where the report on the measurement model is, by default in the calibration folder of the project.

    Examples
    --------
    >>> report_path().name
    'measurement.json'
    """
    return (folder or data_folder("calibration")) / "report" / "measurement.json"


def behaviour_path(folder: Path | None = None) -> Path:
    """Return where the report on the fit of behaviour is, by default in the calibration folder of the project.

    Examples
    --------
    >>> behaviour_path().name
    'behaviour.json'
    """
    return (folder or data_folder("calibration")) / "report" / "behaviour.json"


def write_posterior(rows: Mapping[str, NDArray[np.float64]], path: Path) -> None:
    """Write draws by column, in single precision; the file appears whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow.parquet as pq
    >>> path = Path(tempfile.mkdtemp()) / "posterior" / "draws.parquet"
    >>> write_posterior({"threat.EST.2025": np.array([0.5, 0.75])}, path)
    >>> pq.read_table(path).to_pydict()
    {'threat.EST.2025': [0.5, 0.75]}
    """
    import pyarrow as pa

    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: pa.array(values.astype(np.float32)) for name, values in rows.items()}
    write_file(path, encoded(pa.table(columns)))


def read_posterior(path: Path) -> dict[str, NDArray[np.float64]]:
    """Return draws by column.

    Examples
    --------
    >>> len(read_posterior(posterior_path())["threat.EST.2025"])
    2000
    """
    import pyarrow.parquet as pq

    rows = pq.read_table(path)
    return {name: rows[name].to_numpy().astype(np.float64) for name in rows.column_names}


def read_report(path: Path) -> dict[str, Any]:
    """Return the parts of a report; empty if there is none yet.

    Examples
    --------
    >>> read_report(Path("no such report"))
    {}
    """
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def new_report(path: Path, **parts: Any) -> None:
    """Write a report that has these parts alone; the file appears whole or not at all.

    Examples
    --------
    >>> new_report(Path("report.json"), a=1)
    >>> new_report(Path("report.json"), b=2.123456)
    >>> read_report(Path("report.json"))
    {'b': 2.1235}
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_rounded(parts), indent=1, ensure_ascii=False)
    write_file(path, f"{text}\n".encode())


def write_report(path: Path, **parts: Any) -> None:
    """Add parts to a report, or replace them.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "report.json"
    >>> write_report(path, a=1)
    >>> write_report(path, b=2.123456)
    >>> read_report(path)
    {'a': 1, 'b': 2.1235}
    """
    new_report(path, **{**read_report(path), **parts})


def _rounded(thing: Any) -> Any:
    if isinstance(thing, float):
        return round(thing, 4)
    if isinstance(thing, Mapping):
        return {name: _rounded(each) for name, each in thing.items()}
    return [_rounded(each) for each in thing] if isinstance(thing, list | tuple) else thing
