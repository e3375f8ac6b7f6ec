"""One page of the explorer, shown by a server of its own, and every error on it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

APP = Path(__file__).parent / "browser" / "other_page.py"


@contextlib.contextmanager
def served(folder: Path, *arguments: str) -> Iterator[str]:
    """Serve a page until the block ends; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", folder / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, str(APP), str(port), *arguments], stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            with (
                contextlib.suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(f"{url}/readyz", timeout=10),
            ):
                break
            time.sleep(0.2)
        yield url
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def visited(
    browser: Browser, url: str, width: int = 1280, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Page]:
    """Open a page; at the end it had no error, asked for nothing outside, and nothing is wider than the window."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True)
    page, faults = context.new_page(), list[str]()
    page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
    page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("response", lambda r: faults.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    inside = (url, "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(inside) else faults.append(f"outside: {r.url}"))
    page.goto(url)
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert faults == []
