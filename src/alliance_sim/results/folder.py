"""The folder of an ensemble: a Parquet file for each view, and ``manifest.json`` with hashes and provenance."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from alliance_sim import checks
from alliance_sim.compile import ALLY_VARIABLES, CompiledScenario, Keep, compile_scenario
from alliance_sim.core.structures import DecisionRecords, RecordedOutput
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import parquet
from alliance_sim.results.query import Files
from alliance_sim.results.stored import (
    MANIFEST,
    Sha256,
    Stored,
    View,
    check_columns,
    check_keys,
    checked_files,
    read_json,
    validated,
)
from alliance_sim.results.views import Runs, kept, rows_of_run
from alliance_sim.scenarios import load_text

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["FORMAT", "read_manifest", "saved_views"]

#: Version of the layout of an ensemble's folder: since 3 decisions have asks, first texts and voiced objections.
FORMAT = 3
#: Draws that are turned into rows of a file at a time.
ROWS = 512


class Provenance(Stored):
    """What `load_ensemble` needs of the provenance; the rest is for the reader."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str | int] = Field(init=False)

    scenario_text: str
    seed: Annotated[int, Field(ge=0, le=checks.MAX_SEED)]
    draws: Annotated[int, Field(ge=1, le=checks.MAX_DRAWS)]
    keep: Keep


class Manifest(Stored):
    """What ``manifest.json`` in the folder of an ensemble holds."""

    format: int
    views: dict[View, Sha256]
    provenance: Provenance


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `folder` at the end; refuse one that holds something."""
    checks.vacant(folder)
    try:
        # An empty folder stays: it may be a link, a mounted disk or the working directory, which nothing can replace.
        begun = folder.is_dir()
        place = folder if begun else folder.parent
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=".unfinished-") as temporary:
            unfinished = Path(temporary) / "results"
            unfinished.mkdir()
            yield unfinished
            if begun:
                for path in sorted(unfinished.iterdir(), key=lambda path: path.name == MANIFEST):
                    path.replace(folder / path.name)
            else:
                unfinished.replace(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None


def write_ensemble(
    folder: Path,
    views: Sequence[str],
    runs: Callable[[int, int], Runs],
    draws: int,
    provenance: Mapping[str, str | int],
) -> None:
    """Write the folder of an ensemble; it appears when it is complete.

    Parameters
    ----------
    folder : Path
        New or empty.
    views : sequence of str
    runs : callable
        Returns the draws from one number to another, the last not included.
    draws : int
    provenance : mapping

    Raises
    ------
    InputError
        If the folder already holds something, or cannot be written.
    """
    with _new_folder(folder) as unfinished:
        for view in views:
            _write_view(unfinished / f"{view}.parquet", view, runs, draws)
        hashes = {view: _sha256(unfinished / f"{view}.parquet") for view in views}
        manifest = {"format": FORMAT, "views": hashes, "provenance": dict(provenance)}
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _write_view(path: Path, view: str, runs: Callable[[int, int], Runs], draws: int) -> None:
    """Write a view some draws at a time, so that no second copy of the whole result is made."""
    import pyarrow.parquet as pq

    schema = runs(0, 0).table(view).schema
    with path.open("wb") as file, pq.ParquetWriter(file, schema, **parquet.options(schema)) as writer:
        for draw0 in range(0, draws, ROWS):
            table = runs(draw0, min(draw0 + ROWS, draws)).table(view)
            writer.write_table(table, parquet.group(table))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Raise what goes wrong while an ensemble's folder is read as an `InputError` that names the folder."""
    import pyarrow as pa

    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, pa.ArrowException) as error:
        raise InputError(f"{folder}: holds no complete results ({error})") from None


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of an ensemble's folder.

    Raises
    ------
    InputError
        If the folder does not hold complete results of this version of the layout.

    Examples
    --------
    >>> import alliance_sim as als
    >>> folder = als.simulate("baseline_2018", draws=2, keep="final").save("baseline")
    >>> list(read_manifest(folder).views)
    ['runs', 'decisions', 'objections', 'traces']
    """
    path = folder / MANIFEST
    if not os.path.lexists(path):
        raise InputError(
            f"{folder}: holds no complete results ({MANIFEST} is missing); allowed: a folder that run --out or sweep "
            "has written"
        )
    content = read_json(path)
    layout = content.get("format") if isinstance(content, dict) else None
    if isinstance(layout, int) and layout != FORMAT:
        raise InputError(
            f"{folder}: results of layout {layout}, of another version of the model; allowed: {FORMAT}; run it again"
        )
    manifest = validated(path, content, Manifest)
    views = ensemble_views(manifest.provenance.keep)
    if set(manifest.views) != set(views):
        raise InputError(f"{path}: lists {', '.join(manifest.views) or 'no view'}; allowed: {', '.join(views)}")
    return manifest


def ensemble_views(keep: Keep) -> tuple[str, ...]:
    """Return the views of an ensemble: what is kept of its runs, and its decisions in full."""
    return tuple(dict.fromkeys((*kept(keep), "traces")))


def saved_views(folder: Path) -> dict[str, Callable[[], Files]]:
    """Return the views of an ensemble that was saved; each checks its file when it is called.

    Raises
    ------
    InputError
        If the folder does not hold complete results of this version of the layout.

    Examples
    --------
    >>> import alliance_sim as als
    >>> folder = als.simulate("baseline_2018", draws=2, keep="final").save("baseline")
    >>> [path.name for path in saved_views(folder)["runs"]().paths]
    ['runs.parquet']
    """
    manifest = read_manifest(folder)
    runs = _no_runs(manifest)

    def checked(view: View) -> Files:
        path = folder / f"{view}.parquet"
        return checked_files(view, [(path, manifest.views[view])], check=partial(_check_view, manifest, runs, view))

    return {view: partial(checked, view) for view in manifest.views}


def _no_runs(manifest: Manifest) -> Runs:
    """Return the scenario of an ensemble without any runs: its views have the columns that files should have."""
    about = manifest.provenance
    program = compile_scenario(load_text(about.scenario_text, MANIFEST))
    nothing = np.zeros(0, np.int64)
    return Runs(program, about.keep, *program.allocate_output(0, about.keep), nothing, nothing)


def _check_view(manifest: Manifest, runs: Runs, view: View, path: Path, file: pq.ParquetFile) -> None:
    """Refuse a file that does not hold the rows of all draws, in their order."""
    draws, name, rows = manifest.provenance.draws, runs.program.scenario.name, rows_of_run(view, runs.program.scenario)
    check_columns(path, file, runs.table(view).schema)
    check_keys(path, file, rows and rows * draws, scenario=(name, name), draw=(0, draws - 1), point=(0, 0))
    draw = file.read(["draw"])["draw"].to_numpy()
    if rows and view != "trajectories" and not np.array_equal(draw, np.repeat(np.arange(draws), rows)):
        raise InputError(f"{path}: does not hold {rows:,} rows of each draw, in their order")
    if view == "trajectories" and not np.array_equal(np.sort(draw), np.repeat(np.arange(draws), rows or 0)):
        raise InputError(f"{path}: does not hold {rows:,} rows of each draw")


def read_output(folder: Path, keep: Keep, output: RecordedOutput) -> None:
    """Fill the arrays of an output from the views ``runs``, ``trajectories`` and ``allies``."""
    import pyarrow.parquet as pq

    if keep == "final":
        for o, name in enumerate(OUTCOMES):
            output.outcomes[:, 0, o] = _column(folder, "runs", name).to_numpy()
        return
    with pq.ParquetFile(folder / "trajectories.parquet") as file:
        for group in range(file.num_row_groups):
            # A group holds one outcome of some draws.
            table = file.read_row_group(group, ["draw", "outcome", "value"])
            draw, name = table["draw"][0].as_py(), checks.outcome_name(table["outcome"][0].as_py())
            values = table["value"].to_numpy().reshape(-1, output.outcomes.shape[1])
            rows = np.repeat(np.arange(draw, draw + len(values)), output.outcomes.shape[1])
            if len(table["outcome"].unique()) != 1 or not np.array_equal(table["draw"].to_numpy(), rows):
                raise InputError(f"{folder / 'trajectories.parquet'}: does not hold the outcomes in their order")
            output.outcomes[draw : draw + len(values), :, list(OUTCOMES).index(name)] = values
    for v, name in enumerate(ALLY_VARIABLES if output.allies.shape[1] else ()):
        whole = output.allies[:, :, v]
        whole[...] = _column(folder, "allies", name).to_numpy().reshape(whole.shape)
    for k, name in enumerate(ISSUES if output.positions.shape[1] else ()):
        whole = output.positions[:, :, :, k]
        whole[...] = _column(folder, "allies", f"position_{name}").to_numpy().reshape(whole.shape)


def read_records(folder: Path, program: CompiledScenario, records: DecisionRecords) -> None:
    """Fill the arrays of records from the views ``decisions``, ``traces`` and ``objections``."""
    import pyarrow.compute as pc

    column = [row.column for row in program.agenda]
    shape = (len(records.outcome), len(column))
    proposed = _column(folder, "decisions", "proposed").to_numpy().reshape(shape)
    records.proposed[:, column, [row.part for row in program.agenda]] = proposed
    for view, name, array in (
        ("decisions", "bypassed", records.bypassed),
        ("traces", "share", records.share),
        ("traces", "first_tabled", records.first_tabled),
        ("traces", "tabled", records.tabled),
        ("traces", "margin", records.margin),
        ("traces", "settled_share", records.settled_share),
    ):
        array[:, column] = _column(folder, view, name).to_numpy().reshape(shape)
    for view, name, codes, names in (
        ("decisions", "outcome", records.outcome, DECISIONS),
        ("decisions", "pivotal", records.pivotal, ALLIES),
        ("traces", "holder", records.holder, ALLIES),
        ("traces", "settled", records.settled, DECISIONS),
    ):
        codes[:, column] = _codes(_column(folder, view, name), names).reshape(shape)
    at = {(row.meeting, row.issue): row.column for row in program.agenda}
    meetings, issues = (_column(folder, "objections", name).to_pylist() for name in ("meeting", "issue"))
    items = [at[pair] for pair in zip(meetings, issues, strict=True)]
    draw, ally = _column(folder, "objections", "draw").to_numpy(), _codes(_column(folder, "objections", "ally"), ALLIES)
    records.objection[...] = -1
    records.voiced[...] = 0
    rounds = pc.fill_null(_column(folder, "objections", "round"), -1)
    records.objection[draw, items, ally] = rounds.to_numpy()
    records.voiced[draw, items, ally] = _column(folder, "objections", "voiced").to_numpy()


def _column(folder: Path, view: str, name: str) -> pa.ChunkedArray:
    import pyarrow.parquet as pq

    return pq.read_table(folder / f"{view}.parquet", columns=[name])[name]


def _codes(values: pa.ChunkedArray, names: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the places of texts in `names`; -1 where one is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pc.fill_null(pc.index_in(values.cast(pa.string()), value_set=pa.array(names)), -1)
    return cast(NDArray[np.int64], codes.to_numpy())
