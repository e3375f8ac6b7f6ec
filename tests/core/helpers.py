"""Short scenarios, runs of them, and results by name, for the tests of the month."""

from textwrap import dedent

import numpy as np

from alliance_sim.compile import ALLY_VARIABLES, compile_scenario
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import Scenario, load_text

HEAD = """
name: test
title: A test
description: A test
era: {era}
start: {start}
months: {months}
sources: [none]
"""
INDEX = {name: i for i, name in enumerate(OUTCOMES)}
#: No noise from month to month: perceptions have none, and Russia does not respond to the weakness that it misreads.
STILL = {"sd_threat": 0.0, "weakness_response": 0.0}


def scenario(body="", *, months=12, era="2025", start="2025-06", **parameters) -> Scenario:
    text = HEAD.format(era=era, start=start, months=months) + dedent(body)
    return load_text(text, "test").with_parameters(parameters)


def run(what, draws=40, seed=1, keep="trace", draw0=0, month1=None):
    program = compile_scenario(what)
    block = program.block(seed, draw0, draw0 + draws, keep)
    program.run(block, seed, month1=month1)
    return block


def of(block, name):
    """An outcome, (draws, months)."""
    return block.output.outcomes[:, :, INDEX[name]]


def ally(block, name):
    """A variable of allies, (draws, months, allies)."""
    return block.output.allies[:, :, ALLY_VARIABLES.index(name)]


def position(block, issue):
    return block.output.positions[:, :, :, ISSUES.index(issue)]


def same(one, other, but=()):
    """Assert that two runs agree to the bit in all outcomes but some, in ally variables and positions."""
    for name in OUTCOMES:
        if name not in but:
            np.testing.assert_array_equal(of(one, name), of(other, name), err_msg=name)
    if not but:
        np.testing.assert_array_equal(one.output.allies, other.output.allies)
        np.testing.assert_array_equal(one.output.positions, other.output.positions)
        for mine, theirs in zip(one.records, other.records, strict=True):
            np.testing.assert_array_equal(mine, theirs)


PATIENT = {"blowup_rate": 0.0, "dispute_onset": 0.0}
