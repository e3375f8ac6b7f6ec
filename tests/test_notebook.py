"""What notebooks show, without a notebook: pages of results, keys, and no bar where there is no kernel."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import alliance_sim as als
from alliance_sim.notebook import in_notebook, shown_progress
from alliance_sim.registry.labels import GROUPS, OUTCOME_LABELS

ATTACK = "<script>alert(1)</script>"
SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture(scope="module")
def scenario() -> als.Scenario:
    base = als.load_scenario("baseline_2018")
    meeting = base.meetings[0].model_copy(update={"title": ATTACK})
    fields = {"title": ATTACK, "description": ATTACK, "meetings": (meeting, *base.meetings[1:])}
    return als.Scenario.validated({**dict(base), **fields}).with_parameters({"pledge": 0.5})


@pytest.mark.parametrize(
    "result",
    [
        lambda scenario: scenario,
        lambda scenario: als.simulate(scenario, 2),
        lambda scenario: als.compare(scenario, "helsinki_2018", draws=2),
    ],
)
def test_titles_are_escaped(result: Callable[[als.Scenario], Any], scenario: als.Scenario) -> None:
    page = result(scenario)._repr_html_()
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page


def test_titles_of_experiments_are_escaped(tmp_path: Path) -> None:
    experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 1, "title": ATTACK})
    page = als.sweep(experiment, tmp_path / "kept")._repr_html_()
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page


def test_pages_need_nothing_else_and_set_no_colours(scenario: als.Scenario) -> None:
    for result in (scenario, als.simulate(scenario, 2), als.compare(scenario, "helsinki_2018", draws=2)):
        page = result._repr_html_()
        assert not re.search(r"color|background|href|src=|url\(", page)
        for tag in ("table", "tr", "td", "th", "details", "p"):
            assert len(re.findall(rf"<{tag}[ >]", page)) == page.count(f"</{tag}>")


def test_an_ensemble_shows_every_outcome_by_its_label() -> None:
    page = als.simulate("us_russia_reset_2025", 2)._repr_html_()
    assert all(f">{label.replace(chr(39), '&#x27;')}</td>" in page for label in OUTCOME_LABELS.values())
    assert all(f">{group}</th>" in page for group in GROUPS)


def test_an_ensemble_without_meetings_shows_its_outcomes() -> None:
    page = als.simulate(als.Scenario.validated({**dict(als.load_scenario("baseline_2018")), "meetings": ()}), 2)
    assert "Decisions" not in page._repr_html_() and "<details open><summary>Outcomes" in page._repr_html_()


def test_variables_are_read_by_name() -> None:
    ensemble = als.simulate("baseline_2018", 2)
    assert ensemble["cohesion"].identical(ensemble.data["cohesion"])
    assert list(ensemble) == list(ensemble.data) == ensemble._ipython_key_completions_()
    assert "cohesion" in ensemble and "cohesoin" not in ensemble
    with pytest.raises(als.InputError, match="nearest: cohesion"):
        ensemble["cohesoin"]


def test_pairs_are_read_by_name() -> None:
    comparison = als.compare("baseline_2025", "us_russia_reset_2025", "washington_2024", draws=2)
    assert comparison["washington_2024"] is comparison.pairs[1]
    assert list(comparison) == ["us_russia_reset_2025", "washington_2024"] == comparison._ipython_key_completions_()
    with pytest.raises(als.InputError, match="nearest: washington_2024"):
        comparison["washington_2042"]


class ZMQInteractiveShell:
    """Named as the shell of a kernel."""


class TerminalInteractiveShell:
    """Named as the shell of a terminal."""


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        (None, False),
        (TerminalInteractiveShell(), False),
        (ZMQInteractiveShell(), True),
        (type("Shell", (ZMQInteractiveShell,), {})(), True),
    ],
)
def test_only_a_kernel_is_a_notebook(shell: object, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert in_notebook() is expected


def test_a_script_shows_nothing_and_does_not_import_ipython() -> None:
    code = "import sys, alliance_sim as als; als.simulate('baseline_2018', 2); print('IPython' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "False\n"


def test_the_callable_of_the_caller_is_called() -> None:
    seen: list[int] = []
    als.simulate("baseline_2018", 3, progress=seen.append)
    assert seen[-1] == 3
    with shown_progress(False, "draws", 3) as on_progress:
        on_progress(3)
