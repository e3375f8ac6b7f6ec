"""Runs in the background: first the model is compiled, then come a preview, the whole run, and one to compare with."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import cache

import solara
import solara.lab

from alliance_sim.errors import InputError
from alliance_sim.explorer.results import compute, preview
from alliance_sim.explorer.state import Request, Session
from alliance_sim.explorer.turns import Run, Step, Turns

_TURNS = Turns()

_Task = solara.lab.Task[[], Coroutine[object, object, None]]

_log = logging.getLogger("alliance_sim")


def use_run(session: Session) -> _Task:
    """Run the request of a session, again whenever it changes; the results go to the session."""
    request = session.request
    # Started while the page is drawn, in the order of changes: the threads of tasks may overtake each other.
    run = solara.use_memo(lambda: _TURNS.start(session), [request])

    async def job() -> None:
        await _run(request, run, session)

    def closing() -> Callable[[], None]:
        return lambda: _TURNS.end(session)

    solara.use_effect(closing, [])
    return solara.lab.use_task(job, dependencies=[request], raise_error=False)


def run_state(task: _Task, session: Session) -> str:
    """Return ``compiling``, ``computing``, ``failed`` or ``ready``."""
    if task.pending:
        return session.phase.value or "computing"
    return "failed" if task.error else "ready"


async def _run(request: Request, run: Run, session: Session) -> None:
    ready = warm_up()
    try:
        session.phase.value = "computing" if ready.done() else "compiling"
        await asyncio.shield(asyncio.wrap_future(ready))
        session.phase.value = "computing"
        for step in _steps(request, session):
            await asyncio.wrap_future(_TURNS.submit(run, step))
            session.version.value += 1
    except InputError:
        raise
    except Exception as error:
        _log.exception("the run failed: %s", request.command())
        # The page keeps the error, and its frames the arrays of the run.
        raise error.with_traceback(None) from None


def _steps(request: Request, session: Session) -> Iterator[Step]:
    """Yield what is to be computed, each after the last is done."""
    cache = session.cache
    yield lambda stopped: cache.store(preview(request, stopped))
    first = cache.view
    if first and first.draws < request.draws:
        yield lambda stopped: cache.store(compute(request, first, stopped))
    if request.levers and cache.reference() is None:
        yield lambda stopped: cache.store_reference(preview(replace(request, levers=()), stopped))


@cache
def warm_up() -> Future[None]:
    """Load and compile the model in a thread, once per process; return a future that is done when it is."""
    ready: Future[None] = Future()

    def work() -> None:
        try:
            from alliance_sim.simulation import simulate

            simulate("baseline_2025", draws=1, keep="final")
        except BaseException as error:
            # Every page that waits for the model gets the error.
            ready.set_exception(error)
        else:
            ready.set_result(None)

    # A daemon, so that an interrupt does not wait for the compiler.
    threading.Thread(target=work, name="warm-up", daemon=True).start()
    return ready
