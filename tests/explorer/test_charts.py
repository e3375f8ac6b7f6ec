import numpy as np
import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim.explorer import charts
from alliance_sim.registry.outcomes import OUTCOMES


def test_bands_add_up_to_the_quantiles() -> None:
    generator = np.random.default_rng(1)
    quantiles = np.sort(generator.uniform(-1, 1, (5, 6)), axis=0).round(3).tolist()
    option = charts.fan(OUTCOMES["threat_gap"], list("abcdef"), quantiles)
    stacked = [np.array(series["data"]) for series in option["series"] if series.get("stack") == "front"]
    p05, p25, _, p75, p95 = np.array(quantiles)
    assert np.cumsum(stacked, axis=0) == pytest.approx(np.array([p05, p25, p75, p95]))
    # What the tooltip names by number comes first and is no difference.
    assert [series["data"] for series in option["series"][:5]] == quantiles
    assert all(series["tooltip"] == {"show": False} for series in option["series"] if "stack" in series)


@pytest.mark.parametrize("outcome", ["cohesion", "threat_gap"])
def test_axis_is_the_range_of_the_outcome(outcome: str) -> None:
    axis = charts.fan(OUTCOMES[outcome], ["a"], [[0.0]] * 5)["yAxis"]
    assert (axis["min"], axis["max"]) == (OUTCOMES[outcome].low, OUTCOMES[outcome].high)
