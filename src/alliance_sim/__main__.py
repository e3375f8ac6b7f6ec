"""Where ``alliance-sim`` and ``python -m alliance_sim`` start: an interrupt is told from the first import on."""

import gc
import sys


def main() -> None:
    """Load the command line and run it."""
    # Loading libraries makes many objects and no garbage; looking for it took a sixth of a short run.
    gc.set_threshold(500_000)
    try:
        from alliance_sim import cli

        cli.main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
