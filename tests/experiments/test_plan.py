import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_sim.errors import InputError
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.plan import FILE, ROWS, Plan, identity, plan_of
from alliance_sim.experiments.plan import _hash as hash_of
from alliance_sim.experiments.schema import Experiment
from alliance_sim.scenarios import Scenario


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


BASE = Experiment.validated(
    {
        "name": "small", "title": "T", "description": "D", "sources": ["none"], "scenario": "helsinki_2018",
        "uncertainties": {"threat_reversion": {"uniform": [0.05, 0.1]}},
        "levers": {"money": {"usual": {}, "less": {"parameters": {"pledge": 0.1}}}},
        "design": {"points": 3}, "replications": 4, "seed": 9,
    }
)  # fmt: skip


def with_fields(**fields: object) -> Experiment:
    return Experiment.validated({**dict(BASE), "text": "", **fields})


def other_texts() -> Scenario:
    """The scenario with every text changed that does not enter the computation."""
    fields = BASE.scenario.model_dump(exclude_none=True)
    fields |= {"title": "other", "description": "other", "sources": ["other"]}
    for entry in (*fields["events"], *fields["meetings"]):
        entry["source"] = "other"
    for meeting in fields["meetings"]:
        meeting["title"] = "other"
        for item in meeting["agenda"]:
            item |= {"text": "other", "source": "other"}
    return Scenario.validated(fields)


@pytest.mark.parametrize(
    "other",
    [
        with_fields(title="other"),
        with_fields(name="other", description="other", sources=["some", "more"]),
        with_fields(outcomes=["cohesion", "deterrence"]),
        with_fields(scenario=other_texts()),
        with_fields(constants={}, levers={"money": {"usual": {}, "less": {"parameters": {"pledge": 0.1}}}}),
    ],
)
def test_what_only_describes_an_experiment_does_not_decide_about_its_results(other: Experiment, tmp_path: Path) -> None:
    write(plan_of(BASE), tmp_path)
    plan_of(other).check(tmp_path)
    assert identity(plan_of(other).document) == identity(plan_of(BASE).document)


@pytest.mark.parametrize(
    ("fields", "difference"),
    [
        ({"seed": 10}, "seed was 9, is 10"),
        ({"keep": "monthly"}, 'keep was "final", is "monthly"'),
        ({"replications": 5}, "replications was 4, is 5"),
        ({"constants": {"blowup_cost": 1.5}}, "scenario.parameters.blowup_cost was null, is 1.5"),
        ({"design": {"points": 4}}, "points differs"),
        ({"uncertainties": {"threat_reversion": {"uniform": [0.05, 0.2]}}}, "points differs"),
        ({"scenario": "baseline_2018"}, "variants.helsinki_2018+usual differs"),
    ],
)
def test_what_decides_about_results_is_refused_and_named(
    fields: dict[str, object], difference: str, tmp_path: Path
) -> None:
    write(plan_of(BASE), tmp_path)
    with pytest.raises(InputError, match="holds another sweep: ") as error:
        plan_of(with_fields(**fields)).check(tmp_path)
    assert difference in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"tasks": []},
        {"tasks": [[0, 0, 0, 3, 0, 5]]},
        {"tasks": [[0, 0, 0, 10**30, 0, 5], [1, 1, 0, 10**30, 0, 5]]},
        {"tasks": [[0, 0, 0, 3, 0, 5], [0, 0, 0, 3, 0, 5]]},
        {"tasks": [["0", 0, 0, 3, 0, 5], [1, 1, 0, 3, 0, 5]]},
        {"tasks": "all"},
        {"replications": 10**30},
        {"replications": True},
        {"variants": {}},
        {"variants": {"a": {"rows": {"../x": 1}}, "b": {}}},
        {"variants": {"a": {"rows": {"runs": -1}}, "b": {}}},
        {"points": "x"},
        {"environment": [1]},
        {"experiment": "x"},
        {"format": [2]},
        {"format": 10**1000},
    ],
)
def test_a_plan_that_says_something_else_than_a_plan_can_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    document = {**plan().document, **change}
    document["hash"] = hash_of(document, ("hash",))
    (tmp_path / FILE).write_text(json.dumps(document))
    with pytest.raises(InputError) as error:
        Plan.read(tmp_path)
    assert len(str(error.value)) < 400
