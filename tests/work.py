"""Work counted instead of timed: a count is the same on a slow machine and on a busy one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def at_most(limit: int) -> Iterator[None]:
    """Fail if what runs within calls more than so many functions, of Python or of C."""
    count = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)
    assert count <= limit, f"{count:,} calls, allowed are {limit:,}"
