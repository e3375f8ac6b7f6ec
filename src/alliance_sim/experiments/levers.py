"""Levers of an experiment: options that each change the base scenario, and the checks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo

from alliance_sim.errors import nearest, shown
from alliance_sim.registry.events import AnyEvent
from alliance_sim.registry.fields import Record
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import Meeting, Scenario
from alliance_sim.scenarios.library import extended
from alliance_sim.scenarios.messages import Problem, keys_of, problems, refuse
from alliance_sim.scenarios.parameters import Parameters

__all__ = ["MAX_LEVERS", "MAX_OPTIONS", "Patch"]

#: Levers of an experiment.
MAX_LEVERS = 20
#: Options of a lever.
MAX_OPTIONS = 100
#: Columns of results that levers cannot be named after, besides outcomes and parameters.
COLUMNS = (
    *("scenario", "variant", "point", "draw", "run", "value", "of_interest", "mean", "p05", "p95"),
    *("worst", "regret_mean", "regret_p90", "regret_max", "behind", "mc_error"),
)


class Patch(Record):
    """The changes that an option makes to the base scenario, by the rules of `extends`; {} makes none.

    Examples
    --------
    >>> Patch(parameters={"pledge": 0.1}).parameters
    {'pledge': 0.1}
    """

    parameters: Parameters = Field({}, description="value or distribution, by name of the registry")
    events: tuple[AnyEvent, ...] = Field((), description="events that come on top")
    meetings: tuple[Meeting, ...] = Field((), description="meetings that come on top")
    drop: tuple[str, ...] = Field((), description="ids of events and meetings of the base to leave out")


#: The keys of an option and their descriptions.
KEYS = keys_of(Patch)


def lever_name(name: str) -> str:
    """Refuse a lever with the name of another column of the results; DuckDB ignores case."""
    names = (*COLUMNS, *OUTCOMES, *PARAMETERS, *ACTOR_QUANTITIES)
    if name.partition(".")[0].lower() in {each.partition(".")[0].lower() for each in names}:
        raise ValueError(f"{shown(name)} is the name of another column of the results; allowed: any other name")
    return name


def whole_levers(levers: Any, handler: Any, info: ValidationInfo) -> Any:
    """Check each option alone on the base, and return levers with patches for options."""
    base = info.data.get("scenario")
    if not isinstance(levers, dict):
        return handler(levers)
    if base is None:
        return {}  # Problems of the base are reported first.
    if len(levers) > MAX_LEVERS:
        raise ValueError(f"has {len(levers):,} entries; allowed: {MAX_LEVERS}")
    good: dict[str, dict[str, Patch]] = {}
    found: list[Problem] = []
    taken: dict[str, str] = {}
    for lever, options in levers.items():
        if taken.setdefault(str(lever).lower(), str(lever)) != str(lever):
            found.append(((lever,), f"differs from {taken[str(lever).lower()]} in case only; allowed: another name"))
        found += [((lever,), problem) for problem in _of_name(lever, lambda name: handler({name: {}}))]
        if not isinstance(options, dict):
            refused = "is empty" if options is None else f"{shown(options)} is not allowed"
            found.append(((lever,), f"{refused}; allowed: a mapping of options"))
            continue
        if len(options) > MAX_OPTIONS:
            found.append(((lever,), f"has {len(options):,} options; allowed: {MAX_OPTIONS}"))
            continue
        if len(options) < 2:
            found.append(((lever,), "has fewer than two options; allowed: two options or more, of which one may be {}"))
        good[lever] = {}
        for option, patch in options.items():
            of_name = _of_name(option, lambda name: handler({"lever": {name: {}}}))
            found += [((lever, option), problem) for problem in of_name]
            checked, wrong = _patch(base, patch)
            found += [((lever, option, *place), problem) for place, problem in wrong]
            good[lever][option] = checked
    found += _set_twice(good, info.data.get("uncertainties", {}))
    refuse("levers", found)
    return good


def _of_name(name: Any, check: Callable[[Any], object]) -> list[str]:
    """Return what is wrong with the name of a lever or an option."""
    try:
        check(name)
    except ValidationError as error:
        return [problem for _, problem in problems(error, {"levers": KEYS})]
    return [] if name == name.strip() else [f"{shown(name)} has blanks around it; allowed: none"]


def _patch(base: Scenario, patch: Any) -> tuple[Patch, list[Problem]]:
    if isinstance(patch, Patch):
        patch = {key: list(value) if isinstance(value, tuple) else value for key, value in patch}
    if not isinstance(patch, dict):
        refused = "is empty" if patch is None else f"{shown(patch)} is not allowed"
        return Patch(), [((), f"{refused}; allowed: a mapping; {{}} leaves the scenario as it is")]
    keys = KEYS
    found: list[Problem] = [
        ((key,), f"unknown key{nearest(key, keys)}; allowed: {', '.join(keys)}") for key in patch if key not in keys
    ]
    own = {key: value for key, value in patch.items() if key in keys}
    scenario, wrong = extended(base, {"name": base.name, "text": "", **own})
    found += [(() if place[:1] == ("extends",) else place, problem) for place, problem in wrong]
    if scenario is None or found:
        return Patch(), found
    return Patch(
        parameters=own.get("parameters", {}),
        events=_last(scenario.events, own.get("events", ())),
        meetings=_last(scenario.meetings, own.get("meetings", ())),
        drop=tuple(own.get("drop", ())),
    ), []


def _last(entries: tuple[Any, ...], own: Any) -> tuple[Any, ...]:
    return entries[len(entries) - len(own) :]


def _set_twice(levers: Mapping[str, Mapping[str, Patch]], uncertainties: Mapping[str, object]) -> list[Problem]:
    """Return the parameters of options that an uncertainty or another lever also sets."""
    found: list[Problem] = []
    owner: dict[str, str] = {}
    for lever, options in levers.items():
        for option, patch in options.items():
            for name in patch.parameters:
                if name in uncertainties:
                    found.append(((lever, option, "parameters", name), "is an uncertainty; allowed: one or the other"))
                elif owner.setdefault(name, lever) != lever:
                    other = f"is also set by the lever {owner[name]}; allowed: one lever for a parameter"
                    found.append(((lever, option, "parameters", name), other))
    return found
