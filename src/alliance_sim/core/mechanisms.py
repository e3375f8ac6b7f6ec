"""The mechanisms of a month, one function each, in the order of the model document.

Each takes a view `v` of one draw (see `view`) and changes it in place. Every mechanism has a strength among the
parameters whose zero switches it off. Units: perceptions, positions and stocks are in [0, 1] unless said otherwise,
spending and aid in percent of GDP (aid: a year), capability in billion US dollars.
"""

from collections import namedtuple

from alliance_sim.core.elementary import exp, log
from alliance_sim.core.influence import confidence_weights, influence_step, product
from alliance_sim.core.jit import apart, exact, inline, inner, leaf
from alliance_sim.core.layout import (
    CH_READING,
    CH_RUSSIA,
    CH_THREAT,
    DIALOGUE,
    EXERCISES,
    NATO_SUMMIT,
    OPEN_DOOR,
    POSTURE,
    RUSSIA_STRATEGY,
    SANCTIONS,
    SPENDING,
    SUPPORT,
    US,
    A,
    F,
    G,
    I,
    P,
    S,
)
from alliance_sim.core.rng import fill_normal, normal

#: State of a block of draws (D draws, N allies, K issues, J items); what holds per issue and ally is (D, K, N).
State = namedtuple("State", "ally delta x salience trust world issue pending outcome")
#: What a block of draws brings along: parameters and calibrated actors. `theta` and `x0` may be changed by events.
Draws = namedtuple("Draws", "theta ally x0 leader_tau leader_x inst_tau inst_x")
#: What all draws share.
Facts = namedtuple(
    "Facts",
    "leader0 slope cover hedge weight norm0 led affinity member neutral us_share channel_weight europe "
    "index reference_issue reference_reversion reference_span rollover_issue rollover_reversion",
)
#: One draw of the arrays above. `ally` holds the state of allies (rows S), `given` what they brought (rows A), `issue`
#: what holds per issue (rows I), `w` the world (G), `p` the parameters (P).
View = namedtuple(
    "View", "ally given issue delta x x0 salience trust w p leader_tau leader_x inst_tau inst_x pending outcome"
)
#: Room to work in, allocated once a block.
Scratch = namedtuple("Scratch", "forcing weights wish previous issue_major")

MAX_POSTPONEMENTS = 2  # a follow-up put off more often than this lapses (B, paragraph 4: put off once)
POSTPONED_BY = 5  # months (B, paragraph 4: from the autumn to early next year)
PERCENT_OF_SCALE = 5.0  # position 1 on defence_spending means 5% of GDP


@inner
def view(state, draws, i):
    """Return the i-th draw of a block as named arrays (no copies)."""
    return View(
        state.ally[i],
        draws.ally[i],
        state.issue[i],
        state.delta[i],
        state.x[i],
        draws.x0[i],
        state.salience[i],
        state.trust[i],
        state.world[i],
        draws.theta[i],
        draws.leader_tau[i],
        draws.leader_x[i],
        draws.inst_tau[i],
        draws.inst_x[i],
        state.pending[i],
        state.outcome[i],
    )


@inline
def clip(value, low, high):
    """Return value, held within [low, high]."""
    return min(max(value, low), high)


@inline
def halving(half_life):
    """Share of a stock that is left after a month."""
    return 2.0 ** (-1.0 / half_life)


@exact
def mixture(autonomy, leader, institutions, erosion, shift):
    """Return what two principals make together: the leader, shifted, and institutions that erode towards the leader.

    Exact, because a wish at rest is the difference between two of these.
    """
    held = institutions + erosion * (leader - institutions)
    return autonomy * min(max(leader + shift, 0.0), 1.0) + (1.0 - autonomy) * held


@inline
def washington_threat(v):
    """Threat as Washington perceives it: leader and institutions by the president's autonomy."""
    w = v.w
    threat = mixture(w[G.alpha], v.leader_tau[int(w[G.leader])], v.inst_tau[0], w[G.erosion], 0.0)
    return clip(threat + v.ally[S.stance, US], 0.0, 1.0)


@inline
def washington_position(v, k):
    """Washington's position on issue k: leader and institutions by the president's autonomy."""
    w = v.w
    leader = v.leader_x[int(w[G.leader]), k]
    return mixture(w[G.alpha], leader, v.inst_x[k], w[G.erosion], v.issue[I.lead_shift, k])


@apart
def washington(v, forcing):
    """1. The two-level game (B6, B8): criticism, the president's support and autonomy, erosion of the institutions."""
    p, w = v.p, v.w
    leader = int(w[G.leader])
    distance = abs(v.leader_tau[leader] - v.inst_tau[0])
    w[G.criticism] = min(
        1.0,
        w[G.criticism] * halving(p[P.hl_criticism]) + p[P.criticism_gain] * w[G.r] * w[G.o] * distance,
    )
    breakthrough = max(0.0, forcing[F.conciliation, US])
    w[G.support] = min(1.0, w[G.support] * halving(p[P.hl_support]) + p[P.support_gain] * breakthrough)
    w[G.alpha] = clip(
        p[P.alpha0]
        + p[P.alpha_private] * w[G.o]
        - p[P.alpha_criticism] * w[G.criticism]
        + p[P.alpha_support] * w[G.support],
        0.0,
        1.0,
    )
    new = max(0.0, forcing[F.document, US]) * (1.0 - w[G.anchor])
    w[G.anchor] = p[P.document_anchor] + (w[G.anchor] - p[P.document_anchor]) * halving(p[P.hl_anchor]) + new
    w[G.erosion] += p[P.erosion_rate] * w[G.r] * (1.0 - w[G.anchor]) * (1.0 - w[G.erosion])
    # Relief of sanctions has Congress to pass (B6); a remark against an ally is one against the open door (B7).
    v.issue[I.lead_shift, SANCTIONS] -= forcing[F.relief, US] * (1.0 - p[P.congress_brake])
    slight = 0.0
    for i in range(v.x.shape[1]):
        slight = max(slight, forcing[F.statement, i])
    v.issue[I.lead_shift, OPEN_DOOR] -= p[P.statement_cost] * slight
    if forcing[F.leader, US] > 0.0:
        w[G.leader] = forcing[F.leader, US] - 1.0
    v.ally[S.stance, US] += forcing[F.stance, US]
    v.ally[S.tau, US] = washington_threat(v)


@apart
def signals(v, forcing, facts, seed, draw, t):
    """2. Conciliation and opacity: stocks that fade, summits that feed them, and what each ally reads into them."""
    p, w = v.p, v.w
    w[G.r] = w[G.r] * halving(p[P.hl_r]) + forcing[F.conciliation, US]
    w[G.o] = w[G.o] * halving(p[P.hl_o]) + forcing[F.opacity, US]
    if forcing[F.process, US] > 0.0:
        w[G.reset] = 1.0
    w[G.r] += w[G.reset] * max(0.0, p[P.chi] - p[P.chi_a] * (w[G.a] - p[P.a0]))
    private = forcing[F.private, US] > 0.0
    if forcing[F.follow_up, US] > 0.0:
        w[G.follow_due] = t + forcing[F.follow_up, US]
        w[G.follow_count] = 0.0
        w[G.follow_size] = forcing[F.conciliation, US]
        w[G.follow_private] = forcing[F.opacity, US]
    elif w[G.follow_due] == t:
        if w[G.criticism] > p[P.criticism_threshold]:
            w[G.follow_count] += 1.0
            w[G.postponed] += 1.0
            w[G.follow_due] = t + POSTPONED_BY if w[G.follow_count] <= MAX_POSTPONEMENTS else -1.0
        else:
            w[G.r] += w[G.follow_size]
            w[G.o] += w[G.follow_private]
            w[G.follow_due] = -1.0
            private = w[G.follow_private] > 0.0
    w[G.r] = clip(w[G.r], 0.0, 2.0)
    w[G.o] = clip(w[G.o], 0.0, 1.0)
    if private:  # what was said behind closed doors is guessed at anew
        fill_normal(v.ally[S.z], seed, draw, t, CH_READING, facts.index)
    volatility = w[G.o] * p[P.sigma_read]
    for i in range(v.x.shape[1]):
        v.ally[S.reading, i] = w[G.r] * exp(volatility * v.ally[S.z, i] - 0.5 * volatility * volatility)


@apart
def listening(v, facts, scratch):
    """Influence weights of this month from last month's positions: affinity, standing, trust, and the guarantee."""
    n = v.x.shape[1]
    voice, weights = scratch.previous[0], scratch.weights
    for j in range(n):
        voice[j] = exp(v.p[P.psi] * log(v.ally[S.standing, j]))
    for j in range(n):
        for i in range(n):
            weights[j, i] = voice[j] * facts.affinity[j, i]  # affinity is symmetric, and so is trust
    if v.w[G.strained] > 0.0:  # until a text is blocked, trust is whole
        for j in range(n):
            for i in range(n):
                weights[j, i] *= v.trust[j, i]
    for i in range(n):
        weights[US, i] *= v.ally[S.g, i]
    confidence_weights(weights, v.x, facts.weight, v.p[P.eps], 2.0, scratch.issue_major)


@apart
def threat_perception(v, forcing, facts, scratch, seed, draw, t):
    """3. Perceived threat: back to its level, to Russia's conduct by exposure, and towards those listened to."""
    p = v.p
    n = v.x.shape[1]
    before, shock, heard = scratch.previous[0], scratch.previous[1], scratch.previous[2]
    fill_normal(shock, seed, draw, t, CH_THREAT, facts.index)
    for i in range(n):
        before[i] = v.ally[S.tau, i] - v.given[A.tau0, i]
    product(scratch.previous[2:3], scratch.previous[0:1], scratch.weights, 1, n, n)
    for i in range(1, n):
        v.ally[S.stance, i] += forcing[F.stance, i]
        beta = p[P.beta] * (1.0 + p[P.beta_exposure] * (v.given[A.exposure, i] - 0.5))
        anchor = v.given[A.tau0, i] + v.ally[S.stance, i] + beta * (v.w[G.a] - p[P.a0])
        hybrid = p[P.hybrid_gain] * forcing[F.hybrid, i] * (1.0 - 2.0 * v.given[A.ties, i])
        change = p[P.kappa] * (anchor - v.ally[S.tau, i]) + p[P.eta] * (heard[i] - before[i]) + hybrid
        change += p[P.sd_tau] * shock[i]
        v.ally[S.tau, i] = clip(v.ally[S.tau, i] + change, 0.0, 1.0)


@inline
def channel_after(level, change):
    """U.S. support through a channel after a change, 1 = what the war calls for."""
    return clip(level + change, 0.0, 2.0)


@apart
def guarantee(v, forcing, facts):
    """4. The commitment of the United States, and what each ally believes of it."""
    p, w = v.p, v.w
    turned = v.x0[POSTURE, US] - washington_position(v, POSTURE)
    w[G.c] += p[P.k_c] * (p[P.c0] - p[P.w_r] * w[G.r] - p[P.w_p] * turned - w[G.c])
    w[G.c] = clip(w[G.c], 0.0, 1.0)
    cut = 0.0
    for channel in range(3):
        level = w[G.us_military + channel]
        cut += facts.channel_weight[channel] * (level - channel_after(level, forcing[F.aid_military + channel, US]))
    for i in range(1, v.x.shape[1]):
        loss = v.ally[S.tau, i] * (p[P.g_r] * v.ally[S.reading, i] + p[P.amb] * w[G.o] + p[P.cutoff_cost] * cut)
        loss += p[P.statement_cost] * forcing[F.statement, i] + p[P.trade_cost] * forcing[F.trade, i]
        recovery = p[P.g_rec] * (v.given[A.g0, i] + (w[G.c] - p[P.c0]) - v.ally[S.g, i])
        v.ally[S.g, i] = clip(v.ally[S.g, i] - loss + recovery, 0.0, 1.0)


@apart
def wishes(v, facts, scratch):
    """5. Where each government wants to be, as a displacement: threat, emboldening, hedging, adopted norms."""
    p = v.p
    issues, n = v.x.shape
    threat, embolden, hedge = scratch.previous[0], scratch.previous[1], scratch.previous[2]
    for i in range(n):
        threat[i] = p[P.rho] * (v.ally[S.tau, i] - v.given[A.tau0, i])
        embolden[i] = p[P.cover] * v.given[A.ties, i] * (1.0 - v.ally[S.tau, i]) * v.ally[S.reading, i]
        hedge[i] = p[P.hedge] * (v.given[A.g0, i] - v.ally[S.g, i]) * v.ally[S.tau, i]
    for k in range(issues):
        adopted = p[P.norm_pull] * (v.issue[I.norm, k] - facts.norm0[k])
        for i in range(n):  # whole rows are faster than all but the first
            own = facts.slope[k] * threat[i] - facts.cover[k] * embolden[i] + facts.hedge[k] * hedge[i]
            scratch.wish[k, i] = own + adopted
        scratch.wish[k, US] = washington_position(v, k) - v.x0[k, US]


@apart
def influence(v, facts, scratch):
    """6. Multi-issue Friedkin-Johnsen on displacements; positions are what is expressed."""
    issues, n = v.x.shape
    coupled, room = scratch.issue_major[:issues], scratch.issue_major[issues:]
    for k in range(issues):
        led = v.p[P.coupling] * facts.led[k]  # the logic matrix has this in the column of the Russia strategy only
        for i in range(n):
            coupled[k, i] = v.delta[k, i] + led * (v.delta[RUSSIA_STRATEGY, i] - v.delta[k, i])
    influence_step(v.delta, scratch.wish, coupled, scratch.weights, v.given[A.susceptibility], room)
    for k in range(issues):
        for i in range(n):
            v.x[k, i] = clip(v.x0[k, i] + v.delta[k, i], 0.0, 1.0)


@apart
def spending(v, forcing, facts):
    """7. Spending with inertia: threat, fear of abandonment (A5), the pledge, coercion and reactance (B10), fatigue."""
    p = v.p
    fading = halving(p[P.hl_pressure])
    pledge = p[P.pledge] * PERCENT_OF_SCALE * (v.issue[I.norm, SPENDING] - facts.norm0[SPENDING])
    for i in range(v.x.shape[1]):
        if i != US:
            short = clip(v.w[G.demand_percent] - v.ally[S.d, i], 0.0, 2.0) / 2.0
            v.ally[S.pressure, i] = v.ally[S.pressure, i] * fading + forcing[F.demand, i] * short
            answer = p[P.coercion] * v.given[A.exposure, i] - p[P.reactance] * (1.0 - v.given[A.exposure, i])
            target = (
                v.given[A.d0, i]
                + p[P.theta_tau] * (v.ally[S.tau, i] - v.given[A.tau0, i])
                + p[P.theta_ab] * v.ally[S.tau, i] * (v.given[A.g0, i] - v.ally[S.g, i])
                + pledge
                + answer * v.ally[S.pressure, i]
                - p[P.fatigue_spending] * v.ally[S.fatigue, i]
            )
            v.ally[S.d, i] = max(0.0, v.ally[S.d, i] + p[P.inertia] * (target - v.ally[S.d, i]))
        v.ally[S.cap, i] += p[P.depreciation] * (v.ally[S.d, i] * v.given[A.gdp, i] / 100.0 - v.ally[S.cap, i])


@apart
def ukraine_support(v, forcing, facts):
    """8. Three U.S. channels, cut one by one (A4); Europe and Canada make up with a lag, to a limit, and tire (A5)."""
    p, w = v.p, v.w
    n = v.x.shape[1]
    gap = 0.0
    for channel in range(3):
        level = channel_after(w[G.us_military + channel], forcing[F.aid_military + channel, US])
        w[G.us_military + channel] = level
        gap += facts.channel_weight[channel] * max(0.0, 1.0 - level)
    w[G.cut] = gap
    need = w[G.need]
    missing = gap * need * v.given[A.aid0, US] * v.given[A.gdp, US]
    able = 0.0
    for i in range(1, n):
        able += v.x[SUPPORT, i] * v.given[A.gdp, i]
    reference, now = 0.0, 0.0
    for i in range(1, n):
        extra = p[P.compensation_capacity] * missing * v.x[SUPPORT, i] / able if able > 0.0 else 0.0
        firmer = (v.x[SUPPORT, i] - v.ally[S.support0, i]) / max(v.ally[S.support0, i], 0.05)
        wish = need * v.given[A.aid0, i] * (1.0 + firmer) + extra
        wish *= 1.0 - v.ally[S.fatigue, i]
        v.ally[S.aid, i] = max(0.0, v.ally[S.aid, i] + p[P.compensation_rate] * (wish - v.ally[S.aid, i]))
        v.ally[S.fatigue, i] += p[P.fatigue_rate] * extra - p[P.fatigue_recovery] * v.ally[S.fatigue, i]
        v.ally[S.fatigue, i] = clip(v.ally[S.fatigue, i], 0.0, 1.0)
        reference += v.given[A.aid0, i] * v.given[A.gdp, i]
        now += v.ally[S.aid, i] * v.given[A.gdp, i]
    others = now / reference
    v.ally[S.aid, US] = need * v.given[A.aid0, US] * (1.0 - gap)
    for channel in range(2):
        share = facts.us_share[channel]
        w[G.aid_military + channel] = share * need * w[G.us_military + channel] + (1.0 - share) * others
    lost = max(0.0, 1.0 - w[G.us_intelligence])
    w[G.made_up_intelligence] += p[P.compensation_rate] * (
        p[P.compensation_intelligence] * lost - w[G.made_up_intelligence]
    )
    share = facts.us_share[2]
    w[G.aid_intelligence] = need * (share * (w[G.us_intelligence] + w[G.made_up_intelligence]) + (1.0 - share))


@inline
def total_aid(w, facts):
    """Aid to Ukraine over all channels, 1 = the mean of 2022-2024."""
    total = 0.0
    for channel in range(3):
        total += facts.channel_weight[channel] * w[G.aid_military + channel]
    return total


@leaf  # not inlined: where nothing has changed since the beginning, it is to give the same bits
def deterrence(v, facts, t):
    """9. Force in being for what was adopted, with and without the United States, against Russia's."""
    p, w = v.p, v.w
    posture = clip(v.issue[I.norm, POSTURE] + v.issue[I.coalition, POSTURE], 0.0, 1.0)
    others = 0.0
    for i in range(1, v.x.shape[1]):
        if facts.member[t, NATO_SUMMIT, i]:
            others += v.ally[S.cap, i] * v.x0[POSTURE, i]
    others *= posture
    force = others + v.ally[S.cap, US] * p[P.forward_share] * w[G.c] * posture
    russia = p[P.russia_capability]
    w[G.deterrence] = force / (force + russia)
    w[G.deterrence_alone] = others / (others + russia)
    w[G.w] = russia / (russia + force)


@apart
def russia(v, forcing, facts, seed, draw, t):
    """10. Russia reads weakness with error; resumed cooperation without a change of policy feeds demands (B10)."""
    p, w = v.p, v.w
    weakness = w[G.w] - w[G.w0] + p[P.read_error] * normal(seed, draw, t, CH_RUSSIA, 0)
    weakness += p[P.failure_signal] * w[G.failure]
    w[G.failure] *= halving(p[P.hl_failure])
    resumed = max(0.0, facts.norm0[DIALOGUE] - v.issue[I.norm, DIALOGUE])
    pressure = p[P.sanctions_cost] * (v.issue[I.norm, SANCTIONS] - facts.norm0[SANCTIONS])
    pressure += p[P.resistance_cost] * (w[G.resistance] - p[P.resistance0])
    target = w[G.a_level] + p[P.omega] * weakness + p[P.resumption_gain] * resumed - pressure
    w[G.a] = clip(w[G.a] + p[P.drift_a] * (target - w[G.a]) + forcing[F.escalation, US], 0.0, 1.0)
    w[G.demands] = min(1.0, w[G.demands] * halving(p[P.hl_demands]) + p[P.resumption_gain] * resumed)
    intent = w[G.a] - p[P.a0] - p[P.war_capacity] * (w[G.resistance] - p[P.resistance0])
    w[G.war] += p[P.war_rate] * (p[P.war0] + intent - w[G.war]) + forcing[F.war, US]
    w[G.war] = clip(w[G.war], 0.0, 1.0)


@apart
def ukraine(v, facts):
    """11. Resistance follows aid against the war; pressure to concede follows Washington (B9)."""
    p, w = v.p, v.w
    strength = p[P.aid_elasticity] * (total_aid(w, facts) - p[P.aid_need0]) - 0.5 * (w[G.war] - p[P.war0])
    w[G.resistance] += p[P.resistance_rate] * (p[P.resistance0] + strength - w[G.resistance])
    w[G.resistance] = clip(w[G.resistance], 0.0, 1.0)
    pressed = p[P.concession_conciliation] * w[G.r] + p[P.concession_private] * w[G.o]
    target = p[P.concession0] + pressed - (w[G.resistance] - p[P.resistance0])
    w[G.concession] = clip(w[G.concession] + p[P.concession_rate] * (target - w[G.concession]), 0.0, 1.0)


@apart
def norms(v, forcing):
    """12, last: norms move towards what was adopted (an exercise shows what partnership is worth), and trust mends."""
    v.issue[I.target, EXERCISES] = clip(v.issue[I.target, EXERCISES] + forcing[F.exercise, US], 0.0, 1.0)
    for k in range(v.x.shape[0]):
        v.issue[I.norm, k] += v.p[P.norm_speed] * (v.issue[I.target, k] - v.issue[I.norm, k])
    if v.w[G.strained] > 0.0:
        n = v.x.shape[1]
        for i in range(n):
            for j in range(n):
                v.trust[i, j] += v.p[P.trust_recovery] * (1.0 - v.trust[i, j])
