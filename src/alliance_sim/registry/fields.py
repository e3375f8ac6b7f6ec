"""Fields that events and scenarios share: months, names, texts, numbers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    field_validator,
)

from alliance_sim.errors import nearest, shown
from alliance_sim.registry.actors import ALLIES, USA
from alliance_sim.registry.issues import ISSUES

__all__ = [
    "Allies",
    "Ally",
    "Entry",
    "Filled",
    "FrozenDict",
    "Issue",
    "Label",
    "Month",
    "Number",
    "Parties",
    "Record",
    "Share",
    "Signed",
    "Sponsors",
    "Text",
    "frozen",
    "known",
    "month_name",
    "month_number",
]


Key = TypeVar("Key")
Value = TypeVar("Value")


class FrozenDict(dict[Key, Value]):
    """A mapping that cannot be changed; `copy` and the operator ``|`` return ordinary ones.

    Not a `MappingProxyType`, which can neither be pickled nor written as JSON.

    Examples
    --------
    >>> mapping = FrozenDict(pledge=0.5)
    >>> mapping | {"coupling": 0.1}
    {'pledge': 0.5, 'coupling': 0.1}
    >>> mapping["pledge"] = 0.7
    Traceback (most recent call last):
    TypeError: cannot be changed; allowed: a change of a copy
    """

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("cannot be changed; allowed: a change of a copy")

    __delitem__ = __ior__ = __setitem__ = clear = pop = popitem = setdefault = update = _refuse  # noqa: RUF100

    def __reduce__(self) -> tuple[type[FrozenDict[Key, Value]], tuple[dict[Key, Value]]]:
        return type(self), (dict(self),)


def frozen(value: Any) -> Any:
    """Return a value whose mappings and lists, at all levels, cannot be changed; lists become tuples.

    Examples
    --------
    >>> frozen({"months": ["2025-06"]})
    {'months': ('2025-06',)}
    """
    if isinstance(value, dict):
        return FrozenDict({key: frozen(each) for key, each in value.items()})
    return tuple(map(frozen, value)) if type(value) in (list, tuple) else value


class Record(BaseModel):
    """An immutable record that refuses unknown keys and infinite numbers.

    Examples
    --------
    >>> class Source(Record):
    ...     title: str
    >>> Source(title=" a speech ").title
    'a speech'
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True, serialize_by_alias=True
    )

    @field_validator("*", mode="after")
    @classmethod
    def _given(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[str(info.field_name)]
        if value is None and field.default is None:
            raise ValueError("is empty; allowed: a value, or no such key")
        return frozen(value)


def month_number(month: str) -> int:
    """Return the months from January 1970 to a ``YYYY-MM`` month (negative before).

    Examples
    --------
    >>> month_number("1970-01"), month_number("2025-06")
    (0, 665)
    """
    year, number = month.split("-")
    return (int(year) - 1970) * 12 + int(number) - 1


def month_name(number: int) -> str:
    """Return the ``YYYY-MM`` month that is `number` months after January 1970.

    Examples
    --------
    >>> month_name(665)
    '2025-06'
    """
    return f"{1970 + number // 12}-{number % 12 + 1:02d}"


def known(what: str, names: Collection[str], listed: bool = True) -> Callable[[str], str]:
    """Return a check that a text is one of `names`; the message lists them all if `listed`.

    Examples
    --------
    >>> known("an ally", ("HUN", "POL"))("HUN")
    'HUN'
    """

    def check(name: str) -> str:
        if name not in names:
            allowed = f"; allowed: {', '.join(names)}" if listed else ""
            raise ValueError(f"{shown(name)} is not {what}{nearest(name, names)}{allowed}")
        return name

    return check


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _some(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    entries = value if value is None else handler(value)
    if not entries:
        raise ValueError("is empty; allowed: one entry or more")
    return entries


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"{', '.join(twice)}: named twice; allowed: once")
    return names


#: A wide range, so that months outside a run reach the later, clearer check.
_MONTH = re.compile(r"(?:19[7-9]|2[01][0-9])[0-9]-(?:0[1-9]|1[0-2])")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}")


def _month(value: Any) -> str:
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise ValueError(
            f"{shown(value)} is not a month; allowed: YYYY-MM, for events and meetings also months after the start"
        )
    return value


def _text(value: str) -> str:
    odd = {letter for letter in value if unicodedata.category(letter) in ("Cc", "Cf")} - {"\n", "\t"}
    if odd:
        # Terminals execute control characters, and format characters reverse the text.
        raise ValueError(f"holds control characters ({min(odd)!a}); allowed: text")
    return value


def _label(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a name; allowed: up to 80 letters, digits and _ . + -, no blanks")
    return value


# `form` describes the format of a text for people; the other keywords belong to JSON Schema.
def _one_or_more(names: Collection[str], form: str, least: int = 1) -> WithJsonSchema:
    one = {"type": "string", "enum": list(names), "form": form}
    several = {"type": "array", "items": one, "uniqueItems": True}
    return WithJsonSchema({"anyOf": [one, {**several, "minItems": least} if least else several]})


_month_schema = {"type": "string", "pattern": f"^{_MONTH.pattern}$", "form": "YYYY-MM"}
#: A calendar month.
Month = Annotated[str, BeforeValidator(_month), WithJsonSchema(_month_schema)]
#: A calendar month; in a scenario file also an offset from the start (0, 1, ...).
_MonthOrOffset = Annotated[
    Month, WithJsonSchema({"anyOf": [_month_schema, {"type": "integer", "minimum": 0, "maximum": 999}]})
]
Text = Annotated[str, Field(min_length=1), AfterValidator(_text)]
Label = Annotated[
    str,
    AfterValidator(_label),
    WithJsonSchema({"type": "string", "pattern": f"^{_LABEL.pattern}$", "form": "letters, digits, _ . + -"}),
]
Number = Annotated[float, Field(strict=True)]
Share = Annotated[float, Field(strict=True, ge=0.0, le=1.0, json_schema_extra={"unit": "share"})]
Signed = Annotated[float, Field(strict=True, ge=-1.0, le=1.0, json_schema_extra={"unit": "share"})]
Ally = Annotated[
    str,
    AfterValidator(known("the code of an ally", ALLIES)),
    WithJsonSchema({"type": "string", "enum": list(ALLIES), "form": "ISO3 code"}),
]
Issue = Annotated[
    str, AfterValidator(known("an issue", ISSUES)), WithJsonSchema({"type": "string", "enum": list(ISSUES)})
]

#: One ally, or a list of them, which may be empty.
Sponsors = Annotated[
    tuple[Ally, ...], BeforeValidator(_as_list), AfterValidator(_once), _one_or_more(ALLIES, "ISO3 code", 0)
]
_PARTNERS = ALLIES[:USA] + ALLIES[USA + 1 :]
_partner = Annotated[str, AfterValidator(known("the code of an ally other than USA", _PARTNERS))]
#: A check that a list has entries. A minimum length would also complain when the entries themselves are wrong.
Filled = WrapValidator(_some)
#: One ally of the United States, or a list of them.
Allies = Annotated[
    tuple[_partner, ...], BeforeValidator(_as_list), Filled, AfterValidator(_once), _one_or_more(_PARTNERS, "ISO3 code")
]
_PARTIES = ("EU", *_PARTNERS)
_party = Annotated[str, AfterValidator(known("EU or the code of an ally other than USA", _PARTIES))]
#: The same, or the European Union.
Parties = Annotated[
    tuple[_party, ...],
    BeforeValidator(_as_list),
    Filled,
    AfterValidator(_once),
    _one_or_more(_PARTIES, "ISO3 code or EU"),
]


class Entry(Record):
    """An entry of the calendar of a scenario: an event or a meeting.

    Examples
    --------
    >>> from alliance_sim.registry.events import EVENT_TYPES
    >>> entry = EVENT_TYPES["escalation"](month="2026-03", size=0.2, source="hypothetical")
    >>> entry.month, entry.source
    ('2026-03', 'hypothetical')
    """

    month: _MonthOrOffset = Field(
        description="when: YYYY-MM, or months after the start (+3)",
        json_schema_extra={"unit": "month", "source": "source of the entry"},
    )
    source: Text = Field(description="where it comes from: a paragraph, a dated public fact, 'hypothetical'")
    id: Label = Field(
        default_factory=str,
        description="name of the entry, for `drop` and for its random numbers; default: forum or type, month, and "
        "whom it concerns",
    )
