"""Failures around a run: interrupts, disks, folders, streams, terminals. Most commands run in their own process."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

import alliance_sim
from alliance_sim import cli, simulation
from alliance_sim.core import jit
from alliance_sim.errors import InputError
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import folder, plots
from alliance_sim.results.ensemble import load_ensemble
from alliance_sim.simulation import result_size, simulate

ROOT = Path(__file__).resolve().parents[1]
RUN = ("run", "baseline_2018", "--months", "6", "--draws", "100")


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    alliance_sim.simulate("baseline_2018", 1)


def start(*arguments: str, before: Callable[[], object] | None = None, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "alliance_sim", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", preexec_fn=before,
    )  # fmt: skip


def ended(run: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = run.communicate(timeout=200)
    assert "Traceback" not in err
    return run.returncode, out, err


def bad(*arguments: object, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exit:
        cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert (exit.value.code, out) == (2, "")
    return err


def test_ctrl_c_stops_a_run_at_once_and_leaves_no_files(tmp_path: Path) -> None:
    run = start(
        "run", "baseline_2025", "--draws", "50000", "--out", str(tmp_path / "out"), "--plot", str(tmp_path / "f.svg")
    )
    threading.Timer(4.0, run.send_signal, (signal.SIGINT,)).start()
    assert ended(run) == (130, "", "interrupted: nothing was written\n") and not list(tmp_path.iterdir())


@pytest.mark.parametrize("after", ["out", "plot"])
def test_ctrl_c_while_writing_lists_what_is_complete(
    after: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    if after == "plot":
        monkeypatch.setattr("matplotlib.figure.Figure.savefig", interrupt)
    else:
        monkeypatch.setattr(folder, "_write_view", interrupt)
    with pytest.raises(SystemExit) as exit:
        cli.main([*RUN, "--out", str(tmp_path / "out"), "--plot", str(tmp_path / "f.png")])
    kept = f"{tmp_path / 'out'} is complete" if after == "plot" else "nothing was written"
    assert exit.value.code == 130 and capsys.readouterr().err == f"interrupted: {kept}\n"
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if after == "plot" else [])


@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_a_disk_that_fills_up_loses_the_file_but_not_the_report(option: str, tmp_path: Path) -> None:
    target = tmp_path / ("out" if option == "--out" else "figure.png")
    limit = (10_000, 10_000)
    status, out, err = ended(
        start(*RUN, option, str(target), before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    )
    assert status == 2 and "Next: " in out and "Written" not in out
    assert err.startswith(f"{target}: cannot be written (") and "too large" in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_figure_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(self: object, file: BinaryIO, **options: object) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    old = tmp_path / "figure.svg"
    old.write_text("old")
    figure = simulate("baseline_2018", 2).plot("cohesion")
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fill)
    with pytest.raises(InputError, match="No space left"):
        plots.write(figure, old)
    assert old.read_text() == "old" and list(tmp_path.iterdir()) == [old]


def test_a_title_is_not_read_as_a_formula(tmp_path: Path) -> None:
    scenario = alliance_sim.load_scenario("baseline_2018")
    odd = alliance_sim.Scenario.validated({**dict(scenario), "title": r"Costs $\odd_{$"})
    simulate(odd, 2).plot("cohesion", tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size > 10_000


def test_results_larger_than_the_disk_are_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = alliance_sim.load_scenario("baseline_2025")
    written = sum(path.stat().st_size for path in simulate(scenario, 300).save(tmp_path / "out").iterdir())
    assert 0.5 < written / result_size(scenario, 300, "allies") < 1.1

    class Usage:
        free = 1_000_000

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    monkeypatch.setattr(simulation, "simulate", None)
    err = bad("run", "baseline_2025", "--draws", "300", "--out", tmp_path / "new", capsys=capsys)
    assert "takes about 0.0" in err and "allowed: up to 0.00 GB" in err


def test_paths_that_cannot_be_written_are_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "simulate", None)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    (tmp_path / "folder.png").mkdir()
    long = "a" * 300
    for option, path, message in [
        ("--out", "/proc/results", "/proc/results: cannot be written"),
        ("--out", tmp_path / "file", "exists and is not an empty folder"),
        ("--out", tmp_path / "full", "exists and is not an empty folder"),
        ("--out", tmp_path / "link", "exists and is not an empty folder"),
        ("--out", tmp_path / "file" / "below", "cannot be written (Not a directory)"),
        ("--out", tmp_path / long, "cannot be written (File name too long)"),
        ("--plot", "/proc/figure.png", "/proc/figure.png: cannot be written"),
        ("--plot", tmp_path / f"{long}.png", "cannot be written (File name too long)"),
        ("--plot", tmp_path / "folder.png", "is a folder; allowed: a file"),
        ("--plot", tmp_path / "figure", "no figure ends in ''; allowed: "),
        ("--plot", tmp_path / "figure.docx", "no figure ends in '.docx'; allowed: .png, .svg, .pdf\n"),
    ]:
        assert message in bad(*RUN, option, path, capsys=capsys), path
    assert "a single month" in bad(*RUN, "--months", "1", "--plot", tmp_path / "f.png", capsys=capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.png", "full", "link"]


def test_of_two_runs_into_one_folder_exactly_one_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "out"
    runs = [start(*RUN, "--seed", str(seed), "--out", str(target)) for seed in (1, 2)]
    outcomes = [ended(run) for run in runs]
    assert sorted(status for status, _, _ in outcomes) == [0, 2]
    (winner,) = [seed for seed, (status, _, _) in enumerate(outcomes, 1) if status == 0]
    (err,) = [err for status, _, err in outcomes if status == 2]
    assert err.startswith(f"{target}: ")
    assert load_ensemble(target).seed == winner and [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("variable", "value", "library"), [("NUMBA_NUM_THREADS", "0", "numba"), ("MPLBACKEND", "nonsense", "matplotlib")]
)
def test_a_setting_that_a_library_refuses_is_one_message(
    tmp_path: Path, variable: str, value: str, library: str
) -> None:
    status, out, err = ended(start(*RUN, "--plot", str(tmp_path / "f.png"), **{variable: value}))
    assert (status, out) == (2, "") and err.startswith(f"{library} does not start: ") and err.count("\n") == 1


def test_a_run_works_without_a_home_folder(tmp_path: Path) -> None:
    figure = tmp_path / "figure.png"
    homeless = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"), "/proc/none")
    status, _, _ = ended(start(*RUN, "--plot", str(figure), NUMBA_CACHE_DIR=str(jit._FOLDER.parents[1]), **homeless))
    assert status == 0 and figure.stat().st_size > 10_000


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("show", "baseline_2018"),
        ("show", "baseline_2018", "--json"),
        ("check", "baseline_2018"),
        ("schema",),
        RUN,
        ("compare", "baseline_2018", "helsinki_2018", "--draws", "2"),
        ("run", "--help"),
    ],
)
def test_output_that_cannot_be_written_is_an_error(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        run = start(*arguments, before=lambda: os.dup2(full.fileno(), 1) and None)
        assert ended(run) == (2, "", "standard output cannot be written (No space left on device)\n")


def test_other_errors_are_not_reported_as_errors_of_standard_output(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()

    def enter_and_remove() -> None:
        os.chdir(gone)
        gone.rmdir()

    status, out, err = ended(start("run", "baseline_2018", "--draws", "2", "--out", "x", before=enter_and_remove))
    assert (status, out) == (2, "") and "No such file or directory" in err and "standard output" not in err


def test_an_error_that_cannot_be_printed_keeps_its_exit_status() -> None:
    with Path("/dev/full").open("w") as full:
        run = start("check", "nofile.yaml", before=lambda: os.dup2(full.fileno(), 2) and None)
        assert ended(run) == (2, "", "")


@pytest.mark.parametrize("arguments", [("-h",), ("run", "-h")])
def test_help_into_a_closed_pipe_is_no_failure(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    run = start(*arguments, before=lambda: os.dup2(writer, 1) and None)
    os.close(writer)
    assert ended(run) == (0, "", "")


def test_a_full_disk_leaves_no_scenario_file(tmp_path: Path) -> None:
    def fill_disk() -> None:
        os.chdir(tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    assert ended(start("new", "mine", before=fill_disk)) == (
        2, "", "mine.yaml: the file cannot be written (File too large)\n"
    )  # fmt: skip
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("module", ["alliance_sim.cli", "pydantic", "alliance_sim.results.ensemble", "numba", "pandas"])
def test_ctrl_c_while_libraries_load_is_an_interrupt(module: str) -> None:
    code = f"""
import os, runpy, signal, sys
class Interrupt:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["alliance-sim", "run", "baseline_2018", "--draws", "2"]
runpy.run_module("alliance_sim", run_name="__main__")
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, encoding="utf-8", timeout=200,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (130, "") and run.stderr.startswith("interrupted")
    assert run.stderr.count("\n") == 1


def test_the_command_starts_where_interrupts_are_caught() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"alliance-sim": "alliance_sim.__main__:main"}


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_commands_work_with_closed_streams(closed: tuple[int, ...]) -> None:
    status, out, err = ended(start("list", before=lambda: [os.close(stream) for stream in closed]))
    assert (status, err) == (0, "") and bool(out) == (1 not in closed)


def test_commands_work_with_an_encoding_that_lacks_characters() -> None:
    status, out, err = ended(start("show", "helsinki_2018", PYTHONIOENCODING="ascii"))
    assert (status, err) == (0, "") and "Helsinki" in out and "?" in out


@pytest.mark.parametrize("columns", ["0", "1", "40", "none"])
def test_a_narrow_terminal_shows_all_numbers(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit):
        cli.main(["run", "us_russia_reset_2025", "--draws", "20", "--all"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    outcomes = out[out.index("Outcomes: ") :]
    assert "…" not in outcomes and all(f"\n{name} " in outcomes for name in OUTCOMES)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["threat_reversio=0.1"], "'threat_reversio' (nearest: threat_reversion)"),
        (["susceptibility.HUM=0.1"], "(nearest: susceptibility.HUN)"),
        (
            ["threat_reversion=0.1", "threat_reversion=0.2"],
            "--set threat_reversion=0.2: threat_reversion is given twice; allowed: once",
        ),
        (["threat_reversion=2"], "threat_reversion: 2 is out of range; allowed: 0 to 1"),
        (["threat_reversion=inf"], "threat_reversion: inf is not allowed; allowed: a finite number"),
        (["threat_reversion=nan"], "threat_reversion: nan is not allowed; allowed: a finite number"),
        (["threat_reversion=0,1"], "--set threat_reversion=0,1: allowed: NAME=VALUE, the value being a number"),
        (["threat_reversion"], "--set threat_reversion: allowed: NAME=VALUE"),
        (["=1"], "--set =1: allowed: NAME=VALUE"),
        (["tolerated_move=1_0"], "--set tolerated_move=1_0: allowed: NAME=VALUE"),
        (["tolerated_move=\uff10.\uff10\uff12"], "the value being a number"),
        (["tolerated_move=\x1b"], r"--set tolerated_move=\x1b: allowed: NAME=VALUE"),
        (["threat_reversion=2", "threat_reversio=1"], "out of range"),
    ],
)
def test_wrong_settings_are_reported(
    settings: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "simulate", None)
    options = [word for setting in settings for word in ("--set", setting)]
    assert message in bad(*RUN, *options, capsys=capsys)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--draws", "0"), "draws: 0 is out of range; allowed: a whole number from 1"),
        (("--draws", "-5"), "draws: -5"),
        (("--draws", "1000000000"), "GB; allowed: up to"),
        (("--draws", "1000000000", "--out", "results"), "GB; allowed: up to"),
        (("--draws", "9" * 30), "draws: 999"),
        (("--draws", "1e3"), "--draws: '1e3' is not allowed; allowed: a whole number, in digits"),
        (("--seed", "-1"), "seed: -1"),
        (("--seed", str(2**64)), "seed: 18446744073709551616"),
        (("--months", "0"), "months: 0"),
        (("--months", "-1"), "months: -1"),
        (("--months", "37"), "months: 37 is out of range; allowed: a whole number from 1 to 36"),
    ],
)
def test_numbers_out_of_range_are_reported(
    options: tuple[str, ...],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in " ".join(bad("run", "baseline_2018", *options, capsys=capsys).split())


def test_running_out_of_memory_is_reported(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*arguments: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(simulation, "simulate", exhausted)
    assert "fewer draws" in bad(*RUN, capsys=capsys)


def test_a_value_given_by_set_equals_a_value_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, own = tmp_path / "plain.yaml", tmp_path / "own.yaml"
    plain.write_text("name: mine\nextends: helsinki_2018\n")
    own.write_text("name: mine\nextends: helsinki_2018\nparameters: {tolerated_move: 0.045, susceptibility.HUN: 0.9}\n")
    outputs = []
    for arguments in ([plain, "--set", "susceptibility.HUN=0.9", "--set", "tolerated_move=0.045"], [own], [plain]):
        with pytest.raises(SystemExit) as exit:
            cli.main(["run", *map(str, arguments), "--draws", "50", "--json"])
        assert not exit.value.code
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != outputs[2]
    assert json.loads(outputs[0])["draws"] == 50
