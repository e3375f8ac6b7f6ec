"""Growth of time and memory with draws, months, allies, issues and threads, and the time to a first result.

Every point is a separate process that loads and compiles before it is timed; points alternate, and the median, lowest
and highest over the rounds are reported. An exponent is the slope of a line through the logarithms, with its standard
error: 1 is proportional growth. Memory is fitted by a constant and an amount per draw, month or ally. The axes are
described in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import measure

SCENARIO = "us_russia_reset_2025"
#: Draws of a block on the axes that do not vary them.
BLOCK_DRAWS = 16
#: Draws run before draws are timed, to start threads and allocate memory.
WARM_DRAWS = 1_000
#: Points with more draws than this are measured once.
MANY_DRAWS = 10_000
JITTER = 0.01

Work = Callable[[], float]


def ensemble(draws: int) -> Work:
    """Return an ensemble on all threads that keeps outcomes of the last month and all decisions in memory."""
    from alliance_sim import load_scenario, simulate

    run = partial(simulate, load_scenario(SCENARIO), keep="final")
    run(draws=WARM_DRAWS)
    return lambda: measure.fastest(partial(run, draws=draws), repeats=1)


def chunks(draws: int) -> Work:
    """Return the same chunks of draws without keeping results."""
    from alliance_sim import load_scenario
    from alliance_sim.compile import compile_scenario
    from alliance_sim.pool import CHUNK, in_chunks

    program = compile_scenario(load_scenario(SCENARIO))

    def work(draw0: int, draw1: int) -> int:
        block = program.block(0, draw0, draw1, "final")
        program.run(block, 0)
        return draw1 - draw0

    def run(draws: int) -> None:
        if sum(in_chunks(work, draws, CHUNK)) != draws:
            raise RuntimeError("some draws were not run")

    run(WARM_DRAWS)
    return lambda: measure.fastest(partial(run, draws), repeats=1)


def threads(count: int) -> Work:
    """Return an ensemble with monthly outcomes; the process was started with `count` threads."""
    from alliance_sim import simulate

    run = partial(simulate, SCENARIO, keep="monthly")
    run(draws=BLOCK_DRAWS)
    return lambda: measure.fastest(partial(run, draws=1024), repeats=1)


def months(count: int) -> Work:
    """Return months after the spin-up, on one thread, without meetings, with the events of those months."""
    from alliance_sim import Scenario
    from alliance_sim.compile import compile_scenario
    from alliance_sim.simulation import first_months
    from peers.inputs import reduced

    scenario = reduced()
    if count < scenario.months:
        scenario = first_months(scenario, count)
    program = compile_scenario(Scenario.validated({**dict(scenario), "months": count}))
    load_kernel(program)
    return partial(measure.run_seconds, program, partial(program.block, 0, 0, 4 * BLOCK_DRAWS, "monthly"), 0)


def allies(count: int) -> Work:
    """Return a run of copies of the real allies with small changes; all are members of all forums, without meetings."""
    return synthetic(allies=count)


def issues(count: int) -> Work:
    """Return a run of copies of the nine issues, all coupled to the leading one."""
    return synthetic(issues=count)


def synthetic(allies: int = 32, issues: int = 9) -> Work:
    """Return the kernel on one thread, with arrays extended to these numbers of allies and issues."""
    import numpy as np

    from alliance_sim.compile import compile_scenario
    from alliance_sim.core.structures import US, AllyInput, AllyState, IssueState, Outcome, Param, World
    from alliance_sim.registry.actors import ALLIES
    from alliance_sim.registry.issues import ISSUES
    from peers.inputs import reduced

    program = compile_scenario(reduced())
    load_kernel(program)
    tables = (Param, AllyInput, AllyState, World, IssueState, Outcome)
    clash = {len(ALLIES), len(ISSUES)} & {len(program.months), BLOCK_DRAWS, *map(len, tables)}
    if clash:
        raise RuntimeError(f"axes are ambiguous: several have the length {clash}")
    # The United States is not repeated.
    ally = np.concatenate([[US], 1 + np.arange(allies - 1) % (len(ALLIES) - 1)])
    issue = np.arange(issues) % len(ISSUES)

    def stretched(given: Any) -> Any:
        """Repeat allies and issues along every axis of their length."""

        def stretch(array: Any) -> Any:
            for axis, length in enumerate(np.shape(array)):
                if length in (len(ALLIES), len(ISSUES)):
                    array = np.take(array, ally if length == len(ALLIES) else issue, axis=axis)
            return array

        return type(given)(*map(stretch, given))

    shared = program._shared
    program = replace(
        program,
        _shared=stretched(shared)._replace(
            ally_ident=np.arange(allies, dtype=shared.ally_ident.dtype),
            member=np.ones((*shared.member.shape[:-1], allies), shared.member.dtype),
        ),
    )

    def block() -> Any:
        made = program.block(0, 0, BLOCK_DRAWS, "final")
        parts = {name: stretched(getattr(made, name)) for name in ("states", "inputs", "records", "output")}
        chance = np.random.default_rng(0)
        inputs = parts["inputs"]
        for values in (inputs.initial_position, inputs.ally_input[:, AllyInput.initial_threat]):
            values[:] = np.clip(values + chance.normal(0.0, JITTER, values.shape), 0.0, 1.0)
        return replace(made, **parts)

    return partial(measure.run_seconds, program, block, None)


def load_kernel(program: Any) -> None:
    """Load the compiled month, by running no draws."""
    program.run(program.block(0, 0, 0, "final"), 0)


@dataclass(frozen=True)
class Axis:
    """A quantity that varies, and its values. `prepare` takes a value and returns the function that measures it."""

    label: str
    values: tuple[int, ...]
    quick: tuple[int, ...]
    prepare: Callable[[int], Work]


CORES = os.cpu_count() or 1
AXES = {
    "draws": Axis("draws, last month kept", tuple(10**e for e in range(2, 10)), (20, 40), ensemble),
    "chunks": Axis("draws, nothing kept", tuple(10**e for e in range(2, 10)), (20, 40), chunks),
    "months": Axis("months", (12, 24, 48, 96, 192), (2, 4, 8), months),
    "allies": Axis("allies", (32, 64, 128, 256), (32, 64), allies),
    "issues": Axis("issues", (9, 18, 36), (9, 18), issues),
    "threads": Axis("threads", tuple(sorted({*(2**e for e in range(CORES.bit_length())), CORES})), (1,), threads),
}


def point(axis: str, value: int) -> dict[str, float]:
    """Return seconds, and the peak memory of this process before and after."""
    work = AXES[axis].prepare(value)
    before = peak()
    return {"seconds": work(), "before": before, "peak": peak()}


def peak() -> int:
    """Return the peak memory of this process so far, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def power_law(values: Iterable[float], results: Iterable[float]) -> dict[str, float | None]:
    """Return exponent and factor of a power law, and the exponent's standard error; None for too few points."""
    import numpy as np

    x, y = np.log(list(values)), np.log(list(results))
    if len(x) < 2:
        return {"exponent": None, "error": None, "factor": None}
    exponent, factor = np.polyfit(x, y, 1)
    error = float(np.sqrt(np.polyfit(x, y, 1, cov=True)[1][0, 0])) if len(x) > 2 else None
    return {"exponent": float(exponent), "error": error, "factor": float(np.exp(factor))}


def line(values: Iterable[float], results: Iterable[float]) -> dict[str, float | None]:
    """Return constant and slope of a line; None if there are too few points."""
    import numpy as np

    x, y = list(values), list(results)
    if len(x) < 2:
        return {"anyway": None, "each": None}
    each, anyway = np.polyfit(x, y, 1)
    return {"anyway": float(anyway), "each": float(each)}


def startup(cold: bool, rounds: int) -> dict[str, Any]:
    """Return the seconds of new processes: Python alone, the import, a list, and a first result."""
    command = [sys.executable, "-m", "alliance_sim"]
    first = [*command, "run", SCENARIO, "--draws", "10"]
    processes = {
        "Python alone": [sys.executable, "-c", "pass"],
        "import alliance_sim": [sys.executable, "-c", "import alliance_sim"],
        "alliance-sim list": [*command, "list"],
        "first result, 10 draws": first,
    }

    def seconds(command: list[str], **environment: str) -> float:
        run = partial(subprocess.run, command, env=os.environ | environment, stdout=subprocess.DEVNULL, check=True)
        return measure.fastest(run, repeats=1)

    taken: dict[str, list[float]] = {name: [] for name in processes}
    for _ in range(rounds):
        for name, process in processes.items():
            taken[name].append(seconds(process))
    if cold:
        with tempfile.TemporaryDirectory() as cache:
            taken["the same, empty cache"] = [seconds(first, NUMBA_CACHE_DIR=cache)]
    return {name: measure.spread(values) for name, values in taken.items()}


def growth(names: list[str], rounds: int, draws_up_to: int, quick: bool) -> dict[str, Any]:
    """Return points and fitted exponents of axes over `rounds` rounds."""
    values = {name: AXES[name].quick if quick else AXES[name].values for name in names}
    for name in {"draws", "chunks"} & values.keys():
        values[name] = tuple(value for value in values[name] if value <= draws_up_to)
    in_a_process = partial(measure.in_a_process, __file__, "--worker")
    if not quick:
        in_a_process("draws:1")  # compiles if the cache is empty
    taken: dict[str, dict[int, list[dict[str, float]]]] = {
        name: {value: [] for value in values[name]} for name in names
    }
    for turn in range(rounds):
        for name in names:
            for value in values[name]:
                if turn == 0 or value <= MANY_DRAWS:
                    own = {"threads": value} if name == "threads" else {}
                    taken[name][value].append(in_a_process(f"{name}:{value}", **own))
    found = {}
    for name in names:
        points = [
            {
                "value": value,
                "seconds": measure.spread(p["seconds"] for p in taken[name][value]),
                "peak_bytes": measure.spread(p["peak"] for p in taken[name][value]),
                "before_bytes": measure.spread(p["before"] for p in taken[name][value]),
            }
            for value in values[name]
        ]
        found[name] = {
            "label": AXES[name].label,
            "points": points,
            "time": power_law(values[name], (p["seconds"]["median"] for p in points)),
            "memory": line(values[name], (p["peak_bytes"]["median"] for p in points)),
        }
    return found


def show(found: dict[str, Any]) -> None:
    """Print tables of the measurements."""
    print("{scenario}: medians of {rounds} rounds on {cpus} CPUs (load {load:.1f})".format(**found))
    print(", ".join(f"{name} {version}" for name, version in found["versions"].items()))
    for axis in found["axes"].values():
        print(f"\n{axis['label']:24}{'s: median':>11}{'low':>10}{'high':>10}{'ms each':>10}{'peak MB':>10}{'new':>8}")
        for p in axis["points"]:
            seconds, most = p["seconds"], p["peak_bytes"]["median"]
            print(
                f"{p['value']:24,}{seconds['median']:11.4f}{seconds['low']:10.4f}{seconds['high']:10.4f}"
                f"{1e3 * seconds['median'] / p['value']:10.4f}{most / 1e6:10.1f}"
                f"{(most - p['before_bytes']['median']) / 1e6:8.1f}"
            )
        print(f"{'time':>24}  {exponent(axis['time'])}\n{'memory':>24}  {memory(axis['memory'])}")
    if "startup" in found:
        show_startup(found["startup"])


def show_startup(found: dict[str, Any]) -> None:
    """Print the times to a first result."""
    print(f"\n{'a new process':24}{'s: median':>11}{'low':>10}{'high':>10}")
    for name, seconds in found.items():
        print(f"{name:27}{seconds['median']:8.3f}{seconds['low']:10.3f}{seconds['high']:10.3f}")


def exponent(law: dict[str, float | None]) -> str:
    """Return an exponent with its standard error, as text."""
    if law["exponent"] is None:
        return "one point"
    error = "" if law["error"] is None else f" ± {law['error']:.2f}"
    return f"exponent {law['exponent']:.2f}{error}"


def memory(law: dict[str, float | None]) -> str:
    """Return a fitted line of memory, as text."""
    if law["anyway"] is None or law["each"] is None:
        return "one point"
    return f"{law['anyway'] / 1e6:.0f} MB + {law['each'] / 1e3:.2f} kB each"


def plot(found: dict[str, Any], path: Path) -> None:
    """Plot time against each axis and memory against draws, with the fitted lines."""
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    axes = found["axes"]
    panels = [(name, "time, s", "seconds", 1.0) for name in axes]
    panels += [(name, "memory, MB", "peak_bytes", 1e-6) for name in ("draws", "chunks") if name in axes]
    columns = min(4, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure, grid = plt.subplots(rows, columns, figsize=(3.3 * columns, 2.9 * rows), squeeze=False, layout="constrained")
    for panel, (name, label, key, scale) in zip(grid.flat, panels, strict=False):
        axis = axes[name]
        values = [p["value"] for p in axis["points"]]
        middle, low, high = ([scale * p[key][which] for p in axis["points"]] for which in ("median", "low", "high"))
        panel.vlines(values, low, high, color="C0", linewidth=1)
        panel.plot(values, middle, "o", color="C0", markersize=4)
        panel.set(xscale="log", yscale="log", xlabel=axis["label"], ylabel=label)
        time, memory_line = axis["time"], axis["memory"]
        panel.set_title(exponent(time) if key == "seconds" else memory(memory_line), fontsize=10)
        if len(values) > 1:
            x = np.geomspace(values[0], values[-1])
            power = time["factor"] * x ** time["exponent"]
            straight = memory_line["anyway"] + memory_line["each"] * x
            panel.plot(x, scale * (power if key == "seconds" else straight), color="0.6", zorder=1)
        if values[-1] < 1000:  # few enough to label each
            panel.xaxis.set(major_locator=FixedLocator(values), minor_locator=NullLocator())
            panel.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
        if max(high) < 10 * min(low):  # at least a decade, so that constant results look constant
            centre = math.sqrt(min(low) * max(high))
            panel.set_ylim(centre / math.sqrt(10), centre * math.sqrt(10))
    for panel in grid.flat[len(panels) :]:
        panel.set_axis_off()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    """Measure and print."""
    parser = measure.options(__doc__, rounds=3)
    parts = [*AXES, "startup"]
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, metavar="PART", help=", ".join(parts))
    parser.add_argument(
        "--draws-up-to", type=int, default=10**5, metavar="N", help="largest number of draws (default 100000)"
    )
    parser.add_argument("--plot", metavar="FILE", type=measure.writable, help="draw a figure (.png, .svg, .pdf)")
    parser.add_argument("--cold", action="store_true", help="also a first result with an empty cache (minutes)")
    parser.add_argument("--quick", action="store_true", help="a few small points, as a test")
    parser.add_argument("--worker", metavar="POINT", help=argparse.SUPPRESS)
    arguments = measure.arguments_of(parser)
    if arguments.worker:
        axis, value = arguments.worker.split(":")
        print(json.dumps(point(axis, int(value))))
        return
    if arguments.draws_up_to < AXES["draws"].values[0]:
        parser.error(f"--draws-up-to: at least {AXES['draws'].values[0]}")
    if arguments.plot and arguments.plot.suffix not in (".png", ".svg", ".pdf"):
        parser.error("--plot: a name that ends in .png, .svg or .pdf")
    names = [name for name in AXES if name in arguments.only]
    if arguments.plot and not names:
        parser.error("--plot: nothing to draw")
    found = {
        "scenario": SCENARIO,
        "rounds": arguments.rounds,
        **measure.machine(),
        "axes": growth(names, arguments.rounds, arguments.draws_up_to, arguments.quick),
    }
    if "startup" in arguments.only:
        found["startup"] = startup(arguments.cold, arguments.rounds)
    show(found)
    measure.save(found, arguments.json)
    if arguments.plot:
        plot(found, arguments.plot)


if __name__ == "__main__":
    main()
