"""Sweeps: every variant at every point with every draw, resumable at any time, the same bytes on any engine."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import filelock
import numpy as np
import pyarrow as pa

from alliance_sim import checks
from alliance_sim.compile import Keep, compile_scenario
from alliance_sim.errors import InputError
from alliance_sim.experiments import parts
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.engines import Engine, Workers, started
from alliance_sim.experiments.library import load_experiment
from alliance_sim.experiments.plan import FILE, Plan, Task, plan_of
from alliance_sim.experiments.results import Results, open_results
from alliance_sim.experiments.schema import Experiment, Variant
from alliance_sim.notebook import shown_progress
from alliance_sim.paths import local_path
from alliance_sim.results.stored import MANIFEST
from alliance_sim.results.views import Runs

__all__ = ["Progress", "Tables", "Work", "execute", "sweep"]

Tables = dict[str, pa.Table]
#: Computes the tables of a task; it is independent of files and engines.
Work = Callable[[Task], Tables]
#: Called with the number of runs done, and of all runs.
Progress = Callable[[int, int], None]

LOCK = ".lock"
#: All threads of this process.
LOCAL = Workers()


def sweep(
    experiment: str | Path | Mapping[str, object] | Experiment,
    out: str | Path,
    *,
    engine: Engine = "local",
    scheduler: str | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | Literal[False] | None = None,
) -> Results:
    """Run an experiment: every variant at every point with every draw; write the results to a folder.

    Parameters
    ----------
    experiment : str, Path, mapping or Experiment
        A bundled name, the path of a file, a mapping with its keys, or an experiment.
    out : str or Path
        A new or empty folder; with `resume`, the folder of a sweep that was interrupted.
    engine : str
        ``local`` (threads) or ``dask``. The results are the same to the byte. A script that uses ``dask`` without a
        scheduler keeps its own work below ``if __name__ == "__main__":``, since the processes of the cluster import
        it.
    scheduler : str, optional
        Address of a running Dask scheduler; without it a cluster of processes is started on this machine.
    workers : int, optional
        Threads or processes; default: ``NUMBA_NUM_THREADS``, which is the number of cores unless it was set.
    resume : bool
        Continue the sweep in the folder: run only the tasks that are not done, failed, or were damaged.
    progress : callable or False, optional
        Called from this thread with the number of runs done, and of all runs. Default: a bar in notebooks, which False
        leaves out.

    Returns
    -------
    Results

    Raises
    ------
    InputError
        If the experiment cannot be loaded, an argument is wrong, the folder holds something else, is in use or cannot
        be written, or the engine cannot be used. Tasks that were done are kept.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> results = als.sweep(experiment, "summits")
    >>> results
    <Results summits: complete>
    >>> len(results.variants), len(results.points.values), experiment.replications
    (6, 27, 2)
    """
    experiment, out = load_experiment(experiment), local_path(out)
    plan = plan_of(experiment)
    work = Simulation(experiment.variants(), plan.points, experiment.seed, experiment.keep)
    where = Workers(engine, scheduler, workers)
    with shown_progress(progress, "runs", plan.runs) as on_progress:
        work.compile()
        execute(plan, work, out, parts.expected_size(experiment), where=where, resume=resume, progress=on_progress)
    return open_results(out)


def execute(
    plan: Plan,
    work: Work,
    out: str | Path,
    size: int = 0,
    *,
    where: Workers = LOCAL,
    resume: bool = False,
    progress: Progress | None = None,
) -> None:
    """Compute the tasks of a plan and write their tables to a folder.

    Parameters
    ----------
    plan : Plan
    work : callable
        Returns the tables of a task by name; picklable for the engine ``dask``. If a run raises an error it becomes a
        row of the table ``failures`` (`scenario`, `draw`, `point`, `stage`, `type`, `message`, `traceback`).
    size : int
        Bytes that the results are going to take.
    where : Workers
    out, resume, progress
        As in `sweep`.

    Raises
    ------
    InputError
        As in `sweep`.

    Examples
    --------
    >>> def square(task):
    ...     rows = range(task.point0, task.point1)
    ...     return {"runs": pa.table({"draw": [0] * len(rows), "point": rows, "square": [row**2 for row in rows]})}
    >>> points = Points(("x",), np.arange(3.0)[:, None])
    >>> execute(Plan({}, {"a": {"rows": {"runs": 1}}}, points, replications=1), square, "squares")
    >>> (Path("squares") / "manifest.json").exists()
    True
    """
    folder = local_path(out).absolute()
    expected = parts.Expected.of(plan.document, plan.columns)
    with ExitStack() as engine:
        # First of all, since a wrong engine is to leave no folder.
        run = engine.enter_context(started(where))
        with _locked(folder, plan, size, resume), _counted(plan, folder, expected):
            with _writing(folder):
                left = [task for task in plan.tasks if not parts.is_done(folder, task, expected)]
                if left:
                    (folder / MANIFEST).unlink(missing_ok=True)
                for task in left:
                    parts.forget(folder, task.number)
            done = plan.runs - sum(task.runs for task in left)
            if progress:
                progress(done, plan.runs)
            try:
                # The engine ends here: what its workers still finish is counted.
                with engine, closing(run(_Job(work, folder, expected), left)) as finished:
                    for runs in finished:
                        done += runs
                        if progress:
                            progress(done, plan.runs)
                with _writing(folder):
                    parts.clear(folder, plan)
                    parts.complete(folder, plan)
            except InputError as error:
                if not folder.is_dir():
                    raise InputError(_missing(folder)) from None
                raise InputError(f"{error}\n{_kept(plan, folder, expected)}") from None


@contextmanager
def _counted(plan: Plan, folder: Path, expected: parts.Expected) -> Iterator[None]:
    """Let an interrupt say how many runs are kept."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_kept(plan, folder, expected)) from None


def _kept(plan: Plan, folder: Path, expected: parts.Expected) -> str:
    """Say what is on the disk, and not what was reported: tasks end after the last report, too."""
    if not folder.is_dir():
        return _missing(folder)
    kept = parts.kept_runs(folder, plan.tasks, expected)
    return f"{kept:,} of {plan.runs:,} runs are kept in {folder}; to go on: the same command with --resume"


def _missing(folder: Path) -> str:
    return f"{folder}: is missing; it was deleted or moved during the sweep, or a worker has no access to it"


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Raise errors of the disk as an `InputError` that names the folder."""
    try:
        yield
    except OSError as error:
        if not folder.is_dir():
            raise InputError(_missing(folder)) from None
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None


@contextmanager
def _locked(folder: Path, plan: Plan, size: int, resume: bool) -> Iterator[None]:
    """Write the plan to the folder of a sweep and lock it for this process."""
    begun = os.path.lexists(folder / FILE)
    own = (LOCK, f".{FILE}")  # what a sweep leaves that was killed before its plan was written
    if not begun and not (folder.is_dir() and all(path.name.startswith(own) for path in folder.iterdir())):
        checks.vacant(folder)
    checks.writable(folder / FILE, 0 if begun else size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK, timeout=0).acquire()
    except filelock.Timeout:
        raise InputError(f"{folder}: another process is running a sweep there; allowed: one at a time") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None
    with lock:
        if os.path.lexists(folder / FILE):
            if not resume:
                Plan.read(folder)
                raise InputError(
                    f"{folder}: holds a sweep already; allowed: --resume to go on with it, or a new folder"
                )
            plan.check(folder)
        parts.check_folders(folder, parts.Expected.of(plan.document))
        with _writing(folder):
            parts.begin(folder, plan)
        yield


@dataclass(frozen=True, eq=False)
class _Job:
    """The job of a sweep: compute the tables of a task and write them."""

    work: Work
    folder: Path
    expected: parts.Expected

    def __call__(self, task: Task) -> int:
        """Do a task and return the number of its runs."""
        if parts.is_done(self.folder, task, self.expected):
            return task.runs  # by a worker that died before it could report
        tables = self._tables(task)
        with _writing(self.folder):
            parts.write_part(self.folder, task.number, tables, self.expected.identity)
        return task.runs

    def _tables(self, task: Task) -> Tables:
        try:
            return self.work(task)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if task.runs == 1:
                return {parts.FAILURES: self._failure(task, error)}
        # The error is of one run: find it by halves, and keep the other runs.
        first, second = map(self._tables, task.halves())
        return {
            name: pa.concat_tables([half[name] for half in (first, second) if name in half])
            for name in {**first, **second}
        }

    def _failure(self, task: Task, error: Exception) -> pa.Table:
        row = {
            "scenario": self.expected.variants[task.variant][0],
            "draw": task.draw0,
            "point": task.point0,
            "stage": getattr(error, "stage", "run"),
            "type": type(error).__name__,
            "message": str(error),
            # Without the frames above, which differ between engines, and without paths, which differ between machines.
            "traceback": "".join(
                f"{Path(frame.filename).name}:{frame.lineno}: {frame.name}: {frame.line}\n"
                for frame in traceback.extract_tb(error.__traceback__)
            ),
        }
        return pa.Table.from_pylist([row])


@dataclass(frozen=True, eq=False)
class Simulation:
    """The work of a sweep: the runs of a task, as tables of the views."""

    variants: tuple[Variant, ...]
    points: Points
    seed: int
    keep: Keep

    def compile(self) -> None:
        """Compile all variants and the kernel in this thread, which can be interrupted."""
        for variant in self.variants:
            program = compile_scenario(variant.scenario)
        program.run(program.block(self.seed, 0, 0, self.keep), self.seed)

    def __call__(self, task: Task) -> Tables:
        """Return the tables of a task."""
        with _stage("compile"):
            variant = self.variants[task.variant]
            program = compile_scenario(variant.scenario)
            values = self.points.values[task.point0 : task.point1]
            points = dict(zip(self.points.names, values.T, strict=True))
            block = program.block(self.seed, task.draw0, task.draw1, self.keep, points)
        with _stage("run"):
            program.run(block, self.seed)
            if not np.isfinite(block.output.outcomes).all():
                raise FloatingPointError("an outcome is not finite")
        with _stage("tables"):
            program.mask_outsiders(block)
            runs = Runs.of_block(program, self.keep, block, task.point0, points, variant.options)
            return runs.tables()


@contextmanager
def _stage(name: str) -> Iterator[None]:
    """Note in an error at which stage it arose."""
    try:
        yield
    except Exception as error:
        error.stage = name  # type: ignore[attr-defined]
        raise
