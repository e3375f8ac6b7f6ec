"""A run held to the record: recorded items end as they did, and the procedure is repeated for how likely that was.

Given the state of the alliance before it, an item is decided many times over, with fresh noise: the shares of the
outcomes, and of those who object, are its chances. The run goes on from one of the repetitions that end as recorded,
so that what lasts beyond a meeting (errors of positions) agrees with the record; with several paths it is a particle
filter (Gordon, Salmond and Smith 1993, doi:10.1049/ip-f-2.1993.0015) that keeps one particle at each item.
"""

import math

from alliance_sim.core.acceptance import LOGISTIC_OF_NORMAL
from alliance_sim.core.consultation import kept_of
from alliance_sim.core.elementary import logistic
from alliance_sim.core.items import negotiate, text_of
from alliance_sim.core.jit import kernel
from alliance_sim.core.procedure import Result, weigh
from alliance_sim.core.structures import PENDING, Clock, Decision, Param

LATER = 65_536  # months between repetitions: the names of their random numbers


@kernel(inline="always")
def is_recorded(docket, j):
    """Whether item j ends as recorded."""
    clamp = docket.clamp
    return clamp.outcome.shape[0] > 0 and clamp.outcome[j] != PENDING


@kernel()
def class_of(outcome):
    """0: failed, 1: diluted, 2: adopted."""
    return 2 if outcome == Decision.ADOPTED else (1 if outcome == Decision.DILUTED else 0)


@kernel()
def decision_of(code):
    """Return the decision that a number stands for."""
    if code == Decision.ADOPTED:
        return Decision.ADOPTED
    if code == Decision.DILUTED:
        return Decision.DILUTED
    if code == Decision.WITHDRAWN:
        return Decision.WITHDRAWN
    return Decision.BLOCKED if code == Decision.BLOCKED else Decision.DEFERRED


@kernel()
def answer(state, session, seating, item, f, month):
    """Set each member's chances to break silence (`session.accept`) and to speak (`session.chance`) over text f.

    They are over its own temper and the new part of its own error, with all else as read in this repetition.
    """
    params = state.params
    weigh(item, session, seating, f, params)
    for a in range(seating.n):
        i = session.ally[a]
        loss, slope = 0.0, 0.0
        for m in range(item.parts):
            kept = kept_of(params, month - session.before[1, m, i]) if session.before[1, m, i] >= 0.0 else 0.0
            x = session.expressed[m, a] + params[Param.sd_position] * kept * session.before[0, m, i]
            moved = f * item.span[m]
            loss += session.weight[m, a] * moved * (moved + 2.0 * (item.reversion[m] - x))
            slope += (2.0 * session.weight[m, a] * moved * params[Param.sd_position]) ** 2 * (1.0 - kept * kept)
        scale = max(math.sqrt(params[Param.slack_scale] ** 2 + LOGISTIC_OF_NORMAL**2 * slope), 1e-12)
        over = loss + session.stake[a] - session.threshold[a]
        session.accept[a] = logistic(over / scale)
        session.chance[a] = logistic((over + (1.0 - params[Param.voiced_share]) * session.threshold[a]) / scale)


@kernel()
def note(docket, session, seating, j, ended):
    """Add a repetition of item j to its chances. Counts of single objections would need many more repetitions."""
    chances, row, share = docket.chances, docket.row, 1.0 / docket.clamp.repeats
    silent = 1.0
    for a in range(seating.n):
        chances.refused[row, j, session.ally[a]] += share * session.accept[a]
        chances.voiced[row, j, session.ally[a]] += share * session.chance[a]
        silent *= 1.0 - session.chance[a]
    chances.ended[row, j, ended, 0] += share * silent
    chances.ended[row, j, ended, 1] += share * (1.0 - silent)


@kernel()
def copy_changed(state, issues, parts, before):
    """Copy what a negotiation changes; the error of positions a second time, for that of the repetition taken."""
    for m in range(parts):
        k = issues[m]
        for i in range(state.position.shape[1]):
            before[0, m, i] = before[3, m, i] = state.position_error[k, i]
            before[1, m, i] = state.error_month[k, i]
            before[2, m, i] = state.dispute_end[k, i]


@kernel()
def set_back(state, issues, parts, before, later):
    """Undo what a negotiation changed, with all dates `later` by so many months."""
    for m in range(parts):
        k = issues[m]
        for i in range(state.position.shape[1]):
            state.position_error[k, i] = before[0, m, i]
            state.error_month[k, i] = before[1, m, i] + (later if before[1, m, i] >= 0.0 else 0.0)
            state.dispute_end[k, i] = before[2, m, i] + (later if before[2, m, i] > 0.0 else 0.0)


@kernel()
def middle_of(ended, params):
    """Share of the way in the middle of those that end so, for an item that no repetition ends as recorded."""
    if ended == 0:
        return 0.0
    adopted = params[Param.adopted_share]
    return 0.5 * (adopted + 1.0) if ended == 2 else 0.5 * (params[Param.min_share] + adopted)


@kernel(inline="never", allocates=True)
def as_recorded(state, docket, session, seating, clock, meeting, j):
    """Note the chances of item j, then end it as recorded."""
    clamp, row, issues, parts = docket.clamp, docket.row, docket.meetings.issue[j], docket.meetings.parts[j]
    before = session.before
    copy_changed(state, issues, parts, before)
    ended, found = class_of(clamp.outcome[j]), False
    share = middle_of(ended, state.params)
    outcome = decision_of(clamp.outcome[j])
    like = Result(outcome, share, share, share, 0.0, 0.0, 0)
    for turn in range(1, clamp.repeats + 1):
        later = turn * LATER  # as long after what went before, with other random numbers
        set_back(state, issues, parts, before, later)
        there = Clock(clock.seed, clock.draw, clock.month + later)
        result = negotiate(state, docket, session, seating, there, meeting, j)
        item = text_of(state, docket, session, j, docket.meetings.rounds[meeting], there)
        f = result.first_tabled if result.first_tabled > 0.0 else result.tabled
        answer(state, session, seating, item, f, clock.month)
        note(docket, session, seating, j, class_of(result.outcome))
        if not found and class_of(result.outcome) == ended:
            found, like = True, result
            for m in range(parts):
                for i in range(state.position.shape[1]):
                    before[3, m, i] = state.position_error[issues[m], i]
    set_back(state, issues, parts, before, 0)
    if found:
        for m in range(parts):
            for i in range(state.position.shape[1]):
                state.position_error[issues[m], i] = before[3, m, i]
                state.error_month[issues[m], i] = clock.month
    docket.records.holder[row, j] = -1
    for a in range(seating.n):
        session.objection[a] = 1 if clamp.refused[j, session.ally[a]] > 0 else -1
        session.voiced[a] = clamp.voiced[j, session.ally[a]]
    return Result(outcome, like.share, like.first_tabled, like.tabled, like.support, like.margin, like.pivotal)
