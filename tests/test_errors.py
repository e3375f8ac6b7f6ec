"""Hints for names that were probably meant, and texts made printable."""

from pathlib import Path

import pytest

from alliance_sim.errors import few_hints, nearest, printable
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.events import EVENT_TYPES
from alliance_sim.registry.forums import FORUMS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import parameter_names
from alliance_sim.registry.parameters import PARAMETERS

NAMES = (*PARAMETERS, *parameter_names())


@pytest.mark.parametrize(
    ("name", "names", "meant"),
    [
        ("threat_reversio", NAMES, "threat_reversion"),
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
        # Two are as close: none is better than the wrong one.
        ("2016", ("2014", "2018", "2025"), ""),
        ("cohesive", ("cohesion", "cohesiom"), ""),
        ("a.sanctons.x", ("a.sanctons1.x", "a.sanctons2.x"), ""),
        ("events", ("event1", "event2", "event3", "event4", "event5", "event6", "event7"), ""),
    ],
)
def test_nearest_suggests_only_close_names(name: str, names: tuple[str, ...], meant: str) -> None:
    assert nearest(name, names) == (f" (nearest: {meant})" if meant else "")


@pytest.mark.parametrize(
    "names", [PARAMETERS, OUTCOMES, ISSUES, EVENT_TYPES], ids=["parameter", "outcome", "issue", "event"]
)
def test_a_name_without_one_of_its_letters_is_recognised(names: dict[str, object]) -> None:
    wrong = {
        name[:i] + name[i + 1 :]: name
        for name in names
        for i in range(len(name))
        if nearest(name[:i] + name[i + 1 :], names) != f" (nearest: {name})"
    }
    assert wrong == {}


def test_the_number_of_hints_can_be_limited() -> None:
    with few_hints(2):
        assert [bool(nearest("threat_reversio", NAMES)) for _ in range(4)] == [True, True, False, False]
    assert nearest("threat_reversio", NAMES)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Elysée, naïve", "Elysée, naïve"),
        ("a\x1b[2J\n", r"a\x1b[2J\n"),
        ("\u202eleft", r"\u202eleft"),
        ("\udcff", r"\udcff"),
        (r"C:\new", r"C:\new"),
        (Path("a\tb.yaml"), r"a\tb.yaml"),
    ],
)
def test_printable_escapes_what_a_terminal_would_interpret(text: str | Path, escaped: str) -> None:
    assert printable(text) == escaped and escaped.isprintable()
