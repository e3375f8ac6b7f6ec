"""Results in a notebook: what a fresh kernel of Jupyter shows of them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

SOURCE = Path(__file__).parents[2] / "src"
#: Seconds until a cell counts as stuck; the first run may have to compile.
LIMIT = 600

Cell = Callable[[str], list[dict[str, Any]]]
SWEEP = "als.sweep(als.load_experiment('summit_form_2018').model_copy(update={'replications': 1}), FOLDER, **OPTIONS)"


@pytest.fixture(scope="module")
def cell() -> Iterator[Cell]:
    """Runs code in a kernel of its own and returns what it shows: one mapping of media types to contents an output."""
    manager, client = start_new_kernel(env={**os.environ, "PYTHONPATH": str(SOURCE)})

    def run(code: str) -> list[dict[str, Any]]:
        outputs: list[dict[str, Any]] = []

        def keep(message: dict[str, Any]) -> None:
            content = message["content"]
            assert message["msg_type"] != "error", "\n".join(content["traceback"])
            if message["msg_type"] in ("execute_result", "display_data", "update_display_data"):
                outputs.append(content["data"])

        client.execute_interactive(code, timeout=LIMIT, output_hook=keep, allow_stdin=False)
        return outputs

    run("import alliance_sim as als\nensemble = als.simulate('us_russia_reset_2025', draws=3)")
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    "figure",
    [
        "ensemble.plot('cohesion')",
        "ensemble.plot('decisions')",
        "als.compare('baseline_2025', 'us_russia_reset_2025', draws=3, progress=False).plot()",
    ],
)
def test_a_notebook_shows_figures(figure: str, cell: Cell) -> None:
    (shown,) = cell(figure)
    assert shown["image/png"].startswith("iVBORw0KGgo")  # the first bytes of every PNG, in Base64


def test_figures_are_shown_without_a_backend(cell: Cell) -> None:
    (shown,) = cell("ensemble.plot('cohesion'); import sys; 'matplotlib.pyplot' in sys.modules")
    assert shown["text/plain"] == "False"


def test_a_figure_is_shown_once_where_pyplot_was_used_before(cell: Cell) -> None:
    cell("from matplotlib import pyplot")
    shown = cell("ensemble.plot('cohesion')")
    assert len(shown) == 1 and "image/png" in shown[0]


@pytest.mark.parametrize(
    ("result", "texts"),
    [
        ("als.load_scenario('us_russia_reset_2025')", ("A U.S.-Russia reset", "12 events", "bilateral summit")),
        ("ensemble", ("us_russia_reset_2025: 2025-06 to 2029-05, 3 draws", "sanctions on Russia", "deterrence")),
        (
            "als.compare('baseline_2025', 'us_russia_reset_2025', draws=3, progress=False)",
            ("us_russia_reset_2025", "3 paired draws", "cohesion of the alliance"),
        ),
        (SWEEP.replace("OPTIONS", "{'progress': False}"), ("in the folder kept: complete", "quarrels", "27 points")),
    ],
)
def test_a_notebook_shows_results_as_tables(result: str, texts: tuple[str, ...], cell: Cell, tmp_path: Path) -> None:
    (shown,) = cell(result.replace("FOLDER", repr(str(tmp_path / "kept"))))
    page = shown["text/html"]
    assert all(text in page for text in texts) and "<table" in page and "<script" not in page


@pytest.mark.parametrize(
    "call",
    [
        "als.simulate('baseline_2018', 300, **OPTIONS)",
        "als.compare('baseline_2018', 'helsinki_2018', draws=300, **OPTIONS)",
        "als.sensitivity('baseline_2018', 'cohesion', parameters=['pledge'], points=2, draws=1, **OPTIONS)",
        SWEEP,
    ],
)
def test_long_work_shows_its_progress_until_it_ends(call: str, cell: Cell, tmp_path: Path) -> None:
    code = "_ = " + call.replace("FOLDER", repr(str(tmp_path / "kept")))
    first, *_, complete, last = cell(code.replace("OPTIONS", "{}"))
    assert first["text/plain"].startswith("0 of ") and "<progress" in first["text/html"]
    done, total = complete["text/plain"].split()[:3:2]
    assert done == total
    assert last == {"text/plain": "", "text/html": ""}


@pytest.mark.parametrize("progress", ["False", "lambda done: None"])
def test_the_bar_can_be_left_out(progress: str, cell: Cell) -> None:
    assert cell(f"_ = als.simulate('baseline_2018', 300, progress={progress})") == []


def test_keys_are_completed(cell: Cell) -> None:
    code = "[each for each in get_ipython().Completer.complete('ensemble[\"cohes')[1] if 'cohesion' in each] != []"
    assert cell(code)[0]["text/plain"] == "True"


def test_a_notebook_shows_a_progress_bar_of_rich(cell: Cell) -> None:
    shown = cell(
        "from rich.progress import Progress\n"
        "with Progress() as bar:\n"
        "    task = bar.add_task('draws', total=300)\n"
        "    show = lambda done: bar.update(task, completed=done, refresh=True)\n"
        "    _ = als.simulate('baseline_2018', 300, progress=show)\n"
    )
    assert "application/vnd.jupyter.widget-view+json" in shown[0]
    assert any("100%" in each["text/plain"] for each in shown)
