"""The alliance as a Mesa model: one draw of a scenario, month by month, by the kernel that also runs ensembles."""

from __future__ import annotations

import inspect
import secrets
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mesa
import numpy as np

from alliance_sim.checks import MAX_SEED, whole_number
from alliance_sim.compile import ALLY_VARIABLES, compile_scenario
from alliance_sim.errors import InputError, nearest
from alliance_sim.model.agents import Actor, Ally, Russia, Ukraine, UnitedStates
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.views import Runs
from alliance_sim.scenarios import Distribution, Scenario, ScenarioSource, load_scenario

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AllianceModel"]

_ACTORS: dict[str, type[Actor]] = {
    **dict.fromkeys(ALLIES, Ally),
    "USA": UnitedStates,
    Russia.iso3: Russia,
    Ukraine.iso3: Ukraine,
}


class AllianceModel(mesa.Model):
    """One draw of a scenario; a step is a month.

    ``AllianceModel(scenario, seed=s, draw=d)`` gives the numbers of draw d of ``simulate(scenario, seed=s)``,
    bit for bit, as long as no agent acts. To let some act, subclass an agent, override `Actor.before_month`
    or `Actor.after_month`, and name the class in `agent_classes` of a subclass of the model.

    Parameters
    ----------
    scenario : str, Path, mapping or Scenario
        A bundled name, the path of a file, a mapping with its keys, or a scenario. For ``mesa.batch_run`` a name or a
        list of names.
    seed : int, optional
        In [0, 2**64). Without one it is drawn, and recorded in `seed`.
    draw : int
        In [0, 2**32).
    parameters : mapping, optional
        Values or distributions by name of the registry, for names that are no Python keywords:
        ``{"susceptibility.HUN": 0.2}``.
    rng : int, optional
        Mesa's name for the seed; ``mesa.batch_run(..., rng=[1, 2])`` of Mesa 3.5 gives it.
    **kwargs
        Further parameters of the registry: ``pledge=0.7``. These take precedence over `parameters`.

    Attributes
    ----------
    what_if : Scenario
        The scenario with the parameters set. (Mesa 3.5 uses the name `scenario` itself.)
    seed, draw : int
    month, month_index : str, int
        ``YYYY-MM`` of the month being simulated or simulated last (the first before any step), and its index.
    allies : dict of ISO3 to Ally
        All 32, also before they join NATO.
    united_states, russia, ukraine : UnitedStates, Russia, Ukraine
    outcomes : dict of str to float
        Outcomes of the registry at the end of the month simulated last.
    running : bool
        False after the scenario's months.
    datacollector : mesa.DataCollector
        One row a month: all outcomes for the model; for agents ``iso3, threat_perception,
        guarantee_confidence, spending, ukraine_support``, NaN for those who are not in NATO.
    program, block
        The compiled scenario, and its arrays for this draw.

    Raises
    ------
    InputError
        If the scenario, a parameter, the seed or the draw is at fault.

    Notes
    -----
    `rng` and `random`, for agents of your own, are seeded by (seed, draw). The core has its own generator.

    Examples
    --------
    >>> from alliance_sim import AllianceModel, Ally
    >>> class Hungary(Ally):
    ...     def before_month(self):
    ...         self.position["sanctions"] = 0.3
    >>> class FirmHungary(AllianceModel):
    ...     agent_classes = {"HUN": Hungary}
    >>> model = FirmHungary("us_russia_reset_2025", seed=1, parameters={"susceptibility.HUN": 0.2}, pledge=0.7)
    >>> model.step()
    >>> model.month, model.running, len(model.allies)
    ('2025-06', True, 32)
    >>> model.allies["HUN"].susceptibility
    0.2
    >>> model.datacollector.get_model_vars_dataframe().shape == (1, len(model.outcomes))
    True
    """

    #: Classes of agents by ISO3 code (``RUS`` and ``UKR`` included), instead of the default ones.
    agent_classes: ClassVar[Mapping[str, type[Actor]]] = {}
    #: SolaraViz of Mesa 3.5 rebuilds a model with a scenario of its own kind unless this is None.
    scenario = None

    def __init__(
        self,
        scenario: ScenarioSource = "baseline_2025",
        seed: int | None = None,
        draw: int = 0,
        parameters: Mapping[str, float | Distribution] | None = None,
        rng: int | None = None,
        **kwargs: float | Distribution,
    ) -> None:
        if seed is not None and rng is not None:
            raise InputError(f"seed and rng are two names of one thing; given: {seed!r} and {rng!r}")
        given = rng if seed is None else seed
        self.seed = secrets.randbits(32) if given is None else whole_number("seed", given, 0, MAX_SEED)
        self.draw = whole_number("draw", draw, 0, 2**32 - 1)
        super().__init__(rng=[self.seed, self.draw])
        self.scenario = None
        self.what_if = _what_if(scenario, parameters or {}, kwargs)
        self.program = compile_scenario(self.what_if)
        self.block = self.program.block(self.seed, self.draw, self.draw + 1, "final")
        self.program.run(self.block, self.seed, month1=0)
        self._done = 0
        self.month_index = 0
        classes = _classes(self.agent_classes)
        self.allies: dict[str, Ally] = {iso3: classes[iso3](self, iso3) for iso3 in ALLIES}
        self.united_states = self.allies["USA"]
        self.russia = classes[Russia.iso3](self)
        self.ukraine = classes[Ukraine.iso3](self)
        self.datacollector = _Collector(
            model_reporters={name: partial(_outcome, i) for i, name in enumerate(OUTCOMES)},
            agent_reporters={
                "iso3": _iso3,  # by function, not by name, so that models can be pickled
                **{name: partial(_ally_variable, name) for name in ALLY_VARIABLES},
            },
        )

    # Mesa 3.5's batch_run overwrites a parameter called seed with its own, None by default, if it sees one.
    __signature__ = inspect.Signature(
        [p for p in inspect.signature(__init__).parameters.values() if p.name not in ("self", "seed")]
    )

    @property
    def month(self) -> str:
        """``YYYY-MM`` of the month being simulated or simulated last, the first before any step."""
        return self.program.months[self.month_index]

    @property
    def outcomes(self) -> dict[str, float]:
        """Outcomes at the end of the month simulated last; before any step, of the month before the first."""
        return dict(zip(OUTCOMES, self.block.states.outcomes[0].tolist(), strict=True))

    def step(self) -> None:
        """Simulate a month: agents act, the core runs, agents act, data are collected.

        After the last month this warns (RuntimeWarning) and does nothing.

        Examples
        --------
        >>> model = AllianceModel("baseline_2025", seed=1)
        >>> model.step()
        >>> model.step()
        >>> model.month, model.steps
        ('2025-07', 2)
        """
        if self._done == len(self.program.months):
            # No error: SolaraViz steps several months at a time, and past the end.
            warnings.warn(
                f"{self.what_if.name} is over after {self._done} months; this step does nothing",
                RuntimeWarning,
                stacklevel=3,
            )
            self.steps -= 1  # Mesa has counted it
            return
        self.month_index = self._done
        actors = [agent for agent in self.agents if isinstance(agent, Actor)]
        for actor in actors:
            actor.before_month()
        self.program.run(self.block, self.seed, self._done, self._done + 1)
        self._done += 1
        for actor in actors:
            actor.after_month()
        self.datacollector.collect(self)
        if self._done == len(self.program.months):
            self.running = False

    def decisions(self) -> pd.DataFrame:
        """Return the decisions so far, one row per issue on an agenda, in time order.

        Returns
        -------
        DataFrame
            As `Runs.decisions`.

        Examples
        --------
        >>> model = AllianceModel("baseline_2025", seed=1)
        >>> model.step()
        >>> model.decisions()["issue"].tolist()
        ['russia_strategy', 'defence_spending', 'ukraine_support', 'deterrence_posture']
        """
        table = self._runs.decisions()
        return table[(table["month"] <= self.month) & (self._done > 0)].reset_index(drop=True)

    def objections(self) -> pd.DataFrame:
        """Return the objections so far, one row per issue and ally that objected.

        Returns
        -------
        DataFrame
            As `Runs.objections`; round 0 is of those who would have objected to a text that was withdrawn.

        Examples
        --------
        >>> model = AllianceModel("us_russia_reset_2025", seed=1)
        >>> model.step()
        >>> list(model.objections())
        ['draw', 'meeting', 'issue', 'ally', 'round', 'voiced']
        """
        table = self._runs.objections()
        held = self.decisions()["meeting"]
        return table[table["meeting"].isin(held)].reset_index(drop=True)

    @property
    def _runs(self) -> Runs:
        return Runs.of_block(self.program, "final", self.block)


class _Collector(mesa.DataCollector):
    """Mesa's collector, with the agents and the model of one month stored under the same number.

    Before Mesa 3.5, `batch_run` looks both up by the number of months before, but agents are stored one later.
    """

    def collect(self, model: AllianceModel) -> None:
        """Collect the month."""
        super().collect(model)
        if self.agent_reporters and not hasattr(self, "_collection_steps"):
            self._agent_records[model.steps - 1] = self._agent_records.pop(model.steps)


def _outcome(index: int, model: AllianceModel) -> float:
    return float(model.block.states.outcomes[0, index])


def _iso3(agent: Any) -> str | None:
    return getattr(agent, "iso3", None)


def _ally_variable(name: str, agent: Any) -> float:
    return getattr(agent, name) if isinstance(agent, Ally) and agent.is_member else float("nan")


def _what_if(scenario: Any, parameters: Any, more: Mapping[str, Any]) -> Scenario:
    if not isinstance(scenario, (str, Path, Scenario, Mapping)):
        raise InputError(
            f"scenario: {scenario!r}; allowed: a name, a path, a mapping or a Scenario; "
            "in mesa.batch_run a name or a list of names"
        )
    if not isinstance(parameters, Mapping):
        raise InputError(
            f"parameters: {parameters!r}; allowed: a mapping of names to values; "
            "in mesa.batch_run a list of such mappings"
        )
    values = {
        # Grids give NumPy numbers; the schema takes Python ones.
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in {**parameters, **more}.items()
    }
    what_if = load_scenario(scenario)
    return what_if.with_parameters(values) if values else what_if


def _classes(own: Mapping[str, type[Actor]]) -> dict[str, Any]:
    for iso3, given in own.items():
        if iso3 not in _ACTORS:
            raise InputError(f"agent_classes: {iso3!r} is not an actor{nearest(str(iso3), _ACTORS)}")
        if not (isinstance(given, type) and issubclass(given, _ACTORS[iso3])):
            raise InputError(f"agent_classes[{iso3!r}]: {given!r}; allowed: a subclass of {_ACTORS[iso3].__name__}")
    return {**_ACTORS, **own}
