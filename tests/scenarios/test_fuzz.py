"""Mutated scenario files: each is refused with a message or runs, and none takes long."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import work
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.events import EVENT_TYPES, SHIFTABLE
from alliance_sim.registry.forums import FORUMS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import parameter_names
from alliance_sim.scenarios import list_scenarios, load_scenario
from alliance_sim.scenarios.schema import KEYS
from alliance_sim.simulation import simulate
from mutations import changed, changes

LOW, HIGH = (np.array([getattr(outcome, end) for outcome in OUTCOMES.values()]) for end in ("low", "high"))
ORIGINALS = [(data_folder("scenarios") / f"{name}.yaml").read_bytes() for name in list_scenarios()]
#: Calls of functions that reading one file may take (the largest bundled file takes 100,000), and bytes of memory.
CALLS, MEMORY = 1_000_000, 500e6

#: Replacements of a value: some are valid elsewhere, some nowhere.
VALUES = st.one_of(
    st.sampled_from([*ALLIES, *FORUMS, *EVENT_TYPES, *ISSUES, *SHIFTABLE, *parameter_names(), *list_scenarios()]),
    st.builds(
        "{} {} {!r}".format, st.sampled_from(list(OUTCOMES)), st.sampled_from([">", "<=", "=="]), st.floats(0, 1)
    ),
    st.sampled_from(["2018-01", "2025-07", "2031-12", "2099-12", "washington_2018", "coalition", "qualified_majority"]),
    st.sampled_from([None, True, False, "", " ", "a" * 1000, "../x.yaml", "\0", "\x1b[2J", "é", "\N{SNOWMAN}", [], {}]),
    st.sampled_from([0, 1, -1, 2**63, 10**30, 0.0, -0.0, 1e-300, 1e308, -1e308, float("inf"), float("nan")]),
    st.integers(-300, 300),
    st.floats(0, 1),
    st.floats(),
    st.text(max_size=8),
    st.builds(
        lambda kind, values: {kind: values}, st.sampled_from(list(KEYS["parameters"])), st.lists(st.floats(0, 1))
    ),
)
NAMES = st.sampled_from(sorted({name for keys in KEYS.values() for name in keys} | {*parameter_names()}))
CHANGES = changes(NAMES, VALUES)
EDITS = st.lists(st.tuples(st.integers(0), st.integers(0, 30), st.binary(max_size=6)), min_size=1, max_size=6)


def edited(original: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Replace some bytes by others."""
    for at, length, put in edits:
        start = at % (len(original) + 1)
        original = original[:start] + put + original[start + length :]
    return original


FILES = st.builds(changed, st.sampled_from(ORIGINALS), CHANGES) | st.builds(edited, st.sampled_from(ORIGINALS), EDITS)


def judged(path: Path) -> bool:
    """Load and run a file; return whether it was accepted."""
    try:
        with work.at_most(CALLS):
            scenario = load_scenario(path)
    except InputError as error:
        lines = str(error).splitlines()
        assert lines and all(line.startswith(f"{path}:") and line.isprintable() for line in lines)
        return False
    ensemble = simulate(scenario, 2, keep="allies")
    assert np.isfinite(ensemble.output.outcomes).all()
    assert (ensemble.output.outcomes >= LOW).all() and (ensemble.output.outcomes <= HIGH).all()
    assert ensemble.decisions()["level_mean"].between(0.0, 1.0).all()
    return True


def fuzz(count: int, path: Path) -> int:
    """Judge `count` files; return how many were accepted."""
    accepted = 0

    @settings(max_examples=count, suppress_health_check=list(HealthCheck), database=None)
    @given(FILES)
    def each(content: bytes) -> None:
        nonlocal accepted
        path.write_bytes(content)
        accepted += judged(path)

    each()
    return accepted


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.full)])
def test_mutated_files_are_refused_or_run(count: int, tmp_path: Path) -> None:
    accepted = fuzz(count, tmp_path / "mutated.yaml")
    print(f"{accepted} of {count} accepted")
    assert accepted > count // 50


#: A process forked from this large one would count its memory as its own: a small one stands between them.
LAUNCHER = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "alliance_sim", *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def command(*arguments: str) -> tuple[int, str, int]:
    """Run a command; return its status, its text on stderr, and its peak of memory in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    status, peak = done.stdout.split()
    return int(status), done.stderr, int(peak)


@pytest.mark.parametrize("count", [2, pytest.param(200, marks=pytest.mark.full)])
def test_commands_on_mutated_files_end_well(count: int, tmp_path: Path) -> None:
    path = tmp_path / "mutated.yaml"
    command("run", "baseline_2025", "--draws", "2")  # compiled code is there
    peaks: list[int] = []

    @settings(max_examples=count, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate])
    @given(FILES)
    def each(content: bytes) -> None:
        path.write_bytes(content)
        statuses = []
        for arguments in (("check", str(path)), ("run", str(path), "--draws", "2")):
            status, said, peak = command(*arguments)
            assert "Traceback" not in said and bool(said) == (status == 2), said
            statuses.append(status)
            peaks.append(peak)
        assert statuses in ([0, 0], [2, 2])

    each()
    print(max(peaks) / 1e6, "MB")
    assert max(peaks) < MEMORY
