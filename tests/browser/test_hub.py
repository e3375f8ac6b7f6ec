"""The explorer below a path of a hub's proxy, and on the local network."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("strips", "keeps_host", "slash"), [(True, True, "/"), (False, False, "/"), (True, False, ""), (False, True, "")]
)
def test_the_page_works_behind_a_proxy(
    hub: Any, arrive: Callable[[str, str], Any], strips: bool, keeps_host: bool, slash: str
) -> None:
    hub.proxy.strips, hub.proxy.keeps_host = strips, keeps_host
    seen = arrive(hub.url, f"{slash}?draws=500")
    seen.settle("--draws 500")
    board = seen.board()
    assert len(board) > 20
    seen.lever("min_share").focus()
    for _ in range(20):
        seen.page.keyboard.press("ArrowRight")
    seen.settle("--set min_share=")
    moved = seen.board()
    assert moved.keys() == board.keys() and moved != board
    assert seen.page.url.startswith(f"{hub.url}{slash}?") and "set=min_share:" in seen.page.url

    again = arrive(hub.url, seen.page.url.removeprefix(hub.url))
    again.settle("--set min_share=")
    assert again.board() == moved and again.page.url == seen.page.url

    for name in ("about", "futures"):
        again.page.locator(f"[data-page={name}]").click()
        again.page.wait_for_function(f"location.search.includes('page=about') === {json.dumps(name == 'about')}")
    again.page.go_back()
    again.page.wait_for_selector("[data-page=about][aria-current=page]")
    assert again.page.url.startswith(f"{hub.url}{slash}?")

    # A tab that is closed says so through the proxy, too.
    before = hub.server.sessions()
    again.page.close(run_before_unload=True)
    until = time.monotonic() + 20
    while hub.server.sessions() == before:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_page_works_on_the_local_network(open_server: Any, arrive: Callable[[str, str], Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: it only asks which of this machine's addresses leads outside.
            probe.connect(("198.51.100.1", 9))
        except OSError:
            pytest.skip("this machine is on no network")
        own = probe.getsockname()[0]
    seen = arrive(open_server.url.replace("127.0.0.1", own), "/?draws=500")
    seen.settle("--draws 500")
    assert len(seen.board()) > 20
