"""Answers that take a while: computed on a thread, with one line that says how far they are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import reacton.ipyvuetify as rv
import solara
import solara.lab

from alliance_sim.errors import InputError
from alliance_sim.explorer.components.status import message

T = TypeVar("T")

#: One for all visitors: a table of all runs of an experiment is large, and two at a time could fill the memory.
_THREAD = ThreadPoolExecutor(1, thread_name_prefix="answers")

_log = logging.getLogger("alliance_sim")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """The last answer; `state` is ``computing`` while the next is on its way, ``failed`` if it failed, or ``ready``."""

    value: T | None
    state: str
    error: BaseException | None


def use_answer(make: Callable[[], T], key: list[object]) -> Answer[T]:
    """Compute an answer at first, and again whenever `key` changes."""
    nothing: T | None = None
    kept = solara.use_ref(nothing)

    # Errors are returned: those that are raised, solara prints with all frames, and a wrong number is no fault of ours.
    async def job() -> BaseException | None:
        try:
            kept.current = await asyncio.wrap_future(_THREAD.submit(make))
        except InputError as error:
            return error
        except Exception as error:
            _log.exception("no answer")
            return error.with_traceback(None)  # its frames hold tables
        return None

    task = solara.lab.use_task(job, dependencies=key, raise_error=False)
    error = cast("BaseException | None", task.value)
    return Answer(kept.current, "computing" if task.pending else "failed" if error else "ready", error)


@solara.component
def StateLine(what: str, answer: Answer[Any]) -> None:
    """Say that an answer is on its way, or why there is none; nothing when it is there."""
    pending = answer.state == "computing"
    with rv.Html(tag="div", class_="as-exper-progress", attributes={"data-state": answer.state}):
        if answer.state == "failed":
            rv.Html(tag="div", class_="as-error", attributes={"role": "alert"}, children=[message(answer.error)])
        with rv.Html(tag="p", class_=f"as-status as-exper-state as-{answer.state}", attributes={"role": "status"}):
            rv.Html(tag="span", children=[f"{what}…" if pending else ""])
