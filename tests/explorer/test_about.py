"""What the page About says is in the data of the package and on the pages of the docs."""

import json
import re

import pytest

from alliance_sim.data import data_folder
from alliance_sim.explorer.answers.about import (
    calibrated,
    cited,
    claims,
    forecasts,
    glossary,
    not_said,
    scenarios,
    statements,
)
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import list_scenarios, load_scenario
from pages import DOCS

VALIDATION = (DOCS / "validation.md").read_text(encoding="utf-8")


def test_counts_of_claims_are_those_of_the_docs() -> None:
    found = claims()
    said = f"{found['holds']} of {found['derived']} hold, {found['undecided']} undecided, {found['fails']} failed."
    assert said in VALIDATION
    assert len(found["rows"]) == len(re.findall(r"^\| (?:derived|used|construction) \|", VALIDATION, re.MULTILINE))
    assert all(f"| {row['observed']} | **{row['verdict']}** |" in VALIDATION for row in found["rows"])


def test_scores_of_forecasts_are_those_of_the_docs() -> None:
    found = forecasts()
    assert len(found["scores"]) == 12
    for row in found["scores"]:
        interval = f"{row['difference']:+.3f} | {row['low']:+.3f} to {row['high']:+.3f} |"
        assert f"| {row['model']} | {row['against']} | {interval}" in VALIDATION
        assert row["value"] - row["other"] == pytest.approx(row["difference"], abs=2e-3)
        clear = row["low"] > 0.0 or row["high"] < 0.0
        assert (row["verdict"] != "not clear") == clear
    for row in found["spending"]:
        numbers = f"{row['model']} | {row['figures']} | {row['error']:.3f} | {100 * row['coverage']:.0f} % |"
        assert numbers in VALIDATION
    assert all(f"| {item['id']} | {item['month']} | {item['text']} |" in VALIDATION for item in found["defeated"])


def test_limits_are_those_of_the_docs() -> None:
    plain = " ".join(VALIDATION.replace("**", "").split())
    for points in not_said().values():
        assert points and all(point in plain for point in points)


def test_numbers_of_the_calibration_are_those_of_its_files() -> None:
    found = calibrated()
    report = json.loads((data_folder("calibration") / "report" / "behaviour.json").read_text(encoding="utf-8"))
    assert (found["power"], found["k"]) == (report["fit"]["power"], round(report["fit"]["pareto_k"], 2))
    evidence = (data_folder("calibration") / "evidence.csv").read_text(encoding="utf-8")
    assert 2 * found["statements"] == len(evidence.splitlines()) - 1
    assert any("23 June 2025" in text for text in found["limits"])


def test_every_citation_of_a_parameter_is_read() -> None:
    for parameter in PARAMETERS.values():
        marks = len(re.findall("¶", parameter.source))
        assert len(list(cited(parameter.source))) >= marks, parameter.source


def test_statements_name_the_parameters_that_cite_their_paragraph() -> None:
    documents = {each["label"]: each["rows"] for each in statements()}
    assert all(row["statement"] and row["read_as"] for rows in documents.values() for row in rows)
    for name, parameter in PARAMETERS.items():
        for label, paragraph in cited(parameter.source):
            rows = [row for row in documents[label] if row["paragraph"] == paragraph]
            assert all(name in row["parameters"].split(", ") for row in rows)


def test_scenarios_and_outcomes_are_all_there() -> None:
    assert sorted(each["name"] for each in scenarios()) == sorted(list_scenarios())
    assert all(each["title"] == load_scenario(each["name"]).title for each in scenarios())
    rows = {row["name"]: row for row in glossary()}
    assert set(rows) == set(OUTCOMES)
    assert all(row["definition"] == OUTCOMES[name].definition for name, row in rows.items())
