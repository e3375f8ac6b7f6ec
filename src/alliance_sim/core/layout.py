"""What sits where in the core's arrays. Names here are the symbols of the model document.

Each table is a namedtuple of positions, which numba freezes to constants: `p[P.kappa]` costs nothing and reads well.
"""

from collections import namedtuple

import numpy as np
from numpy.typing import NDArray

from alliance_sim.registry.outcomes import OUTCOMES


def _index(name, fields):
    names = fields.split()
    return namedtuple(name, names)(*range(len(names)))


#: Numbers in a line of the cache.
LINE = 8


def aligned(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return zeros that begin where a line of the cache does: vectors that straddle two load at half the speed."""
    size = 1
    for length in shape:
        size *= length
    room = np.zeros(size + LINE)
    skip = (LINE - room.ctypes.data // room.itemsize % LINE) % LINE
    return room[skip : skip + size].reshape(shape)


#: Actors and issues of the alliance: the costliest loops have a form for just that many.
ACTORS, ISSUES = 32, 9

# Scalar parameters of a draw: p[P.kappa]. Meaning, unit, range, prior and source are in the parameter registry.
P = _index(
    "P",
    """
    alpha0 alpha_private alpha_criticism alpha_support criticism_gain hl_criticism criticism_threshold
    support_gain hl_support congress_brake erosion_rate document_anchor hl_anchor
    hl_r hl_o chi chi_a sigma_read
    kappa eta beta beta_exposure sd_tau
    g_r g_rec amb statement_cost trade_cost cutoff_cost c0 k_c w_r w_p
    rho cover hedge norm_pull
    psi eps coupling trust_loss trust_recovery
    inertia theta_tau theta_ab pledge coercion reactance hl_pressure fatigue_spending depreciation
    aid_need0 compensation_rate compensation_capacity compensation_intelligence fatigue_rate fatigue_recovery
    forward_share russia_capability
    a0 omega drift_a read_error failure_signal hl_failure resumption_gain hl_demands
    sanctions_cost resistance_cost hybrid_gain
    war0 war_rate war_capacity
    resistance0 resistance_rate aid_elasticity concession0 concession_rate concession_conciliation concession_private
    nu s sd_pos sd_chair h0 h_iso h_patron floor blowup_cost concession_step cross_forum salience_floor
    standing_exponent items_per_session blowup_rate holdup_pivot holdup_end bypass_rate bypass_share norm_speed
    abstention exercise_threshold
    """,
)

# What an ally brings to a draw (facts and calibrated draws): ally[A.tau0, i].
A = _index("A", "tau0 g0 d0 aid0 susceptibility holdup dependence exposure ties gdp population")

# State of an ally: s.ally[S.tau, i].
S = _index("S", "tau g d cap aid fatigue pressure stance z reading standing support0")

# State of the world: w[G.r].
G = _index(
    "G",
    """
    r o criticism support alpha erosion anchor leader reset
    follow_due follow_count follow_size follow_private postponed blow_ups
    c a a_level demands demand_percent war resistance concession failure strained
    need us_military us_economic us_intelligence cut aid_military aid_economic aid_intelligence made_up_intelligence
    deterrence deterrence_alone w w0
    """,
)

# State per issue: s.issue[I.norm, k].
I = _index("I", "norm target coalition lead_shift lapsed")

# What events do in a month: forcing[F.conciliation, actor].
F = _index(
    "F",
    """
    conciliation opacity private follow_up process aid_military aid_economic aid_intelligence relief statement demand
    trade document leader stance escalation war hybrid exercise
    """,
)
# What an effect of an event falls on.
SHIFT_FORCING, SHIFT_PARAMETER, SHIFT_WORLD, SHIFT_ALLY, SHIFT_GIVEN, SHIFT_ISSUE, SHIFT_POSITION = range(7)

# Outcomes per month: out[O.cohesion]. What each is, and their order, is in the outcome registry.
O = _index("O", " ".join(OUTCOMES))

# Channels of the generator: one for each kind of chance, never shared.
(
    CH_CALIBRATION,
    CH_PARAMETER,
    CH_EVENT,
    CH_READING,
    CH_THREAT,
    CH_RUSSIA,
    CH_POSITION,
    CH_TEMPER,
    CH_CHAIR,
    CH_HOLDUP,
    CH_HOLDUP_END,
    CH_BYPASS,
    CH_BLOWUP,
) = range(1, 14)

# Issues by name, where a mechanism speaks of one.
(
    RUSSIA_STRATEGY,
    POSTURE,
    SPENDING,
    SUPPORT,
    SANCTIONS,
    OPEN_DOOR,
    DIALOGUE,
    SOUTH,
    EXERCISES,
) = range(9)

US = 0
NAC, NATO_SUMMIT, EU_COUNCIL, G7 = range(4)

# Rules of decision.
UNANIMITY, UNANIMITY_MINUS_N, CONSTRUCTIVE_ABSTENTION, QUALIFIED_MAJORITY, COALITION = range(5)

# Outcomes of an item, and PENDING for what has not come up yet.
ADOPTED, DILUTED, WITHDRAWN, BLOCKED, DEFERRED = range(5)
PENDING = -1

# One thing a meeting may decide: text q = base + f*span for f in [floor, 1]; several parts make a package.
MAX_PARTS = 3
