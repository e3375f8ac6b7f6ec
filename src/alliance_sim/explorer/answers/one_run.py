"""One future, month by month: the Mesa model, and what it shows of each month."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from alliance_sim.explorer.answers.chance import events_of, happens
from alliance_sim.registry.labels import (
    ALLY_NAMES,
    DECISION_LABELS,
    FORUM_NAMES,
    ISSUE_LABELS,
    OUTCOME_GROUPS,
    OUTCOME_LABELS,
)
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.happenings import happening
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario
from alliance_sim.wording import month_in_words

if TYPE_CHECKING:
    import pandas as pd

    from alliance_sim.registry.events import Event

__all__ = ["ALLY_LINES", "OneFuture", "python_lines"]

#: What is shown of each ally: label and the value at the dark end of its colours.
ALLY_LINES: dict[str, tuple[str, float]] = {
    "threat_perception": ("Perceived threat", 1.0),
    "guarantee_confidence": ("Confidence in the guarantee", 1.0),
    "spending": ("Defence spending, % of GDP", 5.0),
}


class OneFuture:
    """A draw of a scenario, stepped through its months; every month that was simulated is kept for the page.

    Attributes
    ----------
    model : AllianceModel
    shown : list of dict
        What the page shows of each month, the first of them before any; see `month_shown`.

    Examples
    --------
    >>> import alliance_sim as als
    >>> future = OneFuture(als.load_scenario("baseline_2025"), seed=1, draw=7)
    >>> future.step()
    >>> future.done, future.over, future.shown[1]["label"], len(future.shown[1]["meetings"])
    (1, False, 'June 2025', 1)
    """

    def __init__(self, scenario: Scenario, seed: int, draw: int) -> None:
        from alliance_sim.model import AllianceModel

        self.model = AllianceModel(scenario, seed=seed, draw=draw)
        self.shown = [self._shown("Before the first month", [])]

    @property
    def done(self) -> int:
        """Number of months simulated."""
        return len(self.shown) - 1

    @property
    def over(self) -> bool:
        """Whether the scenario has no more months."""
        return self.done == len(self.model.program.months)

    def step(self) -> None:
        """Simulate a month; nothing after the last.

        Examples
        --------
        >>> import alliance_sim as als
        >>> future = OneFuture(als.load_scenario("baseline_2025"), seed=1, draw=7)
        >>> future.step()
        >>> future.model.month
        '2025-06'
        """
        self._month()
        self._fill_meetings()

    def to_next_meeting(self) -> None:
        """Step until a month with a meeting has been simulated, or to the end.

        Examples
        --------
        >>> import alliance_sim as als
        >>> future = OneFuture(als.load_scenario("baseline_2025"), seed=1, draw=7)
        >>> future.step()
        >>> future.to_next_meeting()
        >>> future.shown[-1]["label"]
        'July 2025'
        """
        held = {meeting.month for meeting in self.model.what_if.meetings}
        self._month()
        while not self.over and self.model.month not in held:
            self._month()
        self._fill_meetings()

    def to_month(self, months: int) -> None:
        """Step until so many months have been simulated.

        Examples
        --------
        >>> import alliance_sim as als
        >>> future = OneFuture(als.load_scenario("baseline_2025"), seed=1, draw=7)
        >>> future.to_month(1000)
        >>> future.done, future.over
        (48, True)
        """
        while self.done < months and not self.over:
            self._month()
        self._fill_meetings()

    def timeline(self) -> list[dict[str, Any]]:
        """Return one row a month: its label, its events, its meetings, and how their texts ended as far as they have.

        Examples
        --------
        >>> import alliance_sim as als
        >>> future = OneFuture(als.load_scenario("baseline_2025"), seed=1, draw=7)
        >>> row = future.timeline()[0]
        >>> row["label"], row["events"], row["meetings"], row["texts"]
        ('June 2025', [], ['The Hague summit'], ['', '', '', ''])
        """
        scenario = self.model.what_if
        rows = []
        for at, month in enumerate(self.model.program.months):
            meetings = [meeting for meeting in scenario.meetings if meeting.month == month]
            if at < self.done:
                texts = [text["ended"] for held in self.shown[at + 1]["meetings"] for text in held["texts"]]
            else:
                texts = [""] * sum(row.month == month for row in self.model.program.agenda)
            rows.append(
                {
                    "month": month,
                    "label": month_in_words(month),
                    "events": [_sentence(event) for event in events_of(scenario, at)],
                    "meetings": [meeting.title for meeting in meetings],
                    "texts": texts,
                }
            )
        return rows

    def lines(self) -> list[dict[str, Any]]:
        """Return the outcomes so far: label, unit, definition, and one value a month from before the first.

        Examples
        --------
        >>> import alliance_sim as als
        >>> future = OneFuture(als.load_scenario("baseline_2025"), seed=1, draw=7)
        >>> future.step()
        >>> line = future.lines()[0]
        >>> line["name"], len(line["values"])
        ('cohesion', 2)
        """
        return [
            {
                "name": name,
                "label": _capital(OUTCOME_LABELS[name]),
                "group": OUTCOME_GROUPS[name],
                "unit": outcome.unit,
                "definition": outcome.definition,
                "values": [month["outcomes"][at] for month in self.shown],
            }
            for at, (name, outcome) in enumerate(OUTCOMES.items())
        ]

    def _month(self) -> None:
        if self.over:
            return
        model = self.model
        before = model.outcomes
        possible = events_of(model.what_if, self.done)
        happened = [(event, happens(event, model.seed, model.draw, self.done, before)) for event in possible]
        model.step()
        self.shown.append(self._shown(month_in_words(model.month), _events(happened)))

    def _shown(self, label: str, events: list[dict[str, Any]]) -> dict[str, Any]:
        allies = self.model.allies.values()
        return {
            "label": label,
            "events": events,
            "meetings": [],
            "allies": {
                name: [round(getattr(ally, name), 6) if ally.is_member else None for ally in allies]
                for name in ALLY_LINES
            },
            "outcomes": [round(value, 6) for value in self.model.outcomes.values()],
        }

    def _fill_meetings(self) -> None:
        """Write the meetings so far into their months: tables of decisions are made once for many months."""
        model = self.model
        meetings = {meeting.id: meeting for meeting in model.what_if.meetings}
        decisions, objections = model.decisions(), model.objections()
        held: dict[str, dict[str, Any]] = {}
        for row, text in zip(model.program.agenda, decisions.to_dict("records"), strict=False):
            if row.meeting not in held:
                meeting = meetings[row.meeting]
                held[row.meeting] = {"title": meeting.title, "forum": FORUM_NAMES[meeting.forum], "texts": []}
            against = objections[(objections["meeting"] == row.meeting) & (objections["issue"] == row.issue)]
            held[row.meeting]["texts"].append({"title": row.title, **_text(text, against)})
        for at, month in enumerate(model.program.months[: self.done], start=1):
            names = dict.fromkeys(row.meeting for row in model.program.agenda if row.month == month)
            self.shown[at]["meetings"] = [held[name] for name in names]


def python_lines(scenario: Scenario, seed: int, draw: int, months: int) -> str:
    """Return the Python lines that compute the same run up to the same month.

    Examples
    --------
    >>> import alliance_sim as als
    >>> print(python_lines(als.load_scenario("baseline_2025"), seed=0, draw=7, months=2).splitlines()[2])
    model = als.AllianceModel("baseline_2025", seed=0, draw=7)
    """
    source = f'"{scenario.name}"'
    setting = ""
    if scenario.name not in list_scenarios():
        source = f'"{scenario.name}.yaml"'
    else:
        as_given = load_scenario(scenario.name).parameters
        values = {name: value for name, value in scenario.parameters.items() if as_given.get(name) != value}
        setting = f", parameters={values!r}" if values else ""
    return (
        "import alliance_sim as als\n\n"
        f"model = als.AllianceModel({source}, seed={seed}, draw={draw}{setting})\n"
        f"for month in range({months}):\n"
        "    model.step()\n"
        "model.decisions()                                           # what became of each text\n"
        "model.objections()                                          # who objected\n"
        'model.agents_by_type[als.Ally].get("threat_perception")     # all allies but the United States\n'
        "model.datacollector.get_model_vars_dataframe()              # the outcomes of every month\n"
        f'ensemble = als.simulate(model.what_if, draws={draw + 1}, seed={seed}, keep="allies")\n'
        f"ensemble.data.isel(draw={draw})                                  # the same numbers"
    )


def _events(happened: list[tuple[Event, bool]]) -> list[dict[str, Any]]:
    return [{"text": _sentence(event), "happened": done} for event, done in happened]


def _sentence(event: Event) -> str:
    return _capital(happening(event))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _text(row: Mapping[Hashable, Any], against: pd.DataFrame) -> dict[str, Any]:
    """Return what became of a text; levels are between 0 and 1."""
    ended = row["outcome"] if isinstance(row["outcome"], str) else ""
    asked = row["proposed"] - row["reversion"]
    tabled = (
        [row["reversion"] + row[name] * asked for name in ("first_tabled", "tabled")] if row["first_tabled"] else []
    )
    later = f"; later {DECISION_LABELS[row['settled']]}" if isinstance(row["settled"], str) else ""
    notes = []
    if isinstance(row["holder"], str):
        notes.append(f"{ALLY_NAMES[row['holder']]} refused it over something else")
    if row["bypassed"]:
        notes.append("others went ahead without those who blocked it")
    return {
        "issue": _capital(ISSUE_LABELS[row["issue"]]),
        "in_force": round(row["reversion"], 6),
        "asked": round(row["proposed"], 6),
        "tabled": list(dict.fromkeys(round(level, 6) for level in tabled)),
        "agreed": round(row["level"], 6) if ended in ("adopted", "diluted") else None,
        "ended": ended,
        "how": (DECISION_LABELS[ended] if ended else "not held") + later,
        "notes": [_capital(note) for note in notes],
        "objectors": [_objector(each) for each in against.to_dict("records")],
    }


def _objector(row: Mapping[Hashable, Any]) -> dict[str, str]:
    if math.isnan(row["round"]):
        how, kind = "spoke against it and let it pass", "spoke"
    elif row["round"] == 0:
        how, kind = "would have objected; the chair foresaw it", "foreseen"
    else:
        how, kind = f"objected in round {row['round']:.0f}", "objected"
    return {"c": row["ally"], "name": _capital(ALLY_NAMES[row["ally"]]), "how": how, "kind": kind}
