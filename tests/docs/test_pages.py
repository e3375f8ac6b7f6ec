"""The generated parts of the docs are what the generators return."""

import subprocess
import sys

import pytest

from markdown_tables import replace_section
from pages import DOCS, PAGES, renewed


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.full] if name == "scenarios.md" else []) for name in PAGES]
)
def test_page_holds_what_is_generated(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == renewed(name), f"run: python docs/_build/pages.py {name}"


def test_command_renews_a_page() -> None:
    path = DOCS / "parameters.md"
    before = path.read_bytes()
    subprocess.run([sys.executable, str(DOCS / "_build" / "pages.py"), path.name], check=True)
    assert path.read_bytes() == before


def test_section_is_replaced_between_its_marks() -> None:
    assert replace_section("a <!-- x -->\n\nold\n<!-- /x --> b", "<!-- x -->", "<!-- /x -->", "new") == (
        "a <!-- x -->\n\nnew\n<!-- /x --> b"
    )


def test_missing_mark_is_an_error() -> None:
    with pytest.raises(ValueError, match="<!-- x -->"):
        replace_section("a <!-- /x -->", "<!-- x -->", "<!-- /x -->", "new")
