"""Commands that analyse: compare. The others are tested beside their functions."""

import json
import re
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim.registry.outcomes import OUTCOMES
from command_line import COMPARE, Shell, one_month


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


def test_what_draws_do_not_differ_in_has_no_spread(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The domestic support of the president follows from the events alone, which are certain in the reset."""
    monkeypatch.setenv("COLUMNS", "120")
    row = alliance_sim.compare("baseline_2025", "us_russia_reset_2025", draws=20).summary().xs(
        "presidential_support", level="outcome"
    )  # fmt: skip
    assert row["spread"].item() == 0.0 and row["mean"].item() > 0.01 and row["size"].item() == float("inf")
    assert re.search(r"presidential_support .* 1\.00 +fixed$", shell.good(*COMPARE), re.MULTILINE)


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
    result = json.loads(shell.good(*COMPARE, "--set", "threat_reversion=0.1", "--json"))
    base, reset = (
        alliance_sim.simulate(
            alliance_sim.load_scenario(name).with_parameters({"threat_reversion": 0.1}), 20
        ).per_draw()
        for name in COMPARE[1:3]
    )
    difference = (reset - base)["threat_gap"].mean()
    assert result["others"][0]["differences"]["threat_gap"]["mean"] == pytest.approx(difference, abs=1e-12)
    assert " parameter " not in shell.good(*COMPARE, "--set", "threat_reversion=0.1")


def test_compare_draws_from_the_priors(shell: Shell) -> None:
    setting = (*COMPARE, "--set", "calibration=prior")
    result = json.loads(shell.good(*setting, "--json"))
    base, reset = (
        alliance_sim.simulate(alliance_sim.load_scenario(name).with_calibration("prior"), 20).per_draw()
        for name in COMPARE[1:3]
    )
    difference = (reset - base)["threat_gap"].mean()
    assert result["others"][0]["differences"]["threat_gap"]["mean"] == pytest.approx(difference, abs=1e-12)
    assert "seed 0, calibration prior\n" in shell.good(*setting)


def test_compare_draws_a_figure(shell: Shell, tmp_path: Path) -> None:
    figure = tmp_path / "forest.svg"
    out = shell.good(*COMPARE, "--plot", str(figure))
    assert f"Written: {figure}" in out.replace("\n", "") and figure.read_text().count("<svg") == 1


def test_compare_adds_the_file_to_names_that_occur_twice(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, copy = tmp_path / "mine.yaml", tmp_path / "copy.yaml"
    for path in (mine, copy):
        path.write_text(one_month("mine"))
    monkeypatch.setenv("COLUMNS", "400")
    out = shell.good("compare", str(mine), str(copy), "--draws", "1")
    assert f"mine ({copy}) against mine ({mine})" in out
    assert f"'mine' ({mine}, {copy})" in shell.bad("compare", "baseline_2018", str(mine), str(copy))
