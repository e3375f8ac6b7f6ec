"""Reports on files: lists of them, and a scenario with its timeline, levers and sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.terminal import bullets, dim, new_table
from alliance_sim.errors import printable
from alliance_sim.experiments import Experiment
from alliance_sim.registry.events import Event
from alliance_sim.registry.fields import Entry, Record
from alliance_sim.registry.forums import FORUM_LABELS
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.scenarios import Meeting, Scenario
from alliance_sim.validation.question_files import QuestionSet
from alliance_sim.wording import counted

#: Fields of an agenda item that its step shows.
_ASKED = ("ask", "direction", "proposed")
#: Marks what a scenario sets itself.
OWN = "+"
#: Units that are not shown: of numbers from zero or minus one to one, and of values with the unit of what is shifted.
PURE = ("share", "position", "probability", "threat", "that of NAME", "")


def list_as_json(
    scenarios: Sequence[Scenario], experiments: Sequence[Experiment], questions: Mapping[str, QuestionSet]
) -> dict[str, Any]:
    """Return what `list --json` prints."""
    fields = ("name", "title", "era", "start", "months")
    return {
        "scenarios": [{field: getattr(scenario, field) for field in fields} for scenario in scenarios],
        "experiments": [
            {"name": each.name, "title": each.title, "scenario": each.scenario.name, "runs": each.runs}
            for each in experiments
        ],
        "questions": [
            {"name": name, "title": each.title, "scenario": _written_for(each), "questions": len(each.questions)}
            for name, each in questions.items()
        ],
    }


def list_report(
    scenarios: Sequence[Scenario], experiments: Sequence[Experiment], questions: Mapping[str, QuestionSet]
) -> list[RenderableType]:
    """Return what `list` prints."""
    first = new_table("scenario", "title", "era", "start", ">months")
    for scenario in scenarios:
        name, title = Text(scenario.name, "bold"), Text(scenario.title)
        first.add_row(name, title, scenario.era, scenario.start, str(scenario.months))
    second = new_table("experiment", "title", "scenario", ">runs")
    for experiment in experiments:
        name, title = Text(experiment.name, "bold"), Text(experiment.title)
        second.add_row(name, title, experiment.scenario.name, f"{experiment.runs:,}")
    third = new_table("questions", "title", "scenario", ">number")
    for own_name, each in questions.items():
        third.add_row(Text(own_name, "bold"), Text(each.title or ""), _written_for(each), str(len(each.questions)))
    return [first, Text(), second, Text(), third]


def _written_for(questions: QuestionSet) -> str:
    """Return the name of the scenario that questions are written for; nothing if they name none."""
    return questions.scenario.name if questions.scenario else ""


def counted_entries(scenario: Scenario) -> str:
    """Return the size of a scenario in words."""
    sizes = (scenario.months, "month"), (len(scenario.events), "event"), (len(scenario.meetings), "meeting")
    return ", ".join(counted(*size) for size in sizes)


def drawn_from(scenario: Scenario) -> str:
    """Return what a report says of the calibration, if it is not the usual one."""
    return "" if scenario.calibration == "posterior" else f", calibration {scenario.calibration}"


def scenario_as_json(scenario: Scenario, parent: Scenario | None, path: Path) -> dict[str, Any]:
    """Return what `show --json` prints of a scenario."""
    extends = {"extends": parent.name} if parent else {}
    return {**scenario.model_dump(mode="json", exclude_none=True), **extends, "file": str(path)}


def scenario_report(scenario: Scenario, parent: Scenario | None, path: Path) -> list[RenderableType]:
    """Return what `show` prints of a scenario; entries that its parent does not have are marked."""
    calibrated = f"calibrated to {scenario.era}{drawn_from(scenario)}"
    period = f"{scenario.start} to {scenario.end} ({counted(scenario.months, 'month')}), {calibrated}"
    return [
        Text.assemble((scenario.name, "bold"), "  ", scenario.title),
        dim(period + (f", extends {parent.name}" if parent else "")),
        *([dim("texts that were blocked or withdrawn may come up again")] if scenario.tabled_again else ()),
        Text(),
        Text(scenario.description),
        Text(),
        _timeline(scenario, parent),
        Text(),
        *([_inherited(scenario, parent), Text()] if parent else ()),
        _levers(scenario, parent),
        Text(),
        Text("Sources", "bold"),
        bullets(scenario.sources),
        Text(f"\nFile: {printable(path)}", "dim", overflow="fold"),
    ]


def _timeline(scenario: Scenario, parent: Scenario | None) -> Table:
    """Return events and meetings in the order of the model: within a month, events come first."""
    known = {*parent.events, *parent.meetings} if parent else set()
    table = new_table("", "month", "what happens", "source")
    table.columns[0].width, table.columns[1].no_wrap = len(OWN) if parent else 0, True
    table.columns[2].ratio, table.columns[3].ratio = 3, 2
    table.columns[2].overflow = "fold"
    table.expand = True
    entries: list[Entry] = [*scenario.events, *sorted(scenario.meetings, key=lambda meeting: meeting.id)]
    for entry in sorted(entries, key=lambda entry: entry.month):
        mark, style = ("", "dim") if entry in known else (OWN if parent else "", "")
        if isinstance(entry, Event):
            table.add_row(mark, entry.month, _happening(entry), dim(entry.source), style=style)
        if isinstance(entry, Meeting):
            head = Text.assemble((f"{FORUM_LABELS[entry.forum]} meeting  ", "cyan"), (entry.title, "bold"))
            for detail in _details(entry, ("sessions", "rounds", "rule", "allowance")):
                head.append(f", {detail}")
            head.append(_name(entry, entry.forum))
            table.add_row(mark, entry.month, head, dim(entry.source), style=style)
            for item in entry.agenda:
                fields = type(item).model_fields.items()
                optional = [name for name, field in fields if not field.is_required() and name not in _ASKED]
                extra = _details(item, optional)
                asked = f" ask {item.asked}" if item.proposed is None else f"→{item.proposed:.2f}"
                step = f"{item.issue} {item.reversion:.2f}{asked}"
                text = Text.assemble(", ".join([step, *extra]), ": ", (item.text, "dim"))
                source = item.source if item.source != entry.source else ""
                table.add_row("", "", Padding(text, (0, 0, 0, 2)), dim(source), style=style)
    return table


def _happening(event: Event) -> Text:
    own = [name for name in type(event).model_fields if name not in Event.model_fields]
    text = Text.assemble((f"{event.type}  ", "yellow"), ", ".join(_details(event, own, defaults=True)))
    each = f" in each of {event.during} months" if event.during > 1 else ""
    if event.probability < 1.0 or each:
        text.append(f"; with probability {event.probability:g}{each}")
    if event.when:
        text.append(f"; if {event.when} the month before")
    return text.append(_name(event, event.type))


def _name(entry: Entry, kind: str) -> Text:
    """Return the id of an entry if the file sets one."""
    return dim("" if entry.id.startswith(f"{kind}-{entry.month}") else f"  ({entry.id})")


def _details(record: Record, names: Iterable[str], defaults: bool = False) -> list[str]:
    """Return fields in words, with their units; those at their defaults only if `defaults`, flags never."""
    found = []
    for name in names:
        field, value = type(record).model_fields[name], getattr(record, name)
        if value is None or (value == field.default and not (defaults and not isinstance(value, bool))):
            continue
        extra = field.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        key = field.alias or name
        if isinstance(value, bool):
            found.append(key if value else f"not {key}")
        else:
            words = f"{value:g}" if isinstance(value, float) else value
            if isinstance(value, tuple):
                words = " ".join(str(each).lower() if isinstance(each, bool) else str(each) for each in value)
            found.append(f"{key} {words}" + (f" {unit}" if unit not in PURE and unit != key else ""))
    return found


def _inherited(scenario: Scenario, parent: Scenario) -> Text:
    """Return how much a scenario adds, inherits and leaves out, in a sentence."""
    ids = {entry.id for entry in (*scenario.events, *scenario.meetings)}
    known = {*parent.events, *parent.meetings}
    counts = [
        f"{kind} {sum((entry in known) is inherited for entry in entries)}"
        for inherited in (False, True)
        for kind, entries in (("events", scenario.events), ("meetings", scenario.meetings))
    ]
    dropped = [entry.id for entry in (*parent.events, *parent.meetings) if entry.id not in ids]
    left_out = f" Left out: {', '.join(dropped)}." if dropped else ""
    return dim(f"{OWN} its own: {counts[0]}, {counts[1]}. From {parent.name}: {counts[2]}, {counts[3]}.{left_out}")


def _levers(scenario: Scenario, parent: Scenario | None) -> RenderableType:
    """Return the parameters that the scenario sets, beside their usual values."""
    if not scenario.parameters:
        return dim("Parameters: as in the registry; --set NAME=VALUE changes one")
    known = parent.parameters if parent else {}
    table = new_table("", "parameter", "value", "unit", "instead of", "meaning")
    table.columns[0].width, table.columns[1].no_wrap = len(OWN) if parent else 0, True
    for name, prior in scenario.priors().items():
        parameter, ally = resolve(name)
        usual = str(parameter.prior(scenario.era, ally)) if parameter.priors else "calibrated"
        mark = OWN if parent and known.get(name) != scenario.parameters[name] else ""
        table.add_row(mark, name, str(prior), parameter.unit, dim(usual), dim(parameter.description))
    return table
