"""What an ally's numbers rest on, as the page Why shows it: rows with document and paragraph, or public source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alliance_sim.explorer.answers.countries import country_names
from alliance_sim.registry.labels import DECISION_LABELS, ISSUE_LABELS, ISSUE_NAMES
from alliance_sim.wording import month_in_words

if TYPE_CHECKING:
    from alliance_sim.estimation.evidence import Number, Source

__all__ = ["evidence_of"]

#: What statements are about beside allies, where the name alone does not say it.
_GROUPS: Mapping[str, str] = {
    "USA.leader": "the U.S. president",
    "USA.institutions": "U.S. institutions",
    "non_us_allies": "the other allies",
    "former_soviet_or_pact": "members once in the Soviet Union or its pact",
}
#: Statements on an issue.
_MOST_STATEMENTS = 3


def evidence_of(ally: str, issue: str, era: str) -> dict[str, Any]:
    """Return what an ally's perceived threat and position on an issue rest on, the rows that pull most first.

    Parameters
    ----------
    ally, issue, era : str

    Returns
    -------
    dict
        ``numbers``: before any evidence, and as runs draw them; ``groups`` of rows, each with where it stands, of whom
        and about what it is, its class or figure, the paraphrase, its source, and by how much it moves the mean; a
        ``note`` where a group has none.

    Examples
    --------
    >>> found = evidence_of("HUN", "ukraine_support", "2025")
    >>> [group["label"] for group in found["groups"]]
    ['Perceived threat: what moves it most', 'Statements on support for Ukraine']
    >>> found["groups"][1]["rows"][0]["where"]
    'Document A, paragraph 4'
    """
    from alliance_sim.estimation.evidence import evidence

    found = evidence(ally, era)
    groups, shown = list[dict[str, Any]](), set[str]()
    for actor, number, rows in found.pulled():
        whose = {"USA.leader": ", the president", "USA.institutions": ", the institutions"}.get(actor, "")
        label = f"Perceived threat{whose}: what moves it most"
        cells = [_row(each, each.pull(number), each.known(number)) for each in rows]
        groups.append({"label": label, "rows": cells, "note": ""})
        shown |= {each.id for each in rows}
    about = issue.replace("_", " ")
    spoken = [each for each in found.sources if each.kind == "statement" and each.counts]
    on_issue = [each for each in spoken if each.about.endswith(f": {about}")]
    # What names the ally itself comes before what is said of a group.
    on_issue.sort(key=lambda each: not any(actor.startswith(ally) for actor in _actors(each)))
    more = [_row(each, None, True) for each in on_issue if each.id not in shown][:_MOST_STATEMENTS]
    none = "None but those above." if on_issue else "None: the position follows from the perceived threat."
    groups.append({"label": f"Statements on {ISSUE_NAMES[issue]}", "rows": more, "note": "" if more else none})
    numbers = [each for each in found.numbers if each.name.startswith(("threat.", f"position.{issue}."))]
    return {"numbers": [_number(each, issue) for each in numbers], "groups": groups}


def _number(number: Number, issue: str) -> dict[str, str]:
    """Return a number: before any evidence, and as runs draw it."""
    whose = number.label.partition(":")[0] if "USA." in number.name else ""
    label = f"position on {ISSUE_NAMES[issue]}" if number.name.startswith("position.") else "perceived threat"
    before, now = (
        f"{each.mean:.2f} ({each.low:.2f} to {each.high:.2f})" if each else ""
        for each in (number.prior, number.posterior)
    )
    return {"label": f"{whose}: {label}" if whose else label, "before": before, "now": now}


def _row(source: Source, pull: float | None, known: bool) -> dict[str, Any]:
    """Return a row of evidence; of a pull that is not known only that it is not."""
    moved = "" if pull is None else f"moves it by {pull:+z.3f}" if known else "by how much, the draws cannot tell"
    return {
        "id": source.id,
        "where": _where(source),
        "about": _about(source),
        "value": DECISION_LABELS.get(source.value, source.value),
        "text": source.text,
        "source": source.source,
        "moves": moved,
    }


def _where(source: Source) -> str:
    if source.document == "act":
        return f"Act of {month_in_words(source.paragraph)}"
    if source.document:
        return f"Document {source.document}, paragraph {source.paragraph}"
    kinds = {"leaning": f"Leaning of the government, {source.era}", "record": f"Record of decisions, {source.id}"}
    return kinds.get(source.kind, "Public figure")


def _actors(source: Source) -> list[str]:
    return source.about.partition(":")[0].split(";")


def _about(source: Source) -> str:
    """Return of whom and about what a row is, in words."""
    if ":" not in source.about:
        return source.about
    names = {**country_names(), **_GROUPS}
    who = " and ".join(names.get(each, each.replace("_", " ")) for each in _actors(source))
    what = source.about.partition(": ")[2]
    return f"{who[:1].upper()}{who[1:]}: {ISSUE_LABELS.get(what.replace(' ', '_'), what)}"
