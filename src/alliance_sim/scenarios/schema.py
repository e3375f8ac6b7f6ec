"""What a scenario is: a dated list of events and meetings on top of an era's starting point."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from alliance_sim.data import table
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.distributions import Prior, fixed, lognormal, normal, triangular, uniform
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.events import EVENT_TYPES, Accession, AnyEvent, Effect, Event
from alliance_sim.registry.fields import (
    Entry,
    Filled,
    Label,
    Month,
    Number,
    Record,
    Share,
    Text,
    known,
    month_name,
    month_number,
)
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.keys import stable_id
from alliance_sim.registry.parameters import ACTOR_QUANTITIES, PARAMETERS, parameter_names, resolve
from alliance_sim.scenarios.messages import Problem, field_name, plainly, problems, refuse

__all__ = [
    "KEYS",
    "AgendaItem",
    "Distribution",
    "Meeting",
    "Parameters",
    "Scenario",
    "by_parameter",
    "keys_of",
    "prior",
]

#: Items of a meeting that one decision can hold.
MAX_PACKAGE = 3
#: Events of a scenario, and meetings: more than eight a month in the longest run.
MAX_ENTRIES = 2_000
#: A run may begin this many years before its era: its starting point is measured.
MAX_YEARS_BEFORE = 5
#: No run goes on after it.
LAST_MONTH = "2099-12"
#: There are no more to set.
MAX_PARAMETERS = len({*PARAMETERS, *parameter_names()})

Rule = Literal["unanimity", "unanimity_minus_n", "constructive_abstention", "qualified_majority", "coalition"]
Issue = Annotated[
    str, AfterValidator(known("an issue", ISSUES)), WithJsonSchema({"type": "string", "enum": list(ISSUES)})
]
Allowance = Annotated[int, Field(strict=True, ge=1, le=31)]
if TYPE_CHECKING:
    _EraName = str
else:
    _EraName = Literal[ERAS]
# YAML reads `era: 2025` as a number; it can mean only one thing.
Era = Annotated[
    _EraName,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    WithJsonSchema({"enum": [*ERAS, *(int(era) for era in ERAS)]}),
]


_OF_AUTHOR = "`sources` of the file"
_OF_PARAMETER: JsonDict = {
    "unit": "that of the parameter",
    "form": "within the parameter's range, rising",
    "source": _OF_AUTHOR,
}
_SPREAD = "; deviation more than 0"
_LEVEL: JsonDict = {"unit": "position", "source": "that of the item"}
_ALLIES: JsonDict = {"unit": "allies", "source": "judgement"}
_RULES = "unanimity; or, for counterfactuals, all but n, abstention with a footnote, qualified majority, the willing"


class Distribution(Record):
    """An uncertain parameter: exactly one of the four, drawn within the parameter's range."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    uniform: tuple[Number, Number] | None = Field(
        None, description="[lowest, highest]", json_schema_extra=_OF_PARAMETER
    )
    normal: tuple[Number, Number] | None = Field(
        None,
        description="[mean, standard deviation]",
        json_schema_extra={**_OF_PARAMETER, "form": f"mean within the parameter's range{_SPREAD}"},
    )
    triangular: tuple[Number, Number, Number] | None = Field(
        None, description="[lowest, most likely, highest]", json_schema_extra=_OF_PARAMETER
    )
    lognormal: tuple[Number, Number] | None = Field(
        None,
        description="[mean, standard deviation] of the logarithm",
        json_schema_extra={
            "unit": "log",
            "form": f"exp(mean) within the parameter's range{_SPREAD}",
            "source": _OF_AUTHOR,
        },
    )

    @field_validator("*", mode="before")
    @classmethod
    def _as_many(cls, numbers: Any, info: ValidationInfo) -> Any:
        meant = cls.model_fields[str(info.field_name)].description or ""
        if isinstance(numbers, (list, tuple)) and len(numbers) != meant.count(",") + 1:
            raise ValueError(f"has {len(numbers):,} entries; allowed: {meant.count(',') + 1}, {meant}")
        return numbers

    @model_validator(mode="after")
    def _one(self) -> Distribution:
        given = self.model_dump(exclude_none=True)
        if len(given) != 1:
            raise ValueError(f"give exactly one distribution; allowed: {', '.join(type(self).model_fields)}")
        ((kind, numbers),) = given.items()
        if kind in ("uniform", "triangular"):
            if list(numbers) != sorted(numbers) or numbers[0] == numbers[-1]:
                raise ValueError(f"{kind}: {list(numbers)} does not rise; allowed: the lowest first, the highest last")
        elif numbers[1] <= 0.0:
            raise ValueError(f"{kind}: the standard deviation is {numbers[1]:g}; allowed: more than 0")
        return self

    def prior(self, low: float, high: float) -> Prior:
        """Return the distribution on the range [low, high] of a parameter.

        Raises
        ------
        InputError
            If a bound, mean or mode lies outside the range.
        """
        centre: tuple[float, ...]
        if self.uniform:
            centre, prior = self.uniform, uniform(*self.uniform)
        elif self.triangular:
            centre, prior = self.triangular, triangular(*self.triangular)
        elif self.normal:
            centre, prior = self.normal[:1], normal(*self.normal, low, high)
        else:
            assert self.lognormal
            centre, prior = (math.exp(min(self.lognormal[0], 700.0)),), lognormal(*self.lognormal, low, high)
        for value in centre:
            _inside(value, low, high)
        return prior


def _inside(value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{value:g} is out of range; allowed: {low:g} to {high:g}")


class AgendaItem(Record):
    """One text that a meeting may adopt. Levels are in [0, 1], 1 = the strongest collective response."""

    issue: Issue = Field(description="what the text is about")
    proposed: Share = Field(description="level of the text as proposed", json_schema_extra=_LEVEL)
    reversion: Share = Field(description="level that holds without a decision", json_schema_extra=_LEVEL)
    floor: Share | None = Field(
        None,
        description="least share of the way that is worth adopting; without it, the parameter `floor`",
        json_schema_extra={"source": "that of the item"},
    )
    divisible: Annotated[bool, Field(strict=True)] = Field(
        True,
        description="false: a rollover, taken or left; when blocked its reversion comes true",
        json_schema_extra={"source": "default: judgement"},
    )
    rule: Rule | None = Field(None, description="rule of this item, if not the meeting's")
    allowance: Allowance | None = Field(
        None, description="n of unanimity_minus_n, if not the meeting's", json_schema_extra=_ALLIES
    )
    package: Label | None = Field(None, description="items of a meeting with the same name are decided together")
    text: Text = Field(description="what it is about")
    source: Text = Field(description="where it comes from")

    @model_validator(mode="after")
    def _undecided(self) -> AgendaItem:
        if self.proposed == self.reversion:
            both = f"proposed and reversion are both {self.proposed:g}, so there is nothing to decide"
            raise ValueError(f"{both}; allowed: two levels that differ")
        return self


class Meeting(Entry):
    """A meeting of a forum with its agenda."""

    forum: Literal["nac", "nato_summit", "eu_council", "g7"] = Field(
        description="the council in routine session, a summit of its leaders, the EU's council, the G7"
    )
    title: Text = Field(description="what it is called")
    sessions: Annotated[int, Field(strict=True, ge=1, le=10)] = Field(
        3,
        description="sessions of the leaders: how many contested items there is time for",
        json_schema_extra={"unit": "sessions", "source": "A ¶3; default: judgement"},
    )
    rounds: Annotated[int, Field(strict=True, ge=1, le=10)] = Field(
        3, description="rounds of silence procedure", json_schema_extra={"unit": "rounds", "source": "judgement"}
    )
    rule: Rule = Field("unanimity", description=_RULES)
    allowance: Allowance = Field(1, description="n of unanimity_minus_n", json_schema_extra=_ALLIES)
    agenda: Annotated[tuple[AgendaItem, ...], Filled] = Field(
        description="the texts it may adopt", json_schema_extra={"minItems": 1}
    )

    @field_validator("agenda")
    @classmethod
    def _agenda(cls, agenda: tuple[AgendaItem, ...]) -> tuple[AgendaItem, ...]:
        found: list[Problem] = []
        issues = [item.issue for item in agenda]
        packages = [item.package for item in agenda]
        for i, item in enumerate(agenda):
            if item.issue in issues[:i]:
                found.append(((i, "issue"), f"{item.issue} is on the agenda twice; allowed: once in a meeting"))
            if item.package and not 2 <= packages.count(item.package) <= MAX_PACKAGE:
                size = packages.count(item.package)
                found.append(((i, "package"), f"{item.package} has {size} items; allowed: 2 to {MAX_PACKAGE}"))
        refuse("agenda", found)
        return agenda

    @model_validator(mode="after")
    def _allowances(self) -> Meeting:
        """Refuse an allowance where no rule asks for one."""
        found: list[Problem] = []
        by_number = [(item.rule or self.rule) == "unanimity_minus_n" for item in self.agenda]
        without = "has no effect; allowed: only with the rule unanimity_minus_n"
        if self.allowance != type(self).model_fields["allowance"].default and not any(by_number):
            found.append((("allowance",), without))
        for i, item in enumerate(self.agenda):
            if item.allowance is not None and not by_number[i]:
                found.append((("agenda", i, "allowance"), without))
        refuse("meeting", found)
        return self

    @model_validator(mode="after")
    def _name(self) -> Meeting:
        if not self.id:
            # The record is frozen for its users; its default name needs its other fields.
            object.__setattr__(self, "id", f"{self.forum}-{self.month}")
        return self


Value = Annotated[
    Annotated[Number, Tag("value")] | Annotated[Distribution, Tag("distribution")],
    Discriminator(lambda value: "distribution" if isinstance(value, (dict, Distribution)) else "value"),
]


def by_parameter(check: Callable[[str, Any], object]) -> WrapValidator:
    """Return a validator of a mapping by names of the registry; what `check` raises is told at the entry."""

    def each(values: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if not isinstance(values, dict):
            return handler(values)
        if len(values) > MAX_PARAMETERS:
            raise ValueError(f"has {len(values):,} entries; allowed: {MAX_PARAMETERS}")
        good: dict[str, Any] = {}
        found: list[Problem] = []
        for name, value in values.items():
            # One by one, so that a fault in one does not hide those of the others.
            try:
                good |= handler({name: value})
                check(name, good[name])
            except ValidationError as error:
                found += [(place[1:], problem) for place, problem in problems(error, KEYS, "parameters")]
            except InputError as error:
                found.append(((name,), str(error)))
        refuse(str(info.field_name), found)
        return good

    return WrapValidator(each)


def prior(name: str, value: float | Distribution) -> Prior:
    """Return what a value says about a parameter; raise `InputError` where one is unknown or out of range."""
    parameter, _ = resolve(name)
    if isinstance(value, Distribution):
        return value.prior(parameter.low, parameter.high)
    _inside(value, parameter.low, parameter.high)
    return fixed(value)


def _set(name: str, value: float | Distribution) -> None:
    if name in ACTOR_QUANTITIES and isinstance(value, Distribution):
        raise InputError("a calibrated quantity has its own distribution; allowed: one number")
    prior(name, value)


#: What a scenario sets, by name of the registry.
Parameters = Annotated[dict[str, Value], by_parameter(_set)]


class Scenario(Record):
    """A what-if description, complete: everything that an `extends` brought is in it.

    Attributes
    ----------
    text : str
        The files it was read from, ancestors first.
    """

    name: Label = Field(description="what it is called, like its file")
    title: Text = Field(description="one line: what happens")
    description: Text = Field(description="the story in a few sentences")
    era: Era = Field(description="whose calibrated starting point", json_schema_extra={"source": "calibration"})
    start: Month = Field(
        description="first month, YYYY-MM", json_schema_extra={"unit": "month", "source": "range: judgement"}
    )
    months: Annotated[int, Field(strict=True, ge=1, le=240)] = Field(
        description="how many months it runs", json_schema_extra={"unit": "months", "source": "range: judgement"}
    )
    sources: Annotated[tuple[Text, ...], Filled] = Field(
        description="what it rests on", json_schema_extra={"minItems": 1}
    )
    parameters: Parameters = Field(
        {}, description="value or distribution, by name of the registry; the rest is drawn from the priors"
    )
    events: tuple[AnyEvent, ...] = Field((), description="what happens, and when")
    meetings: tuple[Meeting, ...] = Field((), description="who decides what, and when")
    text: str = Field("", exclude=True, repr=False)

    @field_validator("start")
    @classmethod
    def _near_the_era(cls, start: str, info: ValidationInfo) -> str:
        era = info.data.get("era")
        first = f"{int(era) - MAX_YEARS_BEFORE}-01" if era else "1970-01"
        if not first <= start <= LAST_MONTH:
            run = f"a run of the era {era}" if era else "a run"
            raise ValueError(f"{run} cannot begin in {start}; allowed: {first} to {LAST_MONTH}")
        return start

    @field_validator("months")
    @classmethod
    def _before_the_last(cls, months: int, info: ValidationInfo) -> int:
        if "start" in info.data:
            left = month_number(LAST_MONTH) - month_number(info.data["start"]) + 1
            if months > left:
                raise ValueError(f"{months} months end after {LAST_MONTH}; allowed: 1 to {left}")
        return months

    @field_validator("events", "meetings", mode="wrap")
    @classmethod
    def _calendar(cls, items: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Turn offsets into calendar months; refuse what lies outside the run, and names used twice."""
        if not isinstance(items, (list, tuple)):
            return handler(items)
        key = str(info.field_name)
        if len(items) > MAX_ENTRIES:
            raise ValueError(f"has {len(items):,} entries; allowed: {MAX_ENTRIES:,}")
        start, months = info.data.get("start"), info.data.get("months")
        taken = {event.id for event in info.data.get("events", ())}
        drawn: dict[int, str] = {}
        good: dict[int, Any] = {}
        found: list[Problem] = []
        for i, item in enumerate(items):
            # Without a start its own problem is enough: any will do to read the months.
            dated = _dated(item, start or "1970-01")
            try:
                (checked,) = handler((dated,))
            except ValidationError as error:
                wrong = [(place[2:], problem) for place, problem in problems(error, KEYS, key)]
                if any(place == ("type",) for place, _ in wrong):
                    wrong += _of_no_type(dated)
                found += [((i, *place), problem) for place, problem in wrong]
                # What is at fault besides is told as well, where its field can be read.
                readable = isinstance(dated, dict) and not {(), ("month",)} & {place for place, _ in wrong}
                month, name = (dated.get("month"), None) if readable else (None, None)
            else:
                month, name = checked.month, checked.id
                good[i] = checked
            if month and start and months and not 0 <= month_number(month) - month_number(start) < months:
                last = month_name(month_number(start) + months - 1)
                found.append(((i, "month"), f"{month} is outside the run; allowed: {start} to {last}"))
            if name is None:
                continue
            if name in taken:
                taken_by = "give this one an id of its own, or drop the other if it is inherited"
                found.append(((i, "id"), f"{shown(name)} is taken; {taken_by}"))
            elif key == "events" and (other := drawn.setdefault(stable_id(name), name)) != name:
                same = f"{shown(name)} has the same random numbers as {shown(other)}"
                found.append(((i, "id"), f"{same}; allowed: any other id"))
            taken.add(name)
        if key == "events" and start:
            found += _strangers(good, start)
        refuse(key, found)
        return tuple(good.values())

    def offset(self, month: str) -> int:
        """Return how many months after the start a ``YYYY-MM`` month lies."""
        return month_number(month) - month_number(self.start)

    def priors(self) -> dict[str, Prior]:
        """Return what the scenario says about parameters, as distributions on their ranges."""
        return {name: prior(name, value) for name, value in self.parameters.items()}

    def with_parameters(self, values: Mapping[str, float | Distribution]) -> Scenario:
        """Return a copy with parameters set.

        Parameters
        ----------
        values : mapping
            By name of the registry, such as ``h0`` or ``susceptibility.HUN``.

        Raises
        ------
        InputError
            If a name is unknown or a value out of range.
        """
        return self.validated({**dict(self), "parameters": {**self.parameters, **values}})

    @classmethod
    def validated(cls, fields: Mapping[str, Any]) -> Scenario:
        """Return the scenario with these fields.

        Raises
        ------
        InputError
            With every problem on a line of its own.
        """
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            found = problems(error, KEYS)
        raise InputError("\n".join(f"{field_name(location)}: {problem}" for location, problem in found))


def _dated(item: Any, start: str) -> Any:
    """Turn the offset of an event or meeting into a month of the calendar."""
    month = item.get("month") if isinstance(item, dict) else None
    if type(month) is not int or not 0 <= month < 1000:
        return item
    return {**item, "month": month_name(month_number(start) + month)}


class _OfNoType(Event):
    """What every event has, to check one whose type is not known."""

    def effects(self) -> tuple[Effect, ...]:
        return ()


def _of_no_type(event: dict[str, Any]) -> list[Problem]:
    """Return what is wrong with an event of unknown type: in what every event has, and keys that none has."""
    common = {key: value for key, value in event.items() if key in Event.model_fields or key not in KEYS["event"]}
    try:
        _OfNoType.model_validate({**common, "type": "event"})
    except ValidationError as error:
        return [(place[3:], problem) for place, problem in problems(error, KEYS, "events", "event", "event")]
    return []


def _strangers(events: Mapping[int, Event], start: str) -> list[Problem]:
    """Return the accessions of members, and the events of allies that have not joined by then."""
    found: list[Problem] = []
    joined = {row["iso3"]: row["nato_accession"] for row in table("facts/actors")}
    moved: set[str] = set()
    for i, event in events.items():
        if isinstance(event, Accession):
            if event.ally in moved or joined[event.ally] <= start:
                since = f"{event.ally} is a member from {joined[event.ally]} on"
                found.append(((i, "ally"), f"{since}; allowed: one accession, of no member at the start"))
            else:
                joined[event.ally] = event.month
                moved.add(event.ally)
    for i, event in events.items():
        for ally in event.allies():
            if event.month < joined[ally]:
                early = f"{event.month} is too early: {ally} joins in {joined[ally]}"
                found.append(((i, "month"), f"{early}; allowed: from then on"))
    return found


def keys_of(record: type[Record]) -> dict[str, str]:
    """Return the keys of a record in a file, with what is meant by them."""
    return {field.alias or name: _meant(field) for name, field in record.model_fields.items() if not field.exclude}


def _meant(field: FieldInfo) -> str:
    """Return what a field is for, and what is allowed in it where that is short."""
    bounds = {end: getattr(rule, end) for rule in field.metadata for end in ("ge", "le") if hasattr(rule, end)}
    allowed = ""
    if get_origin(field.annotation) is Literal:
        allowed = f"; allowed: {', '.join(get_args(field.annotation))}"
    elif len(bounds) == 2:
        allowed = f"; allowed: {plainly(bounds['ge'])} to {plainly(bounds['le'])}"
    return f"({field.description}){allowed}"


#: The keys each record of a scenario file may have, and what is meant by them, by the field that holds it.
KEYS: dict[str, dict[str, str]] = {
    "agenda": keys_of(AgendaItem),
    "meetings": keys_of(Meeting),
    "parameters": keys_of(Distribution),
    "": {**keys_of(Scenario), "extends": "", "drop": ""},
    **{name: keys_of(kind) for name, kind in EVENT_TYPES.items()},
    # One whose type is not known may have the keys of any.
    "event": {key: meant for kind in EVENT_TYPES.values() for key, meant in keys_of(kind).items()},
}
