"""Report on the evidence behind an actor or a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from alliance_sim.estimation.evidence import Evidence

#: How the heads of tables begin.
HEADS = ("mean [5 %", "pull    where", "level   where")


def evidence_report(found: Evidence, every: bool) -> list[RenderableType]:
    """Return what `evidence` prints: title and heads of tables bold, the notes at the end dim."""
    lines = found.lines(every)
    last = len(lines) - lines[::-1].index("")
    ends = not lines[last].startswith(HEADS)

    def style(place: int) -> str:
        if not place or lines[place].startswith(HEADS):
            return "bold"
        return "dim" if ends and place >= last else ""

    return [Text(line, style(place)) for place, line in enumerate(lines)]
