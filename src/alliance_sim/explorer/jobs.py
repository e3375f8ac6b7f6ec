"""Runs in the background: the model is compiled, then come a preview, the whole run, and why a decision ends so."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import solara
import solara.lab

from alliance_sim.errors import InputError
from alliance_sim.explorer.answers import comparison, futures
from alliance_sim.explorer.answers.futures import FIRST_FANS
from alliance_sim.explorer.request import Request
from alliance_sim.explorer.state import Session
from alliance_sim.explorer.stored import stored_answer
from alliance_sim.explorer.turns import Run, Step, Turns, give_way
from alliance_sim.registry.outcomes import OUTCOMES

if TYPE_CHECKING:
    from alliance_sim.results.ensemble import Ensemble

#: Seconds that a first page which is stored has the processors to itself, before the model is loaded.
FIRST_PAGE = 2.0

_TURNS = Turns()

_Task = solara.lab.Task[[], Coroutine[object, object, None]]

_log = logging.getLogger("alliance_sim")


def use_run(session: Session) -> _Task:
    """Run the request of a session, again whenever it changes; the results go to the session."""
    request = session.request
    solara.use_memo(lambda: _recall(request, session), [request])
    return _use_steps(session, "run", request, lambda: _steps(request, session))


def use_diagnosis(session: Session) -> _Task:
    """Find out why the decision looked at ends as it does, and what would restore consensus, after each whole run."""
    shown, asked = session.view, (session.request, session.item)
    whole = shown is not None and shown.request == session.request and shown.draws == shown.request.draws
    wanted = asked if whole and session.item and asked != session.diagnosed else None
    return _use_steps(session, "why", wanted, lambda: _diagnosis(*wanted, session) if wanted else iter(()))


def _recall(request: Request, session: Session) -> None:
    """Show the answer that is stored, if one is, until it has been computed."""
    shown = session.view
    if not (shown and shown.request == request) and (found := stored_answer(request)):
        view, session.diagnosis = found
        session.store(view)
        session.diagnosed = (request, view.item)


def use_comparison(session: Session) -> _Task:
    """Run the states that a session compares, again whenever they change; runs are kept while the page is open."""
    given = comparison.aligned(comparison.states(session.request, session.choice.value.pins))
    runs = solara.use_memo(lambda: futures.Runs(len(comparison.LETTERS)), [])

    def leaving() -> None:
        session.comparison = None
        runs.kept.clear()  # solara may keep the task of a page that is left

    solara.use_effect(lambda: leaving, [])
    return _use_steps(session, "compare", given, lambda: _comparison(given, runs, session))


def run_state(task: _Task, session: Session) -> str:
    """Return ``compiling``, ``computing``, ``failed`` or ``ready``."""
    if task.pending:
        return session.phase.value or "computing"
    return "failed" if task.error else "ready"


def _use_steps(session: Session, what: str, asked: object, steps: Callable[[], Iterator[Step]]) -> _Task:
    """Compute steps in turn with other sessions, from the first again whenever what is asked changes."""
    key = (session, what)
    # Started while the page is drawn, in the order of changes: the threads of tasks may overtake each other.
    work = solara.use_memo(lambda: _Work(_TURNS.start(key), steps()), [asked])

    async def job() -> None:
        await _finish(work, session, what)

    def closing() -> Callable[[], None]:
        return lambda: _TURNS.end(key)

    solara.use_effect(closing, [])
    return solara.lab.use_task(job, dependencies=[asked], raise_error=False)


class _Work:
    """Steps of a run, of which the next one is computed while the page is drawn with the result of the last."""

    def __init__(self, run: Run, steps: Iterator[Step]) -> None:
        self.run, self.steps = run, steps
        self.pending = self.next() if _loaded() else None

    def next(self) -> Future[None] | None:
        """Submit the next step; None after the last."""
        step = next(self.steps, None)
        return _TURNS.submit(self.run, step) if step else None


def _loaded() -> bool:
    return bool(warm_up.cache_info().currsize) and warm_up().done()


async def _finish(work: _Work, session: Session, what: str) -> None:
    try:
        if not _loaded():
            if session.view and session.view.stored:
                await asyncio.sleep(FIRST_PAGE)
            session.phase.value = "compiling"
            await asyncio.shield(asyncio.wrap_future(warm_up()))
        session.phase.value = "computing"
        pending = work.pending or work.next()
        while pending:
            await asyncio.wrap_future(pending)
            pending = work.next()
            session.version.value += 1
    except InputError:
        raise
    except Exception as error:
        _log.exception("%s failed: %s", what, session.request.command())
        # The page keeps the error, and its frames the arrays of the run.
        raise error.with_traceback(None) from None


def _steps(request: Request, session: Session) -> Iterator[Step]:
    """Yield what is to be computed, each after the last is done: the preview, the whole run, the other outcomes."""
    stop: Callable[[], bool] = lambda: False  # noqa: E731 - replaced by that of each step
    begun = time.perf_counter()
    runs = futures.pairs(request, lambda: stop())
    last: tuple[Ensemble, Ensemble]

    def answer(stopped: Callable[[], bool]) -> None:
        nonlocal stop, last
        stop = stopped
        last = next(runs)
        shown = session.view
        if shown and shown.request == request and shown.draws > last[0].draws:
            return  # a stored answer has more
        session.store(futures.view(request, *last, time.perf_counter() - begun, FIRST_FANS))

    def rest(stopped: Callable[[], bool]) -> None:
        shown = session.view
        if shown and shown.request == request:
            others = futures.fans(*last, [name for name in OUTCOMES if name not in FIRST_FANS])
            session.store(replace(shown, fans={**shown.fans, **others}))

    for _ in futures.stages(request):
        yield answer
    yield rest


def _comparison(given: tuple[Request, ...], runs: futures.Runs, session: Session) -> Iterator[Step]:
    stop: Callable[[], bool] = lambda: False  # noqa: E731 - replaced by that of each step
    made = comparison.comparisons(given, runs, lambda: stop())

    def one(stopped: Callable[[], bool]) -> None:
        nonlocal stop
        stop = stopped
        if found := next(made):
            session.comparison = found

    for _ in futures.stages(given[0]):
        for _ in given:
            yield one
    made.close()  # it holds the last runs


def _diagnosis(request: Request, item: str, session: Session) -> Iterator[Step]:
    def find(stopped: Callable[[], bool]) -> None:
        shown = session.view
        if shown and shown.request == request:
            session.diagnosis, session.diagnosed = futures.found_why(shown, item, stopped), (request, item)

    yield find


@cache
def warm_up() -> Future[None]:
    """Load and compile the model in a thread, once per process; return a future that is done when it is."""
    ready: Future[None] = Future()

    def work() -> None:
        give_way()
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
