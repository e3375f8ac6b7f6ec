"""Gates: what each accepts and refuses, on ensembles made for it; and that all run on the model."""

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.data import table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.validation import gates as module
from alliance_sim.validation.gates import CHECKS, Gate, Runs, gates, without_escalations
from alliance_sim.validation.record import GROUPS, HISTORY, rows
from validation.helpers import Draws, as_recorded, synthetic

RESET, FAILED = "us_russia_reset_2025, without escalations", "reset_fails_2025, without escalations"
ALONE = f"{HISTORY}, without influence"


def runs(**ensembles: Ensemble) -> Runs:
    names = {"history": HISTORY, "reset": RESET, "failed": FAILED, "alone": ALONE}
    found = {names.get(name, name): ensemble for name, ensemble in ensembles.items()}
    return Runs(1, 1, found=found, on_run=lambda name: pytest.fail(f"{name} is run"))


def verdicts(check: Callable[[Runs], list[Gate]], **ensembles: Ensemble) -> dict[str, bool]:
    return {gate.id: gate.passes for gate in check(runs(**ensembles))}


@pytest.mark.parametrize(
    ("limits", "value", "expected"),
    [
        ({"low": 0.2}, 0.2, True),
        ({"low": 0.2}, 0.19, False),
        ({"low": 0.0, "strict": True}, 0.0, False),
        ({"high": 0.1, "strict": True}, 0.1, False),
        ({"high": 0.1}, 0.1, True),
        ({"low": 0.1, "high": 0.2}, 0.21, False),
        ({"low": 0.1, "high": 0.2, "width": 0.5, "widest": 0.4}, 0.15, False),
        ({"low": 0.1, "high": 0.2, "width": 0.4, "widest": 0.4}, 0.15, True),
        ({"low": 0.1, "high": 0.2, "width": 9.0}, 0.15, True),
        ({"low": 0.1}, math.nan, False),
        ({"high": 0.1}, math.nan, False),
    ],
)
def test_a_gate_has_limits_and_a_width(limits: dict[str, float], value: float, expected: bool) -> None:
    assert Gate("x", "x", value, **limits).passes is expected


def recorded_spending(offset: float, spread: float) -> Callable[[Draws], None]:
    known = {(row["iso3"], row["year"]): float(row["pct_gdp"]) for row in table("facts/defence_spending")}

    def write(draws: Draws) -> None:
        noise = np.linspace(-spread, spread, draws.draws)
        for year in range(2014, 2025):
            for ally in ALLIES:
                draws.spend(f"{year}-12", ally, known.get((ally, str(year)), 0.0) + (offset + noise))

    return write


@pytest.mark.parametrize(
    ("offset", "spread", "expected"), [(0.0, 0.3, True), (0.5, 0.3, False), (0.0, 0.5, False), (0.0, 0.37, True)]
)
def test_spending_is_near_the_records_and_not_too_wide(offset: float, spread: float, expected: bool) -> None:
    found = verdicts(module.spending, history=synthetic(HISTORY, 41, recorded_spending(offset, spread)))
    assert found == {f"spending-{year}": expected for year in range(2014, 2025)}


def test_class_rates_of_the_record_pass_and_those_of_an_alliance_that_adopts_everything_fail() -> None:
    found = verdicts(module.class_rates, history=synthetic(HISTORY, 10, as_recorded))
    assert len(found) == 12 and all(found.values())
    found = verdicts(module.class_rates, history=synthetic(HISTORY, 10))
    assert not any(found[f"rate-nato-{kind}"] for kind in ("adopted", "diluted", "failed"))
    assert all(found[f"rate-eu-rollovers-{kind}"] for kind in ("adopted", "diluted", "failed"))


def test_class_rates_of_nato_that_are_anything_fail_by_their_width() -> None:
    def write(draws: Draws) -> None:
        chosen = rows(draws.program.scenario, draws.program.agenda, {"NATO"}, 2019)
        for d in range(draws.draws):
            for row in chosen[: d * len(chosen) // draws.draws]:
                draws.decide(row, "blocked", slice(d, d + 1))

    found = verdicts(module.class_rates, history=synthetic(HISTORY, 30, write))
    assert not found["rate-nato-failed"] and not found["rate-nato-adopted"]


def history_rows(draws: Draws) -> list[int]:
    return rows(draws.program.scenario, draws.program.agenda, GROUPS, 2019)


def objecting(low: float, high: float, allies: tuple[str, ...]) -> Callable[[Draws], None]:
    """Allies object so often that the mean over all seats goes from `low` to `high` over the draws."""

    def write(draws: Draws) -> None:
        chosen = history_rows(draws)
        inside = module.seats(draws.program, chosen)
        at = [(row, ally) for i, row in enumerate(chosen) for ally in allies if inside[i, ALLIES.index(ally)]]
        for d, share in enumerate(np.linspace(low, high, draws.draws)):
            for row, ally in at[: round(share * inside.sum())]:
                draws.object(row, ally, slice(d, d + 1))

    return write


def test_objections_are_as_frequent_as_in_the_record_and_not_those_of_four_allies() -> None:
    others = ("DEU", "FRA", "ITA", "GRC", "ESP", "BEL", "HUN")
    found = verdicts(module.objections, history=synthetic(HISTORY, 21, objecting(0.03, 0.09, others)))
    assert found == {"d3-objections": True, "d3-median": True, "d3-others": True}
    found = verdicts(module.objections, history=synthetic(HISTORY, 21, objecting(0.03, 0.09, ("USA", "HUN", "TUR"))))
    assert found == {"d3-objections": True, "d3-median": True, "d3-others": False}
    found = verdicts(module.objections, history=synthetic(HISTORY, 21, objecting(0.0, 0.01, others)))
    assert found == {"d3-objections": False, "d3-median": False, "d3-others": True}
    found = verdicts(module.objections, history=synthetic(HISTORY, 21, objecting(0.0, 0.19, others)))
    assert found == {"d3-objections": True, "d3-median": False, "d3-others": True}  # too wide
    found = verdicts(module.objections, history=synthetic(HISTORY, 21))
    assert not any(found.values())


def blocking(every: int, alone: bool) -> Callable[[Draws], None]:
    def write(draws: Draws) -> None:
        chosen = rows(draws.program.scenario, draws.program.agenda, {"NATO"}, 2019)
        for n, row in enumerate(chosen[::every]):
            draws.decide(row, "blocked")
            for ally in ("TUR",) if alone or n % 2 else ("TUR", "HUN"):
                draws.object(row, ally)

    return write


def test_blocks_are_neither_rare_nor_usual_and_not_all_by_one_ally() -> None:
    assert verdicts(module.blocks, history=synthetic(HISTORY, 2, blocking(7, False))) == {
        "d2-blocked": True,
        "d2-lone": True,
    }
    assert verdicts(module.blocks, history=synthetic(HISTORY, 2, blocking(2, True))) == {
        "d2-blocked": False,
        "d2-lone": False,
    }
    assert not any(verdicts(module.blocks, history=synthetic(HISTORY, 2)).values())


@pytest.mark.parametrize(("refusals", "expected"), [(0, True), (8, True), (9, False)])
def test_rollovers_are_never_refused_in_a_fifth_of_draws(refusals: int, expected: bool) -> None:
    def write(draws: Draws) -> None:
        chosen = rows(draws.program.scenario, draws.program.agenda, {"EU rollovers"}, 2019)
        for d in range(refusals):
            draws.decide(chosen[d % len(chosen)], "blocked", slice(d, d + 1))
        late = rows(draws.program.scenario, draws.program.agenda, {"EU rollovers"}, 2025)[-1]
        draws.decide(late, "blocked")  # after 2019: does not count

    assert verdicts(module.rollovers, history=synthetic(HISTORY, 10, write)) == {"d6-rollovers": expected}


def passing(draws_that_pass: int, later: bool = False) -> Callable[[Draws], None]:
    def write(draws: Draws) -> None:
        (row,) = (i for i, row in enumerate(draws.program.agenda) if row.issue == "russia_dialogue")
        draws.decide(row, "deferred" if later else "withdrawn")
        column = draws.program.agenda[row].column
        if later:
            draws.records.settled[:draws_that_pass, column] = 1
        else:
            draws.decide(row, "diluted", slice(0, draws_that_pass))

    return write


@pytest.mark.parametrize(
    ("base", "reset", "later", "expected"),
    [
        (0, 30, False, (True, True, True)),
        (9, 24, False, (True, True, True)),
        (10, 40, False, (False, True, True)),
        (0, 14, False, (True, False, True)),
        (0, 3, False, (True, False, False)),
        (30, 0, False, (False, False, False)),
        (10, 40, True, (False, True, True)),
    ],
)
def test_dialogue_needs_a_reset(base: int, reset: int, later: bool, expected: tuple[bool, ...]) -> None:
    found = verdicts(
        module.dialogue,
        baseline_2025=synthetic("baseline_2025", 100, passing(base, later)),
        reset=synthetic(without_escalations("us_russia_reset_2025"), 100, passing(reset, later)),
    )
    assert tuple(found.values()) == expected


def gap(value: float, lower: int = 0) -> Callable[[Draws], None]:
    """A gap over the last year, and its negative in some draws; ten before, which must not count."""

    def write(draws: Draws) -> None:
        values = draws.outcome("threat_gap")
        values[:, -12:] = value
        values[:lower, -12:] = -value
        values[:, :-12] = 10.0 * draws.draws * (value == 0.0)

    return write


@pytest.mark.parametrize(
    ("lower", "failed", "expected"), [(0, 0.1, (True, True)), (1, 0.1, (True, True)), (2, 0.3, (False, False))]
)
def test_the_reset_widens_the_gap_more_than_a_failed_one(
    lower: int, failed: float, expected: tuple[bool, bool]
) -> None:
    found = verdicts(
        module.threat_gap,
        baseline_2025=synthetic("baseline_2025", 10, gap(0.0)),
        reset=synthetic(without_escalations("us_russia_reset_2025"), 10, gap(0.2, lower)),
        failed=synthetic(without_escalations("reset_fails_2025"), 10, gap(failed)),
    )
    assert tuple(found.values()) == expected


@pytest.mark.parametrize(("slower", "expected"), [(0, True), (1, True), (2, False)])
def test_the_front_line_spends_faster(slower: int, expected: bool) -> None:
    def write(draws: Draws) -> None:
        for ally in ALLIES:
            near = ally in ("EST", "LVA", "LTU", "POL", "NOR", "ROU")
            draws.spend("2021-12", ally, 5.0 if near else 1.0)
            draws.spend("2024-12", ally, 6.0 if near else 1.5)
        draws.spend("2024-12", "NOR", np.where(np.arange(draws.draws) < slower, -6.0, 0.0))

    found = module.front_line(runs(history=synthetic(HISTORY, 10, write)))
    assert [gate.passes for gate in found] == [expected]
    assert "NOR, EST, LVA, LTU, POL, ROU" in found[0].what


@pytest.mark.parametrize(
    ("dip", "after", "expected"),
    [
        (-0.1, -0.01, (True, True, True, True)),
        (-0.1, -0.04, (True, True, True, False)),
        (-0.2, 0.0, (False, False, False, True)),
        (-0.01, 0.0, (False, False, False, True)),
    ],
)
def test_cohesion_dips_after_helsinki_and_recovers(dip: float, after: float, expected: tuple[bool, ...]) -> None:
    def write(draws: Draws) -> None:
        months = draws.program.months
        values = draws.outcome("cohesion")
        noise = np.linspace(-0.2, 0.2, draws.draws)[:, np.newaxis]
        summit = months.index("2018-07")
        values[:, summit + 1 : summit + 4] = dip + noise
        values[:, summit + 12] = after

    found = verdicts(
        module.dip, baseline_2018=synthetic("baseline_2018", 4), helsinki_2018=synthetic("helsinki_2018", 4, write)
    )
    assert tuple(found.values()) == expected


def strategy(*decisions: str) -> Callable[[Draws], None]:
    """What becomes of the Russia strategy at The Hague, draw by draw."""

    def write(draws: Draws) -> None:
        row = next(i for i, row in enumerate(draws.program.agenda) if row.issue == "russia_strategy")
        for d, decision in enumerate(decisions):
            draws.decide(row, decision, slice(d, d + 1))

    return write


@pytest.mark.parametrize(
    ("base", "other", "expected"),
    [
        (["withdrawn"] * 4 + ["diluted"], ["diluted"] * 4 + ["blocked"], (True, True, True)),
        (["withdrawn"] * 3 + ["blocked"] * 2, ["adopted"] * 3 + ["deferred"] * 2, (True, False, False)),
        (["withdrawn"] * 3 + ["adopted"] * 2, ["adopted"] * 5, (False, True, True)),
        (["adopted"] * 5, ["adopted"] * 5, (False, True, False)),
    ],
)
def test_the_russia_strategy_depends_on_washington(
    base: list[str], other: list[str], expected: tuple[bool, ...]
) -> None:
    found = verdicts(
        module.russia_strategy,
        baseline_2025=synthetic("baseline_2025", 5, strategy(*base)),
        washington_2024=synthetic("washington_2024", 5, strategy(*other)),
    )
    assert tuple(found.values()) == expected


@pytest.mark.parametrize(("changed", "expected"), [(5, False), (6, True)])
def test_influence_changes_a_twentieth_of_the_items(changed: int, expected: bool) -> None:
    def write(draws: Draws) -> None:
        for row in range(changed):
            draws.decide(row, "diluted")

    def failed_otherwise(draws: Draws) -> None:
        draws.decide(100, "blocked")

    def failed(draws: Draws) -> None:
        write(draws)
        draws.decide(100, "withdrawn")  # another form of failure is the same class

    alone = {"name": "alone", "extends": HISTORY, "parameters": {"susceptibility": 0.0}}
    found = verdicts(
        module.influence, history=synthetic(HISTORY, 2, failed_otherwise), alone=synthetic(alone, 2, failed)
    )
    assert found == {"influence": expected}


def test_a_variant_lacks_the_escalations_of_its_scenario_and_nothing_else() -> None:
    for name in ("us_russia_reset_2025", "reset_fails_2025"):
        whole, variant = als.load_scenario(name), without_escalations(name)
        kept = [event for event in whole.events if event.type != "escalation"]
        assert list(variant.events) == kept and len(kept) < len(whole.events)
        assert variant.meetings == whole.meetings
    with pytest.raises(InputError, match="washington_2024: has no escalations"):
        without_escalations("washington_2024")


def test_a_scenario_without_the_item_of_a_check_is_refused() -> None:
    with pytest.raises(InputError, match="no item about russia_strategy in 2025-06"):
        module.russia_strategy(runs(baseline_2025=synthetic("baseline_2018", 1)))


def test_each_scenario_is_run_once_and_every_check_returns_rows() -> None:
    asked: list[str] = []
    found = gates(12, 3, asked.append)
    assert len(asked) == len(set(asked)) == 8
    assert len({gate.id for gate in found}) == len(found) > len(CHECKS)
    rows = json.loads(json.dumps([gate.json() for gate in found], allow_nan=False))
    assert {row["passes"] for row in rows} <= {True, False} and all(row["limits"] for row in rows)
    again = {gate.id: gate.value for gate in gates(12, 3)}
    assert again == pytest.approx({gate.id: gate.value for gate in found}, nan_ok=True, abs=0.0)
