"""Question files: the bundled sets, each truth computed again from its table, and files at fault.

A case is a file in ``broken_questions``: ``# expect: LINE: FIELD: PROBLEM`` in its first lines is one message of
`alliance-sim check`, in the order they are printed; one that ends in ``...`` may go on.
"""

import contextlib
import re
from pathlib import Path

import pytest

import alliance_sim as als
from alliance_sim.data import find_row, number, table
from alliance_sim.errors import InputError
from alliance_sim.validation.question_files import Question, QuestionSet, holds_questions
from alliance_sim.validation.record import record

BROKEN = Path(__file__).parent / "broken_questions"
FILES = sorted(path.name for path in BROKEN.glob("*.yaml"))
HISTORY = als.load_questions("history_2014_2025")
ONE = {"id": "one", "text": "Is it?", "sql": "SELECT draw, true AS value FROM runs"}


@pytest.mark.parametrize("name", FILES)
def test_every_problem_of_a_file_is_reported(name: str) -> None:
    lines = (BROKEN / name).read_text("utf-8").splitlines()
    expected = [line.replace("# expect: ", f"{name}:", 1) for line in lines if line.startswith("# expect: ")]
    with contextlib.chdir(BROKEN), pytest.raises(InputError) as caught:
        als.load_questions(Path(name))
    found = [
        want if want.endswith("...") and got.startswith(want[:-3]) else got
        for got, want in zip(str(caught.value).splitlines(), expected, strict=True)
    ]
    assert found == expected and expected
    assert holds_questions(BROKEN / name)


def test_what_is_no_question_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no bundled question set is called 'outlok_2025' \(nearest: outlook_2025\)"):
        als.load_questions("outlok_2025")
    with pytest.raises(InputError, match=r"gone\.yaml: there is no such file; allowed: .* outlook_2025"):
        als.load_questions(tmp_path / "gone.yaml")
    with pytest.raises(InputError, match=r"^7 is no question set; allowed: a bundled name, a path, a mapping"):
        als.load_questions(7)  # type: ignore[arg-type]
    (tmp_path / "text.yaml").write_text("what?\n")
    with pytest.raises(InputError, match=r"text\.yaml:1: file: not a set of questions; allowed: a mapping of title, "):
        als.load_questions(tmp_path / "text.yaml")


def test_a_list_a_mapping_and_a_file_of_either_are_the_same_questions(tmp_path: Path) -> None:
    text = "- id: one\n  text: Is it?\n  sql: SELECT draw, true AS value FROM runs\n"
    (tmp_path / "list.yaml").write_text(f"---\n# mine\n\n{text}")
    (tmp_path / "mapping.yaml").write_text(f"title: t\nquestions:\n{text}")
    sources = [[ONE], {"questions": [ONE]}, tmp_path / "list.yaml", tmp_path / "mapping.yaml"]
    assert [als.load_questions(source).questions for source in sources] == [(Question(**ONE),)] * 4
    assert all(holds_questions(source) for source in sources[2:])


@pytest.mark.parametrize("name", als.list_scenarios())
def test_scenarios_are_not_taken_for_questions(name: str) -> None:
    from alliance_sim.scenarios import scenario_path

    assert not holds_questions(scenario_path(name))


def test_messages_of_python_name_the_field() -> None:
    with pytest.raises(InputError, match=r"^questions\[1\]\.id: 'one' is given twice; allowed: once$"):
        als.load_questions([ONE, ONE])
    with pytest.raises(InputError, match=r"^scenario: 7 is not allowed; allowed: a bundled name or a path$"):
        als.load_questions({"scenario": 7, "questions": [ONE]})


def test_a_scenario_is_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: own\nextends: baseline_2018\n")
    (tmp_path / "set.yaml").write_text(f"scenario: ./own.yaml\nquestions: [{{id: a, text: T, sql: {ONE['sql']!r}}}]\n")
    scenario = als.load_questions(tmp_path / "set.yaml").scenario
    assert scenario is not None and scenario.name == "own"


@pytest.mark.parametrize("name", als.list_questions())
def test_every_bundled_question_can_be_evaluated(name: str) -> None:
    questions = als.load_questions(name)
    assert questions.scenario is not None and questions.scenario.name == name and questions.note
    answers = als.ask(name, name, draws=3).answers
    assert [(each.question.id, each.problem) for each in answers if each.problem] == []


def test_the_outlook_has_no_truth() -> None:
    assert all(each.truth is None and each.source is None for each in als.load_questions("outlook_2025").questions)


def members(year: str) -> list[float]:
    """Return the spending of the members at the end of a year; Iceland reports none."""
    figures = {(row["iso3"], row["year"]): number(row, "pct_gdp") for row in table("facts/defence_spending")}
    joined = [row["iso3"] for row in table("facts/actors") if "" < row["nato_accession"] <= f"{year}-12"]
    assert [iso3 for iso3 in joined if (iso3, year) not in figures] == ["ISL"]
    return [figures.get((iso3, year), 0.0) for iso3 in joined]


def true_value(source: str) -> bool | float:
    """Return what the source of a truth says, computed from the table that it names."""
    rows = table("consensus_record")
    if found := re.fullmatch(r"consensus_record (C\d+): outcome adopted or diluted", source):
        return find_row("consensus_record", id=found[1])["outcome"] in ("adopted", "diluted")
    if found := re.fullmatch(r"consensus_record: outcome blocked, forum ([\w ]+?)(?:, issue (\w+))?", source):
        forum, issue = found.groups()
        ended = [row["outcome"] for row in rows if row["forum"] == forum and issue in (None, row["issue"])]
        return ended.count("blocked")
    if found := re.fullmatch(r"consensus_record: hard objection of (\w+), forum ([\w ]+?)(?:, from ([\d-]+))?", source):
        ally, forum, first = found.groups()
        at_stake = [row for row in rows if row["forum"] == forum and row["month"] >= (first or "")]
        return sum(row["objection"] == "hard" and ally in row["objectors"].split(";") for row in at_stake)
    if found := re.fullmatch(r"facts/defence_spending: mean of members (\d+), Iceland as zero", source):
        spending = members(found[1])
        return round(sum(spending) / len(spending), 2)
    if found := re.fullmatch(r"facts/defence_spending: members at 2 or more (\d+)", source):
        return sum(each >= 2.0 for each in members(found[1]))
    if found := re.fullmatch(r"facts/defence_spending: (\w+) (\d+)", source):
        return number(find_row("facts/defence_spending", iso3=found[1], year=found[2]), "pct_gdp")
    found = re.fullmatch(r"facts/ukraine_support: (\w+) total_pct_gdp", source)
    assert found, f"no such source: {source}"
    return number(find_row("facts/ukraine_support", donor=found[1]), "total_pct_gdp")


@pytest.mark.parametrize("question", HISTORY.questions, ids=lambda question: question.id)
def test_every_truth_is_that_of_its_table(question: Question) -> None:
    assert question.source is not None
    expected = true_value(question.source)
    assert question.truth == expected and isinstance(question.truth, bool) == isinstance(expected, bool)


def of_one_decision(questions: QuestionSet) -> dict[str, Question]:
    named = {question: re.match(r"consensus_record (C\d+)", question.source or "") for question in questions.questions}
    return {found[1]: question for question, found in named.items() if found}


def test_decisions_are_every_fourth_row_of_the_record() -> None:
    assert list(of_one_decision(HISTORY)) == [row["id"] for row in table("consensus_record")][::4]


def test_a_question_about_a_decision_reads_the_item_of_its_row() -> None:
    items = {item.id: item for item in record(2014, 2025)}
    for row, question in of_one_decision(HISTORY).items():
        assert f"meeting = '{items[row].meeting}' AND issue = '{items[row].issue}'" in " ".join(question.sql.split())


def test_sums_over_the_record_leave_out_what_is_not_on_it() -> None:
    recorded = {(item.meeting, item.issue) for item in record(2014, 2025)}
    history = als.load_scenario("history_2014_2025")
    items = [(meeting, item.issue) for meeting in history.meetings for item in meeting.agenda]
    other = [(meeting, issue) for meeting, issue in items if (meeting.id, issue) not in recorded]
    assert not {meeting.forum for meeting, _ in other} & {"nac", "g7"}
    assert ("eu_council", "ukraine_support") not in {(meeting.forum, issue) for meeting, issue in other}
    (hungary,) = (question for question in HISTORY.questions if question.id == "hungary-eu")
    later = [meeting.id for meeting, _ in other if meeting.forum == "eu_council" and meeting.month >= "2022-02"]
    assert re.findall(r"'(eu_council-[\d-]+)'", hungary.sql) == later
