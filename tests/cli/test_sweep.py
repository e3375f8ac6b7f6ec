"""The command sweep: what it says to run next."""

import json
import shlex
from pathlib import Path

import pytest

from command_line import Shell

PLAIN = {
    "name": "small",
    "title": "a test",
    "description": "a test",
    "scenario": "helsinki_2018",
    "sources": ["a test"],
    "replications": 2,
    "outcomes": ["mean_spending", "criticism"],
}
LEVERS = {"levers": {"money": {"usual": {}, "more": {"parameters": {"pledge": 0.7, "targets_kept": 1.0}}}}}
UNCERTAINTIES = {
    "uncertainties": {
        "spending_response_threat": {"uniform": [0.5, 4.0]},
        "criticism_gain": {"uniform": [1.0, 9.0]},
    },
    "design": {"method": "lhs", "points": 6},
}


def swept(shell: Shell, folder: Path, **fields: object) -> list[list[str]]:
    """Run a sweep and return the commands it names, as words."""
    path = folder / "small.yaml"
    path.write_text(json.dumps({**PLAIN, **fields}))  # JSON is YAML
    lines = shell.good("sweep", str(path), "--out", str(folder / "a sweep")).splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("Next: "))
    assert all(line.startswith(" " * 6) for line in lines[begin + 1 :])
    return [shlex.split(line.removeprefix("Next: ")) for line in lines[begin:]]


def test_every_command_that_a_sweep_names_runs(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ema_workbench")
    monkeypatch.setenv("COLUMNS", "80")
    commands = swept(shell, tmp_path, **LEVERS, **UNCERTAINTIES)
    # Whether more criticism is better is not registered, so no policy is best in it.
    assert [(words[1], words[4] if words[1] != "query" else "") for words in commands] == [
        ("policy", "mean_spending"),
        ("discover", "mean_spending"),
        ("discover", "criticism"),
        ("query", ""),
    ]
    assert [words[5] for words in commands if words[1] == "discover"] == ["--below", "--above"]
    for program, *arguments in commands:
        assert program == "alliance-sim" and arguments[1] == str(tmp_path / "a sweep")
        assert shell.good(*arguments)
    found = json.loads(shell.good(*commands[1][1:], "--json"))
    assert 0 < found["of_interest"] <= 0.25 * found["cases"]


def test_a_sweep_names_only_what_applies(shell: Shell, tmp_path: Path) -> None:
    commands = swept(shell, tmp_path, **UNCERTAINTIES)
    assert [words[1] for words in commands] == ["discover", "discover", "query"]


def test_of_a_single_case_there_is_only_a_query(shell: Shell, tmp_path: Path) -> None:
    commands = swept(shell, tmp_path)
    assert [words[1] for words in commands] == ["query"]
    assert shell.good(*commands[0][1:]).splitlines()[0] == "scenario,avg(mean_spending),avg(criticism)"
