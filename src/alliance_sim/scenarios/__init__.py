"""What-if descriptions: their schema, the library of bundled files, messages about their problems."""

from alliance_sim.scenarios.difference import Difference, input_differences
from alliance_sim.scenarios.json_schema import json_schema
from alliance_sim.scenarios.library import (
    ScenarioSource,
    dump,
    list_scenarios,
    load_scenario,
    load_text,
    load_with_parent,
    scenario_path,
    write_scenario,
)
from alliance_sim.scenarios.parameters import Distribution
from alliance_sim.scenarios.schema import AgendaItem, Meeting, Scenario

__all__ = [
    "AgendaItem",
    "Difference",
    "Distribution",
    "Meeting",
    "Scenario",
    "ScenarioSource",
    "dump",
    "input_differences",
    "json_schema",
    "list_scenarios",
    "load_scenario",
    "load_text",
    "load_with_parent",
    "scenario_path",
    "write_scenario",
]
