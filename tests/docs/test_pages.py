"""The generated parts of the docs are what the generators return."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from markdown_tables import replace_section
from pages import DOCS, PAGES, renewed

LONG = ("scenarios.md", "validation.md")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.full] if name in LONG else []) for name in PAGES]
)
def test_page_is_up_to_date(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == renewed(name), f"run: python docs/_build/pages.py {name}"


def test_command_renews_a_page(tmp_path: Path) -> None:
    docs = Path(shutil.copytree(DOCS, tmp_path / "docs"))
    page = (DOCS / "model.md").read_text(encoding="utf-8")
    (docs / "model.md").write_text(page.replace("| `cohesion` |", "| `old` |"), encoding="utf-8")
    subprocess.run([sys.executable, str(docs / "_build" / "pages.py"), "model.md"], check=True)
    assert (docs / "model.md").read_text(encoding="utf-8") == page


def test_section_is_replaced_between_its_marks() -> None:
    assert replace_section("a <!-- x -->\n\nold\n<!-- /x --> b", "<!-- x -->", "<!-- /x -->", "new") == (
        "a <!-- x -->\n\nnew\n<!-- /x --> b"
    )


def test_missing_mark_is_an_error() -> None:
    with pytest.raises(ValueError, match="<!-- x -->"):
        replace_section("a <!-- /x -->", "<!-- x -->", "<!-- /x -->", "new")
