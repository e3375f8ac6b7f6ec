"""Scenario discovery: the conditions under which something happens, as boxes of uncertainties and levers.

PRIM, the patient rule induction method, peels a space of inputs until the box that is left holds mostly cases of
interest (Friedman and Fisher 1999, Bump hunting in high-dimensional data; for scenarios Bryant and Lempert 2010,
Thinking inside the box). The implementation is the EMA workbench's.
"""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim import checks
from alliance_sim.errors import InputError
from alliance_sim.experiments.results import Results, open_results
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Box", "Discovery", "discover"]

#: A second box, and each one after it, is reported only if more than half of its cases are of interest.
MAJORITY = 0.5
#: A restriction with a larger quasi-p-value may be due to chance.
LEVEL = 0.05


@dataclass(frozen=True)
class Restriction:
    """One side of a box.

    Attributes
    ----------
    name : str
        The parameter or lever.
    low, high : float or None
        Bounds of a parameter; None where the box reaches the outermost cases.
    options : tuple of str or None
        Options of a lever.
    p_low, p_high : float or None
        Quasi-p-values of the bounds (of a lever: `p_low`): the probability that as many cases of the box would be of
        interest by chance if the bound had no effect (one-sided binomial test; quasi, since the box was searched for).
    """

    name: str
    low: float | None
    high: float | None
    options: tuple[str, ...] | None
    p_low: float | None
    p_high: float | None

    def __str__(self) -> str:
        if self.options is not None:
            return f"{self.name} is {' or '.join(self.options)}"
        low = "" if self.low is None else f"{self.low:.3g} < "
        high = "" if self.high is None else f" < {self.high:.3g}"
        return f"{low}{self.name}{high}"

    @property
    def p(self) -> float:
        """The largest of its quasi-p-values."""
        return max(p for p in (self.p_low, self.p_high) if p is not None)


@dataclass(frozen=True)
class Box:
    """A region of the inputs in which cases of interest are frequent.

    Attributes
    ----------
    restrictions : tuple of Restriction
        The most significant first.
    coverage : float
        Share of all cases of interest that are in the box.
    density : float
        Share of the cases in the box that are of interest.
    mass : float
        Share of all cases that are in the box.
    trajectory : DataFrame
        ``coverage, density, mass`` of every box from the whole space to the smallest, and which one was ``chosen``.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> results = als.sweep(experiment, "summits")
    >>> middle = results.frame("runs")["cohesion"].median()
    >>> box = als.discover(results, "cohesion", below=middle).boxes[0]
    >>> list(box.trajectory), 0 < box.mass <= 1
    (['coverage', 'density', 'mass', 'chosen'], True)
    """

    restrictions: tuple[Restriction, ...]
    coverage: float
    density: float
    mass: float
    trajectory: Table = Table()


@dataclass(frozen=True, eq=False)
class Discovery:
    """The conditions under which an outcome lies below or above a bound; `discover` returns it.

    Attributes
    ----------
    experiment, outcome, unit : str
    below, above : float or None
        The bound beyond which cases are of interest; the other is None.
    boxes : tuple of Box
        Each is searched for among the cases outside the ones before it.
    version : str
        Of the package, when the sweep was run.
    cases : DataFrame
        One row a policy and point: levers, parameters, ``value`` (mean over draws) and ``of_interest``.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> results = als.sweep(experiment, "summits")
    >>> middle = results.frame("runs")["cohesion"].median()
    >>> found = als.discover(results, "cohesion", below=middle)
    >>> len(found.cases)  # 6 policies at 27 points
    162
    """

    experiment: str
    outcome: str
    unit: str
    below: float | None
    above: float | None
    boxes: tuple[Box, ...]
    version: str
    cases: Table = Table()

    @property
    def event(self) -> str:
        """The event, in words.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> middle = results.frame("runs")["cohesion"].median()
        >>> als.discover(results, "cohesion", below=middle).event.startswith("cohesion below ")
        True
        """
        return f"{self.outcome} below {self.below:g}" if self.above is None else f"{self.outcome} above {self.above:g}"

    @property
    def base_rate(self) -> float:
        """Share of all cases that are of interest: the density of the whole space.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> middle = results.frame("runs")["cohesion"].median()
        >>> 0 < als.discover(results, "cohesion", below=middle).base_rate < 1
        True
        """
        return float(self.cases["of_interest"].mean())

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the trade-off of coverage against density, and the first box on its two most significant inputs.

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
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> middle = results.frame("runs")["cohesion"].median()
        >>> _ = als.discover(results, "cohesion", below=middle).plot("conditions.png")
        """
        from alliance_sim.analysis import plots
        from alliance_sim.results.plots import write

        first = self.boxes[0]
        sides = {each.name: each.options or (each.low, each.high) for each in first.restrictions}
        inputs = [name for name in self.cases if name not in ("scenario", "point", "value")]
        note = f"{len(self.cases):,} cases, {self.base_rate:.0%} of interest · alliance_sim {self.version}"
        title = f"{self.experiment}: when is {self.event}?"
        figure = plots.discovery(first.trajectory, sides, self.cases[inputs], title, note)
        if path is not None:
            write(figure, path)
        return figure


def discover(
    results: str | Path | Results, outcome: str, *, below: float | None = None, above: float | None = None
) -> Discovery:
    """Find the conditions in which an outcome lies below or above a bound.

    A case is a policy at a point; its value is the mean over the draws there, so that random variation within a point
    does not count as a condition. Inputs are the levers and the uncertainties of the design.

    Parameters
    ----------
    results : str, Path or Results
        The folder of a sweep, or what `load_results` gives for it.
    outcome : str
        Name of an outcome; its value in the last month is used.
    below, above : float
        One of the two.

    Returns
    -------
    Discovery

    Raises
    ------
    InputError
        If an argument is wrong, the results are not of a finished sweep, all cases or none are of interest, or the EMA
        workbench is not installed.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> results = als.sweep(experiment, "summits")
    >>> middle = results.frame("runs")["cohesion"].median()
    >>> found = als.discover(results, "cohesion", below=middle)
    >>> 0 < found.boxes[0].coverage <= 1
    True
    """
    checks.outcome_name(outcome)
    bounds = [bound for bound in (below, above) if bound is not None]
    if len(bounds) != 1 or not abs(bounds[0]) < np.inf:
        raise InputError("discover: allowed: one of below and above, a number")
    found = open_results(results)
    if not found.finished:
        raise InputError(
            f"{found.folder}: {found.note}; allowed: a finished sweep, since missing runs are no random sample"
        )
    inputs = [*found.experiment.levers, *found.points.names]
    columns = ", ".join(f'"{name}"' for name in (*inputs, outcome))
    checks.memory(found.experiment.runs, 24 * (len(inputs) + 3), "a table of all runs", unit="runs")
    runs = found.sql(f"SELECT scenario, point, {columns} FROM runs")
    by_case = runs.groupby(["scenario", "point"], sort=False)
    cases = by_case[inputs].first().assign(value=by_case[outcome].mean()).reset_index()
    of_interest = cases["value"] < below if below is not None else cases["value"] > above
    if not inputs:
        raise InputError(f"{found.experiment.name}: has neither levers nor uncertainties, so there are no conditions")
    if of_interest.all() or not of_interest.any():
        low, high = cases["value"].min(), cases["value"].max()
        count = "all" if of_interest.all() else "none"
        raise InputError(
            f"{outcome}: {count} of {len(cases):,} cases lie {'below' if above is None else 'above'} {bounds[0]:g}; "
            f"allowed: a bound between {low:.4g} and {high:.4g}, where the cases lie"
        )
    found_boxes = boxes(cases[inputs], of_interest.to_numpy())
    cases = cases.assign(of_interest=of_interest)
    name, unit, version = found.experiment.name, OUTCOMES[outcome].unit, found.plan["environment"]["version"]
    return Discovery(name, outcome, unit, below, above, found_boxes, version, cases)


def boxes(inputs: pd.DataFrame, of_interest: NDArray[np.bool_]) -> tuple[Box, ...]:
    """Find boxes by PRIM, each among the cases outside the ones before it.

    Parameters
    ----------
    inputs : DataFrame
        One row a case; columns of numbers are peeled from both ends, others option by option.
    of_interest : (cases,) bool array

    Returns
    -------
    tuple of Box
        Each is the box with the largest harmonic mean of coverage and density on the way from the whole space to the
        smallest box (one in twenty of the cases). The first is always returned, others as long as most of their cases
        are of interest.

    Raises
    ------
    InputError
        If the EMA workbench is not installed.
    """
    numbers = inputs.select_dtypes("number").astype(float)
    options = inputs[inputs.columns.difference(numbers.columns, sort=False)].astype(str).astype("category")
    with warnings.catch_warnings():
        # ema_workbench warns about optional packages and pandas deprecations.
        warnings.simplefilter("ignore")
        prim = _algorithm(numbers.join(options), of_interest)
        found: list[Box] = []
        while (box := prim.find_box()) is not None:
            path = box.peeling_trajectory
            both = path["coverage"] + path["density"]
            best = int((path["coverage"] * path["density"] / both.where(both > 0.0)).fillna(0.0).to_numpy().argmax())
            if found and path["density"][best] <= MAJORITY:
                break
            box.select(best)  # its cases are removed before the next search
            found.append(_to_box(box, best))
            if len(box.box_lims) == 1:
                break  # nothing could be peeled
    return tuple(found)


def _algorithm(inputs: pd.DataFrame, of_interest: NDArray[np.bool_]) -> Any:
    try:
        from ema_workbench.analysis.prim import Prim
    except ModuleNotFoundError as error:
        raise InputError(
            f"discovery needs {error.name}; install it with: pip install 'alliance_sim[analysis]'"
        ) from None
    # Before 3.0 it takes the density below which it stops: never, but more than zero, the value of a case of no
    # interest.
    old = "threshold" in inspect.signature(Prim).parameters
    return Prim(inputs, of_interest.astype(float), **({"threshold": 1e-9} if old else {}))


def _to_box(box: Any, at: int) -> Box:
    """Convert an entry of the trajectory of a box of the workbench."""
    limits, whole = box.box_lims[at], box.box_lims[0]
    p_values = (box.p_values if hasattr(box, "p_values") else box.qp)[at]  # renamed in 3.0
    restrictions = []
    for name, (p_low, p_high) in p_values.items():
        ps = [None if p < 0.0 else float(p) for p in (p_low, p_high)]
        if isinstance(limits[name].iloc[0], set):
            options = tuple(sorted(limits[name].iloc[0]))
            restrictions.append(Restriction(name, None, None, options, *ps))
        else:
            low, high = (
                None if limit == end else float(limit) for limit, end in zip(limits[name], whole[name], strict=True)
            )
            restrictions.append(Restriction(name, low, high, None, *ps))
    trajectory = box.peeling_trajectory[["coverage", "density", "mass"]].astype(float).reset_index(drop=True)
    coverage, density, mass = trajectory.iloc[at]
    trajectory["chosen"] = trajectory.index == at
    return Box(
        tuple(sorted(restrictions, key=lambda each: each.p)), float(coverage), float(density), float(mass), trajectory
    )
