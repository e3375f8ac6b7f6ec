"""The base class of event types, and their effects.

Each type is a record: its fields carry description, unit, range and default, and `effects` returns what it does to
the forcing channels and states of the core. Its docstring describes it, and `basis` names what it rests on: a
paragraph of document A (2025) or B (2018), or judgement.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from alliance_sim.registry.conditions import ConditionField
from alliance_sim.registry.fields import Entry, FrozenDict, Share

__all__ = ["BY_JUDGEMENT", "Effect", "Event", "forcing"]

#: Source of a default that no text gives.
BY_JUDGEMENT: JsonDict = FrozenDict(source="default: judgement")


@dataclass(frozen=True)
class Effect:
    """One thing an event does in its month.

    Attributes
    ----------
    kind : str
        ``forcing`` (a channel of the month), ``parameter``, or a state: of the ``world``, of an ``ally``, of
        an ``issue``, an ally's ``position`` on an issue, or a ``dispute`` of an ally that holds up an issue.
    name : str
        The core's symbol of the channel, parameter or state.
    value : float
        Added or set.
    actor : str, optional
        ISO3 code. None means every ally for states and ``hybrid``, every ally but the United States for
        ``demand``, and the United States for the other channels.
    issue : str, optional
        For ``issue`` and ``position``.
    op : str
        ``add`` or ``set``.
    low, high : float
        Range to which the state or parameter is limited.

    Examples
    --------
    >>> effect = Effect("position", "position", 0.1, actor="HUN", issue="sanctions")
    >>> effect.op, effect.low, effect.high
    ('add', 0.0, 1.0)
    """

    kind: Literal["forcing", "parameter", "world", "ally", "issue", "position", "dispute"]
    name: str
    value: float
    actor: str | None = None
    issue: str | None = None
    op: Literal["add", "set"] = "add"
    low: float = 0.0
    high: float = 1.0


def forcing(name: str, value: float, *actors: str) -> tuple[Effect, ...]:
    """Return additions to a forcing channel, one for each actor; without actors one that names none.

    Examples
    --------
    >>> [(effect.name, effect.actor) for effect in forcing("demand", 0.5, "DEU", "ESP")]
    [('demand', 'DEU'), ('demand', 'ESP')]
    """
    return tuple(Effect("forcing", name, value, actor) for actor in actors or (None,))


def _named(schema: dict[str, Any], kind: type[Event]) -> None:
    """Require and describe `type` in the JSON Schema; in Python a record has it from its class."""
    schema["required"].append("type")
    summary = schema["description"].partition("\n\n")[0]
    schema["description"] = f"{summary} Basis: {kind.basis}."
    schema["properties"]["type"] = {"const": kind.model_fields["type"].default, "description": schema["description"]}


class Event(Entry, ABC):
    """Base class of the event types.

    Examples
    --------
    >>> from alliance_sim.registry.events import EVENT_TYPES
    >>> event = EVENT_TYPES["escalation"](month="2026-03", size=0.2, source="hypothetical")
    >>> event.id, event.probability, event.allies()
    ('escalation-2026-03', 1.0, ())
    >>> [(effect.name, effect.value) for effect in event.effects()]
    [('escalation', 0.2), ('war', 0.2)]
    """

    model_config = ConfigDict(json_schema_extra=_named)

    basis: ClassVar[str]
    #: The field that distinguishes events of one type and month.
    salient: ClassVar[str | None] = None

    type: str = Field(description="what happens")
    probability: Share = Field(
        1.0,
        description="chance that it happens at all",
        json_schema_extra={"unit": "probability", "source": "source of the event; default: it is certain"},
    )
    during: Annotated[int, Field(strict=True, ge=1, le=240)] = Field(
        1,
        description="how many months, from `month` on, it may happen in; `probability` is then the chance in each",
        json_schema_extra={"unit": "months", "source": "source of the event"},
    )
    when: ConditionField | None = Field(
        None,
        description="condition on an outcome, such as 'assertiveness > 0.6': happens only if it held at the end of the "
        "month before",
    )

    @model_validator(mode="after")
    def _name(self) -> Event:
        if not self.id:
            parts = (self.type, self.month, *self._salient())
            # The record is frozen for its users; its default name needs its other fields.
            object.__setattr__(self, "id", "-".join(part.replace(" ", "_") for part in parts))
        return self

    def _salient(self) -> tuple[str, ...]:
        """Return the rest of the default id, after type and month; the id addresses the event's random numbers."""
        value: str | tuple[str, ...] | None = getattr(self, self.salient) if self.salient else None
        return (value,) if isinstance(value, str) else value or ()

    @abstractmethod
    def effects(self) -> tuple[Effect, ...]:
        """Return the effects of the event in its month."""

    def allies(self) -> tuple[str, ...]:
        """Return the allies that the event concerns; each must be a member by then."""
        return ()
