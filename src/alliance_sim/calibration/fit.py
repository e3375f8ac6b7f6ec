"""Priors of threat perception and southern orientation, computed from the evidence and the facts.

Every coded statement about an actor and every public figure is a reading of its trait, with a standard
deviation. The prior mean is the precision-weighted mean of the readings; the prior standard deviation joins
the error of that mean with a floor for what the readings share. Scales and loadings are judgements, in
``priors/scales.csv`` and ``priors/indicators.csv``.

``python -m alliance_sim.calibration.fit`` writes ``priors/actors.csv`` anew.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from alliance_sim.calibration.facts import FACT_YEAR, exposure_of, spending_of
from alliance_sim.calibration.tables import members, number
from alliance_sim.data import Row, data_folder, table
from alliance_sim.registry.actors import ALLIES

__all__ = ["ACTORS", "CONSTRUCTS", "Reading", "bears_on", "main", "prior", "priors_csv", "readings"]

#: What a coded statement can be about.
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
    "2014": (LEADER, INSTITUTIONS, *ALLIES[1:]),
    "2018": (LEADER, INSTITUTIONS, *ALLIES[1:]),
    "2024": (LEADER,),
    "2025": (LEADER, INSTITUTIONS, *ALLIES[1:]),
}
CONSTRUCT_OF = {"threat": "threat_perception", "south": "southern_orientation"}
OPINION_YEAR = {"2018": "2017", "2025": "2022"}


@dataclass(frozen=True)
class Reading:
    """One sign of a trait: its origin, the value in [0, 1] that it suggests, its standard deviation."""

    source: str
    value: float
    sd: float


def bears_on(row: Row, actor: str, era: str) -> bool:
    """Tell whether a row of the evidence speaks of an actor in an era, by name or as a member of a group.

    What allies agreed to in 2024 still counts for them in 2025; presidents speak for their own time only.
    """
    eras = (era,) if actor == LEADER or era != "2025" else ("2024", "2025")
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
            # What a document says of a group is no sign of a member that it names apart.
            if row["document"] in named:
                continue
            sd = math.hypot(sd, scale["group_sd", "group"])
        yield Reading(row["id"], scale["level", row["level"]], sd)


def _figures(actor: str, era: str) -> dict[str, float]:
    """Return the public figures that say something about an actor, by the name of the indicator."""
    iso3 = actor[:3]
    found: dict[str, float] = {}
    southern, mediterranean = (members(era)[group] for group in ("southern_flank", "med9"))
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
        if (row["iso3"], row["year"]) == (iso3, OPINION_YEAR.get(era)):
            found["opinion"] = number(row, "pct")
    for row in table("facts/ukraine_support"):
        if row["donor"] == iso3:
            found["aid"] = number(row, "total_pct_gdp")
    if era in FACT_YEAR and iso3 in spending_of(era):
        found["spending"] = spending_of(era)[iso3]
    return found


def _from_facts(actor: str, era: str, trait: str) -> Iterator[Reading]:
    figures = _figures(actor, era)
    if trait == "threat" and actor in (LEADER, INSTITUTIONS):
        # An ocean away, with worldwide forces: distance, spending and aid say little about how Washington
        # sees Russia. The lean coded is that of the president; the public answers for Congress.
        kept = "lean" if actor == LEADER else "opinion"
        figures = {name: value for name, value in figures.items() if name == kept}
    for row in table("priors/indicators"):
        if (row["era"], row["trait"]) == (era, trait) and row["indicator"] in figures:
            low, high, at_low, at_high = (number(row, name) for name in ("low", "high", "at_low", "at_high"))
            share = min(max((figures[row["indicator"]] - low) / (high - low), 0.0), 1.0)
            yield Reading(row["indicator"], at_low + (at_high - at_low) * share, number(row, "sd"))


def _before_crimea(actor: str, trait: str) -> Reading:
    """Take the prior of 2018 back to the beginning of 2014, of which no document speaks.

    Allies felt less of a threat then. Washington stays as it is: its principals do not answer to Russia in a run, so
    theirs is a level for all its years; president and institutions of 2014 are not told apart.
    """
    scale = _scales()
    washington = actor in (LEADER, INSTITUTIONS)
    mean, sd = prior(readings(INSTITUTIONS if washington else actor, "2018", trait), scale["floor_sd", "floor"])
    if washington or trait == "south":
        return Reading("judgement as in 2018", mean, sd)
    return Reading(
        "judgement back from 2018", mean - scale["before_crimea", "less"], math.hypot(sd, scale["before_crimea", "sd"])
    )


def readings(actor: str, era: str, trait: str) -> tuple[Reading, ...]:
    """Return the readings of a trait, documents first.

    Parameters
    ----------
    actor : str
        ISO code of an ally, "USA.leader" or "USA.institutions".
    era : str
        "2014", "2018", "2024" (the president only) or "2025".
    trait : str
        "threat" or "south".
    """
    if era == "2014":
        return (_before_crimea(actor, trait),)
    return (*_from_documents(actor, era, trait), *_from_facts(actor, era, trait))


def prior(found: tuple[Reading, ...], floor: float) -> tuple[float, float]:
    """Return mean and standard deviation of a prior from at least one reading.

    The mean weighs readings by precision, p = 1/sd**2. The variance is 1/sum(p), enlarged by the Birge ratio
    sum(p*(value - mean)**2)/(n - 1) where the readings disagree by more than their standard deviations allow
    (Birge 1932, The calculation of errors by the method of least squares), plus floor**2.
    """
    precision = [1.0 / reading.sd**2 for reading in found]
    total = sum(precision)
    mean = sum(p * reading.value for p, reading in zip(precision, found, strict=True)) / total
    misfit = sum(p * (reading.value - mean) ** 2 for p, reading in zip(precision, found, strict=True))
    birge = max(misfit / max(len(found) - 1, 1), 1.0)
    return mean, math.sqrt(floor**2 + birge / total)


def priors_csv() -> str:
    """Return the text of ``priors/actors.csv``."""
    floor = _scales()["floor_sd", "floor"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("era", "actor", "threat_mean", "threat_sd", "south_mean", "south_sd", "reason"))
    for era, actors in ACTORS.items():
        for actor in actors:
            cells: list[str] = []
            reasons: list[str] = []
            for trait in CONSTRUCT_OF:
                found = readings(actor, era, trait)
                cells += [f"{value:.3f}" for value in prior(found, floor)]
                reasons.append(f"{trait}: " + ", ".join(f"{reading.source} {reading.value:.2f}" for reading in found))
            writer.writerow((era, actor, *cells, "; ".join(reasons)))
    return out.getvalue()


def main() -> None:
    """Write ``priors/actors.csv`` of the calibration folder in use."""
    (data_folder("calibration") / "priors" / "actors.csv").write_text(priors_csv(), encoding="utf-8")


if __name__ == "__main__":
    main()
