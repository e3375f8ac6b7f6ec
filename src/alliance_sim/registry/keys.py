"""Stable identifiers for the counter-based generator."""

from __future__ import annotations

import zlib

__all__ = ["stable_id"]


def stable_id(name: str) -> int:
    """Return a 32-bit identifier of `name` that depends on nothing else (CRC-32 of its UTF-8 form).

    Random numbers are addressed by name and never by position in a list, so that adding an entry leaves
    the numbers of all others unchanged. Collisions are refused.

    Examples
    --------
    >>> stable_id("kappa")
    3928056143
    """
    return zlib.crc32(name.encode("utf-8"))
