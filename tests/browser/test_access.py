"""What the server answers to pages of other sites, and to pages of its own address."""

import contextlib
import http.client
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.browser

OWN = ("127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}")
FOREIGN = (
    "attacker.example:{port}",
    "attacker.example",
    "127.0.0.1.attacker.example:{port}",
    "localhost.attacker.example:{port}",
    "attacker.example#localhost:{port}",
    "localhost@attacker.example:{port}",
    "127.0.0.2:{port}",
    "0.0.0.0:{port}",
    "localhost",
    "localhost:80",
    "localhost:{port}0",
    "[::1",
    "",
)
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
SOCKET = "/jupyter/api/kernels/{kernel}/channels?session_id=a-page"
CLOSE = "/_solara/api/close/a-kernel?session_id=a-page"


@contextlib.contextmanager
def answer(
    server: str, path: str, host: str, origins: list[str], method: str = "GET", **headers: str
) -> Iterator[http.client.HTTPResponse]:
    """Send a request with any headers; ``{port}`` is that of the server."""
    port = server.rsplit(":", 1)[1]
    path = path.format(kernel=uuid.uuid4())  # one of its own, as each page has: another's is refused
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host.format(port=port))
    for origin in origins:
        connection.putheader("Origin", origin.format(port=port))
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    with contextlib.closing(connection), connection.getresponse() as response:
        yield response


@pytest.mark.parametrize("host", OWN)
def test_own_pages_are_answered(server: str, host: str) -> None:
    with answer(server, "/", host, []) as page:
        assert page.status == 200 and b"alliance_sim" in page.read()
    with answer(server, SOCKET, host, [f"http://{host}"], **UPGRADE) as opened:
        assert opened.status == 101


@pytest.mark.parametrize("host", FOREIGN)
def test_another_host_is_refused(server: str, host: str) -> None:
    for path in ("/", "/readyz", "/static/main-vuetify.js", CLOSE):
        with answer(server, path, host, []) as refused:
            assert refused.status == 403 and b"solara" not in refused.read()
    with answer(server, SOCKET, host, ["http://127.0.0.1:{port}"], **UPGRADE) as refused:
        assert refused.status == 403 and refused.read() == b""


@pytest.mark.parametrize(
    "origins",
    [
        *([f"http://{host}"] for host in FOREIGN),
        ["null"],
        [""],
        ["https://127.0.0.1:{port}"],
        ["file://"],
        ["http://127.0.0.1:{port}/"],
        ["http://127.0.0.1:{port}, http://attacker.example"],
        ["http://http://127.0.0.1:{port}"],
    ],
)
def test_a_page_of_another_origin_is_refused(server: str, origins: list[str]) -> None:
    with answer(server, SOCKET, "127.0.0.1:{port}", origins, **UPGRADE) as refused:
        assert refused.status == 403 and refused.read() == b""
    for method, path in (("GET", "/"), ("POST", CLOSE)):
        with answer(server, path, "127.0.0.1:{port}", origins, method) as refused:
            assert refused.status == 403


def test_a_websocket_without_an_origin_is_refused(server: str) -> None:
    with answer(server, SOCKET, "127.0.0.1:{port}", [], **UPGRADE) as refused:
        assert refused.status == 403


def test_the_page_works_under_each_of_its_names(visit: Callable[[str], Any]) -> None:
    assert len(visit("localhost").board()) > 20


def test_a_page_of_another_site_opens_no_websocket_in_the_browser(server: str, browser: Any) -> None:
    page = browser.new_page()
    address = server.replace("http", "ws") + SOCKET.format(kernel=uuid.uuid4())
    script = """address => new Promise(resolve => {
        const socket = new WebSocket(address);
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("refused");
    })"""
    assert page.evaluate(script, address) == "refused"
    page.close()


def test_only_pages_of_the_hub_are_answered_too(hub: Any) -> None:
    public = f"hub.localhost:{hub.proxy.port}"
    for path in (SOCKET, hub.proxy.path + SOCKET):
        for host in (public, "127.0.0.1:{port}"):
            with answer(hub.server.url, path, host, [f"http://{public}"], **UPGRADE) as opened:
                assert opened.status == 101
            for foreign in (
                f"https://{public}",
                "http://hub.localhost",
                f"http://a.{public}",
                "http://attacker.example",
            ):
                with answer(hub.server.url, path, host, [foreign], **UPGRADE) as refused:
                    assert refused.status == 403
    for host in ("attacker.example", "hub.localhost", f"a.{public}"):
        with answer(hub.server.url, f"{hub.proxy.path}/", host, []) as refused:
            assert refused.status == 403
