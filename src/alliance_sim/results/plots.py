"""Figures of results: outcomes over time, the decision board, differences, and analyses of experiments."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim.errors import InputError, shown
from alliance_sim.paths import local_path, suffix_of
from alliance_sim.results.summaries import objectors_by_item

try:
    from matplotlib import colormaps, rc_context
except ValueError as error:  # of a setting of the environment
    raise InputError(f"matplotlib does not start: {error}") from None
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

__all__ = ["check_kind", "discovery", "drivers", "forest", "policies", "write"]

INK, GREY, BLUE = "#1f2933", "#7b8794", "#1f5f99"
#: Outcomes of an item, from agreed to refused; they differ in lightness as well as in hue.
COLOURS = {
    "adopted": "#1f5f99",
    "diluted": "#9cc0df",
    "withdrawn": "#ecd2ae",
    "blocked": "#b04a18",
    "deferred": "#dfe3e8",
}
#: Rows of a ranking that a figure shows.
LISTED = 20
_STYLE: Any = {
    "font.size": 9.0,
    "axes.edgecolor": GREY,
    "text.color": INK,
    "axes.labelcolor": INK,
    "svg.hashsalt": "alliance_sim",
}


class NotebookFigure(Figure):
    """A figure that every notebook shows. Of others only the text is shown, unless pyplot has made a figure before."""

    def _repr_png_(self) -> bytes:
        with rc_context(_STYLE):
            self.savefig(picture := io.BytesIO(), format="png")
        return picture.getvalue()


def check_names(wanted: list[str], months: int) -> None:
    """Refuse what a figure of an ensemble cannot show."""
    if not wanted or ("decisions" in wanted and len(wanted) > 1):
        raise InputError("plot: give one outcome or more, or 'decisions' on its own")
    if months == 1 and wanted != ["decisions"]:
        raise InputError("plot: there is a single month, and nothing to draw over time")


def fans(panels: Mapping[str, tuple[pd.DataFrame, str]], title: str, note: str) -> Figure:
    """Draw outcomes over time: the median, the middle half of the draws, and 5 to 95 % of them.

    Parameters
    ----------
    panels : mapping
        By outcome: its quantiles (`Ensemble.series`) and its unit.
    title, note : str
        Above the figure, and small in its corner.
    """
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    with rc_context(_STYLE):
        figure = NotebookFigure(
            figsize=(6.8 if columns == 1 else 10.5, 1.0 + 2.9 * rows), dpi=150, layout="constrained"
        )
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axis, (name, (series, unit)) in zip(axes, panels.items(), strict=False):
            _fan(axis, series)
            axis.set_title(name.replace("_", " "), loc="left", fontsize=10, fontweight="bold")
            axis.set_ylabel(unit)
        for axis in axes[len(panels) :]:
            axis.remove()
        axes[0].legend(frameon=False, fontsize=8, loc="best")
        _frame(figure, title, note)
    return figure


def board(decisions: pd.DataFrame, objectors: pd.DataFrame, title: str, note: str) -> Figure:
    """Draw the decision board (`Ensemble.decisions` and `objectors`): one bar an item, split by outcome."""
    if decisions.empty:
        raise InputError("plot: the scenario holds no meetings, so there are no decisions to draw")
    count = len(decisions)
    with rc_context(_STYLE):
        figure = NotebookFigure(figsize=(10.5, 1.6 + 0.27 * count), dpi=150, layout="constrained")
        axis = figure.subplots()
        left = np.zeros(count)
        for name, colour in COLOURS.items():
            share = decisions[name].to_numpy()
            axis.barh(np.arange(count), share, left=left, color=colour, label=name, height=0.78)
            left += share
        # What others worked around is part of what was blocked.
        blocked = left - decisions["deferred"].to_numpy() - decisions["bypassed"].to_numpy()
        if decisions["bypassed"].any():
            axis.barh(
                np.arange(count), decisions["bypassed"], left=blocked, color=COLOURS["blocked"],
                edgecolor="white", hatch="////", linewidth=0, height=0.78, label="(bypassed)",
            )  # fmt: skip
        labels = [
            f"{row['month']:%Y-%m}  {row['forum']}  {row['issue']}".replace("_", " ")
            for row in decisions.to_dict("records")
        ]
        axis.set_yticks(np.arange(count), labels)
        axis.invert_yaxis()
        axis.set_xlim(0, 1)
        axis.set_ylim(count - 0.4, -0.6)
        axis.xaxis.set_major_formatter(PercentFormatter(1.0))
        axis.set_xlabel("share of draws")
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
        shares = objectors_by_item(objectors)
        for at, item in enumerate(zip(decisions["meeting"], decisions["issue"], strict=True)):
            most = list(shares.get(item, {}).items())[:3]
            worst = "  ".join(f"{ally} {share:.0%}" for ally, share in most if share >= 0.01)
            axis.annotate(worst, (1.0, at), (6, 0), textcoords="offset points", va="center", fontsize=7.5, color=GREY)
        figure.legend(loc="outside lower center", ncols=6, frameon=False, fontsize=8.5)
        _frame(figure, title, note)
    return figure


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
    with rc_context(_STYLE):
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
        _frame(figure, title, note)
    return figure


def reliability(bins: Sequence[Mapping[str, Any]], title: str, note: str) -> Figure:
    """Draw how often something happened against how often it was expected, with 95 % intervals of the shares.

    Parameters
    ----------
    bins : sequence of mappings
        By model: ``model, forecast, passed, n``. Intervals are those of Wilson (1927), doi:10.2307/2276774.
    title, note : str
        Above the figure, and small in its corner.

    Examples
    --------
    >>> figure = reliability([{"model": "one", "forecast": 0.2, "passed": 0.3, "n": 10}], "Reliability", "10 items")
    >>> len(figure.axes)
    1
    """
    names = list(dict.fromkeys(each["model"] for each in bins))
    with rc_context(_STYLE):
        figure = NotebookFigure(figsize=(6.8, 6.0), dpi=150, layout="constrained")
        axis = figure.subplots()
        axis.plot((0, 1), (0, 1), color=GREY, linewidth=0.8)
        for place, name in enumerate(names):
            own = [each for each in bins if each["model"] == name]
            x, p, n = (np.array([each[key] for each in own], float) for key in ("forecast", "passed", "n"))
            middle = (p + 1.92 / n) / (1.0 + 3.84 / n)
            half = 1.96 / (1.0 + 3.84 / n) * np.sqrt(p * (1.0 - p) / n + 0.96 / n**2)
            colour = (BLUE, COLOURS["blocked"])[place % 2]
            at = x + 0.006 * (place - 0.5 * (len(names) - 1))
            axis.vlines(at, middle - half, middle + half, color=colour, linewidth=1.2)
            axis.plot(at, p, "o" if place == 0 else "s", color=colour, markersize=5.0, label=name)
            for where, share, count in zip(at, p, n, strict=True):
                offset = (6, 5) if place == 0 else (6, -10)
                axis.annotate(
                    f"{count:.0f}", (where, share), offset, textcoords="offset points", fontsize=7.5, color=colour
                )
        axis.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="expected share that passes", ylabel="share that passed")
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=8.5, loc="upper left")
        _frame(figure, title, note)
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
    with rc_context(_STYLE):
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
        _frame(figure, title, note)
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
    with rc_context(_STYLE):
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
        _frame(figure, title, note)
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
    with rc_context(_STYLE):
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
        _frame(figure, title, note)
    return figure


def check_kind(path: Path) -> None:
    """Refuse a file whose ending names no kind of figure.

    Raises
    ------
    InputError
        With the endings allowed.

    Examples
    --------
    >>> from pathlib import Path
    >>> check_kind(Path("cohesion.svg"))
    """
    kinds = Figure().canvas.get_supported_filetypes()
    if suffix_of(path).removeprefix(".") not in kinds:
        allowed = ", ".join(f".{kind}" for kind in sorted(kinds))
        raise InputError(f"{path}: no figure ends in {shown(path.suffix)}; allowed: {allowed}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; allowed: a file")


def write(figure: Figure, path: str | Path) -> None:
    """Write a figure to a file of the kind its ending names.

    Raises
    ------
    InputError
        If the kind is unknown or the file cannot be written; then a file of that name stays as it was.

    Examples
    --------
    >>> from pathlib import Path
    >>> import alliance_sim as als
    >>> write(als.simulate("baseline_2018", draws=2).plot("cohesion"), Path("cohesion.png"))
    """
    path = local_path(path)
    # Dates would make two equal figures differ.
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix_of(path))
    try:
        check_kind(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".unfinished-") as temporary:
            unfinished = Path(temporary) / path.name
            with rc_context(_STYLE), unfinished.open("wb") as file:
                figure.savefig(file, format=suffix_of(path).removeprefix("."), metadata=metadata)
            unfinished.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None


def _fan(axis: Axes, series: pd.DataFrame) -> None:
    months = series.index.to_numpy()
    axis.fill_between(months, series["p05"], series["p95"], color=BLUE, alpha=0.15, linewidth=0, label="5-95 %")
    axis.fill_between(months, series["p25"], series["p75"], color=BLUE, alpha=0.28, linewidth=0, label="25-75 %")
    axis.plot(months, series["p50"], color=BLUE, linewidth=1.6, label="median")
    axis.yaxis.set_major_locator(MaxNLocator(5))
    axis.grid(axis="y", color="#e4e7eb", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.margins(x=0)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(axis="x", rotation=30)


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


def _frame(figure: Figure, title: str, note: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, parse_math=False)
    figure.supxlabel(note, x=0.995, ha="right", fontsize=6.5, color=GREY)
