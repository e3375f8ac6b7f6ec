"""A whole visit without a mouse: every stop is reached with the Tab key."""

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

#: Pages in the order of the navigation, and what shows that each is there.
PAGES = {
    "why": ".as-tree",
    "compare": "[data-comparison=ready]",
    "network": ".as-network-map",
    "run": ".as-run-timeline",
    "experiments": "h1 >> text=Experiments",
    "about": "h1 >> text=About the model",
}


def test_a_whole_visit_by_keyboard_alone(visit: Callable[..., Any]) -> None:
    seen = visit()
    page = seen.page

    # A lever, and back.
    before = seen.board()
    seen.reach("[data-lever=min_share] input")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    seen.settle("--set min_share=")
    assert seen.board() != before
    seen.reach("[data-lever=min_share] .as-lever-value button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".as-status[data-state=ready]:not([data-shown*='--set'])")
    assert seen.board() == before

    # What would restore consensus gives the share that it names.
    page.wait_for_selector("button.as-change", timeout=120_000)
    label = page.locator("button.as-change").first.get_attribute("aria-label")
    share = re.search(r"passes in (<?\d+) %", label).group(1)  # type: ignore[union-attr]
    seen.reach("button.as-change")
    page.keyboard.press("Enter")
    page.wait_for_function("window.location.search.includes('lever=')")
    seen.settle("what_if.yaml")
    assert page.get_by_role("heading", level=1).inner_text().startswith(f"In {share} of 100 futures")

    # Another decision: the square above, by arrow key.
    looked_at = page.locator(".as-picked[data-key]").get_attribute("data-key")
    seen.reach(".as-matrix [data-key]")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelector('.as-picked[data-key]').dataset.key !== '{looked_at}'")

    # An ally, where the model is weak, and a file.
    seen.reach(".as-country")
    page.keyboard.press("Enter")
    page.wait_for_function("window.location.search.includes('ally=')")
    seen.reach(".as-weak summary")
    page.keyboard.press("Enter")
    assert page.locator(".as-weak li").first.is_visible()
    seen.reach(".as-download summary")
    page.keyboard.press("Enter")
    seen.reach("[data-file]")
    with page.expect_download(timeout=120_000) as download:
        page.keyboard.press("Enter")
    assert download.value.path().stat().st_size > 0
    page.keyboard.press("Escape")

    for name, sign in PAGES.items():
        seen.reach(f"[data-page={name}]")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"[data-page={name}][aria-current=page]")
        page.wait_for_selector(sign, timeout=120_000)
        if name == "run":
            seen.reach("[data-act=step]")
            page.keyboard.press("Enter")
            page.wait_for_selector(".as-run-done")
