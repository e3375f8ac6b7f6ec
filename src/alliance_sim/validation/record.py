"""The record of decisions, joined to the items of the bundled history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from alliance_sim.compile import AgendaRow, CompiledScenario
from alliance_sim.data import Row, table
from alliance_sim.errors import InputError, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS, FORUMS, Decision
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios import Scenario, ScenarioSource, load_scenario
from alliance_sim.scenarios.schema import AgendaItem

__all__ = [
    "CLASSES",
    "FIRST_YEAR",
    "FORUM_ALIASES",
    "GROUPS",
    "HISTORY",
    "ISSUE_ALIASES",
    "LAST_YEAR",
    "RECORDED",
    "RecordedItem",
    "classes",
    "group",
    "is_rollover",
    "objected",
    "rates",
    "record",
    "refused",
    "rows",
    "seats",
    "voiced",
]

#: The bundled scenario that has the items of the record.
HISTORY = "history_2014_2025"
#: Years on which the structure of the model is chosen; later ones are scored once.
FIRST_YEAR, LAST_YEAR = 2014, 2019
#: How an item ends, from the worst to the best for its text; failed is withdrawn, blocked or deferred.
CLASSES = ("failed", "diluted", "adopted")
#: Items whose rates are compared: forums, EU rollovers apart.
GROUPS = ("NATO", "EU", "EU rollovers", "G7")

#: The record's names of forums and issues, where they are not those of the registry.
FORUM_ALIASES = MappingProxyType(
    {"NATO NAC": "nac", "NATO summit": "nato_summit", "EU Council": "eu_council", "G7": "g7"}
)
ISSUE_ALIASES = MappingProxyType({"spending_pledge": "defence_spending"})
#: How the source of an item begins that is a row of the record.
RECORDED = "record "
_CLASS_OF = np.zeros(len(DECISIONS), np.int64)
_CLASS_OF[Decision.DILUTED], _CLASS_OF[Decision.ADOPTED] = 1, 2


@dataclass(frozen=True)
class RecordedItem:
    """An item of the history and how it ended.

    Attributes
    ----------
    id : str
        Of the row of ``consensus_record``.
    month, forum, issue, meeting, text : str
        Of the item, by names of the registry.
    decision : str
        One of `DECISIONS`.
    objection : str
        ``none``, ``soft`` (voiced) or ``hard`` (silence was broken, or would have been).
    objectors : frozenset of str
        ISO3 codes of those who objected, neutral members of the EU among them.
    rollover : bool
        Whether it renews sanctions of the EU.

    Examples
    --------
    >>> item = record()[0]
    >>> item.id, item.month, item.forum, item.decision, item.outcome
    ('C017', '2014-03', 'g7', 'adopted', 2)
    >>> item.year, item.group
    (2014, 'G7')
    """

    id: str
    month: str
    forum: str
    issue: str
    meeting: str
    text: str
    decision: str
    objection: str
    objectors: frozenset[str]
    rollover: bool

    @property
    def year(self) -> int:
        """Year of the meeting."""
        return int(self.month[:4])

    @property
    def outcome(self) -> int:
        """How it ended, as an index of `CLASSES`."""
        return int(_CLASS_OF[DECISIONS.index(self.decision)])

    @property
    def group(self) -> str:
        """One of `GROUPS`."""
        return group(self.forum, self.rollover)


def record(
    first: int = FIRST_YEAR, last: int = LAST_YEAR, scenario: ScenarioSource = HISTORY
) -> tuple[RecordedItem, ...]:
    """Return the recorded items of a scenario between two years, both included, in time order.

    Parameters
    ----------
    first, last : int
        Years.
    scenario : str, Path, mapping or Scenario
        Its items name their row of ``consensus_record`` as source: ``record C017``.

    Raises
    ------
    InputError
        If an item names a row that does not exist, differs from its row in month, forum or issue, or if two name one.

    Examples
    --------
    >>> len(record()), len(record(2014, 2014))
    (44, 6)
    """
    what_if = load_scenario(scenario)
    known = {row["id"]: row for row in table("consensus_record")}
    found: dict[str, RecordedItem] = {}
    for meeting in what_if.meetings:
        for item in meeting.agenda:
            if not item.source.startswith(RECORDED):
                continue
            where = f"{what_if.name}: {meeting.id}, {item.issue}: source {shown(item.source)}"
            row = known.get(item.source.removeprefix(RECORDED))
            if row is None:
                raise InputError(f"{where} is no row of consensus_record.csv; allowed: 'record ID', ID being one")
            if row["id"] in found:
                raise InputError(f"{where} is that of two items; allowed: one item a row")
            expected = (row["month"], FORUM_ALIASES.get(row["forum"]), ISSUE_ALIASES.get(row["issue"], row["issue"]))
            if expected != (meeting.month, meeting.forum, item.issue):
                raise InputError(f"{where} is about {expected}; allowed: the row of this month, forum and issue")
            found[row["id"]] = _item(row, meeting.id, meeting.forum, item)
    items = [item for item in found.values() if first <= item.year <= last]
    return tuple(sorted(items, key=lambda item: item.month))


def _item(row: Row, meeting: str, forum: str, item: AgendaItem) -> RecordedItem:
    names = row["objectors"].split(";") if row["objectors"] else []
    return RecordedItem(
        id=row["id"],
        month=row["month"],
        forum=forum,
        issue=item.issue,
        meeting=meeting,
        text=item.text,
        decision=row["outcome"],
        objection=row["objection"],
        objectors=frozenset(names),
        rollover=is_rollover(forum, item),
    )


def group(forum: str, rollover: bool) -> str:
    """Return the group of `GROUPS` that an item belongs to.

    Examples
    --------
    >>> group("nac", False), group("eu_council", True)
    ('NATO', 'EU rollovers')
    """
    names: Mapping[str, str] = {"nac": "NATO", "nato_summit": "NATO", "g7": "G7"}
    return names.get(forum, "EU rollovers" if rollover else "EU")


def voiced(items: Sequence[RecordedItem], hard: bool = False) -> NDArray[np.bool_]:
    """Return which allies objected to which item in the record (n, N); with `hard`, only where silence was broken.

    Examples
    --------
    >>> items = record(2018, 2018)
    >>> bool((voiced(items, hard=True) <= voiced(items)).all())
    True
    """
    return np.array(
        [[ally in item.objectors and (not hard or item.objection == "hard") for ally in ALLIES] for item in items], bool
    ).reshape(len(items), len(ALLIES))


def rates(items: Sequence[RecordedItem]) -> dict[str, NDArray[np.float64]]:
    """Return the share of recorded items that ended in each of `CLASSES`, by group.

    Examples
    --------
    >>> rates(record())["EU rollovers"].tolist()
    [0.0, 0.0, 1.0]
    """
    by_group: dict[str, list[int]] = {}
    for item in items:
        by_group.setdefault(item.group, []).append(item.outcome)
    return {name: np.bincount(ended, minlength=len(CLASSES)) / len(ended) for name, ended in by_group.items()}


def rows(scenario: Scenario, agenda: Sequence[AgendaRow], groups: Collection[str], last: int) -> list[int]:
    """Return which rows of a compiled agenda are items of some groups, to the end of a year.

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> program = compile_scenario(load_scenario("baseline_2018"))
    >>> len(rows(program.scenario, program.agenda, {"EU rollovers"}, 2019))
    4
    """
    rollovers = {
        (meeting.id, item.issue)
        for meeting in scenario.meetings
        for item in meeting.agenda
        if is_rollover(meeting.forum, item)
    }
    return [
        i
        for i, row in enumerate(agenda)
        if int(row.month[:4]) <= last and group(row.forum, (row.meeting, row.issue) in rollovers) in groups
    ]


def is_rollover(forum: str, item: AgendaItem) -> bool:
    """Return whether an item prolongs sanctions that lapse otherwise.

    Examples
    --------
    >>> (renewal,) = load_scenario("baseline_2018").meetings[2].agenda
    >>> is_rollover("eu_council", renewal), is_rollover("nac", renewal)
    (True, False)
    """
    return (forum, item.issue) == ("eu_council", "sanctions") and item.reversion == 0.0 and not item.divisible


def classes(ensemble: Ensemble, items: Sequence[int]) -> NDArray[np.int64]:
    """Return how some rows of the agenda end in each draw (D, items), as indices of `CLASSES`.

    Examples
    --------
    >>> import alliance_sim as als
    >>> classes(als.simulate("baseline_2018", draws=3), [0, 1]).shape
    (3, 2)
    """
    found: NDArray[np.int64] = _CLASS_OF[ensemble.data["decision"].values[:, list(items)]]
    return found


def objected(ensemble: Ensemble, items: Sequence[int]) -> NDArray[np.bool_]:
    """Return who speaks against some rows of the agenda in each draw or breaks silence (D, items, N).

    Examples
    --------
    >>> import alliance_sim as als
    >>> objected(als.simulate("baseline_2018", draws=3), [0, 1]).shape
    (3, 2, 32)
    """
    found: NDArray[np.bool_] = ensemble.data["voiced"].values[:, list(items)] > 0
    return found | refused(ensemble, items)


def refused(ensemble: Ensemble, items: Sequence[int]) -> NDArray[np.bool_]:
    """Return who breaks silence over some rows of the agenda, in the open or as the chair expects (D, items, N).

    Examples
    --------
    >>> import alliance_sim as als
    >>> refused(als.simulate("baseline_2018", draws=3), [0, 1]).shape
    (3, 2, 32)
    """
    found: NDArray[np.bool_] = ensemble.data["objection"].values[:, list(items)] >= 0
    return found


def seats(program: CompiledScenario, items: Sequence[int]) -> NDArray[np.bool_]:
    """Return who has a seat at the meeting of some rows of the agenda (items, N).

    Examples
    --------
    >>> from alliance_sim.compile import compile_scenario
    >>> program = compile_scenario(load_scenario("baseline_2018"))
    >>> seats(program, [0, 1]).sum(axis=1).tolist()  # G7, NATO
    [6, 29]
    """
    agenda = [program.agenda[i] for i in items]
    month = {name: m for m, name in enumerate(program.months)}
    return np.array([program.member[month[row.month], FORUMS.index(row.forum)] for row in agenda]).reshape(
        len(agenda), len(ALLIES)
    )
