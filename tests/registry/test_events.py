import pytest
from pydantic import ValidationError

from alliance_sim.core.structures import AllyState, Forcing, IssueState, Param, World
from alliance_sim.registry.actors import eu_allies
from alliance_sim.registry.eras import LEADERSHIPS
from alliance_sim.registry.events import AT_THE_START, EVENT_TYPES, SHIFTABLE, Effect, Event
from alliance_sim.registry.parameters import PARAMETERS

# The fewest fields of each type, and its effects: (kind, name, value, actor).
EFFECTS = {
    "bilateral_summit": (
        {"conciliation": 0.5, "openness": 0.25, "follow_up": 4, "process": True},
        [
            ("forcing", "conciliation", 0.5, None),
            ("forcing", "opacity", 0.75, None),
            ("forcing", "private", 0.75, None),
            ("forcing", "follow_up", 4.0, None),
            ("forcing", "process", 1.0, None),
        ],
    ),
    "aid_change": (
        {"channel": "all", "share": -1},
        [("forcing", f"aid_{name}", -1.0, None) for name in ("military", "economic", "intelligence")],
    ),
    "sanctions_relief": ({"share": 0.4}, [("forcing", "relief", 0.4, None)]),
    "guarantee_statement": ({"about": "MNE"}, [("forcing", "statement", 0.5, "MNE")]),
    "spending_demand": (
        {"percent": 2, "pressure": 0.7},
        [("forcing", "demand", 0.7, None), ("world", "demanded_spending", 2.0, None)],
    ),
    "trade_dispute": (
        {"with": ["CAN", "DEU"], "size": 0.3},
        [("forcing", "trade", 0.3, "CAN"), ("forcing", "trade", 0.3, "DEU")],
    ),
    "strategic_document": ({"strength": 0.6}, [("forcing", "document", 0.6, None)]),
    "leadership_change": ({"ally": "ITA", "stance": -0.2}, [("forcing", "stance", -0.2, "ITA")]),
    "escalation": ({"size": 0.3}, [("forcing", "escalation", 0.3, None), ("forcing", "war", 0.3, None)]),
    "ceasefire_offer": ({"size": 0.5}, [("world", "concession_pressure", 0.05, None)]),
    "ceasefire": ({}, [("forcing", "war", -1.0, None)]),
    "hybrid_campaign": ({"target": ["EST"], "size": 0.4}, [("forcing", "hybrid", 0.4, "EST")]),
    "accession": ({"ally": "MKD"}, []),
    "dispute": (
        {"holder": "HUN", "issue": "sanctions", "about": "funds"},
        [("dispute", "dispute", 1.0, "HUN")],
    ),
    "exercise": ({"partner": "Georgia", "ambition": -0.1}, [("forcing", "exercise", -0.1, None)]),
    "shift": ({"name": "assertiveness", "by": 0.2}, [("world", "assertiveness", 0.2, None)]),
}
SYMBOLS = {
    "forcing": Forcing.__members__,
    "world": World.__members__,
    "ally": AllyState.__members__,
    "issue": IssueState.__members__,
    "parameter": Param.__members__,
}


def event(type_: str, month: str = "2018-07", **fields: object) -> Event:
    return EVENT_TYPES[type_].model_validate({"month": month, "source": "test", **fields})


def test_every_type_is_checked_here() -> None:
    assert set(EFFECTS) == set(EVENT_TYPES)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_effects(name: str) -> None:
    fields, expected = EFFECTS[name]
    found = event(name, **fields).effects()
    assert [(e.kind, e.name, e.value, e.actor) for e in found] == [pytest.approx(row) for row in expected]
    assert all(e.kind == e.name == "dispute" or e.name in SYMBOLS[e.kind] for e in found)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_type_documents_itself(name: str) -> None:
    kind = EVENT_TYPES[name]
    assert kind.__doc__
    assert kind.basis
    assert all(field.description for key, field in kind.model_fields.items() if key != "type")


def test_defaults_leave_follow_up_and_process_alone() -> None:
    names = [effect.name for effect in event("bilateral_summit").effects()]
    assert names == ["conciliation", "opacity", "private"]


def test_european_union_stands_for_its_members() -> None:
    found = event("trade_dispute", **{"with": ["EU", "DEU", "CAN"], "size": 0.1}).effects()
    actors = [effect.actor for effect in found]
    assert len(actors) == len(set(actors)) == len(eu_allies("2018-07")) + 1
    assert {"GBR", "DEU", "CAN"} <= set(actors)
    assert "NOR" not in actors


@pytest.mark.parametrize(("code", "stance"), list(enumerate(LEADERSHIPS, 1)))
def test_washington_changes_to_a_measured_leadership(code: int, stance: str) -> None:
    (effect,) = event("leadership_change", ally="USA", stance=stance).effects()
    assert effect == Effect("forcing", "leader", float(code), op="set")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tolerated_move", Effect("parameter", "tolerated_move", 0.1, op="set")),
        ("susceptibility.HUN", Effect("parameter", "susceptibility", 0.1, "HUN", op="set")),
        ("war_intensity", Effect("world", "war_intensity", 0.1, op="set")),
        ("threat_perception.POL", Effect("ally", "threat_perception", 0.1, "POL", op="set")),
        ("guarantee_confidence", Effect("ally", "guarantee_confidence", 0.1, op="set")),
        ("norm.sanctions", Effect("issue", "norm", 0.1, issue="sanctions", op="set")),
        ("position.sanctions.HUN", Effect("position", "position", 0.1, "HUN", "sanctions", "set")),
    ],
)
def test_shift_reaches_parameters_and_states(name: str, expected: Effect) -> None:
    assert event("shift", name=name, to=0.1).effects() == (expected,)


def test_every_shift_has_a_place_in_the_core() -> None:
    names = [*SHIFTABLE, *(name for name, p in PARAMETERS.items() if not p.per_ally and name not in AT_THE_START)]
    for name in names:
        (effect,) = event("shift", name=name, by=0.0).effects()
        assert effect.kind == "position" or effect.name in SYMBOLS[effect.kind], name


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "tolerated_move"}, "by or to"),
        ({"name": "tolerated_move", "by": 0.0, "to": 0.0}, "by or to"),
        ({"name": "norm.sanctons", "to": 0.5}, "nearest: norm.sanctions"),
        ({"name": "holdup.HUN", "to": 0.5}, "gone; dispute_onset.HUN took its place"),
        ({"name": "norm.sanctions", "to": 1.5}, "allowed: 0 to 1"),
        ({"name": "war_intensity", "by": -2}, "allowed: -1 to 1"),
        ({"name": "threat_perception.USA.leader", "to": 0.5}, "leadership_change"),
        ({"name": "min_salience", "to": 0.5}, "start of a run"),
    ],
)
def test_shift_refuses(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        event("shift", **fields)


@pytest.mark.parametrize(
    ("type_", "fields", "message"),
    [
        ("leadership_change", {"ally": "USA", "stance": 0.1}, "stance of USA"),
        ("leadership_change", {"ally": "ITA", "stance": "washington_2024"}, "stance of USA"),
        ("leadership_change", {"ally": "ITA", "stance": True}, "not a stance"),
        ("guarantee_statement", {"about": "USA"}, "not the code of an ally other than USA"),
        ("guarantee_statement", {"about": []}, "is empty"),
        ("guarantee_statement", {"about": ["EST", "EST"]}, "EST: named twice"),
        ("escalation", {"size": float("nan")}, "finite"),
        ("escalation", {"size": "0.5"}, "valid number"),
        ("escalation", {"size": True}, "valid number"),
        ("escalation", {"size": 0.5, "source": " "}, "at least 1 character"),
        ("escalation", {"size": 0.5, "month": "2025-6"}, "not a month"),
        ("escalation", {"size": 0.5, "id": "two words"}, "not a name"),
        ("escalation", {"size": 0.5, "during": 0}, "greater than or equal to 1"),
        ("escalation", {"size": 0.5, "during": 241}, "less than or equal to 240"),
        ("escalation", {"size": 0.5, "during": 2.0}, "valid integer"),
        ("escalation", {"size": 0.5, "during": True}, "valid integer"),
        ("accession", {"ally": "FIN", "during": 2}, "accession is certain; allowed: neither probability nor during"),
        ("accession", {"ally": "FIN", "probability": 0.5}, "accession is certain"),
        ("accession", {"ally": "FIN", "when": "cohesion > 0.5"}, "accession is certain"),
    ],
)
def test_event_refuses(type_: str, fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        event(type_, **fields)


def test_default_id_holds_type_month_and_subject() -> None:
    assert event("escalation", size=0.1).id == "escalation-2018-07"
    assert event("guarantee_statement", about=["EST", "LVA"]).id == "guarantee_statement-2018-07-EST-LVA"
    assert event("hybrid_campaign", size=0.1).id == "hybrid_campaign-2018-07"
    assert event("escalation", size=0.1, id="mine").id == "mine"


@pytest.mark.parametrize("name", sorted(set(EVENT_TYPES) - {"accession"}))
def test_how_long_an_event_may_happen_changes_neither_its_name_nor_its_effects(name: str) -> None:
    fields, _ = EFFECTS[name]
    once, long = event(name, **fields), event(name, **fields, during=24)
    assert (once.during, long.during) == (1, 24)
    assert once.id == long.id and once.effects() == long.effects() and once.allies() == long.allies()


def test_an_accession_has_one_month() -> None:
    assert event("accession", ally="FIN", during=1).during == 1


def test_event_is_immutable() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        event("escalation", size=0.1).month = "2018-08"
