"""Spending is decided once a year: budgets against their closed form, announced rises, output, shifts that last."""

from types import SimpleNamespace

import numpy as np
import pytest

from alliance_sim.compile import SPIN_UP, compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.constants import DEPRECIATION, FATIGUE_SPENDING, HALF_LIFE_PRESSURE, PURCHASES, SD_OUTPUT
from alliance_sim.core.rng import normal
from alliance_sim.core.structures import Clock
from alliance_sim.registry.actors import ALLIES
from core.helpers import STILL, ally, run, scenario

DRAWS, SEED = 12, 5
#: Allies whose spending changes, and that have forces: one has none.
ARMED = [i for i, name in enumerate(ALLIES) if name not in ("USA", "ISL")]
#: Everything that spending answers: threat, war, the guarantee, the pledge, pressure, conciliation, a cut of aid.
BUSY = """
events:
  - {month: 1, type: bilateral_summit, conciliation: 0.5, openness: 0.1, process: true, source: none}
  - {month: 2, type: aid_change, channel: all, share: -0.8, source: none}
  - {month: 2, type: escalation, size: 0.3, source: none}
  - {month: 3, type: guarantee_statement, about: MNE, severity: 0.5, source: none}
  - {month: 4, type: spending_demand, percent: 3.5, pressure: 0.7, source: none}
  - {month: 4, type: shift, name: norm.defence_spending, by: 0.2, source: none}
"""


def months(what, draws=DRAWS):
    """Yield each month with its number and the states before and after it."""
    program = compile_scenario(what)
    block = program.block(SEED, 0, draws, "final")
    program.run(block, SEED, month1=0)

    def states():
        found = {row.name: block.states.ally[:, row].copy() for row in L.AllyState}
        found |= {row.name: block.states.world[:, row, None].copy() for row in L.World}
        found["norm"] = block.states.issue[:, L.IssueState.norm, L.SPENDING, None].copy()
        return SimpleNamespace(**found)

    before = states()
    for month, date in enumerate(program.months):
        program.run(block, SEED, month, month + 1)
        after = states()
        yield SimpleNamespace(month=month, date=date, before=before, after=after, block=block, program=program)
        before = after


def surprise(month, draws=DRAWS):
    """Output that budgets did not foresee, (D, 1)."""
    clocks = [Clock(np.uint64(SEED), d, SPIN_UP + month) for d in range(draws)]
    return SD_OUTPUT * np.array([[normal(clock, L.Channel.OUTPUT, 0)] for clock in clocks])


def wanted(m):
    """Spending that allies want in a January, by the model document."""
    p = {param.name: m.block.inputs.params[:, param, None] for param in L.Param}
    own = {row.name: m.block.inputs.ally_input[:, row] for row in L.AllyInput}
    tau, lost = m.after.threat_perception, own["initial_confidence"] - m.after.guarantee_confidence
    exposure = own["exposure"]
    more = (
        p["spending_response_threat"] * (tau - own["initial_threat"])
        + p["spending_response_war"] * exposure * (m.before.war_intensity - m.before.war_at_start)
        + p["spending_response_abandonment"] * tau * lost / (np.abs(lost) + 0.25)
        + p["pledge"] * 5.0 * (m.before.norm - m.program.shared.initial_norm[L.SPENDING])
        + p["coercion"] * (2.0 * exposure - 1.0) * m.after.pressure
        - p["relaxation"] * (1.0 - exposure) * (1.0 - tau) * m.after.conciliation
        + PURCHASES * m.before.made_up_aid
        - FATIGUE_SPENDING * m.before.fatigue
    )
    kept = p["targets_kept"] * own["announced_rise"]
    return own["initial_spending"] + kept + own["spending_response"] * more


@pytest.mark.parametrize(("era", "start"), [("2025", "2025-06"), ("2018", "2018-01"), ("2018", "2017-12")])
def test_spending_changes_in_january_only_and_as_documented(era, start):
    decided = 0
    for m in months(scenario(BUSY, months=27, era=era, start=start)):
        p = {name: m.block.inputs.params[:, L.Param[name], None] for name in ("momentum", "budget_speed")}
        if m.date.endswith("-01") and m.month > 0:
            decided += 1
            pull = p["budget_speed"] * (wanted(m) - m.before.budget)
            growth = p["momentum"] * m.before.spending_growth + (1.0 - p["momentum"]) * pull
            budget = np.maximum(0.0, m.before.budget + growth)
            spending = budget * (1.0 - surprise(m.month))
            for found, expected in (
                (m.after.spending_growth, growth), (m.after.budget, budget), (m.after.spending, spending),
            ):  # fmt: skip
                np.testing.assert_allclose(found[:, 1:], expected[:, 1:], rtol=1e-12, atol=1e-14)
            assert (m.after.spending[:, ARMED] != m.before.spending[:, ARMED]).all()
        else:
            for name in ("spending", "budget", "spending_growth"):
                np.testing.assert_array_equal(getattr(m.after, name), getattr(m.before, name), err_msg=m.date)
        np.testing.assert_array_equal(m.after.spending[:, L.US], m.before.spending[:, L.US])
        gdp = m.block.inputs.ally_input[:, L.AllyInput.gdp]
        built = m.before.capability + DEPRECIATION * (m.after.spending * gdp / 100.0 - m.before.capability)
        np.testing.assert_allclose(m.after.capability, built, rtol=1e-12)
    assert decided == 2 if start != "2017-12" else 3


def test_pressure_follows_what_is_short_of_the_demand_and_fades():
    for m in months(scenario(BUSY, months=12)):
        fading = m.before.pressure * 2.0 ** (-1.0 / HALF_LIFE_PRESSURE)
        short = np.clip(3.5 - m.before.spending, 0.0, 2.0) / 2.0
        expected = fading + (0.7 * short if m.month == 4 else 0.0)
        np.testing.assert_allclose(m.after.pressure[:, 1:], expected[:, 1:], rtol=1e-12, atol=1e-15)
        assert (m.after.pressure[:, L.US] == 0.0).all()
        if m.month == 4:
            assert (m.after.pressure > 0.0).any() and (m.after.pressure[:, 1:] == 0.0).any()


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("coercion", lambda exposure: np.sign(2.0 * exposure - 1.0)),  # those at risk yield, the others resist
        ("relaxation", lambda exposure: -np.ones_like(exposure)),
        ("pledge", np.ones_like),
        ("spending_response_abandonment", np.ones_like),
    ],
)
def test_an_answer_has_its_sign_for_each_ally(name, sign):
    on, off = (run(scenario(BUSY, months=8, **STILL, **{name: value}), draws=20) for value in (0.5, 0.0))
    gained = (ally(on, "spending") - ally(off, "spending"))[:, 7, 1:]
    expected = sign(on.inputs.ally_input[:, L.AllyInput.exposure, 1:])
    assert (gained * expected >= 0.0).all() and (gained * expected > 0.0).mean() > 0.5
    np.testing.assert_array_equal(ally(on, "spending")[:, :7], ally(off, "spending")[:, :7])


@pytest.mark.parametrize("kept", [0.0, 0.4, 1.0])
def test_governments_carry_out_a_share_of_what_they_announced(kept):
    """At full speed and without momentum the first budget is there; nobody answers anything else."""
    only = {"targets_kept": kept, "budget_speed": 1.0, "momentum": 0.0, "spending_response": 0.0, **STILL}
    block = run(scenario(months=8, **only), draws=5)
    own = block.inputs.ally_input
    announced, figures = own[:, L.AllyInput.announced_rise], own[:, L.AllyInput.initial_spending]
    assert announced.min() >= 0.0 and announced.max() > 0.3
    np.testing.assert_allclose(block.states.ally[:, L.AllyState.budget, 1:], (figures + kept * announced)[:, 1:])
    for era in ("2014", "2018"):  # no budgets are announced
        earlier = run(scenario(months=1, era=era, start="2018-01"), draws=2).inputs.ally_input
        assert not earlier[:, [L.AllyInput.announced_rise, L.AllyInput.initial_growth]].any()


def test_growth_has_momentum():
    """Without any wish a budget repeats a share of its last growth: a geometric series."""
    block = run(scenario(months=44, budget_speed=0.0, momentum=0.5, **STILL), draws=3)
    own = block.inputs.ally_input
    growth, figures = own[:, L.AllyInput.initial_growth], own[:, L.AllyInput.initial_spending]
    assert (growth[:, 1:] != 0.0).any()
    gained = (0.5 + 0.25 + 0.125 + 0.0625) * growth  # Januaries of 2026 to 2029
    np.testing.assert_allclose(block.states.ally[:, L.AllyState.budget, 1:], (figures + gained)[:, 1:], rtol=1e-12)
    np.testing.assert_allclose(block.states.ally[:, L.AllyState.spending_growth, 1:], 0.0625 * growth[:, 1:])


def test_unforeseen_output_moves_all_shares_of_it_together_and_afresh_each_year():
    draws = 1000
    block = run(scenario(months=32, **STILL, budget_speed=0.0, momentum=0.0), draws=draws, keep="allies")
    figures = block.inputs.ally_input[:, L.AllyInput.initial_spending]
    ratio = ally(block, "spending")[:, :, ARMED] / figures[:, None, ARMED]
    np.testing.assert_allclose(ratio, ratio[:, :, :1].repeat(ratio.shape[2], axis=2), rtol=1e-12)
    by_year = 1.0 - ratio[:, [0, 7, 19, 31], 0]  # from June 2025: the start, and three Januaries
    np.testing.assert_allclose(by_year.std(axis=0), SD_OUTPUT, rtol=4 / np.sqrt(2 * draws))
    assert (np.abs(by_year.mean(axis=0)) < 4 * SD_OUTPUT / np.sqrt(draws)).all()
    between = np.corrcoef(by_year.T)
    assert (np.abs(between - np.eye(4)) < 4 / np.sqrt(draws)).all()


SHIFT = "events: [{month: 2, type: shift, name: spending%s, by: 0.5, source: none}]"


@pytest.mark.parametrize("speed", [0.0, 0.2, 1.0])
def test_a_shift_of_spending_goes_on_in_the_next_budgets(speed):
    """Budgets return from it at their own speed, and stay at it where they do not move."""
    common = {"months": 34, "budget_speed": speed, "momentum": 0.0, **STILL}
    still, moved = (run(scenario(body, **common), draws=10) for body in ("", SHIFT % ""))
    gained = ally(moved, "spending") - ally(still, "spending")
    assert (gained[:, :2] == 0.0).all()
    np.testing.assert_allclose(gained[:, 2:7], 0.5)
    np.testing.assert_allclose(gained[:, 2:, L.US], 0.5)
    budget = moved.states.ally[:, L.AllyState.budget] - still.states.ally[:, L.AllyState.budget]
    np.testing.assert_allclose(budget[:, 1:], 0.5 * (1.0 - speed) ** 3, atol=1e-12)  # Januaries of 2026 to 2028
    unforeseen = ally(still, "spending")[:, -1, ARMED] / still.states.ally[:, L.AllyState.budget, ARMED]
    np.testing.assert_allclose(gained[:, -1, ARMED], budget[:, ARMED] * unforeseen, atol=1e-12)


def test_a_shift_of_the_spending_of_one_ally_moves_no_other_budget():
    still, moved = (run(scenario(body, months=12, **STILL), draws=10) for body in ("", SHIFT % ".DEU"))
    gained = ally(moved, "spending") - ally(still, "spending")
    who = ALLIES.index("DEU")
    assert (gained[:, 2:, who] > 0.0).all()
    assert (np.delete(gained, who, axis=2) == 0.0).all()
