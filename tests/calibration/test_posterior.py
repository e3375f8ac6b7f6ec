"""Rows of the posterior: which one a draw takes, what wins over it, and what is refused in its files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import alliance_sim as als
from alliance_sim import calibration
from alliance_sim.calibration.actors import LOWEST
from alliance_sim.calibration.posterior import (
    Rows,
    actor_columns,
    parameter_columns,
    row_of,
    table_of,
)
from alliance_sim.compile import compile_scenario
from alliance_sim.core import rng
from alliance_sim.core import structures as L
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.eras import LEADERS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.scenarios import Distribution, load_scenario

SEED = 5
BASE = load_scenario("baseline_2025")


def columns(calibration: str, names: list[str], seed: int, draw0: int, draw1: int) -> np.ndarray:
    """Columns of the rows of some draws, looked up one by one."""
    table = table_of(calibration)
    rows = row_of(seed, draw0, draw1, len(table))
    return np.array([[table.values[row, table.names.index(name)] for name in names] for row in rows])


# Which row a draw takes.


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 64, 1000, 1024])
@pytest.mark.parametrize("seed", [0, 3, 2**64 - 1])
def test_each_block_of_draws_takes_every_row_once(rows: int, seed: int) -> None:
    found = row_of(seed, 0, 3 * rows, rows).reshape(3, rows)
    assert (np.sort(found) == np.arange(rows)).all()
    if rows >= 64:
        assert (found[0] != found[1]).any() and (found[1] != found[2]).any()


@given(seed=st.integers(0, 2**64 - 1), rows=st.integers(1, 50), draw0=st.integers(0, 120), count=st.integers(0, 60))
def test_a_row_does_not_depend_on_the_chunk(seed: int, rows: int, draw0: int, count: int) -> None:
    assert (row_of(seed, draw0, draw0 + count, rows) == row_of(seed, 0, draw0 + count, rows)[draw0:]).all()


def test_the_last_draws_have_rows() -> None:
    assert (row_of(1, 2**32 - 5, 2**32, 1000) < 1000).all()


def test_orders_of_seeds_differ() -> None:
    assert (row_of(1, 0, 1000, 1000) != row_of(2, 0, 1000, 1000)).mean() > 0.99
    assert (row_of(1, 0, 1000, 1000) != row_of(1 + 2**32, 0, 1000, 1000)).mean() > 0.99


@pytest.mark.parametrize("draw", [0, 3, 6, 7, 40])
def test_rows_are_uniform_over_seeds(draw: int) -> None:
    found = np.bincount([row_of(seed, draw, draw + 1, 7)[0] for seed in range(7000)], minlength=7)
    assert stats.chisquare(found).pvalue > 1e-3


def test_all_orders_of_a_few_rows_are_about_as_likely() -> None:
    """Pairs of draws, too: an order of four rows is one of 24."""
    orders = [tuple(row_of(seed, 4, 8, 4)) for seed in range(7200)]
    found = [orders.count(order) for order in set(orders)]
    assert len(found) == 24 and stats.chisquare(found).pvalue > 1e-3


def test_the_order_is_that_of_a_feistel_network() -> None:
    """Written from the description: halves of bits, eight turns, walked until inside."""
    seed, rows, half = 2**40 + 9, 1000, 5

    def once(place: int, block: int) -> int:
        left, right = divmod(place, 2**half)
        for turn in range(1, 9):
            word = int(rng.philox(block, turn, L.Channel.CALIBRATION, right, seed % 2**32, seed >> 32)[0])
            left, right = right, left ^ (word % 2**half)
        return left * 2**half + right

    def walked(draw: int) -> int:
        place = once(draw % rows, draw // rows)
        while place >= rows:
            place = once(place, draw // rows)
        return place

    draws = [*range(100), *range(2950, 3050)]
    assert [row_of(seed, draw, draw + 1, rows)[0] for draw in draws] == [walked(draw) for draw in draws]


# What a run draws from it.


def test_a_draw_has_the_parameters_and_actors_of_one_row() -> None:
    """Across the end of a block of draws as well."""
    draw0 = len(table_of("posterior")) - 6
    drawn = compile_scenario(BASE).draw_inputs(SEED, draw0, draw0 + 12)
    scalars = [param for param in L.Param if param.name in parameter_columns()]
    found = columns("posterior", [param.name for param in scalars], SEED, draw0, draw0 + 12)
    assert len(scalars) > 60 and (drawn.params[:, scalars] == found).all()
    susceptible = columns("posterior", [f"susceptibility.{ally}" for ally in ALLIES], SEED, draw0, draw0 + 12)
    assert (drawn.ally_input[:, L.AllyInput.susceptibility] == susceptible).all()
    threat = columns("posterior", [f"threat.{ally}.2025" for ally in ALLIES[1:]], SEED, draw0, draw0 + 12)
    assert (drawn.ally_input[:, L.AllyInput.initial_threat, 1:] == np.clip(threat, LOWEST, 1 - LOWEST)).all()
    slope = columns("posterior", [f"threat_slope.{issue}.2025" for issue in ISSUES], SEED, draw0, draw0 + 12)
    assert (drawn.issue_input[:, L.IssueInput.threat_slope] == slope).all()


def test_parameters_with_a_prior_of_each_era_keep_it() -> None:
    names = set(parameter_columns())
    assert names.isdisjoint({"initial_autonomy", "initial_commitment", "guarantee_confidence.HUN", "concession_step"})
    mean = {name: compile_scenario(load_scenario(name)).draw_inputs(1, 0, 500) for name in ("baseline_2018", BASE.name)}
    autonomy = [drawn.params[:, L.Param.initial_autonomy].mean() for drawn in mean.values()]
    assert autonomy[0] == pytest.approx(0.5, abs=0.02) and autonomy[1] == pytest.approx(0.85, abs=0.02)


def test_rows_are_the_same_in_all_scenarios() -> None:
    """Of one era: all inputs; of two: all parameters with one prior."""
    base, other, past = (
        als.simulate(name, 20, SEED, "final").inputs()
        for name in ("baseline_2025", "us_russia_reset_2025", "baseline_2018")
    )
    set_ = [*load_scenario("us_russia_reset_2025").parameters]
    assert base.drop(columns=set_).equals(other.drop(columns=set_))
    names = ["row", *parameter_columns()]
    assert base[names].equals(past[names])


def test_inputs_do_not_depend_on_the_chunk() -> None:
    program, draw0 = compile_scenario(BASE), len(table_of("posterior")) - 7
    whole = program.draw_inputs(SEED, draw0, draw0 + 14)
    parts = [program.draw_inputs(SEED, draw0 + a, draw0 + b) for a, b in ((0, 1), (1, 9), (9, 14))]
    for field in whole._fields:
        assert (getattr(whole, field) == np.concatenate([getattr(part, field) for part in parts])).all(), field


def test_results_do_not_depend_on_the_chunk() -> None:
    one, other = (als.simulate("baseline_2025", 30, SEED, chunk=chunk) for chunk in (7, 128))
    assert (one.output.outcomes == other.output.outcomes).all() and (one.output.allies == other.output.allies).all()


def test_results_do_not_depend_on_threads() -> None:
    command = [sys.executable, "-m", "alliance_sim", "run", "baseline_2018", "--draws", "300", "--json"]
    path = os.pathsep.join(filter(None, sys.path))
    one, other = (
        subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": path, "NUMBA_NUM_THREADS": threads},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    )
    assert one == other and len(one) > 10_000


def test_what_a_scenario_sets_wins_over_rows() -> None:
    what_if = BASE.with_parameters(
        {
            "pledge": 0.5,
            "hedge": Distribution(uniform=(0.9, 1.0)),
            "susceptibility": 0.25,
            "susceptibility.HUN": 0.75,
            "threat_perception.EST": 0.125,
            "position.sanctions.USA.leader": 0.375,
        }
    )
    before, after = (als.simulate(each, 30, SEED, "final").inputs() for each in (BASE, what_if))
    assert (after["pledge"] == 0.5).all() and after["hedge"].between(0.9, 1.0).all() and after["hedge"].nunique() == 30
    assert (after["susceptibility.DEU"] == 0.25).all() and (after["susceptibility.HUN"] == 0.75).all()
    assert (after["threat_perception.EST"] == 0.125).all()
    assert (after["position.sanctions.USA.leader"] == 0.375).all()
    changed = [name for name in before if not before[name].equals(after[name])]
    positions = {f"position.{issue}.EST" for issue in ISSUES}  # along the curves
    rest = {name for name in changed if not name.startswith("susceptibility.")} - positions
    assert rest == {"pledge", "hedge", "threat_perception.EST", "position.sanctions.USA.leader"}


def test_points_win_over_rows_and_each_has_the_same_rows() -> None:
    points = {"pledge": np.array([0.1, 0.9]), "position.sanctions.HUN": np.array([0.2, 0.3])}
    drawn = compile_scenario(BASE).draw_inputs(SEED, 3, 8, points)
    assert (drawn.params[:, L.Param.pledge] == np.repeat([0.1, 0.9], 5)).all()
    position = drawn.initial_position[:, ISSUES.index("sanctions"), ALLY_INDEX["HUN"]]
    assert (position == np.repeat([0.2, 0.3], 5)).all()
    others = [param for param in L.Param if param.name != "pledge"]
    assert (drawn.params[:5, others] == drawn.params[5:, others]).all()
    assert (drawn.ally_input[:5] == drawn.ally_input[5:]).all()


def test_prior_means_priors_of_parameters_and_actors_as_measured() -> None:
    program = compile_scenario(BASE.with_calibration("prior"))
    drawn = program.draw_inputs(SEED, 0, 12)
    priors = rng.sample_table(program.priors, np.uint64(SEED), 0, 12, L.Channel.PARAMETER.value)
    pledge = list(program.drawn_values(SEED, 0, 1)).index("pledge")
    assert (drawn.params[:, L.Param.pledge] == priors[:, pledge]).all()
    threat = columns("prior", [f"threat.{ally}.2025" for ally in ALLIES[1:]], SEED, 0, 12)
    assert (drawn.ally_input[:, L.AllyInput.initial_threat, 1:] == np.clip(threat, LOWEST, 1 - LOWEST)).all()
    fitted = compile_scenario(BASE).draw_inputs(SEED, 0, 12)
    assert (fitted.params[:, L.Param.pledge] != drawn.params[:, L.Param.pledge]).all()


def test_rows_given_by_a_caller_are_used_one_a_draw() -> None:
    """Also those of a few parameters only; what has no column is drawn from its prior."""
    program, actors = compile_scenario(BASE), table_of("prior").take(np.array([4, 4, 2]))
    rows = Rows((*actors.names, "pledge"), np.column_stack([actors.values, [0.15, 0.25, 0.35]]))
    drawn = program.draw_inputs(SEED, 7, 10, rows=rows)
    assert drawn.params[:, L.Param.pledge].tolist() == [0.15, 0.25, 0.35]
    threat = drawn.ally_input[:, L.AllyInput.initial_threat]
    assert (threat[0] == threat[1]).all() and (threat[0] != threat[2]).any()
    prior = compile_scenario(BASE.with_calibration("prior")).draw_inputs(SEED, 7, 10)
    others = [param for param in L.Param if param.name != "pledge"]
    assert (drawn.params[:, others] == prior.params[:, others]).all()
    with pytest.raises(InputError, match="rows: there are 3; allowed: 4, one a draw"):
        program.draw_inputs(SEED, 7, 11, rows=rows)
    with pytest.raises(
        InputError, match=r"rows: residual.\w+: the column is missing; allowed: all of posterior.actor_columns"
    ):
        program.draw_inputs(SEED, 7, 8, rows=Rows(("pledge",), np.array([[0.15]])))


# From rows to positions.


def constant_rows(**changes: float) -> Rows:
    """A row in which nobody departs from flat curves at 0.5 and residuals are a tenth, with some changes."""
    values = dict.fromkeys(actor_columns(), 0.0)
    for name in values:
        values[name] = {"threat": 0.6, "south": 0.4, "intercept": 0.5, "residual": 0.1}.get(name.partition(".")[0], 0.0)
    values |= {name.replace("__", "."): value for name, value in changes.items()}
    return Rows((*values,), np.tile(list(values.values()), (400, 1)))


def test_a_position_is_the_curve_and_a_departure_or_a_residual() -> None:
    changes = {
        "intercept__sanctions__2025": 0.2,
        "threat_slope__sanctions__2025": 0.5,
        "south_slope__sanctions__2025": -0.25,
        "departure__HUN__sanctions__2025": -0.15,
    }
    found = calibration.draws_from(constant_rows(**changes), "2025", SEED, 0)
    sanctions = ISSUES.index("sanctions")
    curve = 0.2 + 0.5 * 0.6 - 0.25 * 0.4
    assert found.position[:, ALLY_INDEX["HUN"], sanctions] == pytest.approx(curve - 0.15, abs=1e-12)
    poland = found.position[:, ALLY_INDEX["POL"], sanctions]
    assert poland.mean() == pytest.approx(curve, abs=0.02) and poland.std() == pytest.approx(0.1, abs=0.015)
    assert (found.threat_slope[:, sanctions] == 0.5).all()


def test_an_era_takes_curves_and_departures_of_the_one_it_is_coded_as_but_presidents_their_own() -> None:
    rows = constant_rows(
        intercept__sanctions__2018=0.3, departure__HUN__sanctions__2018=0.1, departure__USA__leader__sanctions__2018=0.2
    )
    found = calibration.draws_from(rows, "2014", SEED, 0)
    sanctions = ISSUES.index("sanctions")
    assert found.position[:, ALLY_INDEX["HUN"], sanctions] == pytest.approx(0.4, abs=1e-12)
    leaders = found.leader_position[:, :, sanctions]
    assert leaders[:, LEADERS.index("2018")] == pytest.approx(0.5, abs=1e-12)
    assert leaders[:, LEADERS.index("2014")].std() > 0.05
    own = calibration.draws_from(constant_rows(departure__HUN__sanctions__2014=0.05), "2014", SEED, 0)
    assert own.position[:, ALLY_INDEX["HUN"], sanctions] == pytest.approx(0.55, abs=1e-12)


def test_presidents_have_a_residual_of_their_own_and_common_random_numbers() -> None:
    found = calibration.draws_from(constant_rows(residual__leader=0.05), "2025", SEED, 0)
    assert (found.leader_position == found.leader_position[:, :1]).all()
    assert found.leader_position.std() == pytest.approx(0.05, abs=0.005)


def test_a_fixed_perception_moves_along_the_slope_of_the_row() -> None:
    rows = constant_rows(threat_slope__sanctions__2025=0.5, intercept__sanctions__2025=0.2)
    free, fixed = (
        calibration.draws_from(rows, "2025", SEED, 0, overrides) for overrides in ({}, {"threat_perception.POL": 0.7})
    )
    moved = (fixed.position - free.position)[:, ALLY_INDEX["POL"]]
    assert moved[:, ISSUES.index("sanctions")] == pytest.approx(0.05, abs=1e-12)
    assert not np.delete(moved, ISSUES.index("sanctions"), 1).any()


# Inputs on results.


def test_inputs_are_those_the_run_used() -> None:
    ensemble = als.simulate("us_russia_reset_2025", 12, SEED, "trace")
    inputs = ensemble.inputs()
    block = ensemble.program.block(SEED, 0, 12, "final")
    for param in L.Param:
        assert (inputs[param.name] == block.inputs.params[:, param]).all(), param.name
    assert (
        inputs["guarantee_confidence.HUN"]
        == block.inputs.ally_input[:, L.AllyInput.initial_confidence, ALLY_INDEX["HUN"]]
    ).all()
    for k, issue in enumerate(ISSUES):
        for i, ally in enumerate(ALLIES[1:], 1):
            assert (inputs[f"position.{issue}.{ally}"] == block.inputs.initial_position[:, k, i]).all()
        assert (
            inputs[f"position.{issue}.USA.institutions"]
            == block.inputs.issue_input[:, L.IssueInput.institutions_position, k]
        ).all()
        for place, era in enumerate(LEADERS):
            name = f"position.{issue}.USA.leader" + (f".{era}" if era != "2025" else "")
            assert (inputs[name] == block.inputs.leader_position[:, place, k]).all()
    before = inputs["threat_perception.POL"].to_numpy()
    ensemble.program.run(block, SEED)
    assert (block.inputs.ally_input[:, L.AllyInput.initial_threat, ALLY_INDEX["POL"]] == before).all()
    assert (inputs["row"] == row_of(SEED, 0, 12, len(table_of("posterior")))).all() and inputs.index.name == "draw"


@pytest.mark.parametrize("drawn_from", ["posterior", "prior"])
def test_inputs_of_saved_results_are_the_same(drawn_from: str, tmp_path: Path) -> None:
    ensemble = als.simulate(BASE.with_calibration(drawn_from), 4, SEED, "final")
    assert ensemble.provenance["drawn_from"] == drawn_from
    loaded = als.load_results(ensemble.save(tmp_path / "saved"))
    assert loaded.inputs().equals(ensemble.inputs()) and loaded.scenario.calibration == drawn_from


@pytest.mark.parametrize("name", ["calibration", "core", "version"])
def test_inputs_of_results_of_other_data_or_code_are_refused(name: str, tmp_path: Path) -> None:
    folder = als.simulate("baseline_2018", 2, SEED, "final").save(tmp_path / "saved")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["provenance"][name] = "another"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=f"inputs: the results are of {name} 'another'"):
        als.load_results(folder).inputs()


def test_all_futures_of_a_branch_begin_with_the_inputs_of_its_draw() -> None:
    (future,) = als.branch("baseline_2025", "2025-10", draws=3, seed=SEED, parent_draw=7, keep="final").values()
    parent = als.simulate("baseline_2025", 8, SEED, "final").inputs().iloc[7]
    found = future.inputs()
    assert len(found) == 3 and all((found.iloc[draw] == parent).all() for draw in range(3))


def test_a_future_of_another_calibration_is_refused() -> None:
    with pytest.raises(InputError, match="differs from baseline_2025 before 2025-10 in calibration"):
        als.branch("baseline_2025", "2025-10", {"other": {"calibration": "prior"}}, draws=2)


# Scenarios, sweeps and the command line.


def test_an_unknown_calibration_is_refused() -> None:
    with pytest.raises(InputError, match=r"calibration: 'priors' is not allowed .nearest: prior.; allowed: posterior"):
        load_scenario({"name": "mine", "extends": "baseline_2025", "calibration": "priors"})


def test_a_sweep_of_priors_that_was_interrupted_goes_on_with_the_same_draws(tmp_path: Path) -> None:
    experiment = {
        "name": "small",
        "title": "a test",
        "description": "a test",
        "scenario": {"name": "mine", "extends": "baseline_2018", "calibration": "prior"},
        "sources": ["a test"],
        "uncertainties": {"pledge": {"uniform": [0.1, 0.4]}},
        "design": {"method": "lhs", "points": 16},
        "replications": 80,
    }

    def stop(done: int, runs: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        als.sweep(experiment, tmp_path / "halted", workers=1, progress=stop)
    halted = als.sweep(experiment, tmp_path / "halted", workers=1, resume=True)
    whole = als.sweep(experiment, tmp_path / "whole")
    query = "SELECT * FROM runs ORDER BY ALL"
    assert halted.sql(query).equals(whole.sql(query)) and len(whole.sql(query)) == 16 * 80
    scenario = load_scenario({**experiment["scenario"]}).with_parameters({"pledge": float(whole.points.values[3, 0])})
    alone = als.simulate(scenario, 5, keep="final").per_draw()["cohesion"]
    found = whole.sql("SELECT cohesion FROM runs WHERE point = 3 AND draw < 5 ORDER BY draw")["cohesion"]
    assert found.to_numpy() == pytest.approx(alone.to_numpy(), abs=1e-12)
    with pytest.raises(InputError, match="calibration"):
        als.sweep(
            {**experiment, "scenario": {**experiment["scenario"], "calibration": "posterior"}},
            tmp_path / "whole",
            resume=True,
        )
