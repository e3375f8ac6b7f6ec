"""Each mechanism switched off alone: what it changes, which way, and what cannot depend on it.

Draws are paired, so that a difference of one bit is an effect. Which outcome depends on what follows from the
equations: Washington's game and the signals stand above all others, and nothing of the alliance acts back on them.
"""

from functools import cache

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS, STRENGTHS
from alliance_sim.scenarios import load_scenario, load_text

DRAWS = 100
SIGNALS = ("conciliation", "opacity", "postponements")
WASHINGTON = ("criticism", "presidential_autonomy", "presidential_support", "institutions_stance")
ABOVE = (*SIGNALS, *WASHINGTON)
#: Besides, nothing that the allies do changes the U.S. commitment.
APART = (*ABOVE, "us_commitment")
ALL = tuple(OUTCOMES)
#: Outcomes that do not depend on the president's autonomy, the institutions' stance or domestic support.
GAME = (*SIGNALS, "criticism", "presidential_support", "institutions_stance")
HOME = (*SIGNALS, "criticism", "presidential_autonomy", "presidential_support")
FOREIGN = (*SIGNALS, "criticism", "institutions_stance")
INTELLIGENCE = "ukraine_support_intelligence"

EXTRA = {
    "reset": "",
    "helsinki": "",
    "cut": """
events:
  - {month: 2025-08, type: aid_change, channel: all, share: -1.0, source: none}
""",
    "resumed": """
events:
  - {month: 2025-09, type: shift, name: norm.russia_dialogue, by: -0.4, source: none}
  - {month: 2025-09, type: hybrid_campaign, size: 0.8, source: none}
""",
    "forums": """
meetings:
  - {month: 2025-09, forum: eu_council, title: t, source: none, agenda: [
      {issue: sanctions, proposed: 0.8, reversion: 0.6, text: t, source: none}]}
  - {month: 2025-10, forum: g7, title: t, source: none, agenda: [
      {issue: sanctions, proposed: 0.8, reversion: 0.6, text: t, source: none}]}
  - {month: 2025-11, forum: eu_council, title: u, source: none, agenda: [
      {issue: sanctions, proposed: 0.65, reversion: 0.6, text: t, source: none}]}
""",
}
PARENT = {
    "reset": "us_russia_reset_2025",
    "helsinki": "helsinki_2018",
    "cut": "baseline_2025",
    "resumed": "baseline_2025",
    "forums": "baseline_2025",
}


@cache
def program(name):
    if not EXTRA[name]:
        return compile_scenario(load_scenario(PARENT[name]))
    return compile_scenario(load_text(f"name: test\nextends: {PARENT[name]}\n{EXTRA[name]}", "test"))


@cache
def run(name, off=()):
    made = program(name)
    if off:
        made = compile_scenario(made.scenario.with_parameters(dict.fromkeys(off, 0.0)))
    block = made.block(3, 0, DRAWS, "monthly")
    made.run(block, 3)
    return block


def of(block, name):
    return block.output.outcomes[:, :, list(OUTCOMES).index(name)]


def month(name, text):
    return program(name).months.index(text)


def but(*names):
    return tuple(name for name in ALL if name not in names)


# Scenario, parameters set to zero, outcomes that must change (+1: more of it without the mechanism, -1: less, 0: either
# way), outcomes that cannot, first month in which it can matter.
MECHANISMS = [
    # 1. Washington
    ("helsinki", ("autonomy_gain_opacity",), {"presidential_autonomy": -1, "us_commitment": 0}, GAME, "2018-07"),
    ("helsinki", ("autonomy_loss_criticism",), {"presidential_autonomy": 1}, GAME, "2018-07"),
    ("helsinki", ("autonomy_gain_support",), {"presidential_autonomy": -1}, GAME, "2018-07"),
    ("helsinki", ("criticism_gain",), {"criticism": -1, "presidential_autonomy": 0, "postponements": -1},
     ("presidential_support",), "2018-07"),
    ("helsinki", ("support_gain",), {"presidential_support": -1, "presidential_autonomy": -1}, FOREIGN, "2018-07"),
    ("reset", ("congress_brake",), {"isolation": -1}, APART, "2025-11"),
    ("reset", ("erosion_rate",), {"institutions_stance": 1}, HOME, "2025-09"),
    ("reset", ("document_anchor",), {"institutions_stance": -1}, HOME, "2025-09"),
    # 2. Signals
    ("reset", ("reset_flow",), {"conciliation": -1, "mean_guarantee_confidence": 1, "concession_pressure": -1},
     ("opacity", "presidential_support", "postponements"), "2025-09"),
    ("reset", ("reading_spread",), {"mean_guarantee_confidence": 0, "agreement": 0}, APART, "2025-09"),
    # 3. Threat perception
    ("reset", ("threat_reversion",), {"threat_gap": 0}, APART, None),
    ("reset", ("threat_diffusion",), {"threat_gap": 0}, APART, None),
    ("reset", ("conduct_response",), {"threat_gap": -1}, APART, None),
    ("reset", ("conduct_response_exposure",), {"threat_gap": 0}, APART, None),
    ("reset", ("sd_threat",), {"threat_gap": 0}, APART, None),
    ("resumed", ("hybrid_gain",), {"threat_gap": 0}, APART, "2025-09"),
    # 4. Guarantee
    ("reset", ("guarantee_loss_conciliation",),
     {"mean_guarantee_confidence": 1, "cohesion": 1, "mean_spending": -1}, APART, "2025-09"),
    ("reset", ("guarantee_loss_opacity",), {"mean_guarantee_confidence": 1}, APART, "2025-09"),
    ("reset", ("statement_cost",), {"mean_guarantee_confidence": 1, "open_door_us": 1}, APART, "2025-09"),
    ("helsinki", ("trade_cost",), {"mean_guarantee_confidence": 1}, APART, "2018-06"),
    ("cut", ("cutoff_cost",), {"mean_guarantee_confidence": 1}, APART, "2025-08"),
    ("reset", ("commitment_loss_conciliation",),
     {"us_commitment": 1, "mean_guarantee_confidence": 1, "deterrence": 1}, ABOVE, "2025-09"),
    ("reset", ("commitment_loss_posture",), {"us_commitment": 0}, ABOVE, "2025-09"),
    ("reset", ("commitment_speed",), {"us_commitment": 1, "mean_guarantee_confidence": 1}, ABOVE, "2025-09"),
    # 5. Positions
    ("reset", ("threat_response",), {"agreement": 0}, APART, None),
    ("reset", ("cover",), {"objector_hazard": -1, "objector_weight": -1, "agreement": 0}, APART, "2025-09"),
    ("reset", ("hedge",), {"deterrence_without_us": -1}, APART, None),
    ("reset", ("norm_pull",), {"agreement": 0}, APART, None),
    # 6. Influence
    ("reset", ("standing_weight",), {"agreement": 0}, APART, None),
    ("reset", ("coupling",), {"agreement": 0, "sanctions_durability": 0}, APART, None),
    ("reset", ("susceptibility",), {"agreement": 0, "open_door_us": 0}, APART, None),
    ("reset", ("trust_loss",), {"agreement": 0}, APART, None),
    # 7. Spending
    ("reset", ("inertia",), {"mean_spending": 0}, APART, None),
    ("reset", ("spending_response_threat",), {"mean_spending": 0}, APART, None),
    ("reset", ("spending_response_abandonment",),
     {"mean_spending": -1, "burden_sharing": 0, "deterrence_without_us": -1}, APART, None),
    ("reset", ("pledge",), {"mean_spending": -1}, APART, None),
    ("helsinki", ("coercion",), {"mean_spending": -1}, APART, "2018-07"),
    ("helsinki", ("reactance",), {"mean_spending": 1}, APART, "2018-07"),
    ("cut", ("fatigue_spending",), {"mean_spending": 1}, APART, None),
    ("reset", ("depreciation",), {"deterrence_without_us": 0}, APART, None),
    # 8. Support of Ukraine
    ("cut", ("compensation_capacity",), {"ukraine_support_total": -1, "resistance": -1},
     (*APART, INTELLIGENCE), "2025-08"),
    ("cut", ("compensation_intelligence",), {INTELLIGENCE: -1}, APART, "2025-08"),
    ("cut", ("compensation_rate",), {"ukraine_support_total": -1, INTELLIGENCE: -1}, APART, None),
    ("cut", ("fatigue_rate",), {"ukraine_support_military": 1}, (*APART, INTELLIGENCE), None),
    ("cut", ("fatigue_recovery",), {"ukraine_support_military": -1}, (*APART, INTELLIGENCE), None),
    # 9. Deterrence
    ("reset", ("forward_share",), {"deterrence": -1}, APART, None),
    # 10. Russia
    ("reset", ("weakness_response",), {"assertiveness": 0}, APART, None),
    ("reset", ("failure_signal",), {"assertiveness": -1}, APART, None),
    ("resumed", ("resumption_gain",), {"demands": -1, "assertiveness": -1}, APART, "2025-09"),
    ("resumed", ("sanctions_cost",), {"assertiveness": 0}, APART, None),
    ("cut", ("resistance_cost",), {"assertiveness": -1}, APART, None),
    ("cut", ("war_capacity",), {"war_intensity": 0}, APART, None),
    ("reset", ("war_rate",), {"war_intensity": 0}, APART, None),
    ("reset", ("read_error",), {"assertiveness": 0}, APART, None),
    # 11. Ukraine: the pressure to concede affects nothing else
    ("cut", ("aid_elasticity",), {"resistance": 1}, APART, None),
    ("reset", ("concession_conciliation",), {"concession_pressure": -1}, but("concession_pressure"), "2025-09"),
    ("reset", ("concession_private",), {"concession_pressure": -1}, but("concession_pressure"), "2025-09"),
    # 12. Meetings
    ("reset", ("company_move",), {"consensus_capacity": -1, "objector_hazard": 1}, APART, None),
    ("helsinki", ("patron_move",), {"consensus_capacity": -1, "objector_hazard": 1}, APART, None),
    ("reset", ("consultation",), {"consensus_capacity": 0, "objector_hazard": 1}, APART, None),
    ("forums", ("compensation",), {"isolation": 0, "agreement": 0}, APART, "2025-06"),
    ("forums", ("insist_nato",), {"blow_ups": -1}, APART, "2025-06"),
    ("forums", ("insist_eu",), {"blow_ups": -1}, APART, "2025-09"),
    ("forums", ("insist_g7",), {"blow_ups": -1}, APART, "2025-10"),
    ("forums", ("withdrawal_strain",), {"agreement": 0}, APART, "2025-06"),
    ("helsinki", ("cross_forum",), {"objector_hazard": 1, "sanctions_durability": -1}, APART, None),
    ("reset", ("blowup_rate",), {"blow_ups": -1}, APART, "2025-06"),
    ("reset", ("bypass_rate",), {"deterrence_without_us": -1}, APART, "2025-06"),
    ("reset", ("bypass_share",), {"deterrence_without_us": -1}, APART, "2025-06"),
    ("forums", ("dispute_onset",), {"blow_ups": -1}, APART, "2025-06"),
    ("reset", ("norm_speed",), {"deterrence": -1}, APART, "2025-06"),
    ("reset", ("exercise_threshold",), {"exercise_participation": 1}, but("exercise_participation"), None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "off", "changed", "unchanged", "since"), MECHANISMS, ids=["+".join(row[1]) for row in MECHANISMS]
)
def test_switching_off_a_mechanism_changes_the_outcomes_listed_and_no_others(name, off, changed, unchanged, since):
    on, without = run(name), run(name, off)
    for outcome in unchanged:
        np.testing.assert_array_equal(of(without, outcome), of(on, outcome), err_msg=outcome)
    for outcome, direction in changed.items():
        difference = of(without, outcome) - of(on, outcome)
        assert (difference != 0.0).any(), outcome
        if direction:
            mean = difference.mean(axis=1)
            assert direction * mean.mean() > 0.0, (outcome, mean.mean(), mean.std() / np.sqrt(DRAWS))
    if since:
        before = slice(0, month(name, since))
        np.testing.assert_array_equal(without.output.outcomes[:, before], on.output.outcomes[:, before])


@pytest.mark.parametrize("name", EXTRA)
def test_scenarios_of_the_table_change_outcomes(name):
    """Otherwise outcomes listed as unchanged would prove nothing."""
    block = run(name)
    assert all(
        np.ptp(of(block, outcome)) > 0.0 for outcome in ("cohesion", "mean_guarantee_confidence", "assertiveness")
    )
    if name in ("reset", "helsinki"):
        assert all(np.ptp(of(block, outcome)) > 0.0 for outcome in APART if outcome != "postponements")


def test_every_strength_is_in_the_table_or_listed_with_a_reason():
    """Fails if a mechanism is added without a test of its effect."""
    tested = {name for row in MECHANISMS for name in row[1]}
    levels = {
        "initial_autonomy",
        "initial_commitment",
        "initial_assertiveness",
        "initial_war",
        "initial_resistance",
        "initial_concession",
        "russia_capability",
        "initial_aid_need",
    }
    tempi = {name for name in [param.name for param in L.Param] if name.startswith("half_life_")} | {
        "assertiveness_speed", "resistance_rate", "concession_rate", "guarantee_recovery", "trust_recovery",
        "dispute_end",
    }  # fmt: skip
    procedure = {
        "ask_routine", "ask_notable", "ask_major", "ask_far_reaching", "adopted_share", "tolerated_move",
        "voiced_share", "dispute_stake", "slack_scale", "sd_position", "sd_chair", "min_share", "blowup_cost",
        "concession_step", "min_salience",
        "standing_exponent", "items_per_session", "abstention", "criticism_threshold",
        "confidence_bound",
    }  # fmt: skip
    off_by_default = {"reset_conditionality"}
    assert {param.name for param in L.Param} <= tested | levels | tempi | procedure | off_by_default
    # A threshold of zero does not switch a mechanism off.
    assert set(STRENGTHS) == tested - {"exercise_threshold"} and all(PARAMETERS[name].low == 0.0 for name in STRENGTHS)


def test_by_default_conciliation_does_not_respond_to_russia():
    """reset_conditionality = 0 by default; with it the flow gives way to escalation."""
    made = compile_scenario(program("reset").scenario.with_parameters({"reset_conditionality": 1.0}))
    block = made.block(3, 0, DRAWS, "monthly")
    made.run(block, 3)
    after = month("reset", "2026-02")
    assert of(block, "conciliation")[:, after + 1 :].mean() < of(run("reset"), "conciliation")[:, after + 1 :].mean()
    assert len(np.unique(run("reset").inputs.params[:, L.Param.reset_conditionality])) == 1
