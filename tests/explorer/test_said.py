"""What the first page says of a decision holds the numbers of its charts."""

import re

import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim.explorer.answers.futures import View, pairs, view
from alliance_sim.explorer.answers.said import how, lead
from alliance_sim.explorer.levers import GROUPS
from alliance_sim.explorer.request import Request
from alliance_sim.explorer.terms import READING, TERMS
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS


@pytest.fixture(scope="module")
def shown() -> View:
    request = Request(base="baseline_2025", draws=200)
    return view(request, *next(pairs(request, lambda: False)), 0.5, [])


def of_100(share: float) -> str:
    return "fewer than 1" if 0.0 < share < 0.005 else f"{100.0 * share:.0f}"


def test_lead_has_the_share_here_and_in_the_base(shown: View) -> None:
    for cell in shown.cells:
        said = lead(cell, shown.headline["base"])
        assert said.startswith(f"In {of_100(cell['passes'])} of 100 futures {cell['body']} passes “{cell['text']}”")
        assert said.endswith(f", in {of_100(cell['base'])}.")
        diluted = cell["shares"][DECISIONS.index("diluted")]
        assert ("in a weaker form" in said) == (diluted > 0.0)
    assert lead(shown.cells[0], None).endswith((f"{shown.cells[0]['month'][:4]}.", "in a weaker form)."))


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
