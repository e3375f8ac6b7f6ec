"""The commands parameters and outcomes."""

import json

import pytest

from alliance_sim.cli.commands.registry import FEW
from alliance_sim.cli.reports import registry as reports
from alliance_sim.estimation.report import behaviour_path, is_informed, read_report
from alliance_sim.registry.labels import GROUPS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS
from command_line import Shell, process

HEAVY = {"matplotlib", "mesa", "numba", "pandas", "pyarrow", "scipy", "xarray"}


def found(shell: Shell, kind: str, *pattern: str) -> list[str]:
    return [each["name"] for each in json.loads(shell.good(kind, *pattern, "--json"))[kind]]


def in_full(shell: Shell, *arguments: str) -> str:
    """Return the output of a command with its lines joined."""
    return " ".join(shell.good(*arguments).split())


@pytest.mark.parametrize(
    ("kind", "pattern", "expected"),
    [
        ("parameters", "pledge", ["pledge"]),
        ("parameters", "PLEDGE", ["pledge"]),
        ("parameters", "kappa", ["threat_reversion"]),
        ("parameters", "susceptibility.HUN", ["susceptibility"]),
        ("parameters", "sd_*", ["sd_threat", "sd_position", "sd_chair", "sd_salience"]),
        ("parameters", "sanctions relief", ["congress_brake"]),
        ("parameters", "threat reversion", ["threat_reversion"]),
        ("parameters", "signals", ["half_life_signals", "reset_flow", "reading_spread"]),
        ("outcomes", "cohesion", ["cohesion"]),
        ("outcomes", "*spending*", ["mean_spending", "spending_spread"]),
        ("outcomes", "closed-door", ["opacity"]),
    ],
)
def test_a_pattern_finds_names_labels_groups_and_old_symbols(
    shell: Shell, kind: str, pattern: str, expected: list[str]
) -> None:
    assert found(shell, kind, pattern) == expected


def test_without_a_pattern_all_are_listed(shell: Shell) -> None:
    assert found(shell, "parameters") == list(PARAMETERS)
    assert found(shell, "outcomes") == list(OUTCOMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("parameters", "pledg3"), "no parameter has 'pledg3' in its name, label or group (nearest: pledge)"),
        (("parameters", "holdup"), "(gone; dispute_onset took its place, on another scale)"),
        (("parameters", "x_*"), "allowed: a part of one, a pattern such as '*_share'"),
        (("outcomes", "cohesoin"), "(nearest: cohesion)"),
    ],
)
def test_nothing_found_is_one_message(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    error = shell.bad(*arguments)
    assert message in error and error.count("\n") == 1


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("arguments", [("parameters",), ("outcomes",), ("parameters", "pledge"), ("outcomes", "camps")])
def test_lines_fit_the_terminal(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, columns: int, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, shell.good(*arguments).splitlines())) <= columns


def test_tables_have_every_name_whole_and_every_group_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    outcomes = shell.good("outcomes").splitlines()
    names = [line.split()[0] for line in outcomes if line.startswith("  ")]
    assert set(OUTCOMES) <= set(names)
    assert [line for line in outcomes[2:] if not line.startswith("  ")] == list(GROUPS)
    parameters = shell.good("parameters").splitlines()
    names = [line.split()[0].removesuffix(".ALLY") for line in parameters if line.startswith("  ") and line.split()]
    assert set(PARAMETERS) <= set(names)
    groups = [line for line in parameters[2:] if not line.startswith("  ")]
    assert groups == list(dict.fromkeys(each.group for each in PARAMETERS.values()))


def test_few_matches_are_shown_in_full(shell: Shell) -> None:
    few = in_full(shell, "parameters", "half_life_*")
    assert few.count("alliance-sim evidence") == len(found(shell, "parameters", "half_life_*")) <= FEW
    assert "alliance-sim evidence" not in in_full(shell, "parameters", "ask_*")


def test_an_outcome_has_definition_and_direction(shell: Shell) -> None:
    shown = in_full(shell, "outcomes", "threat_gap")
    assert OUTCOMES["threat_gap"].definition in shown and OUTCOME_LABELS["threat_gap"] in shown
    assert "less of it means more cohesion or deterrence" in shown and "-1 to 1 threat" in shown


def test_a_parameter_has_its_prior_by_era_and_ally(shell: Shell) -> None:
    shown = in_full(shell, "parameters", "initial_autonomy")
    assert "2014, 2018: normal 0.5 ± 0.08, within 0.2 to 0.8 2025: normal 0.85" in shown
    assert "alpha0" in shown and "not fitted: its prior differs by era" in shown
    assert "HUN, TUR: uniform 0 to 0.1" in in_full(shell, "parameters", "dispute_onset")


def test_what_the_record_says_is_that_of_the_report_on_the_fit(shell: Shell) -> None:
    report = read_report(behaviour_path())["parameters"]
    every = {each["name"]: each for each in json.loads(shell.good("parameters", "--json"))["parameters"]}
    checked = 0
    for name, each in every.items():
        for own, entry in each["record"].items():
            assert own.partition(".")[0] == name
            assert entry["informed"] is is_informed(report[own])
            assert list(entry["posterior"].values()) == report[own]["posterior"]
            checked += 1
    by_era = [name for name, each in PARAMETERS.items() if len(set(each.priors.values())) > 1]
    assert all(every[name]["record"] == {} for name in by_era)
    assert checked == sum(
        name.partition(".")[0] in PARAMETERS and name.partition(".")[0] not in by_era for name in report
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, "not fitted: runs draw it from its prior"),
        ({"pledge": (0.0, 0.0)}, "it does not inform the parameter: mean 0.25 [0.1, 0.4] before it, 0.3 [0.2, 0.4]"),
        ({"pledge": (0.5, 0.0)}, "it informs the parameter: mean 0.25 [0.1, 0.4] before it, 0.3 [0.2, 0.4] after"),
    ],
)
def test_whether_the_record_informs_a_parameter_is_said(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, entry: dict[str, tuple[float, float]], expected: str
) -> None:
    numbers = {"prior": [0.25, 0.1, 0.1, 0.4], "posterior": [0.3, 0.05, 0.2, 0.4]}
    report = {name: {**numbers, "shrinkage": shrunk, "shift": shift} for name, (shrunk, shift) in entry.items()}
    monkeypatch.setattr(reports, "_report", lambda: report)
    assert expected in in_full(shell, "parameters", "pledge")


def test_single_allies_that_the_record_informs_are_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {"prior": [0.4, 0.1, 0.2, 0.6], "posterior": [0.3, 0.05, 0.2, 0.4], "shift": 0.0}
    report = {f"susceptibility.{ally}": {**numbers, "shrinkage": 0.5 * (ally == "HUN")} for ally in ("HUN", "TUR")}
    monkeypatch.setattr(reports, "_report", lambda: report)
    shown = in_full(shell, "parameters", "susceptibility")
    assert "it informs 1 of 2: HUN 0.3 [0.2, 0.4] (mean, 5 %, 95 %); it does not inform the others" in shown


@pytest.mark.parametrize(
    "arguments", [["parameters"], ["parameters", "pledge"], ["parameters", "--json"], ["outcomes"]]
)
def test_it_loads_no_heavy_library(arguments: list[str]) -> None:
    code = f"""
import sys
from alliance_sim import cli
try:
    cli.main({arguments})
finally:
    print(*sorted({HEAVY} & set(sys.modules)))
"""
    out, err = process("-c", code).communicate(timeout=60)
    *shown, loaded = out.splitlines()
    assert shown and loaded == "" and err == ""
