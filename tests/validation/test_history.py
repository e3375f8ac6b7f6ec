"""What a fit of behaviour is conditioned on."""

from dataclasses import replace

import numpy as np
import pytest

from alliance_sim.core.structures import PENDING, Decision
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.validation.history import clamp_of, history, recorded_spending
from alliance_sim.validation.record import record


@pytest.fixture(scope="module")
def seen():
    return history(last_item=2016, last_year=2016, repeats=4)


def test_what_is_held_is_the_record(seen):
    assert [item.id for item in seen.items] == [item.id for item in record(last=2016)]
    clamp = seen.program.calendar.clamp
    assert clamp.repeats == 4 and (clamp.outcome != PENDING).sum() == len(seen.items)
    blocked = next(i for i, item in enumerate(seen.items) if item.id == "C038")
    j = seen.column[blocked]
    assert clamp.outcome[j] == Decision.BLOCKED
    assert np.flatnonzero(clamp.refused[j]).tolist() == [ALLY_INDEX["TUR"]]
    assert seen.refused[blocked].sum() == 1 and seen.contested[blocked]
    soft = next(i for i, item in enumerate(seen.items) if item.objection == "soft")
    assert not clamp.refused[seen.column[soft]].any() and clamp.voiced[seen.column[soft]].any()


def test_an_item_left_out_is_decided_by_the_model_and_starts_no_dispute():
    without = history(last_item=2016, repeats=2, left_out=["C038"])
    assert "C038" not in {item.id for item in without.items}
    disputes = {event.source for event in without.program.scenario.events if event.type == "dispute"}
    assert "record C038" not in disputes and "record C040" in disputes


def test_rates_of_an_item_leave_it_out(seen):
    for i, item in enumerate(seen.items):
        alike = [k for k, other in enumerate(seen.items) if other.group == item.group and k != i]
        count = sum(seen.ended[k] == seen.ended[i] and seen.contested[k] == seen.contested[i] for k in alike)
        assert seen.rates[i, seen.ended[i], int(seen.contested[i])] == pytest.approx((count + 1 / 6) / (len(alike) + 1))
    np.testing.assert_allclose(seen.rates.sum(axis=(1, 2)), 1.0)


def test_spending_of_the_record():
    spending = recorded_spending(2014, 2024)
    assert spending.shape == (11, len(ALLIES))
    assert np.isnan(spending[:, ALLY_INDEX["USA"]]).all() and np.isnan(spending[:, ALLY_INDEX["ISL"]]).all()
    assert spending[0, ALLY_INDEX["POL"]] == pytest.approx(1.86, abs=0.05)


def test_a_clamp_takes_those_objectors_that_the_model_has(seen):
    item = replace(seen.items[0], decision="blocked", objection="hard", objectors=frozenset({"HUN", "AUT"}))
    held = clamp_of(seen.program, [item], 3)
    j = seen.column[0]
    assert np.flatnonzero(held.voiced[j]).tolist() == [ALLY_INDEX["HUN"]]
