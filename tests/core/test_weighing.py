"""What allies weigh when an item is decided: its parts add up to what they bear, and looking changes nothing."""

import numpy as np
import pytest

from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.core.sessions import Weighed
from alliance_sim.core.structures import Decision
from alliance_sim.registry.actors import ALLIES
from core.helpers import scenario

ITEM = "{issue: russia_strategy, ask: 3, reversion: 0.5, text: t, source: none}"
PACKAGE = """
  {issue: deterrence_posture, ask: 2, reversion: 0.6, package: p, text: t, source: none},
  {issue: southern_flank, ask: 3, reversion: 0.45, package: p, text: t, source: none}
"""
BODY = """
meetings:
  - {month: 3, forum: %s, title: a, source: none, agenda: [
      {issue: open_door, ask: 1, reversion: 0.45, text: t, source: none}, %s]}
"""
AGENDAS = {"item": ("nato_summit", ITEM), "package": ("nac", PACKAGE), "patron outside": ("eu_council", ITEM)}
DRAWS = 300


def weighed_run(agenda, weighed=1, **parameters):
    parameters = {"dispute_onset": 0.1, "insist": 0.3, "insist_summit": 0.3, **parameters}
    program = compile_scenario(scenario(BODY % AGENDAS[agenda], months=4, **parameters))
    block = program.block(5, 0, DRAWS, "trace", weighed=weighed)
    program.run(block, 5)
    return block


def margins(values):
    parts = Weighed.alone, Weighed.company, Weighed.patron, Weighed.temper
    return sum(values[:, part] for part in parts) - values[:, Weighed.stake] - values[:, Weighed.loss]


@pytest.mark.parametrize("agenda", AGENDAS)
def test_the_parts_add_up_to_the_margins_that_decided(agenda):
    block = weighed_run(agenda)
    records, margin = block.records, margins(block.weighing.values)
    decided = records.outcome[:, 1] != Decision.DEFERRED
    assert decided.mean() > 0.9
    assert np.isnan(margin[~decided]).all()
    margin, pivotal = margin[decided], records.pivotal[decided, 1]
    np.testing.assert_allclose(np.nanmin(margin, axis=1), records.margin[decided, 1], rtol=1e-9, atol=1e-14)
    assert (np.nanargmin(margin, axis=1) == pivotal).all()
    seats = ~np.isnan(margin[0])
    assert ("USA" in np.array(ALLIES)[seats]) == (agenda != "patron outside")


@pytest.mark.parametrize("agenda", AGENDAS)
def test_a_negative_margin_is_an_objection(agenda):
    block = weighed_run(agenda)
    records, refuses = block.records, margins(block.weighing.values) < 0.0
    objects = records.objection[:, 1] >= 0
    withdrawn = records.outcome[:, 1] == Decision.WITHDRAWN
    at_once = (records.outcome[:, 1] != Decision.DEFERRED) & (records.tabled[:, 1] == records.first_tabled[:, 1])
    assert withdrawn.any() and refuses[withdrawn].any()
    for only in (withdrawn, at_once & (records.objection[:, 1].max(axis=1) <= 1)):
        assert (refuses[only] == objects[only]).all()
    assert not (refuses & ~objects).any()  # an objection to a text before the last may be gone


def test_positions_of_all_parts_are_those_that_the_losses_come_from():
    block = weighed_run("package", sd_position=0.0, consultation=0.0)
    values = block.weighing.values
    decided = block.records.outcome[:, 1] != Decision.DEFERRED
    for part, issue in enumerate((L.POSTURE, L.ISSUE_NAMES.index("southern_flank"))):
        read = values[decided, Weighed.position + part]
        np.testing.assert_allclose(read, block.states.position[decided, issue], rtol=1e-12)
    assert np.isnan(values[decided, Weighed.position + 2]).all()


def test_looking_changes_no_bit():
    looked, not_looked = (weighed_run("item", weighed) for weighed in (1, None))
    assert not_looked.weighing.values.size == 0
    for one, other in zip((*looked.records, *looked.states), (*not_looked.records, *not_looked.states), strict=True):
        np.testing.assert_array_equal(one, other)
