"""Outcomes against their definitions in the model document."""

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUE_TABLE
from core.helpers import STILL, of, run, scenario


def log_chances(p, x, standing, dependence, salience, patron, pull, neutral, r, texts):
    """Log probability that each voter is silent, as a chair without error sees it; the patron may follow the voters.

    Shapes: x, standing, dependence, salience (rows,), the first `len(standing)` of them voters; texts (F,).
    """
    n = len(standing)
    q = np.asarray(texts)[:, None]
    loss = (q - x) ** 2 - (r - x) ** 2
    silent = np.where(loss[:, :n] * salience[:n] <= p["objection_cost"], standing, 0.0)
    total = standing.sum() + neutral
    support = (silent.sum(axis=1, keepdims=True) + 0.5 * neutral - silent) / (total - standing)
    z = (p["objection_cost"] - loss[:, patron]) / p["slack_scale"]
    fear = p["patron_cost"] * pull * np.exp(-np.logaddexp(0.0, -z))[:, None] * dependence[:n]
    fear[:, [i for i in range(n) if i == patron]] = 0.0
    h = (p["objection_cost"] + p["isolation_cost"] * (1 - standing) * support + fear) / salience[:n]
    slope = (2.0 * (q - r)) ** 2
    scale = np.sqrt(p["slack_scale"] ** 2 + 3 / np.pi**2 * slope * (p["sd_position"] ** 2 + p["sd_chair"] ** 2))
    return -np.logaddexp(0.0, -(h - loss[:, :n]) / scale)


@pytest.mark.parametrize(("era", "start"), [("2018", "2018-01"), ("2025", "2025-06")])
def test_outcomes_are_what_their_definitions_say(era, start):
    what = scenario(months=1, era=era, start=start, **STILL)
    program = compile_scenario(what)
    block, draws = run(what, draws=12), 12
    drawn = program.draw_inputs(1, 0, draws)
    x = block.output.positions[:, 0]
    for d in range(draws):
        p = dict(zip([param.name for param in L.Param], drawn.params[d], strict=True))
        salience = p["min_salience"] + (1 - p["min_salience"]) * np.abs(2 * x[d] - 1)
        gdp, needs = drawn.ally_input[d, L.AllyInput.gdp], drawn.ally_input[d, L.AllyInput.dependence]
        standing = (gdp / gdp[0]) ** p["standing_exponent"]
        member = program.member[0, L.Forum.NATO_SUMMIT]
        weight = standing[member]

        capacity = []
        for k, issue in enumerate(ISSUE_TABLE):
            if issue.reference:
                r, q0 = issue.reference
                f = np.linspace(p["min_share"], 1.0, 201)
                logs = log_chances(
                    p, x[d, member, k], weight, needs[member], salience[member, k], 0, 1.0, 0.0, r, r + f * (q0 - r)
                )
                capacity.append((f * np.exp(logs.sum(axis=1))).max())
        # The core tries a few texts only: it may miss the best one slightly and cannot exceed it.
        found = of(block, "consensus_capacity")[d, 0]
        assert np.mean(capacity) - 0.005 < found < np.mean(capacity) + 1e-6

        seat = program.member[0, L.Forum.EU_COUNCIL]
        order = [*np.flatnonzero(seat), 0]  # Washington last: it does not vote
        level, neutral = program.shared.initial_norm[L.SANCTIONS], program.shared.neutral[L.Forum.EU_COUNCIL]
        logs = log_chances(
            p, x[d, order, L.SANCTIONS], standing[seat], needs[order], salience[order, L.SANCTIONS],
            len(order) - 1, p["cross_forum"], neutral, 0.0, [level],
        )[0]  # fmt: skip
        chance = np.exp(logs.sum())
        assert of(block, "sanctions_durability")[d, 0] == pytest.approx(level * chance**2, abs=1e-6)
        assert of(block, "objector_hazard")[d, 0] == pytest.approx(1 - chance, abs=1e-6)
        against = (standing[seat] * (1 - np.exp(logs))).sum() / (standing[seat].sum() + neutral)
        assert of(block, "objector_weight")[d, 0] == pytest.approx(against, abs=1e-6)

        deviation = np.abs(x[d, member] - np.average(x[d, member], axis=0, weights=weight))
        agreement = 1 - 2 * np.average(deviation, axis=0, weights=weight).mean()
        assert of(block, "agreement")[d, 0] == pytest.approx(agreement)
        values = block.output.allies[d, 0][:, member]
        assert of(block, "mean_guarantee_confidence")[d, 0] == pytest.approx(values[1, 1:].mean())
        assert of(block, "mean_spending")[d, 0] == pytest.approx(values[2].mean())
        assert of(block, "spending_spread")[d, 0] == pytest.approx(values[2].std())
        burden = min(1.0, np.average(values[2, 1:], weights=gdp[member][1:]) / values[2, 0])
        assert of(block, "burden_sharing")[d, 0] == pytest.approx(burden)
        europe = np.array([name not in ("USA", "CAN") for name in ALLIES])[member]
        assert of(block, "threat_gap")[d, 0] == pytest.approx(values[0, europe].mean() - values[0, 0])
        ready = (x[d, member, L.EXERCISES] >= p["exercise_threshold"]).mean()
        assert of(block, "exercise_participation")[d, 0] == pytest.approx(ready)
        parts = ("agreement", "consensus_capacity", "mean_guarantee_confidence", "burden_sharing")
        cohesion = np.mean([of(block, name)[d, 0] for name in parts])
        assert of(block, "cohesion")[d, 0] == pytest.approx(cohesion)
        force = (
            drawn.ally_input[d, L.AllyInput.initial_spending]
            / 100
            * gdp
            * x[d, :, L.POSTURE]
            * program.shared.initial_norm[L.POSTURE]
        )
        alone = force[1:][member[1:]].sum()
        us = (
            drawn.ally_input[d, L.AllyInput.initial_spending, 0]
            / 100
            * gdp[0]
            * p["forward_share"]
            * p["initial_commitment"]
            * program.shared.initial_norm[L.POSTURE]
        )
        enemy = p["russia_capability"]
        assert of(block, "deterrence_without_us")[d, 0] == pytest.approx(alone / (alone + enemy))
        assert of(block, "deterrence")[d, 0] == pytest.approx((alone + us) / (alone + us + enemy))

        places = np.sort(x[d, member, 0])
        assert of(block, "camps")[d, 0] == 1 + (np.diff(places) > 0.12).sum()
        camp = np.concatenate([[0], np.cumsum(np.diff(places) > 0.12)])
        standing = ((gdp / gdp[0]) ** p["standing_exponent"])[member][np.argsort(x[d, member, 0], kind="stable")]
        mass = np.bincount(camp, standing)
        place = np.bincount(camp, standing * places) / mass
        mass /= mass.sum()
        polarisation = (mass**2.3 * mass[:, None] * abs(place - place[:, None])).sum() * 2**2.3
        assert of(block, "polarisation")[d, 0] == pytest.approx(min(1.0, polarisation))
