"""Parameter values of a scenario: numbers and distributions, by name of the registry."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict

from alliance_sim.errors import InputError, shown
from alliance_sim.registry.distributions import Prior, fixed, lognormal, normal, triangular, uniform
from alliance_sim.registry.fields import Number, Record
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, current_name, parameter_names, resolve
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios.messages import Problem, keys_of, problems, refuse

__all__ = ["Distribution", "Parameters", "by_parameter", "prior"]

#: All names of the registry.
MAX_PARAMETERS = len({*PARAMETERS, *parameter_names()})

_OF_AUTHOR = "`sources` of the file"
_OF_PARAMETER: JsonDict = {
    "unit": "unit of the parameter",
    "form": "within the parameter's range, rising",
    "source": _OF_AUTHOR,
}
_SPREAD = "; deviation more than 0"


class Distribution(Record):
    """An uncertain parameter: exactly one of the four, drawn within the parameter's range.

    Examples
    --------
    >>> from alliance_sim.scenarios import Distribution
    >>> Distribution(triangular=(0.2, 0.5, 0.7)).triangular
    (0.2, 0.5, 0.7)
    """

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

        Examples
        --------
        >>> from alliance_sim.scenarios import Distribution
        >>> str(Distribution(normal=(0.5, 0.1)).prior(0, 1))
        'normal 0.5 ± 0.1, within 0 to 1'
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


#: The keys of a distribution, for messages.
_KEYS = {"parameters": keys_of(Distribution)}

_Value = Annotated[
    Annotated[Number, Tag("value")] | Annotated[Distribution, Tag("distribution")],
    Discriminator(lambda value: "distribution" if isinstance(value, (dict, Distribution)) else "value"),
]


def by_parameter(check: Callable[[str, Any], object]) -> WrapValidator:
    """Return a validator of a mapping by names of the registry; old names become the current ones.

    Parameters
    ----------
    check : callable
        Takes a name and its value; the problem that it raises is placed at the entry.

    Examples
    --------
    >>> from typing import Annotated
    >>> from pydantic import TypeAdapter
    >>> from alliance_sim.scenarios.parameters import by_parameter, prior
    >>> TypeAdapter(Annotated[dict[str, float], by_parameter(prior)]).validate_python({"pledge": 0.5})
    {'pledge': 0.5}
    """

    def each(values: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if not isinstance(values, dict):
            return handler(values)
        if len(values) > MAX_PARAMETERS:
            raise ValueError(f"has {len(values):,} entries; allowed: {MAX_PARAMETERS}")
        good: dict[str, Any] = {}
        names: dict[str, str] = {}
        found: list[Problem] = []
        for written, value in values.items():
            # One by one, so that a problem in one does not hide those of the others.
            try:
                ((name, checked),) = handler({written: value}).items()
                current = current_name(name)
                if names.setdefault(current, written) != written:
                    raise InputError(f"is the same parameter as {names[current]}; allowed: one of the two")
                good[current] = checked
                check(current, checked)
            except ValidationError as error:
                found += [(place[1:], problem) for place, problem in problems(error, _KEYS, "parameters")]
            except InputError as error:
                found.append(((written,), str(error)))
        refuse(str(info.field_name), found)
        return good

    return WrapValidator(each)


def overridden(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with changes, of which each replaces the value of the same parameter under any of its names."""
    written = {current_name(name): name for name in changes if isinstance(name, str)}
    return {**{written.get(name, name): value for name, value in values.items()}, **changes}


def prior(name: str, value: float | Distribution) -> Prior:
    """Return the prior that a value means; raise `InputError` if the name is unknown or the value out of range.

    Examples
    --------
    >>> from alliance_sim.scenarios.parameters import prior
    >>> str(prior("pledge", 0.5))
    '0.5'
    """
    of_actor, named, _ = name.partition(".USA")
    if named and name not in ACTOR_QUANTITIES and f"{of_actor}.USA.leader" in ACTOR_QUANTITIES:
        raise InputError(
            f"no parameter is called {shown(name)}: the president and the institutions have one each; allowed: "
            f"{of_actor}.USA.leader, {of_actor}.USA.institutions"
        )
    parameter, _ = resolve(name)
    if isinstance(value, Distribution):
        return value.prior(parameter.low, parameter.high)
    _inside(value, parameter.low, parameter.high)
    return fixed(value)


def _set(name: str, value: float | Distribution) -> None:
    if name in ACTOR_QUANTITIES and isinstance(value, Distribution):
        raise InputError("a calibrated quantity has its own distribution; allowed: one number")
    prior(name, value)


#: Parameters of a scenario: numbers or distributions, by current name.
Parameters = Annotated[dict[str, _Value], by_parameter(_set)]
