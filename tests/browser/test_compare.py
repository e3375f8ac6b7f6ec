"""The page Compare."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from alliance_sim.explorer.address import to_address
from alliance_sim.explorer.request import Request
from browser.conftest import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.full]

Arrive = Callable[..., Any]
CALENDAR = Request("baseline_2025", draws=500)
RESET = Request("us_russia_reset_2025", "baseline_2025", 500)
STRATEGY = "nato_summit-2026-07/russia_strategy"
CHANGED = Request(RESET.scenario, RESET.base, 500, levers=((f"{STRATEGY}/guarantee", 0.2),))


def query(*pins: Request) -> str:
    return to_address(RESET, {"page": "compare"}, pins)


def ready(seen: Any, states: int) -> None:
    seen.page.wait_for_selector("[data-comparison=ready]", timeout=PATIENCE)
    seen.page.wait_for_function(f"document.querySelectorAll('.as-state').length === {states}")


def numbers(seen: Any) -> dict[str, str]:
    """Return what the lists of differences and the boards say, by state and key."""
    rows = seen.page.locator("[data-pair] [data-key], [data-board] [data-key]")
    return dict(
        rows.evaluate_all(
            """rows => rows.map(row => {
                const card = row.closest("[data-pair], [data-board]");
                const place = `${card.dataset.pair || ""} ${card.dataset.board || ""} ${row.dataset.key}`;
                return [place, row.getAttribute("aria-label")];
            })"""
        )
    )


def test_two_states_are_pinned_and_compared_by_keyboard_alone(visit: Arrive) -> None:
    seen = visit()
    page = seen.page
    seen.reach(".as-pin button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".as-pin >> text=1 pinned")
    assert "is pinned, as A" in page.locator(".as-pin").get_attribute("title")
    seen.reach("[data-choice=scenario]")
    page.keyboard.press("ArrowDown")
    seen.settle("us_support_ends_2025")
    seen.reach(".as-pin button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".as-pin >> text=2 pinned")
    seen.reach("[data-page=compare]")
    page.keyboard.press("Enter")
    ready(seen, 2)
    assert page.get_by_role("heading", level=1).inner_text() == "2 states side by side"
    assert page.url.count("pin=") == 2

    # A square of one board is the decision looked at in both.
    square = page.locator(f"[data-board=A] [data-key='{STRATEGY}']")
    square.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-board=B] .as-picked[data-key='{STRATEGY}']")
    page.get_by_role("heading", name="Russia strategy, July 2026").wait_for()


def test_a_link_restores_the_numbers_of_the_command(
    visit: Arrive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from alliance_sim.cli.main import main

    seen = visit(query=query(CALENDAR, RESET, CHANGED))
    ready(seen, 3)
    found = numbers(seen)
    assert len(found) > 60
    other = visit(query=seen.page.url.split("?")[1])
    ready(other, 3)
    assert numbers(other) == found

    monkeypatch.chdir(tmp_path)
    blocks = seen.page.locator(".as-reproduce code").all_text_contents()
    (tmp_path / "state_c.yaml").write_text(blocks[2])
    with pytest.raises(SystemExit):
        main([*blocks[0].split()[1:], "--json"])
    said = json.loads(capsys.readouterr().out)["others"]
    for letter, one in zip("BC", said, strict=True):
        rows = [label for place, label in found.items() if place.split(" ")[0] == letter and "/" not in place]
        means = [f"{each['mean']:+.3f}" for each in one["differences"].values()]
        assert rows and all(any(f": {mean} ±" in row for mean in means) for row in rows), letter

    seen.page.locator(".as-download summary").click()
    with seen.page.expect_download() as download:
        seen.page.locator("[data-file='comparison.csv']").click()
    lines = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    for letter, one in zip("BC", said, strict=True):
        own = {row["name"]: row for row in lines if (row["state"], row["kind"]) == (letter, "outcome")}
        for name, each in one["differences"].items():
            assert float(own[name]["difference"]) == pytest.approx(each["mean"], abs=1e-6)
            assert float(own[name]["p95"]) == pytest.approx(each["p95"], abs=1e-6)
    seen.page.locator("[data-page=why]").click()
    seen.page.wait_for_selector("[data-file='comparison.csv']", state="detached")


def test_four_states_at_most_another_reference_and_fewer(visit: Arrive) -> None:
    earlier = Request("helsinki_2018", "baseline_2018", 2000, 3)
    seen = visit(query=query(CALENDAR, RESET, CHANGED, earlier))
    page = seen.page
    ready(seen, 4)
    assert "D (2,000 futures of seed 3)" in page.locator("[data-comparison]").inner_text()
    assert "calibrated to 2018" in page.get_by_label("State D").get_by_role("alert").inner_text()
    assert page.locator("[data-board]").count() == 3
    page.locator("[data-choice=scenario]").select_option("washington_2024")
    seen.settle("washington_2024")
    assert page.locator(".as-pin button").is_disabled()
    assert "4 states are pinned" in page.locator(".as-pin").get_attribute("title")

    before = numbers(seen)
    page.get_by_role("button", name="Make B the reference").click()
    page.wait_for_function(
        "document.querySelector('[aria-label=\"State A\"] h2').textContent.includes('while the war goes on')"
    )
    ready(seen, 4)
    assert numbers(seen) != before
    page.get_by_role("button", name="Remove D").click()
    ready(seen, 3)
    assert page.url.count("pin=") == 3 and page.locator(".as-pin button").is_enabled()
    page.get_by_role("button", name="Open A", exact=True).click()
    seen.settle("us_russia_reset_2025")
    for _ in range(3):
        page.get_by_role("button", name="Remove A").click()
        page.wait_for_timeout(300)
    # Without pins the run that the controls describe is set against its base.
    ready(seen, 2)
    assert "pin=" not in page.url
    assert "calendar after The Hague" in page.get_by_label("State A").inner_text()


def test_a_pin_that_cannot_be_used_is_said(visit: Arrive) -> None:
    seen = visit(query=f"{query(CALENDAR, RESET)}&{urlencode({'pin': 'seed=x'})}")
    ready(seen, 2)
    assert "pin 'seed=x' cannot be used" in seen.page.locator(".as-main > .as-error").inner_text()


def test_outcomes_are_chosen_and_read_month_by_month(visit: Arrive) -> None:
    seen = visit(query=query(CALENDAR, RESET, CHANGED))
    page = seen.page
    ready(seen, 3)
    page.locator("[data-choice=compared-1]").select_option("polarisation")
    chart = page.locator("[data-outcome=polarisation] .as-lines-plot")
    chart.wait_for()
    assert chart.locator(".as-state-line").count() == 3
    chart.focus()
    page.keyboard.press("ArrowLeft")
    assert "A 0." in chart.get_attribute("aria-valuetext") and "C 0." in chart.get_attribute("aria-valuetext")
    # Labels at the ends of lines do not touch.
    tops = sorted(chart.locator(".as-end").evaluate_all("ends => ends.map(end => Number(end.getAttribute('y')))"))
    assert len(tops) == 3 and all(low - high >= 12 for high, low in pairwise(tops))


def test_narrow_and_dark(visit: Arrive) -> None:
    seen = visit(query=query(CALENDAR, RESET, CHANGED))
    page = seen.page
    ready(seen, 3)
    for width in (1600, 1280, 700, 420):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"document.documentElement.scrollWidth <= {width}")
    colour = "() => getComputedStyle(document.querySelector('.as-state p')).color"
    light = page.evaluate(colour)
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(colour) != light
    assert page.evaluate(colour) == page.evaluate("getComputedStyle(document.querySelector('.as-app')).color")
