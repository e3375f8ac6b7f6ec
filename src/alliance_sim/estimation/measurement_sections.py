"""Sections of the calibration report on the measurement model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alliance_sim.estimation.tables import CHECKS, MEASURE, RANKS, REFITS, Report, missing, number, picture, table

__all__ = ["measurement"]

#: Rows of the data that a table of pulls shows.
MOST_PULLS = 12
_FIGURES = {"expulsions": "expulsions of diplomats", "aid": "support to Ukraine", "opinion": "opinion"}


def _fit(report: Report) -> list[str]:
    lines = ["## Measurement: what documents and figures tell about actors", ""]
    found = report.get("diagnostics")
    if not found:
        return lines + missing(MEASURE)
    names = {"r_hat": "split R-hat (do chains agree: 1)", "ess_bulk": "bulk ESS", "ess_tail": "tail ESS"}
    rows = [[text, number(found[key]["worst"], 4), f"`{found[key]['of']}`"] for key, text in names.items()]
    left_out = ", ".join(found["left_out"]) or "nothing"
    return [
        *lines,
        f"The shipped fit uses {found['readings']} readings of coded statements and acts, {found['leanings']} leanings "
        f"(*lean*, our own coding) and {found['figures']} public figures; it leaves out {left_out}. "
        f"{found['chains']} chains of {found['samples']} draws, {found['divergences']} divergences "
        "(steps at which the sampler went wrong). ESS, the effective sample size, is the number of independent draws "
        "that the draws are worth: bulk for means, tail for the ends of intervals.",
        "",
        *table(["figure", "worst value", "of"], rows),
    ]


def _ordering(report: Report) -> list[str]:
    lines = ["### The order that the documents state", ""]
    found = report.get("ordering")
    if not found:
        return lines + missing(MEASURE)
    other = report.get("ordering_without_lean")
    rows = [[name, number(value, 3), number((other or {}).get(name), 3)] for name, value in found.items()]
    lines += ["Posterior probabilities. A 4 is paragraph 4 of document A (June 2025); B is the document of 2018.", ""]
    lines += table(["statement", "shipped fit", "without lean"], rows)
    return lines if other else [*lines, "without lean:", "", *missing(CHECKS)]


def _external(report: Report) -> list[str]:
    lines = ["### Figures left out in turn and predicted", ""]
    found = report.get("left_out_figures")
    if not found:
        return lines + missing(CHECKS)
    rows = []
    for name, each in found.items():
        kind, era = name.rsplit(".", 1)
        interval = f"{number(each['low'])} to {number(each['high'])}"
        label = f"{_FIGURES.get(kind, kind)}, {era}"
        rows.append([label, number(each["figures"], 0), number(each["mean"]), interval, number(each["of_means"])])
    return [
        *lines,
        "Each kind of figure is left out of the fit; Spearman's rank correlation of its values with the threat "
        "perceptions of that fit (1: the same order), over draws and with their means. "
        "Support to Ukraine runs to the end of 2024.",
        "",
        *table(["figure, era", "actors", "mean", "90 % interval", "of the means"], rows),
    ]


def _ranks(report: Report) -> list[str]:
    lines = ["### Simulation-based calibration", ""]
    found = report.get("ranks")
    if not found or not found.get("quantities"):
        return lines + missing(RANKS)
    quantities: Mapping[str, Any] = found["quantities"]
    rows = [
        [f"`{name}`", number(each["least_p"], 3), number(each["mean"], 3), number(each["spread"], 3)]
        for name, each in quantities.items()
    ]
    return [
        *lines,
        f"{found['sets']} data sets were simulated from the prior and fitted ({found['divergences']} divergences); the "
        "rank of a true value among draws of its posterior is uniform if model and sampler are right. p: of the "
        "worst element, corrected for their number; spread above 1: the posterior is too narrow.",
        "",
        *picture("ranks", "Ranks of true values by quantity"),
        *table(["quantity", "p", "mean rank", "spread"], rows),
    ]


def _moves(found: Mapping[str, Mapping[str, float]], first: str) -> list[str]:
    """Return a table of how watched quantities move; columns are those that all rows have."""
    columns = [name for name in next(iter(found.values())) if all(name in each for each in found.values())]
    rows = [[name, *(number(each[column], 3) for column in columns)] for name, each in found.items()]
    return table([first, *(name.removeprefix("threat.") for name in columns)], rows)


def _sensitivity(report: Report) -> list[str]:
    lines = ["### Prior sensitivity", ""]
    if found := report.get("scale_moves"):
        lines += [
            "Moves of mean threat perceptions, and of the gap between Europeans and the president, when the prior "
            "medians of scales are halved and doubled.",
            "",
            *_moves(found, "scale"),
        ]
    else:
        lines += missing(CHECKS)
    lines += ["### Anchors between eras", ""]
    if found := report.get("anchors"):
        return [*lines, "Moves under other choices of what is held the same in two eras.", "", *_moves(found, "choice")]
    return [*lines, "not run: no stage computes the gap between eras under other choices of anchors yet", ""]


def _rows(report: Report) -> list[str]:
    lines = ["### Rows of great pull", ""]
    found: Mapping[str, Any] = report.get("pulls", {})
    if not found:
        return lines + missing(MEASURE)

    def most(name: str) -> tuple[str, float]:
        moves: Mapping[str, float] = found[name]["moves"]
        return max(moves.items(), key=lambda each: abs(each[1]), default=("-", 0.0))

    chosen = sorted(found, key=lambda name: (-abs(most(name)[1]), name))[:MOST_PULLS]
    rows = [[name, f"`{most(name)[0]}`", number(most(name)[1], 3), number(found[name]["k"])] for name in chosen]
    return [
        *lines,
        f"How much a mean moves with a row of the data: that of the fit less that without the row, by importance "
        f"sampling; the {len(rows)} largest of {len(found)}. Where Pareto k (how heavy the tail of the weights is) "
        f"is above 0.7 this cannot be trusted: {len(report.get('unreliable', []))} rows.",
        "",
        *table(["row", "moves most", "by", "k"], rows),
    ]


def _refits(report: Report) -> list[str]:
    lines = ["### Rows left out, and the fit done again", ""]
    found = report.get("refits")
    if not found:
        return lines + missing(REFITS)
    unreliable = report.get("unreliable", [])
    lines += ["How the means move without the row.", "", *_moves(found, "without")]
    if earlier := [name for name in found if name not in unreliable]:
        lines += [f"Refitted for an earlier fit, and not above 0.7 in the shipped one: {', '.join(earlier)}.", ""]
    if absent := [name for name in unreliable if name not in found]:
        lines += [f"Above 0.7 and not refitted yet (`{REFITS}`): {', '.join(absent)}.", ""]
    return lines


def measurement(report: Report) -> list[str]:
    """Return the sections on the measurement model, as lines.

    Examples
    --------
    >>> measurement({})[0]
    '## Measurement: what documents and figures tell about actors'
    """
    threat = ["### Threat perceptions, 2025", ""]
    if report.get("means"):
        threat += picture("threat", "Threat perceptions of 2025 by actor, with 80 % intervals")
        if not report.get("means_without_lean"):
            threat += ["The same without lean:", "", *missing(CHECKS)]
    else:
        threat += missing(MEASURE)
    parts = (_ordering, _external, _ranks, _sensitivity, _rows, _refits)
    return [*_fit(report), *threat, *(line for part in parts for line in part(report))]
