"""What the two documents say, as tests of the model: sign by sign, with Monte Carlo intervals.

The claims, their measures and the scenarios that they need are data (``claims.yaml`` beside this file). A claim has one
part or more; it holds if every part that is tested holds, and fails if one fails. A claim that fails is reported like
any other. What an input or one sign of one equation gives (`construction`) and what served to choose an equation
(`used`) is shown; only `derived` claims count as evidence for the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import model_validator

from alliance_sim.compile import Keep
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.fields import Record
from alliance_sim.scenarios import ScenarioSource
from alliance_sim.scenarios.yaml_files import parse
from alliance_sim.simulation import simulate
from alliance_sim.validation import claim_measures as measures
from alliance_sim.validation.claim_measures import Floats, Measured, Verdict
from alliance_sim.validation.claim_quantities import Quantity, needs_positions, taken

__all__ = [
    "Claim",
    "ClaimResult",
    "Part",
    "PartResult",
    "claims",
    "claims_table",
    "definitions",
    "judged",
    "scenarios",
]

_FILE = Path(__file__).with_name("claims.yaml")


class Part(Record):
    """One comparison of a claim.

    Examples
    --------
    >>> Part(
    ...     text="it rises", measure="sign", expected="higher", base="baseline_2018", other="helsinki_2018",
    ...     quantity=Quantity(of="outcome", name="cohesion", months=(7, 9)),
    ... ).runs
    ('baseline_2018', 'helsinki_2018')
    """

    text: str
    measure: Literal["sign", "rate", "rate_difference", "mean", "margin", "spread", "function"]
    other: str
    quantity: Quantity
    base: str | None = None
    base_quantity: Quantity | None = None
    from_: str | None = None
    expected: Literal["higher", "lower"] | None = None
    function: Literal["lead_of_two", "rank_of_first"] | None = None
    at_least: float | None = None
    at_most: float | None = None
    more_than: float | None = None
    margin: tuple[float | None, float | None] | None = None
    tested: bool = True

    @model_validator(mode="before")
    @classmethod
    def _from(cls, fields: dict[str, object]) -> dict[str, object]:
        return {"from_" if key == "from" else key: value for key, value in fields.items()}

    @model_validator(mode="after")
    def _complete(self) -> Part:
        needed = {
            "sign": (self.base, self.expected),
            "rate": (self.at_least,),
            "rate_difference": (self.base, self.expected),
            "mean": (self.at_least,),
            "margin": (self.base, self.margin),
            "spread": (self.base, self.from_, self.more_than),
            "function": (self.function,),
        }
        if any(value is None for value in needed[self.measure]):
            raise ValueError(f"a part with the measure {self.measure} lacks a base, a direction or a level")
        return self

    @property
    def needs(self) -> tuple[tuple[str, Quantity], ...]:
        """Scenarios and what is taken from each: of the base, of the other, of the reference.

        Examples
        --------
        >>> last = Quantity(of="outcome", name="cohesion", months=(7, 9))
        >>> part = Part(text="it is high", measure="mean", at_least=0.5, other="baseline_2018", quantity=last)
        >>> [name for name, _ in part.needs]
        ['baseline_2018']
        """
        named = (
            (self.base, self.base_quantity or self.quantity),
            (self.other, self.quantity),
            (self.from_, self.quantity),
        )
        return tuple((name, quantity) for name, quantity in named if name is not None)

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of the scenarios that `needs` has."""
        return tuple(name for name, _ in self.needs)

    @property
    def expectation(self) -> str:
        """What is expected, in a few words.

        Examples
        --------
        >>> definitions()["A4"].parts[0].expectation
        'paired mean within -0.05 to 0.05'
        """
        if self.measure == "sign":
            return f"{self.expected}: P >= 0.8"
        if self.measure == "rate_difference":
            return f"{self.expected}: difference of rates"
        if self.margin:
            low, high = self.margin
            return f"paired mean within {'...' if low is None else low} to {'...' if high is None else high}"
        levels = ((">=", self.at_least), ("<=", self.at_most), (">", self.more_than))
        return " ".join(f"{symbol} {level:g}" for symbol, level in levels if level is not None)


class Claim(Record):
    """What a paragraph of a document says, and how it is measured.

    Examples
    --------
    >>> claim = definitions()["A4"]
    >>> claim.document, claim.paragraphs, claim.basis, claim.kind
    ('A', (2,), 'said', 'construction')
    """

    id: str
    text: str
    document: Literal["A", "B"]
    paragraphs: tuple[int, ...]
    basis: Literal["said", "implied"]
    kind: Literal["construction", "used", "derived"]
    reason: str
    parts: tuple[Part, ...]


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

    Examples
    --------
    >>> (found,) = claims(draws=20, only=["A10"])
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

    def json(self) -> dict[str, object]:
        """Return the fields as JSON has them; None for a measure that is not known.

        Examples
        --------
        >>> (found,) = claims(draws=20, only=["A10"])
        >>> found.json()["holds"]
        'holds'
        """
        fields = asdict(self)
        for row in (fields, *fields["parts"]):
            row["observed"] = None if math.isnan(row["observed"]) else row["observed"]
        return fields


@cache
def _data() -> Mapping[str, object]:
    fields, _, twice = parse(_FILE.read_text(encoding="utf-8"), _FILE.name, "claims", ["scenarios", "claims"])
    if twice:
        raise InputError(f"{_FILE.name}: keys are given twice; allowed: each once")
    return MappingProxyType(fields)


def definitions() -> Mapping[str, Claim]:
    """Return the claims, by id.

    Examples
    --------
    >>> len(definitions())
    26
    """
    rows = _data()["claims"]
    assert isinstance(rows, list)
    found = [Claim.model_validate(row) for row in rows]
    return MappingProxyType({claim.id: claim for claim in found})


def scenarios() -> Mapping[str, ScenarioSource]:
    """Return the scenarios of the claims that no bundled file has, as mappings by name.

    Examples
    --------
    >>> scenarios()["reset_alone"]["extends"]
    'us_russia_reset_2025'
    """
    rows = _data()["scenarios"]
    assert isinstance(rows, dict)
    return MappingProxyType({name: {"name": name, **fields} for name, fields in rows.items()})


# Running them --------------------------------------------------------------------------------------------------------

#: What a run of a scenario gave, by the scenario's name and the quantity.
Taken = Mapping[tuple[str, Quantity], Floats]


def claims(
    draws: int = 1000,
    seed: int = 1,
    only: Iterable[str] | None = None,
    on_run: Callable[[int, int], None] | None = None,
) -> list[ClaimResult]:
    """Simulate what the claims need, each scenario once, and judge them.

    Parameters
    ----------
    draws : int
        Of each scenario, two or more; they are paired.
    seed : int
        Also of the bootstrap intervals.
    only : iterable of str, optional
        Ids of claims. Default: all.
    on_run : callable, optional
        Called after each scenario with the number of scenarios run, and of all.

    Returns
    -------
    list of ClaimResult
        In the order of the file.

    Raises
    ------
    InputError
        If there is no such claim, or a claim names an item or a month that its scenario lacks.

    Examples
    --------
    >>> [found.id for found in claims(draws=10, only=["B14"])]
    ['B14']
    """
    known = definitions()
    wanted = list(known) if only is None else list(only)
    for each in wanted:
        if each not in known:
            raise InputError(f"claims: {shown(each)} is unknown{nearest(each, known)}; allowed: {', '.join(known)}")
    if draws < 2:
        raise InputError(f"claims: {draws} draws have no interval; allowed: 2 or more")
    chosen = [known[each] for each in known if each in wanted]
    needs = [need for claim in chosen for part in claim.parts for need in part.needs]
    found = _simulated(needs, draws, seed, on_run)
    return [judged(claim, found, seed) for claim in chosen]


def _simulated(
    needs: Sequence[tuple[str, Quantity]], draws: int, seed: int, on_run: Callable[[int, int], None] | None
) -> Taken:
    """Run each scenario once, take its quantities, and let the run go: positions of a thousand draws are large."""
    inline, found = scenarios(), {}
    names = list(dict.fromkeys(name for name, _ in needs))
    for done, name in enumerate(names, 1):
        quantities = list(dict.fromkeys(quantity for of, quantity in needs if of == name))
        keep: Keep = "trace" if any(map(needs_positions, quantities)) else "allies"
        run = simulate(inline.get(name, name), draws=draws, seed=seed, keep=keep)
        for quantity in quantities:
            if quantity.months and not 0 <= quantity.months[0] <= quantity.months[1] < len(run.months):
                raise InputError(
                    f"{name}: months {quantity.months} of a run of {len(run.months)}; allowed: months of it"
                )
            found[name, quantity] = taken(run, quantity)
        if on_run:
            on_run(done, len(names))
    return found


def _measured(part: Part, found: Taken, seed: int) -> Measured:
    base, other, *_ = (found[need] for need in (part.needs if part.base else (part.needs[0], *part.needs)))
    if part.measure == "sign":
        assert part.expected
        return measures.sign(base, other, part.expected)
    if part.measure == "rate_difference":
        assert part.expected
        return measures.rate_difference(base, other, part.expected)
    if part.measure == "margin":
        assert part.margin
        return measures.equivalence(base, other, *part.margin)
    if part.measure == "spread":
        assert part.more_than is not None
        return measures.spread(found[part.needs[2]], base, other, part.more_than, seed)
    if part.measure == "function":
        assert part.function
        return measures.function_of(other, part.function, part.more_than, part.at_most, seed)
    assert part.at_least is not None
    return (measures.rate if part.measure == "rate" else measures.mean)(other, part.at_least)


def judged(claim: Claim, found: Taken, seed: int = 1) -> ClaimResult:
    """Return what a claim comes to on quantities that were taken from runs.

    Examples
    --------
    >>> import numpy as np
    >>> claim = definitions()["B14"]
    >>> (base, other) = claim.parts[0].needs
    >>> judged(claim, {base: np.zeros(100), other: np.ones(100)}).holds
    'holds'
    """
    parts = []
    for part in claim.parts:
        measured = _measured(part, found, seed)
        parts.append(PartResult(part.text, part.expectation, **asdict(measured), tested=part.tested))
    worst = min((part for part in parts if part.tested), key=lambda part: _FROM_WORST.index(part.holds))
    return ClaimResult(
        **{name: getattr(claim, name) for name in ("id", "text", "document", "paragraphs", "basis", "kind", "reason")},
        expected=f"{worst.text}: {worst.expected}",
        observed=worst.observed,
        interval=(worst.low, worst.high),
        holds=worst.holds,
        parts=tuple(parts),
    )


_FROM_WORST = ("fails", "undecided", "holds")
_KINDS = ("derived", "used", "construction")


def claims_table(results: Sequence[ClaimResult]) -> str:
    """Return results as a table in Markdown, a row a part: derived claims first, then those used, then the rest.

    Parts that are shown and not tested have a verdict in brackets.

    Examples
    --------
    >>> print(claims_table(claims(draws=10, only=["A10"])).splitlines()[0])
    | claim | kind | what is compared | expected | observed | interval | |
    """
    lines = ["| claim | kind | what is compared | expected | observed | interval | |", "| --- " * 7 + "|"]
    for claim in sorted(results, key=lambda claim: _KINDS.index(claim.kind)):
        for place, part in enumerate(claim.parts):
            source = f"{claim.id} ({claim.document} ¶{', ¶'.join(map(str, claim.paragraphs))} {claim.basis})"
            said = f"{claim.text} " if place == 0 else ""
            mark = part.holds if part.tested else f"({part.holds})"
            lines.append(
                f"| {source if place == 0 else ''} | {claim.kind if place == 0 else ''} | {said}*{part.text}* "
                f"| {part.expected} | {part.observed:.3f} | {part.low:.3f} to {part.high:.3f} | {mark} |"
            )
    return "\n".join(lines)
