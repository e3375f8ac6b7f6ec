"""The issues: meaning and weights in the mechanisms. Norms by era are in ``norms.csv`` of the calibration folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from alliance_sim.data import number, table
from alliance_sim.errors import InputError
from alliance_sim.registry.eras import ERAS, coded_as

__all__ = ["ISSUES", "ISSUE_TABLE", "Issue"]


@dataclass(frozen=True)
class Issue:
    """One issue; positions are in [0, 1], 1 being the strongest collective response.

    Attributes
    ----------
    name, description : str
    cover : float
        Share by which a conciliatory Washington encourages others to concede on it (1 = fully; B, paragraph 10).
    hedge : float
        Share by which threatened allies want more of it when the guarantee weakens (1 = fully; A, paragraph 5).
    leads : float
        How strongly the belief about the threat (russia_strategy) drives it, relative to the coupling parameter.
    reference : tuple of two floats or None
        (reversion, proposal) of the fixed agenda behind consensus capacity; None where it is not on it.
    source : str
        Of the weights, and of the norms in short; `norms.csv` has one for each.

    Examples
    --------
    >>> sanctions = ISSUE_TABLE[ISSUES.index("sanctions")]
    >>> sanctions.description
    'sanctions on Russia'
    >>> 0 <= sanctions.norm["2025"] <= 1
    True
    """

    name: str
    description: str
    cover: float
    hedge: float
    leads: float
    reference: tuple[float, float] | None
    source: str

    @property
    def norm(self) -> Mapping[str, float]:
        """Level in force when a scenario begins, by era, on the scale of positions.

        Raises
        ------
        InputError
            If ``norms.csv`` has none for an era, nor for the era whose coding stands in.
        """
        return _norms(self.name)


@cache
def _norms(issue: str) -> Mapping[str, float]:
    norms = {row["era"]: number(row, "norm") for row in table("norms") if row["issue"] == issue}
    try:
        return MappingProxyType({era: norms[era if era in norms else coded_as(era)] for era in ERAS})
    except KeyError as era:
        raise InputError(f"norms.csv: no norm of {issue} in the era {era}") from None


_JUDGEMENT = "levels: judgement on the declarations in force"

ISSUE_TABLE: tuple[Issue, ...] = (
    Issue(
        "russia_strategy",
        "name the threat and adopt a strategy towards Russia",
        0.5,
        0.0,
        0.0,
        (0.5, 0.8),
        "A ¶1 (threat named in 2024, strategy promised); B ¶3; Strategic Concept of 2010 (partnership); " + _JUDGEMENT,
    ),
    Issue(
        "deterrence_posture",
        "forces and plans on the eastern flank",
        0.2,
        1.0,
        1.0,
        (0.6, 0.75),
        "B ¶10 (adaptation of 2018), A ¶5; " + _JUDGEMENT,
    ),
    Issue(
        "defence_spending",
        "defence spending as a pledge; 1 means 5% of GDP",
        0.1,
        1.0,
        0.0,
        None,
        "guideline of 2% (2006; 2014: where most were), pledge of 2% (2014, 2023) on a scale to 5%; B ¶8, A ¶5",
    ),
    Issue(
        "ukraine_support",
        "military, economic and political support of Ukraine",
        0.5,
        0.0,
        0.5,
        (0.5, 0.65),
        "A ¶4, B ¶11; " + _JUDGEMENT,
    ),
    Issue(
        "sanctions",
        "sanctions on Russia",
        0.8,
        0.0,
        1.0,
        (0.3, 0.6),
        "B ¶11, A ¶4; sectoral sanctions since 2014, widened since 2022; " + _JUDGEMENT,
    ),
    Issue(
        "open_door",
        "membership perspective of Ukraine and Georgia",
        0.5,
        0.0,
        0.0,
        None,
        "B ¶7, B ¶11; promise of 2008, path of 2024; " + _JUDGEMENT,
    ),
    Issue(
        "russia_dialogue",
        "1: cooperation stays suspended until policy changes; 0: resume it unconditionally",
        1.0,
        0.0,
        1.0,
        None,
        "B ¶3, B ¶10; practical cooperation suspended in April 2014; " + _JUDGEMENT,
    ),
    Issue(
        "southern_flank",
        "out-of-area, crisis-response effort in the south",
        0.0,
        0.0,
        0.0,
        None,
        "B ¶12; " + _JUDGEMENT,
    ),
    Issue(
        "partner_exercises",
        "exercises and practical cooperation with Georgia, Ukraine and other partners",
        0.4,
        0.0,
        0.0,
        None,
        "B ¶11-12; " + _JUDGEMENT,
    ),
)

#: Names, in the order of every array.
ISSUES: tuple[str, ...] = tuple(issue.name for issue in ISSUE_TABLE)
