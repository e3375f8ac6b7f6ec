"""Error messages about a file: file, line, field, problem, allowed values."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from alliance_sim.errors import nearest, shown
from alliance_sim.registry.events import EVENT_TYPES
from alliance_sim.registry.fields import Record

__all__ = [
    "MOST",
    "Location",
    "Problem",
    "field_name",
    "keys_of",
    "listed",
    "plainly",
    "problems",
    "refuse",
    "report",
]

#: Keys and list positions that lead to a field.
Location = tuple[str | int, ...]
Problem = tuple[Location, str]

_SHAPES = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "string_type": "a text",
    "tuple_type": "a list",
}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
#: Keys shown without quotes.
_PLAIN = re.compile(r"[\w.+-]{1,80}")
#: Problems of one file that are listed.
MOST = 100
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def refuse(title: str, found: list[Problem]) -> None:
    """Raise a `ValidationError` that places each problem, if there are any; for use inside validators.

    Examples
    --------
    >>> from alliance_sim.scenarios.messages import refuse
    >>> refuse("sources", [])
    >>> refuse("sources", [((0,), "is empty; allowed: a text")])
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for sources
    0
      is empty; allowed: a text [type=refused, input_value=None, input_type=NoneType]
    """
    if found:
        details: list[InitErrorDetails] = [
            {
                "type": PydanticCustomError("refused", "{problem}", {"problem": problem}),
                "loc": location,
                "input": None,
            }
            for location, problem in found
        ]
        raise ValidationError.from_exception_data(title, details)


def problems(error: ValidationError, allowed: Mapping[str, Mapping[str, str]], *within: str) -> list[Problem]:
    """Return the problems of a failed validation.

    Parameters
    ----------
    error : ValidationError
    allowed : mapping
        The keys that a record may have, with a hint for where one is missing, by the field that holds the record, inner
        ones first: ``agenda``, ``meetings``, ...; ``""`` is the file itself; an event is listed by its type.
    *within : str
        The field that was validated, if not the whole file.

    Examples
    --------
    >>> from pydantic import ValidationError
    >>> from alliance_sim.scenarios import Scenario
    >>> from alliance_sim.scenarios.messages import problems
    >>> try:
    ...     Scenario.model_validate({})
    ... except ValidationError as error:
    ...     problems(error, {"": {"name": "(what it is called)"}})[0]
    (('name',), 'is missing (what it is called)')
    """
    found = []
    for detail in error.errors(include_url=False):
        location = (*within, *detail["loc"])
        if detail["type"].startswith("union_tag_"):
            location = (*location, "type")
        found.append((_plain(location), _message({**detail, "loc": location}, allowed)))
    return found


def plainly(number: float) -> str:
    """Return a number as people write it.

    Examples
    --------
    >>> from alliance_sim.scenarios.messages import plainly
    >>> plainly(1000), plainly(0.5)
    ('1,000', '0.5')
    """
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def field_name(location: Location) -> str:
    """Return a location as users write it, such as ``events[2].share``.

    Examples
    --------
    >>> from alliance_sim.scenarios.messages import field_name
    >>> field_name(("events", 2, "share"))
    'events[2].share'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in location)
    return text.removeprefix(".") or "file"


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else shown(name)


def report(origin: str, found: list[Problem], lines: Mapping[Location, int]) -> str:
    """Return one line for each problem, ``origin:line: field: problem``, in the order of lines.

    Examples
    --------
    >>> from alliance_sim.scenarios.messages import report
    >>> report("mine.yaml", [(("months",), "is empty")], {("months",): 6})
    'mine.yaml:6: months: is empty'
    """

    def line(location: Location) -> int:
        while location and location not in lines:
            location = location[:-1]
        return lines.get(location, 1)

    return format_problems(origin, [(line(location), field_name(location), problem) for location, problem in found])


def format_problems(origin: str, numbered: Collection[tuple[int, str, str]]) -> str:
    """Return one line for each (line, field, problem), in the order of lines; at most `MOST`."""
    lines = [f"{origin}:{number}: {field}: {problem}" for number, field, problem in sorted(numbered)[:MOST]]
    if len(numbered) > MOST:
        lines.append(f"{origin}: and {len(numbered) - MOST:,} more problems")
    return "\n".join(lines)


def listed(found: Collection[Problem]) -> str:
    """Return one line for each problem of a mapping, ``field: problem``; at most `MOST`.

    Examples
    --------
    >>> from alliance_sim.scenarios.messages import listed
    >>> listed([(("months",), "is empty")])
    'months: is empty'
    """
    lines = [f"{field_name(location)}: {problem}" for location, problem in list(found)[:MOST]]
    return "\n".join([*lines, *([f"and {len(found) - MOST:,} more problems"] if len(found) > MOST else [])])


def _holder(location: Location, allowed: Collection[str]) -> str:
    """Return the key, in the mapping of allowed keys, of the record at a raw location."""
    names = [part for part in location if isinstance(part, str)]
    if names[:1] == ["events"]:
        return names[1]
    return next((name for name in allowed if name in names), "")


def _plain(location: Location) -> Location:
    """Drop the tags that unions add to a location."""
    marks: Collection[str | int] = {"events": EVENT_TYPES, "parameters": ("value", "distribution")}.get(
        str(location[0]) if location else "", ()
    )
    return location[:2] + location[3:] if location[2:3] and location[2] in marks else location


def _message(detail: dict[str, Any], allowed: Mapping[str, Mapping[str, str]]) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "refused":
        return str(context["problem"])
    if kind == "missing":
        return f"is missing {allowed[_holder(detail['loc'][:-1], allowed)].get(detail['loc'][-1], '')}".strip()
    if kind == "union_tag_not_found":
        return f"is missing; allowed: {', '.join(EVENT_TYPES)}"
    if kind == "union_tag_invalid":
        tag = value["type"]
        hint = nearest(tag, EVENT_TYPES) if isinstance(tag, str) else ""
        return f"{shown(tag)} is not an event type{hint}; allowed: {', '.join(EVENT_TYPES)}"
    if kind == "extra_forbidden":
        keys = allowed[_holder(detail["loc"][:-1], allowed)]
        return f"unknown key{nearest(str(detail['loc'][-1]), keys)}; allowed: {', '.join(keys)}"
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", context["expected"])
        return f"{_refused(value)}{nearest(str(value), names)}; allowed: {', '.join(names)}"
    if kind == "string_too_short":
        return "is empty; allowed: a text"
    if kind in _SHAPES:
        number = isinstance(value, str) and len(value) <= 80 and _NUMBER.fullmatch(value.strip())
        unquoted = ", without quotes" if number else ""
        return f"{_refused(value)}; allowed: {_SHAPES[kind]}{unquoted}"
    for bound, words in _BOUNDS.items():
        if bound in context:
            return f"{shown(value)} is out of range; allowed: {words} {plainly(context[bound])}"
    if kind == "too_long":
        return f"has {context['actual_length']} entries; allowed: {context['max_length']}"
    return f"{shown(value)}: {detail['msg']}"


def _refused(value: object) -> str:
    return "is empty" if value is None else f"{shown(value)} is not allowed"


def keys_of(record: type[Record]) -> dict[str, str]:
    """Return the keys of a record in a file, each with its meaning.

    Examples
    --------
    >>> from alliance_sim.scenarios import Scenario
    >>> from alliance_sim.scenarios.messages import keys_of
    >>> keys_of(Scenario)["months"]
    '(how many months it runs); allowed: 1 to 240'
    """
    return {field.alias or name: _meant(field) for name, field in record.model_fields.items() if not field.exclude}


def _meant(field: FieldInfo) -> str:
    """Return the meaning of a field, with the allowed values if they are few."""
    bounds = {end: getattr(rule, end) for rule in field.metadata for end in ("ge", "le") if hasattr(rule, end)}
    allowed = ""
    if get_origin(field.annotation) is Literal:
        allowed = f"; allowed: {', '.join(get_args(field.annotation))}"
    elif len(bounds) == 2:
        allowed = f"; allowed: {plainly(bounds['ge'])} to {plainly(bounds['le'])}"
    return f"({field.description}){allowed}"
