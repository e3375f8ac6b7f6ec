"""What changes in a run: the states of the world, of an ally and of an issue, and the channels by which events act.

Each is one row: symbol of the model document, unit, range, description. A member's number is its place in the core's
arrays; its name is what users write and read. An outcome that reports a state unchanged has the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

__all__ = ["ALLY_STATES", "STATES", "AllyState", "Forcing", "IssueState", "World"]

_COUNTED = 1000.0


class State(IntEnum):
    """A row of a table of states.

    Attributes
    ----------
    symbol, unit, description : str
    low, high : float
        Range in which a `shift` event holds it.
    shift : bool
        Whether a `shift` event may change it; others follow from it or from what happened.
    """

    symbol: str
    unit: str
    low: float
    high: float
    description: str
    shift: bool

    def __new__(cls, symbol: str, unit: str, low: float, high: float, description: str, shift: bool = False) -> State:
        """Number the rows."""
        member = int.__new__(cls, len(cls.__members__))
        member._value_ = len(cls.__members__)
        member.symbol, member.unit, member.low, member.high = symbol, unit, low, high
        member.description, member.shift = description, shift
        return member


_SHIFT = True


# fmt: off
class World(State):
    """State of the world: ``world[World.conciliation]``.

    Examples
    --------
    >>> World.us_commitment.symbol, World.us_commitment.unit, World.us_commitment.high
    ('c', 'share', 1)
    """

    conciliation = ("r", "stock", 0, 2, "conciliation of Moscow by Washington", _SHIFT)
    new_conciliation = ("r_new", "stock", 0, 2, "conciliation of Moscow that was new in the month")
    opacity = ("o", "stock", 0, 1, "content of closed-door talks that allies do not know", _SHIFT)
    criticism = ("criticism", "share", 0, 1, "criticism of the president's course in Washington", _SHIFT)
    presidential_support = ("support", "share", 0, 1, "domestic support gained by breakthroughs", _SHIFT)
    presidential_autonomy = ("alpha", "share", 0, 1, "weight of the president against the institutions")
    erosion = ("erosion", "share", 0, 1, "how far the institutions have drifted towards the president")
    anchor = ("anchor", "share", 0, 1, "share of that drift which strategic documents hold back")
    leader = ("leader", "index", 0, 100, "who is president: place in the table of leaderships")
    reset = ("reset", "0 or 1", 0, 1, "whether a standing reset is under way", _SHIFT)
    follow_up_due = ("follow_due", "month", -1, _COUNTED, "month of the planned follow-up meeting, -1 if none")
    follow_up_postponed = ("follow_count", "count", 0, _COUNTED, "how often it was postponed")
    follow_up_conciliation = ("follow_size", "stock", 0, 2, "conciliation it will bring")
    follow_up_opacity = ("follow_private", "stock", 0, 1, "opacity it will bring")
    postponements = ("postponed", "meetings", 0, _COUNTED, "follow-up meetings postponed so far")
    blow_ups = ("blow_ups", "meetings", 0, _COUNTED, "meetings that blew up so far")
    us_commitment = ("c", "share", 0, 1, "commitment of the United States to the defence of Europe", _SHIFT)
    assertiveness = ("a", "share", 0, 1, "Russia's assertiveness", _SHIFT)
    assertiveness_level = ("a_level", "share", 0, 1, "level to which assertiveness returns", _SHIFT)
    demands = ("demands", "share", 0, 1, "Russia's demands beyond those at the start", _SHIFT)
    demanded_spending = ("demand_percent", "% GDP", 0, 10, "defence spending that Washington demands of allies")
    war_intensity = ("war", "share", 0, 1, "intensity of the war; 1 = of the order of spring 2022", _SHIFT)
    resistance = ("resistance", "share", 0, 1, "Ukraine's capacity to resist", _SHIFT)
    concession_pressure = ("concession", "share", 0, 1, "pressure on Ukraine to concede", _SHIFT)
    open_failures = ("failure", "failures", 0, _COUNTED, "open failures that Moscow remembers")
    aid_need = ("need", "index", 0, 2, "aid that the war requires, 1 = the mean of 2022-2024", _SHIFT)
    us_military = ("us_military", "share", 0, 2, "U.S. military aid as a share of the aid that the war requires")
    us_economic = ("us_economic", "share", 0, 2, "U.S. economic aid, likewise")
    us_intelligence = ("us_intelligence", "share", 0, 2, "U.S. intelligence support, likewise")
    aid_military = ("aid_military", "index", 0, 20, "military aid by all, 1 = the mean of 2022-2024")
    aid_economic = ("aid_economic", "index", 0, 20, "economic aid by all")
    aid_intelligence = ("aid_intelligence", "index", 0, 20, "intelligence support by all")
    eu_aid = ("eu_aid", "index", 0, 20, "aid by the institutions of the EU, 1 = the mean of 2022-2024")
    intelligence_made_up = ("made_up_intelligence", "share", 0, 1, "U.S. intelligence support that others make up for")
    deterrence = ("deterrence", "share", 0, 1, "committed force F over F + R, R being Russia's capability")
    deterrence_without_us = ("deterrence_alone", "share", 0, 1, "deterrence without the forces of the United States")
    weakness = ("w", "share", 0, 1, "R over F + R")
    assertiveness_at_start = ("a0", "share", 0, 1, "Russia's assertiveness when the run begins")
    war_at_start = ("war0", "share", 0, 1, "intensity of the war when the run begins")
    aid_need_at_start = ("need0", "index", 0, 2, "aid that the war requires when the run begins")
    weakness_at_start = ("w0", "share", 0, 1, "weakness when the run begins")


class AllyState(State):
    """State of an ally: ``state.ally[AllyState.threat_perception, i]``.

    Examples
    --------
    >>> AllyState.spending.unit, AllyState.spending.shift
    ('% GDP', True)
    """

    threat_perception = ("tau", "threat", 0, 1, "perceived threat from Russia", _SHIFT)
    guarantee_confidence = ("g", "share", 0, 1, "confidence in the U.S. guarantee", _SHIFT)
    spending = ("d", "% GDP", 0, 15, "defence spending", _SHIFT)
    budget = ("budget", "% GDP", 0, 15, "defence spending as budgeted")
    spending_growth = ("growth", "% GDP", -15, 15, "growth of the budget in its last year")
    capability = ("cap", "bn USD", 0, 1e5, "military capability, a stock of past spending")
    ukraine_support = ("aid", "% GDP a year", 0, 5, "aid to Ukraine", _SHIFT)
    made_up_aid = ("made_up", "% GDP a year", 0, 5, "aid that makes up for U.S. aid, before fatigue")
    fatigue = ("fatigue", "share", 0, 1, "fatigue with supporting Ukraine", _SHIFT)
    pressure = ("pressure", "stock", 0, 1, "pressure over spending")
    stance = ("stance", "threat", -1, 1, "shift of perceived threat by changes of government")
    reading_noise = ("z", "normal", -10, 10, "random error of the ally's reading of talks behind closed doors")
    reading = ("reading", "factor", 0, 100, "how many times the conciliation there is the ally reads into it")
    standing = ("standing", "share", 0, 1, "weight in the alliance, 1 = the United States")
    initial_support = ("support0", "position", 0, 1, "position on support of Ukraine when the run begins")


class IssueState(State):
    """State of an issue: ``state.issue[IssueState.norm, k]``.

    Examples
    --------
    >>> IssueState.norm.description
    'what the alliance is committed to'
    """

    norm = ("norm", "position", 0, 1, "what the alliance is committed to", _SHIFT)
    target = ("target", "position", 0, 1, "what was adopted last, to which the norm moves")
    coalition = ("coalition", "position", -1, 1, "what a coalition of the willing does beyond the norm")
    leader_shift = ("lead_shift", "position", -1, 1, "shift of what the president wants")


class Forcing(IntEnum):
    """A channel by which events act on a month: ``forcing[Forcing.conciliation, actor]``.

    Attributes
    ----------
    description : str
    others : bool
        Whether an event that names no ally acts on every ally but the United States; else it acts on the United States.

    Examples
    --------
    >>> Forcing.demand.others, Forcing.conciliation.others
    (True, False)
    """

    description: str
    others: bool

    def __new__(cls, description: str, others: bool = False) -> Forcing:
        """Number the rows."""
        member = int.__new__(cls, len(cls.__members__))
        member._value_ = len(cls.__members__)
        member.description, member.others = description, others
        return member

    conciliation = ("conciliation at a summit",)
    opacity = ("opacity at a summit",)
    private = ("whether allies have to guess what was said",)
    follow_up = ("months until a planned follow-up",)
    process = ("whether a standing reset begins",)
    aid_military = ("change of U.S. military aid, as a share of the aid that the war requires",)
    aid_economic = ("change of U.S. economic aid",)
    aid_intelligence = ("change of U.S. intelligence support",)
    relief = ("share of U.S. sanctions that the president seeks to lift",)
    statement = ("doubt cast on the guarantee of an ally", True)
    demand = ("pressure with which spending is demanded", True)
    trade = ("size of a trade dispute with an ally", True)
    document = ("strength of a new strategic document",)
    leader = ("new leadership of the United States: its place plus one",)
    stance = ("shift of perceived threat by a change of government",)
    escalation = ("size of a Russian escalation",)
    war = ("change of the intensity of the war",)
    hybrid = ("size of a hybrid campaign against an ally", True)
    exercise = ("ambition of an exercise compared with the usual one",)
# fmt: on


#: States that `shift` events may change, by name.
STATES: Mapping[str, World] = MappingProxyType(
    {name: World[name] for name in sorted(state.name for state in World if state.shift)}
)
ALLY_STATES: Mapping[str, AllyState] = MappingProxyType(
    {name: AllyState[name] for name in sorted(state.name for state in AllyState if state.shift)}
)
