"""Summaries over draws: outcomes as one number a draw, decisions as shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim.compile import CompiledScenario
from alliance_sim.core.structures import PENDING, Decision, DecisionRecords
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES

__all__ = ["decided", "summaries"]


def summaries(outcomes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the summary of each outcome in each draw (D, outcomes), from outcomes by month (D, T, outcomes).

    Examples
    --------
    >>> import alliance_sim as als
    >>> summaries(als.simulate("baseline_2018", draws=2).output.outcomes).shape
    (2, 36)
    """
    columns = [
        outcomes[:, :, o].mean(axis=1) if outcome.summary == "mean" else outcomes[:, -1, o]
        for o, outcome in enumerate(OUTCOMES.values())
    ]
    return np.stack(columns, axis=1)


def decided(records: DecisionRecords) -> NDArray[np.int8]:
    """Return how items ended, as indices of `DECISIONS` (D, items); those of a meeting not held count as deferred.

    Examples
    --------
    >>> import alliance_sim as als
    >>> ensemble = als.simulate("baseline_2018", draws=2)
    >>> decided(ensemble.records).shape == ensemble.records.outcome.shape
    True
    """
    return np.where(records.outcome == PENDING, Decision.DEFERRED, records.outcome).astype(np.int8)


def decision_board(program: CompiledScenario, records: DecisionRecords) -> pd.DataFrame:
    """Return one row an item of an agenda, in time order; see `Ensemble.decisions`."""
    codes = decided(records)
    shares = [(codes == code).mean(axis=0) for code in range(len(DECISIONS))]
    bypassed = (records.bypassed > 0).mean(axis=0)
    settled = (records.settled != PENDING).mean(axis=0)
    objecting = (records.objection >= 0).mean(axis=0)
    level = program.levels(records.share).mean(axis=0)
    rows = []
    for at, row in enumerate(program.agenda):
        rates = objecting[row.column]
        order = np.argsort(-rates, kind="stable")
        rows.append(
            {
                "meeting": row.meeting,
                "month": row.month,
                "forum": row.forum,
                "issue": row.issue,
                "title": row.title,
                "proposed": row.proposed,
                "reversion": row.reversion,
                **{name: float(share[row.column]) for name, share in zip(DECISIONS, shares, strict=True)},
                "bypassed": float(bypassed[row.column]),
                "settled": float(settled[row.column]),
                "level_mean": float(level[at]),
                "objectors": {ALLIES[i]: float(rates[i]) for i in order if rates[i] > 0.0},
            }
        )
    columns = (
        "meeting month forum issue title proposed reversion adopted diluted withdrawn blocked deferred "
        "bypassed settled level_mean objectors"
    )
    return pd.DataFrame(rows, columns=columns.split())
