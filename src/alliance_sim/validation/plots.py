"""The figure of a hindcast: how often texts passed against how often that was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from alliance_sim.results.plots import BLUE, COLOURS, GREY, STYLE, NotebookFigure, frame

__all__ = ["reliability"]


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
    with rc_context(STYLE):
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
        frame(figure, title, note)
    return figure
