"""The language of scenario files as markdown tables, for the docs.

``python docs/_build/scenario_tables.py`` prints the tables of ``docs/language.md``. They come from the JSON Schema, so
that docs, editors and checks agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markdown_tables import markdown_table, span

from alliance_sim.registry.events import EVENT_TYPES, Event
from alliance_sim.registry.states import ALLY_STATES, STATES
from alliance_sim.scenarios.json_schema import json_schema
from alliance_sim.scenarios.messages import plainly
from alliance_sim.scenarios.parameters import Distribution
from alliance_sim.scenarios.schema import AgendaItem, Meeting

__all__ = ["key_table", "language_tables"]

_NONE = "none"
#: Source of keys that belong to the file format alone.
_CONVENTION = "convention"
_HEAD = ("key", "type", "unit", "allowed", "default", "source", "meaning")
_TYPES = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true, false",
    "object": "mapping",
}


def _type(schema: dict[str, Any]) -> str:
    """Return the kind of value that the JSON Schema of a field takes, in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(option) for option in schema["anyOf"]))
    if "type" not in schema:
        return "mapping" if "$ref" in schema else "text or number" if "enum" in schema else "text"
    if schema["type"] == "array":
        items = [_type(item) for item in schema.get("prefixItems", ())]
        inner = schema.get("items", {})
        if items:
            kind = "numbers" if "number" in items[0] else items[0]
            return f"{len(items)} {kind}" if kind == "numbers" else f"a list of {len(items)} of them"
        return "list of texts" if inner.get("type") == "string" else "list"
    return _TYPES[schema["type"]]


def _allowed(schema: dict[str, Any]) -> str:
    """Return the values that the JSON Schema of a field allows, in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(filter(None, (_allowed(option) for option in schema["anyOf"]))))
    if "form" in schema:
        return str(schema["form"])
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return ", ".join(dict.fromkeys(str(name) for name in schema["enum"]))
    if "minimum" in schema:
        return f"{plainly(schema['minimum'])} to {plainly(schema['maximum'])}"
    return ""


def _default(schema: dict[str, Any], required: bool) -> str:
    default = schema.get("default")
    if required:
        return "required"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, dict):
        return ", ".join(f"{key} {value}" for key, value in default.items())
    if isinstance(default, list):
        return ", ".join(map(str, default))
    return f"{default:g}" if isinstance(default, float | int) else str(default or "")


def _rows(schema: dict[str, Any], names: Iterable[str], source: str = _CONVENTION) -> Iterable[tuple[str, ...]]:
    required = schema.get("required") or schema.get("anyOf", [{}])[0].get("required", ())
    for name in names:
        field = schema["properties"][name]
        yield (
            f"`{name}`",
            _type(field),
            field.get("unit", _NONE),
            _allowed(field) or ("one or more" if "minItems" in field else "any"),
            _default(field, name in required) or _NONE,
            field.get("source", source),
            field["description"],
        )


def key_table(schema: dict[str, Any], names: Iterable[str] | None = None, source: str = _CONVENTION) -> str:
    """Return the keys of a record, all or `names`, as a markdown table.

    Parameters
    ----------
    schema : mapping
        JSON Schema of the record.
    names : iterable of str
    source : str
        Source of the values of keys that do not name one.
    """
    return markdown_table(_HEAD, _rows(schema, schema["properties"] if names is None else names, source))


def language_tables() -> str:
    """Return every key of the language as markdown: type, unit, allowed values, default, source, meaning."""
    schema = json_schema()
    records = schema["$defs"]

    def table(record: str, source: str = _CONVENTION, without: Iterable[str] = ()) -> str:
        names = [name for name in records[record]["properties"] if name not in without]
        return key_table(records[record], names, source)

    common = list(Event.model_fields)
    first = records[next(iter(EVENT_TYPES.values())).__name__]
    of_all = {"type": {"type": "string", "form": "one of the types below", "description": "what happens"}}
    every = {**first, "properties": {**first["properties"], **of_all}}
    parts = [
        "### Scenario",
        "With `extends` only `name` is required.",
        key_table(schema),
        "### Distribution of a parameter",
        str(records[Distribution.__name__]["description"]),
        table(Distribution.__name__),
        "### Every event",
        key_table(every, common),
    ]
    for name, kind in EVENT_TYPES.items():
        record = records[kind.__name__]
        parts += [f"### `{name}`", str(record["description"]), table(kind.__name__, kind.basis, common)]
    states = {
        **{name: (state.low, state.high) for name, state in STATES.items()},
        **{f"{name}`, `{name}.ALLY": (state.low, state.high) for name, state in ALLY_STATES.items()},
        **dict.fromkeys(("norm.ISSUE", "position.ISSUE`, `position.ISSUE.ALLY"), (0.0, 1.0)),
    }
    parts += [
        "States that `shift` knows besides the parameters; without an ally all are shifted:",
        markdown_table(("state", "range"), ((f"`{name}`", span(low, high)) for name, (low, high) in states.items())),
        "### Meeting",
        str(records[Meeting.__name__]["description"]),
        table(Meeting.__name__),
        "### Agenda item",
        str(records[AgendaItem.__name__]["description"]),
        table(AgendaItem.__name__),
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    print(language_tables())
