"""The command evidence."""

import json

import pytest

import alliance_sim as als
from alliance_sim.cli.main import COMMANDS
from command_line import Shell


@pytest.mark.parametrize("name", ["HUN", "USA", "EST", "pledge", "susceptibility"])
def test_the_report_is_that_of_python(shell: Shell, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = als.evidence(name)
    assert shell.good("evidence", name).splitlines() == found.lines()
    assert shell.good("evidence", name, "--all").splitlines() == found.lines(every=True)


def test_json_is_that_of_python(shell: Shell) -> None:
    assert (
        json.loads(shell.good("evidence", "Hungary", "--era", "2018", "--json"))
        == als.evidence("HUN", "2018").to_dict()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("HUM",), "nearest actor: HUN"),
        (("pledg",), "nearest parameter: pledge"),
        (("HUN", "--era", "2019"), "era: '2019' is not one of 2014, 2018, 2024, 2025"),
        (("HUN", "--era", "2024"), "'HUN' is not measured in 2024"),
    ],
)
def test_bad_names_are_one_message(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    error = shell.bad("evidence", *arguments)
    assert message in error and error.count("\n") == 1


def test_it_comes_after_query_in_the_help(shell: Shell) -> None:
    names = list(COMMANDS)
    assert names.index("evidence") == names.index("query") + 1
    assert "ACTOR|PARAMETER|ISSUE" in shell.good("evidence", "--help")
