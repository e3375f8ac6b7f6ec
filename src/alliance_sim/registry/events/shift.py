"""Shifts of parameters and states, for what the other event types lack."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, WithJsonSchema, field_validator, model_validator
from pydantic.config import JsonDict

from alliance_sim.errors import nearest, shown
from alliance_sim.registry.actors import ALLIES, eu_allies
from alliance_sim.registry.events.base import Effect, Event
from alliance_sim.registry.fields import Label, Number
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.parameter_names import (
    ACTOR_QUANTITIES,
    current_name,
    parameter_names,
    replaced,
    resolve,
    symbol_of,
)
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.registry.states import ALLY_STATES, STATES

__all__ = ["AT_THE_START", "SHIFTABLE", "Shift"]

#: Parameters that are read at the start of a run only.
AT_THE_START = (
    "min_salience", "sd_salience", "standing_exponent", "ask_routine", "ask_notable", "ask_major", "ask_far_reaching",
)  # fmt: skip

#: Every state that `shift` may change, as files write it; it may change parameters of the registry as well.
SHIFTABLE: tuple[str, ...] = (
    *STATES,
    # Washington's threat perception follows from its leader and institutions, its aid from aid_change; the other
    # states belong to the other allies only.
    *(
        f"{state}{suffix}"
        for state in ALLY_STATES
        for suffix in ("", *(f".{ally}" for ally in ALLIES))
        if suffix != ".USA" or state == "spending"
    ),
    *(f"norm.{issue}" for issue in ISSUES),
    *(f"position.{issue}{suffix}" for issue in ISSUES for suffix in ("", *(f".{ally}" for ally in ALLIES))),
)


_SHIFTED = list(
    dict.fromkeys(
        name
        for name in (*SHIFTABLE, *PARAMETERS, *parameter_names())
        if name not in AT_THE_START and (name in SHIFTABLE or name not in ACTOR_QUANTITIES)
    )
)


_OF_NAME: JsonDict = {"unit": "unit of NAME", "form": "range of NAME"}
_UP_OR_DOWN: JsonDict = {**_OF_NAME, "form": "width of the range of NAME, up or down"}


class Shift(Event):
    """A parameter or a state changes; for changes that no other type describes.

    Examples
    --------
    >>> from alliance_sim.registry.events import EVENT_TYPES
    >>> shift = EVENT_TYPES["shift"](month="2026-03", name="dispute_onset.HUN", to=0.1, source="hypothetical")
    >>> shift.id, shift.effects()[0].op, shift.allies()
    ('shift-2026-03-dispute_onset.HUN', 'set', ('HUN',))
    """

    basis: ClassVar[str] = "judgement"
    salient: ClassVar[str | None] = "name"

    type: Literal["shift"] = "shift"
    name: Annotated[Label, WithJsonSchema({"type": "string", "enum": _SHIFTED, "form": "parameter or state"})] = Field(
        description="parameter (pledge, susceptibility.HUN) or state (assertiveness, norm.sanctions)"
    )
    by: Number | None = Field(None, description="amount added", json_schema_extra=_UP_OR_DOWN)
    to: Number | None = Field(None, description="new value", json_schema_extra=_OF_NAME)

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        name = current_name(name)
        _shift_of(name)
        return name

    def _salient(self) -> tuple[str, ...]:
        # The old symbol, so that a new name of a parameter leaves the event's random numbers where they were.
        return (symbol_of(self.name),)

    @model_validator(mode="after")
    def _within(self) -> Shift:
        if (self.by is None) == (self.to is None):
            raise ValueError("give one of the two; allowed: by or to")
        effect = _shift_of(self.name)
        low, high = effect.low, effect.high
        if self.to is not None and not low <= self.to <= high:
            raise ValueError(f"to: {self.to:g} is outside the range of {self.name}; allowed: {low:g} to {high:g}")
        if self.by is not None and abs(self.by) > high - low:
            raise ValueError(
                f"by: {self.by:g} exceeds the range of {self.name}; allowed: {low - high:g} to {high - low:g}"
            )
        return self

    def effects(self) -> tuple[Effect, ...]:
        if self.by is not None:
            return (replace(_shift_of(self.name), value=self.by),)
        return (replace(_shift_of(self.name), value=self.to or 0.0, op="set"),)

    def allies(self) -> tuple[str, ...]:
        effect = _shift_of(self.name)
        # A member of the European Union has a say in it, and with that a position, before it joins the alliance.
        if effect.actor is None or (effect.kind == "position" and effect.actor in eu_allies(self.month)):
            return ()
        return (effect.actor,)


def _shift_of(name: str) -> Effect:
    """Return the effect of shifting `name` by zero: where it acts, and the range."""
    head, *rest = name.split(".")
    if name in SHIFTABLE:
        if head in STATES:
            state = STATES[head]
            return Effect("world", head, 0.0, low=state.low, high=state.high)
        if head in ALLY_STATES:
            of_ally = ALLY_STATES[head]
            return Effect("ally", head, 0.0, rest[0] if rest else None, low=of_ally.low, high=of_ally.high)
        if head == "norm":
            return Effect("issue", "norm", 0.0, issue=rest[0])
        return Effect("position", "position", 0.0, rest[1] if len(rest) > 1 else None, rest[0])
    try:
        parameter, actor = resolve(name)
    except ValueError:
        raise ValueError(
            f"{shown(name)} is neither a parameter nor a state{replaced(name) or nearest(name, _SHIFTED)}; "
            "allowed: a parameter, "
            f"{', '.join(STATES)}, {', '.join(ALLY_STATES)} (with .ALLY or not), norm.ISSUE or position.ISSUE.ALLY"
        ) from None
    if name in ACTOR_QUANTITIES or name in AT_THE_START:
        raise ValueError(
            f"{name} is read at the start of a run only: set it under parameters"
            " (in a run Washington changes by leadership_change)"
        )
    return Effect("parameter", parameter.name, 0.0, actor, low=parameter.low, high=parameter.high)
