"""What draws start from: parameters, calibrated actors, facts and memberships, as arrays of the core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from alliance_sim import calibration
from alliance_sim.core.rng import (
    FIXED,
    LOGNORMAL,
    NORMAL,
    TRIANGULAR,
    UNIFORM,
    Distributions,
    sample_table,
)
from alliance_sim.core.structures import (
    SANCTIONS,
    AllyInput,
    Channel,
    DrawInputs,
    Forum,
    IssueInput,
    Param,
    SharedInputs,
    aligned,
)
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX, EUROPEANS
from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.eras import ERA_TABLE
from alliance_sim.registry.events import Accession
from alliance_sim.registry.fields import month_number
from alliance_sim.registry.forums import FORUMS
from alliance_sim.registry.issues import ISSUE_TABLE, ISSUES
from alliance_sim.registry.keys import stable_id
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, by_current_name, parameter_names, resolve, symbol_of
from alliance_sim.scenarios import Scenario

__all__ = ["PointValues", "Values"]

T = TypeVar("T")

#: Values of parameters at P points, arrays (P,) by name.
PointValues = Mapping[str, NDArray[np.float64]]
#: A value for every draw, or one a row.
Values = float | NDArray[np.float64]

_KINDS = {"fixed": FIXED, "uniform": UNIFORM, "normal": NORMAL, "lognormal": LOGNORMAL, "triangular": TRIANGULAR}
#: Weight of a channel in total support: U.S. and European allocations 2022-2024; intelligence by judgement.
_CHANNEL_WEIGHT = np.array([0.45, 0.40, 0.15])
#: Parameters of one ally that are drawn here; the rest of an ally comes from facts and calibration.
PER_ALLY = {
    "susceptibility": AllyInput.susceptibility,
    "dispute_onset": AllyInput.dispute_onset,
    "spending_response": AllyInput.spending_response,
    "guarantee_confidence": AllyInput.initial_confidence,
}
#: Columns of a table of drawn parameters, by name, and the names of their random numbers.
COLUMNS = {name: c for c, name in enumerate(name for name in parameter_names() if name not in ACTOR_QUANTITIES)}
_IDENTS = np.array([stable_id(symbol_of(name)) for name in COLUMNS], dtype=np.uint32)
_SCALARS = [COLUMNS[param.name] for param in Param]


@cache
def _priors_of(era: str) -> dict[str, Prior]:
    found = ((name, *resolve(name)) for name in COLUMNS)
    return {name: parameter.prior(era, ally) for name, parameter, ally in found}


def priors(scenario: Scenario) -> Distributions:
    """Return the prior of every drawn parameter, as the scenario has it, in the order of the drawn columns."""
    found = dict(_priors_of(scenario.era))
    for name, prior in _general_first(scenario.priors()):
        parameter, ally = resolve(name)
        if name in ACTOR_QUANTITIES:
            continue
        if parameter.per_ally and ally is None:
            found.update({f"{name}.{each}": prior for each in ALLIES})
        else:
            found[name] = prior
    values = list(found.values())
    return Distributions(
        kind=np.array([_KINDS[prior.kind] for prior in values], dtype=np.int64),
        a=np.array([prior.a for prior in values]),
        b=np.array([prior.b for prior in values]),
        low=np.array([prior.low for prior in values]),
        high=np.array([prior.high for prior in values]),
        ident=_IDENTS.copy(),
    )


def _general_first(values: Mapping[str, T]) -> Iterator[tuple[str, T]]:
    """Yield general names before special ones, so that `susceptibility.HUN` wins over `susceptibility`."""
    yield from sorted(values.items(), key=lambda item: "." in item[0])


@cache
def _sources(
    names: tuple[str, ...], given: frozenset[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the drawn columns that rows give, the columns of the rows, and the drawn columns that priors give."""
    place = {name: c for c, name in enumerate(names)}
    fitted = {
        column: place[name]
        for name, column in COLUMNS.items()
        if name in place and not given & {name, name.partition(".")[0]}
    }
    rest = [column for column in COLUMNS.values() if column not in fitted]
    own, theirs, left = (np.array(list(each), dtype=np.int64) for each in (fitted, fitted.values(), rest))
    return own, theirs, left


def drawn_parameters(
    scenario: Scenario, priors: Distributions, rows: calibration.Rows, seed: int, draw0: int
) -> NDArray[np.float64]:
    """Return the drawn parameters of the draws from `draw0` on, a row a draw, in the order of `COLUMNS`.

    What the scenario sets wins over rows, and rows over the priors of parameters.
    """
    own, theirs, rest = _sources(rows.names, frozenset(scenario.parameters))
    drawn = np.empty((len(rows), len(COLUMNS)))
    drawn[:, own] = rows.values.take(theirs, axis=1)
    left = Distributions._make(field[rest] for field in priors)
    drawn[:, rest] = sample_table(left, np.uint64(seed), draw0, draw0 + len(rows), Channel.PARAMETER.value)
    return drawn


def set_quantities(scenario: Scenario) -> dict[str, Values]:
    """Return the quantities of actors that a scenario sets."""
    return {name: prior.a for name, prior in scenario.priors().items() if name in ACTOR_QUANTITIES}


def draw_inputs(
    scenario: Scenario, priors: Distributions, rows: calibration.Rows, seed: int, draw0: int, points: PointValues | None
) -> DrawInputs:
    """Return what the draws from `draw0` on start from at each point, a row of `rows` a draw.

    Raises
    ------
    InputError
        If the name of a parameter is unknown, a value out of range, or a column of the rows missing.
    """
    points = by_current_name(points or {})
    copies = _count_points(points)
    given = set_quantities(scenario)
    drawn = np.tile(drawn_parameters(scenario, priors, rows, seed, draw0), (copies, 1))
    for name, values in _general_first(points):
        repeated = np.repeat(values, len(rows))
        parameter, whose = resolve(name)
        if name in ACTOR_QUANTITIES:
            given[name] = repeated
        elif parameter.per_ally and whose is None:
            each = {f"{name}.{iso3}" for iso3 in ALLIES} - scenario.parameters.keys()
            drawn[:, [COLUMNS[one] for one in each]] = repeated[:, None]
        else:
            drawn[:, COLUMNS[name]] = repeated
    count = len(drawn)
    actors = calibration.draws_from(rows, scenario.era, seed, draw0, given, copies)
    position = aligned((count, len(ISSUES), len(ALLIES)))
    position[...] = actors.position.transpose(0, 2, 1)
    issues = np.zeros((count, len(IssueInput), len(ISSUES)))  # the core sets the salience of institutions
    issues[:, IssueInput.threat_slope] = actors.threat_slope
    issues[:, IssueInput.institutions_position] = actors.institutions_position
    return DrawInputs(
        params=drawn.take(_SCALARS, axis=1),
        ally_input=_ally_inputs(scenario.era, actors.threat, drawn),
        initial_position=position,
        leader_threat=np.ascontiguousarray(actors.leader_threat),
        leader_position=np.ascontiguousarray(actors.leader_position),
        institutions_threat=np.ascontiguousarray(actors.institutions_threat.reshape(count, 1)),
        issue_input=issues,
        leader_salience=_leader_salience(seed, draw0, draw0 + len(rows), drawn),
    )


def drawn_values(
    scenario: Scenario, priors: Distributions, rows: calibration.Rows, seed: int, draw0: int
) -> dict[str, NDArray[np.float64]]:
    """Return the parameters and the perceptions and positions of actors that a run begins with, (D,) by name."""
    drawn = drawn_parameters(scenario, priors, rows, seed, draw0)
    actors = calibration.draws_from(rows, scenario.era, seed, draw0, set_quantities(scenario))
    found = {name: drawn[:, column] for name, column in COLUMNS.items()}
    # The era's own president first; others take office by events.
    presidents = sorted(calibration.LEADERS, key=lambda era: era != scenario.era)
    leaders = {f"USA.leader{'' if era == scenario.era else f'.{era}'}": era for era in presidents}
    columns = {name: calibration.LEADERS.index(era) for name, era in leaders.items()}
    for quantity, theirs, own in (
        ("threat_perception", actors.threat, actors.leader_threat),
        *(
            (f"position.{issue}", actors.position[:, :, k], actors.leader_position[:, :, k])
            for k, issue in enumerate(ISSUES)
        ),
    ):
        found |= {f"{quantity}.{ally}": theirs[:, i] for i, ally in enumerate(ALLIES) if i}
        found |= {f"{quantity}.{name}": own[:, column] for name, column in columns.items()}
        found[f"{quantity}.USA.institutions"] = theirs[:, 0]
    return found


def _leader_salience(seed: int, draw0: int, draw1: int, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much each president cares about each issue (D, leaderships, K), by the codes of one of the coders."""
    least = drawn[:, COLUMNS["min_salience"], None, None]
    coded = calibration.leader_salience(seed, draw0, draw1)
    coded = np.tile(coded, (len(drawn) // len(coded), 1, 1)) if len(coded) else coded
    return np.ascontiguousarray(least + (1.0 - least) * coded)


def _ally_inputs(era: str, threat: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    figures = calibration.facts(era)
    inputs = aligned((len(drawn), len(AllyInput), len(ALLIES)))
    inputs[:, AllyInput.initial_threat] = threat
    inputs[:, AllyInput.initial_spending] = figures.budget0
    inputs[:, AllyInput.initial_growth] = figures.growth0
    inputs[:, AllyInput.announced_rise] = figures.announced
    inputs[:, AllyInput.initial_aid] = figures.aid0
    military, other = calibration.aid_by_kind()
    inputs[:, AllyInput.military_share] = military / np.maximum(military + other, 1e-12)
    inputs[:, AllyInput.dependence] = figures.dependence
    inputs[:, AllyInput.exposure] = figures.exposure
    inputs[:, AllyInput.ties] = figures.ties
    inputs[:, AllyInput.gdp] = figures.gdp
    inputs[:, AllyInput.population] = figures.population
    for name, row in PER_ALLY.items():
        inputs[:, row] = drawn[:, [COLUMNS[f"{name}.{iso3}"] for iso3 in ALLIES]]
    return inputs


def _count_points(points: PointValues) -> int:
    """Return how many points there are; refuse those outside the ranges of their parameters."""
    for name, values in points.items():
        parameter, _ = resolve(name)
        outside = values[~((values >= parameter.low) & (values <= parameter.high))]
        if len(outside):
            allowed = f"{parameter.low:g} to {parameter.high:g}"
            raise InputError(f"points: {name}: {outside[0]:g} is out of range; allowed: {allowed}")
    (count,) = {len(values) for values in points.values()} or {1}
    return count


def membership(scenario: Scenario, spin_up: int) -> NDArray[np.uint8]:
    """Return who sits in which forum, month by month (T, forums, N); the spin-up has the roster of the first month."""
    start = month_number(scenario.start)
    figures = calibration.facts(scenario.era)
    accession = figures.accession.copy()
    for event in scenario.events:
        if isinstance(event, Accession):
            accession[ALLY_INDEX[event.ally]] = month_number(event.month)
    member = np.zeros((spin_up + scenario.months, len(FORUMS), len(ALLIES)), np.uint8)
    now = start + np.maximum(0, np.arange(len(member)) - spin_up)[:, np.newaxis]
    member[:, Forum.NAC] = member[:, Forum.NATO_SUMMIT] = accession <= now
    member[:, Forum.EU_COUNCIL] = (figures.eu_join <= now) & (now < figures.eu_leave)
    member[:, Forum.G7] = figures.g7
    return member


def shared_inputs(scenario: Scenario, member: NDArray[np.uint8], spin_up: int) -> SharedInputs:
    """Return what all draws of a scenario share, in arrays of its own."""
    january = (spin_up - month_number(scenario.start)) % 12
    return deepcopy(_shared_inputs_of(scenario.era))._replace(member=member, spin_up=spin_up, january=january)


@cache
def _shared_inputs_of(era: str) -> SharedInputs:
    figures = calibration.facts(era)
    reference = [(k, *issue.reference) for k, issue in enumerate(ISSUE_TABLE) if issue.reference]
    return SharedInputs(
        initial_leader=calibration.LEADERS.index(era),
        assertiveness=ERA_TABLE[era].assertiveness,
        war=ERA_TABLE[era].war,
        aid_need=ERA_TABLE[era].aid_need,
        spin_up=0,
        january=0,
        cover=np.array([issue.cover for issue in ISSUE_TABLE]),
        hedge=np.array([issue.hedge for issue in ISSUE_TABLE]),
        weight=np.ones(len(ISSUES)),
        initial_norm=np.array([issue.norm[era] for issue in ISSUE_TABLE]),
        led=np.array([issue.leads for issue in ISSUE_TABLE]),
        affinity=np.array(figures.affinity),
        neutral=np.array([calibration.neutral_standing(forum, era) for forum in FORUMS]),
        us_share=np.array(figures.us_share),
        eu_share=figures.eu_share,
        channel_weight=_CHANNEL_WEIGHT,
        europe=np.array([ally in EUROPEANS for ally in ALLIES]).astype(np.uint8),
        ally_ident=np.arange(len(ALLIES), dtype=np.uint32),
        reference_issue=np.array([row[0] for row in reference], dtype=np.int64),
        reference_reversion=np.array([row[1] for row in reference]),
        reference_span=np.array([row[2] - row[1] for row in reference]),
        rollover_issue=np.array([SANCTIONS], dtype=np.int64),
        rollover_reversion=np.zeros(1),
        member=np.zeros((0, len(FORUMS), len(ALLIES)), np.uint8),
    )
