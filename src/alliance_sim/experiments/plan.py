"""The plan of a sweep: all its runs, and everything that their results depend on, fixed before the first one starts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import count, pairwise, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import ConfigDict, Field, JsonValue

from alliance_sim.compile import compile_scenario
from alliance_sim.errors import InputError, shown
from alliance_sim.experiments import design
from alliance_sim.experiments.schema import MAX_POINTS, MAX_VARIANTS
from alliance_sim.registry.fields import FrozenDict
from alliance_sim.results import parquet
from alliance_sim.results.stored import Sha256, Stored, View, read_json, validated
from alliance_sim.results.views import Runs, kept, rows_of_run
from alliance_sim.simulation import versions

if TYPE_CHECKING:
    from alliance_sim.experiments.schema import Experiment

__all__ = ["Plan", "Task"]

#: Version of the layout of a sweep's folder: since 4 decisions have asks, first texts and voiced objections.
FORMAT = 4
#: Runs of a task: enough to make files and messages cheap, few enough to lose little with a worker.
ROWS = 1024
FILE = "plan.json"
POINTS = "points.parquet"
#: Differences that a message names.
MOST = 5
#: Texts of scenarios: they do not enter the computation and are in no table of the results.
TEXTS = ("title", "description", "text", "source", "sources")
#: The parts of a plan that describe the experiment without deciding about results.
DESCRIPTION = ("experiment", "hash")


class Task(NamedTuple):
    """Runs of one variant: the draws `draw0` to `draw1 - 1` at each of the points `point0` to `point1 - 1`.

    Examples
    --------
    >>> task = Task(number=0, variant=1, point0=0, point1=4, draw0=0, draw1=50)
    >>> task.runs
    200
    >>> [half.runs for half in task.halves()]
    [100, 100]
    """

    number: int
    variant: int
    point0: int
    point1: int
    draw0: int
    draw1: int

    @property
    def runs(self) -> int:
        """How many there are."""
        return (self.point1 - self.point0) * (self.draw1 - self.draw0)

    def halves(self) -> tuple[Task, Task]:
        """Return two tasks with the first and the last of the runs.

        Examples
        --------
        >>> Task(0, 0, point0=7, point1=8, draw0=0, draw1=10).halves()[1].draw0
        5
        """
        if self.point1 - self.point0 > 1:
            middle = (self.point0 + self.point1) // 2
            return self._replace(point1=middle), self._replace(point0=middle)
        middle = (self.draw0 + self.draw1) // 2
        return self._replace(draw1=middle), self._replace(draw0=middle)


Count = Annotated[int, Field(ge=0)]


class _Variant(Stored):
    """A variant in a plan; `rows` are those that each run has in each view, null where runs differ."""

    options: dict[str, str] = Field({})
    scenario: str | dict[str, JsonValue] = Field({})
    rows: dict[View, Count | None] = Field({})


class _Document(Stored):
    """The content of ``plan.json``; other keys decide about results, too."""

    model_config = ConfigDict(extra="allow")

    format: int
    experiment: dict[str, JsonValue] = Field({})
    variants: Annotated[dict[str, _Variant], Field(min_length=1, max_length=MAX_VARIANTS)]
    points: Sha256
    replications: Annotated[int, Field(ge=1, le=100_000_000)]
    tasks: Annotated[list[Annotated[list[Count], Field(min_length=6, max_length=6)]], Field(min_length=1)]
    environment: dict[str, str]
    hash: Sha256


@dataclass(frozen=True, eq=False)
class Plan:
    """The runs of a sweep: each variant at each point with each draw.

    A run has the number ``(variant * P + point) * replications + draw``.

    Attributes
    ----------
    content : mapping
        What decides about results besides the following and the `environment`, in JSON's types.
    variants : mapping
        By the name of its scenario for each variant, in JSON's types: `options`, `scenario`, and `rows`, the number of
        rows that a run has in each view (None where runs differ).
    points : Points
        Names (U) and values (P, U).
    replications : int
        Draws at each point; all points share the draws 0 to `replications` - 1.
    experiment : mapping
        The experiment with its texts, in JSON's types. It is kept for readers, and may change while the results stay
        the same.
    columns : mapping of str to Schema
        Columns of views, which parts are checked for.

    Examples
    --------
    >>> import numpy as np
    >>> from alliance_sim.experiments.design import Points
    >>> points = Points(("x",), np.linspace(0.0, 1.0, 30)[:, None])
    >>> plan = Plan({}, {"a": {"rows": {"runs": 1}}}, points, replications=200)
    >>> plan.runs, len(plan.tasks), sorted(plan.document)[:3]
    (6000, 6, ['environment', 'experiment', 'format'])
    >>> plan.points_file.size > 0
    True
    """

    content: Mapping[str, Any]
    variants: Mapping[str, Any]
    points: design.Points
    replications: int
    experiment: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, pa.Schema] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.variants) * len(self.points.values) * self.replications

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """All runs, in tasks of at most `ROWS`."""
        return tuple(_tasks(len(self.variants), len(self.points.values), self.replications))

    @cached_property
    def document(self) -> dict[str, Any]:
        """The content of ``plan.json``; `hash` is over all other keys."""
        document = {
            "format": FORMAT,
            # In the types that reading the file gives.
            **json.loads(json.dumps({"experiment": self.experiment, **self.content, "variants": self.variants})),
            "points": hashlib.sha256(self.points_file).hexdigest(),
            "replications": self.replications,
            "tasks": [list(task) for task in self.tasks],
            "environment": dict(environment()),
        }
        return {**document, "hash": _hash(document, ("hash",))}

    @cached_property
    def points_file(self) -> pa.Buffer:
        """The file of the points, a row each: Parquet, since a million points as JSON took seconds and a gigabyte."""
        columns = dict(zip(self.points.names, self.points.values.T, strict=True))
        return parquet.encoded(pa.table({"point": np.arange(len(self.points.values)), **columns}))

    @staticmethod
    def read(folder: Path) -> dict[str, Any]:
        """Return the document in a folder.

        Raises
        ------
        InputError
            If there is none, it was changed, or its folder has another layout.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> Plan.read(als.sweep(experiment, "summits").folder)["replications"]
        2
        """
        path = folder / FILE
        if not os.path.lexists(path):
            raise InputError(f"{path}: cannot be read (No such file or directory)")
        document = read_json(path)
        if not isinstance(document, dict) or "hash" not in document:
            raise InputError(f"{path}: cannot be read (it is no plan)")
        if document["hash"] != _hash(document, ("hash",)):
            raise InputError(f"{path}: was changed after it was written")
        layout = document.get("format")
        if layout != FORMAT:
            other = f"a sweep of layout {shown(layout)}, of another version of the model"
            raise InputError(f"{folder}: {other}; allowed: {FORMAT}; run it again, in a new folder")
        checked = validated(path, document, _Document)
        points, number = checked.tasks[-1][3], len(checked.variants)
        expected = _tasks(number, min(points, MAX_POINTS), checked.replications)
        if any(list(task or ()) != found for task, found in zip_longest(expected, checked.tasks)):
            raise InputError(f"{path}: its tasks are not the runs of {number} variants with all points and draws")
        return document

    def check(self, folder: Path) -> None:
        """Refuse a folder with another plan; what only describes the experiment may differ.

        Raises
        ------
        InputError
            With the differences, those of program and machine first.

        Examples
        --------
        >>> import alliance_sim as als
        >>> from alliance_sim.experiments.plan import plan_of
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> folder = als.sweep(experiment, "summits").folder
        >>> plan_of(experiment.model_copy(update={"title": "Another title"})).check(folder)
        """
        found = self.read(folder)
        differences = list(_differences(found["environment"], self.document["environment"], "environment"))
        ours, theirs = (
            {key: value for key, value in each.items() if key not in ("environment", *DESCRIPTION)}
            for each in (self.document, found)
        )
        differences += _differences(theirs, ours)
        if differences:
            more = f" and {len(differences) - MOST:,} more" if len(differences) > MOST else ""
            raise InputError(
                f"{folder}: holds another sweep: {'; '.join(differences[:MOST])}{more}; "
                "allowed: the same experiment, program and machine, or a new folder"
            )


def identity(document: Mapping[str, Any]) -> str:
    """Return the hash of all that decides about results; completion markers have it."""
    return _hash(document, DESCRIPTION)


def rows(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, int | None]]]:
    """Return the scenario of each variant in a plan, and the rows that a run of it has in each view."""
    return [(name, variant["rows"]) for name, variant in document["variants"].items()]


def plan_of(experiment: Experiment) -> Plan:
    """Return the plan of an experiment."""
    views = kept(experiment.keep)
    variants = {
        variant.scenario.name: {
            "options": dict(variant.options),
            "scenario": _deciding(variant.scenario.model_dump(mode="json", exclude_none=True)),
            "rows": {view: rows_of_run(view, variant.scenario) for view in views},
        }
        for variant in experiment.variants()
    }
    return Plan(
        {"seed": experiment.seed, "keep": experiment.keep},
        variants,
        design.points(experiment),
        experiment.replications,
        experiment.model_dump(mode="json", exclude_none=True),
        columns_of(experiment, tuple(experiment.uncertainties)),
    )


def columns_of(experiment: Experiment, varied: tuple[str, ...]) -> dict[str, pa.Schema]:
    """Return the columns of each view: those of a variant without any runs."""
    variant = experiment.variants()[0]
    program = compile_scenario(variant.scenario)
    nothing, values = np.zeros(0, np.int64), dict.fromkeys(varied, np.zeros(0))
    kept = program.allocate_output(0, experiment.keep)
    runs = Runs(program, experiment.keep, *kept, nothing, nothing, values, variant.options)
    return {view: table.schema for view, table in runs.tables().items()}


def _deciding(content: Any) -> Any:
    """Return the content of a scenario without its texts."""
    if isinstance(content, dict):
        return {key: _deciding(value) for key, value in content.items() if key not in TEXTS}
    return [_deciding(each) for each in content] if isinstance(content, list) else content


@cache
def environment() -> Mapping[str, str]:
    """Return the versions, the hash of the calibration and the processor that the bits of a result depend on."""
    return FrozenDict(versions() | {"pyarrow": pa.__version__})


def _tasks(variants: int, points: int, replications: int) -> Iterator[Task]:
    numbers = count()
    at_once = max(1, ROWS // replications)
    pieces = -(-replications // ROWS)
    bounds = [replications * piece // pieces for piece in range(pieces + 1)]
    for variant in range(variants):
        for point in range(0, points, at_once):
            for draw0, draw1 in pairwise(bounds):
                yield Task(next(numbers), variant, point, min(point + at_once, points), draw0, draw1)


def _hash(document: Mapping[str, Any], without: tuple[str, ...]) -> str:
    content = {key: value for key, value in document.items() if key not in without}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Yield the differences of two documents, with the values where they are short."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differences(old.get(key), new.get(key), f"{place}.{key}".lstrip("."))
    elif old != new:
        texts = [json.dumps(value, ensure_ascii=False) for value in (old, new)]
        yield f"{place} was {texts[0]}, is {texts[1]}" if max(map(len, texts)) <= 40 else f"{place} differs"
