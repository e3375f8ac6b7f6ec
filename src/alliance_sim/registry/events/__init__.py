"""The event types of scenarios, one class each.

A class in one of the modules below is an event type; it is listed nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from alliance_sim.registry.events import alliance, russia, shift, washington
from alliance_sim.registry.events.alliance import Accession
from alliance_sim.registry.events.base import Effect, Event
from alliance_sim.registry.events.shift import AT_THE_START, SHIFTABLE

__all__ = ["AT_THE_START", "EVENT_TYPES", "SHIFTABLE", "Accession", "AnyEvent", "Effect", "Event"]


def _types_in(module: ModuleType) -> dict[str, type[Event]]:
    """Return the event types declared in a module by name, in the order of their classes."""
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Event)]
    return {kind.model_fields["type"].default: kind for kind in found if kind.__module__ == module.__name__}


#: Every event type by name, in the order they are listed to users: module by module, class by class.
EVENT_TYPES: Mapping[str, type[Event]] = MappingProxyType(
    {name: kind for module in (washington, russia, alliance, shift) for name, kind in _types_in(module).items()}
)

#: An event of any type, validated by its `type`.
if TYPE_CHECKING:
    AnyEvent = Event
else:
    AnyEvent = Annotated[Union[tuple(EVENT_TYPES.values())], Field(discriminator="type")]  # noqa: UP007
