"""Runs in the background: the model is compiled first, a request waits for a moment, a newer one cancels it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import replace
from functools import cache

import solara.lab

from alliance_sim.errors import InputError
from alliance_sim.explorer.results import compute, preview
from alliance_sim.explorer.state import Request, Session

__all__ = ["run_state", "use_run", "warm_up"]

#: Seconds a lever has to rest before a run starts.
DEBOUNCE = 0.1

_Task = solara.lab.Task[[], Coroutine[object, object, None]]

_log = logging.getLogger("alliance_sim")


def use_run(session: Session) -> _Task:
    """Run the request of a session, again whenever it changes; the results go to the session."""
    request = session.request

    async def job() -> None:
        await _run(request, session)

    return solara.lab.use_task(job, dependencies=[request], raise_error=False)


def run_state(task: _Task, session: Session) -> str:
    """Return ``compiling``, ``computing``, ``failed`` or ``ready``."""
    if task.pending:
        return session.phase.value or "computing"
    return "failed" if task.error else "ready"


async def _run(request: Request, session: Session) -> None:
    """Store a preview, then the whole run, then what it compares with."""
    await asyncio.sleep(DEBOUNCE)
    stop = threading.Event()
    ready = warm_up()
    cache = session.cache
    try:
        session.phase.value = "computing" if ready.done() else "compiling"
        await asyncio.shield(asyncio.wrap_future(ready))
        session.phase.value = "computing"
        first = await asyncio.to_thread(preview, request, stop.is_set)
        cache.store(first)
        session.version.value += 1
        if first.draws < request.draws:
            cache.store(await asyncio.to_thread(compute, request, first, stop.is_set))
            session.version.value += 1
        if request.levers and cache.reference() is None:
            cache.store_reference(await asyncio.to_thread(preview, replace(request, levers=()), stop.is_set))
            session.version.value += 1
    except asyncio.CancelledError:
        stop.set()
        raise
    except InputError:
        raise
    except Exception:
        _log.exception("the run failed: %s", request.command())
        raise


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
