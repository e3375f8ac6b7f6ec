"""Who listens to whom, and who moves whom, in each month: the influence of the core, seen from its states.

The formulas are those of docs/model.md, "6. Influence" and "3. Perceived threat". What the core keeps only while it
computes a month is computed here again from the states before and after the month.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alliance_sim.explorer.answers.chance import events_of, happens
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.labels import ISSUE_NAMES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import Scenario

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alliance_sim.compile import Block, CompiledScenario

    Floats = NDArray[np.float64]

__all__ = ["DRAWS", "HEARD", "MEASURES", "THREAT", "Measure", "Network", "arrows", "measure_network", "ranking", "ties"]

#: Draws whose mean is shown.
DRAWS = 48

HEARD, THREAT = "heard", "threat"


@dataclass(frozen=True)
class Measure:
    """What arrows may show.

    Attributes
    ----------
    label, definition, formula, section : str
        Formula in one line, and its section in docs/model.md.
    signed : bool
        Whether it has a direction: up is towards more perceived threat or a stronger response.

    Examples
    --------
    >>> [measure.signed for measure in MEASURES.values()][:2]
    [False, True]
    """

    label: str
    definition: str
    formula: str
    section: str
    signed: bool


_MOVED = (
    "how far one ally moved another's position on {} this month, away from what its government wants by itself; "
    "the scale is from 0 to 1, and up is towards a stronger response"
)
_BY = (
    "susceptibility of the listener times weight of the voice times (change of position that the voice expressed last "
    "month, minus the change that the listener wants by itself)"
)
#: By name: how much is heard, what moved perceived threat, and what moved positions on each issue.
MEASURES: dict[str, Measure] = {
    HEARD: Measure(
        "How much each ally listens to each other",
        "how far an ally's position would move this month if the other's expressed position were higher by 1",
        "susceptibility of the listener times weight of the voice; the weights of a listener sum to 1, and are larger "
        "for allies of the same groups, of high standing and of similar positions, and for Washington the more its "
        "guarantee is believed",
        "6. Influence",
        False,
    ),
    THREAT: Measure(
        "Perceived threat: moves of the month",
        "how far one ally moved another's perceived threat this month; the scale is from 0 to 1, and up is more",
        "diffusion of threat times weight of the voice times (change of the voice's perceived threat since the start, "
        "minus the listener's); the United States is not moved",
        "3. Perceived threat",
        True,
    ),
    **{
        name: Measure(
            f"Position on {ISSUE_NAMES[name]}: moves of the month",
            _MOVED.format(ISSUE_NAMES[name]),
            _BY,
            "6. Influence",
            True,
        )
        for name in ISSUES
    },
}


@dataclass(frozen=True)
class Network:
    """Means over the first draws of a seed.

    Attributes
    ----------
    months : tuple of str
        ``YYYY-MM``.
    draws : int
    threat : (T, N) array
        Perceived threat at the end of each month.
    moves : dict of str to (T, N, N) array
        By measure; row j, column i is what j does to i, none to itself.

    Examples
    --------
    >>> import alliance_sim as als
    >>> measure_network(als.load_scenario("baseline_2018"), seed=0, draws=2).threat.shape
    (36, 32)
    """

    months: tuple[str, ...]
    draws: int
    threat: Floats
    moves: dict[str, Floats]


def measure_network(scenario: Scenario, seed: int, draws: int = DRAWS) -> Network:
    """Run the first draws of a seed month by month, and return who moved whom.

    Examples
    --------
    >>> import alliance_sim as als
    >>> network = measure_network(als.load_scenario("us_russia_reset_2025"), seed=0, draws=2)
    >>> network.threat.shape, network.moves["sanctions"].shape
    ((48, 32), (48, 32, 32))
    """
    import numpy as np

    from alliance_sim.compile import compile_scenario
    from alliance_sim.core.structures import US, AllyInput, AllyState, Param

    program = compile_scenario(scenario)
    block = program.block(seed, 0, draws, "final")
    program.run(block, seed, month1=0)
    months, n = len(program.months), len(ALLIES)
    threat = np.empty((months, n))
    moves = {name: np.empty((months, n, n)) for name in MEASURES}
    for month in range(months):
        expressed = _coupled(program, block.states.displacement)
        positions = block.states.position.copy()
        ally = _after_events(program, block, seed, month)
        alone = copy.deepcopy(block)
        alone.inputs.ally_input[:, AllyInput.susceptibility] = 0.0
        program.run(alone, seed, month, month + 1)
        program.run(block, seed, month, month + 1)
        # Parameters and standing are changed by events only: after the month they are what the month used.
        weights = _weights(program, block, positions, ally[:, AllyState.guarantee_confidence])
        susceptibility = block.inputs.ally_input[:, AllyInput.susceptibility]
        heard = susceptibility[:, None, :] * weights
        threats = ally[:, AllyState.threat_perception]
        # Washington comes first in a month: what it perceives by then is heard.
        threats[:, US] = block.states.ally[:, AllyState.threat_perception, US]
        changed = threats - block.inputs.ally_input[:, AllyInput.initial_threat]
        diffusion = block.inputs.params[:, Param.threat_diffusion, None, None] * weights
        threat_moves = diffusion * (changed[:, :, None] - changed[:, None, :])
        threat_moves[:, :, US] = 0.0
        moves[HEARD][month], moves[THREAT][month] = heard.mean(axis=0), threat_moves.mean(axis=0)
        for k, issue in enumerate(ISSUES):
            # A government that nobody influences expresses what it wants.
            wanted = alone.states.displacement[:, k]
            moves[issue][month] = (heard * (expressed[:, k, :, None] - wanted[:, None, :])).mean(axis=0)
        threat[month] = block.states.ally[:, AllyState.threat_perception].mean(axis=0)
    return Network(program.months, draws, threat, moves)


def arrows(network: Network, measure: str, month: int, count: int, ally: str = "") -> list[dict[str, Any]]:
    """Return the strongest moves of a month, strongest first; with an ally only those from it and to it.

    Examples
    --------
    >>> import alliance_sim as als
    >>> network = measure_network(als.load_scenario("us_russia_reset_2025"), seed=0, draws=2)
    >>> [sorted(arrow) for arrow in arrows(network, "heard", 0, 1)]
    [['from', 'to', 'value']]
    """
    import numpy as np

    values = network.moves[measure][month].copy()
    if ally:
        others = np.arange(len(ALLIES)) != ALLY_INDEX[ally]
        values[np.ix_(others, others)] = 0.0
    strongest = np.argsort(-np.abs(values), axis=None, kind="stable")[:count]
    voices, listeners = np.unravel_index(strongest, values.shape)
    found = zip(voices.tolist(), listeners.tolist(), strict=True)
    return [
        {"from": ALLIES[j], "to": ALLIES[i], "value": _rounded(values[j, i])} for j, i in found if values[j, i] != 0.0
    ]


def ranking(network: Network, measure: str, month: int) -> list[dict[str, Any]]:
    """Return of each ally how far it moves others, the sum of sizes, and how far all others together move it.

    Examples
    --------
    >>> import alliance_sim as als
    >>> network = measure_network(als.load_scenario("us_russia_reset_2025"), seed=0, draws=2)
    >>> sorted(ranking(network, "heard", 0)[0])
    ['ally', 'moved', 'moves']
    """
    import numpy as np

    values = network.moves[measure][month]
    moves, moved = np.abs(values).sum(axis=1), values.sum(axis=0)
    return [
        {"ally": iso3, "moves": _rounded(moves[at]), "moved": _rounded(moved[at])} for at, iso3 in enumerate(ALLIES)
    ]


def ties(network: Network, measure: str, month: int, ally: str) -> dict[str, list[dict[str, Any]]]:
    """Return whom an ally moves and who moves it, strongest first.

    Examples
    --------
    >>> import alliance_sim as als
    >>> network = measure_network(als.load_scenario("us_russia_reset_2025"), seed=0, draws=2)
    >>> found = ties(network, "heard", 0, "POL")
    >>> sorted(found), len(found["moves"])
    (['moved_by', 'moves'], 31)
    """
    values, at = network.moves[measure][month], ALLY_INDEX[ally]
    rows = {"moves": values[at, :], "moved_by": values[:, at]}
    return {
        name: sorted(
            ({"ally": other, "value": _rounded(row[i])} for i, other in enumerate(ALLIES) if i != at),
            key=lambda each: -abs(each["value"]),
        )
        for name, row in rows.items()
    }


def _rounded(value: float) -> float:
    return round(float(value), 8)


def _coupled(program: CompiledScenario, displacement: Floats) -> Floats:
    """Return what is expressed when the view of the Russia strategy has had its part in other issues (D, K, N)."""
    from alliance_sim.core.constants import COUPLING
    from alliance_sim.core.structures import RUSSIA_STRATEGY

    led = COUPLING * program.shared.led[:, None]
    return displacement + led * (displacement[:, RUSSIA_STRATEGY, None, :] - displacement)


def _weights(program: CompiledScenario, block: Block, positions: Floats, confidence: Floats) -> Floats:
    """Return the weights of each draw: [d, j, i] is the weight with which i hears j; each column sums to one."""
    import numpy as np

    from alliance_sim.core.constants import STANDING_WEIGHT
    from alliance_sim.core.structures import US, AllyState, Param

    bound = block.inputs.params[:, Param.confidence_bound, None, None]
    share = program.shared.weight / program.shared.weight.sum()
    apart = ((positions[:, :, :, None] - positions[:, :, None, :]) ** 2 * share[:, None, None]).sum(axis=1)
    weights = block.states.ally[:, AllyState.standing, :, None] ** STANDING_WEIGHT * program.shared.affinity
    weights[:, US] *= confidence
    weights *= np.maximum(0.0, 1.0 - apart / bound**2) ** 2
    total = weights.sum(axis=1)
    # An ally that is left without anybody to listen to moves by itself.
    found: Floats = np.divide(weights, total[:, None], out=np.zeros_like(weights), where=total[:, None] > 0.0)
    return found


def _after_events(program: CompiledScenario, block: Block, seed: int, month: int) -> Floats:
    """Return the states of allies with which the month begins: after the events that set them."""
    import numpy as np

    from alliance_sim.compile import SPIN_UP
    from alliance_sim.core.structures import Effect

    events, ally = program.calendar.events, block.states.ally.copy()
    first = events.start[SPIN_UP + month]
    for at, event in enumerate(events_of(program.scenario, month), start=int(first)):
        effects = np.arange(events.first[at], events.first[at + 1])
        effects = effects[events.kind[effects] == Effect.ALLY_STATE]
        if not len(effects):
            continue
        for draw in range(len(ally)):
            before = dict(zip(OUTCOMES, block.states.outcomes[draw].tolist(), strict=True))
            if happens(event, seed, draw, month, before):
                for f in effects:
                    place = draw, events.row[f], events.actor[f]
                    after = events.value[f] + (0.0 if events.assign[f] else ally[place])
                    ally[place] = min(max(after, events.low[f]), events.high[f])
    return ally
