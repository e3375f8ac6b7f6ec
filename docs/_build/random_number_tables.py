"""How much narrower common random numbers make differences: the markdown tables of ``docs/analysis.md``."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from markdown_tables import markdown_table

import alliance_sim as als
from alliance_sim.compile import Block, compile_scenario
from alliance_sim.simulation import collect

__all__ = ["differences_table", "pairs_table"]

_PAIRS = (
    ("baseline_2025", "truncated_summit_2025"),
    ("baseline_2025", "us_support_ends_2025"),
    ("us_russia_reset_2025", "european_pillar_2025"),
    ("us_russia_reset_2025", "reset_fails_2025"),
    ("helsinki_2018", "helsinki_open_2018"),
    ("baseline_2018", "helsinki_2018"),
)
_OUTCOMES_OF_PAIRS = ("cohesion", "agreement", "consensus_capacity", "threat_gap", "deterrence", "resistance")
_OUTCOMES = (
    "deterrence", "deterrence_without_us", "resistance", "consensus_capacity", "agreement", "threat_gap",
    "cohesion", "sanctions_durability", "isolation", "mean_spending", "mean_guarantee_confidence",
    "ukraine_support_total",
)  # fmt: skip


def differences_table() -> str:
    """Return how wide the difference between two scenarios is, with common and with independent random numbers."""
    base = _per_draw("baseline_2025", 0)
    paired, independent = (_per_draw("us_russia_reset_2025", seed) - base for seed in (0, 1))
    of_same_actors = [
        _same_actors("us_russia_reset_2025", draw) - _same_actors("baseline_2025", draw) for draw in range(12)
    ]
    rows = []
    for name in _OUTCOMES:
        narrow, wide = (_width(difference[name]) for difference in (paired, independent))
        chance = np.mean([difference[name].var() for difference in of_same_actors]) / paired[name].var()
        numbers = (f"{paired[name].mean():+.3f}", f"{narrow:.3f}", f"{wide:.3f}", f"{wide / narrow:.1f}")
        rows.append((f"`{name}`", *numbers, f"{100 * chance:.0f} %"))
    return markdown_table(("outcome", "mean difference", "paired", "independent", "narrower by", "chance"), rows)


def pairs_table() -> str:
    """Return how much narrower common random numbers make intervals of other pairs of scenarios."""
    rows = []
    for one, other in _PAIRS:
        paired, independent = (_per_draw(other, seed) - _per_draw(one, 0) for seed in (0, 1))
        ratios = (_width(independent[name]) / _width(paired[name]) for name in _OUTCOMES_OF_PAIRS)
        rows.append((f"`{one}`, `{other}`", *(f"{ratio:.1f}" if ratio < 100 else "> 100" for ratio in ratios)))
    return markdown_table(("comparison", *_OUTCOMES_OF_PAIRS), rows)


@cache
def _per_draw(name: str, seed: int) -> pd.DataFrame:
    return als.simulate(name, 1000, seed, "monthly").per_draw()


def _same_actors(name: str, draw: int) -> pd.DataFrame:
    """Return outcomes of 150 draws that differ by chance alone: all have the parameters and actors of one."""
    program = compile_scenario(als.load_scenario(name))
    fixed = program.draw_inputs(0, draw, draw + 1)

    def run(block: Block) -> None:
        for array, values in zip(block.inputs, fixed, strict=True):
            array[:] = values
        program.run(block, 0)

    return collect(program, 150, 0, "monthly", run).per_draw()


def _width(values: pd.Series[float]) -> float:
    return float(values.quantile(0.95) - values.quantile(0.05))


if __name__ == "__main__":
    print(differences_table(), pairs_table(), sep="\n\n")
