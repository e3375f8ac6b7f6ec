"""The pages One run and Network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import alliance_sim as als
from alliance_sim.explorer.answers.network import measure_network, ranking, ties
from alliance_sim.explorer.state import FIRST_SCENARIO
from alliance_sim.registry.labels import ISSUE_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from browser.conftest import PATIENCE, Visit

pytestmark = [pytest.mark.browser, pytest.mark.full]

Open = Callable[..., Any]


@pytest.fixture
def opened(visit: Callable[..., Visit]) -> Open:
    """Open a page as a new visitor."""

    def arrived(name: str, **window: Any) -> Any:
        page = visit(query=f"page={name}", **window).page
        page.wait_for_selector(".as-about[data-state=ready]", timeout=PATIENCE)
        return page

    return arrived


def at(page: Any, months: int) -> None:
    page.wait_for_selector(f".as-run-months[aria-valuenow='{months}']")
    label = page.locator(".as-run-months").get_attribute("aria-valuetext")
    page.wait_for_selector(f".as-run-all[data-at='{months}']")
    page.wait_for_selector(f".as-run-allies[data-label='{label}']")
    page.wait_for_function("label => document.querySelector('.as-run-month h2').innerText === label", arg=label)


def shown(page: Any) -> dict[str, float]:
    """Return the outcomes on the page."""
    lines = page.locator(".as-run-line")
    found = lines.evaluate_all("all => all.map(line => [line.dataset.outcome, Number(line.dataset.value)])")
    return dict(found)


def test_step_by_keyboard_to_the_end(opened: Open) -> None:
    page = opened("run")
    model = als.AllianceModel(FIRST_SCENARIO, seed=0)
    assert shown(page) == pytest.approx(model.outcomes, abs=6e-7)
    page.locator("[data-control=future]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.act") == "step"
    page.keyboard.press("Enter")
    at(page, 1)
    model.step()
    page.wait_for_function("document.querySelectorAll('.as-run-text').length === 4")
    assert page.locator(".as-run-month h2").inner_text() == "June 2025"
    assert shown(page) == pytest.approx(model.outcomes, abs=6e-7)

    page.locator(".as-run-months").focus()
    page.keyboard.press("ArrowRight")
    at(page, 2)
    page.keyboard.press("PageDown")
    at(page, 5)
    assert page.locator(".as-run-month h2").inner_text() == "October 2025"
    page.keyboard.press("ArrowLeft")
    at(page, 4)
    page.keyboard.press("End")
    at(page, 48)
    for _ in range(47):
        model.step()
    assert page.locator("[data-act=step]").is_disabled()
    assert shown(page).keys() == OUTCOMES.keys()
    assert shown(page) == pytest.approx(model.outcomes, abs=6e-7)
    assert page.locator(".as-run-texts .as-run-open").count() == 0
    page.keyboard.press("Home")
    at(page, 0)
    page.locator("[data-act=restart]").press("Enter")
    page.wait_for_function("document.querySelectorAll('.as-run-done').length === 0")


def test_another_future_and_its_texts(opened: Open) -> None:
    page = opened("run")
    page.locator("[data-act=end]").click()
    at(page, 48)
    number = page.locator("[data-control=future]")
    number.fill("1.5")
    number.press("Enter")
    assert "A whole number from 0" in page.locator("#as-run-wrong").inner_text()
    number.fill("6")
    number.press("Enter")
    page.wait_for_selector(".as-about[data-state=ready]:has-text('Future 6 of seed 0')")
    at(page, 0)
    page.locator("[data-act=meeting]").click()
    at(page, 1)
    model = als.AllianceModel(FIRST_SCENARIO, seed=0, draw=6)
    model.step()
    threat = model.allies["POL"].threat_perception
    page.wait_for_selector(f"[data-map=threat_perception] [data-iso3=POL][aria-label='Poland: {threat:.2f}']")
    for row in model.decisions().to_dict("records"):
        label = ISSUE_LABELS[row["issue"]]
        article = page.locator(f".as-run-text[data-issue='{label[0].upper()}{label[1:]}']")
        assert f"asked for {row['proposed']:.2f}" in article.inner_text().replace("\n", " ")
    code = page.locator(".as-run-note code").inner_text()
    assert f'als.AllianceModel("{FIRST_SCENARIO}", seed=0, draw=6)' in code
    page.locator("[data-month='2026-07']").click()
    at(page, 14)


def test_network_numbers_and_choice_of_an_ally(opened: Open) -> None:
    page = opened("network")
    network = measure_network(als.load_scenario(FIRST_SCENARIO), 0)

    def table(name: str) -> list[tuple[str, str]]:
        rows = page.locator(f"[data-table={name}] tr")
        found = rows.evaluate_all("all => all.map(r => [r.dataset.iso3, r.querySelector('td').innerText])")
        return [tuple(each) for each in found]

    rows = sorted(ranking(network, "russia_strategy", 12), key=lambda row: -row["moves"])
    assert table("moves") == [(row["ally"], f"{1000 * row['moves']:.1f}") for row in rows]
    assert page.locator(".as-network-arrow[data-from]").count() == 30

    page.select_option("[data-control=measure]", "sanctions")
    page.wait_for_selector("h2:has-text('Position on sanctions on Russia')")
    month = page.locator("[data-control=month]")
    month.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("h2:has-text('July 2026')")
    page.locator("[data-control=count]").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelectorAll('.as-network-arrow[data-from]').length === 25")

    page.locator(".as-country[data-iso3=USA]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-table=moved_by]")
    expected = ties(network, "sanctions", 13, "USA")
    for name in ("moves", "moved_by"):
        found = {ally: float(value) for ally, value in table(name)}
        assert found == pytest.approx({row["ally"]: 1000 * row["value"] for row in expected[name]}, abs=0.0501)
    assert all(
        "USA" in ends
        for ends in page.locator(".as-network-arrow[data-from]").evaluate_all(
            "all => all.map(a => [a.dataset.from, a.dataset.to])"
        )
    )
    page.locator("[data-act=all]").click()
    page.wait_for_selector("[data-table=moved]")


@pytest.mark.parametrize("name", ["run", "network"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(opened: Open, name: str, scheme: str) -> None:
    page = opened(name, width=420, scheme=scheme)
    if name == "run":
        page.locator("[data-act=end]").click()
        at(page, 48)
        page.locator(".as-run-allies summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    page.wait_for_selector(".as-country .as-fill-blocked")
    shades = page.locator(".as-country .as-fill-blocked").evaluate_all(
        "all => all.map(each => each.getAttribute('fill-opacity'))"
    )
    assert len(set(shades)) > 5
