"""Report on a diagnosis: who stands in the way of a text, over what, and what would restore consensus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from alliance_sim.analysis.words import FAILURES, STAGES
from alliance_sim.cli.terminal import dim, new_table, share_cell
from alliance_sim.errors import printable
from alliance_sim.registry.labels import DECISION_LABELS, FORUM_NAMES, RULE_LABELS
from alliance_sim.wording import FEW_DRAWS, counted, percent

if TYPE_CHECKING:
    from alliance_sim.analysis.diagnosis import Diagnosis
    from alliance_sim.analysis.restoration import Change, Effect
    from alliance_sim.analysis.weighing import AllyView

#: Allies that the table lists.
_MOST_ALLIES = 6


def diagnosis_report(found: Diagnosis) -> list[RenderableType]:
    """Return what `diagnose` prints."""
    tree = Tree(Text(printable(found.text), "bold"), guide_style="dim")
    tree.add(_ends(found))
    tree.add(Group(Text("Text: mean level [5 %, 95 % of draws]", "bold"), _texts(found)))
    if found.allies:
        tree.add(Group(Text("Allies: who objects, and what each weighs", "bold"), _allies(found), dim(_LEGEND)))
    else:
        tree.add(Text.assemble(("Allies: ", "bold"), "none is asked in any draw"))
    if found.without:
        tree.add(Group(Text("Without one of them at the table", "bold"), _without(found)))
    tree.add(Group(*_restore(found)))
    where = f"{FORUM_NAMES[found.forum]}, {found.month}; {RULE_LABELS[found.rule]}"
    drawn = f"{counted(found.draws, 'draw')}, seed {found.seed}"
    error = f"; the Monte Carlo error of shares is up to {50.0 * found.draws**-0.5:.0f} points"
    few = error if found.draws < FEW_DRAWS else ""
    numbers = "".join(
        f"; alliance-sim evidence {view.ally} says what its numbers rest on" for view in found.in_the_way[:1]
    )
    return [
        Text(printable(found.sentence), "bold"),
        Text(printable(found.conclusion)),
        dim(f"{found.scenario}: {where}; {drawn}{few}"),
        Text(),
        tree,
        Text(),
        dim(
            "Next: --json holds each change as a scenario to run; --meeting picks another meeting, --target another "
            f"share{numbers}."
        ),
    ]


def _ends(found: Diagnosis) -> Text:
    ends = Text("Ends: ", "bold")
    shares = [f"{DECISION_LABELS[name]} {share_cell(share)} %" for name, share in found.outcomes.items() if share > 0.0]
    ends.append(", ".join(shares), "not bold")
    if found.failures:
        whys = [(FAILURES[name], share) for name, share in vars(found.failures).items() if share > 0.0]
        ends.append("\nFailures: ")
        ends.append(", ".join(f"{why} {share_cell(share)} %" for why, share in whys), "not bold")
    return ends


def _texts(found: Diagnosis) -> Table:
    table = new_table("", ">level", ">interval", ">% of draws")
    table.add_row("holds without it", f"{found.reversion:.2f}", "", "")
    for text in found.texts:
        if text.mean is not None:
            interval = f"[{text.p05:.2f}, {text.p95:.2f}]"
            table.add_row(STAGES[text.stage], f"{text.mean:.2f}", interval, share_cell(text.share))
    return table


_LEGEND = (
    "% of draws: obj objects (in brackets: expected to, and the text is withdrawn), spk speaks against the text and "
    "lets it pass, only objects alone; least: % of failures in which it is the least willing. Means where the text "
    "fails, losses in thousandths: it objects where the loss is more than it bears = alone + in company + under its "
    "patron + by chance - at stake elsewhere."
)


def _allies(found: Diagnosis) -> Table:
    heads = ("obj", "", "spk", "only", "least", "wants", "loss", "bears", "alone", "comp", "patr", "chnc", "stake")
    table = new_table("ally", *(f">{head}" for head in heads), gap=1)
    for view in found.allies[:_MOST_ALLIES]:
        table.add_row(*_ally(view))
    return table


def _ally(view: AllyView) -> list[str]:
    expected = view.rounds.get(0, 0.0)
    cells = [view.ally, share_cell(view.objects), f"({share_cell(expected)})" if expected else ""]
    cells += [share_cell(share) for share in (view.voiced, view.alone, view.pivotal)]
    weights = view.weights_failed or view.weights
    if weights is None:
        return cells
    parts = (weights.loss, weights.tolerance, weights.alone, weights.company, weights.patron, weights.temper)
    return [*cells, f"{weights.position:.2f}", *(f"{1000.0 * part:z.0f}" for part in (*parts, -weights.stake))]


def _without(found: Diagnosis) -> Table:
    table = new_table("without", ">passes, %", ">difference [95 %]")
    for view in found.without:
        table.add_row(view.ally, share_cell(view.passing), _difference(view))
    return table


def _restore(found: Diagnosis) -> list[RenderableType]:
    now, target = percent(found.passing), percent(found.target)
    parts: list[RenderableType] = [Text(f"What would restore consensus (now {now}, target {target})", "bold")]
    if not found.restore:
        return [*parts, Text(found.conclusion)]
    enough = [change for change in found.restore if change.reaches]
    if enough:
        parts += [_changes(enough, "smallest change that is enough")]
    if any(change.distance is not None for change in enough):
        parts += [dim("distance: from the present value, in standard deviations between draws; if fixed, of its range")]
    if some := [change for change in found.restore if change.helps and not change.reaches]:
        parts += [_changes(some, "not enough, at the end of the range")]
    if none := [change.label for change in found.restore if not change.helps]:
        parts += [Text(f"No clear help, up to the end of the range ({len(none)}): {'; '.join(none)}.")]
    return parts


def _changes(changes: list[Change], head: str) -> Table:
    measured = any(change.distance is not None for change in changes)
    table = new_table(head, ">passes, %", ">difference [95 %]", *([">distance"] if measured else []))
    for column in table.columns[1:]:
        column.no_wrap = True
    for change in changes:
        distance = [] if not measured else ["" if change.distance is None else f"{change.distance:.1f}"]
        table.add_row(Text(change.label), share_cell(change.passing), _difference(change), *distance)
    return table


def _difference(effect: Effect) -> str:
    points = (100.0 * number for number in (effect.difference, effect.low, effect.high))
    difference, low, high = (f"{number:+z.0f}" for number in points)
    return f"{difference} [{low}, {high}]"
