"""The web server of the explorer."""

from __future__ import annotations

import os
import socket
import warnings
from typing import NoReturn

import solara.settings
import uvicorn
from solara.server import cdn_helper, settings

from alliance_sim.checks import whole_number
from alliance_sim.errors import InputError
from alliance_sim.explorer import settings as visited
from alliance_sim.explorer.access import OwnPagesOnly
from alliance_sim.explorer.jobs import warm_up
from alliance_sim.paths import local_path

__all__ = ["serve"]

#: This machine only: anybody who can open the page can use its processors.
HOST = "127.0.0.1"


def configure() -> None:
    """Configure Solara: assets come from installed packages only, and no telemetry is sent.

    It must run before `solara.server.starlette` is imported, which reads the name of the app.
    """
    os.environ["SOLARA_APP"] = "alliance_sim.explorer.app"
    settings.main.mode = "production"
    settings.telemetry.mixpanel_enable = False
    settings.theme.show_banner = False
    settings.theme.title = "alliance_sim"
    # A page whose connection breaks may return; a tab that is closed says so, and its memory is free at once.
    settings.kernel.cull_timeout = "5m"
    solara.settings.assets.proxy = True
    # It is about cookies inside other sites' pages; this page is in none.
    warnings.filterwarnings("ignore", message="Cookies with samesite=none", category=UserWarning)
    # A private name, hence the exact pin of solara: an asset that is not installed fails at once, without retries.
    cdn_helper.fetch_from_cdn = _refuse


def serve(port: int = 8765, results: str | os.PathLike[str] | None = None) -> None:
    """Serve the explorer on this machine until interrupted; the model is compiled meanwhile.

    Only pages of its own address are answered: no page of another site can use it.

    Parameters
    ----------
    port : int
        From 1 to 65535.
    results : str or PathLike, optional
        A folder whose results of experiments are shown too.

    Raises
    ------
    InputError
        If the port is out of range, taken, or not allowed to this user, or there is no such folder.

    Examples
    --------
    >>> from alliance_sim.explorer import serve
    >>> serve(port=70_000)
    Traceback (most recent call last):
        ...
    alliance_sim.errors.InputError: port: 70000 is out of range; allowed: a whole number from 1 to 65535
    """
    port = whole_number("port", port, 1, 65535)
    if results is not None:
        visited.results = local_path(results)
        if not visited.results.is_dir():
            raise InputError(f"{results}: is no folder; allowed: one with results of experiments")
    with socket.socket() as listener:
        if os.name == "posix":
            # Elsewhere the option means that others may take the port too.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            # With that option, two sockets may have a port until one of them listens.
            listener.listen()
        except OSError as error:
            raise InputError(f"port {port}: {error.strerror}; allowed: a free one, with --port") from None
        configure()
        from solara.server.starlette import app

        warm_up()
        print(f"Explorer: http://{HOST}:{port}  (Ctrl-C ends it)", flush=True)
        server = uvicorn.Server(uvicorn.Config(OwnPagesOnly(app, port), log_level="warning"))
        server.run(sockets=[listener])


def _refuse(url: str) -> NoReturn:
    raise FileNotFoundError(f"asset not shipped: {url}")
