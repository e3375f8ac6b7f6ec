"""The evidence behind an actor's numbers: statements, leanings, figures, and items of the record."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from alliance_sim.calibration.actors import ActorDraws, draws_from
from alliance_sim.calibration.acts import readable
from alliance_sim.calibration.facts import facts, members
from alliance_sim.calibration.leanings import CODERS, LEAN_CLASSES, leanings
from alliance_sim.calibration.posterior import INSTITUTIONS, LEADER, table_of
from alliance_sim.calibration.statements import LEVELED, LEVELS
from alliance_sim.data import Row, table
from alliance_sim.estimation.evidence.parts import Number, Source, Summary, summary, whole
from alliance_sim.estimation.evidence.reports import (
    behaviour,
    column,
    country,
    documents,
    measurement,
    stands_in,
    words,
)
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.distributions import Calibration
from alliance_sim.registry.eras import ERA_TABLE, ERAS, LEADERS, coded_as
from alliance_sim.registry.issues import ISSUES

__all__ = ["ACTORS", "actor_numbers", "actor_sources", "called", "departures", "south_name", "statement", "threat_name"]

#: Who is measured, by era.
ACTORS = {
    name: (LEADER,) if era.leader_only else (LEADER, INSTITUTIONS, *ALLIES[1:]) for name, era in ERA_TABLE.items()
}


def called(actor: str, era: str) -> str:
    """Return what a sentence calls an actor.

    Examples
    --------
    >>> called("HUN", "2025"), called("USA.leader", "2018")
    ('Hungary', 'The president of the United States (2018)')
    """
    if actor == LEADER:
        return f"The president of the United States ({era})"
    return "Congress and the departments of the United States" if actor == INSTITUTIONS else country(actor)


def threat_name(actor: str, era: str) -> str:
    """Return the column of an actor's perceived threat.

    Examples
    --------
    >>> threat_name("HUN", "2025")
    'threat.HUN.2025'
    """
    return f"threat.{actor}.{era}"


def south_name(actor: str, era: str) -> str:
    """Return the column of an actor's southern orientation, which changes between eras for presidents only.

    Examples
    --------
    >>> south_name("HUN", "2025"), south_name("USA.leader", "2025")
    ('south.HUN', 'south.USA.leader.2025')
    """
    return f"south.{actor}" + f".{era}" * (actor == LEADER)


def departures(actor: str, era: str) -> dict[str, Summary]:
    """Return how far an actor is from the curves of issues, where a document says so, as runs draw it.

    Examples
    --------
    >>> sorted(departures("HUN", "2025"))
    ['open_door', 'russia_dialogue', 'ukraine_support']
    """
    found = {}
    for issue in ISSUES:
        # A president departs in his own era only.
        for each in (era,) if actor == LEADER else (era, coded_as(era)):
            values = column("posterior", f"departure.{actor}.{issue}.{each}")
            if values is not None:
                found[issue] = summary(values)
                break
    return found


def _positions(actor: str, era: str, calibration: Calibration) -> dict[str, Summary]:
    """Return the positions of an actor, with the rows of a table in their order as draws."""
    drawn: ActorDraws = draws_from(
        table_of(stands_in(calibration)), era if era in ERAS else coded_as(era), seed=0, draw0=0
    )
    if actor == LEADER:
        values = drawn.leader_position[:, LEADERS.index(era)]
    else:
        values = drawn.institutions_position if actor == INSTITUTIONS else drawn.position[:, ALLY_INDEX[actor]]
    return {issue: summary(values[:, k]) for k, issue in enumerate(ISSUES)}


def actor_numbers(actor: str, era: str) -> list[Number]:
    """Return perceived threat, southern orientation and positions of an actor: before, measured, and fitted.

    Examples
    --------
    >>> numbers = actor_numbers("HUN", "2025")
    >>> numbers[0].name, numbers[-1].name
    ('threat.HUN.2025', 'position.partner_exercises.HUN')
    """
    before, fitted = measurement().get("priors", {}), behaviour().get("actors", {})
    found = []
    for name, label in (
        (threat_name(actor, era), "perceived threat"),
        (south_name(actor, era), "southern orientation"),
    ):
        measured, posterior = column("prior", name), column("posterior", name)
        assert measured is not None and posterior is not None  # every table has them
        found.append(
            Number(
                name, label, "share", whole(before.get(name)), summary(measured), summary(posterior),
                source="calibration/priors/measurement.csv", shrinkage=fitted.get(name, {}).get("shrinkage"),
            )
        )  # fmt: skip
    measured_at, fitted_at = (_positions(actor, era, each) for each in ("prior", "posterior"))
    for issue in ISSUES:
        label = f"position: {issue}"
        name = f"position.{issue}.{actor}"
        found.append(Number(name, label, "share", None, measured_at[issue], fitted_at[issue]))
    return found


def actor_sources(actor: str, era: str) -> list[Source]:
    """Return every row about an actor that counts in an era, and rows about others that pull on its numbers.

    Rows that pull most on its perceived threat come first, background last.

    Examples
    --------
    >>> rows = actor_sources("HUN", "2025")
    >>> rows[0].id, "A-22" in {row.id for row in rows}
    ('lean.HUN.2025', True)
    """
    report = measurement()
    names = (threat_name(actor, era), south_name(actor, era))
    found = [*_statements(actor, era, report), *_leanings(actor, era, report), *_figures(actor, report)]
    known = {each.id for each in found}
    for row, pulled in report.get("pulls", {}).items():
        if row not in known and names[0] in pulled["moves"]:
            found += (replace(each, counts=False) for each in _of_others(row, report))
    found += _causes(actor, era)
    order = {"background": 1, "cause": 1}

    def place(each: Source) -> tuple[int, float]:
        pull = each.pull(names[0])
        return order.get(each.kind, 0), -abs(pull) if pull is not None else (0.0 if each.at_most is None else 1e-9)

    return sorted(found, key=place)


def _pulled(row: str, report: Any) -> dict[str, Any]:
    """Return the pulls of a row as the report has them, refits with the sign of pulls."""
    found = report.get("pulls", {}).get(row)
    refit = {name: -move for name, move in report.get("refits", {}).get(row, {}).items() if "." in name}
    if found is None:
        return {"refit": refit}
    moves = found["moves"]
    smallest = min(map(abs, moves.values())) if moves else None
    return {"pulls": dict(moves), "at_most": smallest, "k": found["k"], "refit": refit}


def _is_about(row: Row, actor: str, era: str) -> bool:
    """Return whether a statement is about an actor in an era; earlier ones may still count, but not for a president."""
    eras = (era,) if actor == LEADER else (era, *ERA_TABLE[era].also_counts)
    groups = members(row["era"])
    return row["era"] in eras and any(
        actor == name or actor in groups.get(name, ()) for name in row["actors"].split(";")
    )


def _statements(actor: str, era: str, report: Any) -> Iterator[Source]:
    eras = (era,) if actor == LEADER else tuple(dict.fromkeys((era, coded_as(era))))
    by_id: dict[str, list[Row]] = {}
    for row in readable():
        if any(_is_about(row, actor, each) for each in eras):
            by_id.setdefault(row["id"], []).append(row)
    for ident, rows in by_id.items():
        yield _statement(ident, rows, report)


def statement(issue: str, eras: Collection[str]) -> Iterator[Source]:
    """Yield the statements about an issue in some eras.

    Examples
    --------
    >>> [row.id for row in statement("ukraine_support", ("2025",))][:2]
    ['A-19', 'A-21']
    """
    report = measurement()
    by_id: dict[str, list[Row]] = {}
    for row in readable():
        if row["issue"] == issue and row["era"] in eras:
            by_id.setdefault(row["id"], []).append(row)
    for ident, rows in by_id.items():
        yield _statement(ident, rows, report)


def _statement(ident: str, rows: list[Row], report: Any) -> Source:
    """Return a statement as both coders read it."""
    first = next((row for row in rows if row["construct"] in LEVELED and row["level"]), rows[0])
    fitted = ident in report.get("pulls", {})
    levels = [row["level"] for row in rows if row["construct"] in LEVELED and row["level"]]
    value = f"{' and '.join(sorted(set(levels)))} of {LEVELS[-1]}" if levels else ""
    about = first["issue"] or first["construct"]
    return Source(
        ident,
        "statement" if fitted or not report.get("pulls") else "background",
        f"{first['actors']}: {words(about)}",
        value,
        first["paraphrase"],
        documents()[first["document"]]["label"],
        first["paragraph"],
        first["era"],
        True,
        first.get("source", documents()[first["document"]]["line"]),
        first.get("confidence", first["certainty"]),
        **_pulled(ident, report),
    )


def _leanings(actor: str, era: str, report: Any) -> Iterator[Source]:
    coded = ALLIES[0] if actor == LEADER else actor
    for row in leanings(CODERS[0]):
        if row["actor"] == coded:
            # A predecessor is another person.
            counts = actor != LEADER or row["era"] == era
            yield replace(_leaning(coded, row["era"], report), counts=counts)


def _leaning(actor: str, era: str, report: Any) -> Source:
    rows = [row for each in CODERS for row in leanings(each) if (row["actor"], row["era"]) == (actor, era)]
    classes = " and ".join(sorted({row["lean"] for row in rows}))
    name = f"lean.{actor}.{era}"
    return Source(
        name,
        "leaning",
        f"{LEADER if actor == ALLIES[0] else actor}: leaning of its government, {era}",
        f"{classes} of {LEAN_CLASSES[-1]}",
        rows[0]["reason"],
        era=era,
        source="coding/lean_a.csv, lean_b.csv",
        confidence="sure" if all(row["sure"] == "yes" for row in rows) else "not sure",
        **_pulled(name, report),
    )


def _figures(actor: str, report: Any) -> Iterator[Source]:
    """Yield the figures about an actor that the measurement model is fitted to, of every era."""
    for kind, eras in (("aid", ("2025",)), ("opinion", ERAS), ("expulsions", ("2018",))):
        for era in eras:
            row = f"{kind}.{actor}.{era}"
            if row in report.get("pulls", {}):
                yield _figure(row, report)


def _figure(ident: str, report: Any) -> Source:
    kind, *parts, era = ident.split(".")
    actor = ".".join(parts)
    iso3 = ALLIES[0] if actor == INSTITUTIONS else actor
    if kind == "aid":
        row = next(each for each in table("facts/ukraine_support") if each["donor"] == iso3)
        value, text = f"{row['total_pct_gdp']} % of GDP", "aid to Ukraine, February 2022 to December 2024"
    elif kind == "opinion":
        year = ERA_TABLE[era].opinion_year
        row = next(each for each in table("facts/public_opinion") if (each["iso3"], each["year"]) == (iso3, year))
        measures = {
            "russia_major_threat": "see a major threat in Russia",
            "russia_unfavourable": "have an unfavourable view of Russia",
        }
        value, text = f"{float(row['pct']):g} %", f"{measures.get(row['measure'], words(row['measure']))}, {year}"
    else:
        row = next(each for each in table("facts/russia_ties") if (each["iso3"], each["era"]) == (iso3, era))
        value, text = row["expulsions"], "Russian diplomats expelled after Salisbury, 2018"
    return Source(
        ident, "figure", f"{actor}: {kind}", value, text, source=row["source"], confidence=row["confidence"],
        **_pulled(ident, report),
    )  # fmt: skip


def _of_others(ident: str, report: Any) -> Iterator[Source]:
    """Yield a row about other actors."""
    kind, *parts = ident.split(".")
    if not parts:
        rows = [row for row in readable() if row["id"] == ident]
        if rows:
            yield _statement(ident, rows, report)
    elif kind == "lean":
        yield _leaning(".".join(parts[:-1]), parts[-1], report)
    else:
        yield _figure(ident, report)


def _causes(actor: str, era: str) -> Iterator[Source]:
    """Yield figures that are no signs of the traits: exposure is a cause, the rest the model is to explain or uses."""
    if actor not in ALLY_INDEX or era not in ERAS:
        return
    figures, place = facts(era), ALLY_INDEX[actor]
    exposure = "exposure to Russia (distance, borders, past): a cause of perceived threat, not a sign of it"
    yield Source(
        f"exposure.{actor}", "cause", f"{actor}: exposure", f"{figures.exposure[place]:.2f}", exposure,
        source="facts/actors.csv",
    )  # fmt: skip
    uses = {
        "ties": ("ties to Russia (gas, trade, leaning)", "facts/russia_ties.csv, coding"),
        "dependence": ("dependence on the United States", "facts/us_presence.csv"),
        "spending0": ("defence spending, % of GDP", "facts/defence_spending.csv"),
    }
    for name, (text, source) in uses.items():
        value = float(np.asarray(getattr(figures, name))[place])
        yield Source(
            f"{name.removesuffix('0')}.{actor}", "background", f"{actor}: {words(name.removesuffix('0'))}",
            f"{value:.2f}", f"{text}: the model starts from it; it is no sign of a trait", source=source,
        )  # fmt: skip
