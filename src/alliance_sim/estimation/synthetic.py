"""Records that the model itself made, with known unknowns, for a fit to find again.

Each item is decided in the state that the history had before it, as in the likelihood: one path of the simulator, held
to the real record, gives the chances, and luck decides. So a synthetic record takes one run, and the emulator of the
real one serves for its fit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alliance_sim.core.constants import SD_OUTPUT
from alliance_sim.estimation.runs import Simulator
from alliance_sim.validation.history import History, rates_of, seen_shares

__all__ = ["synthetic_history"]

Floats = NDArray[np.float64]


def synthetic_history(simulator: Simulator, z: Floats, seed: int) -> History:
    """Return what would have been recorded had the model been true with some unknowns.

    Parameters
    ----------
    simulator : Simulator
    z : (dimension,) array
    seed : int
        Names the path as well.

    Examples
    --------
    >>> from alliance_sim.calibration.posterior import table_of
    >>> from alliance_sim.validation.history import history
    >>> from alliance_sim.estimation.unknowns import Unknowns
    >>> simulator = Simulator(history(2014, 2015, repeats=2), Unknowns("2014", table_of("prior")), seed=1)
    >>> made = synthetic_history(simulator, np.zeros(simulator.unknowns.dimension), seed=1)
    >>> made.items == simulator.seen.items, bool(made.voiced[~made.seated].any())
    (True, False)
    """
    rng = np.random.default_rng([20250623, seed])
    real = simulator.seen
    expected = simulator.expected(z[np.newaxis], first_draw=2**31 + seed)
    nuisance = {name: float(values[0]) for name, values in simulator.unknowns.nuisance(z[np.newaxis]).items()}
    ended, contested = np.empty_like(real.ended), np.empty_like(real.contested)
    voiced = np.zeros_like(real.voiced)
    shares = seen_shares(real, expected.ended, np.array([nuisance["recorded_share"]]))[0]
    for i in range(len(real.items)):
        explained = rng.random() >= nuisance["unexplained"]
        cell = int(rng.choice(6, p=(shares[i] if explained else real.rates[i]).ravel()))
        ended[i], contested[i] = cell // 2, cell % 2 > 0
        if contested[i]:
            usual = rng.random() < nuisance["unexplained_objections"]
            voiced[i] = _objecting(real.objection_rates[i] if usual else expected.objects[0, i], real.seated[i], rng)
    hard = np.asarray(real.refused.any(axis=1))[:, np.newaxis]
    rates, objection_rates = rates_of([item.group for item in real.items], ended, contested, voiced, real.seated)
    years, allies = real.spending.shape
    error = np.zeros((years + 1, allies))
    for year in range(years):
        own = nuisance["spending_sd"] * rng.standard_normal(allies)
        common = nuisance["spending_common_sd"] * rng.standard_normal()
        error[year + 1] = nuisance["spending_persistence"] * error[year] + own + common
    output = SD_OUTPUT * rng.standard_normal((years, 1))
    spending = np.exp(expected.spending[0] + error[1:] + output)
    return replace(
        real,
        ended=ended,
        contested=contested,
        voiced=voiced,
        refused=voiced & hard,
        rates=rates,
        objection_rates=objection_rates,
        spending=np.where(np.isnan(real.spending), np.nan, spending),
    )


def _objecting(chances: Floats, seated: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return who objects, somebody for certain: the first who does, then the others as ever."""
    chance = np.where(seated, np.clip(chances, 1e-6, 1.0 - 1e-6), 0.0)
    first = chance * np.concatenate([[1.0], np.cumprod(1.0 - chance)[:-1]])  # the first in order who objects
    place = int(rng.choice(len(chance), p=first / first.sum()))
    found: NDArray[np.bool_] = (np.arange(len(chance)) > place) & (rng.random(len(chance)) < chance)
    found[place] = True
    return found
