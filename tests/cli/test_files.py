"""Commands on files: list, show, check, new, schema."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim.experiments import json_schema as experiment_schema
from alliance_sim.experiments import list_experiments
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import json_schema, list_scenarios
from command_line import ROOT, Shell, one_month


def test_list_names_every_bundled_scenario(shell: Shell) -> None:
    out = shell.good("list")
    listed = json.loads(shell.good("list", "--json"))["scenarios"]
    assert [row["name"] for row in listed] == list(list_scenarios())
    for row in listed:
        assert set(row) == {"name", "title", "era", "start", "months"}
        assert re.search(rf"{row['name']} .*{row['era']} +{row['start']} +{row['months']}$", out, re.MULTILINE)


def test_list_names_every_bundled_experiment(shell: Shell) -> None:
    out = shell.good("list")
    listed = json.loads(shell.good("list", "--json"))["experiments"]
    assert [row["name"] for row in listed] == list(list_experiments())
    for row in listed:
        assert set(row) == {"name", "title", "scenario", "runs"}
        assert re.search(rf"{row['name']} .* {row['scenario']} +{row['runs']:,}$", out, re.MULTILINE)


@pytest.mark.parametrize("name", list_experiments())
def test_show_prints_what_an_experiment_varies_and_its_size(shell: Shell, name: str) -> None:
    experiment = alliance_sim.load_experiment(name)
    out = " ".join(shell.good("show", name).split())
    shown = json.loads(shell.good("show", name, "--json"))
    assert f"= {experiment.runs:,} runs; {experiment.design.method}, seed 0" in out
    assert f"from {experiment.scenario.name}" in out and f"{name}.yaml" in out
    assert all(lever in out for lever in experiment.levers) and all(each in out for each in experiment.outcomes)
    assert all(f"~ {name} {prior}"[:20] in out for name, prior in experiment.priors().items())
    assert (shown["scenario"], shown["runs"]) == (experiment.scenario.name, experiment.runs)
    assert shown["variants"] == [variant.scenario.name for variant in experiment.variants()]
    assert Path(shown["file"]).is_file() and list(shown["uncertainties"]) == list(experiment.uncertainties)


SMALL = """\
name: small
title: T
description: D
scenario: baseline_2018
sources: [judgement]
constants: {threat_reversion: 0.125}
levers:
  money: {as_is: {}, more: {parameters: {pledge: 0.625}, drop: [nac-2018-06]}}
  talks: {held: {}, none: {drop: [nac-2018-12]}}
policies: [{money: more}, {talks: none}]
replications: 1
"""


def test_show_prints_options_constants_and_policies(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    out = " ".join(shell.good("show", str(tmp_path / "small.yaml")).split())
    assert "2 variants x 1 point x 1 draw = 2 runs; seed 0; keeps final, about 0.0 MB; from baseline_2018" in out
    assert re.search(r"money as_is as in the base more \+ parameter pledge 0\.625 - 2018-06 nac meeting: ", out)
    assert "- money more, talks held - money as_is, talks none" in out
    assert "= threat_reversion 0.125 per month uniform 0.04 to 0.15" in out


@pytest.mark.parametrize("name", list_scenarios())
def test_show_prints_all_events_and_meetings_of_a_scenario(shell: Shell, name: str) -> None:
    scenario = alliance_sim.load_scenario(name)
    out = " ".join(shell.good("show", name).split())
    shown = json.loads(shell.good("show", name, "--json"))
    assert scenario.title in out and scenario.start in out
    assert all(event.type in out and event.month in out for event in scenario.events)
    assert out.count(" meeting ") >= len(scenario.meetings)
    assert Path(shown["file"]).is_file() and f"{name}.yaml" in out
    assert len(shown["meetings"]) == len(scenario.meetings) and shown["months"] == scenario.months


OWN = """\
name: mine
extends: baseline_2018
drop: [nac-2018-06]
parameters:
  threat_reversion: 0.125
  tolerated_move: {uniform: [0.02, 0.05]}
  susceptibility.HUN: 0.3
  threat_perception.POL: 0.9
events:
- {month: 2018-07, type: bilateral_summit, follow_up: 4, process: true, probability: 0.5, source: S1, id: first}
- {month: 6, type: spending_demand, percent: 2, pressure: 0.7, when: cohesion < 0.6, source: S2}
meetings:
- month: 2018-07
  forum: nac
  title: Extraordinary
  sessions: 1
  rule: qualified_majority
  source: S3
  agenda:
  - {issue: sanctions, proposed: 0.6, reversion: 0.1, min_share: 0.9, divisible: false, text: T, source: S4}
  - {issue: open_door, ask: [1, 2], direction: less, reversion: 0.45, divisible: [true, false], sponsors: [GBR, USA],
     priority: true, text: U, source: S3}
"""


@pytest.mark.parametrize("columns", ["80", "120", "200"])
def test_show_marks_what_a_scenario_adds_to_its_parent_and_prints_values_other_than_defaults(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    path = tmp_path / "mine.yaml"
    path.write_text(OWN)
    out = shell.good("show", str(path))
    assert max(map(len, out.splitlines()[:-2])) <= int(columns)
    if columns != "200":
        return
    lines = [line.split("  ") for line in out.splitlines()]
    lines = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["2018-01 to 2020-12 (36 months), calibrated to 2018, extends baseline_2018"] in lines
    summit = "conciliation 0.4, openness 0.5, follow_up 4 months, process; with probability 0.5"
    demand = "percent 2 % of GDP, pressure 0.7; if cohesion < 0.6 the month before"
    meeting = "Extraordinary, sessions 1, rule qualified_majority"
    own = [
        ["+", "2018-07", "bilateral_summit", summit, "(first)", "S1"],
        ["+", "2018-07", "spending_demand", demand, "S2"],
        ["+", "2018-07", "NAC meeting", meeting, "S3"],
    ]
    assert [line for line in lines if line[:1] == ["+"] and line[1].startswith("20")] == own
    july = [line for line in lines if "2018-07" in line[:2]]
    # The month's events come first, and its meetings as the model takes them.
    assert [line[-3] for line in july[-3:]] == ["EU meeting", "NAC meeting", "NATO meeting"]
    assert ["open_door 0.45 ask -1/2, divisible true false, sponsors GBR USA, priority: U"] in lines
    assert ["sanctions 0.10→0.60, min_share 0.9, not divisible: T", "S4"] in lines
    split = "+ its own: events 2, meetings 1. From baseline_2018: events 2, meetings 14. Left out: nac-2018-06."
    assert [split] in lines
    assert any(line[:5] == ["+", "threat_reversion", "0.125", "per month", "uniform 0.04 to 0.15"] for line in lines)
    levers = [line for line in lines if "position" in line or "loss" in line or "share" in line]
    assert [line[1:5] for line in levers] == [
        [
            "tolerated_move",
            "uniform 0.02 to 0.05",
            "position",
            str(PARAMETERS["tolerated_move"].prior("2025")),
        ],
        ["susceptibility.HUN", "0.3", "share", "uniform 0.2 to 0.6"],
        ["threat_perception.POL", "0.9", "position", "calibrated"],
    ]


def test_show_says_how_often_an_event_may_happen_and_whether_texts_come_up_again(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    out = shell.good("show", "outlook_2025")
    assert "texts that were blocked or withdrawn may come up again" in out.splitlines()[2]
    summit = (
        r"bilateral_summit  conciliation 0\.4, openness 0\.3; with probability 0\.029 in each of 47 months  \(summit\)"
    )
    assert re.search(summit, out)
    assert re.search(r"in each of 47 months; if ukraine_support_military", out)
    assert out.count("in each of 47 months") == 10
    assert "come up again" not in shell.good("show", "baseline_2025")


def test_show_without_a_parent_marks_nothing(shell: Shell) -> None:
    out = shell.good("show", "baseline_2025")
    assert "+ " not in out and "extends" not in out.splitlines()[1]
    assert json.loads(shell.good("show", "washington_2024", "--json"))["extends"] == "baseline_2025"
    assert "extends" not in json.loads(shell.good("show", "baseline_2025", "--json"))


def test_check_accepts_valid_files_and_lists_the_problems_of_others(shell: Shell, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yml"
    good.write_text("extends: baseline_2018\nname: good\n")
    bad.write_text("extends: baseline_2018\nname: bad\nmoths: 3\nera: 1990\n")
    (tmp_path / "notes.txt").write_text("no scenario")
    assert f"{good}: ok (good: 36 months" in shell.good("check", str(good))
    status, out, err = shell("check", str(good), str(bad), str(tmp_path / "none.yaml"))
    assert status == 2 and out.splitlines()[-1] == "3 files, 1 ok, 2 with problems"
    first, second, third = err.splitlines()
    assert first.startswith(f"{bad}:3: moths: unknown key (nearest: months); allowed: name, ")
    assert second.startswith(f"{bad}:4: era: ") and third.startswith(f"{tmp_path}/none.yaml: there is no such file; ")
    assert shell("check", str(tmp_path))[1:] == (
        f"{good}: ok (good: 36 months, 2 events, 15 meetings)\n2 files, 1 ok, 1 with problems\n",
        f"{first}\n{second}\n",
    )


def test_check_escapes_control_characters_in_paths_and_notes_another_file_name(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\n\u202eb.yaml"
    path.write_text(one_month("good"))
    shown = r"a\x1b[2J\n\u202eb"
    out = shell.good("check", str(path))
    assert out.startswith(f"{tmp_path}/{shown}.yaml: ok (good: 1 month, ")
    assert out.endswith(f"; the file is called {shown})\n")
    assert "called" not in shell.good("check", str(ROOT / "scenarios"))


def test_check_accepts_folders_and_bundled_names(shell: Shell, tmp_path: Path) -> None:
    out = shell.good("check", str(ROOT / "scenarios"), "baseline_2025")
    count = len(list_scenarios()) + 1
    assert out.splitlines()[-1] == f"{count} files, {count} ok, 0 with problems"
    assert "baseline_2025: ok" in shell.good("check", "baseline_2025")
    out = shell.good("check", str(ROOT / "scenarios" / "experiments"), "summit_form_2018")
    assert out.count(": ok (summit_form_2018: 6 variants x 27 points x 50 draws = 8,100 runs)") == 2
    assert shell.bad("check", str(tmp_path)).startswith(f"{tmp_path}/*.yaml: there is no such file; ")
    status, out, err = shell("check", "baseline_2026", "baseline_2025")
    assert status == 2 and "nearest: baseline_2025" in err and "baseline_2025: ok" in out
    assert "Missing argument" in shell.bad("check")


@pytest.mark.parametrize("command", [("check",), ("run", "--draws", "1"), ("compare", "helsinki_2018", "--draws", "1")])
def test_a_scenario_can_be_read_from_a_pipe(shell: Shell, command: tuple[str, ...]) -> None:
    def piped(content: bytes) -> tuple[int, str, str]:
        reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as file:
            file.write(content)
        try:
            return shell(*command, f"/dev/fd/{reader}")
        finally:
            os.close(reader)

    status, out, err = piped(one_month("piped").encode())
    assert (status, err) == (0, "") and "piped" in out and "1 month" in out and "1 draws" not in out
    assert "1 draw," in out or "1 paired draw," in out or command == ("check",)


def test_a_pipe_is_read_up_to_the_maximum_file_size(tmp_path: Path) -> None:
    command = f"{sys.executable} -m alliance_sim check <(yes)"
    run = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 2 and "allowed: 250,000" in run.stderr


def test_new_file_is_checked_shown_and_run(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shell.good("new", "mine").startswith("mine.yaml: written")
    assert "mine.yaml: ok (mine: 48 months, 1 event," in shell.good("check", "mine.yaml")
    assert "extends baseline_2025" in shell.good("show", "mine.yaml")
    assert json.loads(shell.good("run", "mine.yaml", "--draws", "2", "--json"))["scenario"] == "mine"
    assert shell.good("new", "copy", "--from", "helsinki_2018").startswith("copy.yaml: written")
    source = (ROOT / "scenarios" / "helsinki_2018.yaml").read_text()
    assert Path("copy.yaml").read_text() == source.replace("name: helsinki_2018", "name: copy")
    before = Path("mine.yaml").read_bytes()
    assert "mine.yaml: there is such a file already" in shell.bad("new", "mine", "--from", "helsinki_2018")
    assert "not a name" in shell.bad("new", "a/b")
    assert "nearest: helsinki_2018" in shell.bad("new", "other", "--from", "helsinky_2018")
    assert Path("mine.yaml").read_bytes() == before and sorted(path.name for path in tmp_path.iterdir()) == [
        "copy.yaml",
        "mine.yaml",
    ]


def test_schema_prints_json_schema(shell: Shell) -> None:
    assert json.loads(shell.good("schema")) == json_schema() == json.loads(shell.good("schema", "scenario"))
    assert json.loads(shell.good("schema", "experiment")) == experiment_schema()
    assert "experiment" in shell.bad("schema", "experiments")
