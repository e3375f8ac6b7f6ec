"""The command line in a test: commands in this process or in one of their own, and a small scenario for them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim import cli

ROOT = Path(__file__).resolve().parents[1]
COMPARE = ("compare", "baseline_2025", "us_russia_reset_2025", "washington_2024", "--draws", "20")
RUN = ("run", "us_russia_reset_2025", "--months", "3", "--draws", "10")


class Shell:
    """Runs a command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit:
            cli.main(arguments)
        out, err = self.capsys.readouterr()
        return int(exit.value.code or 0), out, err

    def good(self, *arguments: str) -> str:
        status, out, err = self(*arguments)
        assert (status, err) == (0, "")
        return out

    def bad(self, *arguments: str) -> str:
        status, out, err = self(*arguments)
        assert (status, out) == (2, "")
        assert "Traceback" not in err
        return err


def process(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def one_month(name: str) -> str:
    """Return a scenario of a month in which nothing happens."""
    parent = alliance_sim.load_scenario("baseline_2018")
    ids = ", ".join(entry.id for entry in (*parent.events, *parent.meetings))
    return f"extends: baseline_2018\nname: {name}\nmonths: 1\ndrop: [{ids}]\n"
