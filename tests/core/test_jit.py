"""The cache of compiled code notices every change of the core, and the core works without a writable folder."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import alliance_sim
from alliance_sim.compile import compile_scenario
from alliance_sim.compile.cache import load_kernel
from alliance_sim.core import jit
from alliance_sim.core.influence import confidence_weights
from alliance_sim.core.procedure import decide_draws
from alliance_sim.errors import InputError
from alliance_sim.scenarios import load_scenario

PACKAGE = Path(alliance_sim.__file__).parent
MOUNTS = (
    shutil.which("unshare") and not subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode
)

#: The stock of conciliation after a month of fading, and a decision: the kernel of the month and that of `decide`.
MONTH = """
import numpy as np
from alliance_sim.compile import compile_scenario
from alliance_sim.core import jit
from alliance_sim.core.kernel import run_block
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import load_scenario
program = compile_scenario(load_scenario("helsinki_2018"))
block = program.block(1, 0, 2, "monthly")
known = jit.is_compiled(run_block)
program.run(block, 1)
conciliation = block.output.outcomes[:, :, list(OUTCOMES).index("conciliation")].sum()
print(known, jit.is_compiled(run_block), float(conciliation), jit._FOLDER)
"""
DECISION = """
from alliance_sim.consensus import decide
from alliance_sim.core import jit
from alliance_sim.core.procedure import decide_draws
odds = decide([0.3, 0.5, 0.9], proposal=0.8, reversion=0.2, draws=200)
print(jit.is_compiled(decide_draws), repr(odds.adopted + odds.level), jit._FOLDER)
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
    assert jit._FOLDER.name == f"core-{jit.core_hash()}"
    for function in (decide_draws, confidence_weights):
        assert jit._FOLDER in Path(function.stats.cache_path).parents


def test_a_function_is_compiled_if_the_cache_has_it_for_this_place_of_the_package(tmp_path):
    """numba keeps code by the place of its file; that of another copy of the package is not used."""
    function = SimpleNamespace(py_func=decide_draws.py_func, stats=SimpleNamespace(cache_path=tmp_path / "here"))
    for folder in ("there", "here"):
        assert not jit.is_compiled(function)
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "procedure.decide_draws-1.py311.nbi").touch()
    assert jit.is_compiled(function)


def test_the_first_folder_that_can_be_written_or_has_the_code_is_used(tmp_path, monkeypatch):
    name = Path("alliance_sim", f"core-{jit.core_hash()}")
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, so that no folder can be made below it", encoding="utf-8")
    free = tmp_path / "free"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked))
    monkeypatch.setenv("XDG_CACHE_HOME", str(free))
    assert jit.cache_folder() == free / name
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert jit.cache_folder() == tmp_path / name

    for variable in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(variable, str(blocked))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    folder = jit.cache_folder()
    assert folder.is_relative_to(temporary) and not any(free.iterdir())
    (own,) = temporary.iterdir()
    assert own.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(jit.os, "getuid", lambda: own.stat().st_uid + 1)
    own.rename(temporary / f"alliance_sim-{own.stat().st_uid + 1}")
    if os.geteuid():  # what the superuser made is trusted
        with pytest.raises(InputError, match="belongs to another user; NUMBA_CACHE_DIR"):
            jit.cache_folder()
    monkeypatch.setattr(tempfile, "tempdir", str(blocked))
    with pytest.raises(InputError, match="no folder can be written for compiled code; NUMBA_CACHE_DIR or TMPDIR"):
        jit.cache_folder()


def test_code_in_a_folder_that_cannot_be_written_is_copied_once(tmp_path, monkeypatch):
    name = Path("alliance_sim", f"core-{jit.core_hash()}")
    image, free = tmp_path / "image", tmp_path / "free"
    kept = image / name / "core_0" / "kernel.run_block-1.py311.nbi"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"code")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(image))
    monkeypatch.setenv("XDG_CACHE_HOME", str(free))
    monkeypatch.setattr(jit, "_writable", lambda base: base != image)  # the superuser can write anywhere
    with ThreadPoolExecutor(8) as pool:
        folders = {future.result() for future in [pool.submit(jit.cache_folder) for _ in range(32)]}
    (folder,) = folders
    assert (folder / "core_0" / kept.name).read_bytes() == b"code"
    assert list((free / "alliance_sim").iterdir()) == [folder]
    # What a process left that was killed while it compiled is not taken for it, here or in the image.
    (free / name).mkdir()
    assert jit.cache_folder() == folder
    kept.unlink()
    assert jit.cache_folder() == free / name


READ_ONLY = """
set -e
mount --bind {image} {image}
mount -o remount,ro,bind {image}
for job in 1 2 3 4; do
  {python} -m alliance_sim run baseline_2025 --draws 4 --months 2 --json > {out}/$job.json 2> {out}/$job.err &
done
wait
"""


@pytest.mark.skipif(not MOUNTS, reason="needs to mount a folder")
def test_a_batch_on_a_read_only_cache_compiles_nothing(tmp_path):
    load_kernel(compile_scenario(load_scenario("baseline_2025")).run_first)  # it is in the cache now
    image, temporary = tmp_path / "image", tmp_path / "temporary"
    temporary.mkdir()
    shutil.copytree(jit._FOLDER, image / "alliance_sim" / jit._FOLDER.name)
    environment = {"NUMBA_CACHE_DIR": image, "XDG_CACHE_HOME": "/proc/none", "HOME": "/proc/none", "TMPDIR": temporary}
    script = READ_ONLY.format(image=image, python=sys.executable, out=tmp_path)
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", script], env={**os.environ, **{k: str(v) for k, v in environment.items()}}
    )
    assert done.returncode == 0
    results = [(tmp_path / f"{job}.json").read_bytes() for job in range(1, 5)]
    assert len(set(results)) == 1 and b"cohesion" in results[0]
    assert {(tmp_path / f"{job}.err").read_text() for job in range(1, 5)} == {""}  # "compiling the model" is said there
    kept = {path.name for path in jit._FOLDER.rglob("*.nbc")}
    assert {path.name for path in temporary.rglob("*.nbc")} == kept


@pytest.mark.full
def test_an_edit_of_a_function_called_by_the_kernel_is_noticed(tmp_path):
    folder = package(tmp_path)
    before = run(folder, DECISION)
    assert run(folder, DECISION) == before
    edit(folder, "procedure.py", "if level >= params[Param.adopted_share]", "if level >= 0.0")
    after = run(folder, DECISION)
    assert after[0] == "True" and after[1:] != before[1:]
    assert float(after[1]) > float(before[1])
    assert after[2] != before[2]
    edit(folder, "procedure.py", "if level >= 0.0", "if level >= params[Param.adopted_share]")
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
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    nowhere = {name: str(blocked) for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME")}
    known, value, where = run(folder, DECISION, **nowhere, TMPDIR=str(temporary))
    assert value == kept[1] and known == "True"
    assert Path(where).is_relative_to(temporary) and Path(where).is_dir()  # for the next process


def test_without_compiled_code_a_run_gives_the_same_numbers(tmp_path):
    short = ("run", "us_russia_reset_2025", "--draws", "1", "--months", "4", "--json")
    command = [sys.executable, "-m", "alliance_sim", *short]
    results = []
    for switch in ("0", "1"):
        done = subprocess.run(command, env={**os.environ, "NUMBA_DISABLE_JIT": switch}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        results.append({name: outcome["mean"] for name, outcome in json.loads(done.stdout)["outcomes"].items()})
    assert done.stderr == "running without compiled code, as the environment asks: a thousand times slower\n"
    for name, mean in results[0].items():
        # One minus a number close to one keeps fewer digits than that.
        np.testing.assert_allclose(results[1][name], mean, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.full
def test_processes_that_begin_together_compile_once(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "alliance_sim", "run", "baseline_2025", "--draws", "2", "--months", "2", "--json"]
    jobs = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)
    ]
    results = {job.communicate()[0] for job in jobs}
    assert len(results) == 1 and all(job.returncode == 0 for job in jobs)
    code = list(tmp_path.rglob("kernel.run_block-*.nbc"))
    assert len(code) == 1, code  # each that compiles writes a file of its own
