"""Where an actor's numbers come from: statements, figures, acts, and the prior they add up to."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_sim.calibration.fit import ACTORS, LEADER, bears_on
from alliance_sim.calibration.tables import coded_as
from alliance_sim.data import Row, table
from alliance_sim.errors import InputError, nearest, shown

__all__ = ["Trace", "evidence"]


@dataclass(frozen=True)
class Trace:
    """The trail behind an actor's priors in one era; ``str()`` renders it as plain text.

    Attributes
    ----------
    actor, era : str
    priors : dict
        The row of ``priors/actors.csv``: means, standard deviations, and each reading with its value.
    rows : list of dict
        The coded statements that bear on the actor, by name or through a group.
    departures : list of dict
        Where the actor leaves the issue curves, and why.
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


def _found(rows: tuple[Row, ...], actor: str, era: str) -> list[dict[str, str]]:
    return [dict(row) for row in rows if row["era"] == era and row["actor"] == actor]


def evidence(actor: str, era: str | None = None) -> Trace:
    """Return what an actor's numbers rest on.

    Parameters
    ----------
    actor : str
        ISO code of an ally, "USA.leader" or "USA.institutions".
    era : str, optional
        "2014" (what was coded for 2018), "2018", "2025", or "2024" for the president of that year. Default "2025".

    Returns
    -------
    Trace

    Raises
    ------
    InputError
        If the era or the actor is unknown, or has no prior there.
    """
    chosen = era or "2025"
    if chosen not in ACTORS:
        raise InputError(f"era: {shown(chosen)} is not one of {', '.join(ACTORS)}{nearest(chosen, ACTORS)}")
    if actor not in ACTORS[chosen]:
        names = ACTORS[chosen]
        raise InputError(
            f"actor: {shown(actor)} has no prior in {chosen}; allowed: {', '.join(names)}{nearest(actor, names)}"
        )
    coded = chosen if actor == LEADER else coded_as(chosen)
    return Trace(
        actor,
        chosen,
        priors=_found(table("priors/actors"), actor, chosen)[0],
        rows=[dict(row) for row in table("evidence") if bears_on(row, actor, coded)],
        departures=_found(table("priors/positions"), actor, coded),
    )
