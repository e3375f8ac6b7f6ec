"""Folders of results written before columns and parameters were renamed still load."""

import json
from pathlib import Path

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.experiments import results as sweeps
from alliance_sim.experiments.results import open_views
from alliance_sim.registry.parameter_names import current_name
from alliance_sim.results import query

OLD = Path(__file__).parent / "old"
EXPECTED = json.loads((OLD / "expected.json").read_text("utf-8"))
MARGINS = "SELECT margin FROM traces ORDER BY scenario, point, draw, meeting, issue"


@pytest.fixture(scope="module")
def ensemble() -> als.Ensemble:
    return als.load_results(OLD / "ensemble")


@pytest.fixture(scope="module")
def results() -> als.Results:
    return als.load_results(OLD / "sweep")


def test_the_numbers_of_an_old_ensemble_are_those_stored(ensemble: als.Ensemble) -> None:
    expected = EXPECTED["ensemble"]
    np.testing.assert_array_equal(ensemble.data["cohesion"], expected["cohesion"])
    np.testing.assert_allclose(ensemble.decisions()["adopted"], expected["adopted"])
    assert ensemble.sql(MARGINS)["margin"].tolist() == expected["margin"]
    assert ensemble.keep == "trace" and np.isfinite(ensemble.data["position"]).all()


def test_the_scenario_of_an_old_ensemble_has_the_current_names_of_parameters(ensemble: als.Ensemble) -> None:
    assert ensemble.scenario.parameters == {current_name("confidence_bound"): 0.6}


@pytest.mark.parametrize("kind", ["ensemble", "sweep"])
def test_queries_on_an_old_folder_find_renamed_columns(kind: str) -> None:
    views, note = open_views(OLD / kind)
    assert note == ""
    assert query.frame(views, MARGINS)["margin"].tolist() == EXPECTED[kind]["margin"]
    columns = query.frame(views, "DESCRIBE traces")["column_name"].tolist()
    assert "margin" in columns and "room" not in columns


def test_the_numbers_of_an_old_sweep_are_those_stored(results: als.Results) -> None:
    expected = EXPECTED["sweep"]
    assert results.note == "" and results.status["state"].eq("done").all()
    assert results.frame("runs")["cohesion"].tolist() == expected["cohesion"]
    assert results.sql(MARGINS)["margin"].tolist() == expected["margin"]
    assert results.data["cohesion"].shape == (1, 2, 2, 6)


def test_parameters_of_an_old_sweep_have_their_current_names(results: als.Results) -> None:
    points = {current_name(name): values for name, values in EXPECTED["sweep"]["points"].items()}
    assert results.points.names == tuple(points)
    for column, values in zip(results.points.values.T, points.values(), strict=True):
        np.testing.assert_array_equal(column, values)
    experiment = results.experiment
    assert tuple(experiment.uncertainties) == tuple(points)
    assert set(experiment.constants) == {current_name("loss_exponent")}
    assert experiment.scenario.parameters == {current_name("confidence_bound"): 0.6}
    runs = results.frame("runs").groupby("point").first()
    for name, values in points.items():
        assert runs[name].tolist() == values
    assert set(points) <= set(results.data.coords)


def test_every_file_of_an_old_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in OLD.rglob("*") if path.is_file()) < 300_000


def test_a_parameter_that_was_renamed_is_a_column_under_its_current_name(monkeypatch: pytest.MonkeyPatch) -> None:
    varied = tuple(EXPECTED["sweep"]["points"])
    monkeypatch.setattr(sweeps, "current_name", lambda name: "a_new_name" if name == varied[0] else name)
    results = sweeps.open_results(OLD / "sweep")
    assert results.points.names == ("a_new_name", *varied[1:])
    found = results.sql("SELECT DISTINCT point, a_new_name FROM runs ORDER BY point")
    assert found["a_new_name"].tolist() == EXPECTED["sweep"]["points"][varied[0]]
    assert varied[0] not in results.frame("runs")
