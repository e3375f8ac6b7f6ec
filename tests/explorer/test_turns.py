import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future

import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim.explorer.turns import Turns
from alliance_sim.pool import Cancelled
from alliance_sim.simulation import simulate

Stopped = Callable[[], bool]
PATIENCE = 60


class Gate:
    """A step that begins, then waits until it is opened or stopped."""

    def __init__(self) -> None:
        self.begun, self.opened = threading.Event(), threading.Event()

    def __call__(self, stopped: Stopped) -> None:
        self.begun.set()
        while not self.opened.wait(0.005):
            if stopped():
                raise Cancelled


def held(turns: Turns) -> Gate:
    """Keep the queue busy with a step of another session."""
    gate = Gate()
    turns.submit(turns.start("another"), gate)
    assert gate.begun.wait(PATIENCE)
    return gate


def test_one_step_at_a_time_and_sessions_take_turns() -> None:
    turns, order = Turns(), list[str]()
    running, most = 0, 0

    def step(name: str) -> Callable[[Stopped], None]:
        def work(stopped: Stopped) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            order.append(name)
            running -= 1

        return work

    gate = held(turns)
    runs = {name: turns.start(name) for name in "abc"}
    first = {name: turns.submit(run, step(name)) for name, run in runs.items()}
    # "a" has many steps, each submitted when the last is done: the others do not wait for them.
    rest: list[Future[None]] = []
    all_submitted = threading.Event()

    def go_on(done: Future[None]) -> None:
        if len(rest) < 3:
            rest.append(turns.submit(runs["a"], step("a")))
            rest[-1].add_done_callback(go_on)
        else:
            all_submitted.set()

    first["a"].add_done_callback(go_on)
    gate.opened.set()
    assert all_submitted.wait(PATIENCE)
    assert "".join(order) == "abcaaa"
    assert most == 1


def test_a_newer_run_replaces_the_waiting_one_of_its_session_and_keeps_its_turn() -> None:
    turns, order = Turns(), list[str]()
    gate = held(turns)
    older = [turns.submit(turns.start("a"), lambda stopped, at=at: order.append(f"a{at}")) for at in range(50)]
    last = turns.submit(turns.start("b"), lambda stopped: order.append("b"))
    newest = turns.submit(turns.start("a"), lambda stopped: order.append("newest"))
    gate.opened.set()
    last.result(PATIENCE)
    newest.result(PATIENCE)
    assert order == ["newest", "b"]
    assert all(future.cancelled() for future in older)


def test_a_newer_run_stops_the_one_in_progress() -> None:
    turns, gate = Turns(), Gate()
    first = turns.submit(turns.start("a"), gate)
    assert gate.begun.wait(PATIENCE)
    turns.submit(turns.start("a"), lambda stopped: None).result(PATIENCE)
    assert first.cancelled() and not gate.opened.is_set()


def test_a_step_of_an_older_run_is_not_computed_however_late_it_comes() -> None:
    turns, order = Turns(), list[str]()
    older, newer = turns.start("a"), turns.start("a")
    gate = held(turns)
    wanted = turns.submit(newer, lambda stopped: order.append("newer"))
    late = turns.submit(older, lambda stopped: order.append("older"))
    gate.opened.set()
    wanted.result(PATIENCE)
    assert late.cancelled() and order == ["newer"]


def test_a_closed_session_computes_nothing_and_is_forgotten() -> None:
    class Session: ...

    turns, gate = Turns(), Gate()
    session = Session()
    run = turns.start(session)
    step = turns.submit(run, gate)
    assert gate.begun.wait(PATIENCE)
    turns.end(session)
    turns.end(session)
    assert step.cancelled() and turns.submit(run, gate).cancelled()
    seen = weakref.ref(session)
    del session, run, step
    turns.submit(turns.start("a"), lambda stopped: None).result(PATIENCE)
    gc.collect()
    assert seen() is None


def test_an_error_goes_to_the_run_and_the_next_step_is_computed() -> None:
    turns = Turns()

    def fail(stopped: Stopped) -> None:
        raise MemoryError("too large")

    with pytest.raises(MemoryError, match="too large"):
        turns.submit(turns.start("a"), fail).result(PATIENCE)
    turns.submit(turns.start("a"), lambda stopped: None).result(PATIENCE)


def test_arrays_of_a_stopped_run_are_freed() -> None:
    turns, held_by_run = Turns(), list[weakref.ref[object]]()
    begun = threading.Event()

    def work(stopped: Stopped) -> None:
        def stop_soon() -> bool:
            begun.set()
            return stopped()

        arrays = simulate("baseline_2018", 10, keep="final").output
        held_by_run.append(weakref.ref(arrays.outcomes))
        while True:
            simulate("baseline_2018", 500, keep="final", cancelled=stop_soon)

    first = turns.submit(turns.start("a"), work)
    assert begun.wait(PATIENCE)
    turns.submit(turns.start("a"), lambda stopped: None).result(PATIENCE)
    gc.collect()
    assert first.cancelled() and held_by_run[0]() is None
