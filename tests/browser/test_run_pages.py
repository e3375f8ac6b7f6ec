"""The pages One run and Network, each alone (`one_page`)."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import alliance_sim as als
from alliance_sim.explorer.answers.network import measure_network, ranking, ties
from alliance_sim.explorer.state import FIRST_SCENARIO
from alliance_sim.registry.labels import ISSUE_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from browser.conftest import PATIENCE, Visit, answers

pytestmark = [pytest.mark.browser, pytest.mark.full]

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("one_page") / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as stream:
        command = [sys.executable, str(Path(__file__).with_name("serve_one_page.py")), str(port)]
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            if answers(url):
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
        yield url
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@pytest.fixture
def opened(address: str, browser: Any) -> Iterator[Open]:
    """Open a page as a new visitor; at the end no page may have had an error or asked for anything outside."""
    visits: list[Visit] = []

    def arrive(page: str, width: int = 1280, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        made = Visit(context.new_page())
        visits.append(made)
        made.watch(address)
        made.page.goto(f"{address}/?{page}")
        made.page.wait_for_selector(".as-about[data-state=ready]", timeout=PATIENCE)
        return made.page

    yield arrive
    for made in visits:
        made.page.context.close()
    assert [fault for made in visits for fault in made.faults] == []


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
    page = opened("one_run")
    model = als.AllianceModel(FIRST_SCENARIO, seed=0)
    assert shown(page) == pytest.approx(model.outcomes, abs=6e-7)
    page.keyboard.press("Tab")  # to the number of the future
    for _ in range(10):
        if page.evaluate("document.activeElement.dataset.act") == "step":
            break
        page.keyboard.press("Tab")
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
    page = opened("one_run")
    page.locator("[data-act=end]").click()
    at(page, 48)
    number = page.locator("[data-control=future]")
    number.fill("1.5")
    number.press("Enter")
    assert "A whole number from 0" in page.locator(".as-run-wrong").inner_text()
    number.fill("6")
    number.press("Enter")
    page.wait_for_selector(".as-about[data-state=ready]:has-text('Future 6 of seed 0')")
    at(page, 0)
    page.locator("[data-act=meeting]").click()
    at(page, 1)
    model = als.AllianceModel(FIRST_SCENARIO, seed=0, draw=6)
    model.step()
    threat = model.allies["POL"].threat_perception
    tile = page.locator("[data-map=threat_perception] [data-iso3=POL] title")
    assert tile.text_content() == f"Poland: {threat:.2f}"
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
    assert page.locator(".as-network-arrow").count() == 30

    page.select_option("[data-control=measure]", "sanctions")
    page.wait_for_selector("h2:has-text('Position on sanctions on Russia')")
    month = page.locator("[data-control=month]")
    month.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("h2:has-text('July 2026')")
    page.locator("[data-control=count]").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelectorAll('.as-network-arrow').length === 25")

    page.locator(".as-network-tile[data-iso3=USA]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-table=moved_by]")
    expected = ties(network, "sanctions", 13, "USA")
    for name in ("moves", "moved_by"):
        found = {ally: float(value) for ally, value in table(name)}
        assert found == pytest.approx({row["ally"]: 1000 * row["value"] for row in expected[name]}, abs=0.0501)
    assert all(
        "USA" in ends
        for ends in page.locator(".as-network-arrow").evaluate_all(
            "all => all.map(a => [a.dataset.from, a.dataset.to])"
        )
    )
    page.locator("[data-act=all]").click()
    page.wait_for_selector("[data-table=moved]")


@pytest.mark.parametrize("name", ["one_run", "network"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(opened: Open, name: str, scheme: str) -> None:
    page = opened(name, width=420, scheme=scheme)
    if name == "one_run":
        page.locator("[data-act=end]").click()
        at(page, 48)
        page.locator("summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    page.wait_for_selector("[data-iso3] rect")
    # Every colour of the maps is one that this browser knows.
    fills = page.locator("[data-iso3] rect").evaluate_all("all => all.map(each => getComputedStyle(each).fill)")
    assert len(set(fills)) > 5 and "rgb(0, 0, 0)" not in fills
    assert json.dumps(fills).count("color(srgb") > 20
