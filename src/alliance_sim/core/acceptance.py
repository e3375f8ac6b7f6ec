"""Who accepts a text: loss, threshold and answer of each member, and the chance that the text passes.

A text is a share f in [0, 1] of the way from `reversion` to `reversion + span` on each issue of its item, so the same
code serves proposals above and below the reversion, single items and packages. Sources: reversion point and setter,
Romer and Rosenthal (1978), doi:10.1007/BF03187594; what an ally bears in silence, and the chair's anticipation, model
description, "How the alliance decides".
"""

import math

from alliance_sim.core.constants import ABSTENTION
from alliance_sim.core.elementary import exp, log, logistic
from alliance_sim.core.jit import kernel
from alliance_sim.core.sessions import Seating, Weighed
from alliance_sim.core.structures import N_ALLIES, Param, Rule

LOGISTIC_OF_NORMAL = math.sqrt(3.0) / math.pi  # a logistic with this scale has the variance of a unit normal
FARTHEST = 20.0  # scales beyond acceptance at which an ally is out of reach: 33 of them still make a finite product
_MAJORITY_MEMBERS, _MAJORITY_POPULATION = 0.55, 0.65  # Treaty on European Union, art. 16(4)
_BLOCKING_MINORITY = 4  # the same article: fewer cannot block by population alone
_ABSTAINERS = 1.0 / 3.0  # Treaty on European Union, art. 31(1): more than this and abstention blocks
_COALITION_STANDING = 1.0 / 3.0  # judgement: fewer than this do not carry a common text


@kernel(inline="always", noalias=True)
def prepare_session(session, seating):
    """Work out what holds for the whole meeting, given standing and dependence of the participants."""
    total = seating.neutral
    for i in range(seating.n):
        total += session.standing[i]
    for i in range(seating.n):
        others = total - session.standing[i]
        session.isolation[i] = (1.0 - session.standing[i]) / others if others > 0.0 else 0.0
    if 0 <= seating.patron < seating.n:  # the patron does not fear itself
        session.dependence[seating.patron] = 0.0


@kernel(inline="always", noalias=True)
def share_out_salience(session, parts, rows):
    """Turn the salience of each part, given in `session.weight`, into its sum and the weights of the parts.

    What an ally bears in silence it bears once, however many parts a package has: an ally accepts it if the sum of its
    losses, by salience, is within that. A part that asks for nothing changes nothing but the temper, by a little.
    """
    weight, total = session.weight, session.salience
    for i in range(rows):
        total[i] = weight[0, i]
    for m in range(1, parts):
        for i in range(rows):
            total[i] += weight[m, i]
    for m in range(parts):
        for i in range(rows):
            weight[m, i] /= total[i]
    for i in range(rows):
        session.indifference[i] = 1.0 / total[i]


@kernel(inline="always", noalias=True)
def losses(out, position, weight, item, rows, f):
    """Loss D_i of accepting text f in place of the reversion, by squared distance; negative is a gain."""
    for i in range(rows):
        out[i] = 0.0
    for m in range(item.parts):
        r = item.reversion[m]
        q = r + f * item.span[m]
        for i in range(rows):
            out[i] += weight[m, i] * (q - r) * (q + r - 2.0 * position[m, i])


@kernel(inline="always")
def tolerance(params):
    """Loss that an ally bears in silence, alone, in the company of all, and under its patron.

    An ally at the reversion loses the square of the move that it accepts, so each is the square of such a move.
    """
    alone = params[Param.tolerated_move] ** 2
    company = (params[Param.tolerated_move] + params[Param.company_move]) ** 2
    patron = (params[Param.tolerated_move] + params[Param.patron_move]) ** 2
    return alone, company - alone, patron - alone


@kernel(inline="always", noalias=True)
def thresholds(item, session, seating, params):
    """Loss h_i each ally bears in silence: its own, the cost of isolation, the cost of crossing its patron.

    Returns the standing that supports the text without any of these costs but the first.
    """
    h0, h_iso, h_patron = tolerance(params)
    h_iso, h_patron = item.pressure * h_iso, item.pressure * h_patron
    willing = 0.5 * seating.neutral  # neutral members take no side: half their weight stands behind any text
    for i in range(seating.n):
        session.own[i] = session.standing[i] if session.loss[i] * session.salience[i] <= h0 else 0.0
        willing += session.own[i]
    pressure = 0.0
    if seating.patron >= 0:
        gain = h0 * session.indifference[seating.patron] - session.loss[seating.patron]
        pressure = h_patron * seating.pull * logistic(gain / max(params[Param.slack_scale], 1e-12))
    for i in range(seating.n):
        h = h0 + h_iso * session.isolation[i] * (willing - session.own[i]) + session.dependence[i] * pressure
        session.threshold[i] = h * session.indifference[i]
    return willing


@kernel()
def log_logistic(z):
    """Logarithm of the logistic function, finite for any finite z."""
    return min(z, 0.0) - log(1.0 + exp(-abs(z)))


@kernel(inline="always")
def spread(weight, item, i, f, params):
    """Scale s_i of the chair's uncertainty about ally i's answer to text f (a logistic of the same variance)."""
    slope = 0.0
    for m in range(item.parts):
        slope += (2.0 * weight[m, i] * f * item.span[m]) ** 2
    error = params[Param.sd_position] ** 2 + params[Param.sd_chair] ** 2
    return max(math.sqrt(params[Param.slack_scale] ** 2 + LOGISTIC_OF_NORMAL**2 * slope * error), 1e-12)


@kernel()
def sort_by(key, order, n):
    """Fill `order` with 0..n-1, largest key first, ties by row."""
    for i in range(n):
        j = i
        while j > 0 and key[order[j - 1]] < key[i]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = i


@kernel(inline="always")
def limit_of(session, i, params):
    """Loss from a text that ally i bears in silence: its threshold and temper, less what it has at stake elsewhere."""
    return session.threshold[i] + params[Param.slack_scale] * session.temper[i] - session.stake[i]


@kernel(inline="never")
def note_weighing(out, item, session, seating, params):
    """Write what each voter weighed in the text that was weighed last; the parts add up to `limit_of`."""
    h0, h_iso, h_patron = tolerance(params)
    h_iso, h_patron = item.pressure * h_iso, item.pressure * h_patron
    willing = 0.5 * seating.neutral
    for i in range(seating.n):
        willing += session.own[i]
    gain = h0 * session.indifference[seating.patron] - session.loss[seating.patron]
    pressure = h_patron * seating.pull * logistic(gain / max(params[Param.slack_scale], 1e-12))
    for i in range(seating.n):
        ally, per_salience = session.ally[i], session.indifference[i]
        out[Weighed.loss, ally] = session.loss[i]
        out[Weighed.alone, ally] = h0 * per_salience
        out[Weighed.company, ally] = h_iso * session.isolation[i] * (willing - session.own[i]) * per_salience
        out[Weighed.patron, ally] = session.dependence[i] * pressure * per_salience
        out[Weighed.temper, ally] = params[Param.slack_scale] * session.temper[i]
        out[Weighed.stake, ally] = session.stake[i]
        for m in range(item.parts):
            out[Weighed.position + m, ally] = session.position[m, i]


@kernel(inline="always")
def passes(item, session, seating, params):
    """Tell whether the text on the table passes, given the loss of every voter and what it bears."""
    objectors = 0
    against = 0
    abstaining = 0.0
    people = 0.0
    for_people = 0.0
    standing = 0.0
    for_standing = 0.0
    for i in range(seating.n):
        people += session.population[i]
        standing += session.standing[i]
        margin = limit_of(session, i, params) - session.loss[i]
        if margin >= 0.0:
            for_people += session.population[i]
            for_standing += session.standing[i]
        else:
            objectors += 1
            if margin + ABSTENTION / session.salience[i] < 0.0:
                against += 1
            else:
                abstaining += session.population[i]
    if item.rule == Rule.UNANIMITY:
        return objectors == 0
    if item.rule == Rule.UNANIMITY_MINUS_N:
        return objectors <= item.allowance
    if item.rule == Rule.CONSTRUCTIVE_ABSTENTION:
        return against == 0 and abstaining <= _ABSTAINERS * people
    if item.rule == Rule.QUALIFIED_MAJORITY:
        enough_people = for_people >= _MAJORITY_POPULATION * people or objectors < _BLOCKING_MINORITY
        return seating.n - objectors >= _MAJORITY_MEMBERS * seating.n and enough_people
    return for_standing >= _COALITION_STANDING * standing


@kernel(inline="always")
def chance(item, session, seating, f, params):
    """Chance, as the chair sees it, that text f passes: see `log_chance`; the usual case without a logarithm."""
    if item.parts > 1 or item.rule != Rule.UNANIMITY:
        return math.exp(log_chance(item, session, seating, f, params))
    if seating.n == seating.rows == N_ALLIES:  # loops of a known length
        return usual_chance(
            item, session, Seating(N_ALLIES, N_ALLIES, seating.patron, seating.pull, seating.neutral), f, params
        )
    return usual_chance(item, session, seating, f, params)


@kernel(inline="always")
def usual_chance(item, session, seating, f, params):
    """Chance that a single item passes unanimously."""
    losses(session.loss, session.chair, session.weight, item, seating.rows, f)
    thresholds(item, session, seating, params)
    scale = spread(session.weight, item, 0, f, params)  # the same for all: losses differ by a line
    product = 1.0
    for i in range(seating.n):
        product *= 1.0 + exp(min((session.loss[i] - session.threshold[i]) / scale, FARTHEST))
    return 1.0 / product


@kernel(inline="never")
def log_chance(item, session, seating, f, params):
    """Logarithm of the chair's estimate that text f passes, from what the chair thinks governments want.

    Under a rule that needs only some of the allies it is the chance of the most willing ones that suffice.
    """
    losses(session.loss, session.chair, session.weight, item, seating.rows, f)
    thresholds(item, session, seating, params)
    total = 0.0
    for i in range(seating.n):
        scale = spread(session.weight, item, i, f, params)
        session.accept[i] = log_logistic((session.threshold[i] - session.loss[i]) / scale)
        total += session.accept[i]
    if item.rule == Rule.UNANIMITY:
        return total
    if item.rule == Rule.CONSTRUCTIVE_ABSTENTION:
        return with_abstention(item, session, seating, f, params)
    return smallest_coalition(item, session, seating)


@kernel()
def chance_and_opposition(item, session, seating, f, params):
    """Chance that text f passes unanimously, and the share of standing expected to object."""
    passing = chance(item, session, seating, f, params)
    scale = spread(session.weight, item, 0, f, params)
    against, total = 0.0, seating.neutral
    for i in range(seating.n):
        against += session.standing[i] * logistic((session.loss[i] - session.threshold[i]) / scale)
        total += session.standing[i]
    return passing, against / total


@kernel(inline="never")
def with_abstention(item, session, seating, f, params):
    """Log chance that all accept or, the least willing ones up to a third of the people, abstain."""
    n = seating.n
    sort_by(session.accept, session.order, n)
    people = 0.0
    for i in range(n):
        people += session.population[i]
    total = 0.0
    abstaining = 0.0
    for rank in range(n):
        i = session.order[n - 1 - rank]
        abstaining += session.population[i]
        if abstaining <= _ABSTAINERS * people:
            margin = session.threshold[i] - session.loss[i] + ABSTENTION / session.salience[i]
            total += log_logistic(margin / spread(session.weight, item, i, f, params))
        else:
            total += session.accept[i]
    return total


@kernel(inline="never")
def smallest_coalition(item, session, seating):
    """Log chance that the most willing allies that suffice under the rule all accept (session.accept holds logs)."""
    n = seating.n
    if item.rule == Rule.UNANIMITY_MINUS_N and item.allowance >= n:
        return 0.0
    sort_by(session.accept, session.order, n)
    people = 0.0
    standing = 0.0
    for i in range(n):
        people += session.population[i]
        standing += session.standing[i]
    total = 0.0
    for_people = 0.0
    for_standing = 0.0
    for rank in range(n):
        i = session.order[rank]
        total += session.accept[i]
        for_people += session.population[i]
        for_standing += session.standing[i]
        members = rank + 1
        if item.rule == Rule.UNANIMITY_MINUS_N and members >= n - item.allowance:
            break
        if (
            item.rule == Rule.QUALIFIED_MAJORITY
            and members >= _MAJORITY_MEMBERS * n
            and (for_people >= _MAJORITY_POPULATION * people or n - members < _BLOCKING_MINORITY)
        ):
            break
        if item.rule == Rule.COALITION and for_standing >= _COALITION_STANDING * standing:
            break
    return total


@kernel(inline="always")
def distance(item):
    """How far the proposal is from the reversion."""
    total = 0.0
    for m in range(item.parts):
        total += abs(item.span[m])
    return total
