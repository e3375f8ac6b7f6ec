"""The records of a scenario: dated events and meetings on top of the starting point of an era."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.config import JsonDict

from alliance_sim.errors import InputError, shown
from alliance_sim.notebook import folded, heading, table
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.distributions import Calibration, Prior
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.events import EVENT_TYPES, AnyEvent, Event
from alliance_sim.registry.fields import (
    Entry,
    Filled,
    Issue,
    Label,
    Month,
    Record,
    Share,
    Sponsors,
    Text,
    month_name,
    month_number,
)
from alliance_sim.registry.forums import ASK_CLASSES, FORUM_LABELS, FORUMS, MAX_PACKAGE, RULES
from alliance_sim.registry.labels import ISSUE_LABELS
from alliance_sim.scenarios.calendar import Period, check_length, check_start, read_entries, seats
from alliance_sim.scenarios.messages import Problem, keys_of, listed, problems, refuse
from alliance_sim.scenarios.parameters import Distribution, Parameters, overridden, prior
from alliance_sim.scenarios.words import event_details

__all__ = ["KEYS", "AgendaItem", "Meeting", "Scenario"]

if TYPE_CHECKING:
    _Forum = str
    _Rule = str
    _EraName = str
else:
    _Forum = Literal[FORUMS]
    _Rule = Literal[RULES]
    _EraName = Literal[ERAS]


def _of_coders(fits: Callable[[object], bool], allowed: str) -> BeforeValidator:
    """Return a check that a value is one code, or a list of the codes of two coders."""

    def check(value: Any) -> Any:
        codes = value if isinstance(value, (list, tuple)) else (value,)
        if codes is value and len(codes) != 2:
            raise ValueError(f"is a list of {len(codes)}; allowed: {allowed}; or a list of two of them")
        for code in codes:
            if not fits(code):
                problem = "is empty" if code is None else f"{shown(code)} is not allowed"
                raise ValueError(f"{problem}; allowed: {allowed}; or a list of two of them")
        return value

    return BeforeValidator(check)


_Flag = Annotated[bool, Field(strict=True)]
_AskClass = Annotated[int, Field(strict=True, ge=1, le=ASK_CLASSES)]
_CLASSES = tuple(range(1, ASK_CLASSES + 1))
_Ask = Annotated[
    _AskClass | tuple[_AskClass, _AskClass],
    _of_coders(lambda code: type(code) is int and code in _CLASSES, ", ".join(map(str, _CLASSES))),
]
_Divisible = Annotated[_Flag | tuple[_Flag, _Flag], _of_coders(lambda code: isinstance(code, bool), "true or false")]
_Allowance = Annotated[int, Field(strict=True, ge=1, le=len(ALLIES) - 1)]
# YAML reads `era: 2025` as a number; it can mean only one thing.
_Era = Annotated[
    _EraName,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    WithJsonSchema({"enum": [*ERAS, *(int(era) for era in ERAS)]}),
]

_LEVEL: JsonDict = {"unit": "position", "source": "source of the item"}
_ALLIES: JsonDict = {"unit": "allies", "source": "judgement"}
_RULES = "unanimity; or, for counterfactuals, all but n, abstention with a footnote, qualified majority, the willing"


class AgendaItem(Record):
    """One text that a meeting may adopt. Levels are in [0, 1], 1 = the strongest collective response.

    Examples
    --------
    >>> from alliance_sim.scenarios import AgendaItem
    >>> item = AgendaItem(issue="sanctions", proposed=0.6, reversion=0, text="Renewal", source="hypothetical")
    >>> item.proposed, item.divisible, item.min_share
    (0.6, True, None)
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["ask"], "properties": {"proposed": False}},
                {"required": ["proposed"], "properties": {"ask": False, "direction": False}},
            ]
        }
    )

    issue: Issue = Field(description="what the text is about")
    ask: _Ask | None = Field(
        None,
        description="how far it goes beyond what is in force: 1 routine, 2 notable, 3 major, 4 far-reaching; a list of "
        "two where two coders differ",
        json_schema_extra={"unit": "class", "source": "calibration/CODEBOOK.md"},
    )
    direction: Literal["more", "less"] = Field(
        "more", description="whether it asks for more or for less collective response than holds without a decision"
    )
    proposed: Share | None = Field(
        None, description="level of the text as proposed, in place of a class", json_schema_extra=_LEVEL
    )
    reversion: Share = Field(description="level that holds without a decision", json_schema_extra=_LEVEL)
    min_share: Share | None = Field(
        None,
        validation_alias=AliasChoices("min_share", "floor"),  # its old name
        description="least share of the way that is worth adopting; without it, the parameter `min_share`",
        json_schema_extra={"source": "source of the item"},
    )
    divisible: _Divisible = Field(
        True,
        description="false: taken or left, as an invitation or a rollover; a rollover that is blocked lapses; a list "
        "of two where two coders differ",
        json_schema_extra={"source": "default: judgement"},
    )
    rule: _Rule | None = Field(None, description="rule of this item, if not the meeting's")
    allowance: _Allowance | None = Field(
        None, description="n of unanimity_minus_n, if not the meeting's", json_schema_extra=_ALLIES
    )
    package: Label | None = Field(None, description="items of a meeting with the same name are decided together")
    sponsors: Sponsors = Field(
        (), description="allies that asked for the text and want no less; without any it is the chair's"
    )
    priority: _Flag = Field(
        False, description="what the meeting is called for: decided first, and never dropped for lack of time"
    )
    text: Text = Field(description="what it is about")
    source: Text = Field(description="where it comes from")

    @property
    def asked(self) -> str:
        """What is asked for, in a few letters: the level, or the class of the ask with its direction.

        Examples
        --------
        >>> from alliance_sim.scenarios import AgendaItem
        >>> fields = {"issue": "russia_dialogue", "reversion": 0.8, "text": "Talk", "source": "hypothetical"}
        >>> AgendaItem(ask=[2, 3], direction="less", **fields).asked, AgendaItem(proposed=0.5, **fields).asked
        ('-2/3', '0.50')
        """
        if self.proposed is not None:
            return f"{self.proposed:.2f}"
        given = self.ask or 0
        classes = sorted(set(given if isinstance(given, tuple) else (given,)))
        return ("+" if self.direction == "more" else "-") + "/".join(map(str, classes))

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave the direction out beside a level, as a file does."""
        fields: dict[str, Any] = handler(self)
        return fields if self.proposed is None else {k: v for k, v in fields.items() if k != "direction"}

    @model_validator(mode="after")
    def _undecided(self) -> AgendaItem:
        if (self.ask is None) == (self.proposed is None):
            raise ValueError("give one of the two; allowed: ask or proposed")
        if self.proposed is not None and "direction" in self.model_fields_set:
            raise ValueError("direction is that from reversion to proposed; allowed: direction with ask only")
        if self.proposed == self.reversion:
            both = f"proposed and reversion are both {self.proposed:g}, so there is nothing to decide"
            raise ValueError(f"{both}; allowed: two levels that differ")
        if self.ask is not None and self.reversion == (1.0 if self.direction == "more" else 0.0):
            raise ValueError(
                f"there is no {self.direction} than {self.reversion:g}; allowed: a reversion inside the scale"
            )
        return self


class Meeting(Entry):
    """A meeting of a forum with its agenda.

    Examples
    --------
    >>> from alliance_sim.scenarios import AgendaItem, Meeting
    >>> item = AgendaItem(issue="open_door", proposed=0.7, reversion=0.5, text="Invite", source="hypothetical")
    >>> meeting = Meeting(month="2026-05", forum="nac", title="May", agenda=[item], source="hypothetical")
    >>> meeting.id, meeting.rule, meeting.sessions
    ('nac-2026-05', 'unanimity', 3)
    """

    forum: _Forum = Field(
        description="the council in routine session, a summit of its leaders, the EU's council, the G7"
    )
    title: Text = Field(description="name of the meeting")
    sessions: Annotated[int, Field(strict=True, ge=1, le=10)] = Field(
        3,
        description="sessions of the leaders: how many contested items there is time for",
        json_schema_extra={"unit": "sessions", "source": "A ¶3; default: judgement"},
    )
    rounds: Annotated[int, Field(strict=True, ge=1, le=10)] = Field(
        3, description="rounds of silence procedure", json_schema_extra={"unit": "rounds", "source": "judgement"}
    )
    rule: _Rule = Field("unanimity", description=_RULES)
    allowance: _Allowance = Field(1, description="n of unanimity_minus_n", json_schema_extra=_ALLIES)
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
        """Refuse an allowance that no rule uses."""
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


def _unseated(meeting: Meeting, events: tuple[Event, ...]) -> list[Problem]:
    """Refuse sponsors that do not sit at the table of a meeting: they would have no effect."""
    seated = seats(meeting.forum, meeting.month, events)
    return [
        (
            ("agenda", i, "sponsors"),
            f"{ally} is no member of {FORUM_LABELS[meeting.forum]} in {meeting.month}; allowed: {', '.join(seated)}",
        )
        for i, item in enumerate(meeting.agenda)
        for ally in item.sponsors
        if ally not in seated
    ]


class Scenario(Record):
    """A what-if description, complete: with everything that it inherits by `extends`.

    Attributes
    ----------
    name, title, description : str
        Name, summary in one line, and in a few sentences.
    era : str
        One of `ERAS`: the calibrated starting point.
    calibration : str
        ``posterior``: parameters and actors are drawn jointly, as fitted to the record; ``prior``: parameters from
        their priors, actors as measured before that.
    start : str
        First month, ``YYYY-MM``.
    months : int
        Length of the run, 1 to 240 months.
    sources : tuple of str
        Documents, public facts or judgement that it is based on.
    parameters : dict of str to float or Distribution
        By name of the registry; all others are drawn as `calibration` says.
    events, meetings : tuple of Event, tuple of Meeting
        In the order of the files.
    text : str
        The files it was read from, ancestors first.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_scenario
    >>> scenario = load_scenario("washington_2024")
    >>> scenario.era, scenario.start, scenario.months
    ('2025', '2025-06', 48)
    >>> [(event.month, event.type) for event in scenario.events]
    [('2025-06', 'leadership_change')]
    """

    name: Label = Field(description="its name, like the file's")
    title: Text = Field(description="one line: what happens")
    description: Text = Field(description="the story in a few sentences")
    era: _Era = Field(description="whose calibrated starting point", json_schema_extra={"source": "calibration"})
    calibration: Calibration = Field(
        "posterior",
        description="what is drawn where `parameters` set nothing: parameters and actors jointly as fitted to the "
        "record, or from their priors",
        json_schema_extra={"source": "calibration"},
    )
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
        {},
        validate_default=True,
        description="value or distribution, by name of the registry; the rest is drawn",
    )
    events: tuple[AnyEvent, ...] = Field((), description="what happens, and when")
    meetings: tuple[Meeting, ...] = Field((), description="who decides what, and when")
    tabled_again: Annotated[bool, Field(strict=True)] = Field(
        False,
        description="whether a text that was blocked or withdrawn may come up again at later meetings of its forum",
    )
    text: str = Field("", exclude=True, repr=False)

    @field_validator("start")
    @classmethod
    def _near_the_era(cls, start: str, info: ValidationInfo) -> str:
        return check_start(start, info.data.get("era"))

    @field_validator("months")
    @classmethod
    def _before_the_last(cls, months: int, info: ValidationInfo) -> int:
        return check_length(months, info.data.get("start"))

    @field_validator("events", "meetings", mode="wrap")
    @classmethod
    def _calendar(cls, items: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Turn offsets into calendar months; refuse entries outside the run, and ids used twice."""
        period = Period(info.data.get("start"), info.data.get("months"))
        events = info.data.get("events", ())
        taken = {event.id for event in events}

        def unseated(entry: Entry) -> list[Problem]:
            return _unseated(entry, events) if isinstance(entry, Meeting) else []

        return read_entries(items, handler, str(info.field_name), period, taken, KEYS, unseated)

    def _repr_html_(self) -> str:
        period = f"{self.name}: {self.start} to {self.end} ({self.months} months), calibrated to {self.era}"
        rows = [(event.month, event.type.replace("_", " "), event_details(event)) for event in self.events]
        for meeting in sorted(self.meetings, key=lambda meeting: meeting.id):
            what = f"{FORUM_LABELS[meeting.forum]} meeting: {meeting.title}"
            rows.append((meeting.month, what, ", ".join(ISSUE_LABELS[item.issue] for item in meeting.agenda)))
        rows.sort(key=lambda row: row[0])  # As in the model, events come first within a month.
        values = [(name, str(prior)) for name, prior in self.priors().items()]
        size = f"{len(self.events)} events, {len(self.meetings)} meetings"
        return (
            heading(self.title, period, self.description, f"{len(self.sources)} sources")
            + (folded("Parameters", table(("parameter", "value"), values), is_open=True) if values else "")
            + folded(size, table(("month", "what", "details"), rows), is_open=True)
        )

    @property
    def end(self) -> str:
        """The last month, as ``YYYY-MM``.

        Examples
        --------
        >>> from alliance_sim.scenarios import load_scenario
        >>> load_scenario("baseline_2025").end
        '2029-05'
        """
        return month_name(month_number(self.start) + self.months - 1)

    def offset(self, month: str) -> int:
        """Return the number of months from the start to a ``YYYY-MM`` month.

        Examples
        --------
        >>> from alliance_sim.scenarios import load_scenario
        >>> load_scenario("baseline_2025").offset("2026-01")
        7
        """
        return month_number(month) - month_number(self.start)

    def priors(self) -> dict[str, Prior]:
        """Return the distributions of the parameters that the scenario sets, on their ranges, by name.

        Examples
        --------
        >>> from alliance_sim.scenarios import load_scenario
        >>> scenario = load_scenario("baseline_2025").with_parameters({"pledge": 0.5})
        >>> {name: str(prior) for name, prior in scenario.priors().items()}
        {'pledge': '0.5'}
        """
        return {name: prior(name, value) for name, value in self.parameters.items()}

    def with_calibration(self, calibration: Calibration) -> Scenario:
        """Return a copy that is drawn from another calibration, ``posterior`` or ``prior``.

        Raises
        ------
        InputError
            If it is neither.

        Examples
        --------
        >>> from alliance_sim.scenarios import load_scenario
        >>> load_scenario("baseline_2025").with_calibration("prior").calibration
        'prior'
        """
        return self.validated({**dict(self), "calibration": calibration})

    def with_parameters(self, values: Mapping[str, float | Distribution]) -> Scenario:
        """Return a copy with parameters set.

        Parameters
        ----------
        values : mapping
            Number or distribution, by name of the registry, such as ``pledge`` or ``susceptibility.HUN``; others keep
            the values that they have.

        Raises
        ------
        InputError
            If a name is unknown or a value out of range.

        Examples
        --------
        >>> from alliance_sim.scenarios import Distribution, load_scenario
        >>> values = {"pledge": Distribution(uniform=(0.4, 0.7)), "susceptibility.HUN": 0.3}
        >>> scenario = load_scenario("baseline_2025").with_parameters(values)
        >>> scenario.parameters["susceptibility.HUN"], scenario.parameters["pledge"].uniform
        (0.3, (0.4, 0.7))
        """
        return self.validated({**dict(self), "parameters": overridden(self.parameters, values)})

    @classmethod
    def validated(cls, fields: Mapping[str, Any]) -> Scenario:
        """Return the scenario with these fields.

        Parameters
        ----------
        fields : mapping
            As in a file without `extends` and `drop`; values may be records. `load_scenario` takes mappings with both.

        Raises
        ------
        InputError
            With every problem on a line of its own.

        Examples
        --------
        >>> from alliance_sim.scenarios import Scenario, load_scenario
        >>> base = load_scenario("baseline_2025")
        >>> Scenario.validated({**dict(base), "name": "short", "months": 12, "meetings": ()}).months
        12
        """
        keys = keys_of(cls)
        if inherits := [key for key in ("extends", "drop") if key in fields]:
            only = f"is read by load_scenario, which takes a mapping as well; allowed: {', '.join(keys)}"
            raise InputError(listed([((key,), only) for key in inherits]))
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            found = problems(error, {**KEYS, "": keys})
        raise InputError(listed(found))


#: The keys that each record of a scenario file may have, with their meanings, by the field that holds it.
KEYS: dict[str, dict[str, str]] = {
    "agenda": keys_of(AgendaItem),
    "meetings": keys_of(Meeting),
    "parameters": keys_of(Distribution),
    "": {**keys_of(Scenario), "extends": "", "drop": ""},
    **{name: keys_of(kind) for name, kind in EVENT_TYPES.items()},
    # An event of unknown type may have the keys of any type.
    "event": {key: meant for kind in EVENT_TYPES.values() for key, meant in keys_of(kind).items()},
}
