"""Results of a run in the form that pages show: rounded, in plain lists."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from alliance_sim.data import table
from alliance_sim.explorer.state import Request, View
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import ASK_NAMES, DECISIONS, FORUM_LABELS, FORUMS
from alliance_sim.registry.outcomes import OUTCOMES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alliance_sim.results.ensemble import Ensemble

#: Draws of the first result after a change. The maps are means over these draws only: keeping allies in every draw
#: would fill the memory of a small machine once several people use the page.
PREVIEW = 500

#: Variables per ally that the map shows, besides objections.
MAPPED = ("threat_perception", "guarantee_confidence")
#: Objectors below this share of the draws are noise to a reader.
LEAST_RATE = 0.005

_PROPER = {"russia": "Russia", "ukraine": "Ukraine", "us": "U.S."}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def preview(request: Request, cancelled: Callable[[], bool]) -> View:
    """Run the first draws, with the means that the maps show.

    Raises
    ------
    InputError
        If the request is at fault.
    Cancelled
        If `cancelled` returned True.
    """
    from alliance_sim.compile import ALLY_VARIABLES
    from alliance_sim.simulation import simulate

    start = time.perf_counter()
    ensemble = simulate(request.what_if(), min(PREVIEW, request.draws), request.seed, "allies", cancelled=cancelled)
    view = _view(request, ensemble, start)
    allies = ensemble.output.allies
    maps = {name: _rounded(allies[:, :, ALLY_VARIABLES.index(name)].mean(axis=0)) for name in MAPPED}
    return replace(view, maps=maps)


def compute(request: Request, first: View, cancelled: Callable[[], bool]) -> View:
    """Run every draw of a request whose preview is `first`; errors are the same as those of `preview`."""
    from alliance_sim.simulation import simulate

    start = time.perf_counter()
    ensemble = simulate(request.what_if(), request.draws, request.seed, "monthly", cancelled=cancelled)
    return replace(_view(request, ensemble, start), maps=first.maps)


def label(name: str) -> str:
    """Return the name of an issue or outcome in plain words."""
    words = " ".join(_PROPER.get(word, word) for word in name.split("_"))
    return words[0].upper() + words[1:]


def month_label(month: str) -> str:
    """Return ``Jun 2025`` for ``2025-06``."""
    return f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}"


@cache
def country_names() -> dict[str, str]:
    """Return the names of the countries on the map by ISO3 code."""
    return {row["iso3"]: row["name"] for row in table("facts/actors")}


def _view(request: Request, ensemble: Ensemble, start: float) -> View:
    from alliance_sim.results.headline import headline

    fans = {}
    for name in OUTCOMES:
        series = ensemble.series(name)
        fans[name] = [series[key].round(3).tolist() for key in ("p05", "p25", "p50", "p75", "p95")]
    summary = ensemble.summary().to_dict()
    return View(
        request=request,
        draws=ensemble.draws,
        seconds=time.perf_counter() - start,
        months=list(ensemble.months),
        said=list(headline(ensemble).sentences),
        board=_board(ensemble),
        fans=fans,
        maps={},
        cohesion=summary["mean"]["cohesion"],
        error=summary["mc_error"]["cohesion"],
    )


def _board(ensemble: Ensemble) -> list[dict[str, Any]]:
    from alliance_sim.results.summaries import objectors_by_item

    scenario = ensemble.scenario
    meetings = {meeting.id: meeting.title for meeting in scenario.meetings}
    objectors = objectors_by_item(ensemble.objectors())
    rows = []
    for row in ensemble.decisions().to_dict("records"):
        month = f"{row['month']:%Y-%m}"
        at_table = ensemble.program.member[scenario.offset(month), FORUMS.index(row["forum"])]
        shares = objectors.get((row["meeting"], row["issue"]), {})
        rows.append(
            {
                "key": f"{row['meeting']}/{row['issue']}",
                "meeting": row["meeting"],
                "held": meetings[row["meeting"]],
                "when": month_label(month),
                "forum": FORUM_LABELS[row["forum"]],
                "issue": label(row["issue"]),
                "text": row["title"],
                "proposed": row["proposed"],
                "asked": _asked(row["asked"]),
                "reversion": row["reversion"],
                "shares": [round(row[name], 4) for name in DECISIONS],
                "bypassed": round(row["bypassed"], 4),
                "settled": round(row["settled"], 4),
                "level": round(row["level_mean"], 3),
                "objectors": [[ally, round(share, 4)] for ally, share in shares.items() if share >= LEAST_RATE],
                "seated": [ally for ally, sits in zip(ALLIES, at_table, strict=True) if sits],
            }
        )
    return rows


def _asked(code: str) -> str:
    """Return what an agenda item asks for in words: the classes of its ask, or that it names a level."""
    if code[0] not in "+-":
        return "proposed"
    classes = " or ".join(ASK_NAMES[int(digit) - 1] for digit in code[1:].split("/"))
    return f"asked for on average: {'less' if code[0] == '-' else 'more'}, {classes}"


def _rounded(values: NDArray[np.float64]) -> list[list[float | None]]:
    return [[None if value != value else round(value, 3) for value in row] for row in values.tolist()]
