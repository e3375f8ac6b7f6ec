"""The commands of ``python -m alliance_sim.validation``: tables, JSON, exit status, and rows from 2020."""

import json

import pytest

from alliance_sim.validation import ablation, gates, scores
from alliance_sim.validation.__main__ import main
from alliance_sim.validation.ablation import Effect
from alliance_sim.validation.gates import Gate
from alliance_sim.validation.scores import Score


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    written = capsys.readouterr()
    return int(raised.value.code or 0), written.out, written.err


@pytest.mark.parametrize(("value", "status", "verdict"), [(0.5, 0, "pass"), (0.1, 1, "FAIL")])
def test_gates_print_a_table_and_exit_1_if_one_fails(
    value: float,
    status: int,
    verdict: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [Gate("one", "x | y", value, 0.2, width=0.3, widest=0.4), Gate("two", "z", 1.0, 0.2)]
    asked = []

    def checked(draws: int, seed: int, on_run: object, calibration: str) -> list[Gate]:
        asked.append(calibration)
        return found if (draws, seed) == (7, 2) else []

    monkeypatch.setattr(gates, "gates", checked)
    code, out, err = run(capsys, "gates", "--draws", "7", "--seed", "2")
    assert (code, err) == (status, "")
    lines = out.splitlines()
    assert lines[0] == "| id | what | value | gate | width | passes |"
    assert lines[2] == f"| one | x / y | {value:.3f} | at least 0.2 | 0.300, at most 0.4 | {verdict} |"
    code, out, _ = run(capsys, "gates", "--draws", "7", "--seed", "2", "--posterior", "--json")
    assert code == status and json.loads(out)["failed"] == status and len(json.loads(out)["gates"]) == 2
    assert asked == ["prior", "posterior"]


def score_of(first: int, last: int) -> list[Score]:
    return [Score("brier", f"{first}-{last}", "lower", 4, 0.2, 0.1, 0.3, 0.25, -0.05, -0.1, 0.02)]


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        scores, "score_record", lambda draws, seed, first, last, equal_asks, progress: score_of(first, last)
    )


@pytest.mark.usefixtures("scored")
def test_scores_are_to_2019_unless_the_rows_kept_for_the_end_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "scores")
    assert (code, err) == (0, "") and "| brier | 2014-2019 | 4 | lower | 0.200 | 0.100 to 0.300 |" in out
    assert "2014-2016" in run(capsys, "scores", "--until", "2016")[1]
    code, out, err = run(capsys, "scores", "--from-2020", "--json")
    assert code == 0 and json.loads(out)["first"] == 2020 and "were scored once" in err


@pytest.mark.usefixtures("scored")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("scores", "--until", "2020"), "--until 2020: allowed: 2014 to 2019"),
        (("scores", "--until", "0"), "--until 0: allowed: 2014 to 2019"),
        (("scores", "--until", "2013"), "--until 2013: allowed: 2014 to 2019"),
        (("scores", "--until", "2019", "--from-2020"), "allowed: one of the two"),
        (("scores", "--draw", "3"), "No such option: --draw"),
    ],
)
def test_wrong_input_exits_2(arguments: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and expected in err


@pytest.mark.parametrize("function", ["ablation", "ranges"])
def test_ablation_prints_scenarios_outcomes_and_what_moves_nothing(
    function: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        Effect("coupling", "one", 0.015, (("cohesion", -0.25), ("camps", 0.1)), 0.5),
        Effect("coupling", "two", 0.0, (), 0.0),
        Effect("bypass_rate", "one", 0.0, (), 0.01),
    ]
    monkeypatch.setattr(ablation, function, lambda draws, seed, progress: found)
    arguments = ("ablation", "--parameters") if function == "ranges" else ("ablation",)
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    assert "| coupling | 1.5 / 0.25 | 0.0 / 0.00 |" in out and "| bypass_rate | 0.0 / 0.00 | fixed |" in out
    assert "| coupling | one | cohesion -0.25, camps +0.10 | 0.500 |" in out
    assert out.endswith("Moves nothing anywhere: bypass_rate.\n")
    content = json.loads(run(capsys, *arguments, "--json")[1])
    assert content["inert"] == ["bypass_rate"] and content["effects"][0]["outcomes"]["cohesion"] == -0.25
