"""Question files: forecast questions as YAML, bundled sets and users' own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo

from alliance_sim.data import data_folder
from alliance_sim.errors import InputError, few_hints, printable, shown
from alliance_sim.registry.fields import Filled, Label, Record, Text
from alliance_sim.scenarios import Scenario, load_scenario, scenario_path
from alliance_sim.scenarios.mappings import plain
from alliance_sim.scenarios.messages import MOST, Problem, keys_of, listed, problems, refuse, report
from alliance_sim.scenarios.yaml_files import parse, path_of, read_text

__all__ = [
    "LARGEST",
    "Question",
    "QuestionSet",
    "QuestionSource",
    "holds_questions",
    "list_questions",
    "load_questions",
]

#: The key under which the questions of a file stand; a file may also be the list alone.
_LIST = "questions"
#: Largest size of a number: sums over draws of larger ones would be infinite.
LARGEST = 1e100


def _truth(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise ValueError(f"{shown(value)} is not allowed; allowed: true, false or a number from -1e100 to 1e100")
    return float(value)


class Question(Record):
    """A question about the draws of a scenario, answered by a query.

    Examples
    --------
    >>> Question(id="calm", text="Is cohesion high?", sql="SELECT draw, cohesion > 0.6 AS value FROM runs").truth
    """

    id: Label = Field(description="its name, once in a file")
    text: Text = Field(description="the question in a sentence")
    sql: Text = Field(
        description="a query of the views that gives one row a draw: draw, value; value is true or false, or a number"
    )
    truth: Annotated[bool | float | None, BeforeValidator(_truth)] = Field(None, description="the answer, where known")
    source: Text | None = Field(None, description="where the truth comes from")


def _own_scenario(value: Any, info: ValidationInfo) -> Any:
    """Load the scenario of a bundled name or of a path relative to the folder of the file."""
    if isinstance(value, str):
        try:
            return load_scenario(scenario_path(value, (info.context or {}).get("folder")))
        except InputError as error:
            refuse("scenario", [((), line) for line in str(error).splitlines()])
    if value is not None and not isinstance(value, Scenario):
        raise ValueError(f"{shown(value)} is not allowed; allowed: a bundled name or a path")
    return value


def _different(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    ids = [question.id for question in questions]
    twice = [
        ((i, "id"), f"{shown(name)} is given twice; allowed: once") for i, name in enumerate(ids) if name in ids[:i]
    ]
    refuse(_LIST, list[Problem](twice))
    return questions


class QuestionSet(Record):
    """Questions of one file; `load_questions` reads it, `ask` answers them.

    Examples
    --------
    >>> sets = load_questions([{"id": "calm", "text": "Is it?", "sql": "SELECT draw, true AS value FROM runs"}])
    >>> len(sets.questions), sets.scenario
    (1, None)
    """

    title: Text | None = Field(None, description="one line: what is asked")
    scenario: Annotated[Scenario | None, BeforeValidator(_own_scenario)] = Field(
        None, description="the scenario that the questions are written for"
    )
    note: Text | None = Field(None, description="what a reader of the answers has to know")
    questions: Annotated[tuple[Question, ...], Filled, AfterValidator(_different)] = Field(
        description="a list of questions"
    )


#: What `load_questions` takes: a bundled name, a path, the keys of a file, its list alone, a set.
QuestionSource = str | Path | Mapping[str, object] | Sequence[Mapping[str, object]] | QuestionSet
#: The keys of each record of a question file and their descriptions, by the field that holds the record.
KEYS = {_LIST: keys_of(Question), "": keys_of(QuestionSet)}


def list_questions() -> tuple[str, ...]:
    """Return the names of the bundled question sets.

    Examples
    --------
    >>> import alliance_sim as als
    >>> als.list_questions()
    ('history_2014_2025', 'outlook_2025')
    """
    return tuple(_bundled())


def load_questions(source: QuestionSource) -> QuestionSet:
    """Return a set of questions.

    Parameters
    ----------
    source : str, Path, mapping, sequence of mappings or QuestionSet
        A bundled name, or the path of a file (a text with a slash, or ending in ``.yaml`` or ``.yml``, is a path), or a
        mapping with the keys of a file, or the list of questions alone. A set is returned as it is.

    Raises
    ------
    InputError
        If there is no such set, or with all its problems, one a line.

    Examples
    --------
    >>> import alliance_sim as als
    >>> als.load_questions("outlook_2025").scenario.name
    'outlook_2025'
    """
    if isinstance(source, QuestionSet):
        return source
    if isinstance(source, (Mapping, list, tuple)):
        fields = plain(source if isinstance(source, Mapping) else {_LIST: source})
        found, wrong = _validated(fields, Path())
        if found is None:
            raise InputError(listed(wrong))
        return found
    names = _bundled()
    path = path_of(source, Path(), names, "question set")  # type: ignore[arg-type] # it refuses what is no name
    return _read(read_text(path, names), path)


def holds_questions(path: str | Path) -> bool:
    r"""Return whether a file looks like one of questions: a list with `sql`, or a mapping with the key `questions`.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("own.yaml").write_text("# mine\n- id: calm\n  sql: SELECT draw, true AS value FROM runs\n")
    >>> holds_questions("own.yaml"), holds_questions("baseline_2025")
    (True, False)
    """
    try:
        # Not a pipe, which can be read only once.
        text = read_text(Path(path), ()) if Path(path).is_file() else ""
    except (InputError, OSError):
        return False  # Loading it reports the error.
    lines = (line for line in text.splitlines() if line.strip() not in ("", "---") and not line.startswith("#"))
    listed = next(lines, "").startswith(("-", "[")) and re.search(r"\bsql\s*:", text)
    return bool(listed or re.search(rf"^{_LIST}\s*:", text, re.MULTILINE))


def _bundled() -> dict[str, Path]:
    return {path.stem: path for path in sorted(data_folder("questions").glob("*.yaml"))}


@few_hints(4 * MOST)
def _read(text: str, path: Path) -> QuestionSet:
    origin = printable(path)
    data, lines, wrong = parse(text, origin, "a set of questions", KEYS[""], _LIST)
    found, more = _validated(data, path.parent)
    if found is None or wrong:
        raise InputError(report(origin, wrong + more, lines))
    return found


def _validated(fields: Mapping[str, Any], folder: Path) -> tuple[QuestionSet | None, list[Problem]]:
    try:
        return QuestionSet.model_validate(dict(fields), context={"folder": folder}), []
    except ValidationError as error:
        return None, problems(error, KEYS)
