from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim import Scenario
from alliance_sim.explorer import results
from alliance_sim.explorer.state import Request, ResultCache, Session


def test_request_gives_the_commands_that_reproduce_it() -> None:
    request = Request("baseline_2025", 500, 3, (("initial_autonomy", 0.4), ("tolerated_move", 0.031)))
    assert (
        request.command()
        == "alliance-sim run baseline_2025 --draws 500 --seed 3 --set initial_autonomy=0.4 --set tolerated_move=0.031"
    )
    known: dict[str, Any] = {}
    lines = request.python().splitlines()
    exec("\n".join(line for line in lines if not line.startswith("ensemble")), known)
    made = known["scenario"]
    assert isinstance(made, Scenario)
    assert made == request.what_if()
    assert lines[-2] == "ensemble = als.simulate(scenario, draws=500, seed=3)"


def test_result_is_compared_with_the_calibrated_run_of_its_scenario_and_seed() -> None:
    moved = Request("baseline_2018", 10, 5, (("tolerated_move", 0.05),))
    cache = ResultCache()
    cache.store(results.preview(moved, lambda: False))
    assert cache.reference() is None
    calibrated = results.preview(replace(moved, levers=()), lambda: False)
    cache.store_reference(calibrated)
    assert cache.reference() == {name: quantiles[2] for name, quantiles in calibrated.fans.items()}
    cache.store(calibrated)
    assert cache.reference() is None


def test_lever_of_a_session_is_set_and_switched_off() -> None:
    session = Session()
    session.move("tolerated_move", 0.05)
    session.move("initial_autonomy", 0.4)
    assert session.request.levers == (("initial_autonomy", 0.4), ("tolerated_move", 0.05))
    session.move("tolerated_move", None)
    assert session.request.levers == (("initial_autonomy", 0.4),)
