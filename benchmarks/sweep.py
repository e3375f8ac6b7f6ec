"""What a sweep costs on top of its runs, how it scales over workers, and how much memory it takes.

Every measurement is a process of its own, with the compiled model in the cache; ways alternate, and what is reported
are medians over the rounds, in seconds of the clock. The bare ensemble is `simulate` with as many draws; a sweep does
the same runs at one draw of many points, or at many draws of some points, and writes them to a folder.
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
#: Design of a sweep: points, draws at each; `bare` is no sweep.
WAYS = {"bare": None, "many draws": (200, 100), "many points": (20_000, 1)}

WORKER = """
import json, resource, sys, tempfile, time
import alliance_sim as als
from alliance_sim.ensemble import first_months
from alliance_sim.experiments import Experiment

if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    scenario = first_months(als.load_scenario(order["scenario"]), order["months"])
    als.simulate(scenario, 10)
    if order["points"] is None:
        begun = time.perf_counter()
        als.simulate(scenario, order["draws"], keep="final")
    else:
        experiment = Experiment.validated({
            "name": "benchmark", "title": "t", "description": "d", "sources": ["none"], "scenario": scenario,
            "uncertainties": {"kappa": {"uniform": [0.04, 0.15]}, "omega": {"uniform": [0.0, 1.5]}},
            "design": {"points": order["points"]}, "replications": order["draws"],
        })
        first = []
        with tempfile.TemporaryDirectory(dir=order["folder"]) as folder:
            begun = time.perf_counter()
            als.sweep(
                experiment, folder + "/out", engine=order["engine"], workers=order["workers"],
                # A cluster takes a while to start, once; what is told first is that nothing is done yet.
                progress=lambda done, runs: first.append(time.perf_counter()),
            )
            if order["engine"] == "dask":
                begun = first[0]
    seconds = time.perf_counter() - begun
    with open("/proc/self/status") as status:
        (peak,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "peak_mb": peak / 1024}))
"""


def measure(folder: Path, **order: Any) -> dict[str, float]:
    """Return seconds and megabytes of a process that does as it is told."""
    script = folder / "worker.py"
    script.write_text(WORKER, "utf-8")
    order = {"scenario": SCENARIO, "engine": "local", "workers": None, "points": None, "folder": str(folder)} | order
    done = subprocess.run([sys.executable, script, json.dumps(order)], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def overhead(folder: Path, months: int, rounds: int) -> dict[str, Any]:
    """Return seconds of a bare ensemble and of sweeps of as many runs, and what they cost more."""
    runs: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, design in WAYS.items():
            points, draws = design or (None, 20_000)
            runs[way].append(measure(folder, months=months, points=points, draws=draws)["seconds"])
    seconds = {way: statistics.median(each) for way, each in runs.items()}
    ratios = {
        # Each by the bare ensemble of its own round, for machines whose speed wanders.
        way: statistics.median(each / bare for each, bare in zip(runs[way], runs["bare"], strict=True)) - 1.0
        for way in WAYS
        if way != "bare"
    }
    return {"months": months, "seconds": seconds, "overhead": ratios}


def scaling(folder: Path, months: int, rounds: int, most: int) -> dict[str, dict[str, float]]:
    """Return runs a second by engine and number of workers."""
    points, draws = WAYS["many draws"] or (0, 0)
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
    """Plot runs a second over workers."""
    from matplotlib.figure import Figure

    axes = (figure := Figure(figsize=(5, 3.5), layout="constrained")).subplots()
    for (engine, found), marker in zip(rates.items(), "os", strict=True):
        axes.plot([int(workers) for workers in found], list(found.values()), marker=marker, label=engine)
    first, last = rates["local"]["1"], max(map(int, rates["local"]))
    axes.plot([1, last], [first, first * last], "--", color="grey", label="in proportion")
    axes.set(xlabel="workers", ylabel="runs a second", xticks=range(1, last + 1), ylim=(0, None))
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind (default 3)")
    parser.add_argument("--months", type=int, default=6, help="months of a run (default 6: short ones)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="most workers (default: the cores)")
    parser.add_argument("--plot", type=Path, help="draw runs a second over workers")
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
        measure(folder, months=1, draws=1)  # compiles where nothing is in the cache
        found = overhead(folder, arguments.months, arguments.rounds)
        found["runs_a_second"] = scaling(folder, arguments.months, arguments.rounds, arguments.workers)
    if arguments.plot:
        draw(found["runs_a_second"], arguments.plot)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    print(f"20,000 runs of {arguments.months} months of {SCENARIO}, medians of {arguments.rounds} rounds")
    for way, seconds in found["seconds"].items():
        more = f"{found['overhead'][way]:+.1%}" if way in found["overhead"] else ""
        print(f"{way:<14}{seconds:8.2f} s  {more}")
    for engine, rates in found["runs_a_second"].items():
        for workers, rate in rates.items():
            print(f"{engine:<8}{workers:>3} {'worker' if workers == '1' else 'workers':<8}{rate:8,.0f} runs/s")


if __name__ == "__main__":
    main()
