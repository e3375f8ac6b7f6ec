"""The sentences on a run: what they name is what the tables have."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta

import alliance_sim as als
from alliance_sim.errors import InputError
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import headline as module
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios.library import load_with_parent
from alliance_sim.simulation import first_months
from alliance_sim.wording import percent

DRAWS, SEED = 200, 5


@pytest.fixture(scope="module")
def base() -> Ensemble:
    return als.simulate("baseline_2025", DRAWS, SEED, "monthly")


@pytest.fixture(scope="module", params=["us_russia_reset_2025", "washington_2024", "us_support_ends_2025"])
def run(request: pytest.FixtureRequest) -> Ensemble:
    return als.simulate(request.param, DRAWS, SEED, "monthly")


def test_the_item_is_the_one_that_shifts_most_or_else_the_least_settled_one(run: Ensemble, base: Ensemble) -> None:
    found = als.headline(run, base)
    passes, before = (e.decisions()[["adopted", "diluted"]].sum(axis=1) for e in (run, base))
    board, shifts = run.decisions(), (passes - before).abs()
    at = shifts.argmax() if shifts.max() >= module.SHIFT else (passes - 0.5).abs().argmin()
    row = board.iloc[at]
    assert (found.meeting, found.issue, found.text) == (row["meeting"], row["issue"], row["title"])
    assert found.why == ("shifted" if shifts.max() >= module.SHIFT else "contested")
    assert found.passes == pytest.approx(passes.iloc[at]) and found.base_passes == pytest.approx(before.iloc[at])
    assert found.difference == pytest.approx(found.passes - found.base_passes, abs=1e-12)
    assert sum(found.shares.values()) == pytest.approx(1.0)


def test_the_error_is_that_of_paired_draws(run: Ensemble, base: Ensemble) -> None:
    found = als.headline(run, base)
    codes = []
    for ensemble in (run, base):
        board = ensemble.decisions()
        at = board.index[(board["meeting"] == found.meeting) & (board["issue"] == found.issue)][0]
        codes.append((ensemble.data["decision"].values[:, at] <= 1).astype(float))
    change = codes[0] - codes[1]
    assert found.mc_error == pytest.approx(change.std() / math.sqrt(DRAWS))
    low, high = found.interval
    assert low <= found.difference <= high


def test_costs_are_those_of_the_comparison_and_get_worse(run: Ensemble, base: Ensemble) -> None:
    found = als.headline(run, base)
    summary = als.compare("baseline_2025", run.scenario, draws=DRAWS, seed=SEED).summary().loc[run.scenario.name]
    assert found.costs
    for cost in found.costs:
        for name in ("base", "other", "mean", "p05", "p95"):
            assert getattr(cost, name) == pytest.approx(summary[name][cost.outcome])
        assert cost.p05 * cost.p95 > 0.0  # nine of ten draws agree on the direction
        better = OUTCOMES[cost.outcome].better
        assert cost.outcome == "cohesion" or cost.mean * better < 0.0


def test_sentences_name_the_numbers(run: Ensemble, base: Ensemble) -> None:
    found = als.headline(run, base)
    happens, objects, _, sure = found.sentences
    assert f"“{found.text}”" in happens and f"of {found.of} decisions" in happens
    assert f"in {percent(found.passes)} of draws" in happens
    weaker, passing = (round(100.0 * share) for share in (found.shares["diluted"], found.passes))
    assert weaker < passing
    assert (f"of draws ({weaker} of these {passing} in a weaker form)" in happens) == (weaker > 0)
    name = max(("withdrawn", "blocked", "deferred"), key=found.shares.__getitem__)
    assert f"mostly {DECISION_LABELS[name]} ({percent(found.shares[name])} of all draws)" in happens
    if found.why == "shifted":
        assert f"against {percent(found.base_passes)} in “{base.scenario.title}”" in happens
        least, most, direction = re.search(r"\((\d+) to (\d+) points (more|less)", happens).groups()  # type: ignore[union-attr]
        sign = 1 if direction == "more" else -1
        assert sorted([sign * int(least), sign * int(most)]) == [round(100.0 * bound) for bound in found.interval]
    else:
        assert "No decision shifts clearly" in happens and f", in the base in {percent(found.base_passes)}." in happens
    named = [ally for ally, share in found.objectors.items() if share >= module.NAMED_SHARE][: module.NAMED]
    at = [objects.index(f"{ALLY_NAMES[ally]} in {percent(found.objectors[ally])}") for ally in named]
    assert named and at == sorted(at)
    assert sure.startswith(module.CAVEAT) and f"{DRAWS} draws" in sure
    error = float(re.search(r"share \(([\d.]+) points", sure).group(1))  # type: ignore[union-attr]
    assert error == pytest.approx(100.0 * found.share_error, abs=0.05)


def test_costs_have_units_and_scales(run: Ensemble) -> None:
    names = ("cohesion", "ukraine_support_military", "camps")
    costs = [module.Cost(name, 1.0, 0.5, -0.5, -0.6, -0.4) for name in names]
    assert [str(cost).partition(" to 0.50")[2].partition(" (")[0] for cost in costs] == [
        "", " of the mean of 2022-2024", " camps",
    ]  # fmt: skip
    found = als.headline(run)
    for outcomes, scale in (
        (("cohesion",), "; scales are 0 to 1"),
        (("cohesion", "camps"), "; the other scales are 0 to 1"),
        (("cohesion", "threat_gap"), ""),
        (("mean_spending",), ""),
    ):
        costs = [module.Cost(outcome, 1.0, 0.5, -0.5, -0.6, -0.4) for outcome in outcomes]
        said = replace(found, base="the base", costs=tuple(costs)).json()["sentences"]
        assert any(sentence.endswith(f"in brackets the change in nine of ten draws{scale}.") for sentence in said)


def test_draws_can_have_another_word_and_all_else_stays(run: Ensemble, base: Ensemble) -> None:
    found = als.headline(run, base)
    futures = found.json("future")["sentences"]
    assert futures == [re.sub(r"\bdraw(s?)\b", r"future\1", each) for each in found.sentences]
    assert futures != found.json()["sentences"] == list(found.sentences)


def test_the_error_of_a_share_is_that_of_a_beta_distribution_and_never_none(base: Ensemble) -> None:
    found = als.headline(base)
    passed = found.passes * DRAWS
    assert found.share_error == pytest.approx(beta(passed + 0.5, DRAWS - passed + 0.5).std())
    none = als.headline(als.simulate("truncated_summit_2025", DRAWS, SEED, "monthly"), base)
    assert none.passes == 0.0 and none.share_error == pytest.approx(beta(0.5, DRAWS + 0.5).std())
    assert "(0.0 points" not in str(none)


def test_lack_of_time_is_said() -> None:
    cut = als.headline(als.simulate("truncated_summit_2025", 50, SEED), als.simulate("baseline_2025", 50, SEED))
    assert cut.out_of_time == cut.shares["withdrawn"] == 1.0
    assert cut.sentences[0].endswith("mostly never tabled (100 % of all draws), for lack of time.")


def test_nothing_is_said_of_time_where_there_is_enough(run: Ensemble, base: Ensemble) -> None:
    found = als.headline(run, base)
    assert found.out_of_time == 0.0 and "lack of time" not in str(found)


def test_without_a_base_there_is_neither_difference_nor_cost(base: Ensemble) -> None:
    found = als.headline(base)
    assert found.why == "contested" and found.base is None and not found.costs
    assert math.isnan(found.difference) and found.json()["difference"] is found.json()["mc_error"] is None
    assert "against" not in str(found).lower()
    low, high = found.interval
    assert low < found.passes < high


def test_notebooks_show_the_headline_of_a_run(base: Ensemble) -> None:
    assert als.headline(base)._repr_html_() in base._repr_html_()


def test_a_run_against_itself_shifts_nothing(base: Ensemble) -> None:
    found = als.headline(base, base)
    assert found.why == "contested" and found.difference == 0.0 and not found.costs
    assert found.sentences[0].startswith("No decision shifts") and "No outcome gets clearly worse." in str(found)


@pytest.mark.parametrize("draws", [1, 2])
def test_few_draws_shift_nothing(draws: int) -> None:
    for seed in range(3):
        one, two = (als.simulate(name, draws, seed, "monthly") for name in ("us_russia_reset_2025", "baseline_2025"))
        found = als.headline(one, two)
        assert found.why == "contested" and -1.0 <= found.low < found.high <= 1.0
        assert draws > 1 or "clearly worse" not in str(found)


def test_another_text_of_the_base_is_named() -> None:
    parent = als.load_scenario("baseline_2025")
    (meeting,) = [each for each in parent.meetings if each.id == "nac-2026-02"]
    held = meeting.model_dump(mode="json", exclude_none=True)
    (item,) = held["agenda"]
    changed = held | {"agenda": [item | {"text": "Admit Ukraine at once", "ask": 4}]}
    other = {"name": "other", "extends": "baseline_2025", "drop": [meeting.id], "meetings": [changed]}
    found = als.headline(als.simulate(other, 100), als.simulate(parent, 100))
    assert found.text == "Admit Ukraine at once" and found.base_text == item["text"]
    assert f"{percent(found.base_passes)} of “{found.base_text}”" in found.sentences[0]


def test_decisions_of_the_base_alone_are_counted_and_one_alone_is_the_only_one() -> None:
    parent = als.load_scenario("baseline_2018")
    _, *rest = parent.meetings
    some, none = (
        als.simulate({"name": "less", "extends": "baseline_2018", "drop": [each.id for each in dropped]}, 30)
        for dropped in (rest, parent.meetings)
    )
    base = als.simulate(parent, 30)
    held, before = len(some.decisions()), len(base.decisions())
    lost = als.headline(some, base)
    assert (lost.of, lost.new, lost.lost) == (held, 0, before - held)
    assert f"{before - held} are held there only" in str(lost)
    assert ("The only decision" in str(lost)) == (held == 1)
    assert als.headline(none, base).sentences[0] == (
        f"No meeting decides anything here, where the base holds {before} decisions."
    )


@pytest.mark.parametrize("wrong", ["baseline_2025", None, [1]])
def test_what_is_no_run_is_refused(wrong: object, base: Ensemble) -> None:
    with pytest.raises(InputError, match="is no run; allowed: what `simulate`"):
        als.headline(wrong)  # type: ignore[arg-type]
    if wrong is not None:
        with pytest.raises(InputError, match="is no run"):
            als.headline(base, wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is no run"):
        als.report(wrong, "page.html")  # type: ignore[arg-type]


def test_a_shift_that_could_be_chance_is_none() -> None:
    one, two = (als.simulate(name, 20, 0, "monthly") for name in ("helsinki_2018", "baseline_2018"))
    moves = module.paired_with(one, two).decisions()
    assert moves["difference"].abs().max() >= module.SHIFT and not module.clear(moves).any()
    assert als.headline(one, two).sentences[0].startswith("No decision shifts clearly")


def test_a_scenario_without_meetings_says_so() -> None:
    quiet = als.simulate(first_months(als.load_scenario("baseline_2018"), 3), 5)
    found = als.headline(quiet)
    if len(quiet.decisions()):
        pytest.fail("the first three months hold a meeting: choose another scenario")
    assert found.why == "no decision" and "No meeting decides" in str(found) and "nan" not in str(found)


def test_level_is_of_the_texts_that_pass(base: Ensemble) -> None:
    found = als.headline(base)
    board = base.decisions()
    at = board.index[(board["meeting"] == found.meeting) & (board["issue"] == found.issue)][0]
    passed = base.data["decision"].values[:, at] <= 1
    assert found.level == pytest.approx(base.data["level"].values[passed, at].mean())
    assert found.level > np.mean(base.data["level"].values[:, at])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"seed": SEED + 1}, "seed"), ({"draws": DRAWS + 1}, "draws"), ({"keep": "final"}, "final")],
)
def test_a_base_that_is_not_paired_is_refused(base: Ensemble, change: dict[str, object], message: str) -> None:
    arguments = {"draws": DRAWS, "seed": SEED, "keep": "monthly"} | change
    with pytest.raises(InputError, match=message):
        als.headline(base, als.simulate("baseline_2025", **arguments))  # type: ignore[arg-type]


def test_html_is_escaped() -> None:
    scenario = {"name": "odd", "extends": "baseline_2018", "title": "<script>alert(1)</script>"}
    one = als.simulate(scenario, 20, keep="monthly")
    html = als.headline(als.simulate("baseline_2018", 20, keep="monthly"), one)._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html


@pytest.mark.full
def test_every_bundled_scenario_has_a_headline_against_its_base() -> None:
    for name in als.list_scenarios():
        parent = load_with_parent(name)[1]
        found = als.headline(
            als.simulate(name, 100, keep="monthly"),
            None if parent is None else als.simulate(parent, 100, keep="monthly"),
        )
        assert len(found.sentences) >= 3 and not re.search(r"\bnan\b", str(found))
