"""Overhead of a sweep over its runs, scaling over workers, and memory.

Every measurement is a separate process, with the compiled model in the cache; engines alternate, and medians over the
rounds are reported. The engine `bare` makes the same runs at the same points on the same threads and keeps nothing. On
a busy machine CPU time is more reliable than wall clock time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SCENARIO = "us_russia_reset_2025"
#: Designs of 20,000 runs: points, and draws per point.
DESIGNS = {"many draws": (200, 100), "many points": (20_000, 1)}

WORKER = """
import json, sys, tempfile, time
import alliance_sim as als
from alliance_sim.compile import compile_scenario
from alliance_sim.pool import in_chunks
from alliance_sim.simulation import first_months
from alliance_sim.experiments import Experiment
import alliance_sim.experiments.runner
from alliance_sim.experiments.design import points
from alliance_sim.experiments.plan import ROWS

if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    scenario = first_months(als.load_scenario(order["scenario"]), order["months"])
    als.simulate(scenario, 10)
    experiment = Experiment.validated({
        "name": "benchmark", "title": "t", "description": "d", "sources": ["none"], "scenario": scenario,
        "uncertainties": {"threat_reversion": {"uniform": [0.04, 0.15]}, "weakness_response": {"uniform": [0.0, 1.5]}},
        "design": {"points": order["points"]}, "replications": order["draws"],
    })
    points(experiment)  # loads SciPy
    begun, cpu = time.perf_counter(), time.process_time()
    if order["engine"] == "bare":
        program, design = compile_scenario(scenario), points(experiment)

        def work(point0, point1):
            values = dict(zip(design.names, design.values[point0:point1].T))
            program.run(program.block(0, 0, order["draws"], "final", values), 0)

        for _ in in_chunks(work, order["points"], max(1, ROWS // order["draws"])):
            pass
    else:
        reported = []
        with tempfile.TemporaryDirectory(dir=order["folder"]) as folder:
            als.sweep(
                experiment, folder + "/out", engine=order["engine"], workers=order["workers"],
                progress=lambda done, runs: reported.append(time.perf_counter()),
            )
            if order["engine"] == "dask":  # the start of the cluster is not timed
                begun = reported[0]
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    with open("/proc/self/status") as status:
        (peak,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak / 1024}))
"""


def measure(folder: Path, **order: Any) -> dict[str, float]:
    """Return wall clock seconds, CPU seconds and megabytes of a process with this order."""
    script = folder / "worker.py"
    script.write_text(WORKER, "utf-8")
    order = {"scenario": SCENARIO, "engine": "local", "workers": None, "folder": str(folder)} | order
    done = subprocess.run([sys.executable, script, json.dumps(order)], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def overhead(folder: Path, months: int, rounds: int) -> dict[str, Any]:
    """Return by design the seconds of bare runs and of a sweep of the same runs, and the overhead."""
    found: dict[str, Any] = {}
    for name, (points, draws) in DESIGNS.items():
        runs = [
            [measure(folder, months=months, points=points, draws=draws, engine=way) for way in ("bare", "local")]
            for _ in range(rounds)
        ]
        found[name] = {
            time: {
                "bare_s": statistics.median(bare[time] for bare, _ in runs),
                "sweep_s": statistics.median(sweep[time] for _, sweep in runs),
                # Relative to the bare runs of the same round, for machines whose speed varies.
                "overhead": statistics.median(sweep[time] / bare[time] for bare, sweep in runs) - 1.0,
            }
            for time in ("seconds", "cpu")
        }
    return found


def scaling(folder: Path, months: int, rounds: int, most: int) -> dict[str, dict[str, float]]:
    """Return runs per second by engine and number of workers."""
    points, draws = DESIGNS["many draws"]
    rates: dict[str, dict[str, float]] = {"local": {}, "dask": {}}
    for workers in range(1, most + 1):
        for engine, found in rates.items():
            each = [
                measure(folder, months=months, points=points, draws=draws, engine=engine, workers=workers)["seconds"]
                for _ in range(rounds)
            ]
            found[str(workers)] = points * draws / statistics.median(each)
    return rates


def draw(rates: dict[str, dict[str, float]], path: Path) -> None:
    """Plot runs per second over workers."""
    from matplotlib.figure import Figure

    axes = (figure := Figure(figsize=(5, 3.5), layout="constrained")).subplots()
    for (engine, found), marker in zip(rates.items(), "os", strict=True):
        axes.plot([int(workers) for workers in found], list(found.values()), marker=marker, label=engine)
    first, last = rates["local"]["1"], max(map(int, rates["local"]))
    axes.plot([1, last], [first, first * last], "--", color="grey", label="in proportion")
    axes.set(xlabel="workers", ylabel="runs per second", xticks=range(1, last + 1), ylim=(0, None))
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind (default 3)")
    parser.add_argument("--months", type=int, default=6, help="months of a run (default 6: short runs)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="most workers (default: number of cores)"
    )
    parser.add_argument("--plot", type=Path, help="plot runs per second over workers")
    parser.add_argument("--million", action="store_true", help="measure the memory of a million runs, and nothing else")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    if min(arguments.rounds, arguments.months, arguments.workers) < 1:
        parser.error("--rounds, --months, --workers: at least 1")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if arguments.million:
            found: dict[str, Any] = measure(folder, months=48, points=10_000, draws=100)
            print(json.dumps(found) if arguments.json else "{seconds:,.0f} s, {peak_mb:,.0f} MB".format(**found))
            return
        measure(folder, months=1, points=1, draws=1)  # compiles if the cache is empty
        found = {"months": arguments.months, "overhead": overhead(folder, arguments.months, arguments.rounds)}
        found["runs_a_second"] = scaling(folder, arguments.months, arguments.rounds, arguments.workers)
    if arguments.plot:
        draw(found["runs_a_second"], arguments.plot)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    print(f"20,000 runs of {arguments.months} months of {SCENARIO}, medians of {arguments.rounds} rounds")
    for name, times in found["overhead"].items():
        for time, unit in (("seconds", "s"), ("cpu", "s of CPU")):
            print(
                f"{name:<14}bare {times[time]['bare_s']:7.2f}, sweep {times[time]['sweep_s']:7.2f} {unit:<9}"
                f"{times[time]['overhead']:+.1%}"
            )
    for engine, rates in found["runs_a_second"].items():
        for workers, rate in rates.items():
            print(f"{engine:<8}{workers:>3} {'worker' if workers == '1' else 'workers':<8}{rate:8,.0f} runs/s")


if __name__ == "__main__":
    main()
