"""A comparison as notebooks show it: the outcomes and decisions that change."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alliance_sim.notebook import folded, heading, table
from alliance_sim.registry.forums import FORUM_LABELS
from alliance_sim.registry.labels import GROUPS, ISSUE_LABELS, OUTCOME_GROUPS, OUTCOME_LABELS
from alliance_sim.wording import percent_cell

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["pair_html"]

_HEADS = ("outcome", ">base", ">other", ">difference", ">5 %", ">95 %", ">higher, % of draws", "unit")


def pair_html(
    title: str, run: str, summary: pd.DataFrame, moved: Sequence[str], notable: float, decisions: pd.DataFrame
) -> str:
    """Return what one of the scenarios changes as HTML.

    Parameters
    ----------
    title, run : str
        What is compared, and how.
    summary, decisions : DataFrame
        As `Pair.summary` and `Pair.decisions` return them.
    moved : sequence of str
        Outcomes whose size is `notable` or more, largest first.
    notable : float

    Examples
    --------
    >>> import alliance_sim as als
    >>> (pair,) = als.compare("baseline_2018", "helsinki_2018", draws=5).pairs
    >>> page = pair_html("Helsinki", "5 draws", pair.summary(), ["cohesion"], 0.2, pair.decisions())
    >>> page.count("cohesion of the alliance")  # among those that changed, and among all
    2
    """
    rows = {str(row["outcome"]): row for row in summary.reset_index().to_dict("records")}
    change = f"Outcomes that change by {notable:g} standard deviations or more, largest first"
    found = heading(title, run) + folded(
        change, table(_HEADS, (_outcome(name, rows[name]) for name in moved)), is_open=True
    )
    if passing := list(_passing(decisions)):
        heads = ("month", "forum", "issue", ">base", ">other", ">difference")
        found += folded("Texts that pass more or less often, % of draws", table(heads, passing), is_open=True)
    every: list[list[str]] = []
    for group in GROUPS:
        every += [[group], *(_outcome(name, row) for name, row in rows.items() if OUTCOME_GROUPS[name] == group)]
    return found + folded("All outcomes", table(_HEADS, every))


def _outcome(name: str, row: Mapping[Hashable, Any]) -> list[str]:
    values = [f"{row[key]:z.2f}" for key in ("base", "other")]
    change = [f"{row[key]:+z.3f}" for key in ("mean", "p05", "p95")]
    return [OUTCOME_LABELS[name], *values, *change, f"{100.0 * row['p_higher']:.0f}", row["unit"]]


def _passing(decisions: pd.DataFrame) -> Iterator[list[str]]:
    ranked = decisions.sort_values("difference", key=abs, ascending=False, kind="stable")
    # Differences that could be chance, or round to nothing, are left out.
    clear = ranked["difference"].abs() > (2.0 * ranked["mc_error"]).clip(lower=0.01)
    for row in ranked[clear].to_dict("records"):
        change = f"{100.0 * row['difference']:+.0f}"
        yield [
            f"{row['month']:%Y-%m}", FORUM_LABELS[row["forum"]], ISSUE_LABELS[row["issue"]],
            percent_cell(row["base"]), percent_cell(row["other"]), change,
        ]  # fmt: skip
