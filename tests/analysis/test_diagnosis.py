"""Why a text passes or fails: who objects and over what, and whose objection decides."""

import json

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.analysis.diagnosis import Diagnosis
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.results.summaries import out_of_time

HAGUE = "nato_summit-2025-06"
DRAWS = 200


@pytest.fixture(scope="module")
def hague() -> Diagnosis:
    return als.diagnose("baseline_2025", "russia_strategy", draws=DRAWS)


@pytest.fixture(scope="module")
def ensemble() -> als.Ensemble:
    return als.simulate("baseline_2025", DRAWS, keep="final")


def test_the_united_states_stands_in_the_way_of_the_strategy_of_2025(hague: Diagnosis) -> None:
    """A ¶1: the promised strategy fails, mostly before it is tabled, because Washington does not want it."""
    assert (hague.meeting, hague.month, hague.rule) == (HAGUE, "2025-06", "unanimity")
    assert [view.ally for view in hague.in_the_way] == ["USA"] and hague.allies[0].ally == "USA"
    assert hague.failures is not None and hague.failures.substance > 0.5 > hague.failures.dispute
    assert hague.sentence.startswith("The United States stands in the way of the Russia strategy at The Hague summit")
    assert "over the text itself" in hague.sentence and "mostly never tabled" in hague.sentence


def test_shares_are_those_of_a_run(hague: Diagnosis, ensemble: als.Ensemble) -> None:
    board = ensemble.decisions().query("meeting == @HAGUE and issue == 'russia_strategy'").iloc[0]
    assert hague.outcomes == {name: pytest.approx(board[name]) for name in DECISIONS}
    assert hague.texts[0].mean == pytest.approx(board["proposed"])
    objecting = ensemble.objectors().query("meeting == @HAGUE and issue == 'russia_strategy'")
    shares = dict(zip(objecting["ally"], objecting["share"], strict=True))
    assert {view.ally: view.objects for view in hague.allies if view.objects} == pytest.approx(shares)
    rounds = ensemble.frame("objections").query("meeting == @HAGUE and issue == 'russia_strategy' and ally == 'USA'")
    counts = rounds["round"].value_counts(normalize=False) / DRAWS
    assert hague.allies[0].rounds == pytest.approx(counts.to_dict())


def test_margins_are_what_is_left_of_the_parts(hague: Diagnosis) -> None:
    assert len(hague.allies) == 32
    for view in hague.allies:
        weights = view.weights
        assert weights is not None
        parts = weights.alone + weights.company + weights.patron + weights.temper - weights.stake
        assert weights.tolerance == pytest.approx(parts) and weights.margin == pytest.approx(parts - weights.loss)
    margins = {view.ally: view.weights.margin for view in hague.allies if view.weights}
    assert min(margins, key=margins.__getitem__) == "USA" and margins["USA"] < 0.0 < margins["POL"]
    washington = hague.allies[0].weights
    assert washington is not None and washington.company == washington.patron == 0.0  # it has no patron, and no fear


def test_failures_add_up_and_disputes_are_kept_apart_from_substance() -> None:
    settled, rife = (
        als.diagnose(
            als.load_scenario("baseline_2025").with_parameters({"dispute_onset": onset, "dispute_stake": 1.0}),
            "deterrence_posture",
            draws=DRAWS,
            target=0.0,
        )
        for onset in (0.0, 0.2)
    )
    for found in (settled, rife):
        assert found.failures is not None
        assert sum(vars(found.failures).values()) == pytest.approx(1.0)
        assert all(view.objects >= view.alone for view in found.allies)
    assert settled.failures is not None and rife.failures is not None
    assert settled.failures.dispute == 0.0 and all(view.dispute == 0.0 for view in settled.allies)
    assert rife.failures.dispute > 0.5


def test_without_the_pivotal_ally_the_text_passes_more_often(hague: Diagnosis) -> None:
    first, *others = hague.without
    assert first.ally == "USA" and first.low > 0.5 and first.gained > 0
    assert first.difference == pytest.approx(first.passing - hague.passing)
    assert first.passing > max(other.passing for other in others) + 0.3


def test_texts_are_levels_between_what_holds_and_what_is_asked_for(hague: Diagnosis) -> None:
    wanted, drafted, tabled, agreed = hague.texts
    assert wanted.share == 1.0 and drafted.share == tabled.share and agreed.share == pytest.approx(hague.passing)
    for text in hague.texts:
        assert text.mean is not None and text.p05 is not None and text.p95 is not None
        assert hague.reversion < text.p05 <= text.mean <= text.p95
    assert tabled.mean <= drafted.mean


def test_the_default_item_is_the_one_that_fails_most(ensemble: als.Ensemble) -> None:
    found = als.diagnose("baseline_2025", draws=DRAWS, target=0.0)
    board = ensemble.decisions()
    passing = board["adopted"] + board["diluted"]
    assert found.passing == pytest.approx(passing.min())


@pytest.fixture(scope="module")
def truncated() -> Diagnosis:
    return als.diagnose("truncated_summit_2025", draws=DRAWS)


def test_a_text_that_falls_for_lack_of_time_is_said_to(truncated: Diagnosis) -> None:
    """A ¶3: one short session has no time for the strategy, and no ally is asked about it."""
    assert (truncated.issue, truncated.sessions, truncated.passing) == ("russia_strategy", 1, 0.0)
    assert truncated.out_of_time == truncated.failures.out_of_time == 1.0
    assert truncated.allies == truncated.in_the_way == truncated.without == ()
    assert truncated.sentence == (
        "The Russia strategy at The Hague summit, truncated (2025-06) falls for lack of time, and not because of an "
        "ally, in 100 % of draws: the meeting has 1 session, and its most contested texts are left out."
    )
    assert truncated.json()["out_of_time"] == 1.0


def test_lack_of_time_is_said_beside_who_stands_in_the_way() -> None:
    """Of three texts one is left out; in the other draws the strategy is on the table."""
    hague = als.load_scenario("baseline_2025").meetings[0].model_dump(mode="json", exclude_none=True)
    texts = {item["issue"]: {**item, "priority": False} for item in hague["agenda"]}
    strategy = {**texts["russia_strategy"], "ask": 1}
    short = {**hague, "sessions": 1, "agenda": [strategy, texts["ukraine_support"], texts["defence_spending"]]}
    source = {"name": "short", "extends": "baseline_2025", "drop": [hague["id"]], "meetings": [short]}
    found = als.diagnose(source, "ukraine_support", 1, draws=DRAWS, target=0.0)
    assert 0.05 < found.out_of_time < 0.95 and found.failures.out_of_time < 1.0
    failed = 1.0 - found.passing
    assert found.failures.out_of_time == pytest.approx(found.out_of_time / failed)
    assert found.out_of_time <= found.outcomes["withdrawn"]
    assert "falls for lack of time" in found.sentence and "least willing" in found.sentence
    board = als.simulate(als.load_scenario(source), DRAWS, keep="final")
    assert out_of_time(board.records)[:, 1].mean() == pytest.approx(found.out_of_time)


def test_a_meeting_that_breaks_off_is_not_short_of_time(hague: Diagnosis) -> None:
    assert hague.outcomes["deferred"] > 0.0 and hague.out_of_time == hague.failures.out_of_time == 0.0
    assert hague.failures.broken_off == pytest.approx(hague.outcomes["deferred"] / (1.0 - hague.passing))
    assert "time" not in hague.sentence


@pytest.mark.parametrize("meeting", ["nato_summit-2026-07", "2026-07", 2, "2"])
def test_a_meeting_is_named_by_id_month_or_number(meeting: str | int) -> None:
    found = als.diagnose("baseline_2025", "russia_strategy", meeting, draws=5, target=0.0)
    assert found.meeting == "nato_summit-2026-07"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"issue": "russia_stratgy"}, "nearest: russia_strategy"),
        ({"issue": "partner_exercise"}, "allowed: russia_strategy, defence_spending"),
        ({"issue": "russia_strategy", "meeting": 3}, "allowed: 1 to 2, a month or an id: nato_summit-2025-06"),
        ({"issue": "russia_strategy", "meeting": 0}, "no meeting 0 decides on russia_strategy"),
        ({"issue": "sanctions", "meeting": "2026-02"}, "no meeting '2026-02' decides on sanctions in baseline_2025"),
        ({"meeting": "nato_summit-2026-06"}, "is held in baseline_2025"),
        ({"target": 1.5}, "target: 1.5 is out of range; allowed: 0 to 1"),
        ({"target": float("nan")}, "target: nan"),
        ({"draws": 0}, "draws: 0 is out of range"),
        ({"draws": 2**31}, "GB; allowed: up to"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(als.InputError, match=message.replace("(", r"\(")):
        als.diagnose("baseline_2025", **arguments)


def test_two_meetings_of_a_month_on_one_issue_are_ambiguous() -> None:
    meeting = als.load_scenario("baseline_2025").meetings[0]
    other = {**meeting.model_dump(mode="json", exclude_none=True), "forum": "nac", "id": "nac-2025-06"}
    both = als.load_scenario({"name": "both", "extends": "baseline_2025", "meetings": [other]})
    with pytest.raises(als.InputError, match="has 2 that decide on russia_strategy"):
        als.diagnose(both, "russia_strategy", "2025-06", draws=5)
    with pytest.raises(als.InputError, match="has no meetings"):
        als.diagnose({"name": "none", "extends": "baseline_2018", "drop": _ids("baseline_2018")}, draws=5)


def _ids(name: str) -> list[str]:
    return [meeting.id for meeting in als.load_scenario(name).meetings]


def test_a_package_has_levels_and_positions_of_the_part_that_is_asked_about() -> None:
    flanks = [
        {"issue": issue, "ask": 3, "reversion": level, "package": "flanks", "text": "t", "source": "hypothetical"}
        for issue, level in (("deterrence_posture", 0.6), ("southern_flank", 0.35))
    ]
    meeting = {"month": "2025-08", "forum": "nac", "title": "August", "source": "hypothetical", "agenda": flanks}
    scenario = als.load_scenario({"name": "package", "extends": "baseline_2025", "meetings": [meeting]})
    east, south = (
        als.diagnose(scenario, issue, "nac-2025-08", draws=50) for issue in ("deterrence_posture", "southern_flank")
    )
    assert east.outcomes == south.outcomes and (east.reversion, south.reversion) == (0.6, 0.35)
    assert east.texts[0].mean > 0.6 and 0.35 < south.texts[0].mean < 0.6
    (poles,) = (view for view in east.allies if view.ally == "POL")
    (same,) = (view for view in south.allies if view.ally == "POL")
    assert poles.weights.loss == same.weights.loss and poles.weights.position > same.weights.position


def test_nobody_in_the_way_of_a_text_that_always_passes() -> None:
    found = als.diagnose(
        als.load_scenario("baseline_2025").with_parameters({"tolerated_move": 1.0, "dispute_onset": 0.0}),
        "deterrence_posture",
        draws=20,
    )
    assert found.passing == 1.0 and found.failures is None and found.in_the_way == ()
    assert "Nobody stands in the way of" in found.sentence and "nothing to restore" in found.conclusion


def test_it_is_data_for_programs_and_a_page_for_notebooks(hague: Diagnosis) -> None:
    data = json.loads(json.dumps(hague.json(), allow_nan=False))
    assert data["passing"] == hague.passing and data["allies"][0]["ally"] == "USA"
    assert data["sentence"] == hague.sentence and len(data["restore"]) == len(hague.restore)
    page = hague._repr_html_()
    assert "stands in the way" in page and page.count("<tr>") == sum(change.helps for change in hague.restore) + 1
    assert np.isfinite(hague.mc_error)
