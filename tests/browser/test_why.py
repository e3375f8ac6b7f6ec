"""The page Why in a real browser: the tree by keyboard, the numbers of `diagnose --json`, one ally and its evidence."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from alliance_sim.analysis.words import FAILURES
from alliance_sim.explorer.answers import why
from alliance_sim.explorer.answers.evidence import evidence_of
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS
from alliance_sim.wording import percent_cell

pytestmark = [pytest.mark.browser, pytest.mark.full]

Arrive = Callable[..., Any]
ITEM = "nato_summit-2026-07/russia_strategy"
DIAGNOSED = "[data-diagnosed='nato_summit-2026-07/russia_strategy']"


def looked_into(visit: Arrive, query: str = "") -> Any:
    seen = visit(query=f"draws=500&page=why&item={ITEM}{query}")
    seen.page.wait_for_selector(DIAGNOSED, timeout=120_000)
    return seen


def rows_of(page: Any) -> dict[str, str]:
    """Return the lines of the tree in sight: keys, and what they say."""
    found = page.locator("[role=treeitem]").evaluate_all("all => all.map(row => [row.dataset.key, row.innerText])")
    return {key: " ".join(text.strip("▾▸").split()) for key, text in found}


def sources_of(page: Any, ally: str) -> list[str]:
    page.wait_for_selector(f"[data-evidence={ally}] [data-source]", timeout=60_000)
    return list(page.locator("[data-source]").evaluate_all("all => all.map(row => row.dataset.source)"))


def test_the_tree_by_keyboard_has_the_numbers_of_the_command_line(
    visit: Arrive, capsys: pytest.CaptureFixture[str]
) -> None:
    from alliance_sim.cli.main import main

    page = looked_into(visit).page
    with pytest.raises(SystemExit):
        main("diagnose us_russia_reset_2025 --issue russia_strategy --meeting 2026-07 --draws 500 --json".split())
    found = json.loads(capsys.readouterr().out)
    assert page.get_by_role("heading", level=1).inner_text() == found["sentence"].replace("of draws", "of futures")

    # From the choice of a decision, the next stop of the tab key is the tree.
    page.locator("[data-choice=item]").focus()
    page.keyboard.press("Tab")
    page.wait_for_function("document.activeElement.dataset.key === 'passes'")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("[data-key=passes][aria-expanded=false]")
    assert "adopted" not in rows_of(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-key=adopted]")
    page.keyboard.press("End")
    while page.evaluate("document.activeElement.getAttribute('aria-expanded')") is None:
        page.keyboard.press("ArrowUp")
    for _ in range(20):  # every line that can be opened is
        if page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false":
            page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowUp")
    rows = rows_of(page)
    for name, share in found["outcomes"].items():
        assert rows[name] == f"{DECISION_LABELS[name]} {percent_cell(share)} % of futures"
    for name, share in found["failures"].items():
        if share:
            assert rows[name].endswith(f"{FAILURES[name]} {percent_cell(share)} % of failures")
    for ally in found["allies"][:6]:
        assert rows[f"substance/{ally['ally']}"].endswith(f"objects {percent_cell(ally['objects'])} % of futures")
        if ally["dispute"] >= 0.005:
            assert f"dispute/{ally['ally']}" in rows

    # What the ally weighs, and the decision without it.
    first = found["allies"][0]
    shown = why.weights(first)
    assert shown
    for name, value in (("loss", shown["loss"]), ("bears", shown["bears"])):
        assert page.locator(f"[data-weight={name}] b").inner_text() == f"{value:.0f}".replace("-", "\u2212")
    assert page.locator("[data-without]").inner_text() == why.without(found, first["ally"])
    assert page.locator("[data-said]").inner_text() == why.said(first)
    for row in why.levels(found):
        assert f"{row['label']}: {row['mean']:.2f}" in page.locator(f"[data-level='{row['label']}']").get_attribute(
            "aria-label"
        )


def test_an_ally_is_chosen_and_a_link_restores_it(visit: Arrive) -> None:
    page = looked_into(visit).page
    before = sources_of(page, "USA")
    page.locator("[role=treeitem][data-key='substance/HUN']").focus()
    page.keyboard.press("Enter")
    after = sources_of(page, "HUN")
    assert after != before and "ally=HUN" in page.url
    expected = evidence_of("HUN", "russia_strategy", "2025")
    assert after == [row["id"] for group in expected["groups"] for row in group["rows"]]
    for row in (row for group in expected["groups"] for row in group["rows"]):
        text = page.locator(f"[data-source='{row['id']}']").inner_text()
        assert row["where"] in text and row["text"] in text and row["source"] in text
    assert "Document A, paragraph 4" in page.locator("[data-evidence=HUN]").inner_text()
    assert page.locator("[role=treeitem][aria-selected=true]").get_attribute("data-key") == "substance/HUN"

    other = visit(query=page.url.split("?")[1]).page
    other.wait_for_selector(DIAGNOSED, timeout=120_000)
    assert sources_of(other, "HUN") == after
    assert other.locator("[data-choice=ally]").input_value() == "HUN"
    other.locator("[data-choice=ally]").select_option("TUR")
    assert sources_of(other, "TUR") != after
    assert ALLY_NAMES["TUR"] in other.locator("[data-choice=ally] option:checked").inner_text()


def test_another_leader_gives_the_share_it_names(visit: Arrive) -> None:
    seen = looked_into(visit, "&ally=USA")
    page = seen.page
    change = page.locator("[data-key='president.washington_2024:0.0']").last
    share = change.locator("b").inner_text()
    change.click()
    page.wait_for_function("window.location.search.includes('president.washington_2024')")
    seen.settle("what_if.yaml")
    page.wait_for_selector(DIAGNOSED, timeout=120_000)
    assert rows_of(page)["passes"] == f"passes {share} of futures"
    # Another government is a lever, too.
    page.locator("[data-choice=ally]").select_option("HUN")
    lever = page.locator("[data-lever='government.HUN'] input")
    lever.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.location.search.includes('government.HUN:0.1')")


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone_and_dark_is_dark(visit: Arrive, dark: bool) -> None:
    page = looked_into(visit).page
    if dark:
        page.get_by_role("button", name="Dark").click()
    page.set_viewport_size({"width": 420, "height": 900})
    sources_of(page, "USA")
    page.locator(".as-why-all summary").click()
    page.wait_for_function("document.documentElement.scrollWidth <= 420")
    # Nothing on the page keeps the ground or the ink of the other theme.
    for name, is_dark in (("backgroundColor", dark), ("color", not dark)):
        look = f"all => [...new Set(all.map(each => getComputedStyle(each).{name}))]"
        for paint in page.locator(".as-why-column *, .as-evidence *").evaluate_all(look):
            if paint != "rgba(0, 0, 0, 0)":
                assert (max(map(int, re.findall(r"\d+", paint)[:3])) < 130) == is_dark, (name, paint)
