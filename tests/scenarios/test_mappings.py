"""Scenarios and experiments as mappings: the keys, checks and results of files."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import alliance_sim as als
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.scenarios import Distribution, Scenario, dump, list_scenarios, load_scenario, load_text
from alliance_sim.scenarios.mappings import as_yaml, plain
from alliance_sim.scenarios.schema import KEYS
from alliance_sim.scenarios.yaml_files import Loader
from mutations import changed, changes

EVENT = {"month": "2026-01", "type": "escalation", "size": 0.2, "source": "hypothetical"}
MINE: dict[str, Any] = {"name": "mine", "extends": "us_russia_reset_2025", "parameters": {"pledge": 0.5}}
EXPERIMENT: dict[str, Any] = {
    "name": "own", "title": "t", "description": "d", "sources": ["s"], "replications": 2,
    "levers": {"reply": {"none": {}, "one": {"events": [{**EVENT, "id": "reply"}]}}},
}  # fmt: skip


@pytest.mark.parametrize("name", list_scenarios())
def test_a_mapping_gives_the_scenario_of_the_same_file(name: str) -> None:
    scenario = load_scenario(name)
    fields = yaml.load(dump(scenario), Loader)
    again = load_scenario(fields)
    assert again.model_copy(update={"text": scenario.text}) == scenario
    assert load_text(again.text) == again


def test_a_mapping_may_extend_and_drop() -> None:
    mine = load_scenario({**MINE, "drop": ["nato_summit-2026-07"], "events": [EVENT]})
    text = as_yaml({**MINE, "drop": ["nato_summit-2026-07"], "events": [EVENT]})
    assert mine == load_text(text)
    assert mine.parameters == {"pledge": 0.5} and mine.events[-1].id == "escalation-2026-01"
    assert "nato_summit-2026-07" not in [meeting.id for meeting in mine.meetings]


def test_the_functions_that_take_a_scenario_take_a_mapping() -> None:
    assert als.simulate({**MINE, "months": 48}, draws=1).scenario.name == "mine"
    assert als.branch(MINE, "2025-08", draws=1)["mine"].draws == 1
    assert als.compare(MINE, {**MINE, "name": "other", "events": [EVENT]}, draws=2).draws == 2
    assert als.AllianceModel(MINE, seed=1).what_if.name == "mine"


def test_records_numbers_of_numpy_paths_and_other_mappings_are_read() -> None:
    base = load_scenario("baseline_2025")
    fields: Mapping[str, Any] = MappingProxyType(
        {
            **dict(base),
            "name": np.str_("mine"),
            "months": np.int64(48),
            "parameters": {"pledge": np.float64(0.5), "blowup_rate": Distribution(uniform=(0.1, 0.2))},
        }
    )
    mine = load_scenario({key: value for key, value in fields.items() if key != "text"})
    assert mine.meetings == base.meetings and mine.months == 48
    assert mine.parameters["pledge"] == 0.5


def test_a_relative_path_begins_at_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parent.yaml").write_text("name: parent\nextends: baseline_2018\n")
    monkeypatch.chdir(tmp_path)
    for path in ("parent.yaml", "./parent.yaml", Path("parent.yaml"), tmp_path / "parent.yaml"):
        assert load_scenario({"name": "child", "extends": path}).months == 36
        assert als.load_experiment({**EXPERIMENT, "levers": {}, "scenario": path}).scenario.name == "parent"


def test_what_the_caller_changes_later_changes_nothing() -> None:
    fields: dict[str, Any] = {**MINE, "parameters": {"pledge": 0.5}, "events": [dict(EVENT)], "sources": ["mine"]}
    mine = load_scenario(fields)
    experiment = als.load_experiment({**EXPERIMENT, "scenario": fields, "policies": [policy := {"reply": "one"}]})
    before = dump(mine), experiment.model_dump_json()
    fields["parameters"]["pledge"] = 0.9
    fields["events"][0]["size"] = 0.9
    fields["sources"].append("other")
    policy["reply"] = "none"
    assert (dump(mine), experiment.model_dump_json()) == before


SELF: list[Any] = []
SELF.append(SELF)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"moths": 3}, r"moths: unknown key \(nearest: months\); allowed: name, title, .*, extends, drop"),
        ({"extends": "baseline_2026"}, r"extends: no bundled scenario is called 'baseline_2026' \(nearest: baseline_"),
        ({"extends": "none.yaml"}, "extends: none.yaml: there is no such file; allowed: a .yaml file, or one of "),
        ({"extends": 3}, "extends: 3 is not allowed; allowed: a bundled name or a path"),
        ({"events": [{**EVENT, "size": 3}]}, r"events\[0\]\.size: 3 is out of range; allowed: at most 1"),
        ({"events": [{**EVENT, "type": "escalatoin"}]}, r"events\[0\]\.type: .*\(nearest: escalation\)"),
        ({"drop": ["nac"]}, r"drop\[0\]: 'nac' is not inherited; allowed: "),
        ({"parameters": {"pledge": math.nan}}, "parameters.pledge: nan is not allowed; allowed: a finite number"),
        ({"title": "a\x1b"}, r"title: holds control characters \('\\x1b'\); allowed: text"),
        ({"title": "a\ud800"}, r"title: 'a\\ud800' is not allowed; allowed: a text, a number, "),
        ({"events": SELF}, "events: nested too deeply; allowed: 20 levels"),
        ({"events": {1, 2}}, "events: a set is not allowed; allowed: a text, a number, true or false, a list or "),
        ({3: 4}, r"'\?': 3 is not a key; allowed: a text"),
        ({"description": "x" * 300_000}, "the mapping has 300,...? characters as YAML; allowed: 250,000"),
        ({"text": "x"}, "text: unknown key; allowed: name, "),
    ],
    ids=str,
)
def test_a_problem_names_the_field(change: dict[Any, Any], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        load_scenario({**MINE, **change})
    assert len(str(caught.value).splitlines()) == 1
    caught.match(f"^{problem}")


def test_every_problem_has_its_line() -> None:
    with pytest.raises(InputError) as caught:
        load_scenario({"moths": 3, "era": 1990})
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "name", "title", "description", "era", "start", "months", "sources", "moths",
    ]  # fmt: skip
    with pytest.raises(InputError) as caught:
        load_scenario({**MINE, "events": [4] * 150})
    assert len(lines := str(caught.value).splitlines()) == 101 and lines[-1] == "and 50 more problems"


def test_complete_fields_take_no_extends_and_say_where_it_is_read() -> None:
    with pytest.raises(InputError) as caught:
        Scenario.validated(MINE)
    assert str(caught.value).startswith("extends: is read by load_scenario, which takes a mapping as well; allowed: n")
    with pytest.raises(InputError) as caught:
        Scenario.validated({**dict(load_scenario("baseline_2025")), "moths": 3})
    assert "extends" not in str(caught.value)


@pytest.mark.parametrize("source", [3, None, b"baseline_2025", ["baseline_2025"]])
def test_what_is_no_scenario_is_refused(source: Any) -> None:
    with pytest.raises(InputError, match=r"is no scenario; allowed: a bundled name, a path, a mapping, or one that"):
        load_scenario(source)
    with pytest.raises(InputError, match=r"is no experiment; allowed: a bundled name, a path, a mapping, or one that"):
        als.load_experiment(source)


def test_an_experiment_is_made_from_a_mapping_with_a_scenario_in_it(tmp_path: Path) -> None:
    for scenario in (MINE, load_scenario(MINE), "us_russia_reset_2025"):
        experiment = als.load_experiment({**EXPERIMENT, "scenario": scenario})
        assert experiment.runs == 4 and experiment.scenario.months == 48
    assert als.load_experiment({**EXPERIMENT, "scenario": MINE}).scenario == load_scenario(MINE)
    results = als.sweep({**EXPERIMENT, "scenario": MINE}, tmp_path / "results")
    assert results.experiment.scenario.parameters == {"pledge": 0.5}


def test_an_experiment_file_may_hold_its_scenario(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(as_yaml({**EXPERIMENT, "scenario": {**MINE, "extends": "./parent.yaml"}}))
    (tmp_path / "parent.yaml").write_text("name: parent\nextends: us_russia_reset_2025\n")
    assert als.load_experiment(path).scenario.name == "mine"
    path.write_text(as_yaml({**EXPERIMENT, "scenario": {**MINE, "moths": 3}}))
    line = path.read_text().splitlines().index("  moths: 3") + 1
    with pytest.raises(InputError, match=rf"own\.yaml:{line}: scenario\.moths: unknown key \(nearest: months\)"):
        als.load_experiment(path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"scenario": {**MINE, "moths": 3}}, r"^scenario\.moths: unknown key \(nearest: months\)"),
        ({"scenario": {"name": "x", "extends": "none.yaml"}}, r"^scenario\.extends: none\.yaml: there is no such file"),
        ({"scenario": MINE, "seeds": 3}, r"^seeds: unknown key \(nearest: seed\)"),
        ({"scenario": MINE, "replications": np.float64(1.5)}, "^replications: 1.5 is not allowed|^replications: "),
        ({"scenario": 3}, r"^scenario: 3 is not allowed; allowed: a bundled name, a path or a mapping"),
    ],
)
def test_a_problem_of_an_experiment_names_the_field(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        als.load_experiment({**EXPERIMENT, **change})


NAMES = st.sampled_from(sorted({name for keys in KEYS.values() for name in keys}))
VALUES = st.sampled_from(
    [
        None,
        True,
        "",
        "x" * 90,
        "other words",
        0.4,
        "a\x1b",
        "GER",
        "2025-13",
        "baseline_2018",
        0,
        -1,
        2**70,
        0.5,
        1e300,
        math.inf,
        [],
        {},
        [{}],
    ]
)


@pytest.mark.parametrize("count", [100, pytest.param(3_000, marks=pytest.mark.full)])
def test_a_mapping_has_the_problems_of_the_same_file(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mutated.yaml"
    originals = [(data_folder("scenarios") / f"{name}.yaml").read_bytes() for name in list_scenarios()]
    accepted = 0

    def read(source: Any) -> Scenario | list[str]:
        try:
            return load_scenario(source)
        except InputError as error:
            return sorted(re.sub(rf"^{re.escape(str(path))}:\d+: ", "", line) for line in str(error).splitlines())

    @settings(max_examples=count, suppress_health_check=list(HealthCheck), database=None, deadline=None)
    @given(st.builds(changed, st.sampled_from(originals), changes(NAMES, VALUES)))
    def each(content: bytes) -> None:
        nonlocal accepted
        path.write_bytes(content)
        of_file, of_mapping = read(path), read(yaml.load(content, Loader))
        if isinstance(of_file, Scenario):
            assert isinstance(of_mapping, Scenario)
            of_mapping = of_mapping.model_copy(update={"text": of_file.text})
            accepted += 1
        assert of_file == of_mapping

    for original in originals:  # of the changed ones few are accepted
        each.hypothesis.inner_test(original)
    assert accepted == len(originals)
    each()
    assert count // 300 <= accepted - len(originals) < count


def test_plain_values_are_those_of_a_file() -> None:
    fields = {"a": (1, 2.5, None, True), "b": {"c": np.float32(0.5), "f": np.True_}, "d": Path("x")}
    assert plain(fields) == {"a": [1, 2.5, None, True], "b": {"c": 0.5, "f": True}, "d": "./x"}
    assert plain({"extends": Path("x.yaml")}) == {"extends": "x.yaml"}
    assert yaml.load(as_yaml(plain(fields)), Loader) == plain(fields)
