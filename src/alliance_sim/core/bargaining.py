"""The bargaining of a body that has no proposal before it: asymmetric Nash solution, proposer's gain, residual.

Sources: the solution and its exponents, Nash (1950) and Harsanyi and Selten (1972); salience against a common cost of
failure, Achen (2006); the setter facing vetoes, Romer and Rosenthal (1978), doi:10.1007/BF03187594; the gain of whoever
proposes when rounds of bargaining cost something, Binmore (1987); the urn for unknown positions, Blackwell and MacQueen
(1973), doi:10.1214/aos/1176342372. Equations: `alliance_sim.consensus.decide`.
"""

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.jit import kernel
from alliance_sim.core.rng import normal, uniform
from alliance_sim.core.structures import Channel, Clock

BISECTIONS = 45  # of [0, 1], to 3e-14


class Chance(IntEnum):
    """Channels of the generator that only bargaining uses, above those of the simulation (`Channel`)."""

    WEIGHT = 128
    FAILURE = 129
    PROPOSER = 130
    RESIDUAL = 131
    UNKNOWN = 132


class Bargainers(NamedTuple):
    """Members of a body that bargains."""

    position: NDArray[np.float64]  #: (n,), [0, 1]; NaN: unknown
    salience: NDArray[np.float64]  #: (n,), (0, 1]
    power: NDArray[np.float64]  #: (n,), (0, 1]


class Terms(NamedTuple):
    """What failure means, and how far the body is known."""

    reversion: float  #: [0, 1]; what holds without an agreement
    has_reversion: bool  #: False: failure is worse than any text
    exponent: float  #: of losses, [1, 2]
    failure_cost: float  #: in losses, at least 0; 1 = the loss of the farthest text at a salience of 1
    sd_position: float  #: of the error with which each position is read
    weight_error: float  #: standard deviation of the logarithm of power and failure cost
    proposer_gain: float  #: [0, 1]; largest part of the way from the Nash solution to the proposer's best text
    residual: float  #: standard deviation of what no theory explains


class Bargains(NamedTuple):
    """What `bargain_draws` fills; D draws."""

    level: NDArray[np.float64]  #: (D,), [0, 1]
    failed: NDArray[np.bool_]  #: (D,); no text leaves all better off
    losing: NDArray[np.int64]  #: (n,); draws in which a member would rather keep the reversion


@kernel()
def slope(q, x, salience, power, reserve, nu):
    """Derivative at q of the logarithm of the Nash product, sum of power * log(reserve - salience * |q - x|^nu)."""
    total = 0.0
    for i in range(x.shape[0]):
        d = abs(q - x[i])
        gain = reserve[i] - salience[i] * d**nu
        marginal = nu * d ** (nu - 1.0) if d > 0.0 else 0.0
        total += math.copysign(power[i] * salience[i] * marginal / max(gain, 1e-300), x[i] - q)
    return total


@kernel()
def nash_text(low, high, x, salience, power, reserve, nu):
    """Return the text of [low, high] with the greatest Nash product, which is concave in its logarithm."""
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if slope(middle, x, salience, power, reserve, nu) > 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@kernel()
def pick(weight, total, u):
    """Return an index drawn with probabilities weight / total, given a uniform number."""
    rest = u * total
    last = 0
    for i in range(weight.shape[0]):
        if weight[i] > 0.0:
            rest -= weight[i]
            last = i
            if rest <= 0.0:
                break
    return last


@kernel()
def place_unknown(x, mass, body, clock):
    """Place members of unknown position where others are, or, as often as one average member is drawn, anywhere.

    `mass` is working memory of n numbers: how much each position counts in the urn.
    """
    known = 0
    total = 0.0
    for i in range(x.shape[0]):
        mass[i] = 0.0
        if not math.isnan(body.position[i]):
            known += 1
            mass[i] = body.power[i] * body.salience[i]
            total += mass[i]
    for i in range(x.shape[0]):
        mass[i] *= known / total
    count = float(known)
    for i in range(x.shape[0]):
        if math.isnan(body.position[i]):
            u = uniform(clock, Chance.UNKNOWN, 2 * i) * (count + 1.0)
            x[i] = uniform(clock, Chance.UNKNOWN, 2 * i + 1) if u >= count else x[pick(mass, count, u / count)]
            mass[i] = 1.0
            count += 1.0


@kernel(python=True)
def bargain_draws(bargains, body, terms, seed, draw0):
    """Let the body bargain once for each row of `bargains.level`: the draws from `draw0` on."""
    n = body.position.shape[0]
    x, power, reserve, weight = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    nu, salience, r = terms.exponent, body.salience, terms.reversion
    for row in range(bargains.level.shape[0]):
        clock = Clock(seed, draw0 + row, 0)
        for i in range(n):
            x[i] = body.position[i] + terms.sd_position * normal(clock, Channel.POSITION, i)
            power[i] = body.power[i] * math.exp(terms.weight_error * normal(clock, Chance.WEIGHT, i))
        place_unknown(x, weight, body, clock)
        cost = terms.failure_cost * math.exp(terms.weight_error * normal(clock, Chance.FAILURE, 0))
        low, high, total = 0.0, 1.0, 0.0
        for i in range(n):
            reserve[i] = cost + (salience[i] * abs(r - x[i]) ** nu if terms.has_reversion else 1.0)
            reach = (reserve[i] / salience[i]) ** (1.0 / nu)
            low, high = max(low, x[i] - reach), min(high, x[i] + reach)
            weight[i] = power[i] * salience[i]
            total += weight[i]
        failed = terms.has_reversion and high - low < 1e-12
        bargains.failed[row] = failed
        if failed:  # whoever would have lost by the compromise that a costly failure forces keeps the reversion
            for i in range(n):
                reserve[i] = 1e9
            text = nash_text(0.0, 1.0, x, salience, power, reserve, nu)
            bargains.level[row] = r
        else:
            if low > high:  # without a reversion a text is found even where failure is hardly worse than some texts
                low = high = 0.5 * (low + high)
            text = nash_text(low, high, x, salience, power, reserve, nu)
            setter = pick(weight, total, uniform(clock, Chance.PROPOSER, 0))
            best = min(max(x[setter], low), high)
            text += terms.proposer_gain * uniform(clock, Chance.PROPOSER, 1) * (best - text)
            text += terms.residual * normal(clock, Chance.RESIDUAL, 0)
            text = min(max(text, 0.0), 1.0)
            bargains.level[row] = text
        if terms.has_reversion:
            for i in range(n):
                if abs(text - x[i]) > abs(r - x[i]) + 1e-9:
                    bargains.losing[i] += 1
