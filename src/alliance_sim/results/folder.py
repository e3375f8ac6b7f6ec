"""Files and folders of results: written whole or not at all, and checked by their SHA-256 when they are read.

The generic part serves ensembles and sweeps alike. The folder of an ensemble holds a Parquet file for each view, and
``manifest.json`` with the hashes of the views and the provenance. It is written and read here.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from alliance_sim import checks
from alliance_sim.compile import ALLY_VARIABLES, CompiledScenario, Keep
from alliance_sim.core.structures import DecisionRecords, RecordedOutput
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results import parquet
from alliance_sim.results.query import Files
from alliance_sim.results.views import RENAMED_COLUMNS, Runs

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FORMAT",
    "MANIFEST",
    "Manifest",
    "check_sha256",
    "checked_files",
    "flush",
    "json_bytes",
    "read_manifest",
    "read_output",
    "read_records",
    "reading",
    "saved_views",
    "sha256_of",
    "write_ensemble",
    "write_file",
    "write_json",
]

#: Version of the layout of an ensemble's folder.
FORMAT = 2
MANIFEST = "manifest.json"
#: Draws that are turned into rows of a file at a time.
ROWS = 512


class Manifest(TypedDict):
    """What ``manifest.json`` in the folder of an ensemble holds."""

    format: int
    views: dict[str, str]
    provenance: dict[str, str | int]


def write_file(path: Path, data: bytes | pa.Buffer) -> None:
    """Write a file that appears whole or not at all, even after a power cut.

    After a power cut it may also be missing, until its folder was flushed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A unique name: two workers may write the same file when one of them was believed lost.
    unfinished = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def json_bytes(content: Mapping[str, object]) -> bytes:
    """Return a mapping as a line of JSON."""
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON file that appears whole or not at all."""
    write_file(path, json_bytes(content))


def flush(folder: Path) -> None:
    """Make the entries of a folder survive a power cut."""
    if hasattr(os, "O_DIRECTORY"):  # Windows cannot, and need not, flush a folder.
        opened = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, sha256: str) -> None:
    """Refuse a file that is not the one that was written.

    Raises
    ------
    InputError
        If it is missing, cannot be read, or its hash differs.
    """
    try:
        found = sha256_of(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if found != sha256:
        raise InputError(f"{path}: is damaged, or a file of other results")


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
        hashes = {view: sha256_of(unfinished / f"{view}.parquet") for view in views}
        manifest = {"format": FORMAT, "views": hashes, "provenance": dict(provenance)}
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _write_view(path: Path, view: str, runs: Callable[[int, int], Runs], draws: int) -> None:
    """Write a view some draws at a time, so that no second copy of the whole result is made."""
    import pyarrow.parquet as pq

    schema = runs(0, 0).table(view).schema
    with pq.ParquetWriter(path, schema, **parquet.options(schema)) as writer:
        for draw0 in range(0, draws, ROWS):
            table = runs(draw0, min(draw0 + ROWS, draws)).table(view)
            writer.write_table(table, parquet.group(table))


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Raise what goes wrong while an ensemble's folder is read as an `InputError` that names the folder."""
    import pyarrow as pa

    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        raise InputError(f"{folder}: holds no complete results ({error})") from None


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of an ensemble's folder.

    Raises
    ------
    InputError
        If the folder does not hold complete results of this version of the layout.
    """
    with reading(folder):
        manifest = cast(Manifest, json.loads((folder / MANIFEST).read_text("utf-8")))
        if manifest["format"] != FORMAT:
            raise InputError(f"{folder}: results of layout {manifest['format']}; allowed: {FORMAT}")
        _ = manifest["views"].items(), manifest["provenance"].items()
    return manifest


def saved_views(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return the file of each view of an ensemble, and its SHA-256.

    Raises
    ------
    InputError
        If the folder does not hold complete results of this version of the layout.
    """
    return {view: (folder / f"{view}.parquet", sha256) for view, sha256 in read_manifest(folder)["views"].items()}


def checked_files(view: str, files: Sequence[tuple[Path, str]], renamed: Mapping[str, str] | None = None) -> Files:
    """Return the files of a view for a query, after a check of their SHA-256.

    Parameters
    ----------
    view : str
    files : sequence of (Path, str)
    renamed : mapping, optional
        Former to current names of columns, besides those of `RENAMED_COLUMNS`.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(check_sha256, *zip(*files, strict=True)):
            pass
    return Files([path for path, _ in files], {**RENAMED_COLUMNS.get(view, {}), **(renamed or {})})


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
            output.outcomes[draw : draw + len(values), :, list(OUTCOMES).index(name)] = values
    for v, name in enumerate(ALLY_VARIABLES if output.allies.shape[1] else ()):
        whole = output.allies[:, :, v]
        whole[...] = _column(folder, "allies", name).to_numpy().reshape(whole.shape)
    for k, name in enumerate(ISSUES if output.positions.shape[1] else ()):
        whole = output.positions[:, :, :, k]
        whole[...] = _column(folder, "allies", f"position_{name}").to_numpy().reshape(whole.shape)


def read_records(folder: Path, program: CompiledScenario, records: DecisionRecords) -> None:
    """Fill the arrays of records from the views ``decisions``, ``traces`` and ``objections``."""
    column = [row.column for row in program.agenda]
    shape = (len(records.outcome), len(column))
    for view, name, array in (
        ("decisions", "bypassed", records.bypassed),
        ("traces", "share", records.share),
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
    records.objection[draw, items, ally] = _column(folder, "objections", "round").to_numpy()


def _column(folder: Path, view: str, name: str) -> pa.ChunkedArray:
    """Return a column of a view, also where the file has it under a former name."""
    import pyarrow.parquet as pq

    path = folder / f"{view}.parquet"
    former = {new: old for old, new in RENAMED_COLUMNS.get(view, {}).items()}
    stored = name if name in pq.read_schema(path).names else former.get(name, name)
    return pq.read_table(path, columns=[stored])[stored]


def _codes(values: pa.ChunkedArray, names: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the places of texts in `names`; -1 where one is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pc.fill_null(pc.index_in(values.cast(pa.string()), value_set=pa.array(names)), -1)
    return cast(NDArray[np.int64], codes.to_numpy())
