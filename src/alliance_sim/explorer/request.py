"""A run that the controls describe, and what it is set against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache

from alliance_sim.errors import InputError, shown
from alliance_sim.registry.fields import month_name, month_number
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario
from alliance_sim.scenarios.library import load_text, load_with_parent
from alliance_sim.scenarios.mappings import as_yaml

FIRST_SCENARIO = "us_russia_reset_2025"
DRAWS = (500, 2_000, 10_000)
MAX_SEED = 2**64 - 1
#: Draws of the first result after a change.
PREVIEW = 256


@dataclass(frozen=True)
class Request:
    """A scenario with what the controls change in it, and what it is set against.

    Attributes
    ----------
    scenario : str
        A bundled name; empty for a file of the visitor.
    base : str
        A bundled name; empty for the scenario without the changes.
    draws, seed : int
    settings : tuple of (str, float)
        Parameters, by name of the registry.
    levers : tuple of (str, float)
        Amounts of the levers of decisions, by ``MEETING/ISSUE/LEVER``.
    off : tuple of str
        Ids of events that do not happen.
    later : tuple of (str, int)
        Months by which events are moved, by id.
    own : str
        The text of a visitor's scenario file.

    Examples
    --------
    >>> Request("baseline_2025", settings=(("pledge", 0.5),)).command()
    'alliance-sim run baseline_2025 --draws 2000 --seed 0 --set pledge=0.5'
    """

    scenario: str = FIRST_SCENARIO
    base: str = ""
    draws: int = DRAWS[1]
    seed: int = 0
    settings: tuple[tuple[str, float], ...] = ()
    levers: tuple[tuple[str, float], ...] = ()
    off: tuple[str, ...] = ()
    later: tuple[tuple[str, int], ...] = ()
    own: str = ""

    @property
    def changes(self) -> bool:
        """Whether the controls change anything in the scenario.

        Examples
        --------
        >>> Request().changes, Request(off=("ceasefire_offer-2025-10",)).changes
        (False, True)
        """
        return bool(self.settings or self.levers or self.off or self.later)

    def as_written(self) -> Scenario:
        """Return the scenario without the changes; InputError if there is none.

        Examples
        --------
        >>> Request("baseline_2018").as_written().months
        36
        """
        return load_text(self.own, "the file") if self.own else bundled(self.scenario)

    def what_if(self) -> Scenario:
        """Return the scenario with the changes; InputError if one does not fit.

        Examples
        --------
        >>> Request("baseline_2018", settings=(("pledge", 0.5),)).what_if().parameters
        {'pledge': 0.5}
        """
        return _what_if(replace(self, base="", draws=0, seed=0))

    def compared(self) -> Scenario:
        """Return the base.

        Examples
        --------
        >>> Request("baseline_2018", settings=(("pledge", 0.5),)).compared().parameters
        {}
        """
        return bundled(self.base) if self.base else self.as_written()

    def command(self) -> str:
        """Return the command line that computes the same numbers; with changes to events or levers it names a file.

        Examples
        --------
        >>> Request("helsinki_2018", base="baseline_2018", draws=500).command()
        'alliance-sim run helsinki_2018 --against baseline_2018 --draws 500 --seed 0'
        """
        plain = not (self.own or self.levers or self.off or self.later)
        name = self.scenario if plain else "what_if.yaml"
        against = f" --against {self.base}" if self.base else ""
        settings = "".join(f" --set {name}={value:g}" for name, value in self.settings) if plain else ""
        return f"alliance-sim run {name}{against} --draws {self.draws} --seed {self.seed}{settings}"

    def python(self) -> str:
        """Return the Python lines that compute the same numbers.

        Examples
        --------
        >>> print(Request("baseline_2018", draws=500).python().splitlines()[2])
        what_if = als.load_scenario("baseline_2018")
        """
        plain = not (self.own or self.levers or self.off or self.later)
        values = ", ".join(f'"{name}": {value:g}' for name, value in self.settings)
        setting = f".with_parameters({{{values}}})" if values and plain else ""
        source = self.scenario if plain else "what_if.yaml"
        base = f'als.load_scenario("{self.base}")' if self.base else f'als.load_scenario("{self.scenario}")'
        return (
            "import alliance_sim as als\n\n"
            f'what_if = als.load_scenario("{source}"){setting}\n'
            f"base = {base}\n"
            f"runs = [als.simulate(each, draws={self.draws}, seed={self.seed}) for each in (what_if, base)]\n"
            "print(als.headline(*runs))\n"
            "runs[0].decisions()"
        )

    def file(self, name: str = "what_if") -> str:
        """Return the scenario with the changes as a file; it extends the bundled one where there is one.

        Parameters
        ----------
        name : str
            What the file calls it.

        Examples
        --------
        >>> print(Request("baseline_2018", settings=(("pledge", 0.5),)).file())
        name: what_if
        extends: baseline_2018
        parameters:
          pledge: 0.5
        <BLANKLINE>
        """
        written, what_if = self.as_written(), self.what_if()
        fields: dict[str, object] = {"name": name}
        if self.own:
            fields = {**what_if.model_dump(mode="json", exclude_none=True), "name": name}
            return as_yaml(fields)
        fields["extends"] = self.scenario
        if what_if.parameters != written.parameters:
            fields["parameters"] = {
                name: value for name, value in what_if.parameters.items() if written.parameters.get(name) != value
            }
        before, after = ((*each.events, *each.meetings) for each in (written, what_if))
        if gone := [each.id for each in before if each not in after]:
            fields["drop"] = gone
        for kind in ("events", "meetings"):
            if new := [each for each in getattr(what_if, kind) if each not in before]:
                fields[kind] = [each.model_dump(mode="json", exclude_none=True) for each in new]
        return as_yaml(fields)


@cache
def bundled(name: str) -> Scenario:
    """Return a bundled scenario; it is read once.

    Examples
    --------
    >>> bundled("baseline_2018") is bundled("baseline_2018")
    True
    """
    return load_scenario(name)


@lru_cache(maxsize=64)
def _what_if(request: Request) -> Scenario:
    from alliance_sim.analysis.levers import changed, levers

    scenario = request.as_written()
    events = {event.id: event for event in scenario.events}
    for name in (*request.off, *dict(request.later)):
        if name not in events:
            raise InputError(f"event: {shown(name)} is none of {scenario.name}")
    if request.off:
        scenario = changed(scenario, scenario.name, {"drop": list(request.off)})
    for name, months in request.later:
        if name in request.off:
            continue
        moved = events[name].model_dump(mode="json", exclude_none=True)
        moved["month"] = month_name(month_number(events[name].month) + months)
        scenario = changed(scenario, scenario.name, {"drop": [name], "events": [moved]})
    for key, amount in request.levers:
        meeting, issue, lever = (*key.split("/"), "", "")[:3]
        found = levers(scenario, meeting, issue)
        if lever not in found:
            raise InputError(f"lever: {shown(lever)} is none of {meeting}/{issue}; allowed: {', '.join(found)}")
        scenario = changed(scenario, scenario.name, found[lever].fields(amount))
    return scenario.with_parameters(dict(request.settings))


@lru_cache(maxsize=64)
def usual_base(scenario: str) -> str:
    """Return what a bundled scenario is set against: what it extends; empty for itself.

    Examples
    --------
    >>> usual_base("us_russia_reset_2025"), usual_base("baseline_2018")
    ('baseline_2025', '')
    """
    _, parent = load_with_parent(scenario)
    return parent.name if parent and parent.name in bases(scenario) else ""


@lru_cache(maxsize=64)
def bases(scenario: str) -> tuple[str, ...]:
    """Return the other bundled scenarios that a bundled one can be set against.

    Examples
    --------
    >>> bases("helsinki_2018")
    ('baseline_2018', 'helsinki_open_2018')
    """
    own = bundled(scenario)
    others = (bundled(name) for name in list_scenarios() if name != scenario)
    return tuple(other.name for other in others if (other.era, other.start) == (own.era, own.start))
