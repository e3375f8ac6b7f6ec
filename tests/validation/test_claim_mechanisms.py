"""Mechanisms that carry claims: the rule on numbers made for it, and each claim without the mechanism that it names."""

import numpy as np
import pytest

from alliance_sim.registry.parameters import STRENGTHS
from alliance_sim.validation.claim_definitions import Claim, Part, Taken, definitions
from alliance_sim.validation.claim_mechanisms import MECHANISM_DRAWS, Mechanism, mechanisms_of
from alliance_sim.validation.claim_quantities import Quantity
from alliance_sim.validation.claims import claims

COHESION = Quantity(of="outcome", name="cohesion", months=(7, 9))
SIGN = Part(text="it rises", measure="sign", expected="higher", base="a", other="b", quantity=COHESION)
RATE = Part(text="it is frequent", measure="rate", at_least=0.8, other="b", quantity=COHESION)
SPREAD = Part(text="it is wider", measure="spread", base="a", other="b", from_="c", more_than=1.0, quantity=COHESION)
ZEROS, ONES = np.zeros(100), np.ones(100)
WIDE = np.tile([-1.0, 1.0], 50)


def claim(*parts: Part) -> Claim:
    return definitions()["B14"].model_copy(update={"parts": parts})


def taken(other: np.ndarray, base: np.ndarray = ZEROS) -> Taken:
    return {("a", COHESION): base, ("b", COHESION): other, ("c", COHESION): ZEROS}


def share(yes: int) -> np.ndarray:
    """Return a hundred draws, so many of them one and the rest zero."""
    return (np.arange(100) < yes).astype(float)


@pytest.mark.parametrize(
    ("part", "found", "without", "carries", "holds_back"),
    [
        # an effect of one, all signs as expected, of which a half or more is left
        (SIGN, taken(ONES), taken(0.51 * ONES), None, None),
        (SIGN, taken(ONES), taken(0.5 * ONES), ("holds", 0.5), None),
        (SIGN, taken(ONES), taken(-ONES), ("fails", -1.0), None),
        (SIGN, taken(ONES), taken(ZEROS), ("undecided", 0.0), None),
        (SIGN, taken(ONES), taken(ONES), None, None),
        # P .90 of a hundred holds, and .86 is undecided, but nobody can tell the two apart
        (SIGN, taken(2 * share(90) - 1), taken(2 * share(86) - 1), None, None),
        (SIGN, taken(2 * share(86) - 1), taken(2 * share(90) - 1), None, None),
        (SIGN, taken(2 * share(75) - 1), taken(2 * share(95) - 1), None, ("holds", 1.8)),
        # an effect that could be none: half of it says nothing
        (SIGN, taken(2 * share(55) - 1), taken(2 * share(50) - 1), None, None),
        # a rate has no effect: its verdict counts
        (RATE, taken(share(95)), taken(share(90)), None, None),
        (RATE, taken(share(95)), taken(share(47)), ("fails", None), None),
        (RATE, taken(share(60)), taken(share(95)), None, ("holds", None)),
        # the deviation of one effect over that of another: three, two, one, and neither
        (SPREAD, taken(3 * WIDE, WIDE), taken(2.1 * WIDE, WIDE), None, None),
        (SPREAD, taken(3 * WIDE, WIDE), taken(2 * WIDE, WIDE), ("holds", 0.5), None),
        (SPREAD, taken(3 * WIDE, WIDE), taken(ZEROS), ("undecided", 0.0), None),
    ],
)
def test_the_rule(
    part: Part,
    found: Taken,
    without: Taken,
    carries: tuple[str, float | None] | None,
    holds_back: tuple[str, float | None] | None,
) -> None:
    carry, hold_back = mechanisms_of(claim(part), found, {"cover": without}, seed=1)
    for mechanisms, expected in ((carry, carries), (hold_back, holds_back)):
        if expected is None:
            assert mechanisms == ()
        else:
            (mechanism,) = mechanisms
            assert (mechanism.name, mechanism.holds) == ("cover", expected[0])
            assert mechanism.effect_left == (None if expected[1] is None else pytest.approx(expected[1], abs=1e-9))


def test_a_claim_is_carried_by_what_carries_a_part_that_is_tested() -> None:
    same = RATE.model_copy(update={"other": "d"})
    two = claim(same, SIGN), claim(same, SIGN.model_copy(update={"tested": False}))
    found, without = ({**taken(other), ("d", COHESION): ONES} for other in (ONES, 0.3 * ONES))
    carry = [mechanisms_of(each, found, {"cover": without}, seed=1)[0] for each in two]
    assert [[each.name for each in mechanisms] for mechanisms in carry] == [["cover"], []]


def test_nothing_carries_a_claim_that_fails() -> None:
    found, without = taken(0.5 * ONES), {"cover": taken(ZEROS)}
    assert [each.name for each in mechanisms_of(claim(SIGN), found, without, seed=1)[0]] == ["cover"]
    assert mechanisms_of(claim(SIGN, RATE), found, without, seed=1) == ((), ())


def test_the_one_that_matters_most_comes_first() -> None:
    without = {"hedge": taken(0.4 * ONES), "cover": taken(-ONES), "pledge": taken(0.2 * ONES)}
    carry, _ = mechanisms_of(claim(SIGN), taken(ONES), without, seed=1)
    assert [each.name for each in carry] == ["cover", "pledge", "hedge"]
    assert carry[0] == Mechanism("cover", "fails", -1.0)


# The claims themselves -----------------------------------------------------------------------------------------------

CARRIED = [claim.id for claim in definitions().values() if claim.carried_by]
NOT_CARRIED = [name for name in definitions() if name not in CARRIED]


def test_every_claim_names_a_strength_or_says_why_not() -> None:
    assert len(CARRIED) + len(NOT_CARRIED) == len(definitions()) == 26
    assert {definitions()[name].carried_by for name in CARRIED} <= set(STRENGTHS)
    assert all(claim.carried_reason for claim in definitions().values())


@pytest.mark.parametrize("name", CARRIED)
def test_without_its_mechanism_the_claim_is_weaker_by_half_or_holds_no_more(name: str) -> None:
    mechanism = definitions()[name].carried_by
    assert mechanism
    (found,) = claims(MECHANISM_DRAWS, only=[name], mechanisms=[mechanism])
    assert [each.name for each in found.carried_by] == [mechanism]


@pytest.mark.full
@pytest.mark.parametrize("name", NOT_CARRIED)
def test_no_mechanism_carries_the_others(name: str) -> None:
    (found,) = claims(MECHANISM_DRAWS, only=[name])
    assert found.carried_by == ()
