"""The command calibrate: stages, what is kept for another run, and how it ends."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest

from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.estimation import stages, tables
from alliance_sim.estimation.convergence import Refused
from alliance_sim.estimation.work import data_hash, work_folder
from command_line import ROOT, Shell

EXTRA = importlib.util.find_spec("numpyro") is not None
NEEDS_EXTRA = pytest.mark.skipif(not EXTRA, reason="needs the extra 'calibration'")

Stage = Callable[[Path, Path, int, Callable[[str], None]], None]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, ...]:
    return ("--out", str(tmp_path / "out"), "--work", str(tmp_path / "work"))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path, Path, int]]:
    """Which stages ran, in place of their fits."""
    found: list[tuple[str, Path, Path, int]] = []

    def stage(name: str) -> Stage:
        def work(out: Path, work: Path, seed: int, say: Callable[[str], None]) -> None:
            found.append((name, out, work, seed))
            say(f"{len(found)} so far")

        return work

    monkeypatch.setattr("alliance_sim.cli.commands.calibrate.find_spec", lambda name: name)
    for name in stages.STAGES:
        monkeypatch.setitem(stages.STAGES, name, stage(name))
    return found


def raising(error: BaseException) -> Stage:
    def stage(out: Path, work: Path, seed: int, say: Callable[[str], None]) -> None:
        raise error

    return stage


# Which stages run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["measure", "behaviour", "report"]),
        (("--stage", "checks"), ["checks"]),
        (("--stage", "coverage", "--stage", "measure", "--stage", "coverage"), ["measure", "coverage"]),
    ],
)
def test_stages_run_once_in_their_order(
    arguments: tuple[str, ...],
    expected: list[str],
    shell: Shell,
    folders: tuple[str, ...],
    ran: list[tuple[str, Path, Path, int]],
    tmp_path: Path,
) -> None:
    status, out, err = shell("calibrate", *arguments, *folders, "--seed", "7")
    assert status == 0
    assert ran == [(name, tmp_path / "out", tmp_path / "work" / data_hash(), 7) for name in expected]
    assert [line.split(":")[0] for line in out.splitlines() if "done in" in line] == expected
    assert [line.split() for line in err.splitlines()] == [
        ["0.0", "min", f"{name}:", str(number), "so", "far"] for number, name in enumerate(expected, 1)
    ]


def test_without_out_the_calibration_folder_of_the_project_is_written(
    shell: Shell, ran: list[tuple[str, Path, Path, int]], tmp_path: Path
) -> None:
    assert shell("calibrate", "--stage", "report", "--work", str(tmp_path))[0] == 0
    assert [out for _, out, _, _ in ran] == [data_folder("calibration")]


def test_commands_that_the_report_names_exist() -> None:
    named = [tables.MEASURE, tables.BEHAVIOUR, tables.CHECKS, tables.REFITS, tables.RANKS, tables.COVERAGE]
    named += [tables.DISPUTES, tables.FOLDS]
    assert {command.removeprefix("alliance-sim calibrate --stage ") for command in named} == {*stages.STAGES} - {
        "report"
    }


def test_the_report_is_written_after_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stages.STAGES, "ranks", lambda *arguments: None)
    stages.run("ranks", tmp_path / "out", tmp_path, 0, print)
    assert (tmp_path / "out" / "report" / "README.md").read_text(encoding="utf-8").startswith("# Calibration report")


def test_the_stage_report_needs_no_extra(shell: Shell, folders: tuple[str, ...], tmp_path: Path) -> None:
    status, out, err = shell("calibrate", "--stage", "report", *folders)
    written = "".join(out.splitlines()[1:])
    assert (status, err) == (0, "") and written == f"Written: {tmp_path / 'out' / 'report'}"


# How it ends


@pytest.mark.skipif(EXTRA, reason="the extra is installed")
@pytest.mark.parametrize("stage", [(), ("--stage", "checks"), ("--stage", "report", "--stage", "ranks")])
def test_without_the_extra_one_message_says_what_to_install(
    stage: tuple[str, ...], shell: Shell, folders: tuple[str, ...], tmp_path: Path
) -> None:
    message = "calibrate needs numpyro, jax, arviz; install with: pip install 'alliance_sim[calibration]'\n"
    assert shell.bad("calibrate", *stage, *folders) == message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--stage", "mesure"), "--stage: 'mesure' is not a stage (nearest: measure); allowed: measure, behaviour"),
        (("--seed", "-1"), "seed: -1 is out of range; allowed: a whole number from 0 to 4294967295"),
        (("--stage", "report", "--work", "/proc/work"), "/proc/work: cannot be written ("),
        (("--stage", "report", "--out", "/proc/out"), "/proc/out: cannot be written ("),
    ],
)
def test_wrong_arguments_are_one_message(
    arguments: tuple[str, ...], message: str, shell: Shell, folders: tuple[str, ...], tmp_path: Path
) -> None:
    err = shell.bad("calibrate", *folders, *arguments)
    assert err.startswith(message) and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("ran")
def test_a_refused_fit_is_exit_1_with_its_reason(
    shell: Shell, folders: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(stages.STAGES, "measure", raising(Refused("nothing is written: why")))
    assert shell("calibrate", *folders) == (1, "", "nothing is written: why\n")


@pytest.mark.usefixtures("ran")
def test_a_full_disk_is_one_message(shell: Shell, folders: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stages.STAGES, "measure", raising(OSError(28, "No space left on device")))
    out, work = folders[1], folders[3]
    message = f"{out} or {work}: cannot be written (No space left on device)\n"
    assert shell.bad("calibrate", *folders) == message


@pytest.mark.usefixtures("ran")
def test_an_interrupt_says_that_work_is_kept(
    shell: Shell, folders: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(stages.STAGES, "behaviour", raising(KeyboardInterrupt()))
    status, out, err = shell("calibrate", *folders)
    assert status == 130 and out.startswith("measure: done in") and "Written" not in out
    assert err.splitlines()[-1] == "interrupted: goes on where it stopped when run again"


def test_an_interrupt_ends_a_stage_that_does_not_look_for_it(tmp_path: Path) -> None:
    code = """
import sys, time
from alliance_sim import cli
from alliance_sim.cli.commands import calibrate
from alliance_sim.estimation import stages

def stage(out, work, seed, say):
    say("begun")
    time.sleep(100)

calibrate.find_spec = lambda name: name
stages.STAGES["measure"] = stage
cli.main(["calibrate", "--stage", "measure", *sys.argv[1:]])
"""
    run = subprocess.Popen(
        [sys.executable, "-c", code, "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None and "begun" in run.stderr.readline()
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=20)
    assert (run.returncode, out, err) == (130, "", "interrupted: goes on where it stopped when run again\n")
    with work_folder(tmp_path / "work"):
        pass  # the lock went with the process


@pytest.mark.usefixtures("ran")
def test_two_at_once_are_refused(shell: Shell, folders: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with filelock.FileLock(tmp_path / "work" / ".lock"):
        err = shell.bad("calibrate", *folders)
    assert err == f"{tmp_path / 'work'}: another process is calibrating there; allowed: one at a time\n"
    assert shell("calibrate", *folders)[0] == 0


@pytest.mark.parametrize("stage", ["checks", "behaviour", "coverage"])
def test_a_stage_that_needs_draws_says_which_stage_makes_them(stage: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file; allowed: --stage measure first, which writes it$"):
        stages.STAGES[stage](tmp_path, tmp_path, 0, print)


# Real fits, very short


TINY = """
import sys
from alliance_sim import cli
from alliance_sim.estimation import stages
stages.FITTED, stages.COMPARED, stages.SETS = (2, 5), (1, 5), 1
if sys.argv[1] == "good":
    stages.shortcomings = lambda diagnostics: None
cli.main(["calibrate", *sys.argv[2:]])
"""


def tiny(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TINY, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stderr


@NEEDS_EXTRA
def test_measure_writes_nothing_after_a_fit_that_is_too_short(folders: tuple[str, ...], tmp_path: Path) -> None:
    status, err = tiny("bad", "--stage", "measure", *folders)
    assert status == 1, err
    assert "worst split R-hat" in err
    assert err.splitlines()[-1].startswith("nothing is written: the fit did not converge: ")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]


@NEEDS_EXTRA
@pytest.mark.full
def test_measure_goes_on_with_what_it_kept(folders: tuple[str, ...], tmp_path: Path) -> None:
    assert tiny("good", "--stage", "measure", *folders)[0] == 0
    draws = tmp_path / "out" / "posterior" / "measurement.parquet"
    report = tmp_path / "out" / "report" / "measurement.json"
    before = draws.read_bytes(), report.read_bytes()
    draws.unlink()
    status, err = tiny("good", "--stage", "measure", *folders)
    assert status == 0 and "same data and seed as before" in err
    assert (draws.read_bytes(), report.read_bytes()) == before


@NEEDS_EXTRA
@pytest.mark.full
def test_ctrl_c_during_a_fit_ends_it_at_once(folders: tuple[str, ...]) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "alliance_sim", "calibrate", "--stage", "measure", *folders],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None and "4 chains of 1000 draws" in run.stderr.readline()
    threading.Event().wait(60.0)  # by then it samples
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=5)
    assert (run.returncode, out, err) == (130, "", "interrupted: goes on where it stopped when run again\n")
