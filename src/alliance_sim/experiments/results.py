"""Reading results: the folder of a sweep, and any folder of results through its views.

Here, and not in `alliance_sim.results`, since a sweep is read together with its experiment and its plan.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from alliance_sim import checks, notebook
from alliance_sim.errors import InputError, nearest
from alliance_sim.experiments import parts
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.parts import FAILURES, Marker
from alliance_sim.experiments.plan import FILE, POINTS, Plan, Task, columns_of
from alliance_sim.experiments.schema import Experiment, Variant
from alliance_sim.paths import local_path
from alliance_sim.registry.fields import frozen
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import current_name
from alliance_sim.results import query
from alliance_sim.results.dataset import read_only
from alliance_sim.results.ensemble import Ensemble, load_ensemble
from alliance_sim.results.folder import saved_views
from alliance_sim.results.labelled import Labelled
from alliance_sim.results.stored import check_columns, checked_files, parquet_file
from alliance_sim.scenarios import Scenario
from alliance_sim.wording import counted

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Results", "load_results", "open_results", "open_views"]


def load_results(folder: str | Path) -> Ensemble | Results:
    """Read results: an ensemble that was saved, or a sweep, finished or not.

    Parameters
    ----------
    folder : str or Path
        Written by `Ensemble.save` or `sweep`.

    Raises
    ------
    InputError
        If the folder does not hold results, or a file in it is damaged.

    Examples
    --------
    >>> import alliance_sim as als
    >>> folder = als.simulate("baseline_2018", draws=2, keep="final").save("baseline")
    >>> als.load_results("baseline")
    <Ensemble baseline_2018: 2 draws, 36 months, seed 0, keep 'final'>
    """
    return open_results(folder) if _is_sweep(local_path(folder)) else load_ensemble(folder)


def _is_sweep(folder: Path) -> bool:
    return os.path.lexists(folder / FILE) or os.path.lexists(folder / "parts")


def open_results(folder: str | Path | Results) -> Results:
    """Open the folder of a sweep, finished or not; `Results` are returned as they are.

    Raises
    ------
    InputError
        If the folder does not hold a sweep, or its plan, a completion marker or its manifest is damaged.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> open_results(als.sweep(experiment, "summits").folder)
    <Results summits: complete>
    """
    if isinstance(folder, Results):
        return folder
    folder = local_path(folder).absolute()
    if not _is_sweep(folder):
        raise InputError(f"{folder}: holds no sweep; allowed: a folder that sweep has written")
    plan = Plan.read(folder)
    expected = parts.Expected.of(plan)
    parts.check_folders(folder, expected)
    markers = parts.read_markers(folder, [Task(*task) for task in plan["tasks"]], expected)
    if parts.is_complete(folder):
        parts.check_manifest(folder, plan, markers)
    return Results(folder, frozen(plan), frozen(markers))


def open_views(folder: str | Path) -> tuple[Mapping[str, query.View], str]:
    """Return the views of a folder of results, of either kind, and a note on missing runs (empty if there are none).

    Raises
    ------
    InputError
        If the folder does not hold results.

    Examples
    --------
    >>> import alliance_sim as als
    >>> views, note = open_views(als.simulate("baseline_2018", draws=2, keep="final").save("baseline"))
    >>> list(views), note
    (['runs', 'decisions', 'objections', 'traces', 'objectors'], '')
    """
    folder = local_path(folder)
    if _is_sweep(folder):
        results = open_results(folder)
        return results.views, results.note
    views = saved_views(folder.absolute())
    return {**views, "objectors": lambda: load_ensemble(folder).views["objectors"]()}, ""


@dataclass(frozen=True, eq=False)
class Results(Labelled):
    """A sweep in its folder. Files are read when they are needed, and refused if their hash differs.

    `sweep` and `load_results` return it; `discover` and `policy` analyse it.

    Attributes
    ----------
    folder : Path
    plan : mapping
        ``plan.json``.
    markers : mapping of int to Marker
        Completion markers of the tasks that are done, by number.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> results = als.sweep(experiment, "summits")
    >>> results.sql("SELECT meeting, round(avg(cohesion), 1) AS cohesion FROM runs GROUP BY meeting").shape
    (3, 2)
    """

    folder: Path
    plan: Mapping[str, Any]
    markers: Mapping[int, Marker]

    def __repr__(self) -> str:
        return f"<Results {self.folder.name}: {self.note or 'complete'}>"

    def _repr_html_(self) -> str:
        experiment = self.experiment
        size = f"{counted(len(experiment.variants()), 'variant')}, {counted(experiment.points, 'point')}"
        size += f", {counted(experiment.replications, 'draw')}"
        where = f"{experiment.name}, in the folder {self.folder.name}: {self.note or 'complete'}"
        states = self.status.groupby("state", observed=False)[["runs", "failed"]].sum()
        rows = [(state, f"{runs:,}", f"{failed:,}") for state, runs, failed in states.itertuples()]
        varied = [(name, "lever", ", ".join(options)) for name, options in experiment.levers.items()]
        varied += [(name, "uncertainty", str(prior)) for name, prior in experiment.priors().items()]
        return (
            notebook.heading(experiment.title, where, size)
            + notebook.table(("tasks", ">runs", ">of which failed"), rows)
            + notebook.folded("What is varied", notebook.table(("name", "kind", "values"), varied))
        )

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment that was run.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> results.experiment.name
        'summit_form_2018'
        """
        try:
            fields = json.loads(json.dumps(self.plan["experiment"]))  # with lists, like a file
            return Experiment.validated({**fields, "scenario": Scenario.validated(fields["scenario"])})
        except (InputError, LookupError, TypeError, RecursionError) as error:
            raise InputError(f"{self.folder / FILE}: holds no such experiment ({str(error).splitlines()[0]})") from None

    @cached_property
    def points(self) -> Points:
        """Names and values of the design's points.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> results.points.values.shape  # points, uncertainties
        (27, 3)
        """
        path = self.folder / POINTS
        with parquet_file(path, self.plan["points"]) as file:
            table = file.read()
            names = tuple(map(current_name, table.column_names[1:]))
            values = np.column_stack([np.empty((len(table), 0)), *(each.to_numpy() for each in table.columns[1:])])
            numbers = np.arange(self.plan["tasks"][-1][Task._fields.index("point1")])
            whole = names == self._varied and np.array_equal(table["point"].to_numpy(), numbers)
            if not whole or not np.isfinite(values).all():
                raise InputError(f"{path}: does not hold the points of the experiment")
        values = values.astype(np.float64)
        values.flags.writeable = False
        return Points(names, values)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The scenarios of the experiment, one for each policy.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> len(results.variants)
        6
        """
        return self.experiment.variants()

    @property
    def status(self) -> pd.DataFrame:
        """One row a task: ``variant, point0, point1, draw0, draw1, runs, failed, state`` (done, failed or open).

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> int(results.status["runs"].sum())
        324
        """
        return self._status.copy()

    @cached_property
    def _status(self) -> pd.DataFrame:
        tasks = [Task(*task) for task in self.plan["tasks"]]
        table = pd.DataFrame(tasks, columns=list(Task._fields)).rename(columns={"number": "task"}).set_index("task")
        failed = [self._rows(FAILURES, task.number) for task in tasks]
        table["runs"], table["failed"] = [task.runs for task in tasks], failed
        names = [
            "open" if task.number not in self.markers else "failed" if count else "done"
            for task, count in zip(tasks, failed, strict=True)
        ]
        table["state"] = pd.Categorical(names, ["done", "failed", "open"])
        return table

    @property
    def finished(self) -> bool:
        """Whether all tasks are done.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> results.finished
        True
        """
        return len(self.markers) == len(self.plan["tasks"]) and parts.is_complete(self.folder)

    @property
    def note(self) -> str:
        """Missing runs in one line; empty if there are none.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> results.note
        ''
        """
        failed = sum(self._rows(FAILURES, number) for number in self.markers)
        notes = []
        if not self.finished:
            notes.append(f"unfinished: {len(self.markers):,} of {len(self.plan['tasks']):,} tasks are done")
        if failed:
            notes.append(f"{failed:,} runs failed: see the view failures")
        return "; ".join(notes)

    @property
    def views(self) -> Mapping[str, query.View]:
        """The views that can be queried; the hashes of a view's files are checked when it is first read.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> sorted(results.views)
        ['decisions', 'failures', 'objections', 'runs', 'trajectories']
        """
        if not self.markers:
            raise InputError(f"{self.folder}: no task is done yet; to go on: the command of the sweep with --resume")
        names = dict.fromkeys(view for marker in self.markers.values() for view in marker.parts)
        views: dict[str, query.View] = {view: partial(self._files, view) for view in names}
        views.setdefault(FAILURES, parts.FAILURE_SCHEMA.empty_table)
        return views

    def sql(self, text: str, timeout: float | None = None) -> pd.DataFrame:
        """Return the result of a query on the views.

        ``runs, decisions, objections, failures``; with ``keep: monthly`` also ``trajectories``, with ``allies`` also
        ``allies``, with ``trace`` also ``traces``.

        Parameters
        ----------
        text : str
            One SELECT of DuckDB's SQL. The same text has the same result to the last digit, on machines of one type.
        timeout : float, optional
            Seconds after which the query is stopped. Default: no limit.

        Raises
        ------
        InputError
            If it is something else, reads anything but views, takes longer, or fails; if a file is damaged.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> results.sql("SELECT meeting, avg(cohesion) AS cohesion FROM runs GROUP BY meeting").shape
        (3, 2)
        """
        return query.frame(self.views, text, timeout)

    def frame(self, view: str) -> pd.DataFrame:
        """Return a whole view, in the order of the runs.

        Parameters
        ----------
        view : str
            One of `views`.

        Raises
        ------
        InputError
            If there is no such view, it would not fit into memory, or a file of it is damaged.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> list(results.frame("runs"))[:5]
        ['scenario', 'draw', 'point', 'meeting', 'quarrels']
        """
        views = self.views
        if view not in views:
            raise InputError(f"frame: {view!r} is no view here{nearest(view, views)}; allowed: {', '.join(views)}")
        columns = self.sql(f"SELECT * FROM {view} LIMIT 0").columns
        rows = sum(self._rows(view, number) for number in self.markers)
        checks.memory(rows, 8 * len(columns), f"the view {view}", unit="rows")
        return self.sql(f"SELECT * FROM {view}")

    @property
    def data(self) -> xr.Dataset:
        """The outcomes, labelled: (scenario, point, draw), and month where months were kept; NaN for missing runs.

        The arrays cannot be changed.

        Options of levers are coordinates along `scenario`, values of the design along `point`.

        Examples
        --------
        >>> import alliance_sim as als
        >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
        >>> results = als.sweep(experiment, "summits")
        >>> results.data["cohesion"].dims
        ('scenario', 'point', 'draw', 'month')
        """
        return self._labelled.copy()

    @cached_property
    def _labelled(self) -> xr.Dataset:
        import xarray as xr

        labels: dict[str, Any] = {
            "scenario": list(self.plan["variants"]),
            "point": range(len(self.points.values)),
            "draw": range(self.plan["replications"]),
        }
        monthly = "trajectories" in self.views
        if monthly:
            months = self.sql("SELECT DISTINCT month FROM trajectories WHERE outcome = 'cohesion' ORDER BY month")
            labels["month"] = months["month"].to_numpy()
        shape = [len(values) for values in labels.values()]
        checks.memory(math.prod(shape), 8 * len(OUTCOMES), "all outcomes", unit="values")
        variables = {}
        for name in OUTCOMES:
            source = f"value FROM trajectories WHERE outcome = '{name}'" if monthly else f"{name} AS value FROM runs"
            found = self.sql(f"SELECT {', '.join(labels)}, {source}")
            array = np.full(shape, np.nan)
            places = [pd.Index(values).get_indexer(found[dim]) for dim, values in labels.items()]
            if any((each < 0).any() for each in places):
                raise InputError(f"{self.folder}: holds values of {name} that belong to no run of the plan")
            array[tuple(places)] = found["value"]
            variables[name] = (tuple(labels), array)
        options = self.experiment.choices()
        levers = {lever: ("scenario", [each[lever] for each in options]) for lever in self.experiment.levers}
        parameters = {name: ("point", self.points.values[:, i]) for i, name in enumerate(self.points.names)}
        return read_only(xr.Dataset(variables, {**labels, **levers, **parameters}, attrs=self.plan["environment"]))

    def _files(self, view: str) -> query.Files:
        if view not in self._checked:
            tasks = [Task(*task) for task in self.plan["tasks"]]
            expected, schema = parts.Expected.of(self.plan), self._schemas[view]
            by_path = {
                parts.part_path(self.folder, view, number): (tasks[number], marker)
                for number, marker in self.markers.items()
                if view in marker.parts
            }
            # The parameters that the design varies are columns of runs.
            varied = self.plan["experiment"].get("uncertainties", {}) if view == "runs" else {}
            renamed = {name: current_name(name) for name in varied}

            def check(path: Path, file: pq.ParquetFile) -> None:
                task, marker = by_path[path]
                check_columns(path, file, schema, renamed)
                parts.check_part(path, file, view, task, expected, marker)

            files = [(path, marker.parts[view].sha256) for path, (_, marker) in by_path.items()]
            self._checked[view] = checked_files(view, files, renamed, check)
        return self._checked[view]

    @property
    def _varied(self) -> tuple[str, ...]:
        """The parameters that the design varies, by their current names."""
        return tuple(map(current_name, self.plan["experiment"].get("uncertainties", {})))

    @cached_property
    def _schemas(self) -> Mapping[str, pa.Schema]:
        """Columns of each view."""
        return {**columns_of(self.experiment, self._varied), FAILURES: parts.FAILURE_SCHEMA}

    @cached_property
    def _checked(self) -> dict[str, query.Files]:
        """Files whose hashes were checked, by view."""
        return {}

    def _rows(self, view: str, number: int) -> int:
        return self.markers[number].rows(view) if number in self.markers else 0
