"""The recipes of docs/analysis.md run."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import alliance_sim as als

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "analysis.md").read_text("utf-8")
RECIPES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_recipe_for_the_ema_workbench_runs():
    (recipe,) = (text for text in RECIPES if "ema_workbench" in text)
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about optional packages of the workbench
        exec(compile(recipe, "analysis.md", "exec"), names)
    experiments, outcomes = names["experiments"], names["outcomes"]
    assert len(experiments) == 8 and set(experiments["what_if"]) == {"us_russia_reset_2025", "european_pillar_2025"}
    for row, experiment in experiments.reset_index(drop=True).iterrows():
        what_if = als.load_scenario(experiment["what_if"])
        run = als.simulate(
            what_if.with_parameters(
                {name: float(experiment[name]) for name in ("guarantee_loss_conciliation", "initial_autonomy")}
            ),
            20,
        )
        assert outcomes["cohesion"][row] == pytest.approx(run.per_draw()["cohesion"].mean(), rel=1e-12)
    assert np.ptp(outcomes["deterrence"]) > 0.0


def test_recipe_of_branching_runs():
    (recipe,) = (text for text in RECIPES if "als.branch" in text)
    names: dict[str, object] = {}
    exec(compile(recipe.replace("draws=500", "draws=20"), "analysis.md", "exec"), names)
    (future,) = names["futures"].values()
    spread = np.ptp(future.data["cohesion"].sel(month=slice(None, "2026-05")).values, axis=0)
    assert len(spread) == 12 and (spread == 0.0).all()
