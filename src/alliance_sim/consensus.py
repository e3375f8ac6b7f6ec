"""Decision by consensus for any positions: the procedure of the simulation, and bargaining without a proposal.

With a proposal and a reversion the alliance's procedure decides: an agenda setter facing vetoes (Romer and Rosenthal
1978, doi:10.1007/BF03187594). Without a proposal the members bargain: the text is the asymmetric Nash solution (Nash
1950, doi:10.2307/1907266; Harsanyi and Selten 1972, doi:10.1287/mnsc.18.5.80), drawn towards whoever proposes. The
weighted mean, the weighted median and the setter are limits of it (`decide`, Notes)::

    from alliance_sim import consensus

    odds = consensus.decide([0.2, 0.6, 0.9], proposal=0.8, reversion=0.3)
    odds.adopted, odds.blocked, odds.objectors
    consensus.decide([0.2, 0.6, 0.9], salience=[1.0, 0.5, 0.5]).levels
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alliance_sim import checks
from alliance_sim.errors import InputError, nearest
from alliance_sim.registry.forums import RULES, Decision
from alliance_sim.registry.parameter_names import by_current_name
from alliance_sim.registry.parameters import PARAMETERS

Array = NDArray[np.float64]

__all__ = ["RULES", "Odds", "decide"]

#: Distance from a proposal within which the text of bargaining counts as adopted.
ADOPTED_WITHIN = 0.15
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
        Share of draws in which each member broke silence, or was expected to where the item was withdrawn. Where
        there was no proposal: in which it would rather have kept the reversion. NaN for an unknown position.

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


def _vector(
    name: str, values: ArrayLike | None, n: int, default: float, low: float, high: float, missing: bool = False
) -> Array:
    if values is None:
        return np.full(n, default)
    array = _numbers(name, values)
    if array.ndim == 0:
        array = np.full(n, float(array))
    if array.shape != (n,):
        raise InputError(f"{name}: shape {array.shape}, expected ({n},)")
    valid = np.isfinite(array) & (array >= low) & (array <= high)
    if missing:
        valid |= np.isnan(array)
    if not valid.all():
        raise InputError(f"{name}: values in [{low:g}, {high:g}]{' or NaN' if missing else ''} expected")
    return array


def _positions(values: ArrayLike) -> Array:
    positions = _numbers("positions", values)
    if positions.ndim != 1 or positions.size == 0:
        raise InputError(f"positions: shape {positions.shape}, expected (N,) with N at least 1")
    positions = _vector("positions", positions, positions.size, 0.0, 0.0, 1.0, missing=True)
    if np.isnan(positions).all():
        raise InputError("positions: all are NaN; at least one number expected")
    return positions


def _salience(values: ArrayLike | None, n: int) -> Array:
    """Return the saliences; one that is missing is the mean of the others, or 1 where all are."""
    salience = _vector("salience", values, n, 1.0, 1e-9, 1.0, missing=True)
    missing = np.isnan(salience)
    salience[missing] = 1.0 if missing.all() else salience[~missing].mean()
    return salience


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


def _amount(name: str, value: float, high: float, low: float = 0.0) -> float:
    number = _numbers(name, value)
    if number.ndim or not low <= number <= high:
        raise InputError(f"{name}: {value!r} is not a number in [{low:g}, {high:g}]")
    return float(number)


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
    failure_cost: float = 1.0,
    weight_error: float = 0.5,
    proposer_gain: float = 1.0,
    residual: float = 0.03,
    loss_exponent: float = 1.5,
    **parameters: float,
) -> Odds:
    """Decide one item in many draws of what is not known: positions as read, weights, tempers, who proposes.

    With a proposal and a reversion the chair follows the alliance's procedure between the two, in either direction: it
    anticipates objections, tables the text with the greatest expected value for it or withdraws, and lowers the text
    when silence is broken. Without a proposal the members bargain over [0, 1], and `Odds.levels` predicts the text they
    arrive at. Without a reversion they bargain too, nothing is withdrawn or blocked, and a proposal only serves for
    comparison.

    Parameters
    ----------
    positions : (N,) array
        Positions of the members, in [0, 1]; NaN where unknown. Who has none takes no part in the procedure; in
        bargaining it makes the result less certain (Notes).
    proposal, reversion : float, optional
        Levels in [0, 1].
    salience, standing : (N,) arrays, optional
        In (0, 1]; 1 by default. Standing is power, and the weight of a vote under qualified majority. A salience of NaN
        is replaced by the mean of the others.
    dependence : (N,) array, optional
        On the patron, in [0, 1]; 0 by default.
    patron : int, optional
        Index of the member on whom others depend, and whom it costs them to oppose.
    rule : str
        One of `RULES`, of the procedure; `allowance` is the n of unanimity minus n. Who bargains seeks consensus.
    rounds : int
        Silence rounds, at least one.
    draws : int
        From 1 to 2**32 - 1.
    seed : int
        From 0 to 2**64 - 1.
    failure_cost : float
        What it costs each member that bargaining fails: beyond the loss from the reversion, or, without one, beyond the
        loss from the farthest text at a salience of 1, which is the unit. The default is judgement.
    weight_error : float
        Standard deviation of the logarithm of what is not known about each member's weight, power times salience, and
        about the failure cost. The default, a factor of 1.6, is judgement.
    proposer_gain : float
        In [0, 1]: the largest part of the way from the Nash solution to the best acceptable text of the member that
        proposes. The part is drawn uniformly up to it; by default nothing is known about it.
    residual : float
        Standard deviation of what the theory does not explain, in levels. The default makes intervals cover their share
        of decisions made by other theories in synthetic bodies.
    loss_exponent : float
        From 1 to 2: exponent of the loss with distance in bargaining; in the procedure it is 2. The default is between
        the linear loss that leads to the weighted median and the quadratic one that leads to the weighted mean
        (judgement: theory does not tell which of the two).
    **parameters : float
        Parameters of the decision by name, such as ``concession_step``; default: the centre of the prior. Bargaining
        uses ``sd_position`` only.

    Returns
    -------
    Odds

    Raises
    ------
    InputError
        For values out of range, an unknown rule, or an unknown parameter.

    Notes
    -----
    An outcome is `adopted` at a share `adopted_share` of the way from reversion to proposal or more, `diluted` below
    that. Where members bargain, a text is adopted within 0.15 of the proposal and diluted beyond, and always adopted
    where there is none.

    **Bargaining.** With positions x as read, saliences s, powers w, reversion r, failure cost c and exponent nu, member
    i gains ``g_i(q) = c + s_i*(|r - x_i|^nu - |q - x_i|^nu)`` from text q (without a reversion
    ``g_i(q) = c + 1 - s_i*|q - x_i|^nu``). The Nash solution is the text with the greatest ``sum_i w_i*log(g_i)`` among
    those from which nobody loses. Member j proposes with a probability in proportion to ``w_j*s_j``; its best text is
    the acceptable one nearest to x_j. The result is ``nash + u*proposer_gain*(best - nash) + residual*noise``, within
    [0, 1], with u uniform on [0, 1]: who proposes gains while rounds of bargaining cost something, and nothing in the
    limit of no such cost (Binmore 1987).

    Salience counts because failure costs all members the same: where that cost is far above their losses, log(g) is
    nearly linear in these (Achen 2006). Limits, without errors, proposer's gain and residual:

    - c large, nu = 2: the mean weighted by power and salience, the compromise model (Van den Bos 1991);
    - c large, nu = 1: the weighted median (Black 1948);
    - c = 0: the Nash solution with the reversion as the point of disagreement; if no text is better than the reversion
      for all, the reversion stays, which counts as `blocked`, here and nowhere else;
    - c = 0 and one member of overwhelming power: the setter facing vetoes.

    Members of unknown position take one from an urn in each draw (Blackwell and MacQueen 1973), in turn: that of a
    known member, in proportion to power and salience, that of an unknown one that has drawn before, or, as often as one
    average member is drawn, any level. So they widen the distribution and hardly move its mean.

    References
    ----------
    Achen (2006), Institutional realism and bargaining models, in Thomson, Stokman, Achen and Koenig, The European Union
    Decides. Binmore (1987), Nash bargaining theory II, in Binmore and Dasgupta, The Economics of Bargaining. Black
    (1948), On the rationale of group decision-making, doi:10.1086/256633. Van den Bos (1991), Dutch EC Policy Making.

    Examples
    --------
    >>> from alliance_sim import consensus
    >>> agreed = consensus.decide([0.7, 0.8, 0.9], proposal=0.8, reversion=0.3, draws=100)
    >>> divided = consensus.decide([0.1, 0.8, 0.9], proposal=0.8, reversion=0.3, draws=100)
    >>> agreed.adopted > divided.adopted
    True
    >>> int(divided.objectors.argmax())  # the first member objects most
    0
    >>> open_text = consensus.decide([0.1, 0.8, 0.9], salience=[1.0, 0.5, 0.5])
    >>> bool(0.4 < open_text.level < 0.6 and open_text.levels.std() > 0.1)
    True
    """
    wanted = _positions(positions)
    n = wanted.size
    body = _Body(
        wanted,
        _salience(salience, n),
        _vector("standing", standing, n, 1.0, 1e-9, 1.0),
        _vector("dependence", dependence, n, 0.0, 0.0, 1.0),
        -1 if patron is None else checks.whole_number("patron", patron, 0, n - 1),
    )
    if rule not in RULES:
        raise InputError(f"rule: {rule!r} is not known; allowed: {', '.join(RULES)}{nearest(rule, RULES)}")
    draws, seed = checks.draws_and_seed(draws, seed)
    checks.memory(draws, 9 * n + 48, f"{n:,} members")
    rounds = checks.whole_number("rounds", rounds, 1, 1000)
    allowance = checks.whole_number("allowance", allowance, 0, n)
    q0, r = _level("proposal", proposal), _level("reversion", reversion)
    amounts = (
        _amount("failure_cost", failure_cost, 1e9),
        _amount("weight_error", weight_error, 10.0),
        _amount("proposer_gain", proposer_gain, 1.0),
        _amount("residual", residual, 1.0),
    )
    exponent = _amount("loss_exponent", loss_exponent, 2.0, low=1.0)
    params = _parameters(parameters)
    if q0 is not None and r is not None:
        levels, outcome, objectors = _procedure(body, q0, r, (rule, allowance, rounds), params, draws, seed)
    else:
        levels, outcome, objectors = _bargaining(body, r, exponent, params["sd_position"], amounts, draws, seed)
        if q0 is not None:
            outcome[np.abs(levels - q0) > ADOPTED_WITHIN] = Decision.DILUTED
    return Odds(
        adopted=float(np.mean(outcome == Decision.ADOPTED)),
        diluted=float(np.mean(outcome == Decision.DILUTED)),
        withdrawn=float(np.mean(outcome == Decision.WITHDRAWN)),
        blocked=float(np.mean(outcome == Decision.BLOCKED)),
        level=float(levels.mean()),
        levels=levels,
        objectors=np.where(np.isnan(wanted), np.nan, objectors),
    )


class _Body(NamedTuple):
    position: Array
    salience: Array
    standing: Array
    dependence: Array
    patron: int


def _procedure(
    body: _Body, q0: float, r: float, how: tuple[str, int, int], params: dict[str, float], draws: int, seed: int
) -> tuple[Array, NDArray[np.int64], Array]:
    """Return level and outcome of each draw, and how often each member objected."""
    from alliance_sim.core.procedure import Answers, Body, decide_draws
    from alliance_sim.core.sessions import Item
    from alliance_sim.core.structures import MAX_PARTS, Param

    rule, allowance, rounds = how
    known = ~np.isnan(body.position)
    n = int(known.sum())
    patron = int(known[: body.patron].sum()) if body.patron >= 0 and known[body.patron] else -1
    reversion, span = np.zeros(MAX_PARTS), np.zeros(MAX_PARTS)
    reversion[0], span[0] = r, q0 - r
    item = Item(1, reversion, span, params["min_share"], True, RULES.index(rule), min(allowance, n), rounds, 1.0)
    answers = Answers(np.empty(draws, np.int64), np.empty(draws), np.empty((draws, n), np.int64))
    voters = Body(body.position[known], body.salience[known], body.standing[known], body.dependence[known], patron)
    decide_draws(answers, voters, item, np.array([params[param.name] for param in Param]), np.uint64(seed), 0)
    objectors = np.zeros(known.size)
    objectors[known] = (answers.objection >= 0).mean(axis=0)
    return r + answers.share * (q0 - r), answers.outcome, objectors


def _bargaining(
    body: _Body,
    r: float | None,
    exponent: float,
    sd_position: float,
    amounts: tuple[float, float, float, float],
    draws: int,
    seed: int,
) -> tuple[Array, NDArray[np.int64], Array]:
    """Return level and outcome of each draw, and how often each member would rather have kept the reversion."""
    from alliance_sim.core.bargaining import Bargainers, Bargains, Terms, bargain_draws

    failure_cost, weight_error, proposer_gain, residual = amounts
    terms = Terms(r or 0.0, r is not None, exponent, failure_cost, sd_position, weight_error, proposer_gain, residual)
    n = body.position.size
    bargains = Bargains(np.empty(draws), np.empty(draws, np.bool_), np.zeros(n, np.int64))
    members = Bargainers(body.position, body.salience, body.standing)
    bargain_draws(bargains, members, terms, np.uint64(seed), 0)
    outcome = np.where(bargains.failed, np.int64(Decision.BLOCKED), np.int64(Decision.ADOPTED))
    return bargains.level, outcome, bargains.losing / draws


def _parameters(given: dict[str, float]) -> dict[str, float]:
    """Return the values of all scalar parameters: those given, and the centres of the priors of the others."""
    from alliance_sim.core.structures import Param

    params = {param.name: param.definition.prior("2025").centre for param in Param}
    for name, value in by_current_name(given).items():
        if name not in _DECISION:
            raise InputError(
                f"{name!r} is not a parameter of the decision{nearest(name, _DECISION)}; "
                f"allowed: {', '.join(_DECISION)}"
            )
        number = float(_vector(name, value, 1, 0.0, -np.inf, np.inf)[0])
        PARAMETERS[name].check(number)
        params[name] = number
    return params
