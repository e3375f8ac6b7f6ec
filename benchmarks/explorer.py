"""How soon the explorer answers in a real Chromium: a lever's release, and a cold start.

``python benchmarks/explorer.py`` prints the median and the slowest of ten moves, the longest frame while the page is
drawn, and the time from the start of the server's process to a full page. It needs Chromium on the PATH, the extra
``test``, and two free cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from alliance_sim.explorer.request import PREVIEW

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from servers import serving

LEVER = "min_share"
#: Milliseconds.
PATIENCE = 300_000
#: Moves the lever, and notes when the page has painted the first result and the whole one, and the longest frame.
MOVE = """([name, value, preview, draws]) => new Promise(resolve => {
    const input = document.querySelector(`[data-lever=${name}] input`);
    const status = document.querySelector(".as-status");
    input.value = value;
    const wanted = `${name}=${Number(Number(input.value).toPrecision(6))}`;
    const found = { first: null, frame: 0 };
    let last = performance.now(), running = true;
    const frame = now => {
        found.frame = Math.max(found.frame, now - last);
        last = now;
        if (running) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const start = performance.now();
    // After the frame in which the change is drawn has been painted.
    const painted = done => requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    const observer = new MutationObserver(() => {
        if (!status.dataset.shown.endsWith(wanted)) return;
        const shown = Number(status.dataset.draws);
        if (found.first === null && shown >= preview) {
            found.first = 0;
            painted(time => { found.first = time; });
        }
        if (shown === draws) {
            observer.disconnect();
            painted(time => { running = false; resolve({ ...found, whole: time }); });
        }
    });
    observer.observe(status, { attributes: true });
    input.dispatchEvent(new Event("input"));
    input.dispatchEvent(new PointerEvent("pointerup"));
})"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=10)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        with serving(Path(folder)) as server:
            moves = measured_moves(browser, server.url, given.moves)
        starts = [cold_start(browser, Path(folder)) for _ in range(given.starts)]
        browser.close()
    rows = {
        "first redraw, ms": [move["first"] for move in moves],
        "2,000 draws, ms": [move["whole"] for move in moves],
        "longest frame, ms": [move["frame"] for move in moves],
        "start of the process to a full page, ms": [whole for whole, _ in starts],
        "first answer to a full page, ms": [page for _, page in starts],
    }
    for name, values in rows.items():
        print(f"{name:40} median {statistics.median(values):6.0f}   slowest {max(values):6.0f}   of {len(values)}")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def measured_moves(browser: Browser, address: str, count: int) -> list[dict[str, float]]:
    """Move a lever back and forth; the first two moves are not counted."""
    page = opened(browser, f"{address}/")
    page.wait_for_selector(".as-status[data-state=ready]", timeout=PATIENCE)
    found = []
    for number in range(count + 2):
        move = page.evaluate(MOVE, [LEVER, 0.2 + 0.01 * (number % 7), PREVIEW, 2000])
        # What would restore consensus is computed after the run: it is not a part of what is measured.
        page.wait_for_selector(".as-status[data-state=ready]", timeout=PATIENCE)
        page.wait_for_timeout(6000)
        found.append(move)
    page.context.close()
    return found[2:]


def cold_start(browser: Browser, folder: Path) -> tuple[float, float]:
    """Return the milliseconds until a page has its headline, board and charts: from the start, and once it answers."""
    began = time.perf_counter()
    with serving(folder) as server:
        answered = time.perf_counter()
        page = opened(browser, f"{server.url}/")
        page.wait_for_selector(".as-said h1")
        page.wait_for_function("document.querySelectorAll('[data-outcome] .as-own-line').length === 6")
        page.wait_for_selector(".as-matrix [data-key]")
        page.wait_for_selector(".as-change")
        full = time.perf_counter()
        page.context.close()
    return 1000.0 * (full - began), 1000.0 * (full - answered)


def opened(browser: Browser, address: str) -> Page:
    """Open a page as a new visitor."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    return page


if __name__ == "__main__":
    main()
