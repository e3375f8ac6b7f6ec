"""The explorer in a process of its own: for browser tests, for pictures of its pages, and for measuring it."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Server:
    """The explorer as a process of its own."""

    url: str
    pid: int

    def status(self, name: str) -> int:
        """Return a number that Linux keeps of the process: memory in kB, or threads."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        (found,) = (line for line in lines if line.startswith(f"{name}:"))
        return int(found.split()[1])

    def sessions(self) -> int:
        """Return the number of sessions that the server keeps."""
        with urllib.request.urlopen(f"{self.url}/resourcez", timeout=60) as response:
            return int(json.load(response)["kernels"]["total"])


def serving(folder: Path, *options: str) -> contextlib.AbstractContextManager[Server]:
    """Serve the explorer until the block ends."""
    return running(folder, "-m", "alliance_sim", "explore", *options, "--port")


@contextlib.contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Server]:
    """Run Python with arguments and a free port: a server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as stream:
        command = [sys.executable, *arguments, str(port)]
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    try:
        for attempt in range(1200):
            if answers(url):
                break
            assert process.poll() is None and attempt < 1199, log.read_text()
            time.sleep(0.05)
        yield Server(url, process.pid)
        # Indented ones are of connections that were closed while the server wrote to them.
        assert process.poll() is None and "\nTraceback" not in log.read_text(), log.read_text()
        assert answers(url)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
