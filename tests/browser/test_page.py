import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from alliance_sim.registry.forums import DECISIONS

pytestmark = pytest.mark.browser

Arrive = Callable[[], Any]


def test_whole_page(visit: Arrive) -> None:
    seen = visit()
    page = seen.page
    assert len(seen.board()) == page.locator(".as-item").count() > 20
    assert page.locator(".as-tile").count() == 34
    page.wait_for_function("document.querySelectorAll('.as-fan canvas').length === 6")
    assert "Monte Carlo error" in page.locator(".as-status").inner_text()
    assert page.locator(".as-lever-value", has_text="as calibrated").count() == 3
    page.locator(".as-other").click()
    page.locator(".v-menu__content.menuable__content__active .v-list-item", has_text="Polarisation").click()
    page.wait_for_selector("[data-outcome=polarisation] canvas")
    # Nothing is wider than the window, once the charts are resized.
    for width in (1600, 1280, 700):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"document.documentElement.scrollWidth <= {width}")


def test_lever_moved_by_keyboard_redraws_board_and_fans(visit: Arrive) -> None:
    seen = visit()
    board, fan = seen.board(), seen.picture("consensus_capacity")
    seen.lever("tolerated_move").focus()
    for _ in range(20):
        seen.page.keyboard.press("ArrowRight")
    seen.settle("--set tolerated_move=")
    assert len(seen.board()) == len(board) and seen.board() != board
    seen.page.wait_for_function(
        "([before]) => document.querySelector('[data-outcome=consensus_capacity] canvas').toDataURL() !== before",
        arg=[fan],
    )
    value = seen.page.locator("[data-lever=tolerated_move] output").inner_text()
    assert f"--set tolerated_move={float(value):g}" in seen.page.locator(".as-reproduce").text_content()
    assert "dashed: median as calibrated" in seen.page.locator(".as-over-time").inner_text()

    # Switched off, the first run is shown again.
    seen.page.get_by_role("button", name="Reset", exact=True).click()
    seen.page.wait_for_selector(".as-status[data-state=ready]:not([data-shown*='--set'])")
    assert seen.board() == board


def test_scenario_of_another_era(visit: Arrive) -> None:
    seen = visit()
    board, page = seen.board(), seen.page
    page.locator(".as-scenario").click()
    page.get_by_role("option", name="The closed-door meeting in Helsinki").or_(
        page.locator(".v-list-item", has_text="The closed-door meeting in Helsinki")
    ).first.click()
    seen.settle("helsinki_2018")
    assert page.get_by_role("heading", level=1).inner_text() == "The closed-door meeting in Helsinki"
    assert not set(seen.board()) & set(board)
    page.get_by_role("tab", name="Perceived threat").click()
    # Finland and Sweden joined later.
    absent = page.locator(".as-tile.as-absent").evaluate_all("tiles => tiles.map(tile => tile.dataset.iso3)")
    assert {"FIN", "SWE"} <= set(absent)


def test_map_and_board_show_the_same_item_and_ally(visit: Arrive) -> None:
    seen = visit()
    page = seen.page
    sanctions = page.locator(".as-item", has_text="Sanctions").first
    sanctions.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".as-item.as-selected:has-text('Sanctions')")
    # The United States has no seat in the EU Council.
    page.wait_for_selector(".as-tile.as-absent[data-iso3=USA]")
    page.locator("[data-iso3=HUN]").click()
    page.wait_for_selector(".as-tile.as-picked[data-iso3=HUN]")
    assert page.locator(".as-detail").inner_text().startswith("Hungary")
    chip = sanctions.locator(".as-picked").inner_text()
    tile = page.locator("[data-iso3=HUN] .as-number").text_content()
    assert chip.split() == ["HUN", tile]
    sanctions.hover()
    assert "Hungary" in page.get_by_role("tooltip").inner_text()

    page.get_by_role("tab", name="Perceived threat").click()
    first = page.locator(".as-caption b").inner_text()
    page.get_by_role("slider", name="Month").focus()
    page.keyboard.press("End")
    assert page.locator(".as-caption b").inner_text() != first


def test_seed(visit: Arrive) -> None:
    seen = visit()
    board, field = seen.board(), seen.page.locator("#seed")
    field.fill("-1")
    seen.page.wait_for_selector("text=A whole number from 0")
    field.fill("7")
    seen.settle("--seed 7")
    assert seen.board() != board


def test_two_visitors_at_once_get_their_own_results(visit: Arrive) -> None:
    visitors = [visit(), visit()]
    # They move the same lever to opposite ends, at the same time, several times.
    for _ in range(4):
        for seen, key in zip(visitors, ("PageDown", "PageUp"), strict=True):
            seen.lever("initial_autonomy").focus()
            seen.page.keyboard.press(key)
    for seen in visitors:
        seen.settle("--set initial_autonomy=")
        value = seen.page.locator("[data-lever=initial_autonomy] output").inner_text()
        seen.settle(f"--set initial_autonomy={float(value):g}")
    assert visitors[0].board() != visitors[1].board()
    for seen in visitors:
        lines = seen.page.locator(".as-reproduce code").nth(1).text_content()
        assert endings(seen.board()) == endings_of_python(lines)


def endings(board: list[str]) -> list[str]:
    """The key of each item and its shares of decisions."""
    return [f"{row.split(': ')[0]}: {row.split(': ')[-1]}" for row in board]


def endings_of_python(lines: str) -> list[str]:
    known: dict[str, Any] = {}
    exec(lines, known)
    return [
        f"{row['meeting']}/{row['issue']}: " + ", ".join(f"{name} {percent(row[name])} %" for name in DECISIONS)
        for row in known["ensemble"].decisions().to_dict("records")
    ]


def percent(share: float) -> str:
    return "<1" if 0.0 < share < 0.005 else f"{100 * share:.0f}"


def test_missing_asset_is_refused_without_asking_another_server(server: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server}/_solara/cdn/katex@0.0.0/dist/katex.js", timeout=20)
    refused.value.close()
    assert refused.value.code == 404


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is not this machine")
def test_only_the_loopback_address_is_served(server: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", int(server.rsplit(":", 1)[1])), timeout=5)
