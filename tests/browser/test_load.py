"""Many sessions at once, each with a lever that moves all the time."""

import re
import sys
import time
from typing import Any

import pytest

from alliance_sim import load_scenario, simulate

pytestmark = [
    pytest.mark.browser,
    pytest.mark.full,
    pytest.mark.skipif(sys.platform != "linux", reason="reads memory and threads from /proc"),
]

SESSIONS = 20
#: Moves of each session, one every two seconds.
MOVES = 30
#: Sessions in one context of the browser, which share cookies and cached files.
TOGETHER = 5
SCENARIO, LEVER = "us_russia_reset_2025", "initial_autonomy"
#: kB that may stay in use after all sessions but the first have come and gone.
KEPT = 150 * 1024
#: Milliseconds that a page may take to show a result.
PATIENCE = 150_000

MOVE = """([lever, session, moves]) => {
    const input = document.querySelector(`[data-lever=${lever}] input`);
    const step = Number(input.step), low = Number(input.min);
    window.moving = new Promise(resolve => {
        let move = 0;
        const timer = setInterval(() => {
            move += 1;
            input.value = low + step * ((7 * session + 13 * move) % 100);
            input.dispatchEvent(new Event("input"));
            if (move === moves) { clearInterval(timer); resolve(); }
        }, 2000);
    });
}"""


def test_twenty_sessions_a_minute_each(own_server: Any, browser: Any, capsys: pytest.CaptureFixture[str]) -> None:
    figures: list[str] = []
    contexts: list[Any] = []

    def note(what: str) -> tuple[int, int]:
        memory, threads = own_server.status("RssAnon"), own_server.status("Threads")
        figures.append(f"{what}: {memory / 1024:.0f} MB, {threads} threads, {own_server.sessions()} sessions")
        return memory, threads

    def arrive(seed: int) -> Any:
        if seed % TOGETHER == 0:
            # Without animations: those of twenty pages would take the processors that the runs need.
            contexts.append(browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.goto(f"{own_server.url}/?draws={draws(seed)}&seed={seed}")
        settle(page, command(seed))
        return page

    pages = [arrive(0)]
    first, first_threads = note("first session")
    pages += [arrive(seed) for seed in range(1, SESSIONS)]
    note("all sessions")
    for seed, page in enumerate(pages):
        page.evaluate(MOVE, [LEVER, seed, MOVES])
    busiest = 0
    for page in pages:
        page.evaluate("() => window.moving")
        busiest = max(busiest, own_server.status("Threads"))
    note(f"after {SESSIONS * MOVES} moves, at most {busiest} threads")

    # Each session gets the result of its own last move.
    values = [float(page.locator(f"[data-lever={LEVER}] output").inner_text()) for page in pages]
    for seed, (page, value) in enumerate(zip(pages, values, strict=True)):
        settle(page, command(seed, value))
    shown = [endings(page) for page in pages]
    note(f"all results, {own_server.status('VmHWM') / 1024:.0f} MB at most")

    for context in contexts:
        context.close()
    while own_server.sessions():
        time.sleep(0.5)
    time.sleep(3)  # the server collects garbage a moment after a session ends
    for _ in range(60):  # and AnyIO ends its idle threads one by one, at later requests
        if own_server.status("Threads") <= first_threads + SESSIONS:
            break
        own_server.sessions()
        time.sleep(0.5)
    last, last_threads = note("all closed")
    with capsys.disabled():
        print("", *figures, sep="\n  ")
    assert shown == [computed(seed, value) for seed, value in enumerate(values)]
    assert last <= first + KEPT
    assert busiest <= first_threads + 4 * SESSIONS
    assert last_threads <= first_threads + SESSIONS


def draws(seed: int) -> int:
    """Return the draws of a session: some have the default, those in the same context fewer."""
    return 500 if seed % TOGETHER else 2000


def command(seed: int, value: float | None = None) -> str:
    lever = "" if value is None else f" --set {LEVER}={value:g}"
    return f"alliance-sim run {SCENARIO} --against baseline_2025 --draws {draws(seed)} --seed {seed}{lever}"


def settle(page: Any, shown: str) -> None:
    page.wait_for_selector(f".as-status[data-state=ready][data-shown='{shown}']", timeout=PATIENCE)


def endings(page: Any) -> dict[str, str]:
    """Return the percent of draws in which a text passes, as the board says it, by item."""
    said = "cells => cells.map(cell => [cell.dataset.key, cell.ariaLabel])"
    cells = page.locator(".as-matrix [data-key]").evaluate_all(said)
    return {key: re.findall(r"passes in (<?\d+) %", label)[0] for key, label in cells}


def computed(seed: int, value: float) -> dict[str, str]:
    """Return the same from a run outside the explorer."""
    scenario = load_scenario(SCENARIO).with_parameters({LEVER: value})
    rows = simulate(scenario, draws(seed), seed, "final").decisions().to_dict("records")
    return {f"{row['meeting']}/{row['issue']}": percent(row["adopted"] + row["diluted"]) for row in rows}


def percent(share: float) -> str:
    # As in the browser: of four digits.
    return "<1" if 0.0 < share < 0.005 else f"{100.0 * round(share, 4):.0f}"
