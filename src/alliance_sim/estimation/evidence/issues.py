"""The evidence behind an issue: the curve from perceptions to positions, its prior, and the statements about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from alliance_sim.data import find_row
from alliance_sim.estimation.evidence.actors import statement
from alliance_sim.estimation.evidence.parts import Number, Source, share, summary, whole
from alliance_sim.estimation.evidence.reports import column, measurement
from alliance_sim.estimation.report import LEAST_SHRINKAGE
from alliance_sim.registry.eras import ERA_TABLE, coded_as
from alliance_sim.registry.issues import ISSUE_TABLE, ISSUES

__all__ = ["issue_numbers", "issue_sources", "issue_words"]

#: A usual ally, at which the prior of a curve is set (``priors/measurement.csv``, curve_level).
USUAL_THREAT, USUAL_SOUTH = 0.6, 0.4

_PARTS = {
    "intercept": "intercept",
    "threat_slope": "slope on threat",
    "south_slope": "slope on the south",
}


def issue_numbers(issue: str, era: str) -> list[Number]:
    """Return intercept and slopes of the curve of an issue in an era, and the spread of positions about it.

    Examples
    --------
    >>> [number.name for number in issue_numbers("sanctions", "2025")][:2]
    ['intercept.sanctions.2025', 'threat_slope.sanctions.2025']
    """
    before, found = measurement().get("priors", {}), []
    names = {f"{part}.{issue}.{coded_as(era)}": label for part, label in _PARTS.items()}
    for name, label in {**names, f"residual.{issue}": "spread of allies about it"}.items():
        measured, posterior = column("prior", name), column("posterior", name)
        assert measured is not None and posterior is not None  # every table has them
        prior = whole(before.get(name))
        found.append(Number(name, label, "", prior, summary(measured), summary(posterior), source=_reason(issue, era)))
    return found


def _reason(issue: str, era: str) -> str:
    return find_row("priors/issues", issue=issue, era=coded_as(era))["reason"]


def issue_sources(issue: str, era: str) -> list[Source]:
    """Return the statements about positions on an issue that count in an era; their pull on curves is not reported.

    Examples
    --------
    >>> rows = issue_sources("sanctions", "2018")
    >>> {row.about.partition(": ")[2] for row in rows}, {row.at_most for row in rows}
    ({'sanctions'}, {None})
    """
    eras = {era, coded_as(era), *ERA_TABLE[coded_as(era)].also_counts}
    found = [replace(row, pulls={}, at_most=None, refit={}, k=None) for row in statement(issue, eras)]
    return sorted(found, key=lambda row: row.kind == "background")


def issue_words(issue: str, era: str, numbers: list[Number], sources: list[Source]) -> list[str]:
    """Return what can be said of an issue, in sentences.

    Examples
    --------
    >>> issue_words("sanctions", "2025", issue_numbers("sanctions", "2025"), [])[0][:39]
    'On sanctions on Russia a usual ally (pe'
    """
    parts = [column("posterior", number.name) for number in numbers[:3]]
    intercept, threat, south = (np.asarray(part) for part in parts)
    usual = summary(intercept + USUAL_THREAT * threat + USUAL_SOUTH * south)
    described = ISSUE_TABLE[ISSUES.index(issue)]
    slope, residual = (numbers[place].posterior for place in (1, 3))
    assert slope is not None and residual is not None
    norm = described.norm.get(era, described.norm[coded_as(era)])
    said = [
        f"On {described.description.partition(';')[0]} a usual ally (perceived threat {share(USUAL_THREAT)}, southern "
        f"orientation {share(USUAL_SOUTH)}) stands at {usual.as_shares}; the level in force is {share(norm)}.",
        f"An ally that sees a threat higher by .10 stands {share(abs(0.1 * slope.mean))} "
        f"{'higher' if slope.mean > 0.0 else 'lower'}; allies of like perception spread by {share(residual.mean)}.",
    ]
    judged = [
        number.label for number in numbers if (1.0 if number.narrowed is None else number.narrowed) < LEAST_SHRINKAGE
    ]
    if len(judged) == len(numbers):
        said.append("No evidence narrows the prior of the curve: it is judgement.")
    elif judged:
        said.append(f"No evidence narrows the prior of these, they are judgement: {', '.join(judged)}.")
    fitted = sum(row.kind == "statement" for row in sources)
    said.append(f"{fitted} statement{'' if fitted == 1 else 's'} about it count{'s' * (fitted == 1)}.")
    if coded_as(era) != era:
        said.append(f"The curve of {era} is that of {coded_as(era)}.")
    return [*said, f"What the prior rests on: {_reason(issue, era)}."]
