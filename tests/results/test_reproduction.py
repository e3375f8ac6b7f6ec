"""The commands that a report names compute the same run and the same base."""

import shlex
from pathlib import Path

import pytest

import alliance_sim as als
from alliance_sim.cli.base import with_base
from alliance_sim.results.reproduction import reproduction
from alliance_sim.scenarios import Scenario, load_with_parent
from alliance_sim.simulation import first_months

RESET, BASE = "us_russia_reset_2025", "baseline_2025"


def own(**changes: object) -> Scenario:
    return als.load_scenario({"name": "mine", "extends": "helsinki_2018", "title": "My own", **changes})


def run(scenario: Scenario | str, base: Scenario | str | None) -> tuple[als.Ensemble, als.Ensemble | None]:
    return als.simulate(scenario, 2, 7), als.simulate(base, 2, 7) if base else None


def kept(scenario: Scenario) -> dict[str, object]:
    return {name: value for name, value in dict(scenario).items() if name != "text"}


SET = als.load_scenario(RESET).with_parameters({"pledge": 0.5, "susceptibility.HUN": 0.25})
MINE, SHORT = own(), first_months(als.load_scenario(RESET), 6)
CASES = [
    (RESET, BASE, f"{RESET} --against {BASE}", []),
    (BASE, None, BASE, []),
    (SET, RESET, f"{RESET} --set pledge=0.5 --set susceptibility.HUN=0.25", []),
    (SET, BASE, f"{RESET} --set pledge=0.5 --set susceptibility.HUN=0.25 --against {BASE}", []),
    (
        als.load_scenario(RESET).with_calibration("prior"),
        als.load_scenario(BASE).with_calibration("prior"),
        f"{RESET} --set calibration=prior --against {BASE}",
        [],
    ),
    (MINE, "baseline_2018", "mine.yaml --against baseline_2018", ["mine.yaml"]),
    (MINE.with_parameters({"pledge": 0.5}), MINE, "mine.yaml --set pledge=0.5", ["mine.yaml"]),
    (own(events=[]), MINE, "mine.yaml --against mine_base.yaml", ["mine.yaml", "mine_base.yaml"]),
    (SHORT, BASE, f"{RESET}.yaml --against {BASE}", [f"{RESET}.yaml"]),
]


@pytest.mark.parametrize(("scenario", "base", "said", "files"), CASES, ids=[case[2] for case in CASES])
def test_the_commands_give_the_same_scenarios(
    scenario: Scenario | str,
    base: Scenario | str | None,
    said: str,
    files: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ensemble, other = run(scenario, base)
    found = reproduction(ensemble, other, ".html")
    name = ensemble.scenario.name
    assert found.commands == (
        f"alliance-sim run {said} --draws 2 --seed 7",
        f"alliance-sim report {said} --draws 2 --seed 7 --out {name}.html",
    )
    assert [*found.files] == files
    monkeypatch.chdir(tmp_path)
    for file, text in found.files.items():
        Path(file).write_text(text, encoding="utf-8")
    arguments = shlex.split(found.commands[0])[2:]
    options = list(zip(arguments[1::2], arguments[2::2], strict=True))
    settings = [value for option, value in options if option == "--set"]
    what_if, parent = with_base(arguments[0], settings, dict(options).get("--against"))
    assert kept(what_if) == kept(ensemble.scenario)
    assert (parent and kept(parent)) == (other and kept(other.scenario))


def test_what_no_option_can_set_is_a_file() -> None:
    spread = als.load_scenario(BASE).validated(
        {**dict(als.load_scenario(BASE)), "parameters": {"pledge": {"uniform": [0.4, 0.7]}}}
    )
    found = reproduction(als.simulate(spread, 2), als.simulate(BASE, 2), ".html")
    assert [*found.files] == [f"{BASE}.yaml"] and "uniform" in found.files[f"{BASE}.yaml"]
    assert f"run {BASE}.yaml --against {BASE} " in found.commands[0]


def test_a_report_without_a_base_says_that_the_command_takes_one() -> None:
    assert "has no base" in reproduction(als.simulate(RESET, 2), None, ".html").note
    assert reproduction(als.simulate(BASE, 2), None, ".html").note == ""
    assert load_with_parent(BASE)[1] is None


def test_a_branch_has_no_command() -> None:
    (future,) = als.branch(BASE, "2026-01", draws=2).values()
    found = reproduction(future, None, ".html")
    assert found.commands == () and "als.branch" in found.note and "draw 0 in 2026-01" in found.note
