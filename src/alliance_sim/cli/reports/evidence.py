"""Report on the evidence behind an actor or a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from alliance_sim.cli.terminal import dim

if TYPE_CHECKING:
    from alliance_sim.estimation.evidence import Evidence

#: How the heads of tables begin.
HEADS = ("mean [5 %", "pull    where")


def evidence_report(found: Evidence, every: bool) -> list[RenderableType]:
    """Return what `evidence` prints: title and heads of tables bold, the notes at the end dim."""
    lines = found.lines(every)
    last = len(lines) - lines[::-1].index("")
    return [
        dim(line)
        if place >= last and found.notes
        else Text(line, "bold" if not place or line.startswith(HEADS) else "")
        for place, line in enumerate(lines)
    ]
