"""The parameters: name, unit, range, prior and source, once.

Scenario files, `--set`, the explorer's levers, the core's parameter array and the docs are generated from this table. "Prototype" in a
source means a rough earlier model in which the value gave plausible results; it is judgement and has a wide prior.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.distributions import Prior, fixed, lognormal, normal, triangular, uniform
from alliance_sim.registry.eras import ERAS, for_every_era
from alliance_sim.registry.issues import ISSUES

__all__ = [
    "ACTOR_QUANTITIES",
    "PARAMETERS",
    "STRENGTHS",
    "Param",
    "Parameter",
    "by_current_name",
    "current_name",
    "parameter_names",
    "resolve",
    "symbol_of",
]

_log = logging.getLogger("alliance_sim")
T = TypeVar("T")


@dataclass(frozen=True)
class Parameter:
    """One parameter of the model.

    Attributes
    ----------
    name : str
        What scenario files and `--set` call it.
    symbol : str
        Its symbol in the model document. Its random numbers are named by it, so that a parameter can be renamed; files
        of earlier versions call it so.
    group : str
        The mechanism it belongs to.
    unit : str
    low, high : float
        Values allowed.
    priors : mapping of era to Prior
        What is drawn where a scenario does not set it.
    source : str
        Document and paragraph, public fact, or judgement.
    description : str
    strength : bool
        Whether zero switches off the mechanism it belongs to, and nothing else.
    per_ally : bool
        One value per ally, written ``name.ISO3``.
    allies : mapping of ISO3 to Prior
        Where one ally differs from the others.

    Examples
    --------
    >>> susceptibility = PARAMETERS["susceptibility"]
    >>> str(susceptibility.prior("2025")), str(susceptibility.prior("2025", "USA"))
    ('uniform 0.2 to 0.6', 'uniform 0.02 to 0.2')
    >>> susceptibility.check(0.3)
    """

    name: str
    symbol: str
    group: str
    unit: str
    low: float
    high: float
    priors: Mapping[str, Prior]
    source: str
    description: str
    strength: bool = False
    per_ally: bool = False
    allies: Mapping[str, Prior] = field(default_factory=dict)

    def prior(self, era: str, ally: str | None = None) -> Prior:
        """Return the prior in an era, of one ally where the parameter is indexed."""
        return self.allies.get(ally or "", self.priors[era])

    def check(self, value: float) -> None:
        """Raise InputError unless `value` is a finite number in the parameter's range."""
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise InputError(f"{self.name}: {value:g} is outside its range [{self.low:g}, {self.high:g}]")


_SHARE, _MONTH, _RATE = "share", "months", "per month"
_STRENGTH = True
_J = "judgement"
_PROTO = "prototype, judgement"
_TUNED = "judgement, set lower than in the prototype by hand (docs/model.md, What was tuned)"


# fmt: off
class Param(IntEnum):
    """The scalar parameters; a member's number is its place in the core's array: ``params[Param.threat_reversion]``.

    A row is symbol, group, unit, lowest and highest value, prior (of all eras or by era), source, description, and
    whether it is the strength of a mechanism.

    Examples
    --------
    >>> pledge = Param.pledge.definition
    >>> pledge.name, pledge.unit, str(pledge.prior("2025"))
    ('pledge', 'share', 'uniform 0.2 to 0.7')
    """

    definition: Parameter

    def __new__(cls, *row: object) -> Param:
        """Number the rows."""
        member = int.__new__(cls, len(cls.__members__))
        member._value_ = len(cls.__members__)
        return member

    def __init__(
        self, symbol: str, group: str, unit: str, low: float, high: float, prior: Prior | Mapping[str, Prior],
        source: str, description: str, strength: bool = False,
    ) -> None:
        priors = dict.fromkeys(ERAS, prior) if isinstance(prior, Prior) else for_every_era(prior)
        self.definition = Parameter(
            self.name, symbol, group, unit, low, high, priors, source, description, strength
        )

    # Washington
    initial_autonomy = ("alpha0", "Washington", _SHARE, 0, 1, {"2014": normal(0.5, 0.08, 0.2, 0.8), "2018": normal(0.5, 0.08, 0.2, 0.8), "2025": normal(0.85, 0.06, 0.6, 1.0)},
        "B ¶6; " + _PROTO, "autonomy of the president: weight of the leader against the institutions")
    autonomy_gain_opacity = ("alpha_private", "Washington", _SHARE, 0, 1, uniform(0.1, 0.5),
        "B ¶6 (one-on-one talks); judgement", "autonomy gained per unit of opacity", _STRENGTH)
    autonomy_loss_criticism = ("alpha_criticism", "Washington", _SHARE, 0, 1, uniform(0.1, 0.4),
        "B ¶4, B ¶6; judgement", "autonomy lost per unit of criticism at home", _STRENGTH)
    autonomy_gain_support = ("alpha_support", "Washington", _SHARE, 0, 1, uniform(0.0, 0.4),
        "B ¶6; judgement", "autonomy gained per unit of domestic support after a breakthrough", _STRENGTH)
    criticism_gain = ("criticism_gain", "Washington", _RATE, 0, 10, uniform(0.4, 1.2),
        "B ¶4; judgement", "criticism per conciliation x opacity x distance between leader and institutions", _STRENGTH)
    half_life_criticism = ("hl_criticism", "Washington", _MONTH, 0.5, 60, uniform(4, 9),
        "B ¶4; judgement", "half-life of criticism")
    criticism_threshold = ("criticism_threshold", "Washington", _SHARE, 0, 1, uniform(0.05, 0.2),
        "B ¶4; judgement", "criticism above which a follow-up meeting is postponed")
    support_gain = ("support_gain", "Washington", _SHARE, 0, 1, uniform(0.1, 0.4),
        "B ¶6; judgement", "domestic support gained per unit of conciliation at a summit", _STRENGTH)
    half_life_support = ("hl_support", "Washington", _MONTH, 0.5, 60, uniform(2, 6),
        "B ¶6 (short term); judgement", "half-life of domestic support")
    congress_brake = ("congress_brake", "Washington", _SHARE, 0, 1, uniform(0.3, 0.8),
        "B ¶6; sanctions act of August 2017 (review by Congress)", "share of sanctions relief that Congress prevents", _STRENGTH)
    erosion_rate = ("erosion_rate", "Washington", _RATE, 0, 1, uniform(0.01, 0.05),
        "B ¶8; judgement", "drift of the institutions towards the leader per unit of conciliation", _STRENGTH)
    document_anchor = ("document_anchor", "Washington", _SHARE, 0, 1, uniform(0.6, 0.95),
        "B ¶8 (strategy documents of 2017 and 2018); judgement", "share of the drift of the institutions that the strategic documents in force prevent", _STRENGTH)
    half_life_anchor = ("hl_anchor", "Washington", _MONTH, 1, 240, uniform(24, 60),
        "national strategies are rewritten every four years; judgement", "half-life of the hold that a new strategic document adds")
    # Signals
    half_life_conciliation = ("hl_r", "signals", _MONTH, 0.5, 60, uniform(2, 6),
        _PROTO, "half-life of conciliation")
    half_life_opacity = ("hl_o", "signals", _MONTH, 0.5, 60, uniform(2, 6),
        _PROTO, "half-life of opacity")
    reset_flow = ("chi", "signals", _RATE, 0, 1, uniform(0.02, 0.08),
        "A ¶2; judgement", "conciliation a standing reset adds every month", _STRENGTH)
    reset_conditionality = ("chi_a", "signals", "per unit", 0, 2, fixed(0.0),
        "A ¶2: independent of Russia's conduct", "reduction of the conciliation that a reset adds, per unit of added Russian assertiveness")
    reading_spread = ("sigma_read", "signals", "log", 0, 3, uniform(0.3, 0.9),
        "B ¶3; " + _PROTO, "spread of allies' readings per unit of opacity", _STRENGTH)
    # Threat perception
    threat_reversion = ("kappa", "threat perception", _RATE, 0, 1, uniform(0.04, 0.15),
        _PROTO, "return of perceived threat to its level", _STRENGTH)
    threat_diffusion = ("eta", "threat perception", _RATE, 0, 1, uniform(0.0, 0.05),
        _PROTO, "diffusion of changes in perceived threat between allies", _STRENGTH)
    conduct_response = ("beta", "threat perception", "per unit", 0, 3, uniform(0.3, 0.9),
        "A ¶4; judgement", "response to Russia's assertiveness", _STRENGTH)
    conduct_response_exposure = ("beta_exposure", "threat perception", _SHARE, 0, 2, uniform(0.5, 1.0),
        "spending against distance to Moscow: rank correlation " "-0.67 in 2024; judgement", "additional response of allies exposed to Russia", _STRENGTH)
    sd_threat = ("sd_tau", "threat perception", "per month", 0, 0.2, uniform(0.003, 0.012),
        _J, "monthly noise of perceived threat", _STRENGTH)
    # Guarantee
    guarantee_loss_conciliation = ("g_r", "guarantee", _RATE, 0, 1, uniform(0.05, 0.2),
        _TUNED, "confidence lost per unit of conciliation, by perceived threat", _STRENGTH)
    guarantee_recovery = ("g_rec", "guarantee", _RATE, 0, 1, uniform(0.1, 0.3),
        _PROTO, "recovery of confidence")
    guarantee_loss_opacity = ("amb", "guarantee", _RATE, 0, 1, uniform(0.0, 0.1),
        "B ¶3; " + _TUNED, "confidence lost per unit of opacity, by perceived threat", _STRENGTH)
    statement_cost = ("statement_cost", "guarantee", _SHARE, 0, 1, uniform(0.1, 0.4),
        "B ¶7; judgement", "confidence an ally loses by a remark against it; the open-door commitment loses as much", _STRENGTH)
    trade_cost = ("trade_cost", "guarantee", _SHARE, 0, 1, uniform(0.02, 0.15),
        "B ¶8; judgement", "confidence lost per unit of trade dispute", _STRENGTH)
    cutoff_cost = ("cutoff_cost", "guarantee", _SHARE, 0, 1, uniform(0.05, 0.3),
        "A ¶4; judgement", "confidence lost when support of Ukraine ends, by perceived threat", _STRENGTH)
    initial_commitment = ("c0", "guarantee", _SHARE, 0, 1, {"2014": normal(0.8, 0.08, 0.5, 1), "2018": normal(0.8, 0.06, 0.5, 1), "2025": normal(0.65, 0.08, 0.3, 0.95)},
        "B ¶8, A ¶5; judgement", "commitment of the United States at the start")
    commitment_speed = ("k_c", "guarantee", _RATE, 0, 1, uniform(0.05, 0.2),
        _J, "speed at which the commitment changes", _STRENGTH)
    commitment_loss_conciliation = ("w_r", "guarantee", "per unit", 0, 2, uniform(0.1, 0.4),
        _J, "commitment lost per unit of conciliation", _STRENGTH)
    commitment_loss_posture = ("w_p", "guarantee", "per unit", 0, 2, uniform(0.1, 0.5),
        _J, "commitment lost per change of Washington's position on posture", _STRENGTH)
    # Positions
    threat_response = ("rho", "positions", "per unit", 0, 3, uniform(0.6, 1.2),
        "issue curves; judgement", "change of positions per change of perceived threat, times the slope of the issue", _STRENGTH)
    cover = ("cover", "positions", "per unit", 0, 3, uniform(0.1, 0.5),
        "B ¶10; judgement", "emboldening of those with ties to Russia", _STRENGTH)
    hedge = ("hedge", "positions", "per unit", 0, 3, uniform(0.1, 0.5),
        "A ¶5; judgement", "more posture and spending as the guarantee weakens", _STRENGTH)
    norm_pull = ("norm_pull", "positions", _SHARE, 0, 1, uniform(0.0, 0.3),
        _J, "influence of adopted norms on what governments want", _STRENGTH)
    # Influence
    standing_weight = ("psi", "influence", "exponent", 0, 2, uniform(0.3, 1.0),
        _J, "exponent of standing in the weight of a voice", _STRENGTH)
    confidence_bound = ("eps", "influence", "distance", 0.01, 10, uniform(0.4, 0.8),
        _PROTO, "bounded confidence: distance beyond which an ally has no influence")
    coupling = ("coupling", "influence", _SHARE, 0, 1, uniform(0.0, 0.3),
        "B ¶10-11; judgement", "influence of the position on the Russia strategy on posture, sanctions, support and dialogue", _STRENGTH)
    trust_loss = ("trust_loss", "influence", _SHARE, 0, 1, uniform(0.02, 0.15),
        _J, "trust lost between objectors and the rest by a block", _STRENGTH)
    trust_recovery = ("trust_recovery", "influence", _RATE, 0, 1, uniform(0.02, 0.1),
        _J, "recovery of trust")
    # Spending
    inertia = ("inertia", "spending", _RATE, 0, 1, uniform(0.03, 0.10),
        _PROTO, "share of the gap to the wanted spending that is closed in a month", _STRENGTH)
    spending_response_threat = ("theta_tau", "spending", "% GDP", 0, 10, uniform(0.5, 4.0),
        _PROTO, "spending per unit of perceived threat", _STRENGTH)
    spending_response_abandonment = ("theta_ab", "spending", "% GDP", 0, 10, uniform(0.5, 4.0),
        "A ¶5; " + _PROTO, "spending per lost confidence, by perceived threat", _STRENGTH)
    pledge = ("pledge", "spending", _SHARE, 0, 1, uniform(0.2, 0.7),
        "spending after the 2014 pledge; judgement", "share of a raised pledge that becomes spending", _STRENGTH)
    coercion = ("coercion", "spending", "% GDP", 0, 3, uniform(0.1, 0.6),
        "B ¶8, B ¶10; judgement", "increase of spending by exposed allies under pressure", _STRENGTH)
    reactance = ("reactance", "spending", "% GDP", 0, 3, uniform(0.1, 0.6),
        "B ¶10; judgement", "reactance of allies not directly threatened", _STRENGTH)
    half_life_pressure = ("hl_pressure", "spending", _MONTH, 0.5, 60, uniform(3, 12),
        _J, "half-life of pressure over spending")
    fatigue_spending = ("fatigue_spending", "spending", "% GDP", 0, 3, uniform(0.0, 0.5),
        "A ¶5; judgement", "spending lost to fatigue", _STRENGTH)
    depreciation = ("depreciation", "spending", _RATE, 0, 1, uniform(0.005, 0.02),
        _J, "turnover of military capability", _STRENGTH)
    # Ukraine
    initial_aid_need = ("aid_need0", "Ukraine", "index", 0, 2, {"2014": fixed(0.0), "2018": fixed(0.0), "2025": fixed(1.0)},
        "Kiel Institute Ukraine Support Tracker, February 2022 to December 2024; judgement: none before", "aid that the war requires at the start, 1 = the mean of 2022-2024")
    compensation_rate = ("compensation_rate", "Ukraine", _RATE, 0, 1, uniform(0.04, 0.15),
        "A ¶5; aid data 2022-2024; judgement", "speed at which Europe and Canada change their support", _STRENGTH)
    compensation_capacity = ("compensation_capacity", "Ukraine", _SHARE, 0, 2, triangular(0.3, 0.6, 1.0),
        "A ¶5; judgement", "share of a U.S. cut that Europe and Canada would compensate without fatigue", _STRENGTH)
    compensation_intelligence = ("compensation_intelligence", "Ukraine", _SHARE, 0, 1, uniform(0.1, 0.4),
        "A ¶4-5; judgement", "share of a U.S. cut of intelligence support that Europe and Canada would compensate", _STRENGTH)
    fatigue_rate = ("fatigue_rate", "Ukraine", "per % GDP", 0, 2, uniform(0.05, 0.3),
        "A ¶5; judgement", "fatigue per month and extra effort", _STRENGTH)
    fatigue_recovery = ("fatigue_recovery", "Ukraine", _RATE, 0, 1, uniform(0.01, 0.05),
        _J, "recovery from fatigue", _STRENGTH)
    initial_resistance = ("resistance0", "Ukraine", _SHARE, 0, 1, {"2014": normal(0.4, 0.08, 0.1, 0.7), "2018": normal(0.5, 0.05, 0.2, 0.8), "2025": normal(0.6, 0.06, 0.3, 0.9)},
        "A ¶4, B ¶9; judgement", "Ukraine's resistance at the start")
    resistance_rate = ("resistance_rate", "Ukraine", _RATE, 0, 1, uniform(0.05, 0.2),
        _J, "speed at which resistance changes")
    aid_elasticity = ("aid_elasticity", "Ukraine", "per unit", 0, 3, uniform(0.2, 0.8),
        "A ¶4; judgement", "resistance per unit of total aid", _STRENGTH)
    initial_concession = ("concession0", "Ukraine", _SHARE, 0, 1, fixed(0.3),
        _J, "pressure to concede at the start")
    concession_rate = ("concession_rate", "Ukraine", _RATE, 0, 1, uniform(0.1, 0.4),
        _J, "speed at which the pressure to concede changes")
    concession_conciliation = ("concession_conciliation", "Ukraine", "per unit", 0, 2, uniform(0.1, 0.5),
        "B ¶9; judgement", "pressure to concede per unit of conciliation", _STRENGTH)
    concession_private = ("concession_private", "Ukraine", "per unit", 0, 2, uniform(0.1, 0.5),
        "B ¶9; judgement", "pressure to concede per unit of opacity", _STRENGTH)
    # Deterrence
    forward_share = ("forward_share", "deterrence", _SHARE, 0, 1, triangular(0.15, 0.3, 0.5),
        "U.S. troops in Europe; judgement", "share of U.S. capability that counts in Europe", _STRENGTH)
    russia_capability = ("russia_capability", "deterrence", "bn USD", 10, 2000, {"2014": lognormal(math.log(150), 0.2, 80, 300), "2018": lognormal(math.log(150), 0.2, 80, 300), "2025": lognormal(math.log(380), 0.2, 200, 700)},
        "SIPRI spending x about 2.5 for prices (judgement)", "Russia's military capability")
    # Russia
    initial_assertiveness = ("a0", "Russia", _SHARE, 0, 1, {"2014": fixed(0.3), "2018": fixed(0.5), "2025": fixed(0.6)},
        "A ¶2, B ¶5; scale set by judgement", "assertiveness at the start")
    weakness_response = ("omega", "Russia", "per unit", 0, 3, uniform(0.0, 1.5),
        _PROTO, "assertiveness per perceived weakness", _STRENGTH)
    assertiveness_speed = ("drift_a", "Russia", _RATE, 0, 1, uniform(0.04, 0.15),
        _PROTO, "speed at which assertiveness changes")
    read_error = ("read_error", "Russia", "share", 0, 1, uniform(0.01, 0.05),
        _J, "error in reading weakness", _STRENGTH)
    failure_signal = ("failure_signal", "Russia", "per failure", 0, 1, uniform(0.0, 0.1),
        _J, "perceived weakness per open failure", _STRENGTH)
    half_life_failure = ("hl_failure", "Russia", _MONTH, 0.5, 60, uniform(2, 6),
        _J, "half-life of the memory of a failure")
    resumption_gain = ("resumption_gain", "Russia", "per unit", 0, 3, uniform(0.1, 0.6),
        "B ¶10; judgement", "demands and assertiveness per cooperation resumed without a change of policy", _STRENGTH)
    half_life_demands = ("hl_demands", "Russia", _MONTH, 0.5, 60, uniform(4, 12),
        _J, "half-life of demands")
    sanctions_cost = ("sanctions_cost", "Russia", "per unit", 0, 3, uniform(0.0, 0.4),
        _J, "assertiveness lost per added sanctions", _STRENGTH)
    resistance_cost = ("resistance_cost", "Russia", "per unit", 0, 3, uniform(0.0, 0.4),
        _J, "assertiveness lost per added resistance", _STRENGTH)
    hybrid_gain = ("hybrid_gain", "Russia", "per unit", 0, 1, uniform(0.02, 0.1),
        _J, "perceived threat moved by a hybrid campaign: up without ties to Russia, down with them", _STRENGTH)
    initial_war = ("war0", "Russia", _SHARE, 0, 1, {"2014": fixed(0.0), "2018": fixed(0.25), "2025": fixed(0.7)},
        "A ¶2, B ¶5; scale set by judgement", "war intensity at the start")
    war_rate = ("war_rate", "Russia", _RATE, 0, 1, uniform(0.03, 0.1),
        _J, "speed at which the intensity of the war changes", _STRENGTH)
    war_capacity = ("war_capacity", "Russia", "per unit", 0, 2, uniform(0.0, 0.5),
        "A ¶2; judgement", "reduction of the war's intensity per resistance", _STRENGTH)
    # Decision
    loss_exponent = ("nu", "decision", "exponent", 1, 2, fixed(2.0),
        _PROTO, "curvature of the loss")
    slack_scale = ("s", "decision", "loss", 0, 1000, uniform(0.002, 0.01),
        _TUNED, "scale of the random part of an ally's tolerance at a meeting (logistic)")
    sd_position = ("sd_pos", "decision", "position", 0, 0.5, uniform(0.03, 0.09),
        _TUNED, "error of positions as read at a meeting")
    sd_chair = ("sd_chair", "decision", "position", 0, 0.5, uniform(0.02, 0.08),
        _PROTO, "further error of the chair's reading")
    objection_cost = ("h0", "decision", "loss", 0, 1, uniform(0.02, 0.05),
        _PROTO, "cost of objecting at all")
    isolation_cost = ("h_iso", "decision", "loss", 0, 1, uniform(0.04, 0.12),
        _PROTO, "cost of objecting alone", _STRENGTH)
    patron_cost = ("h_patron", "decision", "loss", 0, 1, uniform(0.03, 0.10),
        _PROTO, "cost of crossing the United States, by dependence", _STRENGTH)
    min_share = ("floor", "decision", _SHARE, 0, 1, uniform(0.3, 0.5),
        _PROTO, "least share of a proposal worth adopting")
    blowup_cost = ("blowup_cost", "decision", "position", 0, 2, uniform(0.1, 0.4),
        _PROTO, "cost to the chair of an open failure")
    concession_step = ("concession_step", "decision", _SHARE, 0, 1, uniform(0.15, 0.5),
        _J, "how far a text can be lowered between two rounds")
    cross_forum = ("cross_forum", "decision", _SHARE, 0, 1, uniform(0.1, 0.5),
        "model description; judgement", "Washington's pull in a forum it is not a member of", _STRENGTH)
    min_salience = ("salience_floor", "decision", _SHARE, 0.05, 1, uniform(0.4, 0.7),
        _J, "salience of an issue to those in the middle of its scale (1 at the ends)")
    standing_exponent = ("standing_exponent", "decision", "exponent", 0, 1, uniform(0.3, 0.5),
        _PROTO, "standing = (GDP / U.S. GDP) to this power")
    items_per_session = ("items_per_session", "decision", "items", 1, 20, fixed(2.0),
        "A ¶3; judgement", "contested items that one session can decide")
    blowup_rate = ("blowup_rate", "decision", "per item", 0, 1, uniform(0.02, 0.12),
        "A ¶3, B ¶7 (G7 of 2018); judgement", "chance that an item on which silence was broken blows a meeting up", _STRENGTH)
    holdup_pivot = ("holdup_pivot", "decision", "factor", 0, 20, uniform(0.0, 1.0),
        _J, "how much more often a pivotal ally holds a text up")
    holdup_end = ("holdup_end", "decision", _RATE, 0, 1, uniform(0.1, 0.4),
        "days held out in the record 2008-2025; judgement", "chance a month that a hold-up ends")
    bypass_rate = ("bypass_rate", "decision", _SHARE, 0, 1, uniform(0.2, 0.8),
        "record 2017-2025: five kinds of bypass; judgement", "chance that others work around a blocked item, times the standing that supports it", _STRENGTH)
    bypass_share = ("bypass_share", "decision", _SHARE, 0, 1, uniform(0.3, 0.7),
        _J, "share of a blocked text that a bypass puts into practice", _STRENGTH)
    norm_speed = ("norm_speed", "decision", _RATE, 0, 1, uniform(0.1, 0.3),
        _J, "speed at which norms follow what was adopted", _STRENGTH)
    abstention = ("abstention", "decision", "loss", 0, 1, fixed(0.05),
        _J, "further loss that an abstaining ally accepts, under constructive abstention")
    exercise_threshold = ("exercise_threshold", "decision", "position", 0, 1, fixed(0.5),
        "B ¶12; judgement", "position at which an ally takes part")

_PER_ALLY = (
    Parameter(
        "susceptibility", "susceptibility", "influence", _SHARE, 0, 1, dict.fromkeys(ERAS, uniform(0.2, 0.6)), _PROTO,
        "openness to the others' positions (Friedkin and Johnsen)", _STRENGTH, True, {"USA": uniform(0.02, 0.2)},
    ),
    Parameter(
        "holdup", "holdup", "decision", "per item", 0, 1, dict.fromkeys(ERAS, uniform(0.0, 0.001)),
        "record 2008-2025: 30 of 62 hard blocks by one ally alone, HUN 14, TUR 8, USA 4; scaled down because the record over-samples contested items (judgement)",
        "chance that an ally holds up an agreed text over an unrelated matter", _STRENGTH, True,
        {"HUN": uniform(0.005, 0.05), "TUR": uniform(0.0, 0.03), "GRC": uniform(0.0, 0.005), "USA": uniform(0.0, 0.016)},
    ),
    Parameter(
        "guarantee_confidence", "guarantee_confidence", "guarantee", _SHARE, 0, 1,
        for_every_era({"2014": normal(0.75, 0.1, 0.3, 1), "2018": normal(0.75, 0.08, 0.3, 1), "2025": normal(0.6, 0.1, 0.2, 1)}), "A ¶5, B ¶8; judgement",
        "confidence in the U.S. guarantee at the start", False, True, {"USA": fixed(1.0)},
    ),
)
# fmt: on

PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {parameter.name: parameter for parameter in (*(param.definition for param in Param), *_PER_ALLY)}
)

#: Strengths: at zero each switches off the mechanism that it belongs to, and nothing else.
STRENGTHS: tuple[str, ...] = tuple(name for name, parameter in PARAMETERS.items() if parameter.strength)

#: Names of earlier versions, accepted in this one.
_RENAMED = {each.symbol: each.name for each in PARAMETERS.values() if each.symbol != each.name}

#: Calibrated quantities of actors that a scenario may fix: their draws come from the calibration.
ACTOR_QUANTITIES: tuple[str, ...] = (
    *(f"threat_perception.{ally}" for ally in ALLIES if ally != "USA"),
    "threat_perception.USA.leader",
    "threat_perception.USA.institutions",
    *(f"position.{issue}.{ally}" for issue in ISSUES for ally in ALLIES if ally != "USA"),
    *(f"position.{issue}.USA.{who}" for issue in ISSUES for who in ("leader", "institutions")),
)
_QUANTITIES = {
    name: Parameter(
        name, name, "actors", "position", 0, 1, {}, "calibration: evidence and facts", "calibrated quantity of an actor"
    )
    for name in ACTOR_QUANTITIES
}


@cache
def parameter_names() -> tuple[str, ...]:
    """Return every name a scenario may set: scalars, ``name.ISO3`` for indexed ones, and quantities of actors.

    Examples
    --------
    >>> names = parameter_names()
    >>> "pledge" in names, "susceptibility.HUN" in names, "position.sanctions.HUN" in names
    (True, True, True)
    """
    names: list[str] = []
    for parameter in PARAMETERS.values():
        names += [f"{parameter.name}.{ally}" for ally in ALLIES] if parameter.per_ally else [parameter.name]
    return (*names, *ACTOR_QUANTITIES)


def resolve(name: str) -> tuple[Parameter, str | None]:
    """Return the parameter called `name` and the ally it is indexed by.

    An indexed parameter without an ally (``susceptibility``) means all of them, and comes back with None.

    Raises
    ------
    InputError
        If no parameter has that name; the message holds the nearest one.

    Examples
    --------
    >>> parameter, ally = resolve("susceptibility.HUN")
    >>> parameter.name, ally
    ('susceptibility', 'HUN')
    """
    if name in _QUANTITIES:
        return _QUANTITIES[name], None
    head, dot, ally = name.partition(".")
    parameter = PARAMETERS.get(current_name(head))
    if parameter is not None and not dot:
        return parameter, None
    if parameter is not None and parameter.per_ally and ally in ALLIES:
        return parameter, ally
    hint = nearest(name, (*PARAMETERS, *parameter_names()))
    raise InputError(
        f"no parameter is called {shown(name) if name.isascii() else ascii(name)}{hint}; allowed: those in docs/parameters.md, threat_perception.ALLY, "
        "position.ISSUE.ALLY"
    )


def current_name(name: str) -> str:
    """Return the name of a parameter that is given by it or, as in earlier versions, by its symbol (``kappa``).

    Anything else comes back as it is. An old name is accepted in this version and logged once.

    Examples
    --------
    >>> current_name("kappa"), current_name("pledge")
    ('threat_reversion', 'pledge')
    """
    head, dot, ally = name.partition(".")
    return f"{_renamed(head)}{dot}{ally}" if head in _RENAMED else name


@cache
def _renamed(symbol: str) -> str:
    _log.warning("parameter %s is now called %s; the old name is accepted in this version", symbol, _RENAMED[symbol])
    return _RENAMED[symbol]


def by_current_name(values: Mapping[str, T]) -> dict[str, T]:
    """Return values by the current names of parameters.

    Raises
    ------
    InputError
        If two names are those of one parameter.

    Examples
    --------
    >>> by_current_name({"kappa": 0.1, "pledge": 0.5})
    {'threat_reversion': 0.1, 'pledge': 0.5}
    """
    given: dict[str, str] = {}
    for name in values:
        if given.setdefault(current_name(name), name) != name:
            raise InputError(f"{name}: is the same parameter as {given[current_name(name)]}; allowed: one of the two")
    return {current: values[name] for current, name in given.items()}


def symbol_of(name: str) -> str:
    """Return what the random numbers of a parameter (``threat_reversion``, ``susceptibility.HUN``) are named by.

    Examples
    --------
    >>> symbol_of("threat_reversion"), symbol_of("susceptibility.HUN")
    ('kappa', 'susceptibility.HUN')
    """
    head, dot, ally = name.partition(".")
    return f"{PARAMETERS[head].symbol}{dot}{ally}" if head in PARAMETERS else name
