import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim import list_scenarios, load_scenario
from alliance_sim.explorer.levers import LEVERS


@pytest.mark.parametrize("name", list_scenarios())
def test_levers_begin_inside_their_sliders(name: str) -> None:
    scenario = load_scenario(name)
    for lever in LEVERS:
        centre, low, high = lever.calibrated(scenario)
        assert lever.parameter.low <= low <= centre <= high <= lever.high <= lever.parameter.high


def test_lever_begins_at_the_scenarios_own_prior() -> None:
    scenario = load_scenario("baseline_2025").with_parameters({"tolerated_move": 0.07})
    (lever,) = (lever for lever in LEVERS if lever.name == "tolerated_move")
    assert lever.calibrated(scenario) == (0.07, 0.07, 0.07)
