"""Errors a user can cause, and the hint that names what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

__all__ = ["InputError", "nearest", "shown"]

#: Characters of a value that a message shows.
_LONGEST = 80


class InputError(ValueError):
    """The input is at fault; the message says what, where, and what is allowed."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Return `` (nearest: x)`` for the closest of `names`, or an empty string when none is close."""
    by_letters = {each.lower(): each for each in names}
    # Of names as close, the one with the same letters in another order: GBR for GRB.
    close = difflib.get_close_matches(name.lower(), by_letters, n=9, cutoff=0.5) if len(name) <= _LONGEST else ()
    found = max(close, key=lambda each: sorted(each) == sorted(name.lower()), default=None)
    return f" (nearest: {by_letters[found]})" if found else ""


def shown(value: object) -> str:
    """Return a value as a message shows it: short, on one line, in the words of YAML."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple, set)):
        return "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
