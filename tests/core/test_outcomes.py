"""Outcomes against their definitions in the model document: one independent formula for each.

A formula takes the state at the end of the last month and returns one value a draw. Outcomes that report a state are
compared with that state; all others are computed from what the document says.
"""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.constants import (
    CRITICISM_THRESHOLD,
    CROSS_FORUM,
    EXERCISE_THRESHOLD,
    FORWARD_SHARE,
    STANDING_WEIGHT,
)
from alliance_sim.core.rng import normal
from alliance_sim.core.structures import Clock
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUE_TABLE
from alliance_sim.registry.outcomes import OUTCOMES, Outcome
from alliance_sim.scenarios import Scenario, load_text
from alliance_sim.simulation import first_months

DRAWS = 24
#: Every broken silence ends the meeting, so blow-ups can be counted from the records.
BLOW_UPS = {"blowup_rate": 1.0}
#: The reset, with a cut of each kind of aid.
RESET = """
extends: us_russia_reset_2025
name: reset_with_cuts
title: A test
description: A test
sources: [none]
events:
  - {month: 2026-02, type: aid_change, channel: all, share: -0.3, source: an assumption}
  - {month: 2026-03, type: aid_change, channel: economic, share: -0.2, source: an assumption}
"""
#: The meeting in Helsinki, and after it a second one with a follow-up of its own.
HELSINKI = """
extends: helsinki_2018
name: helsinki_twice
title: A test
description: A test
sources: [none]
events:
  - {month: 2019-10, type: bilateral_summit, conciliation: 0.4, openness: 0.2, follow_up: 2, source: an assumption}
"""


def reset() -> Scenario:
    return first_months(load_text(RESET, "test"), 27).with_parameters(BLOW_UPS)


def helsinki() -> Scenario:
    return first_months(load_text(HELSINKI, "test"), 26).with_parameters(BLOW_UPS)


SCENARIOS = {"reset": reset, "helsinki": helsinki}


@cache
def at_end(name):
    """Return what the formulas take: arrays of some draws at the end of the last month, draws first and issues last.

    `before` is the state of issues a month earlier: norms move after a month's deterrence. `start` are the positions
    when the scenario begins, which salience is read off. Noise is drawn as the core draws it.
    """
    program = compile_scenario(SCENARIOS[name]())
    block, earlier, first = (program.block(1, 0, DRAWS, "trace") for _ in range(3))
    program.run(block, 1)
    program.run(earlier, 1, month1=len(program.months) - 1)
    program.run(first, 1, month1=0)
    states, inputs = block.states, block.inputs
    gdp = inputs.ally_input[:, L.AllyInput.gdp]
    member = program.shared.member[-1, L.Forum.NATO_SUMMIT].astype(bool)
    return SimpleNamespace(
        block=block,
        program=program,
        shared=program.shared,
        p={param.name: inputs.params[:, param] for param in L.Param},
        world={row.name: states.world[:, row] for row in L.World},
        ally={row.name: states.ally[:, row] for row in L.AllyState},
        brought={row.name: inputs.ally_input[:, row] for row in L.AllyInput},
        norm=states.issue[:, L.IssueState.norm],
        lead_shift=states.issue[:, L.IssueState.leader_shift],
        before=earlier.states.issue,
        voice=voices(program.shared, earlier, inputs),
        gdp=gdp,
        x0=inputs.initial_position.swapaxes(1, 2),
        start=first.inputs.initial_position.swapaxes(1, 2),
        x=np.clip(inputs.initial_position + states.displacement, 0.0, 1.0).swapaxes(1, 2),
        residual=residuals(program),
        standing=(gdp / gdp[:, :1]) ** inputs.params[:, L.Param.standing_exponent, None],
        member=member,
        others=member & (np.arange(len(ALLIES)) != L.US),
        europe=member & np.array([ally not in ("USA", "CAN") for ally in ALLIES]),
        leader=states.world[:, L.World.leader].astype(int),
        inputs=inputs,
    )


def residuals(program):
    """Return what salience has besides what positions tell, standard normal, (D, N, K)."""
    k, i = np.mgrid[: len(ISSUE_TABLE), : len(ALLIES)]
    names = (k * len(ALLIES) + i).T
    draw = np.vectorize(lambda d, name: normal(Clock(np.uint64(1), d, 0), L.Channel.SALIENCE, name))
    return draw(np.arange(DRAWS)[:, None, None], names)


def salience_of(s):
    """Return how much allies care about issues (D, N, K); Washington by its two principals."""
    least, sd = (s.p[name][:, None, None] for name in ("min_salience", "sd_salience"))
    institutions = s.inputs.issue_input[:, L.IssueInput.institutions_position, None]
    from_positions = np.concatenate([institutions, s.start[:, 1:]], axis=1)
    cares = np.clip(least + (1 - least) * np.abs(2 * from_positions - 1) + sd * s.residual, 0.05, 1.0)
    alpha = s.world["presidential_autonomy"][:, None]
    leader = s.inputs.leader_salience[np.arange(DRAWS), s.leader]
    cares[:, L.US] = alpha * leader + (1 - alpha) * cares[:, L.US]
    return cares


def voices(shared, earlier, inputs):
    """Return with what weights (D, listener, speaker) allies listen in a month, from the state of the month before."""
    states, p = earlier.states, inputs.params
    x = states.position  # (D, K, N)
    apart = (x[:, :, :, None] - x[:, :, None, :]) ** 2 * shared.weight[:, None, None]
    far = apart.sum(axis=1) / shared.weight.sum() / p[:, L.Param.confidence_bound, None, None] ** 2
    standing = states.ally[:, L.AllyState.standing] ** STANDING_WEIGHT
    weights = standing[:, None, :] * shared.affinity * np.maximum(0.0, 1.0 - far) ** 2
    weights[:, :, L.US] *= states.ally[:, L.AllyState.guarantee_confidence]
    return weights / weights.sum(axis=2, keepdims=True)


def consulted(s, x, voters, patron_votes):
    """Return positions (D, N) after four rounds of listening among those who take part, Friedkin and Johnsen's way."""
    seats = voters if patron_votes else np.append(voters, L.US)
    pull = np.where(patron_votes | (seats != L.US), 1.0, CROSS_FORUM)
    voice = s.voice[:, voters][:, :, seats] * pull
    voice /= voice.sum(axis=2, keepdims=True)
    moved = s.p["consultation"][:, None] * s.brought["susceptibility"][:, voters]
    expressed = x.copy()
    for _ in range(4):
        heard = np.einsum("dij,dj->di", voice, expressed[:, seats])
        expressed[:, voters] = (1.0 - moved) * x[:, voters] + moved * heard
    return expressed


def log_chances(s, x, voters, forum, k, texts, reversion, patron_votes):
    """Log probability that each voter is silent on texts (D, F), as a chair without error sees it: (D, F, voters).

    The United States is the patron, whom the voters may follow, with or without a vote.
    """
    p = {name: value[:, None, None] for name, value in s.p.items()}
    salience = salience_of(s)[:, None, voters, k]
    q, place = texts[:, :, None], consulted(s, x[:, :, k], voters, patron_votes)[:, None]
    loss = (q - place) ** 2 - (reversion - place) ** 2
    own, patron = loss[:, :, voters], loss[:, :, L.US, None]
    standing, neutral = s.standing[:, None, voters], s.shared.neutral[forum]
    alone = p["tolerated_move"] ** 2
    silent = np.where(own * salience <= alone, standing, 0.0)
    total = standing.sum(axis=2, keepdims=True) + neutral
    support = (silent.sum(axis=2, keepdims=True) + 0.5 * neutral - silent) / (total - standing)
    pull = 1.0 if patron_votes else CROSS_FORUM
    bears = alone / salience_of(s)[:, None, L.US, None, k]
    follows = 1.0 / (1.0 + np.exp((patron - bears) / p["slack_scale"]))
    fear = ((p["tolerated_move"] + p["patron_move"]) ** 2 - alone) * pull * follows
    fear = fear * s.brought["dependence"][:, None, voters]
    fear = np.where(voters == L.US, 0.0, fear)
    company = (p["tolerated_move"] + p["company_move"]) ** 2 - alone
    cost = (alone + company * (1 - standing) * support + fear) / salience
    slope = (2.0 * (q - reversion)) ** 2
    scale = np.sqrt(p["slack_scale"] ** 2 + 3 / np.pi**2 * slope * (p["sd_position"] ** 2 + p["sd_chair"] ** 2))
    return -np.logaddexp(0.0, -(cost - own) / scale)


def agreement(s):
    x, standing = s.x[:, s.member], s.standing[:, s.member, None]
    mean = (standing * x).sum(axis=1, keepdims=True) / standing.sum(axis=1, keepdims=True)
    return 1 - 2 * ((standing * np.abs(x - mean)).sum(axis=1) / standing.sum(axis=1)).mean(axis=1)


def consensus_capacity(s):
    voters, best = np.flatnonzero(s.member), []
    f = np.linspace(s.p["min_share"], 1.0, 321).T  # among them the sixteenths that the core tries
    for k, issue in enumerate(ISSUE_TABLE):
        if issue.reference:
            reversion, proposal = issue.reference
            texts = reversion + f * (proposal - reversion)
            logs = log_chances(s, s.x, voters, L.Forum.NATO_SUMMIT, k, texts, reversion, True)
            best.append((f * np.exp(logs.sum(axis=2))).max(axis=1))
    return np.mean(best, axis=0)


def renewal(s):
    """Log probability that each member of the EU council is silent on renewing sanctions; the reversion is none."""
    voters = np.flatnonzero(s.shared.member[-1, L.Forum.EU_COUNCIL])
    level = s.norm[:, L.SANCTIONS, None]
    return voters, log_chances(s, s.x, voters, L.Forum.EU_COUNCIL, L.SANCTIONS, level, 0.0, False)[:, 0]


def passes(s):
    return np.exp(renewal(s)[1].sum(axis=1))


def objector_weight(s):
    voters, logs = renewal(s)
    standing = s.standing[:, voters]
    total = standing.sum(axis=1) + s.shared.neutral[L.Forum.EU_COUNCIL]
    return (standing * (1 - np.exp(logs))).sum(axis=1) / total


def burden_sharing(s):
    gdp, spending = s.gdp[:, s.others], s.ally["spending"]
    return np.minimum(1.0, (spending[:, s.others] * gdp).sum(axis=1) / gdp.sum(axis=1) / spending[:, L.US])


def cohesion(s):
    # The core's own consensus capacity: the formula here is exact only to the texts that the core tries.
    capacity = s.block.states.outcomes[:, Outcome.consensus_capacity]
    return (agreement(s) + capacity + s.ally["guarantee_confidence"][:, s.others].mean(axis=1) + burden_sharing(s)) / 4


def camp_shares(s, d):
    """Share of standing and mean position of each camp on the Russia strategy, in draw d."""
    order = np.argsort(s.x[d, s.member, L.RUSSIA_STRATEGY])
    places, standing = s.x[d, s.member, L.RUSSIA_STRATEGY][order], s.standing[d, s.member][order]
    camp = np.concatenate([[0], np.cumsum(np.diff(places) > 0.12)])
    mass = np.bincount(camp, standing)
    return mass / mass.sum(), np.bincount(camp, standing * places) / mass


def camps(s):
    return np.array([len(camp_shares(s, d)[0]) for d in range(DRAWS)])


def polarisation(s):
    found = []
    for d in range(DRAWS):
        mass, place = camp_shares(s, d)
        found.append((mass[:, None] ** 2.3 * mass * abs(place[:, None] - place)).sum() * 2**2.3)
    return np.minimum(1.0, found)


def force(s, us):
    """Committed force, with the United States or without."""
    norm, coalition = (s.before[:, row, L.POSTURE] for row in (L.IssueState.norm, L.IssueState.coalition))
    committed = s.ally["capability"] * s.x0[:, :, L.POSTURE]
    own = s.ally["capability"][:, L.US] * FORWARD_SHARE * s.world["us_commitment"]
    return np.clip(norm + coalition, 0.0, 1.0) * (committed[:, s.others].sum(axis=1) + us * own)


def ratio(f, s):
    return f / (f + s.p["russia_capability"])


def institutions_threat(s):
    """Threat as U.S. institutions perceive it: they answer Russia's conduct."""
    conduct = s.world["assertiveness"] - s.world["assertiveness_at_start"]
    return np.clip(s.inputs.institutions_threat[:, 0] + s.p["conduct_response"] * conduct, 0, 1)


def isolation(s):
    leader = s.inputs.leader_position[np.arange(DRAWS), s.leader, L.SANCTIONS]
    answer = s.p["threat_response"] * (institutions_threat(s) - s.inputs.institutions_threat[:, 0])
    slope, alpha = s.inputs.issue_input[:, L.IssueInput.threat_slope, L.SANCTIONS], s.world["presidential_autonomy"]
    at_start = s.inputs.issue_input[:, L.IssueInput.institutions_position, L.SANCTIONS]
    institutions = np.clip(at_start + slope * answer, 0, 1)
    held = institutions + s.world["erosion"] * (leader - institutions)
    position = alpha * np.clip(leader + s.lead_shift[:, L.SANCTIONS], 0, 1) + (1 - alpha) * held
    lifted = s.gdp[:, L.US] / s.gdp.sum(axis=1) * (1 - np.minimum(1, position / s.x0[:, L.US, L.SANCTIONS]))
    return (s.norm[:, L.SANCTIONS] * (1 - lifted) + s.norm[:, L.DIALOGUE] + 1 / (1 + s.world["conciliation"])) / 3


def aid(s, channel):
    """Aid to Ukraine through a channel, from the United States, institutions of the EU and all others."""
    us = s.world[f"us_{channel}"] * s.world["aid_need"]
    share = s.shared.us_share[("military", "economic", "intelligence").index(channel)]
    if channel == "intelligence":
        return share * (us + s.world["aid_need"] * s.world["intelligence_made_up"]) + (1 - share) * s.world["aid_need"]
    arms = s.brought["military_share"]
    kind = s.gdp[:, L.US + 1 :] * (arms if channel == "military" else 1 - arms)[:, L.US + 1 :]
    given, usual = (
        (per_gdp[:, L.US + 1 :] * kind).sum(axis=1) for per_gdp in (s.ally["ukraine_support"], s.brought["initial_aid"])
    )
    union = s.shared.eu_share if channel == "economic" else 0.0
    return share * us + union * s.world["eu_aid"] + (1 - share - union) * given / usual


def total_aid(s):
    return 0.45 * aid(s, "military") + 0.40 * aid(s, "economic") + 0.15 * aid(s, "intelligence")


def institutions_stance(s):
    """Their view and what has eroded it: the president's, which his own conciliation of Moscow softens."""
    leader, institutions = s.inputs.leader_threat[np.arange(DRAWS), s.leader], institutions_threat(s)
    softened = leader * (1 - np.minimum(1, s.p["softening"] * s.world["conciliation"]))
    return institutions + s.world["erosion"] * (softened - institutions)


def threat_gap(s):
    threat = s.ally["threat_perception"]
    return threat[:, s.europe].mean(axis=1) - threat[:, L.US]


def exercise_participation(s):
    return (s.x[:, s.member, L.EXERCISES] >= EXERCISE_THRESHOLD).mean(axis=1)


def postponements(s):
    """Put a planned follow-up off by five months while criticism is high in its month; it lapses at the third time."""
    criticism = s.block.output.outcomes[:, :, Outcome.criticism]
    count = np.zeros(DRAWS)
    for event in s.program.scenario.events:
        if getattr(event, "follow_up", None):
            due = s.program.scenario.offset(event.month) + event.follow_up
            waits = np.ones(DRAWS, bool)
            for month in range(due, min(due + 15, criticism.shape[1]), 5):
                waits &= criticism[:, month] > CRITICISM_THRESHOLD
                count += waits
    return count


def blow_ups(s):
    """Count the meetings in which somebody broke silence: in these scenarios each of them blows up."""
    meetings, count = s.program.calendar.meetings, np.zeros(DRAWS)
    broken = (s.block.records.objection > 0).any(axis=2) & (meetings.rule != L.Rule.COALITION)
    for first, last in zip(meetings.first[:-1], meetings.first[1:], strict=True):
        count += broken[:, first:last].any(axis=1)
    return count


def state(name):
    """Return the formula of an outcome that reports a state of the world."""
    return lambda s: s.world[name]


DEFINITIONS = {
    "cohesion": cohesion,
    "agreement": agreement,
    "consensus_capacity": consensus_capacity,
    "mean_guarantee_confidence": lambda s: s.ally["guarantee_confidence"][:, s.others].mean(axis=1),
    "burden_sharing": burden_sharing,
    "threat_gap": threat_gap,
    "polarisation": polarisation,
    "camps": camps,
    "deterrence": lambda s: ratio(force(s, 1), s),
    "deterrence_without_us": lambda s: ratio(force(s, 0), s),
    "isolation": isolation,
    "sanctions_durability": lambda s: s.norm[:, L.SANCTIONS] * passes(s) ** 2,
    "objector_hazard": lambda s: 1 - passes(s),
    "objector_weight": objector_weight,
    "mean_spending": lambda s: s.ally["spending"][:, s.member].mean(axis=1),
    "spending_spread": lambda s: s.ally["spending"][:, s.member].std(axis=1),
    "ukraine_support_total": total_aid,
    "ukraine_support_military": lambda s: aid(s, "military"),
    "ukraine_support_economic": lambda s: aid(s, "economic"),
    "ukraine_support_intelligence": lambda s: aid(s, "intelligence"),
    "resistance": state("resistance"),
    "war_intensity": state("war_intensity"),
    "assertiveness": state("assertiveness"),
    "demands": state("demands"),
    "concession_pressure": state("concession_pressure"),
    "exercise_participation": exercise_participation,
    "conciliation": state("conciliation"),
    "opacity": state("opacity"),
    "criticism": state("criticism"),
    "presidential_autonomy": state("presidential_autonomy"),
    "presidential_support": state("presidential_support"),
    "institutions_stance": institutions_stance,
    "us_commitment": state("us_commitment"),
    "open_door_us": lambda s: s.x[:, L.US, L.OPEN_DOOR],
    "postponements": postponements,
    "blow_ups": blow_ups,
}


def test_every_outcome_has_a_definition_here_and_no_other_name_has():
    missing, unknown = set(OUTCOMES) - set(DEFINITIONS), set(DEFINITIONS) - set(OUTCOMES)
    assert not missing, f"write an independent formula in DEFINITIONS for: {', '.join(sorted(missing))}"
    assert not unknown, f"no such outcome: {', '.join(sorted(unknown))}"


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", OUTCOMES)
def test_an_outcome_is_what_its_definition_says(name, scenario):
    s = at_end(scenario)
    expected, found = DEFINITIONS[name](s), s.block.states.outcomes[:, Outcome[name]]
    assert expected.shape == (DRAWS,)
    np.testing.assert_array_equal(s.block.output.outcomes[:, -1, Outcome[name]], found)
    if name == "consensus_capacity":
        # The core tries a few texts only: it may miss the best one slightly and cannot exceed it.
        assert (expected - 0.005 < found).all()
        assert (found < expected + 1e-6).all()
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_outcome_is_checked_where_it_has_moved_and_draws_differ(name):
    moved = []
    for scenario in SCENARIOS:
        outcome = at_end(scenario).block.output.outcomes[:, :, Outcome[name]]
        # Domestic support follows from the events alone, the same in all draws.
        differ = name == "presidential_support" or np.ptp(outcome[:, -1]) > 1e-4
        moved.append(differ and (np.abs(outcome[:, -1] - outcome[:, 0]) > 1e-4).any())
    assert any(moved)
