import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_sim.errors import InputError
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.plan import FILE, ROWS, Plan, identity
from alliance_sim.experiments.plan import _hash as hash_of


def plan(variants: int = 2, points: int = 3, replications: int = 5, **content: object) -> Plan:
    by_name = {name: {"rows": {"runs": 1}} for name in "abc"[:variants]}
    return Plan(content, by_name, Points(("x",), np.linspace(0.1, 0.7, points)[:, None]), replications)


def write(made: Plan, folder: Path) -> None:
    (folder / FILE).write_text(json.dumps(made.document))


@given(st.integers(1, 3), st.integers(1, 700), st.integers(1, 1500))
def test_every_run_is_in_one_task(variants: int, points: int, replications: int) -> None:
    made = plan(variants, points, replications)
    numbers = [
        np.arange(task.draw0, task.draw1)
        + replications * (np.arange(task.point0, task.point1)[:, None] + points * task.variant)
        for task in made.tasks
    ]
    runs = np.sort(np.concatenate([block.ravel() for block in numbers]))
    assert runs.size == made.runs == sum(task.runs for task in made.tasks)
    assert np.array_equal(runs, np.arange(made.runs))
    assert [task.number for task in made.tasks] == list(range(len(made.tasks)))
    assert all(task.runs <= ROWS for task in made.tasks)
    assert all(task.point1 - task.point0 == 1 or task.draw1 == replications for task in made.tasks)


@given(st.integers(1, 9), st.integers(1, 9))
def test_halves_of_a_task_are_the_task(points: int, draws: int) -> None:
    (task,) = plan(1, points, draws).tasks
    parts = [task]
    while any(part.runs > 1 for part in parts):
        parts = [half for part in parts for half in (part.halves() if part.runs > 1 else (part,))]
    assert [(part.point0, part.draw0) for part in parts] == [(p, d) for p in range(points) for d in range(draws)]


def test_a_plan_is_known_again(tmp_path: Path) -> None:
    write(plan(seed=1, text="a"), tmp_path)
    plan(seed=1, text="a").check(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    found = json.loads((tmp_path / FILE).read_text())
    assert found == plan(seed=1, text="a").document and identity(found) == identity(plan(seed=1, text="a").document)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (plan(seed=2, text="a"), r"holds another sweep: seed was 1, is 2; allowed: .*, or a new folder"),
        (plan(seed=1, text="b" * 99), "holds another sweep: text differs; "),
        (plan(seed=1, text="a", points=4), "holds another sweep: points differs; tasks was"),
        (plan(seed=1, text="a", replications=6), "replications was 5, is 6"),
        (plan(seed=1, text="a", extra={"kept": 1}), r"extra was null, is \{\"kept\": 1\}"),
    ],
)
def test_another_plan_is_refused_with_the_differences(other: Plan, message: str, tmp_path: Path) -> None:
    write(plan(seed=1, text="a"), tmp_path)
    with pytest.raises(InputError, match=message):
        other.check(tmp_path)


@pytest.mark.parametrize("name", ["version", "core", "cpu", "calibration", "numba"])
def test_another_version_or_machine_is_refused(name: str, tmp_path: Path) -> None:
    old = plan()
    old.document["environment"][name] = "another"
    old.document["hash"] = hash_of(old.document, ("hash",))
    write(old, tmp_path)
    with pytest.raises(InputError, match=f'environment.{name} was "another", is '):
        plan().check(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"hash": 1}', "\0"])
def test_a_damaged_plan_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(InputError, match=r"plan.json: (cannot be read|was changed)"):
        plan().check(tmp_path)
