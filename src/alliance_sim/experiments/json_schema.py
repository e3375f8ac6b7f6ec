"""JSON Schema of experiment files, for editors."""

from __future__ import annotations

from typing import Any

from alliance_sim.experiments.levers import Patch
from alliance_sim.experiments.schema import Experiment
from alliance_sim.scenarios import list_scenarios
from alliance_sim.scenarios.json_schema import parameter_schemas, record_schema

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of experiment files, with the same extra keywords as for scenario files.

    Examples
    --------
    >>> json_schema()["title"]
    'alliance_sim experiment'
    """
    schema = record_schema(Experiment)
    fields = schema["properties"]
    del fields["text"]
    fields["scenario"]["examples"] = list(list_scenarios())
    (options,) = fields["levers"]["patternProperties"].values()
    fields["levers"]["additionalProperties"] = False
    options |= {"additionalProperties": False, "minProperties": 2}
    for place, numbers, distributions in (
        ("properties/constants", True, False),
        ("properties/uncertainties", False, True),
        (f"$defs/{Patch.__name__}/properties/parameters", True, True),
    ):
        record: Any = schema
        for key in place.split("/"):
            record = record[key]
        record |= {"properties": parameter_schemas(place, numbers, distributions), "additionalProperties": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "alliance_sim experiment",
        "description": "A designed experiment",
    }
