"""Renew the generated parts of the docs.

``python docs/_build/pages.py`` renews every page that has such parts, ``... pages.py model.md`` one of them. The tests
compare the pages with the generators. `scenarios.md` and `analysis.md` run the model: about half a minute;
`validation.md` about four minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from constants_table import constants_table
from experiment_tables import experiment_tables
from markdown_tables import markdown_table, replace_section
from random_number_tables import differences_table, pairs_table
from registry_tables import issues_table, outcomes_table, parameters_page
from scenario_tables import language_tables
from stories import with_stories
from validation_page import ablation_table, claims_table, hindcast_tables, write_files

from alliance_sim.results.functions import KINDS

__all__ = ["DOCS", "PAGES", "renewed"]

DOCS = Path(__file__).resolve().parents[1]


def _sections(*sections: tuple[str, str, Callable[[], str]]) -> Callable[[str], str]:
    def renew(page: str) -> str:
        for opening, closing, text in sections:
            page = replace_section(page, f"<!-- {opening} -->", f"<!-- {closing} -->", text())
        return page

    return renew


def functions_table() -> str:
    """Return the functions that a query may call, by kind."""
    return markdown_table(("kind", "functions"), ((kind, f"`{' '.join(names)}`") for kind, names in KINDS.items()))


#: By page: from its text to the text with every generated part renewed.
PAGES: dict[str, Callable[[str], str]] = {
    "analysis.md": _sections(("crn", "end", differences_table), ("crn others", "end", pairs_table)),
    "experiments.md": _sections(("experiments", "/experiments", experiment_tables)),
    "language.md": _sections(("language", "/language", language_tables)),
    "model.md": _sections(
        ("issues", "/issues", issues_table),
        ("constants", "/constants", constants_table),
        ("outcomes", "/outcomes", outcomes_table),
    ),
    "results.md": _sections(("functions", "/functions", functions_table)),
    "parameters.md": lambda _: parameters_page(),
    "scenarios.md": with_stories,
    "validation.md": _sections(
        ("claims", "/claims", claims_table),
        ("hindcast", "/hindcast", hindcast_tables),
        ("ablation", "/ablation", ablation_table),
    ),
}
#: By page: what makes the files that go with it: figures in the folder of the docs, scores in the package.
FILES: dict[str, Callable[[Path], None]] = {"validation.md": write_files}


def renewed(name: str) -> str:
    """Return the text of a page of the docs with its generated parts renewed."""
    return PAGES[name]((DOCS / name).read_text(encoding="utf-8"))


def main() -> None:
    """Renew pages in place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", nargs="?", choices=["all", *PAGES], default="all")
    page = parser.parse_args().page
    for name in PAGES if page == "all" else [page]:
        (DOCS / name).write_text(renewed(name), encoding="utf-8")
        if name in FILES:
            FILES[name](DOCS)


if __name__ == "__main__":
    main()
