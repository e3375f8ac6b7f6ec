"""Commands on runs: run, explore."""

import json
import re
import sys
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim import list_scenarios
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.ensemble import load_ensemble
from command_line import RUN, Shell


def test_run_as_json_keeps_the_contract(shell: Shell) -> None:
    result = json.loads(shell.good(*RUN, "--seed", "5", "--json"))
    assert (result["scenario"], result["seed"], result["draws"]) == ("us_russia_reset_2025", 5, 10)
    assert result["months"] == ["2025-06", "2025-07", "2025-08"]
    assert list(result["outcomes"]) == list(OUTCOMES)
    for name, values in result["outcomes"].items():
        assert set(values) == {"unit", "mean", "p05", "p50", "p95"}
        assert all(len(values[key]) == 3 for key in ("mean", "p05", "p50", "p95")), name
    fields = "meeting month forum issue asked proposed reversion bypassed level_mean level_passed objectors".split()
    assert len(result["decisions"]) == 5
    for row in result["decisions"]:
        assert set(row) == {*fields, *DECISIONS}
        assert sum(row[name] for name in DECISIONS) == pytest.approx(1.0)
        assert row["bypassed"] <= row["blocked"]
        assert (row["level_passed"] is None) == (row["adopted"] + row["diluted"] == 0.0)
    ensemble = alliance_sim.simulate("us_russia_reset_2025", 10, 5)
    assert result["outcomes"]["cohesion"]["mean"] == ensemble.series("cohesion")["mean"].tolist()[:3]


def test_run_prints_the_same_bytes_again(shell: Shell) -> None:
    assert shell.good(*RUN, "--json") == shell.good(*RUN, "--json")
    assert shell.good(*RUN) == shell.good(*RUN)


@pytest.mark.parametrize("width", [80, 99, 100, 104, 120])
def test_report_shows_board_and_outcomes_without_truncation(
    shell: Shell, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = shell.good("run", "us_russia_reset_2025", "--draws", "20", "--all")
    for report in (out, shell.good("run", "washington_2024", "--draws", "20", "--all")):
        assert max(map(len, report.splitlines())) <= width and "…" not in report and "\x1b" not in report
    assert "2025-06 to 2029-05 (48 months), 20 draws, seed 0, against baseline_2025" in out
    text, unit = (r"0\.\d\d→0\.\d\d .*", "share +") if width >= 100 else ("[^→]*", "")
    assert re.search(rf"2025-06 NATO +russia_strategy +{text}USA \d+", out)
    assert re.search(rf"^cohesion +{unit}0\.\d\d \[0\.\d\d, 0\.\d\d\]", out, re.MULTILINE)
    assert all(re.search(rf"^{name} ", out, re.MULTILINE) for name in OUTCOMES)
    assert "-0.00" not in out and "Monte Carlo error" in " ".join(out.split()) and "Least certain" in out


@pytest.mark.parametrize("name", list_scenarios())
@pytest.mark.parametrize("draws", [50, 400])
def test_the_first_screen_has_24_lines_of_80_characters(
    shell: Shell, name: str, draws: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = shell.good("run", name, "--draws", str(draws)).splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert "A what-if, not a forecast." in " ".join(lines) and lines[-1].startswith("Next: ")
    head = next(at for at, line in enumerate(lines) if line.startswith("passes, % of draws"))
    legend = next(at for at, line in enumerate(lines) if line.startswith("cell: the text above"))
    assert legend - head > 2  # issues: at least two


def test_what_is_restored_is_what_the_base_has(shell: Shell) -> None:
    lost, won, even, high = (
        json.loads(shell.good("run", name, "--draws", "100", "--json", *more))
        for name, *more in (
            ("helsinki_2018",),
            ("us_russia_reset_2025",),
            ("helsinki_2018", "--against", "helsinki_2018"),
            ("baseline_2018",),
        )
    )
    assert lost["headline"]["difference"] < 0.0 and lost["restore_target"] == lost["headline"]["base_passes"]
    reaching = [change for change in lost["restore"] if change["reaches"]]
    assert reaching and all(change["passing"] >= lost["restore_target"] for change in reaching)
    assert won["headline"]["difference"] > 0.0 and won["restore_target"] is None and not won["restore"]
    for run in (even, high):
        clearly = run["headline"]["passes"] + 2.0 * run["headline"]["share_error"] < 0.5
        assert run["restore_target"] == (0.5 if clearly else None)
    shown = shell.good("run", "helsinki_2018", "--draws", "100").replace("\n", " ")
    assert f"bring it back to {100.0 * lost['restore_target']:.0f} %, each alone: {reaching[0]['label']}" in shown


def test_the_first_screen_says_what_the_json_says(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "2000")
    arguments = ("run", "us_russia_reset_2025", "--draws", "100")
    found = json.loads(shell.good(*arguments, "--json"))
    headline, lines = found["headline"], shell.good(*arguments).splitlines()
    assert [lines[2], lines[3]] == [headline["sentences"][0], " ".join(headline["sentences"][1:])]
    base = json.loads(shell.good("run", "baseline_2025", "--draws", "100", "--json"))
    key = ("meeting", "issue")
    for run, name in ((found, "passes"), (base, "base_passes")):
        (row,) = [row for row in run["decisions"] if all(row[each] == headline[each] for each in key)]
        assert row["adopted"] + row["diluted"] == pytest.approx(headline[name])
    table = next(line for line in lines if line.startswith("dialogue with Russia"))
    assert f" {100 * headline['passes']:.0f}▲" in table


def test_the_table_has_the_text_of_the_headline_and_marks_new_ones(shell: Shell) -> None:
    found = json.loads(shell.good("run", "outlook_2025", "--draws", "100", "--json"))
    headline = found["headline"]
    lowest = min(
        row["adopted"] + row["diluted"]
        for row in found["decisions"]
        if row["issue"] == headline["issue"] and "2025-07" <= row["month"] <= "2025-12"
    )
    assert headline["month"] == "2025-12" and lowest < headline["passes"]
    lines = shell.good("run", "outlook_2025", "--draws", "100").splitlines()
    at = next(line for line in lines if line.startswith("passes, % of draws")).index("25H2")
    (row,) = [line for line in lines if line.startswith("support for Ukraine")]
    assert row[at - 1 : at + 5].strip() == f"{100 * headline['passes']:.0f}▼"
    (row,) = [line for line in lines if line.startswith("open door")]
    assert row[at - 1 : at + 5].strip().endswith("+")  # accession, which the base does not hold


def test_the_base_is_chosen_or_found(shell: Shell) -> None:
    run = ("run", "us_russia_reset_2025", "--months", "3", "--draws", "10")
    assert "against baseline_2025" in shell.good(*run)
    assert "against washington_2024" in shell.good(*run, "--against", "washington_2024")
    assert "against the same without --set" in shell.good(*run, "--set", "pledge=0.3")
    assert ", against" not in shell.good("run", "baseline_2025", "--months", "3", "--draws", "10")
    assert "calibrated to" in shell.bad(*run, "--against", "baseline_2018")
    assert "no such" in shell.bad(*run, "--against", "nowhere.yaml")


def test_what_cannot_be_compared_with_what_it_extends_runs_without_a_base(shell: Shell, tmp_path: Path) -> None:
    path, before = tmp_path / "later.yaml", alliance_sim.load_scenario("baseline_2018")
    drop = ", ".join(each.id for each in (*before.events, *before.meetings))
    path.write_text(f"name: later\nextends: baseline_2018\nera: '2025'\nstart: 2025-06\nmonths: 3\ndrop: [{drop}]\n")
    assert ", against" not in shell.good("run", str(path), "--draws", "10")
    assert "calibrated to" in shell.bad("run", str(path), "--draws", "10", "--against", "baseline_2018")


def test_a_pipe_is_wide_enough_for_the_tables(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert "…" not in shell.good(*RUN)


def test_settings_change_the_run(shell: Shell) -> None:
    plain = json.loads(shell.good(*RUN, "--json"))
    set_ = json.loads(shell.good(*RUN, "--json", "--set", "susceptibility=0", "--set", "susceptibility.HUN = 0.9"))
    assert plain["outcomes"] != set_["outcomes"]


def test_a_setting_draws_from_the_priors(shell: Shell) -> None:
    setting = ("--set", "calibration=prior", "--set", "pledge=0.3")
    found = json.loads(shell.good(*RUN, *setting, "--json"))
    scenario = alliance_sim.load_scenario(found["scenario"]).with_calibration("prior")
    ensemble = alliance_sim.simulate(scenario.with_parameters({"pledge": 0.3}), 10)
    assert found["outcomes"]["cohesion"]["mean"] == ensemble.series("cohesion")["mean"].tolist()[:3]
    assert found["calibration"] == "prior" and json.loads(shell.good(*RUN, "--json"))["calibration"] == "posterior"
    assert "10 draws, seed 0, calibration prior, against the same without --set\n" in shell.good(*RUN, *setting)


def test_run_keeps_results_and_draws_figures(shell: Shell, tmp_path: Path) -> None:
    folder, figure = tmp_path / "results", tmp_path / "figures" / "fan.svg"
    out = shell.good(*RUN, "--out", str(folder), "--plot", str(figure))
    assert f"Written: {folder}" in out.replace("\n", "") and figure.read_text().count("<svg") == 1
    # Matplotlib writes each text as a comment beside its shapes.
    for text in ("A what-if, not a forecast.", "median of the base", "passes in the base", "spending demand"):
        assert text in figure.read_text(), text
    kept = load_ensemble(folder)
    assert (kept.draws, kept.keep, len(kept.months)) == (10, "allies", 3)
    assert "not an empty folder" in shell.bad(*RUN, "--out", str(folder))


def test_explore_without_its_extra_says_what_to_install(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "solara" or ".explorer" in name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "solara", None)
    assert "pip install 'alliance_sim[explorer]'" in shell.bad("explore")
