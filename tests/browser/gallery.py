"""A page with each chart, on fixed numbers: python tests/browser/gallery.py PORT."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Any

import reacton.ipyvuetify as rv
import solara

import alliance_sim.explorer
from alliance_sim.explorer.components import charts

MONTHS = [f"{2025 + (5 + at) // 12}-{(5 + at) % 12 + 1:02d}" for at in range(48)]
ISSUES = {
    "russia_strategy": "Russia strategy",
    "defence_spending": "Defence spending",
    "ukraine_support": "Ukraine support",
    "deterrence_posture": "Deterrence posture",
    "sanctions": "Sanctions",
    "open_door": "Open door",
}
#: Issue, month, shares of the endings. Two pairs stand in the same or in neighbouring months.
DECISIONS = [
    ("russia_strategy", "2025-06", [0.0, 0.0665, 0.906, 0.023, 0.0045]),
    ("russia_strategy", "2026-07", [0.0, 0.169, 0.7865, 0.026, 0.0185]),
    ("defence_spending", "2025-06", [0.007, 0.7855, 0.1235, 0.0265, 0.0575]),
    ("defence_spending", "2028-07", [0.6935, 0.2375, 0.0005, 0.004, 0.0645]),
    ("ukraine_support", "2025-06", [0.108, 0.5815, 0.232, 0.0195, 0.059]),
    ("ukraine_support", "2025-12", [0.15, 0.7555, 0.0325, 0.0135, 0.0485]),
    ("ukraine_support", "2025-12", [0.2, 0.3, 0.1, 0.35, 0.05]),
    ("ukraine_support", "2026-01", [0.1, 0.1, 0.1, 0.65, 0.05]),
    ("ukraine_support", "2026-07", [0.1245, 0.57, 0.2255, 0.026, 0.054]),
    ("ukraine_support", "2027-06", [0.1185, 0.5905, 0.217, 0.025, 0.049]),
    ("sanctions", "2025-07", [0.918, 0.0, 0.0, 0.047, 0.035]),
    ("sanctions", "2026-01", [0.809, 0.0, 0.051, 0.1, 0.04]),
    ("sanctions", "2026-07", [0.753, 0.0, 0.155, 0.063, 0.029]),
    ("sanctions", "2029-05", [0.714, 0.0, 0.251, 0.0045, 0.0305]),
    ("open_door", "2026-02", [0.0085, 0.413, 0.521, 0.0295, 0.028]),
    ("open_door", "2027-10", [0.016, 0.467, 0.4585, 0.0255, 0.033]),
    ("open_door", "2029-03", [0.0, 0.0, 0.004, 0.0, 0.996]),
    *(("deterrence_posture", month, [0.1195, 0.599, 0.2125, 0.018, 0.051]) for month in MONTHS[::4]),
]
MARKS = {3: "up", 8: "down", 12: "down", 7: "new"}
EVENTS = [
    ("2025-06", "5 % demand", "Washington asks for 5 % of GDP."),
    ("2025-09", "leaders meet", "The presidents meet without allies."),
    ("2025-09", "doubt cast", "The guarantee depends on spending."),
    ("2025-10", "offer", "A ceasefire is offered."),
    ("2025-11", "relief", "Sanctions of the U.S. end in part."),
    ("2025-12", "aid cut", "U.S. aid ends."),
    ("2026-04", "leaders meet", "The presidents meet again."),
    ("2026-11", "escalation", "The war intensifies."),
    ("2027-04", "leaders meet", "A third meeting."),
]
#: Country, column, row.
PLACES = (
    "USA/0/3 CAN/0/2 ISL/2/1 GBR/3/3 NOR/6/0 SWE/7/0 FIN/8/0 DNK/6/2 EST/8/1 LVA/8/2 LTU/8/3 "
    "NLD/5/3 DEU/6/3 POL/7/3 BEL/4/4 LUX/5/4 CZE/6/4 SVK/7/4 FRA/4/5 SVN/6/5 HUN/7/5 ROU/8/5 "
    "PRT/2/6 ESP/3/6 ITA/5/6 HRV/6/6 BGR/8/6 MNE/6/7 MKD/7/7 GRC/8/7 TUR/9/7 ALB/7/8 RUS/9/3 "
    "UKR/8/4"
)
TILES = [(place[:3], int(place[4]), int(place[6])) for place in PLACES.split()]
OBJECTIONS = {"USA": 0.64, "HUN": 0.06, "SVK": 0.055, "TUR": 0.01, "DEU": 0.3, "POL": 0.2}
NAMES = {"USA": "United States", "HUN": "Hungary", "TUR": "Türkiye"}


def bands(start: float, end: float, width: float) -> dict[str, list[float]]:
    """Return five quantiles that drift from `start` to `end`."""
    middle = [start + (end - start) * math.tanh(at / 12) + 0.02 * math.sin(at / 3) for at in range(len(MONTHS))]
    spread = [width * math.sqrt(at / 47) for at in range(len(MONTHS))]
    steps = {"p05": -1.0, "p25": -0.4, "p50": 0.0, "p75": 0.4, "p95": 1.0}
    return {name: [round(m + step * s, 3) for m, s in zip(middle, spread, strict=True)] for name, step in steps.items()}


def cells(turn: int) -> list[dict[str, Any]]:
    """Return the decisions; with an odd `turn` other numbers, so that everything is drawn again."""
    return [
        {
            "key": f"{issue}/{at}", "issue": issue, "month": month, "forum": "EU" if issue == "sanctions" else "NATO",
            "held": "European Council" if issue == "sanctions" else "Summit", "text": f"A text about {ISSUES[issue]}",
            "shares": shares if turn % 2 == 0 else shares[::-1],
            "passes": round(sum((shares if turn % 2 == 0 else shares[::-1])[:2]), 4),
            "base": None if at == 7 else 0.7, "mark": MARKS.get(at, ""),
        }
        for at, (issue, month, shares) in enumerate(DECISIONS)
    ]  # fmt: skip


def objections(turn: int) -> dict[str, float | None]:
    """Return the share of futures in which each country objects; two are not at the table."""
    rates = {c: OBJECTIONS.get(c, 0.0) if turn % 2 == 0 else round(at / 50, 3) for at, (c, _, _) in enumerate(TILES)}
    return {c: None if c in ("ISL", "MNE") else rate for c, rate in rates.items()}


CHANGES = [
    {"key": key, "label": label, "share": share, "low": share - 0.03, "high": share + 0.03, "reaches": share >= 0.5}
    for key, label, share in (
        ("cost", "objecting costs more (0.08)", 0.82),
        ("power", "the president shares power with the institutions (0.40)", 0.76),
        ("text", "any progress is worth a text", 0.37),
    )
]
DIFFERENCES = [
    {"key": key, "label": label, "value": value, "low": value - 2.2, "high": value + 2.2, "text": f"{value:+.1f}"}
    for key, label, value in (
        ("a", "Sanctions, July 2026", -13.0),
        ("b", "Ukraine support, June 2027", 0.4),
        ("c", "Russia strategy, July 2026", 3.2),
    )
]
FANS = {
    "confidence": bands(0.6, 0.25, 0.2),
    "cohesion": bands(0.53, 0.54, 0.06),
    "spending": bands(2.1, 3.2, 0.9),
}


@solara.component
def Page() -> None:
    """Every chart; the buttons draw them again and change the colours."""
    turn, set_turn = solara.use_state(0)
    theme, set_theme = solara.use_state("")
    picked, set_picked = solara.use_state("")
    cell, set_cell = solara.use_state("russia_strategy/1")
    iso3, set_iso3 = solara.use_state("HUN")
    solara.Style(Path(alliance_sim.explorer.__file__).with_name("style.css"))
    solara.Style("@media (max-width: 760px) { .gallery-row { grid-template-columns: minmax(0, 1fr) !important; } }")
    board = cells(turn)
    shown = next(each for each in board if each["key"] == cell)
    with rv.Html(tag="div", class_=f"as-app {theme}", attributes={"data-turn": str(turn)}):
        with rv.Html(tag="div", attributes={"style": "padding: 12px; display: flex; gap: 8px"}):
            solara.Button("Redraw", on_click=lambda: set_turn(turn + 1))
            solara.Button("Dark", on_click=lambda: set_theme("as-dark"))
            solara.Button("Light", on_click=lambda: set_theme("as-light"))
            charts.Term(
                word="cohesion",
                definition="How far the allies hold together: the mean of its four parts.",
                formula="C = (A + R + G + B) / 4",
                source="Concept paper, section 3",
            )
        with grid("minmax(0, 1fr) minmax(0, 1fr)"):
            with rv.Html(tag="div"):
                charts.Dots(title="100 futures, Russia strategy 2026", endings=endings(shown["shares"]))
            with rv.Html(tag="div", class_="as-card"):
                charts.Changes(
                    title="What would restore consensus",
                    note="Russia strategy, July 2026; click one to set it",
                    rows=CHANGES,
                    now=0.17, target=0.5, selected=picked, pending=False, event_pick=set_picked,
                )  # fmt: skip
        with grid("minmax(0, 1fr) 322px"):
            with rv.Html(tag="div", class_="as-card"):
                charts.Matrix(
                    title="Who decides what, when: share of futures in which the text passes",
                    note="events above, one square a decision; click one: why",
                    months=MONTHS,
                    issues=[{"name": name, "label": label} for name, label in ISSUES.items()],
                    cells=board,
                    happenings=[{"month": month, "label": label, "detail": detail} for month, label, detail in EVENTS],
                    selected=cell,
                    event_select=set_cell,
                )
            with rv.Html(tag="div", class_="as-card"):
                charts.Tiles(
                    title="Who objects: Russia strategy, July 2026", note="% of futures; one square, one veto",
                    tiles=[{"c": c, "k": k, "r": r, "ally": c not in ("RUS", "UKR")} for c, k, r in TILES],
                    names={c: NAMES.get(c, c) for c, _, _ in TILES},
                    values=objections(turn),
                    marks=["HUN", "USA"], unit="% of futures", top=0.5, kind="objection",
                    selected=iso3, event_pick=set_iso3,
                )  # fmt: skip
        with grid("repeat(3, minmax(0, 1fr))"):
            fan("confidence", "Allies' confidence in the U.S. guarantee", turn, 0.0, 1.0, 0.6)
            fan("cohesion", "Cohesion", turn, 0.0, 1.0, 0.53)
            fan("spending", "Defence spending of allies", turn, None, None, 2.4)
        with grid("minmax(0, 1fr) 322px"):
            with rv.Html(tag="div", class_="as-card"):
                charts.Intervals(
                    title="Difference to the base", note="point and 95 % interval",
                    rows=DIFFERENCES,
                    unit="points", event_pick=set_picked,
                )  # fmt: skip
            with rv.Html(tag="div", class_="as-card"):
                charts.Tiles(
                    title="Confidence in the guarantee", note="by country, July 2026",
                    tiles=[{"c": c, "k": k, "r": r, "ally": c not in ("RUS", "UKR")} for c, k, r in TILES],
                    names={c: NAMES.get(c, c) for c, _, _ in TILES},
                    values={c: round((k + r) / 18, 2) for c, k, r in TILES},
                    marks=[], unit="", top=1.0, kind="level", selected="", event_pick=set_iso3,
                )  # fmt: skip
        with grid("1fr"):
            rv.Html(tag="output", attributes={"id": "picked"}, children=[f"{picked} {cell} {iso3}"])


def grid(columns: str) -> Any:
    """Return a row of charts; one below the other on a narrow window."""
    style = f"display: grid; gap: 14px; padding: 7px 12px; grid-template-columns: {columns}"
    return rv.Html(tag="div", class_="gallery-row", attributes={"style": style})


def fan(name: str, title: str, turn: int, low: float | None, high: float | None, level: float) -> None:
    """Draw a fan chart in a card."""
    drawn = FANS[name] if turn % 2 == 0 else {key: values[::-1] for key, values in FANS[name].items()}
    with rv.Html(tag="div", class_="as-card", attributes={"data-outcome": name}):
        charts.Fan(
            title=title, note="full confidence = 1", definition="The mean over the allies, weighted by nothing.",
            months=MONTHS, bands=drawn, base=[round(level + 0.001 * at, 3) for at in range(len(MONTHS))],
            own_name="with reset", base_name="without",
            happenings=[{"month": month, "label": label} for month, label, _ in EVENTS if label == "leaders meet"],
            low=low, high=high, digits=2,
        )  # fmt: skip


def endings(shares: list[float]) -> list[dict[str, Any]]:
    """Return the endings as the dots take them."""
    return [{**ending, "share": share} for ending, share in zip(charts.ENDINGS, shares, strict=True)]


def serve(port: int) -> None:
    """Serve this page as the explorer is served."""
    import uvicorn

    from alliance_sim.explorer.server import configure

    configure()
    os.environ["SOLARA_APP"] = "gallery"  # this module: its folder is the first on the path of a script
    from solara.server.starlette import app

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
