import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from alliance_sim import checks
from alliance_sim.errors import InputError


@pytest.mark.parametrize("value", [1, 5, np.int64(3), np.uint8(1)])
def test_whole_numbers_within_bounds_are_returned_as_ints(value: object) -> None:
    found = checks.whole_number("n", value, 1, 5)
    assert found == value and type(found) is int


@pytest.mark.parametrize("value", [0, 6, 2.0, "2", True, np.bool_(True), None, np.array([1, 2])])
def test_other_values_are_no_whole_numbers(value: object) -> None:
    with pytest.raises(InputError, match=r"^n: .* is out of range; allowed: a whole number from 1 to 5"):
        checks.whole_number("n", value, 1, 5)


def test_a_whole_number_may_have_no_upper_bound() -> None:
    assert checks.whole_number("n", 10**30, 0) == 10**30
    with pytest.raises(InputError, match="n: -1 is out of range; allowed: a whole number of 0 or more"):
        checks.whole_number("n", -1, 0)


def test_an_unknown_outcome_is_refused_with_the_nearest_name() -> None:
    assert checks.outcome_name("cohesion") == "cohesion"
    with pytest.raises(InputError, match=r"'cohesio' is not an outcome \(nearest: cohesion\); allowed: cohesion, "):
        checks.outcome_name("cohesio")


def test_a_folder_with_files_is_not_vacant(tmp_path: Path) -> None:
    checks.vacant(tmp_path)
    checks.vacant(tmp_path / "new")
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(InputError, match="exists and is not an empty folder; allowed: a new or empty one"):
            checks.vacant(path)


def test_a_size_above_the_free_space_is_refused(tmp_path: Path) -> None:
    checks.writable(tmp_path / "file", 10)
    with pytest.raises(InputError, match=r"takes about 1,000,000,000\.00 GB; allowed: up to "):
        checks.writable(tmp_path / "file", 10**18)
    assert not list(tmp_path.iterdir())


def test_more_than_the_memory_is_refused() -> None:
    checks.memory(10, 8, "something")
    with pytest.raises(InputError, match=r"rows: .* rows of something take .* GB; allowed: up to .* machine, or less"):
        checks.memory(10**12, 10**6, "something", ", or less", "rows")


def test_checks_load_no_numerical_library() -> None:
    code = (
        "import sys, alliance_sim.checks; "
        "sys.exit(bool({'numba', 'numpy', 'pandas', 'pyarrow', 'xarray'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_file_that_is_write_protected_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("kept", encoding="utf-8")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write to any file
    with pytest.raises(InputError, match=r"report\.html: cannot be written \(it is write-protected\)"):
        checks.writable(path)
    assert path.read_text(encoding="utf-8") == "kept"
