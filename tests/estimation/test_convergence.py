"""Draws of a fit that did not converge are not to be used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alliance_sim.estimation.convergence import shortcomings
from alliance_sim.estimation.report import report_path

GOOD: dict[str, Any] = {
    "divergences": 0,
    "r_hat": {"worst": 1.01, "of": "mu[0]"},
    "ess_bulk": {"worst": 400.0, "of": "own_scale"},
    "ess_tail": {"worst": 400.0, "of": "mu[1]"},
}


def test_the_limits_themselves_are_good_enough() -> None:
    assert shortcomings(GOOD) is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"r_hat": {"worst": 1.0101, "of": "mu[0]"}}, "split R-hat 1.0101 of mu[0] (allowed: at most 1.01)"),
        ({"ess_bulk": {"worst": 399.9, "of": "own"}}, "bulk ESS 399.9 of own (allowed: at least 400)"),
        ({"ess_tail": {"worst": 12.0, "of": "own"}}, "tail ESS 12 of own (allowed: at least 400)"),
        ({"r_hat": {"worst": float("nan"), "of": "own"}}, "split R-hat nan of own (allowed: at most 1.01)"),
        ({"divergences": 1}, "1 divergence (allowed: none)"),
    ],
)
def test_what_is_wrong_is_named_alone(wrong: dict[str, Any], message: str) -> None:
    expected = f"the fit did not converge: {message}; try another --seed"
    assert shortcomings(GOOD | wrong) == expected


def test_everything_wrong_is_named_at_once() -> None:
    found = {"divergences": 3, **{key: {"worst": 2.0, "of": "mu"} for key in ("r_hat", "ess_bulk", "ess_tail")}}
    message = str(shortcomings(found))
    assert [name in message for name in ("R-hat 2 ", "bulk ESS 2 ", "tail ESS 2 ", "3 divergences")] == [True] * 4


def test_a_single_chain_has_not_been_compared_with_another() -> None:
    message = str(shortcomings(GOOD | {key: {} for key in ("r_hat", "ess_bulk", "ess_tail")}))
    assert "split R-hat unknown" in message and "tail ESS unknown" in message


def test_the_shipped_fit_is_good_enough() -> None:
    assert shortcomings(json.loads(report_path().read_text(encoding="utf-8"))["diagnostics"]) is None
