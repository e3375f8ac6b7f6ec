"""Summaries over draws: outcomes as one number a draw, decisions as shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim.compile import AgendaRow, CompiledScenario
from alliance_sim.core.structures import PENDING, Decision, DecisionRecords
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.views import dates

__all__ = ["decided", "objectors_by_item", "out_of_time", "summaries"]

QUANTILES = MappingProxyType({"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95})

#: Draws that are summed up together.
_BLOCK = 64


def summaries(outcomes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the summary of each outcome in each draw (D, outcomes), from outcomes by month (D, T, outcomes).

    Examples
    --------
    >>> import alliance_sim as als
    >>> summaries(als.simulate("baseline_2018", draws=2).output.outcomes).shape
    (2, 36)
    """
    found = np.empty((len(outcomes), len(OUTCOMES)))
    # In blocks that stay in the cache of a core.
    for block in range(0, len(outcomes), _BLOCK):
        some = outcomes[block : block + _BLOCK]
        for o, outcome in enumerate(OUTCOMES.values()):
            column = some[:, :, o].mean(axis=1) if outcome.summary == "mean" else some[:, -1, o]
            found[block : block + _BLOCK, o] = column
    return found


def summary_table(values: pd.DataFrame, *, final: bool) -> pd.DataFrame:
    """Return one row an outcome, from one row a draw; see `Ensemble.summary`."""
    return pd.DataFrame(
        {
            "unit": [outcome.unit for outcome in OUTCOMES.values()],
            "summary": ["final" if final else outcome.summary for outcome in OUTCOMES.values()],
            "mean": values.mean(),
            **{name: values.quantile(QUANTILES[name]) for name in ("p05", "p50", "p95")},
            "mc_error": values.std() / math.sqrt(len(values)),
        },
        index=pd.Index(list(OUTCOMES), name="outcome"),
    )


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


def out_of_time(records: DecisionRecords) -> NDArray[np.bool_]:
    """Return where items were left out because the sessions of their meeting had no time for them (D, items).

    They count as withdrawn, and no ally was asked; of other items that are withdrawn some ally is the least willing.
    An item that was not reached because the meeting had broken off counts as deferred.

    Examples
    --------
    >>> import alliance_sim as als
    >>> ensemble = als.simulate("truncated_summit_2025", draws=2)
    >>> columns = {row.issue: row.column for row in reversed(ensemble.program.agenda)}
    >>> [float(out_of_time(ensemble.records)[:, columns[k]].mean()) for k in ("russia_strategy", "defence_spending")]
    [1.0, 0.0]
    """
    left_out: NDArray[np.bool_] = (records.outcome == Decision.WITHDRAWN) & (records.pivotal < 0)
    return left_out


def decision_board(program: CompiledScenario, records: DecisionRecords) -> pd.DataFrame:
    """Return one row an item of an agenda, in time order; see `Ensemble.decisions`."""
    agenda = program.agenda
    column = [row.column for row in agenda]
    codes, levels = decided(records)[:, column], program.levels(records)
    passed = np.isin(codes, (Decision.ADOPTED, Decision.DILUTED))
    passes = passed.sum(axis=0)
    return pd.DataFrame(
        {
            **_items(agenda),
            "title": [row.title for row in agenda],
            "asked": [row.asked for row in agenda],
            "proposed": program.proposed(records).mean(axis=0),
            "reversion": [row.reversion for row in agenda],
            **{name: (codes == code).mean(axis=0) for code, name in enumerate(DECISIONS)},
            "bypassed": (records.bypassed > 0).mean(axis=0)[column],
            "settled": (records.settled != PENDING).mean(axis=0)[column],
            "level_mean": levels.mean(axis=0),
            "level_passed": np.where(passes > 0, (levels * passed).sum(axis=0) / np.maximum(passes, 1), np.nan),
        }
    )


def objectors(program: CompiledScenario, records: DecisionRecords) -> pd.DataFrame:
    """Return one row an item and ally that objected to it; see `Ensemble.objectors`."""
    shares = (records.objection >= 0).mean(axis=0)[[row.column for row in program.agenda]]
    order = np.argsort(-shares, axis=1, kind="stable")
    item, place = np.nonzero(np.take_along_axis(shares, order, axis=1))
    ally = order[item, place]
    return pd.DataFrame(
        {**_items([program.agenda[i] for i in item]), "ally": np.array(ALLIES)[ally], "share": shares[item, ally]}
    )


def objectors_by_item(objectors: pd.DataFrame) -> dict[tuple[str, str], dict[str, float]]:
    """Return the shares of `Ensemble.objectors` by meeting and issue, then by ally; items without any are missing.

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = objectors_by_item(als.simulate("us_russia_reset_2025", draws=5).objectors())
    >>> "USA" in found["nato_summit-2025-06", "russia_strategy"]
    True
    """
    found: dict[tuple[str, str], dict[str, float]] = {}
    for meeting, issue, ally, share in objectors[["meeting", "issue", "ally", "share"]].itertuples(index=False):
        found.setdefault((meeting, issue), {})[ally] = share
    return found


def _items(rows: Sequence[AgendaRow]) -> dict[str, object]:
    """Return the columns that identify rows of agendas."""
    return {
        "meeting": [row.meeting for row in rows],
        "month": dates([row.month for row in rows]),
        "forum": [row.forum for row in rows],
        "issue": [row.issue for row in rows],
    }
