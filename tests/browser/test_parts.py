import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

import solara.settings
from solara.server import cdn_helper, settings

from alliance_sim import Scenario, list_scenarios, load_scenario
from alliance_sim.errors import InputError
from alliance_sim.explorer import charts, jobs, results, server
from alliance_sim.explorer.components.status import message
from alliance_sim.explorer.levers import LEVERS
from alliance_sim.explorer.results import PREVIEW
from alliance_sim.explorer.state import Request, ResultCache, Session
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES


def never() -> bool:
    return False


@pytest.fixture
def settings_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLARA_APP", "")
    monkeypatch.setattr(cdn_helper, "fetch_from_cdn", cdn_helper.fetch_from_cdn)
    for holder, name in (
        (settings.main, "mode"),
        (settings.telemetry, "mixpanel_enable"),
        (settings.theme, "show_banner"),
        (settings.theme, "title"),
        (solara.settings.assets, "proxy"),
    ):
        monkeypatch.setattr(holder, name, getattr(holder, name))


@pytest.mark.usefixtures("settings_restored")
@pytest.mark.filterwarnings("ignore")  # `configure` adds a filter, which this undoes
def test_assets_never_come_from_the_network(tmp_path: Path) -> None:
    server.configure()
    for fetch in (cdn_helper.get_data, cdn_helper.get_path):
        with pytest.raises(FileNotFoundError, match="asset not shipped"):
            fetch(tmp_path, "katex@0.0.0/dist/katex.js")
    assert not any(tmp_path.iterdir())
    assert settings.main.mode == "production"
    assert settings.telemetry.mixpanel_enable is False
    assert solara.settings.assets.proxy is True


def test_every_asset_of_the_front_end_is_installed() -> None:
    for asset in ("echarts@5.4.0/dist/echarts.js", "@widgetti/solara-vuetify-app@10.1.1/dist/fonts.css"):
        assert any(
            (Path(folder) / asset).is_file()
            for folder in (settings.assets.proxy_cache_dir, *settings.assets.extra_paths())
        )


def test_port_that_is_taken_is_an_input_error() -> None:
    with socket.socket() as other:
        other.bind((server.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}: .*--port"):
            server.serve(port)


@pytest.mark.parametrize("name", list_scenarios())
def test_levers_begin_inside_their_sliders(name: str) -> None:
    scenario = load_scenario(name)
    for lever in LEVERS:
        centre, low, high = lever.calibrated(scenario)
        assert lever.parameter.low <= low <= centre <= high <= lever.high <= lever.parameter.high


def test_lever_begins_at_the_scenarios_own_prior() -> None:
    scenario = load_scenario("baseline_2025").with_parameters({"h0": 0.07})
    (lever,) = (lever for lever in LEVERS if lever.name == "h0")
    assert lever.calibrated(scenario) == (0.07, 0.07, 0.07)


def test_request_gives_the_commands_that_reproduce_it() -> None:
    request = Request("baseline_2025", 500, 3, (("alpha0", 0.4), ("h0", 0.031)))
    assert request.command() == "alliance-sim run baseline_2025 --draws 500 --seed 3 --set alpha0=0.4 --set h0=0.031"
    known: dict[str, Any] = {}
    lines = request.python().splitlines()
    exec("\n".join(line for line in lines if not line.startswith("ensemble")), known)
    made = known["scenario"]
    assert isinstance(made, Scenario)
    assert made == request.what_if()
    assert lines[-2] == "ensemble = als.simulate(scenario, draws=500, seed=3)"


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
    from alliance_sim import simulate

    request = Request("baseline_2018", 60, 5, (("h0", 0.05),))
    first = results.preview(request, never)
    view = results.compute(request, first, never)
    ensemble = simulate(request.what_if(), 60, 5, "allies")
    assert view.months == list(ensemble.months)
    assert view.fans["cohesion"][2] == pytest.approx(ensemble.series("cohesion")["p50"], abs=6e-4)
    for shown, row in zip(view.board, ensemble.decisions().to_dict("records"), strict=True):
        assert shown["shares"] == pytest.approx([row[name] for name in DECISIONS], abs=6e-5)
        assert sum(shown["shares"]) == pytest.approx(1.0, abs=3e-4)
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


def test_result_is_compared_with_the_calibrated_run_of_its_scenario_and_seed() -> None:
    moved = Request("baseline_2018", 10, 5, (("h0", 0.05),))
    cache = ResultCache()
    cache.store(results.preview(moved, never))
    assert cache.reference() is None
    calibrated = results.preview(replace(moved, levers=()), never)
    cache.store_reference(calibrated)
    assert cache.reference() == {name: quantiles[2] for name, quantiles in calibrated.fans.items()}
    cache.store(calibrated)
    assert cache.reference() is None


def test_lever_of_a_session_is_set_and_switched_off() -> None:
    session = Session()
    session.move("h0", 0.05)
    session.move("alpha0", 0.4)
    assert session.request.levers == (("alpha0", 0.4), ("h0", 0.05))
    session.move("h0", None)
    assert session.request.levers == (("alpha0", 0.4),)


def test_preview_is_small() -> None:
    assert results.preview(Request("baseline_2018", 10_000, 0), never).draws == PREVIEW


def test_cancelled_run_stops() -> None:
    from alliance_sim.results.ensemble import Cancelled

    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        results.preview(Request("baseline_2018", 500, 0), stop.is_set)


def test_failed_compilation_raises_for_every_waiting_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr("alliance_sim.results.ensemble.simulate", fail)
    jobs.warm_up.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="no compiler"):
            jobs.warm_up().result(20)
    finally:
        jobs.warm_up.cache_clear()


def test_failure_is_shown_on_the_page() -> None:
    assert message(InputError("draws: too many")) == "draws: too many"
    assert message(ZeroDivisionError("by zero")) == "The run failed. ZeroDivisionError: by zero"


def test_vue_files_and_styles_are_in_the_package() -> None:
    folder = Path(sys.modules["alliance_sim.explorer.server"].__file__ or "").parent
    for name in ("lever.vue", "board.vue", "tiles.vue", "reproduce.vue"):
        assert (folder / "components" / name).is_file()
    assert (folder / "style.css").is_file()
