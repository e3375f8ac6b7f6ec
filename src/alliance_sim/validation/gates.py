"""The gates: what the model must cover before anything is fitted.

Each check runs the prior predictive, parameters drawn from their priors and actors as measured, and asks whether it
contains what is known, and is not too wide for that to mean anything. All limits were fixed before the model was
changed; they are not to be moved afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from alliance_sim.analysis.sensitivity import switched_off
from alliance_sim.calibration.facts import members
from alliance_sim.compile import Keep
from alliance_sim.data import find_row, number
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.distributions import Calibration
from alliance_sim.registry.forums import Decision, Forum
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.simulation import simulate
from alliance_sim.validation.record import (
    CLASSES,
    GROUPS,
    HISTORY,
    LAST_YEAR,
    classes,
    objected,
    rates,
    record,
    refused,
    rows,
    seats,
)
from alliance_sim.validation.scores import places

__all__ = ["CHECKS", "Gate", "Runs", "gates", "without_escalations"]

# The limits of the gates, fixed before the equations and priors that they test.

#: Share of the draws in the central interval that must contain a recorded value.
COVERED = 0.98
#: Years of the record of spending; the widest central 80 % of a year's mean, in points of GDP.
SPENDING_YEARS, SPENDING_WIDTH = range(2014, 2025), 0.6
#: Widest central 80 % of the rate of a class, at NATO.
CLASS_WIDTH = 0.35
#: D3: the recorded mean of P(objection), which the central 90 % must contain; the median; the central 80 %.
OBJECTION, OBJECTION_MEDIAN, OBJECTION_WIDTH = 0.06, (0.03, 0.12), 0.12
#: D3: allies that objected most in the first model, and the least share of objections that is others'.
USUAL_OBJECTORS, OTHERS_SHARE = ("USA", "HUN", "SVK", "TUR"), 0.25
#: D2: share of NATO items that are blocked; share of blocked items with one objector.
BLOCKED, LONE = (0.08, 0.25), (0.35, 0.75)
#: D6: least chance that no rollover is refused.
NO_REFUSAL = 0.2
#: D7: the pass rate of dialogue in the baseline is below the first, the reset's above it by the second at least.
DIALOGUE, DIALOGUE_RISE = 0.1, 0.15
#: D8, D9: least share of paired draws with the expected sign.
SIGN = 0.9
#: D9: from December of the first year to December of the second.
FRONT_YEARS = (2021, 2024)
#: D10: change of cohesion one to three months after the summit, and the least change twelve months after it.
DIP, RECOVERED = (-0.15, -0.05), -0.03
#: A1: least probability of each part of the claim.
STRATEGY = 0.8
#: Least share of items whose class depends on influence.
INFLUENCE = 0.05

#: The allies next to Russia, and Romania: the grouping of 2018. Finland was no member in 2021.
FRONT_LINE = "directly_threatened"
_BASELINE, _RESET, _FAILED, _WASHINGTON = "baseline_2025", "us_russia_reset_2025", "reset_fails_2025", "washington_2024"
_CALM, _SUMMIT = "baseline_2018", "helsinki_2018"


@dataclass(frozen=True)
class Gate:
    """A check: a value that must lie within limits, and the width of a distribution that must not exceed one.

    Attributes
    ----------
    id, what : str
    value : float
    low, high : float or None
        Limits of the value; None: there is none.
    strict : bool
        Whether the value may not be equal to a limit.
    width, widest : float or None
        Width of the central 80 % of the draws, and the largest allowed.

    Examples
    --------
    >>> gate = Gate("d2-blocked", "share of NATO items blocked", 0.3, 0.08, 0.25)
    >>> gate.passes, gate.limits
    (False, '0.08 to 0.25')
    >>> gate.json()["value"]
    0.3
    """

    id: str
    what: str
    value: float
    low: float | None = None
    high: float | None = None
    strict: bool = False
    width: float | None = None
    widest: float | None = None

    @property
    def passes(self) -> bool:
        """Whether value and width are within their limits; a value that cannot be computed is not."""
        inside = not math.isnan(self.value)
        if self.low is not None:
            inside = inside and (self.value > self.low if self.strict else self.value >= self.low)
        if self.high is not None:
            inside = inside and (self.value < self.high if self.strict else self.value <= self.high)
        return inside and (self.width is None or self.widest is None or self.width <= self.widest)

    @property
    def limits(self) -> str:
        """The limits of the value, in words."""
        if self.low is not None and self.high is not None:
            return f"{self.low:.3g} to {self.high:.3g}"
        if self.low is not None:
            return f"{'above' if self.strict else 'at least'} {self.low:.3g}"
        return f"{'below' if self.strict else 'at most'} {self.high:.3g}"

    def json(self) -> dict[str, str | float | bool | None]:
        """Return the fields and whether it passes; None for a value that cannot be computed."""
        value = None if math.isnan(self.value) else self.value
        return {**asdict(self), "value": value, "limits": self.limits, "passes": self.passes}


@dataclass
class Runs:
    """The ensembles that the checks need; each scenario is run once, when it is first asked for.

    Attributes
    ----------
    draws, seed : int
        Of every ensemble, so that all are paired.
    calibration : str
        ``prior`` or ``posterior``.
    found : dict
        Ensembles by key; those put here are not run.
    on_run : callable, optional
        Called with the name of a scenario before it is run.

    Examples
    --------
    >>> runs = Runs(draws=2, seed=1)
    >>> runs.of("baseline_2018") is runs.of("baseline_2018")
    True
    >>> runs.history.scenario.name
    'history_2014_2025'
    >>> runs.without_escalations("reset_fails_2025").scenario.name
    'reset_fails_2025_without_escalations'
    """

    draws: int
    seed: int
    calibration: Calibration = "prior"
    found: dict[str, Ensemble] = field(default_factory=dict)
    on_run: Callable[[str], None] | None = None

    def of(self, key: str, make: Callable[[], Scenario] | None = None, keep: Keep = "monthly") -> Ensemble:
        """Return the ensemble of a bundled scenario, or of the scenario that `make` returns."""
        if key not in self.found:
            if self.on_run:
                self.on_run(key)
            what_if = make() if make else load_scenario(key)
            self.found[key] = simulate(what_if.with_calibration(self.calibration), self.draws, self.seed, keep)
        return self.found[key]

    @property
    def history(self) -> Ensemble:
        """The bundled history, with the spending of each ally."""
        return self.of(HISTORY, keep="allies")

    def without_escalations(self, name: str) -> Ensemble:
        """Return the ensemble of a scenario without the escalations that the baseline of 2025 does not have."""
        return self.of(f"{name}, without escalations", lambda: without_escalations(name))


def without_escalations(name: str, base: str = _BASELINE) -> Scenario:
    """Return a bundled scenario without its own escalations: those that are not in `base`.

    Examples
    --------
    >>> calm = without_escalations("us_russia_reset_2025")
    >>> [event.type for event in calm.events if event.type == "escalation"]
    []
    """
    usual = {event.id for event in load_scenario(base).events}
    own = [event.id for event in load_scenario(name).events if event.type == "escalation" and event.id not in usual]
    if not own:
        raise InputError(f"{name}: has no escalations of its own; allowed: a scenario that has")
    return load_scenario({"name": f"{name}_without_escalations", "extends": name, "drop": own})


def gates(
    draws: int = 1000,
    seed: int = 1,
    on_run: Callable[[str], None] | None = None,
    calibration: Calibration = "prior",
) -> list[Gate]:
    """Run all checks.

    Parameters
    ----------
    draws : int
        Of each scenario.
    seed : int
    on_run : callable, optional
        Called with the name of a scenario before it is run.
    calibration : str
        ``prior``, on which the limits are set, or ``posterior``, which has seen most of what is asked for.

    Examples
    --------
    >>> found = gates(draws=4)
    >>> found[0].id
    'spending-2014'
    """
    runs = Runs(draws, seed, calibration, on_run=on_run)
    return [gate for check in CHECKS for gate in check(runs)]


def spending(runs: Runs) -> list[Gate]:
    """Mean spending of the members in December of each year contains the record's."""
    ensemble, found = runs.history, []
    for year in SPENDING_YEARS:
        known = np.mean([_recorded_spending(ally, year) for ally in _members(ensemble, f"{year}-12")])
        means = ensemble.data["spending"].sel(month=f"{year}-12").squeeze("month").mean("ally").values
        found.append(
            _contains(
                f"spending-{year}",
                f"mean spending of the members, {year}, % of GDP",
                float(known),
                means,
                SPENDING_WIDTH,
            )
        )
    return found


def _recorded_spending(ally: str, year: int) -> float:
    # Iceland has no armed forces and no rows (docs/history.md).
    return (
        0.0 if ally == "ISL" else number(find_row("facts/defence_spending", iso3=ally, year=str(year)), "pct_gdp", None)
    )


def class_rates(runs: Runs) -> list[Gate]:
    """The rate of each class, by group of forums, contains the record's."""
    ensemble, items, found = runs.history, record(), []
    recorded = rates(items)
    for name in GROUPS:
        chosen = [item for item in items if item.group == name]
        ended = classes(ensemble, places(ensemble, chosen))
        for code, kind in reversed(tuple(enumerate(CLASSES))):
            of_draws = (ended == code).mean(axis=1)
            widest = CLASS_WIDTH if name == "NATO" else None
            what = f"rate of {kind}, {name}, {len(chosen)} items to {LAST_YEAR}"
            found.append(_contains(f"rate-{_slug(name)}-{kind}", what, float(recorded[name][code]), of_draws, widest))
    return found


def objections(runs: Runs) -> list[Gate]:
    """D3: how often allies object, and which."""
    ensemble = runs.history
    items = _history_items(ensemble, GROUPS)
    seated = seats(ensemble.program, items)
    given = objected(ensemble, items) & seated
    mean = given.sum(axis=(1, 2)) / seated.sum()
    low, high = np.quantile(mean, (0.05, 0.95))
    usual = np.isin(ALLIES, USUAL_OBJECTORS)
    others = given[:, :, ~usual].sum() / given.sum() if given.any() else math.nan
    what = f"mean P(objection) over seated allies and items to {LAST_YEAR}"
    return [
        Gate("d3-objections", f"{what}: the record's, in the central 90 %", OBJECTION, float(low), float(high)),
        Gate(
            "d3-median",
            f"{what}: median",
            float(np.median(mean)),
            *OBJECTION_MEDIAN,
            False,
            _width(mean),
            OBJECTION_WIDTH,
        ),
        Gate(
            "d3-others", f"share of objections by others than {', '.join(USUAL_OBJECTORS)}", float(others), OTHERS_SHARE
        ),
    ]


def blocks(runs: Runs) -> list[Gate]:
    """D2: how often texts are blocked, and by how many."""
    ensemble = runs.history
    nato, everywhere = _history_items(ensemble, ("NATO",)), _history_items(ensemble, GROUPS)
    decision = ensemble.data["decision"].values
    blocked = decision[:, everywhere] == Decision.BLOCKED
    objectors = refused(ensemble, everywhere).sum(axis=2)[blocked]
    return [
        Gate(
            "d2-blocked", "share of NATO items blocked", float((decision[:, nato] == Decision.BLOCKED).mean()), *BLOCKED
        ),
        Gate(
            "d2-lone",
            "lone objectors among blocked items",
            float((objectors == 1).mean()) if len(objectors) else math.nan,
            *LONE,
        ),
    ]


def rollovers(runs: Runs) -> list[Gate]:
    """D6: renewals of sanctions are not a lottery."""
    ensemble = runs.history
    refused = ensemble.data["decision"].values[:, _history_items(ensemble, ("EU rollovers",))] == Decision.BLOCKED
    value = float((~refused.any(axis=1)).mean())
    return [Gate("d6-rollovers", f"P(no rollover to {LAST_YEAR} refused)", value, NO_REFUSAL)]


def dialogue(runs: Runs) -> list[Gate]:
    """D7: talking to Moscow again needs a reset."""
    base, reset = (
        _passed(runs.of(_BASELINE), "russia_dialogue"),
        _passed(runs.without_escalations(_RESET), "russia_dialogue"),
    )
    difference = reset - base
    error = 1.96 * difference.std(ddof=1) / math.sqrt(len(difference)) if len(difference) > 1 else math.nan
    what = "pass rate of dialogue with Russia, at the meeting or later"
    return [
        Gate("d7-baseline", f"{what}, {_BASELINE}", float(base.mean()), high=DIALOGUE, strict=True),
        Gate(
            "d7-rise", f"{what}, {_RESET} without escalations less {_BASELINE}", float(difference.mean()), DIALOGUE_RISE
        ),
        Gate(
            "d7-interval",
            "the same, lower end of the 95 % interval",
            float(difference.mean() - error),
            0.0,
            strict=True,
        ),
    ]


def threat_gap(runs: Runs) -> list[Gate]:
    """D8: the reset itself widens the gap in perceived threat."""
    base, reset, failed = (
        _last_year(ensemble, "threat_gap")
        for ensemble in (runs.of(_BASELINE), runs.without_escalations(_RESET), runs.without_escalations(_FAILED))
    )
    what = "threat gap of the last 12 months, without escalations"
    return [
        Gate("d8-own-part", f"{what}: P({_RESET} above {_BASELINE})", _share_above(reset - base), SIGN),
        Gate("d8-order", f"{what}: {_RESET} less {_FAILED}, mean", float((reset - failed).mean()), 0.0, strict=True),
    ]


def front_line(runs: Runs) -> list[Gate]:
    """D9: those next to Russia raise spending more after 2022 than the others."""
    first, last = (f"{year}-12" for year in FRONT_YEARS)
    ensemble = runs.history
    near = members("2018")[FRONT_LINE]
    both = [ally for ally in _members(ensemble, first) if ally in _members(ensemble, last)]
    spending = ensemble.data["spending"]
    rise = spending.sel(month=last).squeeze("month") - spending.sel(month=first).squeeze("month")
    inside = [ally for ally in both if ally in near]
    outside = [ally for ally in both if ally not in near]
    difference = (rise.sel(ally=inside).mean("ally") - rise.sel(ally=outside).mean("ally")).values
    what = f"P(spending of {', '.join(inside)} rises more than the others', {first} to {last})"
    return [Gate("d9-front-line", what, _share_above(difference), SIGN)]


def dip(runs: Runs) -> list[Gate]:
    """D10: a closed-door summit lowers cohesion by about a tenth, and not for long."""
    base, other = runs.of(_CALM), runs.of(_SUMMIT)
    months = [event.month for event in other.scenario.events if event.type == "bilateral_summit"]
    at = other.months.index(months[0])
    change = (other.data["cohesion"] - base.data["cohesion"]).mean("draw").values
    what = f"cohesion, {_SUMMIT} less {_CALM}, mean,"
    return [
        *(Gate(f"d10-month-{n}", f"{what} month {n} after the summit", float(change[at + n]), *DIP) for n in (1, 2, 3)),
        Gate("d10-month-12", f"{what} month 12 after the summit", float(change[at + 12]), RECOVERED, strict=True),
    ]


def russia_strategy(runs: Runs) -> list[Gate]:
    """A1: the Russia strategy fails before it is tabled, and passes with the Washington of 2024."""
    ensemble = runs.of(_BASELINE)
    item = _first(ensemble, "russia_strategy", "2025-06")
    decision = ensemble.data["decision"].values[:, item]
    failed = classes(ensemble, [item])[:, 0] == 0
    withdrawn = float((decision[failed] == Decision.WITHDRAWN).mean()) if failed.any() else math.nan
    other = runs.of(_WASHINGTON)
    passed = classes(other, [_first(other, "russia_strategy", "2025-06")])[:, 0] > 0
    what = "the Russia strategy of June 2025"
    return [
        Gate("a1-fails", f"P({what} fails), {_BASELINE}", float(failed.mean()), STRATEGY),
        Gate("a1-passes", f"P({what} passes), {_WASHINGTON}", float(passed.mean()), STRATEGY),
        Gate("a1-withdrawn", f"P({what} is withdrawn, given it fails), {_BASELINE}", withdrawn, STRATEGY),
    ]


def influence(runs: Runs) -> list[Gate]:
    """Decisions depend on influence among the allies."""
    ensemble = runs.history
    every = range(len(ensemble.program.agenda))
    alone = runs.of(
        f"{HISTORY}, without influence", lambda: switched_off(load_scenario(HISTORY), "susceptibility"), "final"
    )
    share = (classes(ensemble, every) != classes(alone, every)).mean()
    what = "share of items of the history whose class changes without influence (susceptibility 0)"
    return [Gate("influence", what, float(share), INFLUENCE)]


#: All checks, in the order of the table: each takes the runs and returns rows.
CHECKS: tuple[Callable[[Runs], list[Gate]], ...] = (
    spending,
    class_rates,
    objections,
    blocks,
    rollovers,
    dialogue,
    threat_gap,
    front_line,
    dip,
    russia_strategy,
    influence,
)


def _contains(name: str, what: str, known: float, values: NDArray[np.float64], widest: float | None) -> Gate:
    """Return the row of a recorded value that the central draws must contain."""
    low, high = np.quantile(values, ((1 - COVERED) / 2, (1 + COVERED) / 2))
    return Gate(name, what, known, float(low), float(high), False, _width(values), widest)


def _width(values: NDArray[np.float64]) -> float:
    low, high = np.quantile(values, (0.1, 0.9))
    return float(high - low)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _share_above(differences: NDArray[np.float64]) -> float:
    """Return the share of paired draws with a difference above zero, ties half."""
    return float((differences > 0).mean() + 0.5 * (differences == 0).mean())


def _members(ensemble: Ensemble, month: str) -> list[str]:
    inside = ensemble.program.member[ensemble.program.months.index(month), Forum.NAC]
    return [ally for ally, sits in zip(ALLIES, inside, strict=True) if sits]


def _history_items(ensemble: Ensemble, groups: Sequence[str]) -> list[int]:
    return rows(ensemble.scenario, ensemble.program.agenda, groups, LAST_YEAR)


def _passed(ensemble: Ensemble, issue: str) -> NDArray[np.float64]:
    """Return the share of the items of an issue that pass, at their meeting or later, in each draw."""
    items = [i for i, row in enumerate(ensemble.program.agenda) if row.issue == issue]
    if not items:
        raise InputError(f"{ensemble.scenario.name}: has no item about {issue}; allowed: a scenario that has one")
    later = np.isin(ensemble.data["settled"].values[:, items], (Decision.ADOPTED, Decision.DILUTED))
    share: NDArray[np.float64] = ((classes(ensemble, items) > 0) | later).mean(axis=1)
    return share


def _first(ensemble: Ensemble, issue: str, month: str) -> int:
    for i, row in enumerate(ensemble.program.agenda):
        if (row.issue, row.month) == (issue, month):
            return i
    raise InputError(
        f"{ensemble.scenario.name}: has no item about {issue} in {month}; allowed: a scenario that has one"
    )


def _last_year(ensemble: Ensemble, outcome: str) -> NDArray[np.float64]:
    """Return the mean of an outcome over the last 12 months, in each draw."""
    values: NDArray[np.float64] = ensemble.data[outcome].isel(month=slice(-12, None)).mean("month").values
    return values
