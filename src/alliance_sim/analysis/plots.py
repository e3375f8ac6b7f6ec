"""Figures of analyses: differences between scenarios, drivers of an outcome, policies, and boxes of discovery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from alliance_sim.results.plots import BLUE, COLOURS, GREY, INK, STYLE, NotebookFigure, frame

__all__ = ["discovery", "drivers", "forest", "policies"]

#: Rows of a ranking that a figure shows.
LISTED = 20


def forest(differences: pd.DataFrame, outcomes: list[str], title: str, note: str) -> Figure:
    """Draw differences between scenarios: one row an outcome, one mark a scenario, mean and 5 to 95 % of the draws.

    Outcomes have different units, so the axis is in standard deviations between draws; with a single scenario the
    differences stand beside their marks in their own units.

    Parameters
    ----------
    differences : DataFrame
        `Comparison.summary`.
    outcomes : list of str
        What to draw, from the top; an outcome that does not vary between draws has no place on the axis.
    title, note : str
        Above the figure, and small in its corner.

    Examples
    --------
    >>> import alliance_sim as als
    >>> summary = als.compare("baseline_2018", "helsinki_2018", draws=5).summary()
    >>> figure = forest(summary, ["cohesion", "agreement"], "Helsinki", "5 draws")
    >>> len(figure.axes)
    1
    """
    by_name = {str(name): rows.droplevel("scenario") for name, rows in differences.groupby("scenario", sort=False)}
    shown = [name for name in outcomes if all(np.isfinite(rows["size"][name]) for rows in by_name.values())]
    places = np.arange(len(shown))
    colours = [BLUE] if len(by_name) == 1 else colormaps["viridis"](np.linspace(0.0, 0.85, len(by_name)))
    with rc_context(STYLE):
        height = 1.6 + len(shown) * (0.16 + 0.1 * len(by_name))
        figure = NotebookFigure(figsize=(10.5, height), dpi=150, layout="constrained")
        axis = figure.subplots()
        axis.axvline(0.0, color=GREY, linewidth=0.8)
        for s, ((name, rows), colour) in enumerate(zip(by_name.items(), colours, strict=True)):
            found = rows.loc[shown]
            at = places + 0.6 * ((s + 0.5) / len(by_name) - 0.5)
            low, high = found["p05"] / found["spread"], found["p95"] / found["spread"]
            axis.hlines(at, low, high, color=colour, linewidth=1.6)
            axis.plot(found["size"], at, "o", color=colour, markersize=4.0, label=name)
            if len(by_name) == 1:
                for place, row in zip(places, found.to_dict("records"), strict=True):
                    text = f"{row['mean']:+z.3f} [{row['p05']:+z.3f}, {row['p95']:+z.3f}] {row['unit']}"
                    axis.annotate(
                        text, (1.0, place), (6, 0),
                        xycoords=axis.get_yaxis_transform(), textcoords="offset points", va="center", fontsize=7.5,
                        color=GREY,
                    )  # fmt: skip
        if not shown:
            axis.annotate("no outcome moved notably", (0.5, 0.5), xycoords="axes fraction", ha="center", color=GREY)
        axis.set_yticks(places, [outcome.replace("_", " ") for outcome in shown])
        axis.set_ylim(len(shown) - 0.4, -0.6)
        axis.set_xlabel("paired difference, mean and 5-95 % of draws, in standard deviations between draws")
        axis.grid(axis="x", color="#e4e7eb", linewidth=0.6)
        axis.set_axisbelow(True)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8.5)
        frame(figure, title, note)
    return figure


def drivers(parameters: pd.DataFrame, mechanisms: pd.DataFrame, unit: str, title: str, note: str) -> Figure:
    """Draw the drivers of an outcome: parameters on the left, mechanisms on the right, with 95 % intervals.

    Parameters
    ----------
    parameters, mechanisms : DataFrame
        `Sensitivity.parameters` and `Sensitivity.mechanisms`, the largest first.
    unit : str
        Of the outcome.
    title, note : str
        Above the figure, and small in its corner.

    Examples
    --------
    >>> import pandas as pd
    >>> parameters = pd.DataFrame({"mu_star": [0.2], "mu_star_conf": [0.1]}, ["pledge"])
    >>> mechanisms = pd.DataFrame({"effect": [0.3], "low": [0.2], "high": [0.4]}, ["coupling"])
    >>> len(drivers(parameters, mechanisms, "share", "What drives cohesion", "80 runs").axes)
    2
    """
    most, effects = parameters[:LISTED], mechanisms[:LISTED]
    with rc_context(STYLE):
        figure = NotebookFigure(
            figsize=(10.5, 1.6 + 0.24 * max(len(most), len(effects))), dpi=150, layout="constrained"
        )
        left, right = figure.subplots(1, 2)
        places = np.arange(len(most))
        if "ST" in most:
            left.barh(places, most["ST"], xerr=most["ST_conf"], color="#9cc0df", ecolor=GREY, label="with others (ST)")
            left.barh(places, most["S1"], xerr=most["S1_conf"], color=BLUE, ecolor=INK, height=0.4, label="alone (S1)")
            left.set_xlabel("share of the variance")
            left.legend(frameon=False, fontsize=8, loc="lower right")
        else:
            left.barh(places, most["mu_star"], xerr=most["mu_star_conf"], color=BLUE, ecolor=GREY)
            left.set_xlabel(f"mean absolute change over half of the distribution, {unit}")
        _ranking(left, most, "parameters moved")
        errors = [effects["effect"] - effects["low"], effects["high"] - effects["effect"]]
        colours = np.where(effects["effect"] > 0.0, BLUE, COLOURS["blocked"])
        right.barh(np.arange(len(effects)), effects["effect"], xerr=errors, color=colours, ecolor=GREY)
        right.axvline(0.0, color=GREY, linewidth=0.8)
        right.set_xlabel(f"with the mechanism less without it, {unit}")
        _ranking(right, effects, "mechanisms switched off")
        frame(figure, title, note)
    return figure


def policies(table: pd.DataFrame, unit: str, title: str, note: str) -> Figure:
    """Draw policies: their outcomes on the left, their regret on the right.

    Parameters
    ----------
    table : DataFrame
        `Policies.table`.
    unit : str
        Of the outcome.
    title, note : str
        Above the figure, and small in its corner.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = ["mean", "p05", "p95", "worst", "regret_p90", "regret_max"]
    >>> table = pd.DataFrame([[0.6, 0.5, 0.7, 0.4, 0.1, 0.2]], ["held"], columns)
    >>> len(policies(table, "share", "Cohesion by policy", "4 futures").axes)
    2
    """
    places = np.arange(len(table))
    with rc_context(STYLE):
        figure = NotebookFigure(figsize=(10.5, 1.6 + 0.3 * len(table)), dpi=150, layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        left.hlines(places, table["p05"], table["p95"], color=BLUE, linewidth=1.6, label="5-95 % of the runs")
        left.plot(table["mean"], places, "o", color=BLUE, markersize=4.5, label="mean")
        left.plot(table["worst"], places, "|", color=COLOURS["blocked"], markersize=9, label="mean in the worst future")
        left.set_xlabel(unit)
        right.barh(places, table["regret_max"], color="#9cc0df", label="largest regret")
        right.barh(places, table["regret_p90"], color=BLUE, height=0.4, label="90 % of the futures have less")
        right.set_xlabel(f"behind the best policy of a future, {unit}")
        _ranking(left, table, "what it brings")
        _ranking(right, table, "what one may regret")
        figure.legend(loc="outside lower left", ncols=3, frameon=False, fontsize=8.5)
        frame(figure, title, note)
    return figure


def discovery(trajectory: pd.DataFrame, box: Mapping[str, Any], cases: pd.DataFrame, title: str, note: str) -> Figure:
    """Draw a box that PRIM found: coverage and density on the left, cases by its two most significant inputs beside.

    Parameters
    ----------
    trajectory : DataFrame
        `Box.trajectory`: ``coverage, density, mass, chosen``.
    box : mapping
        By input, the most significant first: (low, high) with None for an open end, or options of a lever.
    cases : DataFrame
        The inputs, and ``of_interest``.
    title, note : str
        Above the figure, and small in its corner.

    Examples
    --------
    >>> import pandas as pd
    >>> trajectory = pd.DataFrame({"coverage": [1.0, 0.8], "density": [0.5, 0.9], "chosen": [False, True]})
    >>> cases = pd.DataFrame({"pledge": [0.2, 0.8], "of_interest": [False, True]})
    >>> len(discovery(trajectory, {"pledge": (0.5, None)}, cases, "When is cohesion low?", "2 cases").axes)
    2
    """
    with rc_context(STYLE):
        figure = NotebookFigure(figsize=(10.5, 4.6), dpi=150, layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(trajectory["coverage"], trajectory["density"], "o-", color="#9cc0df", markersize=3.5)
        chosen = trajectory[trajectory["chosen"]]
        left.plot(chosen["coverage"], chosen["density"], "o", color=BLUE, markersize=8, label="the chosen box")
        left.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="coverage: share of the cases of interest in the box")
        left.set_ylabel("density: share of the box that is of interest")
        left.legend(frameon=False, fontsize=8, loc="lower left")
        names = [*box, *(str(name) for name in cases if name not in box and name != "of_interest")][:2]
        axes = [_places(cases[name]) for name in names] or [np.zeros(len(cases))]
        across, up = axes[0], axes[1] if len(axes) > 1 else np.zeros(len(cases))
        for of_interest, colour, label in (
            (False, "#cfd6dd", "other cases"),
            (True, COLOURS["blocked"], "of interest"),
        ):
            those = cases["of_interest"].to_numpy() == of_interest
            right.plot(across[those], up[those], ".", color=colour, markersize=4, label=label)
        for name, span in zip(names, (right.axvspan, right.axhspan), strict=False):
            if name in box:
                for low, high in _spans(box[name], cases[name]):
                    span(low, high, color=BLUE, alpha=0.12, linewidth=0)
        for name, labels in zip(names, (right.set_xlabel, right.set_ylabel), strict=False):
            labels(name)
        for name, ticks in zip(names, (right.set_xticks, right.set_yticks), strict=False):
            if not pd.api.types.is_numeric_dtype(cases[name]):
                options = sorted(cases[name].unique())
                ticks(range(len(options)), options)
        for axis in (left, right):
            axis.spines[["top", "right"]].set_visible(False)
        right.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.0)
        frame(figure, title, note)
    return figure


def _ranking(axis: Axes, rows: pd.DataFrame, title: str) -> None:
    """Label the rows of a horizontal chart, the first on top."""
    axis.set_yticks(np.arange(len(rows)), list(map(str, rows.index)))
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axis.grid(axis="x", color="#e4e7eb", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)


def _places(values: pd.Series[Any]) -> NDArray[np.float64]:
    """Return the coordinates of cases on an axis; those with one option of a lever side by side."""
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(float)
    aside = 0.6 * ((np.arange(len(values)) * 0.6180339887) % 1.0 - 0.5)
    codes: NDArray[np.float64] = pd.Categorical(values, sorted(values.unique())).codes + aside
    return codes


def _spans(sides: Any, values: pd.Series[Any]) -> list[tuple[float, float]]:
    """Return the intervals of an axis that a box covers."""
    if not pd.api.types.is_numeric_dtype(values):
        options = sorted(values.unique())
        return [(options.index(option) - 0.4, options.index(option) + 0.4) for option in sides]
    low, high = sides
    return [(values.min() if low is None else low, values.max() if high is None else high)]
