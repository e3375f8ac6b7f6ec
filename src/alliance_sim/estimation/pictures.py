"""Figures of the calibration report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alliance_sim.estimation.tables import Report
from alliance_sim.results.plots import BLUE, COLOURS, GREY, STYLE, write

__all__ = ["FIGURES", "write_figures"]

RED = COLOURS["blocked"]
#: Half the width of an 80 % interval of a normal distribution, in standard deviations.
HALF_80 = 1.2816
#: Parameters that a ranking shows.
SHOWN = 25


def _chart(rows: int, title: str, note: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, 1.2 + 0.19 * rows), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, parse_math=False)
    figure.supxlabel(note, x=0.995, ha="right", fontsize=7, color=GREY)
    axis = figure.subplots()
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="x", color="#e4e7eb", linewidth=0.6)
    axis.set_axisbelow(True)
    return figure, axis


def _labels(axis: Axes, names: Sequence[str]) -> None:
    axis.set_yticks(np.arange(len(names)), list(names), fontsize=8)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)


def _threat(measured: Report, _: Report) -> Figure | None:
    means: Mapping[str, Any] = measured.get("means", {})
    found = {name: each for name, each in means.items() if name.startswith("threat.") and name.endswith(".2025")}
    if not found:
        return None
    names = sorted(found, key=lambda name: -found[name][0])
    without = measured.get("means_without_lean", {})
    figure, axis = _chart(
        len(names),
        "Threat perception of Russia, 2025: mean and 80 % interval",
        "interval: mean and 1.28 standard deviations on either side, cut at 0 and 1"
        + ("" if without else "; no fit without lean yet"),
    )
    for fit, colour, shift, label in ((found, BLUE, -0.13, "shipped fit"), (without, RED, 0.17, "without lean")):
        rows = [(i, *fit[name]) for i, name in enumerate(names) if name in fit]
        if rows:
            place, mean, sd = np.array(rows, dtype=float).T
            bars = HALF_80 * sd
            axis.errorbar(mean, place + shift, xerr=bars, fmt="o", color=colour, markersize=3.2, lw=1.2, label=label)
    _labels(axis, [name.removeprefix("threat.").removesuffix(".2025").replace(".", " ") for name in names])
    axis.set_xlim(0, 1)
    axis.set_xlabel("0: none, 1: the greatest")
    axis.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def _ranks(measured: Report, _: Report) -> Figure | None:
    quantities: Mapping[str, Any] = measured.get("ranks", {}).get("quantities", {})
    if not quantities:
        return None
    title = "Simulation-based calibration: ranks of true values"
    figure, axis = _chart(len(quantities), title, f"{measured['ranks']['sets']} simulated data sets")
    places = np.arange(len(quantities))
    axis.plot([each["mean"] for each in quantities.values()], places, "o", color=BLUE, label="mean rank (wanted: 0.5)")
    spread = [each["spread"] for each in quantities.values()]
    axis.plot(spread, places, "|", color=RED, markersize=9, label="spread (wanted: 1)")
    for wanted in (0.5, 1.0):
        axis.axvline(wanted, color=GREY, lw=0.8, ls=":")
    _labels(axis, list(quantities))
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8)
    return figure


def _rounds(_: Report, behaviour: Report) -> Figure | None:
    rounds = behaviour.get("fit", {}).get("rounds", [])
    if not rounds:
        return None
    figure, axis = _chart(9, "Pareto k by round of the fit of behaviour", "weights at the full likelihood")
    axis.plot(range(1, len(rounds) + 1), [each["pareto_k"] for each in rounds], "o-", color=BLUE)
    axis.axhline(0.7, color=RED, lw=1, ls="--", label="reliable below 0.7")
    axis.set_xticks(range(1, len(rounds) + 1))
    axis.set(xlabel="round", ylabel="Pareto k", ylim=(0, 1.1 * max(0.7, *(each["pareto_k"] for each in rounds))))
    axis.legend(frameon=False, fontsize=8)
    return figure


def _shrinkage(_: Report, behaviour: Report) -> Figure | None:
    parameters: Mapping[str, Any] = behaviour.get("parameters", {})
    if not parameters:
        return None
    names = sorted(parameters, key=lambda name: (-parameters[name]["shrinkage"], name))[:SHOWN]
    note = f"the first {len(names)} of {len(parameters)} parameters"
    figure, axis = _chart(len(names), "What the record tells: how much narrower parameters get", note)
    axis.barh(np.arange(len(names)), [parameters[name]["shrinkage"] for name in names], color=BLUE, height=0.6)
    _labels(axis, names)
    axis.set_xlabel("shrinkage: 1 less the standard deviation of posterior over prior")
    return figure


def _classes(_: Report, behaviour: Report) -> Figure | None:
    classes = behaviour.get("predictive", {}).get("classes", [])
    if not classes:
        return None
    figure, axis = _chart(len(classes), "How items end: the record and the 90 % interval of the model", "")
    for i, each in enumerate(classes):
        inside = each["low"] <= each["observed"] <= each["high"]
        axis.plot([each["low"], each["high"]], [i, i], color=COLOURS["diluted"], lw=4, solid_capstyle="butt")
        axis.plot(each["observed"], i, "o", color=BLUE if inside else RED, markersize=4.5)
    _labels(axis, [f"{each['forum']} {each['class']}" for each in classes])
    axis.set_xlim(-0.02, 1.02)
    axis.set_xlabel("share of the items of a forum; point: the record, red if outside")
    return figure


def _coverage(_: Report, behaviour: Report) -> Figure | None:
    coverage: Mapping[str, Any] = behaviour.get("coverage", {})
    kinds = [kind for kind in ("prior", "posterior") if coverage.get(kind, {}).get("by_unknown")]
    if not kinds:
        return None
    by = {kind: coverage[kind]["by_unknown"] for kind in kinds}
    everyone = sorted({name for each in by.values() for name in each})
    names = sorted(everyone, key=lambda name: (np.mean([each[name] for each in by.values() if name in each]), name))
    shown = names if len(names) <= SHOWN else [*names[: SHOWN - 5], *names[-5:]]
    note = f"{len(shown)} of {len(names)} unknowns: the lowest, and the five highest" if len(shown) < len(names) else ""
    figure, axis = _chart(len(shown), "Synthetic histories: how often 80 % intervals hold the true value", note)
    axis.axvspan(0.7, 0.9, color=BLUE, alpha=0.1, lw=0)
    for kind, marker, colour in (("prior", "o", BLUE), ("posterior", "D", RED)):
        rows = [(by[kind][name], i) for i, name in enumerate(shown) if kind in by and name in by[kind]]
        if rows:
            axis.plot(*zip(*rows, strict=True), marker, color=colour, markersize=4, label=f"around the {kind}")
    _labels(axis, shown)
    axis.set_xlim(-0.02, 1.02)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8)
    return figure


#: By name of the file.
FIGURES = {
    "threat": _threat,
    "ranks": _ranks,
    "rounds": _rounds,
    "shrinkage": _shrinkage,
    "classes": _classes,
    "coverage": _coverage,
}


def write_figures(measured: Report, behaviour: Report, folder: Path) -> set[str]:
    """Write the figures for which there are numbers, remove those for which there are none, and return their names.

    Examples
    --------
    >>> import tempfile
    >>> sorted(write_figures({"means": {"threat.EST.2025": [0.8, 0.1]}}, {}, Path(tempfile.mkdtemp())))
    ['threat']
    """
    written = set()
    for name, draw in FIGURES.items():
        path = folder / f"{name}.svg"
        with rc_context(STYLE):
            figure = draw(measured, behaviour)
        if figure is None:
            path.unlink(missing_ok=True)
        else:
            write(figure, path)
            written.add(name)
    return written
