"""Functions compiled with the promise that their arguments share no memory keep it."""

import os
import subprocess
import sys

import numpy as np
import pytest

from alliance_sim import load_scenario
from alliance_sim.compile import SPIN_UP, compile_scenario
from alliance_sim.core.jit import _checked
from alliance_sim.simulation import first_months

#: The first months of a run, without compiling: the spin-up is cut to one month.
CODE = """
import sys
import warnings
import numpy as np
from alliance_sim import load_scenario
from alliance_sim.compile import SPIN_UP, compile_scenario
from alliance_sim.core.jit import CHECK_ALIASING
from alliance_sim.core.kernel import run_block
from alliance_sim.core.sessions import Notes
from alliance_sim.core.structures import Kept, Span
from alliance_sim.simulation import first_months

assert CHECK_ALIASING
warnings.simplefilter("ignore")
program = compile_scenario(first_months(load_scenario(sys.argv[1]), int(sys.argv[2])))
block = program.block(1, 0, 2, "trace")
for month0, month1 in ((0, 1), (SPIN_UP, SPIN_UP + len(program.months))):
    span = Span(np.uint64(1), 0, 2, month0, month1, SPIN_UP)
    kept = Kept(block.output, block.records)
    inputs = block.inputs, program.shared, program.calendar
    run_block(block.states, *inputs, kept, Notes(block.chances, block.weighing), span)
print(" ".join(repr(float(value)) for value in block.states.outcomes.ravel()))
"""


@pytest.mark.parametrize(("name", "months"), [("us_russia_reset_2025", 7), ("baseline_2018", 8), ("helsinki_2018", 8)])
def test_no_function_changes_memory_that_its_arguments_share(name: str, months: int) -> None:
    environment = {**os.environ, "ALLIANCE_SIM_CHECK_ALIASING": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CODE, name, str(months)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    # The same months, compiled: what was checked is what runs.
    program = compile_scenario(first_months(load_scenario(name), months))
    block = program.block(1, 0, 2, "trace")
    program.run(block, 1, month1=1 - SPIN_UP)
    program.run(block, 1, 0, months)
    found = np.array(done.stdout.split(), np.float64).reshape(2, -1)
    np.testing.assert_allclose(found, block.states.outcomes, rtol=1e-9, atol=1e-12)


def double(out, values):
    out[:] = 2.0 * values


def test_a_broken_promise_is_reported() -> None:
    memory = np.arange(10.0)
    _checked(double)(memory[:5], memory[5:])
    assert memory.tolist() == [10.0, 12.0, 14.0, 16.0, 18.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    with pytest.raises(AssertionError, match="double changes memory that two of its arguments share"):
        _checked(double)(memory[:6], memory[4:])


def test_memory_that_is_only_read_may_be_shared() -> None:
    memory, out = np.arange(4.0), np.zeros(1)

    def dot(out, a, b):
        out[0] = a @ b

    _checked(dot)(out, memory, memory)
    assert out[0] == 14.0
