"""What the measurement model is fitted to: statements, leanings and figures, as arrays over traits.

Nothing here needs the extra 'calibration'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import yaml
from numpy.typing import NDArray

from alliance_sim.calibration.acts import readable
from alliance_sim.calibration.facts import exposure_of, members
from alliance_sim.calibration.leanings import CODERS, leanings
from alliance_sim.calibration.statements import LEVELED
from alliance_sim.data import Row, data_folder, find_row, number, table
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERA_TABLE, ERAS, LEADERS, coded_as
from alliance_sim.registry.issues import ISSUE_TABLE, ISSUES

__all__ = [
    "ACTORS",
    "CURVES",
    "SOUTH",
    "THREAT",
    "Data",
    "Reading",
    "all_departures",
    "boundaries",
    "data",
    "dated_after",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEADER, INSTITUTIONS = "USA.leader", "USA.institutions"

#: Who has a trait in every era: the allies but the United States, then its institutions.
ACTORS: tuple[str, ...] = (*ALLIES[1:], INSTITUTIONS)

#: The cells of perceived threat: actors by era, then presidents; names of columns without "threat.".
THREAT: tuple[str, ...] = (
    *(f"{actor}.{era}" for era in ERAS for actor in ACTORS),
    *(f"{LEADER}.{era}" for era in LEADERS),
)

#: The cells of southern orientation, which does not change between eras but for presidents.
SOUTH: tuple[str, ...] = (*ACTORS, *(f"{LEADER}.{era}" for era in LEADERS))

#: Issues and the eras that have curves of their own, in the order of curves.
CURVES: tuple[str, ...] = tuple(f"{issue}.{era}" for issue in ISSUES for era in dict.fromkeys(map(coded_as, ERAS)))

#: Judgement: the boundaries between the levels of a trait, five equal steps.
TRAIT_BOUNDARIES = (0.2, 0.4, 0.6, 0.8)

#: Judgement: where the levels of a position begin, relative to the level in force (``CODEBOOK.md``).
FAR, NEAR, NARROW = 0.6, 0.1, 0.4

_CERTAINTIES = ("high", "medium", "low")


def boundaries(norm: float) -> tuple[float, float, float, float]:
    """Return the boundaries between the five levels of a position, for a level in force.

    Examples
    --------
    >>> [round(each, 2) for each in boundaries(0.5)]
    [0.2, 0.4, 0.6, 0.8]
    >>> [round(each, 2) for each in boundaries(0.85)]
    [0.34, 0.75, 0.91, 0.94]
    """
    above = 1.0 - norm
    return (
        (1.0 - FAR) * norm,
        max(norm - NEAR, (1.0 - NARROW) * norm),
        min(norm + NEAR, norm + NARROW * above),
        norm + FAR * above,
    )


@dataclass(frozen=True)
class Reading:
    """What a statement says about one of its actors, as each coder read it.

    Attributes
    ----------
    id : str
        Of the statement.
    actor : str
        An actor or a group.
    target : str
        "threat", "south", or an issue.
    era : str
    levels : tuple of int
        0 to 4 by coder; -1 where a coder did not read the statement so.
    certainty : tuple of float
        Shares of high, medium and low certainty among the coders who did.
    members : tuple of str
        The actors that it covers, without those that the document names apart.
    group : bool

    Examples
    --------
    >>> found = [reading for reading in data().readings if reading.id == "A-22"]
    >>> [(reading.actor, reading.target, reading.levels) for reading in found]
    [('HUN', 'ukraine_support', (0, 0)), ('SVK', 'ukraine_support', (0, 0))]
    """

    id: str
    actor: str
    target: str
    era: str
    levels: tuple[int, ...]
    certainty: tuple[float, ...]
    members: tuple[str, ...]
    group: bool


@dataclass(frozen=True)
class Data:
    """The evidence and facts of a fit, as arrays; n statements' readings, m leanings, f figures.

    Attributes
    ----------
    readings : tuple of Reading
    levels : (n, 2) array
        Levels of the readings, -1 for none.
    limits : (n, 4) array
        Boundaries between levels.
    certainty : (n, 3) array
    group : (n,) array
        1 for groups.
    curve : (n,) array
        0: threat, 1: south, 2 and more: a curve of `CURVES`.
    threat, south, departure : (n, cells) arrays
        Weights of the cells whose mean is read.
    departures : tuple of str
        Cells (actor, issue, era) whose departure from the curve is sampled.
    president : bool array
        Whether it is a president's, by cell.
    lean : (m, 2) array
        Classes 0 to 4 by coder, -1 for none.
    lean_cell : (m,) array
        Of `THREAT`.
    lean_names : tuple of str
    figure, figure_cell, figure_value, figure_gdp : (f,) arrays
        Number of the indicator, its cell, the standardised value, and the standardised log GDP where it counts.
    figure_names : tuple of str
    indicators : tuple of str
    exposure : (N,) array
        Of `ACTORS`, centred; 0 for institutions.
    geography : (N,) array
        1 for the southern group, 0.6 for the rest of the Mediterranean nine.

    Examples
    --------
    >>> found = data(left_out=("lean",))
    >>> len(found.lean_names), len(found.readings) == len(found.levels)
    (0, True)
    """

    readings: tuple[Reading, ...]
    levels: Integers
    limits: Floats
    certainty: Floats
    group: Floats
    curve: Integers
    threat: Floats
    south: Floats
    departure: Floats
    departures: tuple[str, ...]
    president: NDArray[np.bool_]
    lean: Integers
    lean_cell: Integers
    lean_names: tuple[str, ...]
    figure: Integers
    figure_cell: Integers
    figure_value: Floats
    figure_gdp: Floats
    figure_names: tuple[str, ...]
    indicators: tuple[str, ...]
    exposure: Floats
    geography: Floats

    def with_observed(self, levels: Integers, lean: Integers, figures: Floats) -> Data:
        """Return the same design with other observations, for instance simulated ones.

        Examples
        --------
        >>> found = data()
        >>> shifted = found.with_observed(found.levels, found.lean, found.figure_value + 1.0)
        >>> bool(shifted.figure_value.mean() > 0.9)
        True
        """
        return replace(self, levels=levels, lean=lean, figure_value=figures)


#: Until when `facts/ukraine_support.csv` counts.
AID_TO = "2024"
#: The presidents of two eras are one person: how he departs from a curve in the first holds in the second where
#: nothing is said of him (judgement: he asked for more spending in 2018 as in 2025).
_LATER_TERM = {"2018": "2025"}

#: Figures that are signs of threat: name, table, era, column, key of the actor.
_INDICATORS = ("expulsions.2018", "opinion.2018", "opinion.2025", "aid.2025")


def _reports(row: Row, left_out: Collection[str]) -> bool:
    """Return whether a row reports an item of the record that is left out."""
    return any(item in left_out for item in row.get("record", "").split(";") if item)


def _target(row: Row) -> str:
    return {"threat_perception": "threat", "southern_orientation": "south"}.get(row["construct"], row["issue"])


def _merged(left_out: Collection[str]) -> Iterator[Reading]:
    """Yield a reading for each statement, actor and target, with the levels of both coders."""
    rows = [
        row
        for row in readable()
        if row["construct"] in LEVELED
        and row["level"]
        and not {row["id"], f"{row['id']}.{row['pass']}"} & set(left_out)
        and not _reports(row, left_out)
    ]
    apart = {
        (name, row["document"], _target(row), row["era"])
        for row in rows
        for name in row["actors"].split(";")
        if name in ALLIES
    }
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        for name in row["actors"].split(";"):
            found.setdefault((row["id"], name, _target(row)), []).append(row)
    for (ident, name, target), coded in found.items():
        first = coded[0]
        era = first["era"]
        group = name in members(era)
        if group:
            place = (first["document"], target, era)
            named = tuple(ally for ally in ALLIES[1:] if ally in members(era)[name] and (ally, *place) not in apart)
        else:
            named = (name,) if name in (LEADER, *ACTORS) else ()
        if not named:
            continue
        levels = [-1] * len(CODERS)
        for row in coded:
            levels[int(row["pass"]) - 1] = int(row["level"]) - 1
        shares = [sum(row["certainty"] == each for row in coded) / len(coded) for each in _CERTAINTIES]
        yield Reading(ident, name, target, era, tuple(levels), tuple(shares), named, group)


def _cell(actor: str, era: str) -> str:
    """Return the cell of an actor; what allies say in an era of presidents alone counts for the era it is coded as."""
    return f"{actor}.{era if actor == LEADER or era in ERAS else coded_as(era)}"


@cache
def _norms() -> dict[tuple[str, str], float]:
    return {(issue.name, era): issue.norm[era] for issue in ISSUE_TABLE for era in ERAS}


def _figures(left_out: Collection[str]) -> Iterator[tuple[str, str, float, float]]:
    """Yield indicator, cell, value and log GDP (0 where it does not count) of each figure."""
    size = {row["iso3"]: np.log(number(row, "gdp_2018_usd_bn", None)) for row in table("facts/actors") if row["iso3"]}
    for row in table("facts/russia_ties"):
        if row["era"] == "2018" and row["iso3"] in ACTORS and row["expulsions"] and not _reports(row, left_out):
            value = float(np.log1p(number(row, "expulsions")))
            yield "expulsions.2018", f"{row['iso3']}.2018", value, float(size[row["iso3"]])
    for row in table("facts/public_opinion"):
        for era in ("2018", "2025"):
            if row["year"] == ERA_TABLE[era].opinion_year:
                actor = INSTITUTIONS if row["iso3"] == ALLIES[0] else row["iso3"]
                if actor in ACTORS and not _reports(row, left_out):
                    yield f"opinion.{era}", f"{actor}.{era}", number(row, "pct", None), 0.0
    for row in table("facts/ukraine_support"):
        if row["donor"] in ACTORS and row["total_pct_gdp"] and not _reports(row, left_out):
            yield "aid.2025", f"{row['donor']}.2025", number(row, "total_pct_gdp"), 0.0


def _without(name: str, left_out: Collection[str]) -> bool:
    """Return whether a dotted name, or one that it begins with, is not left out."""
    parts = name.split(".")
    return not any(".".join(parts[:n]) in left_out for n in range(1, len(parts) + 1))


def _standardised(values: Floats, kind: Integers) -> Floats:
    found = np.zeros_like(values)
    for each in np.unique(kind):
        chosen = kind == each
        spread = values[chosen].std()
        found[chosen] = (values[chosen] - values[chosen].mean()) / (spread if spread > 0.0 else 1.0)
    return found


@cache
def _names() -> frozenset[str]:
    """Return what `left_out` can name."""
    found = {row["id"] for row in readable()} | {f"{row['id']}.{row['pass']}" for row in readable()}
    found |= {row["id"] for row in table("consensus_record")}
    facts = [f"lean.{row['actor']}.{row['era']}" for row in leanings(CODERS[0])]
    facts += [_figure_name(name, cell) for name, cell, _, _ in _figures(())]
    for fact in facts:
        parts = fact.split(".")
        found |= {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return frozenset(found)


def _figure_name(indicator: str, cell: str) -> str:
    kind, era = indicator.split(".")
    return f"{kind}.{cell.removesuffix(f'.{era}')}.{era}"


def _check(left_out: Collection[str]) -> None:
    for name in left_out:
        if name not in _names():
            raise InputError(
                f"left_out: {shown(name)} is unknown; allowed: ids of statements or acts (with .1 or .2: one coder), "
                f"ids of the record, lean, opinion, expulsions, aid (alone or with actor and era)"
                f"{nearest(name, _names())}"
            )


def _departures(readings: Sequence[Reading]) -> tuple[str, ...]:
    """Return the cells with a departure of their own: an ally's if it is named, Washington's in any case."""
    found = {
        f"{reading.members[0]}.{reading.target}.{_cell(reading.members[0], reading.era).rsplit('.', 1)[1]}"
        for reading in readings
        if reading.target in ISSUES and not reading.group
    }
    return tuple(sorted(found))


def dated_after(year: int) -> tuple[str, ...]:
    """Return what `data` has to leave out so that nothing counts that was said, done or published after a year.

    A document counts from the date of its publication, a leaning from that of its era, support to Ukraine from the end
    of the period that it covers.

    Examples
    --------
    >>> left_out = dated_after(2019)
    >>> "A-22" in left_out, "B-25" in left_out, "lean.HUN.2025" in left_out, "aid" in left_out, "expulsions" in left_out
    (True, False, True, True, False)
    """
    documents = yaml.safe_load((data_folder("calibration") / "documents.yaml").read_text(encoding="utf-8"))
    published = {each["document"]: each["date"] for each in documents}
    dated = [(row["id"], published.get(row["document"], row["paragraph"])) for row in readable()]
    dated += [(f"lean.{row['actor']}.{row['era']}", row["era"]) for coder in CODERS for row in leanings(coder)]
    dated += [
        (_figure_name(name, cell), ERA_TABLE[name.rsplit(".", 1)[1]].opinion_year)
        for name, cell, _, _ in _figures(())
        if name.startswith("opinion")
    ]
    dated += [("expulsions", "2018"), ("aid", AID_TO)]
    return tuple(dict.fromkeys(name for name, date in dated if int(date[:4]) > year))


def all_departures(fitted: Sequence[str]) -> dict[str, str]:
    """Return each departure that draws have, and the fitted one that it is: of a president, maybe that of another era.

    Examples
    --------
    >>> all_departures(["USA.leader.open_door.2018"])
    {'USA.leader.open_door.2018': 'USA.leader.open_door.2018', 'USA.leader.open_door.2025': 'USA.leader.open_door.2018'}
    """
    found = {cell: cell for cell in fitted}
    for cell in fitted:
        place, era = cell.rsplit(".", 1)
        if place.startswith(LEADER) and era in _LATER_TERM:
            found.setdefault(f"{place}.{_LATER_TERM[era]}", cell)
    return found


def data(left_out: Collection[str] = ()) -> Data:
    """Return evidence and facts as arrays.

    Parameters
    ----------
    left_out : collection of str
        Ids of statements and acts (``"A-06"``, or ``"A-06.1"`` for one coder), facts (``"aid"``, ``"lean"``,
        ``"lean.HUN.2025"``), ids of the record, which take with them the rows that report them.

    Raises
    ------
    InputError
        If there is no such row.

    Examples
    --------
    >>> len(data(left_out=("A-22",)).readings) == len(data().readings) - 2
    True
    """
    _check(left_out)
    readings = tuple(_merged(left_out))
    departures = _departures(readings)
    n = len(readings)
    threat, south, departure = (np.zeros((n, len(each))) for each in (THREAT, SOUTH, departures))
    curve, limits = np.zeros(n, dtype=np.int64), np.tile(TRAIT_BOUNDARIES, (n, 1))
    for i, reading in enumerate(readings):
        share = 1.0 / len(reading.members)
        era = coded_as(reading.era)
        for actor in reading.members:
            threat[i, THREAT.index(_cell(actor, reading.era))] += share
            south[i, SOUTH.index(_cell(LEADER, reading.era) if actor == LEADER else actor)] += share
            name = f"{actor}.{reading.target}.{_cell(actor, reading.era).rsplit('.', 1)[1]}"
            if name in departures:
                departure[i, departures.index(name)] += share
        if reading.target in ISSUES:
            curve[i] = 2 + CURVES.index(f"{reading.target}.{era}")
            limits[i] = boundaries(_norms()[reading.target, era])
        else:
            curve[i] = int(reading.target == "south")
    codes: dict[tuple[str, str], list[int]] = {}
    for coder, name in enumerate(CODERS):
        for row in leanings(name):
            if _without(f"lean.{row['actor']}.{row['era']}", left_out) and not _reports(row, left_out):
                actor = LEADER if row["actor"] == ALLIES[0] else row["actor"]
                codes.setdefault((actor, row["era"]), [-1] * len(CODERS))[coder] = int(row["lean"]) - 1
    figures = [each for each in _figures(left_out) if _without(_figure_name(each[0], each[1]), left_out)]
    kind = np.array([_INDICATORS.index(each[0]) for each in figures], dtype=np.int64)
    gdp = np.array([each[3] for each in figures])
    exposure = np.array([exposure_of(find_row("facts/actors", iso3=ally)) for ally in ALLIES[1:]])
    southern, mediterranean = (members(ERAS[-1]).get(group, frozenset()) for group in ("southern_flank", "med9"))
    return Data(
        readings=readings,
        levels=np.array([reading.levels for reading in readings], dtype=np.int64).reshape(n, len(CODERS)),
        limits=limits,
        certainty=np.array([reading.certainty for reading in readings]).reshape(n, len(_CERTAINTIES)),
        group=np.array([float(reading.group) for reading in readings]),
        curve=curve,
        threat=threat,
        south=south,
        departure=departure,
        departures=departures,
        president=np.array([each.startswith(LEADER) for each in departures]),
        lean=np.array(list(codes.values()), dtype=np.int64).reshape(len(codes), len(CODERS)),
        lean_cell=np.array([THREAT.index(_cell(*place)) for place in codes], dtype=np.int64),
        lean_names=tuple(f"lean.{actor.removesuffix('.leader')}.{era}" for actor, era in codes),
        figure=kind,
        figure_cell=np.array([THREAT.index(each[1]) for each in figures], dtype=np.int64),
        figure_value=_standardised(np.array([each[2] for each in figures]), kind),
        figure_gdp=np.where(gdp == 0.0, 0.0, _standardised(gdp, kind)),
        figure_names=tuple(_figure_name(each[0], each[1]) for each in figures),
        indicators=_INDICATORS,
        exposure=np.append(exposure - exposure.mean(), 0.0),
        geography=np.array([1.0 if a in southern else 0.6 if a in mediterranean else 0.0 for a in ACTORS]),
    )
