"""The allies, in the order of every array."""

from __future__ import annotations

__all__ = ["ALLIES", "ALLY_INDEX", "ERAS", "LEADERSHIPS", "USA", "eu_allies"]

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

#: Measured leaderships of the United States; their number in the core is their place, counted from one.
LEADERSHIPS: tuple[str, ...] = (
    "washington_2014",
    "washington_2018",
    "washington_2024",
    "washington_2025",
)

#: Allies in the European Union throughout; the United Kingdom left it at the end of January 2020.
_EU = tuple("SWE FIN DNK EST LVA LTU NLD BEL LUX DEU FRA ITA ESP PRT POL CZE SVK HUN SVN HRV ROU BGR GRC".split())
_BREXIT = "2020-02"


def eu_allies(month: str) -> tuple[str, ...]:
    """Return the allies in the European Union in a ``YYYY-MM`` month since 2014, in the order of `ALLIES`."""
    members = (*_EU, "GBR") if month < _BREXIT else _EU
    return tuple(sorted(members, key=ALLY_INDEX.__getitem__))
