"""What the page About shows: scores, documents, scenarios and outcomes, all from data in the package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alliance_sim.data import table
from alliance_sim.estimation.evidence.reports import behaviour, documents
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.labels import ISSUE_LABELS, OUTCOME_GROUPS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.results.report_facts import limits
from alliance_sim.scenarios import list_scenarios, load_scenario
from alliance_sim.validation.hindcast import MIXED, MODEL
from alliance_sim.validation.hindcast_scores import LEVEL, Skill
from alliance_sim.validation.published import published
from alliance_sim.wording import month_in_words

__all__ = ["calibrated", "cited", "claims", "forecasts", "glossary", "not_said", "scenarios", "statements"]

_CITED = re.compile(r"([AB]) (¶\d+(?:-\d+)?(?:, ¶\d+(?:-\d+)?)*)")
_BETTER = {1: "higher", -1: "lower", 0: "neither"}
_SCORES = {
    "rps": "how texts end: ranked probability score",
    "log": "how texts end: logarithmic score",
    "auc, objections": "who objects: area under the curve",
    "auc, broken silence": "who breaks silence: area under the curve",
}
#: Tables of `calibration/facts` with public figures; the others list members of groups.
_FIGURES = (
    "aid_channels budgets_2025 defence_spending eu_institutions public_opinion response_2022 russia_ties "
    "ukraine_support us_presence"
).split()


def calibrated() -> dict[str, Any]:
    """Return on what the numbers of the model rest.

    Returns
    -------
    dict
        ``documents`` (a line about each), and the numbers of ``statements``, of ``figures`` (rows of public figures)
        and of recorded ``decisions``; ``power`` at which the likelihood counts, ``k`` (Pareto k of the fit) and
        ``limits``, sentences on what a reader has to know.

    Examples
    --------
    >>> found = calibrated()
    >>> found["documents"][0], found["statements"], found["decisions"]
    ('A: Foreign Policy, 2025-06 (without a title)', 151, 97)
    """
    fit = behaviour()["fit"]
    return {
        "documents": [each["line"] for each in documents().values() if each["label"] in "AB"],
        "statements": len(table("coding/statements_sheet")),
        "figures": sum(len(table(f"facts/{name}")) for name in _FIGURES),
        "decisions": len(table("consensus_record")),
        "power": fit["power"],
        "k": round(fit["pareto_k"], 2),
        # They end the report of a run, whose events stand above them.
        "limits": [text.replace("the events above", "the events of a scenario") for text in limits()],
    }


def claims() -> dict[str, Any]:
    """Return what came of the claims of the documents: counts of the derived ones, and one row a claim.

    Examples
    --------
    >>> found = claims()
    >>> found["derived"] == found["holds"] + found["undecided"] + found["fails"]
    True
    """
    content = published()["claims"]
    rows = [
        {
            "id": row["id"],
            "kind": row["kind"],
            "source": f"{row['document']} ¶{', ¶'.join(map(str, row['paragraph']))}",
            "text": row["text"],
            "expected": row["expected"],
            "observed": f"{row['observed']:.3f} [{row['interval'][0]:.3f}, {row['interval'][1]:.3f}]",
            "verdict": row["holds"],
        }
        for row in content["rows"]
    ]
    return {**content, "rows": rows}


def forecasts() -> dict[str, Any]:
    """Return the scores of forecasts of the record, beside the best simple forecasts.

    Returns
    -------
    dict
        ``items, years, draws, seed``; ``scores``: ``score, better, model, value, against, other, difference, low, high,
        verdict``; ``spending``: ``model, figures, error, coverage``, and ``level`` of its intervals; ``defeated``:
        items that past rates of the forum forecast better by most; ``passing``: how often texts
        passed that were expected to.

    Examples
    --------
    >>> found = forecasts()
    >>> found["items"], {row["verdict"] for row in found["scores"]} <= {"better", "worse", "not clear"}
    (53, True)
    """
    content = published()["hindcast"]
    classes = [row for row in content["scores"] if row["target"] == "class"]
    items = max(row["n"] for row in classes)
    every = next(row["cases"] for row in classes if row["n"] == items)
    values: dict[tuple[str, str], float] = {}
    for row in content["scores"]:
        if row["cases"] == every and row["target"] != "spending":
            for score in ("rps", "log", "auc"):
                if row[score] is not None:
                    name = f"auc, {row['target']}" if score == "auc" else score
                    values[name, row["model"]] = row[score]
    scores = []
    for each in content["skill"]:
        if each["model"] in (MODEL, MIXED):
            pair = {"value": values[each["score"], each["model"]], "other": values[each["score"], each["baseline"]]}
            numbers = {key: round(value, 3) for key, value in (pair | _numbers(each)).items()}
            row = {"score": _SCORES[each["score"]], "better": each["better"], "model": each["model"]}
            scores.append(row | {"against": each["baseline"], **numbers, "verdict": Skill(**each).verdict})
    spending = [row for row in content["scores"] if row["target"] == "spending"]
    longest = max(row["n"] for row in spending)
    return {
        "items": items,
        "years": every,
        "draws": content["draws"],
        "seed": content["seed"],
        "scores": scores,
        "spending": [
            {
                "model": row["model"],
                "figures": row["n"],
                "error": round(row["crps"], 3),
                "coverage": round(row["coverage"], 2),
            }
            for row in spending
            if row["n"] == longest
        ],
        "level": LEVEL,
        "defeated": content["defeated_by"],
        "passing": [row for row in content["reliability"] if row["model"] in (MODEL, MIXED)],
    }


def _numbers(skill: dict[str, Any]) -> dict[str, float]:
    return {key: skill[key] for key in ("difference", "low", "high")}


def not_said() -> dict[str, list[str]]:
    """Return where the model is known to be wrong, and what it must not be used for.

    Examples
    --------
    >>> {key: len(points) > 2 for key, points in not_said().items()}
    {'wrong': True, 'not_for': True}
    """
    return {key: published()[key] for key in ("wrong", "not_for")}


def cited(source: str) -> Iterator[tuple[str, int]]:
    """Yield the paragraphs of the documents that a source names.

    Examples
    --------
    >>> list(cited("B ¶3, ¶11-12; judgement; A ¶5"))
    [('B', 3), ('B', 11), ('B', 12), ('A', 5)]
    """
    for document, paragraphs in _CITED.findall(source):
        for first, last in re.findall(r"¶(\d+)(?:-(\d+))?", paragraphs):
            yield from ((document, number) for number in range(int(first), int(last or first) + 1))


def statements() -> list[dict[str, Any]]:
    """Return the documents with their statements, in our words, and what each of them feeds.

    Returns
    -------
    list of dict
        ``label, line`` and ``rows``: ``id, paragraph, actors, statement``, ``read_as`` (what the coders took it for: a
        perception, or a position on an issue) and ``parameters`` (those that cite its paragraph).

    Examples
    --------
    >>> [(each["label"], len(each["rows"])) for each in statements()]
    [('A', 51), ('B', 100)]
    """
    feeds: dict[tuple[str, int], list[str]] = {}
    for name, parameter in PARAMETERS.items():
        for place in dict.fromkeys(cited(parameter.source)):
            feeds.setdefault(place, []).append(name)
    read: dict[str, list[str]] = {}
    for row in table("evidence"):
        issue = ISSUE_LABELS[row["issue"]] if row["issue"] in ISSUES else ""
        text = f"{row['construct'].replace('_', ' ')}{f': {issue}' if issue else ''}"
        read.setdefault(row["id"], []).append(text)
    found = []
    for document, about in documents().items():
        rows = [
            {
                "id": row["id"],
                "paragraph": int(row["paragraph"]),
                "actors": row["actors"].replace(";", ", "),
                "statement": row["paraphrase"],
                "read_as": " or ".join(dict.fromkeys(read[row["id"]])),
                "parameters": ", ".join(feeds.get((about["label"], int(row["paragraph"])), [])),
            }
            for row in table("coding/statements_sheet")
            if row["document"] == document
        ]
        if rows:
            found.append({"label": about["label"], "line": about["line"], "rows": rows})
    return found


def scenarios() -> list[dict[str, str]]:
    """Return the bundled scenarios: ``name, title, period, about``; the latest era first.

    Examples
    --------
    >>> next(each["period"] for each in scenarios() if each["name"] == "baseline_2018")
    'January 2018 to December 2020'
    """
    found = [load_scenario(name) for name in list_scenarios()]
    return [
        {
            "name": each.name,
            "title": each.title,
            "period": f"{month_in_words(each.start)} to {month_in_words(each.end)}",
            "about": " ".join(each.description.split()),
        }
        for each in sorted(found, key=lambda each: each.era, reverse=True)
    ]


def glossary() -> list[dict[str, str]]:
    """Return the outcomes: ``label, name, group, definition, unit`` with its range, ``better`` and ``summary``.

    Examples
    --------
    >>> [row["better"] for row in glossary() if row["name"] in ("cohesion", "threat_gap", "criticism")]
    ['higher', 'lower', 'neither']
    """
    return [
        {
            "label": label[:1].upper() + label[1:],
            "name": name,
            "group": OUTCOME_GROUPS[name],
            "definition": OUTCOMES[name].definition,
            "unit": f"{OUTCOMES[name].unit}, {OUTCOMES[name].low:g} to {OUTCOMES[name].high:g}",
            "better": _BETTER[OUTCOMES[name].better],
            "summary": "mean over months" if OUTCOMES[name].summary == "mean" else "last month",
        }
        for name, label in OUTCOME_LABELS.items()
    ]
