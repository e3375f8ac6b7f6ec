"""Names of parameters as files write them: scalars, ``name.ISO3``, quantities of actors, old symbols."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import TypeVar

from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.parameters import PARAMETERS, Parameter

__all__ = [
    "ACTOR_QUANTITIES",
    "by_current_name",
    "current_name",
    "parameter_names",
    "replaced",
    "resolve",
    "symbol_of",
]

_log = logging.getLogger("alliance_sim")
T = TypeVar("T")

#: Names of earlier versions, accepted in this one.
_RENAMED = {each.symbol: each.name for each in PARAMETERS.values() if each.symbol != each.name}

#: Names and symbols of parameters that are gone, and what took their place; values are on another scale.
_REPLACED = {
    **dict.fromkeys(("objection_cost", "h0"), "tolerated_move"),
    **dict.fromkeys(("isolation_cost", "h_iso"), "company_move"),
    **dict.fromkeys(("patron_cost", "h_patron"), "patron_move"),
    "holdup": "dispute_onset",
    "holdup_end": "dispute_end",
    "holdup_pivot": "dispute_onset",
    "loss_exponent": "",
    "nu": "",
}

#: Calibrated quantities of actors that a scenario may fix: their draws come from the calibration.
ACTOR_QUANTITIES: tuple[str, ...] = (
    *(f"threat_perception.{ally}" for ally in ALLIES if ally != "USA"),
    "threat_perception.USA.leader",
    "threat_perception.USA.institutions",
    *(f"position.{issue}.{ally}" for issue in ISSUES for ally in ALLIES if ally != "USA"),
    *(f"position.{issue}.USA.{who}" for issue in ISSUES for who in ("leader", "institutions")),
)
_QUANTITIES = {
    name: Parameter(
        name, name, "actors", "position", 0, 1, {}, "calibration: evidence and facts", "calibrated quantity of an actor"
    )
    for name in ACTOR_QUANTITIES
}


@cache
def parameter_names() -> tuple[str, ...]:
    """Return every name a scenario may set: scalars, ``name.ISO3`` for indexed ones, and quantities of actors.

    Examples
    --------
    >>> names = parameter_names()
    >>> "pledge" in names, "susceptibility.HUN" in names, "position.sanctions.HUN" in names
    (True, True, True)
    """
    names: list[str] = []
    for parameter in PARAMETERS.values():
        names += [f"{parameter.name}.{ally}" for ally in ALLIES] if parameter.per_ally else [parameter.name]
    return (*names, *ACTOR_QUANTITIES)


def resolve(name: str) -> tuple[Parameter, str | None]:
    """Return the parameter called `name` and the ally it is indexed by.

    An indexed parameter without an ally (``susceptibility``) means all of them, and comes back with None.

    Raises
    ------
    InputError
        If no parameter has that name; the message holds the nearest one.

    Examples
    --------
    >>> parameter, ally = resolve("susceptibility.HUN")
    >>> parameter.name, ally
    ('susceptibility', 'HUN')
    """
    if name in _QUANTITIES:
        return _QUANTITIES[name], None
    head, dot, ally = name.partition(".")
    parameter = PARAMETERS.get(current_name(head))
    if parameter is not None and not dot:
        return parameter, None
    if parameter is not None and parameter.per_ally and ally in ALLIES:
        return parameter, ally
    hint = replaced(name) or nearest(name, (*PARAMETERS, *parameter_names()))
    raise InputError(
        f"no parameter is called {shown(name) if name.isascii() else ascii(name)}{hint}; "
        "allowed: those in docs/parameters.md, threat_perception.ALLY, position.ISSUE.ALLY"
    )


def replaced(name: str) -> str:
    """Return `` (gone; x took its place ...)`` for the name of a parameter that is gone, or an empty string.

    Examples
    --------
    >>> replaced("holdup.HUN"), replaced("pledge")
    (' (gone; dispute_onset.HUN took its place, on another scale)', '')
    """
    head, dot, ally = name.partition(".")
    if head not in _REPLACED:
        return ""
    new = _REPLACED[head]
    return f" (gone; {new}{dot}{ally} took its place, on another scale)" if new else " (gone; nothing took its place)"


def current_name(name: str) -> str:
    """Return the name of a parameter that is given by it or, as in earlier versions, by its symbol (``kappa``).

    Anything else comes back as it is. An old name is accepted in this version and logged once.

    Examples
    --------
    >>> current_name("kappa"), current_name("pledge")
    ('threat_reversion', 'pledge')
    """
    head, dot, ally = name.partition(".")
    return f"{_renamed(head)}{dot}{ally}" if head in _RENAMED else name


@cache
def _renamed(symbol: str) -> str:
    _log.warning("parameter %s is now called %s; the old name is accepted in this version", symbol, _RENAMED[symbol])
    return _RENAMED[symbol]


def by_current_name(values: Mapping[str, T]) -> dict[str, T]:
    """Return values by the current names of parameters.

    Raises
    ------
    InputError
        If two names are those of one parameter.

    Examples
    --------
    >>> by_current_name({"kappa": 0.1, "pledge": 0.5})
    {'threat_reversion': 0.1, 'pledge': 0.5}
    """
    given: dict[str, str] = {}
    for name in values:
        if given.setdefault(current_name(name), name) != name:
            raise InputError(f"{name}: is the same parameter as {given[current_name(name)]}; allowed: one of the two")
    return {current: values[name] for current, name in given.items()}


def symbol_of(name: str) -> str:
    """Return what the random numbers of a parameter (``threat_reversion``, ``susceptibility.HUN``) are named by.

    Examples
    --------
    >>> symbol_of("threat_reversion"), symbol_of("susceptibility.HUN")
    ('kappa', 'susceptibility.HUN')
    """
    head, dot, ally = name.partition(".")
    return f"{PARAMETERS[head].symbol}{dot}{ally}" if head in PARAMETERS else name
