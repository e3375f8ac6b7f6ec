"""Instructions per draw, and a check of their growth.

Seconds vary with the machine and its load. Instructions, counted by valgrind in code compiled for a fixed CPU, do not.
The count is the difference between a longer and a shorter run, so that the start cancels out. `history.csv` has a row
for every recorded state. The rules are in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import BaseModel, Field, PositiveFloat, PositiveInt, ValidationError

from ensemble import SCENARIO, benchmark
from measure import ONE_BLAS_THREAD

ROOT = Path(__file__).resolve().parents[1]
HISTORY = ROOT / "benchmarks" / "history.csv"
CHANGELOG = ROOT / "CHANGELOG.md"

FEW, MANY = 16, 80
ALLOWED = 1.1
SECONDS = 600

LOADED = f"""
import os, subprocess, sys, time
from alliance_sim import simulate
simulate("{SCENARIO}", draws=1, keep="monthly")
"""
#: Counting begins when everything is loaded: loading under the counter takes twice as long as all the rest. The program
#: sleeps until vgdb has switched it on, because interrupting it from outside is not possible on every machine.
COUNTED = f"""{LOADED}
order = subprocess.Popen(["vgdb", f"--pid={{os.getpid()}}", "--max-invoke-ms=0", "instrumentation", "on"])
while order.poll() is None:
    time.sleep(0.01)
if order.returncode:
    sys.exit(order.returncode)
simulate("{SCENARIO}", draws=int(sys.argv[1]), keep="monthly")
"""

#: Code without AVX: valgrind 3.19 lacks an AVX instruction that LLVM uses. With explicit features numba
#: does not detect those of the machine, which differ under valgrind, so that the cache is valid in both cases.
CPU = {"NUMBA_CPU_NAME": "x86-64-v2", "NUMBA_CPU_FEATURES": "+sse4.2"}


class Row(BaseModel):
    """A recorded state: seconds of 1,000 draws, and as machine factor the seconds of the reference computation."""

    date: dt.date
    change: str = Field(min_length=1)
    instructions_per_draw: PositiveInt
    seconds_1_thread: PositiveFloat
    seconds_2_threads: PositiveFloat
    machine_factor: PositiveFloat
    cores: PositiveInt


HEADER = list(Row.model_fields)


def history() -> list[Row]:
    """Read the recorded states, the oldest first; raise a ValueError with a line for each problem."""
    rows, problems = [], []
    with HISTORY.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if next(reader, []) != HEADER:
            raise ValueError(f"{HISTORY.name}:1: header: allowed: {','.join(HEADER)}")
        for cells in reader:
            where = f"{HISTORY.name}:{reader.line_num}"
            if len(cells) != len(HEADER):
                problems.append(f"{where}: {len(cells)} fields, allowed: {len(HEADER)}")
                continue
            try:
                rows.append(Row.model_validate_strings(dict(zip(HEADER, cells, strict=True))))
            except ValidationError as error:
                problems += [f"{where}: {each['loc'][0]}: {each['input']!r}: {each['msg']}" for each in error.errors()]
    if problems:
        raise ValueError("\n".join(problems))
    return rows


def run(*command: str) -> str:
    """Run Python, or Python under a tool, with code for the fixed CPU, on one thread; return its messages."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_") or k == "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        command,
        env=kept | CPU | ONE_BLAS_THREAD | {"NUMBA_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
        stderr=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed with status {done.returncode}:\n{done.stderr}")
    return done.stderr


def collected(report: str) -> int:
    """Return the number of instructions that callgrind reports."""
    found = re.search(r"^==\d+== Collected : (\d+)$", report, re.MULTILINE)
    if not found:
        raise RuntimeError(f"callgrind reports no count:\n{report}")
    return int(found[1])


def instructions_per_draw() -> int:
    """Count instructions, in half a minute; first compile the code for the fixed CPU if it is not in the cache."""
    if not shutil.which("valgrind") or platform.machine() not in ("x86_64", "AMD64"):
        raise RuntimeError("instructions are counted by valgrind on x86-64; this machine does not have both")
    run(sys.executable, "-c", LOADED)
    callgrind = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null")

    def counted(draws: int) -> int:
        return collected(run(*callgrind, sys.executable, "-c", COUNTED, str(draws)))

    with ThreadPoolExecutor() as pool:
        few, many = pool.map(counted, (FEW, MANY))
    return round((many - few) / (MANY - FEW))


def millions(count: int) -> str:
    """Return a count in millions, as in notes and messages."""
    return f"{count / 1e6:.2f}"


def complaint(last: Row, count: int, changelog: str) -> str | None:
    """Return a message if a count has grown by more than is allowed and the changelog has no note of it."""
    if count <= ALLOWED * last.instructions_per_draw:
        return None
    before, now = millions(last.instructions_per_draw), millions(count)
    section = re.search(r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    text = " ".join(section[1].split()) if section else ""
    for old, new in re.findall(r"from (\d+\.\d+) to (\d+\.\d+) million instructions a draw", text):
        # To a hundredth: other versions of Python count a little differently.
        if old == before and abs(1e6 * float(new) - count) <= 0.01 * count:
            return None
    return (
        f"{now} million instructions a draw, {count / last.instructions_per_draw - 1:.0%} more than the {before} of "
        f'"{last.change}", the last row of {HISTORY.name}; {ALLOWED - 1:.0%} are allowed. Make it cheaper, or say '
        f"under Unreleased in {CHANGELOG.name} why, with the words "
        f'"from {before} to {now} million instructions a draw".'
    )


def record(rows: list[Row], change: str, count: int, rounds: int = 5) -> None:
    """Measure the seconds of this state and append its row."""
    found = benchmark(rounds)
    row = Row(
        date=dt.date.today(),
        change=change,
        instructions_per_draw=count,
        # Milliseconds per draw are seconds per thousand draws.
        seconds_1_thread=round(found["threads"]["1"]["per_draw_ms"], 3),
        seconds_2_threads=round(found["threads"]["2"]["per_draw_ms"], 3),
        machine_factor=round(found["yardstick_s"], 3),
        cores=os.cpu_count() or 1,
    )
    with HISTORY.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(each.model_dump().values() for each in (*rows, row))


def main(arguments: list[str] | None = None) -> int:
    """Count, and check or record; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help=f"fail if they have grown since the end of {HISTORY.name}")
    what.add_argument("--record", metavar="CHANGE", help="check, and append a row with the change in a few words")
    given = parser.parse_args(arguments)
    if not given.check and not (given.record.strip() and given.record.isprintable()):
        parser.error("--record: allowed: a few words on one line")
    try:
        rows = history()
        if given.check and not rows:
            raise ValueError(f"{HISTORY.name}: no row to check against; --record writes one")
        count = instructions_per_draw()
    except (OSError, ValueError, RuntimeError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 2
    wrong = complaint(rows[-1], count, CHANGELOG.read_text(encoding="utf-8")) if rows else None
    if wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(f"{millions(count)} million instructions a draw")
    if given.record:
        record(rows, given.record, count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
