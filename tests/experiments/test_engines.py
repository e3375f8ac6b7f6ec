"""Sweeps by the command line in real processes: threads, clusters, schedulers; killed, interrupted, refused."""

import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim.errors import InputError
from alliance_sim.experiments import engines
from alliance_sim.experiments.runner import LOCK

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENT = """
name: small
title: A small sweep
description: Two policies over a few futures.
scenario: {scenario}
sources: [none]
uncertainties:
  threat_reversion: {{uniform: [0.05, 0.1]}}
  susceptibility: {{uniform: [0.2, 0.5]}}
levers:
  president: {{usual: {{}}, strong: {{parameters: {{initial_autonomy: 0.95}}}}}}
design: {{method: lhs, points: {points}}}
replications: {draws}
seed: 7
keep: {keep}
"""
#: One month: what is tested here is what goes on around the runs.
SCENARIO = """
name: short
title: A month
description: One month with one meeting.
era: "2025"
start: 2025-06
months: {months}
sources: [none]
meetings:
- month: 2025-06
  forum: nac
  title: A meeting
  source: none
  agenda: [{{issue: sanctions, proposed: 0.6, reversion: 0.1, text: T, source: none}}]
"""

pytest.importorskip("distributed", reason="the engine dask comes with the extra cluster")


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    alliance_sim.simulate("baseline_2018", 1)


def written(folder: Path, points: int = 40, draws: int = 50, keep: str = "final", months: int = 1) -> Path:
    """Write an experiment: as it stands 4,000 runs in eight tasks."""
    (folder / "short.yaml").write_text(SCENARIO.format(months=months))
    path = folder / "small.yaml"
    path.write_text(EXPERIMENT.format(scenario="./short.yaml", points=points, draws=draws, keep=keep))
    return path


def start(
    *arguments: object, module: str = "alliance_sim", before: Callable[[], object] | None = None
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        preexec_fn=before, start_new_session=True,
    )  # fmt: skip


def ended(process: "subprocess.Popen[str]", status: int = 0) -> str:
    """What a command printed, on stderr if it failed."""
    out, err = process.communicate(timeout=1200)
    assert process.returncode == status and "Traceback" not in err, err
    return err if status else out


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a sweep; the lock is no result."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def done(folder: Path) -> dict[str, tuple[int, int]]:
    """Which files there are of tasks that are done: the same inode and time mean the same writing."""
    marks = [path.stem for path in folder.glob("parts/done/*.json")]
    parts = [path for path in folder.glob("parts/*/*") if path.stem in marks and not path.name.startswith(".")]
    return {str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in parts}


def wait_for(count: int, folder: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until so many tasks are done."""
    while len(list(folder.glob("parts/done/*.json"))) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    path = written(folder)
    out = ended(start("sweep", path, "--out", folder / "out"))
    assert out.startswith("small: 2 variants x 40 points x 50 draws = 4,000 runs; keeps final, about ")
    assert "short+usual 2,000 0 short+strong 2,000 0" in " ".join(out.split())
    return path, content(folder / "out")


def test_killed_again_and_again_a_sweep_ends_with_the_same_bytes(
    undisturbed: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    path, whole = undisturbed
    out = tmp_path / "out"
    for count in (1, 3):
        process = start("sweep", path, "--out", out, "--resume")
        wait_for(count, out, process)
        kill(process)
        kept = done(out)
    ended(start("sweep", path, "--out", out, "--resume"))
    assert content(out) == whole
    assert kept.items() <= done(out).items()


def test_ctrl_c_keeps_finished_tasks_and_names_the_way_to_resume(
    undisturbed: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    path, whole = undisturbed
    out = tmp_path / "out"
    process = start("sweep", path, "--out", out)
    wait_for(2, out, process)
    process.send_signal(signal.SIGINT)
    err = ended(process, 130)
    assert err.startswith(f"interrupted: {runs_in(out):,} of 4,000 runs are kept in ") and err.endswith("--resume\n")
    kept = done(out)
    assert kept and not (out / "manifest.json").exists()
    assert "holds a sweep already; allowed: --resume" in ended(start("sweep", path, "--out", out), 2)
    ended(start("sweep", path, "--out", out, "--resume"))
    assert content(out) == whole and kept.items() <= done(out).items()


def test_a_changed_experiment_is_refused_with_the_changes(
    undisturbed: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    path, _ = undisturbed
    shutil.copytree(path.parent, tmp_path, dirs_exist_ok=True)
    other = tmp_path / path.name
    other.write_text(path.read_text().replace("seed: 7", "seed: 8"))
    err = ended(start("sweep", other, "--out", tmp_path / "out", "--resume"), 2)
    assert "holds another sweep: seed was 7, is 8; points differs;" in err and err.count("\n") == 1


def test_a_folder_deleted_during_a_sweep_stays_deleted(tmp_path: Path) -> None:
    path, out = written(tmp_path, points=400), tmp_path / "out"
    process = start("sweep", path, "--out", out)
    wait_for(1, out, process)
    out.rename(tmp_path / "moved")
    err = ended(process, 2)
    assert err == f"{out}: is missing; it was deleted or moved during the sweep, or a worker has no access to it\n"
    assert not out.exists()
    # The folder that was moved can be continued, and a new one begun.
    ended(start("sweep", path, "--out", tmp_path / "moved", "--resume"))
    ended(start("sweep", path, "--out", out, "--resume"))
    assert content(out) == content(tmp_path / "moved")


def test_a_new_title_does_not_keep_a_sweep_from_going_on(
    undisturbed: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    path, whole = undisturbed
    process = start("sweep", path, "--out", tmp_path / "out")
    wait_for(2, tmp_path / "out", process)
    kill(process)
    kept = done(tmp_path / "out")
    shutil.copy(path.parent / "short.yaml", tmp_path / "renamed.yaml")
    text = path.read_text().replace("A small sweep", "Another title").replace("[none]", "[some, more]")
    text = text.replace("name: small", "name: large").replace("short.yaml", "renamed.yaml")
    scenario = (tmp_path / "renamed.yaml").read_text()
    (tmp_path / "renamed.yaml").write_text(scenario.replace("A meeting", "Another").replace("One month", "A month"))
    (tmp_path / "large.yaml").write_text(text)
    ended(start("sweep", tmp_path / "large.yaml", "--out", tmp_path / "out", "--resume"))
    found = content(tmp_path / "out")
    assert kept and kept.items() <= done(tmp_path / "out").items()
    assert {name for name in whole if found[name] != whole[name]} == {"plan.json", "manifest.json"}
    assert '"title": "Another title"' in found["plan.json"].decode()


def test_two_processes_cannot_use_one_folder(undisturbed: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    path, whole = undisturbed
    out = tmp_path / "out"
    first = start("sweep", path, "--out", out)
    wait_for(1, out, first)
    first.send_signal(signal.SIGSTOP)
    err = ended(start("sweep", path, "--out", out, "--resume"), 2)
    first.send_signal(signal.SIGCONT)
    assert err == f"{out}: another process is running a sweep there; allowed: one at a time\n"
    ended(first)
    assert content(out) == whole


def test_files_that_cannot_grow_leave_a_sweep_to_go_on_with(
    undisturbed: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    path, whole = undisturbed
    out = tmp_path / "out"
    limit = max(len(data) for name, data in whole.items() if name.startswith("parts/runs")) - 1
    assert limit > max(len(whole["plan.json"]), len(whole["points.parquet"]))
    process = start("sweep", path, "--out", out, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit,) * 2))
    err = ended(process, 2)
    assert err.startswith(f"{out}: cannot be written (File too large)\n") and err.endswith("--resume\n")
    assert not list(out.glob("parts/*/.*"))
    ended(start("sweep", path, "--out", out, "--resume"))
    assert content(out) == whole


def test_a_cluster_of_this_machine_gives_the_same_bytes(
    undisturbed: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    path, whole = undisturbed
    ended(start("sweep", path, "--out", tmp_path / "out", "--engine", "dask", "--workers", 1))
    assert content(tmp_path / "out") == whole


def test_a_missing_scheduler_is_reported_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert engines.PATIENCE <= 10
    monkeypatch.setattr(engines, "PATIENCE", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(InputError, match=f"^scheduler: {address} cannot be reached .*; allowed: tcp://HOST:PORT$"):
        alliance_sim.sweep(written(tmp_path), tmp_path / "out", engine="dask", scheduler=address)
    assert not (tmp_path / "out").exists()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def scheduler(
    folder: Path,
) -> Iterator[tuple[str, Callable[[], "subprocess.Popen[str]"], "subprocess.Popen[str]"]]:
    """A scheduler started by hand: its address, what starts a worker of it, and its process."""
    address = f"tcp://127.0.0.1:{free_port()}"
    processes = [start("--host", address, "--no-dashboard", "--no-jupyter", module="distributed.cli.dask_scheduler")]

    def worker() -> "subprocess.Popen[str]":
        processes.append(
            start(address, "--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", folder,
                  module="distributed.cli.dask_worker")
        )  # fmt: skip
        return processes[-1]

    try:
        yield address, worker, processes[0]
    finally:
        for process in reversed(processes):
            kill(process)


@pytest.mark.full
def test_workers_started_by_hand_and_one_killed_give_the_same_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, points=150)
    ended(start("sweep", path, "--out", tmp_path / "local"))
    out = tmp_path / "out"
    with scheduler(tmp_path / "dask") as (address, worker, _):
        first, _ = worker(), worker()
        process = start("sweep", path, "--out", out, "--engine", "dask", "--scheduler", address)
        wait_for(8, out, process)
        kill(first)
        kept = done(out)
        ended(process)
    assert content(out) == content(tmp_path / "local") and kept.items() <= done(out).items()


@pytest.mark.full
def test_a_scheduler_without_workers_is_reported(tmp_path: Path) -> None:
    with scheduler(tmp_path) as (address, *_):
        process = start(
            "sweep", written(tmp_path), "--out", tmp_path / "out", "--engine", "dask", "--scheduler", address
        )
        assert "has no workers; start one" in ended(process, 2)


@pytest.mark.full
def test_a_scheduler_that_dies_is_reported_as_such(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with scheduler(tmp_path / "dask") as (address, worker, died):
        worker()
        path = written(tmp_path, points=2000)
        process = start("sweep", path, "--out", out, "--engine", "dask", "--scheduler", address)
        wait_for(2, out, process)
        kill(died)
        lost, kept = ended(process, 2).splitlines()
    assert lost == "dask: the connection to the scheduler was lost" and kept.endswith("--resume")
    # Its worker may finish what it was at.
    assert 400 <= int(kept.partition(" of 200,000 runs are kept in ")[0].replace(",", "")) <= runs_in(out)


def runs_in(folder: Path) -> int:
    """How many runs the parts have."""
    return sum(json.loads(path.read_text())["parts"]["runs"]["rows"] for path in folder.glob("parts/done/*.json"))


@pytest.mark.full
def test_ctrl_c_ends_a_cluster_with_the_sweep(tmp_path: Path) -> None:
    path, out = written(tmp_path, points=150), tmp_path / "out"
    process = start("sweep", path, "--out", out, "--engine", "dask")
    wait_for(5, out, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    err = ended(process, 130)
    assert err.startswith(f"interrupted: {runs_in(out):,} of 15,000 runs are kept in ")
    assert err.endswith("--resume\n") and err.count("\n") == 1


@pytest.mark.full
def test_two_hundred_thousand_runs_killed_ten_times(tmp_path: Path) -> None:
    path = written(tmp_path, points=1000, draws=100)
    ended(start("sweep", path, "--out", tmp_path / "undisturbed"))
    out, moments, kept = tmp_path / "out", random.Random(5), dict[str, tuple[int, int]]()
    for kill_number in range(10):
        process = start("sweep", path, "--out", out, "--resume")
        # A random moment: some time after a random one of the 200 tasks.
        wait_for(18 * kill_number + moments.randint(1, 16), out, process)
        time.sleep(moments.uniform(0.0, 0.5))
        kill(process)
        assert not (out / "manifest.json").exists()
        assert kept.items() <= done(out).items()
        kept = done(out)
    ended(start("sweep", path, "--out", out, "--resume"))
    assert kept.items() <= done(out).items()
    assert content(out) == content(tmp_path / "undisturbed")


PEAK = """
import sys
from alliance_sim import cli
try:
    cli.main(sys.argv[1:])
finally:
    with open("/proc/self/status") as status:
        print(*(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.full
def test_memory_does_not_grow_with_runs(tmp_path: Path) -> None:
    peaks = []
    for points in (100, 500):  # 20,000 runs and 100,000
        out = tmp_path / str(points)
        done = subprocess.run(
            [sys.executable, "-c", PEAK, "sweep", written(tmp_path, points, 100), "--out", out],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    assert peaks[1] - peaks[0] < 10, peaks  # MB; the tables of the further runs alone take more
    assert peaks[1] < 1024, peaks
