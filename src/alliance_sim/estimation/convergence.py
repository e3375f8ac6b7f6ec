"""Whether a fit by Markov chains is good enough that its draws may be used; needs no library of the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["MAX_R_HAT", "MIN_ESS", "Refused", "shortcomings"]

#: Largest split R-hat and least effective sample size of any quantity (Vehtari et al. 2021, Rank-normalization,
#: folding, and localization: An improved R-hat).
MAX_R_HAT, MIN_ESS = 1.01, 400


class Refused(Exception):
    """A fit is not good enough that its draws may be used; the message says why.

    An error of neither input nor code: the command ends with status 1.

    Examples
    --------
    >>> str(Refused("worst split R-hat 1.2"))
    'worst split R-hat 1.2'
    """


def shortcomings(diagnostics: Mapping[str, Any]) -> str | None:
    """Return why the draws of a fit are not to be used, and what may help; None if nothing speaks against them.

    What the diagnostics do not know, because a single chain was run, counts against them too.

    Parameters
    ----------
    diagnostics : mapping
        ``divergences``, and the worst value of ``r_hat``, ``ess_bulk`` and ``ess_tail`` with the quantity it is of, as
        `measurement.fit` returns them.

    Examples
    --------
    >>> good = {"worst": 900.0, "of": "mu"}
    >>> found = {"divergences": 2, "r_hat": {"worst": 1.0, "of": "mu"}, "ess_bulk": good, "ess_tail": good}
    >>> shortcomings(found)
    'the fit did not converge: 2 divergences (allowed: none); try another --seed'
    >>> shortcomings(found | {"divergences": 0})
    """
    found = []
    for key, name, allowed in (
        ("r_hat", "split R-hat", f"at most {MAX_R_HAT}"),
        ("ess_bulk", "bulk ESS", f"at least {MIN_ESS}"),
        ("ess_tail", "tail ESS", f"at least {MIN_ESS}"),
    ):
        if "worst" not in diagnostics[key]:
            found.append(f"{name} unknown (allowed: {allowed})")
            continue
        value = diagnostics[key]["worst"]
        # Negated, since a value that is not a number is not good.
        if not (value <= MAX_R_HAT if key == "r_hat" else value >= MIN_ESS):
            found.append(f"{name} {value:.6g} of {diagnostics[key]['of']} (allowed: {allowed})")
    if count := diagnostics["divergences"]:
        found.append(f"{count} divergence{'s' if count > 1 else ''} (allowed: none)")
    if not found:
        return None
    return f"the fit did not converge: {', '.join(found)}; try another --seed"
