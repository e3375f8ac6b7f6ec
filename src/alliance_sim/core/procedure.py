"""The consensus procedure: one chair, one acceptance rule.

A text is a share f in [0, 1] of the way from `base` to `base + span` on each issue it speaks of, so the same code
serves proposals above and below the reversion, single items and packages. Sources: reversion point and setter,
Romer and Rosenthal (1978), doi:10.1007/BF03187594; asymmetric Nash product, Harsanyi and Selten (1972); acquiescence
costs and the chair's anticipation, model description, "How the alliance decides".
"""

import math
from collections import namedtuple

import numpy as np

from alliance_sim.core.elementary import exp, log, logistic
from alliance_sim.core.jit import aligned, apart, inline, leaf, njit, outline
from alliance_sim.core.layout import (
    ACTORS,
    ADOPTED,
    BLOCKED,
    CH_CHAIR,
    CH_POSITION,
    CH_TEMPER,
    COALITION,
    CONSTRUCTIVE_ABSTENTION,
    DILUTED,
    LINE,
    MAX_PARTS,
    QUALIFIED_MAJORITY,
    UNANIMITY,
    UNANIMITY_MINUS_N,
    WITHDRAWN,
    P,
)
from alliance_sim.core.rng import fill_logistic, fill_normal

#: Who sits at the table, in compact order. Rows 0..n-1 vote; a patron outside the forum is row n. `position` is what
#: governments want, as read at the table; `chair` what the chair thinks they want; `weight` shares out salience
#: over the parts of a package; `indifference` is one over salience, `isolation` what an ally alone against all others
#: fears per unit of h_iso and of standing that supports the text; `key` names an ally's random numbers; the rest is
#: scratch.
Table = namedtuple(
    "Table",
    "ally position chair weight salience indifference standing isolation dependence population temper key loss own "
    "threshold accept chance order objection",
)
#: n voters; row of the patron or -1; pull of the patron (1 inside the forum); standing of neutral members.
Seats = namedtuple("Seats", "n rows patron pull neutral")
#: What is on the table. `has_reversion` 0: no status quo to fall back on. `committee` 1: no proposal, the chair
#: looks over the whole range.
Item = namedtuple("Item", "parts base span reversion has_reversion committee floor divisible rule allowance rounds")

GRID = 9  # texts the chair tries before refining
REFINEMENTS = 20  # golden-section steps around the best of them: to a hundred-thousandth of the way
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_LOGISTIC_OF_NORMAL = math.sqrt(3.0) / math.pi  # a logistic with this scale has the variance of a unit normal
HAIR = 1e-12  # of the way to a bound: who would just bear a text bears it, however losses are rounded
FARTHEST = 20.0  # scales beyond acceptance at which an ally is out of reach: 33 of them still make a finite product
_ADOPTED_SHARE = 0.85  # of the way from reversion to proposal; below it a text counts as diluted
_MAJORITY_MEMBERS, _MAJORITY_POPULATION = 0.55, 0.65  # Treaty on European Union, art. 16(4)
_BLOCKING_MINORITY = 4  # the same article: fewer cannot block by population alone
_ABSTAINERS = 1.0 / 3.0  # Treaty on European Union, art. 31(1): more than this and abstention blocks
_COALITION_STANDING = 1.0 / 3.0  # judgement: fewer than this do not carry a common text


@njit
def new_table(n):
    """Return a table with room for n allies and a patron from outside."""
    size = (n + LINE) // LINE * LINE  # rows of whole cache lines
    return Table(
        np.zeros(size, np.int64),
        aligned((MAX_PARTS, size)),
        aligned((MAX_PARTS, size)),
        aligned((MAX_PARTS, size)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        np.zeros(size, np.uint32),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        np.zeros(size, np.int64),
        np.full(size, -1, np.int64),
    )


@apart
def take_their_places(table, seats):
    """Work out what holds for the whole meeting, given standing and dependence of those at the table."""
    total = seats.neutral
    for i in range(seats.n):
        total += table.standing[i]
    for i in range(seats.n):
        others = total - table.standing[i]
        table.isolation[i] = (1.0 - table.standing[i]) / others if others > 0.0 else 0.0
    if 0 <= seats.patron < seats.n:  # the patron does not fear itself
        table.dependence[seats.patron] = 0.0


@apart
def share_out_salience(table, parts, rows):
    """Turn the salience of each part, given in `table.weight`, into its mean and the weights of the parts."""
    weight, total = table.weight, table.salience
    for i in range(rows):
        total[i] = weight[0, i]
    for m in range(1, parts):
        for i in range(rows):
            total[i] += weight[m, i]
    for m in range(parts):
        for i in range(rows):
            weight[m, i] /= total[i]
    for i in range(rows):
        table.indifference[i] = parts / total[i]
        table.salience[i] = total[i] / parts


@apart
def losses(out, position, weight, item, rows, f, nu):
    """Loss D_i of accepting text f in place of the reversion; negative is a gain."""
    if nu == 2.0 and item.has_reversion and item.parts == 1:  # the usual case, whose weights are one
        q, r = item.base[0] + f * item.span[0], item.reversion[0]
        for i in range(rows):
            out[i] = (q - r) * (q + r - 2.0 * position[0, i])
        return
    for i in range(rows):
        out[i] = 0.0
    for m in range(item.parts):
        q = item.base[m] + f * item.span[m]
        r = item.reversion[m]
        if nu == 2.0 and item.has_reversion:
            for i in range(rows):
                out[i] += weight[m, i] * (q - r) * (q + r - 2.0 * position[m, i])
        else:
            for i in range(rows):
                loss = abs(q - position[m, i]) ** nu
                if item.has_reversion:
                    loss -= abs(r - position[m, i]) ** nu
                out[i] += weight[m, i] * loss


@apart
def thresholds(table, seats, p):
    """Loss h_i each ally bears in silence: its own, the cost of isolation, the cost of crossing its patron.

    Returns the standing that supports the text without any of these costs but h0.
    """
    h0, h_iso = p[P.h0], p[P.h_iso]
    willing = 0.5 * seats.neutral  # neutral members take no side: half their weight stands behind any text
    for i in range(seats.n):
        table.own[i] = table.standing[i] if table.loss[i] * table.salience[i] <= h0 else 0.0
        willing += table.own[i]
    cover = 0.0
    if seats.patron >= 0:
        cover = p[P.h_patron] * seats.pull * logistic((h0 - table.loss[seats.patron]) / max(p[P.s], 1e-12))
    for i in range(seats.n):
        h = h0 + h_iso * table.isolation[i] * (willing - table.own[i]) + table.dependence[i] * cover
        table.threshold[i] = h * table.indifference[i]
    return willing


@leaf
def log_logistic(z):
    """Logarithm of the logistic function, finite for any finite z."""
    return min(z, 0.0) - log(1.0 + exp(-abs(z)))


@inline
def spread(position, weight, item, i, f, p):
    """Scale s_i of the chair's uncertainty about ally i's answer to text f (a logistic of the same variance)."""
    nu = p[P.nu]
    slope = 0.0
    for m in range(item.parts):
        q = item.base[m] + f * item.span[m]
        x = position[m, i]
        if nu == 2.0:
            d = 2.0 * (x - q)
            if item.has_reversion:
                d -= 2.0 * (x - item.reversion[m])
        else:
            d = nu * math.copysign(abs(x - q) ** (nu - 1.0), x - q)
            if item.has_reversion:
                r = item.reversion[m]
                d -= nu * math.copysign(abs(x - r) ** (nu - 1.0), x - r)
        slope += (weight[m, i] * d) ** 2
    error = p[P.sd_pos] ** 2 + p[P.sd_chair] ** 2
    return max(math.sqrt(p[P.s] ** 2 + _LOGISTIC_OF_NORMAL**2 * slope * error), 1e-12)


@leaf
def sort_by(key, order, n):
    """Fill `order` with 0..n-1, largest key first, ties by row."""
    for i in range(n):
        j = i
        while j > 0 and key[order[j - 1]] < key[i]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = i


@inline
def passes(item, table, seats, p):
    """Tell whether the text on the table passes, given loss, threshold and temper of every voter."""
    objectors = 0
    against = 0
    abstaining = 0.0
    people = 0.0
    for_people = 0.0
    standing = 0.0
    for_standing = 0.0
    for i in range(seats.n):
        people += table.population[i]
        standing += table.standing[i]
        room = table.threshold[i] + p[P.s] * table.temper[i] - table.loss[i]
        if room >= 0.0:
            for_people += table.population[i]
            for_standing += table.standing[i]
        else:
            objectors += 1
            if room + p[P.abstention] / table.salience[i] < 0.0:
                against += 1
            else:
                abstaining += table.population[i]
    if item.rule == UNANIMITY:
        return objectors == 0
    if item.rule == UNANIMITY_MINUS_N:
        return objectors <= item.allowance
    if item.rule == CONSTRUCTIVE_ABSTENTION:
        return against == 0 and abstaining <= _ABSTAINERS * people
    if item.rule == QUALIFIED_MAJORITY:
        enough_people = for_people >= _MAJORITY_POPULATION * people or objectors < _BLOCKING_MINORITY
        return seats.n - objectors >= _MAJORITY_MEMBERS * seats.n and enough_people
    return for_standing >= _COALITION_STANDING * standing


@inline
def chance(item, table, seats, f, p):
    """Chance, as the chair sees it, that text f passes: see `log_chance`; the usual case without a logarithm."""
    plain = p[P.nu] == 2.0 and item.has_reversion and item.parts == 1 and item.rule == UNANIMITY
    if not plain or item.committee:
        return math.exp(log_chance(item, table, seats, f, p))
    if seats.n == seats.rows == ACTORS:  # loops of a known length
        return usual_chance(item, table, Seats(ACTORS, ACTORS, seats.patron, seats.pull, seats.neutral), f, p)
    return usual_chance(item, table, seats, f, p)


@inline
def usual_chance(item, table, seats, f, p):
    """Chance that a single item passes unanimously, where losses are quadratic."""
    losses(table.loss, table.chair, table.weight, item, seats.rows, f, p[P.nu])
    thresholds(table, seats, p)
    scale = spread(table.chair, table.weight, item, 0, f, p)  # the same for all: quadratic losses differ by a line
    product = 1.0
    for i in range(seats.n):
        product *= 1.0 + exp(min((table.loss[i] - table.threshold[i]) / scale, FARTHEST))
    return 1.0 / product


@outline
def log_chance(item, table, seats, f, p):
    """Logarithm of the chair's estimate that text f passes, from what the chair thinks governments want.

    Under a rule that needs only some of the allies it is the chance of the most willing ones that suffice. Without a
    proposal it is the mean log acceptability, weighted by standing and salience.
    """
    losses(table.loss, table.chair, table.weight, item, seats.rows, f, p[P.nu])
    thresholds(table, seats, p)
    total = 0.0
    weights = 0.0
    for i in range(seats.n):
        scale = spread(table.chair, table.weight, item, i, f, p)
        table.accept[i] = log_logistic((table.threshold[i] - table.loss[i]) / scale)
        if item.committee:
            weight = table.standing[i] * table.salience[i]
            total += weight * table.accept[i]
            weights += weight
        else:
            total += table.accept[i]
    if item.committee:
        return total / weights
    if item.rule == UNANIMITY:
        return total
    if item.rule == CONSTRUCTIVE_ABSTENTION:
        return with_abstention(item, table, seats, f, p)
    return smallest_coalition(item, table, seats)


@leaf
def chance_and_opposition(item, table, seats, f, p):
    """Chance that text f passes unanimously, and the share of standing expected to object."""
    passing = chance(item, table, seats, f, p)
    scale = spread(table.chair, table.weight, item, 0, f, p)
    against, total = 0.0, seats.neutral
    for i in range(seats.n):
        against += table.standing[i] * logistic((table.loss[i] - table.threshold[i]) / scale)
        total += table.standing[i]
    return passing, against / total


@outline
def with_abstention(item, table, seats, f, p):
    """Log chance that all accept or, the least willing ones up to a third of the people, abstain."""
    n = seats.n
    sort_by(table.accept, table.order, n)
    people = 0.0
    for i in range(n):
        people += table.population[i]
    total = 0.0
    abstaining = 0.0
    for rank in range(n):
        i = table.order[n - 1 - rank]
        abstaining += table.population[i]
        if abstaining <= _ABSTAINERS * people:
            room = table.threshold[i] - table.loss[i] + p[P.abstention] / table.salience[i]
            total += log_logistic(room / spread(table.chair, table.weight, item, i, f, p))
        else:
            total += table.accept[i]
    return total


@outline
def smallest_coalition(item, table, seats):
    """Log chance that the most willing allies that suffice under the rule all accept (table.accept holds logs)."""
    n = seats.n
    if item.rule == UNANIMITY_MINUS_N and item.allowance >= n:
        return 0.0
    sort_by(table.accept, table.order, n)
    people = 0.0
    standing = 0.0
    for i in range(n):
        people += table.population[i]
        standing += table.standing[i]
    total = 0.0
    for_people = 0.0
    for_standing = 0.0
    for rank in range(n):
        i = table.order[rank]
        total += table.accept[i]
        for_people += table.population[i]
        for_standing += table.standing[i]
        members = rank + 1
        if item.rule == UNANIMITY_MINUS_N and members >= n - item.allowance:
            break
        if (
            item.rule == QUALIFIED_MAJORITY
            and members >= _MAJORITY_MEMBERS * n
            and (for_people >= _MAJORITY_POPULATION * people or n - members < _BLOCKING_MINORITY)
        ):
            break
        if item.rule == COALITION and for_standing >= _COALITION_STANDING * standing:
            break
    return total


@inline
def worth(item, table, seats, f, p):
    """What text f is worth to the chair: P*|q - r| - (1 - P)*blowup_cost, or log P alone without a proposal.

    The second number is the most that a text beyond f could be worth, since it is no likelier to pass.
    """
    if item.committee:
        return log_chance(item, table, seats, f, p), np.inf
    passing = chance(item, table, seats, f, p)
    risk = (1.0 - passing) * p[P.blowup_cost]
    return passing * f * distance(item) - risk, passing * distance(item) - risk


@inline
def distance(item):
    """How far the proposal is from the reversion."""
    total = 0.0
    for m in range(item.parts):
        total += abs(item.span[m])
    return total


@inline
def choose_text(item, table, seats, p):
    """Return the text f the chair would table and what it is worth: a coarse grid, then golden sections."""
    best = 1.0
    most, _ = worth(item, table, seats, best, p)
    if not item.divisible:
        return best, most
    step = (1.0 - item.floor) / (GRID - 1)
    for trial in range(GRID - 1):
        f = item.floor + trial * step
        if not item.committee and f * distance(item) <= most:  # were it certain to pass
            continue
        value, beyond = worth(item, table, seats, f, p)
        if value > most or (value == most and best < 1.0):
            best, most = f, value
        if beyond <= most:
            break
    a, b = max(item.floor, best - step), min(1.0, best + step)
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
        value, _ = worth(item, table, seats, f, p)
        if value > most:
            best, most = f, value
    return best, most


@inline
def loss_of(item, table, i, f, p):
    """Loss of ally i from text f, at its position as read at the table."""
    loss = 0.0
    for m in range(item.parts):
        x = table.position[m, i]
        d = abs(item.base[m] + f * item.span[m] - x) ** p[P.nu]
        if item.has_reversion:
            d -= abs(item.reversion[m] - x) ** p[P.nu]
        loss += table.weight[m, i] * d
    return loss


@outline
def bound(item, table, i, f, limit, p):
    """Largest text below f that ally i accepts when it bears a loss of `limit`; -1 if it accepts none."""
    low = 0.0  # the reversion costs nothing
    if limit < 0.0:  # who wants to gain starts from the text it likes best: the loss is convex
        high = f
        for _ in range(50):
            left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
            if loss_of(item, table, i, left, p) <= loss_of(item, table, i, right, p):
                high = right
            else:
                low = left
        if loss_of(item, table, i, low, p) > limit:
            return -1.0
    high = f
    for _ in range(50):
        middle = 0.5 * (low + high)
        if loss_of(item, table, i, middle, p) <= limit:
            low = middle
        else:
            high = middle
    return low


@inline
def weigh(item, table, seats, f, p):
    """Set loss and threshold of every voter for text f; return the standing behind it, the least room, and whose."""
    losses(table.loss, table.position, table.weight, item, seats.rows, f, p[P.nu])
    support = thresholds(table, seats, p)
    total = seats.neutral
    least, pivotal = np.inf, 0
    for i in range(seats.n):
        total += table.standing[i]
        room = table.threshold[i] + p[P.s] * table.temper[i] - table.loss[i]
        if room < least:
            least, pivotal = room, i
    return min(1.0, support / total), least, pivotal  # sums in different orders may differ in the last bit


@outline
def decide_item(item, table, seats, p):
    """Take one item through the alliance's procedure.

    Returns
    -------
    outcome : int
        ADOPTED, DILUTED, WITHDRAWN or BLOCKED.
    f : float
        The text in force at the end, as a share of the way to the proposal (0 where nothing was agreed).
    tabled : float
        The text last on the table.
    support : float
        Share of standing behind it before any cost of objecting.
    room : float
        Acceptance margin of the least willing ally for that text; negative where somebody objects.
    pivotal : int
        Row of that ally.

    Notes
    -----
    ``table.objection`` holds the round in which each voter first broke silence, 0 for those who would have refused even
    the least text worth adopting of an item that was withdrawn, and -1 for the silent.
    """
    for i in range(seats.n):
        table.objection[i] = -1
    f, value = choose_text(item, table, seats, p)

    if item.divisible and item.has_reversion and not item.committee and value <= 0.0:
        support, room, pivotal = weigh(item, table, seats, item.floor, p)
        for i in range(seats.n):
            if table.loss[i] > table.threshold[i] + p[P.s] * table.temper[i]:
                table.objection[i] = 0
        return WITHDRAWN, 0.0, item.floor, support, room, pivotal

    rounds = 1 if item.committee else item.rounds
    for turn in range(1, rounds + 1):
        support, room, pivotal = weigh(item, table, seats, f, p)
        for i in range(seats.n):
            limit = table.threshold[i] + p[P.s] * table.temper[i]
            if table.loss[i] > limit and table.objection[i] < 0:
                table.objection[i] = turn
        if passes(item, table, seats, p) or not item.has_reversion:
            agreed = f
            if item.rule == COALITION:
                agreed = f * support  # the willing carry the text as far as their standing reaches
            outcome = ADOPTED if item.committee or agreed >= _ADOPTED_SHARE else DILUTED
            return outcome, agreed, f, support, room, pivotal
        if turn == rounds or not item.divisible:
            break
        lowest = lowered(item, table, seats, f, p)
        if lowest < item.floor:
            break
        f = max(lowest, f - p[P.concession_step])
    return BLOCKED, 0.0, f, support, room, pivotal


@outline
def lowered(item, table, seats, f, p):
    """Text that would satisfy the objectors: all of them under unanimity, else the one most easily won."""
    all_needed = item.rule == UNANIMITY
    found = 2.0 if all_needed else -1.0
    for i in range(seats.n):
        limit = table.threshold[i] + p[P.s] * table.temper[i]
        if table.loss[i] > limit:
            b = (1.0 - HAIR) * bound(item, table, i, f, limit, p)
            found = min(found, b) if all_needed else max(found, b)
    return found


@inline
def capacity(item, table, seats, p):
    """Greatest expected share of a proposal the chair could hope for: max over texts of P*|q - r|/|q0 - r|."""
    step = (1.0 - item.floor) / (GRID - 1)
    passing = chance(item, table, seats, item.floor, p)
    best, at = item.floor * passing, item.floor
    for trial in range(1, GRID):
        f = item.floor + trial * step
        if f <= best:  # were it certain to pass
            continue
        passing = chance(item, table, seats, f, p)
        if f * passing > best:
            best, at = f * passing, f
        if passing <= best:  # what asks for more is no likelier
            break
    for side in range(2):  # and halfway to its neighbours
        f = at + (side - 0.5) * step
        if item.floor <= f <= 1.0:
            best = max(best, f * chance(item, table, seats, f, p))
    return best


@njit
def decide_draws(
    position, salience, standing, dependence, patron, item, p, seed, draw0, draw1, outcome, level, objection
):
    """Run the procedure on one item for the draws `draw0` to `draw1 - 1`; everybody at the table votes.

    Fills outcome (D,), the share of the way to the proposal (D,) and objections (D, n).
    """
    n = position.shape[0]
    table = new_table(n)
    seats = Seats(n, n, patron, 1.0, 0.0)
    for i in range(n):
        table.ally[i] = table.key[i] = i
        table.standing[i], table.population[i] = standing[i], standing[i]
        table.dependence[i] = dependence[i]
    take_their_places(table, seats)
    for draw in range(draw0, draw1):
        row = draw - draw0
        fill_logistic(table.temper[:n], seed, draw, 0, CH_TEMPER, table.key)
        fill_normal(table.position[0, :n], seed, draw, 0, CH_POSITION, table.key)
        fill_normal(table.chair[0, :n], seed, draw, 0, CH_CHAIR, table.key)
        for i in range(n):
            table.weight[0, i] = salience[i]
            table.position[0, i] = position[i] + p[P.sd_pos] * table.position[0, i]
            table.chair[0, i] = position[i] + p[P.sd_chair] * table.chair[0, i]
        share_out_salience(table, 1, n)
        result, f, _tabled, _support, _room, _pivotal = decide_item(item, table, seats, p)
        outcome[row], level[row] = result, f
        for i in range(n):
            objection[row, i] = table.objection[i]
