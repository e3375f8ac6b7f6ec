"""How long an ensemble takes, beside a yardstick that is measured in the same processes.

Every measurement is a process of its own, with the compiled model in the cache; numbers of threads alternate, and what
is reported are medians over the rounds. The yardstick, matrix products on one thread, tells machines apart.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

SCENARIO = "us_russia_reset_2025"
DRAWS = 1000
THREADS = (1, 2)

WORKER = """
import json, sys, time
started = time.perf_counter()
import alliance_sim
imported = time.perf_counter()
alliance_sim.simulate(sys.argv[1], draws=1)
first = time.perf_counter()
ensemble = alliance_sim.simulate(sys.argv[1], draws=int(sys.argv[2]))
done = time.perf_counter()
import numpy as np
matrix = np.random.default_rng(0).normal(size=(512, 512)) / 512**0.5
product = matrix
before = time.perf_counter()
for _ in range(200):
    product = product @ matrix
after = time.perf_counter()
print(json.dumps({
    "import": imported - started,
    "first_result": first - started,
    "ensemble": done - first,
    "yardstick": after - before,
    "months": len(ensemble.months),
}))
"""


def measure(threads: int) -> dict[str, float]:
    """Return seconds by what took them, from a new process."""
    alone = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", WORKER, SCENARIO, str(DRAWS)],
        env=os.environ | alone | {"NUMBA_NUM_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def benchmark(rounds: int) -> dict[str, Any]:
    """Return the medians over so many rounds."""
    measure(max(THREADS))  # compiles where nothing is in the cache
    runs: dict[int, list[dict[str, float]]] = {threads: [] for threads in THREADS}
    for _ in range(rounds):
        for threads in THREADS:
            runs[threads].append(measure(threads))

    def median(name: str, *of: int) -> float:
        return statistics.median(run[name] for threads in of for run in runs[threads])

    yardstick = median("yardstick", *THREADS)
    return {
        "scenario": SCENARIO,
        "draws": DRAWS,
        "months": int(runs[THREADS[0]][0]["months"]),
        "rounds": rounds,
        "import_s": median("import", *THREADS),
        "first_result_s": median("first_result", *THREADS),
        "yardstick_s": yardstick,
        "threads": {
            str(threads): {
                "ensemble_s": median("ensemble", threads),
                "per_draw_ms": 1000 * median("ensemble", threads) / DRAWS,
                # Each run by the yardstick of its own process, for machines whose speed wanders.
                "per_yardstick": statistics.median(run["ensemble"] / run["yardstick"] for run in runs[threads]),
            }
            for threads in THREADS
        },
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each kind (default 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    found = benchmark(arguments.rounds)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    print("{scenario}: {draws} draws of {months} months, medians of {rounds} rounds".format(**found))
    print("import alliance_sim          {import_s:8.3f} s".format(**found))
    print("first result, new process    {first_result_s:8.3f} s".format(**found))
    print("yardstick                    {yardstick_s:8.3f} s   (200 products of 512 x 512 matrices)".format(**found))
    for threads, times in found["threads"].items():
        print(
            f"ensemble, {threads} thread{'s' if threads != '1' else ' '}          {times['ensemble_s']:8.3f} s   "
            f"{times['per_draw_ms']:.3f} ms a draw, {times['per_yardstick']:.2f} yardsticks"
        )


if __name__ == "__main__":
    main()
