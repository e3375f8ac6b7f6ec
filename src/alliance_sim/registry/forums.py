"""Where the alliance decides, by what rule, and how it can end: forums, decision rules, decisions.

Each list is defined here only. A member's number is its code in the compiled core and its place in every array;
its name in lower case is what users write and read.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

__all__ = [
    "ASK_CLASSES",
    "ASK_NAMES",
    "DECISIONS",
    "FORUMS",
    "FORUM_LABELS",
    "MAX_PACKAGE",
    "RULES",
    "Decision",
    "Forum",
    "Rule",
]


class Forum(IntEnum):
    """A body that decides.

    Examples
    --------
    >>> Forum.EU_COUNCIL.name.lower(), FORUMS[Forum.EU_COUNCIL]
    ('eu_council', 'eu_council')
    """

    NAC = 0  # the North Atlantic Council in routine session
    NATO_SUMMIT = 1
    EU_COUNCIL = 2
    G7 = 3


class Rule(IntEnum):
    """A decision rule.

    Examples
    --------
    >>> RULES[Rule.UNANIMITY]
    'unanimity'
    """

    UNANIMITY = 0
    UNANIMITY_MINUS_N = 1
    CONSTRUCTIVE_ABSTENTION = 2
    QUALIFIED_MAJORITY = 3
    COALITION = 4


class Decision(IntEnum):
    """The outcome of an agenda item.

    Examples
    --------
    >>> DECISIONS[Decision.BLOCKED]
    'blocked'
    """

    ADOPTED = 0
    DILUTED = 1
    WITHDRAWN = 2
    BLOCKED = 3
    DEFERRED = 4


FORUMS: tuple[str, ...] = tuple(forum.name.lower() for forum in Forum)
#: Short names for tables.
FORUM_LABELS: Mapping[str, str] = MappingProxyType(dict(zip(FORUMS, ("NAC", "NATO", "EU", "G7"), strict=True)))
RULES: tuple[str, ...] = tuple(rule.name.lower() for rule in Rule)
DECISIONS: tuple[str, ...] = tuple(decision.name.lower() for decision in Decision)
#: Items of a meeting that one decision can hold.
MAX_PACKAGE = 3
#: Classes of what a text asks for: routine, notable, major, far-reaching (calibration/CODEBOOK.md).
ASK_NAMES: tuple[str, ...] = ("routine", "notable", "major", "far-reaching")
ASK_CLASSES = len(ASK_NAMES)
