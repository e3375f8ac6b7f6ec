"""The command ask."""

import json
from pathlib import Path

import pytest

import alliance_sim
from command_line import Shell

OWN = """\
- id: often
  text: Is cohesion above one half at the end?
  sql: SELECT draw, draw < 7 AS value FROM runs
  truth: true
- id: many
  text: How many texts are there?
  sql: SELECT draw, draw AS value FROM runs
  truth: 4
- id: never
  text: Does what never happens happen?
  sql: SELECT draw, false AS value FROM runs
- id: wrong
  text: Can this be answered?
  sql: SELECT draw, cohesoin AS value FROM runs
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return str(path)


def test_json_holds_what_the_api_answers(shell: Shell, own: str) -> None:
    found = json.loads(shell.good("ask", "baseline_2018", own, "--draws", "10", "--seed", "3", "--json"))
    assert (found["scenario"], found["draws"], found["seed"], found["what_if"]) == ("baseline_2018", 10, 3, True)
    answers = alliance_sim.ask("baseline_2018", own, 10, 3)
    often, many, never, wrong = found["answers"]
    assert (often["id"], often["probability"], often["truth"]) == ("often", 0.7, True)
    assert often["score"] == pytest.approx(0.09) and often["interval"] == list(answers.answers[0].interval or ())
    assert list(many["quantiles"]) == ["p05", "p25", "p50", "p75", "p95"] and many["truth"] == 4
    assert many["covered"] == {"50": True, "80": True, "90": True} and many["score"] == answers.answers[1].score
    assert (never["probability"], never["truth"], never["score"]) == (0.0, None, None) and never["mc_error"] > 0.0
    assert "cohesoin" in wrong["problem"] and "probability" not in wrong and "quantiles" not in wrong
    assert found["summary"] == answers.summary()


@pytest.mark.parametrize("columns", ["80", "120"])
def test_report_fits_and_says_what_to_know(
    shell: Shell, own: str, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = shell.good("ask", "baseline_2018", own, "--draws", "10")
    assert max(map(len, out.splitlines())) <= int(columns)
    words = " ".join(out.split())
    assert "4 questions, 10 draws, seed 0" in words and "A what-if, not a forecast." in words
    assert "Is cohesion above one half at the end? 70.0 ±" in words and " yes 0.090" in words
    assert "Does what never happens happen? True in 0 of 10 draws, so less than " in words
    assert 'Can this be answered? Binder Error: Referenced column "cohesoin" not found' in words
    assert "2 answered by a probability, 1 by quantiles, 1 not evaluated" in words
    assert "Brier score 0.090 over 1 truth (0 is best)" in words
    assert "Coverage: of 1 truth, 1 in the 50 % interval, 1 in the 80 % interval, 1 in the 90 % interval" in words


@pytest.mark.parametrize(("name", "said"), [("history_2014_2025", "In sample: "), ("outlook_2025", "As of 23 June")])
def test_bundled_sets_say_what_their_answers_rest_on(
    shell: Shell, name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = shell.good("ask", name, name, "--draws", "3")
    assert said in out and "what-if" not in out and "Cannot be evaluated" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_settings_make_a_what_if(shell: Shell) -> None:
    out = shell.good("ask", "outlook_2025", "outlook_2025", "--draws", "2", "--set", "susceptibility.HUN=0.2")
    assert "A what-if, not a forecast." in out


def test_wrong_input_is_reported(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("- id: a\n  text: T\n")
    assert shell.bad("ask", "baseline_2018", str(path)).startswith(f"{path}:1: questions[0].sql: is missing ")
    assert "no bundled question set is called 'outlok'" in shell.bad("ask", "baseline_2018", "outlok")
    assert "no bundled scenario is called" in shell.bad("ask", "baseline_2081", "outlook_2025")
    assert shell.bad("ask", "baseline_2018", "outlook_2025", "--draws", "0").startswith("draws: 0 is out of range")


def test_nothing_that_can_be_evaluated_is_an_error(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    late = "SELECT draw, true AS value FROM allies WHERE month = DATE '2099-01-01'"
    path.write_text(f"- id: late\n  text: Is it?\n  sql: {late}\n- id: wrong\n  text: Is it?\n  sql: SELECT\n")
    for options in ((), ("--json",)):
        error = shell.bad("ask", "baseline_2018", str(path), "--draws", "2", *options)
        assert error.startswith(
            "questions: none of them can be evaluated; allowed: one that can\n  late: the query gives no row: "
        )
        assert "\n  wrong: " in error and error.count("\n") == 3


def test_list_and_check_know_question_files(shell: Shell, own: str, tmp_path: Path) -> None:
    listed = json.loads(shell.good("list", "--json"))["questions"]
    assert [row["name"] for row in listed] == list(alliance_sim.list_questions())
    assert {row["scenario"] for row in listed} == {row["name"] for row in listed}
    assert all(f"{row['scenario']} " in shell.good("list") for row in listed)
    assert shell.good("check", own) == f"{own}: ok (4 questions)\n"
    bad = tmp_path / "bad.yaml"
    bad.write_text("questions: []\n")
    status, out, err = shell("check", str(tmp_path))
    assert status == 2 and out.endswith("2 files, 1 ok, 1 with problems\n")
    assert err == f"{bad}:1: questions: is empty; allowed: one entry or more\n"
