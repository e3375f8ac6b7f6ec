import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_sim.errors import InputError
from alliance_sim.model import Actor, AllianceModel, Ally
from alliance_sim.model.quantities import Quantity, ReadOnly
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES

#: Without noise of perceived threat, so that months differ only by the values written.
QUIET = {"sd_threat": 0.0}


def quantities(kind: type) -> Iterator[tuple[str, Quantity]]:
    for name in dir(kind):
        found = getattr(kind, name)
        if isinstance(found, Quantity) and not isinstance(found, ReadOnly):
            yield name, found


def test_every_quantity_of_every_agent_reads_back_the_value_written() -> None:
    model = AllianceModel(seed=1)
    for actor in model.agents:
        for name, quantity in quantities(type(actor)):
            assert math.isfinite(getattr(actor, name))
            value = 0.25 * quantity.low + 0.75 * min(quantity.high, 4.0)
            setattr(actor, name, value)
            assert getattr(actor, name) == value, (actor.iso3, name)


def test_no_two_agents_share_a_number() -> None:
    model = AllianceModel(seed=1)
    model.step()
    others = {iso3: ally.spending for iso3, ally in model.allies.items() if iso3 != "POL"}
    model.allies["POL"].spending = 5.0
    assert {iso3: ally.spending for iso3, ally in model.allies.items() if iso3 != "POL"} == others


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), "much", None])
def test_values_out_of_range_are_refused(value: object) -> None:
    model = AllianceModel(seed=1)
    before = model.allies["HUN"].threat_perception
    with pytest.raises(InputError, match=r"HUN\.threat_perception: .* is out of range; allowed: 0 to 1"):
        model.allies["HUN"].threat_perception = value
    with pytest.raises(InputError, match=r"HUN\.position\['sanctions'\]: .* allowed: 0 to 1"):
        model.allies["HUN"].position["sanctions"] = value
    assert model.allies["HUN"].threat_perception == before


def test_positions_are_a_mapping_by_issue() -> None:
    position = AllianceModel(seed=1).allies["HUN"].position
    assert tuple(position) == ISSUES and len(position) == len(ISSUES)
    assert dict(position) == {issue: position[issue] for issue in ISSUES}
    assert "sanctions" in position and "sanction" not in position
    assert repr(position).startswith("HUN.position: {'russia_strategy':")
    with pytest.raises(InputError, match=r"HUN\.position: 'sanction' is not an issue \(nearest: sanctions\)"):
        position["sanction"]
    with pytest.raises(InputError, match="nearest: open_door"):
        position["opendoor"] = 0.5


@settings(max_examples=15)
@given(st.sampled_from(ALLIES[1:]), st.sampled_from(ISSUES), st.floats(0.1, 0.9))
def test_a_position_written_holds(iso3: str, issue: str, position: float) -> None:
    model = AllianceModel("baseline_2025", seed=1, parameters=QUIET)
    model.step()
    ally = model.allies[iso3]
    ally.position[issue] = position
    assert ally.position[issue] == position
    for _ in range(3):
        model.step()
    assert ally.position[issue] == pytest.approx(position, abs=0.03)


@settings(max_examples=15)
@given(st.sampled_from(ISSUES), st.floats(0.2, 0.8))
def test_a_position_written_for_washington_holds(issue: str, position: float) -> None:
    model = AllianceModel("baseline_2025", seed=1, parameters=QUIET)
    model.step()
    model.united_states.position[issue] = position
    for _ in range(3):
        model.step()
    assert model.united_states.position[issue] == pytest.approx(position, abs=0.05)


def test_washington_turning_from_the_eastern_flank_costs_its_commitment() -> None:
    turned, usual = AllianceModel(seed=1), AllianceModel(seed=1)
    turned.united_states.position["deterrence_posture"] = 0.0
    for _ in range(6):
        turned.step()
        usual.step()
    assert turned.united_states.us_commitment < usual.united_states.us_commitment
    assert turned.outcomes["mean_guarantee_confidence"] < usual.outcomes["mean_guarantee_confidence"]


@pytest.mark.parametrize(("name", "value"), [("threat_perception", 0.9), ("presidential_autonomy", 0.2)])
def test_value_written_for_washington_lasts(name: str, value: float) -> None:
    model = AllianceModel("baseline_2025", seed=1)
    setattr(model.united_states, name, value)
    model.step()
    assert getattr(model.united_states, name) == pytest.approx(value, abs=0.02)


def test_support_by_the_united_states_follows_its_channels() -> None:
    model = AllianceModel(seed=1)
    usa = model.united_states
    before = usa.ukraine_support
    with pytest.raises(InputError, match=r"USA\.ukraine_support: .*write military_aid, economic_aid"):
        usa.ukraine_support = 0.0
    usa.military_aid = usa.economic_aid = usa.intelligence_aid = 0.0
    model.step()
    assert usa.ukraine_support == pytest.approx(0.0, abs=1e-12) and before > 0.0
    assert model.outcomes["ukraine_support_intelligence"] < 0.6


def test_a_lasting_stance_moves_perceived_threat_for_good_and_a_shock_fades() -> None:
    def gap(name: str, value: float) -> float:
        usual, moved = (AllianceModel("baseline_2025", seed=1, threat_reversion=0.15, eta=0.0) for _ in range(2))
        setattr(moved.allies["HUN"], name, value)
        for _ in range(24):
            usual.step()
            moved.step()
        return moved.allies["HUN"].threat_perception - usual.allies["HUN"].threat_perception

    assert gap("stance", 0.3) == pytest.approx(0.3, abs=0.02)
    assert abs(gap("threat_perception", 0.9)) < 0.05


def test_more_intense_war_weakens_ukraine() -> None:
    usual, worse = AllianceModel(seed=1), AllianceModel(seed=1)
    for _ in range(6):
        worse.russia.war_intensity = 1.0
        worse.russia.demands = 0.5
        usual.step()
        worse.step()
    assert worse.ukraine.resistance < usual.ukraine.resistance
    assert worse.ukraine.concession_pressure > usual.ukraine.concession_pressure


def test_a_number_of_an_agent_and_its_outcome_have_one_name() -> None:
    model = AllianceModel("us_russia_reset_2025", seed=1)
    for _ in range(6):
        model.step()
    for actor in (model.united_states, model.russia, model.ukraine):
        for name, _ in quantities(type(actor)):
            value = getattr(actor, name)
            same = [outcome for outcome, other in model.outcomes.items() if other == value and value not in (0.0, 1.0)]
            assert same in ([], [name]), (actor.iso3, name)
            assert name not in model.outcomes or model.outcomes[name] == value, (actor.iso3, name)


def test_agents_document_their_hooks() -> None:
    assert Actor.before_month.__doc__ and Actor.after_month.__doc__ and Ally.position.__doc__
