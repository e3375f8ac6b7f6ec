"""Files of what a page shows, made when they are asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from alliance_sim.errors import InputError
from alliance_sim.explorer.answers.comparison import LETTERS, unfit
from alliance_sim.registry.forums import DECISIONS

if TYPE_CHECKING:
    from alliance_sim.explorer.answers.comparison import Comparison
    from alliance_sim.explorer.answers.futures import View
    from alliance_sim.explorer.request import Request
    from alliance_sim.explorer.state import Session

#: The files on offer, and what the page calls them.
FILES: Mapping[str, str] = MappingProxyType(
    {
        "what_if.yaml": "Scenario with the changes (YAML)",
        "decisions.csv": "Decisions (CSV)",
        "outcomes.csv": "Outcomes by month (CSV)",
        "report.html": "Report (one page, HTML)",
        "report.xlsx": "Report (Excel)",
    }
)


#: What the page Compare has besides.
COMPARED: Mapping[str, str] = MappingProxyType({"comparison.csv": "Comparison (CSV)"})


def reproduced(request: Request) -> list[dict[str, str]]:
    """Return what gives the same numbers outside the explorer; nothing where the changes do not fit together.

    Examples
    --------
    >>> from alliance_sim.explorer.request import Request
    >>> [block["name"] for block in reproduced(Request("baseline_2018", settings=(("pledge", 0.5),)))]
    ['Command line', 'Python', 'what_if.yaml']
    """
    try:
        file = request.file()
    except InputError:  # The run says so.
        return []
    blocks = {"Command line": request.command(), "Python": request.python(), "what_if.yaml": file}
    if not (request.changes or request.own):
        del blocks["what_if.yaml"]
    return [{"name": name, "text": text} for name, text in blocks.items()]


def reproduced_comparison(states: Sequence[Request]) -> list[dict[str, str]]:
    """Return what compares the same states outside the explorer; nothing where there are none to compare.

    Parameters
    ----------
    states : sequence of Request
        As `aligned` gives them; those that cannot be compared with the first are left out.

    Examples
    --------
    >>> from alliance_sim.explorer.request import Request
    >>> changed = Request("baseline_2018", settings=(("pledge", 0.5),))
    >>> blocks = reproduced_comparison([Request("baseline_2018"), changed])
    >>> blocks[0]["text"]
    'alliance-sim compare baseline_2018 state_b.yaml --draws 2000 --seed 0'
    >>> [block["name"] for block in blocks]
    ['Command line', 'Python', 'state_b.yaml']
    """
    first, files, names = states[0], dict[str, str](), list[str]()
    for letter, state in zip(LETTERS, states, strict=False):
        if state is not first and unfit(first, state):
            continue
        # `compare` takes each name once.
        if state.changes or state.own or state.scenario in names:
            name = f"state_{letter.lower()}"
            names.append(f"{name}.yaml")
            files[names[-1]] = state.file(name)
        else:
            names.append(state.scenario)
    if len(names) < 2:
        return []
    arguments = ", ".join(f'"{name}"' for name in names)
    python = (
        "import alliance_sim as als\n\n"
        f"comparison = als.compare({arguments}, draws={first.draws}, seed={first.seed})\n"
        "comparison.summary()\n"
        "comparison.decisions()"
    )
    command = f"alliance-sim compare {' '.join(names)} --draws {first.draws} --seed {first.seed}"
    blocks = {"Command line": command, "Python": python, **files}
    return [{"name": name, "text": text} for name, text in blocks.items()]


def file_of(name: str, session: Session) -> tuple[str, bytes]:
    """Return the type and the content of a file of what a session shows.

    Parameters
    ----------
    name : str
        One of `FILES` or `COMPARED`.
    session : Session

    Raises
    ------
    InputError
        If there is no result yet, the changes do not fit together, or a library for the file is missing.

    Examples
    --------
    >>> from alliance_sim.explorer.state import Session
    >>> kind, content = file_of("what_if.yaml", Session("scenario=baseline_2018"))
    >>> kind, content.decode().splitlines()[:2]
    ('application/yaml', ['name: what_if', 'extends: baseline_2018'])
    """
    if name == "what_if.yaml":
        return "application/yaml", session.request.file().encode()
    if name in COMPARED and session.comparison:
        return _csv(_compared(session.comparison))
    if name in COMPARED or session.view is None:
        raise InputError(f"{name}: there is no result yet; allowed: when the page shows one")
    if name.startswith("report"):
        return _report(name, session.view)
    return _csv(_ROWS[name](session.view))


def _csv(rows: list[list[object]]) -> tuple[str, bytes]:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return "text/csv", text.getvalue().encode()


def _report(name: str, view: View) -> tuple[str, bytes]:
    """Return the report of the draws shown, which are run again."""
    from alliance_sim.results.page import page
    from alliance_sim.results.report_facts import Facts
    from alliance_sim.results.report_file import check_kind
    from alliance_sim.simulation import simulate

    check_kind(Path(name))
    own, base = (
        simulate(each, view.draws, view.request.seed, "monthly")
        for each in (view.request.what_if(), view.request.compared())
    )
    if name == "report.html":
        return "text/html", page(Facts(own, base)).encode()
    from alliance_sim.results.workbook import workbook

    return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook(Facts(own, base))


def _decisions(view: View) -> list[list[object]]:
    heads = ["meeting", "month", "forum", "issue", "text", *DECISIONS, "passes", "base_passes", "objectors"]
    return [
        heads,
        *(
            [
                cell["meeting"], cell["month"], cell["forum"], cell["issue"], cell["text"], *cell["shares"],
                cell["passes"], cell["base"], " ".join(f"{ally}:{share}" for ally, share in cell["objectors"].items()),
            ]
            for cell in view.cells
        ),
    ]  # fmt: skip


def _outcomes(view: View) -> list[list[object]]:
    columns = ["p05", "p25", "p50", "p75", "p95", "base"]
    rows = [
        [name, month, *values]
        for name, fan in view.fans.items()
        for month, *values in zip(view.months, *(fan[key] for key in columns), strict=True)
    ]
    return [["outcome", "month", *columns[:-1], "base_p50"], *rows]


def _compared(found: Comparison) -> list[list[object]]:
    """Return the differences of decisions, then of outcomes; low and high are the 95 % interval by chance."""
    numbers = ["base", "other", "difference", "low", "high", "p05", "p95", "p_higher"]
    heads = ["state", "against", "kind", "name", "meeting", "month", "unit", *numbers]
    rows: list[list[object]] = [[*heads]]
    for letter, column in zip(LETTERS, found.columns, strict=False):
        head = [letter, LETTERS[0]]
        for each in column.decisions:
            own = [each[name] for name in numbers[:5]]
            rows.append([*head, "decision", each["issue"], each["meeting"], each["month"], "share", *own, "", "", ""])
        for each in column.outcomes:
            own = [each["mean" if name == "difference" else name] for name in numbers]
            rows.append([*head, "outcome", each["key"], "", each["summary"], each["unit"], *own])
    return rows


_ROWS: Mapping[str, Callable[[View], list[list[object]]]] = MappingProxyType(
    {"decisions.csv": _decisions, "outcomes.csv": _outcomes}
)
