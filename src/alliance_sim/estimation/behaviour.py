"""The fit of behaviour: parameters and actors given the record and spending.

In rounds (sequential neural likelihood, Papamakarios, Sterratt and Murray 2019, AISTATS 22): runs, an emulator that
learns from them, draws of the posterior with it by Hamiltonian Monte Carlo, runs around these, and so on. The last
draws are run on the simulator and weighted by its likelihood over that of the emulator. The shape k of the largest
weights says whether the emulator was good enough; where it was not, the likelihood is taken to a power below one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpy.typing import NDArray
from numpyro.infer import MCMC, NUTS, init_to_value

from alliance_sim.estimation.emulator import Network, learned
from alliance_sim.estimation.likelihood import Expected, Likelihood, likelihood
from alliance_sim.estimation.measurement import convergence, stats
from alliance_sim.estimation.runs import Simulator
from alliance_sim.estimation.unknowns import Unknowns
from alliance_sim.validation.history import History

__all__ = ["LARGEST_K", "Check", "Draws", "Fit", "Settings", "check", "draws_of", "fit", "log_likelihood", "smoothed"]

Floats = NDArray[np.float64]

#: Weights whose k is above this cannot be trusted (Vehtari, Simpson, Gelman, Yao and Gabry 2024, Pareto smoothed
#: importance sampling, Journal of Machine Learning Research 25).
LARGEST_K = 0.7
#: Share of the draws that weights have to be worth, since rows are drawn by them (judgement).
LEAST_EFFECTIVE = 0.1
#: Runs of a round are from the posterior of the round before, that much wider.
WIDER = 1.25
#: Powers of the likelihood, of which the largest is taken at which weights are good enough.
POWERS = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2)


@dataclass(frozen=True)
class Settings:
    """How much a fit does.

    Attributes
    ----------
    runs : tuple of int
        Of each round, the first from the prior.
    chains, samples : int
        Chains, and draws of each, after as many to warm up.
    paths : int
        Runs of each draw on the simulator.
    """

    runs: tuple[int, ...] = (30_000, 40_000, 60_000, 60_000)
    chains: int = 4
    samples: int = 1000
    paths: int = 128


@dataclass(frozen=True)
class Draws:
    """Draws (D, dimension) from a posterior by the emulator, their log likelihoods (D,), and how they converged."""

    z: Floats
    log_likelihood: Floats
    convergence: dict[str, Any]


@dataclass(frozen=True)
class Check:
    """Draws weighted by the simulator.

    Attributes
    ----------
    power : float
        Of the likelihood.
    weights : (D,) array
        Smoothed; they add up to one.
    pareto_k, effective : float
        Shape of the largest weights, and share of the draws that they are worth.
    error_sd : float
        Standard deviation of the difference between the log likelihoods of simulator and emulator.
    expected : Expected
    simulated : Likelihood
        By the simulator.
    """

    power: float
    weights: Floats
    pareto_k: float
    effective: float
    error_sd: float
    expected: Expected[Floats]
    simulated: Likelihood[Floats]


@dataclass(frozen=True)
class Fit:
    """What a fit found: the last network and draws, their check, and how the rounds and powers went."""

    network: Network
    draws: Draws
    check: Check
    rounds: list[dict[str, Any]]
    powers: list[dict[str, float]]

    def resampled(self, rows: int, seed: int) -> Floats:
        """Return draws in proportion to their weights (rows, dimension)."""
        places = (np.random.default_rng([seed, 4]).random() + np.arange(rows)) / rows
        chosen = np.searchsorted(np.cumsum(self.check.weights), places).clip(max=len(self.draws.z) - 1)
        found: Floats = self.draws.z[chosen]
        return found


def log_likelihood(seen: History, unknowns: Unknowns, network: Network, z: Any) -> Likelihood[Any]:
    """Return the likelihood by the emulator, of unknowns (D, dimension)."""
    return likelihood(seen, network.expected(z), unknowns.nuisance(z, jnp, jax.scipy.special), np.inf, jnp)


def draws_of(
    seen: History,
    unknowns: Unknowns,
    network: Network,
    power: float,
    seed: int,
    settings: Settings,
    start: Floats | None = None,
) -> Draws:
    """Draw from the prior times the emulator's likelihood to a power."""

    def model() -> None:
        z = numpyro.sample("z", dist.Normal(0.0, 1.0).expand([unknowns.dimension]).to_event(1))
        total = log_likelihood(seen, unknowns, network, z[np.newaxis]).total[0]
        numpyro.deterministic("log_likelihood", total)
        numpyro.factor("seen", power * total)

    begin = jnp.zeros(unknowns.dimension) if start is None else jnp.asarray(start)
    sampler = MCMC(
        NUTS(model, target_accept_prob=0.8, init_strategy=init_to_value(values={"z": begin}), max_tree_depth=7),
        num_warmup=settings.samples,
        num_samples=settings.samples,
        num_chains=settings.chains,
        chain_method="vectorized",
        progress_bar=False,
    )
    sampler.run(jax.random.PRNGKey(seed), extra_fields=("diverging", "num_steps"))
    by_chain = {name: np.asarray(each) for name, each in sampler.get_samples(group_by_chain=True).items()}
    extra = sampler.get_extra_fields()
    found = convergence(by_chain) | {
        "divergences": int(np.asarray(extra["diverging"]).sum()),
        "steps": float(np.asarray(extra["num_steps"]).mean()),
    }
    return Draws(by_chain["z"].reshape(-1, unknowns.dimension), by_chain["log_likelihood"].ravel(), found)


def check(simulator: Simulator, draws: Draws, power: float, paths: int, first_draw: int, kept: Path) -> Check:
    """Run draws of a posterior on the simulator, unless that is kept in a file, and weight them."""
    expected = Expected(**_without_unknowns(_once(kept, _runs, simulator, draws.z, first_draw, paths)))
    simulated = likelihood(simulator.seen, expected, simulator.unknowns.nuisance(draws.z), paths * simulator.repeats)
    error = simulated.total - draws.log_likelihood
    weights, k = smoothed(power * error)
    effective = float(1.0 / (weights**2).sum() / len(weights))
    return Check(power, weights, k, effective, float(error.std()), expected, simulated)


def smoothed(log_weights: Floats) -> tuple[Floats, float]:
    """Return Pareto smoothed weights that add up to one, and the shape k of the largest."""
    found, k = stats().psislw(log_weights)
    weights = np.exp(found - found.max())
    return weights / weights.sum(), float(k)


def fit(
    simulator: Simulator,
    settings: Settings,
    seed: int,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
) -> Fit:
    """Fit behaviour; what is in the folder already, from a fit that was interrupted, is not made again.

    Parameters
    ----------
    simulator : Simulator
    settings : Settings
    seed : int
    folder : Path
        For this fit alone: of these data, settings and seed.
    say : callable, optional
        Called with lines on the progress.
    """
    seen, unknowns = simulator.seen, simulator.unknowns
    count, named = len(settings.runs), 0
    z = np.random.default_rng([seed, 0]).standard_normal((settings.runs[0], unknowns.dimension))
    so_far: list[dict[str, Floats]] = []
    rounds: list[dict[str, Any]] = []
    start: Floats | None = None
    few = replace(settings, samples=max(100, settings.samples // 4))
    for number in range(1, count + 1):
        say(f"round {number} of {count}: {len(z):,} runs")
        so_far.append(_once(folder / f"runs-{number}.npz", _runs, simulator, z, named))
        named += len(z)
        say(f"round {number} of {count}: the emulator learns")
        network = _learned(folder / f"network-{number}.npz", simulator, so_far, seed + number)
        say(f"round {number} of {count}: draws of the posterior")
        draws = _draws(folder / f"draws-{number}.npz", seen, unknowns, network, 1.0, seed + number, few, start)
        some = np.random.default_rng([seed, 1, number]).permutation(len(draws.z))[:_CHECKED]
        part = Draws(draws.z[some], draws.log_likelihood[some], draws.convergence)
        kept = folder / f"checked-{number}.npz"
        found = check(simulator, part, 1.0, settings.paths // 2, _CHECKS + named, kept)
        rounds.append(
            {
                "runs": len(z),
                "from": "prior" if number == 1 else "posterior",
                "validation": network.gain,
                **_flat(draws.convergence),
                "pareto_k": found.pareto_k,
                "effective": found.effective,
                "error_sd": found.error_sd,
            }
        )
        say(f"round {number} of {count}: k {found.pareto_k:.2f}, error of the log likelihood {found.error_sd:.1f}")
        start = draws.z.mean(axis=0)
        if number < count:
            z = _wider(draws.z, settings.runs[number], np.random.default_rng([seed, 3, number]))
    powers: list[dict[str, float]] = []
    for power in POWERS:
        if power * rounds[-1]["error_sd"] > _HOPELESS and power != POWERS[-1]:
            continue
        say(f"power {power:g}: draws, and {settings.paths} runs of each")
        draws = _draws(folder / f"draws-power-{power:g}.npz", seen, unknowns, network, power, seed, settings, start)
        found = check(simulator, draws, power, settings.paths, _CHECKS, folder / f"checked-power-{power:g}.npz")
        powers.append({"power": power, "pareto_k": found.pareto_k, "effective": found.effective})
        say(f"power {power:g}: k {found.pareto_k:.2f}, effective share {found.effective:.2f}")
        if found.pareto_k < LARGEST_K and found.effective >= LEAST_EFFECTIVE:
            break
    return Fit(network, draws, found, rounds, powers)


#: Draws of a round that are run on the simulator, and the name of the first random numbers of checks.
_CHECKED, _CHECKS = 400, 2**30
#: A power times the error of a log likelihood at which weights are hopeless, so that it is not tried.
_HOPELESS = 2.5


def _once(path: Path, make: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Return the arrays in a file; make them if it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez(part, **make(*arguments))
        part.replace(path)
    with np.load(path) as found:
        return dict(found)


def _runs(simulator: Simulator, z: Floats, first_draw: int, paths: int = 1) -> dict[str, Any]:
    runs = simulator.expected(z, first_draw, paths)
    # Half precision is enough for what is counted from a few repetitions, and there are thousands of chances a run.
    small = np.float16 if paths == 1 else np.float32
    kinds = {"z": np.float32, "ended": small, "objects": small, "spending": np.float32}
    return {name: values.astype(kinds[name]) for name, values in {"z": z, **vars(runs)}.items()}


def _without_unknowns(runs: dict[str, Floats]) -> dict[str, Floats]:
    return {name: values for name, values in runs.items() if name != "z"}


def _learned(
    path: Path,
    simulator: Simulator,
    runs: list[dict[str, Floats]],
    seed: int,
) -> Network:
    seen = simulator.seen
    sizes = {"items": len(seen.items), "years": len(seen.years), "allies": seen.seated.shape[1]}

    def make() -> dict[str, Any]:
        joined = {name: np.concatenate([each[name] for each in runs]) for name in runs[0]}
        z = joined.pop("z")
        made = learned(simulator.unknowns, z, Expected(**joined), seen.seated, seen.spending_known, seed)
        return {**made.weights, "gain": made.gain}

    weights = _once(path, make)
    gain = float(weights.pop("gain"))
    return Network(simulator.unknowns, {name: jnp.asarray(each) for name, each in weights.items()}, **sizes, gain=gain)


def _draws(
    path: Path,
    seen: History,
    unknowns: Unknowns,
    network: Network,
    power: float,
    seed: int,
    settings: Settings,
    start: Floats | None,
) -> Draws:
    def make() -> dict[str, Any]:
        made = draws_of(seen, unknowns, network, power, seed, settings, start)
        return {"z": made.z, "log_likelihood": made.log_likelihood, "convergence": json.dumps(made.convergence)}

    found = _once(path, make)
    return Draws(found["z"], found["log_likelihood"], json.loads(str(found["convergence"])))


def _flat(convergence: dict[str, Any]) -> dict[str, float]:
    return {key: each["worst"] if isinstance(each, dict) else each for key, each in convergence.items()}


def _wider(z: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return draws about others, wider by `WIDER`."""
    mean, sd = z.mean(axis=0), z.std(axis=0)
    chosen = z[rng.integers(len(z), size=count)]
    smooth = 0.3  # so that no two are alike
    spread = np.sqrt(WIDER**2 - smooth**2)
    found: Floats = mean + spread * (chosen - mean) + smooth * sd * rng.standard_normal(chosen.shape)
    return found
