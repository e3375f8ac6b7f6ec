"""What `validation.md` has: claims, forecasts of the record, reliability, and the model without its mechanisms."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

from markdown_tables import markdown_table

from alliance_sim.validation.ablation import ablation
from alliance_sim.validation.claims import KINDS, ClaimResult, claims, score
from alliance_sim.validation.hindcast import MIXED, MODEL
from alliance_sim.validation.hindcast_scores import RATES, Hindcast, hindcast
from alliance_sim.validation.published import PUBLISHED

__all__ = ["ablation_table", "as_text", "claims_table", "hindcast_tables", "points", "scores", "write_files"]

#: Scenarios of which the page says what each mechanism moves, and how many mechanisms it lists.
ABLATED, LISTED = ("baseline_2025", "us_russia_reset_2025", "helsinki_2018"), 15
FIGURE = "reliability.svg"
#: Draws and seed of the claims.
DRAWS, SEED = 1000, 1
#: Sections of the page whose points the explorer shows, too, by their key in the published scores.
SHOWN = {"wrong": "Where the model is wrong", "not_for": "What it must not be used for"}


@cache
def _hindcast() -> Hindcast:
    return hindcast()


@cache
def _claims() -> list[ClaimResult]:
    return claims(DRAWS, SEED)


def claims_table() -> str:
    """Return the score of the derived claims, and all claims with the mechanisms that carry them."""
    found = _claims()
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
        f"{counts['fails']} failed.** {DRAWS:,} paired draws of each scenario, seed {SEED}."
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
            (
                str(each["model"]),
                f"{float(str(each['forecast'])):.2f}",
                f"{float(str(each['passed'])):.2f}",
                str(each["n"]),
            )
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
        largest.setdefault(effect.name, []).append(
            f"{shown}; {100 * effect.flips:.1f} %" if effect.moves else "nothing"
        )
        size[effect.name] = max(size.get(effect.name, 0.0), effect.flips)
    order = sorted(largest, key=lambda name: -size[name])[:LISTED]
    return markdown_table(("strength", *ABLATED), ((f"`{name}`", *largest[name]) for name in order))


def scores(page: str) -> dict[str, Any]:
    """Return the scores of the page as data, and the points of its sections that are written by hand."""
    rows = [claim.json() | {"carried_by": [each.name for each in claim.carried_by]} for claim in _claims()]
    keys = ("id", "kind", "document", "paragraph", "text", "expected", "observed", "interval", "holds", "carried_by")
    return {
        "claims": {
            "draws": DRAWS,
            "seed": SEED,
            **score(_claims()),
            "rows": [{key: row[key] for key in keys} for row in rows],
        },
        "hindcast": _hindcast().json(),
        **{key: points(page, title) for key, title in SHOWN.items()},
    }


def points(page: str, title: str) -> list[str]:
    """Return the points of a section, each on one line and without marks."""
    section = page.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [" ".join(point.replace("**", "").split()) for point in re.split(r"^- ", section, flags=re.MULTILINE)[1:]]


def as_text(content: dict[str, Any]) -> str:
    """Return the file of published scores."""
    return json.dumps(_rounded(content), indent=1, ensure_ascii=False) + "\n"


def write_files(docs: Path) -> None:
    """Draw reliability, and write the scores into the package."""
    _hindcast().plot(docs / FIGURE)
    page = (docs / "validation.md").read_text(encoding="utf-8")
    PUBLISHED.write_text(as_text(scores(page)), encoding="utf-8")


def _rounded(value: Any) -> Any:
    """Return the same with numbers of six decimals, so that machines agree on them."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value
