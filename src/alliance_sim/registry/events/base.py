"""What may happen in a scenario. An event type is declared here and nowhere else.

Each type is a record: its fields carry description, unit, range and default, `effects` says what it does to
the forcing channels and states of the core. Its docstring describes it, and `basis` says on what it rests: a
paragraph of document A (2025) or B (2018), or judgement.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, field_validator, model_validator
from pydantic.config import JsonDict

from alliance_sim.errors import nearest, shown
from alliance_sim.registry.actors import ALLIES, USA, eu_allies
from alliance_sim.registry.conditions import ConditionField
from alliance_sim.registry.eras import LEADERSHIPS
from alliance_sim.registry.fields import (
    Allies,
    Ally,
    Entry,
    Label,
    Number,
    Parties,
    Share,
    Signed,
    known,
)
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.parameters import ACTOR_QUANTITIES, PARAMETERS, parameter_names, resolve

__all__ = [
    "ALLY_STATES",
    "AT_THE_START",
    "EVENT_TYPES",
    "SHIFTABLE",
    "STATES",
    "Accession",
    "AnyEvent",
    "Effect",
    "Event",
]

#: Pressure to concede that an offer adds, per unit of its size: an offer is not peace (A ¶2). Judgement.
_OFFER = 0.1


@dataclass(frozen=True)
class Effect:
    """One thing an event does in its month.

    Attributes
    ----------
    kind : str
        ``forcing`` (a channel of the month), ``parameter``, or a state: of the ``world``, of an ``ally``, of
        an ``issue``, or an ally's ``position`` on an issue.
    name : str
        The core's symbol of the channel, parameter or state.
    value : float
        What is added or set.
    actor : str, optional
        ISO3 code. None is every ally for states and ``hybrid``, every ally but the United States for
        ``demand``, and the United States for the other channels.
    issue : str, optional
        For ``issue`` and ``position``.
    op : str
        ``add`` or ``set``.
    low, high : float
        Range in which a state or parameter is held.
    """

    kind: Literal["forcing", "parameter", "world", "ally", "issue", "position"]
    name: str
    value: float
    actor: str | None = None
    issue: str | None = None
    op: Literal["add", "set"] = "add"
    low: float = 0.0
    high: float = 1.0


def _forcing(name: str, value: float, *actors: str) -> tuple[Effect, ...]:
    return tuple(Effect("forcing", name, value, actor) for actor in actors or (None,))


#: Source of a default that no text gives.
_BY_DEFAULT: JsonDict = {"source": "default: judgement"}


def _named(schema: dict[str, Any], kind: type[Event]) -> None:
    """Say in the JSON Schema that files name the type, and what it is; in Python a record has it from its class."""
    schema["required"].append("type")
    schema["description"] = f"{schema['description']} Basis: {kind.basis}."
    schema["properties"]["type"] = {"const": kind.model_fields["type"].default, "description": schema["description"]}


class Event(Entry, ABC):
    """What every event has in common. A type is known everywhere once its class stands in this module."""

    model_config = ConfigDict(json_schema_extra=_named)

    basis: ClassVar[str]
    #: The field that tells events of one type and month apart.
    salient: ClassVar[str | None] = None

    type: str = Field(description="what happens")
    probability: Share = Field(
        1.0,
        description="chance that it happens at all",
        json_schema_extra={"unit": "probability", "source": "that of the event; default: it is certain"},
    )
    when: ConditionField | None = Field(
        None,
        description="condition on an outcome, such as 'assertiveness > 0.6': happens only if it held at the end of the "
        "month before",
    )

    @model_validator(mode="after")
    def _name(self) -> Event:
        if not self.id:
            parts = [self.type, self.month]
            if self.salient:
                salient = getattr(self, self.salient)
                parts += [salient] if isinstance(salient, str) else salient or ()
            # The record is frozen for its users; its default name needs its other fields.
            object.__setattr__(self, "id", "-".join(str(part).replace(" ", "_") for part in parts))
        return self

    @abstractmethod
    def effects(self) -> tuple[Effect, ...]:
        """Return what the event does in its month."""

    def allies(self) -> tuple[str, ...]:
        """Return the allies that the event happens to: it may name none before it joined."""
        return ()


class BilateralSummit(Event):
    """The presidents of the United States and Russia meet."""

    basis: ClassVar[str] = "A ¶2; B ¶4, B ¶6, B ¶9"

    type: Literal["bilateral_summit"] = "bilateral_summit"
    conciliation: Share = Field(
        0.4, description="how far Washington goes to meet Moscow", json_schema_extra=_BY_DEFAULT
    )
    openness: Share = Field(
        0.5,
        description="0 = one-on-one behind closed doors, 1 = delegations, minutes, briefed allies",
        json_schema_extra=_BY_DEFAULT,
    )
    follow_up: Annotated[int, Field(strict=True, ge=1, le=24)] | None = Field(
        None, description="months until a planned follow-up meeting", json_schema_extra={"unit": "months"}
    )
    process: Annotated[bool, Field(strict=True)] = Field(
        False, description="opens a standing reset: conciliation goes on each month"
    )

    def effects(self) -> tuple[Effect, ...]:
        found = _forcing("conciliation", self.conciliation)
        found += _forcing("opacity", 1.0 - self.openness) + _forcing("private", 1.0 - self.openness)
        if self.follow_up is not None:
            found += (Effect("forcing", "follow_up", float(self.follow_up), op="set"),)
        if self.process:
            found += _forcing("process", 1.0)
        return found


class AidChange(Event):
    """Washington changes a channel of its support for Ukraine."""

    basis: ClassVar[str] = "A ¶4"
    salient: ClassVar[str | None] = "channel"

    type: Literal["aid_change"] = "aid_change"
    channel: Literal["military", "economic", "intelligence", "all"] = Field(description="which support")
    share: Signed = Field(description="change as a share of what the war calls for (aid_need); -1 ends it")

    def effects(self) -> tuple[Effect, ...]:
        channels = ("military", "economic", "intelligence") if self.channel == "all" else (self.channel,)
        return tuple(Effect("forcing", f"aid_{channel}", self.share) for channel in channels)


class SanctionsRelief(Event):
    """Washington lifts (or, with a negative share, adds to) its own sanctions on Russia."""

    basis: ClassVar[str] = "A ¶4; B ¶6 (Congress has a say)"

    type: Literal["sanctions_relief"] = "sanctions_relief"
    share: Signed = Field(description="share of U.S. sanctions that the president seeks to lift")

    def effects(self) -> tuple[Effect, ...]:
        return _forcing("relief", self.share)


class GuaranteeStatement(Event):
    """The U.S. president casts doubt on the guarantee of an ally, or reassures it."""

    basis: ClassVar[str] = "B ¶7 (Montenegro)"
    salient: ClassVar[str | None] = "about"

    type: Literal["guarantee_statement"] = "guarantee_statement"
    about: Allies = Field(description="ally or list of allies it is about")
    severity: Signed = Field(0.5, description="doubt it casts; negative reassures", json_schema_extra=_BY_DEFAULT)

    def effects(self) -> tuple[Effect, ...]:
        return _forcing("statement", self.severity, *self.about)

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
            *_forcing("demand", self.pressure),
            Effect("world", "demand_percent", self.percent, op="set", high=10.0),
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
        return _forcing("trade", self.size, *dict.fromkeys(named))

    def allies(self) -> tuple[str, ...]:
        return tuple(party for party in self.parties if party != "EU")


class StrategicDocument(Event):
    """The departments publish a strategy that names Russia as a rival."""

    basis: ClassVar[str] = "B ¶8"

    type: Literal["strategic_document"] = "strategic_document"
    strength: Share = Field(0.5, description="how firmly it binds the departments", json_schema_extra=_BY_DEFAULT)

    def effects(self) -> tuple[Effect, ...]:
        return _forcing("document", self.strength)


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
        return _forcing("stance", self.stance, self.ally)

    def allies(self) -> tuple[str, ...]:
        return (self.ally,)


class Escalation(Event):
    """Russia escalates, in Ukraine and towards its neighbours."""

    basis: ClassVar[str] = "A ¶2, A ¶4; B ¶5"

    type: Literal["escalation"] = "escalation"
    size: Share = Field(description="0 = none, 1 = of the order of February 2022")

    def effects(self) -> tuple[Effect, ...]:
        return _forcing("escalation", self.size) + _forcing("war", self.size)


class CeasefireOffer(Event):
    """A ceasefire is offered; the war goes on, and the pressure on Kyiv grows."""

    basis: ClassVar[str] = "A ¶2; B ¶9"

    type: Literal["ceasefire_offer"] = "ceasefire_offer"
    size: Share = Field(description="how far-reaching it is")

    def effects(self) -> tuple[Effect, ...]:
        return (Effect("world", "concession", _OFFER * self.size),)


class Ceasefire(Event):
    """The fighting in Ukraine stops, wholly or in part."""

    basis: ClassVar[str] = "judgement (A ¶2 holds it unlikely)"

    type: Literal["ceasefire"] = "ceasefire"
    size: Share = Field(1.0, description="share of the fighting that stops")

    def effects(self) -> tuple[Effect, ...]:
        return _forcing("war", -self.size)


class HybridCampaign(Event):
    """Russia works on allies by sabotage, influence and energy."""

    basis: ClassVar[str] = "B ¶5"
    salient: ClassVar[str | None] = "target"

    type: Literal["hybrid_campaign"] = "hybrid_campaign"
    target: Allies | None = Field(None, description="ally or list of allies; none = all, by their ties to Russia")
    size: Share = Field(description="0 = none, 1 = the most seen so far")

    def effects(self) -> tuple[Effect, ...]:
        return _forcing("hybrid", self.size, *(self.target or ()))

    def allies(self) -> tuple[str, ...]:
        return self.target or ()


class Accession(Event):
    """A country joins the alliance; membership follows from it when the scenario is compiled."""

    basis: ClassVar[str] = "public dates of accession"
    salient: ClassVar[str | None] = "ally"

    type: Literal["accession"] = "accession"
    ally: Ally = Field(description="who joins in this month; no member at the start")

    @model_validator(mode="after")
    def _certain(self) -> Accession:
        # Who sits at the table is the same in every draw.
        if self.probability < 1.0 or self.when:
            raise ValueError("an accession is certain; allowed: neither probability nor when")
        return self

    def effects(self) -> tuple[Effect, ...]:
        """Return nothing: who sits where is known before a run."""
        return ()


class Exercise(Event):
    """The alliance calls for an exercise with a partner."""

    basis: ClassVar[str] = "B ¶12 (Georgia 2019)"
    salient: ClassVar[str | None] = "partner"

    type: Literal["exercise"] = "exercise"
    partner: Label = Field(description="partner country")
    ambition: Signed = Field(
        description="ambition beside the usual year's exercise; negative = scaled down",
        json_schema_extra={"unit": "position"},
    )

    def effects(self) -> tuple[Effect, ...]:
        return _forcing("exercise", self.ambition)


#: States of the world, and of allies, that `shift` may change: the core's symbol and the range.
STATES: dict[str, tuple[str, float, float]] = {
    "aid_need": ("need", 0.0, 2.0),
    "assertiveness": ("a", 0.0, 1.0),
    "assertiveness_level": ("a_level", 0.0, 1.0),
    "concession_pressure": ("concession", 0.0, 1.0),
    "conciliation": ("r", 0.0, 2.0),
    "criticism": ("criticism", 0.0, 1.0),
    "demands": ("demands", 0.0, 1.0),
    "opacity": ("o", 0.0, 1.0),
    "presidential_support": ("support", 0.0, 1.0),
    "reset": ("reset", 0.0, 1.0),
    "resistance": ("resistance", 0.0, 1.0),
    "us_commitment": ("c", 0.0, 1.0),
    "war_intensity": ("war", 0.0, 1.0),
}
ALLY_STATES: dict[str, tuple[str, float, float]] = {
    "fatigue": ("fatigue", 0.0, 1.0),
    "guarantee_confidence": ("g", 0.0, 1.0),
    "spending": ("d", 0.0, 15.0),
    "threat_perception": ("tau", 0.0, 1.0),
    "ukraine_support": ("aid", 0.0, 5.0),
}

#: Parameters that only the start of a run looks at.
AT_THE_START = ("salience_floor", "standing_exponent")

#: Every state that `shift` knows, as it is written; parameters of the registry come on top.
SHIFTABLE: tuple[str, ...] = (
    *STATES,
    # Washington's threat perception follows from its principals, its aid from aid_change; the rest is of others only.
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


_OF_NAME: JsonDict = {"unit": "that of NAME", "form": "range of NAME"}
_UP_OR_DOWN: JsonDict = {**_OF_NAME, "form": "width of the range of NAME, up or down"}


class Shift(Event):
    """A parameter or a state changes, for what the other types lack."""

    basis: ClassVar[str] = "judgement"
    salient: ClassVar[str | None] = "name"

    type: Literal["shift"] = "shift"
    name: Annotated[Label, WithJsonSchema({"type": "string", "enum": _SHIFTED, "form": "parameter or state"})] = Field(
        description="parameter (h0, susceptibility.HUN) or state (assertiveness, norm.sanctions)"
    )
    by: Number | None = Field(None, description="what is added", json_schema_extra=_UP_OR_DOWN)
    to: Number | None = Field(None, description="what it is set to", json_schema_extra=_OF_NAME)

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        _shift_of(name)
        return name

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
    """Return what shifting `name` by nothing does: where it acts, and the range."""
    head, *rest = name.split(".")
    if name in SHIFTABLE:
        if head in STATES:
            symbol, low, high = STATES[head]
            return Effect("world", symbol, 0.0, low=low, high=high)
        if head in ALLY_STATES:
            symbol, low, high = ALLY_STATES[head]
            return Effect("ally", symbol, 0.0, rest[0] if rest else None, low=low, high=high)
        if head == "norm":
            return Effect("issue", "norm", 0.0, issue=rest[0])
        return Effect("position", "position", 0.0, rest[1] if len(rest) > 1 else None, rest[0])
    try:
        parameter, actor = resolve(name)
    except ValueError:
        raise ValueError(
            f"{shown(name)} is neither a parameter nor a state{nearest(name, _SHIFTED)}; allowed: a parameter, "
            f"{', '.join(STATES)}, {', '.join(ALLY_STATES)} (with .ALLY or not), norm.ISSUE or position.ISSUE.ALLY"
        ) from None
    if name in ACTOR_QUANTITIES or name in AT_THE_START:
        raise ValueError(
            f"{name} is read at the start of a run only: set it under parameters"
            " (in a run Washington changes by leadership_change)"
        )
    return Effect("parameter", parameter.name, 0.0, actor, low=parameter.low, high=parameter.high)


#: Every event type by name, in the order they are listed to users: each class above.
EVENT_TYPES: dict[str, type[Event]] = {kind.model_fields["type"].default: kind for kind in Event.__subclasses__()}

#: An event of any type, read by what its type is.
if TYPE_CHECKING:
    AnyEvent = Event
else:
    AnyEvent = Annotated[Union[tuple(EVENT_TYPES.values())], Field(discriminator="type")]  # noqa: UP007
