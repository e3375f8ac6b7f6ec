"""A month compared with the machine's limit: counted arithmetic and bytes, and rates measured in the same run.

Everything runs on one thread, measurements alternate, and the median, lowest and highest of the rounds are reported.
The limit is the rate of matrix products and of copies within the cache of a core. The tables are explained in
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import measure

SCENARIO = "us_russia_reset_2025"
ALLIES, ISSUES = 32, 9

# Operations of the core's series (core/elementary.py): additions, multiplications, divisions.
EXP, LOG = 28, 26
LOGISTIC = EXP + 2
POWER = EXP + LOG + 1
HALVING = POWER + 1
#: Consensus capacity: items of the fixed agenda, and texts that the chair tries of each until no other can be better
#: (11 at most; mean over the scenario without its meetings, 64 draws).
ITEMS, TEXTS = 4, 5.3
#: Rounds of consultation before a body decides, of which each takes a product with its weights.
ROUNDS = 4
#: One text before n voters: losses 3 each, thresholds 9, chances 2 + EXP + 2; a patron and a spread, the same for all.
PER_VOTER, PER_TEXT = 3 + 9 + 4 + EXP, LOGISTIC + 20
EU_SHARE = 23 / 32

Formula = Callable[[int, int], float]


def seating(n: float) -> float:
    """Return the operations that make the weights of a body of n out of those of the alliance."""
    return 3 * n * n


def consultation(n: float) -> float:
    """Return the operations of a consultation on one issue."""
    return ROUNDS * (2 * n * n + 3 * n) + 2 * n


def nothing(n: int, k: int) -> float:
    """Return zero: most mechanisms use no random numbers."""
    return 0


@dataclass(frozen=True)
class Count:
    """Operations, numbers read or written, and random numbers of a mechanism in a month, for n allies and k issues.

    `flops` are additions, subtractions, multiplications, divisions and square roots of the model's formulas, each once;
    comparisons, extrema and absolute values are free, and so are fixed half-lives; work that only events cause is not
    counted, and work of one month in twelve by a twelfth. `words` are numbers of 8 bytes read or written, each once per
    mechanism, as if intermediate values stayed in registers.
    """

    name: str
    flops: Formula
    words: Formula
    what: str
    numbers: Formula = nothing
    observed: bool = False


#: The steps of a month in order, then its outcomes. Meetings depend on the calendar and are not counted.
COUNTS = (
    Count("voices", lambda n, k: n * n + n * (LOG + EXP + 2), lambda n, k: 2 * n * n + 2 * n,
          "a power of each standing; standing x affinity for each pair"),
    Count("influence weights", lambda n, k: 2 * k * n * n + 5 * n * n + 3 * k * n, lambda n, k: 2 * n * n + k * n,
          "1 - |x|**2 / 2 - |y|**2 / 2 + x y (2k + 1), weight, sum and normalisation (4) for each ordered pair"),
    Count("Washington", lambda n, k: 3 * k + 50, lambda n, k: n + 3 * k,
          "three decaying stocks, the mixture of the two principals, their salience; remarks against allies"),
    Count("signals", lambda n, k: HALVING + 12 + n * (EXP + 2), lambda n, k: 2 * n,
          "two decaying stocks; an exponential for each ally's reading (redrawn only after private talks)"),
    Count("threat perception", lambda n, k: 2 * n * n + 22 * n, lambda n, k: n * n + 9 * n,
          "threat of the others (2 for each pair); level, conduct, hybrid campaigns, shock (22 for each ally)",
          numbers=lambda n, k: n),
    Count("guarantee", lambda n, k: 15 * n + 36, lambda n, k: 8 * n, "loss and recovery of confidence"),
    Count("wishes", lambda n, k: 6 * k * n + 10 * n + 14 * k, lambda n, k: k * n + 6 * n + 9 * k,
          "three displacements for each ally and issue, and the norm"),
    Count("coupling", lambda n, k: 3 * k * n + k, lambda n, k: 2 * k * n + k, "towards the issue that leads"),
    Count("influence step", lambda n, k: 2 * k * n * n + 2 * k * n + n, lambda n, k: n * n + 3 * k * n + n,
          "the product with the weights (2kn2), the anchor"),
    Count("positions", lambda n, k: k * n, lambda n, k: 3 * k * n, "anchor and displacement"),
    Count("spending", lambda n, k: n * (10 + 35 / 12) + 2, lambda n, k: n * (7 + 13 / 12),
          "pressure and capability; a new budget once a year"),
    Count("support for Ukraine", lambda n, k: 29 * n + 50, lambda n, k: 10 * n,
          "wish, aid, fatigue; totals, and those of arms"),
    Count("deterrence", lambda n, k: 2 * n + 10, lambda n, k: 3 * n, "capability made available"),
    Count("Russia and Ukraine", lambda n, k: n + 60, lambda n, k: n, "stocks of the world; positions softened",
          numbers=lambda n, k: 1),
    Count("norms", lambda n, k: 3 * k, lambda n, k: 3 * k, "towards the level adopted"),
    Count("agreement", lambda n, k: 5 * k * n + 9 * n + 20, lambda n, k: k * n + 8 * n,
          "weighted mean deviation on each issue; means over members", observed=True),
    Count("consensus capacity",
          lambda n, k: 4 * n + seating(n) + ITEMS * (4 * n + consultation(n) + TEXTS * (PER_VOTER * n + PER_TEXT)),
          lambda n, k: n * n + 3 * n + ITEMS * 2 * n,
          f"{ITEMS} items, of each a consultation and {TEXTS} texts; the table stays in the cache", observed=True),
    Count("sanctions",
          lambda n, k: (
              seating(EU_SHARE * n) + consultation(EU_SHARE * n)
              + EU_SHARE * n * (8 + PER_VOTER + 2 + LOGISTIC + 3) + PER_TEXT
          ),
          lambda n, k: (EU_SHARE * n) ** 2 + 5 * EU_SHARE * n,
          "a consultation and one text before the EU, and who would object", observed=True),
    Count("camps", lambda n, k: 5 * n, lambda n, k: 2 * n, "gaps between neighbours; the camps themselves are few",
          observed=True),
    Count("isolation", lambda n, k: n + 25, lambda n, k: n, "weight of Washington", observed=True),
)  # fmt: skip


def total(counts: tuple[Count, ...], n: int = ALLIES, k: int = ISSUES) -> dict[str, float]:
    """Return the flops, bytes and random numbers of some mechanisms together."""
    return {
        "flops": sum(count.flops(n, k) for count in counts),
        "bytes": 8 * sum(count.words(n, k) for count in counts),
        "numbers": sum(count.numbers(n, k) for count in counts),
    }


def named(*names: str) -> tuple[Count, ...]:
    """Return the rows with these names."""
    return tuple(count for count in COUNTS if count.name in names)


#: Timed parts, and their rows of the table; None if not counted.
PARTS: dict[str, tuple[str, tuple[Count, ...] | None]] = {
    "step": ("influence step", named("influence step")),
    "weights": ("influence weights", named("influence weights")),
    "numbers": (f"{ALLIES} random numbers", None),
    "month": ("month, no outcomes, no meetings", tuple(count for count in COUNTS if not count.observed)),
    "observed": ("month and outcomes, no meetings", COUNTS),
    "meetings": ("month, outcomes and meetings", None),
}


def seconds(rounds: int, quick: bool) -> dict[str, list[float]]:
    """Return seconds by round: per flop of a product, per byte of a copy, and of each part."""
    import numpy as np

    import loops
    from alliance_sim import load_scenario
    from alliance_sim.compile import CompiledScenario, compile_scenario
    from alliance_sim.core.constants import STANDING_WEIGHT
    from alliance_sim.core.kernel import new_scratch
    from alliance_sim.core.structures import US, AllyInput, AllyState, Param
    from peers.inputs import reduced

    # Each measurement takes some hundredths of a second, a quick one much less.
    size, memory, draws, times = (1024, 2**24, 64, 20_000) if not quick else (64, 2**16, 2, 100)
    whole, quiet = compile_scenario(load_scenario(SCENARIO)), compile_scenario(reduced())

    # The state on which parts are timed: the first draw at the end of the scenario.
    block = whole.block(0, 0, 1, "final")
    whole.run(block, 0)
    states, shared, params = block.states, whole.shared, block.inputs.params[0]
    issues, n = states.position.shape[1:]
    standing, scratch = states.ally[0, AllyState.standing], new_scratch(n, issues)
    base = standing[:, None] ** STANDING_WEIGHT * shared.affinity
    base[US] *= states.ally[0, AllyState.guarantee_confidence]
    scratch.wish[...] = states.displacement[0]
    row, matrix = np.zeros(n), np.random.default_rng(0).normal(size=(size, size))
    product, far = np.empty_like(matrix), np.ones((2, memory))
    near = np.ones((2, n * n))  # a matrix of weights

    def multiply() -> None:
        np.matmul(matrix, matrix, out=product)

    def month(program: CompiledScenario, keep: str) -> float:
        taken = measure.run_seconds(program, partial(program.block, 0, 0, draws, keep), 0)
        return taken / draws / len(program.months)

    def loop(work: Callable[..., None], times: int, *arguments: object) -> Callable[[], float]:
        work(1, *arguments)  # compiles
        return lambda: measure.fastest(partial(work, times, *arguments)) / times

    rest = scratch.issue_major
    weigh = (scratch.weights, states.position[0], base, shared.weight, params[Param.confidence_bound], rest)
    loops.weighings(1, *weigh)
    susceptibility = block.inputs.ally_input[0, AllyInput.susceptibility]
    step = (states.displacement[0], scratch.wish, scratch.weights, susceptibility, rest[: 2 * issues])
    takers: dict[str, Callable[[], float]] = {
        "flop": lambda: measure.fastest(multiply) / (2 * size**3),
        "near_byte": loop(loops.copies, times, *near),
        "far_byte": loop(loops.copies, 1, *far),
        "step": loop(loops.steps, times, *step),
        "weights": loop(loops.weighings, times, *weigh),
        "numbers": loop(loops.numbers, times, row, shared.ally_ident),
        "month": lambda: month(quiet, "final"),
        "observed": lambda: month(quiet, "monthly"),
        "meetings": lambda: month(whole, "monthly"),
    }
    found: dict[str, list[float]] = {name: [] for name in takers}
    for _ in range(rounds):
        for name, take in takers.items():
            found[name].append(take())
    for name, array in (("near_byte", near), ("far_byte", far)):
        found[name] = [taken / array.nbytes for taken in found[name]]  # bytes read and written
    # Where the last month alone is kept, just that month has outcomes.
    months = len(quiet.months)
    found["month"] = [
        (months * final - monthly) / (months - 1)
        for final, monthly in zip(found["month"], found["observed"], strict=True)
    ]
    return found


def benchmark(rounds: int, quick: bool) -> dict[str, Any]:
    """Return the counts, and measurements over `rounds` rounds."""
    arguments = ["--rounds", str(rounds), *(["--quick"] if quick else [])]
    taken = measure.in_a_process(__file__, "--worker", "seconds", *arguments, **measure.ONE_BLAS_THREAD)
    parts = {}
    for name, (label, counts) in PARTS.items():
        parts[name] = {"label": label, "seconds": measure.spread(taken[name])}
        if counts:
            needed = total(counts)
            # Round by round, for machines whose speed varies.
            limits = [
                max(needed["flops"] * flop, needed["bytes"] * byte)
                for flop, byte in zip(taken["flop"], taken["near_byte"], strict=True)
            ]
            parts[name] |= needed | {
                "flops_per_second": measure.spread(needed["flops"] / s for s in taken[name]),
                "of_product": measure.spread(
                    needed["flops"] * flop / s for flop, s in zip(taken["flop"], taken[name], strict=True)
                ),
                "of_limit": measure.spread(limit / s for limit, s in zip(limits, taken[name], strict=True)),
            }
    return {
        "scenario": SCENARIO,
        "rounds": rounds,
        **measure.machine(),
        "allies": ALLIES,
        "issues": ISSUES,
        "counts": {count.name: total((count,)) | {"what": count.what, "observed": count.observed} for count in COUNTS},
        "rates": {
            "product_flops": measure.spread(1.0 / s for s in taken["flop"]),
            "copy_near": measure.spread(1.0 / s for s in taken["near_byte"]),
            "copy_far": measure.spread(1.0 / s for s in taken["far_byte"]),
        },
        "parts": parts,
    }


def show(found: dict[str, Any]) -> None:
    """Print tables."""
    print("Counted: a month of {allies} allies and {issues} issues".format(**found))
    print(f"{'':22}{'flops':>9}{'bytes':>9}{'numbers':>9}")
    for name, count in found["counts"].items():
        print(f"{name:22}{count['flops']:9,.0f}{count['bytes']:9,.0f}{count['numbers']:9,.0f}   {count['what']}")
    for name, label in (("month", "in all"), ("observed", "with outcomes")):
        part = found["parts"][name]
        print(f"{label:22}{part['flops']:9,.0f}{part['bytes']:9,.0f}{part['numbers']:9,.0f}")
    print("\nMeasured: one thread, medians of {rounds} rounds on {cpus} CPUs (load {load:.1f})".format(**found))
    print(", ".join(f"{name} {version}" for name, version in found["versions"].items()))
    print(f"{'':34}{'median':>9}{'low':>9}{'high':>9}")
    for name, label in (
        ("product_flops", "matrix products, Gflop/s"),
        ("copy_near", "copies in the cache, GB/s"),
        ("copy_far", "copies out of it, GB/s"),
    ):
        print(f"{label:34}" + "".join(f"{value / 1e9:9.1f}" for value in found["rates"][name].values()))
    print(
        f"\n{'':34}{'ns: median':>11}{'low':>9}{'high':>9}{'Gflop/s':>9}{'of products':>13}{'low':>7}{'high':>7}"
        f"{'of the limit':>14}"
    )
    for part in found["parts"].values():
        line = f"{part['label']:34}{1e9 * part['seconds']['median']:11,.0f}"
        line += "".join(f"{1e9 * part['seconds'][which]:9,.0f}" for which in ("low", "high"))
        if "flops" in part:
            share = part["of_product"]
            line += f"{part['flops_per_second']['median'] / 1e9:9.2f}{share['median']:13.1%}"
            line += f"{share['low']:7.1%}{share['high']:7.1%}{part['of_limit']['median']:14.1%}"
        print(line)


# Vectorisation of the loops.

_REMARK = re.compile(r"^remark: (?P<file>\S+\.py):(?P<line>[1-9]\d*):\d+: (?P<said>.*)$")
_VECTOR = re.compile(r"vectorized loop \(vectorization width: (?P<width>\d+)")
_REASON = re.compile(r"loop not vectorized: (?P<why>[^.]+)")
#: Remarks on loops that are vectorised already, or that could be unrolled further.
_NO_REASON = re.compile("already been vectorized|interleaving")
_ARITHMETIC = re.compile(r"^\s+v?(?:add|sub|mul|div|sqrt|max|min|fn?m(?:add|sub)\d*)(?P<form>[ps]d)\s(?P<operands>.*)$")


def vectorised() -> dict[str, Any]:
    """Compile the month with line numbers; return the compiler's remarks on each loop, and the instructions by width.

    Must run in a separate process with a separate cache: code from the cache cannot be inspected.
    """
    import llvmlite.binding as llvm

    for kind in ("pass-remarks", "pass-remarks-missed", "pass-remarks-analysis"):
        llvm.set_option("", f"-{kind}=loop-vectorize")
    from alliance_sim.compile import store_kernel
    from alliance_sim.core import influence, kernel

    with tempfile.TemporaryFile("w+") as remarks:
        errors = os.dup(2)
        os.dup2(remarks.fileno(), 2)  # LLVM writes to standard error
        try:
            store_kernel()
        finally:
            os.dup2(errors, 2)
        remarks.seek(0)
        said = remarks.read()
    listings = {
        name: function.inspect_asm(function.signatures[0])
        for name, function in (
            ("influence_step", influence.influence_step),
            ("confidence_weights", influence.confidence_weights),
            ("run_block", kernel.run_block),
        )
    }
    return {"loops": loops_of(said), "instructions": {name: widths_of(asm) for name, asm in listings.items()}}


def loops_of(said: str) -> list[dict[str, Any]]:
    """Return the loops of the compiler's remarks: vector widths, or reasons why a loop is scalar."""
    places: dict[tuple[str, int], tuple[set[int], set[str]]] = {}
    for found in filter(None, map(_REMARK.match, said.splitlines())):
        widths, reasons = places.setdefault((Path(found["file"]).name, int(found["line"])), (set(), set()))
        if vector := _VECTOR.match(found["said"]):
            widths.add(int(vector["width"]))
        elif (reason := _REASON.match(found["said"])) and not _NO_REASON.search(reason["why"]):
            reasons.add(reason["why"])
    return [
        {"file": file, "line": line, "widths": sorted(widths), "reasons": sorted(reasons)}
        for (file, line), (widths, reasons) in sorted(places.items())
    ]


def widths_of(assembly: str) -> dict[str, int]:
    """Count the instructions on doubles in an x86 listing: scalar ones, and packed ones by register."""
    widths = Counter({"scalar": 0, "xmm": 0, "ymm": 0, "zmm": 0})
    for found in filter(None, map(_ARITHMETIC.match, assembly.splitlines())):
        packed = re.search("%([xyz]mm)", found["operands"]) if found["form"] == "pd" else None
        widths[packed[1] if packed else "scalar"] += 1
    return dict(widths)


def show_vectorised(found: dict[str, Any]) -> None:
    """Print the vectorisation of the loops of the core, and its instructions."""
    from alliance_sim import core

    source = {path.name: path.read_text("utf-8").splitlines() for path in Path(core.__file__).parent.glob("*.py")}
    print("\nLoops of the core, as reported by the compiler (several reports if it is inlined in several functions)")
    for loop in found["loops"]:
        if loop["file"] in source:
            widths = " or ".join(map(str, loop["widths"]))
            said = f"{widths} at a time" if widths else "; ".join(loop["reasons"]) or "one by one"
            text = source[loop["file"]][loop["line"] - 1].strip()
            print(f"{loop['file'] + ':' + str(loop['line']):20}{text[:70]:72}{said}")
    print(
        f"\n{'Arithmetic on doubles':24}{'scalar':>8}{'xmm':>8}{'ymm':>8}{'zmm':>8}{'packed':>9}   (instructions, x86)"
    )
    for name, widths in found["instructions"].items():
        packed = 1.0 - widths["scalar"] / max(1, sum(widths.values()))
        print(f"{name:24}" + "".join(f"{count:8,}" for count in widths.values()) + f"{packed:9.0%}")


def main() -> None:
    """Measure and print."""
    parser = measure.options(__doc__, rounds=7)
    parser.add_argument("--quick", action="store_true", help="a small part of the work, as a test")
    parser.add_argument(
        "--vectorised", action="store_true", help="also compile again and report which loops are vectorised (minutes)"
    )
    parser.add_argument("--worker", choices=("seconds", "vectorised"), help=argparse.SUPPRESS)
    arguments = measure.arguments_of(parser)
    if arguments.worker == "seconds":
        print(json.dumps(seconds(arguments.rounds, arguments.quick)))
    elif arguments.worker:
        print(json.dumps(vectorised()))
    else:
        found = benchmark(arguments.rounds, arguments.quick)
        show(found)
        if arguments.vectorised:
            with tempfile.TemporaryDirectory() as cache:
                own = {"NUMBA_CACHE_DIR": cache, "NUMBA_DEBUGINFO": "1"}
                found["vectorised"] = measure.in_a_process(__file__, "--worker", "vectorised", **own)
            show_vectorised(found["vectorised"])
        measure.save(found, arguments.json)


if __name__ == "__main__":
    main()
