"""The command line: reads arguments, calls the API, prints. Libraries that load slowly are imported when needed."""

from alliance_sim.cli.main import main

__all__ = ["main"]
