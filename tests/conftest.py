import logging
import os
from pathlib import Path

import pytest
from hypothesis import settings

from alliance_sim.experiments import Experiment
from alliance_sim.experiments.runner import sweep

# Compiled code is slow on its first call: no example has a deadline. In CI every run tries the same examples.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

#: Two levers, of which one does nothing to spending; two uncertainties, of which one acts on nothing but concessions.
FIELDS = {
    "name": "small",
    "title": "a test",
    "description": "a test",
    "scenario": "baseline_2018",
    "sources": ["a test"],
    "uncertainties": {"spending_response_threat": {"uniform": [0.5, 4.0]}, "concession_gain": {"uniform": [0.1, 0.5]}},
    "levers": {
        "money": {"usual": {}, "more": {"parameters": {"pledge": 0.7, "targets_kept": 1.0}}},
        "talk": {"none": {}, "yes": {"parameters": {"voiced_share": 0.9}}},
    },
    "design": {"method": "lhs", "points": 40},
    "replications": 3,
    "seed": 2,
}


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are as wide as in a pipe, not as the terminal that the tests are started from."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def _logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the notices: libraries of other tests, such as the import linter, switch off what loggers there are."""
    monkeypatch.setattr(logging.getLogger("alliance_sim"), "disabled", False)


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small sweep of the model."""
    folder = tmp_path_factory.mktemp("swept") / "small"
    sweep(Experiment.validated(FIELDS), folder)
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty home folder, and work in another empty folder."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"
