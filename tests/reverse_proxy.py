"""A reverse proxy as a hub has one: it answers below one path only."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Proxy:
    """A proxy and how it treats requests: with or without the path, with the public or the inner header ``Host``."""

    path: str
    port: int
    target: int = 0
    strips: bool = True
    keeps_host: bool = True

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one request and what follows, a body or a websocket; each connection carries one."""
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, asked, rest = head.split(" ", 2)
            if not re.match(re.escape(self.path) + "([/?]|$)", asked):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            if self.strips:
                asked = "/" + asked.removeprefix(self.path).removeprefix("/")
            if not self.keeps_host:
                rest = re.sub(r"(?im)^host: .*$", f"Host: 127.0.0.1:{self.target}\r", rest)
            if not re.search(r"(?im)^upgrade: websocket", rest):
                rest = re.sub(r"(?im)^connection: .*$", "Connection: close\r", rest)
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
            with contextlib.closing(inner_writer):
                inner_writer.write(f"{method} {asked} {rest}".encode("latin-1"))
                pumps = [
                    asyncio.create_task(pump(inner_reader, writer)),
                    asyncio.create_task(pump(reader, inner_writer)),
                ]
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for each in pumps:
                    each.cancel()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()


@contextlib.contextmanager
def proxying(path: str) -> Iterator[Proxy]:
    """Run a proxy until the block ends; its target may be set when it is known."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(path, listener.getsockname()[1])

        async def serve() -> None:
            server = await asyncio.start_server(proxy.pass_on, sock=listener)
            await asyncio.to_thread(ended.wait)
            server.close()

        ended = threading.Event()
        thread = threading.Thread(target=asyncio.run, args=[serve()])
        thread.start()
        try:
            yield proxy
        finally:
            ended.set()
            thread.join()
