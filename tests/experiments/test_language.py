"""The language written down: JSON Schema and the docs."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from alliance_sim.errors import InputError
from alliance_sim.experiments import Experiment, json_schema, list_experiments, load_experiment
from alliance_sim.experiments.levers import MAX_LEVERS, MAX_OPTIONS
from alliance_sim.experiments.schema import KEYS, MAX_POINTS, MAX_RUNS, MAX_VARIANTS
from alliance_sim.registry.parameter_names import parameter_names
from alliance_sim.registry.parameters import PARAMETERS
from experiment_tables import experiment_tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("<!-- example -->\n```yaml\n")[1].split("```")[0]
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", list_experiments())
def test_schema_accepts_every_bundled_file(name: str) -> None:
    VALIDATOR.validate(yaml.safe_load(load_experiment(name).text))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("name: ", "nam: "),
        ("threat_reversion: 0.08", "threat_reversion: 8"),
        ("threat_reversion: 0.08", "threat_reversio: 0.08"),
        ("threat_reversion: 0.08", "threat_reversion: {uniform: [0.04, 0.15]}"),
        ("reset_flow: {uniform", "reset_flow: {unifrm"),
        ("initial_commitment: {normal: [0.65, 0.08]}", "initial_commitment: 0.65"),
        ("    planned: {}", "    # none: {}"),
        ("  money:\n", "  my money:\n"),
        ("pledge: 0.7", "pledge: 7"),
        ("size: 0.2", "size: 2"),
        ("method: lhs", "method: latin"),
        ("cohesion", "cohesoin"),
        ("replications: 20", "replications: 0"),
        ("replications: 20", "replications: 20\nmonths: 12"),
    ],
)
def test_schema_refuses_what_is_refused_when_read(tmp_path: Path, right: str, wrong: str) -> None:
    assert EXAMPLE.count(right) == 1
    broken = EXAMPLE.replace(right, wrong)
    assert not VALIDATOR.is_valid(yaml.safe_load(broken))
    (tmp_path / "broken.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(InputError):
        load_experiment(tmp_path / "broken.yaml")


def test_schema_describes_every_field_and_every_parameter() -> None:
    records = [SCHEMA, *SCHEMA["$defs"].values()]
    missing = [name for record in records for name, field in record["properties"].items() if "description" not in field]
    assert missing == []
    everything = {*PARAMETERS, *parameter_names()}
    places = (
        *(SCHEMA["properties"][key] for key in ("constants", "uncertainties")),
        SCHEMA["$defs"]["Patch"]["properties"]["parameters"],
    )
    assert all(set(place["properties"]) == everything for place in places)


# The docs


def test_example_of_the_docs_is_what_the_docs_say(tmp_path: Path) -> None:
    path = tmp_path / "quiet_money.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    experiment = load_experiment(path)
    VALIDATOR.validate(yaml.safe_load(EXAMPLE))
    assert isinstance(experiment, Experiment) and f"{experiment.runs:,} runs" in PAGE


def test_tables_have_every_key() -> None:
    keys = re.findall(r"^\| `(\w+)` \|.*\|.*\|.*\|.*\|.*\|.*\|$", experiment_tables(), re.MULTILINE)
    assert {key for keys in KEYS.values() for key in keys} == set(keys)


def test_page_tells_of_every_bundled_experiment_and_the_limits() -> None:
    assert sorted(re.findall(r"^\| `(\w+_20\d\d)` \|", PAGE, re.MULTILINE)) == list(list_experiments())
    for name in list_experiments():
        assert re.search(rf"^\| `{name}` \|.* {load_experiment(name).runs:,} \|$", PAGE, re.MULTILINE)
    words = " ".join(PAGE.split())
    assert f"{MAX_LEVERS} levers of {MAX_OPTIONS} options, {MAX_VARIANTS} combinations" in words
    assert f"{MAX_POINTS:,} points, {MAX_RUNS:,} runs" in words
