"""Results do not depend on inert events, additions elsewhere, chunks, threads or the level of output kept."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from textwrap import dedent

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.kernel import run_block
from alliance_sim.scenarios import load_scenario
from core.helpers import of, run, same, scenario

CALENDAR = """
    events:
      - {month: 2, type: bilateral_summit, conciliation: 0.5, openness: 0.1, follow_up: 3, source: none}
      - {month: 4, type: escalation, size: 0.3, probability: 0.5, source: none}
    meetings:
      - {month: 3, forum: nato_summit, title: t, source: none, agenda: [
          {issue: russia_strategy, proposed: 0.7, reversion: 0.5, text: t, source: none},
          {issue: ukraine_support, proposed: 0.6, reversion: 0.5, text: t, source: none}]}
      - {month: 7, forum: nac, title: t, source: none, agenda: [
          {issue: deterrence_posture, proposed: 0.75, reversion: 0.6, text: t, source: none}]}
    """
_INERT = [
    "type: escalation, size: 0.9, probability: 0.0",
    "type: escalation, size: 0.0",
    "type: guarantee_statement, about: MNE, severity: 0.0",
    "type: aid_change, channel: all, share: 0.0",
    "type: sanctions_relief, share: 0.0",
    "type: trade_dispute, with: EU, size: 0.0",
    "type: ceasefire_offer, size: 0.0",
    "type: ceasefire, size: 0.0",
    "type: hybrid_campaign, size: 0.0",
    "type: strategic_document, strength: 0.0",
    "type: leadership_change, ally: HUN, stance: 0.0",
    "type: exercise, partner: Georgia, ambition: 0.0",
    "type: spending_demand, percent: 0.0, pressure: 0.0",
    "type: shift, name: assertiveness, by: 0.0",
    "type: shift, name: norm.sanctions, by: 0.0",
    "type: shift, name: position.sanctions, by: 0.0",
    "type: shift, name: threat_reversion, by: 0.0",
    "type: shift, name: susceptibility, by: 0.0",
    "type: shift, name: spending, by: 0.0",
    "type: escalation, size: 0.9, when: assertiveness > 1",
    "type: bilateral_summit, conciliation: 0.0, openness: 1.0",
]


@cache
def calendar():
    return run(scenario(CALENDAR), draws=16)


@pytest.mark.parametrize("event", _INERT)
def test_an_inert_event_changes_no_bit(event):
    body = dedent(CALENDAR).replace("events:", "events:\n  - {month: 1, id: inert, source: none, " + event + "}")
    same(calendar(), run(scenario(body), draws=16))


def test_an_event_changes_nothing_before_it():
    body = dedent(CALENDAR).replace("events:", "events:\n  - {month: 6, type: escalation, size: 0.4, source: none}")
    changed = run(scenario(body), draws=16)
    np.testing.assert_array_equal(changed.output.outcomes[:, :6], calendar().output.outcomes[:, :6])
    assert (of(changed, "assertiveness")[:, 6] > of(calendar(), "assertiveness")[:, 6]).all()


def test_an_added_meeting_does_not_change_the_noise_of_the_others():
    """A meeting in the same month, on an issue that nothing else depends on, changes no other decision."""
    extra = """  - {month: 3, forum: nac, title: t, source: none, agenda: [
      {issue: southern_flank, proposed: 0.5, reversion: 0.35, text: t, source: none}]}
"""
    # Russia sees each failure, and nothing of the alliance depends on Russia here.
    common = {"norm_pull": 0.0, "blowup_rate": 0.0, "conduct_response": 0.0, "spending_response": 0.0}
    more, fewer = (run(scenario(body, **common)) for body in (dedent(CALENDAR) + extra, CALENDAR))
    russian = {"assertiveness", "war_intensity", "resistance", "concession_pressure", "demands"}
    same(more, fewer, but=russian)
    assert any((of(more, name) != of(fewer, name)).any() for name in russian)
    table = compile_scenario(scenario(dedent(CALENDAR) + extra)).agenda
    others = [row.column for row in table if row.issue != "southern_flank"]
    for mine, theirs in zip(more.records, fewer.records, strict=True):
        np.testing.assert_array_equal(mine[:, others], theirs)


def test_switching_off_one_kind_of_noise_does_not_change_the_others():
    """Without the noise of the allies' perceptions, Russia's reading error and what output does stay the same."""
    apart = {"conduct_response": 0.0, "threat_response": 0.0, "weakness_response": 1.0, "spending_response": 0.0}
    quiet, noisy = (run(scenario(CALENDAR, sd_threat=sd, **apart), draws=16) for sd in (0.0, 0.02))
    np.testing.assert_array_equal(of(quiet, "mean_spending"), of(noisy, "mean_spending"))
    # Before the first event nothing of the allies reaches Russia.
    np.testing.assert_array_equal(of(quiet, "assertiveness")[:, :2], of(noisy, "assertiveness")[:, :2])
    assert (np.diff(of(quiet, "assertiveness")[:, :2], axis=1) != 0.0).all()
    assert (of(quiet, "threat_gap") != of(noisy, "threat_gap")).all()


def test_fixing_a_parameter_at_its_draw_changes_no_bit():
    """A fixed value replaces its own draw and changes no other."""
    what = scenario(CALENDAR)
    drawn = compile_scenario(what).draw_inputs(1, 3, 4).params[0]
    fixed = {
        name: float(drawn[L.Param[name]])
        for name in ("threat_reversion", "guarantee_loss_conciliation", "cover", "tolerated_move", "sd_position")
    }
    same(run(what, draws=1, draw0=3), run(what.with_parameters(fixed), draws=1, draw0=3))


@pytest.mark.parametrize("name", ["us_russia_reset_2025", "helsinki_2018"])
def test_a_month_does_not_depend_on_how_many_months_are_run(name):
    what = load_scenario(name)
    program = compile_scenario(what)
    whole, part = (program.block(5, 0, 8, "trace") for _ in range(2))
    program.run(whole, 5)
    program.run(part, 5, month1=10)
    np.testing.assert_array_equal(part.output.outcomes[:, :10], whole.output.outcomes[:, :10])
    assert (part.output.outcomes[:, 10:] == 0.0).all()
    assert not (part.output.outcomes[:, :10] == part.output.outcomes[:, :1]).all()
    for month in range(10, what.months):
        program.run(part, 5, month, month + 1)
    same(part, whole)


def test_a_draw_alone_equals_the_draw_in_a_block():
    what = load_scenario("us_russia_reset_2025")
    block = run(what, draws=20)
    for d in (0, 1, 13, 19):
        alone = run(what, draws=1, draw0=d)
        for one, many in zip((*alone.output, *alone.records), (*block.output, *block.records), strict=True):
            np.testing.assert_array_equal(one[0], many[d])


def test_threads_and_chunks_change_no_bit():
    what = load_scenario("us_russia_reset_2025")
    program, whole = compile_scenario(what), run(what, draws=24, keep="monthly")

    def chunk(bounds):
        block = program.block(1, *bounds, "monthly")
        program.run(block, 1)
        return block

    bounds = [(0, 1), (1, 6), (6, 8), (8, 19), (19, 24)]
    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(chunk, bounds))
    for (first, last), block in zip(bounds, blocks, strict=True):
        for part, all_draws in zip((*block.output, *block.records), (*whole.output, *whole.records), strict=True):
            np.testing.assert_array_equal(part, all_draws[first:last])


def test_draws_differ_and_seeds_differ():
    block = run(load_scenario("us_russia_reset_2025"), draws=20)
    assert len(np.unique(of(block, "cohesion")[:, -1])) == 20
    other = run(load_scenario("us_russia_reset_2025"), draws=20, seed=2)
    assert (of(block, "cohesion")[:, -1] != of(other, "cohesion")[:, -1]).all()


def test_the_level_of_output_kept_changes_no_number():
    what = load_scenario("helsinki_2018")
    trace = run(what, draws=6)
    for keep in ("final", "monthly", "allies"):
        block = run(what, draws=6, keep=keep)
        months = block.output.outcomes.shape[1]
        np.testing.assert_array_equal(block.output.outcomes, trace.output.outcomes[:, -months:])
        np.testing.assert_array_equal(block.records.outcome, trace.records.outcome)


@pytest.mark.parametrize("spoil", [lambda a: a.astype(np.float32), lambda a: a[:, ::2], np.asfortranarray])
def test_arrays_of_another_type_or_layout_are_refused(spoil):
    """After the first use no second variant of the kernel is compiled."""
    program = compile_scenario(scenario(CALENDAR))
    block = program.block(1, 0, 2, "monthly")
    program.run(block, 1)
    variants = len(run_block.signatures)
    state = block.states._replace(world=spoil(np.zeros((2, 2 * len(L.World)))))
    with pytest.raises(TypeError):
        program.run(type(block)(0, 2, state, block.inputs, block.records, block.output), 1)
    assert len(run_block.signatures) == variants
