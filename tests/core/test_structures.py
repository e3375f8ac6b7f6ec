"""The core's records and tables agree with the registry, and are of one shape with what is made for them."""

import ast
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import numpy as np
import pytest

from alliance_sim import core
from alliance_sim.compile import compile_scenario
from alliance_sim.core import structures as L
from alliance_sim.registry.actors import ALLIES, USA
from alliance_sim.registry.forums import MAX_PACKAGE
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import load_scenario

TABLES = (
    L.Param, L.World, L.AllyState, L.IssueState, L.Forcing, L.AllyInput, L.Outcome, L.Forum, L.Rule, L.Decision,
    L.Effect, L.Comparison,
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_rows_of_a_table_are_numbered_from_zero(table):
    assert [int(row) for row in table] == list(range(len(table)))


def test_channels_of_aid_are_neighbours_in_one_order():
    """Loops over channels add 0, 1 or 2 to the first."""
    for table, first in ((L.World, "us_"), (L.World, "aid_"), (L.Forcing, "aid_")):
        rows = [table[f"{first}{channel}"] for channel in ("military", "economic", "intelligence")]
        assert [row - rows[0] for row in rows] == [0, 1, 2]


def test_sizes_and_constants_are_those_of_the_registry():
    assert (len(ALLIES), len(ISSUES), USA) == (L.N_ALLIES, L.ISSUES, L.US)
    assert L.MAX_PARTS == MAX_PACKAGE
    assert [outcome.name for outcome in L.Outcome] == list(OUTCOMES)
    assert {param.name for param in L.Param} == {name for name, each in PARAMETERS.items() if not each.per_ally}
    assert set(L.ALLY_VARIABLES) <= set(L.AllyState.__members__)


def test_outcomes_that_report_a_state_have_its_name():
    reported = set(L.World.__members__) & set(L.Outcome.__members__)
    assert {"conciliation", "opacity", "us_commitment", "assertiveness", "war_intensity"} <= reported


def test_what_is_kept_of_allies_is_what_its_name_says():
    program = compile_scenario(load_scenario("us_russia_reset_2025"))
    block = program.block(1, 0, 3, "allies")
    program.run(block, 1)
    for row, name in enumerate(L.ALLY_VARIABLES):
        np.testing.assert_array_equal(block.output.allies[:, -1, row], block.states.ally[:, L.AllyState[name]])


@pytest.mark.parametrize("keep", ["final", "monthly", "allies", "trace"])
def test_arrays_have_the_documented_types_and_are_contiguous(keep):
    program = compile_scenario(load_scenario("baseline_2018"))
    block = program.block(1, 0, 2, keep)
    for record in (block.states, block.inputs, program.shared, *program.calendar, block.records, block.output):
        for name, annotation in get_type_hints(type(record)).items():
            if get_origin(annotation) is np.ndarray:
                (dtype,) = get_args(get_args(annotation)[1])
                array = getattr(record, name)
                assert array.dtype == dtype and array.flags.c_contiguous, (type(record).__name__, name)


def test_no_function_of_the_core_has_more_than_seven_arguments():
    for path in Path(core.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name not in ("__new__", "__init__"):
                assert len(node.args.posonlyargs + node.args.args) <= 7, f"{path.name}: {node.name}"
