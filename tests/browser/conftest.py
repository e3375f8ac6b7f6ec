from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from reverse_proxy import Proxy, proxying
from servers import Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

#: Milliseconds: a first run may compile the model.
PATIENCE = 240_000
#: A template of Solara itself (navigator.vue) says `modules.export`.
EXPECTED = (
    "Failed to evaluate Vue script and find module.exports, falling back to old method, please use "
    "module.exports = { ... }",
)


@dataclass
class Visit:
    """The explorer in a browser, and every error on the page."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def watch(self, url: str) -> None:
        page = self.page
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("console", self.heard)
        page.on("requestfailed", lambda request: self.faults.append(f"failed: {request.url}"))
        page.on("response", lambda r: self.faults.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        # Workers and websockets too: every address but that of this server is outside.
        inside = (url, url.replace("http", "ws", 1), "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(inside) else self.faults.append(f"outside: {r.url}"))
        page.on("websocket", lambda w: None if w.url.startswith(inside) else self.faults.append(f"outside: {w.url}"))

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and message.text not in EXPECTED:
            self.faults.append(f"console: {message.text}")

    def settle(self, *parts: str) -> None:
        """Wait until the page shows the finished run whose command holds `parts`."""
        shown = "".join(f"[data-shown*='{part}']" for part in parts)
        self.page.wait_for_selector(f".as-status[data-state=ready]{shown}", timeout=PATIENCE)

    def reach(self, selector: str) -> None:
        """Press the Tab key until an element has the focus."""
        for _ in range(160):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"no way to {selector} by the Tab key")

    def board(self) -> dict[str, str]:
        """Return what each square of the board says, by the key of its decision."""
        cells = self.page.locator(".as-matrix [data-key]")
        return dict(
            cells.evaluate_all("cells => cells.map(cell => [cell.dataset.key, cell.getAttribute('aria-label')])")
        )

    def picture(self, outcome: str) -> str:
        return self.page.locator(f"[data-outcome={outcome}] .as-own-line").get_attribute("d") or ""

    def lever(self, name: str) -> Locator:
        return self.page.locator(f"[data-lever={name}] input")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("explorer")) as started:
        yield started.url


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as started:
        yield started


@dataclass
class Hub:
    """The explorer below a path of a proxy."""

    proxy: Proxy
    server: Server
    url: str


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    path = "/user/ann%40lab/explorer"
    with proxying(path) as proxy:
        # Browsers find each name that ends in localhost on their own machine.
        url = f"http://hub.localhost:{proxy.port}{path}"
        with serving(tmp_path_factory.mktemp("hub"), "--base-path", url) as started:
            proxy.target = int(started.url.rsplit(":", 1)[1])
            yield Hub(proxy, started, url)


@pytest.fixture
def open_server(tmp_path: Path) -> Iterator[Server]:
    """A server that listens on all addresses of this machine."""
    with serving(tmp_path, "--host", "0.0.0.0") as started:
        assert "Warning: anybody who reaches port" in (tmp_path / "log").read_text()
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on the PATH")
    playwright_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: install the extra 'test'")
    with playwright_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path)
        yield chromium
        chromium.close()


@pytest.fixture
def arrive(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open a page of a server, each time as another visitor; at the end no page may have had an error."""
    visits: list[Visit] = []

    def go(url: str, rest: str = "", width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        made = Visit(context.new_page())
        visits.append(made)
        made.watch(url)
        made.page.goto(url + rest)
        return made

    yield go
    for made in visits:
        made.page.context.close()
    assert [fault for made in visits for fault in made.faults] == []


@pytest.fixture
def visit(server: str, arrive: Callable[..., Visit]) -> Callable[..., Visit]:
    """Open the explorer under one of its names; of a run, once it is done."""

    def visited(name: str = "127.0.0.1", query: str = "", **window: Any) -> Visit:
        wanted = query if "draws=" in query else f"draws=500&{query}"
        made = arrive(server.replace("127.0.0.1", name), f"/?{wanted}", **window)
        if not re.search("page=(experiments|about)", wanted):
            made.settle("--draws 500")
        return made

    return visited
