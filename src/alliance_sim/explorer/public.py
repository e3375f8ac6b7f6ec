"""The address at which a proxy shows the explorer, and the path under which it is reached there."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from alliance_sim.errors import InputError, shown
from alliance_sim.explorer.access import origin

_FORM = re.compile(
    r"(?:(?P<scheme>https?)://(?P<host>[\w.-]+|\[[\da-f:.]+\])(?::(?P<port>\d{1,5}))?)?"
    r"(?P<path>(?:/(?:[\w.~@-]|%[\da-f]{2})+)*)/?",
    re.ASCII | re.IGNORECASE,
)
#: Where Solara serves its files. Below a base path like these, nobody could tell whether a proxy took it off.
_OWN = ("/static/", "/jupyter/api/", "/jupyter/nbextensions/", "/_solara/", "/readyz/", "/resourcez/")


class Public(NamedTuple):
    """Scheme, host and port of a proxy, empty if there is none, and a path without a slash at its end."""

    origin: str
    path: str


def public(base_path: str) -> Public:
    """Return what ``--base-path`` says: a path, or the whole address of a proxy.

    Raises
    ------
    InputError
        If it is neither, or begins like a path of the explorer's own files.

    Examples
    --------
    >>> public("/explorer/")
    Public(origin='', path='/explorer')
    >>> public("https://hub.example:443/user/ann/explorer")
    Public(origin='https://hub.example', path='/user/ann/explorer')
    """
    found = _FORM.fullmatch(str(base_path))
    # A browser resolves dots before it asks, encoded ones too.
    if not found or not base_path or {".", ".."} & {*unquote(found["path"]).split("/")}:
        raise _refused(base_path, "a path such as /explorer, or a public address such as https://hub.example/explorer")
    path = found["path"]
    asked = f"{unquote(path)}/"
    if path and any(own.startswith(asked) or asked.startswith(own) for own in _OWN):
        raise _refused(base_path, "a path that the explorer's own files do not have")
    if not found["scheme"]:
        return Public("", path)
    scheme = found["scheme"].lower()
    port = int(found["port"] or {"http": 80, "https": 443}[scheme])
    if not 1 <= port <= 65535:
        raise _refused(base_path, "a port from 1 to 65535")
    return Public(origin(scheme, found["host"].lower().strip("[]"), port), path)


class WithoutBasePath:
    """Take the base path off requests that have it: some proxies leave it on, others do not."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self.path = unquote(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, as ASGI has it."""
        if scope["type"] != "lifespan" and f"{scope['path']}/".startswith(f"{self.path}/"):
            scope = {**scope, "path": scope["path"].removeprefix(self.path) or "/"}
        await self.app(scope, receive, send)


def _refused(base_path: str, allowed: str) -> InputError:
    return InputError(f"base path: {shown(base_path)} is not allowed; allowed: {allowed}")
