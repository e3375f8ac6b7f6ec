"""Events in sentences."""

import pytest

import alliance_sim as als
from alliance_sim.registry.events import EVENT_TYPES
from alliance_sim.results import happenings
from alliance_sim.results.happenings import happening, when

AID = "Washington {} of what the war requires"
CASES = [
    ("accession", {"ally": "FIN"}, "Finland joins the alliance"),
    ("aid_change", {"channel": "military", "share": -0.5}, AID.format("cuts its military aid to Ukraine by 50 %")),
    ("aid_change", {"channel": "all", "share": 0.25}, AID.format("raises its support for Ukraine by 25 %")),
    ("aid_change", {"channel": "intelligence", "share": -1.0}, "Washington ends its intelligence support for Ukraine"),
    (
        "bilateral_summit",
        {"openness": 0.1, "follow_up": 1, "process": True},
        "the U.S. and Russian presidents meet behind closed doors (conciliation 0.4) and begin a standing process; "
        "the next meeting is planned in a month",
    ),
    ("bilateral_summit", {"openness": 0.9}, "the U.S. and Russian presidents meet in the open (conciliation 0.4)"),
    ("ceasefire", {}, "the fighting in Ukraine stops"),
    ("ceasefire", {"size": 0.4}, "the fighting in Ukraine stops by 40 %"),
    ("ceasefire_offer", {"size": 0.4}, "a ceasefire is offered (size 0.4); the war goes on"),
    (
        "dispute",
        {"holder": "HUN", "issue": "open_door", "about": "funds"},
        "Hungary begins to hold up texts on the open door over funds",
    ),
    ("escalation", {"size": 0.15}, "Russia escalates (size 0.15; 1 is February 2022)"),
    (
        "exercise",
        {"partner": "Georgia", "ambition": -0.1},
        "the alliance calls for an exercise with Georgia, smaller than usual",
    ),
    (
        "guarantee_statement",
        {"about": ["ESP", "NLD"], "severity": -0.4},
        "the U.S. president affirms the guarantee for Spain and the Netherlands (severity 0.4)",
    ),
    (
        "hybrid_campaign",
        {"size": 0.5},
        "Russia puts pressure on allies by sabotage, influence and energy (strength 0.5)",
    ),
    ("leadership_change", {"ally": "USA", "stance": "washington_2024"}, "Washington is led as in 2024"),
    (
        "leadership_change",
        {"ally": "SVK", "stance": -0.1},
        "the government of Slovakia changes and sees less of a threat (-0.1)",
    ),
    ("sanctions_relief", {"share": 0.4}, "the president seeks to lift 40 % of the U.S. sanctions on Russia"),
    ("sanctions_relief", {"share": -0.2}, "Washington adds to its sanctions on Russia (20 %)"),
    ("shift", {"name": "position.open_door.HUN", "by": -0.1}, "position on the open door of Hungary: changed by -0.1"),
    ("shift", {"name": "norm.open_door", "to": 0.2}, "level in force on the open door: set to 0.2"),
    ("shift", {"name": "assertiveness", "to": 0.5}, "Russia's assertiveness: set to 0.5"),
    (
        "spending_demand",
        {"percent": 5.0, "pressure": 0.5},
        "Washington demands in public 5 % of GDP for defence (pressure 0.5)",
    ),
    (
        "strategic_document",
        {},
        "U.S. departments publish a strategy that names Russia as a rival (strength 0.5)",
    ),
    (
        "trade_dispute",
        {"with": ["CAN", "EU"], "size": 0.3},
        "Washington escalates a trade dispute with Canada and the EU (size 0.3)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "said"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_an_event_is_a_sentence(kind: str, fields: dict[str, object], said: str) -> None:
    assert happening(EVENT_TYPES[kind](month="2026-03", source="hypothetical", **fields)) == said


def test_every_type_has_a_sentence() -> None:
    assert {kind for kind, *_ in CASES} == {*EVENT_TYPES} == {*happenings._SENTENCES}


@pytest.mark.parametrize(
    ("fields", "month", "said"),
    [
        ({"probability": 0.064}, "March 2026", "; with a chance of 6.4 %"),
        ({"probability": 0.1, "during": 12}, "from March 2026, 12 months", "; with a chance of 10 % in each month"),
        (
            {"when": "cohesion <= 0.5"},
            "March 2026",
            "; if cohesion of the alliance was at most 0.5 the month before",
        ),
    ],
)
def test_chance_and_condition_are_said(fields: dict[str, object], month: str, said: str) -> None:
    event = EVENT_TYPES["escalation"](month="2026-03", size=0.1, source="hypothetical", **fields)
    assert (when(event), happening(event)) == (month, f"Russia escalates (size 0.1; 1 is February 2022){said}")


@pytest.mark.parametrize("name", als.list_scenarios())
def test_no_code_or_key_is_in_a_sentence(name: str) -> None:
    for event in als.load_scenario(name).events:
        said = happening(event)
        assert "_" not in said and "None" not in said and "{" not in said, said
        assert not any(code in said.split() for code in event.allies())
