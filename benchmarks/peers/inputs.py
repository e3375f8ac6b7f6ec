"""What the peers share: the model that they implement, the reduced scenario and its arrays.

The peers implement a fixed model: the mechanisms, outcomes and channels of events listed here. What the program gains
later does not concern them: the strength of another mechanism is set to zero, another outcome is not compared, and a
scenario with another kind of event is refused. Everything else comes from the compiled scenario, so that the peers
start from the core's own parameters, actors and events.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alliance_sim import Scenario, load_scenario
from alliance_sim.compile import SPIN_UP, CompiledScenario, compile_scenario
from alliance_sim.core.rng import fill_normal
from alliance_sim.core.structures import US, AllyInput, Channel, Clock, Effect, Forcing, Forum, IssueInput, Param, World
from alliance_sim.registry.outcomes import OUTCOMES as OUTCOMES_OF_THE_CORE
from alliance_sim.registry.parameters import STRENGTHS

__all__ = [
    "MECHANISMS",
    "OUTCOMES",
    "PARAMETERS",
    "SCENARIO",
    "Inputs",
    "Noise",
    "compared",
    "core_noise",
    "inputs",
    "inputs_of",
    "reduced",
]

SCENARIO = "us_russia_reset_2025"

#: Mechanisms that the peers implement, by their strengths: all there were, but for those that act at meetings only.
MECHANISMS = tuple(
    """
    autonomy_gain_opacity criticism_gain congress_brake softening
    reset_flow reading_spread
    threat_reversion threat_diffusion conduct_response sd_threat
    guarantee_loss_conciliation guarantee_loss_opacity statement_cost quarrel_cost cutoff_cost
    commitment_loss_conciliation
    threat_response cover hedge norm_pull
    susceptibility
    budget_speed targets_kept spending_response_threat spending_response_war spending_response_abandonment
    pledge coercion relaxation
    compensation_rate fatigue_rate aid_elasticity concession_gain
    weakness_response weakness_signal sanctions_cost
    company_move patron_move consultation sd_salience
    """.split()
)

#: Their other parameters.
PARAMETERS = tuple(
    """
    initial_autonomy half_life_signals
    guarantee_recovery initial_commitment confidence_bound momentum spending_response
    initial_resistance russia_capability assertiveness_speed
    slack_scale sd_position sd_chair tolerated_move min_share min_salience standing_exponent
    """.split()
)

#: Outcomes that they compute, in this order.
OUTCOMES = tuple(
    """
    cohesion agreement consensus_capacity mean_guarantee_confidence burden_sharing threat_gap polarisation camps
    deterrence deterrence_without_us isolation sanctions_durability objector_hazard objector_weight
    mean_spending spending_spread
    ukraine_support_total ukraine_support_military ukraine_support_economic ukraine_support_intelligence
    resistance war_intensity assertiveness demands concession_pressure exercise_participation
    conciliation opacity criticism presidential_autonomy presidential_support institutions_stance
    us_commitment open_door_us postponements blow_ups
    """.split()
)

#: Channels by which events act on Washington and Moscow, and on allies.
WASHINGTON = (
    "conciliation", "opacity", "private", "follow_up", "process", "aid_military", "aid_economic", "aid_intelligence",
    "relief", "document", "escalation", "war",
)  # fmt: skip
OTHERS = ("statement", "demand", "trade", "hybrid")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Inputs:
    """Arrays of a block of draws (D draws, N allies, K issues, T months, the spin-up among them).

    Attributes
    ----------
    spin_up : int
        Months before the first that is reported.
    p : dict of name to (D,) array
        Those of `MECHANISMS` and `PARAMETERS` that all allies share, and no others.
    ally : dict of name to (D, N) array
        What allies bring to a draw, by the names of the core's `AllyInput`.
    initial_position : (D, K, N) array
        Calibrated positions; Washington's follow from its principals.
    leader_threat, institutions_threat : (D,) arrays
    leader_position, institutions_position : (D, K) arrays
    leader_salience : (D, K) array
        How much the president cares about each issue.
    threat_slope : (D, K) array
        Slope of positions on perceived threat.
    shared : dict of name to array or number
        What all draws share, by the names of the core's `SharedInputs`.
    eu : (M,) array of int
        Columns of the members of the EU.
    washington : dict of name to (T,) array
        What events do in Washington and Moscow.
    others : dict of name to (T, N) array
        What they do to allies: statement, demand, trade, hybrid.
    demand_percent, concession : (T,) arrays
        Washington's demand in force, and steps in the pressure to concede.
    new_year : (T,) array of bool
        Months in which new budgets begin.
    may_be_private : (T,) array of bool
        Months in which leaders may meet behind closed doors.
    """

    spin_up: int
    p: dict[str, Array]
    ally: dict[str, Array]
    initial_position: Array
    leader_threat: Array
    leader_position: Array
    institutions_threat: Array
    institutions_position: Array
    leader_salience: Array
    threat_slope: Array
    shared: dict[str, Any]
    eu: NDArray[np.int64]
    washington: dict[str, Array]
    others: dict[str, Array]
    demand_percent: Array
    concession: Array
    new_year: NDArray[np.bool_]
    may_be_private: NDArray[np.bool_]

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.leader_threat)

    @property
    def months(self) -> int:
        """Number of months, the spin-up among them."""
        return len(self.demand_percent)


@dataclass(frozen=True)
class Noise:
    """Standard normal numbers of D draws.

    Attributes
    ----------
    threat, reading : (T, D, N) arrays
        Shocks to perceived threat, and errors of readings of private talks.
    russia, output : (T, D) arrays
        Moscow's errors, and output that budgets did not foresee: month 0 is that of the first budget.
    steady_threat : (D, N) array
        How far perceived threat is from its level at the start; Washington's is not used.
    steady_russia : (D,) array
        The same of Russia's assertiveness.
    salience : (D, K, N) array
        How far salience is from what positions tell; Washington's is that of its institutions.
    """

    threat: Array
    reading: Array
    russia: Array
    output: Array
    steady_threat: Array
    steady_russia: Array
    salience: Array


def reduced() -> Scenario:
    """Return the scenario without its meetings and without mechanisms that the peers do not implement."""
    without_meetings = Scenario.validated({**dict(load_scenario(SCENARIO)), "meetings": ()})
    return without_meetings.with_parameters({name: 0.0 for name in STRENGTHS if name not in MECHANISMS})


def compared(outcomes: Array) -> Array:
    """Return the peers' outcomes (..., OUTCOMES) out of the core's (..., all outcomes)."""
    return outcomes[..., [OUTCOMES_OF_THE_CORE[name] for name in OUTCOMES]]


@cache
def inputs(draws: int) -> Inputs:
    """Return the arrays of the first draws of the reduced scenario, seed 0."""
    return inputs_of(compile_scenario(reduced()), draws)


def inputs_of(compiled: CompiledScenario, draws: int, seed: int = 0) -> Inputs:
    """Return the arrays of the first draws of a compiled scenario.

    Raises
    ------
    ValueError
        If the scenario has what the peers leave out.
    """
    _refuse(compiled.items > 0, "meetings")
    shared, events = compiled.shared, compiled.calendar.events
    drawn = compiled.draw_inputs(seed, 0, draws)
    total = len(events.start) - 1
    n = len(shared.europe)

    _refuse(not shared.member[:, Forum.NATO_SUMMIT].all(), "allies that are no members")
    _refuse((shared.member != shared.member[:1]).any(), "changes of membership")
    _refuse((events.probability < 1.0).any() or (events.outcome >= 0).any(), "events that may not happen")

    forcing = np.zeros((total, len(Forcing), n))
    demand_percent, concession = np.zeros(total), np.zeros(total)
    for e in range(len(events.ident)):
        t = int(np.searchsorted(events.start, e, side="right")) - 1
        for f in range(events.first[e], events.first[e + 1]):
            kind, row, value = events.kind[f], events.row[f], events.value[f]
            if kind == Effect.FORCING:
                before = 0.0 if events.assign[f] else forcing[t, row, events.actor[f]]
                forcing[t, row, events.actor[f]] = before + value
            elif kind == Effect.WORLD and row == World.demanded_spending and events.assign[f]:
                demand_percent[t:] = value
            elif kind == Effect.WORLD and row == World.concession_pressure and not events.assign[f]:
                concession[t] += value
            else:
                raise ValueError("the peers leave out an effect of an event, and this scenario has it")
    for channel in Forcing:
        if channel.name not in (*WASHINGTON, *OTHERS):
            _refuse(forcing[:, channel].any(), f"events of the kind {channel.name}")

    washington = {name: forcing[:, Forcing[name], US].copy() for name in WASHINGTON}
    names = [name for name in (*MECHANISMS, *PARAMETERS) if name in Param.__members__]  # others are inputs of allies
    return Inputs(
        spin_up=SPIN_UP,
        p={name: drawn.params[:, Param[name]].copy() for name in names},
        ally={each.name: drawn.ally_input[:, each].copy() for each in AllyInput},
        initial_position=drawn.initial_position,
        leader_threat=drawn.leader_threat[:, shared.initial_leader].copy(),
        leader_position=drawn.leader_position[:, shared.initial_leader].copy(),
        institutions_threat=drawn.institutions_threat[:, 0].copy(),
        institutions_position=drawn.issue_input[:, IssueInput.institutions_position].copy(),
        leader_salience=drawn.leader_salience[:, shared.initial_leader].copy(),
        threat_slope=drawn.issue_input[:, IssueInput.threat_slope].copy(),
        shared=shared._asdict(),
        eu=np.flatnonzero(shared.member[0, Forum.EU_COUNCIL]),
        washington=washington,
        others={name: forcing[:, Forcing[name]].copy() for name in OTHERS},
        demand_percent=demand_percent,
        concession=concession,
        new_year=(np.arange(total) > SPIN_UP) & (np.arange(total) % 12 == shared.january),
        may_be_private=(washington["private"] > 0.0) | (np.cumsum(washington["follow_up"]) > 0.0),
    )


def core_noise(of: Inputs, seed: int = 0) -> Noise:
    """Return the core's own numbers, for the comparison of trajectories."""
    allies = of.shared["ally_ident"]
    n, issues = len(allies), len(of.shared["initial_norm"])

    def numbers(channel: Channel, idents: NDArray[np.uint32], month: int) -> Array:
        out = np.empty((of.draws, len(idents)))
        for draw in range(of.draws):
            fill_normal(out[draw], Clock(np.uint64(seed), draw, month), channel.value, idents)
        return out

    def monthly(channel: Channel, idents: NDArray[np.uint32]) -> Array:
        return np.array([numbers(channel, idents, month) for month in range(of.months)])

    first, steady = np.zeros(1, np.uint32), numbers(Channel.STEADY, np.arange(n + 1, dtype=np.uint32), 0)
    salience = numbers(Channel.SALIENCE, np.arange(issues * n, dtype=np.uint32), 0)
    return Noise(
        threat=monthly(Channel.THREAT, allies),
        reading=monthly(Channel.READING, allies),
        russia=monthly(Channel.RUSSIA, first)[:, :, 0],
        output=monthly(Channel.OUTPUT, first)[:, :, 0],
        steady_threat=steady[:, :n],
        steady_russia=steady[:, n],
        salience=salience.reshape(of.draws, issues, n),
    )


def _refuse(found: bool, what: str) -> None:
    if found:
        raise ValueError(f"the peers leave out {what}, and this scenario has them")
