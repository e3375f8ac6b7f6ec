"""Choice of a policy under deep uncertainty: mean outcome, worst case and regret of each policy.

A policy is one option of every lever. All policies are run in the same futures, the points of the design, with common
random numbers, so that differences between policies are due to the policies.

Sources: Savage (1951), The theory of statistical decision (minimax regret); Wald (1950), Statistical decision
functions (maximin); Lempert, Groves, Popper and Bankes (2006), A general, analytic method for generating robust
strategies (regret over many futures).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import pandas as pd

from alliance_sim import checks
from alliance_sim.analysis.precision import crossed_error
from alliance_sim.errors import InputError, shown
from alliance_sim.experiments.results import Results, open_results
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.table import Table
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RULES", "Policies", "lever_effects", "policy", "policy_table"]

Better = Literal["higher", "lower"]

#: Rules of robust choice, by the column of the table that decides.
RULES = MappingProxyType(
    {
        "mean": "the best mean over all futures",
        "worst": "the best in its own worst future (maximin)",
        "regret_max": "the least to regret at most (minimax regret)",
    }
)


@dataclass(frozen=True, eq=False)
class Policies:
    """Policies compared in one outcome; the function `policy` returns it.

    Attributes
    ----------
    experiment, outcome, unit : str
    better : str
        ``higher`` or ``lower``.
    levers : tuple of str
    futures, draws : int
        Points of the design, and draws at each.
    version : str
        Of the package, when the sweep was run.
    table : DataFrame
        The options of the levers, and `policy_table`.
    effects : DataFrame
        `lever_effects`; empty where not all combinations were run.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> results = als.sweep(experiment, "summits")
    >>> policies = als.policy(results, "cohesion")
    >>> policies.better, policies.levers, policies.futures, policies.draws
    ('higher', ('meeting', 'quarrels'), 27, 2)
    """

    experiment: str
    outcome: str
    unit: str
    better: Better
    levers: tuple[str, ...]
    futures: int
    draws: int
    version: str
    table: Table = Table()
    effects: Table = Table()

    @property
    def without_effect(self) -> list[str]:
        """Levers whose effect is at most two standard errors: they do nothing that can be seen.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> set(als.policy(results, "cohesion").without_effect) <= {"meeting", "quarrels"}
        True
        """
        effects = self.effects
        return list(effects.index[(effects["effect"] <= 2.0 * effects["mc_error"]) | (effects["effect"] == 0.0)])

    @property
    def tied(self) -> list[str]:
        """Policies whose mean is behind the best by at most two standard errors.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> policies = als.policy(results, "cohesion")
        >>> set(policies.tied) <= set(policies.table.index)
        True
        """
        return list(self.table.index[~(self.table["behind"] > 2.0 * self.table["mc_error"])])

    @property
    def options(self) -> pd.DataFrame:
        """One row an option of a lever: mean of ``mean, regret_mean, regret_max`` over the policies that have it.

        Empty where not all combinations were run, since an option's mean would depend on the options it was run with.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> als.policy(results, "cohesion").options.shape  # options, statistics
        (5, 3)
        """
        if not _all_combined(self.table[list(self.levers)]):
            return pd.DataFrame(columns=["mean", "regret_mean", "regret_max"])
        columns = ["mean", "regret_mean", "regret_max"]
        parts = {lever: self.table.groupby(lever, sort=False)[columns].mean() for lever in self.levers}
        return pd.concat(parts, names=["lever", "option"])

    @property
    def choices(self) -> dict[str, str]:
        """The policy that each of the `RULES` chooses; of equal ones the first.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> list(als.policy(results, "cohesion").choices)
        ['mean', 'worst', 'regret_max']
        """
        gain = {rule: -self.table[rule] if self._less(rule) else self.table[rule] for rule in RULES}
        return {rule: str(values.idxmax()) for rule, values in gain.items()}

    def label(self, name: str) -> str:
        """Return the options of a policy in one line.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> policies = als.policy(results, "cohesion")
        >>> policies.label(policies.table.index[0])
        'closed, held'
        """
        return ", ".join(map(str, self.table.loc[name, list(self.levers)]))

    def _less(self, rule: str) -> bool:
        return rule.startswith("regret") or self.better == "lower"

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the table: mean and 5 to 95 % of the runs of each policy, and beside them its regret.

        Parameters
        ----------
        path : str or Path, optional
            A file to write, in a new folder too; its ending is .png, .svg or .pdf.

        Raises
        ------
        InputError
            If the file cannot be written.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> _ = als.policy(results, "cohesion").plot("policies.png")
        """
        from alliance_sim.analysis import plots
        from alliance_sim.results.plots import write

        title = f"{self.experiment}: {self.outcome.replace('_', ' ')} by policy ({self.better} is better)"
        note = f"{counted(self.futures, 'future')} · {counted(self.draws, 'draw')} each · alliance_sim {self.version}"
        rows = self.table.sort_values("behind", kind="stable")
        figure = plots.policies(rows.set_axis([self.label(str(name)) for name in rows.index]), self.unit, title, note)
        if path is not None:
            write(figure, path)
        return figure


def policy(results: str | Path | Results, outcome: str, better: Better | None = None) -> Policies:
    """Compare the policies of a sweep in one outcome.

    Parameters
    ----------
    results : str, Path or Results
        The folder of a sweep, or what `load_results` gives for it.
    outcome : str
        Name of an outcome; its value in the last month is used.
    better : str, optional
        ``higher`` or ``lower``; needed only where the registry of outcomes has no direction.

    Returns
    -------
    Policies

    Raises
    ------
    InputError
        If the results are not of a finished sweep, the outcome is unknown or has no direction, or there is a single
        policy.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> results = als.sweep(experiment, "summits")
    >>> policies = als.policy(results, "cohesion")
    >>> list(policies.table)[:6]
    ['meeting', 'quarrels', 'mean', 'p05', 'p95', 'worst']
    """
    checks.outcome_name(outcome)
    sign = OUTCOMES[outcome].better
    known: Better | None = "higher" if sign > 0 else "lower" if sign < 0 else None
    if better not in ("higher", "lower", None) or not (better or known):
        given = "which values are better is not known" if better is None else f"better: {shown(better)}"
        raise InputError(f"{outcome}: {given}; allowed: better = higher or lower")
    found = open_results(results)
    if len(found.variants) < 2:
        raise InputError(f"{found.experiment.name}: has a single policy; allowed: experiments with levers")
    if not found.finished:
        raise InputError(
            f"{found.folder}: {found.note}; allowed: a finished sweep, since missing runs are no random sample"
        )
    checks.memory(found.experiment.runs, 24 * 4, "a table of all runs", unit="runs")
    runs = found.sql(f"SELECT scenario, point, draw, {outcome} FROM runs")
    direction: Better = better or known or "higher"
    options = {variant.scenario.name: variant.options for variant in found.variants}
    without = [name for name in options if name not in set(runs["scenario"])]
    if without:
        raise InputError(
            f"{found.experiment.name}: {', '.join(without)}: all runs failed; allowed: some of each policy"
        )
    levers, draws = tuple(found.experiment.levers), found.experiment.replications
    of_policies = pd.DataFrame.from_dict(options, orient="index")[list(levers)]
    table = of_policies.join(policy_table(runs, outcome, direction))
    effects = lever_effects(runs, outcome, direction, of_policies)
    met = int((runs.groupby("point")["scenario"].nunique() == len(options)).sum())
    name, unit, version = found.experiment.name, OUTCOMES[outcome].unit, found.plan["environment"]["version"]
    return Policies(name, outcome, unit, direction, levers, met, draws, version, table, effects)


def policy_table(runs: pd.DataFrame, outcome: str, better: Better) -> pd.DataFrame:
    """Return one row a policy, in the order in which they come.

    Parameters
    ----------
    runs : DataFrame
        One row a run: ``scenario`` (the policy), ``point`` (the future), ``draw`` and the outcome. Points where a
        policy has no runs, because they failed, are left out for all.
    outcome : str
    better : str
        ``higher`` or ``lower``.

    Returns
    -------
    DataFrame
        ``mean``; ``p05, p95`` of the runs; ``worst`` (mean in the policy's worst future); ``regret_mean,
        regret_p90, regret_max`` over futures (regret: how far its mean in a future is behind the mean of the policy
        that is best there, never negative); ``behind`` (how far its mean is behind the best mean) with ``mc_error``,
        the standard error of that difference over draws and futures (NaN for a single draw).

    Examples
    --------
    >>> import pandas as pd
    >>> runs = pd.DataFrame({"scenario": ["a", "b"] * 2, "point": [0, 0, 1, 1], "draw": 0, "cohesion": [3, 2, 1, 4]})
    >>> policy_table(runs, "cohesion", "higher")["regret_max"].to_dict()
    {'a': 3.0, 'b': 1.0}
    """
    sign = 1.0 if better == "higher" else -1.0
    gain = (sign * runs[outcome]).groupby([runs["scenario"], runs["point"]], sort=False).mean()
    by_future = gain.unstack("scenario").dropna()[list(dict.fromkeys(runs["scenario"]))]
    if by_future.empty:
        raise InputError(f"{outcome}: no future was met by all policies; allowed: a sweep with runs that succeeded")
    kept = runs[runs["point"].isin(by_future.index)]
    values = kept.groupby("scenario", sort=False)[outcome]
    regret = by_future.rsub(by_future.max(axis=1), axis=0)
    best = str(by_future.mean().idxmax())
    paired = {
        str(name): rows.pivot(index="point", columns="draw", values=outcome) for name, rows in kept.groupby("scenario")
    }
    behind = {name: sign * (paired[best] - paired[name]).dropna() for name in map(str, by_future)}
    return pd.DataFrame(
        {
            "mean": values.mean(),
            "p05": values.quantile(0.05),
            "p95": values.quantile(0.95),
            "worst": sign * by_future.min(),
            "regret_mean": regret.mean(),
            "regret_p90": regret.quantile(0.9),
            "regret_max": regret.max(),
            "behind": {name: table.to_numpy().mean() for name, table in behind.items()},
            "mc_error": {name: crossed_error(table) for name, table in behind.items()},
        }
    ).loc[by_future.columns]


def lever_effects(runs: pd.DataFrame, outcome: str, better: Better, options: pd.DataFrame) -> pd.DataFrame:
    """Return one row a lever, the largest effect first: how far apart its best and its worst option are.

    Parameters
    ----------
    runs, outcome, better
        As in `policy_table`. Runs that not all policies have, because they failed, are left out.
    options : DataFrame
        One row a policy, one column a lever.

    Returns
    -------
    DataFrame
        ``effect`` (difference between the means of the options `best` and `worst`, each over the policies that have
        it, never negative) with ``mc_error``, its standard error over draws and futures (NaN for a single draw);
        empty where not all combinations were run, since an option's mean would depend on the options it was run with.

    Examples
    --------
    >>> import pandas as pd
    >>> options = pd.DataFrame({"money": ["more", "usual"]}, index=["a", "b"])
    >>> runs = pd.DataFrame({"scenario": ["a", "b"] * 2, "point": 0, "draw": [0, 0, 1, 1], "cohesion": [3, 2, 4, 2]})
    >>> lever_effects(runs, "cohesion", "higher", options).loc["money"].to_dict()
    {'effect': 1.5, 'mc_error': 0.5, 'best': 'more', 'worst': 'usual'}
    """
    sign = 1.0 if better == "higher" else -1.0
    gain = sign * runs.pivot(index=["point", "draw"], columns="scenario", values=outcome).dropna()
    rows = {}
    for lever in map(str, options) if _all_combined(options) else ():
        by_option = gain.T.groupby(options[lever], sort=False).mean().T
        means = by_option.mean()
        best, worst = str(means.idxmax()), str(means.idxmin())
        difference = (by_option[best] - by_option[worst]).unstack("draw").dropna()
        rows[lever] = (float(means[best] - means[worst]), crossed_error(difference), best, worst)
    found = pd.DataFrame.from_dict(rows, orient="index", columns=["effect", "mc_error", "best", "worst"])
    return found.sort_values("effect", ascending=False, kind="stable")


def _all_combined(options: pd.DataFrame) -> bool:
    """Return whether the policies are all combinations of the options of their levers."""
    return len(options) == math.prod(options.nunique().tolist())
