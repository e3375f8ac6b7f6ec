import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim import cli
from alliance_sim.compile import DECISIONS
from alliance_sim.experiments import json_schema as experiment_schema
from alliance_sim.experiments import list_experiments
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.ensemble import load_ensemble
from alliance_sim.scenarios import json_schema, list_scenarios

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


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Compile the core before a process is expected to be silent."""
    alliance_sim.simulate("baseline_2018", 1)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def process(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


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
def test_show_tells_what_an_experiment_varies_and_how_large_it_is(shell: Shell, name: str) -> None:
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
constants: {kappa: 0.125}
levers:
  money: {as_is: {}, more: {parameters: {pledge: 0.625}, drop: [nac-2018-06]}}
  talks: {held: {}, none: {drop: [nac-2018-12]}}
policies: [{money: more}, {talks: none}]
replications: 1
"""


def test_show_tells_options_constants_and_policies(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    out = " ".join(shell.good("show", str(tmp_path / "small.yaml")).split())
    assert "2 variants x 1 point x 1 draw = 2 runs; seed 0; keeps final, about 0.0 MB; from baseline_2018" in out
    assert re.search(r"money as_is as in the base more \+ parameter pledge 0\.625 - 2018-06 nac meeting: ", out)
    assert "- money more, talks held - money as_is, talks none" in out
    assert "= kappa 0.125 per month uniform 0.04 to 0.15" in out


@pytest.mark.parametrize("name", list_scenarios())
def test_show_tells_the_whole_story(shell: Shell, name: str) -> None:
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
parameters: {kappa: 0.125, h0: {uniform: [0.02, 0.05]}, susceptibility.HUN: 0.3, threat_perception.POL: 0.9}
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
  agenda: [{issue: sanctions, proposed: 0.6, reversion: 0.1, floor: 0.9, divisible: false, text: T, source: S4}]
"""


@pytest.mark.parametrize("columns", ["80", "120", "200"])
def test_show_tells_what_is_its_own_and_what_differs_from_defaults(
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
    assert ["sanctions 0.10→0.60, floor 0.9, not divisible: T", "S4"] in lines
    split = "+ its own: events 2, meetings 1. From baseline_2018: events 2, meetings 14. Left out: nac-2018-06."
    assert [split] in lines
    assert any(line[:5] == ["+", "kappa", "0.125", "per month", "uniform 0.04 to 0.15"] for line in lines)
    levers = [line for line in lines if "position" in line or "loss" in line or "share" in line]
    assert [line[1:5] for line in levers] == [
        ["h0", "uniform 0.02 to 0.05", "loss", "uniform 0.02 to 0.05"],
        ["susceptibility.HUN", "0.3", "share", "uniform 0.2 to 0.6"],
        ["threat_perception.POL", "0.9", "position", "calibrated"],
    ]


def test_show_without_a_parent_marks_nothing(shell: Shell) -> None:
    out = shell.good("show", "baseline_2025")
    assert "+ " not in out and "extends" not in out.splitlines()[1]
    assert json.loads(shell.good("show", "washington_2024", "--json"))["extends"] == "baseline_2025"
    assert "extends" not in json.loads(shell.good("show", "baseline_2025", "--json"))


def test_check_passes_good_files_and_names_what_is_wrong(shell: Shell, tmp_path: Path) -> None:
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


def one_month(name: str) -> str:
    """Return a scenario of a month in which nothing happens."""
    parent = alliance_sim.load_scenario("baseline_2018")
    ids = ", ".join(entry.id for entry in (*parent.events, *parent.meetings))
    return f"extends: baseline_2018\nname: {name}\nmonths: 1\ndrop: [{ids}]\n"


def test_check_shows_paths_as_terminals_can_bear_and_notes_another_name(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\n\u202eb.yaml"
    path.write_text(one_month("good"))
    shown = r"a\x1b[2J\n\u202eb"
    out = shell.good("check", str(path))
    assert out.startswith(f"{tmp_path}/{shown}.yaml: ok (good: 1 month, ")
    assert out.endswith(f"; the file is called {shown})\n")
    assert "called" not in shell.good("check", str(ROOT / "scenarios"))


@pytest.mark.parametrize("command", [("check",), ("run", "--draws", "1"), ("compare", "helsinki_2018", "--draws", "1")])
def test_a_scenario_may_come_by_a_pipe(shell: Shell, command: tuple[str, ...]) -> None:
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


def test_a_pipe_is_read_up_to_the_size_of_a_file(tmp_path: Path) -> None:
    command = f"{sys.executable} -m alliance_sim check <(yes)"
    run = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 2 and "allowed: 250,000" in run.stderr


def test_compare_tells_files_of_one_name_apart(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, copy = tmp_path / "mine.yaml", tmp_path / "copy.yaml"
    for path in (mine, copy):
        path.write_text(one_month("mine"))
    monkeypatch.setenv("COLUMNS", "400")
    out = shell.good("compare", str(mine), str(copy), "--draws", "1")
    assert f"mine ({copy}) against mine ({mine})" in out
    assert f"'mine' ({mine}, {copy})" in shell.bad("compare", "baseline_2018", str(mine), str(copy))


def test_check_takes_folders_and_bundled_names(shell: Shell, tmp_path: Path) -> None:
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


def test_run_as_json_keeps_the_contract(shell: Shell) -> None:
    result = json.loads(shell.good(*RUN, "--seed", "5", "--json"))
    assert (result["scenario"], result["seed"], result["draws"]) == ("us_russia_reset_2025", 5, 10)
    assert result["months"] == ["2025-06", "2025-07", "2025-08"]
    assert list(result["outcomes"]) == list(OUTCOMES)
    for name, values in result["outcomes"].items():
        assert set(values) == {"unit", "mean", "p05", "p50", "p95"}
        assert all(len(values[key]) == 3 for key in ("mean", "p05", "p50", "p95")), name
    fields = "meeting month forum issue proposed reversion bypassed level_mean objectors".split()
    assert len(result["decisions"]) == 5
    for row in result["decisions"]:
        assert set(row) == {*fields, *DECISIONS}
        assert sum(row[name] for name in DECISIONS) == pytest.approx(1.0)
        assert row["bypassed"] <= row["blocked"]
    ensemble = alliance_sim.simulate("us_russia_reset_2025", 10, 5)
    assert result["outcomes"]["cohesion"]["mean"] == ensemble.series("cohesion")["mean"].tolist()[:3]


def test_run_prints_the_same_bytes_again(shell: Shell) -> None:
    assert shell.good(*RUN, "--json") == shell.good(*RUN, "--json")
    assert shell.good(*RUN) == shell.good(*RUN)


@pytest.mark.parametrize("width", [80, 99, 100, 104, 120])
def test_report_shows_board_and_outcomes_whole(shell: Shell, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = shell.good("run", "us_russia_reset_2025", "--draws", "20")
    for report in (out, shell.good("run", "washington_2024", "--draws", "20")):
        assert max(map(len, report.splitlines())) <= width and "…" not in report and "\x1b" not in report
    assert "2025-06 to 2029-05 (48 months), 20 draws, seed 0" in out
    text, unit = (r"0\.\d\d→0\.\d\d .*", "share +") if width >= 100 else ("[^→]*", "")
    assert re.search(rf"2025-06 NATO +russia_strategy +{text}USA \d+", out)
    assert re.search(rf"^cohesion +{unit}0\.\d\d \[0\.\d\d, 0\.\d\d\]", out, re.MULTILINE)
    assert all(re.search(rf"^{name} ", out, re.MULTILINE) for name in OUTCOMES)
    assert "-0.00" not in out and "Monte Carlo error" in out and "Least certain" in out


def test_a_pipe_has_room_for_the_tables(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert "…" not in shell.good(*RUN)


def test_settings_change_the_run(shell: Shell) -> None:
    plain = json.loads(shell.good(*RUN, "--json"))
    set_ = json.loads(shell.good(*RUN, "--json", "--set", "susceptibility=0", "--set", "susceptibility.HUN = 0.9"))
    assert plain["outcomes"] != set_["outcomes"]


def test_run_keeps_results_and_draws_figures(shell: Shell, tmp_path: Path) -> None:
    folder, figure = tmp_path / "results", tmp_path / "figures" / "fan.svg"
    out = shell.good(*RUN, "--out", str(folder), "--plot", str(figure))
    assert f"Written: {folder}" in out.replace("\n", "") and figure.read_text().count("<svg") == 1
    kept = load_ensemble(folder)
    assert (kept.draws, kept.keep, len(kept.months)) == (10, "allies", 3)
    assert "not an empty folder" in shell.bad(*RUN, "--out", str(folder))


def test_compare_as_json_keeps_the_contract(shell: Shell) -> None:
    result = json.loads(shell.good(*COMPARE, "--seed", "5", "--json"))
    assert set(result) == {"base", "others"} and result["base"] == "baseline_2025"
    assert [other["scenario"] for other in result["others"]] == ["us_russia_reset_2025", "washington_2024"]
    base = alliance_sim.simulate("baseline_2025", 20, 5).per_draw()
    for other in result["others"]:
        assert set(other) == {"scenario", "differences"} and list(other["differences"]) == list(OUTCOMES)
        paired = alliance_sim.simulate(other["scenario"], 20, 5).per_draw() - base
        for name, row in other["differences"].items():
            assert set(row) == {"mean", "p05", "p95", "p_higher"}
            assert row["mean"] == pytest.approx(paired[name].mean(), abs=1e-12)
            assert row["p_higher"] == pytest.approx((paired[name] > 0).mean() + (paired[name] == 0).mean() / 2)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_compare_prints_inputs_outcomes_and_decisions(
    shell: Shell, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = shell.good(*COMPARE)
    assert max(map(len, out.splitlines())) <= width and "…" not in out and "-0.00 " not in out
    reset, washington = out.split("washington_2024 against baseline_2025")
    assert "us_russia_reset_2025 against baseline_2025" in reset
    assert "2025-06 to 2029-05 (48 months), 20 paired draws, seed 0" in reset
    assert "+ 2025-12 aid_change channel military, share -0.5" in reset
    assert "+ 2025-06 leadership_change ally USA, stance washington_2024" in washington
    number = r"[+-]\d\.\d{3}"
    rows = re.findall(
        rf"^(\w+) .*\d\.\d\d +-?\d\.\d\d {number} \[{number}, {number}\].* (\d\.\d\d)(?: +([+-]\d+\.\d))?$",
        washington,
        re.MULTILINE,
    )
    assert [row[:2] for row in rows][:1] == [("threat_gap", "0.00")] and len(rows) > 15
    sizes = [abs(float(row[2])) for row in rows if row[2]]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == (len(rows) if width >= 100 else 0)
    assert re.search(r"^2025-06 NATO +russia_strategy [^>]*? withdr -\d\d", washington, re.MULTILINE)
    assert "Monte Carlo error" in out


def test_compare_of_a_scenario_with_itself_finds_nothing(shell: Shell) -> None:
    out = shell.good("compare", "baseline_2025", "baseline_2025", "--draws", "3")
    assert "nothing" in out and "Unchanged: 36 of 36" in out and "0 of 30" in out


def test_compare_sets_parameters_in_all_of_them(shell: Shell) -> None:
    result = json.loads(shell.good(*COMPARE, "--set", "kappa=0.1", "--json"))
    base, reset = (
        alliance_sim.simulate(alliance_sim.load_scenario(name).with_parameters({"kappa": 0.1}), 20).per_draw()
        for name in COMPARE[1:3]
    )
    difference = (reset - base)["threat_gap"].mean()
    assert result["others"][0]["differences"]["threat_gap"]["mean"] == pytest.approx(difference, abs=1e-12)
    assert " parameter " not in shell.good(*COMPARE, "--set", "kappa=0.1")


def test_compare_draws_a_figure(shell: Shell, tmp_path: Path) -> None:
    figure = tmp_path / "forest.svg"
    out = shell.good(*COMPARE, "--plot", str(figure))
    assert f"Written: {figure}" in out.replace("\n", "") and figure.read_text().count("<svg") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "us_russia_reset"), "nearest: us_russia_reset_2025"),
        (("run", "nowhere/file.yaml"), "nowhere/file.yaml: there is no such file"),
        (("run", "baseline_2025", "--draws", "0"), "draws: 0 is out of range; allowed: a whole number from 1"),
        (("run", "baseline_2025", "--draws", "many"), "--draws"),
        (("run",), "SCENARIO"),
        (("compare", "baseline_2025"), "OTHER..."),
        (("compare", "baseline_2025", "helsinki_2018"), "allowed: scenarios of one era"),
        (("compare", "baseline_2025", "washington_2042"), "nearest: washington_2024"),
        (("compare", "baseline_2025", "washington_2024", "washington_2024"), "allowed: each name once"),
        (("compare", "baseline_2025", "washington_2024", "--draws", "0"), "draws: 0 is out of range"),
        (("compare", "baseline_2025", "washington_2024", "--draws", "1000000000"), "GB; allowed: up to"),
        (("compare", "baseline_2025", "washington_2024", "--seed", "-1"), "seed: -1"),
        (("compare", "baseline_2025", "washington_2024", "--set", "kapa=0.1"), "nearest: kappa"),
        (("compare", "baseline_2025", "washington_2024", "--plot", "figure.xyz"), "no figure ends in '.xyz'"),
        (("compare", "baseline_2025", "washington_2024", "--plot", "/proc/figure.png"), "cannot be written"),
        (("rnu",), "rnu"),
        (("run", "baseline_2025", "--darws", "3"), "--darws"),
        (("show", "nothing"), "no bundled scenario or experiment is called 'nothing'"),
        (("explore", "--port", "99999"), "--port"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    assert message in " ".join(shell.bad(*arguments).split())


def test_explore_without_its_extra_says_what_to_install(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "solara" or ".explorer" in name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "solara", None)
    assert "pip install 'alliance_sim[explorer]'" in shell.bad("explore")


def test_an_interrupt_is_exit_130(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alliance_sim.results.ensemble.simulate", interrupted)
    assert shell(*RUN) == (130, "", "interrupted: nothing was written\n")


@pytest.mark.parametrize("arguments", [("list",), RUN, (*RUN, "--json"), COMPARE])
def test_a_closed_pipe_is_silent(arguments: tuple[str, ...]) -> None:
    with process("-m", "alliance_sim", *arguments) as run:
        assert run.stdout is not None and run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 0


def test_the_module_is_the_command() -> None:
    run = process("-m", "alliance_sim", *RUN, "--json")
    out, err = run.communicate(timeout=200)
    assert run.returncode == 0 and err == "" and json.loads(out)["draws"] == 10


def test_check_loads_no_heavy_library() -> None:
    code = """
import sys
from alliance_sim import cli
try:
    cli.main(["check", "scenarios/baseline_2025.yaml", "scenarios/experiments"])
finally:
    print(*sorted({"numba", "numpy", "xarray", "pandas", "mesa", "scipy", "matplotlib"} & set(sys.modules)))
"""
    out, err = process("-c", code).communicate(timeout=60)
    assert out.splitlines()[-1] == "" and "ok" in out and err == ""
