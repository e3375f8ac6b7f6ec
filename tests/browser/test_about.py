"""The page About."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alliance_sim.explorer.answers.about import claims, statements
from alliance_sim.registry.outcomes import OUTCOMES
from other_pages import served, visited

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
PATIENCE = 120_000


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("log"), "about") as url:
        yield url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 420])
def test_it_fits_and_has_every_section(browser: "Browser", address: str, width: int, scheme: str) -> None:
    with visited(browser, address, width, scheme) as page:
        page.get_by_role("region", name="Scenarios", exact=True).wait_for(timeout=PATIENCE)
        page.locator("[data-document=B]").wait_for(timeout=PATIENCE)
        titles = page.locator("section > h2").all_inner_texts()
        assert titles[0] == "What it says" and "Where it is known to be wrong" in titles
        found = claims()
        said = page.locator("[data-claims=derived]").inner_text()
        assert said.startswith(f"Derived claims: {found['holds']} of {found['derived']} hold")


def test_outcomes_can_be_searched(browser: "Browser", address: str) -> None:
    with visited(browser, address) as page:
        table = page.get_by_role("region", name="Outcomes", exact=True)
        table.wait_for(timeout=PATIENCE)
        assert table.locator("tbody tr").count() == len(OUTCOMES)
        page.get_by_label("Search Outcomes").fill("Esteban ray")
        page.wait_for_function("document.querySelector('[aria-label=\"Outcomes\"] tbody').rows.length === 1")
        assert "Polarisation over Russia" in table.inner_text()
        page.get_by_label("Search Outcomes").fill("no such word")
        page.get_by_text("Nothing found.").wait_for()


def test_statements_of_a_document_open_and_download(browser: "Browser", address: str) -> None:
    rows = {each["label"]: each["rows"] for each in statements()}["A"]
    with visited(browser, address) as page:
        page.locator("[data-document=A] summary").click(timeout=PATIENCE)
        page.get_by_label("Search Statements of document A").fill("sanctions")
        with page.expect_download() as waiting:
            page.locator("[data-csv='document-A.csv']").click()
        text = Path(waiting.value.path()).read_text(encoding="utf-8")
        found = list(csv.DictReader(text.splitlines()))
    wanted = [row for row in rows if "sanctions" in " ".join(map(str, row.values())).lower()]
    assert wanted and [row["statement"] for row in found] == [row["id"] for row in wanted]
    assert [row["says"] for row in found] == [row["statement"] for row in wanted]
