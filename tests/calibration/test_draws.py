"""Draws of perceptions and positions."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alliance_sim.calibration.actors import LOWEST, ActorDraws, draws, override_names
from alliance_sim.calibration.posterior import table_of
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.distributions import Calibration
from alliance_sim.registry.eras import ERAS, LEADERS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.keys import stable_id

N, K, L = len(ALLIES), len(ISSUES), len(LEADERS)


def arrays(found: ActorDraws) -> list[np.ndarray]:
    return [getattr(found, field.name) for field in dataclasses.fields(found)]


def mean(era: str, issue: str, actor: str) -> float:
    return float(draws(era, 3, 0, 2000).position[:, ALLY_INDEX[actor], ISSUES.index(issue)].mean())


@pytest.mark.parametrize("era", ERAS)
def test_shapes_and_ranges(era: str) -> None:
    found = draws(era, 1, 0, 500)
    shapes = [(500, N), (500, N, K), (500, L), (500, L, K), (500,), (500, K), (500, K)]
    for values, shape in zip(arrays(found), shapes, strict=True):
        assert values.shape == shape and values.dtype == np.float64
    for values in arrays(found)[:-1]:  # the last are slopes
        assert (values >= LOWEST).all() and (values <= 1 - LOWEST).all()
    assert (found.threat[:, 0] == found.institutions_threat).all()
    assert (found.position[:, 0] == found.institutions_position).all()


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**64 - 1),
    start=st.integers(0, 50),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_a_draw_does_not_depend_on_its_neighbours(seed: int, start: int, sizes: list[int]) -> None:
    """Chunks of any sizes put together are the whole, and a shorter run has the first draws of a longer one."""
    bounds = np.cumsum([start, *sizes])
    whole = arrays(draws("2025", seed, start, int(bounds[-1]) + 3))
    chunks = [arrays(draws("2025", seed, int(a), int(b))) for a, b in pairwise(bounds)]
    for j, values in enumerate(whole):
        assert np.array_equal(values[:-3], np.concatenate([chunk[j] for chunk in chunks]))


@pytest.mark.parametrize("kind", ["posterior", "prior"])
def test_a_block_of_draws_has_the_perceptions_of_all_rows(kind: Calibration) -> None:
    rows = table_of(kind)
    column = rows.values[:, rows.names.index("threat.DEU.2018")]
    threat = draws("2018", 5, 0, len(rows), calibration=kind).threat[:, ALLY_INDEX["DEU"]]
    assert np.array_equal(np.sort(threat), np.sort(np.clip(column, LOWEST, 1 - LOWEST)))


def test_seeds_differ() -> None:
    assert not np.array_equal(draws("2025", 1, 0, 5).threat, draws("2025", 2, 0, 5).threat)


def test_names_have_distinct_identifiers() -> None:
    names = override_names()
    assert len(names) == (N + 1) * (K + 1) == len({stable_id(name) for name in names})
    assert {"threat_perception.USA.leader", "position.sanctions.HUN"} <= set(names)
    assert "threat_perception.USA" not in names


def test_a_fixed_perception_moves_that_actor_along_the_curves_only() -> None:
    free, fixed = draws("2025", 4, 0, 300), draws("2025", 4, 0, 300, {"threat_perception.HUN": 0.9})
    hungary = ALLY_INDEX["HUN"]
    assert (fixed.threat[:, hungary] == 0.9).all()
    sanctions = ISSUES.index("sanctions")
    assert fixed.position[:, hungary, sanctions].mean() > free.position[:, hungary, sanctions].mean() + 0.4
    for before, after in zip(arrays(free)[:2], arrays(fixed)[:2], strict=True):
        assert np.array_equal(np.delete(before, hungary, 1), np.delete(after, hungary, 1))


def test_a_fixed_position_wins_over_a_fixed_perception() -> None:
    found = draws("2018", 4, 0, 20, {"threat_perception.ITA": 0.9, "position.sanctions.ITA": 0.1})
    italy = ALLY_INDEX["ITA"]
    assert (found.position[:, italy, ISSUES.index("sanctions")] == 0.1).all()
    assert found.position[:, italy, ISSUES.index("russia_strategy")].mean() > 0.7


@pytest.mark.parametrize("era", ERAS)
def test_the_leader_fixed_is_the_era_s_own(era: str) -> None:
    column = LEADERS.index(era)
    fixed = {"threat_perception.USA.leader": 0.5, "threat_perception.USA.institutions": 0.6}
    found = draws(era, 4, 0, 20, fixed)
    assert (found.leader_threat[:, column] == 0.5).all()
    assert not (np.delete(found.leader_threat, column, 1) == 0.5).any()
    assert (found.institutions_threat == 0.6).all() and (found.threat[:, 0] == 0.6).all()


def test_presidents_are_the_same_in_all_eras_and_use_common_random_numbers() -> None:
    past, present = draws("2018", 9, 0, 50), draws("2025", 9, 0, 50)
    assert np.array_equal(past.leader_position, present.leader_position)
    assert np.array_equal(past.leader_position, draws("2014", 9, 0, 50).leader_position)
    order = [present.leader_threat[:, LEADERS.index(era)] for era in ("2024", "2018", "2025")]
    assert (order[0] > order[1]).all()


#: An order that positions had while a formula computed them.
COMPUTED = pytest.mark.xfail(reason="evidence does not tell these two apart, or the other way round")


@pytest.mark.parametrize(
    ("era", "issue", "falling"),
    [
        ("2025", "ukraine_support", "EST DEU ITA HUN"),
        ("2025", "sanctions", "POL FRA ESP SVK"),
        ("2025", "sanctions", "FRA TUR"),
        pytest.param("2025", "sanctions", "SVK TUR", marks=COMPUTED),
        ("2025", "defence_spending", "POL DEU ITA"),
        ("2025", "defence_spending", "POL DEU ESP"),
        pytest.param("2025", "defence_spending", "ITA ESP", marks=COMPUTED),
        ("2025", "russia_dialogue", "LTU NLD GRC HUN"),
        ("2025", "open_door", "EST DEU HUN"),
        ("2025", "southern_flank", "ESP FRA GBR EST"),
        ("2018", "southern_flank", "ITA FRA POL"),
        ("2018", "partner_exercises", "POL GBR ESP ITA"),
        ("2018", "sanctions", "LVA DEU HUN"),
        ("2018", "sanctions", "LVA DEU TUR"),
        pytest.param("2018", "sanctions", "HUN TUR", marks=COMPUTED),
    ],
)
def test_order_of_positions(era: str, issue: str, falling: str) -> None:
    values = [mean(era, issue, actor) for actor in falling.split()]
    assert all(higher > lower + 0.03 for higher, lower in pairwise(values)), values


#: Positions are measured from words and acts of governments, and some ask for more than they insist on at the table.
WORDS = pytest.mark.xfail(reason="governments say more than they do: docs/model.md, Limitations")


@pytest.mark.parametrize(
    ("era", "doubter"),
    [
        pytest.param("2025", "HUN", marks=WORDS),
        pytest.param("2025", "SVK", marks=WORDS),
        pytest.param("2018", "HUN", marks=WORDS),
        pytest.param("2018", "ITA", marks=WORDS),
        ("2018", "GRC"),
    ],
)
def test_doubters_can_live_with_renewed_sanctions(era: str, doubter: str) -> None:
    """Every rollover passed: at q = 0.6 against lapse a member accepts from 0.3 on, less some tolerance."""
    assert 0.3 < mean(era, "sanctions", doubter) < 0.6


def presidents_and_institutions() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean positions of presidents (L, K) and of institutions in 2025 (K,)."""
    found = draws("2025", 2, 0, 500)
    return found.leader_position.mean(axis=0), found.institutions_position.mean(axis=0)


def test_presidents_want_spending_more_than_institutions_and_less_of_what_concerns_russia() -> None:
    presidents, institutions = presidents_and_institutions()
    spending = ISSUES.index("defence_spending")
    both = presidents[[LEADERS.index("2018"), LEADERS.index("2025")], spending]
    assert (both > institutions[spending] + 0.05).all()
    others = [issue for issue in range(K) if issue not in (spending, ISSUES.index("southern_flank"))]
    assert (presidents[LEADERS.index("2025"), others] < institutions[others]).all()


@pytest.mark.xfail(reason="measured at .84 to .85: two readings each, with errors of coders")
def test_presidents_want_spending_nearly_without_limit() -> None:
    presidents, _ = presidents_and_institutions()
    assert (presidents[[LEADERS.index("2018"), LEADERS.index("2025")], ISSUES.index("defence_spending")] > 0.9).all()


def test_unknown_era_is_refused() -> None:
    with pytest.raises(InputError, match="2019"):
        draws("2019", 1, 0, 1)


def test_unknown_override_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"overrides: 'position.sanctions.HUM' is unknown .nearest: position.sanctions.HUN."
    ):
        draws("2025", 0, 0, 2, {"position.sanctions.HUM": 0.5})
