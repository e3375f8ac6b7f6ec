import copy
import inspect
import pickle
from functools import cache
from pathlib import Path
from typing import ClassVar

import mesa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_sim.compile import ALLY_VARIABLES, Block, compile_scenario
from alliance_sim.errors import InputError
from alliance_sim.model import Actor, AllianceModel, Ally, Russia, Ukraine, UnitedStates
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import list_scenarios, load_scenario

MESA = tuple(int(part) for part in mesa.__version__.split(".")[:2])


def in_batch(name: str, seed: int, draw: int, parameters: dict[str, float]) -> Block:
    """The draw in the middle of a block of others, run from end to end at once."""
    scenario = load_scenario(name)
    program = compile_scenario(scenario.with_parameters(parameters) if parameters else scenario)
    block = program.block(seed, max(0, draw - 1), draw + 2, "allies")
    program.run(block, seed)
    return block


@cache
def finished() -> AllianceModel:
    model = AllianceModel("baseline_2025", seed=1, draw=3)
    model.run_model()
    return model


@pytest.mark.parametrize("name", list_scenarios())
@settings(max_examples=3)
@given(
    seed=st.integers(0, 2**64 - 1),
    draw=st.integers(0, 2**31),
    parameters=st.dictionaries(
        st.sampled_from(["threat_reversion", "tolerated_move", "susceptibility.HUN", "consultation", "sd_threat"]),
        st.floats(0, 0.2),
        max_size=3,
    ),
)
def test_draw_of_a_batch_and_model_are_the_same_to_the_bit(
    name: str, seed: int, draw: int, parameters: dict[str, float]
) -> None:
    block = in_batch(name, seed, draw, parameters)
    row = min(draw, 1)
    model = AllianceModel(name, seed=seed, draw=draw, parameters=parameters)
    spending = []
    while model.running:
        model.step()
        spending.append([ally.spending for ally in model.allies.values()])
    frame = model.datacollector.get_model_vars_dataframe()
    assert tuple(frame.columns) == tuple(OUTCOMES)
    np.testing.assert_array_equal(frame.to_numpy(), block.output.outcomes[row])
    np.testing.assert_array_equal(spending, block.output.allies[row, :, ALLY_VARIABLES.index("spending")])
    for mine, whole in zip(model.block.records, block.records, strict=True):
        np.testing.assert_array_equal(mine[0], whole[row])


def test_scenario_is_a_name_a_file_or_an_object(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nextends: baseline_2025\n")
    ends = []
    for scenario in ("baseline_2025", load_scenario("baseline_2025"), file, str(file)):
        model = AllianceModel(scenario, seed=1)
        model.step()
        ends.append(model.outcomes)
    assert model.what_if.name == "mine"
    assert all(end == ends[0] for end in ends)


def test_draws_and_seeds_differ() -> None:
    def end(seed: int, draw: int) -> float:
        model = AllianceModel(seed=seed, draw=draw)
        model.step()
        return model.outcomes["cohesion"]

    assert len({end(1, 0), end(1, 1), end(2, 0)}) == 3


def test_one_collection_a_month_until_the_end() -> None:
    model = finished()
    months = model.what_if.months
    assert (model.steps, model.running, model.month) == (months, False, model.program.months[-1])
    assert len(model.datacollector.get_model_vars_dataframe()) == months
    agents = model.datacollector.get_agent_vars_dataframe()
    assert len(agents) == months * 34
    last = agents.loc[months].set_index("iso3")
    assert tuple(last.index) == (*ALLIES, "RUS", "UKR")
    assert last.loc["HUN", "threat_perception"] == model.allies["HUN"].threat_perception
    assert last.loc["HUN", "ukraine_support"] == model.allies["HUN"].ukraine_support
    assert last.drop(columns="iso3", errors="ignore").loc[["RUS", "UKR"]].isna().all(axis=None)


def test_step_after_the_end_warns_and_changes_nothing() -> None:
    model = copy.deepcopy(finished())
    before = model.outcomes
    with pytest.warns(RuntimeWarning, match="over after 48 months"):
        model.step()
    assert model.outcomes == before
    assert model.steps == 48
    assert len(model.datacollector.get_model_vars_dataframe()) == 48


def test_ally_has_no_data_before_it_joins() -> None:
    model = AllianceModel("baseline_2018", seed=1)
    members = []
    while model.running:
        model.step()
        members.append((model.month, model.allies["MKD"].is_member))
    assert [month for month, member in members if member][:1] == ["2020-03"]
    assert not model.russia.is_member
    frame = model.datacollector.get_agent_vars_dataframe().reset_index()
    values = frame[frame["iso3"] == "MKD"]["spending"].notna()
    assert values.tolist() == [member for _, member in members]


def test_a_seed_is_drawn_and_recorded() -> None:
    model = AllianceModel()
    again = AllianceModel(seed=model.seed)
    model.step()
    again.step()
    assert model.outcomes == again.outcomes
    assert AllianceModel().seed != model.seed


def test_generators_for_own_agents_are_seeded_by_seed_and_draw() -> None:
    def numbers(draw: int) -> tuple[float, float]:
        model = AllianceModel(seed=5, draw=draw)
        return model.random.random(), float(model.rng.random())

    assert numbers(0) == numbers(0)
    assert numbers(0) != numbers(1)


def test_decisions_grow_month_by_month() -> None:
    model = AllianceModel("baseline_2025", seed=1, draw=3)
    assert model.decisions().empty
    model.step()
    first = model.decisions()
    assert set(first["month"].dt.strftime("%Y-%m")) == {"2025-06"}
    assert set(first["meeting"]) == {"nato_summit-2025-06"}
    assert set(model.objections()["meeting"]) <= {"nato_summit-2025-06"}
    model.run_model()
    table = model.decisions()
    assert len(table) == len(model.program.agenda)
    assert set(table["draw"]) == {3}
    assert table["outcome"].notna().all()
    assert table["month"].is_monotonic_increasing
    objections = model.objections()
    blocked = table[table["outcome"] == "blocked"]
    joined = blocked.merge(objections, on=["meeting", "issue"])
    assert set(zip(joined["meeting"], joined["issue"], strict=True)) == set(
        zip(blocked["meeting"], blocked["issue"], strict=True)
    )
    assert set(objections["ally"]) <= set(ALLIES) and set(objections["meeting"]) <= set(table["meeting"])


def test_copies_are_independent() -> None:
    model = AllianceModel(seed=1)
    model.step()
    twins = [copy.deepcopy(model)]
    if MESA < (3, 5):  # later ones hold their own unpicklable callbacks
        twins.append(pickle.loads(pickle.dumps(model)))
    model.step()
    for twin in twins:
        assert twin.russia.assertiveness != model.russia.assertiveness
        twin.step()
        assert twin.outcomes == model.outcomes
        twin.russia.assertiveness = 0.0
        assert model.russia.assertiveness > 0.0


class Hungary(Ally):
    def before_month(self) -> None:
        self.position["sanctions"] = 0.0
        self.salience["sanctions"] = 1.0


class Watcher(Russia):
    seen: tuple[str, float, float]

    def before_month(self) -> None:
        self.before = self.model.outcomes["cohesion"]

    def after_month(self) -> None:
        self.seen = (self.model.month, self.before, self.model.outcomes["cohesion"])
        self.assertiveness = 0.9


class Stubborn(AllianceModel):
    agent_classes: ClassVar = {"HUN": Hungary, "RUS": Watcher}


def test_agents_may_act_before_and_after_the_month() -> None:
    stubborn, usual = Stubborn(seed=1), AllianceModel(seed=1)
    start = usual.outcomes["cohesion"]
    assert stubborn.outcomes["cohesion"] == start
    stubborn.step()
    usual.step()
    assert isinstance(stubborn.russia, Watcher)
    assert stubborn.russia.seen == ("2025-06", start, stubborn.outcomes["cohesion"])
    assert stubborn.allies["HUN"].position["sanctions"] < usual.allies["HUN"].position["sanctions"]
    assert stubborn.outcomes["objector_hazard"] > usual.outcomes["objector_hazard"]
    assert stubborn.russia.assertiveness == 0.9
    assert stubborn.outcomes["assertiveness"] == pytest.approx(usual.outcomes["assertiveness"], abs=0.01)
    stubborn.step()
    usual.step()
    assert stubborn.outcomes["assertiveness"] > usual.outcomes["assertiveness"] + 0.1
    assert list(stubborn.agents_by_type[Hungary].get("iso3")) == ["HUN"]
    assert "HUN" not in stubborn.agents_by_type[Ally].get("iso3")


def test_hooks_of_own_agents_are_called_and_other_mesa_agents_ignored() -> None:
    class Observer(Actor):
        iso3 = "OBS"
        calls = 0

        def after_month(self) -> None:
            type(self).calls += 1

    model = AllianceModel(seed=1)
    Observer(model)
    mesa.Agent(model)
    model.step()
    assert Observer.calls == 1
    assert len(model.datacollector.get_agent_vars_dataframe()) == 36


def test_agents_by_type() -> None:
    model = AllianceModel(seed=1)
    assert {kind: len(agents) for kind, agents in model.agents_by_type.items()} == {
        Ally: 31,
        UnitedStates: 1,
        Russia: 1,
        Ukraine: 1,
    }
    threat = model.agents_by_type[Ally].get("threat_perception")
    assert threat == [model.allies[iso3].threat_perception for iso3 in ALLIES if iso3 != "USA"]
    assert model.united_states is model.allies["USA"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scenario": "baseline_2052"}, r"'baseline_2052' \(nearest: baseline_2025\)"),
        ({"scenario": ("name", "x")}, "in mesa.batch_run a name or a list of names"),
        ({"threat_reversio": 0.1}, r"'threat_reversio' \(nearest: threat_reversion\)"),
        ({"parameters": {"susceptibility.HUM": 0.1}}, r"nearest: susceptibility.HUN\)"),
        ({"parameters": "threat_reversion"}, "in mesa.batch_run a list of such mappings"),
        ({"threat_reversion": 7.0}, "threat_reversion: 7 is out of range; allowed: 0 to 1"),
        ({"seed": -1}, "seed: -1 is out of range; allowed: a whole number from 0 to 18446744073709551615"),
        ({"seed": 1.5}, "seed: 1.5"),
        ({"seed": 1, "rng": 2}, "two names of one thing"),
        ({"draw": 2**32}, "draw: 4294967296 is out of range; allowed"),
        ({"draw": True}, "draw: True"),
    ],
)
def test_invalid_argument_is_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        AllianceModel(**arguments)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({"HUM": Ally}, r"'HUM' is not an actor \(nearest: HUN\)"),
        ({"USA": Ally}, "allowed: a subclass of UnitedStates"),
        ({"RUS": "Russia"}, "allowed: a subclass of Russia"),
    ],
)
def test_invalid_agent_class_is_named(classes: dict[str, object], message: str) -> None:
    model = type("Model", (AllianceModel,), {"agent_classes": classes})
    with pytest.raises(InputError, match=message):
        model(seed=1)


def test_keywords_are_parameters_and_take_precedence() -> None:
    model = AllianceModel(
        seed=1, parameters={"threat_reversion": 0.2, "susceptibility.HUN": 0.3}, threat_reversion=np.float64(0.1)
    )
    assert model.what_if.parameters["threat_reversion"] == 0.1
    assert model.allies["HUN"].susceptibility == 0.3
    assert AllianceModel(seed=1, tolerated_move=np.int64(0)).what_if.parameters["tolerated_move"] == 0


def test_batch_run_takes_the_model() -> None:
    rows = mesa.batch_run(
        AllianceModel,
        {"scenario": ["baseline_2025", "helsinki_2018"], "draw": range(2), "seed": 1},
        display_progress=False,
    )
    assert len(rows) == 4 * 34
    for name in ("baseline_2025", "helsinki_2018"):
        for draw in range(2):
            (usa,) = (
                row
                for row in rows
                if (row["scenario"], row["draw"], row["iso3"]) == (name, draw, "USA") and row["seed"] == 1
            )
            block = in_batch(name, 1, draw, {})
            outcomes = block.output.outcomes[min(draw, 1), -1]
            assert [usa[outcome] for outcome in OUTCOMES] == outcomes.tolist()
            perceived = block.output.allies[min(draw, 1), -1, 0, 0]
            assert usa["threat_perception"] == perceived


def test_batch_run_takes_each_month_and_parameters() -> None:
    rows = mesa.batch_run(
        AllianceModel,
        {"seed": 1, "threat_reversion": [0.0, 0.1], "parameters": [{"susceptibility.HUN": 0.0}]},
        data_collection_period=1,
        display_progress=False,
    )
    assert len(rows) == 2 * 48 * 34
    assert {row["threat_reversion"] for row in rows} == {0.0, 0.1}


@pytest.mark.skipif(MESA < (3, 5), reason="Mesa 3.5 has batch_run(rng=...)")
def test_batch_run_passes_seeds_as_rng() -> None:
    rows = mesa.batch_run(AllianceModel, {"scenario": "baseline_2025"}, rng=[1, 2], display_progress=False)
    block = in_batch("baseline_2025", 1, 0, {})
    assert {row["rng"] for row in rows} == {1, 2}
    assert rows[0]["cohesion"] == block.output.outcomes[0, -1, 0]


def test_signature_is_the_interface() -> None:
    names = list(inspect.signature(AllianceModel.__init__).parameters)
    assert names == ["self", "scenario", "seed", "draw", "parameters", "rng", "kwargs"]
