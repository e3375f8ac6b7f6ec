"""The plan of a sweep: all its runs, and everything that their results depend on, fixed before the first one starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from alliance_sim.errors import InputError
from alliance_sim.experiments import design
from alliance_sim.registry.fields import FrozenDict
from alliance_sim.results import parquet
from alliance_sim.scenarios import dump
from alliance_sim.simulation import versions

if TYPE_CHECKING:
    from alliance_sim.experiments.schema import Experiment

__all__ = ["FILE", "POINTS", "Plan", "Task", "environment", "plan_of"]

#: Version of the layout of a sweep's folder.
FORMAT = 2
#: Runs of a task: enough to make files and messages cheap, few enough to lose little with a worker.
ROWS = 1024
FILE = "plan.json"
POINTS = "points.parquet"
#: Differences that a message names.
MOST = 5


class Task(NamedTuple):
    """Runs of one variant: the draws `draw0` to `draw1 - 1` at each of the points `point0` to `point1 - 1`."""

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
        """Return two tasks with the first and the last of the runs."""
        if self.point1 - self.point0 > 1:
            middle = (self.point0 + self.point1) // 2
            return self._replace(point1=middle), self._replace(point0=middle)
        middle = (self.draw0 + self.draw1) // 2
        return self._replace(draw1=middle), self._replace(draw0=middle)


@dataclass(frozen=True, eq=False)
class Plan:
    """The runs of a sweep: each variant at each point with each draw.

    A run has the number ``(variant * P + point) * replications + draw``.

    Attributes
    ----------
    content : mapping
        The experiment, in JSON's types: results depend on it, on the points and on the `environment`, and on nothing
        else.
    variants : mapping
        Options and scenario of each variant, in JSON's types, by the name of its scenario.
    points : Points
        Names (U) and values (P, U).
    replications : int
        Draws at each point; all points share the draws 0 to `replications` - 1.
    """

    content: Mapping[str, Any]
    variants: Mapping[str, Any]
    points: design.Points
    replications: int

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
            **json.loads(json.dumps({**self.content, "variants": self.variants})),
            "points": hashlib.sha256(self.points_file).hexdigest(),
            "replications": self.replications,
            "tasks": [list(task) for task in self.tasks],
            "environment": dict(environment()),
        }
        return {**document, "hash": _hash(document)}

    @cached_property
    def points_file(self) -> pa.Buffer:
        """The file of the points, a row each: Parquet, since a million points as JSON took seconds and a gigabyte."""
        columns = dict(zip(self.points.names, self.points.values.T, strict=True))
        return parquet.encoded(pa.table({"point": np.arange(len(self.points.values)), **columns}))

    @property
    def hash(self) -> str:
        """Hash of the plan, which is in every completion marker."""
        return str(self.document["hash"])

    @staticmethod
    def read(folder: Path) -> dict[str, Any]:
        """Return the document in a folder.

        Raises
        ------
        InputError
            If there is none, it was changed, or its folder has another layout.
        """
        try:
            found: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
            intact = found["hash"] == _hash(found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{folder / FILE}: cannot be read ({error})") from None
        if not intact:
            raise InputError(f"{folder / FILE}: was changed after it was written")
        if found.get("format") != FORMAT:
            raise InputError(f"{folder}: a sweep of layout {found.get('format')}; allowed: {FORMAT}, in a new folder")
        return found

    def check(self, folder: Path) -> None:
        """Refuse a folder with another plan.

        Raises
        ------
        InputError
            With the differences.
        """
        found = {**self.read(folder), "hash": self.hash}
        differences = list(_differences(found, self.document))
        if differences:
            more = f" and {len(differences) - MOST:,} more" if len(differences) > MOST else ""
            raise InputError(
                f"{folder}: holds another sweep: {'; '.join(differences[:MOST])}{more}; "
                "allowed: the same experiment, program and machine, or a new folder"
            )


def plan_of(experiment: Experiment) -> Plan:
    """Return the plan of an experiment."""
    content = {"experiment": experiment.model_dump(mode="json", exclude_none=True)}
    variants = {
        variant.scenario.name: {"options": dict(variant.options), "scenario": dump(variant.scenario)}
        for variant in experiment.variants()
    }
    return Plan(content, variants, design.points(experiment), experiment.replications)


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


def _hash(document: Mapping[str, Any]) -> str:
    content = {key: value for key, value in document.items() if key != "hash"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Yield the differences of two documents, with the values where they are short."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differences(old.get(key), new.get(key), f"{place}.{key}".lstrip("."))
    elif old != new:
        texts = [json.dumps(value, ensure_ascii=False) for value in (old, new)]
        yield f"{place} was {texts[0]}, is {texts[1]}" if max(map(len, texts)) <= 40 else f"{place} differs"
