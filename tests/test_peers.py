"""The peers of the benchmark run the core's model: same noise, same outcomes."""

import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alliance_sim import Scenario, load_scenario
from alliance_sim.compile import compile_scenario
from alliance_sim.registry.parameters import PARAMETERS, STRENGTHS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from peers import inputs as prepared
from peers import mesa_model, numpy_model

DRAWS, SEED = 3, 7
#: Events that the bundled scenario lacks: a follow-up, unscheduled private talks, all channels of aid, trade, hybrids.
MORE = (
    {"month": "2025-08", "type": "bilateral_summit", "conciliation": 0.6, "openness": 0.0, "follow_up": 3},
    {"month": "2025-09", "type": "trade_dispute", "with": "EU", "size": 0.5},
    {"month": "2025-10", "type": "hybrid_campaign", "size": 0.6},
    {"month": "2025-11", "type": "strategic_document", "strength": 0.4},
    {"month": "2026-01", "type": "aid_change", "channel": "all", "share": -0.8},
)


def scenario(more: tuple[dict[str, object], ...] = ()) -> Scenario:
    whole = prepared.reduced()
    events = [*whole.events, *({"id": f"more-{k}", "source": "test", **event} for k, event in enumerate(more))]
    return Scenario.validated({**dict(whole), "events": events})


@pytest.fixture(scope="module", params=[(), MORE], ids=["the benchmark's", "more events"])
def run(request: pytest.FixtureRequest):
    program = compile_scenario(scenario(request.param))
    block = program.block(SEED, 0, DRAWS, "monthly")
    program.run(block, SEED)
    given = prepared.inputs_of(program, DRAWS, SEED)
    return given, prepared.core_noise(given, SEED), prepared.compared(block.output.outcomes)


def agree(found: np.ndarray, core: np.ndarray) -> None:
    assert found.shape == core.shape
    far = np.abs(found - core).max(axis=(0, 1))
    assert {name: d for name, d in zip(prepared.OUTCOMES, far, strict=True) if not d <= 1e-9} == {}


def test_numpy_gives_the_outcomes_of_the_core(run) -> None:
    given, noise, core = run
    agree(numpy_model.NumpyModel(given, noise).run(), core)


def test_mesa_gives_the_outcomes_of_the_core(run) -> None:
    given, noise, core = run
    agree(mesa_model.outcomes(given, noise), core)


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX comes with the extra benchmarks")
def test_jax_gives_the_outcomes_of_the_core(run) -> None:
    from peers import jax_model

    given, noise, core = run
    agree(np.asarray(jax_model.outcomes(given, noise)), core)


def test_pressure_of_demands_in_a_row_stays_within_its_range() -> None:
    demand = {"type": "spending_demand", "percent": 5.0, "pressure": 1.0}
    program = compile_scenario(scenario(({**demand, "month": "2025-09"}, {**demand, "month": "2025-10"})))
    block = program.block(SEED, 0, DRAWS, "monthly")
    program.run(block, SEED)
    given = prepared.inputs_of(program, DRAWS, SEED)
    noise, core = prepared.core_noise(given, SEED), prepared.compared(block.output.outcomes)
    agree(numpy_model.NumpyModel(given, noise).run(), core)
    agree(mesa_model.outcomes(given, noise), core)


def test_some_follow_up_is_postponed_with_more_events() -> None:
    program = compile_scenario(scenario(MORE))
    block = program.block(SEED, 0, DRAWS, "final")
    program.run(block, SEED)
    outcomes = prepared.compared(block.output.outcomes)
    assert outcomes[:, -1, prepared.OUTCOMES.index("postponements")].any()


def test_noise_of_numpy_itself_has_the_distribution_of_the_core() -> None:
    given = prepared.inputs_of(compile_scenario(scenario()), 1024, SEED)
    core, again = (numpy_model.NumpyModel(given, prepared.core_noise(given, seed)).run() for seed in (SEED, SEED + 1))
    own = numpy_model.NumpyModel(given, np.random.default_rng(1)).run()
    # The same parameters and actors, other noise: differences are those of the noise alone.
    for name in ("assertiveness", "threat_gap", "mean_spending", "consensus_capacity", "mean_guarantee_confidence"):
        at = prepared.OUTCOMES.index(name)
        for month in (0, 24, -1):
            expected, found = (other[:, month, at] - core[:, month, at] for other in (again, own))
            if name == "mean_guarantee_confidence" and month == 0:  # varies by a millionth, mostly in a few draws
                assert max(expected.std(), found.std()) < 1e-5
                continue
            assert abs(found.mean()) < 4.0 * found.std() / len(found) ** 0.5, (name, month)
            # Draws respond to noise by slopes and parameters of their own, which makes tails heavy: a standard error
            # of 5 %.
            assert 0.85 < found.std() / expected.std() < 1.18, (name, month)
            assert 0.8 < own[:, month, at].std() / core[:, month, at].std() < 1.25, (name, month)


def test_an_error_of_a_thousandth_in_a_parameter_is_detected(run) -> None:
    given, noise, core = run
    off = replace(given, p={**given.p, "threat_diffusion": 1.001 * given.p["threat_diffusion"]})
    assert np.abs(numpy_model.NumpyModel(off, noise).run() - core).max() > 1e-9


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"meetings": load_scenario(prepared.SCENARIO).meetings}, "meetings"),
        ({"events": [{"month": "2026-01", "type": "exercise", "partner": "Georgia", "ambition": 0.2}]}, "exercise"),
        ({"events": [{"month": "2026-01", "type": "escalation", "size": 0.2, "probability": 0.5}]}, "may not happen"),
    ],
)
def test_scenarios_beyond_the_fixed_model_are_refused(change: dict[str, object], what: str) -> None:
    if "events" in change:
        change = {"events": [{"id": "extra", "source": "test", **event} for event in change["events"]]}
    program = compile_scenario(Scenario.validated({**dict(prepared.reduced()), **change}))
    with pytest.raises(ValueError, match=what):
        prepared.inputs_of(program, 1)


def test_strengths_outside_the_list_are_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    before = prepared.reduced()
    assert {name for name in STRENGTHS if before.parameters.get(name) == 0.0} == {*STRENGTHS} - {*prepared.MECHANISMS}
    assert {*prepared.MECHANISMS} <= {*STRENGTHS}
    # As if these two were new in the core, which the peers do not know.
    new = {"hedge", "susceptibility"}
    monkeypatch.setattr(prepared, "MECHANISMS", tuple(name for name in prepared.MECHANISMS if name not in new))
    after = prepared.reduced()
    assert dict(after.parameters) == {**before.parameters, **dict.fromkeys(new, 0.0)}
    given = prepared.inputs_of(compile_scenario(after), 1)
    assert "hedge" not in given.p and not given.ally["susceptibility"].any()


def test_outcomes_outside_the_list_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    core = np.arange(2.0 * len(prepared.OUTCOMES_OF_THE_CORE)).reshape(2, -1)
    before = prepared.compared(core)
    # As if the core reported another outcome before all others.
    more = {"new": 0, **{name: at + 1 for name, at in prepared.OUTCOMES_OF_THE_CORE.items()}}
    monkeypatch.setattr(prepared, "OUTCOMES_OF_THE_CORE", more)
    assert (prepared.compared(np.hstack([np.full((2, 1), np.nan), core])) == before).all()


@pytest.mark.parametrize("peer", ["numpy", "mesa", "jax"])
def test_peers_read_just_the_parameters_of_the_list(peer: str) -> None:
    files = Path(prepared.__file__).parent.glob(f"{peer}_*.py")
    read = {*re.findall(r"\.(\w+)", "".join(file.read_text("utf-8") for file in files))} & {*PARAMETERS}
    assert read == {*prepared.MECHANISMS, *prepared.PARAMETERS}


def test_peers_are_given_no_other_parameters(run) -> None:
    given, _, _ = run
    assert {*given.p, "susceptibility", "spending_response"} == {*prepared.MECHANISMS, *prepared.PARAMETERS}
