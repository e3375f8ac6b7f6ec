"""What docs/analysis.md shows: its recipes run, and its tables of common random numbers are what comes out."""

import re
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alliance_sim as als
from alliance_sim.compile import Block, compile_scenario
from alliance_sim.simulation import collect

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "analysis.md").read_text("utf-8")
RECIPES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_recipe_for_the_ema_workbench_runs():
    (recipe,) = (text for text in RECIPES if "ema_workbench" in text)
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of optional packages that the workbench would like to have
        exec(compile(recipe, "analysis.md", "exec"), names)
    experiments, outcomes = names["experiments"], names["outcomes"]
    assert len(experiments) == 8 and set(experiments["what_if"]) == {"us_russia_reset_2025", "european_pillar_2025"}
    for row, experiment in experiments.reset_index(drop=True).iterrows():
        what_if = als.load_scenario(experiment["what_if"])
        run = als.simulate(what_if.with_parameters({name: float(experiment[name]) for name in ("g_r", "alpha0")}), 20)
        assert outcomes["cohesion"][row] == pytest.approx(run.per_draw()["cohesion"].mean(), rel=1e-12)
    assert np.ptp(outcomes["deterrence"]) > 0.0


def test_recipe_of_branching_runs():
    (recipe,) = (text for text in RECIPES if "als.branch" in text)
    names: dict[str, object] = {}
    exec(compile(recipe.replace("draws=500", "draws=20"), "analysis.md", "exec"), names)
    (future,) = names["futures"].values()
    spread = np.ptp(future.data["cohesion"].sel(month=slice(None, "2026-05")).values, axis=0)
    assert len(spread) == 12 and (spread == 0.0).all()


def test_table_of_common_random_numbers_is_what_comes_out():
    rows = re.search(r"<!-- crn -->\n(.*?)\n<!-- end -->", PAGE, re.DOTALL)[1].splitlines()
    assert rows == crn_table()


def test_table_of_other_comparisons_is_what_comes_out():
    rows = re.search(r"<!-- crn others -->\n(.*?)\n<!-- end -->", PAGE, re.DOTALL)[1].splitlines()
    assert rows == others_table()


OTHERS = (
    ("baseline_2025", "truncated_summit_2025"),
    ("baseline_2025", "us_support_ends_2025"),
    ("us_russia_reset_2025", "european_pillar_2025"),
    ("us_russia_reset_2025", "reset_fails_2025"),
    ("helsinki_2018", "helsinki_open_2018"),
    ("baseline_2018", "helsinki_2018"),
)


@cache
def per_draw(name: str, seed: int) -> pd.DataFrame:
    return als.simulate(name, 1000, seed, "monthly").per_draw()


def by_chance(name: str, draw: int) -> pd.DataFrame:
    """150 draws of a scenario that differ by chance alone: all have parameters and actors of this one."""
    program = compile_scenario(als.load_scenario(name))
    fixed = program.draws(0, draw, draw + 1)

    def run(block: Block) -> None:
        for array, values in zip(block.draws, fixed, strict=True):
            array[:] = values
        program.run(block, 0)

    return collect(program, 150, 0, "monthly", run).per_draw()


def others_table() -> list[str]:
    names = ["cohesion", "agreement", "consensus_capacity", "threat_gap", "deterrence", "resistance"]
    lines = [f"| comparison | {' | '.join(names)} |", "| --- " * (len(names) + 1) + "|"]
    for one, other in OTHERS:
        widths = [
            (difference.quantile(0.95) - difference.quantile(0.05))[names]
            for difference in (per_draw(other, seed) - per_draw(one, 0) for seed in (0, 1))
        ]
        ratios = [f"{ratio:.1f}" if ratio < 100 else "> 100" for ratio in widths[1] / widths[0]]
        lines.append(f"| `{one}`, `{other}` | {' | '.join(ratios)} |")
    return lines


def crn_table() -> list[str]:
    base, paired, independent = (
        per_draw(*which) for which in (("baseline_2025", 0), ("us_russia_reset_2025", 0), ("us_russia_reset_2025", 1))
    )
    differences = [by_chance("us_russia_reset_2025", draw) - by_chance("baseline_2025", draw) for draw in range(12)]
    lines = ["| outcome | mean difference | paired | independent | narrower by | chance |", "| --- " * 6 + "|"]
    for name in (
        "deterrence", "deterrence_without_us", "resistance", "consensus_capacity", "agreement", "threat_gap",
        "cohesion", "sanctions_durability", "isolation", "mean_spending", "mean_guarantee_confidence",
        "ukraine_support_total",
    ):  # fmt: skip
        widths = [
            (run - base)[name].quantile(0.95) - (run - base)[name].quantile(0.05) for run in (paired, independent)
        ]
        mean = (paired - base)[name].mean()
        chance = np.mean([difference[name].var() for difference in differences]) / (paired - base)[name].var()
        figures = f"{mean:+.3f} | {widths[0]:.3f} | {widths[1]:.3f} | {widths[1] / widths[0]:.1f} | {chance:.0%}"
        lines.append(f"| `{name}` | {figures.replace('%', ' %')} |")
    return lines
