"""Errors caused by input, and hints that suggest the name that was probably meant."""

from __future__ import annotations

import difflib
import functools
import heapq
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

__all__ = ["InputError", "few_hints", "nearest", "printable", "shown"]

#: Longest value that a message shows, in characters.
_LONGEST = 80
#: Number of searches left, if there is a limit.
_hints: ContextVar[list[int] | None] = ContextVar("hints", default=None)


class InputError(ValueError):
    """The input is wrong; the message names what and where, and what is allowed.

    Examples
    --------
    >>> import alliance_sim as als
    >>> try:
    ...     als.simulate("baseline_2025", draws=0)
    ... except als.InputError as error:
    ...     print(error)
    draws: 0 is out of range; allowed: a whole number from 1 to 4294967295
    """

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(printable, message.split("\n"))))


def printable(text: str | Path) -> str:
    """Return a text or path with control characters escaped, which a terminal would execute."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in str(text))


@contextmanager
def few_hints(most: int) -> Iterator[None]:
    """Limit the searches by `nearest` in the block to `most`: a file can have thousands of wrong names."""
    token = _hints.set([most])
    try:
        yield
    finally:
        _hints.reset(token)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return `` (nearest: x)`` for the closest of `names`, or an empty string when none is close.

    Dotted names are compared part by part, and the parts have to be close one by one.
    """
    left = _hints.get()
    if left:
        left[0] -= 1
    if len(name) > _LONGEST or (left and left[0] < 0):
        return ""
    parts, found = _parts(tuple(names)), ""
    *heads, last = name.lower().split(".")
    for head in heads:
        part = _closest(head, parts.get((found, "."), {}))
        if not part:
            return ""
        found += f"{part}."
    part = _closest(last, parts.get((found, ""), {}))
    return f" (nearest: {found}{part})" if part else ""


@functools.lru_cache(maxsize=100)
def _parts(names: tuple[str, ...]) -> dict[tuple[str, str], dict[str, str]]:
    """Return the parts of dotted names by what comes before and after them, each from lower case to its spelling."""
    parts: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        before = ""
        for part, after in re.findall(r"([^.]*)(\.|$)", name):
            parts.setdefault((before, after), {}).setdefault(part.lower(), part)
            before += part + after
            if not after:
                break
    return parts


def _closest(part: str, choices: Mapping[str, str]) -> str:
    """Return the choice that was probably meant, or an empty string."""
    if part in choices:
        return choices[part]
    letters = set(part)

    def likely(choice: str) -> float:
        return len(letters.intersection(choice)) / (len(part) + len(choice))

    def alike(choice: str) -> tuple[float, int]:
        # Ties go to the choice with the longest common beginning: 2025 for 2024.
        begin = next((i for i, (a, b) in enumerate(zip(part, choice, strict=False)) if a != b), 0)
        return (ratio(choice), begin)

    def ratio(choice: str) -> float:
        same = difflib.SequenceMatcher(None, part, choice).ratio()
        if sorted(choice) == sorted(part):  # transposed letters: GBR for GRB
            return max(same, 0.9)
        if choice in whole:
            return max(same, 0.7)
        # A different first letter mostly means another word: UKR is not TUR.
        return same if same >= 0.8 or choice[:1] == part[:1] else 0.0

    # Choices that contain it as a whole word: nato for nato_summit.
    whole = {each for each in choices if part and f"_{part}_" in f"_{each}_"}
    # Comparing is slow: only the most promising choices.
    found = max((*heapq.nlargest(5, choices, likely), *sorted(whole)), key=alike, default="")
    return choices[found] if found and ratio(found) >= (0.6 if len(part) > 2 else 0.5) else ""


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
