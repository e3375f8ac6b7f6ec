"""The mechanisms that carry a claim: each strength of the registry set to zero, and the claim measured again.

A strength is set to zero in every scenario of the claim, and the same draws are run. The rule that follows is
judgement, and was written down before any of this was run.

A mechanism *carries* a part of a claim if without it

- the verdict is worse (fails is worse than undecided, undecided worse than holds), or
- an effect that was clear is half of what it was, or less. Effects are those of `Part.effect`; one is clear if its
  interval of 95 % lies above zero. Measures that have no effect count by their verdict alone.

It *holds back* a part if the verdict is better without it. It does the one or the other to a claim if it does so to a
part of it that is tested; a mechanism may do both. Mechanisms add up in no simple way: two that carry a claim together
may each be found to, or neither, where one makes up for the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alliance_sim.validation.claim_definitions import Claim, Part, Taken
from alliance_sim.validation.claim_measures import VERDICTS, Verdict

__all__ = ["HALF", "MECHANISM_DRAWS", "Mechanism", "mechanisms_of"]

#: Share of an effect that may be left without a mechanism that carries it: judgement.
HALF = 0.5
#: Draws with which mechanisms are measured, the first of the claims' own: judgement; half an effect needs few.
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
    >>> without = {"softening": {base: zeros, other: 0.4 * ones}, "cover": {base: zeros, other: 0.6 * ones}}
    >>> carry, hold_back = mechanisms_of(claim, {base: zeros, other: ones}, without, seed=1)
    >>> [(each.name, each.holds, each.effect_left) for each in carry], hold_back
    ([('softening', 'holds', 0.4)], ())
    """
    parts = [part for part in claim.parts if part.tested]
    verdicts = [VERDICTS.index(part.measured(found, seed).holds) for part in parts]
    carry, hold_back = [], []
    for name, other in without.items():
        # Most mechanisms are not at work in most scenarios; the bootstrap of the same numbers would take long.
        changed = [part for part in parts if any(not _equal(found, other, part, at) for at in range(len(part.needs)))]
        if not changed:
            continue
        after = [
            VERDICTS.index(part.measured(other, seed).holds) if part in changed else before
            for part, before in zip(parts, verdicts, strict=True)
        ]
        left = [share for part in parts if (share := _effect_left(part, found, other, seed)) is not None]
        mechanism = Mechanism(name, VERDICTS[min(after)], min(left, default=None))
        worse = any(now < before for now, before in zip(after, verdicts, strict=True))
        if worse or any(share <= HALF for share in left):
            carry.append(mechanism)
        if any(now > before for now, before in zip(after, verdicts, strict=True)):
            hold_back.append(mechanism)
    return tuple(sorted(carry, key=_worst_first)), tuple(sorted(hold_back, key=_worst_first))


def _equal(found: Taken, other: Taken, part: Part, at: int) -> bool:
    return np.array_equal(found[part.needs[at]], other[part.needs[at]], equal_nan=True)


def _effect_left(part: Part, found: Taken, other: Taken, seed: int) -> float | None:
    """Return the share of a clear effect that is left; None if the part has none."""
    before, after = part.effect(found, seed), part.effect(other, seed)
    if before is None or after is None or before[1] <= 0.0:
        return None
    # The ratio of two deviations that are both zero is not known, and no effect.
    return 0.0 if math.isnan(after[0]) else after[0] / before[0]


def _worst_first(mechanism: Mechanism) -> tuple[int, float]:
    return VERDICTS.index(mechanism.holds), 1.0 if mechanism.effect_left is None else mechanism.effect_left
