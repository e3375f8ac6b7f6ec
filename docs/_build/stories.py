"""Tables of how outcomes differ between scenarios, for the docs.

A page says, for each table, which scenario, against which base, and which outcomes::

    <!-- story us_russia_reset_2025 against baseline_2025: cohesion, threat_gap -->
    <!-- end -->

``python docs/_build/stories.py docs/scenarios.md`` computes the tables and writes them between such lines; the rest of
the page stays as it is.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import pandas as pd
from markdown_tables import markdown_table

from alliance_sim.analysis.comparison import compare
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.outcomes import OUTCOMES

__all__ = ["with_stories"]

#: Draws behind the tables of the docs.
DRAWS = 2000

_OPENING = re.compile(r"^<!-- story ", re.MULTILINE)
_STORY = re.compile(
    r"^(?P<mark><!-- story (?P<other>\S+) against (?P<base>\S+): (?P<outcomes>[\w, ]+) -->)\n"
    r"(?:(?!<!--).*\n)*?<!-- end -->$",
    re.MULTILINE,
)


def with_stories(page: str, draws: int = DRAWS) -> str:
    """Return a page with the tables between its marks computed, with seed 0.

    Parameters
    ----------
    page : str
        Markdown with the marks that the module describes.
    draws : int

    Raises
    ------
    InputError
        If a mark cannot be read or is not closed, an outcome is unknown, or scenarios cannot be compared.
    """
    stories = {story.start(): story for story in _STORY.finditer(page)}
    for opening in _OPENING.finditer(page):
        line = page.count("\n", 0, opening.start()) + 1
        if opening.start() not in stories:
            raise InputError(
                f"line {line}: story: cannot be read; allowed: <!-- story NAME against BASE: OUTCOME, ... -->, the "
                "table, <!-- end -->"
            )
        for name in _outcomes(stories[opening.start()]):
            if name not in OUTCOMES:
                raise InputError(f"line {line}: story: {shown(name)} is not an outcome{nearest(name, OUTCOMES)}")
    others: dict[str, dict[str, None]] = {}
    for story in stories.values():
        others.setdefault(story["base"], {})[story["other"]] = None
    summaries = {base: compare(base, *names, draws=draws).summary() for base, names in others.items()}

    def written(story: re.Match[str]) -> str:
        rows = summaries[story["base"]].loc[[(story["other"], name) for name in _outcomes(story)]]
        return f"{story['mark']}\n{_table(rows)}\n<!-- end -->"

    return _STORY.sub(written, page)


def _outcomes(story: re.Match[str]) -> list[str]:
    return [name.strip() for name in story["outcomes"].split(",")]


def _table(rows: pd.DataFrame) -> str:
    return markdown_table(
        ("outcome", "unit", "difference, mean [5 %, 95 %]", "P(higher)"),
        (
            (
                f"`{row['outcome']}`",
                row["unit"],
                f"{row['mean']:+z.3f} [{row['p05']:+z.3f}, {row['p95']:+z.3f}]",
                f"{row['p_higher']:.2f}",
            )
            for row in rows.reset_index().to_dict("records")
        ),
    )


def main() -> None:
    """Compute the tables of a page and write them into it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    path: Path = parser.parse_args().page
    try:
        path.write_text(with_stories(path.read_text(encoding="utf-8")), encoding="utf-8")
    except (InputError, OSError) as error:
        sys.exit(f"{path}: {error}")


if __name__ == "__main__":
    main()
