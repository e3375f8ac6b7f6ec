"""The fit of behaviour: the emulator learns, draws are those of a known posterior, stages are kept."""

from collections import namedtuple

import numpy as np
import pytest

pytest.importorskip("numpyro", reason="needs the extra 'calibration'")

from alliance_sim.calibration.posterior import read_rows, table_of
from alliance_sim.estimation import behaviour as module
from alliance_sim.estimation import behaviour_stages, left_out, report
from alliance_sim.estimation.behaviour import Settings, fit, log_likelihood, smoothed
from alliance_sim.estimation.runs import Simulator
from alliance_sim.estimation.summaries import described, item_scores, predicted, pulls, ridges
from alliance_sim.estimation.unknowns import NUISANCE, Unknowns
from alliance_sim.validation.history import history

Measured = namedtuple("Measured", "rows diagnostics")
SMALL = Settings(runs=(4000, 1000), chains=2, samples=100, paths=8)


@pytest.fixture(scope="module")
def simulator():
    """Few items and years, so that a run is short work."""
    return Simulator(history(2015, 2016, repeats=4), Unknowns("2014", table_of("prior")), seed=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fit")


@pytest.fixture(scope="module")
def found(simulator, folder):
    return fit(simulator, SMALL, 3, folder)


def test_the_emulator_tells_unknowns_apart(simulator, found):
    """It predicts runs that it has not seen better than their mean does."""
    assert found.network.gain > 0.0
    z = np.random.default_rng(9).standard_normal((200, simulator.unknowns.dimension))
    truth = simulator.expected(z, first_draw=10**6, paths=16).spending
    known = ~np.isnan(simulator.seen.spending).any(axis=0)
    emulated = np.asarray(found.network.expected(z).spending)
    error, spread = (emulated - truth)[:, :, known], (truth - truth.mean(axis=0))[:, :, known]
    assert (error**2).mean() < 0.6 * (spread**2).mean()


def test_a_fit_that_stopped_goes_on_from_its_folder(simulator, found, folder, tmp_path, monkeypatch):
    class Stopped(Exception):
        pass

    def stop(line):
        if "round 2" in line and "learns" in line:
            raise Stopped

    with pytest.raises(Stopped):
        fit(simulator, SMALL, 3, tmp_path, stop)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert "draws-1.npz" in kept and "network-2.npz" not in kept
    made = []
    runs = Simulator.expected
    monkeypatch.setattr(Simulator, "expected", lambda *a, **k: made.append(1) or runs(*a, **k))
    again = fit(simulator, SMALL, 3, tmp_path)
    assert len(made) < len([path for path in folder.iterdir() if path.name.startswith(("runs", "checked"))])
    np.testing.assert_array_equal(again.draws.z, found.draws.z)
    np.testing.assert_array_equal(again.check.weights, found.check.weights)


def test_weights_are_of_the_simulator_over_the_emulator(simulator, found):
    emulated = log_likelihood(simulator.seen, simulator.unknowns, found.network, found.draws.z).total
    np.testing.assert_allclose(found.draws.log_likelihood, np.asarray(emulated), rtol=1e-3, atol=0.05)
    error = found.check.simulated.total - found.draws.log_likelihood
    assert found.check.weights.sum() == pytest.approx(1.0)
    top = np.argsort(-error)[: len(error) // 4]
    assert found.check.weights[top].mean() > found.check.weights.mean()
    z = found.resampled(5_000, 1)
    assert z.mean(axis=0) == pytest.approx(found.check.weights @ found.draws.z, abs=0.02)


def test_shape_of_weights_with_a_known_tail():
    rng = np.random.default_rng(1)
    weights, k = smoothed(0.5 * rng.standard_exponential(4000))  # weights with tail 1 / w**2
    assert k == pytest.approx(0.5, abs=0.15) and weights.sum() == pytest.approx(1.0)


def test_draws_of_a_posterior_that_is_known(simulator, found, monkeypatch):
    """A normal likelihood of one unknown in place of the emulator's: mean and spread in closed form, tempered too."""
    c = simulator.unknowns.names.index("pledge")

    class Known:
        def __init__(self, z):
            self.total = -0.5 * (1.5 - z[:, c]) ** 2 / 0.25

    monkeypatch.setattr(module, "log_likelihood", lambda seen, unknowns, network, z: Known(z))
    for power in (1.0, 0.5):
        draws = module.draws_of(simulator.seen, simulator.unknowns, found.network, power, 1, Settings(samples=400))
        precision = 1.0 + power / 0.25
        assert draws.z[:, c].mean() == pytest.approx(1.5 * (precision - 1.0) / precision, abs=0.06)
        assert draws.z[:, c].std() == pytest.approx(precision**-0.5, rel=0.12)
        others = np.delete(draws.z, c, axis=1)
        assert others.std() == pytest.approx(1.0, abs=0.02)
        assert draws.convergence["divergences"] == 0


def test_summaries_of_a_fit(simulator, found):
    parts = described(simulator.unknowns, found)
    assert set(parts["nuisance"]) == set(NUISANCE) and "threat.HUN.2025" in parts["actors"]
    pledge = parts["parameters"]["pledge"]
    mean, sd, low, high = pledge["posterior"]
    assert low < mean < high and sd > 0.0 and 0.0 <= pledge["edge"] <= 1.0
    assert max(abs(entry["shift"]) for entry in parts["parameters"].values()) > 0.3
    moved, unknown = pulls(simulator, found)
    assert set(unknown) <= {item.id for item in simulator.seen.items} | {"spending"}
    assert all(len(items) <= 5 for items in moved.values())
    assert set(moved["pledge"]) <= {item.id for item in simulator.seen.items} | {"spending"}
    for a, b, correlation in ridges(simulator.unknowns, found):
        assert a != b and -1.0 <= correlation <= 1.0
    scores = item_scores(simulator, found)
    assert scores["count"] == len(simulator.seen.items) and scores["with_unexplained"] < 0.0
    for kind in ("with_unexplained", "without_unexplained", "rates"):
        assert sum(each[kind] for each in scores["by_forum"].values()) == pytest.approx(scores[kind])
    lost = [rates - model for _, model, rates in scores["worst"]]
    assert lost == sorted(lost, reverse=True) and len({name for name, *_ in scores["worst"]}) == len(lost)
    checks = predicted(simulator, found, 1)
    assert 0.0 <= checks["spending"]["share80"] <= 1.0
    for row in checks["classes"]:
        assert 0.0 <= row["low"] <= row["high"] <= 1.0
    by_forum = {}
    for row in checks["classes"]:
        by_forum[row["forum"]] = by_forum.get(row["forum"], 0.0) + row["observed"]
    assert list(by_forum.values()) == pytest.approx([1.0] * len(by_forum))


def test_an_item_is_left_out_with_its_dispute(simulator, found, tmp_path, monkeypatch):
    """What came before is the same to the bit, what came after is not; a second call runs nothing again."""
    longer = Simulator(history(2016, 2016, repeats=4), simulator.unknowns, seed=5)
    starting = left_out.starting_disputes(longer.seen)
    assert "C033" in starting and len(left_out.starting_disputes(history())) >= behaviour_stages.DISPUTES
    without = Simulator(history(2016, 2016, repeats=4, left_out=("C033",)), simulator.unknowns, seed=5)
    place = [item.id for item in longer.seen.items].index("C033")
    z = found.resampled(16, 1)
    one, other = (each.expected(z, paths=8).ended for each in (longer, without))
    np.testing.assert_array_equal(one[:, :place], other[:, :place])
    assert (one[:, place + 1 :] != other[:, place:]).any()
    scored = left_out.without_disputes(longer, found, ["C033"], 3, tmp_path, draws=40, paths=8)
    entry = scored["C033"]
    assert entry["score"] < 0.0 and entry["score_without_dispute"] < 0.0
    assert entry["score"] != entry["score_without_dispute"] and len(entry["moves"]) == 5
    monkeypatch.setattr(Simulator, "expected", None)
    assert left_out.without_disputes(longer, found, ["C033"], 3, tmp_path) == scored


def test_folds_know_nothing_of_later_years(simulator, tmp_path, monkeypatch):
    monkeypatch.setattr(behaviour_stages, "FOLDS", (2015,))
    monkeypatch.setattr(behaviour_stages, "FOLD", SMALL)
    monkeypatch.setattr(behaviour_stages, "REPEATS", 4)
    asked = []

    def actors(dropped, **settings):
        asked.append(set(dropped))
        good = {"worst": 1.0, "of": "mu"}, {"worst": 900.0, "of": "mu"}
        diagnostics = {"divergences": 0, "r_hat": good[0], "ess_bulk": good[1], "ess_tail": good[1]}
        return Measured(report.read_posterior(report.posterior_path()), diagnostics)

    def seen(**given):
        held.append(history(**given))
        return held[-1]

    held = []
    monkeypatch.setattr(behaviour_stages, "measured", actors)
    monkeypatch.setattr(behaviour_stages, "history", seen)
    monkeypatch.setattr(behaviour_stages, "_refuse", lambda found: None)
    (tmp_path / "out" / "posterior").mkdir(parents=True)
    (tmp_path / "out" / "report").mkdir()
    behaviour_stages.folds(tmp_path / "out", tmp_path / "work", 0, lambda line: None)
    found = report.read_report(report.behaviour_path(tmp_path / "out"))["folds"]
    assert list(found) == ["2015"] and 0.0 < found["2015"]["effective"] <= 1.0
    assert "CN-21" in asked[0] and "A-22" in asked[0]
    assert {item.year for item in held[0].items} == {2014, 2015} and held[0].years == (2015,)
    rows = read_rows(tmp_path / "out" / "posterior" / "fold-2015.parquet", parameters=True)
    assert len(rows) == behaviour_stages.FOLD_ROWS and "pledge" in rows.names
