"""The web server of the explorer."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
import threading
import time
import warnings
from typing import NoReturn

import reacton.utils
import solara.settings
import uvicorn
from solara.server import cdn_helper, settings

from alliance_sim.checks import whole_number
from alliance_sim.errors import InputError, shown
from alliance_sim.explorer import settings as visited
from alliance_sim.explorer.access import OwnPagesOnly, origin
from alliance_sim.explorer.jobs import FIRST_PAGE, warm_up
from alliance_sim.explorer.public import WithoutBasePath, public
from alliance_sim.explorer.request import bundled
from alliance_sim.paths import local_path
from alliance_sim.scenarios import list_scenarios

__all__ = ["serve"]

#: This machine only: anybody who can open the page can use its processors.
HOST = "127.0.0.1"


def configure(address: str = "", path: str = "") -> None:
    """Configure Solara: assets come from installed packages only, and no telemetry is sent.

    `address` is where the pages are, and ends in `path`. It must run before `solara.server.starlette` is imported,
    which reads the name of the app.
    """
    os.environ["SOLARA_APP"] = "alliance_sim.explorer.app"
    settings.main.mode = "production"
    # If it were not set, Solara would take it from a header of the first request.
    settings.main.root_path = path
    settings.main.base_url = address
    settings.telemetry.mixpanel_enable = False
    settings.theme.show_banner = False
    settings.theme.title = "alliance_sim"
    # A page whose connection breaks may return; a tab that is closed says so, and its memory is free at once.
    settings.kernel.cull_timeout = "5m"
    solara.settings.assets.proxy = True
    # They are about cookies inside other sites' pages, this page being in none, and about proxies, of which
    # `OwnPagesOnly` lets in the one that was named.
    for message in ("Cookies with samesite=none", "Header x-forwarded-proto", "Origin as determined by starlette"):
        warnings.filterwarnings("ignore", message=message, category=UserWarning)
    # A private name, hence the exact pin of solara: an asset that is not installed fails at once, without retries.
    cdn_helper.fetch_from_cdn = _refuse
    # With each state of a page Reacton asks whether it is a table of pandas, which another thread may be loading.
    reacton.utils.import_item = _loaded


def serve(
    port: int = 8765,
    results: str | os.PathLike[str] | None = None,
    host: str = HOST,
    base_path: str = "/",
) -> None:
    """Serve the explorer until interrupted; the model is compiled meanwhile.

    Only pages of its own addresses are answered: no page of another site can use it.

    Parameters
    ----------
    port : int
        From 1 to 65535.
    results : str or PathLike, optional
        A folder whose results of experiments are shown too.
    host : str
        The address to listen on: this machine only by default, 0.0.0.0 for all its IPv4 addresses, :: for all of IPv6.
        Whoever reaches the port can use the machine's processors.
    base_path : str
        The path under which the pages are, or the public address of a proxy in front, with the path. Pages of that
        address are answered too. Requests may come with the path or without.

    Raises
    ------
    InputError
        If the port is out of range, taken, or not allowed to this user, there is no such folder, or the host or the
        base path is not allowed.

    Examples
    --------
    >>> from alliance_sim.explorer import serve
    >>> serve(port=70_000)
    Traceback (most recent call last):
        ...
    alliance_sim.errors.InputError: port: 70000 is out of range; allowed: a whole number from 1 to 65535
    """
    port = whole_number("port", port, 1, 65535)
    proxy, path = public(base_path)
    if results is not None:
        visited.results = local_path(results)
        if not visited.results.is_dir():
            raise InputError(f"{results}: is no folder; allowed: one with results of experiments")
    address = _address(host)
    with _listener(address, port) as listener:
        direct = origin("http", socket.gethostname().lower() if address.is_unspecified else str(address), port)
        shown_at = (proxy or direct) + path
        configure(shown_at, path)
        from solara.server.starlette import app

        threading.Thread(target=_load, daemon=True).start()
        if not address.is_loopback:
            risk = "can use its processors; there is no password"
            print(f"Warning: anybody who reaches port {port} of this machine {risk}.", file=sys.stderr)
        print(f"Explorer: {shown_at}  (Ctrl-C ends it)", flush=True)
        guarded = OwnPagesOnly(WithoutBasePath(app, path), port, {direct, proxy} - {""})
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning"))
        server.run(sockets=[listener])


def _load() -> None:
    """Read the scenarios, which every page shows, and after the first page has been drawn load the model."""
    for name in list_scenarios():
        bundled(name)
    time.sleep(2.0 * FIRST_PAGE)
    warm_up()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(str(host))
    except ValueError:
        address = None
    # No browser can open an address with a zone, as in fe80::1%eth0.
    if address is None or "%" in host:
        allowed = "an IP address of this machine, or 0.0.0.0 (all of IPv4) or :: (all of IPv6)"
        raise InputError(f"host: {shown(host)} is not allowed; allowed: {allowed}")
    return address


def _listener(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        # It listens at once: of two sockets that have a port, the second to listen would fail later.
        return socket.create_server((str(address), port), family=family)
    except OSError as error:
        number = error.errno or 0
        reason = os.strerror(number)
        if number in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise InputError(f"host {address}: {reason}; allowed: an address of this machine, with --host") from None
        raise InputError(f"port {port}: {reason}; allowed: a free one, with --port") from None


def _loaded(name: str) -> object:
    """Return what a module that is loaded, or being loaded, has by a name; None if there is none yet."""
    module, _, item = name.rpartition(".")
    return getattr(sys.modules.get(module), item, None) if module else sys.modules.get(name)


def _refuse(url: str) -> NoReturn:
    raise FileNotFoundError(f"asset not shipped: {url}")
