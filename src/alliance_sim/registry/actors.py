"""The allies, in the order of every array."""

from __future__ import annotations

__all__ = ["ALLIES", "ALLY_INDEX", "ERAS", "USA"]

#: The 32 members of 2025, simulated throughout in every era; a forum's membership at a date is a mask.
ALLIES: tuple[str, ...] = tuple(
    (
        "USA CAN ISL GBR NOR SWE FIN DNK EST LVA LTU NLD BEL LUX DEU FRA "
        "ITA ESP PRT POL CZE SVK HUN SVN HRV ROU BGR MNE ALB MKD GRC TUR"
    ).split()
)
ALLY_INDEX: dict[str, int] = {iso3: i for i, iso3 in enumerate(ALLIES)}
USA = 0

#: Starting points: before Crimea, mid-2018, mid-2025.
ERAS: tuple[str, ...] = ("2014", "2018", "2025")
