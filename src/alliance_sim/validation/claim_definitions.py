"""The claims of the two documents as data (``claims.yaml``): what each says, how it is measured, what carries it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import model_validator

from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.fields import Record
from alliance_sim.registry.parameters import STRENGTHS
from alliance_sim.scenarios import ScenarioSource
from alliance_sim.scenarios.yaml_files import parse
from alliance_sim.validation import claim_measures as measures
from alliance_sim.validation.claim_measures import Floats, Measured
from alliance_sim.validation.claim_quantities import Quantity

__all__ = ["Claim", "Part", "Taken", "definitions", "scenarios"]

_FILE = Path(__file__).with_name("claims.yaml")

#: What runs gave, by the name of the scenario and the quantity.
Taken = Mapping[tuple[str, Quantity], Floats]


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

    def measured(self, found: Taken, seed: int) -> Measured:
        """Return the measure on quantities that were taken from runs; `seed` is of the bootstrap intervals.

        Examples
        --------
        >>> import numpy as np
        >>> part = definitions()["B14"].parts[0]
        >>> base, other = part.needs
        >>> part.measured({base: np.zeros(100), other: np.ones(100)}, seed=1).holds
        'holds'
        """
        base, other, *_ = (found[need] for need in (self.needs if self.base else (self.needs[0], *self.needs)))
        if self.measure == "sign":
            assert self.expected
            return measures.sign(base, other, self.expected)
        if self.measure == "rate_difference":
            assert self.expected
            return measures.rate_difference(base, other, self.expected)
        if self.measure == "margin":
            assert self.margin
            return measures.equivalence(base, other, *self.margin)
        if self.measure == "spread":
            assert self.more_than is not None
            return measures.spread(found[self.needs[2]], base, other, self.more_than, seed)
        if self.measure == "function":
            assert self.function
            return measures.function_of(other, self.function, self.more_than, self.at_most, seed)
        assert self.at_least is not None
        return (measures.rate if self.measure == "rate" else measures.mean)(other, self.at_least)

    def effect(self, found: Taken, measured: Measured) -> tuple[float, float] | None:
        """Return the size of an effect in the direction expected, and the lower end of its interval of 95 %.

        Of a sign or a difference of rates it is the mean paired difference: P does not show that an effect shrinks,
        because paired draws have so little noise that almost any change has a P near one. Of a spread it is the ratio
        less one. Other measures have no effect: None.

        Examples
        --------
        >>> import numpy as np
        >>> part = definitions()["B14"].parts[0]
        >>> base, other = part.needs
        >>> found = {base: np.zeros(100), other: np.ones(100)}
        >>> part.effect(found, part.measured(found, seed=1))
        (1.0, 1.0)
        """
        if self.measure == "spread":
            return measured.observed - 1.0, measured.low - 1.0
        if self.expected is None:
            return None
        base, other = (found[need] for need in self.needs)
        mean = measures.rate_difference(base, other, self.expected)
        return (mean.observed, mean.low) if self.expected == "higher" else (-mean.observed, -mean.high)


class Claim(Record):
    """What a paragraph of a document says, how it is measured, and the mechanism that carries it.

    Examples
    --------
    >>> claim = definitions()["B4"]
    >>> claim.document, claim.paragraphs, claim.basis, claim.kind, claim.carried_by
    ('B', (10,), 'said', 'construction', 'cover')
    """

    id: str
    text: str
    document: Literal["A", "B"]
    paragraphs: tuple[int, ...]
    basis: Literal["said", "implied"]
    kind: Literal["construction", "used", "derived"]
    reason: str
    carried_by: str | None
    carried_reason: str
    parts: tuple[Part, ...]

    @model_validator(mode="after")
    def _strength(self) -> Claim:
        if self.carried_by is not None and self.carried_by not in STRENGTHS:
            raise ValueError(f"{shown(self.carried_by)} is no strength{nearest(self.carried_by, STRENGTHS)}")
        return self


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
