"""The charts in a real browser, on the gallery's numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser import gallery
from browser.conftest import Visit
from servers import running

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.full]

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("gallery"), str(Path(gallery.__file__))) as started:
        yield started.url


@pytest.fixture
def open_gallery(address: str, arrive: Callable[..., Visit]) -> Open:
    def opened(width: int = 1440, scheme: str = "light") -> Page:
        page = arrive(address, width=width, scheme=scheme).page
        page.wait_for_selector(".as-fan-plot")
        page.wait_for_function("document.querySelectorAll('.as-chart-menu').length === 9")
        return page

    return opened


def boxes(parts: Locator) -> list[dict[str, float]]:
    return parts.evaluate_all("all => all.map(part => part.getBoundingClientRect().toJSON())")


def touch(one: dict[str, float], other: dict[str, float]) -> bool:
    across = one["left"] < other["right"] and other["left"] < one["right"]
    return across and one["top"] < other["bottom"] and other["top"] < one["bottom"]


def chart(page: Page, title: str) -> Locator:
    return page.locator(f'.as-chart[aria-label^="{title}"]')


def test_dots_are_a_hundred(open_gallery: Open) -> None:
    page = open_gallery()
    dots = page.locator(".as-dots")
    assert dots.locator("rect").count() == 100
    # 0, 16.9, 78.65, 2.6 and 1.85: the largest remainders are rounded up, so that there are a hundred dots; numbers are
    # rounded as everywhere else.
    counts = {name: dots.locator(f".as-fill-{name}").count() for name in ("adopted", "diluted", "withdrawn", "blocked")}
    assert counts == {"adopted": 0, "diluted": 17, "withdrawn": 79, "blocked": 2}
    assert dots.get_attribute("aria-label") == "100 futures: 17 watered down, 79 never tabled, 3 blocked, 2 put off"


@pytest.mark.parametrize("width", [1440, 700, 420])
def test_labels_do_not_touch(open_gallery: Open, width: int) -> None:
    page = open_gallery(width)
    for plot in page.locator(".as-fan-plot").all():
        ends = boxes(plot.locator(".as-end"))
        # The box of a line of text is higher than its letters.
        assert len(ends) == 2 and abs(ends[0]["top"] - ends[1]["top"]) >= 12.5
        assert all(end["right"] <= boxes(plot)[0]["right"] + 0.5 for end in ends)
    for labels in (".as-flag text", ".as-matrix > text"):
        places = sorted(boxes(page.locator(labels)), key=lambda box: box["left"])
        assert not any(touch(one, other) for at, one in enumerate(places) for other in places[at + 1 :])
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_cells_of_one_issue_do_not_cover_each_other(open_gallery: Open) -> None:
    page = open_gallery(1000)
    cells = boxes(page.locator(".as-cell .as-outline"))
    assert len(cells) == len(gallery.DECISIONS)
    assert not any(touch(one, other) for at, one in enumerate(cells) for other in cells[at + 1 :])


def test_matrix_by_keyboard(open_gallery: Open) -> None:
    page = open_gallery()
    matrix = page.locator(".as-matrix")
    assert matrix.locator(".as-cell[tabindex='0']").count() == 1

    def here() -> str:
        return str(page.evaluate("document.activeElement.dataset.key"))

    matrix.locator("[data-key='russia_strategy/1']").focus()
    assert "17 %" in page.get_by_role("tooltip").inner_text()
    page.keyboard.press("ArrowLeft")
    assert here() == "russia_strategy/0"
    page.keyboard.press("ArrowDown")
    assert here() == "defence_spending/2"
    page.keyboard.press("End")
    assert here() == "defence_spending/3"
    page.keyboard.press("ArrowUp")
    assert here() == "russia_strategy/1"
    # On the way down, nearest to the month from which it went up: July 2028.
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(".as-cell.as-picked[data-key='ukraine_support/9'][aria-pressed=true]")
    assert here() == "ukraine_support/9"
    assert "ukraine_support/9" in page.locator("#picked").inner_text()


def test_cell_says_its_numbers(open_gallery: Open) -> None:
    page = open_gallery()
    cell = page.locator("[data-key='ukraine_support/6']")
    label = "Dec 2025, NATO, Ukraine support: passes in 50 %, in the base 70 %; adopted 20 %, watered down 30 %"
    assert cell.get_attribute("aria-label").startswith(label)
    cell.hover()
    read = page.get_by_role("tooltip").inner_text().split()
    assert [part for part in read if part.isdecimal()] == ["2025", "20", "30", "10", "35", "5", "50", "70"]
    marks = page.locator(".as-cell:has(.as-mark)").evaluate_all("all => all.map(each => each.dataset.key)")
    assert {key.split("/")[1] for key in marks} == {str(at) for at in gallery.MARKS}


def test_fan_reads_out_the_numbers(open_gallery: Open) -> None:
    page = open_gallery()
    bands = gallery.FANS["confidence"]
    plot = page.locator("[data-outcome=confidence] .as-fan-plot")
    plot.focus()
    page.keyboard.press("Home")
    for _ in range(13):
        page.keyboard.press("ArrowRight")
    shown = page.get_by_role("tooltip").inner_text().split("\n")
    low, lower, middle, upper, high = (f"{bands[name][13]:.2f}" for name in ("p05", "p25", "p50", "p75", "p95"))
    expected = ["Jul 2026", f"median\t{middle}", f"middle half\t{lower} to {upper}", f"5 to 95 %\t{low} to {high}"]
    assert shown == [*expected, "median without\t0.61"]
    assert middle in plot.get_attribute("aria-valuetext")
    page.keyboard.press("Escape")
    assert page.get_by_role("tooltip").count() == 0
    # By the pointer, over the place of the same month.
    line = page.locator("[data-outcome=confidence] .as-own-line").bounding_box()
    page.mouse.move(line["x"] + line["width"] * 13 / 47, line["y"] + 5)
    assert page.get_by_role("tooltip").inner_text().split("\n")[:4] == expected


def test_choices_reach_the_server(open_gallery: Open) -> None:
    page = open_gallery()
    changes = chart(page, "What would restore")
    assert changes.locator("button[data-key]").count() == 3
    assert changes.locator("[data-key]").last.get_attribute("data-key") == "now"
    changes.locator("[data-key=power]").press("Enter")
    page.wait_for_selector(".as-change.as-picked[data-key=power]")
    chart(page, "Who objects").locator("[data-iso3=HUN]").focus()
    for key in ("ArrowUp", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(".as-country.as-picked[data-iso3=SVK]")
    chart(page, "Difference").locator("[data-key=c]").click()
    page.wait_for_function("document.querySelector('#picked').textContent === 'c russia_strategy/1 SVK'")


def test_countries(open_gallery: Open) -> None:
    page = open_gallery()
    tiles = chart(page, "Who objects")
    assert tiles.locator(".as-country").count() == len(gallery.TILES)
    assert tiles.locator(".as-absent").evaluate_all("all => all.map(each => each.dataset.iso3)") == ["ISL", "MNE"]
    label = "United States objects: 64.0 % of futures, at least 10 points more than in the base"
    assert tiles.locator("[data-iso3=USA]").get_attribute("aria-label") == label
    assert tiles.locator("[data-iso3=USA] .as-number").text_content() == "64"
    shade = tiles.locator("[data-iso3=DEU] .as-fill-blocked").get_attribute("fill-opacity")
    assert float(shade) == pytest.approx((0.3 / 0.5) ** 0.5, abs=0.001)


def test_definitions_open_and_close(open_gallery: Open) -> None:
    page = open_gallery()
    word = page.locator(".as-term .as-word")
    word.press("Enter")
    assert "C = (A + R + G + B) / 4" in page.get_by_role("note").inner_text()
    page.keyboard.press("Escape")
    assert page.get_by_role("note").count() == 0
    word.click()
    page.get_by_role("button", name="Cohesion", exact=True).click()
    assert page.get_by_role("note").count() == 1
    page.locator("#picked").click()
    assert page.get_by_role("note").count() == 0


def keys_of(rows: Locator) -> list[str]:
    return list(rows.evaluate_all("all => all.map(each => each.dataset.key)"))


def test_narrow_window_shows_a_list(open_gallery: Open) -> None:
    page = open_gallery(420)
    rows = page.locator(".as-list-cell")
    # Each issue with its next decision, until it is opened.
    issues = {key.split("/")[0] for key in keys_of(rows)}
    assert page.locator(".as-matrix").count() == 0 and rows.count() == len(issues)
    for more in page.locator(".as-list h4 button").all():
        more.press("Enter")
    keys = keys_of(rows)
    assert len(keys) == len(gallery.DECISIONS)
    dated = [(key.split("/")[0], gallery.DECISIONS[int(key.split("/")[1])][1]) for key in keys]
    assert all(one[0] != other[0] or one[1] <= other[1] for one, other in pairwise(dated))
    page.locator(".as-list [data-key='sanctions/12']").press("Enter")
    page.wait_for_selector(".as-list .as-picked[data-key='sanctions/12']")
    # Wider, it is the matrix again.
    page.set_viewport_size({"width": 1300, "height": 900})
    page.wait_for_selector(".as-matrix .as-picked[data-key='sanctions/12']")
    assert page.locator(".as-fan-plot text").first.evaluate("text => getComputedStyle(text).fontSize") == "10.5px"


def test_downloads_stand_alone(open_gallery: Open) -> None:
    page = open_gallery()
    charts = page.locator(".as-chart").all()
    for drawn in charts:
        drawn.hover(position={"x": 3, "y": 3})
        with page.expect_download() as svg:
            drawn.get_by_role("button", name="Download as SVG").click()
        text = Path(svg.value.path()).read_text()
        root = ET.fromstring(text)
        assert root.tag == "{http://www.w3.org/2000/svg}svg" and "var(" not in text and "class=" not in text
        assert all(element.tag.startswith("{http://www.w3.org/2000/svg}") for element in root.iter())
        with page.expect_download() as png:
            drawn.get_by_role("button", name="Download as PNG").click()
        assert Path(png.value.path()).read_bytes().startswith(b"\x89PNG")
    assert len(charts) == 9


def test_download_holds_what_is_shown(open_gallery: Open) -> None:
    page = open_gallery()
    with page.expect_download() as svg:
        page.get_by_role("button", name="Download as SVG: 100 futures, Russia strategy 2026").click(force=True)
    assert svg.value.suggested_filename == "100-futures-russia-strategy-2026.svg"
    text = Path(svg.value.path()).read_text()
    assert "100 futures, Russia strategy 2026" in text and "79 never tabled" in text
    # The dots and four squares of the legend, on a ground.
    assert text.count("<rect") == 100 + 4 + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_the_choice(open_gallery: Open, scheme: str) -> None:
    page = open_gallery(scheme=scheme)

    def colours() -> list[str]:
        reads = "text => [getComputedStyle(text).fill, getComputedStyle(text.closest('.as-card')).backgroundColor]"
        return page.locator(".as-row-label").first.evaluate(reads)

    light, dark = ["rgb(31, 41, 51)", "rgb(255, 255, 255)"], ["rgb(238, 242, 246)", "rgb(28, 36, 44)"]
    assert colours() == (dark if scheme == "dark" else light)
    page.get_by_role("button", name="Light" if scheme == "dark" else "Dark").click()
    page.wait_for_selector(".as-app.as-light, .as-app.as-dark")
    assert colours() == (light if scheme == "dark" else dark)
    page.emulate_media(media="print")
    assert colours() == light


def test_another_result_is_drawn_in_the_same_charts(open_gallery: Open) -> None:
    page = open_gallery()
    before = page.locator(".as-own-line").first.get_attribute("d")
    page.locator("[data-key='sanctions/12']").focus()
    page.get_by_role("button", name="Redraw").evaluate("button => button.click()")
    page.wait_for_selector("[data-turn='1']")
    page.wait_for_function("before => document.querySelector('.as-own-line').getAttribute('d') !== before", arg=before)
    assert page.locator(".as-dots rect").count() == 100
    assert page.evaluate("document.activeElement.dataset.key") == "sanctions/12"
