"""What readers see in place of names: plain labels of allies, outcomes, issues, forums, decisions and rules.

Only texts are here: a name that is used in files and tables is defined in its own module of the registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from alliance_sim.data import table

__all__ = [
    "ALLY_NAMES",
    "DECISION_LABELS",
    "FORUM_NAMES",
    "GROUPS",
    "ISSUE_LABELS",
    "ISSUE_NAMES",
    "OUTCOME_GROUPS",
    "OUTCOME_LABELS",
    "RULE_LABELS",
]

_WITH_ARTICLE = ("USA", "GBR", "NLD")
#: Allies as a noun that fits into a sentence, with its article.
ALLY_NAMES: Mapping[str, str] = MappingProxyType(
    {
        row["iso3"]: f"the {row['name']}" if row["iso3"] in _WITH_ARTICLE else row["name"]
        for row in table("facts/actors")
        if row["nato_accession"]
    }
)
#: Groups of outcomes, in the order of tables; each with its outcomes and their labels.
_OUTCOMES: Mapping[str, Mapping[str, str]] = {
    "cohesion": {
        "cohesion": "cohesion of the alliance",
        "agreement": "agreement of positions",
        "consensus_capacity": "capacity for consensus",
        "mean_guarantee_confidence": "confidence in the U.S. guarantee",
        "burden_sharing": "sharing of the burden",
        "threat_gap": "threat gap between Europe and Washington",
        "polarisation": "polarisation over Russia",
        "camps": "number of camps over Russia",
    },
    "decisions": {
        "sanctions_durability": "durability of EU sanctions",
        "objector_hazard": "chance of an objection to EU sanctions",
        "objector_weight": "weight of objectors to EU sanctions",
        "exercise_participation": "participation in partner exercises",
        "postponements": "number of follow-up meetings postponed",
        "blow_ups": "number of meetings that blew up",
    },
    "deterrence": {
        "deterrence": "deterrence",
        "deterrence_without_us": "deterrence without the United States",
        "mean_spending": "defence spending of allies",
        "spending_spread": "spread of defence spending",
    },
    "Russia and Ukraine": {
        "isolation": "isolation of Russia",
        "assertiveness": "assertiveness of Russia",
        "demands": "demands of Russia",
        "war_intensity": "intensity of the war",
        "resistance": "Ukraine's capacity to resist",
        "concession_pressure": "pressure on Ukraine to concede",
        "ukraine_support_total": "aid to Ukraine",
        "ukraine_support_military": "military aid to Ukraine",
        "ukraine_support_economic": "economic aid to Ukraine",
        "ukraine_support_intelligence": "intelligence support of Ukraine",
    },
    "Washington": {
        "us_commitment": "U.S. commitment to Europe",
        "conciliation": "conciliation of Moscow by Washington",
        "opacity": "what allies do not know of closed-door talks",
        "criticism": "criticism of the president's course",
        "presidential_autonomy": "weight of the president in Washington",
        "presidential_support": "support at home from breakthroughs",
        "institutions_stance": "threat as U.S. institutions see it",
        "open_door_us": "U.S. position on the open door",
    },
}
GROUPS: tuple[str, ...] = tuple(_OUTCOMES)
OUTCOME_LABELS: Mapping[str, str] = MappingProxyType(
    {name: label for labels in _OUTCOMES.values() for name, label in labels.items()}
)
OUTCOME_GROUPS: Mapping[str, str] = MappingProxyType(
    {name: group for group, labels in _OUTCOMES.items() for name in labels}
)
#: Issues as a noun that fits into a sentence.
ISSUE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "russia_strategy": "Russia strategy",
        "deterrence_posture": "deterrence posture",
        "defence_spending": "defence spending",
        "ukraine_support": "support for Ukraine",
        "sanctions": "sanctions on Russia",
        "open_door": "open door",
        "russia_dialogue": "dialogue with Russia",
        "southern_flank": "southern flank",
        "partner_exercises": "partner exercises",
    }
)
#: The same with their article, as they stand in a sentence.
ISSUE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        name: f"the {label}"
        if name in ("russia_strategy", "deterrence_posture", "open_door", "southern_flank")
        else label
        for name, label in ISSUE_LABELS.items()
    }
)
#: Forums as a noun that fits into a sentence, with its article.
FORUM_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "nac": "the North Atlantic Council",
        "nato_summit": "the NATO summit",
        "eu_council": "the EU Council",
        "g7": "the G7",
    }
)
#: What became of a text, as the end of a sentence about it.
DECISION_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "adopted": "adopted",
        "diluted": "watered down",
        "withdrawn": "never tabled",
        "blocked": "blocked",
        "deferred": "put off",
    }
)
RULE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "unanimity": "consensus of all",
        "unanimity_minus_n": "consensus of all but a few",
        "constructive_abstention": "consensus with constructive abstention",
        "qualified_majority": "qualified majority",
        "coalition": "coalition of the willing",
    }
)
