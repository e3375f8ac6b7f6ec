"""What the two documents say, as tests of the model: sign by sign, with Monte Carlo intervals.

The claims, their measures and the scenarios that they need are data (``claims.yaml`` beside this file). A claim has one
part or more; it holds if every part that is tested holds, and fails if one fails. A claim that fails is reported like
any other. What an input or one sign of one equation gives (`construction`) and what served to choose an equation
(`used`) is shown; only `derived` claims count as evidence for the model.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from alliance_sim import checks
from alliance_sim.analysis.sensitivity import switched_off
from alliance_sim.compile import Keep
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.parameters import STRENGTHS
from alliance_sim.scenarios import Scenario, load_scenario
from alliance_sim.simulation import simulate
from alliance_sim.validation.claim_definitions import Claim, Taken, definitions, scenarios
from alliance_sim.validation.claim_measures import VERDICTS, Floats, Verdict
from alliance_sim.validation.claim_mechanisms import MECHANISM_DRAWS, Mechanism, mechanisms_of
from alliance_sim.validation.claim_quantities import Quantity, needs_positions, taken

__all__ = ["KINDS", "ClaimResult", "PartResult", "claims", "judged", "score"]

#: Kinds of claims, in the order of reports.
KINDS = ("derived", "used", "construction")


@dataclass(frozen=True)
class PartResult:
    """What a part of a claim came to.

    Attributes
    ----------
    text, expected : str
    observed, low, high : float
        The measure, and its interval.
    holds : str
        ``holds``, ``undecided`` or ``fails``.
    tested : bool
        Whether it counts for the claim.

    Examples
    --------
    >>> PartResult("it rises", "P >= 0.8", 0.9, 0.88, 0.92, "holds", True).holds
    'holds'
    """

    text: str
    expected: str
    observed: float
    low: float
    high: float
    holds: Verdict
    tested: bool


@dataclass(frozen=True)
class ClaimResult:
    """What a claim came to.

    Attributes
    ----------
    id, text, document, basis, kind, reason : str
    paragraphs : tuple of int
    expected : str
    observed : float
    interval : tuple of two floats
        These three are those of the part that decides: the first of the worst verdict.
    holds : str
        ``holds``, ``undecided`` or ``fails``.
    parts : tuple of PartResult
    carried_by, held_back_by : tuples of Mechanism
        By the rule of `alliance_sim.validation.claim_mechanisms`; the mechanism that matters most first.

    Examples
    --------
    >>> (found,) = claims(draws=20, only=["A10"], mechanisms=())
    >>> found.id, found.holds, found.observed
    ('A10', 'holds', 1.0)
    """

    id: str
    text: str
    document: str
    paragraphs: tuple[int, ...]
    basis: str
    kind: str
    reason: str
    expected: str
    observed: float
    interval: tuple[float, float]
    holds: Verdict
    parts: tuple[PartResult, ...]
    carried_by: tuple[Mechanism, ...]
    held_back_by: tuple[Mechanism, ...]

    def json(self) -> dict[str, object]:
        """Return the fields as JSON has them; None for a measure that is not known.

        Examples
        --------
        >>> (found,) = claims(draws=20, only=["A10"], mechanisms=())
        >>> found.json()["paragraph"], found.json()["holds"]
        ((5,), 'holds')
        """
        fields = {"paragraph" if name == "paragraphs" else name: value for name, value in asdict(self).items()}
        for row in (fields, *fields["parts"]):
            row["observed"] = None if math.isnan(row["observed"]) else row["observed"]
        return fields


# Running them --------------------------------------------------------------------------------------------------------


def claims(
    draws: int = 1000,
    seed: int = 1,
    change: Callable[[Scenario], Scenario] | None = None,
    only: Iterable[str] | None = None,
    mechanisms: Sequence[str] = STRENGTHS,
    progress: Callable[[int, int], None] | None = None,
) -> list[ClaimResult]:
    """Simulate what the claims need, each scenario once and once without each mechanism, and judge them.

    Parameters
    ----------
    draws : int
        Of each scenario, two or more; they are paired. Mechanisms are measured with the first 200 of them.
    seed : int
        Also of the bootstrap intervals.
    change : callable, optional
        Returns what to run in place of each scenario, such as one with a parameter set.
    only : iterable of str, optional
        Ids of claims. Default: all.
    mechanisms : sequence of str
        Strengths that are set to zero, to find what carries each claim. Default: all of the registry.
    progress : callable, optional
        Called with the number of runs done, and of all runs.

    Returns
    -------
    list of ClaimResult
        Derived claims, those used, and those by construction; each kind in the order of the documents.

    Raises
    ------
    InputError
        If there is no such claim, or a claim names an item or a month that its scenario lacks.

    Examples
    --------
    >>> import alliance_sim as als
    >>> (found,) = als.claims(draws=10, only=["B14"], mechanisms=["softening", "susceptibility"])
    >>> found.holds, [each.name for each in found.carried_by]
    ('undecided', [])
    """
    known = definitions()
    wanted = list(known) if only is None else list(only)
    for each in wanted:
        if each not in known:
            raise InputError(f"claims: {shown(each)} is unknown{nearest(each, known)}; allowed: {', '.join(known)}")
    draws = checks.whole_number("draws", draws, 2, checks.MAX_DRAWS)  # a single draw has no interval
    chosen = sorted((known[each] for each in known if each in wanted), key=lambda claim: KINDS.index(claim.kind))
    needs = [need for claim in chosen for part in claim.parts for need in part.needs]
    few = min(draws, MECHANISM_DRAWS)
    found, without = _simulated(needs, draws, few, seed, mechanisms, change, progress)
    first = {need: values[:few] for need, values in found.items()}
    return [judged(claim, found, seed, *mechanisms_of(claim, first, without, seed)) for claim in chosen]


def _simulated(
    needs: Sequence[tuple[str, Quantity]],
    draws: int,
    few: int,
    seed: int,
    mechanisms: Sequence[str],
    change: Callable[[Scenario], Scenario] | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[Taken, Mapping[str, Taken]]:
    """Return the quantities of all draws, and of the first few without each mechanism.

    Each run is let go once its quantities are taken: positions of a thousand draws are large.
    """
    inline = scenarios()
    found: dict[tuple[str, Quantity], Floats] = {}
    without: dict[str, dict[tuple[str, Quantity], Floats]] = {mechanism: {} for mechanism in mechanisms}
    by_name: defaultdict[str, list[Quantity]] = defaultdict(list)
    for name, quantity in dict.fromkeys(needs):
        by_name[name].append(quantity)
    done, total = 0, len(by_name) * (draws + len(mechanisms) * few)

    def run(name: str, scenario: Scenario, number: int) -> Iterator[tuple[tuple[str, Quantity], Floats]]:
        nonlocal done
        keep: Keep = "trace" if any(map(needs_positions, by_name[name])) else "allies"
        on_progress = (lambda part: progress(done + part, total)) if progress else None
        ensemble = simulate(scenario, number, seed, keep, progress=on_progress)
        done += number
        for quantity in by_name[name]:
            if quantity.months and not 0 <= quantity.months[0] <= quantity.months[1] < len(ensemble.months):
                raise InputError(
                    f"{name}: months {quantity.months} of a run of {len(ensemble.months)}; allowed: months of it"
                )
            yield (name, quantity), taken(ensemble, quantity)

    for name in by_name:
        scenario = load_scenario(inline.get(name, name))
        scenario = change(scenario) if change else scenario
        found.update(run(name, scenario, draws))
        for mechanism in mechanisms:
            without[mechanism].update(run(name, switched_off(scenario, mechanism), few))
    return found, without


def judged(
    claim: Claim,
    found: Taken,
    seed: int = 1,
    carried_by: tuple[Mechanism, ...] = (),
    held_back_by: tuple[Mechanism, ...] = (),
) -> ClaimResult:
    """Return what a claim comes to on quantities that were taken from runs.

    Examples
    --------
    >>> import numpy as np
    >>> from alliance_sim.validation.claim_definitions import definitions
    >>> claim = definitions()["B14"]
    >>> (base, other) = claim.parts[0].needs
    >>> judged(claim, {base: np.zeros(100), other: np.ones(100)}).holds
    'holds'
    """
    parts = tuple(
        PartResult(part.text, part.expectation, **asdict(part.measured(found, seed)), tested=part.tested)
        for part in claim.parts
    )
    worst = min((part for part in parts if part.tested), key=lambda part: VERDICTS.index(part.holds))
    return ClaimResult(
        **{name: getattr(claim, name) for name in ("id", "text", "document", "paragraphs", "basis", "kind", "reason")},
        expected=f"{worst.text}: {worst.expected}",
        observed=worst.observed,
        interval=(worst.low, worst.high),
        holds=worst.holds,
        parts=parts,
        carried_by=carried_by,
        held_back_by=held_back_by,
    )


def score(found: Sequence[ClaimResult]) -> dict[str, int]:
    """Return how many derived claims there are, and how many of them hold, are undecided and fail.

    Examples
    --------
    >>> score(claims(draws=20, only=["A10"], mechanisms=()))  # by construction
    {'derived': 0, 'fails': 0, 'undecided': 0, 'holds': 0}
    """
    verdicts = [claim.holds for claim in found if claim.kind == "derived"]
    return {"derived": len(verdicts)} | {verdict: verdicts.count(verdict) for verdict in VERDICTS}
