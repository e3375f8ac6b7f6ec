"""hindcast --record: the same scores of a file."""

import json
from pathlib import Path

import pytest

import alliance_sim
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
    assert (whole["cases"], whole["n"], whole["crps"]) == ("2014 to 2019, structure chosen here", 2, None)


@pytest.mark.parametrize("columns", ["80", "120"])
def test_report_fits_and_says_what_is_not_out_of_sample(
    shell: Shell, own: str, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = shell.good("hindcast", "--record", own, "--draws", "8")
    assert max(map(len, out.splitlines())) <= int(columns)
    words = " ".join(out.split())
    assert "2014 to 2019, structure chosen here" in words and "not out of sample" in words
    assert "2 texts without all codes" in words and "Defence spending" not in words


def test_a_wrong_file_is_refused(shell: Shell, own: str) -> None:
    Path(own).write_text(OWN.replace("blocked", "vetoed"))
    error = shell.bad("hindcast", "--record", own)
    assert f"{own}:3: outcome: 'vetoed' is not allowed" in error
