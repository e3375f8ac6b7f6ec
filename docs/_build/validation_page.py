"""What `validation.md` has: claims, forecasts of the record, reliability, and the model without its mechanisms."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

from markdown_tables import markdown_table

from alliance_sim.validation.ablation import ablation
from alliance_sim.validation.claims import KINDS, claims, score
from alliance_sim.validation.hindcast import MIXED, MODEL
from alliance_sim.validation.hindcast_scores import RATES, Hindcast, hindcast

__all__ = ["ablation_table", "claims_table", "hindcast_tables", "write_figure"]

#: Scenarios of which the page says what each mechanism moves, and how many mechanisms it lists.
ABLATED, LISTED = ("baseline_2025", "us_russia_reset_2025", "helsinki_2018"), 15
FIGURE = "reliability.svg"


@cache
def _hindcast() -> Hindcast:
    return hindcast()


def claims_table() -> str:
    """Return the score of the derived claims, and all claims with the mechanisms that carry them."""
    found = claims(1000, 1)
    counts = score(found)
    rows = [
        (
            claim.id,
            f"{claim.document} ¶{', ¶'.join(map(str, claim.paragraphs))}",
            claim.text,
            claim.expected,
            f"{claim.observed:.3f} [{claim.interval[0]:.3f}, {claim.interval[1]:.3f}]",
            f"**{claim.holds}**",
            ", ".join(f"`{each.name}`" for each in claim.carried_by[:3]) or "none alone",
        )
        for kind in KINDS
        for claim in found
        if claim.kind == kind
    ]
    kinds = [claim.kind for kind in KINDS for claim in found if claim.kind == kind]
    head = ("kind", "id", "source", "claim", "expected", "observed [interval]", "verdict", "carried by")
    said = (
        f"**Derived claims: {counts['holds']} of {counts['derived']} hold, {counts['undecided']} undecided, "
        f"{counts['fails']} failed.** 1,000 paired draws of each scenario, seed 1."
    )
    return f"{said}\n\n{markdown_table(head, ((kind, *row) for kind, row in zip(kinds, rows, strict=True)))}"


def hindcast_tables() -> str:
    """Return scores of forecasts one item ahead, differences from baselines, reliability, and where it is defeated."""
    found = _hindcast()
    every = next(row.cases for row in found.rows if row.target == "class")
    models = [row for row in found.rows if row.target == "class" and row.cases == every]
    areas = {(row.target, row.model): row.auc for row in found.rows if row.cases == every}
    classes = markdown_table(
        ("model", "items", "ranked probability", "logarithmic", "Brier, passing"),
        ((row.model, str(row.n), *(f"{value:.3f}" for value in (row.rps, row.log, row.brier))) for row in models),
    )
    names = dict.fromkeys(row.model for row in found.rows if row.target == "objections")
    objectors = markdown_table(
        ("model", "who objects", "who breaks silence"),
        ((name, *(f"{areas[target, name]:.3f}" for target in ("objections", "broken silence"))) for name in names),
    )
    skill = markdown_table(
        ("score", "model", "against", "difference", "95 % interval"),
        (
            (each.score, each.model, each.baseline, f"{each.difference:+.3f}", f"{each.low:+.3f} to {each.high:+.3f}")
            for each in found.skill
        ),
    )
    spending = markdown_table(
        ("years", "model", "figures", "CRPS, % of GDP", "80 % intervals hold"),
        (
            (row.cases, row.model, str(row.n), f"{row.crps:.3f}", f"{100 * row.coverage:.0f} %")
            for row in found.rows
            if row.target == "spending"
        ),
    )
    parts = [row for row in found.rows if row.target == "class" and row.cases != every]
    by_part = markdown_table(
        ("part", "model", "items", "ranked probability"),
        ((row.cases, row.model, str(row.n), f"{row.rps:.3f}") for row in parts if row.model in (MODEL, MIXED, RATES)),
    )
    reliability = markdown_table(
        ("model", "expected to pass", "passed", "items"),
        (
            (str(each["model"]), f"{float(str(each['forecast'])):.2f}", f"{float(str(each['passed'])):.2f}", str(each["n"]))
            for each in found.reliability
        ),
    )
    defeated = markdown_table(
        ("item", "month", "text", "ended", "chance by the model", "by rates"),
        (
            (
                *(str(item[key]) for key in ("id", "month", "text", "decision")),
                *(f"{float(str(item[key])):.2f}" for key in ("model", "rates")),
            )
            for item in found.defeated_by
        ),
    )
    holders = (
        f"Of {found.holders['items']:.0f} items to 2023 that one ally alone held up, the model expects that ally first in "
        f"{100 * found.holders['model']:.0f} %; it is the one that objected last on the issue in "
        f"{100 * found.holders['objected last time']:.0f} %."
    )
    return "\n\n".join(
        (
            f"{found.draws:,} runs of each window, seed {found.seed}; intervals are bootstrapped over half-years.",
            "How texts end (lower is better):", classes, "Who objects, area under the curve (higher is better):",
            objectors, "Our models less the best baseline of each score, and less the rates of the forum:", skill,
            "By part of the record:", by_part, "Spending by ally and year:", spending,
            "Reliability (figure below): how often texts passed that were expected to pass so often.", reliability,
            f"![How often texts passed against how often that was expected]({FIGURE})", holders,
            "Items at which the rates of the forum do better by most:", defeated,
        )
    )  # fmt: skip


def ablation_table() -> str:
    """Return what each mechanism moves when it is switched off, the largest first."""
    found = ablation(200, 1, ABLATED)
    largest: dict[str, list[str]] = {}
    size: dict[str, float] = {}
    for effect in found:
        name, change = effect.outcomes[0] if effect.outcomes else ("", 0.0)
        shown = f"{name} {change:+.2f}" if math.isfinite(change) else f"{name} (fixed without it)"
        largest.setdefault(effect.name, []).append(f"{shown}; {100 * effect.flips:.1f} %" if effect.moves else "nothing")
        size[effect.name] = max(size.get(effect.name, 0.0), effect.flips)
    order = sorted(largest, key=lambda name: -size[name])[:LISTED]
    return markdown_table(("strength", *ABLATED), ((f"`{name}`", *largest[name]) for name in order))


def write_figure(docs: Path) -> None:
    """Draw reliability."""
    _hindcast().plot(docs / FIGURE)
