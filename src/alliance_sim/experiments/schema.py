"""What an experiment is: a scenario, what is uncertain about it, what can be chosen, and how the runs are laid out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    WrapValidator,
    field_validator,
    model_validator,
)

from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.events import AnyEvent
from alliance_sim.registry.fields import Filled, Label, Number, Record, Text, known
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import ACTOR_QUANTITIES, PARAMETERS
from alliance_sim.scenarios import Distribution, Meeting, Scenario, scenario_path
from alliance_sim.scenarios.library import extended, load_scenario
from alliance_sim.scenarios.messages import Location, Problem, field_name, keys_of, problems, refuse
from alliance_sim.scenarios.parameters import Parameters, by_parameter, prior

__all__ = ["KEYS", "METHODS", "Design", "Experiment", "Patch", "Variant"]

MAX_LEVERS = 20
#: Options of one.
MAX_OPTIONS = 100
#: Combinations of options.
MAX_VARIANTS = 500
#: Each makes a run of every variant with every draw.
MAX_POINTS = 1_000_000
#: Twelve days on one core at a millisecond a run.
MAX_RUNS = 1_000_000_000
#: Columns of the view `runs` that are there anyway; those of outcomes and parameters come on top.
COLUMNS = (
    *("scenario", "variant", "point", "draw", "run", "value", "of_interest", "mean", "p05", "p95"),
    *("worst", "regret_mean", "regret_p90", "regret_max", "behind", "mc_error"),
)

Method = Literal["lhs", "sobol", "grid", "morris", "sobol_indices"]
#: What each design is for.
METHODS: Mapping[Method, str] = {
    "lhs": "Latin hypercube: each uncertainty in `points` equally likely strata, one point in each",
    "sobol": "scrambled Sobol sequence: fills the space more evenly; a power of two",
    "grid": "all combinations of `points` levels of each uncertainty, the medians of equally likely parts",
    "morris": "`points` trajectories that change one uncertainty at a time: screening",
    "sobol_indices": "Saltelli's scheme on a base of `points` (a power of two): Sobol indices of first and total order",
}
#: Designs on a Sobol sequence, which is balanced at powers of two only.
_BINARY = ("sobol", "sobol_indices")


class Design(Record):
    """How points are laid out over the uncertainties; without any there is one point."""

    method: Method = Field(
        "lhs", description="lhs and sobol fill the space, grid takes levels, the others are for sensitivities"
    )
    points: Annotated[int, Field(strict=True, ge=1, le=MAX_POINTS)] = Field(
        128,
        description="points; in a grid, levels of each uncertainty; in morris, trajectories; in sobol_indices, base",
        json_schema_extra={"unit": "points", "source": "default: judgement"},
    )

    @model_validator(mode="after")
    def _binary(self) -> Design:
        if self.method in _BINARY and self.points & (self.points - 1):
            below = 1 << (self.points.bit_length() - 1)
            problem = f"{self.points:,} is no power of two; allowed with {self.method}: {below}, {2 * below}, ..."
            refuse("design", [(("points",), problem)])
        return self

    def size(self, uncertainties: int) -> int:
        """Return how many points there are over so many uncertainties."""
        match self.method:
            case _ if not uncertainties:
                return 1
            case "grid":
                return int(self.points**uncertainties)
            case "morris":
                return self.points * (uncertainties + 1)
            case "sobol_indices":
                return self.points * (uncertainties + 2)
            case _:
                return self.points


class Patch(Record):
    """What an option changes in the base scenario, by the rules of `extends`; {} leaves it as it is."""

    parameters: Parameters = Field({}, description="value or distribution, by name of the registry")
    events: tuple[AnyEvent, ...] = Field((), description="events that come on top")
    meetings: tuple[Meeting, ...] = Field((), description="meetings that come on top")
    drop: tuple[str, ...] = Field((), description="ids of events and meetings of the base to leave out")


@dataclass(frozen=True)
class Variant:
    """The base scenario with one option of every lever.

    Attributes
    ----------
    number : int
        Its place among the experiment's variants.
    options : mapping
        Lever to option.
    scenario : Scenario
        The base with constants and options in it; its name is ``base+option+option``, unique in the experiment.
    """

    number: int
    options: Mapping[str, str]
    scenario: Scenario


def _base(value: Any, info: ValidationInfo) -> Any:
    """Load the scenario of a name or path, which is relative to the folder of the experiment's file."""
    if isinstance(value, str):
        try:
            return load_scenario(scenario_path(value, (info.context or {}).get("folder")))
        except InputError as error:
            refuse("scenario", [((), line) for line in str(error).splitlines()])
    if not isinstance(value, Scenario):
        raise ValueError(f"{shown(value)} is not allowed; allowed: a bundled name or a path")
    return value


def _lever(name: str) -> str:
    """Refuse the name of a lever that another column of the results has; DuckDB ignores case."""
    names = (*COLUMNS, *OUTCOMES, *PARAMETERS, *ACTOR_QUANTITIES)
    if name.partition(".")[0].lower() in {each.partition(".")[0].lower() for each in names}:
        raise ValueError(f"{shown(name)} is what another column of results is called; allowed: any other name")
    return name


def _whole_levers(levers: Any, handler: Any, info: ValidationInfo) -> Any:
    """Check every option on top of the base by itself, and return levers with patches for options."""
    base = info.data.get("scenario")
    if not isinstance(levers, dict):
        return handler(levers)
    if base is None:
        return {}  # What is wrong with the base comes first.
    if len(levers) > MAX_LEVERS:
        raise ValueError(f"has {len(levers):,} entries; allowed: {MAX_LEVERS}")
    good: dict[str, dict[str, Patch]] = {}
    found: list[Problem] = []
    taken: dict[str, str] = {}
    for lever, options in levers.items():
        if taken.setdefault(str(lever).lower(), str(lever)) != str(lever):
            found.append(((lever,), f"is {taken[str(lever).lower()]} in other letters; allowed: a name of its own"))
        try:
            handler({lever: {}})
        except ValidationError as error:
            found += [((lever,), problem) for _, problem in problems(error, KEYS)]
        if not isinstance(options, dict):
            refused = "is empty" if options is None else f"{shown(options)} is not allowed"
            found.append(((lever,), f"{refused}; allowed: a mapping of options"))
            continue
        if len(options) > MAX_OPTIONS:
            found.append(((lever,), f"has {len(options):,} options; allowed: {MAX_OPTIONS}"))
            continue
        if len(options) < 2:
            found.append(((lever,), "leaves no choice; allowed: two options or more, of which one may be {}"))
        good[lever] = {}
        for option, patch in options.items():
            try:
                handler({"lever": {option: {}}})
            except ValidationError as error:
                found += [((lever, option), problem) for _, problem in problems(error, KEYS)]
            checked, wrong = _patch(base, patch)
            found += [((lever, option, *place), problem) for place, problem in wrong]
            good[lever][option] = checked
    found += _set_twice(good, info.data.get("uncertainties", {}))
    refuse("levers", found)
    return good


def _patch(base: Scenario, patch: Any) -> tuple[Patch, list[Problem]]:
    if isinstance(patch, Patch):
        patch = {key: list(value) if isinstance(value, tuple) else value for key, value in patch}
    if not isinstance(patch, dict):
        refused = "is empty" if patch is None else f"{shown(patch)} is not allowed"
        return Patch(), [((), f"{refused}; allowed: a mapping; {{}} leaves the scenario as it is")]
    keys = KEYS["levers"]
    found: list[Problem] = [
        ((key,), f"unknown key{nearest(key, keys)}; allowed: {', '.join(keys)}") for key in patch if key not in keys
    ]
    own = {key: value for key, value in patch.items() if key in keys}
    scenario, wrong = extended(base, {"name": base.name, "text": "", **own})
    found += [(() if place[:1] == ("extends",) else place, problem) for place, problem in wrong]
    if scenario is None or found:
        return Patch(), found
    return Patch(
        parameters={name: scenario.parameters[name] for name in own.get("parameters", ())},
        events=_last(scenario.events, own.get("events", ())),
        meetings=_last(scenario.meetings, own.get("meetings", ())),
        drop=tuple(own.get("drop", ())),
    ), []


def _last(entries: tuple[Any, ...], own: Any) -> tuple[Any, ...]:
    return entries[len(entries) - len(own) :]


def _set_twice(levers: Mapping[str, Mapping[str, Patch]], uncertainties: Mapping[str, object]) -> list[Problem]:
    """Return the parameters of options that something else decides as well."""
    found: list[Problem] = []
    owner: dict[str, str] = {}
    for lever, options in levers.items():
        for option, patch in options.items():
            for name in patch.parameters:
                if name in uncertainties:
                    found.append(((lever, option, "parameters", name), "is an uncertainty; allowed: one or the other"))
                elif owner.setdefault(name, lever) != lever:
                    other = f"the lever {owner[name]} sets it, too; allowed: one lever for a parameter"
                    found.append(((lever, option, "parameters", name), other))
    return found


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [((i,), f"{name} is named twice; allowed: once") for i, name in enumerate(names) if name in names[:i]]
    refuse("names", list[Problem](twice))
    return names


_Outcome = Annotated[
    str,
    AfterValidator(known("an outcome", OUTCOMES)),
    WithJsonSchema({"type": "string", "enum": list(OUTCOMES)}),
]


class Experiment(Record):
    """A designed experiment: all combinations of levers, at all points of the uncertainties, with the same draws.

    Attributes
    ----------
    text : str
        The file it was read from.
    """

    name: Label = Field(description="what it is called, like its file")
    title: Text = Field(description="one line: what is asked")
    description: Text = Field(description="the question in a few sentences")
    scenario: Annotated[
        Scenario,
        BeforeValidator(_base),
        WithJsonSchema({"type": "string", "form": "a bundled name, or the path of a file"}),
    ] = Field(description="the base that everything else changes")
    sources: Annotated[tuple[Text, ...], Filled] = Field(
        description="what it rests on, ranges of uncertainties included", json_schema_extra={"minItems": 1}
    )
    constants: Annotated[dict[str, Number], by_parameter(prior)] = Field(
        {},
        description="parameters held at a number in all runs, by name of the registry",
        json_schema_extra={"form": "numbers within the parameters' ranges"},
    )
    uncertainties: Annotated[dict[str, Distribution], by_parameter(prior)] = Field(
        {},
        description="parameters that the design varies, by name of the registry; the rest is drawn from the priors",
        json_schema_extra={"form": "distributions"},
    )
    levers: Annotated[
        dict[Annotated[Label, AfterValidator(_lever)], dict[Label, Patch]], WrapValidator(_whole_levers)
    ] = Field(
        {},
        description="what can be chosen: by name of the lever its options, each a change of the base",
        json_schema_extra={"form": "two options or more each"},
    )
    policies: Annotated[tuple[dict[str, str], ...], Field(max_length=MAX_VARIANTS)] = Field(
        (),
        description="combinations of options to run, where that is not all of them; a lever left out has its first",
        json_schema_extra={"form": "mappings of levers to options"},
    )
    outcomes: Annotated[tuple[_Outcome, ...], Field(max_length=len(OUTCOMES)), Filled, AfterValidator(_once)] = Field(
        ("cohesion",),
        description="outcomes of interest: what tables and plots show; all are kept",
        json_schema_extra={"form": "names of outcomes"},
    )
    design: Design = Field(
        Design(), description="how points are laid out over the uncertainties", json_schema_extra={"form": "see Design"}
    )
    replications: Annotated[int, Field(strict=True, ge=1, le=100_000_000)] = Field(
        description="draws at each point; all points and variants share them",
        json_schema_extra={"unit": "draws", "source": "range: judgement"},
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=2**64 - 1)] = Field(
        0,
        description="of the draws and of the design",
        json_schema_extra={"unit": "none", "form": "0 to 2^64 - 1", "source": "arbitrary"},
    )
    keep: Literal["final", "monthly", "allies", "trace"] = Field(
        "final",
        description="what is kept of a run: its last month; its months; its allies, too; every position and decision",
    )
    text: str = Field("", exclude=True, repr=False)

    @field_validator("uncertainties")
    @classmethod
    def _no_constants(cls, values: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        both = [name for name in values if name in info.data.get("constants", {})]
        refuse("uncertainties", [((name,), "is a constant, too; allowed: one or the other") for name in both])
        return values

    @field_validator("policies")
    @classmethod
    def _options(cls, policies: tuple[dict[str, str], ...], info: ValidationInfo) -> tuple[dict[str, str], ...]:
        """Give every policy an option of every lever."""
        levers = info.data.get("levers")
        if levers is None:
            return ()
        found: list[Problem] = []
        whole: list[dict[str, str]] = []
        for i, policy in enumerate(policies):
            for lever, option in policy.items():
                if lever not in levers:
                    names = f"allowed: {', '.join(levers)}" if levers else "allowed: none, since there are no levers"
                    found.append(((i, lever), f"{shown(lever)} is not a lever{nearest(lever, levers)}; {names}"))
                elif option not in levers[lever]:
                    what = f"{shown(option)} is not an option{nearest(option, levers[lever])}"
                    found.append(((i, lever), f"{what}; allowed: {', '.join(levers[lever])}"))
            whole.append({lever: policy.get(lever, next(iter(options), "")) for lever, options in levers.items()})
            if whole[-1] in whole[:-1]:
                found.append(((i,), "is the same policy as one before; allowed: once"))
        refuse("policies", found)
        return tuple(whole)

    @field_validator("design")
    @classmethod
    def _over_something(cls, design: Design, info: ValidationInfo) -> Design:
        if info.data.get("uncertainties") == {} and design != cls.model_fields["design"].default:
            raise ValueError("has no effect without uncertainties; allowed: only with some")
        return design

    @model_validator(mode="after")
    def _can_be_run(self) -> Experiment:
        count = len(self.policies) or math.prod(map(len, self.levers.values()))
        if count > MAX_VARIANTS:
            problem = f"make more than {MAX_VARIANTS} combinations; allowed: fewer, or to list some under policies"
            refuse("levers", [(("levers",), problem)])
        if self.points > MAX_POINTS:
            problem = f"makes too many; allowed: {MAX_POINTS:,} in all"
            refuse("design", [(("design", "points"), problem)])
        if self.runs > MAX_RUNS:
            problem = f"makes {self.runs:,} runs; allowed: {MAX_RUNS:,}"
            refuse("replications", [(("replications",), problem)])
        self.variants()
        return self

    @property
    def points(self) -> int:
        """How many points the design has."""
        return self.design.size(len(self.uncertainties))

    @property
    def runs(self) -> int:
        """How many runs there are: policies x points x replications."""
        return len(self.choices()) * self.points * self.replications

    def priors(self) -> dict[str, Prior]:
        """Return what the design varies, as distributions on the ranges of the parameters."""
        return {name: prior(name, value) for name, value in self.uncertainties.items()}

    def choices(self) -> tuple[dict[str, str], ...]:
        """Return the combinations of options, lever to option: those listed, or all of them, the last lever fastest."""
        every = itertools.product(*self.levers.values())
        return self.policies or tuple(dict(zip(self.levers, options, strict=True)) for options in every)

    def variants(self) -> tuple[Variant, ...]:
        """Return the scenarios of the experiment, one for each combination of options."""
        base = self.scenario.with_parameters(self.constants)
        found: dict[Problem, None] = {}
        made: dict[str, Variant] = {}
        for number, options in enumerate(self.choices()):
            scenario, wrong = self._variant(base, options)
            found |= dict.fromkeys(wrong)
            if scenario is None:
                continue
            if scenario.name in made:
                problem = f"two combinations make the name {scenario.name}; allowed: names of options that differ"
                found[("levers",), problem] = None
            made[scenario.name] = Variant(number, options, scenario)
        refuse("levers", list(found))
        return tuple(made.values())

    def scenario_with(self, options: Mapping[str, str]) -> Scenario:
        """Return the base with constants, and options of some of the levers, in it.

        Parameters
        ----------
        options : mapping
            Lever to option.
        """
        scenario, found = self._variant(self.scenario.with_parameters(self.constants), options)
        assert scenario and not found  # each of them was checked, alone and in its combinations
        return scenario

    def _variant(self, base: Scenario, options: Mapping[str, str]) -> tuple[Scenario | None, list[Problem]]:
        """Return the base with options in it, and what is wrong with their combination."""
        patches = {("levers", *choice): self.levers[choice[0]][choice[1]] for choice in options.items()}
        places: dict[str, list[Location]] = {
            key: [(*place, key, i) for place, patch in patches.items() for i in range(len(getattr(patch, key)))]
            for key in ("events", "meetings", "drop")
        }
        child: dict[str, Any] = {
            key: [item for patch in patches.values() for item in getattr(patch, key)] for key in places
        }
        set_by_options = {name: value for patch in patches.values() for name, value in patch.parameters.items()}
        name = "+".join((base.name, *options.values()))
        scenario, wrong = extended(base, {**child, "parameters": set_by_options, "name": name, "text": self.text})
        with_others = f" (with {', '.join(f'{lever}: {option}' for lever, option in options.items())})"
        found: list[Problem] = []
        for place, problem in wrong:
            if len(place) > 1 and place[0] in places:
                found.append(((*places[str(place[0])][int(place[1])], *place[2:]), problem + with_others))
            else:
                found.append((("levers",), problem + with_others))
        return scenario, found

    @classmethod
    def validated(cls, fields: Mapping[str, Any], folder: Path | None = None) -> Experiment:
        """Return the experiment with these fields.

        Parameters
        ----------
        fields : mapping
            As in a file.
        folder : Path, optional
            Where the path of a scenario starts; default: the working directory.

        Raises
        ------
        InputError
            With every problem on a line of its own.
        """
        try:
            return cls.model_validate(dict(fields), context={"folder": folder})
        except ValidationError as error:
            found = problems(error, KEYS)
        raise InputError("\n".join(f"{field_name(location)}: {problem}" for location, problem in found))


#: The keys each record of an experiment file may have, and what is meant by them, by the field that holds it.
KEYS: dict[str, dict[str, str]] = {
    "levers": keys_of(Patch),
    "uncertainties": keys_of(Distribution),
    "design": keys_of(Design),
    "": keys_of(Experiment),
}
