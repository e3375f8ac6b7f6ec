"""The answer of the first page: a run beside its base, decision by decision and outcome by outcome."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from alliance_sim.explorer.request import DRAWS, PREVIEW, Request
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import ASK_NAMES, DECISIONS, FORUM_LABELS, FORUMS
from alliance_sim.registry.labels import FORUM_NAMES, ISSUE_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.happenings import happening
from alliance_sim.scenarios.library import dump

if TYPE_CHECKING:
    from alliance_sim.results.ensemble import Ensemble
    from alliance_sim.results.report_facts import Facts
    from alliance_sim.scenarios import Scenario

#: Outcomes of the first page, of which the last three can be changed for others.
FIRST_FANS = (
    "mean_guarantee_confidence", "cohesion", "deterrence", "threat_gap", "mean_spending", "sanctions_durability",
)  # fmt: skip
#: Objectors below this share of the draws are noise to a reader.
LEAST_RATE = 0.005
_QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True)
class View:
    """A run beside its base, ready for the browser.

    Attributes
    ----------
    request : Request
    draws : int
        Draws run; fewer than requested in a preview.
    months : list of str
        ``YYYY-MM``.
    title, base_title : str
    headline : dict
        As `Headline.json` gives it, with futures for draws.
    cells : list of dict
        One row a decision, in time order.
    events : list of dict
        What happens: month, label, detail.
    fans : dict
        By outcome: quantiles of the run, and the median of the base, one number a month.
    seconds : float
        That the run took.
    stored : bool
        Whether it was computed earlier, with the same model and calibration.
    """

    request: Request
    draws: int
    months: list[str]
    title: str
    base_title: str
    headline: dict[str, Any]
    cells: list[dict[str, Any]]
    events: list[dict[str, str]]
    fans: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    seconds: float = 0.0
    stored: bool = False

    @property
    def item(self) -> str:
        """Key of the decision looked at first; empty without decisions.

        That of the headline; where its text passes more often than in the base, the one that loses most, if one does.
        """
        found, lost = self.headline, [cell for cell in self.cells if cell["mark"] == "down"]
        if lost and (found["difference"] or 0.0) > 0.0:
            return str(max(lost, key=lambda cell: cell["base"] - cell["passes"])["key"])
        return f"{found['meeting']}/{found['issue']}" if found["meeting"] else ""


def stages(request: Request) -> list[int]:
    """Return the draws of the preview and of the whole run; a small run has no preview.

    Examples
    --------
    >>> stages(Request(draws=2000)), stages(Request(draws=100))
    ([256, 2000], [100])
    """
    return [*([PREVIEW] if request.draws > PREVIEW else []), request.draws]


def pairs(request: Request, stopped: Callable[[], bool]) -> Iterator[tuple[Ensemble, Ensemble]]:
    """Yield a run and its base, first with a preview's draws, then with all.

    Raises
    ------
    InputError
        If the request is at fault.
    Cancelled
        If `stopped` returned True.
    """
    from alliance_sim.simulation import in_stages

    own = in_stages(request.what_if(), stages(request), request.seed, "monthly", cancelled=stopped)
    yield from zip(own, _bases.stages(request.compared(), request, stopped), strict=True)


class Runs:
    """The last whole runs, of at most 2,000 draws: what is compared stays as it is while levers move.

    Parameters
    ----------
    most : int
        Runs that are kept.

    Examples
    --------
    >>> request = Request("baseline_2018", draws=20)
    >>> runs = Runs(2)
    >>> [[run.draws for run in runs.stages(request.what_if(), request, lambda: False)] for _ in range(2)]
    [[20], [20]]
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.kept: dict[tuple[str, int, int], Ensemble] = {}

    def stages(self, scenario: Scenario, request: Request, stopped: Callable[[], bool]) -> Generator[Ensemble]:
        """Yield a scenario's first draws and then all, as many and with the seed that a request names."""
        from alliance_sim.core.structures import Kept
        from alliance_sim.results.memory import first_draws
        from alliance_sim.simulation import in_stages

        key = (dump(scenario), request.seed, request.draws)
        if whole := self.kept.pop(key, None):
            self.kept[key] = whole  # the last to be dropped
            for draws in stages(request):
                output, records = first_draws(Kept(whole.output, whole.records), draws)
                yield replace(whole, draws=draws, output=output, records=records)
            return
        for ensemble in in_stages(scenario, stages(request), request.seed, "monthly", cancelled=stopped):
            if ensemble.draws == request.draws <= DRAWS[1]:
                self.kept[key] = ensemble
                for oldest in list(self.kept)[: -self.most]:
                    del self.kept[oldest]
            yield ensemble


#: All sessions share these: many look at the same bases.
_bases = Runs(3)


def view(request: Request, own: Ensemble, base: Ensemble, seconds: float, outcomes: Iterable[str]) -> View:
    """Return what the page shows of a run and its base.

    Parameters
    ----------
    request : Request
    own, base : Ensemble
        As `pairs` yields them.
    seconds : float
    outcomes : iterable of str
        Those of which the fans are wanted.

    Examples
    --------
    >>> request = Request("helsinki_2018", base="baseline_2018", draws=20)
    >>> ((own, base),) = pairs(request, lambda: False)
    >>> found = view(request, own, base, 0.5, ["cohesion"])
    >>> found.draws, len(found.cells) == len(own.decisions()), list(found.fans)
    (20, True, ['cohesion'])
    """
    from alliance_sim.results.report_facts import Facts

    facts = Facts(own, base)
    scenario = own.scenario
    return View(
        request=request,
        draws=own.draws,
        months=list(own.months),
        title=scenario.title,
        base_title=base.scenario.title if request.base else "without the changes",
        headline=facts.headline.json("future"),
        cells=list(_cells(facts)),
        events=[
            {"month": event.month, "label": event.type.replace("_", " "), "detail": happening(event)}
            for event in scenario.events
            if event.during == 1
        ],
        fans=fans(own, base, outcomes),
        seconds=round(seconds, 3),
    )


def found_why(shown: View, item: str, stopped: Callable[[], bool]) -> dict[str, Any]:
    """Return why a decision of a view ends as it does, and what would restore consensus.

    Parameters
    ----------
    shown : View
    item : str
        Key of the decision.
    stopped : callable
        The search stops when it returns True.

    Returns
    -------
    dict
        As `Diagnosis.json` gives it, with futures for draws; and ``before``, what allies weigh in the base, by ally.

    Raises
    ------
    Cancelled
        If `stopped` returned True.

    Examples
    --------
    >>> request = Request("helsinki_2018", base="baseline_2018", draws=20)
    >>> found = view(request, *next(pairs(request, lambda: False)), 0.5, [])
    >>> found_why(found, found.item, lambda: False)["draws"]
    20
    """
    from alliance_sim.analysis.diagnosis import diagnose
    from alliance_sim.analysis.item import find_item
    from alliance_sim.analysis.weighing import allies_of

    request, (meeting, _, issue) = shown.request, item.partition("/")
    cell = next(each for each in shown.cells if each["key"] == item)
    # As `Headline.to_restore`: what the base has where it is missed, else even odds.
    target = cell["base"] if cell["mark"] == "down" else 0.5
    found = diagnose(request.what_if(), issue, meeting, request.draws, request.seed, target, cancelled=stopped)
    before: dict[str, dict[str, float]] = {}
    if cell["base"] is not None:
        there = allies_of(find_item(request.compared(), issue, meeting, request.draws, request.seed).run())
        before = {each.ally: asdict(each.weights) for each in there if each.weights}
    return {**found.json("future"), "before": before}


def fans(own: Ensemble, base: Ensemble, outcomes: Iterable[str]) -> dict[str, dict[str, list[float]]]:
    """Return quantiles of outcomes by month, and the median of the base, under ``base``.

    Examples
    --------
    >>> ((own, base),) = pairs(Request("helsinki_2018", base="baseline_2018", draws=20), lambda: False)
    >>> sorted(fans(own, base, ["cohesion"])["cohesion"])
    ['base', 'p05', 'p25', 'p50', 'p75', 'p95']
    """
    import numpy as np

    found = {}
    for name in outcomes:
        at = list(OUTCOMES).index(name)
        cuts = np.quantile(own.output.outcomes[:, :, at], list(_QUANTILES.values()), axis=0)
        before = np.quantile(base.output.outcomes[:, :, at], 0.5, axis=0)
        found[name] = {key: cut.round(3).tolist() for key, cut in zip(_QUANTILES, cuts, strict=True)}
        found[name]["base"] = before.round(3).tolist()
    return found


def _cells(facts: Facts) -> Iterator[dict[str, Any]]:
    """Yield the decisions, each with how it ends, and who objects here and in the base."""
    from alliance_sim.results.summaries import objectors_by_item

    own, base = facts.ensemble, facts.base
    scenario, held = own.scenario, {meeting.id: meeting.title for meeting in own.scenario.meetings}
    before = objectors_by_item(base.objectors()) if base else {}
    for row in facts.board.to_dict("records"):
        month, item = f"{row['month']:%Y-%m}", (row["meeting"], row["issue"])
        seated = own.program.member[scenario.offset(month), FORUMS.index(row["forum"])]
        yield {
            "key": "/".join(item),
            "meeting": row["meeting"],
            "held": held[row["meeting"]],
            "month": month,
            "forum": FORUM_LABELS[row["forum"]],
            "body": FORUM_NAMES[row["forum"]],
            "issue": row["issue"],
            "label": ISSUE_LABELS[row["issue"]],
            "text": row["title"],
            "asked": _asked(row["asked"]),
            "proposed": round(row["proposed"], 2),
            "reversion": round(row["reversion"], 2),
            "level": round(row["level_mean"], 3),
            "shares": [round(row[name], 4) for name in DECISIONS],
            "passes": round(row["passes"], 4),
            "base": None if row["base"] != row["base"] else round(row["base"], 4),
            "mark": _mark(row),
            "settled": round(row["settled"], 4),
            "objectors": {ally: round(share, 4) for ally, share in row["objectors"].items() if share >= LEAST_RATE},
            "before": {ally: round(share, 4) for ally, share in before.get(item, {}).items() if share >= LEAST_RATE},
            "seated": [ally for ally, sits in zip(ALLIES, seated, strict=True) if sits],
        }


def _mark(row: Mapping[Any, Any]) -> str:
    if row["base"] != row["base"]:
        return "new"
    return "" if not row["clear"] else "up" if row["difference"] > 0.0 else "down"


def _asked(code: str) -> str:
    """Return what an agenda item asks for in words: the classes of its ask, or that it names a level."""
    if code[0] not in "+-":
        return "proposed"
    classes = " or ".join(ASK_NAMES[int(digit) - 1] for digit in code[1:].split("/"))
    return f"asked for on average: {'less' if code[0] == '-' else 'more'}, {classes}"
