"""Runs per second of an ensemble, compared with a fixed reduced model in Mesa, NumPy and JAX.

First every peer is run with the core's random numbers and must reproduce the core's outcomes. Then every measurement
is a separate process, the fastest of three runs after one that loads and compiles; implementations alternate, and the
median, lowest and highest over the rounds are reported. benchmarks/README.md describes the common model.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import measure

CHECKED_DRAWS = 4
TOLERANCE = 1e-9


Work = Callable[[int], None]


@dataclass(frozen=True)
class Contestant:
    """An implementation to be timed.

    `prepare` takes a number of draws and returns the function to be timed, itself a function of that number. The
    seconds of `overhead` draws are subtracted. `target` is the speed-up of alliance_sim over it that is aimed at.
    """

    label: str
    draws: int
    prepare: Callable[[int], Work]
    threads: int | None = None
    overhead: int = 0
    target: float | None = None


def ensemble(draws: int) -> Work:
    """Return an ensemble of alliance_sim; its time includes drawing parameters and actors."""
    from alliance_sim import simulate
    from peers.inputs import reduced

    scenario = reduced()
    return lambda draws: void(simulate(scenario, draws=draws, keep="monthly"))


def with_meetings(draws: int) -> Work:
    """Return an ensemble of the whole scenario, which no peer runs."""
    from alliance_sim import load_scenario, simulate
    from peers.inputs import SCENARIO

    scenario = load_scenario(SCENARIO)
    return lambda draws: void(simulate(scenario, draws=draws, keep="monthly"))


def mesa(draws: int, processes: int = 1) -> Work:
    """Return a batch of Mesa models."""
    from mesa import batch_run

    from peers.inputs import inputs
    from peers.mesa_model import Alliance

    months = inputs(draws).months - inputs(draws).spin_up

    def work(count: int) -> None:
        rows = batch_run(
            Alliance,
            {"draw": range(count), "draws": draws},
            number_processes=processes,
            data_collection_period=1,
            display_progress=False,
        )
        if len(rows) != count * months:
            raise RuntimeError("the batch did not run to its end")

    return work


def mesa_on_two(draws: int) -> Work:
    """Return a batch of Mesa models on two processes."""
    return mesa(draws, processes=2)


def numpy(draws: int, block: int = 256) -> Work:
    """Return blocks of draws in NumPy, of the fastest size."""
    import numpy as np

    from peers.inputs import inputs
    from peers.numpy_model import NumpyModel

    given = inputs(block)

    def work(draws: int) -> None:
        noise = np.random.default_rng(0)
        for _ in range(draws // block):
            NumpyModel(given, noise).run()

    return work


def jax(draws: int) -> Work:
    """Return all draws in JAX, compiled before."""
    from jax import block_until_ready, random

    from peers.inputs import inputs
    from peers.jax_model import compiled, drawn_arrays

    given = inputs(draws)
    run, drawn = compiled(given), drawn_arrays(given)
    return lambda draws: void(block_until_ready(run(drawn, random.split(random.key(0), draws))))


def void(_: object) -> None:
    """Discard a result."""


def seconds_of(contestant: Contestant) -> float:
    """Return the seconds of the fastest of three runs, after one that loads and compiles."""
    work = contestant.prepare(contestant.draws)
    work(1 if contestant.threads else contestant.draws)
    taken, overhead = (
        measure.fastest(partial(work, draws)) if draws else 0.0 for draws in (contestant.draws, contestant.overhead)
    )
    return taken - overhead


HAS_JAX = importlib.util.find_spec("jax") is not None
CONTESTANTS = {
    "ours_2": Contestant("alliance_sim, 2 threads", 1024, ensemble, threads=2),
    "ours_1": Contestant("alliance_sim, 1 thread", 512, ensemble, threads=1),
    "ours_2_with_meetings": Contestant("  with meetings, 2 threads", 1024, with_meetings, threads=2),
    "mesa": Contestant("Mesa, batch_run", 12, mesa, target=2000.0),
    # Each batch starts new processes, which takes as long as many draws.
    "mesa_2": Contestant("Mesa, batch_run on 2 processes", 34, mesa_on_two, overhead=2),
    "numpy": Contestant("NumPy, over draws", 512, numpy, target=15.0),
    "jax": Contestant("JAX, jit + vmap + scan", 1024, jax, target=4.0),
}


def check() -> dict[str, float]:
    """Return the largest difference of each peer's outcomes from the core's, for the same random numbers."""
    import numpy as np

    from alliance_sim import simulate
    from peers import mesa_model, numpy_model
    from peers.inputs import compared, core_noise, inputs, reduced

    given = inputs(CHECKED_DRAWS)
    noise = core_noise(given)
    core = compared(simulate(reduced(), draws=CHECKED_DRAWS, keep="monthly").output.outcomes)
    found = {"mesa": mesa_model.outcomes(given, noise), "numpy": numpy_model.NumpyModel(given, noise).run()}
    if HAS_JAX:
        from peers import jax_model

        found["jax"] = np.asarray(jax_model.outcomes(given, noise))
    return {name: float(np.abs(outcomes - core).max()) for name, outcomes in found.items()}


def benchmark(rounds: int) -> dict[str, Any]:
    """Return the results over `rounds` rounds."""
    worker = partial(measure.in_a_process, __file__, "--worker")
    differences = worker("check")
    wrong = {name: value for name, value in differences.items() if not value <= TOLERANCE}
    if wrong:
        raise SystemExit(f"not the same model: {wrong}")
    chosen = {name: contestant for name, contestant in CONTESTANTS.items() if HAS_JAX or name != "jax"}
    speeds: dict[str, list[float]] = {name: [] for name in chosen}
    for _ in range(rounds):
        for name, contestant in chosen.items():
            speeds[name].append((contestant.draws - contestant.overhead) / worker(name, threads=contestant.threads))

    found = {name: measure.spread(values) for name, values in speeds.items()}
    middle = {name: speed["median"] for name, speed in found.items()}
    return {
        "scenario": "us_russia_reset_2025 without meetings",
        "rounds": rounds,
        **measure.machine("mesa", *(("jax",) if HAS_JAX else ())),
        "largest_difference": differences,
        "contestants": {
            name: {
                "label": contestant.label,
                "draws": contestant.draws,
                "runs_per_second": found[name],
                "ours_2_over": middle["ours_2"] / middle[name],
                "ours_1_over": middle["ours_1"] / middle[name],
                "target": contestant.target,
            }
            for name, contestant in chosen.items()
        },
    }


def show(found: dict[str, Any]) -> None:
    """Print a table."""
    print("{scenario}: medians of {rounds} rounds on {cpus} CPUs (load {load:.1f})".format(**found))
    print(", ".join(f"{name} {version}" for name, version in found["versions"].items()))
    print(f"{'':34}{'runs/s':>14}{'low':>9}{'high':>9}{'2 threads':>11}{'1 thread':>10}{'target':>8}")
    for row in found["contestants"].values():
        speed = row["runs_per_second"]
        target = "" if row["target"] is None else f"{row['target']:.0f}x"
        met = "" if row["target"] is None else "  met" if row["ours_2_over"] >= row["target"] else "  missed"
        print(
            f"{row['label']:34}{speed['median']:14.1f}{speed['low']:9.1f}{speed['high']:9.1f}"
            f"{row['ours_2_over']:10.2f}x{row['ours_1_over']:9.2f}x{target:>8}{met}"
        )
    differences = ", ".join(f"{name} {value:.1e}" for name, value in found["largest_difference"].items())
    print(f"largest difference from the core's outcomes, same random numbers: {differences}")
    if not HAS_JAX:
        print("JAX is not installed: pip install -e '.[benchmarks]'")


def main() -> None:
    """Measure and print."""
    parser = measure.options(__doc__, rounds=5)
    parser.add_argument("--worker", choices=("check", *CONTESTANTS), help=argparse.SUPPRESS)
    arguments = measure.arguments_of(parser)
    if arguments.worker == "check":
        print(json.dumps(check()))
    elif arguments.worker:
        print(json.dumps(seconds_of(CONTESTANTS[arguments.worker])))
    else:
        found = benchmark(arguments.rounds)
        show(found)
        measure.save(found, arguments.json)


if __name__ == "__main__":
    main()
