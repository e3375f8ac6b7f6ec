"""The performance history: counting instructions, the limit of their growth, and the rows of the file."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import instructions

HEADER = "date,change,instructions_per_draw,seconds_1_thread,seconds_2_threads,machine_factor,cores\n"
ROW = "2025-06-20,as it was,20000000,1.3,0.7,0.8,2\n"
NOTE = "- Allies talk, which takes\n  from 20.00 to 25.00 million instructions a draw.\n"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n{unreleased}\n## [0.1.0]\n\n{released}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history with one row, and an empty changelog."""
    for name in ("HISTORY", "CHANGELOG"):
        monkeypatch.setattr(instructions, name, tmp_path / getattr(instructions, name).name)
    instructions.HISTORY.write_text(HEADER + ROW, encoding="utf-8")
    instructions.CHANGELOG.write_text(CHANGELOG.format(unreleased="", released=""), encoding="utf-8")
    return tmp_path


def counted(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(instructions, "instructions_per_draw", lambda: count)


def test_the_count_is_read_from_the_output_of_callgrind() -> None:
    report = "==71== Command: python\n==71== \n==71== Events    : Ir\n==71== Collected : 784112235\n==71== \n"
    assert instructions.collected(report) == 784112235
    with pytest.raises(RuntimeError, match="no count"):
        instructions.collected(report.replace("Collected", "Counted"))


@pytest.mark.parametrize(
    ("count", "unreleased", "released", "passes"),
    [
        (15_000_000, "", "", True),
        (22_000_000, "", "", True),
        (22_000_001, "", "", False),
        (25_000_000, NOTE, "", True),
        (25_100_000, NOTE, "", True),
        (25_500_000, NOTE, "", False),
        (23_000_000, NOTE, "", False),
        (25_000_000, NOTE.replace("20.00", "19.00"), "", False),
        (25_000_000, "", NOTE, False),
    ],
)
def test_growth_beyond_a_tenth_needs_these_figures_in_the_unreleased_changelog(
    project: Path, count: int, unreleased: str, released: str, passes: bool
) -> None:
    (last,) = instructions.history()
    changelog = CHANGELOG.format(unreleased=unreleased, released=released)
    assert (instructions.complaint(last, count, changelog) is None) == passes


def test_the_note_quoted_in_the_message_is_accepted(project: Path) -> None:
    (last,) = instructions.history()
    said = instructions.complaint(last, 24_681_357, instructions.CHANGELOG.read_text(encoding="utf-8"))
    assert said is not None
    note = said.split('"')[-2]
    assert instructions.complaint(last, 24_681_357, CHANGELOG.format(unreleased=f"- {note}\n", released="")) is None


def test_a_check_fails_if_half_the_count_was_recorded(project: Path, monkeypatch, capsys) -> None:
    counted(monkeypatch, 40_000_000)
    assert instructions.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "40.00 million" in said and "20.00" in said and "100%" in said and "as it was" in said
    assert said.count("\n") == 1


def test_a_check_passes_if_the_same_count_was_recorded(project: Path, monkeypatch, capsys) -> None:
    counted(monkeypatch, 20_000_000)
    assert instructions.main(["--check"]) == 0
    assert capsys.readouterr() == ("20.00 million instructions a draw\n", "")


def test_a_new_row_is_appended(project: Path, monkeypatch) -> None:
    counted(monkeypatch, 19_000_000)
    times = {"1": {"per_draw_ms": 1.25}, "2": {"per_draw_ms": 0.65}}
    monkeypatch.setattr(instructions, "benchmark", lambda rounds: {"threads": times, "yardstick_s": 0.75})
    assert instructions.main(["--record", "fewer in all"]) == 0
    text = instructions.HISTORY.read_text(encoding="utf-8")
    assert text.startswith(HEADER + ROW) and text.count("\n") == 3
    last = instructions.history()[-1]
    assert (last.change, last.instructions_per_draw, last.machine_factor) == ("fewer in all", 19_000_000, 0.75)
    assert (last.seconds_1_thread, last.seconds_2_threads) == (1.25, 0.65)


def test_growth_without_a_note_is_not_recorded(project: Path, monkeypatch, capsys) -> None:
    counted(monkeypatch, 40_000_000)
    assert instructions.main(["--record", "twice"]) == 1
    assert instructions.HISTORY.read_text(encoding="utf-8") == HEADER + ROW


@pytest.mark.parametrize("change", ["", "  ", "two\nlines"])
def test_a_row_needs_a_description_in_one_line(project: Path, change: str, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        instructions.main(["--record", change])
    assert left.value.code == 2
    assert "--record: allowed: a few words on one line" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["history.csv:1: header: allowed: date,change,"]),
        (HEADER.replace("cores", "threads") + ROW, ["history.csv:1: header: allowed: date,change,"]),
        (HEADER, ["history.csv: no row to check against"]),
        (HEADER + ROW + "2025-06-21,fewer fields,1\n", ["history.csv:3: 3 fields, allowed: 7"]),
        (
            HEADER + ROW.replace("20000000", "many") + ROW.replace("2025-06-20", "in June").replace("1.3", "-1"),
            [
                "history.csv:2: instructions_per_draw: 'many': Input should be a valid integer",
                "history.csv:3: date: 'in June': Input should be a valid date",
                "history.csv:3: seconds_1_thread: '-1': Input should be greater than 0",
            ],
        ),
    ],
)
def test_each_problem_of_a_history_is_reported_in_a_line(project: Path, text: str, said: list[str], capsys) -> None:
    instructions.HISTORY.write_text(text, encoding="utf-8")
    assert instructions.main(["--check"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith(begin) for line, begin in zip(lines, said, strict=True)] == [True] * len(said), lines


def test_a_missing_history_is_reported(project: Path, capsys) -> None:
    instructions.HISTORY.unlink()
    assert instructions.main(["--check"]) == 2
    assert "history.csv" in capsys.readouterr().err


def test_without_valgrind_counting_is_refused(project: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert instructions.main(["--check"]) == 2
    assert "valgrind" in capsys.readouterr().err


def test_the_history_of_the_project_can_be_read() -> None:
    rows = instructions.history()
    assert rows and [row.date for row in rows] == sorted(row.date for row in rows)


@pytest.mark.full
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_two_counts_agree_and_have_not_grown() -> None:
    first, second = instructions.instructions_per_draw(), instructions.instructions_per_draw()
    assert abs(first - second) < 0.001 * first
    last, changelog = instructions.history()[-1], instructions.CHANGELOG.read_text(encoding="utf-8")
    assert instructions.complaint(last, first, changelog) is None
    half = last.model_copy(update={"instructions_per_draw": first // 2})
    assert instructions.complaint(half, first, changelog)
