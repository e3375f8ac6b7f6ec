"""The language of scenario files: JSON Schema, docs, the file that `new` writes; one place to extend them all."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

import alliance_sim
from alliance_sim.compile import CompiledScenario, compile_scenario
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.events import EVENT_TYPES, SHIFTABLE
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import parameter_names
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import (
    json_schema,
    list_scenarios,
    load_scenario,
    load_text,
    load_with_parent,
    scenario_path,
    write_scenario,
)
from alliance_sim.scenarios.calendar import MAX_ENTRIES
from alliance_sim.scenarios.schema import KEYS
from alliance_sim.scenarios.yaml_files import MAX_BYTES, MAX_DEPTH
from alliance_sim.simulation import simulate
from scenario_tables import language_tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def plain(text: str) -> object:
    """The data that an editor validates."""
    return yaml.safe_load(text)


EXAMPLE = PAGE.split("<!-- example -->\n```yaml\n")[1].split("```")[0]


# JSON Schema


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", list_scenarios())
def test_schema_accepts_every_bundled_file(name: str) -> None:
    VALIDATOR.validate(plain(scenario_path(name).read_text(encoding="utf-8")))


BROKEN = {
    "months: 12": "months: 0",
    "era: 2025": "era: 2019",
    "start: 2025-06": "start: 3",
    "sources: [A]": "sources: []",
    "probability: 0.5": "probability: 1.2",
    "type: escalation": "type: escalate",
    "{month: 1, type: escalation,": "{month: 1,",
    "size: 0.1": "size: big",
    "with: EU": "with: [EU, EUR]",
    "when: cohesion < 0.5": "when: cohesiveness < 0.5",
    "when: cohesion <": "when: cohesion is",
    "about: [EST, LVA]": "about: [EST, USA]",
    "name: norm.sanctions": "name: norm.sanction",
    "channel: military": "channel: militray",
    "stance: washington_2024": "stance: washington_2020",
    "tolerated_move: 0.03": "tolerated_move: 3",
    "susceptibility.HUN: 0.3": "susceptibility.HNU: 0.3",
    "pledge: {uniform: [0.3, 0.5]}": "pledge: {uniform: [0.3]}",
    "{uniform: [0.3, 0.5]}": "{uniform: [0.3, 0.5], normal: [0.3, 0.1]}",
    "forum: nac": "forum: nato",
    "issue: sanctions": "issue: sanction",
    "agenda: [": "agenda: [], agendas: [",
    "reversion: 0.0": "reversion: -0.1",
    "proposed: 0.6": "proposed: 0.6, ask: 2, direction: less",
    "proposed: 0.6,": "",
    "proposed: 0.6, rev": "proposed: 0.6, direction: more, rev",
    "ask: [1, 2]": "ask: [1, 2, 3]",
    "ask: [1,": "ask: [0,",
    "divisible: false": "divisible: [false]",
    "sponsors: [GBR]": "sponsors: [GBR, GBR]",
    "title: t\n": "",
}
GOOD = """\
name: mine
title: t
description: d
era: 2025
start: 2025-06
months: 12
sources: [A]
parameters: {tolerated_move: 0.03, susceptibility.HUN: 0.3, pledge: {uniform: [0.3, 0.5]}, threat_perception.POL: 0.9}
events:
- {month: 1, type: escalation, size: 0.1, probability: 0.5, source: s, when: cohesion < 0.5}
- {month: +2, type: guarantee_statement, about: [EST, LVA], source: s}
- {month: 2025-09, type: shift, name: norm.sanctions, to: 0.4, source: s}
- {month: 4, type: aid_change, channel: military, share: -1, source: s}
- {month: 5, type: leadership_change, ally: USA, stance: washington_2024, source: s, id: mine}
- {month: 6, type: trade_dispute, with: EU, size: 0.2, source: s}
meetings:
- {month: 1, forum: nac, title: u, source: s, agenda: [
   {issue: sanctions, proposed: 0.6, reversion: 0.0, text: t, source: s},
   {issue: open_door, ask: [1, 2], reversion: 0.4, divisible: false, sponsors: [GBR], text: t, source: s}]}
"""


def test_schema_accepts_a_file_that_can_be_read() -> None:
    VALIDATOR.validate(plain(GOOD))
    assert [event.month for event in load_text(GOOD).events][:3] == ["2025-07", "2025-08", "2025-09"]


@pytest.mark.parametrize(("right", "wrong"), BROKEN.items())
def test_schema_refuses_files_that_are_refused_when_read(right: str, wrong: str) -> None:
    assert GOOD.count(right) == 1
    broken = GOOD.replace(right, wrong)
    assert not VALIDATOR.is_valid(plain(broken))
    with pytest.raises(InputError):
        load_text(broken)


@pytest.mark.parametrize("text", ["name: a\n", "extends: baseline_2025\n", f"{GOOD}drop: [x]\n", f"{GOOD}text: x\n"])
def test_schema_knows_which_keys_go_together(text: str) -> None:
    assert not VALIDATOR.is_valid(plain(text))
    with pytest.raises(InputError):
        load_text(text)


def test_schema_describes_every_field_for_completion() -> None:
    records = [SCHEMA, *SCHEMA["$defs"].values()]
    fields = [(name, field) for record in records for name, field in record["properties"].items()]
    assert [name for name, field in fields if not field.get("description")] == []
    found = {field["const"]: field["description"] for _, field in fields if "const" in field}
    assert set(found) == set(EVENT_TYPES)
    assert all(kind.basis in found[name] for name, kind in EVENT_TYPES.items())
    parameters = SCHEMA["properties"]["parameters"]["properties"]
    assert set(parameters) == {*PARAMETERS, *parameter_names()}
    assert all(parameter.description in parameters[name]["description"] for name, parameter in PARAMETERS.items())
    assert set(SHIFTABLE) <= set(SCHEMA["$defs"]["Shift"]["properties"]["name"]["enum"])
    assert set(SCHEMA["properties"]["extends"]["examples"]) == set(list_scenarios())


def test_schema_offers_no_default_that_would_be_refused() -> None:
    for record in SCHEMA["$defs"].values():
        for name, field in record["properties"].items():
            if "default" in field:
                jsonschema.Draft202012Validator({**field, "$defs": SCHEMA["$defs"]}).validate(field["default"])
            assert "null" not in str(field.get("anyOf")), name


# The docs


def test_page_states_the_limits() -> None:
    assert f"{MAX_BYTES:,} bytes, {MAX_DEPTH} levels of" in PAGE
    assert f"{MAX_ENTRIES:,} events and {MAX_ENTRIES:,} meetings." in PAGE


def test_tables_have_every_key_with_its_range_default_and_source() -> None:
    table = [line.strip("|").split(" | ") for line in language_tables().splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in row] for row in table if len(row) == 7]
    keys = [row[0].strip("`") for row in rows]
    assert {key for keys in KEYS.values() for key in keys} == set(keys)
    for row in rows:
        key, kind, unit, allowed, _, source, _ = row
        assert all(row), key
        if kind in ("number", "whole number") and unit != "unit of NAME":
            assert re.fullmatch(r"-?\d+ to \d+", allowed), key
        if "number" in kind and key != "`era`":
            assert unit != "none" and source != "convention", key


def test_tables_are_printed_by_the_command() -> None:
    command = [sys.executable, str(ROOT / "docs" / "_build" / "scenario_tables.py")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert (done.stdout.rstrip("\n"), done.stderr) == (language_tables(), "")


def test_example_of_the_docs_runs() -> None:
    scenario = load_text(EXAMPLE)
    VALIDATOR.validate(plain(EXAMPLE))
    assert len(scenario.events) == 2 and scenario.parameters["susceptibility.HUN"] == 0.3
    decisions = simulate(scenario, 4, keep="monthly").decisions()
    assert "nato_summit-2026-05" in set(decisions["meeting"])


# The file that `new` writes


def samples_in(text: str) -> str:
    """The text with its samples in use: the # goes, and nothing else."""
    return re.sub(r"^#(?=\w|  )", "", text, flags=re.MULTILINE)


def test_new_file_runs_unchanged(tmp_path: Path) -> None:
    path = write_scenario("mine", folder=tmp_path)
    assert path == tmp_path / "mine.yaml"
    scenario = load_scenario(path)
    base = load_with_parent(path)[1]
    assert base is not None and scenario.name == "mine" and base.name == "baseline_2025"
    assert len(scenario.events) == len(base.events) + 1 and len(scenario.meetings) == len(base.meetings) + 1
    ensemble = simulate(scenario, 4, keep="monthly")
    assert ensemble.data["cohesion"].notnull().all()
    VALIDATOR.validate(plain(path.read_text(encoding="utf-8")))


def test_samples_of_the_new_file_work_as_they_stand(tmp_path: Path) -> None:
    text = write_scenario("mine", folder=tmp_path).read_text(encoding="utf-8")
    used = samples_in(text)
    scenario, plainly = load_text(used), load_text(text)
    assert len(scenario.events) == len(plainly.events) + 5 and len(scenario.meetings) == len(plainly.meetings) + 2 - 1
    assert {"probability", "when", "drop", "parameters", "package", "rule", "direction"} <= set(
        re.findall(r"\w+(?=:)", used)
    )
    assert all(line.startswith("# ") for line in used.splitlines() if line.startswith("#") and line != "#")
    compile_scenario(scenario)
    VALIDATOR.validate(plain(used))


@pytest.mark.parametrize("name", list_scenarios())
def test_copy_is_the_text_with_another_name(name: str, tmp_path: Path) -> None:
    path = write_scenario("mine", name, tmp_path)
    old, new = scenario_path(name).read_text(encoding="utf-8"), path.read_text(encoding="utf-8")
    assert new == old.replace(f"name: {name}\n", "name: mine\n", 1)
    copy, source = load_scenario(path), load_scenario(name)
    assert copy.model_copy(update={"name": name, "text": ""}) == source.model_copy(update={"text": ""})


@pytest.mark.parametrize(
    "head",
    [
        "# é ü\nextends: ../base.yml # why\nname: >-\n  old\n",
        "{name: old, extends: ../base.yml}",
        'name: "old"\r\nextends: ../base.yml',
    ],
)
def test_copy_of_a_file_finds_the_file_it_extends(head: str, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "base.yml").write_text("name: base\nextends: baseline_2018\nmonths: 36\n")
    (tmp_path / "a" / "b" / "old.yaml").write_bytes(head.encode())
    path = write_scenario("true", tmp_path / "a" / "b" / "old.yaml", tmp_path)
    assert load_scenario(path).name == "true"
    again = write_scenario("2025", path, tmp_path / "a")
    parent = load_with_parent(again)[1]
    assert load_scenario(again).name == "2025" and parent is not None and parent.name == "base"
    assert ("# é ü" in path.read_text(encoding="utf-8")) == ("é" in head) and path.read_bytes().count(
        b"\r"
    ) == head.count("\r")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "not a name"),
        ("two words", "not a name"),
        ("../mine", "not a name"),
        ("x" * 81, "not a name"),
        ("mine.yaml", "allowed: the name alone, mine"),
        ("baseline_2025", "name of a bundled scenario"),
        ("taken", "there is such a file already"),
    ],
)
def test_names_that_no_file_gets(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "taken.yaml").write_text("precious")
    with pytest.raises(InputError, match=message):
        write_scenario(name, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.yaml"]
    assert (tmp_path / "taken.yaml").read_text() == "precious"


def test_a_broken_source_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text("name: old\nextends: baseline_2025\nmonths: 0\n")
    with pytest.raises(InputError, match=r"old\.yaml:3: months"):
        write_scenario("mine", tmp_path / "old.yaml", tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        write_scenario("mine", folder=tmp_path / "nowhere")


# One place to extend


NEW_TYPE = '''
class Referendum(Event):
    """An ally's people vote on its course."""

    basis: ClassVar[str] = "judgement"
    salient: ClassVar[str | None] = "ally"

    type: Literal["referendum"] = "referendum"
    ally: Ally = Field(description="who votes")
    swing: Signed = Field(description="how far the vote turns its view of the threat")

    def effects(self) -> tuple[Effect, ...]:
        return forcing("stance", self.swing, self.ally)


'''
NEW_OUTCOME = '    quarrels = ("index", 0, 1, -1, "mean", "assertiveness of Russia, once more")\n'


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package to which an event type and an outcome were added, each in its one place."""
    package = tmp_path / "alliance_sim"
    shutil.copytree(Path(alliance_sim.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for module, before, new in (
        ("events/washington", "class LeadershipChange(Event)", NEW_TYPE),
        ("outcomes", "    postponements = (", NEW_OUTCOME),
    ):
        path = package / "registry" / f"{module}.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1
        path.write_text(text.replace(before, new + before), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nextends: baseline_2025\nevents:\n"
        "- {month: 3, type: referendum, ally: ITA, swing: -0.2, when: quarrels < 0.9, source: hypothetical}\n"
    )
    (tmp_path / "bad.yaml").write_text(
        "name: bad\nextends: baseline_2025\nevents:\n"
        "- {month: 3, type: referendm, ally: ITA, swing: -0.2, source: s}\n"
        "- {month: 3, type: referendum, ally: ITA, swong: -0.2, when: quarels < 0.9, source: s}\n"
    )
    return tmp_path


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(folder), "ALLIANCE_SIM_DATA": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
    )


def test_one_place_makes_an_event_type_and_an_outcome_known_everywhere(copy: Path) -> None:
    command = ("-m", "alliance_sim")
    shown = run(copy, *command, "show", "mine.yaml")
    assert re.search(r"\+ .*referendum +ally ITA, swing -0.2; if quarrels < 0.9", shown.stdout), shown
    schema = run(copy, *command, "schema").stdout
    assert '"const": "referendum"' in schema and "An ally's people vote" in schema and "|quarrels|" in schema
    checked = run(copy, *command, "check", "mine.yaml", "bad.yaml")
    assert checked.returncode == 2 and "mine.yaml: ok" in checked.stdout
    first, *others = checked.stderr.splitlines()
    assert first.startswith("bad.yaml:4: events[0].type: 'referendm' is not an event type (nearest: referendum)")
    assert any("swong: unknown key (nearest: swing)" in line for line in others)
    assert any("'quarels' is not an outcome (nearest: quarrels)" in line for line in others)
    tables = run(copy, str(ROOT / "docs" / "_build" / "scenario_tables.py")).stdout
    assert "### `referendum`\n\nAn ally's people vote on its course. Basis: judgement." in tables
    assert "| `swing` | number | share | -1 to 1 | required | judgement |" in tables
    outcomes = run(copy, str(ROOT / "docs" / "_build" / "registry_tables.py"), "outcomes").stdout
    assert "| `quarrels` | index | 0 to 1 | less |" in outcomes
    code = """
from alliance_sim.compile import CompiledScenario, compile_scenario
from alliance_sim.core import jit, structures as L
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import load_scenario
events = compile_scenario(load_scenario("mine.yaml")).calendar.events
print(L.Forcing(events.row[0]).name, events.value[0], L.Outcome(events.outcome[0]).name, tuple(OUTCOMES) == tuple(
    L.Outcome.__members__))
print(jit.core_hash())
"""
    compiled = run(copy, "-c", code)
    assert compiled.stdout.split()[:4] == ["stance", "-0.2", "quarrels", "True"], compiled.stderr
    # The old machine code has the old order of outcomes: it must not be found again.
    from alliance_sim.core.jit import core_hash

    assert compiled.stdout.split()[4] != core_hash()


@pytest.mark.full
def test_an_outcome_needs_its_row_and_its_formula_and_nothing_else(copy: Path) -> None:
    path = copy / "alliance_sim" / "core" / "outcomes.py"
    line = "    out[Outcome.postponements] = "
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(line, f"    out[Outcome.quarrels] = world[World.assertiveness]\n{line}"), encoding="utf-8"
    )
    code = """
from alliance_sim import load_scenario, simulate
data = simulate(load_scenario("mine.yaml"), 20).data
print(bool((data["quarrels"] == data["assertiveness"]).all()), float(data["quarrels"].min()) > 0.0)
"""
    done = run(copy, "-c", code)
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_every_outcome_of_the_registry_is_written() -> None:
    program = compile_scenario(load_scenario("baseline_2018"))
    block = program.block(0, 0, 1, "final")
    block.states.outcomes[:] = float("nan")
    program.run(block, 0, None, 1)
    written = block.states.outcomes[0].tolist()
    assert [name for name, value in zip(OUTCOMES, written, strict=True) if value != value] == []


def test_an_outcome_without_a_formula_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    program = compile_scenario(load_scenario("baseline_2018"))
    block = program.block(0, 0, 2, "monthly")
    program.run(block, 0)
    monkeypatch.setattr(CompiledScenario, "_call", lambda *_: block.output.outcomes[:, :, 3].fill(float("nan")))
    with pytest.raises(RuntimeError, match=f"no formula for {list(OUTCOMES)[3]}$"):
        program.run(block, 0)


def test_allies_are_offered_by_code() -> None:
    assert SCHEMA["$defs"]["Accession"]["properties"]["ally"]["enum"] == list(ALLIES)
