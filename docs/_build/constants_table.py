"""The fixed numbers of the mechanisms as a markdown table, for ``docs/model.md``.

``python docs/_build/constants_table.py`` prints it. It is read from the lines of ``core/constants.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

from markdown_tables import markdown_table

from alliance_sim.core import constants

__all__ = ["constants_table"]

_LINE = re.compile(r"^(?P<name>[A-Z_]+) = (?P<value>\S+)  # (?P<reason>.+)$", re.MULTILINE)
_PARAGRAPH = re.compile(r"\b([AB]) (?=\d)")


def constants_table() -> str:
    """Return every fixed number: its name in the equations, its value, its meaning and reason."""
    found = list(_LINE.finditer(Path(constants.__file__).read_text(encoding="utf-8")))
    return markdown_table(
        ("name", "value", "meaning and reason"),
        ((f"`{row['name']}`", row["value"], _PARAGRAPH.sub(r"\1 ¶", row["reason"])) for row in found),
    )


if __name__ == "__main__":
    print(constants_table())
