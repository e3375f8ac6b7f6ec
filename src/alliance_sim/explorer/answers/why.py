"""What a diagnosis says, as the page Why shows it: a tree of endings and reasons, the texts, and one ally."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alliance_sim.analysis.words import FAILURES, STAGES
from alliance_sim.explorer.answers.countries import country_names
from alliance_sim.explorer.answers.futures import LEAST_RATE
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS
from alliance_sim.wording import percent, percent_cell, points_of

__all__ = ["PARTS", "ally_of", "changes", "leader_rows", "levels", "said", "table", "tree", "weights", "without"]

#: Parts of what an ally bears, and what each is.
PARTS: Mapping[str, str] = {
    "alone": "whoever is for the text",
    "company": "more, not to stand alone against all",
    "patron": "more, not to cross the United States",
    "temper": "more or less, by chance",
    "stake": "held back over another matter",
}
#: Allies below a reason.
_MOST_ALLIES = 6
_PASSING = ("adopted", "diluted")

Found = Mapping[str, Any]


def tree(found: Found) -> list[dict[str, Any]]:
    """Return how a decision ends and why, as nodes of a tree.

    Each has a key, a label, a share, its text, what the bar is coloured as, and the nodes below it; `ally` is the code
    of an ally. Why a text fails is known over all failures, not for each ending.

    Parameters
    ----------
    found : mapping
        As `Diagnosis.json` gives it.

    Examples
    --------
    >>> import alliance_sim as als
    >>> nodes = tree(als.diagnose("baseline_2025", "russia_strategy", draws=20).json())
    >>> [node["label"] for node in nodes], nodes[1]["nodes"][-1]["nodes"][0]["nodes"][0]["ally"]
    (['passes', 'fails'], 'USA')
    """
    ends = {name: share for name, share in found["outcomes"].items() if share > 0.0}
    endings = [_node(name, DECISION_LABELS[name], share, "futures", name) for name, share in ends.items()]
    passing = [node for node in endings if node["key"] in _PASSING]
    failing = [node for node in endings if node["key"] not in _PASSING]
    nodes = [_node("passes", "passes", found["passing"], "futures", "adopted", passing)]
    if failing:
        why = [*failing, {"key": "why", "label": "why it fails", "share": None, "text": "", "kind": "", "ally": ""}]
        why[-1]["nodes"] = [
            _node(name, FAILURES[name], share, "failures", "deferred", _objectors(found, name))
            for name, share in found["failures"].items()
            if share > 0.0
        ]
        nodes.append(_node("fails", "fails", 1.0 - found["passing"], "futures", "withdrawn", why))
    return nodes


def _objectors(found: Found, reason: str) -> list[dict[str, Any]]:
    """Return the allies who object most, below the reasons that are objections."""
    share_of = {"substance": "objects", "dispute": "dispute"}.get(reason)
    if share_of is None:
        return []
    nodes = []
    for each in sorted(found["allies"], key=lambda each: -each[share_of])[:_MOST_ALLIES]:
        label = f"{_capital(ALLY_NAMES[each['ally']])} objects"
        node = _node(f"{reason}/{each['ally']}", label, each[share_of], "futures", "blocked")
        nodes.append({**node, "ally": each["ally"]})
    return [node for node in nodes if node["share"] >= LEAST_RATE]


def _node(
    key: str, label: str, share: float, of: str, kind: str, nodes: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    text = f"{percent_cell(share, '0')} % of {of}"
    return {
        "key": key,
        "label": label,
        "share": round(share, 4),
        "text": text,
        "kind": kind,
        "ally": "",
        "nodes": nodes,
    }


def ally_of(found: Found, chosen: str) -> dict[str, Any] | None:
    """Return the ally looked at: the one chosen, if it has a vote, else the one that objects most; None without allies.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = als.diagnose("baseline_2025", "russia_strategy", draws=20).json()
    >>> ally_of(found, "HUN")["ally"], ally_of(found, "")["ally"]
    ('HUN', 'USA')
    """
    allies: list[dict[str, Any]] = found["allies"]
    return next((each for each in allies if each["ally"] == chosen), allies[0] if allies else None)


def said(ally: Found) -> str:
    """Return how often an ally objects, and how it shows.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = als.diagnose("baseline_2025", "russia_strategy", draws=20).json()
    >>> said(ally_of(found, "USA")).startswith("Objects in ")
    True
    """
    if ally["objects"] == 0.0 and ally["voiced"] == 0.0:
        return "Objects in no future."
    expected = _expected(ally)
    parts = [f"Objects in {percent(ally['objects'])} of futures"]
    parts += [f"in {percent(expected)} it is expected to, and the text is never tabled"] if expected else []
    parts += [f"in {percent(ally['alone'])} nobody else objects"] if ally["alone"] else []
    parts += [f"in {percent(ally['voiced'])} it speaks against the text and lets it pass"] if ally["voiced"] else []
    parts += [f"of the failures it is the least willing in {percent(ally['pivotal'])}"] if ally["pivotal"] else []
    return f"{'; '.join(parts)}."


def _expected(ally: Found) -> float:
    """Return in which share an ally was expected to object, and the text was withdrawn."""
    return float(ally["rounds"].get("0", 0.0))


def weights(ally: Found) -> dict[str, Any] | None:
    """Return what an ally loses by the text and what it bears, in thousandths; None where no text is weighed.

    Means over the futures in which the text fails, if it fails in any.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = weights(als.diagnose("baseline_2025", "russia_strategy", draws=20).json()["allies"][0])
    >>> found["loss"] > found["bears"], [part["name"] for part in found["parts"]]
    (True, ['alone', 'company', 'patron', 'temper', 'stake'])
    """
    means = ally["weights_failed"] or ally["weights"]
    if not means:
        return None
    signed = {name: -means[name] if name == "stake" else means[name] for name in PARTS}
    return {
        "loss": round(1000.0 * means["loss"], 1),
        "bears": round(1000.0 * sum(signed.values()), 1),
        "parts": [
            {"name": name, "label": PARTS[name], "value": round(1000.0 * value, 1)} for name, value in signed.items()
        ],
        "position": round(means["position"], 2),
    }


def without(found: Found, ally: str) -> str:
    """Return what the chance to pass would be without an ally at the table, in a sentence.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = als.diagnose("baseline_2025", "russia_strategy", draws=20).json()
    >>> without(found, "USA").startswith("The text would pass in "), without(found, "ISL")
    (True, 'Not tried: it is not among those that object most.')
    """
    for each in found["without"]:
        if each["ally"] == ally:
            low, high = points_of(each["low"]), points_of(each["high"])
            change = f"{points_of(each['difference'])} points, 95 % interval {low} to {high}"
            return f"The text would pass in {percent(each['passing'])} of futures ({change})."
    return "Not tried: it is not among those that object most."


def changes(found: Found, tried: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return changes that were tried, as `Changes` draws them: shares of the futures in which the text then passes.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = als.diagnose("baseline_2025", "russia_strategy", draws=20).json()
    >>> sorted(changes(found, found["restore"][:1])[0])
    ['high', 'key', 'label', 'low', 'reaches', 'share']
    """
    return [
        {
            "key": f"{each['lever']}:{each['value']}",
            "label": each["label"],
            "share": round(each["passing"], 4),
            "low": round(found["passing"] + each["low"], 4),
            "high": round(found["passing"] + each["high"], 4),
            "reaches": each["reaches"],
        }
        for each in tried
    ]


def leader_rows(found: Found, ally: str) -> list[dict[str, Any]]:
    """Return what was tried of another leader of an ally.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = als.diagnose("baseline_2025", "russia_strategy", draws=20).json()
    >>> leader_rows(found, "USA")[0]["key"].partition(".")[0]
    'president'
    """
    kind = "president." if ally == "USA" else f"government.{ally}"
    return changes(found, [each for each in found["restore"] if each["lever"].startswith(kind)])


def levels(found: Found) -> list[dict[str, Any]]:
    """Return the texts on their way through the procedure: mean level, 5 to 95 %, and in how many futures there is one.

    Examples
    --------
    >>> import alliance_sim as als
    >>> [row["label"] for row in levels(als.diagnose("baseline_2018", draws=20).json())][:2]
    ['asked for', 'first tabled']
    """
    return [
        {
            "label": STAGES[each["stage"]],
            "mean": round(each["mean"], 2),
            "low": round(each["p05"], 2),
            "high": round(each["p95"], 2),
            "share": f"{percent_cell(each['share'], '0')} %",
        }
        for each in found["texts"]
        if each["mean"] is not None
    ]


def table(found: Found) -> list[list[Any]]:
    """Return a row for each ally: its name, shares in percent, and means of what it weighs.

    Examples
    --------
    >>> import alliance_sim as als
    >>> table(als.diagnose("baseline_2025", "russia_strategy", draws=20).json())[0][0]
    'United States'
    """
    rows = []
    for each in found["allies"]:
        means = each["weights_failed"] or each["weights"] or {}
        shares = [each["objects"], _expected(each), each["voiced"], each["alone"], each["pivotal"]]
        parts = [means.get(name) for name in ("loss", *PARTS)]
        rows.append([country_names()[each["ally"]], *(100.0 * share for share in shares), *parts])
    return rows


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
