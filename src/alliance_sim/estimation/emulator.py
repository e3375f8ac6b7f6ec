"""An emulator of the simulator: a network from unknowns to what they expect of the record and of spending.

Each run that it learns from has followed one path only: that the network gives the mean over paths is what it is for.
It is differentiable, so that the posterior can be sampled by Hamiltonian Monte Carlo. Whether it is good enough only
the simulator can tell (`behaviour.check`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import log_sigmoid
from numpy.typing import NDArray
from numpyro.optim import Adam

from alliance_sim.estimation.likelihood import Expected
from alliance_sim.estimation.unknowns import Unknowns

__all__ = ["Network", "learned"]

Floats = NDArray[np.float64]
Weights = dict[str, Any]

#: Units of the hidden layers of the alliance and of an ally, numbers that describe an ally beside its unknowns, and
#: factors of an item or a year and of an ally, whose products are what is special to both (judgement).
UNITS, ALLY_UNITS, TRAITS, FACTORS = 128, 64, 8, 24
#: Runs of a step, and passes over all runs.
BATCH, PASSES = 200, 20
#: Step of the optimizer at the start; it falls to zero along a cosine.
STEP = 3e-3
#: Error of spending that counts as much as a unit of log probability.
_SPENDING_SCALE = 0.05
#: Share of the runs that are kept apart to see how well others are predicted.
_APART = 0.05


@dataclass(frozen=True)
class Network:
    """What was learned.

    What an ally does about an item is a product of factors of both, and its factors come from its own unknowns and from
    the state of the alliance, by the same weights for all allies: what is learned of one serves for all.

    Attributes
    ----------
    unknowns : Unknowns
    weights : dict
    items, years, allies : int
    gain : float
        Of the log probability of runs that were kept apart, over that with the same chances for all unknowns; a run.
    """

    unknowns: Unknowns
    weights: Weights
    items: int
    years: int
    allies: int
    gain: float

    def expected(self, z: Any) -> Expected[Any]:
        """Return what unknowns (D, dimension) expect."""
        ended, objects, spending = _outputs(self.weights, self.unknowns.scores(z, jnp), self.unknowns.own)
        ended = jax.nn.softmax(ended).reshape(len(z), self.items, 3, 2)
        return Expected(ended, jax.nn.sigmoid(objects), spending)


def _outputs(weights: Weights, scores: Any, own: NDArray[np.int64]) -> tuple[Any, Any, Any]:
    """Return logits of ends (D, I, 6) and of objections (D, I, N), and logarithms of spending (D, Y, N)."""
    w, d = weights, len(scores)
    alliance = jnp.tanh(jnp.tanh(scores @ w["first"] + w["first_bias"]) @ w["second"] + w["second_bias"])
    of_ally = jnp.where(own >= 0, scores[:, own], 0.0) @ w["own"] + w["traits"] @ w["own_traits"]
    of_ally = jnp.tanh(of_ally + (alliance @ w["own_alliance"])[:, np.newaxis])
    ended = w["ended_bias"] + (alliance @ w["ended"]).reshape(d, *w["ended_bias"].shape)

    def product(name: str) -> Any:
        factors = w[f"{name}_factors"] + (alliance @ w[f"{name}_alliance"]).reshape(d, *w[f"{name}_factors"].shape)
        return w[f"{name}_bias"] + factors @ (of_ally @ w[f"{name}_ally"] + w[f"{name}_fixed"]).swapaxes(1, 2)

    return ended, product("objects"), product("spending")


def learned(
    unknowns: Unknowns,
    z: Floats,
    runs: Expected[Floats],
    seated: NDArray[np.bool_],
    known: NDArray[np.bool_],
    seed: int,
) -> Network:
    """Learn from runs, one path each.

    Parameters
    ----------
    unknowns : Unknowns
    z : (D, dimension) array
    runs : Expected
    seated : (I, N) bool array
        Whose objections count.
    known : (N,) bool array
        Whose spending counts.
    seed : int
    """
    d, items = runs.ended.shape[:2]
    years, allies = runs.spending.shape[1:]
    rng = np.random.default_rng([seed, 2])
    order = rng.permutation(d)
    apart = order[: max(1, int(_APART * d))]
    rest = order[len(apart) :]
    wanted = (unknowns.scores(z).astype(np.float32), runs.ended.reshape(d, items, 6), runs.objects, runs.spending)
    data = tuple(map(jnp.asarray, wanted))

    def loss(weights: Weights, batch: Any) -> Any:
        return _loss(_outputs(weights, batch[0], unknowns.own), batch[1:], seated, known)

    start = _start(runs, unknowns, rng)
    batch = min(BATCH, len(rest))
    steps = len(rest) // batch
    total = PASSES * steps
    optimizer = Adam(lambda i: STEP * 0.5 * (1.0 + jnp.cos(jnp.pi * jnp.minimum(i / total, 1.0))))

    def learn(state: Any, places: Any, data: Any) -> Any:
        def step(state: Any, chosen: Any) -> tuple[Any, None]:
            runs = tuple(each[chosen].astype(jnp.float32) for each in data)
            return optimizer.update(jax.grad(loss)(optimizer.get_params(state), runs), state), None

        return jax.lax.scan(step, state, places)[0]

    one_pass: Callable[..., Any] = jax.jit(learn)
    state = optimizer.init(start)
    for _ in range(PASSES):
        places = rng.permutation(rest)[: steps * batch].reshape(steps, batch)
        state = one_pass(state, jnp.asarray(places), data)
    found = optimizer.get_params(state)
    others = tuple(each[apart].astype(jnp.float32) for each in data)
    fixed = {name: value if name.endswith("_bias") else jnp.zeros_like(value) for name, value in start.items()}
    return Network(unknowns, found, items, years, allies, float(loss(fixed, others) - loss(found, others)))


def _loss(outputs: Any, wanted: Any, seated: NDArray[np.bool_], known: NDArray[np.bool_]) -> Any:
    """Return the mean over runs of minus the log probability of what they expected."""
    (ended, objects, spending), (ended_is, objects_is, spending_is) = outputs, wanted
    of_ended = (ended_is * jax.nn.log_softmax(ended)).sum()
    of_objects = jnp.where(seated, objects_is * log_sigmoid(objects) + (1.0 - objects_is) * log_sigmoid(-objects), 0.0)
    of_spending = jnp.where(known, ((spending - spending_is) / _SPENDING_SCALE) ** 2, 0.0)
    return -(of_ended + of_objects.sum() - 0.5 * of_spending.sum()) / len(ended)


def _start(runs: Expected[Floats], unknowns: Unknowns, rng: np.random.Generator) -> Weights:
    """Return weights that give nearly the means over runs."""
    items, allies = runs.objects.shape[1:]
    years = runs.spending.shape[1]
    ended = np.log(runs.ended.mean(axis=0, dtype=float).reshape(items, 6) + 1e-4)
    share = np.clip(runs.objects.mean(axis=0, dtype=float), 1e-4, 1.0 - 1e-4)

    def normal(rows: int, columns: int, scale: float = 1.0) -> Any:
        return scale * rng.standard_normal((rows, columns)) / np.sqrt(rows)

    found = {
        "first": normal(unknowns.dimension, UNITS),
        "first_bias": np.zeros(UNITS),
        "second": normal(UNITS, UNITS),
        "second_bias": np.zeros(UNITS),
        "own": normal(unknowns.own.shape[1], ALLY_UNITS),
        "own_traits": normal(TRAITS, ALLY_UNITS),
        "own_alliance": normal(UNITS, ALLY_UNITS),
        "traits": rng.standard_normal((allies, TRAITS)),
        "ended": normal(UNITS, items * 6, 0.1),
        "ended_bias": ended,
        "objects_bias": np.log(share / (1.0 - share)),
        "spending_bias": runs.spending.mean(axis=0),
    }
    for name, rows in (("objects", items), ("spending", years)):
        found[f"{name}_factors"] = 0.3 * rng.standard_normal((rows, FACTORS))
        found[f"{name}_alliance"] = normal(UNITS, rows * FACTORS, 0.1)
        found[f"{name}_ally"] = normal(ALLY_UNITS, FACTORS)
        found[f"{name}_fixed"] = np.zeros((allies, FACTORS))
    return {name: jnp.asarray(value, jnp.float32) for name, value in found.items()}
