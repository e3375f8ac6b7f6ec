"""The page of a report in a browser: it asks for nothing, fits on narrow screens, and prints on two sheets."""

import re
from pathlib import Path
from typing import Any

import pytest

import alliance_sim as als
from alliance_sim.scenarios import load_with_parent

pytestmark = pytest.mark.browser

NAMES = ("us_russia_reset_2025", "helsinki_2018")


@pytest.fixture(scope="module", params=[*NAMES, "history_2014_2025"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenario, parent = load_with_parent(request.param)
    base = als.simulate(parent, 200, keep="monthly") if parent else None
    path = tmp_path_factory.mktemp("report") / f"{request.param}.html"
    return als.report(als.simulate(scenario, 200, keep="monthly"), path, base)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 420, 1440])
def test_the_page_asks_for_nothing_and_fits(browser: Any, report: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(report.as_uri())
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()] and faults == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Texts are large enough to be read, in figures too.
    sizes = page.evaluate(
        """[...document.querySelectorAll("svg text")].map(text => text.getBoundingClientRect().height)"""
    )
    assert len(sizes) > 30 and min(sizes) > 9
    light, ink = page.evaluate(
        """[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector("h1")).color]
        .map(colour => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765)"""
    )
    assert (light > 0.9 and ink < 0.3) if scheme == "light" else (light < 0.2 and ink > 0.8)
    page.close()


def test_the_page_prints_on_two_sheets(browser: Any, report: Path) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(report.as_uri())
    document = page.pdf(prefer_css_page_size=True, print_background=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", document))
    assert sheets == 2 if report.stem in NAMES else sheets <= 4
    page.close()
