"""Compiling a scenario: collisions of random numbers, parameters by name."""

from types import SimpleNamespace

import numpy as np
import pytest

from alliance_sim import load_scenario
from alliance_sim.compile import compile_scenario
from alliance_sim.compile.meetings import refuse_shared_keys
from alliance_sim.core import structures as L
from alliance_sim.errors import InputError


def two_meetings(first: int, second: int, month: int = 0) -> SimpleNamespace:
    """Two meetings of one item each, in the same month or the second one a month later."""
    start = [0, 2, 2] if month == 0 else [0, 1, 2]
    return SimpleNamespace(start=start, first=[0, 1, 2], item_ident=np.array([first, second], np.uint32))


def test_items_of_one_month_that_would_share_random_numbers_are_refused() -> None:
    names = ["spring", "autumn"]
    step = 0x9E3779B1  # from one actor to the next
    for apart in (0, 1, 95):
        with pytest.raises(InputError, match="'autumn' and 'spring' share random numbers; rename one of them"):
            refuse_shared_keys(two_meetings(7, (7 + apart * step) % 2**32), names)
    refuse_shared_keys(two_meetings(7, (7 + 96 * step) % 2**32), names)
    refuse_shared_keys(two_meetings(7, 7, month=1), names)


def test_parameters_are_given_by_name() -> None:
    plain = load_scenario("baseline_2025")
    fixed = plain.with_parameters(
        {"confidence_bound": 0.5, "susceptibility": 0.25, "susceptibility.HUN": 0.75, "threat_reversion": 0.125}
    )
    before, after = (compile_scenario(scenario).draw_inputs(3, 0, 5) for scenario in (plain, fixed))
    assert (after.params[:, L.Param.confidence_bound] == 0.5).all() and (
        after.params[:, L.Param.threat_reversion] == 0.125
    ).all()
    assert sorted(set(after.ally_input[:, L.AllyInput.susceptibility].ravel())) == [0.25, 0.75]
    assert (after.ally_input[:, L.AllyInput.susceptibility] == 0.75).sum() == 5
    # All other parameters keep their draws.
    others = [p for p in range(len(L.Param)) if p not in (L.Param.confidence_bound, L.Param.threat_reversion)]
    assert np.array_equal(before.params[:, others], after.params[:, others])
    assert np.array_equal(
        before.ally_input[:, L.AllyInput.initial_confidence], after.ally_input[:, L.AllyInput.initial_confidence]
    )
