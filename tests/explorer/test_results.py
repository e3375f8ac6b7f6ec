import threading

import numpy as np
import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim import simulate
from alliance_sim.explorer import results
from alliance_sim.explorer.state import Request
from alliance_sim.pool import Cancelled
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.results.headline import headline


def never() -> bool:
    return False


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deterrence_without_us", "Deterrence without U.S."),
        ("russia_strategy", "Russia strategy"),
        ("cohesion", "Cohesion"),
    ],
)
def test_labels(name: str, text: str) -> None:
    assert results.label(name) == text


def test_view_holds_the_rounded_results_of_the_run() -> None:
    request = Request("baseline_2018", 60, 5, (("tolerated_move", 0.05),))
    first = results.preview(request, never)
    view = results.compute(request, first, never)
    ensemble = simulate(request.what_if(), 60, 5, "allies")
    assert view.months == list(ensemble.months) and view.said == list(headline(ensemble).sentences)
    assert view.fans["cohesion"][2] == pytest.approx(ensemble.series("cohesion")["p50"], abs=6e-4)
    for shown, row in zip(view.board, ensemble.decisions().to_dict("records"), strict=True):
        assert shown["shares"] == pytest.approx([row[name] for name in DECISIONS], abs=6e-5)
        assert sum(shown["shares"]) == pytest.approx(1.0, abs=3e-4)
        assert shown["proposed"] == row["proposed"] and min(row["proposed"], row["reversion"]) <= row["level_mean"]
    asked = {shown["key"]: shown["asked"] for shown in view.board}
    assert asked["nato_summit-2018-07/ukraine_support"] == "asked for on average: more, routine or notable"
    assert asked["g7-2018-06/russia_dialogue"] == "asked for on average: less, far-reaching"
    assert asked["eu_council-2018-07/sanctions"] == "proposed"
    threat = ensemble.data["threat_perception"].mean("draw").values
    shown_threat = np.array(view.maps["threat_perception"], dtype=float)
    assert np.isnan(shown_threat).any()
    np.testing.assert_allclose(shown_threat, threat, atol=6e-4)


def test_map_finds_variables_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request("baseline_2018", 20, 5)
    usual = results.preview(request, never).maps
    monkeypatch.setattr(results, "MAPPED", ("spending", "guarantee_confidence"))
    maps = results.preview(request, never).maps
    assert maps["guarantee_confidence"] == usual["guarantee_confidence"]
    assert max(value for value in maps["spending"][0] if value is not None) > 1.0


def test_preview_is_small() -> None:
    assert results.preview(Request("baseline_2018", 10_000, 0), never).draws == results.PREVIEW


def test_cancelled_run_stops() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        results.preview(Request("baseline_2018", 500, 0), stop.is_set)
