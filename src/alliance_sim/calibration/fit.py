"""Priors of threat perception and southern orientation, computed from the evidence and the facts.

Every coded statement about an actor and every public figure is a reading of its trait, with a standard
deviation. The prior mean is the precision-weighted mean of the readings; the prior standard deviation adds to
the error of that mean an error that all readings share, in quadrature. Scales and loadings are judgements, in
``priors/scales.csv`` and ``priors/indicators.csv``.

``python -m alliance_sim.calibration.fit`` writes ``priors/actors.csv``.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from alliance_sim.calibration.facts import exposure_of, members, spending_of
from alliance_sim.data import Row, data_folder, number, table
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERA_TABLE

__all__ = ["ACTORS", "CONSTRUCTS"]

#: Subjects of coded statements.
CONSTRUCTS = (
    "threat_perception",
    "position",
    "southern_orientation",
    "russia_ties",
    "us_guarantee",
    "domestic_politics",
    "capability",
    "consensus",
    "conduct",
)

LEADER, INSTITUTIONS = "USA.leader", "USA.institutions"
#: Who has a prior, by era.
ACTORS = {
    name: (LEADER,) if era.leader_only else (LEADER, INSTITUTIONS, *ALLIES[1:]) for name, era in ERA_TABLE.items()
}
CONSTRUCT_OF = {"threat": "threat_perception", "south": "southern_orientation"}


@dataclass(frozen=True)
class Reading:
    """One measurement of a trait: its origin, the value in [0, 1] that it suggests, its standard deviation."""

    source: str
    value: float
    sd: float


def bears_on(row: Row, actor: str, era: str) -> bool:
    """Return whether a row of the evidence is about an actor in an era, by name or as a member of a group.

    Statements of an earlier era may still count (column `also_counts` of ``eras.csv``), but never for a president.
    """
    eras = (era,) if actor == LEADER else (era, *ERA_TABLE[era].also_counts)
    groups = members(row["era"])
    return row["era"] in eras and any(
        actor == name or actor in groups.get(name, ()) for name in row["actors"].split(";")
    )


@cache
def _scales() -> dict[tuple[str, str], float]:
    return {(row["scale"], row["name"]): number(row, "value") for row in table("priors/scales")}


def _from_documents(actor: str, era: str, trait: str) -> Iterator[Reading]:
    scale = _scales()
    rows = [
        row
        for row in table("evidence")
        if row["construct"] == CONSTRUCT_OF[trait] and row["level"] and bears_on(row, actor, era)
    ]
    named = {row["document"] for row in rows if actor in row["actors"].split(";")}
    for row in rows:
        sd = scale["certainty_sd", row["certainty"]]
        if actor not in row["actors"].split(";"):
            # A statement that names the actor replaces what the same document says about its groups.
            if row["document"] in named:
                continue
            sd = math.hypot(sd, scale["group_sd", "group"])
        yield Reading(row["id"], scale["level", row["level"]], sd)


def _figures(actor: str, era: str) -> dict[str, float]:
    """Return the public figures about an actor, by the name of the indicator."""
    iso3 = actor[:3]
    found: dict[str, float] = {}
    southern, mediterranean = (members(era).get(group, ()) for group in ("southern_flank", "med9"))
    found["geography"] = 1.0 if iso3 in southern else 0.6 if iso3 in mediterranean else 0.0
    for row in table("facts/actors"):
        if row["iso3"] == iso3:
            found["exposure"] = exposure_of(row)
    for row in table("facts/russia_ties"):
        if (row["iso3"], row["era"]) == (iso3, era):
            found["lean"] = _scales()["lean", row["lean"]]
            if row["expulsions"]:
                found["expulsions"] = number(row, "expulsions")
    for row in table("facts/public_opinion"):
        if (row["iso3"], row["year"]) == (iso3, ERA_TABLE[era].opinion_year):
            found["opinion"] = number(row, "pct")
    for row in table("facts/ukraine_support"):
        if row["donor"] == iso3:
            found["aid"] = number(row, "total_pct_gdp")
    if iso3 in spending_of(era):
        found["spending"] = spending_of(era)[iso3]
    return found


def _from_facts(actor: str, era: str, trait: str) -> Iterator[Reading]:
    figures = _figures(actor, era)
    if trait == "threat" and actor in (LEADER, INSTITUTIONS):
        # Distance, spending and aid say little about how Washington, far away and with worldwide forces, sees
        # Russia. The coded lean is the president's; public opinion stands for Congress.
        kept = "lean" if actor == LEADER else "opinion"
        figures = {name: value for name, value in figures.items() if name == kept}
    for row in table("priors/indicators"):
        if (row["era"], row["trait"]) == (era, trait) and row["indicator"] in figures:
            low, high, at_low, at_high = (number(row, name) for name in ("low", "high", "at_low", "at_high"))
            share = min(max((figures[row["indicator"]] - low) / (high - low), 0.0), 1.0)
            yield Reading(row["indicator"], at_low + (at_high - at_low) * share, number(row, "sd"))


def _from_another_era(actor: str, era: str, trait: str) -> Iterator[Reading]:
    """Derive a reading from the era whose coding stands in.

    Allies feel more or less of a threat then (``threat_shift`` of ``priors/scales.csv``). Washington does not: its
    principals do not react to Russia in a run, so their level holds for all its years. Both its president and its
    institutions are taken to be the institutions of the other era.
    """
    scale, coded = _scales(), ERA_TABLE[era].coded_as
    if coded == era:
        return
    washington = actor in (LEADER, INSTITUTIONS)
    mean, sd = prior(readings(INSTITUTIONS if washington else actor, coded, trait), scale["shared_sd", "prior"])
    if washington or trait != "threat":
        yield Reading(f"judgement as in {coded}", mean, sd)
    else:
        shift, more = scale.get(("threat_shift", era), 0.0), scale.get(("threat_shift_sd", era), 0.0)
        yield Reading(f"judgement shifted from {coded}", mean + shift, math.hypot(sd, more))


def readings(actor: str, era: str, trait: str) -> tuple[Reading, ...]:
    """Return the readings of a trait, documents first.

    In an era coded as another, the prior of the other era is a reading as well; a president's is only used if he has
    none of his own.

    Parameters
    ----------
    actor : str
        ISO code of an ally, "USA.leader" or "USA.institutions".
    era : str
        One in which the actor has a prior (`ACTORS`).
    trait : str
        "threat" or "south".

    Raises
    ------
    InputError
        If there is none, and no other era stands in.
    """
    found = (*_from_documents(actor, era, trait), *_from_facts(actor, era, trait))
    if actor != LEADER or not found:
        found = (*found, *_from_another_era(actor, era, trait))
    if not found:
        raise InputError(f"priors/indicators.csv: no reading of {trait} of {shown(actor)} in {shown(era)}")
    return found


def prior(found: tuple[Reading, ...], shared_sd: float) -> tuple[float, float]:
    """Return mean and standard deviation of a prior from at least one reading.

    The mean weighs readings by precision, p = 1/sd**2. The variance is 1/sum(p), enlarged by the Birge ratio
    sum(p*(value - mean)**2)/(n - 1) where the readings disagree by more than their standard deviations allow
    (Birge 1932, The calculation of errors by the method of least squares), plus shared_sd**2.
    """
    precision = [1.0 / reading.sd**2 for reading in found]
    total = sum(precision)
    mean = sum(p * reading.value for p, reading in zip(precision, found, strict=True)) / total
    misfit = sum(p * (reading.value - mean) ** 2 for p, reading in zip(precision, found, strict=True))
    birge = max(misfit / max(len(found) - 1, 1), 1.0)
    return mean, math.sqrt(shared_sd**2 + birge / total)


def priors_csv() -> str:
    """Return the text of ``priors/actors.csv``."""
    shared_sd = _scales()["shared_sd", "prior"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("era", "actor", "threat_mean", "threat_sd", "south_mean", "south_sd", "reason"))
    for era, actors in ACTORS.items():
        for actor in actors:
            cells: list[str] = []
            reasons: list[str] = []
            for trait in CONSTRUCT_OF:
                found = readings(actor, era, trait)
                cells += [f"{value:.3f}" for value in prior(found, shared_sd)]
                reasons.append(f"{trait}: " + ", ".join(f"{reading.source} {reading.value:.2f}" for reading in found))
            writer.writerow((era, actor, *cells, "; ".join(reasons)))
    return out.getvalue()


def main() -> None:
    """Write ``priors/actors.csv`` of the calibration folder in use."""
    (data_folder("calibration") / "priors" / "actors.csv").write_text(priors_csv(), encoding="utf-8")


if __name__ == "__main__":
    main()
