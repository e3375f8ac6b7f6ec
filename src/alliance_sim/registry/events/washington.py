"""Events in Washington, and changes of leadership there and in other capitals."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from alliance_sim.errors import shown
from alliance_sim.registry.actors import ALLIES, USA, eu_allies
from alliance_sim.registry.eras import LEADERSHIPS
from alliance_sim.registry.events.base import BY_JUDGEMENT, Effect, Event, forcing
from alliance_sim.registry.fields import Allies, Ally, Parties, Share, Signed, known


class BilateralSummit(Event):
    """The presidents of the United States and Russia meet.

    Examples
    --------
    >>> from alliance_sim.registry.events import EVENT_TYPES
    >>> summit = EVENT_TYPES["bilateral_summit"](month="2026-03", openness=0.1, source="hypothetical")
    >>> [(effect.name, effect.value) for effect in summit.effects()]
    [('conciliation', 0.4), ('opacity', 0.9), ('private', 0.9)]
    """

    basis: ClassVar[str] = "A ¶2; B ¶4, B ¶6, B ¶9"

    type: Literal["bilateral_summit"] = "bilateral_summit"
    conciliation: Share = Field(
        0.4, description="how far Washington accommodates Moscow", json_schema_extra=BY_JUDGEMENT
    )
    openness: Share = Field(
        0.5,
        description="0 = one-on-one behind closed doors, 1 = delegations, minutes, briefed allies",
        json_schema_extra=BY_JUDGEMENT,
    )
    follow_up: Annotated[int, Field(strict=True, ge=1, le=24)] | None = Field(
        None, description="months until a planned follow-up meeting", json_schema_extra={"unit": "months"}
    )
    process: Annotated[bool, Field(strict=True)] = Field(
        False, description="begins a standing reset, which adds conciliation every month"
    )

    def effects(self) -> tuple[Effect, ...]:
        found = forcing("conciliation", self.conciliation)
        found += forcing("opacity", 1.0 - self.openness) + forcing("private", 1.0 - self.openness)
        if self.follow_up is not None:
            found += (Effect("forcing", "follow_up", float(self.follow_up), op="set"),)
        if self.process:
            found += forcing("process", 1.0)
        return found


class AidChange(Event):
    """Washington changes a channel of its support for Ukraine."""

    basis: ClassVar[str] = "A ¶4"
    salient: ClassVar[str | None] = "channel"

    type: Literal["aid_change"] = "aid_change"
    channel: Literal["military", "economic", "intelligence", "all"] = Field(description="which support")
    share: Signed = Field(description="change as a share of the aid that the war requires (aid_need); -1 ends it")

    def effects(self) -> tuple[Effect, ...]:
        channels = ("military", "economic", "intelligence") if self.channel == "all" else (self.channel,)
        return tuple(Effect("forcing", f"aid_{channel}", self.share) for channel in channels)


class SanctionsRelief(Event):
    """Washington lifts (or, with a negative share, adds to) its own sanctions on Russia."""

    basis: ClassVar[str] = "A ¶4; B ¶6 (Congress has a say)"

    type: Literal["sanctions_relief"] = "sanctions_relief"
    share: Signed = Field(description="share of U.S. sanctions that the president seeks to lift")

    def effects(self) -> tuple[Effect, ...]:
        return forcing("relief", self.share)


class GuaranteeStatement(Event):
    """The U.S. president casts doubt on the guarantee of an ally, or reassures it."""

    basis: ClassVar[str] = "B ¶7 (Montenegro)"
    salient: ClassVar[str | None] = "about"

    type: Literal["guarantee_statement"] = "guarantee_statement"
    about: Allies = Field(description="ally or list of allies it is about")
    severity: Signed = Field(0.5, description="doubt it casts; negative reassures", json_schema_extra=BY_JUDGEMENT)

    def effects(self) -> tuple[Effect, ...]:
        return forcing("statement", self.severity, *self.about)

    def allies(self) -> tuple[str, ...]:
        return self.about


class SpendingDemand(Event):
    """Washington demands in public that the allies spend more on defence."""

    basis: ClassVar[str] = "B ¶7, B ¶8, B ¶10"

    type: Literal["spending_demand"] = "spending_demand"
    percent: Annotated[float, Field(strict=True, ge=0.0, le=10.0)] = Field(
        description="level demanded, % of GDP", json_schema_extra={"unit": "% of GDP"}
    )
    pressure: Share = Field(description="0 = a request, 1 = extortion")

    def effects(self) -> tuple[Effect, ...]:
        return (
            *forcing("demand", self.pressure),
            Effect("world", "demanded_spending", self.percent, op="set", high=10.0),
        )


class TradeDispute(Event):
    """Washington escalates a trade dispute with allies."""

    basis: ClassVar[str] = "B ¶7, B ¶8"
    salient: ClassVar[str | None] = "parties"

    type: Literal["trade_dispute"] = "trade_dispute"
    parties: Parties = Field(alias="with", description="ally, list of allies, or EU")
    size: Share = Field(description="0 = words, 1 = a trade war")

    def effects(self) -> tuple[Effect, ...]:
        named = [ally for party in self.parties for ally in (eu_allies(self.month) if party == "EU" else (party,))]
        return forcing("trade", self.size, *dict.fromkeys(named))

    def allies(self) -> tuple[str, ...]:
        return tuple(party for party in self.parties if party != "EU")


class StrategicDocument(Event):
    """The departments publish a strategy that names Russia as a rival."""

    basis: ClassVar[str] = "B ¶8"

    type: Literal["strategic_document"] = "strategic_document"
    strength: Share = Field(0.5, description="how firmly it binds the departments", json_schema_extra=BY_JUDGEMENT)

    def effects(self) -> tuple[Effect, ...]:
        return forcing("document", self.strength)


def _stance(value: Any) -> float | str:
    if isinstance(value, str):
        return known("a measured leadership", LEADERSHIPS)(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and -1.0 <= value <= 1.0:
        return float(value)
    raise ValueError(f"{shown(value)} is not a stance; allowed: -1 to 1, or for USA {', '.join(LEADERSHIPS)}")


class LeadershipChange(Event):
    """An ally's government changes, and with it how it sees Russia."""

    basis: ClassVar[str] = "A ¶1 (Washington); judgement elsewhere"
    salient: ClassVar[str | None] = "ally"

    type: Literal["leadership_change"] = "leadership_change"
    ally: Ally = Field(description="where it changes")
    stance: Annotated[
        float | str,
        PlainValidator(_stance),
        WithJsonSchema(
            {"anyOf": [{"type": "number", "minimum": -1, "maximum": 1}, {"type": "string", "enum": list(LEADERSHIPS)}]}
        ),
    ] = Field(
        description="shift of perceived threat; for USA the name of a measured leadership",
        json_schema_extra={"unit": "threat"},
    )

    @model_validator(mode="after")
    def _measured(self) -> LeadershipChange:
        if isinstance(self.stance, str) != (self.ally == ALLIES[USA]):
            raise ValueError(f"stance of USA is one of {', '.join(LEADERSHIPS)}; of any other ally a number, -1 to 1")
        return self

    def effects(self) -> tuple[Effect, ...]:
        if isinstance(self.stance, str):
            return (Effect("forcing", "leader", LEADERSHIPS.index(self.stance) + 1.0, op="set"),)
        return forcing("stance", self.stance, self.ally)

    def allies(self) -> tuple[str, ...]:
        return (self.ally,)
