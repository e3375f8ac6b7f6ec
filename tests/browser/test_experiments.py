"""The page Experiments, on a real sweep."""

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import alliance_sim as als
from browser.conftest import Visit
from servers import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.full]
PATIENCE = 120_000

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def results(swept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    shutil.copytree(swept, folder / "small")
    shutil.copytree(swept, folder / "stopped")
    (folder / "stopped" / "manifest.json").unlink()
    (folder / "broken").mkdir()
    (folder / "broken" / "plan.json").write_text("[]")
    experiment = als.load_experiment("us_support_ends_indices_2025")
    design = experiment.design.model_copy(update={"points": 8})
    als.sweep(experiment.model_copy(update={"replications": 2, "design": design}), folder / "indices", progress=False)
    return folder


@pytest.fixture(scope="module")
def address(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("log"), "--results", str(results)) as started:
        yield started.url


@pytest.fixture
def experiments(address: str, arrive: Callable[..., Visit]) -> Open:
    return lambda **window: arrive(address, "/?page=experiments", **window).page


def choose(page: "Page", folder: str, tab: str) -> None:
    page.locator(f"[data-folder={folder}] button").click(timeout=PATIENCE)
    page.locator(f"[data-folder={folder}] button[aria-pressed=true]").wait_for(timeout=PATIENCE)
    page.locator(f"[data-tab={tab}]").click(timeout=PATIENCE)
    page.locator(f"[data-tab={tab}][aria-selected=true]").wait_for(timeout=PATIENCE)


def test_without_results_it_says_how_to_make_them(visit: Callable[..., Visit]) -> None:
    page = visit(query="page=experiments").page
    code = page.locator(".as-card pre")
    code.wait_for(timeout=PATIENCE)
    assert "alliance-sim sweep" in code.inner_text()
    assert "alliance-sim explore --results results" in code.inner_text()
    assert page.locator(".as-exper-folders").count() == 0


def test_folders_that_cannot_be_read_have_a_message(experiments: Open) -> None:
    page = experiments()
    page.locator("[data-folder=small]").wait_for(timeout=PATIENCE)
    states = page.locator(".as-exper-folders li").evaluate_all("rows => rows.map(row => row.dataset.state)")
    assert states == ["unreadable", "complete", "complete", "unfinished"]
    assert "plan.json" in page.locator("[data-folder=broken] .as-exper-problem").inner_text()
    assert "--resume" in page.locator("[data-folder=stopped]").inner_text()
    page.locator("[data-folder=stopped] button").click()
    page.get_by_text("Not finished.").wait_for(timeout=PATIENCE)


def test_table_of_policies_downloads_as_it_is_computed(experiments: Open, results: Path) -> None:
    page = experiments()
    choose(page, "small", "policies")
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.locator("[data-csv='small-cohesion-policies.csv']").click(timeout=PATIENCE)
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    expected = als.policy(results / "small", "cohesion").table.sort_values("behind", kind="stable")
    assert [float(row["mean"]) for row in rows] == pytest.approx(list(expected["mean"]), abs=1e-4)
    assert [row["money"] for row in rows] == list(expected["money"])


def test_outcome_and_inputs_can_be_chosen(experiments: Open, results: Path) -> None:
    runs = als.load_results(results / "small").frame("runs")
    means = runs.groupby(["talk", "money"])["mean_spending"].mean()
    page = experiments()
    choose(page, "small", "map")
    page.locator("[data-choice=outcome]").select_option("mean_spending")
    cell = page.locator(".as-exper-heat tbody td").first
    cell.filter(has_text=f"{means['none', 'usual']:.3f}").wait_for(timeout=PATIENCE)
    page.locator("[data-choice=down]").select_option("spending_response_threat")
    page.wait_for_function("document.querySelectorAll('.as-exper-heat tbody tr').length === 6", timeout=PATIENCE)
    assert cell.get_attribute("title").endswith("runs")


def test_tabs_move_by_keyboard(experiments: Open) -> None:
    page = experiments()
    choose(page, "small", "spread")
    page.locator("[data-tab=spread]").focus()
    page.keyboard.press("ArrowRight")
    page.locator("[data-tab=map][aria-selected=true]").wait_for(timeout=PATIENCE)
    assert page.evaluate("document.activeElement.dataset.tab") == "map"


def test_bound_that_no_case_meets_has_a_message(experiments: Open) -> None:
    page = experiments()
    choose(page, "small", "conditions")
    bound = page.locator("[data-number=bound]")
    bound.fill("9", timeout=PATIENCE)
    bound.press("Enter")
    page.get_by_role("alert").filter(has_text="allowed: a bound between").wait_for(timeout=PATIENCE)
    bound.fill("x")
    bound.press("Enter")
    page.get_by_text("A number").wait_for(timeout=PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 420])
def test_every_analysis_fits(experiments: Open, width: int, scheme: str) -> None:
    page = experiments(width=width, scheme=scheme)
    for folder, tab, shown in (
        ("small", "spread", ".as-exper-hist"),
        ("small", "map", ".as-exper-heat"),
        ("small", "conditions", ".as-exper-box"),
        ("small", "policies", ".as-exper-table table"),
        ("indices", "drivers", ".as-intervals"),
    ):
        choose(page, folder, tab)
        page.locator(f".as-exper-chosen {shown}").first.wait_for(timeout=PATIENCE)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
