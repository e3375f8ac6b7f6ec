"""Who may use the server: pages of its own addresses only.

A page of another site, open in the same browser, can reach this machine: it can open websockets (which are not bound to
their origin), and after its host name has been pointed at 127.0.0.1 it may even read answers. The headers ``Host``
and ``Origin``, which no page can choose, give it away.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

#: Ports that browsers leave out of both headers.
_USUAL = {"http": 80, "https": 443}


def origin(scheme: str, host: str, port: int) -> str:
    """Return an address as browsers write it in the header ``Origin``.

    Examples
    --------
    >>> origin("http", "::1", 8765), origin("https", "hub.example", 443)
    ('http://[::1]:8765', 'https://hub.example')
    """
    written = f"[{host}]" if ":" in host else host
    return f"{scheme}://{written}" + ("" if port == _USUAL[scheme] else f":{port}")


class OwnPagesOnly:
    """Refuse requests for another host, and those that a page of another origin sends, before the app sees them.

    Allowed are the names of this machine for itself, the address at which a request arrived, and `others`. An address
    is safe, as only a name can be pointed at another machine.
    """

    def __init__(self, app: ASGIApp, port: int, others: Iterable[str] = ()) -> None:
        self.app = app
        self.origins = {origin("http", name, port) for name in ("localhost", "127.0.0.1", "::1")}.union(others)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        allowed = self.origins | {origin("http", *scope["server"])}
        if _own(scope, allowed):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        else:
            text = f"Refused; allowed: {', '.join(sorted(allowed))}; --base-path names the address of a proxy\n"
            await PlainTextResponse(text, 403)(scope, receive, send)


def _own(scope: Scope, allowed: set[str]) -> bool:
    headers = Headers(scope=scope)
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    if not hosts or (scope["type"] == "websocket" and not origins):
        return False
    allowed_hosts = {each.partition("://")[2] for each in allowed}
    return allowed_hosts.issuperset(map(str.lower, hosts)) and allowed.issuperset(map(str.lower, origins))
