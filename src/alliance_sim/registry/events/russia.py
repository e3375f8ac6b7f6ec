"""Events in Russia and in the war in Ukraine."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from alliance_sim.registry.events.base import Effect, Event, forcing
from alliance_sim.registry.fields import Allies, Share

#: Pressure to concede that an offer adds, per unit of its size: an offer is not peace (A ¶2). Judgement.
OFFER_PRESSURE = 0.1


class Escalation(Event):
    """Russia escalates, in Ukraine and towards its neighbours."""

    basis: ClassVar[str] = "A ¶2, A ¶4; B ¶5"

    type: Literal["escalation"] = "escalation"
    size: Share = Field(description="0 = none, 1 = of the order of February 2022")

    def effects(self) -> tuple[Effect, ...]:
        return forcing("escalation", self.size) + forcing("war", self.size)


class CeasefireOffer(Event):
    """A ceasefire is offered; the war goes on, and the pressure on Kyiv grows."""

    basis: ClassVar[str] = "A ¶2; B ¶9"

    type: Literal["ceasefire_offer"] = "ceasefire_offer"
    size: Share = Field(description="how far-reaching it is")

    def effects(self) -> tuple[Effect, ...]:
        return (Effect("world", "concession_pressure", OFFER_PRESSURE * self.size),)


class Ceasefire(Event):
    """The fighting in Ukraine stops, wholly or in part."""

    basis: ClassVar[str] = "judgement (A ¶2 considers it unlikely)"

    type: Literal["ceasefire"] = "ceasefire"
    size: Share = Field(1.0, description="share of the fighting that stops")

    def effects(self) -> tuple[Effect, ...]:
        return forcing("war", -self.size)


class HybridCampaign(Event):
    """Russia puts pressure on allies by sabotage, influence and energy."""

    basis: ClassVar[str] = "B ¶5"
    salient: ClassVar[str | None] = "target"

    type: Literal["hybrid_campaign"] = "hybrid_campaign"
    target: Allies | None = Field(None, description="ally or list of allies; default: all, by their ties to Russia")
    size: Share = Field(description="0 = none, 1 = the strongest so far")

    def effects(self) -> tuple[Effect, ...]:
        return forcing("hybrid", self.size, *(self.target or ()))

    def allies(self) -> tuple[str, ...]:
        return self.target or ()
