"""Stable identifiers for the counter-based generator."""

from __future__ import annotations

import zlib

__all__ = ["stable_id"]


def stable_id(name: str) -> int:
    """Return a 32-bit identifier of `name` that depends on nothing else (CRC-32 of its UTF-8 form).

    A random number is addressed by what it is for and never by a position in a list, so that adding a
    thing leaves the numbers of all others where they were. Collisions are refused.
    """
    return zlib.crc32(name.encode("utf-8"))
