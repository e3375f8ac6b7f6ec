"""The consensus procedure: one chair, one acceptance rule (`acceptance`), rounds of silence.

Sources: reversion point and setter, Romer and Rosenthal (1978), doi:10.1007/BF03187594; asymmetric Nash product,
Harsanyi and Selten (1972); acquiescence costs and the chair's anticipation, model description, "How the alliance
decides".
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.acceptance import (
    chance,
    distance,
    limit_of,
    losses,
    passes,
    prepare_session,
    share_out_salience,
    thresholds,
    tolerance,
)
from alliance_sim.core.jit import kernel
from alliance_sim.core.rng import fill_logistic, fill_normal
from alliance_sim.core.sessions import Seating, new_session
from alliance_sim.core.structures import Channel, Clock, Decision, Param, Rule

GRID = 9  # texts the chair tries before refining
REFINEMENTS = 14  # golden-section steps around the best of them: to five ten-thousandths of the way
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
ACCEPTANCE_TOLERANCE = 1e-12  # relative safety margin, so that rounding cannot turn an acceptance into an objection


@kernel(inline="always")
def worth(item, session, seating, f, params):
    """What text f is worth to the chair: P*|q - r| - (1 - P)*blowup_cost.

    The second number is the most that a text beyond f could be worth, since it does not pass more often.
    """
    passing = chance(item, session, seating, f, params)
    risk = (1.0 - passing) * params[Param.blowup_cost]
    return passing * f * distance(item) - risk, passing * distance(item) - risk


@kernel(inline="always")
def choose_text(item, session, seating, params):
    """Return the text f the chair would table and what it is worth: a coarse grid, then golden sections."""
    best = 1.0
    most, _ = worth(item, session, seating, best, params)
    if not item.divisible:
        return best, most
    step = (1.0 - item.min_share) / (GRID - 1)
    for trial in range(GRID - 1):
        f = item.min_share + trial * step
        if f * distance(item) <= most:  # were it certain to pass
            continue
        value, beyond = worth(item, session, seating, f, params)
        if value > most or (value == most and best < 1.0):
            best, most = f, value
        if beyond <= most:
            break
    a, b = max(item.min_share, best - step), min(1.0, best + step)
    c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
    f = c
    for trial in range(REFINEMENTS):
        if trial == 1:
            f = d
        elif trial > 1 and best <= c:
            b, d = d, c
            f = c = b - _GOLDEN * (b - a)
        elif trial > 1:
            a, c = c, d
            f = d = a + _GOLDEN * (b - a)
        value, _ = worth(item, session, seating, f, params)
        if value > most:
            best, most = f, value
    return best, most


@kernel(inline="always")
def loss_of(item, session, i, f):
    """Loss of ally i from text f, at its position as read at the meeting, without what it has at stake elsewhere."""
    loss = 0.0
    for m in range(item.parts):
        moved = f * item.span[m]
        loss += session.weight[m, i] * moved * (moved + 2.0 * (item.reversion[m] - session.position[m, i]))
    return loss


@kernel(inline="never")
def bound(item, session, i, f, limit):
    """Largest text below f that ally i accepts when it bears a loss of `limit`; -1 if it accepts none."""
    low = 0.0  # the reversion costs nothing
    if limit < 0.0:  # who wants to gain starts from the text it likes best: the loss is convex
        high = f
        for _ in range(50):
            left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
            if loss_of(item, session, i, left) <= loss_of(item, session, i, right):
                high = right
            else:
                low = left
        if loss_of(item, session, i, low) > limit:
            return -1.0
    high = f
    for _ in range(50):
        middle = 0.5 * (low + high)
        if loss_of(item, session, i, middle) <= limit:
            low = middle
        else:
            high = middle
    return low


@kernel(inline="always")
def weigh(item, session, seating, f, params):
    """Set loss and threshold of every voter for text f; return the standing behind it, the least margin, and whose."""
    losses(session.loss, session.position, session.weight, item, seating.rows, f)
    support = thresholds(item, session, seating, params)
    total = seating.neutral
    least, pivotal = np.inf, 0
    for i in range(seating.n):
        total += session.standing[i]
        margin = limit_of(session, i, params) - session.loss[i]
        if margin < least:
            least, pivotal = margin, i
    return min(1.0, support / total), least, pivotal  # sums in different orders may differ in the last bit


@kernel(inline="always")
def hear_objections(session, seating, turn, params):
    """Note who breaks silence over the text on the table, and who speaks against it and lets it pass."""
    for i in range(seating.n):
        margin = limit_of(session, i, params) - session.loss[i]
        if margin < 0.0 and session.objection[i] < 0:
            session.objection[i] = turn
        if margin < (1.0 - params[Param.voiced_share]) * session.threshold[i]:
            session.voiced[i] = 1


@kernel(inline="always")
def compensated(session, seating, params):
    """Whether the objectors can be bought off: what they fall short by, together, is within what there is to give."""
    alone, _, _ = tolerance(params)
    needed = 0.0
    for i in range(seating.n):
        needed += max(0.0, session.loss[i] - limit_of(session, i, params)) * session.salience[i]
    return needed <= params[Param.compensation] * alone


class Result(NamedTuple):
    """How an item ends."""

    outcome: int  #: a Decision: ADOPTED, DILUTED, WITHDRAWN or BLOCKED
    share: float  #: text in force at the end, as a share of the way to the proposal; 0 where nothing was agreed
    first_tabled: float  #: first text on the table, 0 where none was
    tabled: float  #: last text on the table, or the least that was thought of
    support: float  #: share of standing behind that text before any cost of objecting
    margin: float  #: acceptance margin of the least willing ally for it; negative where somebody objects
    pivotal: int  #: row of that ally


@kernel(inline="never")
def decide_item(item, session, seating, insisted, params):
    """Take one item through the alliance's procedure; return a `Result`.

    Where its sponsors insist, the text that they asked for is put on the table, whatever its prospects. Else the chair
    drafts the text that it expects most of, or withdraws an item of which it expects nothing. A renewal is insisted on.

    ``session.objection`` holds the round in which each voter first broke silence, 0 for those who would have refused
    even the least text worth adopting of an item that was withdrawn, and -1 for the silent; ``session.voiced`` is 1 for
    those who spoke against a text.
    """
    for i in range(seating.n):
        session.objection[i] = -1
        session.voiced[i] = 0
    f = 1.0
    if not insisted:
        f, value = choose_text(item, session, seating, params)
        if value <= 0.0:
            least = item.min_share if item.divisible else 1.0
            support, margin, pivotal = weigh(item, session, seating, least, params)
            hear_objections(session, seating, 0, params)
            return Result(Decision.WITHDRAWN, 0.0, 0.0, least, support, margin, pivotal)
    first = f
    for turn in range(1, item.rounds + 1):
        support, margin, pivotal = weigh(item, session, seating, f, params)
        hear_objections(session, seating, turn, params)
        agreed = passes(item, session, seating, params)
        lowest = -1.0
        if not agreed and turn < item.rounds and item.divisible:
            lowest = acceptable_text(item, session, seating, f, params)
        if not agreed and lowest < item.min_share:  # the last text on the table
            agreed = item.rule == Rule.UNANIMITY and compensated(session, seating, params)
            if not agreed:
                break
        if agreed:
            level = f
            if item.rule == Rule.COALITION:
                level = f * support  # the willing carry the text as far as their standing reaches
            outcome = Decision.ADOPTED if level >= params[Param.adopted_share] else Decision.DILUTED
            return Result(outcome, level, first, f, support, margin, pivotal)
        f = max(lowest, f - params[Param.concession_step])
    return Result(Decision.BLOCKED, 0.0, first, f, support, margin, pivotal)


@kernel(inline="never")
def acceptable_text(item, session, seating, f, params):
    """Return the largest lower text that all objectors would accept (not under unanimity: the easiest one), or -1."""
    all_needed = item.rule == Rule.UNANIMITY
    found = 2.0 if all_needed else -1.0
    for i in range(seating.n):
        limit = limit_of(session, i, params)
        if session.loss[i] > limit:
            b = (1.0 - ACCEPTANCE_TOLERANCE) * bound(item, session, i, f, limit)
            found = min(found, b) if all_needed else max(found, b)
    return found


@kernel(inline="always")
def capacity(item, session, seating, params):
    """Greatest expected share of a proposal the chair could hope for: max over texts of P*|q - r|/|q0 - r|."""
    step = (1.0 - item.min_share) / (GRID - 1)
    passing = chance(item, session, seating, item.min_share, params)
    best, at = item.min_share * passing, item.min_share
    for trial in range(1, GRID):
        f = item.min_share + trial * step
        if f <= best:  # were it certain to pass
            continue
        passing = chance(item, session, seating, f, params)
        if f * passing > best:
            best, at = f * passing, f
        if passing <= best:  # a text that asks for more does not pass more often
            break
    for side in range(2):  # and halfway to its neighbours
        f = at + (side - 0.5) * step
        if item.min_share <= f <= 1.0:
            best = max(best, f * chance(item, session, seating, f, params))
    return best


class Body(NamedTuple):
    """Members of any body, all of which vote."""

    position: NDArray[np.float64]  #: (n,), [0, 1]
    salience: NDArray[np.float64]  #: (n,), (0, 1]
    standing: NDArray[np.float64]  #: (n,), (0, 1]; also the weight of a vote under qualified majority
    dependence: NDArray[np.float64]  #: (n,), [0, 1]
    patron: int  #: member whom the dependent do not like to cross, or -1


class Answers(NamedTuple):
    """What `decide_draws` fills."""

    outcome: NDArray[np.int64]  #: (D,); a Decision
    share: NDArray[np.float64]  #: (D,), [0, 1]; of the way to the proposal
    objection: NDArray[np.int64]  #: (D, n); round of the first objection, 0 anticipated, -1 silent


@kernel(python=True)
def decide_draws(answers, body, item, params, seed, draw0):
    """Run the procedure on one item, once for each row of `answers`: the draws from `draw0` on."""
    n = body.position.shape[0]
    session = new_session(n)
    seating = Seating(n, n, body.patron, 1.0, 0.0)
    for i in range(n):
        session.ally[i] = session.key[i] = i
        session.standing[i], session.population[i] = body.standing[i], body.standing[i]
        session.dependence[i] = body.dependence[i]
    prepare_session(session, seating)
    for row in range(answers.outcome.shape[0]):
        clock = Clock(seed, draw0 + row, 0)
        fill_logistic(session.temper[:n], clock, Channel.TEMPER, session.key)
        fill_normal(session.position[0, :n], clock, Channel.POSITION, session.key)
        fill_normal(session.chair[0, :n], clock, Channel.CHAIR, session.key)
        for i in range(n):
            session.weight[0, i] = body.salience[i]
            session.position[0, i] = body.position[i] + params[Param.sd_position] * session.position[0, i]
            session.chair[0, i] = body.position[i] + params[Param.sd_chair] * session.chair[0, i]
        share_out_salience(session, 1, n)
        result = decide_item(item, session, seating, False, params)
        answers.outcome[row], answers.share[row] = result.outcome, result.share
        for i in range(n):
            answers.objection[row, i] = session.objection[i]
