"""Elementary functions against those of the C library, alone and inlined into code that may reorder sums."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_sim.core import elementary as special
from alliance_sim.core.jit import FAST

FUNCTIONS = {
    "log": (special.log, math.log, st.floats(1e-300, 1e300), 1e-15),
    "exp": (special.exp, math.exp, st.floats(-699.0, 699.0), 1e-13),
    "sin_turns": (special.sin_turns, lambda x: math.sin(2.0 * math.pi * x), st.floats(-0.25, 0.25), 1e-12),
    "logistic": (special.logistic, lambda z: 1.0 / (1.0 + math.exp(-z)), st.floats(-600.0, 600.0), 1e-13),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.data())
def test_functions_match_the_library(name, data):
    ours, theirs, arguments, tolerance = FUNCTIONS[name]
    x = data.draw(arguments)
    assert ours(x) == pytest.approx(theirs(x), rel=tolerance, abs=1e-15)


def test_values_at_the_ends_of_the_range_are_exact():
    assert special.exp(0.0) == 1.0 and special.log(1.0) == 0.0 and special.sin_turns(0.0) == 0.0
    assert special.logistic(0.0) == 0.5
    assert 0.0 < special.exp(-1e300) < 1e-300 and 1e300 < special.exp(1e300) < math.inf
    assert special.logistic(-1e300) < 1e-300 and special.logistic(1e300) == 1.0


def test_bits_are_the_same_inside_code_that_may_reorder():
    """A function compiled with the caller's fast-math flags would lose its rounding steps, or its last bits."""
    log, exp, sin_turns = special.log, special.exp, special.sin_turns

    @numba.njit(fastmath=FAST, error_model="numpy")
    def fill(out, x):
        for i in range(x.size):
            out[0, i], out[1, i], out[2, i] = log(x[i] + 30.5), exp(x[i]), sin_turns(x[i] / 120.0)

    x = np.random.default_rng(0).uniform(-30.0, 30.0, 1000)
    out = np.empty((3, 1000))
    fill(out, x)
    alone = [[log(v + 30.5) for v in x], [exp(v) for v in x], [sin_turns(v / 120.0) for v in x]]
    assert np.array_equal(out[0], alone[0]) and np.array_equal(out[1], alone[1])
    np.testing.assert_allclose(out[2], alone[2], rtol=1e-14)  # its argument is a quotient, which may be rounded twice
