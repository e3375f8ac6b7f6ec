"""Where an actor's numbers come from: statements, leanings, and what the measurement model makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_sim.calibration.facts import members
from alliance_sim.calibration.leanings import CODERS, leanings
from alliance_sim.calibration.statements import statements
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERA_TABLE, ERAS, coded_as
from alliance_sim.registry.issues import ISSUES

__all__ = ["ACTORS", "Trace", "evidence"]

LEADER, INSTITUTIONS = "USA.leader", "USA.institutions"

#: Who is measured, by era.
ACTORS = {
    name: (LEADER,) if era.leader_only else (LEADER, INSTITUTIONS, *ALLIES[1:]) for name, era in ERA_TABLE.items()
}


@dataclass(frozen=True)
class Trace:
    """The evidence behind an actor's numbers in one era; ``str()`` renders it as plain text.

    Attributes
    ----------
    actor, era : str
    traits : dict
        ``threat`` and ``south``: mean and standard deviation of the posterior.
    rows : list of dict
        The coded statements about the actor, by name or as a member of a group, once for each coder.
    leanings : list of dict
        The leaning of its government as each coder coded it.
    departures : dict
        Mean and standard deviation of its departures from the issue curves, by issue, where a statement tells.

    Examples
    --------
    >>> trace = evidence("POL", era="2025")
    >>> trace.actor, trace.era, sorted(trace.traits), len(trace.leanings), trace.departures
    ('POL', '2025', ['south', 'threat'], 2, {})
    >>> str(trace).splitlines()[0], "A-30" in {row["id"] for row in trace.rows}
    ('POL, 2025', True)
    """

    actor: str
    era: str
    traits: dict[str, tuple[float, float]]
    rows: list[dict[str, str]]
    leanings: list[dict[str, str]]
    departures: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        (threat, threat_sd), (south, south_sd) = self.traits["threat"], self.traits["south"]
        lines = [
            f"{self.actor}, {self.era}",
            f"  threat perception {threat:.2f} (sd {threat_sd:.2f})",
            f"  southern orientation {south:.2f} (sd {south_sd:.2f})",
        ]
        for row in self.leanings:
            lines.append(f"  leaning {row['lean']}: {row['reason']}")
        for row in self.rows:
            about = row["issue"] or row["construct"]
            mark = f"level {row['level']}" if row["level"] else f"change {row['direction'] or 'not stated'}"
            lines.append(f"  {row['id']} paragraph {row['paragraph']}, {about}, {mark}: {row['paraphrase']}")
        for issue, (mean, sd) in self.departures.items():
            lines.append(f"  {issue} {mean:+.2f} (sd {sd:.2f}) from the curve")
        return "\n".join(lines)


def _measured(columns: dict[str, str]) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation by name of those columns that the draws have."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(data_folder("calibration") / "posterior" / "measurement.parquet")
    there = {name: column for name, column in columns.items() if column in file.schema_arrow.names}
    rows = file.read(columns=list(there.values()))
    values = {name: rows[column].to_numpy() for name, column in there.items()}
    return {name: (float(each.mean(dtype=float)), float(each.std(dtype=float))) for name, each in values.items()}


def _is_about(row: dict[str, str], actor: str, era: str) -> bool:
    """Return whether a statement is about an actor in an era; earlier ones may still count, but not for a president."""
    eras = (era,) if actor == LEADER else (era, *ERA_TABLE[era].also_counts)
    groups = members(row["era"])
    return row["era"] in eras and any(
        actor == name or actor in groups.get(name, ()) for name in row["actors"].split(";")
    )


def evidence(actor: str, era: str | None = None) -> Trace:
    """Return the evidence behind an actor's numbers.

    Parameters
    ----------
    actor : str
        ISO code of an ally, "USA.leader" or "USA.institutions".
    era : str, optional
        One of `ACTORS`. By default the last that a scenario can begin from.

    Returns
    -------
    Trace

    Raises
    ------
    InputError
        If the era or the actor is unknown, or is not measured there.

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
            f"actor: {shown(actor)} is not measured in {chosen}; allowed: {', '.join(names)}{nearest(actor, names)}"
        )
    president = actor == LEADER
    eras = (chosen,) if president else tuple(dict.fromkeys((chosen, coded_as(chosen))))
    south = f"south.{actor}.{chosen}" if president else f"south.{actor}"
    departures = {issue: f"departure.{actor}.{issue}.{eras[-1]}" for issue in ISSUES}
    return Trace(
        actor,
        chosen,
        traits=_measured({"threat": f"threat.{actor}.{chosen}", "south": south}),
        rows=[dict(row) for row in statements() if any(_is_about(dict(row), actor, each) for each in eras)],
        leanings=[
            dict(row)
            for coder in CODERS
            for row in leanings(coder)
            if (row["actor"], row["era"]) == (actor.removesuffix(".leader"), chosen)
        ],
        departures=_measured(departures),
    )
