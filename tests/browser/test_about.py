"""The page About."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alliance_sim.explorer.answers.about import claims, statements
from alliance_sim.registry.outcomes import OUTCOMES
from browser.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
PATIENCE = 120_000

Open = Callable[..., "Page"]


@pytest.fixture
def about(visit: Callable[..., Visit]) -> Open:
    return lambda **window: visit(query="page=about", **window).page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 420])
def test_it_fits_and_has_every_section(about: Open, width: int, scheme: str) -> None:
    page = about(width=width, scheme=scheme)
    page.get_by_role("region", name="Scenarios", exact=True).wait_for(timeout=PATIENCE)
    page.locator("[data-document=B]").wait_for(timeout=PATIENCE)
    titles = page.locator("section > h2").all_inner_texts()
    assert titles[0] == "What it says" and "Where it is known to be wrong" in titles
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = claims()
    said = page.locator("[data-claims=derived]").inner_text()
    assert said.startswith(f"Derived claims: {found['holds']} of {found['derived']} hold")


def test_outcomes_can_be_searched(about: Open) -> None:
    page = about()
    table = page.get_by_role("region", name="Outcomes", exact=True)
    table.wait_for(timeout=PATIENCE)
    assert table.locator("tbody tr").count() == len(OUTCOMES)
    page.get_by_label("Search Outcomes").fill("Esteban ray")
    page.wait_for_function("document.querySelector('[aria-label=\"Outcomes\"] tbody').rows.length === 1")
    assert "Polarisation over Russia" in table.inner_text()
    page.get_by_label("Search Outcomes").fill("no such word")
    page.get_by_text("Nothing found.").wait_for()


def test_statements_of_a_document_open_and_download(about: Open) -> None:
    rows = {each["label"]: each["rows"] for each in statements()}["A"]
    page = about()
    page.locator("[data-document=A] summary").click(timeout=PATIENCE)
    page.get_by_label("Search Statements of document A").fill("sanctions")
    with page.expect_download() as waiting:
        page.locator("[data-csv='document-A.csv']").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    found = list(csv.DictReader(text.splitlines()))
    wanted = [row for row in rows if "sanctions" in " ".join(map(str, row.values())).lower()]
    assert wanted and [row["statement"] for row in found] == [row["id"] for row in wanted]
    assert [row["says"] for row in found] == [row["statement"] for row in wanted]
