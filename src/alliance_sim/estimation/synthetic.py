"""Histories that the model itself made, with known unknowns, for a fit to find again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile import compile_scenario
from alliance_sim.core.structures import ALLY_VARIABLES, Decision
from alliance_sim.estimation.history import History, observed
from alliance_sim.estimation.unknowns import NUISANCE, Unknowns
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.fields import month_name, month_number
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.validation.record import HISTORY, RecordedItem

__all__ = ["synthetic_history"]

Floats = NDArray[np.float64]
_BY_CLASS = (Decision.BLOCKED, Decision.DILUTED, Decision.ADOPTED)


def _with_disputes(items: Sequence[RecordedItem]) -> Scenario:
    """Return the history in which the hard objections of some items start disputes, and no others do."""
    bundled = load_scenario(HISTORY)
    last = month_number(bundled.start) + bundled.months
    fields: dict[str, object] = {
        "name": "synthetic",
        "extends": HISTORY,
        "drop": [event.id for event in bundled.events if event.type == "dispute"],
        "events": [
            {
                "month": month_name(month_number(item.month) + 1),
                "type": "dispute",
                "holder": next(iter(item.objectors)),
                "issue": item.issue,
                "about": "synthetic",
                "source": "synthetic",
                "id": f"synthetic-{item.id}",
            }
            for item in items
            if item.objection == "hard" and len(item.objectors) == 1 and month_number(item.month) + 1 < last
        ],
    }
    return load_scenario(fields)


def synthetic_history(unknowns: Unknowns, z: Floats, real: History, seed: int) -> History:
    """Return what would have been recorded had the model been true with some unknowns.

    Parameters
    ----------
    unknowns : Unknowns
    z : (dimension,) array
    real : History
        Gives the items that could be recorded, the years, and the rates of what the model does not explain.
    seed : int
    """
    rng = np.random.default_rng([20250623, seed])
    program = compile_scenario(_with_disputes(()))
    rows = unknowns.rows(z[np.newaxis])
    block = program.block(seed, 0, 1, "allies", rows=rows)
    program.run(block, seed)
    column = {(row.meeting, row.issue): row.column for row in program.agenda}
    nuisance = {name: float(unknowns.nuisance(z[np.newaxis], name)[0]) for name in NUISANCE}
    items: list[RecordedItem] = []
    for i, item in enumerate(real.items):
        j = column[item.meeting, item.issue]
        outcome = int(block.records.outcome[0, j])
        refused = real.seated[i] & (block.records.objection[0, j] >= 0)
        voiced = real.seated[i] & (refused | (block.records.voiced[0, j] > 0))
        contested = bool(voiced.any())
        explained = rng.random() >= nuisance["unexplained"]
        if not explained:
            cell = int(rng.choice(real.rates[i].size, p=real.rates[i].ravel()))
            outcome, contested = _BY_CLASS[cell // 2], cell % 2 > 0
        if not contested:
            refused = voiced = np.zeros(len(ALLIES), bool)
        elif not voiced.any() or rng.random() < nuisance["unexplained_objections"]:
            refused = voiced = _objecting(real, i, rng)
        objecting, hard = (refused, True) if refused.any() and outcome not in _BY_CLASS[1:] else (voiced, False)
        usual = outcome == Decision.ADOPTED and not objecting.any() and not item.rollover
        if explained and usual and rng.random() >= nuisance["recorded_share"]:
            continue
        names = frozenset(np.array(ALLIES)[objecting])
        label = "none" if not names else "hard" if hard else "soft"
        items.append(replace(item, decision=DECISIONS[outcome], objectors=names, objection=label))
    months = [program.months.index(f"{year}-12") for year in real.years]
    spending = block.output.allies[0, months, ALLY_VARIABLES.index("spending")]
    error = np.zeros_like(spending)
    for year in range(len(months)):
        before = error[year - 1] if year else 0.0
        own = nuisance["spending_sd"] * rng.standard_normal(len(ALLIES))
        common = nuisance["spending_common_sd"] * rng.standard_normal()
        error[year] = nuisance["spending_persistence"] * before + own + common
    spending = np.where(np.isnan(real.spending), np.nan, spending * np.exp(error))
    repeats = real.program.calendar.clamp.repeats
    return observed(compile_scenario(_with_disputes(items)), items, real.years, spending, repeats)


def _objecting(real: History, item: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return who objects to an item, at the rates of the record, somebody for certain."""
    while True:
        found: NDArray[np.bool_] = real.seated[item] & (rng.random(len(ALLIES)) < real.objection_rates[item])
        if found.any():
            return found
