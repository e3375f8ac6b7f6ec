"""The mechanisms that carry a claim: each strength of the registry set to zero, and the claim measured again.

A strength is set to zero in every scenario of the claim, and the same draws are run. The rule that follows is
judgement, and was written down before any of this was run.

A mechanism *carries* a part of a claim if without it

- the verdict is clearly worse (fails is worse than undecided, undecided worse than holds): the interval without it
  leaves out what was observed with it; or
- an effect that was clear is half of what it was, or less. Effects are those of `Part.effect`; one is clear if its
  interval of 95 % lies above zero. Measures that have no effect count by their verdict alone.

It *holds back* a part if the verdict is clearly better without it. It does the one or the other to a claim if it does
so to a part of it that is tested; a mechanism may do both. Nothing carries a claim that fails. Mechanisms add up in no
simple way: two that carry a claim together may each be found to, or neither, where one makes up for the other.

Two conditions were added after a first run. That the change of a verdict is clear: of a part near its limit any change
of a point turned it, so that B6 had twelve mechanisms that carried it. That the claim does not fail: B15 had mechanisms
that carried one of its parts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alliance_sim.validation.claim_definitions import Claim, Taken
from alliance_sim.validation.claim_measures import VERDICTS, Verdict
from alliance_sim.validation.claim_quantities import Quantity

__all__ = ["HALF", "MECHANISM_DRAWS", "Mechanism", "mechanisms_of"]

#: Share of an effect that may be left without a mechanism that carries it: judgement.
HALF = 0.5
#: Draws with which mechanisms are measured, the first of the claims' own: so that all take a minute on two cores.
MECHANISM_DRAWS = 200


@dataclass(frozen=True)
class Mechanism:
    """What a claim comes to without a mechanism.

    Attributes
    ----------
    name : str
        The strength that was set to zero.
    holds : str
        The verdict without it, on the draws with which mechanisms are measured.
    effect_left : float or None
        The least share of a clear effect that is left without it; below zero where the sign turns. None if no part of
        the claim has a clear effect.

    Examples
    --------
    >>> Mechanism("cover", "holds", 0.31).effect_left
    0.31
    """

    name: str
    holds: Verdict
    effect_left: float | None


def mechanisms_of(
    claim: Claim, found: Taken, without: Mapping[str, Taken], seed: int
) -> tuple[tuple[Mechanism, ...], tuple[Mechanism, ...]]:
    """Return the mechanisms that carry a claim and those that hold it back, by the rule of this module.

    Parameters
    ----------
    claim : Claim
    found : mapping
        What runs with all mechanisms gave.
    without : mapping
        What runs of the same draws gave without each mechanism, by the name of its strength.
    seed : int
        Of the bootstrap intervals.

    Returns
    -------
    carry, hold_back : tuples of Mechanism
        Worst verdict first, then least effect left.

    Examples
    --------
    >>> import numpy as np
    >>> from alliance_sim.validation.claim_definitions import definitions
    >>> claim = definitions()["B14"]
    >>> base, other = claim.parts[0].needs
    >>> zeros, ones = np.zeros(100), np.ones(100)
    >>> without = {"softening": {base: zeros, other: 0.25 * ones}, "cover": {base: zeros, other: 0.75 * ones}}
    >>> carry, hold_back = mechanisms_of(claim, {base: zeros, other: ones}, without, seed=1)
    >>> [(each.name, each.holds, each.effect_left) for each in carry], hold_back
    ([('softening', 'holds', 0.25)], ())
    """
    parts = [part for part in claim.parts if part.tested]
    before = [part.measured(found, seed) for part in parts]
    effects = [part.effect(found, measured) for part, measured in zip(parts, before, strict=True)]
    fails = any(measured.holds == "fails" for measured in before)
    carry, hold_back = [], []
    for name, other in without.items():
        # Most mechanisms are not at work in most scenarios; the bootstrap of the same numbers would take long.
        changed = [any(not _equal(found, other, need) for need in part.needs) for part in parts]
        if not any(changed):
            continue
        after = [
            part.measured(other, seed) if differs else measured
            for part, measured, differs in zip(parts, before, changed, strict=True)
        ]
        left = [
            _left(effect[0], part.effect(other, measured))
            for part, effect, measured in zip(parts, effects, after, strict=True)
            if effect and effect[1] > 0.0
        ]
        steps = [
            0 if now.low <= then.observed <= now.high else VERDICTS.index(now.holds) - VERDICTS.index(then.holds)
            for now, then in zip(after, before, strict=True)
        ]
        worst = min(VERDICTS.index(now.holds) for now in after)
        mechanism = Mechanism(name, VERDICTS[worst], min(left, default=None))
        if not fails and (min(steps) < 0 or any(share <= HALF for share in left)):
            carry.append(mechanism)
        if max(steps) > 0:
            hold_back.append(mechanism)
    return tuple(sorted(carry, key=_worst_first)), tuple(sorted(hold_back, key=_worst_first))


def _equal(found: Taken, other: Taken, need: tuple[str, Quantity]) -> bool:
    return np.array_equal(found[need], other[need], equal_nan=True)


def _left(effect: float, after: tuple[float, float] | None) -> float:
    """Return the share of an effect that is left; the ratio of two deviations that are both zero shows none."""
    assert after is not None
    return 0.0 if math.isnan(after[0]) else after[0] / effect


def _worst_first(mechanism: Mechanism) -> tuple[int, float]:
    return VERDICTS.index(mechanism.holds), 1.0 if mechanism.effect_left is None else mechanism.effect_left
