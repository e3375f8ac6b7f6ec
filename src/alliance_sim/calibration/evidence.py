"""Where an actor's numbers come from: statements, figures, acts, and the prior computed from them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from alliance_sim.calibration.fit import ACTORS, LEADER, bears_on
from alliance_sim.data import Row, table
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.eras import ERAS, coded_as

__all__ = ["Trace", "evidence"]


@dataclass(frozen=True)
class Trace:
    """The evidence behind an actor's priors in one era; ``str()`` renders it as plain text.

    Attributes
    ----------
    actor, era : str
    priors : dict
        Its row of ``priors/actors.csv``: means, standard deviations, and each reading with its value.
    rows : list of dict
        The coded statements about the actor, by name or as a member of a group.
    departures : list of dict
        Its departures from the issue curves, with the reasons.

    Examples
    --------
    >>> trace = evidence("POL", era="2025")
    >>> trace.actor, trace.era, "threat_mean" in trace.priors
    ('POL', '2025', True)
    >>> str(trace).splitlines()[0]
    'POL, 2025'
    """

    actor: str
    era: str
    priors: dict[str, str]
    rows: list[dict[str, str]]
    departures: list[dict[str, str]]

    def __str__(self) -> str:
        prior = self.priors
        lines = [
            f"{self.actor}, {self.era}",
            f"  threat perception {prior['threat_mean']} (sd {prior['threat_sd']}), "
            f"southern orientation {prior['south_mean']} (sd {prior['south_sd']})",
            *(f"    {part}" for part in prior["reason"].split("; ")),
        ]
        for row in self.rows:
            about = row["issue"] or row["construct"]
            mark = f"level {row['level']}" if row["level"] else f"change {row['direction']}"
            lines.append(f"  {row['id']} paragraph {row['paragraph']}, {about}, {mark}: {row['paraphrase']}")
        for row in self.departures:
            lines.append(f"  {row['issue']} {row['shift']} (sd {row['sd']}): {row['reason']}")
        return "\n".join(lines)


def _found(rows: tuple[Row, ...], actor: str, eras: Collection[str]) -> list[dict[str, str]]:
    return [dict(row) for row in rows if row["era"] in eras and row["actor"] == actor]


def evidence(actor: str, era: str | None = None) -> Trace:
    """Return the evidence behind an actor's numbers.

    Parameters
    ----------
    actor : str
        ISO code of an ally, "USA.leader" or "USA.institutions".
    era : str, optional
        One of `alliance_sim.calibration.fit.ACTORS`. By default the last that a scenario can begin from.

    Returns
    -------
    Trace

    Raises
    ------
    InputError
        If the era or the actor is unknown, or has no prior there.

    Examples
    --------
    >>> from alliance_sim.calibration.evidence import evidence
    >>> print(str(evidence("USA.leader", era="2018")).partition(",")[0])
    USA.leader
    """
    chosen = era or ERAS[-1]
    if chosen not in ACTORS:
        raise InputError(f"era: {shown(chosen)} is not one of {', '.join(ACTORS)}{nearest(chosen, ACTORS)}")
    if actor not in ACTORS[chosen]:
        names = ACTORS[chosen]
        raise InputError(
            f"actor: {shown(actor)} has no prior in {chosen}; allowed: {', '.join(names)}{nearest(actor, names)}"
        )
    eras = (chosen,) if actor == LEADER else dict.fromkeys((chosen, coded_as(chosen)))
    return Trace(
        actor,
        chosen,
        priors=_found(table("priors/actors"), actor, (chosen,))[0],
        rows=[dict(row) for row in table("evidence") if any(bears_on(row, actor, each) for each in eras)],
        departures=_found(table("priors/positions"), actor, eras),
    )
