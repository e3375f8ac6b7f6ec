"""Words of a diagnosis, the same in the terminal and in the explorer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FAILURES", "STAGES"]

#: The texts of a meeting, in their order.
STAGES: Mapping[str, str] = MappingProxyType(
    {"wanted": "asked for", "drafted": "first tabled", "tabled": "last tabled", "agreed": "agreed"}
)
#: Why a text fails.
FAILURES: Mapping[str, str] = MappingProxyType(
    {
        "substance": "over the text itself",
        "dispute": "over something else only",
        "misjudged": "withdrawn, though nobody would have objected",
        "out_of_time": "left out for lack of time",
        "broken_off": "not reached before the meeting broke off",
    }
)
