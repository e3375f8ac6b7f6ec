"""Entry point of ``alliance-sim`` and ``python -m alliance_sim``; interrupts are caught from the first import on."""

import gc
import sys


def main() -> None:
    """Load the command line and run it."""
    # Imports make many objects and no garbage; collecting it took a sixth of the time of a short run.
    gc.set_threshold(500_000)
    try:
        from alliance_sim.errors import InputError

        try:
            from alliance_sim import cli
        except InputError as error:  # in a table of the data folder
            print(error, file=sys.stderr)
            sys.exit(2)
        cli.main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
