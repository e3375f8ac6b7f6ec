"""The arrays of the core: what each record holds, and what is where in it.

Records are named tuples, which compiled code takes apart at no cost; positions are integer enumerations, which it
freezes to constants: ``params[Param.threat_reversion]``. Rows of parameters, states, channels and outcomes are those of
the registry. Sizes: D draws, T months, N allies, K issues, J items of meetings, P parts of an item (up to `MAX_PARTS`).
Arrays are C-contiguous, float64 where nothing else is said; actors are the last index.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.actors import USA as US
from alliance_sim.registry.forums import MAX_PACKAGE, Decision, Forum, Rule
from alliance_sim.registry.issues import ISSUES as ISSUE_NAMES
from alliance_sim.registry.outcomes import Outcome
from alliance_sim.registry.parameters import Param
from alliance_sim.registry.states import AllyState, Forcing, IssueState, World

__all__ = [
    "ALLY_VARIABLES", "CACHE_LINE", "DIALOGUE", "EXERCISES", "ISSUES", "MAX_PARTS", "NOT_PENDING", "N_ALLIES",
    "OPEN_DOOR", "PENDING", "POSTURE", "RUSSIA_STRATEGY", "SANCTIONS", "SPENDING", "SUPPORT", "US", "WAITING",
    "AllyInput", "AllyState", "Calendar", "Chances", "Channel", "Clamp", "Comparison", "Decision", "DecisionRecords",
    "DrawInputs", "Effect", "Events", "Forcing", "Forum", "IssueInput", "IssueState", "Kept", "Meetings", "Outcome",
    "Param", "RecordedOutput", "Rule", "SharedInputs", "Span", "States", "World", "aligned",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.int8]
Flags = NDArray[np.uint8]
Idents = NDArray[np.uint32]

#: Allies and issues of the alliance: the costliest loops have a form for just that many.
N_ALLIES, ISSUES = len(ALLIES), len(ISSUE_NAMES)

# Issues by name, where a mechanism is about one.
RUSSIA_STRATEGY = ISSUE_NAMES.index("russia_strategy")
POSTURE = ISSUE_NAMES.index("deterrence_posture")
SPENDING = ISSUE_NAMES.index("defence_spending")
SUPPORT = ISSUE_NAMES.index("ukraine_support")
SANCTIONS = ISSUE_NAMES.index("sanctions")
OPEN_DOOR = ISSUE_NAMES.index("open_door")
DIALOGUE = ISSUE_NAMES.index("russia_dialogue")  # 1: cooperation stays suspended
EXERCISES = ISSUE_NAMES.index("partner_exercises")

#: Variables of allies that a run keeps, in this order.
ALLY_VARIABLES = ("threat_perception", "guarantee_confidence", "spending", "ukraine_support")

#: An item may cover several issues, as a package.
MAX_PARTS = MAX_PACKAGE
#: In place of a decision, for an item that has not come up.
PENDING = -1
#: State of an item between meetings: nothing pending, or put off until the forum meets again.
NOT_PENDING, WAITING = range(2)


class AllyInput(IntEnum):
    """What an ally brings to a draw, from facts and calibration: ``ally_input[AllyInput.gdp, i]``.

    Examples
    --------
    >>> ally_input = np.zeros((len(AllyInput), N_ALLIES))
    >>> ally_input[AllyInput.gdp].shape
    (32,)
    """

    initial_threat = 0  # [0, 1]
    initial_confidence = 1  # [0, 1], in the U.S. guarantee
    initial_spending = 2  # % of GDP
    initial_aid = 3  # % of GDP a year, at an aid need of one
    susceptibility = 4  # [0, 1]
    dispute_onset = 5  # chance per item
    dependence = 6  # [0, 1], on the United States
    exposure = 7  # [0, 1], to Russia
    ties = 8  # [0, 1], with Russia
    gdp = 9  # billion US dollars
    population = 10  # persons
    spending_response = 11  # factor on all changes of the spending that an ally wants
    military_share = 12  # [0, 1]; of its aid
    initial_growth = 13  # % of GDP; of the budget of the year in which a run starts
    announced_rise = 14  # % of GDP; how far a target announced by then lies beyond that budget


class IssueInput(IntEnum):
    """What an issue brings to a draw: ``issue_input[IssueInput.threat_slope, k]``.

    In one array, since a further one slows down all months, by some percent.

    Examples
    --------
    >>> issue_input = np.zeros((len(IssueInput), ISSUES))
    >>> issue_input[IssueInput.threat_slope].shape
    (9,)
    """

    threat_slope = 0  # of positions on perceived threat
    institutions_position = 1  # [0, 1]
    institutions_salience = 2  # (0, 1]


class Channel(IntEnum):
    """Channels of the generator: one for each kind of chance, never shared.

    Examples
    --------
    >>> Channel.THREAT.name, Channel.THREAT.value
    ('THREAT', 5)
    """

    CALIBRATION = 1
    PARAMETER = 2
    EVENT = 3
    READING = 4
    THREAT = 5
    RUSSIA = 6
    POSITION = 7
    TEMPER = 8
    CHAIR = 9
    DISPUTE = 10
    DISPUTE_END = 11
    BYPASS = 12
    BLOWUP = 13
    ASK = 14
    INSIST = 15
    STAKE = 16
    OUTPUT = 17
    SALIENCE = 18
    STEADY = 19
    AGAIN = 20


class Effect(IntEnum):
    """What an effect of an event acts on.

    Examples
    --------
    >>> Effect(1).name
    'PARAMETER'
    """

    FORCING = 0
    PARAMETER = 1
    WORLD = 2
    ALLY_STATE = 3
    ALLY_INPUT = 4
    ISSUE_STATE = 5
    POSITION = 6
    DISPUTE = 7


class Comparison(IntEnum):
    """How the condition of an event compares an outcome with a bound.

    Examples
    --------
    >>> Comparison(2).name
    'BELOW'
    """

    ABOVE = 0
    AT_LEAST = 1
    BELOW = 2
    AT_MOST = 3


class States(NamedTuple):
    """State of a block of D draws; the kernel changes all of it.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> AllianceModel("baseline_2025", seed=1).block.states.ally[:, AllyState.spending].shape
    (1, 32)
    """

    ally: Floats  #: (D, AllyState, N)
    displacement: Floats  #: (D, K, N); of expressed positions from calibrated ones
    position: Floats  #: (D, K, N), [0, 1]; as expressed
    salience: Floats  #: (D, K, N), (0, 1]
    world: Floats  #: (D, World)
    issue: Floats  #: (D, IssueState, K)
    position_error: Floats  #: (D, K, N); how far the position shown at the last meeting was off, standard normal
    error_month: Floats  #: (D, K, N); month of that meeting, negative for none
    dispute_end: Floats  #: (D, K, N); month in which a dispute over something else ends; until then texts are refused
    pending: Bytes  #: (D, J); NOT_PENDING or WAITING
    outcomes: Floats  #: (D, Outcome); of the last month that was observed


class DrawInputs(NamedTuple):
    """What a block of D draws brings: parameters and calibrated actors. Events may change the first three.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> AllianceModel("baseline_2025", seed=1).block.inputs.params[:, Param.pledge].shape
    (1,)
    """

    params: Floats  #: (D, Param)
    ally_input: Floats  #: (D, AllyInput, N)
    initial_position: Floats  #: (D, K, N), [0, 1]; calibrated
    leader_threat: Floats  #: (D, leaderships), [0, 1]
    leader_position: Floats  #: (D, leaderships, K), [0, 1]
    institutions_threat: Floats  #: (D, 1), [0, 1]
    issue_input: Floats  #: (D, IssueInput, K)
    leader_salience: Floats  #: (D, leaderships, K), (0, 1]


class DrawState(NamedTuple):
    """One draw of `States` and `DrawInputs`: the same arrays without their first index."""

    ally: Floats
    ally_input: Floats
    issue: Floats
    displacement: Floats
    position: Floats
    initial_position: Floats
    salience: Floats
    world: Floats
    params: Floats
    leader_threat: Floats
    leader_position: Floats
    institutions_threat: Floats
    issue_input: Floats
    leader_salience: Floats
    position_error: Floats
    error_month: Floats
    dispute_end: Floats
    pending: Bytes
    outcomes: Floats


class SharedInputs(NamedTuple):
    """What all draws of a scenario share; nothing changes it.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> AllianceModel("baseline_2025", seed=1).program.shared.member[-1, Forum.NAC].shape
    (32,)
    """

    initial_leader: int  #: place in the table of leaderships
    assertiveness: float  #: [0, 1]; of Russia when the era begins
    war: float  #: [0, 1]; intensity of the war, likewise
    aid_need: float  #: [0, 1]; aid that it requires
    spin_up: int  #: months before the first of the scenario
    january: int  #: month of the run, counted from the beginning of the spin-up, modulo 12
    cover: Floats  #: (K,), [0, 1]; licence that a conciliatory Washington gives
    hedge: Floats  #: (K,), [0, 1]; wish for more as the guarantee weakens
    weight: Floats  #: (K,); of issues in the distance between two allies
    initial_norm: Floats  #: (K,), [0, 1]
    led: Floats  #: (K,), [0, 1]; how far the belief about the threat drives an issue
    affinity: Floats  #: (N, N), symmetric
    neutral: Floats  #: (forums,); standing of members outside the alliance
    us_share: Floats  #: (3,), [0, 1]; of aid by channel
    eu_share: float  #: [0, 1]; of institutions of the European Union in economic aid
    channel_weight: Floats  #: (3,), sum one; military, economic, intelligence
    europe: Flags  #: (N,); 1 where an ally's support or spending counts as European
    ally_ident: Idents  #: (N,); names of allies' random numbers
    reference_issue: Ints  #: (R,); fixed agenda behind consensus capacity
    reference_reversion: Floats  #: (R,), [0, 1]
    reference_span: Floats  #: (R,), [-1, 1]; from reversion to proposal
    rollover_issue: Ints  #: (1,)
    rollover_reversion: Floats  #: (1,)
    member: Flags  #: (T, forums, N); who sits where in which month, with the spin-up


class Events(NamedTuple):
    """Events of a scenario: E events in order of their months, with F effects. Sparse, as events may be uncertain.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> events = AllianceModel("baseline_2025", seed=1).program.calendar.events
    >>> len(events.ident) == int(events.start[-1]), len(events.kind) == int(events.first[-1])
    (True, True)
    """

    start: Ints  #: (T + 1,); events start[t] to start[t + 1] are those of month t
    ident: Idents  #: (E,); names of random numbers
    probability: Floats  #: (E,), [0, 1]
    outcome: Ints  #: (E,); Outcome of the condition, -1 for none
    comparison: Ints  #: (E,); a Comparison
    bound: Floats  #: (E,); with which last month's outcome is compared
    first: Ints  #: (E + 1,); effects first[e] to first[e + 1] are those of event e
    kind: Ints  #: (F,); an Effect
    row: Ints  #: (F,); of what the effect acts on
    actor: Ints  #: (F,)
    issue: Ints  #: (F,)
    value: Floats  #: (F,); what is added, or set
    assign: Flags  #: (F,); 1 where it is set
    low: Floats  #: (F,); bounds of the result
    high: Floats  #: (F,)


class Meetings(NamedTuple):
    """Meetings of a scenario: M meetings in order of their months, with J items.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> Forum(AllianceModel("baseline_2025", seed=1).program.calendar.meetings.forum[0]).name
    'NATO_SUMMIT'
    """

    start: Ints  #: (T + 1,); meetings start[t] to start[t + 1] are those of month t
    forum: Ints  #: (M,); a Forum
    sessions: Ints  #: (M,); working sessions, for which items compete
    rounds: Ints  #: (M,); of silence procedure
    first: Ints  #: (M + 1,); items first[m] to first[m + 1] are those of meeting m
    parts: Ints  #: (J,); issues of an item, more than one for a package
    issue: Ints  #: (J, P)
    reversion: Floats  #: (J, P), [0, 1]
    span: Floats  #: (J, P), [-1, 1]; from reversion to proposal; where an ask is given, its direction
    ask: Ints  #: (J, P, 2); class of the ask by each of two coders, 0 where the span is given
    min_share: Floats  #: (J,), [0, 1]; NaN: the parameter
    divisible: Flags  #: (J, 2); by each of the coders
    sponsor: Flags  #: (J, N); 1 for allies that asked for the text
    again: Flags  #: (J,); 1 where a text that failed may come up again
    priority: Flags  #: (J,); 1 for what the meeting is called for
    rule: Ints  #: (J,); a Rule
    allowance: Ints  #: (J,); the n of unanimity minus n
    item_ident: Idents  #: (J,); names of random numbers


class Clamp(NamedTuple):
    """How recorded items ended, for a run that is held to the record; J is 0 in a run that is not.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> AllianceModel("baseline_2025", seed=1).program.calendar.clamp.outcome.shape
    (0,)
    """

    outcome: Bytes  #: (J,); a Decision, or PENDING for an item that the model decides
    refused: Bytes  #: (J, N); 1 for allies that broke silence
    voiced: Bytes  #: (J, N); 1 for allies that spoke against the text
    repeats: int  #: how often each is decided, for its chances


class Calendar(NamedTuple):
    """What happens, and what is decided, in the months of a scenario.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> calendar = AllianceModel("baseline_2025", seed=1).program.calendar
    >>> len(calendar.events.start) == len(calendar.meetings.start)
    True
    """

    events: Events
    meetings: Meetings
    clamp: Clamp


class DecisionRecords(NamedTuple):
    """What is kept of decisions of D draws.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> AllianceModel("baseline_2025", seed=1).block.records.objection.shape[2]
    32
    """

    outcome: Bytes  #: (D, J); a Decision, or PENDING
    proposed: Floats  #: (D, J, P), [0, 1]; level asked for
    share: Floats  #: (D, J), [0, 1]; text agreed, as a share of the way to the proposal
    first_tabled: Floats  #: (D, J), [0, 1]; first text on the negotiating table, 0 where none was
    tabled: Floats  #: (D, J), [0, 1]; last text on the negotiating table
    margin: Floats  #: (D, J); acceptance margin of the least willing ally, negative where it objects
    pivotal: NDArray[np.int16]  #: (D, J); that ally, or -1
    bypassed: Bytes  #: (D, J); 1 where others worked around a block
    holder: NDArray[np.int16]  #: (D, J); ally that refused it over something else, or -1
    objection: Bytes  #: (D, J, N); round in which an ally broke silence, 0 anticipated, -1 silent
    voiced: Bytes  #: (D, J, N); 1 where an ally spoke against a text, whether or not it broke silence
    settled: Bytes  #: (D, J); how a deferred item ended later: a Decision, or PENDING
    settled_share: Floats  #: (D, J), [0, 1]


class Chances(NamedTuple):
    """Shares of the repetitions of recorded items, given the state before them; J is 0 in a run without a clamp.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> AllianceModel("baseline_2025", seed=1).block.chances.ended.shape
    (1, 0, 3, 2)
    """

    ended: Floats  #: (D, J, 3, 2); that failed, were diluted, adopted; without and with an objection (a chance)
    refused: Floats  #: (D, J, N); chance that an ally breaks silence over the first text on the table
    voiced: Floats  #: (D, J, N); that it speaks against that text, or breaks silence


class RecordedOutput(NamedTuple):
    """What is kept of runs of D draws; T is 1 where the last month alone is kept, 0 where nothing is.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> AllianceModel("baseline_2025", seed=1).block.output.outcomes[:, :, Outcome.cohesion].shape
    (1, 1)
    """

    outcomes: Floats  #: (D, T, Outcome)
    allies: Floats  #: (D, T, ALLY_VARIABLES, N)
    positions: Floats  #: (D, T, N, K)


class Kept(NamedTuple):
    """Where a run writes what is kept of it.

    Examples
    --------
    >>> from alliance_sim import AllianceModel
    >>> kept = AllianceModel("baseline_2025", seed=1).program.allocate_output(draws=10, keep="final")
    >>> len(kept.output.outcomes), len(kept.records.share)
    (10, 10)
    """

    output: RecordedOutput
    records: DecisionRecords


class Span(NamedTuple):
    """Draws and months that the kernel runs. Months are counted from the beginning of the spin-up.

    Examples
    --------
    >>> span = Span(np.uint64(1), draw0=0, draw1=100, month0=0, month1=60, spin_up=48)
    >>> span.draw1 - span.draw0
    100
    """

    seed: np.uint64
    draw0: int
    draw1: int  #: one past the last
    month0: int  #: 0 begins the draws
    month1: int  #: one past the last
    spin_up: int  #: months that leave no output


class Clock(NamedTuple):
    """Which month of which draw it is: the first part of the name of every random number."""

    seed: np.uint64
    draw: int
    month: int


class Scratch(NamedTuple):
    """Working memory of a month, allocated once a block."""

    forcing: Floats  #: (Forcing, N); what events do in this month
    weights: Floats  #: (N, N); column i holds the weights with which i listens
    wish: Floats  #: (K, N)
    previous: Floats  #: (3, N); last month's values, and other rows of allies
    issue_major: Floats  #: (3 * K, N); rows of issues


def names_in_machine_code() -> str:
    """Return what the compiled core has taken from the registry: number of actors, names, order, ranges of states."""
    tables = (Param, World, AllyState, IssueState, Forcing, Outcome, Forum, Rule, Decision)
    names = [[member.name for member in table] for table in tables]
    ranges = [(state.low, state.high) for table in (World, AllyState, IssueState) for state in table]
    return repr((len(ALLIES), ISSUE_NAMES, names, ranges))


#: Numbers in a line of the processor's cache.
CACHE_LINE = 8


def aligned(shape: tuple[int, ...]) -> Floats:
    """Return zeros that begin at a line of the cache: vectors that straddle two load at half the speed.

    Examples
    --------
    >>> aligned((2, 3)).shape
    (2, 3)
    """
    size = 1
    for length in shape:
        size *= length
    memory = np.zeros(size + CACHE_LINE)
    skip = (CACHE_LINE - memory.ctypes.data // memory.itemsize % CACHE_LINE) % CACHE_LINE
    return memory[skip : skip + size].reshape(shape)
