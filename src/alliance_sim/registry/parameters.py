"""The parameters: name, unit, range, prior and source, once.

Scenario files, `--set`, the explorer's levers and the docs are generated from this table. "Prototype" in a source means
a rough earlier model in which the value behaved; it is judgement and has a wide prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.distributions import Prior, fixed, lognormal, normal, triangular, uniform
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.issues import ISSUES

__all__ = [
    "ACTOR_QUANTITIES",
    "PARAMETERS",
    "STRENGTHS",
    "Parameter",
    "current_name",
    "parameter_names",
    "resolve",
    "symbol_of",
]


@dataclass(frozen=True)
class Parameter:
    """One parameter of the model.

    Attributes
    ----------
    name : str
        The symbol of the model description; what scenario files and `--set` call it.
    group : str
        The mechanism it belongs to.
    unit : str
    low, high : float
        Values allowed.
    priors : mapping of era to Prior
        What is drawn where a scenario does not say.
    source : str
        Document and paragraph, public fact, or judgement.
    description : str
    per_ally : bool
        One value per ally, written ``name.ISO3``.
    allies : mapping of ISO3 to Prior
        Where one ally differs from the others.
    """

    name: str
    group: str
    unit: str
    low: float
    high: float
    priors: Mapping[str, Prior]
    source: str
    description: str
    per_ally: bool = False
    allies: Mapping[str, Prior] = field(default_factory=dict)

    def prior(self, era: str, ally: str | None = None) -> Prior:
        """Return the prior in an era, of one ally where the parameter is indexed."""
        return self.allies.get(ally or "", self.priors[era])

    def check(self, value: float) -> None:
        """Raise InputError unless `value` is a finite number in the parameter's range."""
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise InputError(f"{self.name}: {value:g} is outside its range [{self.low:g}, {self.high:g}]")


def _table(group: str, *rows: tuple[str, str, float, float, Prior | Mapping[str, Prior], str, str]) -> list[Parameter]:
    made = []
    for name, unit, low, high, prior, source, description in rows:
        priors = dict.fromkeys(ERAS, prior) if isinstance(prior, Prior) else prior
        made.append(Parameter(name, group, unit, low, high, priors, source, description))
    return made


_SHARE, _MONTH, _RATE = "share", "months", "per month"
_J = "judgement"
_PROTO = "prototype, judgement"
_TUNED = "judgement, set lower than in the prototype by hand (docs/model.md, What was tuned)"

_ROWS: list[Parameter] = [
    *_table(
        "Washington",
        ("alpha0", _SHARE, 0, 1, {"2014": normal(0.5, 0.08, 0.2, 0.8), "2018": normal(0.5, 0.08, 0.2, 0.8), "2025": normal(0.85, 0.06, 0.6, 1.0)},
         "B ¶6; " + _PROTO, "autonomy of the president: weight of the leader against the institutions"),
        ("alpha_private", _SHARE, 0, 1, uniform(0.1, 0.5), "B ¶6 (one-on-one talks); judgement",
         "autonomy gained per unit of opacity"),
        ("alpha_criticism", _SHARE, 0, 1, uniform(0.1, 0.4), "B ¶4, B ¶6; judgement",
         "autonomy lost per unit of criticism at home"),
        ("alpha_support", _SHARE, 0, 1, uniform(0.0, 0.4), "B ¶6; judgement",
         "autonomy gained per unit of domestic support after a breakthrough"),
        ("criticism_gain", _RATE, 0, 10, uniform(0.4, 1.2), "B ¶4; judgement",
         "criticism per conciliation x opacity x distance between leader and institutions"),
        ("hl_criticism", _MONTH, 0.5, 60, uniform(4, 9), "B ¶4; judgement", "half-life of criticism"),
        ("criticism_threshold", _SHARE, 0, 1, uniform(0.05, 0.2), "B ¶4; judgement",
         "criticism above which a follow-up meeting is postponed"),
        ("support_gain", _SHARE, 0, 1, uniform(0.1, 0.4), "B ¶6; judgement",
         "domestic support gained per unit of conciliation at a summit"),
        ("hl_support", _MONTH, 0.5, 60, uniform(2, 6), "B ¶6 (short term); judgement", "half-life of that support"),
        ("congress_brake", _SHARE, 0, 1, uniform(0.3, 0.8), "B ¶6; sanctions act of August 2017 (review by Congress)",
         "share of sanctions relief that Congress holds back"),
        ("erosion_rate", _RATE, 0, 1, uniform(0.01, 0.05), "B ¶8; judgement",
         "drift of the institutions towards the leader per unit of conciliation"),
        ("document_anchor", _SHARE, 0, 1, uniform(0.6, 0.95), "B ¶8 (strategy documents of 2017 and 2018); judgement",
         "share of that drift which the strategic documents in force hold back"),
        ("hl_anchor", _MONTH, 1, 240, uniform(24, 60), "national strategies are rewritten every four years; judgement",
         "half-life of the hold that a new strategic document adds"),
    ),
    *_table(
        "signals",
        ("hl_r", _MONTH, 0.5, 60, uniform(2, 6), _PROTO, "half-life of conciliation"),
        ("hl_o", _MONTH, 0.5, 60, uniform(2, 6), _PROTO, "half-life of opacity"),
        ("chi", _RATE, 0, 1, uniform(0.02, 0.08), "A ¶2; judgement", "conciliation a standing reset adds every month"),
        ("chi_a", "per unit", 0, 2, fixed(0.0), "A ¶2: goes on whatever Russia does",
         "how far that flow gives way when Russia grows more assertive"),
        ("sigma_read", "log", 0, 3, uniform(0.3, 0.9), "B ¶3; " + _PROTO, "spread of allies' readings per opacity"),
    ),
    *_table(
        "threat perception",
        ("kappa", _RATE, 0, 1, uniform(0.04, 0.15), _PROTO, "return of perceived threat to its level"),
        ("eta", _RATE, 0, 1, uniform(0.0, 0.05), _PROTO, "diffusion of changes in perceived threat between allies"),
        ("beta", "per unit", 0, 3, uniform(0.3, 0.9), "A ¶4; judgement", "response to Russia's assertiveness"),
        ("beta_exposure", _SHARE, 0, 2, uniform(0.5, 1.0), "spending against distance to Moscow: rank correlation "
         "-0.67 in 2024; judgement", "how much more the exposed respond"),
        ("sd_tau", "per month", 0, 0.2, uniform(0.003, 0.012), _J, "monthly noise of perceived threat"),
    ),
    *_table(
        "guarantee",
        ("g_r", _RATE, 0, 1, uniform(0.05, 0.2), _TUNED, "confidence lost per conciliation, by perceived threat"),
        ("g_rec", _RATE, 0, 1, uniform(0.1, 0.3), _PROTO, "recovery of confidence"),
        ("amb", _RATE, 0, 1, uniform(0.0, 0.1), "B ¶3; " + _TUNED, "confidence lost per opacity, by perceived threat"),
        ("statement_cost", _SHARE, 0, 1, uniform(0.1, 0.4), "B ¶7; judgement",
         "confidence an ally loses by a remark against it; the open-door commitment loses as much"),
        ("trade_cost", _SHARE, 0, 1, uniform(0.02, 0.15), "B ¶8; judgement", "confidence lost per unit of trade dispute"),
        ("cutoff_cost", _SHARE, 0, 1, uniform(0.05, 0.3), "A ¶4; judgement",
         "confidence lost when support of Ukraine ends, by perceived threat"),
        ("c0", _SHARE, 0, 1, {"2014": normal(0.8, 0.08, 0.5, 1), "2018": normal(0.8, 0.06, 0.5, 1), "2025": normal(0.65, 0.08, 0.3, 0.95)},
         "B ¶8, A ¶5; judgement", "commitment of the United States at the start"),
        ("k_c", _RATE, 0, 1, uniform(0.05, 0.2), _J, "speed of the commitment"),
        ("w_r", "per unit", 0, 2, uniform(0.1, 0.4), _J, "commitment lost per conciliation"),
        ("w_p", "per unit", 0, 2, uniform(0.1, 0.5), _J, "commitment lost per turn of Washington's posture"),
    ),
    *_table(
        "positions",
        ("rho", "per unit", 0, 3, uniform(0.6, 1.2), "issue curves; judgement",
         "how far positions follow a change of perceived threat, times the slope of the issue"),
        ("cover", "per unit", 0, 3, uniform(0.1, 0.5), "B ¶10; judgement", "emboldening of those with ties to Russia"),
        ("hedge", "per unit", 0, 3, uniform(0.1, 0.5), "A ¶5; judgement", "more posture and spending as the guarantee weakens"),
        ("norm_pull", _SHARE, 0, 1, uniform(0.0, 0.3), _J, "pull of what was adopted on what is wanted"),
    ),
    *_table(
        "influence",
        ("psi", "exponent", 0, 2, uniform(0.3, 1.0), _J, "weight of standing in being listened to"),
        ("eps", "distance", 0.01, 10, uniform(0.4, 0.8), _PROTO, "bounded confidence: beyond it nobody listens"),
        ("coupling", _SHARE, 0, 1, uniform(0.0, 0.3), "B ¶10-11; judgement",
         "how far the belief about the threat drives posture, sanctions, support and dialogue"),
        ("trust_loss", _SHARE, 0, 1, uniform(0.02, 0.15), _J, "trust lost between objectors and the rest by a block"),
        ("trust_recovery", _RATE, 0, 1, uniform(0.02, 0.1), _J, "recovery of trust"),
    ),
    *_table(
        "spending",
        ("inertia", _RATE, 0, 1, uniform(0.03, 0.10), _PROTO, "share of the gap to the wanted spending closed a month"),
        ("theta_tau", "% GDP", 0, 10, uniform(0.5, 4.0), _PROTO, "spending per unit of perceived threat"),
        ("theta_ab", "% GDP", 0, 10, uniform(0.5, 4.0), "A ¶5; " + _PROTO, "spending per lost confidence, by perceived threat"),
        ("pledge", _SHARE, 0, 1, uniform(0.2, 0.7), "spending after the 2014 pledge; judgement",
         "share of a raised pledge that finds its way into spending"),
        ("coercion", "% GDP", 0, 3, uniform(0.1, 0.6), "B ¶8, B ¶10; judgement", "answer of exposed allies to pressure"),
        ("reactance", "% GDP", 0, 3, uniform(0.1, 0.6), "B ¶10; judgement", "reactance of allies not directly threatened"),
        ("hl_pressure", _MONTH, 0.5, 60, uniform(3, 12), _J, "half-life of pressure over spending"),
        ("fatigue_spending", "% GDP", 0, 3, uniform(0.0, 0.5), "A ¶5; judgement", "spending lost to fatigue"),
        ("depreciation", _RATE, 0, 1, uniform(0.005, 0.02), _J, "turnover of military capability"),
    ),
    *_table(
        "Ukraine",
        ("aid_need0", "index", 0, 2, {"2014": fixed(0.0), "2018": fixed(0.0), "2025": fixed(1.0)},
         "Kiel Institute Ukraine Support Tracker, February 2022 to December 2024; judgement: none before",
         "aid that the war calls for at the start, 1 = the mean of 2022-2024"),
        ("compensation_rate", _RATE, 0, 1, uniform(0.04, 0.15), "A ¶5; aid data 2022-2024; judgement",
         "speed at which Europe and Canada change their support"),
        ("compensation_capacity", _SHARE, 0, 2, triangular(0.3, 0.6, 1.0), "A ¶5; judgement",
         "share of a U.S. cut that they would make up if they did not tire"),
        ("compensation_intelligence", _SHARE, 0, 1, uniform(0.1, 0.4), "A ¶4-5; judgement", "the same for intelligence"),
        ("fatigue_rate", "per % GDP", 0, 2, uniform(0.05, 0.3), "A ¶5; judgement", "fatigue per month and extra effort"),
        ("fatigue_recovery", _RATE, 0, 1, uniform(0.01, 0.05), _J, "recovery from fatigue"),
        ("resistance0", _SHARE, 0, 1, {"2014": normal(0.4, 0.08, 0.1, 0.7), "2018": normal(0.5, 0.05, 0.2, 0.8), "2025": normal(0.6, 0.06, 0.3, 0.9)},
         "A ¶4, B ¶9; judgement", "Ukraine's resistance at the start"),
        ("resistance_rate", _RATE, 0, 1, uniform(0.05, 0.2), _J, "speed of resistance"),
        ("aid_elasticity", "per unit", 0, 3, uniform(0.2, 0.8), "A ¶4; judgement", "resistance per unit of total aid"),
        ("concession0", _SHARE, 0, 1, fixed(0.3), _J, "pressure to concede at the start"),
        ("concession_rate", _RATE, 0, 1, uniform(0.1, 0.4), _J, "speed of that pressure"),
        ("concession_conciliation", "per unit", 0, 2, uniform(0.1, 0.5), "B ¶9; judgement", "pressure per conciliation"),
        ("concession_private", "per unit", 0, 2, uniform(0.1, 0.5), "B ¶9; judgement", "pressure per closed-door dealing"),
    ),
    *_table(
        "deterrence",
        ("forward_share", _SHARE, 0, 1, triangular(0.15, 0.3, 0.5), "U.S. troops in Europe; judgement",
         "share of U.S. capability that counts in Europe"),
        ("russia_capability", "bn USD", 10, 2000,
         {"2014": lognormal(math.log(150), 0.2, 80, 300), "2018": lognormal(math.log(150), 0.2, 80, 300), "2025": lognormal(math.log(380), 0.2, 200, 700)},
         "SIPRI spending x about 2.5 for prices (judgement)", "Russia's military capability"),
    ),
    *_table(
        "Russia",
        ("a0", _SHARE, 0, 1, {"2014": fixed(0.3), "2018": fixed(0.5), "2025": fixed(0.6)}, "A ¶2, B ¶5; scale set by judgement",
         "assertiveness at the start"),
        ("omega", "per unit", 0, 3, uniform(0.0, 1.5), _PROTO, "assertiveness per weakness read"),
        ("drift_a", _RATE, 0, 1, uniform(0.04, 0.15), _PROTO, "speed of assertiveness"),
        ("read_error", "share", 0, 1, uniform(0.01, 0.05), _J, "error in reading weakness"),
        ("failure_signal", "per failure", 0, 1, uniform(0.0, 0.1), _J, "weakness read into an open failure"),
        ("hl_failure", _MONTH, 0.5, 60, uniform(2, 6), _J, "half-life of the memory of a failure"),
        ("resumption_gain", "per unit", 0, 3, uniform(0.1, 0.6), "B ¶10; judgement",
         "demands, and assertiveness, fed by cooperation resumed without a change of policy"),
        ("hl_demands", _MONTH, 0.5, 60, uniform(4, 12), _J, "half-life of demands"),
        ("sanctions_cost", "per unit", 0, 3, uniform(0.0, 0.4), _J, "assertiveness lost per added sanctions"),
        ("resistance_cost", "per unit", 0, 3, uniform(0.0, 0.4), _J, "assertiveness lost per added resistance"),
        ("hybrid_gain", "per unit", 0, 1, uniform(0.02, 0.1), _J,
         "perceived threat moved by a hybrid campaign: up without ties to Russia, down with them"),
        ("war0", _SHARE, 0, 1, {"2014": fixed(0.0), "2018": fixed(0.25), "2025": fixed(0.7)}, "A ¶2, B ¶5; scale set by judgement",
         "war intensity at the start"),
        ("war_rate", _RATE, 0, 1, uniform(0.03, 0.1), _J, "speed of war intensity"),
        ("war_capacity", "per unit", 0, 2, uniform(0.0, 0.5), "A ¶2; judgement", "how far resistance wears the war down"),
    ),
    *_table(
        "decision",
        ("nu", "exponent", 1, 2, fixed(2.0), _PROTO, "curvature of the loss"),
        ("s", "loss", 0, 1000, uniform(0.002, 0.01), _TUNED, "temper: scale of the logistic slack"),
        ("sd_pos", "position", 0, 0.5, uniform(0.03, 0.09), _TUNED, "error of positions as read at the table"),
        ("sd_chair", "position", 0, 0.5, uniform(0.02, 0.08), _PROTO, "further error of the chair's reading"),
        ("h0", "loss", 0, 1, uniform(0.02, 0.05), _PROTO, "cost of objecting at all"),
        ("h_iso", "loss", 0, 1, uniform(0.04, 0.12), _PROTO, "cost of objecting alone"),
        ("h_patron", "loss", 0, 1, uniform(0.03, 0.10), _PROTO, "cost of crossing the United States, by dependence"),
        ("floor", _SHARE, 0, 1, uniform(0.3, 0.5), _PROTO, "least share of a proposal worth adopting"),
        ("blowup_cost", "position", 0, 2, uniform(0.1, 0.4), _PROTO, "cost to the chair of an open failure"),
        ("concession_step", _SHARE, 0, 1, uniform(0.15, 0.5), _J, "how far a text can be lowered between two rounds"),
        ("cross_forum", _SHARE, 0, 1, uniform(0.1, 0.5), "model description; judgement",
         "Washington's pull in a forum it is not a member of"),
        ("salience_floor", _SHARE, 0.05, 1, uniform(0.4, 0.7), _J,
         "salience of an issue to those in the middle of its scale (1 at the ends)"),
        ("standing_exponent", "exponent", 0, 1, uniform(0.3, 0.5), _PROTO, "standing = (GDP / U.S. GDP) to this power"),
        ("items_per_session", "items", 1, 20, fixed(2.0), "A ¶3; judgement", "contested items one session has time for"),
        ("blowup_rate", "per item", 0, 1, uniform(0.02, 0.12), "A ¶3, B ¶7 (G7 of 2018); judgement",
         "chance that an item on which silence was broken blows a meeting up"),
        ("holdup_pivot", "factor", 0, 20, uniform(0.0, 1.0), _J, "how much likelier a pivotal ally is to hold a text up"),
        ("holdup_end", _RATE, 0, 1, uniform(0.1, 0.4), "days held out in the record 2008-2025; judgement",
         "chance a month that a hold-up ends"),
        ("bypass_rate", _SHARE, 0, 1, uniform(0.2, 0.8), "record 2017-2025: five kinds of bypass; judgement",
         "chance that a blocked item is worked around, times the standing behind it"),
        ("bypass_share", _SHARE, 0, 1, uniform(0.3, 0.7), _J, "substance a bypass moves"),
        ("norm_speed", _RATE, 0, 1, uniform(0.1, 0.3), _J, "speed at which norms follow what was adopted"),
        ("abstention", "loss", 0, 1, fixed(0.05), _J, "further loss borne by abstaining, under constructive abstention"),
        ("exercise_threshold", "position", 0, 1, fixed(0.5), "B ¶12; judgement", "position at which an ally takes part"),
    ),
    Parameter(
        "susceptibility", "influence", _SHARE, 0, 1, dict.fromkeys(ERAS, uniform(0.2, 0.6)), _PROTO,
        "openness to the others' positions (Friedkin and Johnsen)", True, {"USA": uniform(0.02, 0.2)},
    ),
    Parameter(
        "holdup", "decision", "per item", 0, 1, dict.fromkeys(ERAS, uniform(0.0, 0.001)),
        "record 2008-2025: 30 of 62 hard blocks by one ally alone, HUN 14, TUR 8, USA 4; scaled down because the record over-samples contested items (judgement)",
        "chance that an ally holds up an agreed text over something else", True,
        {"HUN": uniform(0.005, 0.05), "TUR": uniform(0.0, 0.03), "GRC": uniform(0.0, 0.005), "USA": uniform(0.0, 0.016)},
    ),
    Parameter(
        "guarantee_confidence", "guarantee", _SHARE, 0, 1,
        {"2014": normal(0.75, 0.1, 0.3, 1), "2018": normal(0.75, 0.08, 0.3, 1), "2025": normal(0.6, 0.1, 0.2, 1)}, "A ¶5, B ¶8; judgement",
        "confidence in the U.S. guarantee at the start", True, {"USA": fixed(1.0)},
    ),
]  # fmt: skip

PARAMETERS: dict[str, Parameter] = {parameter.name: parameter for parameter in _ROWS}

#: Strengths: at zero each switches off the mechanism that it belongs to, and nothing else.
STRENGTHS: tuple[str, ...] = tuple(
    """
    alpha_private alpha_criticism alpha_support criticism_gain support_gain congress_brake erosion_rate document_anchor
    chi sigma_read
    kappa eta beta beta_exposure sd_tau
    g_r amb statement_cost trade_cost cutoff_cost k_c w_r w_p
    rho cover hedge norm_pull
    psi coupling trust_loss susceptibility
    inertia theta_tau theta_ab pledge coercion reactance fatigue_spending depreciation
    compensation_rate compensation_capacity compensation_intelligence fatigue_rate fatigue_recovery
    aid_elasticity concession_conciliation concession_private
    forward_share
    omega read_error failure_signal resumption_gain sanctions_cost resistance_cost hybrid_gain war_rate war_capacity
    h_iso h_patron cross_forum blowup_rate holdup bypass_rate bypass_share norm_speed
    """.split()
)

#: Calibrated quantities of actors that a scenario may fix: their draws come from the calibration room.
ACTOR_QUANTITIES: tuple[str, ...] = (
    *(f"threat_perception.{ally}" for ally in ALLIES if ally != "USA"),
    "threat_perception.USA.leader",
    "threat_perception.USA.institutions",
    *(f"position.{issue}.{ally}" for issue in ISSUES for ally in ALLIES if ally != "USA"),
    *(f"position.{issue}.USA.{who}" for issue in ISSUES for who in ("leader", "institutions")),
)
_QUANTITIES = {
    name: Parameter(
        name, "actors", "position", 0.0, 1.0, {}, "calibration: evidence and facts", "calibrated quantity of an actor"
    )
    for name in ACTOR_QUANTITIES
}


@cache
def parameter_names() -> tuple[str, ...]:
    """Return every name a scenario may set: scalars, ``name.ISO3`` for indexed ones, and quantities of actors."""
    names: list[str] = []
    for parameter in _ROWS:
        names += [f"{parameter.name}.{ally}" for ally in ALLIES] if parameter.per_ally else [parameter.name]
    return (*names, *ACTOR_QUANTITIES)


def resolve(name: str) -> tuple[Parameter, str | None]:
    """Return the parameter called `name` and the ally it is indexed by.

    An indexed parameter without an ally (``susceptibility``) means all of them, and comes back with None.

    Raises
    ------
    InputError
        If no parameter has that name; the message holds the nearest one.
    """
    if name in _QUANTITIES:
        return _QUANTITIES[name], None
    head, _, ally = name.partition(".")
    parameter = PARAMETERS.get(head)
    if parameter is not None and not ally:
        return parameter, None
    if parameter is not None and parameter.per_ally and ally in ALLIES:
        return parameter, ally
    hint = nearest(name, (*PARAMETERS, *parameter_names()))
    raise InputError(
        f"no parameter is called {shown(name)}{hint}; allowed: those in docs/parameters.md, threat_perception.ALLY, "
        "position.ISSUE.ALLY"
    )


def current_name(name: str) -> str:
    """Return the current name of a parameter that may be given by its old symbol; any other text as it is."""
    return name


def symbol_of(name: str) -> str:
    """Return the old symbol of a parameter, by which random numbers are addressed; any other text as it is."""
    return name
