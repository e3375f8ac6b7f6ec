"""The calibration report: Markdown with figures, made from what the fits and their checks left as JSON."""

from __future__ import annotations

from pathlib import Path

from alliance_sim.estimation.behaviour_sections import behaviour, informed
from alliance_sim.estimation.measurement_sections import measurement
from alliance_sim.estimation.pictures import write_figures
from alliance_sim.estimation.report import read_report
from alliance_sim.estimation.tables import BEHAVIOUR, CHECKS, MEASURE, Report, number, table
from alliance_sim.estimation.targets import FAILED_SHARE, targets

__all__ = ["markdown", "write_markdown"]

_TWO_LOWEST = "HUN and SVK the two lowest Europeans, 2025 (A 4)"
#: Statements about the president, of both eras, and about the gap.
_BELOW = "president below institutions, 2025 (A 2, A 5)"
_GAP = "gap wider in 2025 than in 2018"


def _documents(report: Report) -> list[str]:
    order = report.get("ordering")
    if not order or not report.get("means"):
        return [f"What the documents tell of actors: not run: `{MEASURE}`"]
    threat = {
        name.removeprefix("threat.").removesuffix(".2025"): mean
        for name, (mean, _) in report["means"].items()
        if name.startswith("threat.") and name.endswith(".2025")
    }
    ranked = sorted(threat, key=lambda name: threat[name])
    low, high = (", ".join(f"{name} {number(threat[name])}" for name in part) for part in (ranked[:3], ranked[:-4:-1]))
    lines = [f"Threat perceptions of 2025 are lowest for {low} and highest for {high} (0: none, 1: the greatest)."]
    if _BELOW in order and _GAP in order:
        lines += [
            "Probability that the president stands below the institutions of Washington in 2025: "
            f"{number(order[_BELOW])}; that his gap to Europeans is wider than in 2018: {number(order[_GAP])}."
        ]
    if _TWO_LOWEST in order:
        other = report.get("ordering_without_lean", {}).get(_TWO_LOWEST)
        rest = f"not run: `{CHECKS}`" if other is None else number(other)
        lines += [
            f"Probability that HUN and SVK are the two lowest Europeans: {number(order[_TWO_LOWEST])}; without *lean*, "
            f"our own coding of governments' leanings: {rest}."
        ]
    if external := report.get("left_out_figures"):
        found = ", ".join(f"{name.replace('.', ' ')} {number(each['mean'])}" for name, each in external.items())
        lines += [f"Rank correlation of threat perceptions with public figures, each left out of the fit: {found}."]
    else:
        lines += [f"Figures left out of the fit and predicted: not run: `{CHECKS}`"]
    return lines


def _record(report: Report) -> list[str]:
    parameters = report.get("parameters")
    if not parameters:
        return [f"What the record tells of parameters, and what not: not run: `{BEHAVIOUR}`"]
    known = informed(parameters)
    first = ", ".join(f"`{name}` {number(parameters[name]['shrinkage'])}" for name in known[:5]) or "none"
    return [
        f"The record informs {len(known)} of {len(parameters)} parameters; the most, and how much "
        f"narrower they get: {first}.",
        f"The other {len(parameters) - len(known)} keep their priors: what the model says through them is judgement.",
    ]


def _weak(report: Report) -> list[str]:
    found = report.get("nuisance", {}).get("unexplained")
    if not found:
        lines = [f"Where the model is weak: eps, the share of items that it does not explain: not run: `{BEHAVIOUR}`"]
    else:
        mean, _, low, high = found["posterior"]
        failed = f"above {FAILED_SHARE}, so **the model has failed**"
        verdict = failed if mean > FAILED_SHARE else f"not above {FAILED_SHARE}, from where on it would have failed"
        lines = [
            f"The model does not explain a share eps = {number(mean)} [{number(low)}, {number(high)}] of the items: "
            f"{verdict}."
        ]
    if items := report.get("predictive", {}).get("items"):
        better = "better" if items["with_unexplained"] > items["rates"] else "no better"
        lines += [
            f"Items left out one by one it predicts {better} than rates by forum: log score "
            f"{number(items['with_unexplained'], 1)} with eps, {number(items['without_unexplained'], 1)} without, "
            f"{number(items['rates'], 1)} of rates."
        ]
    else:
        lines += [f"Items left out one by one, against rates by forum: not run: `{BEHAVIOUR}`"]
    return lines


def markdown(measured: Report, fitted: Report) -> str:
    """Return the report as Markdown.

    Parameters
    ----------
    measured, fitted : mapping
        The parts of ``measurement.json`` and ``behaviour.json``; any may be missing.

    Examples
    --------
    >>> markdown({}, {}).splitlines()[0]
    '# Calibration report'
    """
    judged = targets(measured, fitted)
    passed = sum(each.verdict == "passed" for each in judged)
    waiting = sum(each.verdict.startswith("not run") for each in judged)
    answer = [
        *_documents(measured),
        *_record(fitted),
        *_weak(fitted),
        f"Of {len(judged)} targets {passed} are passed, {len(judged) - passed - waiting} missed, {waiting} not run.",
    ]
    lines = [
        "# Calibration report",
        "",
        "Made from `measurement.json` and `behaviour.json` of this folder by the commands that write them. Allies are "
        "named by ISO codes; `USA.leader` is the president, `USA.institutions` the departments and Congress.",
        "",
        *(f"- {line}" for line in answer),
        "",
        "## Targets",
        "",
        *table(["figure", "wanted", "found", "verdict"], judged),
        *measurement(measured),
        *behaviour(fitted),
    ]
    return "\n".join(lines)


def write_markdown(folder: Path) -> None:
    """Write ``README.md`` and ``figures`` of a folder from its ``measurement.json`` and ``behaviour.json``.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_markdown(folder)
    >>> "not run" in (folder / "README.md").read_text(encoding="utf-8")
    True
    """
    measured, fitted = (read_report(folder / f"{name}.json") for name in ("measurement", "behaviour"))
    write_figures(measured, fitted, folder / "figures")
    (folder / "README.md").write_text(markdown(measured, fitted), encoding="utf-8", newline="\n")
