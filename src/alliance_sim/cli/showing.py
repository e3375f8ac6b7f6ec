"""What `show` prints of scenarios and experiments: timeline, levers, options, uncertainties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.terminal import (
    SIGNS,
    bullets,
    counted,
    dim,
    new_table,
    print_json,
    print_parts,
    printable,
)
from alliance_sim.experiments import Experiment
from alliance_sim.registry.distributions import fixed
from alliance_sim.registry.events import Event
from alliance_sim.registry.fields import Entry, Record
from alliance_sim.registry.forums import FORUM_LABELS
from alliance_sim.registry.parameters import resolve
from alliance_sim.scenarios import Meeting, Scenario, input_differences

#: Marks what a scenario says itself.
OWN = "+"
#: Units of fields that go without saying: numbers from zero or minus one to one, and those of what is shifted.
PURE = ("share", "position", "probability", "threat", "that of NAME", "")


def counted_runs(experiment: Experiment) -> str:
    """Return the size of an experiment in words."""
    sizes = (len(experiment.choices()), "variant"), (experiment.points, "point"), (experiment.replications, "draw")
    return f"{' x '.join(counted(*size) for size in sizes)} = {counted(experiment.runs, 'run')}"


def timeline(scenario: Scenario, parent: Scenario | None) -> Table:
    """Return events and meetings in the order in which the model takes them: a month's events come first."""
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
                extra = _details(item, ("min_share", "divisible", "rule", "allowance", "package"))
                step = f"{item.issue} {item.reversion:.2f}→{item.proposed:.2f}"
                text = Text.assemble(", ".join([step, *extra]), ": ", (item.text, "dim"))
                source = item.source if item.source != entry.source else ""
                table.add_row("", "", Padding(text, (0, 0, 0, 2)), dim(source), style=style)
    return table


def _happening(event: Event) -> Text:
    own = [name for name in type(event).model_fields if name not in Event.model_fields]
    text = Text.assemble((f"{event.type}  ", "yellow"), ", ".join(_details(event, own, defaults=True)))
    if event.probability < 1.0:
        text.append(f"; with probability {event.probability:g}")
    if event.when:
        text.append(f"; if {event.when} the month before")
    return text.append(_name(event, event.type))


def _name(entry: Entry, kind: str) -> Text:
    """Return the id of an entry where the file gives it one of its own."""
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
            words = " ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else value
            found.append(f"{key} {words}" + (f" {unit}" if unit not in PURE and unit != key else ""))
    return found


def inherited(scenario: Scenario, parent: Scenario) -> Text:
    """Return what is its own, what it inherits and what it leaves out, in a sentence."""
    ids = {entry.id for entry in (*scenario.events, *scenario.meetings)}
    known = {*parent.events, *parent.meetings}
    counts = [
        f"{what} {sum((entry in known) is inherited for entry in entries)}"
        for inherited in (False, True)
        for what, entries in (("events", scenario.events), ("meetings", scenario.meetings))
    ]
    dropped = [entry.id for entry in (*parent.events, *parent.meetings) if entry.id not in ids]
    left_out = f" Left out: {', '.join(dropped)}." if dropped else ""
    return dim(f"{OWN} its own: {counts[0]}, {counts[1]}. From {parent.name}: {counts[2]}, {counts[3]}.{left_out}")


def levers(scenario: Scenario, parent: Scenario | None) -> RenderableType:
    """Return the parameters that the scenario sets, beside what they would be."""
    if not scenario.parameters:
        return dim("Parameters: as in the registry; --set NAME=VALUE moves one")
    known = parent.parameters if parent else {}
    table = new_table("", "parameter", "value", "unit", "instead of", "meaning")
    table.columns[0].width, table.columns[1].no_wrap = len(OWN) if parent else 0, True
    for name, prior in scenario.priors().items():
        parameter, ally = resolve(name)
        usual = str(parameter.prior(scenario.era, ally)) if parameter.priors else "calibrated"
        mark = OWN if parent and known.get(name) != scenario.parameters[name] else ""
        table.add_row(mark, name, str(prior), parameter.unit, dim(usual), dim(parameter.description))
    return table


def show_experiment(experiment: Experiment, path: Path, as_json: bool) -> None:
    """Print an experiment: levers, policies, what is varied, outcomes, sources."""
    base = experiment.scenario
    names = [variant.scenario.name for variant in experiment.variants()]
    if as_json:
        fields = experiment.model_dump(mode="json", exclude_none=True, exclude={"scenario"})
        sizes = {"variants": names, "points": experiment.points, "runs": experiment.runs, "file": str(path)}
        print_json({**fields, "scenario": base.name, **sizes})
        return
    from alliance_sim.experiments.parts import expected_size

    method = f"{experiment.design.method}, " if experiment.uncertainties else ""
    kept = f"keeps {experiment.keep}, about {expected_size(experiment) / 1e6:,.1f} MB"
    print_parts(
        Text.assemble((experiment.name, "bold"), "  ", experiment.title),
        dim(f"{counted_runs(experiment)}; {method}seed {experiment.seed}; {kept}; from {base.name}"),
        Text(),
        Text(experiment.description),
        *((Text(), _choices(experiment)) if experiment.levers else ()),
        *((Text(), *_policies(experiment)) if experiment.policies else ()),
        Text(),
        _varied(experiment),
        Text(),
        Text.assemble(("Outcomes of interest  ", "bold"), ", ".join(experiment.outcomes)),
        Text(),
        Text("Sources", "bold"),
        bullets(experiment.sources),
        Text(f"\nFile: {printable(path)}", "dim", overflow="fold"),
    )


def _choices(experiment: Experiment) -> Table:
    """Return the options of every lever, with what they change in the base."""
    base = experiment.scenario_with({})
    table = new_table("lever", "option", "what it changes")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for lever, options in experiment.levers.items():
        for option in options:
            changes = input_differences(base, experiment.scenario_with({lever: option}))
            first = lever if option == next(iter(options)) else ""
            lines = [Text(str(change), SIGNS[change.sign]) for change in changes]
            table.add_row(Text(first, "bold"), option, Group(*lines) if lines else dim("as in the base"))
    return table


def _policies(experiment: Experiment) -> Iterator[RenderableType]:
    yield Text("Policies: not all combinations, but", "bold")
    yield bullets(", ".join(f"{lever} {option}" for lever, option in each.items()) for each in experiment.policies)


def _varied(experiment: Experiment) -> RenderableType:
    """Return uncertainties and constants, beside what they would be."""
    if not (experiment.uncertainties or experiment.constants):
        return dim("Uncertainties: none but those of the priors, over the draws")
    table = new_table("", "parameter", "value", "unit", "instead of", "meaning")
    table.columns[1].no_wrap = True
    constants = {name: fixed(value) for name, value in experiment.constants.items()}
    for name, prior in (experiment.priors() | constants).items():
        parameter, ally = resolve(name)
        usual = str(parameter.prior(experiment.scenario.era, ally)) if parameter.priors else "calibrated"
        sign = "=" if name in constants else "~"
        table.add_row(sign, name, str(prior), parameter.unit, dim(usual), dim(parameter.description))
    return table
