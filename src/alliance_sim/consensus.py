"""Decision by consensus for any positions: the procedure of the simulation on its own.

The model description, "How the alliance decides", has the equations. Limiting cases are known theories: the agenda
setter facing vetoes (Romer and Rosenthal 1978, doi:10.1007/BF03187594), the asymmetric Nash product, the weighted
median and the weighted mean position::

    from alliance_sim import consensus

    odds = consensus.decide([0.2, 0.6, 0.9], proposal=0.8, reversion=0.3)
    odds.adopted, odds.blocked, odds.objectors
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alliance_sim import checks
from alliance_sim.errors import InputError, nearest
from alliance_sim.registry.forums import RULES
from alliance_sim.registry.parameter_names import by_current_name
from alliance_sim.registry.parameters import PARAMETERS

if TYPE_CHECKING:
    Array = NDArray[np.float64]

__all__ = ["RULES", "Odds", "decide"]

_DECISION = tuple(name for name, parameter in PARAMETERS.items() if parameter.group == "decision")


@dataclass(frozen=True)
class Odds:
    """The decisions of a body over many draws; `decide` returns it.

    Attributes
    ----------
    adopted, diluted, withdrawn, blocked : float
        Shares of the draws; they add up to one.
    level : float
        Expected level of the outcome: the text where one passed, the reversion where none did.
    levels : (draws,) array
        The level in every draw.
    objectors : (N,) array
        Share of draws in which each member broke silence, or was expected to where the item was withdrawn.

    Examples
    --------
    >>> from alliance_sim import consensus
    >>> odds = consensus.decide([0.2, 0.6, 0.9], proposal=0.8, reversion=0.3, draws=100)
    >>> round(odds.adopted + odds.diluted + odds.withdrawn + odds.blocked, 2)
    1.0
    >>> odds.levels.shape, odds.objectors.shape
    ((100,), (3,))
    """

    adopted: float
    diluted: float
    withdrawn: float
    blocked: float
    level: float
    levels: NDArray[np.float64] = field(repr=False)
    objectors: NDArray[np.float64]

    def __post_init__(self) -> None:
        self.levels.flags.writeable = self.objectors.flags.writeable = False


def _vector(name: str, values: ArrayLike | None, n: int, default: float, low: float, high: float) -> Array:
    if values is None:
        return np.full(n, default)
    array = _numbers(name, values)
    if array.ndim == 0:
        array = np.full(n, float(array))
    if array.shape != (n,):
        raise InputError(f"{name}: shape {array.shape}, expected ({n},)")
    if not (np.isfinite(array).all() and (array >= low).all() and (array <= high).all()):
        raise InputError(f"{name}: values in [{low:g}, {high:g}] expected")
    return array


def _numbers(name: str, values: ArrayLike) -> Array:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: {values!r}; numbers expected") from None


def _level(name: str, value: float | None) -> float | None:
    if value is None:
        return None
    level = _numbers(name, value)
    if level.ndim or not 0.0 <= level <= 1.0:
        raise InputError(f"{name}: {value!r} is not a number in [0, 1]")
    return float(level)


def decide(
    positions: Sequence[float] | NDArray[np.float64],
    *,
    proposal: float | None = None,
    reversion: float | None = None,
    salience: ArrayLike | None = None,
    standing: ArrayLike | None = None,
    dependence: ArrayLike | None = None,
    patron: int | None = None,
    rule: str = "unanimity",
    allowance: int = 1,
    rounds: int = 3,
    draws: int = 1000,
    seed: int = 0,
    **parameters: float,
) -> Odds:
    """Decide one item in many draws of the reading of positions, the members' temper and the chair's estimate.

    With a proposal and a reversion the chair follows the alliance's procedure between the two, in either direction: it
    anticipates objections, tables the text with the greatest expected value for it or withdraws, and lowers the text
    when silence is broken. Without a proposal it searches [0, 1] for the text with the greatest mean log acceptability,
    weighted by standing and salience (an asymmetric Nash product), and tables that. Without a reversion nothing is
    withdrawn or blocked: the chair's text stands, and a proposal only serves for comparison.

    Parameters
    ----------
    positions : (N,) array
        Positions of the members, in [0, 1].
    proposal, reversion : float, optional
        Levels in [0, 1].
    salience, standing : (N,) arrays, optional
        In (0, 1]; 1 by default. Standing is also the weight of a vote under qualified majority.
    dependence : (N,) array, optional
        On the patron, in [0, 1]; 0 by default.
    patron : int, optional
        Index of the member on whom others depend, and whom it costs them to oppose.
    rule : str
        One of `RULES`; `allowance` is the n of unanimity minus n.
    rounds : int
        Silence rounds, at least one.
    draws : int
        From 1 to 2**32 - 1.
    seed : int
        From 0 to 2**64 - 1.
    **parameters : float
        Parameters of the decision by name, such as ``concession_step``; default: the centre of the prior.

    Returns
    -------
    Odds

    Raises
    ------
    InputError
        For values out of range, an unknown rule, or an unknown parameter.

    Notes
    -----
    An outcome is `adopted` at 0.85 of the way from reversion to proposal or more, `diluted` below that. Without a
    reversion it is adopted within 0.15 of the proposal, and always where there is no proposal.

    Examples
    --------
    >>> from alliance_sim import consensus
    >>> agreed = consensus.decide([0.7, 0.8, 0.9], proposal=0.8, reversion=0.3, draws=100)
    >>> divided = consensus.decide([0.1, 0.8, 0.9], proposal=0.8, reversion=0.3, draws=100)
    >>> agreed.adopted > divided.adopted
    True
    >>> int(divided.objectors.argmax())  # the first member objects most
    0
    """
    from alliance_sim.core.procedure import Answers, Body, decide_draws
    from alliance_sim.core.structures import MAX_PARTS, Decision, Item, Param

    wanted = _numbers("positions", positions)
    if wanted.ndim != 1 or wanted.size == 0:
        raise InputError(f"positions: shape {wanted.shape}, expected (N,) with N at least 1")
    n = wanted.size
    wanted = _vector("positions", wanted, n, 0.0, 0.0, 1.0)
    weights = _vector("salience", salience, n, 1.0, 1e-9, 1.0)
    powers = _vector("standing", standing, n, 1.0, 1e-9, 1.0)
    needs = _vector("dependence", dependence, n, 0.0, 0.0, 1.0)
    if rule not in RULES:
        raise InputError(f"rule: {rule!r} is not known; allowed: {', '.join(RULES)}{nearest(rule, RULES)}")
    if patron is not None:
        checks.whole_number("patron", patron, 0, n - 1)
    draws, seed = checks.draws_and_seed(draws, seed)
    checks.memory(draws, 9 * n + 48, f"{n:,} members")
    checks.whole_number("rounds", rounds, 1, 1000)
    checks.whole_number("allowance", allowance, 0, n)
    q0, r = _level("proposal", proposal), _level("reversion", reversion)
    params = _parameters(parameters)

    committee = q0 is None or r is None
    base = np.zeros(MAX_PARTS)
    span = np.zeros(MAX_PARTS)
    fallback = np.zeros(MAX_PARTS)
    base[0], span[0] = (0.0, 1.0) if committee else (r or 0.0, (q0 or 0.0) - (r or 0.0))
    fallback[0] = r or 0.0
    item = Item(
        1, base, span, fallback, r is not None, committee, 0.0 if committee else params[Param.min_share], True,
        RULES.index(rule), allowance, rounds,
    )  # fmt: skip
    outcome, share, objection = answers = Answers(
        np.empty(draws, np.int64), np.empty(draws), np.empty((draws, n), np.int64)
    )
    body = Body(wanted, weights, powers, needs, -1 if patron is None else patron)
    decide_draws(answers, body, item, params, np.uint64(seed), 0)
    levels = base[0] + share * span[0]
    if committee and r is not None:
        levels[outcome == Decision.BLOCKED] = r
    if committee and q0 is not None:
        agreed = outcome == Decision.ADOPTED
        outcome[agreed & (np.abs(levels - q0) > 0.15)] = Decision.DILUTED
    return Odds(
        adopted=float(np.mean(outcome == Decision.ADOPTED)),
        diluted=float(np.mean(outcome == Decision.DILUTED)),
        withdrawn=float(np.mean(outcome == Decision.WITHDRAWN)),
        blocked=float(np.mean(outcome == Decision.BLOCKED)),
        level=float(levels.mean()),
        levels=levels,
        objectors=(objection >= 0).mean(axis=0),
    )


def _parameters(given: dict[str, float]) -> Array:
    """Return the core's array of parameters: those given, and the centres of the priors of the others."""
    from alliance_sim.core.structures import Param

    params = np.array([param.definition.prior("2025").a for param in Param], dtype=np.float64)
    for name, value in by_current_name(given).items():
        if name not in _DECISION:
            raise InputError(
                f"{name!r} is not a parameter of the decision{nearest(name, _DECISION)}; "
                f"allowed: {', '.join(_DECISION)}"
            )
        number = float(_vector(name, value, 1, 0.0, -np.inf, np.inf)[0])
        PARAMETERS[name].check(number)
        params[Param[name]] = number
    return params
