"""Work on draws, in chunks on one pool of threads that the whole process shares."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

__all__ = ["CHUNK", "Cancelled", "in_chunks", "threads"]

Part = TypeVar("Part")

#: Draws of a chunk: enough to make the overhead of a chunk small, few enough to stop soon after a cancellation.
CHUNK = 128


class Cancelled(Exception):
    """A run was stopped by its caller.

    Examples
    --------
    >>> import alliance_sim as als
    >>> try:
    ...     als.simulate("baseline_2018", draws=2, cancelled=lambda: True)
    ... except Cancelled:
    ...     print("stopped")
    stopped
    """


def in_chunks(
    work: Callable[[int, int], Part], draws: int, chunk: int, most: int | None = None
) -> Generator[Part, None, None]:
    """Run draws in chunks on the shared pool, and yield the result of each chunk as it ends.

    When the iterator is closed no chunk runs any more.

    Parameters
    ----------
    work : callable
        Called with the first draw of a chunk and the first draw after it.
    draws : int
    chunk : int
        Largest number of draws in a chunk.
    most : int, optional
        Largest number of chunks in the pool at a time; default: two for each thread.

    Examples
    --------
    >>> sum(in_chunks(lambda draw0, draw1: draw1 - draw0, 1000, 128))
    1000
    """
    pool, size = _pool()
    # The same number of chunks for each thread, all of about the same size.
    turns = max(1, math.ceil(draws / (size * chunk)))
    chunk = max(1, math.ceil(draws / (size * turns)))
    pending: set[Future[Part]] = set()
    draw0, running, closed = 0, 0, False
    idle = threading.Condition()

    def counted(begin: int, end: int) -> Part:
        nonlocal running
        with idle:
            if closed:
                raise Cancelled
            running += 1
        try:
            return work(begin, end)
        finally:
            with idle:
                running -= 1
                idle.notify()

    try:
        while draw0 < draws or pending:
            # A short queue: callers share the pool fairly, and there is little to cancel.
            while draw0 < draws and len(pending) < (most or 2 * size):
                pending.add(pool.submit(counted, draw0, min(draw0 + chunk, draws)))
                draw0 += chunk
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        # Counted where they run: an interrupt may come before a chunk in the pool is among those pending.
        with idle:
            closed = True
            idle.wait_for(lambda: running == 0)


def threads() -> int:
    """Return the number of threads of the shared pool.

    Examples
    --------
    >>> threads() >= 1
    True
    """
    return _pool()[1]


@cache
def _pool() -> tuple[ThreadPoolExecutor, int]:
    from numba import config

    threads = int(config.NUMBA_NUM_THREADS)
    return ThreadPoolExecutor(threads, thread_name_prefix="alliance_sim"), threads


if hasattr(os, "register_at_fork"):  # threads do not go with a forked process: it makes a pool of its own
    os.register_at_fork(after_in_child=_pool.cache_clear)
