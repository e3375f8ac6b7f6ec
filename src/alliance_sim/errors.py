"""Errors a user can cause, and the hint that names what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["InputError", "nearest"]


class InputError(ValueError):
    """The input is at fault; the message says what, where, and what is allowed."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Return `` (nearest: x)`` for the closest of `names`, or an empty string when none is close."""
    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" (nearest: {found[0]})" if found else ""
