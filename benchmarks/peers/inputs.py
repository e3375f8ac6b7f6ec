"""What the peers share: the reduced scenario, its arrays, and the outcomes they report.

Everything comes from the compiled scenario, so that the peers start from the core's own parameters, actors and
events. What the peers leave out is refused here, where a scenario has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from alliance_sim import Scenario, load_scenario
from alliance_sim.compile import SPIN_UP, CompiledScenario, compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.rng import normal
from alliance_sim.registry.outcomes import OUTCOMES

__all__ = ["OUTCOMES", "SCENARIO", "Inputs", "Noise", "core_noise", "inputs", "inputs_of", "reduced"]

SCENARIO = "us_russia_reset_2025"
Array = NDArray[np.float64]

_LEFT_OUT = ("leader", "stance", "exercise")


@dataclass(frozen=True)
class Inputs:
    """Arrays of a block of draws (D draws, N allies, K issues, T months, the spin-up among them).

    Attributes
    ----------
    spin_up : int
        Months before the first that is reported.
    p : dict of name to (D,) array
        Parameters, by their symbols.
    ally : dict of name to (D, N) array
        What allies bring to a draw, by the names of `layout.A`.
    x0 : (D, K, N) array
        Calibrated positions; Washington's follow from its principals.
    leader_tau, inst_tau : (D,) arrays
    leader_x, inst_x : (D, K) arrays
    facts : dict of name to array
        What all draws share, by the names of the core's `Facts`.
    eu : (M,) array of int
        Columns of the members of the EU.
    washington : dict of name to (T,) array
        What events do in Washington and Moscow.
    others : dict of name to (T, N) array
        What they do to allies: statement, demand, trade, hybrid.
    demand_percent, concession : (T,) arrays
        Washington's demand in force, and steps in the pressure to concede.
    may_be_private : (T,) array of bool
        Months in which leaders may meet behind closed doors.
    """

    spin_up: int
    p: dict[str, Array]
    ally: dict[str, Array]
    x0: Array
    leader_tau: Array
    leader_x: Array
    inst_tau: Array
    inst_x: Array
    facts: dict[str, Array]
    eu: NDArray[np.int64]
    washington: dict[str, Array]
    others: dict[str, Array]
    demand_percent: Array
    concession: Array
    may_be_private: NDArray[np.bool_]

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.leader_tau)

    @property
    def months(self) -> int:
        """Number of months, the spin-up among them."""
        return len(self.demand_percent)


@dataclass(frozen=True)
class Noise:
    """Standard normal numbers: shocks to perceived threat (T, D, N), readings (T, D, N), Moscow's errors (T, D)."""

    threat: Array
    reading: Array
    russia: Array


def reduced() -> Scenario:
    """Return the scenario without its meetings."""
    return Scenario.validated({**dict(load_scenario(SCENARIO)), "meetings": ()})


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
    facts, events = compiled.facts, compiled.events
    drawn = compiled.draw_inputs(seed, 0, draws)
    total = len(events.start) - 1
    n = len(facts.europe)

    _refuse(not facts.member[:, L.Forum.NATO_SUMMIT].all(), "allies that are no members")
    _refuse((facts.member != facts.member[:1]).any(), "changes of membership")
    _refuse((events.probability < 1.0).any() or (events.outcome >= 0).any(), "events that may not happen")
    _refuse((drawn.theta[:, L.Param.loss_exponent] != 2.0).any(), "losses that are not quadratic")

    forcing = np.zeros((total, len(L.F), n))
    demand_percent, concession = np.zeros(total), np.zeros(total)
    for e in range(len(events.ident)):
        t = int(np.searchsorted(events.start, e, side="right")) - 1
        for f in range(events.first[e], events.first[e + 1]):
            kind, index, value = events.kind[f], events.index[f], events.value[f]
            if kind == L.SHIFT_FORCING:
                before = 0.0 if events.assign[f] else forcing[t, index, events.actor[f]]
                forcing[t, index, events.actor[f]] = before + value
            elif kind == L.SHIFT_WORLD and index == L.World.demanded_spending and events.assign[f]:
                demand_percent[t:] = value
            elif kind == L.SHIFT_WORLD and index == L.World.concession_pressure and not events.assign[f]:
                concession[t] += value
            else:
                raise ValueError("the peers leave out an effect of an event, and this scenario has it")
    for name in _LEFT_OUT:
        _refuse(forcing[:, getattr(L.F, name)].any(), f"events of the kind {name}")

    per_ally = ("statement", "demand", "trade", "hybrid")
    washington = {name: forcing[:, k, L.US].copy() for k, name in enumerate(L.Forcing._fields) if name not in per_ally}
    return Inputs(
        spin_up=SPIN_UP,
        p={name: drawn.theta[:, k].copy() for k, name in enumerate(L.Param._fields)},
        ally={name: drawn.ally[:, k].copy() for k, name in enumerate(L.AllyInput._fields)},
        x0=drawn.x0,
        leader_tau=drawn.leader_tau[:, facts.leader0].copy(),
        leader_x=drawn.leader_x[:, facts.leader0].copy(),
        inst_tau=drawn.inst_tau[:, 0].copy(),
        inst_x=drawn.inst_x,
        facts={name: value for name, value in facts._asdict().items() if isinstance(value, np.ndarray)},
        eu=np.flatnonzero(facts.member[0, L.Forum.EU_COUNCIL]),
        washington=washington,
        others={name: forcing[:, getattr(L.F, name)].copy() for name in per_ally},
        demand_percent=demand_percent,
        concession=concession,
        may_be_private=(washington["private"] > 0.0) | (np.cumsum(washington["follow_up"]) > 0.0),
    )


def core_noise(of: Inputs, seed: int = 0) -> Noise:
    """Return the core's own numbers, for the comparison of trajectories."""
    months, draws, n = of.months, of.draws, len(of.facts["europe"])

    def numbers(channel: int, idents: int) -> Array:
        return np.array(
            [
                [[normal(seed, draw, t, channel, ident) for ident in range(idents)] for draw in range(draws)]
                for t in range(months)
            ]
        )

    return Noise(numbers(L.Channel.THREAT, n), numbers(L.Channel.READING, n), numbers(L.Channel.RUSSIA, 1)[:, :, 0])


def _refuse(found: bool, what: str) -> None:
    if found:
        raise ValueError(f"the peers leave out {what}, and this scenario has them")
