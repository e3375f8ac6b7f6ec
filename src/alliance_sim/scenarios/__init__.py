"""What-if descriptions: their schema, the library of bundled files, messages about what is wrong with one."""

from alliance_sim.scenarios.difference import Difference, details, input_differences
from alliance_sim.scenarios.library import dump, list_scenarios, load_scenario, load_text
from alliance_sim.scenarios.schema import AgendaItem, Distribution, Meeting, Scenario, json_schema

__all__ = [
    "AgendaItem",
    "Difference",
    "Distribution",
    "Meeting",
    "Scenario",
    "details",
    "dump",
    "input_differences",
    "json_schema",
    "list_scenarios",
    "load_scenario",
    "load_text",
]
