"""The explorer: pages in the browser, served from this machine, without any request to another one."""

from alliance_sim.explorer.server import serve

__all__ = ["serve"]
