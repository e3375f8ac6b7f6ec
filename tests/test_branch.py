"""Futures of one state: what was is the same to the bit, and the future of the parent's own number is the parent."""

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.errors import InputError
from alliance_sim.scenarios import load_text

SEED, PARENT, DRAWS = 5, 3, 70
MONTH = "2025-10"
PAST = slice(None, "2025-09")


def scenario(name: str, more: str = "", parent: str = "baseline_2025") -> als.Scenario:
    return load_text(f"name: {name}\nextends: {parent}\n{more}", name)


RAISED = scenario(
    "raised",
    """
events:
  - {month: 2025-10, type: shift, name: norm.defence_spending, by: 0.2, source: a test}
  - {month: 2025-12, type: aid_change, channel: all, share: -1.0, source: a test}
meetings:
  - month: 2025-11
    forum: nac
    title: a council
    source: a test
    agenda:
      - {issue: open_door, proposed: 0.9, reversion: 0.5, text: a test, source: a test}
""",
)


@pytest.fixture(scope="module")
def futures() -> dict[str, als.Ensemble]:
    both = {"goes_on": "baseline_2025", "raised": RAISED}
    return als.branch("baseline_2025", MONTH, both, DRAWS, SEED, PARENT, "trace")


@pytest.fixture(scope="module")
def parent() -> als.Ensemble:
    return als.simulate("baseline_2025", PARENT + 1, SEED, "trace")


@pytest.mark.parametrize("name", ["goes_on", "raised"])
def test_all_futures_share_the_past_to_the_bit(name, futures, parent):
    found, was = futures[name].data, parent.data.isel(draw=PARENT)
    for variable in ("cohesion", "assertiveness", "threat_perception", "spending", "position"):
        past = was[variable].sel(month=PAST).values
        every = found[variable].sel(month=PAST).values
        assert len(past) == 4 and len(every) == DRAWS
        np.testing.assert_array_equal(every, np.broadcast_to(past, every.shape), err_msg=variable)
    for table in (found, was):
        assert (table["item_month"] < np.datetime64(MONTH)).sum() > 0
    for variable in ("decision", "level", "objection"):
        past = was[variable][was["item_month"] < np.datetime64(MONTH)].values
        every = found[variable][:, found["item_month"] < np.datetime64(MONTH)].values
        np.testing.assert_array_equal(every, np.broadcast_to(past, every.shape), err_msg=variable)


def test_future_of_the_parents_number_is_the_run_that_was_never_branched(futures, parent):
    for whole, own in zip(futures["goes_on"].output, parent.output, strict=True):
        np.testing.assert_array_equal(whole[PARENT], own[PARENT])
    for whole, own in zip(futures["goes_on"].records, parent.records, strict=True):
        np.testing.assert_array_equal(whole[PARENT], own[PARENT])


def test_items_to_come_ask_for_what_was_drawn_before_a_parameter_was_shifted():
    shifted = scenario(
        "shifted", "events:\n- {month: 2025-08, type: shift, name: tolerated_move, by: 0.1, source: a test}\n"
    )
    parent, still = (als.simulate(each, PARENT + 1, SEED, "final") for each in (shifted, "baseline_2025"))
    future = als.branch(shifted, MONTH, None, PARENT + 1, SEED, PARENT, "final")[shifted.name]
    assert (parent.records.proposed[PARENT] > 0.0).any(axis=1).all()
    np.testing.assert_array_equal(future.records.proposed[PARENT], parent.records.proposed[PARENT])
    np.testing.assert_array_equal(parent.records.proposed, still.records.proposed)
    assert (parent.records.outcome != still.records.outcome).any()  # the shift has its effect on what is agreed


def test_another_scenario_goes_on_as_if_it_had_been_run_from_the_start(futures):
    """Which items a scenario brings later does not disturb those that the past left behind."""
    whole = als.simulate(RAISED, PARENT + 1, SEED, "trace")
    for found, own in zip(
        (*futures["raised"].output, *futures["raised"].records), (*whole.output, *whole.records), strict=True
    ):
        np.testing.assert_array_equal(found[PARENT], own[PARENT])


def test_futures_differ_from_the_branch_on(futures):
    at = list(futures["goes_on"].months).index(MONTH)
    cohesion = futures["goes_on"].data["cohesion"].values
    assert (np.ptp(cohesion[:, :at], axis=0) == 0.0).all() and (np.ptp(cohesion[:, at:], axis=0) > 0.0).all()
    # By chance alone: actors and parameters are the parent's.
    whole = als.simulate("baseline_2025", DRAWS, SEED, "monthly").data["cohesion"].std("draw").values
    assert cohesion[:, -1].std() < 0.7 * whole[-1]
    difference = futures["raised"].data["mean_spending"] - futures["goes_on"].data["mean_spending"]
    assert (difference[:, :at] == 0.0).all() and (difference[:, at:] != 0.0).any()


def test_first_futures_do_not_depend_on_how_many_follow(futures):
    few = als.branch("baseline_2025", MONTH, draws=5, seed=SEED, parent_draw=PARENT, keep="final")["baseline_2025"]
    np.testing.assert_array_equal(few.output.outcomes[:, 0], futures["goes_on"].output.outcomes[:5, -1])
    assert few.provenance["branched"] == MONTH and few.provenance["parent_draw"] == PARENT


def test_a_future_may_be_given_by_its_changes(futures):
    patch = {
        "events": [{"month": "2025-11", "type": "shift", "name": "norm.defence_spending", "by": 0.2, "source": "-"}]
    }
    found = als.branch("baseline_2025", MONTH, {"more": patch}, 5, SEED, PARENT, "monthly")["more"]
    assert found.scenario.name == "baseline_2025+more" and found.scenario.events[-1].month == "2025-11"
    at, same = found.months.index("2025-11"), futures["goes_on"].output.outcomes[:5]
    np.testing.assert_array_equal(found.output.outcomes[:, :at], same[:, :at])
    assert (found.output.outcomes[:, at:] != same[:, at:]).any()


def test_a_future_may_extend_another_scenario(futures):
    late = {"month": "2026-01", "type": "escalation", "size": np.float64(0.2), "source": "-"}
    future = {"extends": "baseline_2025", "events": [late]}
    found = als.branch("baseline_2025", MONTH, {"war": future}, 5, SEED, PARENT, "monthly")["war"]
    assert (found.scenario.name, found.scenario.events[-1].size) == ("baseline_2025+war", 0.2)
    with pytest.raises(InputError, match=r"moths: unknown key \(nearest: months\)"):
        als.branch("baseline_2025", MONTH, {"war": {**future, "moths": 3}}, 5)


def test_a_future_may_end_sooner(futures):
    from alliance_sim.simulation import first_months

    short = first_months(als.load_scenario("baseline_2025"), 8)
    found = als.branch("baseline_2025", MONTH, {"short": short}, 5, SEED, PARENT, "monthly")["short"]
    np.testing.assert_array_equal(found.output.outcomes, futures["goes_on"].output.outcomes[:5, :8])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"month": "2025-06"}, "month: '2025-06' is no month of baseline_2025 after its first.*2025-07 to 2029-05"),
        ({"month": "2031-01"}, "allowed: 2025-07 to 2029-05"),
        ({"parent_draw": -1}, "parent_draw: -1 is out of range"),
        ({"parent_draw": "a"}, "parent_draw: 'a' is out of range"),
        ({"parent_draw": 1.0}, "parent_draw: 1.0 is out of range"),
        ({"draws": 0}, "draws: 0 is out of range"),
        ({"futures": {"x": "us_russia_reset_2025"}}, "x differs from baseline_2025 before 2025-10 in "),
        (
            {"futures": {"x": {"events": [{"month": "2025-12", "type": "shif", "source": "-"}]}}},
            "futures: x: .*nearest: shift",
        ),
        ({"futures": {"x": {"drop": ["nothing"]}}}, "futures: x: drop.*'nothing' is not inherited"),
        (
            {"futures": {"x": {"drop": ["nato_summit-2025-06"]}}},
            "differs from .* before 2025-10 in nato_summit-2025-06",
        ),
        ({"futures": {"x": "helsinki_2018"}}, "in era, start, "),
        ({"futures": {"x": scenario("y", "parameters: {tolerated_move: 0.03}")}}, "in parameters; allowed"),
        ({"futures": {"x": {"tabled_again": True}}}, "in tabled_again; allowed"),
    ],
)
def test_bad_input_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        als.branch("baseline_2025", **{"month": MONTH, **options})
