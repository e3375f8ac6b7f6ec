"""The language of experiment files as markdown tables, for the docs.

``python docs/_build/experiment_tables.py`` prints the tables of ``docs/experiments.md``. They come from the JSON
Schema, so that docs, editors and checks agree.
"""

from __future__ import annotations

from markdown_tables import markdown_table
from scenario_tables import key_table

from alliance_sim.experiments.json_schema import json_schema
from alliance_sim.experiments.levers import Patch
from alliance_sim.experiments.schema import METHODS, Design
from alliance_sim.scenarios.parameters import Distribution

__all__ = ["experiment_tables"]


def experiment_tables() -> str:
    """Return every key of the language as markdown: type, unit, allowed values, default, source, meaning."""
    schema = json_schema()
    parts = ["### Experiment", key_table(schema)]
    for heading, record in (
        ("An option of a lever", Patch),
        ("Design", Design),
        ("Distribution of an uncertainty", Distribution),
    ):
        part = schema["$defs"][record.__name__]
        parts += [f"### {heading}", part["description"], key_table(part)]
    methods = ((f"`{name}`", meant) for name, meant in METHODS.items())
    return "\n\n".join([*parts, "### Methods", markdown_table(("method", "layout"), methods)])


if __name__ == "__main__":
    print(experiment_tables())
