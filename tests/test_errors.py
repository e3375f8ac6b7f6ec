"""The hint that names what was probably meant."""

import pytest

from alliance_sim.errors import few_hints, nearest
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import FORUMS
from alliance_sim.registry.parameters import PARAMETERS, parameter_names

NAMES = (*PARAMETERS, *parameter_names())


@pytest.mark.parametrize(
    ("name", "names", "meant"),
    [
        ("kapa", NAMES, "kappa"),
        ("susceptibilty.HUN", NAMES, "susceptibility.HUN"),
        ("susceptibility.GRB", NAMES, "susceptibility.GBR"),
        ("position.sanction.USA.leadr", NAMES, "position.sanctions.USA.leader"),
        ("threat_perception.USA", NAMES, ""),
        ("threat_perception.POL.x", NAMES, ""),
        ("horizon", NAMES, ""),
        ("", NAMES, ""),
        (".", NAMES, ""),
        ("x" * 81, ("x" * 80,), ""),
        ("UKR", ALLIES, ""),
        ("grb", ALLIES, "GBR"),
        ("DE", ALLIES, "DEU"),
        ("NATO", FORUMS, "nato_summit"),
        ("2024", ("2014", "2018", "2025"), "2025"),
    ],
)
def test_nearest_names_what_is_close_and_nothing_else(name: str, names: tuple[str, ...], meant: str) -> None:
    assert nearest(name, names) == (f" (nearest: {meant})" if meant else "")


def test_hints_can_be_limited() -> None:
    with few_hints(2):
        assert [bool(nearest("kapa", NAMES)) for _ in range(4)] == [True, True, False, False]
    assert nearest("kapa", NAMES)
