"""Compiled loops for limit.py, so that calls from Python are not timed; compiled like the core."""

import numpy as np

from alliance_sim.core.influence import confidence_weights, influence_step
from alliance_sim.core.jit import kernel
from alliance_sim.core.rng import fill_normal
from alliance_sim.core.structures import Channel, Clock


@kernel(python=True)
def copies(times, source, target):
    """Copy an array."""
    for _ in range(times):
        for i in range(source.size):
            target[i] = source[i]
        source[0] += 1.0  # keeps the compiler from removing all but one copy


@kernel(python=True)
def steps(times, current, anchor, weights, susceptibility, scratch):
    """Take steps of influence, each from the result of the one before."""
    for _ in range(times):
        influence_step(current, anchor, current, weights, susceptibility, scratch)


@kernel(python=True)
def weighings(times, weights, positions, base, salience, eps, scratch):
    """Compute influence weights."""
    for _ in range(times):
        for j in range(base.shape[0]):
            for i in range(base.shape[1]):
                weights[j, i] = base[j, i]
        confidence_weights(weights, positions, salience, eps, 2.0, scratch)


@kernel(python=True)
def numbers(times, row, idents):
    """Draw the random numbers of a month."""
    for t in range(times):
        fill_normal(row, Clock(np.uint64(0), 0, t), Channel.THREAT, idents)
