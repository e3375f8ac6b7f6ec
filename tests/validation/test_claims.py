"""Claims: kinds in order, scenarios changed and mechanisms switched off as by hand, and wrong arguments."""

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.validation import claims as module
from alliance_sim.validation.claim_definitions import definitions
from alliance_sim.validation.claims import claims

DRAWS = 30


def cohesion(scenario: str, parameters: dict[str, float]) -> np.ndarray:
    run = als.simulate(als.load_scenario(scenario).with_parameters(parameters), DRAWS, 5)
    return run.data["cohesion"].to_numpy()[:, 3:48].mean(axis=1)


def test_derived_claims_come_first_each_kind_in_the_order_of_the_documents() -> None:
    found = claims(2, only=["B14", "A9", "A2b", "B6"], mechanisms=())
    assert [claim.id for claim in found] == ["A9", "B6", "A2b", "B14"]
    assert [claim.kind for claim in found] == ["derived", "derived", "used", "construction"]


def test_scenarios_are_changed_and_mechanisms_switched_off_as_by_hand() -> None:
    steps: list[tuple[int, int]] = []
    (found,) = claims(
        DRAWS,
        5,
        lambda scenario: scenario.with_parameters({"cover": 0.0}),
        ["A9"],
        ["guarantee_loss_conciliation", "quarrel_cost"],
        lambda done, total: steps.append((done, total)),
    )
    scenarios = ("baseline_2025", "us_russia_reset_2025")
    before, after = (
        np.subtract(*(cohesion(scenario, {"cover": 0.0, **off}) for scenario in scenarios)).mean()
        for off in ({}, {"guarantee_loss_conciliation": 0.0})
    )
    assert found.parts[0].observed == 1.0
    assert 0.5 < after / before < 0.9 and found.carried_by == ()
    assert steps[-1] == (9 * DRAWS, 9 * DRAWS)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_effects_left_are_those_of_paired_runs_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alliance_sim.validation.claim_mechanisms.HALF", 0.99)
    monkeypatch.setattr(module, "MECHANISM_DRAWS", DRAWS)
    (found,) = claims(2 * DRAWS, 5, None, ["A9"], ["guarantee_loss_conciliation", "quarrel_cost"])
    left = []
    for base in ("baseline_2025", "reset_fails_2025"):
        before, after = (
            np.subtract(*(cohesion(scenario, off) for scenario in (base, "us_russia_reset_2025"))).mean()
            for off in ({}, {"guarantee_loss_conciliation": 0.0})
        )
        left.append(after / before)
    (mechanism,) = found.carried_by
    assert (mechanism.name, mechanism.effect_left) == ("guarantee_loss_conciliation", pytest.approx(min(left)))


def test_unknown_claims_are_refused() -> None:
    with pytest.raises(als.InputError, match=r"'A12' is unknown.*allowed: A1, A2a"):
        claims(4, only=["A12"])


def test_months_that_a_scenario_lacks_are_refused() -> None:
    def shortened(scenario: als.Scenario) -> als.Scenario:
        return als.Scenario.validated({**dict(scenario), "events": (), "meetings": (), "months": 3})

    with pytest.raises(als.InputError, match=r"baseline_2018: months \(6, 8\) of a run of 3"):
        claims(4, change=shortened, only=["B14"], mechanisms=())


def test_26_claims_are_4_derived_8_used_14_by_construction() -> None:
    kinds = [claim.kind for claim in definitions().values()]
    assert [kinds.count(kind) for kind in module.KINDS] == [4, 8, 14]
