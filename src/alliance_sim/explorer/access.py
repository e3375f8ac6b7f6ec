"""Who may use the server: pages of its own address only.

A page of another site, open in the same browser, can reach this machine: it can open websockets (which are not bound to
their origin), and after its host name has been pointed at 127.0.0.1 it may even read answers. The headers ``Host``
and ``Origin``, which no page can choose, give it away.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

#: Port that browsers leave out of both headers.
_HTTP_PORT = 80


class OwnPagesOnly:
    """Refuse requests for another host, and those that a page of another origin sends, before the app sees them."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        suffix = "" if port == _HTTP_PORT else f":{port}"
        self.hosts = {name + suffix for name in ("localhost", "127.0.0.1", "[::1]")}
        self.origins = {f"http://{host}" for host in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, as ASGI has it."""
        if scope["type"] == "lifespan" or self._own(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        else:
            allowed = ", ".join(sorted(self.origins))
            await PlainTextResponse(f"Refused; allowed: {allowed}\n", 403)(scope, receive, send)

    def _own(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if not hosts or (scope["type"] == "websocket" and not origins):
            return False
        return self.hosts.issuperset(map(str.lower, hosts)) and self.origins.issuperset(map(str.lower, origins))
