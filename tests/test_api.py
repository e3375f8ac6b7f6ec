import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import alliance_sim

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", alliance_sim.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(alliance_sim, name) is not None
    assert name in dir(alliance_sim)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'simulat'"):
        alliance_sim.simulat  # noqa: B018


def test_public_modules_can_be_imported() -> None:
    from alliance_sim import consensus, dynamics

    assert callable(dynamics.friedkin_johnsen) and callable(consensus.decide)


def test_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert alliance_sim.__version__ == project["version"]


def test_results_of_another_process_are_the_same_bytes() -> None:
    code = (
        "import alliance_sim as als; e = als.simulate('helsinki_2018', 5, 7); print(e.output.outcomes.tobytes().hex())"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", code], cwd=ROOT / "src", capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert outputs == {alliance_sim.simulate("helsinki_2018", 5, 7).output.outcomes.tobytes().hex().encode() + b"\n"}
