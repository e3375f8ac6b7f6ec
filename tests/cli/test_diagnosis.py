"""The command diagnose: a tree for people, JSON for programs."""

import json

import pytest

import alliance_sim
from command_line import Shell

DIAGNOSE = ("diagnose", "us_russia_reset_2025", "--issue", "russia_strategy", "--meeting", "2026-07", "--draws", "60")


@pytest.mark.parametrize("width", [80, 120])
def test_it_prints_the_sentence_first_and_fits_the_terminal(
    shell: Shell, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = shell.good(*DIAGNOSE)
    found = alliance_sim.diagnose("us_russia_reset_2025", "russia_strategy", "2026-07", draws=60)
    words = " ".join(out.split())
    assert words.startswith(f"{found.sentence} {found.conclusion} us_russia_reset_2025: the NATO summit, 2026-07;")
    assert max(map(len, out.splitlines())) <= width and "…" not in out and "nan" not in out.lower().split()
    for change in found.restore:
        assert all(word in words for word in change.label.split())
    assert "Without one of them at the table" in out and "Next: " in out and "points" in words
    assert not {"russia_strategy", "nato_summit", "unanimity"} & set(out.split())


def test_json_holds_the_diagnosis(shell: Shell) -> None:
    data = json.loads(shell.good(*DIAGNOSE, "--set", "company_move=0.17", "--target", "0.4", "--json"))
    scenario = alliance_sim.load_scenario("us_russia_reset_2025").with_parameters({"company_move": 0.17})
    found = alliance_sim.diagnose(scenario, "russia_strategy", "2026-07", draws=60, target=0.4)
    assert data == json.loads(json.dumps(found.json()))
    (first, *_) = data["restore"]
    assert alliance_sim.load_scenario(first["scenario"]).parameters == {"company_move": 0.17}


def test_a_text_for_which_there_is_no_time(shell: Shell) -> None:
    out = " ".join(shell.good("diagnose", "truncated_summit_2025", "--draws", "100").split())
    assert out.startswith("The Russia strategy at The Hague summit, truncated (2025-06) falls for lack of time")
    assert "(now 0 %, target 50 %)" in out and "Allies: none is asked in any draw" in out and "evidence" not in out
    assert "left out for lack of time 100 %" in out and "spk" not in out
    helps, _, none = out.partition("No clear help, up to the end of the range (13): ")
    assert "a meeting of 2 sessions, not 1" in helps and "qualified majority" in none


def test_a_text_that_passes_often_enough(shell: Shell) -> None:
    out = shell.good("diagnose", "baseline_2025", "--issue", "deterrence_posture", "--draws", "20", "--target", "0")
    assert "nothing to restore" in out and "not enough" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--issue", "russia_strateg"), "nearest: russia_strategy"),
        (("--issue", "russia_strategy", "--meeting", "9"), "allowed: 1 to 2, a month or an id"),
        (("--target", "2"), "target: 2.0 is out of range; allowed: 0 to 1"),
    ],
)
def test_wrong_input(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    assert message in shell.bad("diagnose", "baseline_2025", *arguments)
