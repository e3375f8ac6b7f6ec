"""Mutated experiment files: each is refused with a message or has points and variants, and none takes long."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import work
from alliance_sim.errors import InputError
from alliance_sim.experiments import list_experiments, load_experiment
from alliance_sim.experiments.design import points
from alliance_sim.experiments.schema import KEYS, METHODS
from alliance_sim.registry.parameter_names import parameter_names
from alliance_sim.scenarios import list_scenarios
from alliance_sim.scenarios.schema import KEYS as SCENARIO_KEYS
from mutations import changed, changes

ORIGINALS = [load_experiment(name).text for name in list_experiments()]
#: Calls of functions that reading one file may take.
CALLS = 1_000_000
#: Points that are laid out; larger designs are only read.
POINTS = 5_000

VALUES = st.one_of(
    st.sampled_from([*METHODS, *list_scenarios(), *parameter_names(), "full", "short", "nac-2025-10"]),
    st.sampled_from([None, True, "", "a" * 1000, "../x.yaml", "\0", "\x1b[2J", "é", [], {}, [{}], {"a": {}, "b": {}}]),
    st.sampled_from([0, 1, -1, 2**63, 10**30, 0.0, 1e-300, 1e308, float("inf"), float("nan")]),
    st.integers(-300, 300),
    st.floats(0, 1),
    st.builds(
        lambda kind, values: {kind: values}, st.sampled_from(list(KEYS["uncertainties"])), st.lists(st.floats(0, 1))
    ),
)
NAMES = st.sampled_from(
    sorted({*(name for keys in (KEYS | SCENARIO_KEYS).values() for name in keys), *parameter_names()})
)
CHANGES = changes(NAMES, VALUES)


def fuzz(count: int, path: Path) -> int:
    """Read `count` mutated files; return how many were accepted."""
    accepted = 0

    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.builds(changed, st.sampled_from(ORIGINALS), CHANGES))
    def judge(content: bytes) -> None:
        nonlocal accepted
        path.write_bytes(content)
        try:
            with work.at_most(CALLS):
                experiment = load_experiment(path)
        except InputError as error:
            lines = str(error).splitlines()
            assert lines and all(line.startswith(f"{path}:") and line.isprintable() for line in lines)
            return
        accepted += 1
        assert len(experiment.variants()) * experiment.points * experiment.replications == experiment.runs
        if experiment.points <= POINTS:
            values = points(experiment).values
            assert values.shape == (experiment.points, len(experiment.uncertainties))
            for column, prior in zip(values.T, experiment.priors().values(), strict=True):
                assert np.isfinite(column).all() and prior.low <= column.min() and column.max() <= prior.high

    judge()
    return accepted


def test_mutated_files_are_refused_with_a_message_or_accepted(tmp_path: Path) -> None:
    assert fuzz(150, tmp_path / "mutated.yaml") > 5


@pytest.mark.full
def test_many_mutated_files_are_refused_with_a_message_or_accepted(tmp_path: Path) -> None:
    assert fuzz(5_000, tmp_path / "mutated.yaml") > 200
