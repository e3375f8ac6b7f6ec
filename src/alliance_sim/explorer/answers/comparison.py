"""States side by side: up to four runs with the same random numbers, each compared with the first."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alliance_sim.errors import InputError
from alliance_sim.explorer.answers.futures import Runs, View, stages, view
from alliance_sim.explorer.request import Request, usual_base
from alliance_sim.registry.labels import ISSUE_LABELS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.wording import month_in_words

if TYPE_CHECKING:
    from alliance_sim.results.ensemble import Ensemble
    from alliance_sim.results.paired import Pair

#: What the states are called, in their order.
LETTERS = "ABCD"


@dataclass(frozen=True)
class Column:
    """A state, and how it differs from the first.

    Attributes
    ----------
    request : Request
    view : View or None
        None if it cannot be compared.
    problem : str
        Why it cannot be compared; else empty.
    decisions : list of dict
        One row a decision that both hold, the largest difference first; none of the first state.
    outcomes : list of dict
        One row an outcome, the largest difference in standard deviations first; none of the first state.
    """

    request: Request
    view: View | None
    problem: str = ""
    decisions: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """States compared with the first of them.

    Attributes
    ----------
    states : tuple of Request
        As `aligned` gives them.
    draws : int
        Draws run; fewer than those of the states in a preview.
    columns : tuple of Column
        One for each state.
    """

    states: tuple[Request, ...]
    draws: int
    columns: tuple[Column, ...]


def states(request: Request, pins: Sequence[Request]) -> tuple[Request, ...]:
    """Return what is compared: the pins, with one pin what the controls describe too, without any also its base.

    Examples
    --------
    >>> [state.scenario for state in states(Request("helsinki_2018", "baseline_2018"), [])]
    ['baseline_2018', 'helsinki_2018']
    >>> [state.scenario for state in states(Request("helsinki_2018"), [Request("baseline_2018")])]
    ['baseline_2018', 'helsinki_2018']
    """
    if len(pins) > 1:
        return tuple(pins)
    if pins and pins[0] != request:
        return pins[0], request
    base = replace(request, settings=(), levers=(), off=(), later=())
    if request.base:
        base = Request(request.base, usual_base(request.base), request.draws, request.seed)
    return (base, request) if base != request else (request,)


def aligned(given: Sequence[Request]) -> tuple[Request, ...]:
    """Return states with the least number of draws among them and the seed of the first, so that draws are pairs.

    Examples
    --------
    >>> found = aligned([Request(draws=2000, seed=3), Request("baseline_2025", draws=500)])
    >>> [(state.draws, state.seed) for state in found]
    [(500, 3), (500, 3)]
    """
    draws = min(state.draws for state in given)
    return tuple(replace(state, draws=draws, seed=given[0].seed) for state in given)


@lru_cache(maxsize=64)
def unfit(first: Request, other: Request) -> str:
    """Return why a state cannot be compared with the first; empty if it can.

    Examples
    --------
    >>> unfit(Request("baseline_2018"), Request("baseline_2025"))[:50]
    'compare: baseline_2025 is calibrated to 2025, base'
    """
    from alliance_sim.compile import compile_scenario
    from alliance_sim.results.paired import pair_of

    try:
        pair_of(compile_scenario(first.what_if()), compile_scenario(other.what_if()), 0)
    except InputError as error:
        return str(error)
    return ""


def comparisons(given: tuple[Request, ...], runs: Runs, stopped: Callable[[], bool]) -> Generator[Comparison | None]:
    """Run states one after the other, first with a preview's draws, then with all; yield None until a round is done.

    Parameters
    ----------
    given : tuple of Request
        As `aligned` gives them.
    runs : Runs
    stopped : callable

    Raises
    ------
    InputError
        If the first state is at fault.
    Cancelled
        If `stopped` returned True.

    Examples
    --------
    >>> given = aligned([Request("baseline_2018", draws=20), Request("helsinki_2018")])
    >>> nothing, found = comparisons(given, Runs(4), lambda: False)
    >>> nothing, found.draws, [column.view.title for column in found.columns]
    (None, 20, ['Three years without the Helsinki meeting', 'The closed-door meeting in Helsinki'])
    """
    first = given[0]
    problems = ["", *(unfit(first, state) for state in given[1:])]
    running = [
        None if problem else runs.stages(state.what_if(), state, stopped)
        for state, problem in zip(given, problems, strict=True)
    ]
    for draws in stages(first):
        columns, reference = list[Column](), None
        for state, problem, own in zip(given, problems, running, strict=True):
            if own is None:
                columns.append(Column(state, None, problem))
            else:
                run = next(own)
                reference = reference or run
                columns.append(_column(state, run, reference))
                if draws == first.draws:
                    own.close()  # of the whole runs only the reference and the last stay in memory
            yield Comparison(given, draws, tuple(columns)) if len(columns) == len(given) else None


def _column(state: Request, run: Ensemble, reference: Ensemble) -> Column:
    from alliance_sim.results.paired import paired_with

    seen = view(state, run, reference, 0.0, OUTCOMES)
    if run is reference:
        return Column(state, seen)
    pair = paired_with(run, reference)
    return Column(state, seen, "", _decisions(pair), _outcomes(pair))


def _decisions(pair: Pair) -> list[dict[str, Any]]:
    found = pair.decisions().sort_values("difference", key=abs, ascending=False, kind="stable")
    rows = found.assign(month=found["month"].dt.strftime("%Y-%m")).to_dict("records")
    return [
        {
            "key": f"{row['meeting']}/{row['issue']}",
            "meeting": row["meeting"],
            "month": row["month"],
            "issue": row["issue"],
            "label": f"{ISSUE_LABELS[row['issue']]}, {month_in_words(row['month'])}",
            **{name: round(float(row[name]), 6) for name in ("base", "other", "difference", "low", "high")},
        }
        for row in rows
    ]


def _outcomes(pair: Pair) -> list[dict[str, Any]]:
    from alliance_sim.results.paired import NORMAL_95, moved

    summary = pair.summary()
    notable = moved(summary)
    rows = []
    for name in summary["size"].abs().sort_values(ascending=False, kind="stable").index:
        row = summary.loc[name]
        half = NORMAL_95 * row["mc_error"]
        numbers = {**row, "low": row["mean"] - half, "high": row["mean"] + half}
        columns = ("base", "other", "mean", "low", "high", "p05", "p95", "p_higher", "size")
        rows.append(
            {
                "key": name,
                "label": OUTCOME_LABELS[name],
                "unit": row["unit"],
                "summary": row["summary"],
                "notable": name in notable,
                **{each: round(float(numbers[each]), 6) if math.isfinite(numbers[each]) else None for each in columns},
            }
        )
    return rows
