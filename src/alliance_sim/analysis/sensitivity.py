"""Sensitivity analysis: the parameters that drive an outcome, and the effect of each mechanism.

Parameters are varied over their priors by a design: Morris' elementary effects, which screen many parameters with few
runs, or Sobol indices, which decompose the variance among a few. Each point of the design is run with the same draws,
and its value is their mean, so that points differ by their parameters alone. In addition each mechanism is switched off
in turn.

Sources: Morris (1991), Factorial sampling plans for preliminary computational experiments; Campolongo, Cariboni and
Saltelli (2007), An effective screening design for sensitivity analysis of large models; Saltelli and others (2010),
Variance based sensitivity analysis of model output. The designs and estimators are SALib's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim import checks
from alliance_sim.compile import CompiledScenario, compile_scenario
from alliance_sim.errors import InputError, shown
from alliance_sim.experiments.design import LEVELS, Points, problem, sample
from alliance_sim.experiments.plan import Plan, Task
from alliance_sim.experiments.runner import Tables, Work, execute
from alliance_sim.experiments.schema import MAX_POINTS, Design
from alliance_sim.notebook import shown_progress
from alliance_sim.pool import CHUNK, in_chunks
from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, by_current_name, resolve
from alliance_sim.registry.parameters import PARAMETERS, STRENGTHS
from alliance_sim.results.summaries import summaries
from alliance_sim.results.table import Table
from alliance_sim.scenarios import Scenario, ScenarioSource, load_scenario
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["METHODS", "Sensitivity", "sensitivity", "switched_off"]

Method = Literal["morris", "sobol"]
#: Size of the design of each method: trajectories (ten to fifty are usual, Campolongo and others 2007), base points.
METHODS: Mapping[Method, int] = MappingProxyType({"morris": 20, "sobol": 256})
#: Parameters that Morris' screening selects for Sobol indices, where none are named: judgement.
SCREENED = 8
#: Draws at each point: judgement; `Sensitivity.chance` shows whether it is enough.
DRAWS = 4
#: Bootstrap resamples for the intervals.
RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The parameters and mechanisms that drive an outcome; the function `sensitivity` returns it.

    Attributes
    ----------
    scenario : Scenario
    outcome : str
    method : str
    draws, seed : int
    chance : float
        Variance between draws at a point, as a share of the sum of it and the variance between points: the part of the
        variance of single runs that is due to random events, actors and the parameters that are not varied. NaN for a
        single draw.
    screened : int
        Parameters that were screened to find these; 0 without screening.
    runs : int
        Number of all runs.
    parameters : DataFrame
        By parameter, the largest first. ``morris``: ``mu_star`` (mean absolute change of the outcome when the
        parameter alone moves by half of its distribution), ``mu_star_conf`` (half of its 95 % interval), ``mu`` (mean
        change), ``sigma`` (standard deviation of the change: interaction or curvature). ``sobol``: ``S1`` (share of
        the variance due to the parameter alone), ``ST`` (also in interaction with others), each with ``_conf``.
    mechanisms : DataFrame
        By strength, the largest first: ``effect`` (mean paired difference of the outcome with the mechanism and
        without), ``mc_error``, ``low, high`` (95 % interval of the mean).

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.simulation import first_months
    >>> short = first_months(als.load_scenario("baseline_2025"), 4)
    >>> found = als.sensitivity(short, "cohesion", parameters=["consultation", "cover"], points=4, draws=2)
    >>> found.scenario.months, found.method, found.screened
    (4, 'morris', 0)
    """

    scenario: Scenario
    outcome: str
    method: Method
    draws: int
    seed: int
    chance: float
    screened: int
    runs: int
    parameters: Table = Table()
    mechanisms: Table = Table()

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw both rankings, with 95 % intervals.

        Parameters
        ----------
        path : str or Path, optional
            A file to write, in a new folder too; its ending is .png, .svg or .pdf.

        Raises
        ------
        InputError
            If the file cannot be written.

        Examples
        --------
        >>> import alliance_sim as als
        >>> from alliance_sim.simulation import first_months
        >>> short = first_months(als.load_scenario("baseline_2025"), 4)
        >>> found = als.sensitivity(short, "cohesion", parameters=["consultation", "cover"], points=4, draws=2)
        >>> _ = found.plot("drivers.png")
        """
        from alliance_sim import __version__
        from alliance_sim.analysis import plots
        from alliance_sim.results.plots import write

        title = f"{self.scenario.name}: what drives {self.outcome.replace('_', ' ')}"
        size = f"{counted(self.runs, 'run')} · {counted(self.draws, 'draw')} a point"
        note = f"{size} · seed {self.seed} · alliance_sim {__version__}"
        figure = plots.drivers(self.parameters, self.mechanisms, OUTCOMES[self.outcome].unit, title, note)
        if path is not None:
            write(figure, path)
        return figure


def sensitivity(
    scenario: ScenarioSource,
    outcome: str,
    method: Method = "morris",
    parameters: Iterable[str] = (),
    points: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Callable[[int, int], None] | Literal[False] | None = None,
) -> Sensitivity:
    """Find the parameters and mechanisms that drive an outcome.

    Parameters
    ----------
    scenario : str, Path, mapping or Scenario
        A bundled name, the path of a file, a mapping with its keys, or a scenario.
    outcome : str
        Name of an outcome; its summary is explained: the mean over months, or the last month.
    method : str
        ``morris`` (screening) or ``sobol`` (shares of the variance).
    parameters : iterable of str
        The parameters to vary. Default: all parameters without an index that have a distribution; for ``sobol`` the
        most influential of them after a screening. All others are drawn as the calibration of
        the scenario says.
    points : int, optional
        Trajectories of ``morris``, base points of ``sobol`` (a power of two): from 2 to 1,000,000, as far as memory
        allows.
    draws : int
        Draws at each point, as far as memory allows.
    seed : int
        From 0 to 2**64 - 1.
    progress : callable or False, optional
        Called from this thread with the number of runs done, and of all runs. Default: a bar in notebooks, which False
        leaves out.

    Returns
    -------
    Sensitivity

    Raises
    ------
    InputError
        If an argument is wrong, the runs would not fit into memory, or SALib is not installed.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.simulation import first_months
    >>> short = first_months(als.load_scenario("baseline_2025"), 4)
    >>> found = als.sensitivity(short, "cohesion", parameters=["consultation", "cover"], points=4, draws=2)
    >>> sorted(found.parameters.index)
    ['consultation', 'cover']
    """
    draws, seed = checks.draws_and_seed(draws, seed)
    checks.outcome_name(outcome)
    if method not in METHODS:
        raise InputError(f"method: {shown(method)} is unknown; allowed: {', '.join(METHODS)}")
    what_if, named = load_scenario(scenario), tuple(by_current_name(dict.fromkeys(parameters)))
    priors = _moved(what_if, named)
    screening = method == "sobol" and not named and len(priors) > SCREENED
    sizes = ([METHODS["morris"] * (len(priors) + 1)] if screening else []) + [
        _design(method, points).size(SCREENED if screening else len(priors))
    ]
    pairs = METHODS["morris"] * draws  # as many as screening has for each parameter
    total = sum(sizes) * draws + pairs * (len(STRENGTHS) + 1)
    _check_memory(sizes[-1], len(priors), _design(method, points).points, draws)
    past = 0

    def work(points: Points) -> Work:
        return _Response(what_if, points, seed, outcome)

    screened = len(priors) if screening else 0
    with shown_progress(progress, "runs", total) as show:

        def on_progress(done: int, _: int = 0) -> None:
            show(past + done, total)

        if screening:
            ranking, _ = indices("morris", priors, None, draws, seed, work, on_progress)
            priors = {name: priors[str(name)] for name in ranking.index[:SCREENED]}
            past = sizes[0] * draws
        table, chance = indices(method, priors, points, draws, seed, work, on_progress)
        past = sum(sizes) * draws
        mechanisms = ablation(what_if, outcome, pairs, seed, on_progress)
    return Sensitivity(what_if, outcome, method, draws, seed, chance, screened, total, table, mechanisms)


def indices(
    method: Method,
    priors: Mapping[str, Prior],
    points: int | None,
    draws: int,
    seed: int,
    work: Callable[[Points], Work],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[pd.DataFrame, float]:
    """Run a design and estimate its sensitivity indices.

    Parameters
    ----------
    method : str
    priors : mapping
        Distributions of the inputs, by name.
    points : int or None
        Size of the design; None: the usual one.
    draws, seed : int
    work : callable
        Returns the work for given points, whose tasks give a table ``response`` with ``point, draw, value``.
    progress : callable, optional

    Returns
    -------
    parameters : DataFrame
        As in `Sensitivity`.
    chance : float
        As in `Sensitivity`.
    """
    at = sample(_design(method, points), priors, seed)
    _salib()
    return estimated(method, at, _respond(at, draws, work(at), progress), seed)


def estimated(method: Method, at: Points, values: NDArray[np.float64], seed: int) -> tuple[pd.DataFrame, float]:
    """Estimate sensitivity indices from the outcome at the points of a design.

    Parameters
    ----------
    method : str
    at : Points
        Of the design ``morris`` or ``sobol_indices``, in its order.
    values : (points, draws) float array
    seed : int
        Of the bootstrap intervals.

    Returns
    -------
    parameters : DataFrame
        As in `Sensitivity`.
    chance : float
        As in `Sensitivity`.

    Raises
    ------
    InputError
        If the outcome is the same at all points, or SALib is not installed.
    """
    morris, sobol = _salib()
    mean = values.mean(axis=1)
    if np.ptp(mean) == 0.0:
        raise InputError(f"the outcome is {mean[0]:g} at all points; allowed: one that the parameters move")
    # SALib treats a seed of zero as no seed.
    options: dict[str, Any] = {"num_resamples": RESAMPLES, "conf_level": 0.95, "seed": seed + 1}
    if method == "morris":
        # The estimator divides by the step, as a share of the unit cube; reported is the change itself.
        found = morris.analyze(problem(at.names), at.values, mean, num_levels=LEVELS, **options)
        step = LEVELS / (2.0 * (LEVELS - 1))
        columns = {name: np.asarray(found[name], float) * step for name in ("mu_star", "mu_star_conf", "mu", "sigma")}
    else:
        found = sobol.analyze(problem(at.names), mean, calc_second_order=False, **options)
        columns = {name: np.asarray(found[name], float) for name in ("ST", "ST_conf", "S1", "S1_conf")}
    table = pd.DataFrame(columns, pd.Index(at.names, name="parameter"))
    within = float(values.var(axis=1, ddof=1).mean()) if values.shape[1] > 1 else np.nan
    chance = within / (within + float(mean.var(ddof=1)))
    return table.sort_values(table.columns[0], ascending=False, kind="stable"), chance


def _salib() -> tuple[Any, Any]:
    try:
        from SALib.analyze import morris, sobol
    except ModuleNotFoundError as error:
        raise InputError(
            f"sensitivity needs {error.name}; install it with: pip install 'alliance_sim[analysis]'"
        ) from None
    return morris, sobol


def ablation(
    scenario: Scenario,
    outcome: str,
    draws: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Switch off each mechanism in turn, with common random numbers.

    Returns
    -------
    DataFrame
        As `Sensitivity.mechanisms`, without mechanisms that have no effect here.
    """
    base = compile_scenario(scenario)
    without = {name: compile_scenario(switched_off(scenario, name)) for name in STRENGTHS}
    column = list(OUTCOMES).index(outcome)

    def value(program: CompiledScenario, draw0: int, draw1: int) -> NDArray[np.float64]:
        block = program.block(seed, draw0, draw1, "monthly")
        program.run(block, seed)
        return summaries(block.output.outcomes)[:, column]

    def work(draw0: int, draw1: int) -> tuple[int, int, list[NDArray[np.float64]]]:
        whole = value(base, draw0, draw1)
        return draw0, draw1, [whole - value(program, draw0, draw1) for program in without.values()]

    effects = np.empty((len(without), draws))
    done = 0
    for draw0, draw1, rows in in_chunks(work, draws, CHUNK):
        effects[:, draw0:draw1] = rows
        done += (draw1 - draw0) * (len(without) + 1)
        if progress:
            progress(done)
    mean, error = effects.mean(axis=1), effects.std(axis=1, ddof=1) / np.sqrt(draws)
    table = pd.DataFrame(
        {"effect": mean, "mc_error": error, "low": mean - 1.96 * error, "high": mean + 1.96 * error},
        pd.Index(list(without), name="strength"),
    )
    order = [row for row in np.argsort(-np.abs(mean), kind="stable") if effects[row].any()]
    return table.iloc[order]


@dataclass(frozen=True, eq=False)
class _Response:
    """The work of a sensitivity analysis: the summary of one outcome."""

    scenario: Scenario
    points: Points
    seed: int
    outcome: str

    def __call__(self, task: Task) -> Tables:
        """Return the table ``response`` of a task."""
        import pyarrow as pa

        program = compile_scenario(self.scenario)
        values = self.points.values[task.point0 : task.point1]
        moved = dict(zip(self.points.names, values.T, strict=True))
        block = program.block(self.seed, task.draw0, task.draw1, "monthly", moved)
        program.run(block, self.seed)
        point = np.repeat(np.arange(task.point0, task.point1), task.draw1 - task.draw0)
        draw = np.tile(np.arange(task.draw0, task.draw1), task.point1 - task.point0)
        value = summaries(block.output.outcomes)[:, list(OUTCOMES).index(self.outcome)]
        return {"response": pa.table({"point": point, "draw": draw, "value": value})}


def _respond(at: Points, draws: int, work: Work, progress: Callable[[int, int], None] | None) -> NDArray[np.float64]:
    """Return the response at each point with each draw (P, D)."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="alliance_sim-") as temporary:
        folder = Path(temporary) / "runs"
        try:
            plan = Plan({}, {"response": {"rows": {"response": 1}}}, at, draws)
            execute(plan, work, folder, 24 * plan.runs, progress=progress)
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None  # nothing is kept here that could be resumed
        table = pq.read_table(folder / "parts" / "response")
    values = np.full((len(at.values), draws), np.nan)
    values[table["point"].to_numpy(), table["draw"].to_numpy()] = table["value"].to_numpy()
    if np.isnan(values).any():
        raise RuntimeError(f"{np.isnan(values).sum():,} of {values.size:,} runs failed")
    return values


def _design(method: Method, points: int | None) -> Design:
    size = METHODS[method] if points is None else checks.whole_number("points", points, 2, MAX_POINTS)
    if method == "sobol" and size & (size - 1):
        raise InputError(f"points: {size} is not allowed with sobol; allowed: a power of two")
    return Design(method="morris" if method == "morris" else "sobol_indices", points=size)


def _check_memory(size: int, parameters: int, points: int, draws: int) -> None:
    """Refuse a design of `size` points whose runs or bootstrap would not fit into memory."""
    # A run is a row of a table, read back and spread over points and draws; mechanisms need further draws.
    runs = 64 * size + 16 * METHODS["morris"] * len(STRENGTHS)
    checks.memory(draws, runs, f"{size:,} points and all mechanisms")
    # SALib copies the design, and resamples it for one parameter at a time.
    each = size // points * (64 * draws + 32 * parameters) + 40 * RESAMPLES
    checks.memory(points, each, f"{parameters:,} parameters with {draws:,} draws each", unit="points")


def _moved(scenario: Scenario, names: tuple[str, ...]) -> dict[str, Prior]:
    """Return the distributions of the parameters named, or of all without an index that have one."""
    given = scenario.priors()
    priors: dict[str, Prior] = {}
    for name in names or [name for name, parameter in PARAMETERS.items() if not parameter.per_ally]:
        parameter, ally = resolve(name)
        if name in ACTOR_QUANTITIES or (parameter.per_ally and ally is None):
            which = (
                "is calibrated, and has no distribution here" if name in ACTOR_QUANTITIES else "has one value per ally"
            )
            raise InputError(
                f"parameter: {name} {which}; allowed: parameters of docs/parameters.md, or {parameter.name}.ALLY"
            )
        prior = given.get(name, given.get(parameter.name, parameter.prior(scenario.era, ally)))
        if prior.kind != "fixed":
            priors[name] = prior
        elif names:
            raise InputError(f"parameter: {name} is fixed at {prior.a:g}; allowed: one with a distribution")
    return priors


def switched_off(scenario: Scenario, name: str) -> Scenario:
    """Return a scenario without the mechanism of a strength, of any ally.

    Examples
    --------
    >>> import alliance_sim as als
    >>> dict(switched_off(als.load_scenario("baseline_2025"), "susceptibility").parameters)
    {'susceptibility': 0.0}
    """
    indexed = [each for each in scenario.parameters if each.startswith(f"{name}.")]
    return scenario.with_parameters(dict.fromkeys((name, *indexed), 0.0))
