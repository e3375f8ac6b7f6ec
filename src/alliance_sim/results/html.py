"""An ensemble as notebooks show it: the decision board, and outcomes in groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alliance_sim.notebook import folded, heading, table
from alliance_sim.registry.forums import DECISIONS, FORUM_LABELS
from alliance_sim.registry.labels import GROUPS, ISSUE_LABELS, OUTCOME_GROUPS, OUTCOME_LABELS
from alliance_sim.results.summaries import objectors_by_item
from alliance_sim.wording import percent_cell

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ensemble_html"]

#: Allies that a row of the board names, and the share of draws from which it names one.
_MOST, _LEAST = 3, 0.05


def ensemble_html(
    title: str, run: str, said: str, board: pd.DataFrame, objectors: pd.DataFrame, summary: pd.DataFrame
) -> str:
    """Return an ensemble as HTML.

    Parameters
    ----------
    title, run : str
        What was run, and how.
    said : str
        What matters in it, as HTML.
    board, objectors, summary : DataFrame
        As `Ensemble.decisions`, `Ensemble.objectors` and `Ensemble.summary` return them.

    Examples
    --------
    >>> import alliance_sim as als
    >>> run = als.simulate("baseline_2018", draws=2)
    >>> page = ensemble_html("Three years", "2 draws", "<p>Said</p>", run.decisions(), run.objectors(), run.summary())
    >>> "cohesion of the alliance" in page
    True
    """
    decisions = list(_decisions(board, objectors))
    heads = ("month", "forum", "issue", *(f">{name}" for name in DECISIONS), "who objects")
    found = heading(title, run) + said
    if decisions:
        found += folded("Decisions: how each text ends, % of draws", table(heads, decisions), is_open=True)
    heads = ("outcome", ">mean", ">5 %", ">95 %", "unit", "of each draw")
    return found + folded("Outcomes", table(heads, _outcomes(summary)), is_open=not decisions)


def _decisions(board: pd.DataFrame, objectors: pd.DataFrame) -> Iterator[list[str]]:
    objecting = objectors_by_item(objectors)
    for row in board.to_dict("records"):
        shares = objecting.get((row["meeting"], row["issue"]), {})
        who = [f"{ally} {percent_cell(share)}" for ally, share in shares.items() if share >= _LEAST]
        yield [
            f"{row['month']:%Y-%m}", FORUM_LABELS[row["forum"]], ISSUE_LABELS[row["issue"]],
            *(percent_cell(row[name]) for name in DECISIONS), ", ".join(who[:_MOST]),
        ]  # fmt: skip


def _outcomes(summary: pd.DataFrame) -> Iterator[list[str]]:
    rows = summary.to_dict("index")
    for group in GROUPS:
        yield [group]
        for name, label in OUTCOME_LABELS.items():
            if OUTCOME_GROUPS[name] == group:
                row = rows[name]
                numbers = [f"{row[key]:z.2f}" for key in ("mean", "p05", "p95")]
                yield [label, *numbers, row["unit"], "mean over months" if row["summary"] == "mean" else "last month"]
