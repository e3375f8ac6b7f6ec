"""However Python starts a process, and whatever ran before, it gives the same results."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import alliance_sim as als

METHODS = multiprocessing.get_all_start_methods()
#: What a worker does: a run on the pool of threads, a figure, a query; and the ensemble goes back to the parent.
WORK = """
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
import alliance_sim as als

def work(seed):
    ensemble = als.simulate("baseline_2025", draws=300, seed=seed, keep="monthly")
    ensemble.plot("cohesion", f"{os.getpid()}.png")
    return os.getpid(), ensemble, ensemble.sql("SELECT max(cohesion) AS mean FROM runs")["mean"].item()

if __name__ == "__main__":
    if sys.argv[2] == "after":
        work(7)
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        found = list(pool.map(work, [0, 1, 0, 1]))
    assert os.getpid() not in {pid for pid, _, _ in found}
    for seed, (_, ensemble, mean) in zip([0, 1, 0, 1], found, strict=True):
        _, expected, expected_mean = work(seed)
        assert ensemble.output.outcomes.tobytes() == expected.output.outcomes.tobytes()
        assert ensemble.summary().equals(expected.summary()) and mean == expected_mean
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", METHODS)
def test_workers_give_the_results_of_the_parent(method: str, when: str, tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(WORK, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "work.py", method, when], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_forked_while_another_thread_runs_draws_runs_its_own(tmp_path: Path) -> None:
    """Locks that a thread of the parent holds are never released in the child."""
    context = multiprocessing.get_context("fork")
    expected = als.simulate("baseline_2025", draws=20).output.outcomes.tobytes()

    def fork(done: int) -> None:
        if not pools:
            pools.append(ProcessPoolExecutor(1, mp_context=context))
            results.append(pools[0].submit(_outcomes))

    pools: list[ProcessPoolExecutor] = []
    results: list[object] = []
    als.simulate("baseline_2025", draws=1000, progress=fork, chunk=50)
    assert results[0].result(timeout=300) == expected
    pools[0].shutdown()


def _outcomes() -> bytes:
    return als.simulate("baseline_2025", draws=20).output.outcomes.tobytes()
