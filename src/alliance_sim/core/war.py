"""The mechanisms of a month about the war: support for Ukraine, deterrence, Russia, Ukraine. `mechanisms` has the rest.

Units as there.
"""

from alliance_sim.core.constants import (
    COMPENSATION_CAPACITY,
    COMPENSATION_INTELLIGENCE,
    CONCESSION_RATE,
    FAILURE_SIGNAL,
    FATIGUE_RECOVERY,
    FORWARD_SHARE,
    HALF_LIFE_DEMANDS,
    HALF_LIFE_FAILURE,
    INITIAL_CONCESSION,
    READ_ERROR,
    RESISTANCE_COST,
    RESISTANCE_RATE,
    WAR_CAPACITY,
    WAR_RATE,
)
from alliance_sim.core.derived import channel_after, clip, halving, total_aid, us_aid_missing
from alliance_sim.core.jit import kernel
from alliance_sim.core.rng import normal
from alliance_sim.core.structures import (
    DIALOGUE,
    POSTURE,
    SANCTIONS,
    SUPPORT,
    US,
    AllyInput,
    AllyState,
    Channel,
    Forcing,
    Forum,
    IssueState,
    Param,
    World,
)  # fmt: skip

HALF_TIRING = 0.03  # % of GDP; extra effort that tires half as much as any (judgement: a seventh of what donors gave)


@kernel(inline="always", noalias=True)
def ukraine_support(state, forcing, shared):
    """8. Three U.S. channels, cut one by one (A4); Europe and Canada make up with a lag, to a limit, and tire (A5)."""
    params, world, ally, ally_input, position = state.params, state.world, state.ally, state.ally_input, state.position
    n = state.position.shape[1]
    for channel in range(3):
        level = channel_after(world[World.us_military + channel], forcing[Forcing.aid_military + channel, US])
        world[World.us_military + channel] = level
    gap = us_aid_missing(world, shared)
    need = world[World.aid_need]
    missing = gap * need * ally_input[AllyInput.initial_aid, US] * ally_input[AllyInput.gdp, US]
    able = 0.0
    for i in range(1, n):
        able += position[SUPPORT, i] * ally_input[AllyInput.gdp, i]
    reference, now, arms_reference, arms = 0.0, 0.0, 0.0, 0.0
    for i in range(1, n):
        extra = COMPENSATION_CAPACITY * missing * position[SUPPORT, i] / able if able > 0.0 else 0.0
        firmer = (position[SUPPORT, i] - ally[AllyState.initial_support, i]) / max(
            ally[AllyState.initial_support, i], 0.05
        )
        ally[AllyState.made_up_aid, i] = extra
        wish = need * ally_input[AllyInput.initial_aid, i] * (1.0 + firmer) + extra
        wish *= 1.0 - ally[AllyState.fatigue, i]
        ally[AllyState.ukraine_support, i] = max(
            0.0,
            ally[AllyState.ukraine_support, i]
            + params[Param.compensation_rate] * (wish - ally[AllyState.ukraine_support, i]),
        )
        ally[AllyState.fatigue, i] += (
            params[Param.fatigue_rate] * extra / (extra + HALF_TIRING) - FATIGUE_RECOVERY * ally[AllyState.fatigue, i]
        )
        ally[AllyState.fatigue, i] = clip(ally[AllyState.fatigue, i], 0.0, 1.0)
        military = ally_input[AllyInput.military_share, i] * ally_input[AllyInput.gdp, i]
        reference += ally_input[AllyInput.initial_aid, i] * ally_input[AllyInput.gdp, i]
        now += ally[AllyState.ukraine_support, i] * ally_input[AllyInput.gdp, i]
        arms_reference += ally_input[AllyInput.initial_aid, i] * military
        arms += ally[AllyState.ukraine_support, i] * military
    # Institutions of the European Union give what its council has agreed on, and give no arms of their own.
    agreed = state.issue[IssueState.norm, SUPPORT] / max(shared.initial_norm[SUPPORT], 0.05)
    world[World.eu_aid] += params[Param.compensation_rate] * (need * agreed - world[World.eu_aid])
    ally[AllyState.ukraine_support, US] = need * ally_input[AllyInput.initial_aid, US] * (1.0 - gap)
    us, eu = shared.us_share, shared.eu_share
    world[World.aid_military] = us[0] * need * world[World.us_military] + (1.0 - us[0]) * arms / arms_reference
    world[World.aid_economic] = (
        us[1] * need * world[World.us_economic]
        + eu * world[World.eu_aid]
        + (1.0 - us[1] - eu) * (now - arms) / (reference - arms_reference)
    )
    lost = max(0.0, 1.0 - world[World.us_intelligence])
    world[World.intelligence_made_up] += params[Param.compensation_rate] * (
        COMPENSATION_INTELLIGENCE * lost - world[World.intelligence_made_up]
    )
    share = shared.us_share[2]
    world[World.aid_intelligence] = need * (
        share * (world[World.us_intelligence] + world[World.intelligence_made_up]) + (1.0 - share)
    )


@kernel()  # not inlined: where nothing has changed since the beginning, it is to give the same bits
def deterrence(state, shared, t):
    """9. Force in being for what was adopted, with and without the United States, against Russia's."""
    params, world, ally, issue = state.params, state.world, state.ally, state.issue
    posture = clip(issue[IssueState.norm, POSTURE] + issue[IssueState.coalition, POSTURE], 0.0, 1.0)
    others = 0.0
    for i in range(1, state.position.shape[1]):
        if shared.member[t, Forum.NATO_SUMMIT, i]:
            others += ally[AllyState.capability, i] * state.initial_position[POSTURE, i]
    others *= posture
    force = others + ally[AllyState.capability, US] * FORWARD_SHARE * world[World.us_commitment] * posture
    russia = params[Param.russia_capability]
    world[World.deterrence] = force / (force + russia)
    world[World.deterrence_without_us] = others / (others + russia)
    world[World.weakness] = russia / (russia + force)


@kernel(inline="always", noalias=True)
def russia(state, forcing, shared, clock):
    """10. Russia reads weakness with error; resumed cooperation without a change of policy feeds demands (B10)."""
    params, world, issue = state.params, state.world, state.issue
    weakness = world[World.weakness] - world[World.weakness_at_start] + READ_ERROR * normal(clock, Channel.RUSSIA, 0)
    weakness += FAILURE_SIGNAL * world[World.open_failures]
    world[World.open_failures] *= halving(HALF_LIFE_FAILURE)
    resumed = max(0.0, shared.initial_norm[DIALOGUE] - issue[IssueState.norm, DIALOGUE])
    pressure = params[Param.sanctions_cost] * (issue[IssueState.norm, SANCTIONS] - shared.initial_norm[SANCTIONS])
    pressure += RESISTANCE_COST * (world[World.resistance] - params[Param.initial_resistance])
    target = (
        world[World.assertiveness_level]
        + params[Param.weakness_response] * weakness
        + params[Param.weakness_signal] * resumed
        - pressure
    )
    world[World.assertiveness] = clip(
        world[World.assertiveness]
        + params[Param.assertiveness_speed] * (target - world[World.assertiveness])
        + forcing[Forcing.escalation, US],
        0.0,
        1.0,
    )
    # Weakness shown feeds demands: cooperation resumed, new conciliation, positions softened (B9, B10).
    softened = 0.0
    for i in range(1, state.position.shape[1]):
        softened += max(0.0, -state.displacement[DIALOGUE, i]) / (state.position.shape[1] - 1)
    shown = resumed + world[World.new_conciliation] + softened
    world[World.demands] = min(
        1.0,
        world[World.demands] * halving(HALF_LIFE_DEMANDS) + params[Param.weakness_signal] * shown,
    )
    intent = (
        world[World.assertiveness]
        - world[World.assertiveness_at_start]
        - WAR_CAPACITY * (world[World.resistance] - params[Param.initial_resistance])
    )
    world[World.war_intensity] += (
        WAR_RATE * (world[World.war_at_start] + intent - world[World.war_intensity]) + forcing[Forcing.war, US]
    )
    world[World.war_intensity] = clip(world[World.war_intensity], 0.0, 1.0)


@kernel(inline="always", noalias=True)
def ukraine(state, shared):
    """11. Resistance follows aid against the war; pressure to concede follows Washington (B9)."""
    params, world = state.params, state.world
    strength = params[Param.aid_elasticity] * (total_aid(world, shared) - world[World.aid_need_at_start]) - 0.5 * (
        world[World.war_intensity] - world[World.war_at_start]
    )
    world[World.resistance] += RESISTANCE_RATE * (params[Param.initial_resistance] + strength - world[World.resistance])
    world[World.resistance] = clip(world[World.resistance], 0.0, 1.0)
    pressed = params[Param.concession_gain] * (world[World.conciliation] + world[World.opacity])
    target = INITIAL_CONCESSION + pressed - (world[World.resistance] - params[Param.initial_resistance])
    world[World.concession_pressure] = clip(
        world[World.concession_pressure] + CONCESSION_RATE * (target - world[World.concession_pressure]),
        0.0,
        1.0,
    )
