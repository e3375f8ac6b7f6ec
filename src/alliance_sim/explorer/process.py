"""The explorer in a process of its own: for pictures of its pages, and for measuring it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["serving"]


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Serve the explorer at a free port until the block ends; the block gets its address once it answers.

    Parameters
    ----------
    *options : str
        Of ``alliance-sim explore``, but for the port.

    Raises
    ------
    ChildProcessError
        If the process ends before it answers.

    Examples
    --------
    >>> with serving() as address:
    ...     address.partition("1:")[0]
    'http://127.0.0.'
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "alliance_sim", "explore", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            if process.poll() is not None:
                raise ChildProcessError(f"ended with exit status {process.returncode}: {' '.join(command)}")
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=10).close()
            except OSError:
                time.sleep(0.02)
            else:
                break
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
