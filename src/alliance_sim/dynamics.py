"""Models of opinion dynamics for any arrays: DeGroot, Friedkin-Johnsen, Hegselmann-Krause.

They iterate the same functions as the simulation (`alliance_sim.core.influence`)::

    from alliance_sim import dynamics

    dynamics.degroot([0, 1], [[0.5, 0.5], [0.25, 0.75]])               # consensus at 2/3
    dynamics.friedkin_johnsen([0, 1], [[0.5, 0.5], [0.5, 0.5]], 0.5)   # lasting disagreement
    dynamics.hegselmann_krause([0.0, 0.1, 0.9], epsilon=0.2)           # camps
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alliance_sim.checks import whole_number
from alliance_sim.core.influence import confidence_weights, couple, influence_step
from alliance_sim.errors import InputError

__all__ = ["ConvergenceError", "degroot", "friedkin_johnsen", "hegselmann_krause"]

#: Iterations after which the search for a limit ends with an error.
MAX_STEPS = 1_000_000

#: Allowed deviation of row sums from 1 (rounding of printed or computed weights).
ROW_TOLERANCE = 1e-9

Array = NDArray[np.float64]


class ConvergenceError(RuntimeError):
    """The opinions have no limit, or approach it too slowly to be reached.

    Examples
    --------
    >>> from alliance_sim import dynamics
    >>> try:
    ...     dynamics.degroot([0, 1], [[0, 1], [1, 0]])
    ... except dynamics.ConvergenceError:
    ...     print("opinions oscillate")
    opinions oscillate
    """


def friedkin_johnsen(
    initial: ArrayLike,
    weights: ArrayLike,
    susceptibility: ArrayLike,
    coupling: ArrayLike | None = None,
    steps: int | None = None,
    tol: float = 1e-12,
) -> Array:
    """Return opinions under influence from others and attachment to one's own first opinion.

    `x' = L W x C^T + (I - L) x0` with L = diag(susceptibility). Where I - L W can be inverted and issues are
    uncoupled, the limit is `(I - L W)^-1 (I - L) x0`.

    Parameters
    ----------
    initial : (N,) or (N, K) array
        Opinions of N actors on one or K issues, in any unit; also the anchors.
    weights : (N, N) array
        Row i holds the weights that i gives to each actor, itself included. Non-negative; rows sum to 1.
    susceptibility : float or (N,) array in [0, 1]
        0 = keeps the first opinion, 1 = follows the others entirely.
    coupling : (K, K) array, optional
        Logic matrix C: row k holds the weights of all issues in the opinion on issue k. Entries may be negative;
        absolute values sum to at most 1 in each row, which keeps opinions bounded. Default: issues are uncoupled.
    steps : int, optional
        Number of steps. Default: as many as the limit needs.
    tol : float in [0, 1]
        Distance from the limit at which the iteration stops, relative to the largest absolute initial
        opinion. The distance is a bound on the sum of all further changes, not the last change.

    Returns
    -------
    array of the shape of `initial`

    Raises
    ------
    InputError
        If an argument has the wrong shape or values out of range.
    ConvergenceError
        If the opinions go on oscillating, or `MAX_STEPS` do not suffice.

    References
    ----------
    Friedkin and Johnsen (1999), Advances in Group Processes 16. Several issues: Parsegov, Proskurnikov, Tempo
    and Friedkin (2017), IEEE Transactions on Automatic Control 62, arXiv:1505.04920.

    Examples
    --------
    >>> from alliance_sim import dynamics
    >>> weights = [[0.5, 0.5], [0.5, 0.5]]
    >>> dynamics.friedkin_johnsen([0.0, 1.0], weights, susceptibility=0.5).round(2)
    array([0.25, 0.75])
    """
    anchor = _opinions(initial)
    n, issues = anchor.shape
    listening = _weights(weights, n)
    openness = _susceptibility(susceptibility, n)
    logic = np.eye(issues) if coupling is None else _coupling(coupling, issues)
    start, voices = np.ascontiguousarray(anchor.T), np.ascontiguousarray(listening.T)
    scratch = np.empty((2 * issues, n))

    def step(current: Array) -> Array:
        following, coupled = np.empty_like(current), np.empty_like(current)
        couple(coupled, logic, current)
        influence_step(following, start, coupled, voices, openness, scratch)
        return following

    def memory() -> int:
        return _memory((openness / listening.sum(axis=1))[:, None] * listening, logic)

    return np.ascontiguousarray(_iterate(step, start, steps, tol, memory).T).reshape(np.shape(initial))


def degroot(initial: ArrayLike, weights: ArrayLike, steps: int | None = None, tol: float = 1e-12) -> Array:
    """Return opinions under repeated averaging, `x' = W x`: Friedkin-Johnsen with susceptibility 1.

    Parameters
    ----------
    initial, weights, steps, tol
        As in `friedkin_johnsen`.

    Returns
    -------
    array of the shape of `initial`
        The consensus, if the actors reach one; otherwise one opinion for each group that listens only to
        itself, and mixtures of these for all others.

    Raises
    ------
    InputError
        If an argument has the wrong shape or values out of range.
    ConvergenceError
        If the opinions go on oscillating, or `MAX_STEPS` do not suffice.

    References
    ----------
    DeGroot (1974), Reaching a consensus, Journal of the American Statistical Association 69.

    Examples
    --------
    >>> from alliance_sim import dynamics
    >>> dynamics.degroot([0.0, 1.0], [[0.5, 0.5], [0.25, 0.75]]).round(2)
    array([0.67, 0.67])
    """
    return friedkin_johnsen(initial, weights, 1.0, steps=steps, tol=tol)


def hegselmann_krause(initial: ArrayLike, epsilon: float, steps: int | None = None, tol: float = 1e-12) -> Array:
    """Return opinions under bounded confidence: each moves to the mean of all opinions within `epsilon` of its own.

    Opinions exactly `epsilon` apart are within, with a relative tolerance of 1e-9 so that rounding does not
    decide. All actors move at once.

    Parameters
    ----------
    initial : (N,) array
        Opinions, in any unit.
    epsilon : float, >= 0
        Confidence bound, in the unit of the opinions; may be infinite.
    steps : int, optional
        Number of steps. Default: until opinions freeze.
    tol : float in [0, 1]
        Opinions are frozen when none changes by more than this, relative to the largest absolute initial
        opinion. They freeze exactly: 0 is a valid choice.

    Returns
    -------
    (N,) array

    Raises
    ------
    InputError
        If an argument has the wrong shape or values out of range.
    ConvergenceError
        If `MAX_STEPS` do not suffice.

    References
    ----------
    Hegselmann and Krause (2002), Journal of Artificial Societies and Social Simulation 5(3).

    Examples
    --------
    >>> from alliance_sim import dynamics
    >>> dynamics.hegselmann_krause([0.0, 0.1, 0.9], epsilon=0.2).round(2)
    array([0.05, 0.05, 0.9 ])
    """
    if np.ndim(initial) != 1:
        raise InputError(f"initial: has {np.ndim(initial)} dimensions; give one opinion an actor, (N,)")
    opinions = _opinions(initial)
    bound = _number("epsilon", epsilon)
    n = len(opinions)
    one_issue, openness, scratch = np.ones(1), np.ones(n), np.empty((4, n))

    def step(current: Array) -> Array:
        following, weights = np.empty_like(current), np.ones((n, n))
        confidence_weights(weights, current, one_issue, bound, 0.0, scratch)
        influence_step(following, current, current, weights, openness, scratch)
        return following

    final: Array = _iterate(step, opinions.T, steps, tol, None)[0]
    return final


def _iterate(
    step: Callable[[Array], Array],
    start: Array,
    steps: int | None,
    tol: float,
    memory: Callable[[], int] | None,
) -> Array:
    """Take `steps` steps from `start`, or go to the limit.

    With a memory of m steps (after m steps a change has at most half its size) all changes after one sum to at most
    2 m times that change. Without a memory (None) the process ends by itself, and the last change decides.
    """
    tol = _number("tol", tol, highest=1.0)
    current = start
    if steps is not None:
        for _ in range(whole_number("steps", steps, 0)):
            current = step(current)
        return current.copy()

    scale = float(np.abs(start).max())
    to_come, horizon = 1.0, math.inf
    for taken in range(1, MAX_STEPS + 1):
        previous, current = current, step(current)
        change = float(np.abs(current - previous).max())
        if change == 0.0:
            return current
        if taken == 1 and memory is not None:
            half_life = memory()
            to_come = 2.0 * half_life
            # By then changes would be below tolerance; only the last bit alternates.
            smallest = max(tol, float(np.finfo(np.float64).eps))
            horizon = half_life * math.ceil(math.log2(4.0 * half_life / smallest))
        if to_come * change <= tol * scale or taken >= horizon:
            return current
    raise ConvergenceError(f"opinions have not settled after {MAX_STEPS:,} steps; give steps to stop earlier")


def _memory(influence: Array, coupling: Array) -> int:
    """Number of steps, a power of 2, after which changes from step to step have at most half their size.

    `X' = A X C^T + (I - L) X0` changes only within the space that the limit P of the powers of the operator
    `A (x) C` sends to zero. There the m-th power equals the m-th power minus P; m is the first whose norm is 1/2.
    """
    powers = [(influence, coupling)]
    for _ in range(36):
        a, c = powers[-1]
        powers.append((a @ a, c @ c))
    last_a, last_c = powers[-1]
    limit = np.kron(last_a, last_c)
    if _norm(np.kron(last_a @ influence, last_c @ coupling) - limit) > 0.5:
        raise ConvergenceError("the opinions oscillate and have no limit; give steps, or some weight on oneself")
    return next(1 << j for j, (a, c) in enumerate(powers) if _norm(np.kron(a, c) - limit) <= 0.5)


def _norm(matrix: Array) -> float:
    return float(np.abs(matrix).sum(axis=1).max())


def _array(name: str, value: ArrayLike) -> Array:
    try:
        array = np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise InputError(f"{name}: is not an array of numbers") from None
    if not np.isfinite(array).all():
        raise InputError(f"{name}: holds values that are not finite")
    return array


def _number(name: str, value: float, highest: float = math.inf) -> float:
    if not isinstance(value, (int, float, np.number)) or not 0 <= value <= highest:
        raise InputError(f"{name}: {value!r} is not allowed; give a number from 0 to {highest:g}")
    return float(value)


def _opinions(initial: ArrayLike) -> Array:
    opinions = _array("initial", initial)
    if opinions.ndim not in (1, 2) or opinions.size == 0:
        raise InputError(f"initial: has shape {opinions.shape}; give (N,) or (N, K) with at least one actor and issue")
    return opinions.reshape(len(opinions), -1)


def _weights(value: ArrayLike, n: int) -> Array:
    weights = _array("weights", value)
    if weights.shape != (n, n):
        raise InputError(f"weights: has shape {weights.shape}; {n} actors need {(n, n)}")
    if weights.min() < 0.0:
        raise InputError(f"weights: holds {weights.min():g}; weights are >= 0")
    sums = weights.sum(axis=1)
    worst = int(np.abs(sums - 1.0).argmax())
    if abs(sums[worst] - 1.0) > ROW_TOLERANCE:
        raise InputError(f"weights: row {worst} sums to {sums[worst]:g}; each row sums to 1")
    return weights


def _susceptibility(value: ArrayLike, n: int) -> Array:
    susceptibility = _array("susceptibility", value)
    if susceptibility.shape not in ((), (n,)):
        raise InputError(f"susceptibility: has shape {susceptibility.shape}; give one number or {(n,)}")
    if susceptibility.min() < 0.0 or susceptibility.max() > 1.0:
        raise InputError("susceptibility: holds values outside [0, 1]")
    return np.full(n, susceptibility)


def _coupling(value: ArrayLike, issues: int) -> Array:
    coupling = _array("coupling", value)
    if coupling.shape != (issues, issues):
        raise InputError(f"coupling: has shape {coupling.shape}; {issues} issues need {(issues, issues)}")
    sums = np.abs(coupling).sum(axis=1)
    if sums.max() > 1.0 + ROW_TOLERANCE:
        raise InputError(
            f"coupling: absolute values of row {sums.argmax()} sum to {sums.max():g}; at most 1 keeps opinions bounded"
        )
    return np.asarray(coupling / np.maximum(sums, 1.0)[:, None])
