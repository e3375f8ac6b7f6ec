"""``python -m alliance_sim`` is the command ``alliance-sim``."""

from alliance_sim.cli import main

main()
