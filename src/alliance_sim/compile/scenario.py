"""The waist of the house: a scenario and priors become arrays for the core.

Nothing else knows both YAML and arrays. A `Program` holds what all draws of a scenario share (facts, events, the
meeting table) and makes what differs between draws (parameters and actors) for any block of draws.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alliance_sim import calibration
from alliance_sim.core import layout as L
from alliance_sim.core.events import Events
from alliance_sim.core.jit import CACHE_BASE, is_compiled
from alliance_sim.core.mechanisms import Draws, Facts, State
from alliance_sim.core.meetings import Meetings, Records, key_of
from alliance_sim.core.month import Output, run_block
from alliance_sim.core.rng import FIXED, LOGNORMAL, NORMAL, TRIANGULAR, UNIFORM, sample_table
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX, USA
from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.events import Accession, Effect
from alliance_sim.registry.fields import month_name, month_number
from alliance_sim.registry.forums import DECISIONS, FORUMS, RULES
from alliance_sim.registry.issues import ISSUE_TABLE, ISSUES
from alliance_sim.registry.keys import stable_id
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import ACTOR_QUANTITIES, parameter_names, resolve
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario

__all__ = [
    "ALLY_VARIABLES",
    "DECISIONS",
    "KEEPS",
    "SPIN_UP",
    "AgendaRow",
    "Block",
    "Keep",
    "PointValues",
    "Program",
    "compile_scenario",
    "store_kernel",
]

#: Months simulated before a scenario begins, so that noise has its steady spread in its first month.
SPIN_UP = 48

#: Values of parameters at P points, arrays (P,) by name.
PointValues = Mapping[str, NDArray[np.float64]]
Keep = Literal["final", "monthly", "allies", "trace"]
KEEPS: tuple[Keep, ...] = ("final", "monthly", "allies", "trace")

#: Variables per ally in the core's output, in order.
ALLY_VARIABLES = ("threat_perception", "guarantee_confidence", "spending", "ukraine_support")

_KINDS = {"fixed": FIXED, "uniform": UNIFORM, "normal": NORMAL, "lognormal": LOGNORMAL, "triangular": TRIANGULAR}
_COMPARISONS = (">", ">=", "<", "<=")
#: Allies whose support or spending counts as European (A ¶5 sets Canada beside them).
_EUROPE = np.array([ally not in ("USA", "CAN") for ally in ALLIES])
#: Weight of a channel in total support: U.S. and European allocations 2022-2024; intelligence by judgement.
_CHANNEL_WEIGHT = np.array([0.45, 0.40, 0.15])
#: Parameters of one ally that are drawn here; the rest of an ally comes from facts and calibration.
_PER_ALLY = {"susceptibility": L.A.susceptibility, "holdup": L.A.holdup, "guarantee_confidence": L.A.g0}
#: Columns of a table of drawn parameters, and what their random numbers are called.
_COLUMNS = {name: c for c, name in enumerate(name for name in parameter_names() if name not in ACTOR_QUANTITIES)}
_IDENTS = np.array([stable_id(name) for name in _COLUMNS], dtype=np.uint32)


@dataclass(frozen=True)
class AgendaRow:
    """One issue of one item of one meeting: a row of the decision board.

    Attributes
    ----------
    meeting, month, forum, issue, title : str
    proposed, reversion : float
        On the scale of positions.
    column, part : int
        Where the core keeps its decision; rows of a package share a column.
    """

    meeting: str
    month: str
    forum: str
    issue: str
    title: str
    proposed: float
    reversion: float
    column: int
    part: int


@dataclass(frozen=True)
class Block:
    """Everything the kernel changes or writes for the draws `draw0` to `draw1 - 1`, at one point or at several."""

    draw0: int
    draw1: int
    state: Any
    draws: Any
    records: Any
    output: Any


@dataclass(frozen=True)
class Program:
    """A compiled scenario.

    Attributes
    ----------
    scenario : Scenario
    months : tuple of str
        ``YYYY-MM`` of the months simulated, without the spin-up.
    priors : tuple of arrays
        What `sample_table` takes: kind, numbers and identifier of each drawn parameter.
    facts, events, meetings
        Arrays of the core (see its namedtuples).
    agenda : tuple of AgendaRow
        In time order.
    member : (T, 4, N) bool array
        Who sits in which forum in which month, forums in the order of `FORUMS`.
    """

    scenario: Scenario
    months: tuple[str, ...]
    priors: tuple[NDArray[Any], ...]
    facts: Any
    events: Any
    meetings: Any
    agenda: tuple[AgendaRow, ...]
    member: NDArray[np.bool_]

    @property
    def items(self) -> int:
        """Number of items (columns of decisions)."""
        return len(self.meetings.parts)

    def draws(self, seed: int, draw0: int, draw1: int, points: PointValues | None = None) -> Any:
        """Draw parameters and actors of the draws `draw0` to `draw1 - 1` at each point (the core's `Draws`)."""
        copies = 1 if points is None else _count_points(points)
        given: dict[str, float | NDArray[np.float64]] = dict(_given_values(self.scenario))
        drawn = np.tile(sample_table(*self.priors, np.uint64(seed), draw0, draw1, L.CH_PARAMETER), (copies, 1))
        count = len(drawn)
        for name, values in sorted((points or {}).items(), key=_is_special):
            rows = np.repeat(values, draw1 - draw0)
            parameter, whose = resolve(name)
            if name in ACTOR_QUANTITIES:
                given[name] = rows
            elif parameter.per_ally and whose is None:
                each = {f"{name}.{iso3}" for iso3 in ALLIES} - self.scenario.parameters.keys()
                drawn[:, [_COLUMNS[one] for one in each]] = rows[:, None]
            else:
                drawn[:, _COLUMNS[name]] = rows
        actors = calibration.draws(self.scenario.era, seed, draw0, draw1, given, copies)
        figures = calibration.facts(self.scenario.era)
        ally = L.aligned((count, len(L.A), len(ALLIES)))
        ally[:, L.A.tau0] = actors.threat
        ally[:, L.A.d0], ally[:, L.A.aid0] = figures.spending0, figures.aid0
        ally[:, L.A.dependence], ally[:, L.A.exposure] = figures.dependence, figures.exposure
        ally[:, L.A.ties] = figures.ties
        ally[:, L.A.gdp], ally[:, L.A.population] = figures.gdp, figures.population
        for name, index in _PER_ALLY.items():
            ally[:, index] = drawn[:, [_COLUMNS[f"{name}.{iso3}"] for iso3 in ALLIES]]
        position = L.aligned((count, len(ISSUES), len(ALLIES)))
        position[...] = actors.position.transpose(0, 2, 1)
        return Draws(
            drawn.take([_COLUMNS[name] for name in L.P._fields], axis=1),
            ally,
            position,
            np.ascontiguousarray(actors.leader_threat),
            np.ascontiguousarray(actors.leader_position),
            np.ascontiguousarray(actors.institutions_threat.reshape(count, 1)),
            np.ascontiguousarray(actors.institutions_position),
        )

    def room(self, draws: int, keep: Keep) -> tuple[Any, Any]:
        """Allocate what is kept of so many draws (the core's `Output` and `Records`), as it is before any meeting."""
        d, n, k, j, t = draws, len(ALLIES), len(ISSUES), self.items, len(self.months)
        level = KEEPS.index(keep)
        output = Output(
            np.zeros((d, t if level > 0 else 1, len(L.O))),
            L.aligned((d, t if level > 1 else 0, len(ALLY_VARIABLES), n)),
            np.zeros((d, t if level > 2 else 0, n, k)),
        )
        records = Records(
            np.full((d, j), L.PENDING, np.int8),
            np.zeros((d, j)),
            np.zeros((d, j)),
            np.zeros((d, j)),
            np.full((d, j), -1, np.int16),
            np.zeros((d, j), np.int8),
            np.full((d, j), -1, np.int16),
            np.full((d, j, n), -1, np.int8),
            np.full((d, j), L.PENDING, np.int8),
            np.zeros((d, j)),
        )
        return output, records

    def block(
        self,
        seed: int,
        draw0: int,
        draw1: int,
        keep: Keep,
        points: PointValues | None = None,
        room: tuple[Any, Any] | None = None,
    ) -> Block:
        """Allocate a block of draws: parameters and actors, fresh state, room for what is kept.

        Parameters
        ----------
        seed, draw0, draw1 : int
        keep : str
        points : mapping, optional
            Values of parameters, arrays (P,) by name of the registry: all draws at the first point, then all at the
            second, and so on; row r is draw ``draw0 + r % (draw1 - draw0)``. A value means what it means in
            `Scenario.with_parameters`.
        room : optional
            From `room`, for at least `draw1` draws (without points): what is kept is written into its rows `draw0`
            to `draw1 - 1`.

        Raises
        ------
        InputError
            If a name is unknown, or a value out of range.
        """
        drawn = self.draws(seed, draw0, draw1, points)
        d, n, k = len(drawn.theta), len(ALLIES), len(ISSUES)
        if room:
            output, records = (type(part)(*(array[draw0:draw1] for array in part)) for part in room)
        else:
            output, records = self.room(d, keep)
        state = State(
            L.aligned((d, len(L.S), n)),
            L.aligned((d, k, n)),
            L.aligned((d, k, n)),
            L.aligned((d, k, n)),
            L.aligned((d, n, n)),
            L.aligned((d, len(L.G))),
            L.aligned((d, len(L.I), k)),
            np.zeros((d, self.items), np.int8),
            L.aligned((d, len(L.O))),
        )
        return Block(draw0, draw1, state, drawn, records, output)

    def run(self, block: Block, seed: int, month0: int | None = None, month1: int | None = None) -> None:
        """Run a block through the months `month0` to `month1 - 1`, in place.

        Parameters
        ----------
        block : Block
            From `block`; its arrays stay float64 and C-contiguous, anything else is a TypeError.
        seed : int
            The one the block was made with.
        month0, month1 : int, optional
            Months of the scenario, 0 = its first. Without `month0` the draws begin, which includes the
            spin-up (and nothing else if `month1` is 0); without `month1` they run to the end.
        """
        _compile_kernel(self)
        self._call(block, seed, month0, month1)
        missing = np.isnan(block.output.outcomes[:1]).any(axis=(0, 1))
        if missing.any():  # the core writes NaN where it has no formula
            names = ", ".join(np.array(L.O._fields)[missing])
            raise RuntimeError(f"core/outcomes.py has no formula for {names}")

    def mask_outsiders(self, block: Block) -> None:
        """Write NaN over what the block keeps of allies in the months before they join."""
        if block.output.allies.shape[1]:
            block.output.allies.swapaxes(1, 2)[:, :, ~self.member[:, L.NAC]] = np.nan

    def levels(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return levels that hold after each row of the agenda (D, rows), from `Records.share` (D, items)."""
        reversion = np.array([row.reversion for row in self.agenda])
        span = np.array([row.proposed for row in self.agenda]) - reversion
        levels: NDArray[np.float64] = reversion + share[:, [row.column for row in self.agenda]] * span
        return levels

    def _call(self, block: Block, seed: int, month0: int | None, month1: int | None) -> None:
        run_block(
            block.state, block.draws, self.facts, self.events, self.meetings, block.records, block.output,
            np.uint64(seed), block.draw0, block.draw1,
            0 if month0 is None else SPIN_UP + month0,
            SPIN_UP + (len(self.months) if month1 is None else month1),
            SPIN_UP,
        )  # fmt: skip


_log = logging.getLogger("alliance_sim")
_compiling = threading.Lock()
_compiled = threading.Event()


def _compile_kernel(program: Program) -> None:
    """Load the kernel from the cache, once in a process; then no second variant can follow."""
    if _compiled.is_set():
        return
    with _compiling:
        if not _compiled.is_set():
            if not is_compiled("run_block"):
                _log.warning("compiling the model for this machine: a minute or two, this once")
                # In a process of its own: code fresh from the compiler may be linked in another way than the same code
                # from the cache, and differ in the last bit.
                environment = {
                    **os.environ,
                    "NUMBA_CACHE_DIR": str(CACHE_BASE),
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                }
                code = f"from {__name__} import store_kernel; store_kernel()"
                # In a session of its own: on Ctrl-C it is this process that ends it, and says so once.
                done = subprocess.run([sys.executable, "-c", code], env=environment, start_new_session=True)
                if done.returncode:
                    raise InputError(
                        f"compiling failed, as said above; if {CACHE_BASE} cannot hold compiled code, "
                        "NUMBA_CACHE_DIR names another folder"
                    )
            program._call(program.block(0, 0, 0, "final"), 0, None, None)
            run_block.disable_compile()
            _compiled.set()


def store_kernel() -> None:
    """Compile all that a run needs into the cache, by running one draw."""
    program = compile_scenario(load_scenario(list_scenarios()[0]))
    program._call(program.block(0, 0, 1, "final"), 0, None, None)


def compile_scenario(scenario: Scenario) -> Program:
    """Turn a scenario into a program.

    Raises
    ------
    InputError
        If two things that need random numbers of their own have names that hash alike.
    """
    if ISSUES[L.DIALOGUE] != "russia_dialogue":
        raise RuntimeError("the issue registry and the core's layout disagree")
    start = month_number(scenario.start)
    months = tuple(month_name(start + t) for t in range(scenario.months))
    member = _membership(scenario, start)
    meetings, agenda = _meetings(scenario, start)
    return Program(
        scenario, months, _priors(scenario), _facts(scenario, member), _events(scenario, start), meetings, agenda,
        member[SPIN_UP:] > 0,
    )  # fmt: skip


def _given_values(scenario: Scenario) -> dict[str, float]:
    """Quantities of actors that the scenario fixes."""
    return {name: prior.a for name, prior in scenario.priors().items() if name in ACTOR_QUANTITIES}


@cache
def _priors_of(era: str) -> dict[str, Prior]:
    found = ((name, *resolve(name)) for name in _COLUMNS)
    return {name: parameter.prior(era, ally) for name, parameter, ally in found}


def _priors(scenario: Scenario) -> tuple[Any, ...]:
    """The prior of every drawn parameter, as the scenario has it: columns for the core, in the order of `_COLUMNS`."""
    priors = dict(_priors_of(scenario.era))
    for name, prior in sorted(scenario.priors().items(), key=_is_special):
        parameter, ally = resolve(name)
        if name in ACTOR_QUANTITIES:
            continue
        if parameter.per_ally and ally is None:
            priors.update({f"{name}.{each}": prior for each in ALLIES})
        else:
            priors[name] = prior
    kinds = np.array([_KINDS[prior.kind] for prior in priors.values()], dtype=np.int64)
    numbers = (np.array([getattr(prior, each) for prior in priors.values()]) for each in ("a", "b", "low", "high"))
    return kinds, *numbers, _IDENTS


def _is_special(item: tuple[str, Any]) -> bool:
    """Sort general names first, so that `susceptibility.HUN` wins over `susceptibility`."""
    return "." in item[0]


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


def _membership(scenario: Scenario, start: int) -> NDArray[np.uint8]:
    """Who sits where, month by month; the spin-up has the roster of the first month."""
    figures = calibration.facts(scenario.era)
    accession = figures.accession.copy()
    for event in scenario.events:
        if isinstance(event, Accession):
            accession[ALLY_INDEX[event.ally]] = month_number(event.month)
    member = np.zeros((SPIN_UP + scenario.months, len(FORUMS), len(ALLIES)), np.uint8)
    now = start + np.maximum(0, np.arange(len(member)) - SPIN_UP)[:, np.newaxis]
    member[:, L.NAC] = member[:, L.NATO_SUMMIT] = accession <= now
    member[:, L.EU_COUNCIL] = (figures.eu_join <= now) & (now < figures.eu_leave)
    member[:, L.G7] = figures.g7
    return member


@cache
def _facts_of(era: str) -> dict[str, Any]:
    figures = calibration.facts(era)
    slope = calibration.threat_slopes(era)
    reference = [(k, *issue.reference) for k, issue in enumerate(ISSUE_TABLE) if issue.reference]
    return {
        "leader0": calibration.LEADERS.index(era),
        "slope": slope,
        "cover": np.array([issue.cover for issue in ISSUE_TABLE]),
        "hedge": np.array([issue.hedge for issue in ISSUE_TABLE]),
        "weight": np.ones(len(ISSUES)),
        "norm0": np.array([issue.norm[era] for issue in ISSUE_TABLE]),
        "led": np.array([issue.leads for issue in ISSUE_TABLE]),
        "affinity": np.array(figures.affinity),
        "neutral": np.array([calibration.neutral_standing(forum, era) for forum in FORUMS]),
        "us_share": np.array(figures.us_share),
        "channel_weight": _CHANNEL_WEIGHT,
        "europe": _EUROPE.astype(np.uint8),
        "index": np.arange(len(ALLIES), dtype=np.uint32),
        "reference_issue": np.array([row[0] for row in reference], dtype=np.int64),
        "reference_reversion": np.array([row[1] for row in reference]),
        "reference_span": np.array([row[2] - row[1] for row in reference]),
        "rollover_issue": np.array([L.SANCTIONS], dtype=np.int64),
        "rollover_reversion": np.zeros(1),
    }


def _facts(scenario: Scenario, member: NDArray[np.uint8]) -> Any:
    return Facts(member=member, **_facts_of(scenario.era))


def _starts(months: list[int], total: int) -> NDArray[np.int64]:
    """Where the rows of each month begin in a table sorted by month."""
    return np.searchsorted(np.array(months, dtype=np.int64), np.arange(total + 1)).astype(np.int64)


def _identifier(name: str, taken: dict[int, str], what: str) -> int:
    ident = stable_id(name)
    if taken.setdefault(ident, name) != name:
        raise InputError(
            f"{what}: {shown(name)} and {shown(taken[ident])} have the same random numbers; rename one of them"
        )
    return ident


def _events(scenario: Scenario, start: int) -> Any:
    ordered = sorted(scenario.events, key=lambda event: (month_number(event.month), event.id))
    taken: dict[int, str] = {}
    rows = [[row for effect in event.effects() for row in _effect(effect)] for event in ordered]
    sizes = [len(row) for row in rows]
    flat = [row for found in rows for row in found]
    conditions = [event.when for event in ordered]
    names = list(OUTCOMES)
    return Events(
        start=_starts([month_number(event.month) - start + SPIN_UP for event in ordered], SPIN_UP + scenario.months),
        ident=np.array([_identifier(event.id, taken, "events") for event in ordered], dtype=np.uint32),
        probability=np.array([event.probability for event in ordered], dtype=np.float64),
        outcome=np.array([names.index(c.outcome) if c else -1 for c in conditions], dtype=np.int64),
        comparison=np.array([_COMPARISONS.index(c.op) if c else 0 for c in conditions], dtype=np.int64),
        bound=np.array([c.value if c else 0.0 for c in conditions], dtype=np.float64),
        first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        **{
            name: np.array([getattr(row, name) for row in flat], dtype=dtype)
            for name, dtype in (
                *((name, np.int64) for name in ("kind", "index", "actor", "issue")),
                *((name, np.float64) for name in ("value", "low", "high")),
                ("assign", np.uint8),
            )
        },
    )


#: Forcing channels that fall on every other ally when no actor is named.
_ON_ALL = ("demand", "hybrid", "trade", "statement")


@dataclass(frozen=True)
class _Row:
    """An effect as the core takes it."""

    kind: int
    index: int
    actor: int
    issue: int
    value: float
    assign: bool
    low: float
    high: float


def _effect(effect: Effect) -> list[_Row]:
    """The core's rows of one effect."""
    everyone = range(len(ALLIES))
    others = [i for i in everyone if i != USA]

    def rows(kind: int, index: int, actors: Iterable[int] = (0,), issue: int = 0) -> list[_Row]:
        assign = effect.op == "set"
        return [_Row(kind, index, i, issue, effect.value, assign, effect.low, effect.high) for i in actors]

    named = None if effect.actor is None else [ALLY_INDEX[effect.actor]]
    if effect.kind == "forcing":
        index = getattr(L.F, effect.name)
        return rows(L.SHIFT_FORCING, index, named or (others if effect.name in _ON_ALL else [USA]))
    if effect.kind == "world":
        return rows(L.SHIFT_WORLD, getattr(L.G, effect.name))
    if effect.kind == "parameter":
        if effect.name in _PER_ALLY:
            return rows(L.SHIFT_GIVEN, _PER_ALLY[effect.name], named or everyone)
        return rows(L.SHIFT_PARAMETER, getattr(L.P, effect.name))
    if effect.kind == "ally":
        # All but spending follows from other things in Washington.
        everybody = everyone if effect.name == "d" else others
        return rows(L.SHIFT_ALLY, getattr(L.S, effect.name), named or everybody)
    issue = ISSUES.index(effect.issue or "")
    if effect.kind == "issue":
        # A norm that is set stays: what was adopted last moves with it.
        return [row for index in (L.I.norm, L.I.target) for row in rows(L.SHIFT_ISSUE, index, issue=issue)]
    return rows(L.SHIFT_POSITION, 0, named or everyone, issue)


def _meetings(scenario: Scenario, start: int) -> tuple[Any, tuple[AgendaRow, ...]]:
    ordered = sorted(scenario.meetings, key=lambda meeting: (month_number(meeting.month), meeting.id))
    agenda: list[AgendaRow] = []
    items: list[list[Any]] = []
    first = [0]
    taken: dict[int, str] = {}
    idents = []
    for meeting in ordered:
        packages: dict[str, int] = {}
        for item in meeting.agenda:
            column = packages.get(item.package) if item.package else None
            if column is None:
                column = len(items)
                items.append([])
                name = f"{meeting.id}/{item.package or item.issue}"
                idents.append(_identifier(name, taken, f"meeting {meeting.id}"))
                if item.package:
                    packages[item.package] = column
            title = item.text or meeting.title
            agenda.append(
                AgendaRow(
                    meeting.id,
                    meeting.month,
                    meeting.forum,
                    item.issue,
                    title,
                    item.proposed,
                    item.reversion,
                    column,
                    len(items[column]),
                )
            )
            items[column].append((meeting, item))
        first.append(len(items))
    count = len(items)
    issue = np.zeros((count, L.MAX_PARTS), np.int64)
    proposed, reversion = np.zeros((count, L.MAX_PARTS)), np.zeros((count, L.MAX_PARTS))
    for column, parts in enumerate(items):
        for part, (_, item) in enumerate(parts):
            issue[column, part] = ISSUES.index(item.issue)
            proposed[column, part], reversion[column, part] = item.proposed, item.reversion
    heads = [parts[0] for parts in items]
    table = Meetings(
        start=_starts([month_number(m.month) - start + SPIN_UP for m in ordered], SPIN_UP + scenario.months),
        forum=np.array([FORUMS.index(m.forum) for m in ordered], dtype=np.int64),
        sessions=np.array([m.sessions for m in ordered], dtype=np.int64),
        rounds=np.array([m.rounds for m in ordered], dtype=np.int64),
        first=np.array(first, dtype=np.int64),
        parts=np.array([len(parts) for parts in items], dtype=np.int64),
        issue=issue,
        reversion=reversion,
        span=proposed - reversion,
        floor=np.array([np.nan if i.min_share is None else i.min_share for _, i in heads], dtype=np.float64),
        divisible=np.array([i.divisible for _, i in heads], dtype=np.uint8),
        rule=np.array([RULES.index(i.rule or m.rule) for m, i in heads], dtype=np.int64),
        allowance=np.array([m.allowance if i.allowance is None else i.allowance for m, i in heads], dtype=np.int64),
        item_ident=np.array(idents, dtype=np.uint32),
    )
    _refuse_shared_keys(table, [m.id for m in ordered])
    return table, tuple(agenda)


def _refuse_shared_keys(table: Any, names: list[str]) -> None:
    """Refuse two items of one month whose allies would share random numbers."""
    actors = np.arange(len(ALLIES) * L.MAX_PARTS)  # again for each part of a package
    for t in range(len(table.start) - 1):
        taken = [
            (names[meeting], key_of.py_func(table.item_ident[column], actors))
            for meeting in range(table.start[t], table.start[t + 1])
            for column in range(table.first[meeting], table.first[meeting + 1])
        ]
        if len(np.unique([keys for _, keys in taken])) == len(taken) * len(actors):
            continue
        for (earlier, one), (later, other) in combinations(taken, 2):
            if np.intersect1d(one, other).size:
                raise InputError(
                    f"meetings {shown(later)} and {shown(earlier)} share random numbers; rename one of them"
                )
