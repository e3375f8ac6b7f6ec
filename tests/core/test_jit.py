"""The cache of compiled code notices every change of the core, and the core works without a writable folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim.core import jit
from alliance_sim.core.influence import confidence_weights
from alliance_sim.core.procedure import decide_draws

PACKAGE = Path(alliance_sim.__file__).parent

#: The stock of conciliation after a month of fading, and a decision: the kernel of the month and that of `decide`.
MONTH = """
import numpy as np
from alliance_sim.compile import compile_scenario
from alliance_sim.core import jit
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import load_scenario
program = compile_scenario(load_scenario("helsinki_2018"))
block = program.block(1, 0, 2, "monthly")
known = jit.is_compiled("run_block")
program.run(block, 1)
conciliation = block.output.outcomes[:, :, list(OUTCOMES).index("conciliation")].sum()
print(known, jit.is_compiled("run_block"), float(conciliation), jit._FOLDER)
"""
DECISION = """
from alliance_sim.consensus import decide
from alliance_sim.core import jit
odds = decide([0.3, 0.5, 0.9], proposal=0.8, reversion=0.2, draws=200)
print(jit.is_compiled("decide_draws"), repr(odds.adopted + odds.level), jit._FOLDER)
"""


def package(folder: Path) -> Path:
    """A copy of the package with its data, to be edited."""
    shutil.copytree(PACKAGE, folder / "alliance_sim", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def edit(folder: Path, module: str, old: str, new: str) -> None:
    path = folder / "alliance_sim" / "core" / module
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (module, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(folder: Path, code: str, **environment: str) -> list[str]:
    from alliance_sim.data import data_folder

    cache = {"NUMBA_CACHE_DIR": str(folder / "cache")}
    data = folder / "data"
    for kind in ("scenarios", "calibration"):
        if not (data / kind).exists():
            shutil.copytree(data_folder(kind), data / kind)
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(folder), "ALLIANCE_SIM_DATA": str(data), **cache, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_the_hash_covers_every_file_of_the_core(tmp_path, monkeypatch):
    """The kernel calls functions of other files, while numba itself checks the file of the kernel only."""
    core = tmp_path / "core"
    shutil.copytree(Path(jit.__file__).parent, core, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(jit, "__file__", str(core / "jit.py"))
    assert len(list(core.glob("*.py"))) >= 10
    known = {jit.core_hash()}
    for path in sorted(core.glob("*.py")):
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        found = jit.core_hash()
        assert found not in known, path.name
        known.add(found)


def test_compiled_code_is_kept_in_the_folder_of_this_version_of_the_core():
    folder = jit.CACHE_BASE / "alliance_sim" / f"core-{jit.core_hash()}"
    for function in (decide_draws, confidence_weights):
        assert folder in Path(function._cache.cache_path).parents
    assert not jit.is_compiled("no_such_function")


def test_the_first_writable_folder_is_used(tmp_path, monkeypatch):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, so that no folder can be made below it", encoding="utf-8")
    free = tmp_path / "free"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked))
    monkeypatch.setenv("XDG_CACHE_HOME", str(free))
    assert jit.cache_base() == free
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert jit.cache_base() == tmp_path
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, str(blocked))
    own = jit.cache_base()
    try:
        assert own.is_dir() and blocked not in own.parents
        assert not any(free.iterdir())
    finally:
        own.rmdir()


@pytest.mark.full
def test_an_edit_of_a_function_called_by_the_kernel_is_noticed(tmp_path):
    folder = package(tmp_path)
    before = run(folder, DECISION)
    assert run(folder, DECISION) == before
    edit(folder, "procedure.py", "_ADOPTED_SHARE = 0.85", "_ADOPTED_SHARE = 0.5")
    after = run(folder, DECISION)
    assert after[0] == "True" and after[1:] != before[1:]
    assert float(after[1]) > float(before[1])
    assert after[2] != before[2]
    edit(folder, "procedure.py", "_ADOPTED_SHARE = 0.5", "_ADOPTED_SHARE = 0.85")
    assert run(folder, DECISION) == before


@pytest.mark.full
def test_an_edit_of_a_mechanism_is_noticed(tmp_path):
    folder = package(tmp_path)
    first = run(folder, MONTH)
    second = run(folder, MONTH)
    assert (first[0], second[0]) == ("False", "True")
    assert second[1:] == first[1:]
    edit(folder, "derived.py", "return 2.0 ** (-1.0 / half_life)", "return 3.0 ** (-1.0 / half_life)")
    third = run(folder, MONTH)
    assert third[0] == "False" and third[2] != first[2]


@pytest.mark.full
def test_the_core_works_without_a_writable_folder(tmp_path):
    folder = package(tmp_path)
    kept = run(folder, DECISION)
    blocked = tmp_path / "blocked"
    blocked.write_text("", encoding="utf-8")
    nowhere = {name: str(blocked) for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME")}
    known, value, where = run(folder, DECISION, **nowhere)
    assert value == kept[1]
    assert not Path(where).exists()  # a temporary folder, removed with the process
    assert known == "True"
