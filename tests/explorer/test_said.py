"""What the first page says of a decision holds the numbers of its charts."""

import re

import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim import diagnose
from alliance_sim.explorer.answers.futures import View, found_why, pairs, view
from alliance_sim.explorer.answers.said import how, how_right, lead, why
from alliance_sim.explorer.levers import GROUPS
from alliance_sim.explorer.request import Request
from alliance_sim.explorer.terms import READING, TERMS
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS
from alliance_sim.validation.hindcast import MODEL
from alliance_sim.validation.published import published


@pytest.fixture(scope="module")
def shown() -> View:
    request = Request(base="baseline_2025", draws=200)
    return view(request, *next(pairs(request, lambda: False)), 0.5, [])


def of_100(share: float) -> str:
    return "fewer than 1" if 0.0 < share < 0.005 else f"{100.0 * share:.0f}"


def test_lead_has_the_share_here_and_in_the_base(shown: View) -> None:
    for cell in shown.cells:
        said = lead(cell, True)
        assert said.startswith(f"In {of_100(cell['passes'])} of 100 futures {cell['body']} passes “{cell['text']}”")
        assert said.endswith(f"; in the base, in {of_100(cell['base'])}.")
        diluted = cell["shares"][DECISIONS.index("diluted")]
        assert ("in a weaker form" in said) == (diluted > 0.0)
    assert lead(shown.cells[0], False).endswith((f"{shown.cells[0]['month'][:4]}.", "in a weaker form)."))


def test_how_names_all_failures_and_the_first_objectors(shown: View) -> None:
    for cell in shown.cells:
        said = how(cell)
        shares = dict(zip(DECISIONS, cell["shares"], strict=True))
        failures = [(name, shares[name]) for name in ("withdrawn", "blocked", "deferred") if shares[name]]
        assert (f"It fails in {of_100(round(sum(share for _, share in failures), 4))}: " in said) == bool(failures)
        for name, share in failures:
            assert f"{DECISION_LABELS[name]} {of_100(share)}" in said
        named = [ally for ally, share in cell["objectors"].items() if share >= 0.05][:3]
        assert [ally for ally in cell["objectors"] if ALLY_NAMES[ally] in said] == named
        for ally in named:
            here, before = of_100(cell["objectors"][ally]), of_100(cell["before"].get(ally, 0.0))
            base = rf" \({before} in the base\)" if cell["before"] else ""
            assert re.search(f"{re.escape(ALLY_NAMES[ally])} in {here}{base}", said)


def test_why_names_what_objectors_want_here_and_in_the_base(shown: View) -> None:
    meeting, _, issue = shown.item.partition("/")
    here, base = (
        {each.ally: each for each in diagnose(name, issue, meeting, shown.draws).allies}
        for name in ("us_russia_reset_2025", "baseline_2025")
    )
    said = why(found_why(shown, shown.item, lambda: False))
    objectors = sorted(here.values(), key=lambda each: -each.objects)[:3]
    assert objectors[0].weights and objectors[0].weights.margin < base[objectors[0].ally].weights.margin
    for each in objectors:
        wants, before = each.weights.position, base[each.ally].weights.position
        assert re.search(rf"{ALLY_NAMES[each.ally]}( wants)? {wants:.2f} \({before:.2f} in the base\)", said)
    assert said.endswith(
        f"What changes most for {ALLY_NAMES[objectors[0].ally]}: the text is further from what it wants."
    )


WEIGHTS = {"loss": 0.07, "alone": 0.03, "company": 0.1, "patron": 0.02, "stake": 0.01, "position": 0.24}


@pytest.mark.parametrize(
    ("part", "by", "said"),
    [
        ("loss", 0.02, "the text is further from what it wants"),
        ("loss", -0.02, "the text is nearer to what it wants"),
        ("alone", -0.02, "the matter is more salient to it"),
        ("alone", 0.02, "the matter is less salient to it"),
        ("company", -0.02, "it would stand less alone in objecting"),
        ("company", 0.02, "it would stand more alone in objecting"),
        ("patron", -0.02, "crossing the United States costs it less"),
        ("patron", 0.02, "crossing the United States costs it more"),
        ("stake", 0.02, "it holds back more over another matter"),
        ("stake", -0.02, "it holds back less over another matter"),
        ("stake", 0.004, ""),
    ],
)
def test_what_changes_most_is_the_part_that_moves_the_margin(part: str, by: float, said: str) -> None:
    found = {"texts": [{"mean": 0.6}], "reversion": 0.0, "before": {"HUN": WEIGHTS}}
    allies = [{"ally": "HUN", "objects": 0.4, "weights": {**WEIGHTS, part: WEIGHTS[part] + by}}]
    changed = why({**found, "allies": allies})
    assert changed.endswith(f" What changes most for Hungary: {said}." if said else "on average Hungary wants 0.24.")
    assert why({**found, "allies": [{**allies[0], "objects": 0.04}]}) == ""  # as on the board: too few to be named


def test_how_right_has_the_counts_of_the_reliability_table() -> None:
    bins = [each for each in published()["hindcast"]["reliability"] if each["model"] == MODEL]
    assert len(bins) > 3
    for each in bins:
        said, number = how_right(each["forecast"]), each["n"]
        if number < 5:
            assert f"not known: there is only {number} recorded text" in said
        else:
            assert f"of {number} recorded texts" in said and f" {each['n'] * each['passed']:.0f} passed" in said
            low, high = (int(bound) for bound in re.findall(r"given (\d+) to (\d+) %", said)[0])
            expected = low <= 100.0 * each["passed"] <= high
            assert said.endswith("as expected.") == expected and low <= 100.0 * each["forecast"] <= high
    assert "80 to 100 %" in how_right(1.0) and "0 to 20 %" in how_right(0.0)


def test_the_decision_looked_at_first_is_one_that_loses(shown: View) -> None:
    item = next(cell for cell in shown.cells if cell["key"] == shown.item)
    lost = [cell for cell in shown.cells if cell["mark"] == "down"]
    assert shown.headline["difference"] > 0.0 and lost  # the headline is on a text that gains
    assert item["base"] - item["passes"] == max(cell["base"] - cell["passes"] for cell in lost)


def test_every_lever_and_every_word_has_a_meaning() -> None:
    for name in (*READING, *(each for group in GROUPS.values() for each in group)):
        term = TERMS[name]
        assert term.word and term.definition and term.source, name
    assert all(TERMS[name].word == word for name, word in DECISION_LABELS.items())
