"""The parameters: name, unit, range, prior and source, once.

Scenario files, `--set`, the explorer's levers, the core's parameter array and the docs are generated from this table. "Prototype" in a
source means a rough earlier model in which the value gave plausible results; it is judgement and has a wide prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from alliance_sim.errors import InputError
from alliance_sim.registry.distributions import Prior, fixed, lognormal, normal, uniform
from alliance_sim.registry.eras import ERAS, for_every_era

__all__ = ["INFORMED", "PARAMETERS", "STRENGTHS", "Param", "Parameter"]


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
_TUNED = "judgement, set by hand with the gates in view (docs/model.md, What was tuned)"


# fmt: off
class Param(IntEnum):
    """The scalar parameters; a member's number is its place in the core's array: ``params[Param.threat_reversion]``.

    A row is symbol, group, unit, lowest and highest value, prior (of all eras or by era), source, description, and
    whether it is the strength of a mechanism.

    Examples
    --------
    >>> pledge = Param.pledge.definition
    >>> pledge.name, pledge.unit, str(pledge.prior("2025"))
    ('pledge', 'share', 'uniform 0.1 to 0.4')
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
    criticism_gain = ("criticism_gain", "Washington", _RATE, 0, 10, uniform(0.8, 2.4),
        "B ¶4; judgement", "criticism per conciliation x opacity x distance between leader and institutions x one minus the initial autonomy", _STRENGTH)
    congress_brake = ("congress_brake", "Washington", _SHARE, 0, 1, uniform(0.3, 0.8),
        "B ¶6; sanctions act of August 2017 (review by Congress)", "share of sanctions relief that Congress prevents", _STRENGTH)
    softening = ("softening", "Washington", "per unit", 0, 1, uniform(0.5, 1.0),
        "A ¶2, A ¶4 (a leader set on better ties sees less of a threat); " + _TUNED, "share of the president's perceived threat lost per unit of conciliation", _STRENGTH)
    # Signals
    half_life_signals = ("hl_r", "signals", _MONTH, 0.5, 60, uniform(2, 6),
        _PROTO, "half-life of conciliation and of opacity")
    reset_flow = ("chi", "signals", _RATE, 0, 1, uniform(0.02, 0.08),
        "A ¶2; judgement", "conciliation a standing reset adds every month", _STRENGTH)
    reading_spread = ("sigma_read", "signals", "log", 0, 3, uniform(0.3, 0.9),
        "B ¶3; " + _PROTO, "spread of allies' readings per unit of opacity", _STRENGTH)
    # Threat perception
    threat_reversion = ("kappa", "threat perception", _RATE, 0, 1, uniform(0.04, 0.15),
        _PROTO, "return of perceived threat to its level", _STRENGTH)
    threat_diffusion = ("eta", "threat perception", _RATE, 0, 1, uniform(0.0, 0.05),
        _PROTO, "diffusion of changes in perceived threat between allies", _STRENGTH)
    conduct_response = ("beta", "threat perception", "per unit", 0, 3, uniform(0.3, 0.9),
        "A ¶4; judgement", "response to Russia's assertiveness", _STRENGTH)
    sd_threat = ("sd_tau", "threat perception", "per month", 0, 0.2, uniform(0.003, 0.012),
        _J, "monthly noise of perceived threat", _STRENGTH)
    # Guarantee
    guarantee_loss_conciliation = ("g_r", "guarantee", _RATE, 0, 1, uniform(0.2, 0.7),
        _TUNED, "confidence lost per unit of new conciliation, by perceived threat", _STRENGTH)
    guarantee_recovery = ("g_rec", "guarantee", _RATE, 0, 1, uniform(0.1, 0.3),
        _PROTO, "recovery of confidence")
    guarantee_loss_opacity = ("amb", "guarantee", _RATE, 0, 1, uniform(0.0, 0.1),
        "B ¶3; " + _TUNED, "confidence lost per unit of opacity, by perceived threat", _STRENGTH)
    statement_cost = ("statement_cost", "guarantee", _SHARE, 0, 1, uniform(0.1, 0.4),
        "B ¶7; judgement", "confidence an ally loses by a remark against it; the open-door commitment loses as much", _STRENGTH)
    quarrel_cost = ("quarrel_cost", "guarantee", _SHARE, 0, 1, uniform(0.02, 0.12),
        "B ¶7, B ¶8; judgement", "confidence lost per unit of a trade dispute or of pressure over spending", _STRENGTH)
    cutoff_cost = ("cutoff_cost", "guarantee", _SHARE, 0, 1, uniform(0.05, 0.3),
        "A ¶4; judgement", "confidence that is missing while U.S. support of Ukraine is, by perceived threat", _STRENGTH)
    initial_commitment = ("c0", "guarantee", _SHARE, 0, 1, {"2014": normal(0.8, 0.08, 0.5, 1), "2018": normal(0.8, 0.06, 0.5, 1), "2025": normal(0.65, 0.08, 0.3, 0.95)},
        "B ¶8, A ¶5; judgement", "commitment of the United States at the start")
    commitment_loss_conciliation = ("w_r", "guarantee", "per unit", 0, 2, uniform(0.1, 0.4),
        _J, "commitment lost per unit of conciliation", _STRENGTH)
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
    confidence_bound = ("eps", "influence", "distance", 0.01, 10, uniform(0.4, 0.8),
        _PROTO, "bounded confidence: distance beyond which an ally has no influence")
    # Spending
    budget_speed = ("budget_speed", "spending", "per year", 0, 1, uniform(0.1, 0.25),
        "spending after the pledge of 2014; " + _TUNED, "share of the gap to the wanted spending that a year's budget closes", _STRENGTH)
    momentum = ("momentum", "spending", "per year", 0, 0.95, uniform(0.2, 0.6),
        "judgement: procurement binds for years", "share of last year's growth that a budget repeats")
    targets_kept = ("targets_kept", "spending", _SHARE, 0, 1, uniform(0.3, 0.9),
        "facts/budgets_2025; judgement: the pledge of 2014 was kept by two thirds of members after ten years", "share of announced rises that governments mean to carry out", _STRENGTH)
    spending_response_threat = ("theta_tau", "spending", "% GDP", 0, 10, uniform(0.3, 1.7),
        _TUNED, "spending per unit of perceived threat", _STRENGTH)
    spending_response_war = ("spending_response_war", "spending", "% GDP", 0, 10, uniform(0.5, 2.0),
        "budgets announced in spring 2022 (facts/response_2022); " + _TUNED, "spending of the most exposed per intensity of the war", _STRENGTH)
    spending_response_abandonment = ("theta_ab", "spending", "% GDP", 0, 10, uniform(0.2, 1.0),
        "A ¶5; " + _TUNED, "most that fear of abandonment adds to spending, by perceived threat", _STRENGTH)
    pledge = ("pledge", "spending", _SHARE, 0, 1, uniform(0.1, 0.4),
        "spending after the 2014 pledge; " + _TUNED, "share of a raised pledge that becomes spending", _STRENGTH)
    coercion = ("coercion", "spending", "% GDP", 0, 3, uniform(0.1, 0.6),
        "B ¶8, B ¶10; judgement", "spending of the exposed under pressure gained, and of those not directly threatened lost", _STRENGTH)
    relaxation = ("relaxation", "spending", "% GDP", 0, 10, uniform(0.8, 2.5),
        "B ¶10 (no more determined to spend); " + _TUNED, "spending saved by the unexposed per unit of conciliation of Moscow", _STRENGTH)
    # Ukraine
    compensation_rate = ("compensation_rate", "Ukraine", _RATE, 0, 1, uniform(0.04, 0.15),
        "A ¶5; aid data 2022-2024; judgement", "speed at which Europe and Canada change their support", _STRENGTH)
    fatigue_rate = ("fatigue_rate", "Ukraine", _RATE, 0, 1, uniform(0.025, 0.05),
        "A ¶5 (an uphill struggle for three years); " + _TUNED, "fatigue a month of those that make up for U.S. aid, at most", _STRENGTH)
    initial_resistance = ("resistance0", "Ukraine", _SHARE, 0, 1, {"2014": normal(0.4, 0.08, 0.1, 0.7), "2018": normal(0.5, 0.05, 0.2, 0.8), "2025": normal(0.6, 0.06, 0.3, 0.9)},
        "A ¶4, B ¶9; judgement", "Ukraine's resistance at the start")
    aid_elasticity = ("aid_elasticity", "Ukraine", "per unit", 0, 3, uniform(0.2, 0.8),
        "A ¶4; judgement", "resistance per unit of total aid", _STRENGTH)
    concession_gain = ("concession_gain", "Ukraine", "per unit", 0, 2, uniform(0.1, 0.5),
        "B ¶9; judgement", "pressure to concede per unit of conciliation and of opacity", _STRENGTH)
    # Deterrence
    russia_capability = ("russia_capability", "deterrence", "bn USD", 10, 2000, {"2014": lognormal(math.log(150), 0.2, 80, 300), "2018": lognormal(math.log(150), 0.2, 80, 300), "2025": lognormal(math.log(380), 0.2, 200, 700)},
        "SIPRI spending x about 2.5 for prices (judgement)", "Russia's military capability")
    # Russia
    weakness_response = ("omega", "Russia", "per unit", 0, 3, uniform(0.0, 1.5),
        _PROTO, "assertiveness per perceived weakness", _STRENGTH)
    assertiveness_speed = ("drift_a", "Russia", _RATE, 0, 1, uniform(0.04, 0.15),
        _PROTO, "speed at which assertiveness changes")
    weakness_signal = ("weakness_signal", "Russia", "per unit", 0, 3, uniform(0.05, 0.3),
        "B ¶9; judgement", "demands per weakness shown: new conciliation, positions on dialogue softened, cooperation resumed", _STRENGTH)
    sanctions_cost = ("sanctions_cost", "Russia", "per unit", 0, 3, uniform(0.0, 0.4),
        _J, "assertiveness lost per added sanctions", _STRENGTH)
    # Decision
    ask_routine = ("ask_routine", "decision", "tolerated move", 0, 10, uniform(0.3, 0.45),
        "codebook of items; " + _TUNED, "how far a routine text (class 1) goes beyond what is in force")
    ask_notable = ("ask_notable", "decision", "tolerated move", 0, 10, uniform(0.35, 0.55),
        "codebook of items; " + _TUNED, "how much further a notable text (class 2) goes")
    ask_major = ("ask_major", "decision", "tolerated move", 0, 10, uniform(0.35, 0.65),
        "codebook of items; " + _TUNED, "how much further than that a major text (class 3) goes")
    ask_far_reaching = ("ask_far_reaching", "decision", "tolerated move", 0, 10, uniform(0.6, 1.2),
        "codebook of items; " + _TUNED, "how much further than that a far-reaching text (class 4) goes")
    adopted_share = ("adopted_share", "decision", _SHARE, 0, 1, uniform(0.7, 0.9),
        _TUNED, "share of what was asked for from which a decision counts as adopted, and below as diluted")
    slack_scale = ("s", "decision", "loss", 0, 1000, uniform(0.002, 0.01),
        _TUNED, "scale of the random part of an ally's tolerance at a meeting (logistic)")
    sd_position = ("sd_pos", "decision", "position", 0, 0.5, uniform(0.06, 0.11),
        _TUNED, "how far the position that an ally shows is off")
    half_life_position = ("hl_position", "decision", _MONTH, 0.5, 240, uniform(6, 36),
        "judgement: governments last a few years", "half-life of that error")
    tolerated_move = ("tolerated_move", "decision", "position", 0, 1, lognormal(math.log(0.14), 0.25, 0.03, 0.4),
        _TUNED, "move away from the reversion that an ally which likes it best bears in silence, alone")
    company_move = ("company_move", "decision", "position", 0, 1, uniform(0.16, 0.24),
        _TUNED, "how much more it bears where it would be alone against all", _STRENGTH)
    patron_move = ("patron_move", "decision", "position", 0, 1, uniform(0.05, 0.15),
        _TUNED, "how much more it bears where it depends on a United States that supports the text", _STRENGTH)
    consultation = ("consultation", "decision", _SHARE, 0, 1, uniform(0.5, 1.0),
        "Friedkin and Johnsen; Ye et al. 2019; judgement", "how far consultation before a meeting moves what allies express, as a share of their susceptibility", _STRENGTH)
    voiced_share = ("voiced_share", "decision", _SHARE, 0, 1, uniform(0.5, 0.9),
        _TUNED, "share of what it bears in silence from which an ally speaks against a text")
    compensation = ("compensation", "decision", "share", 0, 10, uniform(0.0, 2.0),
        "record to 2019: renewals passed after bargaining; judgement", "what all objectors together can be bought off with, in units of what an ally bears alone", _STRENGTH)
    insist = ("insist", "decision", _SHARE, 0, 1, uniform(0.25, 0.6),
        _TUNED, "chance that sponsors have the text that they asked for put on the table, whatever its prospects", _STRENGTH)
    insist_summit = ("insist_summit", "decision", _SHARE, 0, 1, uniform(0.0, 0.3),
        "A ¶1, A ¶3: leaders do not quarrel in public; " + _TUNED, "the same at summits", _STRENGTH)
    min_share = ("floor", "decision", _SHARE, 0, 1, uniform(0.3, 0.5),
        _PROTO, "least share of a proposal worth adopting")
    blowup_cost = ("blowup_cost", "decision", "position", 0, 2, fixed(0.25),
        "judgement; fixed, since texts that were never tabled leave no record that could tell it from min_share", "cost to the chair of an open failure")
    sd_chair = ("sd_chair", "decision", "position", 0, 0.5, fixed(0.05),
        "judgement; fixed, as blowup_cost", "further error of the chair's reading of positions")
    concession_step = ("concession_step", "decision", _SHARE, 0, 1, fixed(0.3),
        "judgement; fixed, since it moves nothing", "most that a text is lowered between two rounds")
    dispute_stake = ("dispute_stake", "decision", "loss", 0, 10, uniform(0.08, 0.16),
        _TUNED, "mean of what an ally in a dispute over something else loses by letting a text pass (exponential)")
    dispute_end = ("dispute_end", "decision", _RATE, 0.001, 0.999, uniform(0.02, 0.2),
        "record to 2019: an objector on an issue objects again at the next text on it in about three cases of ten; " + _TUNED, "chance a month that a dispute ends because the ally tires")
    min_salience = ("salience_floor", "decision", _SHARE, 0.05, 1, uniform(0.4, 0.7),
        _J, "salience of an issue to those in the middle of its scale (1 at the ends)")
    sd_salience = ("sd_salience", "decision", _SHARE, 0, 0.5, uniform(0.05, 0.2),
        "judgement: up to half of the range", "spread of salience around what positions tell", _STRENGTH)
    standing_exponent = ("standing_exponent", "decision", "exponent", 0, 1, uniform(0.3, 0.5),
        _PROTO, "standing = (GDP / U.S. GDP) to this power")
    blowup_rate = ("blowup_rate", "decision", "per item", 0, 1, uniform(0.02, 0.12),
        "A ¶3, B ¶7 (G7 of 2018); judgement", "chance that an item on which silence was broken blows a meeting up", _STRENGTH)

_PER_ALLY = (
    Parameter(
        "spending_response", "spending_response", "spending", "factor", 0, 5, dict.fromkeys(ERAS, lognormal(0.0, 0.5, 0.2, 4.0)),
        "judgement: governments differ by a factor of less than two either way", "factor on all changes of the spending that an ally wants",
        False, True,
    ),
    Parameter(
        "susceptibility", "susceptibility", "influence", _SHARE, 0, 1, dict.fromkeys(ERAS, uniform(0.2, 0.6)), _PROTO,
        "openness to the others' positions (Friedkin and Johnsen)", _STRENGTH, True, {"USA": uniform(0.02, 0.2)},
    ),
    Parameter(
        "dispute_onset", "dispute_onset", "decision", "per item", 0, 1, dict.fromkeys(ERAS, uniform(0.0, 0.01)),
        "record to 2019: half of the hard objections come from one ally alone, most often TUR and HUN; judgement, since it over-samples contested items",
        "chance that an ally begins a dispute over something else by a text on the table", _STRENGTH, True,
        {"HUN": uniform(0.0, 0.1), "TUR": uniform(0.0, 0.1), "GRC": uniform(0.0, 0.03), "USA": uniform(0.0, 0.03)},
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

#: Parameters that the record could inform: between the 5 % and 95 % points of their priors the class of at least one item
#: in fifty of the history changes, or the mean path of spending or aid by a quarter of its spread between draws; and those
#: of single allies and of what is said at meetings, which the record has.
INFORMED: frozenset[str] = frozenset(
    """
    adopted_share ask_major ask_notable ask_routine assertiveness_speed budget_speed company_move compensation
    conduct_response confidence_bound consultation dispute_end dispute_onset dispute_stake half_life_position
    initial_autonomy insist insist_summit min_salience min_share momentum norm_pull patron_move pledge
    sanctions_cost sd_position sd_salience slack_scale spending_response spending_response_abandonment
    spending_response_threat spending_response_war standing_exponent susceptibility threat_response threat_reversion
    tolerated_move voiced_share weakness_response
    """.split()
)

#: Strengths: at zero each switches off the mechanism that it belongs to, and nothing else.
STRENGTHS: tuple[str, ...] = tuple(name for name, parameter in PARAMETERS.items() if parameter.strength)
