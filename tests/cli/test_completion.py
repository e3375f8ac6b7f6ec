"""Completion in the shell, by the protocol that typer's scripts use, and the version."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim.data import calibration_hash
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS
from command_line import ROOT, Shell

START = """
import sys
from alliance_sim import cli
try:
    cli.main()
finally:
    print(*sorted({"numba", "numpy", "xarray", "pandas", "mesa", "scipy", "matplotlib"} & set(sys.modules)))
"""


def offered(*words: str) -> list[str]:
    """Return what bash is offered for the last of the words; no heavy library may be loaded for it."""
    environment = {"COMP_WORDS": "\n".join(("alliance-sim", *words)), "COMP_CWORD": str(len(words))}
    run = subprocess.run(
        [sys.executable, "-c", START],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "_ALLIANCE_SIM_COMPLETE": "complete_bash", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    *lines, loaded = run.stdout.splitlines()
    assert loaded == "" and run.stderr == ""
    return [line for line in lines if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("par",), ["parameters"]),
        (("run", "us_"), ["us_russia_reset_2025", "us_support_ends_2025"]),
        (("compare", "baseline_2025", "wash"), ["washington_2024"]),
        (("show", "summit"), ["summit_form_2018"]),
        (("sweep", "reset_s"), ["reset_screening_2025"]),
        (("new", "mine", "--from", "helsinki_o"), ["helsinki_open_2018"]),
        (("sensitivity", "baseline_2025", "--outcome", "threat"), ["threat_gap"]),
        (("sensitivity", "baseline_2025", "--parameter", "pledg"), ["pledge"]),
        (("run", "baseline_2025", "--set", "pledg"), ["pledge="]),
        (("run", "baseline_2025", "--set", "susceptibility.HU"), ["susceptibility.HUN="]),
        (("run", "baseline_2025", "--set", "calib"), ["calibration=posterior", "calibration=prior"]),
        (("run", "baseline_2025", "--set", "pledge", "=", "0.3", "--dr"), ["--draws"]),  # bash takes words apart at =
        (("evidence", "ES"), ["ESP", "EST"]),
        (("evidence", "USA.l"), ["USA.leader"]),
        (("evidence", "sanc"), ["sanctions", "sanctions_cost"]),
        (("parameters", "ask_m"), ["ask_major"]),
        (("outcomes", "camp"), ["camps"]),
        (("run", "nothing"), []),
    ],
)
def test_names_are_completed(words: tuple[str, ...], expected: list[str]) -> None:
    assert sorted(offered(*words)) == expected


def test_every_outcome_and_every_scalar_parameter_is_offered() -> None:
    assert set(offered("discover", "results", "--outcome", "")) == set(OUTCOMES)
    assert set(offered("outcomes", "")) == set(OUTCOMES)
    assert set(offered("parameters", "")) == set(PARAMETERS)


def test_a_shell_completes_after_installation(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    command = tmp_path / "alliance-sim"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m alliance_sim "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    script = """
alliance-sim --install-completion > /dev/null || exit 1
source "$HOME/.bashrc"
COMP_WORDS=(alliance-sim evidence sanc) COMP_CWORD=2
$(complete -p alliance-sim | sed 's/.*-F \\([^ ]*\\).*/\\1/') alliance-sim
echo "${COMPREPLY[@]}"
"""
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {"HOME": str(tmp_path), "PATH": path, "PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run(
        [bash, "--norc", "-c", script], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "sanctions sanctions_cost\n", "")


def test_an_unknown_shell_is_no_traceback() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "alliance_sim"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "_ALLIANCE_SIM_COMPLETE": "complete_tcsh"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1 and run.stderr == "Shell tcsh not supported.\n"


def test_the_version_names_the_calibration(shell: Shell) -> None:
    expected = f"alliance-sim {alliance_sim.__version__} (calibration {calibration_hash()})\n"
    assert shell.good("--version") == expected


def test_the_command_is_called_by_its_name_in_messages(shell: Shell) -> None:
    assert "Usage: alliance-sim run" in shell.good("run", "--help")
    assert "--install-completion" in shell.good("--help")
