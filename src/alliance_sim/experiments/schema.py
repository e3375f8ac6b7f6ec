"""The schema of experiments: a scenario, its uncertainties, levers and the design of the runs."""

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
from alliance_sim.experiments.levers import Patch, lever_name, whole_levers
from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.fields import Filled, Label, Number, Record, Text, known
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import Distribution, Scenario, scenario_path
from alliance_sim.scenarios.library import built, extended, load_scenario
from alliance_sim.scenarios.mappings import plain
from alliance_sim.scenarios.messages import Location, Problem, keys_of, listed, problems, refuse
from alliance_sim.scenarios.parameters import by_parameter, prior

__all__ = ["KEYS", "METHODS", "Design", "Experiment", "Variant"]

#: Combinations of options.
MAX_VARIANTS = 500
#: At each point every variant is run with every draw.
MAX_POINTS = 1_000_000
#: Twelve days on one core at a millisecond a run.
MAX_RUNS = 1_000_000_000
Method = Literal["lhs", "sobol", "grid", "morris", "sobol_indices"]
#: Description of each design.
METHODS: Mapping[Method, str] = {
    "lhs": "Latin hypercube: each uncertainty in `points` equally likely strata, one point in each",
    "sobol": "scrambled Sobol sequence: fills the space more evenly; a power of two",
    "grid": "all combinations of `points` levels of each uncertainty, the medians of equally likely parts",
    "morris": "`points` trajectories that change one uncertainty at a time: screening",
    "sobol_indices": "Saltelli's scheme on a base of `points` (a power of two): Sobol indices of first and total order",
}
#: Designs on a Sobol sequence, which is balanced only at powers of two.
_BINARY = ("sobol", "sobol_indices")


class Design(Record):
    """How points are laid out over the uncertainties; without any there is one point.

    Examples
    --------
    >>> Design(method="grid", points=3).method
    'grid'
    """

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
        """Return the number of points over a number of uncertainties.

        Examples
        --------
        >>> Design(method="grid", points=3).size(2)
        9
        """
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

    Examples
    --------
    >>> import alliance_sim as als
    >>> als.load_experiment("summit_form_2018").variants()[0].number
    0
    """

    number: int
    options: Mapping[str, str]
    scenario: Scenario


def _base(value: Any, info: ValidationInfo) -> Any:
    """Load the scenario of a bundled name, of a path relative to the folder of the experiment's file, or a mapping."""
    folder = (info.context or {}).get("folder")
    if isinstance(value, Mapping):
        scenario, found = built(plain(value), folder or Path())
        refuse("scenario", found)
        return scenario
    if isinstance(value, (str, Path)):
        try:
            return load_scenario(scenario_path(value, folder))
        except InputError as error:
            refuse("scenario", [((), line) for line in str(error).splitlines()])
    if not isinstance(value, Scenario):
        raise ValueError(f"{shown(value)} is not allowed; allowed: a bundled name, a path or a mapping")
    return value


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

    `load_experiment` reads it from a file, `sweep` runs it.

    Attributes
    ----------
    text : str
        The text of the file it was read from.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018")
    >>> list(experiment.levers), experiment.design.method
    (['meeting', 'quarrels'], 'grid')
    """

    name: Label = Field(description="what it is called, like its file")
    title: Text = Field(description="one line: what is asked")
    description: Text = Field(description="the question in a few sentences")
    scenario: Annotated[
        Scenario,
        BeforeValidator(_base),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string", "form": "a bundled name, or the path of a file"},
                    {"type": "object", "form": "a scenario written out, with the keys of its file"},
                ]
            }
        ),
    ] = Field(description="the base that everything else changes")
    sources: Annotated[tuple[Text, ...], Filled] = Field(
        description="what it rests on, ranges of uncertainties included", json_schema_extra={"minItems": 1}
    )
    constants: Annotated[dict[str, Number], by_parameter(prior)] = Field(
        {},
        validate_default=True,
        description="parameters held at a number in all runs, by name of the registry",
        json_schema_extra={"form": "numbers within the parameters' ranges"},
    )
    uncertainties: Annotated[dict[str, Distribution], by_parameter(prior)] = Field(
        {},
        validate_default=True,
        description="parameters that the design varies, by name of the registry; the rest is drawn",
        json_schema_extra={"form": "distributions"},
    )
    levers: Annotated[
        dict[Annotated[Label, AfterValidator(lever_name)], dict[Label, Patch]], WrapValidator(whole_levers)
    ] = Field(
        {},
        validate_default=True,
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
        refuse("uncertainties", [((name,), "is also a constant; allowed: one or the other") for name in both])
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
        """Number of points of the design.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.load_experiment("summit_form_2018").points  # 3 levels of 3 uncertainties
        27
        """
        return self.design.size(len(self.uncertainties))

    @property
    def runs(self) -> int:
        """Number of runs: policies x points x replications.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018")
        >>> experiment.runs == 6 * experiment.points * experiment.replications
        True
        """
        return len(self.choices()) * self.points * self.replications

    def priors(self) -> dict[str, Prior]:
        """Return the distributions of the uncertainties, by name of the parameter.

        Examples
        --------
        >>> import alliance_sim as als
        >>> len(als.load_experiment("summit_form_2018").priors())
        3
        """
        return {name: prior(name, value) for name, value in self.uncertainties.items()}

    def choices(self) -> tuple[dict[str, str], ...]:
        """Return the policies, each a mapping of lever to option: those listed, or all, the last lever fastest.

        Examples
        --------
        >>> import alliance_sim as als
        >>> len(als.load_experiment("summit_form_2018").choices())
        6
        """
        every = itertools.product(*self.levers.values())
        return self.policies or tuple(dict(zip(self.levers, options, strict=True)) for options in every)

    def variants(self) -> tuple[Variant, ...]:
        """Return the scenarios of the experiment, one for each policy.

        Examples
        --------
        >>> import alliance_sim as als
        >>> variant = als.load_experiment("summit_form_2018").variants()[0]
        >>> variant.number, list(variant.options)
        (0, ['meeting', 'quarrels'])
        """
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
        """Return the base scenario with the constants, and with options of some of the levers.

        Parameters
        ----------
        options : mapping
            Lever to option.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018")
        >>> option = next(iter(experiment.levers["meeting"]))
        >>> experiment.scenario_with({"meeting": option}).months
        36
        """
        scenario, found = self._variant(self.scenario.with_parameters(self.constants), options)
        assert scenario and not found  # each of them was checked, alone and in its combinations
        return scenario

    def _variant(self, base: Scenario, options: Mapping[str, str]) -> tuple[Scenario | None, list[Problem]]:
        """Return the base with options applied, and the problems of their combination."""
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
            As in a file; values may be records.
        folder : Path, optional
            The folder that the path of a scenario is relative to; default: the working directory.

        Raises
        ------
        InputError
            With each problem on a line of its own.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.Experiment.validated(
        ...     {
        ...         "name": "pledges",
        ...         "title": "What a weaker pledge costs",
        ...         "description": "Two levels of the pledge, under uncertain consultation.",
        ...         "scenario": "baseline_2025",
        ...         "sources": ["an example"],
        ...         "uncertainties": {"consultation": {"uniform": [0.5, 1.0]}},
        ...         "levers": {"spending": {"as_it_is": {}, "less": {"parameters": {"pledge": 0.1}}}},
        ...         "design": {"points": 8},
        ...         "replications": 4,
        ...     }
        ... )
        >>> experiment.runs
        64
        """
        try:
            return cls.model_validate(dict(fields), context={"folder": folder})
        except ValidationError as error:
            found = problems(error, KEYS)
        raise InputError(listed(found))


#: The keys of each record of an experiment file and their descriptions, by the field that holds the record.
KEYS: dict[str, dict[str, str]] = {
    "levers": keys_of(Patch),
    "uncertainties": keys_of(Distribution),
    "design": keys_of(Design),
    "": keys_of(Experiment),
}
