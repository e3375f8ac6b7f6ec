"""Public figures about each ally at the start of an era."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from alliance_sim.calibration.leanings import mean_lean
from alliance_sim.data import Row, find_row, number, table
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX, USA
from alliance_sim.registry.eras import ERA_TABLE, ERAS, coded_as
from alliance_sim.registry.fields import month_number

__all__ = ["NEVER", "ActorFacts", "aid_by_kind", "facts", "neutral_standing"]

Scalar = TypeVar("Scalar", bound=np.generic)

#: A month that no simulation reaches.
NEVER = 10**6

#: February 2022 to December 2024, the span of the aid figures, in years.
AID_YEARS = 35 / 12

# Judgements: the weights of the parts of a composite index. Each line adds up to one.
EXPOSURE_DISTANCE, EXPOSURE_BORDER, EXPOSURE_PAST = 0.50, 0.35, 0.15
DEPENDENCE_TROOPS, DEPENDENCE_SPENDING, DEPENDENCE_TRADE = 0.40, 0.40, 0.20
TIES_GAS, TIES_TRADE, TIES_LEAN = 0.20, 0.20, 0.60

#: Exponent of standing at the centre of its prior.
_STANDING_EXPONENT = 0.4

# Judgements: the values from which on a part counts in full.
NEAR_KM, FAR_KM = 800.0, 3500.0
TROOPS_PER_MILLION = 450.0
TRADE_SURPLUS = 0.04
TRADE_SHARE = 10.0


@dataclass(frozen=True)
class ActorFacts:
    """Figures at the start of an era; N allies in the order of `ALLIES`. No entry is missing.

    Attributes
    ----------
    gdp : (N,) array
        Billion U.S. dollars of the era, at market rates.
    population : (N,) array
        Millions.
    spending0 : (N,) array
        Defence spending, % of GDP; Iceland, which reports none, is 0.
    budget0, growth0, announced : (N,) arrays
        Budget of the year in which the era starts, % of GDP: as announced by then (``facts/budgets_2025``), else
        `spending0`; what it adds to the year before; and how far a target announced by then lies beyond it.
    aid0 : (N,) array
        Bilateral allocations to Ukraine, 2022-2024, % of GDP a year; zero for an ally that the source
        does not track. The column `aid_need` of ``eras.csv`` scales it at the start of an era.
    us_share : (3,) array
        Share of the United States in the military, economic and intelligence support of Ukraine, in [0, 1];
        one set for all eras, measured over 2022-2024 (intelligence: judgement).
    eu_share : float
        Share of institutions of the European Union in the economic support of Ukraine, 2022-2024, in [0, 1].
    dependence : (N,) array
        On the United States, in [0, 1]: its troops by head, spending below its share of GDP, trade surplus
        with it over GDP (zero where not known); the United States is 0.
    exposure : (N,) array
        To Russia, in [0, 1]: distance to Moscow, borders, membership of the Soviet Union or the Warsaw Pact
        (document A, paragraph 4).
    ties : (N,) array
        To Russia, in [0, 1]: gas, trade, lean of the government; gas and trade are zero where not known. For
        the United States only trade and gas count, since its principals are measured separately.
    affinity : (N, N) array
        Symmetric, non-negative, zero diagonal: one for any two allies plus a weight for each shared grouping.
    accession, eu_join, eu_leave : (N,) int64 arrays
        Months since January 1970 (negative before): first month as an ally, first month in the EU, first
        month after leaving it; `NEVER` where it does not happen.
    g7 : (N,) bool array
    tile_col, tile_row : (N,) int64 arrays
        Place on the tile map, row 0 in the north.
    other_tiles : mapping
        Column and row of RUS and UKR.

    Examples
    --------
    >>> from alliance_sim import calibration
    >>> from alliance_sim.registry.actors import ALLY_INDEX
    >>> figures = calibration.facts("2025")
    >>> figures.gdp.shape, figures.affinity.shape
    ((32,), (32, 32))
    >>> bool(figures.g7[ALLY_INDEX["ITA"]]), bool(figures.g7[ALLY_INDEX["POL"]])
    (True, False)
    """

    gdp: NDArray[np.float64]
    population: NDArray[np.float64]
    spending0: NDArray[np.float64]
    budget0: NDArray[np.float64]
    growth0: NDArray[np.float64]
    announced: NDArray[np.float64]
    aid0: NDArray[np.float64]
    us_share: NDArray[np.float64]
    eu_share: float
    dependence: NDArray[np.float64]
    exposure: NDArray[np.float64]
    ties: NDArray[np.float64]
    affinity: NDArray[np.float64]
    accession: NDArray[np.int64]
    eu_join: NDArray[np.int64]
    eu_leave: NDArray[np.int64]
    g7: NDArray[np.bool_]
    tile_col: NDArray[np.int64]
    tile_row: NDArray[np.int64]
    other_tiles: Mapping[str, tuple[int, int]]


def check_era(era: str) -> None:
    """Refuse an unknown era.

    Raises
    ------
    InputError
        If `era` is not one of `ERAS`.
    """
    if era not in ERAS:
        raise InputError(f"era: {shown(era)} is not one of {', '.join(ERAS)}{nearest(era, ERAS)}")


@cache
def members(era: str) -> Mapping[str, frozenset[str]]:
    """Return the groupings of an era, or of the era it is coded as: name to the ISO codes of its members."""
    found: dict[str, set[str]] = {}
    for row in table("facts/groupings"):
        if era in row["eras"].split(";"):
            found.setdefault(row["group"], set()).add(row["iso3"])
    if not found and coded_as(era) != era:
        return members(coded_as(era))
    return MappingProxyType({group: frozenset(codes) for group, codes in found.items()})


def _share(value: float, full: float) -> float:
    """Return `value` over `full`, held in [0, 1]."""
    return min(max(value / full, 0.0), 1.0)


def exposure_of(row: Row) -> float:
    """Return the exposure to Russia, in [0, 1], of a row of ``facts/actors``."""
    distance = _share(FAR_KM - number(row, "distance_moscow_km", None), FAR_KM - NEAR_KM)
    neighbours = number(row, "borders_belarus") + number(row, "borders_ukraine")
    border = 1.0 if number(row, "borders_russia") else 0.5 if neighbours else 0.0
    past = {"soviet": 1.0, "pact": 0.5, "": 0.0}[row["past"]]
    return EXPOSURE_DISTANCE * distance + EXPOSURE_BORDER * border + EXPOSURE_PAST * past


def spending_of(era: str) -> dict[str, float]:
    """Return defence spending, % of GDP, by ISO code at the start of an era; empty where nothing starts."""
    rows = table("facts/defence_spending")
    return {row["iso3"]: number(row, "pct_gdp") for row in rows if row["year"] == ERA_TABLE[era].fact_year}


def _budgets(
    era: str, spending0: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the budget of the year, its growth, and the rise that targets announce."""
    levels, targets = _announced(era, "level"), _announced(era, "target")
    budget = np.array([levels.get(iso3, spending0[i]) for i, iso3 in enumerate(ALLIES)])
    target = np.array([targets.get(iso3, 0.0) for iso3 in ALLIES])
    return _frozen(budget), _frozen(budget - spending0), _frozen(np.maximum(target - budget, 0.0))


def _announced(era: str, quantity: str) -> dict[str, float]:
    """Return budgets (``level``) of the year an era starts in, or targets, as last announced; only 2025 has any."""
    if era != "2025":
        return {}
    rows = [row for row in table("facts/budgets_2025") if row["quantity"].startswith(quantity)]
    return {row["iso3"]: number(row, "pct_gdp", None) for row in sorted(rows, key=lambda row: row["announced"])}


def _dependence(presence: Row, population: float, gdp: float, spending: float, us_spending: float) -> float:
    troops = number(presence, "troops_assigned") + number(presence, "troops_rotational")
    return (
        # The square root: the first troops stationed count more than later ones.
        DEPENDENCE_TROOPS * math.sqrt(_share(troops / population, TROOPS_PER_MILLION))
        + DEPENDENCE_SPENDING * _share(us_spending - spending, us_spending)
        + DEPENDENCE_TRADE * _share(number(presence, "goods_surplus_with_us_usd_bn") / gdp, TRADE_SURPLUS)
    )


def _ties(row: Row, own_lean: bool) -> float:
    lean = (5.0 - mean_lean(row["iso3"], row["era"])) / 4.0 if own_lean else 0.0
    return (
        TIES_GAS * _share(number(row, "gas_import_share_pct"), 100.0)
        + TIES_TRADE * _share(number(row, "goods_trade_share_pct"), TRADE_SHARE)
        + TIES_LEAN * lean
    )


def _affinity(era: str) -> NDArray[np.float64]:
    weight: dict[str, float] = {}
    inside: dict[str, list[int]] = {}
    for row in table("facts/groupings"):
        if era in row["eras"].split(";"):
            weight[row["group"]] = number(row, "affinity")
            inside.setdefault(row["group"], []).append(ALLY_INDEX[row["iso3"]])
    affinity = np.ones((len(ALLIES), len(ALLIES)))
    for group, found in inside.items():
        affinity[np.ix_(found, found)] += weight[group]
    np.fill_diagonal(affinity, 0.0)
    return np.maximum(affinity, 0.0)


@cache
def facts(era: str) -> ActorFacts:
    """Return the figures at the start of an era.

    Parameters
    ----------
    era : str
        One of `ERAS`. One that is coded as another has only spending of its own; all other figures are
        taken from that era.

    Returns
    -------
    ActorFacts
        Cached; its arrays are read-only.

    Raises
    ------
    InputError
        If the era is unknown, or a table has no row for an ally.

    Examples
    --------
    >>> from alliance_sim.registry.fields import month_name
    >>> month_name(int(facts("2025").accession[ALLY_INDEX["FIN"]]))
    '2023-04'
    """
    check_era(era)
    spending = spending_of(era)
    spending0 = _frozen(np.array([spending.get(iso3, 0.0) for iso3 in ALLIES]))
    if (coded := coded_as(era)) != era:
        budget0, growth0, announced = _budgets(era, spending0)
        figures = facts(coded)
        return replace(figures, spending0=spending0, budget0=budget0, growth0=growth0, announced=announced)
    year = ERA_TABLE[era].fact_year
    actors = {row["iso3"]: row for row in table("facts/actors")}
    aid = {row["donor"]: number(row, "total_pct_gdp") / AID_YEARS for row in table("facts/ukraine_support")}

    def floats(values: list[float]) -> NDArray[np.float64]:
        return _frozen(np.array(values, dtype=np.float64))

    def integers(values: list[int]) -> NDArray[np.int64]:
        return _frozen(np.array(values, dtype=np.int64))

    def months(column: str) -> NDArray[np.int64]:
        dates = [actors[iso3][column] for iso3 in ALLIES]
        return integers([month_number(date) if date else NEVER for date in dates])

    def known(column: str) -> list[float]:
        return [number(actors[iso3], column, None) for iso3 in ALLIES]

    def tile(iso3: str) -> tuple[int, int]:
        return int(number(actors[iso3], "tile_col", None)), int(number(actors[iso3], "tile_row", None))

    budget0, growth0, announced = _budgets(era, spending0)
    gdp, population = floats(known(f"gdp_{year}_usd_bn")), floats(known(f"population_{year}_m"))
    presence = [find_row("facts/us_presence", iso3=iso3, era=era) for iso3 in ALLIES[1:]]
    ties = [find_row("facts/russia_ties", iso3=iso3, era=era) for iso3 in ALLIES]
    dependence = [0.0] + [
        _dependence(row, population[i], gdp[i], spending0[i], spending0[USA]) for i, row in enumerate(presence, 1)
    ]
    return ActorFacts(
        gdp=gdp,
        population=population,
        spending0=spending0,
        budget0=budget0,
        growth0=growth0,
        announced=announced,
        aid0=floats([aid.get(iso3, 0.0) for iso3 in ALLIES]),
        us_share=floats([number(row, "us_share") for row in table("facts/aid_channels")]),
        eu_share=_eu_share(),
        dependence=floats(dependence),
        exposure=floats([exposure_of(actors[iso3]) for iso3 in ALLIES]),
        ties=floats([_ties(row, own_lean=i != USA) for i, row in enumerate(ties)]),
        affinity=_frozen(_affinity(era)),
        accession=months("nato_accession"),
        eu_join=months("eu_join"),
        eu_leave=months("eu_leave"),
        g7=_frozen(np.array([actors[iso3]["g7"] == "1" for iso3 in ALLIES])),
        tile_col=integers([tile(iso3)[0] for iso3 in ALLIES]),
        tile_row=integers([tile(iso3)[1] for iso3 in ALLIES]),
        other_tiles=MappingProxyType({iso3: tile(iso3) for iso3 in ("RUS", "UKR")}),
    )


def _eu_share() -> float:
    rows = table("facts/ukraine_support")
    economic = {row["donor"]: number(row, "financial_eur_bn") + number(row, "humanitarian_eur_bn") for row in rows}
    return economic["EU"] / sum(economic.values())


def aid_by_kind() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the military and the other aid of each ally to Ukraine; together they are `ActorFacts.aid0`.

    Returns
    -------
    military, other : (N,) arrays
        Bilateral allocations, 2022-2024, % of GDP a year; zero for an ally that the source does not track.
        Other aid is financial and humanitarian. Refunds by the European Peace Facility are not deducted, so
        what EU institutions give on top is the part `eu` of ``facts/eu_institutions`` only. Read-only.

    Examples
    --------
    >>> military, other = aid_by_kind()
    >>> bool(military[ALLY_INDEX["EST"]] > other[ALLY_INDEX["EST"]])
    True
    """
    military, other = np.zeros(len(ALLIES)), np.zeros(len(ALLIES))
    for row in table("facts/ukraine_support"):
        if (ally := ALLY_INDEX.get(row["donor"])) is None:
            continue
        total = number(row, "total_pct_gdp") / AID_YEARS
        amounts = [number(row, f"{kind}_eur_bn") for kind in ("military", "financial", "humanitarian")]
        # A donor without amounts has no kinds to tell apart, and a total of zero.
        share = amounts[0] / sum(amounts) if any(amounts) else 0.0
        military[ally], other[ally] = total * share, total * (1.0 - share)
    return _frozen(military), _frozen(other)


def neutral_standing(forum: str, era: str) -> float:
    """Return the joint standing of a forum's members outside the alliance, who are neutral.

    Austria, Cyprus, Ireland and Malta in the EU, Japan in the G7: the sum of (GDP / U.S. GDP) ** 0.4.

    Examples
    --------
    >>> neutral_standing("nato_summit", "2025")
    0.0
    >>> 0 < neutral_standing("eu_council", "2025") < 1
    True
    """
    us = facts(era).gdp[USA]
    year = ERA_TABLE[coded_as(era)].fact_year
    rows = [row for row in table("facts/neutrals") if row["forum"] == forum]
    return float(sum((number(row, f"gdp_{year}_usd_bn", None) / us) ** _STANDING_EXPONENT for row in rows))


def _frozen(values: NDArray[Scalar]) -> NDArray[Scalar]:
    values.flags.writeable = False
    return values
