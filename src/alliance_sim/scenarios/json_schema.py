"""The language of scenario files as JSON Schema, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from alliance_sim.registry.fields import Record
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, parameter_names, resolve
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios.library import list_scenarios
from alliance_sim.scenarios.parameters import Distribution
from alliance_sim.scenarios.schema import Scenario

__all__ = ["json_schema", "parameter_schemas", "record_schema"]


class _FileSchema(GenerateJsonSchema):
    """JSON Schema as editors show it: no invented titles, no null: a key is left out instead."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Return the schema of a record, described by the first paragraph of its docstring."""
        found = super().model_schema(schema)
        if "description" in found:
            found["description"] = found["description"].partition("\n\n")[0]
        return found

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return that no field has a title."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Return the schema without null."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema; leave out a default of None, which only means that the key may be missing."""
        return (
            self.generate_inner(schema["schema"]) if schema.get("default") is None else super().default_schema(schema)
        )


def record_schema(record: type[Record]) -> dict[str, Any]:
    """Return the JSON Schema of a record.

    Examples
    --------
    >>> from alliance_sim.scenarios import Meeting
    >>> from alliance_sim.scenarios.json_schema import record_schema
    >>> record_schema(Meeting)["properties"]["sessions"]["maximum"]
    10
    """
    return record.model_json_schema(schema_generator=_FileSchema)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, for editors.

    Besides the keywords of JSON Schema a field may have `unit`, `source` (of its default or scale) and `form` (how a
    text is written, for people).

    Examples
    --------
    >>> from alliance_sim.scenarios import json_schema
    >>> json_schema()["properties"]["months"]["maximum"]
    240
    """
    schema = record_schema(Scenario)
    fields = schema["properties"]
    del fields["text"]
    fields["parameters"] |= {
        "properties": parameter_schemas("properties/parameters"),
        "additionalProperties": False,
    }
    # Keys that are resolved when a file is read: a scenario in memory has none.
    extends = {
        "type": "string",
        "description": "the scenario to build on: keys replace its keys, parameters are merged by name, events and "
        "meetings are added",
        "form": "a bundled name, or the path of a file",
        "examples": list(list_scenarios()),
    }
    drop = {
        "type": "array",
        "items": {"type": "string"},
        "description": "ids of inherited events and meetings to leave out; only beside extends",
    }
    schema |= {
        "title": "alliance_sim scenario",
        "description": "A what-if description",
        "properties": {"name": fields.pop("name"), "extends": extends, "drop": drop, **fields},
        "anyOf": [{"required": schema.pop("required")}, {"required": ["name", "extends"]}],
        "dependentRequired": {"drop": ["extends"]},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def parameter_schemas(place: str, numbers: bool = True, distributions: bool = True) -> dict[str, Any]:
    """Return the schema of every parameter by name: meaning, unit and range.

    Parameters
    ----------
    place : str
        Path of the schemas in the document, from its root: ``properties/parameters``.
    numbers, distributions : bool
        Whether a parameter may be a number, a distribution; a quantity of an actor may only be a number where numbers
        are allowed.

    Examples
    --------
    >>> from alliance_sim.scenarios.json_schema import parameter_schemas
    >>> schema = parameter_schemas("properties/parameters", distributions=False)["pledge"]
    >>> schema["type"], schema["minimum"] < schema["maximum"]
    ('number', True)
    """
    schemas: dict[str, Any] = {}
    for name in dict.fromkeys((*PARAMETERS, *parameter_names())):
        parameter, ally = resolve(name)
        number = {"type": "number", "minimum": parameter.low, "maximum": parameter.high}
        kinds = [number] if numbers else []
        if distributions and not (numbers and name in ACTOR_QUANTITIES):
            kinds.append({"$ref": f"#/$defs/{Distribution.__name__}"})
        unit = "" if name in ACTOR_QUANTITIES else f" [{parameter.unit}]"
        if ally is not None:
            schemas[name] = {"$ref": f"#/{place}/properties/{parameter.name}"}
        else:
            kind = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
            schemas[name] = {**kind, "description": f"{parameter.description}{unit}"}
    return schemas
