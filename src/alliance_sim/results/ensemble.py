"""Many draws of a scenario: running them, what they say, keeping them in files.

Draws run in chunks on one pool of threads that everything in the process shares. A draw depends on the
scenario, the seed and its own number and on nothing else, so results are the same for any number of threads
and any chunk.
"""

from __future__ import annotations

import contextlib
import json
import math
import operator
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_sim import __version__
from alliance_sim.results import parquet, query
from alliance_sim.compile import ALLY_VARIABLES, DECISIONS, KEEPS, Block, Keep, Program, compile_scenario
from alliance_sim.core import layout as L
from alliance_sim.core.jit import core_hash
from alliance_sim.core.meetings import Records
from alliance_sim.core.month import Output
from alliance_sim.data import calibration_hash
from alliance_sim.errors import InputError, nearest
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import Scenario, dump, load_scenario, load_text
from alliance_sim.results.views import Runs, kept

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = [
    "CHUNK",
    "MAX_DRAWS",
    "Cancelled",
    "Ensemble",
    "check_chance",
    "check_memory",
    "check_vacant",
    "check_writable",
    "collect",
    "decided",
    "first_months",
    "in_chunks",
    "load_ensemble",
    "result_size",
    "saved_views",
    "simulate",
    "summaries",
    "threads",
    "versions",
    "whole_number",
]

Part = TypeVar("Part")

#: Draws have numbers of 32 bits.
MAX_DRAWS = 2**32 - 1
MAX_SEED = 2**64 - 1
#: Draws of a chunk: enough to make the overhead of a chunk small, few enough to stop soon when asked to.
CHUNK = 128
#: Draws that are turned into rows of a file at a time.
ROWS = 512
#: Share of the machine's memory that a result may fill.
MEMORY_SHARE = 0.8

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}

#: Version of the layout of a folder of results.
FORMAT = 2
MANIFEST = "manifest.json"


class Cancelled(Exception):
    """A run was given up because its caller said so."""


def simulate(
    scenario: str | Path | Scenario,
    draws: int = 1000,
    seed: int = 0,
    keep: Keep = "allies",
    *,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    chunk: int = CHUNK,
) -> Ensemble:
    """Run many draws of a scenario.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A bundled name, the path of a file, or a scenario.
    draws : int
        From 1 to 2**32 - 1, as far as memory goes. The first n draws do not depend on how many follow.
    seed : int
        From 0 to 2**64 - 1. Scenarios that share a seed share their chance: their differences are paired.
    keep : str
        ``final`` (outcomes of the last month), ``monthly`` (of every month), ``allies`` (and what allies
        perceive, spend and give), ``trace`` (and every position). Decisions are always kept.
    progress : callable, optional
        Called from this thread with the number of draws done.
    cancelled : callable, optional
        Asked between chunks; when it says true the run is given up.
    chunk : int
        Most draws of one chunk; the results do not depend on it.

    Raises
    ------
    InputError
        If an argument is out of range, or the result would not fit into memory.
    Cancelled
        If `cancelled` said so.
    """
    draws, seed = check_chance(draws, seed)
    chunk = whole_number("chunk", chunk, 1, MAX_DRAWS)
    if keep not in KEEPS:
        raise InputError(f"keep: {keep!r} is unknown{nearest(str(keep), KEEPS)}; allowed: {', '.join(KEEPS)}")
    program = compile_scenario(load_scenario(scenario))
    return collect(program, draws, seed, keep, lambda block: program.run(block, seed), progress, cancelled, chunk)


def collect(
    program: Program,
    draws: int,
    seed: int,
    keep: Keep,
    run: Callable[[Block], None],
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    chunk: int = CHUNK,
) -> Ensemble:
    """Run blocks of draws by `run` and return what is kept of them; the rest is as in `simulate`."""
    room = output, records = _room(program, draws, keep)
    # No draws: whatever has to be compiled is compiled in this thread, which can be interrupted.
    program.run(program.block(seed, 0, 0, keep), seed)

    def work(draw0: int, draw1: int) -> int:
        block = program.block(seed, draw0, draw1, keep, room=room)
        run(block)
        program.mask_outsiders(block)
        return draw1 - draw0

    done = 0
    for count in in_chunks(work, draws, chunk):
        done += count
        if progress:
            progress(done)
        if cancelled and cancelled():
            raise Cancelled
    return Ensemble(program, seed, draws, keep, output, records, dict(versions()))


def check_chance(draws: int, seed: int) -> tuple[int, int]:
    """Return the number of draws and the seed; refuse what is out of range.

    Raises
    ------
    InputError
        If one of them is.
    """
    return whole_number("draws", draws, 1, MAX_DRAWS), whole_number("seed", seed, 0, MAX_SEED)


def summaries(outcomes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the registered summaries (D, outcomes) of outcomes by month (D, T, outcomes)."""
    columns = [
        outcomes[:, :, o].mean(axis=1) if outcome.summary == "mean" else outcomes[:, -1, o]
        for o, outcome in enumerate(OUTCOMES.values())
    ]
    return np.stack(columns, axis=1)


def decided(records: Records) -> NDArray[np.int8]:
    """Outcomes of items; a meeting that was not held counts as deferred."""
    return np.where(records.outcome == L.PENDING, L.DEFERRED, records.outcome).astype(np.int8)


def first_months(scenario: Scenario, months: int) -> Scenario:
    """Return a scenario cut to its first months; what would come later is left out.

    The months that remain are simulated exactly as in the whole scenario.

    Parameters
    ----------
    scenario : Scenario
    months : int
        From 1 to the months of the scenario.

    Raises
    ------
    InputError
        If `months` is out of range.
    """
    months = whole_number("months", months, 1, scenario.months)
    fields = dict(scenario)
    for calendar in ("events", "meetings"):
        fields[calendar] = tuple(entry for entry in fields[calendar] if scenario.offset(entry.month) < months)
    return Scenario.validated({**fields, "months": months})


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The draws of one scenario.

    Attributes
    ----------
    program : Program
        The compiled scenario: `months`, `agenda`, `scenario`.
    seed, draws : int
    keep : str
        How much of each draw is there; see `simulate`.
    output : Output
        Outcomes (D, T, outcomes), ally variables (D, T, 4, N), positions (D, T, N, K), with T = 1 where only
        the last month is kept and T = 0 where nothing is.
    records : Records
        Decisions, one row a draw and one column an item.
    origin : mapping
        Versions and hashes of what computed it, and where it branched from another run; of what was read from a folder
        all of its provenance, as it stands there.
    """

    program: Program
    seed: int
    draws: int
    keep: Keep
    output: Output
    records: Records
    origin: Mapping[str, str | int]

    def __repr__(self) -> str:
        return (
            f"<Ensemble {self.scenario.name}: {self.draws} draws, {len(self.program.months)} months, "
            f"seed {self.seed}, keep {self.keep!r}>"
        )

    @property
    def scenario(self) -> Scenario:
        """The scenario that was run."""
        return self.program.scenario

    @cached_property
    def provenance(self) -> dict[str, str | int]:
        """Scenario, seed, versions and hashes: what it takes to compute the same numbers again."""
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
        """``YYYY-MM`` of the months kept."""
        return self.program.months[-self.output.outcomes.shape[1] :]

    @cached_property
    def data(self) -> xr.Dataset:
        """All that is kept, labelled.

        Outcomes are (draw, month), `month` being datetime64 (the state at its end). Ally variables are
        (draw, month, ally), NaN before an ally joins; `position` is (draw, month, ally, issue). Decisions
        are (draw, item), an item being a row of the agenda: `decision` (0 to 4 = adopted, diluted,
        withdrawn, blocked, deferred), `level` (of what holds after it), `bypassed`, `pivotal` (index of an
        ally, or -1), `settled` (how a deferred item ended later, or -1); `objection` (draw, item, ally) is
        the round of the first objection, 0 where it was anticipated and -1 for silence. The attributes say
        where the numbers come from.
        """
        import xarray as xr

        program, output, records = self.program, self.output, self.records
        column = [row.column for row in program.agenda]
        variables: dict[str, Any] = {
            name: (("draw", "month"), output.outcomes[:, :, o]) for o, name in enumerate(OUTCOMES)
        }
        if output.allies.shape[1]:
            for v, name in enumerate(ALLY_VARIABLES):
                variables[name] = (("draw", "month", "ally"), output.allies[:, :, v])
        if output.positions.shape[1]:
            variables["position"] = (("draw", "month", "ally", "issue"), output.positions)
        variables["decision"] = (("draw", "item"), decided(records)[:, column])
        variables["level"] = (("draw", "item"), self.program.levels(records.share))
        for name in ("bypassed", "pivotal", "settled"):
            variables[name] = (("draw", "item"), getattr(records, name)[:, column])
        variables["objection"] = (("draw", "item", "ally"), records.objection[:, column])
        coordinates: dict[str, Any] = {
            "draw": np.arange(self.draws),
            "month": _dates(self.months),
            "ally": list(ALLIES),
            "item_meeting": ("item", [row.meeting for row in program.agenda]),
            "item_month": ("item", _dates([row.month for row in program.agenda])),
            "item_forum": ("item", [row.forum for row in program.agenda]),
            "item_issue": ("item", [row.issue for row in program.agenda]),
        }
        if output.positions.shape[1]:
            coordinates["issue"] = list(ISSUES)
        return xr.Dataset(variables, coordinates, attrs=self.provenance)

    def frame(self, *names: str) -> pd.DataFrame:
        """Return variables as a tidy frame.

        Parameters
        ----------
        *names : str
            Outcomes or ally variables, of one kind; ``position`` if kept. On its own: ``decisions`` (one row
            a draw and item) or ``objections`` (one row an objection).

        Returns
        -------
        DataFrame
            Columns ``draw, month``, then ``ally`` and ``issue`` where they apply, then one per name; for a
            single name the column is ``value``.

        Raises
        ------
        InputError
            If a name is unknown, was not kept, or the names are of different kinds.
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
            raise InputError(f"frame: {', '.join(names)} have different dimensions; ask for one kind at a time")
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
        """Return the registered summary of each outcome: one row a draw, one column an outcome.

        It is the mean over months or the final month, as the outcome registry says; where only the last
        month was kept it is that month.
        """
        values = summaries(self.output.outcomes)
        return pd.DataFrame(values, pd.RangeIndex(self.draws, name="draw"), list(OUTCOMES))

    def summary(self) -> pd.DataFrame:
        """Return one row an outcome: ``unit, summary, mean, p05, p50, p95, mc_error``.

        `summary` says what each draw contributes (``mean`` over months or ``final`` month); `mc_error` is
        the standard error of the mean over draws (NaN for a single draw).
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
        """
        # A month a row, so that each quantile runs over neighbours in memory.
        values = np.ascontiguousarray(self.output.outcomes[:, :, _outcome(name)].T)
        quantiles = np.quantile(values, list(QUANTILES.values()), axis=1)
        return pd.DataFrame(
            {"mean": values.mean(axis=1), **dict(zip(QUANTILES, quantiles, strict=True))},
            index=pd.DatetimeIndex(_dates(self.months), name="month"),
        )

    def decisions(self) -> pd.DataFrame:
        """Return the decision board: one row an item of an agenda, in time order.

        ``adopted, diluted, withdrawn, blocked, deferred`` are shares of the draws and sum to one;
        ``bypassed`` is the part of `blocked` that others worked around, ``settled`` the part of `deferred`
        that a later meeting took up; ``level_mean`` is the mean level that holds after the meeting.
        ``objectors`` maps ISO3 codes to the share of draws in which the ally objected, largest first; for a
        text that was withdrawn these are the refusals that the chair anticipated, not spoken ones.
        """
        records = self.records
        codes = decided(records)
        shares = [(codes == code).mean(axis=0) for code in range(len(DECISIONS))]
        bypassed = (records.bypassed > 0).mean(axis=0)
        settled = (records.settled != L.PENDING).mean(axis=0)
        objecting = (records.objection >= 0).mean(axis=0)
        level = self.program.levels(records.share).mean(axis=0)
        rows = []
        for at, row in enumerate(self.program.agenda):
            rates = objecting[row.column]
            order = np.argsort(-rates, kind="stable")
            rows.append(
                {
                    "meeting": row.meeting,
                    "month": row.month,
                    "forum": row.forum,
                    "issue": row.issue,
                    "title": row.title,
                    "proposed": row.proposed,
                    "reversion": row.reversion,
                    **{name: float(share[row.column]) for name, share in zip(DECISIONS, shares, strict=True)},
                    "bypassed": float(bypassed[row.column]),
                    "settled": float(settled[row.column]),
                    "level_mean": float(level[at]),
                    "objectors": {ALLIES[i]: float(rates[i]) for i in order if rates[i] > 0.0},
                }
            )
        columns = (
            "meeting month forum issue title proposed reversion adopted diluted withdrawn blocked deferred "
            "bypassed settled level_mean objectors"
        )
        return pd.DataFrame(rows, columns=columns.split())

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
        """Write the ensemble to a new folder: its views as Parquet tables, and ``manifest.json``.

        The folder appears when it is complete.

        Raises
        ------
        InputError
            If the folder holds something already, or cannot be written.
        """
        folder = Path(folder)
        check_vacant(folder)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
                unfinished = Path(temporary) / folder.name
                unfinished.mkdir()
                self._write(unfinished)
                unfinished.replace(folder)
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None
        return folder

    def sql(self, text: str) -> pd.DataFrame:
        """Return what a query finds in the views: ``runs, trajectories, allies, decisions, objections, traces``.

        Parameters
        ----------
        text : str
            One SELECT of DuckDB's SQL.

        Raises
        ------
        InputError
            If it is something else, reads what is no view or is not kept here, or fails.
        """
        runs = self._runs(0, self.draws)
        return query.frame({view: partial(runs.table, view) for view in self._views}, text)

    @property
    def _views(self) -> tuple[str, ...]:
        # All of the records is in memory, whatever is kept.
        return tuple(dict.fromkeys((*kept(self.keep), "traces")))

    def _runs(self, draw0: int, draw1: int) -> Runs:
        output = Output(*(field[draw0:draw1] for field in self.output))
        records = Records(*(field[draw0:draw1] for field in self.records))
        draw = np.arange(draw0, draw1)
        return Runs(self.program, self.keep, output, records, draw, np.zeros_like(draw))

    def _write(self, folder: Path) -> None:
        hashes = {}
        for view in self._views:
            path = folder / f"{view}.parquet"
            self._write_view(view, path)
            hashes[view] = parquet.digest(path)
        manifest = {"format": FORMAT, "views": hashes, "provenance": self.provenance}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def _write_view(self, view: str, path: Path) -> None:
        """Write a view some draws at a time, so that no second copy of everything is made."""
        import pyarrow.parquet as pq

        schema = self._runs(0, 0).table(view).schema
        with pq.ParquetWriter(path, schema, **parquet.options(schema)) as writer:
            for draw0 in range(0, self.draws, ROWS):
                table = self._runs(draw0, min(draw0 + ROWS, self.draws)).table(view)
                writer.write_table(table, parquet.group(table))


def check_vacant(folder: Path) -> None:
    """Refuse a folder for results that holds something already.

    Raises
    ------
    InputError
        If it does, or is no folder.
    """
    try:
        vacant = not any(folder.iterdir()) if folder.is_dir() else not os.path.lexists(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    if not vacant:
        raise InputError(f"{folder}: exists and is not an empty folder; allowed: a new or empty one")


def check_writable(path: Path, size: int = 0) -> None:
    """Refuse the path of a file or folder that cannot be written.

    Parameters
    ----------
    path : Path
    size : int
        Bytes it is going to take.

    Raises
    ------
    InputError
        If the name or the folders above it do not allow it, or the disk has less than `size` left.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            path.lstat()
        above = next(parent for parent in path.absolute().parents if parent.exists())
        with tempfile.TemporaryFile(dir=above):
            pass
        free = shutil.disk_usage(above).free
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    if size > free:
        raise InputError(f"{path}: takes about {size / 1e9:,.2f} GB; allowed: up to {free / 1e9:,.2f} GB, all there is")


def result_size(scenario: Scenario, draws: int, keep: Keep) -> int:
    """Return the bytes that the result of a run takes in memory, and about as many on disk.

    Raises
    ------
    InputError
        If `draws` is out of range.
    """
    return whole_number("draws", draws, 1, MAX_DRAWS) * _draw_size(compile_scenario(scenario), keep)


def load_ensemble(folder: str | Path) -> Ensemble:
    """Read an ensemble that `Ensemble.save` wrote.

    Raises
    ------
    InputError
        If the folder does not hold complete results of this version of the layout, or a file of them is damaged.
    """
    import pyarrow as pa

    folder = Path(folder)
    try:
        for path, sha256 in saved_views(folder).values():
            parquet.check(path, sha256)
        origin = _manifest(folder)["provenance"]
        program = compile_scenario(load_text(origin["scenario_text"], str(folder / MANIFEST)))
        draws, keep, seed = origin["draws"], origin["keep"], origin["seed"]
        output, records = _room(program, draws, keep)
        _read_output(folder, keep, output)
        _read_records(folder, program, records)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise _incomplete(folder, error) from None
    return Ensemble(program, seed, draws, keep, output, records, origin)


def saved_views(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return the files of the views that `Ensemble.save` wrote, and their SHA-256.

    Raises
    ------
    InputError
        If the folder does not hold complete results of this version of the layout.
    """
    try:
        return {view: (folder / f"{view}.parquet", sha256) for view, sha256 in _manifest(folder)["views"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _incomplete(folder, error) from None


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    if manifest["format"] != FORMAT:
        raise InputError(f"{folder}: results of layout {manifest['format']}; allowed: {FORMAT}")
    return manifest


def _incomplete(folder: Path, error: Exception) -> InputError:
    return error if isinstance(error, InputError) else InputError(f"{folder}: holds no complete results ({error})")


def _read_output(folder: Path, keep: Keep, output: Output) -> None:
    import pyarrow.parquet as pq

    if keep == "final":
        for o, name in enumerate(OUTCOMES):
            output.outcomes[:, 0, o] = _column(folder / "runs.parquet", name).to_numpy()
        return
    with pq.ParquetFile(folder / "trajectories.parquet") as file:
        for group in range(file.num_row_groups):
            # Some draws of one outcome.
            table = file.read_row_group(group, ["draw", "outcome", "value"])
            draw, o = table["draw"][0].as_py(), _outcome(table["outcome"][0].as_py())
            values = table["value"].to_numpy().reshape(-1, output.outcomes.shape[1])
            output.outcomes[draw : draw + len(values), :, o] = values
    allies = folder / "allies.parquet"
    for v, name in enumerate(ALLY_VARIABLES if output.allies.shape[1] else ()):
        whole = output.allies[:, :, v]
        whole[...] = _column(allies, name).to_numpy().reshape(whole.shape)
    for k, name in enumerate(ISSUES if output.positions.shape[1] else ()):
        whole = output.positions[:, :, :, k]
        whole[...] = _column(allies, f"position_{name}").to_numpy().reshape(whole.shape)


def _read_records(folder: Path, program: Program, records: Records) -> None:
    names = {"outcome": DECISIONS, "settled": DECISIONS, "pivotal": ALLIES, "holder": ALLIES}
    column = [row.column for row in program.agenda]
    shape = (len(records.outcome), len(column))
    columns = {
        "decisions": ("outcome", "pivotal", "bypassed"),
        "traces": ("share", "tabled", "room", "holder", "settled", "settled_share"),
    }
    for view, fields in columns.items():
        for name in fields:
            values = _column(folder / f"{view}.parquet", name)
            codes = _codes(values, names[name]) if name in names else values.to_numpy()
            getattr(records, name)[:, column] = codes.reshape(shape)
    path = folder / "objections.parquet"
    meetings, issues = [row.meeting for row in program.agenda], [row.issue for row in program.agenda]
    at = {(meeting, issue): c for meeting, issue, c in zip(meetings, issues, column, strict=True)}
    pairs = zip(_column(path, "meeting").to_pylist(), _column(path, "issue").to_pylist(), strict=True)
    records.objection[...] = -1
    records.objection[
        _column(path, "draw").to_numpy(), [at[pair] for pair in pairs], _codes(_column(path, "ally"), ALLIES)
    ] = _column(path, "round").to_numpy()


def _column(path: Path, name: str) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=[name])[name]


def _codes(values: Any, names: tuple[str, ...]) -> NDArray[np.int64]:
    """Positions of texts in `names`; -1 for what is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pc.fill_null(pc.index_in(values.cast(pa.string()), value_set=pa.array(names)), -1)
    return cast(NDArray[np.int64], codes.to_numpy())


def in_chunks(
    work: Callable[[int, int], Part], draws: int, chunk: int, most: int | None = None
) -> Generator[Part, None, None]:
    """Run chunks of at most so many draws on the shared pool, `most` at a time; yield what each returns as it ends.

    When the iterator is closed nothing of it runs any more.
    """
    pool, size = _pool()
    # As many chunks for each thread, all of about the same size.
    turns = max(1, math.ceil(draws / (size * chunk)))
    chunk = max(1, math.ceil(draws / (size * turns)))
    pending: set[Future[Part]] = set()
    draw0 = 0
    try:
        while draw0 < draws or pending:
            # A short queue: sessions share the pool fairly, and there is little to take back.
            while draw0 < draws and len(pending) < (most or 2 * size):
                pending.add(pool.submit(work, draw0, min(draw0 + chunk, draws)))
                draw0 += chunk
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        wait([future for future in pending if not future.cancel()])


def threads() -> int:
    """Return the size of the shared pool."""
    return _pool()[1]


@cache
def _pool() -> tuple[ThreadPoolExecutor, int]:
    threads = int(numba.config.NUMBA_NUM_THREADS)
    return ThreadPoolExecutor(threads, thread_name_prefix="alliance_sim"), threads


def _room(program: Program, draws: int, keep: Keep) -> tuple[Output, Records]:
    """Allocate what is kept of a run, if it fits into memory."""
    hint = "" if keep == "final" else ", or keep less"
    check_memory(draws, _draw_size(program, keep), f"{program.scenario.name} with keep={keep!r}", hint)
    return program.room(draws, keep)


def _draw_size(program: Program, keep: Keep) -> int:
    """Bytes that are kept of a draw."""
    return sum(array.itemsize * math.prod(array.shape[1:]) for part in program.room(0, keep) for array in part)


def check_memory(count: int, size: int, what: str, hint: str = "", unit: str = "draws") -> None:
    """Refuse draws, or other units, of `size` bytes each that would not fit into memory.

    Raises
    ------
    InputError
        With the number that would, and the hint.
    """
    limit = MEMORY_SHARE * _memory()
    if count * size > limit:
        raise InputError(
            f"{unit}: {count:,} {unit} of {what} take {count * size / 1e9:,.1f} GB; "
            f"allowed: up to {int(limit / size):,} {unit} on this machine{hint}"
        )


def _memory() -> float:
    """Bytes of memory of this machine or container, or no limit where the system does not say."""
    memory = math.inf
    with contextlib.suppress(AttributeError, ValueError, OSError):
        memory = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with contextlib.suppress(ValueError, OSError):
        memory = min(memory, float(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return memory


@cache
def versions() -> Mapping[str, str]:
    """Return what the bits of a result depend on besides its scenario and its chance."""
    from numba.core.registry import cpu_target

    return {
        "version": __version__,
        "calibration": calibration_hash(),
        "core": core_hash(),
        "numba": numba.__version__,
        "numpy": np.__version__,
        "cpu": cpu_target.target_context.codegen().magic_tuple()[1],
    }


def _outcome(name: str) -> int:
    if name not in OUTCOMES:
        raise InputError(f"{name!r} is not an outcome{nearest(name, OUTCOMES)}; allowed: {', '.join(OUTCOMES)}")
    return list(OUTCOMES).index(name)


def _dates(months: tuple[str, ...] | list[str]) -> NDArray[np.datetime64]:
    return np.array(months, dtype="datetime64[M]").astype("datetime64[ns]")


def whole_number(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number between two others; refuse anything else.

    Raises
    ------
    InputError
        With the name, the value and what is allowed.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high:
        raise InputError(f"{name}: {value!r} is out of range; allowed: a whole number from {low} to {high}")
    return number
