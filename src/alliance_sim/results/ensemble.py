"""The results of one scenario: all its draws, their tables and figures, and their folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_sim import checks
from alliance_sim.compile import CompiledScenario, Keep, compile_scenario
from alliance_sim.compile.program import rows_of
from alliance_sim.core.structures import DecisionRecords, RecordedOutput
from alliance_sim.errors import InputError, nearest
from alliance_sim.paths import local_path
from alliance_sim.registry.fields import FrozenDict
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import folder as files
from alliance_sim.results import query
from alliance_sim.results.dataset import dataset
from alliance_sim.results.headline import headline
from alliance_sim.results.html import ensemble_html
from alliance_sim.results.inputs import inputs_of
from alliance_sim.results.labelled import Labelled
from alliance_sim.results.memory import allocate
from alliance_sim.results.summaries import QUANTILES, decision_board, objectors, summaries, summary_table
from alliance_sim.results.views import Runs, dates
from alliance_sim.scenarios import Scenario, dump, load_text
from alliance_sim.wording import counted

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["Ensemble", "load_ensemble"]


@dataclass(frozen=True, eq=False)
class Ensemble(Labelled):
    """The draws of one scenario, with their tables, figures and files.

    `simulate`, `branch` and `load_results` return it. In memory it is arrays. `data` labels all of them,
    ``ensemble["cohesion"]`` one; `summary`, `series`, `per_draw`, `decisions` and `frame` are tables; `sql` queries.

    Attributes
    ----------
    program : CompiledScenario
        The compiled scenario: `months`, `agenda`, `scenario`.
    seed, draws : int
    keep : str
        How much of each draw was kept; see `simulate`.
    output : Output
        Outcomes (D, T, outcomes), ally variables (D, T, 4, N), positions (D, T, N, K), with T = 1 where only the last
        month was kept and T = 0 where nothing was.
    records : Records
        Decisions, one row a draw and one column an item.
    origin : mapping
        Versions and hashes of the software and data that computed it, and the month and draw it branched from. After
        loading: the whole provenance, as the folder has it.

    Examples
    --------
    >>> import alliance_sim as als
    >>> ensemble = als.simulate("us_russia_reset_2025", draws=5, seed=1)
    >>> ensemble.keep, ensemble.draws, ensemble.seed
    ('allies', 5, 1)
    """

    program: CompiledScenario
    seed: int
    draws: int
    keep: Keep
    output: RecordedOutput
    records: DecisionRecords
    origin: Mapping[str, str | int]

    def __post_init__(self) -> None:
        # The arrays themselves, not copies: what is handed out shares their memory.
        for array in (*self.output, *self.records):
            array.flags.writeable = False
        object.__setattr__(self, "origin", FrozenDict(self.origin))

    def __reduce__(self) -> tuple[type[Ensemble], tuple[object, ...]]:
        # Copies and pickles are made by `__init__`, so that their arrays cannot be changed either.
        return Ensemble, tuple(getattr(self, each.name) for each in fields(self))

    def __repr__(self) -> str:
        return (
            f"<Ensemble {self.scenario.name}: {counted(self.draws, 'draw')}, "
            f"{counted(len(self.program.months), 'month')}, seed {self.seed}, keep {self.keep!r}>"
        )

    def _repr_html_(self) -> str:
        months = self.program.months
        run = f"{self.scenario.name}: {months[0]} to {months[-1]}, {counted(self.draws, 'draw')}, seed {self.seed}"
        said = headline(self)._repr_html_()
        return ensemble_html(self.scenario.title, run, said, self.decisions(), self.objectors(), self.summary())

    @property
    def scenario(self) -> Scenario:
        """The scenario that was run.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.simulate("baseline_2018", draws=2).scenario.title
        'Three years without the Helsinki meeting'
        """
        return self.program.scenario

    @property
    def provenance(self) -> dict[str, str | int]:
        """Scenario, seed, versions and hashes: all that is needed to compute the same numbers again.

        Examples
        --------
        >>> import alliance_sim as als
        >>> list(als.simulate("baseline_2018", draws=2).provenance)[:6]
        ['scenario', 'title', 'scenario_text', 'seed', 'draws', 'keep']
        """
        return dict(self._provenance)

    @cached_property
    def _provenance(self) -> Mapping[str, str | int]:
        own: dict[str, str | int] = {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "scenario_text": dump(self.scenario),
            "seed": self.seed,
            "draws": self.draws,
            "keep": self.keep,
            "drawn_from": self.scenario.calibration,
        }
        return {**own, **self.origin}

    @property
    def months(self) -> tuple[str, ...]:
        """``YYYY-MM`` of the months kept.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.simulate("baseline_2018", draws=2).months[:2]
        ('2018-01', '2018-02')
        """
        return self.program.months[-self.output.outcomes.shape[1] :]

    @property
    def data(self) -> xr.Dataset:
        """All variables that were kept, labelled; its arrays cannot be changed.

        Outcomes are (draw, month), `month` being datetime64 (the state at its end). Ally variables are
        (draw, month, ally), NaN before an ally joins; `position` is (draw, month, ally, issue). Decisions are
        (draw, item), an item being a row of the agenda; there are none without meetings: `decision` (0 to 4 =
        adopted, diluted, withdrawn, blocked, deferred), `level` (in force after it, in [0, 1]), `bypassed`, `pivotal`
        (index of an ally, or -1), `settled` (how an item that was deferred or tabled again ended last, or -1);
        `objection` (draw, item, ally) is the round of the first objection, 0 where it was anticipated and -1 for
        silence. The attributes are the provenance as texts, so that every format of file can hold them.

        Examples
        --------
        >>> import alliance_sim as als
        >>> data = als.simulate("us_russia_reset_2025", draws=5).data
        >>> data["cohesion"].dims, data["spending"].dims
        (('draw', 'month'), ('draw', 'month', 'ally'))
        >>> data["spending"].sel(month="2025-12-01", ally="POL").mean("draw").dims
        ()
        """
        # A copy whose arrays are the same: a variable that is replaced in it stays as it is here.
        return self._labelled.copy()

    @cached_property
    def _labelled(self) -> xr.Dataset:
        return dataset(self.program, self.months, self.output, self.records, self.provenance)

    def frame(self, *names: str) -> pd.DataFrame:
        """Return variables as a tidy table.

        Parameters
        ----------
        *names : str
            Outcomes, or ally variables; ``position`` if kept. On its own: ``decisions`` (one row a draw and
            item) or ``objections`` (one row an objection).

        Returns
        -------
        DataFrame
            Columns ``draw, month``, then ``ally`` and ``issue`` where they apply, then one per name; for a
            single name the column is ``value``.

        Raises
        ------
        InputError
            If a name is unknown, was not kept, or the names have different dimensions.

        Examples
        --------
        >>> import alliance_sim as als
        >>> ensemble = als.simulate("us_russia_reset_2025", draws=5)
        >>> list(ensemble.frame("cohesion"))
        ['draw', 'month', 'value']
        >>> list(ensemble.frame("spending", "threat_perception"))
        ['draw', 'month', 'ally', 'spending', 'threat_perception']
        """
        if not names:
            raise InputError(f"frame: give one name or more; allowed: {', '.join(self._frameable)}")
        if names == ("decisions",):
            return self._runs(0, self.draws).decisions()
        if names == ("objections",):
            return self._runs(0, self.draws).objections()
        for name in names:
            if name not in self._frameable:
                raise InputError(
                    f"frame: {name!r} is not a variable kept here (keep={self.keep!r})"
                    f"{nearest(name, self._frameable)}; allowed: {', '.join(self._frameable)}"
                )
        arrays = [self._labelled[name] for name in names]
        if len({array.dims for array in arrays}) > 1:
            raise InputError(f"frame: {', '.join(names)} have different dimensions; allowed: names of one kind")
        labels = [str(dim) for dim in arrays[0].dims]
        index = pd.MultiIndex.from_product([arrays[0][dim].values for dim in labels], names=labels)
        columns = {
            "value" if len(names) == 1 else name: a.values.ravel() for name, a in zip(names, arrays, strict=True)
        }
        return pd.DataFrame(columns, index=index).reset_index()

    @property
    def _frameable(self) -> list[str]:
        return [str(name) for name, array in self._labelled.data_vars.items() if "month" in array.dims]

    def per_draw(self) -> pd.DataFrame:
        """Return the summary of each outcome in each draw: one row a draw, one column an outcome.

        The summary is the mean over months or the final month, as the registry of outcomes defines; where only the
        last month was kept it is that month.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.simulate("baseline_2025", draws=5).per_draw().shape  # draws, outcomes
        (5, 36)
        """
        values = summaries(self.output.outcomes)
        return pd.DataFrame(values, pd.RangeIndex(self.draws, name="draw"), list(OUTCOMES))

    def summary(self) -> pd.DataFrame:
        """Return one row an outcome: ``unit, summary, mean, p05, p50, p95, mc_error``.

        `summary` is how each draw is summed up (``mean`` over months or ``final`` month); `mc_error` is the
        Monte Carlo standard error of `mean` (NaN for a single draw).

        Examples
        --------
        >>> import alliance_sim as als
        >>> summary = als.simulate("baseline_2025", draws=5).summary()
        >>> list(summary)
        ['unit', 'summary', 'mean', 'p05', 'p50', 'p95', 'mc_error']
        >>> bool(0 < summary.loc["cohesion", "mean"] < 1)
        True
        """
        return summary_table(self.per_draw(), final=self.keep == "final")

    def series(self, name: str) -> pd.DataFrame:
        """Return an outcome month by month over draws: ``mean, p05, p25, p50, p75, p95``, indexed by month.

        Raises
        ------
        InputError
            If the outcome is unknown.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.simulate("baseline_2025", draws=5).series("cohesion").shape  # months, statistics
        (48, 6)
        """
        # A month a row, so that each quantile runs over neighbours in memory.
        values = np.ascontiguousarray(self.output.outcomes[:, :, list(OUTCOMES).index(checks.outcome_name(name))].T)
        quantiles = np.quantile(values, list(QUANTILES.values()), axis=1)
        return pd.DataFrame(
            {"mean": values.mean(axis=1), **dict(zip(QUANTILES, quantiles, strict=True))},
            index=pd.DatetimeIndex(dates(self.months), name="month"),
        )

    def decisions(self) -> pd.DataFrame:
        """Return the decision board: one row an item of an agenda, in time order.

        ``asked`` is what the item asks for, a level (``0.75``) or the class of its ask (``+3``; ``+2/3`` where
        coders differ; ``-`` for less than is in force), ``proposed`` the level asked for, on average over the
        draws. ``adopted, diluted, withdrawn, blocked, deferred`` are shares of the draws and sum to one;
        ``bypassed`` is the part of `blocked` that others worked around, ``settled`` the share that a
        later meeting took up, deferred or tabled again; ``level_mean`` is the mean level in force after the meeting,
        ``level_passed`` that of the draws in which the text passes, NaN if there is none.
        `objectors` has who objected.

        Examples
        --------
        >>> import alliance_sim as als
        >>> board = als.simulate("us_russia_reset_2025", draws=5).decisions()
        >>> shares = board[["adopted", "diluted", "withdrawn", "blocked", "deferred"]]
        >>> bool((shares.sum(axis=1).round(2) == 1).all())
        True
        """
        return decision_board(self.program, self.records)

    def objectors(self) -> pd.DataFrame:
        """Return who objected: one row an item of an agenda and ally, in time order, the most frequent first.

        Columns: ``meeting, month, forum, issue``, as in `decisions`, ``ally`` (ISO3 code) and ``share`` of the draws
        in which it objected. Objections to a text that was withdrawn are those that the chair anticipated. Allies
        that never objected have no row.

        Examples
        --------
        >>> import alliance_sim as als
        >>> ensemble = als.simulate("us_russia_reset_2025", draws=5)
        >>> objectors = ensemble.decisions().merge(ensemble.objectors(), on=["meeting", "month", "forum", "issue"])
        >>> objectors.loc[objectors["issue"] == "russia_strategy", "ally"].iloc[0]
        'USA'
        """
        return objectors(self.program, self.records)

    def inputs(self) -> pd.DataFrame:
        """Return what each draw begins with, before its run changes it: one row a draw.

        Columns: ``row`` of the calibration, every drawn parameter by its name, ``threat_perception.ACTOR`` and
        ``position.ISSUE.ACTOR``; ``USA.leader.2018`` is the president of another era, whom an event can bring to
        office. They are computed again. Futures of a `branch` all begin with those of the draw they branch from.

        Raises
        ------
        InputError
            If the results were computed by another version of the model or its calibration.

        Examples
        --------
        >>> import alliance_sim as als
        >>> als.simulate("baseline_2025", draws=5).inputs()["threat_perception.HUN"].between(0, 1).all()
        np.True_
        """
        return inputs_of(self.program, self.seed, self.draws, self.origin)

    def plot(
        self, names: str | list[str] = "cohesion", path: str | Path | None = None, base: Ensemble | None = None
    ) -> Figure:
        """Draw outcomes over time, the decision board, or an overview of the run.

        Parameters
        ----------
        names : str or list of str
            Outcomes, one panel each (median, middle half and 5-95 % of the draws), ``decisions``, or ``overview``:
            the headline, the main outcomes with the events, and the decisions.
        path : str or Path, optional
            A file to write, in a new folder too; its ending is .png, .svg or .pdf.
        base : Ensemble, optional
            What it is set against: its medians are dashed, and ticks mark how often its texts pass.

        Raises
        ------
        InputError
            If a name is unknown, a single month was kept, the file cannot be written, or `headline` refuses the base.

        Examples
        --------
        >>> import alliance_sim as als
        >>> base, ensemble = (als.simulate(name, draws=5) for name in ("baseline_2025", "us_russia_reset_2025"))
        >>> _ = ensemble.plot(["cohesion", "deterrence"], "outcomes.png")
        >>> _ = ensemble.plot("overview", "overview.svg", base)
        """
        from alliance_sim.results import plots, run_plots

        figure = run_plots.draw(self, [names] if isinstance(names, str) else list(names), base)
        if path is not None:
            plots.write(figure, path)
        return figure

    def save(self, folder: str | Path) -> Path:
        """Write the ensemble to a new folder: its views as Parquet files, and ``manifest.json``.

        The folder appears when it is complete. `load_results` reads it.

        Parameters
        ----------
        folder : str or Path
            New or empty.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        InputError
            If the folder already holds something, or cannot be written.

        Examples
        --------
        >>> import alliance_sim as als
        >>> folder = als.simulate("us_russia_reset_2025", draws=5).save("reset")
        >>> als.load_results(folder).draws
        5
        """
        folder = local_path(folder)
        files.write_ensemble(folder, self._views, self._runs, self.draws, self.provenance)
        return folder

    def sql(self, text: str, timeout: float | None = None) -> pd.DataFrame:
        """Return the result of a query on the views.

        ``runs, trajectories, allies, decisions, objections, traces``, as far as they are kept, and ``objectors``, the
        table of that name.

        Parameters
        ----------
        text : str
            One SELECT of DuckDB's SQL. The same text has the same result to the last digit, on machines of one type.
        timeout : float, optional
            Seconds after which the query is stopped. Default: no limit.

        Raises
        ------
        InputError
            If it is something else, reads anything but views kept here, takes longer, or fails.

        Examples
        --------
        >>> import alliance_sim as als
        >>> ensemble = als.simulate("us_russia_reset_2025", draws=5)
        >>> found = ensemble.sql("SELECT draw, max(spending) AS most FROM allies GROUP BY draw ORDER BY draw")
        >>> found.shape
        (5, 2)
        """
        return query.frame(self.views, text, timeout)

    @property
    def views(self) -> Mapping[str, query.View]:
        """The views that `sql` queries, by name.

        Examples
        --------
        >>> import alliance_sim as als
        >>> list(als.simulate("baseline_2018", draws=2, keep="final").views)
        ['runs', 'decisions', 'objections', 'traces', 'objectors']
        """
        import pyarrow as pa

        def table() -> pa.Table:
            # DATE in SQL, like the other months.
            found = pa.Table.from_pandas(self.objectors(), preserve_index=False)
            at = found.schema.get_field_index("month")
            return found.set_column(at, "month", found["month"].cast(pa.date32()))

        runs = self._runs(0, self.draws)
        return {**{view: partial(runs.table, view) for view in self._views}, "objectors": table}

    @property
    def _views(self) -> tuple[str, ...]:
        return files.ensemble_views(self.keep)

    def _runs(self, draw0: int, draw1: int) -> Runs:
        output = rows_of(self.output, draw0, draw1)
        records = rows_of(self.records, draw0, draw1)
        draw = np.arange(draw0, draw1)
        return Runs(self.program, self.keep, output, records, draw, np.zeros_like(draw))


def load_ensemble(folder: str | Path) -> Ensemble:
    """Read an ensemble that `Ensemble.save` wrote.

    Raises
    ------
    InputError
        If the folder does not hold complete results of this version of the layout, or a file of them is damaged.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.results.ensemble import load_ensemble
    >>> folder = als.simulate("baseline_2018", draws=2, keep="final").save("baseline")
    >>> load_ensemble(folder)
    <Ensemble baseline_2018: 2 draws, 36 months, seed 0, keep 'final'>
    """
    folder = local_path(folder)
    with files.reading(folder):
        for checked in files.saved_views(folder).values():
            checked()
        origin = files.read_manifest(folder).provenance
        program = compile_scenario(load_text(origin.scenario_text, str(folder)))
        output, records = allocate(program, origin.draws, origin.keep)
        files.read_output(folder, origin.keep, output)
        files.read_records(folder, program, records)
    return Ensemble(program, origin.seed, origin.draws, origin.keep, output, records, origin.model_dump())
