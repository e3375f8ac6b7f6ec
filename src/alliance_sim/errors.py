"""Errors caused by input, and hints that suggest the name that was probably meant."""

from __future__ import annotations

import difflib
import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from alliance_sim import countries

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
    r"""Return a text or path with control characters escaped, which a terminal would execute.

    Examples
    --------
    >>> from alliance_sim.errors import printable
    >>> printable("tab\tand colour\x1b[31m")
    'tab\\tand colour\\x1b[31m'
    """
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in str(text))


@contextmanager
def few_hints(most: int) -> Iterator[None]:
    """Limit the searches by `nearest` in the block to `most`: a file can have thousands of wrong names.

    Examples
    --------
    >>> from alliance_sim.errors import few_hints, nearest
    >>> with few_hints(1):
    ...     [nearest("cohesoin", ["cohesion"]) for _ in range(2)]
    [' (nearest: cohesion)', '']
    """
    token = _hints.set([most])
    try:
        yield
    finally:
        _hints.reset(token)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return `` (nearest: x)`` for the closest of `names`, or an empty string when none is close, or two as close.

    Dotted names are compared part by part, and the parts have to be close one by one. Where `names` are ISO3 codes of
    countries, the codes of other systems and English names are known; one that means several countries gives all of
    them, and one that means a country not in `names` gives none.

    Examples
    --------
    >>> from alliance_sim.errors import nearest
    >>> nearest("cohesoin", ["cohesion", "agreement"])
    ' (nearest: cohesion)'
    >>> nearest("EL", ["DEU", "GRC", "BEL"])
    ' (nearest: GRC)'
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
        if len(part) != 1:
            return ""
        found += f"{part[0]}."
    closest = ", ".join(f"{found}{part}" for part in _closest(last, parts.get((found, ""), {})))
    return f" (nearest: {closest})" if closest else ""


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


def _closest(part: str, choices: Mapping[str, str]) -> list[str]:
    """Return the choice that was probably meant; none where it is not clear, several where a code has meanings."""
    if part in choices:
        return [choices[part]]
    texts = dict(zip(choices, choices, strict=True))
    of_countries = len(countries.codes() & choices.keys()) >= 3
    if of_countries:
        meant = countries.meant(part)
        if meant:
            return sorted(choices[code] for code in meant) if meant <= choices.keys() else []
        # A misspelling of another country is no misspelling of a choice.
        texts = {**countries.spelled(), **texts}
    found = choices.get(texts.get(_alike(part, texts, len(part) <= 3 or not of_countries), ""))
    return [found] if found else []


def _alike(part: str, texts: Collection[str], by_beginning: bool) -> str:
    """Return the text that is closest in spelling, or an empty one if none is close, or two as close.

    Of two as close the longest common beginning counts if `by_beginning`: 2025 for 2024.
    """
    letters = Counter(part)
    least = 0.6 if len(part) > 2 else 0.5
    # Texts that contain it as a whole word: nato for nato_summit.
    whole = {each for each in texts if part and f"_{part}_" in f"_{each}_"}

    def at_most(text: str) -> float:
        """Return what `ratio` cannot exceed; it counts the letters in common."""
        return 2.0 * sum(map(min, letters.values(), map(text.count, letters))) / (len(part) + len(text))

    def ratio(text: str) -> float:
        same = difflib.SequenceMatcher(None, part, text).ratio()
        if sorted(text) == sorted(part):  # transposed letters: GBR for GRB
            return max(same, 0.9)
        if text in whole:
            return max(same, 0.7)
        # A different first letter mostly means another word: UKR is not TUR.
        return same if same >= 0.8 or text[:1] == part[:1] else 0.0

    best, found = (0.0, 0), ""
    likely = [(bound, text) for text in texts if (bound := 1.0 if text in whole else at_most(text)) >= least]
    for bound, text in sorted(likely, reverse=True):
        if bound < best[0]:
            break  # Comparing is slow, and no later text can be closer.
        begin = next((i for i, (a, b) in enumerate(zip(part, text, strict=False)) if a != b), 0)
        alike = (ratio(text), begin if by_beginning else 0)
        if alike >= best:
            best, found = alike, text if alike > best else ""
    return found if best[0] >= least else ""


def shown(value: object) -> str:
    """Return a value as a message shows it: short, on one line, in the words of YAML.

    Examples
    --------
    >>> from alliance_sim.errors import shown
    >>> [shown(value) for value in (None, True, "text", [1, 2])]
    ['an empty value', 'true', "'text'", 'a list']
    """
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
