"""Figures of the HTML page: small ones, as SVG inside the page, in its colours and its font."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from alliance_sim.results.plots import BLUE, GREY, INK, STYLE
from alliance_sim.results.run_plots import fan
from alliance_sim.results.views import dates

if TYPE_CHECKING:
    from alliance_sim.results.ensemble_like import EnsembleLike

__all__ = ["SHOWN", "figure"]

#: Outcomes of the page, each with what it means, in a line.
SHOWN: Mapping[str, str] = MappingProxyType(
    {
        "cohesion": "Mean of agreement, capacity, confidence in the guarantee, burden sharing.",
        "consensus_capacity": "How much of some demanding texts could be agreed; 1 is all.",
        "threat_gap": "Threat that Europeans see less that which Washington sees.",
        "deterrence": "Committed force of the alliance beside that of Russia; 0.5 is parity.",
        "sanctions_durability": "Level of EU sanctions times the chance that two renewals pass.",
        "mean_spending": "Mean over the members, % of GDP.",
    }
)
#: Inches. On a phone a figure is half as large again, in print as large as here.
SIZE = (3.2, 1.4)
#: Points: digits are to be read in print as well.
FONT = 9.5
#: Colours of matplotlib, and the variables of the style sheet in their place.
_VARIABLES = {INK: "var(--ink)", GREY: "var(--grey)", BLUE: "var(--accent)", "#e4e7eb": "var(--line)"}


def figure(ensemble: EnsembleLike, base: EnsembleLike | None, name: str, label: str) -> str:
    """Return an outcome over time as an SVG element: its median, bands of draws, the median of the base, events.

    Parameters
    ----------
    ensemble, base : Ensemble
        Of two months or more; a base of one is not drawn.
    name : str
        The outcome.
    label : str
        What the figure shows, for readers who do not see it.

    Examples
    --------
    >>> import alliance_sim as als
    >>> picture = figure(als.simulate("baseline_2018", draws=5), None, "cohesion", "Cohesion by month")
    >>> picture.startswith('<svg role="img" aria-label="Cohesion by month" viewBox="0 0 '), "url(http" in picture
    (True, False)
    """
    own: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": f"alliance_sim {name}", "font.size": FONT}
    own |= {f"{axis}tick.{part}": colour for axis in "xy" for part, colour in (("color", GREY), ("labelcolor", INK))}
    style: Any = {**STYLE, **own}
    with rc_context(style):
        drawn = Figure(figsize=SIZE, layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02))
        axis = drawn.subplots()
        for month in dict.fromkeys(event.month for event in ensemble.scenario.events if event.during == 1):
            if month in ensemble.months:
                place = axis.convert_xunits(dates([month]))  # type: ignore[no-untyped-call]
                axis.axvline(place[0], color=GREY, linewidth=0.8, linestyle=":")
        fan(axis, ensemble.series(name))
        if base is not None and len(base.months) > 1:
            before = base.series(name)["p50"]
            axis.plot(before.index.to_numpy(), before, color=INK, linewidth=1.3, linestyle="--")
        axis.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axis.tick_params(labelsize=FONT)
        drawn.savefig(written := io.StringIO(), format="svg", transparent=True, metadata={"Date": None})
    return _inline(written.getvalue(), label)


def _inline(text: str, label: str) -> str:
    """Return the element of an SVG file, with the colours and the font of the page it stands in."""
    box = re.search(r'viewBox="([^"]*)"', text)
    assert box is not None
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    # Only what is referred to needs a name, and another figure of the page would have the same names.
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r" font-family: [^;\"]*;", "", body)
    body = re.sub(r"\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, variable)
    body = re.sub(r"\n\s*", "\n", body).strip()
    return f'<svg role="img" aria-label="{escape(label)}" viewBox="{box[1]}">\n{body}'
