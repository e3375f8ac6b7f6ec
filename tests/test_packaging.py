"""The wheel holds all code and data, and imports stay light."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("matplotlib", "mesa", "numba", "pandas", "pyarrow", "scipy", "xarray")


def run_python(code: str, folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "ALLIANCE_SIM_DATA"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


@pytest.mark.parametrize("kind", ["scenarios", "calibration", "questions"])
def test_wheel_holds_every_data_file(unpacked: Path, kind: str) -> None:
    def files(folder: Path) -> set[Path]:
        return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}

    assert files(unpacked / "alliance_sim" / "_data" / kind) == files(ROOT / kind)


def test_wheel_holds_every_package_file(unpacked: Path) -> None:
    source = ROOT / "src"
    wanted = [path for path in source.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    assert [path for path in wanted if not (unpacked / path.relative_to(source)).is_file()] == []


def test_wheel_alone_finds_its_data(unpacked: Path, tmp_path: Path) -> None:
    code = """
import alliance_sim
from alliance_sim.data import data_folder
print(alliance_sim.__file__)
print(data_folder("scenarios") / "baseline_2025.yaml")
print(data_folder("scenarios") / "experiments" / "european_levers_2025.yaml")
print(data_folder("calibration") / "facts" / "actors.csv")
print(data_folder("questions") / "outlook_2025.yaml")
"""
    found = [Path(line) for line in run_python(code, tmp_path, PYTHONPATH=str(unpacked)).splitlines()]
    assert all(path.is_file() and path.is_relative_to(unpacked) for path in found), found


@pytest.mark.parametrize(
    "code",
    [
        "import alliance_sim",
        "import alliance_sim.cli",
        "import alliance_sim; alliance_sim.load_scenario('baseline_2025')",
        "import alliance_sim; alliance_sim.load_experiment('european_levers_2025')",
        "import alliance_sim; alliance_sim.load_questions('outlook_2025')",
    ],
)
def test_no_heavy_library_is_loaded_before_it_is_needed(code: str, tmp_path: Path) -> None:
    report = "; import sys; print(*sorted(set(sys.argv[1:]) & set(sys.modules)))"
    assert run_python(code + report, tmp_path, *HEAVY, PYTHONPATH=str(ROOT / "src")).split() == []
