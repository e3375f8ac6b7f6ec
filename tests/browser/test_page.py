import json
import re
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import alliance_sim as als
from alliance_sim.registry.forums import DECISIONS
from servers import running

pytestmark = pytest.mark.browser

Arrive = Callable[..., Any]
STRATEGY = "nato_summit-2026-07/russia_strategy"
PASSES = r"passes in (<?\d+) %"


def test_whole_page(visit: Arrive) -> None:
    seen = visit()
    page = seen.page
    assert page.get_by_role("heading", level=1).inner_text().startswith("In ")
    assert len(seen.board()) > 20
    assert page.locator(".as-dots rect").count() == 100
    assert page.locator(".as-country").count() == 34
    page.wait_for_function("document.querySelectorAll('[data-outcome] svg .as-own-line').length === 6")
    assert "points (one standard error) by chance" in page.locator(".as-status").inner_text()
    page.locator("[data-choice=outcome-0]").select_option("polarisation")
    page.wait_for_selector("[data-outcome=polarisation] .as-own-line")
    # Nothing is wider than the window.
    for width in (1600, 1280, 700, 420):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"document.documentElement.scrollWidth <= {width}")


def test_the_page_has_the_numbers_of_the_command_line(visit: Arrive, capsys: pytest.CaptureFixture[str]) -> None:
    seen = visit()
    command = seen.page.locator(".as-reproduce code").first.text_content()
    from alliance_sim.cli.main import main

    with pytest.raises(SystemExit):
        main([*command.split()[1:], "--json"])
    found = json.loads(capsys.readouterr().out)
    # Draws are futures on the page; nothing else differs.
    said = [re.sub(r"\bdraw(s?)\b", r"future\1", each.replace("`", "")) for each in found["headline"]["sentences"]]
    first, _, costs, _ = said
    assert seen.page.locator(".as-headline").inner_text() == first
    assert seen.page.locator(".as-costs").all_inner_texts() == [costs]
    shares = {f"{row['meeting']}/{row['issue']}": row["adopted"] + row["diluted"] for row in found["decisions"]}
    for key, label in seen.board().items():
        (passes,) = re.findall(PASSES, label)
        assert passes == percent(shares[key]), key
    # The first sentence is on the text that loses most, since that of the headline passes more often than in the base.
    rows = als.simulate("us_russia_reset_2025", 1).decisions().to_dict("records")
    titles = {f"{row['meeting']}/{row['issue']}": row["title"] for row in rows}
    key = seen.page.locator(".as-picked").get_attribute("data-key")
    said = f"In {percent(shares[key])} of 100 futures"
    assert seen.page.get_by_role("heading", level=1).inner_text().startswith(said)
    assert f"“{titles[key]}”" in seen.page.get_by_role("heading", level=1).inner_text()


def test_lever_moved_by_keyboard_redraws_board_and_fans(visit: Arrive) -> None:
    seen = visit()
    board, fan = seen.board(), seen.picture("cohesion")
    seen.lever("min_share").focus()
    for _ in range(20):
        seen.page.keyboard.press("ArrowRight")
    seen.settle("--set min_share=")
    assert seen.board().keys() == board.keys() and seen.board() != board
    assert seen.picture("cohesion") != fan
    value = seen.page.locator("[data-lever=min_share] output").inner_text()
    assert f"--set min_share={float(value):g}" in seen.page.locator(".as-reproduce").text_content()
    assert f"set=min_share:{float(value):g}" in seen.page.url

    # Switched off, the first run is shown again.
    seen.page.get_by_role("button", name="Reset", exact=True).click()
    seen.page.wait_for_selector(".as-status[data-state=ready]:not([data-shown*='--set'])")
    assert seen.board() == board


def test_a_link_restores_the_page_in_another_session(visit: Arrive) -> None:
    seen = visit()
    seen.lever("min_share").focus()
    seen.page.keyboard.press("PageUp")
    seen.settle("--set min_share=")
    seen.page.locator(f"[data-key='{STRATEGY}']").click()
    seen.page.wait_for_function("window.location.search.includes('russia_strategy')")
    address, board = seen.page.url.split("?")[1], seen.board()
    other = visit(query=address)
    assert other.board() == board
    assert "Russia strategy, July 2026" in other.page.locator(".as-answer").inner_text()


def test_a_change_that_restores_consensus_gives_the_share_it_names(visit: Arrive) -> None:
    seen = visit(query=f"draws=500&item={STRATEGY}")
    page = seen.page
    page.wait_for_selector("button.as-change", timeout=120_000)
    # What the search adds leaves the sentences around it on the page.
    page.wait_for_selector(".as-because:not(:empty)")
    assert page.locator(".as-said .as-right").inner_text().startswith("How right the model is")
    assert page.locator(".as-weak summary").inner_text() == "Where the model is weak"
    share = page.locator("button.as-change b").first.inner_text()
    page.locator("button.as-change").first.dblclick()
    page.wait_for_function("window.location.search.includes('lever=')")
    seen.settle("what_if.yaml")
    assert passing(seen, STRATEGY) == share.split()[0]


def test_events_and_parameters_are_changed_and_taken_back(visit: Arrive) -> None:
    seen = visit()
    page, board = seen.page, seen.board()
    page.locator(".as-events summary").click()
    page.locator("[data-event='bilateral_summit-2025-09'] input[type=checkbox]").uncheck()
    page.wait_for_function("window.location.search.includes('off=bilateral_summit-2025-09')")
    seen.settle("what_if.yaml")
    assert seen.board() != board
    page.locator(".as-parameters summary").click()
    page.get_by_role("searchbox").fill("least share of a proposal")
    box = page.locator("[data-parameter=min_share] input")
    box.fill("7")
    box.press("Enter")
    assert "allowed: 0 to 1" in page.locator("[data-parameter=min_share]").inner_text()
    page.get_by_role("button", name="Take all changes back").click()
    page.wait_for_selector(".as-status[data-state=ready]:not([data-shown*='what_if'])")
    assert seen.board() == board


def test_scenario_of_another_era(visit: Arrive) -> None:
    seen = visit(query="set=min_share:0.2")
    board, page = seen.board(), seen.page
    page.locator("[data-choice=scenario]").select_option("helsinki_2018")
    seen.settle("helsinki_2018")
    assert not set(seen.board()) & set(board)
    assert "--set" not in page.locator(".as-status").get_attribute("data-shown")
    # Finland and Sweden joined later, and sit at no table of the alliance.
    page.locator("[data-key^='nato_summit-2018']").first.click()
    page.wait_for_selector("[data-iso3=FIN].as-absent")
    absent = page.locator(".as-country.as-absent").evaluate_all("tiles => tiles.map(tile => tile.dataset.iso3)")
    assert {"FIN", "SWE"} <= set(absent)


def test_a_file_of_the_visitor(visit: Arrive, tmp_path: Path) -> None:
    seen = visit()
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nextends: baseline_2025\nmonth: 3\n")
    seen.page.locator(".as-upload input").set_input_files(str(file))
    refusal = seen.page.get_by_role("alert")
    refusal.wait_for()
    assert "mine.yaml" in refusal.inner_text() and "month" in refusal.inner_text()
    file.write_text("name: mine\nextends: baseline_2018\ntitle: Mine\nparameters: {min_share: 0.9}\n")
    seen.page.locator(".as-upload input").set_input_files(str(file))
    seen.settle("what_if.yaml")
    assert refusal.count() == 0
    own = als.simulate({"extends": "baseline_2018", "name": "mine", "parameters": {"min_share": 0.9}}, 500)
    (row, *_) = own.decisions().to_dict("records")
    assert passing(seen, f"{row['meeting']}/{row['issue']}") == percent(row["adopted"] + row["diluted"])


def test_a_download_is_what_simulate_gives(visit: Arrive) -> None:
    seen = visit()
    seen.page.locator(".as-download summary").click()
    with seen.page.expect_download() as found:
        seen.page.locator("[data-file='decisions.csv']").click()
    lines = Path(found.value.path()).read_text().splitlines()
    board = als.simulate("us_russia_reset_2025", 500).decisions()
    assert len(lines) == 1 + len(board)
    first = board.iloc[0]
    assert lines[1].startswith(f"{first['meeting']},{first['month']:%Y-%m}")
    assert ",".join(f"{first[name]:g}" for name in DECISIONS)[:3] in lines[1]


def test_a_file_can_be_had_twice(visit: Arrive) -> None:
    page = visit().page
    page.locator(".as-download summary").click()
    for _ in range(2):
        with page.expect_download():
            page.locator("[data-file='outcomes.csv']").click()


def test_a_download_that_fails_says_why(arrive: Arrive, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['openpyxl'] = None; from alliance_sim.explorer import serve; serve(int(sys.argv[1]))"
    )
    with running(tmp_path, "-c", code) as server:
        seen = arrive(server.url, "/?draws=500")
        seen.settle("--draws 500")
        menu = seen.page.locator(".as-download")
        menu.locator("summary").click()
        menu.locator("[data-file='report.xlsx']").click()
        alert = menu.get_by_role("alert")
        alert.wait_for()
        assert "needs openpyxl; install it with" in alert.inner_text() and menu.get_by_role("status").count() == 0
        with seen.page.expect_download():
            menu.locator("[data-file='what_if.yaml']").click()
        alert.wait_for(state="hidden")
        seen.page.close()


def test_dark(visit: Arrive) -> None:
    seen = visit()
    colour = "() => getComputedStyle(document.querySelector('.as-card')).backgroundColor"
    light = seen.page.evaluate(colour)
    seen.page.get_by_role("button", name="Dark").click()
    assert seen.page.evaluate(colour) != light
    seen.page.get_by_role("button", name="Light").click()
    assert seen.page.evaluate(colour) == light


def test_seed(visit: Arrive) -> None:
    seen = visit()
    board, field = seen.board(), seen.page.locator("[data-number=seed]")
    field.fill("-1")
    field.press("Enter")
    seen.page.wait_for_selector("text=A whole number from 0")
    field.fill("7")
    field.press("Enter")
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
        known: dict[str, Any] = {}
        exec(seen.page.locator(".as-reproduce code").nth(1).text_content(), known)
        for row in known["runs"][0].decisions().to_dict("records"):
            assert passing(seen, f"{row['meeting']}/{row['issue']}") == percent(row["adopted"] + row["diluted"])


def passing(seen: Any, key: str) -> str:
    """Return the percent of futures in which a text passes, as the board says it."""
    (found,) = re.findall(PASSES, seen.board()[key])
    return str(found)


def percent(share: float) -> str:
    # As in the browser: of four digits.
    rounded = round(share, 4)
    return "<1" if 0.0 < rounded < 0.005 else f"{100.0 * rounded:.0f}"


def test_missing_asset_is_refused_without_asking_another_server(server: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server}/_solara/cdn/katex@0.0.0/dist/katex.js", timeout=20)
    refused.value.close()
    assert refused.value.code == 404


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is not this machine")
def test_only_the_loopback_address_is_served(server: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", int(server.rsplit(":", 1)[1])), timeout=5)
