"""Which requests the guard lets in, and what the base path is."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim.errors import InputError
from alliance_sim.explorer.access import OwnPagesOnly
from alliance_sim.explorer.public import Public, WithoutBasePath, public

LAN = ("192.168.1.7", 8765)


def let_in(host: str, origin: str | None, server: tuple[str, int] = LAN, kind: str = "http") -> bool:
    """Return whether a guard that names a hub and a machine passes on a request that arrived at `server`."""
    passed = False

    async def app(*arguments: Any) -> None:
        nonlocal passed
        passed = True

    async def send(message: Any) -> None:
        pass

    headers = [(b"host", host.encode()), *([(b"origin", origin.encode())] if origin else [])]
    scope = {"type": kind, "headers": headers, "server": server}
    guard = OwnPagesOnly(app, 8765, {"https://hub.example", "http://desk:8765"})
    asyncio.run(guard(scope, app, send))
    return passed


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("192.168.1.7:8765", "http://192.168.1.7:8765"),
        ("desk:8765", "http://desk:8765"),
        ("localhost:8765", "http://localhost:8765"),
        ("hub.example", "https://hub.example"),
        ("Hub.Example", "https://hub.example"),
        # A proxy that puts in the address of this server.
        ("127.0.0.1:8765", "https://hub.example"),
    ],
)
def test_own_addresses_are_let_in(host: str, origin: str) -> None:
    for kind in ("http", "websocket"):
        assert let_in(host, origin, kind=kind)
    assert let_in(host, None)
    assert not let_in(host, None, kind="websocket")


def test_an_address_of_the_newer_kind_is_let_in() -> None:
    assert let_in("[fd00::2]:8765", "http://[fd00::2]:8765", ("fd00::2", 8765))


@pytest.mark.parametrize(
    "host",
    [
        "192.168.1.8:8765",
        "192.168.1.7",
        "192.168.1.7.attacker.example:8765",
        "0.0.0.0:8765",
        "hub.example:8765",
        "sub.hub.example",
        "hub.example.attacker.example",
        "desk",
        "",
    ],
)
def test_nothing_else_is_let_in(host: str) -> None:
    assert not let_in(host, None)
    for kind in ("http", "websocket"):
        for scheme in ("http", "https"):
            assert not let_in("hub.example", f"{scheme}://{host}", kind=kind)


def test_the_scheme_of_a_public_address_counts() -> None:
    assert not let_in("hub.example", "http://hub.example", kind="websocket")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/", ("", "")),
        ("/explorer", ("", "/explorer")),
        ("/user/ann%40x.example/proxy/8765/", ("", "/user/ann%40x.example/proxy/8765")),
        ("/jupyter/user/ann", ("", "/jupyter/user/ann")),
        ("/statics", ("", "/statics")),
        ("https://Hub.Example", ("https://hub.example", "")),
        ("HTTPS://hub.example:443/", ("https://hub.example", "")),
        ("http://hub.example:0443/a/b", ("http://hub.example:443", "/a/b")),
        ("http://[fd00::2]:80/a", ("http://[fd00::2]", "/a")),
    ],
)
def test_base_path(text: str, expected: tuple[str, str]) -> None:
    assert public(text) == Public(*expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "explorer",
        "//attacker.example/a",
        "/a//b",
        "/a b",
        " /a",
        "/a\n",
        "/a/../b",
        "/..",
        "/%2e%2E/a",
        "/.",
        "/a?b",
        "/a#b",
        "/a%2",
        "/ä",
        "/a'b",
        '/a"b',
        "/<a>",
        "/*",
        "/a\udcff",
        "ftp://hub.example/a",
        "https:///a",
        "https://*.hub.example/a",
        "https://ann@hub.example/a",
        "https://hub.example:x/a",
        "https://hub.example:0/a",
        "https://hub.example:65536/a",
        "https://hub.example/a?b",
        "https://hüb.example",
        "/static",
        "/jupyter",
        "/jupyter/api/x",
        "/%73tatic/x",
        "https://hub.example/_solara",
        None,
        5,
    ],
)
def test_a_base_path_that_cannot_be(text: Any) -> None:
    with pytest.raises(InputError, match=r"base path: .* is not allowed; allowed: "):
        public(text)


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("/user/ann@x/static/a.js", "/static/a.js"),
        ("/user/ann@x/", "/"),
        ("/user/ann@x", "/"),
        ("/static/a.js", "/static/a.js"),
        ("/", "/"),
        ("/user/ann@xy/", "/user/ann@xy/"),
    ],
)
def test_the_base_path_is_taken_off_where_it_is(asked: str, seen: str) -> None:
    paths: list[str] = []

    async def app(scope: Any, *arguments: Any) -> None:
        paths.append(scope["path"])

    for kind in ("http", "websocket"):
        asyncio.run(WithoutBasePath(app, "/user/ann%40x")({"type": kind, "path": asked}, app, app))
    assert paths == [seen, seen]
