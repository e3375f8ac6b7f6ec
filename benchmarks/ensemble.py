"""Time of an ensemble, and of a reference computation in the same processes.

Every measurement is a separate process, with the compiled model in the cache; numbers of threads alternate, and medians
over the rounds are reported. The reference, matrix products on one thread, makes machines comparable.
"""

from __future__ import annotations

import statistics
from functools import partial
from typing import Any

import measure

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


def benchmark(rounds: int) -> dict[str, Any]:
    """Return medians over `rounds` rounds."""
    run = partial(measure.in_a_process, "-c", WORKER, SCENARIO, str(DRAWS), **measure.ONE_BLAS_THREAD)
    run(threads=max(THREADS))  # compiles if the cache is empty
    runs: dict[int, list[dict[str, float]]] = {threads: [] for threads in THREADS}
    for _ in range(rounds):
        for threads in THREADS:
            runs[threads].append(run(threads=threads))

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
                # Relative to the reference of the same process, for machines whose speed varies.
                "per_yardstick": statistics.median(run["ensemble"] / run["yardstick"] for run in runs[threads]),
            }
            for threads in THREADS
        },
    }


def main() -> None:
    """Measure and print."""
    arguments = measure.arguments_of(measure.options(__doc__, rounds=5))
    found = benchmark(arguments.rounds)
    print("{scenario}: {draws} draws of {months} months, medians of {rounds} rounds".format(**found))
    print("import alliance_sim          {import_s:8.3f} s".format(**found))
    print("first result, new process    {first_result_s:8.3f} s".format(**found))
    print("reference                    {yardstick_s:8.3f} s   (200 products of 512 x 512 matrices)".format(**found))
    for threads, times in found["threads"].items():
        print(
            f"ensemble, {threads} thread{'s' if threads != '1' else ' '}          {times['ensemble_s']:8.3f} s   "
            f"{times['per_draw_ms']:.3f} ms a draw, {times['per_yardstick']:.2f} times the reference"
        )
    measure.save(found, arguments.json)


if __name__ == "__main__":
    main()
