"""Sweeps: every variant at every point with every draw, resumable at any time, the same bytes on any engine."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock
import numpy as np
import pyarrow as pa

from alliance_sim.compile import Keep, compile_scenario
from alliance_sim.errors import InputError
from alliance_sim.experiments import store
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.engines import Engine, started
from alliance_sim.experiments.library import load_experiment
from alliance_sim.experiments.plan import FILE, Plan, Task, plan_of
from alliance_sim.experiments.schema import Experiment, Variant
from alliance_sim.results.ensemble import check_vacant, check_writable
from alliance_sim.results.views import Runs

__all__ = ["Progress", "Simulation", "Tables", "Work", "execute", "sweep"]

Tables = dict[str, pa.Table]
#: What computes a task: tables by name. It knows nothing of files and engines.
Work = Callable[[Task], Tables]
#: Told of the runs that are done, and of all there are.
Progress = Callable[[int, int], None]

LOCK = ".lock"


def sweep(
    experiment: str | Path | Experiment,
    out: str | Path,
    *,
    engine: Engine = "local",
    scheduler: str | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> store.Results:
    """Run an experiment: every variant at every point with every draw, kept in a folder.

    Parameters
    ----------
    experiment : str, Path or Experiment
        A bundled name, the path of a file, or an experiment.
    out, engine, scheduler, workers, resume, progress
        As in `execute`. A script that uses the engine ``dask`` without a scheduler keeps its own work below
        ``if __name__ == "__main__":``, since processes that are started import it.

    Returns
    -------
    Results

    Raises
    ------
    InputError
        As in `execute`, and if the experiment cannot be loaded.
    """
    experiment = load_experiment(experiment)
    plan = plan_of(experiment)
    work = Simulation(experiment.variants(), plan.points, experiment.seed, experiment.keep)
    work.compile()
    execute(
        plan, work, out, store.size(experiment),
        engine=engine, scheduler=scheduler, workers=workers, resume=resume, progress=progress,
    )  # fmt: skip
    return store.open_results(out)


def execute(
    plan: Plan,
    work: Work,
    out: str | Path,
    size: int = 0,
    *,
    engine: Engine = "local",
    scheduler: str | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> None:
    """Have the tasks of a plan computed, and keep what they give in a folder.

    Parameters
    ----------
    plan : Plan
    work : callable
        Task to tables by name; picklable for the engine ``dask``. A run that it raises an error for becomes a row of
        the table ``failures`` (`scenario`, `draw`, `point`, `stage`, `type`, `message`, `traceback`).
    out : str or Path
        A new or empty folder; with `resume`, that of a sweep that was interrupted.
    size : int
        Bytes that it is going to take.
    engine, scheduler, workers
        Where it runs: see `engines.started`. The results are the same to the byte.
    resume : bool
        Go on with what is in the folder: run what has not succeeded yet, or was damaged.
    progress : callable, optional
        Called from this thread with the number of runs done and of all runs.

    Raises
    ------
    InputError
        If an argument is wrong, the folder holds something else, is in use or cannot be written, or the engine cannot
        be used. What was finished is kept.
    """
    folder = Path(out).absolute()
    with started(engine, scheduler, workers) as run, _locked(folder, plan, size, resume):
        left = [task for task in plan.tasks if not store.is_done(folder, task.number, plan.hash)]
        done = plan.runs - sum(task.runs for task in left)
        if progress:
            progress(done, plan.runs)
        if not left and store.is_complete(folder):
            store.clear(folder)
            return
        (folder / store.MANIFEST).unlink(missing_ok=True)
        for task in left:
            store.forget(folder, task.number)
        try:
            with closing(run(_Job(work, folder, plan.hash, tuple(plan.variants)), left)) as finished:
                for runs in finished:
                    done += runs
                    if progress:
                        progress(done, plan.runs)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_kept(done, plan, folder)) from None
        except InputError as error:
            raise InputError(f"{error}\n{_kept(done, plan, folder)}") from None
        store.clear(folder)
        store.complete(folder, plan)


def _kept(done: int, plan: Plan, folder: Path) -> str:
    return f"{done:,} of {plan.runs:,} runs are kept in {folder}; to go on: the same command with --resume"


@contextmanager
def _locked(folder: Path, plan: Plan, size: int, resume: bool) -> Iterator[None]:
    """Hold the folder of a sweep for this process, with its plan in it."""
    begun = (folder / FILE).exists()
    own = (LOCK, f".{FILE}")  # All there is when a kill came before the plan was written.
    if not begun and not (folder.is_dir() and all(path.name.startswith(own) for path in folder.iterdir())):
        check_vacant(folder)
    check_writable(folder / FILE, 0 if begun else size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / LOCK, timeout=0):
            if (folder / FILE).exists():
                if resume:
                    plan.check(folder)
                else:
                    Plan.read(folder)
                    raise InputError(
                        f"{folder}: holds a sweep already; allowed: --resume to go on with it, or a new folder"
                    )
            store.begin(folder, plan)
            yield
    except filelock.Timeout:
        raise InputError(f"{folder}: another process is running a sweep there; allowed: one at a time") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None


@dataclass(frozen=True, eq=False)
class _Job:
    """What is done with a task, wherever that is: compute its tables and write them."""

    work: Work
    folder: Path
    plan: str
    scenarios: tuple[str, ...]

    def __call__(self, task: Task) -> int:
        """Do a task and return the number of its runs."""
        if store.is_done(self.folder, task.number, self.plan):
            return task.runs  # by a worker that died before it could tell
        tables = self._tables(task)
        try:
            store.write_part(self.folder, task.number, tables, self.plan)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror or error})") from None
        return task.runs

    def _tables(self, task: Task) -> Tables:
        try:
            return self.work(task)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if task.runs == 1:
                return {store.FAILURES: self._failure(task, error)}
        # Others than the one that failed are as good as ever.
        first, second = map(self._tables, task.halves())
        return {
            name: pa.concat_tables([half[name] for half in (first, second) if name in half])
            for name in {**first, **second}
        }

    def _failure(self, task: Task, error: Exception) -> pa.Table:
        row = {
            "scenario": self.scenarios[task.variant],
            "draw": task.draw0,
            "point": task.point0,
            "stage": getattr(error, "stage", "run"),
            "type": type(error).__name__,
            "message": str(error),
            # From here on: what is above differs from engine to engine, and paths from machine to machine.
            "traceback": "".join(
                f"{Path(frame.filename).name}:{frame.lineno}: {frame.name}: {frame.line}\n"
                for frame in traceback.extract_tb(error.__traceback__)
            ),
        }
        return pa.Table.from_pylist([row])


@dataclass(frozen=True, eq=False)
class Simulation:
    """The work of a sweep: a task's runs of the model, as tables of the views."""

    variants: tuple[Variant, ...]
    points: Points
    seed: int
    keep: Keep

    def compile(self) -> None:
        """Compile all there is, in the thread that can be interrupted; what cannot be is refused."""
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
    """Tell where an error arose."""
    try:
        yield
    except Exception as error:
        error.stage = name  # type: ignore[attr-defined]
        raise
