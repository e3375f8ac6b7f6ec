"""Work that a call takes, counted: the same on any machine and under any load."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(events: int) -> Iterator[None]:
    """Fail if the block makes more than that many calls of and returns from functions, those of libraries included."""
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)
    assert 0 < made <= events, f"{made:,} calls and returns"
