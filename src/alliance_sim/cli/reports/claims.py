"""Report on the claims of the documents."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.reports.mechanisms import MECHANISM_LABELS, effect_left
from alliance_sim.cli.terminal import dim
from alliance_sim.scenarios import list_scenarios
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from alliance_sim.validation.claim_definitions import Part
    from alliance_sim.validation.claim_mechanisms import Mechanism
    from alliance_sim.validation.claims import ClaimResult

#: Colours of verdicts.
VERDICT_STYLES = {"holds": "green", "undecided": "yellow", "fails": "red"}
#: What the kinds of claims are, in the order of the report.
KINDS = {
    "derived": "Derived: no input and no single equation gives them",
    "used": "Used: they served to choose an equation",
    "construction": "By construction: an input, or one sign of one equation, gives them",
}
#: Mechanisms that a claim lists.
MOST_MECHANISMS = 4


def claims_as_json(found: Sequence[ClaimResult], draws: int, seed: int) -> dict[str, Any]:
    """Return what `claims --json` prints."""
    from alliance_sim.validation.claims import score

    return {"draws": draws, "seed": seed, "score": score(found), "claims": [claim.json() for claim in found]}


def claims_report(
    found: Sequence[ClaimResult], draws: int, seed: int, settings: Sequence[str]
) -> Iterator[RenderableType]:
    """Yield what `claims` prints."""
    from alliance_sim.validation.claim_mechanisms import MECHANISM_DRAWS
    from alliance_sim.validation.claims import score

    counts = score(found)
    yield Text(
        f"Derived claims: {counts['holds']} of {counts['derived']} hold, {counts['undecided']} undecided, "
        f"{counts['fails']} failed",
        "bold",
    )
    with_settings = "".join(f", {setting}" for setting in settings)
    yield dim(
        f"{counted(draws, 'paired draw')} of each scenario, seed {seed}{with_settings}; 95 % intervals, of margins 90 %"
    )
    few = min(draws, MECHANISM_DRAWS)
    yield dim(
        "carried by: in brackets, the verdict and what becomes of the effect where the mechanism is switched off "
        f"(with the first {few} draws)"
    )
    for kind, meaning in KINDS.items():
        yield from (Text(), Text(meaning, "bold"))
        for claim in found:
            if claim.kind == kind:
                yield from _claim(claim)
    yield from (Text(), Text.assemble("Next: ", (next_command(found, settings), "bold")))


def _claim(claim: ClaimResult) -> Iterator[RenderableType]:
    from alliance_sim.validation.claim_definitions import definitions

    paragraphs = ", ".join(f"¶{number}" for number in claim.paragraphs)
    yield Text()
    yield Text.assemble(
        (claim.id, "bold"), " ", (claim.holds, VERDICT_STYLES[claim.holds]),
        (f"  {claim.document} {paragraphs}, {claim.basis}", "dim"),
    )  # fmt: skip
    lines: list[RenderableType] = [Text(claim.text), _parts(claim)]
    if not claim.carried_by and definitions()[claim.id].carried_by is None:
        lines.append(Text(f"carried by no single mechanism: {definitions()[claim.id].carried_reason}", "dim"))
    for what, mechanisms in (("carried by", claim.carried_by), ("held back by", claim.held_back_by)):
        if mechanisms:
            more = len(mechanisms) - MOST_MECHANISMS
            names = ", ".join(map(_mechanism, mechanisms[:MOST_MECHANISMS])) + (f" and {more} more" if more > 0 else "")
            lines.append(Text.assemble(f"{what} ", (names, "cyan")))
    yield from (Padding(line, (0, 0, 0, 2)) for line in lines)


def _parts(claim: ClaimResult) -> Table:
    """Return what is compared: expected, observed, interval; verdicts of parts that do not count are in brackets."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for place in range(5):
        table.add_column(no_wrap=place > 1, justify="right" if place == 2 else "left")
    for part in claim.parts:
        verdict = part.holds if part.tested else f"({part.holds})"
        observed = "not known" if math.isnan(part.observed) else f"{part.observed:z.3f}"
        interval = dim(f"[{part.low:z.3f}, {part.high:z.3f}]")
        style = VERDICT_STYLES[part.holds] if part.tested else "dim"
        table.add_row(f"- {part.text}", dim(part.expected), observed, interval, Text(verdict, style))
    return table


def _mechanism(mechanism: Mechanism) -> str:
    left = "" if mechanism.effect_left is None else f", {effect_left(mechanism.effect_left)}"
    return f"{MECHANISM_LABELS[mechanism.name]} ({mechanism.holds}{left})"


def next_command(found: Sequence[ClaimResult], settings: Sequence[str]) -> str:
    """Return the command that shows why the derived claim of the worst verdict came to it, in bundled scenarios."""
    from alliance_sim.validation.claim_definitions import definitions
    from alliance_sim.validation.claim_measures import VERDICTS

    bundled = list_scenarios()
    parts = [
        (VERDICTS.index(result.holds), part)
        for claim in found
        if claim.kind == "derived"
        for part, result in zip(definitions()[claim.id].parts, claim.parts, strict=True)
        if part.tested and set(part.runs) <= set(bundled)
    ]
    commands = (_command(part) for _, part in sorted(parts, key=lambda each: each[0]))
    return " ".join(("alliance-sim", next(filter(None, commands)), *(f"--set {setting}" for setting in settings)))


def _command(part: Part) -> str | None:
    """Return the command that shows what a part compares, or why its text fails; None if there is none."""
    if part.base is not None:
        return f"compare {part.base} {part.other}"
    if part.quantity.of != "decision":
        return None
    return f"diagnose {part.other} --issue {part.quantity.issue or _least_passed(part)}"


def _least_passed(part: Part) -> str:
    """Return the issue of a part's meeting whose text passes least often."""
    from alliance_sim.simulation import simulate

    board = simulate(part.other, 200, keep="final").decisions()
    items = board[board["meeting"] == part.quantity.meeting].set_index("issue")
    return str((items["adopted"] + items["diluted"]).idxmin())
