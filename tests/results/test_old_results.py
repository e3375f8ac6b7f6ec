"""Folders of results written before decisions had asks and voiced objections are refused in plain words."""

from pathlib import Path

import pytest

import alliance_sim as als
from alliance_sim.cli.main import main
from alliance_sim.errors import InputError
from alliance_sim.experiments import results as sweeps
from alliance_sim.experiments.results import open_results, open_views
from alliance_sim.experiments.schema import Experiment

OLD = Path(__file__).parent / "old"
MESSAGES = {
    "ensemble": "results of layout 2, of another version of the model; allowed: 3; run it again",
    "sweep": "a sweep of layout 2, of another version of the model; allowed: 4; run it again, in a new folder",
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_an_old_folder_is_refused_by_all_that_read_one(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = f"{OLD / kind}: {MESSAGES[kind]}"
    for read in (als.load_results, open_views):
        with pytest.raises(InputError) as error:
            read(OLD / kind)
        assert str(error.value) == message
    with pytest.raises(SystemExit) as end:
        main(["query", str(OLD / kind), "SELECT count(*) FROM runs"])
    assert end.value.code == 2 and capsys.readouterr().err.strip().endswith(message)


def test_a_parameter_that_was_renamed_is_a_column_under_its_current_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    experiment = Experiment.validated(
        {
            "name": "small",
            "title": "t",
            "description": "d",
            "scenario": "baseline_2018",
            "sources": ["s"],
            "uncertainties": {"pledge": {"uniform": [0.3, 0.5]}, "threat_diffusion": {"uniform": [0.01, 0.05]}},
            "outcomes": ["cohesion"],
            "design": {"method": "lhs", "points": 2},
            "replications": 2,
        }
    )
    folder = als.sweep(experiment, tmp_path / "small").folder
    values = open_results(folder).points.values[:, 0].tolist()
    monkeypatch.setattr(sweeps, "current_name", lambda name: "a_new_name" if name == "pledge" else name)
    results = open_results(folder)
    assert results.points.names == ("a_new_name", "threat_diffusion")
    found = results.sql("SELECT DISTINCT point, a_new_name FROM runs ORDER BY point")
    assert found["a_new_name"].tolist() == values
    assert "pledge" not in results.frame("runs")
