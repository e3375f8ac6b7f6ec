"""Files of results: written whole or not at all, and checked when they are read.

They serve ensembles and sweeps alike. A folder can have been changed by others: only regular files are opened, JSON is
validated, Parquet is compared with its SHA-256 and with what should be in it, and names in a file never become paths.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import from_json

from alliance_sim.errors import InputError
from alliance_sim.results.query import Files

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = [
    "MANIFEST",
    "Sha256",
    "Stored",
    "View",
    "check_columns",
    "check_keys",
    "checked_files",
    "flush",
    "json_bytes",
    "opened",
    "parquet_file",
    "read_json",
    "validated",
    "write_file",
    "write_json",
]

MANIFEST = "manifest.json"
#: Largest JSON file that is read, in bytes; the plan of a sweep of a million tasks takes 40 MB.
LARGEST = 2**28

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
View = Literal["runs", "trajectories", "allies", "decisions", "objections", "traces"]


class Stored(BaseModel):
    """The content of a JSON file of results: no other keys and no other types.

    Examples
    --------
    >>> class About(Stored):
    ...     draws: int
    >>> About(draws=2).draws
    2
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


Content = TypeVar("Content", bound=Stored)


def write_file(path: Path, data: bytes | pa.Buffer) -> None:
    """Write a file that appears whole or not at all, even after a power cut.

    After a power cut it may also be missing, until its folder was flushed. The folder has to exist: one that was
    deleted while a sweep ran must not appear again.

    Examples
    --------
    >>> write_file(Path("data"), b"whole")
    >>> Path("data").read_bytes()
    b'whole'
    """
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
    r"""Return a mapping as a line of JSON.

    Examples
    --------
    >>> json_bytes({"title": "Ça va", "draws": 2})
    b'{"title": "\xc3\x87a va", "draws": 2}\n'
    """
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()


def write_json(path: Path, content: Mapping[str, object]) -> None:
    r"""Write a JSON file that appears whole or not at all.

    Examples
    --------
    >>> write_json(Path("about.json"), {"draws": 2})
    >>> Path("about.json").read_text()
    '{"draws": 2}\n'
    """
    write_file(path, json_bytes(content))


def flush(folder: Path) -> None:
    """Make the entries of a folder survive a power cut.

    Examples
    --------
    >>> write_json(Path("about.json"), {"draws": 2})
    >>> flush(Path())
    """
    if hasattr(os, "O_DIRECTORY"):  # Windows cannot, and need not, flush a folder.
        opened = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def opened(path: Path) -> FileIO:
    """Open a file of results for reading.

    Raises
    ------
    InputError
        If it is missing, cannot be read, or is no regular file: a pipe would block, and a link leads elsewhere.

    Examples
    --------
    >>> write_file(Path("data"), b"whole")
    >>> with opened(Path("data")) as file:
    ...     file.read()
    b'whole'
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if path.is_symlink():
            raise InputError(f"{path}: is a link; allowed: a regular file")
        descriptor = os.open(path, flags)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise InputError(f"{path}: is no regular file")
        return FileIO(descriptor)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def read_json(path: Path) -> object:
    """Return the content of a JSON file.

    Raises
    ------
    InputError
        If it cannot be read, is too large, or is no JSON; also if it is nested deeper than any file that is written.

    Examples
    --------
    >>> write_json(Path("about.json"), {"draws": 2})
    >>> read_json(Path("about.json"))
    {'draws': 2}
    """
    with opened(path) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise InputError(f"{path}: is larger than any such file ({LARGEST / 1e6:,.0f} MB)")
    try:
        return from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def validated(path: Path, content: object, kind: type[Content]) -> Content:
    """Return the content of a JSON file after validation.

    Raises
    ------
    InputError
        With the first problem.

    Examples
    --------
    >>> class About(Stored):
    ...     draws: int
    >>> try:
    ...     validated(Path("about.json"), {"draws": "2"}, About)
    ... except InputError as error:
    ...     print(error)
    about.json: cannot be read (draws: Input should be a valid integer)
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    raise InputError(f"{path}: cannot be read ({place[:80] or 'file'}: {first['msg']})")


@contextmanager
def parquet_file(path: Path, sha256: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file of results after a check of its SHA-256.

    Raises
    ------
    InputError
        If the file is missing, is no regular file, or its hash differs; if reading it in the block fails.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.results.folder import read_manifest
    >>> folder = als.simulate("baseline_2018", draws=2, keep="final").save("baseline")
    >>> with parquet_file(folder / "runs.parquet", read_manifest(folder).views["runs"]) as file:
    ...     check_keys(folder / "runs.parquet", file, 2, draw=(0, 1), point=(0, 0))
    ...     file.metadata.num_rows
    2
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with opened(path) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise InputError(f"{path}: is damaged, or a file of other results")
            with pq.ParquetFile(file) as parquet:
                yield parquet
    except InputError:
        raise
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, pa.ArrowException) as error:
        raise InputError(f"{path}: holds no such results ({error})") from None


def check_keys(path: Path, file: pq.ParquetFile, rows: int | None, **ranges: tuple[object, object]) -> None:
    """Refuse a file of a view with other rows than expected, by its own description of them.

    Parameters
    ----------
    path : Path
        For the message.
    file : ParquetFile
    rows : int, optional
        How many rows it has; default: any number.
    **ranges : (object, object)
        Lowest and highest value of columns without missing values.

    Raises
    ------
    InputError
        If they differ.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import pyarrow.parquet as pq
    >>> pq.write_table(pa.table({"draw": [0, 1]}), "runs.parquet")
    >>> with pq.ParquetFile("runs.parquet") as file:
    ...     check_keys(Path("runs.parquet"), file, 2, draw=(0, 1))
    """
    import pyarrow as pa

    if rows is not None and file.metadata.num_rows != rows:
        raise InputError(f"{path}: has {file.metadata.num_rows:,} rows; allowed: {rows:,}")
    schema = file.schema_arrow
    for name, (low, high) in ranges.items():
        if name != "scenario" and (name not in schema.names or not pa.types.is_integer(schema.field(name).type)):
            raise InputError(f"{path}: has no whole numbers as {name}")
        for number in range(file.num_row_groups):
            group = file.metadata.row_group(number)
            found = group.column(schema.names.index(name)).statistics if group.num_rows else None
            if group.num_rows and not (
                found and found.has_min_max and not found.null_count and low <= found.min and found.max <= high
            ):
                raise InputError(f"{path}: holds rows of other runs, by {name}")


def check_columns(
    path: Path, file: pq.ParquetFile, expected: pa.Schema, renamed: Mapping[str, str] | None = None
) -> None:
    """Refuse a file of a view in which a column has values of another kind than the program writes.

    Parameters
    ----------
    path : Path
        For the message.
    file : ParquetFile
    expected : Schema
    renamed : mapping, optional
        Former to current names of columns.

    Raises
    ------
    InputError
        If a column has other values, or is missing.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import pyarrow.parquet as pq
    >>> table = pa.table({"draw": [0, 1]})
    >>> pq.write_table(table, "runs.parquet")
    >>> with pq.ParquetFile("runs.parquet") as file:
    ...     check_columns(Path("runs.parquet"), file, table.schema)
    """
    current = renamed or {}
    found = {current.get(field.name, field.name): _kind(field.type) for field in file.schema_arrow}
    for field in expected:
        if found.get(field.name) != _kind(field.type):
            wanted = f"; allowed: {_kind(field.type)}"
            raise InputError(f"{path}: {field.name}: {found.get(field.name, 'is missing')}{wanted}")


def _kind(column: pa.DataType) -> str:
    """Return what a column holds, however wide it is stored."""
    import pyarrow as pa

    kind = column.value_type if pa.types.is_dictionary(column) else column
    for name in ("integer", "floating", "boolean", "temporal", "string"):
        if getattr(pa.types, f"is_{name}")(kind):
            return name
    return str(kind)


def checked_files(
    view: str,
    files: Sequence[tuple[Path, str]],
    renamed: Mapping[str, str] | None = None,
    check: Callable[[Path, pq.ParquetFile], None] | None = None,
) -> Files:
    """Return the files of a view for a query, after a check of their SHA-256.

    Parameters
    ----------
    view : str
    files : sequence of (Path, str)
    renamed : mapping, optional
        Former to current names of columns.
    check : callable, optional
        Raises `InputError` for a file with other content than expected.

    Raises
    ------
    InputError
        If a file is damaged.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.results.folder import read_manifest
    >>> folder = als.simulate("baseline_2018", draws=2, keep="final").save("baseline")
    >>> sha256 = read_manifest(folder).views["runs"]
    >>> [path.name for path in checked_files("runs", [(folder / "runs.parquet", sha256)]).paths]
    ['runs.parquet']
    """

    def each(path: Path, sha256: str) -> None:
        with parquet_file(path, sha256) as file:
            if check:
                check(path, file)

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(each, *zip(*files, strict=True)):
            pass
    return Files([path for path, _ in files], renamed or {})
