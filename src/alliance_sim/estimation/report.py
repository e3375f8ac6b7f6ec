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

__all__ = ["posterior_path", "read_posterior", "read_report", "report_path", "write_posterior", "write_report"]


def posterior_path() -> Path:
    """Return where the draws of the measurement model are.

    Examples
    --------
    >>> posterior_path().name
    'measurement.parquet'
    """
    return data_folder("calibration") / "posterior" / "measurement.parquet"


def report_path() -> Path:
    """Return where the report on the measurement model is.

    Examples
    --------
    >>> report_path().name
    'measurement.json'
    """
    return data_folder("calibration") / "report" / "measurement.json"


def write_posterior(rows: Mapping[str, NDArray[np.float64]], path: Path) -> None:
    """Write draws by column, in single precision.

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
    path.write_bytes(encoded(pa.table(columns)))


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
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_rounded({**read_report(path), **parts}), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _rounded(thing: Any) -> Any:
    if isinstance(thing, float):
        return round(thing, 4)
    if isinstance(thing, Mapping):
        return {name: _rounded(each) for name, each in thing.items()}
    return [_rounded(each) for each in thing] if isinstance(thing, list | tuple) else thing
