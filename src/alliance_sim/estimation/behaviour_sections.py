"""Sections of the calibration report on the fit of behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alliance_sim.estimation.report import LEAST_SHIFT, LEAST_SHRINKAGE, is_informed
from alliance_sim.estimation.tables import (
    BEHAVIOUR,
    COVERAGE,
    DISPUTES,
    FOLDS,
    Report,
    missing,
    number,
    picture,
    table,
)
from alliance_sim.estimation.targets import FAILED_SHARE, MOST_AT_EDGE

__all__ = ["behaviour", "informed", "uninformed"]

#: Actors and left-out items that a table shows, and names in a line of moves.
MOST_ROWS, MOST_NAMES = 15, 3
_NUISANCE = {
    "recorded_share": "rho: an item without objections is in the record this often, against a contested one",
    "unexplained": "eps: share of items that the model does not explain",
    "unexplained_objections": "of these, share whose objections follow allies' own rates",
    "spending_sd": "yearly error of spending of an ally, logarithm",
    "spending_common_sd": "yearly error of spending of all, logarithm",
    "spending_persistence": "share of such an error left a year later",
}


def informed(unknowns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the unknowns that the record informs, the most shrunk first.

    Examples
    --------
    >>> informed({"a": {"shrinkage": 0.2, "shift": 0.0}, "b": {"shrinkage": 0.0, "shift": 0.1}})
    ['a']
    """
    found = [name for name, each in unknowns.items() if is_informed(each)]
    return sorted(found, key=lambda name: (-unknowns[name]["shrinkage"], name))


def uninformed(unknowns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the unknowns of which the record tells nothing, by name.

    Examples
    --------
    >>> uninformed({"a": {"shrinkage": 0.2, "shift": 0.0}, "b": {"shrinkage": 0.0, "shift": 0.1}})
    ['b']
    """
    return sorted(name for name, each in unknowns.items() if not is_informed(each))


def _fit(report: Report) -> list[str]:
    lines = ["## Behaviour: what the record tells", ""]
    fit = report.get("fit")
    if not fit:
        return lines + missing(BEHAVIOUR)
    lines += [
        f"{fit['draws']} draws at power {number(fit['power'])} of the likelihood (1: all that the record says), "
        f"Pareto k {number(fit['pareto_k'])}, effective share {number(fit['effective'])} (how much of the draws the "
        f"weights leave), seed {fit['seed']}, {fit['paths']} paths, {fit['repeats']} repeats, "
        f"{number(fit['minutes'], 0)} minutes.",
        "",
        "An emulator, a fast stand-in for the simulator, is trained in rounds; k compares it with the simulator on "
        "draws of its posterior.",
        "",
    ]
    if rounds := fit.get("rounds"):
        rows = [
            [
                i,
                each["runs"],
                each["from"],
                *(number(each[name]) for name in ("validation", "error_sd", "pareto_k", "effective")),
                number(each["r_hat"], 4),
                f"{number(each['ess_bulk'], 0)}, {number(each['ess_tail'], 0)}",
                each["divergences"],
            ]
            for i, each in enumerate(rounds, 1)
        ]
        head = "round,runs,drawn from,validation,sd of error,k,effective,R-hat,ESS (bulk, tail),divergences".split(",")
        lines += [*picture("rounds", "Pareto k by round"), *table(head, rows)]
    if powers := fit.get("powers"):
        rows = [[number(each[name]) for name in ("power", "pareto_k", "effective")] for each in powers]
        lines += table(["power", "k", "effective"], rows)
    return lines


def _interval(each: Sequence[float]) -> str:
    mean, _, low, high = each
    digits = 2 if abs(mean) >= 0.1 else 3
    return f"{number(mean, digits)} [{number(low, digits)}, {number(high, digits)}]"


def _pulls(each: Mapping[str, Any]) -> str:
    pulls: Mapping[str, float] = each.get("pulls", {})
    first = sorted(pulls, key=lambda name: (-abs(pulls[name]), name))[:MOST_NAMES]
    return ", ".join(f"{name} {number(pulls[name], 3)}" for name in first) or "-"


def _rows(unknowns: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> list[list[str]]:
    return [
        [
            f"`{name}`",
            _interval(unknowns[name]["prior"]),
            _interval(unknowns[name]["posterior"]),
            *(number(unknowns[name].get(key)) for key in ("shrinkage", "shift", "edge")),
        ]
        for name in names
    ]


_HEAD = ("unknown", "prior", "posterior", "shrinkage", "shift", "edge")


def _informed(report: Report) -> list[str]:
    lines = ["### Parameters that the record informs", ""]
    found = report.get("parameters")
    if not found:
        return [*lines, *missing(BEHAVIOUR), "### Parameters that it does not", "", *missing(BEHAVIOUR)]
    known, unknown = informed(found), uninformed(found)
    lines += [
        f"{len(known)} of {len(found)}: narrower by {LEAST_SHRINKAGE:.0%} or moved by {LEAST_SHIFT} standard "
        "deviations of the prior (judgement). Mean and 5 to 95 % interval; shrinkage is 1 less the standard deviation "
        "of posterior over prior; shift is in standard deviations of the prior; edge is the mass in the outer 5 % of "
        "the range.",
        "",
        *picture("shrinkage", "Shrinkage by parameter"),
        *table(_HEAD, _rows(found, known)),
    ]
    if any(found[name].get("pulls") for name in known):
        rows = [[f"`{name}`", _pulls(found[name])] for name in known]
        lines += [
            "What moves their means most: the mean of the fit less that without the item or ally.",
            "",
            *table(["parameter", "largest pulls"], rows),
        ]
    lines += ["### Parameters that it does not", "", f"{len(unknown)} of {len(found)} keep their priors:", ""]
    return lines + table(_HEAD, _rows(found, unknown))


def _actors(report: Report) -> list[str]:
    lines = ["### Actors", ""]
    found = report.get("actors")
    if not found:
        return lines + missing(BEHAVIOUR)
    known = informed(found)
    shown = known[:MOST_ROWS]
    return [
        *lines,
        f"The record informs {len(known)} of {len(found)} quantities of actors; the {len(shown)} most shrunk. The "
        "prior is the measurement model.",
        "",
        *table(_HEAD, _rows(found, shown)),
    ]


def _nuisance(report: Report) -> list[str]:
    lines = ["### rho, eps and the errors of spending", ""]
    found = report.get("nuisance")
    if not found:
        return lines + missing(BEHAVIOUR)
    rows = [[_NUISANCE.get(name, name), *row[1:]] for name, row in zip(found, _rows(found, list(found)), strict=True)]
    lines += table(_HEAD, rows)
    share = found.get("unexplained", {}).get("posterior", [0.0])[0]
    if share > FAILED_SHARE:
        lines += [f"**eps is {number(share, 3)}, above {FAILED_SHARE}: the model has failed.**", ""]
    return lines


def _ridges(report: Report) -> list[str]:
    lines = ["### Ridges", ""]
    found = report.get("ridges")
    if found is None:
        return lines + missing(BEHAVIOUR)
    lines += ["Pairs of unknowns that the record cannot tell apart well: their posterior correlation.", ""]
    return lines + table(["one", "other", "correlation"], [[f"`{a}`", f"`{b}`", number(r)] for a, b, r in found])


def _by(found: Mapping[str, float], name: str) -> list[str]:
    """Return a table of shares, eight to a row."""
    keys = sorted(found)
    lines = []
    for i in range(0, len(keys), 8):
        some = keys[i : i + 8]
        lines += table([name, *some], [["share inside", *(number(found[key]) for key in some)]])
    return lines


def _predictive(report: Report) -> list[str]:
    lines = ["### Posterior predictive checks", ""]
    found = report.get("predictive", {})
    if spending := found.get("spending"):
        lines += [f"Yearly spending by ally is inside its 80 % interval in {number(spending['share80'])} of cases.", ""]
        lines += [*_by(spending.get("by_year", {}), "year"), *_by(spending.get("by_ally", {}), "ally")]
    else:
        lines += ["Spending:", "", *missing(BEHAVIOUR)]
    if classes := found.get("classes"):
        rows = [
            [
                each["forum"],
                each["class"],
                number(each["observed"]),
                f"{number(each['low'])} to {number(each['high'])}",
                "yes" if each["low"] <= each["observed"] <= each["high"] else "**no**",
            ]
            for each in classes
        ]
        lines += picture("classes", "Class rates by forum: record and 90 % intervals")
        lines += table(["forum", "class", "record", "90 % interval", "inside"], rows)
    else:
        lines += ["Class rates by forum:", "", *missing(BEHAVIOUR)]
    if items := found.get("items"):
        kinds = ("with_unexplained", "without_unexplained", "rates")
        parts = {"all": items, **items.get("by_forum", {})}
        rows = [[name, each["count"], *(number(each[kind], 1) for kind in kinds)] for name, each in parts.items()]
        lines += [
            f"Sum over {items['count']} items of the logarithm of the probability of how each ended, from fits (and "
            f"rates) that leave it out; higher is better. For {items['unreliable']} items k is above 0.7. Statements, "
            "acts and figures that report an item stay in the measurement of actors when it is left out, and the full "
            "fit counts both.",
            "",
            *table(["items", "count", "the model, with eps", "the model, without eps", "rates by forum"], rows),
        ]
        if worst := items.get("worst"):
            lost = sum(rates - model for _, model, rates in worst)
            rows = [[name, number(model, 1), number(rates, 1)] for name, model, rates in worst]
            lines += [
                f"At these {len(worst)} items the model without eps loses most against rates, {number(lost, 1)} "
                f"together; at the others it gains {number(items['without_unexplained'] - items['rates'] + lost, 1)}.",
                "",
                *table(["item", "the model, without eps", "rates by forum"], rows),
            ]
    else:
        lines += ["Items left out one by one:", "", *missing(BEHAVIOUR)]
    return lines


def _coverage(report: Report) -> list[str]:
    lines = ["### Coverage on synthetic histories", ""]
    found = report.get("coverage")
    if not found:
        return lines + missing(COVERAGE)
    rows = [
        [kind, each["sets"], number(each["level"]), number(each["share"]), each.get("informed", "-")]
        for kind, each in found.items()
    ]
    lines += [
        "Histories simulated from known values, and fitted: how often the interval holds the true value. Draws are "
        "those of the emulator at the stated power, without the weights that the shipped rows have.",
        "",
        *table(["drawn from", "histories", "level", "share inside", "unknowns counted"], rows),
    ]
    for kind in ("prior", "posterior"):
        if kind not in found:
            lines += [f"Around the {kind}:", "", *missing(COVERAGE)]
    if any(each.get("by_unknown") for each in found.values()):
        lines += picture("coverage", "Coverage by unknown")
    return lines


def _largest(moves: Mapping[str, float]) -> str:
    return _pulls({"pulls": moves})


def _left_out(report: Report) -> list[str]:
    lines = ["### Years left out", ""]
    if folds := report.get("folds"):
        rows = [
            [
                name,
                *(number(each.get(key)) for key in ("power", "pareto_k", "effective")),
                _largest(each.get("moves", {})),
            ]
            for name, each in folds.items()
        ]
        lines += [
            "Fits to items, spending, statements, acts, leanings and figures dated to the end of a year. Priors and "
            "equations are those of today, and some know later years. The largest moves of informed parameters from "
            "their priors, in standard deviations of these.",
            "",
            *table(["to the end of", "power", "k", "effective", "largest moves"], rows),
        ]
    else:
        lines += missing(FOLDS)
    lines += ["### Items left out", ""]
    found = report.get("left_out_items")
    if not found:
        return lines + missing(DISPUTES)
    rows = [
        [
            name,
            number(each["k"]),
            number(each["score"]),
            number(each["score_without_dispute"]),
            number(each["score_without_dispute"] - each["score"]),
            _largest(each["moves"]),
        ]
        for name, each in sorted(found.items())
    ]
    error = sum(each["score_without_dispute"] - each["score"] for each in found.values()) / len(found)
    return [
        *lines,
        "An objection of one ally alone starts a dispute, which bears on later states. Here such items are left out "
        "with their disputes, by runs without them. The scores above leave an item out by weights alone and take later "
        f"states as they are: on these items the scores by runs are {number(error)} higher on average.",
        "",
        *table(["without", "k", "log score", "by runs without its dispute", "difference", "largest moves"], rows),
    ]


def _unidentified(report: Report) -> list[str]:
    lines = ["## What is not identified", ""]
    found = report.get("parameters")
    if not found:
        return lines + missing(BEHAVIOUR)
    edges = sorted(name for name, each in found.items() if each["edge"] > MOST_AT_EDGE)
    named = ", ".join(f"`{name}`" for name in uninformed(found)) or "none"
    ridges = ", ".join(f"`{a}` with `{b}` ({number(r)})" for a, b, r in report.get("ridges", []) if abs(r) >= 0.5)
    return [
        *lines,
        f"- Not informed, so that their posterior is their prior: {named}.",
        f"- Only in combination, correlation of 0.5 and more: {ridges or 'none'}.",
        f"- At the edge of their range, with more than {MOST_AT_EDGE:.0%} of their mass in its outer 5 %: "
        f"{', '.join(f'`{name}`' for name in edges) or 'none'}.",
        "- From no record at all: the cost of an open failure, the least share of a text worth adopting and the "
        "chair's error cannot be identified separately, because texts that were never tabled leave no record.",
        "",
    ]


def behaviour(report: Report) -> list[str]:
    """Return the sections on the fit of behaviour, as lines.

    Examples
    --------
    >>> behaviour({})[0]
    '## Behaviour: what the record tells'
    """
    parts = (_fit, _informed, _actors, _nuisance, _ridges, _predictive, _coverage, _left_out, _unidentified)
    return [line for part in parts for line in part(report)]
