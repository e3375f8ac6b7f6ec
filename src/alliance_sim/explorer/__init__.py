"""The explorer: one page in the browser, served from this machine, with nothing fetched from outside."""

from alliance_sim.explorer.server import serve

__all__ = ["serve"]
