"""hindcast --record: the same scores of a file."""

import json
import math
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim.validation.hindcast_scores import Skill
from command_line import Shell

OWN = """\
month,id,forum,issue,outcome,objection,objectors,ask_class,decision
2018-10,A,NATO NAC,deterrence_posture,adopted,none,,2,
2019-02,B,EU Council,sanctions,blocked,hard,HUN,,Nothing came of it
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own.csv"
    path.write_text(OWN)
    return str(path)


def test_json_holds_what_the_api_scores(shell: Shell, own: str) -> None:
    found = json.loads(shell.good("hindcast", "--record", own, "--draws", "8", "--seed", "3", "--json"))
    assert found == json.loads(json.dumps(alliance_sim.hindcast(8, 3, record=own).json()))
    assert (found["record"], found["uncoded"], found["draws"], found["seed"]) == (own, 2, 8, 3)
    assert {row["target"] for row in found["scores"]} == {"class", "objections", "broken silence"}
    whole = next(row for row in found["scores"] if row["model"] == "alliance_sim")
    assert (whole["cases"], whole["n"], whole["crps"]) == ("2014 to 2019, used to choose the model", 2, None)


@pytest.mark.parametrize("columns", ["80", "120"])
def test_report_fits_and_says_what_is_not_out_of_sample(
    shell: Shell, own: str, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = shell.good("hindcast", "--record", own, "--draws", "8")
    assert max(map(len, out.splitlines())) <= int(columns)
    words = " ".join(out.split())
    assert "2014 to 2019, used to choose the model" in words and "not out of sample" in words
    assert "2 texts without all codes" in words and "Defence spending" not in words


def test_one_half_year_has_no_interval_and_no_verdict(shell: Shell, own: str) -> None:
    Path(own).write_text("\n".join(OWN.splitlines()[:2]) + "\n")
    found = json.loads(shell.good("hindcast", "--record", own, "--draws", "8", "--json"))
    assert {row["auc"] for row in found["scores"]} == {None}
    skill = {row["score"]: row for row in found["skill"]}
    assert isinstance(skill["rps"]["difference"], float) and skill["auc, objections"]["difference"] is None
    assert all((row["low"], row["high"]) == (None, None) for row in found["skill"])
    words = " ".join(shell.good("hindcast", "--record", own, "--draws", "8").split())
    assert not any(word in words for word in ("nan", "better [", "worse", "not clear", "do better by most"))
    assert "No interval and no verdict where all decisions, or all objections, are of one half-year." in words
    assert "Nobody objects in these decisions" in words and "1 text without all codes" in words


def test_objections_of_one_half_year_have_no_interval(shell: Shell, own: str) -> None:
    found = json.loads(shell.good("hindcast", "--record", own, "--draws", "8", "--json"))
    skill = {row["score"]: row for row in found["skill"]}
    area = skill["auc, objections"]
    assert isinstance(area["difference"], float) and (area["low"], area["high"]) == (None, None)
    assert skill["rps"]["low"] < skill["rps"]["difference"] < skill["rps"]["high"]
    assert "Of 1 item to 2023" in " ".join(shell.good("hindcast", "--record", own, "--draws", "8").split())


@pytest.mark.parametrize(
    ("difference", "low", "high", "better", "verdict"),
    [
        (0.2, 0.1, 0.3, "higher", "better"),
        (0.2, 0.1, 0.3, "lower", "worse"),
        (0.2, -0.1, 0.3, "higher", "not clear"),
        (math.nan, math.nan, math.nan, "higher", ""),
        (0.2, math.nan, math.nan, "higher", ""),
        (math.inf, 1.0, math.inf, "lower", ""),
    ],
)
def test_a_verdict_needs_finite_numbers(difference: float, low: float, high: float, better: str, verdict: str) -> None:
    assert Skill("rps", "alliance_sim", "own rate", better, difference, low, high).verdict == verdict


def test_a_folder_in_place_of_the_file_is_refused(shell: Shell, tmp_path: Path) -> None:
    error = shell.bad("hindcast", "--record", str(tmp_path))
    assert error == f"{tmp_path}: is a folder; allowed: a CSV file in the columns of the record\n"


def test_a_wrong_file_is_refused(shell: Shell, own: str) -> None:
    Path(own).write_text(OWN.replace("blocked", "vetoed"))
    error = shell.bad("hindcast", "--record", own)
    assert f"{own}:3: outcome: 'vetoed' is not allowed" in error
