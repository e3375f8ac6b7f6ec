"""Conditions of events, such as ``assertiveness > 0.6``: parsed once, never evaluated as code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from alliance_sim.errors import shown
from alliance_sim.registry.fields import known
from alliance_sim.registry.outcomes import OUTCOMES

__all__ = ["OPERATORS", "Condition", "ConditionField", "parse_condition"]

OPERATORS: tuple[str, ...] = (">=", "<=", ">", "<")

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?"
_CONDITION = re.compile(rf"\s*([A-Za-z_]\w*)\s*(>=|<=|>|<)\s*({_NUMBER})\s*")


@dataclass(frozen=True)
class Condition:
    """An outcome compared with a number.

    Attributes
    ----------
    outcome : str
        A name of `OUTCOMES`; its value at the end of the month before the event.
    op : str
        One of `OPERATORS`.
    value : float
        In the unit of the outcome.

    Examples
    --------
    >>> condition = parse_condition("cohesion <= 0.5")
    >>> condition.outcome, condition.op, condition.value
    ('cohesion', '<=', 0.5)
    >>> str(condition)
    'cohesion <= 0.5'
    """

    outcome: str
    op: str
    value: float

    def __str__(self) -> str:
        return f"{self.outcome} {self.op} {self.value!r}"


def parse_condition(text: object) -> Condition:
    """Read a condition.

    Raises
    ------
    ValueError
        If the text is not ``OUTCOME OPERATOR NUMBER``, the outcome is unknown, or the number outside its range.

    Examples
    --------
    >>> parse_condition("assertiveness > 0.6").value
    0.6
    """
    found = _CONDITION.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(
            f"{shown(text)} is not a condition; allowed: an outcome, one of {' '.join(OPERATORS)}, a number, "
            "such as 'assertiveness > 0.6'"
        )
    name, op, value = found.groups()
    outcome = OUTCOMES[known("an outcome", OUTCOMES)(name)]
    if not outcome.low <= float(value) <= outcome.high:
        raise ValueError(f"{name} is never {value}; allowed: {outcome.low:g} to {outcome.high:g}")
    return Condition(name, op, float(value))


def _read(value: Any) -> Any:
    return value if isinstance(value, Condition) else parse_condition(value)


#: A condition as a field of a record: a text in files.
ConditionField = Annotated[
    Condition,
    BeforeValidator(_read),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^\s*({'|'.join(OUTCOMES)})\s*({'|'.join(OPERATORS)})\s*({_NUMBER})\s*$",
            "form": f"OUTCOME, one of {' '.join(OPERATORS)}, NUMBER",
        }
    ),
]
