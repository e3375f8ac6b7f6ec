"""Computations of all sessions, on one thread: sessions take turns, and a newer run of a session ends its older one.

However fast levers are moved, and in however many pages, one computation at a time is in memory, and each session has
at most one waiting.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

#: A computation that keeps its result itself; its argument returns True when it should stop.
Step = Callable[[Callable[[], bool]], None]


@dataclass(eq=False)
class Run:
    """What a session computes after a change, step by step; `step` is the last one submitted."""

    session: Hashable
    step: Future[None] = field(default_factory=Future)


def give_way() -> None:
    """Let the threads that serve pages go before this one and those that it starts, where the system can do that."""
    if sys.platform == "linux":  # elsewhere a priority is that of the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


class Turns:
    """The queue of all sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[Hashable, Run] = {}
        # In the order of turns; a step that was stopped keeps the turn for the next one of its session.
        self._waiting: dict[Hashable, tuple[Future[None], Step]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="explorer", initializer=give_way)

    def start(self, session: Hashable) -> Run:
        """Return a new run of a session, and stop its older one."""
        run = Run(session)
        with self._lock:
            older = self._runs.get(session)
            self._runs[session] = run
        if older:
            older.step.cancel()
        return run

    def end(self, session: Hashable) -> None:
        """Stop the run of a session that is closed."""
        with self._lock:
            run = self._runs.pop(session, None)
        if run:
            run.step.cancel()

    def submit(self, run: Run, step: Step) -> Future[None]:
        """Compute a step of a run when it is the session's turn; the future is cancelled when the run is stopped."""
        future: Future[None] = Future()
        with self._lock:
            if self._runs.get(run.session) is not run:
                future.cancel()
                return future
            run.step = future
            if run.session not in self._waiting:
                self._thread.submit(self._next)
            self._waiting[run.session] = future, step
        return future

    def _next(self) -> None:
        with self._lock:
            future, step = self._waiting.pop(next(iter(self._waiting)))
        if future.cancelled():
            return
        # The future is never marked as running, so that it can be cancelled until the end.
        with suppress(InvalidStateError):
            try:
                step(future.cancelled)
                future.set_result(None)
            except Exception as error:
                future.set_exception(error)
