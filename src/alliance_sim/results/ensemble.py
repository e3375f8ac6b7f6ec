"""The results of one scenario: all its draws, their tables and figures, and their folder."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim import __version__, checks
from alliance_sim.compile import ALLY_VARIABLES, CompiledScenario, Keep, compile_scenario
from alliance_sim.compile.program import rows_of
from alliance_sim.core.structures import DecisionRecords, Kept, RecordedOutput
from alliance_sim.errors import InputError, nearest
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import folder as files
from alliance_sim.results import query
from alliance_sim.results.summaries import decided, decision_board, summaries
from alliance_sim.results.views import Runs
from alliance_sim.scenarios import Scenario, dump, load_text

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    #: Dimensions and values of a variable.
    Labelled = tuple[str | tuple[str, ...], Sequence[str] | NDArray[np.generic]]

__all__ = ["Ensemble", "allocate", "draw_size", "load_ensemble"]

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def allocate(program: CompiledScenario, draws: int, keep: Keep) -> Kept:
    """Return arrays for the part of a result that is kept.

    Raises
    ------
    InputError
        If they would not fit into memory.
    """
    hint = "" if keep == "final" else ", or keep less"
    checks.memory(draws, draw_size(program, keep), f"{program.scenario.name} with keep={keep!r}", hint)
    return program.allocate_output(draws, keep)


def draw_size(program: CompiledScenario, keep: Keep) -> int:
    """Return the bytes that are kept of a draw."""
    return sum(
        array.itemsize * math.prod(array.shape[1:]) for part in program.allocate_output(0, keep) for array in part
    )


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The draws of one scenario, with their tables, figures and files.

    `simulate`, `branch` and `load_results` return it. In memory it is arrays; `data` labels them, `summary`, `series`,
    `per_draw`, `decisions` and `frame` are tables of them, and `sql` queries them.

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

    def __repr__(self) -> str:
        return (
            f"<Ensemble {self.scenario.name}: {self.draws} draws, {len(self.program.months)} months, "
            f"seed {self.seed}, keep {self.keep!r}>"
        )

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

    @cached_property
    def provenance(self) -> dict[str, str | int]:
        """Scenario, seed, versions and hashes: all that is needed to compute the same numbers again.

        Examples
        --------
        >>> import alliance_sim as als
        >>> list(als.simulate("baseline_2018", draws=2).provenance)[:6]
        ['scenario', 'title', 'scenario_text', 'seed', 'draws', 'keep']
        """
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "scenario_text": dump(self.scenario),
            "seed": self.seed,
            "draws": self.draws,
            "keep": self.keep,
            **self.origin,
        }

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

    @cached_property
    def data(self) -> xr.Dataset:
        """All variables that were kept, labelled.

        Outcomes are (draw, month), `month` being datetime64 (the state at its end). Ally variables are
        (draw, month, ally), NaN before an ally joins; `position` is (draw, month, ally, issue). Decisions
        are (draw, item), an item being a row of the agenda: `decision` (0 to 4 = adopted, diluted,
        withdrawn, blocked, deferred), `level` (in force after it, in [0, 1]), `bypassed`, `pivotal` (index of an
        ally, or -1), `settled` (how a deferred item ended later, or -1); `objection` (draw, item, ally) is
        the round of the first objection, 0 where it was anticipated and -1 for silence. The attributes are the
        provenance.

        Examples
        --------
        >>> import alliance_sim as als
        >>> data = als.simulate("us_russia_reset_2025", draws=5).data
        >>> data["cohesion"].dims, data["spending"].dims
        (('draw', 'month'), ('draw', 'month', 'ally'))
        >>> data["spending"].sel(month="2025-12-01", ally="POL").mean("draw").dims
        ()
        """
        import xarray as xr

        program, output, records = self.program, self.output, self.records
        column = [row.column for row in program.agenda]
        variables: dict[Hashable, Labelled] = {
            name: (("draw", "month"), output.outcomes[:, :, o]) for o, name in enumerate(OUTCOMES)
        }
        if output.allies.shape[1]:
            for v, name in enumerate(ALLY_VARIABLES):
                variables[name] = (("draw", "month", "ally"), output.allies[:, :, v])
        if output.positions.shape[1]:
            variables["position"] = (("draw", "month", "ally", "issue"), output.positions)
        variables["decision"] = (("draw", "item"), decided(records)[:, column])
        variables["level"] = (("draw", "item"), self.program.levels(records.share))
        for name, codes in (
            ("bypassed", records.bypassed),
            ("pivotal", records.pivotal),
            ("settled", records.settled),
        ):
            variables[name] = (("draw", "item"), codes[:, column])
        variables["objection"] = (("draw", "item", "ally"), records.objection[:, column])
        coordinates: dict[Hashable, Labelled] = {
            "draw": ("draw", np.arange(self.draws)),
            "month": ("month", _dates(self.months)),
            "ally": ("ally", list(ALLIES)),
            "item_meeting": ("item", [row.meeting for row in program.agenda]),
            "item_month": ("item", _dates([row.month for row in program.agenda])),
            "item_forum": ("item", [row.forum for row in program.agenda]),
            "item_issue": ("item", [row.issue for row in program.agenda]),
        }
        if output.positions.shape[1]:
            coordinates["issue"] = ("issue", list(ISSUES))
        return xr.Dataset(variables, coordinates, attrs=self.provenance)

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
        arrays = [self.data[name] for name in names]
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
        return [str(name) for name, array in self.data.data_vars.items() if "month" in array.dims]

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
        values = self.per_draw()
        kinds = [outcome.summary if self.keep != "final" else "final" for outcome in OUTCOMES.values()]
        return pd.DataFrame(
            {
                "unit": [outcome.unit for outcome in OUTCOMES.values()],
                "summary": kinds,
                "mean": values.mean(),
                **{name: values.quantile(QUANTILES[name]) for name in ("p05", "p50", "p95")},
                "mc_error": values.std() / math.sqrt(self.draws),
            },
            index=pd.Index(list(OUTCOMES), name="outcome"),
        )

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
            index=pd.DatetimeIndex(_dates(self.months), name="month"),
        )

    def decisions(self) -> pd.DataFrame:
        """Return the decision board: one row an item of an agenda, in time order.

        ``adopted, diluted, withdrawn, blocked, deferred`` are shares of the draws and sum to one;
        ``bypassed`` is the part of `blocked` that others worked around, ``settled`` the part of `deferred`
        that a later meeting took up; ``level_mean`` is the mean level in force after the meeting.
        ``objectors`` maps ISO3 codes to the share of draws in which the ally objected, largest first; for a
        text that was withdrawn these are objections that the chair anticipated.

        Examples
        --------
        >>> import alliance_sim as als
        >>> board = als.simulate("us_russia_reset_2025", draws=5).decisions()
        >>> shares = board[["adopted", "diluted", "withdrawn", "blocked", "deferred"]]
        >>> bool((shares.sum(axis=1).round(2) == 1).all())
        True
        """
        return decision_board(self.program, self.records)

    def plot(self, names: str | list[str] = "cohesion", path: str | Path | None = None) -> Figure:
        """Draw outcomes over time, or the decision board.

        Parameters
        ----------
        names : str or list of str
            Outcomes, one panel each (median, middle half and 5-95 % of the draws), or ``decisions``.
        path : str or Path, optional
            A file to write, of a kind matplotlib knows by its ending (png, svg, pdf).

        Raises
        ------
        InputError
            If a name is unknown, a single month was kept, or the file cannot be written.

        Examples
        --------
        >>> import alliance_sim as als
        >>> ensemble = als.simulate("us_russia_reset_2025", draws=5)
        >>> _ = ensemble.plot(["cohesion", "deterrence"], "outcomes.png")
        >>> _ = ensemble.plot("decisions", "decisions.svg")
        """
        from alliance_sim.results import plots

        wanted = [names] if isinstance(names, str) else list(names)
        note = f"{self.scenario.name} · {self.draws:,} draws · seed {self.seed} · alliance_sim {__version__}"
        if wanted == ["decisions"]:
            figure = plots.board(self.decisions(), self.scenario.title, note)
        elif not wanted or "decisions" in wanted:
            raise InputError("plot: give one outcome or more, or 'decisions' on its own")
        elif len(self.months) == 1:
            raise InputError("plot: there is a single month, and nothing to draw over time")
        else:
            panels = {name: (self.series(name), OUTCOMES[name].unit) for name in wanted}
            figure = plots.fans(panels, self.scenario.title, note)
        if path is not None:
            plots.write(figure, Path(path))
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
        folder = Path(folder)
        files.write_ensemble(folder, self._views, self._runs, self.draws, self.provenance)
        return folder

    def sql(self, text: str) -> pd.DataFrame:
        """Return the result of a query on the views: ``runs, trajectories, allies, decisions, objections, traces``.

        Parameters
        ----------
        text : str
            One SELECT of DuckDB's SQL.

        Raises
        ------
        InputError
            If it is something else, reads anything but views kept here, or fails.

        Examples
        --------
        >>> import alliance_sim as als
        >>> ensemble = als.simulate("us_russia_reset_2025", draws=5)
        >>> found = ensemble.sql("SELECT draw, max(spending) AS most FROM allies GROUP BY draw ORDER BY draw")
        >>> found.shape
        (5, 2)
        """
        runs = self._runs(0, self.draws)
        return query.frame({view: partial(runs.table, view) for view in self._views}, text)

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
    folder = Path(folder)
    with files.reading(folder):
        for checked in files.saved_views(folder).values():
            checked()
        origin = files.read_manifest(folder).provenance
        program = compile_scenario(load_text(origin.scenario_text, str(folder)))
        output, records = allocate(program, origin.draws, origin.keep)
        files.read_output(folder, origin.keep, output)
        files.read_records(folder, program, records)
    return Ensemble(program, origin.seed, origin.draws, origin.keep, output, records, origin.model_dump())


def _dates(months: Sequence[str]) -> NDArray[np.datetime64]:
    return np.array(months, dtype="datetime64[M]").astype("datetime64[ns]")
