"""Engines: they run tasks on the threads of this process, or on the workers of a Dask cluster.

An engine takes a job and tasks, and yields the return value for each task, in the order in which they end. Jobs write
their results to files themselves, so that little is sent between processes.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from alliance_sim.errors import InputError
from alliance_sim.experiments.plan import Task, environment
from alliance_sim.pool import in_chunks, threads

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Engine", "Workers"]

Engine = Literal["local", "dask"]
ENGINES: tuple[Engine, ...] = ("local", "dask")
#: Seconds to wait for a scheduler, and for the first of its workers.
PATIENCE = 10

#: Runs a task and returns the number of its runs.
Job = Callable[[Task], int]
#: Runs a job for all tasks and yields its return values.
Run = Callable[[Job, Sequence[Task]], Generator[int, None, None]]


@dataclass(frozen=True)
class Workers:
    """Where tasks run.

    Attributes
    ----------
    engine : str
        ``local`` (threads) or ``dask``, for which jobs have to be picklable.
    scheduler : str, optional
        Address of a running Dask scheduler; without it a cluster of processes is started on this machine.
    count : int, optional
        Threads or processes; default: ``NUMBA_NUM_THREADS``, which is the number of cores unless it was set.

    Examples
    --------
    >>> Workers("dask", count=2).engine
    'dask'
    """

    engine: Engine = "local"
    scheduler: str | None = None
    count: int | None = None


@contextmanager
def started(where: Workers) -> Iterator[Run]:
    """Start an engine and yield the function that runs jobs on it.

    Raises
    ------
    InputError
        If an argument is wrong, Dask is not installed, or the scheduler cannot be reached or has no workers; from the
        iterator, if a worker would compute other bits, or a task kills the workers it is given to. Errors of a job
        are raised from the iterator as well.
    """
    engine, scheduler, workers = where.engine, where.scheduler, where.count
    if engine not in ENGINES:
        raise InputError(f"engine: {engine!r} is unknown; allowed: {', '.join(ENGINES)}")
    if scheduler is not None and engine != "dask":
        raise InputError("scheduler: has no effect on local threads; allowed: with the engine dask")
    if scheduler is not None and workers is not None:
        raise InputError("workers: a scheduler has its own; allowed: without one")
    if workers is not None and not (isinstance(workers, int) and 1 <= workers <= threads()):
        raise InputError(f"workers: {workers!r} is out of range; allowed: 1 to {threads()}, set by NUMBA_NUM_THREADS")
    if engine == "local":
        yield lambda job, tasks: in_chunks(lambda i, _: job(tasks[i]), len(tasks), 1, workers)
        return
    with _client(scheduler, workers or threads()) as client:
        yield lambda job, tasks: _on_dask(client, job, tasks)


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Client]:
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise InputError(
            f"the engine dask needs {error.name}; install it with: pip install 'alliance_sim[cluster]'"
        ) from None
    if scheduler is None:
        with (
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                env={"NUMBA_NUM_THREADS": "1"},
                preload=[__name__],
                silence_logs=logging.CRITICAL,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    try:
        with ThreadPoolExecutor(1) as pool:  # since a notebook has a loop of its own
            pool.submit(asyncio.run, asyncio.wait_for(_identity(scheduler), PATIENCE)).result()
        client = distributed.Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError, TypeError, MemoryError) as error:  # what else answers there, and missing settings
        why = str(error).strip() or f"no answer within {PATIENCE} seconds"
        raise InputError(f"scheduler: {scheduler} cannot be reached ({why}); allowed: tcp://HOST:PORT") from None
    with _quiet(logging.getLogger("distributed.client")), client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise InputError(f"scheduler: {scheduler} has no workers; start one: dask worker {scheduler}") from None
        yield client


async def _identity(scheduler: str) -> None:
    """Ask a scheduler who it is: Dask's client waits without end for a server that accepts and does not answer."""
    import distributed

    async with distributed.rpc(scheduler) as remote:
        await remote.identity()


@contextmanager
def _quiet(log: logging.Logger) -> Iterator[None]:
    """Leave out messages of a log, which would be tracebacks beside the one message of ours."""
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def dask_setup(worker: object) -> None:
    """Leave Ctrl-C to the process that started the cluster: Dask calls this in each worker that preloads the module."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _on_dask(client: Client, job: Job, tasks: Sequence[Task]) -> Generator[int, None, None]:
    import distributed

    needed = dict(environment())
    waiting = iter(tasks)
    running: Any = distributed.as_completed()

    def refill() -> None:
        # A short queue, twice the number of threads, since workers may come and go.
        while running.count() < 2 * max(1, sum(client.nthreads().values())):
            task = next(waiting, None)
            if task is None:
                return
            running.add(client.submit(_on_worker, held, tuple(task), needed, pure=False))

    with _explained():
        # A task, not scattered data: it is computed again if its worker is lost.
        held = client.submit(pickle.loads, pickle.dumps(job), pure=False)
        refill()
        for future in running:
            try:
                runs = future.result()
            except distributed.scheduler.KilledWorker:
                raise InputError("dask: a task was given to several workers, and all of them died") from None
            yield runs
            refill()


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what a lost scheduler ends in as an `InputError`; a job raises none of these."""
    import distributed

    try:
        yield
    except (OSError, distributed.CancelledError):
        raise InputError("dask: the connection to the scheduler was lost") from None


def _on_worker(job: Job, task: Sequence[int], needed: Mapping[str, str]) -> int:
    """Run a job on a worker, which has to compute the same bits."""
    for name, value in environment().items():
        if value != needed[name]:
            raise InputError(f"dask: a worker has another {name}: {value}; allowed: {needed[name]}, as here")
    return job(Task(*task))
