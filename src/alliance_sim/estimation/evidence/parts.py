"""What a report on the evidence consists of: numbers, the rows behind them, and how figures are written."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACT", "LEAST_RELIABLE_K", "Number", "Source", "Summary", "figure", "share", "summary", "whole"]

#: What acts of governments have in place of the letter of a document.
ACT = "act"
#: Above this k importance sampling cannot tell what a row does (Vehtari, Gelman and Gabry 2017).
LEAST_RELIABLE_K = 0.7


def figure(value: float, sign: bool = False) -> str:
    """Return a number as it is read: two digits or more, without the zero before the point.

    Examples
    --------
    >>> [figure(value) for value in (0.2712, -0.0043, 12.34, 0.0, 250.0)], figure(0.12, sign=True)
    (['.27', '-.0043', '12.3', '0', '250'], '+.12')
    """
    size = abs(value)
    if size < 1e-9:
        return "0"
    decimals = 2 if 0.1 <= size < 10.0 else max(0, 1 - math.floor(math.log10(size)) + (size >= 10.0))
    text = f"{value:{'+' if sign else ''}.{min(decimals, 6)}f}"
    return text.replace("0.", ".", 1) if size < 1.0 and text.lstrip("+-").startswith("0.") else text


def share(value: float) -> str:
    """Return a number on the scale of perceptions and positions, of which two digits are known.

    Examples
    --------
    >>> share(0.024), share(0.5)
    ('.02', '.50')
    """
    text = f"{value:z.2f}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0") else text


@dataclass(frozen=True)
class Summary:
    """Mean, standard deviation, 5 % and 95 % quantile of a number.

    Examples
    --------
    >>> str(Summary(0.27, 0.06, 0.18, 0.37))
    '.27 (90 % .18 to .37)'
    """

    mean: float
    sd: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{figure(self.mean)} (90 % {figure(self.low)} to {figure(self.high)})"

    @property
    def as_shares(self) -> str:
        """The same on the scale of perceptions and positions.

        Examples
        --------
        >>> Summary(0.27, 0.06, 0.018, 0.37).as_shares
        '.27 (90 % .02 to .37)'
        """
        return f"{share(self.mean)} (90 % {share(self.low)} to {share(self.high)})"


def summary(values: NDArray[np.float64]) -> Summary:
    """Return the summary of draws.

    Examples
    --------
    >>> summary(np.array([0.25, 0.75])).mean
    0.5
    """
    low, high = np.quantile(values, (0.05, 0.95))
    return Summary(float(values.mean()), float(values.std()), float(low), float(high))


def whole(cells: Sequence[float] | None) -> Summary | None:
    """Return the summary that a report holds as four numbers, if it does.

    Examples
    --------
    >>> whole([0.5, 0.1, 0.3, 0.7]), whole(None)
    (Summary(mean=0.5, sd=0.1, low=0.3, high=0.7), None)
    """
    return Summary(*map(float, cells)) if cells else None


@dataclass(frozen=True)
class Number:
    """A number of the model: what was thought of it before, and what the evidence made of it.

    Attributes
    ----------
    name, label, unit : str
    prior : Summary or None
        Before any evidence; None where it has no distribution of its own, as a position.
    measured : Summary or None
        From documents, leanings and figures alone; of actors.
    posterior : Summary or None
        As runs draw it: with the record of decisions, spending and aid. None where it is not estimated.
    prior_text, source : str
        The prior in words, and what it rests on.
    shrinkage : float or None
        By how much the last step, the record, narrowed it: 1 - sd after / sd before. None if that is not reported.

    Examples
    --------
    >>> before, after = Summary(0.25, 0.1, 0.1, 0.4), Summary(0.2, 0.08, 0.1, 0.3)
    >>> round(Number("pledge", "share kept", "share", before, None, after).narrowed, 2)
    0.2
    """

    name: str
    label: str
    unit: str
    prior: Summary | None
    measured: Summary | None
    posterior: Summary | None
    prior_text: str = ""
    source: str = ""
    shrinkage: float | None = None

    @property
    def narrowed(self) -> float | None:
        """By how much all evidence narrowed it: 1 - sd of the posterior / sd of the prior.

        Examples
        --------
        >>> Number("a", "", "", None, None, Summary(0.5, 0.1, 0.3, 0.7)).narrowed is None
        True
        """
        if self.prior is None or self.posterior is None or self.prior.sd == 0.0:
            return None
        return 1.0 - self.posterior.sd / self.prior.sd


@dataclass(frozen=True)
class Source:
    """A row of evidence: a statement, a leaning, a figure, an item of the record, the spending of an ally.

    Attributes
    ----------
    id : str
    kind : str
        ``statement``, ``leaning``, ``figure``, ``background`` (read, but not fitted to), ``record`` or ``spending``.
    about : str
        The actors, and the construct or issue.
    value : str
        The level, the class or the figure.
    text : str
        Paraphrase, reason or decision, in our own words.
    document : str
        Label of the document, if it is a statement.
    paragraph, era : str
    counts : bool
        Whether it is about the actor in the era; others only pull on it.
    source, confidence : str
        Of figures, codes and decisions.
    pulls : mapping
        By number: its mean less the mean without this row. Reports hold the largest of each row only.
    at_most : float or None
        Other pulls of the row are smaller than this.
    k : float or None
        Of importance sampling; above 0.7 pulls are not reliable.
    refit : mapping
        The pulls by a fit without the row, where there is one.

    Examples
    --------
    >>> row = Source("A-22", "statement", "HUN", "1 of 5", "", pulls={"threat.HUN.2025": -0.1}, k=0.9)
    >>> row.reliable, row.pull("threat.HUN.2025"), row.pull("threat.EST.2025")
    (False, -0.1, None)
    """

    id: str
    kind: str
    about: str
    value: str
    text: str
    document: str = ""
    paragraph: str = ""
    era: str = ""
    counts: bool = True
    source: str = ""
    confidence: str = ""
    pulls: Mapping[str, float] = field(default_factory=dict)
    at_most: float | None = None
    k: float | None = None
    refit: Mapping[str, float] = field(default_factory=dict)

    @property
    def reliable(self) -> bool:
        """Whether the draws can tell its pulls.

        Examples
        --------
        >>> Source("A-22", "statement", "HUN", "", "", k=0.2).reliable
        True
        """
        return self.k is None or self.k <= LEAST_RELIABLE_K

    def pull(self, name: str) -> float | None:
        """Return what it does to the mean of a number, by a refit if there is one; None if that is not listed.

        Examples
        --------
        >>> Source("A-22", "statement", "HUN", "", "", refit={"threat.HUN.2025": -0.04}).pull("threat.HUN.2025")
        -0.04
        """
        return self.refit.get(name, self.pulls.get(name))

    def known(self, name: str) -> bool:
        """Return whether its pull on a number is known, and reliable.

        Examples
        --------
        >>> Source("A-22", "statement", "HUN", "", "", pulls={"a": 0.1}, k=0.9).known("a")
        False
        """
        return name in self.refit or (name in self.pulls and self.reliable)


def plain(thing: Any) -> Any:
    """Return dataclasses, tuples and mappings as what JSON has."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {each.name: plain(getattr(thing, each.name)) for each in dataclasses.fields(thing)}
    if isinstance(thing, Mapping):
        return {name: plain(each) for name, each in thing.items()}
    return [plain(each) for each in thing] if isinstance(thing, list | tuple) else thing
